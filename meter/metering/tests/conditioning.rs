//! Gain, phase, regions, high-pass and integrator against the truth.
#![allow(clippy::print_stdout, reason = "the worst figures are meant to be read")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::cast_possible_truncation, reason = "codes are rounded on purpose")]

mod bench;

use core::f64::consts::{FRAC_PI_2, PI};

use bench::{AMPERES, Harmonic, MAINS, VOLTS, Wave};
use metering::{
    Conditioning, Configuration, ConfigurationError, Correction, CurrentConditioning, CurrentScale,
    Frame, Metering, Sensor, Settings, Window,
};

const FIFTH: Harmonic =
    Harmonic { order: 5, voltage: 0.1, current: 0.4, voltage_angle: 0.6, current_angle: 0.2 };

const NOTHING: Correction = Correction { gain_ppb: 0, delay_nanoseconds: 0 };

const PLAIN: Conditioning = Conditioning {
    voltages: [NOTHING; 3],
    currents: [CurrentConditioning::uniform(NOTHING); 4],
    high_pass: None,
};

fn meter(settings: Settings, conditioning: &Conditioning) -> Metering {
    let configuration = Configuration::new(settings).unwrap();
    Metering::new(configuration.with_conditioning(conditioning).unwrap())
}

/// The last window of some seconds.
fn last(meter: &mut Metering, seconds: u64, frame: impl Fn(u64) -> Frame) -> Window {
    (0..seconds * 8_000).filter_map(|n| meter.push(&frame(n))).last().unwrap()
}

/// Worst error of U, I and P in millionths.
fn errors(window: &Window, wave: &Wave<'_>) -> [f64; 3] {
    let mut worst = [0_f64; 3];
    for phase in &window.phases {
        let volts = phase.voltage_microvolts as f64 / 1e6 / wave.volts() - 1.0;
        let amperes = phase.current_nanoamperes as f64 / 1e9 / wave.amperes() - 1.0;
        let watts = (phase.active_microwatts as f64 / 1e6 - wave.watts()) / (VOLTS * AMPERES);
        for (worst, error) in worst.iter_mut().zip([volts, amperes, watts]) {
            *worst = worst.max(error.abs() * 1e6);
        }
    }
    worst
}

#[test]
fn nothing_to_correct_changes_nothing() {
    let wave =
        Wave { frequency: 49.1, lag: PI / 3.0, harmonics: &[FIFTH], offset: 0.002, ..Wave::SINE };
    let window = last(&mut meter(MAINS, &PLAIN), 1, |n| wave.frame(n));
    let worst = errors(&window, &wave);
    assert!(worst.iter().all(|ppm| *ppm < 0.1), "{worst:?}");
}

#[test]
fn gain_and_phase_errors_are_taken_out() {
    // Transformers that lose 1.5 % and lead by 0.4°, and a divider that gives 0.8 % too much.
    let lead = 0.4_f64.to_radians();
    let correction = |gain: f64, delay_nanoseconds| Correction {
        gain_ppb: ((1.0 / gain - 1.0) * 1e9).round() as i32,
        delay_nanoseconds,
    };
    let current = CurrentConditioning::uniform(correction(0.985, 22_222));
    let conditioning = Conditioning {
        voltages: [correction(1.008, 0); 3],
        currents: [current; 4],
        high_pass: None,
    };
    let mut worst = [0_f64; 3];
    for frequency in [42.5, 47.0, 50.0, 53.1, 57.5] {
        // A lead of so many degrees at 50 Hz is a time that is the same at every frequency.
        let lead = lead * frequency / 50.0;
        let true_wave = Wave { frequency, lag: PI / 3.0, ..Wave::SINE };
        let seen = Wave { lag: true_wave.lag - lead, ..true_wave };
        let window = last(&mut meter(MAINS, &conditioning), 1, |n| {
            let frame = seen.frame(n);
            Frame {
                voltage: frame.voltage.map(|code| (f64::from(code) * 1.008).round() as i32),
                current: frame.current.map(|code| (f64::from(code) * 0.985).round() as i32),
            }
        });
        for (worst, error) in worst.iter_mut().zip(errors(&window, &true_wave)) {
            *worst = worst.max(error);
        }
    }
    println!("corrected: U {:.3}  I {:.3}  P {:.3} ppm", worst[0], worst[1], worst[2]);
    assert!(worst[0] < 1.0 && worst[1] < 1.0 && worst[2] < 2.0, "{worst:?}");
}

/// What Rogowski coils give for a wave: its slope, equal at 50 Hz, on a scale of 20 A.
fn slope(wave: &Wave<'_>, n: u64) -> Frame {
    let harmonics = wave.harmonics.iter().map(|harmonic| Harmonic {
        current: harmonic.current * f64::from(harmonic.order),
        current_angle: harmonic.current_angle + FRAC_PI_2,
        ..*harmonic
    });
    let harmonics: Vec<Harmonic> = harmonics.collect();
    let slope = Wave { lag: wave.lag - FRAC_PI_2, harmonics: &harmonics, ..*wave };
    let current = slope.frame(n).current;
    let current = current.map(|code| (f64::from(code) * wave.frequency / 100.0).round() as i32);
    Frame { voltage: wave.frame(n).voltage, current }
}

#[test]
fn rogowski_coils_are_integrated_without_a_phase_error() {
    let settings = Settings {
        current_scale: CurrentScale { microamperes: 20_000_000, ..MAINS.current_scale },
        ..MAINS
    };
    let coil = CurrentConditioning { sensor: Sensor::Rogowski, ..PLAIN.currents[0] };
    let conditioning = Conditioning { currents: [coil; 4], high_pass: Some(14), ..PLAIN };
    let mut worst = [0_f64; 3];
    for frequency in [42.5, 45.3, 50.0, 52.9, 57.5] {
        for lag in [0.0, PI / 3.0, FRAC_PI_2] {
            let harmonics = [FIFTH];
            let wave = Wave { frequency, lag, harmonics: &harmonics, offset: 0.001, ..Wave::SINE };
            let window = last(&mut meter(settings, &conditioning), 20, |n| slope(&wave, n));
            for (worst, error) in worst.iter_mut().zip(errors(&window, &wave)) {
                *worst = worst.max(error);
            }
        }
    }
    println!("Rogowski: U {:.3}  I {:.3}  P {:.3} ppm", worst[0], worst[1], worst[2]);
    assert!(worst[0] < 10.0 && worst[1] < 20.0 && worst[2] < 20.0, "{worst:?}");
}

#[test]
fn a_coil_and_transformers_may_be_mixed() {
    let settings = Settings {
        current_scale: CurrentScale { microamperes: 20_000_000, ..MAINS.current_scale },
        ..MAINS
    };
    let mut conditioning = Conditioning { high_pass: Some(14), ..PLAIN };
    conditioning.currents[1].sensor = Sensor::Rogowski;
    let wave = Wave { frequency: 51.3, lag: 1.1, offset: 0.001, ..Wave::SINE };
    let window = last(&mut meter(settings, &conditioning), 20, |n| {
        let (straight, slope) = (wave.frame(n), slope(&wave, n));
        let mut current = straight.current.map(|code| code / 2);
        current[1] = slope.current[1];
        Frame { voltage: straight.voltage, current }
    });
    let worst = errors(&window, &wave);
    assert!(worst[0] < 10.0 && worst[1] < 20.0 && worst[2] < 20.0, "{worst:?}");
}

/// Five regions whose gains say which one is at work.
fn regions() -> CurrentConditioning {
    let gain = |region: i32| Correction { gain_ppb: region * 10_000_000, delay_nanoseconds: 0 };
    CurrentConditioning {
        sensor: Sensor::Transformer,
        corrections: [0, 1, 2, 3, 4].map(gain),
        regions: 5,
        up_microamperes: [100_000, 500_000, 1_000_000, 2_000_000],
        down_microamperes: [80_000, 400_000, 800_000, 1_600_000],
    }
}

#[test]
fn regions_change_with_hysteresis() {
    let conditioning = Conditioning { currents: [regions(); 4], ..PLAIN };
    let mut meter = meter(MAINS, &conditioning);
    let wave = Wave::SINE;
    let mut at = 0;
    // Amperes of phase A, and the region after 0.6 s.
    for (amperes, region) in [
        (0.05, 0),
        (0.09, 0),
        (0.11, 1),
        (0.085, 1),
        (0.078, 0),
        (2.9, 4),
        (1.65, 4),
        (1.5, 3),
        (1.9, 3),
        (0.6, 2),
        (0.02, 0),
    ] {
        let mut window = None;
        for _ in 0..4_800 {
            let mut frame = wave.frame(at);
            frame.current = frame.current.map(|code| (f64::from(code) * amperes / AMPERES) as i32);
            window = meter.push(&frame).or(window);
            at += 1;
        }
        assert_eq!(meter.regions()[0], region, "at {amperes} A");
        let measured = window.unwrap().phases[0].current_nanoamperes as f64 / 1e9;
        let exact = amperes * (1.0 + 0.01 * region as f64);
        assert!((measured / exact - 1.0).abs() < 1e-5, "{measured} A, not {exact}");
    }
}

#[test]
fn what_is_out_of_range_is_refused() {
    let refused = |conditioning: Conditioning, error: ConfigurationError| {
        let configuration = Configuration::new(MAINS).unwrap();
        assert_eq!(configuration.with_conditioning(&conditioning), Err(error), "{conditioning:?}");
    };
    let with = |current: CurrentConditioning| Conditioning { currents: [current; 4], ..PLAIN };
    let gain = Correction { gain_ppb: 200_000_001, ..NOTHING };
    refused(Conditioning { voltages: [gain; 3], ..PLAIN }, ConfigurationError::Correction);
    let late = Correction { delay_nanoseconds: -125_001, ..NOTHING };
    refused(with(CurrentConditioning::uniform(late)), ConfigurationError::Correction);
    refused(Conditioning { high_pass: Some(7), ..PLAIN }, ConfigurationError::HighPass);
    refused(Conditioning { high_pass: Some(17), ..PLAIN }, ConfigurationError::HighPass);
    let coil = CurrentConditioning { sensor: Sensor::Rogowski, ..PLAIN.currents[0] };
    refused(with(coil), ConfigurationError::HighPass);
    for regions in [
        CurrentConditioning { regions: 0, ..regions() },
        CurrentConditioning { regions: 6, ..regions() },
        CurrentConditioning { up_microamperes: [1, 2, 3, 4], ..regions() },
        CurrentConditioning { down_microamperes: [0, 400_000, 800_000, 1_600_000], ..regions() },
        CurrentConditioning {
            down_microamperes: [80_000, 90_000, 800_000, 1_600_000],
            ..regions()
        },
    ] {
        refused(with(regions), ConfigurationError::Regions);
    }
}

#[test]
fn a_high_pass_makes_no_events_when_it_starts() {
    // At any place of the cycle, with the converter's largest offset (ADE9000: 3.8 mV of 1 V).
    for start in (0..160).step_by(9) {
        let wave = Wave { lag: 0.5, offset: 0.004, ..Wave::SINE };
        let mut meter = meter(MAINS, &Conditioning { high_pass: Some(14), ..PLAIN });
        for n in start..start + 16_000 {
            meter.push(&wave.frame(n));
            assert_eq!(meter.next_event(), None, "start {start}, sample {n}");
        }
    }
}
