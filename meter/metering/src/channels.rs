//! The seven ADC channels.

/// Codes beyond ± this value are clipped.
///
/// It's 7 % above the full scale of the ADE9000 ([`crate::ADE9000_FULL_SCALE_CODE`]), so the chip
/// never reaches it; the proofs against overflow rest on it.
pub const CODE_LIMIT: i32 = 80_000_000;

/// Voltages of three phases, then currents of three phases and neutral.
pub(crate) const CHANNELS: usize = 7;

/// Where the currents begin.
pub(crate) const CURRENTS: usize = 3;

/// One sample of all channels: clipped, conditioned and joined as the wiring asks.
pub(crate) type Codes = [i32; CHANNELS];

/// One simultaneous sample of the seven ADC channels, in ADC codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Phase A, B, C to neutral. Three-phase three-wire: A to B, unused, C to B.
    pub voltage: [i32; 3],
    /// Phase A, B, C and neutral. Three-phase three-wire: A, unused, C, unused.
    pub current: [i32; 4],
}

impl Frame {
    /// The codes in the order of [`Codes`], clipped.
    pub(crate) fn codes(&self) -> Codes {
        let [a, b, c] = self.voltage.map(clip);
        let [ia, ib, ic, neutral] = self.current.map(clip);
        [a, b, c, ia, ib, ic, neutral]
    }
}

pub(crate) fn clip(code: i32) -> i32 {
    code.clamp(-CODE_LIMIT, CODE_LIMIT)
}
