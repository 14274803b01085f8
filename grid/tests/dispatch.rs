//! Merit order worked out by hand, and a check that finds every planted error.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use contract::CustomerClass::{Commercial, Residential};
use grid::dispatch::{
    Block, Dispatch, Fault, Owner, Problem, SetPoint, Side, StoreWindow, Thresholds, check, clear,
    store_blocks, supply_blocks, thresholds,
};
use grid::{LoadTargets, Offer, Storage, Unit, UnitId, UnitKind};
use proptest::prelude::*;
use quantity::{Duration, Energy, Power, Price};

const fn mw(megawatts: i64) -> Power {
    Power::from_watts(megawatts * 1_000_000)
}

/// Thousandths of a yuan per kWh, which is yuan per MWh.
const fn yuan(price: i64) -> Price {
    Price::from_micro_yuan_per_kwh(price * 1000)
}

const LOST: i64 = 10_000;

fn unit(id: u16, minimum: i64, offers: &[(i64, i64)]) -> Unit {
    let offer = |(power, price): &(i64, i64)| Offer { power: mw(*power), price: yuan(*price) };
    let maximum = mw(offers.iter().map(|(power, _)| power).sum());
    Unit {
        id: UnitId(id),
        kind: UnitKind::Coal,
        minimum: mw(minimum),
        maximum,
        ramp: maximum,
        offers: offers.iter().map(offer).collect(),
        storage: None,
    }
}

fn demand(owner: Owner, blocks: &[(i64, i64)]) -> impl Iterator<Item = Block> {
    blocks.iter().map(move |(power, value)| Block {
        owner,
        price: yuan(*value),
        size: mw(*power),
        taken: Power::ZERO,
    })
}

fn targets(valley: i64, peak: i64) -> LoadTargets {
    LoadTargets {
        valley: mw(valley),
        peak: mw(peak),
        peak_incentive: yuan(200),
        valley_incentive: yuan(100),
    }
}

/// Wind (free, 30 MW) and coal (60 MW at 300, 40 MW at 400).
fn problem(minimum: i64, blocks: &[(i64, i64)], targets: LoadTargets) -> Problem {
    let mut problem =
        Problem { units: Vec::new(), supply: Vec::new(), demand: Vec::new(), targets };
    let wind = Unit { kind: UnitKind::Wind, ..unit(1, 0, &[(30, 0)]) };
    for unit in [wind, unit(2, minimum, &[(60, 300), (40, 400)])] {
        let (point, blocks) = supply_blocks(&unit, None, unit.maximum);
        problem.units.push(point);
        problem.supply.extend(blocks);
    }
    problem.demand.extend(demand(Owner::Class(Commercial), blocks));
    problem.demand.extend(demand(Owner::Spill, &[(1000, -LOST)]));
    problem
}

/// Name, coal's least output, demand, targets, then λ, ψ and generation.
type Case = (&'static str, i64, &'static [(i64, i64)], LoadTargets, i64, i64, i64);

#[test]
fn merit_order_by_hand() {
    let free = targets(0, 1000);
    #[rustfmt::skip]
    let table: &[Case] = &[
        // what                        coal min  demand (MW, value)              targets        λ      ψ    G
        ("wind alone",                        0, &[(20, LOST)],                   free,             0,    0,  20),
        ("wind to the last watt: lowest λ",   0, &[(30, LOST)],                   free,             0,    0,  30),
        ("first coal block",                  0, &[(80, LOST)],                   free,           300,    0,  80),
        ("second coal block",                 0, &[(120, LOST)],                  free,           400,    0, 120),
        ("load is lost",                      0, &[(140, LOST)],                  free,          LOST,    0, 130),
        ("coal must run, wind is curtailed", 20, &[(40, LOST)],                   free,             0,    0,  40),
        ("nobody can use what must run",     20, &[(10, LOST)],                   free,         -LOST,    0,  20),
        ("demand sets the price",             0, &[(80, LOST), (20, 350), (30, 320), (9, 250)], free, 350, 0, 90),
        ("peak: demand gives way",            0, &[(80, LOST), (40, 450)],        targets(0, 100), 400,  50, 100),
        ("peak: the incentive isn't enough",  0, &[(80, LOST), (40, 700)],        targets(0, 100), 400, 200, 120),
        ("peak just reached",                 0, &[(100, LOST)],                  targets(0, 100), 400,   0, 100),
        ("valley: demand is invited",         0, &[(20, LOST), (9, 250)],         targets(50, 100),  0, -100, 29),
        ("valley: demand is invited to coal", 0, &[(30, LOST), (9, 250)],         targets(50, 100), 300, -100, 39),
        ("valley filled",                     0, &[(40, LOST), (20, 250)],        targets(50, 100), 300, -50, 50),
    ];
    for (what, minimum, blocks, targets, lambda, incentive, generation) in table {
        let solved = clear(problem(*minimum, blocks, *targets));
        assert_eq!(check(&solved), Ok(()), "{what}");
        let found = (solved.lambda, solved.incentive, solved.generation());
        let expected = (yuan(*lambda), yuan(*incentive), mw(*generation));
        assert_eq!(found, expected, "{what}");
    }
}

fn solved() -> Dispatch {
    let solved =
        clear(problem(20, &[(60, LOST), (30, 450), (20, 350), (20, 200)], targets(10, 1000)));
    assert_eq!(check(&solved), Ok(()));
    solved
}

#[test]
fn the_check_finds_planted_errors() {
    type Plant = fn(&mut Dispatch);
    #[rustfmt::skip]
    let table: &[(Plant, Fault)] = &[
        (|d| d.lambda = Price::MAX, Fault::Range),
        (|d| d.supply[0].size = Power::MAX, Fault::Range),
        (|d| d.targets.valley = mw(2000), Fault::Targets),
        (|d| d.supply[0].taken = -mw(1), Fault::BlockBounds(Owner::Unit(UnitId(1)))),
        (|d| d.demand[0].taken = mw(61), Fault::BlockBounds(Owner::Class(Commercial))),
        (|d| d.units[0].power += mw(1), Fault::SetPoint(UnitId(1))),
        (|d| d.units[1].high += mw(1), Fault::SetPoint(UnitId(2))),
        (|d| d.units.swap(0, 1), Fault::Unknown(Owner::Unit(UnitId(1)))),
        (|d| d.supply[0].owner = Owner::Unit(UnitId(9)), Fault::SetPoint(UnitId(1))),
        (|d| d.supply.push(Block { owner: Owner::Unit(UnitId(9)), ..d.supply[0] }), Fault::Unknown(Owner::Unit(UnitId(9)))),
        (|d| d.loads[0].power += mw(1), Fault::Load(Commercial)),
        (|d| d.loads[0].class = Residential, Fault::Load(Residential)),
        (|d| d.loads.clear(), Fault::Load(Commercial)),
        (|d| { d.demand[1].taken -= mw(1); d.loads[0].power -= mw(1); }, Fault::Balance),
        (|d| d.lambda = yuan(299), Fault::ReducedCost(Owner::Unit(UnitId(2)))),
        (|d| d.lambda = yuan(401), Fault::ReducedCost(Owner::Unit(UnitId(2)))),
        (|d| d.incentive = yuan(101), Fault::ReducedCost(Owner::Class(Commercial))),
        (|d| d.incentive = -yuan(1), Fault::ReducedCost(Owner::Class(Commercial))),
        (|d| d.certificate.primal += 1, Fault::Primal),
        (|d| d.certificate.dual += 1, Fault::Dual),
        (|d| d.certificate.marginal.clear(), Fault::Marginal),
    ];
    for (index, (plant, fault)) in table.iter().enumerate() {
        let mut dispatch = solved();
        plant(&mut dispatch);
        assert_eq!(check(&dispatch), Err(*fault), "planted error {index}");
    }
}

#[test]
fn a_slope_that_the_targets_do_not_have_is_refused() {
    // All reduced costs fit an incentive of 1 as well; but below the peak there is none.
    let mut dispatch = clear(problem(0, &[(95, LOST)], targets(0, 100)));
    dispatch.incentive = yuan(1);
    assert_eq!(check(&dispatch), Err(Fault::Incentive));
}

#[test]
fn ramps_bind_and_a_plant_may_start() {
    let plant = Unit { ramp: mw(5), ..unit(1, 20, &[(60, 300), (40, 400)]) };
    let limits = |previous, available| {
        let (point, blocks) = supply_blocks(&plant, previous, available);
        let size: Power = blocks.iter().map(|block| block.size).sum();
        assert_eq!(point.low + size, point.high);
        (point.low, point.high)
    };
    assert_eq!(limits(None, mw(100)), (mw(20), mw(100)));
    assert_eq!(limits(Some(mw(58)), mw(100)), (mw(53), mw(63)));
    assert_eq!(limits(Some(mw(22)), mw(100)), (mw(20), mw(27)));
    assert_eq!(limits(Some(mw(0)), mw(100)), (mw(20), mw(20)), "it may start");
    assert_eq!(limits(Some(mw(58)), mw(30)), (mw(30), mw(30)), "fuel is short");
    assert_eq!(limits(Some(mw(58)), mw(0)), (mw(0), mw(0)), "it is out");
}

fn battery(stored: i64) -> (Unit, StoreWindow) {
    let storage = Storage {
        capacity: Energy::from_kwh(10_000),
        reserve: Energy::from_kwh(1000),
        stored: Energy::from_kwh(stored),
        charge: mw(6),
        efficiency_permille: 900,
        wear: yuan(20),
    };
    let battery = Unit {
        kind: UnitKind::Battery,
        maximum: mw(5),
        offers: Vec::new(),
        storage: Some(storage),
        ..unit(3, 0, &[])
    };
    let interval = Duration::from_minutes(5);
    (battery, StoreWindow { stored: Energy::from_kwh(stored), previous: None, interval })
}

#[test]
fn a_store_keeps_to_its_energy() {
    let limits = |stored| {
        let (battery, window) = battery(stored);
        let at = Thresholds { charge: yuan(200), discharge: yuan(400) };
        let (point, _) = store_blocks(&battery, &window, at);
        (point.low, point.high)
    };
    assert_eq!(limits(5000), (-mw(6), mw(5)));
    assert_eq!(limits(1000), (-mw(6), mw(0)), "empty");
    assert_eq!(limits(10_000), (mw(0), mw(5)), "full");
    // 100 kWh above the reserve give 90 kWh in five minutes: 1.08 MW.
    assert_eq!(limits(1100).1, Power::from_watts(1_080_000));
}

#[test]
fn a_store_turns_at_the_cheapest_and_dearest_intervals() {
    let hour = Duration::from_hours(1);
    let (battery, _) = battery(5000);
    // 9 MWh: two hours to fill at 6 MW, two to empty at 5 MW.
    let prices = [300, 100, 200, 400, 500, 600].map(yuan);
    let found = thresholds(&battery, hour, &prices);
    assert_eq!(found, Thresholds { charge: yuan(200), discharge: yuan(500) });
    // A flat day doesn't pay for losses and wear: (300 − 20) × 0.81 = 226.8.
    let found = thresholds(&battery, hour, &[yuan(300); 6]);
    assert_eq!(found.charge, Price::from_micro_yuan_per_kwh(226_800));
    let idle = thresholds(&battery, hour, &[]);
    assert!(idle.charge < idle.discharge);
}

#[test]
fn a_store_charges_cheap_and_discharges_dear() {
    let power = |load: i64, charge, discharge| {
        let mut problem = problem(0, &[(load, LOST)], targets(0, 1000));
        let (battery, window) = battery(5000);
        let at = Thresholds { charge: yuan(charge), discharge: yuan(discharge) };
        let (point, blocks) = store_blocks(&battery, &window, at);
        problem.units.push(point);
        problem.demand.extend(blocks);
        let solved = clear(problem);
        assert_eq!(check(&solved), Ok(()));
        solved.set_point(UnitId(3)).unwrap()
    };
    assert_eq!(power(20, 200, 380), -mw(6), "wind is left over");
    assert_eq!(power(80, 200, 380), mw(0), "coal at 300 is neither cheap nor dear");
    assert_eq!(power(120, 200, 380), mw(5), "coal at 400 is dear");
}

prop_compose! {
    fn blocks(most: usize)(list in prop::collection::vec((1_i64..50, -100_i64..900), 0..most))
        -> Vec<(i64, i64)> { list }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Every problem has a checked optimum, and its price is the lowest of all optimal ones.
    #[test]
    fn every_optimum_holds(
        supply in prop::collection::vec((0_i64..20, blocks(4)), 1..5),
        wanted in blocks(8),
        valley in 0_i64..80,
        width in 0_i64..80,
    ) {
        let mut problem = Problem {
            units: Vec::new(),
            supply: Vec::new(),
            demand: Vec::new(),
            targets: targets(valley, valley + width),
        };
        for (index, (minimum, offers)) in (1_u16..).zip(&supply) {
            let offers = if offers.is_empty() { vec![(20, 100)] } else { offers.clone() };
            let mut unit = unit(index, 0, &offers);
            unit.minimum = mw(*minimum).min(unit.maximum);
            let (point, blocks) = supply_blocks(&unit, None, unit.maximum);
            problem.units.push(point);
            problem.supply.extend(blocks);
        }
        let (battery, window) = battery(5000);
        let at = Thresholds { charge: yuan(200), discharge: yuan(380) };
        let (mut point, blocks) = store_blocks(&battery, &window, at);
        point.unit = UnitId(100);
        problem.units.push(point);
        problem.demand.extend(blocks.into_iter().map(|block| Block {
            owner: Owner::Unit(UnitId(100)), ..block
        }));
        problem.demand.extend(demand(Owner::Class(Commercial), &wanted));
        problem.demand.extend(demand(Owner::Spill, &[(10_000, -LOST)]));
        let solved = clear(problem);
        prop_assert_eq!(check(&solved), Ok(()));
        prop_assert_eq!(solved.certificate.gap(), 0);
        prop_assert!(!solved.certificate.marginal.is_empty());
        let mut lower = solved.clone();
        lower.lambda -= Price::from_micro_yuan_per_kwh(1);
        for shift in [0, 1] {
            lower.incentive = solved.incentive + Price::from_micro_yuan_per_kwh(shift);
            let refused = matches!(check(&lower),
                Err(Fault::ReducedCost(_) | Fault::Incentive));
            prop_assert!(refused, "a lower price is optimal too");
        }
    }
}

#[test]
fn set_points_stand_on_the_right_side() {
    let dispatch = solved();
    assert!(dispatch.units.iter().all(|point: &SetPoint| point.side == Side::Supply));
    assert_eq!(dispatch.load(Commercial), Some(dispatch.generation()));
}
