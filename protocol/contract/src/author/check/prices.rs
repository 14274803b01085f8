//! The rules of prices: units, payees, quantities, exceptions.

use alloc::vec::Vec;

use super::super::messages::{Span, both, fault, word};
use super::super::tree::{Charge, ChargeValue, Expression, Payee, Rank, Share};
use super::super::words::{unit_words, wrong_unit};
use super::Checker;
use super::unknown::Declared;
use crate::{CHARGES_MAX, ITEMS_MAX, PAYEES_MAX, Quantity, SHARE_PPM_MAX, SHARE_UNIT_MAX, Unit};

impl Checker<'_> {
    pub(super) fn charges(&mut self) {
        let charges: Vec<_> = self.contract.charges().collect();
        self.refuse_unless(!charges.is_empty(), || fault!(NO_PRICE, self.contract.end));
        for (index, charge) in charges.iter().enumerate() {
            let shares = |other: &&Charge| {
                let mut payees = other.payees.iter();
                let paid = |leg: &str| charge.payees.iter().any(|payee| payee.leg.text == leg);
                other.item == charge.item
                    && other.quantity == charge.quantity
                    && payees.any(|payee| paid(&payee.leg.text))
            };
            let doubled = charges.iter().take(index).copied().any(|other| shares(&other));
            self.refuse_unless(!doubled, || {
                fault!(ITEM_TWICE, charge.span, word(charge.item.code(), charge.item.name_zh()))
            });
        }
        for charge in self.contract.all_charges() {
            self.charge(charge);
        }
        let lines =
            charges.iter().fold(0_usize, |lines, charge| lines.saturating_add(self.lines(charge)));
        if let Some(charge) = charges.get(ITEMS_MAX) {
            self.faults.push(fault!(TOO_MANY, charge.span, both("prices|价格"), ITEMS_MAX));
        } else if lines > CHARGES_MAX {
            let end = self.contract.end;
            self.faults.push(fault!(TOO_MANY, end, both("bill lines|账单行"), CHARGES_MAX));
        }
    }

    /// Most lines that a charge puts on the bill.
    fn lines(&self, charge: &Charge) -> usize {
        let ChargeValue::Tiers(name) = &charge.value else { return charge.payees.len() };
        let table = self.contract.tiers().find(|table| table.name.text == name.text);
        table.map_or(1, |table| table.entries.len())
    }

    fn charge(&mut self, charge: &Charge) {
        let contract = self.contract;
        self.payees(&charge.payees);
        self.quantity_of(charge);
        match &charge.value {
            ChargeValue::Tiers(name) => {
                let tables = contract.tiers().map(|table| &table.name);
                self.known(name, tables, Declared::Tiers);
                let plain = charge.payees.len() == 1
                    && charge.quantity == Quantity::Energy
                    && charge.beyond.is_none()
                    && charge.rank == Rank::General
                    && contract.exceptions(charge).next().is_none();
                self.refuse_unless(plain, || fault!(TIERS_PLAIN, charge.span));
            }
            ChargeValue::Price(expression) => {
                let unit = self.expression(expression, charge);
                let needed = charge.quantity.unit();
                if let (Some(unit), Some(_)) = (unit, needed.filter(|needed| Some(*needed) != unit))
                {
                    let names = (charge.quantity.code(), charge.quantity.name_zh());
                    self.faults.push(wrong_unit(charge.span, unit, needed, names));
                }
            }
        }
        if let Some(when) = &charge.when {
            self.condition(when);
        }
        if charge.rank == Rank::Exception {
            self.exception(charge);
        }
    }

    fn payees(&mut self, payees: &[Payee]) {
        let legs = self.contract.legs().map(|leg| &leg.name);
        for payee in payees {
            self.known(&payee.leg, legs.clone(), Declared::Leg);
        }
        self.names(payees.iter().map(|payee| &payee.leg));
        if let Some(payee) = payees.get(PAYEES_MAX) {
            self.faults.push(fault!(TOO_MANY, payee.leg.span, both("payees|收款方"), PAYEES_MAX));
        }
        let shares = || payees.iter().filter_map(|payee| payee.ppm);
        let sum = shares().fold(0_i64, i64::saturating_add);
        let sound = shares().all(|ppm| ppm > 0) && sum < 1_000_000;
        let span = payees.first().map(|payee| payee.leg.span).unwrap_or_default();
        self.refuse_unless(sound || payees.len() < 2, || fault!(SHARES, span));
    }

    fn quantity_of(&mut self, charge: &Charge) {
        let Charge { quantity, quantity_span: span, .. } = *charge;
        let (code, zh) = (quantity.code(), quantity.name_zh());
        let chargeable = quantity.unit().is_some();
        self.refuse_unless(chargeable, || fault!(LOOKUP_ONLY, span, code, zh));
        if chargeable {
            self.declared_quantity(quantity, span);
        }
        let Some((ppm, base)) = charge.beyond else { return };
        self.declared_quantity(base, span);
        let size = (1..=i64::from(SHARE_PPM_MAX)).contains(&ppm);
        self.refuse_unless(size, || fault!(SHARE_SIZE, span));
        self.refuse_unless(charge.payees.len() < 2, || fault!(SPLIT_BEYOND, span));
        let alike = base.unit() == quantity.unit()
            && base != quantity
            && quantity.unit() != Some(Unit::Ratio)
            && (quantity.is_monthly() || !base.is_monthly());
        let (base_code, base_zh) = (base.code(), base.name_zh());
        self.refuse_unless(alike, || fault!(BEYOND, span, code, base_code, zh, base_zh));
    }

    /// The unit of a price, `None` if a name in it isn't known.
    fn expression(&mut self, expression: &Expression, charge: &Charge) -> Option<Unit> {
        let contract = self.contract;
        match expression {
            Expression::Price(value) => Some(value.unit),
            Expression::Signal(id, span) => {
                self.declared(*id, *span);
                Some(Unit::PerKwh)
            }
            Expression::Bands(name) => {
                let names = contract.bands().map(|row| &row.name);
                self.known(name, names, Declared::Bands);
                contract.bands().filter(|row| row.name.text == name.text).find_map(|row| row.unit())
            }
            Expression::Steps(name) => {
                let names = contract.steps().map(|table| &table.name);
                self.known(name, names, Declared::Steps);
                let table = contract.steps().find(|table| table.name.text == name.text)?;
                let known = !table.quantity.is_monthly() || charge.quantity.is_monthly();
                let (code, zh) = (table.quantity.code(), table.quantity.name_zh());
                self.refuse_unless(known, || fault!(MONTHLY, name.span, code, zh));
                table.entries.first().map(|(_, value, _)| value.unit)
            }
            Expression::Pair(_, first, second, span) => {
                let (first, second) =
                    (self.expression(first, charge), self.expression(second, charge));
                self.pair(first, second, *span)
            }
            Expression::Share(share, of) => {
                let unit = self.expression(of, charge)?;
                self.rounding(share, unit);
                Some(unit)
            }
        }
    }

    fn pair(&mut self, first: Option<Unit>, second: Option<Unit>, span: Span) -> Option<Unit> {
        if let (Some(first), Some(second)) = (first, second) {
            let (one, other) = (unit_words(first).0, unit_words(second).0);
            self.refuse_unless(first == second, || fault!(UNIT_MIX, span, one, other));
        }
        first.or(second)
    }

    fn rounding(&mut self, share: &Share, unit: Unit) {
        let size = share.ppm <= i64::from(SHARE_PPM_MAX);
        self.refuse_unless(size, || fault!(SHARE_SIZE, share.span));
        let Some(to) = share.to else { return };
        let coarse = i64::from(SHARE_UNIT_MAX);
        let sound = to.unit == unit && (1..=coarse).contains(&to.price.micro_yuan_per_kwh());
        self.refuse_unless(sound, || fault!(ROUND_TO, share.span));
    }
}
