//! `jidian bank`: the bank alone.

mod campaign;
mod certificate;
mod compare;
pub(super) mod customers;
mod export;
mod import;
pub(super) mod init;
mod kills;
mod load;
mod node;
mod parquet;
mod reseed;
mod serve;
mod snapshots;
mod statement;
mod status;

use super::Failure;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum BankCommand {
    /// Make the data directory of a ledger node.
    #[command(after_help = "Example:\n  jidian bank init --data n1 --seed 7")]
    Init(init::Init),
    /// Run a ledger node on NATS JetStream.
    #[command(after_help = node::EXAMPLE)]
    Node(node::Node),
    /// Ask a ledger node where it stands.
    #[command(after_help = "Example:\n  jidian bank status --connect 127.0.0.1:7401")]
    Status(status::Status),
    /// Make a data directory from the logs of a stopped cluster.
    #[command(after_help = "Example:\n  jidian bank reseed --data new1 --from n1,n2,n3")]
    Reseed(reseed::Reseed),
    /// Compare the logs of stopped nodes, and hold receipts against them.
    #[command(after_help = "Example:\n  jidian bank compare --from n1,n2,n3 --signatures")]
    Compare(compare::Compare),
    /// Send signed payments of a sandbox to a cluster and keep what it acknowledges.
    #[command(
        after_help = "Example:\n  jidian bank load --connect 127.0.0.1:7401 --seed 7 --for 60"
    )]
    Load(load::Load),
    /// Live many lives of a bank on a disk and a network that fail, and look for lost money.
    ///
    /// One seed is one life: crashes, torn writes, flipped bits, lost and failed syncs, a full disk,
    /// a jumping clock, lost, doubled and late messages. The same seed is the same life.
    #[command(after_help = "Examples:\n  \
                            jidian bank campaign --seeds 10000\n  \
                            jidian bank campaign --first 4711 --seeds 1     one life again\n  \
                            jidian bank campaign --plant skips-sync         must find the bug")]
    Campaign(campaign::Arguments),
    /// Kill a bank that writes to a real file, again and again, and look for lost batches.
    #[command(after_help = "Example:\n  jidian bank kills --times 1000 --json")]
    Kills(kills::Arguments),
    Serve(serve::Serve),
    Certificate(certificate::Certificate),
    Export(export::Export),
    Import(import::Import),
    Statement(statement::Show),
}

pub(super) fn run(command: &BankCommand) -> Result<(), Failure> {
    match command {
        BankCommand::Init(arguments) => init::run(arguments),
        BankCommand::Node(arguments) => node::run(arguments),
        BankCommand::Status(arguments) => status::run(arguments),
        BankCommand::Reseed(arguments) => reseed::run(arguments),
        BankCommand::Compare(arguments) => compare::run(arguments),
        BankCommand::Load(arguments) => load::run(arguments),
        BankCommand::Campaign(arguments) => campaign::run(arguments),
        BankCommand::Kills(arguments) => kills::run(arguments),
        BankCommand::Serve(arguments) => serve::run(arguments),
        BankCommand::Certificate(arguments) => certificate::run(arguments),
        BankCommand::Export(arguments) => export::run(arguments),
        BankCommand::Import(arguments) => import::run(arguments),
        BankCommand::Statement(arguments) => statement::run(arguments),
    }
}
