//! Why there are no constants: where, what, and what to do next.

use super::reading::Element;
use core::fmt::{Display, Formatter, Result};

/// Why readings give no constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalibrationError {
    /// The plan can't be followed.
    Plan(PlanFault),
    /// A reading can't be used.
    Reading {
        /// Its place in the list, from 0.
        reading: usize,
        /// Whose it is.
        element: Element,
        /// What is wrong with it.
        fault: ReadingFault,
    },
    /// More than 256 readings in all, or 64 of one element.
    TooMany,
    /// An element has no reading.
    Missing {
        /// Which.
        element: Element,
    },
    /// A region has no reading.
    EmptyRegion {
        /// Whose it is.
        element: Element,
        /// Which, from 0.
        region: usize,
    },
    /// Some voltages have an angle against phase A, this one has none.
    MissingAngle {
        /// Whose it is.
        element: Element,
    },
    /// Two readings of one point say different things.
    Contradiction {
        /// Whose they are.
        element: Element,
        /// The one.
        first: usize,
        /// The other.
        second: usize,
        /// About what.
        quantity: Quantity,
        /// By how much, in millionths of the amount or in microradians.
        difference_ppm: u32,
        /// What is allowed.
        allowed_ppm: u32,
    },
    /// A constant is beyond its bound.
    Bound(OutOfBounds),
    /// Too much of an error is left.
    Residual {
        /// The reading that shows it.
        reading: usize,
        /// Whose it is.
        element: Element,
        /// The region it was corrected in, from 0.
        region: usize,
        /// Of what.
        quantity: Quantity,
        /// What is left, in 10⁻⁹.
        residual_ppb: i64,
        /// What is allowed, in 10⁻⁶.
        allowed_ppm: u32,
    },
}

/// What is wrong with a [`Plan`](super::Plan).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFault {
    /// Some of its voltages are derived from others.
    Wiring,
    /// Outside 2,000 to 16,000 Hz.
    SampleRate,
    /// No voltage, no current, or more power than 500 kVA.
    Range,
    /// Outside 8 to 16, or a Rogowski coil has none.
    HighPass,
    /// Not 1 to 5 regions, or borders whose bands of hysteresis touch or leave the range.
    Regions,
    /// Outside 1 to 200 thousandths.
    Hysteresis,
    /// Outside 1 to 10,000 millionths.
    Repeatability,
    /// Outside 1 to 10,000 millionths.
    Residual,
}

/// What is wrong with a [`Reading`](super::Reading).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadingFault {
    /// The wiring has no such element.
    Element,
    /// Further than 15 % from the nominal frequency.
    Frequency,
    /// The reference voltage is further than 50 % from the nominal one.
    Voltage,
    /// The reference current is below the smallest one that is calibrated with.
    CurrentTooSmall,
    /// The reference current is above the largest one.
    CurrentTooLarge,
    /// A power beyond 2 MW or 2 Mvar.
    Power,
    /// U·I of the reference and √(P² + Q²) differ by more than 1 %.
    ReferenceDisagrees,
    /// U·I and √(P² + Q²) of the meter differ by more than 1 %.
    ShownDisagrees,
    /// The meter shows less than half or more than double the reference's voltage.
    VoltageRatio,
    /// The meter shows less than half or more than double the reference's current.
    CurrentRatio,
    /// The angles differ by more than 14°.
    Angle,
}

/// What a residual or a contradiction is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Amount of the voltage.
    Voltage,
    /// Amount of the current.
    Current,
    /// Angle between voltage and current.
    Angle,
    /// Angle of the voltage against phase A.
    VoltageAngle,
    /// Active power at unity power factor.
    ActiveUnity,
    /// Active power at a power factor of 0.5 lagging.
    ActiveHalfLag,
}

/// A constant beyond its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds {
    /// Whose it is.
    pub element: Element,
    /// Which.
    pub constant: Constant,
    /// Its value, in the unit of the constant.
    pub value: i64,
    /// The bound that it breaks.
    pub bound: i64,
}

/// One constant of an element. Regions count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// In 10⁻⁹.
    VoltageGain,
    /// In nanoseconds.
    VoltageDelay,
    /// Of a region, in 10⁻⁹.
    CurrentGain(usize),
    /// Of a region, in nanoseconds.
    CurrentDelay(usize),
    /// How many there are.
    Regions,
    /// Where the region below is entered again, in microamperes.
    Down(usize),
    /// Where a region is left for the next one, in microamperes.
    Up(usize),
    /// By how much the gain of a region may differ from the next one's, in 10⁻⁹: less than the
    /// hysteresis, or a current would go to and fro between the two.
    GainStep(usize),
    /// Something that isn't used and isn't zero.
    Unused,
}

impl core::error::Error for CalibrationError {}
impl core::error::Error for OutOfBounds {}

impl CalibrationError {
    /// The readings that it is about, from 0.
    #[must_use]
    pub const fn readings(&self) -> [Option<usize>; 2] {
        match self {
            Self::Reading { reading, .. } | Self::Residual { reading, .. } => {
                [Some(*reading), None]
            }
            Self::Contradiction { first, second, .. } => [Some(*first), Some(*second)],
            Self::Plan(_)
            | Self::TooMany
            | Self::Missing { .. }
            | Self::EmptyRegion { .. }
            | Self::MissingAngle { .. }
            | Self::Bound(_) => [None, None],
        }
    }
}

impl Display for CalibrationError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Plan(fault) => fault.fmt(f),
            Self::Reading { reading, element, fault } => {
                write!(f, "reading {}, {element}: {fault}", reading + 1)
            }
            Self::TooMany => {
                f.write_str("too many readings; 64 of one element and 256 in all can be taken")
            }
            Self::Missing { element } => write!(f, "{element} has no reading"),
            Self::EmptyRegion { element, region } => write!(
                f,
                "{element}, region {}: no reading lies in it; add one or move its borders",
                region + 1
            ),
            Self::MissingAngle { element } => write!(
                f,
                "{element}: no reading has the voltage's angle against phase A, though others have; \
                 give it for every phase or for none"
            ),
            Self::Contradiction {
                element,
                first,
                second,
                quantity,
                difference_ppm,
                allowed_ppm,
            } => {
                write!(
                    f,
                    "readings {} and {}, {element}: one point, and the {quantity} differs by \
                     {difference_ppm} ppm; {allowed_ppm} ppm are allowed; repeat them",
                    first + 1,
                    second + 1
                )
            }
            Self::Bound(bound) => bound.fmt(f),
            Self::Residual { reading, element, region, quantity, residual_ppb, allowed_ppm } => {
                write!(
                    f,
                    "reading {}, {element}, region {}: after correction {residual_ppb} ppb of {quantity} \
                     are left; {allowed_ppm} ppm are allowed; use more regions, or look at the reading",
                    reading + 1,
                    region + 1
                )
            }
        }
    }
}

impl Display for PlanFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Wiring => "a wiring with derived voltages is calibrated as 3P4W, all voltages on",
            Self::SampleRate => "the sample rate must be 2,000 to 16,000 Hz",
            Self::Range => {
                "needs a nominal voltage and 0 < smallest < largest current, 500 kVA at most"
            }
            Self::HighPass => "the high-pass must be 8 to 16, and a Rogowski coil needs one",
            Self::Regions => {
                "needs 1 to 5 regions, or ascending borders below the largest current whose bands of \
                 hysteresis don't touch"
            }
            Self::Hysteresis => "the hysteresis must be 1 to 200 thousandths",
            Self::Repeatability => "the repeatability must be 1 to 10,000 ppm",
            Self::Residual => "the residual must be 1 to 10,000 ppm",
        })
    }
}

impl Display for ReadingFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Element => "this wiring doesn't have it",
            Self::Frequency => "the frequency is further than 15 % from the nominal one",
            Self::Voltage => "the reference voltage is further than 50 % from the nominal one",
            Self::CurrentTooSmall => "the reference current is below the smallest one of the plan",
            Self::CurrentTooLarge => "the reference current is above the largest one of the plan",
            Self::Power => "a power beyond 2 MW or 2 Mvar",
            Self::ReferenceDisagrees => {
                "the reference's U·I and √(P² + Q²) differ by more than 1 %; is it a sine, and are \
                 the columns right?"
            }
            Self::ShownDisagrees => {
                "the meter's U·I and √(P² + Q²) differ by more than 1 %; is it a sine, and are the \
                 columns right?"
            }
            Self::VoltageRatio => "the meter shows less than half or more than double the voltage",
            Self::CurrentRatio => "the meter shows less than half or more than double the current",
            Self::Angle => {
                "the angle is further than 14° from the reference; is a current reversed, or are \
                 phases mixed up?"
            }
        })
    }
}

impl Display for Quantity {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Voltage => "voltage",
            Self::Current => "current",
            Self::Angle => "angle",
            Self::VoltageAngle => "angle of the voltage",
            Self::ActiveUnity => "active power at unity",
            Self::ActiveHalfLag => "active power at 0.5 lagging",
        })
    }
}

impl Display for OutOfBounds {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { element, constant, value, bound } = self;
        match constant {
            Constant::VoltageGain => {
                write!(f, "{element}: voltage gain {value} ppb, the bound is ±{bound}")
            }
            Constant::VoltageDelay => {
                write!(f, "{element}: voltage delay {value} ns, the bound is ±{bound}")
            }
            Constant::CurrentGain(region) => {
                write!(
                    f,
                    "{element}, region {}: gain {value} ppb, the bound is ±{bound}",
                    region + 1
                )
            }
            Constant::CurrentDelay(region) => {
                write!(
                    f,
                    "{element}, region {}: delay {value} ns, the bound is ±{bound}",
                    region + 1
                )
            }
            Constant::Regions => write!(f, "{element}: {value} regions, 1 to {bound} can be"),
            Constant::Down(region) => write!(
                f,
                "{element}, region {}: is left downwards at {value} µA, which must be above {bound}",
                region + 2
            ),
            Constant::Up(region) => write!(
                f,
                "{element}, region {}: is left upwards at {value} µA, which must be above {bound}",
                region + 1
            ),
            Constant::GainStep(region) => write!(
                f,
                "{element}, region {}: {value} ppb less gain in the next one, the hysteresis bears \
                 {bound}",
                region + 1
            ),
            Constant::Unused => write!(f, "{element}: {value} where nothing belongs"),
        }
    }
}
