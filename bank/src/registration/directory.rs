//! Keys: certificates, the wallets that they may debit, and the chain of their orders.

use super::archive::Proof;
use super::ledger::Slot;
use crate::code::ResultCode;
use crate::genesis::Genesis;
use crate::operation::Operation;
use heapless::Vec as Bounded;
use quantity::Instant;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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

/// Position of a key; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeySlot(usize);

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) certificate: Certificate,
    /// By rising number.
    pub(super) bound: Bounded<(WalletId, Slot), BOUND_WALLETS_MAX>,
    pub(super) chain: Chain,
    /// The last orders of the chain, oldest first.
    pub(super) remembered: VecDeque<Remembered>,
}

/// An order of a key's chain.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    pub(super) sequence: u64,
    pub(super) digest: Digest,
    pub(super) code: ResultCode,
    pub(super) proof: Proof,
}

/// All keys. Changes can be taken back until [`settle`](Self::settle).
#[derive(Clone, Debug)]
pub(super) struct Directory {
    authority: PublicKey,
    authority_id: KeyId,
    slots: BTreeMap<KeyId, KeySlot>,
    keys: Vec<Key>,
    revoked: BTreeSet<u64>,
    undo: Vec<Undo>,
}

#[derive(Clone, Debug)]
enum Undo {
    Added(KeyId),
    Certificate(KeySlot, Certificate),
    Bound(KeySlot, WalletId),
    Advanced(KeySlot, Chain, Option<Remembered>),
    Revoked(u64),
}

impl Directory {
    pub(super) const fn new(genesis: &Genesis) -> Self {
        let authority = &genesis.authentication.body;
        Self {
            authority: authority.public_key,
            // The authentication centre certifies itself, so it is its own issuer.
            authority_id: authority.issuer,
            slots: BTreeMap::new(),
            keys: Vec::new(),
            revoked: BTreeSet::new(),
            undo: Vec::new(),
        }
    }

    pub(super) const fn authority(&self) -> &PublicKey {
        &self.authority
    }

    pub(super) const fn authority_id(&self) -> KeyId {
        self.authority_id
    }

    pub(super) fn find(&self, key: KeyId) -> Option<KeySlot> {
        self.slots.get(&key).copied()
    }

    pub(super) fn key(&self, slot: KeySlot) -> &Key {
        &self.keys[slot.0]
    }

    pub(super) fn get(&self, key: KeyId) -> Option<&Key> {
        self.find(key).map(|slot| self.key(slot))
    }

    /// All keys by rising pseudonym.
    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyId, &Key)> {
        self.slots.iter().map(|(id, slot)| (*id, self.key(*slot)))
    }

    pub(super) fn revoked(&self) -> impl Iterator<Item = u64> + '_ {
        self.revoked.iter().copied()
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
        let key = self.key(slot);
        if operation.sequence() <= key.chain.sequence {
            return Err(key.repetition(operation.sequence(), digest));
        }
        if operation.sequence() > key.chain.next_sequence() {
            return Err(ResultCode::Gap);
        }
        if operation.previous() == key.chain.last { Ok(()) } else { Err(ResultCode::Fork) }
    }

    /// Adds a key, or renews its certificate.
    pub(super) fn admit(&mut self, certificate: Certificate) -> KeySlot {
        let id = crypto::key_id(&certificate.public_key);
        if let Some(slot) = self.find(id) {
            let known = &mut self.keys[slot.0].certificate;
            self.undo.push(Undo::Certificate(slot, *known));
            *known = certificate;
            return slot;
        }
        let slot = KeySlot(self.keys.len());
        self.slots.insert(id, slot);
        self.keys.push(Key {
            certificate,
            bound: Bounded::new(),
            chain: Chain::START,
            remembered: VecDeque::new(),
        });
        self.undo.push(Undo::Added(id));
        slot
    }

    /// Lets a key debit a wallet; refused if it may debit as many as it can.
    pub(super) fn bind(
        &mut self,
        slot: KeySlot,
        wallet: WalletId,
        at: Slot,
    ) -> Result<(), ResultCode> {
        let bound = &mut self.keys[slot.0].bound;
        let place = bound.partition_point(|(id, _)| *id < wallet);
        if bound.get(place).is_some_and(|(id, _)| *id == wallet) {
            return Ok(());
        }
        bound.insert(place, (wallet, at)).map_err(|_| ResultCode::TooManyWallets)?;
        self.undo.push(Undo::Bound(slot, wallet));
        Ok(())
    }

    pub(super) fn revoke(&mut self, serial: u64) {
        if self.revoked.insert(serial) {
            self.undo.push(Undo::Revoked(serial));
        }
    }

    /// Takes the next order into a key's chain.
    pub(super) fn advance(&mut self, slot: KeySlot, order: Remembered) {
        let key = &mut self.keys[slot.0];
        assert_eq!(order.sequence, key.chain.next_sequence(), "a chain has no gap");
        let full = key.remembered.len() == ORDERS_REMEMBERED;
        let dropped = if full { key.remembered.pop_front() } else { None };
        self.undo.push(Undo::Advanced(slot, key.chain, dropped));
        key.chain = Chain { sequence: order.sequence, last: order.digest };
        key.remembered.push_back(order);
    }

    /// The remembered order with this digest, to move its proof.
    pub(super) fn remembered_mut(
        &mut self,
        slot: KeySlot,
        digest: Digest,
    ) -> Option<&mut Remembered> {
        self.keys[slot.0].remembered.iter_mut().find(|order| order.digest == digest)
    }

    pub(super) fn roll_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            self.take_back(undo);
        }
    }

    fn take_back(&mut self, undo: Undo) {
        match undo {
            Undo::Added(id) => {
                self.slots.remove(&id);
                self.keys.pop();
            }
            Undo::Certificate(slot, certificate) => self.keys[slot.0].certificate = certificate,
            Undo::Bound(slot, wallet) => self.keys[slot.0].bound.retain(|(id, _)| *id != wallet),
            Undo::Advanced(slot, chain, dropped) => self.keys[slot.0].step_back(chain, dropped),
            Undo::Revoked(serial) => {
                self.revoked.remove(&serial);
            }
        }
    }

    /// Makes all changes final.
    pub(super) fn settle(&mut self) {
        self.undo.clear();
    }
}

impl Key {
    pub(super) fn may_debit(&self, wallet: WalletId) -> bool {
        self.bound.iter().any(|(id, _)| *id == wallet)
    }

    fn repetition(&self, sequence: u64, digest: Digest) -> ResultCode {
        match self.remembered.iter().find(|order| order.sequence == sequence) {
            Some(order) if order.digest == digest => ResultCode::Exists,
            Some(_) => ResultCode::Fork,
            None => ResultCode::Stale,
        }
    }

    fn step_back(&mut self, chain: Chain, dropped: Option<Remembered>) {
        self.remembered.pop_back();
        self.chain = chain;
        if let Some(order) = dropped {
            self.remembered.push_front(order);
        }
    }
}

pub(super) fn is_valid(certificate: &Certificate, now: Instant) -> bool {
    certificate.valid_from <= now && now < certificate.valid_until
}
