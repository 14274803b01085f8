//! `jidian bench ledger`: durable transfers per second.

mod city;
mod restart;
mod soak;
mod sqlite;

use crate::commands::{Failure, new_temporary_directory};
use crate::pilot::Threads;
use crate::pipeline;
use crate::store::BankLog;
use bank::registration::Digested;
use bank::{Bank, Operation, Settled};
use city::{City, Payees, START, Unchecked, Unsigned};
use clap::Args;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use wire::Wire;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// Customers' wallets, each with a key.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(2..))]
    wallets: u32,
    /// Transfers of each row of the table.
    #[arg(long, default_value_t = 1_000_000)]
    transfers: u32,
    /// Orders of a batch.
    #[arg(long, default_value_t = 8192, value_parser = clap::value_parser!(u32).range(1..65_536))]
    batch: u32,
    /// Don't run SQLite.
    #[arg(long)]
    alone: bool,
    /// Instead: so many transfers (legs, in orders of one to three) in one go, on a log that keeps
    /// nothing, and at the end every fen counted.
    #[arg(long, value_name = "TRANSFERS")]
    soak: Option<u64>,
    /// Instead: how long a start takes behind so many transfers, with and without a snapshot; as JSON.
    #[arg(long, value_name = "TRANSFERS", conflicts_with = "soak")]
    restart: Option<u64>,
    /// Where the log is written [default: a directory under the system's temporary one].
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One row of the table.
const ROWS: [(Payees, usize); 6] = [
    (Payees::Uniform, 1),
    (Payees::Uniform, 2),
    (Payees::Uniform, 3),
    (Payees::Hot, 1),
    (Payees::Hot, 2),
    (Payees::Hot, 3),
];

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(transfers) = arguments.soak {
        return soak::run(arguments.wallets as usize, transfers, arguments.json);
    }
    let path = match &arguments.data {
        Some(path) => path.clone(),
        None => new_temporary_directory()?,
    };
    std::fs::create_dir_all(&path).map_err(|error| Failure::at(path.display(), error))?;
    let report = match arguments.restart {
        Some(transfers) => restart::run(arguments.wallets as usize, transfers, &path),
        None => measure(arguments, &path),
    };
    if arguments.data.is_none() {
        let _ = std::fs::remove_dir_all(&path);
    }
    let report = report?;
    if arguments.json || arguments.restart.is_some() {
        println!("{report:#}");
    } else {
        tell(&report);
    }
    Ok(())
}

fn measure(arguments: &Arguments, path: &Path) -> Result<Value, Failure> {
    let customers = arguments.wallets as usize;
    let before = resident_bytes();
    let log = BankLog::create(&path.join("ledger.log"))?;
    let (mut bank, mut city) = city::found(customers, log, |done| founding(done, customers))?;
    let per_wallet = (resident_bytes() - before) / i64::from(arguments.wallets);
    let mut rows = Vec::new();
    for (payees, legs) in ROWS {
        let mut row = ledger(&mut bank, &mut city, (payees, legs), arguments)?;
        if !arguments.alone {
            compare(&mut row, path, (payees, legs), arguments)?;
        }
        rows.push(row);
    }
    let issued = bank.registration().issued();
    let (_, verify) = super::signatures();
    Ok(json!({
        "wallets": customers,
        "threads": Threads::new().count(),
        "orders_per_batch": arguments.batch,
        "memory_per_wallet_and_key_bytes": per_wallet,
        "rows": rows,
        "conserved": bank.registration().wallets_total() == issued,
        "sm2_verify_microseconds": verify,
    }))
}

/// Bytes of the batches of one row, as customers send them: making them isn't measured.
fn encoded(city: &mut City, shape: (Payees, usize), arguments: &Arguments) -> Vec<Vec<u8>> {
    let batch = arguments.batch as usize;
    let batches = (arguments.transfers as usize).div_ceil(batch);
    let one = |city: &mut City| {
        let mut bytes = Vec::new();
        for order in city.orders(batch, shape) {
            order.operation().write(&mut |part| bytes.extend_from_slice(part));
        }
        bytes
    };
    (0..batches).map(|_| one(city)).collect()
}

fn decode(bytes: &[u8]) -> Vec<Digested> {
    let mut reader = wire::Reader::new(bytes);
    let mut operations = Vec::new();
    while reader.remaining() > 0 {
        operations.push(Operation::read(&mut reader).expect("the bytes were just written"));
    }
    Digested::all(operations)
}

fn ledger(
    bank: &mut Bank<BankLog, Unsigned>,
    city: &mut City,
    row: (Payees, usize),
    arguments: &Arguments,
) -> Result<Value, Failure> {
    let batches = encoded(city, row, arguments);
    let mut commits = Vec::with_capacity(batches.len());
    let mut refused = 0;
    let begin = Instant::now();
    let source = batches.iter().map(|bytes| (Instant::now(), decode(bytes)));
    let sink = |arrived: Instant, settled: Settled| {
        refused += cut_receipts(&settled);
        commits.push(arrived.elapsed());
    };
    pipeline::run(bank, &Unchecked, START, source, sink)?;
    let total = begin.elapsed();
    assert_eq!(refused, 0, "every transfer is good");
    let transfers = batches.len() * arguments.batch as usize;
    let (payees, legs) = row;
    Ok(json!({
        "payees": match payees { Payees::Uniform => "uniform", Payees::Hot => "one hot wallet" },
        "legs": legs,
        "transfers": transfers,
        "transfers_per_second": rate(transfers, total),
        "commit": latencies(commits),
    }))
}

/// Cuts all receipts of a batch and returns how many operations were refused.
fn cut_receipts(settled: &Settled) -> usize {
    let batch = settled.batch.as_ref().expect("the batch wasn't empty");
    let mut bytes = Vec::with_capacity(1024);
    for leaf in 0..settled.codes.len() {
        let Some(receipt) = batch.receipt(leaf) else { break };
        bytes.clear();
        receipt.write(&mut |part| bytes.extend_from_slice(part));
        assert!(bytes.len() <= 1024, "a receipt is small");
        std::hint::black_box(&bytes);
    }
    settled.codes.iter().filter(|code| code.number() != 0).count()
}

fn compare(
    row: &mut Value,
    path: &Path,
    shape: (Payees, usize),
    arguments: &Arguments,
) -> Result<(), Failure> {
    // SQLite is an order of magnitude slower: fewer transfers tell as much.
    let transfers = (arguments.transfers as usize / 8).max(arguments.batch as usize);
    let customers = arguments.wallets as usize;
    let (_, mut city) = city::found(customers.min(100_000), bank::MemoryLog::new(), |_| {})?;
    let file = path.join("peer.sqlite");
    let size = (transfers, arguments.batch as usize);
    let peer = sqlite::run(&file, &mut city, customers, shape, size);
    let peer = peer.map_err(|error| Failure::at("SQLite", error.to_string()))?;
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(path.join(format!("peer.sqlite{ending}")));
    }
    let rate = rate(peer.transfers, peer.total);
    let ours = row["transfers_per_second"].as_f64().unwrap_or_default();
    row["sqlite_transfers_per_second"] = json!(rate);
    row["sqlite_commit"] = latencies(peer.batches);
    row["times_sqlite"] = json!(ours / rate);
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(transfers: usize, total: Duration) -> f64 {
    transfers as f64 / total.as_secs_f64()
}

fn latencies(mut all: Vec<Duration>) -> Value {
    all.sort_unstable();
    let at = |permille: usize| {
        let place = ((all.len() - 1) * permille).div_ceil(1000);
        all[place].as_secs_f64() * 1e3
    };
    json!({
        "p50_milliseconds": at(500),
        "p99_milliseconds": at(990),
        "worst_milliseconds": at(1000),
    })
}

/// Memory that the process has in use.
fn resident_bytes() -> i64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<i64>().ok());
    pages.unwrap_or_default() * 4096
}

fn founding(done: usize, all: usize) {
    if std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr(), "\r{done} of {all} wallets opened");
    }
}

fn tell(report: &Value) {
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    println!(
        "{} wallets, {} bytes of memory each with its key; {} orders a batch, {} threads\n",
        report["wallets"],
        report["memory_per_wallet_and_key_bytes"],
        report["orders_per_batch"],
        report["threads"]
    );
    println!("payees          legs  transfers/s   p50 ms   p99 ms  worst ms  times SQLite");
    for row in report["rows"].as_array().into_iter().flatten() {
        let commit = &row["commit"];
        println!(
            "{:<15} {:>4}  {:>11.0} {:>8.1} {:>8.1} {:>9.1} {:>13.1}",
            row["payees"].as_str().unwrap_or_default(),
            row["legs"],
            number(&row["transfers_per_second"]),
            number(&commit["p50_milliseconds"]),
            number(&commit["p99_milliseconds"]),
            number(&commit["worst_milliseconds"]),
            number(&row["times_sqlite"]),
        );
    }
    println!(
        "\nSM2 on one core, not in the rates above: verify {:.0} us",
        number(&report["sm2_verify_microseconds"])
    );
}
