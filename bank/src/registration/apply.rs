//! One batch: checks by precedence, legs all or none, leaves and root.

use super::archive::{self, Proof};
use super::directory::{KeySlot, Remembered, is_valid};
use super::ledger::{Slot, Wallet, WalletState};
use super::{Authenticated, BATCH_MAX, PAYMENTS_SHOWN, Phase, Registration, Totals, Verdict};
use crate::code::ResultCode;
use crate::operation::{Command, Operation, WalletKind};
use heapless::Vec as Bounded;
use quantity::{Fen, Instant};
use std::collections::VecDeque;
use wire::identity::{Certificate, Role};
use wire::order::{LEGS_MAX, PaymentOrder};
use wire::receipt::{Balance, Leaf, Root};
use wire::{Digest, Signed, WalletId};

/// What became of a batch that isn't final yet: to be given to
/// [`commit`](Registration::commit) or to [`roll_back`](Registration::roll_back).
#[derive(Debug)]
#[must_use = "a batch is committed or rolled back"]
pub struct BatchOutcome {
    /// One code per operation.
    pub(super) codes: Vec<ResultCode>,
    pub(super) leaves: Vec<Leaf>,
    /// The key of each leaf.
    pub(super) owners: Vec<KeySlot>,
    pub(super) levels: Vec<Vec<Digest>>,
    pub(super) root: Root,
    pub(super) payments: VecDeque<Payment>,
    pub(super) before: Totals,
}

impl BatchOutcome {
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

    /// What the registration centre is to sign.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }
}

/// A movement of money by a payment order, for a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Number of the batch.
    pub batch: u64,
    /// When it became final.
    pub at: Instant,
    /// Digest of the order.
    pub order: Digest,
    /// Digest of the evidence, or zero.
    pub evidence: Digest,
    /// Who paid whom.
    pub leg: wire::order::Leg,
}

/// What gathers while a batch runs.
struct Gathering {
    batch: u64,
    at: Instant,
    leaves: Vec<Leaf>,
    owners: Vec<KeySlot>,
    payments: VecDeque<Payment>,
}

type Checked = Result<(), ResultCode>;
type Moves = Bounded<(Slot, Slot, Fen), LEGS_MAX>;

impl Registration {
    /// Applies a batch, in order. The instant of the batch is `now`, or that of the batch before
    /// if the clock stepped back.
    ///
    /// # Panics
    /// If the batch is longer than [`BATCH_MAX`], the batch before it is neither committed nor
    /// rolled back, or money were made or lost.
    pub fn apply(&mut self, now: Instant, batch: &[Authenticated]) -> BatchOutcome {
        assert!(batch.len() <= BATCH_MAX, "a batch has at most {BATCH_MAX} operations");
        assert_eq!(self.phase, Phase::Settled, "one batch after the other");
        self.phase = Phase::Applied;
        let before = self.totals;
        let mut gathering = Gathering {
            batch: before.batch.checked_add(1).expect("nobody waits for 2⁶⁴ batches"),
            at: now.max(before.at),
            leaves: Vec::with_capacity(batch.len()),
            owners: Vec::with_capacity(batch.len()),
            payments: VecDeque::new(),
        };
        let codes = batch.iter().map(|item| self.apply_one(item, &mut gathering)).collect();
        self.assert_conservation();
        self.close(before, codes, gathering)
    }

    fn close(&mut self, before: Totals, codes: Vec<ResultCode>, all: Gathering) -> BatchOutcome {
        let levels = archive::levels(&all.leaves);
        let root = Root {
            batch: all.batch,
            previous: before.root,
            merkle: archive::root_of(&levels),
            at: all.at,
            issued: self.totals.issued,
        };
        self.totals.batch = root.batch;
        self.totals.root = crypto::digest(&root);
        self.totals.at = root.at;
        let Gathering { leaves, owners, payments, .. } = all;
        BatchOutcome { codes, leaves, owners, levels, root, payments, before }
    }

    fn apply_one(&mut self, item: &Authenticated, all: &mut Gathering) -> ResultCode {
        if !item.operation().is_well_formed() {
            return ResultCode::Malformed;
        }
        let code = match self.directory.find(item.operation().signer()) {
            Some(key) if item.verdict() != Verdict::UnknownKey => self.decide(key, item, all),
            Some(_) | None => ResultCode::UnknownKey,
        };
        self.totals.statistics.add(code);
        code
    }

    fn decide(&mut self, key: KeySlot, item: &Authenticated, all: &mut Gathering) -> ResultCode {
        let code = match self.check(key, item, all.at) {
            Ok(()) => self.execute(key, item, all),
            Err(code) => code,
        };
        let proof = Proof::InBatch { batch: all.batch, index: all.leaves.len() };
        if code.burns_sequence() {
            let (sequence, digest) = (item.operation().sequence(), item.digest());
            self.directory.advance(key, Remembered { sequence, digest, code, proof });
        }
        if code.is_proved() {
            all.leaves.push(self.leaf(key, item.digest(), code));
            all.owners.push(key);
        }
        code
    }

    /// Structural checks: a refusal leaves the chain of the key where it stood.
    fn check(&self, key: KeySlot, item: &Authenticated, now: Instant) -> Checked {
        self.directory.standing(key, now)?;
        if !may_sign(self.directory.key(key).certificate.role, item.operation()) {
            return Err(ResultCode::WrongRole);
        }
        if item.verdict() == Verdict::BadSignature {
            return Err(ResultCode::BadSignature);
        }
        self.directory.link(key, item.operation(), item.digest())
    }

    /// Moves all of it or nothing.
    fn execute(&mut self, key: KeySlot, item: &Authenticated, all: &mut Gathering) -> ResultCode {
        let mark = self.ledger.mark();
        let done = match item.operation() {
            Operation::Pay(order) => self.pay(key, &order.body),
            Operation::Instruct(_) if item.verdict() == Verdict::BadCertificate => {
                Err(ResultCode::BadCertificate)
            }
            Operation::Instruct(instruction) => self.instruct(&instruction.body.command, all.at),
        };
        match (done, item.operation()) {
            (Ok(()), Operation::Pay(order)) => all.show(&order.body, item.digest()),
            (Ok(()), Operation::Instruct(_)) => {}
            (Err(code), _) => {
                self.ledger.roll_back_to(mark);
                return code;
            }
        }
        ResultCode::Accepted
    }

    fn leaf(&self, key: KeySlot, order: Digest, code: ResultCode) -> Leaf {
        let bound = self.directory.key(key).bound.iter();
        let balances = bound
            .map(|(wallet, slot)| Balance {
                wallet: *wallet,
                balance: self.ledger.wallet(*slot).balance,
            })
            .collect();
        Leaf { order, result: code.number(), balances }
    }
}

/// Payment orders.
impl Registration {
    /// Each check is made for all legs before the next check; money then moves leg by leg.
    fn pay(&mut self, key: KeySlot, order: &PaymentOrder) -> Checked {
        let moves = self.find_legs(order)?;
        let may_debit = |wallet| self.directory.key(key).may_debit(wallet);
        refuse_if(order.legs.iter().any(|leg| !may_debit(leg.debit)), ResultCode::NotBound)?;
        refuse_if(moves.iter().any(|leg| self.is_frozen(leg.0)), ResultCode::Frozen)?;
        refuse_if(moves.iter().any(|leg| leg.0 == leg.1), ResultCode::SameWallet)?;
        moves.iter().try_for_each(|(from, to, amount)| self.ledger.transfer(*from, *to, *amount))
    }

    fn find_legs(&self, order: &PaymentOrder) -> Result<Moves, ResultCode> {
        let mut moves = Moves::new();
        for leg in &order.legs {
            let (from, to) = (self.find(leg.debit)?, self.find(leg.credit)?);
            moves.push((from, to, leg.amount)).expect("as many as the order has legs");
        }
        let pays_vault = moves.iter().any(|leg| self.is_vault(leg.1));
        refuse_if(pays_vault, ResultCode::ForeignWallet).map(|()| moves)
    }

    fn find(&self, wallet: WalletId) -> Result<Slot, ResultCode> {
        self.ledger.find(wallet).ok_or(ResultCode::UnknownWallet)
    }

    fn is_vault(&self, slot: Slot) -> bool {
        slot == self.issuance_vault || slot == self.bank_vault
    }

    fn is_frozen(&self, slot: Slot) -> bool {
        self.ledger.wallet(slot).state == WalletState::Frozen
    }
}

/// Instructions.
impl Registration {
    fn instruct(&mut self, command: &Command, now: Instant) -> Checked {
        let (issuance, bank) = (self.issuance_vault, self.bank_vault);
        match command {
            Command::Issue { amount } => self.issue(*amount),
            Command::Retire { amount } => self.retire(*amount),
            Command::Supply { amount } => self.ledger.transfer(issuance, bank, *amount),
            Command::Return { amount } => self.ledger.transfer(bank, issuance, *amount),
            Command::OpenWallet { wallet, kind, parent, grade } => self.open(Wallet {
                id: *wallet,
                kind: *kind,
                grade: *grade,
                parent: *parent,
                state: WalletState::Active,
                balance: Fen::ZERO,
            }),
            Command::BindKey { wallet, certificate } => self.bind(*wallet, certificate, now),
            Command::Draw { wallet, amount } => self.draw(*wallet, *amount),
            Command::Redeem { wallet, amount } => self.redeem(*wallet, *amount),
            Command::Freeze { wallet } => self.set_state(*wallet, WalletState::Frozen),
            Command::Unfreeze { wallet } => self.set_state(*wallet, WalletState::Active),
            Command::Revoke { serial } => {
                self.directory.revoke(*serial);
                Ok(())
            }
        }
    }

    fn issue(&mut self, amount: Fen) -> Checked {
        let issued = self.totals.issued.checked_add(amount).ok_or(ResultCode::Overflow)?;
        self.ledger.deposit(self.issuance_vault, amount)?;
        self.totals.issued = issued;
        Ok(())
    }

    fn retire(&mut self, amount: Fen) -> Checked {
        self.ledger.withdraw(self.issuance_vault, amount)?;
        let issued = self.totals.issued.checked_sub(amount);
        self.totals.issued = issued.expect("the vault holds no more than what was issued");
        Ok(())
    }

    fn open(&mut self, wallet: Wallet) -> Checked {
        let parent = wallet.parent.map(|parent| self.find(parent)).transpose()?;
        refuse_if(self.ledger.find(wallet.id).is_some(), ResultCode::WalletExists)?;
        let is_vault = matches!(wallet.kind, WalletKind::IssuanceVault | WalletKind::BankVault);
        let is_ours = operator_of(wallet.id) == u64::from(self.operator_number);
        refuse_if(is_vault || !is_ours, ResultCode::ForeignWallet)?;
        let may_be_parent =
            |slot| !self.is_vault(slot) && self.ledger.wallet(slot).parent.is_none();
        refuse_if(!parent.is_none_or(may_be_parent), ResultCode::WrongParent)?;
        self.ledger.open(wallet);
        Ok(())
    }

    fn bind(
        &mut self,
        wallet: WalletId,
        certificate: &Signed<Certificate>,
        now: Instant,
    ) -> Checked {
        let certificate = certificate.body;
        refuse_if(!self.is_fit(&certificate, now), ResultCode::UnfitCertificate)?;
        let slot = self.customer(wallet)?;
        let key = self.directory.get(crypto::key_id(&certificate.public_key));
        let full = key.is_some_and(|key| key.bound.is_full() && !key.may_debit(wallet));
        refuse_if(full, ResultCode::TooManyWallets)?;
        let key = self.directory.admit(certificate);
        self.directory.bind(key, wallet, slot)
    }

    /// Whether a certificate may be bound: of an owner of wallets, good now, and not giving a known
    /// key another role.
    fn is_fit(&self, certificate: &Certificate, now: Instant) -> bool {
        let known = self.directory.get(crypto::key_id(&certificate.public_key));
        owns_wallets(certificate.role)
            && is_valid(certificate, now)
            && !self.directory.is_revoked(certificate)
            && known.is_none_or(|known| known.certificate.role == certificate.role)
    }

    fn draw(&mut self, wallet: WalletId, amount: Fen) -> Checked {
        let slot = self.customer(wallet)?;
        self.ledger.transfer(self.bank_vault, slot, amount)
    }

    fn redeem(&mut self, wallet: WalletId, amount: Fen) -> Checked {
        let slot = self.customer(wallet)?;
        refuse_if(self.is_frozen(slot), ResultCode::Frozen)?;
        self.ledger.transfer(slot, self.bank_vault, amount)
    }

    fn set_state(&mut self, wallet: WalletId, state: WalletState) -> Checked {
        let slot = self.customer(wallet)?;
        self.ledger.set_state(slot, state);
        Ok(())
    }

    /// An open wallet of the operator's customer.
    fn customer(&self, wallet: WalletId) -> Result<Slot, ResultCode> {
        let slot = self.find(wallet)?;
        refuse_if(self.is_vault(slot), ResultCode::ForeignWallet).map(|()| slot)
    }
}

impl Gathering {
    fn show(&mut self, order: &PaymentOrder, digest: Digest) {
        for leg in &order.legs {
            if self.payments.len() == PAYMENTS_SHOWN {
                self.payments.pop_front();
            }
            let (batch, at, evidence) = (self.batch, self.at, order.evidence);
            self.payments.push_back(Payment { batch, at, order: digest, evidence, leg: *leg });
        }
    }
}

const fn refuse_if(refused: bool, code: ResultCode) -> Checked {
    if refused { Err(code) } else { Ok(()) }
}

/// The operator's digits of a wallet number.
const fn operator_of(wallet: WalletId) -> u64 {
    wallet.number() / 10_000_000_000_000
}

const fn owns_wallets(role: Role) -> bool {
    matches!(role, Role::Meter | Role::Holder | Role::GridCompany)
}

fn may_sign(role: Role, operation: &Operation) -> bool {
    let Operation::Instruct(instruction) = operation else {
        return owns_wallets(role);
    };
    let needed = match instruction.body.command {
        Command::Issue { .. } | Command::Retire { .. } | Command::Supply { .. } => {
            Role::CentralBank
        }
        Command::Return { .. }
        | Command::OpenWallet { .. }
        | Command::BindKey { .. }
        | Command::Draw { .. }
        | Command::Redeem { .. }
        | Command::Freeze { .. }
        | Command::Unfreeze { .. } => Role::Operator,
        Command::Revoke { .. } => Role::AuthenticationCentre,
    };
    role == needed
}
