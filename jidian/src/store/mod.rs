//! The data directory: four logs, a manifest and a lock.
//!
//! | file | what | who needs it |
//! |---|---|---|
//! | `manifest` | which world this is, whose keys count | everyone |
//! | `bank.log` | batches of the registration centre | the bank; auditors |
//! | `bank.snapshot` | the registration centre's state behind one batch; need not be there | a fast restart |
//! | `grid.log` | contracts, decisions and signals of the grid company | auditors |
//! | `evidence.log` | settlement records of all meters | the grid company; auditors |
//! | `world.log` | memory of the simulated chips, state of the world | a restart |
//! | `lock` | held while a process runs on the directory | nobody |

mod bank_log;
mod file;
pub mod log;
pub mod manifest;
pub mod restart;
pub mod snapshots;

pub use bank_log::BankLog;
pub use file::FileMedium;

use log::Kind;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Name of the lock file.
const LOCK: &str = "lock";

/// All logs.
const LOGS: [Kind; 4] = [Kind::Bank, Kind::Grid, Kind::Evidence, Kind::World];

/// File name of a log.
#[must_use]
pub const fn file_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Bank => "bank.log",
        Kind::Grid => "grid.log",
        Kind::Evidence => "evidence.log",
        Kind::World => "world.log",
        Kind::Cluster => "cluster.log",
        Kind::Desk => "desk.log",
    }
}

/// A data directory that this process holds alone.
pub struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory can't be used.
#[derive(Debug)]
pub enum StoreError {
    /// The directory can't be made or locked.
    Io(PathBuf, std::io::Error),
    /// Another process holds it.
    InUse(PathBuf),
    /// It holds something else.
    Foreign(PathBuf),
    /// It holds logs of a world, and no manifest.
    NoManifest(PathBuf),
}

impl core::fmt::Display for StoreError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::InUse(path) => write!(
                f,
                "{}: another jidian process runs on this directory; stop it, or choose another \
                 --data",
                path.display()
            ),
            Self::NoManifest(path) => write!(
                f,
                "{}: there are logs but no manifest; restore the file 'manifest' from a copy, or \
                 choose another --data",
                path.display()
            ),
            Self::Foreign(path) => write!(
                f,
                "{}: the directory holds other files; choose an empty or a new one",
                path.display()
            ),
        }
    }
}

impl core::error::Error for StoreError {}

impl DataDirectory {
    /// Makes the directory if need be, and locks it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let io = |error| StoreError::Io(path.to_owned(), error);
        std::fs::create_dir_all(path).map_err(io)?;
        let known = |name: &std::ffi::OsStr| name.to_str().is_some_and(is_ours);
        let foreign = std::fs::read_dir(path)
            .map_err(io)?
            .any(|entry| !entry.is_ok_and(|entry| known(&entry.file_name())));
        if foreign {
            return Err(StoreError::Foreign(path.to_owned()));
        }
        let lock = File::create(path.join(LOCK)).map_err(io)?;
        match lock_patiently(&lock) {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
            Err(std::fs::TryLockError::Error(error)) => Err(io(error)),
        }
    }

    /// Whether a world was begun here.
    #[must_use]
    pub fn holds_a_world(&self) -> bool {
        self.path.join(manifest::FILE).exists()
    }

    /// Removes logs of a world whose founding was never finished: nothing of it was ever
    /// acknowledged.
    ///
    /// # Errors
    /// [`StoreError::NoManifest`] if the logs are those of a world that lived, or no logs at all.
    pub fn clear_unfinished(&self) -> Result<(), StoreError> {
        let lived = |kind| !self.was_never_lived(kind);
        if self.holds_a_world() || LOGS.into_iter().any(lived) {
            return Err(StoreError::NoManifest(self.path.clone()));
        }
        for path in LOGS.map(|kind| self.log(kind)) {
            if path.exists() {
                std::fs::remove_file(&path).map_err(|error| StoreError::Io(path, error))?;
            }
        }
        Ok(())
    }

    /// Whether a log is absent, was cut off while it was made, or holds no more than a founding.
    fn was_never_lived(&self, kind: Kind) -> bool {
        let path = self.log(kind);
        let length = std::fs::metadata(&path).map_or(0, |file| file.len());
        if length < 32 {
            return !path.exists()
                || std::fs::read(&path).is_ok_and(|bytes| log::begins_a_log(&bytes));
        }
        let Ok(mut reader) = log::LogReader::open(&path, kind) else { return false };
        let founding = match kind {
            // The institutions and the wallets are two batches behind the genesis.
            Kind::Bank => 3,
            Kind::Grid => u64::MAX,
            Kind::Evidence | Kind::Desk => 0,
            Kind::World => 64,
            // A ledger node has a directory of its own kind.
            Kind::Cluster => 0,
        };
        while let Ok(Some(_)) = reader.next_record() {}
        reader.records() <= founding
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Path of a log.
    #[must_use]
    pub fn log(&self, kind: Kind) -> PathBuf {
        self.path.join(file_of(kind))
    }
}

/// A process that was just killed holds its lock until the system has cleared it away.
pub(crate) fn lock_patiently(lock: &File) -> Result<(), std::fs::TryLockError> {
    const TRIES: u32 = 20;
    const PAUSE: core::time::Duration = core::time::Duration::from_millis(50);
    for _ in 0..TRIES {
        match lock.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    lock.try_lock()
}

/// Whether a file name is one that a data directory may hold.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    const OTHERS: [&str; 6] = [
        manifest::FILE,
        LOCK,
        snapshots::FILE,
        "manifest.new",
        "world.log.new",
        snapshots::NEW_FILE,
    ];
    let logs = LOGS.map(file_of);
    logs.contains(&name) || OTHERS.contains(&name)
}
