//! The checks at load. What the checker of the source refuses is refused here too, so that a meter
//! needs to trust nobody's compiler.

use core::fmt;

use quantity::{CivilDate, Duration, Energy, Money, Price};

use super::format::{Decode, Fixed, Reader, Skip, Starts, skip};
use super::rows::{BandRow, Start};
use super::{
    ALL_BANDS, ALL_DAY_KINDS, ALL_EVENTS, ALL_MONTHS, BandTable, Condition, Constant, DayPlan,
    LANGUAGE_VERSION, LAST_DAY, Leg, MAGIC, MINUTES_OF_DAY, PrepaidRule, Program, QuantityRule,
    Rows, Section, SignalRule, SpecialDays, StepsTable, TierTable, examples, proof, walk,
};
use crate::{
    CONDITIONS_MAX, CustomerClass, DAYS_MAX, Direction, LEGS_MAX, PRICE_MAX, PROGRAM_BYTES_MAX,
    Quantity, SIGNALS_MAX,
};

const SECONDS_OF_DAY: u32 = 86_400;
/// A value that is older than this is no signal any more but a second contract.
const SIGNAL_AGE_MAX_DAYS: i64 = 400;
/// Years of special days: none behind it fits the day numbers of the byte code.
const YEARS: core::ops::Range<i32> = 2000..2140;
/// The bit set of used prices has 64 bits.
const POOL_MAX: usize = 64;
/// Most rows of a tier table or a steps table.
const TIERS_OF_TABLE_MAX: usize = 8;

/// Why bytes aren't a contract, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The broken rule.
    pub fault: LoadFault,
    /// Byte at which the broken part begins.
    pub at: u16,
    /// The total price that is possible beyond floor or cap; zero for any other fault.
    pub price: Price,
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
    /// Special days aren't ascending, or lie outside the years that are listed.
    SpecialDays,
    /// A condition is empty or contradicts itself, or a day plan asks for more than a kind of day
    /// and events.
    Condition,
    /// A quantity isn't ascending, or has no sound bound and limits.
    Quantity,
    /// A unit doesn't fit the other operand or the quantity that a price is multiplied with.
    Unit,
    /// A share isn't between nothing and ten times, or parts don't leave a rest.
    Share,
    /// The steps of a table aren't ascending, or don't fit the bound of their quantity.
    Steps,
    /// The hold of a prepaid leg isn't sound.
    Prepaid,
    /// A worked example, counted from 0, is malformed or doesn't come out.
    Example(u8),
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
    BelowFloor(Quantity),
    /// The total price can rise to this, above the cap.
    AboveCap(Quantity),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, at, price } = self;
        if matches!(fault, LoadFault::BelowFloor(_) | LoadFault::AboveCap(_)) {
            write!(f, "{fault}: {price}")
        } else {
            write!(f, "{fault} (at byte {at})")
        }
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
            Self::SpecialDays => "the special days aren't sound",
            Self::Condition => "a condition can't hold or restricts nothing",
            Self::Quantity => "a quantity has no sound bound or limits",
            Self::Unit => "units don't fit",
            Self::Share => "a share is out of bounds",
            Self::Steps => "the steps don't fit their quantity",
            Self::Prepaid => "the hold of a prepaid leg isn't sound",
            Self::Doubled => "the same thing stands there twice",
            Self::Unused => "something is never used or not numbered by first use",
            Self::Reference => "an instruction names something that isn't there",
            Self::Skip => "a skip doesn't pass exactly one charge",
            Self::Stack => "the stack isn't used soundly",
            Self::Limits => "the stated limits aren't those of the code",
            Self::Unreachable => "a charge can never happen",
            Self::Range => "a range can leave 64 bits",
            Self::Example(number) => {
                let number = u16::from(*number).saturating_add(1);
                return write!(f, "worked example {number} doesn't come out");
            }
            Self::BelowFloor(_) => "the price can fall below the floor",
            Self::AboveCap(_) => "the price can rise above the cap",
        })
    }
}

impl core::error::Error for LoadError {}

/// Checks everything.
pub(super) fn load(bytes: &[u8]) -> Result<Program<'_>, LoadError> {
    let mut place = Place { reader: Reader::new(bytes), price: Price::ZERO };
    prove(bytes, &mut place).map_err(|fault| place.error(fault, bytes))
}

/// Reads the structure only.
pub(super) fn reopen(bytes: &[u8]) -> Result<Program<'_>, LoadError> {
    let mut place = Place { reader: Reader::new(bytes), price: Price::ZERO };
    let reader = &mut place.reader;
    let opened = Front::read(bytes, reader).and_then(|front| front.open(bytes, reader));
    opened.map_err(|fault| place.error(fault, bytes))
}

/// Where the checks are; beside the fault, so that a fault stays two bytes small.
struct Place<'a> {
    reader: Reader<'a>,
    price: Price,
}

impl Place<'_> {
    fn error(&self, fault: LoadFault, bytes: &[u8]) -> LoadError {
        let consumed = bytes.len().saturating_sub(self.reader.rest().len());
        LoadError { fault, at: u16::try_from(consumed).unwrap_or(u16::MAX), price: self.price }
    }
}

type Check = fn(&Program<'_>) -> Result<(), LoadFault>;

/// The parts that are checked one after another, each on what those before it have made sure of.
const CHECKS: [(Section, Check); 11] = [
    (Section::Legs, check_legs),
    (Section::Signals, check_signals),
    (Section::Quantities, check_quantities),
    (Section::Conditions, check_conditions),
    (Section::Special, check_special_days),
    (Section::Days, check_days),
    (Section::Tables, check_tables),
    (Section::Steps, check_steps),
    (Section::Tiers, check_tiers),
    (Section::Pool, check_pool),
    (Section::Prepaid, check_prepaid),
];

/// Leaves `place` at the part that is at fault.
fn prove<'a>(bytes: &'a [u8], place: &mut Place<'a>) -> Result<Program<'a>, LoadFault> {
    let front = Front::read(bytes, &mut place.reader)?;
    check_header(&front.fixed)?;
    let program = front.open(bytes, &mut place.reader)?;
    check_rows_mean_something(&program, place)?;
    for (section, check) in CHECKS {
        place.reader = program.reader_at(section);
        check(&program)?;
    }
    place.reader = program.reader_at(Section::Code);
    walk::check(&program)?;
    proof::prove(&program, &mut place.price)?;
    place.reader = program.reader_at(Section::Examples);
    examples::run(&program, &mut place.reader)?;
    require(place.reader.rest().is_empty(), LoadFault::Trailing)?;
    Ok(program)
}

/// What stands in front of the sections.
struct Front<'a> {
    class: CustomerClass,
    direction: Direction,
    fixed: Fixed<'a>,
}

impl<'a> Front<'a> {
    fn read(bytes: &'a [u8], reader: &mut Reader<'a>) -> Result<Self, LoadFault> {
        require(bytes.len() <= PROGRAM_BYTES_MAX, LoadFault::TooLong)?;
        require(reader.take(MAGIC.len()) == MAGIC, LoadFault::Magic)?;
        require(reader.u8() == LANGUAGE_VERSION, LoadFault::LanguageVersion)?;
        let class = CustomerClass::from_byte(reader.u8()).ok_or(LoadFault::Malformed)?;
        let direction = Direction::from_byte(reader.u8()).ok_or(LoadFault::Malformed)?;
        let fixed = Fixed::read(reader);
        require(reader.is_sound(), LoadFault::Malformed)?;
        Ok(Self { class, direction, fixed })
    }

    fn open(&self, bytes: &'a [u8], reader: &mut Reader<'a>) -> Result<Program<'a>, LoadFault> {
        let starts = Starts::read(bytes, reader, &self.fixed);
        require(reader.is_sound(), LoadFault::Malformed)?;
        Ok(Program { bytes, class: self.class, direction: self.direction, starts })
    }
}

/// The rows were passed by their lengths so far; here each must be one that can be read.
fn check_rows_mean_something<'a>(
    program: &Program<'a>,
    place: &mut Place<'a>,
) -> Result<(), LoadFault> {
    let skips: [(Section, Skip<'a>); 11] = [
        (Section::Legs, skip::<Leg>),
        (Section::Signals, skip::<SignalRule>),
        (Section::Quantities, skip::<QuantityRule>),
        (Section::Conditions, skip::<Condition>),
        (Section::Special, skip::<SpecialDays>),
        (Section::Days, skip::<DayPlan<'_>>),
        (Section::Tables, skip::<BandTable<'_>>),
        (Section::Steps, skip::<StepsTable<'_>>),
        (Section::Tiers, skip::<TierTable<'_>>),
        (Section::Pool, skip::<Constant>),
        (Section::Prepaid, skip::<PrepaidRule>),
    ];
    let fixed = program.fixed();
    for (section, skip) in skips {
        place.reader = program.reader_at(section);
        for _ in 0..fixed.count(section) {
            require(skip(&mut place.reader), LoadFault::Malformed)?;
        }
    }
    Ok(())
}

impl<'a> Program<'a> {
    /// A reader of the bytes from a part on.
    fn reader_at(&self, section: Section) -> Reader<'a> {
        Reader::new(self.bytes.get(self.starts.at(section)..).unwrap_or_default())
    }
}

pub(super) fn require(holds: bool, fault: LoadFault) -> Result<(), LoadFault> {
    if holds { Ok(()) } else { Err(fault) }
}

fn check_header(fixed: &Fixed<'_>) -> Result<(), LoadFault> {
    let divides = SECONDS_OF_DAY.checked_rem(fixed.interval_seconds) == Some(0);
    require(divides, LoadFault::Interval)?;
    require(fixed.energy_max > Energy::ZERO, LoadFault::EnergyBound)?;
    require(are_limits(fixed.floor, fixed.cap), LoadFault::Price)?;
    let count = |section| usize::from(fixed.count(section));
    let counts = (1..=LEGS_MAX).contains(&count(Section::Legs))
        && count(Section::Signals) <= SIGNALS_MAX
        && count(Section::Conditions) <= CONDITIONS_MAX
        && count(Section::Days) <= DAYS_MAX
        && count(Section::Pool) <= POOL_MAX
        && count(Section::Prepaid) <= 1
        && fixed.examples >= 1;
    require(counts, LoadFault::Count)
}

fn are_limits(floor: Price, cap: Price) -> bool {
    in_bounds(floor) && in_bounds(cap) && floor <= cap
}

fn in_bounds(price: Price) -> bool {
    price.abs() <= PRICE_MAX
}

/// Refuses two rows that are the same in some of their bytes.
fn distinct<'a, T: Decode<'a>>(
    rows: &'a [u8],
    part: core::ops::RangeFrom<usize>,
    length: usize,
) -> Result<(), LoadFault> {
    require(are_distinct(rows, skip::<T>, (part.start, length)), LoadFault::Doubled)
}

fn are_distinct<'a>(rows: &'a [u8], skip: Skip<'a>, (from, length): (usize, usize)) -> bool {
    let key = |reader: &mut Reader<'a>| {
        let start = reader.rest();
        let row = skip(reader).then(|| start.len().saturating_sub(reader.rest().len()))?;
        let row = start.get(from..row)?;
        Some(row.get(..length).unwrap_or(row))
    };
    let mut rest = Reader::new(rows);
    while let Some(one) = key(&mut rest) {
        let mut others = rest;
        while let Some(other) = key(&mut others) {
            if one == other {
                return false;
            }
        }
    }
    true
}

/// The whole of a row counts.
const WHOLE: usize = usize::MAX;

/// Whether rows of a fixed length are ordered by their first bytes.
fn is_ascending(rows: &[u8], length: usize) -> bool {
    let mut last = None;
    rows.chunks(length).all(|row| {
        let before = core::mem::replace(&mut last, row.first());
        before < last
    })
}

fn check_legs(program: &Program<'_>) -> Result<(), LoadFault> {
    require(program.legs().all(|leg| leg.debit != leg.credit), LoadFault::Leg)?;
    let same = distinct::<Leg>(program.section(Section::Legs), 0.., 2);
    same.map_err(|_| LoadFault::Leg)
}

fn check_signals(program: &Program<'_>) -> Result<(), LoadFault> {
    let ascending = is_ascending(program.section(Section::Signals), 17);
    require(ascending, LoadFault::Signal)?;
    require(program.signal_rules().all(|rule| is_sound(&rule)), LoadFault::Signal)
}

fn is_sound(rule: &SignalRule) -> bool {
    let ordered = rule.low <= rule.default && rule.default <= rule.high;
    let age_max = Duration::from_days(SIGNAL_AGE_MAX_DAYS);
    let age = !rule.age_max.is_zero() && rule.age_max <= age_max;
    let on = Price::from_micro_yuan_per_kwh(1);
    let on_or_off = !rule.id.is_event() || (rule.low == Price::ZERO && rule.high == on);
    ordered && age && on_or_off && are_limits(rule.low, rule.high)
}

fn check_quantities(program: &Program<'_>) -> Result<(), LoadFault> {
    let ascending = is_ascending(program.section(Section::Quantities), 17);
    let sound = program.quantity_rules().all(|rule| {
        let declared = rule.quantity != Quantity::Energy && rule.most > 0;
        declared && are_limits(rule.floor, rule.cap)
    });
    require(ascending && sound, LoadFault::Quantity)
}

fn check_conditions(program: &Program<'_>) -> Result<(), LoadFault> {
    require(program.conditions().all(|one| is_restriction(&one)), LoadFault::Condition)?;
    distinct::<Condition>(program.section(Section::Conditions), 0.., WHOLE)
}

/// It can hold, names nothing unknown, and can also fail.
fn is_restriction(condition: &Condition) -> bool {
    let Condition { months, bands, day_kinds, needed, forbidden, first_day, last_day } = *condition;
    let some = months != 0 && bands != 0 && day_kinds != 0 && first_day <= last_day;
    let events = needed | forbidden;
    let known = months & !ALL_MONTHS == 0
        && bands & !ALL_BANDS == 0
        && day_kinds & !ALL_DAY_KINDS == 0
        && events & !ALL_EVENTS == 0;
    let fails = bands != ALL_BANDS || months != ALL_MONTHS || !condition.names_only_days();
    let fails = fails || day_kinds != ALL_DAY_KINDS || events != 0;
    some && known && fails && needed & forbidden == 0
}

impl Condition {
    /// Whether it depends on nothing but the kind of the day and on events.
    pub(super) const fn names_only_days(&self) -> bool {
        let dates = self.first_day == 0 && self.last_day == LAST_DAY;
        self.months == ALL_MONTHS && self.bands == ALL_BANDS && dates
    }
}

/// The days of the listed years, ascending, without two neighbours that could be one row.
fn check_special_days(program: &Program<'_>) -> Result<(), LoadFault> {
    let first_year = i32::from(program.fixed().first_year);
    let end_year = first_year.saturating_add(i32::from(program.fixed().years));
    if program.fixed().years == 0 {
        let none = first_year == 0 && program.special_days().next().is_none();
        return require(none, LoadFault::SpecialDays);
    }
    let years = YEARS.contains(&first_year) && YEARS.contains(&end_year);
    require(years, LoadFault::SpecialDays)?;
    let first_of = |year| CivilDate { year, month: 1, day: 1 }.start().legal_day().number;
    let (mut free, end) = (first_of(first_year), first_of(end_year));
    let mut last = None;
    for special in program.special_days() {
        let first = i64::from(special.first_day);
        let apart = first > free || (first == free && last != Some(special.kind));
        require(apart && special.length > 0, LoadFault::SpecialDays)?;
        free = first.saturating_add(i64::from(special.length));
        last = Some(special.kind);
    }
    require(free <= end, LoadFault::SpecialDays)
}

/// Each month in exactly one set, sets ordered by their first month.
fn check_months(sets: &mut dyn Iterator<Item = u16>) -> Result<(), LoadFault> {
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
    if program.fixed().count(Section::Days) == 0 {
        return Ok(());
    }
    let mut general = program.days().filter(|day| day.condition.is_none()).map(|day| day.months);
    check_months(&mut general)?;
    let mut rows = program.days();
    let mut behind_exceptions = rows.rest();
    while rows.next().is_some_and(|day| day.condition.is_some()) {
        behind_exceptions = rows.rest();
    }
    require(rows.all(|day| day.condition.is_none()), LoadFault::Day)?;
    distinct::<DayPlan<'_>>(behind_exceptions, 3.., WHOLE)?;
    for (index, day) in program.days().enumerate() {
        require(day.months != 0 && day.months & !ALL_MONTHS == 0, LoadFault::Months)?;
        require(is_day(day.starts(), program.fixed().interval_seconds), LoadFault::Day)?;
        if let Some(condition) = day.condition {
            let condition = program.conditions().nth(usize::from(condition));
            let condition = condition.ok_or(LoadFault::Reference)?;
            require(condition.names_only_days(), LoadFault::Condition)?;
        }
        require(program.can_be_reached(index, &day), LoadFault::Unreachable)?;
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

fn check_tables(program: &Program<'_>) -> Result<(), LoadFault> {
    distinct::<BandTable<'_>>(program.section(Section::Tables), 0.., WHOLE)?;
    for table in program.tables() {
        check_months(&mut table.rows().map(|row| row.months))?;
        distinct::<BandRow<'_>>(table.bytes(), 2.., WHOLE)?;
        for row in table.rows() {
            let occurring = program.bands_in(row.months, ALL_DAY_KINDS);
            require(row.bands == occurring, LoadFault::Bands)?;
            require(row.prices().all(in_bounds), LoadFault::Price)?;
        }
    }
    Ok(())
}

fn check_steps(program: &Program<'_>) -> Result<(), LoadFault> {
    distinct::<StepsTable<'_>>(program.section(Section::Steps), 0.., WHOLE)?;
    for table in program.steps_tables() {
        check_rows(table.limits(), table.prices(), LoadFault::Steps)?;
        let most = program.most(table.quantity).ok_or(LoadFault::Reference)?;
        let reached = table.limits().all(|limit| limit.milliwatt_hours() <= most);
        require(reached, LoadFault::Steps)?;
    }
    Ok(())
}

fn check_tiers(program: &Program<'_>) -> Result<(), LoadFault> {
    distinct::<TierTable<'_>>(program.section(Section::Tiers), 0.., WHOLE)?;
    program
        .tiers()
        .try_for_each(|table| check_rows(table.limits(), table.prices(), LoadFault::Tiers))
}

/// Limits rise from above zero, and prices change from row to row.
fn check_rows(
    mut limits: Rows<'_, Energy>,
    mut prices: Rows<'_, Price>,
    fault: LoadFault,
) -> Result<(), LoadFault> {
    let rows = prices.clone().count();
    require((2..=TIERS_OF_TABLE_MAX).contains(&rows), LoadFault::Count)?;
    let rising = limits.clone().is_sorted_by(|a, b| a < b);
    let positive = limits.all(|limit| limit > Energy::ZERO);
    let changing = prices.clone().is_sorted_by(|a, b| a != b);
    require(rising && positive && changing, fault)?;
    require(prices.all(in_bounds), LoadFault::Price)
}

fn check_pool(program: &Program<'_>) -> Result<(), LoadFault> {
    require(program.pool().is_sorted_by(|a, b| a < b), LoadFault::Unused)?;
    require(program.pool().all(|constant| in_bounds(constant.price)), LoadFault::Price)
}

fn check_prepaid(program: &Program<'_>) -> Result<(), LoadFault> {
    let Some(rule) = program.prepaid() else { return Ok(()) };
    let leg = rule.leg < program.fixed().count(Section::Legs);
    let limit = rule.again_below > Money::ZERO && rule.again_below <= rule.hold;
    require(leg && limit && !rule.release_after.is_zero(), LoadFault::Prepaid)
}

impl Program<'_> {
    /// The bound of a quantity, `None` for one that isn't declared.
    pub(super) fn most(&self, quantity: Quantity) -> Option<i64> {
        if quantity == Quantity::Energy {
            return Some(self.fixed().energy_max.milliwatt_hours());
        }
        self.quantity_rules().find(|rule| rule.quantity == quantity).map(|rule| rule.most)
    }
}
