//! `jidian bench`: what this machine can carry.

mod cluster;
mod contract;
mod fleet;
mod ledger;
mod metering;

use super::Failure;
use clap::Subcommand;
use crypto::{Sign, SigningKey, VerifyingKey};
use std::time::Instant;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// A whole pilot, end to end: settlements per second, and where the time goes.
    ///
    /// Every settlement is metered, priced, signed, verified, logged with a sync, and receipted.
    #[command(after_help = "Example:\n  jidian bench fleet --meters 1000 --minutes 60 --json")]
    Fleet(fleet::Arguments),
    /// One price contract: the interpreter, the bulk executor and a foreign WASM engine side by
    /// side, and what the interpreter costs on a Cortex-M4.
    #[command(
        after_help = "Example:\n  jidian bench contract data/contracts/residential-henan.contract --json"
    )]
    Contract(contract::Arguments),
    /// The bank's ledger: durable transfers per second, beside SQLite doing the same.
    ///
    /// Each transfer is an order of a key of its own: decoded, digested, looked up, checked against
    /// its chain and its wallet's limits, applied, put under a Merkle root, logged with a sync, and
    /// receipted. Signatures are counted apart: they cost a core far more than all else.
    #[command(
        after_help = "Examples:\n  jidian bench ledger --json\n  jidian bench ledger --wallets \
                      10000000 --transfers 2000000\n  jidian bench ledger --soak 1000000000"
    )]
    Ledger(ledger::Arguments),
    /// Three ledger nodes in one process on a running NATS JetStream: transfers that are final, and
    /// how long that takes. Signatures of orders aren't verified.
    #[command(
        after_help = "Example:\n  jidian bench cluster --nats nats://127.0.0.1:4222 --monitor 127.0.0.1:8222"
    )]
    Cluster(cluster::Arguments),
    /// The metering core beside metrology_insight and pqopen-lib: speed, and the worst window of each
    /// against the closed form, on the same files in one run. Or its type test, with a report.
    #[command(
        after_help = "Examples:\n  jidian bench metering --json\n  jidian bench metering --python \
                      V/bin/python --keep load.wav\n  jidian bench metering --type-test --out \
                      report\n  jidian bench metering --type-test --seed 7 --json\n  jidian bench \
                      metering --type-test --plant phase"
    )]
    Metering(metering::Arguments),
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Fleet(arguments) => fleet::run(arguments),
        Command::Contract(arguments) => contract::run(arguments),
        Command::Ledger(arguments) => ledger::run(arguments),
        Command::Cluster(arguments) => cluster::run(arguments),
        Command::Metering(arguments) => metering::run(arguments),
    }
}

/// The floor under every settlement: microseconds of one signature in the meter, and of one check
/// in the bank.
fn signatures() -> (f64, f64) {
    const ROUNDS: u32 = 200;
    let key = SigningKey::from_bytes(&[7; 32]).expect("a small number is a key");
    let verifying = VerifyingKey::new(&key.public_key()).expect("made from a private key");
    let signature = key.sign_parts(&[b"bench"]);
    let sign = minimum(ROUNDS, || assert_ne!(key.sign_parts(&[b"bench"]).0, [0; 64]));
    let verify = minimum(ROUNDS, || assert!(verifying.verify_parts(&[b"bench"], &signature)));
    (sign, verify)
}

fn minimum(rounds: u32, mut work: impl FnMut()) -> f64 {
    let times = (0..rounds).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    });
    times.min().unwrap_or_default().as_secs_f64() * 1e6
}
