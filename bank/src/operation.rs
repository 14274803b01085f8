//! Operations: the entries of the ordered log. Each is signed, numbered and chained by its key.

use crate::command::Command;
use crate::digests::Digests;
use quantity::{Fen, Instant};
use wire::order::PaymentOrder;
use wire::{DecodeError, Digest, KeyId, Reader, Signature, Signed, Sink, Wire};

/// One entry of the ordered log.
///
/// It is boxed: an order takes hundreds of bytes and goes from hand to hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A meter, the grid company or a holder moves money between wallets, at once.
    Pay(Box<Signed<PaymentOrder>>),
    /// An institution of the bank acts, or an owner disposes of wallets otherwise.
    Instruct(Box<Signed<Instruction>>),
}

/// What an institution or an owner instructs; chained by its key like a [`PaymentOrder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Key that signs.
    pub signer: KeyId,
    /// Number of the instruction, from 1 without a gap, per key.
    pub sequence: u64,
    /// Digest of the instruction before it; zero for the first.
    pub previous: Digest,
    /// When it was made, by the signer's clock.
    pub at: Instant,
    /// What to do.
    pub command: Command,
}

impl From<Signed<PaymentOrder>> for Operation {
    fn from(order: Signed<PaymentOrder>) -> Self {
        Self::Pay(Box::new(order))
    }
}

impl From<Signed<Instruction>> for Operation {
    fn from(instruction: Signed<Instruction>) -> Self {
        Self::Instruct(Box::new(instruction))
    }
}

impl Operation {
    /// The key that signs it.
    #[must_use]
    pub fn signer(&self) -> KeyId {
        match self {
            Self::Pay(order) => order.body.signer,
            Self::Instruct(instruction) => instruction.body.signer,
        }
    }

    /// Its number in the chain of its key.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        match self {
            Self::Pay(order) => order.body.sequence,
            Self::Instruct(instruction) => instruction.body.sequence,
        }
    }

    /// Digest of the operation before it in the chain of its key.
    #[must_use]
    pub fn previous(&self) -> Digest {
        match self {
            Self::Pay(order) => order.body.previous,
            Self::Instruct(instruction) => instruction.body.previous,
        }
    }

    /// Digest of the signed body, without the signature: what the next one names as `previous`.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Pay(order) => crypto::digest(&order.body),
            Self::Instruct(instruction) => crypto::digest(&instruction.body),
        }
    }

    /// Has the [digest](Self::digest) computed among others.
    pub(crate) fn add_to(&self, digests: &mut Digests) {
        match self {
            Self::Pay(order) => digests.add(&order.body),
            Self::Instruct(instruction) => digests.add(&instruction.body),
        }
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        match self {
            Self::Pay(order) => &order.signature,
            Self::Instruct(instruction) => &instruction.signature,
        }
    }

    /// What is asked for, if it is an instruction.
    #[must_use]
    pub fn command(&self) -> Option<&Command> {
        match self {
            Self::Pay(_) => None,
            Self::Instruct(instruction) => Some(&instruction.body.command),
        }
    }

    /// Whether it could be read back from its own bytes; what can't must not enter a log.
    pub(crate) fn is_well_formed(&self) -> bool {
        let body_is_sound = match self {
            Self::Pay(order) => {
                let legs = &order.body.legs;
                legs.iter().all(|leg| leg.amount > Fen::ZERO)
            }
            Self::Instruct(instruction) => instruction.body.command.is_sound(),
        };
        body_is_sound && self.sequence() > 0
    }
}

impl Wire for Operation {
    fn write(&self, out: &mut Sink<'_>) {
        match self {
            Self::Pay(order) => {
                1_u8.write(out);
                order.write(out);
            }
            Self::Instruct(instruction) => {
                2_u8.write(out);
                instruction.write(out);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let operation = match u8::read(reader)? {
            1 => Self::Pay(Box::new(Signed::read(reader)?)),
            2 => Self::Instruct(Box::new(Signed::read(reader)?)),
            _ => return Err(reader.refuse(at, "operation")),
        };
        if operation.is_well_formed() { Ok(operation) } else { Err(reader.refuse(at, "operation")) }
    }
}

impl Wire for Instruction {
    const TAG: &'static [u8] = b"JIDIAN-INSTRUCTION-1";

    fn write(&self, out: &mut Sink<'_>) {
        self.signer.write(out);
        self.sequence.write(out);
        self.previous.write(out);
        self.at.write(out);
        self.command.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            signer: Wire::read(reader)?,
            sequence: Wire::read(reader)?,
            previous: Wire::read(reader)?,
            at: Wire::read(reader)?,
            command: Wire::read(reader)?,
        })
    }
}
