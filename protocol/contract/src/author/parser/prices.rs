//! Prices: expressions, payees, quantities and conditions.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::diagnostic::Language;
use super::super::keywords::{
    ALL_YEAR, BANDS, BEYOND, FROM, GREATER, INTO, LESSER, MONTHS, OF, OF_QUANTITY, ON_DAYS,
    ON_QUANTITY, REST, ROUNDED_DOWN, ROUNDED_HALF_UP, ROUNDED_TO, SIGNAL, STEPS, TIERS, TO, WHEN,
    WHILE, WITHOUT,
};
use super::super::lexer::Kind;
use super::super::messages::{Span, both, fault};
use super::super::pieces::Text;
use super::super::tree::{
    Charge, ChargeValue, Expression, Operation, Payee, Rank, Rounding, Share, When,
};
use super::words::{BANDS as BAND_WORDS, EVENTS, ITEMS, QUANTITIES, SIGNALS};
use super::{LIST_MAX, Parsed, Parser};
use crate::Quantity;
use crate::program::{ALL_BANDS, ALL_MONTHS};

/// Nested `min`, `max` and shares, and terms of a sum: bounds the recursion over a hostile source.
const NESTING_MAX: usize = 16;
const TERMS_MAX: usize = 32;

impl Parser<'_, '_> {
    pub(super) fn charge(&mut self, start: Span, rank: Rank) -> Parsed<Charge> {
        let item = self.word(&ITEMS)?;
        self.symbol("=")?;
        let value = if self.accept(TIERS) {
            ChargeValue::Tiers(self.name("the name of a tier table|阶梯表名")?)
        } else {
            ChargeValue::Price(self.expression()?)
        };
        self.pieces.hint(Text::Soft);
        self.keyword(INTO)?;
        let payees = self.payees()?;
        let quantity_start = self.peek().span;
        let (mut quantity, mut beyond) = (Quantity::Energy, None);
        if self.accept(ON_QUANTITY) {
            quantity = self.word(&QUANTITIES)?;
            beyond = self.beyond()?;
        }
        let quantity_span = self.span_from(quantity_start);
        self.pieces.hint(Text::Soft);
        let when = if self.accept(WHEN) { Some(self.when()?) } else { None };
        let span = self.span_from(start);
        Ok(Charge { item, value, payees, quantity, quantity_span, beyond, when, rank, span })
    }

    /// `bill`, or `treasury 90 %, extra rest`.
    fn payees(&mut self) -> Parsed<Vec<Payee>> {
        let mut payees = Vec::new();
        loop {
            let leg = self.name("the name of a leg|分项名")?;
            let shared = self.peek().kind == Kind::Number;
            let ppm = if shared { Some(self.percent()?.0) } else { None };
            let rest = !shared && self.accept(REST);
            let alone = payees.is_empty() && ppm.is_none() && !rest;
            if payees.len() >= LIST_MAX {
                return Err(fault!(TOO_MANY, leg.span, both("payees|收款方"), crate::PAYEES_MAX));
            }
            payees.push(Payee { leg, ppm });
            if alone {
                return Ok(payees);
            }
            if rest || !self.accept_symbol(",") {
                return self.last_has_rest(rest, payees);
            }
        }
    }

    fn last_has_rest(&self, rest: bool, payees: Vec<Payee>) -> Parsed<Vec<Payee>> {
        let span = payees.last().map(|payee| payee.leg.span).unwrap_or_default();
        if rest && payees.len() > 1 { Ok(payees) } else { Err(fault!(NO_REST, span)) }
    }

    /// `beyond 5 % of traded-power`
    fn beyond(&mut self) -> Parsed<Option<(i64, Quantity)>> {
        let Some(written) = self.accept_written(BEYOND) else { return Ok(None) };
        let (ppm, _) = self.percent()?;
        self.particle(OF_QUANTITY, written)?;
        Ok(Some((ppm, self.word(&QUANTITIES)?)))
    }

    /// Parts in any order; each at most once, but events as many as there are.
    fn when(&mut self) -> Parsed<When> {
        let start = self.peek().span;
        let mut when = When {
            months: ALL_MONTHS,
            bands: 0,
            kinds: None,
            needed: 0,
            forbidden: 0,
            dates: None,
            span: start,
        };
        let (mut months_given, mut given) = (false, false);
        while let Some(part) = self.part() {
            given = true;
            let span = self.peek().span;
            let doubled = match part {
                Part::Bands => self.some_bands(&mut when)?,
                Part::Months => {
                    when.months = self.months()?;
                    core::mem::replace(&mut months_given, true)
                }
                Part::Kinds => {
                    self.accept(ON_DAYS);
                    when.kinds.replace(self.day_kinds()?).is_some()
                }
                Part::Needed | Part::Forbidden => self.some_event(&mut when, part)?,
                Part::Dates => {
                    self.accept(FROM);
                    let from = self.date()?;
                    self.keyword(TO)?;
                    when.dates.replace((from, self.date()?)).is_some()
                }
            };
            if doubled {
                let span = self.span_from(span);
                let text = self.source.get(span.start..span.end).unwrap_or_default();
                return Err(fault!(TWICE, span, text));
            }
            if self.peek().kind == Kind::Symbol(",") {
                self.skip_comma();
                if self.part().is_none() {
                    return self.no_part();
                }
            }
        }
        if !given {
            return self.no_part();
        }
        when.span = self.span_from(start);
        when.bands = if when.bands == 0 { ALL_BANDS } else { when.bands };
        Ok(when)
    }

    fn no_part<T>(&self) -> Parsed<T> {
        self.expected(
            "a band, months, `on` DAY-KIND, an event, `without` EVENT or `from` DATE `to` DATE|时段、月份、“逢 日期类型”、事件、“无 事件”或“自 日期 至 日期”",
        )
    }

    fn some_bands(&mut self, when: &mut When) -> Parsed<bool> {
        let bit = self.word(&BAND_WORDS)?.bit();
        let doubled = when.bands & bit != 0;
        when.bands |= bit;
        Ok(doubled)
    }

    fn some_event(&mut self, when: &mut When, part: Part) -> Parsed<bool> {
        let bit = if part == Part::Needed {
            self.skip_while();
            self.event_name()?.0.event_bit()
        } else {
            self.accept(WITHOUT);
            self.event_name()?.0.event_bit()
        };
        let doubled = (when.needed | when.forbidden) & bit != 0;
        let set = if part == Part::Needed { &mut when.needed } else { &mut when.forbidden };
        *set |= bit;
        Ok(doubled)
    }

    /// `when while E` says no more than `when E`.
    fn skip_while(&mut self) {
        let place = self.pieces.place();
        if self.accept(WHILE) {
            self.pieces.0.truncate(place);
        }
    }

    /// Which part of a condition comes next.
    fn part(&self) -> Option<Part> {
        let months = self.peek().kind == Kind::Number || self.sees(MONTHS) || self.sees(ALL_YEAR);
        [
            (self.sees_word(&BAND_WORDS), Part::Bands),
            (months, Part::Months),
            (self.sees(ON_DAYS), Part::Kinds),
            (self.sees_word(&EVENTS) || self.sees(WHILE), Part::Needed),
            (self.sees(WITHOUT), Part::Forbidden),
            (self.sees(FROM), Part::Dates),
        ]
        .into_iter()
        .find_map(|(comes, part)| comes.then_some(part))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Bands,
    Months,
    Kinds,
    Needed,
    Forbidden,
    Dates,
}

// Expressions.
impl Parser<'_, '_> {
    fn expression(&mut self) -> Parsed<Expression> {
        let start = self.peek().span;
        self.nesting = self.nesting.saturating_add(1);
        if self.nesting > NESTING_MAX {
            return Err(fault!(DEEP, start));
        }
        let mut sum = self.term()?;
        for _ in 0..TERMS_MAX {
            let operation = if self.accept_symbol("+") {
                Operation::Add
            } else if self.accept_symbol("-") {
                Operation::Subtract
            } else {
                self.nesting = self.nesting.saturating_sub(1);
                return Ok(sum);
            };
            let second = self.peek().span;
            let term = self.term()?;
            let span = self.span_from(second);
            sum = Expression::Pair(operation, Box::new(sum), Box::new(term), span);
        }
        Err(fault!(TOO_MANY, self.span_from(start), both("terms|加项"), TERMS_MAX))
    }

    fn term(&mut self) -> Parsed<Expression> {
        if self.accept(SIGNAL) {
            let span = self.peek().span;
            return Ok(Expression::Signal(self.word(&SIGNALS)?, span));
        }
        if self.accept(BANDS) {
            return self.name("the name of a band table|分时表名").map(Expression::Bands);
        }
        if self.accept(STEPS) {
            return self.name("the name of a steps table|级差表名").map(Expression::Steps);
        }
        for (keyword, operation) in [(LESSER, Operation::Lesser), (GREATER, Operation::Greater)] {
            if self.accept(keyword) {
                return self.chosen(operation);
            }
        }
        if self.accept_symbol("(") {
            let inside = self.expression()?;
            self.symbol(")")?;
            return Ok(inside);
        }
        if matches!(self.peek().kind, Kind::Number | Kind::Symbol("-" | "+")) {
            return self.value_or_share();
        }
        self.expected(
            "a price, `signal`, `bands`, `steps`, `min`, `max` or ( … )|价格、“信号”、“分时表”、“级差表”、“较小”、“较大”或 ( … )",
        )
    }

    fn chosen(&mut self, operation: Operation) -> Parsed<Expression> {
        self.symbol("(")?;
        let first = self.expression()?;
        self.symbol(",")?;
        let start = self.peek().span;
        let second = self.expression()?;
        let span = self.span_from(start);
        self.symbol(")")?;
        Ok(Expression::Pair(operation, Box::new(first), Box::new(second), span))
    }

    /// `0.5 yuan/kWh`, `2 %`, or `95 % of (…) rounded down to 0.0001 yuan/kWh`.
    fn value_or_share(&mut self) -> Parsed<Expression> {
        let start = self.peek().span;
        let (value, span) = self.value()?;
        if !self.sees(OF) && self.peek().kind != Kind::Symbol("×") {
            return Ok(Expression::Price(value));
        }
        let ppm = value.price.micro_yuan_per_kwh();
        if value.unit != crate::Unit::Ratio || ppm <= 0 {
            return Err(fault!(SHARE_OF, span));
        }
        self.times();
        self.symbol("(")?;
        let of = self.expression()?;
        self.symbol(")")?;
        let rounding = if self.accept(ROUNDED_DOWN) {
            Rounding::Down
        } else if self.accept(ROUNDED_HALF_UP) {
            Rounding::HalfUp
        } else {
            return Err(fault!(NO_ROUNDING, self.span_from(start)));
        };
        let to = if self.accept(ROUNDED_TO) { Some(self.value()?.0) } else { None };
        let share = Share { ppm, rounding, to, span: self.span_from(start) };
        Ok(Expression::Share(share, Box::new(of)))
    }

    /// `of` or `×`.
    fn times(&mut self) {
        if let Some(token) = self.take_if(Kind::Symbol("×")) {
            let text = Text::Word { en: "of", zh: "×", written: Language::Chinese };
            self.pieces.push(token.span, text);
        } else {
            self.accept(OF);
        }
    }
}
