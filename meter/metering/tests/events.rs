//! Half-cycle values and events, as traces.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod bench;

use core::f64::consts::PI;

use bench::{AMPERES, MAINS, VOLTS, Wave};
use metering::{
    Configuration, ConfigurationError, Event, EventKind, EventLimits, Frame, Metering, Stage,
};

const WAVE: Wave<'_> = Wave { lag: 0.3, offset: 0.001, ..Wave::SINE };

const LIMITS: EventLimits = EventLimits {
    overcurrent_microamperes: Some(4_000_000),
    mismatch_microamperes: Some(500_000),
    ..EventLimits::VOLTAGE
};

/// Pushes a second of samples, changed from 0.4 s to 0.6 s; gives all events.
fn disturbed(change: impl Fn(&mut Frame)) -> Vec<Event> {
    let configuration = Configuration::new(MAINS).unwrap().with_limits(&LIMITS).unwrap();
    let mut meter = Metering::new(configuration);
    let mut events = Vec::new();
    for n in 0..12_000 {
        let mut frame = WAVE.frame(n);
        if (3_200..4_800).contains(&n) {
            change(&mut frame);
        }
        meter.push(&frame);
        events.extend(core::iter::from_fn(|| meter.next_event()));
    }
    assert_eq!(meter.lost_events(), 0);
    events
}

fn scale(code: &mut i32, percent: i32) {
    *code = i32::try_from(i64::from(*code) * i64::from(percent) / 100).unwrap();
}

/// The one event of a kind, within a cycle and a half of its place; gives its extreme.
fn only(events: &[Event], kind: EventKind, conductor: usize) -> f64 {
    let [begin, end] = events else { panic!("not one event: {events:?}") };
    for event in [begin, end] {
        assert_eq!((event.kind, event.conductor), (kind, conductor), "{events:?}");
    }
    assert_eq!(begin.stage, Stage::Begin);
    assert!((3_200..3_440).contains(&begin.sample), "{begin:?}");
    let Stage::End { samples, extreme } = end.stage else { panic!("no end: {end:?}") };
    assert!(samples.abs_diff(1_600) <= 160, "{end:?}");
    extreme as f64
}

#[test]
fn a_dip_has_a_depth_and_a_duration() {
    let events = disturbed(|frame| scale(&mut frame.voltage[1], 70));
    let volts = only(&events, EventKind::Dip, 1) / 1e6;
    // Class A: 0.2 % of Udin (IEC 61000-4-30, from memory).
    assert!((volts - 0.7 * VOLTS).abs() < 0.002 * VOLTS, "{volts} V");
}

#[test]
fn a_swell_has_a_height_and_a_duration() {
    let events = disturbed(|frame| scale(&mut frame.voltage[2], 120));
    let volts = only(&events, EventKind::Swell, 2) / 1e6;
    assert!((volts - 1.2 * VOLTS).abs() < 0.002 * VOLTS, "{volts} V");
}

#[test]
fn an_overcurrent_has_a_height_and_a_duration() {
    let events = disturbed(|frame| {
        scale(&mut frame.current[0], 150);
        frame.current[3] = frame.current[..3].iter().sum();
    });
    let amperes = only(&events, EventKind::Overcurrent, 0) / 1e9;
    assert!((amperes - 1.5 * AMPERES).abs() < 0.002 * AMPERES, "{amperes} A");
}

#[test]
fn half_a_percent_more_or_less_is_no_event() {
    assert_eq!(disturbed(|frame| scale(&mut frame.voltage[0], 92)), []);
    assert_eq!(disturbed(|frame| scale(&mut frame.voltage[0], 108)), []);
}

#[test]
fn an_interruption_of_the_reference_is_seen_without_crossings() {
    let events = disturbed(|frame| frame.voltage[0] = 0);
    let of = |kind| {
        let found = events.iter().filter(move |event| event.kind == kind);
        found.map(|event| (event.conductor, event.stage)).collect::<Vec<_>>()
    };
    for kind in [EventKind::Dip, EventKind::Interruption] {
        let [(0, Stage::Begin), (0, Stage::End { samples, extreme })] = of(kind)[..] else {
            panic!("{kind:?}: {events:?}")
        };
        assert!(samples.abs_diff(1_600) <= 400, "{kind:?} for {samples} samples");
        assert!(extreme < 2_000_000, "{extreme} µV");
    }
    assert_eq!(of(EventKind::Swell), []);
}

/// What holds for a second at least shows in whole windows.
fn steady(change: fn(&mut Frame)) -> Metering {
    let configuration = Configuration::new(MAINS).unwrap().with_limits(&LIMITS).unwrap();
    let mut meter = Metering::new(configuration);
    for n in 0..8_000 {
        let mut frame = WAVE.frame(n);
        change(&mut frame);
        meter.push(&frame);
    }
    meter
}

#[test]
fn windows_show_no_load_mismatch_and_sequence() {
    let kinds = |meter: &Metering| {
        let found = [
            (EventKind::NoLoad, 1),
            (EventKind::NeutralMismatch, 0),
            (EventKind::ReversedSequence, 0),
        ];
        found.map(|(kind, conductor)| meter.is_active(kind, conductor))
    };
    assert_eq!(kinds(&steady(|_| {})), [false; 3]);
    let open = steady(|frame| {
        frame.current[1] = 0;
        frame.current[3] = frame.current[0] + frame.current[2];
    });
    assert_eq!(kinds(&open), [true, false, false]);
    assert_eq!(kinds(&steady(|frame| frame.current[1] /= 2)), [false, true, false]);
    assert_eq!(kinds(&steady(|frame| frame.voltage.swap(0, 2))), [false, false, true]);
}

#[test]
fn half_cycles_follow_the_truth() {
    let wave = Wave { frequency: 47.3, lag: PI / 5.0, ..WAVE };
    let mut meter = Metering::new(Configuration::new(MAINS).unwrap());
    for n in 0..40_000 {
        meter.push(&wave.frame(n));
        if n < 4_000 {
            continue;
        }
        let half = meter.half_cycle();
        for phase in 0..3 {
            let volts = half.voltage_microvolts[phase] as f64 / 1e6;
            let amperes = half.current_nanoamperes[phase] as f64 / 1e9;
            assert!((volts / VOLTS - 1.0).abs() < 2e-6, "sample {n}: {volts} V");
            assert!((amperes / AMPERES - 1.0).abs() < 2e-6, "sample {n}: {amperes} A");
        }
    }
}

#[test]
fn the_oldest_events_are_lost_and_counted() {
    let mut meter = Metering::new(Configuration::new(MAINS).unwrap());
    for n in 0..80_000 {
        let mut frame = WAVE.frame(n);
        if n / 800 % 2 == 1 {
            frame.voltage.iter_mut().for_each(|code| scale(code, 60));
        }
        meter.push(&frame);
    }
    let waiting = core::iter::from_fn(|| meter.next_event()).count();
    assert_eq!(waiting, 16);
    // Fifty changes each way, three phases, less the first before there is a cycle.
    assert!((200..300).contains(&(meter.lost_events() + 16)), "{}", meter.lost_events());
}

#[test]
fn limits_out_of_order_are_refused() {
    let configuration = Configuration::new(MAINS).unwrap();
    for limits in [
        EventLimits { interruption_permille: 0, ..LIMITS },
        EventLimits { interruption_permille: 900, ..LIMITS },
        EventLimits { dip_permille: 1_000, ..LIMITS },
        EventLimits { swell_permille: 1_000, ..LIMITS },
        EventLimits { swell_permille: 2_001, ..LIMITS },
        EventLimits { hysteresis_permille: 101, ..LIMITS },
        EventLimits { overcurrent_microamperes: Some(0), ..LIMITS },
        EventLimits { mismatch_microamperes: Some(0), ..LIMITS },
    ] {
        let refused = configuration.with_limits(&limits).unwrap_err();
        assert_eq!(refused, ConfigurationError::EventLimits, "{limits:?}");
    }
}
