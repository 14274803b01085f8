//! Version 2 of the byte code, assembled by hand: what it does and what is refused.

use crate::assembler::{
    Assembly, NEW_YEAR, condition, constant, day, everything, i32s, quantity, signal, special,
    table, with_ppm,
};
use contract::{
    Band, Carries, Entry, Facts, LoadFault, Prepaid, Program, Purpose, Quantities, Quantity,
    SettleError, SignalId, Signals,
};
use quantity::{CivilDate, Duration, Energy, Instant, Money, Price};

fn at(year: i32, month: u8, day: u8, minute: i64) -> Instant {
    CivilDate { year, month, day }.start() + Duration::from_minutes(minute)
}

fn hot(since: Instant) -> Signals {
    Signals::NONE.with(SignalId::HighTemperature, Price::from_micro_yuan_per_kwh(1), since)
}

/// Loading runs the three examples, worked out by hand in `assembler`.
#[test]
fn everything_loads_and_its_examples_come_out() {
    let bytes = everything().bytes();
    let program = Program::load(&bytes).unwrap();
    let header = program.header();
    assert_eq!((header.steps_max, header.stack_max), (21, 2));
    assert_eq!((header.legs[2].purpose, header.legs[2].expiry_days), (Purpose::Heating, 120));
    assert_eq!(header.quantities[2].quantity, Quantity::MaximumDemand);
    assert_eq!(header.prepaid.unwrap().release_after, Duration::from_days(30));
    assert_eq!(Program::reopen(&bytes).unwrap().header(), header);
}

#[test]
fn the_kind_of_the_day_and_the_heat_choose_the_day_plan() {
    let bytes = everything().bytes();
    let program = Program::load(&bytes).unwrap();
    let peak_hour = 18 * 60 + 30;
    let cases = [
        // A Thursday that is a holiday, a Sunday that is worked, a plain Monday and Saturday.
        (at(2026, 1, 1, peak_hour), Band::Flat),
        (at(2026, 1, 4, peak_hour), Band::Peak),
        (at(2026, 1, 5, peak_hour), Band::Peak),
        (at(2026, 1, 10, peak_hour), Band::Flat),
        // The last millisecond of Friday, the first of Saturday.
        (at(2026, 1, 10, 0) - Duration::from_milliseconds(1), Band::Flat),
        (at(2026, 1, 10, 0), Band::Valley),
    ];
    for (instant, band) in cases {
        assert_eq!(program.band_at(instant, &Signals::NONE), band, "{}", instant.civil());
    }
    // Wednesday in July: hot days have a critical hour and no peak; rest days come first.
    let noon = at(2026, 7, 15, 11 * 60);
    assert_eq!(program.band_at(noon, &Signals::NONE), Band::Flat);
    assert_eq!(program.band_at(noon, &hot(noon)), Band::Critical);
    assert_eq!(program.band_at(noon, &hot(noon - Duration::from_hours(24))), Band::Critical);
    let stale = hot(noon - Duration::from_hours(24) - Duration::from_milliseconds(1));
    assert_eq!(program.band_at(noon, &stale), Band::Flat);
    assert_eq!(program.next_boundary(noon, &hot(noon)), at(2026, 7, 15, 720));
    assert_eq!(program.next_boundary(noon, &Signals::NONE), at(2026, 7, 15, 1080));
    let saturday = at(2026, 7, 18, 11 * 60);
    assert_eq!(program.band_at(saturday, &hot(saturday)), Band::Flat);
    assert_eq!(program.next_boundary(saturday, &hot(saturday)), at(2026, 7, 19, 0));
}

/// The facts of a plain settlement in the flat band.
fn plain<'f>(start: Instant, signals: &'f Signals, quantities: &'f Quantities) -> Facts<'f> {
    Facts {
        start,
        end: start + Duration::from_minutes(15),
        energy: Energy::from_kwh(1),
        month_before: Energy::ZERO,
        year_before: Energy::ZERO,
        signals,
        quantities,
        held: Money::ZERO,
    }
}

#[test]
fn what_is_missing_or_out_of_bounds_is_refused_and_changes_nothing() {
    let bytes = everything().bytes();
    let program = Program::load(&bytes).unwrap();
    let (start, last) = (at(2026, 3, 2, 600), at(2026, 3, 31, 23 * 60 + 45));
    let daily = Quantities::NONE.with(Quantity::DeviationPower, 0).with(Quantity::TradedPower, 0);
    let monthly = daily
        .with(Quantity::MaximumDemand, 0)
        .with(Quantity::Billed, 0)
        .with(Quantity::PowerFactor, 1_000_000);
    let above = &monthly.with(Quantity::PowerFactor, 1_000_001);
    let below = &monthly.with(Quantity::TradedPower, -1);
    let none = &Signals::NONE;
    let cases = [
        (plain(start, none, &daily), Ok(4)),
        (plain(start, none, &monthly), Ok(4)),
        (plain(last, none, &monthly), Ok(6)),
        (plain(last, none, &daily), Err(SettleError::MissingQuantity)),
        (plain(start, none, &Quantities::NONE), Err(SettleError::MissingQuantity)),
        (plain(last, none, above), Err(SettleError::QuantityOutOfRange)),
        (plain(start, none, below), Err(SettleError::QuantityOutOfRange)),
        (
            Facts { held: Money::from_micro_yuan(-1), ..plain(start, none, &daily) },
            Err(SettleError::QuantityOutOfRange),
        ),
        (plain(at(2025, 12, 31, 600), none, &daily), Err(SettleError::OutsideCalendar)),
        (plain(at(2027, 12, 31, 600), none, &daily), Ok(4)),
        (plain(at(2028, 1, 1, 0), none, &daily), Err(SettleError::OutsideCalendar)),
    ];
    for (facts, expected) in cases {
        let mut carries = Carries::ZERO;
        let settled = program.settle(&facts, &mut carries);
        let lines = settled.as_ref().map(|settled| settled.items.len()).map_err(|error| *error);
        assert_eq!(lines, expected, "{}", facts.start.civil());
        assert!(settled.is_ok() || carries == Carries::ZERO);
        assert_same_lines(&program, &facts);
    }
}

/// The sink gets the lines and the legs that `settle` keeps, or none.
fn assert_same_lines(program: &Program<'_>, facts: &Facts<'_>) {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut ours, mut theirs) = (Carries::ZERO, Carries::ZERO);
    let streamed = program.settle_with(facts, &mut ours, &mut |entry| entries.push(entry));
    let kept = program.settle(facts, &mut theirs);
    assert_eq!(ours, theirs);
    match (streamed, kept) {
        (Ok(streamed), Ok(kept)) => {
            let items = kept.items.into_iter().map(Entry::Item);
            let expected: Vec<Entry> = items.chain(kept.legs.into_iter().map(Entry::Leg)).collect();
            assert_eq!(entries, expected);
            assert_eq!(
                (streamed.total, streamed.steps, streamed.prepaid),
                (kept.total, kept.steps, kept.prepaid)
            );
        }
        (streamed, kept) => {
            assert_eq!((streamed.err(), entries.len()), (kept.err(), 0));
        }
    }
}

/// 1 kWh at 0.6: 0.54 for the prepaid leg.
#[test]
fn a_hold_pays_what_it_can_and_is_filled_again_below_its_limit() {
    let bytes = everything().bytes();
    let program = Program::load(&bytes).unwrap();
    let daily = Quantities::NONE.with(Quantity::DeviationPower, 0).with(Quantity::TradedPower, 0);
    let facts = plain(at(2026, 3, 2, 600), &Signals::NONE, &daily);
    let cases = [
        (0, 0, 50_000_000),
        (500_000, 500_000, 50_000_000),
        (10_539_999, 540_000, 50_000_000),
        (10_540_000, 540_000, 0),
    ];
    for (held, posted, hold) in cases.map(|(a, b, c)| {
        let money = Money::from_micro_yuan;
        (money(a), money(b), money(c))
    }) {
        let settled = program.settle(&Facts { held, ..facts }, &mut Carries::ZERO.clone()).unwrap();
        assert_eq!(settled.prepaid, Some(Prepaid { leg: 1, posted, hold }), "{held}");
        assert_eq!(settled.total, Money::from_micro_yuan(600_000));
    }
}

/// One change to the sound program, and the rule that it breaks.
type Case = (&'static str, fn(&mut Assembly), LoadFault);

const CASES: &[Case] = &[
    ("unknown purpose", |a| a.legs[2][2] = 5, LoadFault::Malformed),
    ("same wallets", |a| a.legs[1] = vec![1, 6, 1, 0, 0], LoadFault::Leg),
    ("event above 1", |a| a.signals[1] = signal(11, 0, 2, 900), LoadFault::Signal),
    ("event below 0", |a| a.signals[1] = signal(11, -1, 1, 900), LoadFault::Signal),
    ("unread event", |a| a.signals.push(signal(12, 0, 1, 900)), LoadFault::Unused),
    ("event without rule", |a| drop(a.signals.pop()), LoadFault::Reference),
    ("event as a price", |a| a.code[0][1] = 11, LoadFault::Reference),
    ("quantity doubled", |a| a.quantities[1][0] = 3, LoadFault::Quantity),
    ("energy declared", |a| a.quantities[0][0] = 0, LoadFault::Quantity),
    ("no bound", |a| a.quantities[0] = quantity(3, 0, 0, 0), LoadFault::Quantity),
    ("limits reversed", |a| a.quantities[2] = quantity(7, 9, 1, 0), LoadFault::Quantity),
    ("undeclared", |a| drop(a.quantities.remove(0)), LoadFault::Reference),
    ("no base", |a| drop(a.quantities.remove(1)), LoadFault::Reference),
    ("unread", |a| a.quantities.insert(1, quantity(5, 9, 0, 0)), LoadFault::Unused),
    (
        "no months",
        |a| a.conditions[2] = condition(0, [2, 7, 0, 0], [0, 65535]),
        LoadFault::Condition,
    ),
    ("no bands", |a| a.conditions[2][2] = 0, LoadFault::Condition),
    ("unknown band", |a| a.conditions[2][2] = 0x22, LoadFault::Condition),
    ("no day", |a| a.conditions[2][3] = 0, LoadFault::Condition),
    ("unknown kind", |a| a.conditions[2][3] = 8, LoadFault::Condition),
    ("on and off", |a| a.conditions[1][5] = 1, LoadFault::Condition),
    ("unknown event", |a| a.conditions[1][4] = 0x41, LoadFault::Condition),
    ("restricts nothing", |a| a.conditions[2][2] = 0x1f, LoadFault::Condition),
    ("dates reversed", |a| a.conditions[3][6] = 0xff, LoadFault::Condition),
    ("same condition", |a| a.conditions[2] = a.conditions[1].clone(), LoadFault::Doubled),
    ("never", |a| a.conditions[2][2] = 0x10, LoadFault::Unreachable),
    ("out of order", |a| a.code[9][1] = 3, LoadFault::Unused),
    ("unknown", |a| a.code[9][1] = 4, LoadFault::Reference),
    ("empty special days", |a| a.special[1][2] = 0, LoadFault::SpecialDays),
    ("overlapping", |a| a.special[0][2] = 4, LoadFault::SpecialDays),
    ("two for one", |a| a.special[1][3] = 4, LoadFault::SpecialDays),
    ("before the years", |a| a.special[0] = special(NEW_YEAR - 1, 2, 4), LoadFault::SpecialDays),
    ("behind the years", |a| a.special.push(special(NEW_YEAR + 729, 2, 4)), LoadFault::SpecialDays),
    ("no years", |a| (a.first_year, a.years) = (0, 0), LoadFault::SpecialDays),
    ("year 1999", |a| a.first_year = 1999, LoadFault::SpecialDays),
    ("general first", |a| a.days.rotate_right(1), LoadFault::Day),
    ("covered", |a| a.days.swap(0, 1), LoadFault::Unused),
    ("plan by dates", |a| a.conditions[0][6] = 1, LoadFault::Condition),
    ("plan by bands", |a| a.conditions[0][2] = 2, LoadFault::Condition),
    ("plan without condition", |a| a.days[0][2] = 9, LoadFault::Reference),
    (
        "later covered",
        |a| a.conditions[1] = condition(0xfff, [0x1f, 4, 0, 0], [0, 65535]),
        LoadFault::Unreachable,
    ),
    ("unit of a table", |a| a.tables[0][0] = 1, LoadFault::Unit),
    ("unknown unit", |a| a.tables[0][0] = 3, LoadFault::Malformed),
    ("band of no day", |a| a.days[1] = day(0x0c0, 1, &[(0, 4), (480, 3)]), LoadFault::Bands),
    ("steps above the bound", |a| a.quantities[4] = quantity(12, 899_999, 0, 0), LoadFault::Steps),
    (
        "steps not rising",
        |a| a.steps[0] = table(&[12, 2, 3], &[9, 9], &[1, 2, 3]),
        LoadFault::Steps,
    ),
    ("steps the same", |a| a.steps[0] = table(&[12, 2, 3], &[8, 9], &[1, 2, 2]), LoadFault::Steps),
    ("steps on nothing", |a| a.steps[0][0] = 9, LoadFault::Reference),
    ("one step", |a| a.steps[0] = table(&[12, 2, 1], &[], &[1]), LoadFault::Count),
    (
        "monthly steps in a price of energy",
        |a| {
            a.steps[0][1] = 0;
            a.code.insert(16, vec![0x10, 14, 1]);
            a.code.remove(15);
        },
        LoadFault::Quantity,
    ),
    ("units of a sum", |a| a.pool[1] = constant(1, 50_000), LoadFault::Unit),
    ("price per kW on energy", |a| a.code[10][1] = 2, LoadFault::Unit),
    ("energy as another quantity", |a| a.code[13][3] = 0, LoadFault::Quantity),
    ("charge on the power factor", |a| a.code[15][3] = 12, LoadFault::Unit),
    ("share of nothing", |a| a.code[3] = with_ppm(&[9], 0, &[1, 100, 0, 0, 0]), LoadFault::Share),
    (
        "share above ten times",
        |a| a.code[3] = with_ppm(&[9], 10_000_001, &[1, 1, 0, 0, 0]),
        LoadFault::Share,
    ),
    ("unknown rounding", |a| a.code[3][5] = 2, LoadFault::Malformed),
    ("unit 0", |a| a.code[3][6] = 0, LoadFault::Share),
    (
        "whole as a part",
        |a| a.code[6] = with_ppm(&[0x15, 5, 0, 0], 1_000_000, &[]),
        LoadFault::Share,
    ),
    ("no part", |a| a.code[6] = with_ppm(&[0x15, 5, 0, 0], 0, &[]), LoadFault::Share),
    ("parts of two items", |a| a.code[6][1] = 6, LoadFault::Share),
    ("part and rest to one leg", |a| a.code[7][2] = 0, LoadFault::Doubled),
    ("beyond itself", |a| a.code[17][8] = 3, LoadFault::Unit),
    ("beyond another unit", |a| a.code[17][8] = 0, LoadFault::Unit),
    ("skip into a charge", |a| a.code[18][2] = 4, LoadFault::Skip),
    ("floor", |a| a.floor = 300_001, LoadFault::BelowFloor(Quantity::Energy)),
    ("cap", |a| a.cap = 1_249_999, LoadFault::AboveCap(Quantity::Energy)),
    (
        "cap of a quantity",
        |a| a.quantities[3] = quantity(11, 9, 0, 24_999),
        LoadFault::AboveCap(Quantity::Billed),
    ),
    ("prepaid leg", |a| a.prepaid[0][0] = 3, LoadFault::Prepaid),
    (
        "limit above the hold",
        |a| a.prepaid[0][1..9].copy_from_slice(&9_u64.to_le_bytes()),
        LoadFault::Prepaid,
    ),
    ("never released", |a| a.prepaid[0][17..].copy_from_slice(&i32s(&[0])), LoadFault::Prepaid),
    ("two holds", |a| a.prepaid.push(a.prepaid[0].clone()), LoadFault::Count),
    ("no example", |a| a.examples.clear(), LoadFault::Count),
    ("example a minute earlier", |a| a.examples[1][0] -= 1, LoadFault::Example(1)),
    (
        "example with another rest",
        |a| *a.examples[2].iter_mut().nth_back(1).unwrap() = 1,
        LoadFault::Example(2),
    ),
    ("example cut", |a| a.examples[2].truncate(9), LoadFault::Example(2)),
    ("example too long", |a| a.examples[2].push(0), LoadFault::Trailing),
    (
        "example in long form",
        |a| {
            a.examples[2].pop();
            a.examples[2].extend([0x80, 0]);
        },
        LoadFault::Example(2),
    ),
];

#[test]
fn each_rule_of_version_2_is_checked_on_the_bytes() {
    let fault_of = |change: &fn(&mut Assembly)| {
        let mut assembly = everything();
        change(&mut assembly);
        Program::load(&assembly.bytes()).map(|_| ()).map_err(|error| error.fault)
    };
    let others = CASES.iter().map(|(what, change, fault)| (what, fault_of(change), Err(*fault)));
    let others: Vec<_> = others.filter(|(_, found, expected)| found != expected).collect();
    assert!(others.is_empty(), "{others:#?}");
}
