//! Waves with harmonics, and what they are worth in closed form.
#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part")]
#![allow(clippy::cast_possible_truncation, reason = "codes are rounded on purpose")]

use core::f64::consts::{SQRT_2, TAU};

use metering::{
    ADE9000_FULL_SCALE_CODE, CurrentScale, Frame, NominalFrequency, Settings, VoltageScale, Wiring,
};

/// Nominal voltage in volts.
pub const VOLTS: f64 = 230.0;
/// Current in amperes.
pub const AMPERES: f64 = 3.0;

const FULL_SCALE_VOLTS: f64 = 801.0;
const FULL_SCALE_AMPERES: f64 = 10.0;

/// 3×230 V, 10 A peak at full scale.
pub const SETTINGS: Settings = Settings {
    wiring: Wiring::ThreePhaseFourWire,
    sample_rate_hertz: 8_000,
    voltage_scale: VoltageScale { codes: ADE9000_FULL_SCALE_CODE, microvolts: 801_000_000 },
    current_scale: CurrentScale { codes: ADE9000_FULL_SCALE_CODE, microamperes: 10_000_000 },
    nominal_frequency: NominalFrequency::Hertz50,
    nominal_voltage_millivolts: 230_000,
    starting_current_microamperes: 1_500,
    pulses_per_kilowatt_hour: 20_000,
};

/// One harmonic of every phase, as parts of the fundamental.
#[derive(Clone, Copy, Debug)]
pub struct Harmonic {
    pub order: u32,
    pub voltage: f64,
    pub current: f64,
    /// Angle of the voltage harmonic at the zero crossing of its fundamental, radians.
    pub voltage_angle: f64,
    /// Angle of the current harmonic, likewise, beyond that of the voltage harmonic.
    pub current_angle: f64,
}

/// Three equal phases 120° apart.
#[derive(Clone, Copy, Debug)]
pub struct Wave<'h> {
    pub frequency: f64,
    pub rate: f64,
    /// By how much the fundamental current lags, radians.
    pub lag: f64,
    pub harmonics: &'h [Harmonic],
    /// Constant part of every channel, part of full scale.
    pub offset: f64,
}

impl Wave<'_> {
    /// RMS voltage of a phase.
    pub fn volts(&self) -> f64 {
        VOLTS * self.root(|harmonic| harmonic.voltage)
    }

    /// RMS current of a phase.
    pub fn amperes(&self) -> f64 {
        AMPERES * self.root(|harmonic| harmonic.current)
    }

    fn root(&self, part: impl Fn(&Harmonic) -> f64) -> f64 {
        let squares: f64 = self.harmonics.iter().map(|harmonic| part(harmonic).powi(2)).sum();
        (1.0 + squares).sqrt()
    }

    /// Active power of a phase.
    pub fn watts(&self) -> f64 {
        let harmonic = |h: &Harmonic| h.voltage * h.current * h.current_angle.cos();
        VOLTS * AMPERES * (self.lag.cos() + self.harmonics.iter().map(harmonic).sum::<f64>())
    }

    /// Fundamental reactive power of a phase.
    pub fn vars(&self) -> f64 {
        VOLTS * AMPERES * self.lag.sin()
    }

    /// Reactive power of a phase with its harmonics, whose angles lead.
    pub fn total_vars(&self) -> f64 {
        let harmonic = |h: &Harmonic| h.voltage * h.current * h.current_angle.sin();
        self.vars() - VOLTS * AMPERES * self.harmonics.iter().map(harmonic).sum::<f64>()
    }

    /// Sample `n`.
    pub fn frame(&self, n: u64) -> Frame {
        let time = n as f64 / self.rate;
        let turn = TAU * (self.frequency * time).fract() + 0.3;
        let code =
            |part: f64| ((part + self.offset) * f64::from(ADE9000_FULL_SCALE_CODE)).round() as i32;
        let wave = |angle: f64, lag: f64, side: fn(&Harmonic) -> (f64, f64)| {
            let more = self.harmonics.iter().map(|harmonic| {
                let (part, shift) = side(harmonic);
                part * (f64::from(harmonic.order) * angle + shift).sin()
            });
            (angle - lag).sin() + more.sum::<f64>()
        };
        let phase = [0.0, -TAU / 3.0, TAU / 3.0].map(|shift| turn + shift);
        let voltage = phase.map(|angle| {
            let value = wave(angle, 0.0, |h| (h.voltage, h.voltage_angle));
            VOLTS * SQRT_2 / FULL_SCALE_VOLTS * value
        });
        let current = phase.map(|angle| {
            let side = |h: &Harmonic| (h.current, h.voltage_angle + h.current_angle);
            AMPERES * SQRT_2 / FULL_SCALE_AMPERES * wave(angle, self.lag, side)
        });
        let neutral: f64 = current.iter().sum();
        let [a, b, c] = current.map(code);
        Frame { voltage: voltage.map(code), current: [a, b, c, code(neutral)] }
    }
}
