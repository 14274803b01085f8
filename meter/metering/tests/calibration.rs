//! From readings of a bench to constants, and what they do to a meter with known errors.
#![allow(clippy::print_stdout, reason = "the worst figures are meant to be read")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::cast_possible_truncation, reason = "codes are rounded on purpose")]
#![allow(clippy::cast_sign_loss, reason = "amounts are above zero")]

mod bench;

use bench::SETTINGS;
use core::f64::consts::{PI, SQRT_2, TAU};
use metering::calibration::{Average, Calibration, Element, Plan, Quantities, Reading, Regions};
use metering::{
    ADE9000_FULL_SCALE_CODE, Configuration, Correction, CurrentScale, Frame, Metering, Settings,
    VoltageScale, Window, Wiring,
};

/// Nominal voltage and current of a meter behind transformers.
const UN: f64 = 57.7;
const IN: f64 = 1.5;
const IMAX: f64 = 6.0;

/// 3×57.7 V, 1.5 (6) A.
fn settings(wiring: Wiring) -> Settings {
    Settings {
        wiring,
        voltage_scale: VoltageScale { codes: ADE9000_FULL_SCALE_CODE, microvolts: 150_000_000 },
        current_scale: CurrentScale { codes: ADE9000_FULL_SCALE_CODE, microamperes: 12_000_000 },
        nominal_voltage_millivolts: 57_700,
        ..SETTINGS
    }
}

fn plan(wiring: Wiring) -> Plan {
    Plan { residual_max_ppm: 600, ..Plan::new(&settings(wiring), 6_000_000) }
}

/// A front end with errors that anyone can look up: by phase a factor, by current a curve.
#[derive(Clone, Copy)]
struct FrontEnd {
    /// Gain error and lead in minutes of each voltage.
    voltages: [(f64, f64); 3],
    /// By what the curve of the transformers is multiplied in each conductor.
    transformers: [f64; 4],
}

const FRONT_END: FrontEnd = FrontEnd {
    voltages: [(0.008, 3.0), (-0.005, -4.0), (0.003, 2.0)],
    transformers: [1.0, 1.3, -0.7, 1.1],
};

/// Ratio error and lead in minutes of a transformer: both grow towards small currents.
fn transformer(amperes: f64) -> (f64, f64) {
    let decades = (amperes / IN).log10();
    (-0.0015 + 0.0004 * decades, 12.0 - 3.0 * decades)
}

const fn radians(minutes: f64) -> f64 {
    minutes / 60.0 / 180.0 * PI
}

/// What a bench puts onto a meter.
#[derive(Clone, Copy)]
struct Load {
    amperes: f64,
    lag: f64,
    frequency: f64,
    rate: f64,
}

impl FrontEnd {
    fn frame(&self, load: &Load, n: u64) -> Frame {
        let turn = TAU * (load.frequency * n as f64 / load.rate).fract() + 0.3;
        let shifts = [0.0, -TAU / 3.0, TAU / 3.0];
        let code = |part: f64| (part * f64::from(ADE9000_FULL_SCALE_CODE)).round() as i32;
        let voltage = core::array::from_fn(|phase| {
            let (gain, lead) = self.voltages[phase];
            let angle = turn + shifts[phase] + radians(lead);
            code(UN * SQRT_2 / 150.0 * (1.0 + gain) * angle.sin())
        });
        let (ratio, lead) = transformer(load.amperes);
        let current = core::array::from_fn(|wire| {
            let part = self.transformers[wire];
            let shift = shifts.get(wire).copied().unwrap_or(0.0);
            let angle = turn + shift - load.lag + radians(lead * part);
            code(load.amperes * SQRT_2 / 12.0 * (1.0 + ratio * part) * angle.sin())
        });
        Frame { voltage, current }
    }
}

/// The last window of six tenths of a second.
fn window(meter: &mut Metering, load: &Load, front: &FrontEnd) -> Window {
    let frames = (load.rate * 0.6) as u64;
    (0..frames).filter_map(|n| meter.push(&front.frame(load, n))).last().unwrap()
}

/// Puts every load onto an uncalibrated meter and writes down what it shows.
fn readings(wiring: Wiring, loads: &[Load], front: &FrontEnd) -> Vec<Reading> {
    let mut readings = Vec::new();
    for load in loads {
        let settings = Settings { sample_rate_hertz: load.rate as u32, ..settings(wiring) };
        let mut meter = Metering::new(Configuration::new(settings).unwrap());
        let window = window(&mut meter, load, front);
        let frequency_millihertz = (load.frequency * 1e3).round() as u32;
        let (microvolts, nano) = ((UN * 1e6) as u64, (load.amperes * 1e9).round() as u64);
        let lag = (load.lag.to_degrees() * 1e6).round() as i32;
        for element in plan(wiring).elements() {
            let mut average = Average::default();
            average.add(&window.phases[element.index()]);
            let angle = [0, -120_000_000, 120_000_000][element.index()];
            let reference = Quantities {
                voltage_angle_microdegrees: Some(angle),
                ..Quantities::from_angle(microvolts, nano, lag)
            };
            let shown = average.quantities().unwrap();
            readings.push(Reading { element: *element, frequency_millihertz, reference, shown });
        }
        if wiring == Wiring::ThreePhaseFourWire {
            readings.push(Reading {
                element: Element::Neutral,
                frequency_millihertz,
                reference: Quantities::current(nano),
                shown: Quantities::current(window.neutral_current_nanoamperes),
            });
        }
    }
    readings
}

/// Thirteen currents from a hundredth of the nominal to the largest one, some at 0.5 lagging.
fn loads() -> Vec<Load> {
    let currents = [0.015, 0.024, 0.03, 0.05, 0.075, 0.15, 0.3, 0.5, 0.75, 1.5, 3.0, 4.5, 6.0];
    let load = |(at, amperes)| {
        let lag = if at % 3 == 1 { PI / 3.0 } else { 0.0 };
        Load { amperes, lag, frequency: 50.0, rate: 8_000.0 }
    };
    currents.into_iter().enumerate().map(load).collect()
}

fn calibrated(settings: Settings, calibration: &Calibration) -> Metering {
    let configuration = Configuration::new(settings).unwrap();
    Metering::new(configuration.with_conditioning(calibration.conditioning()).unwrap())
}

/// Worst errors of voltage, and of active power against the apparent power times power factor.
fn errors(window: &Window, load: &Load, phases: &[usize]) -> [f64; 2] {
    let mut worst = [0_f64; 2];
    for phase in phases {
        let phase = &window.phases[*phase];
        let volts = phase.voltage_microvolts as f64 / 1e6 / UN - 1.0;
        let watts = phase.active_microwatts as f64 / 1e6 / (UN * load.amperes * load.lag.cos());
        for (worst, error) in worst.iter_mut().zip([volts, watts - 1.0]) {
            *worst = worst.max(error.abs() * 1e6);
        }
    }
    worst
}

/// From a hundredth of the nominal current to the largest, and right at both ends of every band.
fn sweep(calibration: &Calibration) -> Vec<f64> {
    let mut currents: Vec<f64> =
        (0..=26).map(|step| 0.015 * (IMAX / 0.015).powf(f64::from(step) / 26.0)).collect();
    for current in &calibration.conditioning().currents[..3] {
        for border in current.down_microamperes.iter().chain(&current.up_microamperes) {
            let border = f64::from(*border) / 1e6;
            currents.extend([border * 0.999, border * 1.001].iter().filter(|at| **at > 0.01));
        }
    }
    currents.sort_by(f64::total_cmp);
    currents
}

#[test]
fn every_region_and_border_is_right_after_calibration() {
    let wiring = Wiring::ThreePhaseFourWire;
    let calibration =
        Calibration::from_readings(&plan(wiring), &readings(wiring, &loads(), &FRONT_END)).unwrap();
    let mut seen = [[false; 5]; 4];
    let (mut before, mut after) = ([0_f64; 2], [0_f64; 2]);
    let up = sweep(&calibration);
    let down = up.iter().rev();
    // One meter all the way: in a band the region depends on where the current came from.
    let mut meter = calibrated(settings(wiring), &calibration);
    for amperes in up.iter().chain(down) {
        for lag in [0.0, PI / 3.0, -0.6435] {
            let load = Load { amperes: *amperes, lag, frequency: 50.0, rate: 8_000.0 };
            let plain = &mut Metering::new(Configuration::new(settings(wiring)).unwrap());
            let pairs = [
                (&mut before, window(plain, &load, &FRONT_END)),
                (&mut after, window(&mut meter, &load, &FRONT_END)),
            ];
            for (worst, window) in pairs {
                for (worst, error) in worst.iter_mut().zip(errors(&window, &load, &[0, 1, 2])) {
                    *worst = worst.max(error);
                }
            }
            for (seen, region) in seen.iter_mut().zip(meter.regions()) {
                seen[region] = true;
            }
        }
    }
    println!(
        "before: U {:.0}, P {:.0} ppm; after: U {:.1}, P {:.0} ppm",
        before[0], before[1], after[0], after[1]
    );
    assert_eq!(seen, [[true; 5]; 4], "each of five regions was at work");
    assert!(before[0] > 7_000.0 && before[1] > 12_000.0, "the front end is wrong: {before:?}");
    // A third of the class 0.2S limit at unity; the readings themselves are within 600 ppm.
    assert!(after[0] < 1.0 && after[1] < 667.0, "{after:?}");
}

#[test]
fn voltages_are_turned_to_their_place() {
    let wiring = Wiring::ThreePhaseFourWire;
    let load = Load { amperes: IN, lag: 0.0, frequency: 50.0, rate: 8_000.0 };
    let calibration =
        Calibration::from_readings(&plan(wiring), &readings(wiring, &[load], &FRONT_END)).unwrap();
    // B lags by 4′ and A leads by 3′: B must come 7′ sooner, 7/60 × 55,556 ns.
    assert_eq!(calibration.conditioning().voltages[0].delay_nanoseconds, 0);
    assert!((calibration.conditioning().voltages[1].delay_nanoseconds + 6_481).abs() <= 1);
    let seen = window(&mut calibrated(settings(wiring), &calibration), &load, &FRONT_END);
    let angles = seen.phases.map(|phase| phase.voltage_angle_microdegrees);
    for (angle, truth) in angles.into_iter().zip([0, -120_000_000, 120_000_000]) {
        assert!((angle - truth).abs() < 40, "{angles:?}");
    }
    assert!(errors(&seen, &load, &[0, 1, 2])[1] < 1.0);
    // The neutral's transformer, a tenth worse than that of A.
    let neutral = seen.neutral_current_nanoamperes as f64 / 1e9 / IN - 1.0;
    assert!(neutral.abs() < 1e-7, "{neutral}");
}

#[test]
fn other_wirings_rates_and_frequencies() {
    for (wiring, phases, rate, frequency) in [
        (Wiring::SinglePhase, &[0_usize][..], 4_000.0, 51.3),
        (Wiring::ThreePhaseThreeWire, &[0, 2][..], 16_000.0, 48.0),
        (Wiring::ThreePhaseFourWire, &[0, 1, 2][..], 6_400.0, 50.0),
    ] {
        let settings = Settings { sample_rate_hertz: rate as u32, ..settings(wiring) };
        let plan = Plan { residual_max_ppm: 600, ..Plan::new(&settings, 6_000_000) };
        let loads: Vec<Load> =
            loads().into_iter().map(|load| Load { rate, frequency, ..load }).collect();
        let calibration =
            Calibration::from_readings(&plan, &readings(wiring, &loads, &FRONT_END)).unwrap();
        for load in &loads {
            let seen = window(&mut calibrated(settings, &calibration), load, &FRONT_END);
            let errors = errors(&seen, load, phases);
            assert!(
                errors[0] < 1.0 && errors[1] < 600.0,
                "{wiring:?} {}: {errors:?}",
                load.amperes
            );
        }
    }
}

/// What a meter shows whose every voltage and current is wrong by parts and minutes.
fn reading(element: Element, amperes: f64, error: (f64, f64), lag: i32) -> Reading {
    let nano = (amperes * 1e9).round();
    let minutes = (error.1 * 1e6 / 60.0).round() as i32;
    let shown_nano = (nano * (1.0 + error.0)).round() as u64;
    if element == Element::Neutral {
        let (reference, shown) =
            (Quantities::current(nano as u64), Quantities::current(shown_nano));
        return Reading { element, frequency_millihertz: 50_000, reference, shown };
    }
    Reading {
        element,
        frequency_millihertz: 50_000,
        reference: Quantities::from_angle(57_700_000, nano as u64, lag),
        // 0.1 % more voltage.
        shown: Quantities::from_angle(57_757_700, shown_nano, lag - minutes),
    }
}

/// Currents of phase A with ratio error and lead in minutes.
fn phase_a(points: &[(f64, f64, f64)]) -> Vec<Reading> {
    let reading = |point: &(f64, f64, f64)| reading(Element::A, point.0, (point.1, point.2), 0);
    points.iter().map(reading).collect()
}

fn single() -> Plan {
    plan(Wiring::SinglePhase)
}

#[test]
fn constants_are_what_a_hand_finds() {
    let plan = Plan { regions: Regions::AtMost(2), ..single() };
    let readings = phase_a(&[
        (0.1, -0.0020, 20.0),
        (0.2, -0.0020, 20.0),
        // A step between 0.2 A and 1.8 A, whose geometric mean is 0.6 A.
        (1.8, -0.0100, 8.0),
        (3.0, -0.0100, 8.0),
    ]);
    let calibration = Calibration::from_readings(&plan, &readings).unwrap();
    let conditioning = calibration.conditioning();
    // 1/1.001 − 1 = −999,001 ppb.
    assert_eq!(conditioning.voltages[0], Correction { gain_ppb: -999_001, delay_nanoseconds: 0 });
    let current = &conditioning.currents[0];
    assert_eq!(current.regions, 2);
    assert_eq!((current.down_microamperes[0], current.up_microamperes[0]), (570_000, 630_000));
    // 1/0.998 − 1 = 2,004,008 ppb and 1/0.99 − 1 = 10,101,010 ppb; 20′ and 8′ of 20 ms/21,600′.
    let found = [current.corrections[0], current.corrections[1]];
    for (found, (gain, delay)) in found.iter().zip([(2_004_008, 18_519), (10_101_010, 7_407)]) {
        assert!((found.gain_ppb - gain).abs() <= 3, "{found:?}, not {gain} ppb");
        assert!((found.delay_nanoseconds - delay).abs() <= 1, "{found:?}, not {delay} ns");
    }
    // Before: 1.001 × 0.998 − 1 = −1,002 ppm; at 0.5 it lags too little: + tan 60° × 5.818 mrad.
    let errors = calibration.errors(&readings[0]).unwrap();
    assert!((errors.before.active_unity_ppb + 1_002_000 + 16_900).abs() < 100, "{errors:?}");
    assert_eq!(errors.before.lag_nanoradians / 100, -58_177);
    assert!((errors.before.active_half_lag_ppb - 9_047_700).abs() < 2_000, "{errors:?}");
    assert!(errors.after.active_half_lag_ppb.abs() < 2_000, "{errors:?}");
}

#[test]
fn five_levels_get_five_regions_and_equal_ones_none() {
    let levels = [
        (0.05, 0.001, 5.0),
        (0.2, 0.004, 9.0),
        (0.8, 0.002, 3.0),
        (2.0, 0.006, 1.0),
        (5.0, 0.0, 7.0),
    ];
    let regions = |points: &[(f64, f64, f64)]| {
        let calibration = Calibration::from_readings(&single(), &phase_a(points)).unwrap();
        calibration.conditioning().currents[0].regions
    };
    assert_eq!(regions(&levels), 5);
    assert_eq!(regions(&levels.map(|(amperes, ..)| (amperes, 0.004, 9.0))), 1);
    assert_eq!(regions(&levels[..3]), 3);
    // Half a millionth is noise and no reason for a border.
    let noisy = [(0.05, 0.004, 9.0), (0.2, 0.004_000_5, 9.0), (0.8, 0.004, 9.0)];
    assert_eq!(regions(&noisy), 1);
}

#[test]
fn a_reading_in_a_band_counts_for_both_regions() {
    let borders = Regions::At([1_000_000, 0, 0, 0]);
    let plan = Plan { regions: borders, residual_max_ppm: 10_000, ..single() };
    let points = phase_a(&[(0.1, -0.001, 0.0), (1.02, -0.003, 0.0), (3.0, -0.005, 0.0)]);
    let calibration = Calibration::from_readings(&plan, &points).unwrap();
    let current = &calibration.conditioning().currents[0];
    // In the middle of what 0.999 and 0.997 need, and of what 0.997 and 0.995 need.
    assert!((current.corrections[0].gain_ppb - 2_005_014).abs() < 5, "{current:?}");
    assert!((current.corrections[1].gain_ppb - 4_017_077).abs() < 5, "{current:?}");
    assert_eq!(calibration.errors(&points[1]).unwrap().region, 1, "the worse of the two");
}

/// One refusal: what is done to five good readings of phase A and to the plan, and what is said.
type Refusal = (fn(&mut Plan, &mut Vec<Reading>), &'static str);

const REFUSALS: &[Refusal] = &[
    (|_, readings| readings.clear(), "phase A has no reading"),
    (|plan, _| plan.wiring = Wiring::ThreePhaseFourWire, "phase B has no reading"),
    (|plan, _| plan.wiring = Wiring::FourWireWyeTwoVoltages, "a wiring with derived voltages is"),
    (|plan, _| plan.sample_rate_hertz = 1_999, "the sample rate must be"),
    (|plan, _| plan.current_min_microamperes = 0, "needs a nominal voltage and 0 < smallest"),
    (|plan, _| plan.nominal_voltage_millivolts = 600_000_000, "needs a nominal voltage and 0 <"),
    (|plan, _| plan.high_pass = Some(7), "the high-pass must be 8 to 16"),
    (|plan, _| plan.sensor = metering::Sensor::Rogowski, "the high-pass must be 8 to 16, and a"),
    (|plan, _| plan.regions = Regions::AtMost(0), "needs 1 to 5 regions"),
    (|plan, _| plan.regions = Regions::AtMost(6), "needs 1 to 5 regions"),
    (|plan, _| plan.regions = Regions::At([2, 1, 0, 0]), "needs 1 to 5 regions"),
    (|plan, _| plan.regions = Regions::At([1_000_000, 1_050_000, 0, 0]), "needs 1 to 5 regions"),
    (|plan, _| plan.regions = Regions::At([0, 1_000_000, 0, 0]), "needs 1 to 5 regions"),
    (|plan, _| plan.regions = Regions::At([6_000_000, 0, 0, 0]), "needs 1 to 5 regions"),
    (|plan, _| plan.hysteresis_permille = 0, "the hysteresis must be 1 to 200"),
    (|plan, _| plan.repeatability_ppm = 0, "the repeatability must be"),
    (|plan, _| plan.residual_max_ppm = 10_001, "the residual must be"),
    (
        |plan, _| plan.regions = Regions::At([300_000, 500_000, 0, 0]),
        "phase A, region 2: no reading lies in it; add one or move its borders",
    ),
    (|_, readings| readings[1].element = Element::B, "reading 2, phase B: this wiring doesn't"),
    (
        |_, readings| readings[4].frequency_millihertz = 57_501,
        "reading 5, phase A: the frequency is further than 15 %",
    ),
    (
        |_, readings| readings[0].reference = Quantities::from_angle(28_000_000, 50_000_000, 0),
        "reading 1, phase A: the reference voltage is further than 50 %",
    ),
    (
        |plan, _| plan.current_min_microamperes = 50_001,
        "reading 1, phase A: the reference current is below the smallest one",
    ),
    (
        |plan, _| plan.current_max_microamperes = 4_999_999,
        "reading 5, phase A: the reference current is above the largest one",
    ),
    (
        |_, readings| readings[2].shown.active_nanowatts = i64::MIN,
        "reading 3, phase A: a power beyond 2 MW",
    ),
    (
        |_, readings| readings[2].reference.active_nanowatts += 1_000_000_000,
        "reading 3, phase A: the reference's U·I and √(P² + Q²) differ by more than 1 %",
    ),
    (
        |_, readings| readings[2].shown.current_nanoamperes += 9_000_000,
        "reading 3, phase A: the meter's U·I and √(P² + Q²) differ by more than 1 %",
    ),
    (
        |_, readings| readings[2].shown.voltage_microvolts = 0,
        "reading 3, phase A: the meter shows less than half or more than double the voltage",
    ),
    (
        |_, readings| readings[3].shown = Quantities::from_angle(57_700_000, 4_100_000_000, 0),
        "reading 4, phase A: the meter shows less than half or more than double the current",
    ),
    (
        |_, readings| readings[3].shown.active_nanowatts *= -1,
        "reading 4, phase A: the angle is further than 14° from the reference; is a current reversed",
    ),
    (
        |_, readings| readings.push(reading(Element::A, 0.801, (0.0024, 9.0), 60_000_000)),
        "readings 3 and 6, phase A: one point, and the current differs by 399",
    ),
    (
        |_, readings| readings.push(reading(Element::A, 0.801, (0.002, 10.0), 60_000_000)),
        "readings 3 and 6, phase A: one point, and the angle differs by 29",
    ),
    (
        |_, readings| readings[2].shown = Quantities::from_angle(57_780_000, 801_600_000, -150_000),
        "readings 1 and 3, phase A: one point, and the voltage differs by 386 ppm; 200 ppm are allowed",
    ),
    (
        |_, readings| {
            let readings = &mut readings[1];
            readings.shown = Quantities::from_angle(57_757_700, 160_000_000, -150_000);
        },
        "phase A, region 2: gain 250000",
    ),
    (
        |_, readings| {
            let amperes = 200_000_000;
            readings[1].shown = Quantities::from_angle(57_757_700, amperes, -2_500_000);
        },
        "phase A, region 2: delay 138889 ns, the bound is ±125000",
    ),
    (
        |_, readings| {
            for reading in readings {
                let nano = reading.reference.current_nanoamperes;
                reading.shown = Quantities::from_angle(45_000_000, nano, 0);
            }
        },
        "phase A: voltage gain 282222222 ppb, the bound is ±200000000",
    ),
    (
        // The next region shows a tenth less: the step back down is larger than the 5 % of a band.
        |_, readings| readings[1].shown = Quantities::from_angle(57_757_700, 225_000_000, -150_000),
        "phase A, region 1: 1",
    ),
    (
        |plan, _| plan.regions = Regions::AtMost(1),
        "reading 1, phase A, region 1: after correction -19853",
    ),
    (
        |_, readings| {
            let again = readings[0];
            readings.extend([again; 60]);
        },
        "too many readings",
    ),
];

fn five() -> Vec<Reading> {
    phase_a(&[
        (0.05, 0.001, 5.0),
        (0.2, 0.004, 9.0),
        (0.8, 0.002, 9.0),
        (2.0, 0.006, 1.0),
        (5.0, 0.0, 7.0),
    ])
}

#[test]
fn what_cannot_be_calibrated_is_refused_by_name() {
    assert!(Calibration::from_readings(&single(), &five()).is_ok());
    for (at, (spoil, said)) in REFUSALS.iter().enumerate() {
        let (mut plan, mut readings) = (single(), five());
        spoil(&mut plan, &mut readings);
        let error = Calibration::from_readings(&plan, &readings).unwrap_err().to_string();
        assert!(error.starts_with(said), "case {at}\nsaid {error}\nnot  {said}");
    }
}

#[test]
fn angles_are_given_for_all_phases_or_for_none() {
    let wiring = Wiring::ThreePhaseFourWire;
    let mut readings: Vec<Reading> = [Element::A, Element::B, Element::C]
        .map(|element| reading(element, IN, (0.001, 2.0), 0))
        .to_vec();
    assert!(Calibration::from_readings(&plan(wiring), &readings).is_ok());
    turn(&mut readings[1], -120_000_000, 0);
    let error = Calibration::from_readings(&plan(wiring), &readings).unwrap_err().to_string();
    assert!(error.starts_with("phase C: no reading has the voltage's angle"), "{error}");
    // Two and a half degrees are more than a sample period.
    turn(&mut readings[2], 120_000_000, 2_500_000);
    let error = Calibration::from_readings(&plan(wiring), &readings).unwrap_err().to_string();
    assert_eq!(error, "phase C: voltage delay 138889 ns, the bound is ±125000");
}

fn turn(reading: &mut Reading, angle: i32, lead: i32) {
    reading.reference.voltage_angle_microdegrees = Some(angle);
    reading.shown.voltage_angle_microdegrees = Some(angle + lead);
}
