//! Rates (费率) and the day table that says when each is in force.

use core::fmt;
use heapless::Vec;
use wire::{DecodeError, Reader, Sink, Wire};

/// Number of rates: 尖 峰 平 谷 (Q/GDW 1354-2013, read).
pub const RATES: usize = 4;
/// Most switches in a day: 14 (DL/T 645-2007 parameter 04000203 allows up to 14, read).
pub const SWITCHES_MAX: usize = 14;

const MINUTES_PER_DAY: u16 = 1440;

/// A rate; its number is that of DL/T 645 (DI1 01 to 04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rate {
    /// 尖
    Sharp = 1,
    /// 峰
    Peak = 2,
    /// 平
    Flat = 3,
    /// 谷
    Valley = 4,
}

impl Rate {
    /// All rates by number.
    pub const ALL: [Self; RATES] = [Self::Sharp, Self::Peak, Self::Flat, Self::Valley];

    /// Position in an array of registers, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize - 1
    }
}

impl Wire for Rate {
    fn write(&self, out: &mut Sink<'_>) {
        (*self as u8).write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let number = u8::read(reader)?;
        let rate = Self::ALL.into_iter().find(|rate| *rate as u8 == number);
        rate.ok_or(reader.refuse(at, "rate"))
    }
}

/// From `minute_of_day` on `rate` is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Minute of the legal day, 0 to 1439.
    pub minute_of_day: u16,
    /// The rate.
    pub rate: Rate,
}

impl Wire for Switch {
    fn write(&self, out: &mut Sink<'_>) {
        self.minute_of_day.write(out);
        self.rate.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { minute_of_day: Wire::read(reader)?, rate: Wire::read(reader)? })
    }
}

/// Why a list of switches is no day table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayTableError {
    /// There is no switch, so no rate.
    Empty,
    /// There are more than [`SWITCHES_MAX`].
    TooMany,
    /// A switch lies outside the day.
    OutsideTheDay,
    /// The switches don't rise.
    NotRising,
}

impl fmt::Display for DayTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "a day table has at least one switch"),
            Self::TooMany => write!(f, "a day table has at most {SWITCHES_MAX} switches"),
            Self::OutsideTheDay => write!(f, "a switch lies at minute 1440 or later"),
            Self::NotRising => write!(f, "the switches of a day table must rise"),
        }
    }
}

impl core::error::Error for DayTableError {}

/// Which rate is in force at which minute of the day (日时段表).
///
/// First form: one table for every day of the year. Before the first switch of a day the rate of
/// the last one still holds, so a period may cross midnight (Q/GDW 1354-2013, read).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTable(Vec<Switch, SWITCHES_MAX>);

impl DayTable {
    /// A table of rising switches.
    ///
    /// # Errors
    /// [`DayTableError`] if they are none, too many, or not rising within the day.
    pub fn new(switches: &[Switch]) -> Result<Self, DayTableError> {
        let table = Vec::from_slice(switches).map_err(|_| DayTableError::TooMany)?;
        let last = table.last().ok_or(DayTableError::Empty)?;
        if !table.is_sorted_by(|one, next| one.minute_of_day < next.minute_of_day) {
            return Err(DayTableError::NotRising);
        }
        if last.minute_of_day >= MINUTES_PER_DAY {
            return Err(DayTableError::OutsideTheDay);
        }
        Ok(Self(table))
    }

    /// One rate all day.
    #[must_use]
    pub fn always(rate: Rate) -> Self {
        let mut table = Vec::new();
        let pushed = table.push(Switch { minute_of_day: 0, rate }).is_ok();
        assert!(pushed, "a table has room for one switch");
        Self(table)
    }

    /// The switches, rising.
    #[must_use]
    pub fn switches(&self) -> &[Switch] {
        &self.0
    }

    /// The rate in force at a minute of the day.
    #[must_use]
    pub fn rate_at(&self, minute_of_day: u16) -> Rate {
        let begun = self.0.iter().rev().find(|switch| switch.minute_of_day <= minute_of_day);
        begun.or(self.0.last()).expect("a day table has at least one switch").rate
    }
}

impl Wire for DayTable {
    fn write(&self, out: &mut Sink<'_>) {
        self.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let switches: Vec<Switch, SWITCHES_MAX> = Wire::read(reader)?;
        Self::new(&switches).map_err(|_| reader.refuse(at, "day table"))
    }
}
