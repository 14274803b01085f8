//! The grid company: decides each interval, keeps the books, can be saved at any time.

use crate::codec::{Field, message, record};
use crate::dispatch::{
    self, Block, Dispatch, Problem, SetPoint, StoreWindow, demand_blocks, spill_block,
    store_blocks, supply_blocks,
};
use crate::forecast::{self, Forecast, LoadModel, SupplyForecast, SupplyModel, slot_of_day};
use crate::price::{self, Basis, Emission, PurchasePrice, SalesPrice};
use crate::publishing::{self, Publisher};
use crate::settlement::{Books, Posted, Refusal};
use crate::setup::POWER_MAX;
use crate::{
    Decision, Observations, PurseOutlook, Setup, SetupError, Unit, UnitId, UnitObservation,
};
use quantity::{Duration, Energy, EnergyRest, Instant, Money, Power, Price};
use wire::evidence::SettlementRecord;
use wire::signal::PriceSignal;
use wire::{DecodeError, Digest, Wire};

/// The grid company's whole state.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    setup: Setup,
    loads: Vec<LoadModel>,
    units: Vec<UnitState>,
    /// Price of the demand side in each interval of the latest day; at first by merit order.
    expected: Vec<Price>,
    number: u64,
    previous: Digest,
    /// What the purse gains per interval before correction: an average over the last ones.
    drift: Money,
    decided_until: Instant,
    publisher: Publisher,
    books: Books,
}

/// What is known of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UnitState {
    unit: UnitId,
    output: Option<Power>,
    stored: Energy,
    weather: SupplyModel,
}

/// One interval while it's being decided.
struct Interval {
    at: Instant,
    from: Instant,
    correction: Price,
    purse: Money,
    forecast: Forecast,
}

/// Intervals over which the drift of the purse is averaged.
const DRIFT_INTERVALS: i64 = 16;

impl Grid {
    /// A company that knows its setup and no history.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(setup: Setup) -> Result<Self, SetupError> {
        setup.validate()?;
        let units = setup.units.iter().map(UnitState::new).collect();
        Ok(Self {
            loads: setup.classes.iter().map(LoadModel::new).collect(),
            units,
            expected: expected_prices(&setup),
            number: 0,
            previous: Digest::default(),
            drift: Money::ZERO,
            decided_until: Instant::EPOCH,
            publisher: Publisher::new(),
            books: Books::new(),
            setup,
        })
    }

    /// Decides the interval that begins at `now`, or the next one if `now` is inside an interval.
    /// The observations are those of the interval that ended last.
    pub fn decide(&mut self, now: Instant, observations: &Observations) -> Decision {
        self.observe(now, observations);
        let interval = self.look_ahead(now, observations);
        let dispatch = dispatch::clear(self.problem(&interval, observations));
        let basis = Basis {
            from: interval.from,
            lambda: dispatch.lambda,
            incentive: dispatch.incentive,
            correction: interval.correction,
        };
        let sales = self.sales_prices(&basis);
        let purchase = self.purchase_prices(&basis, observations);
        let purse = self.outlook(interval.purse, &dispatch, &sales, &purchase);
        let decision = Decision {
            number: self.number + 1,
            previous: self.previous,
            setup: crypto::digest(&self.setup),
            at: interval.at,
            from: interval.from,
            until: interval.from + self.setup.interval,
            forecast: interval.forecast,
            dispatch,
            correction: interval.correction,
            sales,
            purchase,
            purse,
        };
        debug_assert_eq!(crate::check_against(&decision, &self.setup), Ok(()));
        self.advance(&decision);
        decision
    }

    /// The signals of a decision, to be signed by the caller; their sequence number is that of the
    /// decision. A decision that doesn't hold publishes nothing: what was published before goes on.
    #[must_use]
    pub fn signals(&self, decision: &Decision) -> Vec<PriceSignal> {
        match crate::check_against(decision, &self.setup) {
            Ok(()) => publishing::signals(decision, &self.setup),
            Err(_) => Vec::new(),
        }
    }

    /// When the next decision is due: at the end of the last interval that was decided.
    #[must_use]
    pub const fn next_deadline(&self) -> Instant {
        self.decided_until
    }

    /// Books a settlement record: see [`Books::post`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn post(&mut self, record: &SettlementRecord, result: u8) -> Result<Posted, Refusal> {
        self.books.post(record, result)
    }

    /// What it was told.
    #[must_use]
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The books.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// The books, to admit meters and post records.
    pub const fn books_mut(&mut self) -> &mut Books {
        &mut self.books
    }

    /// The chains of contract packages.
    pub const fn publisher_mut(&mut self) -> &mut Publisher {
        &mut self.publisher
    }

    /// The chains of contract packages.
    #[must_use]
    pub const fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// The whole state in canonical bytes.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut bytes = Self::TAG.to_vec();
        self.put(&mut |part| bytes.extend_from_slice(part));
        bytes
    }

    /// A state that was saved.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes aren't a saved state.
    pub fn load(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = wire::Reader::new(bytes);
        if reader.take(Self::TAG.len())? != Self::TAG {
            return Err(reader.refuse(0, "kind and version of the state"));
        }
        let at = reader.at();
        let grid = <Self as Field>::take(&mut reader)?;
        reader.finish()?;
        if grid.is_whole() { Ok(grid) } else { Err(reader.refuse(at, "state of the grid")) }
    }

    /// Whether setup and state fit together.
    fn is_whole(&self) -> bool {
        let slots = self.setup.slots();
        self.setup.validate().is_ok()
            && self.loads.len() == self.setup.classes.len()
            && self.loads.iter().all(|model| model.slots() == slots)
            && self.units.len() == self.setup.units.len()
            && self.expected.len() == slots
    }

    fn observe(&mut self, now: Instant, observations: &Observations) {
        let interval = self.setup.interval;
        let start = now.floor_to(interval) - interval;
        for (model, class) in self.loads.iter_mut().zip(&self.setup.classes) {
            let found = observations.loads.iter().find(|load| load.class == class.class);
            if let Some(load) = found {
                model.observe(start, sane(load.power));
            }
        }
        for state in &mut self.units {
            if let Some(seen) = observed(observations, state.unit) {
                state.observe(seen);
            }
        }
    }

    fn look_ahead(&mut self, now: Instant, observations: &Observations) -> Interval {
        let length = self.setup.interval;
        let floor = now.floor_to(length);
        let from = if floor == now { now } else { floor + length };
        let (loads, total) = forecast::expect_loads(&mut self.loads, from, length);
        let units = self.expect_weather(observations);
        let purse = observations.purse.unwrap_or_else(|| self.books.purse());
        let correction = self.correction(from, purse);
        Interval { at: now, from, correction, purse, forecast: Forecast { loads, units, total } }
    }

    fn expect_weather(&mut self, observations: &Observations) -> Vec<SupplyForecast> {
        let units = self.units.iter_mut().zip(&self.setup.units);
        let units = units.filter(|(_, unit)| unit.kind.follows_weather());
        let expected = units.map(|(state, unit)| {
            let resource = observed(observations, unit.id).and_then(|seen| seen.resource).map(sane);
            state.weather.expect(resource, unit.maximum)
        });
        expected.collect()
    }

    /// Spreads the purse, and what it is about to gain, over the energy of the horizon that follows
    /// the market. The horizon rolls on, so a difference fades away with its length.
    fn correction(&self, from: Instant, purse: Money) -> Price {
        let rule = &self.setup.purse;
        let models = self.loads.iter().zip(&self.setup.classes);
        let following = models.filter(|(_, class)| price::follows_market(&class.sales));
        let ahead = |model: &LoadModel| {
            let energy = model.energy_ahead(from, rule.horizon, self.setup.interval);
            i128::from(energy.milliwatt_hours())
        };
        let energy: i128 = following.map(|(model, _)| ahead(model)).sum();
        if energy == 0 {
            return Price::ZERO;
        }
        let steps = i128::from(rule.horizon.milliseconds() / self.setup.interval.milliseconds());
        let owed = i128::from(purse.micro_yuan()) + i128::from(self.drift.micro_yuan()) * steps;
        let wanted = saturate(-owed * 1_000_000 / energy);
        let most = rule.correction_max;
        price::clip(Price::from_micro_yuan_per_kwh(wanted), -most, most)
    }

    fn problem(&self, interval: &Interval, observations: &Observations) -> Problem {
        let mut problem = Problem {
            units: Vec::new(),
            supply: Vec::new(),
            demand: Vec::new(),
            targets: self.setup.targets,
        };
        for (unit, state) in self.setup.units.iter().zip(&self.units) {
            let (point, blocks) = self.unit_blocks(unit, state, interval, observations);
            problem.units.push(point);
            if unit.kind.stores() {
                problem.demand.extend(blocks);
            } else {
                problem.supply.extend(blocks);
            }
        }
        for (class, load) in self.setup.classes.iter().zip(&interval.forecast.loads) {
            let limits = &self.setup.limits;
            problem.demand.extend(demand_blocks(class, load.power, interval.correction, limits));
        }
        let most: Power = problem.units.iter().map(|point| point.high).sum();
        let room = most + Power::from_milliwatts(1);
        problem.demand.push(spill_block(room, &self.setup.limits));
        problem
    }

    fn unit_blocks(
        &self,
        unit: &Unit,
        state: &UnitState,
        interval: &Interval,
        observations: &Observations,
    ) -> (SetPoint, Vec<Block>) {
        let length = self.setup.interval;
        if unit.kind.stores() {
            let thresholds = dispatch::thresholds(unit, length, &self.expected);
            store_blocks(unit, &state.window(length), thresholds)
        } else {
            supply_blocks(unit, state.output, available(unit, interval, observations))
        }
    }

    fn sales_prices(&self, basis: &Basis) -> Vec<SalesPrice> {
        let classes = self.setup.classes.iter();
        classes.map(|class| price::sales(class, basis, &self.setup.limits)).collect()
    }

    fn purchase_prices(&self, basis: &Basis, observations: &Observations) -> Vec<PurchasePrice> {
        let rules = self.setup.purchase.iter();
        let priced = rules.map(|rule| {
            let over = observations.over_limit.contains(&rule.kind);
            let emission = if over { Emission::Over } else { Emission::Within };
            price::purchase(rule, emission, basis, &self.setup.limits)
        });
        priced.collect()
    }

    fn outlook(
        &self,
        before: Money,
        dispatch: &Dispatch,
        sales: &[SalesPrice],
        purchase: &[PurchasePrice],
    ) -> PurseOutlook {
        let income = sales.iter().map(|price| {
            let power = dispatch.load(price.class).unwrap_or(Power::ZERO);
            self.amount(price.components.without_subsidy(), power)
        });
        let cost = self.setup.units.iter().map(|unit| {
            let power = dispatch.set_point(unit.id).unwrap_or(Power::ZERO);
            let price = purchase.iter().find(|price| price.kind == unit.kind);
            let price = price.map_or(Price::ZERO, |price| price.components.without_subsidy());
            self.amount(price, power)
        });
        let (income, cost) = (micro_yuan(income.sum()), micro_yuan(cost.sum()));
        PurseOutlook { before, income, cost, after: before + income - cost }
    }

    /// What an interval at `power` costs, in pico-yuan.
    fn amount(&self, price: Price, power: Power) -> i128 {
        let metered = power.over(self.setup.interval, EnergyRest::ZERO);
        let energy = metered.map_or(Energy::ZERO, |metered| metered.energy);
        i128::from(price.micro_yuan_per_kwh()) * i128::from(energy.milliwatt_hours())
    }

    /// Takes the decision as done, until observations say otherwise.
    fn advance(&mut self, decision: &Decision) {
        let length = self.setup.interval;
        let slot = slot_of_day(decision.from, self.expected.len());
        self.expected[slot] = decision.dispatch.demand_price();
        for (state, unit) in self.units.iter_mut().zip(&self.setup.units) {
            state.advance(unit, decision.dispatch.set_point(unit.id), length);
        }
        self.drift = self.next_drift(decision);
        self.number = decision.number;
        self.previous = decision.digest();
        self.decided_until = decision.until;
    }

    fn next_drift(&self, decision: &Decision) -> Money {
        let following =
            self.setup.classes.iter().filter(|class| price::follows_market(&class.sales));
        let load = |class| decision.dispatch.load(class).unwrap_or(Power::ZERO);
        let corrected: i128 =
            following.map(|class| self.amount(decision.correction, load(class.class))).sum();
        let gained = decision.purse.income - decision.purse.cost - micro_yuan(corrected);
        let change = (gained - self.drift).micro_yuan() / DRIFT_INTERVALS;
        self.drift + Money::from_micro_yuan(change)
    }
}

impl UnitState {
    fn new(unit: &Unit) -> Self {
        Self {
            unit: unit.id,
            output: None,
            stored: unit.storage.as_ref().map_or(Energy::ZERO, |storage| storage.stored),
            weather: SupplyModel::new(unit.id),
        }
    }

    fn observe(&mut self, seen: &UnitObservation) {
        self.output = Some(seen.output.max(-POWER_MAX).min(POWER_MAX));
        self.stored = seen.stored.map_or(self.stored, |stored| stored.max(Energy::ZERO));
        if let Some(available) = seen.available {
            self.weather.observe(sane(available));
        }
    }

    fn window(&self, interval: Duration) -> StoreWindow {
        StoreWindow { stored: self.stored, previous: self.output, interval }
    }

    fn advance(&mut self, unit: &Unit, power: Option<Power>, interval: Duration) {
        if let (Some(storage), Some(power)) = (&unit.storage, power) {
            self.stored = dispatch::stored_after(storage, &self.window(interval), power);
        }
        self.output = power.or(self.output);
    }
}

fn observed(observations: &Observations, unit: UnitId) -> Option<&UnitObservation> {
    observations.units.iter().find(|seen| seen.unit == unit)
}

/// What comes from outside, moved into the range of powers that exist.
fn sane(power: Power) -> Power {
    power.max(Power::ZERO).min(POWER_MAX)
}

/// What limits a generator: the weather forecast, or an outage that was observed.
fn available(unit: &Unit, interval: &Interval, observations: &Observations) -> Power {
    if unit.kind.follows_weather() {
        let found = interval.forecast.units.iter().find(|forecast| forecast.unit == unit.id);
        found.map_or(Power::ZERO, |forecast| forecast.available)
    } else {
        let seen = observed(observations, unit.id).and_then(|seen| seen.available);
        seen.unwrap_or(unit.maximum)
    }
}

fn expected_prices(setup: &Setup) -> Vec<Price> {
    let load =
        |slot: usize| -> Power { setup.classes.iter().map(|class| class.profile[slot]).sum() };
    let price = |slot| dispatch::expected_price(&setup.units, load(slot), setup.limits.cap);
    (0..setup.slots()).map(price).collect()
}

fn micro_yuan(pico_yuan: i128) -> Money {
    Money::from_micro_yuan(saturate(pico_yuan.div_euclid(1_000_000)))
}

fn saturate(value: i128) -> i64 {
    let limit = i128::from(i64::MAX);
    i64::try_from(value.clamp(-limit, limit)).unwrap_or(0)
}

message!(Grid, b"JIDIAN-GRID-1", {
    setup, loads, units, expected, number, previous, drift, decided_until, publisher, books
});
record!(UnitState { unit, output, stored, weather });
