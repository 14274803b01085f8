//! Price contracts on their way to the meters of a class: packages, recalls and new keys.
//!
//! All three are broadcast: one text for each class, no cryptography for single meters. What they
//! may do to a meter stands in the `tee` crate.

use crate::codec::{byte_enum, wire_struct};
use crate::identity::{Digest, PublicKey, Signature};
use heapless::Vec;
use quantity::Instant;

/// Longest byte code of a contract.
pub const PROGRAM_BYTES_MAX: usize = 2048;
/// Longest signed package: 135 bytes of fields, the length of the byte code, the byte code and two
/// signatures.
pub const PACKAGE_BYTES_MAX: usize = 135 + 2 + PROGRAM_BYTES_MAX + 2 * 64;

byte_enum! {
    /// What a package is for.
    PackageKind, "kind of package" {
        /// It holds in its time of validity.
        Ordinary = 1,
        /// It takes over when an ordinary one ends without another. It has no end that matters
        /// (`valid_until` only bounds when it may be loaded: give a far one) and sequence numbers
        /// of its own.
        Default = 2,
    }
}

/// A price contract for one class of meters and one direction of energy: these two are the
/// conditions that a meter must fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractPackage {
    /// Code of the class of meters.
    pub class: u8,
    /// Which register it prices: 1 import, 2 export.
    pub direction: u8,
    /// Ordinary or default.
    pub kind: PackageKind,
    /// Rises with each package and each recall of the same class, direction and kind; a meter
    /// accepts only larger ones.
    pub sequence: u64,
    /// Version that people see.
    pub version: u32,
    /// Digest of the package that it replaces; zero for the first.
    pub supersedes: Digest,
    /// Digest of the default package that takes over when it expires; zero in a default package.
    pub on_expiry: Digest,
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

/// The regulator alone takes contracts out of force, in favour of one that both signers signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recall {
    /// Code of the class of meters.
    pub class: u8,
    /// Which register: 1 import, 2 export.
    pub direction: u8,
    /// Larger than that of any ordinary package and recall before it. One row of numbers for both:
    /// so a recall that was held back can't strike a contract that it wasn't meant for.
    pub sequence: u64,
    /// Digest of the package that is to hold: the default one, the one in force (then only what
    /// waits is dropped), or the one that was in force before.
    pub target: Digest,
    /// When it was signed.
    pub issued: Instant,
    /// Digest of the document that gives the reason.
    pub reason: Digest,
}

/// New keys for regulator and grid company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// 1 for the first after the factory, then without a gap.
    pub sequence: u64,
    /// Digest of the rotation before it; zero for the first.
    pub previous: Digest,
    /// When it was signed.
    pub issued: Instant,
    /// The regulator's key from now on.
    pub regulator: PublicKey,
    /// The grid company's key from now on; never the regulator's.
    pub grid_company: PublicKey,
}

/// A rotation with the signatures of the old and the new keys of both roles. A key that doesn't
/// change signs once, as the old one, and the signature in its place as the new one is all zeros: so
/// there is one form of each rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedRotation {
    /// What all sign.
    pub rotation: Rotation,
    /// By the regulator's old key.
    pub old_regulator: Signature,
    /// By the grid company's old key.
    pub old_grid_company: Signature,
    /// By the regulator's new key; zeros if it is the old one.
    pub new_regulator: Signature,
    /// By the grid company's new key; zeros if it is the old one.
    pub new_grid_company: Signature,
}

wire_struct!(ContractPackage, tag: b"JIDIAN-PACKAGE-2", {
    class, direction, kind, sequence, version, supersedes, on_expiry, valid_from, valid_until,
    active_from, source, program
});
wire_struct!(SignedPackage, tag: b"JIDIAN-PACKAGE-2", { package, regulator, grid_company });
wire_struct!(Recall, tag: b"JIDIAN-RECALL-1", {
    class, direction, sequence, target, issued, reason
});
wire_struct!(Rotation, tag: b"JIDIAN-ROTATION-1", {
    sequence, previous, issued, regulator, grid_company
});
wire_struct!(SignedRotation, tag: b"JIDIAN-ROTATION-1", {
    rotation, old_regulator, old_grid_company, new_regulator, new_grid_company
});
