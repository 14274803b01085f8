//! `jidian contract publish`: a signed package reaches the meters of a pilot.

use super::Failure;
use super::package::PackageFile;
use crate::pilot::{self, Published};
use crate::store::DataDirectory;
use clap::Args;
use quantity::Instant;
use serde_json::json;
use std::path::PathBuf;
use wire::Digest;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// A package that `contract sign` made.
    package: PathBuf,
    /// Data directory of the pilot, which must not run.
    #[arg(long)]
    data: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = PackageFile::read(&arguments.package)?;
    let path = &arguments.data;
    // Opening would make the directory.
    crate::store::manifest::Manifest::read(path)?;
    let directory = DataDirectory::open(path)?;
    let mut pilot = pilot::resume(&directory)?;
    for note in &pilot.notes {
        eprintln!("{note}");
    }
    let digest: Digest = crypto::digest(&file.signed.package);
    let active_from = file.signed.package.active_from;
    let published = pilot
        .publish(file.signed, file.source)
        .map_err(|error| Failure::at(arguments.package.display(), error))?;
    if !published.was_there {
        pilot.journal.close(&mut pilot.world)?;
    }
    say(published, digest, active_from, arguments.json);
    Ok(())
}

fn say(published: Published, digest: Digest, active_from: Instant, json: bool) {
    let Published { meters, was_there } = published;
    let active_from = active_from.civil();
    if json {
        let said = json!({
            "meters": meters,
            "was_there": was_there,
            "digest": digest.to_string(),
            "active_from": active_from.to_string(),
        });
        println!("{said:#}");
    } else if was_there {
        println!("{meters} meter(s) hold it already; nothing was changed");
    } else {
        println!("{meters} meter(s) hold it; it takes over at {active_from}");
    }
}
