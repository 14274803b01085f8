//! The rows of the sections.

use quantity::{Duration, Energy, Money, Price};

use super::format::{Decode, Reader, Rows, section};
use crate::{Band, DayKind, Purpose, Quantity, Role, SignalId, TierBasis, Unit};

/// Between which wallets a leg moves money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Who pays.
    pub debit: Role,
    /// Who is paid.
    pub credit: Role,
    /// What the money may be spent on.
    pub purpose: Purpose,
    /// Days after which money that wasn't spent goes back; 0 for money that doesn't expire.
    pub expiry_days: u16,
}

impl<'a> Decode<'a> for Leg {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let row = Self {
            debit: Role::from_byte(reader.u8())?,
            credit: Role::from_byte(reader.u8())?,
            purpose: Purpose::from_byte(reader.u8())?,
            expiry_days: reader.u16(),
        };
        reader.is_sound().then_some(row)
    }
}

/// How far a signal may move a price, and what holds without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalRule {
    /// Which signal.
    pub id: SignalId,
    /// Holds when the signal is missing or too old.
    pub default: Price,
    /// A smaller value is raised to this.
    pub low: Price,
    /// A larger value is lowered to this.
    pub high: Price,
    /// A value that is older than this at the start of a settlement is not used.
    pub age_max: Duration,
}

impl<'a> Decode<'a> for SignalRule {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let row = Self {
            id: SignalId::from_byte(reader.u8())?,
            default: reader.price(),
            low: reader.price(),
            high: reader.price(),
            age_max: Duration::from_seconds(i64::from(reader.u32())),
        };
        reader.is_sound().then_some(row)
    }
}

/// A quantity that a contract needs beside the energy, its bound, and what it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityRule {
    /// Which quantity.
    pub quantity: Quantity,
    /// A larger amount is refused; all ranges are proved for it.
    pub most: i64,
    /// No total price on this quantity is below; zero if nothing is charged on it.
    pub floor: Price,
    /// No total price on this quantity is above; zero if nothing is charged on it.
    pub cap: Price,
}

impl<'a> Decode<'a> for QuantityRule {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let row = Self {
            quantity: Quantity::from_byte(reader.u8())?,
            most: reader.amount(),
            floor: reader.price(),
            cap: reader.price(),
        };
        reader.is_sound().then_some(row)
    }
}

/// How a leg is paid out of money on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrepaidRule {
    /// The leg.
    pub leg: u8,
    /// Put on hold at once.
    pub hold: Money,
    /// Holds again when less than this is left.
    pub again_below: Money,
    /// A hold that isn't used is released after this.
    pub release_after: Duration,
}

impl<'a> Decode<'a> for PrepaidRule {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let row = Self {
            leg: reader.u8(),
            hold: Money::from_micro_yuan(reader.amount()),
            again_below: Money::from_micro_yuan(reader.amount()),
            release_after: Duration::from_seconds(i64::from(reader.u32())),
        };
        reader.is_sound().then_some(row)
    }
}

/// When something holds: all of it must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Bit 0 is January.
    pub(crate) months: u16,
    pub(crate) bands: u8,
    /// Sum of [`DayKind`]s.
    pub(crate) day_kinds: u8,
    /// Events that must be on.
    pub(crate) needed: u8,
    /// Events that must be off.
    pub(crate) forbidden: u8,
    /// First and last legal day, in days since 1970-01-01.
    pub(crate) first_day: u16,
    pub(crate) last_day: u16,
}

impl<'a> Decode<'a> for Condition {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let row = Self {
            months: reader.u16(),
            bands: reader.u8(),
            day_kinds: reader.u8(),
            needed: reader.u8(),
            forbidden: reader.u8(),
            first_day: reader.u16(),
            last_day: reader.u16(),
        };
        reader.is_sound().then_some(row)
    }
}

/// Days that count as something else than their weekday says, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpecialDays {
    /// In days since 1970-01-01.
    pub(crate) first_day: u16,
    pub(crate) length: u8,
    pub(crate) kind: DayKind,
}

impl<'a> Decode<'a> for SpecialDays {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let row = Self {
            first_day: reader.u16(),
            length: reader.u8(),
            kind: DayKind::from_byte(reader.u8())?,
        };
        reader.is_sound().then_some(row)
    }
}

/// From which minute on which band holds, in some months.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DayPlan<'a> {
    pub(crate) months: u16,
    /// Number of the condition of an exception; `None` for a general plan.
    pub(crate) condition: Option<u8>,
    starts: &'a [u8],
}

/// Stands for no condition in a day plan.
pub(crate) const GENERAL: u8 = 0xff;

/// One start of a day plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) minute: u16,
    pub(crate) band: Band,
}

impl<'a> Decode<'a> for Start {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let minute = reader.u16();
        let row = Self { minute, band: Band::from_byte(reader.u8())? };
        reader.is_sound().then_some(row)
    }
}

impl<'a> Decode<'a> for DayPlan<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let months = reader.u16();
        let condition = Some(reader.u8()).filter(|number| *number != GENERAL);
        let count = reader.u8();
        let row = Self { months, condition, starts: section::<Start>(reader, count)? };
        reader.is_sound().then_some(row)
    }
}

impl<'a> DayPlan<'a> {
    pub(crate) fn starts(&self) -> Rows<'a, Start> {
        Rows::new(self.starts)
    }

    /// The set of bands that occur.
    pub(crate) fn bands(&self) -> u8 {
        self.starts().fold(0, |bands, start| bands | start.band.bit())
    }
}

/// A price for each band, in each month.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BandTable<'a> {
    pub(crate) unit: Unit,
    rows: &'a [u8],
}

/// The prices of a band table in some months.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BandRow<'a> {
    pub(crate) months: u16,
    pub(crate) bands: u8,
    prices: &'a [u8],
}

impl<'a> Decode<'a> for BandRow<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let months = reader.u16();
        let bands = reader.u8();
        let count = u8::try_from(bands.count_ones()).ok()?;
        let row = Self { months, bands, prices: section::<Price>(reader, count)? };
        reader.is_sound().then_some(row)
    }
}

impl<'a> BandRow<'a> {
    pub(crate) fn price(&self, band: Band) -> Option<Price> {
        let mut prices = Rows::new(self.prices);
        for candidate in Band::ALL.iter().filter(|candidate| self.bands & candidate.bit() != 0) {
            let price = prices.next();
            if *candidate == band {
                return price;
            }
        }
        None
    }

    pub(crate) fn prices(&self) -> Rows<'a, Price> {
        Rows::new(self.prices)
    }
}

impl<'a> Decode<'a> for BandTable<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let unit = Unit::from_byte(reader.u8())?;
        let count = reader.u8();
        let row = Self { unit, rows: section::<BandRow<'_>>(reader, count)? };
        reader.is_sound().then_some(row)
    }
}

impl<'a> BandTable<'a> {
    pub(crate) fn rows(&self) -> Rows<'a, BandRow<'a>> {
        Rows::new(self.rows)
    }

    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.rows
    }

    /// The price of a band in a month given as its bit.
    pub(crate) fn price(&self, month_bit: u16, band: Band) -> Option<Price> {
        self.rows().find(|row| row.months & month_bit != 0)?.price(band)
    }
}

/// A price by the size of a quantity: that of the first row whose limit is above it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepsTable<'a> {
    pub(crate) quantity: Quantity,
    pub(crate) unit: Unit,
    limits: &'a [u8],
    prices: &'a [u8],
}

impl<'a> Decode<'a> for StepsTable<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let quantity = Quantity::from_byte(reader.u8())?;
        let unit = Unit::from_byte(reader.u8())?;
        let count = reader.u8();
        let limits = section::<Energy>(reader, count.checked_sub(1)?)?;
        let row = Self { quantity, unit, limits, prices: section::<Price>(reader, count)? };
        reader.is_sound().then_some(row)
    }
}

impl<'a> StepsTable<'a> {
    /// Limits of all rows but the last, in the unit of the quantity.
    pub(crate) fn limits(&self) -> Rows<'a, Energy> {
        Rows::new(self.limits)
    }

    pub(crate) fn prices(&self) -> Rows<'a, Price> {
        Rows::new(self.prices)
    }

    /// The price for an amount.
    pub(crate) fn price(&self, amount: i64) -> Option<Price> {
        let below = self.limits().take_while(|limit| limit.milliwatt_hours() <= amount).count();
        self.prices().nth(below)
    }
}

/// A price of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Constant {
    pub(crate) unit: Unit,
    pub(crate) price: Price,
}

impl<'a> Decode<'a> for Constant {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let row = Self { unit: Unit::from_byte(reader.u8())?, price: reader.price() };
        reader.is_sound().then_some(row)
    }
}

/// Prices by the energy of a month or year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TierTable<'a> {
    pub(crate) basis: TierBasis,
    limits: &'a [u8],
    prices: &'a [u8],
}

impl<'a> Decode<'a> for TierTable<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let basis = TierBasis::from_byte(reader.u8())?;
        let tiers = reader.u8();
        let limits = section::<Energy>(reader, tiers.checked_sub(1)?)?;
        let row = Self { basis, limits, prices: section::<Price>(reader, tiers)? };
        reader.is_sound().then_some(row)
    }
}

impl<'a> TierTable<'a> {
    pub(crate) fn limits(&self) -> Rows<'a, Energy> {
        Rows::new(self.limits)
    }

    pub(crate) fn prices(&self) -> Rows<'a, Price> {
        Rows::new(self.prices)
    }
}
