//! `jidian bank import`: wallets of many holders from a spreadsheet.

use super::super::Failure;
use crate::service::rate::Rate;
use crate::service::{self, ImportRow, Imported, Options};
use crate::store::snapshots::Every;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Open the wallets of a list, bind their keys, and fill them.
///
/// The list is a CSV file with the columns reference, holder, kind, grade, and, where wanted, parent,
/// role, public_key, operator, deposit_fen. Each line stands for itself: what is refused is listed with its
/// reason, the others are done. A line is done once under its reference, so a mended list can be
/// imported again. The bank mustn't be serving meanwhile.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::commands) struct Import {
    /// Directory of a bank that `jidian bank serve` has founded.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
    /// The list.
    #[arg(value_name = "FILE.csv")]
    list: PathBuf,
}

const EXAMPLES: &str = "\
Example:
  jidian bank import --data B wallets.csv
where wallets.csv holds, for example,
  reference,holder,kind,grade,role,public_key,deposit_fen
  c-0001,Li Na,personal,II,,,10000
  c-0002,Corner shop,income,I,,,";

/// A line of the file: its number, and what it says.
type Line = (u64, Result<ImportRow, String>);

pub(super) fn run(arguments: &Import) -> Result<(), Failure> {
    let lines = read(arguments)?;
    if !service::storage::is_bank(&arguments.data) {
        let advice = "no bank is here; `jidian bank serve --data` founds one";
        return Err(Failure::at(arguments.data.display(), advice));
    }
    let started = service::start(&Options {
        directory: &arguments.data,
        seed: None,
        rate: Rate { burst: 1, per_second: 1 },
        server_names: &[],
        snapshots: Every::USUAL,
        clock: super::serve::now,
    })?;
    let mut refused: usize = 0;
    let mut told = Vec::new();
    for (number, row) in &lines {
        let (reference, outcome) = match row {
            Ok(row) => (row.reference.as_str(), service::import(&started.service, row)),
            Err(reason) => ("", Imported { wallet: None, refused: Some(reason.clone()) }),
        };
        refused += usize::from(outcome.refused.is_some());
        told.push(tell(arguments, *number, reference, &outcome));
    }
    started.stop();
    if arguments.json {
        println!("{:#}", Value::from(told));
    }
    let total = lines.len();
    match refused {
        0 => Ok(()),
        _ => Err(Failure::at(
            arguments.list.display(),
            format!("{refused} of {total} lines were refused; mend them and import the list again"),
        )),
    }
}

/// Reads the whole list before anything is done.
fn read(arguments: &Import) -> Result<Vec<Line>, Failure> {
    let named = |error: csv::Error| Failure::at(arguments.list.display(), error);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(false)
        .from_path(&arguments.list)
        .map_err(named)?;
    let header = reader.headers().map_err(named)?.clone();
    if let Some(missing) = ["reference", "holder", "kind", "grade"]
        .iter()
        .find(|name| !header.iter().any(|it| it == **name))
    {
        let reason = format!("the first line has no column '{missing}'; see --help");
        return Err(Failure::at(arguments.list.display(), reason));
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let line = match record {
            Ok(record) => {
                let number = record.position().map_or(0, csv::Position::line);
                (number, record.deserialize(Some(&header)).map_err(|error| error.to_string()))
            }
            Err(error) => {
                let number = error.position().map_or(0, csv::Position::line);
                (number, Err(error.to_string()))
            }
        };
        lines.push(line);
    }
    Ok(lines)
}

fn tell(arguments: &Import, line: u64, reference: &str, outcome: &Imported) -> Value {
    let Imported { wallet, refused } = outcome;
    if !arguments.json {
        let wallet = wallet.as_deref().unwrap_or("-");
        let refused = refused.as_ref().map_or(String::new(), |why| format!("  REFUSED {why}"));
        println!("line {line}: {reference}: wallet {wallet}{refused}");
    }
    json!({ "line": line, "reference": reference, "wallet": wallet, "refused": refused })
}
