//! Where an institution or an owner signs: a key and the chain of its instructions.

use crate::command::Command;
use crate::operation::{Instruction, Operation};
use crate::registration::Chain;
use crypto::Sign;
use quantity::Instant;
use wire::order::{Leg, PaymentOrder};
use wire::{Digest, KeyId};

/// A key with the chain of what it signed.
#[derive(Clone, Debug)]
pub struct Desk<S> {
    signer: S,
    key: KeyId,
    chain: Chain,
}

impl<S: Sign> Desk<S> {
    /// A key that goes on where its chain stands.
    pub fn new(signer: S, chain: Chain) -> Self {
        let key = crypto::key_id(&signer.public_key());
        Self { signer, key, chain }
    }

    /// The key.
    #[must_use]
    pub const fn signer(&self) -> &S {
        &self.signer
    }

    /// Pseudonym of the key.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// Where the chain stands.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.chain
    }

    /// Goes on where the registration centre stands: after a restart, or when an operation was
    /// refused structurally or never sent.
    pub const fn resume(&mut self, chain: Chain) {
        self.chain = chain;
    }

    /// Signs the next payment order of the chain.
    ///
    /// # Panics
    /// If there are more than [`LEGS_MAX`](wire::order::LEGS_MAX) legs.
    pub fn pay(&mut self, at: Instant, legs: &[Leg]) -> Operation {
        let order = PaymentOrder {
            signer: self.key,
            sequence: self.chain.next_sequence(),
            previous: self.chain.last,
            at,
            evidence: Digest::default(),
            legs: legs.iter().copied().collect(),
        };
        self.chain = Chain { sequence: order.sequence, last: crypto::digest(&order) };
        self.signer.seal(order).into()
    }

    /// Signs the next instruction of the chain.
    pub fn instruct(&mut self, at: Instant, command: Command) -> Operation {
        let instruction = Instruction {
            signer: self.key,
            sequence: self.chain.next_sequence(),
            previous: self.chain.last,
            at,
            command,
        };
        let digest = crypto::digest(&instruction);
        self.chain = Chain { sequence: instruction.sequence, last: digest };
        self.signer.seal(instruction).into()
    }
}

/// What all institutions share: their key, and picking up their chain after a restart.
macro_rules! institution {
    ($name:ident) => {
        impl<S: Sign> $name<S> {
            /// Pseudonym of the key.
            #[must_use]
            pub const fn key(&self) -> wire::KeyId {
                self.desk.key()
            }

            /// Where the chain of instructions stands.
            #[must_use]
            pub const fn chain(&self) -> $crate::registration::Chain {
                self.desk.chain()
            }

            /// Goes on where the registration centre stands: after a restart, or when an
            /// instruction was refused structurally or never sent.
            pub const fn resume(&mut self, chain: $crate::registration::Chain) {
                self.desk.resume(chain);
            }

            /// Signs any command of the institution.
            pub fn instruct(
                &mut self,
                at: quantity::Instant,
                command: $crate::command::Command,
            ) -> $crate::operation::Operation {
                self.desk.instruct(at, command)
            }
        }
    };
}
pub(crate) use institution;
