//! How an envelope must follow the one before it.

use super::envelope::{Envelope, Kind, NodeName};
use core::fmt;
use wire::Digest;

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Number of the last record.
    pub number: u64,
    /// Its epoch.
    pub epoch: u64,
    /// The node that writes in this epoch.
    pub writer: NodeName,
    /// Hash of the last record.
    pub hash: Digest,
}

/// Why an envelope doesn't follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongLink {
    /// Another number than the next one.
    Number {
        /// The number that it has.
        found: u64,
    },
    /// It names another record before it.
    Previous,
    /// A claim that doesn't raise the epoch, or a batch of another epoch or writer.
    Epoch {
        /// The epoch that it has.
        found: u64,
    },
    /// A second genesis.
    Genesis,
}

impl fmt::Display for WrongLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { found } => write!(f, "it has number {found}"),
            Self::Previous => write!(f, "it follows another record than the one before it"),
            Self::Epoch { found } => {
                write!(f, "epoch {found} or its writer doesn't follow the epoch before")
            }
            Self::Genesis => write!(f, "it is a second genesis"),
        }
    }
}

impl Tip {
    /// Behind an envelope.
    #[must_use]
    pub const fn of(envelope: &Envelope) -> Self {
        Self {
            number: envelope.number(),
            epoch: envelope.epoch(),
            writer: envelope.writer(),
            hash: envelope.hash(),
        }
    }

    /// Number of the next record.
    ///
    /// # Panics
    /// Behind record 2⁶⁴ - 1.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.number.checked_add(1).expect("nobody waits for 2⁶⁴ records")
    }

    /// Goes on behind an envelope.
    ///
    /// # Errors
    /// [`WrongLink`] if it doesn't follow.
    pub fn follow(&self, envelope: &Envelope) -> Result<Self, WrongLink> {
        let found = envelope.epoch();
        let same_writer = found == self.epoch && envelope.writer() == self.writer;
        if envelope.number() != self.next_number() {
            return Err(WrongLink::Number { found: envelope.number() });
        }
        if envelope.previous() != self.hash {
            return Err(WrongLink::Previous);
        }
        match envelope.kind() {
            Kind::Genesis => Err(WrongLink::Genesis),
            Kind::Claim if found <= self.epoch => Err(WrongLink::Epoch { found }),
            Kind::Batch if !same_writer => Err(WrongLink::Epoch { found }),
            Kind::Claim | Kind::Batch => Ok(Self::of(envelope)),
        }
    }
}
