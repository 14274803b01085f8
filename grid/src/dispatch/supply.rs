//! Units as blocks: generators above their least output, stores between charge and discharge.

use super::{Block, Owner, SetPoint, Side};
use crate::{Offer, Storage, Unit};
use quantity::{Duration, Energy, Power, Price};

/// Limits and blocks of a generator that gave `previous` and for which nature or fuel allows
/// `available`.
///
/// Ramps bind upwards and downwards, except that nobody can give more than is available and that
/// whoever is below the least output may start. What follows the weather may always be curtailed.
#[must_use]
pub fn supply_blocks(
    unit: &Unit,
    previous: Option<Power>,
    available: Power,
) -> (SetPoint, Vec<Block>) {
    let most = unit.maximum.min(available.max(Power::ZERO));
    let (lowest, highest) = range(unit, previous);
    let high = most.min(highest);
    let low = lowest.min(high);
    let point =
        SetPoint { unit: unit.id, side: Side::Supply, previous, low, high, power: Power::ZERO };
    (point, offers_between(unit, low, high))
}

/// What a generator's least output and ramp allow after `previous`.
fn range(unit: &Unit, previous: Option<Power>) -> (Power, Power) {
    if unit.kind.follows_weather() {
        return (Power::ZERO, unit.maximum);
    }
    let Some(previous) = previous else { return (unit.minimum, unit.maximum) };
    let up = (previous + unit.ramp).max(unit.minimum).min(unit.maximum);
    let down = (previous - unit.ramp).max(unit.minimum).min(unit.maximum);
    (down, up)
}

/// Whether a generator's limits keep to its least and highest output and to its ramp.
pub(crate) fn limits_hold(unit: &Unit, point: &SetPoint) -> bool {
    let (lowest, highest) = range(unit, point.previous);
    let reduced = point.high < lowest;
    point.high <= highest && (point.low == lowest || (reduced && point.low == point.high))
}

/// The parts of a generator's offers that lie between `low` and `high`; none of it taken.
#[must_use]
pub fn offers_between(unit: &Unit, low: Power, high: Power) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut start = Power::ZERO;
    for (index, offer) in unit.offers.iter().enumerate() {
        let last = index + 1 == unit.offers.len();
        let end = if last { high.max(start) } else { start + offer.power };
        let size = end.min(high) - start.max(low);
        if size > Power::ZERO {
            blocks.push(block(unit, offer.price, size));
        }
        start = end;
    }
    blocks
}

fn block(unit: &Unit, price: Price, size: Power) -> Block {
    Block { owner: Owner::Unit(unit.id), price, size, taken: Power::ZERO }
}

/// What a store can do within one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreWindow {
    /// Energy in it.
    pub stored: Energy,
    /// Output before, if known.
    pub previous: Option<Power>,
    /// Length of the interval.
    pub interval: Duration,
}

/// Prices at which a store turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// It charges below.
    pub charge: Price,
    /// It discharges above.
    pub discharge: Price,
}

/// Limits and blocks of a store.
///
/// Its blocks stand on the demand side, counted down from full discharge: the first gives up
/// discharging (valued at the discharge threshold), the second charges (at the charge threshold).
///
/// # Panics
/// If the unit has no storage.
#[must_use]
pub fn store_blocks(unit: &Unit, window: &StoreWindow, at: Thresholds) -> (SetPoint, Vec<Block>) {
    let storage = unit.storage.as_ref().expect("only stores are asked for these blocks");
    let high = unit.maximum.min(discharge_limit(storage, window));
    let charge = storage.charge.min(charge_limit(storage, window));
    let previous = window.previous;
    let point = SetPoint {
        unit: unit.id,
        side: Side::Demand,
        previous,
        low: -charge,
        high,
        power: Power::ZERO,
    };
    let blocks =
        [block(unit, at.discharge, high), block(unit, at.charge.min(at.discharge), charge)];
    (point, blocks.into_iter().filter(|block| block.size > Power::ZERO).collect())
}

fn discharge_limit(storage: &Storage, window: &StoreWindow) -> Power {
    let free = (window.stored - storage.reserve).max(Energy::ZERO);
    let outside = i128::from(free.milliwatt_hours()) * i128::from(storage.efficiency_permille);
    power_over(outside / 1000, window.interval)
}

fn charge_limit(storage: &Storage, window: &StoreWindow) -> Power {
    let room = (storage.capacity - window.stored).max(Energy::ZERO);
    let outside = i128::from(room.milliwatt_hours()) * 1000;
    power_over(outside / i128::from(storage.efficiency_permille), window.interval)
}

fn power_over(milliwatt_hours: i128, interval: Duration) -> Power {
    let milliwatts = milliwatt_hours * 3_600_000 / i128::from(interval.milliseconds());
    Power::from_milliwatts(i64::try_from(milliwatts).unwrap_or(i64::MAX))
}

/// Energy in a store after an interval at `power`.
pub(crate) fn stored_after(storage: &Storage, window: &StoreWindow, power: Power) -> Energy {
    let outside = i128::from(power.milliwatts()) * i128::from(window.interval.milliseconds());
    let (outside, efficiency) = (outside / 3_600_000, i128::from(storage.efficiency_permille));
    let taken = if outside > 0 { outside * 1000 / efficiency } else { outside * efficiency / 1000 };
    let stored = i128::from(window.stored.milliwatt_hours()) - taken;
    let stored = Energy::from_milliwatt_hours(i64::try_from(stored).unwrap_or(i64::MAX));
    stored.max(Energy::ZERO).min(storage.capacity)
}

/// The rule of a store, from the prices that are expected for the next day in any order.
///
/// It wants to charge in the cheapest intervals that fill it and to discharge in the dearest ones
/// that empty it; so the thresholds are those order statistics. A cycle must also pay for its
/// losses and its wear, else the charge threshold falls until it does. The rule doesn't look at the
/// order in time: it's a heuristic. Dispatch is optimal for the thresholds, not for the day.
#[must_use]
pub fn thresholds(unit: &Unit, interval: Duration, expected: &[Price]) -> Thresholds {
    let Some(storage) = unit.storage.as_ref().filter(|_| !expected.is_empty()) else {
        return Thresholds { charge: Price::MIN, discharge: Price::MAX };
    };
    let mut sorted = expected.to_vec();
    sorted.sort_unstable();
    let room = storage.capacity - storage.reserve;
    let fill = intervals(room, storage.charge, interval).min(sorted.len().div_ceil(2));
    let drain = intervals(room, unit.maximum, interval).min(sorted.len() / 2).max(1);
    let discharge = sorted[sorted.len() - drain];
    Thresholds { charge: sorted[fill - 1].min(worthwhile(storage, discharge)), discharge }
}

/// The highest price at which charging still pays, if discharging earns `discharge`.
fn worthwhile(storage: &Storage, discharge: Price) -> Price {
    let efficiency = i128::from(storage.efficiency_permille);
    let earned = i128::from((discharge - storage.wear).micro_yuan_per_kwh());
    let price = (earned * efficiency * efficiency).div_euclid(1_000_000);
    Price::from_micro_yuan_per_kwh(i64::try_from(price).expect("smaller than the price itself"))
}

/// Intervals at full power that move `energy`, at least one.
fn intervals(energy: Energy, power: Power, interval: Duration) -> usize {
    let per_interval = i128::from(power.milliwatts()) * i128::from(interval.milliseconds());
    let work = i128::from(energy.milliwatt_hours()) * 3_600_000;
    let count = if per_interval == 0 { 1 } else { (work + per_interval - 1) / per_interval };
    usize::try_from(count.max(1)).unwrap_or(usize::MAX)
}

/// What the next kWh costs at a load, by merit order of everything that doesn't depend on weather
/// or stores: the expected price before there's a day of history.
#[must_use]
pub fn expected_price(units: &[Unit], load: Power, cap: Price) -> Price {
    let mut offers: Vec<Offer> = units
        .iter()
        .filter(|unit| !unit.kind.stores() && !unit.kind.follows_weather())
        .flat_map(|unit| offers_between(unit, Power::ZERO, unit.maximum))
        .map(|block| Offer { power: block.size, price: block.price })
        .collect();
    offers.sort_by_key(|offer| offer.price);
    let mut reached = Power::ZERO;
    for offer in offers {
        reached += offer.power;
        if reached >= load {
            return offer.price.min(cap);
        }
    }
    cap
}
