//! How many payment orders per second the ledger applies, and how many with SM2 on one thread.
#![allow(clippy::disallowed_methods, reason = "an example measures time")]
#![allow(clippy::print_stdout, reason = "an example prints")]
#![allow(clippy::unwrap_used, reason = "an example may panic")]
#![allow(clippy::float_arithmetic, reason = "a rate for people")]

use bank::authentication::{AuthenticationCentre, Validity};
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::registration::{Authenticated, Chain};
use bank::{Bank, Genesis, GenesisOperator, Grade, MemoryLog, Operation, Registration, WalletKind};
use crypto::{Sign, SigningKey, Sm2Verifier, Verify, sm3};
use quantity::{Duration, Fen, Instant};
use std::time::Instant as Clock;
use wire::identity::{PublicKey, Role};
use wire::order::{Leg, PaymentOrder};
use wire::{Digest, Signature, WalletId};

const BATCH: usize = 8192;
const START: Instant = Instant::from_unix_seconds(1_790_000_000);

/// Takes every signature for good: what is left is the ledger.
struct Trusting;

impl Verify for Trusting {
    fn verify_parts(&self, _: &PublicKey, _: &[&[u8]], _: &Signature) -> bool {
        true
    }
}

/// A key whose public half is all that counts.
struct Unsigned(PublicKey);

impl Sign for Unsigned {
    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign_parts(&self, _: &[&[u8]]) -> Signature {
        Signature::default()
    }
}

struct Meter<K> {
    key: K,
    wallet: WalletId,
    chain: Chain,
}

impl<K: Sign> Meter<K> {
    fn pay(&mut self, income: WalletId) -> Operation {
        let leg = Leg { debit: self.wallet, credit: income, amount: Fen::from_fen(1), reason: 1 };
        let order = PaymentOrder {
            signer: crypto::key_id(&self.key.public_key()),
            sequence: self.chain.next_sequence(),
            previous: self.chain.last,
            at: START,
            evidence: Digest::default(),
            legs: [leg].into_iter().collect(),
        };
        self.chain = Chain { sequence: order.sequence, last: crypto::digest(&order) };
        Operation::Pay(self.key.seal(order))
    }
}

struct City<K> {
    bank: Bank<MemoryLog, K>,
    meters: Vec<Meter<K>>,
    income: WalletId,
}

fn found<K: Sign>(meters: usize, key: impl Fn(u64) -> K, verifier: &impl Verify) -> City<K> {
    let validity = Validity { from: START, until: START + Duration::from_days(365) };
    let mut authentication = AuthenticationCentre::new(key(1));
    let mut certify =
        |role, seed| authentication.certify("", role, key(seed).public_key(), validity);
    let genesis = Genesis {
        at: START,
        authentication: certify(Role::AuthenticationCentre, 1),
        central_bank: certify(Role::CentralBank, 2),
        registration: certify(Role::RegistrationCentre, 3),
        supervisor: certify(Role::Supervisor, 5),
        operators: [GenesisOperator { number: 105, certificate: certify(Role::Operator, 4) }]
            .into_iter()
            .collect(),
    };
    let mut operator = Operator::new(key(4), 105);
    let income = operator.wallet(1).unwrap();
    let money = Fen::from_yuan(10_000_000_000);
    let mut central_bank = CentralBank::new(key(2));
    let mut setup = central_bank.endow(START, 105, money, Fen::ZERO);
    setup.push(operator.open(START, income, WalletKind::Income, Grade::I));
    let mut city = Vec::new();
    for seed in 10..10 + meters as u64 {
        let (wallet, key) = (operator.wallet(seed).unwrap(), key(seed));
        setup.push(operator.open(START, wallet, WalletKind::Personal, Grade::IV));
        setup.push(operator.bind(START, wallet, certify(Role::Meter, seed)));
        setup.extend(operator.fund(START, wallet, Fen::from_yuan(100)));
        city.push(Meter { key, wallet, chain: Chain::START });
    }
    let mut bank = Bank::found(&genesis, key(3), MemoryLog::new(), verifier).unwrap();
    for batch in setup.chunks(BATCH) {
        let answers = bank.submit(START, batch.to_vec(), verifier).unwrap();
        assert!(answers.iter().all(|answer| answer.code.number() == 0));
    }
    City { bank, meters: city, income }
}

fn report(what: &str, orders: usize, since: Clock) {
    let seconds = since.elapsed().as_secs_f64();
    println!("{what:<52} {:>10.0} orders/s", orders as f64 / seconds);
}

fn ledger_alone() {
    let unsigned = |seed: u64| {
        let half = sm3(&seed.to_be_bytes()).0;
        Unsigned(PublicKey([half, half].concat().try_into().unwrap()))
    };
    let meters = std::env::args().nth(1).map_or(100_000, |meters| meters.parse().unwrap());
    let mut city = found(meters, unsigned, &Trusting);
    let orders: Vec<Operation> =
        (0..4).flat_map(|_| pay_all(&mut city.meters, city.income)).collect();
    let registration: &Registration = city.bank.registration();
    let mut apart = registration.clone();

    let clock = Clock::now();
    let authenticated: Vec<Authenticated> =
        orders.iter().map(|order| registration.authenticate(order.clone(), &Trusting)).collect();
    report("look-up and digest (can run in many threads)", orders.len(), clock);

    let clock = Clock::now();
    for batch in authenticated.chunks(BATCH) {
        let outcome = apart.apply(START, batch);
        apart.commit(outcome, Signature::default());
    }
    report("apply, leaves, Merkle tree, commit", orders.len(), clock);

    let clock = Clock::now();
    for batch in authenticated.chunks(BATCH) {
        city.bank.submit_authenticated(START, batch).unwrap();
    }
    report("the same with record in memory and all receipts", orders.len(), clock);
    assert_eq!(apart.state_digest(), city.bank.registration().state_digest());

    let clock = Clock::now();
    let authority = unsigned(1).public_key();
    let records = city.bank.log().records();
    Bank::recover(records, &authority, unsigned(3), MemoryLog::new()).unwrap();
    report("recovery from the log (set-up not counted)", orders.len(), clock);
}

fn pay_all<K: Sign>(meters: &mut [Meter<K>], income: WalletId) -> Vec<Operation> {
    meters.iter_mut().map(|meter| meter.pay(income)).collect()
}

fn with_signatures() {
    let key = |seed: u64| SigningKey::from_bytes(&sm3(&seed.to_be_bytes()).0).unwrap();
    let mut city = found(1000, key, &Trusting);
    let orders = pay_all(&mut city.meters, city.income);
    let clock = Clock::now();
    let answers = city.bank.submit(START, orders, &Sm2Verifier).unwrap();
    report("everything, SM2 verified on one thread", answers.len(), clock);
    assert!(answers.iter().all(|answer| answer.code.number() == 0));
}

fn main() {
    println!("100,000 meters pay one wallet, batches of {BATCH}");
    ledger_alone();
    if std::env::args().nth(1).is_none() {
        with_signatures();
    }
}
