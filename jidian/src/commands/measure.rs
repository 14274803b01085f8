//! `jidian measure`: a captured waveform through the metering core.

use super::calibrate::read_constants;
use super::{Failure, Language};
use crate::calibrate::readings::{self, Truth};
use crate::measure::columns::Columns;
use crate::measure::{
    self, Measurement, Rate, Recording, Refusal, Request, Scales, comtrade, csv, picture, table,
    wav,
};
use clap::{Args, ValueEnum};
use metering::{NominalFrequency, Wiring};
use std::path::{Path, PathBuf};

pub(super) const EXAMPLES: &str = "\
Examples:
  jidian measure load.csv --rate 8000            columns named ua, ia, ub, ib ...
  jidian measure load.csv --columns t=1,ua=2,ia=3 --json
  jidian measure load.wav --columns ua=1,ia=2 --scale ua=400,ia=20 --plot load.svg
  jidian measure fault.cfg --wiring 3p4w         COMTRADE; fault.dat stands beside it
  jidian measure load.csv --calibration meter.constants
  jidian measure bench.csv --reading 57.7,1.5,60 >> readings.csv

A CSV file without a column of time needs --rate. Integer samples of a WAV file are parts of full
scale, so --scale says the volts and amperes at full scale.";

#[derive(Args, Debug)]
pub(super) struct Measure {
    /// CSV, WAV or COMTRADE (.cfg with .dat beside it, or .cff).
    file: PathBuf,
    /// What the file is, if its name doesn't tell.
    #[arg(long)]
    format: Option<Format>,
    /// Samples per second, 3200 to 64000; stands above what the file says.
    #[arg(long, value_name = "HZ", value_parser = parse_rate)]
    rate: Option<Rate>,
    /// How the conductors meet the channels; left out: by the columns, 1p or 3p4w.
    #[arg(long)]
    wiring: Option<WiringName>,
    /// Which column is which channel, by number from 1 or by name: ua, ub, uc, ia, ib, ic, in, t.
    #[arg(long, value_name = "CHANNEL=COLUMN,...", default_value = "", hide_default_value = true, value_parser = parse_columns)]
    columns: Columns,
    /// Volts or amperes in one of the file's units; u= and i= mean all voltages, all currents. Below
    /// zero for a channel whose ends were reversed.
    #[arg(long, value_name = "CHANNEL=FACTOR,...", default_value = "", hide_default_value = true, value_parser = parse_scales)]
    scale: Scales,
    /// Nominal frequency, 50 or 60; left out: the nearer one.
    #[arg(long, value_name = "HZ", value_parser = parse_nominal)]
    nominal_hz: Option<NominalFrequency>,
    /// Seconds to leave out at the beginning.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, value_parser = parse_seconds)]
    start: f64,
    /// Second to end at.
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    end: Option<f64>,
    /// Correct the channels by these constants, which `jidian meter calibrate --out` wrote.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// Print lines for `jidian meter calibrate`: what was measured beside what the reference said of
    /// every phase, volts, amperes and the degrees by which the current lags.
    #[arg(long, value_name = "VOLTS,AMPERES,DEGREES", conflicts_with_all = ["json", "calibration"], allow_hyphen_values = true, value_parser = parse_truth)]
    reading: Option<Truth>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write a picture of phasors, spectrum and trends.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Language of table and picture.
    #[arg(long, default_value = "en")]
    lang: Language,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Wav,
    Comtrade,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum WiringName {
    /// One phase.
    #[value(name = "1p")]
    SinglePhase,
    /// Two elements, A to B and C to B: ua, uc, ia, ic; with ub, the three are phase voltages.
    #[value(name = "3p3w")]
    ThreeWire,
    /// Three elements, each to neutral.
    #[value(name = "3p4w")]
    FourWire,
    /// Wye with three currents and two voltages, ua and uc.
    #[value(name = "3p4w-2u")]
    TwoVoltages,
    /// Four-wire delta with two voltages, ua and uc.
    #[value(name = "3p4w-delta")]
    Delta,
}

impl WiringName {
    pub(super) const fn wiring(self) -> Wiring {
        match self {
            Self::SinglePhase => Wiring::SinglePhase,
            Self::ThreeWire => Wiring::ThreePhaseThreeWire,
            Self::FourWire => Wiring::ThreePhaseFourWire,
            Self::TwoVoltages => Wiring::FourWireWyeTwoVoltages,
            Self::Delta => Wiring::FourWireDeltaTwoVoltages,
        }
    }
}

fn parse_rate(text: &str) -> Result<Rate, String> {
    let hertz = text.parse().map_err(|_| "must be a number of hertz".to_owned())?;
    Rate::from_hertz(hertz).map_err(|refusal| refusal.to_string())
}

fn parse_columns(text: &str) -> Result<Columns, Refusal> {
    if text.is_empty() { Ok(Columns::default()) } else { text.parse() }
}

fn parse_scales(text: &str) -> Result<Scales, Refusal> {
    if text.is_empty() { Ok(Scales::ONE) } else { text.parse() }
}

pub(super) fn parse_nominal(text: &str) -> Result<NominalFrequency, String> {
    match text {
        "50" => Ok(NominalFrequency::Hertz50),
        "60" => Ok(NominalFrequency::Hertz60),
        _ => Err("must be 50 or 60".to_owned()),
    }
}

fn parse_truth(text: &str) -> Result<Truth, String> {
    let numbers: Option<Vec<f64>> = text
        .split(',')
        .map(|part| part.trim().parse().ok().filter(|n: &f64| n.is_finite()))
        .collect();
    match numbers.as_deref() {
        Some([volts, amperes, lag_deg]) => {
            Ok(Truth { volts: *volts, amperes: *amperes, lag_deg: *lag_deg })
        }
        _ => Err("must be volts, amperes and degrees, such as 57.7,1.5,60".to_owned()),
    }
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=1e6).contains(seconds));
    seconds.ok_or_else(|| "must be a number of seconds from 0 on".to_owned())
}

pub(super) fn run(arguments: &Measure) -> Result<(), Failure> {
    let file = &arguments.file;
    let calibration = arguments.calibration.as_deref().map(read_constants).transpose()?;
    let recording = read(arguments)?;
    let request = Request {
        wiring: arguments.wiring.map(WiringName::wiring),
        rate: arguments.rate,
        scales: arguments.scale,
        nominal: arguments.nominal_hz,
        start_s: arguments.start,
        end_s: arguments.end,
        calibration,
    };
    let measurement = measure::measure(recording, &request)
        .map_err(|refusal| Failure::at(file.display(), refusal))?;
    if let Some(path) = &arguments.plot {
        write_picture(path, file, &measurement, arguments.lang)?;
    }
    if let Some(truth) = &arguments.reading {
        print!("{}", readings::rows_of(&measurement, truth));
    } else if arguments.json {
        println!("{:#}", measure::json::json(&measurement));
    } else {
        print!("{}", table::table(&measurement, arguments.lang));
    }
    Ok(())
}

fn write_picture(
    path: &Path,
    file: &Path,
    measurement: &Measurement,
    language: Language,
) -> Result<(), Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let svg = picture::svg(measurement, &name, language);
    std::fs::write(path, svg).map_err(|error| Failure::at(path.display(), error))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::at(path.display(), error))
}

fn read(arguments: &Measure) -> Result<Recording, Failure> {
    let (file, columns) = (&arguments.file, &arguments.columns);
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let format = arguments.format.or(match extension.as_str() {
        "csv" | "tsv" | "txt" => Some(Format::Csv),
        "wav" | "wave" => Some(Format::Wav),
        "cfg" | "dat" | "cff" => Some(Format::Comtrade),
        _ => None,
    });
    let recording = match format {
        Some(Format::Csv) => csv::read(&bytes_of(file)?, columns),
        Some(Format::Wav) => wav::read(&bytes_of(file)?, columns),
        Some(Format::Comtrade) if extension == "cff" => {
            comtrade::read_combined(&bytes_of(file)?, columns)
        }
        Some(Format::Comtrade) => {
            let (cfg, dat) = (beside(file, "cfg")?, beside(file, "dat")?);
            comtrade::read(&bytes_of(&cfg)?, &bytes_of(&dat)?, columns)
        }
        None => {
            let reason = "its name doesn't tell what it is; give --format csv, wav or comtrade";
            return Err(Failure::at(file.display(), reason));
        }
    };
    recording.map_err(|refusal| Failure::at(file.display(), refusal))
}

/// The other file of a recording, in small or in capital letters.
fn beside(file: &Path, extension: &str) -> Result<PathBuf, Failure> {
    let names = [extension.to_owned(), extension.to_ascii_uppercase()];
    let mut paths = names.iter().map(|name| file.with_extension(name));
    let own = file.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension));
    let found = if own { Some(file.to_owned()) } else { paths.find(|path| path.is_file()) };
    found.ok_or_else(|| {
        Failure::at(file.display(), format!("a recording needs its .{extension} file beside it"))
    })
}
