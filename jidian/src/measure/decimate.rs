//! Halves, thirds, quarters … a sample rate without touching what is measured.
//!
//! The filter is a sinc in a Kaiser window, symmetrical, so it shifts nothing in time. It passes
//! everything below 0.4 of the new rate within 0.2 ppm and takes 130 dB from everything above 0.6
//! of it, so what folds back lies above 0.4 of the new rate. The lowest new rate is 8 kS/s: the
//! 50th harmonic of 64 Hz passes.

use core::f64::consts::PI;

/// New sample periods on each side that the filter reaches.
pub const REACH: usize = 24;

/// Of the window, for 140 dB: 0.1102 · (140 − 8.7) (Kaiser's formula).
const BETA: f64 = 14.47;

/// Makes one sample of `factor` ones, in the middle of their time; what is left over at the end is
/// dropped. Beyond its ends the signal goes on as its own image, turned around the first and the
/// last sample.
#[must_use]
pub fn decimate(signal: &[f64], factor: usize) -> Vec<f64> {
    if factor < 2 {
        return signal.to_vec();
    }
    let taps = taps(factor);
    // Even factors have their middle between two samples, and so an even number of taps.
    let first = |group: usize| {
        let twice = 2 * group * factor + factor;
        (twice.cast_signed() - taps.len().cast_signed()) / 2
    };
    let groups = 0..signal.len() / factor;
    groups
        .map(|group| {
            let from = first(group);
            let around = usize::try_from(from).ok();
            match around.and_then(|from| signal.get(from..from + taps.len())) {
                Some(around) => around.iter().zip(&taps).map(|(value, tap)| value * tap).sum(),
                None => taps.iter().zip(from..).map(|(tap, at)| tap * beyond(signal, at)).sum(),
            }
        })
        .collect()
}

/// A sample, or its image beyond an end.
fn beyond(signal: &[f64], at: isize) -> f64 {
    let end = signal.len().cast_signed() - 1;
    let inside = |at: isize| signal[at.clamp(0, end).cast_unsigned()];
    if at < 0 {
        2.0 * inside(0) - inside(-at)
    } else if at > end {
        2.0 * inside(end) - inside(2 * end - at)
    } else {
        inside(at)
    }
}

/// The filter; its taps add up to one.
fn taps(factor: usize) -> Vec<f64> {
    let count = 2 * REACH * factor + factor % 2;
    let middle = (count - 1) as f64 / 2.0;
    let tap = |at: usize| {
        let place = at as f64 - middle;
        let x = place / factor as f64;
        let sinc = if place == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        let edge = x / REACH as f64;
        sinc * bessel(BETA * (1.0 - edge * edge).max(0.0).sqrt())
    };
    let taps: Vec<f64> = (0..count).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}

/// Modified Bessel function of the first kind and order zero, by its power series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..64 {
        let half = x / 2.0 / f64::from(n);
        term *= half * half;
        sum += term;
    }
    sum
}
