//! A current transformer with its burden.
//!
//! The magnetising current is missing on the secondary side: seen as a phasor, the error is
//! −R/Z(m), with R the winding and the burden and Z(m) the magnetising impedance, whose loss angle
//! turns a part of the displacement into a ratio error. Z(m) grows with the frequency and with the
//! permeability, and the permeability grows with the flux: at small currents both errors are
//! larger, as in every real transformer. The core stays far from saturation.

use super::tone::Factor;
use super::{Draw, Tolerances};

/// Line frequency at which the displacement is stated.
const NOMINAL_HERTZ: f64 = 50.0;

/// Permeability at the smallest flux against the largest one (nanocrystalline core, from memory).
const INITIAL_PERMEABILITY: f64 = 0.4;

/// Current at which the permeability is half way, in amperes.
const KNEE_AMPERES: f64 = 0.3;

/// Tangent of the loss angle of the core, about 25° (from memory).
const LOSS_TANGENT: f64 = 0.47;

/// Share of the winding in the resistance that the secondary current meets.
const WINDING_SHARE: f64 = 0.6;

/// Of copper, per kelvin.
const COPPER_DRIFT: f64 = 3.93e-3;

/// Of the permeability, per kelvin (nanocrystalline core, from memory).
const PERMEABILITY_DRIFT: f64 = -1e-3;

/// One transformer and its burden.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transformer {
    /// Error of the ratio with its burden at large currents, parts of one.
    pub ratio: f64,
    /// Drift of the burden, parts of one per kelvin.
    pub drift: f64,
    /// Phase displacement at large currents and 50 Hz, radians ahead.
    pub displacement: f64,
}

impl Transformer {
    /// Without a fault.
    pub const PERFECT: Self = Self { ratio: 0.0, drift: 0.0, displacement: 0.0 };

    pub(super) fn drawn(tolerances: &Tolerances, draw: Draw) -> Self {
        let (middle, around) = tolerances.displacement;
        Self {
            ratio: draw.within(0, tolerances.burden_ratio),
            drift: draw.within(1, tolerances.burden_drift),
            displacement: middle + draw.within(2, around),
        }
    }

    /// Ratio error (parts of one) and displacement (radians ahead) at a current and a frequency,
    /// without the constant error of the ratio.
    #[must_use]
    pub fn error(&self, amperes: f64, hertz: f64, warmer: f64) -> (f64, f64) {
        let flux = amperes / (amperes + KNEE_AMPERES);
        let permeability = INITIAL_PERMEABILITY + (1.0 - INITIAL_PERMEABILITY) * flux;
        let resistance = 1.0 + WINDING_SHARE * COPPER_DRIFT * warmer;
        let size = self.displacement * resistance * NOMINAL_HERTZ
            / (hertz * permeability * (1.0 + PERMEABILITY_DRIFT * warmer));
        (-size * LOSS_TANGENT, size)
    }

    pub(super) fn factor(&self, amperes: f64, hertz: f64, warmer: f64) -> Factor {
        let (ratio, ahead) = self.error(amperes, hertz, warmer);
        let gain = (1.0 + self.ratio) * (1.0 + self.drift * warmer) * (1.0 + ratio);
        Factor { gain, ahead }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front_end::MINUTE;

    /// Limits of class 0.1 (IEC 61869-2, from memory) at parts of the rated current, here 6 A.
    #[test]
    fn the_model_is_a_transformer_of_class_01() {
        let worst = Transformer { ratio: 0.0, drift: 0.0, displacement: 5.0 * MINUTE };
        for (part, percent, minutes) in [(0.05, 0.4, 15.0), (0.2, 0.2, 8.0), (1.0, 0.1, 5.2)] {
            let (ratio, ahead) = worst.error(6.0 * part, 50.0, 0.0);
            assert!(ratio.abs() * 100.0 <= percent, "{part}: {ratio}");
            assert!(ahead / MINUTE <= minutes, "{part}: {}", ahead / MINUTE);
        }
    }

    #[test]
    fn errors_grow_towards_small_currents_and_low_frequencies() {
        let transformer = Transformer { ratio: 0.0, drift: 0.0, displacement: 4.0 * MINUTE };
        let at = |amperes, hertz, warmer| transformer.error(amperes, hertz, warmer).1 / MINUTE;
        // Permeability of 0.4 + 0.6·1/2 at the knee, and of 0.4 at nothing.
        assert!((at(0.3, 50.0, 0.0) - 4.0 / 0.7).abs() < 1e-9);
        assert!((at(0.0, 50.0, 0.0) - 10.0).abs() < 1e-9);
        assert!((at(0.3, 25.0, 0.0) - 8.0 / 0.7).abs() < 1e-9);
        assert!(at(0.3, 50.0, 40.0) > at(0.3, 50.0, 0.0));
    }
}
