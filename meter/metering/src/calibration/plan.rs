//! How a meter is calibrated: its ratings, and what is asked of readings and constants.

use super::error::{CalibrationError, PlanFault};
use super::reading::Element;
use crate::conditioning::{REGIONS, Sensor};
use crate::configuration::{NominalFrequency, Settings};
use crate::wiring::Wiring;

/// Where the regions of current lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regions {
    /// As many as give the smallest residual, up to this number (1 to 5); their borders lie between
    /// readings.
    AtMost(u8),
    /// Between these borders in microamperes, ascending; 0 for those behind the last one.
    At([u32; REGIONS - 1]),
}

/// What a calibration is made for. The same plan and readings give the same constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One phase, 3P3W or 3P4W. A wiring with derived voltages is calibrated as 3P4W, with all
    /// three voltages connected.
    pub wiring: Wiring,
    /// Frames per second of the meter: a delay is at most one sample period.
    pub sample_rate_hertz: u32,
    /// Readings lie within ±15 % of it.
    pub nominal_frequency: NominalFrequency,
    /// Readings lie within ±50 % of it.
    pub nominal_voltage_millivolts: u32,
    /// A reading with less current in microamperes RMS is refused: noise would be calibrated in.
    pub current_min_microamperes: u32,
    /// A reading with more current is refused.
    pub current_max_microamperes: u32,
    /// What gives the currents.
    pub sensor: Sensor,
    /// The high-pass with which the readings were taken, as in
    /// [`Conditioning::high_pass`](crate::Conditioning::high_pass).
    pub high_pass: Option<u32>,
    /// Where the regions of current lie.
    pub regions: Regions,
    /// How far to both sides of a border the region stays, in thousandths: 1 to 200.
    pub hysteresis_permille: u16,
    /// By how much two readings of one point may differ, in millionths of the amount or in
    /// microradians: 1 to 10,000.
    pub repeatability_ppm: u32,
    /// What may be left of an error of voltage, or of active power at unity or at 0.5 lagging, in
    /// millionths: 1 to 10,000.
    pub residual_max_ppm: u32,
}

/// Powers above are beyond what the sums hold, in microvolt·milliampere.
const APPARENT_MAX: u64 = 500_000_000_000_000;

impl Plan {
    /// For a meter with these settings: transformers, up to five regions with 5 % hysteresis, currents
    /// from ten times the starting current on, 0.02 % repeatability, 0.05 % residual.
    #[must_use]
    pub const fn new(settings: &Settings, current_max_microamperes: u32) -> Self {
        Self {
            wiring: settings.wiring,
            sample_rate_hertz: settings.sample_rate_hertz,
            nominal_frequency: settings.nominal_frequency,
            nominal_voltage_millivolts: settings.nominal_voltage_millivolts,
            current_min_microamperes: settings.starting_current_microamperes.saturating_mul(10),
            current_max_microamperes,
            sensor: Sensor::Transformer,
            high_pass: None,
            regions: Regions::AtMost(5),
            hysteresis_permille: 50,
            repeatability_ppm: 200,
            residual_max_ppm: 500,
        }
    }

    /// The elements that need readings.
    #[must_use]
    pub const fn elements(&self) -> &'static [Element] {
        match self.wiring {
            Wiring::SinglePhase => &[Element::A],
            Wiring::ThreePhaseThreeWire => &[Element::A, Element::C],
            Wiring::ThreePhaseFourWire
            | Wiring::FourWireWyeTwoVoltages
            | Wiring::FourWireDeltaTwoVoltages => &[Element::A, Element::B, Element::C],
        }
    }

    /// The nominal frequency in millihertz.
    pub(super) const fn nominal_millihertz(&self) -> u32 {
        match self.nominal_frequency {
            NominalFrequency::Hertz50 => 50_000,
            NominalFrequency::Hertz60 => 60_000,
        }
    }

    /// The longest delay in nanoseconds: one sample period.
    pub(super) const fn delay_max(&self) -> u32 {
        1_000_000_000 / self.sample_rate_hertz
    }

    pub(super) fn check(&self) -> Result<(), CalibrationError> {
        let faults = [
            (!self.has_own_voltages(), PlanFault::Wiring),
            (!(2_000..=16_000).contains(&self.sample_rate_hertz), PlanFault::SampleRate),
            (!self.is_range_right(), PlanFault::Range),
            (!self.is_high_pass_right(), PlanFault::HighPass),
            (!self.are_regions_right(), PlanFault::Regions),
            (!(1..=200).contains(&self.hysteresis_permille), PlanFault::Hysteresis),
            (!(1..=10_000).contains(&self.repeatability_ppm), PlanFault::Repeatability),
            (!(1..=10_000).contains(&self.residual_max_ppm), PlanFault::Residual),
        ];
        let first = faults.into_iter().find(|(is_there, _)| *is_there);
        first.map_or(Ok(()), |(_, fault)| Err(CalibrationError::Plan(fault)))
    }

    const fn has_own_voltages(&self) -> bool {
        match self.wiring {
            Wiring::SinglePhase | Wiring::ThreePhaseThreeWire | Wiring::ThreePhaseFourWire => true,
            Wiring::FourWireWyeTwoVoltages | Wiring::FourWireDeltaTwoVoltages => false,
        }
    }

    fn is_range_right(&self) -> bool {
        let (low, high) = (self.current_min_microamperes, self.current_max_microamperes);
        let apparent = u64::from(self.nominal_voltage_millivolts) * u64::from(high);
        self.nominal_voltage_millivolts > 0 && 0 < low && low < high && apparent <= APPARENT_MAX
    }

    fn is_high_pass_right(&self) -> bool {
        match self.high_pass {
            None => self.sensor == Sensor::Transformer,
            Some(shift) => (8..=16).contains(&shift),
        }
    }

    fn are_regions_right(&self) -> bool {
        match self.regions {
            Regions::AtMost(regions) => (1..=5).contains(&regions),
            Regions::At(borders) => {
                let used = borders.iter().take_while(|border| **border > 0).count();
                let bands = borders[..used].iter().map(|border| self.band(*border));
                let apart = bands.clone().zip(bands.skip(1));
                let apart = apart.into_iter().all(|((_, up), (down, _))| up < down);
                let inside = borders[..used].iter().all(|border| {
                    let (down, up) = self.band(*border);
                    0 < down && down < up && *border < self.current_max_microamperes
                });
                apart && inside && borders[used..].iter().all(|border| *border == 0)
            }
        }
    }

    /// Where a border is crossed downwards and upwards, in microamperes.
    pub(super) fn band(&self, border_microamperes: u32) -> (u32, u32) {
        let part = u64::from(border_microamperes) * u64::from(self.hysteresis_permille) / 1_000;
        let part = u32::try_from(part).unwrap_or(u32::MAX);
        (border_microamperes - part, border_microamperes.saturating_add(part))
    }
}
