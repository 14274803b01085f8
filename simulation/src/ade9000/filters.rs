//! Filters of the signal chain. Where the data sheet gives a corner, a settling time or a delay,
//! they follow it; their structure is ours.

use core::f64::consts::PI;

const RATE_HZ: f64 = 8000.0;

/// To the nearest integer, halves away from zero: `f64::round` for what registers hold (below 2^53)
/// without a call of the C library.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "whole numbers of 64 bits, exact below 2^53"
)]
pub(super) fn nearest(value: f64) -> f64 {
    let whole = value as i64;
    let rest = value - whole as f64;
    let away = i64::from(rest >= 0.5) - i64::from(rest <= -0.5);
    whole.saturating_add(away) as f64
}

/// Corners that `CONFIG2.HPF_CRN` chooses, in hertz (DS).
pub(super) const HIGH_PASS_CORNERS_HZ: [f64; 8] =
    [77.39, 39.275, 19.79, 9.935, 4.98, 2.495, 1.25, 0.625];

/// Coefficients of a high-pass filter with one pole.
///
/// Its gain is one at the line's nominal frequency: the data sheet's full-scale codes hold for
/// filtered channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct HighPassDesign {
    pole: f64,
    gain: f64,
}

impl HighPassDesign {
    pub(super) fn new(corner_hz: f64, line_hz: f64) -> Self {
        let warped = libm::tan(PI * corner_hz / RATE_HZ);
        let pole = (1.0 - warped) / (1.0 + warped);
        let line = 2.0 * PI * line_hz / RATE_HZ;
        let zero_size = 2.0 * libm::sin(line / 2.0);
        let pole_size = libm::sqrt(1.0 - 2.0 * pole * libm::cos(line) + pole * pole);
        Self { pole, gain: pole_size / zero_size }
    }
}

/// State of a high-pass filter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HighPass {
    before: f64,
    value: f64,
}

impl HighPass {
    pub(super) fn step(&mut self, sample: f64, design: &HighPassDesign) -> f64 {
        self.value = design.pole * self.value + design.gain * (sample - self.before);
        self.before = sample;
        self.value
    }
}

/// Integrator for a Rogowski coil: -90 degrees, gain one at the line's nominal frequency.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Integrator {
    before: f64,
    value: f64,
}

impl Integrator {
    /// The gain that makes it one at the line's frequency.
    pub(super) fn gain(line_hz: f64) -> f64 {
        libm::tan(PI * line_hz / RATE_HZ)
    }

    /// `leak` is `DICOEFF` / 2^27: a negative number forgets constant parts.
    pub(super) fn step(&mut self, sample: f64, leak: f64, gain: f64) -> f64 {
        let kept = (1.0 + leak).clamp(0.0, 1.0);
        self.value = kept * self.value + gain * (sample + self.before);
        self.before = sample;
        self.value
    }
}

/// Phase compensation: an all-pass filter of the first order. The data sheet's formula for
/// `xPHCALn` is exactly its phase against the one sample by which the voltage is late.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PhaseShift {
    before: f64,
    value: f64,
}

impl PhaseShift {
    /// `coefficient` is `xPHCALn` / 2^27. Outside of (-1, 1) the filter would not be stable; the
    /// chip's behaviour there isn't documented and the nearest end is taken.
    pub(super) fn step(&mut self, sample: f64, coefficient: f64) -> f64 {
        let output = if coefficient >= 1.0 {
            sample
        } else {
            let coefficient = coefficient.max(-0.999);
            coefficient * (sample - self.value) + self.before
        };
        self.before = sample;
        self.value = output;
        output
    }
}

/// A low-pass filter with one pole.
#[derive(Clone, Copy, Debug)]
pub(super) struct LowPass {
    share: f64,
    value: f64,
}

impl LowPass {
    pub(super) fn with_time_constant(seconds: f64) -> Self {
        Self { share: 1.0 - libm::exp(-1.0 / (seconds * RATE_HZ)), value: 0.0 }
    }

    pub(super) const fn step(&mut self, sample: f64) -> f64 {
        self.value += self.share * (sample - self.value);
        self.value
    }
}

/// Mean of the last samples. The sum is built anew in each round, so no rounding adds up.
#[derive(Clone, Debug)]
pub(super) struct Mean {
    ring: Vec<f64>,
    next: usize,
    sum: f64,
}

impl Mean {
    pub(super) fn of(samples: usize) -> Self {
        Self { ring: vec![0.0; samples], next: 0, sum: 0.0 }
    }

    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    pub(super) fn step(&mut self, sample: f64) -> f64 {
        let oldest = core::mem::replace(&mut self.ring[self.next], sample);
        self.sum += sample - oldest;
        self.next += 1;
        if self.next == self.ring.len() {
            self.next = 0;
            self.sum = self.ring.iter().sum();
        }
        self.sum / self.ring.len() as f64
    }
}

/// Two chains of all-pass filters whose outputs are 90 degrees apart at every frequency: the
/// halves of an elliptic half-band filter, turned by a quarter of the rate.
#[derive(Clone, Debug)]
pub(super) struct Quadrature {
    late: [Section; PAIRS],
    early: [Section; PAIRS],
    late_before: f64,
}

const PAIRS: usize = 7;
/// 90 degrees hold from 40 Hz on: half of this share of the sample rate.
const TRANSITION: f64 = 0.01;

#[derive(Clone, Copy, Debug, Default)]
struct Section {
    coefficient: f64,
    inputs: [f64; 2],
    outputs: [f64; 2],
}

impl Section {
    const fn step(&mut self, sample: f64) -> f64 {
        let output = self.coefficient * (sample + self.outputs[1]) - self.inputs[1];
        self.inputs = [sample, self.inputs[0]];
        self.outputs = [output, self.outputs[0]];
        output
    }
}

impl Quadrature {
    pub(super) fn new() -> Self {
        let section = |index| Section { coefficient: half_band(index), ..Section::default() };
        Self {
            late: core::array::from_fn(|pair| section(2 * pair + 1)),
            early: core::array::from_fn(|pair| section(2 * pair)),
            late_before: 0.0,
        }
    }

    /// The voltage, and the current turned so that their product is the reactive power.
    pub(super) fn step(&mut self, voltage: f64, current: f64) -> (f64, f64) {
        let voltage = self.late.iter_mut().fold(voltage, |value, section| section.step(value));
        let current = self.early.iter_mut().fold(current, |value, section| section.step(value));
        let late = core::mem::replace(&mut self.late_before, voltage);
        (late, current)
    }
}

/// Coefficient `index` of an elliptic half-band filter made of all-pass sections, by theta
/// functions of its nome.
fn half_band(index: usize) -> f64 {
    let order = 4.0 * PAIRS as f64 + 1.0;
    let selectivity = libm::pow(libm::tan((1.0 - 2.0 * TRANSITION) * PI / 4.0), 2.0);
    let root = libm::pow(1.0 - selectivity * selectivity, 0.25);
    let small = 0.5 * (1.0 - root) / (1.0 + root);
    let fourth = libm::pow(small, 4.0);
    let nome = small * (1.0 + fourth * (2.0 + fourth * (15.0 + 150.0 * fourth)));
    let angle = (index as f64 + 1.0) * PI / order;
    let (mut above, mut below) = (0.0, 0.5);
    let mut sign = 1.0;
    for term in 0..12 {
        let term = f64::from(term);
        above +=
            sign * libm::pow(nome, term * (term + 1.0)) * libm::sin((2.0 * term + 1.0) * angle);
        if term > 0.0 {
            below += sign * libm::pow(nome, term * term) * libm::cos(2.0 * term * angle);
        }
        sign = -sign;
    }
    let ratio = libm::pow(libm::pow(nome, 0.25) * above / below, 2.0);
    let inner = (1.0 - ratio * selectivity) * (1.0 - ratio / selectivity);
    let value = libm::sqrt(inner) / (1.0 + ratio);
    (1.0 - value) / (1.0 + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, sample: u32) -> f64 {
        libm::sin(2.0 * PI * hertz * f64::from(sample) / RATE_HZ)
    }

    /// Amplitude and phase in degrees of what a filter makes of a sine, over whole cycles.
    fn response(hertz: f64, mut filter: impl FnMut(f64) -> f64) -> (f64, f64) {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for sample in 0..32_000 {
            let output = filter(tone(hertz, sample));
            if sample >= 24_000 {
                real += output * tone(hertz, sample);
                imaginary += output * libm::cos(2.0 * PI * hertz * f64::from(sample) / RATE_HZ);
            }
        }
        let size = libm::sqrt(real * real + imaginary * imaginary) / 4000.0;
        (size, libm::atan2(imaginary, real).to_degrees())
    }

    #[test]
    fn the_high_pass_is_one_at_the_line_and_falls_at_its_corner() {
        for corner in [77.39, 4.98, 1.25] {
            let design = HighPassDesign::new(corner, 50.0);
            let mut filter = HighPass::default();
            let (at_line, _) = response(50.0, |sample| filter.step(sample, &design));
            assert!((at_line - 1.0).abs() < 1e-6, "{at_line}");
        }
        // -3 dB at the corner, against what passes far above it.
        let design = HighPassDesign::new(77.39, 50.0);
        let mut filter = HighPass::default();
        let (low, _) = response(77.0, |sample| filter.step(sample, &design));
        let mut filter = HighPass::default();
        let (high, _) = response(1000.0, |sample| filter.step(sample, &design));
        assert!((low / high - 0.7053).abs() < 0.002, "{}", low / high);
    }

    /// The leak of `0xFFFFE000` is a corner of 0.08 Hz: 0.09 degrees at 50 Hz.
    #[test]
    fn the_integrator_turns_by_a_quarter() {
        let (mut filter, gain) = (Integrator::default(), Integrator::gain(50.0));
        let (size, phase) =
            response(50.0, |sample| filter.step(sample, -8192.0 / 134_217_728.0, gain));
        assert!((size - 1.0).abs() < 1e-3 && (phase + 90.0).abs() < 0.2, "{size} {phase}");
    }

    #[test]
    fn phase_codes_turn_by_their_angle() {
        for degrees in [2.25, 1.0, 0.1, -0.02, -15.0_f64] {
            let code = ade9000::phase_calibration(degrees, 50.0).unwrap();
            let mut filter = PhaseShift::default();
            let (size, phase) =
                response(50.0, |sample| filter.step(sample, f64::from(code) / 134_217_728.0));
            // One sample late, as the voltage is: 2.25 degrees at 50 Hz.
            assert!((phase + 2.25 - degrees).abs() < 1e-5, "{degrees}: {phase}");
            assert!((size - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_chains_are_a_quarter_apart_at_every_frequency() {
        for hertz in [40.0, 50.0, 63.0, 150.0, 1000.0, 3000.0] {
            let (mut one, mut other) = (Quadrature::new(), Quadrature::new());
            let (_, voltage) = response(hertz, |sample| one.step(sample, 0.0).0);
            let (size, current) = response(hertz, |sample| other.step(0.0, sample).1);
            let apart = (current - voltage).rem_euclid(360.0);
            assert!((apart - 90.0).abs() < 0.002, "{hertz} Hz: {apart}");
            assert!((size - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_nearest_integer_is_that_of_the_library() {
        let values = [0.0, 0.5, 1.5, 2.5, 0.499_999_999_999_999_94, 74_532_013.499, 1e15 + 0.5];
        for value in values.into_iter().flat_map(|value| [value, -value, value + 1e-9]) {
            assert!((nearest(value) - value.round()).abs() < f64::MIN_POSITIVE, "{value}");
        }
    }

    #[test]
    fn the_mean_is_one() {
        let mut mean = Mean::of(4);
        let values: Vec<f64> = (1..=10).map(|value| mean.step(f64::from(value))).collect();
        assert_eq!(values[3..], [2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]);
    }
}
