//! What goes into a settlement and what comes out of it.

use core::fmt;

use heapless::Vec;
use quantity::{Energy, Instant, Money, PicoYuan, Price};

use crate::{Band, CHARGES_MAX, Item, LEGS_MAX, Quantity, Role, SIGNALS_MAX, SignalId, Unit};

/// The value of a signal, and since when it is in force (for the age limit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalValue {
    /// The component's value.
    pub price: Price,
    /// When it came into force; a value from the future counts as missing.
    pub from: Instant,
}

/// The signals that a meter holds; nothing is missing twice and nothing is doubled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals([Option<SignalValue>; SIGNALS_MAX]);

impl Signals {
    /// No signal was received.
    pub const NONE: Self = Self([None; SIGNALS_MAX]);

    /// The latest value of a signal, `None` if none was received.
    #[must_use]
    pub fn get(&self, id: SignalId) -> Option<SignalValue> {
        self.0.get(id.index()).copied().flatten()
    }

    /// Replaces the value of a signal.
    pub fn set(&mut self, id: SignalId, value: Option<SignalValue>) {
        if let Some(place) = self.0.get_mut(id.index()) {
            *place = value;
        }
    }

    /// The same with one value replaced.
    #[must_use]
    pub fn with(mut self, id: SignalId, price: Price, from: Instant) -> Self {
        self.set(id, Some(SignalValue { price, from }));
        self
    }
}

/// What a settlement multiplies prices with, beside the energy itself; each is what its
/// [`Quantity`] says, in that unit. [`Quantity::Energy`] isn't read from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantities([Option<i64>; Quantity::COUNT]);

impl Quantities {
    /// Nothing but the energy is known.
    pub const NONE: Self = Self([None; Quantity::COUNT]);

    /// The value of a quantity, `None` if it isn't known.
    #[must_use]
    pub fn get(&self, quantity: Quantity) -> Option<i64> {
        self.0.get(usize::from(quantity.byte())).copied().flatten()
    }

    /// Replaces the value of a quantity.
    pub fn set(&mut self, quantity: Quantity, value: Option<i64>) {
        if let Some(place) = self.0.get_mut(usize::from(quantity.byte())) {
            *place = value;
        }
    }

    /// The same with one value replaced.
    #[must_use]
    pub fn with(mut self, quantity: Quantity, value: i64) -> Self {
        self.set(quantity, Some(value));
        self
    }
}

/// One movement of the register that is to be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Start of the interval. The band, the month and the age of signals are taken here.
    pub start: Instant,
    /// End of the interval (exclusive); it may not pass [`crate::Program::next_boundary`].
    pub end: Instant,
    /// Energy moved in the interval, never negative.
    pub energy: Energy,
    /// Energy since the month began, up to `start`.
    pub month_before: Energy,
    /// Energy since the year began, up to `start`.
    pub year_before: Energy,
    /// Signals in force.
    pub signals: &'a Signals,
    /// Quantities beside the energy. One that the contract declares must be there: a monthly one
    /// ([`Quantity::is_monthly`]) when `end` is the first instant of a month, any other always.
    pub quantities: &'a Quantities,
    /// What is on hold for a prepaid leg, never negative; zero without one.
    pub held: Money,
}

/// What rounding left over in each leg; the journal stores it beside the settlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carries([PicoYuan; LEGS_MAX]);

impl Carries {
    /// Nothing is carried.
    pub const ZERO: Self = Self([PicoYuan::ZERO; LEGS_MAX]);

    /// From the rests of all legs, such as a journal stored them.
    #[must_use]
    pub const fn new(rests: [PicoYuan; LEGS_MAX]) -> Self {
        Self(rests)
    }

    /// The rests of all legs, to be stored.
    #[must_use]
    pub const fn rests(&self) -> &[PicoYuan; LEGS_MAX] {
        &self.0
    }

    /// The rest of a leg; zero for a leg that can't exist.
    #[must_use]
    pub fn get(&self, leg: u8) -> PicoYuan {
        self.0.get(usize::from(leg)).copied().unwrap_or_default()
    }

    /// Replaces the rest of a leg; a leg that can't exist has none.
    pub fn set(&mut self, leg: u8, rest: PicoYuan) {
        if let Some(place) = self.0.get_mut(usize::from(leg)) {
            *place = rest;
        }
    }
}

/// One line of the bill: `price × amount`, exact in pico-yuan. A settlement that crosses a tier has
/// two lines of it, and a price that is split has one for each payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemCharge {
    /// Why.
    pub item: Item,
    /// The leg that the line is part of.
    pub leg: u8,
    /// Price of this line alone, in millionths of the quantity's [`Unit`]: micro-yuan per kWh, kW
    /// or kVA; parts per million for [`Quantity::Billed`].
    pub price: Price,
    /// What the price is multiplied with.
    pub quantity: Quantity,
    /// How much of it, in the integer unit of the quantity (mWh, mW, micro-yuan).
    pub amount: i64,
}

impl ItemCharge {
    /// The exact amount in pico-yuan, before any rounding.
    #[must_use]
    pub fn pico_yuan(&self) -> i128 {
        let price = i128::from(self.price.micro_yuan_per_kwh());
        price.saturating_mul(i128::from(self.amount))
    }

    /// The energy of a line that is charged by the kilowatt-hour, `None` for any other.
    #[must_use]
    pub fn energy(&self) -> Option<Energy> {
        let per_kwh = self.quantity.unit() == Some(Unit::PerKwh);
        per_kwh.then(|| Energy::from_milliwatt_hours(self.amount))
    }
}

/// An amount that moves between two wallets; a negative amount moves the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegCharge {
    /// Index of the leg.
    pub leg: u8,
    /// Who pays.
    pub debit: Role,
    /// Who is paid.
    pub credit: Role,
    /// How much, rounded down; the rest is in [`Carries`].
    pub money: Money,
}

/// The result of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The lines of the bill, in the order of the contract.
    pub items: Vec<ItemCharge, CHARGES_MAX>,
    /// The amounts to move, one for each leg of the contract (also where it is zero).
    pub legs: Vec<LegCharge, LEGS_MAX>,
    /// Sum of all legs.
    pub total: Money,
    /// Band of the interval.
    pub band: Band,
    /// Instructions executed.
    pub steps: u16,
    /// What the hold of a prepaid leg is used for; `None` in a contract without one.
    pub prepaid: Option<Prepaid>,
}

/// A part of a settlement that is handed over as soon as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A line of the bill.
    Item(ItemCharge),
    /// An amount to move; there is one for each leg of the contract (also where it is zero).
    Leg(LegCharge),
}

/// A settlement without its lines and legs, which went to the caller one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Sum of all legs.
    pub total: Money,
    /// Band of the interval.
    pub band: Band,
    /// Instructions executed.
    pub steps: u16,
    /// What the hold of a prepaid leg is used for; `None` in a contract without one.
    pub prepaid: Option<Prepaid>,
}

/// What a settlement does with the hold of a prepaid leg; the leg's amount doesn't depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepaid {
    /// The leg.
    pub leg: u8,
    /// Taken out of the hold for this settlement: never more than is held or owed.
    pub posted: Money,
    /// To be put on hold on top of what is left; zero while that is enough.
    pub hold: Money,
}

/// Why a settlement is refused; the carries stay as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettleError {
    /// The interval has no length.
    EmptyInterval,
    /// The energy is negative.
    NegativeEnergy,
    /// The energy is above the bound that the contract's ranges were proved for.
    EnergyAboveBound,
    /// A register reading is negative, or adding the energy leaves its range.
    Register,
    /// The interval passes a change of band or midnight: split it there.
    CrossesBoundary,
    /// The calendar lists no working days and holidays of this year.
    OutsideCalendar,
    /// A quantity that the contract needs in this settlement isn't there.
    MissingQuantity,
    /// A quantity (or what is held) is negative, or above the bound that ranges were proved for.
    QuantityOutOfRange,
    /// The program isn't what was loaded. Can't happen after [`crate::Program::load`].
    Damaged,
}

impl fmt::Display for SettleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyInterval => "the interval has no length",
            Self::NegativeEnergy => "the energy is negative",
            Self::EnergyAboveBound => "the energy is above the contract's bound per settlement",
            Self::Register => "a register reading is out of range",
            Self::CrossesBoundary => "the interval crosses a change of band or midnight",
            Self::OutsideCalendar => "the calendar doesn't list the days of this year",
            Self::MissingQuantity => "a quantity that the contract needs is missing",
            Self::QuantityOutOfRange => "a quantity is negative or above the contract's bound",
            Self::Damaged => "the program isn't what was loaded",
        })
    }
}

impl core::error::Error for SettleError {}
