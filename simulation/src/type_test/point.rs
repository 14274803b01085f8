//! A point of the type test: what is measured under which conditions, and within which limit.

use super::conditions::{Conditions, Connection, Quantity};
use crate::front_end::REFERENCE_CELSIUS;

/// A clause of a standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Name for programs.
    pub key: &'static str,
    /// Standard and class.
    pub standard: &'static str,
    /// What it asks for.
    pub english: &'static str,
    /// The same in Chinese.
    pub chinese: &'static str,
    /// What a reader must know about how it is tested here.
    pub remark: Option<Remark>,
}

/// A remark in two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remark {
    /// English.
    pub english: &'static str,
    /// Chinese.
    pub chinese: &'static str,
}

/// What is measured and held against the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trial {
    /// Error of the energy, %.
    Error,
    /// Change of the error from these conditions, %.
    Shift(Conditions),
    /// Change of the error per kelvin from this temperature, %/K.
    PerKelvin(f64),
    /// Largest difference among five errors, %.
    Repeatability,
    /// Windows of ten cycles in which nothing was registered.
    Start,
    /// Pulses in the test time.
    NoLoad,
    /// Pulses by which register and pulse output differ, over this energy in kWh or kvarh.
    Pulses(f64),
}

/// In what a value is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Percent.
    Percent,
    /// Percent per kelvin.
    PercentPerKelvin,
    /// Windows of ten cycles.
    Windows,
    /// Pulses.
    Pulses,
}

impl Unit {
    /// As tables write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::PercentPerKelvin => "%/K",
            Self::Windows => "win",
            Self::Pulses => "imp",
        }
    }
}

/// One point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Place in the plan, from 1.
    pub number: u32,
    /// Of which clause.
    pub clause: &'static Clause,
    /// Of which energy.
    pub quantity: Quantity,
    /// How the meter is connected.
    pub connection: Connection,
    /// Under which conditions.
    pub conditions: Conditions,
    /// What is measured.
    pub trial: Trial,
    /// What the value may be, in [`Point::unit`].
    pub limit: f64,
}

impl Point {
    /// In what value and limit are given.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        match self.trial {
            Trial::Error | Trial::Shift(_) | Trial::Repeatability => Unit::Percent,
            Trial::PerKelvin(_) => Unit::PercentPerKelvin,
            Trial::Start => Unit::Windows,
            Trial::NoLoad | Trial::Pulses(_) => Unit::Pulses,
        }
    }

    /// Whether the influence reaches sensors only, so that samples without a fault can't show it.
    #[must_use]
    #[allow(clippy::float_cmp, reason = "the reference temperature is written once")]
    pub fn is_of_sensors(&self) -> bool {
        let is_warmer = self.conditions.celsius != REFERENCE_CELSIUS;
        is_warmer || matches!(self.trial, Trial::PerKelvin(_))
    }

    /// Whether only a fraction of the limit may be used; else the value must keep to the limit.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        !matches!(self.trial, Trial::Start | Trial::Pulses(_))
    }
}
