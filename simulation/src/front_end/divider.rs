//! The resistors in front of a voltage converter.

use super::tone::Factor;
use super::{Draw, Tolerances};

/// A divider of thin-film resistors. Its phase is that of the filter behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divider {
    /// Error of the ratio, parts of one.
    pub ratio: f64,
    /// Drift of the ratio, parts of one per kelvin.
    pub drift: f64,
}

impl Divider {
    /// Without a fault.
    pub const PERFECT: Self = Self { ratio: 0.0, drift: 0.0 };

    pub(super) fn drawn(tolerances: &Tolerances, draw: Draw) -> Self {
        Self {
            ratio: draw.within(0, tolerances.divider_ratio),
            drift: draw.within(1, tolerances.divider_drift),
        }
    }

    pub(super) const fn factor(&self, warmer: f64) -> Factor {
        Factor::gain((1.0 + self.ratio) * (1.0 + self.drift * warmer))
    }
}
