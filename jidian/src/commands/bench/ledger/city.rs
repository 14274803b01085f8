//! A bank with many wallets, each with a key, and the orders that they send.
//!
//! Signatures are counted apart, so keys here sign nothing and the verifier looks at nothing; all
//! else is what a bank does.

use bank::authentication::{AuthenticationCentre, Validity};
use bank::command::Command;
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::registration::{Authenticated, Chain, Digested};
use bank::terms::{Holders, LimitRule};
use bank::{Bank, Genesis, GenesisOperator, Grade, LogError, Operation, OrderedLog, WalletKind};
use crypto::{Sign, Verify, sm3};
use quantity::{Duration, Fen, Instant};
use simulation::random::Random;
use wire::identity::{PublicKey, Role};
use wire::order::{Leg, PaymentOrder};
use wire::{Digest, KeyId, Signature, Signed, WalletId};

/// Operations of a batch while the city is founded.
const FOUNDING_BATCH: usize = 8192;
const OPERATOR: u16 = 102;
pub(super) const START: Instant = Instant::from_unix_seconds(1_790_000_000);

/// A key whose public half is all that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsigned(PublicKey);

/// Takes every signature for good.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unchecked;

impl Unsigned {
    fn of(number: u64) -> Self {
        let half = sm3(&number.to_be_bytes()).0;
        let mut key = [0; 64];
        key[..32].copy_from_slice(&half);
        key[32..].copy_from_slice(&half);
        Self(PublicKey(key))
    }
}

impl Sign for Unsigned {
    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign_parts(&self, _: &[&[u8]]) -> Signature {
        Signature::default()
    }
}

impl Verify for Unchecked {
    fn verify_parts(&self, _: &PublicKey, _: &[&[u8]], _: &Signature) -> bool {
        true
    }
}

/// Whom the customers pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payees {
    /// Each other, evenly.
    Uniform,
    /// One wallet: the grid company's income.
    Hot,
}

/// Customers, who send one order after the other.
pub(super) struct City {
    keys: Vec<KeyId>,
    chains: Vec<Chain>,
    random: Random,
    sent: u64,
}

/// Whose turn it is.
fn place(sent: u64, customers: usize) -> usize {
    usize::try_from(sent).expect("64 bits") % customers
}

/// Public key of the authentication centre, and the registration centre's key.
pub(super) fn keys() -> (PublicKey, Unsigned) {
    (Unsigned::of(1).public_key(), Unsigned::of(3))
}

pub(super) fn wallet(serial: usize) -> WalletId {
    let serial = u64::try_from(serial).expect("64 bits") + 1;
    WalletId::new(OPERATOR, serial).expect("fewer than 10¹² wallets")
}

/// Founds a bank on an empty log and opens wallet 0, the hot one, and `customers` others.
pub(super) fn found<L: OrderedLog>(
    customers: usize,
    log: L,
    progress: impl Fn(usize),
) -> Result<(Bank<L, Unsigned>, City), LogError> {
    let validity = Validity { from: START, until: START + Duration::from_days(3650) };
    let mut centre = AuthenticationCentre::new(Unsigned::of(1));
    let mut certify =
        |role, key| centre.certify("", role, Unsigned::of(key).public_key(), validity);
    let genesis = Genesis {
        at: START,
        authentication: certify(Role::AuthenticationCentre, 1),
        central_bank: certify(Role::CentralBank, 2),
        registration: certify(Role::RegistrationCentre, 3),
        supervisor: certify(Role::Supervisor, 4),
        operators: [GenesisOperator { number: OPERATOR, certificate: certify(Role::Operator, 5) }]
            .into_iter()
            .collect(),
    };
    let bank = Bank::found(&genesis, Unsigned::of(3), log, &Unchecked);
    let mut bank = bank.map_err(|error| LogError { reason: error.to_string() })?;
    let mut central = CentralBank::new(Unsigned::of(2));
    let mut setup = central.endow(START, OPERATOR, Fen::from_yuan(10_000_000_000_000), Fen::ZERO);
    setup.push(central.instruct(START, Command::SetLimits { rule: limits() }));
    let mut operator = Operator::new(Unsigned::of(5), OPERATOR);
    setup.push(operator.open(START, wallet(0), WalletKind::Income, Grade::I));
    let mut keys = Vec::with_capacity(customers);
    for customer in 1..=customers {
        let number = 1000 + u64::try_from(customer).expect("64 bits");
        let certificate = certify(Role::Meter, number);
        keys.push(crypto::key_id(&certificate.body.public_key));
        setup.push(operator.open(START, wallet(customer), WalletKind::Personal, Grade::II));
        setup.push(operator.bind(START, wallet(customer), certificate));
        setup.extend(operator.fund(START, wallet(customer), Fen::from_yuan(100_000)));
        if setup.len() >= FOUNDING_BATCH {
            submit(&mut bank, &mut setup)?;
            progress(customer);
        }
    }
    submit(&mut bank, &mut setup)?;
    let chains = vec![Chain::START; customers];
    Ok((bank, City { keys, chains, random: Random::from_seed(7), sent: 0 }))
}

fn submit<L: OrderedLog>(
    bank: &mut Bank<L, Unsigned>,
    setup: &mut Vec<Operation>,
) -> Result<(), LogError> {
    let checked = |operation| bank.registration().authenticate(operation, &Unchecked);
    let batch: Vec<Authenticated> = setup.drain(..).map(checked).collect();
    let settled = bank.settle(START, &batch)?;
    assert!(settled.codes.iter().all(|code| code.number() == 0), "the city is founded");
    Ok(())
}

/// Limits that are looked at for each payment and never reached.
fn limits() -> LimitRule {
    let much = Some(Fen::from_yuan(100_000_000));
    LimitRule {
        holders: Holders::Persons,
        grade: Grade::II,
        from_day: 0,
        single: much,
        day: much,
        year: much,
        balance: much,
    }
}

impl City {
    /// The next orders: each of the customer whose turn it is, to random payees.
    pub(super) fn orders(&mut self, count: usize, shape: (Payees, usize)) -> Vec<Digested> {
        let mut orders = Vec::with_capacity(count);
        while orders.len() < count {
            let round = (count - orders.len()).min(self.keys.len());
            orders.extend(self.round(round, shape));
        }
        orders
    }

    /// One order of each of the next customers: the second of one names the digest of the first.
    fn round(&mut self, customers: usize, (payees, legs): (Payees, usize)) -> Vec<Digested> {
        let first = self.sent;
        let orders = Digested::all((0..customers).map(|_| self.order(payees, legs)).collect());
        for (number, order) in (first..).zip(&orders) {
            let chain = &mut self.chains[place(number, self.keys.len())];
            *chain = Chain { sequence: chain.next_sequence(), last: order.digest() };
        }
        orders
    }

    fn order(&mut self, payees: Payees, legs: usize) -> Operation {
        let place = place(self.sent, self.keys.len());
        self.sent += 1;
        let chain = self.chains[place];
        let order = PaymentOrder {
            signer: self.keys[place],
            sequence: chain.next_sequence(),
            previous: chain.last,
            at: START,
            evidence: Digest::default(),
            legs: (0..legs).map(|leg| self.leg(place, payees, leg)).collect(),
        };
        Signed { body: order, signature: Signature::default() }.into()
    }

    fn leg(&self, payer: usize, payees: Payees, leg: usize) -> Leg {
        let customers = self.keys.len();
        let dice = self.random.part(self.sent).part(leg as u64);
        let credit = match payees {
            Payees::Hot => wallet(0),
            Payees::Uniform => {
                let most = i64::try_from(customers).expect("64 bits") - 1;
                let other = usize::try_from(dice.part(1).between(1, most)).expect("above zero");
                wallet(1 + (payer + other) % customers)
            }
        };
        let amount = Fen::from_fen(dice.part(2).between(1, 5));
        Leg { debit: wallet(1 + payer), credit, amount, reason: 1 }
    }
}
