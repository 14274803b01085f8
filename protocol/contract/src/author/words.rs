//! Units and values as texts of messages.

use alloc::format;
use alloc::string::{String, ToString};

use quantity::Price;

use super::messages::{Both, Fault, Span, fault};
use super::tree::Value;
use crate::Unit;

/// The unit of a price in English and in Chinese.
pub(super) const fn unit_words(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::PerKwh => ("yuan/kWh", "元/千瓦时"),
        Unit::PerKw => ("yuan/kW", "元/千瓦"),
        Unit::Ratio => ("%", "%"),
    }
}

/// The number alone, without needless zeros.
pub(super) fn short(quantity: impl core::fmt::Display) -> String {
    let text = format!("{quantity:#}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Parts per million as percent, without needless zeros.
pub(super) fn percent(ppm: i64) -> String {
    short(Price::from_micro_yuan_per_kwh(ppm.saturating_mul(100)))
}

/// A price with its unit.
pub(super) fn value_text(price: Price, unit: Unit) -> Both {
    let number = match unit {
        Unit::Ratio => percent(price.micro_yuan_per_kwh()),
        Unit::PerKwh | Unit::PerKw => format!("{price:#}"),
    };
    let (en, zh) = unit_words(unit);
    Both { en: format!("{number} {en}"), zh: format!("{number} {zh}") }
}

impl Value {
    pub(super) fn text(self) -> Both {
        value_text(self.price, self.unit)
    }
}

/// A price whose unit doesn't fit the quantity; without a unit nothing can be charged on it.
pub(super) fn wrong_unit(
    span: Span,
    unit: Unit,
    needed: Option<Unit>,
    (code, name_zh): (&str, &str),
) -> Fault {
    let Some(needed) = needed else { return fault!(LOOKUP_ONLY, span, code, name_zh) };
    let ((en, zh), (needed_en, needed_zh)) = (unit_words(unit), unit_words(needed));
    fault!(UNIT_CHARGE, span, en, code, needed_en, zh, name_zh, needed_zh)
}
