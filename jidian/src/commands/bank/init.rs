//! `jidian bank init`: the data directory of a ledger node of a sandbox.

use crate::cluster::data::{self, Manifest};
use crate::commands::Failure;
use bank::cluster::Envelope;
use clap::Args;
use crypto::Sm2Verifier;
use quantity::Instant;
use simulation::founding::{Founding, Keys};
use std::path::PathBuf;

/// 2026-01-01 00:00 of China: when every sandbox is founded, so that a seed gives one genesis.
pub(in crate::commands) const FOUNDED: Instant = Instant::from_unix_seconds(1_767_196_800);

#[derive(Args, Debug)]
pub(in crate::commands) struct Init {
    /// Directory to be made.
    #[arg(long)]
    data: PathBuf,
    /// All keys of a sandbox follow from it; give each node of a cluster the same one.
    #[arg(long)]
    seed: u64,
}

pub(super) fn run(arguments: &Init) -> Result<(), Failure> {
    let genesis = Founding::new(arguments.seed, FOUNDED).genesis();
    let authority = genesis.authentication.body.public_key;
    genesis.check(&authority, &Sm2Verifier)?;
    let envelope = Envelope::genesis(&genesis.to_record());
    let manifest = Manifest { genesis: envelope.hash(), authority, generation: 1, base: 0 };
    let key = Keys::registration_secret(arguments.seed);
    data::create(&arguments.data, &manifest, &key, [&envelope])?;
    println!("{}: a ledger node of genesis {}", arguments.data.display(), manifest.genesis);
    println!("start it with: jidian bank node --data {} …", arguments.data.display());
    Ok(())
}
