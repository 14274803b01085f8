//! Random contracts, random movements: byte code against the tree, and any splitting against the
//! whole.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use core::fmt::Write;

use contract::{
    Band, Carries, Checked, Facts, Item, Program, Quantities, SettleError, SignalId, Signals, check,
};
use proptest::prelude::*;
use quantity::{Duration, Energy, Instant, Money, PicoYuan, Price};

/// A small generator (splitmix64): one seed is one contract with its movements.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll() % from.len() as u64).unwrap()]
    }

    /// Millionths as decimal text, within ±3.
    fn price(&mut self) -> String {
        let value = i64::try_from(self.below(6_000_001)).unwrap() - 3_000_000;
        format!("{:#} yuan/kWh", Price::from_micro_yuan_per_kwh(value))
    }

    /// The twelve months in up to `sets` sets.
    fn months(&mut self, sets: u64) -> Vec<Vec<u8>> {
        let mut parts = vec![Vec::new(); usize::try_from(sets).unwrap()];
        for month in 1..=12 {
            let part = usize::try_from(self.below(sets)).unwrap();
            parts[part].push(month);
        }
        parts.retain(|part| !part.is_empty());
        parts
    }
}

fn month_text(months: &[u8]) -> String {
    let numbers: Vec<String> = months.iter().map(u8::to_string).collect();
    if numbers.len() == 12 { "all-year".into() } else { format!("months {}", numbers.join(" ")) }
}

/// Signals that a random contract reads: prices, no events.
const SIGNALS: usize = 8;

/// A random source, and what a movement should be chosen near to.
struct Random {
    source: String,
    limits: Vec<i64>,
    starts: Vec<u16>,
}

/// Day plans: months, and starts with their bands.
type Calendar = Vec<(Vec<u8>, Vec<(u16, Band)>)>;

const LEGS: [(&str, &str); 3] = [
    ("bill", "customer-bill -> grid-income"),
    ("fund", "customer-bill -> government-fund"),
    ("aid", "fiscal -> grid-income"),
];

fn random_contract(dice: &mut Dice) -> Random {
    let interval = u16::try_from(dice.pick(&[1_u64, 5, 15, 30, 60])).unwrap();
    let calendar = if dice.below(4) == 0 { Vec::new() } else { random_calendar(dice, interval) };
    let mut rules = String::new();
    let mut limits = vec![0];
    let (mut legs, mut signals) = ([false; 3], [false; SIGNALS]);
    let (mut hourly, mut by_band) = (0, false);
    for item in Item::ALL.iter().take(usize::try_from(dice.below(8) + 1).unwrap()) {
        let leg = usize::try_from(dice.below(3)).unwrap();
        legs[leg] = true;
        let value = if dice.below(4) == 0 {
            random_tiers(dice, &mut rules, &mut limits, *item)
        } else {
            random_sum(dice, &mut rules, &calendar, &mut signals, &mut hourly)
        };
        let when = random_condition(dice, &calendar, &mut by_band);
        writeln!(rules, "price {} = {value} into {}{when}", item.code(), LEGS[leg].0).unwrap();
    }
    let calendar = if hourly > 0 || by_band { calendar } else { Vec::new() };
    let starts = calendar.iter().flat_map(|day| &day.1).map(|start| start.0).collect();
    let source = assemble(dice, interval, &calendar, &rules, (legs, signals));
    Random { source, limits, starts }
}

fn random_calendar(dice: &mut Dice, interval: u16) -> Calendar {
    let sets = dice.below(4) + 1;
    let months = dice.months(sets);
    let day = |dice: &mut Dice| {
        let mut starts = vec![(0, dice.pick(Band::ALL))];
        let mut minute = 0;
        loop {
            minute += interval * (1 + u16::try_from(dice.below(400)).unwrap() / interval);
            if minute >= 1440 {
                return starts;
            }
            let band = dice.pick(Band::ALL);
            if starts.last().unwrap().1 != band {
                starts.push((minute, band));
            }
        }
    };
    months.into_iter().map(|months| (months, day(dice))).collect()
}

fn bands_in(calendar: &Calendar, months: &[u8]) -> Vec<Band> {
    if calendar.is_empty() {
        return vec![Band::Flat];
    }
    let days = calendar.iter().filter(|day| day.0.iter().any(|month| months.contains(month)));
    let mut bands: Vec<Band> = days.flat_map(|day| &day.1).map(|start| start.1).collect();
    bands.sort_unstable();
    bands.dedup();
    bands
}

fn random_tiers(dice: &mut Dice, rules: &mut String, limits: &mut Vec<i64>, item: Item) -> String {
    let basis = dice.pick(&["month", "year"]);
    let name = format!("tiers_{}", item.byte());
    write!(rules, "tiers {name} on energy this {basis} {{ ").unwrap();
    let mut limit = 0;
    for _ in 0..=dice.below(2) {
        limit += 1 + i64::try_from(dice.below(300_000_000)).unwrap();
        limits.push(limit);
        let energy = Energy::from_milliwatt_hours(limit);
        write!(rules, "up to {energy} {}; ", dice.price()).unwrap();
    }
    writeln!(rules, "above {} }}", dice.price()).unwrap();
    format!("tiers {name}")
}

fn random_sum(
    dice: &mut Dice,
    rules: &mut String,
    calendar: &Calendar,
    signals: &mut [bool; SIGNALS],
    hourly: &mut u32,
) -> String {
    let mut terms = String::new();
    for index in 0..=dice.below(3) {
        let leaf = match dice.below(3) {
            0 => dice.price(),
            1 => {
                let id = dice.pick(&SignalId::ALL[..SIGNALS]);
                signals[usize::from(id.byte()) - 1] = true;
                format!("signal {}", id.code())
            }
            _ => {
                *hourly += 1;
                random_table(dice, rules, calendar, *hourly)
            }
        };
        let operation = dice.pick(&["+", "-", "min", "max"]);
        terms = match (index, operation) {
            (0, _) => leaf,
            (_, "+" | "-") => format!("{terms} {operation} {leaf}"),
            _ => format!("{operation}({terms}, {leaf})"),
        };
    }
    terms
}

fn random_table(dice: &mut Dice, rules: &mut String, calendar: &Calendar, number: u32) -> String {
    let sets = dice.below(3) + 1;
    for months in dice.months(sets) {
        write!(rules, "bands table_{number} {} {{ ", month_text(&months)).unwrap();
        for band in bands_in(calendar, &months) {
            write!(rules, "{} {}; ", band.code(), dice.price()).unwrap();
        }
        writeln!(rules, "}}").unwrap();
    }
    format!("bands table_{number}")
}

fn random_condition(dice: &mut Dice, calendar: &Calendar, by_band: &mut bool) -> String {
    match dice.below(4) {
        0 if !calendar.is_empty() => {
            *by_band = true;
            let all: Vec<u8> = (1..=12).collect();
            let band = dice.pick(&bands_in(calendar, &all));
            let months = if dice.below(2) == 0 { " months 1 2 3 4 5 6 7 8" } else { "" };
            format!(" when {}{months}", band.code())
        }
        1 => " when months 1 3 5 7 9 11".into(),
        _ => String::new(),
    }
}

fn assemble(
    dice: &mut Dice,
    interval: u16,
    calendar: &Calendar,
    rules: &str,
    (legs, signals): ([bool; 3], [bool; SIGNALS]),
) -> String {
    let mut text = format!(
        "contract \"random\" version 1 title \"\" \"\" for residential, import\n\
         settle every {interval} minutes, at most 10 MWh\n\
         price within -1000 yuan/kWh to 1000 yuan/kWh\nunder \"\" \"\" {{\n"
    );
    for (months, starts) in calendar {
        write!(text, "calendar {} {{ ", month_text(months)).unwrap();
        for (minute, band) in starts {
            write!(text, "{:02}:{:02} {}; ", minute / 60, minute % 60, band.code()).unwrap();
        }
        writeln!(text, "}}").unwrap();
    }
    for (index, (name, roles)) in LEGS.iter().enumerate().filter(|leg| legs[leg.0]) {
        writeln!(text, "leg {name}: {roles} # {index}").unwrap();
    }
    for id in SignalId::ALL[..SIGNALS].iter().filter(|id| signals[usize::from(id.byte()) - 1]) {
        let default = dice.price();
        let id = id.code();
        writeln!(
            text,
            "signal {id} within -4 yuan/kWh to 4 yuan/kWh, older than 900 seconds take {default}"
        )
        .unwrap();
    }
    let results: Vec<String> = LEGS
        .iter()
        .zip(legs)
        .filter(|(_, used)| *used)
        .map(|((name, _), _)| format!("{name} 0 yuan"))
        .collect();
    // A hand-worked result of a random contract: no energy, no money.
    let results = results.join(", ");
    write!(text, "{rules}}}\nexamples {{ 2026-01-01 00:00 energy 0 kWh => {results} }}").unwrap();
    text
}

/// `None` where chance wrote the same row twice or a condition that never holds.
fn checked(random: &Random) -> Option<Checked> {
    match check(&random.source) {
        Ok(checked) => Some(checked),
        Err(faults) => {
            let by_chance = faults.iter().all(|fault| matches!(fault.code, "JD-C036" | "JD-C038"));
            assert!(by_chance, "{faults:#?}\n{}", random.source);
            None
        }
    }
}

fn random_start(dice: &mut Dice, random: &Random) -> Instant {
    let day = Duration::from_days(i64::try_from(dice.below(365)).unwrap());
    let midnight = Instant::from_unix_seconds(1_767_196_800) + day;
    let mut starts = random.starts.clone();
    starts.extend([0, 1439, u16::try_from(dice.below(1440)).unwrap()]);
    let minute = Duration::from_minutes(i64::from(dice.pick(&starts)));
    let jitter = dice.pick(&[0, -1, 1, 59_999]);
    midnight + minute + Duration::from_milliseconds(jitter)
}

fn random_signals(dice: &mut Dice, start: Instant) -> Signals {
    let mut signals = Signals::NONE;
    for id in SignalId::ALL {
        let age = Duration::from_milliseconds(dice.pick(&[0, 1, 900_000, 900_001, -1]));
        let value = i64::try_from(dice.below(10_000_000)).unwrap() - 5_000_000;
        if dice.below(5) > 0 {
            signals = signals.with(*id, Price::from_micro_yuan_per_kwh(value), start - age);
        }
    }
    signals
}

/// Near a tier's limit more often than anywhere else.
fn random_energy(dice: &mut Dice, limits: &[i64]) -> Energy {
    let near = dice.pick(limits) + dice.pick(&[-1, 0, 1, 7]);
    let far = i64::try_from(dice.below(1_000_000_000)).unwrap();
    Energy::from_milliwatt_hours(dice.pick(&[near, near, far, 0, 1]).max(0))
}

fn random_carries(dice: &mut Dice) -> Carries {
    let mut carries = Carries::ZERO;
    for leg in 0..3 {
        let rest = dice.pick(&[0, 1, 999_999, 123_456]);
        carries.set(leg, PicoYuan::new(rest).unwrap());
    }
    carries
}

fn compare(dice: &mut Dice, random: &Random, checked: &Checked) -> Result<(), TestCaseError> {
    let program = Program::load(checked.bytecode()).unwrap();
    let start = random_start(dice, random);
    let signals = random_signals(dice, start);
    let boundary = program.next_boundary(start, &Signals::NONE);
    let one = Duration::from_milliseconds(1);
    let end = dice.pick(&[boundary, boundary, boundary + one, start + one, start]);
    let facts = Facts {
        start,
        end,
        energy: random_energy(dice, &random.limits),
        month_before: random_energy(dice, &random.limits),
        year_before: random_energy(dice, &random.limits),
        signals: &signals,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let mut ours = random_carries(dice);
    let mut theirs = ours;
    let settled = program.settle(&facts, &mut ours);
    prop_assert_ne!(&settled, &Err(SettleError::Damaged));
    prop_assert_eq!(&settled, &checked.evaluate(&facts, &mut theirs), "{}", random.source);
    prop_assert_eq!(ours, theirs);
    if settled.is_ok() { split(dice, &program, &facts) } else { Ok(()) }
}

/// Settles the same movement in pieces: the legs must sum to the same, the rests be the same.
fn split(dice: &mut Dice, program: &Program<'_>, whole: &Facts<'_>) -> Result<(), TestCaseError> {
    let mut carries = random_carries(dice);
    let mut split = carries;
    let expected = program.settle(whole, &mut carries).unwrap();
    let mut sums = vec![0; expected.legs.len()];
    let mut done = Energy::ZERO;
    for piece in 0..4 {
        let left = whole.energy - done;
        let part = Energy::from_milliwatt_hours(
            i64::try_from(dice.below(1 + left.milliwatt_hours().unsigned_abs())).unwrap(),
        );
        let energy = if piece == 3 { left } else { part };
        let facts = Facts {
            energy,
            month_before: whole.month_before + done,
            year_before: whole.year_before + done,
            ..*whole
        };
        let settled = program.settle(&facts, &mut split).unwrap();
        for (sum, leg) in sums.iter_mut().zip(&settled.legs) {
            *sum += leg.money.micro_yuan();
        }
        done += energy;
    }
    let expected: Vec<i64> = expected.legs.iter().map(|leg| leg.money.micro_yuan()).collect();
    prop_assert_eq!(sums, expected);
    prop_assert_eq!(split, carries);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn byte_code_and_tree_agree_and_splitting_changes_nothing(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let random = random_contract(&mut dice);
        let Some(checked) = checked(&random) else { return Err(TestCaseError::reject("chance")) };
        for _ in 0..60 {
            compare(&mut dice, &random, &checked)?;
        }
    }
}
