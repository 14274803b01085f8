//! `jidian bank status`: where a ledger node stands.

use crate::cluster::client::Client;
use crate::commands::Failure;
use bank::cluster::protocol::{PeerStatus, Status as Answer};
use clap::Args;
use core::time::Duration;
use serde_json::{Value, json};

#[derive(Args, Debug)]
pub(in crate::commands) struct Status {
    /// The node's address.
    #[arg(long)]
    connect: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Status) -> Result<(), Failure> {
    let asked = Client::connect(&arguments.connect, Duration::from_secs(5));
    let status = asked.and_then(|mut client| client.status());
    let status = status.map_err(|error| Failure::at(&arguments.connect, error))?;
    match arguments.json {
        true => println!("{:#}", as_json(&status)),
        false => print!("{}", as_text(&status)),
    }
    Ok(())
}

const fn role(status: &Answer) -> &'static str {
    match status.role {
        0 => "follower",
        1 => "candidate",
        2 => "writer",
        _ => "stopped",
    }
}

fn as_json(status: &Answer) -> Value {
    let peer = |peer: &PeerStatus| {
        json!({
            "name": peer.name.to_string(),
            "agreed": peer.agreed,
            "silence_ms": (peer.silence_ms != u64::MAX).then_some(peer.silence_ms),
            "contradicts": (peer.contradicts != 0).then_some(peer.contradicts),
        })
    };
    json!({
        "name": status.name.to_string(),
        "role": role(status),
        "writer": status.writer.as_ref().map(|(name, _)| name.to_string()),
        "writer_address": status.writer.as_ref().map(|(_, address)| address.to_string()),
        "epoch": status.epoch,
        "record": status.number,
        "hash": status.hash.to_string(),
        "final": status.last_final,
        "batch": status.batch,
        "issued_fen": status.issued.fen(),
        "peers": status.peers.iter().map(peer).collect::<Vec<_>>(),
    })
}

fn as_text(status: &Answer) -> String {
    let writer = status.writer.as_ref();
    let writer = writer.map_or("nobody".to_owned(), |(name, at)| format!("{name} at {at}"));
    let mut text = format!(
        "{} is {} in epoch {}; {writer} writes\nrecord {} ({}), final up to {}\nbatch {}, issued {} \
         yuan\n",
        status.name,
        role(status),
        status.epoch,
        status.number,
        status.hash,
        status.last_final,
        status.batch,
        status.issued
    );
    for peer in &status.peers {
        let heard = match peer.silence_ms {
            u64::MAX => "never heard".to_owned(),
            silence => format!("heard {silence} ms ago"),
        };
        let contradicts = match peer.contradicts {
            0 => String::new(),
            number => format!(", HOLDS ANOTHER RECORD {number}"),
        };
        text += &format!("{}: alike up to {}, {heard}{contradicts}\n", peer.name, peer.agreed);
    }
    text
}
