//! Limits: dated rules by grade, and what owners of parent wallets set for sub-wallets.

use super::interest::{grade_place, holders_place};
use super::ledger::{Calendar, Spent, Wallet};
use super::tracked::Tracked;
use crate::code::ResultCode;
use crate::terms::{Grade, Holders, LimitRule, Spending};
use quantity::Fen;

/// Rules by whom they are about and the day from which they hold.
pub(super) type Rules = Tracked<(Holders, Grade, u32), LimitRule>;

/// The rules of one day, ready for use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    rules: [[Option<LimitRule>; 4]; 2],
}

impl Limits {
    pub(super) fn on(rules: &Rules, day: u32) -> Self {
        let mut limits = Self::default();
        for holders in Holders::ALL {
            for grade in Grade::ALL {
                let found = rules.up_to(&(*holders, *grade, day)).next();
                let same = found.filter(|(key, _)| (key.0, key.1) == (*holders, *grade));
                limits.rules[holders_place(*holders)][grade_place(*grade)] =
                    same.map(|(_, rule)| *rule);
            }
        }
        limits
    }

    pub(super) fn rule(&self, holders: Holders, grade: Grade) -> Option<&LimitRule> {
        self.rules[holders_place(holders)][grade_place(grade)].as_ref()
    }

    fn of(&self, wallet: &Wallet) -> Option<&LimitRule> {
        self.rule(wallet.kind.holders()?, wallet.grade)
    }

    /// Whether any rule limits the wallet.
    pub(super) fn bind(&self, wallet: &Wallet) -> bool {
        self.of(wallet).is_some()
    }

    /// Whether the wallet may pay so much more today; then its counters as they will be.
    pub(super) fn spend(
        &self,
        wallet: &Wallet,
        own: Option<&Spending>,
        amount: Fen,
        today: Calendar,
    ) -> Result<Spent, ResultCode> {
        let spent = wallet.spent.plus(amount, today)?;
        let own = own.copied().unwrap_or_default();
        let rule = self.of(wallet);
        let graded = |limit: fn(&LimitRule) -> Option<Fen>| rule.and_then(limit);
        within(amount, graded(|rule| rule.single), ResultCode::SingleLimit)?;
        within(amount, own.single, ResultCode::SingleLimit)?;
        within(spent.in_day, graded(|rule| rule.day), ResultCode::DayLimit)?;
        within(spent.in_day, own.day, ResultCode::DayLimit)?;
        within(spent.in_year, graded(|rule| rule.year), ResultCode::YearLimit)?;
        Ok(spent)
    }

    /// Whether the wallet may hold so much more.
    pub(super) fn receive(&self, wallet: &Wallet, amount: Fen) -> Result<(), ResultCode> {
        let Some(limit) = self.of(wallet).and_then(|rule| rule.balance) else { return Ok(()) };
        let money = wallet.money().checked_add(amount).ok_or(ResultCode::Overflow)?;
        within(money, Some(limit), ResultCode::BalanceLimit)
    }
}

impl Spent {
    fn plus(self, amount: Fen, today: Calendar) -> Result<Self, ResultCode> {
        let in_day = if self.day == today.day { self.in_day } else { Fen::ZERO };
        let in_year = if self.year == today.year { self.in_year } else { Fen::ZERO };
        Ok(Self {
            day: today.day,
            year: today.year,
            in_day: in_day.checked_add(amount).ok_or(ResultCode::Overflow)?,
            in_year: in_year.checked_add(amount).ok_or(ResultCode::Overflow)?,
        })
    }
}

fn within(amount: Fen, limit: Option<Fen>, code: ResultCode) -> Result<(), ResultCode> {
    match limit {
        Some(limit) if amount > limit => Err(code),
        Some(_) | None => Ok(()),
    }
}
