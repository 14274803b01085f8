//! From the sums of a window to measured values.

use quantity::Power;

use crate::configuration::{Configuration, Wiring};
use crate::energy::{Movement, Pulses};
use crate::fixed::{
    FRACTION_BITS, divide_round, divide_round_unsigned, saturate_i64, saturate_i128, saturate_u32,
};
use crate::sums::{Mean, Sums};

/// Binary digits after the point of an RMS code.
const RMS_BITS: u32 = 10;

/// Binary digits after the point of a mean of products.
const POWER_BITS: u32 = 8;

/// Result of a window of ten (at 60 Hz twelve) cycles, the basic interval of IEC 61000-4-30.
///
/// Without a voltage to follow, a window is 200 ms. After start-up and after an
/// interruption a shorter one ends at the first zero crossing. Values are measured ones, also
/// below the starting power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Phase A, B, C. Three-wire: elements A–B and C–B; the middle one has voltage A–C and
    /// current B, and no power.
    pub phases: [PhaseWindow; 3],
    /// Neutral current in microamperes RMS.
    pub neutral_current_microamperes: u32,
    /// Line frequency in millihertz; 0 if the window didn't lie between two zero crossings.
    pub frequency_millihertz: u32,
    /// Active power of all elements; positive from the grid.
    pub active: Power,
    /// Fundamental reactive power of all elements in milli-var; positive is inductive import.
    pub reactive_milli_vars: i64,
    /// Apparent power in milli-volt-amperes: the sum of the phases; three-wire: √(P² + Q²).
    pub apparent_milli_volt_amperes: i64,
    /// P/S in thousandths, −1000 to 1000, with the sign of P; 0 if nothing flows.
    pub power_factor_thousandths: i16,
    /// Whole samples in this window.
    pub samples: u32,
    /// Pulses that this window's energy gave.
    pub pulses: Pulses,
}

/// One phase of a [`Window`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseWindow {
    /// Voltage in millivolts RMS.
    pub voltage_millivolts: u32,
    /// Current in microamperes RMS.
    pub current_microamperes: u32,
    /// Active power; positive from the grid.
    pub active: Power,
    /// Fundamental reactive power in milli-var; positive is inductive import.
    pub reactive_milli_vars: i64,
    /// Apparent power in milli-volt-amperes: RMS voltage × RMS current.
    pub apparent_milli_volt_amperes: i64,
    /// P/S in thousandths, −1000 to 1000, with the sign of P; 0 if nothing flows.
    pub power_factor_thousandths: i16,
}

/// Where a window lies in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    /// Length in 2⁻¹⁶ sample periods; never zero.
    pub(crate) length: u64,
    /// Whole cycles in it, or 0 if it doesn't lie between crossings.
    pub(crate) cycles: u32,
    /// What a quarter period has beyond the second tap, in 2⁻¹⁶ sample periods.
    pub(crate) beyond: i64,
    /// How to take the constant part out.
    pub(crate) mean: Mean,
}

/// Measured values, and what the registers have to move.
pub(crate) fn measure(
    sums: &Sums,
    interval: &Interval,
    configuration: &Configuration,
) -> (Window, Movement) {
    let mut window = Window {
        samples: sums.samples(),
        frequency_millihertz: frequency(interval, configuration),
        ..Window::default()
    };
    let mut codes = Movement::default();
    for phase in 0..3 {
        window.phases[phase] = rms(sums, phase, interval, configuration);
    }
    window.neutral_current_microamperes =
        saturate_u32(current_nanoamperes(sums, 3, interval, configuration) / 1_000);
    for &phase in configuration.elements() {
        let active = sums.active(phase, interval.mean, interval.length);
        let reactive = sums.reactive(phase, interval.beyond, interval.mean, interval.length);
        codes.phases[phase] = active;
        codes.total += active;
        codes.reactive += reactive;
        let values = &mut window.phases[phase];
        values.active = Power::from_milliwatts(power(active, interval, configuration));
        values.reactive_milli_vars = power(reactive, interval, configuration);
        values.apparent_milli_volt_amperes = apparent(sums, phase, interval, configuration);
        values.power_factor_thousandths =
            power_factor(values.active, values.apparent_milli_volt_amperes);
    }
    window.active = Power::from_milliwatts(power(codes.total, interval, configuration));
    window.reactive_milli_vars = power(codes.reactive, interval, configuration);
    window.apparent_milli_volt_amperes = total_apparent(&window, configuration);
    window.power_factor_thousandths =
        power_factor(window.active, window.apparent_milli_volt_amperes);
    (window, above_start(codes, interval, configuration))
}

fn frequency(interval: &Interval, configuration: &Configuration) -> u32 {
    let rate = u128::from(configuration.settings().sample_rate_hertz);
    let millihertz = (u128::from(interval.cycles) * rate * 1_000) << FRACTION_BITS;
    saturate_u32(divide_round_unsigned(millihertz, u128::from(interval.length)))
}

fn rms(
    sums: &Sums,
    phase: usize,
    interval: &Interval,
    configuration: &Configuration,
) -> PhaseWindow {
    let microvolts = voltage_microvolts(sums, phase, interval, configuration);
    let nanoamperes = current_nanoamperes(sums, phase, interval, configuration);
    PhaseWindow {
        voltage_millivolts: saturate_u32(divide_round_unsigned(microvolts, 1_000)),
        current_microamperes: saturate_u32(divide_round_unsigned(nanoamperes, 1_000)),
        ..PhaseWindow::default()
    }
}

fn voltage_microvolts(
    sums: &Sums,
    phase: usize,
    interval: &Interval,
    configuration: &Configuration,
) -> u128 {
    let scale = configuration.settings().voltage_scale;
    let square = sums.voltage_square(phase, interval.mean, interval.length);
    let codes = root_of_mean(square, interval.length);
    codes * u128::from(scale.microvolts) / (u128::from(scale.codes) << RMS_BITS)
}

fn current_nanoamperes(
    sums: &Sums,
    wire: usize,
    interval: &Interval,
    configuration: &Configuration,
) -> u128 {
    let scale = configuration.settings().current_scale;
    let square = sums.current_square(wire, interval.mean, interval.length);
    let codes = root_of_mean(square, interval.length);
    codes * u128::from(scale.microamperes) * 1_000 / (u128::from(scale.codes) << RMS_BITS)
}

/// Root of the mean of squares, in 2⁻¹⁰ codes. The sum is below 2⁷², so the shift fits.
fn root_of_mean(square: u128, length: u64) -> u128 {
    ((square << (FRACTION_BITS + 2 * RMS_BITS)) / u128::from(length)).isqrt()
}

fn apparent(sums: &Sums, phase: usize, interval: &Interval, configuration: &Configuration) -> i64 {
    let microvolts = voltage_microvolts(sums, phase, interval, configuration);
    let nanoamperes = current_nanoamperes(sums, phase, interval, configuration);
    let milli = divide_round_unsigned(microvolts * nanoamperes, 1_000_000_000_000);
    saturate_i64(saturate_i128(milli))
}

/// Mean power in milliwatts (or milli-var) of a sum in code²·samples.
///
/// The mean is below 24·(8·10⁷)² < 2⁵⁸ code² and has 8 more digits, and the numerator is below
/// 2⁶⁰, so the product fits.
fn power(codes: i128, interval: &Interval, configuration: &Configuration) -> i64 {
    let ratio = configuration.power();
    let mean = (codes << (FRACTION_BITS + POWER_BITS)) / i128::from(interval.length);
    let numerator = saturate_i128(ratio.numerator);
    let denominator = saturate_i128(ratio.denominator << POWER_BITS);
    saturate_i64(divide_round(mean * numerator, denominator))
}

fn total_apparent(window: &Window, configuration: &Configuration) -> i64 {
    if configuration.settings().wiring == Wiring::ThreePhaseThreeWire {
        let active = u128::from(window.active.milliwatts().unsigned_abs());
        let reactive = u128::from(window.reactive_milli_vars.unsigned_abs());
        let root = (active * active).saturating_add(reactive * reactive).isqrt();
        return saturate_i64(saturate_i128(root));
    }
    let phases = window.phases.iter().map(|phase| phase.apparent_milli_volt_amperes);
    phases.fold(0, i64::saturating_add)
}

fn power_factor(active: Power, apparent: i64) -> i16 {
    if apparent == 0 {
        return 0;
    }
    let thousandths = divide_round(i128::from(active.milliwatts()) * 1_000, i128::from(apparent));
    i16::try_from(thousandths.clamp(-1_000, 1_000)).unwrap_or(0)
}

/// Leaves out what was measured while settling, and what stays below the starting power of one element.
fn above_start(codes: Movement, interval: &Interval, configuration: &Configuration) -> Movement {
    if matches!(interval.mean, Mean::Unknown) {
        return Movement::default();
    }
    let threshold = configuration.starting_codes_squared() * u128::from(interval.length);
    let gate = |sum: i128| if sum.unsigned_abs() << FRACTION_BITS < threshold { 0 } else { sum };
    Movement {
        phases: codes.phases.map(gate),
        total: gate(codes.total),
        reactive: gate(codes.reactive),
    }
}
