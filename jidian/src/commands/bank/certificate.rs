//! `jidian bank certificate`: one more client of the sandbox.

use super::super::Failure;
use crate::service::certificates::Certificates;
use crate::service::who::Identity;
use clap::{ArgGroup, Args};
use std::path::PathBuf;
use wire::KeyId;

/// Make a client certificate, signed by the authority in DIR/tls.
///
/// It only says who calls. What a holder may see follows from the wallets that are bound to its key;
/// what it may pay follows from its SM2 signatures.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("whom").required(true))]
pub(in crate::commands) struct Certificate {
    /// Directory of the bank.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Name of the files in DIR/tls/clients: letters, digits, dots and dashes.
    #[arg(long, value_parser = parse_name)]
    name: String,
    /// For a holder or a meter: the pseudonym of its SM2 key, 32 hex digits.
    #[arg(long, value_name = "KEY", group = "whom")]
    holder: Option<KeyId>,
    /// For an operator: the first three digits of its wallets.
    #[arg(long, value_name = "NUMBER", group = "whom", value_parser = clap::value_parser!(u16).range(1..=999))]
    operator: Option<u16>,
    /// For the central bank.
    #[arg(long, group = "whom")]
    central_bank: bool,
    /// For an analyst.
    #[arg(long, group = "whom")]
    analyst: bool,
    /// For an auditor.
    #[arg(long, group = "whom")]
    auditor: bool,
}

const EXAMPLES: &str = "\
Examples:
  jidian bank certificate --data B --name alice --holder 00112233445566778899aabbccddeeff
  jidian bank certificate --data B --name inspector --auditor";

fn parse_name(text: &str) -> Result<String, String> {
    let sound = |mark: char| mark.is_ascii_alphanumeric() || matches!(mark, '-' | '.' | '_');
    let fits = (1..=64).contains(&text.len()) && text.chars().all(sound) && !text.starts_with('.');
    fits.then(|| text.to_owned()).ok_or_else(|| {
        "must be 1 to 64 letters, digits, dots, dashes or underscores, and not begin with a dot"
            .to_owned()
    })
}

pub(super) fn run(arguments: &Certificate) -> Result<(), Failure> {
    let certificates = Certificates::of(&arguments.data);
    if !certificates.authority().exists() {
        let advice =
            "no authority is here; `jidian bank serve --data` makes one at its first start";
        return Err(Failure::at(arguments.data.display(), advice));
    }
    let pair = certificates.client_of(super::serve::now(), &arguments.name, identity(arguments))?;
    println!("{}\n{}", pair.certificate.display(), pair.key.display());
    Ok(())
}

fn identity(arguments: &Certificate) -> Identity {
    match (arguments.holder, arguments.operator) {
        (Some(key), _) => Identity::Holder(key),
        (None, Some(number)) => Identity::Operator(number),
        (None, None) if arguments.central_bank => Identity::CentralBank,
        (None, None) if arguments.analyst => Identity::Analyst,
        (None, None) => Identity::Auditor,
    }
}
