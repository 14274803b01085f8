//! A simulated day of the pilot: prices, purse, forecasts, determinism, saving.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use contract::CustomerClass::{self, Commercial, Industrial, Residential};
use contract::{Direction, Item};
use grid::publishing::{Authored, Validity};
use grid::{
    ClassSetup, Decision, Grid, LoadObservation, Observations, Setup, UnitKind, UnitObservation,
    Violation, check, check_against, pilot,
};
use quantity::{CivilDate, Duration, Energy, Fen, Instant, Money, Power, Price};
use wire::{DecodeError, Digest, MeterId, Wire};

const STEP: Duration = Duration::from_minutes(5);

fn start() -> Instant {
    CivilDate { year: 2026, month: 7, day: 1 }.start()
}

fn setup() -> Setup {
    pilot::setup(Power::from_watts(100_000_000))
}

/// A world that does what it is told, with loads some percent beside the profile.
struct World {
    grid: Grid,
    now: Instant,
    step: i64,
    purse: Money,
}

impl World {
    fn new() -> Self {
        Self { grid: Grid::new(setup()).unwrap(), now: start(), step: 0, purse: Money::ZERO }
    }

    fn observations(&self, last: Option<&Decision>) -> Observations {
        let Some(last) = last else { return Observations::default() };
        let beside = 1030 + (self.step * 7919 % 41) - 20;
        let load = |class: &ClassSetup| {
            // The customers' own load, times how the cleared load answers the price.
            let slot = usize::try_from(self.step - 1).unwrap() % 288;
            let own = i128::from(class.profile[slot].milliwatts());
            let forecast = last.forecast.loads.iter().find(|load| load.class == class.class);
            let forecast = i128::from(forecast.unwrap().power.milliwatts()).max(1);
            let cleared = i128::from(last.dispatch.load(class.class).unwrap().milliwatts());
            let power = own * i128::from(beside) * cleared / forecast / 1000;
            let power = Power::from_milliwatts(i64::try_from(power).unwrap());
            LoadObservation { class: class.class, power }
        };
        let sun = (144 - (self.step % 288 - 144).abs()).max(40) - 40;
        let units = self.grid.setup().units.iter().map(|unit| {
            let weather = unit.kind.follows_weather().then(|| {
                let percent = if unit.kind == UnitKind::Wind { 40 } else { sun * 9 / 10 };
                Power::from_milliwatts(unit.maximum.milliwatts() / 100 * percent)
            });
            UnitObservation {
                unit: unit.id,
                output: last.dispatch.set_point(unit.id).unwrap(),
                available: weather,
                resource: weather,
                stored: None,
            }
        });
        Observations {
            loads: self.grid.setup().classes.iter().map(load).collect(),
            units: units.collect(),
            over_limit: Vec::new(),
            purse: Some(self.purse),
        }
    }

    fn step(&mut self, last: Option<&Decision>) -> Decision {
        let observations = self.observations(last);
        let decision = self.grid.decide(self.now, &observations);
        self.purse = decision.purse.after;
        self.now = self.now + STEP;
        self.step += 1;
        decision
    }

    fn run(&mut self, steps: usize) -> Vec<Decision> {
        let mut decisions: Vec<Decision> = Vec::new();
        for _ in 0..steps {
            let next = self.step(decisions.last());
            decisions.push(next);
        }
        decisions
    }
}

#[test]
fn every_decision_of_two_days_holds() {
    let mut world = World::new();
    let decisions = world.run(576);
    for (index, decision) in decisions.iter().enumerate() {
        assert_eq!(check_against(decision, world.grid.setup()), Ok(()), "decision {index}");
        assert_eq!(decision.number, index as u64 + 1);
        let before = index.checked_sub(1).map(|before| decisions[before].digest());
        assert_eq!(decision.previous, before.unwrap_or_default());
    }
    let prices: Vec<Price> = decisions.iter().map(Decision::lambda).collect();
    assert!(prices.iter().max() > prices.iter().min(), "the price moves with the day");
    assert_eq!(world.grid.next_deadline(), world.now);
}

#[test]
fn components_sum_exactly_and_coal_stays_in_its_band() {
    let mut world = World::new();
    for decision in world.run(288) {
        for price in &decision.sales {
            let parts = price.components.all().into_iter().map(|(_, part)| part).sum::<Price>();
            assert_eq!(parts, price.components.total());
            let class = world.grid.setup().class(price.class).unwrap();
            assert!((class.sales.floor..=class.sales.cap).contains(&parts));
        }
        let coal = decision.purchase_price(UnitKind::Coal).unwrap();
        assert!(coal.floating.abs().micro_yuan_per_kwh() <= 377_900 / 5);
        let total: Power = decision.forecast.loads.iter().map(|load| load.power).sum();
        assert_eq!(total, decision.forecast.total);
    }
}

#[test]
fn the_purse_closes_and_returns_to_zero() {
    let mut world = World::new();
    let decisions = world.run(5 * 288);
    for pair in decisions.windows(2) {
        assert_eq!(pair[0].purse.after, pair[1].purse.before);
    }
    let turnover: i64 = decisions.iter().map(|d| d.purse.income.micro_yuan()).sum();
    let end = world.purse.micro_yuan();
    assert!(end.abs() < turnover / 5 / 50, "{end} of {turnover} in five days");
}

#[test]
fn forecasts_learn() {
    let mut world = World::new();
    let last = world.run(576).pop().unwrap();
    for load in &last.forecast.loads {
        let mape = load.error.mape_millionths().unwrap();
        assert!(mape < 50_000, "{:?} is {mape} millionths wrong", load.class);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let bytes = |decision: &Decision| {
        let mut bytes = Vec::new();
        decision.write(&mut |part| bytes.extend_from_slice(part));
        bytes
    };
    let one: Vec<_> = World::new().run(60).iter().map(bytes).collect();
    let other: Vec<_> = World::new().run(60).iter().map(bytes).collect();
    assert_eq!(one, other);
    let decoded = Decision::decode(&one[59]).unwrap();
    assert_eq!(bytes(&decoded), one[59]);
    assert_eq!(check(&decoded), Ok(()));
}

#[test]
fn a_saved_grid_goes_on_as_if_nothing_had_happened() {
    let mut world = World::new();
    let last = world.run(40).pop().unwrap();
    let bytes = world.grid.save();
    let loaded = Grid::load(&bytes).unwrap();
    assert_eq!(loaded, world.grid);
    assert_eq!(loaded.save(), bytes);
    let straight = world.step(Some(&last));
    world.now = world.now - STEP;
    world.step -= 1;
    world.grid = loaded;
    world.purse = last.purse.after;
    assert_eq!(world.step(Some(&last)), straight);
}

#[test]
fn damaged_states_are_refused() {
    let mut world = World::new();
    world.run(2);
    let bytes = world.grid.save();
    for cut in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
        assert!(Grid::load(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(Grid::load(&longer), Err(DecodeError::TrailingBytes { .. })));
    let mut foreign = bytes;
    foreign[0] ^= 1;
    assert!(matches!(Grid::load(&foreign), Err(DecodeError::Refused { .. })));
}

#[test]
fn tampered_decisions_are_refused() {
    let mut world = World::new();
    let decision = world.run(3).pop().unwrap();
    let setup = world.grid.setup();
    type Plant = fn(&mut Decision);
    let dearer: Plant = |decision| {
        decision.sales[1].components.floating += Price::from_micro_yuan_per_kwh(1);
    };
    let table: [(Plant, Violation); 8] = [
        (dearer, Violation::Sales(Commercial)),
        (|d| d.purchase[0].components.benchmark = Price::ZERO, Violation::Purchase(UnitKind::Coal)),
        (|d| d.purse.income += Money::from_micro_yuan(1), Violation::Purse),
        (|d| d.until = d.from, Violation::Interval),
        (|d| d.setup.0[0] ^= 1, Violation::Setup),
        (|d| d.correction = Price::from_micro_yuan_per_kwh(60_001), Violation::Correction),
        (
            |d| d.forecast.loads[4].power += Power::from_watts(1000),
            Violation::Blocks(grid::dispatch::Owner::Class(Industrial)),
        ),
        (|d| d.sales.truncate(1), Violation::Missing),
    ];
    for (plant, violation) in table {
        let mut tampered = decision.clone();
        plant(&mut tampered);
        assert_eq!(check_against(&tampered, setup), Err(violation));
        assert!(world.grid.signals(&tampered).is_empty(), "nothing is published");
    }
}

#[test]
fn signals_carry_the_decision() {
    let mut world = World::new();
    let decisions = world.run(2);
    let signals = world.grid.signals(&decisions[1]);
    // Five classes, six generators with meters, three stores twice.
    assert_eq!(signals.len(), 5 + 6 + 3 * 2);
    for signal in &signals {
        assert_eq!(signal.decision, decisions[1].digest());
        assert_eq!((signal.sequence, signal.from), (2, decisions[1].from));
        assert!(signal.values.is_sorted_by(|one, next| one.signal < next.signal));
    }
    let found = |class: CustomerClass, direction: Direction| {
        signals.iter().find(|s| (s.class, s.direction) == (class.byte(), direction.byte()))
    };
    let commercial = found(Commercial, Direction::Import).unwrap();
    let price = decisions[1].sales_price(Commercial).unwrap();
    assert_eq!(commercial.values[0].price, price.floating);
    assert_eq!(commercial.values[1].price, price.incentive);
    assert!(found(Residential, Direction::Export).is_none());
    assert!(found(CustomerClass::Battery, Direction::Import).is_some());
}

#[test]
fn deciding_early_is_for_the_next_interval() {
    let mut grid = Grid::new(setup()).unwrap();
    let decision = grid.decide(start() + Duration::from_seconds(270), &Observations::default());
    assert_eq!((decision.from, decision.until), (start() + STEP, start() + STEP * 2));
}

#[test]
fn withheld_environmental_part() {
    let mut grid = Grid::new(setup()).unwrap();
    let over = Observations { over_limit: vec![UnitKind::Coal], ..Observations::default() };
    let decision = grid.decide(start(), &over);
    assert_eq!(check_against(&decision, grid.setup()), Ok(()));
    let coal = decision.purchase_price(UnitKind::Coal).unwrap();
    assert_eq!(coal.environmental, Price::from_micro_yuan_per_kwh(-27_000));
    assert_eq!(coal.ultra_low_emission, Price::ZERO);
}

#[test]
fn setups_out_of_range_are_refused() {
    type Plant = fn(&mut Setup);
    let table: [Plant; 9] = [
        |s| s.interval = Duration::from_minutes(7),
        |s| s.classes.swap(0, 1),
        |s| s.classes[0].profile.truncate(287),
        |s| s.classes[1].sales.cap = Price::MIN,
        |s| s.units.swap(0, 1),
        |s| s.units[0].storage.clone_from(&pilot::setup(Power::from_watts(1)).units[5].storage),
        |s| s.purchase.truncate(3),
        |s| s.limits.cap = Price::MAX,
        |s| s.purse.horizon = Duration::ZERO,
    ];
    for (index, plant) in table.into_iter().enumerate() {
        let mut setup = setup();
        plant(&mut setup);
        assert!(Grid::new(setup).is_err(), "planted error {index}");
    }
}

#[test]
fn absurd_observations_neither_panic_nor_break_the_proof() {
    let mut grid = Grid::new(setup()).unwrap();
    for (step, power) in (0..).zip([Power::MAX, Power::MIN, Power::ZERO, Power::MAX]) {
        let loads = grid.setup().classes.iter();
        let loads = loads.map(|class| LoadObservation { class: class.class, power });
        let units = grid.setup().units.iter().map(|unit| UnitObservation {
            unit: unit.id,
            output: power,
            available: Some(power),
            resource: Some(power),
            stored: Some(Energy::MIN),
        });
        let observations = Observations {
            loads: loads.collect(),
            units: units.collect(),
            over_limit: Vec::new(),
            purse: Some(Money::from_micro_yuan(i64::MAX / 4)),
        };
        let decision = grid.decide(start() + STEP * step, &observations);
        assert_eq!(check_against(&decision, grid.setup()), Ok(()));
    }
}

#[test]
fn books_and_contracts_are_saved_too() {
    let mut grid = Grid::new(setup()).unwrap();
    let meter = MeterId::new(1).unwrap();
    assert!(grid.books_mut().admit(meter, Residential));
    assert!(grid.books_mut().note_order(meter, 1));
    grid.books_mut().subsidies_mut().grant(Item::Subsidy, Fen::from_yuan(5));
    let contract = Authored {
        class: Residential,
        direction: Direction::Import,
        kind: wire::package::PackageKind::Default,
        version: 1,
        source: Digest([1; 32]),
        program: &[1],
    };
    let (from, until) = (start(), start() + Duration::from_days(1));
    let validity = Validity { from, until, active_from: from };
    grid.publisher_mut().publish(&contract, &validity).unwrap();
    let loaded = Grid::load(&grid.save()).unwrap();
    assert_eq!(loaded, grid);
    assert_eq!(loaded.books().account(meter).unwrap().sequence, 1);
    let chain = loaded.publisher().chain(Residential, Direction::Import);
    assert_eq!(chain.default.unwrap().sequence, 1);
}
