//! Pauses between two attempts: growing, bounded, and different in each meter.

use quantity::Duration;

/// How to retry; a value of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Longest pause after the first attempt; it doubles with each further one.
    pub first: Duration,
    /// Longest pause after any attempt.
    pub longest: Duration,
}

/// Makes pauses. Each is between half of the longest allowed one and all of it, so that meters
/// which lost the same base station don't come back in the same instant.
#[derive(Clone, Debug)]
pub(crate) struct Pause {
    retry: Retry,
    random: u64,
}

impl Pause {
    pub(crate) fn new(retry: Retry, seed: u64) -> Self {
        // A xorshift generator stays at zero for ever, so zero is moved away.
        Self { retry, random: seed ^ 0x9e37_79b9_7f4a_7c15 | 1 }
    }

    /// The pause after an attempt; the first attempt has number 0.
    pub(crate) fn after(&mut self, attempt: u32) -> Duration {
        let first = self.retry.first.milliseconds().max(1);
        let doubled = first.saturating_mul(1 << attempt.min(32));
        let longest = doubled.min(self.retry.longest.milliseconds()).max(1);
        let half = longest / 2;
        let spread = u64::try_from(longest - half).expect("not negative") + 1;
        let jitter = i64::try_from(self.next_random() % spread).expect("below the pause");
        Duration::from_milliseconds(half + jitter)
    }

    /// xorshift64 (G. Marsaglia, 2003); it needs no quality, only difference.
    const fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}
