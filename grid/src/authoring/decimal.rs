//! Exact decimal numbers, as they stand in a text.

use core::fmt;

/// Most digits of a number; far more than any price has.
const DIGITS_MAX: usize = 24;
/// Largest power of ten up or down.
const EXPONENT_MAX: i32 = 40;

/// `mantissa ÷ 10^scale`, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// What happens to digits that a price can't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, the half upwards.
    HalfUp,
    /// Towards minus infinity.
    Down,
    /// The rate is refused.
    Refuse,
}

/// A number in millionths, and whether digits were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Millionths {
    pub(crate) value: i64,
    pub(crate) exact: bool,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// Reads `-12.5` or `1.25e-3`; `None` for what isn't a number or is absurdly large or fine.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match number.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = whole.len() + fraction.len();
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if all == 0 || all > 2 * DIGITS_MAX || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        // Zeros at the end of the fraction say nothing.
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}");
        if digits.trim_start_matches('0').len() > DIGITS_MAX || exponent.abs() > EXPONENT_MAX {
            return None;
        }
        let size: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let mantissa = if negative { -size } else { size };
        match u32::try_from(scale) {
            Ok(scale) => Some(Self { mantissa, scale }),
            Err(_) => {
                let mantissa = mantissa.checked_mul(power(scale.unsigned_abs())?)?;
                Some(Self { mantissa, scale: 0 })
            }
        }
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// Whether it is above nothing.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.mantissa > 0
    }

    /// The sum; `None` if it has too many digits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let scaled = |one: Self| one.mantissa.checked_mul(power(scale - one.scale)?);
        Some(Self { mantissa: scaled(self)?.checked_add(scaled(other)?)?, scale })
    }

    /// The product; `None` if it has too many digits.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(Self { mantissa, scale: self.scale.checked_add(other.scale)? })
    }

    /// In millionths, rounded where digits are lost; `None` if it leaves `i64`.
    pub(crate) fn millionths(self, rounding: Rounding) -> Option<Millionths> {
        let Some(below) = self.scale.checked_sub(6) else {
            let value = self.mantissa.checked_mul(power(6 - self.scale)?)?;
            return Some(Millionths { value: i64::try_from(value).ok()?, exact: true });
        };
        // A number so fine that the power overflows is less than a millionth by far.
        let unit = power(below).unwrap_or(i128::MAX);
        let (down, rest) = (self.mantissa.div_euclid(unit), self.mantissa.rem_euclid(unit));
        let up = rounding == Rounding::HalfUp && rest >= unit - rest;
        let value = i64::try_from(down + i128::from(up)).ok()?;
        Some(Millionths { value, exact: rest == 0 })
    }
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// Millionths as decimal text without zeros at the end.
pub(crate) fn text(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    let fraction = format!("{:06}", size % 1_000_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", size / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        let shown = |text: &str| Decimal::parse(text).map(|number| number.to_string());
        for (text, expected) in [
            ("0.10500", Some("0.105")),
            ("-12.5", Some("-12.5")),
            ("1.25e-3", Some("0.00125")),
            ("1E3", Some("1000")),
            ("1e+38", Some("100000000000000000000000000000000000000")),
            ("0.11432000000000001", Some("0.11432000000000001")),
            ("1e99", None),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("0x10", None),
            ("1234567890123456789012345", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn millionths_are_rounded_as_asked() {
        let round = |text: &str, rounding| {
            let number = Decimal::parse(text).unwrap().millionths(rounding).unwrap();
            (number.value, number.exact)
        };
        assert_eq!(round("0.105", Rounding::Down), (105_000, true));
        assert_eq!(round("0.0000005", Rounding::HalfUp), (1, false));
        assert_eq!(round("0.0000005", Rounding::Down), (0, false));
        // Euclidean: the half goes up, down is away from zero for what is negative.
        assert_eq!(round("-0.0000005", Rounding::HalfUp), (0, false));
        assert_eq!(round("-0.0000005", Rounding::Down), (-1, false));
        assert_eq!(round("1e-40", Rounding::HalfUp), (0, false));
        let seven = Decimal::parse("7.1").unwrap();
        let product = Decimal::parse("0.113").unwrap().times(seven).unwrap();
        assert_eq!(product.millionths(Rounding::Refuse).unwrap().value, 802_300);
        assert_eq!(text(802_300), "0.8023");
        assert_eq!(text(-2_000_000), "-2");
    }
}
