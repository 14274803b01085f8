//! What a campaign lived through, and what it found.

use bank::{Command, Operation, ResultCode};
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
    /// Orders under a number that another one has, or that name another predecessor.
    forks,
    /// Payment orders.
    payments,
    /// Money that was set aside.
    holds_made,
    /// Payments out of holds.
    holds_posted,
    /// Holds that were given back.
    holds_voided,
    /// Holds that ended by themselves.
    holds_expired,
    /// Mints, splits, merges and melts of coin strings.
    coins_reshaped,
    /// Payments with coin strings.
    coins_spent,
    /// Gifts of purpose-bound money.
    grants_made,
    /// Purpose-bound money that was called back.
    grants_called_back,
    /// Purpose-bound money that returned at its end.
    grants_returned,
    /// Refunds.
    refunds,
    /// Sweeps, limits, pushes and ends of pushes of sub-wallets.
    sub_wallets_ruled,
    /// Orders that were refused for a limit, of a grade or of a sub-wallet.
    over_limit,
    /// Orders that were refused because the wallet was frozen.
    frozen,
    /// Dated rules of limits and interest, and templates.
    rules_set,
    /// Draws and redeems.
    exchanges,
    /// Interest that was paid, in fen.
    interest_fen,
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

impl Report {
    /// Counts what became of an operation.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others aren't counted")]
    pub(super) const fn count(&mut self, operation: &Operation, code: ResultCode) {
        match code {
            ResultCode::Accepted => match operation {
                Operation::Pay(_) => self.payments += 1,
                Operation::Instruct(instruction) => self.count_done(&instruction.body.command),
            },
            ResultCode::Exists => self.repetitions += 1,
            ResultCode::Fork => self.forks += 1,
            ResultCode::Frozen => self.frozen += 1,
            ResultCode::SingleLimit
            | ResultCode::DayLimit
            | ResultCode::YearLimit
            | ResultCode::BalanceLimit => self.over_limit += 1,
            _ => {}
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "the others aren't counted")]
    const fn count_done(&mut self, command: &Command) {
        let count = match command {
            Command::Hold { .. } => &mut self.holds_made,
            Command::Post { .. } => &mut self.holds_posted,
            Command::Void { .. } => &mut self.holds_voided,
            Command::Mint { .. }
            | Command::Split { .. }
            | Command::Merge { .. }
            | Command::Melt { .. } => &mut self.coins_reshaped,
            Command::Spend { .. } => &mut self.coins_spent,
            Command::Grant { .. } => &mut self.grants_made,
            Command::ClawBack { .. } => &mut self.grants_called_back,
            Command::Refund { .. } => &mut self.refunds,
            Command::LimitWallet { .. }
            | Command::Push { .. }
            | Command::Unbind { .. }
            | Command::Sweep { .. } => &mut self.sub_wallets_ruled,
            Command::SetLimits { .. }
            | Command::SetInterest { .. }
            | Command::ApproveTemplate { .. }
            | Command::WithdrawTemplate { .. } => &mut self.rules_set,
            Command::Draw { .. } | Command::Redeem { .. } => &mut self.exchanges,
            _ => return,
        };
        *count += 1;
    }
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
