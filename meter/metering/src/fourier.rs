//! A Fourier transform of 256 points in integers.

use crate::complex::Complex;
use crate::tables::{COSINE, COSINE_BITS};

/// Points of one cycle.
pub(crate) const POINTS: usize = 256;

/// Transforms in place, without scaling: X(k) = Σ x(n)·e^(−2πikn/256).
///
/// The sum of all magnitudes must stay below 2³⁸·⁶; then no product leaves 63 bits.
pub(crate) fn transform(points: &mut [Complex; POINTS]) {
    let mut half = POINTS / 2;
    while half > 0 {
        let stride = POINTS / 2 / half;
        for block in points.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (at, (a, b)) in low.iter_mut().zip(high).enumerate() {
                let (sum, difference) = (a.plus(*b), a.minus(*b));
                *a = sum;
                *b = turn_back(difference, at * stride);
            }
        }
        half /= 2;
    }
    reverse(points);
}

/// Multiplies with e^(−2πi·step/256); `step` is below half a turn.
fn turn_back(point: Complex, step: usize) -> Complex {
    let (cosine, sine) = if step <= 64 {
        (COSINE[step], COSINE[64 - step])
    } else {
        (-COSINE[128 - step], COSINE[step - 64])
    };
    let round = |product: i64| (product + (1 << (COSINE_BITS - 1))) >> COSINE_BITS;
    Complex {
        re: round(point.re * cosine + point.im * sine),
        im: round(point.im * cosine - point.re * sine),
    }
}

fn reverse(points: &mut [Complex; POINTS]) {
    for at in 0..POINTS {
        let mirrored = mirror(at);
        if at < mirrored {
            points.swap(at, mirrored);
        }
    }
}

/// The index with its eight bits in reverse order.
const fn mirror(at: usize) -> usize {
    at.reverse_bits() >> (usize::BITS - 8)
}
