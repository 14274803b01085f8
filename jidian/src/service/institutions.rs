//! Where the sandbox's institutions sign: the one place that knows their desks.

use super::problem::Problem;
use bank::authentication::{AuthenticationCentre, Disclosure, Register, Validity};
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::terms::Warrant;
use bank::{Command, Genesis, Grade, Operation, Registration, WalletKind};
use crypto::{Sign, SigningKey};
use quantity::{Duration, Instant};
use simulation::founding::Keys;
use wire::identity::{PublicKey, Role};
use wire::{Digest, KeyId, Signature, WalletId};

/// How long a certified key may sign.
const VALIDITY: Duration = Duration::from_days(3650);

/// What a caller asks of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// Of the central bank.
    Central(Command),
    /// Of the operator of this number.
    Operating(u16, Command),
    /// Without a serial number, the operator's next free one is taken.
    Open {
        operator: u16,
        serial: Option<u64>,
        kind: WalletKind,
        grade: Grade,
        parent: Option<WalletId>,
    },
    /// The authentication centre certifies the key, and the wallet's operator binds it.
    Bind { wallet: WalletId, holder: String, role: Role, key: PublicKey },
    /// Of the authentication centre.
    Revoke(u64),
    /// Of the authentication centre, with the supervisor's signature.
    Disclose { serial: u64, warrant: Digest, supervisor: Signature },
}

/// The sandbox's supervisor: the second key that opens whose a certificate is.
pub(super) struct Supervisor(SigningKey);

impl Supervisor {
    pub(super) fn new(keys: &Keys) -> Self {
        Self(keys.supervisor.clone())
    }

    pub(super) fn sign(&self, serial: u64, warrant: Digest) -> Signature {
        self.0.sign(&Warrant { serial, warrant })
    }
}

/// The desks of all institutions.
pub(super) struct Desks {
    central_bank: CentralBank<SigningKey>,
    operators: Vec<OperatorDesk>,
    centre: AuthenticationCentre<SigningKey>,
}

struct OperatorDesk {
    number: u16,
    operator: Operator<SigningKey>,
    /// Serial number of the operator's next wallet.
    next_wallet: u64,
}

impl Desks {
    /// Goes on where the ledger stands.
    pub(super) fn new(
        keys: &Keys,
        genesis: &Genesis,
        register: Register,
        ledger: &Registration,
    ) -> Self {
        let numbers = genesis.operators.iter().map(|operator| operator.number);
        let desk = |(number, key): (u16, &SigningKey)| OperatorDesk {
            number,
            operator: Operator::new(key.clone(), number),
            next_wallet: next_wallet(number, ledger),
        };
        let mut desks = Self {
            central_bank: CentralBank::new(keys.central_bank.clone()),
            operators: numbers.zip(&keys.operators).map(desk).collect(),
            centre: AuthenticationCentre::with_register(keys.authority.clone(), register),
        };
        desks.resume(ledger);
        desks
    }

    /// Goes on where the ledger stands: what was refused or lost left no gap.
    pub(super) fn resume(&mut self, ledger: &Registration) {
        let chain = |key| ledger.chain(key).expect("institutions are in the genesis");
        self.central_bank.resume(chain(self.central_bank.key()));
        for desk in &mut self.operators {
            desk.operator.resume(chain(desk.operator.key()));
        }
        self.centre.resume(chain(self.centre.key()));
    }

    /// Whose certificates are whose; to be kept before a certificate leaves.
    pub(super) const fn register(&self) -> &Register {
        self.centre.register()
    }

    /// Keeps in the authentication centre's register what was opened.
    pub(super) fn note(&mut self, disclosure: Disclosure) {
        self.centre.note(disclosure);
    }

    /// Signs what was asked for.
    pub(super) fn sign(&mut self, at: Instant, errand: Errand) -> Result<Operation, Problem> {
        Ok(match errand {
            Errand::Central(command) => self.central_bank.instruct(at, command),
            Errand::Operating(number, command) => self.desk(number)?.operator.instruct(at, command),
            Errand::Open { operator, serial, kind, grade, parent } => {
                let desk = self.desk(operator)?;
                let wallet = desk.take_number(serial)?;
                let command = Command::OpenWallet { wallet, kind, parent, grade };
                desk.operator.instruct(at, command)
            }
            Errand::Bind { wallet, holder, role, key } => {
                self.desk(wallet.operator())?;
                let validity = Validity { from: at, until: at + VALIDITY };
                let certificate = self.centre.certify(&holder, role, key, validity);
                self.desk(wallet.operator())?.operator.bind(at, wallet, certificate)
            }
            Errand::Revoke(serial) => self.centre.revoke(at, serial),
            Errand::Disclose { serial, warrant, supervisor } => {
                self.centre.disclose(at, serial, warrant, supervisor)
            }
        })
    }

    fn desk(&mut self, number: u16) -> Result<&mut OperatorDesk, Problem> {
        let mut desks = self.operators.iter_mut();
        let none = || Problem::not_found(format!("operator {number:03} has no desk here"));
        desks.find(|desk| desk.number == number).ok_or_else(none)
    }
}

impl OperatorDesk {
    fn take_number(&mut self, serial: Option<u64>) -> Result<WalletId, Problem> {
        let serial = serial.unwrap_or(self.next_wallet);
        let wallet = self.operator.wallet(serial);
        let wallet = wallet.ok_or_else(|| Problem::bad_request("serial: 1 to 999999999999"))?;
        self.next_wallet = self.next_wallet.max(serial + 1);
        Ok(wallet)
    }
}

fn next_wallet(number: u16, ledger: &Registration) -> u64 {
    let wallets = ledger.wallets().filter(|wallet| wallet.id.operator() == number);
    let serials = wallets.map(|wallet| wallet.id.number() / 10 % 1_000_000_000_000);
    serials.max().unwrap_or(0) + 1
}

/// The register of a bank that was just founded: the institutions under the serial numbers that
/// their certificates in the genesis have.
pub(super) fn first_register(keys: &Keys, genesis: &Genesis) -> Register {
    let mut centre = AuthenticationCentre::new(keys.authority.clone());
    let certificate = &genesis.authentication.body;
    let validity = Validity { from: certificate.valid_from, until: certificate.valid_until };
    centre.certify_self("authentication centre", validity);
    let centres = [
        ("central bank", &genesis.central_bank),
        ("registration centre", &genesis.registration),
        ("supervisor", &genesis.supervisor),
    ];
    let operators = genesis.operators.iter().map(|operator| ("operator", &operator.certificate));
    for (name, certificate) in centres.into_iter().chain(operators) {
        let body = &certificate.body;
        let again = centre.certify(name, body.role, body.public_key, validity);
        assert_eq!(again.body.serial, body.serial, "the genesis numbers them in this order");
    }
    centre.register().clone()
}

/// Public key of the authentication centre of a seed.
pub(super) fn authority(keys: &Keys) -> PublicKey {
    keys.authority.public_key()
}

/// Whether a key is an operator's own.
pub(super) fn is_operators_own(key: KeyId, genesis: &Genesis) -> bool {
    let mut operators = genesis.operators.iter();
    operators.any(|operator| crypto::key_id(&operator.certificate.body.public_key) == key)
}
