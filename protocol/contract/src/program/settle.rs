//! The interpreter.

use heapless::Vec;
use quantity::{Duration, Energy, Instant, Money, PicoYuan, Price};

use super::{
    Condition, DayPlan, Op, PrepaidRule, Program, Rounding, Rows, Share, SignalRule, Target,
    TierTable,
};
use crate::{
    Band, CHARGES_MAX, Carries, DayKind, Facts, Item, ItemCharge, LEGS_MAX, LegCharge, Prepaid,
    Quantity, STACK_MAX, SettleError, Settled, Settlement, SignalValue, Signals, TierBasis,
};

const DAY_MILLISECONDS: i64 = 86_400_000;
/// Legal time is UTC+8.
const LEGAL_OFFSET_MILLISECONDS: i64 = 28_800_000;
const MICRO: i64 = 1_000_000;

/// Where in the calendar an instant lies, and which events are on.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) month_bit: u16,
    pub(crate) day_kind: DayKind,
    pub(crate) events: u8,
    /// Legal day since 1970-01-01.
    pub(crate) day: u16,
    pub(crate) band: Band,
    /// The next change of band or midnight.
    pub(crate) until: Instant,
}

/// State of one settlement.
struct Run<'r> {
    program: &'r Program<'r>,
    facts: &'r Facts<'r>,
    moment: Moment,
    /// Whether the interval ends with a month, so that monthly quantities count.
    monthly: bool,
    stack: Vec<i64, STACK_MAX>,
    /// What was charged of the topmost price already.
    parts: i64,
    /// Exact pico-yuan of each leg; the proof at load says that no sum leaves 64 bits.
    raw: [i64; LEGS_MAX],
    steps: u16,
    sink: &'r mut dyn FnMut(ItemCharge),
}

impl Program<'_> {
    /// Settles one movement of the register. Changes `carries` only when it succeeds.
    ///
    /// # Errors
    /// A code that says why the movement can't be settled as it is.
    pub fn settle(
        &self,
        facts: &Facts<'_>,
        carries: &mut Carries,
    ) -> Result<Settlement, SettleError> {
        let mut items = Vec::<ItemCharge, CHARGES_MAX>::new();
        let mut fits = true;
        let settled =
            self.settle_with(facts, carries, &mut |line| fits &= items.push(line).is_ok())?;
        let Settled { legs, total, band, steps, prepaid } = settled;
        if !fits {
            return Err(SettleError::Damaged);
        }
        Ok(Settlement { items, legs, total, band, steps, prepaid })
    }

    /// The same as [`Program::settle`], but hands each line of the bill to `sink` in the order of the
    /// contract instead of keeping it: for a chip with little memory. A refusal hands over nothing.
    ///
    /// # Errors
    /// The same codes as [`Program::settle`].
    pub fn settle_with(
        &self,
        facts: &Facts<'_>,
        carries: &mut Carries,
        sink: &mut dyn FnMut(ItemCharge),
    ) -> Result<Settled, SettleError> {
        let monthly = ends_month(facts.end);
        let moment = self.admit(facts, monthly)?;
        let (stack, raw) = (Vec::new(), [0; LEGS_MAX]);
        let mut run =
            Run { program: self, facts, moment, monthly, stack, parts: 0, raw, steps: 0, sink };
        run.execute().ok_or(SettleError::Damaged)?;
        run.close(carries).ok_or(SettleError::Damaged)
    }

    /// Refuses facts for which nothing was proved.
    fn admit(&self, facts: &Facts<'_>, monthly: bool) -> Result<Moment, SettleError> {
        if facts.end <= facts.start {
            return Err(SettleError::EmptyInterval);
        }
        if facts.energy.is_negative() {
            return Err(SettleError::NegativeEnergy);
        }
        if facts.energy > self.fixed.energy_max {
            return Err(SettleError::EnergyAboveBound);
        }
        for before in [facts.month_before, facts.year_before] {
            if before.is_negative() || before.checked_add(facts.energy).is_none() {
                return Err(SettleError::Register);
            }
        }
        if !self.lists_year(facts.start) {
            return Err(SettleError::OutsideCalendar);
        }
        let moment = self.moment(facts.start, facts.signals);
        if facts.end > moment.until {
            return Err(SettleError::CrossesBoundary);
        }
        self.admit_quantities(facts, monthly)?;
        Ok(moment)
    }

    fn admit_quantities(&self, facts: &Facts<'_>, monthly: bool) -> Result<(), SettleError> {
        for rule in self.quantity_rules() {
            if !rule.quantity.is_monthly() || monthly {
                let amount = facts.quantities.get(rule.quantity);
                let amount = amount.ok_or(SettleError::MissingQuantity)?;
                if amount < 0 || amount > rule.most {
                    return Err(SettleError::QuantityOutOfRange);
                }
            }
        }
        if facts.held.is_negative() { Err(SettleError::QuantityOutOfRange) } else { Ok(()) }
    }

    pub(crate) fn lists_year(&self, at: Instant) -> bool {
        let first = i64::from(self.fixed.first_year);
        let year = i64::from(at.civil().date.year).checked_sub(first);
        self.fixed.years == 0
            || year.is_some_and(|year| year >= 0 && year < i64::from(self.fixed.years))
    }

    pub(crate) fn moment(&self, at: Instant, signals: &Signals) -> Moment {
        let civil = at.civil();
        let day = legal_day(at);
        let mut moment = Moment {
            month_bit: month_bit(civil.date.month),
            day_kind: self.day_kind(day),
            events: self.events(signals, at),
            day: u16::try_from(day.clamp(0, i64::from(u16::MAX))).unwrap_or_default(),
            band: Band::Flat,
            until: at,
        };
        let minute = civil.minute_of_day();
        let mut end_minute = super::MINUTES_OF_DAY;
        if let Some(plan) = self.days().find(|plan| self.is_in_force(plan, &moment)) {
            for start in plan.starts() {
                if start.minute > minute {
                    end_minute = start.minute;
                    break;
                }
                moment.band = start.band;
            }
        }
        moment.until = minute_of_day(day, end_minute);
        moment
    }

    fn is_in_force(&self, plan: &DayPlan<'_>, moment: &Moment) -> bool {
        plan.months & moment.month_bit != 0
            && plan.condition.is_none_or(|condition| self.holds(condition, moment) == Some(true))
    }

    pub(crate) fn holds(&self, condition: u8, moment: &Moment) -> Option<bool> {
        Some(self.conditions().nth(usize::from(condition))?.holds(moment))
    }

    fn day_kind(&self, day: i64) -> DayKind {
        for special in self.special_days() {
            let first = i64::from(special.first_day);
            if day >= first && day < first.saturating_add(i64::from(special.length)) {
                return special.kind;
            }
        }
        // 1970-01-01 was a Thursday, the fourth day of the week.
        let weekday = day.saturating_add(3).checked_rem_euclid(7);
        if weekday >= Some(5) { DayKind::RestDay } else { DayKind::Workday }
    }

    /// The events that are on.
    fn events(&self, signals: &Signals, at: Instant) -> u8 {
        let mut events = 0;
        for rule in self.signal_rules() {
            if !rule.value(signals, at).is_zero() {
                events |= rule.id.event_bit();
            }
        }
        events
    }
}

/// Bit 0 is January.
pub(crate) fn month_bit(month: u8) -> u16 {
    1_u16.checked_shl(u32::from(month.saturating_sub(1))).unwrap_or_default()
}

/// Legal days since 1970-01-01.
pub(crate) fn legal_day(at: Instant) -> i64 {
    let legal = at.unix_milliseconds().saturating_add(LEGAL_OFFSET_MILLISECONDS);
    legal.div_euclid(DAY_MILLISECONDS)
}

/// The instant of a minute of a legal day.
fn minute_of_day(day: i64, minute: u16) -> Instant {
    let midnight = day.saturating_mul(DAY_MILLISECONDS).saturating_sub(LEGAL_OFFSET_MILLISECONDS);
    let into = Duration::from_minutes(i64::from(minute)).milliseconds();
    Instant::from_unix_milliseconds(midnight.saturating_add(into))
}

/// Whether an instant is the first of a month.
pub(crate) fn ends_month(end: Instant) -> bool {
    end.civil().date.day == 1 && minute_of_day(legal_day(end), 0) == end
}

impl SignalRule {
    /// The value that counts at an instant.
    pub(crate) fn value(&self, signals: &Signals, at: Instant) -> Price {
        self.counted(signals.get(self.id), at)
    }

    /// What counts at an instant of the value that was received last.
    pub(crate) fn counted(&self, value: Option<SignalValue>, at: Instant) -> Price {
        match value {
            Some(signal) if self.is_fresh(signal.from, at) => {
                signal.price.max(self.low).min(self.high)
            }
            _ => self.default,
        }
    }

    pub(crate) fn is_fresh(&self, from: Instant, at: Instant) -> bool {
        let age = at.unix_milliseconds().checked_sub(from.unix_milliseconds());
        age.is_some_and(|age| age >= 0 && age <= self.age_max.milliseconds())
    }
}

impl PrepaidRule {
    /// What becomes of the hold when a leg owes so much.
    pub(crate) fn use_hold(&self, owed: Money, held: Money) -> Option<Prepaid> {
        let posted = owed.max(Money::ZERO).min(held);
        let left = held.checked_sub(posted)?;
        let hold = if left < self.again_below { self.hold } else { Money::ZERO };
        Some(Prepaid { leg: self.leg, posted, hold })
    }
}

impl Condition {
    pub(crate) fn holds(&self, moment: &Moment) -> bool {
        self.months & moment.month_bit != 0
            && self.bands & moment.band.bit() != 0
            && self.day_kinds & moment.day_kind.byte() != 0
            && self.needed & !moment.events == 0
            && self.forbidden & moment.events == 0
            && (self.first_day..=self.last_day).contains(&moment.day)
    }
}

impl Share {
    /// A share in millionths, rounded down.
    pub(crate) const fn down(ppm: u32) -> Self {
        Self { ppm, rounding: Rounding::Down, unit: 1 }
    }

    /// The share of a price; `None` where that leaves 64 bits, which the proof excludes.
    pub(crate) fn of(self, price: i64) -> Option<i64> {
        let unit = i64::from(self.unit);
        let step = unit.checked_mul(MICRO)?;
        let half = if self.rounding == Rounding::HalfUp { step >> 1 } else { 0 };
        let product = price.checked_mul(i64::from(self.ppm))?.checked_add(half)?;
        product.checked_div_euclid(step)?.checked_mul(unit)
    }
}

impl Run<'_> {
    fn execute(&mut self) -> Option<()> {
        let program = self.program;
        let mut ops = program.code();
        while let Some(op) = ops.next() {
            self.steps = self.steps.saturating_add(1);
            if let Op::When { condition, skip } = op {
                if !program.holds(condition, &self.moment)? {
                    ops = Rows::new(ops.rest().get(usize::from(skip)..)?);
                }
            } else {
                self.step(op)?;
            }
        }
        Some(())
    }

    fn step(&mut self, op: Op) -> Option<()> {
        if let Some(target) = op.target() {
            return self.charge_op(op, target);
        }
        match op {
            Op::Add => self.combine(i64::checked_add),
            Op::Subtract => self.combine(i64::checked_sub),
            Op::Lesser => self.combine(|first, second| Some(first.min(second))),
            Op::Greater => self.combine(|first, second| Some(first.max(second))),
            Op::Select { condition } => {
                let holds = self.program.holds(condition, &self.moment)?;
                self.combine(if holds { |first, _| Some(first) } else { |_, second| Some(second) })
            }
            Op::Share(share) => {
                let price = self.stack.pop()?;
                self.stack.push(share.of(price)?).ok()
            }
            Op::Constant { .. }
            | Op::Table { .. }
            | Op::Signal { .. }
            | Op::Steps { .. }
            | Op::Charge { .. }
            | Op::ChargeTiers { .. }
            | Op::ChargeOn { .. }
            | Op::ChargeBeyond { .. }
            | Op::ChargePart { .. }
            | Op::When { .. } => {
                let price = self.operand(op)?;
                self.stack.push(price.micro_yuan_per_kwh()).ok()
            }
        }
    }

    fn charge_op(&mut self, op: Op, (item, leg, quantity): Target) -> Option<()> {
        if let Op::ChargeTiers { tiers, .. } = op {
            let table = self.program.tiers().nth(usize::from(tiers))?;
            return self.charge_tiers(item, leg, &table);
        }
        let mut amount = self.amount(quantity)?;
        if let Op::ChargeBeyond { ppm, base, .. } = op {
            let free = Share::down(ppm).of(self.amount(base)?)?;
            amount = amount.checked_sub(free)?.max(0);
        }
        let price = if let Op::ChargePart { ppm, .. } = op {
            let part = Share::down(ppm).of(*self.stack.last()?)?;
            self.parts = self.parts.checked_add(part)?;
            part
        } else {
            // The whole price, less what was charged of it in parts.
            let parts = core::mem::take(&mut self.parts);
            self.stack.pop()?.checked_sub(parts)?
        };
        let price = Price::from_micro_yuan_per_kwh(price);
        self.charge(ItemCharge { item, leg, price, quantity, amount })
    }

    fn operand(&self, op: Op) -> Option<Price> {
        if let Op::Constant { pool } = op {
            return self.program.pool().nth(usize::from(pool)).map(|constant| constant.price);
        }
        if let Op::Table { table } = op {
            let table = self.program.tables().nth(usize::from(table))?;
            return table.price(self.moment.month_bit, self.moment.band);
        }
        if let Op::Steps { table } = op {
            let table = self.program.steps_tables().nth(usize::from(table))?;
            return table.price(self.amount(table.quantity)?);
        }
        let Op::Signal { id } = op else { return None };
        let rule = self.program.signal_rules().find(|rule| rule.id == id)?;
        Some(rule.value(self.facts.signals, self.facts.start))
    }

    fn combine(&mut self, combine: fn(i64, i64) -> Option<i64>) -> Option<()> {
        let second = self.stack.pop()?;
        let first = self.stack.pop()?;
        self.stack.push(combine(first, second)?).ok()
    }

    /// How much of a quantity there is; nothing of a monthly one before the month ends.
    fn amount(&self, quantity: Quantity) -> Option<i64> {
        if quantity == Quantity::Energy {
            Some(self.facts.energy.milliwatt_hours())
        } else if quantity.is_monthly() && !self.monthly {
            Some(0)
        } else {
            self.facts.quantities.get(quantity)
        }
    }

    /// The one place where price and quantity meet.
    fn charge(&mut self, line: ItemCharge) -> Option<()> {
        if line.quantity.is_monthly() && !self.monthly {
            return Some(());
        }
        let exact = line.price.micro_yuan_per_kwh().checked_mul(line.amount)?;
        let raw = self.raw.get_mut(usize::from(line.leg))?;
        *raw = raw.checked_add(exact)?;
        (self.sink)(line);
        Some(())
    }

    fn charge_tiers(&mut self, item: Item, leg: u8, table: &TierTable<'_>) -> Option<()> {
        let mut from = match table.basis {
            TierBasis::Month => self.facts.month_before,
            TierBasis::Year => self.facts.year_before,
        };
        let end = from.checked_add(self.facts.energy)?;
        let mut limits = table.limits();
        for price in table.prices() {
            let upper = limits.next().unwrap_or(Energy::MAX).min(end);
            if upper > from {
                let amount = upper.checked_sub(from)?.milliwatt_hours();
                let quantity = Quantity::Energy;
                self.charge(ItemCharge { item, leg, price, quantity, amount })?;
                from = upper;
            }
        }
        Some(())
    }

    /// The one place that rounds: once for each leg.
    fn close(self, carries: &mut Carries) -> Option<Settled> {
        let mut after = *carries;
        let (mut legs, mut total) = (Vec::new(), Money::ZERO);
        for ((leg, wallets), raw) in (0_u8..).zip(self.program.legs()).zip(self.raw) {
            let exact = raw.checked_add(i64::from(carries.get(leg).pico_yuan()))?;
            let money = Money::from_micro_yuan(exact.div_euclid(MICRO));
            after.set(leg, PicoYuan::new(u32::try_from(exact.rem_euclid(MICRO)).ok()?)?);
            total = total.checked_add(money)?;
            let (debit, credit) = (wallets.debit, wallets.credit);
            legs.push(LegCharge { leg, debit, credit, money }).ok()?;
        }
        *carries = after;
        let prepaid = self.prepaid(&legs);
        Some(Settled { legs, total, band: self.moment.band, steps: self.steps, prepaid })
    }

    /// Takes what is owed out of the hold, and asks for more where too little is left.
    fn prepaid(&self, legs: &[LegCharge]) -> Option<Prepaid> {
        let rule = self.program.prepaid()?;
        rule.use_hold(legs.get(usize::from(rule.leg))?.money, self.facts.held)
    }
}
