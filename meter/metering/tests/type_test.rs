//! The test points of class 0.2S active (IEC 62053-22) and 0.5S reactive (IEC 62053-24).
//!
//! The limits were written down from memory. Sinusoidal, without sensors: the digital chain alone
//! must stay within a tenth of each limit.
#![allow(clippy::print_stdout, reason = "the points are meant to be read")]
#![allow(clippy::unwrap_used, reason = "a table that can't be read is a failed test")]

mod bench;

use core::f64::consts::{FRAC_PI_2, PI, TAU};

use bench::{IN, Load, SETTINGS, UN, measure};
use metering::{NominalFrequency, Settings, Wiring};

/// Active points: load, I/In, power factor, Hz, U/Un in %, limit in %.
///
/// The factor is followed by L for inductive and C for capacitive; a minus sign is export.
const ACTIVE: &str = "
    balanced  0.01   1      50    100  0.4
    balanced  0.02   1      50    100  0.4
    balanced  0.05   1      50    100  0.2
    balanced  0.2    1      50    100  0.2
    balanced  1      1      50    100  0.2
    balanced  4      1      50    100  0.2
    balanced  0.02   0.5L   50    100  0.5
    balanced  0.05   0.5L   50    100  0.5
    balanced  0.02   0.8C   50    100  0.5
    balanced  0.1    0.5L   50    100  0.3
    balanced  0.1    0.8C   50    100  0.3
    balanced  1      0.5L   50    100  0.3
    balanced  1      0.8C   50    100  0.3
    balanced  4      0.5L   50    100  0.3
    balanced  4      0.8C   50    100  0.3
    balanced  0.1    0.25L  50    100  0.5
    balanced  1      0.25L  50    100  0.5
    balanced  4      0.25L  50    100  0.5
    balanced  0.1    0.5C   50    100  0.5
    balanced  4      0.5C   50    100  0.5
    A         0.05   1      50    100  0.3
    B         0.05   1      50    100  0.3
    C         0.05   1      50    100  0.3
    A         4      1      50    100  0.3
    B         1      1      50    100  0.3
    C         4      1      50    100  0.3
    A         0.1    0.5L   50    100  0.4
    B         4      0.5L   50    100  0.4
    C         1      0.5L   50    100  0.4
    balanced  0.01   -1     50    100  0.4
    balanced  1      -1     50    100  0.2
    balanced  4      -0.5L  50    100  0.3
    balanced  1      -0.8C  50    100  0.3
    B         1      -1     50    100  0.3
    balanced  0.05   1      49    100  0.1
    balanced  4      1      49    100  0.1
    balanced  1      0.5L   49    100  0.1
    balanced  1      1      49.5  100  0.1
    balanced  1      0.5L   50.37 100  0.1
    balanced  0.05   1      51    100  0.1
    balanced  4      1      51    100  0.1
    balanced  1      0.5L   51    100  0.1
    C         1      0.5L   51    100  0.4
    balanced  1      1      50    90   0.1
    balanced  1      0.5L   50    90   0.2
    balanced  1      1      50    110  0.1
    balanced  1      0.5L   50    110  0.2
    reversed  0.1    1      50    100  0.05
    reversed  0.1    0.5L   49.3  100  0.05
";

/// Reactive points: the factor is sin φ.
const REACTIVE: &str = "
    balanced  0.01   1      50    100  1.0
    balanced  0.05   1      50    100  0.5
    balanced  1      1      50    100  0.5
    balanced  4      1      50    100  0.5
    balanced  0.02   0.5L   50    100  1.0
    balanced  0.05   0.5C   50    100  1.0
    balanced  0.1    0.5L   50    100  0.5
    balanced  0.1    0.5C   50    100  0.5
    balanced  4      0.5L   50    100  0.5
    balanced  4      0.5C   50    100  0.5
    balanced  0.1    0.25L  50    100  1.0
    balanced  1      0.25C  50    100  1.0
    balanced  4      0.25L  50    100  1.0
    A         0.05   1      50    100  0.7
    B         1      0.5L   50    100  0.7
    C         4      0.5C   50    100  0.7
    balanced  1      -1     50    100  0.5
    balanced  1      -0.5L  50    100  0.5
    balanced  1      1      49    100  0.2
    balanced  1      0.5L   49    100  0.2
    balanced  1      0.25L  49.37 100  0.2
    balanced  1      1      51    100  0.2
    balanced  1      0.5C   51    100  0.2
    balanced  1      1      50    90   0.2
    balanced  1      0.5L   50    110  0.2
";

/// One line of a table.
struct Point {
    load: Load,
    limit: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Active,
    Reactive,
}

fn parse(line: &str, kind: Kind) -> Point {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [load, current, factor, frequency, voltage, limit] = words[..] else {
        panic!("a point has six columns: {line}")
    };
    let number = |text: &str| text.parse::<f64>().unwrap();
    let size = number(factor.trim_start_matches('-').trim_end_matches(['L', 'C']));
    let lag = if kind == Kind::Active { size.acos() } else { size.asin() };
    let lag = if factor.ends_with('C') { -lag } else { lag };
    let lag = if factor.starts_with('-') { lag + PI } else { lag };
    let amperes = number(current) * IN;
    let mut built = match load {
        "A" => Load::single(0, amperes, lag),
        "B" => Load::single(1, amperes, lag),
        "C" => Load::single(2, amperes, lag),
        _ => Load::balanced(amperes, lag),
    };
    if load == "reversed" {
        built.voltage_angle.swap(1, 2);
    }
    built.frequency = number(frequency);
    built.volts = [UN * number(voltage) / 100.0; 3];
    Point { load: built, limit: number(limit) }
}

/// Runs each point; prints the error and the limit.
fn run(table: &str, kind: Kind) {
    println!("load      I/In   factor Hz    U%   limit %  error ppm  U ppm  I ppm  f mHz");
    let mut worst = 0f64;
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let point = parse(line, kind);
        let exact = (point.load.watts(), point.load.vars());
        let errors = measure(SETTINGS, &point.load, exact);
        let error = if kind == Kind::Active { errors.active } else { errors.reactive };
        println!(
            "{line:<42} {:>8.3} {:>7.2} {:>6.1} {:>6.3}",
            error * 1e4,
            errors.voltage * 1e4,
            errors.current * 1e4,
            errors.frequency
        );
        worst = worst.max(error.abs());
        assert!(error.abs() <= point.limit / 10.0, "{line}: {error} %");
        // IEC 61000-4-30 class A asks for 0.1 % of Udin and 10 mHz (from memory).
        assert!(errors.voltage <= 0.01, "{line}: voltage {} %", errors.voltage);
        assert!(errors.current <= 0.01, "{line}: current {} %", errors.current);
        assert!(errors.frequency <= 1.0, "{line}: frequency {} mHz", errors.frequency);
    }
    println!("worst {:.3} ppm", worst * 1e4);
    assert!(worst < 10e-4, "the chain is noise-free: more than 10 ppm is a mistake");
}

#[test]
fn class_02s_active_points() {
    run(ACTIVE, Kind::Active);
}

#[test]
fn class_05s_reactive_points() {
    run(REACTIVE, Kind::Reactive);
}

#[test]
fn offsets_of_the_converter_add_no_energy() {
    for frequency in [49.0, 50.0, 51.0] {
        let mut load = Load::balanced(0.05 * IN, 1.0);
        load.offset = 0.004; // ±3.8 mV of 1 V: the ADE9000's maximum
        load.frequency = frequency;
        let errors = measure(SETTINGS, &load, (load.watts(), load.vars()));
        println!("{frequency} Hz: {errors:?}");
        assert!(errors.active.abs() < 0.02, "{frequency} Hz: {errors:?}");
        assert!(errors.reactive.abs() < 0.05, "{frequency} Hz: {errors:?}");
        assert!(errors.voltage < 0.01 && errors.current < 0.01, "{frequency} Hz: {errors:?}");
    }
}

#[test]
fn three_wires_measure_the_whole_load() {
    let settings = Settings {
        wiring: Wiring::ThreePhaseThreeWire,
        nominal_voltage_millivolts: 100_000,
        ..SETTINGS
    };
    for (frequency, lag) in [(50.0, 0.0), (49.2, 1.0), (51.0, -0.7), (50.0, PI / 3.0)] {
        // U_AB leads U_A by 30°, U_CB lags U_C by 30°.
        let mut load = Load::balanced(IN, lag);
        load.volts = [100.0, 0.0, 100.0];
        load.voltage_angle = [PI / 6.0, 0.0, FRAC_PI_2];
        load.lag = [lag + PI / 6.0, 0.0, FRAC_PI_2 - TAU / 3.0 + lag];
        load.frequency = frequency;
        let apparent = 3f64.sqrt() * 100.0 * IN;
        let errors = measure(settings, &load, (apparent * lag.cos(), apparent * lag.sin()));
        println!("{frequency} Hz, lag {lag}: {errors:?}");
        assert!(errors.active.abs() < 0.001, "{frequency} Hz, lag {lag}: {errors:?}");
        assert!(errors.reactive.abs() < 0.001, "{frequency} Hz, lag {lag}: {errors:?}");
        let mut bench = bench::Bench::new(settings);
        bench.window(&load);
        bench.window(&load);
        let window = bench.window(&load);
        let volts = window.phases[1].voltage_millivolts();
        assert!(volts.abs_diff(100_000) < 10, "A to C has {volts} mV");
        let current = window.phases[1].current_microamperes();
        assert!(current.abs_diff(1_500_000) < 100, "phase B has {current} µA");
        let factor = i32::from(window.power_factor_thousandths());
        assert!((f64::from(factor) - lag.cos() * 1e3).abs() <= 1.0, "{factor}");
    }
}

#[test]
fn single_phase_60_hertz_and_other_rates_are_as_good() {
    for rate in [2_000, 4_000, 6_400, 12_800, 16_000] {
        let settings = Settings {
            wiring: Wiring::SinglePhase,
            sample_rate_hertz: rate,
            nominal_frequency: NominalFrequency::Hertz60,
            ..SETTINGS
        };
        let mut load = Load::single(0, IN, 1.0);
        load.rate = f64::from(rate);
        load.frequency = 60.3;
        let errors = measure(settings, &load, (load.watts(), load.vars()));
        println!("{rate} Hz: {errors:?}");
        assert!(errors.active.abs() < 0.02, "{rate} Hz: {errors:?}");
        assert!(errors.reactive.abs() < 0.05, "{rate} Hz: {errors:?}");
    }
}
