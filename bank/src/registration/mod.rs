//! Registration centre 登记中心: the ledger. It sees keys and wallets, never a name.
//!
//! A deterministic state machine with one writer. A batch goes through in two steps:
//! [`Registration::authenticate`] looks at signatures and changes nothing, so threads may share it;
//! [`Registration::apply`] moves money. The batch then waits to become durable, while others may be
//! applied on top of it: [`Registration::commit`] makes the oldest of them final,
//! [`Registration::roll_back`] takes the newest back to the last bit. Undoing costs one small entry
//! per write and no copy of the state.
//!
//! | module | what |
//! |---|---|
//! | `apply` | one batch: precedence of checks, leaves, root |
//! | `transfer` | payment orders; the one function through which money moves |
//! | `exchange` | what central bank and operators do |
//! | `wallets`, `holds`, `coins` | what owners do |
//! | `limits`, `interest` | dated policy |
//! | `ledger`, `directory`, `books` | wallets, keys, everything else; all of it can be taken back |
//! | `standing` | what policy says, for those who ask |
//! | `archive` | receipts |
//! | `state` | the whole state as bytes: snapshots and its digest |

mod apply;
mod archive;
mod authenticated;
mod books;
mod coins;
mod directory;
mod exchange;
mod holds;
mod index;
mod interest;
mod ledger;
mod limits;
mod standing;
mod state;
mod tracked;
mod transfer;
mod undo;
mod wallets;

pub use apply::{Applied, Settled, Tree};
pub use archive::{BATCHES_KEPT, Batch, LEAVES_KEPT};
pub use authenticated::{Authenticated, Digested};
pub use books::{Bound, Coin, Hold, OperatorBook};
pub use directory::{Chain, ORDERS_REMEMBERED, Place};
pub use holds::ENDS_MAX;
pub use ledger::{Wallet, WalletState};
pub use transfer::{Cause, Movement, Payment};

pub(crate) use authenticated::{Keys, Verdict, judge};

use crate::code::{ResultCode, Statistics};
use crate::genesis::{Genesis, bank_vault, issuance_vault};
use crate::operation::Operation;
use crate::terms::{Grade, WalletKind};
use archive::Archive;
use books::{Books, BooksMark};
use crypto::Verify;
use directory::{Directory, KeySlot};
use heapless::Vec as Bounded;
use ledger::Slot;
use quantity::{Fen, Instant};
use std::collections::VecDeque;
use std::sync::Arc;
use wire::identity::{Certificate, PublicKey};
use wire::receipt::{Receipt, Root};
use wire::{Digest, KeyId, Signature, Signed, WalletId};

/// Most operations of one batch: what the deepest path of a receipt can hold.
pub const BATCH_MAX: usize = 1 << wire::receipt::PATH_MAX;

/// Operations that are looked up before the first of them is dealt with.
const LOOKED_AHEAD: usize = 16;

/// Payments that are kept for a screen.
pub const PAYMENTS_SHOWN: usize = 256;

/// The registration centre's state.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Digest of the genesis: whose state it is.
    genesis: Digest,
    issuance_vault: Slot,
    books: Books,
    directory: Directory,
    supervisor: PublicKey,
    totals: Totals,
    /// Batches that were applied and are neither final nor taken back, oldest first.
    ahead: VecDeque<Ahead>,
    archive: Archive,
    last_root: Option<Signed<Root>>,
    payments: VecDeque<Payment>,
}

/// What is counted over all batches; copied before each batch, to be put back if it fails.
#[derive(Clone, Copy, Debug)]
struct Totals {
    issued: Fen,
    statistics: Statistics,
    batch: u64,
    root: Digest,
    at: Instant,
}

/// A batch that was applied, and what there was to undo before it.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    batch: u64,
    books: BooksMark,
    directory: usize,
}

impl Registration {
    /// The state that a genesis gives: institutions and empty vaults.
    ///
    /// The genesis must have passed [`Genesis::check`] or come from one's own log.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        let mut books = Books::default();
        let vault = Wallet::empty(issuance_vault(), WalletKind::IssuanceVault, Grade::I);
        let vault = books.ledger.open(vault);
        let mut directory = Directory::new(genesis);
        let central_bank = directory.admit(genesis.central_bank.body);
        directory.admit(genesis.authentication.body);
        directory.bind(central_bank, issuance_vault(), vault).expect("a new key has room");
        let book = |vault| OperatorBook { vault, ..OperatorBook::EMPTY };
        books.operators.insert(exchange::ISSUANCE, book(issuance_vault()));
        for operator in &genesis.operators {
            let id = bank_vault(operator.number);
            let slot = books.ledger.open(Wallet::empty(id, WalletKind::BankVault, Grade::I));
            let key = directory.admit(operator.certificate.body);
            directory.bind(key, id, slot).expect("a new key has room");
            books.operators.insert(operator.number, book(id));
        }
        books.settle_up_to(books.mark());
        directory.settle_up_to(directory.mark());
        Self {
            genesis: crypto::digest(genesis),
            issuance_vault: vault,
            books,
            directory,
            supervisor: genesis.supervisor.body.public_key,
            totals: Totals::at_genesis(genesis),
            ahead: VecDeque::new(),
            archive: Archive::default(),
            last_root: None,
            payments: VecDeque::new(),
        }
    }

    /// Looks at the signatures of an operation, and computes its digest. Changes nothing.
    pub fn authenticate(&self, operation: Operation, verifier: &impl Verify) -> Authenticated {
        let key = self.directory.find(operation.signer());
        self.authenticate_under(key, Digested::new(operation), verifier)
    }

    /// Looks at the signatures of a batch whose digests are known. Changes nothing. The keys of some operations are looked up one after the
    /// other before their signatures, so that memory fetches them side by side.
    pub fn authenticate_all(
        &self,
        operations: Vec<Digested>,
        verifier: &impl Verify,
    ) -> Vec<Authenticated> {
        let mut all = Vec::with_capacity(operations.len());
        let mut operations = operations.into_iter();
        while operations.len() > 0 {
            let next = operations.as_slice().iter().take(LOOKED_AHEAD);
            let keys: Bounded<_, LOOKED_AHEAD> =
                next.map(|item| self.directory.find(item.operation().signer())).collect();
            let next = keys.into_iter().zip(&mut operations);
            all.extend(next.map(|(key, item)| self.authenticate_under(key, item, verifier)));
        }
        all
    }

    /// Looks again at operations whose key wasn't known when their signatures were looked at, and is
    /// now. What has waited while other batches were applied must pass here before it is applied.
    pub fn look_again(&self, batch: &mut [Authenticated], verifier: &impl Verify) {
        for item in batch.iter_mut().filter(|item| item.verdict() == Verdict::UnknownKey) {
            let key = self.directory.find(item.operation().signer());
            if key.is_some() {
                *item = self.authenticate_under(key, item.digested(), verifier);
            }
        }
    }

    fn authenticate_under(
        &self,
        key: Option<KeySlot>,
        operation: Digested,
        verifier: &impl Verify,
    ) -> Authenticated {
        let key = key.map(|slot| (slot, &self.directory.key(slot).certificate.public_key));
        Authenticated::new(operation, key, self, verifier)
    }

    /// Makes the oldest batch that isn't final yet final: it is durable, and this is the registration
    /// centre's signature over the root of its tree.
    ///
    /// # Panics
    /// If it isn't this batch, or the tree isn't the batch's or doesn't follow the root before it.
    pub fn commit(&mut self, applied: Applied, tree: Tree, signature: Signature) -> Settled {
        let oldest = self.ahead.pop_front();
        assert_eq!(oldest.map(|ahead| ahead.batch), Some(applied.batch), "the oldest is first");
        let Tree { levels, root } = tree;
        assert_eq!(root.previous, self.totals.root, "the root follows the last one");
        assert!(applied.has(&root, &levels), "the tree is this batch's");
        self.totals.root = crypto::digest(&root);
        let (books, directory) = match self.ahead.front() {
            Some(next) => (next.books, next.directory),
            None => (self.books.mark(), self.directory.mark()),
        };
        self.books.settle_up_to(books);
        self.directory.settle_up_to(directory);
        self.show(&applied);
        let root = Signed { body: root, signature };
        let batch = Arc::new(Batch::new(root.clone(), applied.leaves, levels));
        self.archive.push(Arc::clone(&batch));
        self.archive.drop_surplus();
        self.last_root = Some(root);
        let Applied { codes, movements, repeated, .. } = applied;
        Settled { codes, batch: Some(batch), movements, repeated }
    }

    /// Keeps the last payments for a screen.
    fn show(&mut self, applied: &Applied) {
        let paid = applied.movements.iter().filter(|moved| moved.cause == Cause::Payment);
        let surplus = paid.clone().count().saturating_sub(PAYMENTS_SHOWN);
        let (batch, at) = (applied.batch, applied.at);
        for moved in paid.skip(surplus) {
            if self.payments.len() == PAYMENTS_SHOWN {
                self.payments.pop_front();
            }
            let (order, evidence, leg) = (moved.operation, moved.evidence, moved.leg);
            self.payments.push_back(Payment { batch, at, order, evidence, leg });
        }
    }

    /// Takes back the batch that was applied last, to the last bit.
    ///
    /// # Panics
    /// If it isn't this batch, or the batch is final.
    pub fn roll_back(&mut self, applied: &Applied) {
        let newest = self.ahead.pop_back().expect("a batch was applied that isn't final");
        assert_eq!(newest.batch, applied.batch, "the newest is first");
        self.books.roll_back_to(newest.books);
        self.directory.roll_back_to(newest.directory);
        // A batch before it may have become final in the meantime.
        self.totals = Totals { root: self.totals.root, ..applied.before };
        self.assert_conservation();
    }

    /// Notes what there is to undo before a batch.
    fn begin(&mut self, batch: u64) {
        let (books, directory) = (self.books.mark(), self.directory.mark());
        self.ahead.push_back(Ahead { batch, books, directory });
    }

    fn assert_conservation(&self) {
        let issued = i128::from(self.totals.issued.fen());
        assert_eq!(self.books.ledger.total(), issued, "all wallets together hold what was issued");
    }
}

impl Totals {
    fn at_genesis(genesis: &Genesis) -> Self {
        Self {
            issued: Fen::ZERO,
            statistics: Statistics::default(),
            batch: 0,
            root: Digest::default(),
            at: genesis.at,
        }
    }
}

impl Keys for Registration {
    fn public_key(&self, key: KeyId) -> Option<&PublicKey> {
        self.directory.get(key).map(|key| &key.certificate.public_key)
    }

    fn authority(&self) -> (KeyId, &PublicKey) {
        (self.directory.authority_id(), self.directory.authority())
    }

    fn supervisor(&self) -> &PublicKey {
        &self.supervisor
    }
}

/// Queries.
impl Registration {
    /// Money in a wallet that can be spent; `None` if there is no such wallet.
    #[must_use]
    pub fn balance(&self, wallet: WalletId) -> Option<Fen> {
        self.wallet(wallet).map(|wallet| wallet.balance)
    }

    /// A wallet.
    #[must_use]
    pub fn wallet(&self, wallet: WalletId) -> Option<&Wallet> {
        self.books.ledger.find(wallet).map(|slot| self.books.ledger.wallet(slot))
    }

    /// All wallets in the order in which they were opened, the vaults included.
    pub fn wallets(&self) -> impl ExactSizeIterator<Item = &Wallet> {
        self.books.ledger.iter()
    }

    /// What an operator has at the central bank; number 0 is issuance itself.
    #[must_use]
    pub fn operator(&self, number: u16) -> Option<&OperatorBook> {
        self.books.operators.get(&number)
    }

    /// A hold that is neither used up nor ended.
    #[must_use]
    pub fn held(&self, hold: Digest) -> Option<&Hold> {
        self.books.holds.get(&hold)
    }

    /// All holds, by rising number.
    pub fn holds(&self) -> impl Iterator<Item = (Digest, &Hold)> {
        self.books.holds.iter().map(|(id, hold)| (*id, hold))
    }

    /// All money issued and not retired.
    #[must_use]
    pub const fn issued(&self) -> Fen {
        self.totals.issued
    }

    /// Sum of all wallets, counted anew: always equal to what was issued. Account view and coin
    /// view are compared too.
    ///
    /// # Panics
    /// If money was made or lost, or the views differ.
    #[must_use]
    pub fn wallets_total(&self) -> Fen {
        self.assert_conservation();
        let ledger = &self.books.ledger;
        assert_eq!(ledger.recount(), ledger.total(), "the running sum is right");
        let mut owners = ledger.iter().filter(|wallet| !wallet.coins.is_zero()).count();
        for (slot, sum) in self.coin_view() {
            assert_eq!(ledger.wallet(slot).coins, sum, "account view and coin view agree");
            owners = owners.checked_sub(1).expect("no strings without money");
        }
        assert_eq!(owners, 0, "no money in strings without strings");
        self.totals.issued
    }

    /// Where the chain of a key's orders stands.
    #[must_use]
    pub fn chain(&self, key: KeyId) -> Option<Chain> {
        self.directory.get(key).map(directory::Key::chain)
    }

    /// The certificate of a key.
    #[must_use]
    pub fn certificate(&self, key: KeyId) -> Option<&Certificate> {
        self.directory.get(key).map(|key| &key.certificate)
    }

    /// Wallets that a key may debit, by rising number.
    pub fn bound_wallets(&self, key: KeyId) -> impl Iterator<Item = WalletId> + '_ {
        let bound = self.directory.get(key).map(|key| key.bound.iter());
        bound.into_iter().flatten().map(|(wallet, _)| *wallet)
    }

    /// How often each code was given.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.totals.statistics
    }

    /// Number of the last batch; 0 before the first.
    #[must_use]
    pub const fn last_batch(&self) -> u64 {
        self.totals.batch
    }

    /// Instant of the last batch, or of the genesis.
    #[must_use]
    pub const fn last_at(&self) -> Instant {
        self.totals.at
    }

    /// Whether a batch was applied that is neither committed nor rolled back.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Digest of the last final root; zero before the first batch.
    #[must_use]
    pub const fn root_digest(&self) -> Digest {
        self.totals.root
    }

    /// The last signed root; `None` before the first batch.
    #[must_use]
    pub const fn last_root(&self) -> Option<&Signed<Root>> {
        self.last_root.as_ref()
    }

    /// The last payments, newest first.
    pub fn latest_payments(&self) -> impl Iterator<Item = &Payment> {
        self.payments.iter().rev()
    }

    /// The receipt of an order of the last batches, by its digest. Searches: for people, not for
    /// the answer to an order, which [`receipt_of`](Self::receipt_of) gives at once.
    #[must_use]
    pub fn receipt(&self, order: Digest) -> Option<Receipt> {
        self.archive.search(order)
    }

    /// The receipt of one of the last [`ORDERS_REMEMBERED`] orders of a key, if its batch is among
    /// the last ones; of an older batch, [`Record::receipt`](crate::record::Record::receipt) cuts it.
    #[must_use]
    pub fn receipt_of(&self, key: KeyId, order: Digest) -> Option<Receipt> {
        self.place_of(key, order).and_then(|place| self.archive.receipt(place))
    }

    /// Where the leaf of one of the last [`ORDERS_REMEMBERED`] orders of a key stands.
    #[must_use]
    pub fn place_of(&self, key: KeyId, order: Digest) -> Option<Place> {
        self.directory.get(key)?.recall(order).map(|known| known.place)
    }

    /// The code that one of the last [`ORDERS_REMEMBERED`] orders of a key got.
    #[must_use]
    pub fn code_of(&self, key: KeyId, order: Digest) -> Option<ResultCode> {
        self.directory.get(key)?.recall(order).map(|known| known.code)
    }

    /// Takes the last batches, oldest first, so that their receipts are at hand: a snapshot holds
    /// none.
    pub(crate) fn remember(&mut self, batches: impl IntoIterator<Item = Batch>) {
        self.archive = Archive::default();
        batches.into_iter().for_each(|batch| self.archive.push(Arc::new(batch)));
    }

    pub(crate) fn archived_receipt(&self, place: Place) -> Option<Receipt> {
        self.archive.receipt(place)
    }
}
