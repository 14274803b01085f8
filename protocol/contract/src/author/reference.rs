//! The reference evaluator: straight from the tree, slow and obvious. It shares no code with the
//! compiler, the loader and the interpreter; the tests hold them against it.

use heapless::Vec;
use quantity::{Energy, Money, PicoYuan, Price};

use super::tree::{ChargeValue, Contract, Expression, Operation, Signal, Tiers, When};
use crate::{
    Band, Carries, Facts, ItemCharge, LegCharge, Quantity, SettleError, Settlement, TierBasis,
};

const MINUTE: i64 = 60_000;
const DAY_MINUTES: i64 = 1440;

pub(super) fn settle(
    contract: &Contract,
    facts: &Facts<'_>,
    carries: &mut Carries,
) -> Result<Settlement, SettleError> {
    admit(contract, facts)?;
    let minute = i64::from(facts.start.civil().minute_of_day());
    let band = band_at(contract, facts, minute);
    let evaluation = Evaluation { contract, facts, band };
    let items = evaluation.items().ok_or(SettleError::Damaged)?;
    let (legs, after) = close(contract, &items, carries).ok_or(SettleError::Damaged)?;
    *carries = after;
    let total = legs.iter().map(|leg| leg.money.micro_yuan());
    let total = Money::from_micro_yuan(total.fold(0, i64::saturating_add));
    let steps = evaluation.steps();
    Ok(Settlement { items, legs, total, band, steps, prepaid: None })
}

fn admit(contract: &Contract, facts: &Facts<'_>) -> Result<(), SettleError> {
    if facts.start >= facts.end {
        return Err(SettleError::EmptyInterval);
    }
    if facts.energy < Energy::ZERO {
        return Err(SettleError::NegativeEnergy);
    }
    if facts.energy > contract.energy_max {
        return Err(SettleError::EnergyAboveBound);
    }
    let sound = |before: Energy| {
        let end = i128::from(before.milliwatt_hours())
            .saturating_add(i128::from(facts.energy.milliwatt_hours()));
        before >= Energy::ZERO && end <= i128::from(i64::MAX)
    };
    if !sound(facts.month_before) || !sound(facts.year_before) {
        return Err(SettleError::Register);
    }
    if crosses(contract, facts) { Err(SettleError::CrossesBoundary) } else { Ok(()) }
}

/// Looks at each minute of the interval: is it another day or another band?
fn crosses(contract: &Contract, facts: &Facts<'_>) -> bool {
    let start = facts.start.civil();
    let length = facts.end.unix_milliseconds().saturating_sub(facts.start.unix_milliseconds());
    let into =
        i64::from(start.second).saturating_mul(1000).saturating_add(i64::from(start.millisecond));
    let first = i64::from(start.minute_of_day());
    let last = length.saturating_add(into).saturating_sub(1).checked_div(MINUTE).unwrap_or(0);
    let last = first.saturating_add(last);
    let band = band_at(contract, facts, first);
    last >= DAY_MINUTES || (first..=last).any(|minute| band_at(contract, facts, minute) != band)
}

fn band_at(contract: &Contract, facts: &Facts<'_>, minute: i64) -> Band {
    let day = contract.days().find(|day| has_month(day.months, facts));
    let starts = day.into_iter().flat_map(|day| &day.starts);
    let mut before = starts.filter(|start| i64::from(start.minute) <= minute);
    before.next_back().map_or(Band::Flat, |start| start.band)
}

fn has_month(months: u16, facts: &Facts<'_>) -> bool {
    let month = facts.start.civil().date.month;
    super::check::month_numbers(months).any(|candidate| candidate == month)
}

struct Evaluation<'t> {
    contract: &'t Contract,
    facts: &'t Facts<'t>,
    band: Band,
}

impl Evaluation<'_> {
    fn items(&self) -> Option<Vec<ItemCharge, { crate::CHARGES_MAX }>> {
        let mut items = Vec::new();
        let quantity = Quantity::Energy;
        for charge in self.contract.charges().filter(|charge| self.applies(charge.when)) {
            let order = self.contract.leg_order();
            let leg = order.iter().position(|leg| leg.name.text == charge.leg.text)?;
            let (item, leg) = (charge.item, u8::try_from(leg).ok()?);
            match &charge.value {
                ChargeValue::Price(expression) => {
                    let price = self.price(expression)?;
                    let amount = self.facts.energy.milliwatt_hours();
                    items.push(ItemCharge { item, leg, price, quantity, amount }).ok()?;
                }
                ChargeValue::Tiers(name) => {
                    let table = self.contract.tiers().find(|table| table.name.text == name.text)?;
                    for (price, energy) in self.tiers(table) {
                        let amount = energy.milliwatt_hours();
                        items.push(ItemCharge { item, leg, price, quantity, amount }).ok()?;
                    }
                }
            }
        }
        Some(items)
    }

    fn applies(&self, when: Option<When>) -> bool {
        when.is_none_or(|when| {
            has_month(when.months, self.facts) && when.bands & self.band.bit() != 0
        })
    }

    fn price(&self, expression: &Expression) -> Option<Price> {
        match expression {
            Expression::Price(price) => Some(*price),
            Expression::Signal(id, _) => self
                .contract
                .signals()
                .find(|signal| signal.id == *id)
                .map(|rule| self.signal(rule)),
            Expression::Bands(name) => {
                let mut rows = self.contract.bands().filter(|row| row.name.text == name.text);
                rows.find(|row| has_month(row.months, self.facts))?.price(self.band)
            }
            Expression::Pair(operation, first, second) => {
                let (first, second) = (self.price(first)?, self.price(second)?);
                match operation {
                    Operation::Add => first.checked_add(second),
                    Operation::Subtract => first.checked_sub(second),
                    Operation::Lesser => Some(if second < first { second } else { first }),
                    Operation::Greater => Some(if second > first { second } else { first }),
                }
            }
        }
    }

    fn signal(&self, rule: &Signal) -> Price {
        let Some(value) = self.facts.signals.get(rule.id) else { return rule.default };
        let at = i128::from(self.facts.start.unix_milliseconds());
        let age = at.saturating_sub(i128::from(value.from.unix_milliseconds()));
        if age < 0 || age > i128::from(rule.age_max.milliseconds()) {
            rule.default
        } else if value.price < rule.low {
            rule.low
        } else if value.price > rule.high {
            rule.high
        } else {
            value.price
        }
    }

    /// Energy below a limit after the movement, less that before it, tier by tier.
    fn tiers(&self, table: &Tiers) -> alloc::vec::Vec<(Price, Energy)> {
        let before = match table.basis {
            TierBasis::Month => self.facts.month_before,
            TierBasis::Year => self.facts.year_before,
        };
        let before = before.milliwatt_hours();
        let after = before.saturating_add(self.facts.energy.milliwatt_hours());
        let mut low = 0;
        let mut parts = alloc::vec::Vec::new();
        for (limit, price, _) in &table.entries {
            let high = limit.map_or(i64::MAX, Energy::milliwatt_hours);
            let part = after.clamp(low, high).saturating_sub(before.clamp(low, high));
            if part > 0 {
                parts.push((*price, Energy::from_milliwatt_hours(part)));
            }
            low = high;
        }
        parts
    }

    /// One step for each leaf, operation and charge, and one for each condition.
    fn steps(&self) -> u16 {
        let mut steps = 0_u16;
        for charge in self.contract.charges() {
            steps = steps.saturating_add(u16::from(charge.when.is_some()));
            if !self.applies(charge.when) {
                continue;
            }
            steps = steps.saturating_add(1);
            if let ChargeValue::Price(expression) = &charge.value {
                let mut leaves = 0_u16;
                expression.leaves(&mut |_| leaves = leaves.saturating_add(1));
                steps = steps.saturating_add(leaves.saturating_mul(2).saturating_sub(1));
            }
        }
        steps
    }
}

type Legs = Vec<LegCharge, { crate::LEGS_MAX }>;

/// Adds up each leg exactly and rounds it down once.
fn close(contract: &Contract, items: &[ItemCharge], carries: &Carries) -> Option<(Legs, Carries)> {
    let mut after = *carries;
    let mut legs = Vec::new();
    for (index, rule) in contract.leg_order().iter().enumerate() {
        let leg = u8::try_from(index).ok()?;
        let mut exact = i128::from(carries.get(leg).pico_yuan());
        for item in items.iter().filter(|item| item.leg == leg) {
            let price = i128::from(item.price.micro_yuan_per_kwh());
            let part = price.checked_mul(i128::from(item.amount))?;
            exact = exact.checked_add(part)?;
        }
        let rest = exact.checked_rem_euclid(1_000_000)?;
        let whole = exact.checked_sub(rest)?.checked_div(1_000_000)?;
        let money = Money::from_micro_yuan(i64::try_from(whole).ok()?);
        after.set(leg, PicoYuan::new(u32::try_from(rest).ok()?)?);
        legs.push(LegCharge { leg, debit: rule.debit, credit: rule.credit, money }).ok()?;
    }
    Some((legs, after))
}
