//! Management core → transaction core: energy reports in AES-256 frames with a counter.

use crate::codec::{DecodeError, Reader, Sink, Wire, wire_struct};
use heapless::Vec;
use quantity::{Energy, Instant};

/// The registers at one instant: all that a settlement needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnergyReport {
    /// When the registers stood like this.
    pub at: Instant,
    /// Forward (import) active register.
    pub import: Energy,
    /// Reverse (export) active register.
    pub export: Energy,
    /// Import register at the start of the billing month (0 h of its first day).
    pub import_month_start: Energy,
    /// Export register at the start of the billing month.
    pub export_month_start: Energy,
    /// Import register at the start of the calendar year.
    pub import_year_start: Energy,
    /// Export register at the start of the calendar year.
    pub export_year_start: Energy,
}

wire_struct!(EnergyReport, tag: b"JIDIAN-ENERGY-1", {
    at, import, export, import_month_start, export_month_start, import_year_start,
    export_year_start
});

/// Longest plaintext of a frame.
pub const PLAINTEXT_BYTES_MAX: usize = 128;

/// An AES-256-GCM frame. The counter is the nonce and only ever rises; the tag covers both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Number of the frame on this link; a receiver accepts only larger ones than the last.
    pub counter: u64,
    /// Encrypted message.
    pub ciphertext: Vec<u8, PLAINTEXT_BYTES_MAX>,
    /// Authentication tag.
    pub tag: [u8; 16],
}

impl Wire for Frame {
    fn write(&self, out: &mut Sink<'_>) {
        self.counter.write(out);
        self.ciphertext.write(out);
        self.tag.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            counter: Wire::read(reader)?,
            ciphertext: Wire::read(reader)?,
            tag: Wire::read(reader)?,
        })
    }
}
