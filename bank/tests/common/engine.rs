//! What a table runs on.

use super::Suite;
use bank::{Answer, Bank, MemoryLog, Operation, OrderedLog, Registration};
use quantity::Instant;
use wire::Digest;

/// Takes batches of operations and answers them: the bank behind one log, or several nodes.
pub trait Engine<S: Suite> {
    /// For messages.
    const NAME: &'static str;

    /// Returns when the batch is final.
    fn submit(&mut self, now: Instant, operations: Vec<Operation>) -> Vec<Answer>;

    /// The state behind the last batch, where it was written.
    fn registration(&self) -> &Registration;
}

/// An engine that shows what it has written.
pub trait Replicas<S: Suite>: Engine<S> {
    /// Every copy of state and log that there is, after all have caught up.
    fn replicas(&mut self) -> Vec<Replica>;
}

/// One copy of state and log.
pub struct Replica {
    /// Digest of the state in memory.
    pub state: Digest,
    /// The records, the genesis first.
    pub records: Vec<Vec<u8>>,
}

impl<S: Suite, L: OrderedLog> Engine<S> for Bank<L, S::Key> {
    const NAME: &'static str = "one log";

    fn submit(&mut self, now: Instant, operations: Vec<Operation>) -> Vec<Answer> {
        Self::submit(self, now, operations, &S::verifier()).unwrap()
    }

    fn registration(&self) -> &Registration {
        self.registration()
    }
}

impl<S: Suite> Replicas<S> for Bank<MemoryLog, S::Key> {
    fn replicas(&mut self) -> Vec<Replica> {
        let state = self.registration().state_digest();
        vec![Replica { state, records: self.log().records().to_vec() }]
    }
}
