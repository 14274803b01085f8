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
