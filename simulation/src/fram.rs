//! Twin of a ferroelectric memory (FRAM), such as the MB85RC512T.
//!
//! Whoever runs the world sees what is written through a [`Tap`] and can store it; and the memory can
//! lose power after any byte. [`chip`] puts it behind the bus of a MB85RC512T.

pub mod chip;

use std::sync::{Arc, Mutex, PoisonError};
use wire::memory::Memory;

/// One piece of what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub address: u32,
    /// What.
    pub bytes: Vec<u8>,
}

/// The memory.
#[derive(Clone, Debug)]
pub struct Fram {
    capacity: u32,
    /// Bytes up to the highest address ever written; the rest is zero.
    bytes: Vec<u8>,
    tap: Option<Tap>,
    fuel_bytes: Option<u64>,
}

/// Sees what is written to a memory that sits inside a chip.
#[derive(Clone, Debug, Default)]
pub struct Tap(Arc<Mutex<Vec<Write>>>);

impl Tap {
    /// Takes what was written since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Write> {
        core::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, write: Write) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(write);
    }
}

impl Fram {
    /// 512 kbit: the metering and management memory of the paper.
    pub const MB85RC512T_BYTES: u32 = 64 * 1024;

    /// A blank memory.
    #[must_use]
    pub const fn new(capacity: u32) -> Self {
        Self { capacity, bytes: Vec::new(), tap: None, fuel_bytes: None }
    }

    /// The power fails after this many more bytes are written.
    pub const fn cut_after(&mut self, bytes: u64) {
        self.fuel_bytes = Some(bytes);
    }

    /// The power is back.
    pub const fn restore_power(&mut self) {
        self.fuel_bytes = None;
    }

    /// Whether the power failed.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.fuel_bytes == Some(0)
    }

    /// A handle that sees later writes, wherever the memory goes.
    #[must_use]
    pub fn tap(&mut self) -> Tap {
        self.tap.get_or_insert_default().clone()
    }

    /// The bytes up to the highest address that was ever written.
    #[must_use]
    pub fn image(&self) -> &[u8] {
        &self.bytes
    }

    /// Puts stored bytes back without noting them as new.
    ///
    /// # Panics
    /// If the range leaves the memory.
    pub fn restore(&mut self, write: &Write) {
        self.place(write.address, &write.bytes);
    }

    fn place(&mut self, address: u32, bytes: &[u8]) {
        let start = address as usize;
        let end = start + bytes.len();
        assert!(end <= self.capacity as usize, "a chip writes inside its memory");
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[start..end].copy_from_slice(bytes);
    }
}

/// Calls `note` for the runs of `new` that differ from `old` (zero where it ends). Runs closer than
/// a header of a stored write are one run.
fn changed_runs(old: &[u8], new: &[u8], mut note: impl FnMut(usize, &[u8])) {
    const GAP: usize = 13;
    let differs = |at: usize| new[at] != old.get(at).copied().unwrap_or(0);
    let mut run: Option<(usize, usize)> = None;
    for at in (0..new.len()).filter(|at| differs(*at)) {
        run = match run {
            Some((start, end)) if at < end + GAP => Some((start, at + 1)),
            Some((start, end)) => {
                note(start, &new[start..end]);
                Some((at, at + 1))
            }
            None => Some((at, at + 1)),
        };
    }
    if let Some((start, end)) = run {
        note(start, &new[start..end]);
    }
}

/// The parts of an image that aren't blank.
pub fn written_parts(image: &[u8]) -> impl Iterator<Item = Write> + '_ {
    const PART: usize = 256;
    let parts = image.chunks(PART).zip((0..).step_by(PART));
    parts
        .filter(|(bytes, _)| bytes.iter().any(|byte| *byte != 0))
        .map(|(bytes, address)| Write { address, bytes: bytes.to_vec() })
}

impl Memory for Fram {
    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn read(&self, address: u32, bytes: &mut [u8]) {
        let start = address as usize;
        assert!(start + bytes.len() <= self.capacity as usize, "a chip reads inside its memory");
        let stored = self.bytes.get(start..).unwrap_or(&[]);
        let known = stored.len().min(bytes.len());
        bytes[..known].copy_from_slice(&stored[..known]);
        bytes[known..].fill(0);
    }

    fn write(&mut self, address: u32, bytes: &[u8]) {
        let written = match &mut self.fuel_bytes {
            Some(fuel) => {
                let written = (*fuel).min(bytes.len() as u64);
                *fuel -= written;
                &bytes[..usize::try_from(written).expect("at most a slice's length")]
            }
            None => bytes,
        };
        if let Some(tap) = &self.tap {
            let stored = self.bytes.get(address as usize..).unwrap_or(&[]);
            changed_runs(stored, written, |at, bytes| {
                let address = address + u32::try_from(at).expect("inside the memory");
                tap.note(Write { address, bytes: bytes.to_vec() });
            });
        }
        if !written.is_empty() {
            self.place(address, written);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_stops_inside_a_write_and_what_was_written_stays() {
        let mut fram = Fram::new(16);
        let tap = fram.tap();
        fram.write(2, b"abc");
        fram.cut_after(2);
        fram.write(8, b"defg");
        fram.write(12, b"h");
        fram.restore_power();
        fram.write(2, b"abd");
        fram.write(2, b"abc");
        assert_eq!(tap.0.lock().unwrap().len(), 4);
        fram.cut_after(0);
        assert!(fram.is_cut());
        let mut read = [9; 12];
        fram.read(1, &mut read);
        assert_eq!(&read, b"\0abc\0\0\0de\0\0\0");

        let mut copy = Fram::new(16);
        let nothing = copy.tap();
        for write in tap.take() {
            copy.restore(&write);
        }
        assert_eq!(copy.image(), fram.image());
        assert!(nothing.take().is_empty());
    }
}
