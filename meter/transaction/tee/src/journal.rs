//! The transaction log: a ring of orders with their evidence.
//!
//! An entry takes as many blocks of 256 bytes as it needs (usually three; the longest needs eight):
//!
//! | bytes | content |
//! |---|---|
//! | 8 | sequence number of the order |
//! | 32 | digest of the order |
//! | 2 + 2 | lengths of order and evidence |
//! | 16 | SM3 over all of that and what follows, cut |
//! | 1 + 1 | result of the receipt; 1 once there is one |
//! | n | `Signed<PaymentOrder>` |
//! | m | `SettlementRecord` |
//!
//! The state page says where the entries without a receipt begin and how many blocks they take. A
//! new entry goes behind them, never over them. Entries with a receipt stay readable until the ring
//! comes round. The mark of the receipt is the only thing written into an entry later; the byte that
//! makes it valid is written last.

use crate::Stop;
use crate::layout::{BLOCK_BYTES, JOURNAL_AT};
use crate::record::record;
use crate::state::State;
use crypto::Sm3;
use heapless::Vec;
use wire::evidence::SettlementRecord;
use wire::memory::Memory;
use wire::order::PaymentOrder;
use wire::tee::{Code, Damage, EVIDENCE_BYTES_MAX, Entry, ORDER_BYTES_MAX, Outcome, Place};
use wire::{Digest, Signed, Wire};

const HEADER_BYTES: usize = 62;
const MARK_OFFSET: u32 = 60;
const BLOCK: usize = BLOCK_BYTES as usize;

/// The ring in a memory of a given size.
#[derive(Clone, Copy)]
pub(crate) struct Journal {
    blocks: u16,
}

#[derive(Clone, Copy)]
struct Header {
    sequence: u64,
    digest: Digest,
    order_bytes: u16,
    evidence_bytes: u16,
    checksum: [u8; 16],
    mark: [u8; 2],
}

record!(Header { sequence, digest, order_bytes, evidence_bytes, checksum, mark });

/// An order with its evidence, as they were sealed.
pub(crate) struct Sealed {
    pub(crate) order: Signed<PaymentOrder>,
    pub(crate) evidence: SettlementRecord,
}

/// Where in the journal an order is.
pub(crate) enum Found {
    /// It is the oldest one without a receipt.
    Oldest,
    /// It has no receipt, and older ones have none either.
    Later,
    /// It has a receipt.
    Done,
}

impl Journal {
    pub(crate) fn new(capacity: u32) -> Self {
        let blocks = (capacity - JOURNAL_AT) / BLOCK_BYTES;
        Self { blocks: u16::try_from(blocks).unwrap_or(u16::MAX) }
    }

    /// Whether an entry of any length fits.
    pub(crate) fn has_room(self, state: &State) -> bool {
        const LONGEST: usize =
            (HEADER_BYTES + ORDER_BYTES_MAX + EVIDENCE_BYTES_MAX).div_ceil(BLOCK);
        usize::from(self.blocks - state.used_blocks) >= LONGEST
    }

    /// Writes an entry behind the others, and notes it in a state that is committed later.
    pub(crate) fn append(
        self,
        memory: &mut impl Memory,
        state: &mut State,
        sealed: &Sealed,
        digest: Digest,
    ) {
        let order: Vec<u8, ORDER_BYTES_MAX> = sealed.order.encode().expect("orders are bounded");
        let evidence: Vec<u8, EVIDENCE_BYTES_MAX> =
            sealed.evidence.encode().expect("records are bounded");
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).expect("below 2 KiB");
        let mut header = Header {
            sequence: sealed.order.body.sequence,
            digest,
            order_bytes: length(&order),
            evidence_bytes: length(&evidence),
            checksum: [0; 16],
            mark: [0; 2],
        };
        header.checksum = checksum(&header, &order, &evidence);
        let block = self.wrap(state.oldest_block, state.used_blocks);
        let bytes: Vec<u8, HEADER_BYTES> = header.encode().expect("its length is fixed");
        let mut at = 0;
        for part in [&bytes[..], &order, &evidence] {
            self.write(memory, block, at, part);
            at += part.len();
        }
        state.used_blocks += header.blocks();
        assert!(state.used_blocks <= self.blocks, "room is checked before a settlement");
    }

    /// Marks the oldest entry with its result, and notes in a state that it is done.
    pub(crate) fn finish_oldest(
        self,
        memory: &mut impl Memory,
        state: &mut State,
        result: u8,
    ) -> Result<(), Damage> {
        let header = self.header(memory, state.oldest_block)?;
        memory.write(self.address(state.oldest_block) + MARK_OFFSET, &[result, 1]);
        state.acknowledged += 1;
        state.oldest_block = self.wrap(state.oldest_block, header.blocks());
        state.used_blocks -= header.blocks();
        Ok(())
    }

    /// The oldest entry without a receipt.
    pub(crate) fn oldest(self, memory: &impl Memory, state: &State) -> Result<Sealed, Stop> {
        let entry = self.entry(memory, state, state.acknowledged + 1)?;
        let damage = self.damage(state.oldest_block);
        let order = Wire::decode(&entry.order).map_err(|_| damage)?;
        let evidence = Wire::decode(&entry.evidence).map_err(|_| damage)?;
        Ok(Sealed { order, evidence })
    }

    /// The entry of a sequence number.
    pub(crate) fn entry(
        self,
        memory: &impl Memory,
        state: &State,
        sequence: u64,
    ) -> Result<Entry, Stop> {
        if sequence > state.acknowledged {
            let block = self.open_block(memory, state, sequence)?;
            return Ok(self.read(memory, block, sequence)?);
        }
        let found = self.done_blocks(state).find_map(|block| {
            let is_it = self.header(memory, block).is_ok_and(|header| header.sequence == sequence);
            if is_it { self.read(memory, block, sequence).ok() } else { None }
        });
        found.ok_or(Code::NoSuchEntry.into())
    }

    /// Where the order with this digest is, if it still is anywhere.
    pub(crate) fn find(
        self,
        memory: &impl Memory,
        state: &State,
        digest: &Digest,
    ) -> Result<Option<Found>, Damage> {
        let mut block = state.oldest_block;
        for sequence in state.acknowledged + 1..=state.sequence {
            let header = self.open_header(memory, block, sequence)?;
            if header.digest == *digest {
                let is_oldest = sequence == state.acknowledged + 1;
                return Ok(Some(if is_oldest { Found::Oldest } else { Found::Later }));
            }
            block = self.wrap(block, header.blocks());
        }
        let is_it = |block| self.header(memory, block).is_ok_and(|header| header.digest == *digest);
        Ok(self.done_blocks(state).any(is_it).then_some(Found::Done))
    }

    /// Walks over all entries without a receipt and checks that they are what the state says.
    pub(crate) fn check(self, memory: &impl Memory, state: &State) -> Result<(), Damage> {
        let (mut block, mut used, mut head) = (state.oldest_block, 0, state.head);
        if state.used_blocks > self.blocks || block >= self.blocks {
            return Err(self.damage(0));
        }
        for sequence in state.acknowledged + 1..=state.sequence {
            self.read(memory, block, sequence)?;
            let header = self.header(memory, block)?;
            (head, used) = (header.digest, used + header.blocks());
            block = self.wrap(block, header.blocks());
        }
        let holds = head == state.head && used == state.used_blocks;
        if holds { Ok(()) } else { Err(self.damage(block)) }
    }

    /// Blocks that hold no entry without a receipt: old entries, or nothing.
    fn done_blocks(self, state: &State) -> impl Iterator<Item = u16> {
        let (oldest, used) = (state.oldest_block, state.used_blocks);
        (used..self.blocks).map(move |offset| self.wrap(oldest, offset))
    }

    fn open_block(self, memory: &impl Memory, state: &State, wanted: u64) -> Result<u16, Stop> {
        if wanted > state.sequence {
            return Err(Code::NoSuchEntry.into());
        }
        let mut block = state.oldest_block;
        for sequence in state.acknowledged + 1..wanted {
            let header = self.open_header(memory, block, sequence)?;
            block = self.wrap(block, header.blocks());
        }
        Ok(block)
    }

    fn open_header(
        self,
        memory: &impl Memory,
        block: u16,
        sequence: u64,
    ) -> Result<Header, Damage> {
        let header = self.header(memory, block)?;
        if header.sequence == sequence { Ok(header) } else { Err(self.damage(block)) }
    }

    fn header(self, memory: &impl Memory, block: u16) -> Result<Header, Damage> {
        let mut bytes = [0; HEADER_BYTES];
        memory.read(self.address(block), &mut bytes);
        let header = Header::decode(&bytes).map_err(|_| self.damage(block))?;
        let fits = usize::from(header.order_bytes) <= ORDER_BYTES_MAX
            && usize::from(header.evidence_bytes) <= EVIDENCE_BYTES_MAX;
        if fits { Ok(header) } else { Err(self.damage(block)) }
    }

    /// A whole entry, checked.
    fn read(self, memory: &impl Memory, block: u16, sequence: u64) -> Result<Entry, Damage> {
        let header = self.open_header(memory, block, sequence)?;
        let (mut order, mut evidence) = (Vec::new(), Vec::new());
        let (length, rest) = (usize::from(header.order_bytes), usize::from(header.evidence_bytes));
        order.resize(length, 0).expect("checked with the header");
        evidence.resize(rest, 0).expect("checked with the header");
        self.fill(memory, block, HEADER_BYTES, &mut order);
        self.fill(memory, block, HEADER_BYTES + length, &mut evidence);
        if checksum(&header, &order, &evidence) != header.checksum {
            return Err(self.damage(block));
        }
        let outcome = match header.mark {
            [result, 1] => Outcome::Receipt(result),
            _ => Outcome::Pending,
        };
        Ok(Entry { sequence, outcome, order, evidence })
    }

    /// Reads from byte `from` of an entry on, round the end of the ring.
    fn fill(self, memory: &impl Memory, block: u16, from: usize, bytes: &mut [u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let (address, length) = self.piece(block, from + done, bytes.len() - done);
            memory.read(address, &mut bytes[done..done + length]);
            done += length;
        }
    }

    fn write(self, memory: &mut impl Memory, block: u16, from: usize, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let (address, length) = self.piece(block, from + done, bytes.len() - done);
            memory.write(address, &bytes[done..done + length]);
            done += length;
        }
    }

    /// Address of byte `at` of an entry, and how many of `length` bytes lie together there.
    fn piece(self, block: u16, at: usize, length: usize) -> (u32, usize) {
        let end = usize::from(self.blocks) * BLOCK;
        let offset = (usize::from(block) * BLOCK + at) % end;
        let address = JOURNAL_AT + u32::try_from(offset).expect("inside a memory of 32 bits");
        (address, length.min(end - offset))
    }

    const fn address(self, block: u16) -> u32 {
        JOURNAL_AT + block as u32 * BLOCK_BYTES
    }

    const fn damage(self, block: u16) -> Damage {
        Damage { place: Place::Journal, address: self.address(block) }
    }

    fn wrap(self, block: u16, forward: u16) -> u16 {
        let sum = (u32::from(block) + u32::from(forward)) % u32::from(self.blocks);
        u16::try_from(sum).expect("below the number of blocks")
    }
}

impl Header {
    fn blocks(&self) -> u16 {
        let bytes = HEADER_BYTES + usize::from(self.order_bytes) + usize::from(self.evidence_bytes);
        u16::try_from(bytes.div_ceil(BLOCK)).expect("an entry has at most eight blocks")
    }
}

fn checksum(header: &Header, order: &[u8], evidence: &[u8]) -> [u8; 16] {
    let mut hash = Sm3::new();
    hash.update(b"JIDIAN-JOURNAL-1");
    header.sequence.write(&mut |bytes| hash.update(bytes));
    hash.update(&header.digest.0);
    header.order_bytes.write(&mut |bytes| hash.update(bytes));
    hash.update(order);
    hash.update(evidence);
    let mut checksum = [0; 16];
    checksum.copy_from_slice(&hash.finish().0[..16]);
    checksum
}
