//! Readings, checked one by one and against each other.

use super::error::{CalibrationError, Quantity, ReadingFault};
use super::plan::Plan;
use super::reading::{Element, Quantities, Reading};
use super::vector::{self, POWER_NANO_MAX, excess_ppb, over};
use crate::fixed::saturate_u32;
use heapless::Vec;

/// Readings of one element at most.
pub(super) const POINTS_MAX: usize = 64;

/// Readings in all at most.
pub(super) const READINGS_MAX: usize = 256;

/// Two readings of one point lie as close as this, in 10⁻⁹.
const SAME_POINT_PPB: i64 = 10_000_000;

/// How far U·I may lie from √(P² + Q²) under a sine, in 10⁻⁹.
const DISAGREEMENT_PPB: i64 = 10_000_000;

/// What one reading says about a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// Place in the list of readings.
    pub(super) reading: usize,
    pub(super) frequency_millihertz: u32,
    pub(super) voltage_microvolts: u64,
    pub(super) current_nanoamperes: u64,
    /// By how much the voltage must grow, in 10⁻⁹.
    pub(super) voltage_gain: i64,
    /// By how much the current must grow, in 10⁻⁹.
    pub(super) current_gain: i64,
    /// By how much the current must be delayed against the voltage, in 10⁻¹² radians.
    pub(super) lag: i64,
    /// By how much the voltage must be delayed against that of phase A, in 10⁻¹² radians.
    pub(super) voltage_lag: Option<i64>,
}

pub(super) type Points = Vec<Point, POINTS_MAX>;

/// The points of each element, in the order of [`Element::ALL`], by ascending current.
pub(super) fn points(plan: &Plan, readings: &[Reading]) -> Result<[Points; 4], CalibrationError> {
    if readings.len() > READINGS_MAX {
        return Err(CalibrationError::TooMany);
    }
    let mut points = [const { Vec::new() }; 4];
    for (at, reading) in readings.iter().enumerate() {
        let element = reading.element;
        let point = Point::new(at, reading, plan).map_err(|fault| CalibrationError::Reading {
            reading: at,
            element,
            fault,
        })?;
        points[element.index()].push(point).map_err(|_| CalibrationError::TooMany)?;
    }
    for element in plan.elements() {
        if points[element.index()].is_empty() {
            return Err(CalibrationError::Missing { element: *element });
        }
    }
    for (element, points) in Element::ALL.into_iter().zip(&mut points) {
        points.sort_unstable_by_key(|point| (point.current_nanoamperes, point.reading));
        agree(element, points, plan.repeatability_ppm)?;
    }
    angles(plan, &points)?;
    Ok(points)
}

impl Point {
    pub(super) fn new(at: usize, reading: &Reading, plan: &Plan) -> Result<Self, ReadingFault> {
        is_in_range(reading, plan)?;
        let (reference, shown) = (&reading.reference, &reading.shown);
        let point = Self {
            reading: at,
            frequency_millihertz: reading.frequency_millihertz,
            voltage_microvolts: reference.voltage_microvolts,
            current_nanoamperes: reference.current_nanoamperes,
            voltage_gain: 0,
            current_gain: 0,
            lag: 0,
            voltage_lag: None,
        };
        if reading.element == Element::Neutral {
            let ratio =
                excess_ppb(reference.current_nanoamperes.into(), shown.current_nanoamperes.into());
            return Ok(Self { current_gain: ratio.ok_or(ReadingFault::CurrentRatio)?, ..point });
        }
        let phase = point.of_phase(reference, shown)?;
        // Phase A is where angles are counted from.
        let voltage_lag = phase.voltage_lag.filter(|_| reading.element != Element::A);
        Ok(Self { voltage_lag, ..phase })
    }

    fn of_phase(self, reference: &Quantities, shown: &Quantities) -> Result<Self, ReadingFault> {
        let (truth, answer) = (reference.power(), shown.power());
        is_sine(reference).then_some(()).ok_or(ReadingFault::ReferenceDisagrees)?;
        let voltage_gain =
            excess_ppb(reference.voltage_microvolts.into(), shown.voltage_microvolts.into())
                .ok_or(ReadingFault::VoltageRatio)?;
        // Of the powers, not of the RMS values: noise adds to these and not to those.
        let power_gain = excess_ppb(truth.magnitude(), answer.magnitude());
        let current_gain =
            power_gain.map(|gain| over(gain, voltage_gain)).ok_or(ReadingFault::CurrentRatio)?;
        is_sine(shown).then_some(()).ok_or(ReadingFault::ShownDisagrees)?;
        let lag = truth.lag_beyond(answer).ok_or(ReadingFault::Angle)?;
        let angles = reference.voltage_angle_microdegrees.zip(shown.voltage_angle_microdegrees);
        let lead = |(truth, shown): (i32, i32)| {
            vector::of_microdegrees(i64::from(shown) - i64::from(truth))
        };
        Ok(Self { voltage_gain, current_gain, lag, voltage_lag: angles.map(lead), ..self })
    }

    /// By how much the current must be delayed against the voltage, in picoseconds.
    pub(super) fn delay(&self) -> i64 {
        vector::picoseconds(self.lag, self.frequency_millihertz)
    }

    /// By how much the voltage must be delayed against that of phase A, in picoseconds.
    pub(super) fn voltage_delay(&self) -> Option<i64> {
        self.voltage_lag.map(|lag| vector::picoseconds(lag, self.frequency_millihertz))
    }
}

fn is_in_range(reading: &Reading, plan: &Plan) -> Result<(), ReadingFault> {
    let Reading { element, frequency_millihertz, reference, shown } = reading;
    let nominal = u64::from(plan.nominal_millihertz());
    let microvolts = u64::from(plan.nominal_voltage_millivolts) * 1_000;
    let volts = reference.voltage_microvolts;
    let amperes = reference.current_nanoamperes;
    let powers = [reference, shown].map(|side| [side.active_nanowatts, side.reactive_nanovars]);
    let too_much = powers.as_flattened().iter().any(|power| power.unsigned_abs() > POWER_NANO_MAX);
    let is_phase = *element != Element::Neutral;
    let has = !is_phase && plan.wiring != crate::Wiring::ThreePhaseThreeWire;
    let [low, high] = [plan.current_min_microamperes, plan.current_max_microamperes]
        .map(|micro| u64::from(micro) * 1_000);
    let faults = [
        (!has && !plan.elements().contains(element), ReadingFault::Element),
        (
            u64::from(*frequency_millihertz).abs_diff(nominal) > nominal * 15 / 100,
            ReadingFault::Frequency,
        ),
        (is_phase && volts.abs_diff(microvolts) > microvolts / 2, ReadingFault::Voltage),
        (amperes < low, ReadingFault::CurrentTooSmall),
        (amperes > high, ReadingFault::CurrentTooLarge),
        (too_much, ReadingFault::Power),
    ];
    let first = faults.into_iter().find(|(is_there, _)| *is_there);
    first.map_or(Ok(()), |(_, fault)| Err(fault))
}

/// Whether U·I and √(P² + Q²) are one.
fn is_sine(side: &Quantities) -> bool {
    let away = excess_ppb(side.power().magnitude(), side.apparent());
    away.is_some_and(|away| away.abs() <= DISAGREEMENT_PPB)
}

/// Readings of one point must say the same.
fn agree(element: Element, points: &Points, allowed_ppm: u32) -> Result<(), CalibrationError> {
    for (at, first) in points.iter().enumerate() {
        for second in &points[at + 1..] {
            let Some((quantity, difference)) = first.differs(second, allowed_ppm) else { continue };
            let (one, other) = (first.reading, second.reading);
            return Err(CalibrationError::Contradiction {
                element,
                first: one.min(other),
                second: one.max(other),
                quantity,
                difference_ppm: saturate_u32(u128::from(difference.div_ceil(1_000))),
                allowed_ppm,
            });
        }
    }
    Ok(())
}

impl Point {
    /// What two readings of one point differ in by too much, in 10⁻⁹.
    fn differs(&self, other: &Self, allowed_ppm: u32) -> Option<(Quantity, u64)> {
        let angle = |one: i64, other: i64| one.abs_diff(other) / 1_000;
        let voltages = self.voltage_lag.zip(other.voltage_lag);
        let turned = voltages.map_or(0, |(one, other)| angle(one, other));
        let voltage = [
            (Quantity::Voltage, self.voltage_gain.abs_diff(other.voltage_gain)),
            (Quantity::VoltageAngle, turned),
        ];
        let current = [
            (Quantity::Current, self.current_gain.abs_diff(other.current_gain)),
            (Quantity::Angle, angle(self.lag, other.lag)),
        ];
        let same_voltage = is_same(self.voltage_microvolts, other.voltage_microvolts);
        let same_current = is_same(self.current_nanoamperes, other.current_nanoamperes);
        let checked = voltage
            .into_iter()
            .filter(|_| same_voltage)
            .chain(current.into_iter().filter(|_| same_current));
        let allowed = u64::from(allowed_ppm) * 1_000;
        checked.into_iter().find(|(_, difference)| *difference > allowed)
    }
}

fn is_same(one: u64, other: u64) -> bool {
    one == other
        || excess_ppb(one.into(), other.into()).is_some_and(|excess| excess.abs() <= SAME_POINT_PPB)
}

/// Either all voltages have their angle or none has.
fn angles(plan: &Plan, points: &[Points; 4]) -> Result<(), CalibrationError> {
    let has =
        |element: &Element| points[element.index()].iter().any(|point| point.voltage_lag.is_some());
    let others = || plan.elements().iter().filter(|element| **element != Element::A);
    match others().find(|element| !has(element)) {
        Some(element) if others().any(has) => {
            Err(CalibrationError::MissingAngle { element: *element })
        }
        _ => Ok(()),
    }
}
