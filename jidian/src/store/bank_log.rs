//! The bank's log in a file.

use super::file::FileMedium;
use super::log::{Kind, LogError};
use bank::log::{LogReader, Place, Records, Snapshot, StorageError, StoredLog, Tail};
use std::fs::File;
use std::path::{Path, PathBuf};
use wire::Digest;

/// The file grows by so much at a time. It is a hole until it is written to, so it takes no room on
/// the disk; a sync that needn't note a new length is faster.
const STEP_BYTES: u64 = 64 << 20;

/// The bank's log in a file that this process holds alone. A clean end gives back what the file has
/// too much.
pub struct BankLog {
    path: PathBuf,
    log: StoredLog<FileMedium>,
}

impl BankLog {
    /// Makes a new log; the file must not exist.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn create(path: &Path) -> Result<Self, LogError> {
        let medium = FileMedium::create(path).map_err(LogError::io(path, "creating"))?;
        Self::over(path, StoredLog::create(medium, Kind::Bank.number()))
    }

    /// Goes on with a log, after a look at every record.
    ///
    /// # Errors
    /// [`LogError`]; then the file is as it was.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let medium = FileMedium::open(path).map_err(LogError::io(path, "reading"))?;
        Self::over(path, StoredLog::open(medium, Kind::Bank.number()))
    }

    /// Goes on with a log, after a look at the records behind a snapshot only.
    ///
    /// # Errors
    /// [`LogError`], also if the log doesn't lead to the snapshot; then the file is as it was.
    pub fn open_behind(path: &Path, snapshot: &Snapshot) -> Result<Self, LogError> {
        let medium = FileMedium::open(path).map_err(LogError::io(path, "reading"))?;
        Self::over(path, StoredLog::open_behind(medium, Kind::Bank.number(), snapshot))
    }

    fn over(
        path: &Path,
        log: Result<StoredLog<FileMedium>, StorageError>,
    ) -> Result<Self, LogError> {
        let log = log.map_err(LogError::at(path))?.growing_by(STEP_BYTES);
        Ok(Self { path: path.to_owned(), log })
    }

    /// All records of a log, one after the other.
    ///
    /// # Errors
    /// [`LogError`] if the file can't be opened, or is no bank's log.
    pub fn records_of(path: &Path) -> Result<Records<FileMedium>, LogError> {
        let file = File::open(path).map_err(LogError::io(path, "reading"))?;
        let reader = LogReader::open(FileMedium::new(file), Kind::Bank.number());
        Ok(reader.map_err(LogError::at(path))?.records())
    }

    /// The records behind a place, one after the other.
    ///
    /// # Errors
    /// [`LogError`] if the file can't be opened, or doesn't lead there.
    pub fn records_behind(path: &Path, place: Place) -> Result<Records<FileMedium>, LogError> {
        let file = File::open(path).map_err(LogError::io(path, "reading"))?;
        let reader = LogReader::open_at(FileMedium::new(file), Kind::Bank.number(), place);
        Ok(reader.map_err(LogError::at(path))?.records())
    }

    /// How the log ended when it was opened.
    #[must_use]
    pub const fn tail(&self) -> Tail {
        self.log.tail()
    }

    /// Number of records.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.log.place().records
    }

    /// Chain value behind the last record.
    #[must_use]
    pub const fn chain(&self) -> Digest {
        self.log.place().chain
    }

    /// The log without its file, to take a [`Snapshot`](bank::log::Snapshot) from.
    #[must_use]
    pub const fn stored(&self) -> &StoredLog<FileMedium> {
        &self.log
    }

    fn name(&self, error: &bank::LogError) -> bank::LogError {
        bank::LogError { reason: format!("{}: {}", self.path.display(), error.reason) }
    }
}

impl Drop for BankLog {
    fn drop(&mut self) {
        // Best effort: zeros at the end do no harm.
        let _ = self.log.trim();
    }
}

impl bank::OrderedLog for BankLog {
    fn append(&mut self, number: u64, record: &[u8]) -> Result<(), bank::LogError> {
        self.log.append(number, record).map_err(|error| self.name(&error))
    }

    fn read(&mut self, number: u64) -> Result<Vec<u8>, bank::LogError> {
        self.log.read(number).map_err(|error| self.name(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bank::OrderedLog;

    #[test]
    fn the_file_grows_in_steps_and_a_clean_end_gives_the_rest_back() {
        let path = std::env::temp_dir().join(format!("jidian-bank-log-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let length = || std::fs::metadata(&path).unwrap().len();
        let mut log = BankLog::create(&path).unwrap();
        log.append(0, b"genesis").unwrap();
        assert!(length() > STEP_BYTES);
        // As after a death: the room is still there, and no damage.
        let copy = path.with_extension("copy");
        std::fs::copy(&path, &copy).unwrap();
        drop(log);
        assert_eq!(length(), 32 + 40 + 7);
        let mut log = BankLog::open(&copy).unwrap();
        assert_eq!((log.tail(), log.records()), (Tail::Whole, 1));
        log.append(1, b"one").unwrap();
        let error = log.append(1, b"again").unwrap_err().to_string();
        assert!(error.contains("record 1 doesn't follow 2"), "{error}");
        assert_eq!(log.read(1).unwrap(), b"one");
        drop(log);
        assert_eq!(BankLog::records_of(&copy).unwrap().count(), 2);
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(&copy).unwrap();
    }
}
