//! Merkle trees over SM3, as in RFC 9162: leaf and node hashes have different prefixes, and an odd
//! node is moved up unchanged.

use crate::digest::{Sm3, digest};
use wire::Digest;
use wire::receipt::{Leaf, Receipt};

/// Keeps nodes apart from leaves, as the tag of [`Leaf`] does.
pub const NODE_TAG: &[u8] = b"JIDIAN-NODE-1";

/// Hash of a leaf.
#[must_use]
pub fn leaf(leaf: &Leaf) -> Digest {
    digest(leaf)
}

/// Hash of two children.
#[must_use]
pub fn node(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sm3::new();
    hash.update(NODE_TAG);
    hash.update(&left.0);
    hash.update(&right.0);
    hash.finish()
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
