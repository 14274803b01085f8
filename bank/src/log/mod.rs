//! The ordered log that the bank writes to: all that outlives a process.
//!
//! [`OrderedLog`] is what the bank asks of any engine. The engine here keeps a log on one
//! [`Medium`]: a file, or a simulated disk. [`LogReader`] and [`LogWriter`] are the one file
//! format of a data directory;
//!
//! # What is assumed of a medium
//!
//! - What was synced stays. Writing bytes over the same bytes leaves these bytes, whenever the
//!   power fails: the end of a record and the beginning of the next one share a sector.
//! - Of what was written since the last sync, a power cut leaves any part of any write, in any
//!   order; what isn't there reads as what stood there before, or as zeros behind the end.
//! - The death of the process alone loses no write.
//! - A write that fails leaves less than the whole of what was to be written.
//! - Bits may rot anywhere at any time.
//!
//! # The format
//!
//! Numbers are big-endian, and every bit is covered by a check.
//!
//! ```text
//! file    = magic "JIDIANLG" (8) ‖ format version (2) ‖ kind (2) ‖ zero (4) ‖ check (16) ‖ record*
//! check   = first 16 bytes of SM3(the 16 bytes before)
//! record  = length (4) ‖ head check (4) ‖ payload ‖ chain (32)
//! chain   = SM3(chain before ‖ length ‖ BLAKE3(payload))   before the first record: SM3(header)
//! head check = first 4 bytes of SM3("JIDIAN-RECORD-HEAD-1" ‖ chain before ‖ length), 1 for 0
//! ```
//!
//! Zeros up to the end of the file are room for what follows: a head is never zero.
//!
//! # What happens when something fails
//!
//! - An append that was interrupted shows as a file that ends early or in disorder: that, and only
//!   that, is repaired at start. Damage that a sound record follows is refused.
//! - A failed write is taken back at once, and the log goes on.
//! - After a failed sync nobody knows what is on the medium, and the operating system may show what
//!   isn't there. The log refuses everything until it is opened anew, and opening it writes the last
//!   record once more and syncs it, before anybody is told of it.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "offsets in a file of checked length, no money; overflow stops release builds too"
)]

mod format;
mod medium;
mod ordered;
mod reader;
mod snapshot;
mod stored;
mod writer;

pub use format::{FORMAT_VERSION, HEADER_BYTES, RECORD_BYTES_MAX, begins_a_log};
pub use medium::{Medium, MediumError, StorageError};
pub use ordered::{LogError, MemoryLog, OrderedLog};
pub use reader::{LogReader, Place, Records, Tail};
pub use snapshot::{SNAPSHOT_VERSION, Snapshot, SnapshotError};
pub use stored::StoredLog;
pub use writer::{Durability, LogWriter};
