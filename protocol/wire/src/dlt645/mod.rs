//! DL/T 645-2007, the serial protocol of Chinese meters, as bytes.
//!
//! Two levels: [`Decoder`] and [`Frame`] check lengths, checksum and end byte; [`Request`] and
//! [`Item`] are the valid subset that a session acts on. Nothing here panics on received bytes.
//!
//! Sources: published implementations and transcriptions of the standard (read); no original text
//! was available. What is from memory only says so.

mod bcd;
mod frame;
mod item;
mod message;

pub use bcd::Fields;
pub use frame::{
    Address, DATA_BYTES_MAX, Decoder, FRAME_BYTES_MAX, Frame, FrameBytes, PREAMBLE, REPLY_BYTES_MAX,
};
pub use item::{
    ActiveEnergy, DataId, FreezePart, FreezeRing, Instantaneous, Item, Nameplate, Pick,
};
pub use message::{ErrorCode, Function, Reply, Request};
