//! `jidian meter calibrate`: readings of a bench with known errors, constants, and recordings that
//! are wrong before and right after.
#![allow(clippy::unwrap_used, reason = "tests: a panic is the report")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of samples is small and above zero"
)]

#[path = "outside/mod.rs"]
mod outside;

use core::f64::consts::{SQRT_2, TAU};
use core::fmt::Write;
use jidian::calibrate::readings;
use metering::calibration::{Calibration, Element};
use outside::{good, jidian, text};
use proptest::prelude::*;
use serde_json::Value;
use std::path::PathBuf;

const EXAMPLE: &str = "docs/examples/calibration.csv";

/// What the example is calibrated with.
const RATINGS: [&str; 6] =
    ["--nominal-voltage", "57.7", "--nominal-current", "1.5", "--max-current", "6"];

/// A directory of one test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("jidian-calibrate-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.0.join(name), content).unwrap();
        self.path(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn example() -> String {
    std::fs::read_to_string(outside::root().join(EXAMPLE)).unwrap()
}

fn calibrate<'a>(file: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    [&["meter", "calibrate", file][..], &RATINGS, options].concat()
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&good(&[arguments, &["--json"]].concat())).unwrap()
}

/// What a command that must fail says.
#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let output = jidian(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

#[track_caller]
fn near(found: f64, exact: f64, tolerance: f64, what: &str) {
    assert!((found - exact).abs() <= tolerance, "{what}: {found}, not {exact}");
}

/// Ratio error and lead in minutes of the example's transformers.
fn transformer(amperes: f64) -> (f64, f64) {
    let decades = (amperes / 1.5).log10();
    (-0.0015 + 0.0004 * decades, 12.0 - 2.5 * decades)
}

/// Gain error and lead in minutes of its voltages, and the factor of its transformers.
fn channel(phase: &str) -> (f64, f64, f64) {
    match phase {
        "a" => (0.008, 3.0, 1.0),
        "b" => (-0.005, -4.0, 1.3),
        "c" => (0.003, 2.0, -0.7),
        _ => (0.0, 0.0, 1.1),
    }
}

#[test]
fn the_example_is_what_its_bench_says() {
    let report = json_of(&calibrate(EXAMPLE, &[]));
    let points = report["points"].as_array().unwrap();
    assert_eq!(points.len(), 13 * 4 + 5 * 3);
    for point in points {
        let (gain, voltage_lead, factor) = channel(point["phase"].as_str().unwrap());
        let amperes = point["current_a"].as_f64().unwrap();
        let (ratio, lead) = transformer(amperes);
        let before = &point["before"];
        let of = |name: &str| before[name].as_f64().unwrap();
        // A nanoampere of 15 mA is 7·10⁻⁶ %.
        near(of("current_percent"), ratio * factor * 100.0, 2e-5, "current");
        if point["phase"] == "n" {
            continue;
        }
        let lag = voltage_lead - lead * factor;
        near(of("voltage_percent"), gain * 100.0, 1e-5, "voltage");
        near(of("lag_minutes"), lag, 1e-4, "angle");
        near(of("lag_centiradians"), lag / 60.0 * TAU / 360.0 * 100.0, 1e-5, "angle");
        let amount = (1.0 + gain) * (1.0 + ratio * factor);
        let radians = (lag / 60.0).to_radians();
        let unity = amount * radians.cos() - 1.0;
        let half = amount * (TAU / 6.0 + radians).cos() / 0.5 - 1.0;
        near(of("active_unity_percent"), unity * 100.0, 3e-5, "unity");
        near(of("active_half_lag_percent"), half * 100.0, 5e-5, "0.5 lagging");
    }
}

#[test]
fn the_report_says_how_wrong_before_and_after() {
    let report = json_of(&calibrate(EXAMPLE, &[]));
    let (before, after) = (&report["worst_before"], &report["worst_after"]);
    assert!(before["active_half_lag_percent"].as_f64().unwrap() > 1.0, "{before}");
    assert!(before["beyond_class"].as_u64().unwrap() > 40, "{before}");
    assert_eq!(after["beyond_class"], 0);
    // The residual that is asked for, 500 ppm; the middle of each region leaves less.
    assert!(after["active_half_lag_percent"].as_f64().unwrap() < 0.05, "{after}");
    assert!(after["voltage_percent"].as_f64().unwrap() < 1e-4, "{after}");
    for wire in ["a", "b", "c", "n"] {
        assert_eq!(report["currents"][wire].as_array().unwrap().len(), 5, "{wire}");
    }
    // A leads by 3′ and B lags by 4′: 7′ of 20 ms.
    near(report["voltages"]["b"]["delay_ns"].as_f64().unwrap(), -6_481.5, 1.0, "delay of B");
    let said = good(&calibrate(EXAMPLE, &[]));
    for words in ["3p4w, 57.7 V, 1.5 (6) A, 50 Hz", "0.8000", "0 / 67 readings beyond class 0.2S"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = good(&calibrate(EXAMPLE, &["--lang", "zh"]));
    assert!(said.contains("校准前") && said.contains("校准后"), "{said}");
}

#[test]
fn constants_are_made_again_or_the_check_fails() {
    let scratch = Scratch::new("check");
    let constants = scratch.path("meter.constants");
    let report = json_of(&calibrate(EXAMPLE, &["--out", &constants]));
    let bytes = std::fs::read(&constants).unwrap();
    let stored = Calibration::from_bytes(&bytes).unwrap();
    assert_eq!(stored.plan().elements(), &[Element::A, Element::B, Element::C]);
    let check = json_of(&["meter", "calibrate", EXAMPLE, "--check", &constants]);
    assert_eq!(check["reproduced"], true);
    assert_eq!(check["constants_sm3"], report["constants_sm3"]);
    // Again, into another file: the same bytes.
    let again = scratch.path("again.constants");
    good(&calibrate(EXAMPLE, &["--out", &again]));
    assert_eq!(std::fs::read(&again).unwrap(), bytes);
    // One microvolt.
    let other = scratch.file("other.csv", example().replacen("58.161600", "58.161601", 1));
    let said = refused(&["meter", "calibrate", &other, "--check", &constants]);
    assert!(said.contains("was made from other readings"), "{said}");
    let mut damaged = bytes.clone();
    damaged[100] ^= 1;
    let damaged = scratch.file("damaged.constants", damaged);
    let said = refused(&["meter", "calibrate", EXAMPLE, "--check", &damaged]);
    assert!(said.contains("damaged.constants: damaged: the check doesn't fit"), "{said}");
    let said = refused(&["measure", EXAMPLE, "--calibration", &damaged]);
    assert!(said.contains("damaged.constants: damaged"), "{said}");
}

#[test]
fn nothing_is_written_when_readings_are_refused() {
    let scratch = Scratch::new("refused");
    let constants = scratch.path("meter.constants");
    let one_region = ["--out", &constants, "--regions", "1"];
    let said = refused(&calibrate(EXAMPLE, &one_region));
    assert!(said.contains("line 5: reading 1, phase A, region 1: after correction"), "{said}");
    let twice = format!("{}a,50,57.7,1.5,0,0,58.1616,1.5,87.24,-0.228,0\n", example());
    let twice = scratch.file("twice.csv", twice);
    let said = refused(&calibrate(&twice, &["--out", &constants]));
    assert!(said.contains("lines 41 and 72: readings 37 and 68, phase A: one point"), "{said}");
    assert!(!PathBuf::from(&constants).exists());
    let said = refused(&calibrate(EXAMPLE, &["--borders", "0.001,1"]));
    assert!(said.contains("phase A, region 1: no reading lies in it"), "{said}");
}

/// A current as a function of time in seconds.
type Amperes = fn(f64) -> f64;

/// A recording of one phase.
struct Recording {
    seconds: f64,
    rate: f64,
    amperes: Amperes,
    lag_deg: f64,
    /// Gain error of the voltage; ratio error and lead in minutes of the current, by its amount.
    voltage: f64,
    current: fn(f64) -> (f64, f64),
}

impl Recording {
    fn csv(&self) -> String {
        let mut table = "ua,ia\n".to_owned();
        let samples = (self.seconds * self.rate).round() as usize;
        for n in 0..samples {
            let time = n as f64 / self.rate;
            let turn = TAU * (50.0 * time).fract() + 1.9;
            let amperes = (self.amperes)(time);
            let (ratio, lead) = (self.current)(amperes);
            let angle = turn - (self.lag_deg - lead / 60.0).to_radians();
            let u = 57.7 * SQRT_2 * (1.0 + self.voltage) * turn.sin();
            let i = amperes * SQRT_2 * (1.0 + ratio) * angle.sin();
            let _ = writeln!(table, "{u:.9},{i:.12}");
        }
        table
    }
}

/// A transformer that errs more with small currents, in steps, so that the middle is exact.
fn steps(amperes: f64) -> (f64, f64) {
    if amperes < 0.5 { (-0.004, 20.0) } else { (-0.001, 8.0) }
}

fn bench(amperes: Amperes, lag_deg: f64) -> Recording {
    Recording { seconds: 1.0, rate: 8_000.0, amperes, lag_deg, voltage: 0.007, current: steps }
}

const SINGLE: [&str; 12] = [
    "--wiring",
    "1p",
    "--nominal-voltage",
    "57.7",
    "--nominal-current",
    "1.5",
    "--max-current",
    "6",
    "--residual",
    "20",
    "--regions",
    "2",
];

/// Readings from recordings, and constants from them.
fn constants(scratch: &Scratch) -> String {
    let mut table = String::new();
    let points: [(Amperes, &str); 4] = [
        (|_| 0.15, "57.7,0.15,0"),
        (|_| 0.3, "57.7,0.3,60"),
        (|_| 1.5, "57.7,1.5,60"),
        (|_| 6.0, "57.7,6,-30"),
    ];
    for (amperes, reading) in points {
        let lag = reading.rsplit(',').next().unwrap().parse().unwrap();
        let file = scratch.file("bench.csv", bench(amperes, lag).csv());
        table += &good(&["measure", &file, "--rate", "8000", "--reading", reading]);
    }
    let readings = scratch.file("readings.csv", table);
    let constants = scratch.path("meter.constants");
    good(&[&["meter", "calibrate", &readings, "--out", &constants], &SINGLE[..]].concat());
    constants
}

#[test]
fn a_recording_is_wrong_before_and_right_after() {
    let scratch = Scratch::new("recording");
    let constants = constants(&scratch);
    for (amperes, lag, rate) in [
        ((|_| 0.2) as Amperes, 60.0, 8_000.0),
        (|_| 2.5, 60.0, 8_000.0),
        (|_| 4.0, 0.0, 12_800.0),
        (|_| 0.05, 0.0, 25_600.0),
    ] {
        let load = Recording { rate, ..bench(amperes, lag) };
        let file = scratch.file("load.csv", load.csv());
        let rate = rate.to_string();
        let measure = ["measure", &file, "--rate", &rate];
        let plain = json_of(&measure);
        let right = json_of(&[&measure[..], &["--calibration", &constants]].concat());
        let watts = 57.7 * amperes(0.0) * f64::to_radians(lag).cos();
        let error = |json: &Value, name: &str, exact: f64| {
            (json["a"][name].as_f64().unwrap() / exact - 1.0) * 1e6
        };
        assert!(error(&plain, "u_rms_v", 57.7) > 6_900.0);
        assert!(error(&plain, "p_w", watts).abs() > 2_500.0);
        // The stated residual is 20 ppm. 1 ns of delay is 0.5 ppm at 0.5.
        for (name, exact) in [("u_rms_v", 57.7), ("i_rms_a", amperes(0.0)), ("p_w", watts)] {
            let error = error(&right, name, exact);
            assert!(error.abs() < 20.0, "{name} at {} A: {error} ppm", amperes(0.0));
        }
        let joules = right["energy_import_joules"].as_f64().unwrap();
        near(joules, watts, watts * 20e-6, "energy of a second");
        let region = 1 + usize::from(amperes(0.0) > 0.5);
        assert_eq!(right["calibration"]["regions"][0], region, "{}", right["calibration"]);
        assert_eq!(right["windows"].as_array().unwrap().len(), 4);
        let start = |json: &Value| json["windows"][0]["start_s"].as_f64().unwrap();
        near(start(&right), start(&plain), 2e-4, "where the first window begins");
    }
}

#[test]
fn a_current_that_moves_is_corrected_as_a_meter_does() {
    let scratch = Scratch::new("moving");
    let constants = constants(&scratch);
    let load = Recording { seconds: 2.0, ..bench(|time| if time < 1.0 { 0.1 } else { 3.0 }, 0.0) };
    let file = scratch.file("load.csv", load.csv());
    let right = json_of(&["measure", &file, "--rate", "8000", "--calibration", &constants]);
    assert_eq!(right["calibration"]["regions"], Value::Null);
    let note = right["notes"][0].as_str().unwrap();
    assert!(note.starts_with("a current moved between regions"), "{note}");
    let windows = right["windows"].as_array().unwrap();
    for (window, watts) in [(&windows[2], 5.77), (&windows[8], 173.1)] {
        near(window["a"]["p_w"].as_f64().unwrap(), watts, watts * 20e-6, "power");
    }
}

#[test]
fn constants_of_another_wiring_are_refused() {
    let scratch = Scratch::new("wiring");
    let constants = constants(&scratch);
    let table = "ua,ub,uc,ia,ib,ic\n".to_owned() + &"1,2,3,1,2,3\n".repeat(3_000);
    let file = scratch.file("three.csv", table);
    let calibration = ["--calibration", &constants];
    for wiring in ["3p4w", "3p3w"] {
        let measure = ["measure", &file, "--rate", "8000", "--wiring", wiring];
        let said = refused(&[&measure[..], &calibration].concat());
        assert!(said.contains("made for another wiring"), "{said}");
    }
    let coil = scratch.path("coil.constants");
    good(&calibrate(EXAMPLE, &["--rogowski", "14", "--out", &coil]));
    let measure = ["measure", &file, "--rate", "8000", "--calibration", &coil];
    assert!(refused(&measure).contains("Rogowski coils can't be applied to a recording"));
}

/// One line of the example spoilt, and what is said.
#[test]
fn a_table_that_is_wrong_is_refused_with_line_and_column() {
    let names = "phase,frequency_hz,ref_u_v,ref_i_a,ref_angle_deg,u_rms_v,i_rms_a,p_w,q_var\n";
    for (table, said) in [
        (String::new(), "the file is empty"),
        ("phase,frequency_hz\n".to_owned(), "the column ref_u_v is missing"),
        ("phase,phase\n".to_owned(), "column 2: phase stands twice"),
        ("phase,weight\n".to_owned(), "column 2: `weight` isn't known; columns are phase,"),
        (names.replace(",ref_angle_deg", ""), "needs the column ref_angle_deg, or ref_p_w with"),
        (names.replace("ref_angle_deg", "ref_p_w"), "needs the column ref_angle_deg, or ref_p_w"),
        (names.replace("q_var", "q_var,u_angle_deg"), "ref_u_angle_deg and u_angle_deg need each"),
        (format!("{names}d,50,1,1,0,1,1,1,0"), "line 2, phase: `d` isn't a, b, c or n"),
        (format!("{names}a,50,1,1,0,1,1,1"), "line 2, q_var: `` is missing"),
        (format!("{names}a,50,1,1,0,1,1,x,0"), "line 2, p_w: `x` isn't a number"),
        (format!("# a\n{names}a,50,1,1,0,1,1,NaN,0"), "line 3, p_w: `NaN` isn't finite"),
        (format!("{names}a,50,1,inf,0,1,1,1,0"), "line 2, ref_i_a: `inf` isn't finite"),
        (format!("{names}a,50,-1,1,0,1,1,1,0"), "line 2, ref_u_v: `-1` is too small"),
        (format!("{names}a,50,1,1,0,1,1e30,1,0"), "line 2, i_rms_a: `1e30` is too large"),
        (format!("{names}a,50,1,1,361,1,1,1,0"), "line 2, ref_angle_deg: `361` isn't within"),
        (format!("{names}a,50,1,\"1,5\",0,1,1,1,0"), "line 2, ref_i_a: `1,5` needs a point"),
    ] {
        let error = readings::read(table.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(said), "{table}\nsaid {error}\nnot  {said}");
    }
    // Tables can be joined, and powers do as well as an angle.
    let joined = format!("{names}a,50,1,1,0,1,1,1,0\n{names}b,50,1,1,0,1,1,1,0\n");
    assert_eq!(readings::read(joined.as_bytes()).unwrap().len(), 2);
    let powers = names.replace("ref_angle_deg", "ref_p_w,ref_q_var");
    let rows = readings::read(format!("{powers}a,50,2,3,6,0,2,3,6,0").as_bytes()).unwrap();
    assert_eq!(rows[0].reading.reference, rows[0].reading.shown);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        text in "[ -~\\n,;]{0,200}",
    ) {
        let _ = readings::read(&bytes);
        let _ = readings::read(text.as_bytes());
    }

    /// Whatever is done to the example, it is refused or has rows; and rows have constants or not.
    #[test]
    fn no_damage_makes_the_reader_panic(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = example().into_bytes();
        for (place, byte) in &places {
            let at = place.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Ok(rows) = readings::read(&bytes) {
            let sound = readings::read(example().as_bytes()).unwrap();
            prop_assert!(rows.len() <= sound.len() + places.len());
        }
    }
}
