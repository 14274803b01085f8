//! What is wrong with a data directory, and where.

use crate::store::log::{LogError, other_version};
use bank::log::StorageError;
use core::fmt;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Why a directory isn't sound: the first thing that an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The file.
    pub file: PathBuf,
    /// The record in it, if the file is a log and the fault is one record's.
    pub place: Option<Place>,
    /// What is wrong, and what it means.
    pub what: String,
}

/// A record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its number, from 0.
    pub record: u64,
    /// Offset of its first byte.
    pub offset: u64,
}

impl Failure {
    /// A fault of a whole file.
    pub(super) fn of_file(file: &Path, what: impl fmt::Display) -> Self {
        Self { file: file.to_owned(), place: None, what: what.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        if let Some(Place { record, offset }) = self.place {
            write!(f, "record {record} at byte {offset}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl core::error::Error for Failure {}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let LogError { path, error } = error;
        match error {
            StorageError::Medium { doing, error } => {
                Self::of_file(&path, format_args!("{doing} it failed: {error}"))
            }
            StorageError::NotALog => Self::of_file(
                &path,
                "the header (bytes 0 to 31) is damaged, or this is no log of this kind; restore \
                 the file from a copy",
            ),
            StorageError::OtherVersion { version } => {
                Self::of_file(&path, format_args!("{} (bytes 8 and 9)", other_version(version)))
            }
            error @ (StorageError::Unsure
            | StorageError::EndsBefore { .. }
            | StorageError::OtherHistory { .. }) => Self::of_file(&path, error),
            StorageError::Damaged { record, offset } => Self {
                file: path,
                place: Some(Place { record, offset }),
                what: "the bytes aren't those that were written: a check of length, content or \
                       chain fails; restore the file from a copy"
                    .to_owned(),
            },
        }
    }
}
