//! Finds the moments at which the reference voltage rises through zero.

use crate::fixed::FRACTION_BITS;

/// A detector with hysteresis and dead time for rising zero crossings.
#[derive(Clone, Debug)]
pub(crate) struct Crossing {
    /// The code must have been below minus this before a crossing counts.
    hysteresis: i32,
    /// Samples after a crossing in which no other one counts.
    dead_time: u32,
    previous: i32,
    armed: bool,
    since: u32,
}

impl Crossing {
    pub(crate) const fn new(hysteresis: i32, dead_time: u32) -> Self {
        Self { hysteresis, dead_time, previous: 0, armed: false, since: dead_time }
    }

    /// Starts anew on another voltage.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.hysteresis, self.dead_time);
    }

    /// If the line from the previous sample to this one crosses zero: where, in 2⁻¹⁶ of the way.
    ///
    /// A straight line serves well here: a sine has no curvature at zero.
    pub(crate) fn push(&mut self, code: i32) -> Option<u32> {
        let previous = core::mem::replace(&mut self.previous, code);
        self.since = self.since.saturating_add(1);
        if code < -self.hysteresis {
            self.armed = true;
        }
        if previous >= 0 || code < 0 || !self.armed || self.since < self.dead_time {
            return None;
        }
        self.armed = false;
        self.since = 0;
        let below = i64::from(previous).unsigned_abs();
        let rise = (i64::from(code) - i64::from(previous)).unsigned_abs();
        Some(u32::try_from((below << FRACTION_BITS) / rise).unwrap_or(0).min(1 << FRACTION_BITS))
    }
}
