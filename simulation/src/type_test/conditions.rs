//! What is on the line at a point, and how it is connected.

use super::waveform::Waveform;
use crate::front_end::{Line, REFERENCE_CELSIUS, Tone};
use core::f64::consts::{FRAC_PI_2, FRAC_PI_6, PI, TAU};
use metering::Wiring;

/// Nominal phase voltage of the meter with four wires.
pub const PHASE_VOLTS: f64 = 57.7;
/// Nominal line voltage of the meter with three wires.
pub const LINE_VOLTS: f64 = 100.0;
/// Nominal current In (IEC).
pub const NOMINAL_AMPERES: f64 = 1.5;
/// Maximum current.
pub const MAXIMUM_AMPERES: f64 = 6.0;
/// Nominal frequency.
pub const NOMINAL_HERTZ: f64 = 50.0;

/// How the meter is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Connection {
    /// Three phases and neutral, three elements.
    FourWire,
    /// Three phases, two elements (Aron).
    ThreeWire,
}

impl Connection {
    /// As the standards write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FourWire => "3P4W",
            Self::ThreeWire => "3P3W",
        }
    }

    /// What the metering core is told.
    #[must_use]
    pub const fn wiring(self) -> Wiring {
        match self {
            Self::FourWire => Wiring::ThreePhaseFourWire,
            Self::ThreeWire => Wiring::ThreePhaseThreeWire,
        }
    }

    /// Nominal voltage of one element.
    #[must_use]
    pub const fn nominal_volts(self) -> f64 {
        match self {
            Self::FourWire => PHASE_VOLTS,
            Self::ThreeWire => LINE_VOLTS,
        }
    }
}

/// What is compared with the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Active energy.
    Active,
    /// Reactive energy of the fundamental (IEC 62053-24).
    Reactive,
}

/// Direction of the energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the grid.
    Import,
    /// Into the grid.
    Export,
}

/// cos φ for active, sin φ for reactive energy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor {
    /// 0 to 1.
    pub size: f64,
    /// Whether the current lags or leads; of no matter for active energy at 1.
    pub nature: Nature,
    /// Of the energy.
    pub direction: Direction,
}

/// Whether the current lags or leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It lags: L.
    Inductive,
    /// It leads: C.
    Capacitive,
}

impl Factor {
    /// One.
    pub const ONE: Self = Self::lag(1.0);

    /// An inductive load.
    #[must_use]
    pub const fn lag(size: f64) -> Self {
        Self { size, nature: Nature::Inductive, direction: Direction::Import }
    }

    /// A capacitive load.
    #[must_use]
    pub const fn lead(size: f64) -> Self {
        Self { size, nature: Nature::Capacitive, direction: Direction::Import }
    }

    /// The same with the current turned around.
    #[must_use]
    pub const fn export(self) -> Self {
        Self { direction: Direction::Export, ..self }
    }

    /// By how many radians the current lags.
    #[must_use]
    pub fn lag_radians(&self, quantity: Quantity) -> f64 {
        let size = match quantity {
            Quantity::Active => libm::acos(self.size),
            Quantity::Reactive => libm::asin(self.size),
        };
        let lag = if self.nature == Nature::Capacitive { -size } else { size };
        if self.direction == Direction::Export { lag + PI } else { lag }
    }

    /// For tables: `1`, `0.5L`, `−0.8C`.
    #[must_use]
    pub fn name(&self, quantity: Quantity) -> String {
        let sign = if self.direction == Direction::Export { "−" } else { "" };
        let plain = quantity == Quantity::Active && self.size >= 1.0;
        let nature = match self.nature {
            _ if plain => "",
            Nature::Inductive => "L",
            Nature::Capacitive => "C",
        };
        format!("{sign}{}{nature}", self.size)
    }
}

/// Which currents flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// All alike.
    Balanced,
    /// One element, in phase with its own voltage but for the factor.
    Only(usize),
    /// None: the current circuit is open.
    Open,
}

/// The voltages of the phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// All three, in the order A, B, C.
    Whole,
    /// In the order A, C, B.
    Reversed,
    /// A 10 % above, C 10 % below nominal.
    Unbalanced,
    /// Some phases are interrupted, as when a fuse blows. With four wires their currents go on;
    /// with three wires the others carry what is left of the load.
    Lost(&'static [usize]),
}

/// The conditions of a measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// RMS of the fundamental of the currents that flow.
    pub amperes: f64,
    /// Factor.
    pub factor: Factor,
    /// Which currents flow.
    pub loaded: Loaded,
    /// The voltages of the phases.
    pub supply: Supply,
    /// Voltage in percent of the nominal one.
    pub volts_percent: f64,
    /// Line frequency.
    pub hertz: f64,
    /// Shape of voltages and currents.
    pub waveform: Waveform,
    /// Temperature of the meter.
    pub celsius: f64,
}

impl Conditions {
    /// Reference conditions at a balanced load.
    #[must_use]
    pub const fn reference(amperes: f64, factor: Factor) -> Self {
        Self {
            amperes,
            factor,
            loaded: Loaded::Balanced,
            supply: Supply::Whole,
            volts_percent: 100.0,
            hertz: NOMINAL_HERTZ,
            waveform: Waveform::Sine,
            celsius: REFERENCE_CELSIUS,
        }
    }

    /// The line that makes them.
    #[must_use]
    pub fn line(&self, connection: Connection, quantity: Quantity) -> Line {
        let lag = self.factor.lag_radians(quantity);
        match connection {
            Connection::FourWire => self.four_wires(lag),
            Connection::ThreeWire => self.three_wires(lag),
        }
    }

    /// Angles of the phase voltages.
    fn angles(&self) -> [f64; 3] {
        let third = TAU / 3.0;
        if self.supply == Supply::Reversed { [0.0, third, -third] } else { [0.0, -third, third] }
    }

    fn volts(&self, nominal: f64, phase: usize) -> f64 {
        let share = match self.supply {
            Supply::Whole | Supply::Reversed => 1.0,
            Supply::Unbalanced => [1.1, 1.0, 0.9][phase],
            Supply::Lost(lost) => f64::from(u8::from(!lost.contains(&phase))),
        };
        nominal * share * self.volts_percent / 100.0
    }

    fn flows(&self, phase: usize) -> bool {
        match self.loaded {
            Loaded::Balanced => true,
            Loaded::Only(loaded) => loaded == phase,
            Loaded::Open => false,
        }
    }

    fn four_wires(&self, lag: f64) -> Line {
        let angles = self.angles();
        let voltage =
            |phase: usize| self.waveform.voltage(self.volts(PHASE_VOLTS, phase), angles[phase]);
        let current = |phase: usize| self.current(phase, angles[phase] - lag);
        Line {
            hertz: self.hertz,
            voltages: [0, 1, 2].map(voltage),
            currents: [0, 1, 2].map(current),
        }
    }

    fn current(&self, phase: usize, angle: f64) -> Vec<Tone> {
        if self.flows(phase) { self.waveform.current(self.amperes, angle) } else { Vec::new() }
    }

    fn three_wires(&self, lag: f64) -> Line {
        if let Supply::Lost(lost) = self.supply {
            return self.two_wires(lost, lag);
        }
        let angles = self.angles();
        let phase = |phase: usize| {
            let volts = self.volts(LINE_VOLTS / libm::sqrt(3.0), phase);
            self.waveform.voltage(volts, angles[phase])
        };
        let [a, b, c] = [0, 1, 2].map(phase);
        let current = |phase: usize| match self.loaded {
            // U_AB leads U_A by 30°, U_CB is behind U_C by 30°.
            Loaded::Only(_) => self.current(phase, [FRAC_PI_6, 0.0, FRAC_PI_2][phase] - lag),
            Loaded::Balanced | Loaded::Open => self.current(phase, angles[phase] - lag),
        };
        Line {
            hertz: self.hertz,
            voltages: [difference(&a, &b), Vec::new(), difference(&c, &b)],
            currents: [current(0), Vec::new(), current(2)],
        }
    }

    /// What is left of three wires when one phase is interrupted: a load between the other two.
    fn two_wires(&self, lost: &[usize], lag: f64) -> Line {
        let volts = LINE_VOLTS * self.volts_percent / 100.0;
        let one = |size: f64, angle: f64| self.waveform.voltage(size, angle);
        let flow = |angle: f64| self.waveform.current(self.amperes, angle - lag);
        // The middle of a load from A to C is where B's terminal then lies; U_AC is 30° behind U_A.
        let (voltages, currents) = match lost {
            [0] => ([Vec::new(), one(volts, FRAC_PI_2)], [Vec::new(), flow(FRAC_PI_2)]),
            [2] => ([one(volts, FRAC_PI_6), Vec::new()], [flow(FRAC_PI_6), Vec::new()]),
            _ => (
                [one(volts / 2.0, -FRAC_PI_6), one(volts / 2.0, PI - FRAC_PI_6)],
                [flow(-FRAC_PI_6), flow(PI - FRAC_PI_6)],
            ),
        };
        let ([ab, cb], [ia, ic]) = (voltages, currents);
        Line { hertz: self.hertz, voltages: [ab, Vec::new(), cb], currents: [ia, Vec::new(), ic] }
    }
}

/// The voltage from one phase to another; both have the same orders.
fn difference(one: &[Tone], other: &[Tone]) -> Vec<Tone> {
    let tones = one.iter().zip(other).map(|(one, other)| {
        let x = one.rms * libm::cos(one.angle) - other.rms * libm::cos(other.angle);
        let y = one.rms * libm::sin(one.angle) - other.rms * libm::sin(other.angle);
        Tone { order: one.order, rms: libm::hypot(x, y), angle: libm::atan2(y, x) }
    });
    tones.collect()
}
