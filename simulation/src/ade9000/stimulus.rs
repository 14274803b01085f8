//! What is on the line, and the transformers and dividers between it and the pins.

use super::channels::PinVolts;
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

    /// The four instants of one step of [`super::Twin::step`].
    #[must_use]
    pub fn step(&self, board: &Board, step: u64) -> [PinVolts; 4] {
        [0, 1, 2, 3].map(|quarter| self.pins(board, 4 * step + quarter))
    }
}
