//! One legal day: its rows, and all balances before and after.

use super::balances::{Balances, Difference};
use super::row::Row;
use super::statement::Period;
use crate::registration::Registration;
use quantity::CivilDate;

/// The rows of one legal day (UTC+8), with the balances at its two midnights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayBook {
    /// The day.
    pub day: CivilDate,
    /// Balances when it began.
    pub opening: Balances,
    /// Its rows, refused ones included, in the order of the ledger.
    pub rows: Vec<Row>,
    /// Balances when it ended, or now if it hasn't.
    pub closing: Balances,
}

/// Gathers a [`DayBook`] from all rows since the genesis.
#[derive(Clone, Debug)]
pub struct DayBookBuilder {
    day: CivilDate,
    period: Period,
    opening: Balances,
    closing: Balances,
    rows: Vec<Row>,
    all: Balances,
}

impl DayBookBuilder {
    /// Before the first row.
    #[must_use]
    pub fn new(day: CivilDate) -> Self {
        let (opening, closing, all) = Default::default();
        Self { day, period: Period::of_day(day), opening, closing, rows: Vec::new(), all }
    }

    /// Takes the next row.
    pub fn take(&mut self, row: &Row) {
        self.all.take(row);
        if row.at < self.period.from {
            self.opening.take(row);
        }
        if row.at < self.period.until {
            self.closing.take(row);
        }
        if self.period.holds(row.at) {
            self.rows.push(*row);
        }
    }

    /// Ends with a ledger that has replayed the very batches of the rows.
    ///
    /// # Errors
    /// [`Difference`] if the rows and the ledger don't agree.
    pub fn finish(self, ledger: &Registration) -> Result<DayBook, Difference> {
        self.all.check(ledger)?;
        let Self { day, opening, closing, rows, .. } = self;
        Ok(DayBook { day, opening, rows, closing })
    }
}
