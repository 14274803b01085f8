//! Going on with a pilot, whatever instant the process before died at.

use super::found::{self, ContractSource, Ground};
use super::journal::{CLOSED, Journal, RunError};
use super::options::{Options, ScenarioChoice};
use super::{Pilot, Threads, Totals};
use crate::store::log::{Durability, Kind, LogReader, LogWriter, Tail, recover};
use crate::store::manifest::Manifest;
use crate::store::restart::{Restarted, Unwatched, restart};
use crate::store::{BankLog, DataDirectory};
use contract::{CustomerClass, Direction};
use grid::{Decision, Grid};
use quantity::Instant;
use simulation::founding::MeterPlan;
use simulation::fram::Fram;
use simulation::ledger::{Evidence, GridEntry};
use simulation::market::Programs;
use simulation::meter::{CHIPS, Meter};
use simulation::state::{Minute, State};
use simulation::world::{Parts, Workers, World};
use std::collections::VecDeque;
use std::path::Path;
use wire::package::PackageKind;
use wire::{PublicKey, Wire};

/// Settlements that the console shows again after a restart.
const RECENT_MAX: usize = 20_000;

/// Goes on with the pilot of a directory.
///
/// # Errors
/// [`RunError`] that names the file that is damaged, of another version or contradicts another.
pub fn resume(directory: &DataDirectory) -> Result<Pilot, RunError> {
    let manifest = Manifest::read(directory.path()).map_err(RunError::other)?;
    let choice = ScenarioChoice::Text(&manifest.scenario);
    let options =
        Options::new(choice, Some(manifest.meters), manifest.seed).map_err(RunError::other)?;
    let _ = std::fs::remove_file(directory.path().join("world.log.new"));
    let mut notes = Vec::new();
    let mut last = Last::default();
    let world_log = read_log(directory, Kind::World, &mut notes, |bytes| last.take(bytes))?;
    last.must_exist(&world_log)?;
    let said = read_grid(directory, last.grid_records, &mut notes)?;
    let ground = found::ground(&options, programs(&said.sources, last.now()))?;
    let (evidence_log, evidence) = read_evidence(directory, last.evidence_records, &mut notes)?;
    let Restarted { bank, keeper, start, notes: told, .. } =
        recover_bank(directory, &manifest, &ground)?;
    notes.extend(told);
    let grid = last.grid()?;
    let decision = decision(&last.grid.1)?;
    let meters = boot_meters(&options, &ground, last.memories)?;
    let Ground { fixed, plants, .. } = ground;
    let parts = Parts { fixed, plants, meters, bank, grid, state: last.state, decision };
    let mut world = World::assemble(parts);
    let mut totals = Totals::default();
    for booked in &evidence {
        totals.add(booked);
        world.rebook(booked).map_err(RunError::other)?;
    }
    check_bank_is_whole(&mut world)?;
    let journal = Journal {
        grid: LogWriter::resume(&said.log, Durability::Buffered)?,
        evidence: LogWriter::resume(&evidence_log, Durability::Buffered)?,
        world: LogWriter::resume(&world_log, Durability::Buffered)?,
        keeper,
        workers: Threads::new(),
    };
    let mut recent: VecDeque<Evidence> = evidence.into();
    recent.drain(..recent.len().saturating_sub(RECENT_MAX));
    let (sources, start) = (said.sources, Some(start));
    let mut pilot = Pilot { world, journal, sources, totals, recent, start, notes };
    pilot.finish_minute()?;
    Ok(pilot)
}

impl Pilot {
    /// Does the second half of the minute that the process before may have died in.
    fn finish_minute(&mut self) -> Result<(), RunError> {
        if self.world.now() == self.world.fixed().scenario.start() {
            return Ok(());
        }
        let settled = self.world.settle_minute(&self.journal.workers)?;
        self.journal.note_evidence(&settled)?;
        for evidence in settled.evidence {
            self.totals.add(&evidence);
            self.recent.push_back(evidence);
        }
        Ok(())
    }
}

/// What the world's log says in the end.
#[derive(Default)]
pub(super) struct Last {
    found: bool,
    broken: Option<String>,
    grid_records: u64,
    evidence_records: u64,
    state: State,
    grid: (Vec<u8>, Vec<u8>),
    memories: Vec<[Option<Fram>; CHIPS]>,
}

impl Last {
    /// Takes a record; `false` ends the log.
    pub(super) fn take(&mut self, bytes: &[u8]) -> bool {
        if bytes.starts_with(CLOSED) {
            return true;
        }
        match Self::parse(bytes) {
            Ok((grid_records, evidence_records, minute)) => {
                (self.grid_records, self.evidence_records) = (grid_records, evidence_records);
                self.apply(minute);
                self.found = true;
            }
            Err(error) => self.broken = Some(error.to_string()),
        }
        self.broken.is_none()
    }

    fn parse(bytes: &[u8]) -> Result<(u64, u64, Minute), wire::DecodeError> {
        let mut reader = wire::Reader::new(bytes);
        let (grid, evidence) = (Wire::read(&mut reader)?, Wire::read(&mut reader)?);
        Ok((grid, evidence, Minute::from_bytes(&bytes[reader.at()..])?))
    }

    fn apply(&mut self, minute: Minute) {
        self.state = minute.state;
        if let Some(grid) = minute.grid {
            self.grid = grid;
        }
        for (meter, chip, write) in minute.writes {
            let meter = meter as usize;
            if self.memories.len() <= meter {
                self.memories.resize_with(meter + 1, Default::default);
            }
            let place = &mut self.memories[meter][usize::from(chip)];
            place.get_or_insert_with(|| blank(chip)).restore(&write);
        }
    }

    pub(super) const fn now(&self) -> Instant {
        self.state.now
    }

    pub(super) fn grid(&self) -> Result<Grid, RunError> {
        Grid::load(&self.grid.0)
            .map_err(|error| RunError::other(format!("world.log: state of the grid: {error}")))
    }

    pub(super) fn must_exist(&self, log: &LogReader) -> Result<(), RunError> {
        let path = log.path().display();
        if let Some(broken) = &self.broken {
            return Err(RunError::other(format!("{path}: record {}: {broken}", log.records())));
        }
        if self.found { Ok(()) } else { Err(RunError::other(format!("{path}: holds no world"))) }
    }
}

fn blank(chip: u8) -> Fram {
    // Registers and management core have a small memory, the transaction core a large one.
    Fram::new(if chip < 2 { Fram::MB85RC512T_BYTES } else { tee::CAPACITY_USUAL })
}

fn read_log(
    directory: &DataDirectory,
    kind: Kind,
    notes: &mut Vec<String>,
    accept: impl FnMut(&[u8]) -> bool,
) -> Result<LogReader, RunError> {
    let reader = recover(&directory.log(kind), kind, accept)?;
    note_tail(reader.path(), reader.tail(), notes);
    Ok(reader)
}

fn note_tail(path: &Path, tail: Tail, notes: &mut Vec<String>) {
    if let Tail::Unfinished { offset, bytes } = tail {
        notes.push(format!(
            "{}: {bytes} bytes from byte {offset} on were never finished; they are dropped",
            path.display()
        ));
    }
}

struct Said {
    log: LogReader,
    sources: Vec<ContractSource>,
}

/// Reads what the grid company said, up to the record that the world's log names: what follows is
/// said again.
fn read_grid(
    directory: &DataDirectory,
    records: u64,
    notes: &mut Vec<String>,
) -> Result<Said, RunError> {
    let (mut seen, mut sources, mut broken) = (0, Vec::new(), None);
    let log = read_log(directory, Kind::Grid, notes, |bytes| {
        if seen == records {
            return false;
        }
        match GridEntry::from_bytes(bytes) {
            Ok(GridEntry::Contract(package, text)) => sources.extend(source(*package, text)),
            Ok(_) => {}
            Err(error) => broken = Some(format!("record {seen}: {error}")),
        }
        seen += 1;
        true
    })?;
    must_reach(&log, records, broken)?;
    Ok(Said { log, sources })
}

fn source(package: wire::package::SignedPackage, text: String) -> Option<ContractSource> {
    let built = contract::build(&text).ok()?;
    Some(ContractSource {
        class: CustomerClass::from_byte(package.package.class)?,
        direction: Direction::from_byte(package.package.direction)?,
        name: built.name,
        version: built.version,
        text,
        package,
    })
}

/// The byte code in force of each class and direction: later packages replace earlier ones. Default
/// packages read no signals, so nothing outside the meters runs them.
fn programs(sources: &[ContractSource], now: Instant) -> Programs {
    let begun = sources.iter().filter(|source| {
        let package = &source.package.package;
        package.kind == PackageKind::Ordinary && package.active_from <= now
    });
    let programs = begun
        .map(|source| ((source.class, source.direction), source.package.package.program.to_vec()));
    programs.collect()
}

fn read_evidence(
    directory: &DataDirectory,
    records: u64,
    notes: &mut Vec<String>,
) -> Result<(LogReader, Vec<Evidence>), RunError> {
    let (mut evidence, mut broken) = (Vec::new(), None);
    let log = read_log(directory, Kind::Evidence, notes, |bytes| {
        if evidence.len() as u64 == records {
            return false;
        }
        match Evidence::from_bytes(bytes) {
            Ok(record) => evidence.push(record),
            Err(error) => broken = Some(format!("record {}: {error}", evidence.len())),
        }
        broken.is_none()
    })?;
    must_reach(&log, records, broken)?;
    Ok((log, evidence))
}

fn must_reach(log: &LogReader, records: u64, broken: Option<String>) -> Result<(), RunError> {
    let path = log.path().display();
    match broken {
        Some(broken) => Err(RunError::other(format!("{path}: {broken}"))),
        None if log.records() < records => Err(RunError::other(format!(
            "{path}: holds {} records, world.log has seen {records}; restore the file from a copy",
            log.records()
        ))),
        None => Ok(()),
    }
}

fn recover_bank(
    directory: &DataDirectory,
    manifest: &Manifest,
    ground: &Ground,
) -> Result<Restarted<crypto::SigningKey, Unwatched>, RunError> {
    let authority: PublicKey = manifest.authority.parse().map_err(RunError::other)?;
    let signer = &ground.fixed.keys.registration;
    restart(directory.path(), &authority, signer, &Unwatched).map_err(RunError::other)
}

/// Meters and bank must have lived through the same minutes: a receipt that a meter holds proves that
/// its batch was final, and a batch proves that its minute was in the meters' memories.
fn check_bank_is_whole(world: &mut World<BankLog>) -> Result<(), RunError> {
    let last = world.bank().registration().last_at();
    if last > world.now() {
        return Err(RunError::other(format!(
            "world.log: ends at {}, yet bank.log holds a batch of {}; minutes of the meters' memory \
             are missing, restore the file from a copy",
            world.now().civil(),
            last.civil()
        )));
    }
    let (has, seen) = (world.bank().registration().last_batch(), world.newest_batch_seen());
    if has >= seen {
        return Ok(());
    }
    Err(RunError::other(format!(
        "bank.log: ends with batch {has}, yet a meter has a receipt of batch {seen}; an acknowledged \
         batch is missing, restore the file from a copy"
    )))
}

fn decision(bytes: &[u8]) -> Result<Option<Decision>, RunError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let decision = Decision::decode(bytes)
        .map_err(|error| RunError::other(format!("world.log: decision in force: {error}")))?;
    Ok(Some(decision))
}

fn boot_meters(
    options: &Options,
    ground: &Ground,
    mut memories: Vec<[Option<Fram>; CHIPS]>,
) -> Result<Vec<Meter>, RunError> {
    memories.resize_with(ground.plans.len(), Default::default);
    type Slot = (Option<(MeterPlan, [Fram; CHIPS])>, Option<Result<Meter, String>>);
    let mut slots: Vec<Slot> = ground
        .plans
        .iter()
        .cloned()
        .zip(memories)
        .map(|(plan, [registers, management, transaction])| {
            let memories = [
                registers.unwrap_or_else(|| blank(0)),
                management.unwrap_or_else(|| blank(1)),
                transaction.unwrap_or_else(|| blank(2)),
            ];
            (Some((plan, memories)), None)
        })
        .collect();
    Threads::new().each(&mut slots, |(taken, booted)| {
        *booted = taken.take().map(|(plan, memories)| {
            let instrument = found::instrument(options, &ground.fixed, &plan);
            Meter::boot(plan, instrument, memories).map_err(|fault| fault.to_string())
        });
    });
    let booted = slots.into_iter().filter_map(|(_, booted)| booted);
    booted.collect::<Result<_, _>>().map_err(|fault| RunError::other(format!("world.log: {fault}")))
}
