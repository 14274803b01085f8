//! Calibration 校准: from readings of a bench to the constants of [`Conditioning`].
//!
//! Everything is integer, so the same readings give the same bytes on every machine.
//!
//! 1. Each [`Reading`] gives the gain that its voltage needs, U/U', the gain that its current needs,
//!    |P + jQ|/|P' + jQ'| over that of the voltage, and the angle by which the current must be
//!    delayed, arg(P + jQ) − arg(P' + jQ'). Powers rather than RMS currents, since noise adds to
//!    these.
//! 2. Readings of one point (within 1 %) must agree within the plan's repeatability.
//! 3. The readings of a current, by size, are divided into at most five regions so that the worst
//!    of them errs least, or between borders that are given. Borders have a band of hysteresis
//!    around the geometric mean of their neighbours.
//! 4. A region's constants are the middle between the extremes of its readings: no other leaves a
//!    smaller worst case. An angle becomes a delay, since that is what a conditioned channel has.
//! 5. Every constant must be within its bound, and what is left at each reading within the plan's
//!    residual. Otherwise there is no calibration, and the error names the place.

mod bounds;
mod error;
mod errors;
mod plan;
mod points;
mod reading;
mod regions;
mod stored;
mod vector;

pub use error::{CalibrationError, Constant, OutOfBounds, PlanFault, Quantity, ReadingFault};
pub use errors::{Errors, PointErrors};
pub use plan::{Plan, Regions};
pub use reading::{Average, Element, Quantities, Reading};
pub use stored::StoredError;

use crate::conditioning::{Conditioning, Correction};
use points::{Points, points};
use regions::{Range, current, saturate_i32};

/// The constants of one meter, checked, and what they were made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calibration {
    plan: Plan,
    conditioning: Conditioning,
    /// SM3 of the readings.
    readings: [u8; 32],
}

impl Calibration {
    /// The constants that the readings ask for.
    ///
    /// # Errors
    /// A plan or a reading that can't be used, an element or region without reading, readings that
    /// contradict each other, a constant beyond its bound, too large a residual.
    pub fn from_readings(plan: &Plan, readings: &[Reading]) -> Result<Self, CalibrationError> {
        plan.check()?;
        let points = points(plan, readings)?;
        let nothing = Correction { gain_ppb: 0, delay_nanoseconds: 0 };
        let mut conditioning = Conditioning {
            voltages: [nothing; 3],
            currents: [crate::CurrentConditioning::uniform(nothing); 4],
            high_pass: plan.high_pass,
        };
        for (element, points) in Element::ALL.into_iter().zip(&points) {
            let voltage = voltage(points);
            let delay = voltage.map_or(0, |voltage| voltage.delay_nanoseconds);
            let at = element.index();
            if let Some((slot, voltage)) = conditioning.voltages.get_mut(at).zip(voltage) {
                *slot = voltage;
            }
            conditioning.currents[at] = current(plan, element, points, delay)?;
        }
        bounds::check(plan, &conditioning).map_err(CalibrationError::Bound)?;
        for (element, points) in Element::ALL.into_iter().zip(&points) {
            for point in points {
                let errors = Errors::of(point, element, &conditioning);
                errors.check(plan, point.reading, element)?;
            }
        }
        Ok(Self { plan: *plan, conditioning, readings: stored::digest_of(readings) })
    }

    /// What to give to [`Configuration::with_conditioning`](crate::Configuration::with_conditioning).
    #[must_use]
    pub const fn conditioning(&self) -> &Conditioning {
        &self.conditioning
    }

    /// What it was made for.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// SM3 of the readings it was made from.
    #[must_use]
    pub const fn readings_digest(&self) -> &[u8; 32] {
        &self.readings
    }

    /// How wrong the meter is at a reading, before and after; `reading` needn't be one of those
    /// that the constants were made from.
    ///
    /// # Errors
    /// If the reading can't be used.
    pub fn errors(&self, reading: &Reading) -> Result<Errors, ReadingFault> {
        let point = points::Point::new(0, reading, &self.plan)?;
        Ok(Errors::of(&point, reading.element, &self.conditioning))
    }
}

/// The correction of a voltage; none without readings.
fn voltage(points: &Points) -> Option<Correction> {
    let gains = Range::of(points.iter().map(|point| point.voltage_gain))?;
    let delays = Range::of(points.iter().filter_map(points::Point::voltage_delay));
    let nanoseconds = |range: Range| crate::fixed::divide_round(range.middle().into(), 1_000);
    let delay = delays.map_or(0, |range| crate::fixed::saturate_i64(nanoseconds(range)));
    Some(Correction {
        gain_ppb: saturate_i32(gains.middle()),
        delay_nanoseconds: saturate_i32(delay),
    })
}
