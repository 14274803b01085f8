//! Prints how many frames per second one core can take.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for people needs a clock and a terminal"
)]

use metering::{
    ADE9000_FULL_SCALE_CODE, Configuration, CurrentScale, Frame, Metering, NominalFrequency,
    Settings, VoltageScale, Wiring,
};

/// Frames of one second, played again and again.
const FRAMES: u32 = 8_000;

/// How often they're played.
const ROUNDS: u32 = 2_000;

fn main() -> Result<(), metering::ConfigurationError> {
    let configuration = Configuration::new(Settings {
        wiring: Wiring::ThreePhaseFourWire,
        sample_rate_hertz: FRAMES,
        voltage_scale: VoltageScale { codes: ADE9000_FULL_SCALE_CODE, microvolts: 801_000_000 },
        current_scale: CurrentScale { codes: ADE9000_FULL_SCALE_CODE, microamperes: 10_000_000 },
        nominal_frequency: NominalFrequency::Hertz50,
        nominal_voltage_millivolts: 220_000,
        starting_current_microamperes: 1_500,
        pulses_per_kilowatt_hour: 6_400,
    })?;
    let frames: Vec<Frame> = (0..FRAMES).map(frame).collect();
    let mut metering = Metering::new(configuration);
    let start = std::time::Instant::now();
    let mut windows = 0_u32;
    for _ in 0..ROUNDS {
        windows +=
            frames.iter().map(|frame| u32::from(metering.push(frame).is_some())).sum::<u32>();
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = f64::from(FRAMES * ROUNDS) / seconds;
    println!(
        "{:.2} M frames/s ({:.0} three-phase meters in real time), {windows} windows, {} imported",
        rate / 1e6,
        rate / f64::from(FRAMES),
        metering.registers().import.total.energy
    );
    Ok(())
}

/// Sample `n` of a three-phase load at 50 Hz, power factor 0.8 inductive.
fn frame(n: u32) -> Frame {
    let angle = |lag: f64| f64::from(n) * core::f64::consts::TAU / 160.0 - lag;
    let third = core::f64::consts::TAU / 3.0;
    let code = |peak: f64, lag: f64| {
        #[allow(clippy::cast_possible_truncation, reason = "the peak fits")]
        let code = (peak * angle(lag).sin()).round() as i32;
        code
    };
    let voltage = [0.0, third, 2.0 * third].map(|lag| code(28.9e6, lag));
    let [a, b, c] = [0.0, third, 2.0 * third].map(|lag| code(15.8e6, lag + 0.6435));
    Frame { voltage, current: [a, b, c, 0] }
}
