//! Randomness that a seed fixes: a hash of the seed and of what the number is for.
//!
//! A stream that is drawn from would make each number depend on how many were drawn before it, so
//! that one customer more changes all others. A hash of (seed, purpose, whom, when) doesn't.

/// A source of numbers for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// The source of all others.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self(mix(seed ^ 0x6a69_6469_616e_0001))
    }

    /// A source for a part: a customer, a minute, a purpose.
    #[must_use]
    pub const fn part(self, number: u64) -> Self {
        Self(mix(self.0 ^ mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The number of this source.
    #[must_use]
    pub const fn number(self) -> u64 {
        mix(self.0)
    }

    /// A number from `low` to `high`, both included.
    ///
    /// # Panics
    /// If `low` is above `high`.
    #[must_use]
    pub const fn between(self, low: i64, high: i64) -> i64 {
        assert!(low <= high, "a range has a lowest and a highest number");
        let span = high.abs_diff(low) as u128 + 1;
        // Multiply-shift maps 64 random bits evenly enough for any span used here.
        let offset = (self.number() as u128 * span) >> 64;
        low.wrapping_add_unsigned(offset as u64)
    }

    /// 32 bytes, such as a key of the sandbox.
    #[must_use]
    pub fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (part, chunk) in bytes.chunks_exact_mut(8).enumerate() {
            chunk.copy_from_slice(&self.part(part as u64).number().to_be_bytes());
        }
        bytes
    }
}

/// Finaliser of SplitMix64 (S. Vigna, public domain).
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_depend_on_every_part_and_stay_in_range() {
        let seven = Random::from_seed(7);
        assert_ne!(seven.number(), Random::from_seed(8).number());
        assert_ne!(seven.part(1).part(2).number(), seven.part(2).part(1).number());
        let mut seen = [false; 5];
        for part in 0..200 {
            let number = seven.part(part).between(-2, 2);
            seen[usize::try_from(number + 2).unwrap()] = true;
        }
        assert_eq!(seen, [true; 5]);
        let _ = seven.between(i64::MIN, i64::MAX);
    }
}
