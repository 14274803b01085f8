//! The code of a contract for one context: what the calendar and the events decide has become a
//! constant, and every instruction an operation over columns.

use alloc::vec::Vec;

use quantity::Energy;

use crate::program::{Moment, Op, Program, Rows, Share, StepsTable, TierTable};
use crate::{LEGS_MAX, Quantity, TierBasis};

/// Where a number of a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The same for every row.
    Known(i64),
    /// The signal with this position among the rules of the contract.
    Signal(usize),
    /// The quantity with this position among the rules of the contract.
    Quantity(usize),
    /// The result of the step with this position.
    Step(usize),
}

/// One operation over columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The energy as an operand.
    Energy,
    Combine(Combine, Source, Source),
    Share(Share, Source),
    Lookup(Lookup, Source),
}

/// What is done with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Combine {
    Add,
    Subtract,
    Lesser,
    Greater,
}

/// A steps table: the price of the first row whose limit is above the amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lookup {
    limits: Vec<i64>,
    prices: Vec<i64>,
}

/// Energy above `limit` costs `slope` more than the energy below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bracket {
    pub(super) limit: i64,
    pub(super) slope: i64,
}

/// A tier table as a sum of slope changes; the first price is part of the price on the energy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tiers {
    pub(super) basis: TierBasis,
    pub(super) brackets: Vec<Bracket>,
}

/// A sum of prices: `constant + Σ sources`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PriceSum {
    pub(super) constant: i64,
    pub(super) sources: Vec<Source>,
}

/// What a leg sums up: `per_energy × energy + Σ tiers + Σ price × amount`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LegSum {
    pub(super) per_energy: PriceSum,
    pub(super) tiers: Vec<Tiers>,
    pub(super) others: Vec<(Source, PriceSum)>,
}

/// The code for one context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kernel {
    pub(super) steps: Vec<Step>,
    pub(super) legs: Vec<LegSum>,
    /// Whether the interval ends with a month, so that monthly quantities are needed.
    pub(super) monthly: bool,
}

/// `constant + source`: so a constant that is added to a signal needs no column of its own.
#[derive(Clone, Copy)]
struct Value {
    constant: i64,
    source: Option<Source>,
}

/// Lowers the code for one context.
struct Lowering<'p, 'a> {
    program: &'p Program<'a>,
    moment: Moment,
    stack: Vec<Value>,
    /// What was charged of the topmost price already.
    parts: Value,
    kernel: Kernel,
}

impl Combine {
    /// The ranges were proved at load, so nothing wraps for a row that was admitted.
    fn apply(self, first: i64, second: i64) -> i64 {
        match self {
            Self::Add => first.wrapping_add(second),
            Self::Subtract => first.wrapping_sub(second),
            Self::Lesser => first.min(second),
            Self::Greater => first.max(second),
        }
    }
}

impl Lookup {
    fn new(table: &StepsTable<'_>) -> Self {
        Self {
            limits: table.limits().map(Energy::milliwatt_hours).collect(),
            prices: table.prices().map(|price| price.micro_yuan_per_kwh()).collect(),
        }
    }

    pub(super) fn price(&self, amount: i64) -> i64 {
        let below = self.limits.iter().take_while(|limit| **limit <= amount).count();
        self.prices.get(below).copied().unwrap_or_default()
    }
}

impl Step {
    /// The result where nothing differs from row to row.
    pub(super) fn of_known(&self, operand: impl Fn(Source) -> Option<i64>) -> Option<i64> {
        match self {
            Self::Energy => None,
            Self::Combine(combine, first, second) => {
                Some(combine.apply(operand(*first)?, operand(*second)?))
            }
            Self::Share(share, price) => share.of(operand(*price)?),
            Self::Lookup(lookup, amount) => Some(lookup.price(operand(*amount)?)),
        }
    }
}

impl Value {
    const fn known(constant: i64) -> Self {
        Self { constant, source: None }
    }
}

impl From<Source> for Value {
    fn from(source: Source) -> Self {
        match source {
            Source::Known(constant) => Self::known(constant),
            Source::Signal(_) | Source::Quantity(_) | Source::Step(_) => {
                Self { constant: 0, source: Some(source) }
            }
        }
    }
}

impl Kernel {
    /// `None` only for a program that wasn't loaded.
    pub(super) fn new(program: &Program<'_>, moment: Moment, monthly: bool) -> Option<Self> {
        let legs = program.legs().take(LEGS_MAX).map(|_| LegSum::default()).collect();
        let kernel = Self { steps: Vec::new(), legs, monthly };
        let parts = Value::known(0);
        let mut lowering = Lowering { program, moment, stack: Vec::new(), parts, kernel };
        lowering.run()?;
        Some(lowering.kernel)
    }
}

impl Lowering<'_, '_> {
    fn run(&mut self) -> Option<()> {
        let mut ops = self.program.code();
        while let Some(op) = ops.next() {
            if let Op::When { condition, skip } = op {
                if !self.program.holds(condition, &self.moment)? {
                    ops = Rows::new(ops.rest().get(usize::from(skip)..)?);
                }
            } else {
                self.lower(op)?;
            }
        }
        Some(())
    }

    fn lower(&mut self, op: Op) -> Option<()> {
        match op {
            Op::Constant { .. } | Op::Table { .. } | Op::Signal { .. } | Op::Steps { .. } => {
                let value = self.operand(op)?;
                self.stack.push(value);
                Some(())
            }
            Op::Add => self.pair(Combine::Add),
            Op::Subtract => self.pair(Combine::Subtract),
            Op::Lesser => self.pair(Combine::Lesser),
            Op::Greater => self.pair(Combine::Greater),
            Op::Select { condition } => {
                let second = self.stack.pop()?;
                let first = self.stack.pop()?;
                let holds = self.program.holds(condition, &self.moment)?;
                self.stack.push(if holds { first } else { second });
                Some(())
            }
            Op::Share(share) => {
                let price = self.stack.pop()?;
                let value = self.share(share, price);
                self.stack.push(value);
                Some(())
            }
            Op::Charge { leg, .. } => self.charge_whole(leg, Quantity::Energy),
            Op::ChargeOn { leg, quantity, .. } => self.charge_whole(leg, quantity),
            Op::ChargePart { leg, quantity, ppm, .. } => {
                let price = *self.stack.last()?;
                let part = self.share(Share::down(ppm), price);
                self.parts = self.combine(Combine::Add, self.parts, part);
                self.charge(leg, part, quantity)
            }
            Op::ChargeBeyond { leg, quantity, ppm, base, .. } => {
                let price = self.stack.pop()?;
                self.charge_beyond(leg, price, quantity, (ppm, base))
            }
            Op::ChargeTiers { leg, tiers, .. } => {
                let table = self.program.tiers().nth(usize::from(tiers))?;
                self.kernel.legs.get_mut(usize::from(leg))?.add_tiers(&table)
            }
            Op::When { .. } => None,
        }
    }

    fn operand(&mut self, op: Op) -> Option<Value> {
        if let Op::Steps { table } = op {
            let table = self.program.steps_tables().nth(usize::from(table))?;
            let amount = self.amount(table.quantity)?;
            return Some(self.step(Step::Lookup(Lookup::new(&table), amount)).into());
        }
        if let Op::Signal { id } = op {
            let position = self.program.signal_rules().position(|rule| rule.id == id)?;
            return Some(Source::Signal(position).into());
        }
        let price = if let Op::Table { table } = op {
            let table = self.program.tables().nth(usize::from(table))?;
            table.price(self.moment.month_bit, self.moment.band)?
        } else {
            let Op::Constant { pool } = op else { return None };
            self.program.pool().nth(usize::from(pool))?.price
        };
        Some(Value::known(price.micro_yuan_per_kwh()))
    }

    /// How much of a quantity there is; nothing of a monthly one before the month ends.
    fn amount(&mut self, quantity: Quantity) -> Option<Source> {
        if quantity == Quantity::Energy {
            Some(self.step(Step::Energy))
        } else if quantity.is_monthly() && !self.kernel.monthly {
            Some(Source::Known(0))
        } else {
            let mut rules = self.program.quantity_rules();
            Some(Source::Quantity(rules.position(|rule| rule.quantity == quantity)?))
        }
    }

    fn charge_whole(&mut self, leg: u8, quantity: Quantity) -> Option<()> {
        let price = self.stack.pop()?;
        let rest = self.combine(Combine::Subtract, price, self.parts);
        self.parts = Value::known(0);
        self.charge(leg, rest, quantity)
    }

    fn charge(&mut self, leg: u8, price: Value, quantity: Quantity) -> Option<()> {
        if quantity == Quantity::Energy {
            self.kernel.legs.get_mut(usize::from(leg))?.per_energy.add(price);
            return Some(());
        }
        if quantity.is_monthly() && !self.kernel.monthly {
            return Some(());
        }
        let amount = self.amount(quantity)?;
        self.charge_amount(leg, price, amount)
    }

    fn charge_amount(&mut self, leg: u8, price: Value, amount: Source) -> Option<()> {
        let others = &mut self.kernel.legs.get_mut(usize::from(leg))?.others;
        if let Some((_, sum)) = others.iter_mut().find(|other| other.0 == amount) {
            sum.add(price);
        } else {
            let mut sum = PriceSum::default();
            sum.add(price);
            others.push((amount, sum));
        }
        Some(())
    }

    /// The amount is what lies beyond a share of the base, rounded down.
    fn charge_beyond(
        &mut self,
        leg: u8,
        price: Value,
        quantity: Quantity,
        (ppm, base): (u32, Quantity),
    ) -> Option<()> {
        if quantity.is_monthly() && !self.kernel.monthly {
            return Some(());
        }
        let (amount, base) = (self.amount(quantity)?, self.amount(base)?);
        let free = self.share(Share::down(ppm), base.into());
        let beyond = self.combine(Combine::Subtract, amount.into(), free);
        let amount = self.combine(Combine::Greater, beyond, Value::known(0));
        let amount = self.whole(amount);
        self.charge_amount(leg, price, amount)
    }

    fn pair(&mut self, combine: Combine) -> Option<()> {
        let second = self.stack.pop()?;
        let first = self.stack.pop()?;
        let value = self.combine(combine, first, second);
        self.stack.push(value);
        Some(())
    }

    fn share(&mut self, share: Share, price: Value) -> Value {
        let price = self.whole(price);
        self.step(Step::Share(share, price)).into()
    }

    fn combine(&mut self, combine: Combine, first: Value, second: Value) -> Value {
        match (combine, first.source, second.source) {
            (_, None, None) => Value::known(combine.apply(first.constant, second.constant)),
            (Combine::Add, source, None) | (Combine::Add, None, source) => {
                Value { constant: first.constant.wrapping_add(second.constant), source }
            }
            (Combine::Subtract, source, None) => {
                Value { constant: first.constant.wrapping_sub(second.constant), source }
            }
            (Combine::Add | Combine::Subtract, first_source, Some(subtracted)) => {
                let constant = combine.apply(first.constant, second.constant);
                let first = first_source.unwrap_or(Source::Known(0));
                let source = self.step(Step::Combine(combine, first, subtracted));
                Value { constant, source: Some(source) }
            }
            (Combine::Lesser | Combine::Greater, ..) => {
                let (first, second) = (self.whole(first), self.whole(second));
                self.step(Step::Combine(combine, first, second)).into()
            }
        }
    }

    /// The value with its constant added.
    fn whole(&mut self, value: Value) -> Source {
        let constant = Source::Known(value.constant);
        match value.source {
            None => constant,
            Some(source) if value.constant == 0 => source,
            Some(first) => self.step(Step::Combine(Combine::Add, first, constant)),
        }
    }

    /// The result of a step: known at once, the same as an earlier step's, or a new one.
    fn step(&mut self, step: Step) -> Source {
        let known = |source| if let Source::Known(value) = source { Some(value) } else { None };
        if let Some(value) = step.of_known(known) {
            return Source::Known(value);
        }
        let position = self.kernel.steps.iter().position(|earlier| *earlier == step);
        Source::Step(position.unwrap_or_else(|| {
            self.kernel.steps.push(step);
            self.kernel.steps.len().saturating_sub(1)
        }))
    }
}

impl PriceSum {
    fn add(&mut self, price: Value) {
        self.constant = self.constant.wrapping_add(price.constant);
        self.sources.extend(price.source);
    }
}

impl LegSum {
    fn add_tiers(&mut self, table: &TierTable<'_>) -> Option<()> {
        let mut prices = table.prices().map(|price| price.micro_yuan_per_kwh());
        let mut last = prices.next()?;
        self.per_energy.add(Value::known(last));
        let mut brackets = Vec::new();
        for (limit, price) in table.limits().map(Energy::milliwatt_hours).zip(prices) {
            brackets.push(Bracket { limit, slope: price.wrapping_sub(last) });
            last = price;
        }
        self.tiers.push(Tiers { basis: table.basis, brackets });
        Some(())
    }
}
