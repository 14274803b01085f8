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
use wire::package::{ContractPackage, PROGRAM_BYTES_MAX};
use wire::signal::{Component, PriceSignal};

/// A compiled contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authored<'a> {
    /// Meters that it's for.
    pub class: CustomerClass,
    /// The register that it prices.
    pub direction: Direction,
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
        })
    }
}

impl core::error::Error for PackageFault {}

/// Makes contract packages: one chain per class and direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publisher {
    chains: BTreeMap<(CustomerClass, Direction), Head>,
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

    /// The next package of the contract's chain, to be signed by regulator and grid company.
    ///
    /// # Errors
    /// [`PackageFault`]; nothing changes then.
    pub fn publish(
        &mut self,
        contract: &Authored<'_>,
        validity: &Validity,
    ) -> Result<ContractPackage, PackageFault> {
        let key = (contract.class, contract.direction);
        let head = self.chains.get(&key).copied();
        let package = package(contract, validity, head)?;
        check_next(&package, head)?;
        self.chains.insert(key, head_of(&package));
        Ok(package)
    }

    /// Takes a package that was made elsewhere and is the next one of its chain.
    ///
    /// # Errors
    /// [`PackageFault`]; nothing changes then.
    pub fn admit(&mut self, package: &ContractPackage) -> Result<(), PackageFault> {
        let class = CustomerClass::from_byte(package.class).ok_or(PackageFault::Class)?;
        let direction = Direction::from_byte(package.direction).ok_or(PackageFault::Class)?;
        check_next(package, self.head(class, direction))?;
        self.chains.insert((class, direction), head_of(package));
        Ok(())
    }

    /// The newest package of a chain.
    #[must_use]
    pub fn head(&self, class: CustomerClass, direction: Direction) -> Option<Head> {
        self.chains.get(&(class, direction)).copied()
    }
}

fn package(
    contract: &Authored<'_>,
    validity: &Validity,
    head: Option<Head>,
) -> Result<ContractPackage, PackageFault> {
    let mut program: Bounded<u8, PROGRAM_BYTES_MAX> = Bounded::new();
    program.extend_from_slice(contract.program).map_err(|_| PackageFault::Program)?;
    Ok(ContractPackage {
        class: contract.class.byte(),
        direction: contract.direction.byte(),
        sequence: head.map_or(1, |head| head.sequence + 1),
        version: contract.version,
        supersedes: head.map_or(Digest::default(), |head| head.digest),
        valid_from: validity.from,
        valid_until: validity.until,
        active_from: validity.active_from,
        source: contract.source,
        program,
    })
}

/// Checks that a package follows `previous`; `None` if it's the first of its chain.
///
/// # Errors
/// The first [`PackageFault`].
pub fn check(
    package: &ContractPackage,
    previous: Option<&ContractPackage>,
) -> Result<(), PackageFault> {
    let same = |other: &ContractPackage| {
        (other.class, other.direction) == (package.class, package.direction)
    };
    ensure(previous.is_none_or(same), PackageFault::Class)?;
    check_next(package, previous.map(head_of))
}

fn head_of(package: &ContractPackage) -> Head {
    let digest = crypto::digest(package);
    Head { sequence: package.sequence, version: package.version, digest }
}

fn check_next(package: &ContractPackage, head: Option<Head>) -> Result<(), PackageFault> {
    let known = CustomerClass::from_byte(package.class).is_some()
        && Direction::from_byte(package.direction).is_some();
    ensure(known, PackageFault::Class)?;
    ensure(!package.program.is_empty(), PackageFault::Program)?;
    let active = (package.valid_from..package.valid_until).contains(&package.active_from);
    ensure(active, PackageFault::Validity)?;
    let (sequence, digest, version) = match head {
        Some(head) => (head.sequence + 1, head.digest, head.version),
        None => (1, Digest::default(), 0),
    };
    ensure(package.sequence == sequence, PackageFault::Sequence)?;
    ensure(package.supersedes == digest, PackageFault::Supersedes)?;
    ensure(package.version >= version, PackageFault::Version)
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
record!(Head { sequence, version, digest });
