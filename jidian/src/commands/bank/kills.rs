//! `jidian bank kills`: a real process on a real file, killed at random instants.
//!
//! The parent starts a child that founds or recovers a bank, submits batches without end and says
//! after each which batch is durable. The parent kills it (SIGKILL: no destructor runs), starts it
//! again, and holds what the child finds against what it had said. The child keeps a snapshot of its
//! state every few batches and goes on from it, so many kills hit the writing of one. After some kills
//! the whole log is audited: every batch that was acknowledged is there once, under the very root, and
//! the last snapshot leads to the very state.

use crate::commands::{Failure, new_temporary_directory};
use crate::store::log::Kind;
use crate::store::restart::{Restarted, Start, Unwatched, restart};
use crate::store::snapshots::{self, Every, Keeper, Snapshots};
use crate::store::{BankLog, file_of};
use bank::Bank;
use bank::log::Snapshot;
use bank::record::Record;
use clap::Args;
use serde_json::json;
use simulation::bank_faults::{KeyedDigest, KeyedDigestVerifier, Load};
use simulation::random::Random;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use wire::Digest;

/// Kills of one bank, before the next one is founded: a replay from the beginning stays short.
const KILLS_PER_BANK: u64 = 25;
/// The child keeps its state so often.
const EVERY: Every = Every { bytes: u64::MAX, records: 7 };
/// Most orders of a batch.
const BATCH_ORDERS_MAX: i64 = 40;
/// Longest life of a child behind the instant when it is ready.
const LIFE_MICROSECONDS_MAX: i64 = 25_000;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// How many kills.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    times: u64,
    /// Where the banks write; a new directory, or an empty one. Without it a temporary one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Seed of the instants.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Be the child that writes to this directory.
    #[arg(long, value_name = "DIR", hide = true, conflicts_with_all = ["data", "json"])]
    write: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.write {
        return write(path, arguments.seed);
    }
    let path = match &arguments.data {
        None => new_temporary_directory()?,
        Some(path) => {
            std::fs::create_dir_all(path).map_err(|error| Failure::at(path.display(), error))?;
            path.clone()
        }
    };
    let counts = kill_all(arguments, &path)?;
    if arguments.data.is_none() {
        let _ = std::fs::remove_dir_all(&path);
    }
    let Counts { kills, banks, batches, orders, before_ready, from_snapshot } = counts;
    if arguments.json {
        println!(
            "{:#}",
            json!({
                "kills": kills,
                "kills_before_ready": before_ready,
                "starts_from_a_snapshot": from_snapshot,
                "banks": banks,
                "batches_acknowledged": batches,
                "orders_acknowledged": orders,
                "lost": 0,
                "doubled": 0,
            })
        );
    } else {
        println!(
            "{kills} kills ({before_ready} before the start was over), {from_snapshot} starts from a \
             snapshot, {banks} banks, {batches} batches with {orders} orders acknowledged: none lost, \
             none doubled"
        );
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    kills: u64,
    before_ready: u64,
    from_snapshot: u64,
    banks: u64,
    batches: u64,
    orders: u64,
}

/// What children of one bank have said.
#[derive(Default)]
struct Said {
    /// Root of each batch acknowledged.
    roots: BTreeMap<u64, Digest>,
    /// Last order acknowledged.
    sequence: u64,
    /// Starts that went on from a snapshot.
    from_snapshot: u64,
}

fn kill_all(arguments: &Arguments, directory: &Path) -> Result<Counts, Failure> {
    let dice = Random::from_seed(arguments.seed);
    let terminal = std::io::stderr().is_terminal();
    let mut counts = Counts::default();
    while counts.kills < arguments.times {
        let path = directory.join(format!("bank-{:05}", counts.banks));
        std::fs::create_dir(&path).map_err(|error| Failure::at(path.display(), error))?;
        let mut said = Said::default();
        for _ in 0..KILLS_PER_BANK.min(arguments.times - counts.kills) {
            let ready = live_and_die(&path, dice.part(counts.kills), &mut said)?;
            counts.kills += 1;
            counts.before_ready += u64::from(!ready);
            if terminal {
                eprint!("\r{} of {} kills", counts.kills, arguments.times);
            }
        }
        audit(&path, &said)?;
        counts.banks += 1;
        counts.batches += said.roots.len() as u64;
        counts.orders += said.sequence;
        counts.from_snapshot += said.from_snapshot;
        std::fs::remove_dir_all(&path).map_err(|error| Failure::at(path.display(), error))?;
    }
    if terminal {
        eprint!("\r\x1b[K");
    }
    Ok(counts)
}

/// One life of a child; whether its start was over when it died.
fn live_and_die(path: &Path, dice: Random, said: &mut Said) -> Result<bool, Failure> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.args(["bank", "kills", "--write"]).arg(path);
    command.args(["--seed", &(dice.part(1).number() >> 1).to_string()]);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().expect("the output is piped")).lines();
    let pause =
        Duration::from_micros(dice.part(2).between(0, LIFE_MICROSECONDS_MAX).unsigned_abs());
    let early = dice.part(3).between(1, 5) == 1;
    let ready = if early { None } else { Some(lines.next()) };
    std::thread::sleep(pause);
    kill(&mut child)?;
    let mut first = true;
    // What was said before the kill is still in the pipe; a line cut short was never heard.
    for line in ready.flatten().into_iter().chain(lines) {
        let line = line?;
        if first {
            said.must_still_be_there(&line, path)?;
            said.from_snapshot += u64::from(line.ends_with(FROM_SNAPSHOT));
            first = false;
        } else if let Some((batch, sequence, root)) = parse(&line) {
            said.roots.insert(batch, root);
            said.sequence = said.sequence.max(sequence);
        }
    }
    Ok(!first)
}

fn kill(child: &mut Child) -> Result<(), Failure> {
    if let Some(status) = child.try_wait()? {
        return Err(Failure::from(format!("the child ended by itself: {status}")));
    }
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// What the first line of a child ends with, if it went on from a snapshot.
const FROM_SNAPSHOT: &str = " from a snapshot";

/// A line of a child: batch, last order, root.
fn parse(line: &str) -> Option<(u64, u64, Digest)> {
    let mut words = line.split(' ');
    let (batch, sequence) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((batch, sequence, words.next()?.parse().ok()?))
}

impl Said {
    /// The first line of a child says what it found.
    fn must_still_be_there(&self, line: &str, path: &Path) -> Result<(), Failure> {
        let Some((batch, sequence, _)) = parse(line) else { return Ok(()) };
        let last = self.roots.keys().next_back().copied().unwrap_or_default();
        if batch >= last && sequence >= self.sequence {
            return Ok(());
        }
        let what = format!(
            "the restart found batch {batch} and order {sequence}; batch {last} and order {} were \
             acknowledged",
            self.sequence
        );
        Err(Failure::at(path.display(), what))
    }
}

/// The whole log: signatures, decisions, sums, each batch under the root that was told. A start from
/// the last snapshot must find the same state.
fn audit(path: &Path, said: &Said) -> Result<(), Failure> {
    let fail = |what: &dyn core::fmt::Display| Failure::at(path.display(), what);
    let load = Load::new();
    let mut records = BankLog::records_of(&path.join(file_of(Kind::Bank)))?;
    let all: Vec<Vec<u8>> = records.by_ref().collect();
    if let Some(failure) = records.failure() {
        return Err(fail(failure));
    }
    let report = bank::audit(&all, load.authority(), &KeyedDigestVerifier);
    let report = report.map_err(|damage| fail(&damage))?;
    let (bank, _, _) = go_on(path, &load)?;
    if bank.registration().state_digest() != report.state {
        return Err(fail(&"the snapshot and the records behind it lead to another state"));
    }
    let mut sequence = 0;
    let mut roots = BTreeMap::new();
    for bytes in all.iter().skip(1) {
        let record = Record::from_bytes(bytes).map_err(|error| fail(&error))?;
        let orders = record.entries.iter().filter(|entry| entry.operation.signer() == load.payer());
        for entry in orders.filter(|entry| entry.code.burns_sequence()) {
            sequence += 1;
            if entry.operation.sequence() != sequence {
                return Err(fail(&format!("order {sequence} is missing or doubled")));
            }
        }
        roots.insert(record.root.body.batch, crypto::digest(&record.root.body));
    }
    match said.roots.iter().find(|(batch, root)| roots.get(batch) != Some(root)) {
        None if sequence >= said.sequence => Ok(()),
        None => Err(fail(&format!("order {} was acknowledged and is lost", said.sequence))),
        Some((batch, _)) => Err(fail(&format!("batch {batch} was acknowledged and is lost"))),
    }
}

/// The child: founds or recovers a bank, and submits batches until somebody kills it.
fn write(path: &Path, seed: u64) -> Result<(), Failure> {
    let load = Load::new();
    let (mut bank, mut keeper, start) = open(path, &load)?;
    let mut told = start.and_then(|start| start.behind).map_or("", |_| FROM_SNAPSHOT);
    let at = load.genesis().at;
    for (batch, number) in load.founding().iter().zip(0..) {
        if bank.registration().last_batch() == number {
            bank.submit(at, batch.clone(), &KeyedDigestVerifier)?;
        }
    }
    let mut out = std::io::stdout().lock();
    let dice = Random::from_seed(seed);
    for number in 0.. {
        let registration = bank.registration();
        let chain = registration.chain(load.payer()).unwrap_or(bank::registration::Chain::START);
        let (batch, root) = (registration.last_batch(), registration.last_root());
        let root = root.map(|root| crypto::digest(&root.body)).unwrap_or_default();
        writeln!(out, "{batch} {} {root}{told}", chain.sequence)?;
        out.flush()?;
        told = "";
        if keeper.is_due(bank.log().stored().place()) {
            let state = bank.registration().to_snapshot();
            keeper.take(Snapshot::of(bank.log().stored(), state));
        }
        let count = dice.part(number).between(1, BATCH_ORDERS_MAX).unsigned_abs();
        let orders = load.orders(chain, at, usize::try_from(count)?);
        bank.submit(at, orders, &KeyedDigestVerifier)?;
    }
    Ok(())
}

/// A bank, where its snapshots go, and how it went on.
type Opened = (Bank<BankLog, KeyedDigest>, Keeper, Option<Start>);

/// Opens the bank of a directory. A log that was never begun in full is begun anew.
fn open(directory: &Path, load: &Load) -> Result<Opened, Failure> {
    let path = directory.join(file_of(Kind::Bank));
    let begun = BankLog::records_of(&path).is_ok_and(|mut records| records.next().is_some());
    if begun {
        return go_on(directory, load);
    }
    let _ = std::fs::remove_file(&path);
    let log = BankLog::create(&path)?;
    let signer = Load::registration_key();
    let bank = Bank::found(load.genesis(), signer, log, &KeyedDigestVerifier)?;
    Ok((bank, Keeper::new(Snapshots::of(directory)).every(EVERY), None))
}

fn go_on(directory: &Path, load: &Load) -> Result<Opened, Failure> {
    let signer = Load::registration_key();
    let Restarted { bank, keeper, start, notes, .. } =
        restart(directory, load.authority(), &signer, &Unwatched)?;
    // A process that dies leaves no half of a snapshot in the place of a whole one.
    match notes.into_iter().find(|note| note.contains(snapshots::FILE)) {
        None => Ok((bank, keeper.every(EVERY), Some(start))),
        Some(note) => Err(Failure::from(note)),
    }
}
