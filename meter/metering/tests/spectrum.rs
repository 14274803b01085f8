//! Harmonics, distortion, angles and symmetrical components against what was fed in.
#![allow(clippy::print_stdout, reason = "the worst figures are meant to be read")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod bench;

use core::f64::consts::PI;

use bench::{AMPERES, Harmonic, MAINS, VOLTS, Wave};
use metering::{Channel, Configuration, Frame, Metering, ORDERS, Settings, Window, Wiring};

/// What of the three phases reaches the converter.
type Connection = fn(Frame) -> Frame;

/// The third window, with the meter that measured it.
fn third_window(settings: Settings, mut frame: impl FnMut(u64) -> Frame) -> (Metering, Window) {
    let mut meter = Metering::new(Configuration::new(settings).unwrap());
    let mut windows = (0..).filter_map(|n| meter.push(&frame(n)));
    let window = windows.nth(2).unwrap();
    drop(windows);
    (meter, window)
}

/// A harmonic of every order, falling like 1/order, at angles all over the circle.
fn rich() -> Vec<Harmonic> {
    let harmonic = |order: u32| Harmonic {
        order,
        voltage: 0.2 / f64::from(order),
        current: 0.5 / f64::from(order),
        voltage_angle: f64::from(order * order) * 0.37,
        current_angle: f64::from(order) * 1.3,
    };
    (2..=50).map(harmonic).collect()
}

/// Angles differ by whole turns.
fn apart(degrees: f64) -> f64 {
    (degrees - 360.0 * (degrees / 360.0).round()).abs()
}

#[test]
fn fifty_harmonics_are_resolved_at_any_frequency() {
    let harmonics = rich();
    let mut worst = [0_f64; 4];
    println!("Hz     U line ppm of U1   I line ppm of I1   THD ppm   angle of U5 m°");
    for step in 0..=10 {
        let frequency = 42.5 + 1.5 * f64::from(step);
        let wave = Wave { frequency, lag: 0.4, harmonics: &harmonics, offset: 0.001, ..Wave::SINE };
        let (meter, window) = third_window(MAINS, |n| wave.frame(n));
        let spectrum = meter.spectrum().unwrap();
        assert_eq!(spectrum.highest_order(), ORDERS);
        let mut errors = [0_f64; 4];
        let mut take = |index: usize, error: f64| errors[index] = errors[index].max(error.abs());
        for phase in 0..3 {
            for harmonic in &harmonics {
                let order = harmonic.order as usize;
                let volts = spectrum.rms(Channel::Voltage(phase), order) as f64 / 1e6;
                let amperes = spectrum.rms(Channel::Current(phase), order) as f64 / 1e9;
                take(0, (volts / VOLTS - harmonic.voltage) * 1e6);
                take(1, (amperes / AMPERES - harmonic.current) * 1e6);
            }
            let exact: f64 = harmonics.iter().map(|harmonic| harmonic.current.powi(2)).sum();
            take(2, f64::from(window.phases[phase].current_distortion_ppm) - exact.sqrt() * 1e6);
        }
        // The crossing that angles start from belongs to the whole voltage; the fundamental's own
        // angle turns five times as far in the fifth harmonic.
        let angle =
            |order| f64::from(spectrum.angle_microdegrees(Channel::Voltage(0), order)) / 1e6;
        take(3, apart(angle(5) - 5.0 * angle(1) - harmonics[3].voltage_angle.to_degrees()) * 1e3);
        println!(
            "{frequency:<6} {:>12.2} {:>18.2} {:>13.1} {:>12.2}",
            errors[0], errors[1], errors[2], errors[3]
        );
        for (worst, error) in worst.iter_mut().zip(errors) {
            *worst = worst.max(error);
        }
    }
    println!("worst  {:>12.2} {:>18.2} {:>13.1} {:>12.2}", worst[0], worst[1], worst[2], worst[3]);
    // IEC 61000-4-7 class I (from memory): 5 % of a harmonic, or 500 ppm of Un if it is below 1 %.
    assert!(worst[0] < 150.0 && worst[1] < 150.0 && worst[2] < 50.0, "{worst:?}");
    assert!(worst[3] < 100.0, "{worst:?}");
}

#[test]
fn reactive_power_is_right_with_harmonics_on_both_sides() {
    let harmonics = rich();
    for lag in [0.0, 0.5, PI / 2.0, -1.2, 3.0] {
        let wave = Wave { frequency: 49.7, lag, harmonics: &harmonics, ..Wave::SINE };
        let (_, window) = third_window(MAINS, |n| wave.frame(n));
        let full = VOLTS * AMPERES;
        for phase in &window.phases {
            let vars = phase.reactive_microvars as f64 / 1e6;
            let watts = phase.active_microwatts as f64 / 1e6;
            let fundamental = phase.fundamental_active_microwatts as f64 / 1e6;
            let apparent = phase.apparent_microvolt_amperes as f64 / 1e6;
            let total_vars = phase.total_reactive_microvars as f64 / 1e6;
            assert!((vars - wave.vars()).abs() / full < 10e-6, "lag {lag}: {vars} var");
            assert!((total_vars - wave.total_vars()).abs() / full < 10e-6, "{lag}: {total_vars}");
            assert!((watts - wave.watts()).abs() / full < 10e-6, "lag {lag}: {watts} W");
            assert!((fundamental - full * lag.cos()).abs() / full < 10e-6, "lag {lag}");
            assert!((apparent - wave.volts() * wave.amperes()).abs() / full < 10e-6, "lag {lag}");
            let factor = f64::from(phase.power_factor_ppm) / 1e6;
            assert!((factor - wave.watts() / wave.volts() / wave.amperes()).abs() < 5e-6);
        }
        let total_vars = window.total_reactive_microvars as f64 / 1e6;
        assert!((total_vars - 3.0 * wave.total_vars()).abs() / full < 30e-6, "lag {lag}");
        let apparent = window.fundamental_apparent_microvolt_amperes as f64 / 1e6;
        assert!((apparent - 3.0 * full).abs() / full < 30e-6, "lag {lag}: {apparent} VA");
    }
}

#[test]
fn angles_and_sequences_say_how_the_phases_stand() {
    let wave = Wave { frequency: 50.2, lag: PI / 6.0, ..Wave::SINE };
    let (_, window) = third_window(MAINS, |n| wave.frame(n));
    let degrees = window.phases.map(|phase| f64::from(phase.voltage_angle_microdegrees) / 1e6);
    for (degrees, exact) in degrees.iter().zip([0.0, -120.0, 120.0]) {
        assert!((degrees - exact).abs() < 1e-4, "{degrees}");
    }
    let lag = f64::from(window.phases[0].current_angle_microdegrees) / 1e6;
    assert!((lag + 30.0).abs() < 1e-4, "{lag}");
    assert!(!window.voltage_sequence.is_reversed());
    assert!((window.voltage_sequence.positive as f64 / 1e6 - VOLTS).abs() < 1e-3);
    assert!(window.voltage_sequence.negative_ppm < 2 && window.voltage_sequence.zero_ppm < 2);

    let (_, window) = third_window(MAINS, |n| {
        let mut frame = wave.frame(n);
        frame.voltage.swap(1, 2);
        frame
    });
    assert!(window.voltage_sequence.is_reversed());

    // A at 90 %: U1 = 2.9/3, U2 = U0 = 0.1/3, so both unbalances are 1/29.
    let (_, window) = third_window(MAINS, |n| {
        let mut frame = wave.frame(n);
        frame.voltage[0] = frame.voltage[0] / 10 * 9;
        frame
    });
    let exact = 1e6 / 29.0;
    assert!((f64::from(window.voltage_sequence.negative_ppm) - exact).abs() < 3.0);
    assert!((f64::from(window.voltage_sequence.zero_ppm) - exact).abs() < 3.0);
}

#[test]
fn what_the_neutral_does_not_return_is_seen() {
    let wave = Wave::SINE;
    let (_, sound) = third_window(MAINS, |n| wave.frame(n));
    assert!(sound.mismatch_nanoamperes < 20_000, "{} nA", sound.mismatch_nanoamperes);
    // A bridge takes 40 % of phase B's current past its transformer.
    let (_, bridged) = third_window(MAINS, |n| {
        let mut frame = wave.frame(n);
        frame.current[1] = frame.current[1] / 10 * 6;
        frame
    });
    let missing = bridged.mismatch_nanoamperes as f64 / 1e9;
    assert!((missing - 0.4 * AMPERES).abs() < 1e-4, "{missing} A");
    // One phase, and a load between it and earth that the neutral doesn't see.
    let single = Settings { wiring: Wiring::SinglePhase, ..MAINS };
    let (_, earthed) = third_window(single, |n| {
        let mut frame = wave.frame(n);
        frame.current[3] = frame.current[0] / 4 * 3;
        frame
    });
    let missing = earthed.mismatch_nanoamperes as f64 / 1e9;
    assert!((missing - 0.25 * AMPERES).abs() < 1e-4, "{missing} A");
}

#[test]
fn a_slow_converter_measures_fewer_orders() {
    let settings = Settings { sample_rate_hertz: 2_000, ..MAINS };
    let wave = Wave { rate: 2_000.0, ..Wave::SINE };
    let (meter, _) = third_window(settings, |n| wave.frame(n));
    let spectrum = meter.spectrum().unwrap();
    assert_eq!(spectrum.highest_order(), 18);
    assert_eq!(spectrum.rms(Channel::Voltage(0), 19), 0);
}

/// Three wires, and the two wirings with a voltage less than Blondel asks for.
#[test]
fn every_wiring_sees_the_whole_load() {
    let wave = Wave { frequency: 49.6, lag: 0.7, ..Wave::SINE };
    let whole = 3.0 * wave.watts();
    let wirings: [(Wiring, Connection, f64); 4] = [
        (Wiring::ThreePhaseFourWire, |frame| frame, whole),
        (
            Wiring::FourWireWyeTwoVoltages,
            |mut frame| {
                frame.voltage[1] = 0;
                frame
            },
            whole,
        ),
        (
            Wiring::ThreePhaseThreeWire,
            |frame| {
                let [a, b, c] = frame.voltage;
                let [ia, _, ic, _] = frame.current;
                Frame { voltage: [a - b, 0, c - b], current: [ia, 0, ic, 0] }
            },
            whole,
        ),
        (Wiring::SinglePhase, |frame| frame, whole / 3.0),
    ];
    for (wiring, connect, exact) in wirings {
        let settings = Settings { wiring, ..MAINS };
        let (_, window) = third_window(settings, |n| connect(wave.frame(n)));
        let watts = window.active_microwatts as f64 / 1e6;
        let vars = window.reactive_microvars as f64 / 1e6;
        let exact_vars = exact * wave.lag.tan();
        assert!((watts / exact - 1.0).abs() < 1e-6, "{wiring:?}: {watts} of {exact} W");
        assert!((vars / exact_vars - 1.0).abs() < 1e-6, "{wiring:?}: {vars} of {exact_vars} var");
    }
    // Four-wire delta: A and B are the two halves of a winding, C is the high leg at √3.
    let settings = Settings { wiring: Wiring::FourWireDeltaTwoVoltages, ..MAINS };
    let (_, window) = third_window(settings, |n| {
        let frame = wave.frame(n);
        let lagging = wave.frame(n + 7);
        Frame {
            voltage: [frame.voltage[0], 0, lagging.voltage[1]],
            current: [frame.current[0], -frame.current[0], lagging.current[1], 0],
        }
    });
    let watts = window.active_microwatts as f64 / 1e6;
    assert!((watts / whole - 1.0).abs() < 1e-6, "delta: {watts} of {whole} W");
}
