//! The pilot: a world on its data directory.
//!
//! [`found`] begins one, [`resume`] goes on with one, whatever instant the process before died at;
//! [`Journal`] writes down each minute in the order that makes this possible.

pub mod builtin;
mod found;
mod journal;
mod options;
mod publish;
mod resume;
mod totals;
mod workers;

pub use found::{ContractSource, found};
pub use journal::{CLOSED, Journal, RunError, StepOutcome};
pub use options::{Options, OptionsError, ScenarioChoice};
pub use publish::{PublishError, Published, Standing, look};
pub use resume::resume;
pub use totals::Totals;
pub use workers::Threads;

use crate::store::BankLog;
use simulation::world::World;

/// A pilot that is ready to go on.
pub struct Pilot {
    /// The world.
    pub world: World<BankLog>,
    /// Where it is written down.
    pub journal: Journal,
    /// Contracts in force, as people read them.
    pub sources: Vec<ContractSource>,
    /// Sums over everything settled so far.
    pub totals: Totals,
    /// The latest settlements before this process began, oldest first.
    pub recent: std::collections::VecDeque<simulation::ledger::Evidence>,
    /// How the start went on with the bank; `None` if it was founded.
    pub start: Option<crate::store::restart::Start>,
    /// What to tell whoever started it, such as a repaired tail.
    pub notes: Vec<String>,
}
