//! `jidian bank statement`: what happened to one wallet.

use super::super::Failure;
use crate::service::movement;
use crate::service::storage::Reading;
use bank::export::{Movement, Period, Place, Statement, StatementBuilder};
use clap::Args;
use quantity::CivilDate;
use serde_json::{Value, json};
use std::path::PathBuf;
use wire::WalletId;

/// Show the statement of one wallet: opening balance, each movement, closing balance.
///
/// The whole log is replayed, and the sums must agree with the ledger. Works on the directory of
/// `jidian run` and of `jidian bank serve` while nobody writes to it; a copy will do.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::commands) struct Show {
    /// Directory of the pilot or the bank.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Number of the wallet, 16 digits.
    #[arg(long, value_name = "NUMBER", value_parser = parse_wallet)]
    wallet: WalletId,
    /// First legal day (UTC+8) [default: the first of all].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = super::export::parse_day)]
    from: Option<CivilDate>,
    /// Last legal day, included [default: the last of all].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = super::export::parse_day)]
    to: Option<CivilDate>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  jidian bank statement --data D --wallet 1020000000000012
  jidian bank statement --data D --wallet 1020000000000012 --from 2026-07-01 --to 2026-07-31 --json";

fn parse_wallet(text: &str) -> Result<WalletId, String> {
    let digits = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_digit());
    let wallet = text.parse().ok().filter(|_| digits).and_then(WalletId::from_number);
    wallet.ok_or_else(|| "must be 16 digits, the last one checks the others".to_owned())
}

pub(super) fn run(arguments: &Show) -> Result<(), Failure> {
    let period = period(arguments)?;
    let reading = Reading::open(&arguments.data)?;
    let mut builder = StatementBuilder::new(arguments.wallet, period);
    let ledger = reading.replay(|row| builder.take(row))?;
    if ledger.wallet(arguments.wallet).is_none() {
        let none = "no wallet of this number was ever opened in this bank";
        return Err(Failure::at(arguments.wallet, none));
    }
    let statement = builder.finish(&ledger);
    // Rows and ledger come from the same records: a difference would be a bug of ours.
    let statement = statement.expect("the movements sum to what the ledger holds");
    if arguments.json {
        println!("{:#}", as_json(&statement));
    } else {
        tell(&statement);
    }
    Ok(())
}

fn period(arguments: &Show) -> Result<Period, Failure> {
    let from = arguments.from.map_or(Period::ALL.from, |day| Period::of_day(day).from);
    let until = arguments.to.map_or(Period::ALL.until, |day| Period::of_day(day).until);
    if from >= until {
        return Err(Failure::at("--from", "lies behind --to"));
    }
    Ok(Period { from, until })
}

fn as_json(statement: &Statement) -> Value {
    json!({
        "wallet": statement.wallet.to_string(),
        "opening_fen": statement.opening.fen(),
        "movements": statement.movements.iter().map(movement).collect::<Vec<_>>(),
        "closing_fen": statement.closing.fen(),
    })
}

fn tell(statement: &Statement) {
    let Statement { wallet, opening, movements, closing } = statement;
    println!("wallet {wallet} (sandbox), yuan, times in UTC+8");
    println!("{:19}  {:7}  {:16}  {:>16}  {:>16}", "opening balance", "", "", "", plain(*opening));
    for Movement { at, kind, counterparty, amount, balance, .. } in movements {
        let whom = match counterparty {
            Place::Outside => "outside".to_owned(),
            Place::Wallet(wallet) => wallet.to_string(),
            Place::Unknown => "unknown".to_owned(),
        };
        let at = at.civil();
        println!(
            "{:19}  {kind:7}  {whom:16}  {:>16}  {:>16}",
            at.to_string(),
            plain(*amount),
            plain(*balance)
        );
    }
    println!("{:19}  {:7}  {:16}  {:>16}  {:>16}", "closing balance", "", "", "", plain(*closing));
}

/// Yuan without the unit.
fn plain(amount: quantity::Fen) -> String {
    format!("{amount:#}")
}
