//! How long a bank takes to start again: from the snapshots that it takes by itself, from the one of
//! a clean end, and from the whole log.

use super::city::{self, Payees, START, Unchecked};
use crate::commands::Failure;
use crate::store::log::Kind;
use crate::store::restart::{Restarted, Unwatched, restart};
use crate::store::snapshots::{Every, FILE, Keeper, Snapshots};
use crate::store::{BankLog, file_of};
use bank::log::Snapshot;
use bank::{Bank, Registration};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

const BATCH: usize = 8192;

pub(super) fn run(customers: usize, transfers: u64, path: &Path) -> Result<Value, Failure> {
    let log = BankLog::create(&path.join(file_of(Kind::Bank)))?;
    let (mut bank, mut city) = city::found(customers, log, |_| {})?;
    let mut keeper = Keeper::new(Snapshots::of(path)).every(Every::USUAL);
    let mut pauses = Vec::new();
    for _ in 0..transfers.div_ceil(BATCH as u64) {
        let orders = city.orders(BATCH, (Payees::Uniform, 1));
        let batch = bank.registration().authenticate_all(orders, &Unchecked);
        bank.settle(START, &batch)?;
        if keeper.is_due(bank.log().stored().place()) {
            pauses.push(keep(&bank, &mut keeper));
        }
    }
    keeper.finish();
    let state = bank.registration().state_digest();
    let log_bytes = bank.log().stored().place().offset;
    // As after a death: the last snapshot is one that was taken on the way.
    drop(bank);
    let killed = start(path, state)?;
    let Restarted { bank, mut keeper, .. } = go_on(path)?;
    let pause = keep(&bank, &mut keeper);
    let begin = Instant::now();
    keeper.finish();
    let written = begin.elapsed();
    drop(bank);
    let snapshot_bytes = std::fs::metadata(path.join(FILE))?.len();
    let stopped = start(path, state)?;
    std::fs::remove_file(path.join(FILE))?;
    let whole = start(path, state)?;
    Ok(json!({
        "wallets": customers,
        "transfers": transfers.div_ceil(BATCH as u64) * BATCH as u64,
        "log_bytes": log_bytes,
        "snapshot_bytes": snapshot_bytes,
        "snapshots_taken_by_itself": pauses.len(),
        "writer_waits_milliseconds": pauses.into_iter().chain([pause]).collect::<Vec<f64>>(),
        "written_and_synced_milliseconds": written.as_secs_f64() * 1e3,
        "start_behind_the_last_one": killed,
        "start_after_a_clean_end": stopped,
        "start_without": whole,
    }))
}

/// Takes a snapshot as the service does; tells how long the writer waits.
fn keep<S: crypto::Sign>(bank: &Bank<BankLog, S>, keeper: &mut Keeper) -> f64 {
    let begin = Instant::now();
    let state = bank.registration().to_snapshot();
    keeper.take(Snapshot::of(bank.log().stored(), state));
    begin.elapsed().as_secs_f64() * 1e3
}

fn go_on(path: &Path) -> Result<Restarted<city::Unsigned, Unwatched>, Failure> {
    let (authority, signer) = city::keys();
    Ok(restart(path, &authority, &signer, &Unwatched)?)
}

fn start(path: &Path, state: wire::Digest) -> Result<Value, Failure> {
    let begin = Instant::now();
    let Restarted { bank, start, notes, .. } = go_on(path)?;
    let milliseconds = begin.elapsed().as_secs_f64() * 1e3;
    assert_eq!(Registration::state_digest(bank.registration()), state, "it is the same state");
    assert!(notes.is_empty(), "{notes:?}");
    Ok(json!({
        "milliseconds": milliseconds,
        "behind_batch": start.behind,
        "batches_repeated": start.repeated,
    }))
}
