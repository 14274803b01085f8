//! Logs in files: what a log holds, and errors that name the file. The format and its engine are
//! [`bank::log`]'s.

use super::file::FileMedium;
use bank::log::StorageError;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use wire::Digest;

pub use bank::log::{Durability, FORMAT_VERSION, Tail, begins_a_log};

/// What to say of files in another format.
#[must_use]
pub fn other_version(version: u16) -> String {
    let (age, advice) = match version > FORMAT_VERSION {
        true => ("a newer", "use that version"),
        false => ("an older", "use that version, or begin anew with another --data"),
    };
    format!(
        "written by {age} version (format {version}, this program knows {FORMAT_VERSION}); {advice}"
    )
}

/// What a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// Batches of the registration centre.
    Bank = 1,
    /// Decisions, contracts and signals of the grid company.
    Grid = 2,
    /// Settlement records of all meters.
    Evidence = 3,
    /// Memory of the meters' chips and state of the world: what a restart needs.
    World = 4,
    /// Envelopes of a ledger node.
    Cluster = 5,
    /// Idempotency keys of the desks of a bank that serves.
    Desk = 6,
}

impl Kind {
    /// The number in the header.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}

/// Why the log in a file can't be used.
#[derive(Debug)]
pub struct LogError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub error: StorageError,
}

impl LogError {
    pub(crate) fn at(path: &Path) -> impl FnOnce(StorageError) -> Self {
        let path = path.to_owned();
        move |error| Self { path, error }
    }

    pub(crate) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| {
            let error = super::file::medium_error(&error);
            Self { path, error: StorageError::Medium { doing, error } }
        }
    }
}

impl core::fmt::Display for LogError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let path = self.path.display();
        match &self.error {
            StorageError::Medium { doing, error } => write!(f, "{doing} {path}: {error}"),
            StorageError::OtherVersion { version } => {
                write!(f, "{path}: {}", other_version(*version))
            }
            error @ (StorageError::NotALog
            | StorageError::Damaged { .. }
            | StorageError::Unsure
            | StorageError::EndsBefore { .. }
            | StorageError::OtherHistory { .. }) => write!(f, "{path}: {error}"),
        }
    }
}

impl core::error::Error for LogError {}

/// Reads a log record by record.
pub struct LogReader {
    path: PathBuf,
    reader: bank::log::LogReader<FileMedium>,
}

impl LogReader {
    /// Opens the file and checks its header.
    ///
    /// # Errors
    /// [`LogError`] if it can't be read, is of another kind or from another version.
    pub fn open(path: &Path, kind: Kind) -> Result<Self, LogError> {
        let file = File::open(path).map_err(LogError::io(path, "reading"))?;
        let reader = bank::log::LogReader::open(FileMedium::new(file), kind.number());
        Ok(Self { path: path.to_owned(), reader: reader.map_err(LogError::at(path))? })
    }

    /// The next record; `None` at the end, of which [`LogReader::tail`] then tells the kind.
    ///
    /// # Errors
    /// [`StorageError::Damaged`].
    pub fn next_record(&mut self) -> Result<Option<&[u8]>, LogError> {
        self.reader.next_record().map_err(LogError::at(&self.path))
    }

    /// How the log ends; known once [`LogReader::next_record`] returned `None`.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.reader.tail()
    }

    /// Offset of the next record.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.reader.place().offset
    }

    /// Records read so far.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.reader.place().records
    }

    /// Chain value behind the last record read.
    #[must_use]
    pub const fn chain(&self) -> Digest {
        self.reader.place().chain
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Appends to a log.
pub struct LogWriter {
    path: PathBuf,
    writer: bank::log::LogWriter<FileMedium>,
}

impl LogWriter {
    /// Makes a new log; the file must not exist.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn create(path: &Path, kind: Kind, durability: Durability) -> Result<Self, LogError> {
        let medium = FileMedium::create(path).map_err(LogError::io(path, "creating"))?;
        let writer = bank::log::LogWriter::create(medium, kind.number(), durability);
        Ok(Self { path: path.to_owned(), writer: writer.map_err(LogError::at(path))? })
    }

    /// Continues a log behind the last record that `reader` returned, and syncs it. What follows is
    /// cut off by the first append: until then the file stays as it is.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn resume(reader: &LogReader, durability: Durability) -> Result<Self, LogError> {
        let path = reader.path.clone();
        let medium = FileMedium::open(&path).map_err(LogError::io(&path, "opening"))?;
        let writer = bank::log::LogWriter::resume(medium, reader.reader.place(), durability);
        let writer = writer.map_err(LogError::at(&path))?;
        Ok(Self { path, writer })
    }

    /// Appends one record. If this fails, the log is as before.
    ///
    /// # Errors
    /// [`LogError`], for example when the disk is full.
    pub fn append(&mut self, payload: &[u8]) -> Result<(), LogError> {
        self.writer.append(payload).map_err(LogError::at(&self.path))
    }

    /// Puts everything on the medium.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn sync(&mut self) -> Result<(), LogError> {
        self.writer.sync().map_err(LogError::at(&self.path))
    }

    /// Gives the file another name, in place of what had it, for good.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn rename(&mut self, path: &Path) -> Result<(), LogError> {
        let directory = path.parent().unwrap_or(Path::new("."));
        std::fs::rename(&self.path, path)
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(LogError::io(path, "renaming to"))?;
        path.clone_into(&mut self.path);
        Ok(())
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Length of the file in bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.writer.place().offset
    }

    /// Number of records.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.writer.place().records
    }

    /// Chain value behind the last record.
    #[must_use]
    pub const fn chain(&self) -> Digest {
        self.writer.chain()
    }
}

/// Reads all records for a restart, and repairs the tail: an append that a power cut left
/// unfinished or in disorder is dropped, as long as no sound record follows it.
///
/// `accept` is called for each record and may end the log there, by returning `false`.
///
/// # Errors
/// [`StorageError::Damaged`] for damage in the middle.
pub fn recover(
    path: &Path,
    kind: Kind,
    accept: impl FnMut(&[u8]) -> bool,
) -> Result<LogReader, LogError> {
    let mut log = LogReader::open(path, kind)?;
    log.reader.recover(accept).map_err(LogError::at(path))?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("jidian-log-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    fn three_records(path: &Path) -> Vec<u8> {
        let mut writer = LogWriter::create(path, Kind::Bank, Durability::Buffered).unwrap();
        for record in [&b"first"[..], b"", b"the third record"] {
            writer.append(record).unwrap();
        }
        std::fs::read(path).unwrap()
    }

    fn read_all(path: &Path) -> Result<(u64, Tail), LogError> {
        let mut reader = LogReader::open(path, Kind::Bank)?;
        while reader.next_record()?.is_some() {}
        Ok((reader.records(), reader.tail()))
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let path = scratch("flip");
        let good = three_records(&path);
        assert_eq!(read_all(&path).unwrap(), (3, Tail::Whole));
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bad).unwrap();
            assert!(read_all(&path).is_err(), "bit {bit}");
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_log_cut_at_any_byte_keeps_its_whole_records_and_goes_on() {
        let path = scratch("cut");
        let good = three_records(&path);
        for cut in 32..good.len() {
            std::fs::write(&path, &good[..cut]).unwrap();
            let mut seen = 0;
            let reader = recover(&path, Kind::Bank, |_| {
                seen += 1;
                true
            })
            .unwrap();
            let mut writer = LogWriter::resume(&reader, Durability::Synced).unwrap();
            writer.append(b"after the cut").unwrap();
            assert_eq!(read_all(&path).unwrap(), (seen + 1, Tail::Whole), "cut at {cut}");
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn garbage_at_the_end_is_dropped_and_damage_in_the_middle_refused() {
        let path = scratch("garbage");
        let good = three_records(&path);
        let records = |path: &Path| recover(path, Kind::Bank, |_| true).map(|r| r.records());

        let mut tail = good.clone();
        tail.extend_from_slice(&[0xa5; 100]);
        std::fs::write(&path, &tail).unwrap();
        assert_eq!(records(&path).unwrap(), 3);

        let mut last = good.clone();
        *last.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &last).unwrap();
        assert_eq!(records(&path).unwrap(), 2);

        // The chain value of the record before the last: the last one is sound all the same.
        let mut chain = good.clone();
        let at = good.len() - (8 + 16 + 32) - 1;
        chain[at] ^= 1;
        std::fs::write(&path, &chain).unwrap();
        assert!(records(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), chain, "a refused log stays as it is");

        let mut middle = good.clone();
        middle[32 + 8] ^= 1;
        std::fs::write(&path, &middle).unwrap();
        let error = records(&path).unwrap_err().to_string();
        assert!(error.contains("record 0 at byte 32 is damaged"), "{error}");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn logs_of_another_kind_or_version_are_refused() {
        let path = scratch("kind");
        let good = three_records(&path);
        assert!(matches!(
            LogReader::open(&path, Kind::Grid),
            Err(LogError { error: StorageError::NotALog, .. })
        ));
        let mut newer = good[..16].to_vec();
        newer[9] = 9;
        let check = crypto::sm3(&newer);
        newer.extend_from_slice(&check.0[..16]);
        std::fs::write(&path, &newer).unwrap();
        let error = LogReader::open(&path, Kind::Bank).err().unwrap().to_string();
        assert!(error.contains("newer version (format 9"), "{error}");
        std::fs::remove_file(&path).unwrap();
    }
}
