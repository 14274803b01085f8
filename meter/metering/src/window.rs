//! What is reported of ten (at 60 Hz twelve) cycles.

use quantity::Power;

use crate::energy::Pulses;

/// Result of a window of ten (at 60 Hz twelve) cycles, the basic interval of IEC 61000-4-30.
///
/// Without a voltage to follow, a window is 200 ms. After start-up and after an
/// interruption a shorter one ends at the first zero crossing. Values are measured ones, also
/// below the starting power. Those of the fundamental, angles and ratios need whole cycles and are
/// zero in any other window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Phase A, B, C. Three-wire: elements A–B and C–B; the middle one has voltage A–C and
    /// current B, and no power.
    pub phases: [PhaseWindow; 3],
    /// Neutral current in nanoamperes RMS.
    pub neutral_current_nanoamperes: u64,
    /// The phase currents' sum less the neutral current, in nanoamperes RMS up to the 50th
    /// harmonic: what passes a sensor by. With three wires there's no neutral, and it's 0.
    pub mismatch_nanoamperes: u64,
    /// Line frequency in microhertz; 0 if the window didn't lie between two zero crossings.
    pub frequency_microhertz: u32,
    /// Active power of all elements in microwatts; positive from the grid.
    pub active_microwatts: i64,
    /// Fundamental reactive power of all elements in micro-var (the definition of IEC 62053-24);
    /// positive is inductive import.
    pub reactive_microvars: i64,
    /// Reactive power of all elements in micro-var, harmonics 2 to 50 included: Σ U·I·sin φ (Budeanu).
    pub total_reactive_microvars: i64,
    /// Active power of the fundamental alone in microwatts.
    pub fundamental_active_microwatts: i64,
    /// Apparent power in micro-volt-amperes: the sum of the phases; three-wire: √(P² + Q²).
    pub apparent_microvolt_amperes: i64,
    /// Apparent power of the fundamental in micro-volt-amperes, likewise.
    pub fundamental_apparent_microvolt_amperes: i64,
    /// P/S in millionths, −10⁶ to 10⁶, with the sign of P; 0 if nothing flows.
    pub power_factor_ppm: i32,
    /// Symmetrical components of the voltages.
    pub voltage_sequence: Components,
    /// Symmetrical components of the currents.
    pub current_sequence: Components,
    /// Whole samples in this window.
    pub samples: u32,
    /// Pulses that this window's energy gave.
    pub pulses: Pulses,
    /// Which elements stayed below the starting power.
    pub no_load: [bool; 3],
}

/// One phase of a [`Window`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseWindow {
    /// Voltage in microvolts RMS, harmonics included, without the constant part.
    pub voltage_microvolts: u64,
    /// Current in nanoamperes RMS, likewise.
    pub current_nanoamperes: u64,
    /// Active power in microwatts, harmonics included; positive from the grid.
    pub active_microwatts: i64,
    /// Fundamental reactive power in micro-var; positive is inductive import.
    pub reactive_microvars: i64,
    /// Reactive power in micro-var, harmonics 2 to 50 included: Σ U·I·sin φ (Budeanu).
    pub total_reactive_microvars: i64,
    /// Apparent power in micro-volt-amperes: RMS voltage × RMS current.
    pub apparent_microvolt_amperes: i64,
    /// P/S in millionths, −10⁶ to 10⁶, with the sign of P; 0 if nothing flows.
    pub power_factor_ppm: i32,
    /// Fundamental of the voltage in microvolts RMS.
    pub fundamental_voltage_microvolts: u64,
    /// Fundamental of the current in nanoamperes RMS.
    pub fundamental_current_nanoamperes: u64,
    /// Active power of the fundamental in microwatts.
    pub fundamental_active_microwatts: i64,
    /// Apparent power of the fundamental in micro-volt-amperes.
    pub fundamental_apparent_microvolt_amperes: i64,
    /// Harmonics 2 to 50 of the voltage against its fundamental, in millionths.
    pub voltage_distortion_ppm: u32,
    /// Harmonics 2 to 50 of the current against its fundamental, in millionths.
    pub current_distortion_ppm: u32,
    /// Angle of the fundamental voltage against the reference voltage, −180° to 180°.
    pub voltage_angle_microdegrees: i32,
    /// Angle of the fundamental current against the reference voltage, −180° to 180°.
    pub current_angle_microdegrees: i32,
}

/// Symmetrical components (by Fortescue) of three fundamentals.
///
/// Amounts are microvolts or nanoamperes RMS. Three-wire: of the line voltages A–B, B–C, C–A, whose
/// positive and negative components are √3 times those of the phases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// The part that turns A, B, C.
    pub positive: u64,
    /// The part that turns A, C, B.
    pub negative: u64,
    /// The part that is the same in all phases.
    pub zero: u64,
    /// Unbalance: negative against positive, in millionths.
    pub negative_ppm: u32,
    /// Unbalance: zero against positive, in millionths.
    pub zero_ppm: u32,
}

impl Components {
    /// Whether the phases turn the wrong way (phase sequence error).
    #[must_use]
    pub const fn is_reversed(&self) -> bool {
        self.negative > self.positive
    }
}

impl Window {
    /// Active power of all elements, to the nearest milliwatt.
    #[must_use]
    pub const fn active(&self) -> Power {
        Power::from_milliwatts(thousandth(self.active_microwatts))
    }

    /// Fundamental reactive power of all elements in milli-var.
    #[must_use]
    pub const fn reactive_milli_vars(&self) -> i64 {
        thousandth(self.reactive_microvars)
    }

    /// Apparent power in milli-volt-amperes.
    #[must_use]
    pub const fn apparent_milli_volt_amperes(&self) -> i64 {
        thousandth(self.apparent_microvolt_amperes)
    }

    /// Frequency in millihertz.
    #[must_use]
    pub const fn frequency_millihertz(&self) -> u32 {
        (self.frequency_microhertz + 500) / 1_000
    }

    /// Neutral current in microamperes RMS.
    #[must_use]
    pub fn neutral_current_microamperes(&self) -> u32 {
        small(self.neutral_current_nanoamperes)
    }

    /// P/S in thousandths.
    #[must_use]
    pub fn power_factor_thousandths(&self) -> i16 {
        thousandths(self.power_factor_ppm)
    }
}

impl PhaseWindow {
    /// Voltage in millivolts RMS.
    #[must_use]
    pub fn voltage_millivolts(&self) -> u32 {
        small(self.voltage_microvolts)
    }

    /// Current in microamperes RMS.
    #[must_use]
    pub fn current_microamperes(&self) -> u32 {
        small(self.current_nanoamperes)
    }

    /// Active power, to the nearest milliwatt.
    #[must_use]
    pub const fn active(&self) -> Power {
        Power::from_milliwatts(thousandth(self.active_microwatts))
    }

    /// Fundamental reactive power in milli-var.
    #[must_use]
    pub const fn reactive_milli_vars(&self) -> i64 {
        thousandth(self.reactive_microvars)
    }

    /// Apparent power in milli-volt-amperes.
    #[must_use]
    pub const fn apparent_milli_volt_amperes(&self) -> i64 {
        thousandth(self.apparent_microvolt_amperes)
    }

    /// P/S in thousandths.
    #[must_use]
    pub fn power_factor_thousandths(&self) -> i16 {
        thousandths(self.power_factor_ppm)
    }
}

/// A thousandth, rounded to nearest.
const fn thousandth(value: i64) -> i64 {
    let half = if value < 0 { -500 } else { 500 };
    value.saturating_add(half) / 1_000
}

fn thousandths(millionths: i32) -> i16 {
    i16::try_from(thousandth(i64::from(millionths))).unwrap_or(0)
}

fn small(value: u64) -> u32 {
    u32::try_from(value.saturating_add(500) / 1_000).unwrap_or(u32::MAX)
}
