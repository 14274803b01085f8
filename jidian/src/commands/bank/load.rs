//! `jidian bank load`: signed payments of a sandbox's customers, and what is acknowledged of them.

use super::customers::{Customer, customer, opening};
use crate::cluster::client::Client;
use crate::commands::Failure;
use bank::cluster::ledger::Proofs;
use bank::cluster::protocol::{Reply, Request};
use bank::{Answer, Operation, ResultCode};
use clap::Args;
use core::time::Duration;
use serde_json::json;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;
use wire::receipt::Receipt;
use wire::{Digest, WalletId};

/// Instructions that travel together while wallets are opened.
const INSTRUCTIONS_AT_ONCE: usize = 900;

#[derive(Args, Clone, Debug)]
pub(in crate::commands) struct Load {
    /// Addresses of the nodes.
    #[arg(long, value_delimiter = ',', required = true)]
    connect: Vec<String>,
    /// The sandbox's seed, as given to `jidian bank init`.
    #[arg(long)]
    seed: u64,
    /// Connections that pay at the same time.
    #[arg(long, default_value_t = 4)]
    clients: u64,
    /// Customers of each connection; each pays once per batch.
    #[arg(long, default_value_t = 100)]
    wallets: u64,
    /// Customers that are opened altogether; give a later run on the same ledger the same number.
    #[arg(long, default_value_t = 400)]
    customers: u64,
    /// The first customer that pays; a later run on the same ledger needs others.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How long to pay, in seconds.
    #[arg(long = "for", default_value_t = 10)]
    seconds: u64,
    /// How long to wait for an answer that doesn't come, in seconds.
    #[arg(long, default_value_t = 60)]
    patience: u64,
    /// File for the digest and batch of each acknowledged order.
    #[arg(long)]
    acknowledged: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    acknowledged: Vec<(Digest, u64)>,
    latencies_ms: Vec<u64>,
    sent_again: u64,
}

pub(super) fn run(arguments: &Load) -> Result<(), Failure> {
    let paying = arguments.clients * arguments.wallets;
    if arguments.first + paying > arguments.customers {
        let reason =
            format!("{} is too few for {paying} from {} on", arguments.customers, arguments.first);
        return Err(Failure::at("--customers", reason));
    }
    let mut all: Vec<Customer> =
        (0..arguments.customers).map(|number| customer(arguments.seed, number)).collect();
    open_wallets(arguments, &all)?;
    let mut group = || -> Vec<Customer> {
        let first = usize::try_from(arguments.first).expect("fewer than there are");
        all.drain(first..first + usize::try_from(arguments.wallets).expect("fewer")).collect()
    };
    let mut groups: Vec<Vec<Customer>> = (0..arguments.clients).map(|_| group()).collect();
    let begin = Instant::now();
    let end = begin + Duration::from_secs(arguments.seconds);
    let seen: Vec<Result<Seen, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = groups
            .iter_mut()
            .enumerate()
            .map(|(place, group)| scope.spawn(move || pay(arguments, place, group, end)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a client panicked".to_owned())))
            .collect()
    });
    let took = begin.elapsed();
    let mut all = Seen::default();
    for part in seen {
        let part = part?;
        all.acknowledged.extend(part.acknowledged);
        all.latencies_ms.extend(part.latencies_ms);
        all.sent_again += part.sent_again;
    }
    write_acknowledged(arguments, &all)?;
    report(arguments, all, took);
    Ok(())
}

/// Issues money and opens, binds and fills all wallets. Sent twice, all of it exists.
fn open_wallets(arguments: &Load, customers: &[Customer]) -> Result<(), Failure> {
    let operations = opening(arguments.seed, customers);
    let mut line = Line::new(arguments, 0);
    for (ticket, part) in (0..).zip(operations.chunks(INSTRUCTIONS_AT_ONCE)) {
        for answer in line.submit(ticket, part.to_vec())? {
            if !matches!(answer.code, ResultCode::Accepted | ResultCode::Exists | ResultCode::Stale)
            {
                return Err(Failure::at("opening the wallets", answer.code));
            }
        }
    }
    Ok(())
}

/// Pays from wallet to wallet, batch after batch.
fn pay(
    arguments: &Load,
    place: usize,
    group: &mut [Customer],
    end: Instant,
) -> Result<Seen, String> {
    let mut line = Line::new(arguments, place);
    let mut seen = Seen::default();
    let mut ticket = 0;
    while Instant::now() < end {
        ticket += 1;
        let payees: Vec<WalletId> = group.iter().map(|customer| customer.wallet).collect();
        let payees = payees.iter().cycle().skip(1);
        let operations: Vec<Operation> =
            group.iter_mut().zip(payees).map(|(customer, payee)| customer.pay(*payee)).collect();
        let digests: Vec<Digest> = group.iter().map(|customer| customer.chain.last).collect();
        let begin = Instant::now();
        let answers = line.submit(ticket, operations)?;
        seen.latencies_ms.push(u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX));
        for (digest, answer) in digests.into_iter().zip(answers) {
            seen.acknowledged.push((digest, batch_of(digest, &answer)?));
        }
    }
    seen.sent_again = line.sent_again;
    Ok(seen)
}

/// The batch in which a receipt proves an order to be accepted.
fn batch_of(digest: Digest, answer: &Answer) -> Result<u64, String> {
    let proves = |receipt: &&Receipt| {
        receipt.leaf.order == digest && receipt.leaf.result == 0 && crypto::merkle::proves(receipt)
    };
    match (answer.code, answer.receipt.as_ref().filter(proves)) {
        (ResultCode::Accepted | ResultCode::Exists, Some(receipt)) => Ok(receipt.root.batch),
        (code, _) => Err(format!("order {digest}: {code}, without a receipt that proves it")),
    }
}

/// A line to whichever node writes.
struct Line<'a> {
    arguments: &'a Load,
    address: String,
    next: usize,
    client: Option<Client>,
    sent_again: u64,
}

impl<'a> Line<'a> {
    fn new(arguments: &'a Load, place: usize) -> Self {
        let next = place % arguments.connect.len();
        let address = arguments.connect[next].clone();
        Self { arguments, address, next, client: None, sent_again: 0 }
    }

    /// Sends a batch until its answers are there.
    fn submit(&mut self, ticket: u64, operations: Vec<Operation>) -> Result<Vec<Answer>, String> {
        let request = Request::Submit { ticket, proofs: Proofs::Wanted, operations };
        let give_up = Instant::now() + Duration::from_secs(self.arguments.patience);
        let mut tries = 0;
        while Instant::now() < give_up {
            self.sent_again += u64::from(tries > 0);
            tries += 1;
            match self.try_once(&request) {
                Ok(Reply::Answers { answers, .. }) => return Ok(answers),
                Ok(Reply::Writer { writer: Some((_, address)), .. })
                    if address.as_str() != self.address =>
                {
                    self.go_to(address.to_string());
                }
                Ok(Reply::Again { .. }) => std::thread::sleep(Duration::from_millis(20)),
                Ok(Reply::TooLong { bytes_max, .. }) => {
                    return Err(format!(
                        "a batch is longer than {bytes_max} bytes; --wallets fewer"
                    ));
                }
                Ok(Reply::Writer { .. } | Reply::Status(_)) | Err(_) => self.go_on(),
            }
        }
        Err(format!(
            "no answer in {} s; are two nodes and two servers up?",
            self.arguments.patience
        ))
    }

    fn try_once(&mut self, request: &Request) -> std::io::Result<Reply> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&self.address, Duration::from_secs(4))?,
        };
        client.send(request)?;
        let reply = client.receive()?;
        self.client = Some(client);
        Ok(reply)
    }

    fn go_to(&mut self, address: String) {
        self.client = None;
        self.address = address;
    }

    fn go_on(&mut self) {
        std::thread::sleep(Duration::from_millis(100));
        self.next = (self.next + 1) % self.arguments.connect.len();
        self.go_to(self.arguments.connect[self.next].clone());
    }
}

fn write_acknowledged(arguments: &Load, all: &Seen) -> Result<(), Failure> {
    let Some(path) = &arguments.acknowledged else { return Ok(()) };
    let file = std::fs::File::create(path).map_err(|error| Failure::at(path.display(), error))?;
    let mut file = BufWriter::new(file);
    for (digest, batch) in &all.acknowledged {
        writeln!(file, "{digest} {batch}")?;
    }
    Ok(file.flush()?)
}

fn report(arguments: &Load, mut all: Seen, took: Duration) {
    all.latencies_ms.sort_unstable();
    let at = |permille: usize| {
        let last = all.latencies_ms.len().saturating_sub(1);
        let place = (all.latencies_ms.len() * permille / 1000).min(last);
        all.latencies_ms.get(place).copied().unwrap_or(0)
    };
    let payments = all.acknowledged.len();
    let per_second = payments as u128 * 1000 / took.as_millis().max(1);
    let (p50, p99, worst) = (at(500), at(990), at(1000));
    if arguments.json {
        let figures = json!({
            "batches": all.latencies_ms.len(), "payments": payments,
            "payments_per_second": u64::try_from(per_second).unwrap_or(u64::MAX),
            "sent_again": all.sent_again,
            "latency_ms": { "p50": p50, "p99": p99, "worst": worst },
        });
        println!("{figures:#}");
    } else {
        println!(
            "{payments} payments in {} batches, {per_second} per second; p50 {p50}, p99 {p99}, worst \
             {worst} ms; {} batches sent again",
            all.latencies_ms.len(),
            all.sent_again
        );
    }
}
