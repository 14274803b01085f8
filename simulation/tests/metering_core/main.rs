//! The metering core as a meter runs it: volts into the twin of the ADE9000, its bus, the pipeline,
//! and the registers in the twin of the FRAM.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod faults;
mod power;
mod windows;

use metering::{EnergyRegister, Registers, Wiring};
use quantity::Instant;
use simulation::fram::Fram;
use simulation::instrument::configuration;
use simulation::waveform::Stimulus;
use simulation::waveform_meter::{Notice, Start, WaveformMeter};

/// Steps of a second.
const SECOND: u32 = 8000;
/// Time plays no part here.
const NOW: Instant = Instant::EPOCH;

fn blank() -> Fram {
    Fram::new(Fram::MB85RC512T_BYTES)
}

fn meter(wiring: Wiring) -> WaveformMeter {
    WaveformMeter::start(configuration(wiring), Start::default(), blank()).unwrap()
}

/// Three phases alike, at 50 Hz.
fn balanced(amperes: f64, lag_degrees: f64) -> Stimulus {
    Stimulus {
        volts: [220.0; 3],
        amperes: [amperes; 3],
        lag_turns: [lag_degrees / 360.0; 3],
        frequency_millihertz: 50_000,
    }
}

/// Watts of a stimulus.
fn watts(stimulus: &Stimulus) -> f64 {
    let phase = |phase: usize| {
        let angle = stimulus.lag_turns[phase] * core::f64::consts::TAU;
        stimulus.volts[phase] * stimulus.amperes[phase] * angle.cos()
    };
    phase(0) + phase(1) + phase(2)
}

/// Milliwatt-hours with their rest.
#[allow(clippy::cast_precision_loss, reason = "15 digits are enough")]
fn milliwatt_hours(register: &EnergyRegister, registers: &Registers) -> f64 {
    let rest = register.rest as f64 / registers.rest_unit.max(1) as f64;
    register.energy.milliwatt_hours() as f64 + rest
}

fn imported(meter: &WaveformMeter) -> f64 {
    let registers = meter.core().metering().registers();
    milliwatt_hours(&registers.import.total, registers)
}

fn exported(meter: &WaveformMeter) -> f64 {
    let registers = meter.core().metering().registers();
    milliwatt_hours(&registers.export.total, registers)
}

/// What the core noticed on its board.
fn incidents(meter: &WaveformMeter) -> Vec<String> {
    let board = meter.notices().filter_map(|(_, notice)| match notice {
        Notice::Board(incident) => Some(format!("{incident:?}")),
        Notice::Standstill(fault) => Some(fault.clone()),
        Notice::Line(_) => None,
    });
    board.collect()
}
