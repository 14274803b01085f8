//! `metrology_insight`, used as its documentation shows: buffers of 160 samples, one call for each.

use super::signal::{CHANNELS, FULL_SCALE_AMPERES, FULL_SCALE_VOLTS, RATE_HERTZ};
use super::{Outcome, Participant, Speed, Values};
use crate::measure::Recording;
use core::array::from_fn;
use core::hint::black_box;
use core::time::Duration;
use metrology_insight::{
    MAX_SIGNAL_SAMPLES, MetrologyInsight, MetrologyInsightConfig, MetrologyInsightSignal,
    SystemMode,
};

/// The version that `Cargo.toml` demands; a test of the command line holds it against `Cargo.lock`.
const VERSION: &str = "0.1.5";

/// Buffers of a window.
const CYCLES: usize = 10;

/// What it takes at a time: one nominal cycle of each channel.
type Buffer = [[f32; MAX_SIGNAL_SAMPLES]; CHANNELS as usize];

pub(super) fn run(recordings: &[Recording], budget: Duration) -> Participant {
    let buffers: Vec<Vec<Buffer>> = recordings.iter().map(buffers).collect();
    let windows = buffers.iter().map(|buffers| windows(buffers)).collect();
    let speed = Speed::of(budget, || play(&buffers[0]));
    Participant {
        name: "metrology_insight",
        version: VERSION.to_owned(),
        computes: "U, I, P, Q, S, f, half-cycle RMS, 50 harmonics and THD of 6 channels from single cycles, \
                   interharmonics and flicker of the voltages, angles, sequences, events, energy \
                   in four quadrants",
        settings: "as in its README: 160 samples a call, smoothing over one cycle; frequency from \
                   each voltage; U, I and THD are the smoothed values, P the mean of ten calls, f \
                   freq_10s",
        outcome: Outcome::Ran { speed, windows },
    }
}

#[allow(clippy::cast_possible_truncation, reason = "it takes single precision")]
fn buffers(recording: &Recording) -> Vec<Buffer> {
    let value = |channel: usize, n: usize| {
        let full = if channel < 3 { FULL_SCALE_VOLTS } else { FULL_SCALE_AMPERES };
        (recording.channels[channel][n] * f64::from(full)) as f32
    };
    let buffer = |first: usize| from_fn(|channel| from_fn(|n| value(channel, first + n)));
    let starts = (0..recording.len()).step_by(MAX_SIGNAL_SAMPLES);
    starts.filter(|first| first + MAX_SIGNAL_SAMPLES <= recording.len()).map(buffer).collect()
}

fn new() -> MetrologyInsight {
    let mut insight = MetrologyInsight::new(MetrologyInsightConfig {
        adc_samples_seconds: RATE_HERTZ as f32,
        adc_samples_per_cycle: MAX_SIGNAL_SAMPLES as f64,
        avg_sec: MAX_SIGNAL_SAMPLES as f32 / RATE_HERTZ as f32,
        ..MetrologyInsightConfig::default()
    });
    insight.set_nominal_voltage(230.0);
    // Its example does so for phase A only; without it, RMS leaves out one sample of 160.
    for phase in &mut insight.socket.phases[..3] {
        phase.voltage.calc_freq = true;
    }
    insight
}

fn push(insight: &mut MetrologyInsight, buffer: &Buffer) {
    let fill = |signal: &mut MetrologyInsightSignal, samples: &[f32; MAX_SIGNAL_SAMPLES]| {
        signal.real_wave = *samples;
        signal.real_wave_len = MAX_SIGNAL_SAMPLES;
    };
    for (phase, samples) in insight.socket.phases.iter_mut().zip(&buffer[..3]) {
        fill(&mut phase.voltage, samples);
    }
    for (phase, samples) in insight.socket.phases.iter_mut().zip(&buffer[3..]) {
        fill(&mut phase.current, samples);
    }
    insight.process_and_update_metrics(SystemMode::ThreePhase4Wire.active_phases());
}

/// One round: all buffers.
fn play(buffers: &[Buffer]) {
    let mut insight = new();
    for buffer in buffers {
        push(&mut insight, buffer);
        black_box(&insight.socket);
    }
}

fn windows(buffers: &[Buffer]) -> Vec<Values> {
    let mut insight = new();
    let cycles = buffers.chunks_exact(CYCLES);
    cycles.map(|cycles| window(&mut insight, cycles)).collect()
}

fn window(insight: &mut MetrologyInsight, cycles: &[Buffer]) -> Values {
    let mut watts = [0.0; 3];
    for buffer in cycles {
        push(insight, buffer);
        for (sum, phase) in watts.iter_mut().zip(&insight.socket.phases) {
            *sum += f64::from(phase.power_metrics.real_power);
        }
    }
    let phases = &insight.socket.phases;
    let percent = |value: f32| f64::from(value) / 100.0;
    Values {
        volts: from_fn(|at| phases[at].voltage.rms.into()),
        amperes: from_fn(|at| phases[at].current.rms.into()),
        watts: watts.map(|sum| sum / cycles.len() as f64),
        hertz: phases[0].voltage.pll_state.freq_10s.into(),
        voltage_distortion: from_fn(|at| percent(phases[at].voltage.thd)),
        current_distortion: from_fn(|at| percent(phases[at].current.thd)),
    }
}
