//! What the bank asks of a log, and the log that keeps nothing.

use core::fmt;

/// Appends records and keeps them in order.
pub trait OrderedLog {
    /// Appends record `number`: 0 is the genesis, then batch 1, 2, 3 without a gap. When this
    /// returns `Ok`, the record is durable.
    ///
    /// # Errors
    /// [`LogError`] if it isn't. Then nothing of the record may ever be read back, and the next
    /// call has the same number again; an engine that can't know whether a failed record will be
    /// read back (a failed `fsync`) must go on refusing until it was opened anew.
    fn append(&mut self, number: u64, record: &[u8]) -> Result<(), LogError>;

    /// Reads record `number` back.
    ///
    /// # Errors
    /// [`LogError`] if there is no such record, or it can't be read.
    fn read(&mut self, number: u64) -> Result<Vec<u8>, LogError>;
}

impl<L: OrderedLog + ?Sized> OrderedLog for &mut L {
    fn append(&mut self, number: u64, record: &[u8]) -> Result<(), LogError> {
        (**self).append(number, record)
    }

    fn read(&mut self, number: u64) -> Result<Vec<u8>, LogError> {
        (**self).read(number)
    }
}

/// Why a record isn't durable, or can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogError {
    /// What the engine says, for people.
    pub reason: String,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the log refuses: {}", self.reason)
    }
}

impl core::error::Error for LogError {}

/// A log in memory, for tests and for runs that keep nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryLog {
    records: Vec<Vec<u8>>,
}

impl MemoryLog {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self { records: Vec::new() }
    }

    /// All records, the genesis first.
    #[must_use]
    pub fn records(&self) -> &[Vec<u8>] {
        &self.records
    }
}

impl OrderedLog for MemoryLog {
    fn append(&mut self, number: u64, record: &[u8]) -> Result<(), LogError> {
        if u64::try_from(self.records.len()) != Ok(number) {
            let reason = format!("record {number} doesn't follow {} records", self.records.len());
            return Err(LogError { reason });
        }
        self.records.push(record.to_vec());
        Ok(())
    }

    fn read(&mut self, number: u64) -> Result<Vec<u8>, LogError> {
        let place = usize::try_from(number).ok();
        let record = place.and_then(|place| self.records.get(place));
        record.cloned().ok_or_else(|| LogError { reason: format!("there is no record {number}") })
    }
}
