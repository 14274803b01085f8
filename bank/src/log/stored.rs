//! The bank's log on one medium, with its records found by number.

use super::format::{self, CHAIN_BYTES, HEAD_BYTES, HEADER_BYTES};
use super::{
    Durability, LogError, LogReader, LogWriter, Medium, OrderedLog, Place, Snapshot, StorageError,
    Tail,
};
use wire::Digest;

/// An [`OrderedLog`] on one medium. It keeps eight bytes a record in memory to find it again.
pub struct StoredLog<M> {
    writer: LogWriter<M>,
    /// Where each record begins.
    offsets: Vec<u64>,
    /// Chain value before the first record.
    first_chain: Digest,
    tail: Tail,
}

impl<M: Medium> StoredLog<M> {
    /// Begins a log on an empty medium.
    ///
    /// # Errors
    /// [`StorageError::Medium`].
    pub fn create(medium: M, kind: u16) -> Result<Self, StorageError> {
        let writer = LogWriter::create(medium, kind, Durability::Synced)?;
        let first_chain = writer.chain();
        Ok(Self { writer, offsets: Vec::new(), first_chain, tail: Tail::Whole })
    }

    /// Goes on with a log, after a look at every record. An append that was never finished is
    /// dropped; [`tail`](Self::tail) tells of it.
    ///
    /// # Errors
    /// [`StorageError`]; then the medium is as it was.
    pub fn open(medium: M, kind: u16) -> Result<Self, StorageError> {
        Self::open_showing(medium, kind, None, |_| true)
    }

    /// Goes on with a log, after a look at the records behind a snapshot only.
    ///
    /// # Errors
    /// [`StorageError`]; then the medium is as it was.
    pub fn open_behind(medium: M, kind: u16, snapshot: &Snapshot) -> Result<Self, StorageError> {
        Self::open_showing(medium, kind, Some(snapshot), |_| true)
    }

    /// As [`open`](Self::open) or [`open_behind`](Self::open_behind), showing each record that is
    /// looked at to `accept`, which may end the log before it by returning `false`.
    ///
    /// # Errors
    /// [`StorageError`]; then the medium is as it was.
    pub fn open_showing(
        mut medium: M,
        kind: u16,
        snapshot: Option<&Snapshot>,
        accept: impl FnMut(&[u8]) -> bool,
    ) -> Result<Self, StorageError> {
        let (reader, offsets) = match snapshot {
            None => (LogReader::open(&mut medium, kind)?, Vec::new()),
            Some(snapshot) => {
                let reader = LogReader::open_at(&mut medium, kind, snapshot.place)?;
                (reader, snapshot.offsets.clone())
            }
        };
        let found = Found::read(reader, offsets, accept)?;
        Self::resume(medium, kind, found)
    }

    fn resume(medium: M, kind: u16, found: Found) -> Result<Self, StorageError> {
        let Found { place, offsets, tail } = found;
        let writer = LogWriter::resume(medium, place, Durability::Synced)?;
        Ok(Self { writer, offsets, first_chain: crypto::sm3(&format::header(kind)), tail })
    }

    /// Lets the medium grow by so much at a time: see [`LogWriter::growing_by`].
    #[must_use]
    pub fn growing_by(self, step: u64) -> Self {
        Self { writer: self.writer.growing_by(step), ..self }
    }

    /// Whether the log takes nothing more until it is opened anew.
    #[must_use]
    pub fn is_unsure(&self) -> bool {
        self.writer.is_unsure()
    }

    /// How the log ended when it was opened.
    #[must_use]
    pub const fn tail(&self) -> Tail {
        self.tail
    }

    /// Where the next record will begin.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.writer.place()
    }

    /// Where each record begins.
    #[must_use]
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// Gives back the room behind the last record, at a clean end.
    ///
    /// # Errors
    /// [`StorageError::Medium`].
    pub fn trim(&mut self) -> Result<(), StorageError> {
        self.writer.trim()
    }

    /// Appends one record.
    ///
    /// # Errors
    /// Those of [`LogWriter::append`].
    pub fn append_record(&mut self, payload: &[u8]) -> Result<(), StorageError> {
        let offset = self.place().offset;
        self.writer.append(payload)?;
        self.offsets.push(offset);
        Ok(())
    }

    /// The payload of a record, checked again; `None` if there is no such record.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn read_record(&mut self, number: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(offset) = self.offset(number) else { return Ok(None) };
        let end = self.offset(number + 1).unwrap_or(self.place().offset);
        let before = self.chain_before(offset)?;
        let length = usize::try_from(end - offset).expect("a record is bounded");
        let mut record = vec![0; length];
        self.read_at(offset, &mut record)?;
        let head = record.first_chunk::<HEAD_BYTES>().copied();
        let payload = head.and_then(|head| format::payload_length(head, &before));
        let sound = payload.is_some_and(|payload| format::record_length(payload) == length)
            && format::check_record(&record, &before).is_some();
        if !sound {
            return Err(StorageError::Damaged { record: number, offset });
        }
        record.truncate(length - CHAIN_BYTES);
        record.drain(..HEAD_BYTES);
        Ok(Some(record))
    }

    fn offset(&self, number: u64) -> Option<u64> {
        self.offsets.get(usize::try_from(number).ok()?).copied()
    }

    /// The chain value before the record that begins here; a record's head checks it.
    fn chain_before(&mut self, offset: u64) -> Result<Digest, StorageError> {
        if offset == HEADER_BYTES {
            return Ok(self.first_chain);
        }
        let mut chain = Digest::default();
        self.read_at(offset - CHAIN_BYTES as u64, &mut chain.0)?;
        Ok(chain)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError> {
        let read = self.writer.medium().read_at(offset, buffer);
        read.map_err(StorageError::medium("reading"))
    }
}

/// What a look at a log finds.
struct Found {
    place: Place,
    offsets: Vec<u64>,
    tail: Tail,
}

impl Found {
    fn read<M: Medium>(
        mut reader: LogReader<M>,
        mut offsets: Vec<u64>,
        mut accept: impl FnMut(&[u8]) -> bool,
    ) -> Result<Self, StorageError> {
        loop {
            let place = reader.place();
            match reader.next_whole_record()? {
                Some(record) if accept(record) => offsets.push(place.offset),
                Some(_) | None => return Ok(Self { place, offsets, tail: reader.tail() }),
            }
        }
    }
}

impl<M: Medium> OrderedLog for StoredLog<M> {
    fn append(&mut self, number: u64, record: &[u8]) -> Result<(), LogError> {
        let records = self.place().records;
        if records != number {
            return Err(LogError { reason: format!("record {number} doesn't follow {records}") });
        }
        self.append_record(record).map_err(|error| LogError { reason: error.to_string() })
    }

    fn read(&mut self, number: u64) -> Result<Vec<u8>, LogError> {
        let found = self.read_record(number);
        let record = found.map_err(|error| LogError { reason: error.to_string() })?;
        record.ok_or_else(|| LogError { reason: format!("there is no record {number}") })
    }
}
