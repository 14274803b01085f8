//! The bank's log: every batch repeated, every order findable.

use super::failure::Failure;
use super::logs::{Kept, Log};
use super::signatures::PreparedKeys;
use bank::authentication::Disclosure;
use bank::operation::Operation;
use bank::record::Record;
use bank::replay::{Keyring, Replay};
use bank::{Damage, Genesis, ResultCode, registration::Registration};
use std::collections::BTreeMap;
use wire::order::PaymentOrder;
use wire::receipt::Receipt;
use wire::{Digest, KeyId, PublicKey, Signed};

/// The bank's log, decoded.
pub(super) struct Ledger<'a> {
    log: &'a Log,
    genesis: Genesis,
    records: Vec<Record>,
    keyring: Keyring,
}

/// What became of an order.
#[derive(Clone, Copy)]
pub(super) struct Settled<'a> {
    pub(super) order: &'a PaymentOrder,
    pub(super) code: ResultCode,
    /// Number of the record, which is that of the batch.
    pub(super) record: usize,
}

/// Orders that took their number in the chain of their key, by key and number.
pub(super) type Orders<'a> = BTreeMap<(KeyId, u64), Settled<'a>>;

impl<'a> Ledger<'a> {
    /// Decodes the log and checks its first record.
    pub(super) fn decode(log: &'a Log, authority: &PublicKey) -> Result<Self, Failure> {
        let Some(first) = log.payloads().next() else {
            return Err(Failure::of_file(log.path(), "holds no record: no bank was founded"));
        };
        let replay = Replay::begin(first, authority).map_err(|damage| fault(log, &damage))?;
        let genesis = replay.genesis().clone();
        let mut keyring = Keyring::new(&genesis);
        let mut records = Vec::with_capacity(log.len());
        for (number, bytes) in log.payloads().enumerate().skip(1) {
            let record = Record::from_bytes(bytes).map_err(|error| log.fault(number, error))?;
            // A pseudonym is a digest of its key: learning one too early misleads nobody.
            keyring.learn(&record);
            records.push(record);
        }
        Ok(Self { log, genesis, records, keyring })
    }

    /// Prepares the keys that sign most.
    pub(super) fn prepare(&self, keys: &mut PreparedKeys) {
        for (_, certificate) in self.genesis.institutions() {
            keys.prepare(&certificate.body.public_key);
        }
        let operations = self.records.iter().flat_map(|record| &record.entries);
        let commands = operations.filter_map(|entry| entry.operation.command());
        for certificate in commands.filter_map(bank::Command::certificate) {
            keys.prepare(&certificate.body.public_key);
        }
    }

    /// Records, the genesis included: each is a piece of work for [`Self::check_signatures`].
    pub(super) const fn len(&self) -> usize {
        self.records.len() + 1
    }

    pub(super) const fn log(&self) -> &'a Log {
        self.log
    }

    /// Checks all signatures of a record.
    pub(super) fn check_signatures(
        &self,
        number: usize,
        authority: &PublicKey,
        keys: &PreparedKeys,
    ) -> Result<(), Failure> {
        match number.checked_sub(1).map(|position| &self.records[position]) {
            None => self
                .genesis
                .check(authority, keys)
                .map_err(|error| self.log.fault(0, format_args!("genesis: {error}"))),
            Some(record) => self
                .keyring
                .check_signatures(record, keys)
                .map_err(|damage| self.log.fault(number, &damage.fault)),
        }
    }

    /// Repeats every decision of the bank, and counts the money. A snapshot must hold the state that
    /// this leads to.
    pub(super) fn replay(
        &self,
        authority: &PublicKey,
        snapshot: Option<&Kept>,
    ) -> Result<Registration, Failure> {
        let first = self.log.payloads().next().unwrap_or_default();
        let damaged = |damage: Damage| fault(self.log, &damage);
        let mut replay = Replay::begin(first, authority).map_err(damaged)?;
        for record in &self.records {
            replay.repeat(record.clone()).map_err(damaged)?;
            snapshot.map_or(Ok(()), |kept| kept.check_state(replay.registration()))?;
        }
        replay.finish().map_err(damaged)
    }

    /// Key of the registration centre.
    pub(super) const fn registration_key(&self) -> PublicKey {
        self.genesis.registration.body.public_key
    }

    /// The receipt of an order, grown again from the record of its batch.
    pub(super) fn receipt(&self, batch: usize, order: Digest) -> Option<Receipt> {
        self.records.get(batch.checked_sub(1)?)?.receipt(order)
    }

    /// Payment orders in the order of the log.
    pub(super) fn payments(
        &self,
    ) -> impl Iterator<Item = (usize, &Signed<PaymentOrder>, ResultCode)> {
        self.records.iter().zip(1..).flat_map(|(record, number)| {
            record.entries.iter().filter_map(move |entry| match &entry.operation {
                Operation::Pay(order) => Some((number, &**order, entry.code)),
                Operation::Instruct(_) => None,
            })
        })
    }

    /// Serial numbers of all certificates that count in it.
    pub(super) fn serials(&self) -> impl Iterator<Item = u64> {
        let institutions = self.genesis.institutions().map(|(_, found)| found.body.serial);
        let entries = self.records.iter().flat_map(|record| &record.entries);
        let accepted = entries.filter(|entry| entry.code == ResultCode::Accepted);
        let commands = accepted.filter_map(|entry| entry.operation.command());
        let bound = commands.filter_map(bank::Command::certificate);
        institutions.chain(bound.map(|certificate| certificate.body.serial))
    }

    /// What was opened.
    pub(super) fn disclosures(&self) -> impl Iterator<Item = Disclosure> {
        self.records.iter().flat_map(|record| {
            let root = &record.root.body;
            let entries = record.entries.iter();
            entries.filter_map(move |entry| Disclosure::of(&entry.operation, entry.code, root))
        })
    }

    /// Operations of all kinds.
    pub(super) fn operations(&self) -> usize {
        self.records.iter().map(|record| record.entries.len()).sum()
    }

    /// Orders by key and number. The replay made sure that none is there twice.
    pub(super) fn orders(&self) -> Orders<'_> {
        self.payments()
            .filter(|(_, _, code)| code.burns_sequence())
            .map(|(record, signed, code)| {
                let order = &signed.body;
                ((order.signer, order.sequence), Settled { order, code, record })
            })
            .collect()
    }
}

fn fault(log: &Log, damage: &Damage) -> Failure {
    let number = usize::try_from(damage.batch).unwrap_or(usize::MAX);
    log.fault(number, format_args!("batch {}: {}", damage.batch, damage.fault))
}
