//! Price contracts on their way to the meters of a class.

use crate::codec::wire_struct;
use crate::identity::{Digest, Signature};
use heapless::Vec;
use quantity::Instant;

/// Longest byte code of a contract.
pub const PROGRAM_BYTES_MAX: usize = 1024;

/// A price contract for one class of meters and one direction of energy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractPackage {
    /// Code of the class of meters.
    pub class: u8,
    /// Which register it prices: 1 import, 2 export.
    pub direction: u8,
    /// Rises with each package of the same class and direction; a meter accepts only larger ones.
    pub sequence: u64,
    /// Version that people see.
    pub version: u32,
    /// Digest of the package that it replaces; zero for the first.
    pub supersedes: Digest,
    /// First instant at which it may be loaded and active.
    pub valid_from: Instant,
    /// First instant after its validity.
    pub valid_until: Instant,
    /// Settlement boundary at which it takes over.
    pub active_from: Instant,
    /// SM3 digest of the source text that the signers read.
    pub source: Digest,
    /// Canonical byte code.
    pub program: Vec<u8, PROGRAM_BYTES_MAX>,
}

/// A package with both signatures that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPackage {
    /// What both signed.
    pub package: ContractPackage,
    /// By the regulator.
    pub regulator: Signature,
    /// By the grid company.
    pub grid_company: Signature,
}

wire_struct!(ContractPackage, tag: b"JIDIAN-PACKAGE-1", {
    class, direction, sequence, version, supersedes, valid_from, valid_until, active_from, source,
    program
});
wire_struct!(SignedPackage, tag: b"JIDIAN-PACKAGE-1", { package, regulator, grid_company });
