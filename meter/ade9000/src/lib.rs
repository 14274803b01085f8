//! The ADE9000, a metering chip with seven converters: its register table, the bytes on its bus,
//! the constants of its data sheet, and a driver over `embedded-hal`.
//!
//! The table is one source for the driver and for the twin in `simulation`: [`REGISTERS`] is
//! `registers.csv`, parsed while compiling. A register that is named wrongly or used in the wrong
//! width doesn't compile ([`Address::named`]).
//!
//! Numbers cite the data sheet, Rev. B, June 2025 (DS), or the technical reference manual UG-1098,
//! Rev. 0 (TRM). There is no CRC on writes, so the driver reads back what it writes; it never lets
//! the chip reset an energy while it is read, because the data sheet's erratum says that fails.
#![no_std]

mod address;
mod constants;
mod crc;
mod driver;
mod energy;
pub mod fields;
mod frame;
mod stream;
mod table;

pub use address::{Access, Address, Phase, ReadOnly, ReadWrite, Word};
pub use constants::{
    FULL_SCALE_LPF, FULL_SCALE_PCF, FULL_SCALE_POWER, FULL_SCALE_RMS, FULL_SCALE_SINC,
    SAMPLE_RATE_HZ, Scale, frequency_millihertz, no_load_level, phase_calibration,
    temperature_millicelsius,
};
pub use crc::{crc16, crc16_from};
pub use driver::{Ade9000, Bursts, Configuration, Error, LineFrequency, Place, PowerUp};
pub use energy::{Energy45, EnergyOf};
pub use frame::{BURST_REGIONS, Direction, Header, WAVEFORM_BUFFER, width_at};
pub use stream::{HALF_PAGES, Half, PAGE_SETS, Set};
pub use table::{Permission, REGISTERS, Register, Width, address_of, register};
