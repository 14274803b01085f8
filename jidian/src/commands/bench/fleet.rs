//! `jidian bench fleet`: a whole pilot, end to end.

use crate::commands::{Failure, new_temporary_directory};
use crate::pilot::{self, Options, ScenarioChoice, Threads};
use crate::store::DataDirectory;
use clap::Args;
use serde_json::json;
use std::time::{Duration, Instant};

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// Customer meters.
    #[arg(long, default_value_t = 200)]
    meters: u32,
    /// Simulated minutes.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Time on the wall of the parts of all minutes.
#[derive(Default)]
struct Spent {
    metering: Duration,
    settling: Duration,
    writing: Duration,
    minutes: Vec<Duration>,
    settlements: u64,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = new_temporary_directory()?;
    let result = measure(arguments, &path);
    let _ = std::fs::remove_dir_all(&path);
    let report = result?;
    if arguments.json {
        println!("{report:#}");
    } else {
        tell(&report);
    }
    Ok(())
}

fn measure(arguments: &Arguments, path: &std::path::Path) -> Result<serde_json::Value, Failure> {
    let choice = ScenarioChoice::NameOrFile("henan-day");
    let options = Options::new(choice, Some(arguments.meters), 7)?;
    let directory = DataDirectory::open(path)?;
    let begin = Instant::now();
    let mut pilot = pilot::found(&directory, &options)?;
    let founding = begin.elapsed();
    let mut spent = Spent::default();
    for _ in 0..arguments.minutes {
        let outcome = pilot.journal.step(&mut pilot.world)?;
        spent.metering += outcome.metering;
        spent.settling += outcome.settling;
        spent.writing += outcome.writing;
        spent.minutes.push(outcome.metering + outcome.settling + outcome.writing);
        spent.settlements += outcome.settled.final_orders;
    }
    Ok(report(&mut spent, founding, pilot.world.meters().len()))
}

fn report(spent: &mut Spent, founding: Duration, meters: usize) -> serde_json::Value {
    spent.minutes.sort_unstable();
    let at = |permille: usize| {
        let last = spent.minutes.len() - 1;
        milliseconds(spent.minutes[(last * permille).div_ceil(1000)])
    };
    let total = (spent.metering + spent.settling + spent.writing).as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = spent.settlements as f64 / total;
    let (sign, verify) = super::signatures();
    json!({
        "meters": meters,
        "threads": Threads::new().count(),
        "simulated_minutes": spent.minutes.len(),
        "settlements": spent.settlements,
        "settlements_per_second": rate,
        "founding_seconds": founding.as_secs_f64(),
        "minute_p50_milliseconds": at(500),
        "minute_p99_milliseconds": at(990),
        "minute_worst_milliseconds": at(1000),
        "share_metering_and_contracts": spent.metering.as_secs_f64() / total,
        "share_bank_and_receipts": spent.settling.as_secs_f64() / total,
        "share_other_logs": spent.writing.as_secs_f64() / total,
        "sm2_sign_microseconds": sign,
        "sm2_verify_microseconds": verify,
    })
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn tell(report: &serde_json::Value) {
    let number = |key: &str| report[key].as_f64().unwrap_or_default();
    println!(
        "{} meters on {} threads: {:.0} settlements per second, end to end",
        report["meters"],
        report["threads"],
        number("settlements_per_second")
    );
    println!(
        "one simulated minute: p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms",
        number("minute_p50_milliseconds"),
        number("minute_p99_milliseconds"),
        number("minute_worst_milliseconds")
    );
    println!(
        "time: {:.0} % meters (measure, price, sign), {:.0} % bank (verify, log, receipt), {:.0} % \
         other logs",
        number("share_metering_and_contracts") * 100.0,
        number("share_bank_and_receipts") * 100.0,
        number("share_other_logs") * 100.0
    );
    println!(
        "SM2 on one core: sign {:.0} us, verify {:.0} us",
        number("sm2_sign_microseconds"),
        number("sm2_verify_microseconds")
    );
}
