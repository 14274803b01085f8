//! The command line. Names are fixed; scripts rely on them.

mod bank;
mod bench;
mod calibrate;
mod chip;
mod contract;
mod measure;
mod meter;
mod run;
mod trace;
mod verify;

use clap::{Parser, Subcommand, ValueEnum};
use std::process::ExitCode;

/// 即电 Jidian: electricity metered, traded and settled in the same instant.
///
/// The bank in here is a sandbox; it moves no real money.
#[derive(Debug, Parser)]
#[command(name = "jidian", version, propagate_version = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  jidian run                                     a live pilot with a web console
  jidian run --for 24h --speed max --data D      a day as fast as this machine can
  jidian verify D                                check every fen of it
  jidian contract check my.contract";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    /// Check every fen of a data directory, from its files alone.
    #[command(after_help = "Example:\n  jidian verify D")]
    Verify(verify::Verify),
    /// Follow one payment back to clause, register, signatures and proof.
    #[command(after_help = "Example:\n  jidian trace D 410100000001-17 --lang zh")]
    Trace(trace::Trace),
    /// The bank alone: as a service, on several ledger nodes, campaigns against it, what its ledger says.
    #[command(subcommand)]
    Bank(bank::BankCommand),
    /// What this machine can carry.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Chips without silicon: their bus on a TCP port.
    #[command(subcommand)]
    Chip(chip::Command),
    /// Check, build and explain price contracts.
    #[command(subcommand)]
    Contract(contract::Command),
    /// Measure a captured waveform: CSV, WAV or COMTRADE.
    #[command(after_help = measure::EXAMPLES)]
    Measure(measure::Measure),
    /// Virtual meters, and the calibration of a meter.
    #[command(subcommand)]
    Meter(meter::Command),
}

/// Language of texts for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// 中文.
    Zh,
}

/// Why a command fails: what, where, and what to do next, in one text.
#[derive(Debug)]
pub struct Failure(String);

impl<E: core::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl Failure {
    fn at(place: impl core::fmt::Display, reason: impl core::fmt::Display) -> Self {
        Self(format!("{place}: {reason}"))
    }
}

/// A number from `low` to `high`, as an option.
fn parse_between(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value| (low..=high).contains(value));
    value.ok_or_else(|| format!("must be a number from {low} to {high}"))
}

/// A directory that nobody else has: process numbers alone come again.
fn new_temporary_directory() -> Result<std::path::PathBuf, Failure> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let name = format!("jidian-{}-{}", std::process::id(), since.unwrap_or_default().as_nanos());
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir(&path).map_err(|error| Failure::at(path.display(), error))?;
    Ok(path)
}

/// A reader such as `head` that has seen enough ends the program as the signal SIGPIPE would:
/// without a report of a panic.
fn end_quietly_when_nobody_reads() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        if said.starts_with("failed printing to stdout: Broken pipe") {
            std::process::exit(128 + 13);
        }
        report(panic);
    }));
}

/// Runs the command that the arguments ask for.
#[must_use]
pub fn main() -> ExitCode {
    end_quietly_when_nobody_reads();
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Bank(command) => bank::run(&command),
        Command::Bench(command) => bench::run(&command),
        Command::Chip(command) => chip::run(&command),
        Command::Contract(command) => contract::run(&command),
        Command::Measure(arguments) => measure::run(&arguments),
        Command::Meter(command) => meter::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(text)) => {
            eprintln!("jidian: {text}");
            ExitCode::FAILURE
        }
    }
}
