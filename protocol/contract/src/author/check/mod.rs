//! Every rule of the language, on the tree, with the place and the way out of each fault.

mod calendar;
mod conditions;
mod prices;
mod tables;
mod unknown;

use alloc::vec::Vec;

use quantity::{Duration, Energy, Money};

use self::unknown::{Declared, unknown};
use super::messages::{Fault, Said as _, Span, both, fault, word};
use super::tree::{
    ChargeValue, Contract, Event, Example, Expression, Limits, Name, PrepaidRule, QuantityRule,
    Signal,
};
use super::words::value_text;
use crate::program::month_bit;
use crate::{Band, LEGS_MAX, LoadError, LoadFault, Quantity, SignalId, Unit};

pub(super) use calendar::{Run, clock, ordered_days, runs};
pub(super) use tables::rows_of;

const DAY_SECONDS: u32 = 86_400;
const AGE_MAX: Duration = Duration::from_days(400);
const EXPIRY_MAX: Duration = Duration::from_days(36_500);

/// All broken rules.
pub(super) fn check(contract: &Contract) -> Vec<Fault> {
    let mut checker = Checker { contract, faults: Vec::new() };
    checker.header();
    checker.quantities();
    checker.legs();
    checker.signals();
    checker.calendar();
    checker.band_tables();
    checker.tier_tables();
    checker.steps_tables();
    checker.charges();
    checker.examples();
    checker.faults
}

/// A refusal of the loader in the words of the source.
pub(super) fn refused(contract: &Contract, error: LoadError) -> Fault {
    if let LoadFault::BelowFloor(quantity) | LoadFault::AboveCap(quantity) = error.fault {
        let price = error.price;
        let limits = contract.limits_of(quantity).unwrap_or(contract.limits);
        let unit = quantity.unit().unwrap_or(Unit::PerKwh);
        let (floor, cap) = (limits.floor.text(), limits.cap.text());
        let (code, zh) = (quantity.code(), quantity.name_zh());
        fault!(LIMITS, limits.span, value_text(price, unit), floor, cap, code, zh)
    } else if error.fault == LoadFault::Range {
        fault!(RANGE, contract.energy_span)
    } else {
        fault!(LOADER, contract.end, error)
    }
}

struct Checker<'t> {
    contract: &'t Contract,
    faults: Vec<Fault>,
}

/// The numbers of the months in a set.
pub(super) fn month_numbers(months: u16) -> impl Iterator<Item = u8> + Clone {
    (1..=12_u8).filter(move |month| months & month_bit(*month) != 0)
}

fn bands_of(set: u8) -> impl Iterator<Item = Band> {
    Band::ALL.iter().copied().filter(move |band| set & band.bit() != 0)
}

impl Checker<'_> {
    fn refuse_unless(&mut self, holds: bool, fault: impl FnOnce() -> Fault) {
        if !holds {
            self.faults.push(fault());
        }
    }

    fn header(&mut self) {
        let contract = self.contract;
        let divides = DAY_SECONDS.checked_rem(contract.interval_seconds) == Some(0);
        self.refuse_unless(divides, || fault!(INTERVAL, contract.interval_span));
        let some = contract.energy_max > Energy::ZERO;
        self.refuse_unless(some, || fault!(ENERGY, contract.energy_span));
        self.limits(contract.limits);
        if let Some(fallback) = &contract.expiry {
            let other = fallback.text != contract.name;
            self.refuse_unless(other, || fault!(EXPIRY_SELF, fallback.span));
        }
        if let Some(prepaid) = &contract.prepaid {
            self.prepaid(prepaid);
        }
    }

    fn limits(&mut self, limits: Limits) {
        let Limits { floor, cap, span } = limits;
        let ordered = floor.price <= cap.price;
        self.refuse_unless(ordered, || fault!(FLOOR, span, floor.text(), cap.text()));
    }

    fn prepaid(&mut self, rule: &PrepaidRule) {
        self.known(&rule.leg, self.contract.legs().map(|leg| &leg.name), Declared::Leg);
        let day = Duration::from_days(1);
        let whole = rule.release.milliseconds().checked_rem(day.milliseconds()) == Some(0);
        let sound = rule.amount > Money::ZERO
            && rule.again_below > Money::ZERO
            && rule.again_below <= rule.amount
            && whole
            && rule.release >= day
            && rule.release <= AGE_MAX;
        self.refuse_unless(sound, || fault!(PREPAID, rule.span));
    }

    fn quantities(&mut self) {
        let contract = self.contract;
        for (index, rule) in contract.quantities.iter().enumerate() {
            let code = rule.quantity.code();
            let mut before = contract.quantities.iter().take(index);
            let doubled = before.any(|other| other.quantity == rule.quantity);
            self.refuse_unless(!doubled, || fault!(TWICE, rule.span, code));
            let other = rule.quantity != Quantity::Energy;
            self.refuse_unless(other, || fault!(ENERGY_DECLARED, rule.span));
            self.quantity(rule);
        }
    }

    fn quantity(&mut self, rule: &QuantityRule) {
        let quantity = rule.quantity;
        let (code, zh) = (quantity.code(), quantity.name_zh());
        self.refuse_unless(rule.most > 0, || fault!(BOUND, rule.span, code, zh));
        let charged = self.contract.all_charges().any(|charge| charge.quantity == quantity);
        let used = charged || self.looks_up(quantity) || quantity == Quantity::Energy;
        self.refuse_unless(used, || fault!(UNUSED, rule.span, code));
        match rule.limits {
            Some(limits) => {
                self.limits(limits);
                self.refuse_unless(charged || !used, || {
                    fault!(NEEDLESS_LIMITS, limits.span, code, zh)
                });
            }
            None => {
                let chargeable = quantity.unit().is_some();
                let missing = charged && chargeable;
                self.refuse_unless(!missing, || fault!(NO_LIMITS, rule.span, code, zh));
            }
        }
    }

    /// Whether a steps table or `beyond` reads the quantity.
    fn looks_up(&self, quantity: Quantity) -> bool {
        let measured = |base: (i64, Quantity)| base.1 == quantity;
        self.contract.steps().any(|table| table.quantity == quantity)
            || self.contract.all_charges().any(|charge| charge.beyond.is_some_and(measured))
    }

    fn legs(&mut self) {
        let legs: Vec<_> = self.contract.legs().collect();
        self.names(legs.iter().map(|leg| &leg.name));
        for (index, leg) in legs.iter().enumerate() {
            let key = |leg: &super::tree::LegRule| (leg.debit, leg.credit);
            let doubled = legs.iter().take(index).any(|other| key(other) == key(leg));
            let sound = leg.debit != leg.credit && !doubled;
            self.refuse_unless(sound, || fault!(LEG, leg.name.span, leg.name.text));
            let mut payees = self.contract.all_charges().flat_map(|charge| &charge.payees);
            let used = payees.any(|payee| payee.leg.text == leg.name.text);
            self.refuse_unless(used, || fault!(UNUSED, leg.name.span, leg.name.text));
            if let Some((after, span)) = leg.expires {
                self.expiry(after, span);
            }
        }
        if let Some(leg) = legs.get(LEGS_MAX) {
            self.faults.push(fault!(TOO_MANY, leg.name.span, both("legs|分项"), LEGS_MAX));
        }
    }

    fn expiry(&mut self, after: Duration, span: Span) {
        let day = Duration::from_days(1);
        let whole = after.milliseconds().checked_rem(day.milliseconds()) == Some(0);
        let sound = whole && after >= day && after <= EXPIRY_MAX;
        self.refuse_unless(sound, || fault!(EXPIRY_DAYS, span));
    }

    /// Refuses a name that stands twice.
    fn names<'n>(&mut self, names: impl Iterator<Item = &'n Name> + Clone) {
        for (index, name) in names.clone().enumerate() {
            let fresh = !names.clone().take(index).any(|other| other.text == name.text);
            self.refuse_unless(fresh, || fault!(TWICE, name.span, name.text));
        }
    }

    fn signals(&mut self) {
        let signals: Vec<_> = self.contract.signals().collect();
        for (index, signal) in signals.iter().enumerate() {
            let doubled = signals.iter().take(index).any(|other| other.id == signal.id);
            self.refuse_unless(!doubled, || fault!(TWICE, signal.span, signal.id.code()));
            self.signal(signal);
        }
        let events: Vec<_> = self.contract.events().collect();
        for (index, event) in events.iter().enumerate() {
            let doubled = events.iter().take(index).any(|other| other.id == event.id);
            self.refuse_unless(!doubled, || fault!(TWICE, event.span, event.id.code()));
            self.event(event);
        }
    }

    fn signal(&mut self, signal: &Signal) {
        let Signal { low, high, default, age_max, span, .. } = *signal;
        let ordered = low <= default && default <= high;
        self.refuse_unless(ordered, || fault!(CLAMP, span, low, high, default));
        self.age(age_max, span);
        let used = self.uses(|leaf| matches!(leaf, Expression::Signal(id, _) if *id == signal.id));
        self.refuse_unless(used, || {
            fault!(UNUSED, span, word(signal.id.code(), signal.id.name_zh()))
        });
    }

    fn event(&mut self, event: &Event) {
        self.age(event.age_max, event.span);
        let bit = event.id.event_bit();
        let asked = self.contract.all_charges().filter_map(|charge| charge.when);
        let asked = asked.fold(0, |events, when| events | when.needed | when.forbidden);
        let mut days = self.contract.days().filter_map(|day| day.event);
        let used = asked & bit != 0 || days.any(|(id, _)| id == event.id);
        self.refuse_unless(used, || {
            fault!(UNUSED, event.span, word(event.id.code(), event.id.name_zh()))
        });
    }

    fn age(&mut self, age_max: Duration, span: Span) {
        let whole = age_max.milliseconds().checked_rem(1000) == Some(0);
        let sound = whole && age_max > Duration::ZERO && age_max <= AGE_MAX;
        self.refuse_unless(sound, || fault!(AGE, span));
    }

    /// Whether a leaf of any price passes.
    fn uses(&self, passes: impl Fn(&Expression) -> bool) -> bool {
        let mut found = false;
        for charge in self.contract.all_charges() {
            if let ChargeValue::Price(expression) = &charge.value {
                expression.leaves(&mut |leaf| found = found || passes(leaf));
            }
        }
        found
    }

    /// Refuses months that are doubled or missing.
    fn months(&mut self, sets: &[(u16, Span)]) {
        let mut seen = 0;
        for (months, span) in sets {
            for month in month_numbers(months & seen) {
                self.faults.push(fault!(MONTH_TWICE, *span, month));
            }
            seen |= months;
        }
        if let (Some(month), Some((_, span))) = (month_numbers(!seen).next(), sets.last()) {
            self.faults.push(fault!(MONTH_MISSING, *span, month));
        }
    }

    fn known<'n>(
        &mut self,
        name: &Name,
        mut known: impl Iterator<Item = &'n Name> + Clone,
        kind: Declared,
    ) {
        let mut all: Vec<&str> = known.clone().map(|known| known.text.as_str()).collect();
        all.dedup();
        let found = known.any(|known| known.text == name.text);
        self.refuse_unless(found, || unknown(kind, name.span, &name.text.said(), &all));
    }

    fn declared(&mut self, id: SignalId, span: Span) {
        let signals = self.contract.signals().map(|signal| signal.id);
        let events = self.contract.events().map(|event| event.id);
        let mut all: Vec<SignalId> = signals.chain(events).collect();
        all.retain(|other| other.is_event() == id.is_event());
        let kind = if id.is_event() { Declared::Event } else { Declared::Signal };
        let texts: Vec<&str> = all.iter().map(|id| id.code()).collect();
        let found = all.contains(&id);
        self.refuse_unless(found, || unknown(kind, span, &word(id.code(), id.name_zh()), &texts));
    }

    fn declared_quantity(&mut self, quantity: Quantity, span: Span) {
        let known = quantity == Quantity::Energy || self.contract.quantity(quantity).is_some();
        let (code, zh) = (quantity.code(), quantity.name_zh());
        self.refuse_unless(known, || fault!(UNDECLARED, span, code, zh));
    }

    fn examples(&mut self) {
        let contract = self.contract;
        self.refuse_unless(!contract.examples.is_empty(), || fault!(NO_EXAMPLE, contract.end));
        for example in &contract.examples {
            self.example(example);
        }
    }

    /// An example lists each leg once and only facts that the contract reads.
    fn example(&mut self, example: &Example) {
        let contract = self.contract;
        for leg in contract.leg_order() {
            let name = &leg.name.text;
            let count = example.results.iter().filter(|result| result.leg.text == *name).count();
            self.refuse_unless(count == 1, || fault!(EXAMPLE_LEGS, example.span, name));
        }
        for result in &example.results {
            self.known(&result.leg, contract.legs().map(|leg| &leg.name), Declared::Leg);
        }
        for (index, (id, _, _)) in example.signals.iter().enumerate() {
            self.declared(*id, example.span);
            let doubled = example.signals.iter().take(index).any(|(other, _, _)| other == id);
            self.refuse_unless(!doubled, || fault!(TWICE, example.span, id.code()));
        }
        for (index, (quantity, _, span)) in example.quantities.iter().enumerate() {
            self.declared_quantity(*quantity, *span);
            let mut before = example.quantities.iter().take(index);
            let doubled = before.any(|(other, _, _)| other == quantity);
            self.refuse_unless(!doubled, || fault!(TWICE, *span, quantity.code()));
        }
        let held = example.held.is_some() || example.hold.is_some();
        let prepaid = || unknown(Declared::Prepaid, example.span, &word("hold", "冻结"), &[]);
        self.refuse_unless(!held || contract.prepaid.is_some(), prepaid);
    }
}
