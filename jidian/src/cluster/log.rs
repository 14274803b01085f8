//! A node's own log: the envelopes of its chain, one per record of the file.
//!
//! The one place that knows in which file format they stand.

use crate::store::log::{Durability, Kind, LogError, LogReader, LogWriter, Tail, recover};
use bank::cluster::{Envelope, Tip, WrongLink};
use bank::record::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Name of the file.
pub const FILE: &str = "cluster.log";

/// Appends envelopes; each is on the medium when [`append`](Self::append) returns.
pub struct NodeLog(LogWriter);

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
        mut each: impl FnMut(Envelope) -> Result<(), String>,
    ) -> Result<(Self, Tip), NodeLogError> {
        let path = directory.join(FILE);
        let mut tip: Option<Tip> = None;
        let mut fault = None;
        let reader = recover(&path, Kind::Cluster, |payload| {
            let next = follow(tip.as_ref(), payload).and_then(|envelope| {
                let tip = Tip::of(&envelope);
                each(envelope).map(|()| tip)
            });
            match next {
                Ok(next) => tip = Some(next),
                Err(error) => fault = Some(error),
            }
            fault.is_none()
        })
        .map_err(NodeLogError::File)?;
        if let Some(fault) = fault {
            let number = reader.records();
            return Err(NodeLogError::Record { path, number, fault });
        }
        if let Tail::Unfinished { offset, bytes } = reader.tail() {
            eprintln!(
                "{}: {bytes} bytes of an unfinished append at byte {offset} are cut off",
                path.display()
            );
        }
        let tip = tip.ok_or(NodeLogError::Empty(path))?;
        let writer = LogWriter::resume(&reader, Durability::Synced).map_err(NodeLogError::File)?;
        Ok((Self(writer), tip))
    }

    /// Appends an envelope and syncs.
    ///
    /// # Errors
    /// [`LogError`] if it isn't durable.
    pub fn append(&mut self, envelope: &Envelope) -> Result<(), LogError> {
        self.0.append(envelope.bytes())
    }
}

/// The records of some batches, read back from a node's log.
///
/// `claims` is how many claims the log holds at most: by so much a record's number is above that of
/// its batch.
///
/// # Errors
/// Says what is wrong with the log.
pub fn batches(
    directory: &Path,
    wanted: &BTreeSet<u64>,
    claims: u64,
) -> Result<BTreeMap<u64, Record>, String> {
    let mut found = BTreeMap::new();
    let mut reader = LogReader::open(&directory.join(FILE), Kind::Cluster).map_err(text)?;
    while found.len() < wanted.len() {
        let Some(payload) = reader.next_record().map_err(text)? else { break };
        let envelope = Envelope::parse(payload.into()).map_err(text)?;
        let number = envelope.number();
        let near = wanted.range(number.saturating_sub(claims)..=number).next().is_some();
        if near && envelope.kind() == bank::cluster::Kind::Batch {
            let record = Record::from_bytes(envelope.body()).map_err(text)?;
            if wanted.contains(&record.root.body.batch) {
                found.insert(record.root.body.batch, record);
            }
        }
    }
    Ok(found)
}

fn text(error: impl core::fmt::Display) -> String {
    error.to_string()
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
