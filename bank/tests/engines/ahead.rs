//! A bank whose next batch is always applied before the one before it is durable.

use crate::common::{Engine, Replica, Replicas, Suite};
use bank::registration::{Applied, Authenticated};
use bank::{Answer, Bank, Genesis, MemoryLog, Operation, Registration};
use quantity::Instant;

/// See the module.
pub struct Ahead<S: Suite>(Bank<MemoryLog, S::Key>);

impl<S: Suite> Ahead<S> {
    pub fn found(genesis: &Genesis, key: &S::Key) -> Self {
        Self(Bank::found(genesis, key.clone(), MemoryLog::new(), &S::verifier()).unwrap())
    }

    /// The batch and the same again on top of it, both taken back.
    fn in_vain(&mut self, now: Instant, batch: &[Authenticated]) {
        let (registration, _) = self.0.halves();
        let before = registration.state_digest();
        let first = registration.apply(now, batch);
        let between = registration.state_digest();
        let second = again::<S>(registration, now, batch);
        registration.roll_back(&second);
        assert_eq!(registration.state_digest(), between, "the second is gone, the first isn't");
        registration.roll_back(&first);
        assert_eq!(registration.state_digest(), before, "nothing is left of either");
    }
}

/// Applies a batch once more, on top of itself.
fn again<S: Suite>(
    registration: &mut Registration,
    now: Instant,
    batch: &[Authenticated],
) -> Applied {
    let mut batch = batch.to_vec();
    registration.look_again(&mut batch, &S::verifier());
    registration.apply(now, &batch)
}

impl<S: Suite> Engine<S> for Ahead<S> {
    const NAME: &'static str = "a ledger ahead of its log";

    fn submit(&mut self, now: Instant, operations: Vec<Operation>) -> Vec<Answer> {
        let registration = self.0.registration();
        let check = |operation| registration.authenticate(operation, &S::verifier());
        let batch: Vec<Authenticated> = operations.into_iter().map(check).collect();
        self.in_vain(now, &batch);
        let (registration, mut recorder) = self.0.halves();
        let first = registration.apply(now, &batch);
        let settled = if first.is_empty() {
            registration.roll_back(&first);
            first.without_batch()
        } else {
            let second = again::<S>(registration, now, &batch);
            let (tree, signature) = recorder.record(&first, &batch).unwrap();
            let settled = registration.commit(first, tree, signature);
            registration.roll_back(&second);
            settled
        };
        self.0.answer(&settled, &batch).unwrap()
    }

    fn registration(&self) -> &Registration {
        self.0.registration()
    }
}

impl<S: Suite> Replicas<S> for Ahead<S> {
    fn replicas(&mut self) -> Vec<Replica> {
        let state = self.0.registration().state_digest();
        vec![Replica { state, records: self.0.log().records().to_vec() }]
    }
}
