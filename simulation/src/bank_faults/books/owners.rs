//! What owners do with their wallets: sub-wallets, refunds, holds, coin strings.

use super::super::parties::coin_id;
use super::wallets::{CoinString, Hold, Money};
use super::{Booked, By, must};
use bank::terms::{Intrinsic, Recallable, Rest};
use bank::{Command, ResultCode};
use quantity::Fen;
use std::collections::BTreeSet;
use wire::order::Leg;
use wire::{Digest, WalletId};

type Terms = Option<(WalletId, u16, bank::terms::CoinTerms)>;

impl Money {
    #[allow(clippy::wildcard_enum_match_arm, reason = "what isn't listed makes or takes strings")]
    pub(super) fn own(&mut self, by: By, command: &Command) -> Booked {
        match command {
            Command::LimitWallet { wallet, spending } => {
                self.sub_wallet(by, *wallet)?;
                self.purse(*wallet).own = Some(*spending);
                Ok(())
            }
            Command::Push { wallet, certificate } => {
                self.sub_wallet(by, *wallet)?;
                let key = crypto::key_id(&certificate.body.public_key);
                self.bound.entry(key).or_default().insert(*wallet);
                Ok(())
            }
            Command::Unbind { wallet, key } => {
                self.sub_wallet(by, *wallet)?;
                let unbound = self.bound.get_mut(key).is_some_and(|bound| bound.remove(wallet));
                must(unbound, ResultCode::NotBound)
            }
            Command::Sweep { wallet, keep } => self.sweep(by, *wallet, keep.map_or(0, Fen::fen)),
            Command::Refund { leg, .. } => self.refund(by, leg),
            Command::Hold { .. } => self.hold(by, command),
            Command::Post { hold, amount, rest } => self.post(by, *hold, amount.fen(), *rest),
            Command::Void { hold } => {
                let credit = self.holds.get(hold).ok_or(ResultCode::UnknownHold)?.credit;
                must(self.may_debit(by.key, credit), ResultCode::NotBound)?;
                self.release(*hold);
                Ok(())
            }
            _ => self.own_strings(by, command),
        }
    }

    /// The parent of a sub-wallet, which the key may debit.
    fn sub_wallet(&self, by: By, wallet: WalletId) -> Result<WalletId, ResultCode> {
        self.customer(wallet)?;
        let parent = self.wallets[&wallet].parent.ok_or(ResultCode::WrongParent)?;
        must(self.may_debit(by.key, parent), ResultCode::NotBound)?;
        Ok(parent)
    }

    fn sweep(&mut self, by: By, wallet: WalletId, keep: i64) -> Booked {
        let parent = self.sub_wallet(by, wallet)?;
        must(!self.is_frozen(wallet), ResultCode::Frozen)?;
        let surplus = (self.wallets[&wallet].free - keep).max(0);
        self.take(wallet, surplus)?;
        self.purse(parent).free += surplus;
        Ok(())
    }

    fn refund(&mut self, by: By, leg: &Leg) -> Booked {
        self.customer(leg.debit)?;
        self.customer(leg.credit)?;
        self.payer(by.key, leg.debit)?;
        must(leg.debit != leg.credit, ResultCode::SameWallet)?;
        self.count_to(leg.debit, leg.credit, leg.amount)?;
        self.shift(leg.debit, leg.credit, leg.amount.fen())
    }

    fn must_allow(&self, template: u16, intrinsic: Intrinsic) -> Booked {
        must(self.templates.get(&template) == Some(&intrinsic), ResultCode::UnknownTemplate)
    }

    fn hold(&mut self, by: By, command: &Command) -> Booked {
        let Command::Hold { debit, credit, amount, template, from, until } = *command else {
            panic!("not a hold: {command:?}");
        };
        self.customer(credit)?;
        self.customer(debit)?;
        self.must_allow(template, Intrinsic::Hold)?;
        must(from < until && self.at < until, ResultCode::WrongTerms)?;
        self.payer(by.key, debit)?;
        must(debit != credit, ResultCode::SameWallet)?;
        self.count_to(debit, credit, amount)?;
        self.take(debit, amount.fen())?;
        let hold = Hold { debit, credit, left: amount.fen(), from, until };
        self.holds.insert(by.operation, hold);
        Ok(())
    }

    fn post(&mut self, by: By, id: Digest, amount: i64, rest: Rest) -> Booked {
        let hold = *self.holds.get(&id).ok_or(ResultCode::UnknownHold)?;
        let may = self.may_debit(by.key, hold.debit) || self.may_debit(by.key, hold.credit);
        must(may, ResultCode::NotBound)?;
        must(!self.is_frozen(hold.debit), ResultCode::Frozen)?;
        must(self.at >= hold.from, ResultCode::TooEarly)?;
        must(self.at < hold.until, ResultCode::Expired)?;
        self.may_receive(hold.debit, hold.credit, amount)?;
        must(amount <= hold.left, ResultCode::InsufficientFunds)?;
        self.purse(hold.credit).free += amount;
        let left = hold.left - amount;
        self.holds.insert(id, Hold { left, ..hold });
        if rest == Rest::Returns || left == 0 {
            self.release(id);
        }
        Ok(())
    }
}

/// Coin strings.
impl Money {
    #[allow(clippy::wildcard_enum_match_arm, reason = "called with these only")]
    fn own_strings(&mut self, by: By, command: &Command) -> Booked {
        match command {
            Command::Mint { wallet, amounts } => {
                self.payer(by.key, *wallet)?;
                self.take(*wallet, amounts.iter().map(|amount| amount.fen()).sum())?;
                self.make(by, *wallet, amounts, None);
                Ok(())
            }
            Command::Grant { .. } => self.grant(by, command),
            Command::Spend { coins, credit, amount } => self.spend(by, coins, *credit, *amount),
            Command::Split { coin, amounts } => {
                let (owner, sum, terms) = self.alike(&[*coin])?;
                let parts: i64 = amounts.iter().map(|amount| amount.fen()).sum();
                must(parts == sum, ResultCode::WrongTerms)?;
                self.payer(by.key, owner)?;
                self.strings.remove(coin);
                self.make(by, owner, amounts, terms);
                Ok(())
            }
            Command::Merge { coins } => {
                let (owner, sum, terms) = self.alike(coins)?;
                self.payer(by.key, owner)?;
                self.retire(coins);
                self.make(by, owner, &[Fen::from_fen(sum)], terms);
                Ok(())
            }
            Command::Melt { coins } => {
                let (owner, sum, terms) = self.alike(coins)?;
                self.payer(by.key, owner)?;
                must(terms.is_none(), ResultCode::WrongPurpose)?;
                self.retire(coins);
                self.purse(owner).free += sum;
                Ok(())
            }
            Command::ClawBack { coin } => {
                let string = self.strings.get(coin).ok_or(ResultCode::UnknownCoin)?;
                let (giver, _, terms) = string.bound.as_ref().ok_or(ResultCode::WrongPurpose)?;
                must(self.may_debit(by.key, *giver), ResultCode::NotBound)?;
                must(terms.recallable == Recallable::AnyTime, ResultCode::TooEarly)?;
                self.give_back(*coin);
                Ok(())
            }
            other => panic!("no life gives such an instruction: {other:?}"),
        }
    }

    fn make(&mut self, by: By, owner: WalletId, amounts: &[Fen], bound: Terms) {
        for (place, amount) in (0..).zip(amounts) {
            let string = CoinString { owner, amount: amount.fen(), bound: bound.clone() };
            self.strings.insert(coin_id(by.operation, place), string);
        }
    }

    fn retire(&mut self, ids: &[Digest]) {
        for id in ids {
            self.strings.remove(id);
        }
    }

    /// Owner, sum and terms of strings that are there, each named once, and that are alike.
    fn alike(&self, ids: &[Digest]) -> Result<(WalletId, i64, Terms), ResultCode> {
        let found: Option<Vec<&CoinString>> = ids.iter().map(|id| self.strings.get(id)).collect();
        let found = found.ok_or(ResultCode::UnknownCoin)?;
        let first = *found.first().ok_or(ResultCode::WrongTerms)?;
        let once = ids.iter().collect::<BTreeSet<_>>().len() == ids.len();
        let same =
            |string: &&CoinString| string.owner == first.owner && string.bound == first.bound;
        must(once && found.iter().all(same), ResultCode::WrongTerms)?;
        let sum = found.iter().map(|string| string.amount).sum();
        Ok((first.owner, sum, first.bound.clone()))
    }

    fn grant(&mut self, by: By, command: &Command) -> Booked {
        let Command::Grant { debit, credit, amount, template, terms } = command else {
            panic!("not a grant: {command:?}");
        };
        self.customer(*credit)?;
        self.customer(*debit)?;
        self.must_allow(*template, Intrinsic::Grant)?;
        let sound = !terms.payees.is_empty() && self.at < terms.until;
        must(sound, ResultCode::WrongTerms)?;
        self.payer(by.key, *debit)?;
        must(debit != credit, ResultCode::SameWallet)?;
        self.count_to(*debit, *credit, *amount)?;
        self.may_receive(*debit, *credit, amount.fen())?;
        self.take(*debit, amount.fen())?;
        self.make(by, *credit, &[*amount], Some((*debit, *template, terms.clone())));
        Ok(())
    }

    fn spend(&mut self, by: By, ids: &[Digest], credit: WalletId, amount: Fen) -> Booked {
        self.customer(credit)?;
        let (owner, sum, terms) = self.alike(ids)?;
        self.payer(by.key, owner)?;
        must(owner != credit, ResultCode::SameWallet)?;
        if let Some((.., terms)) = &terms {
            must(self.at < terms.until, ResultCode::Expired)?;
            must(terms.payees.contains(&credit), ResultCode::WrongPurpose)?;
        }
        self.count_to(owner, credit, amount)?;
        self.may_receive(owner, credit, amount.fen())?;
        let change = sum - amount.fen();
        must(change >= 0, ResultCode::InsufficientFunds)?;
        self.retire(ids);
        self.purse(credit).free += amount.fen();
        if change > 0 {
            self.make(by, owner, &[Fen::from_fen(change)], terms);
        }
        Ok(())
    }
}
