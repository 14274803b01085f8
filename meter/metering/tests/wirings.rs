//! Wirings, rates and offsets, against closed form. The points of the standards are in the type
//! test of `simulation`.
#![allow(clippy::print_stdout, reason = "the errors are meant to be read")]

mod bench;

use core::f64::consts::{FRAC_PI_2, PI, TAU};

use bench::{IN, Load, SETTINGS, measure};
use metering::{NominalFrequency, Settings, Wiring};

#[test]
fn offsets_of_the_converter_add_no_energy() {
    for frequency in [49.0, 50.0, 51.0] {
        let mut load = Load::balanced(0.05 * IN, 1.0);
        load.offset = 0.004; // ±3.8 mV of 1 V: the ADE9000's maximum
        load.frequency = frequency;
        let errors = measure(SETTINGS, &load, (load.watts(), load.vars()));
        println!("{frequency} Hz: {errors:?}");
        assert!(errors.active.abs() < 0.02, "{frequency} Hz: {errors:?}");
        assert!(errors.reactive.abs() < 0.05, "{frequency} Hz: {errors:?}");
        assert!(errors.voltage < 0.01 && errors.current < 0.01, "{frequency} Hz: {errors:?}");
    }
}

#[test]
fn three_wires_measure_the_whole_load() {
    let settings = Settings {
        wiring: Wiring::ThreePhaseThreeWire,
        nominal_voltage_millivolts: 100_000,
        ..SETTINGS
    };
    for (frequency, lag) in [(50.0, 0.0), (49.2, 1.0), (51.0, -0.7), (50.0, PI / 3.0)] {
        // U_AB leads U_A by 30°, U_CB lags U_C by 30°.
        let mut load = Load::balanced(IN, lag);
        load.volts = [100.0, 0.0, 100.0];
        load.voltage_angle = [PI / 6.0, 0.0, FRAC_PI_2];
        load.lag = [lag + PI / 6.0, 0.0, FRAC_PI_2 - TAU / 3.0 + lag];
        load.frequency = frequency;
        let apparent = 3f64.sqrt() * 100.0 * IN;
        let errors = measure(settings, &load, (apparent * lag.cos(), apparent * lag.sin()));
        println!("{frequency} Hz, lag {lag}: {errors:?}");
        assert!(errors.active.abs() < 0.001, "{frequency} Hz, lag {lag}: {errors:?}");
        assert!(errors.reactive.abs() < 0.001, "{frequency} Hz, lag {lag}: {errors:?}");
        let mut bench = bench::Bench::new(settings);
        bench.window(&load);
        bench.window(&load);
        let window = bench.window(&load);
        let volts = window.phases[1].voltage_millivolts();
        assert!(volts.abs_diff(100_000) < 10, "A to C has {volts} mV");
        let current = window.phases[1].current_microamperes();
        assert!(current.abs_diff(1_500_000) < 100, "phase B has {current} µA");
        let factor = i32::from(window.power_factor_thousandths());
        assert!((f64::from(factor) - lag.cos() * 1e3).abs() <= 1.0, "{factor}");
    }
}

#[test]
fn single_phase_60_hertz_and_other_rates_are_as_good() {
    for rate in [2_000, 4_000, 6_400, 12_800, 16_000] {
        let settings = Settings {
            wiring: Wiring::SinglePhase,
            sample_rate_hertz: rate,
            nominal_frequency: NominalFrequency::Hertz60,
            ..SETTINGS
        };
        let mut load = Load::single(0, IN, 1.0);
        load.rate = f64::from(rate);
        load.frequency = 60.3;
        let errors = measure(settings, &load, (load.watts(), load.vars()));
        println!("{rate} Hz: {errors:?}");
        assert!(errors.active.abs() < 0.02, "{rate} Hz: {errors:?}");
        assert!(errors.reactive.abs() < 0.05, "{rate} Hz: {errors:?}");
    }
}
