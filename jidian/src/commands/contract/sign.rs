//! `jidian contract sign`: from a source to a package that meters accept.

use super::package::{EXTENSION, PackageFile, is_package};
use super::{read_text, show};
use crate::commands::{Failure, Language};
use crate::pilot;
use clap::{Args, ValueEnum};
use crypto::Sign as _;
use grid::publishing::{Authored, Validity};
use quantity::{CivilDate, CivilTime, Duration, Instant};
use simulation::founding::Keys;
use std::path::PathBuf;
use wire::Signature;
use wire::package::{PackageKind, SignedPackage};

/// How long a contract holds if nobody says it.
const VALIDITY_USUAL: Duration = Duration::from_days(365);

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// A contract source, or a package that still lacks a signature.
    file: PathBuf,
    /// Data directory of the pilot that it is for. It may run; nothing is written there.
    #[arg(long)]
    data: PathBuf,
    /// Where the package goes [default: the source's name, ending in `.package`].
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Whose signature is added. A package needs both.
    #[arg(long, value_enum, default_value_t)]
    signer: Signer,
    /// Make the package that takes over when the others of its class end. Give it a far
    /// `--valid-until`: that only says until when meters may load it.
    #[arg(long)]
    default: bool,
    /// First instant (UTC+8) of its validity, such as 2026-07-01T00:00 [default: the pilot's now].
    #[arg(long, value_parser = parse_instant)]
    valid_from: Option<Instant>,
    /// First instant after its validity [default: 365 days later].
    #[arg(long, value_parser = parse_instant)]
    valid_until: Option<Instant>,
    /// Settlement boundary at which it takes over [default: the next one].
    #[arg(long, value_parser = parse_instant)]
    active_from: Option<Instant>,
    /// Language of diagnostics.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Whose key signs. The keys of a pilot's institutions come from its seed: a sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Signer {
    /// Regulator and grid company.
    #[default]
    Both,
    /// The regulator alone.
    Regulator,
    /// The grid company alone.
    GridCompany,
}

/// `2026-07-01T00:00`, legal time.
fn parse_instant(text: &str) -> Result<Instant, String> {
    let parse = || {
        let (date, time) = text.split_once(['T', ' '])?;
        let mut date = date.splitn(3, '-');
        let mut next = || date.next();
        let date = CivilDate {
            year: next()?.parse().ok()?,
            month: next()?.parse().ok()?,
            day: next()?.parse().ok()?,
        };
        let (hour, minute) = time.split_once(':')?;
        let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
        let time = CivilTime { date, hour, minute, second: 0, millisecond: 0 };
        let at = Instant::from_civil(time);
        ((1970..=9999).contains(&date.year) && at.civil() == time).then_some(at)
    };
    parse().ok_or_else(|| "must be a date and time such as 2026-07-01T00:00".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let pilot = pilot::look(&arguments.data)?;
    let mut file = if is_package(&arguments.file) {
        PackageFile::read(&arguments.file)?
    } else {
        draw_up(arguments, &pilot)?
    };
    let keys = Keys::of_seed(pilot.manifest.seed);
    let package = &file.signed.package;
    if arguments.signer != Signer::GridCompany {
        file.signed.regulator = keys.regulator.sign(package);
    }
    if arguments.signer != Signer::Regulator {
        file.signed.grid_company = keys.grid_company.sign(package);
    }
    let output = match &arguments.output {
        Some(output) => output.clone(),
        None => arguments.file.with_extension(EXTENSION),
    };
    std::fs::write(&output, file.bytes()).map_err(|error| Failure::at(output.display(), error))?;
    if arguments.json {
        println!("{:#}", file.described(&output));
    } else {
        println!("{}: {}", output.display(), file.summary());
    }
    Ok(())
}

/// The next package of the contract's chain, not signed yet.
fn draw_up(arguments: &Arguments, pilot: &pilot::Standing) -> Result<PackageFile, Failure> {
    let text = read_text(&arguments.file)?;
    let built = contract::build(&text).map_err(|diagnostics| {
        show(&arguments.file, &diagnostics, &text, arguments.lang);
        Failure::at(arguments.file.display(), "refused; nothing was written")
    })?;
    let interval = built.program().map_err(|error| Failure(error.to_string()))?.header().interval;
    let from = arguments.valid_from.unwrap_or(pilot.now);
    let next = from.max(pilot.now).floor_to(interval) + interval;
    let validity = Validity {
        from,
        until: arguments.valid_until.unwrap_or(from + VALIDITY_USUAL),
        active_from: arguments.active_from.unwrap_or(next),
    };
    let authored = Authored {
        class: built.class,
        direction: built.direction,
        kind: if arguments.default { PackageKind::Default } else { PackageKind::Ordinary },
        version: built.version,
        source: crypto::sm3(text.as_bytes()),
        program: &built.bytecode,
    };
    let mut publisher = pilot.grid.publisher().clone();
    let package = publisher
        .publish(&authored, &validity)
        .map_err(|error| Failure::at(arguments.file.display(), error))?;
    let unsigned = Signature::default();
    let signed = SignedPackage { package, regulator: unsigned, grid_company: unsigned };
    Ok(PackageFile { signed, source: text })
}

#[cfg(test)]
mod tests {
    use super::parse_instant;

    #[test]
    fn instants_are_read_exactly_or_refused() {
        let at = parse_instant("2026-07-01T16:30").map(|at| at.civil().to_string());
        assert_eq!(at.as_deref(), Ok("2026-07-01 16:30:00"));
        assert_eq!(parse_instant("2026-07-01 16:30").map(|at| at.civil().minute), Ok(30));
        for wrong in ["", "2026-07-01", "2026-02-30T00:00", "2026-13-01T00:00", "2026-07-01T24:00"]
        {
            assert!(parse_instant(wrong).is_err(), "{wrong}");
        }
    }
}
