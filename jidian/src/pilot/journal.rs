//! Writing a pilot down, in the order that lets it go on after any death of the process.
//!
//! 1. what the grid company said (`grid.log`),
//! 2. what the minute changed in the chips (`world.log`): from here on its orders exist,
//! 3. the batch of the registration centre (`bank.log`, synced): from here on they are final,
//! 4. the settlement records that were booked (`evidence.log`).
//!
//! A record of `world.log` says how long `grid.log` and `evidence.log` were; a restart cuts them back
//! to that and does the rest of the minute again, which gives the same records.

use crate::store::log::{Durability, Kind, LogError, LogWriter};
use crate::store::snapshots::{Keeper, Snapshots};
use crate::store::{BankLog, DataDirectory};
use bank::log::{Place, Snapshot, StorageError};
use simulation::ledger::{Evidence, GridEntry};
use simulation::state::Minute;
use simulation::world::{Metered, Settled, World};
use std::time::{Duration, Instant};

use super::Threads;

/// A log of the world longer than this is begun anew.
const WORLD_LOG_BYTES_MAX: u64 = 512 << 20;
/// Writes in one record of a snapshot, each of at most 256 bytes.
const SNAPSHOT_WRITES: usize = 100_000;

/// Marks the record that a clean end writes.
pub const CLOSED: &[u8; 6] = b"CLOSED";

/// Why a pilot can't go on.
#[derive(Debug)]
pub struct RunError(String);

impl core::fmt::Display for RunError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for RunError {}

impl RunError {
    pub(crate) fn other(error: impl core::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<LogError> for RunError {
    fn from(error: LogError) -> Self {
        let advice = match &error.error {
            StorageError::Medium { .. } => {
                "; what was acknowledged is safe: make room and start again"
            }
            StorageError::NotALog
            | StorageError::OtherVersion { .. }
            | StorageError::Damaged { .. }
            | StorageError::Unsure
            | StorageError::EndsBefore { .. }
            | StorageError::OtherHistory { .. } => "",
        };
        Self(format!("{error}{advice}"))
    }
}

impl From<bank::LogError> for RunError {
    fn from(error: bank::LogError) -> Self {
        Self(format!("{error}; nothing was acknowledged, start again with the same --data"))
    }
}

/// What one minute did, and how long its parts took.
pub struct StepOutcome {
    /// First half.
    pub metered: Metered,
    /// Second half.
    pub settled: Settled,
    /// Time on the wall for deciding, measuring and settling in the meters.
    pub metering: Duration,
    /// Time on the wall for the bank, its log and the receipts.
    pub settling: Duration,
    /// Time on the wall for the other logs.
    pub writing: Duration,
}

/// The logs beside the bank's, and its snapshots.
pub struct Journal {
    pub(super) grid: LogWriter,
    pub(super) evidence: LogWriter,
    pub(super) world: LogWriter,
    pub(super) keeper: Keeper,
    pub(super) workers: Threads,
}

impl Journal {
    pub(super) fn create(directory: &DataDirectory) -> Result<Self, RunError> {
        let create = |kind| LogWriter::create(&directory.log(kind), kind, Durability::Buffered);
        Ok(Self {
            grid: create(Kind::Grid)?,
            evidence: create(Kind::Evidence)?,
            world: create(Kind::World)?,
            keeper: Keeper::new(Snapshots::of(directory.path())),
            workers: Threads::new(),
        })
    }

    pub(super) fn begin(
        &mut self,
        entries: &[GridEntry],
        world: &World<BankLog>,
    ) -> Result<(), RunError> {
        for entry in entries {
            self.grid.append(&entry.to_bytes())?;
        }
        self.note_snapshot(world)?;
        self.sync()
    }

    /// Lives through one minute of the world and writes it down.
    ///
    /// # Errors
    /// [`RunError`]: the world must not go on in this process.
    pub fn step(&mut self, world: &mut World<BankLog>) -> Result<StepOutcome, RunError> {
        let begin = Instant::now();
        let metered = world.meter_minute(&self.workers);
        let measured = Instant::now();
        for entry in &metered.entries {
            self.grid.append(&entry.to_bytes())?;
        }
        // A record of the world names the lengths of the other two, and an order may leave a meter
        // only when the meter's memory of it can't get lost: hence synced, and in this order.
        self.grid.sync()?;
        self.evidence.sync()?;
        self.note_world(&metered.minute)?;
        self.world.sync()?;
        let written = Instant::now();
        let settled = world.settle_minute(&self.workers)?;
        let answered = Instant::now();
        self.note_evidence(&settled)?;
        if self.world.length() > WORLD_LOG_BYTES_MAX {
            self.shorten(world)?;
        }
        self.keep(world, Keeper::is_due);
        Ok(StepOutcome {
            metered,
            settled,
            metering: measured - begin,
            settling: answered - written,
            writing: (written - measured) + answered.elapsed(),
        })
    }

    /// Ends cleanly: what changed since the last minute, a record that seals all logs, and the
    /// registration centre's state for the next start.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn close(&mut self, world: &mut World<BankLog>) -> Result<(), RunError> {
        self.note_world(&world.changes())?;
        let bank = world.bank().log();
        let mut closed = CLOSED.to_vec();
        let ends = [&self.grid, &self.evidence].map(|log| (log.records(), log.chain()));
        for (records, chain) in [(bank.records(), bank.chain()), ends[0], ends[1]] {
            closed.extend_from_slice(&records.to_be_bytes());
            closed.extend_from_slice(&chain.0);
        }
        closed.extend_from_slice(&world.journal_hash().0);
        self.world.append(&closed)?;
        self.sync()?;
        self.keeper.finish();
        self.keep(world, Keeper::is_behind);
        self.keeper.finish();
        Ok(())
    }

    /// Keeps the registration centre's state, for a restart.
    fn keep(&mut self, world: &World<BankLog>, is_due: impl Fn(&Keeper, Place) -> bool) {
        let log = world.bank().log().stored();
        if is_due(&self.keeper, log.place()) {
            self.keeper.take(Snapshot::of(log, world.bank().registration().to_snapshot()));
        }
    }

    pub(super) fn note_evidence(&mut self, settled: &Settled) -> Result<(), RunError> {
        if let Some(refusal) = settled.book_refusals.first() {
            return Err(RunError::other(format!("the grid company's books refuse: {refusal}")));
        }
        for evidence in &settled.evidence {
            self.evidence.append(&Evidence::to_bytes(evidence))?;
        }
        Ok(())
    }

    pub(super) fn note_world(&mut self, minute: &Minute) -> Result<(), RunError> {
        let mut record = Vec::new();
        record.extend_from_slice(&self.grid.records().to_be_bytes());
        record.extend_from_slice(&self.evidence.records().to_be_bytes());
        record.extend_from_slice(&minute.to_bytes());
        Ok(self.world.append(&record)?)
    }

    /// Writes whole memories, in records of bounded size. Each says the present, so a process that
    /// dies between two of them loses nothing.
    fn note_snapshot(&mut self, world: &World<BankLog>) -> Result<(), RunError> {
        let whole = world.snapshot();
        let mut records = whole.writes.chunks(SNAPSHOT_WRITES).peekable();
        while let Some(writes) = records.next() {
            let grid = if records.peek().is_none() { whole.grid.clone() } else { None };
            self.note_world(&Minute { state: whole.state.clone(), grid, writes: writes.to_vec() })?;
        }
        Ok(())
    }

    /// Begins a new log of the world with its present state, in place of the old one.
    pub(super) fn shorten(&mut self, world: &World<BankLog>) -> Result<(), RunError> {
        let path = self.world.path().to_owned();
        let new = path.with_extension("log.new");
        let _ = std::fs::remove_file(&new);
        self.grid.sync()?;
        self.evidence.sync()?;
        let old = core::mem::replace(
            &mut self.world,
            LogWriter::create(&new, Kind::World, Durability::Buffered)?,
        );
        drop(old);
        self.note_snapshot(world)?;
        self.world.sync()?;
        self.world.rename(&path)?;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), RunError> {
        for log in [&mut self.grid, &mut self.evidence, &mut self.world] {
            log.sync()?;
        }
        Ok(())
    }
}
