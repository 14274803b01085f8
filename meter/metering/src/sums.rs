//! The exact sums of one window, in codes, code² and sample periods.
//!
//! Bounds. A code is at most L = 8·10⁷ ([`crate::CODE_LIMIT`]), a derived one 2·L, so a product is
//! at most 4·L² = 2.56·10¹⁶ and [`BLOCK`] = 128 of them stay below 3.3·10¹⁸ < 2⁶³: a block fits
//! `i64`. A window has fewer than 2¹³ samples, so its sums stay below 2⁶⁹ in `i128`.
//! With the mean removed (four terms) and interpolated (weights of absolute sum below 2), an
//! element stays below 8·L²·samples, three of them below 24·L²·samples; [`crate::Configuration`]
//! refuses scales with which that times the energy ratio would leave `i128`.

use crate::channels::Channels;
use crate::fixed::{FRACTION_BITS, ONE_SAMPLE};
use crate::history::Taps;

/// Voltages of three phases, then currents of three phases and neutral.
const CHANNELS: usize = 7;
const SQUARES: usize = CHANNELS;
const ACTIVE: usize = SQUARES + CHANNELS;
const SHIFTED: usize = ACTIVE + 3;
const TAPS: usize = 4;
const TERMS: usize = SHIFTED + 3 * TAPS;

/// Samples that are summed in 64 bits before they move into 128.
const BLOCK: u32 = 128;

/// Everything that one sample adds.
pub(crate) type Terms = [i64; TERMS];

/// What a border between two samples moves from one window to the other.
pub(crate) type Shift = [i128; TERMS];

/// The sums of one window.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    block: Terms,
    block_samples: u32,
    whole: [i128; TERMS],
    samples: u32,
}

/// What has to be taken out of a sum of products so that only the alternating part remains.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mean {
    /// The mean of this very window: right if it holds whole cycles.
    OfWindow,
    /// Means measured before, in codes: for a window that doesn't hold whole cycles.
    Known([i64; CHANNELS]),
    /// Nothing, because nothing is known yet: what comes out isn't fit for the registers.
    Unknown,
}

/// The products of one sample with itself and with the voltages a quarter period ago.
pub(crate) fn terms(channels: &Channels, taps: &Taps) -> Terms {
    let mut terms = [0; TERMS];
    for phase in 0..3 {
        let voltage = i64::from(channels.voltage[phase]);
        let current = i64::from(channels.current[phase]);
        terms[phase] = voltage;
        terms[SQUARES + phase] = voltage * voltage;
        terms[ACTIVE + phase] = voltage * current;
        for tap in 0..TAPS {
            terms[SHIFTED + 3 * tap + phase] = i64::from(taps[tap][phase]) * current;
        }
    }
    for wire in 0..4 {
        let current = i64::from(channels.current[wire]);
        terms[3 + wire] = current;
        terms[SQUARES + 3 + wire] = current * current;
    }
    terms
}

/// What of the cell between two samples the window on the left gets beyond its own half.
///
/// The terms are taken as straight between the samples; `fraction` is where the border lies, in
/// 2⁻¹⁶. Left gains this and right loses it, so together they neither win nor lose.
pub(crate) fn border_shift(before: &Terms, after: &Terms, fraction: u32) -> Shift {
    let fraction = i128::from(fraction);
    let one = i128::from(ONE_SAMPLE);
    core::array::from_fn(|term| {
        let (before, after) = (i128::from(before[term]), i128::from(after[term]));
        // f·(2·before + f·(after − before))/2 − before/2, over 2³².
        let area = fraction * (2 * before * one + fraction * (after - before));
        (area - before * one * one) >> (2 * FRACTION_BITS + 1)
    })
}

impl Sums {
    pub(crate) const fn new() -> Self {
        Self { block: [0; TERMS], block_samples: 0, whole: [0; TERMS], samples: 0 }
    }

    pub(crate) fn add(&mut self, terms: &Terms) {
        for (sum, term) in self.block.iter_mut().zip(terms) {
            *sum += term;
        }
        self.samples += 1;
        self.block_samples += 1;
        if self.block_samples == BLOCK {
            self.settle();
        }
    }

    /// Moves the block into the wide sums.
    pub(crate) fn settle(&mut self) {
        for (whole, block) in self.whole.iter_mut().zip(&mut self.block) {
            *whole += i128::from(core::mem::take(block));
        }
        self.block_samples = 0;
    }

    pub(crate) fn gain(&mut self, shift: &Shift) {
        for (whole, shift) in self.whole.iter_mut().zip(shift) {
            *whole += shift;
        }
    }

    pub(crate) fn lose(&mut self, shift: &Shift) {
        for (whole, shift) in self.whole.iter_mut().zip(shift) {
            *whole -= shift;
        }
    }

    /// Samples added so far.
    pub(crate) const fn samples(&self) -> u32 {
        self.samples
    }

    /// The mean code of each channel over a window of `length` 2⁻¹⁶ sample periods.
    pub(crate) fn means(&self, length: u64) -> [i64; CHANNELS] {
        core::array::from_fn(|channel| {
            let mean = (self.whole[channel] << FRACTION_BITS) / i128::from(length);
            crate::fixed::saturate_i64(mean)
        })
    }

    /// Sum of squares of the alternating part of a voltage, code²·samples; never negative.
    pub(crate) fn voltage_square(&self, phase: usize, mean: Mean, length: u64) -> u128 {
        let sum = self.whole[SQUARES + phase];
        self.alternating(sum, (phase, phase), mean, length).max(0).unsigned_abs()
    }

    /// Sum of squares of the alternating part of a current (3 is neutral), code²·samples.
    pub(crate) fn current_square(&self, wire: usize, mean: Mean, length: u64) -> u128 {
        let sum = self.whole[SQUARES + 3 + wire];
        self.alternating(sum, (3 + wire, 3 + wire), mean, length).max(0).unsigned_abs()
    }

    /// Sum of voltage × current of one element, code²·samples.
    pub(crate) fn active(&self, phase: usize, mean: Mean, length: u64) -> i128 {
        self.alternating(self.whole[ACTIVE + phase], (phase, 3 + phase), mean, length)
    }

    /// Sum of voltage a quarter period ago × current, code²·samples; `beyond` is what the quarter
    /// period has beyond the second tap, in 2⁻¹⁶ sample periods.
    pub(crate) fn reactive(&self, phase: usize, beyond: i64, mean: Mean, length: u64) -> i128 {
        let weights = lagrange(beyond);
        let weighted = |tap: usize| weights[tap] * self.whole[SHIFTED + 3 * tap + phase];
        let sum = (0..TAPS).map(weighted).sum::<i128>() >> LAGRANGE_BITS;
        self.alternating(sum / 6, (phase, 3 + phase), mean, length)
    }

    fn alternating(&self, sum: i128, channels: (usize, usize), mean: Mean, length: u64) -> i128 {
        let (x, y) = (self.whole[channels.0], self.whole[channels.1]);
        let length = i128::from(length);
        match mean {
            Mean::OfWindow => sum - ((x * y) << FRACTION_BITS) / length,
            Mean::Unknown => sum,
            Mean::Known(means) => {
                let (mx, my) = (i128::from(means[channels.0]), i128::from(means[channels.1]));
                sum - mx * y - my * x + ((mx * my * length) >> FRACTION_BITS)
            }
        }
    }
}

/// Binary digits after the point of a Lagrange weight.
const LAGRANGE_BITS: u32 = 3 * FRACTION_BITS;

/// Six times the weights of the taps at −1, 0, 1, 2 for the place `x`, which is held within them.
fn lagrange(x: i64) -> [i128; TAPS] {
    let one = i128::from(ONE_SAMPLE);
    let x = i128::from(x).clamp(-one, 2 * one);
    let (left, right, far) = (x + one, x - one, x - 2 * one);
    [-x * right * far, 3 * left * right * far, -3 * left * x * far, left * x * right]
}
