//! Proof of optimality, independent of the solver: one pass over the blocks, exact integers.

use super::clear::marginal_owners;
use super::{Block, Dispatch, Owner, SetPoint, Side};
use crate::{LoadTargets, UnitId};
use contract::CustomerClass;
use core::fmt;
use quantity::{Power, Price};
use std::collections::BTreeMap;

/// Why a dispatch isn't an optimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A price or a power is far outside any market.
    Range,
    /// A block takes less than nothing or more than its size.
    BlockBounds(Owner),
    /// A set point isn't what the unit's blocks give, or leaves its limits.
    SetPoint(UnitId),
    /// Units aren't in rising order, or a block belongs to no unit of its side.
    Unknown(Owner),
    /// The load of a class isn't what its blocks take.
    Load(CustomerClass),
    /// Supply and demand differ.
    Balance,
    /// A block is used though its price is wrong, or unused though it would gain.
    ReducedCost(Owner),
    /// The incentive isn't a slope of the load targets at this generation.
    Incentive,
    /// The targets aren't in order.
    Targets,
    /// The stated primal objective isn't that of the blocks.
    Primal,
    /// The stated dual objective isn't that of the prices.
    Dual,
    /// Primal and dual objective differ.
    Gap,
    /// The marginal owners aren't those at the price.
    Marginal,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range => write!(f, "a price or a power is far outside any market"),
            Self::BlockBounds(owner) => write!(f, "a block of {owner:?} leaves its bounds"),
            Self::SetPoint(unit) => write!(f, "the set point of unit {} is wrong", unit.0),
            Self::Unknown(owner) => write!(f, "{owner:?} is unknown or out of order"),
            Self::Load(class) => write!(f, "the load of class {} is wrong", class.code()),
            Self::Balance => write!(f, "supply and demand differ"),
            Self::ReducedCost(owner) => write!(f, "a block of {owner:?} contradicts the price"),
            Self::Incentive => write!(f, "the incentive isn't a slope of the load targets"),
            Self::Targets => write!(f, "the load targets aren't in order"),
            Self::Primal => write!(f, "the stated primal objective is wrong"),
            Self::Dual => write!(f, "the stated dual objective is wrong"),
            Self::Gap => write!(f, "primal and dual objective differ"),
            Self::Marginal => write!(f, "the stated marginal owners are wrong"),
        }
    }
}

impl core::error::Error for Fault {}

/// Checks that a dispatch is feasible and optimal: bounds, balance, signs of the reduced costs, the
/// slope of the targets, and a gap of zero. It needs no search and repeats none of the solver's.
///
/// # Errors
/// The first [`Fault`].
pub fn check(dispatch: &Dispatch) -> Result<(), Fault> {
    check_range(dispatch)?;
    check_bounds(dispatch)?;
    check_units(dispatch)?;
    check_loads(dispatch)?;
    check_balance(dispatch)?;
    check_prices(dispatch)?;
    check_certificate(dispatch)
}

const PRICE_MAX: Price = Price::from_micro_yuan_per_kwh(1_000_000_000_000);
/// Milliwatts: a thousand terawatts in all.
const TOTAL_MAX: i128 = 1_000_000_000_000_000_000;

fn ensure(holds: bool, fault: Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(fault) }
}

/// Bounds that keep every later sum and difference inside 64 bits, products inside 128.
fn check_range(dispatch: &Dispatch) -> Result<(), Fault> {
    let targets = &dispatch.targets;
    let blocks = || dispatch.supply.iter().chain(&dispatch.demand);
    let stated =
        [dispatch.lambda, dispatch.incentive, targets.peak_incentive, targets.valley_incentive];
    let mut prices = stated.into_iter().chain(blocks().map(|block| block.price));
    let prices_fit = prices.all(|price| price.abs() <= PRICE_MAX);
    let of_points =
        |point: &SetPoint| [point.low, point.high, point.power, point.previous.unwrap_or_default()];
    let powers = blocks().flat_map(|block| [block.size, block.taken]);
    let powers = powers.chain(dispatch.units.iter().flat_map(of_points));
    let powers = powers.chain([targets.peak, targets.valley]);
    let total: i128 = powers.map(|power| wide(power).abs()).sum();
    ensure(prices_fit && total <= TOTAL_MAX, Fault::Range)
}

fn check_bounds(dispatch: &Dispatch) -> Result<(), Fault> {
    let targets = &dispatch.targets;
    let incentives = [targets.peak_incentive, targets.valley_incentive];
    let ordered = Power::ZERO <= targets.valley && targets.valley <= targets.peak;
    let positive = !incentives.iter().any(|incentive| incentive.is_negative());
    ensure(ordered && positive, Fault::Targets)?;
    dispatch.supply.iter().chain(&dispatch.demand).try_for_each(|block| {
        let inside = Power::ZERO <= block.taken && block.taken <= block.size;
        ensure(inside, Fault::BlockBounds(block.owner))
    })
}

/// Size and use of all blocks of one owner, in 128 bits: the bytes may come from anybody.
#[derive(Clone, Copy, Default)]
struct Sums {
    size: i128,
    taken: i128,
}

fn sums(blocks: &[Block]) -> BTreeMap<Owner, Sums> {
    let mut sums: BTreeMap<Owner, Sums> = BTreeMap::new();
    for block in blocks {
        let sum = sums.entry(block.owner).or_default();
        sum.size += wide(block.size);
        sum.taken += wide(block.taken);
    }
    sums
}

fn wide(power: Power) -> i128 {
    i128::from(power.milliwatts())
}

fn check_units(dispatch: &Dispatch) -> Result<(), Fault> {
    let (mut supply, mut demand) = (sums(&dispatch.supply), sums(&dispatch.demand));
    let mut last = None;
    for point in &dispatch.units {
        let owner = Owner::Unit(point.unit);
        ensure(last < Some(point.unit), Fault::Unknown(owner))?;
        last = Some(point.unit);
        let side = if point.side == Side::Supply { &mut supply } else { &mut demand };
        let sums = side.remove(&owner).unwrap_or_default();
        ensure(fits(point, sums), Fault::SetPoint(point.unit))?;
    }
    let classes_only = |owner: &&Owner| !matches!(owner, Owner::Class(_) | Owner::Spill);
    let stray = supply.keys().next().or_else(|| demand.keys().find(classes_only));
    stray.map_or(Ok(()), |owner| Err(Fault::Unknown(*owner)))
}

fn fits(point: &SetPoint, sums: Sums) -> bool {
    let (low, high) = (wide(point.low), wide(point.high));
    let expected = match point.side {
        Side::Supply => low + sums.taken,
        Side::Demand => high - sums.taken,
    };
    low + sums.size == high && wide(point.power) == expected && (low..=high).contains(&expected)
}

fn check_loads(dispatch: &Dispatch) -> Result<(), Fault> {
    let mut taken = sums(&dispatch.demand);
    taken.retain(|owner, _| matches!(owner, Owner::Class(_)));
    for load in &dispatch.loads {
        let sums = taken.remove(&Owner::Class(load.class));
        let right = sums.is_some_and(|sums| sums.taken == wide(load.power));
        ensure(right, Fault::Load(load.class))?;
    }
    match taken.into_keys().next() {
        Some(Owner::Class(class)) => Err(Fault::Load(class)),
        _ => Ok(()),
    }
}

/// Everything that runs, and everything that is used.
fn check_balance(dispatch: &Dispatch) -> Result<(), Fault> {
    let output: i128 = dispatch.units.iter().map(|point| wide(point.power)).sum();
    let customers = dispatch.demand.iter().filter(|block| !matches!(block.owner, Owner::Unit(_)));
    let used: i128 = customers.map(|block| wide(block.taken)).sum();
    ensure(output == used, Fault::Balance)
}

fn check_prices(dispatch: &Dispatch) -> Result<(), Fault> {
    let (lambda, demand_price) = (dispatch.lambda, dispatch.lambda.checked_add(dispatch.incentive));
    let demand_price = demand_price.ok_or(Fault::Incentive)?;
    for block in &dispatch.supply {
        let used = block.taken.is_zero() || block.price <= lambda;
        let unused = block.left().is_zero() || block.price >= lambda;
        ensure(used && unused, Fault::ReducedCost(block.owner))?;
    }
    for block in &dispatch.demand {
        let used = block.taken.is_zero() || block.price >= demand_price;
        let unused = block.left().is_zero() || block.price <= demand_price;
        ensure(used && unused, Fault::ReducedCost(block.owner))?;
    }
    let generation = dispatch.generation();
    let before = generation - Power::from_milliwatts(i64::from(generation > Power::ZERO));
    let slopes =
        link_slope(&dispatch.targets, before).0..=link_slope(&dispatch.targets, generation).0;
    ensure(slopes.contains(&dispatch.incentive), Fault::Incentive)
}

fn check_certificate(dispatch: &Dispatch) -> Result<(), Fault> {
    let stated = &dispatch.certificate;
    ensure(stated.primal == primal_objective(dispatch), Fault::Primal)?;
    ensure(stated.dual == dual_objective(dispatch), Fault::Dual)?;
    ensure(stated.primal == stated.dual, Fault::Gap)?;
    ensure(stated.marginal == marginal_owners(dispatch), Fault::Marginal)
}

/// Slope of the targets' cost just above `generation`, and the room until it changes.
pub(super) fn link_slope(targets: &LoadTargets, generation: Power) -> (Price, Power) {
    if generation < targets.valley {
        (-targets.valley_incentive, targets.valley - generation)
    } else if generation < targets.peak {
        (Price::ZERO, targets.peak - generation)
    } else {
        (targets.peak_incentive, Power::MAX)
    }
}

fn product(price: Price, power: Power) -> i128 {
    i128::from(price.micro_yuan_per_kwh()) * wide(power)
}

/// Value of what is used, less the cost of what runs, less the cost of the targets.
pub(super) fn primal_objective(dispatch: &Dispatch) -> i128 {
    let value: i128 = dispatch.demand.iter().map(|block| product(block.price, block.taken)).sum();
    let cost: i128 = dispatch.supply.iter().map(|block| product(block.price, block.taken)).sum();
    let (targets, generation) = (&dispatch.targets, dispatch.generation());
    let earned = product(targets.valley_incentive, generation.min(targets.valley));
    let over = (generation - targets.peak).max(Power::ZERO);
    value - cost + earned - product(targets.peak_incentive, over)
}

/// Value of the dual problem at λ and ψ: gains of all blocks, of the targets, and the prices of
/// what must run and of what is given at the start.
pub(super) fn dual_objective(dispatch: &Dispatch) -> i128 {
    let (lambda, demand_price) = (dispatch.lambda, dispatch.demand_price());
    let gain = |gain: Price, size: Power| product(gain.max(Price::ZERO), size);
    let supply: i128 =
        dispatch.supply.iter().map(|block| gain(lambda - block.price, block.size)).sum();
    let demand: i128 =
        dispatch.demand.iter().map(|block| gain(block.price - demand_price, block.size)).sum();
    let given = |point: &SetPoint| match point.side {
        Side::Supply => product(lambda, point.low),
        Side::Demand => product(demand_price, point.high),
    };
    let given: i128 = dispatch.units.iter().map(given).sum();
    supply + demand + given + targets_gain(&dispatch.targets, dispatch.incentive)
}

/// Most that the targets can gain at ψ: `max over G of ψ G − h(G)`.
fn targets_gain(targets: &LoadTargets, incentive: Price) -> i128 {
    let at = if incentive.is_negative() { targets.valley } else { targets.peak };
    product(incentive, at) + product(targets.valley_incentive, targets.valley)
}
