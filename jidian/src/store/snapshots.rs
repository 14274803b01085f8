//! The file with the last snapshot of the registration centre's state.

use bank::log::{Snapshot, SnapshotError};
use core::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
        let mut file = File::create(&new)?;
        file.write_all(&snapshot.to_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, self.directory.join(FILE))?;
        File::open(&self.directory)?.sync_all()
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
