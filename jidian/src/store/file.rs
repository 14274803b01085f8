//! A file as a medium of a log.

use bank::log::{Medium, MediumError};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A file that this process reads, or writes alone.
pub struct FileMedium(pub File);

impl FileMedium {
    /// Makes a new file, for reading and writing.
    ///
    /// # Errors
    /// Those of the operating system; the file must not exist.
    pub fn create(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path).map(Self)
    }

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).open(path).map(Self)
    }
}

pub(super) fn medium_error(error: &io::Error) -> MediumError {
    MediumError { reason: error.to_string() }
}

impl Medium for FileMedium {
    fn length(&mut self) -> Result<u64, MediumError> {
        self.0.metadata().map(|found| found.len()).map_err(|error| medium_error(&error))
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        let found = self.0.seek(SeekFrom::Start(offset));
        found.and_then(|_| self.0.read_exact(buffer)).map_err(|error| medium_error(&error))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        let found = self.0.seek(SeekFrom::Start(offset));
        found.and_then(|_| self.0.write_all(bytes)).map_err(|error| medium_error(&error))
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        self.0.sync_data().map_err(|error| medium_error(&error))
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        self.0.set_len(length).map_err(|error| medium_error(&error))
    }
}
