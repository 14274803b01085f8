//! One batch: checks by precedence, all of an operation or nothing, leaves and root.

use super::archive;
use super::archive::Batch;
use super::directory::{KeySlot, Place, Remembered};
use super::{Authenticated, BATCH_MAX, LOOKED_AHEAD, Movement, Registration, Totals, Verdict};
use crate::code::ResultCode;
use crate::command::{Command, Signer};
use crate::operation::Operation;
use quantity::{Fen, Instant};
use std::sync::Arc;
use wire::Digest;
use wire::receipt::{Balance, Leaf, Root};

/// What became of a batch that isn't final yet: to be given to
/// [`commit`](Registration::commit) or to [`roll_back`](Registration::roll_back).
#[derive(Debug)]
#[must_use = "a batch is committed or rolled back"]
pub struct Applied {
    pub(super) batch: u64,
    pub(super) at: Instant,
    issued: Fen,
    /// One code per operation.
    pub(super) codes: Vec<ResultCode>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) movements: Vec<Movement>,
    pub(super) repeated: Vec<Place>,
    pub(super) before: Totals,
}

/// The Merkle tree over the leaves of a batch.
#[derive(Debug)]
pub struct Tree {
    pub(super) levels: Vec<Vec<Digest>>,
    pub(super) root: Root,
}

impl Tree {
    /// What the registration centre is to sign.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }
}

impl Applied {
    /// One code per operation, in order.
    #[must_use]
    pub fn codes(&self) -> &[ResultCode] {
        &self.codes
    }

    /// One leaf per operation whose code [is proved](ResultCode::is_proved), in order.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Every movement of money from wallet to wallet, in order.
    #[must_use]
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// Whether no operation was well-formed: such a batch leaves no record and is to be rolled back.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.iter().all(|code| *code == ResultCode::Malformed)
    }

    /// What is final of a batch that was taken back because it [is empty](Self::is_empty).
    #[must_use]
    pub fn without_batch(self) -> Settled {
        Settled { codes: self.codes, batch: None, movements: Vec::new(), repeated: Vec::new() }
    }

    /// Whether a root with the levels under it is of this batch, as far as it shows at once.
    pub(super) fn has(&self, root: &Root, levels: &[Vec<Digest>]) -> bool {
        (root.batch, root.at, root.issued) == (self.batch, self.at, self.issued)
            && levels.first().map_or(0, Vec::len) == self.leaves.len()
    }

    /// Grows the tree of the batch; `previous` is the digest of the root before it. It takes nothing
    /// but the leaves, so another thread may do it.
    #[must_use]
    pub fn grow(&self, previous: Digest) -> Tree {
        let levels = archive::levels(&self.leaves);
        let merkle = archive::root_of(&levels);
        let root = Root { batch: self.batch, previous, merkle, at: self.at, issued: self.issued };
        Tree { levels, root }
    }
}

/// A batch that is final.
#[derive(Clone, Debug)]
pub struct Settled {
    /// One code per operation, in order.
    pub codes: Vec<ResultCode>,
    /// Its Merkle tree, with one leaf per [proved](ResultCode::is_proved) code, in order; `None` if
    /// no operation was well-formed.
    pub batch: Option<Arc<Batch>>,
    /// Every movement of money from wallet to wallet, in order.
    pub movements: Vec<Movement>,
    /// Where the first leaf of each operation stands that [came before](ResultCode::Exists), in
    /// order. Newer orders of the same batch may have made its key forget it by now.
    pub repeated: Vec<Place>,
}

/// What gathers while a batch runs.
pub(super) struct Gathering {
    /// Keys before the batch.
    keys: usize,
    batch: u64,
    at: Instant,
    leaves: Vec<Leaf>,
    pub(super) movements: Vec<Movement>,
    repeated: Vec<Place>,
}

/// Whose operation is at work.
#[derive(Clone, Copy, Debug)]
pub(super) struct By {
    pub(super) key: KeySlot,
    /// Digest of the operation.
    pub(super) operation: Digest,
    /// Number of its command; 0 for a payment order.
    pub(super) command: u8,
    /// Instant of the batch.
    pub(super) at: Instant,
}

pub(super) type Checked = Result<(), ResultCode>;

impl Registration {
    /// Applies a batch, in order, on top of those that were applied before, final or not. The instant of the batch is `now`, or that of the batch before
    /// if the clock stepped back. What ends by then, ends first.
    ///
    /// # Panics
    /// If the batch is longer than [`BATCH_MAX`], a key that was known before it is taken for unknown
    /// ([`look_again`](Self::look_again)), or money were made or lost.
    pub fn apply(&mut self, now: Instant, batch: &[Authenticated]) -> Applied {
        assert!(batch.len() <= BATCH_MAX, "a batch has at most {BATCH_MAX} operations");
        let before = self.totals;
        let mut all = Gathering {
            keys: self.directory.iter().len(),
            batch: before.batch.checked_add(1).expect("nobody waits for 2⁶⁴ batches"),
            at: now.max(before.at),
            leaves: Vec::with_capacity(batch.len()),
            movements: Vec::with_capacity(batch.len()),
            repeated: Vec::new(),
        };
        self.begin(all.batch);
        self.books.begin(all.at);
        self.end_what_is_due(all.at, &mut all.movements);
        let mut codes = Vec::with_capacity(batch.len());
        for few in batch.chunks(LOOKED_AHEAD) {
            self.look_ahead(few);
            codes.extend(few.iter().map(|item| self.apply_one(item, &mut all)));
        }
        self.assert_conservation();
        self.close(before, codes, all)
    }

    /// Touches the keys and wallets of the next operations one after the other: memory then fetches
    /// them side by side, instead of each when it is needed.
    fn look_ahead(&self, items: &[Authenticated]) {
        for item in items {
            let key = self.directory.find_again(item.operation().signer(), item.key());
            core::hint::black_box(key.map(|key| self.directory.key(key).sequence));
            if let Operation::Pay(order) = item.operation() {
                for leg in &order.body.legs {
                    let payee = self.books.ledger.find(leg.credit);
                    core::hint::black_box(
                        payee.map(|payee| self.books.ledger.wallet(payee).spent.day),
                    );
                }
            }
        }
    }

    fn close(&mut self, before: Totals, codes: Vec<ResultCode>, all: Gathering) -> Applied {
        let Gathering { batch, at, leaves, movements, repeated, .. } = all;
        self.totals.batch = batch;
        self.totals.at = at;
        Applied {
            batch,
            at,
            issued: self.totals.issued,
            codes,
            leaves,
            movements,
            repeated,
            before,
        }
    }

    fn apply_one(&mut self, item: &Authenticated, all: &mut Gathering) -> ResultCode {
        if !item.operation().is_well_formed() {
            return ResultCode::Malformed;
        }
        let code = match self.directory.find_again(item.operation().signer(), item.key()) {
            Some(key) if item.verdict() != Verdict::UnknownKey => self.decide(key, item, all),
            Some(key) => {
                assert!(key.index() >= all.keys, "what waited was looked at again");
                ResultCode::UnknownKey
            }
            None => ResultCode::UnknownKey,
        };
        self.totals.statistics.add(code);
        code
    }

    fn decide(&mut self, key: KeySlot, item: &Authenticated, all: &mut Gathering) -> ResultCode {
        let code = match self.check(key, item, all.at) {
            Ok(()) => self.execute(key, item, all),
            Err(code) => code,
        };
        if code == ResultCode::Exists {
            let known = self.directory.key(key).recall(item.digest());
            all.repeated.push(known.expect("the code says that it is remembered").place);
        }
        if code.burns_sequence() {
            let leaf = u32::try_from(all.leaves.len()).expect("a batch has at most 2²⁰ leaves");
            let place = Place { batch: all.batch, leaf };
            self.directory.advance(key, Remembered { digest: item.digest(), code, place });
        }
        if code.is_proved() {
            all.leaves.push(self.leaf(key, item.digest(), code));
        }
        code
    }

    /// Structural checks: a refusal leaves the chain of the key where it stood.
    fn check(&self, key: KeySlot, item: &Authenticated, now: Instant) -> Checked {
        self.directory.standing(key, now)?;
        let role = self.directory.key(key).certificate.role;
        let signer = item.operation().command().map_or(Signer::Owner, Command::signer);
        refuse_if(!signer.is(role), ResultCode::WrongRole)?;
        refuse_if(item.verdict() == Verdict::BadSignature, ResultCode::BadSignature)?;
        self.directory.link(key, item.operation(), item.digest())
    }

    /// Does all of it or nothing.
    fn execute(&mut self, key: KeySlot, item: &Authenticated, all: &mut Gathering) -> ResultCode {
        if item.verdict() == Verdict::BadEnclosure {
            return ResultCode::BadEnclosure;
        }
        let (mark, moved) = (self.books.mark(), all.movements.len());
        let command = item.operation().command().map_or(0, Command::number);
        let by = By { key, operation: item.digest(), command, at: all.at };
        let done = match item.operation() {
            Operation::Pay(order) => self.pay(by, &order.body, &mut all.movements),
            Operation::Instruct(instruction) => {
                self.instruct(by, &instruction.body.command, &mut all.movements)
            }
        };
        match done {
            Ok(()) => ResultCode::Accepted,
            Err(code) => {
                self.books.roll_back_to(mark);
                all.movements.truncate(moved);
                code
            }
        }
    }

    fn leaf(&self, key: KeySlot, order: Digest, code: ResultCode) -> Leaf {
        let bound = self.directory.key(key).bound.iter();
        let balances = bound
            .map(|(wallet, slot)| Balance {
                wallet: *wallet,
                balance: self.books.ledger.wallet(*slot).balance,
            })
            .collect();
        Leaf { order, result: code.number(), balances }
    }

    /// Who does it, in the words of the table of [`Command`].
    fn instruct(&mut self, by: By, command: &Command, moved: &mut Vec<Movement>) -> Checked {
        match command.signer() {
            Signer::AuthenticationCentre => {
                if let Command::Revoke { serial } = command {
                    self.directory.revoke(*serial);
                }
                Ok(())
            }
            Signer::CentralBank => self.instruct_centrally(by, command, moved),
            Signer::Operator => self.instruct_as_operator(by, command, moved),
            Signer::Owner => self.instruct_as_owner(by, command, moved),
        }
    }
}

pub(super) const fn refuse_if(refused: bool, code: ResultCode) -> Checked {
    if refused { Err(code) } else { Ok(()) }
}
