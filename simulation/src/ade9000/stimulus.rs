//! What is on the line, and the transformers and dividers between it and the pins.

use super::channels::{PinVolts, VA};
use core::f64::consts::{PI, SQRT_2};

/// How the chip is connected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Board {
    /// Volts on the line for one volt between the pins.
    pub volts_per_volt: f64,
    /// Amperes on the line for one volt between the pins.
    pub amperes_per_volt: f64,
}

impl Board {
    /// The evaluation board of Analog Devices, as its own driver converts: 801 to 1, and 300 A
    /// for one volt.
    pub const EVALUATION: Self = Self { volts_per_volt: 801.0, amperes_per_volt: 300.0 };
}

/// The conductor that the voltages between the pins are measured from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reference {
    /// Four wires.
    #[default]
    Neutral,
    /// Three wires: VA is the voltage of A against B, VC that of C against B, and VB nothing.
    PhaseB,
}

impl Reference {
    pub(super) fn pins(self, mut pins: PinVolts) -> PinVolts {
        if self == Self::PhaseB {
            let b = pins[VA + 1];
            pins[VA..].iter_mut().for_each(|pin| *pin -= b);
        }
        pins
    }
}

/// One harmonic of voltage and current.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Harmonic {
    /// 2 and more.
    pub order: u32,
    /// Share of the fundamental voltage.
    pub voltage_share: f64,
    /// Share of the fundamental current.
    pub current_share: f64,
}

/// A balanced, steady line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// RMS of the fundamental of each phase voltage.
    pub volts: f64,
    /// RMS of the fundamental of each current.
    pub amperes: f64,
    /// By how many degrees the current lags.
    pub lag_degrees: f64,
    /// Frequency.
    pub hertz: f64,
    /// What is added to the fundamentals, each in phase with its own at the zero crossing.
    pub harmonics: Vec<Harmonic>,
}

impl Line {
    /// The pins at an instant, in samples of 1/32000 s from the beginning. The neutral carries
    /// what the phases don't cancel.
    #[must_use]
    pub fn pins(&self, board: &Board, sample_32k: u64) -> PinVolts {
        #[allow(clippy::cast_precision_loss, reason = "exact for 8000 years")]
        let turns = (sample_32k as f64 * (self.hertz / 32_000.0)).fract();
        let mut pins = [0.0; 7];
        for phase in 0..3 {
            let third = [0.0, 1.0 / 3.0, 2.0 / 3.0][phase];
            let voltage = self.wave(turns - third, |harmonic| harmonic.voltage_share);
            let lag = self.lag_degrees / 360.0;
            let current = self.wave(turns - third - lag, |harmonic| harmonic.current_share);
            pins[phase] = current * self.amperes * SQRT_2 / board.amperes_per_volt;
            pins[4 + phase] = voltage * self.volts * SQRT_2 / board.volts_per_volt;
        }
        pins[3] = -(pins[0] + pins[1] + pins[2]);
        pins
    }

    fn wave(&self, turns: f64, share: impl Fn(&Harmonic) -> f64) -> f64 {
        let at = |order: f64| libm::sin(2.0 * PI * (turns * order).fract());
        let added = self.harmonics.iter();
        at(1.0) + added.map(|harmonic| share(harmonic) * at(f64::from(harmonic.order))).sum::<f64>()
    }
}

/// A recorded line: volts and amperes, played again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    rate_hz: f64,
    /// IA, IB, IC, IN in amperes, VA, VB, VC in volts.
    frames: Vec<[f64; 7]>,
}

impl Recording {
    /// Frames at a rate. `None` without a frame, or when the rate isn't 100 Hz to 1 MHz.
    #[must_use]
    pub fn new(rate_hz: f64, frames: Vec<[f64; 7]>) -> Option<Self> {
        let is_sound = (100.0..=1e6).contains(&rate_hz) && !frames.is_empty();
        is_sound.then_some(Self { rate_hz, frames })
    }

    /// The pins at an instant, in samples of 1/32000 s from the beginning: between two frames on
    /// a straight line, and from the last one to the first.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place among the frames"
    )]
    pub fn pins(&self, board: &Board, sample_32k: u64) -> PinVolts {
        let place = sample_32k as f64 * (self.rate_hz / 32_000.0);
        let place = place % self.frames.len() as f64;
        let first = (place as usize).min(self.frames.len() - 1);
        let (from, to) = (self.frames[first], self.frames[(first + 1) % self.frames.len()]);
        let share = place - first as f64;
        core::array::from_fn(|pin| {
            let ratio = if pin < 4 { board.amperes_per_volt } else { board.volts_per_volt };
            (from[pin] * (1.0 - share) + to[pin] * share) / ratio
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_wires_are_measured_against_b() {
        let pins = [1.0, 2.0, 3.0, 0.0, 7.0, 5.0, -9.0];
        assert_eq!(Reference::Neutral.pins(pins), pins);
        assert_eq!(Reference::PhaseB.pins(pins), [1.0, 2.0, 3.0, 0.0, 2.0, 0.0, -14.0]);
    }

    #[test]
    fn a_recording_is_played_again_and_again() {
        let frames = vec![[0.0; 7], [300.0, 0.0, 0.0, 0.0, 801.0, 0.0, 0.0]];
        let recording = Recording::new(16_000.0, frames).unwrap();
        let played = |sample| {
            let pins = recording.pins(&Board::EVALUATION, sample);
            [pins[0], pins[4], pins[6]]
        };
        for round in [0, 4, 4_000_000] {
            assert_eq!(played(round), [0.0; 3]);
            assert_eq!(played(round + 1), [0.5, 0.5, 0.0]);
            assert_eq!(played(round + 2), [1.0, 1.0, 0.0]);
            assert_eq!(played(round + 3), [0.5, 0.5, 0.0]);
        }
        assert_eq!(Recording::new(16_000.0, Vec::new()), None);
        assert_eq!(Recording::new(f64::NAN, vec![[0.0; 7]]), None);
    }
}
