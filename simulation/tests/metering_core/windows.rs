//! Windows and energy against closed form, through twin, bus and driver.

use super::{NOW, SECOND, balanced, exported, imported, incidents, meter, watts};
use metering::{Window, Wiring};
use simulation::waveform::Stimulus;

/// Two codes of 16 that a step of the converter has, in volts and in amperes.
const VOLTS: f64 = 2.0 / 74_518_668.0 * 500.0;
const AMPERES: f64 = 2.0 / 74_518_668.0 * 120.0;

/// Phases A and, with three phases, B and C are within two codes of what is on the line; so is
/// every power, with two codes of each factor; the frequency within 0.1 mHz.
fn check(window: &Window, line: &Stimulus, wiring: Wiring) {
    #[allow(clippy::cast_precision_loss, reason = "15 digits are enough")]
    let micro = |value: i64| value as f64 / 1e6;
    let elements = if wiring == Wiring::SinglePhase { 1 } else { 3 };
    for phase in 0..elements {
        let (volts, amperes) = (line.volts[phase], line.amperes[phase]);
        let measured = &window.phases[phase];
        let u = micro(measured.voltage_microvolts.cast_signed());
        let i = micro(measured.current_nanoamperes.cast_signed()) / 1000.0;
        assert!((u - volts).abs() < VOLTS, "phase {phase}: {u} V, not {volts}");
        assert!((i - amperes).abs() < AMPERES, "phase {phase}: {i} A, not {amperes}");
        let angle = line.lag_turns[phase] * core::f64::consts::TAU;
        let limit = volts * AMPERES + amperes * VOLTS;
        let [p, q] = [measured.active_microwatts, measured.reactive_microvars].map(micro);
        let [true_p, true_q] = [angle.cos(), angle.sin()].map(|part| part * volts * amperes);
        assert!((p - true_p).abs() < limit, "phase {phase}: {p} W, not {true_p}");
        assert!((q - true_q).abs() < limit + 1e-6 * volts * amperes, "phase {phase}: {q} var");
    }
    let error =
        i64::from(window.frequency_microhertz) - 1000 * i64::from(line.frequency_millihertz);
    assert!(error.abs() < 100, "{} uHz", window.frequency_microhertz);
}

#[test]
fn every_window_is_within_the_codes_of_the_converter() {
    let three = Stimulus {
        volts: [220.0, 198.0, 241.0],
        amperes: [5.0, 0.5, 60.0],
        lag_turns: [1.0 / 6.0, -0.08, 0.47],
        frequency_millihertz: 50_000,
    };
    let one = Stimulus { volts: [231.0, 0.0, 0.0], amperes: [23.0, 0.0, 0.0], ..three };
    for (wiring, line) in [(Wiring::ThreePhaseFourWire, three), (Wiring::SinglePhase, one)] {
        for frequency_millihertz in [43_100, 47_500, 49_700, 50_000, 50_013, 52_300, 57_400] {
            let line = Stimulus { frequency_millihertz, ..line };
            let mut meter = meter(wiring);
            let mut windows = 0;
            meter.sample(&line, 3 * SECOND, NOW, |window| {
                // The first one only reaches to the first crossing.
                if window.frequency_microhertz != 0 {
                    check(window, &line, wiring);
                    windows += 1;
                }
            });
            assert!(windows >= 11, "{windows} windows of about 0.2 s in 3 s");
            assert!(incidents(&meter).is_empty());
        }
    }
}

/// Loads that come and go at any instant: three equal phases take the same power at every instant,
/// so the energy is exact. No current at the beginning, because a core that starts measures
/// nothing, and none at the end, so that no window is open.
#[test]
fn registers_hold_the_energy_of_every_load() {
    let mut meter = meter(Wiring::ThreePhaseFourWire);
    meter.sample(&balanced(0.0, 0.0), SECOND, NOW, |_| {});
    let (mut taken, mut given) = (0.0, 0.0);
    let loads = [
        (10.0, 0.0, 20_001),
        (3.3, 60.0, 4_017),
        (40.0, 180.0, 31_999),
        (1.0, -37.0, 80_003),
        (81.0, 25.0, 9),
        (20.0, 150.0, 12_345),
    ];
    for (amperes, lag_degrees, steps) in loads {
        let line = balanced(amperes, lag_degrees);
        meter.sample(&line, steps, NOW, |_| {});
        let moved = watts(&line) * f64::from(steps) / 8000.0 / 3.6;
        if moved > 0.0 {
            taken += moved
        } else {
            given -= moved
        }
        // Each load ends with a window of its own, so that directions don't meet in one.
        meter.sample(&balanced(0.0, 0.0), SECOND, NOW, |_| {});
    }
    for (registered, expected) in [(imported(&meter), taken), (exported(&meter), given)] {
        let error = registered / expected - 1.0;
        assert!(error.abs() < 2e-6, "{registered} mWh, not {expected}: {error:e}");
    }
    assert!(incidents(&meter).is_empty());
}

/// The same line gives the same windows, registers and bytes in the memory.
#[test]
fn the_same_line_gives_the_same_bytes() {
    let live = || {
        let mut meter = meter(Wiring::ThreePhaseFourWire);
        let mut windows = Vec::new();
        for amperes in [0.02, 7.0, 30.0] {
            meter.sample(&balanced(amperes, 31.0), 12_345, NOW, |window| windows.push(*window));
            meter.commit(NOW);
        }
        (windows, meter.into_cells().image().to_vec())
    };
    assert_eq!(live(), live());
}
