//! Central bank and issuance vault 发行库: the only place where money begins and ends.

use crate::desk::{Desk, institution};
use crate::operation::{Command, Operation};
use crate::registration::Chain;
use crypto::Sign;
use quantity::{Fen, Instant};

/// The central bank: signs what moves the issuance vault.
#[derive(Clone, Debug)]
pub struct CentralBank<S> {
    desk: Desk<S>,
}

institution!(CentralBank);

impl<S: Sign> CentralBank<S> {
    /// A central bank that has signed nothing yet.
    pub fn new(signer: S) -> Self {
        Self { desk: Desk::new(signer, Chain::START) }
    }

    /// Creates money in the issuance vault.
    pub fn issue(&mut self, at: Instant, amount: Fen) -> Operation {
        self.desk.instruct(at, Command::Issue { amount })
    }

    /// Destroys money of the issuance vault.
    pub fn retire(&mut self, at: Instant, amount: Fen) -> Operation {
        self.desk.instruct(at, Command::Retire { amount })
    }

    /// Hands money to the operator, against its reserve.
    pub fn supply(&mut self, at: Instant, amount: Fen) -> Operation {
        self.desk.instruct(at, Command::Supply { amount })
    }
}
