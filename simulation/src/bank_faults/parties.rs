//! Who takes part: the institutions of a bank and keys that pay. Each keeps what it has signed until
//! the bank has answered, and sends it again and again.
//!
//! What they sign stands in [`super::orders`].

use super::dice::Dice;
use super::keyed_digest::{KeyedDigest, KeyedDigestVerifier};
use super::orders::{CLASSES, Made, policy};
use bank::authentication::{AuthenticationCentre, Validity};
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::registration::Chain;
use bank::terms::Holders;
use bank::{
    Answer, Command, Desk, Genesis, GenesisOperator, Grade, Operation, ResultCode, WalletKind,
};
use crypto::{Sign, Sm3, Verify, merkle};
use quantity::{Duration, Fen, Instant};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use wire::identity::{Certificate, PublicKey, Role};
use wire::order::Leg;
use wire::{Digest, KeyId, Signed, WalletId};

/// Number of the operator.
pub(super) const OPERATOR: u16 = 105;
/// When a life begins.
pub(super) const START: Instant = Instant::from_unix_seconds(1_790_000_000);
/// From the oldest order of a key that has no answer to its newest there are at most so many: fewer
/// than the bank remembers, so that every order gets its receipt.
const WINDOW: u64 = 3;

/// Keys of the institutions, by role.
const AUTHENTICATION: u64 = 1;
const CENTRAL_BANK: u64 = 2;
const REGISTRATION: u64 = 3;
const OPERATING: u64 = 4;
const SUPERVISING: u64 = 5;
const FIRST_PAYER: u64 = 100;

/// All who sign, and the wallets.
pub(super) struct Parties {
    pub(super) genesis: Genesis,
    pub(super) authority: PublicKey,
    pub(super) central_bank: CentralBank<KeyedDigest>,
    pub(super) operator: Operator<KeyedDigest>,
    pub(super) payers: Vec<Payer>,
    /// Wallets of the payers, then the sub-wallet if there is one, then one that only receives.
    pub(super) wallets: Vec<WalletId>,
    /// Of the first payer's wallet.
    pub(super) sub_wallet: Option<WalletId>,
    pub(super) made: Made,
    desks: BTreeMap<KeyId, Outbox>,
    /// Forked orders, to be sent once.
    strays: Vec<Operation>,
    /// Digests of all forked orders.
    forked: BTreeSet<Digest>,
}

pub(super) struct Payer {
    pub(super) desk: Desk<KeyedDigest>,
    pub(super) wallet: WalletId,
    pub(super) certificate: Signed<Certificate>,
}

/// What one key has signed and not been answered, and what it was answered.
#[derive(Default)]
struct Outbox {
    waiting: VecDeque<Operation>,
    /// Number of the last operation signed.
    newest: u64,
    answered: BTreeMap<u64, Digest>,
}

/// The registration centre's key.
pub(super) fn registration_key() -> KeyedDigest {
    KeyedDigest::new(REGISTRATION)
}

/// An authentication centre and the institutions of a bank with one operator.
fn found(authentication: &mut AuthenticationCentre<KeyedDigest>) -> Genesis {
    let mut certify = |name, role, key| {
        let key = KeyedDigest::new(key).public_key();
        authentication.certify(name, role, key, validity())
    };
    let operator = GenesisOperator {
        number: OPERATOR,
        certificate: certify("operator", Role::Operator, OPERATING),
    };
    Genesis {
        at: START,
        authentication: certify("authentication", Role::AuthenticationCentre, AUTHENTICATION),
        central_bank: certify("central bank", Role::CentralBank, CENTRAL_BANK),
        registration: certify("registration", Role::RegistrationCentre, REGISTRATION),
        supervisor: certify("supervisor", Role::Supervisor, SUPERVISING),
        operators: [operator].into_iter().collect(),
    }
}

/// Long enough that no clock of a life jumps out of it.
fn validity() -> Validity {
    Validity { from: Instant::EPOCH, until: START + Duration::from_days(40_000) }
}

/// Number of a coin string: the operation that made it, and its place there.
pub(super) fn coin_id(operation: Digest, place: u8) -> Digest {
    let mut hash = Sm3::new();
    [b"JIDIAN-COIN-1", &operation.0[..], &[place]].iter().for_each(|part| hash.update(part));
    hash.finish()
}

/// The payers are of all classes in turn.
const fn class_of(payer: usize) -> (WalletKind, Grade) {
    let (holders, grade) = CLASSES[payer % CLASSES.len()];
    match holders {
        Holders::Persons => (WalletKind::Personal, grade),
        Holders::Companies => (WalletKind::Corporate, grade),
    }
}

/// Founding.
impl Parties {
    /// Institutions and `payers` keys, and the operations that give each a wallet with `fen`.
    pub(super) fn new(payers: usize, fen: i64) -> (Self, [Vec<Operation>; 2]) {
        let mut authentication = AuthenticationCentre::new(KeyedDigest::new(AUTHENTICATION));
        let genesis = found(&mut authentication);
        let wallet = |serial: usize| {
            WalletId::new(OPERATOR, serial as u64 + 1).expect("a small number is a wallet's")
        };
        let mut parties = Self {
            genesis,
            authority: authentication.public_key(),
            central_bank: CentralBank::new(KeyedDigest::new(CENTRAL_BANK)),
            operator: Operator::new(KeyedDigest::new(OPERATING), OPERATOR),
            payers: Vec::new(),
            wallets: (0..=payers).map(wallet).collect(),
            sub_wallet: None,
            made: Made::default(),
            desks: BTreeMap::new(),
            strays: Vec::new(),
            forked: BTreeSet::new(),
        };
        for (wallet, number) in parties.wallets.iter().copied().zip(FIRST_PAYER..).take(payers) {
            let key = KeyedDigest::new(number);
            let certificate =
                authentication.certify("payer", Role::Meter, key.public_key(), validity());
            parties.payers.push(Payer { desk: Desk::new(key, Chain::START), wallet, certificate });
        }
        let founding = [parties.issue(), parties.open(fen)];
        (parties, founding)
    }

    fn issue(&mut self) -> Vec<Operation> {
        let bank = &mut self.central_bank;
        let mut issue = bank.endow(START, OPERATOR, Fen::from_fen(600_000), Fen::ZERO);
        for operator in [0, OPERATOR] {
            let amount = Some(Fen::from_fen(900_000));
            issue.push(bank.instruct(START, Command::SetQuota { operator, amount }));
        }
        issue
    }

    fn open(&mut self, fen: i64) -> Vec<Operation> {
        let (operator, mut open) = (&mut self.operator, Vec::new());
        for (place, wallet) in self.wallets.iter().copied().enumerate() {
            let (kind, grade) = match self.payers.get(place) {
                Some(_) => class_of(place),
                None => (WalletKind::Income, Grade::I),
            };
            open.push(operator.open(START, wallet, kind, grade));
            if let Some(payer) = self.payers.get(place) {
                open.push(operator.bind(START, wallet, payer.certificate.clone()));
                open.extend(operator.fund(START, wallet, Fen::from_fen(fen)));
            }
        }
        open
    }

    /// What else a life begins with, before anybody has money: rules and templates. And, when
    /// wallets are there, a sub-wallet of the first one.
    pub(super) fn rule(&mut self) -> [Vec<Operation>; 2] {
        let rules = policy(START).into_iter();
        let rules = rules.map(|command| self.central_bank.instruct(START, command)).collect();
        let first = &self.payers[0];
        let serial = self.wallets.len() as u64 + 1;
        let sub = WalletId::new(OPERATOR, serial).expect("a small number is a wallet's");
        let open = self.operator.open_sub_wallet(
            START,
            sub,
            first.wallet,
            (WalletKind::Corporate, Grade::I),
        );
        let bind = self.operator.bind(START, sub, first.certificate.clone());
        self.wallets.insert(self.payers.len(), sub);
        self.sub_wallet = Some(sub);
        [rules, vec![open, bind]]
    }
}

impl Parties {
    /// Somebody signs something new, unless too much of his is under way.
    pub(super) fn sign(&mut self, dice: &mut Dice, at: Instant) {
        let operation = match dice.between(0, 23) {
            0 | 1 => self.central_bank_signs(dice, at),
            2..=4 => self.operator_signs(dice, at),
            5 => {
                let fork = self.fork(dice, at);
                self.forked.extend(fork.iter().map(Operation::digest));
                self.strays.extend(fork);
                return;
            }
            6..=11 => self.pay(dice, at),
            _ => self.dispose(dice, at),
        };
        if let Some(operation) = operation {
            let outbox = self.desks.entry(operation.signer()).or_default();
            outbox.newest = operation.sequence();
            outbox.waiting.push_back(operation);
        }
    }

    /// Forked orders that weren't sent yet.
    pub(super) fn take_strays(&mut self) -> Vec<Operation> {
        core::mem::take(&mut self.strays)
    }

    /// Number of the last order of a key that was answered for good.
    pub(super) fn last_answered(&self, key: KeyId) -> Option<u64> {
        self.desks.get(&key)?.answered.keys().next_back().copied()
    }

    pub(super) fn is_busy(&self, key: KeyId) -> bool {
        let Some(outbox) = self.desks.get(&key) else { return false };
        let oldest = outbox.waiting.front().map(Operation::sequence);
        oldest.is_some_and(|oldest| outbox.newest - oldest + 1 >= WINDOW)
    }

    /// The first key that pays.
    pub(super) fn payer(&self) -> KeyId {
        self.payers[0].desk.key()
    }

    /// The next orders of the first key, one fen each.
    pub(super) fn small_orders(&self, chain: Chain, at: Instant, count: usize) -> Vec<Operation> {
        let payer = &self.payers[0];
        let mut desk = Desk::new(*payer.desk.signer(), chain);
        let credit = self.wallets[self.wallets.len() - 1];
        let leg = Leg { debit: payer.wallet, credit, amount: Fen::from_fen(1), reason: 0 };
        (0..count).map(|_| desk.pay(at, &[leg])).collect()
    }

    /// Everything that waits for an answer.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Operation> {
        self.desks.values().flat_map(|outbox| &outbox.waiting)
    }

    /// The signer of an operation gets an answer.
    pub(super) fn hear(&mut self, operation: &Operation, answer: &Answer) -> Result<(), String> {
        let (key, sequence) = (operation.signer(), operation.sequence());
        if self.forked.contains(&operation.digest()) {
            check_receipt(operation, answer, false)?;
            return check_fork(answer.code);
        }
        let outbox = self.desks.entry(key).or_default();
        let waits = outbox.waiting.iter().any(|waiting| waiting.sequence() == sequence);
        check_receipt(operation, answer, waits)?;
        if answer.code == ResultCode::Exists || answer.code.burns_sequence() {
            outbox.answered.insert(sequence, operation.digest());
            outbox.waiting.retain(|waiting| waiting.sequence() != sequence);
        } else if !matches!(answer.code, ResultCode::Gap | ResultCode::Stale) {
            return Err(format!("order {sequence} of {key} was answered {}", answer.code));
        }
        Ok(())
    }

    /// Orders that were answered for good: key, number and digest.
    pub(super) fn answered(&self) -> impl Iterator<Item = (KeyId, u64, Digest)> + '_ {
        self.desks.iter().flat_map(|(key, outbox)| {
            outbox.answered.iter().map(|(sequence, digest)| (*key, *sequence, *digest))
        })
    }
}

/// Whoever waits for an answer must get a receipt with it. A repetition that comes so late that newer
/// orders of its batch push the first one out of the bank's memory may be answered without.
fn check_receipt(operation: &Operation, answer: &Answer, waits: bool) -> Result<(), String> {
    let Some(receipt) = &answer.receipt else {
        let missing = answer.code.is_proved() || (waits && answer.code == ResultCode::Exists);
        return if missing { Err(format!("no receipt with {}", answer.code)) } else { Ok(()) };
    };
    let key = registration_key().public_key();
    let signed = KeyedDigestVerifier.verify(&key, &receipt.root, &receipt.signature);
    let proves = merkle::proves(receipt) && receipt.leaf.order == operation.digest();
    if signed && proves { Ok(()) } else { Err("a receipt that proves nothing".to_owned()) }
}

/// A forked order may never be paid.
fn check_fork(code: ResultCode) -> Result<(), String> {
    if matches!(code, ResultCode::Fork | ResultCode::Stale | ResultCode::Gap) {
        return Ok(());
    }
    Err(format!("a forked order was answered {code}"))
}
