//! `jidian bank export`: the day journal for other programs.

use super::super::Failure;
use super::parquet::write_parquet;
use crate::service::storage::Reading;
use bank::export::{DayBook, DayBookBuilder, beancount, plain_ledger};
use clap::{Args, ValueEnum};
use quantity::CivilDate;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// Write the journal of one legal day (UTC+8) for other programs.
///
/// parquet: one row per leg, refused ones with their result code. beancount, ledger: plain-text
/// accounting with balance assertions at both ends of the day, which must hold; refused operations
/// moved nothing and are left out. Works on the directory of `jidian run` and of `jidian bank serve`
/// while nobody writes to it; a copy will do.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::commands) struct Export {
    /// Directory of the pilot or the bank.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// What to write.
    #[arg(long)]
    format: Format,
    /// The legal day.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    day: CivilDate,
    /// The file; it must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Formats of the day journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Apache Parquet.
    Parquet,
    /// For beancount 3.
    Beancount,
    /// For ledger-cli and hledger.
    Ledger,
}

const EXAMPLES: &str = "\
Examples:
  jidian bank export --data D --format parquet --day 2026-07-15 --out day.parquet
  jidian bank export --data D --format beancount --day 2026-07-15 --out day.beancount";

pub(super) fn parse_day(text: &str) -> Result<CivilDate, String> {
    crate::service::day(text).ok_or_else(|| "must be a date such as 2026-11-27".to_owned())
}

pub(super) fn run(arguments: &Export) -> Result<(), Failure> {
    let reading = Reading::open(&arguments.data)?;
    let mut builder = DayBookBuilder::new(arguments.day);
    let ledger = reading.replay(|row| builder.take(row))?;
    let book = builder.finish(&ledger);
    // Rows and ledger come from the same records: a difference would be a bug of ours.
    let book = book.expect("the movements sum to what the ledger holds");
    let out = &arguments.out;
    let file = File::create_new(out).map_err(|error| Failure::at(out.display(), error))?;
    write(arguments.format, &book, file).map_err(|error| {
        let _ = std::fs::remove_file(out);
        Failure::at(out.display(), error)
    })?;
    println!("{}: {} rows of {}", out.display(), book.rows.len(), book.day);
    Ok(())
}

type Written = Result<(), Box<dyn core::error::Error + Send + Sync>>;

fn write(format: Format, book: &DayBook, mut file: File) -> Written {
    let text = match format {
        Format::Parquet => return write_parquet(&book.rows, file),
        Format::Beancount => beancount(book),
        Format::Ledger => plain_ledger(book),
    };
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}
