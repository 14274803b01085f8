//! Runs points on meters and says what came out.

use super::bench::Bench;
use super::calibrating::{Standard, calibrate};
use super::conditions::Connection::{FourWire, ThreeWire};
use super::conditions::{Conditions, Connection};
use super::fault::Fault;
use super::meter::{FULL_SCALE, Meter, settings};
use super::point::{Point, Trial};
use crate::front_end::{FrontEnd, Tolerances};
use crate::random::Random;
use metering::calibration::{Calibration, CalibrationError};
use metering::{Conditioning, Configuration};

/// How often a point is measured for its repeatability.
const REPETITIONS: u64 = 5;

/// On what a point is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Samples without a fault.
    Digital,
    /// Models of the sensors and converters, calibrated.
    Sensors,
}

impl Chain {
    /// Which part of a limit it may use.
    #[must_use]
    pub const fn share(self) -> f64 {
        match self {
            Self::Digital => 0.1,
            Self::Sensors => 1.0 / 3.0,
        }
    }
}

/// What a point gave on one chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// In the unit of the point.
    pub value: f64,
    /// Its size as a part of the limit.
    pub share: f64,
    /// Whether it is enough.
    pub verdict: Verdict,
    /// The errors in % that it was made of; none for counts.
    pub errors: Vec<f64>,
}

/// Whether a value is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Within the part of the limit that the chain may use.
    Kept,
    /// Within the limit, but beyond that part.
    Beyond,
    /// Beyond the limit.
    Failed,
}

/// What a point gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// On samples without a fault; none if the influence reaches sensors only.
    pub digital: Option<Reading>,
    /// With models of the sensors.
    pub sensors: Reading,
}

impl Outcome {
    /// The worse of both.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let digital = self.digital.as_ref().map_or(Verdict::Kept, |reading| reading.verdict);
        digital.max(self.sensors.verdict)
    }
}

/// What is tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// Draws the specimen, the standard meter and all noise.
    pub seed: u64,
    /// Of the specimen's parts.
    pub tolerances: Tolerances,
    /// A planted fault.
    pub fault: Option<Fault>,
}

/// The meters of a laboratory, each for four and for three wires.
#[derive(Clone, Debug)]
pub struct Laboratory {
    digital: [Meter; 2],
    sensors: [Meter; 2],
    /// The constants of the specimen with four and with three wires.
    pub calibrations: [Calibration; 2],
    /// What the laboratory calibrated with.
    pub standard: Standard,
    noise: Random,
}

impl Laboratory {
    /// Draws a specimen and calibrates it.
    ///
    /// # Errors
    /// If the specimen can't be calibrated.
    ///
    /// # Panics
    /// Never: what a calibration gives can be used.
    pub fn new(setup: &Setup) -> Result<Self, CalibrationError> {
        let random = Random::from_seed(setup.seed);
        let board = FrontEnd::specimen(FULL_SCALE, &setup.tolerances, random.part(1));
        let standard = Standard::drawn(random.part(2));
        let calibrated = |connection: Connection, number| {
            calibrate((&board, connection), &standard, random.part(number))
        };
        let calibrations = [calibrated(FourWire, 3)?, calibrated(ThreeWire, 4)?];
        let meter = |connection, calibration: &Calibration| {
            let mut meter = faulty(connection, setup.fault);
            let mut conditioning = *calibration.conditioning();
            meter.front_end = board.clone();
            spoil(&mut conditioning, &mut meter.front_end, setup.fault);
            let conditioned = meter.configuration.with_conditioning(&conditioning);
            meter.configuration = conditioned.expect("constants of a calibration");
            meter
        };
        let [four, three] = &calibrations;
        Ok(Self {
            digital: [FourWire, ThreeWire].map(|connection| faulty(connection, setup.fault)),
            sensors: [meter(FourWire, four), meter(ThreeWire, three)],
            calibrations,
            standard,
            noise: random.part(5),
        })
    }

    /// The board of the specimen.
    #[must_use]
    pub const fn board(&self) -> &FrontEnd {
        &self.sensors[0].front_end
    }

    /// Runs one point on both chains.
    #[must_use]
    pub fn test(&self, point: &Point) -> Outcome {
        let digital = (!point.is_of_sensors()).then(|| self.reading(point, Chain::Digital));
        Outcome { digital, sensors: self.reading(point, Chain::Sensors) }
    }

    fn meter(&self, chain: Chain, connection: Connection) -> &Meter {
        let meters = match chain {
            Chain::Digital => &self.digital,
            Chain::Sensors => &self.sensors,
        };
        match connection {
            FourWire => &meters[0],
            ThreeWire => &meters[1],
        }
    }

    fn reading(&self, point: &Point, chain: Chain) -> Reading {
        let run = Run { meter: self.meter(chain, point.connection), point, noise: self.noise };
        let (value, errors) = run.value();
        let share = if value == 0.0 { 0.0 } else { value.abs() / point.limit };
        let allowed = if point.is_shared() { chain.share() } else { 1.0 };
        let verdict = if share <= allowed {
            Verdict::Kept
        } else if share <= 1.0 {
            Verdict::Beyond
        } else {
            Verdict::Failed
        };
        Reading { value, share, verdict, errors }
    }
}

/// One point on one meter.
struct Run<'r> {
    meter: &'r Meter,
    point: &'r Point,
    noise: Random,
}

impl Run<'_> {
    fn value(&self) -> (f64, Vec<f64>) {
        let conditions = &self.point.conditions;
        let errors = match self.point.trial {
            Trial::Error => vec![self.error(conditions, 0)],
            Trial::Shift(reference) => vec![self.error(&reference, 0), self.error(conditions, 1)],
            Trial::PerKelvin(from) => {
                let cold = Conditions { celsius: from, ..*conditions };
                vec![self.error(&cold, 0), self.error(conditions, 1)]
            }
            Trial::Repeatability => {
                (0..REPETITIONS).map(|time| self.error(conditions, time)).collect()
            }
            Trial::Start | Trial::NoLoad | Trial::Pulses(_) => Vec::new(),
        };
        (self.evaluate(&errors), errors)
    }

    fn evaluate(&self, errors: &[f64]) -> f64 {
        match (self.point.trial, errors) {
            (Trial::Shift(_), [reference, influenced]) => influenced - reference,
            (Trial::PerKelvin(from), [cold, warm]) => {
                (warm - cold) / (self.point.conditions.celsius - from)
            }
            (Trial::Repeatability, errors) => {
                let largest = errors.iter().copied().fold(f64::MIN, f64::max);
                largest - errors.iter().copied().fold(f64::MAX, f64::min)
            }
            (Trial::Start, _) => f64::from(self.bench(&self.point.conditions, 0).silent_windows()),
            (Trial::NoLoad, _) => {
                let mut bench = self.bench(&self.point.conditions, 0);
                #[allow(clippy::cast_precision_loss, reason = "a few pulses")]
                let pulses = bench.pulses_without_load(self.point.connection) as f64;
                pulses
            }
            (Trial::Pulses(energy), _) => {
                self.bench(&self.point.conditions, 0).pulse_difference(energy)
            }
            (Trial::Error | Trial::Shift(_) | Trial::PerKelvin(_), errors) => {
                errors.first().copied().unwrap_or(f64::INFINITY)
            }
        }
    }

    fn error(&self, conditions: &Conditions, time: u64) -> f64 {
        self.bench(conditions, time).error_percent()
    }

    fn bench(&self, conditions: &Conditions, time: u64) -> Bench {
        let Point { connection, quantity, number, .. } = *self.point;
        let line = conditions.line(connection, quantity);
        let noise = self.noise.part(u64::from(number)).part(time);
        Bench::new(self.meter, (&line, quantity), conditions.celsius, noise)
    }
}

/// Samples without a fault into a core with a planted one.
fn faulty(connection: Connection, fault: Option<Fault>) -> Meter {
    let mut settings = settings(connection);
    if fault == Some(Fault::Threshold) {
        settings.starting_current_microamperes *= 7;
    }
    if fault == Some(Fault::PulseConstant) {
        settings.pulses_per_kilowatt_hour -= 1;
    }
    let configuration = Configuration::new(settings).expect("nearly the name plate");
    Meter { configuration, front_end: FrontEnd::perfect(FULL_SCALE) }
}

/// Plants a fault behind the calibration.
fn spoil(conditioning: &mut Conditioning, board: &mut FrontEnd, fault: Option<Fault>) {
    /// A thousandth.
    const GAIN_PPB: i32 = 1_000_000;
    /// 3/60° of 20 ms/360.
    const DELAY_NANOSECONDS: i32 = 2_778;
    let mut delays = |change: fn(i32) -> i32| {
        let currents = conditioning.currents.iter_mut();
        for correction in currents.flat_map(|current| &mut current.corrections) {
            correction.delay_nanoseconds = change(correction.delay_nanoseconds);
        }
    };
    match fault {
        Some(Fault::Gain) => {
            conditioning.voltages.iter_mut().for_each(|voltage| voltage.gain_ppb += GAIN_PPB);
        }
        Some(Fault::Phase) => delays(|delay| delay + DELAY_NANOSECONDS),
        Some(Fault::Compensation) => delays(|_| 0),
        Some(Fault::Crosstalk) => board.converter.crosstalk = 1e-3,
        Some(Fault::Threshold | Fault::PulseConstant) | None => {}
    }
}
