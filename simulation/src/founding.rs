//! Before the first minute: keys, certificates, the bank's genesis, wallets and their money.
//!
//! All keys come from the seed. A real pilot draws them in the chips and never sees them; that is
//! the one thing of this module that must not leave the simulation.

use crate::random::Random;
use crate::scenario::{Limits as LimitRule, Scenario};
use bank::authentication::{AuthenticationCentre, Validity};
use bank::issuance::CentralBank;
use bank::operator::Operator;
use bank::{Genesis, Grade, Operation, WalletKind};
use contract::{CustomerClass, Role};
use crypto::{Sign, SigningKey};
use quantity::{Duration, Fen, Instant};
use tee::{Access, Anchors, Binding, Personalisation, Signers};
use wire::identity::Certificate;
use wire::tee::Limits;
use wire::{Digest, KeyId, MeterId, Role as KeyRole, Signed, WalletId};

/// First three digits of the operator's wallets.
const OPERATOR: u16 = 102;
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
    /// Signs what happens to wallets.
    pub operator: SigningKey,
    /// First signer of contracts.
    pub regulator: SigningKey,
    /// Second signer of contracts, signer of price signals, holder of the company's wallets.
    pub grid_company: SigningKey,
}

impl Keys {
    /// The keys of a seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let random = Random::from_seed(seed).part(0x6b65_7973);
        Self {
            authority: key(random.part(1)),
            central_bank: key(random.part(2)),
            registration: key(random.part(3)),
            operator: key(random.part(4)),
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
            operator: self.operator.public_key(),
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
    WalletId::new(OPERATOR, serial).expect("serial numbers of the pilot are short")
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

    /// The owner's bill-payment wallet.
    #[must_use]
    pub fn bill_wallet(&self) -> WalletId {
        wallet(1_000_000 + self.number())
    }

    /// The sub-wallet of the purchase-payment wallet that is bound to this meter.
    #[must_use]
    pub fn purchase_wallet(&self) -> WalletId {
        wallet(2_000_000 + self.number())
    }

    /// The owner's income wallet.
    #[must_use]
    pub fn income_wallet(&self) -> WalletId {
        wallet(3_000_000 + self.number())
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
    operator: Operator<SigningKey>,
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
            operator: Operator::new(keys.operator.clone(), OPERATOR),
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
            ("operator", KeyRole::Operator, self.keys.operator.public_key()),
        ];
        let [central_bank, registration, operator] =
            institutions.map(|(name, role, key)| self.centre.certify(name, role, key, validity));
        let operator_number = OPERATOR;
        Genesis {
            at: self.start,
            operator_number,
            authentication,
            central_bank,
            registration,
            operator,
        }
    }

    /// Issues the money and opens the company's and the state's wallets.
    pub fn institutions(&mut self, scenario: &Scenario) -> Vec<Operation> {
        let (at, company) = (self.start, self.company);
        let issued = Fen::from_yuan(scenario.issued_yuan);
        let mut operations = vec![self.bank.issue(at, issued), self.bank.supply(at, issued)];
        let wallets = [
            (company.income, WalletKind::Income),
            (company.purchase, WalletKind::Corporate),
            (company.fund, WalletKind::Income),
            (company.treasury, WalletKind::Income),
            (company.fiscal, WalletKind::Corporate),
        ];
        for (wallet, kind) in wallets {
            operations.push(self.operator.open(at, wallet, kind, Grade::I));
        }
        let validity = self.validity();
        let key = self.keys.grid_company.public_key();
        let certificate = self.centre.certify("grid company", KeyRole::GridCompany, key, validity);
        for wallet in [company.income, company.purchase, company.fiscal] {
            operations.push(self.operator.bind(at, wallet, certificate.clone()));
        }
        // A twentieth of the money is the company's float and a fiftieth the year's subsidies.
        let share = |part: i64| Fen::from_fen(issued.fen() / part);
        operations.push(self.operator.draw(at, company.purchase, share(20)));
        operations.push(self.operator.draw(at, company.fiscal, share(50)));
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
            operations.push(match role {
                Role::GridPurchase => {
                    self.operator.open_sub_wallet(at, wallet, self.company.purchase, sub)
                }
                Role::Fiscal => self.operator.open_sub_wallet(at, wallet, self.company.fiscal, sub),
                Role::CustomerBill
                | Role::GridIncome
                | Role::GeneratorIncome
                | Role::Treasury
                | Role::GovernmentFund
                | Role::PeerIncome
                | Role::Balancing => {
                    self.operator.open(at, wallet, WalletKind::Personal, Grade::II)
                }
            });
            operations.push(self.operator.bind(at, wallet, certificate.clone()));
            if balance > Fen::ZERO {
                operations.push(self.operator.draw(at, wallet, balance));
            }
        }
        if plan.trades.export {
            let income = plan.income_wallet();
            operations.push(self.operator.open(at, income, WalletKind::Income, Grade::I));
        }
        operations
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
