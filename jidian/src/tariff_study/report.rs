//! Who pays more and who pays less: what a study comes to.

use super::Outcome;
use quantity::Money;

/// Customers named as those who gain or lose most.
pub const EXTREMES: usize = 10;
/// A change below one fen is none: the wallet can't pay it.
const SAME_MICRO_YUAN: i64 = 10_000;

/// Sums over some customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub customers: usize,
    /// Energy of the year in milliwatt-hours.
    pub milliwatt_hours: i128,
    /// What they pay under the old and the new contract, in micro-yuan.
    pub micro_yuan: [i128; 2],
    /// How many pay at least one fen more.
    pub more: usize,
    /// How many pay at least one fen less.
    pub less: usize,
}

/// What a study comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// All customers.
    pub all: Group,
    /// By position of the main profile.
    pub by_shape: Vec<Group>,
    /// Smallest change of the bill, each tenth of the customers, and the largest.
    pub change_deciles: [Money; 11],
    /// The same of the change in hundredths of a per cent of the old bill; customers without an old
    /// bill aren't in it. `None` if that is all of them.
    pub relative_deciles: Option<[i64; 11]>,
    /// Numbers of the customers whose bill falls most, most first.
    pub gainers: Vec<usize>,
    /// Numbers of the customers whose bill rises most, most first.
    pub losers: Vec<usize>,
}

impl Outcome {
    /// By how much the bill rises; negative where it falls.
    #[must_use]
    pub fn change(&self) -> Money {
        self.bills[1] - self.bills[0]
    }

    /// The change in hundredths of a per cent of the old bill, to the nearest below; `None` without
    /// an old bill.
    #[must_use]
    pub fn relative_change(&self) -> Option<i64> {
        let old = i128::from(self.bills[0].micro_yuan()).abs();
        let change = i128::from(self.change().micro_yuan());
        (old > 0).then(|| i64::try_from((change * 10_000).div_euclid(old)).unwrap_or(i64::MAX))
    }
}

impl Group {
    fn add(&mut self, outcome: &Outcome) {
        self.customers += 1;
        self.milliwatt_hours += i128::from(outcome.energy.milliwatt_hours());
        for (sum, bill) in self.micro_yuan.iter_mut().zip(outcome.bills) {
            *sum += i128::from(bill.micro_yuan());
        }
        let change = outcome.change().micro_yuan();
        self.more += usize::from(change >= SAME_MICRO_YUAN);
        self.less += usize::from(change <= -SAME_MICRO_YUAN);
    }

    /// How many pay the same to the fen.
    #[must_use]
    pub const fn same(&self) -> usize {
        self.customers - self.more - self.less
    }

    /// Rise of the sum of all bills, in micro-yuan.
    #[must_use]
    pub const fn change(&self) -> i128 {
        self.micro_yuan[1] - self.micro_yuan[0]
    }
}

impl Report {
    /// Sums up; `shapes` is the number of profiles.
    ///
    /// # Panics
    /// If there is no customer.
    #[must_use]
    pub fn new(outcomes: &[Outcome], shapes: usize) -> Self {
        let mut all = Group::default();
        let mut by_shape = vec![Group::default(); shapes];
        for outcome in outcomes {
            all.add(outcome);
            by_shape[outcome.shape].add(outcome);
        }
        let mut by_change: Vec<usize> = (0..outcomes.len()).collect();
        by_change.sort_by_key(|number| (outcomes[*number].change(), *number));
        let changes: Vec<Money> = by_change.iter().map(|at| outcomes[*at].change()).collect();
        let mut relative: Vec<i64> = outcomes.iter().filter_map(Outcome::relative_change).collect();
        relative.sort_unstable();
        let moved = |at: &usize| outcomes[*at].change() != Money::ZERO;
        let falls = |at: &usize| outcomes[*at].change() < Money::ZERO;
        let named = |numbers: &mut dyn Iterator<Item = usize>, gain: bool| {
            let kept = numbers.filter(|at| moved(at) && falls(at) == gain);
            kept.take(EXTREMES).collect::<Vec<_>>()
        };
        Self {
            all,
            by_shape,
            change_deciles: deciles(&changes),
            relative_deciles: (!relative.is_empty()).then(|| deciles(&relative)),
            gainers: named(&mut by_change.iter().copied(), true),
            losers: named(&mut by_change.iter().rev().copied(), false),
        }
    }
}

/// Smallest, each tenth (nearest rank), largest.
fn deciles<T: Copy>(sorted: &[T]) -> [T; 11] {
    let last = sorted.len() - 1;
    core::array::from_fn(|tenth| sorted[last * tenth / 10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use quantity::Energy;

    #[test]
    fn a_report_counts_sorts_and_names() {
        let outcome = |old: i64, new: i64, shape: usize| Outcome {
            shape,
            energy: Energy::from_milliwatt_hours(1_000_000),
            bills: [old, new].map(Money::from_micro_yuan),
        };
        // Changes: +2 yuan, −1 yuan, +0.9 fen (the same to the wallet), 0 from nothing.
        let outcomes = [
            outcome(10_000_000, 12_000_000, 0),
            outcome(4_000_000, 3_000_000, 1),
            outcome(5_000_000, 5_009_000, 1),
            outcome(0, 0, 0),
        ];
        let report = Report::new(&outcomes, 2);
        assert_eq!((report.all.more, report.all.less, report.all.same()), (1, 1, 2));
        assert_eq!(report.all.change(), 1_009_000);
        assert_eq!((report.by_shape[1].customers, report.by_shape[1].change()), (2, -991_000));
        assert_eq!((report.gainers, report.losers), (vec![1], vec![0, 2]));
        // −25 %, +0.18 %, +20 %; ranks 0, 1 (from 5 tenths on) and 2.
        assert_eq!(
            report.relative_deciles.unwrap(),
            [-2500, -2500, -2500, -2500, -2500, 18, 18, 18, 18, 18, 2000]
        );
        assert_eq!(report.change_deciles[10], Money::from_micro_yuan(2_000_000));
    }
}
