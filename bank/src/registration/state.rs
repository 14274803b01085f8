//! The whole state as bytes: what a snapshot holds, and what the digest of a state is taken of.
//!
//! Receipts aren't in it: they follow from the log. Payments for a screen aren't either.

use super::books::Books;
use super::directory::{Bindings, Directory, Key, Place, Remembered};
use super::interest::Accrual;
use super::ledger::{Ledger, Slot, Spent, Wallet, WalletState};
use super::tracked::Tracked;
use super::{Registration, Totals};
use crate::code::{ResultCode, Statistics};
use crate::genesis::{Genesis, issuance_vault};
use crate::terms::wire_fields;
use heapless::Vec as Bounded;
use quantity::{Fen, Instant};
use std::collections::BTreeMap;
use wire::identity::Certificate;
use wire::receipt::Root;
use wire::{DecodeError, Digest, KeyId, Reader, Signed, Sink, WalletId, Wire};

const TAG: &[u8] = b"JIDIAN-STATE-3";

impl Registration {
    /// SM3 over everything that an answer can depend on: wallets, holds, coin strings, policy,
    /// keys with their chains and remembered orders, revocations, totals and the last root.
    #[must_use]
    pub fn state_digest(&self) -> Digest {
        let mut hash = crypto::Sm3::new();
        self.write_state(&mut |bytes| hash.update(bytes));
        hash.finish()
    }

    /// The state as bytes, from which [`from_snapshot`](Self::from_snapshot) goes on.
    ///
    /// # Panics
    /// If a batch was applied that is neither committed nor rolled back.
    #[must_use]
    pub fn to_snapshot(&self) -> Vec<u8> {
        assert!(!self.is_ahead(), "no batch is under way");
        let mut bytes = Vec::new();
        self.write_state(&mut |part| bytes.extend_from_slice(part));
        bytes
    }

    /// The state that a snapshot holds, on the genesis of the same log. Whether it is the state
    /// behind a certain batch is to be checked by the caller against the root in the log.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that aren't a snapshot.
    pub fn from_snapshot(genesis: &Genesis, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if reader.take(TAG.len())? != TAG {
            return Err(reader.refuse(0, "kind of snapshot"));
        }
        let mut state = Self::new(genesis);
        if Digest::read(&mut reader)? != state.genesis {
            return Err(reader.refuse(TAG.len(), "genesis"));
        }
        state.totals = Wire::read(&mut reader)?;
        state.last_root = Wire::read(&mut reader)?;
        state.books = Books::read_state(&mut reader)?;
        state.directory = Directory::read_state(genesis, &state.books.ledger, &mut reader)?;
        reader.finish()?;
        if state.books.ledger.total() != i128::from(state.totals.issued.fen()) {
            return Err(reader.refuse(0, "sum of the wallets"));
        }
        let vault = state.books.ledger.find(issuance_vault());
        if vault != Some(state.issuance_vault) || !state.books.is_sound() {
            return Err(reader.refuse(0, "wallets, operators and coin strings"));
        }
        Ok(state)
    }

    /// Digest of the genesis of the bank whose state a snapshot holds; `None` for other bytes.
    #[must_use]
    pub fn genesis_of_snapshot(bytes: &[u8]) -> Option<Digest> {
        let (genesis, _) = bytes.strip_prefix(TAG)?.split_first_chunk()?;
        Some(Digest(*genesis))
    }

    /// Whether this is the state right behind the batch that a root closes, as far as a root tells.
    pub(crate) fn stands_behind(&self, root: &Signed<Root>) -> bool {
        let Root { batch, at, issued, .. } = root.body;
        let Totals { batch: last, root: last_root, at: last_at, issued: now, .. } = self.totals;
        self.last_root.as_ref() == Some(root)
            && (batch, crypto::digest(&root.body), at, issued) == (last, last_root, last_at, now)
    }

    fn write_state(&self, out: &mut Sink<'_>) {
        out(TAG);
        self.genesis.write(out);
        self.totals.write(out);
        self.last_root.write(out);
        self.books.write_state(out);
        self.directory.write_state(out);
    }
}

impl Books {
    fn write_state(&self, out: &mut Sink<'_>) {
        length(self.ledger.iter().len()).write(out);
        self.ledger.iter().for_each(|wallet| wallet.write(out));
        write_map(&self.holds, out);
        write_map(&self.coins, out);
        write_map(&self.operators, out);
        write_map(&self.templates, out);
        write_map(&self.sub_wallets, out);
        write_list(self.limit_rules.iter().map(|(_, rule)| rule), self.limit_rules.len(), out);
        let rules = &self.interest_rules;
        write_list(rules.iter().map(|(_, rule)| rule), rules.len(), out);
    }

    fn read_state(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut books = Self { ledger: Ledger::read_state(reader)?, ..Self::default() };
        books.holds = read_map(reader)?;
        books.coins = read_map(reader)?;
        books.operators = read_map(reader)?;
        books.templates = read_map(reader)?;
        books.sub_wallets = read_map(reader)?;
        for _ in 0..u64::read(reader)? {
            let rule: crate::terms::LimitRule = Wire::read(reader)?;
            books.limit_rules.insert((rule.holders, rule.grade, rule.from_day), rule);
        }
        for _ in 0..u64::read(reader)? {
            let rule: crate::terms::InterestRule = Wire::read(reader)?;
            books.interest_rules.insert((rule.holders, rule.grade, rule.from_day), rule);
        }
        books.list_what_is_due();
        books.settle_up_to(books.mark());
        Ok(books)
    }

    /// Whether what refers to wallets refers to those that are there, and both views of the coin
    /// strings agree: what the ledger takes for granted.
    fn is_sound(&self) -> bool {
        let ledger = &self.ledger;
        let is_there = |wallet: WalletId| ledger.find(wallet).is_some();
        let mut in_strings = BTreeMap::<WalletId, Fen>::new();
        let counted = self.coins.iter().all(|(_, coin)| {
            let sum = in_strings.entry(coin.owner).or_default();
            let more = sum.checked_add(coin.amount).filter(|_| !coin.amount.is_negative());
            *sum = more.unwrap_or_default();
            more.is_some() && coin.bound.as_ref().is_none_or(|bound| is_there(bound.giver))
        });
        let agrees = |wallet: &Wallet| {
            in_strings.get(&wallet.id).copied().unwrap_or_default() == wallet.coins
        };
        counted
            && ledger.iter().all(agrees)
            && in_strings.keys().copied().all(is_there)
            && self.holds.iter().all(|(_, hold)| is_there(hold.debit) && is_there(hold.credit))
            && self.operators.iter().all(|(_, book)| is_there(book.vault))
            && self.sub_wallets.iter().all(|(slot, _)| slot.index() < ledger.iter().len())
    }

    /// The ends of holds and bound coin strings follow from these.
    fn list_what_is_due(&mut self) {
        let holds = self.holds.iter().map(|(id, hold)| (hold.until, *id));
        let bound = self.coins.iter().filter_map(|(id, coin)| Some((coin.bound.as_ref()?, *id)));
        let ends = bound.map(|(bound, id)| (bound.terms.until, id));
        let due: Vec<(Instant, Digest)> = holds.chain(ends).collect();
        due.into_iter().for_each(|due| self.due.insert(due, ()));
    }
}

impl Ledger {
    fn read_state(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut ledger = Self::default();
        for _ in 0..u64::read(reader)? {
            let at = reader.at();
            let wallet = Wallet::read(reader)?;
            if !wallet.is_sound() || ledger.find(wallet.id).is_some() {
                return Err(reader.refuse(at, "wallet"));
            }
            ledger.restore(wallet);
        }
        Ok(ledger)
    }
}

impl Directory {
    fn write_state(&self, out: &mut Sink<'_>) {
        length(self.iter().len()).write(out);
        self.iter().for_each(|key| key.write_state(out));
        write_list(self.revoked().iter(), self.revoked().len(), out);
    }

    fn read_state(
        genesis: &Genesis,
        ledger: &Ledger,
        reader: &mut Reader<'_>,
    ) -> Result<Self, DecodeError> {
        let mut directory = Self::new(genesis);
        for _ in 0..u64::read(reader)? {
            let at = reader.at();
            let key = Key::read_state(ledger, reader)?;
            if directory.find(key.id).is_some() {
                return Err(reader.refuse(at, "key"));
            }
            directory.restore(key);
        }
        for _ in 0..u64::read(reader)? {
            directory.revoke(Wire::read(reader)?);
        }
        directory.settle_up_to(directory.mark());
        Ok(directory)
    }
}

impl Key {
    fn write_state(&self, out: &mut Sink<'_>) {
        self.id.write(out);
        self.certificate.write(out);
        let bound: Bounded<WalletId, { wire::receipt::BOUND_WALLETS_MAX }> =
            self.bound.iter().map(|(wallet, _)| *wallet).collect();
        bound.write(out);
        self.sequence.write(out);
        self.remembered.write(out);
    }

    fn read_state(ledger: &Ledger, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (id, certificate): (KeyId, Certificate) = (Wire::read(reader)?, Wire::read(reader)?);
        let at = reader.at();
        let wallets: Bounded<WalletId, { wire::receipt::BOUND_WALLETS_MAX }> = Wire::read(reader)?;
        let mut bound = Bindings::new();
        for wallet in wallets {
            let slot = ledger.find(wallet).ok_or(reader.refuse(at, "bound wallet"))?;
            bound.push((wallet, slot)).expect("both lists have the same bound");
        }
        let (sequence, remembered) = (Wire::read(reader)?, Wire::read(reader)?);
        Ok(Self { id, certificate, bound, sequence, remembered })
    }
}

fn length(items: usize) -> u64 {
    u64::try_from(items).expect("64 bits hold any length")
}

fn write_list<'a, T: Wire + 'a>(
    items: impl Iterator<Item = &'a T>,
    count: usize,
    out: &mut Sink<'_>,
) {
    length(count).write(out);
    items.for_each(|item| item.write(out));
}

fn write_map<K: Wire + Ord + Clone, V: Wire + Clone>(map: &Tracked<K, V>, out: &mut Sink<'_>) {
    length(map.len()).write(out);
    for (key, value) in map.iter() {
        key.write(out);
        value.write(out);
    }
}

fn read_map<K: Wire + Ord + Clone, V: Wire + Clone>(
    reader: &mut Reader<'_>,
) -> Result<Tracked<K, V>, DecodeError> {
    let mut map = Tracked::default();
    for _ in 0..u64::read(reader)? {
        let (key, value) = (K::read(reader)?, V::read(reader)?);
        map.insert(key, value);
    }
    Ok(map)
}

impl Wire for Slot {
    fn write(&self, out: &mut Sink<'_>) {
        u32::try_from(self.index()).expect("32 bits").write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let place = u32::read(reader)?;
        Ok(Self::at(usize::try_from(place).expect("32 bits")))
    }
}

impl Wire for WalletState {
    fn write(&self, out: &mut Sink<'_>) {
        (*self as u8).write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            0 => Ok(Self::Active),
            1 => Ok(Self::Frozen),
            _ => Err(reader.refuse(at, "state of a wallet")),
        }
    }
}

impl Wire for Accrual {
    fn write(&self, out: &mut Sink<'_>) {
        out(&self.earned.to_be_bytes());
        self.day.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let earned = i128::from_be_bytes(reader.array()?);
        Ok(Self { earned, day: Wire::read(reader)? })
    }
}

impl Wire for Statistics {
    fn write(&self, out: &mut Sink<'_>) {
        ResultCode::ALL.into_iter().for_each(|code| self.count(code).write(out));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut statistics = Self::default();
        for code in ResultCode::ALL {
            statistics.set(code, Wire::read(reader)?);
        }
        Ok(statistics)
    }
}

wire_fields!(Spent, b"", { day, year, in_day, in_year });
wire_fields!(Wallet, b"", {
    id, kind, grade, state, parent, balance, held, coins, deposit, spent, accrual
});
wire_fields!(Place, b"", { batch, leaf });
wire_fields!(Remembered, b"", { digest, code, place });
wire_fields!(Totals, b"", { issued, statistics, batch, root, at });
