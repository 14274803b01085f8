//! `jidian contract recall`: the regulator takes contracts out of force.

use super::Failure;
use crate::pilot;
use crate::store::DataDirectory;
use clap::Args;
use contract::{CustomerClass, Direction};
use crypto::Sign as _;
use serde_json::json;
use std::path::PathBuf;
use wire::Digest;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// Class of meters, such as `residential`.
    #[arg(long, value_parser = parse_class)]
    class: CustomerClass,
    /// Register that the contracts price: `import` or `export`.
    #[arg(long, value_parser = parse_direction)]
    direction: Direction,
    /// Why: the text whose digest the recall carries.
    #[arg(long)]
    reason: String,
    /// Digest of the package that is to hold from the next settlement on: the one in force, or the
    /// one before it [default: the default package of the class].
    #[arg(long, value_parser = parse_digest)]
    target: Option<Digest>,
    /// Data directory of the pilot, which must not run.
    #[arg(long)]
    data: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn parse_class(word: &str) -> Result<CustomerClass, String> {
    CustomerClass::from_word(word).ok_or_else(|| {
        let known: Vec<_> = CustomerClass::ALL.iter().map(|class| class.code()).collect();
        format!("must be one of {}", known.join(", "))
    })
}

fn parse_direction(word: &str) -> Result<Direction, String> {
    Direction::from_word(word).ok_or_else(|| "must be import or export".to_owned())
}

fn parse_digest(text: &str) -> Result<Digest, String> {
    text.parse().map_err(|_| "must be 64 hexadecimal digits".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.data;
    // Opening would make the directory.
    crate::store::manifest::Manifest::read(path)?;
    let directory = DataDirectory::open(path)?;
    let mut pilot = pilot::resume(&directory)?;
    for note in &pilot.notes {
        eprintln!("{note}");
    }
    let chain = (arguments.class, arguments.direction);
    let mut publisher = pilot.world.grid().publisher().clone();
    let default = publisher.chain(chain.0, chain.1).default;
    let default = default.ok_or("the pilot holds no contract of this class and direction")?;
    let target = arguments.target.unwrap_or(default.digest);
    let reason = crypto::sm3(arguments.reason.as_bytes());
    let recall = publisher.recall(chain, target, (pilot.world.now(), reason))?;
    let recall = pilot.world.fixed().keys.regulator.seal(recall);
    let (sequence, published) = (recall.body.sequence, pilot.recall(recall)?);
    pilot.journal.close(&mut pilot.world)?;
    if arguments.json {
        let said = json!({
            "meters": published.meters,
            "sequence": sequence,
            "target": target.to_string(),
            "reason": reason.to_string(),
        });
        println!("{said:#}");
    } else {
        println!(
            "{} meter(s) took the recall; from their next settlement on {target} holds",
            published.meters
        );
    }
    Ok(())
}
