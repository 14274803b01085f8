//! A small bank with named people, and a runner of text tables.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test uses a part of this")]

mod commands;
mod engine;

#[allow(unused_imports, reason = "each test uses a part of this")]
pub use engine::{Engine, Replica, Replicas};

use bank::authentication::{AuthenticationCentre, Validity};
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::registration::Chain;
use bank::terms::Warrant;
use bank::{
    Answer, Bank, Desk, Genesis, GenesisOperator, Grade, MemoryLog, Operation, OrderedLog,
    ResultCode, WalletKind,
};
use crypto::{Sign, SigningKey, Sm2Verifier, Verify, merkle, sm3};
use quantity::{Duration, Fen, Instant};
use std::collections::BTreeMap;
use wire::identity::{Certificate, PublicKey, Role};
use wire::order::{Leg, PaymentOrder};
use wire::{Digest, Signature, Signed, WalletId};

pub const START: Instant = Instant::from_unix_seconds(1_790_000_000);
pub const OPERATOR: u16 = 105;
pub const OTHER_OPERATOR: u16 = 106;

/// Keys of one kind.
pub trait Suite {
    type Key: Sign + Clone;
    type Verifier: Verify + Copy;
    fn key(seed: u64) -> Self::Key;
    fn verifier() -> Self::Verifier;
}

/// The real thing.
pub struct Sm2;

impl Suite for Sm2 {
    type Key = SigningKey;
    type Verifier = Sm2Verifier;

    fn key(seed: u64) -> SigningKey {
        SigningKey::from_bytes(&sm3(&seed.to_be_bytes()).0).unwrap()
    }

    fn verifier() -> Sm2Verifier {
        Sm2Verifier
    }
}

/// A stand-in of no worth but speed: the "signature" is a digest of key and message.
pub struct Fast;

#[derive(Clone, Debug)]
pub struct FastKey(PublicKey);

#[derive(Clone, Copy)]
pub struct FastVerifier;

impl Suite for Fast {
    type Key = FastKey;
    type Verifier = FastVerifier;

    fn key(seed: u64) -> FastKey {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&sm3(&seed.to_be_bytes()).0);
        FastKey(PublicKey(key))
    }

    fn verifier() -> FastVerifier {
        FastVerifier
    }
}

fn fast_signature(key: &PublicKey, parts: &[&[u8]]) -> Signature {
    let mut hash = crypto::Sm3::new();
    hash.update(&key.0);
    parts.iter().for_each(|part| hash.update(part));
    let mut signature = [7; 64];
    signature[..32].copy_from_slice(&hash.finish().0);
    Signature(signature)
}

impl Sign for FastKey {
    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign_parts(&self, parts: &[&[u8]]) -> Signature {
        fast_signature(&self.0, parts)
    }
}

impl Verify for FastVerifier {
    fn verify_parts(&self, key: &PublicKey, parts: &[&[u8]], signature: &Signature) -> bool {
        fast_signature(key, parts) == *signature
    }
}

/// Who signs payment orders.
pub struct Payer<K> {
    pub desk: Desk<K>,
    pub certificate: Signed<Certificate>,
}

impl<K: Sign> Payer<K> {
    /// The next order of the chain, unsigned.
    pub fn order(&self, at: Instant, legs: &[Leg]) -> PaymentOrder {
        PaymentOrder {
            signer: self.desk.key(),
            sequence: self.desk.chain().next_sequence(),
            previous: self.desk.chain().last,
            at,
            evidence: Digest::default(),
            legs: legs.iter().copied().collect(),
        }
    }

    pub fn pay(&mut self, at: Instant, legs: &[Leg]) -> Operation {
        self.desk.pay(at, legs)
    }
}

pub struct World<S: Suite, E = Bank<MemoryLog, <S as Suite>::Key>> {
    pub bank: E,
    pub genesis: Genesis,
    pub registration_key: S::Key,
    pub authentication: AuthenticationCentre<S::Key>,
    pub central_bank: CentralBank<S::Key>,
    pub operator: Operator<S::Key>,
    pub other_operator: Operator<S::Key>,
    pub supervisor: S::Key,
    pub payers: BTreeMap<String, Payer<S::Key>>,
    pub wallets: BTreeMap<String, WalletId>,
    pub now: Instant,
    last: Option<Operation>,
    /// Every line of a table that was answered, with the answer.
    pub heard: Vec<(String, Answer)>,
    /// The table at work.
    table: &'static str,
    /// Digests of the operations that made holds and coin strings.
    made: BTreeMap<String, Digest>,
}

impl<S: Suite> World<S> {
    pub fn new() -> Self {
        Self::on(MemoryLog::new())
    }
}

impl<S: Suite, L: OrderedLog> World<S, Bank<L, S::Key>> {
    pub fn on(log: L) -> Self {
        Self::founded(|genesis, key| {
            Bank::found(genesis, key.clone(), log, &S::verifier()).unwrap()
        })
    }
}

impl<S: Suite, E: Replicas<S>> World<S, E> {
    /// Each copy has the state that was answered from, and its log leads to it.
    pub fn check_logs(&mut self) {
        let replicas = self.bank.replicas();
        let registration = self.bank.registration();
        let (state, issued) = (registration.state_digest(), registration.wallets_total());
        let batches = registration.last_batch();
        let authority = self.authentication.public_key();
        for (place, replica) in replicas.iter().enumerate() {
            assert_eq!(replica.state, state, "{}", E::NAME);
            // Copies of the same log are looked at once.
            if replicas[..place].iter().any(|other| other.records == replica.records) {
                continue;
            }
            let (records, key) = (&replica.records, self.registration_key.clone());
            let recovered = Bank::recover(records, &authority, key, MemoryLog::new()).unwrap();
            assert_eq!(recovered.registration().state_digest(), state, "{}", E::NAME);
            let report = bank::audit(records, &authority, &S::verifier()).unwrap();
            assert_eq!((report.state, report.issued, report.batches), (state, issued, batches));
        }
    }
}

impl<S: Suite, E: Engine<S>> World<S, E> {
    pub fn founded(found: impl FnOnce(&Genesis, &S::Key) -> E) -> Self {
        let mut authentication = AuthenticationCentre::new(S::key(1));
        let registration_key = S::key(3);
        let validity = validity();
        let mut certify = |name, role, seed| {
            authentication.certify(name, role, S::key(seed).public_key(), validity)
        };
        let genesis = Genesis {
            at: START,
            authentication: certify("authentication", Role::AuthenticationCentre, 1),
            central_bank: certify("central bank", Role::CentralBank, 2),
            registration: certify("registration", Role::RegistrationCentre, 3),
            supervisor: certify("supervisor", Role::Supervisor, 5),
            operators: [(OPERATOR, 4), (OTHER_OPERATOR, 6)]
                .map(|(number, seed)| GenesisOperator {
                    number,
                    certificate: certify("operator", Role::Operator, seed),
                })
                .into_iter()
                .collect(),
        };
        Self {
            bank: found(&genesis, &registration_key),
            genesis,
            registration_key,
            authentication,
            central_bank: CentralBank::new(S::key(2)),
            operator: Operator::new(S::key(4), OPERATOR),
            other_operator: Operator::new(S::key(6), OTHER_OPERATOR),
            supervisor: S::key(5),
            payers: BTreeMap::new(),
            wallets: BTreeMap::new(),
            now: START,
            last: None,
            heard: Vec::new(),
            table: "lines",
            made: BTreeMap::new(),
        }
    }

    pub fn submit(&mut self, operations: Vec<Operation>) -> Vec<Answer> {
        self.now = self.now + Duration::from_milliseconds(10);
        let answers = self.bank.submit(self.now, operations.clone());
        for (operation, answer) in operations.iter().zip(&answers) {
            self.check_answer(operation, answer);
        }
        let registration = self.bank.registration();
        assert_eq!(registration.wallets_total(), registration.issued());
        answers
    }

    fn check_answer(&self, operation: &Operation, answer: &Answer) {
        assert!(!answer.code.is_proved() || answer.receipt.is_some());
        let Some(receipt) = &answer.receipt else { return };
        assert!(merkle::proves(receipt));
        assert_eq!(receipt.leaf.order, operation.digest());
        let key = self.registration_key.public_key();
        assert!(S::verifier().verify(&key, &receipt.root, &receipt.signature));
        if answer.code != ResultCode::Exists {
            assert_eq!(receipt.leaf.result, answer.code.number());
        }
    }

    /// Runs lines; panics with the line that isn't as it says.
    pub fn run(&mut self, lines: &str) {
        for (number, line) in lines.lines().enumerate() {
            let line = line.split('#').next().unwrap().trim();
            if !line.is_empty() {
                let (action, expected) = line.split_once("->").unwrap_or((line, "accepted"));
                let words: Vec<&str> = action.split_whitespace().collect();
                let place = format!("{}, line {}: {line}", self.table, number + 1);
                let found = self.act(&place, &words);
                assert_eq!(found, expected.trim(), "{place}: found {found} on {}", E::NAME);
            }
        }
    }

    /// Runs a table, under its name.
    pub fn run_table(&mut self, name: &'static str, lines: &str) {
        self.table = name;
        self.run(lines);
    }

    fn act(&mut self, place: &str, words: &[&str]) -> String {
        let operation = match words {
            ["key", name, role] => return self.new_key(name, role),
            ["wait", days] => {
                self.now = self.now + Duration::from_days(days.parse().unwrap());
                return "accepted".into();
            }
            [what @ ("balance" | "held" | "coins" | "deposit"), wallet] => {
                return self.look(what, wallet);
            }
            [what @ ("reserve" | "supplied" | "position"), operator] => {
                return self.look_at_operator(what, operator.parse().unwrap());
            }
            ["alarms"] => return self.bank.registration().statistics().alarms().to_string(),
            ["was"] => return self.receipt_code(),
            ["again"] => self.last.clone().unwrap(),
            _ => self.operation(words),
        };
        self.last = Some(operation.clone());
        let answer = self.submit(vec![operation]).remove(0);
        let code = answer.code.to_string();
        self.heard.push((place.to_owned(), answer));
        code
    }

    fn look(&mut self, what: &str, wallet: &str) -> String {
        let id = self.id(wallet);
        let wallet = self.bank.registration().wallet(id).unwrap();
        let found = match what {
            "held" => wallet.held,
            "coins" => wallet.coins,
            "deposit" => wallet.deposit,
            _ => wallet.balance,
        };
        format!("{found:#}")
    }

    fn look_at_operator(&self, what: &str, number: u16) -> String {
        let book = self.bank.registration().operator(number).unwrap();
        let found = match what {
            "reserve" => book.reserve,
            "supplied" => book.supplied,
            _ => book.position,
        };
        format!("{found:#}")
    }

    fn operation(&mut self, words: &[&str]) -> Operation {
        let at = self.now;
        if let Some(command) = commands::central(words) {
            return self.central_bank.instruct(at, command);
        }
        if let Some((wallet, command)) = commands::operating(self, words) {
            let other = wallet.is_some_and(|wallet| wallet.operator() == OTHER_OPERATOR);
            let operator = if other && words[0] != "trespass" {
                &mut self.other_operator
            } else {
                &mut self.operator
            };
            return operator.instruct(at, command);
        }
        match words {
            ["revoke", name] => {
                let serial = self.payers[*name].certificate.body.serial;
                self.authentication.revoke(at, serial)
            }
            ["disclose", name] => {
                let serial = self.payers[*name].certificate.body.serial;
                let warrant = Warrant { serial, warrant: Digest([1; 32]) };
                let supervisor = self.supervisor.sign(&warrant);
                self.authentication.disclose(at, serial, warrant.warrant, supervisor)
            }
            ["disclose-alone", name] => {
                let serial = self.payers[*name].certificate.body.serial;
                self.authentication.disclose(at, serial, Digest([1; 32]), Signature::default())
            }
            ["by", key, words @ ..] => self.by_owner(key, words),
            [verb, key, legs @ ..] => self.pay(verb, key, legs),
            _ => panic!("no such action: {words:?}"),
        }
    }

    /// A command of an owner; `… as NAME` keeps what it makes under that name.
    fn by_owner(&mut self, key: &str, words: &[&str]) -> Operation {
        let (words, name) = match words {
            [words @ .., "as", name] => (words, Some(*name)),
            words => (words, None),
        };
        let command = commands::owning(self, words);
        let operation = self.payers.get_mut(key).unwrap().desk.instruct(self.now, command);
        if let Some(name) = name {
            self.made.insert(name.into(), operation.digest());
        }
        operation
    }

    /// A hold by its name, or a coin string by its name and place: `gift.0`.
    pub fn made(&self, name: &str) -> Digest {
        let Some((name, place)) = name.split_once('.') else { return self.made[name] };
        let mut hash = crypto::Sm3::new();
        hash.update(b"JIDIAN-COIN-1");
        hash.update(&self.made[name].0);
        hash.update(&[place.parse().unwrap()]);
        hash.finish()
    }

    /// `pay` follows the chain; the others don't, and leave it as it was.
    fn pay(&mut self, verb: &str, key: &str, legs: &[&str]) -> Operation {
        let at = self.now;
        let legs: Vec<Leg> = legs.chunks(3).map(|leg| self.leg(leg)).collect();
        let payer = self.payers.get_mut(key).unwrap();
        if verb == "pay" {
            return payer.pay(at, &legs);
        }
        let mut order = payer.order(at, &legs);
        match verb {
            "refused" | "forge" => {}
            "fork" => order.sequence -= 1,
            "skip" => order.sequence += 1,
            "zero" => order.sequence = 0,
            "old" => order.sequence = 1,
            "lost" => order.previous = Digest([9; 32]),
            _ => panic!("no such verb: {verb}"),
        }
        let mut sealed = payer.desk.signer().seal(order);
        if verb == "forge" {
            sealed.signature.0[40] ^= 1;
            sealed.signature.0[3] ^= 1;
        }
        sealed.into()
    }

    fn leg(&mut self, words: &[&str]) -> Leg {
        let [debit, credit, amount] = words else { panic!("a leg has three words: {words:?}") };
        Leg { debit: self.id(debit), credit: self.id(credit), amount: fen(amount), reason: 1 }
    }

    /// A new name is a wallet with the next serial number.
    pub fn id(&mut self, name: &str) -> WalletId {
        match name {
            "issuance-vault" => return bank::issuance_vault(),
            "bank-vault" => return self.operator.vault(),
            "other-vault" => return self.other_operator.vault(),
            "elsewhere" => return WalletId::new(107, 1).unwrap(),
            _ => {}
        }
        let operator = if name.ends_with("@106") { OTHER_OPERATOR } else { OPERATOR };
        let serial = self.wallets.len() as u64 + 1;
        *self.wallets.entry(name.into()).or_insert(WalletId::new(operator, serial).unwrap())
    }

    pub fn new_key(&mut self, name: &str, role: &str) -> String {
        let role = match role {
            "meter" => Role::Meter,
            "holder" => Role::Holder,
            "grid-company" => Role::GridCompany,
            "operator" => Role::Operator,
            _ => panic!("no such role: {role}"),
        };
        let key = S::key(100 + self.payers.len() as u64);
        let public = key.public_key();
        let certificate = self.authentication.certify(name, role, public, validity());
        let desk = Desk::new(key, Chain::START);
        self.payers.insert(name.into(), Payer { desk, certificate });
        "accepted".into()
    }

    /// The code in the receipt that a repetition of the last operation brings.
    fn receipt_code(&mut self) -> String {
        let operation = self.last.clone().unwrap();
        let answer = self.submit(vec![operation]).remove(0);
        let receipt = answer.receipt.unwrap();
        ResultCode::from_number(receipt.leaf.result).unwrap().to_string()
    }
}

pub fn validity() -> Validity {
    Validity { from: START, until: START + Duration::from_days(365) }
}

pub fn fen(text: &str) -> Fen {
    text.parse().unwrap()
}

pub fn kind_of(text: &str) -> WalletKind {
    match text {
        "personal" => WalletKind::Personal,
        "corporate" => WalletKind::Corporate,
        "income" => WalletKind::Income,
        "vault" => WalletKind::BankVault,
        _ => panic!("no such kind: {text}"),
    }
}

pub fn grade_of(text: &str) -> Grade {
    match text {
        "I" => Grade::I,
        "II" => Grade::II,
        "III" => Grade::III,
        "IV" => Grade::IV,
        _ => panic!("no such grade: {text}"),
    }
}
