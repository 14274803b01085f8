//! Pulses at an output, spread over time.

/// Spreads the pulses of each window evenly over the samples of the next one.
///
/// Registers and pulses are counted together when a window ends ([`crate::Window::pulses`]), so
/// they never differ by a whole pulse; this only gives the output its rhythm. It owes at most what
/// the last window gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PulseOutput {
    owed: u64,
    /// Pulses to be spread over `samples`.
    total: u64,
    samples: u64,
    /// Pulses × samples gathered towards the next pulse.
    gathered: u64,
}

impl PulseOutput {
    /// Nothing to give.
    pub const IDLE: Self = Self { owed: 0, total: 0, samples: 1, gathered: 0 };

    /// A window gave these pulses; the next one will be about as many samples long.
    pub fn schedule(&mut self, pulses: u64, samples: u32) {
        self.owed = self.owed.saturating_add(pulses);
        // Beyond this nobody counts single pulses any more, and the product below fits.
        self.total = self.owed.min(u64::from(u32::MAX));
        self.samples = u64::from(samples.max(1));
        self.gathered = self.samples / 2;
    }

    /// One sample passes: how many pulses to give now, usually none or one.
    pub fn tick(&mut self) -> u64 {
        if self.owed == 0 || self.samples == 0 {
            return 0;
        }
        self.gathered += self.total;
        let due = (self.gathered / self.samples).min(self.owed);
        self.gathered %= self.samples;
        self.owed -= due;
        due
    }

    /// Pulses not given yet.
    #[must_use]
    pub const fn owed(&self) -> u64 {
        self.owed
    }
}
