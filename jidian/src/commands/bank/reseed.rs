//! `jidian bank reseed`: which chain counts when the stream is lost, forked or damaged.

use crate::cluster::data::{self, Manifest};
use crate::cluster::log::NodeLog;
use crate::commands::Failure;
use bank::cluster::ledger::Ledger;
use bank::cluster::{Envelope, reseed};
use clap::Args;
use std::path::{Path, PathBuf};
use wire::Digest;

#[derive(Args, Debug)]
pub(in crate::commands) struct Reseed {
    /// Directory to be made.
    #[arg(long)]
    data: PathBuf,
    /// Data directories of the stopped nodes: all that can be had, at least a majority.
    #[arg(long, value_delimiter = ',', required = true)]
    from: Vec<PathBuf>,
    /// Nodes of the cluster.
    #[arg(long, default_value_t = 3)]
    nodes: usize,
}

/// A sound log.
struct Sound<'p> {
    path: &'p Path,
    manifest: Manifest,
    hashes: Vec<Digest>,
}

pub(super) fn run(arguments: &Reseed) -> Result<(), Failure> {
    let mut sound = Vec::new();
    for path in &arguments.from {
        match read(path) {
            Ok(log) => sound.push(log),
            Err(error) => eprintln!("left out: {error}"),
        }
    }
    if sound.iter().any(|log| log.manifest.genesis != sound[0].manifest.genesis) {
        return Err(Failure::at("--from", "the directories belong to different clusters"));
    }
    let hashes: Vec<Vec<Digest>> = sound.iter().map(|log| log.hashes.clone()).collect();
    let choice = reseed::choose(&hashes, arguments.nodes)?;
    let chosen = &sound[choice.log];
    let envelopes = checked(chosen.path, choice.records, &chosen.manifest)?;
    let generation = sound.iter().map(|log| log.manifest.generation).max().unwrap_or(0) + 1;
    let base = envelopes.last().map_or(0, Envelope::number);
    let manifest = Manifest { generation, base, ..chosen.manifest.clone() };
    let key = data::secret(chosen.path)?;
    data::create(&arguments.data, &manifest, &key, &envelopes)?;
    println!(
        "{}: records 0 to {base} of {}, with {} of {} logs; its stream is the new one {}",
        arguments.data.display(),
        chosen.path.display(),
        sound.len(),
        arguments.nodes,
        manifest.stream()
    );
    println!("give each node a copy, and start all of them on it");
    Ok(())
}

fn read(path: &Path) -> Result<Sound<'_>, String> {
    let manifest = data::manifest(path)?;
    let mut hashes = Vec::new();
    NodeLog::open(path, |envelope| {
        hashes.push(envelope.hash());
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    Ok(Sound { path, manifest, hashes })
}

/// The first records of a log, each repeated: codes, roots and sums.
fn checked(path: &Path, records: usize, manifest: &Manifest) -> Result<Vec<Envelope>, String> {
    let mut ledger: Option<Ledger> = None;
    let mut envelopes = Vec::new();
    NodeLog::open(path, |envelope| {
        if envelopes.len() == records {
            return Ok(());
        }
        match &mut ledger {
            None => ledger = Some(Ledger::begin(&envelope, &manifest.authority).map_err(text)?),
            Some(ledger) => {
                if let Some(record) = ledger.decode(&envelope).map_err(text)? {
                    ledger.repeat(record).map_err(text)?;
                }
            }
        }
        envelopes.push(envelope);
        Ok(())
    })
    .map_err(text)?;
    Ok(envelopes)
}

fn text(error: impl core::fmt::Display) -> String {
    error.to_string()
}
