//! Tables of numbers: comma, semicolon or tab, with or without a line of names.

use super::columns::{Chosen, Columns, Heading};
use super::{Rate, Recording, Refusal, Role, VALUES_MAX};
use ::csv::{ByteRecord, ReaderBuilder, Trim};

/// How far a sample may lie from its place, in sample periods, before time isn't even.
const UNEVEN_MAX: f64 = 0.5;

/// Reads a table. Lines that begin with `#` are left out.
///
/// # Errors
/// What isn't a number, with its line and column; a column that doesn't exist; uneven time.
pub fn read(bytes: &[u8], columns: &Columns) -> Result<Recording, Refusal> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).comment(Some(b'#')).trim(Trim::All);
    let mut reader = builder.delimiter(delimiter(bytes)).from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut next = |record: &mut ByteRecord| {
        let more = reader.read_byte_record(record);
        more.map_err(|error| Refusal::new(format!("not a table: {error}")))
    };
    if !next(&mut record)? {
        return Err(Refusal::new("the file is empty"));
    }
    let names = names(&record);
    let headings = names.as_ref().map_or_else(
        || Heading::unnamed(record.len()),
        |names| names.iter().map(|name| Heading::from_name(name)).collect(),
    );
    let chosen = columns.choose(&headings)?;
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); chosen.len()];
    let mut more = if names.is_some() { next(&mut record)? } else { true };
    while more {
        for (one, values) in chosen.iter().zip(&mut values) {
            values.push(value(&record, one)? * one.factor);
        }
        if values[0].len() * values.len() > VALUES_MAX {
            return Err(Refusal::too_long());
        }
        more = next(&mut record)?;
    }
    assemble(&chosen, values, &headings)
}

/// The one that the first line with text has.
fn delimiter(bytes: &[u8]) -> u8 {
    let lines = bytes.split(|byte| *byte == b'\n');
    let mut spoken = lines.filter(|line| !line.starts_with(b"#") && !line.trim_ascii().is_empty());
    let first = spoken.next().unwrap_or_default();
    [b'\t', b';'].into_iter().find(|mark| first.contains(mark)).unwrap_or(b',')
}

/// The names of the columns, if the first line isn't numbers.
fn names(record: &ByteRecord) -> Option<Vec<String>> {
    let is_number = |field: &[u8]| number(field).is_some() || field.is_empty();
    let numbers = record.iter().all(is_number);
    (!numbers).then(|| record.iter().map(|field| String::from_utf8_lossy(field).into()).collect())
}

fn number(field: &[u8]) -> Option<f64> {
    core::str::from_utf8(field).ok()?.parse().ok()
}

fn value(record: &ByteRecord, one: &Chosen) -> Result<f64, Refusal> {
    let line = record.position().map_or(0, ::csv::Position::line);
    let place = format!("line {line}, {}", one.place());
    let Some(field) = record.get(one.column) else {
        return Err(Refusal::new(format!("{place}: missing, the line has {}", record.len())));
    };
    match number(field) {
        Some(value) if value.is_finite() => Ok(value),
        Some(value) => Err(Refusal::new(format!("{place}: {value} can't be measured"))),
        None => {
            let text: String = String::from_utf8_lossy(field).chars().take(24).collect();
            let hint = if text.contains(',') { "; write the decimal point as `.`" } else { "" };
            Err(Refusal::new(format!("{place}: `{text}` isn't a number{hint}")))
        }
    }
}

fn assemble(
    chosen: &[Chosen],
    values: Vec<Vec<f64>>,
    headings: &[Heading],
) -> Result<Recording, Refusal> {
    let mut recording = Recording::default();
    for (one, values) in chosen.iter().zip(values) {
        let name = headings.get(one.column).map_or("", |heading| heading.name.as_str());
        let source = format!("{} {name}", one.column + 1);
        recording.sources.push((one.role, source.trim_end().to_owned()));
        match recording.channels.get_mut(one.role.index()) {
            Some(channel) => *channel = values,
            None => recording.rate = Some(rate_of(&values)?),
        }
    }
    debug_assert!(Role::Time.index() == recording.channels.len());
    if recording.is_empty() {
        return Err(Refusal::new("the table has a line of names and no samples"));
    }
    Ok(recording)
}

/// The rate of evenly spaced times in seconds; a whole number of hertz if that is within 1 ppm.
pub(crate) fn rate_of(times: &[f64]) -> Result<Rate, Refusal> {
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Err(Refusal::new("the column of time is empty"));
    };
    let step = (last - first) / (times.len() - 1).max(1) as f64;
    if step.is_nan() || step <= 0.0 {
        return Err(Refusal::new("time doesn't go forwards; give --rate"));
    }
    for (at, time) in times.iter().enumerate() {
        let away = ((time - first) / step - at as f64).abs();
        if away.is_nan() || away > UNEVEN_MAX {
            return Err(Refusal::new(format!(
                "sample {} lies at {time} s: the times aren't evenly spaced, so samples are missing",
                at + 1
            )));
        }
    }
    let hertz = 1.0 / step;
    let whole = hertz.round();
    Rate::from_hertz(if (hertz - whole).abs() < hertz * 1e-6 { whole } else { hertz })
}
