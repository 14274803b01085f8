//! `jidian bench metering`: how fast and how exact the metering core is.

mod peers;
mod report;
mod type_test;

use crate::commands::Failure;
use clap::Args;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// Instead: run the type test, more than 300 points of IEC 62053-22, IEC 62053-24 and OIML R46.
    #[arg(long, conflicts_with_all = ["seconds", "speed_seconds", "python", "keep"])]
    type_test: bool,
    #[command(flatten)]
    points: type_test::Options,
    #[command(flatten)]
    peers: peers::Options,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.type_test {
        type_test::run(&arguments.points, arguments.json)
    } else {
        peers::run(&arguments.peers, arguments.json)
    }
}
