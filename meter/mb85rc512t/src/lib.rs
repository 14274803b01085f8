//! Driver of the MB85RC512T: 64 KiB of ferroelectric memory (FRAM) on an I2C bus.
//!
//! [`Mb85rc512t`] talks to the chip over `embedded-hal` and is a [`wire::memory::Memory`], so every
//! core runs on it as it stands. The chip has no pages and no waiting time: a byte is in the
//! memory when it is acknowledged, and a write may be as long as the memory.
//!
//! Of the numbers here the size, the bus and the endurance are the source paper's; the frames, the
//! device ID and the time to wake are the family's data sheets **from memory**: compare them with
//! the sheet of the part before a board is built.
//!
//! Not here: entering sleep and high speed. Both need bytes for two addresses in one transaction
//! (`F8 … Sr 86`, and a master code that nobody acknowledges), which `embedded-hal` can't say; a
//! board that wants them drives its bus controller directly. The twin in `simulation` knows both.
#![no_std]

mod driver;

pub use driver::{DeviceId, Mb85rc512t, Straps};

/// Size of the memory: 512 kbit.
pub const CAPACITY_BYTES: u32 = 64 * 1024;

/// Seven-bit address of the chip whose address pins are all low: `1010 000`.
pub const BASE_ADDRESS: u8 = 0b101_0000;

/// Seven-bit form of the reserved address F8h / F9h under which chips tell who they are.
pub const DEVICE_ID_ADDRESS: u8 = 0xf8 >> 1;

/// After a call to a sleeping chip, this long until it answers (tREC, from memory).
pub const WAKE_MICROSECONDS: u32 = 400;
