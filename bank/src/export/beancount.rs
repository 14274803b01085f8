//! A day as a beancount file.

use super::accounts::{account, day_after, day_before, negated};
use super::balances::Balances;
use super::day::DayBook;
use super::row::{Place, Row};
use core::fmt::Write;
use quantity::{CivilDate, Fen};

/// A day in the plain-text format of beancount 3, with balance assertions at both midnights.
///
/// Each movement is a transaction of its own; refused operations moved nothing and are left out.
#[must_use]
pub fn beancount(book: &DayBook) -> String {
    let mut text = String::new();
    let out = &mut text;
    let before = day_before(book.day);
    head(out, book);
    line(out, format_args!("{before} open Equity:Issued CNY"));
    for (wallet, _) in book.closing.iter() {
        line(out, format_args!("{before} open {} CNY", account(Place::Wallet(wallet))));
    }
    opening(out, before, &book.opening);
    assertions(out, book.day, &book.opening);
    book.rows.iter().filter(|row| row.is_done()).for_each(|row| transaction(out, row));
    assertions(out, day_after(book.day), &book.closing);
    text
}

fn head(out: &mut String, book: &DayBook) {
    line(out, format_args!("; Sandbox of the digital yuan: no real money moved."));
    line(out, format_args!("option \"title\" \"Jidian, day journal of {}\"", book.day));
    line(out, format_args!("option \"operating_currency\" \"CNY\"\n"));
}

fn opening(out: &mut String, day: CivilDate, opening: &Balances) {
    if opening.issued().is_zero() {
        return;
    }
    line(out, format_args!("\n{day} * \"opening balances\""));
    posting(out, Place::Outside, negated(opening.issued()));
    for (wallet, balance) in opening.iter().filter(|(_, balance)| !balance.is_zero()) {
        posting(out, Place::Wallet(wallet), balance);
    }
}

fn transaction(out: &mut String, row: &Row) {
    let time = row.at.civil();
    line(out, format_args!("\n{} * \"{}\" \"batch {}\"", time.date, row.kind, row.batch));
    let (hour, minute, second) = (time.hour, time.minute, time.second);
    line(out, format_args!("  time: \"{hour:02}:{minute:02}:{second:02}\""));
    line(out, format_args!("  order: \"{}\"", row.order));
    if let Some(signer) = row.signer {
        line(out, format_args!("  signer: \"{signer}\""));
    }
    posting(out, row.debit, negated(row.amount));
    posting(out, row.credit, row.amount);
}

fn posting(out: &mut String, place: Place, amount: Fen) {
    line(out, format_args!("  {}  {amount:#} CNY", account(place)));
}

/// What must be true at the beginning of a day.
fn assertions(out: &mut String, day: CivilDate, balances: &Balances) {
    let issued = negated(balances.issued());
    line(out, format_args!("\n{day} balance Equity:Issued  {issued:#} CNY"));
    for (wallet, balance) in balances.iter() {
        let account = account(Place::Wallet(wallet));
        line(out, format_args!("{day} balance {account}  {balance:#} CNY"));
    }
}

fn line(out: &mut String, text: core::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a string takes all text");
}
