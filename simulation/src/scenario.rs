//! Scenarios: who lives in the world and what happens to them, as a TOML text.

use core::fmt;
use quantity::{CivilDate, CivilTime, Duration, Instant};
use serde::Deserialize;

/// A world to be simulated.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Short name, as on the command line.
    pub name: String,
    /// One sentence in English.
    pub title_en: String,
    /// One sentence in Chinese.
    pub title_zh: String,
    /// Legal date on which the world begins, at 0 h, as `YYYY-MM-DD`.
    pub start: String,
    /// Customer meters, unless asked for otherwise.
    pub meters: u32,
    /// How many customer meters sample waveforms; all others follow profiles of power.
    pub waveform_meters: u32,
    /// Loss of the network in thousandths of what customers take.
    pub loss_permille: u32,
    /// Digital yuan that the central bank issues at the start.
    pub issued_yuan: i64,
    /// Limits of each hardware wallet.
    pub limits: Limits,
    /// Groups of customers; their shares sum to 1000.
    #[serde(rename = "customers")]
    pub customers: Vec<CustomerGroup>,
    /// Plants with a gateway meter each.
    #[serde(rename = "plants")]
    pub plants: Vec<Plant>,
    /// Faults of the network between meters and platform.
    #[serde(default, rename = "outages")]
    pub outages: Vec<Outage>,
}

/// Limits of a hardware wallet; dated policy of the operator, not constants of the code.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most that a customer's meter pays in one order.
    pub customer_payment_yuan: i64,
    /// Most that it pays in one legal day.
    pub customer_day_yuan: i64,
    /// Most that a gateway meter pays in one order.
    pub gateway_payment_yuan: i64,
    /// Most that it pays in one legal day.
    pub gateway_day_yuan: i64,
    /// Most orders without a receipt before a meter stops paying (it goes on metering).
    pub offline_orders: u32,
    /// Most money in orders without a receipt.
    pub offline_yuan: i64,
}

/// Customers of one kind.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct CustomerGroup {
    /// Class of the meters, a code word of the contract language.
    pub class: String,
    /// Thousandths of all customers.
    pub share_permille: u32,
    /// Contract for import, a name in `data/contracts`.
    pub contract: String,
    /// Contract for export, for who feeds in.
    pub export_contract: Option<String>,
    /// Load profiles, dealt out in turn.
    pub profiles: Vec<String>,
    /// Nominal power.
    pub nominal_watts: i64,
    /// Customers differ in size by this much, in thousandths.
    pub spread_permille: i64,
    /// Change of load in thousandths when the price doubles; negative.
    pub elasticity_permille: i64,
    /// Reactive power in thousandths of the active power.
    pub reactive_permille: i64,
    /// Profile of a plant on the roof.
    pub roof_profile: Option<String>,
    /// Nominal power of the plant on the roof.
    #[serde(default)]
    pub roof_watts: i64,
    /// Money in the bill wallet at the start.
    pub wallet_yuan: i64,
}

/// A plant that feeds in through a gateway meter.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Plant {
    /// Class of the meter: coal, hydro, wind, solar, nuclear, battery, pumped-storage, ev-fleet.
    pub class: String,
    /// Name for people, in English.
    pub name_en: String,
    /// Name for people, in Chinese.
    pub name_zh: String,
    /// Contract for export, a name in `data/contracts`.
    pub contract: String,
    /// Contract for what storage takes.
    pub import_contract: Option<String>,
    /// Power for each 100 customers: the pilot's share of a real plant.
    pub watts_per_100_customers: i64,
    /// Lowest power while running, in thousandths of the highest.
    #[serde(default)]
    pub minimum_permille: i64,
    /// Fuel or water cost, or what storage asks for, in micro-yuan per kWh.
    pub offer_micro_yuan_per_kwh: i64,
    /// Profile of what wind, sun or water allow.
    pub profile: Option<String>,
    /// For storage: energy at full power, in minutes.
    #[serde(default)]
    pub storage_minutes: i64,
    /// For storage: round-trip efficiency in thousandths.
    #[serde(default)]
    pub efficiency_permille: i64,
}

/// The network of some meters is cut for a time.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// First customer (from 0) that is cut off.
    pub first_customer: u32,
    /// How many customers are cut off.
    pub customers: u32,
    /// Minutes after the start.
    pub from_minute: i64,
    /// Length in minutes.
    pub minutes: i64,
}

/// Why a text isn't a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScenarioError {
    /// It isn't TOML, or a field is missing, unknown or of the wrong kind.
    Text(String),
    /// A value can't be.
    Value {
        /// The field.
        field: String,
        /// What it must be.
        must: &'static str,
    },
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(reason) => write!(f, "{}", reason.trim_end()),
            Self::Value { field, must } => write!(f, "'{field}' {must}"),
        }
    }
}

impl core::error::Error for ScenarioError {}

impl Scenario {
    /// Reads and checks a scenario.
    ///
    /// # Errors
    /// [`ScenarioError`] that names the field.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self =
            toml::from_str(text).map_err(|error| ScenarioError::Text(error.to_string()))?;
        scenario.check()?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), ScenarioError> {
        require(self.start_date().is_some(), "start", "must be a date such as 2026-03-17")?;
        require(self.meters > 0, "meters", "must be at least 1")?;
        let shares: u32 = self.customers.iter().map(|group| group.share_permille).sum();
        require(shares == 1000, "customers.share_permille", "must sum to 1000 over all groups")?;
        require(self.loss_permille <= 500, "loss_permille", "must be at most 500")?;
        let yuan = 1..=10_000_000_000;
        require(yuan.contains(&self.issued_yuan), "issued_yuan", "must be 1 to 10000000000")?;
        self.limits.check()?;
        let slack = self.plants.iter().any(|plant| plant.class == "coal");
        require(slack, "plants", "need one of class coal, which follows the load")?;
        self.customers.iter().try_for_each(CustomerGroup::check)?;
        self.plants.iter().try_for_each(Plant::check)
    }

    /// Start of the world.
    ///
    /// # Panics
    /// Never: the date was checked when the scenario was parsed.
    #[must_use]
    pub fn start(&self) -> Instant {
        self.start_date().expect("checked when parsed").start()
    }

    fn start_date(&self) -> Option<CivilDate> {
        let mut parts = self.start.splitn(3, '-');
        let year: i32 = parts.next()?.parse().ok()?;
        let month: u8 = parts.next()?.parse().ok()?;
        let day: u8 = parts.next()?.parse().ok()?;
        let date = CivilDate { year, month, day };
        // Chinese meters know the years 2000 to 2099.
        let plausible = (2000..2099).contains(&year) && (1..=12).contains(&month) && day > 0;
        // A date that doesn't exist, such as 31 April, reads back as another one.
        (plausible && Instant::from_civil(midnight(date)).civil().date == date).then_some(date)
    }

    /// Names of all profiles that the scenario uses.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        let loads = self.customers.iter().flat_map(|group| &group.profiles);
        let roofs = self.customers.iter().filter_map(|group| group.roof_profile.as_ref());
        let plants = self.plants.iter().filter_map(|plant| plant.profile.as_ref());
        loads.chain(roofs).chain(plants).map(String::as_str)
    }

    /// Names of all contracts that the scenario uses.
    pub fn contract_names(&self) -> impl Iterator<Item = &str> {
        let import = self.customers.iter().map(|group| &group.contract);
        let export = self.customers.iter().filter_map(|group| group.export_contract.as_ref());
        let plants = self.plants.iter().map(|plant| &plant.contract);
        let charging = self.plants.iter().filter_map(|plant| plant.import_contract.as_ref());
        import.chain(export).chain(plants).chain(charging).map(String::as_str)
    }
}

/// No customer and no plant of a pilot is larger than a gigawatt.
const WATTS_MAX: i64 = 1_000_000_000;
const WATTS: &str = "must be 1 to 1000000000";
/// No wallet of a pilot's meter holds more.
const YUAN_MAX: i64 = 100_000_000;

impl CustomerGroup {
    fn check(&self) -> Result<(), ScenarioError> {
        require(!self.profiles.is_empty(), "customers.profiles", "must name at least one")?;
        let watts = 1..=WATTS_MAX;
        require(watts.contains(&self.nominal_watts), "customers.nominal_watts", WATTS)?;
        let roof_watts = (0..=WATTS_MAX).contains(&self.roof_watts);
        require(roof_watts, "customers.roof_watts", WATTS)?;
        let elasticity = (-1000..=0).contains(&self.elasticity_permille);
        require(elasticity, "customers.elasticity_permille", "must be -1000 to 0")?;
        let reactive = (-10_000..=10_000).contains(&self.reactive_permille);
        require(reactive, "customers.reactive_permille", "must be -10000 to 10000")?;
        let spread = (0..1000).contains(&self.spread_permille);
        require(spread, "customers.spread_permille", "must be 0 to 999")?;
        let wallet = (0..=YUAN_MAX).contains(&self.wallet_yuan);
        require(wallet, "customers.wallet_yuan", "must be 0 to 100000000")?;
        let roof = self.roof_profile.is_some();
        require(
            roof == (self.roof_watts > 0) && (!roof || self.export_contract.is_some()),
            "customers.roof_profile",
            "needs roof_watts and an export_contract, and the other way round",
        )
    }
}

impl Plant {
    fn check(&self) -> Result<(), ScenarioError> {
        let power = (1..=WATTS_MAX).contains(&self.watts_per_100_customers);
        require(power, "plants.watts_per_100_customers", WATTS)?;
        let offer = (-1_000_000..=10_000_000).contains(&self.offer_micro_yuan_per_kwh);
        let must = "must be -1000000 to 10000000";
        require(offer, "plants.offer_micro_yuan_per_kwh", must)?;
        let minutes = (0..=10_000).contains(&self.storage_minutes);
        require(minutes, "plants.storage_minutes", "must be 0 to 10000")?;
        let minimum = (0..=1000).contains(&self.minimum_permille);
        require(minimum, "plants.minimum_permille", "must be 0 to 1000")?;
        let storage = self.storage_minutes > 0;
        require(
            storage == self.import_contract.is_some()
                && storage == (1..=1000).contains(&self.efficiency_permille),
            "plants.storage_minutes",
            "needs efficiency_permille and an import_contract, and the other way round",
        )
    }
}

impl Limits {
    fn check(&self) -> Result<(), ScenarioError> {
        let yuan = [
            (self.customer_payment_yuan, "limits.customer_payment_yuan"),
            (self.customer_day_yuan, "limits.customer_day_yuan"),
            (self.gateway_payment_yuan, "limits.gateway_payment_yuan"),
            (self.gateway_day_yuan, "limits.gateway_day_yuan"),
            (self.offline_yuan, "limits.offline_yuan"),
        ];
        yuan.into_iter().try_for_each(|(value, field)| {
            require((0..=YUAN_MAX).contains(&value), field, "must be 0 to 100000000")
        })
    }
}

impl Outage {
    /// Whether a customer is cut off at a time after the start.
    #[must_use]
    pub fn cuts(&self, customer: u32, since_start: Duration) -> bool {
        let from = Duration::from_minutes(self.from_minute);
        let until = from + Duration::from_minutes(self.minutes);
        customer.checked_sub(self.first_customer).is_some_and(|offset| offset < self.customers)
            && (from..until).contains(&since_start)
    }
}

const fn midnight(date: CivilDate) -> CivilTime {
    CivilTime { date, hour: 0, minute: 0, second: 0, millisecond: 0 }
}

fn require(holds: bool, field: &str, must: &'static str) -> Result<(), ScenarioError> {
    if holds { Ok(()) } else { Err(ScenarioError::Value { field: field.to_owned(), must }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HENAN_DAY: &str = include_str!("../../data/scenarios/henan-day.toml");

    #[test]
    fn the_built_in_scenario_is_valid() {
        let scenario = Scenario::parse(HENAN_DAY).unwrap();
        assert_eq!(scenario.start().civil().minute_of_day(), 0);
        assert!(scenario.meters >= 200 && scenario.plants.len() >= 8);
        assert!(scenario.waveform_meters >= 3);
    }

    #[test]
    fn wrong_values_are_named() {
        let cases = [
            ("start = \"2026-", "start = \"2026-02-30\" #", "'start' must be a date"),
            ("share_permille = 600", "share_permille = 601", "must sum to 1000"),
            ("class = \"coal\"", "class = \"gas\"", "need one of class coal"),
            ("waveform_meters = 3", "waveform_metres = 3", "unknown field"),
            ("nominal_watts = 3000", "nominal_watts = 0", "must be 1 to 1000000000"),
            ("elasticity_permille = -100", "elasticity_permille = 9", "must be -1000 to 0"),
        ];
        for (right, wrong, reason) in cases {
            assert!(HENAN_DAY.contains(right), "{right}");
            let text = HENAN_DAY.replacen(right, wrong, 1);
            let error = Scenario::parse(&text).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
