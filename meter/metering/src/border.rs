//! How the samples around a border are shared between what ends and what begins there.
//!
//! A border lies between two samples. Cutting a sum there sharply would leave an error of the order
//! of one sample; so the cut is smoothed by a cubic B-spline over four samples. The window then is
//! a box convolved with that spline: it still blots out every whole number of cycles exactly, and
//! sampling it disturbs a component at f only by (f / sample rate)⁴. The two sides' shares of a
//! sample add up to one, so nothing is counted twice and nothing is dropped.

use crate::fixed::{FRACTION_BITS, ONE_SAMPLE};

/// Binary digits after the point of a share.
pub(crate) const SHARE_BITS: u32 = 24;

/// A whole sample.
pub(crate) const WHOLE: i64 = 1 << SHARE_BITS;

/// Samples with a share on both sides.
pub(crate) const SHARED: usize = 4;

/// Samples that must be known behind the one before a border until it can be placed.
pub(crate) const LOOKAHEAD: u64 = 3;

/// What the right side gets of the four samples around a border that lies `fraction` (in 2⁻¹⁶)
/// behind the second of them.
pub(crate) fn right_shares(fraction: u32) -> [i64; SHARED] {
    let behind = u64::from(fraction).min(ONE_SAMPLE);
    let ahead = ONE_SAMPLE - behind;
    [tail(ahead), body(ahead), WHOLE - body(behind), WHOLE - tail(behind)]
}

/// Area of the spline's outer piece: s⁴/24.
fn tail(s: u64) -> i64 {
    to_share(i128::from(s).pow(4))
}

/// Area up to a place in the spline's inner piece: (1 + 4s + 6s² + 4s³ − 3s⁴)/24.
fn body(s: u64) -> i64 {
    let (one, s) = (i128::from(ONE_SAMPLE), i128::from(s));
    to_share(
        one.pow(4) + 4 * s * one.pow(3) + 6 * s * s * one * one + 4 * s.pow(3) * one - 3 * s.pow(4),
    )
}

fn to_share(area: i128) -> i64 {
    crate::fixed::saturate_i64((area / 24) >> (4 * FRACTION_BITS - SHARE_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_rise_and_are_symmetric() {
        for fraction in (0..=65_536).step_by(256) {
            let right = right_shares(fraction);
            assert!(right.is_sorted() && right[0] >= 0 && right[3] <= WHOLE, "{right:?}");
            let mirrored = right_shares(65_536 - fraction);
            for (share, other) in right.iter().zip(mirrored.iter().rev()) {
                assert!((share + other - WHOLE).abs() <= 2, "{right:?} {mirrored:?}");
            }
            // The border's place is the sum of what the left side gets.
            let left: i64 = right.iter().map(|share| WHOLE - share).sum();
            let place = (i64::from(fraction) << 8) + 3 * WHOLE / 2;
            assert!((left - place).abs() <= 8, "{fraction}: {left} {place}");
        }
    }
}
