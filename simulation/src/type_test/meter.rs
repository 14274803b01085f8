//! The meter under test: what stands on its name plate, and its board.

use super::conditions::Connection;
use crate::front_end::{FrontEnd, FullScale};
use metering::{
    ADE9000_FULL_SCALE_CODE, Configuration, CurrentScale, NominalFrequency, Settings, VoltageScale,
};

/// Pulse constant on the name plate, in impulses per kWh and per kvarh.
pub const PULSES_PER_KWH: u32 = 20_000;

/// As the ADE9000 samples.
pub const SAMPLE_RATE_HERTZ: u32 = 8_000;

/// Scales of the board: the divider of the ADE9000's evaluation board, and a burden for 6 A with
/// 18 % of reserve.
pub const FULL_SCALE: FullScale = FullScale { volts: 801.0, amperes: 10.0 };

/// 3×57.7/100 V or 3×100 V, 1.5(6) A, 50 Hz.
#[must_use]
pub const fn settings(connection: Connection) -> Settings {
    Settings {
        wiring: connection.wiring(),
        sample_rate_hertz: SAMPLE_RATE_HERTZ,
        voltage_scale: VoltageScale { codes: ADE9000_FULL_SCALE_CODE, microvolts: 801_000_000 },
        current_scale: CurrentScale { codes: ADE9000_FULL_SCALE_CODE, microamperes: 10_000_000 },
        nominal_frequency: NominalFrequency::Hertz50,
        nominal_voltage_millivolts: match connection {
            Connection::FourWire => 57_700,
            Connection::ThreeWire => 100_000,
        },
        starting_current_microamperes: 1_500,
        pulses_per_kilowatt_hour: PULSES_PER_KWH,
    }
}

/// A meter.
#[derive(Clone, Debug)]
pub struct Meter {
    /// Of its metering core.
    pub configuration: Configuration,
    /// Its board.
    pub front_end: FrontEnd,
}

impl Meter {
    /// Samples without a fault: what is measured is the digital chain alone.
    #[must_use]
    pub fn digital(connection: Connection) -> Self {
        let configuration =
            Configuration::new(settings(connection)).expect("the name plate is sound");
        Self { configuration, front_end: FrontEnd::perfect(FULL_SCALE) }
    }
}
