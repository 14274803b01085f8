//! What stands in the books beside money: dated policy, templates, interest that is earned.

use super::Registration;
use super::books::Coin;
use super::interest::Rates;
use super::ledger::Calendar;
use super::limits::Limits;
use crate::terms::{Grade, Holders, InterestRule, LimitRule, Template};
use quantity::{Fen, Instant};
use wire::{Digest, WalletId};

impl Registration {
    /// All rules of limits, by holders, grade and the day from which they hold.
    pub fn limit_rules(&self) -> impl Iterator<Item = &LimitRule> {
        self.books.limit_rules.iter().map(|(_, rule)| rule)
    }

    /// The rule of limits that holds for a grade at an instant.
    #[must_use]
    pub fn limits_at(&self, holders: Holders, grade: Grade, at: Instant) -> Option<LimitRule> {
        Limits::on(&self.books.limit_rules, Calendar::of(at).day).rule(holders, grade).copied()
    }

    /// All rules of interest, by holders, grade and the day from which they hold.
    pub fn interest_rules(&self) -> impl Iterator<Item = &InterestRule> {
        self.books.interest_rules.iter().map(|(_, rule)| rule)
    }

    /// The rule of interest that holds for a grade at an instant.
    #[must_use]
    pub fn interest_at(&self, holders: Holders, grade: Grade, at: Instant) -> Option<InterestRule> {
        let day = Calendar::of(at).day;
        let same = |rule: &&InterestRule| (rule.holders, rule.grade) == (holders, grade);
        self.interest_rules().filter(same).take_while(|rule| rule.from_day <= day).last().copied()
    }

    /// What [`PayInterest`](crate::Command::PayInterest) would pay a wallet out at an instant: what
    /// it has earned up to the end of the day before, in whole fen. `None` if there is no such
    /// wallet.
    #[must_use]
    pub fn interest_earned(&self, wallet: WalletId, at: Instant) -> Option<Fen> {
        let wallet = self.wallet(wallet)?;
        let mut accrual = wallet.accrual;
        let rates = Rates::of_rules(&self.books.interest_rules);
        accrual.bring_to(Calendar::of(at).day, wallet, &rates);
        Some(accrual.pay_out())
    }

    /// A coin string that isn't retired.
    #[must_use]
    pub fn coin(&self, coin: Digest) -> Option<&Coin> {
        self.books.coins.get(&coin)
    }

    /// All approved templates, by rising number.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.books.templates.iter().map(|(_, template)| template)
    }
}
