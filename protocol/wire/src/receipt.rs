//! Receipts: registration centre → meter. Checkable with SM3 and one signature.

use crate::codec::wire_struct;
use crate::identity::{Digest, Signature, WalletId};
use heapless::Vec;
use quantity::{Fen, Instant};

/// Deepest Merkle tree of a batch: 2²⁰ orders.
pub const PATH_MAX: usize = 20;

/// What the registration centre signs after a batch is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// Number of the batch, from 1 without a gap.
    pub batch: u64,
    /// Digest of the root before it; zero for the first.
    pub previous: Digest,
    /// Merkle root over the leaves of the batch.
    pub merkle: Digest,
    /// When the batch was applied, by the centre's clock.
    pub at: Instant,
    /// All money issued up to now: equal to the sum of all wallets.
    pub issued: Fen,
}

/// Most wallets that one key may debit.
pub const BOUND_WALLETS_MAX: usize = 4;

/// One leaf: what became of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Digest of the order.
    pub order: Digest,
    /// Result code of the registration centre; 0 is final settlement.
    pub result: u8,
    /// Balances, after the order, of all wallets that the order's key may debit, by rising
    /// number. So a hardware wallet learns of money that arrived.
    pub balances: Vec<Balance, BOUND_WALLETS_MAX>,
}

/// Balance of one wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// The wallet.
    pub wallet: WalletId,
    /// Spendable money in it.
    pub balance: Fen,
}

/// Proof that an order is final (or refused), under a signed root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What is proved.
    pub leaf: Leaf,
    /// Position in the batch; its bits say on which side each sibling stands.
    pub index: u32,
    /// Siblings from the leaf up.
    pub path: Vec<Digest, PATH_MAX>,
    /// The root that the path ends in.
    pub root: Root,
    /// Signature of the registration centre over the root.
    pub signature: Signature,
}

wire_struct!(Root, tag: b"JIDIAN-ROOT-1", { batch, previous, merkle, at, issued });
// So short a tag lets the leaf of a key with one wallet fit one block of SM3: 5 + 50 bytes + padding.
wire_struct!(Leaf, tag: b"JLEAF", { order, result, balances });
wire_struct!(Balance, tag: b"", { wallet, balance });
wire_struct!(Receipt, tag: b"JIDIAN-RECEIPT-1", { leaf, index, path, root, signature });
