//! A test bench: exact loads as samples, and the meter's answer against the exact value.
#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part of the bench")]
#![allow(clippy::cast_possible_truncation, reason = "codes are rounded on purpose")]
#![allow(clippy::unwrap_used, reason = "a bench that can't be built is a failed test")]

use core::f64::consts::TAU;

use metering::{
    ADE9000_FULL_SCALE_CODE, Configuration, CurrentScale, EnergyRegister, Frame, Metering,
    NominalFrequency, Registers, Settings, VoltageScale, Window, Wiring,
};

/// Nominal voltage of one element in volts.
pub const UN: f64 = 57.7;
/// Nominal current in amperes; the maximum current is four times as much.
pub const IN: f64 = 1.5;

const FULL_SCALE_VOLTS: f64 = 801.0;
const FULL_SCALE_AMPERES: f64 = 10.0;

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

/// A steady sinusoidal load.
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
        let time = n as f64 / self.rate;
        // An odd start, so that no crossing falls on a sample by luck.
        let angle = TAU * (self.frequency * time) + 0.3;
        let code =
            |part: f64| ((part + self.offset) * f64::from(ADE9000_FULL_SCALE_CODE)).round() as i32;
        let root = 2f64.sqrt();
        let voltage = |p: usize| {
            self.volts[p] * root * (angle + self.voltage_angle[p]).sin() / FULL_SCALE_VOLTS
        };
        let current = |p: usize| {
            let angle = angle + self.voltage_angle[p] - self.lag[p];
            self.amperes[p] * root * angle.sin() / FULL_SCALE_AMPERES
        };
        let neutral = current(0) + current(1) + current(2);
        Frame {
            voltage: [0, 1, 2].map(|p| code(voltage(p))),
            current: [code(current(0)), code(current(1)), code(current(2)), code(neutral)],
        }
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
