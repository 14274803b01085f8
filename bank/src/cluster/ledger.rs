//! The registration centre's state on a ledger node.
//!
//! A follower repeats each record and compares codes, root and sums with what the writer recorded,
//! so no record is confirmed whose outcome differs. The writer goes on before its records are
//! final; when it is fenced, its state holds batches that may never be, and is to be rebuilt from
//! the log.

use super::envelope::{Envelope, Kind};
use crate::code::ResultCode;
use crate::front::{Answer, encode_applied};
use crate::record::Record;
use crate::registration::{Authenticated, Registration, Settled};
use crate::replay::{BehindError, Damage, Fault, Replay};
use crypto::Sign;
use quantity::Instant;
use wire::Digest;
use wire::identity::PublicKey;

/// The state behind the last record of a node's log, or ahead of it on the writer.
#[derive(Debug)]
pub struct Ledger(State);

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
enum State {
    Follows(Replay),
    Writes(Registration),
}

/// What a batch led to: nothing of it may leave before its record is final.
#[derive(Debug)]
pub struct Written {
    /// The record to be published; `None` if no operation of the batch was well-formed.
    pub record: Option<Vec<u8>>,
    /// One answer per operation.
    pub answers: Vec<Answer>,
    /// Receipts that are so old that the log has to be asked for them.
    pub old: Vec<OldReceipt>,
}

/// Where the receipt of an order stands that came again late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldReceipt {
    /// Place of its answer.
    pub place: usize,
    /// The batch that holds it; [`Record::receipt`] cuts it.
    pub batch: u64,
    /// The order.
    pub order: Digest,
}

/// Whether answers carry receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proofs {
    /// Each answer that can be proved carries its receipt.
    Wanted,
    /// Codes only.
    Unwanted,
}

impl Ledger {
    /// Begins with the genesis. Signatures aren't looked at: those of the genesis are the caller's
    /// to check.
    ///
    /// # Errors
    /// [`Damage`] if it is no genesis under `authority`.
    pub fn begin(genesis: &Envelope, authority: &PublicKey) -> Result<Self, Damage> {
        Replay::begin(genesis.body(), authority).map(|replay| Self(State::Follows(replay)))
    }

    /// Goes on behind a snapshot's state; `last` is the last envelope before its place that holds a
    /// batch.
    ///
    /// # Errors
    /// [`BehindError`] if it isn't the state behind that batch, or the genesis is wrong.
    pub fn behind(
        genesis: &Envelope,
        authority: &PublicKey,
        (state, last): (&[u8], &Envelope),
    ) -> Result<Self, BehindError> {
        let replay = Replay::behind(genesis.body(), authority, (state, last.body()))?;
        Ok(Self(State::Follows(replay)))
    }

    /// Reads the record of an envelope and sees that its bytes are whole; `None` for a claim.
    ///
    /// # Errors
    /// [`Damage`] if they aren't.
    pub fn decode(&self, envelope: &Envelope) -> Result<Option<Record>, Damage> {
        match envelope.kind() {
            Kind::Claim => Ok(None),
            Kind::Genesis | Kind::Batch => {
                let batch = self.registration().last_batch().saturating_add(1);
                let undecodable = |error| Damage { batch, fault: Fault::Undecodable(error) };
                Record::from_bytes(envelope.body()).map(Some).map_err(undecodable)
            }
        }
    }

    /// Repeats a record that another node wrote.
    ///
    /// # Errors
    /// [`Damage`] if it isn't what the state leads to; the node must stop.
    ///
    /// # Panics
    /// On the writer.
    pub fn repeat(&mut self, record: Record) -> Result<(), Damage> {
        match &mut self.0 {
            State::Follows(replay) => replay.repeat(record),
            State::Writes(_) => panic!("the writer has applied its records before"),
        }
    }

    /// From here on this node writes.
    ///
    /// # Errors
    /// [`Damage`] if the wallets don't hold what was issued.
    pub fn lead(self) -> Result<Self, Damage> {
        match self.0 {
            State::Follows(replay) => replay.finish().map(|state| Self(State::Writes(state))),
            State::Writes(_) => Ok(self),
        }
    }

    /// The state, for queries and for looking at signatures.
    #[must_use]
    pub const fn registration(&self) -> &Registration {
        match &self.0 {
            State::Follows(replay) => replay.registration(),
            State::Writes(registration) => registration,
        }
    }

    /// Applies a batch and signs its root.
    ///
    /// # Panics
    /// On a follower, or if the batch is longer than
    /// [`BATCH_MAX`](crate::registration::BATCH_MAX).
    pub fn write(
        &mut self,
        now: Instant,
        batch: &[Authenticated],
        proofs: Proofs,
        signer: &impl Sign,
    ) -> Written {
        let State::Writes(registration) = &mut self.0 else {
            panic!("only the writer applies new batches");
        };
        let applied = registration.apply(now, batch);
        if applied.is_empty() {
            registration.roll_back(&applied);
            let answers = bare(applied.codes());
            return Written { record: None, answers, old: Vec::new() };
        }
        let tree = applied.grow(registration.root_digest());
        let root = signer.seal(*tree.root());
        let record = Some(encode_applied(&applied, batch, &root));
        let settled = registration.commit(applied, tree, root.signature);
        let (answers, old) = match proofs {
            Proofs::Wanted => prove(registration, &settled, batch),
            Proofs::Unwanted => (bare(&settled.codes), Vec::new()),
        };
        Written { record, answers, old }
    }

    /// Whether this node writes.
    #[must_use]
    pub const fn is_writer(&self) -> bool {
        matches!(self.0, State::Writes(_))
    }

    /// Digest of the whole state.
    #[must_use]
    pub fn state_digest(&self) -> Digest {
        self.registration().state_digest()
    }
}

/// Answers without proofs.
fn bare(codes: &[ResultCode]) -> Vec<Answer> {
    codes.iter().map(|code| Answer { code: *code, receipt: None }).collect()
}

/// Answers with their receipts; of orders that came before, those that are at hand.
fn prove(
    registration: &Registration,
    settled: &Settled,
    batch: &[Authenticated],
) -> (Vec<Answer>, Vec<OldReceipt>) {
    let mut leaf: usize = 0;
    let mut old = Vec::new();
    let mut repeated = settled.repeated.iter();
    let mut answers = Vec::with_capacity(batch.len());
    for (place, (code, item)) in settled.codes.iter().zip(batch).enumerate() {
        let mut receipt = None;
        if code.is_proved() {
            receipt = settled.batch.as_ref().and_then(|tree| tree.receipt(leaf));
            leaf = leaf.saturating_add(1);
        } else if *code == ResultCode::Exists {
            let (order, known) = (item.digest(), *repeated.next().expect("it has its place"));
            receipt = registration.archived_receipt(known);
            let missing = OldReceipt { place, batch: known.batch, order };
            old.extend(receipt.is_none().then_some(missing));
        }
        answers.push(Answer { code: *code, receipt });
    }
    (answers, old)
}
