//! Registration centre 登记中心: the ledger. It sees keys and wallets, never a name.
//!
//! A deterministic state machine with one writer. A batch goes through in two steps:
//! [`Registration::authenticate`] looks at signatures and changes nothing, so threads may share it;
//! [`Registration::apply`] moves money. The state then waits for the batch to become durable:
//! [`Registration::commit`] makes it final, [`Registration::roll_back`] takes it back to the last
//! bit. Undoing costs one small entry per write and no copy of the state.

mod apply;
mod archive;
mod authenticated;
mod directory;
mod ledger;
mod state_digest;

pub use apply::{BatchOutcome, Payment};
pub use archive::{BATCHES_KEPT, LEAVES_KEPT};
pub use authenticated::Authenticated;
pub use directory::{Chain, ORDERS_REMEMBERED};
pub use ledger::{Wallet, WalletState};

pub(crate) use authenticated::{Keys, Verdict, judge};

use crate::code::{ResultCode, Statistics};
use crate::genesis::{Genesis, bank_vault, issuance_vault};
use crate::operation::{Grade, Operation, WalletKind};
use archive::{Archive, Batch, Proof};
use crypto::Verify;
use directory::Directory;
use ledger::{Ledger, Slot};
use quantity::{Fen, Instant};
use std::collections::VecDeque;
use wire::identity::{Certificate, PublicKey};
use wire::receipt::{Receipt, Root};
use wire::{Digest, KeyId, Signature, Signed, WalletId};

/// Most operations of one batch: what the deepest path of a receipt can hold.
pub const BATCH_MAX: usize = 1 << wire::receipt::PATH_MAX;

/// Payments that are kept for a screen.
pub const PAYMENTS_SHOWN: usize = 256;

/// The registration centre's state.
#[derive(Clone, Debug)]
pub struct Registration {
    operator_number: u16,
    issuance_vault: Slot,
    bank_vault: Slot,
    ledger: Ledger,
    directory: Directory,
    totals: Totals,
    phase: Phase,
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

/// Whether a batch was applied that is neither final nor taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Settled,
    Applied,
}

impl Registration {
    /// The state that a genesis gives: institutions and empty vaults.
    ///
    /// The genesis must have passed [`Genesis::check`] or come from one's own log.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        let mut ledger = Ledger::default();
        let vault = |id, kind| Wallet {
            id,
            kind,
            grade: Grade::I,
            parent: None,
            state: WalletState::Active,
            balance: Fen::ZERO,
        };
        let number = genesis.operator_number;
        let issuance = ledger.open(vault(issuance_vault(), WalletKind::IssuanceVault));
        let bank = ledger.open(vault(bank_vault(number), WalletKind::BankVault));
        ledger.settle();
        Self {
            operator_number: number,
            issuance_vault: issuance,
            bank_vault: bank,
            directory: institutions(genesis, issuance, bank),
            ledger,
            totals: Totals::at_genesis(genesis),
            phase: Phase::Settled,
            archive: Archive::default(),
            last_root: None,
            payments: VecDeque::new(),
        }
    }

    /// Looks at the signatures of an operation, and computes its digest. Changes nothing.
    pub fn authenticate(&self, operation: Operation, verifier: &impl Verify) -> Authenticated {
        Authenticated::new(operation, self, verifier)
    }

    /// Makes the batch that was applied last final: it is durable, and this is the registration
    /// centre's signature over its root.
    ///
    /// # Panics
    /// If the outcome isn't that of the batch applied last.
    pub fn commit(&mut self, outcome: BatchOutcome, signature: Signature) {
        self.finish_phase(&outcome);
        self.ledger.settle();
        self.directory.settle();
        let root = Signed { body: outcome.root, signature };
        self.payments.extend(outcome.payments);
        while self.payments.len() > PAYMENTS_SHOWN {
            self.payments.pop_front();
        }
        let owners = outcome.owners;
        self.archive.push(Batch::new(root.clone(), outcome.leaves, owners, outcome.levels));
        self.last_root = Some(root);
        while let Some(batch) = self.archive.pop_surplus() {
            self.cut_receipts(&batch);
        }
    }

    /// Takes back the batch that was applied last, to the last bit.
    ///
    /// # Panics
    /// If the outcome isn't that of the batch applied last.
    pub fn roll_back(&mut self, outcome: &BatchOutcome) {
        self.finish_phase(outcome);
        self.ledger.roll_back();
        self.directory.roll_back();
        self.totals = outcome.before;
        self.assert_conservation();
    }

    fn finish_phase(&mut self, outcome: &BatchOutcome) {
        assert_eq!(self.phase, Phase::Applied, "a batch was applied");
        assert_eq!(self.totals.batch, outcome.root.batch, "it is this batch");
        self.phase = Phase::Settled;
    }

    /// Keeps the receipts of orders that their keys still remember when a batch is dropped.
    fn cut_receipts(&mut self, batch: &Batch) {
        for (index, owner, order) in batch.owned_leaves() {
            if let Some(remembered) = self.directory.remembered_mut(owner, order) {
                let receipt = batch.receipt(index).expect("the leaf is in its batch");
                remembered.proof = Proof::Cut(Box::new(receipt));
            }
        }
    }

    fn assert_conservation(&self) {
        let issued = i128::from(self.totals.issued.fen());
        assert_eq!(self.ledger.total(), issued, "all wallets together hold what was issued");
    }
}

fn institutions(genesis: &Genesis, issuance: Slot, bank: Slot) -> Directory {
    let mut directory = Directory::new(genesis);
    directory.admit(genesis.authentication.body);
    let central_bank = directory.admit(genesis.central_bank.body);
    let operator = directory.admit(genesis.operator.body);
    let bound = directory.bind(central_bank, issuance_vault(), issuance).and(directory.bind(
        operator,
        bank_vault(genesis.operator_number),
        bank,
    ));
    bound.expect("a new key has room for one wallet");
    directory.settle();
    directory
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
}

/// Queries.
impl Registration {
    /// Money in a wallet; `None` if there is no such wallet.
    #[must_use]
    pub fn balance(&self, wallet: WalletId) -> Option<Fen> {
        self.wallet(wallet).map(|wallet| wallet.balance)
    }

    /// A wallet.
    #[must_use]
    pub fn wallet(&self, wallet: WalletId) -> Option<&Wallet> {
        self.ledger.find(wallet).map(|slot| self.ledger.wallet(slot))
    }

    /// All wallets by rising number, the vaults included.
    pub fn wallets(&self) -> impl Iterator<Item = &Wallet> {
        self.ledger.iter()
    }

    /// All money issued and not retired.
    #[must_use]
    pub const fn issued(&self) -> Fen {
        self.totals.issued
    }

    /// Sum of all wallets, counted anew: always equal to what was issued.
    ///
    /// # Panics
    /// If money was made or lost.
    #[must_use]
    pub fn wallets_total(&self) -> Fen {
        self.assert_conservation();
        assert_eq!(self.ledger.recount(), self.ledger.total(), "the running sum is right");
        self.totals.issued
    }

    /// Where the chain of a key's orders stands.
    #[must_use]
    pub fn chain(&self, key: KeyId) -> Option<Chain> {
        self.directory.get(key).map(|key| key.chain)
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

    /// The last signed root; `None` before the first batch.
    #[must_use]
    pub const fn last_root(&self) -> Option<&Signed<Root>> {
        self.last_root.as_ref()
    }

    /// The last payments, newest first.
    pub fn latest_payments(&self) -> impl Iterator<Item = &Payment> {
        self.payments.iter().rev()
    }

    /// First three digits of the operator's wallets.
    #[must_use]
    pub const fn operator_number(&self) -> u16 {
        self.operator_number
    }

    /// The receipt of an order of the last batches, by its digest. Searches: for people, not for
    /// the answer to an order, which [`receipt_of`](Self::receipt_of) gives at once.
    #[must_use]
    pub fn receipt(&self, order: Digest) -> Option<Receipt> {
        self.archive.search(order)
    }

    /// The receipt of one of the last [`ORDERS_REMEMBERED`] orders of a key, however long ago.
    #[must_use]
    pub fn receipt_of(&self, key: KeyId, order: Digest) -> Option<Receipt> {
        let key = self.directory.get(key)?;
        let remembered = key.remembered.iter().find(|known| known.digest == order)?;
        match &remembered.proof {
            Proof::InBatch { batch, index } => self.archive.receipt(*batch, *index),
            Proof::Cut(receipt) => Some((**receipt).clone()),
        }
    }

    /// The code that one of the last [`ORDERS_REMEMBERED`] orders of a key got.
    #[must_use]
    pub fn code_of(&self, key: KeyId, order: Digest) -> Option<ResultCode> {
        let key = self.directory.get(key)?;
        key.remembered.iter().find(|known| known.digest == order).map(|known| known.code)
    }

    pub(crate) fn archived_receipt(&self, batch: u64, index: usize) -> Option<Receipt> {
        self.archive.receipt(batch, index)
    }
}
