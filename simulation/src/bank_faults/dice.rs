//! Numbers drawn one after the other, for a life in which nothing is compared with another life.

use crate::random::Random;

/// A stream of numbers that a seed fixes.
#[derive(Clone, Debug)]
pub(super) struct Dice {
    source: Random,
    drawn: u64,
}

impl Dice {
    pub(super) const fn new(source: Random) -> Self {
        Self { source, drawn: 0 }
    }

    const fn draw(&mut self) -> Random {
        self.drawn += 1;
        self.source.part(self.drawn)
    }

    /// From `low` to `high`, both included.
    pub(super) const fn between(&mut self, low: i64, high: i64) -> i64 {
        self.draw().between(low, high)
    }

    /// A place in something of this length, which isn't empty.
    pub(super) fn place(&mut self, length: usize) -> usize {
        let last = i64::try_from(length).expect("nothing here is that long") - 1;
        usize::try_from(self.between(0, last)).expect("not below zero")
    }

    /// Whether one of `times` cases has come.
    pub(super) const fn once_in(&mut self, times: i64) -> bool {
        self.between(1, times) == 1
    }
}
