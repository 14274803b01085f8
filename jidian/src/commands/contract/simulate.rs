//! `jidian contract simulate`: who pays more and who pays less under a new contract.

use super::{Failure, Language, read_text, show};
use crate::pilot::{Threads, builtin};
use crate::tariff_study::population::{Customer, populate};
use crate::tariff_study::report::Report;
use crate::tariff_study::shapes::{Meta, Source, parse_metas};
use crate::tariff_study::year::Year;
use crate::tariff_study::{
    BLOCK_CUSTOMERS, ContractFacts, Findings, Progress, SIDES, Shown, Study, StudyError, bill,
    run as bill_all, unknown_quantity,
};
use clap::Args;
use contract::{Built, Program};
use core::sync::atomic::Ordering;
use flate2::read::GzDecoder;
use simulation::random::Random;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(in crate::commands) struct Simulate {
    /// The new contract: a source file, or the name of a built-in contract.
    new: PathBuf,
    /// The contract that holds today: a source file, or the name of a built-in contract.
    #[arg(long)]
    against: PathBuf,
    /// How many customers are made.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    customers: u32,
    /// The legal year that is billed.
    #[arg(long, default_value_t = 2025, value_parser = clap::value_parser!(i32).range(2000..=2100))]
    year: i32,
    /// What sizes and habits of the customers are drawn from.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// A table of profiles (`unix_s,local,NAME,…`, also .gz), or a folder of such tables with
    /// `profiles_meta.csv` [default: the built-in SimBench profiles].
    #[arg(long, value_name = "FOLDER-OR-FILE")]
    data: Option<PathBuf>,
    /// Write everything as JSON, with the bill of each customer (`-`: to the screen).
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the changes.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Show the bills of this one customer (from 0) line by line, and nothing else.
    #[arg(long, value_name = "N", conflicts_with = "svg")]
    customer: Option<u32>,
    /// Language of the tables and the picture.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

pub(super) fn run(arguments: &Simulate) -> Result<(), Failure> {
    let built = [load(&arguments.against, arguments.lang)?, load(&arguments.new, arguments.lang)?];
    let programs = [program(&built[0])?, program(&built[1])?];
    comparable(&built)?;
    // The customers are those who have the old contract today.
    let class = built[0].class;
    let source = source(arguments.data.as_deref())?;
    let shapes = source.shapes(class, arguments.year)?;
    let year = Year::new(arguments.year, &programs);
    let random = Random::from_seed(arguments.seed);
    let customers = populate(&shapes, class, built[0].direction, arguments.customers, random);
    let study = Study { programs: &programs, year: &year, shapes: &shapes };
    let contracts = [facts(&built[0], &programs[0]), facts(&built[1], &programs[1])];
    let shown = Shown {
        language: arguments.lang,
        study,
        contracts: &contracts,
        class,
        count: arguments.customers,
        seed: arguments.seed,
        builtin: arguments.data.is_none(),
    };
    match arguments.customer {
        Some(number) => one(arguments, shown, &customers, number),
        None => all(arguments, shown, &customers),
    }
}

/// The bills of all customers.
fn all(arguments: &Simulate, shown: Shown<'_>, customers: &[Customer]) -> Result<(), Failure> {
    let begin = std::time::Instant::now();
    let threads = Threads::new().count();
    let result =
        watched(customers.len(), |progress| bill_all(shown.study, customers, threads, progress));
    let outcomes = result.map_err(|error| refused(shown, &error))?;
    let seconds = begin.elapsed().as_secs_f64();
    let report = Report::new(&outcomes.customers, shown.study.shapes.metas().len());
    let findings = Findings { shown, outcomes: &outcomes, report: &report };
    if let Some(svg) = &arguments.svg {
        write(svg, &findings.svg())?;
    }
    if to_screen(arguments.json.as_deref()) {
        println!("{:#}", findings.json());
        return Ok(());
    }
    if let Some(json) = &arguments.json {
        write(json, &format!("{:#}\n", findings.json()))?;
    }
    print!("{}", findings.tables());
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = outcomes.settlements as f64 / seconds / 1e6;
    let settlements = crate::tariff_study::words::grouped(outcomes.settlements.into());
    match arguments.lang {
        Language::En => println!(
            "\n{settlements} settlements on {threads} threads in {seconds:.1} s, {rate:.0} million a second"
        ),
        Language::Zh => println!(
            "\n{settlements} 次结算，{threads} 个线程，{seconds:.1} 秒，每秒 {rate:.0} 百万次"
        ),
    }
    Ok(())
}

/// The bills of one customer, line by line.
fn one(
    arguments: &Simulate,
    shown: Shown<'_>,
    customers: &[Customer],
    number: u32,
) -> Result<(), Failure> {
    let number = number as usize;
    let customer = customers.get(number).ok_or_else(|| {
        Failure(format!("--customer {number}: there are customers 0 to {}", customers.len() - 1))
    })?;
    let bills = bill::bill_customer(shown.study, customer).map_err(|error| {
        refused(shown, &StudyError { customer: error.customer.map(|_| number), ..error })
    })?;
    if to_screen(arguments.json.as_deref()) {
        println!("{:#}", shown.customer_json(number, &bills));
        return Ok(());
    }
    if let Some(json) = &arguments.json {
        write(json, &format!("{:#}\n", shown.customer_json(number, &bills)))?;
    }
    print!("{}", shown.customer(number, &bills));
    Ok(())
}

fn to_screen(json: Option<&Path>) -> bool {
    json == Some(Path::new("-"))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::at(path.display(), error))
}

/// Shows how far a study has come, on a terminal only.
fn watched<T: Send>(customers: usize, work: impl FnOnce(&Progress) -> T + Send) -> T {
    let progress = Progress::default();
    if !std::io::stderr().is_terminal() {
        return work(&progress);
    }
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| work(&progress));
        while !worker.is_finished() {
            let done = progress.done.load(Ordering::Relaxed) * BLOCK_CUSTOMERS;
            eprint!("\rbilling: {} %", done.min(customers) * 100 / customers);
            let _ = std::io::stderr().flush();
            std::thread::sleep(core::time::Duration::from_millis(50));
        }
        eprint!("\r\x1b[K");
        worker.join().expect("a study returns its refusals")
    })
}

/// Reads and builds a source file, or a built-in contract by its name.
fn load(path: &Path, language: Language) -> Result<Built, Failure> {
    let built_in = path.to_str().filter(|_| !path.exists()).and_then(builtin::contract);
    let text = match built_in {
        Some(text) => text.to_owned(),
        None if path.exists() => read_text(path)?,
        None => {
            let names: Vec<_> = builtin::CONTRACTS.iter().map(|(name, _)| *name).collect();
            let help = format!("no such file; the built-in contracts are {}", names.join(", "));
            return Err(Failure::at(path.display(), help));
        }
    };
    contract::build(&text).map_err(|diagnostics| {
        show(path, &diagnostics, &text, language);
        Failure::at(path.display(), "refused; nothing was simulated")
    })
}

fn program(built: &Built) -> Result<Program<'_>, Failure> {
    built.program().map_err(|error| Failure::at(&built.name, error))
}

/// Both contracts must settle the same register; classes may differ.
fn comparable(built: &[Built; 2]) -> Result<(), Failure> {
    let [old, new] = built;
    for one in built {
        let program = program(one)?;
        if program.prices_by_settlement() {
            return Err(Failure(format!(
                "{} has a steps table on the energy of one settlement, and a study settles other \
                 intervals than a meter: use tiers on the energy of the month or the year",
                one.name
            )));
        }
        if let Some(quantity) = unknown_quantity(&program) {
            let (name, quantity) = (&one.name, quantity.name_en());
            return Err(Failure(format!(
                "{name} charges the {quantity}, which no customer here has"
            )));
        }
    }
    if old.direction == new.direction {
        return Ok(());
    }
    Err(Failure(format!(
        "{} settles {}, {} settles {}: compare two contracts of one direction",
        old.name,
        old.direction.name_en(),
        new.name,
        new.direction.name_en()
    )))
}

fn facts(built: &Built, program: &Program<'_>) -> ContractFacts {
    let header = program.header();
    ContractFacts {
        name: built.name.clone(),
        version: built.version,
        class: built.class,
        direction: built.direction,
        interval: header.interval,
        digest: crypto::sm3(&built.bytecode).to_string(),
        defaults: header.signals.iter().map(|rule| (rule.id, rule.default)).collect(),
        monthly: header.quantities.iter().map(|rule| rule.quantity).collect(),
    }
}

fn refused(shown: Shown<'_>, error: &StudyError) -> Failure {
    let label = shown.contracts[error.side].label();
    let who =
        error.customer.map_or_else(|| "every customer".to_owned(), |n| format!("customer {n}"));
    let help = if error.error == contract::SettleError::EnergyAboveBound {
        "; raise the contract's 'at most', or study a class of smaller customers"
    } else if error.error == contract::SettleError::OutsideCalendar {
        "; name a year of its special days with --year, or list this year in the contract"
    } else {
        ""
    };
    Failure(format!(
        "{label} ({} contract) refuses {who}, {}, {} in 15 minutes: {}{help}",
        SIDES[error.side],
        error.start.civil(),
        error.energy,
        error.error
    ))
}

/// The profiles: built-in, or of a file or folder.
fn source(data: Option<&Path>) -> Result<Source, Failure> {
    let Some(path) = data else {
        let metas = parse_metas(builtin::PROFILES_META)?;
        return Ok(Source { tables: builtin::profile_tables().to_vec(), metas });
    };
    if !path.is_dir() {
        return Ok(Source { tables: vec![table(path)?], metas: Vec::new() });
    }
    let mut source = Source { tables: Vec::new(), metas: metas_of(path)? };
    for file in tables_in(path)? {
        source.tables.push(table(&file)?);
    }
    if source.tables.is_empty() {
        return Err(Failure::at(path.display(), "no table of profiles (.csv or .csv.gz) in it"));
    }
    Ok(source)
}

fn metas_of(folder: &Path) -> Result<Vec<Meta>, Failure> {
    let path = folder.join("profiles_meta.csv");
    if !path.exists() {
        return Ok(Vec::new());
    }
    parse_metas(&read_text(&path)?).map_err(|error| Failure::at(path.display(), error))
}

/// Tables of a folder in the order of their names.
fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| Failure::at(folder.display(), error))?;
    let mut files: Vec<PathBuf> =
        entries.filter_map(|entry| entry.ok().map(|one| one.path())).collect();
    files.retain(|path| {
        let name =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        (name.ends_with(".csv") || name.ends_with(".csv.gz")) && name != "profiles_meta.csv"
    });
    files.sort();
    Ok(files)
}

fn table(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::at(path.display(), error))?;
    let mut text = String::new();
    let read = if path.extension().is_some_and(|ending| ending == "gz") {
        GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)
    } else {
        bytes.as_slice().read_to_string(&mut text)
    };
    read.map_err(|error| Failure::at(path.display(), error))?;
    Ok(text)
}
