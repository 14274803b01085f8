//! Sums that the books keep.

use crate::codec::record;
use contract::{Direction, Role};
use quantity::{Energy, Fen, Instant, Money};
use std::collections::BTreeMap;
use wire::evidence::{LegLine, SettlementRecord};

/// Totals of a meter or of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Energy taken from the grid.
    pub import: Energy,
    /// Energy fed into the grid.
    pub export: Energy,
    /// Charged over all legs.
    pub charged: Money,
    /// Paid over all legs.
    pub paid: Fen,
    /// Carried at the end over all legs: below one fen each, and arrears.
    pub carried: Money,
}

impl Totals {
    pub(super) fn add(&mut self, record: &SettlementRecord, direction: Direction, carried: Money) {
        let energy = record.register_after - record.register_before;
        match direction {
            Direction::Import => self.import += energy,
            Direction::Export => self.export += energy,
        }
        self.records += 1;
        self.charged += record.legs.iter().map(|leg| leg.charged).sum();
        self.paid += record.legs.iter().map(|leg| leg.paid).sum();
        self.carried += carried;
    }
}

/// Totals of one leg of the contracts of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegTotals {
    /// Code of the role that paid last; a new contract may change it.
    pub debit: u8,
    /// Code of the role that was paid last.
    pub credit: u8,
    /// Charged.
    pub charged: Money,
    /// Paid.
    pub paid: Fen,
}

impl LegTotals {
    pub(super) const fn of(line: &LegLine) -> Self {
        Self { debit: line.debit, credit: line.credit, charged: Money::ZERO, paid: Fen::ZERO }
    }

    pub(super) fn add(&mut self, line: &LegLine) {
        self.debit = line.debit;
        self.credit = line.credit;
        self.charged += line.charged;
        self.paid += line.paid;
    }
}

/// Money that went through the wallets of one role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleTotals {
    /// Came in.
    pub received: Fen,
    /// Went out.
    pub spent: Fen,
}

impl RoleTotals {
    /// Came in less went out.
    #[must_use]
    pub fn net(&self) -> Fen {
        self.received - self.spent
    }
}

/// Books the payment of a leg on both roles; a negative payment moves the other way.
pub(super) fn add_roles(roles: &mut BTreeMap<Role, RoleTotals>, line: &LegLine) {
    let (from, to) =
        if line.paid.is_negative() { (line.credit, line.debit) } else { (line.debit, line.credit) };
    if let Some(role) = Role::from_byte(from) {
        roles.entry(role).or_default().spent += line.paid.abs();
    }
    if let Some(role) = Role::from_byte(to) {
        roles.entry(role).or_default().received += line.paid.abs();
    }
}

/// Money of one legal day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayBook {
    /// Paid into the grid company's income wallet.
    pub sales: Fen,
    /// Paid out of its purchase wallet.
    pub purchases: Fen,
    /// Paid out of the fiscal wallet.
    pub subsidies: Fen,
}

impl DayBook {
    pub(super) fn add(&mut self, line: &LegLine) {
        if line.credit == Role::GridIncome.byte() {
            self.sales += line.paid;
        }
        if line.debit == Role::GridPurchase.byte() {
            self.purchases += line.paid;
        }
        if line.debit == Role::Fiscal.byte() {
            self.subsidies += line.paid;
        }
    }
}

/// Cash of a day with the balance around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPurse {
    /// 0 h of the legal day.
    pub day: Instant,
    /// Carried from the day before.
    pub opening: Fen,
    /// What was paid.
    pub book: DayBook,
    /// `opening + sales − purchases`.
    pub closing: Fen,
}

pub(super) fn carry_over(days: &BTreeMap<Instant, DayBook>) -> Vec<DayPurse> {
    let mut closing = Fen::ZERO;
    let carried = days.iter().map(|(day, book)| {
        let opening = closing;
        closing = opening + book.sales - book.purchases;
        DayPurse { day: *day, opening, book: *book, closing }
    });
    carried.collect()
}

record!(Totals { records, import, export, charged, paid, carried });
record!(LegTotals { debit, credit, charged, paid });
record!(RoleTotals { received, spent });
record!(DayBook { sales, purchases, subsidies });
