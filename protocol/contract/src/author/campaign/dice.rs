//! Numbers that depend on the seed alone, the same on every machine.

use alloc::string::String;
use alloc::vec::Vec;

use quantity::Price;

use super::super::words::value_text;
use crate::Unit;

/// A small generator (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to but without `limit`; 0 for a limit of 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.roll().checked_rem(limit).unwrap_or(0)
    }

    /// Both ends belong to it.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let size = high.wrapping_sub(low).cast_unsigned().wrapping_add(1);
        low.wrapping_add(self.below(size).cast_signed())
    }

    /// Once in `times`.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of them; the default of an empty list.
    pub(super) fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        self.choose(from).unwrap_or_default()
    }

    pub(super) fn choose<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let place = self.below(from.len() as u64);
        from.get(usize::try_from(place).unwrap_or(0)).copied()
    }

    /// A price as text, within ±3 of its unit.
    pub(super) fn price(&mut self, unit: Unit) -> String {
        let size = self.between(-3_000_000, 3_000_000);
        // Percentages have at most six digits behind the point.
        value_text(Price::from_micro_yuan_per_kwh(size), unit).en
    }

    /// The twelve months in up to `sets` sets.
    pub(super) fn months(&mut self, sets: u64) -> Vec<u16> {
        let mut parts = alloc::vec![0_u16; usize::try_from(sets).unwrap_or(1)];
        for month in 1..=12 {
            let part = usize::try_from(self.below(sets)).unwrap_or(0);
            if let Some(part) = parts.get_mut(part) {
                *part |= crate::program::month_bit(month);
            }
        }
        parts.retain(|part| *part != 0);
        parts
    }
}
