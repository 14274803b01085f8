//! `jidian bench metering --type-test`: the type test and its report.

use super::report::{Report, Result as PointResult};
use crate::commands::Failure;
use crate::pilot::Threads;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use simulation::front_end::Tolerances;
use simulation::type_test::{Fault, Laboratory, Point, Setup, Verdict, plan};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

#[derive(Args, Debug)]
pub(super) struct Options {
    /// Where the report goes: report.html and report.json.
    #[arg(long, value_name = "DIR", default_value = "type-test", requires = "type_test")]
    out: PathBuf,
    /// Draws the specimen, the standard meter that it's calibrated with, and all noise.
    #[arg(long, default_value_t = 1, requires = "type_test")]
    seed: u64,
    /// Of the specimen's parts: what is typical, or the largest values of the data sheet.
    #[arg(long, default_value = "typical", requires = "type_test")]
    tolerances: TolerancesName,
    /// Plant a fault, to see that it is found: the command then fails.
    #[arg(long, value_name = "FAULT", value_parser = faults(), requires = "type_test")]
    plant: Option<Fault>,
}

/// Sizes of the faults of sensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TolerancesName {
    Typical,
    Maximum,
}

impl TolerancesName {
    const fn name(self) -> &'static str {
        match self {
            Self::Typical => "typical",
            Self::Maximum => "maximum",
        }
    }

    const fn tolerances(self) -> Tolerances {
        match self {
            Self::Typical => Tolerances::TYPICAL,
            Self::Maximum => Tolerances::MAXIMUM,
        }
    }
}

fn faults() -> impl TypedValueParser<Value = Fault> {
    PossibleValuesParser::new(Fault::ALL.map(Fault::name)).map(|name| {
        let named = Fault::ALL.into_iter().find(|fault| fault.name() == name);
        named.expect("only names of faults are let in")
    })
}

pub(super) fn run(options: &Options, json: bool) -> Result<(), Failure> {
    let begin = Instant::now();
    let setup = Setup {
        seed: options.seed,
        tolerances: options.tolerances.tolerances(),
        fault: options.plant,
    };
    let laboratory = Laboratory::new(&setup).map_err(|error| {
        format!("the specimen of seed {} can't be calibrated: {error}", setup.seed)
    })?;
    let results = test_all(&laboratory);
    let report = Report {
        setup: &setup,
        tolerances: options.tolerances.name(),
        laboratory: &laboratory,
        results: &results,
    };
    let page = options.out.join("report.html");
    write(options, &report, &page)?;
    if json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.table());
        println!("{:.1} s; report: {}", begin.elapsed().as_secs_f64(), page.display());
    }
    let bad = results.iter().filter(|result| result.outcome.verdict() != Verdict::Kept).count();
    if bad == 0 {
        return Ok(());
    }
    let reason = format!("{bad} of {} points don't keep to their part of the limit", results.len());
    Err(Failure::at(page.display(), reason))
}

fn write(options: &Options, report: &Report<'_>, page: &Path) -> Result<(), Failure> {
    let out = &options.out;
    std::fs::create_dir_all(out).map_err(|error| Failure::at(out.display(), error))?;
    std::fs::write(page, report.html()?).map_err(|error| Failure::at(page.display(), error))?;
    let data = out.join("report.json");
    let text = format!("{:#}\n", report.json());
    std::fs::write(&data, text).map_err(|error| Failure::at(data.display(), error))
}

/// Runs all points on all cores; the results are in the order of the plan.
fn test_all(laboratory: &Laboratory) -> Vec<PointResult> {
    let points: Vec<Point> = plan();
    let threads = Threads::new();
    let mut shares: Vec<Vec<PointResult>> = (0..threads.count()).map(|_| Vec::new()).collect();
    let next = AtomicUsize::new(0);
    let terminal = std::io::stderr().is_terminal();
    threads.each_alone(&mut shares, |share| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(point) = points.get(number) else { return };
            if terminal {
                eprint!("\r{number} of {} points", points.len());
            }
            share.push(PointResult { point: *point, outcome: laboratory.test(point) });
        }
    });
    if terminal {
        eprint!("\r\x1b[K");
    }
    let mut results: Vec<PointResult> = shares.into_iter().flatten().collect();
    results.sort_by_key(|result| result.point.number);
    results
}
