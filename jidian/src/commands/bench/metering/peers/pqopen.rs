//! `pqopen-lib` in a Python of its own, through a [script](pqopen.py).

use super::signal::{FULL_SCALE_AMPERES, FULL_SCALE_VOLTS};
use super::{Outcome, Participant, Speed, Values};
use crate::commands::Failure;
use core::time::Duration;
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPT: &str = include_str!("pqopen.py");

/// The version that was looked at.
const VERSION: &str = "0.10.5";

/// How the script ends when a package is missing.
const MISSING: i32 = 3;

/// What the script prints.
#[derive(Deserialize)]
struct Answer {
    version: String,
    python: String,
    numpy: String,
    rounds: u32,
    best_round_seconds: f64,
    files: Vec<Vec<Values>>,
}

pub(super) fn run(
    python: &Path,
    files: &[PathBuf],
    budget: Duration,
) -> Result<Participant, Failure> {
    let mut participant = Participant {
        name: "pqopen-lib",
        version: String::new(),
        computes: "U, I, P, Q, half- and one-period RMS, f, 50 harmonics, interharmonics and THD of \
                   7 channels, unbalance; no registers, no events (they are parts of their own)",
        settings: "as in its README: defaults, ten periods, all samples of ten seconds at once; with \
                   harmonics and the neutral's current; f is the mean of ten periods",
        outcome: Outcome::Missing(how_to_install(python)),
    };
    let output = match command(python, files, budget).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(participant),
        output => output.map_err(|error| Failure::at(python.display(), error))?,
    };
    if output.status.code() == Some(MISSING) {
        return Ok(participant);
    }
    let answer = answer(python, &output)?;
    participant.version =
        format!("{} (Python {}, NumPy {})", answer.version, answer.python, answer.numpy);
    let best = Duration::from_secs_f64(answer.best_round_seconds);
    let speed = Speed { best, rounds: answer.rounds };
    participant.outcome = Outcome::Ran { speed, windows: answer.files };
    Ok(participant)
}

fn command(python: &Path, files: &[PathBuf], budget: Duration) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT, &budget.as_secs_f64().to_string()]);
    command.args([FULL_SCALE_VOLTS, FULL_SCALE_AMPERES].map(|full| full.to_string())).args(files);
    // One core, as everybody else.
    for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.env(threads, "1");
    }
    command
}

fn answer(python: &Path, output: &Output) -> Result<Answer, Failure> {
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().last().unwrap_or("it said nothing");
    if !output.status.success() {
        let version = format!("pqopen-lib failed ({VERSION} was looked at): {reason}");
        return Err(Failure::at(python.display(), version));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::at(python.display(), format!("pqopen-lib: {error}: {reason}")))
}

fn how_to_install(python: &Path) -> String {
    format!(
        "{} has no pqopen-lib: python3 -m venv V && V/bin/pip install pqopen-lib=={VERSION}, then \
         give --python V/bin/python (Python 3.11 or later)",
        python.display()
    )
}
