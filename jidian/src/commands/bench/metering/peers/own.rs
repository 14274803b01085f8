//! Our own pipeline.

use super::signal::{CODE_BITS, FULL_SCALE_AMPERES, FULL_SCALE_VOLTS, RATE_HERTZ, code};
use super::{Outcome, Participant, Speed, Values};
use crate::commands::Failure;
use crate::measure::Recording;
use core::hint::black_box;
use core::time::Duration;
use metering::{
    Channel, Configuration, CurrentScale, Frame, Metering, NominalFrequency, ORDERS, Settings,
    Spectrum, VoltageScale, Window, Wiring,
};

const SETTINGS: Settings = Settings {
    wiring: Wiring::ThreePhaseFourWire,
    sample_rate_hertz: RATE_HERTZ,
    voltage_scale: VoltageScale { codes: 1 << CODE_BITS, microvolts: FULL_SCALE_VOLTS * 1_000_000 },
    current_scale: CurrentScale {
        codes: 1 << CODE_BITS,
        microamperes: FULL_SCALE_AMPERES * 1_000_000,
    },
    nominal_frequency: NominalFrequency::Hertz50,
    nominal_voltage_millivolts: 230_000,
    starting_current_microamperes: 5_000,
    pulses_per_kilowatt_hour: 6_400,
};

pub(super) fn run(recordings: &[Recording], budget: Duration) -> Result<Participant, Failure> {
    let configuration = Configuration::new(SETTINGS)?;
    let frames: Vec<Vec<Frame>> = recordings.iter().map(frames).collect();
    let windows = frames.iter().map(|frames| windows(configuration, frames)).collect();
    let speed = Speed::of(budget, || play(configuration, &frames[0]));
    Ok(Participant {
        name: "jidian",
        version: env!("CARGO_PKG_VERSION").to_owned(),
        computes: "U, I, P, Q, S, f, half-cycle RMS, 50 harmonics and THD of 7 channels, angles, sequences, \
                   events, registers of energy in four quadrants, pulses; every order of every \
                   channel is read in every window",
        settings: "windows of ten cycles",
        outcome: Outcome::Ran { speed, windows },
    })
}

fn frames(recording: &Recording) -> Vec<Frame> {
    let at = |channel: usize, n: usize| code(recording.channels[channel][n]);
    let frame = |n: usize| Frame {
        voltage: [0, 1, 2].map(|channel| at(channel, n)),
        current: [3, 4, 5, 6].map(|channel| at(channel, n)),
    };
    (0..recording.len()).map(frame).collect()
}

/// One round: all frames, and all that can be read in every window.
fn play(configuration: Configuration, frames: &[Frame]) {
    let mut meter = Metering::new(configuration);
    for frame in frames {
        if let Some(window) = meter.push(frame) {
            black_box(&window);
            black_box(meter.spectrum().map_or(0, all_orders));
        }
    }
    black_box(meter.registers());
}

fn all_orders(spectrum: &Spectrum) -> u64 {
    let orders = |channel: Channel| (1..=ORDERS).map(move |order| spectrum.rms(channel, order));
    Channel::ALL.into_iter().flat_map(orders).sum()
}

fn windows(configuration: Configuration, frames: &[Frame]) -> Vec<Values> {
    let mut meter = Metering::new(configuration);
    let mut windows = Vec::new();
    for frame in frames {
        if let Some(window) = meter.push(frame) {
            windows.push(values(&window, meter.spectrum()));
        }
    }
    windows
}

fn values(window: &Window, spectrum: Option<&Spectrum>) -> Values {
    let distortion = |channel: Channel| {
        let rms = |order: usize| spectrum.map_or(0, |spectrum| spectrum.rms(channel, order)) as f64;
        (2..=ORDERS).map(|order| rms(order).powi(2)).sum::<f64>().sqrt() / rms(1)
    };
    let phase = |at: usize| &window.phases[at];
    Values {
        volts: [0, 1, 2].map(|at| phase(at).voltage_microvolts as f64 / 1e6),
        amperes: [0, 1, 2].map(|at| phase(at).current_nanoamperes as f64 / 1e9),
        watts: [0, 1, 2].map(|at| phase(at).active_microwatts as f64 / 1e6),
        hertz: f64::from(window.frequency_microhertz) / 1e6,
        voltage_distortion: [0, 1, 2].map(|at| distortion(Channel::Voltage(at))),
        current_distortion: [0, 1, 2].map(|at| distortion(Channel::Current(at))),
    }
}
