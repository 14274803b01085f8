//! What owners do with their wallets: sub-wallets, refunds, holds, coin strings.

use super::Registration;
use super::apply::{By, Checked, refuse_if};
use super::ledger::{Part, Slot};
use super::transfer::{Movement, Reason};
use crate::code::ResultCode;
use crate::command::Command;
use crate::terms::Spending;
use quantity::Fen;
use wire::order::Leg;
use wire::{KeyId, WalletId};

impl Registration {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the table of commands says who signs what")]
    pub(super) fn instruct_as_owner(
        &mut self,
        by: By,
        command: &Command,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        match command {
            Command::LimitWallet { wallet, spending } => self.limit(by, *wallet, *spending),
            Command::Push { wallet, certificate } => {
                self.must_be_fit(&certificate.body, by.at)?;
                let (slot, _) = self.sub_wallet(by, *wallet)?;
                self.bind(slot, certificate.body)
            }
            Command::Unbind { wallet, key } => self.unbind(by, *wallet, *key),
            Command::Sweep { wallet, keep } => {
                self.sweep(by, *wallet, keep.unwrap_or(Fen::ZERO), moved)
            }
            Command::Refund { order: _, leg } => self.refund(by, leg, moved),
            Command::Hold { .. } => self.hold(by, command),
            Command::Post { hold, amount, rest } => self.post(by, *hold, (*amount, *rest), moved),
            Command::Void { hold } => self.void(by, *hold),
            Command::Mint { wallet, amounts } => self.mint(by, *wallet, amounts),
            Command::Grant { .. } => self.grant(by, command, moved),
            Command::Spend { coins, credit, amount } => {
                self.spend_coins(by, coins, (*credit, *amount), moved)
            }
            Command::Split { coin, amounts } => self.split(by, *coin, amounts),
            Command::Merge { coins } => self.merge(by, coins),
            Command::Melt { coins } => self.melt(by, coins),
            Command::ClawBack { coin } => self.claw_back(by, *coin, moved),
            _ => unreachable!("{} isn't an owner's", command.name()),
        }
    }

    /// A sub-wallet and its parent, which the key may debit.
    fn sub_wallet(&self, by: By, wallet: WalletId) -> Result<(Slot, Slot), ResultCode> {
        let slot = self.payee(wallet)?;
        let parent = self.books.ledger.wallet(slot).parent.ok_or(ResultCode::WrongParent)?;
        self.must_be_bound(by, parent)?;
        Ok((slot, self.find(parent)?))
    }

    fn limit(&mut self, by: By, wallet: WalletId, spending: Spending) -> Checked {
        let (slot, _) = self.sub_wallet(by, wallet)?;
        self.books.sub_wallets.insert(slot, spending);
        Ok(())
    }

    fn unbind(&mut self, by: By, wallet: WalletId, key: KeyId) -> Checked {
        self.sub_wallet(by, wallet)?;
        let key = self.directory.find(key).ok_or(ResultCode::NotBound)?;
        refuse_if(!self.directory.key(key).may_debit(wallet), ResultCode::NotBound)?;
        self.directory.unbind(key, wallet);
        Ok(())
    }

    /// Everything above what stays goes to the parent; nothing is fine too.
    fn sweep(&mut self, by: By, wallet: WalletId, keep: Fen, moved: &mut Vec<Movement>) -> Checked {
        let (slot, parent) = self.sub_wallet(by, wallet)?;
        refuse_if(self.is_frozen(slot), ResultCode::Frozen)?;
        let surplus = self.books.ledger.wallet(slot).balance.checked_sub(keep);
        let surplus = surplus.unwrap_or(Fen::ZERO);
        if surplus <= Fen::ZERO {
            return Ok(());
        }
        let (from, to) = ((slot, Part::Balance), (parent, Part::Balance));
        self.move_money((from, to), surplus, Reason::command(by), moved)
    }

    /// Money that goes back is the payee's own by now, so it counts as any payment of the payee;
    /// that it corrects an earlier order stands in the entry.
    fn refund(&mut self, by: By, leg: &Leg, moved: &mut Vec<Movement>) -> Checked {
        let (from, to) = (self.payee(leg.debit)?, self.payee(leg.credit)?);
        self.payer(by, leg.debit)?;
        refuse_if(from == to, ResultCode::SameWallet)?;
        self.spend(from, to, leg.amount)?;
        let why = Reason { number: leg.reason, ..Reason::command(by) };
        self.move_money(((from, Part::Balance), (to, Part::Balance)), leg.amount, why, moved)
    }
}
