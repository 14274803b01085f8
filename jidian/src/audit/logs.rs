//! The files of a data directory, read as they are.

use super::failure::{Failure, Place};
use crate::store::log::{Kind, LogReader, Tail};
use crate::store::{file_of, manifest, snapshots};
use bank::Registration;
use bank::log::Snapshot;
use std::path::{Path, PathBuf};
use wire::Digest;

/// Name of the lock file.
const LOCK: &str = "lock";

/// What belongs to a pilot, beside the lock.
pub(super) const PILOT_FILES: [&str; 6] = [
    manifest::FILE,
    snapshots::FILE,
    file_of(Kind::Bank),
    file_of(Kind::Grid),
    file_of(Kind::Evidence),
    file_of(Kind::World),
];

/// Looks at the names in the directory: no file may be there that no check covers.
pub(super) fn check_names(directory: &Path, ours: &[&str]) -> Result<(), Failure> {
    let unreadable = |error| Failure::of_file(directory, format_args!("can't be read: {error}"));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    paths.iter().try_for_each(|path| check_name(path, ours))
}

fn check_name(path: &Path, ours: &[&str]) -> Result<(), Failure> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name == LOCK {
        let length = path.symlink_metadata().map(|found| (found.is_file(), found.len()));
        return match length {
            Ok((true, 0)) => Ok(()),
            _ => {
                Err(Failure::of_file(path, "must be an empty file; it holds bytes from byte 0 on"))
            }
        };
    }
    if name.ends_with(".new") {
        let what = "left over from a write that was interrupted and never took effect; remove it";
        return Err(Failure::of_file(path, what));
    }
    if ours.contains(&name) {
        return Ok(());
    }
    Err(Failure::of_file(path, "no such file belongs to a data directory; remove it"))
}

/// A whole log in memory.
pub(super) struct Log {
    path: PathBuf,
    records: Vec<Record>,
    first_chain: Digest,
    tail: Tail,
}

/// One record.
struct Record {
    offset: u64,
    bytes: Vec<u8>,
    chain: Digest,
}

impl Log {
    /// Reads a log of the directory and checks every bit of it against its chain.
    pub(super) fn read(directory: &Path, kind: Kind) -> Result<Self, Failure> {
        let path = directory.join(file_of(kind));
        let mut reader = LogReader::open(&path, kind)?;
        let first_chain = reader.chain();
        let mut records = Vec::new();
        loop {
            let offset = reader.offset();
            let Some(bytes) = reader.next_record()?.map(<[u8]>::to_vec) else { break };
            records.push(Record { offset, bytes, chain: reader.chain() });
        }
        Ok(Self { path, records, first_chain, tail: reader.tail() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn payloads(&self) -> impl Iterator<Item = &[u8]> {
        self.records.iter().map(|record| record.bytes.as_slice())
    }

    /// Chain value behind the first `count` records; `None` if there are fewer.
    pub(super) fn chain_after(&self, count: u64) -> Option<Digest> {
        match count.checked_sub(1) {
            None => Some(self.first_chain),
            Some(last) => self.records.get(usize::try_from(last).ok()?).map(|record| record.chain),
        }
    }

    /// A fault of a record.
    pub(super) fn fault(&self, record: usize, what: impl core::fmt::Display) -> Failure {
        let place = self
            .records
            .get(record)
            .map(|found| Place { record: record as u64, offset: found.offset });
        Failure { file: self.path.clone(), place, what: what.to_string() }
    }

    /// Decodes all records.
    pub(super) fn decoded<T, E: core::fmt::Display>(
        &self,
        decode: impl Fn(usize, &[u8]) -> Result<T, E>,
    ) -> Result<Vec<T>, Failure> {
        let numbered = self.payloads().enumerate();
        numbered
            .map(|(number, bytes)| {
                decode(number, bytes).map_err(|error| {
                    self.fault(
                        number,
                        format_args!("not a record that the program writes: {error}"),
                    )
                })
            })
            .collect()
    }

    /// A note on an append that was never finished.
    pub(super) fn tail_note(&self) -> Option<String> {
        tail_note(&self.path, self.tail)
    }
}

/// The snapshot of the registration centre's state.
pub(super) struct Kept {
    path: PathBuf,
    snapshot: Snapshot,
}

impl Kept {
    /// Reads it, if there is one. It is read before the log: a running pilot takes it behind.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, Failure> {
        let path = directory.join(snapshots::FILE);
        match snapshots::read(&path) {
            Ok(None) => Ok(None),
            Ok(Some(snapshot)) => Ok(Some(Self { path, snapshot })),
            Err(error) => Err(fault_of_snapshot(&path, error)),
        }
    }

    /// It must be taken from this log.
    pub(super) fn check_place(&self, log: &Log) -> Result<(), Failure> {
        let place = self.snapshot.place;
        if log.chain_after(place.records) == Some(place.chain) {
            return Ok(());
        }
        let what = "it was taken from another log, or from one that was longer";
        Err(fault_of_snapshot(&self.path, what))
    }

    /// Its state must be the one that repeating leads to; asked behind each batch.
    pub(super) fn check_state(&self, state: &Registration) -> Result<(), Failure> {
        let is_here = self.snapshot.batch() == Some(state.last_batch());
        if is_here && self.snapshot.state != state.to_snapshot() {
            let batch = state.last_batch();
            let what = format_args!("its state isn't the one behind batch {batch}");
            return Err(fault_of_snapshot(&self.path, what));
        }
        Ok(())
    }
}

fn fault_of_snapshot(path: &Path, what: impl core::fmt::Display) -> Failure {
    let advice = "remove it: a restart then takes longer, and nothing is lost";
    Failure::of_file(path, format_args!("{what}; {advice}"))
}

/// A note on an append that was never finished.
pub(super) fn tail_note(path: &Path, tail: Tail) -> Option<String> {
    match tail {
        Tail::Whole => None,
        Tail::Unfinished { offset, bytes } => {
            let name = path.file_name().unwrap_or_default().display();
            Some(format!(
                "{name}: unfinished write of {bytes} bytes at byte {offset}, never acknowledged"
            ))
        }
    }
}
