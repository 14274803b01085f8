//! Bytes of header and records.

use super::StorageError;
use crypto::Sm3;
use wire::Digest;

/// Version of the format, and of the layout of a data directory.
pub const FORMAT_VERSION: u16 = 4;

/// Length of the header.
pub const HEADER_BYTES: u64 = 32;

/// Longest payload of a record.
pub const RECORD_BYTES_MAX: u32 = 1 << 28;

pub(super) const HEAD_BYTES: usize = 8;
pub(super) const CHAIN_BYTES: usize = 32;

const MAGIC: &[u8; 8] = b"JIDIANLG";

/// Whether these are the first bytes of a log whose header wasn't finished.
#[must_use]
pub fn begins_a_log(bytes: &[u8]) -> bool {
    let known = bytes.len().min(MAGIC.len());
    bytes[..known] == MAGIC[..known]
}

pub(super) fn header(kind: u16) -> [u8; 32] {
    let mut header = [0; 32];
    header[..8].copy_from_slice(MAGIC);
    header[8..10].copy_from_slice(&FORMAT_VERSION.to_be_bytes());
    header[10..12].copy_from_slice(&kind.to_be_bytes());
    let check = crypto::sm3(&header[..16]);
    header[16..].copy_from_slice(&check.0[..16]);
    header
}

/// Checks a header and gives the chain value before the first record.
pub(super) fn check_header(kind: u16, bytes: &[u8]) -> Result<Digest, StorageError> {
    let found = bytes.first_chunk::<32>().ok_or(StorageError::NotALog)?;
    let check = crypto::sm3(&found[..16]);
    if found[..8] != *MAGIC || found[16..] != check.0[..16] {
        return Err(StorageError::NotALog);
    }
    let version = u16::from_be_bytes([found[8], found[9]]);
    if version != FORMAT_VERSION {
        return Err(StorageError::OtherVersion { version });
    }
    if *found != header(kind) {
        return Err(StorageError::NotALog);
    }
    Ok(crypto::sm3(found))
}

/// Length of the payload that a head announces; `None` if the head isn't sound.
pub(super) fn payload_length(head: [u8; HEAD_BYTES], before: &Digest) -> Option<usize> {
    let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    // The cheap question first: a search for a sound record asks at every byte.
    let sound = length <= RECORD_BYTES_MAX && head[4..] != [0; 4];
    (sound && head[4..] == head_check(before, length)).then_some(length as usize)
}

/// Length of the whole record around a payload.
pub(super) const fn record_length(payload: usize) -> usize {
    HEAD_BYTES + payload + CHAIN_BYTES
}

/// The chain value behind a whole record whose head is sound; `None` if the record isn't.
pub(super) fn check_record(record: &[u8], before: &Digest) -> Option<Digest> {
    let (payload, stored) = record[HEAD_BYTES..].split_last_chunk::<CHAIN_BYTES>()?;
    let chain = chain_after(before, payload);
    (chain.0 == *stored).then_some(chain)
}

/// Puts a record in place of what is in `record`; gives the chain value behind it.
///
/// # Panics
/// If the payload is longer than [`RECORD_BYTES_MAX`].
pub(super) fn write_record(record: &mut Vec<u8>, payload: &[u8], before: &Digest) -> Digest {
    let length = u32::try_from(payload.len()).ok().filter(|length| *length <= RECORD_BYTES_MAX);
    let length = length.expect("no record is longer than a batch of the largest fleet");
    let chain = chain_after(before, payload);
    record.clear();
    record.reserve(record_length(payload.len()));
    record.extend_from_slice(&length.to_be_bytes());
    record.extend_from_slice(&head_check(before, length));
    record.extend_from_slice(payload);
    record.extend_from_slice(&chain.0);
    chain
}

fn head_check(before: &Digest, length: u32) -> [u8; 4] {
    let mut hash = Sm3::new();
    hash.update(b"JIDIAN-RECORD-HEAD-1");
    hash.update(&before.0);
    hash.update(&length.to_be_bytes());
    let digest = hash.finish();
    // Never zero, so that zeros are no head.
    [digest.0[0], digest.0[1], digest.0[2], digest.0[3] | u8::from(digest.0[..4] == [0; 4])]
}

pub(super) fn chain_after(before: &Digest, payload: &[u8]) -> Digest {
    let mut hash = Sm3::new();
    hash.update(&before.0);
    hash.update(&u32::try_from(payload.len()).expect("records are bounded").to_be_bytes());
    // A payload is large and the bank has hashed its parts already: the faster hash saves time, and
    // the chain over it is as hard to forge.
    hash.update(blake3::hash(payload).as_bytes());
    hash.finish()
}
