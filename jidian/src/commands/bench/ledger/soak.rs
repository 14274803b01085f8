//! Very many transfers in one go: is every fen there at the end, and does memory stay flat? A transfer
//! is one leg: money from one wallet to another.

use super::city::{self, City, Payees, START, Unchecked};
use super::{cut_receipts, rate, resident_bytes};
use crate::commands::Failure;
use crate::pipeline;
use bank::registration::Digested;
use bank::{LogError, OrderedLog};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::time::Instant;

const BATCH: usize = 8192;
/// One, two and three legs by turns.
const LEGS_AVERAGE: u64 = 2;

/// A log that keeps nothing: a billion records would fill any disk.
#[derive(Debug)]
struct Forgetful;

impl OrderedLog for Forgetful {
    fn append(&mut self, _: u64, record: &[u8]) -> Result<(), LogError> {
        std::hint::black_box(record);
        Ok(())
    }

    fn read(&mut self, _: u64) -> Result<Vec<u8>, LogError> {
        Err(LogError { reason: "this log keeps nothing".into() })
    }
}

pub(super) fn run(customers: usize, transfers: u64, json: bool) -> Result<(), Failure> {
    let (mut bank, mut city) = city::found(customers, Forgetful, |_| {})?;
    let batches = (transfers / LEGS_AVERAGE).div_ceil(BATCH as u64);
    let begin = Instant::now();
    let (mut refused, mut done, mut moved, mut memory) = (0, 0_u64, 0, Vec::new());
    let source = (0..batches).map(|number| (number, batch(&mut city, number)));
    pipeline::run(&mut bank, &Unchecked, START, source, |number, settled| {
        refused += cut_receipts(&settled);
        done = number + 1;
        moved += settled.movements.len();
        if done * 10 % batches < 10 {
            memory.push(resident_bytes());
        }
        progress(done, batches);
    })?;
    let total = begin.elapsed();
    let registration = bank.registration();
    // Counts every wallet anew, and compares account view with coin view.
    let error = registration.wallets_total() - registration.issued();
    let report = json!({
        "orders": done * BATCH as u64,
        "transfers": moved,
        "refused": refused,
        "orders_per_second": rate(usize::try_from(done).unwrap_or(0) * BATCH, total),
        "transfers_per_second": rate(moved, total),
        "error_fen": error.fen(),
        "memory_bytes": memory,
        "wall_seconds": total.as_secs_f64(),
    });
    if json {
        println!("{report:#}");
    } else {
        println!(
            "{} transfers in {} orders in {:.0} s, {} refused, error {} fen; memory {:?} bytes",
            report["transfers"],
            report["orders"],
            total.as_secs_f64(),
            refused,
            error.fen(),
            memory
        );
    }
    let sound = refused == 0 && error.is_zero();
    if sound { Ok(()) } else { Err(Failure::at("the ledger", "money was made or lost")) }
}

/// Half of the batches have hot payees, a third more legs than one.
fn batch(city: &mut City, number: u64) -> Vec<Digested> {
    let payees = if number.is_multiple_of(2) { Payees::Uniform } else { Payees::Hot };
    let legs = usize::try_from(1 + number % 3).expect("small");
    city.orders(BATCH, (payees, legs))
}

fn progress(done: u64, all: u64) {
    if done.is_multiple_of(128) && std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr(), "\r{:.1} %", done as f64 * 100.0 / all as f64);
    }
}
