//! A signed contract package from outside comes into a pilot that stands still.

use super::{ContractSource, Pilot, RunError};
use crate::store::log::{Kind, LogReader};
use crate::store::{file_of, manifest::Manifest};
use grid::Grid;
use quantity::Instant;
use simulation::world::Broadcast;
use std::collections::BTreeMap;
use std::path::Path;
use wire::package::{Recall, SignedPackage};
use wire::tee::Code;
use wire::{MeterId, Signed};

/// Why a package isn't published. Nothing was written.
#[derive(Debug)]
pub enum PublishError {
    /// The source text isn't what was signed.
    Source(String),
    /// Transaction cores refuse it: how many, with which code, and one of them.
    Refused(Vec<(Code, usize, MeterId)>),
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
                    write!(f, "\n  {meters} meter(s), such as {first}: {code:?}, {code}")?;
                    write!(f, "{}", remedy(*code))
                })
            }
            Self::NoMeter => f.write_str("no meter of this pilot is of the package's class"),
            Self::Chain(fault) => write!(f, "not the next package of its chain: {fault}"),
            Self::Run(error) => write!(f, "{error}"),
        }
    }
}

/// What whoever publishes can do about a refusal.
fn remedy(code: Code) -> &'static str {
    if code == Code::Signature {
        " Add it with `jidian contract sign PACKAGE --data D --signer WHO`."
    } else if matches!(code, Code::Fork | Code::OtherPredecessor | Code::StaleSequence) {
        " Another package came first: sign the source again."
    } else {
        ""
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
        let source = source(&signed, &text).map_err(PublishError::Source)?;
        let published = self.broadcast(&Broadcast::Contract(Box::new(signed), text))?;
        if !published.was_there {
            self.sources.push(source);
        }
        Ok(published)
    }

    /// Sends a recall in the same way.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn recall(&mut self, recall: Signed<Recall>) -> Result<Published, PublishError> {
        self.broadcast(&Broadcast::Recall(recall))
    }

    fn broadcast(&mut self, broadcast: &Broadcast) -> Result<Published, PublishError> {
        let answers = self.world.rehearse(broadcast);
        let meters = answers.len();
        let mut refusals: BTreeMap<Code, (usize, MeterId)> = BTreeMap::new();
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
        let was_there = answers.iter().all(|(_, code)| *code == Code::AlreadyThere);
        if !was_there {
            self.world.broadcast(broadcast).map_err(PublishError::Chain)?;
            self.note_broadcast(broadcast).map_err(PublishError::Run)?;
        }
        Ok(Published { meters, was_there })
    }

    fn note_broadcast(&mut self, broadcast: &Broadcast) -> Result<(), RunError> {
        self.journal.grid.append(&broadcast.entry().to_bytes())?;
        self.journal.grid.sync()?;
        self.journal.note_world(&self.world.changes())?;
        self.journal.world.sync()?;
        Ok(())
    }
}

/// The contract as people read it: the text must be the one whose digest was signed, and compile to
/// the signed bytes.
fn source(signed: &SignedPackage, text: &str) -> Result<ContractSource, String> {
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
    Ok(ContractSource {
        class: built.class,
        direction: built.direction,
        name: built.name,
        version: built.version,
        text: text.to_owned(),
        package: signed.clone(),
    })
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
