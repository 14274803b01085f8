//! Energies: two words of one number with 45 bits.

use crate::address::Phase;

/// Content of an energy register, 45 bits signed. One unit is the power code 1 for one sample
/// (1/8000 s).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Energy45(i64);

impl Energy45 {
    const BITS: u32 = 45;

    /// Keeps the lowest 45 bits, as the chip's counter does.
    #[must_use]
    pub const fn wrapping(value: i64) -> Self {
        let unused = i64::BITS - Self::BITS;
        Self(value << unused >> unused)
    }

    /// From the words of the chip: HI holds bits 44:13, the low 13 bits of LO the rest (DS).
    #[must_use]
    pub fn from_words(high: u32, low: u32) -> Self {
        Self::wrapping(i64::from(high) << 13 | i64::from(low & 0x1FFF))
    }

    /// (HI, LO).
    #[must_use]
    #[allow(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        reason = "the two words are bit fields of the 45 bits"
    )]
    pub const fn words(self) -> (u32, u32) {
        ((self.0 >> 13) as u32, (self.0 & 0x1FFF) as u32)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// What was added since an earlier reading, across one overflow of the counter.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        Self::wrapping(self.0 - earlier.0).0
    }
}

/// Which energy of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnergyOf {
    /// Total active.
    Watt,
    /// Total reactive.
    Var,
    /// Total apparent.
    VoltAmpere,
    /// Fundamental active.
    FundamentalWatt,
    /// Fundamental reactive.
    FundamentalVar,
    /// Fundamental apparent.
    FundamentalVoltAmpere,
}

impl EnergyOf {
    /// All, in the order of the chip.
    pub const ALL: [Self; 6] = [
        Self::Watt,
        Self::Var,
        Self::VoltAmpere,
        Self::FundamentalWatt,
        Self::FundamentalVar,
        Self::FundamentalVoltAmpere,
    ];

    /// Where its four words begin: `ACC_LO`, `ACC_HI`, `HR_LO`, `HR_HI`.
    #[must_use]
    pub const fn block(self, phase: Phase) -> u16 {
        0x2E4 + 0x3C * phase as u16 + 0x0A * self as u16
    }
}

#[cfg(test)]
mod tests {
    use super::{Energy45, EnergyOf};
    use crate::{address::Phase, table::register};
    use proptest::prelude::*;

    #[test]
    fn every_block_is_where_the_table_says() {
        let names = ["WATT", "VAR", "VA", "FWATT", "FVAR", "FVA"];
        for phase in Phase::ALL {
            for (of, name) in EnergyOf::ALL.into_iter().zip(names) {
                let words = [0, 1, 2, 3].map(|word| register(of.block(phase) + word).unwrap().name);
                let letter = ["A", "B", "C"][phase as usize];
                let ends = ["_ACC_LO", "_ACC_HI", "HR_LO", "HR_HI"];
                for (word, end) in words.into_iter().zip(ends) {
                    assert!(word.starts_with(letter) && word.ends_with(end), "{word}");
                    assert_eq!(&word[1..word.len() - end.len()], name);
                }
            }
        }
    }

    #[test]
    fn words_of_known_energies() {
        let table = [
            (0, 0, 0),
            (1, 0, 1),
            (8192, 1, 0),
            (-1, 0xFFFF_FFFF, 0x1FFF),
            (-8192, 0xFFFF_FFFF, 0),
            ((1 << 44) - 1, 0x7FFF_FFFF, 0x1FFF),
        ];
        for (energy, high, low) in table {
            assert_eq!(Energy45::from_words(high, low).get(), energy);
            assert_eq!(Energy45::wrapping(energy).words(), (high, low));
        }
    }

    proptest! {
        #[test]
        fn a_difference_survives_the_overflow(from in any::<i64>(), moved in -(1_i64 << 43)..1 << 43) {
            let from = Energy45::wrapping(from);
            prop_assert_eq!(Energy45::wrapping(from.get() + moved).since(from), moved);
        }

        #[test]
        fn words_and_back(value in any::<i64>()) {
            let energy = Energy45::wrapping(value);
            let (high, low) = energy.words();
            prop_assert_eq!(Energy45::from_words(high, low | 0xFFFF_E000), energy);
        }
    }
}
