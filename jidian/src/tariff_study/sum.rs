//! All blocks of customers together.

use super::block::Columns;
use super::year::ItemPrices;
use super::{ItemTotal, LegTotal, Outcome, Outcomes, SideTotals, Study};
use contract::{Item, Program};
use quantity::Money;
use std::collections::BTreeMap;

/// All blocks together.
pub(super) struct Sum {
    customers: Vec<Outcome>,
    legs: [Vec<LegTotal>; 2],
    /// Energy of each interval that doesn't end a month.
    slice_energy: Vec<i128>,
    /// Lines of the settlements that end a month.
    closing: [BTreeMap<(Item, u8), i128>; 2],
}

impl Sum {
    pub(super) fn new(study: Study<'_>) -> Self {
        let legs = |program: &Program<'_>| {
            let legs = program.header().legs;
            let total = legs.iter().map(|leg| LegTotal {
                debit: leg.debit,
                credit: leg.credit,
                settled_micro_yuan: 0,
                carried_pico_yuan: 0,
            });
            total.collect()
        };
        Self {
            customers: Vec::new(),
            legs: study.programs.each_ref().map(legs),
            slice_energy: vec![0; study.year.slices.len()],
            closing: [BTreeMap::new(), BTreeMap::new()],
        }
    }

    pub(super) fn add(&mut self, study: Study<'_>, columns: &Columns) {
        let energy = columns.slice_energy.iter().zip(&study.year.slices);
        for (sum, (energy, slice)) in self.slice_energy.iter_mut().zip(energy) {
            *sum += if slice.closes_month { 0 } else { i128::from(*energy) };
        }
        for (sum, side) in self.closing.iter_mut().zip(&columns.sides) {
            for (line, pico_yuan) in &side.closing {
                *sum.entry(*line).or_default() += pico_yuan;
            }
        }
        for (row, shape) in columns.shapes.iter().enumerate() {
            let bills = [0, 1].map(|side| self.bill(side, row, columns));
            let energy = columns.year[row];
            self.customers.push(Outcome { shape: *shape, energy, bills });
        }
    }

    /// Adds a customer's legs to the totals; what it pays in all.
    fn bill(&mut self, side: usize, row: usize, columns: &Columns) -> Money {
        let from = &columns.sides[side];
        let carries = from.postings.carries(row);
        for ((leg, paid), total) in (0_u8..).zip(&from.legs).zip(&mut self.legs[side]) {
            total.settled_micro_yuan += i128::from(paid[row]);
            total.carried_pico_yuan += i128::from(carries.get(leg).pico_yuan());
        }
        Money::from_micro_yuan(from.bill(row))
    }

    pub(super) fn close(self, study: Study<'_>, prices: &[ItemPrices; 2]) -> Outcomes {
        let settlements = 2 * self.customers.len() as u64 * study.year.slices.len() as u64;
        let [old, new] = self.legs;
        let energy = &self.slice_energy;
        let sides = [(old, 0), (new, 1)].map(|(legs, side)| {
            let closing = &self.closing[side];
            let known = priced(&prices[side], energy, closing, &study.programs[side]);
            let items = with_tiers(known, &study.programs[side], &legs);
            SideTotals { legs, items }
        });
        Outcomes { customers: self.customers, sides, settlements }
    }
}

/// Items with one price for everybody: `Σ price × energy`, and their lines at the end of a month.
fn priced(
    prices: &ItemPrices,
    energy: &[i128],
    closing: &BTreeMap<(Item, u8), i128>,
    program: &Program<'_>,
) -> Vec<ItemTotal> {
    let mut items = prices.items.clone();
    let tiered: Vec<(Item, u8)> = program.tier_items().collect();
    items.extend(
        closing.keys().filter(|line| !prices.items.contains(line) && !tiered.contains(line)),
    );
    let count = prices.items.len();
    let total = |(at, line): (usize, (Item, u8))| {
        let mut pico_yuan = closing.get(&line).copied().unwrap_or_default();
        if at < count {
            let prices = prices.prices.iter().skip(at).step_by(count);
            pico_yuan +=
                prices.zip(energy).map(|(price, energy)| i128::from(*price) * energy).sum::<i128>();
        }
        ItemTotal { items: vec![line.0], leg: line.1, pico_yuan }
    };
    items.into_iter().enumerate().map(total).collect()
}

/// What a leg has beyond the items with one price is due to its tier tables. Both are exact, so the
/// items of a leg sum to the leg.
fn with_tiers(
    mut totals: Vec<ItemTotal>,
    program: &Program<'_>,
    legs: &[LegTotal],
) -> Vec<ItemTotal> {
    for (leg, total) in (0_u8..).zip(legs) {
        let mut items: Vec<Item> = Vec::new();
        for (item, _) in program.tier_items().filter(|(_, its)| *its == leg) {
            if !items.contains(&item) {
                items.push(item);
            }
        }
        let known: i128 = totals.iter().filter(|one| one.leg == leg).map(|one| one.pico_yuan).sum();
        let rest = total.pico_yuan() - known;
        if items.is_empty() {
            assert_eq!(rest, 0, "the items of a leg sum to the leg");
        } else {
            totals.push(ItemTotal { items, leg, pico_yuan: rest });
        }
    }
    totals
}
