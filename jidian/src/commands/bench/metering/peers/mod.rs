//! The metering core beside `metrology_insight` (a crate) and `pqopen-lib` (a Python package), on
//! the same files in one run: frames per second, and the worst window against the closed form.
//!
//! All three read the same WAV files. Reading them, and turning their numbers into what each one
//! takes (codes, `f32`, NumPy arrays), isn't timed.

mod errors;
mod insight;
mod own;
mod pqopen;
mod report;
mod signal;

use crate::commands::{Failure, new_temporary_directory, parse_between};
use crate::measure::{Columns, Recording, wav};
use clap::Args;
use core::time::Duration;
use errors::Values;
use rustix::time::{ClockId, clock_gettime};
use signal::{SIGNALS, Signal};
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// Length of each signal in seconds; the first two aren't held against the truth.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(4..=120))]
    seconds: u32,
    /// How long each one plays the first signal for its speed; one round is always played.
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = |text: &str| parse_between(text, 0.0, 600.0))]
    speed_seconds: f64,
    /// The Python that has pqopen-lib.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: PathBuf,
    /// Keep the first signal here; read it with `jidian measure FILE --scale u=400,i=20`.
    #[arg(long, value_name = "FILE.wav")]
    keep: Option<PathBuf>,
}

/// What one participant made of the signals.
struct Participant {
    name: &'static str,
    version: String,
    /// What it works out, and what it can't leave out.
    computes: &'static str,
    settings: &'static str,
    outcome: Outcome,
}

enum Outcome {
    Ran {
        speed: Speed,
        /// The windows of each signal.
        windows: Vec<Vec<Values>>,
    },
    /// Not there; how to get it.
    Missing(String),
}

/// The shortest of all rounds over the first signal, in time on the processor.
#[derive(Clone, Copy, Debug)]
struct Speed {
    best: Duration,
    rounds: u32,
}

impl Speed {
    /// Plays rounds until the time is used up.
    fn of(budget: Duration, mut round: impl FnMut()) -> Self {
        let begin = Instant::now();
        let mut speed = Self { best: Duration::MAX, rounds: 0 };
        while speed.rounds == 0 || begin.elapsed() < budget {
            let start = processor_time();
            round();
            let took = processor_time().saturating_sub(start);
            speed = Self { best: speed.best.min(took), rounds: speed.rounds + 1 };
        }
        speed
    }
}

/// What this thread has had of a core: on a busy machine the clock would count a long round as
/// slower than many short ones.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a thread's time is never before its start")
}

pub(super) fn run(options: &Options, json: bool) -> Result<(), Failure> {
    let folder = new_temporary_directory()?;
    let participants = participants(options, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    let report = report::report(options.seconds, &participants?);
    if json {
        println!("{report:#}");
    } else {
        print!("{}", report::table(&report));
    }
    Ok(())
}

fn participants(options: &Options, folder: &Path) -> Result<Vec<Participant>, Failure> {
    let (mut files, mut recordings) = (Vec::new(), Vec::new());
    for (at, signal) in SIGNALS.iter().enumerate() {
        let file = folder.join(format!("{at}.wav"));
        recordings.push(written(signal, options.seconds, &file)?);
        files.push(file);
    }
    if let (Some(keep), Some(first)) = (&options.keep, files.first()) {
        std::fs::copy(first, keep).map_err(|error| Failure::at(keep.display(), error))?;
    }
    let budget = Duration::from_secs_f64(options.speed_seconds);
    Ok(vec![
        own::run(&recordings, budget)?,
        insight::run(&recordings, budget),
        pqopen::run(&options.python, &files, budget)?,
    ])
}

/// Writes a signal and reads it again, so that everybody sees what the file holds.
fn written(signal: &Signal, seconds: u32, file: &Path) -> Result<Recording, Failure> {
    let at = |reason: &dyn core::fmt::Display| Failure::at(file.display(), reason);
    let bytes = signal.wav(seconds).map_err(|error| at(&error))?;
    std::fs::write(file, &bytes).map_err(|error| at(&error))?;
    wav::read(&bytes, &Columns::default()).map_err(|refusal| at(&refusal))
}
