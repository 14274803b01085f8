//! Long division of 64 bits by a small number.
//!
//! A core of 32 bits has an instruction that divides 32 bits, and the routine that compilers link to
//! divide 64 bits takes 1 kB of its flash. The schoolbook way with bytes for digits takes 0.1 kB.

use core::num::NonZeroU32;

/// What a number can be divided by: 1 to 2²⁴, so that a rest with one more byte behind it fits 32
/// bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divisor(NonZeroU32);

impl Divisor {
    const MAX: u32 = 1 << 24;

    /// `None` for zero and for more than 2²⁴.
    #[must_use]
    pub const fn new(divisor: u32) -> Option<Self> {
        match NonZeroU32::new(divisor) {
            Some(divisor) if divisor.get() <= Self::MAX => Some(Self(divisor)),
            _ => None,
        }
    }

    /// A divisor that stands in the source.
    ///
    /// # Panics
    /// Where [`Divisor::new`] gives `None`; in a constant, while it compiles.
    #[must_use]
    pub const fn fixed(divisor: u32) -> Self {
        Self::new(divisor).expect("a divisor lies between 1 and 2^24")
    }

    /// The quotient rounded down (towards minus infinity), and the rest from 0 to below the divisor.
    #[must_use]
    #[inline(never)]
    pub fn divide(self, value: i64) -> (i64, u32) {
        // Of a negative number the complement is divided: ⌊-1 ÷ n⌋ is -1 with the rest n - 1.
        let sign = value >> 63;
        let size = (value ^ sign).cast_unsigned();
        let [a, b, c, d, low @ ..] = size.to_be_bytes();
        let high = u32::from_be_bytes([a, b, c, d]);
        let mut quotient = u64::from(high / self.0);
        let mut rest = high % self.0;
        for byte in low {
            let part = rest << 8 | u32::from(byte);
            quotient = quotient << 8 | u64::from(part / self.0);
            rest = part % self.0;
        }
        let rest = if sign < 0 { self.0.get() - 1 - rest } else { rest };
        (quotient.cast_signed() ^ sign, rest)
    }
}
