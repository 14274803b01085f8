//! Untrusted bytes: whatever comes, load refuses or gives a program that settles without a panic.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod assembler;
mod version2;

use contract::{
    Carries, Facts, Header, ItemCharge, LoadFault, PROGRAM_BYTES_MAX, Program, Quantities,
    Quantity, SettleError, Settlement, SignalId, Signals, build,
};
use proptest::prelude::*;
use quantity::{CivilDate, Duration, Energy, Instant, Money, Price};

/// The byte code of a contract in `data/contracts`, or what is assembled here by hand.
fn data(name: &str) -> Vec<u8> {
    if name == "everything" {
        return assembler::everything().bytes();
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/contracts");
    let source = std::fs::read_to_string(format!("{folder}/{name}.contract")).unwrap();
    build(&source).unwrap().bytecode
}

const NAMES: [&str; 6] = [
    "commercial-henan-tou",
    "heat-pump-henan",
    "residential-henan",
    "coal-henan",
    "solar",
    "everything",
];

/// Loads, and settles in each month and hour if that works. What isn't proved, but can be opened, must
/// still never panic.
fn exercise(bytes: &[u8]) -> bool {
    let loaded = Program::load(bytes);
    if let (Err(_), Ok(unproved)) = (&loaded, Program::reopen(bytes)) {
        let _ = settle(&unproved, Instant::EPOCH, &Signals::NONE, &Quantities::NONE);
    }
    let Ok(program) = loaded else { return false };
    let header = program.header();
    let year = CivilDate { year: 2026, month: 1, day: 1 }.start();
    let on = SignalId::ALL.iter().fold(Signals::NONE, |all, id| all.with(*id, Price::MAX, year));
    let off = SignalId::ALL.iter().fold(Signals::NONE, |all, id| all.with(*id, -Price::MAX, year));
    let most = header.quantities.iter();
    let most = most.fold(Quantities::NONE, |all, rule| all.with(rule.quantity, rule.most));
    let least = header.quantities.iter();
    let least = least.fold(Quantities::NONE, |all, rule| all.with(rule.quantity, 0));
    for hour in 0..24 * 4 {
        for start in [year + Duration::from_hours(hour * 91), last_hour(hour)] {
            for signals in [&on, &off, &Signals::NONE] {
                for quantities in [&most, &least] {
                    let settled = settle(&program, start, signals, quantities);
                    check(&header, &settled.expect("proved at load"));
                }
            }
        }
    }
    true
}

/// 23:00 of the last day of a month of 2026.
fn last_hour(count: i64) -> Instant {
    let month = u8::try_from(count % 12).unwrap() + 1;
    let (year, month) = if month == 12 { (2027, 1) } else { (2026, month + 1) };
    CivilDate { year, month, day: 1 }.start() - Duration::from_hours(1)
}

/// Settles up to the next boundary, and holds the rounded legs against the exact lines.
fn settle(
    program: &Program<'_>,
    start: Instant,
    signals: &Signals,
    quantities: &Quantities,
) -> Result<Settlement, SettleError> {
    let header = program.header();
    let end = program.next_boundary(start, signals);
    let before = Energy::from_milliwatt_hours(start.unix_milliseconds() % 1_000_000_000);
    let (month_before, year_before) = (before, before);
    let (energy, held) = (header.energy_max, Money::from_micro_yuan(1));
    let facts = Facts { start, end, energy, month_before, year_before, signals, quantities, held };
    let mut carries = Carries::ZERO;
    let settled = program.settle(&facts, &mut carries)?;
    for leg in &settled.legs {
        let exact = i128::from(leg.money.micro_yuan()) * 1_000_000
            + i128::from(carries.get(leg.leg).pico_yuan());
        let lines = settled.items.iter().filter(|item| item.leg == leg.leg);
        assert_eq!(exact, lines.map(ItemCharge::pico_yuan).sum::<i128>());
    }
    Ok(settled)
}

/// The settlement keeps what the header promises: steps, and the total price on each quantity.
fn check(header: &Header, settled: &Settlement) {
    assert!(settled.steps <= header.steps_max);
    let exact = |quantity| {
        let lines = settled.items.iter().filter(move |item| item.quantity == quantity);
        lines.map(ItemCharge::pico_yuan).sum::<i128>()
    };
    let times =
        |price: Price, amount: i64| i128::from(price.micro_yuan_per_kwh()) * i128::from(amount);
    let energy = header.energy_max.milliwatt_hours();
    let limits = times(header.price_floor, energy)..=times(header.price_cap, energy);
    assert!(limits.contains(&exact(Quantity::Energy)), "{settled:?}");
    for rule in &header.quantities {
        let (floor, cap) = (rule.floor.min(Price::ZERO), rule.cap.max(Price::ZERO));
        let limits = times(floor, rule.most)..=times(cap, rule.most);
        assert!(limits.contains(&exact(rule.quantity)), "{settled:?}");
    }
}

#[test]
fn real_programs_load() {
    for name in NAMES {
        assert!(exercise(&data(name)), "{name}");
    }
}

#[test]
fn every_truncation_is_refused() {
    for name in NAMES {
        let bytes = data(name);
        for length in 0..bytes.len() {
            assert!(Program::load(&bytes[..length]).is_err(), "{name} cut at {length}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Program::load(&longer).unwrap_err().fault, LoadFault::Trailing);
    }
}

#[test]
fn every_bit_flip_is_refused_or_harmless() {
    for name in NAMES {
        let bytes = data(name);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            exercise(&flipped);
        }
    }
}

#[test]
fn too_long_is_refused_first() {
    let fault = Program::load(&vec![0; PROGRAM_BYTES_MAX + 1]).unwrap_err().fault;
    assert_eq!(fault, LoadFault::TooLong);
}

/// Where the parts of the residential contract's bytes lie.
const LEGS: usize = 51;
const SIGNAL: usize = LEGS + 2 * 5;
const TIERS: usize = SIGNAL + 17;
const POOL: usize = TIERS + 2 + 2 * 8 + 3 * 4;
const CODE: usize = POOL + 2 * 5;
const EXAMPLES: usize = CODE + 5 + 4 + 5 + 5;

fn put<const N: usize>(bytes: &[u8], at: usize, value: [u8; N]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at..at + N].copy_from_slice(&value);
    changed
}

/// What the checker refuses, said in bytes: nobody's compiler needs to be trusted.
#[test]
fn each_rule_is_checked_on_the_bytes() {
    let good = data("residential-henan");
    assert_eq!(usize::from(good[49]), EXAMPLES - CODE, "the length of the code");
    let price = |value: i32| value.to_le_bytes();
    let cases: Vec<(&str, Vec<u8>, LoadFault)> = vec![
        ("magic", put(&good, 0, *b"JDPD"), LoadFault::Magic),
        ("language", put(&good, 4, [1]), LoadFault::LanguageVersion),
        ("class", put(&good, 5, [99]), LoadFault::Malformed),
        ("interval", put(&good, 11, 7_000_u32.to_le_bytes()), LoadFault::Interval),
        ("interval 0", put(&good, 11, 0_u32.to_le_bytes()), LoadFault::Interval),
        ("energy 0", put(&good, 15, 0_u64.to_le_bytes()), LoadFault::EnergyBound),
        ("range", put(&good, 15, (i64::MAX / 2).to_le_bytes()), LoadFault::Range),
        ("energy u64", put(&good, 15, u64::MAX.to_le_bytes()), LoadFault::Malformed),
        ("floor over cap", put(&good, 23, price(1_500_000)), LoadFault::Price),
        ("floor", put(&good, 23, price(260_001)), LoadFault::BelowFloor(Quantity::Energy)),
        ("cap", put(&good, 27, price(1_459_999)), LoadFault::AboveCap(Quantity::Energy)),
        ("steps", put(&good, 31, [9, 0]), LoadFault::Limits),
        ("stack", put(&good, 33, [2]), LoadFault::Limits),
        ("no legs", put(&good, 34, [0]), LoadFault::Count),
        ("self-paying leg", put(&good, LEGS, [1, 1]), LoadFault::Leg),
        ("same leg", put(&good, LEGS, [1, 2, 0, 0, 0, 1, 2]), LoadFault::Leg),
        ("unknown role", put(&good, LEGS, [1, 10]), LoadFault::Malformed),
        ("default outside", put(&good, SIGNAL + 1, price(700_000)), LoadFault::Signal),
        ("clamp reversed", put(&good, SIGNAL + 5, price(600_001)), LoadFault::Signal),
        ("no age limit", put(&good, SIGNAL + 13, [0; 4]), LoadFault::Signal),
        (
            "tiers not rising",
            put(&good, TIERS + 2, 300_000_000_u64.to_le_bytes()),
            LoadFault::Tiers,
        ),
        ("pool not rising", put(&good, POOL + 1, price(541_000)), LoadFault::Unused),
        ("unknown price", put(&good, CODE + 1, [2]), LoadFault::Reference),
        ("unknown leg", put(&good, CODE + 4, [2]), LoadFault::Reference),
        ("leg out of order", put(&good, CODE + 4, [1]), LoadFault::Unused),
        ("unknown opcode", put(&good, CODE, [0xff]), LoadFault::Malformed),
        ("operand missing", put(&good, CODE, [0x04]), LoadFault::Stack),
        ("unknown signal", put(&good, EXAMPLES - 4, [2]), LoadFault::Reference),
        ("item doubled", put(&good, EXAMPLES - 2, [1]), LoadFault::Doubled),
    ];
    for (what, bytes, fault) in cases {
        assert_eq!(Program::load(&bytes).unwrap_err().fault, fault, "{what}");
    }
}

#[test]
fn a_total_beyond_its_limits_is_named() {
    let good = data("residential-henan");
    let cases = [(23, 260_001, 260_000), (27, 1_459_999, 1_460_000)];
    for (place, limit, reached) in cases {
        let error = Program::load(&put(&good, place, i32::to_le_bytes(limit))).unwrap_err();
        assert_eq!(error.price, Price::from_micro_yuan_per_kwh(reached), "{error}");
    }
}

#[test]
fn a_settlement_that_cannot_be_is_refused_and_changes_nothing() {
    let bytes = data("commercial-henan-tou");
    let program = Program::load(&bytes).unwrap();
    // 2026-07-15 19:55 legal time: five minutes before the critical band.
    let start = Instant::from_unix_seconds(1_784_116_500);
    assert_eq!(start.civil().to_string(), "2026-07-15 19:55:00");
    let end = start + Duration::from_minutes(5);
    let kwh = Energy::from_kwh(1);
    let good = Facts {
        start,
        end,
        energy: kwh,
        month_before: kwh,
        year_before: kwh,
        signals: &Signals::NONE,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let millisecond = Duration::from_milliseconds(1);
    let cases = [
        (Facts { end: start, ..good }, SettleError::EmptyInterval),
        (Facts { end: end + millisecond, ..good }, SettleError::CrossesBoundary),
        (Facts { energy: -kwh, ..good }, SettleError::NegativeEnergy),
        (Facts { energy: Energy::from_kwh(10_001), ..good }, SettleError::EnergyAboveBound),
        (Facts { month_before: -kwh, ..good }, SettleError::Register),
        (Facts { year_before: Energy::MAX, ..good }, SettleError::Register),
    ];
    let mut carries = Carries::ZERO;
    for (facts, error) in cases {
        assert_eq!(program.settle(&facts, &mut carries), Err(error));
        assert_eq!(carries, Carries::ZERO);
    }
    assert_eq!(program.next_boundary(start, &Signals::NONE), end);
    assert!(program.settle(&good, &mut carries).is_ok());
    for edge in
        [Instant::from_unix_milliseconds(i64::MIN), Instant::from_unix_milliseconds(i64::MAX)]
    {
        let _ = program.settle(&Facts { start: edge, ..good }, &mut carries);
        let _ = program.settle(&Facts { end: edge, ..good }, &mut carries);
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2100)) {
        exercise(&bytes);
    }

    /// Random bytes would all end at the magic: damage real programs in several places instead.
    #[test]
    fn damaged_programs_never_panic(
        name in prop::sample::select(NAMES.as_slice()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        start in 0_usize..60,
    ) {
        let mut bytes = data(name);
        for (at, value) in damage {
            let at = (start + at.index(bytes.len())) % bytes.len();
            bytes[at] = value;
        }
        exercise(&bytes);
    }
}
