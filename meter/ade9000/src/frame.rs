//! What goes over the bus: a header of 16 bits, then data, most significant bit first (TRM).

use crate::table::{Width, register};
use core::ops::RangeInclusive;

/// The waveform buffer: 2048 words of 32 bits.
pub const WAVEFORM_BUFFER: RangeInclusive<u16> = 0x800..=0xFFF;

/// Where a read goes on to the next register while `CONFIG1.BURST_EN` is set.
pub const BURST_REGIONS: [RangeInclusive<u16>; 2] = [0x500..=0x63C, 0x680..=0x6BC];

/// Which way the data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the chip.
    Read,
    /// To the chip.
    Write,
}

/// The first 16 bits after chip select falls: address in 15:4, 1 for a read in bit 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Twelve bits.
    pub address: u16,
    /// Which way.
    pub direction: Direction,
}

impl Header {
    /// As it is sent.
    #[must_use]
    pub const fn encode(self) -> [u8; 2] {
        let read = match self.direction {
            Direction::Read => 8,
            Direction::Write => 0,
        };
        (self.address << 4 | read).to_be_bytes()
    }

    /// Every 16 bits are a header; the lowest three mean nothing.
    #[must_use]
    pub const fn decode(bytes: [u8; 2]) -> Self {
        let bits = u16::from_be_bytes(bytes);
        let direction = if bits & 8 == 0 { Direction::Write } else { Direction::Read };
        Self { address: bits >> 4, direction }
    }
}

/// The width at any address. Where nothing is documented, the block decides: 480 to 4FE are the
/// registers of 16 bits.
#[must_use]
pub fn width_at(address: u16) -> Width {
    match register(address) {
        Some(register) => register.width,
        None if (0x480..=0x4FE).contains(&address) => Width::Bits16,
        None => Width::Bits32,
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, Header};

    /// Examples of the data sheet and of drivers in the field.
    #[test]
    fn headers() {
        let table = [
            (0x20C, Direction::Read, 0x20C8),
            (0x481, Direction::Write, 0x4810),
            (0x480, Direction::Write, 0x4800),
            (0x4FE, Direction::Read, 0x4FE8),
            (0x800, Direction::Read, 0x8008_u16),
        ];
        for (address, direction, bits) in table {
            let header = Header { address, direction };
            assert_eq!(header.encode(), bits.to_be_bytes());
            assert_eq!(Header::decode((bits | 7).to_be_bytes()), header);
        }
    }
}
