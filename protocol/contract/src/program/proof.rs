//! Ranges: the code is run on intervals, once for each month, kind of day and band that can occur
//! together. Events and dates are unknown there: what depends on them takes both ways.
//!
//! So a discount that applies only in the peak is weighed against the peak's price alone. At most
//! 180 runs over at most [`crate::STEPS_MAX`] instructions.

use heapless::Vec;
use quantity::Price;

use super::load::{LoadFault, require};
use super::settle::month_bit;
use super::{ALL_EVENTS, Condition, DayPlan, LAST_DAY, Op, Program, Rows};
use crate::{Band, DayKind, Quantity, STACK_MAX};

/// The carries that all legs may bring along, in pico-yuan.
const CARRIES_MAX: i64 = 8_000_000;
/// How far the sizes of the parts of a split price can add up to more than its own: of four payees
/// three are rounded, and the last gets that back.
const PARTS_EXCESS_MAX: i64 = 8;

/// All prices that a value can take.
#[derive(Clone, Copy, Default)]
struct Range {
    low: i64,
    high: i64,
}

impl Range {
    fn exactly(price: Price) -> Self {
        let price = price.micro_yuan_per_kwh();
        Self { low: price, high: price }
    }

    fn union(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
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

    fn either(self, other: Self) -> Option<Self> {
        Some(self.union(other))
    }

    fn of(prices: impl Iterator<Item = Price>) -> Option<Self> {
        prices.map(Self::exactly).reduce(Self::union)
    }

    fn size(self) -> Option<i64> {
        Some(self.low.checked_abs()?.max(self.high.checked_abs()?))
    }
}

/// What is known about a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Never,
    Sometimes,
    Always,
}

/// A month, a kind of day and a band.
#[derive(Clone, Copy)]
struct Case {
    month_bit: u16,
    day_kind: DayKind,
    band: Band,
}

impl Condition {
    fn holds_in(&self, case: Case) -> Holds {
        let never = self.months & case.month_bit == 0
            || self.bands & case.band.bit() == 0
            || self.day_kinds & case.day_kind.byte() == 0;
        let dated = self.first_day != 0 || self.last_day != LAST_DAY;
        if never {
            Holds::Never
        } else if dated || self.needed | self.forbidden != 0 {
            Holds::Sometimes
        } else {
            Holds::Always
        }
    }
}

impl Program<'_> {
    /// The bands that can occur in some months on some kinds of days; flat without a calendar.
    pub(super) fn bands_in(&self, months: u16, day_kinds: u8) -> u8 {
        let mut bands = 0;
        for month in (0..12).map(|month| 1_u16.wrapping_shl(month)) {
            for kind in DayKind::ALL {
                if months & month != 0 && day_kinds & kind.byte() != 0 {
                    bands |= self.bands_on(month, *kind);
                }
            }
        }
        if bands == 0 { Band::Flat.bit() } else { bands }
    }

    /// The bands of the first plan that holds for certain and of all that may hold before it.
    fn bands_on(&self, month_bit: u16, day_kind: DayKind) -> u8 {
        let case = Case { month_bit, day_kind, band: Band::Flat };
        let mut bands = 0;
        for plan in self.days().filter(|plan| plan.months & month_bit != 0) {
            let condition = plan.condition.and_then(|number| self.condition(number));
            let holds = condition.map_or(Holds::Always, |condition| condition.holds_in(case));
            if holds != Holds::Never {
                bands |= plan.bands();
            }
            if holds == Holds::Always {
                break;
            }
        }
        bands
    }

    fn condition(&self, number: u8) -> Option<Condition> {
        self.conditions().nth(usize::from(number))
    }

    /// Whether a day plan ever comes to its turn, whatever events are on.
    pub(super) fn can_be_reached(&self, index: usize, plan: &DayPlan<'_>) -> bool {
        let months = (0..12).map(|month| 1_u16.wrapping_shl(month));
        let mut months = months.filter(|month| plan.months & month != 0);
        months.any(|month_bit| {
            DayKind::ALL.iter().any(|kind| {
                (0..=ALL_EVENTS).any(|events| {
                    let takes = |plan: &DayPlan<'_>| self.takes(plan, month_bit, *kind, events);
                    takes(plan) && !self.days().take(index).any(|before| takes(&before))
                })
            })
        })
    }

    fn takes(&self, plan: &DayPlan<'_>, month_bit: u16, kind: DayKind, events: u8) -> bool {
        let condition = plan.condition.and_then(|number| self.condition(number));
        plan.months & month_bit != 0
            && condition.is_none_or(|condition| {
                condition.day_kinds & kind.byte() != 0
                    && condition.needed & !events == 0
                    && condition.forbidden & events == 0
            })
    }
}

/// One run on intervals.
struct Run<'r> {
    program: &'r Program<'r>,
    case: Case,
    stack: Vec<Range, STACK_MAX>,
    /// Total price on each quantity.
    totals: [Range; Quantity::COUNT],
    /// Most pico-yuan that all charges together can move, whatever their signs.
    size: i64,
    /// Conditions of the code that can hold.
    possible: u32,
    /// Whether the statement that is worked out happens for certain.
    certain: bool,
}

/// Leaves a total that is beyond its limits in `beyond`.
pub(super) fn prove(program: &Program<'_>, beyond: &mut Price) -> Result<(), LoadFault> {
    let mut possible = 0;
    for month in 1..=12 {
        let month_bit = month_bit(month);
        // Without special days nothing asks for the kind of a day.
        let kinds = if program.fixed().years == 0 { &DayKind::ALL[..1] } else { DayKind::ALL };
        for day_kind in kinds {
            let bands = program.bands_in(month_bit, day_kind.byte());
            for band in Band::ALL.iter().filter(|band| bands & band.bit() != 0) {
                let case = Case { month_bit, day_kind: *day_kind, band: *band };
                let mut run = Run::new(program, case);
                run.execute().ok_or(LoadFault::Range)?;
                run.check_limits(beyond)?;
                possible |= run.possible;
            }
        }
    }
    require(possible == asked(program), LoadFault::Unreachable)
}

/// The conditions that the code names.
fn asked(program: &Program<'_>) -> u32 {
    program.code().fold(0, |asked, op| {
        let (Op::When { condition, .. } | Op::Select { condition }) = op else { return asked };
        asked | 1_u32.wrapping_shl(u32::from(condition))
    })
}

impl<'r> Run<'r> {
    fn new(program: &'r Program<'r>, case: Case) -> Self {
        let totals = [Range::default(); Quantity::COUNT];
        let (stack, size) = (Vec::new(), CARRIES_MAX);
        Self { program, case, stack, totals, size, possible: 0, certain: true }
    }

    fn execute(&mut self) -> Option<()> {
        let mut ops = self.program.code();
        while let Some(op) = ops.next() {
            if let Op::When { condition, skip } = op {
                let holds = self.holds(condition)?;
                if holds == Holds::Never {
                    ops = Rows::new(ops.rest().get(usize::from(skip)..)?);
                }
                self.certain = holds != Holds::Sometimes;
            } else {
                self.step(op)?;
            }
        }
        Some(())
    }

    fn holds(&mut self, condition: u8) -> Option<Holds> {
        let holds = self.program.condition(condition)?.holds_in(self.case);
        if holds != Holds::Never {
            self.possible |= 1_u32.wrapping_shl(u32::from(condition));
        }
        Some(holds)
    }

    fn step(&mut self, op: Op) -> Option<()> {
        match op {
            Op::Charge { .. } => self.charge(Quantity::Energy),
            Op::ChargeOn { quantity, .. } | Op::ChargeBeyond { quantity, .. } => {
                self.charge(quantity)
            }
            Op::ChargeTiers { tiers, .. } => {
                let table = self.program.tiers().nth(usize::from(tiers))?;
                self.stack.push(Range::of(table.prices())?).ok()?;
                self.charge(Quantity::Energy)
            }
            // The charge that ends the statement counts the whole price.
            Op::ChargePart { ppm, .. } => {
                let price = self.stack.last()?;
                super::Share::down(ppm).of(price.low)?;
                super::Share::down(ppm).of(price.high)?;
                Some(())
            }
            Op::Add => self.combine(Range::add),
            Op::Subtract => self.combine(Range::subtract),
            Op::Lesser => self.combine(Range::lesser),
            Op::Greater => self.combine(Range::greater),
            Op::Select { condition } => {
                let select = match self.holds(condition)? {
                    Holds::Never => |_, second| Some(second),
                    Holds::Sometimes => Range::either,
                    Holds::Always => |first, _| Some(first),
                };
                self.combine(select)
            }
            Op::Share(share) => {
                let price = self.stack.pop()?;
                let (low, high) = (share.of(price.low)?, share.of(price.high)?);
                self.stack.push(Range { low, high }).ok()
            }
            Op::Constant { .. } | Op::Table { .. } | Op::Signal { .. } | Op::Steps { .. } => {
                let range = self.operand(op)?;
                self.stack.push(range).ok()
            }
            Op::When { .. } => None,
        }
    }

    fn combine(&mut self, combine: fn(Range, Range) -> Option<Range>) -> Option<()> {
        let second = self.stack.pop()?;
        let first = self.stack.pop()?;
        self.stack.push(combine(first, second)?).ok()
    }

    fn operand(&self, op: Op) -> Option<Range> {
        if let Op::Constant { pool } = op {
            let constant = self.program.pool().nth(usize::from(pool))?;
            return Some(Range::exactly(constant.price));
        }
        if let Op::Table { table } = op {
            let table = self.program.tables().nth(usize::from(table))?;
            return table.price(self.case.month_bit, self.case.band).map(Range::exactly);
        }
        if let Op::Steps { table } = op {
            return Range::of(self.program.steps_tables().nth(usize::from(table))?.prices());
        }
        let Op::Signal { id } = op else { return None };
        let rule = self.program.signal_rules().find(|rule| rule.id == id)?;
        Some(Range::exactly(rule.low).union(Range::exactly(rule.high)))
    }

    /// A price on a quantity: into its total, and as far as it can move money.
    fn charge(&mut self, quantity: Quantity) -> Option<()> {
        let mut price = self.stack.pop()?;
        let size = price.size()?.checked_add(PARTS_EXCESS_MAX)?;
        let size = size.checked_mul(self.program.most(quantity)?)?;
        self.size = self.size.checked_add(size)?;
        if !self.certain {
            price = price.union(Range::default());
        }
        self.certain = true;
        let total = self.totals.get_mut(usize::from(quantity.byte()))?;
        *total = total.add(price)?;
        Some(())
    }

    /// Each total lies within floor and cap.
    fn check_limits(&self, beyond: &mut Price) -> Result<(), LoadFault> {
        let fixed = self.program.fixed();
        self.check_total((Quantity::Energy, fixed.floor, fixed.cap), beyond)?;
        self.program
            .quantity_rules()
            .try_for_each(|rule| self.check_total((rule.quantity, rule.floor, rule.cap), beyond))
    }

    fn check_total(
        &self,
        (quantity, floor, cap): (Quantity, Price, Price),
        beyond: &mut Price,
    ) -> Result<(), LoadFault> {
        let total = self.totals.get(usize::from(quantity.byte())).copied().unwrap_or_default();
        *beyond = Price::from_micro_yuan_per_kwh(total.low);
        require(*beyond >= floor, LoadFault::BelowFloor(quantity))?;
        *beyond = Price::from_micro_yuan_per_kwh(total.high);
        require(*beyond <= cap, LoadFault::AboveCap(quantity))?;
        *beyond = Price::ZERO;
        Ok(())
    }
}
