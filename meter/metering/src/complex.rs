//! Complex integers: rotation, squares and angles.

use crate::tables::ARC_TANGENT;

/// A complex number of integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Complex {
    pub(crate) re: i64,
    pub(crate) im: i64,
}

impl Complex {
    pub(crate) const ZERO: Self = Self { re: 0, im: 0 };

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }

    /// The square of the magnitude.
    pub(crate) const fn square(self) -> u128 {
        let (re, im) = (self.re.unsigned_abs() as u128, self.im.unsigned_abs() as u128);
        re * re + im * im
    }

    /// Real part of `self` × the conjugate of `other`.
    pub(crate) const fn dot(self, other: Self) -> i128 {
        self.re as i128 * other.re as i128 + self.im as i128 * other.im as i128
    }

    /// Imaginary part of `self` × the conjugate of `other`.
    pub(crate) const fn cross(self, other: Self) -> i128 {
        self.im as i128 * other.re as i128 - self.re as i128 * other.im as i128
    }

    /// Angle in microdegrees, −180,000,000 to 180,000,000; 0 for nothing. By CORDIC.
    pub(crate) fn angle_microdegrees(self) -> i32 {
        let size = self.re.unsigned_abs().max(self.im.unsigned_abs());
        if size == 0 {
            return 0;
        }
        // To a magnitude of 2⁶⁰ at most, which leaves room for CORDIC's own gain of 1.65.
        let room = i32::try_from(size.leading_zeros()).unwrap_or(0) - 4;
        let fit = |part: i64| if room >= 0 { part << room } else { part >> -room };
        let (x, y) = (fit(self.re), fit(self.im));
        let turns = if x >= 0 { rotate(x, y) } else { half_turn(y) + rotate(-x, -y) };
        let microdegrees = (i128::from(turns) * 360_000_000 + (1 << 39)) >> 40;
        i32::try_from(microdegrees).unwrap_or(0)
    }
}

const fn half_turn(y: i64) -> i64 {
    if y >= 0 { 1 << 39 } else { -(1 << 39) }
}

/// The angle of a vector in the right half plane in 2⁻⁴⁰ turns.
fn rotate(mut x: i64, mut y: i64) -> i64 {
    let mut turns = 0;
    for (shift, angle) in ARC_TANGENT.iter().enumerate() {
        let (step_x, step_y) = (y >> shift, x >> shift);
        if y > 0 {
            (x, y, turns) = (x + step_x, y - step_y, turns + angle);
        } else {
            (x, y, turns) = (x - step_x, y + step_y, turns - angle);
        }
    }
    turns
}

#[cfg(test)]
#[allow(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "an angle is held against the mathematics"
)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_exact_to_a_microdegree() {
        for size in [50.0, 1e6, 4e11] {
            for step in -360..360 {
                let angle = (f64::from(step) / 2.0).to_radians();
                let vector = Complex {
                    re: (size * angle.cos()).round() as i64,
                    im: (size * angle.sin()).round() as i64,
                };
                let exact = (vector.im as f64).atan2(vector.re as f64).to_degrees() * 1e6;
                let error = (f64::from(vector.angle_microdegrees()) - exact).abs();
                assert!(error.min((error - 36e7).abs()) < 1.5, "{vector:?}: {error}");
            }
        }
        assert_eq!(Complex::ZERO.angle_microdegrees(), 0);
    }
}
