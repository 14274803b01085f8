//! The books: every settlement record, checked and booked once; totals per meter, class, leg, role
//! and day; the purse that carries the difference between sales and purchases.

mod audit;
mod totals;

use crate::codec::record;
use crate::subsidy::Subsidies;
use contract::{CustomerClass, Direction, Item, Role};
use core::fmt;
use quantity::{Energy, Instant, Money};
use std::collections::BTreeMap;
use wire::evidence::SettlementRecord;
use wire::{Digest, MeterId};

pub use audit::RecordFault;
pub use totals::{DayBook, DayPurse, LegTotals, RoleTotals, Totals};

/// The grid company's books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    meters: BTreeMap<MeterId, Account>,
    classes: BTreeMap<CustomerClass, Totals>,
    legs: BTreeMap<LegKey, LegTotals>,
    roles: BTreeMap<Role, RoleTotals>,
    days: BTreeMap<Instant, DayBook>,
    /// Energy part of all sales, in pico-yuan.
    energy_sales: i128,
    /// All purchases, in pico-yuan.
    energy_purchases: i128,
    subsidies: Subsidies,
}

/// A leg of the contracts of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LegKey {
    /// The class.
    pub class: CustomerClass,
    /// The register that the contract prices.
    pub direction: Direction,
    /// Number of the leg in the contract.
    pub leg: u8,
}

/// The book of one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its class.
    pub class: CustomerClass,
    /// Number of the newest order that was accounted for.
    pub sequence: u64,
    /// Digest of the newest record; zero if the newest order had none.
    pub newest: Digest,
    /// Totals since the books began.
    pub totals: Totals,
    registers: BTreeMap<Direction, Register>,
}

/// Where the settlement of a register stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Register {
    reading: Energy,
    end: Instant,
    contract: Digest,
    legs: BTreeMap<u8, Carried>,
}

/// What a leg carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Carried {
    pico: u32,
    money: Money,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is booked.
    Booked,
    /// It was booked before; nothing changed.
    AlreadyBooked,
    /// Its order was refused by the registration centre, so nothing was booked. If the meter goes
    /// on with the next number, [`Books::note_order`] accounts for this one.
    NotFinal,
}

/// A record that can't be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The meter.
    pub meter: MeterId,
    /// The record's number.
    pub sequence: u64,
    /// Why.
    pub fault: RecordFault,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} of meter {}: {}", self.sequence, self.meter, self.fault)
    }
}

impl core::error::Error for Refusal {}

/// Result code of the registration centre for a final payment.
const FINAL: u8 = 0;

impl Books {
    /// Empty books.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the book of a meter. `false` if it's open already; then its class stays.
    pub fn admit(&mut self, meter: MeterId, class: CustomerClass) -> bool {
        let new = !self.meters.contains_key(&meter);
        self.meters.entry(meter).or_insert_with(|| Account {
            class,
            sequence: 0,
            newest: Digest::default(),
            totals: Totals::default(),
            registers: BTreeMap::new(),
        });
        new
    }

    /// Books a record whose order got `result` from the registration centre (0 is final).
    ///
    /// A meter's records come by rising number without a gap. Posting one again changes nothing.
    ///
    /// # Errors
    /// [`Refusal`], and nothing is booked: the record's own arithmetic doesn't close, or it doesn't
    /// continue what the meter sent before.
    pub fn post(&mut self, record: &SettlementRecord, result: u8) -> Result<Posted, Refusal> {
        let refuse = |fault| Refusal { meter: record.meter, sequence: record.sequence, fault };
        let account = self.meters.get(&record.meter);
        let account = account.ok_or_else(|| refuse(RecordFault::UnknownMeter))?;
        let digest = crypto::digest(record);
        if record.sequence <= account.sequence {
            let other = record.sequence == account.sequence && digest != account.newest;
            return if other {
                Err(refuse(RecordFault::Conflict))
            } else {
                Ok(Posted::AlreadyBooked)
            };
        }
        if result != FINAL {
            return Ok(Posted::NotFinal);
        }
        let direction = audit::check(record, account).map_err(refuse)?;
        self.book(record, direction, digest);
        Ok(Posted::Booked)
    }

    /// Accounts for an order without a record (or whose payment was refused), so that the next
    /// record isn't taken for one after a gap. `false` if the number isn't the next one.
    pub fn note_order(&mut self, meter: MeterId, sequence: u64) -> bool {
        let Some(account) = self.meters.get_mut(&meter) else { return false };
        let next = sequence == account.sequence + 1;
        if next {
            account.sequence = sequence;
            account.newest = Digest::default();
        }
        next
    }

    fn book(&mut self, record: &SettlementRecord, direction: Direction, digest: Digest) {
        let account = self.meters.get_mut(&record.meter).expect("the audit found the meter");
        let class = account.class;
        let carried = account.advance(record, direction, digest);
        account.totals.add(record, direction, carried);
        self.classes.entry(class).or_default().add(record, direction, carried);
        let day = self.days.entry(record.start.civil().date.start()).or_default();
        for line in &record.legs {
            let key = LegKey { class, direction, leg: line.leg };
            self.legs.entry(key).or_insert_with(|| LegTotals::of(line)).add(line);
            totals::add_roles(&mut self.roles, line);
            day.add(line);
        }
        self.energy_sales += audit::energy_sales(record);
        self.energy_purchases += audit::purchases(record);
        self.subsidies.post(record);
    }

    /// Balance of the purse: the energy part of what customers were charged, less what was charged
    /// for purchases. Network charge, system operation, line loss, funds, differential adders and
    /// subsidies never enter. Rounded down to micro-yuan for showing; the books keep the rest.
    #[must_use]
    pub fn purse(&self) -> Money {
        let difference = self.energy_sales - self.energy_purchases;
        Money::from_pico_yuan(difference).map_or(Money::ZERO, |charge| charge.money)
    }

    /// Cash of each legal day, by rising day: what came into the income wallet, what went out of
    /// the purchase wallet, and the balance carried from the day before.
    #[must_use]
    pub fn cash(&self) -> Vec<DayPurse> {
        totals::carry_over(&self.days)
    }

    /// The book of a meter.
    #[must_use]
    pub fn account(&self, meter: MeterId) -> Option<&Account> {
        self.meters.get(&meter)
    }

    /// All books of meters, by rising number.
    pub fn accounts(&self) -> impl Iterator<Item = (MeterId, &Account)> {
        self.meters.iter().map(|(meter, account)| (*meter, account))
    }

    /// Totals per class.
    pub fn classes(&self) -> impl Iterator<Item = (CustomerClass, &Totals)> {
        self.classes.iter().map(|(class, totals)| (*class, totals))
    }

    /// Totals per leg of the contracts.
    pub fn legs(&self) -> impl Iterator<Item = (LegKey, &LegTotals)> {
        self.legs.iter().map(|(key, totals)| (*key, totals))
    }

    /// What the wallets of each role received and spent. Over all roles both are equal.
    pub fn roles(&self) -> impl Iterator<Item = (Role, &RoleTotals)> {
        self.roles.iter().map(|(role, totals)| (*role, totals))
    }

    /// Money that went through the wallets of a role.
    #[must_use]
    pub fn role(&self, role: Role) -> RoleTotals {
        self.roles.get(&role).copied().unwrap_or_default()
    }

    /// The fiscal wallet's payments.
    #[must_use]
    pub const fn subsidies(&self) -> &Subsidies {
        &self.subsidies
    }

    /// The fiscal wallet's payments, to state budgets.
    pub const fn subsidies_mut(&mut self) -> &mut Subsidies {
        &mut self.subsidies
    }
}

impl Account {
    /// Moves sequence, register and carried amounts on; returns the change of what is carried.
    fn advance(
        &mut self,
        record: &SettlementRecord,
        direction: Direction,
        digest: Digest,
    ) -> Money {
        self.sequence = record.sequence;
        self.newest = digest;
        let before = self.carried(direction);
        let register = self.registers.entry(direction).or_insert_with(|| Register::at(record));
        register.advance(record);
        self.carried(direction) - before
    }

    fn carried(&self, direction: Direction) -> Money {
        let legs = self.registers.get(&direction).map(|register| register.legs.values());
        legs.into_iter().flatten().map(|leg| leg.money).sum()
    }

    /// Register reading up to which energy is settled.
    #[must_use]
    pub fn settled_to(&self, direction: Direction) -> Option<Energy> {
        self.registers.get(&direction).map(|register| register.reading)
    }
}

impl Register {
    fn at(record: &SettlementRecord) -> Self {
        Self {
            reading: record.register_before,
            end: record.start,
            contract: record.contract,
            legs: BTreeMap::new(),
        }
    }

    fn advance(&mut self, record: &SettlementRecord) {
        if self.contract != record.contract {
            self.legs.clear();
        }
        self.reading = record.register_after;
        self.end = record.end;
        self.contract = record.contract;
        for line in &record.legs {
            let carried = Carried { pico: line.pico_after, money: line.carried_after };
            self.legs.insert(line.leg, carried);
        }
    }
}

/// Whether an item is part of the price of energy, whose difference the purse carries.
#[must_use]
pub const fn enters_purse(item: Item) -> bool {
    match item {
        Item::Benchmark
        | Item::Floating
        | Item::Environmental
        | Item::TimeOfUse
        | Item::UltraLowEmission
        | Item::Incentive
        | Item::Tier
        | Item::Netting => true,
        Item::Subsidy
        | Item::LineLoss
        | Item::NetworkCharge
        | Item::SystemOperation
        | Item::Surcharge
        | Item::Differential
        | Item::PowerFactor
        | Item::Capacity
        | Item::Deviation
        | Item::Mechanism
        | Item::Trade => false,
    }
}

record!(Books { meters, classes, legs, roles, days, energy_sales, energy_purchases, subsidies });
record!(LegKey { class, direction, leg });
record!(Account { class, sequence, newest, totals, registers });
record!(Register { reading, end, contract, legs });
record!(Carried { pico, money });
