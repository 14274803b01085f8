//! What the management core is told.

use metering::{Registers, Window};
use wire::reading::{PhaseReading, Reading};

/// A window and the registers behind it. The end of the window is filled in by whoever has a clock.
#[must_use]
pub fn reading(window: &Window, registers: &Registers) -> Reading {
    let mut phases = [PhaseReading::default(); 3];
    for (phase, reading) in phases.iter_mut().enumerate() {
        let measured = &window.phases[phase];
        *reading = PhaseReading {
            voltage_millivolts: measured.voltage_millivolts(),
            current_microamperes: measured.current_microamperes(),
            active: measured.active(),
            reactive_milli_vars: measured.reactive_milli_vars(),
            apparent_milli_volt_amperes: measured.apparent_milli_volt_amperes(),
            power_factor_thousandths: measured.power_factor_thousandths(),
            import: registers.import.phases[phase].energy,
            export: registers.export.phases[phase].energy,
        };
    }
    Reading {
        phases,
        neutral_current_microamperes: window.neutral_current_microamperes(),
        frequency_millihertz: window.frequency_millihertz(),
        active: window.active(),
        reactive_milli_vars: window.reactive_milli_vars(),
        apparent_milli_volt_amperes: window.apparent_milli_volt_amperes(),
        power_factor_thousandths: window.power_factor_thousandths(),
        import: registers.import.total.energy,
        export: registers.export.total.energy,
        reactive_quadrants_milli_var_hours: registers
            .quadrants
            .map(|quadrant| quadrant.milli_var_hours),
        pulses_import: registers.import.pulses,
        pulses_export: registers.export.pulses,
        ..Reading::default()
    }
}
