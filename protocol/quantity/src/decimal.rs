//! Exact decimal text of a scaled integer.

use core::fmt;

/// Why a text isn't a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseQuantityError {
    /// There is no digit.
    Empty,
    /// A character is neither a digit, a sign in front nor the one point.
    NotANumber,
    /// The number doesn't fit the quantity.
    OutOfRange,
    /// There are more digits after the point than the quantity can hold.
    TooPrecise {
        /// Digits that it can hold.
        decimals_max: u32,
    },
}

impl fmt::Display for ParseQuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "no number is given"),
            Self::NotANumber => write!(f, "not a decimal number"),
            Self::OutOfRange => write!(f, "the number is too large"),
            Self::TooPrecise { decimals_max } => {
                write!(f, "at most {decimals_max} digits may follow the point")
            }
        }
    }
}

impl core::error::Error for ParseQuantityError {}

pub(crate) fn write(f: &mut fmt::Formatter<'_>, value: i64, decimals: u32) -> fmt::Result {
    let scale = 10_u64.pow(decimals);
    let sign = if value < 0 { "-" } else { "" };
    let size = value.unsigned_abs();
    write!(f, "{sign}{}.{:0width$}", size / scale, size % scale, width = decimals as usize)
}

pub(crate) fn parse(text: &str, decimals: u32) -> Result<i64, ParseQuantityError> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(ParseQuantityError::Empty);
    }
    if fraction.len() > decimals as usize {
        return Err(ParseQuantityError::TooPrecise { decimals_max: decimals });
    }
    let mut size = push_digits(0, whole)?;
    size = push_digits(size, fraction)?;
    for _ in fraction.len()..decimals as usize {
        size = push_digit(size, 0)?;
    }
    let value = if negative { -size } else { size };
    i64::try_from(value).map_err(|_| ParseQuantityError::OutOfRange)
}

fn push_digits(start: i128, digits: &str) -> Result<i128, ParseQuantityError> {
    digits.bytes().try_fold(start, |value, byte| match byte {
        b'0'..=b'9' => push_digit(value, byte - b'0'),
        _ => Err(ParseQuantityError::NotANumber),
    })
}

fn push_digit(value: i128, digit: u8) -> Result<i128, ParseQuantityError> {
    value
        .checked_mul(10)
        .and_then(|shifted| shifted.checked_add(i128::from(digit)))
        .ok_or(ParseQuantityError::OutOfRange)
}
