//! Starting a bank on its directory, and stopping it.

use super::Service;
use super::certificates::{CertificateError, Certificates};
use super::desk_log::DeskLog;
use super::idempotency::{Limits, Table};
use super::institutions::{self, Desks, Supervisor};
use super::memory::{Answers, MOVEMENTS_KEPT, Recalled};
use super::problem::Reply;
use super::rate::{Limiter, Rate};
use super::revocation::Gate;
use super::storage::{self, BankDirectory, Founding, StorageError};
use super::who::Identity;
use super::writer::{CALLS_WAITING_MAX, Job, Jobs, Ledger, Opened, Writer};
use crate::pilot::builtin;
use crate::store::restart::{Restarted, Start};
use crate::store::snapshots::{Every, Keeper};
use crate::watch::Watch;
use bank::Genesis;
use bank::authentication::Register;
use bank::export::Journal;
use quantity::Instant;
use simulation::founding::Keys;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;

/// Bytes of answers that are kept for repeated calls.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// How a bank is to be started.
pub struct Options<'a> {
    /// Its directory.
    pub directory: &'a Path,
    /// Seed of a new bank; a bank that exists must have it.
    pub seed: Option<u64>,
    /// How fast one client may be.
    pub rate: Rate,
    /// Names and addresses of the server, for its certificate.
    pub server_names: &'a [String],
    /// How often the state is kept, so that a restart takes seconds.
    pub snapshots: Every,
    /// The clock.
    pub clock: fn() -> Instant,
}

/// Why a bank can't be started: what, where, and what to do.
#[derive(Debug)]
pub struct StartError(String);

impl core::fmt::Display for StartError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for StartError {}

impl StartError {
    pub(super) fn other(error: impl core::fmt::Display) -> Self {
        Self(error.to_string())
    }

    pub(super) fn at(path: &Path, reason: impl core::fmt::Display) -> Self {
        Self(format!("{}: {reason}", path.display()))
    }
}

impl From<StorageError> for StartError {
    fn from(error: StorageError) -> Self {
        Self(error.to_string())
    }
}

impl From<CertificateError> for StartError {
    fn from(error: CertificateError) -> Self {
        Self(error.to_string())
    }
}

/// A bank that takes calls.
pub struct Started {
    /// For the router and the listener.
    pub service: Arc<Service>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// How it went on with the bank; `None` if it was founded.
    pub start: Option<Start>,
    writer: JoinHandle<()>,
    jobs: Jobs,
}

impl Started {
    /// Writes what waits, keeps the state for the next start, and ends the writer.
    pub fn stop(self) {
        // If the writer is gone, there is nothing to stop.
        let _ = self.jobs.send(Job::Stop);
        let _ = self.writer.join();
    }
}

/// What the directory gave.
struct Ground {
    ledger: Ledger,
    register: Register,
    genesis: Genesis,
    keys: Keys,
    desk_log: DeskLog,
    calls: Table<Reply>,
    answers: Answers,
    keeper: Keeper,
    start: Option<Start>,
    notes: Vec<String>,
}

/// Founds a bank, or goes on with the one that the directory holds.
///
/// # Errors
/// [`StartError`]; nothing that was there is changed.
pub fn start(options: &Options<'_>) -> Result<Started, StartError> {
    let directory = BankDirectory::open(options.directory)?;
    let now = (options.clock)();
    let ground = match directory.founding()? {
        Some(founding) => resume(&directory, &founding, options)?,
        None => found(&directory, now, options)?,
    };
    let certificates = Certificates::of(options.directory);
    let clients = clients(&ground.genesis);
    let clients: Vec<_> = clients.iter().map(|(name, who)| (name.as_str(), *who)).collect();
    certificates.complete(now, options.server_names, &clients)?;
    let gate = Gate::open(certificates, options.clock)?;
    Ok(spawn(directory, ground, gate, options))
}

/// Names of the first clients: the first operator is `operator`, the others have their number too.
fn clients(genesis: &Genesis) -> Vec<(String, Identity)> {
    let named = |(place, number): (usize, u16)| {
        let name = if place == 0 { "operator".to_owned() } else { format!("operator-{number:03}") };
        (name, Identity::Operator(number))
    };
    let operators = genesis.operators.iter().map(|operator| operator.number).enumerate().map(named);
    let others = [
        ("central-bank".to_owned(), Identity::CentralBank),
        ("analyst".to_owned(), Identity::Analyst),
        ("auditor".to_owned(), Identity::Auditor),
        ("authentication-centre".to_owned(), Identity::AuthenticationCentre),
        ("supervisor".to_owned(), Identity::Supervisor),
    ];
    others.into_iter().chain(operators).collect()
}

fn spawn(directory: BankDirectory, ground: Ground, gate: Gate, options: &Options<'_>) -> Started {
    let Ground { ledger, register, genesis, keys, desk_log, calls, notes, .. } = ground;
    let Ground { answers, keeper, start, .. } = ground;
    let desks = Desks::new(&keys, &genesis, register, ledger.registration());
    let ledger = Arc::new(RwLock::new(ledger));
    let (jobs, waiting) = sync_channel(CALLS_WAITING_MAX);
    let clock = options.clock;
    let own = Arc::clone(&ledger);
    let keeper = keeper.every(options.snapshots);
    let writer = Writer { ledger: own, desks, desk_log, answers, keeper, directory, clock };
    let service = Arc::new(Service {
        ledger,
        jobs: jobs.clone(),
        calls: Mutex::new(calls),
        limiter: Mutex::new(Limiter::new(options.rate)),
        clock,
        genesis,
        supervisor: Supervisor::new(&keys),
        gate,
    });
    let writer = std::thread::spawn(move || writer.run(&waiting));
    Started { service, notes, start, writer, jobs }
}

const fn no_calls() -> Table<Reply> {
    let answers_max = super::desk_log::KEPT_MAX;
    Table::new(Limits { answers_max, bytes_max: ANSWER_BYTES_MAX })
}

fn found(
    directory: &BankDirectory,
    now: Instant,
    options: &Options<'_>,
) -> Result<Ground, StartError> {
    let seed = options.seed.unwrap_or(7);
    let genesis = simulation::founding::Founding::new(seed, now).genesis();
    let keys = Keys::of_seed(seed);
    let founding = Founding { seed, authority: institutions::authority(&keys) };
    let register = institutions::first_register(&keys, &genesis);
    let bank = directory.found(&founding, &genesis, (keys.registration.clone(), &register))?;
    let (journal, watch) = (Journal::new(MOVEMENTS_KEPT), watch(&keys)?);
    let ledger = Ledger { bank, journal, watch, opened: Vec::new(), writes: true };
    let (desk_log, _) = DeskLog::open(directory)?;
    Ok(Ground {
        ledger,
        register,
        genesis,
        keys,
        desk_log,
        calls: no_calls(),
        answers: Answers::default(),
        keeper: directory.keeper(),
        start: None,
        notes: Vec::new(),
    })
}

/// The analysis centre of a bank.
fn watch(keys: &Keys) -> Result<Watch, StartError> {
    let rules = Watch::new(keys.pseudonyms, builtin::ANALYSIS_RULES);
    rules.map_err(|error| StartError(format!("what the analysis centre reports: {error}")))
}

fn resume(
    directory: &BankDirectory,
    founding: &Founding,
    options: &Options<'_>,
) -> Result<Ground, StartError> {
    if options.seed.is_some_and(|seed| seed != founding.seed) {
        let holds = format!("holds a bank with seed {}; leave out --seed", founding.seed);
        return Err(StartError::at(directory.path(), holds));
    }
    let keys = Keys::of_seed(founding.seed);
    if institutions::authority(&keys) != founding.authority {
        let other =
            "its keys aren't those of its seed in this version; use the version that made it";
        return Err(StartError::at(directory.path(), other));
    }
    let genesis = directory.genesis()?;
    let (desk_log, desk_calls) = DeskLog::open(directory)?;
    let recalled = Recalled::of(&desk_calls);
    let Restarted { bank, watch: recalled, keeper, start, notes } =
        directory.recover(founding, &keys.registration, &recalled)?;
    let (mut calls, mut answers) = (no_calls(), Answers::default());
    for (call, reply) in recalled.answered(&desk_calls) {
        calls.restore(&call.key, call.call, reply.clone(), reply.body.len());
        answers.push(call.order, reply.clone());
    }
    let mut register = storage::read_register(directory.path())?;
    recalled.disclosures.iter().for_each(|disclosure| register.note(*disclosure));
    let opened = register.disclosures().iter().map(|one| Opened::of(*one, &register)).collect();
    // The analysis centre reaches back as far as the movements that are kept.
    let (journal, mut watch) = (recalled.journal, watch(&keys)?);
    journal.kept().for_each(|row| watch.see_row(row, bank.registration()));
    let ledger = Ledger { bank, journal, watch, opened, writes: true };
    let start = Some(start);
    Ok(Ground { ledger, register, genesis, keys, desk_log, calls, answers, keeper, start, notes })
}
