//! `jidian bench metering`: how exact the metering core is.

mod report;
mod type_test;

use crate::commands::Failure;
use clap::Args;

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// Run the type test: more than 300 points of IEC 62053-22, IEC 62053-24 and OIML R46.
    #[arg(long, required = true)]
    type_test: bool,
    #[command(flatten)]
    options: type_test::Options,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    type_test::run(&arguments.options, arguments.json)
}
