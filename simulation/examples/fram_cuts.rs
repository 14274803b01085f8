//! Cuts the power of a metering core at random bytes and checks its energy registers.
//!
//! ```text
//! cargo run --release -p simulation --example fram_cuts -- --cuts 100000 --seed 7
//! ```
#![allow(clippy::print_stdout, reason = "a command tells what it found")]

use simulation::register_cuts::{Finding, Plant, Report, Subject, run};
use std::process::ExitCode;

const USAGE: &str = "usage: fram_cuts [--cuts N] [--seed S], for example --cuts 100000 --seed 7";

fn main() -> ExitCode {
    let Some((cuts, seed)) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let report = match run(seed, cuts, Subject::Product) {
        Ok(report) => report,
        Err(finding) => return fail(&finding.to_string()),
    };
    show(&report);
    if let Err(Finding { what, .. }) = run(seed, cuts.min(10_000), Subject::Plain(None)) {
        return fail(&format!("the plain layout without a bug: {what}"));
    }
    for plant in Plant::ALL {
        match run(seed, cuts.min(10_000), Subject::Plain(Some(plant))) {
            Ok(_) => return fail(&format!("the planted bug `{}` was not found", plant.name())),
            Err(finding) => println!("planted `{}` found: {finding}", plant.name()),
        }
    }
    ExitCode::SUCCESS
}

fn fail(what: &str) -> ExitCode {
    eprintln!("FAILED: {what}");
    ExitCode::FAILURE
}

fn arguments() -> Option<(u64, u64)> {
    let (mut cuts, mut seed) = (100_000, 7);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next()?.parse().ok()?;
        match name.as_str() {
            "--cuts" => cuts = value,
            "--seed" => seed = value,
            _ => return None,
        }
    }
    Some((cuts, seed))
}

fn show(report: &Report) {
    let Report { cuts, cuts_of_commits, cuts_of_starts, cuts_in_a_row, .. } = report;
    println!("{cuts} cuts in {} lives, no committed energy lost or counted twice", report.lives);
    println!("  {cuts_of_commits} while storing, {cuts_of_starts} while starting");
    println!("  {cuts_in_a_row} without a commit since the cut before");
    println!(
        "  then the cut commit was there {} times, the one before {}",
        report.found_new, report.found_old
    );
    println!("  {} commits acknowledged, {} windows kept", report.commits, report.windows);
    println!(
        "bus: {} bytes, {} clocks for a commit; {} clocks for a start",
        report.commit_bus_bytes, report.commit_bus_clocks, report.start_bus_clocks
    );
}
