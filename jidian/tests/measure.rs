//! Captured waveforms: every format against a truth in closed form, and files that are wrong.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and tell")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "codes are rounded on purpose"
)]

#[path = "measure/waves.rs"]
mod waves;

use hound::SampleFormat::{Float, Int};
use jidian::measure::{
    Columns, Measurement, Rate, Recording, Refusal, Request, Scales, comtrade, csv, decimate,
    measure, wav,
};
use metering::Wiring;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use waves::{AMPERES, VOLTS, Wave};

const REQUEST: Request = Request {
    wiring: None,
    rate: None,
    scales: Scales::ONE,
    nominal: None,
    start_s: 0.0,
    end_s: None,
    calibration: None,
};

/// 400 V and 20 A at full scale, as [`Wave::wav`] writes.
fn full_scale() -> Request {
    Request { scales: "u=400,i=20".parse().unwrap(), ..REQUEST }
}

fn all() -> Columns {
    Columns::default()
}

/// Through CSV, with the rate given beside it.
fn by_csv(wave: &Wave) -> Measurement {
    let request = Request { rate: Some(Rate::from_hertz(wave.rate).unwrap()), ..REQUEST };
    measure(csv::read(&wave.csv(','), &all()).unwrap(), &request).unwrap()
}

#[test]
fn frequencies_phases_and_harmonics_are_within_ten_ppm() {
    for frequency in [50.0, 49.7, 60.0, 42.5, 57.5] {
        for phases in [1, 3] {
            for base in [Wave::PLAIN, Wave::DISTORTED] {
                let wave = Wave { frequency, phases, ..base };
                wave.check(&by_csv(&wave), 10.0);
            }
        }
    }
}

#[test]
fn rates_from_3200_to_64000_are_within_ten_ppm() {
    for rate in [
        3_200.0, 4_000.0, 6_399.5, 12_800.0, 16_000.0, 16_001.0, 25_600.0, 44_100.0, 48_000.0,
        51_200.0, 64_000.0,
    ] {
        let wave = Wave { frequency: 49.7, rate, ..Wave::DISTORTED };
        let measurement = by_csv(&wave);
        assert_eq!(measurement.decimation, (rate / 16_000.0).ceil() as usize);
        wave.check(&measurement, 10.0);
    }
}

#[test]
fn the_filter_of_high_rates_passes_the_fiftieth_harmonic_and_stops_what_folds() {
    for factor in 2..=4_usize {
        let new_rate = 16_000.0 * 1.01 / factor as f64 * (factor - 1) as f64;
        let rate = new_rate * factor as f64;
        for (hertz, gain, limit) in
            [(3_000.0, 1.0, 2e-7), (0.4 * new_rate, 1.0, 2e-7), (0.6 * new_rate, 0.0, 2e-7)]
        {
            let wave = |place: f64| (core::f64::consts::TAU * hertz * place / rate + 0.3).sin();
            let signal: Vec<f64> = (0..20_000).map(|n| wave(f64::from(n))).collect();
            let kept = decimate::decimate(&signal, factor);
            assert_eq!(kept.len(), 20_000 / factor);
            let inside = kept.len() - decimate::REACH - 1;
            for (at, value) in kept.iter().enumerate().take(inside).skip(decimate::REACH + 1) {
                let middle = (at * factor) as f64 + (factor - 1) as f64 / 2.0;
                let error = (value - gain * wave(middle)).abs();
                assert!(error <= limit, "{hertz} Hz, factor {factor}: {error:e}");
            }
        }
    }
}

#[test]
fn constant_parts_and_short_files_are_measured() {
    let wave = Wave { offset: (2.0, 0.3), seconds: 0.9, ..Wave::DISTORTED };
    wave.check(&by_csv(&wave), 10.0);
    for seconds in [0.26, 0.31, 0.444] {
        let wave = Wave { frequency: 49.7, seconds, ..Wave::DISTORTED };
        let measurement = by_csv(&wave);
        wave.check(&measurement, 10.0);
        let windows = measurement.windows.len() as f64;
        assert!((measurement.measured_seconds - windows * 10.0 / 49.7).abs() < 1e-6);
        assert!((measurement.seconds() - seconds).abs() < 1e-3);
    }
}

#[test]
fn energy_of_ten_seconds_is_within_a_ppm() {
    let wave = Wave { frequency: 49.7, seconds: 10.0, phases: 3, ..Wave::DISTORTED };
    let measurement = by_csv(&wave);
    wave.check(&measurement, 1.0);
    let milliwatt_hours = (wave.joules() / 3.6).round() as i64;
    let json = jidian::measure::json::json(&measurement);
    assert_eq!(json["energy_import_milliwatt_hours"], milliwatt_hours);
    assert_eq!(json["energy_export_milliwatt_hours"], 0);
}

#[test]
fn wav_files_are_within_what_their_bits_allow() {
    let wave = Wave { frequency: 49.7, phases: 3, ..Wave::DISTORTED };
    // Half a step of 16 bits is 15 ppm of full scale; most of it averages out.
    for (bits, format, limit_ppm) in
        [(16, Int, 20.0), (24, Int, 10.0), (32, Int, 10.0), (32, Float, 10.0)]
    {
        let recording = wav::read(&wave.wav(bits, format), &all()).unwrap();
        assert_eq!(recording.rate, Some(Rate::from_hertz(8_000.0).unwrap()));
        wave.check(&measure(recording, &full_scale()).unwrap(), limit_ppm);
    }
}

#[test]
fn comtrade_files_are_within_what_their_format_allows() {
    for (format, revision, limit_ppm) in [
        ("ASCII", "1999", 10.0),
        ("BINARY", "1999", 20.0),
        ("BINARY32", "2013", 10.0),
        ("FLOAT32", "2013", 10.0),
    ] {
        let wave = Wave { frequency: 60.0, rate: 7_680.0, phases: 3, ..Wave::DISTORTED };
        let (cfg, dat) = wave.comtrade(format, revision);
        let recording = comtrade::read(&cfg, &dat, &all()).unwrap();
        wave.check(&measure(recording, &REQUEST).unwrap(), limit_ppm);
        let length = if format == "ASCII" { String::new() } else { format!(": {}", dat.len()) };
        let mut cff = b"--- file type: CFG ---\r\n".to_vec();
        cff.extend(&cfg);
        cff.extend(format!("--- file type: DAT {format}{length} ---\r\n").into_bytes());
        cff.extend(&dat);
        let combined = comtrade::read_combined(&cff, &all()).unwrap();
        assert_eq!(combined, comtrade::read(&cfg, &dat, &all()).unwrap());
    }
}

#[test]
fn columns_are_found_by_name_number_and_unit() {
    let wave = Wave::PLAIN;
    let table = |names: &str, milli: f64| {
        let mut text = format!("{names}\n");
        for (n, row) in wave.rows().enumerate() {
            let time = n as f64 / wave.rate;
            text += &format!("{time};note;{};{}\n", row[1] * milli, row[0]);
        }
        csv::read(text.as_bytes(), &Columns::default()).map_err(|refusal| (refusal, text))
    };
    let named = table("Time (s);text;I1 (mA);VL1 [V]", 1e3).unwrap();
    assert_eq!(named.rate, Some(Rate::from_hertz(8_000.0).unwrap()));
    wave.check(&measure(named, &REQUEST).unwrap(), 10.0);
    let (refusal, text) = table("when;text;left;right", 1.0).unwrap_err();
    assert!(
        refusal.to_string().contains("4 columns: 1 when, 2 text, 3 left, 4 right"),
        "{refusal}"
    );
    for columns in ["t=1,ia=3,ua=4", "t=when,ia=left,ua=RIGHT"] {
        let recording = csv::read(text.as_bytes(), &columns.parse().unwrap()).unwrap();
        wave.check(&measure(recording, &REQUEST).unwrap(), 10.0);
    }
}

#[test]
fn three_wires_measure_two_elements() {
    let wave = Wave { phases: 3, ..Wave::DISTORTED };
    let rate = Some(Rate::from_hertz(wave.rate).unwrap());
    let request = Request { wiring: Some(Wiring::ThreePhaseThreeWire), rate, ..REQUEST };
    let measurement = measure(csv::read(&wave.csv('\t'), &all()).unwrap(), &request).unwrap();
    // Both fundamental and fifth harmonic add up to nothing over three phases, so Aron's two
    // elements see all of the power; a line voltage is √3 times that of a phase.
    let watts = measurement.mean.total.p_w;
    assert!((watts - 3.0 * wave.watts()).abs() < 3.0 * VOLTS * AMPERES * 1e-5, "{watts}");
    let volts = measurement.mean.phases[0].u_rms_v;
    assert!((volts - 3_f64.sqrt() * wave.volts()).abs() < VOLTS * 1e-5, "{volts}");
    let joules = measurement.energy.total.import_joules;
    assert!((joules - wave.joules()).abs() < wave.joules() * 1e-5, "{joules}");
}

#[test]
fn export_tiny_and_huge_values_keep_their_digits() {
    for (volts, amperes) in [(1e-6, 1e-9), (1.0, 1.0), (400.0, 3e3), (1e3, 1e6)] {
        let wave = Wave { lag: 0.6 + core::f64::consts::PI, ..Wave::PLAIN };
        let scales = format!("u={volts},i={amperes}").parse().unwrap();
        let rate = Some(Rate::from_hertz(wave.rate).unwrap());
        let request = Request { scales, rate, ..REQUEST };
        let measurement = measure(csv::read(&wave.csv(';'), &all()).unwrap(), &request).unwrap();
        let phase = measurement.mean.phases[0];
        let near = |value: f64, exact: f64| (value / exact - 1.0).abs() < 1e-5;
        assert!(near(phase.u_rms_v, VOLTS * volts), "{phase:?}");
        assert!(near(phase.i_rms_a, AMPERES * amperes), "{phase:?}");
        assert!(near(phase.powers.p_w, wave.watts() * volts * amperes), "{phase:?}");
        let energy = measurement.energy.total;
        // For some milliseconds at the beginning more comes than goes.
        let joules = energy.export_joules - energy.import_joules;
        assert!(near(joules, -wave.joules() * volts * amperes), "{joules}");
    }
}

/// What is refused, and words that its error must have.
#[test]
fn bad_tables_say_where() {
    for (text, columns, words) in [
        ("", "", "empty"),
        ("ua,ia\n", "", "no samples"),
        ("ua,ia\n1,2\n3,x4\n", "", "line 3, column 2 (ia): `x4` isn't a number"),
        (
            "ua;ia\n1;2\n3,5;4\n",
            "",
            "line 3, column 1 (ua): `3,5` isn't a number; write the decimal",
        ),
        ("ua,ia\n1,NaN\n", "", "line 2, column 2 (ia): NaN can't be measured"),
        ("ua,ia\n1,inf\n", "", "inf can't be measured"),
        ("ua,ia\n1,2\n3\n", "", "line 3, column 2 (ia): missing"),
        ("ua,ia\n1,2\n", "ua=7", "ua=7 doesn't exist; the file has 2 columns: 1 ua, 2 ia"),
        ("ua,ia\n1,2\n", "ua=volt", "ua=volt doesn't exist"),
        ("u1,va\n1,2\n", "", "columns 1 and 2 both look like ua"),
        ("x,y\n1,2\n", "", "which column is a voltage?"),
        ("t,ua\n0,1\n1,1\n9,1\n", "", "aren't evenly spaced"),
        ("t,ua\n1,1\n0,1\n", "", "doesn't go forwards"),
        ("t,ua\n0,1\n1,1\n2,1\n", "", "1 samples a second; 3200 to 64000"),
    ] {
        let columns =
            if columns.is_empty() { Columns::default() } else { columns.parse().unwrap() };
        let refusal = csv::read(text.as_bytes(), &columns).unwrap_err().to_string();
        assert!(refusal.contains(words), "{text:?}: {refusal}");
    }
    for (text, words) in [
        ("ua", "write it as"),
        ("ua=0", "counted from 1"),
        ("ux=1", "`ux=1`"),
        ("ua=1,ua=2", "twice"),
    ] {
        let refusal = text.parse::<Columns>().unwrap_err().to_string();
        assert!(refusal.contains(words), "{text:?}: {refusal}");
    }
    assert!("ua=0".parse::<Scales>().is_err() && "ua=nan".parse::<Scales>().is_err());
}

fn refusal_of(wave: &Wave, request: &Request) -> String {
    let recording = csv::read(&wave.csv(','), &all());
    recording.and_then(|recording| measure(recording, request)).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_measured_says_why() {
    let rate = Some(Rate::from_hertz(8_000.0).unwrap());
    let plain = Wave::PLAIN;
    assert!(refusal_of(&plain, &REQUEST).contains("--rate"));
    let request = Request { rate, ..REQUEST };
    let short = Wave { seconds: 0.15, ..plain };
    assert!(refusal_of(&short, &request).contains("at least 0.24 s"));
    assert!(refusal_of(&Wave { frequency: 400.0, ..plain }, &request).contains("40 to 70 Hz"));
    let wiring = Some(Wiring::ThreePhaseFourWire);
    assert!(refusal_of(&plain, &Request { wiring, ..request.clone() }).contains("needs ub"));
    let late = Request { start_s: 5.0, ..request.clone() };
    assert!(refusal_of(&plain, &late).contains("the file lasts 1.000000 s"));
    let scales = "ua=1e9".parse().unwrap();
    assert!(refusal_of(&plain, &Request { scales, ..request }).contains("no voltage"));
    for hertz in [3_199.9, 64_000.1, f64::NAN, f64::INFINITY, -1.0] {
        assert!(Rate::from_hertz(hertz).unwrap_err().to_string().contains("3200 to 64000"));
    }
}

#[test]
fn cut_and_contradictory_recordings_are_refused() {
    let wave = Wave { seconds: 0.3, ..Wave::PLAIN };
    let file = wave.wav(16, Int);
    let refusal = wav::read(&file[..file.len() / 2], &all()).unwrap_err().to_string();
    assert!(refusal.contains("cut: it announces 2400 frames and ends after 11"), "{refusal}");
    assert!(wav::read(b"RIFFnonsense", &all()).unwrap_err().to_string().contains("not a WAV file"));
    let (cfg, dat) = wave.comtrade("BINARY", "1999");
    let text = String::from_utf8(cfg.clone()).unwrap();
    for (cfg, dat, words) in [
        (text.clone(), &dat[..dat.len() - 1], "are left over"),
        (text.clone(), &dat[..dat.len() - 14], "announces 2400 samples, and they hold 2399"),
        (text.replace("2A", "9A"), &dat, "analog channel"),
        (text.replace("3,2A", "3,2X"), &dat, "line 2"),
        (text.replace("BINARY", "MORSE"), &dat, "expected ASCII, BINARY"),
        (text.replace("\r\n50\r\n1\r\n", "\r\n50\r\n2\r\n"), &dat, "only recordings with one"),
        (text.replace("8000,", "800000,"), &dat, "3200 to 64000"),
        ("Station,Device,1999\n".to_owned(), &dat, "ends before it"),
    ] {
        let refusal = comtrade::read(cfg.as_bytes(), dat, &all()).unwrap_err().to_string();
        assert!(refusal.contains(words), "{words}: {refusal}");
    }
    let mut missing = dat.clone();
    missing[8..10].copy_from_slice(&i16::MIN.to_le_bytes());
    let refusal = comtrade::read(&cfg, &missing, &all()).unwrap_err().to_string();
    assert!(refusal.contains("sample 1, column 1 (ua): missing"), "{refusal}");
}

/// Changes a few bytes, and cuts the file somewhere.
fn damaged(mut file: Vec<u8>, changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    for (at, byte) in changes {
        let at = at % file.len();
        file[at] = *byte;
    }
    file.truncate(cut % (2 * file.len()));
    file
}

/// Whatever was read must be measured or refused.
fn measured(recording: Result<Recording, Refusal>) {
    if let Ok(recording) = recording {
        let rate = recording.rate.or(Some(Rate::MIN));
        let _ = measure(recording, &Request { rate, ..REQUEST });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        text in "[ -~\\n,;]{0,200}",
    ) {
        for bytes in [&bytes[..], text.as_bytes()] {
            measured(csv::read(bytes, &all()));
            measured(wav::read(bytes, &all()));
            measured(comtrade::read(bytes, bytes, &all()));
            measured(comtrade::read_combined(bytes, &all()));
        }
    }

    #[test]
    fn no_damage_makes_a_reader_panic(
        changes in proptest::collection::vec((0..200_usize, any::<u8>()), 0..4),
        anywhere in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        cut in any::<usize>(),
    ) {
        let wave = Wave { seconds: 0.3, rate: 3_200.0, ..Wave::PLAIN };
        let changes = [changes, anywhere].concat();
        measured(csv::read(&damaged(wave.csv(','), &changes, cut), &all()));
        for (bits, format) in [(16, Int), (24, Int), (32, Float)] {
            measured(wav::read(&damaged(wave.wav(bits, format), &changes, cut), &all()));
        }
        for format in ["ASCII", "BINARY", "BINARY32", "FLOAT32"] {
            let (cfg, dat) = wave.comtrade(format, "2013");
            measured(comtrade::read(&damaged(cfg.clone(), &changes, usize::MAX - 1), &dat, &all()));
            measured(comtrade::read(&cfg, &damaged(dat, &changes, cut), &all()));
        }
    }
}

/// A directory of one test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("jidian-measure-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn jidian(file: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jidian"));
    command.arg("measure").arg(file).args(options).output().unwrap()
}

#[track_caller]
fn json(file: &Path, options: &[&str]) -> serde_json::Value {
    let output = jidian(file, &[options, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_command_reads_each_format() {
    let scratch = Scratch::new("formats");
    let wave = Wave { frequency: 49.7, phases: 3, ..Wave::DISTORTED };
    let table = scratch.file("load.csv", &wave.csv(','));
    let sound = scratch.file("load.wav", &wave.wav(24, Int));
    let (cfg, dat) = wave.comtrade("FLOAT32", "2013");
    scratch.file("fault.DAT", &dat);
    let fault = scratch.file("fault.cfg", &cfg);
    for (file, options) in [
        (&table, vec!["--rate", "8000", "--wiring", "3p4w"]),
        (&sound, vec!["--scale", "u=400,i=20", "--columns", "ua=1,ub=2,uc=3,ia=4,ib=5,ic=6"]),
        (&fault, vec!["--nominal-hz", "50"]),
    ] {
        let json = json(file, &options);
        for phase in ["a", "b", "c"] {
            for (name, exact) in [
                ("u_rms_v", wave.volts()),
                ("i_rms_a", wave.amperes()),
                ("p_w", wave.watts()),
                ("q_var", wave.vars()),
                ("s_va", wave.volts() * wave.amperes()),
                ("pf", wave.watts() / wave.volts() / wave.amperes()),
                ("thd_u", 0.1),
                ("thd_i", 0.4),
            ] {
                let value = json[phase][name].as_f64().unwrap();
                assert!(
                    (value / exact - 1.0).abs() < 1e-5,
                    "{file:?} {phase} {name}: {value} {exact}"
                );
            }
        }
        assert!((json["frequency_hz"].as_f64().unwrap() - 49.7).abs() < 1e-4);
        let energy = json["energy_import_milliwatt_hours"].as_i64().unwrap();
        assert_eq!(energy, (wave.joules() / 3.6).round() as i64);
        let fifth = &json["harmonics"]["ib"][4];
        assert_eq!(fifth["order"], 5);
        assert!((fifth["ratio"].as_f64().unwrap() - 0.4).abs() < 1e-5, "{fifth}");
        assert_eq!(json["windows"].as_array().unwrap().len(), 4);
        assert!((json["measured_seconds"].as_f64().unwrap() - 40.0 / 49.7).abs() < 1e-6);
        // The fifth harmonic moves the crossing of A by some degrees.
        let angle = |phase: &str| json[phase]["u_angle_deg"].as_f64().unwrap();
        assert!(angle("a").abs() < 5.0 && (angle("b") - angle("a") + 120.0).abs() < 1e-3);
    }
}

#[test]
fn the_command_draws_and_writes_tables_in_two_languages() {
    let scratch = Scratch::new("plot");
    let wave = Wave { phases: 3, ..Wave::DISTORTED };
    let file = scratch.file("a & b.csv", &wave.csv(';'));
    for (language, word) in [("en", "Phasors"), ("zh", "相量")] {
        let plot = scratch.0.join("plot.svg");
        let options = ["--rate", "8000", "--lang", language, "--plot", plot.to_str().unwrap()];
        let output = jidian(&file, &options);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("231.1471"));
        let svg = std::fs::read_to_string(plot).unwrap();
        assert!(svg.contains(word) && svg.contains("a &amp; b.csv"));
        assert!(svg.matches("<polyline").count() == 8, "three U, three I, P and f");
        assert!(svg.contains("ia 5.0000 A"), "the fundamental current");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}

#[test]
fn the_command_fails_with_a_reason() {
    let scratch = Scratch::new("errors");
    let wave = Wave::PLAIN;
    let table = scratch.file("load.csv", &wave.csv(','));
    let unknown = scratch.file("load.bin", &wave.csv(','));
    let alone = scratch.file("alone.cfg", &wave.comtrade("ASCII", "1999").0);
    for (file, options, words) in [
        (&scratch.0.join("none.csv"), vec![], "none.csv"),
        (&table, vec![], "--rate"),
        (&table, vec!["--rate", "100"], "3200 to 64000"),
        (&table, vec!["--rate", "8000", "--columns", "ua=9"], "ua=9 doesn't exist"),
        (&table, vec!["--rate", "8000", "--wiring", "3p4w"], "needs ub"),
        (&unknown, vec!["--rate", "8000"], "--format csv, wav or comtrade"),
        (&alone, vec![], ".dat file beside it"),
    ] {
        let output = jidian(file, &options);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(words), "{file:?} {options:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    assert!(jidian(&unknown, &["--rate", "8000", "--format", "csv"]).status.success());
}

#[test]
fn a_factor_below_zero_turns_a_channel_round() {
    let wave = Wave { phases: 1, ..Wave::PLAIN };
    let rate = Some(Rate::from_hertz(wave.rate).unwrap());
    let plain = measure(csv::read(&wave.csv(','), &all()).unwrap(), &Request { rate, ..REQUEST });
    let scales = "ia=-1".parse().unwrap();
    let turned = Request { scales, rate, ..REQUEST };
    let turned = measure(csv::read(&wave.csv(','), &all()).unwrap(), &turned);
    let [plain, turned] = [plain, turned].map(|measured| measured.unwrap().mean.phases[0]);
    assert!((turned.powers.p_w + plain.powers.p_w).abs() < 1e-6 * plain.powers.p_w);
    assert!((turned.i_rms_a - plain.i_rms_a).abs() < 1e-6 * plain.i_rms_a);
    for scale in ["ia=0", "ia=NaN", "ia=inf", "ia=1e-320", "ia=-0", "ia=x"] {
        let refusal = scale.parse::<Scales>().unwrap_err().to_string();
        assert!(refusal.contains("isn't a number other than zero"), "{refusal}");
    }
}
