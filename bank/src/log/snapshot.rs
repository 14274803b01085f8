//! A state as it was behind one record, so that a restart needn't repeat all records before it.
//!
//! Numbers are big-endian.
//!
//! ```text
//! file  = magic "JIDIANSN" (8) ‖ version (2) ‖ zero (6) ‖ place ‖ records × offset (8) ‖ state ‖ check (32)
//! place = records (8) ‖ offset (8) ‖ offset of the last record (8) ‖ chain (32)
//! check = BLAKE3 of everything before
//! ```
//! A snapshot that is missing or damaged costs a longer replay and nothing else. One that is whole
//! also proves how long the log was.

use super::{Medium, Place, StoredLog};
use core::fmt;
use wire::Digest;

/// Version of the format.
pub const SNAPSHOT_VERSION: u16 = 1;

const MAGIC: &[u8; 8] = b"JIDIANSN";
const HEAD_BYTES: usize = 16;
const PLACE_BYTES: usize = 56;
const CHECK_BYTES: usize = 32;

/// A state and the place in the log where it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Behind the last record that the state has seen.
    pub place: Place,
    /// Where each record up to there begins.
    pub offsets: Vec<u64>,
    /// The state, in its own encoding.
    pub state: Vec<u8>,
}

/// Why bytes are no snapshot that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    /// They don't begin as a snapshot does.
    NotASnapshot,
    /// Another version of the program wrote it.
    OtherVersion(u16),
    /// They aren't those that were written.
    Damaged,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASnapshot => write!(f, "not a snapshot"),
            Self::OtherVersion(version) => {
                write!(f, "a snapshot in format {version}, this program knows {SNAPSHOT_VERSION}")
            }
            Self::Damaged => write!(f, "damaged: the check fails"),
        }
    }
}

impl core::error::Error for SnapshotError {}

impl Snapshot {
    /// The state behind the last record of a log.
    #[must_use]
    pub fn of<M: Medium>(log: &StoredLog<M>, state: Vec<u8>) -> Self {
        Self { place: log.place(), offsets: log.offsets().to_vec(), state }
    }

    /// Number of the last batch that the state has seen; `None` before the genesis.
    #[must_use]
    pub const fn batch(&self) -> Option<u64> {
        self.place.records.checked_sub(1)
    }

    /// Canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { place, offsets, state } = self;
        let length = HEAD_BYTES + PLACE_BYTES + 8 * offsets.len() + state.len() + CHECK_BYTES;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&SNAPSHOT_VERSION.to_be_bytes());
        bytes.extend_from_slice(&[0; 6]);
        for number in [place.records, place.offset, place.last] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&place.chain.0);
        for offset in offsets {
            bytes.extend_from_slice(&offset.to_be_bytes());
        }
        bytes.extend_from_slice(state);
        let check = blake3::hash(&bytes);
        bytes.extend_from_slice(check.as_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`SnapshotError`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let head = bytes.first_chunk::<HEAD_BYTES>().ok_or(SnapshotError::NotASnapshot)?;
        if head[..8] != *MAGIC {
            return Err(SnapshotError::NotASnapshot);
        }
        let (body, check) =
            bytes.split_last_chunk::<CHECK_BYTES>().ok_or(SnapshotError::Damaged)?;
        if blake3::hash(body) != blake3::Hash::from_bytes(*check) {
            return Err(SnapshotError::Damaged);
        }
        match u16::from_be_bytes([head[8], head[9]]) {
            SNAPSHOT_VERSION => Self::parse(body).ok_or(SnapshotError::Damaged),
            other => Err(SnapshotError::OtherVersion(other)),
        }
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let rest = body.get(HEAD_BYTES..)?;
        let (records, rest) = take_number(rest)?;
        let (offset, rest) = take_number(rest)?;
        let (last, rest) = take_number(rest)?;
        let (chain, mut rest) = rest.split_first_chunk::<32>()?;
        let place = Place { records, offset, last, chain: Digest(*chain) };
        let mut offsets = Vec::new();
        for _ in 0..records {
            let (offset, behind) = take_number(rest)?;
            offsets.push(offset);
            rest = behind;
        }
        Some(Self { place, offsets, state: rest.to_vec() })
    }
}

fn take_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}
