//! Legal calendar time: UTC+8, no daylight saving.

use crate::{Divisor, Duration, Instant};

/// China's legal time is eight hours ahead of UTC, without daylight saving.
pub const LEGAL_OFFSET: Duration = Duration::from_hours(8);

const DAY_MILLISECONDS: i64 = 86_400_000;
const MINUTE_MILLISECONDS: Divisor = Divisor::fixed(60_000);
const DAY_MINUTES: Divisor = Divisor::fixed(1440);
/// Days in 400 years of the Gregorian calendar, after which it repeats.
const ERA_DAYS: Divisor = Divisor::fixed(146_097);

/// Day of the week; the number is that of DL/T 645 (0 is Sunday).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Sunday = 0,
    Monday = 1,
    Tuesday = 2,
    Wednesday = 3,
    Thursday = 4,
    Friday = 5,
    Saturday = 6,
}

/// A date of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate {
    /// Year, such as 2026.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
}

/// A legal day, and an instant in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegalDay {
    /// Days since 1970-01-01.
    pub number: i64,
    /// Minute of the day, 0 to 1439.
    pub minute: u32,
    /// Millisecond of the minute, 0 to 59,999.
    pub millisecond: u32,
}

/// Legal date and time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime {
    /// The date.
    pub date: CivilDate,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Millisecond, 0 to 999.
    pub millisecond: u16,
}

impl Instant {
    /// The legal (UTC+8) day and what has passed of it.
    #[must_use]
    pub fn legal_day(self) -> LegalDay {
        let local = self.unix_milliseconds().saturating_add(LEGAL_OFFSET.milliseconds());
        let (minutes, millisecond) = MINUTE_MILLISECONDS.divide(local);
        let (number, minute) = DAY_MINUTES.divide(minutes);
        LegalDay { number, minute, millisecond }
    }

    /// Legal (UTC+8) date and time.
    #[must_use]
    pub fn civil(self) -> CivilTime {
        let LegalDay { number, minute, millisecond } = self.legal_day();
        CivilTime {
            date: CivilDate::from_epoch_day(number),
            hour: small(minute / 60),
            minute: small(minute % 60),
            second: small(millisecond / 1000),
            millisecond: u16::try_from(millisecond % 1000).expect("below 1000"),
        }
    }

    /// The instant of a legal (UTC+8) date and time.
    #[must_use]
    pub fn from_civil(time: CivilTime) -> Self {
        let in_day = i64::from(time.hour) * 3_600_000
            + i64::from(time.minute) * 60_000
            + i64::from(time.second) * 1000
            + i64::from(time.millisecond);
        let local = time.date.to_epoch_day() * DAY_MILLISECONDS + in_day;
        Self::from_unix_milliseconds(local - LEGAL_OFFSET.milliseconds())
    }
}

impl CivilTime {
    /// Minute of the legal day, 0 to 1439.
    #[must_use]
    pub fn minute_of_day(self) -> u16 {
        u16::from(self.hour) * 60 + u16::from(self.minute)
    }
}

impl core::fmt::Display for CivilTime {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {:02}:{:02}:{:02}", self.date, self.hour, self.minute, self.second)
    }
}

impl core::fmt::Display for CivilDate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl CivilDate {
    /// Midnight (UTC+8) at which the day begins.
    #[must_use]
    pub fn start(self) -> Instant {
        let midnight = CivilTime { date: self, hour: 0, minute: 0, second: 0, millisecond: 0 };
        Instant::from_civil(midnight)
    }

    /// Day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        match (self.to_epoch_day() + 4).rem_euclid(7) {
            0 => Weekday::Sunday,
            1 => Weekday::Monday,
            2 => Weekday::Tuesday,
            3 => Weekday::Wednesday,
            4 => Weekday::Thursday,
            5 => Weekday::Friday,
            _ => Weekday::Saturday,
        }
    }

    /// The date that lies `days` after 1970-01-01.
    ///
    /// # Panics
    /// If the year doesn't fit its type; no day of an [`Instant`] is so far away.
    ///
    /// Algorithm: H. Hinnant, "chrono-compatible low-level date algorithms" (`civil_from_days`).
    #[must_use]
    pub fn from_epoch_day(days: i64) -> Self {
        let (era, day_of_era) = ERA_DAYS.divide(days + 719_468);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
        Self {
            year: i32::try_from(year).expect("an i64 of milliseconds spans 292 million years"),
            month: small(month),
            day: small(day),
        }
    }

    /// Days since 1970-01-01 (`days_from_civil` of the same source).
    fn to_epoch_day(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }
}

fn small(value: u32) -> u8 {
    u8::try_from(value).expect("a field of a date or a time of day fits u8")
}
