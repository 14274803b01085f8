//! Reading a log record by record, through a window of bounded size.

use super::format::{self, CHAIN_BYTES, HEAD_BYTES, HEADER_BYTES};
use super::{Medium, StorageError};
use wire::Digest;

/// Bytes that are read at once; more only for a record that is longer.
const WINDOW_BYTES: usize = 1 << 20;

/// Bytes of one look for zeros.
const LOOK_BYTES: usize = 4096;

/// How a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// With its last record, or with room behind it.
    Whole,
    /// With an append that was never finished, and so never acknowledged.
    Unfinished {
        /// Where the append began.
        offset: u64,
        /// Bytes behind it.
        bytes: u64,
    },
}

/// A place between two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Records before it.
    pub records: u64,
    /// Its offset.
    pub offset: u64,
    /// Offset of the record before it; of the header, if there is none.
    pub last: u64,
    /// Chain value behind the record before it.
    pub chain: Digest,
}

/// Reads a log record by record. Memory is bounded by the longest record.
pub struct LogReader<M> {
    window: Window<M>,
    place: Place,
    tail: Option<Tail>,
}

/// What stands at a place.
enum Found {
    Record { payload: usize, chain: Digest },
    EndsEarly,
    Wrong,
}

impl<M: Medium> LogReader<M> {
    /// Checks the header.
    ///
    /// # Errors
    /// [`StorageError`] if it can't be read, is of another kind or from another version.
    pub fn open(medium: M, kind: u16) -> Result<Self, StorageError> {
        let mut window = Window::open(medium)?;
        let chain = format::check_header(kind, window.view(0, 32)?)?;
        Ok(Self { window, place: Place::first(chain), tail: None })
    }

    /// Checks the header and begins at a place where the log once stood.
    ///
    /// # Errors
    /// [`StorageError::EndsBefore`] or [`StorageError::OtherHistory`] if the log doesn't lead
    /// there, and those of [`open`](Self::open).
    pub fn open_at(medium: M, kind: u16, place: Place) -> Result<Self, StorageError> {
        let mut reader = Self::open(medium, kind)?;
        let records = place.records;
        if reader.window.length < place.offset {
            return Err(StorageError::EndsBefore { records });
        }
        let stored = match records {
            0 => reader.place.chain,
            _ => reader.window.chain_at(place.offset - CHAIN_BYTES as u64)?,
        };
        if stored != place.chain {
            return Err(StorageError::OtherHistory { records });
        }
        reader.place = place;
        Ok(reader)
    }

    /// All records from here on, as [`next_whole_record`](Self::next_whole_record) gives them.
    pub const fn records(self) -> Records<M> {
        Records { reader: self, failure: None }
    }

    /// The next record; `None` at the end, of which [`LogReader::tail`] then tells the kind.
    ///
    /// # Errors
    /// [`StorageError::Damaged`], also for an append that a power cut left in disorder.
    pub fn next_record(&mut self) -> Result<Option<&[u8]>, StorageError> {
        match self.step()? {
            Step::Record(payload) => self.payload(payload).map(Some),
            Step::End => Ok(None),
            Step::Wrong => Err(self.damaged()),
        }
    }

    /// As [`next_record`](Self::next_record), for a restart: what is in disorder is an unfinished
    /// append, as long as no sound record follows it.
    ///
    /// # Errors
    /// [`StorageError::Damaged`] for damage in the middle.
    pub fn next_whole_record(&mut self) -> Result<Option<&[u8]>, StorageError> {
        match self.step()? {
            Step::Record(payload) => self.payload(payload).map(Some),
            Step::End => Ok(None),
            Step::Wrong if self.sound_record_follows()? => Err(self.damaged()),
            Step::Wrong => {
                self.end_unfinished();
                Ok(None)
            }
        }
    }

    /// Reads all records for a restart. `accept` is called for each and may end the log before it,
    /// by returning `false`.
    ///
    /// # Errors
    /// [`StorageError::Damaged`] for damage in the middle.
    pub fn recover(&mut self, mut accept: impl FnMut(&[u8]) -> bool) -> Result<(), StorageError> {
        loop {
            let before = self.place;
            match self.next_whole_record()? {
                None => return Ok(()),
                Some(record) if accept(record) => {}
                Some(_) => {
                    self.place = before;
                    return Ok(());
                }
            }
        }
    }

    fn step(&mut self) -> Result<Step, StorageError> {
        if self.tail.is_some() || self.window.rest(self.place.offset) == 0 {
            return Ok(Step::End);
        }
        let Place { offset, chain, .. } = self.place;
        match find(&mut self.window, offset, &chain)? {
            Found::Record { payload, chain } => {
                self.place = self.place.behind(payload, chain);
                Ok(Step::Record(payload))
            }
            Found::EndsEarly | Found::Wrong if self.window.is_zero_from(offset)? => {
                self.tail = Some(Tail::Whole);
                Ok(Step::End)
            }
            Found::EndsEarly => {
                self.end_unfinished();
                Ok(Step::End)
            }
            Found::Wrong => Ok(Step::Wrong),
        }
    }

    /// The payload of the record that was just passed.
    fn payload(&mut self, length: usize) -> Result<&[u8], StorageError> {
        let start = self.place.offset - (length + CHAIN_BYTES) as u64;
        self.window.view(start, length)
    }

    fn end_unfinished(&mut self) {
        let offset = self.place.offset;
        self.tail = Some(Tail::Unfinished { offset, bytes: self.window.rest(offset) });
    }

    /// How the log ends; known once there was no next record.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.tail.unwrap_or(Tail::Whole)
    }

    /// Where the next record begins.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    fn damaged(&self) -> StorageError {
        let Place { records, offset, .. } = self.place;
        StorageError::Damaged { record: records, offset }
    }

    /// Whether a sound record stands behind the damaged one that is next: then the damage is in
    /// the middle of the log and not an append that a power cut left in disorder.
    fn sound_record_follows(&mut self) -> Result<bool, StorageError> {
        if self.follows_whatever_its_chain_says()? {
            return Ok(true);
        }
        // The chain value of the record before stands right in front of each record.
        let mut at = self.place.offset;
        while self.window.rest(at) >= (CHAIN_BYTES + HEAD_BYTES + CHAIN_BYTES) as u64 {
            let zeros = self.window.zeros_at(at)?;
            if zeros > CHAIN_BYTES + HEAD_BYTES {
                at += (zeros - CHAIN_BYTES - HEAD_BYTES) as u64;
            }
            if self.window.may_begin_a_record(at + CHAIN_BYTES as u64)? {
                let chain = self.window.chain_at(at)?;
                let next = at + CHAIN_BYTES as u64;
                if matches!(find(&mut self.window, next, &chain)?, Found::Record { .. }) {
                    return Ok(true);
                }
            }
            at += 1;
        }
        Ok(false)
    }

    /// Whether the damage is in the stored chain value alone: then the next record is sound under
    /// the value that it should have.
    fn follows_whatever_its_chain_says(&mut self) -> Result<bool, StorageError> {
        let Place { offset, chain, .. } = self.place;
        let Some(length) = sound_head(&mut self.window, offset, &chain)? else {
            return Ok(false);
        };
        let record = self.window.view(offset, format::record_length(length))?;
        let Some(payload) = record.get(HEAD_BYTES..HEAD_BYTES + length) else { return Ok(false) };
        let chain = format::chain_after(&chain, payload);
        let next = offset + format::record_length(length) as u64;
        Ok(matches!(find(&mut self.window, next, &chain)?, Found::Record { .. }))
    }
}

impl Place {
    pub(super) const fn first(chain: Digest) -> Self {
        Self { records: 0, offset: HEADER_BYTES, last: 0, chain }
    }

    /// Behind the record that begins here.
    pub(super) const fn behind(self, payload: usize, chain: Digest) -> Self {
        Self {
            records: self.records + 1,
            offset: self.offset + format::record_length(payload) as u64,
            last: self.offset,
            chain,
        }
    }
}

/// The records of a log, one after the other.
pub struct Records<M> {
    reader: LogReader<M>,
    failure: Option<StorageError>,
}

impl<M: Medium> Records<M> {
    /// Where the records stand.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.reader.place()
    }

    /// Why there was no next record, if not because the log ends.
    #[must_use]
    pub const fn failure(&self) -> Option<&StorageError> {
        self.failure.as_ref()
    }
}

impl<M: Medium> Iterator for Records<M> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.failure.is_some() {
            return None;
        }
        match self.reader.next_whole_record() {
            Ok(record) => record.map(<[u8]>::to_vec),
            Err(failure) => {
                self.failure = Some(failure);
                None
            }
        }
    }
}

enum Step {
    Record(usize),
    End,
    Wrong,
}

fn find<M: Medium>(
    window: &mut Window<M>,
    at: u64,
    before: &Digest,
) -> Result<Found, StorageError> {
    if window.rest(at) < HEAD_BYTES as u64 {
        return Ok(Found::EndsEarly);
    }
    let Some(payload) = sound_head(window, at, before)? else { return Ok(Found::Wrong) };
    let whole = format::record_length(payload);
    let record = window.view(at, whole)?;
    if record.len() < whole {
        return Ok(Found::EndsEarly);
    }
    Ok(match format::check_record(record, before) {
        Some(chain) => Found::Record { payload, chain },
        None => Found::Wrong,
    })
}

/// Length of the payload behind the head at a place.
fn sound_head<M: Medium>(
    window: &mut Window<M>,
    at: u64,
    before: &Digest,
) -> Result<Option<usize>, StorageError> {
    let head = window.view(at, HEAD_BYTES)?.first_chunk::<HEAD_BYTES>().copied();
    Ok(head.and_then(|head| format::payload_length(head, before)))
}

/// A part of a medium in memory.
struct Window<M> {
    medium: M,
    length: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<M: Medium> Window<M> {
    fn open(mut medium: M) -> Result<Self, StorageError> {
        let length = medium.length().map_err(StorageError::medium("reading"))?;
        Ok(Self { medium, length, start: 0, bytes: Vec::new() })
    }

    /// Bytes from `at` to the end.
    const fn rest(&self, at: u64) -> u64 {
        self.length.saturating_sub(at)
    }

    /// The bytes from `at` on: as many as are wanted, or all to the end.
    fn view(&mut self, at: u64, wanted: usize) -> Result<&[u8], StorageError> {
        let wanted = usize::try_from(self.rest(at)).map_or(wanted, |rest| rest.min(wanted));
        let skipped = at.checked_sub(self.start).and_then(|skipped| usize::try_from(skipped).ok());
        let inside = skipped.filter(|skipped| {
            self.bytes.len().checked_sub(*skipped).is_some_and(|bytes| bytes >= wanted)
        });
        let from = match inside {
            Some(from) => from,
            None => self.load(at, wanted)?,
        };
        Ok(&self.bytes[from..from + wanted])
    }

    fn chain_at(&mut self, at: u64) -> Result<Digest, StorageError> {
        let bytes = self.view(at, CHAIN_BYTES)?;
        Ok(Digest(*bytes.first_chunk().expect("the caller has checked the length")))
    }

    /// Whether a head that stands here announces a record that the file has room for.
    fn may_begin_a_record(&mut self, at: u64) -> Result<bool, StorageError> {
        let rest = self.rest(at);
        let length = self.view(at, 4)?.first_chunk::<4>().copied().map(u32::from_be_bytes);
        let whole = length.map(|length| format::record_length(length as usize) as u64);
        Ok(whole.is_some_and(|whole| whole <= rest))
    }

    /// How many zeros stand here, as far as one look goes.
    fn zeros_at(&mut self, at: u64) -> Result<usize, StorageError> {
        let bytes = self.view(at, LOOK_BYTES)?;
        Ok(bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len()))
    }

    fn is_zero_from(&mut self, mut at: u64) -> Result<bool, StorageError> {
        while self.rest(at) > 0 {
            let seen = self.view(at, LOOK_BYTES)?.len();
            if self.zeros_at(at)? < seen {
                return Ok(false);
            }
            at += seen as u64;
        }
        Ok(true)
    }

    fn load(&mut self, at: u64, wanted: usize) -> Result<usize, StorageError> {
        let wanted = wanted.max(WINDOW_BYTES);
        let size = usize::try_from(self.rest(at)).map_or(wanted, |rest| rest.min(wanted));
        // Taken out, so that a failed read leaves no window that looks like the file.
        let mut bytes = core::mem::take(&mut self.bytes);
        bytes.resize(size, 0);
        self.medium.read_at(at, &mut bytes).map_err(StorageError::medium("reading"))?;
        (self.start, self.bytes) = (at, bytes);
        Ok(0)
    }
}
