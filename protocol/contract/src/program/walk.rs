//! The walk over the code at load: references, stack, units, one charge behind each condition, and
//! that everything declared is used and numbered by first use.

use super::load::{LoadFault, require};
use super::{ALL_BANDS, ALL_DAY_KINDS, Condition, Op, Program, Rows, Section, Share, Target};
use crate::{
    CHARGES_MAX, ITEMS_MAX, Item, PAYEES_MAX, Quantity, SHARE_PPM_MAX, SHARE_UNIT_MAX, STACK_MAX,
    STEPS_MAX, SignalId, Unit,
};

/// The whole of a price.
const WHOLE_PPM: u32 = 1_000_000;

/// Things that must be numbered in the order of their first use, without one left over.
#[derive(Default)]
struct FirstUse(u8);

impl FirstUse {
    fn see(&mut self, number: u8, count: u8) -> Result<(), LoadFault> {
        require(number < count, LoadFault::Reference)?;
        require(number <= self.0, LoadFault::Unused)?;
        self.0 = self.0.max(number.saturating_add(1));
        Ok(())
    }
}

/// What a price statement has done so far.
#[derive(Default)]
struct Statement {
    /// Bytes that must be left behind it.
    skip_to: Option<usize>,
    /// Where it reads a monthly quantity, it must charge on one.
    reads_monthly: bool,
    /// The parts that were charged of its price: what on, how many, how much of it.
    parts: Option<(Item, Quantity)>,
    payees: usize,
    parts_ppm: u32,
}

/// What the walk over the code has seen so far.
#[derive(Default)]
struct Walk {
    units: heapless::Vec<Unit, STACK_MAX>,
    depth_max: usize,
    steps: u16,
    items: usize,
    charges: usize,
    legs: FirstUse,
    conditions: FirstUse,
    tables: FirstUse,
    steps_tables: FirstUse,
    tiers: FirstUse,
    signals: u32,
    quantities: u16,
    pool: u64,
    uses_bands: bool,
    uses_day_kinds: bool,
    statement: Statement,
}

pub(super) fn check(program: &Program<'_>) -> Result<(), LoadFault> {
    let mut walk = Walk::default();
    for condition in program.days().filter_map(|day| day.condition) {
        walk.condition(program, condition)?;
    }
    let mut ops = program.code();
    while let Some(op) = ops.next() {
        walk.steps = walk.steps.saturating_add(1);
        let left = ops.rest().len();
        walk.step(program, op, left)?;
        if let Some(target) = op.target() {
            let before = program.section(Section::Code).len().saturating_sub(left);
            let before = program.section(Section::Code).get(..before).unwrap_or_default();
            let same = Rows::<Op>::new(before).filter(|op| op.target() == Some(target));
            require(same.count() == 1, LoadFault::Doubled)?;
        }
    }
    require(ops.rest().is_empty(), LoadFault::Malformed)?;
    walk.close(program)
}

const fn bit(number: u8) -> u32 {
    1_u32.wrapping_shl(number as u32)
}

impl Walk {
    fn step(&mut self, program: &Program<'_>, op: Op, left: usize) -> Result<(), LoadFault> {
        let count = |section| program.fixed().count(section);
        match op {
            Op::Constant { .. } | Op::Table { .. } | Op::Signal { .. } | Op::Steps { .. } => {
                let unit = self.operand(program, op)?;
                self.push(unit)
            }
            Op::Add | Op::Subtract | Op::Lesser | Op::Greater => self.pair(),
            Op::Select { condition } => {
                self.condition(program, condition)?;
                self.pair()
            }
            Op::Share(share) => self.share(share),
            Op::Charge { .. } => {
                self.pop(Quantity::Energy).and_then(|()| self.end(program, op, left))
            }
            Op::ChargeOn { quantity, .. } => {
                require(quantity != Quantity::Energy, LoadFault::Quantity)?;
                self.pop(quantity)?;
                self.end(program, op, left)
            }
            Op::ChargeBeyond { quantity, ppm, base, .. } => {
                self.pop(quantity)?;
                self.beyond(program, (quantity, ppm, base))?;
                self.end(program, op, left)
            }
            Op::ChargeTiers { tiers, .. } => {
                require(self.units.is_empty(), LoadFault::Stack)?;
                self.tiers.see(tiers, count(Section::Tiers))?;
                let table = program.tiers().nth(usize::from(tiers));
                let lines = table.map_or(0, |table| table.prices().count());
                // `end` counts one of them.
                self.charges = self.charges.saturating_add(lines).saturating_sub(1);
                self.end(program, op, left)
            }
            Op::ChargePart { item, leg, quantity, ppm } => {
                self.part(program, (item, leg, quantity), ppm)
            }
            Op::When { condition, skip } => {
                require(self.is_between_statements(), LoadFault::Skip)?;
                let target = left.checked_sub(usize::from(skip)).ok_or(LoadFault::Skip)?;
                self.statement.skip_to = Some(target);
                self.condition(program, condition)
            }
        }
    }

    fn is_between_statements(&self) -> bool {
        self.units.is_empty() && self.statement.skip_to.is_none()
    }

    fn operand(&mut self, program: &Program<'_>, op: Op) -> Result<Unit, LoadFault> {
        let count = |section| program.fixed().count(section);
        if let Op::Constant { pool } = op {
            let constant = program.pool().nth(usize::from(pool)).ok_or(LoadFault::Reference)?;
            self.pool |= 1_u64.checked_shl(u32::from(pool)).unwrap_or_default();
            return Ok(constant.unit);
        }
        if let Op::Table { table } = op {
            self.uses_bands = true;
            self.tables.see(table, count(Section::Tables))?;
            let table = program.tables().nth(usize::from(table)).ok_or(LoadFault::Reference)?;
            return Ok(table.unit);
        }
        if let Op::Steps { table } = op {
            self.steps_tables.see(table, count(Section::Steps))?;
            let table = program.steps_tables().nth(usize::from(table));
            let table = table.ok_or(LoadFault::Reference)?;
            self.read(table.quantity);
            return Ok(table.unit);
        }
        let Op::Signal { id } = op else { return Err(LoadFault::Malformed) };
        require(!id.is_event(), LoadFault::Reference)?;
        self.signal(program, id)?;
        Ok(Unit::PerKwh)
    }

    fn signal(&mut self, program: &Program<'_>, id: SignalId) -> Result<(), LoadFault> {
        self.signals |= bit(id.byte());
        require(program.signal_rules().any(|rule| rule.id == id), LoadFault::Reference)
    }

    fn read(&mut self, quantity: Quantity) {
        self.quantities |= 1_u16.wrapping_shl(u32::from(quantity.byte()));
        self.statement.reads_monthly |= quantity.is_monthly();
    }

    fn push(&mut self, unit: Unit) -> Result<(), LoadFault> {
        self.units.push(unit).map_err(|_| LoadFault::Stack)?;
        self.depth_max = self.depth_max.max(self.units.len());
        Ok(())
    }

    /// Two prices of one unit become one.
    fn pair(&mut self) -> Result<(), LoadFault> {
        let second = self.units.pop().ok_or(LoadFault::Stack)?;
        let first = self.units.last().ok_or(LoadFault::Stack)?;
        require(*first == second, LoadFault::Unit)?;
        require(self.statement.parts.is_none(), LoadFault::Stack)
    }

    fn share(&self, share: Share) -> Result<(), LoadFault> {
        require(!self.units.is_empty() && self.statement.parts.is_none(), LoadFault::Stack)?;
        let bounds = (1..=SHARE_PPM_MAX).contains(&share.ppm);
        require(bounds && (1..=SHARE_UNIT_MAX).contains(&share.unit), LoadFault::Share)
    }

    fn condition(&mut self, program: &Program<'_>, number: u8) -> Result<(), LoadFault> {
        self.conditions.see(number, program.fixed().count(Section::Conditions))?;
        let condition = program.conditions().nth(usize::from(number));
        let condition: Condition = condition.ok_or(LoadFault::Reference)?;
        self.uses_bands |= condition.bands != ALL_BANDS;
        self.uses_day_kinds |= condition.day_kinds != ALL_DAY_KINDS;
        let events = condition.needed | condition.forbidden;
        let mut ids = SignalId::ALL.iter().filter(|id| id.event_bit() & events != 0);
        ids.try_for_each(|id| self.signal(program, *id))
    }

    /// Takes the one price on the stack for a charge on a quantity.
    fn pop(&mut self, quantity: Quantity) -> Result<(), LoadFault> {
        self.fits(quantity)?;
        self.units.clear();
        Ok(())
    }

    fn fits(&self, quantity: Quantity) -> Result<(), LoadFault> {
        let [unit] = self.units.as_slice() else { return Err(LoadFault::Stack) };
        require(quantity.unit() == Some(*unit), LoadFault::Unit)
    }

    /// The share of the base must fit 64 bits.
    fn beyond(
        &mut self,
        program: &Program<'_>,
        (quantity, ppm, base): (Quantity, u32, Quantity),
    ) -> Result<(), LoadFault> {
        self.read(base);
        require((1..=SHARE_PPM_MAX).contains(&ppm), LoadFault::Share)?;
        require(base != quantity && base.unit() == quantity.unit(), LoadFault::Unit)?;
        let most = program.most(base).ok_or(LoadFault::Reference)?;
        require(Share::down(ppm).of(most).is_some(), LoadFault::Range)?;
        require(self.statement.parts.is_none(), LoadFault::Share)
    }

    fn part(
        &mut self,
        program: &Program<'_>,
        (item, leg, quantity): Target,
        ppm: u32,
    ) -> Result<(), LoadFault> {
        self.fits(quantity)?;
        self.line(program, leg)?;
        let parts = *self.statement.parts.get_or_insert((item, quantity));
        self.statement.payees = self.statement.payees.saturating_add(1);
        self.statement.parts_ppm = self.statement.parts_ppm.saturating_add(ppm);
        let left = ppm > 0 && self.statement.parts_ppm < WHOLE_PPM;
        let few = self.statement.payees < PAYEES_MAX;
        require(left && few && parts == (item, quantity), LoadFault::Share)
    }

    fn line(&mut self, program: &Program<'_>, leg: u8) -> Result<(), LoadFault> {
        self.charges = self.charges.saturating_add(1);
        self.legs.see(leg, program.fixed().count(Section::Legs))
    }

    /// The charge that ends a price statement.
    fn end(&mut self, program: &Program<'_>, op: Op, left: usize) -> Result<(), LoadFault> {
        let (item, leg, quantity) = op.target().ok_or(LoadFault::Malformed)?;
        self.line(program, leg)?;
        require(program.most(quantity).is_some(), LoadFault::Reference)?;
        let monthly = !self.statement.reads_monthly || quantity.is_monthly();
        require(monthly, LoadFault::Quantity)?;
        self.read(quantity);
        self.items = self.items.saturating_add(1);
        let Statement { skip_to, parts, .. } = core::mem::take(&mut self.statement);
        require(skip_to.is_none_or(|target| target == left), LoadFault::Skip)?;
        require(parts.is_none_or(|parts| parts == (item, quantity)), LoadFault::Share)
    }

    fn close(&self, program: &Program<'_>) -> Result<(), LoadFault> {
        let fixed = program.fixed();
        let count = |section| fixed.count(section);
        require(self.units.is_empty(), LoadFault::Stack)?;
        require(self.statement.skip_to.is_none(), LoadFault::Skip)?;
        require((1..=ITEMS_MAX).contains(&self.items), LoadFault::Count)?;
        require(self.charges <= CHARGES_MAX && self.steps <= STEPS_MAX, LoadFault::Count)?;
        let numbered = self.legs.0 == count(Section::Legs)
            && self.conditions.0 == count(Section::Conditions)
            && self.tables.0 == count(Section::Tables)
            && self.steps_tables.0 == count(Section::Steps)
            && self.tiers.0 == count(Section::Tiers);
        // The energy is always there and never declared.
        let quantities = (self.quantities & !1).count_ones();
        let used = self.signals.count_ones() == u32::from(count(Section::Signals))
            && quantities == u32::from(count(Section::Quantities))
            && self.pool.count_ones() == u32::from(count(Section::Pool));
        let calendar = self.uses_bands || count(Section::Days) == 0;
        require(numbered && used && calendar, LoadFault::Unused)?;
        require(self.uses_day_kinds == (fixed.years > 0), LoadFault::SpecialDays)?;
        let stated = (fixed.steps_max, usize::from(fixed.stack_max));
        require(stated == (self.steps, self.depth_max), LoadFault::Limits)
    }
}
