//! Before the first minute: keys, certificates, the bank's genesis, wallets and their money.
//!
//! All keys come from the seed. A real pilot draws them in the chips and never sees them; that is
//! the one thing of this module that must not leave the simulation.

use crate::random::Random;
use crate::scenario::{Limits as LimitRule, Scenario};
use bank::authentication::{AuthenticationCentre, Validity};
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::{Genesis, GenesisOperator, Grade, Operation, WalletKind};
use contract::{CustomerClass, Role};
use crypto::{Sign, SigningKey};
use quantity::{Duration, Fen, Instant};
use tee::{Access, Anchors, Binding, Personalisation, Signers};
use wire::identity::Certificate;
use wire::tee::Limits;
use wire::{Digest, KeyId, MeterId, Role as KeyRole, Signed, WalletId};

/// First three digits of the wallets of the two operators: that of the companies and of half the
/// customers, and that of the other half. A payment from one to the other is final at once.
const OPERATORS: [u16; 2] = [102, 105];
/// Certificates and institutions are valid this long.
const VALIDITY: Duration = Duration::from_days(3650);

/// The institutions' keys.
#[derive(Clone)]
pub struct Keys {
    /// Signs all certificates.
    pub authority: SigningKey,
    /// Signs issuance.
    pub central_bank: SigningKey,
    /// Signs roots.
    pub registration: SigningKey,
    /// Signs warrants, the second key that opens an anonymous wallet.
    pub supervisor: SigningKey,
    /// The registration centre's secret behind the pseudonyms that the analysis centre sees.
    pub pseudonyms: [u8; 32],
    /// Sign what happens to wallets. The first one also lets meters' limits be changed.
    pub operators: [SigningKey; 2],
    /// First signer of contracts.
    pub regulator: SigningKey,
    /// Second signer of contracts, signer of price signals, holder of the company's wallets.
    pub grid_company: SigningKey,
}

impl Keys {
    /// The registration centre's private key as a ledger node keeps it.
    #[must_use]
    pub fn registration_secret(seed: u64) -> [u8; 32] {
        secret(Self::source(seed).part(3))
    }

    const fn source(seed: u64) -> Random {
        Random::from_seed(seed).part(0x6b65_7973)
    }

    /// The keys of a seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let random = Self::source(seed);
        Self {
            authority: key(random.part(1)),
            central_bank: key(random.part(2)),
            registration: key(random.part(3)),
            supervisor: key(random.part(7)),
            pseudonyms: random.part(9).bytes(),
            operators: [key(random.part(4)), key(random.part(8))],
            regulator: key(random.part(5)),
            grid_company: key(random.part(6)),
        }
    }

    /// Whose contracts count.
    #[must_use]
    pub fn signers(&self) -> Signers {
        Signers {
            regulator: self.regulator.public_key(),
            grid_company: self.grid_company.public_key(),
        }
    }

    /// Whom meters trust.
    #[must_use]
    pub fn anchors(&self) -> Anchors {
        Anchors {
            signers: self.signers(),
            registration_centre: self.registration.public_key(),
            operator: self.operators[0].public_key(),
        }
    }
}

/// 32 bytes that are a private key: the first ones of the source that are.
fn secret(random: Random) -> [u8; 32] {
    let mut tries = (0..).map(|part| random.part(part).bytes());
    tries
        .find(|bytes| SigningKey::from_bytes(bytes).is_some())
        .expect("all but one of 2³² numbers are keys")
}

fn key(random: Random) -> SigningKey {
    SigningKey::from_bytes(&secret(random)).expect("tried when it was chosen")
}

/// Wallets of the grid company and of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompanyWallets {
    /// The grid company's income wallet.
    pub income: WalletId,
    /// The grid company's purchase-payment wallet, parent of all purchase sub-wallets.
    pub purchase: WalletId,
    /// Government funds and surcharges.
    pub fund: WalletId,
    /// The provincial treasury.
    pub treasury: WalletId,
    /// Fiscal subsidies, parent of all fiscal sub-wallets.
    pub fiscal: WalletId,
}

impl CompanyWallets {
    /// The wallets of every pilot.
    #[must_use]
    pub fn new() -> Self {
        Self {
            income: wallet(1),
            purchase: wallet(2),
            fund: wallet(3),
            treasury: wallet(4),
            fiscal: wallet(5),
        }
    }
}

impl Default for CompanyWallets {
    fn default() -> Self {
        Self::new()
    }
}

fn wallet(serial: u64) -> WalletId {
    wallet_at(0, serial)
}

fn wallet_at(operator: usize, serial: u64) -> WalletId {
    WalletId::new(OPERATORS[operator], serial).expect("serial numbers of the pilot are short")
}

/// One meter before it is made.
#[derive(Clone, Debug)]
pub struct MeterPlan {
    /// Its number and address.
    pub id: MeterId,
    /// Its class.
    pub class: CustomerClass,
    /// Name of its owner, known to the authentication centre alone.
    pub owner: String,
    /// Position among customers, or among plants.
    pub place: Place,
    /// Whether it takes and whether it feeds in under a contract.
    pub trades: Trades,
    /// Money in the owner's bill wallet at the start.
    pub wallet: Fen,
}

/// Whose meter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The customer of this number.
    Customer(u32),
    /// The plant of this number.
    Plant(u32),
}

/// Directions with a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trades {
    /// The owner pays for what it takes.
    pub import: bool,
    /// The grid company pays for what it feeds in.
    pub export: bool,
    /// A subsidy is paid out of a fiscal sub-wallet.
    pub subsidised: bool,
}

impl MeterPlan {
    fn number(&self) -> u64 {
        match self.place {
            Place::Customer(index) => u64::from(index),
            Place::Plant(index) => 900_000 + u64::from(index),
        }
    }

    /// Which operator the owner of the meter chose.
    fn operator(&self) -> usize {
        match self.place {
            Place::Customer(index) => usize::from(index % 2 == 1),
            Place::Plant(_) => 0,
        }
    }

    /// The owner's bill-payment wallet.
    #[must_use]
    pub fn bill_wallet(&self) -> WalletId {
        wallet_at(self.operator(), 1_000_000 + self.number())
    }

    /// The sub-wallet of the purchase-payment wallet that is bound to this meter.
    #[must_use]
    pub fn purchase_wallet(&self) -> WalletId {
        wallet(2_000_000 + self.number())
    }

    /// The owner's income wallet.
    #[must_use]
    pub fn income_wallet(&self) -> WalletId {
        wallet_at(self.operator(), 3_000_000 + self.number())
    }

    /// The fiscal sub-wallet that is bound to this meter.
    #[must_use]
    pub fn fiscal_wallet(&self) -> WalletId {
        wallet(4_000_000 + self.number())
    }

    /// Money in its sub-wallets at the start.
    #[must_use]
    pub fn allotment(&self) -> Fen {
        match self.place {
            Place::Customer(_) => Fen::from_yuan(200),
            Place::Plant(_) => Fen::from_yuan(20_000),
        }
    }

    /// Wallets that its key may debit, with what they hold at the start.
    fn debits(&self) -> Vec<(Role, WalletId, Fen)> {
        let Trades { import, export, subsidised } = self.trades;
        let all = [
            (import, (Role::CustomerBill, self.bill_wallet(), self.wallet)),
            (export, (Role::GridPurchase, self.purchase_wallet(), self.allotment())),
            (subsidised, (Role::Fiscal, self.fiscal_wallet(), self.allotment())),
        ];
        all.into_iter().filter(|(needed, _)| *needed).map(|(_, debit)| debit).collect()
    }
}

/// Founds the pilot: who signs what, step by step.
pub struct Founding {
    /// The institutions' keys.
    pub keys: Keys,
    /// The company's wallets.
    pub company: CompanyWallets,
    start: Instant,
    random: Random,
    centre: AuthenticationCentre<SigningKey>,
    bank: CentralBank<SigningKey>,
    operators: [Operator<SigningKey>; 2],
}

impl Founding {
    /// Begins with the keys of a seed.
    #[must_use]
    pub fn new(seed: u64, start: Instant) -> Self {
        let keys = Keys::of_seed(seed);
        Self {
            company: CompanyWallets::new(),
            start,
            random: Random::from_seed(seed).part(0x6d65_7465_7273),
            centre: AuthenticationCentre::new(keys.authority.clone()),
            bank: CentralBank::new(keys.central_bank.clone()),
            operators: [0, 1]
                .map(|place| Operator::new(keys.operators[place].clone(), OPERATORS[place])),
            keys,
        }
    }

    const fn validity(&self) -> Validity {
        Validity {
            from: self.start,
            until: Instant::from_unix_milliseconds(
                self.start.unix_milliseconds() + VALIDITY.milliseconds(),
            ),
        }
    }

    /// The bank's first record.
    pub fn genesis(&mut self) -> Genesis {
        let validity = self.validity();
        let authentication = self.centre.certify_self("authentication centre", validity);
        let institutions = [
            ("central bank", KeyRole::CentralBank, self.keys.central_bank.public_key()),
            (
                "registration centre",
                KeyRole::RegistrationCentre,
                self.keys.registration.public_key(),
            ),
            ("supervisor", KeyRole::Supervisor, self.keys.supervisor.public_key()),
        ];
        let [central_bank, registration, supervisor] =
            institutions.map(|(name, role, key)| self.centre.certify(name, role, key, validity));
        let keys = self.keys.operators.each_ref().map(Sign::public_key);
        let operator = |(number, key)| GenesisOperator {
            number,
            certificate: self.centre.certify("operator", KeyRole::Operator, key, validity),
        };
        let operators = OPERATORS.into_iter().zip(keys).map(operator).collect();
        let at = self.start;
        Genesis { at, authentication, central_bank, registration, supervisor, operators }
    }

    /// Puts the policy into force, issues the money and opens the company's and the state's wallets.
    pub fn institutions(
        &mut self,
        scenario: &Scenario,
        policy: Vec<bank::Command>,
    ) -> Vec<Operation> {
        let (at, company) = (self.start, self.company);
        let issued = Fen::from_yuan(scenario.issued_yuan);
        // A tenth is enough for the second operator: only customers are with it.
        let second = Fen::from_fen(issued.fen() / 10);
        let mut operations = self.bank.endow(at, OPERATORS[0], issued - second, Fen::ZERO);
        operations.extend(self.bank.endow(at, OPERATORS[1], second, issued - second));
        operations.extend(policy.into_iter().map(|command| self.bank.instruct(at, command)));
        let wallets = [
            (company.income, WalletKind::Income),
            (company.purchase, WalletKind::Corporate),
            (company.fund, WalletKind::Income),
            (company.treasury, WalletKind::Income),
            (company.fiscal, WalletKind::Corporate),
        ];
        for (wallet, kind) in wallets {
            operations.push(self.operators[0].open(at, wallet, kind, Grade::I));
        }
        let validity = self.validity();
        let key = self.keys.grid_company.public_key();
        let certificate = self.centre.certify("grid company", KeyRole::GridCompany, key, validity);
        for wallet in [company.income, company.purchase, company.fiscal] {
            operations.push(self.operators[0].bind(at, wallet, certificate.clone()));
        }
        // A twentieth of the money is the company's float and a fiftieth the year's subsidies.
        let share = |part: i64| Fen::from_fen(issued.fen() / part);
        operations.extend(self.operators[0].fund(at, company.purchase, share(20)));
        operations.extend(self.operators[0].fund(at, company.fiscal, share(50)));
        operations
    }

    /// Opens and fills the wallets of one meter and makes what the factory writes into it.
    pub fn meter(
        &mut self,
        plan: &MeterPlan,
        limits: &LimitRule,
    ) -> (Vec<Operation>, Personalisation) {
        let random = self.random.part(plan.id.number());
        let secret = secret(random.part(1));
        let key = SigningKey::from_bytes(&secret).expect("tried when it was chosen");
        let certificate =
            self.centre.certify(&plan.owner, KeyRole::Meter, key.public_key(), self.validity());
        let personalisation = Personalisation {
            secret,
            certificate: certificate.clone(),
            meter: plan.id,
            class: plan.class.byte(),
            anchors: self.keys.anchors(),
            link_key: random.part(2).bytes(),
            bindings: self.bindings(plan),
            limits: first_limits(plan, limits, key.id(), self.start),
        };
        (self.wallets(plan, &certificate), personalisation)
    }

    fn bindings(&self, plan: &MeterPlan) -> heapless::Vec<Binding, { tee::BINDINGS_MAX }> {
        let mut bindings = heapless::Vec::new();
        let debits = plan.debits();
        for (role, wallet, balance) in &debits {
            let binding = Binding { role: *role, wallet: *wallet, access: Access::Debit(*balance) };
            bindings.push(binding).expect("fewer roles than places");
        }
        let credits = [
            (Role::GridIncome, self.company.income),
            (Role::GeneratorIncome, plan.income_wallet()),
            (Role::GovernmentFund, self.company.fund),
            (Role::Treasury, self.company.treasury),
        ];
        for (role, wallet) in credits {
            let binding = Binding { role, wallet, access: Access::Credit };
            bindings.push(binding).expect("fewer roles than places");
        }
        bindings
    }

    fn wallets(&mut self, plan: &MeterPlan, certificate: &Signed<Certificate>) -> Vec<Operation> {
        let at = self.start;
        let mut operations = Vec::new();
        for (role, wallet, balance) in plan.debits() {
            let sub = (WalletKind::Corporate, Grade::I);
            let parent = match role {
                Role::GridPurchase => Some(self.company.purchase),
                Role::Fiscal => Some(self.company.fiscal),
                Role::CustomerBill
                | Role::GridIncome
                | Role::GeneratorIncome
                | Role::Treasury
                | Role::GovernmentFund
                | Role::PeerIncome
                | Role::Balancing => None,
            };
            let operator = self.operator_of(wallet);
            operations.push(match parent {
                Some(parent) => operator.open_sub_wallet(at, wallet, parent, sub),
                None => operator.open(at, wallet, WalletKind::Personal, Grade::II),
            });
            operations.push(operator.bind(at, wallet, certificate.clone()));
            if balance > Fen::ZERO {
                operations.extend(operator.fund(at, wallet, balance));
            }
        }
        if plan.trades.export {
            let income = plan.income_wallet();
            let operator = self.operator_of(income);
            operations.push(operator.open(at, income, WalletKind::Income, Grade::I));
        }
        operations
    }

    fn operator_of(&mut self, wallet: WalletId) -> &mut Operator<SigningKey> {
        let second = wallet.operator() == OPERATORS[1];
        &mut self.operators[usize::from(second)]
    }
}

fn first_limits(plan: &MeterPlan, rule: &LimitRule, key: KeyId, from: Instant) -> Limits {
    let (payment, day) = match plan.place {
        Place::Customer(_) => (rule.customer_payment_yuan, rule.customer_day_yuan),
        Place::Plant(_) => (rule.gateway_payment_yuan, rule.gateway_day_yuan),
    };
    let offline = match plan.place {
        Place::Customer(_) => rule.offline_yuan,
        Place::Plant(_) => rule.gateway_payment_yuan,
    };
    Limits {
        key,
        sequence: 1,
        from,
        document: Digest::default(),
        per_payment: Fen::from_yuan(payment),
        per_day: Fen::from_yuan(day),
        offline_orders: rule.offline_orders,
        offline_amount: Fen::from_yuan(offline),
    }
}
