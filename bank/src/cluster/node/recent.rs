//! Hashes of the last records, to compare with what others hold.

use std::collections::VecDeque;
use wire::Digest;

/// Records whose hashes are kept.
const KEPT: usize = 8192;

/// The hashes of consecutive records.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    first: u64,
    hashes: VecDeque<Digest>,
}

impl Recent {
    /// Adds the next record; if it isn't the next one, begins anew.
    pub(super) fn push(&mut self, number: u64, hash: Digest) {
        if self.end() != number {
            self.hashes.clear();
        }
        if self.hashes.is_empty() {
            self.first = number;
        }
        self.hashes.push_back(hash);
        if self.hashes.len() > KEPT {
            self.hashes.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }

    /// The hash of a record; `None` if it is too old or yet to come.
    pub(super) fn hash(&self, number: u64) -> Option<Digest> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.hashes.get(place).copied()
    }

    /// Whether it is known that a record has another hash.
    pub(super) fn differs(&self, number: u64, hash: Digest) -> bool {
        self.hash(number).is_some_and(|known| known != hash)
    }

    fn end(&self) -> u64 {
        let length = u64::try_from(self.hashes.len()).expect("fewer than 2⁶⁴");
        self.first.saturating_add(length)
    }
}
