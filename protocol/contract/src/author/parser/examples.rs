//! Worked examples.

use alloc::vec::Vec;

use quantity::{CivilDate, CivilTime, Duration, Energy, Instant, PicoYuan, Price};

use super::super::diagnostic::Language;
use super::super::keywords::Keyword;
use super::super::keywords::{AGED, CARRY, ENERGY, HELD, HOLD, MONTH_BEFORE, RESTS, YEAR_BEFORE};
use super::super::lexer::Kind;
use super::super::messages::{both, fault};
use super::super::pieces::Text;
use super::super::tree::{EVENT_ON, Example, ExampleLeg, Switch};
use super::words::{EVENTS, QUANTITIES, SIGNALS};
use super::{LIST_MAX, Parsed, Parser};
use crate::{Direction, Quantity};

impl Parser<'_, '_> {
    /// `2026-07-01 20:00 month 179 kWh energy 3 kWh, floating 0.1 yuan/kWh => bill 1.7 yuan`.
    pub(super) fn example(&mut self) -> Parsed<Example> {
        let start = self.peek().span;
        let date = self.date()?;
        let (minute, _) = self.minute()?;
        let month_before = self.register(MONTH_BEFORE)?;
        let year_before = self.register(YEAR_BEFORE)?;
        self.energy_word()?;
        let (energy, _) = self.energy()?;
        let mut example = Example {
            start: instant(date, minute),
            month_before,
            year_before,
            energy,
            signals: Vec::new(),
            quantities: Vec::new(),
            held: None,
            results: Vec::new(),
            hold: None,
            span: start,
        };
        self.facts(&mut example)?;
        example.span = self.span_from(start);
        self.pieces.hint(Text::Soft);
        self.symbol("=>")?;
        self.results(&mut example)?;
        Ok(example)
    }

    /// `energy`, in Chinese 用电 for energy taken and 上网 for energy fed in.
    fn energy_word(&mut self) -> Parsed<()> {
        let written = self.keyword(ENERGY)?;
        let fed_in = self.direction == Direction::Export && written == Language::English;
        if let Some(Text::Word { zh, .. }) = self.pieces.last_text().filter(|_| fed_in) {
            *zh = ENERGY.zh.last().copied().unwrap_or_default();
        }
        Ok(())
    }

    fn register(&mut self, keyword: Keyword) -> Parsed<Energy> {
        if self.accept(keyword) { Ok(self.energy()?.0) } else { Ok(Energy::ZERO) }
    }

    fn facts(&mut self, example: &mut Example) -> Parsed<()> {
        while self.peek().kind != Kind::Symbol("=>") {
            self.comma();
            let span = self.peek().span;
            if example.signals.len().saturating_add(example.quantities.len()) >= LIST_MAX {
                return Err(fault!(TOO_MANY, span, both("facts|条件"), LIST_MAX));
            }
            if self.sees_word(&EVENTS) {
                let id = self.word(&EVENTS)?;
                let value = if self.switch()? == Switch::On { EVENT_ON } else { Price::ZERO };
                example.signals.push((id, value, self.age()?));
            } else if self.sees_word(&SIGNALS) {
                let id = self.word(&SIGNALS)?;
                let (value, _) = self.price()?;
                example.signals.push((id, value, self.age()?));
            } else if self.accept(HELD) {
                let (held, span) = self.money()?;
                if example.held.replace(held).is_some() {
                    return Err(fault!(TWICE, span, "held / 已冻结"));
                }
            } else if self.sees_word(&QUANTITIES) {
                let quantity = self.word(&QUANTITIES)?;
                let (amount, _) = self.amount_of(quantity)?;
                let span = self.span_from(span);
                if quantity == Quantity::Energy {
                    return Err(fault!(TWICE, span, quantity.code()));
                }
                example.quantities.push((quantity, amount, span));
            } else {
                return self.expected(
                    "a signal, an event, a quantity, `held` or =>|信号、事件、量、“已冻结”或 =>",
                );
            }
        }
        Ok(())
    }

    fn age(&mut self) -> Parsed<Duration> {
        if self.accept(AGED) { Ok(self.duration()?.0) } else { Ok(Duration::ZERO) }
    }

    fn results(&mut self, example: &mut Example) -> Parsed<()> {
        loop {
            let span = self.peek().span;
            if example.results.len() >= LIST_MAX {
                return Err(fault!(TOO_MANY, span, both("results|结果"), LIST_MAX));
            }
            if self.accept(HOLD) {
                let (money, _) = self.money()?;
                let span = self.span_from(span);
                if example.hold.replace((money, span)).is_some() {
                    return Err(fault!(TWICE, span, "hold / 冻结"));
                }
            } else {
                let result = self.example_leg()?;
                example.results.push(result);
            }
            if !self.accept_symbol(",") {
                return Ok(());
            }
        }
    }

    fn example_leg(&mut self) -> Parsed<ExampleLeg> {
        let leg = self.name("the name of a leg|分项名")?;
        let (money, _) = self.money()?;
        let mut rest = PicoYuan::ZERO;
        if self.accept(CARRY) {
            let (value, span) = self.amount(RESTS)?;
            rest = u32::try_from(value).ok().and_then(PicoYuan::new).ok_or_else(|| {
                fault!(NUMBER, span, value, both("a carry is below 1 micro-yuan|余数须小于 1 微元"))
            })?;
        }
        Ok(ExampleLeg { leg, money, rest })
    }
}

fn instant(date: CivilDate, minute: u16) -> Instant {
    let small = |value: Option<u16>| value.and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
    let (hour, minute) = (small(minute.checked_div(60)), small(minute.checked_rem(60)));
    Instant::from_civil(CivilTime { date, hour, minute, second: 0, millisecond: 0 })
}
