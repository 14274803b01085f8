//! Data sets that the program carries with it, so that it needs no file to run.

use flate2::read::GzDecoder;
use simulation::profiles::{ProfileError, Profiles};
use std::io::Read;

const LOADS: &[u8] = include_bytes!("../../../data/simbench/load_profiles_2016_15min.csv.gz");
const PLANTS: &[u8] = include_bytes!("../../../data/simbench/res_profiles_2016_15min.csv.gz");

/// Kind, usual size and frequency of each built-in profile, as CSV.
pub const PROFILES_META: &str = include_str!("../../../data/simbench/profiles_meta.csv");

/// Limits of wallets by grade, as CSV.
pub const WALLET_LIMITS: &str = include_str!("../../../data/bank/limits.csv");

/// Interest of wallets by grade, as CSV.
pub const WALLET_INTEREST: &str = include_str!("../../../data/bank/interest.csv");

/// What the analysis centre reports, as CSV.
pub const ANALYSIS_RULES: &str = include_str!("../../../data/bank/analysis.csv");

/// Built-in scenarios by name.
pub const SCENARIOS: &[(&str, &str)] =
    &[("henan-day", include_str!("../../../data/scenarios/henan-day.toml"))];

macro_rules! contracts {
    ($($name:literal),+ $(,)?) => {
        /// Built-in contracts by name.
        pub const CONTRACTS: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../data/contracts/", $name, ".contract")),
        )),+];

        /// The contracts that take over when those end, by the names of those.
        const DEFAULTS: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../data/contracts/default/", $name, "-default.contract")),
        )),+];
    };
}
contracts!(
    "agricultural-henan",
    "battery-charging",
    "battery-discharging",
    "coal-henan",
    "commercial-henan-tou",
    "ev-charging-henan",
    "ev-fleet-charging",
    "ev-fleet-discharging",
    "heat-pump-henan",
    "hydro",
    "industrial-cement-henan",
    "nuclear",
    "prosumer-export",
    "prosumer-import-henan",
    "pumped-storage-discharging",
    "pumped-storage-pumping",
    "regional-grid",
    "residential-henan",
    "solar",
    "wind",
);

/// Source of a built-in contract.
#[must_use]
pub fn contract(name: &str) -> Option<&'static str> {
    source_in(CONTRACTS, name)
}

/// Source of the contract that takes over when a built-in one ends.
#[must_use]
pub fn default_contract(name: &str) -> Option<&'static str> {
    source_in(DEFAULTS, name)
}

fn source_in(sources: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    sources.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The built-in tables of profiles as CSV: loads, then plants.
#[must_use]
pub fn profile_tables() -> [String; 2] {
    [unpack(LOADS), unpack(PLANTS)]
}

/// The built-in profiles of these names.
///
/// # Errors
/// [`ProfileError`] if the tables were damaged when the program was built.
pub fn profiles(names: &[&str]) -> Result<Profiles, ProfileError> {
    let mut profiles = Profiles::default();
    // Loads are `NAME_p` (active power) in the table; plants have no suffix.
    let loads: Vec<String> = names.iter().map(|name| format!("{name}_p")).collect();
    let loads: Vec<&str> = loads.iter().map(String::as_str).collect();
    profiles.add_table(&unpack(LOADS), &loads)?;
    profiles.add_table(&unpack(PLANTS), names)?;
    Ok(profiles.without_suffix("_p"))
}

fn unpack(bytes: &[u8]) -> String {
    let mut text = String::new();
    let unpacked = GzDecoder::new(bytes).read_to_string(&mut text);
    assert!(unpacked.is_ok(), "the tables are part of the program");
    text
}
