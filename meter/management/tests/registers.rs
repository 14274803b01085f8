//! Registers per rate, refusals, settings and the reports on the link.

mod bench;

use bench::{Fram, KEY, accept, at, day_table, fresh, reading, run, settings, steady};
use crypto::LinkReceiver;
use management::{BootError, DayTable, DayTableError, Management, Rate, Refusal, Switch, Text};
use proptest::prelude::*;
use quantity::{CivilDate, Duration, Energy, Instant};
use wire::link::EnergyReport;
use wire::{MeterId, Wire};

const MINUTE: Duration = Duration::from_minutes(1);

#[test]
fn each_rate_counts_its_hours() {
    let mut meter = fresh();
    run(&mut meter, at(6, 1, 0, 0, 0), at(6, 2, 0, 0, 0), Duration::from_seconds(10));
    let registers = meter.registers();
    let hours = |count: i64| Energy::from_milliwatt_hours(count * 3600);
    // Sharp 10 to 12, peak 12 to 22, flat 8 to 10, valley the rest; 3,600 mWh an hour.
    assert_eq!(registers.import.rates, [hours(2), hours(10), hours(2), hours(10)]);
    let sum: Energy = registers.import.rates.into_iter().sum();
    let first = steady(at(6, 1, 0, 0, 0)).import;
    assert_eq!(registers.import.total, first + sum, "the total counts from production on");
    assert_eq!(registers.export.rates[Rate::Peak.index()], hours(10).mean_third());
}

trait Third {
    fn mean_third(self) -> Self;
}

impl Third for Energy {
    fn mean_third(self) -> Self {
        Self::from_milliwatt_hours(self.milliwatt_hours() / 3)
    }
}

#[test]
fn a_reading_is_refused_as_a_whole() {
    let mut meter = fresh();
    let start = at(6, 1, 12, 0, 0);
    accept(&mut meter, &reading(start, 100, 50));
    let before = (meter.registers(), meter.live().copied(), meter.memory().written);
    let later = start + MINUTE;
    let year_2150 = CivilDate { year: 2150, month: 1, day: 1 }.start();
    for (bad, why) in [
        (reading(start, 101, 50), Refusal::TimeNotLater),
        (reading(start - MINUTE, 101, 50), Refusal::TimeNotLater),
        (reading(later, 99, 50), Refusal::RegisterWentBack),
        (reading(later, 100, 49), Refusal::RegisterWentBack),
        (reading(later, -1, 50), Refusal::RegisterWentBack),
        (reading(year_2150, 100, 50), Refusal::TimeOutOfRange),
        (reading(Instant::from_unix_milliseconds(i64::MAX), 100, 50), Refusal::TimeOutOfRange),
        (reading(Instant::from_unix_milliseconds(i64::MIN), 100, 50), Refusal::TimeOutOfRange),
    ] {
        let outputs = meter.receive(&bad);
        assert_eq!((outputs.refused, outputs.report), (Some(why), None));
        assert_eq!((meter.registers(), meter.live().copied(), meter.memory().written), before);
    }
    let mut unused = fresh();
    assert_eq!(unused.receive(&reading(start, -1, 0)).refused, Some(Refusal::RegisterWentBack));
    assert_eq!(unused.energy_report(), None);
}

#[test]
fn a_report_leaves_once_a_minute_and_opens_on_the_other_side() {
    let mut meter = fresh();
    let mut receiver = LinkReceiver::new(&KEY, 0);
    let start = at(6, 1, 12, 0, 0);
    let mut reports = Vec::new();
    for step in 0..=18 {
        let now = start + Duration::from_seconds(step * 10);
        if let Some(frame) = accept(&mut meter, &steady(now)).report {
            let plain = receiver.open(&frame).unwrap();
            let report = EnergyReport::decode(&plain).unwrap();
            assert_eq!(Some(report), meter.energy_report());
            assert_eq!(report.import, steady(now).import);
            reports.push(report.at);
        }
    }
    assert_eq!(reports, [start, start + MINUTE, start + MINUTE * 2, start + MINUTE * 3]);
}

#[test]
fn unaligned_readings_report_at_the_first_after_the_minute() {
    let mut meter = fresh();
    accept(&mut meter, &steady(at(6, 1, 12, 0, 7)));
    assert!(accept(&mut meter, &steady(at(6, 1, 12, 0, 37))).report.is_none());
    assert!(accept(&mut meter, &steady(at(6, 1, 12, 1, 7))).report.is_some());
}

#[test]
fn counters_continue_after_the_reserved_block() {
    let mut meter = fresh();
    let start = at(6, 1, 12, 0, 0);
    assert_eq!(accept(&mut meter, &steady(start)).report.unwrap().counter, 1);
    let mut meter = Management::boot(meter.into_memory()).unwrap();
    assert_eq!(accept(&mut meter, &steady(start + MINUTE)).report.unwrap().counter, 65);
    // Not even a new personalisation sets the nonce back.
    let mut meter = Management::personalise(meter.into_memory(), &settings()).unwrap();
    assert_eq!(meter.registers(), management::Registers::default());
    assert_eq!(meter.hourly_freezes().count(), 0);
    assert_eq!(accept(&mut meter, &steady(start)).report.unwrap().counter, 129);
}

#[test]
fn boot_gives_back_what_was_stored() {
    let mut meter = fresh();
    run(&mut meter, at(6, 1, 0, 0, 0), at(6, 1, 9, 0, 30), Duration::from_seconds(30));
    let booted = Management::boot(meter.memory().clone()).unwrap();
    assert!(booted.settings() == &settings());
    assert_eq!(booted.live(), None);
    assert!(booted.hourly_freezes().eq(meter.hourly_freezes()));
    // The registers of the last whole minute.
    assert_eq!(booted.registers().import.total, steady(at(6, 1, 9, 0, 0)).import);
}

#[test]
fn boot_says_what_is_wrong() {
    assert_eq!(Management::boot(Fram::blank()).unwrap_err(), BootError::NotPersonalised);
    let mut memory = fresh().into_memory();
    // Both copies stand there from the beginning, so one may go.
    memory.flip(20);
    assert!(Management::boot(memory.clone()).is_ok());
    memory.flip(20 + 16 + 153);
    assert!(matches!(Management::boot(memory).unwrap_err(), BootError::Damaged(_)));
}

#[test]
fn settings_survive_their_bytes() {
    let settings = settings();
    let bytes = settings.encode::<200>().unwrap();
    assert!(management::Settings::decode(&bytes).is_ok_and(|read| read == settings));
    for length in 0..bytes.len() {
        assert!(management::Settings::decode(&bytes[..length]).is_err());
    }
}

#[test]
fn the_longest_settings_fit_their_record() {
    let mut longest = settings();
    longest.ratings.voltage = Text::new("380/220").or(Text::new("380220")).unwrap();
    longest.ratings.current = Text::new("999.9A").unwrap();
    longest.ratings.current_max = Text::new("999.9A").unwrap();
    longest.ratings.model = Text::new("JIDIAN-001").unwrap();
    let switches: Vec<_> =
        (0..14).map(|hour| Switch { minute_of_day: hour * 60, rate: Rate::Flat }).collect();
    longest.day_table = DayTable::new(&switches).unwrap();
    assert_eq!(longest.encoded_len(), 153);
    let meter = Management::personalise(Fram::blank(), &longest).unwrap();
    assert_eq!(meter.settings().meter, MeterId::new(987_654_321_000).unwrap());
}

#[test]
fn a_text_is_short_printable_ascii() {
    assert!(Text::<4>::new("0.2S").is_some());
    assert!(Text::<4>::new("0.2S ").is_none());
    assert!(Text::<4>::new("电").is_none());
    assert!(Text::<4>::new("a\n").is_none());
}

#[test]
fn a_day_table_rises_within_the_day() {
    let switch = |minute_of_day| Switch { minute_of_day, rate: Rate::Flat };
    assert_eq!(DayTable::new(&[]), Err(DayTableError::Empty));
    assert_eq!(DayTable::new(&[switch(60), switch(60)]), Err(DayTableError::NotRising));
    assert_eq!(DayTable::new(&[switch(1440)]), Err(DayTableError::OutsideTheDay));
    let many: Vec<_> = (0..15).map(switch).collect();
    assert_eq!(DayTable::new(&many), Err(DayTableError::TooMany));
    assert_eq!(day_table().rate_at(0), Rate::Valley, "the last period crosses midnight");
    assert_eq!(day_table().rate_at(479), Rate::Valley);
    assert_eq!(day_table().rate_at(480), Rate::Flat);
    assert_eq!(DayTable::always(Rate::Sharp).rate_at(1439), Rate::Sharp);
}

proptest! {
    /// Rates share out every movement without loss, whatever the steps.
    #[test]
    fn rates_add_up_to_the_movement(steps in prop::collection::vec((1..7200_i64, 0..9_999_i64), 1..60)) {
        let mut meter = fresh();
        let mut now = at(2, 28, 20, 0, 0);
        let mut import = 5_000;
        accept(&mut meter, &reading(now, import, 0));
        for (seconds, movement) in steps {
            now = now + Duration::from_seconds(seconds);
            import += movement;
            accept(&mut meter, &reading(now, import, 0));
        }
        let rates: Energy = meter.registers().import.rates.into_iter().sum();
        prop_assert_eq!(rates.milliwatt_hours(), import - 5_000);
        prop_assert_eq!(meter.registers().import.total.milliwatt_hours(), import);
    }
}
