//! What a window reads, and how far it is from the truth.

use serde::Deserialize;

/// What every participant gives for a window; the three are phases A, B and C.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Values {
    pub(super) volts: [f64; 3],
    pub(super) amperes: [f64; 3],
    pub(super) watts: [f64; 3],
    pub(super) hertz: f64,
    /// Total harmonic distortion, as part of the fundamental.
    pub(super) voltage_distortion: [f64; 3],
    pub(super) current_distortion: [f64; 3],
}

/// Windows at the beginning, two seconds, that filters and averages may use to settle.
const SETTLING_WINDOWS: usize = 10;

/// The greatest of each error over windows and phases.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Errors {
    pub(super) windows: usize,
    pub(super) volts_ppm: f64,
    pub(super) amperes_ppm: f64,
    pub(super) watts_ppm: f64,
    pub(super) millihertz: f64,
    /// Of the fundamental.
    pub(super) voltage_distortion_ppm: f64,
    pub(super) current_distortion_ppm: f64,
}

impl Errors {
    /// Of the windows behind the first two seconds.
    pub(super) fn worst(windows: &[Values], truth: &Values) -> Self {
        let settled = windows.get(SETTLING_WINDOWS..).unwrap_or_default();
        let mut worst = Self { windows: settled.len(), ..Self::default() };
        for window in settled {
            worst.take(window, truth);
        }
        worst
    }

    fn take(&mut self, window: &Values, truth: &Values) {
        let ratio = |value: f64, exact: f64| (value / exact - 1.0).abs() * 1e6;
        let difference = |value: f64, exact: f64| (value - exact).abs() * 1e6;
        for phase in 0..3 {
            for (worst, values, exact, error) in [
                (
                    &mut self.volts_ppm,
                    window.volts,
                    truth.volts,
                    &ratio as &dyn Fn(f64, f64) -> f64,
                ),
                (&mut self.amperes_ppm, window.amperes, truth.amperes, &ratio),
                (&mut self.watts_ppm, window.watts, truth.watts, &ratio),
                (
                    &mut self.voltage_distortion_ppm,
                    window.voltage_distortion,
                    truth.voltage_distortion,
                    &difference,
                ),
                (
                    &mut self.current_distortion_ppm,
                    window.current_distortion,
                    truth.current_distortion,
                    &difference,
                ),
            ] {
                *worst = worst.max(error(values[phase], exact[phase]));
            }
        }
        self.millihertz = self.millihertz.max((window.hertz - truth.hertz).abs() * 1e3);
    }
}
