//! The contract as a whole: its header and its articles.

use alloc::vec::Vec;

use quantity::Duration;

use super::super::keywords::{
    AGAIN, AGAIN_BELOW, AT_MOST, CONTRACT, EDITION, EXAMPLES, EXPIRY, FOR, HOLD, LIMITS, PREPAID,
    QUANTITY, RELEASE_AFTER, RELEASED, SETTLE, TITLE, TO, UNDER, VERSION,
};
use super::super::lexer::Kind;
use super::super::messages::{Span, both, fault};
use super::super::pieces::Text;
use super::super::tree::{Article, Contract, Limits, Name, PrepaidRule, QuantityRule};
use super::words::{CLASSES, DIRECTIONS, QUANTITIES};
use super::{LIST_MAX, Parsed, Parser};
use crate::Quantity;

/// Statements of all articles together: the checks compare each with each.
const STATEMENTS_MAX: usize = 256;

/// The lines of a header that may stand in any order.
#[derive(Default)]
struct Extras {
    quantities: Vec<QuantityRule>,
    expiry: Option<Name>,
    prepaid: Option<PrepaidRule>,
}

impl Parser<'_, '_> {
    pub(super) fn contract(&mut self) -> Parsed<Contract> {
        self.keyword(CONTRACT)?;
        let name = self.text("the name in quotation marks|带引号的合约名")?;
        let written = self.keyword(VERSION)?;
        let (version, _) = self.whole()?;
        if !self.accept(EDITION) {
            self.say(EDITION, written);
        }
        self.header_line(TITLE)?;
        let title_zh = self.text("the Chinese title in quotation marks|带引号的中文标题")?;
        let title_en = self.text("the English title in quotation marks|带引号的英文标题")?;
        self.header_line(FOR)?;
        let class = self.word(&CLASSES)?;
        self.comma();
        let direction = self.word(&DIRECTIONS)?;
        self.direction = direction;
        self.header_line(SETTLE)?;
        let (interval, interval_span) = self.duration()?;
        self.comma();
        self.keyword(AT_MOST)?;
        let (energy_max, energy_span) = self.energy()?;
        self.pieces.hint(Text::Line(1));
        let limits = self.limits(Quantity::Energy)?;
        let Extras { quantities, expiry, prepaid } = self.extras()?;
        let articles = self.articles()?;
        self.pieces.hint(Text::Line(0));
        let examples = if self.accept(EXAMPLES) { self.list(Self::example)? } else { Vec::new() };
        let end = self.take(Kind::End, "the end|结尾")?.span;
        Ok(Contract {
            name,
            version,
            title_zh,
            title_en,
            class,
            direction,
            interval_seconds: seconds(interval),
            interval_span,
            energy_max,
            energy_span,
            limits,
            quantities,
            expiry,
            prepaid,
            articles,
            examples,
            end,
        })
    }

    fn header_line(&mut self, keyword: super::Keyword) -> Parsed<()> {
        self.pieces.hint(Text::Line(1));
        self.keyword(keyword).map(|_| ())
    }

    /// `price within A to B`
    fn limits(&mut self, quantity: Quantity) -> Parsed<Limits> {
        self.keyword(LIMITS)?;
        let start = self.peek().span;
        let (floor, floor_span) = self.value()?;
        self.keyword(TO)?;
        let (cap, cap_span) = self.value()?;
        for (value, span) in [(floor, floor_span), (cap, cap_span)] {
            if quantity.unit() != Some(value.unit) {
                let (needed, name) = (quantity.unit(), (quantity.code(), quantity.name_zh()));
                return Err(super::super::words::wrong_unit(span, value.unit, needed, name));
            }
        }
        Ok(Limits { floor, cap, span: self.span_from(start) })
    }

    fn extras(&mut self) -> Parsed<Extras> {
        let mut extras = Extras::default();
        loop {
            let start = self.peek().span;
            self.pieces.hint(Text::Line(1));
            if self.accept(QUANTITY) {
                if extras.quantities.len() >= LIST_MAX {
                    return Err(fault!(TOO_MANY, start, both("quantities|量"), LIST_MAX));
                }
                let rule = self.quantity(start)?;
                extras.quantities.push(rule);
            } else if self.accept(EXPIRY) {
                let text = self.text("the name of a contract in quotation marks|带引号的合约名")?;
                let name = Name { text, span: self.span_from(start) };
                self.once(extras.expiry.replace(name).is_none(), start, "on expiry / 到期后")?;
            } else if self.accept(PREPAID) {
                let rule = self.prepaid(start)?;
                self.once(extras.prepaid.replace(rule).is_none(), start, "prepaid / 预付")?;
            } else {
                return Ok(extras);
            }
        }
    }

    fn once(&self, first: bool, start: Span, what: &str) -> Parsed<()> {
        if first { Ok(()) } else { Err(fault!(TWICE, self.span_from(start), what)) }
    }

    fn quantity(&mut self, start: Span) -> Parsed<QuantityRule> {
        let quantity = self.word(&QUANTITIES)?;
        self.keyword(AT_MOST)?;
        let (most, _) = self.amount_of(quantity)?;
        let limited = self.peek().kind == Kind::Symbol(",") || self.sees(LIMITS);
        let limits = if limited {
            self.comma();
            Some(self.limits(quantity)?)
        } else {
            None
        };
        Ok(QuantityRule { quantity, most, limits, span: self.span_from(start) })
    }

    /// `prepaid bill hold 50 yuan, again below 10 yuan, release after 30 days`
    fn prepaid(&mut self, start: Span) -> Parsed<PrepaidRule> {
        let leg = self.name("the name of a leg|分项名")?;
        self.keyword(HOLD)?;
        let (amount, _) = self.money()?;
        self.comma();
        let written = self.keyword(AGAIN_BELOW)?;
        let (again_below, _) = self.money()?;
        self.particle(AGAIN, written)?;
        self.comma();
        let release = self.phrase(RELEASE_AFTER, RELEASED, |parser| parser.duration())?.0;
        Ok(PrepaidRule { leg, amount, again_below, release, span: self.span_from(start) })
    }

    fn articles(&mut self) -> Parsed<Vec<Article>> {
        let mut articles = Vec::new();
        let mut total = 0_usize;
        loop {
            self.pieces.hint(Text::Line(0));
            if !self.accept(UNDER) {
                return Ok(articles);
            }
            let document = self.text("the document in quotation marks|带引号的文号")?;
            let clause = self.text("the clause in quotation marks|带引号的条款")?;
            self.symbol("{")?;
            let mut statements = Vec::new();
            loop {
                if let Some(close) = self.take_if(Kind::Symbol("}")) {
                    self.pieces.hint(Text::Line(0));
                    self.pieces.push(close.span, Text::Symbol("}"));
                    break;
                }
                if total >= STATEMENTS_MAX || articles.len() >= LIST_MAX {
                    let span = self.peek().span;
                    return Err(fault!(TOO_MANY, span, both("statements|语句"), STATEMENTS_MAX));
                }
                total = total.saturating_add(1);
                self.pieces.hint(Text::Line(1));
                statements.push(self.statement()?);
                self.take_if(Kind::Symbol(";"));
            }
            articles.push(Article { document, clause, statements });
        }
    }
}

/// Whole seconds; what isn't whole or too long becomes 0, which no check lets pass.
fn seconds(interval: Duration) -> u32 {
    let whole = interval.milliseconds().checked_rem(1000) == Some(0);
    let seconds = interval.milliseconds().checked_div(1000);
    seconds.filter(|_| whole).and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(0)
}
