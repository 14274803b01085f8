//! The world's log: what a restart needs, and the closing record.

use super::failure::{Failure, Place};
use super::logs::{Log, tail_note};
use super::market::{Market, require};
use crate::pilot::CLOSED;
use crate::store::file_of;
use crate::store::log::{Kind, LogReader};
use crypto::{Sm2Verifier, Sm3};
use grid::{Decision, Grid};
use quantity::Instant;
use simulation::fram::Fram;
use simulation::meter::CHIPS;
use simulation::state::Minute;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tee::{CAPACITY_USUAL, Tee};
use wire::tee::{Command, Reply};
use wire::{DecodeError, Digest, Reader, Wire};

/// Position of the transaction core among the chips.
const TRANSACTION_CORE: u8 = 2;
const _: () = assert!(CHIPS == 3, "the transaction core is the last chip");

/// Where the other logs stood when a record was written.
struct Mark {
    place: Place,
    counts: [(Kind, u64); 2],
    decision: Option<Digest>,
}

/// Where the logs stood when the directory was closed.
struct Closing {
    place: Place,
    logs: [(Kind, u64, Digest); 3],
    journal: Digest,
    /// The journal hash of the memories in this log.
    remembered: Result<Digest, String>,
}

/// What the log says, to be held against the other logs.
pub(super) struct World {
    path: PathBuf,
    marks: Vec<Mark>,
    closings: Vec<Closing>,
    ends_closed: bool,
    pub(super) minutes: u64,
    pub(super) note: Option<String>,
}

/// Reads the log and checks every bit of it against its chain. Its records aren't kept: they are
/// the largest part of a directory.
pub(super) fn read(directory: &Path) -> Result<World, Failure> {
    let path = directory.join(file_of(Kind::World));
    let mut reader = LogReader::open(&path, Kind::World)?;
    let mut world = World {
        path: path.clone(),
        marks: Vec::new(),
        closings: Vec::new(),
        ends_closed: false,
        minutes: 0,
        note: None,
    };
    let mut memories = Memories::default();
    loop {
        let place = Place { record: reader.records(), offset: reader.offset() };
        let Some(bytes) = reader.next_record()? else { break };
        world.take(bytes, place, &mut memories).map_err(|what| world.fault(place, what))?;
    }
    world.note = tail_note(&path, reader.tail());
    world.ends_closed &= world.note.is_none();
    Ok(world)
}

impl World {
    fn fault(&self, place: Place, what: impl core::fmt::Display) -> Failure {
        Failure { file: self.path.clone(), place: Some(place), what: what.to_string() }
    }

    fn take(&mut self, bytes: &[u8], place: Place, memories: &mut Memories) -> Result<(), String> {
        let unreadable =
            |error: DecodeError| format!("not a record that the program writes: {error}");
        self.ends_closed = bytes.starts_with(CLOSED);
        if self.ends_closed {
            let (logs, journal) = closing(bytes).map_err(unreadable)?;
            let remembered = memories.journal_hash();
            self.closings.push(Closing { place, logs, journal, remembered });
            return Ok(());
        }
        let mut reader = Reader::new(bytes);
        let grid = u64::read(&mut reader).map_err(unreadable)?;
        let evidence = u64::read(&mut reader).map_err(unreadable)?;
        let minute = Minute::from_bytes(&bytes[reader.at()..]).map_err(unreadable)?;
        require(minute.state.now >= memories.now, || "the clock of the world ran back".to_owned())?;
        self.minutes +=
            u64::from(minute.state.now > memories.now && memories.now != Instant::EPOCH);
        memories.now = minute.state.now;
        let decision = match &minute.grid {
            None => None,
            Some((grid, decision)) => {
                Grid::load(grid).map_err(unreadable)?;
                // Empty before the first decision.
                match decision.is_empty() {
                    true => None,
                    false => Some(Decision::decode(decision).map_err(unreadable)?.digest()),
                }
            }
        };
        let counts = [(Kind::Grid, grid), (Kind::Evidence, evidence)];
        self.marks.push(Mark { place, counts, decision });
        memories.take(&minute)
    }

    /// Holds the log against the others. Returns whether the directory was closed.
    pub(super) fn check_counts(&self, logs: [(Kind, &Log); 3]) -> Result<bool, Failure> {
        let find = |kind: Kind| logs.iter().find(|(known, _)| *known == kind).map(|(_, log)| *log);
        for mark in &self.marks {
            for (kind, count) in mark.counts {
                let known = find(kind).map_or(0, |log| log.len() as u64);
                if count > known {
                    let what = format!(
                        "{} should hold at least {count} records and holds {known}: its end is \
                         missing",
                        file_of(kind)
                    );
                    return Err(self.fault(mark.place, what));
                }
            }
        }
        let mut is_whole = self.ends_closed;
        for closing in &self.closings {
            for (kind, count, chain) in closing.logs {
                let Some(log) = find(kind) else { continue };
                if log.chain_after(count) != Some(chain) {
                    let what = format!(
                        "{} was closed with {count} records and another content than it holds now",
                        file_of(kind)
                    );
                    return Err(self.fault(closing.place, what));
                }
            }
        }
        if let Some(closing) = self.closings.last() {
            for (kind, count, _) in closing.logs {
                is_whole &= find(kind)
                    .is_some_and(|log| log.len() as u64 == count && log.tail_note().is_none());
            }
        }
        Ok(is_whole)
    }

    /// Holds decisions and journals against what the other logs were found to say.
    pub(super) fn check_content(&self, market: &Market) -> Result<(), Failure> {
        for mark in &self.marks {
            if mark.decision.is_some_and(|decision| !market.has_decided(decision)) {
                let what = "the decision in force isn't one of grid.log";
                return Err(self.fault(mark.place, what));
            }
        }
        for closing in &self.closings {
            let remembered = closing.remembered.as_ref();
            let remembered = remembered.map_err(|what| self.fault(closing.place, what))?;
            if *remembered != closing.journal {
                let what = "the journal hash isn't that of the meters' memories";
                return Err(self.fault(closing.place, what));
            }
        }
        Ok(())
    }
}

type Closed = ([(Kind, u64, Digest); 3], Digest);

fn closing(bytes: &[u8]) -> Result<Closed, DecodeError> {
    let mut reader = Reader::new(bytes);
    reader.take(CLOSED.len())?;
    let mut log = |kind| Ok((kind, u64::read(&mut reader)?, Digest::read(&mut reader)?));
    let logs = [log(Kind::Bank)?, log(Kind::Grid)?, log(Kind::Evidence)?];
    let journal = Digest::read(&mut reader)?;
    reader.finish()?;
    Ok((logs, journal))
}

/// Memories of the transaction cores, as the log writes them.
struct Memories {
    now: Instant,
    cores: BTreeMap<u32, Fram>,
}

impl Default for Memories {
    fn default() -> Self {
        Self { now: Instant::EPOCH, cores: BTreeMap::new() }
    }
}

impl Memories {
    fn take(&mut self, minute: &Minute) -> Result<(), String> {
        for (meter, chip, write) in &minute.writes {
            let capacity = match *chip {
                TRANSACTION_CORE => CAPACITY_USUAL,
                _ => Fram::MB85RC512T_BYTES,
            };
            let end = u64::from(write.address) + write.bytes.len() as u64;
            require(end <= u64::from(capacity), || {
                format!("meter number {meter} writes behind the end of its chip {chip}")
            })?;
            if *chip == TRANSACTION_CORE {
                let core = self.cores.entry(*meter).or_insert_with(|| Fram::new(CAPACITY_USUAL));
                core.restore(write);
            }
        }
        Ok(())
    }

    /// As [`simulation::world::World::journal_hash`] has it.
    fn journal_hash(&self) -> Result<Digest, String> {
        let mut hash = Sm3::new();
        for (number, memory) in &self.cores {
            let mut copy = Fram::new(CAPACITY_USUAL);
            copy.restore(&simulation::fram::Write { address: 0, bytes: memory.image().to_vec() });
            let core = Tee::boot(copy);
            let mut core =
                core.map_err(|error| format!("the memory of meter number {number}: {error}"))?;
            let Reply::Status(status) = core.invoke(self.now, &Sm2Verifier, Command::Status) else {
                return Err(format!("the memory of meter number {number} is damaged"));
            };
            hash.update(&status.sequence.to_be_bytes());
            hash.update(&status.head.0);
        }
        Ok(hash.finish())
    }
}
