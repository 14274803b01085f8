//! Legs, signals, events and tables.

use alloc::format;
use alloc::vec::Vec;

use super::super::keywords::{
    ABOVE, BANDS, BELOW, CALENDAR, EVENT, EXCEPTION, EXPIRED, EXPIRES_AFTER, LEG, OFF, OLDER_THAN,
    ON, ON_QUANTITY, PRICE, PURPOSE, SIGNAL, SPECIAL_DAYS, STEPS, TAKE, THIS_MONTH, THIS_YEAR,
    TIERS, TO, UP_TO, WINDOWS, WITHIN,
};
use super::super::lexer::Kind;
use super::super::messages::Span;
use super::super::pieces::Text;
use super::super::tree::{
    BandEntry, BandValue, Bands, Event, LegRule, Rank, Signal, Statement, Steps, Switch, Tiers,
};
use super::words::{BANDS as BAND_WORDS, EVENTS, PURPOSES, QUANTITIES, ROLES, SIGNALS};
use super::{Parsed, Parser};
use crate::{Band, Purpose, TierBasis};

impl Parser<'_, '_> {
    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        let start = self.peek().span;
        if self.accept(LEG) {
            self.leg().map(Statement::Leg)
        } else if self.accept(SIGNAL) {
            self.signal(start).map(Statement::Signal)
        } else if self.accept(EVENT) {
            self.event(start).map(Statement::Event)
        } else if let Some(written) = self.accept_written(SPECIAL_DAYS) {
            self.special_days(start, written).map(Statement::SpecialDays)
        } else if self.accept(CALENDAR) {
            self.calendar(start).map(Statement::Day)
        } else if self.accept(WINDOWS) {
            self.windows(start).map(Statement::Day)
        } else if self.accept(BANDS) {
            self.bands().map(Statement::Bands)
        } else if self.accept(TIERS) {
            self.tiers().map(Statement::Tiers)
        } else if self.accept(STEPS) {
            self.steps().map(Statement::Steps)
        } else if self.accept(EXCEPTION) {
            self.keyword(PRICE)?;
            self.charge(start, Rank::Exception).map(Statement::Charge)
        } else if self.accept(PRICE) {
            self.charge(start, Rank::General).map(Statement::Charge)
        } else {
            let all = [LEG, SIGNAL, EVENT, SPECIAL_DAYS, CALENDAR, WINDOWS, BANDS, TIERS, STEPS];
            let first = |texts: &[&'static str]| texts.first().copied().unwrap_or_default();
            let all = || all.iter().chain(&[EXCEPTION, PRICE]);
            let en: Vec<_> = all().map(|keyword| format!("`{}`", first(keyword.en))).collect();
            let zh: Vec<_> = all().map(|keyword| format!("“{}”", first(keyword.zh))).collect();
            self.expected(&format!("{} or `}}`|{}或“}}”", en.join(", "), zh.join("、")))
        }
    }

    fn leg(&mut self) -> Parsed<LegRule> {
        let name = self.name("the name of the leg|分项名")?;
        self.symbol(":")?;
        let debit = self.word(&ROLES)?;
        self.symbol("->")?;
        let credit = self.word(&ROLES)?;
        let purpose = if self.accept(PURPOSE) { self.word(&PURPOSES)? } else { Purpose::None };
        let dated = self.sees(EXPIRES_AFTER) || self.peek().kind == Kind::Number;
        let expires = if dated {
            Some(self.phrase(EXPIRES_AFTER, EXPIRED, |parser| parser.duration())?)
        } else {
            None
        };
        Ok(LegRule { name, debit, credit, purpose, expires })
    }

    fn signal(&mut self, start: Span) -> Parsed<Signal> {
        let id = self.word(&SIGNALS)?;
        self.keyword(WITHIN)?;
        let (low, _) = self.price()?;
        self.keyword(TO)?;
        let (high, _) = self.price()?;
        self.comma();
        self.pieces.hint(Text::Soft);
        self.keyword(OLDER_THAN)?;
        let (age_max, _) = self.duration()?;
        self.keyword(TAKE)?;
        let (default, _) = self.price()?;
        Ok(Signal { id, low, high, default, age_max, span: self.span_from(start) })
    }

    fn event(&mut self, start: Span) -> Parsed<Event> {
        let id = self.word(&EVENTS)?;
        self.comma();
        self.keyword(OLDER_THAN)?;
        let (age_max, _) = self.duration()?;
        self.keyword(TAKE)?;
        let default = self.switch()?;
        Ok(Event { id, default, age_max, span: self.span_from(start) })
    }

    pub(super) fn switch(&mut self) -> Parsed<Switch> {
        if self.accept(ON) {
            return Ok(Switch::On);
        }
        if self.accept(OFF) { Ok(Switch::Off) } else { self.expected("on / 是, off / 否") }
    }

    fn bands(&mut self) -> Parsed<Bands> {
        let name = self.name("the name of the table|表名")?;
        let months = self.months()?;
        Ok(Bands { name, months, entries: self.list(Self::band_entry)? })
    }

    fn band_entry(&mut self) -> Parsed<BandEntry> {
        let start = self.peek().span;
        let band = self.word(&BAND_WORDS)?;
        let value = if self.look(1).kind == Kind::Symbol("%") {
            let (ppm, _) = self.percent()?;
            let of =
                if self.peek().kind == Kind::Word { self.word(&BAND_WORDS)? } else { Band::Flat };
            BandValue::Share { ppm, of }
        } else {
            BandValue::Price(self.value()?.0)
        };
        Ok(BandEntry { band, value, span: self.span_from(start) })
    }

    fn tiers(&mut self) -> Parsed<Tiers> {
        let name = self.name("the name of the table|表名")?;
        let basis = if self.accept(THIS_YEAR) {
            TierBasis::Year
        } else {
            self.keyword(THIS_MONTH)?;
            TierBasis::Month
        };
        let entries = self.list(|parser| {
            let start = parser.peek().span;
            let limit = if parser.accept(ABOVE) {
                None
            } else {
                parser.keyword(UP_TO)?;
                Some(parser.energy()?.0)
            };
            let (price, _) = parser.price()?;
            Ok((limit, price, parser.span_from(start)))
        })?;
        Ok(Tiers { name, basis, entries })
    }

    fn steps(&mut self) -> Parsed<Steps> {
        let name = self.name("the name of the table|表名")?;
        self.keyword(ON_QUANTITY)?;
        let quantity = self.word(&QUANTITIES)?;
        let entries = self.list(|parser| {
            let start = parser.peek().span;
            let limit = if parser.accept(ABOVE) {
                None
            } else {
                parser.keyword(BELOW)?;
                Some(parser.amount_of(quantity)?.0)
            };
            let (value, _) = parser.value()?;
            Ok((limit, value, parser.span_from(start)))
        })?;
        Ok(Steps { name, quantity, entries })
    }
}
