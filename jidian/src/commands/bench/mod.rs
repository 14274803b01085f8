//! `jidian bench`: what this machine can carry.

mod contract;
mod fleet;

use super::Failure;
use clap::Subcommand;

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
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Fleet(arguments) => fleet::run(arguments),
        Command::Contract(arguments) => contract::run(arguments),
    }
}
