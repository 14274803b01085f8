//! `jidian contract`: what an author, a regulator and a signer do with a source file.

mod build;
mod check;
mod compare;
mod explain;
mod fmt;
mod import;
mod package;
mod publish;
mod recall;
mod sign;
mod simulate;

use super::{Failure, Language};
use clap::Subcommand;
use contract::{Built, Diagnostic};
use serde_json::json;
use std::path::Path;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check sources: grammar, units, coverage, ranges, conservation, worked examples.
    #[command(after_help = "Example:\n  jidian contract check data/contracts/*.contract")]
    Check(check::Sources),
    /// Bring sources into the one layout, in either language.
    #[command(
        after_help = "Examples:\n  jidian contract fmt my.contract\n  jidian contract fmt --keywords zh --stdout my.contract"
    )]
    Fmt(fmt::Arguments),
    /// Compile a source to canonical byte code.
    #[command(after_help = "Example:\n  jidian contract build my.contract --output my.bytecode")]
    Build(build::Build),
    /// Print the tables of a source, as a regulator would file them.
    #[command(after_help = "Example:\n  jidian contract explain my.contract --lang zh")]
    Explain(explain::Explain),
    /// Print the tables of compiled byte code or of a package: what a meter really runs.
    #[command(after_help = "Example:\n  jidian contract inspect my.package")]
    Inspect(explain::Explain),
    /// Draw up and sign a package for the meters of a pilot.
    #[command(after_help = SIGN_EXAMPLES)]
    Sign(sign::Arguments),
    /// Send a signed package to the meters of a pilot that stands still.
    ///
    /// First copies of all transaction cores of its class are asked. If one refuses, nothing is
    /// changed, and the codes are shown.
    #[command(after_help = "Example:\n  jidian contract publish my.package --data D")]
    Publish(publish::Arguments),
    /// Take contracts out of force in a pilot that stands still, as the regulator alone may.
    #[command(
        after_help = "Example:\n  jidian contract recall --class residential --direction import --reason 'notice 12' --data D"
    )]
    Recall(recall::Arguments),
    /// Bill a year of many customers under two contracts: who pays more, who pays less.
    #[command(
        after_help = "Example:\n  jidian contract simulate new.contract --against residential-henan --svg change.svg"
    )]
    Simulate(simulate::Simulate),
    /// Turn a rate of the OpenEI Utility Rate Database into the source of a contract.
    #[command(
        after_help = "Example:\n  jidian contract import rate.json --yuan-per-dollar 7.1 -o my.contract"
    )]
    Import(import::Import),
    /// Settle random movements under random contracts with all executors, which must agree.
    #[command(after_help = "Example:\n  jidian contract compare --cases 100000000 --seed 7")]
    Compare(compare::Arguments),
}

const SIGN_EXAMPLES: &str = "\
Examples:
  jidian contract sign my.contract --data D                          both signatures
  jidian contract sign my.contract --data D --signer regulator       the first signature
  jidian contract sign my.package --data D --signer grid-company     the second one";

impl From<Language> for contract::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::English,
            Language::Zh => Self::Chinese,
        }
    }
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Check(sources) => check::run(sources),
        Command::Fmt(arguments) => fmt::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Build(arguments) => build::run(arguments),
        Command::Explain(arguments) => explain::explain(arguments),
        Command::Inspect(arguments) => explain::inspect(arguments),
        Command::Sign(arguments) => sign::run(arguments),
        Command::Publish(arguments) => publish::run(arguments),
        Command::Recall(arguments) => recall::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Import(arguments) => import::run(arguments),
    }
}

fn read_text(file: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::at(file.display(), error))?;
    if bytes.contains(&0) {
        let help = "this is no text; tables of byte code and packages: `jidian contract inspect`";
        return Err(Failure::at(file.display(), help));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::at(file.display(), format!("byte {at} isn't UTF-8; save the file as UTF-8"))
    })
}

fn show(file: &Path, diagnostics: &[Diagnostic], text: &str, language: Language) {
    eprintln!("{}:", file.display());
    eprintln!("{}", contract::render_all(diagnostics, text, language.into()).trim_end());
}

fn summary(built: &Built) -> String {
    format!(
        "{} version {} for {}, {}: {} bytes, SM3 {}",
        built.name,
        built.version,
        built.class.code(),
        built.direction.code(),
        built.bytecode.len(),
        crypto::sm3(&built.bytecode),
    )
}

fn described(file: &Path, built: &Built) -> serde_json::Value {
    json!({
        "file": file.display().to_string(),
        "accepted": true,
        "name": built.name,
        "version": built.version,
        "title_en": built.title_en,
        "title_zh": built.title_zh,
        "class": built.class.code(),
        "direction": built.direction.code(),
        "bytes": built.bytecode.len(),
        "sm3": crypto::sm3(&built.bytecode).to_string(),
    })
}
