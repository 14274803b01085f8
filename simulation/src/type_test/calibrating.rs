//! How the laboratory calibrates a specimen before it is tested.
//!
//! At reference temperature, from the smallest current that may be calibrated with up to the
//! maximum, balanced, at power factors of 1 and 0.5 lagging: what the uncalibrated meter shows,
//! averaged, against the laboratory's standard meter. The constants are those of
//! [`metering::calibration`].

use super::bench::Bench;
use super::conditions::{
    Conditions, Connection, Factor, MAXIMUM_AMPERES, NOMINAL_AMPERES, NOMINAL_HERTZ, Quantity,
};
use super::meter::{Meter, settings};
use crate::front_end::{FrontEnd, Line, MINUTE, REFERENCE_CELSIUS};
use crate::random::Random;
use metering::calibration::{
    Average, Calibration, CalibrationError, Element, Plan, Quantities, Reading,
};

/// Currents as parts of In: the limits change between them, and each border of the regions lies
/// between two.
const PARTS: [f64; 11] = [0.01, 0.017, 0.03, 0.05, 0.09, 0.16, 0.3, 0.55, 1.0, 2.0, 4.0];

/// Windows that are averaged.
const WINDOWS: u32 = 20;

/// The standard meter of the laboratory, which is wrong itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard {
    /// Error of its power, parts of one.
    pub ratio: f64,
    /// By how many radians it shows a current too late.
    pub lag: f64,
}

impl Standard {
    /// The largest errors of a standard of class 0.02 at the moment of calibration (from memory:
    /// half of its limit, 0.01 %, and 0.2 minutes).
    const RATIO_MAX: f64 = 1e-4;
    const LAG_MAX: f64 = 0.2 * MINUTE;

    /// One that is drawn within those.
    #[must_use]
    pub fn drawn(random: Random) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a million fits")]
        let share = |number: u64| random.part(number).between(-1_000_000, 1_000_000) as f64 / 1e6;
        Self { ratio: share(0) * Self::RATIO_MAX, lag: share(1) * Self::LAG_MAX }
    }

    /// What it shows of an element.
    fn quantities(&self, line: &Line, element: usize) -> Quantities {
        let (voltage, current) = (line.voltages[element][0], line.currents[element][0]);
        let lag = voltage.angle - current.angle + self.lag;
        let amperes = current.rms * (1.0 + self.ratio);
        let apparent = voltage.rms * amperes * 1e9;
        Quantities {
            voltage_microvolts: rounded(voltage.rms * 1e6).unsigned_abs(),
            current_nanoamperes: rounded(amperes * 1e9).unsigned_abs(),
            active_nanowatts: rounded(apparent * libm::cos(lag)),
            reactive_nanovars: rounded(apparent * libm::sin(lag)),
            voltage_angle_microdegrees: None,
        }
    }
}

/// The plan of the laboratory for a connection.
fn plan(connection: Connection) -> Plan {
    let microamperes = |amperes: f64| {
        u32::try_from(rounded(amperes * 1e6)).expect("a few amperes in microamperes")
    };
    Plan {
        // A standard that shows too little must not make the first reading too small.
        current_min_microamperes: microamperes(0.99 * PARTS[0] * NOMINAL_AMPERES),
        ..Plan::new(&settings(connection), microamperes(1.01 * MAXIMUM_AMPERES))
    }
}

/// Calibrates a board.
///
/// # Errors
/// If the board is so far off that it must not be corrected.
pub(super) fn calibrate(
    (board, connection): (&FrontEnd, Connection),
    standard: &Standard,
    noise: Random,
) -> Result<Calibration, CalibrationError> {
    let meter = Meter { front_end: board.clone(), ..Meter::digital(connection) };
    let (plan, mut readings) = (plan(connection), Vec::new());
    let factors = [Factor::ONE, Factor::lag(0.5)];
    let loads = PARTS.iter().flat_map(|part| factors.map(|factor| (*part, factor)));
    for ((part, factor), number) in loads.zip(0_u64..) {
        let conditions = Conditions::reference(part * NOMINAL_AMPERES, factor);
        let line = conditions.line(connection, Quantity::Active);
        let mut bench =
            Bench::new(&meter, (&line, Quantity::Active), REFERENCE_CELSIUS, noise.part(number));
        let mut averages = [Average::default(); 3];
        for _ in 0..WINDOWS {
            let window = bench.window();
            for (average, phase) in averages.iter_mut().zip(&window.phases) {
                average.add(phase);
            }
        }
        for &element in plan.elements() {
            let at = element.index();
            let shown = averages[at].quantities().expect("windows of whole cycles");
            readings.push(reading(element, standard.quantities(&line, at), shown));
        }
    }
    Calibration::from_readings(&plan, &readings)
}

fn reading(element: Element, reference: Quantities, shown: Quantities) -> Reading {
    // The angle against phase A isn't compared.
    let shown = Quantities { voltage_angle_microdegrees: None, ..shown };
    let frequency = u32::try_from(rounded(NOMINAL_HERTZ * 1e3)).expect("50,000 mHz");
    Reading { element, frequency_millihertz: frequency, reference, shown }
}

#[allow(clippy::cast_possible_truncation, reason = "values of a meter in billionths fit")]
fn rounded(value: f64) -> i64 {
    value.round() as i64
}
