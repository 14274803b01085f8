//! The front: signatures, state, log, and only then the answers.

use crate::code::ResultCode;
use crate::genesis::{Genesis, GenesisError};
use crate::log::{LogError, OrderedLog, Snapshot};
use crate::operation::Operation;
use crate::record::{Balances, Record, encode_batch};
use crate::registration::{
    Applied, Authenticated, BATCHES_KEPT, Batch, Digested, LEAVES_KEPT, Place, Registration,
    Settled, Tree,
};
use crate::replay::{BehindError, Damage, Fault, Misfit, Replay};
use core::fmt;
use crypto::{Sign, Verify};
use quantity::Instant;
use wire::identity::PublicKey;
use wire::receipt::{Receipt, Root};
use wire::{Digest, KeyId, Signature, Signed};

/// The bank behind one ordered log.
///
/// A batch is applied first and logged second, because the record holds what applying it gave:
/// codes and signed root. Nothing is acknowledged in between, and if the log refuses the record,
/// the state is rolled back along its undo list; so state and log never disagree.
#[derive(Debug)]
pub struct Bank<L, S> {
    registration: Registration,
    signer: S,
    log: L,
}

/// Makes batches durable that a [`Registration`] has applied.
#[derive(Debug)]
pub struct Recorder<'a, L, S> {
    signer: &'a S,
    log: &'a mut L,
    /// Digest of the root of the last batch that is durable.
    previous: Digest,
    /// Number of the batch behind it.
    next: u64,
}

/// The answer to one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What became of it.
    pub code: ResultCode,
    /// The proof, if the code [is proved](ResultCode::is_proved). For [`ResultCode::Exists`] it is
    /// the original one; its leaf tells what became of the order then.
    pub receipt: Option<Receipt>,
}

/// Why a bank couldn't be founded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundError {
    /// The genesis isn't to be trusted.
    Genesis(GenesisError),
    /// The signer isn't the registration centre of the genesis.
    OtherSigner,
    /// The genesis isn't durable.
    Log(LogError),
}

impl fmt::Display for FoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Genesis(error) => error.fmt(f),
            Self::OtherSigner => write!(f, "the signer isn't the genesis' registration centre"),
            Self::Log(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for FoundError {}

impl<L: OrderedLog, S: Sign> Bank<L, S> {
    /// Founds a bank: checks the genesis and writes it as record 0 of an empty log. `signer` is the
    /// registration centre's key.
    ///
    /// # Errors
    /// [`FoundError`] if the genesis is bad, the signer isn't its registration centre, or the log
    /// refuses.
    pub fn found(
        genesis: &Genesis,
        signer: S,
        mut log: L,
        verifier: &impl Verify,
    ) -> Result<Self, FoundError> {
        let authority = &genesis.authentication.body.public_key;
        genesis.check(authority, verifier).map_err(FoundError::Genesis)?;
        if signer.public_key() != genesis.registration.body.public_key {
            return Err(FoundError::OtherSigner);
        }
        log.append(0, &genesis.to_record()).map_err(FoundError::Log)?;
        Ok(Self { registration: Registration::new(genesis), signer, log })
    }

    /// Rebuilds a bank from the records of its log, the genesis first, without looking at
    /// signatures again. `authority` is the authentication centre that the caller trusts; `log` is
    /// to be written on behind the last record.
    ///
    /// # Errors
    /// [`Damage`] names the batch whose codes, Merkle root, chain or sums differ.
    pub fn recover<R: AsRef<[u8]>>(
        records: impl IntoIterator<Item = R>,
        authority: &PublicKey,
        signer: S,
        log: L,
    ) -> Result<Self, Damage> {
        Self::recover_by(records, authority, (signer, log), |replay, record| {
            replay.repeat(replay.decode(record)?)
        })
    }

    /// Rebuilds a bank as [`recover`](Self::recover) does. `step` hands each record behind the
    /// genesis to the replay, and may look at what it gives.
    ///
    /// # Errors
    /// [`Damage`] names the batch whose codes, Merkle root, chain or sums differ.
    pub fn recover_by<R: AsRef<[u8]>>(
        records: impl IntoIterator<Item = R>,
        authority: &PublicKey,
        (signer, log): (S, L),
        mut step: impl FnMut(&mut Replay, &[u8]) -> Result<(), Damage>,
    ) -> Result<Self, Damage> {
        let mut records = records.into_iter();
        let genesis = records.next().ok_or(Damage { batch: 0, fault: Fault::NoGenesis })?;
        let mut replay = Replay::begin(genesis.as_ref(), authority)?;
        check_signer(&signer, &replay)?;
        for record in records {
            step(&mut replay, record.as_ref())?;
        }
        Ok(Self { registration: replay.finish()?, signer, log })
    }

    /// Goes on from a snapshot: its state must be that of the log at its place, as
    /// [`Replay::behind`] holds it, and `records`, those behind that place, are repeated as
    /// [`recover_by`](Self::recover_by) repeats them. Receipts of the last batches before it are
    /// made ready from `log`, which holds all records.
    ///
    /// # Errors
    /// [`BehindError`]; if it is the [snapshot](BehindError::Snapshot), the whole log is to be
    /// repeated.
    pub fn recover_behind<R: AsRef<[u8]>>(
        snapshot: &Snapshot,
        records: impl IntoIterator<Item = R>,
        authority: &PublicKey,
        (signer, mut log): (S, L),
        mut step: impl FnMut(&mut Replay, &[u8]) -> Result<(), Damage>,
    ) -> Result<Self, BehindError> {
        let batch = snapshot.batch().filter(|batch| *batch > 0).ok_or(Misfit::NoBatch)?;
        let mut read = |number| log.read(number).map_err(BehindError::Unreadable);
        let (genesis, last) = (read(0)?, read(batch)?);
        let mut replay = Replay::behind(&genesis, authority, (&snapshot.state, &last))?;
        check_signer(&signer, &replay)?;
        if replay.registration().last_batch() != batch {
            return Err(Misfit::OtherBatch.into());
        }
        replay.remember(last_batches(batch, &mut read)?);
        for record in records {
            step(&mut replay, record.as_ref())?;
        }
        Ok(Self { registration: replay.finish()?, signer, log })
    }

    /// The ledger, for queries and for checking signatures in several threads.
    #[must_use]
    pub const fn registration(&self) -> &Registration {
        &self.registration
    }

    /// The log.
    #[must_use]
    pub const fn log(&self) -> &L {
        &self.log
    }

    /// Takes a batch: checks signatures one after the other, then goes on as
    /// [`submit_authenticated`](Self::submit_authenticated).
    ///
    /// # Errors
    /// [`LogError`] if the batch isn't durable; then nothing has happened.
    ///
    /// # Panics
    /// If the batch is longer than [`BATCH_MAX`](crate::registration::BATCH_MAX).
    pub fn submit(
        &mut self,
        now: Instant,
        operations: Vec<Operation>,
        verifier: &impl Verify,
    ) -> Result<Vec<Answer>, LogError> {
        let batch = self.registration.authenticate_all(Digested::all(operations), verifier);
        self.submit_authenticated(now, &batch)
    }

    /// Takes a batch whose signatures were checked: applies it, appends one record, and returns one
    /// answer per operation. A batch without a well-formed operation leaves no record.
    ///
    /// # Errors
    /// [`LogError`] if the batch isn't durable; then nothing has happened. Or, though the batch is
    /// final, if an earlier receipt can't be read back from the log.
    ///
    /// # Panics
    /// If the batch is longer than [`BATCH_MAX`](crate::registration::BATCH_MAX).
    pub fn submit_authenticated(
        &mut self,
        now: Instant,
        batch: &[Authenticated],
    ) -> Result<Vec<Answer>, LogError> {
        let settled = self.settle(now, batch)?;
        self.answer(&settled, batch)
    }

    /// The answers to a batch that is [settled](Self::settle), with their receipts.
    ///
    /// # Errors
    /// [`LogError`] if an earlier receipt can't be read back from the log; the batch is final.
    pub fn answer(
        &mut self,
        settled: &Settled,
        batch: &[Authenticated],
    ) -> Result<Vec<Answer>, LogError> {
        let mut leaf: usize = 0;
        let mut repeated = settled.repeated.iter();
        let mut answers = Vec::with_capacity(batch.len());
        for (code, item) in settled.codes.iter().zip(batch) {
            if code.is_proved() {
                let receipt = settled.batch.as_ref().and_then(|tree| tree.receipt(leaf));
                assert!(receipt.is_some(), "each proved code has its leaf");
                leaf = leaf.saturating_add(1);
                answers.push(Answer { code: *code, receipt });
            } else if *code == ResultCode::Exists {
                let place = *repeated.next().expect("each repetition has its place");
                let receipt = self.receipt_at(place, item.digest())?;
                answers.push(Answer { code: *code, receipt });
            } else {
                answers.push(Answer::bare(*code));
            }
        }
        Ok(answers)
    }

    /// Takes a batch as [`submit_authenticated`](Self::submit_authenticated) does, and leaves
    /// cutting receipts to the caller, who may do it elsewhere.
    ///
    /// # Errors
    /// [`LogError`] if the batch isn't durable; then nothing has happened.
    ///
    /// # Panics
    /// If the batch is longer than [`BATCH_MAX`](crate::registration::BATCH_MAX).
    pub fn settle(&mut self, now: Instant, batch: &[Authenticated]) -> Result<Settled, LogError> {
        let (registration, mut recorder) = self.halves();
        let applied = registration.apply(now, batch);
        if applied.is_empty() {
            registration.roll_back(&applied);
            return Ok(applied.without_batch());
        }
        match recorder.record(&applied, batch) {
            Ok((tree, signature)) => Ok(registration.commit(applied, tree, signature)),
            Err(error) => {
                registration.roll_back(&applied);
                Err(error)
            }
        }
    }

    /// The ledger and who writes its log, for two threads: the one applies the next batches while
    /// the other makes those before them durable. [`settle`](Self::settle) does both in turn.
    ///
    /// # Panics
    /// If a batch was applied that is neither committed nor rolled back.
    pub fn halves(&mut self) -> (&mut Registration, Recorder<'_, L, S>) {
        assert!(!self.registration.is_ahead(), "each batch is committed or rolled back");
        let previous = self.registration.root_digest();
        let next = self.registration.last_batch().saturating_add(1);
        let recorder = Recorder { signer: &self.signer, log: &mut self.log, previous, next };
        (&mut self.registration, recorder)
    }

    /// The receipt of one of the last [`ORDERS_REMEMBERED`](crate::registration::ORDERS_REMEMBERED)
    /// orders of a key, however long ago: from memory or from the log.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    pub fn receipt_of(&mut self, key: KeyId, order: Digest) -> Result<Option<Receipt>, LogError> {
        match self.registration.place_of(key, order) {
            Some(place) => self.receipt_at(place, order),
            None => Ok(None),
        }
    }

    /// The receipt of an order whose leaf stands at a place: from memory or from the log.
    fn receipt_at(&mut self, place: Place, order: Digest) -> Result<Option<Receipt>, LogError> {
        if let Some(receipt) = self.registration.archived_receipt(place) {
            return Ok(Some(receipt));
        }
        let record = Record::from_bytes(&self.log.read(place.batch)?);
        let damaged = |error| LogError { reason: format!("batch {}: {error}", place.batch) };
        Ok(record.map_err(damaged)?.receipt(order))
    }
}

impl<L: OrderedLog, S: Sign> Recorder<'_, L, S> {
    /// Grows the tree of a batch, signs its root and appends its record, which is durable then; with
    /// tree and signature the batch may be [committed](Registration::commit). Batches come in the
    /// order in which they were applied.
    ///
    /// # Errors
    /// [`LogError`] if the batch isn't durable: it and those applied after it are to be
    /// [rolled back](Registration::roll_back).
    ///
    /// # Panics
    /// If it isn't the batch behind the last one.
    pub fn record(
        &mut self,
        applied: &Applied,
        batch: &[Authenticated],
    ) -> Result<(Tree, Signature), LogError> {
        let tree = applied.grow(self.previous);
        assert_eq!(tree.root().batch, self.next, "batches come in the order of their numbers");
        let root = self.signer.seal(*tree.root());
        let record = encode_applied(applied, batch, &root);
        self.log.append(root.body.batch, &record)?;
        self.previous = crypto::digest(&root.body);
        self.next = self.next.saturating_add(1);
        Ok((tree, root.signature))
    }
}

fn check_signer(signer: &impl Sign, replay: &Replay) -> Result<(), Damage> {
    if signer.public_key() == replay.genesis().registration.body.public_key {
        Ok(())
    } else {
        Err(Damage { batch: 0, fault: Fault::OtherSigner })
    }
}

/// The batches up to one, oldest first, as many as a bank that never stopped has in memory.
fn last_batches(
    last: u64,
    mut read: impl FnMut(u64) -> Result<Vec<u8>, BehindError>,
) -> Result<Vec<Batch>, BehindError> {
    let (mut batches, mut leaves) = (Vec::new(), 0);
    for number in (1..=last).rev().take(BATCHES_KEPT) {
        if leaves >= LEAVES_KEPT {
            break;
        }
        let undecodable = |error| Damage { batch: number, fault: Fault::Undecodable(error) };
        let record = Record::from_bytes(&read(number)?).map_err(undecodable)?;
        let grown: Vec<_> = record.leaves().collect();
        leaves = leaves.saturating_add(grown.len());
        batches.push(Batch::grow(record.root, grown));
    }
    batches.reverse();
    Ok(batches)
}

/// The record of a batch that was applied.
pub(crate) fn encode_applied(
    applied: &Applied,
    batch: &[Authenticated],
    root: &Signed<Root>,
) -> Vec<u8> {
    let none = Balances::new();
    let mut leaves = applied.leaves().iter();
    let entries = applied.codes().iter().zip(batch).map(|(code, item)| {
        let leaf = if code.is_proved() { leaves.next() } else { None };
        (*code, item.operation(), leaf.map_or(&none, |leaf| &leaf.balances))
    });
    encode_batch(entries.filter(|(code, ..)| *code != ResultCode::Malformed), root)
}

impl Answer {
    const fn bare(code: ResultCode) -> Self {
        Self { code, receipt: None }
    }
}
