//! What comes out of a measurement.

use super::Role;
use metering::{ORDERS, Wiring};

/// Everything that was measured of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// How the conductors meet the channels.
    pub wiring: Wiring,
    /// 50 or 60.
    pub nominal_hertz: u32,
    /// Samples of each channel that were taken, and per second.
    pub samples: usize,
    /// Samples per second in the file.
    pub rate_hertz: f64,
    /// By how much the rate was divided before the metering core; 1 if it wasn't.
    pub decimation: usize,
    /// Which column was which channel.
    pub sources: Vec<(Role, String)>,
    /// Means over all [`Self::windows`].
    pub mean: Values,
    /// Time in those windows.
    pub measured_seconds: f64,
    /// Windows of ten (at 60 Hz twelve) whole cycles.
    pub windows: Vec<Window>,
    /// Energy of every sample.
    pub energy: Energy,
    /// The constants that the channels were corrected with.
    pub calibration: Option<Applied>,
    /// Fundamental and harmonics, by [`Role::index`].
    pub spectrum: [Vec<Line>; Role::CHANNELS],
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// Constants that were used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// SM3 of the constants, hex.
    pub digest: String,
    /// The region of each current from 0, in all of the recording; none if a current changed it on
    /// the way.
    pub regions: Option<[usize; 4]>,
}

/// One window.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// When it began, from the first sample.
    pub start_s: f64,
    /// How long it was.
    pub seconds: f64,
    /// What was measured in it.
    pub values: Values,
}

/// Values of all phases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Values {
    /// Line frequency.
    pub frequency_hz: f64,
    /// Phase A, B, C.
    pub phases: [Phase; 3],
    /// Of all elements.
    pub total: Powers,
    /// Current in the neutral.
    pub neutral_a: f64,
    /// Negative against positive sequence of the voltages.
    pub unbalance_u: f64,
}

/// Values of one phase; three-wire: of one element.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phase {
    /// RMS voltage.
    pub u_rms_v: f64,
    /// RMS current.
    pub i_rms_a: f64,
    /// Powers.
    pub powers: Powers,
    /// Harmonics of the voltage against its fundamental, as a ratio.
    pub thd_u: f64,
    /// Harmonics of the current against its fundamental, as a ratio.
    pub thd_i: f64,
}

/// Active, fundamental reactive and apparent power.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Powers {
    /// Active power; positive from the grid.
    pub p_w: f64,
    /// Reactive power of the fundamental; positive is inductive import.
    pub q_var: f64,
    /// Apparent power.
    pub s_va: f64,
}

impl Powers {
    /// P/S; 0 if nothing flows.
    #[must_use]
    pub fn pf(&self) -> f64 {
        ratio(self.p_w, self.s_va)
    }
}

/// One order of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// RMS, in volts or amperes.
    pub rms: f64,
    /// Angle against the zero crossing of the reference voltage.
    pub angle_deg: f64,
}

/// Energy by direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy {
    /// Of all elements together.
    pub total: Direction,
    /// Of each phase.
    pub phases: [Direction; 3],
}

/// Energy from the grid and into it, in joules.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Direction {
    /// From the grid.
    pub import_joules: f64,
    /// Into the grid.
    pub export_joules: f64,
}

/// One milliwatt-hour.
pub(crate) const JOULES_PER_MILLIWATT_HOUR: f64 = 3.6;

/// To the nearest whole milliwatt-hour.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "saturates beyond nine petawatt-hours")]
pub fn milliwatt_hours(joules: f64) -> i64 {
    (joules / JOULES_PER_MILLIWATT_HOUR).round() as i64
}

/// A part of a whole; 0 if there is no whole.
pub(crate) fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

impl Measurement {
    /// Seconds in the file, or between `--start` and `--end`.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / self.rate_hertz
    }

    /// The phases that have something to say: index and small letter.
    #[must_use]
    pub const fn phases(&self) -> &'static [(usize, &'static str)] {
        match self.wiring {
            Wiring::SinglePhase => &[(0, "a")],
            Wiring::ThreePhaseFourWire
            | Wiring::ThreePhaseThreeWire
            | Wiring::FourWireWyeTwoVoltages
            | Wiring::FourWireDeltaTwoVoltages => &[(0, "a"), (1, "b"), (2, "c")],
        }
    }

    /// As `--wiring` names it.
    #[must_use]
    pub const fn wiring_name(&self) -> &'static str {
        match self.wiring {
            Wiring::SinglePhase => "1p",
            Wiring::ThreePhaseThreeWire => "3p3w",
            Wiring::ThreePhaseFourWire => "3p4w",
            Wiring::FourWireWyeTwoVoltages => "3p4w-2u",
            Wiring::FourWireDeltaTwoVoltages => "3p4w-delta",
        }
    }

    /// Whether a phase is an element with power of its own.
    #[must_use]
    pub fn has_power(&self, phase: usize) -> bool {
        !(self.wiring == Wiring::ThreePhaseThreeWire && phase == 1)
    }

    /// Whether the neutral was measured.
    #[must_use]
    pub fn has_neutral(&self) -> bool {
        self.sources.iter().any(|(role, _)| *role == Role::In)
    }

    /// The highest order that any channel has; 0 to 50.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.spectrum
            .iter()
            .map(|lines| lines.len().saturating_sub(1))
            .max()
            .unwrap_or(0)
            .min(ORDERS)
    }
}
