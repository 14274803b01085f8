//! How a batch gets into the bank: alone, or with another on top of it before it is durable.

use super::{KeyedDigest, KeyedDigestVerifier};
use bank::registration::{Authenticated, Digested};
use bank::{Answer, Bank, LogError, Operation, OrderedLog, Settled};
use quantity::Instant;

/// Whether the next batch is applied before this one is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Not before.
    Waits,
    /// Before; then it comes to nothing.
    IsAhead,
}

/// Submits a batch.
pub(super) fn offer<L: OrderedLog>(
    bank: &mut Bank<L, KeyedDigest>,
    now: Instant,
    operations: Vec<Operation>,
    next: Next,
) -> Result<Vec<Answer>, LogError> {
    if next == Next::Waits {
        return bank.submit(now, operations, &KeyedDigestVerifier);
    }
    let digested = Digested::all(operations);
    let batch = bank.registration().authenticate_all(digested, &KeyedDigestVerifier);
    let settled = settle(bank, now, &batch)?;
    bank.answer(&settled, &batch)
}

/// Settles a batch while it, once more, is applied on top of itself and taken back.
fn settle<L: OrderedLog>(
    bank: &mut Bank<L, KeyedDigest>,
    now: Instant,
    batch: &[Authenticated],
) -> Result<Settled, LogError> {
    let (registration, mut recorder) = bank.halves();
    let first = registration.apply(now, batch);
    if first.is_empty() {
        registration.roll_back(&first);
        return Ok(first.without_batch());
    }
    let mut again = batch.to_vec();
    registration.look_again(&mut again, &KeyedDigestVerifier);
    let second = registration.apply(now, &again);
    match recorder.record(&first, batch) {
        Ok((tree, signature)) => {
            let settled = registration.commit(first, tree, signature);
            registration.roll_back(&second);
            Ok(settled)
        }
        Err(error) => {
            registration.roll_back(&second);
            registration.roll_back(&first);
            Err(error)
        }
    }
}
