//! A day in the format of ledger-cli, which hledger reads too.

use super::accounts::{account, day_before, negated};
use super::balances::Balances;
use super::day::DayBook;
use super::row::{Place, Row};
use core::fmt::Write;
use quantity::{CivilDate, Fen};

/// A day as a journal of ledger-cli, with balance assertions at its beginning and its end.
///
/// Each movement is a transaction of its own; refused operations moved nothing and are left out.
#[must_use]
pub fn plain_ledger(book: &DayBook) -> String {
    let mut text = String::new();
    let out = &mut text;
    line(out, format_args!("; Sandbox of the digital yuan: no real money moved."));
    opening(out, day_before(book.day), &book.opening);
    book.rows.iter().filter(|row| row.is_done()).for_each(|row| transaction(out, row));
    closing(out, book.day, &book.closing);
    text
}

fn opening(out: &mut String, day: CivilDate, opening: &Balances) {
    if opening.issued().is_zero() {
        return;
    }
    line(out, format_args!("\n{day} * opening balances"));
    posting(out, Place::Outside, negated(opening.issued()));
    for (wallet, balance) in opening.iter().filter(|(_, balance)| !balance.is_zero()) {
        posting(out, Place::Wallet(wallet), balance);
    }
}

fn transaction(out: &mut String, row: &Row) {
    let time = row.at.civil();
    line(out, format_args!("\n{} * ({}) {}", time.date, row.batch, row.kind));
    let (hour, minute, second) = (time.hour, time.minute, time.second);
    line(out, format_args!("    ; time: {hour:02}:{minute:02}:{second:02}"));
    line(out, format_args!("    ; order: {}", row.order));
    if let Some(signer) = row.signer {
        line(out, format_args!("    ; signer: {signer}"));
    }
    posting(out, row.debit, negated(row.amount));
    posting(out, row.credit, row.amount);
}

fn posting(out: &mut String, place: Place, amount: Fen) {
    line(out, format_args!("    {}  {amount:#} CNY", account(place)));
}

/// A transaction that moves nothing and asserts every balance.
fn closing(out: &mut String, day: CivilDate, balances: &Balances) {
    line(out, format_args!("\n{day} * closing balances"));
    let wallets = balances.iter().map(|(wallet, balance)| (Place::Wallet(wallet), balance));
    let issued = (Place::Outside, negated(balances.issued()));
    for (place, balance) in core::iter::once(issued).chain(wallets) {
        line(out, format_args!("    {}  0.00 CNY = {balance:#} CNY", account(place)));
    }
}

fn line(out: &mut String, text: core::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a string takes all text");
}
