//! Numbers as binary-coded decimals, low byte first.

use super::frame::DATA_BYTES_MAX;
use heapless::Vec;
use quantity::{CivilTime, Energy};

/// The data of a reply that is being written, before +33H.
///
/// A value that doesn't fit its digits wraps if it is a register (as a register does) and stops at
/// all nines otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<u8, DATA_BYTES_MAX>);

/// Bit 7 of the highest byte is the sign.
const SIGN: u8 = 0x80;
/// What an absent phase is answered with (seen on real meters, read).
const ABSENT: u8 = 0xff;
/// An energy register has eight digits, two of them behind the point.
const REGISTER_MODULUS: u64 = 100_000_000;
/// The highest of the eight digits shares its bits with the sign.
const COMBINED_MODULUS: u64 = 80_000_000;
const MILLIWATT_HOURS_PER_DIGIT: u64 = 10_000;

impl Fields {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// What was written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes as they are. What doesn't fit a frame is cut off: no item of [`super::Item`] is so
    /// long.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let room = DATA_BYTES_MAX - self.0.len();
        let fitting = &bytes[..bytes.len().min(room)];
        let pushed = self.0.extend_from_slice(fitting).is_ok();
        assert!(pushed && fitting.len() == bytes.len(), "an item fits a frame");
    }

    /// A number in `2 × length` digits; all nines if it has more.
    pub fn number(&mut self, value: u64, length: usize) {
        let largest = 100_u64.checked_pow(u32::try_from(length).unwrap_or(u32::MAX));
        let mut rest = largest.map_or(value, |end| value.min(end - 1));
        for _ in 0..length {
            self.bytes(&[pair(rest % 100)]);
            rest /= 100;
        }
    }

    /// A number whose sign is the highest bit; all nines below 8 if it has too many digits.
    pub fn signed(&mut self, value: i64, length: usize) {
        let largest = 100_u64.pow(u32::try_from(length).unwrap_or(1).min(9)) / 10 * 8 - 1;
        self.number(value.unsigned_abs().min(largest), length);
        if value < 0
            && let Some(highest) = self.0.last_mut()
        {
            *highest |= SIGN;
        }
    }

    /// A register in kWh, `XXXXXX.XX`, cut off below 0.01 kWh and wrapping at a million.
    pub fn register(&mut self, energy: Energy) {
        let digits = energy.milliwatt_hours().unsigned_abs() / MILLIWATT_HOURS_PER_DIGIT;
        self.number(digits % REGISTER_MODULUS, 4);
    }

    /// A combined register: like [`Fields::register`], with the sign in the highest bit; so it
    /// wraps at 800,000 kWh already (from memory).
    pub fn combined_register(&mut self, energy: Energy) {
        let digits = energy.milliwatt_hours().unsigned_abs() / MILLIWATT_HOURS_PER_DIGIT;
        self.number(digits % COMBINED_MODULUS, 4);
        if energy.is_negative()
            && let Some(highest) = self.0.last_mut()
        {
            *highest |= SIGN;
        }
    }

    /// `length` bytes of a phase that doesn't exist.
    pub fn absent(&mut self, length: usize) {
        (0..length).for_each(|_| self.bytes(&[ABSENT]));
    }

    /// ASCII in `length` bytes, the last character first, padded with zeros at the high end.
    ///
    /// The order follows the rule that the low byte goes first; the padding is from memory.
    pub fn text(&mut self, text: &[u8], length: usize) {
        (text.len()..length).for_each(|_| self.bytes(&[0]));
        text.iter().take(length).rev().for_each(|character| self.bytes(&[*character]));
    }

    /// `mm hh DD MM YY`, the stamp of a freeze.
    pub fn stamp(&mut self, time: CivilTime) {
        self.number(u64::from(time.minute), 1);
        self.number(u64::from(time.hour), 1);
        self.number(u64::from(time.date.day), 1);
        self.number(u64::from(time.date.month), 1);
        self.year(time);
    }

    /// `WW DD MM YY`, item 04000101; Sunday is 00.
    pub fn date(&mut self, time: CivilTime) {
        self.number(time.date.weekday() as u64, 1);
        self.number(u64::from(time.date.day), 1);
        self.number(u64::from(time.date.month), 1);
        self.year(time);
    }

    /// `ss mm hh`, item 04000102.
    pub fn time(&mut self, time: CivilTime) {
        self.number(u64::from(time.second), 1);
        self.number(u64::from(time.minute), 1);
        self.number(u64::from(time.hour), 1);
    }

    fn year(&mut self, time: CivilTime) {
        self.number(u64::from(time.date.year.rem_euclid(100).unsigned_abs()), 1);
    }
}

/// Two decimal digits of a number below 100.
pub(super) fn pair(number: u64) -> u8 {
    u8::try_from(number / 10 % 10 * 16 + number % 10).unwrap_or(u8::MAX)
}

/// The number that two decimal digits stand for.
pub(super) fn unpair(byte: u8) -> Option<u8> {
    let (tens, ones) = (byte >> 4, byte & 0x0f);
    (tens < 10 && ones < 10).then_some(tens * 10 + ones)
}
