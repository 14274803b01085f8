//! The other engines of the tables: a stored log that is closed and opened again, a ledger ahead of
//! its log, and a cluster.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may panic")]

mod ahead;
mod cluster;
mod reopened;
#[path = "../cluster/world.rs"]
mod world;

pub use ahead::Ahead;
pub use cluster::Cluster;
pub use reopened::Reopened;
