//! What a bench says and what the meter showed at the same time.

use super::vector::{self, Power};
use crate::window::PhaseWindow;

/// Which channels a reading is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// Voltage and current of phase A; three-wire: A–B and A.
    A,
    /// Voltage and current of phase B.
    B,
    /// Voltage and current of phase C; three-wire: C–B and C.
    C,
    /// The current of the neutral, which has no power: only its amount is corrected.
    Neutral,
}

impl Element {
    /// In the order of the channels.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::Neutral];

    /// Place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// One small letter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::Neutral => "n",
        }
    }
}

impl core::fmt::Display for Element {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::A => "phase A",
            Self::B => "phase B",
            Self::C => "phase C",
            Self::Neutral => "the neutral",
        })
    }
}

/// Values of one element under a sinusoidal load: the truth, or what the meter made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantities {
    /// Voltage in microvolts RMS; of the neutral 0.
    pub voltage_microvolts: u64,
    /// Current in nanoamperes RMS.
    pub current_nanoamperes: u64,
    /// Active power in nanowatts, positive from the grid; of the neutral 0.
    pub active_nanowatts: i64,
    /// Reactive power in nanovars, positive if the current lags; of the neutral 0.
    pub reactive_nanovars: i64,
    /// Angle of the voltage against that of phase A in microdegrees, positive if it leads. Only
    /// where both sides of a reading have it is the voltage's own phase corrected.
    pub voltage_angle_microdegrees: Option<i32>,
}

/// One test point of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whose it is.
    pub element: Element,
    /// Frequency in millihertz.
    pub frequency_millihertz: u32,
    /// The truth.
    pub reference: Quantities,
    /// What the meter showed without any correction.
    pub shown: Quantities,
}

impl Quantities {
    /// From a voltage, a current and the angle by which the current lags, in microdegrees.
    #[must_use]
    pub fn from_angle(microvolts: u64, nanoamperes: u64, lag_microdegrees: i32) -> Self {
        let power = vector::power(microvolts, nanoamperes, lag_microdegrees);
        Self {
            voltage_microvolts: microvolts,
            current_nanoamperes: nanoamperes,
            active_nanowatts: power.active,
            reactive_nanovars: power.reactive,
            voltage_angle_microdegrees: None,
        }
    }

    /// A current alone, of the neutral.
    #[must_use]
    pub const fn current(nanoamperes: u64) -> Self {
        Self {
            voltage_microvolts: 0,
            current_nanoamperes: nanoamperes,
            active_nanowatts: 0,
            reactive_nanovars: 0,
            voltage_angle_microdegrees: None,
        }
    }

    pub(super) const fn power(&self) -> Power {
        Power { active: self.active_nanowatts, reactive: self.reactive_nanovars }
    }

    /// U·I in the unit of [`Power::magnitude`].
    pub(super) const fn apparent(&self) -> u128 {
        let product = self.voltage_microvolts as u128 * self.current_nanoamperes as u128;
        product / 1_000_000 * (1 << 12)
    }
}

/// Gathers windows of one element, so that noise is averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Average {
    windows: u32,
    first_angle: i32,
    /// Voltage, current, active and reactive power, angle beyond the first one.
    sums: [i128; 5],
}

impl Average {
    /// Takes a window; one without whole cycles has no fundamental and isn't taken.
    pub fn add(&mut self, window: &PhaseWindow) {
        if window.fundamental_voltage_microvolts == 0 {
            return;
        }
        if self.windows == 0 {
            self.first_angle = window.voltage_angle_microdegrees;
        }
        let turned = i64::from(window.voltage_angle_microdegrees) - i64::from(self.first_angle);
        let turned = (turned + 180_000_000).rem_euclid(360_000_000) - 180_000_000;
        let values = [
            i128::from(window.voltage_microvolts),
            i128::from(window.current_nanoamperes),
            i128::from(window.fundamental_active_microwatts) * 1_000,
            i128::from(window.reactive_microvars) * 1_000,
            i128::from(turned),
        ];
        for (sum, value) in self.sums.iter_mut().zip(values) {
            *sum += value;
        }
        self.windows += 1;
    }

    /// The means; `None` of nothing.
    #[must_use]
    pub fn quantities(&self) -> Option<Quantities> {
        let count = i128::from(self.windows);
        if count == 0 {
            return None;
        }
        let mean = |at: usize| crate::fixed::divide_round(self.sums[at], count);
        let whole = |at: usize| crate::fixed::saturate_i64(mean(at));
        let angle = whole(4) + i64::from(self.first_angle);
        Some(Quantities {
            voltage_microvolts: whole(0).unsigned_abs(),
            current_nanoamperes: whole(1).unsigned_abs(),
            active_nanowatts: whole(2),
            reactive_nanovars: whole(3),
            voltage_angle_microdegrees: i32::try_from(angle).ok(),
        })
    }
}
