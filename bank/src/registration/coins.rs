//! Coin strings 加密货币串: the value form of the money. One money, two views: what a wallet holds in
//! strings is, at every moment, the sum of the live strings that it owns.

use super::Registration;
use super::apply::{By, Checked, refuse_if};
use super::books::{Bound, Coin};
use super::ledger::{Part, Slot};
use super::transfer::{Movement, Reason};
use crate::code::ResultCode;
use crate::command::Command;
use crate::terms::{Intrinsic, Recallable};
use quantity::Fen;
use wire::{Digest, WalletId};

/// Number of a coin string: digest of the operation that made it and its place among them.
fn coin_id(operation: Digest, place: usize) -> Digest {
    let place = u8::try_from(place).expect("an operation makes few strings");
    let mut hash = crypto::Sm3::new();
    hash.update(b"JIDIAN-COIN-1");
    hash.update(&operation.0);
    hash.update(&[place]);
    hash.finish()
}

fn sum(amounts: impl Iterator<Item = Fen>) -> Result<Fen, ResultCode> {
    let mut amounts = amounts;
    amounts.try_fold(Fen::ZERO, Fen::checked_add).ok_or(ResultCode::Overflow)
}

impl Registration {
    /// Account → strings.
    pub(super) fn mint(&mut self, by: By, wallet: WalletId, amounts: &[Fen]) -> Checked {
        let slot = self.payer(by, wallet)?;
        let all = sum(amounts.iter().copied())?;
        self.books.ledger.shift((slot, Part::Balance), (slot, Part::Coins), all)?;
        self.make(by, wallet, amounts, None);
        Ok(())
    }

    fn make(&mut self, by: By, owner: WalletId, amounts: &[Fen], bound: Option<&Bound>) {
        for (place, amount) in amounts.iter().enumerate() {
            let id = coin_id(by.operation, place);
            let coin =
                Coin { owner, amount: *amount, made_by: by.operation, bound: bound.cloned() };
            if let Some(bound) = bound {
                self.books.due.insert((bound.terms.until, id), ());
            }
            self.books.coins.insert(id, coin);
        }
    }

    fn retire_coin(&mut self, id: Digest, coin: &Coin) {
        self.books.coins.remove(&id);
        if let Some(bound) = &coin.bound {
            self.books.due.remove(&(bound.terms.until, id));
        }
    }

    /// Gives money that is bound to a purpose.
    pub(super) fn grant(
        &mut self,
        by: By,
        command: &Command,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        let Command::Grant { debit, credit, amount, template, terms } = command else {
            unreachable!("only a grant comes here");
        };
        let (owner, _) = (self.payee(*credit)?, self.payee(*debit)?);
        self.must_be_approved(*template, Intrinsic::Grant)?;
        let sound = !terms.payees.is_empty() && terms.until > by.at;
        refuse_if(!sound, ResultCode::WrongTerms)?;
        let giver = self.payer(by, *debit)?;
        refuse_if(giver == owner, ResultCode::SameWallet)?;
        self.spend(giver, owner, *amount)?;
        let (from, to) = ((giver, Part::Balance), (owner, Part::Coins));
        self.move_money((from, to), *amount, Reason::command(by), moved)?;
        let bound = Bound { giver: *debit, template: *template, terms: terms.clone() };
        self.make(by, *credit, &[*amount], Some(&bound));
        Ok(())
    }

    /// The strings, if they are live, each named once, of one wallet and of like terms.
    fn take(&self, ids: &[Digest]) -> Result<Vec<(Digest, Coin)>, ResultCode> {
        let mut coins = Vec::new();
        for id in ids {
            let coin = self.books.coins.get(id).ok_or(ResultCode::UnknownCoin)?;
            coins.push((*id, coin.clone()));
        }
        let first = &coins.first().ok_or(ResultCode::WrongTerms)?.1;
        let alike = |coin: &Coin| coin.owner == first.owner && coin.bound == first.bound;
        let twice = ids.iter().enumerate().any(|(place, id)| ids[..place].contains(id));
        let sound = !twice && coins.iter().all(|(_, coin)| alike(coin));
        refuse_if(!sound, ResultCode::WrongTerms).map(|()| coins)
    }

    /// Pays with strings; the change is a string of the same terms.
    pub(super) fn spend_coins(
        &mut self,
        by: By,
        ids: &[Digest],
        (credit, amount): (WalletId, Fen),
        moved: &mut Vec<Movement>,
    ) -> Checked {
        let payee = self.payee(credit)?;
        let coins = self.take(ids)?;
        let Coin { owner, bound, .. } = coins[0].1.clone();
        let slot = self.payer(by, owner)?;
        refuse_if(slot == payee, ResultCode::SameWallet)?;
        may_pay(bound.as_ref(), credit, by)?;
        self.spend(slot, payee, amount)?;
        self.may_receive(slot, payee, amount)?;
        let all = sum(coins.iter().map(|(_, coin)| coin.amount))?;
        let change = all.checked_sub(amount).filter(|change| !change.is_negative());
        let change = change.ok_or(ResultCode::InsufficientFunds)?;
        coins.iter().for_each(|(id, coin)| self.retire_coin(*id, coin));
        let (from, to) = ((slot, Part::Coins), (payee, Part::Balance));
        self.move_money((from, to), amount, Reason::command(by), moved)?;
        if !change.is_zero() {
            self.make(by, owner, &[change], bound.as_ref());
        }
        Ok(())
    }

    /// One string → several.
    pub(super) fn split(&mut self, by: By, id: Digest, amounts: &[Fen]) -> Checked {
        let coin = self.take(&[id])?.remove(0).1;
        refuse_if(sum(amounts.iter().copied())? != coin.amount, ResultCode::WrongTerms)?;
        self.payer(by, coin.owner)?;
        self.retire_coin(id, &coin);
        self.make(by, coin.owner, amounts, coin.bound.as_ref());
        Ok(())
    }

    /// Several strings → one.
    pub(super) fn merge(&mut self, by: By, ids: &[Digest]) -> Checked {
        let coins = self.take(ids)?;
        let first = coins[0].1.clone();
        self.payer(by, first.owner)?;
        let all = sum(coins.iter().map(|(_, coin)| coin.amount))?;
        coins.iter().for_each(|(id, coin)| self.retire_coin(*id, coin));
        self.make(by, first.owner, &[all], first.bound.as_ref());
        Ok(())
    }

    /// Strings → account: what is bound to a purpose stays so.
    pub(super) fn melt(&mut self, by: By, ids: &[Digest]) -> Checked {
        let coins = self.take(ids)?;
        let first = &coins[0].1;
        let slot = self.payer(by, first.owner)?;
        refuse_if(first.bound.is_some(), ResultCode::WrongPurpose)?;
        let all = sum(coins.iter().map(|(_, coin)| coin.amount))?;
        coins.iter().for_each(|(id, coin)| self.retire_coin(*id, coin));
        self.books.ledger.shift((slot, Part::Coins), (slot, Part::Balance), all)
    }

    /// Calls purpose-bound money back before its end.
    pub(super) fn claw_back(&mut self, by: By, id: Digest, moved: &mut Vec<Movement>) -> Checked {
        let coin = self.books.coins.get(&id).ok_or(ResultCode::UnknownCoin)?;
        let bound = coin.bound.as_ref().ok_or(ResultCode::WrongPurpose)?;
        self.must_be_bound(by, bound.giver)?;
        let not_yet = bound.terms.recallable == Recallable::AtEnd;
        refuse_if(not_yet, ResultCode::TooEarly)?;
        self.return_coin(id, Reason::command(by), moved)
    }

    /// Purpose-bound money goes back to who gave it.
    pub(super) fn return_coin(
        &mut self,
        id: Digest,
        why: Reason,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        let coin = self.books.coins.get(&id).ok_or(ResultCode::UnknownCoin)?.clone();
        let bound = coin.bound.as_ref().ok_or(ResultCode::WrongPurpose)?;
        let (from, to) = (self.find(coin.owner)?, self.find(bound.giver)?);
        self.retire_coin(id, &coin);
        self.carry_money(((from, Part::Coins), (to, Part::Balance)), coin.amount, why, moved)
    }

    /// The live strings, with their numbers.
    pub fn coins(&self) -> impl Iterator<Item = (Digest, &Coin)> {
        self.books.coins.iter().map(|(id, coin)| (*id, coin))
    }

    /// A wallet's money in strings, counted from the strings.
    pub(super) fn coin_view(&self) -> impl Iterator<Item = (Slot, Fen)> {
        let mut sums = std::collections::BTreeMap::<WalletId, Fen>::new();
        for (_, coin) in self.coins() {
            let sum = sums.entry(coin.owner).or_default();
            *sum = sum.checked_add(coin.amount).expect("no more than was issued");
        }
        let slots = sums.into_iter();
        slots.map(|(owner, sum)| (self.books.ledger.find(owner).expect("owners have wallets"), sum))
    }
}

fn may_pay(bound: Option<&Bound>, credit: WalletId, by: By) -> Checked {
    let Some(Bound { terms, .. }) = bound else { return Ok(()) };
    refuse_if(by.at >= terms.until, ResultCode::Expired)?;
    refuse_if(!terms.payees.contains(&credit), ResultCode::WrongPurpose)
}
