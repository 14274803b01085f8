//! `jidian bench cluster`: transfers per second of three ledger nodes on a running JetStream.

use crate::cluster::data::{self, Manifest, NodeDirectory};
use crate::cluster::engine::{self, Engine, Event, Settings, Submission};
use crate::cluster::network::{self, Running};
use crate::cluster::stream::{FirstStart, Plan};
use crate::cluster::synced;
use crate::commands::bank::customers::{Customer, customer, opening};
use crate::commands::bank::init::FOUNDED;
use crate::commands::{Failure, new_temporary_directory};
use crate::store::snapshots::Every;
use bank::Operation;
use bank::cluster::ledger::Proofs;
use bank::cluster::node::{Identity, Timing};
use bank::cluster::protocol::{Reply, Status};
use bank::cluster::{Address, Envelope, NodeName};
use clap::Args;
use crypto::Verify;
use quantity::Duration;
use serde_json::json;
use simulation::founding::{Founding, Keys};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wire::identity::PublicKey;
use wire::{Signature, Wire};

const NODES: [&str; 3] = ["n1", "n2", "n3"];

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// The NATS servers.
    #[arg(long, value_delimiter = ',', required = true)]
    nats: Vec<String>,
    /// Their monitoring pages, HOST:PORT each.
    #[arg(long, value_delimiter = ',', required = true)]
    monitor: Vec<String>,
    /// Transfers to be made.
    #[arg(long, default_value_t = 500_000)]
    transfers: usize,
    /// Wallets that pay each other.
    #[arg(long, default_value_t = 10_000)]
    wallets: u64,
    /// Transfers of one record.
    #[arg(long, default_value_t = 3000)]
    batch: usize,
    /// Batches that a client keeps on their way.
    #[arg(long, default_value_t = 6)]
    under_way: usize,
    /// Ask for a receipt of each transfer.
    #[arg(long)]
    receipts: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Takes every signature for good: what signatures cost is measured apart.
#[derive(Clone, Copy)]
struct Trusting;

impl Verify for Trusting {
    fn verify_parts(&self, _: &PublicKey, _: &[&[u8]], _: &Signature) -> bool {
        true
    }
}

/// What was measured.
struct Found {
    seconds: f64,
    latencies_us: Vec<u128>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    synced::check(&arguments.monitor)?;
    let directory = new_temporary_directory()?;
    let measured = measure(arguments, &directory);
    let removed = std::fs::remove_dir_all(&directory);
    let found = measured?;
    removed?;
    report(arguments, found);
    Ok(())
}

fn measure(arguments: &Arguments, directory: &Path) -> Result<Found, Failure> {
    let seed = u64::from(std::process::id());
    let mut customers: Vec<Customer> =
        (0..arguments.wallets).map(|number| customer(seed, number)).collect();
    let opening = opening(seed, &customers);
    let batches = prepare(arguments, &mut customers);
    let end = Arc::new(AtomicBool::new(false));
    let mut inboxes = Vec::new();
    let mut threads = Vec::new();
    for name in NODES {
        let (events, thread) = start(arguments, &directory.join(name), name, &end)?;
        inboxes.push(events);
        threads.push(thread);
    }
    let writer = find_writer(&inboxes)?;
    let opening = opening.chunks(900).map(<[Operation]>::to_vec).collect();
    submit_all(&writer, opening, (1, Proofs::Unwanted))?;
    let proofs = if arguments.receipts { Proofs::Wanted } else { Proofs::Unwanted };
    let found = submit_all(&writer, batches, (arguments.under_way, proofs))?;
    wait_until_alike(&inboxes)?;
    end.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().map_err(|_| Failure::from("a node panicked"))??;
    }
    Ok(found)
}

fn prepare(arguments: &Arguments, customers: &mut [Customer]) -> Vec<Vec<Operation>> {
    let mut operations = Vec::with_capacity(arguments.transfers);
    let payee = customers[0].wallet;
    // Uniform: each pays the next one, round after round.
    let payees: Vec<_> = customers.iter().map(|customer| customer.wallet).skip(1).collect();
    while operations.len() < arguments.transfers {
        let payees = payees.iter().copied().chain([payee]);
        let round = customers.iter_mut().zip(payees).map(|(one, other)| one.pay_unsigned(other));
        operations.extend(round.take(arguments.transfers - operations.len()));
    }
    operations.chunks(arguments.batch).map(<[Operation]>::to_vec).collect()
}

type Thread = std::thread::JoinHandle<Result<(), String>>;

fn start(
    arguments: &Arguments,
    path: &Path,
    name: &str,
    end: &Arc<AtomicBool>,
) -> Result<(Sender<Event>, Thread), Failure> {
    let seed = u64::from(std::process::id());
    let genesis = Founding::new(seed, FOUNDED).genesis();
    let envelope = Envelope::genesis(&genesis.to_record());
    let authority = genesis.authentication.body.public_key;
    let manifest = Manifest { genesis: envelope.hash(), authority, generation: 1, base: 0 };
    data::create(path, &manifest, &Keys::registration_secret(seed), [&envelope])?;
    let plan = Plan {
        servers: arguments.nats.clone(),
        replicas: 3,
        manifest,
        log_end: 0,
        first_start: FirstStart::Yes,
    };
    let running = network::start(plan, None, end)?.ok_or("ended before it began")?;
    let settings = settings(arguments, name, running.payload_bytes_max)?;
    let Running { inbox, events, orders, .. } = running;
    let (path, end) = (path.to_owned(), Arc::clone(end));
    let thread = std::thread::spawn(move || {
        let directory = NodeDirectory::open(&path)?;
        let loaded = directory.load()?;
        Engine::open(settings, (directory, loaded), Trusting, orders)?.run(&inbox, &end)
    });
    Ok((events, thread))
}

fn settings(arguments: &Arguments, name: &str, payload: usize) -> Result<Settings, Failure> {
    let ms = Duration::from_milliseconds;
    let place = NODES.iter().position(|node| *node == name).unwrap_or(0);
    let timing = Timing {
        heartbeat: ms(200),
        silence: ms(5000 + 1000 * i64::try_from(place)?),
        answer: ms(3000),
        behind: ms(30_000),
    };
    let others = NODES.iter().filter(|node| **node != name).map(|node| node.parse::<NodeName>());
    Ok(Settings {
        who: Identity { name: name.parse()?, address: Address::default(), timing, window: 8 },
        others: others.collect::<Result<_, _>>()?,
        operations_max: arguments.batch.max(900),
        bytes_max: engine::bytes_max(payload, arguments.batch),
        state_every: 0,
        snapshots: Every::USUAL,
    })
}

fn ask(events: &Sender<Event>) -> Result<Status, Failure> {
    let (replies, mut answers) = unbounded_channel();
    events.send(Event::Ask(replies)).map_err(|_| Failure::from("a node ended"))?;
    match answers.blocking_recv() {
        Some(Reply::Status(status)) => Ok(status),
        _ => Err(Failure::from("a node ended")),
    }
}

fn find_writer(inboxes: &[Sender<Event>]) -> Result<Sender<Event>, Failure> {
    const WRITER: u8 = 2;
    let give_up = Instant::now() + core::time::Duration::from_secs(60);
    while Instant::now() < give_up {
        for events in inboxes {
            let status = ask(events)?;
            if status.role == WRITER && status.last_final == status.number {
                return Ok(events.clone());
            }
        }
        std::thread::sleep(core::time::Duration::from_millis(50));
    }
    Err(Failure::from("no node wrote within a minute"))
}

fn wait_until_alike(inboxes: &[Sender<Event>]) -> Result<(), Failure> {
    let give_up = Instant::now() + core::time::Duration::from_secs(60);
    while Instant::now() < give_up {
        let found: Vec<Status> = inboxes.iter().map(ask).collect::<Result<_, _>>()?;
        let first = (found[0].number, found[0].hash, found[0].batch);
        if found.iter().all(|status| (status.number, status.hash, status.batch) == first) {
            return Ok(());
        }
        std::thread::sleep(core::time::Duration::from_millis(50));
    }
    Err(Failure::from("the nodes didn't come to hold the same within a minute"))
}

/// Submits all batches, some at a time, and waits until the last one is final.
fn submit_all(
    writer: &Sender<Event>,
    batches: Vec<Vec<Operation>>,
    (under_way, proofs): (usize, Proofs),
) -> Result<Found, Failure> {
    let (replies, mut answers) = unbounded_channel();
    let mut sent: BTreeMap<u64, Instant> = BTreeMap::new();
    let mut latencies_us = Vec::new();
    let begin = Instant::now();
    for (ticket, operations) in (0..).zip(batches) {
        if sent.len() == under_way {
            latencies_us.push(receive(&mut answers, &mut sent)?);
        }
        sent.insert(ticket, Instant::now());
        let bytes = operations.iter().map(Wire::encoded_len).sum();
        let replies = replies.clone();
        let submission = Submission { replies, ticket, proofs, operations, bytes };
        let sent = writer.send(Event::Submit(submission));
        sent.map_err(|_| Failure::from("the writer ended"))?;
    }
    while !sent.is_empty() {
        latencies_us.push(receive(&mut answers, &mut sent)?);
    }
    Ok(Found { seconds: begin.elapsed().as_secs_f64(), latencies_us })
}

fn receive(
    answers: &mut UnboundedReceiver<Reply>,
    sent: &mut BTreeMap<u64, Instant>,
) -> Result<u128, Failure> {
    match answers.blocking_recv() {
        Some(Reply::Answers { ticket, answers, .. }) => {
            if let Some(other) = answers.iter().find(|answer| !answer.code.burns_sequence()) {
                return Err(Failure::at("the bench's own order", other.code));
            }
            let begin = sent.remove(&ticket).ok_or("an answer to nothing")?;
            Ok(begin.elapsed().as_micros())
        }
        other => Err(Failure::at("not an answer", format!("{other:?}"))),
    }
}

fn report(arguments: &Arguments, mut found: Found) {
    found.latencies_us.sort_unstable();
    let count = found.latencies_us.len();
    let at = |permille: usize| {
        let place = (count * permille / 1000).min(count.saturating_sub(1));
        found.latencies_us.get(place).map_or(0, |latency| latency / 100)
    };
    let tenths = |tenths: u128| format!("{}.{}", tenths / 10, tenths % 10);
    let [p50, p99, worst] = [500, 990, 1000].map(at).map(tenths);
    let rate = arguments.transfers as f64 / found.seconds;
    if arguments.json {
        let figures = json!({
            "transfers": arguments.transfers, "batch": arguments.batch, "nodes": 3,
            "wallets": arguments.wallets, "under_way": arguments.under_way,
            "receipts": arguments.receipts, "signatures_verified": false,
            "transfers_per_second": rate.round(),
            "final_ms": { "p50": p50, "p99": p99, "worst": worst },
        });
        println!("{figures:#}");
    } else {
        println!(
            "{} transfers in {count} batches, {rate:.0} per second on three nodes, signatures not \
             verified; a batch is final after {p50} ms (p50), {p99} ms (p99), {worst} ms (worst)",
            arguments.transfers
        );
    }
}
