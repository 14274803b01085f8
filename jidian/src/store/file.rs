//! A file as a medium of a log.

use bank::log::{Medium, MediumError};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

/// The system is asked to give memory back when so much was written and synced.
const CACHED_BYTES_MAX: u64 = 1 << 20;

/// A file that this process reads, or writes alone.
pub struct FileMedium {
    file: File,
    /// What was written since the system was last asked to give the memory of it back.
    cached: Range<u64>,
}

impl FileMedium {
    /// Over an open file.
    #[must_use]
    pub const fn new(file: File) -> Self {
        Self { file, cached: 0..0 }
    }

    /// Makes a new file, for reading and writing.
    ///
    /// # Errors
    /// Those of the operating system; the file must not exist.
    pub fn create(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path).map(Self::new)
    }

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).open(path).map(Self::new)
    }

    fn note_written(&mut self, offset: u64, length: usize) {
        let end = offset + length as u64;
        self.cached = match self.cached.is_empty() {
            true => offset..end,
            false => self.cached.start.min(offset)..self.cached.end.max(end),
        };
    }

    /// A log is hardly ever read back. If the system kept all of it in memory, each write would need
    /// pages that are new, and on a virtual machine those are several times slower than used ones.
    fn release_cache(&mut self) {
        if self.cached.end - self.cached.start < CACHED_BYTES_MAX {
            return;
        }
        give_back(&self.file, &self.cached);
        self.cached = 0..0;
    }
}

#[cfg(target_os = "linux")]
fn give_back(file: &File, cached: &Range<u64>) {
    let length = std::num::NonZeroU64::new(cached.end - cached.start);
    // It is advice: a file system that doesn't take it is as right as one that does.
    let _ = rustix::fs::fadvise(file, cached.start, length, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn give_back(_: &File, _: &Range<u64>) {}

pub(super) fn medium_error(error: &io::Error) -> MediumError {
    MediumError { reason: error.to_string() }
}

impl Medium for FileMedium {
    fn length(&mut self) -> Result<u64, MediumError> {
        self.file.metadata().map(|found| found.len()).map_err(|error| medium_error(&error))
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        let found = self.file.seek(SeekFrom::Start(offset));
        found.and_then(|_| self.file.read_exact(buffer)).map_err(|error| medium_error(&error))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        self.note_written(offset, bytes.len());
        let found = self.file.seek(SeekFrom::Start(offset));
        found.and_then(|_| self.file.write_all(bytes)).map_err(|error| medium_error(&error))
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        self.file.sync_data().map_err(|error| medium_error(&error))?;
        self.release_cache();
        Ok(())
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        self.file.set_len(length).map_err(|error| medium_error(&error))
    }
}
