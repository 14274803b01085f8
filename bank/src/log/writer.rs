//! Appending to a log.

use super::format::{self, HEADER_BYTES};
use super::{Medium, Place, StorageError};
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
    /// Whether bytes behind the last record still have to be cut off.
    cut_due: bool,
    /// Whether something was appended since the last sync.
    unsynced: bool,
}

impl<M: Medium> LogWriter<M> {
    /// Begins a log on an empty medium.
    ///
    /// # Errors
    /// [`StorageError::Medium`].
    pub fn create(mut medium: M, kind: u16, durability: Durability) -> Result<Self, StorageError> {
        let header = format::header(kind);
        medium
            .write_at(0, &header)
            .and_then(|()| medium.sync())
            .map_err(StorageError::medium("writing"))?;
        let place = Place { records: 0, offset: HEADER_BYTES, chain: crypto::sm3(&header) };
        Ok(Self { cut_due: false, ..Self::at(medium, place, durability) })
    }

    /// Continues a log at a place to which a reader came. What follows is cut off by the first
    /// append: until then the medium stays as it is.
    pub const fn resume(medium: M, place: Place, durability: Durability) -> Self {
        Self::at(medium, place, durability)
    }

    const fn at(medium: M, place: Place, durability: Durability) -> Self {
        Self { medium, place, durability, record: Vec::new(), cut_due: true, unsynced: false }
    }

    /// Appends one record. If this fails, the log is as before.
    ///
    /// # Errors
    /// [`StorageError::Medium`], for example when the disk is full.
    ///
    /// # Panics
    /// If the payload is longer than [`RECORD_BYTES_MAX`](super::RECORD_BYTES_MAX).
    pub fn append(&mut self, payload: &[u8]) -> Result<(), StorageError> {
        if self.cut_due {
            self.cut_back()?;
            self.cut_due = false;
        }
        let chain = format::write_record(&mut self.record, payload, &self.place.chain);
        let written = self.medium.write_at(self.place.offset, &self.record);
        let written = written.and_then(|()| match self.durability {
            Durability::Synced => self.medium.sync(),
            Durability::Buffered => Ok(()),
        });
        if let Err(error) = written {
            // Best effort: if this fails too, the next start finds an unfinished append.
            let _ = self.cut_back();
            return Err(StorageError::Medium { doing: "appending to", error });
        }
        self.place = Place {
            records: self.place.records + 1,
            offset: self.place.offset + self.record.len() as u64,
            chain,
        };
        self.unsynced = self.durability == Durability::Buffered;
        Ok(())
    }

    /// Puts everything on the medium.
    ///
    /// # Errors
    /// [`StorageError::Medium`].
    pub fn sync(&mut self) -> Result<(), StorageError> {
        if self.unsynced {
            self.medium.sync().map_err(StorageError::medium("syncing"))?;
            self.unsynced = false;
        }
        Ok(())
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

    fn cut_back(&mut self) -> Result<(), StorageError> {
        let cut = self.medium.set_length(self.place.offset);
        cut.map_err(StorageError::medium("cutting back"))
    }
}
