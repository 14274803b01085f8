//! A signed contract package from outside comes into a pilot that stands still.

use super::{ContractSource, Pilot, RunError};
use crate::store::log::{Kind, LogReader};
use crate::store::{file_of, manifest::Manifest};
use contract::{CustomerClass, Direction};
use grid::Grid;
use quantity::Instant;
use simulation::ledger::GridEntry;
use std::collections::BTreeMap;
use std::path::Path;
use wire::package::SignedPackage;
use wire::tee::Code;

/// Why a package isn't published. Nothing was written.
#[derive(Debug)]
pub enum PublishError {
    /// The source text isn't what was signed.
    Source(String),
    /// Transaction cores refuse it: how many, with which code, and one of them.
    Refused(Vec<(Code, usize, wire::MeterId)>),
    /// No meter of the pilot is of its class.
    NoMeter,
    /// Meters take it, yet it isn't the next one of the company's chain.
    Chain(grid::publishing::PackageFault),
    /// The pilot can't write it down.
    Run(RunError),
}

impl core::fmt::Display for PublishError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Source(what) => f.write_str(what),
            Self::Refused(codes) => {
                f.write_str("the transaction cores refuse it; nothing was changed:")?;
                codes.iter().try_for_each(|(code, meters, first)| {
                    write!(f, "\n  {meters} meter(s), such as {first}: {code:?}, {code}")
                })
            }
            Self::NoMeter => f.write_str("no meter of this pilot is of the package's class"),
            Self::Chain(fault) => write!(f, "not the next package of its chain: {fault}"),
            Self::Run(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for PublishError {}

/// What was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Meters that hold it.
    pub meters: usize,
    /// Whether they held it before; then nothing was written.
    pub was_there: bool,
}

impl Pilot {
    /// Sends a package to the meters of its class and writes it down, all or nothing: first copies
    /// of the transaction cores are asked.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn publish(
        &mut self,
        signed: SignedPackage,
        text: String,
    ) -> Result<Published, PublishError> {
        let name = check_source(&signed, &text).map_err(PublishError::Source)?;
        let answers = self.world.rehearse(&signed);
        let meters = answers.len();
        let mut refusals: BTreeMap<Code, (usize, wire::MeterId)> = BTreeMap::new();
        for (meter, code) in answers.iter().filter(|(_, code)| !code.is_success()) {
            refusals.entry(*code).or_insert((0, *meter)).0 += 1;
        }
        if !refusals.is_empty() {
            let codes = refusals.into_iter().map(|(code, (count, first))| (code, count, first));
            return Err(PublishError::Refused(codes.collect()));
        }
        if meters == 0 {
            return Err(PublishError::NoMeter);
        }
        if answers.iter().all(|(_, code)| *code == Code::AlreadyThere) {
            return Ok(Published { meters, was_there: true });
        }
        self.world.publish(&signed).map_err(PublishError::Chain)?;
        self.note_contract(signed, name, text).map_err(PublishError::Run)?;
        Ok(Published { meters, was_there: false })
    }

    fn note_contract(
        &mut self,
        signed: SignedPackage,
        name: String,
        text: String,
    ) -> Result<(), RunError> {
        let entry = GridEntry::Contract(Box::new(signed.clone()), text.clone());
        self.journal.grid.append(&entry.to_bytes())?;
        self.journal.grid.sync()?;
        self.journal.note_world(&self.world.changes())?;
        self.journal.world.sync()?;
        let package = &signed.package;
        let (Some(class), Some(direction)) =
            (CustomerClass::from_byte(package.class), Direction::from_byte(package.direction))
        else {
            return Err(RunError::other("a class or direction that the meters don't know"));
        };
        let version = package.version;
        self.sources.push(ContractSource {
            class,
            direction,
            name,
            version,
            text,
            package: signed,
        });
        Ok(())
    }
}

/// The text must be the one whose digest was signed, and compile to the signed bytes. Returns the
/// contract's name.
fn check_source(signed: &SignedPackage, text: &str) -> Result<String, String> {
    let package = &signed.package;
    if crypto::sm3(text.as_bytes()) != package.source {
        return Err("the source text isn't the one whose digest was signed".to_owned());
    }
    let built = contract::build(text).map_err(|faults| {
        format!("the source isn't a contract: {} fault(s); run jidian contract check", faults.len())
    })?;
    if built.bytecode[..] != package.program[..] {
        return Err("the source compiles to another byte code than the signed one".to_owned());
    }
    Ok(built.name)
}

/// What a signer needs to know of a pilot. Only reads, so the pilot may run.
pub struct Standing {
    /// Which world it is, and whose keys count.
    pub manifest: Manifest,
    /// Its clock.
    pub now: Instant,
    /// The grid company, with the heads of its contract chains.
    pub grid: Grid,
}

/// Reads a pilot's directory without changing anything.
///
/// # Errors
/// [`RunError`] that names the file.
pub fn look(directory: &Path) -> Result<Standing, RunError> {
    let manifest = Manifest::read(directory).map_err(RunError::other)?;
    let mut last = super::resume::Last::default();
    let mut reader = LogReader::open(&directory.join(file_of(Kind::World)), Kind::World)?;
    while let Some(record) = reader.next_record()? {
        if !last.take(record) {
            break;
        }
    }
    last.must_exist(&reader)?;
    let grid = last.grid()?;
    Ok(Standing { manifest, now: last.now(), grid })
}
