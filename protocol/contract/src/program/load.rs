//! The checks at load. What the checker of the source refuses is refused here too, so that a meter
//! needs to trust nobody's compiler.

use core::fmt;

use quantity::{Energy, Price};

use super::format::{Counts, Decode, Fixed, Reader, Rows, Sections, Start, section};
use super::{
    ALL_BANDS, ALL_MONTHS, BandTable, DayPlan, LANGUAGE_VERSION, Leg, MAGIC, MINUTES_OF_DAY, Op,
    Program, SignalRule, TierTable, proof,
};
use crate::{
    Band, CHARGES_MAX, ITEMS_MAX, LEGS_MAX, PRICE_MAX, PROGRAM_BYTES_MAX, SIGNALS_MAX, STACK_MAX,
    STEPS_MAX,
};

const SECONDS_OF_DAY: u32 = 86_400;
/// A value that is older than this is no signal any more but a second contract.
const SIGNAL_AGE_MAX_DAYS: i64 = 400;
/// The bit set of used prices has 64 bits.
const POOL_MAX: usize = 64;
const TIERS_OF_TABLE_MAX: usize = 8;

/// Why bytes aren't a contract, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The broken rule.
    pub fault: LoadFault,
    /// Byte at which the broken part begins.
    pub at: u16,
}

/// A rule of the byte code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadFault {
    /// Longer than [`PROGRAM_BYTES_MAX`].
    TooLong,
    /// Not a contract at all.
    Magic,
    /// A version of the language that this machine doesn't know.
    LanguageVersion,
    /// A part ends early or holds a byte without a meaning.
    Malformed,
    /// There are bytes behind the end.
    Trailing,
    /// More of something than a contract may have, or none where one is needed.
    Count,
    /// The settlement interval doesn't divide the day.
    Interval,
    /// The bound of the energy isn't positive.
    EnergyBound,
    /// A price is beyond [`PRICE_MAX`], or the floor is above the cap.
    Price,
    /// A leg pays itself, or two legs are the same.
    Leg,
    /// Signals aren't ascending, or one has no sound clamp, default and age limit.
    Signal,
    /// Months are doubled, missing or out of order.
    Months,
    /// A day doesn't start at 00:00, isn't ascending or changes inside a settlement interval.
    Day,
    /// A band table lacks a band of the calendar or names one that never occurs.
    Bands,
    /// Tiers aren't ascending.
    Tiers,
    /// The same thing stands there twice.
    Doubled,
    /// Something is declared and never used, or isn't numbered by first use.
    Unused,
    /// An instruction names something that isn't there.
    Reference,
    /// A skip doesn't pass exactly one charge, or its condition isn't one.
    Skip,
    /// The stack is too deep, runs dry or isn't empty after a charge.
    Stack,
    /// The header doesn't state exactly the steps and the stack that the code needs.
    Limits,
    /// A charge can never happen.
    Unreachable,
    /// A range can leave 64 bits.
    Range,
    /// The total price can fall to this, below the floor.
    BelowFloor(Price),
    /// The total price can rise to this, above the cap.
    AboveCap(Price),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.fault, self.at)
    }
}

impl fmt::Display for LoadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the byte code is too long",
            Self::Magic => "this is no contract",
            Self::LanguageVersion => "this version of the contract language is unknown",
            Self::Malformed => "a part is cut off or has no meaning",
            Self::Trailing => "there are bytes behind the end",
            Self::Count => "there is too much of something, or nothing where one is needed",
            Self::Interval => "the settlement interval doesn't divide the day",
            Self::EnergyBound => "the energy bound isn't positive",
            Self::Price => "a price is out of bounds",
            Self::Leg => "a leg pays itself or is doubled",
            Self::Signal => "a signal has no sound clamp, default or age limit",
            Self::Months => "the months aren't covered exactly once",
            Self::Day => "a day plan isn't sound",
            Self::Bands => "a band table doesn't fit the calendar",
            Self::Tiers => "the tiers aren't ascending",
            Self::Doubled => "the same thing stands there twice",
            Self::Unused => "something is never used or not numbered by first use",
            Self::Reference => "an instruction names something that isn't there",
            Self::Skip => "a skip doesn't pass exactly one charge",
            Self::Stack => "the stack isn't used soundly",
            Self::Limits => "the stated limits aren't those of the code",
            Self::Unreachable => "a charge can never happen",
            Self::Range => "a range can leave 64 bits",
            Self::BelowFloor(price) => {
                return write!(f, "the price can fall to {price}, below the floor");
            }
            Self::AboveCap(price) => {
                return write!(f, "the price can rise to {price}, above the cap");
            }
        })
    }
}

impl core::error::Error for LoadError {}

pub(super) fn load(bytes: &[u8]) -> Result<Program<'_>, LoadError> {
    let mut reader = Reader::new(bytes);
    read(bytes, &mut reader).map_err(|fault| {
        let consumed = bytes.len().saturating_sub(reader.rest().len());
        LoadError { fault, at: u16::try_from(consumed).unwrap_or(u16::MAX) }
    })
}

type Check = fn(&Program<'_>) -> Result<(), LoadFault>;

/// Leaves `reader` at the part that is at fault.
fn read<'a>(bytes: &'a [u8], reader: &mut Reader<'a>) -> Result<Program<'a>, LoadFault> {
    use LoadFault as Fault;
    require(bytes.len() <= PROGRAM_BYTES_MAX, Fault::TooLong)?;
    require(reader.take(MAGIC.len()) == Some(MAGIC.as_slice()), Fault::Magic)?;
    require(reader.u8() == Some(LANGUAGE_VERSION), Fault::LanguageVersion)?;
    let fixed = Fixed::decode(reader).ok_or(Fault::Malformed)?;
    check_header(&fixed)?;
    let sections = read_sections(reader, &fixed.counts)?;
    require(reader.rest().is_empty(), Fault::Trailing)?;
    let program = Program { bytes, fixed, sections };
    let checks: [(&[u8], Check); 7] = [
        (sections.legs, check_legs),
        (sections.signals, check_signals),
        (sections.days, check_days),
        (sections.tables, check_tables),
        (sections.tiers, check_tiers),
        (sections.pool, check_pool),
        (sections.code, check_code),
    ];
    let mut rest = sections_bytes(bytes, &sections);
    for (section, check) in checks {
        *reader = Reader::new(rest);
        check(&program)?;
        rest = rest.get(section.len()..).unwrap_or_default();
    }
    *reader = Reader::new(sections.code);
    proof::prove(&program)?;
    Ok(program)
}

fn sections_bytes<'a>(bytes: &'a [u8], sections: &Sections<'a>) -> &'a [u8] {
    let parts = [
        sections.legs,
        sections.signals,
        sections.days,
        sections.tables,
        sections.tiers,
        sections.pool,
        sections.code,
    ];
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    bytes.get(bytes.len().saturating_sub(length)..).unwrap_or_default()
}

fn require(holds: bool, fault: LoadFault) -> Result<(), LoadFault> {
    if holds { Ok(()) } else { Err(fault) }
}

fn check_header(fixed: &Fixed) -> Result<(), LoadFault> {
    let seconds = fixed.interval_seconds;
    let divides = SECONDS_OF_DAY.checked_rem(seconds) == Some(0);
    require(divides, LoadFault::Interval)?;
    require(fixed.energy_max > Energy::ZERO, LoadFault::EnergyBound)?;
    require(in_bounds(fixed.floor) && in_bounds(fixed.cap), LoadFault::Price)?;
    require(fixed.floor <= fixed.cap, LoadFault::Price)?;
    let counts = &fixed.counts;
    let some_legs = (1..=LEGS_MAX).contains(&usize::from(counts.legs));
    require(some_legs && usize::from(counts.signals) <= SIGNALS_MAX, LoadFault::Count)?;
    require(usize::from(counts.pool) <= POOL_MAX, LoadFault::Count)
}

fn read_sections<'a>(reader: &mut Reader<'a>, counts: &Counts) -> Result<Sections<'a>, LoadFault> {
    let mut read = || {
        Some(Sections {
            legs: section::<Leg>(reader, counts.legs)?,
            signals: section::<SignalRule>(reader, counts.signals)?,
            days: section::<DayPlan<'_>>(reader, counts.days)?,
            tables: section::<BandTable<'_>>(reader, counts.tables)?,
            tiers: section::<TierTable<'_>>(reader, counts.tiers)?,
            pool: section::<Price>(reader, counts.pool)?,
            code: reader.take(usize::from(counts.code_bytes))?,
        })
    };
    read().ok_or(LoadFault::Malformed)
}

fn in_bounds(price: Price) -> bool {
    price.abs() <= PRICE_MAX
}

/// Calls `same` for each pair of rows.
fn distinct<T: Clone, I: Iterator<Item = T> + Clone>(
    rows: I,
    same: impl Fn(&T, &T) -> bool,
) -> Result<(), LoadFault> {
    let mut rest = rows;
    while let Some(row) = rest.next() {
        require(!rest.clone().any(|other| same(&row, &other)), LoadFault::Doubled)?;
    }
    Ok(())
}

fn check_legs(program: &Program<'_>) -> Result<(), LoadFault> {
    require(program.legs().all(|leg| leg.debit != leg.credit), LoadFault::Leg)?;
    distinct(program.legs(), |a, b| a == b).map_err(|_| LoadFault::Leg)
}

fn check_signals(program: &Program<'_>) -> Result<(), LoadFault> {
    let ids = program.signal_rules().map(|rule| rule.id);
    require(ids.is_sorted_by(|a, b| a < b), LoadFault::Signal)?;
    require(program.signal_rules().all(|rule| is_sound(&rule)), LoadFault::Signal)
}

fn is_sound(rule: &SignalRule) -> bool {
    let ordered = rule.low <= rule.default && rule.default <= rule.high;
    let age_days_max = quantity::Duration::from_days(SIGNAL_AGE_MAX_DAYS);
    let age = !rule.age_max.is_zero() && rule.age_max <= age_days_max;
    ordered && age && in_bounds(rule.low) && in_bounds(rule.high)
}

/// Each month in exactly one set, sets ordered by their first month.
fn check_months(sets: impl Iterator<Item = u16>) -> Result<(), LoadFault> {
    let mut seen = 0_u16;
    let mut last_first = None;
    for set in sets {
        let first = Some(set.trailing_zeros());
        let fresh = set != 0 && set & !ALL_MONTHS == 0 && set & seen == 0;
        require(fresh && first > last_first, LoadFault::Months)?;
        seen |= set;
        last_first = first;
    }
    require(seen == ALL_MONTHS, LoadFault::Months)
}

fn check_days(program: &Program<'_>) -> Result<(), LoadFault> {
    if program.fixed.counts.days == 0 {
        return Ok(());
    }
    check_months(program.days().map(|day| day.months))?;
    distinct(program.days(), |a, b| a.start_bytes() == b.start_bytes())?;
    for day in program.days() {
        require(is_day(day.starts(), program.fixed.interval_seconds), LoadFault::Day)?;
    }
    Ok(())
}

fn is_day(mut starts: Rows<'_, Start>, interval_seconds: u32) -> bool {
    let Some(mut last) = starts.next() else { return false };
    let mut sound = last.minute == 0;
    for start in starts {
        let second = u32::from(start.minute).saturating_mul(60);
        let aligned = second.checked_rem(interval_seconds) == Some(0);
        let rises = start.minute > last.minute && start.minute < MINUTES_OF_DAY;
        sound = sound && rises && aligned && start.band != last.band;
        last = start;
    }
    sound
}

impl Program<'_> {
    /// The bands that occur in some months; flat without a calendar.
    pub(crate) fn bands_in(&self, months: u16) -> u8 {
        if self.fixed.counts.days == 0 {
            return Band::Flat.bit();
        }
        let days = self.days().filter(|day| day.months & months != 0);
        days.fold(0, |bands, day| bands | day.bands())
    }
}

fn check_tables(program: &Program<'_>) -> Result<(), LoadFault> {
    distinct(program.tables(), |a, b| a.bytes() == b.bytes())?;
    for table in program.tables() {
        check_months(table.rows().map(|row| row.months))?;
        distinct(table.rows(), |a, b| a.content() == b.content())?;
        for row in table.rows() {
            require(row.bands == program.bands_in(row.months), LoadFault::Bands)?;
            require(row.prices().all(in_bounds), LoadFault::Price)?;
        }
    }
    Ok(())
}

fn check_tiers(program: &Program<'_>) -> Result<(), LoadFault> {
    distinct(program.tiers(), |a, b| a.content() == b.content())?;
    for table in program.tiers() {
        let tiers = table.prices().count();
        require((2..=TIERS_OF_TABLE_MAX).contains(&tiers), LoadFault::Count)?;
        let rising = table.limits().is_sorted_by(|a, b| a < b);
        let positive = table.limits().all(|limit| limit > Energy::ZERO);
        let changing = table.prices().is_sorted_by(|a, b| a != b);
        require(rising && positive && changing, LoadFault::Tiers)?;
        require(table.prices().all(in_bounds), LoadFault::Price)?;
    }
    Ok(())
}

fn check_pool(program: &Program<'_>) -> Result<(), LoadFault> {
    require(program.pool().is_sorted_by(|a, b| a < b), LoadFault::Unused)?;
    require(program.pool().all(in_bounds), LoadFault::Price)
}

/// Things that must be numbered in the order of their first use, without one left over.
#[derive(Default)]
struct FirstUse(u8);

impl FirstUse {
    fn see(&mut self, number: u8, count: u8) -> Result<(), LoadFault> {
        require(number < count, LoadFault::Reference)?;
        require(number <= self.0, LoadFault::Unused)?;
        self.0 = self.0.max(number.saturating_add(1));
        Ok(())
    }
}

/// What the walk over the code has seen so far.
#[derive(Default)]
struct Walk {
    depth: u8,
    depth_max: u8,
    steps: u16,
    items: usize,
    charges: usize,
    legs: FirstUse,
    tables: FirstUse,
    tiers: FirstUse,
    signals: u16,
    pool: u64,
    charged: u128,
    uses_bands: bool,
    /// Bytes that must be left behind the next charge.
    skip_to: Option<usize>,
}

fn check_code(program: &Program<'_>) -> Result<(), LoadFault> {
    let mut walk = Walk::default();
    let mut ops = program.code();
    while let Some(op) = ops.next() {
        walk.step(program, op, ops.rest().len())?;
    }
    require(ops.rest().is_empty(), LoadFault::Malformed)?;
    require(walk.depth == 0, LoadFault::Stack)?;
    walk.close(program)
}

impl Walk {
    fn step(&mut self, program: &Program<'_>, op: Op, left: usize) -> Result<(), LoadFault> {
        let counts = &program.fixed.counts;
        self.steps = self.steps.saturating_add(1);
        match op {
            Op::Constant { pool } => {
                require(pool < counts.pool, LoadFault::Reference)?;
                self.pool |= 1_u64.checked_shl(u32::from(pool)).unwrap_or_default();
                self.push()
            }
            Op::Table { table } => {
                self.uses_bands = true;
                self.tables.see(table, counts.tables)?;
                self.push()
            }
            Op::Signal { id } => {
                let known = program.signal_rules().any(|rule| rule.id == id);
                require(known, LoadFault::Reference)?;
                self.signals |= 1_u16.checked_shl(u32::from(id.byte())).unwrap_or_default();
                self.push()
            }
            Op::Add | Op::Subtract | Op::Lesser | Op::Greater => {
                require(self.depth >= 2, LoadFault::Stack)?;
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
            Op::Charge { item, leg } => {
                require(self.depth == 1, LoadFault::Stack)?;
                self.depth = 0;
                self.charge(item.byte(), (leg, counts.legs), 1, left)
            }
            Op::ChargeTiers { item, leg, tiers } => {
                require(self.depth == 0, LoadFault::Stack)?;
                self.tiers.see(tiers, counts.tiers)?;
                let lines = program.tiers().nth(usize::from(tiers));
                let lines = lines.map_or(0, |table| table.prices().count());
                self.charge(item.byte(), (leg, counts.legs), lines, left)
            }
            Op::When { months, bands, skip } => self.condition((months, bands), skip, left),
        }
    }

    fn push(&mut self) -> Result<(), LoadFault> {
        self.depth = self.depth.saturating_add(1);
        self.depth_max = self.depth_max.max(self.depth);
        require(usize::from(self.depth) <= STACK_MAX, LoadFault::Stack)
    }

    fn charge(
        &mut self,
        item: u8,
        (leg, legs): (u8, u8),
        lines: usize,
        left: usize,
    ) -> Result<(), LoadFault> {
        self.legs.see(leg, legs)?;
        self.items = self.items.saturating_add(1);
        self.charges = self.charges.saturating_add(lines);
        let shift = u32::from(item).saturating_mul(8).saturating_add(u32::from(leg));
        let bit = 1_u128.checked_shl(shift).unwrap_or_default();
        require(self.charged & bit == 0, LoadFault::Doubled)?;
        self.charged |= bit;
        let lands = self.skip_to.take().is_none_or(|target| target == left);
        require(lands, LoadFault::Skip)
    }

    fn condition(
        &mut self,
        (months, bands): (u16, u8),
        skip: u8,
        left: usize,
    ) -> Result<(), LoadFault> {
        require(self.depth == 0 && self.skip_to.is_none(), LoadFault::Skip)?;
        let known = months & !ALL_MONTHS == 0 && bands & !ALL_BANDS == 0;
        let restricts = months != ALL_MONTHS || bands != ALL_BANDS;
        require(known && restricts && months != 0 && bands != 0, LoadFault::Skip)?;
        self.uses_bands |= bands != ALL_BANDS;
        self.skip_to = Some(left.checked_sub(usize::from(skip)).ok_or(LoadFault::Skip)?);
        Ok(())
    }

    fn close(&self, program: &Program<'_>) -> Result<(), LoadFault> {
        let fixed = &program.fixed;
        let counts = &fixed.counts;
        require(self.skip_to.is_none(), LoadFault::Skip)?;
        require((1..=ITEMS_MAX).contains(&self.items), LoadFault::Count)?;
        require(self.charges <= CHARGES_MAX && self.steps <= STEPS_MAX, LoadFault::Count)?;
        let numbered = self.legs.0 == counts.legs
            && self.tables.0 == counts.tables
            && self.tiers.0 == counts.tiers;
        let signals = self.signals.count_ones() == u32::from(counts.signals);
        let pool = self.pool.count_ones() == u32::from(counts.pool);
        let calendar = self.uses_bands || counts.days == 0;
        require(numbered && signals && pool && calendar, LoadFault::Unused)?;
        let stated = (fixed.steps_max, fixed.stack_max);
        require(stated == (self.steps, self.depth_max), LoadFault::Limits)
    }
}
