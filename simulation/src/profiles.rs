//! Measured profiles: one year in steps of 15 minutes, each value a share of the nominal power.
//!
//! The built-in ones are from SimBench (ODbL 1.0, see `data/simbench/README.md`): real German
//! loads and plants of 2016. They aren't Chinese; the hour of day is taken over as it is.

use core::fmt;
use quantity::Instant;
use std::collections::BTreeMap;

/// Steps of a day.
const STEPS_PER_DAY: usize = 96;
/// A leap year, so that every date has a row.
const DAYS: usize = 366;

/// A share of the nominal power in millionths.
pub type Millionths = i32;

/// Named series over a year.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    series: BTreeMap<String, Vec<Millionths>>,
}

/// Why a table of profiles can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileError {
    /// The first line doesn't begin with `unix_s,local`.
    Header,
    /// A line has the wrong number of columns or a time label that isn't `MM-DD HH:MM`.
    Line {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A value isn't a decimal number of ordinary size.
    Value {
        /// Number of the line, from 1.
        line: usize,
        /// Name of the column.
        column: String,
    },
    /// The year isn't complete.
    Gap {
        /// Day of the year, from 1, in which the first step is missing.
        day: usize,
    },
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => write!(f, "the header must begin with 'unix_s,local'"),
            Self::Line { line } => write!(f, "line {line}: columns or time label are wrong"),
            Self::Value { line, column } => write!(f, "line {line}, column {column}: no number"),
            Self::Gap { day } => write!(f, "the year has a gap on its day {day}"),
        }
    }
}

impl core::error::Error for ProfileError {}

impl Profiles {
    /// Adds the wanted columns of a table with the header `unix_s,local,NAME,…`.
    ///
    /// Rows are keyed by the local label, because people live by it: the hour that daylight saving
    /// skips repeats the hour before it, and of an hour that comes twice the first counts.
    ///
    /// # Errors
    /// [`ProfileError`] if the table isn't of this form or doesn't cover a year.
    pub fn add_table(&mut self, csv: &str, wanted: &[&str]) -> Result<(), ProfileError> {
        let mut lines = csv.lines().enumerate();
        let (_, header) = lines.next().ok_or(ProfileError::Header)?;
        let names = header.strip_prefix("unix_s,local,").ok_or(ProfileError::Header)?;
        let columns: Vec<(usize, &str)> =
            names.split(',').enumerate().filter(|(_, name)| wanted.contains(name)).collect();
        let mut years = vec![vec![None; DAYS * STEPS_PER_DAY]; columns.len()];
        for (number, line) in lines {
            read_line(line, number + 1, &columns, &mut years)?;
        }
        for ((_, name), year) in columns.iter().zip(years) {
            self.series.insert((*name).to_owned(), fill_skipped_hours(year)?);
        }
        Ok(())
    }

    /// The same series, with a suffix taken off the names that end in it.
    #[must_use]
    pub fn without_suffix(self, suffix: &str) -> Self {
        let rename = |name: String| name.strip_suffix(suffix).map_or(name.clone(), str::to_owned);
        let series = self.series.into_iter().map(|(name, values)| (rename(name), values));
        Self { series: series.collect() }
    }

    /// Whether a series of this name was added.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.series.contains_key(name)
    }

    /// A whole series: 366 days of 96 steps, from the first of January of a leap year.
    #[must_use]
    pub fn series(&self, name: &str) -> Option<&[Millionths]> {
        self.series.get(name).map(Vec::as_slice)
    }

    /// The value at an instant, by legal date (of any year) and time of day.
    ///
    /// # Panics
    /// If there is no such series: scenarios are checked against the names when they are loaded.
    #[must_use]
    pub fn at(&self, name: &str, instant: Instant) -> Millionths {
        let series = self.series.get(name).expect("a scenario names only series that exist");
        let civil = instant.civil();
        let day = day_of_leap_year(civil.date.month, civil.date.day);
        series[day * STEPS_PER_DAY + usize::from(civil.minute_of_day() / 15)]
    }
}

fn read_line(
    line: &str,
    number: usize,
    columns: &[(usize, &str)],
    years: &mut [Vec<Option<Millionths>>],
) -> Result<(), ProfileError> {
    let broken = || ProfileError::Line { line: number };
    let mut fields = line.split(',').skip(1);
    let step = fields.next().and_then(step_of_label).ok_or_else(broken)?;
    let mut position = 0;
    for ((column, name), year) in columns.iter().zip(years) {
        let field = fields.nth(column - position).ok_or_else(broken)?;
        position = column + 1;
        let value = millionths(field)
            .ok_or_else(|| ProfileError::Value { line: number, column: (*name).to_owned() })?;
        year[step].get_or_insert(value);
    }
    Ok(())
}

/// `MM-DD HH:MM` to the step of a leap year.
fn step_of_label(label: &str) -> Option<usize> {
    let number = |range: core::ops::Range<usize>| label.get(range)?.parse::<u8>().ok();
    let (month, day, hour, minute) = (number(0..2)?, number(3..5)?, number(6..8)?, number(9..11)?);
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
    let step = usize::from(hour) * 4 + usize::from(minute) / 15;
    (in_range && label.len() == 11).then(|| day_of_leap_year(month, day) * STEPS_PER_DAY + step)
}

fn day_of_leap_year(month: u8, day: u8) -> usize {
    const BEFORE: [usize; 12] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];
    (BEFORE[usize::from(month) - 1] + usize::from(day) - 1).min(DAYS - 1)
}

fn fill_skipped_hours(year: Vec<Option<Millionths>>) -> Result<Vec<Millionths>, ProfileError> {
    let mut filled: Vec<Millionths> = Vec::with_capacity(year.len());
    for (step, value) in year.into_iter().enumerate() {
        // Only the four steps of the skipped hour may be missing, so the value an hour ago is real.
        let value = value.or_else(|| step.checked_sub(4).map(|earlier| filled[earlier]));
        filled.push(value.ok_or(ProfileError::Gap { day: step / STEPS_PER_DAY + 1 })?);
    }
    Ok(filled)
}

/// Decimal text to millionths, digits beyond the sixth cut off.
fn millionths(text: &str) -> Option<Millionths> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: i32 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut value = whole.checked_mul(1_000_000)?;
    let mut place = 100_000;
    for digit in fraction.bytes() {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value = value.checked_add(i32::from(digit) * place)?;
        place /= 10;
    }
    (!digits.is_empty()).then_some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quantity::CivilDate;

    fn year(value: impl Fn(usize) -> String) -> String {
        let mut csv = "unix_s,local,A,B\n".to_owned();
        let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut row = 0;
        for (month, length) in lengths.iter().enumerate() {
            for day in 1..=*length {
                for step in 0..96 {
                    let (hour, minute) = (step / 4, step % 4 * 15);
                    let label = format!("{:02}-{day:02} {hour:02}:{minute:02}", month + 1);
                    csv.push_str(&format!("0,{label},{},-.5\n", value(row)));
                    row += 1;
                }
            }
        }
        csv
    }

    #[test]
    fn values_are_found_by_legal_time() {
        let mut profiles = Profiles::default();
        profiles.add_table(&year(|row| format!(".{row:05}")), &["A", "B"]).unwrap();
        let start = CivilDate { year: 2026, month: 3, day: 1 }.start();
        assert_eq!(profiles.at("A", start), 60 * 96 * 10);
        assert_eq!(profiles.at("A", start + quantity::Duration::from_minutes(29)), 57_610);
        assert_eq!(profiles.at("B", start), -500_000);
    }

    #[test]
    fn tables_that_are_not_of_the_form_are_refused() {
        let add = |csv: &str| Profiles::default().add_table(csv, &["A"]);
        assert_eq!(add(""), Err(ProfileError::Header));
        assert_eq!(add("time,A\n"), Err(ProfileError::Header));
        assert_eq!(add("unix_s,local,A\n0,01-01 00:00\n"), Err(ProfileError::Line { line: 2 }));
        assert_eq!(add("unix_s,local,A\n0,13-01 00:00,1\n"), Err(ProfileError::Line { line: 2 }));
        let value = ProfileError::Value { line: 2, column: "A".to_owned() };
        assert_eq!(add("unix_s,local,A\n0,01-01 00:00,x\n"), Err(value));
        assert_eq!(add("unix_s,local,A\n0,01-01 00:00,1\n"), Err(ProfileError::Gap { day: 1 }));
    }
}
