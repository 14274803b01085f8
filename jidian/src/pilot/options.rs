//! What a pilot is begun with.

use super::builtin;
use simulation::population::unknown_class;
use simulation::profiles::Profiles;
use simulation::scenario::Scenario;
use std::path::Path;

/// What a new pilot is made from.
#[derive(Clone, Debug)]
pub struct Options {
    /// The text of its scenario.
    pub text: String,
    /// The same, read.
    pub scenario: Scenario,
    /// Number of customers.
    pub meters: u32,
    /// Seed.
    pub seed: u64,
}

/// Where a scenario comes from.
#[derive(Clone, Copy, Debug)]
pub enum ScenarioChoice<'a> {
    /// A built-in name, or the path of a file.
    NameOrFile(&'a str),
    /// The text itself, such as that of a manifest.
    Text(&'a str),
}

/// Why a pilot can't be begun like this.
#[derive(Debug)]
pub struct OptionsError(String);

impl core::fmt::Display for OptionsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for OptionsError {}

impl Options {
    /// Reads a scenario and checks it against what the program knows.
    ///
    /// # Errors
    /// [`OptionsError`] that names what is unknown or wrong.
    pub fn new(
        choice: ScenarioChoice<'_>,
        meters: Option<u32>,
        seed: u64,
    ) -> Result<Self, OptionsError> {
        let (name, text) = match choice {
            ScenarioChoice::NameOrFile(name) => (name, find(name)?),
            ScenarioChoice::Text(text) => ("the manifest's scenario", text.to_owned()),
        };
        let wrong = |reason: String| OptionsError(format!("scenario {name}: {reason}"));
        let scenario = Scenario::parse(&text).map_err(|error| wrong(error.to_string()))?;
        if let Some(class) = unknown_class(&scenario) {
            return Err(wrong(format!("class '{class}' isn't one of the contract language")));
        }
        if let Some(contract) =
            scenario.contract_names().find(|contract| builtin::contract(contract).is_none())
        {
            let known: Vec<&str> = builtin::CONTRACTS.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            return Err(wrong(format!("there is no contract '{contract}'; there are {known}")));
        }
        let meters = meters.unwrap_or(scenario.meters);
        if !(1..=800_000).contains(&meters) {
            return Err(OptionsError(format!("{meters} meters: choose 1 to 800000")));
        }
        Ok(Self { text, scenario, meters, seed })
    }

    /// The profiles that the scenario uses.
    ///
    /// # Errors
    /// [`OptionsError`] if one is unknown.
    pub fn profiles(&self) -> Result<Profiles, OptionsError> {
        let names: Vec<&str> = self.scenario.profile_names().collect();
        let profiles =
            builtin::profiles(&names).map_err(|error| OptionsError(error.to_string()))?;
        match names.iter().find(|name| !profiles.contains(name)) {
            None => Ok(profiles),
            Some(name) => Err(OptionsError(format!(
                "scenario {}: there is no profile '{name}'; see data/simbench/profiles_meta.csv",
                self.scenario.name
            ))),
        }
    }
}

fn find(name: &str) -> Result<String, OptionsError> {
    if let Some((_, text)) = builtin::SCENARIOS.iter().find(|(known, _)| *known == name) {
        return Ok((*text).to_owned());
    }
    let path = Path::new(name);
    if !path.exists() {
        let known: Vec<&str> = builtin::SCENARIOS.iter().map(|(name, _)| *name).collect();
        return Err(OptionsError(format!(
            "unknown scenario '{name}': there is no such file, and the built-in ones are {}",
            known.join(", ")
        )));
    }
    std::fs::read_to_string(path).map_err(|error| OptionsError(format!("{name}: {error}")))
}
