//! Pulses and registers agree, for any constant and over any time.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod bench;

use bench::{MAINS, Wave};
use metering::{ActiveRegisters, Configuration, Metering, PulseOutput, Settings};
use proptest::prelude::*;

/// Milliwatt-hours × constant that are in the register beyond what the pulses say; a pulse is 10⁶.
fn ahead(direction: &ActiveRegisters, constant: u32) -> i128 {
    let energy = i128::from(direction.total.energy.milliwatt_hours());
    energy * i128::from(constant) - i128::from(direction.pulses) * 1_000_000
}

/// A meter in the middle of a steady load.
fn running(constant: u32, lag: f64) -> (Metering, u64) {
    let settings = Settings { pulses_per_kilowatt_hour: constant, ..MAINS };
    let wave = Wave { frequency: 50.1, lag, ..Wave::SINE };
    let mut meter = Metering::new(Configuration::new(settings).unwrap());
    let windows = (0..4_000).filter_map(|n| meter.push(&wave.frame(n)));
    let pulses = windows.map(|window| window.pulses.import + window.pulses.export).sum();
    (meter, pulses)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn register_and_pulses_never_differ_by_a_pulse(
        constant in 1_u32..=1_000_000,
        lag in 0.0..6.3_f64,
        steps in prop::collection::vec(0_u32..2_000_000, 1..100),
    ) {
        let (mut meter, given) = running(constant, lag);
        let counted = meter.registers().import.pulses + meter.registers().export.pulses;
        prop_assert_eq!(given, counted);
        for times in steps {
            meter.repeat_window(times);
            let registers = meter.registers();
            for direction in [&registers.import, &registers.export] {
                let ahead = ahead(direction, constant);
                prop_assert!((0..1_000_000).contains(&ahead), "{} of a millionth pulse", ahead);
            }
        }
    }

    #[test]
    fn an_output_gives_what_it_owes_evenly(
        windows in prop::collection::vec((0_u64..5_000, 1_u32..4_000), 1..20),
    ) {
        let mut output = PulseOutput::IDLE;
        let (mut due, mut given) = (0, 0);
        for (pulses, samples) in windows {
            output.schedule(pulses, samples);
            due += pulses;
            let most = pulses.div_ceil(u64::from(samples));
            for _ in 0..samples {
                let now = output.tick();
                prop_assert!(now <= most, "{} at once, not {}", now, most);
                given += now;
            }
            prop_assert_eq!((given, output.owed()), (due, 0));
        }
    }
}

#[test]
fn reactive_pulses_follow_the_quadrants() {
    // 2.07 kvar for 0.2 s are 115 mvarh, so a million impulses a kilovarhour make 115 a window.
    for (lag, positive) in [(1.57, true), (1.6, true), (-1.57, false), (-1.6, false)] {
        let constant = 1_000_000;
        let settings = Settings { pulses_per_kilowatt_hour: constant, ..MAINS };
        let wave = Wave { frequency: 50.1, lag, ..Wave::SINE };
        let mut meter = Metering::new(Configuration::new(settings).unwrap());
        let (mut given, mut other) = (0, 0);
        for window in (0..80_000).filter_map(|n| meter.push(&wave.frame(n))) {
            let [up, down] = [window.pulses.reactive_positive, window.pulses.reactive_negative];
            given += if positive { up } else { down };
            other += if positive { down } else { up };
        }
        let registered: i64 = meter.registers().quadrants.iter().map(|q| q.milli_var_hours).sum();
        assert_eq!((i64::try_from(given).unwrap(), other), (registered, 0), "lag {lag}");
        assert!((5_500..5_750).contains(&given), "{given} pulses");
    }
}

#[test]
fn a_billion_pulses_agree() {
    // 2.07 kW for 0.2 s are 115 mWh, so a million impulses a kilowatt-hour make 115 a window.
    let constant = 1_000_000;
    let (mut meter, _) = running(constant, 0.0);
    let mut step = 1;
    while meter.registers().import.pulses < 1_000_000_000 {
        // Steps from one window to half an hour, in no pattern.
        step = (step * 75 + 74) % 65_537;
        meter.repeat_window(step % 9_000 + 1);
        let ahead = ahead(&meter.registers().import, constant);
        assert!((0..1_000_000).contains(&ahead), "{ahead}");
    }
}
