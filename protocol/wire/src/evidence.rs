//! Evidence: why an order has its amounts. Meter → grid company, its counterparty.
//!
//! Codes of items, roles, directions, signals and quantities are those of the `contract` crate; they travel as
//! bytes, because formats know no contracts.

use crate::codec::wire_struct;
use crate::identity::{Digest, MeterId};
use heapless::Vec;
use quantity::{Energy, Fen, Instant, Money, Price};

/// Most price lines of one settlement.
pub const ITEMS_MAX: usize = 24;
/// Most signals that one contract reads.
pub const SIGNALS_MAX: usize = 16;
/// Most quantities beside the energy that one contract reads.
pub const QUANTITIES_MAX: usize = 12;

/// One settlement: a movement of a register, priced by a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementRecord {
    /// The meter.
    pub meter: MeterId,
    /// Sequence number of the payment order that carries this record's digest.
    pub sequence: u64,
    /// Which register moved: 1 import, 2 export.
    pub direction: u8,
    /// Start of the interval.
    pub start: Instant,
    /// End of the interval.
    pub end: Instant,
    /// Register at the start.
    pub register_before: Energy,
    /// Register at the end.
    pub register_after: Energy,
    /// Register at the start of the billing month.
    pub register_month_start: Energy,
    /// Register at the start of the calendar year.
    pub register_year_start: Energy,
    /// Digest of the contract package in force.
    pub contract: Digest,
    /// Signals as they were used.
    pub signals: Vec<SignalUse, SIGNALS_MAX>,
    /// Quantities beside the energy as they were used, by rising code; only those that the contract
    /// needs in this settlement.
    pub quantities: Vec<QuantityUse, QUANTITIES_MAX>,
    /// Price lines, clause by clause.
    pub items: Vec<ItemLine, ITEMS_MAX>,
    /// Money per leg of the contract.
    pub legs: Vec<LegLine, { crate::order::LEGS_MAX }>,
}

/// A component value that the contract read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalUse {
    /// Code of the component.
    pub signal: u8,
    /// Sequence number of the price signal that brought it.
    pub sequence: u64,
    /// The value.
    pub price: Price,
    /// Since when it is valid.
    pub from: Instant,
}

/// A quantity beside the energy that the contract read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuantityUse {
    /// Code of the quantity.
    pub quantity: u8,
    /// How much, in its integer unit (mWh, mW, micro-yuan, parts per million).
    pub amount: i64,
}

/// One line of the bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemLine {
    /// Code of the price item.
    pub item: u8,
    /// Leg that it is paid through.
    pub leg: u8,
    /// Price, in millionths of the unit of the quantity: micro-yuan per kWh, kW or kVA, or parts per
    /// million of an amount.
    pub price: Price,
    /// Code of what the price is multiplied with; 0 is the energy moved.
    pub quantity: u8,
    /// How much of it at that price, in the integer unit of the quantity (mWh, mW, micro-yuan).
    pub amount: i64,
}

/// What one leg of the contract charged, paid and carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegLine {
    /// Number of the leg in the contract.
    pub leg: u8,
    /// Role of the wallet that pays.
    pub debit: u8,
    /// Role of the wallet that is paid.
    pub credit: u8,
    /// Charged in this settlement.
    pub charged: Money,
    /// Pico-yuan carried into and out of the charge.
    pub pico_before: u32,
    /// Pico-yuan carried out of the charge.
    pub pico_after: u32,
    /// Micro-yuan owed before this settlement: the rest below one fen, and arrears.
    pub carried_before: Money,
    /// Whole fen paid by the order.
    pub paid: Fen,
    /// Micro-yuan owed after it: `carried_before + charged − 10,000 × paid`.
    pub carried_after: Money,
}

wire_struct!(SettlementRecord, tag: b"JIDIAN-SETTLEMENT-2", {
    meter, sequence, direction, start, end, register_before, register_after, register_month_start,
    register_year_start, contract, signals, quantities, items, legs
});
wire_struct!(SignalUse, tag: b"", { signal, sequence, price, from });
wire_struct!(QuantityUse, tag: b"", { quantity, amount });
wire_struct!(ItemLine, tag: b"", { item, leg, price, quantity, amount });
wire_struct!(LegLine, tag: b"", {
    leg, debit, credit, charged, pico_before, pico_after, carried_before, paid, carried_after
});
