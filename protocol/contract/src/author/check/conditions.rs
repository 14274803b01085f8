//! The rules of conditions: each must be able to hold, and no exception may hide behind another.

use quantity::CivilDate;

use super::super::messages::fault;
use super::super::tree::{Charge, Contract, When};
use super::Checker;
use super::calendar::{DayWorld, dates, day_kind, kinds_of, worlds};
use crate::SignalId;
use crate::program::{ALL_BANDS, ALL_DAY_KINDS, ALL_MONTHS, month_bit};

/// Day numbers of the byte code end in 2149.
const YEAR_MAX: i32 = 2139;

impl When {
    /// Whether it leaves anything out.
    fn restricts(&self) -> bool {
        self.months != ALL_MONTHS
            || self.bands != ALL_BANDS
            || self.kinds.is_some_and(|kinds| kinds != ALL_DAY_KINDS)
            || self.needed | self.forbidden != 0
            || self.dates.is_some()
    }

    /// Whether it holds whenever `other` does, as far as its parts tell.
    fn covers(&self, other: &Self) -> bool {
        let within = |set: u16, of: u16| set & !of == 0;
        let kinds = |when: &Self| u16::from(when.kinds.unwrap_or(ALL_DAY_KINDS));
        let dates = match (self.dates, other.dates) {
            (None, _) => true,
            (Some((from, to)), Some((first, last))) => from <= first && last <= to,
            (Some(_), None) => false,
        };
        within(other.months, self.months)
            && within(u16::from(other.bands), u16::from(self.bands))
            && within(kinds(other), kinds(self))
            && within(u16::from(self.needed), u16::from(other.needed))
            && within(u16::from(self.forbidden), u16::from(other.forbidden))
            && dates
    }

    /// Whether there is a day, with the events as it asks, that has one of its bands.
    fn can_hold(&self, contract: &Contract) -> bool {
        let kinds = self.kinds.unwrap_or_else(|| kinds_of(contract));
        worlds(self.months, kinds).any(|world| {
            let world = DayWorld { on: self.needed, off: self.forbidden, ..world };
            self.bands & world.bands(contract) != 0 && self.dates_hold(contract, &world)
        })
    }

    /// Whether a date of its range is such a day.
    fn dates_hold(&self, contract: &Contract, world: &DayWorld) -> bool {
        let Some((from, to)) = self.dates else { return true };
        let listed = contract.special_days().next().is_some();
        let fits = |date: CivilDate| {
            let kind = day_kind(contract, date);
            let kind = if listed { kind == Some(world.kind) } else { true };
            kind && month_bit(date.month) == month_bit(world.month)
        };
        dates(from, to).any(fits)
    }
}

impl Checker<'_> {
    pub(super) fn condition(&mut self, when: &When) {
        for id in SignalId::ALL.iter().filter(|id| id.is_event()) {
            if (when.needed | when.forbidden) & id.event_bit() != 0 {
                self.declared(*id, when.span);
            }
        }
        if let Some((from, to)) = when.dates {
            let sound = from <= to && to.year <= YEAR_MAX;
            self.refuse_unless(sound, || fault!(DATES, when.span));
        }
        let all = when.kinds == Some(ALL_DAY_KINDS);
        self.refuse_unless(!all, || fault!(ALL_DAYS, when.span));
        let ordered = when.dates.is_none_or(|(from, to)| from <= to);
        let holds = when.restricts() && when.can_hold(self.contract);
        self.refuse_unless(holds || all || !ordered, || fault!(NEVER, when.span));
    }

    /// What an exception must be: behind the price that it replaces, like it, and reachable.
    pub(super) fn exception(&mut self, exception: &Charge) {
        let span = exception.span;
        let general = self.contract.charges().find(|charge| exception.replaces(charge));
        let Some(general) = general.filter(|general| general.span.start < span.start) else {
            self.faults.push(fault!(
                EXCEPTION_ALONE,
                span,
                exception.item.code(),
                exception.item.name_zh()
            ));
            return;
        };
        let same = |(one, other): (&super::super::tree::Payee, &super::super::tree::Payee)| {
            one.ppm == other.ppm
        };
        let alike = exception.beyond == general.beyond
            && exception.payees.iter().zip(&general.payees).all(same);
        self.refuse_unless(alike, || fault!(EXCEPTION_DIFFERS, span));
        let own = general.when.map_or(general.span, |when| when.span);
        self.refuse_unless(general.when.is_none(), || fault!(GENERAL_WHEN, own));
        let Some(when) = exception.when else {
            self.faults.push(fault!(EXCEPTION_ALWAYS, span));
            return;
        };
        let mut before =
            self.contract.exceptions(general).take_while(|other| other.span.start < span.start);
        let hidden = before.any(|other| other.when.is_some_and(|earlier| earlier.covers(&when)));
        self.refuse_unless(!hidden, || fault!(EXCEPTION_NEVER, span));
    }
}
