//! Customers: how much each takes, and how each answers the price.
//!
//! There is no public set of many Chinese homes. A customer here is a measured profile with a size
//! and a minute-by-minute variation of its own, both fixed by the seed: say so wherever results
//! are shown.

use crate::profiles::Profiles;
use crate::random::Random;
use crate::scenario::{CustomerGroup, Scenario};
use contract::CustomerClass;
use quantity::{Duration, Instant, Power, Price};

/// Loads vary from minute to minute by up to this much, in thousandths.
const VARIATION_PERMILLE: i64 = 80;
/// The load answers the price within these bounds, in thousandths of what it would be.
const RESPONSE_PERMILLE: core::ops::RangeInclusive<i64> = 300..=1500;

/// A customer of the pilot.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Number among the customers, from 0.
    pub index: u32,
    /// Position of its group in the scenario.
    pub group: usize,
    /// Class of its meter.
    pub class: CustomerClass,
    profile: String,
    nominal: Power,
    elasticity_permille: i64,
    reactive_permille: i64,
    roof: Option<(String, Power)>,
    random: Random,
}

/// Power at the meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Active power; negative feeds in.
    pub active: Power,
    /// Reactive power in milli-vars; positive is inductive.
    pub reactive_milli_vars: i64,
}

/// Deals `count` customers out to the groups of a scenario, in proportion to their shares.
///
/// # Panics
/// If a class isn't known: check the scenario with [`unknown_class`] first.
#[must_use]
pub fn populate(scenario: &Scenario, count: u32, random: Random) -> Vec<Customer> {
    let mut customers = Vec::new();
    let mut dealt_permille = 0;
    for (position, group) in scenario.customers.iter().enumerate() {
        dealt_permille += u64::from(group.share_permille);
        // Rounding the running total gives each group its share and all groups together `count`.
        let until = (u64::from(count) * dealt_permille).div_ceil(1000).min(u64::from(count));
        while (customers.len() as u64) < until {
            let index = u32::try_from(customers.len()).expect("at most `count`");
            customers.push(Customer::new(index, position, group, random.part(u64::from(index))));
        }
    }
    customers
}

/// A class that the contract language doesn't know, if the scenario names one.
#[must_use]
pub fn unknown_class(scenario: &Scenario) -> Option<&str> {
    let customers = scenario.customers.iter().map(|group| group.class.as_str());
    let plants = scenario.plants.iter().map(|plant| plant.class.as_str());
    customers.chain(plants).find(|class| CustomerClass::from_word(class).is_none())
}

impl Customer {
    fn new(index: u32, position: usize, group: &CustomerGroup, random: Random) -> Self {
        let spread = group.spread_permille;
        let size = 1000 + random.part(1).between(-spread, spread);
        let scaled = |watts: i64| Power::from_milliwatts(watts * size);
        let choice = index as usize % group.profiles.len();
        Self {
            index,
            group: position,
            class: CustomerClass::from_word(&group.class).expect("the scenario was checked"),
            profile: group.profiles[choice].clone(),
            nominal: scaled(group.nominal_watts),
            elasticity_permille: group.elasticity_permille,
            reactive_permille: group.reactive_permille,
            roof: group.roof_profile.clone().map(|name| (name, scaled(group.roof_watts))),
            random,
        }
    }

    /// Nominal power of the load.
    #[must_use]
    pub const fn nominal(&self) -> Power {
        self.nominal
    }

    /// Power as it is planned: without the variation of the minute and the answer to prices.
    #[must_use]
    pub fn planned(&self, profiles: &Profiles, now: Instant) -> Power {
        share(self.nominal, profiles.at(&self.profile, now)) - self.roof(profiles, now)
    }

    fn roof(&self, profiles: &Profiles, now: Instant) -> Power {
        self.roof
            .as_ref()
            .map_or(Power::ZERO, |(profile, nominal)| share(*nominal, profiles.at(profile, now)))
    }

    /// Power of this minute, at a price and compared with the price that the customer is used to.
    #[must_use]
    pub fn demand(&self, profiles: &Profiles, now: Instant, price: Price, usual: Price) -> Demand {
        let minute = now.floor_to(Duration::from_minutes(1)).unix_milliseconds().cast_unsigned();
        let variation = self.random.part(2).part(minute);
        let variation = 1000 + variation.between(-VARIATION_PERMILLE, VARIATION_PERMILLE);
        let planned = share(self.nominal, profiles.at(&self.profile, now));
        let load = permille(permille(planned, variation), self.response_permille(price, usual));
        let roof = self
            .roof
            .as_ref()
            .map_or(Power::ZERO, |(profile, nominal)| share(*nominal, profiles.at(profile, now)));
        Demand {
            active: load - roof,
            reactive_milli_vars: permille(load, self.reactive_permille).milliwatts(),
        }
    }

    fn response_permille(&self, price: Price, usual: Price) -> i64 {
        let usual = usual.micro_yuan_per_kwh();
        if usual <= 0 {
            return 1000;
        }
        let change = self.elasticity_permille * (price.micro_yuan_per_kwh() - usual) / usual;
        (1000 + change).clamp(*RESPONSE_PERMILLE.start(), *RESPONSE_PERMILLE.end())
    }
}

/// A share of a nominal power.
#[must_use]
pub fn share(nominal: Power, millionths: i32) -> Power {
    let scaled = i128::from(nominal.milliwatts()) * i128::from(millionths) / 1_000_000;
    Power::from_milliwatts(i64::try_from(scaled).expect("a profile stays near its nominal power"))
}

pub(crate) fn permille(power: Power, permille: i64) -> Power {
    Power::from_milliwatts(power.milliwatts() * permille / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn henan() -> Scenario {
        Scenario::parse(include_str!("../../data/scenarios/henan-day.toml")).unwrap()
    }

    #[test]
    fn groups_get_their_share_whatever_the_number() {
        for count in [1, 7, 60, 200, 1000] {
            let customers = populate(&henan(), count, Random::from_seed(1));
            assert_eq!(customers.len(), count as usize);
        }
        let customers = populate(&henan(), 200, Random::from_seed(1));
        let of = |class| customers.iter().filter(|customer| customer.class == class).count();
        assert_eq!(of(CustomerClass::Residential), 120);
        assert_eq!(of(CustomerClass::Prosumer), 2);
        assert_eq!(unknown_class(&henan()), None);
    }

    #[test]
    fn a_higher_price_lowers_the_load_within_bounds() {
        let customer = &populate(&henan(), 200, Random::from_seed(1))[190];
        assert_eq!(customer.class, CustomerClass::Ev);
        let price = Price::from_micro_yuan_per_kwh;
        let response = |now| customer.response_permille(price(now), price(500_000));
        assert_eq!(response(500_000), 1000);
        assert_eq!(response(600_000), 840);
        assert_eq!(response(5_000_000), 300);
        assert_eq!(response(-5_000_000), 1500);
        assert_eq!(customer.response_permille(price(1), price(0)), 1000);
    }
}
