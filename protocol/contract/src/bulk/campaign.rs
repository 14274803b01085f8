//! The campaign: interpreter, bulk executor and, on a sample, the reference evaluator of the tree
//! settle the same generated movements and must agree to the last digit.
//!
//! Everything comes from a seed, so the seed of a difference repeats it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use quantity::{CivilDate, Duration, Energy, Instant, Money, PicoYuan, Price};

use super::{
    Column, Movements, Plan, Postings, QuantityColumn, QuantityColumns, SignalColumn,
    SignalColumns, Times,
};
use crate::program::Section;
use crate::wasm::{Replay, status};
use crate::{
    Campaign, Carries, Checked, Facts, Program, QuantityRule, SettleError, Settlement, SignalRule,
    SignalValue, check,
};

/// Rows that one batch compares.
const BATCH_ROWS: usize = 3000;
/// Batches of a random contract: checking it costs as much as one of them.
const BATCHES_OF_CONTRACT: u64 = 4;
/// The reference evaluator is slow: it settles one row out of so many.
const REFERENCE_EVERY: usize = 61;
/// 100 yuan: around what contracts hold.
const HELD_MAX: i64 = 100_000_000;
const MINUTE: Duration = Duration::from_minutes(1);

/// How far a campaign came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignReport {
    /// Contracts whose movements were settled.
    pub contracts: u64,
    /// Movements that were settled by interpreter and bulk executor.
    pub cases: u64,
    /// Movements of these that both refused.
    pub refused: u64,
    /// Movements of these that the reference evaluator settled too.
    pub referenced: u64,
    /// The first difference; the campaign stops there.
    pub difference: Option<Difference>,
}

/// A movement about which two executors disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Seed of the contract ([`Campaign::new`]), `None` if [`compare`] was given one.
    pub contract: Option<u64>,
    /// Seed of the batch: [`compare`] with it repeats the difference.
    pub seed: u64,
    /// The row of the batch.
    pub row: usize,
    /// What was to be settled, with the carries that were brought along.
    pub facts: String,
    /// What the interpreter said.
    pub interpreter: String,
    /// What the other one said.
    pub other: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { contract, seed, row, facts, interpreter, other } = self;
        if let Some(contract) = contract {
            write!(f, "contract {contract}, ")?;
        }
        write!(f, "seed {seed}, row {row}: {facts}\ninterpreter: {interpreter}\nother: {other}")
    }
}

/// An executor from outside, such as an engine that runs the emitted module: it returns what the
/// module left behind, or the status of a refusal.
pub type Outsider<'o> = dyn FnMut(&Facts<'_>, &Carries) -> Result<Replay, i32> + 'o;

/// Settles at least `cases` random movements under random contracts; stops at a difference.
#[must_use]
pub fn campaign(seed: u64, cases: u64) -> CampaignReport {
    let mut report = CampaignReport::default();
    let mut seed = seed;
    while report.cases < cases && report.difference.is_none() {
        // Chance also writes what the checker refuses; nothing can be settled then.
        if let Ok(contract) = check(Campaign::new(seed).source()) {
            report.contracts = report.contracts.saturating_add(1);
            for batch in 0..BATCHES_OF_CONTRACT {
                report.add(seed, compare(&contract, seed.wrapping_add(batch)));
            }
        }
        seed = seed.wrapping_add(1);
    }
    report
}

impl CampaignReport {
    /// Counts a batch of the contract of a seed.
    fn add(&mut self, contract: u64, batch: Self) {
        self.cases = self.cases.saturating_add(batch.cases);
        self.refused = self.refused.saturating_add(batch.refused);
        self.referenced = self.referenced.saturating_add(batch.referenced);
        if let (None, Some(difference)) = (&self.difference, batch.difference) {
            self.difference = Some(Difference { contract: Some(contract), ..difference });
        }
    }
}

/// Settles one generated batch of movements with all executors.
///
/// # Panics
/// Never for what [`crate::check`] returned: its byte code loads.
#[must_use]
pub fn compare(contract: &Checked, seed: u64) -> CampaignReport {
    compare_with(contract, seed, None)
}

/// The same with one more executor, which settles every movement too.
///
/// # Panics
/// Never for what [`crate::check`] returned: its byte code loads.
#[must_use]
pub fn compare_with(
    contract: &Checked,
    seed: u64,
    outsider: Option<&mut Outsider<'_>>,
) -> CampaignReport {
    let program = Program::load(contract.bytecode()).expect("checked byte code loads");
    let mut dice = Dice(seed);
    let batch = Batch::new(&mut dice, &program);
    let movements = batch.movements(&mut dice);
    let mut plan = Plan::new(&program);
    let mut postings = Postings::new(plan.legs(), BATCH_ROWS);
    for (row, carries) in batch.carries.iter().enumerate() {
        postings.set_carries(row, carries);
    }
    plan.settle(&movements, &mut postings);
    let comparison = Comparison { contract, program, movements, postings, seed };
    comparison.run(&batch.carries, outsider)
}

/// A batch that was settled in bulk and is now settled row by row.
struct Comparison<'a> {
    contract: &'a Checked,
    program: Program<'a>,
    movements: Movements<'a>,
    postings: Postings,
    seed: u64,
}

/// What all executors must agree about.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    error: Option<SettleError>,
    money: Vec<Money>,
    total: Money,
    prepaid: Option<(Money, Money)>,
    carries: Carries,
}

impl Comparison<'_> {
    fn run(&self, carries: &[Carries], mut outsider: Option<&mut Outsider<'_>>) -> CampaignReport {
        let mut report = CampaignReport::default();
        for (row, carries) in carries.iter().enumerate() {
            report.cases = report.cases.saturating_add(1);
            report.difference = self.row(row, *carries, &mut report).or_else(|| {
                outsider.as_deref_mut().and_then(|outsider| self.outside(row, *carries, outsider))
            });
            if report.difference.is_some() {
                break;
            }
        }
        report
    }

    fn row(&self, row: usize, before: Carries, report: &mut CampaignReport) -> Option<Difference> {
        let (signals, quantities) = self.movements.held_by(row);
        let facts = self.movements.facts(row, &signals, &quantities)?;
        let mut carries = before;
        let settled = self.program.settle(&facts, &mut carries);
        report.refused = report.refused.saturating_add(u64::from(settled.is_err()));
        let expected = self.outcome(&settled, carries);
        let bulk = self.bulk(row);
        if expected != bulk {
            return Some(self.difference(row, (&facts, before), &expected, &bulk));
        }
        if row.checked_rem(REFERENCE_EVERY) == Some(0) {
            report.referenced = report.referenced.saturating_add(1);
            let mut theirs = before;
            let reference = self.contract.evaluate(&facts, &mut theirs);
            if (&settled, carries) != (&reference, theirs) {
                let (ours, theirs) = ((&settled, carries), (&reference, theirs));
                return Some(self.difference(row, (&facts, before), &ours, &theirs));
            }
        }
        None
    }

    /// What another engine says about the row, if that isn't what the interpreter says.
    fn outside(
        &self,
        row: usize,
        before: Carries,
        outsider: &mut Outsider<'_>,
    ) -> Option<Difference> {
        let (signals, quantities) = self.movements.held_by(row);
        let facts = self.movements.facts(row, &signals, &quantities)?;
        let mut carries = before;
        let expected = match self.program.settle(&facts, &mut carries) {
            Ok(settlement) => Ok(Replay::expected(&settlement, carries)),
            Err(error) => Err(status(error)),
        };
        let replayed = outsider(&facts, &before);
        let differs = expected != replayed;
        differs.then(|| self.difference(row, (&facts, before), &expected, &replayed))
    }

    fn outcome(&self, settled: &Result<Settlement, SettleError>, carries: Carries) -> Outcome {
        let Ok(settlement) = settled else {
            let money = self.postings.legs.iter().map(|_| Money::ZERO).collect();
            let (error, total) = (settled.as_ref().err().copied(), Money::ZERO);
            let prepaid = self.program.prepaid().map(|_| (Money::ZERO, Money::ZERO));
            return Outcome { error, money, total, prepaid, carries };
        };
        Outcome {
            error: None,
            money: settlement.legs.iter().map(|leg| leg.money).collect(),
            total: settlement.total,
            prepaid: settlement.prepaid.map(|prepaid| (prepaid.posted, prepaid.hold)),
            carries,
        }
    }

    fn bulk(&self, row: usize) -> Outcome {
        let Postings { legs, prepaid, refused, .. } = &self.postings;
        let refusal = refused.binary_search_by_key(&row, |refusal| refusal.row).ok();
        let money = |column: &[Money]| column.get(row).copied().unwrap_or_default();
        Outcome {
            error: refusal.and_then(|place| refused.get(place)).map(|refusal| refusal.error),
            money: legs.iter().map(|leg| money(&leg.money)).collect(),
            total: self.postings.total(row),
            prepaid: prepaid.as_ref().map(|held| (money(&held.posted), money(&held.hold))),
            carries: self.postings.carries(row),
        }
    }

    fn difference(
        &self,
        row: usize,
        facts: (&Facts<'_>, Carries),
        interpreter: &dyn fmt::Debug,
        other: &dyn fmt::Debug,
    ) -> Difference {
        let facts = format!("{facts:?}");
        let (interpreter, other) = (format!("{interpreter:?}"), format!("{other:?}"));
        Difference { contract: None, seed: self.seed, row, facts, interpreter, other }
    }
}

/// Chance from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which isn't zero.
    fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u128;
        usize::try_from((u128::from(self.next()).wrapping_mul(bound)) >> 64).unwrap_or_default()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// From 0 to `most`.
    fn up_to(&mut self, most: i64) -> i64 {
        let size = u128::from(most.max(0).unsigned_abs()).saturating_add(1);
        i64::try_from((u128::from(self.next()).wrapping_mul(size)) >> 64).unwrap_or_default()
    }

    /// Near one of the edges more often than between them; seldom where it is refused.
    fn amount(&mut self, edges: &[i64], most: i64) -> i64 {
        match self.below(200) {
            0 => self.pick(&[-1, most.saturating_add(1), i64::MIN, i64::MAX]),
            1..100 => {
                let near = self.pick(edges).saturating_add(self.pick(&[-1, 0, 1, 7]));
                near.clamp(0, most)
            }
            _ => self.up_to(most),
        }
    }
}

/// The columns of a batch, all of them; which ones are used is drawn afterwards.
struct Batch {
    starts: Vec<Instant>,
    ends: Vec<Instant>,
    energy: Vec<Energy>,
    month: Vec<Energy>,
    year: Vec<Energy>,
    held: Vec<Money>,
    carries: Vec<Carries>,
    signals: Vec<SignalRows>,
    quantities: Vec<(QuantityRule, Vec<i64>)>,
}

struct SignalRows {
    rule: SignalRule,
    values: Vec<Option<SignalValue>>,
    prices: Vec<Price>,
}

impl Batch {
    fn new(dice: &mut Dice, program: &Program<'_>) -> Self {
        let limits = Limits::new(program);
        let legs = program.fixed().count(Section::Legs);
        let starts = limits.starts(dice);
        let signals = program.signal_rules();
        let signals = signals.map(|rule| SignalRows::new(dice, rule, &starts)).collect();
        let ends = starts.iter().map(|start| limits.end(dice, program, *start)).collect();
        let quantities = program.quantity_rules();
        let quantities = quantities.map(|rule| (rule, limits.quantity(dice, &rule))).collect();
        let energy_max = program.fixed().energy_max.milliwatt_hours();
        let mut energies = |most| -> Vec<Energy> {
            let energy = (0..BATCH_ROWS).map(|_| dice.amount(&limits.energies, most));
            energy.map(Energy::from_milliwatt_hours).collect()
        };
        let energy = energies(energy_max);
        let register_max = limits.register_max;
        let (month, year) = (energies(register_max), energies(register_max));
        let money = |dice: &mut Dice| Money::from_micro_yuan(dice.amount(&[0], HELD_MAX));
        let held = (0..BATCH_ROWS).map(|_| money(dice)).collect();
        let carries = (0..BATCH_ROWS).map(|_| carries(dice, legs)).collect();
        Self { starts, ends, energy, month, year, held, carries, signals, quantities }
    }

    fn movements(&self, dice: &mut Dice) -> Movements<'_> {
        let (start, end) = (self.starts[0], self.ends[0]);
        let times = match dice.below(2) {
            0 => Times::Shared { start, end },
            _ => Times::Rows { starts: &self.starts, ends: &self.ends },
        };
        let mut signals = SignalColumns::default();
        for rows in &self.signals {
            signals = signals.with(rows.rule.id, rows.column(dice));
        }
        let mut quantities = QuantityColumns::default();
        for (rule, rows) in &self.quantities {
            let column = match dice.below(12) {
                0 => QuantityColumn::Missing,
                1..4 => QuantityColumn::Shared(rows[0]),
                _ => QuantityColumn::Rows(rows),
            };
            quantities = quantities.with(rule.quantity, column);
        }
        Movements {
            times,
            energy: &self.energy,
            month_before: column(dice, &self.month),
            year_before: column(dice, &self.year),
            signals,
            quantities,
            held: column(dice, &self.held),
        }
    }
}

fn column<'a, T: Copy>(dice: &mut Dice, rows: &'a [T]) -> Column<'a, T> {
    if dice.below(4) == 0 { Column::Shared(rows[0]) } else { Column::Rows(rows) }
}

fn carries(dice: &mut Dice, legs: u8) -> Carries {
    let mut carries = Carries::ZERO;
    for leg in 0..legs {
        let any = u32::try_from(dice.below(1_000_000)).unwrap_or_default();
        carries.set(leg, PicoYuan::new(dice.pick(&[0, 1, 999_999, any])).unwrap_or_default());
    }
    carries
}

impl SignalRows {
    fn new(dice: &mut Dice, rule: SignalRule, starts: &[Instant]) -> Self {
        let (low, high) = (rule.low.micro_yuan_per_kwh(), rule.high.micro_yuan_per_kwh());
        let age_max = rule.age_max.milliseconds();
        let mut price = || {
            let inside = low.saturating_add(dice.up_to(high.saturating_sub(low)));
            let edge = dice.pick(&[low, high, 0]).saturating_add(dice.pick(&[-1, 0, 1]));
            let far = dice.pick(&[i64::MIN, i64::MAX]);
            let price = dice.pick(&[inside, inside, inside, edge, edge, edge, edge, far]);
            let age = dice.pick(&[0, 1, age_max, age_max.saturating_add(1), -1]);
            (Price::from_micro_yuan_per_kwh(price), age, dice.below(8) > 0)
        };
        let (mut values, mut prices) = (Vec::new(), Vec::new());
        for start in starts {
            let (price, age, present) = price();
            let from = start.unix_milliseconds().saturating_sub(age);
            let from = Instant::from_unix_milliseconds(from);
            values.push(present.then_some(SignalValue { price, from }));
            prices.push(price);
        }
        Self { rule, values, prices }
    }

    fn column(&self, dice: &mut Dice) -> SignalColumn<'_> {
        let value = self.values.iter().copied().flatten().next();
        match (dice.below(5), value) {
            (0, _) | (_, None) => SignalColumn::Missing,
            (1, Some(value)) => SignalColumn::Shared(value),
            (2, Some(value)) => SignalColumn::Prices { prices: &self.prices, from: value.from },
            _ => SignalColumn::Rows(&self.values),
        }
    }
}

/// Where something changes in a contract: that is where executors may disagree.
struct Limits {
    energies: Vec<i64>,
    register_max: i64,
    quantities: Vec<(crate::Quantity, i64)>,
    minutes: Vec<u16>,
    days: Vec<Instant>,
}

impl Limits {
    fn new(program: &Program<'_>) -> Self {
        let limits = program.tiers().flat_map(|table| table.limits());
        let mut energies: Vec<i64> = limits.map(Energy::milliwatt_hours).collect();
        let register_max = energies.iter().copied().max().unwrap_or(1_000_000).saturating_mul(2);
        energies.push(0);
        let steps = program.steps_tables();
        let steps =
            steps.flat_map(|table| table.limits().map(move |limit| (table.quantity, limit)));
        let quantities =
            steps.map(|(quantity, limit)| (quantity, limit.milliwatt_hours())).collect();
        let starts = program.days().flat_map(|day| day.starts());
        let mut minutes: Vec<u16> = starts.map(|start| start.minute).collect();
        minutes.extend([0, 1439]);
        let year =
            if program.fixed().years == 0 { 2026 } else { i32::from(program.fixed().first_year) };
        let of = |(month, day)| CivilDate { year, month, day }.start();
        let mut days: Vec<Instant> = [(1, 1), (1, 31), (2, 28), (12, 31)].map(of).to_vec();
        let dates = program.conditions().flat_map(|one| [one.first_day, one.last_day]);
        let dates = dates.chain(program.special_days().map(|special| special.first_day));
        let near = dates.filter(|day| (10_000..40_000).contains(day));
        days.extend(near.map(|day| legal_midnight(i64::from(day))));
        Self { energies, register_max, quantities, minutes, days }
    }

    /// Half of the batches run through time as a meter does, the others jump about.
    fn starts(&self, dice: &mut Dice) -> Vec<Instant> {
        let first = self.start(dice);
        let step = Duration::from_minutes(dice.pick(&[0, 5, 15, 60]));
        let jumps = dice.below(2) == 0;
        let mut at = first;
        let mut starts = Vec::new();
        for _ in 0..BATCH_ROWS {
            starts.push(if jumps { self.start(dice) } else { at });
            at = at.checked_add(step).unwrap_or(first);
        }
        starts
    }

    fn start(&self, dice: &mut Dice) -> Instant {
        let first = self.days[0].unix_milliseconds();
        let any = Duration::from_days(dice.up_to(366)).milliseconds().saturating_add(first);
        let any = Instant::from_unix_milliseconds(any);
        let day = if dice.below(2) == 0 { any } else { dice.pick(&self.days) };
        let any = u16::try_from(dice.below(1440)).unwrap_or_default();
        let edge = dice.pick(&self.minutes);
        let minute = i64::from(dice.pick(&[any, edge])).saturating_mul(MINUTE.milliseconds());
        let jitter = dice.pick(&[0, 0, -1, 1, 59_999]);
        let into = Duration::from_milliseconds(minute.saturating_add(jitter));
        day.checked_add(into).unwrap_or(day)
    }

    /// Up to the next boundary or less; seldom an interval that is refused. The boundary is taken
    /// without events, so with them an interval may cross one.
    fn end(&self, dice: &mut Dice, program: &Program<'_>, start: Instant) -> Instant {
        let boundary = program.next_boundary(start, &crate::Signals::NONE);
        let later = |from: Instant, by| from.checked_add(by).unwrap_or(from);
        let millisecond = Duration::from_milliseconds(1);
        match dice.below(100) {
            0 => start,
            1 => later(boundary, millisecond),
            2..60 => boundary,
            60..70 => later(start, millisecond),
            _ => later(start, program.fixed().interval()).min(boundary),
        }
    }

    fn quantity(&self, dice: &mut Dice, rule: &QuantityRule) -> Vec<i64> {
        let own = self.quantities.iter().filter(|limit| limit.0 == rule.quantity);
        let mut edges: Vec<i64> = own.map(|limit| limit.1).collect();
        edges.extend([0, rule.most]);
        (0..BATCH_ROWS).map(|_| dice.amount(&edges, rule.most)).collect()
    }
}

fn legal_midnight(day: i64) -> Instant {
    let local = Duration::from_days(day).milliseconds();
    let utc = local.saturating_sub(quantity::LEGAL_OFFSET.milliseconds());
    Instant::from_unix_milliseconds(utc)
}
