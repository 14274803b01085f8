//! A block of customers through the year, column by column: the inner loop of a study.

use super::population::Customer;
use super::shapes::SHARE_BITS;
use super::year::Slice;
use super::{Study, StudyError, customer_sign};
use contract::bulk::{Column, Movements, Plan, Postings, QuantityColumns, SignalColumns, Times};
use contract::{Facts, Item, Program, Quantities, Quantity, SettleError, Signals};
use quantity::{Energy, Money};
use std::collections::BTreeMap;

/// Power factor of every customer: the shapes say nothing that would hold for Chinese customers.
const POWER_FACTOR_PPM: i64 = 950_000;
/// Steps of an hour: a kWh of a quarter of an hour is 4 kW.
const STEPS_PER_HOUR: i64 = 4;

/// What a customer needs to know of its shape in each step.
#[derive(Clone, Copy, Debug)]
struct Terms {
    first: usize,
    second: usize,
    first_factor: i64,
    second_factor: i64,
}

/// Registers and sums of the customers of a block.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) shapes: Vec<usize>,
    terms: Vec<Terms>,
    /// Nominal power in milliwatts: the capacity.
    nominal: Vec<i64>,
    /// Energy below a milliwatt-hour that wasn't registered yet, in parts of 2^20.
    rest: Vec<i64>,
    /// Energy of the step that is running, in milliwatt-hours.
    step: Vec<i64>,
    /// Largest energy of a step of this month.
    peak: Vec<i64>,
    /// Energy of the interval.
    energy: Vec<Energy>,
    month: Vec<Energy>,
    pub(super) year: Vec<Energy>,
    pub(super) sides: [Side; 2],
    /// Energy of all customers of the block in each interval, in milliwatt-hours.
    pub(super) slice_energy: Vec<i64>,
}

/// What the customers of a block owe under one contract.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) postings: Postings,
    /// Micro-yuan by leg and customer.
    pub(super) legs: Vec<Vec<i64>>,
    /// Whether a leg counts for or against the customer.
    signs: Vec<i64>,
    /// Bills at the beginning of the month, in micro-yuan.
    opened: Vec<i64>,
    /// Lines of the settlements that end a month, in pico-yuan.
    pub(super) closing: BTreeMap<(Item, u8), i128>,
}

impl Columns {
    pub(super) fn new(study: Study<'_>, customers: &[Customer]) -> Self {
        let rows = customers.len();
        let terms = |customer: &Customer| Terms {
            first: study.shapes.origin(customer.shape, customer.late_steps),
            second: study.shapes.origin(customer.second, customer.late_steps),
            first_factor: customer.first_factor,
            second_factor: customer.second_factor,
        };
        Self {
            shapes: customers.iter().map(|customer| customer.shape).collect(),
            terms: customers.iter().map(terms).collect(),
            nominal: customers.iter().map(|customer| customer.nominal.milliwatts()).collect(),
            rest: vec![0; rows],
            step: vec![0; rows],
            peak: vec![0; rows],
            energy: vec![Energy::ZERO; rows],
            month: vec![Energy::ZERO; rows],
            year: vec![Energy::ZERO; rows],
            sides: study.programs.each_ref().map(|program| Side::new(program, rows)),
            slice_energy: Vec::with_capacity(study.year.slices.len()),
        }
    }

    /// Bills every interval of the year; customers count by row.
    pub(super) fn bill_year(
        &mut self,
        study: Study<'_>,
        plans: &mut [Plan<'_>; 2],
    ) -> Result<(), StudyError> {
        for slice in &study.year.slices {
            self.open(study, slice);
            for (side, plan) in plans.iter_mut().enumerate() {
                let settled = if slice.closes_month {
                    self.settle_month(side, &study.programs[side], slice)
                } else {
                    self.settle(side, plan, slice)
                };
                settled.map_err(|(row, error)| StudyError {
                    customer: Some(row),
                    side,
                    start: slice.start,
                    energy: self.energy[row],
                    error,
                })?;
            }
            self.register();
        }
        Ok(())
    }

    /// Begins an interval: registers of the month, and the energy of the customers.
    pub(super) fn open(&mut self, study: Study<'_>, slice: &Slice) {
        if slice.opens_month {
            self.month.fill(Energy::ZERO);
            self.peak.fill(0);
            self.sides.iter_mut().for_each(Side::open_month);
        }
        if slice.from.milliseconds() == 0 {
            self.draw(study.shapes.shares(), slice.step);
        }
        self.move_energy(slice);
    }

    /// Energy of a step, exact down to 2^-20 mWh: the rest stays with the customer.
    fn draw(&mut self, shares: &[i32], step: usize) {
        let rows = self.terms.iter().zip(&mut self.rest).zip(&mut self.step);
        for ((terms, rest), energy) in rows {
            let first = terms.first_factor * i64::from(shares[terms.first + step]);
            let second = terms.second_factor * i64::from(shares[terms.second + step]);
            let exact = (first + second).max(0) + *rest;
            *energy = exact >> SHARE_BITS;
            *rest = exact & ((1 << SHARE_BITS) - 1);
        }
        for (peak, energy) in self.peak.iter_mut().zip(&self.step) {
            *peak = (*peak).max(*energy);
        }
    }

    fn move_energy(&mut self, slice: &Slice) {
        let whole = slice.is_whole();
        let mut sum = 0;
        for (energy, step) in self.energy.iter_mut().zip(&self.step) {
            let moved = if whole { *step } else { slice.part(*step) };
            *energy = Energy::from_milliwatt_hours(moved);
            sum += moved;
        }
        self.slice_energy.push(sum);
    }

    /// Settles an interval of all rows at once.
    fn settle(
        &mut self,
        side: usize,
        plan: &mut Plan<'_>,
        slice: &Slice,
    ) -> Result<(), (usize, SettleError)> {
        let side = &mut self.sides[side];
        let movements = Movements {
            times: Times::Shared { start: slice.start, end: slice.end },
            energy: &self.energy,
            month_before: Column::Rows(&self.month),
            year_before: Column::Rows(&self.year),
            signals: SignalColumns::default(),
            quantities: QuantityColumns::default(),
            held: Column::Shared(Money::ZERO),
        };
        plan.settle(&movements, &mut side.postings);
        if let Some(refusal) = side.postings.refused.first() {
            return Err((refusal.row, refusal.error));
        }
        for (paid, leg) in side.legs.iter_mut().zip(&side.postings.legs) {
            for (paid, money) in paid.iter_mut().zip(&leg.money) {
                *paid += money.micro_yuan();
            }
        }
        Ok(())
    }

    /// Settles the interval that ends a month row by row, because its lines are wanted: what is
    /// charged by the month isn't a price of the energy.
    fn settle_month(
        &mut self,
        side: usize,
        program: &Program<'_>,
        slice: &Slice,
    ) -> Result<(), (usize, SettleError)> {
        for row in 0..self.energy.len() {
            let quantities = self.quantities(row, self.sides[side].billed(row));
            let facts = self.facts(row, slice, &quantities);
            let side = &mut self.sides[side];
            let mut carries = side.postings.carries(row);
            let settled = program.settle(&facts, &mut carries).map_err(|error| (row, error))?;
            side.postings.set_carries(row, &carries);
            for leg in &settled.legs {
                side.legs[usize::from(leg.leg)][row] += leg.money.micro_yuan();
            }
            for line in &settled.items {
                *side.closing.entry((line.item, line.leg)).or_default() += line.pico_yuan();
            }
        }
        Ok(())
    }

    /// The facts of a customer in an interval.
    pub(super) fn facts<'q>(
        &self,
        row: usize,
        slice: &Slice,
        quantities: &'q Quantities,
    ) -> Facts<'q> {
        Facts {
            start: slice.start,
            end: slice.end,
            energy: self.energy[row],
            month_before: self.month[row],
            year_before: self.year[row],
            signals: &Signals::NONE,
            quantities,
            held: Money::ZERO,
        }
    }

    /// What is known of a customer's month; `billed` is the bill of the month so far.
    pub(super) fn quantities(&self, row: usize, billed_micro_yuan: i64) -> Quantities {
        let month = self.month[row] + self.energy[row];
        Quantities::NONE
            .with(Quantity::MaximumDemand, self.peak[row] * STEPS_PER_HOUR)
            .with(Quantity::Capacity, self.nominal[row])
            .with(Quantity::MonthEnergy, month.milliwatt_hours())
            .with(Quantity::Billed, billed_micro_yuan.max(0))
            .with(Quantity::PowerFactor, POWER_FACTOR_PPM)
    }

    /// Ends an interval: what was moved stands in the registers.
    pub(super) fn register(&mut self) {
        for (month, energy) in self.month.iter_mut().zip(&self.energy) {
            *month += *energy;
        }
        for (year, energy) in self.year.iter_mut().zip(&self.energy) {
            *year += *energy;
        }
    }
}

impl Side {
    fn new(program: &Program<'_>, rows: usize) -> Self {
        let legs = program.header().legs;
        Self {
            postings: Postings::new(legs.len(), rows),
            legs: vec![vec![0; rows]; legs.len()],
            signs: legs.iter().map(|leg| customer_sign(leg.debit, leg.credit)).collect(),
            opened: vec![0; rows],
            closing: BTreeMap::new(),
        }
    }

    /// What a customer has paid since the year began, in micro-yuan.
    pub(super) fn bill(&self, row: usize) -> i64 {
        self.signs.iter().zip(&self.legs).map(|(sign, paid)| sign * paid[row]).sum()
    }

    fn billed(&self, row: usize) -> i64 {
        self.bill(row) - self.opened[row]
    }

    fn open_month(&mut self) {
        for row in 0..self.opened.len() {
            self.opened[row] = self.bill(row);
        }
    }
}

/// A quantity that a contract needs and the customers of a study don't have.
#[must_use]
pub fn unknown_quantity(program: &Program<'_>) -> Option<Quantity> {
    let known = |quantity: Quantity| quantity.is_monthly() && quantity != Quantity::NettedEnergy;
    program.header().quantities.iter().map(|rule| rule.quantity).find(|one| !known(*one))
}
