//! The seven converters of an ADE9000 with the filter in front of each.

use super::tone::Factor;
use super::{Draw, Tolerances};
use core::f64::consts::TAU;
use metering::ADE9000_FULL_SCALE_CODE;

/// 1 kΩ and 22 nF in front of each converter (ADE9000 technical reference).
const FILTER_SECONDS: f64 = 22e-6;

/// Signal to noise at 8 kS/s and PGA 1: 101 dB (data sheet).
const NOISE: f64 = 8.9e-6;

/// Third harmonic of −101 dB at full scale (data sheet, typical THD): a quarter of this factor.
const CURVATURE: f64 = 3.6e-5;

/// −120 dB from channel to channel (data sheet).
const CROSSTALK: f64 = 1e-6;

/// The pass band falls by 0.1 dB to here (data sheet).
const DROOP_HERTZ: f64 = 1344.0;
const DROOP: f64 = 0.011_447;

/// Codes of the ADE9000 are 24 bits, moved up by four.
const STEP_CODES: f64 = 16.0;

/// One converter with its filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Error of the gain, parts of one.
    pub gain: f64,
    /// Drift of the gain, parts of one per kelvin.
    pub drift: f64,
    /// Offset, parts of full scale.
    pub offset: f64,
    /// Error of the filter's time constant, parts of one; none: there's no filter.
    pub filter: Option<f64>,
    /// Drift of the time constant, parts of one per kelvin.
    pub filter_drift: f64,
}

/// What all seven share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Converter {
    /// Drift of the reference voltage, parts of one per kelvin.
    pub reference_drift: f64,
    /// Error of the sample rate, parts of one.
    pub crystal: f64,
    /// How much the pass band falls to 1,344 Hz, parts of one.
    pub droop: f64,
    /// RMS noise, parts of full scale as an RMS value.
    pub noise: f64,
    /// Cubic part, of full scale.
    pub curvature: f64,
    /// How much of its phase's voltage a current channel sees, parts of full scale.
    pub crosstalk: f64,
    /// Codes between two values.
    pub step_codes: f64,
}

impl Channel {
    /// Without a fault.
    pub const PERFECT: Self =
        Self { gain: 0.0, drift: 0.0, offset: 0.0, filter: None, filter_drift: 0.0 };

    pub(super) fn drawn(tolerances: &Tolerances, draw: Draw) -> Self {
        Self {
            gain: draw.within(0, tolerances.converter_gain),
            drift: draw.within(1, tolerances.converter_drift),
            offset: draw.within(2, tolerances.offset),
            filter: Some(draw.within(3, tolerances.filter)),
            filter_drift: draw.within(4, tolerances.filter_drift),
        }
    }

    pub(super) fn factor(&self, hertz: f64, warmer: f64) -> Factor {
        let converter = Factor::gain((1.0 + self.gain) * (1.0 + self.drift * warmer));
        let Some(error) = self.filter else { return converter };
        let seconds = FILTER_SECONDS * (1.0 + error) * (1.0 + self.filter_drift * warmer);
        let turn = TAU * hertz * seconds;
        let filter = Factor { gain: 1.0 / libm::sqrt(1.0 + turn * turn), ahead: -libm::atan(turn) };
        converter.times(filter)
    }
}

impl Converter {
    /// Codes are the values, rounded.
    pub const PERFECT: Self = Self {
        reference_drift: 0.0,
        crystal: 0.0,
        droop: 0.0,
        noise: 0.0,
        curvature: 0.0,
        crosstalk: 0.0,
        step_codes: 1.0,
    };

    pub(super) fn drawn(tolerances: &Tolerances, draw: Draw) -> Self {
        Self {
            reference_drift: draw.within(0, tolerances.reference_drift),
            crystal: draw.within(1, tolerances.crystal),
            droop: DROOP,
            noise: NOISE,
            curvature: CURVATURE,
            crosstalk: CROSSTALK,
            step_codes: STEP_CODES,
        }
    }

    pub(super) fn factor(&self, hertz: f64, warmer: f64) -> Factor {
        let part = hertz / DROOP_HERTZ;
        // A higher reference makes smaller codes.
        let reference = 1.0 - self.reference_drift * warmer;
        Factor::gain((1.0 - self.droop * part * part) * reference)
    }

    /// The code of a value that is a part of full scale.
    #[allow(clippy::cast_possible_truncation, reason = "clipped to full scale")]
    pub(super) fn code(&self, value: f64) -> i32 {
        let curved = value + self.curvature * value * value * value;
        let clipped = curved.clamp(-1.0, 1.0);
        let steps = libm::rint(clipped * f64::from(ADE9000_FULL_SCALE_CODE) / self.step_codes);
        (steps * self.step_codes) as i32
    }
}
