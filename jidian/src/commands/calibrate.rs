//! `jidian meter calibrate`: from readings of a bench to the constants of a meter.

use super::measure::{WiringName, parse_nominal};
use super::{Failure, Language, parse_between};
use crate::calibrate::{Report, Row, json, readings, table};
use clap::Args;
use metering::calibration::{Calibration, CalibrationError, Plan, Reading, Regions};
use metering::{NominalFrequency, Sensor};
use std::path::{Path, PathBuf};
use wire::Digest;

pub(super) const EXAMPLES: &str = "\
Examples:
  jidian meter calibrate docs/examples/calibration.csv --nominal-voltage 57.7 --nominal-current 1.5 \\
      --max-current 6 --out meter.constants
  jidian meter calibrate docs/examples/calibration.csv --check meter.constants
  jidian measure load.csv --calibration meter.constants

Columns of the readings: phase (a, b, c, n), frequency_hz, ref_u_v, ref_i_a, ref_angle_deg (or
ref_p_w and ref_q_var), u_rms_v, i_rms_a, p_w, q_var; and, if the voltages' own angles are to be
corrected, ref_u_angle_deg and u_angle_deg. See docs/calibration.md.";

#[derive(Args, Debug)]
pub(super) struct Calibrate {
    /// Readings: what the reference said, and what the meter showed without correction (CSV).
    readings: PathBuf,
    /// Write the constants.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,
    /// Make the constants again as this file's were made, and fail unless they are the same.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// One phase, 3P3W or 3P4W.
    #[arg(long, default_value = "3p4w")]
    wiring: WiringName,
    /// Nominal voltage of one element in volts.
    #[arg(long, value_name = "VOLTS", required_unless_present = "check", value_parser = parse_volts)]
    nominal_voltage: Option<f64>,
    /// Nominal current in amperes; the limits of the class are parts of it.
    #[arg(long, value_name = "AMPERES", required_unless_present = "check", value_parser = parse_amperes)]
    nominal_current: Option<f64>,
    /// Largest current in amperes.
    #[arg(long, value_name = "AMPERES", required_unless_present = "check", value_parser = parse_amperes)]
    max_current: Option<f64>,
    /// Smallest current that is calibrated with; left out: a hundredth of the nominal one.
    #[arg(long, value_name = "AMPERES", value_parser = parse_amperes)]
    min_current: Option<f64>,
    /// Nominal frequency, 50 or 60.
    #[arg(long, value_name = "HZ", default_value = "50", value_parser = parse_nominal)]
    nominal_hz: NominalFrequency,
    /// Samples per second of the meter, 2000 to 16000; a delay is at most one sample period.
    #[arg(long, value_name = "HZ", default_value_t = 8_000)]
    rate: u32,
    /// The currents come from Rogowski coils, with this high-pass (8 to 16).
    #[arg(long, value_name = "HIGH_PASS")]
    rogowski: Option<u32>,
    /// Regions of current at most, 1 to 5; they are laid where they help most.
    #[arg(long, default_value_t = 5)]
    regions: u8,
    /// Lay the regions between these currents in amperes instead.
    #[arg(long, value_name = "AMPERES,...", value_delimiter = ',', num_args = 1..=4, conflicts_with = "regions", value_parser = parse_amperes)]
    borders: Vec<f64>,
    /// How far to both sides of a border a region stays, in thousandths.
    #[arg(long, value_name = "PERMILLE", default_value_t = 50)]
    hysteresis: u16,
    /// By how much two readings of one point may differ: millionths, microradians.
    #[arg(long, value_name = "PPM", default_value_t = 200)]
    repeatability: u32,
    /// What may be left of an error, in millionths.
    #[arg(long, value_name = "PPM", default_value_t = 500)]
    residual: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Language of the report.
    #[arg(long, default_value = "en")]
    lang: Language,
}

fn parse_volts(text: &str) -> Result<f64, String> {
    parse_between(text, 1.0, 1e6)
}

fn parse_amperes(text: &str) -> Result<f64, String> {
    parse_between(text, 1e-6, 4_000.0)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "parsed within bounds")]
fn micro(amperes: f64) -> u32 {
    (amperes * 1e6).round() as u32
}

impl Calibrate {
    fn plan(&self) -> Plan {
        let [voltage, nominal, high] =
            [self.nominal_voltage, self.nominal_current, self.max_current]
                .map(|value| value.expect("clap requires it without --check"));
        let mut borders = [0; 4];
        for (border, amperes) in borders.iter_mut().zip(&self.borders) {
            *border = micro(*amperes);
        }
        Plan {
            wiring: self.wiring.wiring(),
            sample_rate_hertz: self.rate,
            nominal_frequency: self.nominal_hz,
            // A thousandth of a volt is a millionth of this.
            nominal_voltage_millivolts: micro(voltage / 1e3),
            current_min_microamperes: micro(self.min_current.unwrap_or(nominal / 100.0)),
            current_max_microamperes: micro(high),
            sensor: self.rogowski.map_or(Sensor::Transformer, |_| Sensor::Rogowski),
            high_pass: self.rogowski,
            regions: if self.borders.is_empty() {
                Regions::AtMost(self.regions)
            } else {
                Regions::At(borders)
            },
            hysteresis_permille: self.hysteresis,
            repeatability_ppm: self.repeatability,
            residual_max_ppm: self.residual,
        }
    }
}

pub(super) fn run(arguments: &Calibrate) -> Result<(), Failure> {
    let file = &arguments.readings;
    let bytes = std::fs::read(file).map_err(|error| Failure::at(file.display(), error))?;
    let rows = readings::read(&bytes).map_err(|refusal| Failure::at(file.display(), refusal))?;
    if let Some(constants) = &arguments.check {
        return check(arguments, &rows, constants);
    }
    let calibration = calibrate(&arguments.plan(), &rows, file)?;
    let nominal = arguments.nominal_current.expect("clap requires it without --check");
    let record = calibration.to_bytes();
    let report = Report::new(calibration, &rows, nominal)
        .map_err(|(line, fault)| Failure::at(file.display(), format!("line {line}: {fault}")))?;
    if let Some(path) = &arguments.out {
        std::fs::write(path, record).map_err(|error| Failure::at(path.display(), error))?;
    }
    if arguments.json {
        println!("{:#}", json::json(&report));
    } else {
        print!("{}", table::table(&report, arguments.lang));
    }
    Ok(())
}

fn calibrate(plan: &Plan, rows: &[Row], file: &Path) -> Result<Calibration, Failure> {
    let readings: Vec<Reading> = rows.iter().map(|row| row.reading).collect();
    Calibration::from_readings(plan, &readings)
        .map_err(|error| Failure::at(file.display(), with_lines(&error, rows)))
}

/// The error, with the lines of the readings that it is about.
fn with_lines(error: &CalibrationError, rows: &[Row]) -> String {
    let lines = error.readings().into_iter().flatten().filter_map(|at| rows.get(at));
    let lines: Vec<String> = lines.map(|row| row.line.to_string()).collect();
    match &lines[..] {
        [] => error.to_string(),
        [line] => format!("line {line}: {error}"),
        lines => format!("lines {}: {error}", lines.join(" and ")),
    }
}

/// The constants in a file.
pub(super) fn read_constants(path: &Path) -> Result<Calibration, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::at(path.display(), error))?;
    Calibration::from_bytes(&bytes).map_err(|error| Failure::at(path.display(), error))
}

fn check(arguments: &Calibrate, rows: &[Row], path: &Path) -> Result<(), Failure> {
    let stored = read_constants(path)?;
    let again = calibrate(stored.plan(), rows, &arguments.readings)?;
    if again != stored {
        let reason = if again.readings_digest() == stored.readings_digest() {
            format!("the same readings give other constants: {}", difference(&stored, &again))
        } else {
            format!(
                "was made from other readings (SM3 {}, these have {})",
                Digest(*stored.readings_digest()),
                Digest(*again.readings_digest())
            )
        };
        return Err(Failure::at(path.display(), reason));
    }
    let digest = Digest(stored.digest());
    if arguments.json {
        let value = serde_json::json!({
            "reproduced": true,
            "readings": rows.len(),
            "readings_sm3": Digest(*stored.readings_digest()).to_string(),
            "constants_sm3": digest.to_string(),
        });
        println!("{value:#}");
    } else {
        println!("{} readings give these constants again: {digest}", rows.len());
    }
    Ok(())
}

/// The first channel in which two sets of constants differ.
fn difference(stored: &Calibration, again: &Calibration) -> String {
    let (one, other) = (stored.conditioning(), again.conditioning());
    let names = ["ua", "ub", "uc", "ia", "ib", "ic", "in"];
    let voltages = one.voltages.iter().zip(&other.voltages).map(|(one, other)| one == other);
    let currents = one.currents.iter().zip(&other.currents).map(|(one, other)| one == other);
    let first = names.into_iter().zip(voltages.chain(currents)).find(|(_, same)| !same);
    first.map_or("the record".to_owned(), |(name, _)| format!("channel {name}"))
}
