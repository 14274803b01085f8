//! Signatures are what an audit spends its time on: they are checked on all processors at once.

use super::failure::Failure;
use crypto::{Sm2Verifier, Verify, VerifyingKey};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use wire::{PublicKey, Signature};

/// Keys that were prepared once; any other key is prepared whenever it is asked for.
#[derive(Default)]
pub(super) struct PreparedKeys {
    keys: BTreeMap<PublicKey, VerifyingKey>,
    /// Signatures verified.
    count: AtomicU64,
}

impl PreparedKeys {
    pub(super) fn prepare(&mut self, key: &PublicKey) {
        if !self.keys.contains_key(key)
            && let Some(prepared) = VerifyingKey::new(key)
        {
            self.keys.insert(*key, prepared);
        }
    }

    /// Signatures verified so far.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Verify for PreparedKeys {
    fn verify_parts(&self, key: &PublicKey, parts: &[&[u8]], signature: &Signature) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed);
        match self.keys.get(key) {
            Some(key) => key.verify_parts(parts, signature),
            None => Sm2Verifier.verify_parts(key, parts, signature),
        }
    }
}

/// Verifies numbered pieces of signatures on all processors while this thread repeats what happened.
/// What the repetition finds comes first.
pub(super) fn beside_signatures<T>(
    count: usize,
    check: impl Fn(usize) -> Result<(), Failure> + Sync,
    progress: &super::Progress<'_>,
    repeat: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let pieces = Pieces::new(count);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let repeated = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| pieces.work(&check, progress));
        }
        let repeated = repeat();
        if repeated.is_err() {
            pieces.stop();
        }
        repeated
    });
    let found = repeated?;
    pieces.result()?;
    Ok(found)
}

/// Numbered pieces of work that threads take one after the other.
struct Pieces {
    count: usize,
    next: AtomicUsize,
    done: AtomicUsize,
    /// The failure of the lowest number so far. All lower numbers were taken before, and each piece
    /// that was taken is finished; so the lowest failure of all is found, however threads run.
    failure: Mutex<Option<(usize, Failure)>>,
}

impl Pieces {
    const fn new(count: usize) -> Self {
        Self {
            count,
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            failure: Mutex::new(None),
        }
    }

    /// Works until nothing is left, on one thread of many.
    fn work(&self, piece: impl Fn(usize) -> Result<(), Failure>, progress: &super::Progress<'_>) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.count {
                return;
            }
            if let Err(failure) = piece(number) {
                self.note(number, failure);
                return self.stop();
            }
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            progress(done, self.count);
        }
    }

    /// Hands out nothing more.
    fn stop(&self) {
        self.next.store(self.count, Ordering::Relaxed);
    }

    /// What the pieces found.
    fn result(self) -> Result<(), Failure> {
        match self.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, failure)) => Err(failure),
            None => Ok(()),
        }
    }

    fn note(&self, number: usize, failure: Failure) {
        let mut lowest = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if lowest.as_ref().is_none_or(|(known, _)| number < *known) {
            *lowest = Some((number, failure));
        }
    }
}
