//! Idempotency keys that outlive the process.
//!
//! A desk signs for its caller, so the ledger can't tell a repeated call from a new one. Before such
//! an operation goes to the ledger, its key goes to `desk.log`; after a restart the ledger tells
//! which of them it has applied, and only those are remembered.

use super::idempotency::{KEY_BYTES_MAX, Key};
use super::problem::Reply;
use super::storage::{BankDirectory, StorageError};
use crate::store::log::LogWriter;
use bank::record::Record;
use std::collections::{BTreeMap, BTreeSet};
use wire::{DecodeError, Digest, Reader, Sink, Wire};

/// Keys that are kept over a restart.
pub(super) const KEPT_MAX: usize = 10_000;

/// A call at a desk, and the operation that the desk signed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeskCall {
    pub(super) key: Key,
    /// Digest of method, path and body.
    pub(super) call: Digest,
    /// Digest of the operation.
    pub(super) order: Digest,
}

impl Wire for DeskCall {
    fn write(&self, out: &mut Sink<'_>) {
        for text in [&self.key.caller, &self.key.key] {
            u8::try_from(text.len()).expect("keys are bounded").write(out);
            out(text.as_bytes());
        }
        self.call.write(out);
        self.order.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let key = Key { caller: read_text(reader)?, key: read_text(reader)? };
        Ok(Self { key, call: Wire::read(reader)?, order: Wire::read(reader)? })
    }
}

fn read_text(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let at = reader.at();
    let length = usize::from(u8::read(reader)?);
    let text = core::str::from_utf8(reader.take(length)?).ok();
    let text = text.filter(|text| text.len() <= KEY_BYTES_MAX);
    text.map(str::to_owned).ok_or(reader.refuse(at, "text"))
}

/// The open log.
pub(super) struct DeskLog(LogWriter);

impl DeskLog {
    /// Opens the log and what it holds, oldest first; a long one is begun anew.
    pub(super) fn open(directory: &BankDirectory) -> Result<(Self, Vec<DeskCall>), StorageError> {
        let (log, mut records) = directory.desk_log()?;
        let surplus = records.len().saturating_sub(KEPT_MAX);
        records.drain(..surplus);
        let log = if surplus > KEPT_MAX { directory.renew_desk_log(&records)? } else { log };
        let calls = records.iter().map(|record| DeskCall::decode(record));
        let calls = calls.collect::<Result<_, _>>();
        Ok((Self(log), calls.map_err(|error| super::storage::at(directory.path(), error))?))
    }

    /// Writes calls down; they are on the medium when this returns.
    pub(super) fn append(&mut self, calls: &[DeskCall]) -> Result<(), crate::store::log::LogError> {
        for call in calls {
            let mut bytes = Vec::new();
            call.write(&mut |part| bytes.extend_from_slice(part));
            self.0.append(&bytes)?;
        }
        self.0.sync()
    }
}

/// Finds out, record by record, what became of calls before a restart.
#[derive(Clone, Debug)]
pub(super) struct Outcomes {
    wanted: BTreeSet<Digest>,
    replies: BTreeMap<Digest, Reply>,
}

impl Outcomes {
    pub(super) fn of(calls: &[DeskCall]) -> Self {
        let wanted = calls.iter().map(|call| call.order).collect();
        Self { wanted, replies: BTreeMap::new() }
    }

    pub(super) fn take(&mut self, record: &Record) {
        if self.wanted.is_empty() {
            return;
        }
        for entry in &record.entries {
            let order = entry.operation.digest();
            if self.wanted.contains(&order) {
                let reply = super::json::done(&entry.operation, entry.code, &record.root.body);
                self.replies.insert(order, reply);
            }
        }
    }

    /// Takes an answer that a snapshot kept.
    pub(super) fn restore(&mut self, order: Digest, reply: Reply) {
        if self.wanted.contains(&order) {
            self.replies.insert(order, reply);
        }
    }

    /// The answer that a call got, if the ledger has taken its operation for good.
    pub(super) fn reply(&self, call: &DeskCall) -> Option<&Reply> {
        self.replies.get(&call.order).filter(|reply| reply.is_final())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> DeskCall {
        let key = Key { caller: "urn:jidian:central-bank".to_owned(), key: "发行-1".to_owned() };
        DeskCall { key, call: Digest([1; 32]), order: Digest([2; 32]) }
    }

    fn bytes_of(call: &DeskCall) -> Vec<u8> {
        let mut bytes = Vec::new();
        call.write(&mut |part| bytes.extend_from_slice(part));
        bytes
    }

    #[test]
    fn a_call_reads_back_and_damaged_bytes_never_panic() {
        let bytes = bytes_of(&sample());
        assert_eq!(DeskCall::decode(&bytes), Ok(sample()));
        for end in 0..bytes.len() {
            assert!(DeskCall::decode(&bytes[..end]).is_err(), "{end}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            if let Ok(call) = DeskCall::decode(&other) {
                let again = bytes_of(&call);
                assert_eq!(again, other, "one encoding per meaning");
            }
        }
    }
}
