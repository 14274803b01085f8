//! One chip-select assertion: as many bytes out as came in.

use super::Twin;
use super::registers::{CONFIG1, CRC_SPI, LAST_CMD, LAST_DATA_16, LAST_DATA_32};
use ade9000::fields::CONFIG1_BURST_EN;
use ade9000::{BURST_REGIONS, Direction, Header, WAVEFORM_BUFFER, Width, crc16, width_at};
use embedded_hal::spi::Operation;

impl Twin {
    /// What the chip sends on MISO while the master sends `mosi`, from the fall of chip select to
    /// its rise. While the header comes, and behind everything that there is to send, MISO is low.
    ///
    /// A transfer that ends before the header is complete, or a write that ends before its last
    /// bit, changes nothing. Clocks behind the data of a write are ignored, as are those behind the
    /// check of a read.
    pub fn exchange(&mut self, mosi: &[u8]) -> Vec<u8> {
        let mut miso = vec![0; mosi.len()];
        let Some((header, data)) = mosi.split_first_chunk::<2>() else { return miso };
        let bits = u16::from_be_bytes(*header);
        let header = Header::decode(*header);
        match header.direction {
            Direction::Read => self.answer(header.address, bits, &mut miso[2..]),
            Direction::Write => self.take(header.address, bits, data),
        }
        miso
    }

    /// One transaction of a master: what it writes goes in, what it reads comes out.
    pub fn transact(&mut self, operations: &mut [Operation<'_, u8>]) {
        let mut mosi = Vec::new();
        for operation in operations.iter() {
            match operation {
                Operation::Write(bytes) => mosi.extend_from_slice(bytes),
                Operation::Read(bytes) => mosi.resize(mosi.len() + bytes.len(), 0),
                Operation::Transfer(read, write) => {
                    let end = mosi.len() + read.len().max(write.len());
                    mosi.extend_from_slice(write);
                    mosi.resize(end, 0);
                }
                Operation::TransferInPlace(bytes) => mosi.extend_from_slice(bytes),
                Operation::DelayNs(_) => {}
            }
        }
        let miso = self.exchange(&mosi);
        let mut rest = miso.as_slice();
        for operation in operations {
            let (read, length): (&mut [u8], usize) = match operation {
                Operation::Write(bytes) => (&mut [], bytes.len()),
                Operation::Read(bytes) | Operation::TransferInPlace(bytes) => {
                    let length = bytes.len();
                    (bytes, length)
                }
                Operation::Transfer(read, write) => {
                    let length = read.len().max(write.len());
                    (read, length)
                }
                Operation::DelayNs(_) => continue,
            };
            let (mine, behind) = rest.split_at(length);
            read.copy_from_slice(&mine[..read.len()]);
            rest = behind;
        }
    }

    fn take(&mut self, address: u16, header: u16, data: &[u8]) {
        let value = match (width_at(address), data) {
            (Width::Bits16, [high, low, ..]) => u32::from(u16::from_be_bytes([*high, *low])),
            (Width::Bits32, [first, second, third, fourth, ..]) => {
                u32::from_be_bytes([*first, *second, *third, *fourth])
            }
            _ => return,
        };
        self.write(address, value);
        self.note_last(address, header, value);
    }

    fn answer(&mut self, address: u16, header: u16, miso: &mut [u8]) {
        if WAVEFORM_BUFFER.contains(&address) {
            self.buffer.burst(address, &self.registers, miso);
            return;
        }
        let bursts = self.registers.has(CONFIG1, CONFIG1_BURST_EN);
        let region = BURST_REGIONS.iter().find(|region| region.contains(&address));
        if let (true, Some(region)) = (bursts, region) {
            for (piece, next) in miso.chunks_mut(4).zip(address..=*region.end()) {
                let word = self.read(next).to_be_bytes();
                piece.iter_mut().zip(word).for_each(|(out, byte)| *out = byte);
            }
            return;
        }
        let width = width_at(address).bytes();
        // A register that a read changes isn't read before its last bit is out.
        let value = if miso.len() < width { self.shown(address) } else { self.read(address) };
        self.note_last(address, header, value);
        let word = value.to_be_bytes();
        let data = &word[4 - width..];
        let sum = crc16(data);
        // The register that keeps the sum isn't changed by being read itself.
        if address != CRC_SPI {
            self.registers.set(CRC_SPI, u32::from(sum));
        }
        let sum = if bursts { None } else { Some(sum.to_be_bytes()) };
        let bytes = data.iter().copied().chain(sum.into_iter().flatten());
        miso.iter_mut().zip(bytes).for_each(|(out, byte)| *out = byte);
    }

    /// Reading the three registers themselves doesn't change them, and bursts don't (TRM).
    fn note_last(&mut self, address: u16, header: u16, value: u32) {
        if [LAST_CMD, LAST_DATA_16, LAST_DATA_32].contains(&address) {
            return;
        }
        self.registers.set(LAST_CMD, u32::from(header));
        let data = match width_at(address) {
            Width::Bits16 => LAST_DATA_16,
            Width::Bits32 => LAST_DATA_32,
        };
        self.registers.set(data, value);
    }
}
