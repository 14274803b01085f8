//! Finds the moments at which the reference voltage passes through zero.

use crate::border::LOOKAHEAD;

/// Which way the voltage goes through zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From negative to positive: a cycle begins.
    Rising,
    /// From positive to negative: the second half of a cycle begins.
    Falling,
}

/// A detector with hysteresis and dead time.
#[derive(Clone, Debug)]
pub(crate) struct Crossing {
    /// The code must have been beyond this on the other side before a crossing counts.
    hysteresis: i32,
    /// Samples after a crossing in which no other one of the same direction counts; half of them
    /// for the opposite direction.
    dead_time: u32,
    previous: i32,
    armed: Option<Direction>,
    since_rising: u32,
    since_any: u32,
    /// A crossing that waits for the samples behind it, and how many it has.
    pending: Option<(Direction, u64)>,
}

impl Crossing {
    pub(crate) const fn new(hysteresis: i32, dead_time: u32) -> Self {
        Self {
            hysteresis,
            dead_time,
            previous: 0,
            armed: None,
            since_rising: dead_time,
            since_any: dead_time,
            pending: None,
        }
    }

    /// Starts anew on another voltage.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.hysteresis, self.dead_time);
    }

    /// Takes a code; says that a crossing lies between the sample [`LOOKAHEAD`] ago and its
    /// successor.
    pub(crate) fn push(&mut self, code: i32) -> Option<Direction> {
        let previous = core::mem::replace(&mut self.previous, code);
        self.since_rising = self.since_rising.saturating_add(1);
        self.since_any = self.since_any.saturating_add(1);
        if code < -self.hysteresis {
            self.armed = Some(Direction::Rising);
        } else if code > self.hysteresis && self.armed.is_none() {
            self.armed = Some(Direction::Falling);
        }
        if let Some(direction) = self.passed(previous, code) {
            self.note(direction, code);
        }
        let (direction, samples) = self.pending?;
        self.pending = (samples < LOOKAHEAD).then_some((direction, samples + 1));
        (samples == LOOKAHEAD).then_some(direction)
    }

    fn passed(&self, previous: i32, code: i32) -> Option<Direction> {
        match self.armed {
            Some(Direction::Rising) if previous < 0 && code >= 0 => {
                let rested =
                    self.since_rising >= self.dead_time && self.since_any >= self.dead_time / 2;
                rested.then_some(Direction::Rising)
            }
            Some(Direction::Falling) if previous >= 0 && code < 0 => {
                (self.since_any >= self.dead_time / 2).then_some(Direction::Falling)
            }
            Some(Direction::Rising | Direction::Falling) | None => None,
        }
    }

    fn note(&mut self, direction: Direction, code: i32) {
        // A steep wave may be beyond the hysteresis at once.
        let below = code < -self.hysteresis;
        let above = code > self.hysteresis;
        self.armed = match direction {
            Direction::Rising if above => Some(Direction::Falling),
            Direction::Falling if below => Some(Direction::Rising),
            Direction::Rising | Direction::Falling => None,
        };
        self.since_any = 0;
        if direction == Direction::Rising {
            self.since_rising = 0;
        }
        self.pending = Some((direction, 1));
    }
}

/// Where between the third and the fourth of six samples their polynomial is zero, in 2⁻¹⁶.
///
/// The third and the fourth are on the two sides of zero. Fifth order, because a straight line
/// would put the crossing of a voltage with harmonics a few millionths of a window off.
pub(crate) fn zero_of(codes: [i32; 6]) -> u32 {
    let differences = differences(codes);
    let falling = codes[2] >= 0;
    let (mut low, mut high) = (0_i64, PLACE_ONE);
    while high - low > 1 {
        let middle = i64::midpoint(low, high);
        let before = (polynomial(&differences, middle) < 0) != falling;
        if before { low = middle } else { high = middle }
    }
    let rounded = (high + (1 << (PLACE_BITS - 17))) >> (PLACE_BITS - 16);
    u32::try_from(rounded).unwrap_or(0)
}

/// Binary digits after the point of a place between two samples.
const PLACE_BITS: u32 = 20;
const PLACE_ONE: i64 = 1 << PLACE_BITS;

/// The first entries of the table of differences: y₀, Δ, Δ², … Δ⁵.
fn differences(codes: [i32; 6]) -> [i64; 6] {
    let mut table = codes.map(i64::from);
    for order in 1..6 {
        for at in (order..6).rev() {
            table[at] -= table[at - 1];
        }
    }
    table
}

/// Newton's form at `place` behind the third sample; below 2⁶⁰ throughout.
fn polynomial(differences: &[i64; 6], place: i64) -> i64 {
    let mut value = differences[5];
    let mut order = 5;
    let mut from_first = place + (2 - 4) * PLACE_ONE;
    for difference in differences[..5].iter().rev() {
        value = difference + ((value * from_first) >> PLACE_BITS) / order;
        order -= 1;
        from_first += PLACE_ONE;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "a wave to test")]
    fn a_distorted_wave_is_found_within_a_thousandth_of_a_sample() {
        for start in 1..50 {
            let zero = f64::from(start) / 50.0;
            let wave = |sample: u32| {
                let angle = (f64::from(sample) - 2.0 - zero) * 0.045;
                (4e7 * (angle.sin() + 0.1 * ((5.0 * angle + 0.9).sin() - 0.9_f64.sin()))) as i32
            };
            let found = f64::from(zero_of([0, 1, 2, 3, 4, 5].map(wave))) / 65_536.0;
            assert!((found - zero).abs() < 1e-4, "{zero}: {found}");
        }
    }
}
