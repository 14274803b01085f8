//! Canonical byte code on the chip: layout, load with proofs, settlement. No heap anywhere here.
//!
//! The layout (little-endian, sections without gaps, nothing behind the last):
//!
//! | bytes | content |
//! |---|---|
//! | 4 + 1 | magic `JDPC`, language version 1 |
//! | 1 + 1 + 1 | class, direction, number of legs |
//! | 4 + 4 | contract version, settlement interval in seconds |
//! | 8 | most energy per settlement in mWh: the bound of all range proofs |
//! | 4 + 4 | floor and cap of the total price, micro-yuan/kWh |
//! | 2 + 1 | steps and stack that the code needs, exactly |
//! | 1 + 1 + 1 + 1 + 1 + 2 | numbers of signals, day plans, band tables, tier tables, prices; code length |
//! | n × 2 | legs: debit, credit; numbered by first use |
//! | n × 17 | signals: id, default, low, high, age limit in seconds; ascending id |
//! | … | day plans: months, number of starts, (minute, band) … |
//! | … | band tables: number of rows, (months, bands, a price for each band) …; by first use |
//! | … | tier tables: basis, number of tiers, limits in mWh …, prices …; by first use |
//! | n × 4 | pool of prices, ascending |
//! | … | code |

mod format;
mod load;
mod proof;
mod settle;

pub(crate) use format::{BandTable, DayPlan, Op, Rows, TierTable, opcode};
pub use format::{Leg, SignalRule};
pub use load::{LoadError, LoadFault};
pub(crate) use settle::month_bit;

use format::{Fixed, Sections};
use heapless::Vec;
use quantity::{Duration, Energy, Instant, Price};

use crate::{Band, CustomerClass, Direction, LEGS_MAX, SIGNALS_MAX};

pub(crate) const MAGIC: [u8; 4] = *b"JDPC";
pub(crate) const LANGUAGE_VERSION: u8 = 1;
pub(crate) const MINUTES_OF_DAY: u16 = 1440;
pub(crate) const ALL_MONTHS: u16 = 0xfff;
pub(crate) const ALL_BANDS: u8 = 0x1f;

/// A contract that was proved at load: a view over its bytes, small enough to copy.
///
/// The digest that people sign is taken over [`Program::bytes`].
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    bytes: &'a [u8],
    fixed: Fixed,
    sections: Sections<'a>,
}

/// What a contract declares about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The meters that it is for.
    pub class: CustomerClass,
    /// The register that it settles.
    pub direction: Direction,
    /// Version of the contract, rising within its name.
    pub version: u32,
    /// Length of the regular settlement interval; it divides the day.
    pub interval: Duration,
    /// Most energy of one settlement; all ranges are proved for it.
    pub energy_max: Energy,
    /// No total price below this is possible.
    pub price_floor: Price,
    /// No total price above this is possible.
    pub price_cap: Price,
    /// Most instructions of a settlement.
    pub steps_max: u16,
    /// Most prices held at once.
    pub stack_max: u8,
    /// The legs by index.
    pub legs: Vec<Leg, LEGS_MAX>,
    /// The signals that it reads, each with its clamp, age limit and default.
    pub signals: Vec<SignalRule, SIGNALS_MAX>,
}

impl<'a> Program<'a> {
    /// Checks every rule of the language on untrusted bytes and proves the ranges, in bounded time
    /// and without heap.
    ///
    /// # Errors
    /// The first rule that the bytes break, and where.
    pub fn load(bytes: &'a [u8]) -> Result<Self, LoadError> {
        load::load(bytes)
    }

    /// The canonical bytes: what a signature or a digest covers.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the contract declares about itself.
    #[must_use]
    pub fn header(&self) -> Header {
        let fixed = &self.fixed;
        Header {
            class: fixed.class,
            direction: fixed.direction,
            version: fixed.version,
            interval: fixed.interval(),
            energy_max: fixed.energy_max,
            price_floor: fixed.floor,
            price_cap: fixed.cap,
            steps_max: fixed.steps_max,
            stack_max: fixed.stack_max,
            legs: self.legs().take(LEGS_MAX).collect(),
            signals: self.signal_rules().take(SIGNALS_MAX).collect(),
        }
    }

    /// The band in force at an instant; flat in a contract without a calendar.
    #[must_use]
    pub fn band_at(&self, at: Instant) -> Band {
        self.moment(at).band
    }

    /// The next change of band or midnight after `at`: no settlement may cross it.
    #[must_use]
    pub fn next_boundary(&self, at: Instant) -> Instant {
        self.moment(at).until
    }

    pub(crate) fn legs(&self) -> Rows<'a, Leg> {
        Rows::new(self.sections.legs)
    }

    pub(crate) fn signal_rules(&self) -> Rows<'a, SignalRule> {
        Rows::new(self.sections.signals)
    }

    pub(crate) fn days(&self) -> Rows<'a, DayPlan<'a>> {
        Rows::new(self.sections.days)
    }

    pub(crate) fn tables(&self) -> Rows<'a, BandTable<'a>> {
        Rows::new(self.sections.tables)
    }

    pub(crate) fn tiers(&self) -> Rows<'a, TierTable<'a>> {
        Rows::new(self.sections.tiers)
    }

    pub(crate) fn pool(&self) -> Rows<'a, Price> {
        Rows::new(self.sections.pool)
    }

    pub(crate) fn code(&self) -> Rows<'a, Op> {
        Rows::new(self.sections.code)
    }
}
