//! The exact sums of one window, in codes, code² and sample periods.
//!
//! Bounds. A code is at most L = 8·10⁷ ([`crate::CODE_LIMIT`]), a derived one 2·L, so a product is
//! at most 4·L² = 2.56·10¹⁶. A segment ends after 1/64 s, at most 250 samples at 16 kS/s and a few
//! at its borders, so it stays below 7·10¹⁸ < 2⁶³ and fits `i64`. A window has fewer than 2¹³
//! samples, so its sums stay below 2⁶⁹ in `i128`. With the mean removed (four terms) an element
//! stays below 8·L²·samples, three of them below 24·L²·samples; [`crate::Configuration`] refuses
//! scales with which that times the energy ratio would leave `i128`.

use crate::border::{SHARE_BITS, SHARED};
use crate::channels::{CHANNELS, CURRENTS, Codes};
use crate::fixed::{FRACTION_BITS, saturate_i64};

const SQUARES: usize = CHANNELS;
const ACTIVE: usize = SQUARES + CHANNELS;
const TERMS: usize = ACTIVE + 3;

/// Everything that one sample adds.
pub(crate) type Terms = [i64; TERMS];

/// The sums of one window, growing by segments.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    segment: Terms,
    whole: Totals,
}

/// Sums in 128 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals([i128; TERMS]);

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

/// The codes of one sample, their squares and their products.
pub(crate) fn terms(codes: &Codes) -> Terms {
    let mut terms = [0; TERMS];
    for (channel, &code) in codes.iter().enumerate() {
        let code = i64::from(code);
        terms[channel] = code;
        terms[SQUARES + channel] = code * code;
    }
    for phase in 0..3 {
        terms[ACTIVE + phase] = terms[phase] * terms[CURRENTS + phase];
    }
    terms
}

/// What the side behind a border gets of the samples around it and of those behind them.
pub(crate) fn behind<'c>(shares: [i64; SHARED], around: impl Iterator<Item = &'c Codes>) -> Terms {
    let mut sum = [0; TERMS];
    let whole = core::iter::repeat(1 << SHARE_BITS);
    for (codes, share) in around.zip(shares.into_iter().chain(whole)) {
        for (sum, term) in sum.iter_mut().zip(terms(codes)) {
            *sum += saturate_i64((i128::from(term) * i128::from(share)) >> SHARE_BITS);
        }
    }
    sum
}

impl Sums {
    pub(crate) const fn new() -> Self {
        Self { segment: [0; TERMS], whole: Totals([0; TERMS]) }
    }

    pub(crate) fn add(&mut self, codes: &Codes) {
        for (sum, term) in self.segment.iter_mut().zip(terms(codes)) {
            *sum += term;
        }
    }

    /// Ends the segment; the next one begins with `behind`, so together nothing is won or lost.
    pub(crate) fn cut(&mut self, behind: &Terms) -> Totals {
        let ended = core::mem::replace(&mut self.segment, *behind);
        let mut segment = Totals([0; TERMS]);
        for (term, sum) in segment.0.iter_mut().enumerate() {
            *sum = i128::from(ended[term] - behind[term]);
            self.whole.0[term] += *sum;
        }
        segment
    }

    /// Ends the window: all segments that were cut so far.
    pub(crate) const fn take(&mut self) -> Totals {
        core::mem::replace(&mut self.whole, Totals([0; TERMS]))
    }
}

impl Totals {
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(core::array::from_fn(|term| self.0[term] + other.0[term]))
    }

    /// The mean code of each channel over `length` 2⁻¹⁶ sample periods.
    pub(crate) fn means(&self, length: u64) -> [i64; CHANNELS] {
        core::array::from_fn(|channel| {
            saturate_i64((self.0[channel] << FRACTION_BITS) / i128::from(length))
        })
    }

    /// Sum of squares of the alternating part of a channel, code²·samples; never negative.
    pub(crate) fn square(&self, channel: usize, mean: Mean, length: u64) -> u128 {
        let sum = self.0[SQUARES + channel];
        self.alternating(sum, (channel, channel), mean, length).max(0).unsigned_abs()
    }

    /// Sum of voltage × current of one element, code²·samples.
    pub(crate) fn active(&self, phase: usize, mean: Mean, length: u64) -> i128 {
        self.alternating(self.0[ACTIVE + phase], (phase, CURRENTS + phase), mean, length)
    }

    fn alternating(&self, sum: i128, channels: (usize, usize), mean: Mean, length: u64) -> i128 {
        let (x, y) = (self.0[channels.0], self.0[channels.1]);
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
