//! COMTRADE (IEEE C37.111-1991, -1999 and -2013, IEC 60255-24): `.cfg` with `.dat`, or one `.cff`.
//!
//! Formats of data: ASCII, BINARY, BINARY32, FLOAT32. Read from memory of the standard and of
//! files in the field. Values stay as recorded (primary or secondary, as the file says); skew
//! between channels isn't corrected, and a recording with several rates is refused.

use super::columns::{Chosen, Columns, Heading, Role, unit_factor};
use super::csv::rate_of;
use super::{Rate, Recording, Refusal, VALUES_MAX};

/// What the configuration says.
#[derive(Debug)]
struct Config {
    analog: Vec<Analog>,
    status: usize,
    /// None if only the times of the samples tell.
    hertz: Option<f64>,
    samples: usize,
    format: Format,
    /// Seconds in one unit of the samples' times.
    time_unit_s: f64,
}

/// value = factor × number + offset, in the unit of the heading.
#[derive(Debug)]
struct Analog {
    heading: Heading,
    factor: f64,
    offset: f64,
    skew_us: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Ascii,
    Binary,
    Binary32,
    Float32,
}

/// Reads a configuration and its data.
///
/// # Errors
/// A line that isn't as the standard says, data that don't fit the configuration, missing samples.
pub fn read(cfg: &[u8], dat: &[u8], columns: &Columns) -> Result<Recording, Refusal> {
    let config = configuration(&String::from_utf8_lossy(cfg))?;
    recording(&config, dat, columns)
}

/// Reads a file that holds both (2013).
///
/// # Errors
/// As [`read`], and if a part is missing.
pub fn read_combined(cff: &[u8], columns: &Columns) -> Result<Recording, Refusal> {
    let (mut cfg, mut dat) = (None, None);
    let mut rest = cff;
    while let Some((head, behind)) = next_part(rest) {
        let kind = head.to_ascii_lowercase();
        let end = next_part(behind).map_or(behind.len(), |_| part_end(behind));
        if kind.contains("cfg") {
            cfg = Some(&behind[..end]);
        } else if kind.contains("dat") {
            // Binary data may look like a heading, so their length is told.
            let told =
                kind.rsplit(':').next().and_then(|size| size.trim_matches([' ', '-']).parse().ok());
            let end = told.unwrap_or(end);
            let part = behind.get(..end);
            let short = || Refusal::new(format!("the DAT part announces {end} bytes and is cut"));
            dat = Some(part.ok_or_else(short)?);
            rest = &behind[end..];
            continue;
        }
        rest = &behind[end..];
    }
    match (cfg, dat) {
        (Some(cfg), Some(dat)) => read(cfg, dat, columns),
        (None, _) => Err(Refusal::new("no part `--- file type: CFG ---` in the .cff file")),
        (_, None) => Err(Refusal::new("no part `--- file type: DAT … ---` in the .cff file")),
    }
}

const PART: &[u8] = b"--- file type:";

/// Where the next heading of a part begins.
fn part_end(bytes: &[u8]) -> usize {
    let same = |window: &[u8]| window.eq_ignore_ascii_case(PART);
    bytes.windows(PART.len()).position(same).unwrap_or(bytes.len())
}

/// What the next heading says, and what stands behind its line.
fn next_part(bytes: &[u8]) -> Option<(String, &[u8])> {
    let line = bytes.get(part_end(bytes) + PART.len()..)?;
    let end = line.iter().position(|byte| *byte == b'\n')?;
    Some((String::from_utf8_lossy(&line[..end]).trim().to_owned(), &line[end + 1..]))
}

/// The lines of a configuration, with their numbers for errors.
struct Lines<'t> {
    lines: core::str::Lines<'t>,
    number: usize,
}

impl<'t> Lines<'t> {
    /// The next line, cut at its commas.
    fn next(&mut self, what: &str) -> Result<Vec<&'t str>, Refusal> {
        self.number += 1;
        let line = self.lines.next().ok_or_else(|| self.wrong(what, "the file ends before it"))?;
        Ok(line.split(',').map(str::trim).collect())
    }

    fn wrong(&self, what: &str, why: &str) -> Refusal {
        Refusal::new(format!("line {} of the configuration ({what}): {why}", self.number))
    }

    fn number<T: core::str::FromStr>(
        &self,
        fields: &[&str],
        at: usize,
        what: &str,
    ) -> Result<T, Refusal> {
        let field = fields.get(at).copied().unwrap_or_default();
        let short: String = field.chars().take(24).collect();
        field.parse().map_err(|_| self.wrong(what, &format!("`{short}` isn't a number")))
    }
}

fn configuration(text: &str) -> Result<Config, Refusal> {
    let mut lines = Lines { lines: text.lines(), number: 0 };
    let station = lines.next("station")?;
    if station.len() < 2 {
        return Err(lines.wrong("station", "expected station, device and year"));
    }
    let counts = lines.next("channels")?;
    let count = |at: usize, mark: char| {
        let field = counts.get(at).copied().unwrap_or_default();
        let digits = field.strip_suffix([mark, mark.to_ascii_lowercase()]).map(str::trim);
        let number = digits.and_then(|digits| digits.parse::<usize>().ok());
        // Each channel has a line, so more can't be meant.
        let number = number.filter(|number| *number <= text.len());
        number.ok_or_else(|| lines.wrong("channels", &format!("expected a count such as 6{mark}")))
    };
    let (analog_count, status) = (count(1, 'A')?, count(2, 'D')?);
    let mut analog = Vec::new();
    for _ in 0..analog_count {
        analog.push(analog_channel(&mut lines)?);
    }
    for _ in 0..status {
        lines.next("status channel")?;
    }
    lines.next("line frequency")?;
    let (hertz, samples) = rates(&mut lines)?;
    lines.next("time of the first sample")?;
    lines.next("time of the trigger")?;
    let format = match lines.next("format of data")?[0].to_ascii_uppercase().as_str() {
        "ASCII" => Format::Ascii,
        "BINARY" => Format::Binary,
        "BINARY32" => Format::Binary32,
        "FLOAT32" => Format::Float32,
        _ => {
            let known = "expected ASCII, BINARY, BINARY32 or FLOAT32";
            return Err(lines.wrong("format of data", known));
        }
    };
    let unit = lines.next("multiplier of time").ok().and_then(|fields| fields[0].parse().ok());
    Ok(Config { analog, status, hertz, samples, format, time_unit_s: unit.unwrap_or(1.0) * 1e-6 })
}

fn analog_channel(lines: &mut Lines<'_>) -> Result<Analog, Refusal> {
    const WHAT: &str = "analog channel";
    let fields = lines.next(WHAT)?;
    if fields.len() < 10 {
        return Err(
            lines.wrong(WHAT, &format!("{} fields; at least 10 belong there", fields.len()))
        );
    }
    let (factor, offset) = (lines.number(&fields, 5, WHAT)?, lines.number(&fields, 6, WHAT)?);
    let (factor, offset): (f64, f64) = (factor, offset);
    if !(factor.is_finite() && offset.is_finite()) {
        return Err(lines.wrong(WHAT, "factor and offset must be finite"));
    }
    let (name, phase, unit) = (fields[1], fields[2].to_ascii_lowercase(), fields[4]);
    let quantity = match unit.to_ascii_lowercase().chars().next_back() {
        Some('v') => 'u',
        Some('a') => 'i',
        _ => '?',
    };
    let phase = phase.strip_prefix('l').unwrap_or(&phase);
    let role = Role::of(quantity, phase)
        .or_else(|| Role::from_name(name))
        .filter(|role| *role != Role::Time);
    let heading = Heading { name: name.to_owned(), role, factor: unit_factor(unit) };
    Ok(Analog { heading, factor, offset, skew_us: fields[7].parse().unwrap_or(0.0) })
}

/// The one rate, if there is one, and the number of samples.
fn rates(lines: &mut Lines<'_>) -> Result<(Option<f64>, usize), Refusal> {
    let fields = lines.next("number of rates")?;
    let count: usize = lines.number(&fields, 0, "number of rates")?;
    if count > 1 {
        let why = format!("{count} rates; only recordings with one can be measured");
        return Err(lines.wrong("number of rates", &why));
    }
    let fields = lines.next("rate")?;
    let hertz: f64 = lines.number(&fields, 0, "rate")?;
    let samples = lines.number(&fields, 1, "rate")?;
    Ok(((count == 1 && hertz > 0.0).then_some(hertz), samples))
}

fn recording(config: &Config, dat: &[u8], columns: &Columns) -> Result<Recording, Refusal> {
    let headings: Vec<_> = config.analog.iter().map(|one| one.heading.clone()).collect();
    let chosen = columns.choose(&headings)?;
    if let Some(time) = chosen.iter().find(|one| one.role == Role::Time) {
        let why = "COMTRADE tells its time itself; leave t out of --columns";
        return Err(Refusal::new(format!("{}: {why}", time.place())));
    }
    let rows = match config.format {
        Format::Ascii => ascii_rows(config, dat, &chosen)?,
        Format::Binary | Format::Binary32 | Format::Float32 => binary_rows(config, dat, &chosen)?,
    };
    if rows.times.is_empty() {
        return Err(Refusal::new("the data hold no samples"));
    }
    let rate = match config.hertz {
        Some(hertz) => Rate::from_hertz(hertz)?,
        None => rate_of(&rows.times)?,
    };
    let mut recording = Recording { rate: Some(rate), ..Recording::default() };
    for (one, values) in chosen.iter().zip(rows.values) {
        let analog = &config.analog[one.column];
        recording.sources.push((one.role, format!("{} {}", one.column + 1, analog.heading.name)));
        if analog.skew_us != 0.0 {
            let (name, skew) = (&analog.heading.name, analog.skew_us);
            recording.notes.push(format!("{name}: a skew of {skew} µs isn't corrected"));
        }
        if let Some(channel) = recording.channels.get_mut(one.role.index()) {
            *channel = values;
        }
    }
    Ok(recording)
}

/// Samples of the chosen channels, and their times in seconds.
struct Rows {
    times: Vec<f64>,
    values: Vec<Vec<f64>>,
}

impl Rows {
    fn new(config: &Config, held: usize, channels: usize) -> Result<Self, Refusal> {
        if held != config.samples {
            let announced = config.samples;
            return Err(Refusal::new(format!(
                "the data don't fit the configuration: it announces {announced} samples, and they \
                 hold {held}"
            )));
        }
        if held.saturating_mul(channels + 1) > VALUES_MAX {
            return Err(Refusal::too_long());
        }
        Ok(Self {
            times: Vec::with_capacity(held),
            values: vec![Vec::with_capacity(held); channels],
        })
    }
}

fn ascii_rows(config: &Config, dat: &[u8], chosen: &[Chosen]) -> Result<Rows, Refusal> {
    let text = String::from_utf8_lossy(dat);
    // Old programs end a file with the mark of CP/M.
    let spoken = text.trim_end_matches(['\u{1a}', '\0', '\r', '\n', ' ']);
    let lines = spoken.lines().filter(|line| !line.trim().is_empty());
    let mut rows = Rows::new(config, lines.clone().count(), chosen.len())?;
    for (line, number) in lines.zip(1..) {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let expected = 2 + config.analog.len() + config.status;
        if fields.len() != expected {
            let has = fields.len();
            return Err(Refusal::new(format!(
                "line {number} of the data has {has} fields; by the configuration it has {expected}"
            )));
        }
        rows.times.push(fields[1].parse().unwrap_or(f64::NAN) * config.time_unit_s);
        for (one, values) in chosen.iter().zip(&mut rows.values) {
            let code = fields[2 + one.column].parse().ok();
            let place = || format!("line {number} of the data, {}", one.place());
            values.push(scaled(config, one, code, place)?);
        }
    }
    Ok(rows)
}

fn binary_rows(config: &Config, dat: &[u8], chosen: &[Chosen]) -> Result<Rows, Refusal> {
    let width = if config.format == Format::Binary { 2 } else { 4 };
    let length = 8 + width * config.analog.len() + 2 * config.status.div_ceil(16);
    let surplus = dat.len() % length;
    if surplus != 0 {
        return Err(Refusal::new(format!(
            "the data don't fit the configuration: a sample has {length} bytes by it, and {surplus} \
             are left over at the end"
        )));
    }
    let mut rows = Rows::new(config, dat.len() / length, chosen.len())?;
    for (row, number) in dat.chunks_exact(length).zip(1..) {
        let word = |at: usize| [row[at], row[at + 1], row[at + 2], row[at + 3]];
        rows.times.push(f64::from(u32::from_le_bytes(word(4))) * config.time_unit_s);
        for (one, values) in chosen.iter().zip(&mut rows.values) {
            let at = 8 + width * one.column;
            // The lowest code says that the sample is missing.
            let code = match config.format {
                Format::Binary => {
                    let code = i16::from_le_bytes([row[at], row[at + 1]]);
                    (code != i16::MIN).then(|| f64::from(code))
                }
                Format::Binary32 => {
                    let code = i32::from_le_bytes(word(at));
                    (code != i32::MIN).then(|| f64::from(code))
                }
                Format::Float32 | Format::Ascii => {
                    let value = f32::from_le_bytes(word(at));
                    (value != f32::MIN).then(|| f64::from(value))
                }
            };
            values.push(scaled(config, one, code, || format!("sample {number}, {}", one.place()))?);
        }
    }
    Ok(rows)
}

fn scaled(
    config: &Config,
    one: &Chosen,
    code: Option<f64>,
    place: impl Fn() -> String,
) -> Result<f64, Refusal> {
    let analog = &config.analog[one.column];
    let value = code.map(|code| (analog.factor * code + analog.offset) * one.factor);
    let value = value.ok_or_else(|| Refusal::new(format!("{}: missing or no number", place())))?;
    if value.is_finite() {
        return Ok(value);
    }
    Err(Refusal::new(format!("{}: {value} can't be measured", place())))
}
