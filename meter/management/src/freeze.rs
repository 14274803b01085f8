//! Freezes (冻结): registers kept as they stood at a boundary of time.

use crate::registers::Registers;
use crypto::Sm3;
use quantity::Instant;
use wire::memory::Memory;
use wire::{DecodeError, Reader, Sink, Wire};

/// Registers at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The boundary.
    pub boundary: Instant,
    /// Time of the reading whose registers were frozen: the boundary itself, or later if no
    /// reading fell on it (the meter was without power).
    pub taken_at: Instant,
    /// The registers.
    pub registers: Registers,
}

/// Which freezes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeKind {
    /// At each whole hour.
    Hourly,
    /// At each midnight.
    Daily,
    /// At the end of each month, 24:00: the billing day of the first form.
    Billing,
}

impl Freeze {
    /// Whether it was taken after its boundary.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.taken_at > self.boundary
    }
}

impl FreezeKind {
    /// The last boundary of this kind up to `at`, in legal time.
    #[must_use]
    pub fn boundary(self, at: Instant) -> Instant {
        let mut date = at.civil().date;
        match self {
            // Legal time is whole hours ahead of UTC.
            Self::Hourly => return at.floor_to(quantity::Duration::from_hours(1)),
            Self::Daily => {}
            Self::Billing => date.day = 1,
        }
        date.start()
    }
}

impl Wire for Freeze {
    fn write(&self, out: &mut Sink<'_>) {
        self.boundary.write(out);
        self.taken_at.write(out);
        self.registers.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            boundary: Wire::read(reader)?,
            taken_at: Wire::read(reader)?,
            registers: Wire::read(reader)?,
        })
    }
}

/// Boundary 8, time taken 8, registers 2 × 40 + 32.
const FREEZE_BYTES: usize = 128;
const SEQUENCE_BYTES: usize = 4;
const CHECKSUM_BYTES: usize = 8;
const SLOT_LENGTH: usize = SEQUENCE_BYTES + FREEZE_BYTES + CHECKSUM_BYTES;
/// Size of a slot in the FRAM.
pub(crate) const SLOT_BYTES: u32 = 140;
const _: () = assert!(SLOT_BYTES as usize == SLOT_LENGTH, "both name the same length");

/// Where `depth` freezes lie: slots with a sequence number from 1 on and a checksum.
///
/// There is one slot more than freezes, so that the one being written is never one of the `depth`
/// newest: a power cut inside a write loses nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    address: u32,
    depth: u8,
}

impl Ring {
    pub(crate) const fn new(address: u32, depth: u8) -> Self {
        Self { address, depth }
    }

    pub(crate) const fn end(&self) -> u32 {
        self.address + self.slots() * SLOT_BYTES
    }

    const fn slots(&self) -> u32 {
        self.depth as u32 + 1
    }

    /// Forgets everything.
    pub(crate) fn clear(&self, memory: &mut impl Memory) {
        for slot in 0..self.slots() {
            memory.write(self.address + slot * SLOT_BYTES, &[0; SLOT_LENGTH]);
        }
    }

    /// Sequence number of the newest whole freeze, 0 if there is none.
    pub(crate) fn newest(&self, memory: &impl Memory) -> u32 {
        (0..self.slots()).filter_map(|slot| self.sequence_in(memory, slot)).max().unwrap_or(0)
    }

    fn sequence_in(&self, memory: &impl Memory, slot: u32) -> Option<u32> {
        let bytes = self.slot(memory, slot);
        let sequence = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        (sequence % self.slots() == slot && is_whole(&bytes)).then_some(sequence)
    }

    fn slot(&self, memory: &impl Memory, slot: u32) -> [u8; SLOT_LENGTH] {
        let mut bytes = [0; SLOT_LENGTH];
        memory.read(self.address + slot * SLOT_BYTES, &mut bytes);
        bytes
    }

    fn load(&self, memory: &impl Memory, sequence: u32) -> Option<Freeze> {
        let bytes = self.slot(memory, sequence % self.slots());
        if bytes[..SEQUENCE_BYTES] != sequence.to_be_bytes() || !is_whole(&bytes) {
            return None;
        }
        Freeze::decode(&bytes[SEQUENCE_BYTES..SEQUENCE_BYTES + FREEZE_BYTES]).ok()
    }

    fn store(&self, memory: &mut impl Memory, sequence: u32, freeze: &Freeze) {
        let mut bytes = [0; SLOT_LENGTH];
        bytes[..SEQUENCE_BYTES].copy_from_slice(&sequence.to_be_bytes());
        let body = freeze.encode::<FREEZE_BYTES>().expect("a freeze has a fixed length");
        bytes[SEQUENCE_BYTES..SEQUENCE_BYTES + FREEZE_BYTES].copy_from_slice(&body);
        let sum = checksum(&bytes[..SEQUENCE_BYTES + FREEZE_BYTES]);
        bytes[SEQUENCE_BYTES + FREEZE_BYTES..].copy_from_slice(&sum);
        memory.write(self.address + sequence % self.slots() * SLOT_BYTES, &bytes);
    }
}

fn is_whole(slot: &[u8; SLOT_LENGTH]) -> bool {
    let (body, sum) = slot.split_at(SEQUENCE_BYTES + FREEZE_BYTES);
    body[..SEQUENCE_BYTES] != [0; SEQUENCE_BYTES] && checksum(body) == sum
}

/// SM3 cut to 64 bits: it finds accidents, it is no signature.
fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hash = Sm3::new();
    hash.update(b"JIDIAN-FREEZE-1");
    hash.update(body);
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&hash.finish().0[..CHECKSUM_BYTES]);
    sum
}

/// A ring and the number of its newest freeze, found at boot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Track {
    ring: Ring,
    newest: u32,
}

impl Track {
    pub(crate) fn find(ring: Ring, memory: &impl Memory) -> Self {
        Self { ring, newest: ring.newest(memory) }
    }

    /// The freeze of a boundary: the one already taken, or `freeze` after storing it.
    pub(crate) fn freeze_once(&mut self, memory: &mut impl Memory, freeze: Freeze) -> Freeze {
        if let Some(newest) = self.back(memory, 1)
            && newest.boundary >= freeze.boundary
        {
            return newest;
        }
        self.newest += 1;
        self.ring.store(memory, self.newest, &freeze);
        freeze
    }

    /// The `back`-th freeze back, 1 being the newest.
    pub(crate) fn back(&self, memory: &impl Memory, back: u8) -> Option<Freeze> {
        if back == 0 || back > self.ring.depth {
            return None;
        }
        let sequence = (self.newest + 1).checked_sub(u32::from(back)).filter(|found| *found > 0)?;
        self.ring.load(memory, sequence)
    }
}

/// Freezes of one kind, newest first.
#[derive(Clone, Debug)]
pub struct Freezes<'a, M> {
    memory: &'a M,
    track: Track,
    back: u8,
}

impl<'a, M: Memory> Freezes<'a, M> {
    pub(crate) const fn new(memory: &'a M, track: Track) -> Self {
        Self { memory, track, back: 0 }
    }
}

impl<M: Memory> Iterator for Freezes<'_, M> {
    type Item = Freeze;

    fn next(&mut self) -> Option<Freeze> {
        let freeze = self.track.back(self.memory, self.back.checked_add(1)?)?;
        self.back += 1;
        Some(freeze)
    }
}
