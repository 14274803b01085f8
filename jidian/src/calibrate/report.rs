//! The errors of a meter at each reading, before and after, against the limits of its class.

use super::limits::class_02s;
use super::readings::Row;
use metering::calibration::{Calibration, Element, Errors, PointErrors, ReadingFault};

/// A report of one meter.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The constants.
    pub calibration: Calibration,
    /// Nominal current in amperes, from which the limits follow.
    pub nominal_amperes: f64,
    /// Each reading, in the order of the file.
    pub points: Vec<Point>,
}

/// One reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The reading.
    pub row: Row,
    /// How wrong the meter was, and is.
    pub errors: Errors,
    /// Limits of active power in per cent, at unity and at 0.5 lagging; of the neutral none.
    pub limits: [Option<f64>; 2],
}

/// The largest errors of all readings, and how many are beyond the limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worst {
    /// Of the voltage in per cent.
    pub voltage: f64,
    /// Of the current in per cent.
    pub current: f64,
    /// Of the angle in minutes.
    pub minutes: f64,
    /// Of active power in per cent, at unity and at 0.5 lagging.
    pub active: [f64; 2],
    /// Readings with an error of active power beyond its limit.
    pub beyond: usize,
}

/// Billionths as per cent.
#[must_use]
pub fn percent(ppb: i64) -> f64 {
    ppb as f64 / 1e7
}

/// Nanoradians as minutes of an angle.
#[must_use]
pub fn minutes(nanoradians: i64) -> f64 {
    (nanoradians as f64 / 1e9).to_degrees() * 60.0
}

/// Nanoradians as centiradians.
#[must_use]
pub fn centiradians(nanoradians: i64) -> f64 {
    nanoradians as f64 / 1e7
}

/// Errors of active power in per cent, at unity and at 0.5 lagging.
#[must_use]
pub fn active(errors: &PointErrors) -> [f64; 2] {
    [errors.active_unity_ppb, errors.active_half_lag_ppb].map(percent)
}

impl Report {
    /// Of readings that the constants can be held against.
    ///
    /// # Errors
    /// The line of a reading that can't be used, and why.
    pub fn new(
        calibration: Calibration,
        rows: &[Row],
        nominal_amperes: f64,
    ) -> Result<Self, (u64, ReadingFault)> {
        let point = |row: &Row| {
            let errors = calibration.errors(&row.reading).map_err(|fault| (row.line, fault))?;
            let amperes = row.reading.reference.current_nanoamperes as f64 / 1e9;
            let limits = match row.reading.element {
                Element::Neutral => [None; 2],
                Element::A | Element::B | Element::C => class_02s(amperes / nominal_amperes),
            };
            Ok(Point { row: *row, errors, limits })
        };
        let points = rows.iter().map(point).collect::<Result<_, _>>()?;
        Ok(Self { calibration, nominal_amperes, points })
    }

    /// The largest errors before and after.
    #[must_use]
    pub fn worst(&self) -> [Worst; 2] {
        let sides: [fn(&Errors) -> &PointErrors; 2] =
            [|errors| &errors.before, |errors| &errors.after];
        sides.map(|side| {
            let mut worst = Worst::default();
            for point in &self.points {
                worst.take(side(&point.errors), point.limits);
            }
            worst
        })
    }
}

impl Worst {
    fn take(&mut self, errors: &PointErrors, limits: [Option<f64>; 2]) {
        let active = active(errors);
        self.voltage = self.voltage.max(percent(errors.voltage_ppb).abs());
        self.current = self.current.max(percent(errors.current_ppb).abs());
        self.minutes = self.minutes.max(minutes(errors.lag_nanoradians).abs());
        for (worst, active) in self.active.iter_mut().zip(active) {
            *worst = worst.max(active.abs());
        }
        let mut pairs = active.into_iter().zip(limits);
        let is_beyond =
            pairs.any(|(active, limit)| limit.is_some_and(|limit| active.abs() > limit));
        self.beyond += usize::from(is_beyond);
    }
}
