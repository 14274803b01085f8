//! A test bench: exact loads as samples, what they are worth in closed form, and the meter's answer.
#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part of the bench")]
#![allow(clippy::cast_possible_truncation, reason = "codes are rounded on purpose")]
#![allow(clippy::unwrap_used, reason = "a bench that can't be built is a failed test")]

use core::f64::consts::{SQRT_2, TAU};

use metering::{
    ADE9000_FULL_SCALE_CODE, Configuration, CurrentScale, EnergyRegister, Frame, Metering,
    NominalFrequency, Registers, Settings, VoltageScale, Window, Wiring,
};

/// Nominal voltage of one element of [`SETTINGS`] in volts.
pub const UN: f64 = 57.7;
/// Nominal current of [`SETTINGS`] in amperes; the maximum current is four times as much.
pub const IN: f64 = 1.5;
/// Voltage of a [`Wave`] and nominal voltage of [`MAINS`] in volts.
pub const VOLTS: f64 = 230.0;
/// Current of a [`Wave`] in amperes.
pub const AMPERES: f64 = 3.0;

const FULL_SCALE_VOLTS: f64 = 801.0;
const FULL_SCALE_AMPERES: f64 = 10.0;

/// An odd start, so that no crossing falls on a sample by luck.
const START: f64 = 0.3;

/// 3×57.7 V, 1.5(6) A, 20,000 imp/kWh, on an ADE9000.
pub const SETTINGS: Settings = Settings {
    wiring: Wiring::ThreePhaseFourWire,
    sample_rate_hertz: 8_000,
    voltage_scale: VoltageScale { codes: ADE9000_FULL_SCALE_CODE, microvolts: 801_000_000 },
    current_scale: CurrentScale { codes: ADE9000_FULL_SCALE_CODE, microamperes: 10_000_000 },
    nominal_frequency: NominalFrequency::Hertz50,
    nominal_voltage_millivolts: 57_700,
    starting_current_microamperes: 1_500,
    pulses_per_kilowatt_hour: 20_000,
};

/// The same at 3×230 V.
pub const MAINS: Settings = Settings { nominal_voltage_millivolts: 230_000, ..SETTINGS };

/// A frame of peak values in volts and amperes, with a constant part of full scale.
fn frame(volts: [f64; 3], amperes: [f64; 3], offset: f64) -> Frame {
    let code = |part: f64| ((part + offset) * f64::from(ADE9000_FULL_SCALE_CODE)).round() as i32;
    let current = |amperes: f64| code(amperes / FULL_SCALE_AMPERES);
    let [a, b, c] = amperes.map(current);
    Frame {
        voltage: volts.map(|volts| code(volts / FULL_SCALE_VOLTS)),
        current: [a, b, c, current(amperes.iter().sum())],
    }
}

/// A steady sinusoidal load, each phase by itself.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// RMS volts of the channels.
    pub volts: [f64; 3],
    /// RMS amperes of the channels.
    pub amperes: [f64; 3],
    /// Angle of each voltage, radians.
    pub voltage_angle: [f64; 3],
    /// Angle by which each current lags its voltage, radians.
    pub lag: [f64; 3],
    /// Hertz.
    pub frequency: f64,
    /// Constant part of all voltages and of all currents, part of full scale.
    pub offset: f64,
    /// Samples per second.
    pub rate: f64,
}

impl Load {
    /// Three equal phases; the lag is positive for an inductive load.
    pub fn balanced(amperes: f64, lag: f64) -> Self {
        Self {
            volts: [UN; 3],
            amperes: [amperes; 3],
            voltage_angle: [0.0, -TAU / 3.0, TAU / 3.0],
            lag: [lag; 3],
            frequency: 50.0,
            offset: 0.0,
            rate: 8_000.0,
        }
    }

    /// The current in one phase only.
    pub fn single(phase: usize, amperes: f64, lag: f64) -> Self {
        let mut load = Self::balanced(0.0, lag);
        load.amperes[phase] = amperes;
        load
    }

    /// Exact active power in watts.
    pub fn watts(&self) -> f64 {
        (0..3).map(|p| self.volts[p] * self.amperes[p] * self.lag[p].cos()).sum()
    }

    /// Exact reactive power in var.
    pub fn vars(&self) -> f64 {
        (0..3).map(|p| self.volts[p] * self.amperes[p] * self.lag[p].sin()).sum()
    }

    /// Sample `n`.
    pub fn frame(&self, n: u64) -> Frame {
        let turn = TAU * (self.frequency * n as f64 / self.rate).fract() + START;
        let wave = |rms: f64, angle: f64| rms * SQRT_2 * (turn + angle).sin();
        let voltage = |p: usize| wave(self.volts[p], self.voltage_angle[p]);
        let current = |p: usize| wave(self.amperes[p], self.voltage_angle[p] - self.lag[p]);
        frame([0, 1, 2].map(voltage), [0, 1, 2].map(current), self.offset)
    }
}

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

/// Three equal phases of [`VOLTS`] and [`AMPERES`] 120° apart, with harmonics.
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

impl Wave<'static> {
    /// 50 Hz at 8 kS/s, in phase.
    pub const SINE: Self =
        Self { frequency: 50.0, rate: 8_000.0, lag: 0.0, harmonics: &[], offset: 0.0 };
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
        let turn = TAU * (self.frequency * n as f64 / self.rate).fract() + START;
        let wave = |angle: f64, lag: f64, side: fn(&Harmonic) -> (f64, f64)| {
            let more = self.harmonics.iter().map(|harmonic| {
                let (part, shift) = side(harmonic);
                part * (f64::from(harmonic.order) * angle + shift).sin()
            });
            SQRT_2 * ((angle - lag).sin() + more.sum::<f64>())
        };
        let angles = [0.0, -TAU / 3.0, TAU / 3.0].map(|shift| turn + shift);
        let voltage = |angle| VOLTS * wave(angle, 0.0, |h| (h.voltage, h.voltage_angle));
        let current = |angle| {
            AMPERES * wave(angle, self.lag, |h| (h.current, h.voltage_angle + h.current_angle))
        };
        frame(angles.map(voltage), angles.map(current), self.offset)
    }
}

/// A meter with a source of samples.
pub struct Bench {
    pub meter: Metering,
    pub time: u64,
}

impl Bench {
    pub fn new(settings: Settings) -> Self {
        let configuration = Configuration::new(settings).unwrap();
        Self { meter: Metering::new(configuration), time: 0 }
    }

    /// Pushes the load until a window ends.
    pub fn window(&mut self, load: &Load) -> Window {
        loop {
            let frame = load.frame(self.time);
            self.time += 1;
            if let Some(window) = self.meter.push(&frame) {
                return window;
            }
        }
    }
}

/// What a run of windows said, against the exact values.
#[derive(Clone, Copy, Debug)]
pub struct Errors {
    /// Total active energy, % of the exact one (apparent if there is none).
    pub active: f64,
    /// Total reactive energy, % likewise.
    pub reactive: f64,
    /// Worst window, % of the exact RMS voltage.
    pub voltage: f64,
    /// Worst window, % of the exact RMS current.
    pub current: f64,
    /// Worst window, millihertz.
    pub frequency: f64,
}

/// Runs two windows to settle and ten to measure.
pub fn measure(settings: Settings, load: &Load, exact: (f64, f64)) -> Errors {
    let mut bench = Bench::new(settings);
    bench.window(load);
    bench.window(load);
    let before = *bench.meter.registers();
    let mut errors =
        Errors { active: 0.0, reactive: 0.0, voltage: 0.0, current: 0.0, frequency: 0.0 };
    let windows = 10;
    for _ in 0..windows {
        let window = bench.window(load);
        for (p, phase) in window.phases.iter().enumerate() {
            if settings.wiring != Wiring::ThreePhaseFourWire {
                continue;
            }
            let volts = f64::from(phase.voltage_millivolts()) / 1e3;
            errors.voltage = errors.voltage.max(percent(volts, load.volts[p]).abs());
            if load.amperes[p] > 0.0 {
                let amperes = f64::from(phase.current_microamperes()) / 1e6;
                errors.current = errors.current.max(percent(amperes, load.amperes[p]).abs());
            }
        }
        let hertz = f64::from(window.frequency_millihertz()) / 1e3;
        errors.frequency = errors.frequency.max((hertz - load.frequency).abs() * 1e3);
    }
    let after = bench.meter.registers();
    let hours = f64::from(windows * bench.meter.configuration().cycles_per_window())
        / load.frequency
        / 3_600.0;
    errors.active = percent((active(after) - active(&before)) / hours, exact.0);
    errors.reactive = percent((reactive(after) - reactive(&before)) / hours, exact.1);
    errors
}

fn percent(value: f64, exact: f64) -> f64 {
    if exact.abs() < 1e-9 { value } else { (value / exact - 1.0) * 100.0 }
}

/// Net active energy in watt-hours, rests included.
pub fn active(registers: &Registers) -> f64 {
    let unit = registers.rest_unit;
    watt_hours(&registers.import.total, unit) - watt_hours(&registers.export.total, unit)
}

/// Net reactive energy in var-hours, rests included.
pub fn reactive(registers: &Registers) -> f64 {
    let hours = registers.quadrants.map(|register| {
        (register.milli_var_hours as f64 + register.rest as f64 / registers.rest_unit as f64) / 1e3
    });
    hours[0] + hours[1] - hours[2] - hours[3]
}

/// One register in watt-hours, rest included.
pub fn watt_hours(register: &EnergyRegister, unit: u128) -> f64 {
    (register.energy.milliwatt_hours() as f64 + register.rest as f64 / unit as f64) / 1e3
}
