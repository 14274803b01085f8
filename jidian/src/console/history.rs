//! What pages show of the past, bounded.

use super::curves::{self, Key, MeterLoad};
use super::parties::{self, Party};
use crate::pilot::builtin;
use crate::view::{Conservation, LoadPoint, MoneyBalance, MoneyFlow, PriceStep};
use crate::watch::Watch;
use bank::OrderedLog;
use bank::analysis::AnalysisCentre;
use contract::{CustomerClass, Role};
use grid::Decision;
use quantity::{Duration, Fen, Instant, Power};
use simulation::ledger::{Evidence, GridEntry};
use simulation::meter::Meter;
use simulation::world::{MINUTE, Metered, Settled, World};
use std::collections::{BTreeMap, VecDeque};
use wire::signal::PriceSignal;
use wire::{MeterId, Signed};

/// Payments that are kept.
pub const PAYMENTS_KEPT: usize = 5_000;
/// Signals are kept as long as a payment that used them may be looked at.
const SIGNALS_KEPT: Duration = Duration::from_hours(26);

/// A signal's class, direction and number.
type SignalKey = (u8, u8, u64);

/// What pages show of the past.
#[derive(Debug)]
pub struct History {
    numbers: BTreeMap<MeterId, usize>,
    tallies: Vec<Tally>,
    ring: VecDeque<Evidence>,
    day: Instant,
    paid: BTreeMap<Party, Fen>,
    received: BTreeMap<Party, Fen>,
    load: Vec<LoadPoint>,
    prices: BTreeMap<Key, Vec<PriceStep>>,
    signals: BTreeMap<SignalKey, Signed<PriceSignal>>,
    decisions: BTreeMap<u64, Decision>,
    waiting: BTreeMap<usize, u64>,
    checks: u64,
    failures: u64,
    watch: Watch,
}

/// What is known of one meter today.
#[derive(Clone, Debug)]
struct Tally {
    class: CustomerClass,
    paid: Fen,
    load: MeterLoad,
}

impl History {
    /// A history in which nothing has happened yet.
    ///
    /// # Panics
    /// If the built-in table of what is suspicious can't be read.
    #[must_use]
    pub fn new<L: OrderedLog>(world: &World<L>) -> Self {
        let meters = world.meters();
        let tally = |meter: &Meter| Tally {
            class: meter.plan.class,
            paid: Fen::ZERO,
            load: MeterLoad::default(),
        };
        Self {
            numbers: meters
                .iter()
                .zip(0..)
                .map(|(meter, number)| (meter.plan.id, number))
                .collect(),
            tallies: meters.iter().map(tally).collect(),
            ring: VecDeque::new(),
            day: world.now().civil().date.start(),
            paid: BTreeMap::new(),
            received: BTreeMap::new(),
            load: Vec::new(),
            prices: BTreeMap::new(),
            signals: BTreeMap::new(),
            decisions: BTreeMap::new(),
            waiting: BTreeMap::new(),
            checks: 0,
            failures: 0,
            watch: Watch::new(world.fixed().keys.pseudonyms, builtin::ANALYSIS_RULES)
                .expect("a test reads the built-in table"),
        }
    }

    /// Takes in what was settled before this process began, oldest first.
    pub fn recall(&mut self, evidence: &Evidence) {
        let last = evidence.record.end - Duration::from_milliseconds(1);
        let today = last.civil().date.start() >= self.day;
        self.take(evidence, today);
    }

    /// Takes in a minute that the world has lived through.
    pub fn minute<L: OrderedLog>(
        &mut self,
        world: &mut World<L>,
        metered: &Metered,
        settled: &Settled,
    ) {
        let now = world.now();
        self.turn_day((now - MINUTE).civil().date.start());
        for evidence in &settled.evidence {
            self.take(evidence, true);
        }
        self.note_signals(metered, now);
        self.note_load(world, now);
        self.note_prices(world, now - MINUTE);
        self.note_waiting(world);
        self.check_money(world);
        for (at, movement) in &settled.movements {
            self.watch.see(*at, &movement.leg, world.bank().registration());
        }
    }

    fn turn_day(&mut self, day: Instant) {
        if day == self.day {
            return;
        }
        self.day = day;
        self.paid.clear();
        self.received.clear();
        self.load.clear();
        self.prices.clear();
        for tally in &mut self.tallies {
            tally.paid = Fen::ZERO;
            tally.load.clear();
        }
    }

    fn take(&mut self, evidence: &Evidence, today: bool) {
        let record = &evidence.record;
        let Some(number) = self.numbers.get(&record.meter) else { return };
        let Some(tally) = self.tallies.get_mut(*number) else { return };
        let (energy, paid) = (parties::energy(record), parties::paid(record));
        if today && parties::is_final(evidence) {
            tally.paid += parties::owner_paid(record);
            for (from, to, amount) in parties::moves(record, tally.class) {
                *self.paid.entry(from).or_default() += amount;
                *self.received.entry(to).or_default() += amount;
            }
        }
        // A night without sun settles nothing, minute after minute: that is no line of a list.
        if energy.is_zero() && paid.is_zero() {
            return;
        }
        if self.ring.len() == PAYMENTS_KEPT {
            self.ring.pop_front();
        }
        self.ring.push_back(evidence.clone());
    }

    fn note_signals(&mut self, metered: &Metered, now: Instant) {
        for entry in &metered.entries {
            match entry {
                GridEntry::Signal(signal) => {
                    let key = (signal.body.class, signal.body.direction, signal.body.sequence);
                    self.signals.insert(key, (**signal).clone());
                }
                GridEntry::Decision(decision) => {
                    self.decisions.insert(decision.number, (**decision).clone());
                }
                GridEntry::Setup(_)
                | GridEntry::Meter(_)
                | GridEntry::Contract(..)
                | GridEntry::Recall(_)
                | GridEntry::Rotation(_) => {}
            }
        }
        if !metered.entries.is_empty() {
            let oldest = now - SIGNALS_KEPT;
            self.signals.retain(|_, signal| signal.body.until > oldest);
            self.decisions.retain(|_, decision| decision.until > oldest);
        }
    }

    fn note_load<L: OrderedLog>(&mut self, world: &World<L>, now: Instant) {
        let powers: Vec<Power> = world.meters().iter().map(|meter| meter.demand.active).collect();
        self.load.push(curves::load_point(now, powers.iter()));
        for (tally, power) in self.tallies.iter_mut().zip(&powers) {
            tally.load.push(now, *power);
        }
    }

    /// Prices change where a decision begins or a contract's hour does.
    fn note_prices<L: OrderedLog>(&mut self, world: &World<L>, at: Instant) {
        for key in world.fixed().programs.keys() {
            let curve = self.prices.entry(*key).or_default();
            if curve.last().is_none_or(|last| last.until <= at)
                && let Some(step) = curves::step_at(world, *key, at)
            {
                curves::push(curve, step);
            }
        }
    }

    /// Only meters that the network doesn't reach, or didn't, have orders without a receipt.
    fn note_waiting<L: OrderedLog>(&mut self, world: &mut World<L>) {
        let now = world.now();
        let (meters, verifier) = world.meters_mut();
        for (number, meter) in meters.iter_mut().enumerate() {
            if meter.online && !self.waiting.contains_key(&number) {
                continue;
            }
            let status = meter.status(now, verifier);
            match status.sequence - status.acknowledged {
                0 => self.waiting.remove(&number),
                orders => self.waiting.insert(number, orders),
            };
        }
    }

    fn check_money<L: OrderedLog>(&mut self, world: &World<L>) {
        let money = conservation(world);
        self.checks += 1;
        self.failures += u64::from(money.issued != money.wallets);
    }
}

/// What views ask.
impl History {
    /// What the analysis centre knows of what moved since this process began.
    #[must_use]
    pub fn analysis(&self) -> &AnalysisCentre {
        self.watch.centre()
    }

    /// Orders that are signed and have no receipt.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.values().sum()
    }

    /// The latest settlements that moved energy or money, newest first.
    pub fn settlements(&self) -> impl Iterator<Item = &Evidence> {
        self.ring.iter().rev()
    }

    /// A settlement that is still kept.
    #[must_use]
    pub fn settlement(&self, meter: MeterId, sequence: u64) -> Option<&Evidence> {
        let is_it =
            |kept: &&Evidence| kept.record.sequence == sequence && kept.record.meter == meter;
        self.settlements().find(is_it)
    }

    /// A signal that is still kept.
    #[must_use]
    pub fn signal(&self, class: u8, direction: u8, sequence: u64) -> Option<&Signed<PriceSignal>> {
        self.signals.get(&(class, direction, sequence))
    }

    /// A decision that is still kept, by its number.
    #[must_use]
    pub fn decision(&self, number: u64) -> Option<&Decision> {
        self.decisions.get(&number)
    }

    /// All signals of one number.
    pub(super) fn signals_numbered(
        &self,
        sequence: u64,
    ) -> impl Iterator<Item = &Signed<PriceSignal>> {
        self.signals.values().filter(move |signal| signal.body.sequence == sequence)
    }

    pub(super) fn number(&self, meter: MeterId) -> Option<usize> {
        self.numbers.get(&meter).copied()
    }

    pub(super) fn paid_today(&self, number: usize) -> Fen {
        self.tallies.get(number).map_or(Fen::ZERO, |tally| tally.paid)
    }

    pub(super) fn meter_load(&self, number: usize) -> Vec<LoadPoint> {
        self.tallies.get(number).map_or_else(Vec::new, |tally| tally.load.points())
    }

    pub(super) fn load(&self) -> Vec<LoadPoint> {
        curves::thinned(&self.load)
    }

    pub(super) fn prices(&self, key: Key) -> &[PriceStep] {
        self.prices.get(&key).map_or(&[], Vec::as_slice)
    }

    pub(super) const fn day(&self) -> Instant {
        self.day
    }

    /// The money of the day. What the grid company takes in and what it spends on purchases stand
    /// as one line: what stays with it, or what it added.
    pub(super) fn money(&self) -> MoneyBalance {
        let (mut paid, mut received) = (self.paid.clone(), self.received.clone());
        let (income, purchase) = (Party::Role(Role::GridIncome), Party::Role(Role::GridPurchase));
        let came = received.get(&income).copied().unwrap_or_default();
        let went = paid.get(&purchase).copied().unwrap_or_default();
        let through = came.min(went);
        received.entry(income).and_modify(|amount| *amount -= through);
        paid.entry(purchase).and_modify(|amount| *amount -= through);
        MoneyBalance { paid: flows(&paid), received: flows(&received) }
    }

    pub(super) fn conservation<L: OrderedLog>(&self, world: &World<L>) -> Conservation {
        Conservation { checks: self.checks, failures: self.failures, ..conservation(world) }
    }
}

fn flows(amounts: &BTreeMap<Party, Fen>) -> Vec<MoneyFlow> {
    let mut flows: Vec<MoneyFlow> = amounts
        .iter()
        .filter(|(_, amount)| **amount > Fen::ZERO)
        .map(|(party, amount)| MoneyFlow { party: party.word(), amount: *amount })
        .collect();
    flows.sort_by_key(|flow| core::cmp::Reverse(flow.amount));
    flows
}

fn conservation<L: OrderedLog>(world: &World<L>) -> Conservation {
    let registration = world.bank().registration();
    Conservation {
        issued: registration.issued(),
        wallets: registration.wallets().map(|wallet| wallet.balance).sum(),
        checks: 0,
        failures: 0,
    }
}
