//! The rules of band, tier and steps tables.

use alloc::vec::Vec;

use quantity::{Energy, Price};

use super::super::messages::{Both, Span, both, fault, word};
use super::super::tree::{
    BandEntry, BandValue, Bands, ChargeValue, Contract, Expression, Name, Steps, Tiers, share,
};
use super::super::words::{percent, unit_words, value_text};
use super::calendar::bands_in;
use super::{Checker, bands_of, month_numbers};
use crate::program::month_bit;
use crate::{Band, Quantity, Unit};

const ROWS_MAX: usize = 8;

/// The rows of a table, ordered by their first month.
pub(in crate::author) fn rows_of<'t>(contract: &'t Contract, name: &str) -> Vec<&'t Bands> {
    let mut rows: Vec<_> = contract.bands().filter(|row| row.name.text == name).collect();
    rows.sort_by_key(|row| row.months.trailing_zeros());
    rows
}

/// The price of each band.
fn prices(row: &Bands) -> Vec<Option<Price>> {
    Band::ALL.iter().map(|band| row.price(*band)).collect()
}

type Content = (Option<Unit>, Vec<(u16, Vec<Option<Price>>)>);

fn content(contract: &Contract, name: &str) -> Content {
    let rows = rows_of(contract, name);
    let unit = rows.first().and_then(|row| row.unit());
    (unit, rows.iter().map(|row| (row.months, prices(row))).collect())
}

impl Checker<'_> {
    pub(super) fn band_tables(&mut self) {
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
        let units = rows.iter().flat_map(|row| &row.entries).filter_map(stated_unit);
        self.one_unit(units.collect());
    }

    /// All values of a table have the unit of the first.
    fn one_unit(&mut self, units: Vec<(Unit, Span)>) {
        let Some((first, _)) = units.first().copied() else { return };
        for (unit, span) in units {
            self.same_unit(first, unit, span);
        }
    }

    pub(super) fn same_unit(&mut self, first: Unit, second: Unit, span: Span) {
        let (one, other) = (unit_words(first).0, unit_words(second).0);
        self.refuse_unless(first == second, || fault!(UNIT_MIX, span, one, other));
    }

    fn band_row(&mut self, row: &Bands) {
        let needed = bands_in(self.contract, row.months);
        let given = row.entries.iter().fold(0, |bands, entry| bands | entry.band.bit());
        for band in bands_of(needed & !given) {
            let month = month_numbers(row.months)
                .find(|month| bands_in(self.contract, month_bit(*month)) & band.bit() != 0)
                .unwrap_or_default();
            self.faults.push(fault!(BANDS, row.name.span, row.name.text, band_word(band), month));
        }
        for (index, entry) in row.entries.iter().enumerate() {
            let occurs = needed & entry.band.bit() != 0;
            let code = band_word(entry.band);
            self.refuse_unless(occurs, || fault!(BAND_NEVER, entry.span, row.name.text, code));
            let doubled = row.entries.iter().take(index).any(|other| other.band == entry.band);
            self.refuse_unless(!doubled, || fault!(TWICE, entry.span, code));
            self.share(row, entry);
        }
    }

    /// A share never rounds: it is exact, or the price must be stated.
    fn share(&mut self, row: &Bands, entry: &BandEntry) {
        let BandValue::Share { ppm, of } = entry.value else { return };
        let unit = row.unit().unwrap_or(Unit::PerKwh);
        let text = |price: Price| value_text(price, unit);
        let Some(base) = row.base(entry.band, of) else {
            self.faults.push(fault!(RATIO_BASE, entry.span, band_word(entry.band), band_word(of)));
            return;
        };
        let Some((below, rest)) = share(base, ppm) else {
            self.faults.push(fault!(PRICE_SIZE, entry.span, text(base)));
            return;
        };
        let above = below.checked_add(Price::from_micro_yuan_per_kwh(1)).unwrap_or(below);
        let (base, low, high) = (text(base), text(below), text(above));
        self.refuse_unless(rest == 0, || {
            fault!(INEXACT, entry.span, percent(ppm), base, low, high)
        });
        let fits = below.abs() <= crate::PRICE_MAX;
        self.refuse_unless(fits, || fault!(PRICE_SIZE, entry.span, text(below)));
    }

    pub(super) fn tier_tables(&mut self) {
        let tables: Vec<_> = self.contract.tiers().collect();
        self.names(tables.iter().map(|table| &table.name));
        let content = |table: &Tiers| {
            let entries = table.entries.iter().map(|(limit, price, _)| (*limit, *price));
            (table.basis, entries.collect::<Vec<_>>())
        };
        for (index, table) in tables.iter().enumerate() {
            let Name { text, span } = &table.name;
            let limit = |limit: &Option<Energy>| limit.map(Energy::milliwatt_hours);
            let rows: Vec<_> =
                table.entries.iter().map(|(at, price, span)| (limit(at), *price, *span)).collect();
            self.rows(&table.name, &rows);
            let doubled = tables.iter().take(index).any(|other| content(other) == content(table));
            self.refuse_unless(!doubled, || fault!(TABLE_SAME, *span, text));
            let used = self.contract.all_charges().any(
                |charge| matches!(&charge.value, ChargeValue::Tiers(name) if name.text == *text),
            );
            self.refuse_unless(used, || fault!(UNUSED, *span, text));
        }
    }

    pub(super) fn steps_tables(&mut self) {
        let tables: Vec<_> = self.contract.steps().collect();
        self.names(tables.iter().map(|table| &table.name));
        let content = |table: &Steps| {
            let entries = table.entries.iter().map(|(limit, value, _)| (*limit, *value));
            (table.quantity, entries.collect::<Vec<_>>())
        };
        for (index, table) in tables.iter().enumerate() {
            let Name { text, span } = &table.name;
            let rows: Vec<_> =
                table.entries.iter().map(|(at, value, span)| (*at, value.price, *span)).collect();
            self.rows(&table.name, &rows);
            self.one_unit(
                table.entries.iter().map(|(_, value, span)| (value.unit, *span)).collect(),
            );
            self.declared_quantity(table.quantity, *span);
            self.within_bound(table);
            let doubled = tables.iter().take(index).any(|other| content(other) == content(table));
            self.refuse_unless(!doubled, || fault!(TABLE_SAME, *span, text));
            let used =
                self.uses(|leaf| matches!(leaf, Expression::Steps(name) if name.text == *text));
            self.refuse_unless(used, || fault!(UNUSED, *span, text));
        }
    }

    /// A limit above the bound of the quantity would never be passed.
    fn within_bound(&mut self, table: &Steps) {
        let rule = self.contract.quantity(table.quantity);
        let energy = self.contract.energy_max.milliwatt_hours();
        let most = rule.map_or(energy, |rule| rule.most);
        let known = rule.is_some() || table.quantity == Quantity::Energy;
        let (code, zh) = (table.quantity.code(), table.quantity.name_zh());
        for (limit, _, span) in &table.entries {
            let reached = limit.is_none_or(|limit| limit <= most);
            self.refuse_unless(reached || !known, || fault!(STEP_BOUND, *span, code, zh));
        }
    }

    /// Rows with rising limits, of which the last is open, and neighbours that differ.
    fn rows(&mut self, name: &Name, rows: &[(Option<i64>, Price, Span)]) {
        let few = rows.len() <= ROWS_MAX;
        self.refuse_unless(few, || fault!(TOO_MANY, name.span, both("rows|档"), ROWS_MAX));
        let open = rows.last().is_some_and(|(limit, _, _)| limit.is_none());
        self.refuse_unless(open && rows.len() >= 2, || fault!(TIER_LAST, name.span));
        let mut last = 0;
        for (limit, _, span) in rows.iter().take(rows.len().saturating_sub(1)) {
            let rises = limit.is_some_and(|limit| limit > last);
            self.refuse_unless(rises, || fault!(TIER_ORDER, *span));
            last = limit.unwrap_or(last);
        }
        for pair in rows.windows(2) {
            let [(_, before, _), (_, price, span)] = pair else { continue };
            self.refuse_unless(before != price, || fault!(TABLE_SAME, *span, name.text));
        }
    }
}

fn band_word(band: Band) -> Both {
    word(band.code(), band.name_zh())
}

fn stated_unit(entry: &BandEntry) -> Option<(Unit, Span)> {
    match entry.value {
        BandValue::Price(value) => Some((value.unit, entry.span)),
        BandValue::Share { .. } => None,
    }
}
