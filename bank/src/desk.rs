//! Where an institution signs: its key and the chain of its instructions.

use crate::operation::{Command, Instruction, Operation};
use crate::registration::Chain;
use crypto::Sign;
use quantity::Instant;
use wire::KeyId;

#[derive(Clone, Debug)]
pub(crate) struct Desk<S> {
    signer: S,
    key: KeyId,
    chain: Chain,
}

impl<S: Sign> Desk<S> {
    pub(crate) fn new(signer: S, chain: Chain) -> Self {
        let key = crypto::key_id(&signer.public_key());
        Self { signer, key, chain }
    }

    pub(crate) const fn signer(&self) -> &S {
        &self.signer
    }

    pub(crate) const fn key(&self) -> KeyId {
        self.key
    }

    pub(crate) const fn chain(&self) -> Chain {
        self.chain
    }

    pub(crate) const fn resume(&mut self, chain: Chain) {
        self.chain = chain;
    }

    /// Signs the next instruction of the chain.
    pub(crate) fn instruct(&mut self, at: Instant, command: Command) -> Operation {
        let instruction = Instruction {
            signer: self.key,
            sequence: self.chain.next_sequence(),
            previous: self.chain.last,
            at,
            command,
        };
        let digest = crypto::digest(&instruction);
        self.chain = Chain { sequence: instruction.sequence, last: digest };
        Operation::Instruct(self.signer.seal(instruction))
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
        }
    };
}
pub(crate) use institution;
