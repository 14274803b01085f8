//! How often the state is kept: the options that `serve` and `node` share.

use crate::store::snapshots::Every;
use clap::Args;

#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub(super) struct SnapshotOptions {
    /// Keep the state in DIR/bank.snapshot when the log has grown by so many MiB, so that a restart
    /// repeats no more than that; 0: not by length.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    snapshot_mib: u32,
    /// Keep it also when the log has grown by so many batches; 0: not by batches. Both 0: never.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    snapshot_batches: u32,
}

impl SnapshotOptions {
    pub(super) fn every(self) -> Every {
        let limit = |number: u32, unit: u64| match number {
            0 => u64::MAX,
            number => u64::from(number) * unit,
        };
        Every { bytes: limit(self.snapshot_mib, 1 << 20), records: limit(self.snapshot_batches, 1) }
    }
}
