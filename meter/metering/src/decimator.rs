//! Halves the rate of samples, for converters that are faster than the metering core.

use crate::channels::Frame;

/// Samples kept: the filter reaches 15 samples to both sides.
const HISTORY: usize = 32;

/// Weights of the samples 1, 3, 5 … 15 away, in 2⁻²⁷: Lagrange's interpolation of order 15 in the
/// middle between samples, halved. With half of the sample itself they add up to one, and the gain
/// at f is one within (π·f / rate)¹⁶.
const WEIGHTS: [i64; 8] =
    [41_409_225, -10_735_725, 3_864_861, -1_254_825, 325_325, -61_425, 7_425, -429];

/// Binary digits after the point of a weight.
const WEIGHT_BITS: u32 = 27;

/// A maximally flat half-band filter that gives one frame for every two.
///
/// The metering core takes up to 16,000 frames a second ([`Decimator::stages_for`]); a faster
/// converter goes through one or more of these first. At 64 kS/s the 50th harmonic keeps its size
/// within a millionth.
#[derive(Clone, Debug)]
pub struct Decimator {
    history: [[i32; 7]; HISTORY],
    latest: usize,
    /// Frames since the last that was given, 0 or 1.
    odd: bool,
}

impl Default for Decimator {
    fn default() -> Self {
        Self::new()
    }
}

impl Decimator {
    /// Begins with nothing before the first frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { history: [[0; 7]; HISTORY], latest: 0, odd: false }
    }

    /// How many halvings bring a rate down to 16,000 Hz or less, and the rate behind them; none if
    /// that rate isn't whole.
    #[must_use]
    pub const fn stages_for(sample_rate_hertz: u32) -> Option<(u32, u32)> {
        let (mut stages, mut rate) = (0, sample_rate_hertz);
        while rate > 16_000 {
            if rate % 2 == 1 {
                return None;
            }
            rate /= 2;
            stages += 1;
        }
        Some((stages, rate))
    }

    /// Takes a frame; gives every second time the frame 15 samples before, filtered.
    pub fn push(&mut self, frame: &Frame) -> Option<Frame> {
        self.latest = (self.latest + 1) % HISTORY;
        self.history[self.latest] = frame.codes();
        self.odd = !self.odd;
        (!self.odd).then(|| self.filtered())
    }

    fn filtered(&self) -> Frame {
        let code = |channel: usize| self.code(channel);
        Frame {
            voltage: [code(0), code(1), code(2)],
            current: [code(3), code(4), code(5), code(6)],
        }
    }

    fn code(&self, channel: usize) -> i32 {
        let at =
            |age: usize| i64::from(self.history[(self.latest + HISTORY - age) % HISTORY][channel]);
        let pair = |(step, weight): (usize, &i64)| {
            weight * (at(MIDDLE + 2 * step + 1) + at(MIDDLE - 2 * step - 1))
        };
        let sides: i64 = WEIGHTS.iter().enumerate().map(pair).sum();
        let sum = (at(MIDDLE) << (WEIGHT_BITS - 1)) + sides + (1 << (WEIGHT_BITS - 1));
        // Below 2³¹: the weights' absolute sum is below 1.4 and codes are clipped.
        i32::try_from(sum >> WEIGHT_BITS).unwrap_or(0)
    }
}

/// Age of the sample that the filter gives.
const MIDDLE: usize = 15;
