//! Price contracts and price signals on their way to the meters.

use crate::codec::record;
use crate::price::Components;
use crate::{Decision, Setup};
use contract::{CustomerClass, Direction, SignalId};
use core::fmt;
use heapless::Vec as Bounded;
use quantity::Instant;
use std::collections::BTreeMap;
use wire::Digest;
use wire::evidence::SIGNALS_MAX;
use wire::package::{ContractPackage, PROGRAM_BYTES_MAX, PackageKind, Recall};
use wire::signal::{Component, PriceSignal};

/// A compiled contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authored<'a> {
    /// Meters that it's for.
    pub class: CustomerClass,
    /// The register that it prices.
    pub direction: Direction,
    /// Whether it is the one that takes over when the others end.
    pub kind: PackageKind,
    /// Version that people see.
    pub version: u32,
    /// Digest of the source text.
    pub source: Digest,
    /// Canonical byte code.
    pub program: &'a [u8],
}

/// When a contract holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First instant at which it may be loaded and active.
    pub from: Instant,
    /// First instant after its validity.
    pub until: Instant,
    /// Settlement boundary at which it takes over.
    pub active_from: Instant,
}

/// Why a package isn't the next one of its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageFault {
    /// There's no byte code, or more than a meter can hold.
    Program,
    /// The validity is empty, or the contract would take over outside of it.
    Validity,
    /// Class or direction has no meaning, or isn't that of the package before.
    Class,
    /// The sequence number isn't the next one.
    Sequence,
    /// It doesn't name the package before it.
    Supersedes,
    /// The version is older than that of the package before it.
    Version,
    /// It doesn't name the chain's default package, or there is none; or it is a default package and
    /// names one.
    Default,
}

impl fmt::Display for PackageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Program => "the byte code is empty or too long",
            Self::Validity => "the validity is empty, or the contract is active outside of it",
            Self::Class => "class or direction is wrong",
            Self::Sequence => "the sequence number isn't the next one",
            Self::Supersedes => "it doesn't name the package before it",
            Self::Version => "the version is older than the one before it",
            Self::Default => "it doesn't name the default package that takes over on expiry",
        })
    }
}

impl core::error::Error for PackageFault {}

/// Makes contract packages: one chain per class and direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publisher {
    chains: BTreeMap<(CustomerClass, Direction), Chain>,
}

/// What was published for a class and direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Number of the last ordinary package or recall, 0 before the first.
    pub sequence: u64,
    /// The newest ordinary package.
    pub ordinary: Option<Head>,
    /// The newest default package.
    pub default: Option<Head>,
}

/// The newest package of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its sequence number.
    pub sequence: u64,
    /// Its version.
    pub version: u32,
    /// Its digest.
    pub digest: Digest,
}

impl Publisher {
    /// No contract was published.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next package of the contract's chain, to be signed by regulator and grid company. An
    /// ordinary one names the chain's default package.
    ///
    /// # Errors
    /// [`PackageFault`]; nothing changes then.
    pub fn publish(
        &mut self,
        contract: &Authored<'_>,
        validity: &Validity,
    ) -> Result<ContractPackage, PackageFault> {
        let package = self.chain(contract.class, contract.direction).package(contract, validity)?;
        self.admit(&package)?;
        Ok(package)
    }

    /// Takes a package that is the next one of its chain, wherever it was made.
    ///
    /// # Errors
    /// [`PackageFault`]; nothing changes then.
    pub fn admit(&mut self, package: &ContractPackage) -> Result<(), PackageFault> {
        let (class, direction) = addressee(package.class, package.direction)?;
        let mut chain = self.chain(class, direction);
        chain.admit(package)?;
        self.chains.insert((class, direction), chain);
        Ok(())
    }

    /// The next recall of a chain, to be signed by the regulator.
    ///
    /// # Errors
    /// [`PackageFault`]; nothing changes then.
    pub fn recall(
        &mut self,
        (class, direction): (CustomerClass, Direction),
        target: Digest,
        (issued, reason): (Instant, Digest),
    ) -> Result<Recall, PackageFault> {
        let sequence = self.chain(class, direction).sequence + 1;
        let (class, direction) = (class.byte(), direction.byte());
        let recall = Recall { class, direction, sequence, target, issued, reason };
        self.admit_recall(&recall)?;
        Ok(recall)
    }

    /// Takes a recall that is the next one of its chain.
    ///
    /// # Errors
    /// [`PackageFault`]; nothing changes then.
    pub fn admit_recall(&mut self, recall: &Recall) -> Result<(), PackageFault> {
        let (class, direction) = addressee(recall.class, recall.direction)?;
        let mut chain = self.chain(class, direction);
        ensure(chain.default.is_some(), PackageFault::Default)?;
        ensure(recall.sequence == chain.sequence + 1, PackageFault::Sequence)?;
        chain.sequence = recall.sequence;
        self.chains.insert((class, direction), chain);
        Ok(())
    }

    /// What was published for a class and direction.
    #[must_use]
    pub fn chain(&self, class: CustomerClass, direction: Direction) -> Chain {
        self.chains.get(&(class, direction)).copied().unwrap_or_default()
    }
}

fn addressee(class: u8, direction: u8) -> Result<(CustomerClass, Direction), PackageFault> {
    let class = CustomerClass::from_byte(class).ok_or(PackageFault::Class)?;
    Ok((class, Direction::from_byte(direction).ok_or(PackageFault::Class)?))
}

impl Chain {
    /// Number, predecessor, version and default package that a package of a kind must name.
    fn expects(&self, kind: PackageKind) -> Result<(u64, Digest, u32, Digest), PackageFault> {
        let (head, last, default) = match kind {
            PackageKind::Default => {
                (self.default, self.default.map_or(0, |head| head.sequence), Digest::default())
            }
            PackageKind::Ordinary => {
                let default = self.default.ok_or(PackageFault::Default)?;
                (self.ordinary, self.sequence, default.digest)
            }
        };
        let (supersedes, version) = head.map_or_else(Default::default, |h| (h.digest, h.version));
        Ok((last + 1, supersedes, version, default))
    }

    fn package(
        &self,
        contract: &Authored<'_>,
        validity: &Validity,
    ) -> Result<ContractPackage, PackageFault> {
        let mut program: Bounded<u8, PROGRAM_BYTES_MAX> = Bounded::new();
        program.extend_from_slice(contract.program).map_err(|_| PackageFault::Program)?;
        let (sequence, supersedes, _, on_expiry) = self.expects(contract.kind)?;
        Ok(ContractPackage {
            class: contract.class.byte(),
            direction: contract.direction.byte(),
            kind: contract.kind,
            sequence,
            version: contract.version,
            supersedes,
            on_expiry,
            valid_from: validity.from,
            valid_until: validity.until,
            active_from: validity.active_from,
            source: contract.source,
            program,
        })
    }

    fn admit(&mut self, package: &ContractPackage) -> Result<(), PackageFault> {
        ensure(!package.program.is_empty(), PackageFault::Program)?;
        let active = (package.valid_from..package.valid_until).contains(&package.active_from);
        ensure(active, PackageFault::Validity)?;
        let (sequence, supersedes, version, on_expiry) = self.expects(package.kind)?;
        ensure(package.sequence == sequence, PackageFault::Sequence)?;
        ensure(package.supersedes == supersedes, PackageFault::Supersedes)?;
        ensure(package.version >= version, PackageFault::Version)?;
        ensure(package.on_expiry == on_expiry, PackageFault::Default)?;
        let digest = crypto::digest(package);
        let head = Some(Head { sequence, version: package.version, digest });
        match package.kind {
            PackageKind::Default => self.default = head,
            PackageKind::Ordinary => (self.ordinary, self.sequence) = (head, sequence),
        }
        Ok(())
    }
}

fn ensure(holds: bool, fault: PackageFault) -> Result<(), PackageFault> {
    if holds { Ok(()) } else { Err(fault) }
}

/// The signals of a decision, to be signed by the grid company: one for each customer class
/// (import), one for each kind of unit (export), and a second one for stores, which pay the same
/// price while they charge. The decision's number is their sequence number.
#[must_use]
pub fn signals(decision: &Decision, setup: &Setup) -> Vec<PriceSignal> {
    let digest = decision.digest();
    let mut signals = Vec::new();
    let mut push = |class: CustomerClass, direction: Direction, values: Values| {
        signals.push(PriceSignal {
            class: class.byte(),
            direction: direction.byte(),
            sequence: decision.number,
            from: decision.from,
            until: decision.until,
            decision: digest,
            values,
        });
    };
    for (price, class) in decision.sales.iter().zip(&setup.classes) {
        push(price.class, Direction::Import, pick(&price.components, &class.sales.signalled));
    }
    for (price, rule) in decision.purchase.iter().zip(&setup.purchase) {
        let Some(class) = price.kind.class() else { continue };
        let values = pick(&price.components, &rule.signalled);
        if price.kind.stores() {
            push(class, Direction::Import, values.clone());
        }
        push(class, Direction::Export, values);
    }
    signals
}

type Values = Bounded<Component, SIGNALS_MAX>;

fn pick(components: &Components, signalled: &[SignalId]) -> Values {
    let named = components.all().into_iter().filter(|(signal, _)| signalled.contains(signal));
    named.map(|(signal, price)| Component { signal: signal.byte(), price }).collect()
}

record!(Publisher { chains });
record!(Chain { sequence, ordinary, default });
record!(Head { sequence, version, digest });
