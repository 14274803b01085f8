//! Rebuilding the state from the records, and auditing them offline without trusting the bank.
//!
//! An audit has two halves that don't need each other: [`Keyring::check_signatures`] is pure per
//! record, so records can be checked in parallel; [`Replay`] repeats every decision in order.

use crate::code::{ResultCode, Statistics};
use crate::command::Command;
use crate::genesis::{Genesis, GenesisError};
use crate::log::LogError;
use crate::record::{Balances, Entry, Record};
use crate::registration::{
    Authenticated, Batch, Digested, Keys, Movement, Registration, Verdict, judge,
};
use core::fmt;
use crypto::Verify;
use quantity::Fen;
use std::collections::BTreeMap;
use wire::identity::PublicKey;
use wire::receipt::{Leaf, Root};
use wire::{DecodeError, Digest, KeyId};

/// What is wrong with a log, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Number of the record: 0 is the genesis.
    pub batch: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The log is empty.
    NoGenesis,
    /// The genesis isn't to be trusted.
    Genesis(GenesisError),
    /// The key that is to sign from now on isn't the registration centre's.
    OtherSigner,
    /// The bytes are no record.
    Undecodable(DecodeError),
    /// Repeating the operation gives another code.
    WrongCode {
        /// Position of the operation in the batch, from 0.
        entry: usize,
        /// The code in the record.
        recorded: ResultCode,
        /// The code that repeating gives.
        repeated: ResultCode,
    },
    /// The number or the digest of the root before it differ: a record is missing, doubled or
    /// from elsewhere.
    BrokenChain,
    /// Repeating the batch gives another Merkle root.
    WrongMerkleRoot,
    /// Repeating the batch gives other balances than those beside its operations.
    WrongBalances,
    /// The root's instant lies before that of the root before it.
    ClockWentBack,
    /// The root names another sum of issued money than the wallets hold.
    NotConserved,
    /// An operation is recorded as of an unknown key, though its key was known before the batch.
    KeyIsKnown {
        /// Position of the operation in the batch, from 0.
        entry: usize,
    },
    /// The signature of an operation (or under its certificate) isn't what its code says.
    BadSignature {
        /// Position of the operation in the batch, from 0.
        entry: usize,
    },
    /// The root isn't signed by the registration centre.
    BadRootSignature,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "batch {}: {}", self.batch, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGenesis => write!(f, "the log is empty"),
            Self::Genesis(error) => error.fmt(f),
            Self::OtherSigner => write!(f, "the signing key isn't the registration centre's"),
            Self::Undecodable(error) => error.fmt(f),
            Self::WrongCode { entry, recorded, repeated } => {
                write!(f, "operation {entry} is recorded as {recorded}, repeating gives {repeated}")
            }
            Self::BrokenChain => write!(f, "the root doesn't follow the root before it"),
            Self::WrongMerkleRoot => write!(f, "repeating gives another Merkle root"),
            Self::WrongBalances => write!(f, "repeating gives other balances"),
            Self::ClockWentBack => write!(f, "the root is older than the root before it"),
            Self::NotConserved => write!(f, "issued money and the sum of the wallets differ"),
            Self::KeyIsKnown { entry } => write!(f, "the key of operation {entry} is known"),
            Self::BadSignature { entry } => {
                write!(f, "the signatures of operation {entry} contradict its result code")
            }
            Self::BadRootSignature => write!(f, "the root isn't signed by the registration centre"),
        }
    }
}

impl core::error::Error for Damage {}

/// Why a state isn't that of a log at a place: the log is to be repeated from its beginning then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The bytes are no state of this bank.
    State(DecodeError),
    /// What was kept beside the state can't be read.
    Kept(DecodeError),
    /// It was taken before the first batch.
    NoBatch,
    /// The record before the place is another batch than the last one of the state.
    OtherBatch,
    /// The root of the record before the place isn't the last one of the state.
    OtherRoot,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(error) => write!(f, "its state can't be read: {error}"),
            Self::Kept(error) => write!(f, "what it keeps beside the state can't be read: {error}"),
            Self::NoBatch => write!(f, "it was taken before the first batch"),
            Self::OtherBatch => write!(f, "its state is of another batch than its place"),
            Self::OtherRoot => write!(f, "its state has another root than the log at its place"),
        }
    }
}

impl core::error::Error for Misfit {}

/// Why a bank can't go on from a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BehindError {
    /// The log itself is wrong, whether with or without a snapshot.
    Log(Damage),
    /// The log can't be read back.
    Unreadable(LogError),
    /// The snapshot isn't of this log.
    Snapshot(Misfit),
}

impl fmt::Display for BehindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(damage) => damage.fmt(f),
            Self::Unreadable(error) => error.fmt(f),
            Self::Snapshot(misfit) => misfit.fmt(f),
        }
    }
}

impl core::error::Error for BehindError {}

impl From<Damage> for BehindError {
    fn from(damage: Damage) -> Self {
        Self::Log(damage)
    }
}

impl From<Misfit> for BehindError {
    fn from(misfit: Misfit) -> Self {
        Self::Snapshot(misfit)
    }
}

/// Repeats every decision of a log.
#[derive(Debug)]
pub struct Replay {
    genesis: Genesis,
    registration: Registration,
}

impl Replay {
    /// Starts with record 0. Signatures aren't looked at.
    ///
    /// # Errors
    /// [`Damage`] if it is no genesis under `authority`.
    pub fn begin(genesis: &[u8], authority: &PublicKey) -> Result<Self, Damage> {
        let damage = |fault| Damage { batch: 0, fault };
        let genesis =
            Genesis::from_record(genesis).map_err(|error| damage(Fault::Undecodable(error)))?;
        genesis.check_form(authority).map_err(|error| damage(Fault::Genesis(error)))?;
        Ok(Self { registration: Registration::new(&genesis), genesis })
    }

    /// Starts behind a batch: `genesis` is record 0, `last` the record of that batch, and `state` what
    /// [`Registration::to_snapshot`] gave behind it. That it is the state of this log is believed
    /// because it names the genesis and holds the very root, with its signature, that the log has.
    ///
    /// # Errors
    /// [`BehindError`]: the log's records or the state aren't what they have to be.
    pub fn behind(
        genesis: &[u8],
        authority: &PublicKey,
        (state, last): (&[u8], &[u8]),
    ) -> Result<Self, BehindError> {
        let Self { genesis, .. } = Self::begin(genesis, authority)?;
        let registration = Registration::from_snapshot(&genesis, state).map_err(Misfit::State)?;
        let batch = registration.last_batch();
        if batch == 0 {
            return Err(Misfit::NoBatch.into());
        }
        let undecodable = |error| Damage { batch, fault: Fault::Undecodable(error) };
        let last = Record::from_bytes(last).map_err(undecodable)?;
        if last.root.body.batch != batch {
            return Err(Misfit::OtherBatch.into());
        }
        if !registration.stands_behind(&last.root) {
            return Err(Misfit::OtherRoot.into());
        }
        Ok(Self { genesis, registration })
    }

    /// Takes the batches up to here, oldest first, so that their receipts are at hand.
    pub(crate) fn remember(&mut self, batches: impl IntoIterator<Item = Batch>) {
        self.registration.remember(batches);
    }

    /// The genesis.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The state behind the last record.
    #[must_use]
    pub const fn registration(&self) -> &Registration {
        &self.registration
    }

    /// Reads and repeats the next record.
    ///
    /// # Errors
    /// [`Damage`] if it isn't what the state before it leads to; the replay is over then.
    pub fn step(&mut self, record: &[u8]) -> Result<(), Damage> {
        let record = self.decode(record)?;
        self.repeat(record)
    }

    /// Reads the next record.
    ///
    /// # Errors
    /// [`Damage`] if it isn't one.
    pub fn decode(&self, record: &[u8]) -> Result<Record, Damage> {
        Record::from_bytes(record).map_err(|error| self.damage(Fault::Undecodable(error)))
    }

    /// Repeats the next record.
    ///
    /// # Errors
    /// [`Damage`] if it isn't what the state before it leads to; the replay is over then.
    pub fn repeat(&mut self, record: Record) -> Result<(), Damage> {
        self.repeat_showing(record).map(|_| ())
    }

    /// Repeats the next record and returns every movement of money in it: what journals,
    /// statements and the analysis centre are made of.
    ///
    /// # Errors
    /// [`Damage`] if it isn't what the state before it leads to; the replay is over then.
    pub fn repeat_showing(&mut self, record: Record) -> Result<Vec<Movement>, Damage> {
        self.check_unknown_keys(&record)?;
        let Record { entries, root } = record;
        let (mut codes, mut balances, mut operations) = (Vec::new(), Vec::new(), Vec::new());
        for Entry { code, operation, balances: recorded } in entries {
            if code.is_proved() {
                balances.push(recorded);
            }
            codes.push(code);
            operations.push(operation);
        }
        let digested = Digested::all(operations).into_iter().zip(&codes);
        let batch: Vec<Authenticated> =
            digested.map(|(operation, code)| Authenticated::from_log(operation, *code)).collect();
        let before = self.damage(Fault::ClockWentBack);
        let applied = self.registration.apply(root.body.at, &batch);
        let tree = applied.grow(self.registration.root_digest());
        compare_codes(&codes, applied.codes())
            .and_then(|()| compare_balances(&balances, applied.leaves()))
            .and_then(|()| compare_roots(&root.body, tree.root()))
            .map_err(|fault| Damage { fault, ..before })?;
        Ok(self.registration.commit(applied, tree, root.signature).movements)
    }

    /// Counts everything anew and hands out the state.
    ///
    /// # Errors
    /// [`Damage`] if the wallets don't hold what was issued.
    pub fn finish(self) -> Result<Registration, Damage> {
        let batch = self.registration.last_batch();
        if self.registration.wallets_total() == self.registration.issued() {
            Ok(self.registration)
        } else {
            Err(Damage { batch, fault: Fault::NotConserved })
        }
    }

    /// A bank mustn't turn away a known key as unknown.
    fn check_unknown_keys(&self, record: &Record) -> Result<(), Damage> {
        let unknown = ResultCode::UnknownKey;
        let known = |entry: &Entry| {
            entry.code == unknown
                && self.registration.certificate(entry.operation.signer()).is_some()
        };
        match record.entries.iter().position(known) {
            None => Ok(()),
            Some(entry) => Err(self.damage(Fault::KeyIsKnown { entry })),
        }
    }

    fn damage(&self, fault: Fault) -> Damage {
        Damage { batch: self.registration.last_batch().saturating_add(1), fault }
    }
}

fn compare_codes(recorded: &[ResultCode], repeated: &[ResultCode]) -> Result<(), Fault> {
    let mut pairs = recorded.iter().zip(repeated).enumerate();
    match pairs.find(|(_, (recorded, repeated))| recorded != repeated) {
        None => Ok(()),
        Some((entry, (recorded, repeated))) => {
            Err(Fault::WrongCode { entry, recorded: *recorded, repeated: *repeated })
        }
    }
}

fn compare_balances(recorded: &[Balances], repeated: &[Leaf]) -> Result<(), Fault> {
    let same = recorded.iter().eq(repeated.iter().map(|leaf| &leaf.balances));
    if same { Ok(()) } else { Err(Fault::WrongBalances) }
}

fn compare_roots(recorded: &Root, repeated: &Root) -> Result<(), Fault> {
    if (recorded.batch, recorded.previous) != (repeated.batch, repeated.previous) {
        Err(Fault::BrokenChain)
    } else if recorded.merkle != repeated.merkle {
        Err(Fault::WrongMerkleRoot)
    } else if recorded.at != repeated.at {
        Err(Fault::ClockWentBack)
    } else if recorded.issued != repeated.issued {
        Err(Fault::NotConserved)
    } else {
        Ok(())
    }
}

/// Public keys that a log brings in, for checking its signatures apart from its state.
#[derive(Clone, Debug)]
pub struct Keyring {
    authority: (KeyId, PublicKey),
    registration: PublicKey,
    supervisor: PublicKey,
    keys: BTreeMap<KeyId, PublicKey>,
}

impl Keyring {
    /// The keys of the institutions. The genesis is to be [checked](Genesis::check) by the caller.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        let authority = genesis.authentication.body.public_key;
        let mut keys = BTreeMap::new();
        for (_, certificate) in genesis.institutions() {
            let key = certificate.body.public_key;
            keys.insert(crypto::key_id(&key), key);
        }
        Self {
            authority: (crypto::key_id(&authority), authority),
            registration: genesis.registration.body.public_key,
            supervisor: genesis.supervisor.body.public_key,
            keys,
        }
    }

    /// Learns the keys that a record binds. A pseudonym is a digest of its key, so a key learned
    /// too early or in vain can mislead nobody.
    pub fn learn(&mut self, record: &Record) {
        let commands = record.entries.iter().filter_map(|entry| entry.operation.command());
        for certificate in commands.filter_map(Command::certificate) {
            let key = certificate.body.public_key;
            self.keys.insert(crypto::key_id(&key), key);
        }
    }

    /// Checks that each signature of a record is what the code of its operation says, and the
    /// signature under the root. Pure: records may be checked in any order, all at once.
    ///
    /// # Errors
    /// [`Damage`] names the batch and the operation.
    pub fn check_signatures(&self, record: &Record, verifier: &impl Verify) -> Result<(), Damage> {
        let batch = record.root.body.batch;
        let contradicts = |entry: &Entry| !self.agrees(entry, verifier);
        if let Some(entry) = record.entries.iter().position(contradicts) {
            return Err(Damage { batch, fault: Fault::BadSignature { entry } });
        }
        let root = &record.root;
        if verifier.verify(&self.registration, &root.body, &root.signature) {
            Ok(())
        } else {
            Err(Damage { batch, fault: Fault::BadRootSignature })
        }
    }

    fn agrees(&self, entry: &Entry, verifier: &impl Verify) -> bool {
        let code = entry.code;
        if code != ResultCode::Accepted && code < ResultCode::BadSignature {
            // These come before the signature in precedence and say nothing of it.
            return true;
        }
        let verdict = judge(&entry.operation, self, verifier);
        let is_chain_refusal = code > ResultCode::BadSignature && code < ResultCode::BadEnclosure;
        if is_chain_refusal && verdict == Verdict::BadEnclosure {
            // The chain was looked at before the certificate to be bound.
            return true;
        }
        verdict == Verdict::behind(code)
    }
}

impl Keys for Keyring {
    fn public_key(&self, key: KeyId) -> Option<&PublicKey> {
        self.keys.get(&key)
    }

    fn authority(&self) -> (KeyId, &PublicKey) {
        (self.authority.0, &self.authority.1)
    }

    fn supervisor(&self) -> &PublicKey {
        &self.supervisor
    }
}

/// What an audit found in a sound log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Batches.
    pub batches: u64,
    /// What became of all operations.
    pub statistics: Statistics,
    /// All money issued, equal to the sum of the wallets.
    pub issued: Fen,
    /// Wallets, vaults included.
    pub wallets: usize,
    /// Digest of the final state.
    pub state: Digest,
}

impl AuditReport {
    /// Sums up a state that a complete replay gave.
    #[must_use]
    pub fn of(registration: &Registration) -> Self {
        Self {
            batches: registration.last_batch(),
            statistics: *registration.statistics(),
            issued: registration.issued(),
            wallets: registration.wallets().count(),
            state: registration.state_digest(),
        }
    }
}

/// Audits a whole log: every signature, every decision, every root, and the sums.
///
/// `authority` is the authentication centre that the auditor trusts, and all that he must know.
///
/// # Errors
/// The first [`Damage`].
pub fn audit<R: AsRef<[u8]>>(
    records: impl IntoIterator<Item = R>,
    authority: &PublicKey,
    verifier: &impl Verify,
) -> Result<AuditReport, Damage> {
    let damage = |fault| Damage { batch: 0, fault };
    let mut records = records.into_iter();
    let genesis = records.next().ok_or(damage(Fault::NoGenesis))?;
    let mut replay = Replay::begin(genesis.as_ref(), authority)?;
    replay.genesis().check(authority, verifier).map_err(|error| damage(Fault::Genesis(error)))?;
    let mut keyring = Keyring::new(replay.genesis());
    for bytes in records {
        let record = replay.decode(bytes.as_ref())?;
        keyring.learn(&record);
        keyring.check_signatures(&record, verifier)?;
        replay.repeat(record)?;
    }
    replay.finish().map(|registration| AuditReport::of(&registration))
}
