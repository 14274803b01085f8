//! Operating institution and bank vault 银行库: opens wallets and exchanges deposits.

use crate::command::Command;
use crate::desk::{Desk, institution};
use crate::genesis::bank_vault;
use crate::operation::Operation;
use crate::registration::Chain;
use crate::terms::{Grade, WalletKind};
use crypto::Sign;
use quantity::{Fen, Instant};
use wire::identity::Certificate;
use wire::{Signed, WalletId};

/// An operating institution: signs what happens to its customers' wallets.
#[derive(Clone, Debug)]
pub struct Operator<S> {
    desk: Desk<S>,
    number: u16,
}

institution!(Operator);

impl<S: Sign> Operator<S> {
    /// Operator `number` that has signed nothing yet.
    pub fn new(signer: S, number: u16) -> Self {
        Self { desk: Desk::new(signer, Chain::START), number }
    }

    /// The bank vault.
    #[must_use]
    pub const fn vault(&self) -> WalletId {
        bank_vault(self.number)
    }

    /// Number of the customer's wallet with this serial; `None` if it is zero (the vault) or has
    /// more than 12 digits.
    #[must_use]
    pub const fn wallet(&self, serial: u64) -> Option<WalletId> {
        if serial == 0 { None } else { WalletId::new(self.number, serial) }
    }

    /// Opens a wallet without a parent.
    pub fn open(
        &mut self,
        at: Instant,
        wallet: WalletId,
        kind: WalletKind,
        grade: Grade,
    ) -> Operation {
        self.desk.instruct(at, Command::OpenWallet { wallet, kind, parent: None, grade })
    }

    /// Opens a sub-wallet, such as one gateway meter's part of the grid company's purchase-payment
    /// wallet.
    pub fn open_sub_wallet(
        &mut self,
        at: Instant,
        wallet: WalletId,
        parent: WalletId,
        (kind, grade): (WalletKind, Grade),
    ) -> Operation {
        self.desk.instruct(at, Command::OpenWallet { wallet, kind, parent: Some(parent), grade })
    }

    /// Lets a certified key debit a wallet.
    pub fn bind(
        &mut self,
        at: Instant,
        wallet: WalletId,
        certificate: Signed<Certificate>,
    ) -> Operation {
        self.desk.instruct(at, Command::BindKey { wallet, certificate })
    }

    /// Takes the holder's bank money in and turns it into digital yuan.
    pub fn fund(&mut self, at: Instant, wallet: WalletId, amount: Fen) -> [Operation; 2] {
        let deposit = self.desk.instruct(at, Command::CreditDeposit { wallet, amount });
        [deposit, self.draw(at, wallet, amount)]
    }

    /// Turns a deposit into digital yuan: bank vault → wallet.
    pub fn draw(&mut self, at: Instant, wallet: WalletId, amount: Fen) -> Operation {
        self.desk.instruct(at, Command::Draw { wallet, amount })
    }

    /// Turns digital yuan into a deposit: wallet → bank vault.
    pub fn redeem(&mut self, at: Instant, wallet: WalletId, amount: Fen) -> Operation {
        self.desk.instruct(at, Command::Redeem { wallet, amount })
    }

    /// Gives money back to the central bank: bank vault → issuance vault.
    pub fn return_to_central_bank(&mut self, at: Instant, amount: Fen) -> Operation {
        self.desk.instruct(at, Command::Return { amount })
    }

    /// Stops a wallet from paying, by order of an authority.
    pub fn freeze(&mut self, at: Instant, wallet: WalletId) -> Operation {
        self.desk.instruct(at, Command::Freeze { wallet })
    }

    /// Lets a frozen wallet pay again.
    pub fn unfreeze(&mut self, at: Instant, wallet: WalletId) -> Operation {
        self.desk.instruct(at, Command::Unfreeze { wallet })
    }
}
