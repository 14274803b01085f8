//! Customers of a sandbox for load: their keys, their wallets and their orders.

use super::init::FOUNDED;
use bank::authentication::{AuthenticationCentre, Validity};
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::registration::Chain;
use bank::{Grade, Operation, WalletKind};
use crypto::{Sign, SigningKey};
use quantity::Fen;
use simulation::founding::Keys;
use simulation::random::Random;
use wire::identity::Role;
use wire::order::{Leg, PaymentOrder};
use wire::{Digest, Signature, Signed, WalletId};

/// First three digits of the sandbox operator's wallets.
const OPERATOR: u16 = 102;
/// The first wallet of the load; those of pilots are below and above.
const FIRST_WALLET: u64 = 700_000_000;
/// One customer: a key, a wallet, and where its chain of orders stands.
pub(in crate::commands) struct Customer {
    key: SigningKey,
    pub(in crate::commands) wallet: WalletId,
    pub(in crate::commands) chain: Chain,
}

pub(in crate::commands) fn customer(seed: u64, number: u64) -> Customer {
    let random = Random::from_seed(seed).part(0x006c_6f61_6400).part(number);
    let mut tries = (0..).map(|part| random.part(part).bytes());
    let key = tries.find_map(|bytes| SigningKey::from_bytes(&bytes));
    Customer {
        key: key.expect("nearly all numbers are keys"),
        wallet: WalletId::new(OPERATOR, FIRST_WALLET + number).expect("the serial is short"),
        chain: Chain::START,
    }
}

/// Issues money and opens, binds and fills all wallets. Sent twice, all of it exists.
pub(in crate::commands) fn opening(seed: u64, customers: &[Customer]) -> Vec<Operation> {
    let keys = Keys::of_seed(seed);
    let mut centre = AuthenticationCentre::new(keys.authority.clone());
    let mut bank = CentralBank::new(keys.central_bank.clone());
    let mut operator = Operator::new(keys.operators[0].clone(), OPERATOR);
    let validity = Validity { from: FOUNDED, until: FOUNDED + quantity::Duration::from_days(3650) };
    let each = Fen::from_yuan(1000);
    let issued =
        Fen::from_fen(each.fen() * i64::try_from(customers.len()).expect("fewer than 2⁶³"));
    let mut operations = bank.endow(FOUNDED, OPERATOR, issued, Fen::ZERO);
    for customer in customers {
        let name = customer.wallet.to_string();
        let key = customer.key.public_key();
        let certificate = centre.certify(&name, Role::Meter, key, validity);
        operations.push(operator.open(FOUNDED, customer.wallet, WalletKind::Personal, Grade::II));
        operations.push(operator.bind(FOUNDED, customer.wallet, certificate));
        operations.extend(operator.fund(FOUNDED, customer.wallet, each));
    }
    operations
}

impl Customer {
    /// The next order, signed.
    pub(in crate::commands) fn pay(&mut self, payee: WalletId) -> Operation {
        let order = self.order(payee);
        self.key.seal(order).into()
    }

    /// The next order under a signature of zeros, for a bench that counts signatures apart.
    pub(in crate::commands) fn pay_unsigned(&mut self, payee: WalletId) -> Operation {
        let body = self.order(payee);
        Signed { body, signature: Signature::default() }.into()
    }

    fn order(&mut self, payee: WalletId) -> PaymentOrder {
        let leg = Leg { debit: self.wallet, credit: payee, amount: Fen::from_fen(1), reason: 0 };
        let order = PaymentOrder {
            signer: self.key.id(),
            sequence: self.chain.next_sequence(),
            previous: self.chain.last,
            at: FOUNDED,
            evidence: Digest::default(),
            legs: core::iter::once(leg).collect(),
        };
        self.chain = Chain { sequence: order.sequence, last: crypto::digest(&order) };
        order
    }
}
