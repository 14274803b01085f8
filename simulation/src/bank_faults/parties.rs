//! Who takes part: the institutions of a bank and keys that pay. Each keeps what it has signed until
//! the bank has answered, and sends it again and again.

use super::dice::Dice;
use super::keyed_digest::{KeyedDigest, KeyedDigestVerifier};
use bank::authentication::{AuthenticationCentre, Validity};
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::registration::Chain;
use bank::{
    Answer, Command, Desk, Genesis, GenesisOperator, Grade, Operation, ResultCode, WalletKind,
};
use crypto::{Sign, Verify, merkle};
use quantity::{Duration, Fen, Instant};
use std::collections::{BTreeMap, VecDeque};
use wire::identity::{PublicKey, Role};
use wire::order::Leg;
use wire::{Digest, KeyId, WalletId};

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
    central_bank: CentralBank<KeyedDigest>,
    operator: Operator<KeyedDigest>,
    payers: Vec<Payer>,
    /// Wallets of the payers, and behind them one that only receives.
    wallets: Vec<WalletId>,
    desks: BTreeMap<KeyId, Outbox>,
}

struct Payer {
    desk: Desk<KeyedDigest>,
    wallet: WalletId,
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

impl Parties {
    /// Institutions and `payers` keys, and the operations that give each a wallet with `fen`.
    pub(super) fn new(payers: usize, fen: i64) -> (Self, Vec<Vec<Operation>>) {
        let mut authentication = AuthenticationCentre::new(KeyedDigest::new(AUTHENTICATION));
        let genesis = found(&mut authentication);
        let mut central_bank = CentralBank::new(KeyedDigest::new(CENTRAL_BANK));
        let mut operator = Operator::new(KeyedDigest::new(OPERATING), OPERATOR);
        let wallet = |serial: usize| {
            WalletId::new(OPERATOR, serial as u64 + 1).expect("a small number is a wallet's")
        };
        let wallets: Vec<WalletId> = (0..=payers).map(wallet).collect();
        let mut issue = central_bank.endow(START, OPERATOR, Fen::from_fen(600_000), Fen::ZERO);
        for operator in [0, OPERATOR] {
            let amount = Some(Fen::from_fen(900_000));
            issue.push(central_bank.instruct(START, Command::SetQuota { operator, amount }));
        }
        let mut open = Vec::new();
        let mut keys = Vec::new();
        for (wallet, number) in wallets.iter().copied().zip(FIRST_PAYER..) {
            open.push(operator.open(START, wallet, WalletKind::Corporate, Grade::I));
            if keys.len() == payers {
                break;
            }
            let key = KeyedDigest::new(number);
            let certificate =
                authentication.certify("payer", Role::Meter, key.public_key(), validity());
            open.push(operator.bind(START, wallet, certificate));
            open.extend(operator.fund(START, wallet, Fen::from_fen(fen)));
            keys.push(Payer { desk: Desk::new(key, Chain::START), wallet });
        }
        let authority = authentication.public_key();
        let desks = BTreeMap::new();
        let payers = keys;
        let parties = Self { genesis, authority, central_bank, operator, payers, wallets, desks };
        (parties, vec![issue, open])
    }

    /// Somebody signs something new, unless too much of his is under way.
    pub(super) fn sign(&mut self, dice: &mut Dice, at: Instant) {
        let operation = match dice.between(0, 11) {
            0 => self.instruct_central_bank(dice, at),
            1 | 2 => self.instruct_operator(dice, at),
            _ => self.pay(dice, at),
        };
        if let Some(operation) = operation {
            let outbox = self.desks.entry(operation.signer()).or_default();
            outbox.newest = operation.sequence();
            outbox.waiting.push_back(operation);
        }
    }

    fn is_busy(&self, key: KeyId) -> bool {
        let Some(outbox) = self.desks.get(&key) else { return false };
        let oldest = outbox.waiting.front().map(Operation::sequence);
        oldest.is_some_and(|oldest| outbox.newest - oldest + 1 >= WINDOW)
    }

    fn instruct_central_bank(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        if self.is_busy(self.central_bank.key()) {
            return None;
        }
        let amount = Fen::from_fen(dice.between(1, 100_000));
        Some(match dice.between(0, 3) {
            0 => self.central_bank.issue(at, amount),
            1 => self.central_bank.retire(at, amount),
            2 => {
                let command = Command::CreditReserve { operator: OPERATOR, amount };
                self.central_bank.instruct(at, command)
            }
            _ => self.central_bank.supply(at, OPERATOR, amount),
        })
    }

    fn instruct_operator(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        if self.is_busy(self.operator.key()) {
            return None;
        }
        let wallet = self.wallets[dice.place(self.wallets.len())];
        let amount = Fen::from_fen(dice.between(1, 300));
        Some(match dice.between(0, 7) {
            0 => self.operator.freeze(at, wallet),
            1 | 2 => self.operator.unfreeze(at, wallet),
            3 => self.operator.redeem(at, wallet, amount),
            4 => self.operator.return_to_central_bank(at, amount),
            5 => self.operator.instruct(at, Command::CreditDeposit { wallet, amount }),
            _ => self.operator.draw(at, wallet, amount),
        })
    }

    fn pay(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let payer = dice.place(self.payers.len());
        if self.is_busy(self.payers[payer].desk.key()) {
            return None;
        }
        let debit = self.payers[payer].wallet;
        let mut legs = Vec::new();
        for reason in 0..u8::try_from(dice.between(1, 3)).expect("three at most") {
            let credit = match dice.between(0, 2) {
                0 => self.wallets[dice.place(self.wallets.len())],
                _ => self.wallets[self.wallets.len() - 1],
            };
            let leg = Leg { debit, credit, amount: Fen::from_fen(dice.between(1, 120)), reason };
            legs.push(leg);
        }
        Some(self.payers[payer].desk.pay(at, &legs))
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
