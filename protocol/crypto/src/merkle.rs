//! Merkle trees over SM3, as in RFC 9162: leaf and node hashes have different prefixes, and an odd
//! node is moved up unchanged.

use crate::digest::{Sm3, digest};
use wire::Digest;
use wire::receipt::{Leaf, Receipt};

/// Hash of a leaf.
#[must_use]
pub fn leaf(leaf: &Leaf) -> Digest {
    // The tag of `Leaf` is the prefix that keeps leaves apart from nodes.
    digest(leaf)
}

/// Hash of two children.
#[must_use]
pub fn node(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sm3::new();
    hash.update(b"JIDIAN-NODE-1");
    hash.update(&left.0);
    hash.update(&right.0);
    hash.finish()
}

/// Replaces one level of a tree by the level above it and returns that level's length.
///
/// Calling it until one digest is left gives the root. A builder of receipts keeps the levels.
///
/// # Panics
/// If `level` is empty.
pub fn lift(level: &mut [Digest]) -> usize {
    assert!(!level.is_empty(), "a tree has at least one leaf");
    let parents = level.len().div_ceil(2);
    for parent in 0..parents {
        let left = level[parent * 2];
        level[parent] = match level.get(parent * 2 + 1) {
            Some(right) => node(&left, right),
            None => left,
        };
    }
    parents
}

/// The root that a receipt's leaf and path lead to in a tree of unknown size.
///
/// The path holds one sibling for each level that has one; levels at which the node is moved up
/// alone have none. So each step needs to know on which side the sibling stands: bit `n` of
/// `index` tells it for sibling `n` (1: the sibling is on the left).
#[must_use]
pub fn root_of(receipt: &Receipt) -> Digest {
    let start = leaf(&receipt.leaf);
    receipt.path.iter().enumerate().fold(start, |below, (level, sibling)| {
        if receipt.index >> level & 1 == 1 { node(sibling, &below) } else { node(&below, sibling) }
    })
}

/// Whether the receipt's path ends in its root (the root's signature is checked apart).
#[must_use]
pub fn proves(receipt: &Receipt) -> bool {
    root_of(receipt) == receipt.root.merkle
}
