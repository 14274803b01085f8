//! Every rule of the language, on the tree, with the place and the way out of each fault.

use alloc::string::String;
use alloc::vec::Vec;

use quantity::{Duration, Energy, Price};

use super::messages::{Fault, Span, fault};
use super::tree::{
    BandEntry, BandValue, Bands, Charge, ChargeValue, Contract, Day, Example, Expression, Name,
    Signal, Tiers, share,
};
use crate::program::{ALL_BANDS, ALL_MONTHS};
use crate::{Band, CHARGES_MAX, ITEMS_MAX, LEGS_MAX, LoadError, LoadFault, STACK_MAX, SignalId};

const DAY_SECONDS: u32 = 86_400;
const TIERS_OF_TABLE_MAX: usize = 8;
const AGE_MAX: Duration = Duration::from_days(400);

/// All broken rules.
pub(super) fn check(contract: &Contract) -> Vec<Fault> {
    let mut checker = Checker { contract, faults: Vec::new() };
    checker.header();
    checker.legs();
    checker.signals();
    checker.calendar();
    checker.band_tables();
    checker.tier_tables();
    checker.charges();
    checker.examples();
    checker.faults
}

/// A refusal of the loader in the words of the source.
pub(super) fn refused(contract: &Contract, error: LoadError) -> Fault {
    let (floor, cap) = (contract.floor, contract.cap);
    if let LoadFault::BelowFloor(_, price) | LoadFault::AboveCap(_, price) = error.fault {
        fault!(LIMITS, contract.limits_span, price, floor, cap)
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
pub(super) fn month_numbers(months: u16) -> impl Iterator<Item = u8> {
    (1..=12_u8).filter(move |month| months & crate::program::month_bit(*month) != 0)
}

fn bands_of(set: u8) -> impl Iterator<Item = Band> {
    Band::ALL.iter().copied().filter(move |band| set & band.bit() != 0)
}

/// The bands that the calendar has in a set of months; flat without a calendar.
pub(super) fn bands_in(contract: &Contract, months: u16) -> u8 {
    if contract.days().next().is_none() {
        return Band::Flat.bit();
    }
    let days = contract.days().filter(|day| day.months & months != 0);
    let starts = days.flat_map(|day| &day.starts);
    starts.fold(0, |bands, start| bands | start.band.bit())
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
        let (floor, cap) = (contract.floor, contract.cap);
        self.refuse_unless(floor <= cap, || fault!(FLOOR, contract.limits_span, floor, cap));
    }

    fn legs(&mut self) {
        let legs: Vec<_> = self.contract.legs().collect();
        self.names(legs.iter().map(|leg| &leg.name));
        for (index, leg) in legs.iter().enumerate() {
            let same = |other: &&super::tree::LegRule| {
                (other.debit, other.credit) == (leg.debit, leg.credit)
            };
            let doubled = legs.iter().take(index).copied().any(|other| same(&other));
            let sound = leg.debit != leg.credit && !doubled;
            self.refuse_unless(sound, || fault!(LEG, leg.name.span, leg.name.text));
            let used = self.contract.charges().any(|charge| charge.leg.text == leg.name.text);
            self.refuse_unless(used, || fault!(UNUSED, leg.name.span, leg.name.text));
        }
        if let Some(leg) = legs.get(LEGS_MAX) {
            self.faults.push(fault!(TOO_MANY, leg.name.span, "legs (分项)", LEGS_MAX));
        }
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
    }

    fn signal(&mut self, signal: &Signal) {
        let Signal { low, high, default, age_max, span, .. } = *signal;
        let ordered = low <= default && default <= high;
        self.refuse_unless(ordered, || fault!(CLAMP, span, low, high, default));
        let whole = age_max.milliseconds().checked_rem(1000) == Some(0);
        let sound = whole && age_max > Duration::ZERO && age_max <= AGE_MAX;
        self.refuse_unless(sound, || fault!(AGE, span));
        let used = self.uses(|leaf| matches!(leaf, Expression::Signal(id, _) if *id == signal.id));
        self.refuse_unless(used, || fault!(UNUSED, span, signal.id.code()));
    }

    /// Whether a leaf of any price passes.
    fn uses(&self, passes: impl Fn(&Expression) -> bool) -> bool {
        let mut found = false;
        for charge in self.contract.charges() {
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

    fn calendar(&mut self) {
        let days: Vec<_> = self.contract.days().collect();
        let Some(first) = days.first() else { return };
        let sets: Vec<_> = days.iter().map(|day| (day.months, day.span)).collect();
        self.months(&sets);
        for (index, day) in days.iter().enumerate() {
            self.day(day);
            let content = |day: &Day| -> Vec<_> {
                day.starts.iter().map(|start| (start.minute, start.band)).collect()
            };
            let doubled = days.iter().take(index).any(|other| content(other) == content(day));
            self.refuse_unless(!doubled, || fault!(TABLE_SAME, day.span, "calendar 日历"));
        }
        let conditions = self.contract.charges().filter_map(|charge| charge.when);
        let asked = conditions.clone().any(|when| when.bands != ALL_BANDS);
        let used = asked || self.uses(|leaf| matches!(leaf, Expression::Bands(_)));
        self.refuse_unless(used, || fault!(CALENDAR, first.span));
    }

    fn day(&mut self, day: &Day) {
        let interval = self.contract.interval_seconds;
        let begins = day.starts.first().map_or(DAY_SECONDS, |first| u32::from(first.minute));
        let span = day.starts.first().map_or(day.span, |first| first.span);
        let begin = u16::try_from(begins).map_or_else(|_| String::from("24:00"), clock);
        self.refuse_unless(begins == 0, || fault!(DAY_START, span, begin));
        for pair in day.starts.windows(2) {
            let [before, start] = pair else { continue };
            let rises = start.minute > before.minute && start.band != before.band;
            self.refuse_unless(rises, || fault!(DAY_ORDER, start.span, clock(start.minute)));
        }
        for start in &day.starts {
            let second = u32::from(start.minute).saturating_mul(60);
            let aligned = second.checked_rem(interval).is_none_or(|rest| rest == 0);
            self.refuse_unless(aligned, || fault!(BOUNDARY, start.span, clock(start.minute)));
        }
    }

    fn band_tables(&mut self) {
        let mut names: Vec<&Name> = Vec::new();
        for row in self.contract.bands() {
            self.band_row(row);
            if !names.iter().any(|name| name.text == row.name.text) {
                names.push(&row.name);
            }
        }
        for (index, name) in names.iter().enumerate() {
            let rows = rows_of(self.contract, &name.text);
            let sets: Vec<_> = rows.iter().map(|row| (row.months, row.name.span)).collect();
            self.months(&sets);
            self.distinct_rows(name, &rows);
            let same = |other: &&&Name| {
                content(self.contract, &other.text) == content(self.contract, &name.text)
            };
            let doubled = names.iter().take(index).any(|other| same(&other));
            self.refuse_unless(!doubled, || fault!(TABLE_SAME, name.span, name.text));
            let used =
                self.uses(|leaf| matches!(leaf, Expression::Bands(used) if used.text == name.text));
            self.refuse_unless(used, || fault!(UNUSED, name.span, name.text));
        }
    }

    fn distinct_rows(&mut self, name: &Name, rows: &[&Bands]) {
        for (index, row) in rows.iter().enumerate() {
            let doubled = rows.iter().take(index).any(|other| prices(other) == prices(row));
            self.refuse_unless(!doubled, || fault!(TABLE_SAME, row.name.span, name.text));
        }
    }

    fn band_row(&mut self, row: &Bands) {
        let needed = bands_in(self.contract, row.months);
        let given = row.entries.iter().fold(0, |bands, entry| bands | entry.band.bit());
        for band in bands_of(needed & !given) {
            let month = month_numbers(row.months)
                .find(|month| {
                    let months = crate::program::month_bit(*month);
                    bands_in(self.contract, months) & band.bit() != 0
                })
                .unwrap_or_default();
            self.faults.push(fault!(BANDS, row.name.span, row.name.text, band.code(), month));
        }
        for (index, entry) in row.entries.iter().enumerate() {
            let occurs = needed & entry.band.bit() != 0;
            let code = entry.band.code();
            self.refuse_unless(occurs, || fault!(BAND_NEVER, entry.span, row.name.text, code));
            let doubled = row.entries.iter().take(index).any(|other| other.band == entry.band);
            self.refuse_unless(!doubled, || fault!(TWICE, entry.span, code));
            self.share(row, entry);
        }
    }

    /// A share never rounds: it is exact, or the price must be stated.
    fn share(&mut self, row: &Bands, entry: &BandEntry) {
        let BandValue::Share { ppm, of } = entry.value else { return };
        let Some(base) = row.base(entry.band, of) else {
            self.faults.push(fault!(RATIO_BASE, entry.span, entry.band.code()));
            return;
        };
        let Some((below, rest)) = share(base, ppm) else {
            self.faults.push(fault!(PRICE_SIZE, entry.span, base));
            return;
        };
        let above = below.checked_add(Price::from_micro_yuan_per_kwh(1)).unwrap_or(below);
        let text = percent(ppm);
        self.refuse_unless(rest == 0, || fault!(INEXACT, entry.span, text, base, below, above));
        let fits = below.abs() <= crate::PRICE_MAX;
        self.refuse_unless(fits, || fault!(PRICE_SIZE, entry.span, below));
    }

    fn tier_tables(&mut self) {
        let tables: Vec<_> = self.contract.tiers().collect();
        self.names(tables.iter().map(|table| &table.name));
        let content = |table: &Tiers| {
            let entries = table.entries.iter().map(|(limit, price, _)| (*limit, *price));
            (table.basis, entries.collect::<Vec<_>>())
        };
        for (index, table) in tables.iter().enumerate() {
            let Name { text, span } = &table.name;
            self.tiers(table);
            let doubled = tables.iter().take(index).any(|other| content(other) == content(table));
            self.refuse_unless(!doubled, || fault!(TABLE_SAME, *span, text));
            let used = self.contract.charges().any(
                |charge| matches!(&charge.value, ChargeValue::Tiers(name) if name.text == *text),
            );
            self.refuse_unless(used, || fault!(UNUSED, *span, text));
        }
    }

    fn tiers(&mut self, table: &Tiers) {
        let Name { text, span } = &table.name;
        let few = table.entries.len() <= TIERS_OF_TABLE_MAX;
        self.refuse_unless(few, || fault!(TOO_MANY, *span, "tiers (档)", TIERS_OF_TABLE_MAX));
        let open = table.entries.last().is_some_and(|(limit, _, _)| limit.is_none());
        self.refuse_unless(open && table.entries.len() >= 2, || fault!(TIER_LAST, *span));
        let closed = table.entries.len().saturating_sub(1);
        let mut last = Energy::ZERO;
        for (limit, _, span) in table.entries.iter().take(closed) {
            let rises = limit.is_some_and(|limit| limit > last);
            self.refuse_unless(rises, || fault!(TIER_ORDER, *span));
            last = limit.unwrap_or(last);
        }
        for pair in table.entries.windows(2) {
            let [(_, before, _), (_, price, span)] = pair else { continue };
            self.refuse_unless(before != price, || fault!(TABLE_SAME, *span, text));
        }
    }

    fn charges(&mut self) {
        let charges: Vec<_> = self.contract.charges().collect();
        self.refuse_unless(!charges.is_empty(), || fault!(NO_PRICE, self.contract.end));
        for (index, charge) in charges.iter().enumerate() {
            self.charge(charge);
            let same =
                |other: &&Charge| other.item == charge.item && other.leg.text == charge.leg.text;
            let doubled = charges.iter().take(index).copied().any(|other| same(&other));
            self.refuse_unless(!doubled, || fault!(ITEM_TWICE, charge.span, charge.item.code()));
        }
        let lines =
            charges.iter().fold(0_usize, |lines, charge| lines.saturating_add(self.lines(charge)));
        if let Some(charge) = charges.get(ITEMS_MAX) {
            self.faults.push(fault!(TOO_MANY, charge.span, "prices (价格)", ITEMS_MAX));
        } else if lines > CHARGES_MAX {
            self.faults.push(fault!(
                TOO_MANY,
                self.contract.end,
                "bill lines (账单行)",
                CHARGES_MAX
            ));
        }
    }

    /// Most lines that a charge puts on the bill.
    fn lines(&self, charge: &Charge) -> usize {
        let ChargeValue::Tiers(name) = &charge.value else { return 1 };
        let table = self.contract.tiers().find(|table| table.name.text == name.text);
        table.map_or(1, |table| table.entries.len())
    }

    fn charge(&mut self, charge: &Charge) {
        let contract = self.contract;
        self.known(&charge.leg, contract.legs().map(|leg| &leg.name), ("leg", "分项"));
        match &charge.value {
            ChargeValue::Tiers(name) => {
                self.known(
                    name,
                    contract.tiers().map(|table| &table.name),
                    ("tier table", "阶梯表"),
                );
            }
            ChargeValue::Price(expression) => self.expression(expression, charge.span),
        }
        let Some(when) = charge.when else { return };
        let holds = month_numbers(when.months)
            .any(|month| bands_in(contract, crate::program::month_bit(month)) & when.bands != 0);
        let restricts = when.months != ALL_MONTHS || when.bands != ALL_BANDS;
        self.refuse_unless(holds && restricts, || fault!(NEVER, when.span));
    }

    fn expression(&mut self, expression: &Expression, span: Span) {
        let contract = self.contract;
        let deep = expression.depth() > STACK_MAX;
        self.refuse_unless(!deep, || fault!(DEEP, span));
        expression.leaves(&mut |leaf| match leaf {
            Expression::Bands(name) => {
                self.known(name, contract.bands().map(|row| &row.name), ("band table", "分时表"));
            }
            Expression::Signal(id, span) => self.declared(*id, *span),
            Expression::Price(_) | Expression::Pair(..) => {}
        });
    }

    fn known<'n>(
        &mut self,
        name: &Name,
        mut known: impl Iterator<Item = &'n Name> + Clone,
        (en, zh): (&str, &str),
    ) {
        let all: Vec<&str> = known.clone().map(|known| known.text.as_str()).collect();
        let found = known.any(|known| known.text == name.text);
        self.refuse_unless(found, || fault!(UNKNOWN, name.span, name.text, en, zh, all.join(", ")));
    }

    fn declared(&mut self, id: SignalId, span: Span) {
        let all: Vec<&str> = self.contract.signals().map(|signal| signal.id.code()).collect();
        let found = self.contract.signals().any(|signal| signal.id == id);
        self.refuse_unless(found, || {
            fault!(UNKNOWN, span, id.code(), "signal", "信号", all.join(", "))
        });
    }

    fn examples(&mut self) {
        let contract = self.contract;
        self.refuse_unless(!contract.examples.is_empty(), || fault!(NO_EXAMPLE, contract.end));
        for example in &contract.examples {
            self.example(example);
        }
    }

    /// An example lists each leg once and only signals that the contract reads.
    fn example(&mut self, example: &Example) {
        let contract = self.contract;
        for leg in contract.leg_order() {
            let name = &leg.name.text;
            let count = example.results.iter().filter(|result| result.leg.text == *name).count();
            self.refuse_unless(count == 1, || fault!(EXAMPLE_LEGS, example.span, name));
        }
        for result in &example.results {
            self.known(&result.leg, contract.legs().map(|leg| &leg.name), ("leg", "分项"));
        }
        for (id, _, _) in &example.signals {
            self.declared(*id, example.span);
        }
    }
}

/// The rows of a table, ordered by their first month.
pub(super) fn rows_of<'t>(contract: &'t Contract, name: &str) -> Vec<&'t Bands> {
    let mut rows: Vec<_> = contract.bands().filter(|row| row.name.text == name).collect();
    rows.sort_by_key(|row| row.months.trailing_zeros());
    rows
}

/// The price of each band.
fn prices(row: &Bands) -> Vec<Option<Price>> {
    Band::ALL.iter().map(|band| row.price(*band)).collect()
}

fn content(contract: &Contract, name: &str) -> Vec<(u16, Vec<Option<Price>>)> {
    rows_of(contract, name).iter().map(|row| (row.months, prices(row))).collect()
}

/// A minute of the day as `07:00`.
pub(super) fn clock(minute: u16) -> String {
    let hour = minute.checked_div(60).unwrap_or_default();
    alloc::format!("{hour:02}:{:02}", minute.checked_rem(60).unwrap_or_default())
}

/// Parts per million as percent, without needless zeros.
fn percent(ppm: i64) -> String {
    super::explain::short(Energy::from_milliwatt_hours(ppm.saturating_mul(100)))
}
