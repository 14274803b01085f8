//! How the conductors meet the channels.

use crate::channels::Codes;

/// How the conductors meet the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// Three elements, each from phase to neutral.
    ThreePhaseFourWire,
    /// Two elements, A to B and C to B (Aron); phase B is the reference.
    ThreePhaseThreeWire,
    /// One element in channel A.
    SinglePhase,
    /// Wye with three currents and two voltages (non-Blondel): the voltage of B is taken as
    /// −A − C, which is right as far as the voltages add up to zero. ADE9000: VCONSEL = 2.
    FourWireWyeTwoVoltages,
    /// Four-wire delta whose winding A–B is tapped in the middle by the neutral (non-Blondel): the
    /// voltage of B is taken as −A. ADE9000: VCONSEL = 3.
    FourWireDeltaTwoVoltages,
}

impl Wiring {
    /// Joins the channels.
    ///
    /// Three-wire: the middle voltage becomes A to C and the middle current that of phase B, as the
    /// ADE9000 does with VCONSEL = 1 and ICONSEL = 1.
    pub(crate) const fn join(self, codes: Codes) -> Codes {
        let [a, b, c, ia, ib, ic, neutral] = codes;
        match self {
            Self::ThreePhaseFourWire => [a, b, c, ia, ib, ic, neutral],
            Self::ThreePhaseThreeWire => [a, a - c, c, ia, -ia - ic, ic, 0],
            Self::SinglePhase => [a, 0, 0, ia, 0, 0, neutral],
            Self::FourWireWyeTwoVoltages => [a, -a - c, c, ia, ib, ic, neutral],
            Self::FourWireDeltaTwoVoltages => [a, -a, c, ia, ib, ic, neutral],
        }
    }

    /// Which of the three elements carry power.
    pub(crate) const fn elements(self) -> &'static [usize] {
        match self {
            Self::ThreePhaseFourWire
            | Self::FourWireWyeTwoVoltages
            | Self::FourWireDeltaTwoVoltages => &[0, 1, 2],
            Self::ThreePhaseThreeWire => &[0, 2],
            Self::SinglePhase => &[0],
        }
    }
}
