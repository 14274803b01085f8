//! Interest: what a wallet holds at the end of each legal day, times the rate of that day.
//!
//! A wallet earns nothing while no rule of the central bank gives its grade a rate: so it was with
//! the digital yuan up to 2025. The year has 360 days, as bank practice is (from memory). What a
//! payout rounds is kept with the wallet and counts at the next one.

use super::ledger::Wallet;
use super::tracked::Tracked;
use crate::terms::{Grade, Holders, InterestRule};
use quantity::Fen;

/// Fen × days × millionths that make one fen: a year of 360 days at a rate of one.
const DIVISOR: i128 = 360_000_000;

/// What a wallet has earned and not been paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accrual {
    /// Fen × days × millionths.
    pub(super) earned: i128,
    /// First day that isn't in it yet.
    pub(super) day: u32,
}

/// Rules by whom they are about and the day from which they hold.
pub(super) type Rules = Tracked<(Holders, Grade, u32), InterestRule>;

/// The rates of all times, ready for use.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    /// By holders and grade: days from which a rate holds, rising.
    steps: [[Vec<(u32, u32)>; 4]; 2],
}

impl Rates {
    pub(super) fn of_rules(rules: &Rules) -> Self {
        let mut rates = Self::default();
        for ((holders, grade, day), rule) in rules.iter() {
            rates.steps[holders_place(*holders)][grade_place(*grade)].push((*day, rule.rate_ppm));
        }
        rates
    }

    fn of(&self, wallet: &Wallet) -> &[(u32, u32)] {
        let steps = |holders| &self.steps[holders_place(holders)][grade_place(wallet.grade)][..];
        wallet.kind.holders().map_or(&[], steps)
    }
}

/// Place of holders in a table.
pub(super) const fn holders_place(holders: Holders) -> usize {
    match holders {
        Holders::Persons => 0,
        Holders::Companies => 1,
    }
}

/// Place of a grade in a table.
pub(super) const fn grade_place(grade: Grade) -> usize {
    match grade {
        Grade::I => 0,
        Grade::II => 1,
        Grade::III => 2,
        Grade::IV => 3,
    }
}

impl Accrual {
    pub(super) const NONE: Self = Self { earned: 0, day: 0 };

    /// Counts the ends of the days before `today`, at which the wallet was as it is in `before`.
    pub(super) fn bring_to(&mut self, today: u32, before: &Wallet, rates: &Rates) {
        if self.day >= today {
            return;
        }
        let steps = rates.of(before);
        for (place, (from, rate_ppm)) in steps.iter().enumerate() {
            let end =
                steps.get(place.saturating_add(1)).map_or(today, |(next, _)| today.min(*next));
            let days = end.saturating_sub(self.day.max(*from));
            let earned = product(before.money(), days, *rate_ppm);
            self.earned =
                self.earned.checked_add(earned).expect("i128 holds centuries of interest");
        }
        self.day = today;
    }

    /// Takes out whole fen, rounded half up; the difference stays, be it below zero.
    pub(super) fn pay_out(&mut self) -> Fen {
        let half = DIVISOR.div_euclid(2);
        let half_up = self.earned.checked_add(half).expect("far from the end of i128");
        let paid = i64::try_from(half_up.div_euclid(DIVISOR).max(0)).unwrap_or(i64::MAX);
        self.earned = i128::from(paid)
            .checked_mul(DIVISOR)
            .and_then(|taken| self.earned.checked_sub(taken))
            .expect("what is taken was there");
        Fen::from_fen(paid)
    }
}

fn product(money: Fen, days: u32, rate_ppm: u32) -> i128 {
    let fen_days = i128::from(money.fen()).checked_mul(i128::from(days));
    let product = fen_days.and_then(|product| product.checked_mul(i128::from(rate_ppm)));
    product.expect("63, 32 and 32 bits fit")
}
