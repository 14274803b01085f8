//! When something is an event.

use crate::configuration::{ConfigurationError, Settings};
use crate::events::LimitCodes;
use crate::half_cycle::rms_code;

/// When something is an event. Voltages are in thousandths of the nominal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventLimits {
    /// Below it is a dip; above the limit for interruptions, at most 999.
    pub dip_permille: u16,
    /// Above it is a swell; 1,001 to 2,000.
    pub swell_permille: u16,
    /// Below it is an interruption; 1 or more.
    pub interruption_permille: u16,
    /// How far back a voltage must come before an event ends; at most 100.
    pub hysteresis_permille: u16,
    /// Above it a current of a phase or of the neutral is an overcurrent, in microamperes RMS.
    pub overcurrent_microamperes: Option<u32>,
    /// Above it what phases and neutral don't return is a mismatch, in microamperes RMS.
    pub mismatch_microamperes: Option<u32>,
}

impl EventLimits {
    /// Dips below 90 %, swells above 110 %, interruptions below 5 %, 2 % hysteresis (EN 50160 and
    /// IEC 61000-4-30, from memory); currents aren't watched.
    pub const VOLTAGE: Self = Self {
        dip_permille: 900,
        swell_permille: 1_100,
        interruption_permille: 50,
        hysteresis_permille: 20,
        overcurrent_microamperes: None,
        mismatch_microamperes: None,
    };

    pub(crate) fn codes(&self, settings: &Settings) -> Result<LimitCodes, ConfigurationError> {
        let order = 0 < self.interruption_permille
            && self.interruption_permille < self.dip_permille
            && self.dip_permille < 1_000
            && (1_001..=2_000).contains(&self.swell_permille)
            && self.hysteresis_permille <= 100;
        let zero =
            self.overcurrent_microamperes == Some(0) || self.mismatch_microamperes == Some(0);
        if !order || zero {
            return Err(ConfigurationError::EventLimits);
        }
        let (voltage, current) = (settings.voltage_scale, settings.current_scale);
        let nominal = u128::from(settings.nominal_voltage_millivolts);
        let part = |permille: u16| {
            rms_code(nominal * u128::from(permille), voltage.codes, voltage.microvolts)
        };
        let amperes = |micro: u32| rms_code(u128::from(micro), current.codes, current.microamperes);
        Ok(LimitCodes {
            dip: part(self.dip_permille),
            swell: part(self.swell_permille),
            interruption: part(self.interruption_permille),
            hysteresis: part(self.hysteresis_permille),
            overcurrent: self.overcurrent_microamperes.map(amperes),
            mismatch_nanoamperes: self.mismatch_microamperes.map(|micro| u64::from(micro) * 1_000),
        })
    }
}
