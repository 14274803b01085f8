//! The whole type test, and faults that it must find.
#![allow(clippy::unwrap_used, reason = "a specimen that can't be calibrated is a failed test")]

use simulation::front_end::Tolerances;
use simulation::type_test::{
    Chain, Connection, Fault, Laboratory, Outcome, Point, Quantity, Setup, Trial, Verdict, plan,
};
use std::collections::BTreeSet;

fn laboratory(seed: u64, fault: Option<Fault>) -> Laboratory {
    Laboratory::new(&Setup { seed, tolerances: Tolerances::TYPICAL, fault }).unwrap()
}

fn say(point: &Point, outcome: &Outcome) -> String {
    format!(
        "point {}, {} {}, {:?}, limit {}: {outcome:?}",
        point.number,
        point.clause.key,
        point.connection.name(),
        point.conditions,
        point.limit
    )
}

#[test]
fn every_point_keeps_to_its_part_of_the_limit() {
    let laboratory = laboratory(1, None);
    let points = plan();
    let mut digital = 0;
    for point in &points {
        let outcome = laboratory.test(point);
        assert_eq!(outcome.verdict(), Verdict::Kept, "{}", say(point, &outcome));
        let share = |chain: Chain| if point.is_shared() { chain.share() } else { 1.0 };
        assert!(outcome.sensors.share <= share(Chain::Sensors), "{}", say(point, &outcome));
        if let Some(reading) = &outcome.digital {
            assert!(reading.share <= share(Chain::Digital), "{}", say(point, &outcome));
            digital += 1;
        }
        // Whatever the limit: a chain without noise has no business with 10 ppm.
        let ppm = outcome.digital.as_ref().map_or(0.0, |reading| reading.value * 1e4);
        let is_percent = matches!(point.trial, Trial::Error | Trial::Shift(_));
        assert!(!is_percent || ppm.abs() < 10.0, "{}: {ppm} ppm", say(point, &outcome));
    }
    assert!(digital >= 150, "{digital} points on samples without a fault");
}

#[test]
fn the_plan_holds_what_the_standards_ask_for() {
    let points = plan();
    let clauses: BTreeSet<_> = points.iter().map(|point| point.clause.key).collect();
    let asked = "
        active-current active-export active-single active-balance active-3p3w active-voltage
        active-frequency active-sequence active-unbalance active-harmonics active-subharmonics
        active-temperature active-self-heating active-start active-no-load
        reactive-current reactive-quadrants reactive-single reactive-balance reactive-3p3w
        reactive-voltage reactive-frequency reactive-temperature reactive-start reactive-no-load
        r46-base r46-reactive r46-repeatability r46-voltage r46-frequency r46-harmonics
        r46-phase-fired r46-subharmonics r46-high-orders r46-sequence r46-interruption
        r46-temperature r46-self-heating pulses";
    assert_eq!(clauses, asked.split_whitespace().collect());
    // The points of a clause stand together.
    let runs = points.chunk_by(|one, other| one.clause == other.clause).count();
    assert_eq!(runs, clauses.len());
    let with = |connection| points.iter().filter(|point| point.connection == connection).count();
    assert!(with(Connection::FourWire) > 150 && with(Connection::ThreeWire) > 50);
    let numbers = points.iter().map(|point| point.number);
    assert!(numbers.eq(1..=u32::try_from(points.len()).unwrap()));
    // Limits of some points, by hand from the tables.
    let limit = |key: &str, amperes: f64, factor: &str, quantity| {
        let mut found = points.iter().filter(|point| {
            let conditions = &point.conditions;
            point.clause.key == key
                && (conditions.amperes - amperes).abs() < 1e-9
                && conditions.factor.name(quantity) == factor
        });
        found.next().map(|point| point.limit)
    };
    let (active, reactive) = (Quantity::Active, Quantity::Reactive);
    assert_eq!(limit("active-current", 0.015, "1", active), Some(0.4));
    assert_eq!(limit("active-current", 0.075, "1", active), Some(0.2));
    assert_eq!(limit("active-current", 0.075, "0.5L", active), Some(0.5));
    assert_eq!(limit("active-current", 0.15, "0.8C", active), Some(0.3));
    assert_eq!(limit("active-current", 6.0, "0.25L", active), Some(0.5));
    assert_eq!(limit("active-current", 6.0, "0.5C", active), Some(0.5));
    assert_eq!(limit("active-single", 1.5, "0.5L", active), Some(0.4));
    assert_eq!(limit("reactive-current", 0.03, "1L", reactive), Some(1.0));
    assert_eq!(limit("reactive-current", 0.15, "0.5C", reactive), Some(0.5));
    assert_eq!(limit("reactive-current", 0.15, "0.25L", reactive), Some(1.0));
}

/// Clauses of which a point doesn't keep to its part.
fn broken(fault: Fault, keys: &[&str]) -> BTreeSet<&'static str> {
    let laboratory = laboratory(1, Some(fault));
    let points = plan().into_iter().filter(|point| keys.contains(&point.clause.key));
    let broken = points.filter(|point| laboratory.test(point).verdict() != Verdict::Kept);
    broken.map(|point| point.clause.key).collect()
}

/// Of these clauses, a planted fault breaks the first ones and leaves the others.
#[track_caller]
fn finds(fault: Fault, breaks: &[&'static str], leaves: &[&'static str]) {
    let found = broken(fault, &[breaks, leaves].concat());
    assert_eq!(found, breaks.iter().copied().collect(), "{fault:?}");
}

#[test]
fn a_gain_that_is_off_breaks_errors_and_not_shifts() {
    finds(
        Fault::Gain,
        &["active-current", "active-single", "active-3p3w", "r46-base"],
        &["active-voltage", "active-frequency", "active-harmonics", "active-start", "pulses"],
    );
}

#[test]
fn a_phase_that_is_off_breaks_errors_beside_unity() {
    finds(
        Fault::Phase,
        &["active-current", "active-single", "reactive-current", "r46-base"],
        &["active-voltage", "active-frequency", "active-no-load", "r46-repeatability"],
    );
    let laboratory = laboratory(1, Some(Fault::Phase));
    let at_unity = plan().into_iter().filter(|point| {
        point.clause.key == "active-current" && point.conditions.factor.size > 0.99
    });
    for point in at_unity {
        let outcome = laboratory.test(&point);
        assert_eq!(outcome.verdict(), Verdict::Kept, "{}", say(&point, &outcome));
    }
}

#[test]
fn a_transformer_without_compensation_fails_outright() {
    finds(Fault::Compensation, &["active-current", "reactive-current"], &["active-start"]);
    let laboratory = laboratory(1, Some(Fault::Compensation));
    let failed = plan().into_iter().filter(|point| point.clause.key == "active-current");
    let failed = failed.filter(|point| laboratory.test(point).verdict() == Verdict::Failed);
    let failed = failed.count();
    assert!(failed > 3, "{failed}");
}

#[test]
fn a_threshold_that_is_too_high_breaks_the_start() {
    finds(
        Fault::Threshold,
        &["active-start", "reactive-start"],
        &["active-no-load", "active-harmonics", "active-sequence"],
    );
}

#[test]
fn a_voltage_among_the_currents_makes_the_meter_creep() {
    finds(Fault::Crosstalk, &["active-no-load", "active-current"], &["r46-repeatability"]);
}

#[test]
fn a_pulse_constant_that_is_off_breaks_the_pulses() {
    finds(Fault::PulseConstant, &["pulses"], &["active-current", "active-no-load"]);
}

#[test]
fn a_seed_gives_the_same_values() {
    let point = plan()[0];
    let value = |seed| laboratory(seed, None).test(&point).sensors.value;
    assert_eq!(value(5).to_bits(), value(5).to_bits());
    assert_ne!(value(5).to_bits(), value(6).to_bits());
}
