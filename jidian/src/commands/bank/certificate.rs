//! `jidian bank certificate`: one more client of the sandbox, or one fewer.

use super::super::Failure;
use crate::service::certificates::Certificates;
use crate::service::revocation::{self, RevocationList, Standing};
use crate::service::who::{Caller, Identity};
use clap::{ArgGroup, Args};
use quantity::Instant;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use wire::KeyId;

/// Make a client certificate, signed by the authority in DIR/tls; list them; withdraw one.
///
/// It only says who calls. What a holder may see follows from the wallets that are bound to its key;
/// what it may pay follows from its SM2 signatures.
///
/// A certificate that is withdrawn (--revoke) stands in DIR/tls/crl.pem for ever. A bank that is
/// serving refuses it from the next call on; it needn't be started again.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("whom").required(true))]
pub(in crate::commands) struct Certificate {
    /// Directory of the bank.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Name of the files in DIR/tls/clients: letters, digits, dots and dashes.
    #[arg(long, value_parser = parse_name, required_unless_present = "list")]
    name: Option<String>,
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
    /// For the authentication centre.
    #[arg(long, group = "whom")]
    authentication_centre: bool,
    /// For the supervisor.
    #[arg(long, group = "whom")]
    supervisor: bool,
    /// Withdraw the certificate of this name.
    #[arg(long, group = "whom")]
    revoke: bool,
    /// List all client certificates with what they are good for.
    #[arg(long, group = "whom", conflicts_with = "name")]
    list: bool,
    /// Print the list as JSON.
    #[arg(long, requires = "list")]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  jidian bank certificate --data B --name alice --holder 00112233445566778899aabbccddeeff
  jidian bank certificate --data B --name inspector --auditor
  jidian bank certificate --data B --name inspector --revoke
  jidian bank certificate --data B --list";

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
    let now = super::serve::now();
    if arguments.list {
        return list(&certificates, now, arguments.json);
    }
    let name = arguments.name.as_deref().unwrap_or_default();
    if arguments.revoke {
        certificates.revoke(now, name)?;
        println!("{}: withdrawn", certificates.revocations().display());
        return Ok(());
    }
    let pair = certificates.client_of(now, name, identity(arguments))?;
    println!("{}\n{}", pair.certificate.display(), pair.key.display());
    Ok(())
}

/// One client of the list.
struct Client {
    name: String,
    urn: String,
    standing: Standing,
}

fn list(certificates: &Certificates, now: Instant, json: bool) -> Result<(), Failure> {
    let revoked = RevocationList::read(certificates, now)?;
    let mut clients = Vec::new();
    for name in certificates.client_names()? {
        let path = certificates.client(&name).certificate;
        let standing = revocation::standing(certificates, &path, revoked.as_ref(), now)?;
        let identity = identity_of(&path)?;
        let urn = identity.map_or_else(|| "nobody".to_owned(), |identity| identity.to_string());
        clients.push(Client { name, urn, standing });
    }
    if json {
        let told = |client: &Client| json!({ "name": client.name, "urn": client.urn, "standing": client.standing.name() });
        println!("{:#}", Value::Array(clients.iter().map(told).collect()));
        return Ok(());
    }
    for Client { name, urn, standing } in clients {
        println!("{:8}  {name:24}  {urn}", standing.name());
    }
    Ok(())
}

fn identity_of(path: &Path) -> Result<Option<Identity>, Failure> {
    let certificate = CertificateDer::from_pem_file(path);
    let certificate = certificate.map_err(|error| Failure::at(path.display(), error))?;
    Ok(Caller::of(&certificate).identity)
}

fn identity(arguments: &Certificate) -> Identity {
    match (arguments.holder, arguments.operator) {
        (Some(key), _) => Identity::Holder(key),
        (None, Some(number)) => Identity::Operator(number),
        (None, None) if arguments.central_bank => Identity::CentralBank,
        (None, None) if arguments.analyst => Identity::Analyst,
        (None, None) if arguments.authentication_centre => Identity::AuthenticationCentre,
        (None, None) if arguments.supervisor => Identity::Supervisor,
        (None, None) => Identity::Auditor,
    }
}
