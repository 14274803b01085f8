//! Steady voltages and currents as sums of sinusoids.

use core::f64::consts::FRAC_PI_2;

/// A sinusoid: √2·rms·cos(2π·order·f·t + angle).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Its frequency against the line's; any positive number.
    pub order: f64,
    /// Volts or amperes.
    pub rms: f64,
    /// Radians at the beginning.
    pub angle: f64,
}

impl Tone {
    /// A sine that begins at zero, moved ahead by `angle`.
    #[must_use]
    pub const fn sine(order: f64, rms: f64, angle: f64) -> Self {
        Self { order, rms, angle: angle - FRAC_PI_2 }
    }
}

/// What is on the line: tones of each channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Line frequency.
    pub hertz: f64,
    /// Volts of phases A, B, C to neutral; with three wires A to B, none, C to B.
    pub voltages: [Vec<Tone>; 3],
    /// Amperes of phases A, B, C; with three wires A, none, C.
    pub currents: [Vec<Tone>; 3],
}

impl Line {
    /// Active power of all elements, in closed form.
    #[must_use]
    pub fn watts(&self) -> f64 {
        self.powers(|_| true).0
    }

    /// Reactive power of the fundamental of all elements, in closed form.
    #[must_use]
    #[allow(clippy::float_cmp, reason = "the fundamental has exactly order one")]
    pub fn vars(&self) -> f64 {
        self.powers(|order| order == 1.0).1
    }

    /// Tones of unequal order give no power over whole periods.
    #[allow(clippy::float_cmp, reason = "equal orders are written equally")]
    fn powers(&self, counts: impl Fn(f64) -> bool) -> (f64, f64) {
        let (mut active, mut reactive) = (0.0, 0.0);
        for (voltages, currents) in self.voltages.iter().zip(&self.currents) {
            for voltage in voltages.iter().filter(|voltage| counts(voltage.order)) {
                for current in currents.iter().filter(|current| current.order == voltage.order) {
                    let (apparent, lag) =
                        (voltage.rms * current.rms, voltage.angle - current.angle);
                    active += apparent * libm::cos(lag);
                    reactive += apparent * libm::sin(lag);
                }
            }
        }
        (active, reactive)
    }
}

/// RMS of tones of unlike orders.
pub(super) fn rms(tones: &[Tone]) -> f64 {
    libm::sqrt(tones.iter().map(|tone| tone.rms * tone.rms).sum())
}

/// What happens to a tone: a gain and a shift ahead in radians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factor {
    pub(super) gain: f64,
    pub(super) ahead: f64,
}

impl Factor {
    pub(super) const fn gain(gain: f64) -> Self {
        Self { gain, ahead: 0.0 }
    }

    pub(super) const fn times(self, other: Self) -> Self {
        Self { gain: self.gain * other.gain, ahead: self.ahead + other.ahead }
    }

    pub(super) const fn scaled(self, gain: f64) -> Self {
        Self { gain: self.gain * gain, ahead: self.ahead }
    }
}
