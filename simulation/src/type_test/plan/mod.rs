//! All points, clause by clause.

mod active;
mod oiml;
mod pulses;
mod reactive;

use super::conditions::{
    Conditions, Connection, Factor, Loaded, NOMINAL_AMPERES, NOMINAL_HERTZ, Quantity, Supply,
};
use super::limits::Shifts;
use super::point::{Clause, Point, Remark, Trial};

/// Both connections.
const CONNECTIONS: [Connection; 2] = [Connection::FourWire, Connection::ThreeWire];

/// Cuts of the temperature range, at most 23 K apart.
const TEMPERATURES: [(f64, f64); 5] =
    [(-40.0, -20.0), (-20.0, 0.0), (0.0, 23.0), (23.0, 45.0), (45.0, 70.0)];

/// By how much the inside of the meter is warmer after hours at Imax (assumed).
const SELF_HEATING_KELVIN: f64 = 5.0;

/// All points of the type test, in the order of the report.
#[must_use]
pub fn plan() -> Vec<Point> {
    let mut plan = Plan::default();
    active::errors(&mut plan);
    active::influences(&mut plan);
    reactive::points(&mut plan);
    oiml::points(&mut plan);
    pulses::points(&mut plan);
    plan.points
}

/// Points, as they are written down.
#[derive(Default)]
struct Plan {
    points: Vec<Point>,
}

/// What the points of a clause have in common.
#[derive(Clone, Copy)]
struct Series {
    clause: &'static Clause,
    quantity: Quantity,
    connection: Connection,
}

impl Series {
    const fn active(clause: &'static Clause) -> Self {
        Self { clause, quantity: Quantity::Active, connection: Connection::FourWire }
    }

    const fn reactive(clause: &'static Clause) -> Self {
        Self { clause, quantity: Quantity::Reactive, connection: Connection::FourWire }
    }

    const fn on(self, connection: Connection) -> Self {
        Self { connection, ..self }
    }
}

impl Plan {
    fn add(&mut self, series: Series, conditions: Conditions, trial: Trial, limit: f64) {
        let Series { clause, quantity, connection } = series;
        let number = u32::try_from(self.points.len() + 1).expect("a few hundred points");
        let point = Point { number, clause, quantity, connection, conditions, trial, limit };
        self.points.push(point);
    }

    /// Errors at currents (parts of In) and factors, at reference conditions.
    fn errors(
        &mut self,
        series: Series,
        parts: &[f64],
        factors: &[Factor],
        (loaded, limit): (Loaded, fn(f64, Factor, Loaded) -> f64),
    ) {
        for factor in factors {
            for part in parts {
                let amperes = part * NOMINAL_AMPERES;
                let conditions = Conditions { loaded, ..Conditions::reference(amperes, *factor) };
                let limit = limit(amperes, *factor, loaded);
                self.add(series, conditions, Trial::Error, limit);
            }
        }
    }

    /// A shift from the same current and factor at reference conditions.
    fn shift(&mut self, series: Series, conditions: Conditions, limit: f64) {
        let reference = Conditions::reference(conditions.amperes, conditions.factor);
        self.add(series, conditions, Trial::Shift(reference), limit);
    }

    fn voltages(&mut self, series: Series, loads: &[(f64, usize)], shifts: &Shifts) {
        for (amperes, factor) in on_factors(loads) {
            for volts_percent in [90.0, 110.0] {
                let conditions = Conditions::reference(amperes, FACTORS[factor]);
                let conditions = Conditions { volts_percent, ..conditions };
                self.shift(series, conditions, shifts.voltage[factor]);
            }
        }
    }

    fn frequencies(&mut self, series: Series, loads: &[(f64, usize)], shifts: &Shifts) {
        for (amperes, factor) in on_factors(loads) {
            for hertz in [NOMINAL_HERTZ * 0.98, NOMINAL_HERTZ * 1.02] {
                let conditions =
                    Conditions { hertz, ..Conditions::reference(amperes, FACTORS[factor]) };
                self.shift(series, conditions, shifts.frequency[factor]);
            }
        }
    }

    fn temperatures(&mut self, series: Series, loads: &[(f64, usize)], shifts: &Shifts) {
        for (amperes, factor) in on_factors(loads) {
            for (from, celsius) in TEMPERATURES {
                let conditions =
                    Conditions { celsius, ..Conditions::reference(amperes, FACTORS[factor]) };
                self.add(series, conditions, Trial::PerKelvin(from), shifts.per_kelvin[factor]);
            }
        }
    }

    fn self_heating(&mut self, series: Series, amperes: f64, shifts: &Shifts) {
        for factor in FACTORS {
            let conditions = Conditions::reference(amperes, factor);
            let celsius = conditions.celsius + SELF_HEATING_KELVIN;
            self.shift(series, Conditions { celsius, ..conditions }, shifts.self_heating);
        }
    }

    fn supplies(&mut self, series: Series, (amperes, supplies): (f64, &[Supply]), limit: f64) {
        for &supply in supplies {
            let conditions = Conditions { supply, ..Conditions::reference(amperes, Factor::ONE) };
            self.shift(series, conditions, limit);
        }
    }
}

/// The factors of influences: 1 and 0.5 lagging.
const FACTORS: [Factor; 2] = [Factor::ONE, Factor::lag(0.5)];

/// Loads as parts of In and an index into [`FACTORS`].
fn on_factors(loads: &[(f64, usize)]) -> impl Iterator<Item = (f64, usize)> {
    loads.iter().map(|&(part, factor)| (part * NOMINAL_AMPERES, factor))
}
