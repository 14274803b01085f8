//! Demand as blocks: inverse demand around the forecast, cut into steps.

use super::{Block, Owner};
use crate::price::follows_market;
use crate::{ClassSetup, MarketLimits};
use quantity::{Power, Price};

/// Blocks of a class whose load is forecast to be `forecast`.
///
/// Inverse demand is `π(d) = π₀ (1 + (d − D)/(ε D))` between `π₀ (1 + span)` and `π₀ (1 − span)`,
/// so demand moves by `ε × span` either way. Each of the `steps` takes the price at its middle.
/// Customers react to the retail price: the value of a block is the retail price less the adders
/// that don't float and less the correction of the purse (the wedge), at most the value of lost
/// load. The demand below the steps is firm. A class whose tariff is fixed is all firm: its price
/// doesn't move, so neither does its demand.
#[must_use]
pub fn demand_blocks(
    setup: &ClassSetup,
    forecast: Power,
    correction: Price,
    limits: &MarketLimits,
) -> Vec<Block> {
    let answer = &setup.response;
    let elastic = follows_market(&setup.sales) && answer.elasticity_permille > 0;
    if !elastic {
        return vec![block(setup, limits.value_of_lost_load, forecast)];
    }
    let range = millionths(forecast, answer.elasticity_permille, answer.span_permille);
    let wedge = answer.adders + correction;
    let steps = answer.steps;
    let value = |step: u16| {
        let retail = retail_price(answer.reference, answer.span_permille, step, steps);
        (retail - wedge).min(limits.value_of_lost_load).max(-limits.value_of_lost_load)
    };
    let mut blocks = vec![block(setup, limits.value_of_lost_load, forecast - range)];
    blocks.extend((0..steps).map(|step| block(setup, value(step), part(range * 2, step, steps))));
    blocks
}

/// Room for output that nobody can use.
#[must_use]
pub fn spill_block(room: Power, limits: &MarketLimits) -> Block {
    let price = -limits.value_of_lost_load;
    Block { owner: Owner::Spill, price, size: room, taken: Power::ZERO }
}

fn block(setup: &ClassSetup, price: Price, size: Power) -> Block {
    Block { owner: Owner::Class(setup.class), price, size, taken: Power::ZERO }
}

fn millionths(power: Power, one: u16, other: u16) -> Power {
    let product = i128::from(power.milliwatts()) * i128::from(one) * i128::from(other) / 1_000_000;
    Power::from_milliwatts(i64::try_from(product).expect("at most as large as the power itself"))
}

/// `π₀ (1 + span (1 − (2 step + 1)/steps))`.
fn retail_price(reference: Price, span_permille: u16, step: u16, steps: u16) -> Price {
    let (step, steps) = (i128::from(step), i128::from(steps));
    let swing = i128::from(span_permille) * (steps - 2 * step - 1);
    let price = i128::from(reference.micro_yuan_per_kwh());
    let price = price + (price * swing).div_euclid(1000 * steps);
    Price::from_micro_yuan_per_kwh(i64::try_from(price).expect("a setup's prices are bounded"))
}

/// The `step`-th of `steps` nearly equal parts that sum to `power` exactly.
fn part(power: Power, step: u16, steps: u16) -> Power {
    let cut = |step: u16| {
        let cut = i128::from(power.milliwatts()) * i128::from(step) / i128::from(steps);
        i64::try_from(cut).expect("at most as large as the power itself")
    };
    Power::from_milliwatts(cut(step + 1) - cut(step))
}
