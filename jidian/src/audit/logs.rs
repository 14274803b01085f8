//! The files of a data directory, read as they are.

use super::failure::{Failure, Place};
use crate::store::log::{Kind, LogReader, Tail};
use crate::store::{file_of, manifest, snapshots};
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

    /// Checks a snapshot of the state, if there is one: it must be whole, and taken from this log.
    pub(super) fn check_snapshot(&self) -> Result<(), Failure> {
        let path = self.path.with_file_name(snapshots::FILE);
        let fault = |error: &dyn core::fmt::Display| {
            let advice = "remove it: a restart then takes longer, and nothing is lost";
            Failure::of_file(&path, format_args!("{error}; {advice}"))
        };
        let Some(snapshot) = snapshots::read(&path).map_err(|error| fault(&error))? else {
            return Ok(());
        };
        if self.chain_after(snapshot.place.records) == Some(snapshot.place.chain) {
            Ok(())
        } else {
            Err(fault(&"it was taken from another log, or from one that was longer"))
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
