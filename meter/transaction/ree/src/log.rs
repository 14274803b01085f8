//! The communication log 通信日志: the last things that happened on the lines.

use heapless::Deque;
use quantity::Instant;
use wire::tee::{Code, Damage};

/// Entries kept; older ones give way.
pub const LOG_ENTRIES_MAX: usize = 64;

/// A line of the transaction core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// 5G.
    Cellular,
    /// Near-field communication.
    Nfc,
    /// The management core.
    Management,
    /// The entry of the trusted world.
    Trusted,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub at: Instant,
    /// On which line.
    pub channel: Channel,
    /// What.
    pub note: Note,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The message of this number went out.
    Sent(u64),
    /// A receipt for the message of this number came in.
    Receipt(u64),
    /// The trusted world answered a command with this code.
    Code(Code),
    /// The trusted world gave out the entry of this number.
    Gave(u64),
    /// The trusted world told its state or its certificate.
    Told,
    /// The trusted world found its memory damaged.
    Damaged(Damage),
}

/// The ring.
#[derive(Clone, Debug, Default)]
pub struct ComLog {
    entries: Deque<LogEntry, LOG_ENTRIES_MAX>,
}

impl ComLog {
    /// Oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &LogEntry> {
        self.entries.iter()
    }

    pub(crate) fn note(&mut self, at: Instant, channel: Channel, note: Note) {
        if self.entries.is_full() {
            self.entries.pop_front();
        }
        let pushed = self.entries.push_back(LogEntry { at, channel, note }).is_ok();
        assert!(pushed, "there is room now");
    }
}
