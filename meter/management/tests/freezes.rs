//! What is frozen, when, and how deep.

mod bench;

use bench::{accept, at, fresh, hours, run, steady};
use management::{BILLING_FREEZES, DAILY_FREEZES, Freeze, FreezeKind, HOURLY_FREEZES, Management};
use quantity::{CivilDate, Duration, Instant};

/// The freeze that a steady plant leaves at a boundary on which a reading fell.
fn is_exact(freeze: &Freeze) -> bool {
    let reading = steady(freeze.boundary);
    !freeze.is_late()
        && freeze.registers.import.total == reading.import
        && freeze.registers.export.total == reading.export
        && freeze.registers.reactive_quadrants_milli_var_hours
            == reading.reactive_quadrants_milli_var_hours
}

fn boundaries(freezes: impl Iterator<Item = Freeze>) -> Vec<Instant> {
    freezes.map(|freeze| freeze.boundary).collect()
}

#[test]
fn three_hundred_hours_leave_the_last_254() {
    let mut meter = fresh();
    let (start, end) = (at(3, 1, 0, 0, 0), at(3, 13, 12, 0, 0));
    run(&mut meter, start, end, Duration::from_minutes(1));
    let expected: Vec<_> = (0..i64::from(HOURLY_FREEZES)).map(|back| end - hours(back)).collect();
    assert_eq!(boundaries(meter.hourly_freezes()), expected);
    assert!(meter.hourly_freezes().all(|freeze| is_exact(&freeze)));
    assert_eq!(meter.freeze_back(FreezeKind::Hourly, 254).unwrap().boundary, expected[253]);
    assert_eq!(meter.freeze_back(FreezeKind::Hourly, 255), None);
    assert_eq!(meter.freeze_back(FreezeKind::Hourly, 0), None);
}

#[test]
fn seventy_days_leave_the_last_62() {
    let mut meter = fresh();
    let (start, end) = (at(3, 1, 0, 0, 0), at(5, 10, 0, 0, 0));
    run(&mut meter, start, end, hours(1));
    let expected: Vec<_> =
        (0..i64::from(DAILY_FREEZES)).map(|back| end - Duration::from_days(back)).collect();
    assert_eq!(boundaries(meter.daily_freezes()), expected);
    assert!(meter.daily_freezes().all(|freeze| is_exact(&freeze)));
    assert_eq!(
        boundaries(meter.billing_freezes()),
        [at(5, 1, 0, 0, 0), at(4, 1, 0, 0, 0), at(3, 1, 0, 0, 0)]
    );
}

#[test]
fn fifteen_months_leave_the_last_12() {
    let mut meter = fresh();
    let end = CivilDate { year: 2027, month: 4, day: 2 }.start();
    run(&mut meter, at(1, 1, 0, 0, 0), end, hours(6));
    let months: Vec<_> = meter
        .billing_freezes()
        .map(|freeze| freeze.boundary.civil().date)
        .map(|date| (date.year, date.month, date.day))
        .collect();
    let mut expected: Vec<_> = (1..=4).rev().map(|month| (2027, month, 1)).collect();
    expected.extend((5..=12).rev().map(|month| (2026, month, 1)));
    assert_eq!(months.len(), usize::from(BILLING_FREEZES));
    assert_eq!(months, expected);
    let report = meter.energy_report().unwrap();
    let (month, year) = (CivilDate { year: 2027, month: 4, day: 1 }.start(), (2027, 1, 1));
    assert_eq!(report.import_month_start, steady(month).import);
    let new_year = CivilDate { year: year.0, month: year.1, day: year.2 }.start();
    assert_eq!(report.import_year_start, steady(new_year).import);
    assert_eq!(report.export_year_start, steady(new_year).export);
}

#[test]
fn a_boundary_between_two_readings_is_frozen_late() {
    let mut meter = fresh();
    accept(&mut meter, &steady(at(6, 30, 23, 59, 55)));
    accept(&mut meter, &steady(at(7, 1, 0, 0, 5)));
    for mut freezes in [meter.hourly_freezes(), meter.daily_freezes(), meter.billing_freezes()] {
        let freeze = freezes.next().unwrap();
        assert!(freeze.is_late());
        assert_eq!(freeze.boundary, at(7, 1, 0, 0, 0));
        assert_eq!(freeze.taken_at, at(7, 1, 0, 0, 5));
        assert_eq!(freeze.registers, meter.registers());
        assert_eq!(freezes.next(), None);
    }
}

#[test]
fn an_outage_leaves_one_late_freeze_and_invents_none() {
    let mut meter = fresh();
    run(&mut meter, at(6, 1, 0, 0, 0), at(6, 1, 3, 0, 0), Duration::from_minutes(1));
    let mut meter = Management::boot(meter.into_memory()).unwrap();
    accept(&mut meter, &steady(at(6, 3, 7, 30, 0)));
    let hourly: Vec<_> = meter.hourly_freezes().take(2).collect();
    assert_eq!(hourly[0].boundary, at(6, 3, 7, 0, 0));
    assert!(hourly[0].is_late());
    assert_eq!(hourly[1].boundary, at(6, 1, 3, 0, 0));
    assert_eq!(boundaries(meter.daily_freezes()), [at(6, 3, 0, 0, 0), at(6, 1, 0, 0, 0)]);
}

#[test]
fn the_first_reading_freezes_only_what_it_falls_on() {
    let mut meter = fresh();
    accept(&mut meter, &steady(at(6, 1, 4, 30, 0)));
    assert_eq!(meter.hourly_freezes().count(), 0);
    let mut meter = fresh();
    accept(&mut meter, &steady(at(6, 2, 4, 0, 0)));
    assert_eq!(meter.hourly_freezes().count(), 1);
    assert_eq!(meter.daily_freezes().count(), 0);
}

#[test]
fn an_outage_over_new_year_still_begins_a_year() {
    let mut meter = fresh();
    accept(&mut meter, &steady(at(11, 20, 0, 0, 0)));
    let february = CivilDate { year: 2027, month: 2, day: 9 }.start();
    accept(&mut meter, &steady(february));
    let report = meter.energy_report().unwrap();
    assert_eq!(report.import_year_start, steady(february).import);
    assert_eq!(report.import_month_start, steady(february).import);
    accept(&mut meter, &steady(CivilDate { year: 2027, month: 3, day: 1 }.start()));
    assert_eq!(meter.energy_report().unwrap().import_year_start, steady(february).import);
}
