//! How many waveform meters one core runs in real time.
//!
//! ```text
//! cargo run --release -p simulation --example waveform_meters -- --seconds 60
//! ```
//!
//! A second of a meter is 8000 samples of a three-phase line through the twin of the ADE9000, its
//! bus, the driver and the pipeline. `--minutes` counts minutes as `jidian run` has them, most of
//! whose windows are repeated.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for people needs a clock and a terminal"
)]

use metering::Wiring;
use quantity::Instant;
use simulation::fram::Fram;
use simulation::instrument::configuration;
use simulation::waveform::Stimulus;
use simulation::waveform_meter::{Start, WaveformMeter};

const LINE: Stimulus = Stimulus {
    volts: [220.0, 221.0, 219.0],
    amperes: [5.0, 6.0, 4.0],
    lag_turns: [0.05, 0.06, 0.04],
    frequency_millihertz: 50_000,
};

fn main() {
    let count = |name: &str, usual: u32| {
        let given = std::env::args().skip_while(|word| word != name).nth(1);
        given.and_then(|number| number.parse().ok()).unwrap_or(usual)
    };
    let (seconds, minutes) = (count("--seconds", 60), count("--minutes", 60));
    let cells = Fram::new(Fram::MB85RC512T_BYTES);
    let wiring = configuration(Wiring::ThreePhaseFourWire);
    let Ok(mut meter) = WaveformMeter::start(wiring, Start::default(), cells) else {
        return println!("the core doesn't start");
    };
    // The best second says what the machine can do when nothing else runs.
    let best = (0..seconds).map(|_| {
        let begin = std::time::Instant::now();
        meter.sample(&LINE, 8000, Instant::EPOCH, |_| {});
        begin.elapsed()
    });
    if let Some(best) = best.min() {
        let second = best.as_secs_f64();
        println!(
            "a second of a meter: {:.2} ms; in real time {:.0} meters",
            second * 1e3,
            1.0 / second
        );
    }
    let best = (0..minutes).map(|_| {
        let begin = std::time::Instant::now();
        meter.minute(&LINE, Instant::EPOCH);
        begin.elapsed()
    });
    if let Some(best) = best.min() {
        println!("a minute as `jidian run` has it: {:.2} ms", best.as_secs_f64() * 1e3);
    }
}
