//! A record in FRAM that a power cut can't tear: two copies, the newer valid one wins.

use crate::digest::Sm3;
use core::fmt;
use wire::memory::Memory;

/// Sequence number (4), length (2) and checksum (10) in front of each copy.
const HEADER_BYTES: u32 = 16;

/// Both copies are damaged, though at least one was written: not the work of a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Address of the record.
    pub address: u32,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "both copies of the record at address {} are damaged", self.address)
    }
}

impl core::error::Error for Damaged {}

/// Where a record of at most `capacity` bytes lives.
///
/// Storing writes over the older copy only, so a cut at any byte leaves the newer one whole:
/// after it the record is the old one or the new one, never a mixture. The checksum is SM3
/// truncated to 80 bits; it detects accidents, it is no signature.
#[derive(Clone, Copy, Debug)]
pub struct TwoCopy {
    address: u32,
    capacity: u32,
}

/// Which copy is written next, and under which number.
///
/// Whoever stores often keeps it from [`TwoCopy::open`] on, so that storing reads nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    slot: u32,
    sequence: u32,
}

#[derive(Clone, Copy)]
struct Copy {
    slot: u32,
    sequence: u32,
    length: u16,
}

impl TwoCopy {
    /// A record of at most `capacity` bytes at `address`.
    #[must_use]
    pub const fn new(address: u32, capacity: u32) -> Self {
        assert!(capacity <= 0xffff, "the length field has 16 bits");
        Self { address, capacity }
    }

    /// First address behind both copies.
    #[must_use]
    pub const fn end(&self) -> u32 {
        self.address + 2 * (HEADER_BYTES + self.capacity)
    }

    /// Reads the newest whole copy into `buffer` and returns its length; `None` if the memory is
    /// blank here.
    ///
    /// # Errors
    /// [`Damaged`] if neither copy is whole.
    ///
    /// # Panics
    /// If `buffer` is shorter than the capacity.
    pub fn load(&self, memory: &impl Memory, buffer: &mut [u8]) -> Result<Option<usize>, Damaged> {
        self.open(memory, buffer).map(|(length, _)| length)
    }

    /// As [`TwoCopy::load`], and says whose turn it is to be written.
    ///
    /// # Errors
    /// As [`TwoCopy::load`].
    ///
    /// # Panics
    /// As [`TwoCopy::load`].
    pub fn open(
        &self,
        memory: &impl Memory,
        buffer: &mut [u8],
    ) -> Result<(Option<usize>, Turn), Damaged> {
        let newest = self.newest(memory, buffer);
        let turn = Turn::after(newest);
        match newest {
            Some(copy) => {
                let length = usize::from(copy.length);
                memory.read(self.body(copy.slot), &mut buffer[..length]);
                Ok((Some(length), turn))
            }
            None if self.is_blank(memory) => Ok((None, turn)),
            None => Err(Damaged { address: self.address }),
        }
    }

    /// Replaces the record.
    ///
    /// # Panics
    /// If `record` is longer than the capacity, or `scratch` shorter than it.
    pub fn store(&self, memory: &mut impl Memory, record: &[u8], scratch: &mut [u8]) {
        let mut turn = Turn::after(self.newest(memory, scratch));
        self.store_next(memory, record, &mut turn);
    }

    /// Replaces the record without reading: `turn` comes from [`TwoCopy::open`] and belongs to
    /// this record of this memory.
    ///
    /// # Panics
    /// If `record` is longer than the capacity.
    pub fn store_next(&self, memory: &mut impl Memory, record: &[u8], turn: &mut Turn) {
        let length = u16::try_from(record.len()).expect("a record fits its length field");
        assert!(u32::from(length) <= self.capacity, "a record fits its place");
        let Turn { slot, sequence } = *turn;
        let mut header = [0; HEADER_BYTES as usize];
        header[..4].copy_from_slice(&sequence.to_be_bytes());
        header[4..6].copy_from_slice(&length.to_be_bytes());
        let checksum = checksum(&header[..6], record);
        header[6..].copy_from_slice(&checksum);
        memory.write(self.body(slot), record);
        memory.write(self.header(slot), &header);
        *turn = Turn { slot: 1 - slot, sequence: sequence.wrapping_add(1) };
    }

    const fn header(&self, slot: u32) -> u32 {
        self.address + slot * (HEADER_BYTES + self.capacity)
    }

    const fn body(&self, slot: u32) -> u32 {
        self.header(slot) + HEADER_BYTES
    }

    fn newest(&self, memory: &impl Memory, scratch: &mut [u8]) -> Option<Copy> {
        let (first, second) = (self.whole(memory, 0, scratch), self.whole(memory, 1, scratch));
        match (first, second) {
            // Sequence numbers wrap, so the newer of two neighbours is the one ahead by less than half.
            (Some(a), Some(b)) => {
                let b_is_newer = b.sequence.wrapping_sub(a.sequence) < u32::MAX / 2;
                Some(if b_is_newer { b } else { a })
            }
            (one, other) => one.or(other),
        }
    }

    fn whole(&self, memory: &impl Memory, slot: u32, scratch: &mut [u8]) -> Option<Copy> {
        let mut header = [0; HEADER_BYTES as usize];
        memory.read(self.header(slot), &mut header);
        let sequence = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
        let length = u16::from_be_bytes([header[4], header[5]]);
        if sequence == 0 && length == 0 || u32::from(length) > self.capacity {
            return None;
        }
        let body = &mut scratch[..usize::from(length)];
        memory.read(self.body(slot), body);
        (checksum(&header[..6], body) == header[6..]).then_some(Copy { slot, sequence, length })
    }

    fn is_blank(&self, memory: &impl Memory) -> bool {
        // A first store that was cut leaves body bytes but no header: still blank.
        (0..2).all(|slot| {
            let mut header = [0; HEADER_BYTES as usize];
            memory.read(self.header(slot), &mut header);
            header == [0; HEADER_BYTES as usize] || slot == 0 && self.other_header_is_zero(memory)
        })
    }

    fn other_header_is_zero(&self, memory: &impl Memory) -> bool {
        let mut header = [0; HEADER_BYTES as usize];
        memory.read(self.header(1), &mut header);
        header == [0; HEADER_BYTES as usize]
    }
}

impl Turn {
    fn after(newest: Option<Copy>) -> Self {
        newest.map_or(Self { slot: 0, sequence: 1 }, |copy| Self {
            slot: 1 - copy.slot,
            sequence: copy.sequence.wrapping_add(1),
        })
    }
}

fn checksum(header: &[u8], record: &[u8]) -> [u8; 10] {
    let mut hash = Sm3::new();
    hash.update(b"JIDIAN-TWO-COPY-1");
    hash.update(header);
    hash.update(record);
    let mut checksum = [0; 10];
    checksum.copy_from_slice(&hash.finish().0[..10]);
    checksum
}
