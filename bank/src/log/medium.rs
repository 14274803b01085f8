//! Where the bytes of a log are, and what may go wrong there.

use core::fmt;

/// Bytes that outlive the process: a file, or a simulated disk.
pub trait Medium {
    /// How many bytes there are.
    ///
    /// # Errors
    /// [`MediumError`].
    fn length(&mut self) -> Result<u64, MediumError>;

    /// Fills `buffer` with the bytes from `offset` on, all of which must be there.
    ///
    /// # Errors
    /// [`MediumError`].
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError>;

    /// Writes bytes from `offset` on; the medium grows as needed.
    ///
    /// # Errors
    /// [`MediumError`], for example when the disk is full: then a part may have been written, but
    /// not the whole.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError>;

    /// Makes all that was written durable.
    ///
    /// # Errors
    /// [`MediumError`]: then nobody knows what is durable of what was written since the last sync.
    fn sync(&mut self) -> Result<(), MediumError>;

    /// Cuts the medium, or lets it grow by zeros.
    ///
    /// # Errors
    /// [`MediumError`].
    fn set_length(&mut self, length: u64) -> Result<(), MediumError>;
}

impl<M: Medium + ?Sized> Medium for &mut M {
    fn length(&mut self) -> Result<u64, MediumError> {
        (**self).length()
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        (**self).read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        (**self).write_at(offset, bytes)
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        (**self).sync()
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        (**self).set_length(length)
    }
}

/// Why a medium refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediumError {
    /// What it says, for people.
    pub reason: String,
}

impl fmt::Display for MediumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl core::error::Error for MediumError {}

/// Why a log can't be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// The medium refuses.
    Medium {
        /// What was tried.
        doing: &'static str,
        /// What the medium says.
        error: MediumError,
    },
    /// The header is damaged, or this is no log of this kind.
    NotALog,
    /// Another version of the program wrote it.
    OtherVersion {
        /// Its version.
        version: u16,
    },
    /// A record was changed after it was written.
    Damaged {
        /// Number of the record, from 0.
        record: u64,
        /// Offset of its first byte.
        offset: u64,
    },
    /// A sync has failed: what is on the medium is unknown until the log is opened anew.
    Unsure,
    /// The log ends before a record that was in it once.
    EndsBefore {
        /// Number of the record behind which it ought to go on.
        records: u64,
    },
    /// Another record stands where a snapshot was taken.
    OtherHistory {
        /// Records up to there.
        records: u64,
    },
}

impl StorageError {
    pub(super) const fn medium(doing: &'static str) -> impl FnOnce(MediumError) -> Self {
        move |error| Self::Medium { doing, error }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Medium { doing, error } => write!(f, "{doing} it failed: {error}"),
            Self::NotALog => {
                write!(f, "the header is damaged, or this is no log of this kind")
            }
            Self::OtherVersion { version } => {
                let known = super::FORMAT_VERSION;
                write!(f, "written in format {version}, this program knows {known}")
            }
            Self::Damaged { record, offset } => write!(
                f,
                "record {record} at byte {offset} is damaged; restore the file from a copy"
            ),
            Self::Unsure => write!(
                f,
                "a write couldn't be made durable, so the log takes nothing more; start again"
            ),
            Self::EndsBefore { records } => write!(
                f,
                "it ends before record {records}, which a snapshot has seen; restore the file from \
                 a copy"
            ),
            Self::OtherHistory { records } => {
                write!(f, "the first {records} records aren't those that a snapshot has seen")
            }
        }
    }
}

impl core::error::Error for StorageError {}
