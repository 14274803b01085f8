//! Ranges: the code is run on intervals, once for each month and band that the calendar has.
//!
//! So a discount that applies only in the peak is weighed against the peak's price alone. At most
//! 60 runs over at most [`crate::STEPS_MAX`] instructions.

use heapless::Vec;
use quantity::Price;

use super::{LoadFault, Op, Program, Rows, settle::month_bit};
use crate::{Band, LEGS_MAX, STACK_MAX};

/// The carry that a leg may bring along, in pico-yuan.
const CARRY_MAX: i64 = 1_000_000;

/// All prices that a value can take.
#[derive(Clone, Copy)]
struct Range {
    low: Price,
    high: Price,
}

impl Range {
    const ZERO: Self = Self { low: Price::ZERO, high: Price::ZERO };

    const fn exactly(price: Price) -> Self {
        Self { low: price, high: price }
    }

    fn add(self, other: Self) -> Option<Self> {
        let low = self.low.checked_add(other.low)?;
        Some(Self { low, high: self.high.checked_add(other.high)? })
    }

    fn subtract(self, other: Self) -> Option<Self> {
        let low = self.low.checked_sub(other.high)?;
        Some(Self { low, high: self.high.checked_sub(other.low)? })
    }

    fn lesser(self, other: Self) -> Option<Self> {
        Some(Self { low: self.low.min(other.low), high: self.high.min(other.high) })
    }

    fn greater(self, other: Self) -> Option<Self> {
        Some(Self { low: self.low.max(other.low), high: self.high.max(other.high) })
    }

    fn of(prices: impl Iterator<Item = Price>) -> Option<Self> {
        prices
            .map(Self::exactly)
            .reduce(|all, one| Self { low: all.low.min(one.low), high: all.high.max(one.high) })
    }

    const fn size(self) -> Price {
        if self.low.abs().micro_yuan_per_kwh() > self.high.abs().micro_yuan_per_kwh() {
            self.low.abs()
        } else {
            self.high.abs()
        }
    }
}

/// One run on intervals.
struct Run<'p, 'a> {
    program: &'p Program<'a>,
    month_bit: u16,
    band: Band,
    stack: Vec<Range, STACK_MAX>,
    legs: [Range; LEGS_MAX],
    /// Which charges happen, in the order of the code.
    reached: u32,
    charge_bit: u32,
}

pub(super) fn prove(program: &Program<'_>) -> Result<(), LoadFault> {
    let mut reached = 0;
    let mut charges = 0;
    for month in 1..=12 {
        let month_bit = month_bit(month);
        let bands = program.bands_in(month_bit);
        for band in Band::ALL.iter().copied().filter(|band| bands & band.bit() != 0) {
            let mut run = Run::new(program, month_bit, band);
            run.execute().ok_or(LoadFault::Range)?;
            run.check_limits()?;
            reached |= run.reached;
            charges = run.charge_bit;
        }
    }
    // `charges` is the bit behind the last charge, so one less has all bits below it.
    if reached == charges.saturating_sub(1) { Ok(()) } else { Err(LoadFault::Unreachable) }
}

impl<'p, 'a> Run<'p, 'a> {
    fn new(program: &'p Program<'a>, month_bit: u16, band: Band) -> Self {
        let legs = [Range::ZERO; LEGS_MAX];
        let stack = Vec::new();
        Self { program, month_bit, band, stack, legs, reached: 0, charge_bit: 1 }
    }

    fn execute(&mut self) -> Option<()> {
        let mut ops = self.program.code();
        while let Some(op) = ops.next() {
            match op {
                Op::When { months, bands, skip } => {
                    if months & self.month_bit == 0 || bands & self.band.bit() == 0 {
                        ops = Rows::new(ops.rest().get(usize::from(skip)..)?);
                        self.charge_bit = self.charge_bit.checked_shl(1)?;
                    }
                }
                Op::Charge { leg, .. } => {
                    let price = self.stack.pop()?;
                    self.charge(leg, price)?;
                }
                Op::ChargeTiers { leg, tiers, .. } => {
                    let table = self.program.tiers().nth(usize::from(tiers))?;
                    self.charge(leg, Range::of(table.prices())?)?;
                }
                Op::Constant { .. } | Op::Table { .. } | Op::Signal { .. } => {
                    let range = self.operand(op)?;
                    self.stack.push(range).ok()?;
                }
                Op::Add => self.combine(Range::add)?,
                Op::Subtract => self.combine(Range::subtract)?,
                Op::Lesser => self.combine(Range::lesser)?,
                Op::Greater => self.combine(Range::greater)?,
            }
        }
        Some(())
    }

    fn operand(&self, op: Op) -> Option<Range> {
        if let Op::Constant { pool } = op {
            return self.program.pool().nth(usize::from(pool)).map(Range::exactly);
        }
        if let Op::Table { table } = op {
            let table = self.program.tables().nth(usize::from(table))?;
            return table.price(self.month_bit, self.band).map(Range::exactly);
        }
        let Op::Signal { id } = op else { return None };
        let rule = self.program.signal_rules().find(|rule| rule.id == id)?;
        Some(Range { low: rule.low, high: rule.high })
    }

    fn combine(&mut self, combine: fn(Range, Range) -> Option<Range>) -> Option<()> {
        let second = self.stack.pop()?;
        let first = self.stack.pop()?;
        self.stack.push(combine(first, second)?).ok()
    }

    fn charge(&mut self, leg: u8, price: Range) -> Option<()> {
        let sum = self.legs.get_mut(usize::from(leg))?;
        *sum = sum.add(price)?;
        self.reached |= self.charge_bit;
        self.charge_bit = self.charge_bit.checked_shl(1)?;
        Some(())
    }

    /// The total lies within floor and cap, and no amount can leave 64 bits.
    fn check_limits(&self) -> Result<(), LoadFault> {
        let mut total = Range::ZERO;
        let mut size = 0_i64;
        for leg in self.legs {
            total = total.add(leg).ok_or(LoadFault::Range)?;
            let raw = self.program.fixed.energy_max.milliwatt_hours();
            let raw = raw.checked_mul(leg.size().micro_yuan_per_kwh());
            let raw = raw.and_then(|raw| raw.checked_add(CARRY_MAX));
            let sum = raw.and_then(|raw| size.checked_add(raw));
            size = sum.ok_or(LoadFault::Range)?;
        }
        if total.low < self.program.fixed.floor {
            return Err(LoadFault::BelowFloor(total.low));
        }
        if total.high > self.program.fixed.cap {
            return Err(LoadFault::AboveCap(total.high));
        }
        Ok(())
    }
}
