//! The twin of the ADE9000, asked by its driver and by bytes.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod bus;
mod driver;
mod measures;
mod pulses;
mod quality;
mod waveform;

use ade9000::{Ade9000, Configuration, LineFrequency, REGISTERS};
use core::cell::RefCell;
use simulation::ade9000::{Bench, Board, Bus, Line, Wait};

/// One volt of line is one volt at the pins, and so is one ampere.
const DIRECT: Board = Board { volts_per_volt: 1.0, amperes_per_volt: 1.0 };
/// 1 V peak.
const FULL_SCALE: f64 = core::f64::consts::FRAC_1_SQRT_2;

const FULL_LINE: Line = Line {
    volts: FULL_SCALE,
    amperes: FULL_SCALE,
    lag_degrees: 0.0,
    hertz: 50.0,
    harmonics: Vec::new(),
};

const CONFIGURATION: Configuration = Configuration {
    gains: 0,
    config0: 0,
    config2: 0x0C00,
    accumulation: 0,
    line: LineFrequency::Hz50,
    voltage_level: 0x0022_EA28,
    energy_samples: 8000,
};

fn at(name: &str) -> u16 {
    REGISTERS.iter().find(|register| register.name == name).unwrap().address
}

/// A started chip on a line.
fn started(line: Line, configuration: &Configuration) -> RefCell<Bench> {
    let bench = RefCell::new(Bench::new(DIRECT, line));
    let mut chip = Ade9000::new(Bus(&bench));
    chip.reset(&mut Wait(&bench)).unwrap();
    chip.configure(configuration).unwrap();
    bench
}

/// Writes over the bus.
fn write(bench: &RefCell<Bench>, name: &str, value: u32) {
    let address = at(name);
    let mut bytes = (address << 4).to_be_bytes().to_vec();
    match ade9000::width_at(address) {
        ade9000::Width::Bits16 => bytes.extend((u16::try_from(value).unwrap()).to_be_bytes()),
        ade9000::Width::Bits32 => bytes.extend(value.to_be_bytes()),
    }
    bench.borrow_mut().twin.exchange(&bytes);
}

fn peek(bench: &RefCell<Bench>, name: &str) -> u32 {
    bench.borrow().twin.peek(at(name))
}

fn signed(bench: &RefCell<Bench>, name: &str) -> i32 {
    peek(bench, name).cast_signed()
}

/// Mean of a register over one cycle of 50 Hz, which takes the ripple out.
fn mean(bench: &RefCell<Bench>, name: &str) -> f64 {
    let mut sum = 0.0;
    for _ in 0..160 {
        bench.borrow_mut().run(1);
        sum += f64::from(signed(bench, name));
    }
    sum / 160.0
}

#[track_caller]
fn close(measured: f64, expected: f64, tolerance_ppm: f64) {
    let error = (measured / expected - 1.0) * 1e6;
    assert!(error.abs() <= tolerance_ppm, "{measured} is {error:.1} ppm from {expected}");
}
