//! Statement of one wallet: opening balance, each movement, closing balance.

use super::balances::{Balances, Difference};
use super::row::{Place, Row};
use crate::registration::Registration;
use quantity::{CivilDate, Duration, Fen, Instant};
use wire::{Digest, WalletId};

/// A half-open stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First instant.
    pub from: Instant,
    /// First instant after it.
    pub until: Instant,
}

impl Period {
    /// All instants but the very last.
    pub const ALL: Self = Self {
        from: Instant::from_unix_milliseconds(i64::MIN),
        until: Instant::from_unix_milliseconds(i64::MAX),
    };

    /// A legal (UTC+8) day.
    #[must_use]
    pub fn of_day(day: CivilDate) -> Self {
        Self::of_days(day, day)
    }

    /// Legal (UTC+8) days, the last one included.
    ///
    /// # Panics
    /// If the last day is the last one that can be counted.
    #[must_use]
    pub fn of_days(first: CivilDate, last: CivilDate) -> Self {
        let until = last.start().checked_add(Duration::from_days(1));
        Self { from: first.start(), until: until.expect("years have few digits") }
    }

    /// Whether an instant lies in it.
    #[must_use]
    pub fn holds(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// One movement of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Number of the batch.
    pub batch: u64,
    /// When it became final.
    pub at: Instant,
    /// Digest of the operation.
    pub order: Digest,
    /// What kind of operation it is, such as `pay` or `draw`.
    pub kind: &'static str,
    /// Whom the wallet paid or was paid by.
    pub counterparty: Place,
    /// What the wallet gained; negative for what it paid.
    pub amount: Fen,
    /// Balance behind it.
    pub balance: Fen,
    /// Number of the leg in the contract that asked for it; 0 beside payments.
    pub reason: u8,
}

/// What happened to a wallet in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The wallet.
    pub wallet: WalletId,
    /// Balance before the first movement.
    pub opening: Fen,
    /// Movements in the order of the ledger.
    pub movements: Vec<Movement>,
    /// Balance behind the last movement.
    pub closing: Fen,
}

impl Statement {
    /// Goes through the rows of a period with a balance known at its beginning.
    ///
    /// # Panics
    /// If a balance leaves what can be counted: the ledger never accepts that.
    pub fn of<'a>(wallet: WalletId, opening: Fen, rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut statement = Self { wallet, opening, movements: Vec::new(), closing: opening };
        rows.for_each(|row| statement.take(row));
        statement
    }

    fn take(&mut self, row: &Row) {
        let amount = row.change_of(self.wallet);
        if amount.is_zero() {
            return;
        }
        let balance = self.closing.checked_add(amount).expect("the ledger counted the same sum");
        self.closing = balance;
        let paid = row.debit == Place::Wallet(self.wallet);
        self.movements.push(Movement {
            batch: row.batch,
            at: row.at,
            order: row.order,
            kind: row.kind,
            counterparty: if paid { row.credit } else { row.debit },
            amount,
            balance,
            reason: row.reason,
        });
    }
}

/// Gathers a [`Statement`] from all rows since the genesis.
#[derive(Clone, Debug)]
pub struct StatementBuilder {
    wallet: WalletId,
    period: Period,
    opening: Balances,
    rows: Vec<Row>,
    all: Balances,
}

impl StatementBuilder {
    /// Before the first row.
    #[must_use]
    pub fn new(wallet: WalletId, period: Period) -> Self {
        let (opening, all) = Default::default();
        Self { wallet, period, opening, rows: Vec::new(), all }
    }

    /// Takes the next row.
    pub fn take(&mut self, row: &Row) {
        self.all.take(row);
        if row.at < self.period.from {
            self.opening.take(row);
        } else if row.at < self.period.until && row.names(self.wallet) {
            self.rows.push(*row);
        }
    }

    /// Ends with a ledger that has replayed the very batches of the rows.
    ///
    /// # Errors
    /// [`Difference`] if the rows and the ledger don't agree.
    pub fn finish(self, ledger: &Registration) -> Result<Statement, Difference> {
        self.all.check(ledger)?;
        Ok(Statement::of(self.wallet, self.opening.of(self.wallet), self.rows.iter()))
    }
}
