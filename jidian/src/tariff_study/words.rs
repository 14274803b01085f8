//! Numbers and tables for people, in both languages.

use crate::commands::Language;
use contract::{Quantity, Unit};
use core::fmt::Write;

/// Picks one of two texts.
#[must_use]
pub const fn say(language: Language, zh: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount with `scale` decimals, shown with `shown` of them; further digits are cut off, so that
/// what one pays and another gets looks the same.
#[must_use]
pub fn decimal(amount: i128, scale: u32, shown: u32) -> String {
    let cut = amount / 10_i128.pow(scale - shown);
    let unit = 10_u128.pow(shown);
    let (sign, size) = (if cut < 0 { "-" } else { "" }, cut.unsigned_abs());
    if shown == 0 {
        return format!("{sign}{}", grouped(size));
    }
    let fraction = size % unit;
    format!("{sign}{}.{fraction:0width$}", grouped(size / unit), width = shown as usize)
}

/// Micro-yuan as yuan, cut off after the fen.
#[must_use]
pub fn yuan(micro_yuan: i128) -> String {
    decimal(micro_yuan, 6, 2)
}

/// The same with a plus sign in front of what is above zero.
#[must_use]
pub fn signed_yuan(micro_yuan: i128) -> String {
    let plus = if micro_yuan >= 10_000 { "+" } else { "" };
    plus.to_owned() + &yuan(micro_yuan)
}

/// Hundredths of a per cent as per cent.
#[must_use]
pub fn percent(hundredths: i64) -> String {
    let plus = if hundredths > 0 { "+" } else { "" };
    format!("{plus}{} %", decimal(i128::from(hundredths), 2, 2))
}

/// A part of a whole in per cent, to a tenth below.
#[must_use]
pub fn share(part: usize, whole: usize) -> String {
    let tenths = part as i128 * 1000 / (whole as i128).max(1);
    format!("{} %", decimal(tenths, 1, 1))
}

/// Unit of a quantity of a bill.
#[must_use]
pub fn unit(quantity: Quantity) -> &'static str {
    match quantity.unit() {
        Some(Unit::PerKwh) => "kWh",
        Some(Unit::PerKw) if quantity == Quantity::Capacity => "kVA",
        Some(Unit::PerKw) => "kW",
        Some(Unit::Ratio) | None => "yuan",
    }
}

/// Rows of cells: the first column to the left, all others to the right.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a head.
    #[must_use]
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()] }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// The lines, each two columns in from the left.
    #[must_use]
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::from(" ");
            for (at, (cell, wide)) in row.iter().zip(&widths).enumerate() {
                let pad = " ".repeat(wide - self::width(cell));
                let _ = if at == 0 {
                    write!(line, " {cell}{pad}")
                } else {
                    write!(line, "  {pad}{cell}")
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Columns on a terminal: Chinese characters and punctuation take two.
fn width(text: &str) -> usize {
    let wide = |sign: char| matches!(sign, '\u{2e80}'..='\u{9fff}' | '\u{ff00}'..='\u{ff60}');
    text.chars().map(|sign| if wide(sign) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_off_and_grouped() {
        assert_eq!(yuan(1_234_567_899_999), "1,234,567.89");
        assert_eq!([yuan(-1), yuan(-19_999)], ["0.00", "-0.01"]);
        assert_eq!(signed_yuan(9_999), "0.00");
        assert_eq!(signed_yuan(10_000), "+0.01");
        assert_eq!(decimal(-1_500, 3, 0), "-1");
        assert_eq!(percent(-2_505), "-25.05 %");
        assert_eq!(share(1, 3), "33.3 %");
    }

    #[test]
    fn chinese_takes_two_columns() {
        let mut table = Table::new(["项目", "元"]);
        table.row(["a".to_owned(), "1.00".to_owned()]);
        assert_eq!(table.text(), "  项目    元\n  a     1.00\n");
    }
}
