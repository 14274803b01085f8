//! The one file format of the data directory: an append-only log of chained records.
//!
//! What is assumed of the medium: what was synced stays; an append that was not synced may be
//! there in full, in part, or as zeros; bits may rot anywhere at any time.
//!
//! ```text
//! file    = magic (8) ‖ format version (2) ‖ kind (2) ‖ zero (4) ‖ check (16) ‖ record*
//! record  = length (4) ‖ head check (4) ‖ payload ‖ chain (32)
//! chain   = SM3(chain before ‖ length ‖ payload)
//! ```
//! Every bit of the file is covered by a check, so a flipped one is always found. An append that
//! was interrupted shows as a file that ends early: that, and only that, is repaired at start.

use crypto::Sm3;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use wire::Digest;

/// Version of the layout of the data directory.
pub const FORMAT_VERSION: u16 = 3;

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

const MAGIC: &[u8; 8] = b"JIDIANLG";
const HEADER_BYTES: u64 = 32;
const HEAD_BYTES: usize = 8;
const CHAIN_BYTES: usize = 32;
const RECORD_BYTES_MAX: u32 = 1 << 28;

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
}

/// Why a log can't be used.
#[derive(Debug)]
pub enum LogError {
    /// The operating system refuses.
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Its reason.
        error: io::Error,
    },
    /// The file isn't a log of this kind.
    NotALog {
        /// The file.
        path: PathBuf,
    },
    /// Another version of the program wrote it.
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u16,
    },
    /// A record was changed after it was written.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Number of the record, from 0.
        record: u64,
        /// Offset of its first byte.
        offset: u64,
    },
}

impl core::fmt::Display for LogError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Io { path, doing, error } => write!(f, "{doing} {}: {error}", path.display()),
            Self::NotALog { path } => write!(
                f,
                "{}: the header is damaged, or this is no log of this kind",
                path.display()
            ),
            Self::OtherVersion { path, version } => {
                write!(f, "{}: {}", path.display(), other_version(*version))
            }
            Self::Damaged { path, record, offset } => write!(
                f,
                "{}: record {record} at byte {offset} is damaged; restore the file from a copy",
                path.display()
            ),
        }
    }
}

impl core::error::Error for LogError {}

/// How a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// With its last record.
    Whole,
    /// With an append that was never finished, and so never acknowledged.
    Unfinished {
        /// Where the append began.
        offset: u64,
        /// Bytes behind it.
        bytes: u64,
    },
}

/// Reads a log record by record.
pub struct LogReader {
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
    record: u64,
    chain: Digest,
    tail: Tail,
}

impl LogReader {
    /// Reads the file and checks its header.
    ///
    /// # Errors
    /// [`LogError`] if it can't be read, is of another kind or from another version.
    pub fn open(path: &Path, kind: Kind) -> Result<Self, LogError> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(io_error(path, "reading"))?;
        let chain = check_header(path, kind, &bytes)?;
        let at = usize::try_from(HEADER_BYTES).expect("32");
        Ok(Self { path: path.to_owned(), bytes, at, record: 0, chain, tail: Tail::Whole })
    }

    /// The next record; `None` at the end, of which [`LogReader::tail`] then tells the kind.
    ///
    /// # Errors
    /// [`LogError::Damaged`].
    pub fn next_record(&mut self) -> Result<Option<&[u8]>, LogError> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return Ok(None);
        }
        match parse_record(rest, &self.chain) {
            Parsed::Record { payload, chain } => {
                let start = self.at + HEAD_BYTES;
                self.at = start + payload + CHAIN_BYTES;
                self.chain = chain;
                self.record += 1;
                Ok(Some(&self.bytes[start..start + payload]))
            }
            Parsed::EndsEarly => {
                self.tail = Tail::Unfinished { offset: self.offset(), bytes: rest.len() as u64 };
                self.at = self.bytes.len();
                Ok(None)
            }
            Parsed::Wrong => Err(self.damaged()),
        }
    }

    /// How the log ends; known once [`LogReader::next_record`] returned `None`.
    #[must_use]
    pub const fn tail(&self) -> Tail {
        self.tail
    }

    /// Offset of the next record.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.at as u64
    }

    /// Records read so far.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.record
    }

    /// Chain value behind the last record read.
    #[must_use]
    pub const fn chain(&self) -> Digest {
        self.chain
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn damaged(&self) -> LogError {
        LogError::Damaged { path: self.path.clone(), record: self.record, offset: self.offset() }
    }

    /// Whether a sound record stands behind the damaged one that is next: then the damage is in
    /// the middle of the log and not an append that a power cut left in disorder.
    fn sound_record_follows(&self) -> bool {
        if self.follows_whatever_its_chain_says() {
            return true;
        }
        let first = self.at + CHAIN_BYTES;
        (first..self.bytes.len().saturating_sub(HEAD_BYTES)).any(|at| {
            // The chain value of the record before stands right in front of each record.
            let mut chain = Digest::default();
            chain.0.copy_from_slice(&self.bytes[at - CHAIN_BYTES..at]);
            matches!(parse_record(&self.bytes[at..], &chain), Parsed::Record { .. })
        })
    }

    /// Whether the damage is in the stored chain value alone: then the next record is sound under
    /// the value that it should have.
    fn follows_whatever_its_chain_says(&self) -> bool {
        let rest = &self.bytes[self.at..];
        let Some(head) = rest.first_chunk::<HEAD_BYTES>() else { return false };
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let end = HEAD_BYTES + length as usize;
        let (Some(payload), Some(next)) =
            (rest.get(HEAD_BYTES..end), rest.get(end + CHAIN_BYTES..))
        else {
            return false;
        };
        let chain = chain_after(&self.chain, payload);
        head[4..] == head_check(&self.chain, length)
            && matches!(parse_record(next, &chain), Parsed::Record { .. })
    }
}

enum Parsed {
    Record { payload: usize, chain: Digest },
    EndsEarly,
    Wrong,
}

fn parse_record(bytes: &[u8], before: &Digest) -> Parsed {
    let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else { return Parsed::EndsEarly };
    let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    if head[4..] != head_check(before, length) || length > RECORD_BYTES_MAX {
        return Parsed::Wrong;
    }
    let payload = length as usize;
    let Some(body) = bytes.get(HEAD_BYTES..HEAD_BYTES + payload + CHAIN_BYTES) else {
        return Parsed::EndsEarly;
    };
    let chain = chain_after(before, &body[..payload]);
    if chain.0 == body[payload..] { Parsed::Record { payload, chain } } else { Parsed::Wrong }
}

fn head_check(before: &Digest, length: u32) -> [u8; 4] {
    let mut hash = Sm3::new();
    hash.update(b"JIDIAN-RECORD-HEAD-1");
    hash.update(&before.0);
    hash.update(&length.to_be_bytes());
    let digest = hash.finish();
    [digest.0[0], digest.0[1], digest.0[2], digest.0[3]]
}

fn chain_after(before: &Digest, payload: &[u8]) -> Digest {
    let mut hash = Sm3::new();
    hash.update(&before.0);
    hash.update(&u32::try_from(payload.len()).expect("records are bounded").to_be_bytes());
    hash.update(payload);
    hash.finish()
}

fn header(kind: Kind) -> [u8; 32] {
    let mut header = [0; 32];
    header[..8].copy_from_slice(MAGIC);
    header[8..10].copy_from_slice(&FORMAT_VERSION.to_be_bytes());
    header[10..12].copy_from_slice(&(kind as u16).to_be_bytes());
    let check = crypto::sm3(&header[..16]);
    header[16..].copy_from_slice(&check.0[..16]);
    header
}

/// Whether these are the first bytes of a log whose header wasn't finished.
#[must_use]
pub fn begins_a_log(bytes: &[u8]) -> bool {
    let known = bytes.len().min(MAGIC.len());
    bytes[..known] == MAGIC[..known]
}

fn check_header(path: &Path, kind: Kind, bytes: &[u8]) -> Result<Digest, LogError> {
    let not_a_log = || LogError::NotALog { path: path.to_owned() };
    let found = bytes.first_chunk::<32>().ok_or_else(not_a_log)?;
    let check = crypto::sm3(&found[..16]);
    if found[..8] != *MAGIC || found[16..] != check.0[..16] {
        return Err(not_a_log());
    }
    let version = u16::from_be_bytes([found[8], found[9]]);
    if version != FORMAT_VERSION {
        return Err(LogError::OtherVersion { path: path.to_owned(), version });
    }
    if *found != header(kind) {
        return Err(not_a_log());
    }
    Ok(crypto::sm3(found))
}

fn io_error(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> LogError {
    let path = path.to_owned();
    move |error| LogError::Io { path, doing, error }
}

/// Whether an append is on the medium when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Synced: survives a power cut of the host.
    Synced,
    /// Handed to the operating system: survives the death of the process.
    Buffered,
}

/// Appends to a log.
pub struct LogWriter {
    path: PathBuf,
    file: File,
    chain: Digest,
    length: u64,
    records: u64,
    durability: Durability,
    /// Whether bytes behind the last record still have to be cut off.
    cut_due: bool,
    /// Whether something was appended since the last sync.
    unsynced: bool,
}

impl LogWriter {
    /// Makes a new log; the file must not exist.
    ///
    /// # Errors
    /// [`LogError::Io`].
    pub fn create(path: &Path, kind: Kind, durability: Durability) -> Result<Self, LogError> {
        let header = header(kind);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(io_error(path, "creating"))?;
        file.write_all(&header)
            .and_then(|()| file.sync_all())
            .map_err(io_error(path, "writing"))?;
        let chain = crypto::sm3(&header);
        let path = path.to_owned();
        let (length, records) = (HEADER_BYTES, 0);
        Ok(Self { path, file, chain, length, records, durability, cut_due: false, unsynced: false })
    }

    /// Continues a log behind the last record that `reader` returned. What follows is cut off by the
    /// first append: until then the file stays as it is.
    ///
    /// # Errors
    /// [`LogError::Io`].
    pub fn resume(reader: &LogReader, durability: Durability) -> Result<Self, LogError> {
        let path = reader.path.clone();
        let (length, chain, records) = match reader.tail {
            Tail::Whole => (reader.offset(), reader.chain, reader.record),
            Tail::Unfinished { offset, .. } => (offset, reader.chain, reader.record),
        };
        let file =
            OpenOptions::new().write(true).open(&path).map_err(io_error(&path, "opening"))?;
        let cut_due = true;
        Ok(Self { path, file, chain, length, records, durability, cut_due, unsynced: false })
    }

    /// Appends one record. If this fails, the log is as before.
    ///
    /// # Errors
    /// [`LogError::Io`], for example when the disk is full.
    pub fn append(&mut self, payload: &[u8]) -> Result<(), LogError> {
        let length = u32::try_from(payload.len()).ok().filter(|length| *length <= RECORD_BYTES_MAX);
        let length = length.expect("no record is longer than a batch of the largest fleet");
        if self.cut_due {
            self.cut_back()?;
            self.cut_due = false;
        }
        let chain = chain_after(&self.chain, payload);
        let mut record = Vec::with_capacity(HEAD_BYTES + payload.len() + CHAIN_BYTES);
        record.extend_from_slice(&length.to_be_bytes());
        record.extend_from_slice(&head_check(&self.chain, length));
        record.extend_from_slice(payload);
        record.extend_from_slice(&chain.0);
        let written = self.file.write_all(&record).and_then(|()| match self.durability {
            Durability::Synced => self.file.sync_data(),
            Durability::Buffered => Ok(()),
        });
        if let Err(error) = written {
            // Best effort: if this fails too, the next start finds an unfinished append.
            let _ = self.cut_back();
            return Err(io_error(&self.path, "appending to")(error));
        }
        self.chain = chain;
        self.length += record.len() as u64;
        self.records += 1;
        self.unsynced = self.durability == Durability::Buffered;
        Ok(())
    }

    /// Puts everything on the medium.
    ///
    /// # Errors
    /// [`LogError::Io`].
    pub fn sync(&mut self) -> Result<(), LogError> {
        if self.unsynced {
            self.file.sync_data().map_err(io_error(&self.path, "syncing"))?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Gives the file another name, in place of what had it, for good.
    ///
    /// # Errors
    /// [`LogError::Io`].
    pub fn rename(&mut self, path: &Path) -> Result<(), LogError> {
        let directory = path.parent().unwrap_or(Path::new("."));
        std::fs::rename(&self.path, path)
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(io_error(path, "renaming to"))?;
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
        self.length
    }

    /// Number of records.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Chain value behind the last record.
    #[must_use]
    pub const fn chain(&self) -> Digest {
        self.chain
    }

    fn cut_back(&mut self) -> Result<(), LogError> {
        self.file
            .set_len(self.length)
            .and_then(|()| self.file.seek(SeekFrom::Start(self.length)).map(|_| ()))
            .map_err(io_error(&self.path, "cutting back"))
    }
}

/// Reads all records for a restart, and repairs the tail: an append that a power cut left
/// unfinished or in disorder is dropped, as long as no sound record follows it.
///
/// `accept` is called for each record and may end the log there, by returning `false`.
///
/// # Errors
/// [`LogError::Damaged`] for damage in the middle.
pub fn recover(
    path: &Path,
    kind: Kind,
    mut accept: impl FnMut(&[u8]) -> bool,
) -> Result<LogReader, LogError> {
    let mut reader = LogReader::open(path, kind)?;
    loop {
        let before = (reader.at, reader.record, reader.chain);
        match reader.next_record().map(|record| record.map(&mut accept)) {
            Ok(Some(true)) => {}
            Ok(Some(false)) => {
                (reader.at, reader.record, reader.chain) = before;
                return Ok(reader);
            }
            Ok(None) => return Ok(reader),
            Err(damage) if reader.sound_record_follows() => return Err(damage),
            Err(_) => {
                let (offset, end) = (reader.offset(), reader.bytes.len() as u64);
                reader.tail = Tail::Unfinished { offset, bytes: end - offset };
                return Ok(reader);
            }
        }
    }
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
        assert!(matches!(LogReader::open(&path, Kind::Grid), Err(LogError::NotALog { .. })));
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
