//! `jidian contract compare`: the executors against each other, on random contracts.

use super::Failure;
use crate::pilot::Threads;
use clap::Args;
use contract::bulk::{CampaignReport, campaign};
use serde_json::json;
use std::io::IsTerminal;
use std::time::Instant;

/// Cases of one thread between two lines of progress.
const CASES_OF_ROUND: u64 = 500_000;
/// Seeds that one thread may use up in a round: it takes a contract for each, with thousands of
/// cases.
const SEEDS_OF_ROUND: u64 = 1_000_000;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// Movements to settle.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    cases: u64,
    /// Where the random contracts begin; the same seed gives the same cases on as many cores.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let threads = Threads::new();
    let begin = Instant::now();
    let mut sum = CampaignReport::default();
    let mut seed = arguments.seed;
    while sum.cases < arguments.cases && sum.difference.is_none() {
        let left = arguments.cases - sum.cases;
        let part = left.div_ceil(threads.count() as u64).min(CASES_OF_ROUND);
        let mut parts: Vec<_> = (0..threads.count() as u64)
            .map(|part| (seed.wrapping_add(part * SEEDS_OF_ROUND), CampaignReport::default()))
            .collect();
        threads.each_alone(&mut parts, |(seed, report)| *report = campaign(*seed, part));
        seed = seed.wrapping_add(parts.len() as u64 * SEEDS_OF_ROUND);
        parts.into_iter().for_each(|(_, report)| add(&mut sum, report));
        if std::io::stderr().is_terminal() {
            eprint!("\r{} million of {} cases", sum.cases / 1_000_000, arguments.cases);
        }
    }
    tell(&sum, begin.elapsed().as_secs_f64(), arguments.json);
    match sum.difference {
        None => Ok(()),
        Some(difference) => Err(Failure(format!("two executors differ: {difference}"))),
    }
}

fn add(sum: &mut CampaignReport, part: CampaignReport) {
    sum.contracts += part.contracts;
    sum.cases += part.cases;
    sum.refused += part.refused;
    sum.referenced += part.referenced;
    sum.difference = sum.difference.take().or(part.difference);
}

fn tell(sum: &CampaignReport, seconds: f64, json: bool) {
    let differences = u8::from(sum.difference.is_some());
    if json {
        let report = json!({
            "contracts": sum.contracts,
            "cases": sum.cases,
            "refused_by_all": sum.refused,
            "settled_by_reference_too": sum.referenced,
            "differences": differences,
            "wall_seconds": seconds,
        });
        println!("{report:#}");
        return;
    }
    println!(
        "{} cases under {} random contracts in {seconds:.1} s: interpreter and bulk executor, and in \
         {} of them the reference evaluator: {differences} difference(s)",
        sum.cases, sum.contracts, sum.referenced
    );
}
