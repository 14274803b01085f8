//! Records of the ordered log: the genesis, then one record per batch.
//!
//! ```text
//! genesis:  tag ‖ Genesis ‖ check
//! batch:    tag ‖ count (4) ‖ count × entry ‖ signed root ‖ check
//! entry:    result code ‖ operation ‖ balances, if the code is proved
//! ```
//! With the balances of its leaf beside each operation, the Merkle tree of a batch grows again from
//! its record alone: no receipt is ever lost while the log is there.
//!
//! The check, the first 8 bytes of BLAKE3 of everything before, finds damage of any bit at once,
//! signatures included, which a replay without verification wouldn't look at. It proves nothing:
//! that is what the signed root is for.

use crate::code::ResultCode;
use crate::genesis::Genesis;
use crate::operation::Operation;
use crate::registration::Batch;
use heapless::Vec as Bounded;
use wire::receipt::{BOUND_WALLETS_MAX, Balance, Leaf, Receipt, Root};
use wire::{DecodeError, Digest, Reader, Signed, Sink, Wire};

/// One batch as it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Operations in the order in which they were applied, and what became of them.
    pub entries: Vec<Entry>,
    /// What the registration centre signed.
    pub root: Signed<Root>,
}

/// One operation of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What became of it; never [`ResultCode::Malformed`].
    pub code: ResultCode,
    /// The operation.
    pub operation: Operation,
    /// The balances in its leaf; none if the code isn't proved.
    pub balances: Balances,
}

/// Balances of the wallets that a key may debit.
pub type Balances = Bounded<Balance, BOUND_WALLETS_MAX>;

const GENESIS_TAG: &[u8] = b"JIDIAN-LOG-GENESIS-2";
const BATCH_TAG: &[u8] = b"JIDIAN-LOG-BATCH-2";
const CHECK_BYTES: usize = 8;

impl Record {
    /// Canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = self.entries.iter();
        let entries = entries.map(|entry| (entry.code, &entry.operation, &entry.balances));
        encode_batch(entries, &self.root)
    }

    /// The leaves of the batch: one per entry whose code is proved.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf> + '_ {
        let proved = self.entries.iter().filter(|entry| entry.code.is_proved());
        proved.map(|entry| Leaf {
            order: entry.operation.digest(),
            result: entry.code.number(),
            balances: entry.balances.clone(),
        })
    }

    /// The receipt of the order with this digest; `None` if the batch has no leaf for it.
    #[must_use]
    pub fn receipt(&self, order: Digest) -> Option<Receipt> {
        let leaves: Vec<Leaf> = self.leaves().collect();
        let place = leaves.iter().position(|leaf| leaf.order == order)?;
        Batch::grow(self.root.clone(), leaves).receipt(place)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`DecodeError`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = open(bytes, BATCH_TAG)?;
        let count = u32::read(&mut reader)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(Entry::read(&mut reader)?);
        }
        let root = Signed::read(&mut reader)?;
        reader.finish()?;
        Ok(Self { entries, root })
    }
}

impl Entry {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let code = ResultCode::read(reader)?;
        if code == ResultCode::Malformed {
            return Err(reader.refuse(at, "result code"));
        }
        let operation = Operation::read(reader)?;
        let balances = if code.is_proved() { Wire::read(reader)? } else { Balances::new() };
        Ok(Self { code, operation, balances })
    }
}

/// Bytes of a batch without copying its operations.
pub(crate) fn encode_batch<'a>(
    entries: impl Iterator<Item = (ResultCode, &'a Operation, &'a Balances)>,
    root: &Signed<Root>,
) -> Vec<u8> {
    let mut bytes = BATCH_TAG.to_vec();
    bytes.extend([0; 4]);
    let mut count: u32 = 0;
    for (code, operation, balances) in entries {
        bytes.push(code.number());
        operation.write(&mut |part| bytes.extend_from_slice(part));
        if code.is_proved() {
            balances.write(&mut |part| bytes.extend_from_slice(part));
        }
        count = count.checked_add(1).expect("a batch is shorter than 2³²");
    }
    let place = BATCH_TAG.len()..BATCH_TAG.len().saturating_add(4);
    bytes[place].copy_from_slice(&count.to_be_bytes());
    root.write(&mut |part| bytes.extend_from_slice(part));
    close(bytes)
}

impl Genesis {
    /// Canonical bytes of record 0.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let mut bytes = GENESIS_TAG.to_vec();
        let sink: &mut Sink<'_> = &mut |part: &[u8]| bytes.extend_from_slice(part);
        self.write(sink);
        close(bytes)
    }

    /// Reads record 0. Whom it names is to be checked apart.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that no genesis gives.
    pub fn from_record(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = open(bytes, GENESIS_TAG)?;
        let genesis = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(genesis)
    }
}

fn close(mut bytes: Vec<u8>) -> Vec<u8> {
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(&check.as_bytes()[..CHECK_BYTES]);
    bytes
}

/// Checks the end and the tag and returns a reader behind the tag.
fn open<'a>(bytes: &'a [u8], tag: &[u8]) -> Result<Reader<'a>, DecodeError> {
    let split = bytes.len().checked_sub(CHECK_BYTES).ok_or(DecodeError::Truncated { at: 0 })?;
    let (body, check) = bytes.split_at(split);
    if blake3::hash(body).as_bytes()[..CHECK_BYTES] != *check {
        return Err(DecodeError::Refused { at: split, field: "check of the record" });
    }
    let mut reader = Reader::new(body);
    if reader.take(tag.len())? != tag {
        return Err(DecodeError::Refused { at: 0, field: "kind of record" });
    }
    Ok(reader)
}
