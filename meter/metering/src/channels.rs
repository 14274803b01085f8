//! The seven ADC channels: what comes in, and how the wiring joins them.

use crate::Wiring;

/// Codes beyond ± this value are clipped.
///
/// It's 7 % above the full scale of the ADE9000 ([`crate::ADE9000_FULL_SCALE_CODE`]), so the chip
/// never reaches it; the proofs against overflow rest on it.
pub const CODE_LIMIT: i32 = 80_000_000;

/// One simultaneous sample of the seven ADC channels, in ADC codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Phase A, B, C to neutral. Three-phase three-wire: A to B, unused, C to B.
    pub voltage: [i32; 3],
    /// Phase A, B, C and neutral. Three-phase three-wire: A, unused, C, unused.
    pub current: [i32; 4],
}

/// A frame after clipping, with the channels that the wiring derives or silences.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Channels {
    pub(crate) voltage: [i32; 3],
    pub(crate) current: [i32; 4],
}

impl Channels {
    /// Clips the codes, and joins the channels as the wiring asks.
    ///
    /// Three-wire: the middle voltage becomes A to C and the middle current that of phase B, as the
    /// ADE9000 does with VCONSEL = 1 and ICONSEL = 1.
    pub(crate) fn join(frame: &Frame, wiring: Wiring) -> Self {
        let [a, b, c] = frame.voltage.map(clip);
        let [ia, ib, ic, neutral] = frame.current.map(clip);
        match wiring {
            Wiring::ThreePhaseFourWire => {
                Self { voltage: [a, b, c], current: [ia, ib, ic, neutral] }
            }
            Wiring::ThreePhaseThreeWire => {
                Self { voltage: [a, a - c, c], current: [ia, -ia - ic, ic, 0] }
            }
            Wiring::SinglePhase => Self { voltage: [a, 0, 0], current: [ia, 0, 0, neutral] },
        }
    }
}

fn clip(code: i32) -> i32 {
    code.clamp(-CODE_LIMIT, CODE_LIMIT)
}
