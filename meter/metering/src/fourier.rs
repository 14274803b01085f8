//! A Fourier transform of 256 points in integers.

use crate::complex::Complex;
use crate::tables::{COSINE, COSINE_BITS};

/// Points of one cycle.
pub(crate) const POINTS: usize = 256;

/// Transforms in place, without scaling: X(k) = Σ x(n)·e^(−2πikn/256).
///
/// The sum of all magnitudes must stay below 2³⁸·⁶; then no product leaves 63 bits, and arithmetic
/// that wraps, which is faster, never does.
pub(crate) fn transform(points: &mut [Complex; POINTS]) {
    let mut half = POINTS / 2;
    while half > 2 {
        stage(points, half);
        half /= 2;
    }
    for block in points.as_chunks_mut().0 {
        last_stages(block);
    }
    reverse(points);
}

fn stage(points: &mut [Complex; POINTS], half: usize) {
    let stride = POINTS / 2 / half;
    for block in points.chunks_exact_mut(2 * half) {
        let (low, high) = block.split_at_mut(half);
        for (at, (a, b)) in low.iter_mut().zip(high).enumerate() {
            let (sum, difference) = (plus(*a, *b), minus(*a, *b));
            *a = sum;
            *b = turn_back(difference, at * stride);
        }
    }
}

/// The last two stages turn by quarters only, which takes no multiplication.
const fn last_stages(block: &mut [Complex; 4]) {
    let [a, b, c, d] = *block;
    let (even, odd) = (plus(a, c), plus(b, d));
    let (low, high) = (minus(a, c), minus(b, d));
    let high = Complex { re: high.im, im: high.re.wrapping_neg() };
    *block = [plus(even, odd), minus(even, odd), plus(low, high), minus(low, high)];
}

const fn plus(a: Complex, b: Complex) -> Complex {
    Complex { re: a.re.wrapping_add(b.re), im: a.im.wrapping_add(b.im) }
}

const fn minus(a: Complex, b: Complex) -> Complex {
    Complex { re: a.re.wrapping_sub(b.re), im: a.im.wrapping_sub(b.im) }
}

/// Multiplies with e^(−2πi·step/256); `step` is below half a turn.
#[inline]
fn turn_back(point: Complex, step: usize) -> Complex {
    let Complex { re: cosine, im: sine } = TURNS[step % TURNS.len()];
    let product =
        |a: i64, b: i64| a.wrapping_add(b).wrapping_add(1 << (COSINE_BITS - 1)) >> COSINE_BITS;
    let times = i64::wrapping_mul;
    Complex {
        re: product(times(point.re, cosine), times(point.im, sine)),
        im: product(times(point.im, cosine), times(point.re, sine).wrapping_neg()),
    }
}

/// Cosine and sine of half a turn.
const TURNS: [Complex; POINTS / 2] = {
    let mut turns = [Complex::ZERO; POINTS / 2];
    let mut step = 0;
    while step < turns.len() {
        turns[step] = if step <= 64 {
            Complex { re: COSINE[step], im: COSINE[64 - step] }
        } else {
            Complex { re: -COSINE[128 - step], im: COSINE[step - 64] }
        };
        step += 1;
    }
    turns
};

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
