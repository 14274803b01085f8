//! The type test 型式试验: the points of the standards as a program.
//!
//! Every point is run on two meters: on samples without a fault, which tests the digital chain and
//! may use a tenth of each limit, and on a specimen with models of its transformers, dividers and
//! converters, calibrated as a laboratory would, which may use a third. Errors come from the energy
//! registers over whole windows, against the energy in closed form.
//!
//! The limits were written down **from memory**, and nothing here is certified.

mod bench;
mod calibrating;
mod conditions;
mod fault;
mod laboratory;
mod limits;
mod meter;
mod plan;
mod point;
mod waveform;

pub use calibrating::Standard;
pub use conditions::{
    Conditions, Connection, Direction, Factor, LINE_VOLTS, Loaded, MAXIMUM_AMPERES,
    NOMINAL_AMPERES, NOMINAL_HERTZ, Nature, PHASE_VOLTS, Quantity, Supply,
};
pub use fault::Fault;
pub use laboratory::{Chain, Laboratory, Outcome, Reading, Setup, Verdict};
pub use meter::{FULL_SCALE, Meter, PULSES_PER_KWH, SAMPLE_RATE_HERTZ, settings};
pub use plan::plan;
pub use point::{Clause, Point, Remark, Trial, Unit};
pub use waveform::Waveform;
