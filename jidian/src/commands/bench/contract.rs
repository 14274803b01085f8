//! `jidian bench contract`: the executors of one contract side by side.

use crate::commands::Failure;
use crate::pilot::builtin;
use ::contract::bulk::{
    Column, Movements, Plan, Postings, QuantityColumn, QuantityColumns, SignalColumn,
    SignalColumns, Times,
};
use ::contract::{Carries, Facts, Program, Quantities, Signals, wasm};
use clap::Args;
use quantity::{CivilDate, Duration, Energy, Instant, Money, Price};
use serde_json::{Value, json};
use simulation::random::Random;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time;

/// Rows whose columns stay in a core's own caches.
const ROWS_IN_CACHE: usize = 2048;
/// Rows whose columns don't fit any cache.
const ROWS_STREAMING: usize = 2_000_000;
/// Meters that settle one interval before the next one begins.
const METERS: usize = 4096;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// A contract source [default: the built-in Henan residential contract].
    file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (name, text) = source(arguments.file.as_deref())?;
    let built = ::contract::build(&text).map_err(|faults| {
        Failure::at(&name, format!("{} fault(s); run jidian contract check", faults.len()))
    })?;
    let program = built.program()?;
    let (short, long) = (Rows::new(&program, ROWS_IN_CACHE), Rows::new(&program, ROWS_STREAMING));
    let load = best(200, 1, || assert!(Program::load(&built.bytecode).is_ok()));
    let report = json!({
        "contract": name,
        "byte_code_bytes": built.bytecode.len(),
        "load_with_proofs_nanoseconds": load,
        "interpreter": speed(interpreter(&program, &short)),
        "bulk_in_cache": speed(bulk(&program, &short, (2000, true))),
        "bulk_in_cache_own_times": speed(bulk(&program, &short, (2000, false))),
        "bulk_from_memory": speed(bulk(&program, &long, (5, true))),
        "bulk_from_memory_own_times": speed(bulk(&program, &long, (5, false))),
        "wasm_engine": speed(wasm_engine(&program, &short)?),
        "chip": chip(),
    });
    if arguments.json {
        println!("{report:#}");
    } else {
        tell(&report);
    }
    Ok(())
}

fn source(file: Option<&Path>) -> Result<(String, String), Failure> {
    let usual = "residential-henan";
    let Some(file) = file else {
        let text = builtin::contract(usual).expect("it is built in");
        return Ok((usual.to_owned(), text.to_owned()));
    };
    let text = std::fs::read_to_string(file).map_err(|error| Failure::at(file.display(), error))?;
    Ok((file.display().to_string(), text))
}

/// Movements of many meters, one interval after the other.
struct Rows {
    starts: Vec<Instant>,
    ends: Vec<Instant>,
    energy: Vec<Energy>,
    month: Vec<Energy>,
    /// For each signal of the contract.
    prices: Vec<Vec<Price>>,
}

impl Rows {
    fn new(program: &Program<'_>, rows: usize) -> Self {
        let header = program.header();
        let random = Random::from_seed(7);
        let numbers = |part: u64, low: i64, high: i64| {
            let random = random.part(part);
            (0..rows as u64).map(move |row| random.part(row).between(low, high))
        };
        let most = header.energy_max.milliwatt_hours().min(3_000_000);
        let begin = CivilDate { year: 2026, month: 7, day: 1 }.start() + Duration::from_hours(20);
        let interval = header.interval;
        let turn = |row: usize| i64::try_from(row / METERS).expect("a few hundred");
        let starts: Vec<_> = (0..rows).map(|row| begin + interval * turn(row)).collect();
        let signals = (10..).zip(&header.signals);
        let prices = signals.map(|(part, rule)| {
            let (low, high) = (rule.low.micro_yuan_per_kwh(), rule.high.micro_yuan_per_kwh());
            numbers(part, low, high).map(Price::from_micro_yuan_per_kwh).collect()
        });
        Self {
            ends: starts.iter().map(|start| *start + interval).collect(),
            starts,
            energy: numbers(1, 0, most).map(Energy::from_milliwatt_hours).collect(),
            month: numbers(2, 0, 400_000_000).map(Energy::from_milliwatt_hours).collect(),
            prices: prices.collect(),
        }
    }

    fn signals(&self, program: &Program<'_>) -> SignalColumns<'_> {
        let header = program.header();
        let from = self.starts[0];
        let columns = header.signals.iter().zip(&self.prices);
        columns.fold(SignalColumns::default(), |all, (rule, prices)| {
            all.with(rule.id, SignalColumn::Prices { prices, from })
        })
    }

    /// What the interpreter is given for a row of the first interval.
    fn facts<'f>(&self, row: usize, signals: &'f Signals, quantities: &'f Quantities) -> Facts<'f> {
        Facts {
            start: self.starts[0],
            end: self.ends[0],
            energy: self.energy[row],
            month_before: self.month[row],
            year_before: self.month[row],
            signals,
            quantities,
            held: Money::ZERO,
        }
    }

    fn signals_of(&self, program: &Program<'_>, row: usize) -> Signals {
        let header = program.header();
        let values = header.signals.iter().zip(&self.prices);
        values.fold(Signals::NONE, |all, (rule, prices)| {
            all.with(rule.id, prices[row], self.starts[0])
        })
    }
}

/// Each quantity that the contract reads, at half of its bound.
fn quantities(program: &Program<'_>) -> Quantities {
    let header = program.header();
    let rules = header.quantities.iter();
    rules.fold(Quantities::NONE, |all, rule| all.with(rule.quantity, rule.most / 2))
}

fn interpreter(program: &Program<'_>, rows: &Rows) -> f64 {
    let quantities = quantities(program);
    let signals: Vec<_> = (0..ROWS_IN_CACHE).map(|row| rows.signals_of(program, row)).collect();
    let mut carries = vec![Carries::ZERO; ROWS_IN_CACHE];
    best(50, ROWS_IN_CACHE, || {
        for (row, carries) in carries.iter_mut().enumerate() {
            let settled = program.settle(&rows.facts(row, &signals[row], &quantities), carries);
            black_box(settled.expect("the facts are sound"));
        }
    })
}

/// With one interval for all rows, or with an interval for each.
fn bulk(program: &Program<'_>, rows: &Rows, (rounds, shared): (u32, bool)) -> f64 {
    let known = quantities(program);
    let header = program.header();
    let columns = header.quantities.iter().fold(QuantityColumns::default(), |all, rule| {
        let amount = known.get(rule.quantity).expect("each rule has one");
        all.with(rule.quantity, QuantityColumn::Shared(amount))
    });
    let times = match shared {
        true => Times::Shared { start: rows.starts[0], end: rows.ends[0] },
        false => Times::Rows { starts: &rows.starts, ends: &rows.ends },
    };
    let movements = Movements {
        times,
        energy: &rows.energy,
        month_before: Column::Rows(&rows.month),
        year_before: Column::Rows(&rows.month),
        signals: rows.signals(program),
        quantities: columns,
        held: Column::Shared(Money::ZERO),
    };
    let mut plan = Plan::new(program);
    let mut postings = Postings::new(plan.legs(), rows.energy.len());
    let nanoseconds = best(rounds, rows.energy.len(), || plan.settle(&movements, &mut postings));
    assert!(postings.refused.is_empty(), "the facts are sound");
    nanoseconds
}

/// The emitted module in wasmi; what a caller spends on writing the facts counts.
fn wasm_engine(program: &Program<'_>, rows: &Rows) -> Result<f64, Failure> {
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, wasm::emit(program))?;
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
    let settle = instance.get_typed_func::<(), i32>(&store, "settle")?;
    let memory = instance.get_memory(&store, "memory").ok_or("the module exports no memory")?;
    let known = quantities(program);
    let inputs: Vec<_> = (0..ROWS_IN_CACHE)
        .map(|row| {
            let signals = rows.signals_of(program, row);
            wasm::input(&rows.facts(row, &signals, &known), &Carries::ZERO)
        })
        .collect();
    let mut refused = 0;
    let nanoseconds = best(10, ROWS_IN_CACHE, || {
        for input in &inputs {
            memory.data_mut(&mut store)[..input.len()].copy_from_slice(input);
            refused += settle.call(&mut store, ()).map_or(1, i32::abs);
        }
    });
    if refused == 0 { Ok(nanoseconds) } else { Err("the module refused sound facts".into()) }
}

/// Flash and RAM of the machine on a Cortex-M4, measured now from the sources of this program; says
/// why not, where they aren't at hand.
fn chip() -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../meter/firmware/measure");
    let measured = Command::new(&script).output();
    let output = match measured {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("it failed").to_owned();
            return json!({ "not_measured": format!("{}: {last}", script.display()) });
        }
        Err(error) => return json!({ "not_measured": format!("{}: {error}", script.display()) }),
    };
    serde_json::from_slice(&output)
        .unwrap_or_else(|error| json!({ "not_measured": error.to_string() }))
}

/// Nanoseconds of one of `calls`, in the best of some rounds.
fn best(rounds: u32, calls: usize, mut work: impl FnMut()) -> f64 {
    let times = (0..rounds).map(|_| {
        let begin = time::Instant::now();
        work();
        begin.elapsed()
    });
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    let calls = calls as f64;
    times.min().unwrap_or_default().as_secs_f64() * 1e9 / calls
}

fn speed(nanoseconds: f64) -> Value {
    json!({
        "nanoseconds": nanoseconds,
        "million_settlements_per_second": 1000.0 / nanoseconds,
    })
}

fn tell(report: &Value) {
    let text = |key: &str| report[key].as_str().unwrap_or_default().to_owned();
    println!("{}: {} bytes of byte code", text("contract"), report["byte_code_bytes"]);
    let rows = [
        ("interpreter", "interpreter of the meter"),
        ("bulk_in_cache", "bulk, one interval, in cache"),
        ("bulk_in_cache_own_times", "bulk, an interval for each row, in cache"),
        ("bulk_from_memory", "bulk, one interval, from memory"),
        ("bulk_from_memory_own_times", "bulk, an interval for each row, from memory"),
        ("wasm_engine", "emitted module in wasmi"),
    ];
    let number = |key: &str, unit: &str| report[key][unit].as_f64().unwrap_or_default();
    for (key, label) in rows {
        let rate = number(key, "million_settlements_per_second");
        println!("  {label:44} {:8.1} ns  {rate:7.1} million/s", number(key, "nanoseconds"));
    }
    let load = report["load_with_proofs_nanoseconds"].as_f64().unwrap_or_default();
    println!("  {:44} {:8.1} us", "load with all proofs and examples", load / 1000.0);
    let chip = &report["chip"];
    if let Some(why) = chip["not_measured"].as_str() {
        println!("  Cortex-M4: not measured, {why}");
        return;
    }
    println!(
        "  Cortex-M4: interpreter {} bytes of flash, {} with the proofs at load",
        chip["interpreter_flash_bytes"], chip["machine_flash_bytes"]
    );
    println!(
        "  Cortex-M4: stack of a settlement {} bytes, of a load {}",
        chip["run"]["settle_stack_bytes"], chip["run"]["load_stack_bytes"]
    );
}
