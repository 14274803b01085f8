//! Keys: certificates, the wallets that they may debit, and the chain of their orders.

use super::index::Index;
use super::ledger::Slot;
use super::undo::UndoList;
use crate::code::ResultCode;
use crate::genesis::Genesis;
use crate::operation::Operation;
use heapless::Vec as Bounded;
use quantity::Instant;
use std::collections::BTreeSet;
use wire::identity::{Certificate, PublicKey};
use wire::receipt::BOUND_WALLETS_MAX;
use wire::{Digest, KeyId, WalletId};

/// Orders that are remembered per key, so that a repeated one is answered with its receipt.
pub const ORDERS_REMEMBERED: usize = 4;

/// Where the chain of a key's orders stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Number of the last order; 0 before the first.
    pub sequence: u64,
    /// Digest of the last order; zero before the first.
    pub last: Digest,
}

impl Chain {
    /// Before the first order.
    pub const START: Self = Self { sequence: 0, last: Digest([0; 32]) };

    /// Number of the next order.
    #[must_use]
    pub const fn next_sequence(&self) -> u64 {
        self.sequence.checked_add(1).expect("no key signs 2⁶⁴ orders")
    }
}

/// Where the leaf of an order stands: in which batch, and which of its leaves it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the batch.
    pub batch: u64,
    /// Position among the leaves of the batch.
    pub leaf: u32,
}

/// Position of a key; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeySlot(u32);

/// Wallets that a key may debit, by rising number.
pub(super) type Bindings = Bounded<(WalletId, Slot), BOUND_WALLETS_MAX>;

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) certificate: Certificate,
    pub(super) bound: Bindings,
    /// Number of the last order.
    pub(super) sequence: u64,
    /// The last orders of the chain, oldest first.
    pub(super) remembered: Bounded<Remembered, ORDERS_REMEMBERED>,
}

/// An order of a key's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Remembered {
    pub(super) digest: Digest,
    pub(super) code: ResultCode,
    pub(super) place: Place,
}

/// All keys. Changes can be taken back until [`settle_up_to`](Self::settle_up_to).
#[derive(Clone, Debug)]
pub(super) struct Directory {
    authority: PublicKey,
    authority_id: KeyId,
    index: Index,
    keys: Vec<Key>,
    revoked: BTreeSet<u64>,
    undo: UndoList<Undo>,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all entries are of the largest kind")]
enum Undo {
    Added,
    Certificate(KeySlot, Certificate),
    Bound(KeySlot, Bindings),
    Advanced(KeySlot, Option<Remembered>),
    Revoked(u64),
}

impl KeySlot {
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).expect("32 bits")
    }

    fn at(place: usize) -> Self {
        Self(u32::try_from(place).expect("there are fewer than 2³² keys"))
    }
}

impl Directory {
    pub(super) fn new(genesis: &Genesis) -> Self {
        let authority = &genesis.authentication.body;
        Self {
            authority: authority.public_key,
            // The authentication centre certifies itself, so it is its own issuer.
            authority_id: authority.issuer,
            index: Index::default(),
            keys: Vec::new(),
            revoked: BTreeSet::new(),
            undo: UndoList::default(),
        }
    }

    pub(super) const fn authority(&self) -> &PublicKey {
        &self.authority
    }

    pub(super) const fn authority_id(&self) -> KeyId {
        self.authority_id
    }

    pub(super) fn find(&self, key: KeyId) -> Option<KeySlot> {
        self.index.find(hash(key), |place| self.keys[place].id == key).map(KeySlot::at)
    }

    /// As [`find`](Self::find), if the key stood at `slot` a while ago.
    pub(super) fn find_again(&self, key: KeyId, slot: Option<KeySlot>) -> Option<KeySlot> {
        let is_still_there =
            |slot: &KeySlot| self.keys.get(slot.index()).is_some_and(|there| there.id == key);
        slot.filter(is_still_there).or_else(|| self.find(key))
    }

    pub(super) fn key(&self, slot: KeySlot) -> &Key {
        &self.keys[slot.index()]
    }

    pub(super) fn get(&self, key: KeyId) -> Option<&Key> {
        self.find(key).map(|slot| self.key(slot))
    }

    /// All keys in the order in which they came in.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.keys.iter()
    }

    pub(super) const fn revoked(&self) -> &BTreeSet<u64> {
        &self.revoked
    }

    pub(super) fn is_revoked(&self, certificate: &Certificate) -> bool {
        self.revoked.contains(&certificate.serial)
    }

    /// Whether the certificate of a known key lets it sign now.
    pub(super) fn standing(&self, slot: KeySlot, now: Instant) -> Result<(), ResultCode> {
        let certificate = &self.key(slot).certificate;
        if self.is_revoked(certificate) {
            Err(ResultCode::RevokedKey)
        } else if is_valid(certificate, now) {
            Ok(())
        } else {
            Err(ResultCode::ExpiredCertificate)
        }
    }

    /// Whether an order is the next one of its key's chain.
    pub(super) fn link(
        &self,
        slot: KeySlot,
        operation: &Operation,
        digest: Digest,
    ) -> Result<(), ResultCode> {
        let (key, chain) = (self.key(slot), self.key(slot).chain());
        if operation.sequence() <= chain.sequence {
            return Err(key.repetition(operation.sequence(), digest));
        }
        if operation.sequence() > chain.next_sequence() {
            return Err(ResultCode::Gap);
        }
        if operation.previous() == chain.last { Ok(()) } else { Err(ResultCode::Fork) }
    }

    /// Adds a key, or renews its certificate.
    pub(super) fn admit(&mut self, certificate: Certificate) -> KeySlot {
        let id = crypto::key_id(&certificate.public_key);
        if let Some(slot) = self.find(id) {
            let known = &mut self.keys[slot.index()].certificate;
            self.undo.push(Undo::Certificate(slot, *known));
            *known = certificate;
            return slot;
        }
        let (bound, remembered) = (Bounded::new(), Bounded::new());
        self.undo.push(Undo::Added);
        self.restore(Key { id, certificate, bound, sequence: 0, remembered })
    }

    /// Puts a key of a snapshot back.
    pub(super) fn restore(&mut self, key: Key) -> KeySlot {
        let keys = &self.keys;
        self.index.push(hash(key.id), |place| hash(keys[place].id));
        self.keys.push(key);
        KeySlot::at(self.keys.len().saturating_sub(1))
    }

    /// Lets a key debit a wallet; refused if it may debit as many as it can.
    pub(super) fn bind(
        &mut self,
        slot: KeySlot,
        wallet: WalletId,
        at: Slot,
    ) -> Result<(), ResultCode> {
        let bound = &mut self.keys[slot.index()].bound;
        let place = bound.partition_point(|(id, _)| *id < wallet);
        if bound.get(place).is_some_and(|(id, _)| *id == wallet) {
            return Ok(());
        }
        let before = bound.clone();
        bound.insert(place, (wallet, at)).map_err(|_| ResultCode::TooManyWallets)?;
        self.undo.push(Undo::Bound(slot, before));
        Ok(())
    }

    /// Takes a key's right to debit a wallet away.
    pub(super) fn unbind(&mut self, slot: KeySlot, wallet: WalletId) {
        let bound = &mut self.keys[slot.index()].bound;
        self.undo.push(Undo::Bound(slot, bound.clone()));
        bound.retain(|(id, _)| *id != wallet);
    }

    pub(super) fn revoke(&mut self, serial: u64) {
        if self.revoked.insert(serial) {
            self.undo.push(Undo::Revoked(serial));
        }
    }

    /// Takes the next order into a key's chain.
    pub(super) fn advance(&mut self, slot: KeySlot, order: Remembered) {
        let key = &mut self.keys[slot.index()];
        let full = key.remembered.is_full();
        let dropped = full.then(|| key.remembered.remove(0));
        self.undo.push(Undo::Advanced(slot, dropped));
        key.sequence = key.sequence.checked_add(1).expect("no key signs 2⁶⁴ orders");
        key.remembered.push(order).expect("room was made");
    }

    /// How much there is to undo.
    pub(super) fn mark(&self) -> usize {
        self.undo.mark()
    }

    /// Takes back everything since `mark`.
    pub(super) fn roll_back_to(&mut self, mark: usize) {
        while let Some(undo) = self.undo.pop_behind(mark) {
            self.take_back(undo);
        }
    }

    fn take_back(&mut self, undo: Undo) {
        match undo {
            Undo::Added => {
                let key = self.keys.pop().expect("the key was added");
                self.index.pop(hash(key.id));
            }
            Undo::Certificate(slot, before) => self.keys[slot.index()].certificate = before,
            Undo::Bound(slot, before) => self.keys[slot.index()].bound = before,
            Undo::Advanced(slot, dropped) => self.keys[slot.index()].step_back(dropped),
            Undo::Revoked(serial) => {
                self.revoked.remove(&serial);
            }
        }
    }

    /// Makes the changes before `mark` final.
    pub(super) fn settle_up_to(&mut self, mark: usize) {
        self.undo.forget_up_to(mark);
    }
}

impl Key {
    pub(super) fn may_debit(&self, wallet: WalletId) -> bool {
        self.bound.iter().any(|(id, _)| *id == wallet)
    }

    pub(super) fn chain(&self) -> Chain {
        let last = self.remembered.last().map_or(Chain::START.last, |order| order.digest);
        Chain { sequence: self.sequence, last }
    }

    /// The remembered order with this digest.
    pub(super) fn recall(&self, digest: Digest) -> Option<&Remembered> {
        self.remembered.iter().find(|order| order.digest == digest)
    }

    fn repetition(&self, sequence: u64, digest: Digest) -> ResultCode {
        let age = usize::try_from(self.sequence.saturating_sub(sequence)).unwrap_or(usize::MAX);
        match self.remembered.iter().rev().nth(age) {
            Some(order) if order.digest == digest => ResultCode::Exists,
            Some(_) => ResultCode::Fork,
            None => ResultCode::Stale,
        }
    }

    fn step_back(&mut self, dropped: Option<Remembered>) {
        self.remembered.pop();
        self.sequence = self.sequence.checked_sub(1).expect("an order was taken in");
        if let Some(order) = dropped {
            self.remembered.insert(0, order).expect("room was made");
        }
    }
}

/// A pseudonym is a piece of a digest, so any part of it is spread already.
fn hash(key: KeyId) -> u64 {
    u64::from_be_bytes(*key.0.first_chunk().expect("16 bytes"))
}

pub(super) fn is_valid(certificate: &Certificate, now: Instant) -> bool {
    certificate.valid_from <= now && now < certificate.valid_until
}
