//! The year that is billed: its intervals, and what each item costs in each of them.

use super::{SIDES, StudyError};
use contract::{Carries, Facts, Item, Program, Quantities, Signals};
use quantity::{CivilDate, Duration, Energy, Instant, Money};

/// Length of a step of the profiles.
pub const STEP: Duration = Duration::from_minutes(15);

/// An interval that is settled: a step of the profiles, or a part of one that a band cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Number of the step in the year.
    pub step: usize,
    /// Start.
    pub start: Instant,
    /// End, exclusive.
    pub end: Instant,
    /// Where in the step it begins.
    pub from: Duration,
    /// Month, 1 to 12.
    pub month: u8,
    /// Whether a month begins with it.
    pub opens_month: bool,
    /// Whether a month ends with it.
    pub closes_month: bool,
}

/// A legal year, cut where a step ends or a band of one of the contracts changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// Such as 2025.
    pub year: i32,
    /// All intervals in order.
    pub slices: Vec<Slice>,
}

/// Prices of the items of one contract through the year, but for the settlements that end a month. Items of tier tables aren't in here,
/// because their price depends on the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemPrices {
    /// The items with their legs, in the order of the contract.
    pub items: Vec<(Item, u8)>,
    /// Micro-yuan per kWh; one for each interval and item.
    pub prices: Vec<i64>,
}

impl Slice {
    /// Whether it is a step as a whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.end.since(self.start) == STEP
    }

    /// Energy of a step that lies before an instant of it, rounded down.
    fn before(energy: i64, into: Duration) -> i64 {
        let share = i128::from(energy) * i128::from(into.milliseconds());
        let before = share / i128::from(STEP.milliseconds());
        i64::try_from(before).expect("a part of an i64")
    }

    /// The part of the energy of its step that falls into it; the parts sum to the whole.
    #[must_use]
    pub fn part(&self, energy: i64) -> i64 {
        let until = self.from + self.end.since(self.start);
        Self::before(energy, until) - Self::before(energy, self.from)
    }
}

impl Year {
    /// Cuts a year for contracts.
    #[must_use]
    pub fn new(year: i32, programs: &[Program<'_>; 2]) -> Self {
        let end = CivilDate { year: year + 1, month: 1, day: 1 }.start();
        let mut step_start = CivilDate { year, month: 1, day: 1 }.start();
        let mut slices = Vec::new();
        let mut step = 0;
        while step_start < end {
            let step_end = step_start + STEP;
            let mut start = step_start;
            while start < step_end {
                let cut =
                    programs.iter().map(|program| program.next_boundary(start, &Signals::NONE));
                let until = cut.min().map_or(step_end, |cut| cut.min(step_end));
                slices.push(slice(step, step_start, start, until));
                start = until;
            }
            step_start = step_end;
            step += 1;
        }
        Self { year, slices }
    }

    /// The price of each item in each interval, asked of the interpreter.
    pub(super) fn item_prices(
        &self,
        programs: &[Program<'_>; 2],
    ) -> Result<[ItemPrices; 2], StudyError> {
        let prices = |side: usize| self.prices_of(&programs[side], side);
        Ok([prices(0)?, prices(1)?])
    }

    fn prices_of(&self, program: &Program<'_>, side: usize) -> Result<ItemPrices, StudyError> {
        let tiered: Vec<(Item, u8)> = program.tier_items().collect();
        let mut items: Vec<(Item, u8)> = Vec::new();
        let mut lines: Vec<(usize, usize, i64)> = Vec::new();
        let ordinary = self.slices.iter().enumerate().filter(|(_, slice)| !slice.closes_month);
        for (number, slice) in ordinary {
            for line in probe(program, side, slice)? {
                let key = (line.item, line.leg);
                if tiered.contains(&key) {
                    continue;
                }
                let known = items.iter().position(|item| *item == key);
                let item = known.unwrap_or_else(|| {
                    items.push(key);
                    items.len() - 1
                });
                lines.push((number, item, line.price.micro_yuan_per_kwh()));
            }
        }
        let mut prices = vec![0; self.slices.len() * items.len()];
        for (number, item, price) in lines {
            prices[number * items.len() + item] += price;
        }
        Ok(ItemPrices { items, prices })
    }
}

fn slice(step: usize, step_start: Instant, start: Instant, end: Instant) -> Slice {
    let (from, until) = (start.civil(), end.civil());
    let month = from.date.month;
    Slice {
        step,
        start,
        end,
        from: start.since(step_start),
        month,
        opens_month: from.date.day == 1 && start == from.date.start(),
        closes_month: until.date.month != month,
    }
}

/// The lines of the smallest movement: every charge that applies in an interval, with its price.
fn probe(
    program: &Program<'_>,
    side: usize,
    slice: &Slice,
) -> Result<Vec<contract::ItemCharge>, StudyError> {
    assert!(side < SIDES.len(), "a side is old or new");
    let energy = Energy::from_milliwatt_hours(1);
    let facts = Facts {
        start: slice.start,
        end: slice.end,
        energy,
        month_before: Energy::ZERO,
        year_before: Energy::ZERO,
        signals: &Signals::NONE,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let settled = program.settle(&facts, &mut Carries::default());
    let refused = |error| StudyError { customer: None, side, start: slice.start, energy, error };
    Ok(settled.map_err(refused)?.items.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_step_sum_to_the_whole() {
        let start = CivilDate { year: 2025, month: 1, day: 1 }.start();
        let minutes = Duration::from_minutes;
        let cuts = [0, 4, 9, 15].map(minutes);
        for energy in [0, 1, 7, 999_999_999_999] {
            let parts = cuts
                .windows(2)
                .map(|cut| slice(0, start, start + cut[0], start + cut[1]).part(energy));
            assert_eq!(parts.sum::<i64>(), energy);
        }
        assert_eq!(slice(0, start, start + minutes(5), start + minutes(15)).part(900), 600);
    }
}
