//! Grammar: keywords in Chinese or English, in any mixture, give the same tree.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use quantity::{CivilDate, CivilTime, Duration, Energy, Instant, Money, PicoYuan, Price};

use super::lexer::{Kind, Token, lex};
use super::messages::{Fault, Span, fault};
use super::tree::{
    Article, BandEntry, BandValue, Bands, Charge, ChargeValue, Contract, Day, DayStart, Example,
    ExampleLeg, Expression, LegRule, Name, Operation, Signal, Statement, Tiers, When,
};
use crate::{Band, CustomerClass, Direction, Item, PRICE_MAX, Role, SignalId, TierBasis};

/// Nested `min` and `max`, and terms of a sum: bounds the recursion over a hostile source.
const NESTING_MAX: usize = 16;
const TERMS_MAX: usize = 32;
/// A list that is longer than this is no contract any more.
const LIST_MAX: usize = 64;

type Parsed<T> = Result<T, Fault>;

/// A keyword: its spellings, each a sequence of words.
type Keyword = &'static [&'static str];

const CONTRACT: Keyword = &["contract", "合约"];
const VERSION: Keyword = &["version", "第"];
const EDITION: Keyword = &["版"];
const TITLE: Keyword = &["title", "标题"];
const FOR: Keyword = &["for", "适用"];
const SETTLE: Keyword = &["settle every", "结算 每"];
const AT_MOST: Keyword = &["at most", "至多"];
const WITHIN: Keyword = &["within", "限于"];
const LIMITS: Keyword = &["price within", "限价"];
const TO: Keyword = &["to", "至"];
const UNDER: Keyword = &["under", "依据"];
const LEG: Keyword = &["leg", "支付"];
const SIGNAL: Keyword = &["signal", "信号"];
const OLDER_THAN: Keyword = &["older than", "超过"];
const TAKE: Keyword = &["take", "取"];
const CALENDAR: Keyword = &["calendar", "日历"];
const ALL_YEAR: Keyword = &["all-year", "全年"];
const MONTHS: Keyword = &["months", "month", "月"];
const BANDS: Keyword = &["bands", "分时表"];
const TIERS: Keyword = &["tiers", "阶梯表"];
const THIS_MONTH: Keyword = &["on energy this month", "本月用电"];
const THIS_YEAR: Keyword = &["on energy this year", "本年用电"];
const UP_TO: Keyword = &["up to", "至"];
const ABOVE: Keyword = &["above", "以上"];
const PRICE: Keyword = &["price", "价格"];
const INTO: Keyword = &["into", "记入"];
const WHEN: Keyword = &["when", "当"];
const LESSER: Keyword = &["min", "较小"];
const GREATER: Keyword = &["max", "较大"];
const EXAMPLES: Keyword = &["examples", "示例"];
const MONTH_BEFORE: Keyword = &["month", "本月"];
const YEAR_BEFORE: Keyword = &["year", "本年"];
const ENERGY: Keyword = &["energy", "用电", "上网"];
const AGED: Keyword = &["aged", "已"];
const CARRY: Keyword = &["carry", "余"];

pub(super) fn parse(source: &str) -> Parsed<Contract> {
    let tokens = lex(source)?;
    Parser { tokens: &tokens, at: 0, nesting: 0 }.contract()
}

struct Parser<'t, 's> {
    tokens: &'t [Token<'s>],
    at: usize,
    nesting: usize,
}

// Tokens.
impl<'s> Parser<'_, 's> {
    fn peek(&self) -> Token<'s> {
        self.look(0)
    }

    fn look(&self, ahead: usize) -> Token<'s> {
        let end = Token { kind: Kind::End, text: "", span: Span::default() };
        let token = self.tokens.get(self.at.saturating_add(ahead));
        *token.or(self.tokens.last()).unwrap_or(&end)
    }

    fn next(&mut self) -> Token<'s> {
        let token = self.peek();
        self.at = self.at.saturating_add(1);
        token
    }

    fn expected<T>(&self, what: &str) -> Parsed<T> {
        let found = self.peek();
        let text = if found.kind == Kind::End { "the end (结尾)" } else { found.text };
        Err(fault!(EXPECTED, found.span, what, text))
    }

    fn take_if(&mut self, kind: Kind) -> Option<Token<'s>> {
        (self.peek().kind == kind).then(|| self.next())
    }

    fn take(&mut self, kind: Kind, what: &str) -> Parsed<Token<'s>> {
        self.take_if(kind).map_or_else(|| self.expected(what), Ok)
    }

    fn symbol(&mut self, symbol: &'static str) -> Parsed<()> {
        self.take(Kind::Symbol(symbol), symbol).map(|_| ())
    }

    fn accept_symbol(&mut self, symbol: &'static str) -> bool {
        self.take_if(Kind::Symbol(symbol)).is_some()
    }

    /// Takes a keyword if it comes next, in any of its spellings.
    fn accept(&mut self, keyword: Keyword) -> bool {
        let length = keyword.iter().find_map(|spelling| self.matches(spelling));
        self.at = self.at.saturating_add(length.unwrap_or(0));
        length.is_some()
    }

    /// The number of words, if they come next.
    fn matches(&self, spelling: &str) -> Option<usize> {
        let same = |(ahead, word): (usize, &str)| {
            let token = self.look(ahead);
            token.kind == Kind::Word && token.text == word
        };
        let words = spelling.split(' ').count();
        spelling.split(' ').enumerate().all(same).then_some(words)
    }

    fn keyword(&mut self, keyword: Keyword) -> Parsed<()> {
        if self.accept(keyword) { Ok(()) } else { self.expected(&keyword.join(" / ")) }
    }

    fn name(&mut self, what: &str) -> Parsed<Name> {
        let token = self.take(Kind::Word, what)?;
        Ok(Name { text: token.text.to_string(), span: token.span })
    }

    fn text(&mut self, what: &str) -> Parsed<String> {
        Ok(self.take(Kind::Text, what)?.text.to_string())
    }

    /// A word out of a closed list.
    fn word<T: Copy>(&mut self, list: &List<T>) -> Parsed<T> {
        let token = self.take(Kind::Word, list.en)?;
        (list.find)(token.text)
            .ok_or_else(|| fault!(WORD, token.span, token.text, list.en, list.zh, (list.words)()))
    }

    fn span_from(&self, start: Span) -> Span {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        Span { start: start.start, end: last.map_or(start.end, |token| token.span.end) }
    }

    /// `{ entry; entry; … }`, the last semicolon may stand or not.
    fn list<T>(&mut self, entry: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.symbol("{")?;
        let mut entries = Vec::new();
        while !self.accept_symbol("}") {
            let span = self.peek().span;
            if entries.len() >= LIST_MAX {
                return Err(fault!(TOO_MANY, span, "entries (条目)", LIST_MAX));
            }
            entries.push(entry(self)?);
            if !self.accept_symbol(";") && self.peek().kind != Kind::Symbol("}") {
                return self.expected("; or }");
            }
        }
        Ok(entries)
    }
}

/// A closed list of words and what it is called.
struct List<T> {
    en: &'static str,
    zh: &'static str,
    find: fn(&str) -> Option<T>,
    words: fn() -> String,
}

macro_rules! list {
    ($name:ident, $type:ident, $en:literal, $zh:literal) => {
        const $name: List<$type> = List {
            en: $en,
            zh: $zh,
            find: $type::from_word,
            words: || words($type::ALL, |one| (one.code(), one.name_zh())),
        };
    };
}

list!(CLASSES, CustomerClass, "meter class", "电表类别");
list!(DIRECTIONS, Direction, "direction", "方向");
list!(ROLES, Role, "role", "角色");
list!(ITEMS, Item, "price item", "价格项目");
list!(SIGNALS, SignalId, "signal", "信号");
list!(BAND_WORDS, Band, "band", "时段");

fn words<T: Copy>(all: &[T], names: impl Fn(T) -> (&'static str, &'static str)) -> String {
    let texts: Vec<String> = all
        .iter()
        .map(|one| {
            let (en, zh) = names(*one);
            alloc::format!("{en} {zh}")
        })
        .collect();
    texts.join(", ")
}

/// A unit: its spellings, and the integer of the quantity per 10^-6 of it as a fraction.
type Unit = (Keyword, i64, i64);

const PRICE_UNITS: [Unit; 3] = [
    (&["yuan/kWh", "元/千瓦时"], 1, 1),
    (&["fen/kWh", "分/千瓦时"], 1, 100),
    (&["yuan/MWh", "元/兆瓦时"], 1, 1000),
];
const ENERGY_UNITS: [Unit; 3] =
    [(&["kWh", "千瓦时"], 1, 1), (&["MWh", "兆瓦时"], 1000, 1), (&["Wh", "瓦时"], 1, 1000)];
const TIME_UNITS: [Unit; 4] = [
    (&["seconds", "second", "秒"], 1, 1000),
    (&["minutes", "minute", "分钟"], 60, 1000),
    (&["hours", "hour", "小时"], 3600, 1000),
    (&["days", "day", "天"], 86_400, 1000),
];
const MONEY_UNITS: [Unit; 1] = [(&["yuan", "元"], 1, 1)];
const REST_UNITS: [Unit; 1] = [(&["micro-yuan", "微元"], 1, 1)];

// Quantities.
impl Parser<'_, '_> {
    /// A number with a sign and a unit, as an integer in millionths of the first unit.
    fn quantity(&mut self, units: &[Unit]) -> Parsed<(i64, Span)> {
        let start = self.peek().span;
        let negative = self.accept_symbol("-");
        if !negative {
            self.accept_symbol("+");
        }
        let token = self.take(Kind::Number, "a number (数)")?;
        let value = millionths(token)?;
        let (factor, divisor) = self.unit(units)?;
        let span = self.span_from(start);
        let scaled =
            value.checked_mul(factor).filter(|scaled| scaled.checked_rem(divisor) == Some(0));
        let size = scaled.and_then(|scaled| scaled.checked_div(divisor));
        let size = size.ok_or_else(|| {
            fault!(NUMBER, span, token.text, "it is not exact in this unit or too large")
        })?;
        Ok((if negative { size.saturating_neg() } else { size }, span))
    }

    fn unit(&mut self, units: &[Unit]) -> Parsed<(i64, i64)> {
        for (spellings, factor, divisor) in units {
            if spellings.iter().any(|spelling| self.accept_unit(spelling)) {
                return Ok((*factor, *divisor));
            }
        }
        let known: Vec<&str> = units.iter().flat_map(|unit| unit.0).copied().collect();
        Err(fault!(UNIT, self.peek().span, known.join(", ")))
    }

    /// `a/b` is three tokens, anything else one; a `/` behind means that the unit is another one.
    fn accept_unit(&mut self, spelling: &str) -> bool {
        let mut parts = spelling.split('/');
        let same = |token: Token<'_>, text: Option<&str>| {
            token.kind == Kind::Word && Some(token.text) == text
        };
        if !same(self.peek(), parts.next()) {
            return false;
        }
        let slash = self.look(1).kind == Kind::Symbol("/");
        let below = parts.next();
        let length = match (slash, below) {
            (false, None) => 1,
            (true, Some(_)) if same(self.look(2), below) => 3,
            _ => return false,
        };
        self.at = self.at.saturating_add(length);
        true
    }

    fn price(&mut self) -> Parsed<(Price, Span)> {
        let (value, span) = self.quantity(&PRICE_UNITS)?;
        let price = Price::from_micro_yuan_per_kwh(value);
        if price.abs() > PRICE_MAX {
            return Err(fault!(PRICE_SIZE, span, price));
        }
        Ok((price, span))
    }

    fn energy(&mut self) -> Parsed<(Energy, Span)> {
        let (value, span) = self.quantity(&ENERGY_UNITS)?;
        Ok((Energy::from_milliwatt_hours(value), span))
    }

    fn duration(&mut self) -> Parsed<(Duration, Span)> {
        let (value, span) = self.quantity(&TIME_UNITS)?;
        Ok((Duration::from_milliseconds(value), span))
    }

    fn whole(&mut self) -> Parsed<(u32, Span)> {
        let token = self.take(Kind::Number, "a whole number (整数)")?;
        let value = token.text.parse();
        let value = value.map_err(|_| fault!(NUMBER, token.span, token.text, "not a whole number"));
        Ok((value?, token.span))
    }

    fn minute(&mut self) -> Parsed<(u16, Span)> {
        let token = self.take(Kind::Time, "a time such as 07:00 (时刻)")?;
        let fields = token.text.split_once(':').and_then(|(hour, minute)| {
            let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
            let sound = hour < 24 && minute < 60;
            sound.then(|| hour.saturating_mul(60).saturating_add(minute))
        });
        let minute = fields.ok_or_else(|| fault!(DATE, token.span, token.text))?;
        Ok((minute, token.span))
    }

    fn date(&mut self) -> Parsed<CivilDate> {
        let token = self.take(Kind::Date, "a date such as 2026-01-31 (日期)")?;
        let mut parts = token.text.split('-');
        let mut field = || parts.next().and_then(|part| part.parse::<u16>().ok()).unwrap_or(0);
        let (year, month, day) = (field(), field(), field());
        let small = |value: u16| u8::try_from(value).unwrap_or(0);
        let date = CivilDate { year: i32::from(year), month: small(month), day: small(day) };
        // A date that doesn't exist comes back as another one.
        let exists = year >= 1970 && (1..=12).contains(&month) && date.start().civil().date == date;
        if exists { Ok(date) } else { Err(fault!(DATE, token.span, token.text)) }
    }
}

/// The number times a million, exactly.
fn millionths(token: Token<'_>) -> Parsed<i64> {
    let value: Result<Energy, _> = token.text.parse();
    value
        .map(Energy::milliwatt_hours)
        .map_err(|error| fault!(NUMBER, token.span, token.text, error))
}

// The contract.
impl Parser<'_, '_> {
    fn contract(mut self) -> Parsed<Contract> {
        self.keyword(CONTRACT)?;
        let name = self.text("the name in quotation marks (合约名)")?;
        self.keyword(VERSION)?;
        let (version, _) = self.whole()?;
        self.accept(EDITION);
        self.keyword(TITLE)?;
        let title_zh = self.text("the Chinese title (中文标题)")?;
        let title_en = self.text("the English title (英文标题)")?;
        self.keyword(FOR)?;
        let class = self.word(&CLASSES)?;
        self.accept_symbol(",");
        let direction = self.word(&DIRECTIONS)?;
        self.keyword(SETTLE)?;
        let (interval, interval_span) = self.duration()?;
        self.accept_symbol(",");
        self.keyword(AT_MOST)?;
        let (energy_max, energy_span) = self.energy()?;
        self.keyword(LIMITS)?;
        let (floor, start) = self.price()?;
        self.keyword(TO)?;
        let (cap, _) = self.price()?;
        let limits_span = self.span_from(start);
        let articles = self.articles()?;
        let examples = if self.accept(EXAMPLES) { self.list(Self::example)? } else { Vec::new() };
        let end = self.take(Kind::End, "the end (结尾)")?.span;
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
            floor,
            cap,
            limits_span,
            articles,
            examples,
            end,
        })
    }

    fn articles(&mut self) -> Parsed<Vec<Article>> {
        let mut articles = Vec::new();
        while self.accept(UNDER) {
            let document = self.text("the document in quotation marks (文号)")?;
            let clause = self.text("the clause in quotation marks (条款)")?;
            self.symbol("{")?;
            let mut statements = Vec::new();
            while !self.accept_symbol("}") {
                if statements.len() >= LIST_MAX || articles.len() >= LIST_MAX {
                    let span = self.peek().span;
                    return Err(fault!(TOO_MANY, span, "statements (语句)", LIST_MAX));
                }
                statements.push(self.statement()?);
                self.accept_symbol(";");
            }
            articles.push(Article { document, clause, statements });
        }
        Ok(articles)
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let start = self.peek().span;
        if self.accept(LEG) {
            self.leg().map(Statement::Leg)
        } else if self.accept(SIGNAL) {
            self.signal(start).map(Statement::Signal)
        } else if self.accept(CALENDAR) {
            self.day(start).map(Statement::Day)
        } else if self.accept(BANDS) {
            self.bands().map(Statement::Bands)
        } else if self.accept(TIERS) {
            self.tiers().map(Statement::Tiers)
        } else if self.accept(PRICE) {
            self.charge(start).map(Statement::Charge)
        } else {
            let all = [LEG, SIGNAL, CALENDAR, BANDS, TIERS, PRICE];
            self.expected(&all.map(|keyword| keyword.join(" / ")).join(", "))
        }
    }

    fn leg(&mut self) -> Parsed<LegRule> {
        let name = self.name("the name of the leg (分项名)")?;
        self.symbol(":")?;
        let debit = self.word(&ROLES)?;
        self.symbol("->")?;
        Ok(LegRule { name, debit, credit: self.word(&ROLES)? })
    }

    fn signal(&mut self, start: Span) -> Parsed<Signal> {
        let id = self.word(&SIGNALS)?;
        self.keyword(WITHIN)?;
        let (low, _) = self.price()?;
        self.keyword(TO)?;
        let (high, _) = self.price()?;
        self.accept_symbol(",");
        self.keyword(OLDER_THAN)?;
        let (age_max, _) = self.duration()?;
        self.keyword(TAKE)?;
        let (default, _) = self.price()?;
        Ok(Signal { id, low, high, default, age_max, span: self.span_from(start) })
    }

    /// `all-year`, `months 1 2 12` or `1 2 12 月`.
    fn months(&mut self) -> Parsed<u16> {
        if self.accept(ALL_YEAR) {
            return Ok(crate::program::ALL_MONTHS);
        }
        let before = self.accept(MONTHS);
        let mut months = 0;
        while self.peek().kind == Kind::Number {
            let (month, span) = self.whole()?;
            let bit = u8::try_from(month).ok().filter(|month| (1..=12).contains(month));
            let bit = bit.ok_or_else(|| fault!(DATE, span, month))?;
            let bit = 1_u16.checked_shl(u32::from(bit.saturating_sub(1))).unwrap_or(0);
            if months & bit != 0 {
                return Err(fault!(MONTH_TWICE, span, month));
            }
            months |= bit;
            self.accept_symbol(",");
        }
        if months == 0 || (!before && !self.accept(MONTHS)) {
            return self.expected("all-year, months 1 2 / 全年, 1 2 月");
        }
        Ok(months)
    }

    fn day(&mut self, start: Span) -> Parsed<Day> {
        let months = self.months()?;
        let span = self.span_from(start);
        let starts = self.list(|parser| {
            let (minute, span) = parser.minute()?;
            Ok(DayStart { minute, band: parser.word(&BAND_WORDS)?, span })
        })?;
        Ok(Day { months, starts, span })
    }

    fn bands(&mut self) -> Parsed<Bands> {
        let name = self.name("the name of the table (表名)")?;
        let months = self.months()?;
        Ok(Bands { name, months, entries: self.list(Self::band_entry)? })
    }

    fn band_entry(&mut self) -> Parsed<BandEntry> {
        let start = self.peek().span;
        let band = self.word(&BAND_WORDS)?;
        let value = if self.look(1).kind == Kind::Symbol("%") {
            let number = self.take(Kind::Number, "a number (数)")?;
            self.symbol("%")?;
            let of =
                if self.peek().kind == Kind::Word { self.word(&BAND_WORDS)? } else { Band::Flat };
            let millionths = millionths(number)?;
            if millionths.checked_rem(100) != Some(0) {
                return Err(fault!(
                    NUMBER,
                    number.span,
                    number.text,
                    "at most 4 digits of a percent"
                ));
            }
            BandValue::Share { ppm: millionths.checked_div(100).unwrap_or(0), of }
        } else {
            BandValue::Price(self.price()?.0)
        };
        Ok(BandEntry { band, value, span: self.span_from(start) })
    }

    fn tiers(&mut self) -> Parsed<Tiers> {
        let name = self.name("the name of the table (表名)")?;
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

    fn charge(&mut self, start: Span) -> Parsed<Charge> {
        let item = self.word(&ITEMS)?;
        self.symbol("=")?;
        let value = if self.accept(TIERS) {
            ChargeValue::Tiers(self.name("the name of a tier table (阶梯表名)")?)
        } else {
            ChargeValue::Price(self.expression()?)
        };
        self.keyword(INTO)?;
        let leg = self.name("the name of a leg (分项名)")?;
        let when = if self.accept(WHEN) { Some(self.when()?) } else { None };
        Ok(Charge { item, value, leg, when, span: self.span_from(start) })
    }

    fn when(&mut self) -> Parsed<When> {
        let start = self.peek().span;
        let mut bands = 0;
        while self.peek().kind == Kind::Word && Band::from_word(self.peek().text).is_some() {
            bands |= self.word(&BAND_WORDS)?.bit();
            self.accept_symbol(",");
        }
        let months_follow = self.peek().kind == Kind::Number
            || MONTHS.iter().any(|spelling| self.matches(spelling).is_some());
        let months =
            if bands == 0 || months_follow { self.months()? } else { crate::program::ALL_MONTHS };
        let bands = if bands == 0 { crate::program::ALL_BANDS } else { bands };
        Ok(When { months, bands, span: self.span_from(start) })
    }
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
            sum = Expression::Pair(operation, Box::new(sum), Box::new(self.term()?));
        }
        Err(fault!(TOO_MANY, self.span_from(start), "terms (加项)", TERMS_MAX))
    }

    fn term(&mut self) -> Parsed<Expression> {
        if self.accept(SIGNAL) {
            let span = self.peek().span;
            return Ok(Expression::Signal(self.word(&SIGNALS)?, span));
        }
        if self.accept(BANDS) {
            return self.name("the name of a band table (分时表名)").map(Expression::Bands);
        }
        for (keyword, operation) in [(LESSER, Operation::Lesser), (GREATER, Operation::Greater)] {
            if self.accept(keyword) {
                self.symbol("(")?;
                let first = self.expression()?;
                self.symbol(",")?;
                let second = self.expression()?;
                self.symbol(")")?;
                return Ok(Expression::Pair(operation, Box::new(first), Box::new(second)));
            }
        }
        if matches!(self.peek().kind, Kind::Number | Kind::Symbol("-" | "+")) {
            let (price, _) = self.price()?;
            return Ok(Expression::Price(price));
        }
        self.expected("a price, signal / 信号, bands / 分时表, min / 较小, max / 较大")
    }
}

// Worked examples.
impl Parser<'_, '_> {
    /// `2026-07-01 20:00 month 179 kWh energy 3 kWh floating 0.1 yuan/kWh => bill 1.7 yuan`.
    fn example(&mut self) -> Parsed<Example> {
        let start = self.peek().span;
        let date = self.date()?;
        let (minute, _) = self.minute()?;
        let month_before = self.register(MONTH_BEFORE)?;
        let year_before = self.register(YEAR_BEFORE)?;
        self.keyword(ENERGY)?;
        let (energy, _) = self.energy()?;
        let mut signals = Vec::new();
        while !self.accept_symbol("=>") {
            self.accept_symbol(",");
            let id = self.word(&SIGNALS)?;
            let (price, _) = self.price()?;
            let age = if self.accept(AGED) { self.duration()?.0 } else { Duration::ZERO };
            signals.push((id, price, age));
        }
        let span = self.span_from(start);
        let mut results = Vec::new();
        loop {
            results.push(self.example_leg()?);
            if !self.accept_symbol(",") {
                break;
            }
        }
        let start = instant(date, minute);
        Ok(Example { start, month_before, year_before, energy, signals, results, span })
    }

    fn register(&mut self, keyword: Keyword) -> Parsed<Energy> {
        if self.accept(keyword) { Ok(self.energy()?.0) } else { Ok(Energy::ZERO) }
    }

    fn example_leg(&mut self) -> Parsed<ExampleLeg> {
        let leg = self.name("the name of a leg (分项名)")?;
        let (money, _) = self.quantity(&MONEY_UNITS)?;
        let mut rest = PicoYuan::ZERO;
        if self.accept(CARRY) {
            let (value, span) = self.quantity(&REST_UNITS)?;
            rest = u32::try_from(value)
                .ok()
                .and_then(PicoYuan::new)
                .ok_or_else(|| fault!(NUMBER, span, value, "a carry is below 1 micro-yuan"))?;
        }
        Ok(ExampleLeg { leg, money: Money::from_micro_yuan(money), rest })
    }
}

fn instant(date: CivilDate, minute: u16) -> Instant {
    let small = |value: Option<u16>| value.and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
    let (hour, minute) = (small(minute.checked_div(60)), small(minute.checked_rem(60)));
    Instant::from_civil(CivilTime { date, hour, minute, second: 0, millisecond: 0 })
}

/// Whole seconds; what isn't whole or too long becomes 0, which no check lets pass.
fn seconds(interval: Duration) -> u32 {
    let whole = interval.milliseconds().checked_rem(1000) == Some(0);
    let seconds = interval.milliseconds().checked_div(1000);
    seconds.filter(|_| whole).and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(0)
}
