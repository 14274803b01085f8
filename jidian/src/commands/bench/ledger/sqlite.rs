//! The same transfers in SQLite: accounts, orders known by key and number, a journal, one synced
//! transaction a batch.

use super::city::{City, Payees, wallet};
use bank::Operation;
use bank::registration::Digested;
use rusqlite::{Connection, Transaction, params};
use std::path::Path;
use std::time::{Duration, Instant};
use wire::Wire;

const TABLES: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE wallet (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
    CREATE TABLE chain (key BLOB PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE journal (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
";

/// What a run took.
pub(super) struct Run {
    pub(super) transfers: usize,
    pub(super) total: Duration,
    pub(super) batches: Vec<Duration>,
}

/// Does batches of orders of a new city.
pub(super) fn run(
    path: &Path,
    city: &mut City,
    customers: usize,
    shape: (Payees, usize),
    (transfers, batch): (usize, usize),
) -> rusqlite::Result<Run> {
    let mut database = Connection::open(path)?;
    database.execute_batch(TABLES)?;
    open_wallets(&mut database, customers)?;
    let mut run = Run { transfers: 0, total: Duration::ZERO, batches: Vec::new() };
    while run.transfers < transfers {
        let orders = city.orders(batch, shape);
        let begin = Instant::now();
        settle(&mut database, &orders)?;
        run.batches.push(begin.elapsed());
        run.total += begin.elapsed();
        run.transfers += batch;
    }
    Ok(run)
}

fn open_wallets(database: &mut Connection, customers: usize) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    for customer in 0..=customers {
        let number = wallet(customer).number().cast_signed();
        transaction
            .prepare_cached("INSERT INTO wallet VALUES (?1, 10000000)")?
            .execute(params![number])?;
    }
    transaction.commit()
}

fn settle(database: &mut Connection, orders: &[Digested]) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    for order in orders {
        if let Operation::Pay(order) = order.operation() {
            pay(&transaction, &order.body)?;
        }
    }
    transaction.commit()
}

fn pay(transaction: &Transaction<'_>, order: &wire::order::PaymentOrder) -> rusqlite::Result<()> {
    let sequence = order.sequence.cast_signed();
    let next = transaction
        .prepare_cached(
            "INSERT INTO chain VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET sequence = ?2 \
             WHERE sequence = ?2 - 1",
        )?
        .execute(params![order.signer.0, sequence])?;
    assert_eq!(next, 1, "each order is the next one of its key");
    for leg in &order.legs {
        let amount = leg.amount.fen();
        let changes = [(leg.debit, -amount), (leg.credit, amount)];
        for (wallet, change) in changes {
            transaction
                .prepare_cached("UPDATE wallet SET balance = balance + ?2 WHERE id = ?1")?
                .execute(params![wallet.number().cast_signed(), change])?;
        }
    }
    let mut entry = Vec::new();
    order.write(&mut |bytes| entry.extend_from_slice(bytes));
    transaction
        .prepare_cached("INSERT INTO journal (entry) VALUES (?1)")?
        .execute(params![entry])?;
    Ok(())
}
