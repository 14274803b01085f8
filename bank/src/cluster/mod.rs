//! The registration centre on several machines: one writer, a foreign ordered stream, and a log of
//! its own on each node.
//!
//! The stream (NATS JetStream with three replicas) says in which order records come and lets only
//! one writer through. It isn't believed beyond that: published faults of it lose acknowledged
//! messages or let replicas differ. So each record travels in an [`Envelope`] that is chained to the
//! one before it, every [`Node`] keeps all of them in its own log, never takes one back, and stops
//! when what it receives breaks its chain. A record is final when a majority of the logs hold it.
//!
//! | module | what |
//! |---|---|
//! | [`envelope`] | what travels in the stream and stands in the logs |
//! | [`notice`] | what nodes tell each other: how far their log goes, under which hash |
//! | [`chain`] | how an envelope must follow the one before it |
//! | [`node`] | follower, candidate, writer: `(now, input) -> outputs` |
//! | [`ledger`] | the registration centre's state on such a node |
//! | [`kept`] | what goes beside a snapshot of that state |
//! | [`reseed`] | which log counts when the stream is lost |
//! | [`protocol`] | frames in which clients submit batches |
//!
//! **Why a majority of the logs is enough.** A log only grows, and its last hash covers all of it.
//! Two different records with one number can't both stand in most of the logs, whatever the stream
//! does. So what was called final can only be lost with most of the logs.

pub mod chain;
pub mod envelope;
pub mod kept;
pub mod ledger;
pub mod node;
pub mod notice;
pub mod protocol;
pub mod reseed;

pub use chain::{Tip, WrongLink};
pub use envelope::{Envelope, Kind, NodeName};
pub use node::{Input, Node, Output, Stop, Timing};
pub use notice::{Address, Notice};
