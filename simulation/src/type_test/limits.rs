//! Limits of the classes. All of them were written down **from memory** and must be checked
//! against a bought copy before anyone relies on them.

use super::conditions::{Factor, Loaded, NOMINAL_AMPERES, Nature};

/// Smallest current with a limit of its own kind: a hair above it still counts as on it.
const HAIR: f64 = 1e-9;

/// Where the limits of OIML R46 change, in amperes, for a meter behind transformers with
/// Imax = 6 A: Imax/Itr = 24, Imax/Imin = 120, Imax/Ist = 1200.
pub(super) const TRANSITIONAL_AMPERES: f64 = 0.25;
pub(super) const MINIMUM_AMPERES: f64 = 0.05;
pub(super) const STARTING_AMPERES: f64 = 0.005;

/// IEC 62053-22, class 0.2S: error in % of active energy.
pub(super) fn active_02s(amperes: f64, factor: Factor, loaded: Loaded) -> f64 {
    let part = amperes / NOMINAL_AMPERES + HAIR;
    let is_one = factor.size > 0.99;
    match loaded {
        Loaded::Only(_) if is_one => 0.3,
        Loaded::Only(_) => 0.4,
        Loaded::Balanced | Loaded::Open if is_one => {
            if part < 0.05 {
                0.4
            } else {
                0.2
            }
        }
        Loaded::Balanced | Loaded::Open => {
            let on_request =
                factor.size < 0.4 || (factor.size < 0.6 && factor.nature == Nature::Capacitive);
            if on_request || part < 0.1 { 0.5 } else { 0.3 }
        }
    }
}

/// Single-phase against balanced load at In and PF 1.
pub(super) const ACTIVE_02S_BALANCE: f64 = 0.4;

/// IEC 62053-24, class 0.5S: error in % of reactive energy. The limit of single-phase loads is
/// taken as that of their difference to balanced load, 0.7 %.
pub(super) fn reactive_05s(amperes: f64, factor: Factor, loaded: Loaded) -> f64 {
    let part = amperes / NOMINAL_AMPERES + HAIR;
    if let Loaded::Only(_) = loaded {
        return REACTIVE_05S_BALANCE;
    }
    if factor.size > 0.99 {
        if part < 0.05 { 1.0 } else { 0.5 }
    } else if factor.size > 0.4 {
        if part < 0.1 { 1.0 } else { 0.5 }
    } else {
        1.0
    }
}

/// Single-phase against balanced load at In and sin φ 1.
pub(super) const REACTIVE_05S_BALANCE: f64 = 0.7;

/// A class of OIML R46.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oiml {
    /// Class C.
    C,
    /// Class D.
    D,
}

/// OIML R46-1, base maximum permissible error in %.
pub(super) fn oiml_base(class: Oiml, amperes: f64, factor: Factor) -> f64 {
    let is_one = factor.size > 0.99;
    // From Itr, from Imin and below Imin, at 1 and at other power factors.
    let (large, small) = match (class, is_one) {
        (Oiml::C, true) => (0.5, 1.0),
        (Oiml::C, false) => (0.6, 1.0),
        (Oiml::D, true) => (0.2, 0.4),
        (Oiml::D, false) => (0.3, 0.5),
    };
    if amperes + HAIR >= TRANSITIONAL_AMPERES {
        large
    } else if amperes + HAIR >= MINIMUM_AMPERES {
        small
    } else {
        small * MINIMUM_AMPERES / amperes
    }
}

/// By what an influence may shift the error, in % (temperature: %/K).
#[derive(Clone, Copy, Debug)]
pub(super) struct Shifts {
    /// Voltage ±10 %, at a factor of 1 and at 0.5.
    pub(super) voltage: [f64; 2],
    /// Frequency ±2 %, at 1 and at 0.5.
    pub(super) frequency: [f64; 2],
    /// Temperature per kelvin, at 1 and at 0.5.
    pub(super) per_kelvin: [f64; 2],
    /// Self-heating.
    pub(super) self_heating: f64,
}

/// IEC 62053-22, class 0.2S. Beyond ±10 % of voltage, three times the limit down to −20 % and up
/// to +15 %.
pub(super) const SHIFTS_02S: Shifts = Shifts {
    voltage: [0.1, 0.2],
    frequency: [0.1, 0.1],
    per_kelvin: [0.01, 0.02],
    self_heating: 0.1,
};
pub(super) const FURTHER_VOLTAGE: f64 = 3.0;
pub(super) const SEQUENCE: f64 = 0.05;
pub(super) const INTERRUPTION_02S: f64 = 0.5;
pub(super) const FIFTH_HARMONIC_02S: f64 = 0.4;
pub(super) const SUB_HARMONICS_02S: f64 = 0.6;

/// IEC 62053-24, class 0.5S.
pub(super) const SHIFTS_05S_REACTIVE: Shifts = Shifts {
    voltage: [0.2, 0.2],
    frequency: [0.2, 0.2],
    per_kelvin: [0.03, 0.05],
    self_heating: 0.2,
};

/// OIML R46, class D.
pub(super) const SHIFTS_OIML_D: Shifts = Shifts {
    voltage: [0.1, 0.1],
    frequency: [0.1, 0.1],
    per_kelvin: [0.01, 0.02],
    self_heating: 0.1,
};
pub(super) const OIML_D_WAVEFORMS: f64 = 0.2;
pub(super) const OIML_D_PHASE_FIRED: f64 = 0.4;
pub(super) const OIML_D_SUB_HARMONICS: f64 = 0.5;
pub(super) const OIML_D_INTERRUPTION: f64 = 0.5;
pub(super) const OIML_D_HIGH_ORDERS: f64 = 0.5;
/// Repeatability is a part of the base maximum permissible error.
pub(super) const OIML_REPEATABILITY_SHARE: f64 = 0.1;

/// A meter doesn't run empty: at most one pulse in 900·10⁶/(k·m·Un·Imax) minutes (class 0.2S), with
/// k in imp/kWh, m elements, volts and amperes.
pub(super) fn no_load_minutes(constant: f64, elements: f64, volts: f64, amperes: f64) -> f64 {
    900e6 / (constant * elements * volts * amperes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_times_of_no_load_are_those_of_the_formula() {
        // 900·10⁶/(20,000·3·57.7·6) = 43.33 min.
        assert!((no_load_minutes(20_000.0, 3.0, 57.7, 6.0) - 43.327).abs() < 1e-3);
    }

    #[test]
    fn oiml_limits_grow_below_the_minimum_current() {
        let one = Factor::ONE;
        assert!((oiml_base(Oiml::D, 0.25, one) - 0.2).abs() < 1e-12);
        assert!((oiml_base(Oiml::D, 0.2, one) - 0.4).abs() < 1e-12);
        assert!((oiml_base(Oiml::D, 0.005, one) - 4.0).abs() < 1e-12);
        assert!((oiml_base(Oiml::C, 1.0, Factor::lag(0.5)) - 0.6).abs() < 1e-12);
    }
}
