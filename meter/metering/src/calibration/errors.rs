//! How wrong a meter is at a reading, before and after its correction.

use super::error::{CalibrationError, Quantity};
use super::plan::Plan;
use super::points::Point;
use super::reading::Element;
use super::regions::is_inside;
use super::vector::{active_errors, over, picoradians, times};
use crate::conditioning::{Conditioning, Correction};

/// Errors at one reading. Ratios in 10⁻⁹ of the truth, positive if the meter shows too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PointErrors {
    /// Of the voltage; of the neutral 0.
    pub voltage_ppb: i64,
    /// Of the current.
    pub current_ppb: i64,
    /// Of the angle between voltage and current in nanoradians, positive if the current lags too
    /// much; of the neutral 0.
    pub lag_nanoradians: i64,
    /// Of the voltage's angle against phase A in nanoradians, positive if it leads too much; 0 if
    /// the reading doesn't tell.
    pub voltage_lead_nanoradians: i64,
    /// Of active power at unity power factor; of the neutral 0.
    pub active_unity_ppb: i64,
    /// Of active power at a power factor of 0.5 lagging; of the neutral 0.
    pub active_half_lag_ppb: i64,
}

/// Errors before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errors {
    /// As shown.
    pub before: PointErrors,
    /// What is left. In the band of a border, in that of the two regions which leaves more.
    pub after: PointErrors,
    /// The region that `after` was corrected in, from 0.
    pub region: usize,
}

impl Errors {
    pub(super) fn of(point: &Point, element: Element, conditioning: &Conditioning) -> Self {
        let nothing = Correction { gain_ppb: 0, delay_nanoseconds: 0 };
        let current = &conditioning.currents[element.index()];
        let voltage = conditioning.voltages.get(element.index()).unwrap_or(&nothing);
        let regions = (0..current.regions).filter(|region| is_inside(current, *region, point));
        let corrected = regions.map(|region| {
            (PointErrors::new(point, element, voltage, &current.corrections[region]), region)
        });
        let (after, region) = corrected
            .max_by_key(|(errors, region)| (errors.worst(element).1.abs(), *region))
            .expect("the regions reach from nothing to everything");
        Self { before: PointErrors::new(point, element, &nothing, &nothing), after, region }
    }

    pub(super) fn check(
        &self,
        plan: &Plan,
        reading: usize,
        element: Element,
    ) -> Result<(), CalibrationError> {
        let (quantity, residual_ppb) = self.after.worst(element);
        if residual_ppb.unsigned_abs() <= u64::from(plan.residual_max_ppm) * 1_000 {
            return Ok(());
        }
        Err(CalibrationError::Residual {
            reading,
            element,
            region: self.region,
            quantity,
            residual_ppb,
            allowed_ppm: plan.residual_max_ppm,
        })
    }
}

impl PointErrors {
    fn new(point: &Point, element: Element, voltage: &Correction, current: &Correction) -> Self {
        let turn = |delay: &Correction| {
            picoradians(i64::from(delay.delay_nanoseconds) * 1_000, point.frequency_millihertz)
        };
        let ratio = |needed: i64, correction: &Correction| {
            times(over(0, needed), i64::from(correction.gain_ppb))
        };
        let current_ppb = ratio(point.current_gain, current);
        if element == Element::Neutral {
            return Self { current_ppb, ..Self::default() };
        }
        let voltage_ppb = ratio(point.voltage_gain, voltage);
        let lag = turn(current) - turn(voltage) - point.lag;
        let (active_unity_ppb, active_half_lag_ppb) =
            active_errors(times(voltage_ppb, current_ppb), lag);
        let voltage_lead = point.voltage_lag.map_or(0, |lead| lead - turn(voltage));
        Self {
            voltage_ppb,
            current_ppb,
            lag_nanoradians: lag / 1_000,
            voltage_lead_nanoradians: voltage_lead / 1_000,
            active_unity_ppb,
            active_half_lag_ppb,
        }
    }

    /// The largest of the errors that a residual is asked of.
    fn worst(&self, element: Element) -> (Quantity, i64) {
        if element == Element::Neutral {
            return (Quantity::Current, self.current_ppb);
        }
        let errors = [
            (Quantity::Voltage, self.voltage_ppb),
            (Quantity::VoltageAngle, self.voltage_lead_nanoradians),
            (Quantity::ActiveUnity, self.active_unity_ppb),
            (Quantity::ActiveHalfLag, self.active_half_lag_ppb),
        ];
        errors.into_iter().max_by_key(|(_, error)| error.abs()).expect("there are four")
    }
}
