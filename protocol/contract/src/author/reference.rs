//! The reference evaluator: straight from the tree, slow and obvious. It shares no code with the
//! compiler, the loader and the interpreter; the tests hold them against it.

use heapless::Vec;
use quantity::{CivilDate, Duration, Energy, Money, PicoYuan, Price, Weekday};

use super::tree::{
    Charge, ChargeValue, Contract, Day, Expression, Operation, Rounding, Share, Steps, Switch,
    Tiers, Value, When,
};
use crate::{
    Band, Carries, DayKind, Facts, ItemCharge, LegCharge, Prepaid, Quantity, SettleError,
    Settlement, SignalId, TierBasis,
};

const MINUTE: i64 = 60_000;
const DAY_MINUTES: i64 = 1440;
const MILLION: i128 = 1_000_000;

pub(super) fn settle(
    contract: &Contract,
    facts: &Facts<'_>,
    carries: &mut Carries,
) -> Result<Settlement, SettleError> {
    let world = World { contract, facts };
    world.admit()?;
    let band = world.band_at(world.minute());
    let evaluation = Evaluation { contract, facts, world, band };
    let items = evaluation.items().ok_or(SettleError::Damaged)?;
    let (legs, after) = close(contract, &items, carries).ok_or(SettleError::Damaged)?;
    *carries = after;
    let total = legs.iter().map(|leg| leg.money.micro_yuan());
    let total = Money::from_micro_yuan(total.fold(0, i64::saturating_add));
    let prepaid = prepaid(contract, facts, &legs);
    Ok(Settlement { items, legs, total, band, steps: evaluation.steps(), prepaid })
}

/// What is so at the start of the interval.
#[derive(Clone, Copy)]
struct World<'t> {
    contract: &'t Contract,
    facts: &'t Facts<'t>,
}

impl<'t> World<'t> {
    fn admit(&self) -> Result<(), SettleError> {
        let facts = self.facts;
        if facts.start >= facts.end {
            return Err(SettleError::EmptyInterval);
        }
        if facts.energy < Energy::ZERO {
            return Err(SettleError::NegativeEnergy);
        }
        if facts.energy > self.contract.energy_max {
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
        let year = self.date().year;
        let mut years = self.contract.special_days().map(|listed| i64::from(listed.year));
        if years.clone().next().is_some() && !years.any(|listed| listed == i64::from(year)) {
            return Err(SettleError::OutsideCalendar);
        }
        if self.crosses() {
            return Err(SettleError::CrossesBoundary);
        }
        self.admit_quantities()
    }

    fn admit_quantities(&self) -> Result<(), SettleError> {
        for quantity in Quantity::ALL {
            let Some(rule) = self.contract.quantity(*quantity) else { continue };
            if quantity.is_monthly() && !self.ends_month() {
                continue;
            }
            match self.facts.quantities.get(*quantity) {
                None => return Err(SettleError::MissingQuantity),
                Some(amount) if !(0..=rule.most).contains(&amount) => {
                    return Err(SettleError::QuantityOutOfRange);
                }
                Some(_) => {}
            }
        }
        let owed = self.facts.held < Money::ZERO;
        if owed { Err(SettleError::QuantityOutOfRange) } else { Ok(()) }
    }

    fn date(&self) -> CivilDate {
        self.facts.start.civil().date
    }

    fn minute(&self) -> i64 {
        i64::from(self.facts.start.civil().minute_of_day())
    }

    /// Looks at each minute of the interval: is it another day or another band?
    fn crosses(&self) -> bool {
        let start = self.facts.start.civil();
        let length = self.facts.end.since(self.facts.start).milliseconds();
        let into = i64::from(start.second)
            .saturating_mul(1000)
            .saturating_add(i64::from(start.millisecond));
        let first = self.minute();
        let last = length.saturating_add(into).saturating_sub(1).checked_div(MINUTE).unwrap_or(0);
        let last = first.saturating_add(last);
        let band = self.band_at(first);
        last >= DAY_MINUTES || (first..=last).any(|minute| self.band_at(minute) != band)
    }

    fn band_at(&self, minute: i64) -> Band {
        let Some(day) = self.day() else { return Band::Flat };
        if let Some(windows) = &day.windows {
            return window_band(windows, minute);
        }
        let mut before = day.starts.iter().filter(|start| i64::from(start.minute) <= minute);
        before.next_back().map_or(Band::Flat, |start| start.band)
    }

    /// The first exception that holds, else the general row of the month.
    fn day(&self) -> Option<&'t Day> {
        let holds = |day: &&Day| {
            self.has_month(day.months)
                && day.kinds.is_none_or(|kinds| self.has_kind(kinds))
                && day.event.is_none_or(|(id, _)| self.is_on(id))
        };
        let general = |day: &&Day| day.kinds.is_none() && day.event.is_none();
        let mut exceptions = self.contract.days().filter(|day| !general(day));
        exceptions.find(holds).or_else(|| self.contract.days().filter(general).find(holds))
    }

    fn has_month(&self, months: u16) -> bool {
        let month = self.date().month;
        super::check::month_numbers(months).any(|candidate| candidate == month)
    }

    fn has_kind(&self, kinds: u8) -> bool {
        kinds & self.kind().byte() != 0
    }

    /// As the list of special days says, else by the day of the week.
    fn kind(&self) -> DayKind {
        let date = self.date();
        let mut spans = self.contract.special_days().flat_map(|listed| &listed.spans);
        if let Some(span) = spans.find(|span| span.from <= date && date <= span.to) {
            return span.kind;
        }
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        if weekend { DayKind::RestDay } else { DayKind::Workday }
    }

    /// Whether the interval ends with the last instant of a month.
    fn ends_month(&self) -> bool {
        let end = self.facts.end.civil();
        end.date.day == 1 && end.date.start() == self.facts.end
    }

    fn is_on(&self, id: SignalId) -> bool {
        let Some(rule) = self.contract.events().find(|event| event.id == id) else { return false };
        match self.fresh(id, rule.age_max) {
            Some(price) => price > Price::ZERO,
            None => rule.default == Switch::On,
        }
    }

    /// The value of a signal that is neither missing nor too old nor from the future.
    fn fresh(&self, id: SignalId, age_max: Duration) -> Option<Price> {
        let value = self.facts.signals.get(id)?;
        let at = i128::from(self.facts.start.unix_milliseconds());
        let age = at.saturating_sub(i128::from(value.from.unix_milliseconds()));
        (age >= 0 && age <= i128::from(age_max.milliseconds())).then_some(value.price)
    }

    fn signal(&self, id: SignalId) -> Option<Price> {
        let rule = self.contract.signals().find(|signal| signal.id == id)?;
        let Some(price) = self.fresh(id, rule.age_max) else { return Some(rule.default) };
        Some(if price < rule.low {
            rule.low
        } else if price > rule.high {
            rule.high
        } else {
            price
        })
    }

    /// How much of a quantity there is.
    fn amount(&self, quantity: Quantity) -> Option<i64> {
        if quantity == Quantity::Energy {
            Some(self.facts.energy.milliwatt_hours())
        } else if quantity.is_monthly() && !self.ends_month() {
            Some(0)
        } else {
            self.facts.quantities.get(quantity)
        }
    }
}

/// The band of the strongest window over a minute.
fn window_band(windows: &[super::tree::Window], minute: i64) -> Band {
    let over = |band: Band| {
        windows.iter().filter(|window| window.band == band).any(|window| {
            let (from, to) = (i64::from(window.from), i64::from(window.to));
            if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
        })
    };
    if over(Band::Critical) {
        Band::Critical
    } else if over(Band::Deep) {
        Band::Deep
    } else if over(Band::Peak) {
        Band::Peak
    } else if over(Band::Valley) {
        Band::Valley
    } else {
        Band::Flat
    }
}

struct Evaluation<'t> {
    contract: &'t Contract,
    facts: &'t Facts<'t>,
    world: World<'t>,
    band: Band,
}

type Items = Vec<ItemCharge, { crate::CHARGES_MAX }>;

impl Evaluation<'_> {
    fn items(&self) -> Option<Items> {
        let mut items = Vec::new();
        for charge in self.contract.charges().filter(|charge| self.applies(charge.when)) {
            match &charge.value {
                ChargeValue::Price(general) => self.lines(charge, general, &mut items)?,
                ChargeValue::Tiers(name) => {
                    let table = self.contract.tiers().find(|table| table.name.text == name.text)?;
                    let leg = self.leg(&charge.payees.first()?.leg.text)?;
                    let (item, quantity) = (charge.item, Quantity::Energy);
                    for (price, amount) in self.tiers(table) {
                        items.push(ItemCharge { item, leg, price, quantity, amount }).ok()?;
                    }
                }
            }
        }
        Some(items)
    }

    fn leg(&self, name: &str) -> Option<u8> {
        let place = self.contract.leg_order().iter().position(|leg| leg.name.text == name)?;
        u8::try_from(place).ok()
    }

    /// A line for each payee; nothing on a monthly quantity before the month ends.
    fn lines(&self, charge: &Charge, general: &Expression, items: &mut Items) -> Option<()> {
        let Charge { item, quantity, .. } = *charge;
        let mut exceptions = self.contract.exceptions(charge);
        let exception = exceptions.find(|exception| self.applies(exception.when));
        let expression = match exception.map(|exception| &exception.value) {
            Some(ChargeValue::Price(expression)) => expression,
            _ => general,
        };
        let price = self.price(expression)?;
        if quantity.is_monthly() && !self.world.ends_month() {
            return Some(());
        }
        let mut rest = price;
        for payee in &charge.payees {
            let part = match payee.ppm {
                Some(ppm) => price.checked_mul(i128::from(ppm))?.checked_div_euclid(MILLION)?,
                None => rest,
            };
            rest = rest.checked_sub(part)?;
            let price = Price::from_micro_yuan_per_kwh(i64::try_from(part).ok()?);
            let (leg, amount) = (self.leg(&payee.leg.text)?, self.charged(charge)?);
            items.push(ItemCharge { item, leg, price, quantity, amount }).ok()?;
        }
        Some(())
    }

    /// How much the price is multiplied with.
    fn charged(&self, charge: &Charge) -> Option<i64> {
        let whole = self.world.amount(charge.quantity)?;
        let Some((ppm, base)) = charge.beyond else { return Some(whole) };
        let base = i128::from(self.world.amount(base)?);
        let free = base.checked_mul(i128::from(ppm))?.checked_div_euclid(MILLION)?;
        let beyond = i128::from(whole).checked_sub(free)?;
        if beyond > 0 { i64::try_from(beyond).ok() } else { Some(0) }
    }

    fn applies(&self, when: Option<When>) -> bool {
        let Some(when) = when else { return true };
        let events = SignalId::ALL.iter().filter(|id| id.is_event());
        let asked = |set: u8| events.clone().filter(move |id| id.event_bit() & set != 0);
        let date = self.world.date();
        self.world.has_month(when.months)
            && when.bands & self.band.bit() != 0
            && when.kinds.is_none_or(|kinds| self.world.has_kind(kinds))
            && asked(when.needed).all(|id| self.world.is_on(*id))
            && !asked(when.forbidden).any(|id| self.world.is_on(*id))
            && when.dates.is_none_or(|(from, to)| from <= date && date <= to)
    }

    fn price(&self, expression: &Expression) -> Option<i128> {
        match expression {
            Expression::Price(Value { price, .. }) => Some(wide(*price)),
            Expression::Signal(id, _) => self.world.signal(*id).map(wide),
            Expression::Bands(name) => {
                let mut rows = self.contract.bands().filter(|row| row.name.text == name.text);
                let row = rows.find(|row| self.world.has_month(row.months))?;
                row.price(self.band).map(wide)
            }
            Expression::Steps(name) => {
                let mut tables = self.contract.steps();
                self.step(tables.find(|table| table.name.text == name.text)?)
            }
            Expression::Pair(operation, first, second, _) => {
                let (first, second) = (self.price(first)?, self.price(second)?);
                match operation {
                    Operation::Add => first.checked_add(second),
                    Operation::Subtract => first.checked_sub(second),
                    Operation::Lesser => Some(if second < first { second } else { first }),
                    Operation::Greater => Some(if second > first { second } else { first }),
                }
            }
            Expression::Share(share, of) => rounded(share, self.price(of)?),
        }
    }

    /// The value of the first row whose limit is above the amount.
    fn step(&self, table: &Steps) -> Option<i128> {
        let amount = self.world.amount(table.quantity)?;
        let mut rows = table.entries.iter();
        let row = rows.find(|(limit, _, _)| limit.is_none_or(|limit| amount < limit))?;
        Some(wide(row.1.price))
    }

    /// Energy below a limit after the movement, less that before it, tier by tier.
    fn tiers(&self, table: &Tiers) -> alloc::vec::Vec<(Price, i64)> {
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
                parts.push((*price, part));
            }
            low = high;
        }
        parts
    }

    /// One step for each part of a price, each exception, each payee and each condition.
    fn steps(&self) -> u16 {
        let mut steps = 0_u16;
        for charge in self.contract.charges() {
            steps = steps.saturating_add(u16::from(charge.when.is_some()));
            if !self.applies(charge.when) {
                continue;
            }
            steps = steps.saturating_add(u16::try_from(charge.payees.len()).unwrap_or(u16::MAX));
            if let ChargeValue::Price(expression) = &charge.value {
                steps = steps.saturating_add(parts(expression));
            }
            for exception in self.contract.exceptions(charge) {
                if let ChargeValue::Price(expression) = &exception.value {
                    steps = steps.saturating_add(parts(expression)).saturating_add(1);
                }
            }
        }
        steps
    }
}

fn wide(price: Price) -> i128 {
    i128::from(price.micro_yuan_per_kwh())
}

/// The share to the next multiple below, or to the nearest one, the half upwards.
fn rounded(share: &Share, price: i128) -> Option<i128> {
    let unit = share.to.map_or(1, |to| wide(to.price));
    let exact = price.checked_mul(i128::from(share.ppm))?;
    let multiple = unit.checked_mul(MILLION)?;
    let below = exact.checked_div_euclid(multiple)?;
    let over = exact.checked_rem_euclid(multiple)?;
    let up = share.rounding == Rounding::HalfUp && over.checked_mul(2)? >= multiple;
    below.checked_add(i128::from(up))?.checked_mul(unit)
}

/// Leaves and operations of a price.
fn parts(expression: &Expression) -> u16 {
    match expression {
        Expression::Pair(_, first, second, _) => {
            parts(first).saturating_add(parts(second)).saturating_add(1)
        }
        Expression::Share(_, of) => parts(of).saturating_add(1),
        Expression::Price(_)
        | Expression::Signal(..)
        | Expression::Bands(_)
        | Expression::Steps(_) => 1,
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
            let part = wide(item.price).checked_mul(i128::from(item.amount))?;
            exact = exact.checked_add(part)?;
        }
        let rest = exact.checked_rem_euclid(MILLION)?;
        let whole = exact.checked_sub(rest)?.checked_div(MILLION)?;
        let money = Money::from_micro_yuan(i64::try_from(whole).ok()?);
        after.set(leg, PicoYuan::new(u32::try_from(rest).ok()?)?);
        legs.push(LegCharge { leg, debit: rule.debit, credit: rule.credit, money }).ok()?;
    }
    Some((legs, after))
}

/// What the hold pays of a positive amount, and whether too little of it is left.
fn prepaid(contract: &Contract, facts: &Facts<'_>, legs: &[LegCharge]) -> Option<Prepaid> {
    let rule = contract.prepaid.as_ref()?;
    let place = contract.leg_order().iter().position(|leg| leg.name.text == rule.leg.text)?;
    let moved = legs.get(place)?.money;
    let posted = if moved <= Money::ZERO {
        Money::ZERO
    } else if moved < facts.held {
        moved
    } else {
        facts.held
    };
    let left = facts.held.checked_sub(posted)?;
    let hold = if left < rule.again_below { rule.amount } else { Money::ZERO };
    Some(Prepaid { leg: u8::try_from(place).ok()?, posted, hold })
}
