//! Dated policy as tables of text: limits and interest by grade, what is suspicious; each row with
//! its source.
//!
//! ```text
//! holders,grade,from,single,day,year,balance,source     amounts in yuan, an empty one is no limit
//! holders,grade,from,rate_ppm,source
//! from,large_payment,window_hours,payments_max,split_payments_min,payers_max,pass_through_percent,source
//! ```
//! Lines that begin with `#` and the line of headings are passed over; the source is the last field
//! and may hold anything but a comma.

use crate::analysis::{MOVEMENTS_JUDGED, Rules};
use crate::command::Command;
use crate::terms::{Grade, Holders, InterestRule, LimitRule};
use core::fmt;
use quantity::{CivilDate, CivilTime, Duration, Fen, Instant};

/// Why a table can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl core::error::Error for PolicyError {}

/// The commands that put a table of limits into force.
///
/// # Errors
/// [`PolicyError`] names the line.
pub fn limits(table: &str) -> Result<Vec<Command>, PolicyError> {
    rows(table, |fields| {
        let [holders, grade, from, single, day, year, balance, _source] = fields else {
            return Err("a limit has 8 fields");
        };
        let rule = LimitRule {
            holders: holders_of(holders)?,
            grade: grade_of(grade)?,
            from_day: day_of(from)?,
            single: yuan(single)?,
            day: yuan(day)?,
            year: yuan(year)?,
            balance: yuan(balance)?,
        };
        Ok(Command::SetLimits { rule })
    })
}

/// The commands that put a table of interest into force.
///
/// # Errors
/// [`PolicyError`] names the line.
pub fn interest(table: &str) -> Result<Vec<Command>, PolicyError> {
    rows(table, |fields| {
        let [holders, grade, from, rate, _source] = fields else {
            return Err("a rate has 5 fields");
        };
        let rule = InterestRule {
            holders: holders_of(holders)?,
            grade: grade_of(grade)?,
            from_day: day_of(from)?,
            rate_ppm: rate.parse().map_err(|_| "the rate isn't a number of millionths")?,
        };
        Ok(Command::SetInterest { rule })
    })
}

/// What is suspicious, and from when on.
///
/// # Errors
/// [`PolicyError`] names the line.
pub fn analysis(table: &str) -> Result<Vec<Rules>, PolicyError> {
    rows(table, |fields| {
        let [from, large, hours, payments, split, payers, percent, _source] = fields else {
            return Err("a rule of the analysis centre has 8 fields");
        };
        let hours: u16 = hours.parse().map_err(|_| "the window isn't a number of hours")?;
        let percent = percent.parse().ok().filter(|percent| (1..=100).contains(percent));
        Ok(Rules {
            from_day: day_of(from)?,
            large_payment: yuan(large)?.ok_or("the large amount is missing")?,
            window: Duration::from_hours(i64::from(hours.max(1))),
            payments_max: count(payments)?,
            split_payments_min: count(split)?,
            payers_max: count(payers)?,
            pass_through_percent: percent.ok_or("a share is 1 to 100 percent")?,
        })
    })
}

/// A number that the analysis centre can count up to.
fn count(text: &str) -> Result<usize, &'static str> {
    let number = text.parse().ok().filter(|number| (1..MOVEMENTS_JUDGED).contains(number));
    number.ok_or("a number is 1 to 4095")
}

fn rows<T>(
    table: &str,
    read: impl Fn(&[&str]) -> Result<T, &'static str>,
) -> Result<Vec<T>, PolicyError> {
    let headings = |line: &str| line.starts_with("holders,") || line.starts_with("from,");
    let lines = table
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#') && !headings(line));
    lines
        .map(|(text, line)| {
            let fields: Vec<&str> = text.split(',').map(str::trim).collect();
            read(&fields).map_err(|reason| PolicyError { line, reason })
        })
        .collect()
}

fn holders_of(text: &str) -> Result<Holders, &'static str> {
    match text {
        "persons" => Ok(Holders::Persons),
        "companies" => Ok(Holders::Companies),
        _ => Err("holders are persons or companies"),
    }
}

fn grade_of(text: &str) -> Result<Grade, &'static str> {
    match text {
        "I" => Ok(Grade::I),
        "II" => Ok(Grade::II),
        "III" => Ok(Grade::III),
        "IV" => Ok(Grade::IV),
        _ => Err("a grade is I, II, III or IV"),
    }
}

/// A date such as 2026-01-01, not before 1970.
fn day_of(text: &str) -> Result<u32, &'static str> {
    const WRONG: &str = "a day is written like 2026-01-01";
    let mut parts = text.split('-').map(|part| part.parse::<u16>().map_err(|_| WRONG));
    let mut next = || parts.next().unwrap_or(Err(WRONG));
    let (year, month, day) = (next()?, next()?, next()?);
    let small = |part| u8::try_from(part).map_err(|_| WRONG);
    let date = CivilDate { year: year.into(), month: small(month)?, day: small(day)? };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(WRONG);
    }
    let midnight = CivilTime { date, hour: 0, minute: 0, second: 0, millisecond: 0 };
    let instant = Instant::from_civil(midnight);
    // A day that isn't in the calendar comes back as another one.
    let same = instant.civil().date == date;
    let number = u32::try_from(instant.legal_day().number);
    number.ok().filter(|_| same).ok_or(WRONG)
}

fn yuan(text: &str) -> Result<Option<Fen>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let fen: Fen = text.parse().map_err(|_| "an amount isn't in yuan")?;
    if fen > Fen::ZERO { Ok(Some(fen)) } else { Err("an amount is above zero, or left out") }
}
