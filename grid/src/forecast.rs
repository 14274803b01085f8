//! Forecast of load and weather-bound supply for the next interval.
//!
//! Load of a class: `w₁ · same time yesterday + w₂ · last − w₃ · yesterday at the time of the
//! last`, which starts as yesterday corrected by today's last deviation. The three weights are
//! learned by recursive ridge regression with forgetting. Before a day of history exists, the
//! prior profile stands for yesterday.
//!
//! This is the only module with floating point. It uses additions, multiplications and divisions
//! alone, in a fixed order: so two machines agree to the last bit. Results are rounded once.

use crate::codec::record;
use crate::setup::POWER_MAX;
use crate::{ClassSetup, UnitId};
use contract::CustomerClass;
use quantity::{Duration, Energy, Instant, Power};

/// What is expected of an interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Load of each class at its reference price, by rising class; they sum to `total`.
    pub loads: Vec<LoadForecast>,
    /// What weather allows, for the units that follow it, by rising unit.
    pub units: Vec<SupplyForecast>,
    /// Load of all classes.
    pub total: Power,
}

/// Expected load of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadForecast {
    /// The class.
    pub class: CustomerClass,
    /// Mean of the interval.
    pub power: Power,
    /// How wrong the forecasts of this class were up to now.
    pub error: ForecastError,
}

/// What weather is expected to allow a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupplyForecast {
    /// The unit.
    pub unit: UnitId,
    /// Mean of the interval.
    pub available: Power,
    /// How wrong the forecasts of this unit were up to now.
    pub error: ForecastError,
}

/// Tally of absolute forecast errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForecastError {
    /// Forecasts that were compared with a value above zero.
    pub count: u64,
    /// Sum over them of |forecast − value| / value, in millionths.
    pub relative_millionths: u64,
    /// Sum of |forecast − value| over all forecasts.
    pub absolute: i128,
    /// Sum of all values.
    pub observed: i128,
}

impl ForecastError {
    /// Mean absolute percentage error, in millionths (50,000 is 5 %); `None` before the first.
    #[must_use]
    pub const fn mape_millionths(&self) -> Option<u64> {
        self.relative_millionths.checked_div(self.count)
    }

    /// Absolute error over the energy, in millionths: the fair measure where values touch zero.
    #[must_use]
    pub fn wape_millionths(&self) -> Option<u64> {
        let scaled = self.absolute.checked_mul(1_000_000)?.checked_div(self.observed)?;
        u64::try_from(scaled).ok()
    }

    fn note(&mut self, forecast: Power, value: Power) {
        let (forecast, value) = (wide(forecast), wide(value));
        let error = (forecast - value).abs();
        self.absolute += error;
        self.observed += value;
        if value > 0 {
            self.count += 1;
            let relative = u64::try_from(error * 1_000_000 / value).unwrap_or(u64::MAX);
            self.relative_millionths = self.relative_millionths.saturating_add(relative);
        }
    }
}

fn wide(power: Power) -> i128 {
    i128::from(power.milliwatts())
}

/// Load model of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadModel {
    class: CustomerClass,
    /// Latest value of each interval of the legal day; at first the prior profile.
    day: Vec<Power>,
    last: Option<Last>,
    /// Unit of the regression: the mean of the prior profile.
    scale: f64,
    weights: [f64; 3],
    covariance: [[f64; 3]; 3],
    /// Forecasts that wait for their observation, oldest first.
    pending: Vec<Pending>,
    error: ForecastError,
}

/// The newest observation.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Last {
    start: Instant,
    power: Power,
    /// What stood in its place before: the value of the day before.
    yesterday: Power,
}

/// A forecast that waits for its observation.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pending {
    start: Instant,
    features: [f64; 3],
    power: Power,
}

/// Weight that an observation keeps at each step: half a day of five-minute steps.
const FORGETTING: f64 = 0.995;
/// Ridge: how far the first weights may be from the truth.
const VARIANCE: f64 = 0.02;
/// Beyond it, forgetting pauses: nothing new is being learned.
const VARIANCE_MAX: f64 = 10.0;
/// A grid that decides ahead of the interval waits for two observations.
const PENDING_MAX: usize = 3;
/// Today's last deviation from yesterday goes on like this.
const PERSISTENCE: f64 = 0.9;

impl LoadModel {
    /// Knows the prior profile alone.
    #[must_use]
    pub fn new(setup: &ClassSetup) -> Self {
        let mean = setup.profile.iter().map(|power| float(*power)).sum::<f64>();
        let mean = mean / float(Power::from_milliwatts(count(setup.profile.len())));
        let mut covariance = [[0.0; 3]; 3];
        for (index, row) in covariance.iter_mut().enumerate() {
            row[index] = VARIANCE;
        }
        Self {
            class: setup.class,
            day: setup.profile.clone(),
            last: None,
            scale: mean.max(1.0),
            weights: [1.0, PERSISTENCE, -PERSISTENCE],
            covariance,
            pending: Vec::new(),
            error: ForecastError::default(),
        }
    }

    /// Learns the mean load of the interval that began at `start`.
    pub fn observe(&mut self, start: Instant, power: Power) {
        let waited = self.pending.iter().rev().find(|pending| pending.start == start).copied();
        if let Some(pending) = waited {
            self.error.note(pending.power, power);
            self.learn(&pending.features, float(power) / self.scale);
        }
        self.pending.retain(|pending| pending.start > start);
        let slot = self.slot(start);
        let yesterday = core::mem::replace(&mut self.day[slot], power);
        self.last = Some(Last { start, power, yesterday });
    }

    /// Expects the mean load of the interval that begins at `start`, in milliwatts, unrounded.
    fn expect(&mut self, start: Instant, interval: Duration) -> f64 {
        let features = self.features(start, interval);
        let value = (dot(&self.weights, &features) * self.scale).clamp(0.0, float(POWER_MAX));
        let power = Power::from_milliwatts(round(value));
        self.pending.push(Pending { start, features, power });
        if self.pending.len() > PENDING_MAX {
            self.pending.remove(0);
        }
        value
    }

    /// Yesterday, the last value, and yesterday's at its time, in units of the scale.
    fn features(&self, start: Instant, interval: Duration) -> [f64; 3] {
        let yesterday = self.day[self.slot(start)];
        let fresh = self.last.filter(|last| start.since(last.start) <= interval * 2);
        let (last, before) = match fresh {
            Some(last) => (last.power, last.yesterday),
            None => (yesterday, yesterday),
        };
        [yesterday, last, before].map(|power| float(power) / self.scale)
    }

    /// One step of recursive least squares.
    fn learn(&mut self, features: &[f64; 3], value: f64) {
        let pushed = self.covariance.map(|row| dot(&row, features));
        let spread: f64 = (0..3).map(|index| self.covariance[index][index]).sum();
        let forgetting = if spread < VARIANCE_MAX { FORGETTING } else { 1.0 };
        let divisor = forgetting + dot(&pushed, features);
        let error = value - dot(&self.weights, features);
        for row in 0..3 {
            let gain = pushed[row] / divisor;
            self.weights[row] += gain * error;
            for (column, push) in pushed.iter().enumerate() {
                let shrunk = self.covariance[row][column] - gain * push;
                self.covariance[row][column] = shrunk / forgetting;
            }
        }
    }

    /// Energy that the class takes in the `horizon` from `start` on, as far as the latest day tells.
    #[must_use]
    pub fn energy_ahead(&self, start: Instant, horizon: Duration, interval: Duration) -> Energy {
        let first = self.slot(start);
        let steps = usize::try_from(horizon.milliseconds() / interval.milliseconds()).unwrap_or(0);
        let powers = (first..first + steps).map(|slot| self.day[slot % self.day.len()]);
        let sum: i128 = powers.map(wide).sum();
        let energy = sum * i128::from(interval.milliseconds()) / 3_600_000;
        Energy::from_milliwatt_hours(i64::try_from(energy).unwrap_or(i64::MAX))
    }

    /// How wrong it was up to now.
    #[must_use]
    pub const fn error(&self) -> ForecastError {
        self.error
    }

    pub(crate) fn slots(&self) -> usize {
        self.day.len()
    }

    fn slot(&self, start: Instant) -> usize {
        slot_of_day(start, self.day.len())
    }
}

/// Model of a unit that follows the weather: the given weather forecast, shifted by a part of how
/// wrong the last one was; without a weather forecast, persistence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupplyModel {
    unit: UnitId,
    last: Option<Power>,
    given: Option<Power>,
    pending: Option<Power>,
    error: ForecastError,
}

impl SupplyModel {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(unit: UnitId) -> Self {
        Self { unit, last: None, given: None, pending: None, error: ForecastError::default() }
    }

    /// Learns what weather allowed in the interval that ended last.
    pub fn observe(&mut self, available: Power) {
        if let Some(forecast) = self.pending.take() {
            self.error.note(forecast, available);
        }
        self.last = Some(available);
    }

    /// Expects what weather allows next, up to `maximum`.
    pub fn expect(&mut self, resource: Option<Power>, maximum: Power) -> SupplyForecast {
        let missed = self.last.zip(self.given).map_or(Power::ZERO, |(last, given)| last - given);
        let correction = Power::from_milliwatts(missed.milliwatts() / 5 * 4);
        let expected = match resource {
            Some(resource) => resource + correction,
            None => self.last.unwrap_or(Power::ZERO),
        };
        let available = expected.max(Power::ZERO).min(maximum);
        self.given = resource;
        self.pending = Some(available);
        SupplyForecast { unit: self.unit, available, error: self.error }
    }
}

/// Expects the loads of all classes; the total is rounded once and split by largest remainder.
pub fn expect_loads(
    models: &mut [LoadModel],
    start: Instant,
    interval: Duration,
) -> (Vec<LoadForecast>, Power) {
    let values: Vec<f64> = models.iter_mut().map(|model| model.expect(start, interval)).collect();
    let rounded = round_to_total(&values);
    let total = rounded.iter().copied().map(Power::from_milliwatts).sum();
    let loads = models.iter_mut().zip(rounded).map(|(model, milliwatts)| {
        let power = Power::from_milliwatts(milliwatts);
        if let Some(pending) = model.pending.last_mut() {
            pending.power = power;
        }
        LoadForecast { class: model.class, power, error: model.error }
    });
    (loads.collect(), total)
}

/// Rounds values from zero up so that they sum to their rounded total: all down, then one more for
/// the largest remainders. The first of equal remainders wins.
#[must_use]
pub fn round_to_total(values: &[f64]) -> Vec<i64> {
    let total = round(values.iter().sum());
    let mut rounded: Vec<i64> = values.iter().map(|value| truncate(*value)).collect();
    let missing = usize::try_from(total - rounded.iter().sum::<i64>()).unwrap_or(0);
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*other].fract().total_cmp(&values[*one].fract()));
    for index in order.into_iter().take(missing) {
        rounded[index] += 1;
    }
    rounded
}

/// Number of the interval in the legal day that is cut into `slots`.
#[must_use]
pub fn slot_of_day(start: Instant, slots: usize) -> usize {
    let minute = usize::from(start.civil().minute_of_day());
    minute * slots / 1440
}

fn dot(one: &[f64; 3], other: &[f64; 3]) -> f64 {
    one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
}

#[allow(clippy::cast_precision_loss, reason = "a forecast needs no more than 53 bits")]
fn float(power: Power) -> f64 {
    power.milliwatts() as f64
}

fn round(value: f64) -> i64 {
    truncate(value + 0.5)
}

#[allow(clippy::cast_possible_truncation, reason = "truncating is the purpose; `as` saturates")]
fn truncate(value: f64) -> i64 {
    value as i64
}

fn count(length: usize) -> i64 {
    i64::try_from(length.max(1)).unwrap_or(i64::MAX)
}

record!(Forecast { loads, units, total });
record!(LoadForecast { class, power, error });
record!(SupplyForecast { unit, available, error });
record!(ForecastError { count, relative_millionths, absolute, observed });
record!(LoadModel { class, day, last, scale, weights, covariance, pending, error });
record!(Last { start, power, yesterday });
record!(Pending { start, features, power });
record!(SupplyModel { unit, last, given, pending, error });
