//! What the metering core must know about the meter around it, checked once.

use crate::channels::CODE_LIMIT;
use crate::conditioning::{Conditioning, Filters};
use crate::events::LimitCodes;
use crate::fixed::greatest_common_divisor;
use crate::limits::EventLimits;
use crate::wiring::Wiring;

/// Peak code of the ADE9000 at full scale, PGA 1, behind its whole filter path (data sheet, xI_PCF).
pub const ADE9000_FULL_SCALE_CODE: u32 = 74_532_013;

/// The lowest line frequency whose windows stay synchronised.
const LOWEST_FREQUENCY_HERTZ: u32 = 40;

/// Limits for products of the two full scales in microvolt·microampere: 1 MVA.
const MAXIMUM_SCALE_PRODUCT: u128 = 1_000_000_000_000_000_000;

/// One milliwatt-hour in microvolt·microampere·seconds: 3.6 W·s × 10¹².
const MICRO_SQUARED_SECONDS_PER_MILLIWATT_HOUR: u128 = 3_600_000_000_000;

/// One microwatt in microvolt·microamperes.
const MICRO_SQUARED_PER_MICROWATT: u128 = 1_000_000;

/// The frequency that the grid is meant to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NominalFrequency {
    /// 50 Hz; a window is 10 cycles.
    Hertz50,
    /// 60 Hz; a window is 12 cycles.
    Hertz60,
}

/// An exact voltage scale: `codes` stand for `microvolts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoltageScale {
    /// A code, for instance [`ADE9000_FULL_SCALE_CODE`]; 1024 to [`CODE_LIMIT`].
    pub codes: u32,
    /// What that code means in front of the divider, in microvolts (instantaneous, not RMS).
    pub microvolts: u32,
}

/// An exact current scale: `codes` stand for `microamperes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentScale {
    /// A code, for instance [`ADE9000_FULL_SCALE_CODE`]; 1024 to [`CODE_LIMIT`].
    pub codes: u32,
    /// What that code means in front of the transformer, in microamperes (instantaneous, not RMS).
    pub microamperes: u32,
}

/// What a [`Configuration`] is made of, not checked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How the conductors meet the channels.
    pub wiring: Wiring,
    /// Frames per second; 2,000 to 16,000, normally 8,000.
    pub sample_rate_hertz: u32,
    /// Scale of the three voltage channels.
    pub voltage_scale: VoltageScale,
    /// Scale of the four current channels.
    pub current_scale: CurrentScale,
    /// 50 or 60 Hz.
    pub nominal_frequency: NominalFrequency,
    /// Nominal voltage Un of one element in millivolts RMS.
    pub nominal_voltage_millivolts: u32,
    /// Starting current in microamperes RMS: 0.001 In for class 0.2S (IEC 62053-22, from memory).
    pub starting_current_microamperes: u32,
    /// Pulse constant in impulses per kilowatt-hour; 1 to 1,000,000.
    pub pulses_per_kilowatt_hour: u32,
}

/// Why a [`Settings`] can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigurationError {
    /// The sample rate isn't within 2,000 to 16,000 Hz.
    SampleRate,
    /// The voltage scale has a code outside 1024 to [`CODE_LIMIT`], or no microvolts.
    VoltageScale,
    /// The current scale has a code outside 1024 to [`CODE_LIMIT`], or no microamperes.
    CurrentScale,
    /// The full scales multiply to more than the accumulators can hold (about 550 kVA).
    FullScalePower,
    /// The nominal voltage is zero or above what [`CODE_LIMIT`] codes mean.
    NominalVoltage,
    /// The starting current is zero or above what [`CODE_LIMIT`] codes mean.
    StartingCurrent,
    /// The pulse constant isn't within 1 to 1,000,000 impulses per kilowatt-hour.
    PulseConstant,
    /// The limits of the events aren't in order: 0 < interruption < dip < 1000 < swell ≤ 2000
    /// thousandths, hysteresis at most 100, currents above zero.
    EventLimits,
    /// A correction is beyond ±20 % or ± one sample period.
    Correction,
    /// The regions of a current aren't 1 to 5, or their borders aren't in order with
    /// down < up below the next down.
    Regions,
    /// The high-pass isn't within 8 to 16, or a Rogowski coil has none.
    HighPass,
}

impl core::fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::SampleRate => "the sample rate must be 2,000 to 16,000 Hz",
            Self::VoltageScale => {
                "the voltage scale needs 1,024 to 80,000,000 codes and microvolts"
            }
            Self::CurrentScale => {
                "the current scale needs 1,024 to 80,000,000 codes and microamperes"
            }
            Self::FullScalePower => {
                "the full scales multiply to more power than the registers take"
            }
            Self::NominalVoltage => "the nominal voltage must be above zero and within the scale",
            Self::StartingCurrent => "the starting current must be above zero and within the scale",
            Self::PulseConstant => "the pulse constant must be 1 to 1,000,000 impulses per kWh",
            Self::EventLimits => {
                "the limits of events must be 0 < interruption < dip < 1000 < swell <= 2000 ‰, \
                 hysteresis <= 100 ‰, currents above zero"
            }
            Self::Correction => "a correction must be within ±20 % and ± one sample period",
            Self::Regions => {
                "a current needs 1 to 5 regions with 0 < down < up, and up below the next down"
            }
            Self::HighPass => "the high-pass must be 8 to 16, and a Rogowski coil needs one",
        })
    }
}

impl core::error::Error for ConfigurationError {}

/// Settings that were checked, with the numbers derived from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    settings: Settings,
    /// Code²·samples × numerator / denominator = milliwatt-hours, in lowest terms.
    energy: Ratio,
    /// Mean code² × numerator / denominator = microwatts.
    power: Ratio,
    /// Mean code² of one element below which nothing is registered.
    starting_codes_squared: u128,
    limits: LimitCodes,
    filters: Option<Filters>,
}

/// An exact fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ratio {
    pub(crate) numerator: u128,
    pub(crate) denominator: u128,
}

impl Configuration {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn new(settings: Settings) -> Result<Self, ConfigurationError> {
        if let Some(error) = first_error(&settings) {
            return Err(error);
        }
        let (voltage, current) = (settings.voltage_scale, settings.current_scale);
        let micro_squared = wide(voltage.microvolts) * wide(current.microamperes);
        let codes_squared = wide(voltage.codes) * wide(current.codes);
        let energy = Ratio::reduced(
            micro_squared,
            codes_squared
                * wide(settings.sample_rate_hertz)
                * MICRO_SQUARED_SECONDS_PER_MILLIWATT_HOUR,
        );
        let power = Ratio::reduced(micro_squared, codes_squared * MICRO_SQUARED_PER_MICROWATT);
        // Half of Un × Ist, in millivolt·microamperes = nanowatts, then in code².
        let nanowatts = wide(settings.nominal_voltage_millivolts)
            * wide(settings.starting_current_microamperes)
            / 2;
        let starting_codes_squared = nanowatts * 1_000 * codes_squared / micro_squared;
        let limits = EventLimits::VOLTAGE.codes(&settings)?;
        let configuration =
            Self { settings, energy, power, starting_codes_squared, limits, filters: None };
        // 24 = 3 elements × 2 for a derived voltage × 4 for the removal of the mean: see `sums`.
        let code_limit = CODE_LIMIT.unsigned_abs();
        let largest_sum = 24
            * wide(code_limit)
            * wide(code_limit)
            * wide(configuration.longest_window_samples() + 2);
        match largest_sum.checked_mul(energy.numerator) {
            Some(product) if product < i128::MAX.unsigned_abs() - energy.denominator => {
                Ok(configuration)
            }
            _ => Err(ConfigurationError::FullScalePower),
        }
    }

    /// The same with other limits of events than [`EventLimits::VOLTAGE`].
    ///
    /// # Errors
    /// If the limits aren't in order.
    pub fn with_limits(self, limits: &EventLimits) -> Result<Self, ConfigurationError> {
        Ok(Self { limits: limits.codes(&self.settings)?, ..self })
    }

    /// The same with channels that are conditioned before they're measured.
    ///
    /// # Errors
    /// The first part of it that is out of range.
    pub fn with_conditioning(
        self,
        conditioning: &Conditioning,
    ) -> Result<Self, ConfigurationError> {
        Ok(Self { filters: Some(conditioning.filters(&self.settings)?), ..self })
    }

    /// By how many samples what is measured lies behind the frames that are pushed.
    #[must_use]
    pub fn latency_samples(&self) -> usize {
        self.filters.as_ref().map_or(0, Filters::latency)
    }

    /// The settings as given.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Cycles in one window: 10 at 50 Hz, 12 at 60 Hz (IEC 61000-4-30).
    #[must_use]
    pub const fn cycles_per_window(&self) -> u32 {
        match self.settings.nominal_frequency {
            NominalFrequency::Hertz50 => 10,
            NominalFrequency::Hertz60 => 12,
        }
    }

    /// Samples of a window when there is no voltage to follow: 200 ms.
    pub(crate) const fn free_window_samples(&self) -> u32 {
        self.settings.sample_rate_hertz / 5
    }

    /// Samples after which a synchronised window ends without its last crossing.
    pub(crate) const fn longest_window_samples(&self) -> u32 {
        self.settings.sample_rate_hertz * self.cycles_per_window() / LOWEST_FREQUENCY_HERTZ
    }

    /// Samples after which a segment that began at a crossing ends without one: 1/64 s.
    pub(crate) const fn longest_segment_samples(&self) -> u64 {
        self.settings.sample_rate_hertz as u64 / 64
    }

    /// Samples of half a nominal cycle.
    pub(crate) const fn half_cycle_samples(&self) -> u64 {
        let halves_per_second = match self.settings.nominal_frequency {
            NominalFrequency::Hertz50 => 100,
            NominalFrequency::Hertz60 => 120,
        };
        self.settings.sample_rate_hertz as u64 / halves_per_second
    }

    /// How far below zero, in codes, the voltage must go before its next crossing counts:
    /// a sixteenth of the nominal peak, so noise around zero makes no second crossing.
    pub(crate) fn crossing_hysteresis(&self) -> i32 {
        let scale = self.settings.voltage_scale;
        let nominal = u64::from(self.settings.nominal_voltage_millivolts) * 1_414;
        let codes = nominal * u64::from(scale.codes) / u64::from(scale.microvolts) / 16;
        i32::try_from(codes).unwrap_or(CODE_LIMIT).max(1)
    }

    /// From code²·samples to milliwatt-hours.
    pub(crate) const fn energy(&self) -> Ratio {
        self.energy
    }

    /// From mean code² to microwatts.
    pub(crate) const fn power(&self) -> Ratio {
        self.power
    }

    /// Mean code² of one element below which nothing is registered.
    pub(crate) const fn starting_codes_squared(&self) -> u128 {
        self.starting_codes_squared
    }

    pub(crate) const fn limits(&self) -> &LimitCodes {
        &self.limits
    }

    pub(crate) const fn filters(&self) -> Option<&Filters> {
        self.filters.as_ref()
    }

    /// Which of the three elements carry power.
    pub(crate) const fn elements(&self) -> &'static [usize] {
        self.settings.wiring.elements()
    }

    /// Whether the phase currents should add up to that of the neutral.
    pub(crate) const fn has_neutral(&self) -> bool {
        !matches!(self.settings.wiring, Wiring::ThreePhaseThreeWire)
    }
}

impl Ratio {
    const fn reduced(numerator: u128, denominator: u128) -> Self {
        let divisor = greatest_common_divisor(numerator, denominator);
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }
}

const fn first_error(settings: &Settings) -> Option<ConfigurationError> {
    let (voltage, current) = (settings.voltage_scale, settings.current_scale);
    if settings.sample_rate_hertz < 2_000 || settings.sample_rate_hertz > 16_000 {
        return Some(ConfigurationError::SampleRate);
    }
    if !scale_is_usable(voltage.codes, voltage.microvolts) {
        return Some(ConfigurationError::VoltageScale);
    }
    if !scale_is_usable(current.codes, current.microamperes) {
        return Some(ConfigurationError::CurrentScale);
    }
    if wide(voltage.microvolts) * wide(current.microamperes) > MAXIMUM_SCALE_PRODUCT {
        return Some(ConfigurationError::FullScalePower);
    }
    let nominal_microvolts = wide(settings.nominal_voltage_millivolts) * 1_000;
    if !is_within_scale(nominal_microvolts, voltage.codes, voltage.microvolts) {
        return Some(ConfigurationError::NominalVoltage);
    }
    let starting_microamperes = wide(settings.starting_current_microamperes);
    if !is_within_scale(starting_microamperes, current.codes, current.microamperes) {
        return Some(ConfigurationError::StartingCurrent);
    }
    if settings.pulses_per_kilowatt_hour == 0 || settings.pulses_per_kilowatt_hour > 1_000_000 {
        return Some(ConfigurationError::PulseConstant);
    }
    None
}

const fn scale_is_usable(codes: u32, micro: u32) -> bool {
    codes >= 1024 && codes <= CODE_LIMIT.unsigned_abs() && micro > 0
}

/// Whether the value is above zero and below what [`CODE_LIMIT`] codes mean.
const fn is_within_scale(value_micro: u128, codes: u32, micro: u32) -> bool {
    value_micro > 0 && value_micro * wide(codes) < wide(CODE_LIMIT.unsigned_abs()) * wide(micro)
}

/// Widens without loss; `From` isn't usable in a constant function yet.
const fn wide(value: u32) -> u128 {
    value as u128
}
