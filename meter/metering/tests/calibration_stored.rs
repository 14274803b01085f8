//! The stored form of constants: whole, or refused with the place.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use crypto::Sm3;
use metering::calibration::{Calibration, Element, Plan, Quantities, Reading, Regions};
use metering::{NominalFrequency, Sensor, Wiring};
use proptest::prelude::*;

const PLAN: Plan = Plan {
    wiring: Wiring::SinglePhase,
    sample_rate_hertz: 8_000,
    nominal_frequency: NominalFrequency::Hertz50,
    nominal_voltage_millivolts: 220_000,
    current_min_microamperes: 50_000,
    current_max_microamperes: 60_000_000,
    sensor: Sensor::Transformer,
    high_pass: None,
    regions: Regions::AtMost(3),
    hysteresis_permille: 50,
    repeatability_ppm: 200,
    residual_max_ppm: 500,
};

/// Ratio errors of 0.1, 0.3 and 0.6 %, leads of 0.1, 0.2 and 0.4°.
fn readings() -> Vec<Reading> {
    let point = |amperes: u64, permille: u64, microdegrees| Reading {
        element: Element::A,
        frequency_millihertz: 50_000,
        reference: Quantities::from_angle(220_000_000, amperes, 60_000_000),
        shown: Quantities::from_angle(
            219_000_000,
            amperes * (1_000 + permille) / 1_000,
            60_000_000 - microdegrees,
        ),
    };
    vec![
        point(100_000_000, 1, 100_000),
        point(2_000_000_000, 3, 200_000),
        point(30_000_000_000, 6, 400_000),
    ]
}

fn record() -> [u8; Calibration::BYTES] {
    Calibration::from_readings(&PLAN, &readings()).unwrap().to_bytes()
}

/// The record with some bytes replaced and its check made right again.
fn forged(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut record = record().to_vec();
    record[at..at + bytes.len()].copy_from_slice(bytes);
    let end = record.len() - 32;
    let mut hash = Sm3::new();
    hash.update(b"JIDIAN-CALIBRATION-1");
    hash.update(&record[..end]);
    record[end..].copy_from_slice(&hash.finish().0);
    record
}

/// Where the fields lie: behind magic and version the plan, 47 bytes; the digest of the readings;
/// three voltages; four currents.
const PLAN_AT: usize = 10;
const VOLTAGES_AT: usize = PLAN_AT + 47 + 32;
const CURRENTS_AT: usize = VOLTAGES_AT + 3 * 8;

#[test]
fn a_record_is_what_it_was_made_from() {
    let calibration = Calibration::from_readings(&PLAN, &readings()).unwrap();
    let again = Calibration::from_bytes(&calibration.to_bytes()).unwrap();
    assert_eq!(again, calibration);
    assert_eq!(again.plan(), &PLAN);
    assert_eq!(calibration.to_bytes()[Calibration::BYTES - 32..], calibration.digest());
    let mut others = readings();
    others.swap(0, 1);
    let others = Calibration::from_readings(&PLAN, &others).unwrap();
    assert_ne!(others.readings_digest(), calibration.readings_digest());
    assert_eq!(others.conditioning(), calibration.conditioning());
}

#[test]
fn a_given_border_a_coil_and_60_hz_come_back() {
    let plan = Plan {
        regions: Regions::At([1_000_000, 0, 0, 0]),
        sensor: Sensor::Rogowski,
        high_pass: Some(14),
        nominal_frequency: NominalFrequency::Hertz60,
        residual_max_ppm: 10_000,
        ..PLAN
    };
    let mut readings = readings();
    readings.iter_mut().for_each(|reading| reading.frequency_millihertz = 60_000);
    let calibration = Calibration::from_readings(&plan, &readings).unwrap();
    assert_eq!(Calibration::from_bytes(&calibration.to_bytes()), Ok(calibration));
}

#[test]
fn every_changed_bit_is_found() {
    let record = record();
    for bit in 0..record.len() * 8 {
        let mut damaged = record;
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Calibration::from_bytes(&damaged).is_err(), "bit {bit}");
    }
}

#[test]
fn what_is_wrong_behind_a_right_check_is_named() {
    let current = CURRENTS_AT;
    for (at, bytes, said) in [
        (0, &b"JIDIANLG"[..], "doesn't begin as constants"),
        (8, &[0, 2][..], "constants of version 2; this program knows version 1"),
        (PLAN_AT, &[9][..], "wiring: 9 stands for nothing"),
        (PLAN_AT + 1, &[55][..], "nominal frequency: 55 stands for nothing"),
        (PLAN_AT + 2, &[0, 0, 0, 1][..], "the sample rate must be 2,000 to 16,000 Hz"),
        (PLAN_AT + 18, &[0][..], "sensor: 0 stands for nothing"),
        (PLAN_AT + 19, &[7][..], "the high-pass must be 8 to 16"),
        (PLAN_AT + 20, &[6][..], "needs 1 to 5 regions"),
        (PLAN_AT + 21, &[0, 0, 0, 1][..], "a field of the plan that isn't used isn't zero"),
        (PLAN_AT + 37, &[0, 0][..], "the hysteresis must be 1 to 200"),
        (
            VOLTAGES_AT,
            &200_000_001_i32.to_be_bytes()[..],
            "phase A: voltage gain 200000001 ppb, the bound is ±200000000",
        ),
        (
            VOLTAGES_AT + 4,
            &(-125_001_i32).to_be_bytes()[..],
            "phase A: voltage delay -125001 ns, the bound is ±125000",
        ),
        (VOLTAGES_AT + 8, &[0, 0, 0, 1][..], "phase B: 1 where nothing belongs"),
        (current, &[0][..], "phase A: 0 regions, 1 to 5 can be"),
        (current, &[6][..], "phase A: 6 regions, 1 to 5 can be"),
        (current, &[2][..], "phase A: "),
        (
            current + 1 + 8,
            &i32::MIN.to_be_bytes()[..],
            "phase A, region 2: gain -2147483648 ppb, the bound is ±200000000",
        ),
        (
            current + 1 + 2 * 8 + 4,
            &125_001_i32.to_be_bytes()[..],
            "phase A, region 3: delay 125001 ns, the bound is ±125000",
        ),
        (current + 1 + 3 * 8, &[0, 0, 0, 7][..], "phase A: 7 where nothing belongs"),
        (current + 41, &[0, 0, 0, 0][..], "phase A, region 2: is left downwards at 0 µA"),
        (current + 45, &[0, 0, 0, 9][..], "phase A, region 1: is left upwards at 9 µA"),
        (current + 49, &[0, 0, 0, 9][..], "phase A, region 3: is left downwards at 9 µA"),
        (current + 1, &120_000_000_i32.to_be_bytes()[..], "phase A, region 1: 12"),
        (current + 73, &[2][..], "phase B, region 2: is left downwards at 0 µA"),
    ] {
        let error = match Calibration::from_bytes(&forged(at, bytes)) {
            Err(error) => error.to_string(),
            Ok(_) => "taken".to_owned(),
        };
        assert!(error.starts_with(said), "byte {at} = {bytes:?}\nsaid {error}\nnot  {said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Calibration::from_bytes(&bytes).is_err());
    }

    /// Whatever is written behind a right check is refused, or has one encoding.
    #[test]
    fn forged_records_never_panic(
        at in 10..Calibration::BYTES - 40,
        bytes in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let forged = forged(at, &bytes);
        if let Ok(calibration) = Calibration::from_bytes(&forged) {
            prop_assert_eq!(&calibration.to_bytes()[..], &forged[..]);
        }
    }

    /// Any readings: constants within their bounds, or a refusal; the same both times.
    #[test]
    fn any_readings_are_taken_or_refused(readings in prop::collection::vec(reading(), 0..12)) {
        let first = Calibration::from_readings(&PLAN, &readings);
        prop_assert_eq!(&first, &Calibration::from_readings(&PLAN, &readings));
        if let Ok(calibration) = first {
            prop_assert_eq!(Calibration::from_bytes(&calibration.to_bytes()), Ok(calibration));
        }
    }
}

fn reading() -> impl Strategy<Value = Reading> {
    let wild = (any::<u64>(), any::<u64>(), any::<i64>(), any::<i64>(), any::<Option<i32>>())
        .prop_map(
            |(
                voltage_microvolts,
                current_nanoamperes,
                active_nanowatts,
                reactive_nanovars,
                voltage_angle_microdegrees,
            )| {
                Quantities {
                    voltage_microvolts,
                    current_nanoamperes,
                    active_nanowatts,
                    reactive_nanovars,
                    voltage_angle_microdegrees,
                }
            },
        );
    let tame = (200_000_000_u64..240_000_000, 60_000_000_u64..50_000_000_000, any::<i32>())
        .prop_map(|(volts, amperes, lag)| Quantities::from_angle(volts, amperes, lag));
    let near = (tame.clone(), 950_u64..1_050).prop_map(|(truth, permille)| {
        let amperes = truth.current_nanoamperes * permille / 1_000;
        let part = |power: i64| power / 1_000 * i64::try_from(permille).unwrap();
        (
            truth,
            Quantities {
                current_nanoamperes: amperes,
                active_nanowatts: part(truth.active_nanowatts),
                reactive_nanovars: part(truth.reactive_nanovars),
                ..truth
            },
        )
    });
    let sides = prop_oneof![1 => (wild.clone(), wild), 1 => (tame.clone(), tame), 8 => near];
    let frequency = prop_oneof![4 => Just(50_000_u32), 1 => any::<u32>()];
    (frequency, sides).prop_map(|(frequency_millihertz, (reference, shown))| Reading {
        element: Element::A,
        frequency_millihertz,
        reference,
        shown,
    })
}
