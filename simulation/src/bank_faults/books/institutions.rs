//! What the central bank and the operator do.

use super::super::parties::OPERATOR;
use super::wallets::{Class, Money, Purse, day_of};
use super::{Booked, must};
use bank::{Command, ResultCode, bank_vault, issuance_vault};
use quantity::Fen;
use std::collections::BTreeMap;
use wire::WalletId;

impl Money {
    #[allow(clippy::wildcard_enum_match_arm, reason = "called with these only")]
    pub(super) fn instruct_centrally(&mut self, command: &Command) -> Booked {
        match command {
            Command::Issue { amount } => {
                self.issued += amount.fen();
                self.purse(issuance_vault()).free += amount.fen();
                must(self.issued <= self.quotas[0], ResultCode::OverQuota)
            }
            Command::Retire { amount } => {
                self.issued -= amount.fen();
                self.take(issuance_vault(), amount.fen())
            }
            Command::Supply { amount, .. } => {
                self.supplied += amount.fen();
                self.reserve -= amount.fen();
                must(self.supplied <= self.quotas[1], ResultCode::OverQuota)?;
                must(self.reserve >= 0, ResultCode::InsufficientReserve)?;
                self.shift(issuance_vault(), bank_vault(OPERATOR), amount.fen())
            }
            Command::SetQuota { operator, amount } => {
                self.quotas[usize::from(*operator != 0)] = amount.map_or(0, Fen::fen);
                Ok(())
            }
            Command::CreditReserve { amount, .. } => {
                self.reserve += amount.fen();
                Ok(())
            }
            _ => self.set_policy(command),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "called with these only")]
    fn set_policy(&mut self, command: &Command) -> Booked {
        match command {
            Command::SetLimits { rule } => {
                let key = ((rule.holders, rule.grade), rule.from_day);
                self.must_be_ahead(&self.limits, key)?;
                self.limits.insert(key, *rule);
                Ok(())
            }
            Command::SetInterest { rule } => {
                let key = ((rule.holders, rule.grade), rule.from_day);
                self.must_be_ahead(&self.rates, key)?;
                self.rates.insert(key, rule.rate_ppm);
                Ok(())
            }
            Command::ApproveTemplate { template } => {
                self.templates.insert(template.number, template.allows);
                Ok(())
            }
            Command::WithdrawTemplate { template } => {
                let known = self.templates.remove(template).is_some();
                must(known, ResultCode::UnknownTemplate)
            }
            other => panic!("not the central bank's: {other:?}"),
        }
    }

    /// Only the first rule of a class may be about days that are there already.
    fn must_be_ahead<R>(
        &self,
        rules: &BTreeMap<(Class, u32), R>,
        (class, from): (Class, u32),
    ) -> Booked {
        let is_first = !rules.keys().any(|(known, _)| *known == class);
        must(is_first || from > day_of(self.at), ResultCode::WrongTerms)
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "called with these only")]
    pub(super) fn operate(&mut self, command: &Command) -> Booked {
        match command {
            Command::OpenWallet { wallet, kind, parent, grade } => {
                let class = kind.holders().map(|holders| (holders, *grade));
                let purse = Purse { class, parent: *parent, ..Purse::default() };
                self.wallets.insert(*wallet, purse);
                Ok(())
            }
            Command::BindKey { wallet, certificate } => {
                let key = crypto::key_id(&certificate.body.public_key);
                self.bound.entry(key).or_default().insert(*wallet);
                Ok(())
            }
            Command::Freeze { wallet } => {
                self.purse(*wallet).frozen = true;
                Ok(())
            }
            Command::Unfreeze { wallet } => {
                self.purse(*wallet).frozen = false;
                Ok(())
            }
            Command::Return { amount } => {
                self.supplied -= amount.fen();
                self.reserve += amount.fen();
                self.shift(bank_vault(OPERATOR), issuance_vault(), amount.fen())
            }
            _ => self.exchange(command),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "called with these only")]
    fn exchange(&mut self, command: &Command) -> Booked {
        let vault = bank_vault(OPERATOR);
        match command {
            Command::CreditDeposit { wallet, amount } => self.change_deposit(*wallet, amount.fen()),
            Command::DebitDeposit { wallet, amount } => self.change_deposit(*wallet, -amount.fen()),
            Command::Draw { wallet, amount } => {
                self.may_receive(vault, *wallet, amount.fen())?;
                self.change_deposit(*wallet, -amount.fen())?;
                self.shift(vault, *wallet, amount.fen())
            }
            Command::Redeem { wallet, amount } => {
                must(!self.is_frozen(*wallet), ResultCode::Frozen)?;
                self.change_deposit(*wallet, amount.fen())?;
                self.shift(*wallet, vault, amount.fen())
            }
            Command::PayInterest { wallet } => {
                let interest = self.take_interest(*wallet);
                self.interest_paid += interest;
                if interest == 0 { Ok(()) } else { self.shift(vault, *wallet, interest) }
            }
            other => panic!("not the operator's: {other:?}"),
        }
    }

    fn change_deposit(&mut self, wallet: WalletId, amount: i64) -> Booked {
        let deposit = &mut self.purse(wallet).deposit;
        *deposit += amount;
        must(*deposit >= 0, ResultCode::InsufficientDeposit)
    }
}
