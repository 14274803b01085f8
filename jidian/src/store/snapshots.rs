//! The file with the last snapshot of the registration centre's state, and when a new one is due.

use bank::log::{Place, Snapshot, SnapshotError};
use core::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// Name of the file.
pub const FILE: &str = "bank.snapshot";

/// What it is called while it is written.
pub const NEW_FILE: &str = "bank.snapshot.new";

/// Why a snapshot can't be used. A restart goes on without one.
#[derive(Debug)]
pub enum Unusable {
    /// The file can't be read.
    Io(io::Error),
    /// It holds no sound snapshot.
    Snapshot(SnapshotError),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Snapshot(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Unusable {}

/// Reads a snapshot; `None` if there is no such file.
///
/// # Errors
/// [`Unusable`].
pub fn read(path: &Path) -> Result<Option<Snapshot>, Unusable> {
    match std::fs::read(path) {
        Ok(bytes) => Snapshot::from_bytes(&bytes).map(Some).map_err(Unusable::Snapshot),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Unusable::Io(error)),
    }
}

/// The snapshots of one data directory, of which the last one is kept.
#[derive(Clone, Debug)]
pub struct Snapshots {
    directory: PathBuf,
}

impl Snapshots {
    /// Those of a directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Path of the file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    /// Removes one that was never finished; it was of no use.
    pub fn clear_unfinished(&self) {
        // What is still there is overwritten by the next one.
        let _ = std::fs::remove_file(self.directory.join(NEW_FILE));
    }

    /// The last one; `None` if none was taken.
    ///
    /// # Errors
    /// [`Unusable`]: replay the log from its beginning then.
    pub fn last(&self) -> Result<Option<Snapshot>, Unusable> {
        read(&self.directory.join(FILE))
    }

    /// Keeps a snapshot in place of the one before, all at once.
    ///
    /// # Errors
    /// Those of the operating system; then the one before is still there.
    pub fn keep(&self, snapshot: &Snapshot) -> io::Result<()> {
        let new = self.directory.join(NEW_FILE);
        let kept = write(&new, snapshot)
            .and_then(|()| std::fs::rename(&new, self.path()))
            .and_then(|()| File::open(&self.directory)?.sync_all());
        if kept.is_err() {
            // A disk that is full needs the room.
            self.clear_unfinished();
        }
        kept
    }
}

fn write(path: &Path, snapshot: &Snapshot) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut written = Ok(());
    snapshot.write(&mut |part| {
        if written.is_ok() {
            written = file.write_all(part);
        }
    });
    written?;
    file.sync_all()
}

/// How often a snapshot is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// When the log has grown by so many bytes, and by the length of the last snapshot: so taking
    /// them never writes more than the log does.
    pub bytes: u64,
    /// When it has grown by so many records; small ones take longer to repeat for each byte.
    pub records: u64,
}

impl Every {
    /// A restart repeats at most so much, which takes seconds.
    pub const USUAL: Self = Self { bytes: 256 << 20, records: 100_000 };

    /// Never.
    pub const NEVER: Self = Self { bytes: u64::MAX, records: u64::MAX };
}

/// Keeps snapshots, each in a thread of its own, so that the writer waits for the state to be encoded
/// and for no disk.
pub struct Keeper {
    snapshots: Snapshots,
    every: Every,
    /// Records and offset of the place of the last one.
    taken: (u64, u64),
    /// Length of the last one.
    length: u64,
    under_way: Option<JoinHandle<()>>,
}

impl Keeper {
    /// For a directory that has none yet.
    #[must_use]
    pub const fn new(snapshots: Snapshots) -> Self {
        Self { snapshots, every: Every::USUAL, taken: (0, 0), length: 0, under_way: None }
    }

    /// How often it takes one.
    #[must_use]
    pub fn every(self, every: Every) -> Self {
        Self { every, ..self }
    }

    /// This one is the last.
    pub(crate) fn has(&mut self, snapshot: &Snapshot) {
        let Snapshot { place, offsets, state, kept } = snapshot;
        self.taken = (place.records, place.offset);
        self.length = (8 * offsets.len() + state.len() + kept.len()) as u64;
    }

    /// Whether one is due behind this place. While one is being written, none is.
    #[must_use]
    pub fn is_due(&self, place: Place) -> bool {
        let (records, offset) = self.taken;
        let bytes = self.every.bytes.max(self.length);
        let grown = place.records.saturating_sub(records) >= self.every.records
            || place.offset.saturating_sub(offset) >= bytes;
        let idle = self.under_way.as_ref().is_none_or(JoinHandle::is_finished);
        grown && idle && place.records > 1
    }

    /// Whether something came behind the last one that a clean end should keep.
    #[must_use]
    pub fn is_behind(&self, place: Place) -> bool {
        self.every != Every::NEVER && place.records > self.taken.0.max(1)
    }

    /// Writes a snapshot while others go on. One that fails is told and costs a longer restart.
    pub fn take(&mut self, snapshot: Snapshot) {
        self.finish();
        self.has(&snapshot);
        let snapshots = self.snapshots.clone();
        self.under_way = Some(std::thread::spawn(move || {
            if let Err(error) = snapshots.keep(&snapshot) {
                let path = snapshots.path();
                eprintln!("note: {}: {error}; a restart takes longer", path.display());
            }
        }));
    }

    /// Waits until what is being written is there.
    pub fn finish(&mut self) {
        if let Some(writing) = self.under_way.take() {
            writing.join().expect("keeping a snapshot doesn't panic");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::BankLog;
    use bank::OrderedLog;

    #[test]
    fn the_last_one_is_kept_and_a_damaged_one_is_told() {
        let name = format!("jidian-snapshots-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        let snapshots = Snapshots::of(&directory);
        assert!(snapshots.last().unwrap().is_none());
        let mut log = BankLog::create(&directory.join("bank.log")).unwrap();
        for (number, state) in [(0, "one"), (1, "the second state")] {
            log.append(number, b"a record").unwrap();
            let taken = Snapshot::of(log.stored(), state.into());
            snapshots.keep(&taken).unwrap();
            assert_eq!(snapshots.last().unwrap(), Some(taken));
        }
        assert!(!directory.join(NEW_FILE).exists());
        let mut bytes = std::fs::read(directory.join(FILE)).unwrap();
        bytes[100] ^= 1;
        std::fs::write(directory.join(FILE), bytes).unwrap();
        let error = snapshots.last().unwrap_err().to_string();
        assert!(error.contains("the check fails"), "{error}");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
