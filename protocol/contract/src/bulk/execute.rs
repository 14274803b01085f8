//! The loops over columns. Every range was proved at load, so nothing here checks one: a row that
//! isn't admitted computes something that is thrown away, therefore all sums wrap and none panics.

use alloc::vec;
use alloc::vec::Vec;

use heapless::Vec as Bounded;
use quantity::{Energy, Money, PicoYuan};

use super::columns::{Column, LegColumns, part};
use super::kernel::{Bracket, Combine, Kernel, LegSum, PriceSum, Source, Step, Tiers};
use crate::program::{Rounding, Share};
use crate::{Quantity, TierBasis};

/// Rows of a block: all columns of a contract fit the first-level cache.
pub(super) const BLOCK_ROWS: usize = 256;

const PICO_PER_MICRO: u64 = 1_000_000;
/// Whole micro-yuan that lift every provable amount above zero: an unsigned division is shorter.
const BIAS_MICRO_YUAN: i64 = 9_223_372_036_854;
const BIAS_PICO_YUAN: i64 = BIAS_MICRO_YUAN * 1_000_000;

/// A value of a row: the same for all rows of a block, or a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand<'a> {
    Scalar(i64),
    Column(&'a [i64]),
}

/// Columns between the steps, kept from block to block.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// What each step gave; `None` where it stands in the buffer of the same number.
    scalars: Vec<Option<i64>>,
    buffers: Vec<Vec<i64>>,
    price: Vec<i64>,
    raw: Vec<i64>,
}

/// What the rows of a block bring along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    pub(super) energy: &'a [Energy],
    pub(super) month: Column<'a, Energy>,
    pub(super) year: Column<'a, Energy>,
    pub(super) held: Column<'a, Money>,
    /// By position of the rule, clamped.
    pub(super) signals: &'a [Operand<'a>],
    /// By position of the rule.
    pub(super) quantities: &'a [Operand<'a>],
}

/// What the rows of a kernel may not exceed.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) energy_max: Energy,
    /// By position of the rule; `None` where a monthly quantity isn't needed.
    pub(super) quantities: Vec<Option<i64>>,
}

impl Bounds {
    fn hold(&self, quantities: &[Operand<'_>]) -> bool {
        self.quantities.iter().zip(quantities).all(|(most, quantity)| {
            most.is_none_or(|most| {
                quantity.lowest_of(|amount| amount | most.wrapping_sub(amount)) >= 0
            })
        })
    }
}

impl Block<'_> {
    /// Whether the ranges that were proved at load hold for every row: the sign of `worst` collects
    /// every number that may not be negative.
    pub(super) fn is_proved(&self, bounds: &Bounds) -> bool {
        let energy_max = bounds.energy_max.milliwatt_hours();
        let worst = self.energy.iter().fold(0, |worst, energy| {
            let energy = energy.milliwatt_hours();
            worst | energy | energy_max.wrapping_sub(energy)
        });
        worst >= 0
            && self.is_register(self.month, energy_max)
            && self.is_register(self.year, energy_max)
            && !self.is_owed()
            && bounds.hold(self.quantities)
    }

    /// Whether less than nothing is held anywhere.
    fn is_owed(&self) -> bool {
        match self.held {
            Column::Shared(held) => held.is_negative(),
            Column::Rows(held) => held.iter().any(|held| held.is_negative()),
        }
    }

    fn is_register(&self, before: Column<'_, Energy>, energy_max: i64) -> bool {
        let worst = match before {
            Column::Shared(before) => {
                let before = before.milliwatt_hours();
                before | before.wrapping_add(energy_max)
            }
            Column::Rows(before) => {
                before.iter().zip(self.energy).fold(0, |worst, (before, energy)| {
                    let before = before.milliwatt_hours();
                    worst | before | before.wrapping_add(energy.milliwatt_hours())
                })
            }
        };
        worst >= 0
    }

    /// The rows for which nothing was proved; some more where a shared register is at its end.
    pub(super) fn unproved(&self, bounds: &Bounds) -> impl Iterator<Item = usize> {
        (0..self.energy.len()).filter(move |row| {
            let quantities = self.quantities.iter().map(|operand| operand.part(*row));
            let quantities: Bounded<Operand<'_>, { Quantity::COUNT }> = quantities.collect();
            let one = Block {
                energy: part(self.energy, *row, 1),
                month: self.month.part(*row, 1),
                year: self.year.part(*row, 1),
                held: self.held.part(*row, 1),
                signals: &[],
                quantities: &quantities,
            };
            !one.is_proved(bounds)
        })
    }
}

/// Where the results of a block go: rows `from` and on of the columns.
pub(super) struct Target<'a> {
    pub(super) from: usize,
    pub(super) legs: &'a mut [LegColumns],
}

/// A price of a leg: `constant + column`.
#[derive(Clone, Copy)]
struct LegPrice<'a> {
    constant: i64,
    column: Option<&'a [i64]>,
}

/// One leg of a block.
struct LegRows<'a> {
    money: &'a mut [Money],
    carry: &'a mut [PicoYuan],
}

impl Scratch {
    fn reserve(&mut self, steps: usize) {
        let missing = steps.saturating_sub(self.buffers.len());
        self.buffers.extend(core::iter::repeat_n(vec![0; BLOCK_ROWS], missing));
        self.price.resize(BLOCK_ROWS, 0);
        self.raw.resize(BLOCK_ROWS, 0);
        self.scalars.clear();
    }
}

impl Kernel {
    /// Settles the rows of one block, at most [`BLOCK_ROWS`].
    pub(super) fn run(&self, block: &Block<'_>, scratch: &mut Scratch, target: &mut Target<'_>) {
        scratch.reserve(self.steps.len());
        self.run_steps(block, scratch);
        let rows = block.energy.len();
        for (sum, columns) in self.legs.iter().zip(target.legs.iter_mut()) {
            let range = target.from..target.from.saturating_add(rows);
            let money = columns.money.get_mut(range.clone());
            let (Some(money), Some(carry)) = (money, columns.carry.get_mut(range)) else { return };
            sum.run(block, scratch, LegRows { money, carry });
        }
    }

    fn run_steps(&self, block: &Block<'_>, scratch: &mut Scratch) {
        let Scratch { scalars, buffers, .. } = scratch;
        for (number, step) in self.steps.iter().enumerate() {
            let Some((done, rest)) = buffers.split_at_mut_checked(number) else { return };
            let Some(out) = rest.first_mut() else { return };
            let of = |source| operand(source, block, scalars, done);
            let known = step.of_known(|source| of(source).scalar());
            if known.is_none() {
                step.run(block, of, out);
            }
            scalars.push(known);
        }
    }
}

impl Step {
    fn run<'a>(&self, block: &Block<'_>, of: impl Fn(Source) -> Operand<'a>, out: &mut [i64]) {
        match self {
            Self::Energy => {
                let rows = out.iter_mut().zip(block.energy);
                rows.for_each(|(out, energy)| *out = energy.milliwatt_hours());
            }
            Self::Combine(by, first, second) => combine(out, *by, of(*first), of(*second)),
            Self::Share(share, price) => share.run(of(*price), out),
            Self::Lookup(lookup, amount) => map(out, of(*amount), |amount| lookup.price(amount)),
        }
    }
}

impl Share {
    /// [`Share::of`] without its checks, which the proof at load answered.
    fn run(self, price: Operand<'_>, out: &mut [i64]) {
        let unit = i64::from(self.unit);
        let step = unit.wrapping_mul(1_000_000).max(1);
        let half = if self.rounding == Rounding::HalfUp { step >> 1 } else { 0 };
        let product = |price: i64| price.wrapping_mul(i64::from(self.ppm)).wrapping_add(half);
        if unit == 1 {
            map(out, price, |price| product(price).div_euclid(1_000_000));
        } else {
            map(out, price, |price| product(price).div_euclid(step).wrapping_mul(unit));
        }
    }
}

fn operand<'a>(
    source: Source,
    block: &Block<'a>,
    scalars: &[Option<i64>],
    buffers: &'a [Vec<i64>],
) -> Operand<'a> {
    match source {
        Source::Known(value) => Operand::Scalar(value),
        Source::Signal(rule) => block.signals.get(rule).copied().unwrap_or(Operand::Scalar(0)),
        Source::Quantity(rule) => block.quantities.get(rule).copied().unwrap_or(Operand::Scalar(0)),
        Source::Step(number) => match scalars.get(number).copied().flatten() {
            Some(value) => Operand::Scalar(value),
            None => {
                let buffer = buffers.get(number).map(Vec::as_slice).unwrap_or_default();
                Operand::Column(part(buffer, 0, block.energy.len()))
            }
        },
    }
}

impl Operand<'_> {
    /// Bits of all rows together; negative as soon as one is.
    fn lowest_of(self, f: impl Fn(i64) -> i64) -> i64 {
        match self {
            Self::Scalar(value) => f(value),
            Self::Column(column) => column.iter().fold(0, |bits, value| bits | f(*value)),
        }
    }

    /// The operand of one row.
    fn part(self, row: usize) -> Self {
        match self {
            Self::Scalar(value) => Self::Scalar(value),
            Self::Column(column) => Self::Column(part(column, row, 1)),
        }
    }

    const fn scalar(self) -> Option<i64> {
        match self {
            Self::Scalar(value) => Some(value),
            Self::Column(_) => None,
        }
    }
}

#[inline(always)]
fn map(out: &mut [i64], operand: Operand<'_>, f: impl Fn(i64) -> i64) {
    match operand {
        Operand::Scalar(value) => out.fill(f(value)),
        Operand::Column(column) => {
            out.iter_mut().zip(column).for_each(|(out, value)| *out = f(*value));
        }
    }
}

fn combine(out: &mut [i64], combine: Combine, first: Operand<'_>, second: Operand<'_>) {
    match combine {
        Combine::Add => zip(out, first, second, i64::wrapping_add),
        Combine::Subtract => zip(out, first, second, i64::wrapping_sub),
        Combine::Lesser => zip(out, first, second, Ord::min),
        Combine::Greater => zip(out, first, second, Ord::max),
    }
}

#[inline(always)]
fn zip(out: &mut [i64], first: Operand<'_>, second: Operand<'_>, f: impl Fn(i64, i64) -> i64) {
    match (first, second) {
        (Operand::Scalar(first), Operand::Scalar(second)) => out.fill(f(first, second)),
        (Operand::Column(first), Operand::Scalar(second)) => {
            out.iter_mut().zip(first).for_each(|(out, first)| *out = f(*first, second));
        }
        (Operand::Scalar(first), Operand::Column(second)) => {
            out.iter_mut().zip(second).for_each(|(out, second)| *out = f(first, *second));
        }
        (Operand::Column(first), Operand::Column(second)) => {
            let rows = out.iter_mut().zip(first).zip(second);
            rows.for_each(|((out, first), second)| *out = f(*first, *second));
        }
    }
}

impl LegSum {
    fn run(&self, block: &Block<'_>, scratch: &mut Scratch, leg: LegRows<'_>) {
        let Scratch { scalars, buffers, price: sum, raw } = scratch;
        let energy = block.energy;
        let of = |source| operand(source, block, scalars, buffers);
        match (self.tiers.as_slice(), self.others.as_slice()) {
            ([], []) => leg.post_priced(energy, self.per_energy.price(block, of, sum), |_| 0),
            ([tiers], []) => {
                tiers.post(block, self.per_energy.price(block, of, sum), leg, raw);
            }
            (tiers, others) => {
                let Some(raw) = raw.get_mut(..energy.len()) else { return };
                raw.fill(0);
                tiers.iter().for_each(|tiers| tiers.add(block, raw));
                for (amount, price) in others {
                    add_product(raw, price.price(block, of, sum), of(*amount));
                }
                let raw = &*raw;
                let price = self.per_energy.price(block, of, sum);
                leg.post_priced(energy, price, |row| raw[row]);
            }
        }
    }
}

impl PriceSum {
    /// Adds up what is the same for all rows; a column of its own only for several columns.
    fn price<'a, 'b: 'a>(
        &self,
        block: &Block<'_>,
        of: impl Fn(Source) -> Operand<'b>,
        sum: &'a mut [i64],
    ) -> LegPrice<'a> {
        let mut price = LegPrice { constant: self.constant, column: None };
        let mut columns = 0_usize;
        for source in &self.sources {
            match of(*source) {
                Operand::Scalar(value) => price.constant = price.constant.wrapping_add(value),
                Operand::Column(column) => {
                    match price.column {
                        None => price.column = Some(column),
                        Some(first) if columns == 1 => {
                            let (first, second) = (Operand::Column(first), Operand::Column(column));
                            zip(sum, first, second, i64::wrapping_add);
                        }
                        Some(_) => add_column(sum, column),
                    }
                    columns = columns.saturating_add(1);
                }
            }
        }
        if columns > 1 {
            price.column = Some(part(sum, 0, block.energy.len()));
        }
        price
    }
}

/// Adds `price × amount` to each row.
fn add_product(raw: &mut [i64], price: LegPrice<'_>, amount: Operand<'_>) {
    let of = |row: usize| match amount {
        Operand::Scalar(amount) => amount,
        Operand::Column(column) => column[row],
    };
    for (row, raw) in raw.iter_mut().enumerate() {
        let price = price.constant.wrapping_add(price.column.map_or(0, |column| column[row]));
        *raw = raw.wrapping_add(price.wrapping_mul(of(row)));
    }
}

fn add_column(sum: &mut [i64], column: &[i64]) {
    sum.iter_mut().zip(column).for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
}

impl Tiers {
    /// The tables that occur are unrolled: one or two limits over the register of each row.
    fn post(&self, block: &Block<'_>, price: LegPrice<'_>, leg: LegRows<'_>, raw: &mut [i64]) {
        let energy = block.energy;
        if let Column::Rows(register) = self.register(block) {
            let Some(register) = register.get(..energy.len()) else { return };
            match *self.brackets.as_slice() {
                [one] => return leg.post_brackets(energy, price, register, [one]),
                [one, two] => return leg.post_brackets(energy, price, register, [one, two]),
                [one, two, three] => {
                    return leg.post_brackets(energy, price, register, [one, two, three]);
                }
                _ => {}
            }
        }
        let Some(raw) = raw.get_mut(..energy.len()) else { return };
        raw.fill(0);
        self.add(block, raw);
        let raw = &*raw;
        leg.post_priced(energy, price, |row| raw[row]);
    }

    fn register<'a>(&self, block: &Block<'a>) -> Column<'a, Energy> {
        match self.basis {
            TierBasis::Month => block.month,
            TierBasis::Year => block.year,
        }
    }

    fn add(&self, block: &Block<'_>, raw: &mut [i64]) {
        let register = self.register(block);
        for bracket in &self.brackets {
            let rows = raw.iter_mut().zip(block.energy);
            match register {
                Column::Shared(before) => rows.for_each(|(raw, energy)| {
                    *raw = raw.wrapping_add(bracket.cost(before, *energy));
                }),
                Column::Rows(before) => rows.zip(before).for_each(|((raw, energy), before)| {
                    *raw = raw.wrapping_add(bracket.cost(*before, *energy));
                }),
            }
        }
    }
}

impl Bracket {
    /// `slope ×` the part of the energy that lies above the limit.
    #[inline(always)]
    fn cost(self, before: Energy, energy: Energy) -> i64 {
        let energy = energy.milliwatt_hours();
        let end = before.milliwatt_hours().wrapping_add(energy);
        let above = end.wrapping_sub(self.limit).min(energy).max(0);
        self.slope.wrapping_mul(above)
    }
}

impl LegRows<'_> {
    fn post_brackets<const N: usize>(
        self,
        energy: &[Energy],
        price: LegPrice<'_>,
        register: &[Energy],
        brackets: [Bracket; N],
    ) {
        self.post_priced(energy, price, |row| {
            let (before, energy) = (register[row], energy[row]);
            brackets.iter().fold(0, |sum: i64, one| sum.wrapping_add(one.cost(before, energy)))
        });
    }

    #[inline(always)]
    fn post_priced(self, energy: &[Energy], price: LegPrice<'_>, more: impl Fn(usize) -> i64) {
        let constant = price.constant;
        match price.column {
            None => self.post(|row| {
                constant.wrapping_mul(energy[row].milliwatt_hours()).wrapping_add(more(row))
            }),
            Some(column) => self.post(|row| {
                let price = constant.wrapping_add(column[row]);
                price.wrapping_mul(energy[row].milliwatt_hours()).wrapping_add(more(row))
            }),
        }
    }

    /// The one place that rounds: once for each row of the leg.
    #[inline(always)]
    fn post(self, raw: impl Fn(usize) -> i64) {
        let rows = self.money.iter_mut().zip(self.carry).enumerate();
        for (row, (money, carry)) in rows {
            let exact = raw(row).wrapping_add(i64::from(carry.pico_yuan()));
            let biased = exact.wrapping_add(BIAS_PICO_YUAN).cast_unsigned();
            let rest = u32::try_from(biased % PICO_PER_MICRO).unwrap_or_default();
            let whole = (biased / PICO_PER_MICRO).cast_signed().wrapping_sub(BIAS_MICRO_YUAN);
            *carry = PicoYuan::new(rest).unwrap_or_default();
            *money = Money::from_micro_yuan(whole);
        }
    }
}
