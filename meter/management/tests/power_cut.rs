//! The power is cut after every byte: registers are the old ones or the new ones, freezes whole.

mod bench;

use bench::{Fram, KEY, accept, at, fresh, hours, run, settings, steady};
use crypto::LinkReceiver;
use management::{BootError, Freeze, FreezeKind, Management};
use proptest::prelude::*;
use quantity::{CivilDate, Duration, Instant};

const KINDS: [FreezeKind; 3] = [FreezeKind::Hourly, FreezeKind::Daily, FreezeKind::Billing];

fn freezes(meter: &Management<Fram>) -> [Vec<Freeze>; 3] {
    [
        meter.hourly_freezes().collect(),
        meter.daily_freezes().collect(),
        meter.billing_freezes().collect(),
    ]
}

/// A meter with full rings, just before the new year.
fn old_meter() -> (Management<Fram>, Instant) {
    let mut meter = fresh();
    let new_year = CivilDate { year: 2027, month: 1, day: 1 }.start();
    run(&mut meter, at(1, 1, 0, 0, 0), at(12, 15, 0, 0, 0), hours(12));
    run(&mut meter, at(12, 15, 1, 0, 0), new_year - hours(1), hours(1));
    accept(&mut meter, &steady(new_year - Duration::from_minutes(1)));
    assert_eq!(meter.hourly_freezes().count(), 254);
    (meter, new_year)
}

/// The depth of a ring cuts off what became too old.
fn with_newest(old: &[Freeze], newest: Freeze) -> Vec<Freeze> {
    let mut all = vec![newest];
    all.extend_from_slice(old);
    all
}

#[test]
fn a_cut_at_every_byte_of_the_fullest_minute() {
    let (before, new_year) = old_meter();
    let mut after = before.clone();
    let reading = steady(new_year);
    let written = before.memory().written;
    accept(&mut after, &reading);
    let bytes = after.memory().written - written;
    assert!(bytes > 3 * 140, "three freezes and the registers are written");
    let (old, new) = (freezes(&before), freezes(&after));
    for fuel in 0..=bytes {
        let dying = before.memory().clone().dying_after(fuel);
        let mut meter = Management::boot(dying).unwrap();
        meter.receive(&reading);
        let mut meter = Management::boot(meter.into_memory().revived()).unwrap();
        let registers = meter.registers();
        assert!(registers == before.registers() || registers == after.registers(), "{fuel}");
        for (found, (old, new)) in freezes(&meter).iter().zip(old.iter().zip(&new)) {
            assert!(is_old_or_new(found, old, new), "{fuel}");
        }
        resume(&mut meter, new_year, fuel);
    }
}

fn is_old_or_new(found: &[Freeze], old: &[Freeze], new: &[Freeze]) -> bool {
    // The ring holds one more than it shows, so an aborted write takes nothing away.
    found == old || found == new
}

/// After the cut the next reading completes what the cut took away, and repeats nothing.
fn resume(meter: &mut Management<Fram>, boundary: Instant, fuel: u32) {
    let old = freezes(meter);
    let later = steady(boundary + Duration::from_seconds(20));
    accept(meter, &later);
    for (kind, old) in KINDS.into_iter().zip(old) {
        let newest = meter.freeze_back(kind, 1).expect("frozen");
        assert_eq!(newest.boundary, boundary, "{fuel}");
        let kept = if newest.is_late() { with_newest(&old, newest) } else { old };
        let index = KINDS.iter().position(|other| *other == kind).expect("listed");
        let found = &freezes(meter)[index];
        assert_eq!(found[..], kept[..found.len()], "{fuel}");
        if kind == FreezeKind::Billing {
            let report = meter.energy_report().expect("read");
            assert_eq!(report.import_month_start, newest.registers.import.total, "{fuel}");
            assert_eq!(report.import_year_start, newest.registers.import.total, "{fuel}");
        }
    }
}

#[test]
fn no_counter_of_the_link_repeats_after_a_cut_at_any_byte() {
    let mut before = fresh();
    let start = at(5, 5, 5, 5, 0);
    // The 65th frame opens the second block of counters.
    run(&mut before, start, start + Duration::from_minutes(63), Duration::from_minutes(1));
    let reading = steady(start + Duration::from_minutes(64));
    let mut after = before.clone();
    let written = before.memory().written;
    let frame = accept(&mut after, &reading).report.unwrap();
    assert_eq!(frame.counter, 65);
    for fuel in 0..=after.memory().written - written {
        let mut meter = before.clone();
        meter.memory().die_after(fuel);
        let sent = meter.receive(&reading).report.unwrap().counter;
        let durable = meter.memory().written - written == after.memory().written - written;
        let mut meter = Management::boot(meter.into_memory().revived()).unwrap();
        let later = steady(reading.at + Duration::from_minutes(1));
        let next = accept(&mut meter, &later).report.unwrap();
        // A frame leaves only after the writes before it: with power for all of them.
        if durable {
            assert!(next.counter > sent, "{fuel}");
        }
        let mut receiver = LinkReceiver::new(&KEY, 64);
        assert!(receiver.open(&next).is_ok(), "{fuel}");
    }
}

#[test]
fn a_cut_during_personalisation_leaves_no_meter_or_the_meter() {
    let blank = Management::personalise(Fram::blank(), &settings()).unwrap().into_memory();
    for fuel in (0..blank.written).rev().take(400).chain((0..blank.written).step_by(997)) {
        match Management::personalise(Fram::blank().dying_after(fuel), &settings()) {
            Ok(meter) => {
                let meter = Management::boot(meter.into_memory().revived()).unwrap();
                assert!(meter.settings() == &settings());
            }
            Err(error) => assert_eq!(error, BootError::NotPersonalised, "{fuel}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Any sequence of steps and cuts: registers never go back, freezes stay in order and whole.
    #[test]
    fn any_life_with_any_cuts(steps in prop::collection::vec((1..5000_i64, 0..900_u32), 1..25)) {
        let mut memory = fresh().into_memory();
        let mut now = at(2, 27, 22, 0, 0);
        let mut stored = 0;
        for (seconds, fuel) in steps {
            let mut meter = Management::boot(memory.dying_after(fuel)).unwrap();
            now = now + Duration::from_seconds(seconds);
            meter.receive(&steady(now));
            memory = meter.into_memory().revived();
            let meter = Management::boot(memory.clone()).unwrap();
            let import = meter.registers().import.total.milliwatt_hours();
            prop_assert!(import >= stored);
            stored = import;
            for list in freezes(&meter) {
                prop_assert!(list.is_sorted_by(|one, next| one.boundary > next.boundary));
                let whole = |freeze: &Freeze| {
                    freeze.registers.import.total == steady(freeze.taken_at).import
                };
                prop_assert!(list.iter().all(whole));
            }
        }
    }
}
