//! A node's own log: the envelopes of its chain, one per record of the file.
//!
//! The one place that knows in which file format they stand.

use crate::store::FileMedium;
use crate::store::log::{Durability, Kind, LogError, LogReader, LogWriter, Tail};
use bank::cluster::{Envelope, Tip, WrongLink};
use bank::log::{Place, Records, Snapshot, StorageError, StoredLog};
use bank::record::Record;
use std::path::{Path, PathBuf};

/// Name of the file.
pub const FILE: &str = "cluster.log";

/// Appends envelopes; each is on the medium when [`append`](Self::append) returns.
pub struct NodeLog {
    path: PathBuf,
    log: StoredLog<FileMedium>,
}

/// Why a node's log can't be used.
#[derive(Debug)]
pub enum NodeLogError {
    /// The file itself.
    File(LogError),
    /// A record of it isn't an envelope, or doesn't follow.
    Record {
        /// The file.
        path: PathBuf,
        /// Number of the record, from 0.
        number: u64,
        /// What is wrong.
        fault: String,
    },
    /// There is no record in it.
    Empty(PathBuf),
}

impl core::fmt::Display for NodeLogError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Record { path, number, fault } => write!(
                f,
                "{}: record {number}: {fault}; re-seed this node from the other nodes' logs",
                path.display()
            ),
            Self::Empty(path) => write!(
                f,
                "{}: no record in it; re-seed this node from the other nodes' logs",
                path.display()
            ),
        }
    }
}

impl core::error::Error for NodeLogError {}

impl NodeLog {
    /// Begins a log with its first records.
    ///
    /// # Errors
    /// [`LogError`] if the file exists or can't be written.
    pub fn create<'e>(
        directory: &Path,
        envelopes: impl IntoIterator<Item = &'e Envelope>,
    ) -> Result<(), LogError> {
        let path = directory.join(FILE);
        let mut writer = LogWriter::create(&path, Kind::Cluster, Durability::Buffered)?;
        for envelope in envelopes {
            writer.append(envelope.bytes())?;
        }
        writer.sync()
    }

    /// Reads all envelopes and sees that each follows; then appends behind them. An append that was
    /// never finished is cut off.
    ///
    /// # Errors
    /// [`NodeLogError`] if the log is damaged in the middle or its chain is broken.
    pub fn open(
        directory: &Path,
        each: impl FnMut(Envelope) -> Result<(), String>,
    ) -> Result<(Self, Tip), NodeLogError> {
        Self::open_from(directory, None, each)
    }

    /// Reads the envelopes behind a snapshot, before whose place the chain has this end.
    ///
    /// # Errors
    /// [`NodeLogError`], also if the log doesn't lead to the snapshot.
    pub fn open_behind(
        directory: &Path,
        behind: (&Snapshot, Tip),
        each: impl FnMut(Envelope) -> Result<(), String>,
    ) -> Result<(Self, Tip), NodeLogError> {
        Self::open_from(directory, Some(behind), each)
    }

    fn open_from(
        directory: &Path,
        behind: Option<(&Snapshot, Tip)>,
        mut each: impl FnMut(Envelope) -> Result<(), String>,
    ) -> Result<(Self, Tip), NodeLogError> {
        let path = directory.join(FILE);
        let medium = FileMedium::open(&path).map_err(LogError::io(&path, "reading"));
        let medium = medium.map_err(NodeLogError::File)?;
        let (snapshot, mut tip) = behind.unzip();
        let mut fault = None;
        let log = StoredLog::open_showing(medium, Kind::Cluster.number(), snapshot, |payload| {
            let next = follow(tip.as_ref(), payload).and_then(|envelope| {
                let tip = Tip::of(&envelope);
                each(envelope).map(|()| tip)
            });
            match next {
                Ok(next) => tip = Some(next),
                Err(error) => fault = Some(error),
            }
            fault.is_none()
        });
        let log = log.map_err(LogError::at(&path)).map_err(NodeLogError::File)?;
        if let Some(fault) = fault {
            let number = log.place().records;
            return Err(NodeLogError::Record { path, number, fault });
        }
        if let Tail::Unfinished { offset, bytes } = log.tail() {
            eprintln!(
                "{}: {bytes} bytes of an unfinished append at byte {offset} are cut off",
                path.display()
            );
        }
        match tip {
            Some(tip) => Ok((Self { path, log }, tip)),
            None => Err(NodeLogError::Empty(path)),
        }
    }

    /// Appends an envelope and syncs.
    ///
    /// # Errors
    /// [`LogError`] if it isn't durable.
    pub fn append(&mut self, envelope: &Envelope) -> Result<(), LogError> {
        self.log.append_record(envelope.bytes()).map_err(LogError::at(&self.path))
    }

    /// Behind the last record.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.log.place()
    }

    /// A snapshot of a state behind the last record.
    #[must_use]
    pub fn snapshot(&self, state: Vec<u8>) -> Snapshot {
        Snapshot::of(&self.log, state)
    }

    /// The last envelope with a batch, up to this number; `None` if there is only the genesis.
    ///
    /// # Errors
    /// [`NodeLogError`] if the log is damaged.
    pub fn batch_up_to(&mut self, number: u64) -> Result<Option<Envelope>, NodeLogError> {
        for number in (1..=number).rev() {
            let envelope = self.read(number)?;
            if envelope.kind() == bank::cluster::Kind::Batch {
                return Ok(Some(envelope));
            }
        }
        Ok(None)
    }

    /// The record of a batch. `claims` is how many claims the log holds at most: by so much a record's
    /// number is above that of its batch.
    ///
    /// # Errors
    /// [`NodeLogError`] if the log is damaged.
    pub fn batch(&mut self, batch: u64, claims: u64) -> Result<Option<Record>, NodeLogError> {
        let last = self.place().records.saturating_sub(1);
        let (mut low, mut high) = (batch, batch.saturating_add(claims).min(last));
        while low <= high {
            let middle = low + (high - low) / 2;
            let Some(envelope) = self.batch_up_to(middle)? else {
                low = middle + 1;
                continue;
            };
            let number = envelope.number();
            let record = Record::from_bytes(envelope.body());
            let record = record.map_err(|error| self.fault(number, &error))?;
            match record.root.body.batch.cmp(&batch) {
                core::cmp::Ordering::Equal => return Ok(Some(record)),
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = number - 1,
            }
        }
        Ok(None)
    }

    fn fault(&self, number: u64, fault: &dyn core::fmt::Display) -> NodeLogError {
        NodeLogError::Record { path: self.path.clone(), number, fault: fault.to_string() }
    }

    /// Reads an envelope back.
    ///
    /// # Errors
    /// [`NodeLogError`] if there is none of this number, or it is damaged.
    pub fn read(&mut self, number: u64) -> Result<Envelope, NodeLogError> {
        let missing = StorageError::EndsBefore { records: number };
        let found = self.log.read_record(number).and_then(|found| found.ok_or(missing));
        let payload = found.map_err(LogError::at(&self.path)).map_err(NodeLogError::File)?;
        Envelope::parse(payload.into()).map_err(|error| self.fault(number, &error))
    }
}

/// The payloads behind a place, one after the other.
pub(super) fn payloads_behind(
    directory: &Path,
    place: Place,
) -> Result<Records<FileMedium>, LogError> {
    let path = directory.join(FILE);
    let file = FileMedium::open(&path).map_err(LogError::io(&path, "reading"))?;
    let reader = bank::log::LogReader::open_at(file, Kind::Cluster.number(), place);
    Ok(reader.map_err(LogError::at(&path))?.records())
}

/// The first envelope of a log, if it can be read.
pub(super) fn first(directory: &Path) -> Option<Envelope> {
    let mut reader = LogReader::open(&directory.join(FILE), Kind::Cluster).ok()?;
    let payload = reader.next_record().ok()??;
    Envelope::parse(payload.into()).ok()
}

/// Reads one record, which must follow the one before it.
fn follow(tip: Option<&Tip>, payload: &[u8]) -> Result<Envelope, String> {
    let envelope = Envelope::parse(payload.into()).map_err(|error| error.to_string())?;
    let link = match tip {
        None if envelope.number() == 0 => Ok(()),
        None => Err(WrongLink::Number { found: envelope.number() }),
        Some(tip) => tip.follow(&envelope).map(|_| ()),
    };
    link.map(|()| envelope).map_err(|link| format!("it breaks the chain: {link}"))
}
