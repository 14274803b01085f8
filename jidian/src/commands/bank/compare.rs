//! `jidian bank compare`: the logs of stopped nodes side by side, and receipts against them.

use crate::cluster::data;
use crate::cluster::log::NodeLog;
use crate::commands::Failure;
use bank::cluster::{Envelope, Kind};
use bank::record::Record;
use bank::replay::{AuditReport, Replay, audit};
use bank::{Operation, ResultCode};
use clap::Args;
use crypto::Sm2Verifier;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use wire::Digest;

#[derive(Args, Debug)]
pub(in crate::commands) struct Compare {
    /// Data directories of the stopped nodes.
    #[arg(long, value_delimiter = ',', required = true)]
    from: Vec<PathBuf>,
    /// Check every signature too; takes a while.
    #[arg(long)]
    signatures: bool,
    /// Orders that clients hold receipts of, as `jidian bank load --acknowledged` writes them.
    #[arg(long)]
    acknowledged: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Compare) -> Result<(), Failure> {
    let logs: Vec<Vec<Envelope>> =
        arguments.from.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let longest = logs.iter().max_by_key(|log| log.len()).ok_or("no log")?;
    for (path, log) in arguments.from.iter().zip(&logs) {
        if let Some(number) = log.iter().zip(longest).position(|(one, other)| one != other) {
            let reason = format!("record {number} differs from that of another node");
            return Err(Failure::at(path.display(), reason));
        }
    }
    let report = repeat(longest, arguments)?;
    let accepted = accepted_payments(longest)?;
    let acknowledged = match &arguments.acknowledged {
        Some(path) => check_acknowledged(path, &accepted)?,
        None => 0,
    };
    let records: Vec<usize> = logs.iter().map(Vec::len).collect();
    let epochs = longest.iter().filter(|envelope| envelope.kind() == Kind::Claim).count();
    if arguments.json {
        let found = json!({
            "records": records, "epochs": epochs, "batches": report.batches,
            "payments_accepted": accepted.len(), "acknowledged": acknowledged,
            "lost": 0, "doubled": 0, "state": report.state.to_string(),
        });
        println!("{found:#}");
    } else {
        println!("{} logs alike, records {records:?}, {epochs} epochs", logs.len());
        println!(
            "{} batches, {} payments accepted, each once; {acknowledged} acknowledged, none lost",
            report.batches,
            accepted.len()
        );
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Envelope>, String> {
    let mut envelopes = Vec::new();
    NodeLog::open(path, |envelope| {
        envelopes.push(envelope);
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    Ok(envelopes)
}

/// Repeats all batches, and checks their signatures if asked.
fn repeat(log: &[Envelope], arguments: &Compare) -> Result<AuditReport, Failure> {
    let authority = data::manifest(&arguments.from[0])?.authority;
    let bodies = log.iter().filter(|envelope| envelope.kind() != Kind::Claim).map(Envelope::body);
    if arguments.signatures {
        return Ok(audit(bodies, &authority, &Sm2Verifier)?);
    }
    let mut bodies = bodies;
    let mut replay = Replay::begin(bodies.next().unwrap_or_default(), &authority)?;
    for body in bodies {
        replay.step(body)?;
    }
    Ok(AuditReport::of(&replay.finish()?))
}

/// Payments that were accepted, with their batch.
fn accepted_payments(log: &[Envelope]) -> Result<BTreeMap<Digest, u64>, Failure> {
    let mut accepted = BTreeMap::new();
    for envelope in log.iter().filter(|envelope| envelope.kind() == Kind::Batch) {
        let record = Record::from_bytes(envelope.body())?;
        let batch = record.root.body.batch;
        for entry in record.entries.iter().filter(|entry| entry.code == ResultCode::Accepted) {
            let Operation::Pay(order) = &entry.operation else { continue };
            let digest = crypto::digest(&order.body);
            if let Some(before) = accepted.insert(digest, batch) {
                let reason = format!("accepted in batch {before} and again in batch {batch}");
                return Err(Failure::at(format!("order {digest}"), reason));
            }
        }
    }
    Ok(accepted)
}

/// Each acknowledged order must stand in the batch of its receipt.
fn check_acknowledged(path: &Path, accepted: &BTreeMap<Digest, u64>) -> Result<usize, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::at(path.display(), error))?;
    for (place, line) in text.lines().enumerate() {
        let fields = line.split_once(' ');
        let fields = fields.and_then(|(digest, batch)| {
            Some((digest.parse::<Digest>().ok()?, batch.parse::<u64>().ok()?))
        });
        let (digest, batch) = fields.ok_or_else(|| {
            Failure::at(format!("{}:{}", path.display(), place + 1), "no receipt")
        })?;
        if accepted.get(&digest) != Some(&batch) {
            let reason = format!("acknowledged in batch {batch}, but the logs don't hold it there");
            return Err(Failure::at(format!("order {digest}"), reason));
        }
    }
    Ok(text.lines().count())
}
