//! Merkle trees of the last batches, from which receipts are cut. Older ones are grown again from
//! the records of the log.

use super::directory::Place;
use crate::digests::Digests;
use crypto::merkle;
use heapless::Vec as Bounded;
use std::collections::VecDeque;
use std::sync::Arc;
use wire::receipt::{Leaf, PATH_MAX, Receipt, Root};
use wire::{Digest, Signed};

/// Leaves that are kept with their trees, at least; about 200 bytes each.
pub const LEAVES_KEPT: usize = 1 << 18;

/// Batches that are kept at most, however few leaves they have.
pub const BATCHES_KEPT: usize = 1 << 16;

/// The last batches.
#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    batches: VecDeque<Arc<Batch>>,
    leaves: usize,
}

/// One batch: its leaves and all levels of the tree above them. Receipts are cut out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    root: Signed<Root>,
    leaves: Vec<Leaf>,
    levels: Vec<Vec<Digest>>,
}

/// All levels of the tree over some leaves: the hashes of the leaves first, the root last.
pub(super) fn levels(leaves: &[Leaf]) -> Vec<Vec<Digest>> {
    let mut level = Digests::of(leaves.len(), |all| leaves.iter().for_each(|leaf| all.add(leaf)));
    let mut levels = Vec::new();
    while level.len() > 1 {
        let above = lift(&level);
        levels.push(level);
        level = above;
    }
    levels.push(level);
    levels
}

/// The level above one level of a tree; an odd node is moved up unchanged.
fn lift(level: &[Digest]) -> Vec<Digest> {
    let (pairs, odd) = level.as_chunks::<2>();
    let mut above = Digests::of(pairs.len(), |all| {
        pairs
            .iter()
            .for_each(|[left, right]| all.add_parts(&[merkle::NODE_TAG, &left.0, &right.0]));
    });
    above.extend_from_slice(odd);
    above
}

/// The Merkle root; zero if there is no leaf.
pub(super) fn root_of(levels: &[Vec<Digest>]) -> Digest {
    levels.last().and_then(|top| top.first()).copied().unwrap_or_default()
}

impl Batch {
    pub(super) const fn new(
        root: Signed<Root>,
        leaves: Vec<Leaf>,
        levels: Vec<Vec<Digest>>,
    ) -> Self {
        Self { root, leaves, levels }
    }

    /// Grows the tree over leaves whose root was signed.
    #[must_use]
    pub fn grow(root: Signed<Root>, leaves: Vec<Leaf>) -> Self {
        let levels = levels(&leaves);
        Self { root, leaves, levels }
    }

    /// Cuts out the receipt of one leaf; `None` if the batch has no such leaf.
    #[must_use]
    pub fn receipt(&self, index: usize) -> Option<Receipt> {
        let leaf = self.leaves.get(index)?.clone();
        let (path, index) = self.path(index);
        let Signed { body: root, signature } = self.root.clone();
        Some(Receipt { leaf, index, path, root, signature })
    }

    /// Siblings from the leaf up, and one bit for each that tells its side.
    fn path(&self, leaf: usize) -> (Bounded<Digest, PATH_MAX>, u32) {
        let (mut path, mut sides, mut place) = (Bounded::new(), 0, leaf);
        for level in &self.levels {
            if let Some(sibling) = level.get(place ^ 1) {
                if place & 1 == 1 {
                    sides |= 1 << path.len();
                }
                path.push(*sibling).expect("a batch has at most 2²⁰ leaves");
            }
            place >>= 1;
        }
        (path, sides)
    }

    fn find(&self, order: Digest) -> Option<usize> {
        self.leaves.iter().position(|leaf| leaf.order == order)
    }
}

impl Archive {
    pub(super) fn push(&mut self, batch: Arc<Batch>) {
        self.leaves = self.leaves.saturating_add(batch.leaves.len());
        self.batches.push_back(batch);
    }

    /// Drops the oldest batches as long as more leaves are kept than promised.
    pub(super) fn drop_surplus(&mut self) {
        while let Some(oldest) = self.batches.front() {
            let rest = self.leaves.saturating_sub(oldest.leaves.len());
            let surplus = rest >= LEAVES_KEPT || self.batches.len() > BATCHES_KEPT;
            if !surplus || self.batches.len() == 1 {
                return;
            }
            self.leaves = rest;
            self.batches.pop_front();
        }
    }

    /// The receipt of a leaf of a batch, if that batch is still kept.
    pub(super) fn receipt(&self, place: Place) -> Option<Receipt> {
        let first = self.batches.front()?.root.body.batch;
        let batch = usize::try_from(place.batch.checked_sub(first)?).ok()?;
        self.batches.get(batch)?.receipt(usize::try_from(place.leaf).ok()?)
    }

    /// The receipt of an order, searched from the newest batch on.
    pub(super) fn search(&self, order: Digest) -> Option<Receipt> {
        let mut newest_first = self.batches.iter().rev();
        newest_first.find_map(|batch| batch.receipt(batch.find(order)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quantity::Fen;
    use wire::WalletId;
    use wire::receipt::Balance;

    fn leaf(number: u8) -> Leaf {
        let wallet = WalletId::new(102, 1 + u64::from(number)).unwrap();
        let balance = |part| Balance { wallet, balance: Fen::from_fen(i64::from(part)) };
        let balances = (0..number % 5).map(balance).collect();
        Leaf { order: crypto::sm3(&[number]), result: 0, balances }
    }

    #[test]
    fn a_tree_of_any_size_is_the_one_that_grows_node_by_node() {
        for size in 0..70 {
            let leaves: Vec<Leaf> = (0..size).map(leaf).collect();
            let levels = levels(&leaves);
            let mut level: Vec<Digest> = leaves.iter().map(merkle::leaf).collect();
            for found in &levels {
                assert_eq!(*found, level, "{size} leaves");
                let parent = |pair: &[Digest]| match pair {
                    [left, right] => merkle::node(left, right),
                    alone => alone[0],
                };
                level = level.chunks(2).map(parent).collect();
            }
            assert!(levels.last().unwrap().len() <= 1, "the root is last");
        }
    }
}
