//! What the registers, pulses and windows do over time.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod bench;

use bench::{Bench, IN, Load, SETTINGS, UN, active, watt_hours};
use metering::{
    ActiveRegisters, CODE_LIMIT, Configuration, ConfigurationError, CurrentScale, EnergyRegister,
    Frame, Metering, NominalFrequency, Registers, Settings, VoltageScale, Wiring,
};
use quantity::Energy;

/// The register as one exact integer in parts of a milliwatt-hour.
fn parts(register: &EnergyRegister, unit: u128) -> u128 {
    u128::try_from(register.energy.milliwatt_hours()).unwrap() * unit + register.rest
}

#[test]
fn a_restart_with_registers_loses_nothing() {
    let load = Load::balanced(2.3 * IN, 0.4);
    let mut first = Bench::new(SETTINGS);
    for _ in 0..7 {
        first.window(&load);
    }
    let saved = *first.meter.registers();
    let configuration = *first.meter.configuration();
    let mut second = Bench::new(SETTINGS);
    second.meter = Metering::with_registers(configuration, saved);
    assert_eq!(*second.meter.registers(), saved);

    let mut fresh = Bench::new(SETTINGS);
    for _ in 0..9 {
        second.window(&load);
        fresh.window(&load);
    }
    let (after, alone) = (second.meter.registers(), fresh.meter.registers());
    let unit = saved.rest_unit;
    assert_eq!(
        parts(&after.import.total, unit),
        parts(&saved.import.total, unit) + parts(&alone.import.total, unit)
    );
    assert_eq!(
        parts(&after.import.phases[1], unit),
        parts(&saved.import.phases[1], unit) + parts(&alone.import.phases[1], unit)
    );
    assert!(after.quadrants[0].milli_var_hours > saved.quadrants[0].milli_var_hours);
}

#[test]
fn other_scales_keep_the_rests() {
    let load = Load::balanced(IN, 0.4);
    let mut bench = Bench::new(SETTINGS);
    for _ in 0..3 {
        bench.window(&load);
    }
    let saved = *bench.meter.registers();
    for microvolts in [801_000_001, 400_123_457, 1_000_000] {
        let settings = Settings {
            voltage_scale: VoltageScale { microvolts, ..SETTINGS.voltage_scale },
            nominal_voltage_millivolts: 900,
            ..SETTINGS
        };
        let other = Configuration::new(settings).unwrap();
        let restored = Metering::with_registers(other, saved);
        let registers = restored.registers();
        assert!(registers.import.total.rest < registers.rest_unit);
        let before = watt_hours(&saved.import.total, saved.rest_unit);
        let after = watt_hours(&registers.import.total, registers.rest_unit);
        assert!((before - after).abs() < 1e-9 && after > 0.0, "{before} became {after}");
    }
}

#[test]
fn pulses_agree_with_the_register() {
    let mut bench = Bench::new(SETTINGS);
    let (mut import, mut export) = (0, 0);
    for window in 0..200 {
        let swing = f64::from(window % 17) / 4.0;
        let lag = if window % 5 == 0 { 3.0 } else { 0.3 };
        let pulses = bench.window(&Load::balanced(swing * IN, lag)).pulses;
        import += pulses.import;
        export += pulses.export;
        let registers = bench.meter.registers();
        for (direction, counted) in [(registers.import, import), (registers.export, export)] {
            assert_eq!(direction.pulses, counted);
            let due = direction.total.energy.milliwatt_hours() * 20_000 / 1_000_000;
            assert_eq!(i64::try_from(counted).unwrap(), due);
        }
    }
    assert!(import > 50 && export > 10, "{import} and {export} pulses");
}

#[test]
fn starts_at_a_thousandth_of_the_nominal_current() {
    for (name, load) in [
        ("balanced", Load::balanced(0.001 * IN, 0.0)),
        ("one phase", Load::single(1, 0.001 * IN, 0.0)),
        ("low voltage", Load { volts: [0.9 * UN; 3], ..Load::balanced(0.001 * IN, 0.0) }),
        ("export", Load::balanced(0.001 * IN, core::f64::consts::PI)),
    ] {
        let errors = bench::measure(SETTINGS, &load, (load.watts(), load.vars()));
        assert!(errors.active.abs() < 0.04, "{name}: {errors:?}");
    }
    let load = Load::balanced(0.001 * IN, core::f64::consts::FRAC_PI_2);
    let errors = bench::measure(SETTINGS, &load, (load.watts(), load.vars()));
    assert!(errors.reactive.abs() < 0.1, "reactive: {errors:?}");
}

#[test]
fn no_load_moves_no_register() {
    // 115 % Un, current open, and noise and offset on the current channels.
    let load = Load { volts: [1.15 * UN; 3], offset: 0.004, ..Load::balanced(0.0, 0.0) };
    let mut bench = Bench::new(SETTINGS);
    let mut noise = 1_u32;
    for n in 0..80_000 {
        let mut frame = load.frame(n);
        for current in &mut frame.current {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *current += i32::try_from(noise >> 20).unwrap() - 2_048;
        }
        bench.meter.push(&frame);
    }
    let registers = bench.meter.registers();
    let empty = Registers { rest_unit: registers.rest_unit, ..Registers::default() };
    assert_eq!(*registers, empty);
    // All elements together just below the threshold, which is half of what one element has at the
    // starting current: nothing counts, reactive included.
    for lag in [0.0, 1.5, 3.0] {
        let mut bench = Bench::new(SETTINGS);
        for _ in 0..20 {
            bench.window(&Load::balanced(0.000_16 * IN, lag));
        }
        assert_eq!(*bench.meter.registers(), empty);
    }
}

#[test]
fn repeating_a_window_equals_pushing_it_again() {
    // At exactly 50 Hz each window holds the same codes, so real windows can be compared.
    for lag in [0.5, 2.8, -0.5, -2.8] {
        let load = Load::balanced(1.7 * IN, lag);
        let mut pushed = Bench::new(SETTINGS);
        for _ in 0..3 {
            pushed.window(&load);
        }
        let mut repeated = pushed.meter.clone();
        let mut one_by_one = pushed.meter.clone();
        for _ in 0..250 {
            pushed.window(&load);
            one_by_one.repeat_window(1);
        }
        repeated.repeat_window(250);
        assert_eq!(repeated.registers(), pushed.meter.registers());
        assert_eq!(repeated.registers(), one_by_one.registers());
    }
}

#[test]
fn the_first_booked_window_is_as_exact_as_the_others() {
    for late in (0..160).step_by(7) {
        let mut bench = Bench::new(SETTINGS);
        bench.time = late;
        let load = Load { offset: 0.004, ..Load::balanced(IN, 0.9) };
        bench.window(&load);
        assert_eq!(active(bench.meter.registers()), 0.0);
        bench.window(&load);
        let (watt_hours, var_hours) =
            (active(bench.meter.registers()), bench::reactive(bench.meter.registers()));
        let hours = 0.2 / 3_600.0;
        assert!((watt_hours / hours / load.watts() - 1.0).abs() < 1e-6, "{late}: {watt_hours}");
        assert!((var_hours / hours / load.vars() - 1.0).abs() < 1e-6, "{late}: {var_hours}");
    }
}

#[test]
fn repeating_before_the_first_window_does_nothing() {
    let mut meter = Bench::new(SETTINGS).meter;
    let before = *meter.registers();
    meter.repeat_window(u32::MAX);
    assert_eq!(*meter.registers(), before);
}

#[test]
fn repeating_for_centuries_is_exact() {
    let load = Load::balanced(IN, 0.2);
    let mut bench = Bench::new(SETTINGS);
    for _ in 0..2 {
        bench.window(&load);
    }
    let mut early = *bench.meter.registers();
    bench.window(&load);
    let unit = early.rest_unit;
    let window =
        parts(&bench.meter.registers().import.total, unit) - parts(&early.import.total, unit);
    early = *bench.meter.registers();
    bench.meter.repeat_window(u32::MAX);
    let total = parts(&early.import.total, unit) + window * u128::from(u32::MAX);
    assert_eq!(parts(&bench.meter.registers().import.total, unit), total);
}

#[test]
fn the_total_has_its_own_direction() {
    // A draws 2, B feeds 1, C draws 0.5: the plant as a whole draws 1.5.
    let mut load = Load::balanced(0.0, 0.0);
    load.amperes = [2.0, 1.0, 0.5];
    load.lag = [0.0, core::f64::consts::PI, 0.0];
    let mut bench = Bench::new(SETTINGS);
    for _ in 0..12 {
        bench.window(&load);
    }
    let registers = bench.meter.registers();
    let none = EnergyRegister::default();
    assert_eq!(registers.export.total, none);
    assert_eq!(registers.export.phases[0], none);
    assert_eq!(registers.import.phases[1], none);
    assert_eq!(registers.export.pulses, 0);
    let unit = registers.rest_unit;
    let net = parts(&registers.import.phases[0], unit) + parts(&registers.import.phases[2], unit)
        - parts(&registers.export.phases[1], unit);
    assert_eq!(parts(&registers.import.total, unit), net);
    assert!(registers.import.total.energy > Energy::ZERO);
}

#[test]
fn each_quadrant_has_its_register() {
    let quadrants = [(0.6, 0), (2.5, 1), (-2.5, 2), (-0.6, 3)];
    for (lag, quadrant) in quadrants {
        let mut bench = Bench::new(SETTINGS);
        bench.window(&Load::balanced(0.0, 0.0));
        let load = Load::balanced(4.0 * IN, lag);
        bench.window(&load);
        let window = bench.window(&load);
        let registers = bench.meter.registers();
        for (index, register) in registers.quadrants.iter().enumerate() {
            assert_eq!(register.milli_var_hours > 0, index == quadrant, "lag {lag}: {registers:?}");
        }
        assert_eq!(window.reactive_milli_vars() > 0, lag > 0.0);
        assert_eq!(window.active().is_negative(), quadrant == 1 || quadrant == 2);
        assert_eq!(window.power_factor_thousandths() < 0, window.active().is_negative());
    }
}

#[test]
fn each_phase_has_its_own_quadrants() {
    // A is in I, B in III, C in IV, all of one size: the total is in IV by a hair.
    let mut load = Load::balanced(2.0, 0.0);
    load.lag = [0.5, 0.5 - core::f64::consts::PI, -0.6];
    let mut bench = Bench::new(SETTINGS);
    for _ in 0..12 {
        bench.window(&load);
    }
    let registers = bench.meter.registers();
    for (phase, quadrant) in [(0, 0), (1, 2), (2, 3)] {
        for (index, register) in registers.phase_quadrants[phase].iter().enumerate() {
            assert_eq!(
                register.milli_var_hours > 0,
                index == quadrant,
                "phase {phase}: {register:?}"
            );
        }
    }
    let net = registers.phase_quadrants[0][0].milli_var_hours
        - registers.phase_quadrants[1][2].milli_var_hours
        - registers.phase_quadrants[2][3].milli_var_hours;
    assert_eq!(
        registers.quadrants.map(|register| register.milli_var_hours > 0),
        [false, false, false, true]
    );
    assert!((registers.quadrants[3].milli_var_hours + net).abs() <= 2, "{registers:?}");
}

#[test]
fn a_window_says_what_flows() {
    let load = Load { frequency: 49.873, ..Load::balanced(2.0, 1.0) };
    let mut bench = Bench::new(SETTINGS);
    let short = bench.window(&load);
    assert!(short.samples < 200 && short.frequency_millihertz() == 0, "{short:?}");
    let window = bench.window(&load);
    assert_eq!(window.frequency_millihertz(), 49_873);
    assert!((1_603..=1_605).contains(&window.samples));
    assert_eq!(window.phases[2].voltage_millivolts(), 57_700);
    assert_eq!(window.phases[2].current_microamperes(), 2_000_000);
    assert_eq!(window.phases[2].apparent_milli_volt_amperes(), 115_400);
    assert_eq!(window.phases[2].power_factor_thousandths(), 540);
    assert_eq!(window.phases[0].active().milliwatts(), 62_351);
    assert_eq!(window.active().milliwatts(), 187_053);
    assert_eq!(window.apparent_milli_volt_amperes(), 346_200);
    assert!(window.reactive_milli_vars().abs_diff(291_317) < 2, "{window:?}");
    assert!(window.neutral_current_microamperes() < 5, "{window:?}");
    let lone = Load::single(2, 2.0, 0.0);
    bench.window(&lone);
    assert!(bench.window(&lone).neutral_current_microamperes().abs_diff(2_000_000) < 5);
}

#[test]
fn windows_go_on_when_voltages_are_lost() {
    let mut bench = Bench::new(SETTINGS);
    let whole = Load::balanced(IN, 0.3);
    bench.window(&whole);
    bench.window(&whole);
    // Phase A is lost: another one is followed within two windows.
    let mut lame = whole;
    lame.volts[0] = 0.0;
    for _ in 0..3 {
        bench.window(&lame);
    }
    assert_eq!(bench.window(&lame).frequency_millihertz(), 50_000);
    assert!(bench.window(&lame).active().milliwatts() > 160_000);
    // All are lost, but current flows: windows of 200 ms, current measured, no energy.
    let dead = Load { volts: [0.0; 3], ..whole };
    for _ in 0..3 {
        bench.window(&dead);
    }
    let before = *bench.meter.registers();
    let window = bench.window(&dead);
    assert_eq!((window.samples, window.frequency_millihertz()), (1_600, 0));
    assert!(window.phases[1].current_microamperes().abs_diff(1_500_000) < 2_000);
    assert_eq!(*bench.meter.registers(), before);
    // And back.
    bench.window(&whole);
    assert_eq!(bench.window(&whole).frequency_millihertz(), 50_000);
}

#[test]
fn changing_loads_are_counted_whole() {
    // Bursts of two cycles on, two off, cut anywhere by the windows.
    let on = Load::balanced(0.5 * IN, 0.0);
    let off = Load::balanced(0.0, 0.0);
    let mut bench = Bench::new(SETTINGS);
    for n in 0..80_320 {
        let load = if n / 320 % 2 == 0 { &on } else { &off };
        bench.meter.push(&load.frame(n));
    }
    let energy = active(bench.meter.registers());
    let exact = on.watts() * 5.0 / 3_600.0;
    assert!((energy / exact - 1.0).abs() < 0.005, "{energy} Wh of {exact}");
}

#[test]
fn settings_out_of_range_are_refused() {
    let scale = |codes, microvolts| VoltageScale { codes, microvolts };
    let voltage = |voltage_scale| Settings { voltage_scale, ..SETTINGS };
    let current = |codes, microamperes| Settings {
        current_scale: CurrentScale { codes, microamperes },
        ..SETTINGS
    };
    for (settings, error) in [
        (Settings { sample_rate_hertz: 1_999, ..SETTINGS }, ConfigurationError::SampleRate),
        (Settings { sample_rate_hertz: 16_001, ..SETTINGS }, ConfigurationError::SampleRate),
        (voltage(scale(1_023, 1_000_000)), ConfigurationError::VoltageScale),
        (voltage(scale(80_000_001, 1_000_000)), ConfigurationError::VoltageScale),
        (voltage(scale(74_532_013, 0)), ConfigurationError::VoltageScale),
        (current(0, 1_000), ConfigurationError::CurrentScale),
        (current(74_532_013, 0), ConfigurationError::CurrentScale),
        (current(74_532_013, u32::MAX), ConfigurationError::FullScalePower),
        (
            Settings {
                voltage_scale: scale(74_532_013, 801_000_007),
                ..current(74_532_013, 900_000_001)
            },
            ConfigurationError::FullScalePower,
        ),
        (
            Settings { nominal_voltage_millivolts: 0, ..SETTINGS },
            ConfigurationError::NominalVoltage,
        ),
        (
            Settings { nominal_voltage_millivolts: 900_000, ..SETTINGS },
            ConfigurationError::NominalVoltage,
        ),
        (
            Settings { starting_current_microamperes: 0, ..SETTINGS },
            ConfigurationError::StartingCurrent,
        ),
        (Settings { pulses_per_kilowatt_hour: 0, ..SETTINGS }, ConfigurationError::PulseConstant),
        (
            Settings { pulses_per_kilowatt_hour: 1_000_001, ..SETTINGS },
            ConfigurationError::PulseConstant,
        ),
    ] {
        assert_eq!(Configuration::new(settings), Err(error), "{settings:?}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn the_largest_scales_hold_the_largest_codes() {
    // The nearest to the limit that is accepted, with coprime numbers, driven to the stops.
    let mut amperes = 1_100_000_000;
    let configuration = loop {
        amperes -= 1_000_003;
        let settings = Settings {
            current_scale: CurrentScale { codes: 74_532_013, microamperes: amperes },
            voltage_scale: VoltageScale { codes: 74_532_013, microvolts: 801_000_007 },
            sample_rate_hertz: 16_000,
            nominal_frequency: NominalFrequency::Hertz60,
            wiring: Wiring::ThreePhaseFourWire,
            ..SETTINGS
        };
        if let Ok(configuration) = Configuration::new(settings) {
            break configuration;
        }
    };
    assert!(amperes > 200_000_000, "{amperes} µA");
    let mut meter = Metering::new(configuration);
    let high = Frame { voltage: [i32::MAX; 3], current: [i32::MIN; 4] };
    let low = Frame { voltage: [i32::MIN; 3], current: [i32::MAX; 4] };
    // A square wave of 40.1 Hz makes the longest windows.
    for n in 0..16_000 * 2 {
        meter.push(if n / 199 % 2 == 0 { &high } else { &low });
    }
    let watts = f64::from(CODE_LIMIT) / 74_532_013.0 * 801.000_007;
    let watts = 3.0 * watts * f64::from(CODE_LIMIT) / 74_532_013.0 * f64::from(amperes) / 1e6;
    let registers = meter.registers();
    let measured = watt_hours(&registers.export.total, registers.rest_unit);
    assert!(measured > watts * 1.5 / 3_600.0 && measured < watts * 2.0 / 3_600.0, "{measured} Wh");
}

#[test]
fn full_registers_stay_full() {
    let full = EnergyRegister { energy: Energy::MAX, rest: u128::MAX };
    let direction = ActiveRegisters { total: full, phases: [full; 3], pulses: u64::MAX };
    let registers = Registers { import: direction, export: direction, ..Registers::default() };
    let configuration = Configuration::new(SETTINGS).unwrap();
    let mut bench = Bench::new(SETTINGS);
    for rest_unit in [0, 1, u128::MAX] {
        bench.meter = Metering::with_registers(configuration, Registers { rest_unit, ..registers });
        for lag in [0.0, 3.0] {
            bench.window(&Load::balanced(IN, lag));
            bench.window(&Load::balanced(IN, lag));
            bench.meter.repeat_window(u32::MAX);
        }
        assert_eq!(bench.meter.registers().import.total.energy, Energy::MAX);
    }
}
