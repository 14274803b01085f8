//! Payment orders: meter → registration centre.

use crate::codec::{DecodeError, Reader, Sink, Wire, wire_struct};
use crate::identity::{Digest, KeyId, WalletId};
use heapless::Vec;
use quantity::{Fen, Instant};

/// Most legs that one order may move.
pub const LEGS_MAX: usize = 8;

/// An order to move money, all legs or none. It names wallets and amounts, never energy: what it
/// pays for stands in the evidence, of which the bank sees only the digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrder {
    /// Key that signs the order.
    pub signer: KeyId,
    /// Number of the order, from 1 without a gap, per key.
    pub sequence: u64,
    /// Digest of the order before it; zero for the first. A fork of the chain shows at once.
    pub previous: Digest,
    /// When it was made, by the signer's clock.
    pub at: Instant,
    /// Digest of the [`SettlementRecord`](crate::evidence::SettlementRecord), or zero.
    pub evidence: Digest,
    /// Movements, each above zero.
    pub legs: Vec<Leg, LEGS_MAX>,
}

/// One movement of money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    /// Wallet that pays.
    pub debit: WalletId,
    /// Wallet that is paid.
    pub credit: WalletId,
    /// Amount, above zero.
    pub amount: Fen,
    /// Number of the leg in the contract that asked for it.
    pub reason: u8,
}

wire_struct!(PaymentOrder, tag: b"JIDIAN-ORDER-1", {
    signer, sequence, previous, at, evidence, legs
});

impl Wire for Leg {
    fn write(&self, out: &mut Sink<'_>) {
        self.debit.write(out);
        self.credit.write(out);
        self.amount.write(out);
        self.reason.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (debit, credit) = (WalletId::read(reader)?, WalletId::read(reader)?);
        let at = reader.at();
        let amount = Fen::read(reader)?;
        if amount <= Fen::ZERO {
            return Err(reader.refuse(at, "amount"));
        }
        Ok(Self { debit, credit, amount, reason: u8::read(reader)? })
    }
}
