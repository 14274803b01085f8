//! The other engines of the tables: a stored log that is closed and opened again, and a cluster.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may panic")]

mod cluster;
mod reopened;
#[path = "../cluster/world.rs"]
mod world;

pub use cluster::Cluster;
pub use reopened::Reopened;
