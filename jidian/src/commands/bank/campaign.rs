//! `jidian bank campaign`: many seeds on all cores.

use crate::commands::Failure;
use crate::pilot::Threads;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;
use simulation::bank_faults::{Finding, Plant, Report, live};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Findings that are told; the others are counted.
const FINDINGS_TOLD: usize = 10;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// How many lives.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Seed of the first life; the others follow.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Plant a bug, to see that it is found: the command then fails.
    #[arg(long, value_name = "BUG", value_parser = plants())]
    plant: Option<Plant>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn plants() -> impl TypedValueParser<Value = Plant> {
    PossibleValuesParser::new(Plant::ALL.map(Plant::name)).map(|name| {
        let named = Plant::ALL.into_iter().find(|plant| plant.name() == name);
        named.expect("only names of plants are let in")
    })
}

/// What one thread lived through.
#[derive(Default)]
struct Share {
    report: Report,
    findings: Vec<Finding>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let begin = Instant::now();
    let shares = live_all(arguments);
    let mut report = Report::default();
    let mut findings = Vec::new();
    for share in shares {
        report.add(&share.report);
        findings.extend(share.findings);
    }
    findings.sort_by_key(|finding| finding.seed);
    let seconds = begin.elapsed().as_secs_f64();
    if arguments.json {
        println!("{:#}", as_json(arguments, &report, &findings, seconds));
    } else {
        tell(arguments, &report, &findings, seconds);
    }
    match findings.first() {
        None => Ok(()),
        Some(finding) => Err(Failure::from(format!(
            "{} of {} lives failed; {finding}; live it again with: {}",
            findings.len(),
            arguments.seeds,
            again(arguments, finding)
        ))),
    }
}

fn live_all(arguments: &Arguments) -> Vec<Share> {
    let threads = Threads::new();
    let mut shares: Vec<Share> = (0..threads.count()).map(|_| Share::default()).collect();
    let lived = AtomicU64::new(0);
    let terminal = std::io::stderr().is_terminal();
    threads.each_alone(&mut shares, |share| {
        loop {
            let number = lived.fetch_add(1, Ordering::Relaxed);
            if number >= arguments.seeds {
                return;
            }
            if terminal && number.is_multiple_of(arguments.seeds.div_ceil(200)) {
                eprint!("\r{number} of {} lives", arguments.seeds);
            }
            match live_one(arguments.first.wrapping_add(number), arguments.plant) {
                Ok(report) => share.report.add(&report),
                Err(finding) => share.findings.push(finding),
            }
        }
    });
    if terminal {
        eprint!("\r\x1b[K");
    }
    shares
}

/// A panic is a finding too.
fn live_one(seed: u64, plant: Option<Plant>) -> Result<Report, Finding> {
    std::panic::catch_unwind(|| live(seed, plant)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        Err(Finding { seed, step: 0, what: format!("an assertion failed: {said}") })
    })
}

fn again(arguments: &Arguments, finding: &Finding) -> String {
    let plant = arguments.plant.map(|plant| format!(" --plant {}", plant.name()));
    let seed = finding.seed;
    format!("jidian bank campaign --first {seed} --seeds 1{}", plant.unwrap_or_default())
}

fn as_json(
    arguments: &Arguments,
    report: &Report,
    findings: &[Finding],
    seconds: f64,
) -> serde_json::Value {
    let told = findings.iter().take(FINDINGS_TOLD).map(|finding| {
        json!({
            "seed": finding.seed,
            "step": finding.step,
            "what": finding.what,
            "again": again(arguments, finding),
        })
    });
    let counts: serde_json::Map<String, serde_json::Value> =
        report.counts().map(|(name, count)| (name.to_owned(), count.into())).collect();
    json!({
        "first_seed": arguments.first,
        "seeds": arguments.seeds,
        "planted": arguments.plant.map(Plant::name),
        "failed": findings.len(),
        "findings": told.collect::<Vec<_>>(),
        "counts": counts,
        "seconds": seconds,
    })
}

fn tell(arguments: &Arguments, report: &Report, findings: &[Finding], seconds: f64) {
    println!("{} lives in {seconds:.1} s, {} failed", arguments.seeds, findings.len());
    for (name, count) in report.counts() {
        println!("  {:<22} {count}", name.replace('_', " "));
    }
    for finding in findings.iter().take(FINDINGS_TOLD) {
        println!("{finding}");
    }
}
