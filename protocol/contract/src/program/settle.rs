//! The interpreter.

use heapless::Vec;
use quantity::{Energy, Instant, Money, Price};

use super::{Op, Program, SignalRule, TierTable};
use crate::{
    Band, Carries, Facts, Item, ItemCharge, LEGS_MAX, LegCharge, STACK_MAX, SettleError,
    Settlement, Signals, TierBasis,
};

/// Where in the calendar an instant lies.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) month_bit: u16,
    pub(crate) band: Band,
    /// The next change of band or midnight.
    pub(crate) until: Instant,
}

/// State of one settlement.
struct Run<'p, 'a, 'f> {
    program: &'p Program<'a>,
    facts: &'p Facts<'f>,
    moment: Moment,
    stack: Vec<Price, STACK_MAX>,
    raw: [i128; LEGS_MAX],
    result: Settlement,
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
        let moment = self.admit(facts)?;
        let result = Settlement {
            items: Vec::new(),
            legs: Vec::new(),
            total: Money::ZERO,
            band: moment.band,
            steps: 0,
        };
        let stack = Vec::new();
        let mut run = Run { program: self, facts, moment, stack, raw: [0; LEGS_MAX], result };
        run.execute()?;
        run.close(carries)
    }

    /// Refuses facts for which nothing was proved.
    fn admit(&self, facts: &Facts<'_>) -> Result<Moment, SettleError> {
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
        let moment = self.moment(facts.start);
        if facts.end > moment.until {
            return Err(SettleError::CrossesBoundary);
        }
        Ok(moment)
    }

    pub(crate) fn moment(&self, at: Instant) -> Moment {
        let civil = at.civil();
        let minute = civil.minute_of_day();
        let month_bit = month_bit(civil.date.month);
        let mut band = Band::Flat;
        let mut end_minute = super::MINUTES_OF_DAY;
        if let Some(day) = self.days().find(|day| day.months & month_bit != 0) {
            for start in day.starts() {
                if start.minute > minute {
                    end_minute = start.minute;
                    break;
                }
                band = start.band;
            }
        }
        Moment { month_bit, band, until: boundary(at, end_minute) }
    }
}

/// Bit 0 is January.
pub(crate) fn month_bit(month: u8) -> u16 {
    1_u16.checked_shl(u32::from(month.saturating_sub(1))).unwrap_or_default()
}

/// The instant of a minute of the legal day of `at`; that minute lies after `at`.
fn boundary(at: Instant, minute: u16) -> Instant {
    let civil = at.civil();
    let into_minute =
        i64::from(civil.second).saturating_mul(1000).saturating_add(i64::from(civil.millisecond));
    let minutes_left = i64::from(minute).saturating_sub(i64::from(civil.minute_of_day()));
    let left = minutes_left.saturating_mul(60_000).saturating_sub(into_minute);
    Instant::from_unix_milliseconds(at.unix_milliseconds().saturating_add(left))
}

impl SignalRule {
    /// The value that counts at an instant.
    pub(crate) fn value(&self, signals: &Signals, at: Instant) -> Price {
        match signals.get(self.id) {
            Some(signal) if self.is_fresh(signal.from, at) => {
                signal.price.clamp(self.low, self.high)
            }
            _ => self.default,
        }
    }

    fn is_fresh(&self, from: Instant, at: Instant) -> bool {
        let age = at.unix_milliseconds().checked_sub(from.unix_milliseconds());
        age.is_some_and(|age| age >= 0 && age <= self.age_max.milliseconds())
    }
}

impl Run<'_, '_, '_> {
    fn execute(&mut self) -> Result<(), SettleError> {
        let mut ops = self.program.code();
        while let Some(op) = ops.next() {
            self.result.steps = self.result.steps.saturating_add(1);
            if let Op::When { months, bands, skip } = op {
                if months & self.moment.month_bit == 0 || bands & self.moment.band.bit() == 0 {
                    let rest = ops.rest().get(usize::from(skip)..).ok_or(SettleError::Damaged)?;
                    ops = super::Rows::new(rest);
                }
            } else {
                self.step(op).ok_or(SettleError::Damaged)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, op: Op) -> Option<()> {
        match op {
            Op::Constant { pool } => self.push(self.program.pool().nth(usize::from(pool))?),
            Op::Table { table } => {
                let table = self.program.tables().nth(usize::from(table))?;
                self.push(table.price(self.moment.month_bit, self.moment.band)?)
            }
            Op::Signal { id } => {
                let rule = self.program.signal_rules().find(|rule| rule.id == id)?;
                self.push(rule.value(self.facts.signals, self.facts.start))
            }
            Op::Add => self.combine(Price::checked_add),
            Op::Subtract => self.combine(Price::checked_sub),
            Op::Lesser => self.combine(|a, b| Some(a.min(b))),
            Op::Greater => self.combine(|a, b| Some(a.max(b))),
            Op::Charge { item, leg } => {
                let price = self.stack.pop()?;
                self.charge(ItemCharge { item, leg, price, energy: self.facts.energy })
            }
            Op::ChargeTiers { item, leg, tiers } => {
                let table = self.program.tiers().nth(usize::from(tiers))?;
                self.charge_tiers(item, leg, &table)
            }
            Op::When { .. } => None,
        }
    }

    fn push(&mut self, price: Price) -> Option<()> {
        self.stack.push(price).ok()
    }

    fn combine(&mut self, combine: impl Fn(Price, Price) -> Option<Price>) -> Option<()> {
        let second = self.stack.pop()?;
        let first = self.stack.pop()?;
        self.push(combine(first, second)?)
    }

    /// The one place where price and energy meet.
    fn charge(&mut self, charge: ItemCharge) -> Option<()> {
        let raw = self.raw.get_mut(usize::from(charge.leg))?;
        *raw = raw.checked_add(charge.pico_yuan())?;
        self.result.items.push(charge).ok()
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
                let energy = upper.checked_sub(from)?;
                self.charge(ItemCharge { item, leg, price, energy })?;
                from = upper;
            }
        }
        Some(())
    }

    /// The one place that rounds: once for each leg.
    fn close(mut self, carries: &mut Carries) -> Result<Settlement, SettleError> {
        let mut after = *carries;
        for (leg, wallets) in (0_u8..).zip(self.program.legs()) {
            let raw = self.raw.get(usize::from(leg)).copied().unwrap_or_default();
            let exact = raw.saturating_add(i128::from(carries.get(leg).pico_yuan()));
            let charge = Money::from_pico_yuan(exact).ok_or(SettleError::Damaged)?;
            after.set(leg, charge.rest);
            let (debit, credit, money) = (wallets.debit, wallets.credit, charge.money);
            let total = self.result.total.checked_add(money).ok_or(SettleError::Damaged)?;
            self.result.total = total;
            let line = LegCharge { leg, debit, credit, money };
            self.result.legs.push(line).map_err(|_| SettleError::Damaged)?;
        }
        *carries = after;
        Ok(self.result)
    }
}
