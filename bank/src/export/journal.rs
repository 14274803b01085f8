//! The last rows in memory, so that a service answers at once and its memory stays bounded.

use super::row::Row;
use super::statement::{Period, Statement};
use core::fmt;
use quantity::{Fen, Instant};
use std::collections::{BTreeMap, VecDeque};
use wire::WalletId;

/// The last rows, at most a given number, with an index by wallet.
#[derive(Clone, Debug)]
pub struct Journal {
    rows: VecDeque<Row>,
    /// How many rows were dropped: the number of the oldest one that is kept.
    dropped: u64,
    /// Instant of the last row that was dropped.
    dropped_at: Option<Instant>,
    wallets: BTreeMap<WalletId, VecDeque<u64>>,
    rows_max: usize,
}

/// The period begins before the oldest row that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfReach {
    /// Periods that begin behind this instant can be answered.
    pub dropped_at: Instant,
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.dropped_at.civil();
        write!(f, "movements up to {since} (UTC+8) aren't kept in memory any more")
    }
}

impl core::error::Error for OutOfReach {}

impl Journal {
    /// An empty journal that keeps at most `rows_max` rows.
    #[must_use]
    pub const fn new(rows_max: usize) -> Self {
        let rows = VecDeque::new();
        Self { rows, dropped: 0, dropped_at: None, wallets: BTreeMap::new(), rows_max }
    }

    /// A journal that has dropped so many rows, the last of them at this instant.
    pub(super) const fn behind(rows_max: usize, dropped: u64, dropped_at: Option<Instant>) -> Self {
        let rows = VecDeque::new();
        Self { rows, dropped, dropped_at, wallets: BTreeMap::new(), rows_max }
    }

    /// How many rows were dropped, and when the last of them was.
    pub(super) const fn dropped(&self) -> (u64, Option<Instant>) {
        (self.dropped, self.dropped_at)
    }

    /// Takes the next row, and drops the oldest one if there are too many.
    pub fn push(&mut self, row: Row) {
        let number = self.next_number();
        for wallet in ends(&row) {
            self.wallets.entry(wallet).or_default().push_back(number);
        }
        self.rows.push_back(row);
        if self.rows.len() > self.rows_max {
            self.drop_oldest();
        }
    }

    fn next_number(&self) -> u64 {
        self.dropped.checked_add(self.rows.len() as u64).expect("nobody moves money 2⁶⁴ times")
    }

    fn drop_oldest(&mut self) {
        let Some(row) = self.rows.pop_front() else { return };
        for wallet in ends(&row) {
            let numbers = self.wallets.get_mut(&wallet).expect("indexed when it came");
            let number = numbers.pop_front();
            assert_eq!(number, Some(self.dropped), "the oldest row is dropped first");
            if numbers.is_empty() {
                self.wallets.remove(&wallet);
            }
        }
        self.dropped = self.dropped.checked_add(1).expect("as above");
        self.dropped_at = Some(row.at);
    }

    fn must_reach(&self, from: Instant) -> Result<(), OutOfReach> {
        match self.dropped_at {
            Some(dropped_at) if from <= dropped_at => Err(OutOfReach { dropped_at }),
            Some(_) | None => Ok(()),
        }
    }

    /// Rows of a period, oldest first.
    ///
    /// # Errors
    /// [`OutOfReach`] if rows of the period may have been dropped.
    pub fn rows(&self, period: Period) -> Result<impl Iterator<Item = &Row>, OutOfReach> {
        self.must_reach(period.from)?;
        let first = self.rows.partition_point(|row| row.at < period.from);
        Ok(self.rows.range(first..).take_while(move |row| period.holds(row.at)))
    }

    /// All rows that are kept, oldest first.
    pub fn kept(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// Statement of a wallet that holds `balance` behind the last row.
    ///
    /// # Errors
    /// [`OutOfReach`] if movements of the period may have been dropped.
    pub fn statement(
        &self,
        wallet: WalletId,
        period: Period,
        balance: Fen,
    ) -> Result<Statement, OutOfReach> {
        self.must_reach(period.from)?;
        let rows: Vec<&Row> = self.since(wallet, period.from).collect();
        let back = |balance: Fen, row: &&Row| balance.checked_sub(row.change_of(wallet));
        let opening = rows.iter().try_fold(balance, back).expect("the ledger counted it");
        let inside = rows.into_iter().take_while(|row| period.holds(row.at));
        Ok(Statement::of(wallet, opening, inside))
    }

    fn since(&self, wallet: WalletId, from: Instant) -> impl Iterator<Item = &Row> {
        let numbers = self.wallets.get(&wallet);
        let first = numbers.map_or(0, |numbers| {
            numbers.partition_point(|number| self.row(*number).is_some_and(|row| row.at < from))
        });
        let numbers = numbers.into_iter().flat_map(move |numbers| numbers.range(first..));
        numbers.filter_map(|number| self.row(*number))
    }

    fn row(&self, number: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(number.checked_sub(self.dropped)?).ok()?)
    }
}

/// The wallets that a row names, each once.
fn ends(row: &Row) -> impl Iterator<Item = WalletId> {
    let other = if row.credit == row.debit { None } else { row.credit.wallet() };
    [row.debit.wallet(), other].into_iter().flatten()
}
