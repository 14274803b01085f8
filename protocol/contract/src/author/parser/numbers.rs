//! Numbers with their units, dates and times.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use quantity::{CivilDate, Duration, Energy, Money, ParseQuantityError, Price};

use super::super::diagnostic::Language;
use super::super::keywords::{
    CAPACITIES, ENERGIES, MONIES, PER_KW, PER_KWH, POWERS, RATIO, TIMES, UnitWord,
};
use super::super::lexer::{Kind, Token};
use super::super::messages::{Span, both, fault};
use super::super::pieces::Text;
use super::super::tree::Value;
use super::{Parsed, Parser};
use crate::{PRICE_MAX, Quantity, Unit};

/// Units of values, each with what it makes of a number.
const VALUE_UNITS: [(&[UnitWord], Unit); 3] =
    [(PER_KWH, Unit::PerKwh), (PER_KW, Unit::PerKw), (RATIO, Unit::Ratio)];

impl Parser<'_, '_> {
    /// A number with a sign, printed as one piece, in millionths.
    fn signed(&mut self) -> Parsed<(i64, Token<'_>, Span)> {
        let start = self.peek().span;
        let negative = self.take_if(Kind::Symbol("-")).is_some();
        let positive = !negative && self.take_if(Kind::Symbol("+")).is_some();
        let token = self.take(Kind::Number, "a number|数")?;
        let size = millionths(token)?;
        let span = self.span_from(start);
        let sign = if negative {
            "-"
        } else if positive {
            "+"
        } else {
            ""
        };
        self.pieces.push(span, Text::Verbatim(alloc::format!("{sign}{}", token.text)));
        Ok((if negative { size.saturating_neg() } else { size }, token, span))
    }

    /// A number with a sign and a unit, as an integer in millionths of the first unit.
    pub(super) fn amount(&mut self, units: &[UnitWord]) -> Parsed<(i64, Span)> {
        let start = self.peek().span;
        let (value, token, _) = self.signed()?;
        let text = token.text.to_string();
        let unit = self.accept_one_of(units, &text);
        let unit = unit.map_or_else(|| self.no_unit(&[units]), Ok)?;
        let span = self.span_from(start);
        Ok((scaled(value, unit, &text, span)?, span))
    }

    /// A price of any unit.
    pub(super) fn value(&mut self) -> Parsed<(Value, Span)> {
        let start = self.peek().span;
        let (number, token, _) = self.signed()?;
        let text = token.text.to_string();
        for (units, unit) in VALUE_UNITS {
            if let Some(word) = self.accept_one_of(units, &text) {
                let span = self.span_from(start);
                let price = Price::from_micro_yuan_per_kwh(scaled(number, word, &text, span)?);
                if price.abs() > PRICE_MAX {
                    return Err(fault!(
                        PRICE_SIZE,
                        span,
                        super::super::words::value_text(price, unit)
                    ));
                }
                return Ok((Value { price, unit }, span));
            }
        }
        self.no_unit(&VALUE_UNITS.map(|(units, _)| units))
    }

    fn no_unit<T>(&self, units: &[&[UnitWord]]) -> Parsed<T> {
        let all = units.iter().flat_map(|units| units.iter());
        let known: Vec<&str> =
            all.flat_map(|unit| unit.word.en.iter().chain(unit.word.zh)).copied().collect();
        let mut distinct: Vec<&str> = Vec::new();
        for word in known {
            if !distinct.contains(&word) {
                distinct.push(word);
            }
        }
        let comma = self.peek().kind == Kind::Symbol(",") && self.look(1).kind == Kind::Number;
        let point = "write decimals with a point, as 0.56; |小数用点，如 0.56；";
        let point = both(if comma { point } else { "" });
        Err(fault!(UNIT, self.peek().span, distinct.join(", "), point))
    }

    /// Takes one of the units if it comes next; one second, but two seconds.
    fn accept_one_of(&mut self, units: &[UnitWord], number: &str) -> Option<UnitWord> {
        let start = self.peek().span;
        for unit in units {
            let written = |spellings: &[&str], language| {
                let length = spellings.iter().find_map(|spelling| self.unit_length(spelling));
                length.map(|length| (length, language))
            };
            let found = written(unit.word.en, Language::English)
                .or_else(|| written(unit.word.zh, Language::Chinese));
            if let Some((length, written)) = found {
                self.at = self.at.saturating_add(length);
                let several = unit.word.en.first().copied().unwrap_or_default();
                let one = unit.word.en.last().copied().unwrap_or_default();
                let en = if number == "1" { one } else { several };
                let zh = unit.word.zh.first().copied().unwrap_or_default();
                self.pieces.push(self.span_from(start), Text::Word { en, zh, written });
                return Some(*unit);
            }
        }
        None
    }

    /// `a/b` is three tokens, anything else one; a `/` behind means that the unit is another one.
    fn unit_length(&self, spelling: &str) -> Option<usize> {
        if spelling == "%" {
            return (self.peek().kind == Kind::Symbol("%")).then_some(1);
        }
        let mut parts = spelling.split('/');
        let same = |token: Token<'_>, text: Option<&str>| {
            token.kind == Kind::Word && Some(token.text) == text
        };
        if !same(self.peek(), parts.next()) {
            return None;
        }
        let slash = self.look(1).kind == Kind::Symbol("/");
        match (slash, parts.next()) {
            (false, None) => Some(1),
            (true, below @ Some(_)) if same(self.look(2), below) => Some(3),
            _ => None,
        }
    }

    /// A price per kilowatt-hour.
    pub(super) fn price(&mut self) -> Parsed<(Price, Span)> {
        let (value, span) = self.value()?;
        if value.unit == Unit::PerKwh {
            Ok((value.price, span))
        } else {
            Err(fault!(UNIT, span, "yuan/kWh, 元/千瓦时", ""))
        }
    }

    /// Parts per million of a number with `%`.
    pub(super) fn percent(&mut self) -> Parsed<(i64, Span)> {
        let (ppm, span) = self.amount(RATIO)?;
        if ppm < 0 {
            return Err(fault!(NEGATIVE, span));
        }
        Ok((ppm, span))
    }

    pub(super) fn energy(&mut self) -> Parsed<(Energy, Span)> {
        let (value, span) = self.amount(ENERGIES)?;
        Ok((Energy::from_milliwatt_hours(value), span))
    }

    pub(super) fn money(&mut self) -> Parsed<(Money, Span)> {
        let (value, span) = self.amount(MONIES)?;
        Ok((Money::from_micro_yuan(value), span))
    }

    /// As much of a quantity, in its integer unit.
    pub(super) fn amount_of(&mut self, quantity: Quantity) -> Parsed<(i64, Span)> {
        self.amount(units_of(quantity))
    }

    pub(super) fn duration(&mut self) -> Parsed<(Duration, Span)> {
        let (value, span) = self.amount(TIMES)?;
        Ok((Duration::from_milliseconds(value), span))
    }

    pub(super) fn whole(&mut self) -> Parsed<(u32, Span)> {
        let token = self.take_verbatim(Kind::Number, "a whole number|整数")?;
        let value = token.text.parse();
        let value = value.map_err(|_| {
            fault!(NUMBER, token.span, token.text, both("it isn't a whole number|须为整数"))
        });
        Ok((value?, token.span))
    }

    /// A minute of the day below 24:00.
    pub(super) fn minute(&mut self) -> Parsed<(u16, Span)> {
        let (minute, span, text) = self.clock()?;
        if minute < 1440 { Ok((minute, span)) } else { Err(fault!(DATE, span, text)) }
    }

    /// The end of a window, at most 24:00.
    pub(super) fn minute_end(&mut self) -> Parsed<(u16, Span)> {
        self.clock().map(|(minute, span, _)| (minute, span))
    }

    fn clock(&mut self) -> Parsed<(u16, Span, String)> {
        let token = self.take(Kind::Time, "a time such as 07:00|时刻，如 07:00")?;
        // A full-width colon is printed as the other one.
        self.pieces.push(token.span, Text::Verbatim(token.text.replace('：', ":")));
        let fields = token.text.split_once([':', '：']).and_then(|(hour, minute)| {
            let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
            let all = hour.saturating_mul(60).saturating_add(minute);
            (minute < 60 && all <= 1440).then_some(all)
        });
        let minute = fields.ok_or_else(|| fault!(DATE, token.span, token.text))?;
        Ok((minute, token.span, token.text.to_string()))
    }

    pub(super) fn date(&mut self) -> Parsed<CivilDate> {
        let token =
            self.take_verbatim(Kind::Date, "a date such as 2026-01-31|日期，如 2026-01-31")?;
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

const fn units_of(quantity: Quantity) -> &'static [UnitWord] {
    match (quantity, quantity.unit()) {
        (Quantity::Capacity, _) => CAPACITIES,
        (Quantity::PowerFactor, _) => RATIO,
        (_, Some(Unit::PerKwh)) => ENERGIES,
        (_, Some(Unit::PerKw)) => POWERS,
        (_, Some(Unit::Ratio) | None) => MONIES,
    }
}

const INEXACT_HERE: &str = "it isn't exact in the smallest part of this unit, or too large|不能精确到该单位的最小一份，或过大";

/// Why a number can't be read, in both languages.
const fn why(error: ParseQuantityError) -> &'static str {
    match error {
        ParseQuantityError::Empty => "no number is given|没有数字",
        ParseQuantityError::NotANumber => "it isn't a decimal number|不是十进制数",
        ParseQuantityError::OutOfRange => "it is too large|过大",
        ParseQuantityError::TooPrecise { .. } => {
            "at most 6 digits may follow the point|小数点后至多 6 位"
        }
    }
}

/// The number in the integer unit, if it is exact.
fn scaled(number: i64, unit: UnitWord, text: &str, span: Span) -> Parsed<i64> {
    let product = number.checked_mul(unit.factor);
    let exact = product.filter(|product| product.checked_rem(unit.divisor) == Some(0));
    exact
        .and_then(|product| product.checked_div(unit.divisor))
        .ok_or_else(|| fault!(NUMBER, span, text, both(INEXACT_HERE)))
}

/// The number times a million, exactly.
fn millionths(token: Token<'_>) -> Parsed<i64> {
    let value: Result<Energy, _> = token.text.parse();
    value
        .map(Energy::milliwatt_hours)
        .map_err(|error| fault!(NUMBER, token.span, token.text, both(why(error))))
}
