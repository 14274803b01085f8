//! Sinusoidal currents and voltages of a load, as volts at the pins of a metering chip.

use crate::ade9000::{Board, PinVolts};
use core::f64::consts::{SQRT_2, TAU};

/// A turn of the phase.
const TURN: f64 = 18_446_744_073_709_551_616.0;

/// What is on the line. Phases B and C lag A by a third and two thirds of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stimulus {
    /// RMS voltage of each phase.
    pub volts: [f64; 3],
    /// RMS current of each phase; the neutral carries their sum.
    pub amperes: [f64; 3],
    /// By how much each current lags its voltage, in turns; half a turn is pure export.
    pub lag_turns: [f64; 3],
    /// Line frequency in millihertz.
    pub frequency_millihertz: u32,
}

/// Makes volts, one instant after the other, without a jump of phase when the stimulus changes.
///
/// Phase is an integer, and `libm` is the same code on every machine: the same stimulus gives the
/// same bits.
#[derive(Clone, Debug)]
pub struct Generator {
    board: Board,
    /// Of voltage A at the beginning of this step of 1/8000 s, in 2⁻⁶⁴ turns.
    phase: u64,
    /// In 1/32000 s.
    advance: u64,
    /// What of the sine and of the cosine of the phase is on each pin.
    mixture: [(f64, f64); 7],
}

impl Generator {
    /// A line that is dead.
    #[must_use]
    pub const fn new(board: Board) -> Self {
        Self { board, phase: 0, advance: 0, mixture: [(0.0, 0.0); 7] }
    }

    /// What is on the line from now on.
    pub fn set(&mut self, stimulus: &Stimulus) {
        // 2⁶⁴ / (1000 · 32000) times a frequency of 32 bits: the product fits 128 bits.
        let advance = (u128::from(stimulus.frequency_millihertz) << 64) / 32_000_000;
        self.advance = u64::try_from(advance).expect("below half the sample rate");
        let mut neutral = (0.0, 0.0);
        for (phase, third) in (0..3_usize).zip([0.0, 1.0 / 3.0, 2.0 / 3.0]) {
            let voltage = stimulus.volts[phase] * SQRT_2 / self.board.volts_per_volt;
            let current = stimulus.amperes[phase] * SQRT_2 / self.board.amperes_per_volt;
            let carried = lagging(current, third + stimulus.lag_turns[phase]);
            neutral = (neutral.0 + carried.0, neutral.1 + carried.1);
            self.mixture[phase] = carried;
            self.mixture[4 + phase] = lagging(voltage, third);
        }
        self.mixture[3] = neutral;
    }

    /// The pins at one of the four instants 0 to 3 of this step.
    #[must_use]
    pub fn pins(&self, quarter: usize) -> PinVolts {
        let phase = self.phase.wrapping_add(self.advance.wrapping_mul(quarter as u64));
        #[allow(clippy::cast_precision_loss, reason = "53 bits of a turn")]
        let (sine, cosine) = libm::sincos(phase as f64 / TURN * TAU);
        self.mixture.map(|(of_sine, of_cosine)| sine * of_sine + cosine * of_cosine)
    }

    /// Goes on by 1/8000 s.
    pub const fn step(&mut self) {
        self.phase = self.phase.wrapping_add(self.advance.wrapping_mul(4));
    }
}

/// Peak · sin(x − lag) = peak · cos(lag) · sin(x) − peak · sin(lag) · cos(x).
fn lagging(peak: f64, lag_turns: f64) -> (f64, f64) {
    let (sine, cosine) = libm::sincos(lag_turns * TAU);
    (peak * cosine, -peak * sine)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: Board = Board { volts_per_volt: 500.0, amperes_per_volt: 100.0 };

    /// Against the textbook's formula, after ten seconds at another frequency.
    #[test]
    fn pins_follow_the_formula_and_phase_goes_on() {
        let mut generator = Generator::new(BOARD);
        let stimulus = Stimulus {
            volts: [220.0, 200.0, 240.0],
            amperes: [10.0, 1.0, 0.1],
            lag_turns: [0.0, 0.25, -0.1],
            frequency_millihertz: 49_000,
        };
        generator.set(&stimulus);
        (0..80_001).for_each(|_| generator.step());
        generator.set(&Stimulus { frequency_millihertz: 51_000, ..stimulus });
        (0..7).for_each(|_| generator.step());
        // 80,001 steps at 49 Hz, then 7 steps and 3 quarters at 51 Hz.
        let turns = 80_001.0 / 8000.0 * 49.0 + 7.75 / 8000.0 * 51.0;
        let pins = generator.pins(3);
        let mut sum = 0.0;
        for phase in 0..3 {
            let behind = [0.0, 1.0 / 3.0, 2.0 / 3.0][phase];
            let voltage = stimulus.volts[phase] * SQRT_2 * libm::sin((turns - behind) * TAU);
            assert!((pins[4 + phase] * 500.0 - voltage).abs() < 1e-8);
            let angle = (turns - behind - stimulus.lag_turns[phase]) * TAU;
            let current = stimulus.amperes[phase] * SQRT_2 * libm::sin(angle);
            assert!((pins[phase] * 100.0 - current).abs() < 1e-8);
            sum += current;
        }
        assert!((pins[3] * 100.0 - sum).abs() < 1e-8);
    }
}
