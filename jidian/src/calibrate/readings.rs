//! Readings of a bench as a table: one line for each test point and element.
//!
//! Numbers are read as decimals, never as floating point, so that every machine reads the same.

use crate::measure::{Measurement, Refusal};
use ::csv::{ByteRecord, ReaderBuilder, Trim};
use core::fmt::Write;
use metering::calibration::{Element, Quantities, Reading};

/// A reading, and the line of the file that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Counted from one.
    pub line: u64,
    /// What it says.
    pub reading: Reading,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Phase,
    Frequency,
    RefVoltage,
    RefCurrent,
    RefAngle,
    RefActive,
    RefReactive,
    RefVoltageAngle,
    Voltage,
    Current,
    Active,
    Reactive,
    VoltageAngle,
}

impl Column {
    const ALL: [Self; 13] = [
        Self::Phase,
        Self::Frequency,
        Self::RefVoltage,
        Self::RefCurrent,
        Self::RefAngle,
        Self::RefActive,
        Self::RefReactive,
        Self::RefVoltageAngle,
        Self::Voltage,
        Self::Current,
        Self::Active,
        Self::Reactive,
        Self::VoltageAngle,
    ];

    /// What the meter showed is named as in the JSON of `jidian measure`.
    const fn name(self) -> &'static str {
        match self {
            Self::Phase => "phase",
            Self::Frequency => "frequency_hz",
            Self::RefVoltage => "ref_u_v",
            Self::RefCurrent => "ref_i_a",
            Self::RefAngle => "ref_angle_deg",
            Self::RefActive => "ref_p_w",
            Self::RefReactive => "ref_q_var",
            Self::RefVoltageAngle => "ref_u_angle_deg",
            Self::Voltage => "u_rms_v",
            Self::Current => "i_rms_a",
            Self::Active => "p_w",
            Self::Reactive => "q_var",
            Self::VoltageAngle => "u_angle_deg",
        }
    }

    /// Digits behind the point that are kept.
    const fn digits(self) -> u32 {
        match self {
            Self::Phase => 0,
            Self::Frequency => 3,
            Self::RefVoltage
            | Self::Voltage
            | Self::RefAngle
            | Self::RefVoltageAngle
            | Self::VoltageAngle => 6,
            Self::RefCurrent
            | Self::Current
            | Self::RefActive
            | Self::RefReactive
            | Self::Active
            | Self::Reactive => 9,
        }
    }
}

/// Where each column stands; in the order of [`Column::ALL`].
type Places = [Option<usize>; Column::ALL.len()];

/// Reads a table. Lines that begin with `#` are left out, and so are repetitions of the line of
/// names, so that tables can be joined.
///
/// # Errors
/// A column that is missing, unknown or there twice; what isn't a number, with line and column.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Refusal> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).comment(Some(b'#')).trim(Trim::All);
    let mut reader = builder.from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut next = |record: &mut ByteRecord| {
        let more = reader.read_byte_record(record);
        more.map_err(|error| Refusal::new(format!("not a table: {error}")))
    };
    if !next(&mut record)? {
        return Err(Refusal::new("the file is empty"));
    }
    let names = record.clone();
    let places = places(&names)?;
    let mut rows = Vec::new();
    while next(&mut record)? {
        if record != names {
            rows.push(Fields { record: &record, places: &places }.row()?);
        }
    }
    Ok(rows)
}

fn places(names: &ByteRecord) -> Result<Places, Refusal> {
    let mut places = Places::default();
    for (at, name) in names.iter().enumerate() {
        let found = Column::ALL.iter().position(|column| column.name().as_bytes() == name);
        let Some(place) = found.and_then(|found| places.get_mut(found)) else {
            let name: String = String::from_utf8_lossy(name).chars().take(24).collect();
            let known: Vec<_> = Column::ALL.iter().map(|column| column.name()).collect();
            return Err(Refusal::new(format!(
                "column {}: `{name}` isn't known; columns are {}",
                at + 1,
                known.join(", ")
            )));
        };
        if place.replace(at).is_some() {
            let name = String::from_utf8_lossy(name);
            return Err(Refusal::new(format!("column {}: {name} stands twice", at + 1)));
        }
    }
    let has = |column: Column| places[column as usize].is_some();
    let needed = [
        Column::Phase,
        Column::Frequency,
        Column::RefVoltage,
        Column::RefCurrent,
        Column::Voltage,
        Column::Current,
        Column::Active,
        Column::Reactive,
    ];
    if let Some(missing) = needed.into_iter().find(|column| !has(*column)) {
        return Err(Refusal::new(format!("the column {} is missing", missing.name())));
    }
    let powers = has(Column::RefActive) && has(Column::RefReactive);
    if has(Column::RefAngle) == powers || has(Column::RefActive) != has(Column::RefReactive) {
        return Err(Refusal::new("needs the column ref_angle_deg, or ref_p_w with ref_q_var"));
    }
    if has(Column::RefVoltageAngle) != has(Column::VoltageAngle) {
        return Err(Refusal::new("ref_u_angle_deg and u_angle_deg need each other"));
    }
    Ok(places)
}

/// One line.
struct Fields<'r> {
    record: &'r ByteRecord,
    places: &'r Places,
}

impl Fields<'_> {
    fn row(&self) -> Result<Row, Refusal> {
        let element = self.element()?;
        let line = self.line();
        let frequency_millihertz = self.number(Column::Frequency)?;
        let (reference, shown) = if element == Element::Neutral {
            let current = |column| self.number(column).map(Quantities::current);
            (current(Column::RefCurrent)?, current(Column::Current)?)
        } else {
            (self.reference()?, self.shown()?)
        };
        Ok(Row { line, reading: Reading { element, frequency_millihertz, reference, shown } })
    }

    fn reference(&self) -> Result<Quantities, Refusal> {
        let volts = self.number(Column::RefVoltage)?;
        let amperes = self.number(Column::RefCurrent)?;
        let quantities = if self.places[Column::RefAngle as usize].is_some() {
            Quantities::from_angle(volts, amperes, self.angle(Column::RefAngle)?)
        } else {
            Quantities {
                voltage_microvolts: volts,
                current_nanoamperes: amperes,
                active_nanowatts: self.number(Column::RefActive)?,
                reactive_nanovars: self.number(Column::RefReactive)?,
                voltage_angle_microdegrees: None,
            }
        };
        let angle = self.optional_angle(Column::RefVoltageAngle)?;
        Ok(Quantities { voltage_angle_microdegrees: angle, ..quantities })
    }

    fn shown(&self) -> Result<Quantities, Refusal> {
        Ok(Quantities {
            voltage_microvolts: self.number(Column::Voltage)?,
            current_nanoamperes: self.number(Column::Current)?,
            active_nanowatts: self.number(Column::Active)?,
            reactive_nanovars: self.number(Column::Reactive)?,
            voltage_angle_microdegrees: self.optional_angle(Column::VoltageAngle)?,
        })
    }

    fn line(&self) -> u64 {
        self.record.position().map_or(0, ::csv::Position::line)
    }

    fn element(&self) -> Result<Element, Refusal> {
        let text = self.text(Column::Phase).to_ascii_lowercase();
        let found = Element::ALL.into_iter().find(|element| element.name() == text);
        found.ok_or_else(|| self.wrong(Column::Phase, "isn't a, b, c or n"))
    }

    fn text(&self, column: Column) -> String {
        let field = self.places[column as usize].and_then(|place| self.record.get(place));
        String::from_utf8_lossy(field.unwrap_or_default()).into_owned()
    }

    fn wrong(&self, column: Column, what: &str) -> Refusal {
        let text: String = self.text(column).chars().take(24).collect();
        Refusal::new(format!("line {}, {}: `{text}` {what}", self.line(), column.name()))
    }

    fn number<T: TryFrom<i128>>(&self, column: Column) -> Result<T, Refusal> {
        let number = decimal(&self.text(column), column.digits());
        let number = number.map_err(|what| self.wrong(column, what))?;
        let negative = number < 0;
        T::try_from(number)
            .map_err(|_| self.wrong(column, if negative { "is too small" } else { "is too large" }))
    }

    fn angle(&self, column: Column) -> Result<i32, Refusal> {
        let angle: i32 = self.number(column)?;
        let within = (-360_000_000..=360_000_000).contains(&angle);
        if within { Ok(angle) } else { Err(self.wrong(column, "isn't within ±360 degrees")) }
    }

    fn optional_angle(&self, column: Column) -> Result<Option<i32>, Refusal> {
        if self.text(column).is_empty() { Ok(None) } else { self.angle(column).map(Some) }
    }
}

/// A decimal such as `-0.5`, `12` or `1.5e-3` as a whole number of 10^-digits, rounded to the
/// nearest, halves away from zero.
fn decimal(text: &str, digits: u32) -> Result<i128, &'static str> {
    const NO_NUMBER: &str = "isn't a number";
    if text.is_empty() {
        return Err("is missing");
    }
    if text.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with(['n', 'i']) {
        return Err("isn't finite");
    }
    if text.len() > 40 {
        return Err("has more than 40 characters");
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| NO_NUMBER)?;
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let figures = [whole, fraction].concat();
    if figures.is_empty() || !figures.bytes().all(|figure| figure.is_ascii_digit()) {
        return Err(if text.contains(',') { "needs a point, not a comma" } else { NO_NUMBER });
    }
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let shift = exponent.saturating_sub(places).saturating_add(digits.cast_signed());
    let value = shifted(figures.trim_start_matches('0'), shift).ok_or("is too large")?;
    Ok(if negative { -value } else { value })
}

/// Figures with some zeros behind them, or some figures rounded away.
fn shifted(figures: &str, shift: i32) -> Option<i128> {
    let zeros = usize::try_from(shift).unwrap_or(0);
    let away = usize::try_from(shift.saturating_neg()).unwrap_or(0);
    let Some(kept) = figures.len().checked_sub(away) else { return Some(0) };
    if kept + zeros > 37 && !figures.is_empty() {
        return None;
    }
    let number = |figures: &str| if figures.is_empty() { Some(0) } else { figures.parse().ok() };
    let up = figures[kept..].bytes().next().is_some_and(|figure| figure >= b'5');
    let value: i128 = number(&figures[..kept])? + i128::from(up);
    if figures.is_empty() {
        Some(0)
    } else {
        value.checked_mul(10_i128.checked_pow(shift.max(0).unsigned_abs())?)
    }
}

/// What a reference said about a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// Voltage in volts RMS.
    pub volts: f64,
    /// Current in amperes RMS.
    pub amperes: f64,
    /// By how many degrees the current lags.
    pub lag_deg: f64,
}

/// Lines of a table from a recording: what was measured beside what the reference said of each
/// phase, with the line of names.
#[must_use]
pub fn rows_of(measurement: &Measurement, truth: &Truth) -> String {
    let names = "phase,frequency_hz,ref_u_v,ref_i_a,ref_angle_deg,u_rms_v,i_rms_a,p_w,q_var";
    let mut text = format!("{names}\n");
    let Truth { volts, amperes, lag_deg } = truth;
    for (phase, name) in measurement.phases() {
        if !measurement.has_power(*phase) {
            continue;
        }
        let shown = &measurement.mean.phases[*phase];
        let _ = writeln!(
            text,
            "{name},{:.3},{volts},{amperes},{lag_deg},{:.6},{:.9},{:.9},{:.9}",
            measurement.mean.frequency_hz,
            shown.u_rms_v,
            shown.i_rms_a,
            shown.powers.p_w,
            shown.powers.q_var
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, digits, expected) in [
            ("57.7", 6, Ok(57_700_000)),
            ("-0.000000001", 9, Ok(-1)),
            ("+.5", 0, Ok(1)),
            ("0.4999", 0, Ok(0)),
            ("-2.5", 0, Ok(-3)),
            ("1.5e-3", 9, Ok(1_500_000)),
            ("15E2", 0, Ok(1_500)),
            ("000.0", 9, Ok(0)),
            ("1e-99", 9, Ok(0)),
            ("0e99", 9, Ok(0)),
            ("99999999999999999999999999999", 9, Err("is too large")),
            ("1e99", 9, Err("is too large")),
            ("1e2147483647", 9, Err("is too large")),
            ("NaN", 9, Err("isn't finite")),
            ("-inf", 9, Err("isn't finite")),
            ("", 9, Err("is missing")),
            ("1,5", 9, Err("needs a point, not a comma")),
            ("1.2.3", 9, Err("isn't a number")),
            (".", 9, Err("isn't a number")),
            ("--1", 9, Err("isn't a number")),
            ("1e", 9, Err("isn't a number")),
            ("0x10", 9, Err("isn't a number")),
        ] {
            assert_eq!(decimal(text, digits), expected, "{text}");
        }
    }
}
