//! A state as it was behind one record, so that a restart needn't repeat all records before it.
//!
//! Numbers are big-endian.
//!
//! ```text
//! file  = magic "JIDIANSN" (8) ‖ version (2) ‖ zero (6) ‖ place ‖ length of the state (8)
//!         ‖ records × offset (8) ‖ state ‖ kept ‖ check (32)
//! place = records (8) ‖ offset (8) ‖ offset of the last record (8) ‖ chain (32)
//! check = BLAKE3 of everything before
//! ```
//! A snapshot that is missing or damaged costs a longer replay and nothing else. One that is whole
//! also proves how long the log was.

use super::format::{HEADER_BYTES, record_length};
use super::{Medium, Place, StoredLog};
use core::fmt;
use wire::{Digest, Sink};

/// Version of the format.
pub const SNAPSHOT_VERSION: u16 = 2;

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
    /// What its keeper wants to find again beside the state; may be empty.
    pub kept: Vec<u8>,
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
        Self { place: log.place(), offsets: log.offsets().to_vec(), state, kept: Vec::new() }
    }

    /// The same, with something beside the state.
    #[must_use]
    pub fn keeping(self, kept: Vec<u8>) -> Self {
        Self { kept, ..self }
    }

    /// Number of the last batch that the state has seen; `None` before the genesis.
    #[must_use]
    pub const fn batch(&self) -> Option<u64> {
        self.place.records.checked_sub(1)
    }

    /// Canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut |part| bytes.extend_from_slice(part));
        bytes
    }

    /// Writes the canonical bytes, in a few large parts.
    pub fn write(&self, out: &mut Sink<'_>) {
        let Self { place, offsets, state, kept } = self;
        let mut head = Vec::with_capacity(HEAD_BYTES + PLACE_BYTES + 8 + 8 * offsets.len());
        head.extend_from_slice(MAGIC);
        head.extend_from_slice(&SNAPSHOT_VERSION.to_be_bytes());
        head.extend_from_slice(&[0; 6]);
        for number in [place.records, place.offset, place.last] {
            head.extend_from_slice(&number.to_be_bytes());
        }
        head.extend_from_slice(&place.chain.0);
        head.extend_from_slice(&(state.len() as u64).to_be_bytes());
        for offset in offsets {
            head.extend_from_slice(&offset.to_be_bytes());
        }
        let mut check = blake3::Hasher::new();
        for part in [&head, state, kept] {
            check.update(part);
            out(part);
        }
        out(check.finalize().as_bytes());
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
        let (chain, rest) = rest.split_first_chunk::<32>()?;
        let (length, mut rest) = take_number(rest)?;
        let place = Place { records, offset, last, chain: Digest(*chain) };
        let mut offsets = Vec::new();
        for _ in 0..records {
            let (offset, behind) = take_number(rest)?;
            offsets.push(offset);
            rest = behind;
        }
        let (state, kept) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let snapshot = Self { place, offsets, state: state.to_vec(), kept: kept.to_vec() };
        snapshot.lies_in_a_log().then_some(snapshot)
    }

    /// Whether records can begin at these offsets, so that nobody reads where none can be.
    fn lies_in_a_log(&self) -> bool {
        let shortest = record_length(0) as u64;
        let follows =
            |one: u64, next: u64| next.checked_sub(one).is_some_and(|gap| gap >= shortest);
        let offsets = self.offsets.iter().copied();
        let ends = offsets.clone().skip(1).chain([self.place.offset]);
        match self.offsets.last() {
            None => self.place.offset == HEADER_BYTES && self.place.last == 0,
            Some(last) => {
                self.offsets.first() == Some(&HEADER_BYTES)
                    && self.place.last == *last
                    && offsets.zip(ends).all(|(one, next)| follows(one, next))
            }
        }
    }
}

fn take_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}
