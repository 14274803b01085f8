//! Plants: what each feeds in, given what the grid company asked for and what nature allows.

use crate::population::{permille, share};
use crate::profiles::Profiles;
use crate::random::Random;
use crate::scenario::{Plant as Plan, Scenario};
use contract::CustomerClass;
use quantity::{Duration, Energy, EnergyRest, Instant, Power};

/// Wind, sun and water vary within a step of their profile by up to this much, in thousandths.
const VARIATION_PERMILLE: i64 = 60;

/// A plant behind a gateway meter.
#[derive(Clone, Debug)]
pub struct Plant {
    /// Class of its meter.
    pub class: CustomerClass,
    /// Highest power.
    pub capacity: Power,
    profile: Option<String>,
    store: Option<Store>,
    random: Random,
}

/// What storage holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Store {
    /// Most that fits.
    pub capacity: Energy,
    /// What is in it.
    pub held: Energy,
    rest: EnergyRest,
    efficiency_permille: i64,
}

/// Makes the plants of a scenario for a number of customers; storage begins half full.
///
/// # Panics
/// If a class isn't known: check the scenario first.
#[must_use]
pub fn build(scenario: &Scenario, customers: u32, random: Random) -> Vec<Plant> {
    let numbered = scenario.plants.iter().zip(0_u64..);
    numbered.map(|(plan, number)| Plant::new(plan, customers, random.part(number))).collect()
}

impl Plant {
    fn new(plan: &Plan, customers: u32, random: Random) -> Self {
        let capacity =
            Power::from_milliwatts(plan.watts_per_100_customers * 10 * i64::from(customers));
        let store = (plan.storage_minutes > 0).then(|| {
            let full =
                capacity.over(Duration::from_minutes(plan.storage_minutes), EnergyRest::ZERO);
            let full = full.expect("minutes of a plant's power fit").energy;
            Store {
                capacity: full,
                held: Energy::from_milliwatt_hours(full.milliwatt_hours() / 2),
                rest: EnergyRest::ZERO,
                efficiency_permille: plan.efficiency_permille,
            }
        });
        Self {
            class: CustomerClass::from_word(&plan.class).expect("the scenario was checked"),
            capacity,
            profile: plan.profile.clone(),
            store,
            random,
        }
    }

    /// Whether it follows what the others leave over.
    #[must_use]
    pub fn is_slack(&self) -> bool {
        self.class == CustomerClass::Coal
    }

    /// What it holds, if it is storage.
    #[must_use]
    pub const fn store(&self) -> Option<Store> {
        self.store
    }

    /// Puts back what it held before a restart.
    pub fn restore_store(&mut self, held: Energy, rest: EnergyRest) {
        if let Some(store) = &mut self.store {
            (store.held, store.rest) = (held, rest);
        }
    }

    /// What nature allows now, without the variation of the minute: what a forecast may know.
    #[must_use]
    pub fn resource(&self, profiles: &Profiles, now: Instant) -> Power {
        match &self.profile {
            Some(profile) => share(self.capacity, profiles.at(profile, now)),
            None => self.capacity,
        }
    }

    /// Power of this minute (positive feeds in) for a set point.
    #[must_use]
    pub fn output(&self, profiles: &Profiles, now: Instant, set_point: Power) -> Power {
        match (&self.profile, &self.store) {
            (Some(_), _) => set_point.min(self.available(profiles, now)).max(Power::ZERO),
            (None, Some(store)) => store.possible(set_point, Duration::from_minutes(1)),
            (None, None) => set_point.min(self.capacity).max(Power::ZERO),
        }
    }

    /// Books what flowed into or out of storage.
    pub fn book(&mut self, output: Power, duration: Duration) {
        if let Some(store) = &mut self.store {
            store.book(output, duration);
        }
    }

    fn available(&self, profiles: &Profiles, now: Instant) -> Power {
        let minute = now.floor_to(Duration::from_minutes(1)).unix_milliseconds().cast_unsigned();
        let variation = self.random.part(minute).between(-VARIATION_PERMILLE, VARIATION_PERMILLE);
        permille(self.resource(profiles, now), 1000 + variation).min(self.capacity)
    }
}

impl Store {
    /// The rest that rounding left, to be stored beside what it holds.
    #[must_use]
    pub const fn rest(&self) -> EnergyRest {
        self.rest
    }

    /// Energy that goes in or out of the store itself: charging loses what efficiency takes.
    const fn inner(&self, output: Power) -> Power {
        let milliwatts = output.milliwatts();
        if milliwatts >= 0 {
            return Power::from_milliwatts(-milliwatts);
        }
        Power::from_milliwatts(-milliwatts * self.efficiency_permille / 1000)
    }

    fn possible(&self, set_point: Power, duration: Duration) -> Power {
        let flow = self.inner(set_point).over(duration, self.rest).expect("a minute of a plant");
        let held = self.held + flow.energy;
        if held.is_negative() || held > self.capacity { Power::ZERO } else { set_point }
    }

    fn book(&mut self, output: Power, duration: Duration) {
        let flow = self.inner(output).over(duration, self.rest).expect("a minute of a plant");
        self.held += flow.energy;
        self.rest = flow.rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_never_gives_what_it_does_not_hold() {
        let text = include_str!("../../data/scenarios/henan-day.toml");
        let scenario = Scenario::parse(text).unwrap();
        let plants = build(&scenario, 200, Random::from_seed(1));
        let mut battery =
            plants.into_iter().find(|plant| plant.class == CustomerClass::Battery).unwrap();
        let profiles = Profiles::default();
        let minute = Duration::from_minutes(1);
        for set_point in [battery.capacity, -battery.capacity] {
            for _ in 0..600 {
                let output = battery.output(&profiles, Instant::EPOCH, set_point);
                battery.book(output, minute);
                let store = battery.store().unwrap();
                assert!(!store.held.is_negative() && store.held <= store.capacity);
            }
            assert_eq!(battery.output(&profiles, Instant::EPOCH, set_point), Power::ZERO);
        }
    }
}
