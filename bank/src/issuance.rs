//! Central bank and issuance vault 发行库: the only place where money begins and ends.

use crate::command::Command;
use crate::desk::{Desk, institution};
use crate::operation::Operation;
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

    /// Hands money to an operator, against its reserve.
    pub fn supply(&mut self, at: Instant, operator: u16, amount: Fen) -> Operation {
        self.desk.instruct(at, Command::Supply { operator, amount })
    }

    /// Everything that the first money of an operator needs: quotas, reserve, issue and supply.
    ///
    /// `issued` is what was issued before, for other operators.
    ///
    /// # Panics
    /// If the sums leave what can be counted.
    pub fn endow(
        &mut self,
        at: Instant,
        operator: u16,
        amount: Fen,
        issued: Fen,
    ) -> Vec<Operation> {
        let quota = issued.checked_add(amount).expect("no such sum of money exists");
        [
            Command::SetQuota { operator: 0, amount: Some(quota) },
            Command::Issue { amount },
            Command::SetQuota { operator, amount: Some(amount) },
            Command::CreditReserve { operator, amount },
            Command::Supply { operator, amount },
        ]
        .map(|command| self.desk.instruct(at, command))
        .into()
    }
}
