//! Clearing by merit order: cheapest supply meets dearest demand until nobody gains.

use super::check::{dual_objective, link_slope, primal_objective};
use super::{Block, Certificate, ClassLoad, Dispatch, Owner, Problem, SetPoint, Side};
use crate::LoadTargets;
use quantity::{Power, Price};

/// Solves an interval exactly.
///
/// First what must run is placed with whoever values it most; then pairs of the cheapest offer and
/// the dearest demand are taken while the pair gains more than the load targets charge. Both lists
/// are sorted and every step finishes a block or a piece of the targets, so it ends after as many
/// steps as there are blocks. Ties go by owner.
///
/// # Panics
/// If the demand side has less room than must run: a problem ends with a spill block.
#[must_use]
pub fn clear(problem: Problem) -> Dispatch {
    let Problem { mut units, mut supply, mut demand, targets } = problem;
    supply.sort_by_key(|block| (block.price, block.owner));
    demand.sort_by_key(|block| (-block.price, block.owner));
    let must_run: Power = units_on(&units, Side::Supply).map(|point| point.low).sum();
    let base: Power = units_on(&units, Side::Demand).map(|point| -point.high).sum();
    place(&mut demand, must_run - base);
    let generation = pair(&mut supply, &mut demand, &targets, must_run);
    set_points(&mut units, &supply, &demand);
    let lambda = node_price(&supply, &demand, &targets, generation);
    let incentive = incentive_price(&demand, &targets, generation, lambda);
    let loads = class_loads(&demand);
    let certificate = Certificate { primal: 0, dual: 0, marginal: Vec::new() };
    let mut solved =
        Dispatch { units, loads, supply, demand, targets, lambda, incentive, certificate };
    solved.certificate = Certificate {
        primal: primal_objective(&solved),
        dual: dual_objective(&solved),
        marginal: marginal_owners(&solved),
    };
    solved
}

fn units_on(units: &[SetPoint], side: Side) -> impl Iterator<Item = &SetPoint> {
    units.iter().filter(move |point| point.side == side)
}

/// Gives `power` to the dearest blocks, whatever they pay.
fn place(demand: &mut [Block], power: Power) {
    let mut left = power;
    for block in demand {
        let taken = block.left().min(left);
        block.taken += taken;
        left -= taken;
    }
    assert!(left.is_zero(), "a problem ends with a block that takes what nobody can use");
}

/// Takes pairs while they gain; returns the generation that is reached.
fn pair(
    supply: &mut [Block],
    demand: &mut [Block],
    targets: &LoadTargets,
    must_run: Power,
) -> Power {
    let (mut generation, mut offer, mut value) = (must_run, 0, 0);
    while let (Some(cheapest), Some(dearest)) = (supply.get_mut(offer), demand.get_mut(value)) {
        let (slope, room) = link_slope(targets, generation);
        let step = cheapest.left().min(dearest.left()).min(room);
        if step > Power::ZERO {
            if dearest.price <= cheapest.price + slope {
                break;
            }
            cheapest.taken += step;
            dearest.taken += step;
            generation += step;
        }
        offer += usize::from(cheapest.left().is_zero());
        value += usize::from(dearest.left().is_zero());
    }
    generation
}

fn set_points(units: &mut [SetPoint], supply: &[Block], demand: &[Block]) {
    for point in units {
        let owner = Owner::Unit(point.unit);
        point.power = match point.side {
            Side::Supply => point.low + taken(supply, owner),
            Side::Demand => point.high - taken(demand, owner),
        };
    }
}

fn taken(blocks: &[Block], owner: Owner) -> Power {
    blocks.iter().filter(|block| block.owner == owner).map(|block| block.taken).sum()
}

/// The lowest optimal λ: what the last offer that runs asks, or what the next demand would pay if
/// that is more.
fn node_price(
    supply: &[Block],
    demand: &[Block],
    targets: &LoadTargets,
    generation: Power,
) -> Price {
    let running = supply.iter().filter(|block| !block.taken.is_zero());
    let asked = running.map(|block| block.price).max();
    let waiting = next_value(demand).map(|value| value - link_slope(targets, generation).0);
    asked.max(waiting).expect("spilling is never exhausted")
}

/// The optimal ψ nearest to zero for this λ.
fn incentive_price(
    demand: &[Block],
    targets: &LoadTargets,
    generation: Power,
    lambda: Price,
) -> Price {
    let before = generation - Power::from_milliwatts(i64::from(generation > Power::ZERO));
    let (left, right) = (link_slope(targets, before).0, link_slope(targets, generation).0);
    let used = demand.iter().filter(|block| !block.taken.is_zero());
    let low = next_value(demand).map_or(left, |value| left.max(value - lambda));
    let high = used.map(|block| block.price).min().map_or(right, |value| right.min(value - lambda));
    Price::ZERO.max(low).min(high)
}

fn next_value(demand: &[Block]) -> Option<Price> {
    demand.iter().filter(|block| !block.left().is_zero()).map(|block| block.price).max()
}

fn class_loads(demand: &[Block]) -> Vec<ClassLoad> {
    let mut loads: Vec<ClassLoad> = Vec::new();
    for block in demand {
        let Owner::Class(class) = block.owner else { continue };
        match loads.iter_mut().find(|load| load.class == class) {
            Some(load) => load.power += block.taken,
            None => loads.push(ClassLoad { class, power: block.taken }),
        }
    }
    loads.sort_by_key(|load| load.class);
    loads
}

/// Owners whose block has the price of its side, in the order of the blocks, each once.
pub(super) fn marginal_owners(dispatch: &Dispatch) -> Vec<Owner> {
    let supply = dispatch.supply.iter().filter(|block| block.price == dispatch.lambda);
    let demand = dispatch.demand.iter().filter(|block| block.price == dispatch.demand_price());
    let mut owners: Vec<Owner> = Vec::new();
    for block in supply.chain(demand) {
        if !owners.contains(&block.owner) {
            owners.push(block.owner);
        }
    }
    owners
}
