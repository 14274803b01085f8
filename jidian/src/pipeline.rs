//! The registration centre on three threads: digests, ledger, receipts.
//!
//! The ledger is one writer. What needs no ledger is done before it and behind it, on other
//! threads, while the next batch is applied and synced.

use bank::registration::{Authenticated, Digested};
use bank::{Bank, LogError, OrderedLog, Settled};
use crypto::{Sign, Verify};
use quantity::Instant;
use std::sync::mpsc::sync_channel;

/// Batches that may wait between two threads.
const WAITING_MAX: usize = 2;

/// Settles batches until there are no more.
///
/// `source` makes batches in a thread of its own, with a mark that goes along; `verifier` looks at
/// signatures in the ledger's thread; `sink` takes what is final, in order, in a third thread.
///
/// # Errors
/// [`LogError`] of the first batch that isn't durable; the batches before it are final.
pub fn run<L: OrderedLog, S: Sign, T: Send>(
    bank: &mut Bank<L, S>,
    verifier: &impl Verify,
    now: Instant,
    source: impl Iterator<Item = (T, Vec<Digested>)> + Send,
    mut sink: impl FnMut(T, Settled) + Send,
) -> Result<(), LogError> {
    let (give, take) = sync_channel(WAITING_MAX);
    let (settled, receipts) = sync_channel(WAITING_MAX);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for batch in source {
                // The ledger's thread has ended with an error: there is nobody to work for.
                if give.send(batch).is_err() {
                    return;
                }
            }
        });
        scope.spawn(move || {
            for (mark, batch) in receipts {
                sink(mark, batch);
            }
        });
        for (mark, batch) in take {
            let registration = bank.registration();
            let check = |operation| registration.authenticate_digested(operation, verifier);
            let batch: Vec<Authenticated> = batch.into_iter().map(check).collect();
            let done = bank.settle(now, &batch)?;
            settled.send((mark, done)).expect("the receipts' thread takes all");
        }
        drop(settled);
        Ok(())
    })
}
