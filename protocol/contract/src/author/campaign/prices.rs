//! Random prices: sums of whatever has the right unit, exceptions, shares and conditions.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use quantity::{CivilDate, Duration, Energy};

use super::calendar::{EVENTS, bands_in, kinds_text};
use super::{Dice, Draft, LEGS, Needed, month_text};
use crate::program::{ALL_MONTHS, month_bit};
use crate::{Item, Quantity, SignalId, Unit};

const SIGNALS: [SignalId; 5] = [
    SignalId::Benchmark,
    SignalId::Floating,
    SignalId::Incentive,
    SignalId::MarketPrice,
    SignalId::MarketAverage,
];

impl Draft {
    pub(super) fn charges(&mut self, dice: &mut Dice) {
        let count = usize::try_from(dice.between(1, 6)).unwrap_or(1);
        for item in Item::ALL.iter().take(count) {
            let quantity = self.charged_quantity(dice);
            if quantity == Quantity::Energy && dice.once_in(5) {
                self.tiered(dice, *item);
            } else {
                self.priced(dice, *item, quantity);
            }
        }
    }

    fn charged_quantity(&mut self, dice: &mut Dice) -> Quantity {
        let quantity = if dice.once_in(3) { dice.choose(Quantity::ALL) } else { None };
        let quantity = quantity.filter(|quantity| quantity.unit().is_some());
        let quantity = quantity.unwrap_or(Quantity::Energy);
        if let Some(needed) = self.need(quantity) {
            needed.charged = true;
        }
        quantity
    }

    /// The declaration of a quantity; none for the energy.
    fn need(&mut self, quantity: Quantity) -> Option<&mut Needed> {
        if quantity == Quantity::Energy {
            return None;
        }
        if !self.quantities.iter().any(|needed| needed.quantity == quantity) {
            self.quantities.push(Needed::new(quantity));
        }
        self.quantities.iter_mut().find(|needed| needed.quantity == quantity)
    }

    fn leg(&mut self, place: usize) -> &'static str {
        if let Some(used) = self.legs.get_mut(place) {
            *used = true;
        }
        LEGS.get(place).map_or("bill", |leg| leg.0)
    }

    fn tiered(&mut self, dice: &mut Dice, item: Item) {
        let (basis, name) = (dice.pick(&["month", "year"]), format!("tiers_{}", item.byte()));
        let mut rows = String::new();
        let mut limit = 0_i64;
        for _ in 0..=dice.below(2) {
            limit = limit.saturating_add(dice.between(1, 300_000_000));
            self.limits.push(limit);
            let energy = Energy::from_milliwatt_hours(limit);
            rows.push_str(&format!("up to {energy} {}; ", dice.price(Unit::PerKwh)));
        }
        let last = dice.price(Unit::PerKwh);
        self.rules
            .push_str(&format!("  tiers {name} on energy this {basis} {{ {rows}above {last} }}\n"));
        let place = usize::try_from(dice.below(3)).unwrap_or(0);
        let (leg, when) = (self.leg(place), self.condition(dice));
        let when = when.map(|when| format!(" when{when}")).unwrap_or_default();
        self.rules.push_str(&format!("  price {} = tiers {name} into {leg}{when}\n", item.code()));
    }

    fn priced(&mut self, dice: &mut Dice, item: Item, quantity: Quantity) {
        let unit = quantity.unit().unwrap_or(Unit::PerKwh);
        let value = self.sum(dice, unit, quantity);
        let beyond = self.beyond(dice, quantity);
        let place = usize::try_from(dice.below(4)).unwrap_or(0);
        let mut into = self.leg(place).to_string();
        if beyond.is_empty() && dice.once_in(4) {
            into = self.split(dice, place);
        }
        if quantity != Quantity::Energy || !beyond.is_empty() {
            into.push_str(&format!(" on {}{beyond}", quantity.code()));
        }
        let exceptions = if dice.once_in(3) { dice.between(1, 2) } else { 0 };
        let when = if exceptions == 0 { self.condition(dice) } else { None };
        let when = when.map(|when| format!(" when{when}")).unwrap_or_default();
        self.rules.push_str(&format!("  price {} = {value} into {into}{when}\n", item.code()));
        for _ in 0..exceptions {
            let value = self.sum(dice, unit, quantity);
            let when = self.condition(dice).unwrap_or_else(|| " months 2 4 6".to_string());
            let item = item.code();
            self.rules
                .push_str(&format!("  exception price {item} = {value} into {into} when{when}\n"));
        }
    }

    /// Two or three payees, each leg once.
    fn split(&mut self, dice: &mut Dice, first: usize) -> String {
        let others = (0..LEGS.len()).filter(|place| *place != first);
        let mut legs: Vec<usize> =
            others.take(usize::try_from(dice.between(1, 2)).unwrap_or(1)).collect();
        legs.insert(0, first);
        let last = legs.pop().unwrap_or(0);
        let mut text = String::new();
        for place in legs {
            let share = dice.pick(&["10", "33.3333", "45.5", "0.0001"]);
            text.push_str(&format!("{} {share} %, ", self.leg(place)));
        }
        text.push_str(&format!("{} rest", self.leg(last)));
        text
    }

    fn beyond(&mut self, dice: &mut Dice, quantity: Quantity) -> String {
        let base = dice.choose(Quantity::ALL).unwrap_or(Quantity::Energy);
        let sound = base.unit() == quantity.unit()
            && base != quantity
            && quantity.unit() != Some(Unit::Ratio)
            && (quantity.is_monthly() || !base.is_monthly());
        if !sound || !dice.once_in(2) {
            return String::new();
        }
        self.reads_amounts = true;
        self.need(base);
        format!(" beyond {} % of {}", dice.pick(&["5", "33.3333", "120"]), base.code())
    }

    fn sum(&mut self, dice: &mut Dice, unit: Unit, quantity: Quantity) -> String {
        let mut terms = self.leaf(dice, unit, quantity);
        for _ in 0..dice.below(3) {
            let leaf = self.leaf(dice, unit, quantity);
            terms = match dice.pick(&["+", "-", "min", "max", "- ("]) {
                "- (" => format!("{leaf} - ({terms})"),
                sign @ ("+" | "-") => format!("{terms} {sign} {leaf}"),
                choice => format!("{choice}({terms}, {leaf})"),
            };
        }
        if dice.once_in(5) {
            let to = match unit {
                Unit::Ratio => " to 0.01 %".to_string(),
                Unit::PerKwh | Unit::PerKw => {
                    format!(" to 0.0001 {}", super::super::words::unit_words(unit).0)
                }
            };
            let to = if dice.once_in(2) { to } else { String::new() };
            let rounded = dice.pick(&["down", "half-up"]);
            let share = dice.pick(&["95", "33.3333", "112.5", "50"]);
            terms = format!("{share} % of ({terms}) rounded {rounded}{to}");
        }
        terms
    }

    fn leaf(&mut self, dice: &mut Dice, unit: Unit, quantity: Quantity) -> String {
        match dice.below(5) {
            0 if unit == Unit::PerKwh => {
                let id = dice.choose(&SIGNALS).unwrap_or(SignalId::Floating);
                if !self.signals.contains(&id) {
                    self.signals.push(id);
                }
                format!("signal {}", id.code())
            }
            1 | 2 if unit != Unit::Ratio => self.table(dice, unit),
            3 => self.steps(dice, unit, quantity),
            _ => dice.price(unit),
        }
    }

    fn table(&mut self, dice: &mut Dice, unit: Unit) -> String {
        self.uses_bands = true;
        self.tables = self.tables.saturating_add(1);
        let name = format!("table_{}", self.tables);
        let sets = dice.below(3).saturating_add(1);
        for months in dice.months(sets) {
            let bands = bands_in(&self.rows, months);
            let prices: Vec<String> =
                bands.iter().map(|band| format!("{} {}", band.code(), dice.price(unit))).collect();
            let months = month_text(months);
            self.rules.push_str(&format!("  bands {name} {months} {{ {} }}\n", prices.join("; ")));
        }
        format!("bands {name}")
    }

    fn steps(&mut self, dice: &mut Dice, unit: Unit, quantity: Quantity) -> String {
        let fits = |one: &Quantity| quantity.is_monthly() || !one.is_monthly();
        let known: Vec<Quantity> = Quantity::ALL.iter().copied().filter(fits).collect();
        let read = dice.choose(&known).unwrap_or(Quantity::Energy);
        self.reads_amounts = true;
        self.tables = self.tables.saturating_add(1);
        let name = format!("steps_{}", self.tables);
        let mut limits = [dice.between(1, 800_000), dice.between(1, 800_000)].to_vec();
        limits.sort_unstable();
        limits.dedup();
        let own = Needed::new(read);
        let mut rows = String::new();
        for limit in &limits {
            rows.push_str(&format!("below {} {}; ", own.amount(*limit), dice.price(unit)));
        }
        let last = dice.price(unit);
        let code = read.code();
        self.rules.push_str(&format!("  steps {name} on {code} {{ {rows}above {last} }}\n"));
        match self.need(read) {
            Some(needed) => needed.edges.extend(limits),
            None => self.limits.extend(limits),
        }
        format!("steps {name}")
    }

    /// The parts of a condition, each with a space in front; none in two of five cases.
    fn condition(&mut self, dice: &mut Dice) -> Option<String> {
        let mut parts = String::new();
        if dice.once_in(3) && !self.rows.is_empty() {
            self.uses_bands = true;
            if let Some(band) = dice.choose(&bands_in(&self.rows, ALL_MONTHS)) {
                parts.push_str(&format!(" {}", band.code()));
            }
        }
        if dice.once_in(4) {
            let months = (1..=12).map(month_bit).filter(|_| !dice.once_in(3));
            let months = months.fold(month_bit(1), |set, month| set | month);
            if months != ALL_MONTHS {
                parts.push_str(&format!(" {}", month_text(months)));
            }
        }
        if dice.once_in(5) {
            self.uses_kinds = true;
            parts.push_str(&kinds_text(dice));
        }
        self.events_of(dice, &mut parts);
        if dice.once_in(6) {
            parts.push_str(&self.dates(dice));
        }
        (!parts.is_empty()).then_some(parts)
    }

    fn events_of(&mut self, dice: &mut Dice, parts: &mut String) {
        let mut events = EVENTS.to_vec();
        for without in ["", "without "] {
            if dice.once_in(5) {
                let place = usize::try_from(dice.below(events.len() as u64)).unwrap_or(0);
                let event = events.remove(place);
                parts.push_str(&format!(" {without}{}", event.code()));
                if !self.events.contains(&event) {
                    self.events.push(event);
                }
            }
        }
    }

    /// Some dates of 2026 and a bit of both years beside it.
    fn dates(&mut self, dice: &mut Dice) -> String {
        let first = dice.between(0, 300);
        let length = dice.between(0, 90);
        let start = CivilDate { year: 2026, month: 1, day: 1 }.start();
        let date = |day: i64| {
            start.checked_add(Duration::from_days(day)).map(|at| at.civil().date.to_string())
        };
        let last = first.saturating_add(length);
        self.days.extend([first, last]);
        let (from, to) = (date(first).unwrap_or_default(), date(last).unwrap_or_default());
        format!(" from {from} to {to}")
    }
}
