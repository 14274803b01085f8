//! Prints how many frames per second one core takes, with all 50 harmonics of each window read.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for people needs a clock and a terminal"
)]

use metering::{
    ADE9000_FULL_SCALE_CODE, Channel, Configuration, CurrentScale, Frame, Metering,
    NominalFrequency, ORDERS, Settings, VoltageScale, Wiring,
};

/// Frames of ten seconds, played again and again.
const FRAMES: u32 = 80_000;

/// How often they're played.
const ROUNDS: u32 = 200;

fn main() -> Result<(), metering::ConfigurationError> {
    let configuration = Configuration::new(Settings {
        wiring: Wiring::ThreePhaseFourWire,
        sample_rate_hertz: 8_000,
        voltage_scale: VoltageScale { codes: ADE9000_FULL_SCALE_CODE, microvolts: 801_000_000 },
        current_scale: CurrentScale { codes: ADE9000_FULL_SCALE_CODE, microamperes: 10_000_000 },
        nominal_frequency: NominalFrequency::Hertz50,
        nominal_voltage_millivolts: 220_000,
        starting_current_microamperes: 1_500,
        pulses_per_kilowatt_hour: 6_400,
    })?;
    let frames: Vec<Frame> = (0..FRAMES).map(frame).collect();
    let mut metering = Metering::new(configuration);
    let (mut lines, mut best, mut all) = (0_u64, 0_f64, 0_f64);
    for _ in 0..ROUNDS {
        let start = std::time::Instant::now();
        for frame in &frames {
            let Some(window) = metering.push(frame) else { continue };
            lines = lines.wrapping_add(window.phases[0].voltage_microvolts + harmonics(&metering));
        }
        let seconds = start.elapsed().as_secs_f64();
        best = best.max(f64::from(FRAMES) / seconds);
        all += seconds;
    }
    let mean = f64::from(FRAMES) * f64::from(ROUNDS) / all;
    println!(
        "{:.2} M frames/s in the best of {ROUNDS} rounds ({:.0} three-phase meters in real time), \
         {:.2} in the mean, with {ORDERS} orders of 7 channels in each window (sum {lines})",
        best / 1e6,
        best / 8_000.0,
        mean / 1e6,
    );
    Ok(())
}

/// Reads every order of every channel.
fn harmonics(metering: &Metering) -> u64 {
    let Some(spectrum) = metering.spectrum() else { return 0 };
    let of_channel =
        |channel: Channel| -> u64 { (1..=ORDERS).map(|order| spectrum.rms(channel, order)).sum() };
    Channel::ALL.into_iter().map(of_channel).sum()
}

/// Sample `n` of a three-phase load at 49.7 Hz, power factor 0.8 inductive, with a fifth harmonic.
fn frame(n: u32) -> Frame {
    let turn = f64::from(n) * core::f64::consts::TAU * 49.7 / 8_000.0;
    let third = core::f64::consts::TAU / 3.0;
    let code = |peak: f64, fifth: f64, lag: f64| {
        let angle = turn - lag;
        #[allow(clippy::cast_possible_truncation, reason = "the peak fits")]
        let code = (peak * (angle.sin() + fifth * (5.0 * angle).sin())).round() as i32;
        code
    };
    let voltage = [0.0, third, 2.0 * third].map(|lag| code(28.9e6, 0.1, lag));
    let [a, b, c] = [0.0, third, 2.0 * third].map(|lag| code(15.8e6, 0.4, lag + 0.6435));
    Frame { voltage, current: [a, b, c, a + b + c] }
}
