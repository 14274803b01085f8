//! What a campaign lived through, and what it found.

use core::fmt;

macro_rules! report {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What happened in one life, or in many together.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Report {
            $($(#[$doc])* pub $name: u64,)+
        }

        impl Report {
            /// Counts another report in.
            pub const fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)+
            }

            /// Each count with its name.
            pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),+].into_iter()
            }
        }
    };
}

report! {
    /// Batches that the bank acknowledged.
    batches,
    /// Operations in them, repetitions included.
    operations,
    /// Repetitions that were answered with the first receipt.
    repetitions,
    /// Times that the power went.
    power_cuts,
    /// Times that the process died alone.
    kills,
    /// Batches that were not acknowledged and yet durable after a restart.
    survived_unanswered,
    /// Writes that the power cut left in an unknown state.
    torn_writes,
    /// Writes that a full disk refused.
    full_disks,
    /// Syncs that failed.
    failed_syncs,
    /// Flipped bits, each found and named.
    flipped_bits,
    /// Records read back by number.
    records_read,
    /// Restarts from a snapshot's place.
    snapshots_used,
    /// Jumps of the clock, forward or back.
    clock_jumps,
    /// Messages that the network lost.
    messages_lost,
    /// Messages that the network delivered twice.
    messages_doubled,
}

/// Why a life failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The seed that repeats it.
    pub seed: u64,
    /// The step of the life in which it showed.
    pub step: u32,
    /// What isn't as it must be.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, step {}: {}", self.seed, self.step, self.what)
    }
}

impl core::error::Error for Finding {}
