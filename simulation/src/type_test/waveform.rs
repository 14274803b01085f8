//! Shapes of voltages and currents that the standards ask for.

use crate::front_end::Tone;
use core::f64::consts::{FRAC_PI_2, PI};

/// Tones of a waveform with many end here: 3 kHz at 50 Hz, within the pass band of the ADE9000.
const LAST_ORDER: u32 = 60;

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Waveform {
    /// Sinusoidal.
    Sine,
    /// Fifth harmonic in phase: 10 % of the voltage, 40 % of the current (IEC 62053-22).
    Fifth,
    /// Quadriform waveform of OIML R46.
    Quadriform,
    /// Peaked waveform of OIML R46.
    Peaked,
    /// Current on for two cycles and off for two cycles.
    Burst,
    /// Current from 90° to 180° and from 270° to 360° of each cycle.
    PhaseFired,
    /// A tone of some order and 2 % in the voltage.
    VoltageTone(f64),
    /// A tone of some order and 10 % in the current.
    CurrentTone(f64),
}

/// Order, voltage in %, its angle in degrees, current in %, its angle.
type Row = (f64, f64, f64, f64, f64);

/// OIML R46-2, from memory.
const QUADRIFORM: [Row; 5] = [
    (3.0, 3.8, 180.0, 30.0, 0.0),
    (5.0, 2.4, 180.0, 18.0, 0.0),
    (7.0, 1.7, 180.0, 14.0, 0.0),
    (11.0, 1.0, 180.0, 9.0, 0.0),
    (13.0, 0.8, 180.0, 5.0, 0.0),
];

/// OIML R46-2, from memory.
const PEAKED: [Row; 5] = [
    (3.0, 3.8, 0.0, 30.0, 180.0),
    (5.0, 2.4, 180.0, 18.0, 0.0),
    (7.0, 1.7, 0.0, 14.0, 180.0),
    (11.0, 1.0, 0.0, 9.0, 180.0),
    (13.0, 0.8, 180.0, 5.0, 0.0),
];

/// IEC 62053-22: in phase at the rising crossing.
const FIFTH: [Row; 1] = [(5.0, 10.0, 0.0, 40.0, 0.0)];

impl Waveform {
    /// The voltage of a phase whose fundamental begins at `angle`.
    #[must_use]
    pub fn voltage(self, volts: f64, angle: f64) -> Vec<Tone> {
        let mut tones = vec![Tone::sine(1.0, volts, angle)];
        tones.extend(self.rows().iter().map(|&(order, percent, degrees, _, _)| {
            Tone::sine(order, volts * percent / 100.0, order * angle + degrees.to_radians())
        }));
        if let Self::VoltageTone(order) = self {
            tones.push(Tone::sine(order, 0.02 * volts, order * angle));
        }
        tones
    }

    /// The current whose fundamental, but for phase firing, begins at `angle`.
    #[must_use]
    pub fn current(self, amperes: f64, angle: f64) -> Vec<Tone> {
        match self {
            Self::Burst => return burst(amperes, angle),
            Self::PhaseFired => return phase_fired(amperes, angle),
            Self::Sine
            | Self::Fifth
            | Self::Quadriform
            | Self::Peaked
            | Self::VoltageTone(_)
            | Self::CurrentTone(_) => {}
        }
        let mut tones = vec![Tone::sine(1.0, amperes, angle)];
        tones.extend(self.rows().iter().map(|&(order, _, _, percent, degrees)| {
            Tone::sine(order, amperes * percent / 100.0, order * angle + degrees.to_radians())
        }));
        if let Self::CurrentTone(order) = self {
            tones.push(Tone::sine(order, 0.1 * amperes, order * angle));
        }
        tones
    }

    const fn rows(self) -> &'static [Row] {
        match self {
            Self::Fifth => &FIFTH,
            Self::Quadriform => &QUADRIFORM,
            Self::Peaked => &PEAKED,
            Self::Sine
            | Self::Burst
            | Self::PhaseFired
            | Self::VoltageTone(_)
            | Self::CurrentTone(_) => &[],
        }
    }
}

/// Fourier series of a sine that is there for two of four periods: half of it, and at odd quarters
/// k of the frequency cosines of 1/(2π·(1 − k²/16)). `amperes` is the RMS value while it's there.
fn burst(amperes: f64, angle: f64) -> Vec<Tone> {
    let mut tones = vec![Tone::sine(1.0, amperes / 2.0, angle)];
    for quarter in (1..4 * LAST_ORDER).step_by(2) {
        let order = f64::from(quarter) / 4.0;
        let size = 1.0 / (2.0 * PI * (1.0 - order * order));
        tones.push(cosine(order, amperes * size, order * angle));
    }
    tones
}

/// Fourier series of sin t over the second and the fourth quarter: sin t/2 − cos t/π, and cosines
/// of odd orders. `amperes` is the RMS value of the whole sine.
fn phase_fired(amperes: f64, angle: f64) -> Vec<Tone> {
    let (sine, cosines) = (0.5, -1.0 / PI);
    let fundamental = libm::hypot(sine, cosines);
    let mut tones =
        vec![Tone::sine(1.0, amperes * fundamental, angle + libm::atan2(cosines, sine))];
    for order in (3..LAST_ORDER).step_by(2).map(f64::from) {
        let part = |sum: f64| (libm::cos(sum * FRAC_PI_2) - libm::cos(sum * PI)) / sum;
        let size = (part(1.0 + order) + part(1.0 - order)) / PI;
        tones.push(cosine(order, amperes * size, order * angle));
    }
    tones
}

fn cosine(order: f64, rms: f64, angle: f64) -> Tone {
    if rms < 0.0 {
        Tone { order, rms: -rms, angle: angle + PI }
    } else {
        Tone { order, rms, angle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::{SQRT_2, TAU};

    fn value(tones: &[Tone], turns: f64) -> f64 {
        let wave =
            |tone: &Tone| SQRT_2 * tone.rms * libm::cos(TAU * tone.order * turns + tone.angle);
        tones.iter().map(wave).sum()
    }

    #[test]
    fn series_are_the_waves_that_they_stand_for() {
        let sine = |turns: f64| SQRT_2 * libm::sin(TAU * turns);
        let fired = Waveform::PhaseFired.current(1.0, 0.0);
        let bursts = Waveform::Burst.current(1.0, 0.0);
        for step in 0..4_000 {
            let turns = f64::from(step) / 1_000.0;
            let quarter = step % 1_000 / 250;
            let is = if quarter % 2 == 1 { sine(turns) } else { 0.0 };
            // Near a jump no series follows.
            if (20..230).contains(&(step % 250)) {
                assert!((value(&fired, turns) - is).abs() < 0.1, "{turns}");
            }
            let is = if step < 2_000 { sine(turns) } else { 0.0 };
            assert!((value(&bursts, turns) - is).abs() < 0.01, "{turns}");
        }
        // On half of the time: the root of a half.
        for tones in [fired, bursts] {
            let square: f64 = tones.iter().map(|tone| tone.rms * tone.rms).sum();
            assert!((square - 0.5).abs() < 0.01, "{square}");
        }
    }

    #[test]
    fn the_fifth_harmonic_adds_a_twentyfifth_of_the_power() {
        use crate::front_end::Line;
        let line = Line {
            hertz: 50.0,
            voltages: [Waveform::Fifth.voltage(57.7, 0.4), Vec::new(), Vec::new()],
            currents: [Waveform::Fifth.current(1.5, 0.4), Vec::new(), Vec::new()],
        };
        assert!((line.watts() - 57.7 * 1.5 * 1.04).abs() < 1e-9, "{}", line.watts());
        assert!(line.vars().abs() < 1e-9);
    }
}
