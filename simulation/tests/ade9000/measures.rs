//! Full-scale codes of the data sheet, and what gains, wirings and filters make of them.

use super::{CONFIGURATION, FULL_LINE, FULL_SCALE, close, mean, peek, signed, started, write};
use ade9000::{
    Configuration, FULL_SCALE_LPF, FULL_SCALE_PCF, FULL_SCALE_POWER, FULL_SCALE_RMS,
    FULL_SCALE_SINC, LineFrequency, fields, phase_calibration,
};
use simulation::ade9000::{Harmonic, Line};

const SECONDS: u64 = 8000;

#[test]
fn full_scale_gives_the_codes_of_the_data_sheet() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    bench.borrow_mut().run(4 * SECONDS);
    for name in ["AIRMS", "AVRMS", "BIRMS", "CVRMS", "AIFRMS", "AVFRMS", "AIRMSONE", "CVRMS1012"] {
        close(mean(&bench, name), f64::from(FULL_SCALE_RMS), 3.0);
    }
    for name in ["AWATT", "BWATT", "CWATT", "AVA", "AFWATT", "AFVA"] {
        close(mean(&bench, name), f64::from(FULL_SCALE_POWER), 5.0);
    }
    for name in ["AVAR", "AFVAR"] {
        assert!(mean(&bench, name).abs() < f64::from(FULL_SCALE_POWER) * 20e-6, "{name}");
    }
    let mut peaks = [0; 4];
    for _ in 0..160 {
        bench.borrow_mut().run(1);
        let names = ["AV_SINC_DAT", "AV_LPF_DAT", "AV_PCF", "AI_PCF"];
        for (peak, name) in peaks.iter_mut().zip(names) {
            *peak = signed(&bench, name).max(*peak);
        }
    }
    // A sample lies within 1.125 degrees of the peak, and 24 bits are moved up by four.
    let codes = [FULL_SCALE_SINC, FULL_SCALE_LPF, FULL_SCALE_PCF, FULL_SCALE_PCF];
    for (peak, code) in peaks.into_iter().zip(codes) {
        close(f64::from(peak), f64::from(code), 200.0);
        assert!(peak <= code + 16 * 300);
    }
}

/// 50 % at 60 degrees: P = 0.5, Q = 0.866 of the apparent power; negative against the current.
#[test]
fn powers_have_the_signs_of_the_quadrants() {
    let table = [
        (60.0, 0.5, 0.866_025_4),
        (120.0, -0.5, 0.866_025_4),
        (-120.0, -0.5, -0.866_025_4),
        (-60.0, 0.5, -0.866_025_4),
    ];
    for (lag_degrees, watt, var) in table {
        let line = Line { lag_degrees, amperes: FULL_SCALE / 2.0, ..FULL_LINE };
        let bench = started(line, &CONFIGURATION);
        bench.borrow_mut().run(2 * SECONDS);
        let scale = f64::from(FULL_SCALE_POWER) / 2.0;
        for (name, expected) in [("AWATT", watt), ("AVAR", var), ("AFWATT", watt), ("CFVAR", var)] {
            close(mean(&bench, name), scale * expected, 40.0);
        }
    }
}

/// A fifth harmonic of 10 % in the voltage and 40 % in the current, in phase: P = 1.04 P1.
#[test]
fn harmonics_count_in_the_total_and_not_in_the_fundamental() {
    let fifth = Harmonic { order: 5, voltage_share: 0.1, current_share: 0.4 };
    let line = Line {
        volts: FULL_SCALE / 2.0,
        amperes: FULL_SCALE / 2.0,
        harmonics: vec![fifth],
        ..FULL_LINE
    };
    let bench = started(line, &CONFIGURATION);
    bench.borrow_mut().run(4 * SECONDS);
    let scale = f64::from(FULL_SCALE_POWER) / 4.0;
    // The high-pass filter, one at 50 Hz, lets 300 ppm more through at 250 Hz: 24 ppm of P.
    close(mean(&bench, "AWATT"), 1.04 * scale, 40.0);
    close(mean(&bench, "AFWATT"), scale, 10.0);
    // 5.27
    let share = |name: &str| f64::from(signed(&bench, name)) / 134_217_728.0;
    close(share("AVTHD"), 0.1, 500.0);
    close(share("AITHD"), 0.4, 500.0);
    // S^2 = U^2 I^2 with U^2 = 1.01 and I^2 = 1.16.
    close(share("APF"), 1.04 / (1.01_f64 * 1.16).sqrt(), 100.0);
}

#[test]
fn amplifiers_gains_and_offsets_multiply_and_add() {
    let line = Line { volts: FULL_SCALE / 4.0, amperes: FULL_SCALE / 4.0, ..FULL_LINE };
    // IA twice, VA four times.
    let configuration = Configuration { gains: 0b10_00_00_00_01, ..CONFIGURATION };
    let bench = started(line, &configuration);
    write(&bench, "AIGAIN", 1 << 26);
    write(&bench, "APGAIN", 1 << 26);
    write(&bench, "AWATTOS", 1000);
    bench.borrow_mut().run(3 * SECONDS);
    // IGAIN 1.5: half times 1.5; VGAIN 1: the whole.
    close(mean(&bench, "AIRMS"), 0.75 * f64::from(FULL_SCALE_RMS), 5.0);
    close(mean(&bench, "AVRMS"), f64::from(FULL_SCALE_RMS), 5.0);
    close(mean(&bench, "AWATT"), 1.5 * 0.75 * f64::from(FULL_SCALE_POWER) + 1000.0, 10.0);
    close(mean(&bench, "BWATT"), f64::from(FULL_SCALE_POWER) / 16.0, 10.0);
    // An offset of rms is added in the square: 2^15 times it.
    write(&bench, "BIRMSOS", 1_000_000);
    bench.borrow_mut().run(1);
    let expected = (f64::from(FULL_SCALE_RMS) / 4.0).powi(2) + 32_768e6;
    close(mean(&bench, "BIRMS"), expected.sqrt(), 10.0);
}

/// A current that lags by one degree too much, and the code that the formula gives for it.
#[test]
fn phase_calibration_turns_the_current_back() {
    let line = Line { lag_degrees: 61.0, ..FULL_LINE };
    let bench = started(line, &CONFIGURATION);
    write(&bench, "APHCAL0", phase_calibration(1.0, 50.0).unwrap().cast_unsigned());
    bench.borrow_mut().run(2 * SECONDS);
    close(mean(&bench, "AWATT"), 0.5 * f64::from(FULL_SCALE_POWER), 20.0);
    let uncorrected = 61.0_f64.to_radians().cos();
    close(mean(&bench, "BWATT"), uncorrected * f64::from(FULL_SCALE_POWER), 20.0);
}

/// Regions overlap: up above the high threshold, down below the low one of the next.
#[test]
fn multipoint_regions_have_hysteresis() {
    let configuration = Configuration { config0: fields::CONFIG0_MTEN, ..CONFIGURATION };
    let line = Line { amperes: FULL_SCALE * 0.1, ..FULL_LINE };
    let bench = started(line, &configuration);
    let full = f64::from(FULL_SCALE_RMS);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of it")]
    let level = |share: f64| (full * share) as u32;
    for (name, value) in [
        ("MTTHR_H0", level(0.22)),
        ("MTTHR_L1", level(0.18)),
        ("MTTHR_H1", u32::MAX),
        ("AIGAIN1", 1 << 26),
    ] {
        write(&bench, name, value);
    }
    // Region 1 has a gain of 1.5, so its current has to fall below 0.18 / 1.5 to leave it.
    let mut seen = Vec::new();
    for share in [0.1, 0.21, 0.3, 0.14, 0.1] {
        bench.borrow_mut().line.amperes = FULL_SCALE * share;
        bench.borrow_mut().run(SECONDS);
        seen.push((peek(&bench, "AMTREGION"), (mean(&bench, "AIRMS") / full * 1000.0).round()));
    }
    assert_eq!(seen, [(0, 100.0), (0, 210.0), (1, 450.0), (1, 210.0), (0, 100.0)]);
}

/// Data sheet: 50 Hz 0x00A00000 less one, 60 Hz 0x00855554; 90 degrees are 5120 or 4267.
#[test]
fn periods_and_angles() {
    for (line, hertz, period, third, sixth) in [
        (LineFrequency::Hz50, 50.0, 0x009F_FFFF_u32, 6826_i64, 1706_i64),
        (LineFrequency::Hz60, 60.0, 0x0085_5554, 5688, 1422),
    ] {
        let configuration = Configuration { line, ..CONFIGURATION };
        let bench = started(Line { hertz, lag_degrees: 30.0, ..FULL_LINE }, &configuration);
        bench.borrow_mut().run(SECONDS);
        for name in ["APERIOD", "BPERIOD", "CPERIOD", "COM_PERIOD"] {
            assert!(peek(&bench, name).abs_diff(period) <= 600, "{name}: {}", peek(&bench, name));
        }
        for (name, code) in [("ANGL_VA_VB", third), ("ANGL_VA_IA", sixth), ("ANGL_IB_IC", third)] {
            assert!((i64::from(peek(&bench, name)) - code).abs() <= 2, "{name}");
        }
    }
}

/// Without a voltage, and outside of 40 to 70 Hz, the nominal period is shown.
#[test]
fn a_period_that_is_not_there_is_the_nominal_one() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    bench.borrow_mut().run(SECONDS);
    assert_ne!(peek(&bench, "APERIOD"), 0x00A0_0000);
    for (volts, hertz) in [(0.0, 50.0), (FULL_SCALE, 80.0)] {
        bench.borrow_mut().line = Line { volts, hertz, ..FULL_LINE };
        bench.borrow_mut().run(SECONDS);
        assert_eq!(peek(&bench, "APERIOD"), 0x00A0_0000);
    }
}

#[test]
fn a_constant_part_is_filtered_out_unless_the_filter_is_off() {
    use simulation::ade9000::Twin;
    for (config0, expected) in [(0, 0.0), (fields::CONFIG0_HPFDIS, f64::from(FULL_SCALE_RMS))] {
        let mut twin = Twin::new();
        let constant = [[FULL_SCALE; 7]; 4];
        (0..400).for_each(|_| twin.step(&constant));
        twin.exchange(&[&[0x06, 0x00][..], &u32::to_be_bytes(config0)].concat());
        twin.exchange(&[0x48, 0x00, 0x00, 0x01]);
        (0..24_000).for_each(|_| twin.step(&constant));
        assert!((f64::from(twin.peek(0x20D)) - expected).abs() < 200.0, "{:X}", twin.peek(0x20D));
    }
}

/// `VCONSEL` and `ICONSEL`, with the converters of VB and IB switched off: what is formed from
/// others doesn't need them.
#[test]
fn wirings_form_voltages_and_currents_from_others() {
    let delta = 3.0_f64.sqrt();
    let table = [
        (0, [1.0, 0.0, 1.0]),
        (1, [1.0, delta, 1.0]),
        (2, [1.0, 1.0, 1.0]),
        (3, [1.0, 1.0, 1.0]),
        (4, [1.0, delta, 1.0]),
    ];
    let half = f64::from(FULL_SCALE_RMS) / 2.0;
    for (mode, volts) in table {
        let accumulation = mode << 4 | u16::try_from(fields::ACCMODE_ICONSEL).unwrap();
        let line = Line { volts: FULL_SCALE / 2.0, amperes: FULL_SCALE / 2.0, ..FULL_LINE };
        let bench = started(line, &Configuration { accumulation, ..CONFIGURATION });
        write(&bench, "CHNL_DIS", 1 << 1 | 1 << 5);
        bench.borrow_mut().run(4 * SECONDS);
        for (name, share) in ["AVRMS", "BVRMS", "CVRMS"].into_iter().zip(volts) {
            let error = (mean(&bench, name) - share * half).abs();
            assert!(error < half * 5e-6, "mode {mode}: {name} is off by {error}");
        }
        close(mean(&bench, "BIRMS"), half, 5.0);
    }
}

/// A Rogowski coil gives the derivative; the integrator turns it back by 90 degrees. A current
/// that isn't a derivative is then 90 degrees late: all of it is reactive.
#[test]
fn integrators_turn_the_currents() {
    let configuration = Configuration { config0: fields::CONFIG0_INTEN, ..CONFIGURATION };
    let bench = started(FULL_LINE, &configuration);
    assert_eq!(peek(&bench, "DICOEFF"), fields::DICOEFF_INTEGRATOR);
    bench.borrow_mut().run(5 * SECONDS);
    close(mean(&bench, "AVAR"), f64::from(FULL_SCALE_POWER), 50.0);
    // The leak turns by 0.09 degrees: 0.16 % of it.
    assert!(mean(&bench, "AWATT").abs() < f64::from(FULL_SCALE_POWER) * 0.002);
}

#[test]
fn the_apparent_power_can_take_a_nominal_voltage() {
    let configuration = Configuration { config0: fields::CONFIG0_VNOMA_EN << 1, ..CONFIGURATION };
    let bench = started(Line { volts: 0.1, ..FULL_LINE }, &configuration);
    write(&bench, "VNOM", FULL_SCALE_RMS / 2);
    bench.borrow_mut().run(3 * SECONDS);
    close(mean(&bench, "BVA"), f64::from(FULL_SCALE_POWER) / 2.0, 10.0);
    close(mean(&bench, "AVA"), f64::from(FULL_SCALE_POWER) * 0.1 / FULL_SCALE, 20.0);
}

/// The active power settles in 0.43 s to 99 % and in 0.66 s to 99.9 % (TRM); an rms has a ripple
/// of 0.064 % (DS, figure 61).
#[test]
fn settling_and_ripple_are_those_of_the_manuals() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    let settled_at = |share: f64| {
        while f64::from(signed(&bench, "AWATT")) < f64::from(FULL_SCALE_POWER) * share {
            bench.borrow_mut().run(1);
        }
        // 47 ms went by before the processor ran.
        f64::from(u32::try_from(bench.borrow().steps()).unwrap()) / 8000.0 - 0.047
    };
    let (first, second) = (settled_at(0.99), settled_at(0.999));
    assert!((first - 0.43).abs() < 0.03 && (second - 0.66).abs() < 0.03, "{first} {second}");
    bench.borrow_mut().run(4 * SECONDS);
    let (mut low, mut high) = (i32::MAX, 0);
    for _ in 0..160 {
        bench.borrow_mut().run(1);
        low = low.min(signed(&bench, "AIRMS"));
        high = high.max(signed(&bench, "AIRMS"));
    }
    let ripple = f64::from(high - low) / 2.0 / f64::from(FULL_SCALE_RMS);
    assert!((ripple - 0.000_64).abs() < 0.000_1, "{ripple}");
}
