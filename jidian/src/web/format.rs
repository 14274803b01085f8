//! Numbers as people read them: exact, grouped, the fine digits set smaller.

use askama::filters::HtmlSafe;
use core::fmt;
use quantity::{Energy, Fen, Instant, Money, Power, Price};

/// A scaled integer as HTML. All digits are there, so that sums can be checked on the page; those
/// behind `strong` decimals are set smaller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    value: i64,
    decimals: usize,
    strong: usize,
    unit: &'static str,
    sign: Sign,
}

/// Whether a positive number shows its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Negative,
    Both,
}

impl Number {
    /// `value` over ten to the `decimals`, with a unit of letters only.
    pub(super) const fn new(
        value: i64,
        decimals: usize,
        strong: usize,
        unit: &'static str,
    ) -> Self {
        Self { value, decimals, strong, unit, sign: Sign::Negative }
    }

    /// The same with a plus sign in front of a positive number.
    pub(super) const fn signed(self) -> Self {
        Self { sign: Sign::Both, ..self }
    }

    /// The same without its unit, where that stands in the heading.
    pub(super) const fn bare(self) -> Self {
        Self { unit: "", ..self }
    }

    /// Digits alone, for a program: `-1234.567`.
    pub(super) fn plain(self) -> String {
        let (whole, fraction) = self.digits();
        let sign = if self.value < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }

    fn sign(self) -> &'static str {
        if self.value < 0 {
            "−"
        } else if self.value > 0 && self.sign == Sign::Both {
            "+"
        } else {
            ""
        }
    }

    fn digits(self) -> (String, String) {
        let digits = format!("{:0width$}", self.value.unsigned_abs(), width = self.decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.decimals);
        (whole.to_owned(), fraction.to_owned())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = self.digits();
        let (strong, fine) = fraction.split_at(self.strong.min(fraction.len()));
        write!(f, "<span class=\"n\">{}{}", self.sign(), grouped(&whole))?;
        if !fraction.is_empty() {
            write!(f, ".{strong}")?;
        }
        if !fine.is_empty() {
            write!(f, "<span class=\"fine\">{fine}</span>")?;
        }
        if !self.unit.is_empty() {
            write!(f, "\u{a0}<span class=\"u\">{}</span>", self.unit)?;
        }
        f.write_str("</span>")
    }
}

impl HtmlSafe for Number {}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Power in kW.
pub(super) const fn kilowatts(power: Power) -> Number {
    Number::new(power.milliwatts(), 6, 3, "kW")
}

/// Energy in kWh.
pub(super) const fn kilowatt_hours(energy: Energy) -> Number {
    Number::new(energy.milliwatt_hours(), 6, 3, "kWh")
}

/// Money of a wallet.
pub(super) const fn fen(amount: Fen, unit: &'static str) -> Number {
    Number::new(amount.fen(), 2, 2, unit)
}

/// Money of a contract.
pub(super) const fn money(amount: Money, unit: &'static str) -> Number {
    Number::new(amount.micro_yuan(), 6, 2, unit)
}

/// A price.
pub(super) const fn price(price: Price, unit: &'static str) -> Number {
    Number::new(price.micro_yuan_per_kwh(), 6, 4, unit)
}

/// `2026-11-22`.
pub(super) fn date(at: Instant) -> String {
    at.civil().date.to_string()
}

/// `14:05`.
pub(super) fn minute(at: Instant) -> String {
    let time = at.civil();
    format!("{:02}:{:02}", time.hour, time.minute)
}

/// `14:05:09`.
pub(super) fn second(at: Instant) -> String {
    format!("{}:{:02}", minute(at), at.civil().second)
}

/// `2026-11-22T14:05:09+08:00`, for the `datetime` attribute.
pub(super) fn machine_time(at: Instant) -> String {
    format!("{}T{}+08:00", date(at), second(at))
}

/// A digest by its first twelve digits.
pub(super) fn short_hex(hex: &str) -> &str {
    hex.get(..12).unwrap_or(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_there() {
        let power = kilowatts(Power::from_milliwatts(1_234_567_890));
        assert_eq!(power.plain(), "1234.567890");
        assert_eq!(
            power.to_string(),
            "<span class=\"n\">1,234.567<span class=\"fine\">890</span>\u{a0}<span class=\"u\">kW</span></span>"
        );
    }

    #[test]
    fn signs_zero_and_the_ends_of_the_range() {
        let html = |digits| format!("<span class=\"n\">{digits}</span>");
        assert_eq!(fen(Fen::from_fen(-5), "").to_string(), html("−0.05"));
        assert_eq!(Number::new(5, 0, 0, "").signed().to_string(), html("+5"));
        assert_eq!(Number::new(0, 2, 2, "").signed().to_string(), html("0.00"));
        assert_eq!(Number::new(i64::MIN, 0, 0, "").plain(), i64::MIN.to_string());
    }

    #[test]
    fn time_is_legal_time() {
        let at = Instant::from_unix_seconds(1_795_334_709);
        assert_eq!(machine_time(at), "2026-11-22T16:05:09+08:00");
        assert_eq!(minute(at), "16:05");
    }
}
