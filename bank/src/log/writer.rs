//! Appending to a log.

use super::format;
use super::{Medium, MediumError, Place, StorageError};
use wire::Digest;

/// Whether an append is on the medium when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Synced: survives a power cut of the host.
    Synced,
    /// Handed to the operating system: survives the death of the process.
    Buffered,
}

/// Appends to a log.
pub struct LogWriter<M> {
    medium: M,
    place: Place,
    durability: Durability,
    /// The record that is written; kept, so that no append asks for memory.
    record: Vec<u8>,
    /// Length of the medium, if it was made longer than the records need.
    room_until: u64,
    /// By how much the medium grows at a time.
    step: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Bytes behind the last record still have to be cut off.
    CutDue,
    /// All is on the medium.
    Settled,
    /// Something was appended since the last sync.
    Unsynced,
    /// A sync failed, or a failed write couldn't be taken back.
    Unsure,
}

impl<M: Medium> LogWriter<M> {
    /// Begins a log on an empty medium.
    ///
    /// # Errors
    /// [`StorageError::Medium`].
    pub fn create(mut medium: M, kind: u16, durability: Durability) -> Result<Self, StorageError> {
        let header = format::header(kind);
        let written = medium.write_at(0, &header).and_then(|()| medium.sync());
        written.map_err(StorageError::medium("writing"))?;
        let place = Place::first(crypto::sm3(&header));
        Ok(Self { state: State::Settled, ..Self::at(medium, place, durability) })
    }

    /// Continues a log at a place to which a reader came, and makes sure that all before it is on
    /// the medium. What follows is cut off by the first append: until then it stays as it is.
    ///
    /// # Errors
    /// [`StorageError::Medium`].
    pub fn resume(medium: M, place: Place, durability: Durability) -> Result<Self, StorageError> {
        let mut writer = Self::at(medium, place, durability);
        writer.settle().map_err(StorageError::medium("syncing"))?;
        Ok(writer)
    }

    const fn at(medium: M, place: Place, durability: Durability) -> Self {
        let (room_until, state) = (place.offset, State::CutDue);
        Self { medium, place, durability, record: Vec::new(), room_until, step: 0, state }
    }

    /// Lets the medium grow by so much at a time, which makes a sync cheaper: the length of a file
    /// then seldom changes.
    #[must_use]
    pub fn growing_by(self, step: u64) -> Self {
        Self { step, ..self }
    }

    /// The process before may have died between a write and its sync, or after a failed sync. The
    /// record of a synced log that may be missing is the last one; written again, it is dirty again.
    fn settle(&mut self) -> Result<(), MediumError> {
        if self.durability == Durability::Synced {
            let Place { last, offset, .. } = self.place;
            let length = usize::try_from(offset - last).expect("a record is bounded");
            self.record.resize(length, 0);
            self.medium.read_at(last, &mut self.record)?;
            self.medium.write_at(last, &self.record)?;
        }
        self.medium.sync()
    }

    /// Appends one record. If this fails, the log is as before.
    ///
    /// # Errors
    /// [`StorageError::Medium`], for example when the disk is full; [`StorageError::Unsure`] after
    /// a failed sync.
    ///
    /// # Panics
    /// If the payload is longer than [`RECORD_BYTES_MAX`](super::RECORD_BYTES_MAX).
    pub fn append(&mut self, payload: &[u8]) -> Result<(), StorageError> {
        match self.state {
            State::CutDue => self.cut_back().map_err(StorageError::medium("cutting back"))?,
            State::Settled | State::Unsynced => {}
            State::Unsure => return Err(StorageError::Unsure),
        }
        let chain = format::write_record(&mut self.record, payload, &self.place.chain);
        self.make_room();
        if let Err(error) = self.medium.write_at(self.place.offset, &self.record) {
            self.take_back();
            return Err(StorageError::Medium { doing: "appending to", error });
        }
        self.state = State::Unsynced;
        if self.durability == Durability::Synced {
            self.sync()?;
        }
        self.place = self.place.behind(payload.len(), chain);
        self.room_until = self.room_until.max(self.place.offset);
        Ok(())
    }

    /// Puts everything on the medium.
    ///
    /// # Errors
    /// [`StorageError::Medium`]: then the log takes nothing more until it is opened anew.
    pub fn sync(&mut self) -> Result<(), StorageError> {
        match self.state {
            State::CutDue | State::Settled => return Ok(()),
            State::Unsynced => {}
            State::Unsure => return Err(StorageError::Unsure),
        }
        let synced = self.medium.sync();
        self.state = if synced.is_ok() { State::Settled } else { State::Unsure };
        synced.map_err(StorageError::medium("syncing"))
    }

    /// Gives back the room behind the last record, at a clean end.
    ///
    /// # Errors
    /// [`StorageError::Medium`].
    pub fn trim(&mut self) -> Result<(), StorageError> {
        if self.room_until > self.place.offset && self.state != State::Unsure {
            self.cut_back().map_err(StorageError::medium("cutting back"))?;
        }
        Ok(())
    }

    /// Whether the log takes nothing more until it is opened anew.
    #[must_use]
    pub fn is_unsure(&self) -> bool {
        self.state == State::Unsure
    }

    /// Where the next record will begin.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Chain value behind the last record.
    #[must_use]
    pub const fn chain(&self) -> Digest {
        self.place.chain
    }

    pub(super) const fn medium(&mut self) -> &mut M {
        &mut self.medium
    }

    /// Lets the medium grow for the record that is next. A medium that doesn't want to is written to
    /// all the same, and grows with each write.
    fn make_room(&mut self) {
        let end = self.place.offset + self.record.len() as u64;
        if self.step == 0 || end <= self.room_until {
            return;
        }
        if self.medium.set_length(end + self.step).is_ok() {
            self.room_until = end + self.step;
        } else {
            self.step = 0;
        }
    }

    /// Makes sure that nothing of a failed write is ever read back.
    fn take_back(&mut self) {
        let gone = self.cut_back().and_then(|()| self.medium.sync());
        if gone.is_err() {
            self.state = State::Unsure;
        }
    }

    fn cut_back(&mut self) -> Result<(), MediumError> {
        self.medium.set_length(self.place.offset)?;
        self.room_until = self.place.offset;
        if self.state == State::CutDue {
            self.state = State::Settled;
        }
        Ok(())
    }
}
