//! From the sums and the spectrum of a window to measured values.

use crate::channels::CURRENTS;
use crate::configuration::Configuration;
use crate::energy::Movement;
use crate::fixed::{
    FRACTION_BITS, divide_round, divide_round_unsigned, saturate_i64, saturate_i128, saturate_u32,
    saturate_u64,
};
use crate::sequence::components;
use crate::spectrum::{Channel, Spectrum};
use crate::sums::{Mean, Totals};
use crate::window::{PhaseWindow, Window};
use crate::wiring::Wiring;

/// Binary digits after the point of an RMS code.
const RMS_BITS: u32 = 10;

/// Binary digits after the point of a mean of products.
const POWER_BITS: u32 = 8;

/// Where a window lies in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    /// Length in 2⁻¹⁶ sample periods; never zero.
    pub(crate) length: u64,
    /// Whole samples.
    pub(crate) samples: u32,
    /// Whole cycles in it, or 0 if it doesn't lie between crossings.
    pub(crate) cycles: u32,
    /// How to take the constant part out.
    pub(crate) mean: Mean,
}

/// What a window is measured from.
#[derive(Clone, Copy)]
pub(crate) struct Evidence<'w> {
    pub(crate) totals: &'w Totals,
    pub(crate) spectrum: Option<&'w Spectrum>,
    pub(crate) interval: Interval,
    pub(crate) configuration: &'w Configuration,
}

/// Measured values, and what the registers have to move.
pub(crate) fn measure(evidence: &Evidence<'_>) -> (Window, Movement) {
    let codes = evidence.powers();
    let mut window = Window {
        samples: evidence.interval.samples,
        frequency_microhertz: evidence.frequency(),
        neutral_current_nanoamperes: evidence.current(3),
        ..Window::default()
    };
    for phase in 0..3 {
        window.phases[phase] = evidence.phase(phase, &codes);
    }
    window.active_microwatts = evidence.micro(codes.total);
    window.reactive_microvars = evidence.micro(codes.reactive);
    let power = (window.active_microwatts, window.reactive_microvars);
    let configuration = evidence.configuration;
    let apparent = sum_of(&window, configuration, |phase| phase.apparent_microvolt_amperes);
    window.apparent_microvolt_amperes = total_apparent(power, apparent, configuration);
    if let Some(spectrum) = evidence.spectrum {
        describe(&mut window, spectrum, configuration);
    }
    window.power_factor_ppm =
        power_factor(window.active_microwatts, window.apparent_microvolt_amperes);
    let movement = evidence.above_start(&codes);
    window.no_load = movement.phases.map(|moved| moved == 0);
    (window, movement)
}

impl Evidence<'_> {
    /// Sums of power of the elements and of all together, in code²·samples.
    fn powers(&self) -> Movement {
        let mut codes = Movement::default();
        for &phase in self.configuration.elements() {
            let active = self.totals.active(phase, self.interval.mean, self.interval.length);
            let reactive = self.spectrum.map_or(0, |spectrum| spectrum.fundamental_power(phase).1);
            codes.phases[phase] = active;
            codes.reactive_phases[phase] = reactive;
            codes.total += active;
            codes.reactive += reactive;
        }
        codes
    }

    fn phase(&self, phase: usize, codes: &Movement) -> PhaseWindow {
        let mut values = PhaseWindow {
            voltage_microvolts: self.voltage(phase),
            current_nanoamperes: self.current(phase),
            ..PhaseWindow::default()
        };
        if let Some(spectrum) = self.spectrum {
            describe_phase(&mut values, spectrum, phase);
        }
        if self.configuration.elements().contains(&phase) {
            values.active_microwatts = self.micro(codes.phases[phase]);
            values.reactive_microvars = self.micro(codes.reactive_phases[phase]);
            values.apparent_microvolt_amperes =
                product(values.voltage_microvolts, values.current_nanoamperes);
            values.power_factor_ppm =
                power_factor(values.active_microwatts, values.apparent_microvolt_amperes);
            if let Some(spectrum) = self.spectrum {
                let (fundamental, _) = spectrum.fundamental_power(phase);
                values.fundamental_active_microwatts = self.micro(fundamental);
                values.total_reactive_microvars = self.micro(spectrum.total_reactive(phase));
            }
        }
        values
    }

    fn frequency(&self) -> u32 {
        let rate = u128::from(self.configuration.settings().sample_rate_hertz);
        let microhertz = (u128::from(self.interval.cycles) * rate * 1_000_000) << FRACTION_BITS;
        saturate_u32(divide_round_unsigned(microhertz, u128::from(self.interval.length)))
    }

    fn voltage(&self, phase: usize) -> u64 {
        let scale = self.configuration.settings().voltage_scale;
        scaled(self.rms(phase), u128::from(scale.microvolts), scale.codes)
    }

    fn current(&self, wire: usize) -> u64 {
        let scale = self.configuration.settings().current_scale;
        scaled(self.rms(CURRENTS + wire), u128::from(scale.microamperes) * 1_000, scale.codes)
    }

    /// Root of the mean of squares, in 2⁻¹⁰ codes.
    fn rms(&self, channel: usize) -> u128 {
        let square = self.totals.square(channel, self.interval.mean, self.interval.length);
        root_of_mean(square, self.interval.length)
    }

    /// Mean power in microwatts (or micro-var) of a sum in code²·samples.
    ///
    /// The mean is below 24·(8·10⁷)² < 2⁵⁸ code² and has 8 more digits, and the numerator is below
    /// 2⁶⁰, so the product fits.
    fn micro(&self, codes: i128) -> i64 {
        let ratio = self.configuration.power();
        let mean = (codes << (FRACTION_BITS + POWER_BITS)) / i128::from(self.interval.length);
        let numerator = saturate_i128(ratio.numerator);
        let denominator = saturate_i128(ratio.denominator << POWER_BITS);
        saturate_i64(divide_round(mean * numerator, denominator))
    }

    /// Leaves out what was measured while settling, and what stays below the starting power of one
    /// element.
    fn above_start(&self, codes: &Movement) -> Movement {
        if matches!(self.interval.mean, Mean::Unknown) {
            return Movement::default();
        }
        let threshold =
            self.configuration.starting_codes_squared() * u128::from(self.interval.length);
        let gate =
            |sum: i128| if sum.unsigned_abs() << FRACTION_BITS < threshold { 0 } else { sum };
        Movement {
            phases: codes.phases.map(gate),
            total: gate(codes.total),
            reactive_phases: codes.reactive_phases.map(gate),
            reactive: gate(codes.reactive),
        }
    }
}

/// What only the spectrum knows of all phases together.
fn describe(window: &mut Window, spectrum: &Spectrum, configuration: &Configuration) {
    let sum = |of| sum_of(window, configuration, of);
    let active = sum(|phase| phase.fundamental_active_microwatts);
    let apparent = sum(|phase| phase.fundamental_apparent_microvolt_amperes);
    window.total_reactive_microvars = sum(|phase| phase.total_reactive_microvars);
    window.fundamental_active_microwatts = active;
    window.fundamental_apparent_microvolt_amperes =
        total_apparent((active, window.reactive_microvars), apparent, configuration);
    [window.voltage_sequence, window.current_sequence] = components(spectrum, configuration);
    if configuration.has_neutral() {
        window.mismatch_nanoamperes = spectrum.mismatch_nanoamperes();
    }
}

fn describe_phase(values: &mut PhaseWindow, spectrum: &Spectrum, phase: usize) {
    let (voltage, current) = (Channel::Voltage(phase), Channel::Current(phase));
    values.fundamental_voltage_microvolts = spectrum.rms(voltage, 1);
    values.fundamental_current_nanoamperes = spectrum.rms(current, 1);
    values.fundamental_apparent_microvolt_amperes =
        product(values.fundamental_voltage_microvolts, values.fundamental_current_nanoamperes);
    values.voltage_distortion_ppm = spectrum.distortion_ppm(voltage);
    values.current_distortion_ppm = spectrum.distortion_ppm(current);
    values.voltage_angle_microdegrees = spectrum.angle_microdegrees(voltage, 1);
    values.current_angle_microdegrees = spectrum.angle_microdegrees(current, 1);
}

/// Root of the mean of squares, in 2⁻¹⁰ codes. The sum is below 2⁷², so the shift fits.
pub(crate) fn root_of_mean(square: u128, length: u64) -> u128 {
    ((square << (FRACTION_BITS + 2 * RMS_BITS)) / u128::from(length)).isqrt()
}

/// An RMS value of [`root_of_mean`] in the unit of a scale.
pub(crate) fn scaled(rms: u128, unit: u128, codes: u32) -> u64 {
    saturate_u64(divide_round_unsigned(rms * unit, u128::from(codes) << RMS_BITS))
}

/// Microvolts × nanoamperes as micro-volt-amperes.
fn product(microvolts: u64, nanoamperes: u64) -> i64 {
    let product = u128::from(microvolts) * u128::from(nanoamperes);
    saturate_i64(saturate_i128(divide_round_unsigned(product, 1_000_000_000)))
}

/// Sum of a value of all elements.
fn sum_of(window: &Window, configuration: &Configuration, of: fn(&PhaseWindow) -> i64) -> i64 {
    let elements = configuration.elements().iter().map(|&phase| of(&window.phases[phase]));
    elements.fold(0, i64::saturating_add)
}

/// Apparent power of all elements: their `sum`, but with three wires √(P² + Q²), for elements there
/// see line voltages.
fn total_apparent((active, reactive): (i64, i64), sum: i64, configuration: &Configuration) -> i64 {
    if configuration.settings().wiring != Wiring::ThreePhaseThreeWire {
        return sum;
    }
    let (active, reactive) =
        (u128::from(active.unsigned_abs()), u128::from(reactive.unsigned_abs()));
    let root = (active * active).saturating_add(reactive * reactive).isqrt();
    saturate_i64(saturate_i128(root))
}

fn power_factor(active: i64, apparent: i64) -> i32 {
    if apparent == 0 {
        return 0;
    }
    let millionths = divide_round(i128::from(active) * 1_000_000, i128::from(apparent));
    i32::try_from(millionths.clamp(-1_000_000, 1_000_000)).unwrap_or(0)
}
