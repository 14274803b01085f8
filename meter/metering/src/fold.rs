//! Folds the cycles of a window onto one cycle of 256 points.
//!
//! A cycle seldom holds a whole number of samples. So each sample is spread over the four points
//! of the grid around its own place in the cycle, by a cubic B-spline (a non-uniform Fourier
//! transform; the known gain of the spline is divided out afterwards). Whatever the frequency, the
//! grid ends up with the harmonics of exactly whole cycles, and one short transform gives them all.

use crate::border::{SHARE_BITS, SHARED, WHOLE};
use crate::channels::{CHANNELS, Codes};
use crate::complex::Complex;
use crate::fixed::FRACTION_BITS;
use crate::fourier::{POINTS, transform};
use crate::tables::{GRID_GAIN, GRID_GAIN_BITS};

/// Samples kept: above one cycle at 40 Hz and 16 kS/s (400) plus what a border looks ahead.
pub(crate) const RING: usize = 512;

/// Harmonics that are measured.
pub const ORDERS: usize = 50;

/// Binary digits after the point of a place in the cycle, counted in points of the grid.
const PLACE_BITS: u32 = 40;

/// Binary digits after the point of a weight; four of them add up to six wholes.
const WEIGHT_BITS: u32 = 20;

/// By how much the grid is shifted down before the transform, to keep it within its bounds.
const GRID_SHIFT: u32 = WEIGHT_BITS + 4;

/// Fundamental and harmonics of one channel; index 0 is unused.
pub(crate) type Lines = [Complex; ORDERS + 1];

/// The samples of the latest cycle, and the folded cycles before.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    ring: [Codes; RING],
    grid: [[i64; CHANNELS]; POINTS],
    /// The next sample to be folded.
    next: u64,
    /// What this window gets of the first samples.
    first: [i64; SHARED],
    first_sample: u64,
    running: bool,
}

/// A cycle between two rising crossings, in 2⁻¹⁶ sample periods.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cycle {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Fold {
    pub(crate) const fn new() -> Self {
        Self {
            ring: [[0; CHANNELS]; RING],
            grid: [[0; CHANNELS]; POINTS],
            next: 0,
            first: [WHOLE; SHARED],
            first_sample: 0,
            running: false,
        }
    }

    pub(crate) fn push(&mut self, sample: u64, codes: &Codes) {
        self.ring[slot(sample)] = *codes;
    }

    /// The codes of one of the latest samples.
    pub(crate) fn sample(&self, sample: u64) -> &Codes {
        &self.ring[slot(sample)]
    }

    /// Begins a window at a crossing, of whose samples it gets these shares.
    pub(crate) fn begin(&mut self, at: u64, shares: [i64; SHARED]) {
        self.grid = [[0; CHANNELS]; POINTS];
        self.first = shares;
        self.first_sample = (at >> FRACTION_BITS).saturating_sub(1);
        self.next = self.first_sample;
        self.running = true;
    }

    /// Gives up this window: it doesn't hold whole cycles.
    pub(crate) fn abandon(&mut self) {
        self.running = false;
    }

    /// Folds a cycle that has just ended, up to the samples that its end shares.
    pub(crate) fn fold(&mut self, cycle: Cycle) {
        let until = (cycle.end >> FRACTION_BITS).saturating_sub(1);
        let long = until.saturating_sub(self.next) > LONGEST_CYCLE;
        if long || cycle.end <= cycle.start {
            self.running = false;
        }
        if !self.running {
            return;
        }
        let step = step(cycle);
        let mut place = place(cycle, step, self.next);
        while self.next < until {
            let share = self.share_of(self.next);
            self.spread(self.next, place, share);
            place = place.wrapping_add(step);
            self.next += 1;
        }
    }

    /// Ends the window with the cycle folded last; gives the lines of all channels in 3/8 of a
    /// code·sample, if the window held whole cycles.
    pub(crate) fn finish(
        &mut self,
        cycle: Cycle,
        right: [i64; SHARED],
    ) -> Option<[Lines; CHANNELS]> {
        if !core::mem::take(&mut self.running) {
            return None;
        }
        let step = step(cycle);
        let mut place = place(cycle, step, self.next);
        for share in right {
            self.spread(self.next, place, WHOLE - share);
            place = place.wrapping_add(step);
            self.next += 1;
        }
        Some(self.lines())
    }

    fn share_of(&self, sample: u64) -> i64 {
        let since = usize::try_from(sample - self.first_sample).unwrap_or(SHARED);
        self.first.get(since).copied().unwrap_or(WHOLE)
    }

    fn spread(&mut self, sample: u64, place: u64, share: i64) {
        let codes = self.ring[slot(sample)];
        let mut weights = weights(place);
        if share != WHOLE {
            weights = weights.map(|weight| (weight * share) >> SHARE_BITS);
        }
        let point = usize::try_from(place >> PLACE_BITS & 0xff).unwrap_or(0) + POINTS - 1;
        for (tap, weight) in weights.into_iter().enumerate() {
            let row = &mut self.grid[(point + tap) % POINTS];
            for (sum, code) in row.iter_mut().zip(codes) {
                // Below 2⁵⁵ in the longest window, so it never wraps; not checking is faster.
                *sum = sum.wrapping_add(weight.wrapping_mul(i64::from(code)));
            }
        }
    }

    /// Two channels go through one complex transform; the eighth doesn't exist.
    fn lines(&self) -> [Lines; CHANNELS] {
        let mut lines = [[Complex::ZERO; ORDERS + 1]; CHANNELS];
        for pair in 0..CHANNELS.div_ceil(2) {
            let (one, other) = (2 * pair, 2 * pair + 1);
            let scaled = |row: &[i64; CHANNELS], channel: usize| {
                row.get(channel).map_or(0, |sum| (sum + (1 << (GRID_SHIFT - 1))) >> GRID_SHIFT)
            };
            let mut points = core::array::from_fn(|at| Complex {
                re: scaled(&self.grid[at], one),
                im: scaled(&self.grid[at], other),
            });
            transform(&mut points);
            for order in 1..=ORDERS {
                let (first, second) = separate(points[order], points[POINTS - order]);
                lines[one][order] = corrected(first, order);
                if other < CHANNELS {
                    lines[other][order] = corrected(second, order);
                }
            }
        }
        lines
    }
}

/// Longest cycle that fits the ring: 40 Hz at 16 kS/s and some.
const LONGEST_CYCLE: u64 = 440;

fn slot(sample: u64) -> usize {
    usize::try_from(sample % RING as u64).unwrap_or(0)
}

/// Points of the grid from one sample to the next, in 2⁻⁴⁰.
fn step(cycle: Cycle) -> u64 {
    let period = u128::from(cycle.end - cycle.start);
    let step = ((POINTS as u128) << (PLACE_BITS + FRACTION_BITS)) / period;
    u64::try_from(step).unwrap_or(0)
}

/// Place of a sample in the cycle; it wraps around, so it's right before the start as well.
fn place(cycle: Cycle, step: u64, sample: u64) -> u64 {
    let distance = i128::from(sample << FRACTION_BITS) - i128::from(cycle.start);
    let place = (distance * i128::from(step)) >> FRACTION_BITS;
    u64::try_from(place.rem_euclid(1 << (PLACE_BITS + 8))).unwrap_or(0)
}

/// Six times the cubic B-spline at the four points around a place.
fn weights(place: u64) -> [i64; 4] {
    let behind = i64::try_from(place >> (PLACE_BITS - 16) & 0xffff).unwrap_or(0);
    let ahead = (1 << 16) - behind;
    let cube = |s: i64| (s * s * s) >> (48 - WEIGHT_BITS);
    let inner = |s: i64| (4 << WEIGHT_BITS) - ((6 * s * s) >> (32 - WEIGHT_BITS)) + 3 * cube(s);
    let (first, second, fourth) = (cube(ahead), inner(behind), cube(behind));
    [first, second, (6 << WEIGHT_BITS) - first - second - fourth, fourth]
}

/// The spectra of the real and of the imaginary part.
const fn separate(at: Complex, mirrored: Complex) -> (Complex, Complex) {
    let first = Complex { re: (at.re + mirrored.re) / 2, im: (at.im - mirrored.im) / 2 };
    let second = Complex { re: (at.im + mirrored.im) / 2, im: (mirrored.re - at.re) / 2 };
    (first, second)
}

/// Divides the gain of the spline out.
const fn corrected(line: Complex, order: usize) -> Complex {
    let gain = GRID_GAIN[order];
    Complex { re: (line.re * gain) >> GRID_GAIN_BITS, im: (line.im * gain) >> GRID_GAIN_BITS }
}
