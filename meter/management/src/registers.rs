//! Energy registers: totals from the metering core, and the movement of each rate.

use crate::tariff::{DayTable, RATES};
use core::fmt;
use quantity::{CivilDate, Energy, Instant};
use wire::reading::Reading;
use wire::{DecodeError, Reader, Sink, Wire};

/// All energy registers at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// Forward (import) active energy.
    pub import: RateRegisters,
    /// Reverse (export) active energy.
    pub export: RateRegisters,
    /// Reactive energy of quadrants I to IV, in milli-var-hours.
    pub reactive_quadrants_milli_var_hours: [i64; 4],
}

/// The registers of one direction.
///
/// The total is the metering core's and integrated on its own: never the sum of the rates
/// (Q/GDW 1354-2013, read). Rates begin to count with the first reading after production.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateRegisters {
    /// Total.
    pub total: Energy,
    /// 尖 峰 平 谷, by [`Rate::index`](crate::Rate::index).
    pub rates: [Energy; RATES],
}

/// Why a reading was ignored as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It isn't later than the one before it.
    TimeNotLater,
    /// Its time isn't between 2000 and 2099: the date of DL/T 645 has two digits of year.
    TimeOutOfRange,
    /// A register is negative or below its earlier value; registers only rise.
    RegisterWentBack,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeNotLater => write!(f, "the reading isn't later than the one before it"),
            Self::TimeOutOfRange => write!(f, "the reading's time isn't between 2000 and 2099"),
            Self::RegisterWentBack => write!(f, "an energy register went back"),
        }
    }
}

/// A pair of totals to which the contract of the transaction core refers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) import: Energy,
    pub(crate) export: Energy,
}

/// The record that is stored once a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Time of the last reading.
    pub(crate) at: Instant,
    pub(crate) registers: Registers,
    pub(crate) month_start: Totals,
    pub(crate) year_start: Totals,
}

impl Registers {
    pub(crate) const fn totals(&self) -> Totals {
        Totals { import: self.import.total, export: self.export.total }
    }
}

impl RateRegisters {
    /// The whole movement goes to the rate at `index`; `None` if the register went back.
    fn advanced(&self, total: Energy, index: usize) -> Option<Self> {
        let movement = total.checked_sub(self.total).filter(|moved| !moved.is_negative())?;
        let mut next = Self { total, rates: self.rates };
        next.rates[index] = next.rates[index].checked_add(movement)?;
        Some(next)
    }

    const fn first(total: Energy) -> Self {
        Self { total, rates: [Energy::ZERO; RATES] }
    }
}

impl State {
    /// The state after the first reading ever: months and years count from it.
    pub(crate) fn first(reading: &Reading) -> Result<Self, Refusal> {
        check_time(reading.at)?;
        if reading.import.is_negative() || reading.export.is_negative() {
            return Err(Refusal::RegisterWentBack);
        }
        let registers = Registers {
            import: RateRegisters::first(reading.import),
            export: RateRegisters::first(reading.export),
            reactive_quadrants_milli_var_hours: reading.reactive_quadrants_milli_var_hours,
        };
        let totals = registers.totals();
        Ok(Self { at: reading.at, registers, month_start: totals, year_start: totals })
    }

    /// The state after one more reading.
    ///
    /// The movement goes to the rate in force when it began: exact if readings fall on the minutes
    /// at which rates switch.
    pub(crate) fn after(&self, reading: &Reading, table: &DayTable) -> Result<Self, Refusal> {
        check_time(reading.at)?;
        if reading.at <= self.at {
            return Err(Refusal::TimeNotLater);
        }
        let index = table.rate_at(self.at.civil().minute_of_day()).index();
        let (import, export) = (&self.registers.import, &self.registers.export);
        let registers = Registers {
            import: import.advanced(reading.import, index).ok_or(Refusal::RegisterWentBack)?,
            export: export.advanced(reading.export, index).ok_or(Refusal::RegisterWentBack)?,
            reactive_quadrants_milli_var_hours: reading.reactive_quadrants_milli_var_hours,
        };
        Ok(Self { at: reading.at, registers, ..*self })
    }
}

fn check_time(at: Instant) -> Result<(), Refusal> {
    let first = CivilDate { year: 2000, month: 1, day: 1 }.start();
    let end = CivilDate { year: 2100, month: 1, day: 1 }.start();
    if first <= at && at < end { Ok(()) } else { Err(Refusal::TimeOutOfRange) }
}

impl Wire for Registers {
    fn write(&self, out: &mut Sink<'_>) {
        self.import.write(out);
        self.export.write(out);
        self.reactive_quadrants_milli_var_hours.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            import: Wire::read(reader)?,
            export: Wire::read(reader)?,
            reactive_quadrants_milli_var_hours: Wire::read(reader)?,
        })
    }
}

impl Wire for RateRegisters {
    fn write(&self, out: &mut Sink<'_>) {
        self.total.write(out);
        self.rates.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { total: Wire::read(reader)?, rates: Wire::read(reader)? })
    }
}

impl Wire for Totals {
    fn write(&self, out: &mut Sink<'_>) {
        self.import.write(out);
        self.export.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { import: Wire::read(reader)?, export: Wire::read(reader)? })
    }
}

impl Wire for State {
    fn write(&self, out: &mut Sink<'_>) {
        self.at.write(out);
        self.registers.write(out);
        self.month_start.write(out);
        self.year_start.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            at: Wire::read(reader)?,
            registers: Wire::read(reader)?,
            month_start: Wire::read(reader)?,
            year_start: Wire::read(reader)?,
        })
    }
}
