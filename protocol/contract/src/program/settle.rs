//! The interpreter.

use heapless::Vec;
use quantity::{
    CivilDate, Divisor, Energy, Instant, LEGAL_OFFSET, LegalDay, Money, PicoYuan, Price,
};

use super::{
    BandTable, Condition, Constant, DayPlan, Op, PrepaidRule, Program, Rounding, Rows, Section,
    Share, SignalRule, StepsTable, Target, TierTable,
};
use crate::{
    Band, Carries, DayKind, Entry, Facts, Item, ItemCharge, LEGS_MAX, LegCharge, Prepaid, Quantity,
    STACK_MAX, SettleError, Settled, Settlement, SignalId, SignalValue, Signals, TierBasis,
};

const MICRO: Divisor = Divisor::fixed(1_000_000);
/// Half of a whole in millionths.
const HALF_MICRO: i64 = 500_000;
const MINUTE_MILLISECONDS: u32 = 60_000;
const DAYS_OF_WEEK: Divisor = Divisor::fixed(7);

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
    /// Whether the calendar lists the special days of the year, where it needs them.
    pub(crate) is_listed: bool,
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
    /// Exact pico-yuan of each leg, what was carried included.
    raw: Vec<i64, LEGS_MAX>,
    steps: u16,
    /// No number has left 64 bits, and everything that the code names was there. The proof at load
    /// says that it stays so; a settlement asks once, at its end.
    is_sound: bool,
    sink: &'r mut dyn FnMut(Entry),
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
        let mut items = Vec::new();
        let mut legs = Vec::new();
        let mut fits = true;
        let settled = self.settle_with(facts, carries, &mut |entry| match entry {
            Entry::Item(line) => fits &= items.push(line).is_ok(),
            Entry::Leg(leg) => fits &= legs.push(leg).is_ok(),
        })?;
        let Settled { total, band, steps, prepaid } = settled;
        if !fits {
            return Err(SettleError::Damaged);
        }
        Ok(Settlement { items, legs, total, band, steps, prepaid })
    }

    /// The same as [`Program::settle`], but hands each line of the bill to `sink` in the order of the
    /// contract, then each leg, instead of keeping them: for a chip with little memory.
    ///
    /// A refusal hands over nothing; but behind [`SettleError::Damaged`], what was handed over doesn't
    /// count.
    ///
    /// # Errors
    /// The same codes as [`Program::settle`].
    pub fn settle_with(
        &self,
        facts: &Facts<'_>,
        carries: &mut Carries,
        sink: &mut dyn FnMut(Entry),
    ) -> Result<Settled, SettleError> {
        let moment = self.admit(facts)?;
        // No settlement passes midnight, so only one that ends there can end a month.
        let monthly = facts.end == moment.until && ends_month(facts.end);
        self.admit_quantities(facts, monthly)?;
        let mut run = Run {
            program: self,
            facts,
            moment,
            monthly,
            stack: Vec::new(),
            parts: 0,
            raw: Vec::new(),
            steps: 0,
            is_sound: true,
            sink,
        };
        run.begin(carries);
        run.execute();
        if run.is_sound { Ok(run.close(carries)) } else { Err(SettleError::Damaged) }
    }

    /// Refuses facts for which nothing was proved.
    fn admit(&self, facts: &Facts<'_>) -> Result<Moment, SettleError> {
        if facts.end <= facts.start {
            return Err(SettleError::EmptyInterval);
        }
        if facts.energy.is_negative() {
            return Err(SettleError::NegativeEnergy);
        }
        if facts.energy > self.fixed().energy_max {
            return Err(SettleError::EnergyAboveBound);
        }
        for before in [facts.month_before, facts.year_before] {
            if before.is_negative() || before.checked_add(facts.energy).is_none() {
                return Err(SettleError::Register);
            }
        }
        let moment = self.moment(facts.start, facts.signals);
        if !moment.is_listed {
            return Err(SettleError::OutsideCalendar);
        }
        if facts.end > moment.until {
            return Err(SettleError::CrossesBoundary);
        }
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

    fn lists_year(&self, year: i32) -> bool {
        let fixed = self.fixed();
        let first = i32::from(fixed.first_year);
        fixed.years == 0 || (first..first.saturating_add(i32::from(fixed.years))).contains(&year)
    }

    pub(crate) fn moment(&self, at: Instant, signals: &Signals) -> Moment {
        let legal = at.legal_day();
        let date = CivilDate::from_epoch_day(legal.number);
        let mut moment = Moment {
            month_bit: month_bit(date.month),
            day_kind: self.day_kind(legal.number),
            events: self.events(signals, at),
            day: u16::try_from(legal.number.max(0)).unwrap_or(u16::MAX),
            band: Band::Flat,
            until: at,
            is_listed: self.lists_year(date.year),
        };
        let mut end_minute = super::MINUTES_OF_DAY;
        if let Some(plan) = self.days().find(|plan| self.is_in_force(plan, &moment)) {
            for start in plan.starts() {
                if u32::from(start.minute) > legal.minute {
                    end_minute = start.minute;
                    break;
                }
                moment.band = start.band;
            }
        }
        moment.until = minute_of_day(at, end_minute);
        moment
    }

    fn is_in_force(&self, plan: &DayPlan<'_>, moment: &Moment) -> bool {
        plan.months & moment.month_bit != 0
            && plan.condition.is_none_or(|condition| self.holds(condition, moment) == Some(true))
    }

    pub(crate) fn holds(&self, condition: u8, moment: &Moment) -> Option<bool> {
        let condition: Condition = self.row(Section::Conditions, condition)?;
        Some(condition.holds(moment))
    }

    fn day_kind(&self, day: i64) -> DayKind {
        for special in self.special_days() {
            let first = i64::from(special.first_day);
            if day >= first && day < first.saturating_add(i64::from(special.length)) {
                return special.kind;
            }
        }
        // 1970-01-01 was a Thursday, the fourth day of the week.
        let (_, weekday) = DAYS_OF_WEEK.divide(day.saturating_add(3));
        if weekday >= 5 { DayKind::RestDay } else { DayKind::Workday }
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

/// The instant of a minute of the legal day in which `at` lies.
fn minute_of_day(at: Instant, minute: u16) -> Instant {
    let LegalDay { minute: passed, millisecond, .. } = at.legal_day();
    let passed = passed.saturating_mul(MINUTE_MILLISECONDS).saturating_add(millisecond);
    let into = u32::from(minute).saturating_mul(MINUTE_MILLISECONDS);
    // In this order the ends of time give what the day times its length would give.
    let offset = LEGAL_OFFSET.milliseconds();
    let local = at.unix_milliseconds().saturating_add(offset);
    let midnight = local.saturating_sub(i64::from(passed)).saturating_sub(offset);
    Instant::from_unix_milliseconds(midnight.saturating_add(i64::from(into)))
}

/// Whether an instant is the first of a month.
pub(crate) fn ends_month(end: Instant) -> bool {
    let LegalDay { number, minute, millisecond } = end.legal_day();
    minute == 0 && millisecond == 0 && CivilDate::from_epoch_day(number).day == 1
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
        let half = if self.rounding == Rounding::HalfUp { HALF_MICRO } else { 0 };
        let half = i64::from(self.unit).saturating_mul(half);
        let product = multiply(price, i64::from(self.ppm))?.checked_add(half)?;
        // Rounding down twice is rounding down once, by the product of the divisors.
        let (whole, _) = MICRO.divide(product);
        let (units, _) = Divisor::new(self.unit)?.divide(whole);
        Some(units.wrapping_mul(i64::from(self.unit)))
    }
}

/// Apart, because each place that multiplies 64 bits with a check costs a chip 0.1 kB.
#[inline(never)]
fn multiply(first: i64, second: i64) -> Option<i64> {
    first.checked_mul(second)
}

impl Run<'_> {
    fn begin(&mut self, carries: &Carries) {
        for rest in carries.rests() {
            self.is_sound &= self.raw.push(i64::from(rest.pico_yuan())).is_ok();
        }
    }

    fn execute(&mut self) {
        let program = self.program;
        let mut ops = program.code();
        while let Some(op) = ops.next() {
            self.steps = self.steps.saturating_add(1);
            if let Op::When { condition, skip } = op {
                if !self.holds(condition) {
                    let behind = ops.rest().get(usize::from(skip)..);
                    ops = Rows::new(self.there(behind));
                }
            } else if let Some(target) = op.target() {
                self.charge_op(op, target);
            } else {
                let price = self.price(op);
                self.push(price);
            }
        }
    }

    /// What must be there; else its zero, and the settlement isn't sound.
    fn there<T: Default>(&mut self, value: Option<T>) -> T {
        self.is_sound &= value.is_some();
        value.unwrap_or_default()
    }

    fn holds(&mut self, condition: u8) -> bool {
        let holds = self.program.holds(condition, &self.moment);
        self.there(holds)
    }

    fn push(&mut self, price: i64) {
        self.is_sound &= self.stack.push(price).is_ok();
    }

    fn pop(&mut self) -> i64 {
        let price = self.stack.pop();
        self.there(price)
    }

    /// What an instruction that charges nothing leaves on the stack.
    fn price(&mut self, op: Op) -> i64 {
        let program = self.program;
        let price = match op {
            Op::Constant { pool } => {
                program.row(Section::Pool, pool).map(|constant: Constant| constant.price)
            }
            Op::Table { table } => {
                program.row(Section::Tables, table).and_then(|table: BandTable<'_>| {
                    table.price(self.moment.month_bit, self.moment.band)
                })
            }
            Op::Steps { table } => program
                .row(Section::Steps, table)
                .and_then(|table: StepsTable<'_>| table.price(self.amount(table.quantity))),
            Op::Signal { id } => self.signal(id),
            Op::Share(share) => {
                let price = self.pop();
                return self.there(share.of(price));
            }
            Op::Add
            | Op::Subtract
            | Op::Lesser
            | Op::Greater
            | Op::Select { .. }
            | Op::Charge { .. }
            | Op::ChargeTiers { .. }
            | Op::ChargeOn { .. }
            | Op::ChargeBeyond { .. }
            | Op::ChargePart { .. }
            | Op::When { .. } => return self.combine(op),
        };
        self.there(price).micro_yuan_per_kwh()
    }

    fn signal(&self, id: SignalId) -> Option<Price> {
        for rule in self.program.signal_rules() {
            if rule.id == id {
                return Some(rule.value(self.facts.signals, self.facts.start));
            }
        }
        None
    }

    fn combine(&mut self, op: Op) -> i64 {
        let second = self.pop();
        let first = self.pop();
        let price = match op {
            Op::Add => first.checked_add(second),
            Op::Subtract => first.checked_sub(second),
            Op::Lesser => Some(first.min(second)),
            Op::Greater => Some(first.max(second)),
            Op::Select { condition } => Some(if self.holds(condition) { first } else { second }),
            Op::Constant { .. }
            | Op::Table { .. }
            | Op::Signal { .. }
            | Op::Steps { .. }
            | Op::Share(_)
            | Op::Charge { .. }
            | Op::ChargeTiers { .. }
            | Op::ChargeOn { .. }
            | Op::ChargeBeyond { .. }
            | Op::ChargePart { .. }
            | Op::When { .. } => None,
        };
        self.there(price)
    }

    fn charge_op(&mut self, op: Op, (item, leg, quantity): Target) {
        if let Op::ChargeTiers { tiers, .. } = op {
            return self.charge_tiers(item, leg, tiers);
        }
        let mut amount = self.amount(quantity);
        if let Op::ChargeBeyond { ppm, base, .. } = op {
            let base = self.amount(base);
            let free = self.there(Share::down(ppm).of(base));
            amount = amount.saturating_sub(free).max(0);
        }
        let price = if let Op::ChargePart { ppm, .. } = op {
            let price = self.stack.last().copied();
            let price = self.there(price);
            let part = self.there(Share::down(ppm).of(price));
            self.parts = self.there(self.parts.checked_add(part));
            part
        } else {
            // The whole price, less what was charged of it in parts.
            let parts = core::mem::take(&mut self.parts);
            let price = self.pop();
            self.there(price.checked_sub(parts))
        };
        let price = Price::from_micro_yuan_per_kwh(price);
        self.charge(ItemCharge { item, leg, price, quantity, amount });
    }

    /// How much of a quantity there is; nothing of a monthly one before the month ends.
    fn amount(&mut self, quantity: Quantity) -> i64 {
        if quantity == Quantity::Energy {
            self.facts.energy.milliwatt_hours()
        } else if quantity.is_monthly() && !self.monthly {
            0
        } else {
            self.there(self.facts.quantities.get(quantity))
        }
    }

    /// The one place where price and quantity meet.
    fn charge(&mut self, line: ItemCharge) {
        if line.quantity.is_monthly() && !self.monthly {
            return;
        }
        let exact = multiply(line.price.micro_yuan_per_kwh(), line.amount);
        let sum = self.raw.get(usize::from(line.leg)).zip(exact);
        let sum = sum.and_then(|(raw, exact)| raw.checked_add(exact));
        let sum = self.there(sum);
        if let Some(raw) = self.raw.get_mut(usize::from(line.leg)) {
            *raw = sum;
        }
        (self.sink)(Entry::Item(line));
    }

    fn charge_tiers(&mut self, item: Item, leg: u8, tiers: u8) {
        let table: Option<TierTable<'_>> = self.program.row(Section::Tiers, tiers);
        let Some(table) = table else {
            self.is_sound = false;
            return;
        };
        let mut from = match table.basis {
            TierBasis::Month => self.facts.month_before,
            TierBasis::Year => self.facts.year_before,
        }
        .milliwatt_hours();
        let end = from.saturating_add(self.facts.energy.milliwatt_hours());
        let mut limits = table.limits();
        for price in table.prices() {
            let upper = limits.next().unwrap_or(Energy::MAX).milliwatt_hours().min(end);
            if upper > from {
                let amount = upper.saturating_sub(from);
                let quantity = Quantity::Energy;
                self.charge(ItemCharge { item, leg, price, quantity, amount });
                from = upper;
            }
        }
    }

    /// The one place that rounds: once for each leg. Nothing can fail here: whole micro-yuan of all
    /// legs together are far below 64 bits, and a rest is always one.
    fn close(&mut self, carries: &mut Carries) -> Settled {
        let rule = self.program.prepaid();
        let mut prepaid = None;
        let mut total = 0_i64;
        for ((leg, wallets), raw) in (0_u8..).zip(self.program.legs()).zip(&self.raw) {
            let (micro_yuan, rest) = MICRO.divide(*raw);
            carries.set(leg, PicoYuan::new(rest).unwrap_or_default());
            total = total.saturating_add(micro_yuan);
            let money = Money::from_micro_yuan(micro_yuan);
            if let Some(rule) = rule.filter(|rule| rule.leg == leg) {
                prepaid = rule.use_hold(money, self.facts.held);
            }
            let (debit, credit) = (wallets.debit, wallets.credit);
            (self.sink)(Entry::Leg(LegCharge { leg, debit, credit, money }));
        }
        let total = Money::from_micro_yuan(total);
        Settled { total, band: self.moment.band, steps: self.steps, prepaid }
    }
}
