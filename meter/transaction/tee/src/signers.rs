//! Who signs contracts: the keys of regulator and grid company, and how they change.
//!
//! The factory writes the first keys; a [`Rotation`](wire::package::Rotation) replaces them. It needs
//! the old keys (who was trusted says who is) and the new ones (who says so holds them), of both
//! roles, as TUF replaces a root. Rotations form a chain and are applied in their order, none left
//! out. What was loaded under old keys stays; what wasn't is refused from then on.

use crate::layout::{SIGNERS, SIGNERS_AT, SIGNERS_BYTES_MAX};
use crate::record::record;
use crate::{CLOCK_TOLERANCE, Stop, Tee, require};
use crypto::{Verify, digest};
use quantity::Instant;
use wire::memory::Memory;
use wire::package::{SignedPackage, SignedRotation};
use wire::tee::{Code, Damage, Place};
use wire::{Digest, PublicKey, Signature, Wire};

/// The keys that sign contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signers {
    /// First signer of contracts; signs recalls alone.
    pub regulator: PublicKey,
    /// Second signer of contracts; signs price signals alone.
    pub grid_company: PublicKey,
}

/// The keys in force, and the rotation that brought them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Number of the rotation, 0 for the keys of the factory.
    pub(crate) generation: u64,
    /// Digest of the rotation.
    pub(crate) digest: Digest,
    pub(crate) signers: Signers,
}

record!(Signers { regulator, grid_company });
record!(Chain { generation, digest, signers });

impl Signers {
    /// Whether a package carries the signatures of both.
    pub fn signed(&self, verifier: &impl Verify, signed: &SignedPackage) -> bool {
        let package = &signed.package;
        verifier.verify(&self.regulator, package, &signed.regulator)
            && verifier.verify(&self.grid_company, package, &signed.grid_company)
    }

    /// The keys behind a rotation, if it carries the signatures of old and new keys of both roles.
    ///
    /// # Errors
    /// [`Code::Signature`] or [`Code::SameSigner`]. Number and predecessor are the caller's to check.
    pub fn rotated(&self, verifier: &impl Verify, signed: &SignedRotation) -> Result<Self, Code> {
        let rotation = &signed.rotation;
        let new = Self { regulator: rotation.regulator, grid_company: rotation.grid_company };
        let roles = [
            (self.regulator, signed.old_regulator, new.regulator, signed.new_regulator),
            (self.grid_company, signed.old_grid_company, new.grid_company, signed.new_grid_company),
        ];
        let holds = roles.iter().all(|(old, by_old, new, by_new)| {
            // A key that stays has signed as the old one; a second signature would make a second
            // form of the same rotation.
            let is_taken = if old == new {
                *by_new == Signature::default()
            } else {
                verifier.verify(new, rotation, by_new)
            };
            is_taken && verifier.verify(old, rotation, by_old)
        });
        match (holds, new.are_two()) {
            (true, true) => Ok(new),
            (true, false) => Err(Code::SameSigner),
            (false, _) => Err(Code::Signature),
        }
    }

    /// Whether two signatures are those of two.
    #[must_use]
    pub fn are_two(&self) -> bool {
        self.regulator != self.grid_company
    }
}

impl Chain {
    /// The chain as the factory begins it.
    pub(crate) fn first(signers: Signers) -> Self {
        Self { generation: 0, digest: Digest::default(), signers }
    }

    pub(crate) fn store(&self, memory: &mut impl Memory) {
        let bytes = self.encode::<SIGNERS_BYTES_MAX>().expect("its length is fixed");
        SIGNERS.store(memory, &bytes, &mut [0; SIGNERS_BYTES_MAX]);
    }

    pub(crate) fn load(memory: &impl Memory) -> Result<Self, Damage> {
        let damage = Place::Signers.damage(SIGNERS_AT);
        let mut page = [0; SIGNERS_BYTES_MAX];
        let length = SIGNERS.load(memory, &mut page).map_err(|_| damage)?.ok_or(damage)?;
        Self::decode(&page[..length]).map_err(|_| damage)
    }
}

impl<M: Memory> Tee<M> {
    /// Takes new keys.
    pub(crate) fn rotate(
        &mut self,
        now: Instant,
        verifier: &impl Verify,
        signed: &SignedRotation,
    ) -> Result<Code, Stop> {
        let (rotation, digest) = (&signed.rotation, digest(&signed.rotation));
        let Chain { generation, signers, .. } = self.chain;
        if rotation.sequence == generation && digest == self.chain.digest {
            return Ok(Code::AlreadyThere);
        }
        require(rotation.sequence > generation, Code::StaleSequence)?;
        require(rotation.sequence - 1 == generation, Code::MissingRotation)?;
        let signers = signers.rotated(verifier, signed)?;
        require(rotation.previous == self.chain.digest, Code::OtherPredecessor)?;
        require(rotation.issued <= now + CLOCK_TOLERANCE, Code::NotYetValid)?;
        self.learn_time(rotation.issued);
        self.chain = Chain { generation: rotation.sequence, digest, signers };
        self.chain.store(&mut self.memory);
        Ok(Code::Accepted)
    }
}
