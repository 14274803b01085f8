//! Canonical byte code on the chip: layout, load with proofs, settlement. No heap anywhere here.
//!
//! The layout (little-endian, sections without gaps, nothing behind the last). A price is an `i32` in
//! millionths of its unit, an amount a `u64` below 2⁶³, a day a `u16` counted from 1970-01-01 in
//! legal time.
//!
//! | bytes | content |
//! |---|---|
//! | 4 + 1 | magic `JDPC`, language version 2 |
//! | 1 + 1 | class, direction |
//! | 4 + 4 | contract version, settlement interval in seconds |
//! | 8 | most energy per settlement in mWh: the bound of all range proofs |
//! | 4 + 4 | floor and cap of the total price on the energy |
//! | 2 + 1 | steps and stack that the code needs, exactly |
//! | 12 × 1 | numbers of rows of the twelve sections that follow, in their order |
//! | 2 + 1 + 2 | first year and number of years whose special days are listed (0, 0 without), code length |
//! | n × 5 | legs: debit, credit, purpose, days to expiry (u16, 0 for never); numbered by first use |
//! | n × 17 | signals and events: id, default, low, high, age limit in seconds; ascending id |
//! | n × 17 | quantities: id, bound (amount), floor and cap of the total price on it; ascending id |
//! | n × 10 | conditions: months (u16), bands, day kinds, events on, events off, first day, last day (0 and 0xffff for none); numbered by first use, day plans before code |
//! | n × 4 | special days: first day, number of days, kind; ascending, neighbours differ |
//! | … | day plans: months, condition or 0xff, number of starts, (minute u16, band) …; exceptions in the order in which they are tried, then the general plans by first month |
//! | … | band tables: unit, number of rows, (months, bands, a price for each band) …; by first use |
//! | … | steps tables: quantity, unit, number of rows, limits (one less) …, prices …; by first use |
//! | … | tier tables: basis, number of tiers, limits in mWh (one less) …, prices …; by first use |
//! | n × 5 | pool of prices: unit, price; ascending |
//! | n × 21 | prepaid (0 or 1): leg, hold and limit in micro-yuan (amounts), release in seconds (u32) |
//! | … | code |
//! | … | examples, in the order of the source (varints) |
//!
//! Though examples are the twelfth counted section, they stand behind the code.
//!
//! | number | operands | instruction |
//! |---|---|---|
//! | 0x01 | pool | push a constant |
//! | 0x02 | table | push the price of the band |
//! | 0x03 | signal id | push a signal |
//! | 0x04 0x05 0x06 0x07 | | add, subtract, lesser, greater: pop two, push one |
//! | 0x08 | steps table | push the price of the row for the quantity |
//! | 0x09 | ppm u32, rounding, unit u32 | replace a price by a share: down 0, half up 1, to multiples of `unit` |
//! | 0x0a | condition | pop `b`, pop `a`, push `a` if the condition holds, else `b` |
//! | 0x10 | item, leg | charge on the energy |
//! | 0x11 | item, leg, tier table | charge tiers |
//! | 0x12 | condition, skip | else skip that many bytes: exactly one price statement |
//! | 0x13 | item, leg, quantity | charge on another quantity than the energy |
//! | 0x14 | item, leg, quantity, ppm u32, base | charge on max(0, quantity − ⌊base × ppm ÷ 10⁶⌋) |
//! | 0x15 | item, leg, quantity, ppm u32 | charge ⌊price × ppm ÷ 10⁶⌋ and keep the price; the charge that ends the statement takes the price less all parts |
//!
//! A monthly quantity counts as 0 and nothing is charged on it in a settlement whose end isn't the
//! first instant of a month; the steps are executed all the same.
//!
//! An example is: start in minutes since 1970 (UTC), energy, month and year before in mWh; the number
//! of quantities and (id byte, amount) for each, ascending; the number of signals and (id byte, signed
//! value, age in milliseconds) for each, ascending; in a prepaid contract what is held in micro-yuan;
//! then for each leg its signed amount in micro-yuan and its rest in pico-yuan, the rest before being 0;
//! in a prepaid contract what is asked to be held. Numbers are varints (seven bits a byte, lowest first,
//! shortest form), signed ones folded (0, -1, 1, -2 … as 0, 1, 2, 3 …). It ends one settlement interval
//! behind its start, or at the next boundary if that is earlier.

mod examples;
mod format;
mod load;
mod proof;
mod rows;
mod settle;
mod tiered;
mod walk;

pub(crate) use format::{Op, Rounding, Rows, Section, Share, Target, opcode};
pub use load::{LoadError, LoadFault};
pub(crate) use rows::{
    BandTable, Condition, Constant, DayPlan, GENERAL, SpecialDays, StepsTable, TierTable,
};
pub use rows::{Leg, PrepaidRule, QuantityRule, SignalRule};
pub(crate) use settle::{Moment, ends_month, month_bit};

use format::{Decode, Fixed, Reader, Starts};
use heapless::Vec;
use quantity::{Duration, Energy, Instant, Price};

use crate::{Band, CustomerClass, Direction, LEGS_MAX, Quantity, SIGNALS_MAX, Signals};

pub(crate) const MAGIC: [u8; 4] = *b"JDPC";
pub(crate) const LANGUAGE_VERSION: u8 = 2;
/// Where the part of the header with a fixed length continues, behind class and direction.
const FIXED: usize = 7;
pub(crate) const MINUTES_OF_DAY: u16 = 1440;
pub(crate) const ALL_MONTHS: u16 = 0xfff;
pub(crate) const ALL_BANDS: u8 = 0x1f;
pub(crate) const ALL_DAY_KINDS: u8 = 7;
/// Bits of the events, [`crate::SignalId::event_bit`].
pub(crate) const ALL_EVENTS: u8 = 0x3f;
/// The last day of a condition without an end.
pub(crate) const LAST_DAY: u16 = u16::MAX;

/// A contract that was proved at load: a view over its bytes, small enough to copy.
///
/// The digest that people sign is taken over [`Program::bytes`].
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    bytes: &'a [u8],
    class: CustomerClass,
    direction: Direction,
    starts: Starts,
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
    /// The quantities that it needs beside the energy.
    pub quantities: Vec<QuantityRule, { Quantity::COUNT }>,
    /// The leg that is paid in advance, if there is one.
    pub prepaid: Option<PrepaidRule>,
    /// First and last year whose holidays are listed; in other years such a contract refuses to
    /// settle. `None` if it doesn't tell kinds of day.
    pub special_years: Option<(u16, u16)>,
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

    /// Opens bytes that [`Program::load`] accepted before and that are known to be the same, such as
    /// those of a slot whose digest was checked: reads the structure, proves nothing again.
    ///
    /// On other bytes every operation is still safe, but nothing is known about what it says.
    ///
    /// # Errors
    /// Where the parts don't fit together.
    pub fn reopen(bytes: &'a [u8]) -> Result<Self, LoadError> {
        load::reopen(bytes)
    }

    /// The canonical bytes: what a signature or a digest covers.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the contract declares about itself.
    #[must_use]
    pub fn header(&self) -> Header {
        let fixed = self.fixed();
        Header {
            class: self.class,
            direction: self.direction,
            version: fixed.version,
            interval: fixed.interval(),
            energy_max: fixed.energy_max,
            price_floor: fixed.floor,
            price_cap: fixed.cap,
            steps_max: fixed.steps_max,
            stack_max: fixed.stack_max,
            legs: self.legs().take(LEGS_MAX).collect(),
            signals: self.signal_rules().take(SIGNALS_MAX).collect(),
            quantities: self.quantity_rules().take(Quantity::COUNT).collect(),
            prepaid: self.prepaid(),
            special_years: self.special_years(),
        }
    }

    /// The band in force at an instant; flat in a contract without a calendar. In a year whose
    /// special days aren't listed a day counts by its weekday, though nothing can be settled there.
    #[must_use]
    pub fn band_at(&self, at: Instant, signals: &Signals) -> Band {
        self.moment(at, signals).band
    }

    /// The next change of band or midnight after `at`: no settlement may cross it. An event that
    /// begins later counts from the settlement after it on.
    #[must_use]
    pub fn next_boundary(&self, at: Instant, signals: &Signals) -> Instant {
        self.moment(at, signals).until
    }

    pub(crate) fn fixed(&self) -> Fixed<'a> {
        Fixed::read(&mut Reader::new(self.bytes.get(FIXED..).unwrap_or_default()))
    }

    fn section(&self, section: Section) -> &'a [u8] {
        self.starts.of(section, self.bytes)
    }

    fn rows<T>(&self, section: Section) -> Rows<'a, T> {
        Rows::new(self.section(section))
    }

    /// One row of a section; those before it are passed unread.
    pub(crate) fn row<T: Decode<'a>>(&self, section: Section, number: u8) -> Option<T> {
        let mut reader = Reader::new(self.section(section));
        for _ in 0..number {
            section.pass_row(&mut reader);
        }
        T::decode(&mut reader)
    }

    pub(crate) fn legs(&self) -> Rows<'a, Leg> {
        self.rows(Section::Legs)
    }

    pub(crate) fn signal_rules(&self) -> Rows<'a, SignalRule> {
        self.rows(Section::Signals)
    }

    pub(crate) fn quantity_rules(&self) -> Rows<'a, QuantityRule> {
        self.rows(Section::Quantities)
    }

    pub(crate) fn conditions(&self) -> Rows<'a, Condition> {
        self.rows(Section::Conditions)
    }

    /// First and last year whose special days are listed.
    pub(crate) fn special_years(&self) -> Option<(u16, u16)> {
        let fixed = self.fixed();
        let behind = fixed.first_year.checked_add(u16::from(fixed.years))?;
        (fixed.years > 0).then_some((fixed.first_year, behind.saturating_sub(1)))
    }

    pub(crate) fn special_days(&self) -> Rows<'a, SpecialDays> {
        self.rows(Section::Special)
    }

    pub(crate) fn days(&self) -> Rows<'a, DayPlan<'a>> {
        self.rows(Section::Days)
    }

    pub(crate) fn tables(&self) -> Rows<'a, BandTable<'a>> {
        self.rows(Section::Tables)
    }

    pub(crate) fn steps_tables(&self) -> Rows<'a, StepsTable<'a>> {
        self.rows(Section::Steps)
    }

    pub(crate) fn tiers(&self) -> Rows<'a, TierTable<'a>> {
        self.rows(Section::Tiers)
    }

    pub(crate) fn pool(&self) -> Rows<'a, Constant> {
        self.rows(Section::Pool)
    }

    pub(crate) fn prepaid(&self) -> Option<PrepaidRule> {
        self.rows(Section::Prepaid).next()
    }

    pub(crate) fn code(&self) -> Rows<'a, Op> {
        self.rows(Section::Code)
    }
}
