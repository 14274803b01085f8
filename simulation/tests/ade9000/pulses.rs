//! Pulses, energies by mode, no-load.

use super::{CONFIGURATION, FULL_LINE, FULL_SCALE, at, close, peek, signed, started, write};
use ade9000::{Configuration, Energy45, FULL_SCALE_POWER, fields, no_load_level};
use core::cell::RefCell;
use simulation::ade9000::{Bench, Line};

const SECONDS: u64 = 8000;

fn energy(bench: &RefCell<Bench>, name: &str) -> i64 {
    let words = ["HI", "LO"].map(|word| peek(bench, &format!("{name}_{word}")));
    Energy45::from_words(words[0], words[1]).get()
}

/// f = 8000 * code / (xTHR * CFxDEN): 78,941.6 Hz at most, 38.55 Hz with the reset values.
#[test]
fn pulse_frequencies_of_the_data_sheet() {
    for (threshold, divisor, hertz) in [(0x0010_0000, 2, 78_941.6), (0xFFFF, 0xFFFF, 38.546)] {
        let bench = started(FULL_LINE, &CONFIGURATION);
        write(&bench, "WTHR", threshold);
        write(&bench, "CF1DEN", divisor);
        write(&bench, "COMPMODE", 1);
        bench.borrow_mut().run(4 * SECONDS);
        let before = bench.borrow().twin.pins().pulses[0];
        bench.borrow_mut().run(20 * SECONDS);
        let pulses = bench.borrow().twin.pins().pulses[0] - before;
        let counted = f64::from(u32::try_from(pulses).unwrap()) / 20.0;
        assert!((counted - hertz).abs() < 0.06 + hertz * 5e-6, "{counted} against {hertz}");
    }
}

/// Pulses and energies come from the same codes: they agree within one pulse.
#[test]
fn pulses_agree_with_the_energy_register() {
    let line = Line { lag_degrees: 30.0, amperes: FULL_SCALE * 0.37, ..FULL_LINE };
    let bench = started(line, &Configuration { energy_samples: 1, ..CONFIGURATION });
    write(&bench, "COMPMODE", 7);
    write(&bench, "CF1DEN", 999);
    let level = 0xFFFF * 999;
    bench.borrow_mut().run(SECONDS);
    let state = || {
        let sum: i64 =
            ["AWATTHR", "BWATTHR", "CWATTHR"].iter().map(|name| energy(&bench, name)).sum();
        (sum, bench.borrow().twin.pins().pulses[0])
    };
    let (first_energy, first_pulses) = state();
    for _ in 0..50 {
        bench.borrow_mut().run(777);
        let (energy, pulses) = state();
        let pulses = i64::try_from(pulses - first_pulses).unwrap();
        assert!((energy - first_energy - pulses * level).abs() <= level);
    }
    assert!(state().1 > 1000);
}

/// A pulse is low: half of the time when it's fast, 80 ms when it's slow.
#[test]
fn pulses_have_their_width() {
    for (divisor, low_share) in [(1000, 0.5), (0xFFFF, 0.08 * 3.0837)] {
        let bench = started(FULL_LINE, &CONFIGURATION);
        write(&bench, "COMPMODE", 1);
        // 38.55 Hz * 65,535 / CF1DEN / factor
        write(&bench, "WTHR", if divisor == 1000 { 0x000F_FFFF } else { 0x000C_8000 });
        write(&bench, "CF1DEN", divisor);
        bench.borrow_mut().run(2 * SECONDS);
        let mut low = 0;
        for _ in 0..10 * SECONDS {
            bench.borrow_mut().run(1);
            low += u32::from(!bench.borrow().twin.pins().cf[0]);
        }
        let share = f64::from(low) / 80_000.0;
        assert!((share - low_share).abs() < 0.02, "{share} against {low_share}");
    }
}

#[test]
fn export_pulses_and_their_sign() {
    let bench = started(Line { lag_degrees: 180.0, ..FULL_LINE }, &CONFIGURATION);
    write(&bench, "COMPMODE", 1);
    bench.borrow_mut().run(2 * SECONDS);
    assert!(bench.borrow().twin.pins().pulses[0] > 20);
    let negative = 1 << 6 | 1;
    assert_eq!(peek(&bench, "PHSIGN") & negative, negative);
    let raised = fields::STATUS0_REVPSUM1 | fields::STATUS0_REVAPA | fields::STATUS0_CF1;
    assert_eq!(peek(&bench, "STATUS0") & raised, raised);
    // EVENT_STATUS has a one for a positive last pulse.
    assert_eq!(peek(&bench, "EVENT_STATUS") >> 6 & 0xF, 0b1110);
}

/// WATTACC: signed, absolute, positive only, negative only.
#[test]
fn accumulation_modes() {
    for (mode, share) in [(0, -1.0), (1, 1.0), (2, 0.0), (3, -1.0)] {
        let line = Line { lag_degrees: 180.0, ..FULL_LINE };
        let bench = started(line, &Configuration { accumulation: mode, ..CONFIGURATION });
        bench.borrow_mut().run(3 * SECONDS);
        let before = energy(&bench, "AWATTHR");
        bench.borrow_mut().run(SECONDS);
        #[allow(clippy::cast_precision_loss, reason = "38 bits")]
        let moved = (energy(&bench, "AWATTHR") - before) as f64;
        let full = f64::from(FULL_SCALE_POWER) * 8000.0;
        assert!((moved - share * full).abs() < full * 1e-4, "{mode}: {moved}");
    }
}

/// EGY_LD_ACCUM overwrites, EGY_TMR_MODE counts half cycles, power accumulators take PWR_TIME + 1.
#[test]
fn energy_and_power_registers_load_as_they_are_told() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "EP_CFG", 0x0011);
    bench.borrow_mut().run(5 * SECONDS);
    #[allow(clippy::cast_precision_loss, reason = "38 bits")]
    let loaded = energy(&bench, "AWATTHR") as f64;
    close(loaded, f64::from(FULL_SCALE_POWER) * 8000.0, 50.0);
    // 100 half cycles of 10 ms each.
    write(&bench, "EGY_TIME", 99);
    write(&bench, "EP_CFG", 0x0013);
    bench.borrow_mut().run(3 * SECONDS);
    #[allow(clippy::cast_precision_loss, reason = "38 bits")]
    let loaded = energy(&bench, "AWATTHR") as f64;
    close(loaded, f64::from(FULL_SCALE_POWER) * 8000.0, 50.0);
    assert_ne!(peek(&bench, "STATUS0") & fields::STATUS0_EGYRDY, 0);
    // 256 samples: HI is the sum over 8192.
    let expected = f64::from(FULL_SCALE_POWER) * 256.0 / 8192.0;
    close(f64::from(signed(&bench, "AWATT_ACC_HI")), expected, 50.0);
    close(f64::from(signed(&bench, "PWATT_ACC_HI")), 3.0 * expected, 50.0);
    assert_eq!(signed(&bench, "NWATT_ACC_HI"), 0);
}

/// The erratum: with RD_RST_EN a read clears the high word and leaves the low one.
#[test]
fn reading_with_reset_loses_energy() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    bench.borrow_mut().run(3 * SECONDS);
    write(&bench, "RUN", 0);
    write(&bench, "EP_CFG", 0x0021);
    let before = energy(&bench, "AWATTHR");
    assert!(before > 1 << 30);
    let header = (at("AWATTHR_HI") << 4 | 8).to_be_bytes();
    bench.borrow_mut().twin.exchange(&[&header[..], &[0; 6]].concat());
    assert_eq!(energy(&bench, "AWATTHR"), before & 0x1FFF);
}

#[test]
fn without_load_nothing_counts() {
    let line = Line { amperes: FULL_SCALE / 50_000.0, ..FULL_LINE };
    let bench = started(line, &CONFIGURATION);
    write(&bench, "ACT_NL_LVL", no_load_level(20_000));
    write(&bench, "APP_NL_LVL", no_load_level(20_000));
    write(&bench, "COMPMODE", 7);
    bench.borrow_mut().run(10 * SECONDS);
    // All of W, VAR, VA and their fundamentals in all phases.
    assert_eq!(peek(&bench, "PHNOLOAD"), 0x3_FFFF);
    let before = energy(&bench, "AWATTHR");
    bench.borrow_mut().run(5 * SECONDS);
    assert_eq!(energy(&bench, "AWATTHR"), before);
    assert_eq!(bench.borrow().twin.pins().pulses[0], 0);
    assert_ne!(peek(&bench, "STATUS1") & fields::STATUS1_ANLOAD, 0);
    bench.borrow_mut().line.amperes = FULL_SCALE / 10_000.0;
    bench.borrow_mut().run(5 * SECONDS);
    assert_eq!(peek(&bench, "PHNOLOAD") & 1, 0);
    assert!(energy(&bench, "AWATTHR") > before);
}

/// `PWR_SETTLE` by its code; a start drops what isn't in a register yet.
#[test]
fn energies_begin_when_the_powers_have_settled() {
    for (code, samples) in [(0, 512), (1, 1024), (2, 2048), (3, 0)] {
        let bench = started(FULL_LINE, &CONFIGURATION);
        bench.borrow_mut().run(SECONDS + 500);
        write(&bench, "RUN", 0);
        write(&bench, "CONFIG1", code << 8);
        write(&bench, "EGY_TIME", 99);
        write(&bench, "EP_CFG", 0x0011);
        write(&bench, "STATUS0", u32::MAX);
        write(&bench, "RUN", 1);
        bench.borrow_mut().run(samples + 99);
        assert_eq!(peek(&bench, "STATUS0") & fields::STATUS0_EGYRDY, 0, "{code}");
        bench.borrow_mut().run(1);
        assert_ne!(peek(&bench, "STATUS0") & fields::STATUS0_EGYRDY, 0, "{code}");
        let mean = f64::from(i32::try_from(energy(&bench, "AWATTHR") / 100).unwrap());
        close(mean, f64::from(FULL_SCALE_POWER), 10_000.0);
        // It already runs: nothing begins anew.
        bench.borrow_mut().run(50);
        write(&bench, "RUN", 1);
        write(&bench, "STATUS0", u32::MAX);
        bench.borrow_mut().run(50);
        assert_ne!(peek(&bench, "STATUS0") & fields::STATUS0_EGYRDY, 0, "{code}");
    }
}
