//! What leaves the ledger as tables and texts: day journal, accounting text, statement of a wallet.
//!
//! Everything here is pure: batches come in, rows and text go out. A row holds money of a wallet as a
//! whole: what can be spent, what is set aside, and coin strings. Rows that agree with the replayed
//! ledger ([`Balances::check`]) leave nothing out.

mod accounts;
mod balances;
mod beancount;
mod day;
mod journal;
mod kept;
mod plain_ledger;
mod row;
mod statement;

pub use balances::{Balances, Difference};
pub use beancount::beancount;
pub use day::{DayBook, DayBookBuilder};
pub use journal::{Journal, OutOfReach};
pub use plain_ledger::plain_ledger;
pub use row::{Place, Row, rows};
pub use statement::{Movement, Period, Statement, StatementBuilder};
