//! Metering core → management core: one reading, plain, over isolated SPI.

use crate::codec::wire_struct;
use quantity::{Energy, Instant, Power};

/// What the metering core reports: averages of one window, and the registers after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// End of the window.
    pub at: Instant,
    /// Phases A, B, C.
    pub phases: [PhaseReading; 3],
    /// Neutral current in microamperes.
    pub neutral_current_microamperes: u32,
    /// Line frequency in millihertz.
    pub frequency_millihertz: u32,
    /// Total active power; positive is import.
    pub active: Power,
    /// Total reactive power in milli-vars; positive is inductive.
    pub reactive_milli_vars: i64,
    /// Total apparent power in milli-volt-amperes.
    pub apparent_milli_volt_amperes: i64,
    /// Total power factor in thousandths, signed like the active power.
    pub power_factor_thousandths: i16,
    /// Forward (import) active register.
    pub import: Energy,
    /// Reverse (export) active register.
    pub export: Energy,
    /// Reactive registers of quadrants I to IV, in milli-var-hours.
    pub reactive_quadrants_milli_var_hours: [i64; 4],
    /// Pulses given for import.
    pub pulses_import: u64,
    /// Pulses given for export.
    pub pulses_export: u64,
}

/// One phase of a [`Reading`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseReading {
    /// RMS voltage in millivolts.
    pub voltage_millivolts: u32,
    /// RMS current in microamperes.
    pub current_microamperes: u32,
    /// Active power; positive is import.
    pub active: Power,
    /// Reactive power in milli-vars; positive is inductive.
    pub reactive_milli_vars: i64,
    /// Apparent power in milli-volt-amperes.
    pub apparent_milli_volt_amperes: i64,
    /// Power factor in thousandths, signed like the active power.
    pub power_factor_thousandths: i16,
    /// Forward (import) active register of the phase.
    pub import: Energy,
    /// Reverse (export) active register of the phase.
    pub export: Energy,
}

wire_struct!(Reading, tag: b"JIDIAN-READING-1", {
    at, phases, neutral_current_microamperes, frequency_millihertz, active, reactive_milli_vars,
    apparent_milli_volt_amperes, power_factor_thousandths, import, export,
    reactive_quadrants_milli_var_hours, pulses_import, pulses_export,
});
wire_struct!(PhaseReading, tag: b"", {
    voltage_millivolts, current_microamperes, active, reactive_milli_vars,
    apparent_milli_volt_amperes, power_factor_thousandths, import, export,
});
