//! A ledger node with its I/O: NATS JetStream, its own log, and a listener for batches.
//!
//! What a node does is decided in [`bank::cluster`]; here is how. One thread, the [`engine`], owns
//! state, log and role and takes one event after the other. A second one speaks with the network.

pub mod client;
pub mod data;
pub mod engine;
pub mod listener;
pub mod load;
pub mod log;
pub mod network;
pub mod stream;
pub mod synced;
