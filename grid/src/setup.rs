//! What the grid company is told once: classes, units, rules of price and of the purse.
//!
//! Every legal number in here is dated data of the caller; nothing has a default.

use crate::codec::{Field, codes, message, record};
use contract::{CustomerClass, SignalId};
use core::fmt;
use quantity::{Duration, Energy, Power, Price};
use wire::{DecodeError, Reader, Sink};

/// The market that one [`Grid`](crate::Grid) runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Length of an interval; it divides a day.
    pub interval: Duration,
    /// Customer classes, by rising class.
    pub classes: Vec<ClassSetup>,
    /// Units, by rising number.
    pub units: Vec<Unit>,
    /// What a unit of each kind is paid, by rising kind.
    pub purchase: Vec<PurchaseRule>,
    /// Limits of the market price.
    pub limits: MarketLimits,
    /// When the incentive price pays for less, and for more, demand.
    pub targets: LoadTargets,
    /// How the purse is brought back to zero.
    pub purse: PurseRule,
}

/// A class of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSetup {
    /// The class.
    pub class: CustomerClass,
    /// Mean load of the whole class in each interval of a legal day, before history exists.
    pub profile: Vec<Power>,
    /// How the class answers a price.
    pub response: Response,
    /// What the class pays.
    pub sales: SalesRule,
}

/// Inverse demand of a class around its forecast, cut into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// Size of the (negative) price elasticity in thousandths; 0 is firm demand.
    pub elasticity_permille: u16,
    /// Retail price, all adders included, at which the forecast holds.
    pub reference: Price,
    /// The adders that don't float: network, system operation, funds, line loss.
    pub adders: Price,
    /// How far the steps follow the retail price up and down, in thousandths of the reference.
    pub span_permille: u16,
    /// Number of steps.
    pub steps: u16,
}

/// What one kWh costs a class, without the adders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesRule {
    /// Benchmark component.
    pub benchmark: Price,
    /// How the floating component follows the market.
    pub floating: Floating,
    /// Lowest total of the seven components.
    pub floor: Price,
    /// Highest total of the seven components.
    pub cap: Price,
    /// Subsidy component (negative: the customer pays less).
    pub subsidy: Price,
    /// Time-of-use component: the first window that holds the minute counts.
    pub windows: Vec<Window>,
    /// Whether the class sees the incentive price.
    pub incentive: Participation,
    /// Components that price signals carry, by rising code; the others stand in the contract.
    pub signalled: Vec<SignalId>,
}

/// What one kWh earns a unit of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseRule {
    /// The kind.
    pub kind: UnitKind,
    /// Benchmark component.
    pub benchmark: Price,
    /// How the floating component follows the market.
    pub floating: Floating,
    /// Subsidy component, paid by the fiscal wallet.
    pub subsidy: Price,
    /// Environmental component while within the limits; 0 where the benchmark holds it.
    pub environmental: Price,
    /// What is withheld while an emission is above its limit, as a positive price.
    pub environmental_withheld: Price,
    /// Ultra-low-emission component while within the limits.
    pub ultra_low_emission: Price,
    /// Components that price signals carry, by rising code.
    pub signalled: Vec<SignalId>,
}

/// How the floating component comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floating {
    /// It is zero: the tariff stands in the contract.
    Fixed,
    /// Towards the market price, at most this many thousandths of the benchmark up or down.
    Regulated {
        /// 200 for ±20 %.
        permille: u16,
    },
    /// Whatever the market price needs, inside the limits of the market.
    Market,
}

/// Whether a class sees the incentive price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Participation {
    /// It does.
    Takes,
    /// It doesn't.
    Ignores,
}

/// A part of the legal day with a time-of-use component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First minute of the day.
    pub from: u16,
    /// First minute after it, at most 1440.
    pub until: u16,
    /// The component.
    pub price: Price,
}

/// Limits of the market price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketLimits {
    /// Lowest price that is paid; may be negative.
    pub floor: Price,
    /// Highest price that is paid.
    pub cap: Price,
    /// Value of a kWh of firm demand; the size of the price of spilling as well.
    pub value_of_lost_load: Price,
}

/// Targets for demand net of storage, and the most that the incentive price pays for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadTargets {
    /// Above it, the incentive is positive.
    pub peak: Power,
    /// Below it, the incentive is negative.
    pub valley: Power,
    /// Most that the incentive adds at the peak.
    pub peak_incentive: Price,
    /// Most that the incentive takes off in the valley, as a positive price.
    pub valley_incentive: Price,
}

/// How the purse is brought back to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurseRule {
    /// A difference is spread over the energy that this length of time is expected to take.
    pub horizon: Duration,
    /// Most that the correction moves a price, up or down.
    pub correction_max: Price,
}

/// Number of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(pub u16);

/// A power plant, a store, or the line to the next grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its number.
    pub id: UnitId,
    /// Its kind.
    pub kind: UnitKind,
    /// Lowest output while it runs; 0 for stores.
    pub minimum: Power,
    /// Highest output; for stores the highest discharge.
    pub maximum: Power,
    /// Largest change of output from one interval to the next; stores have none.
    pub ramp: Power,
    /// Offers for its output from zero up; beyond them the last price holds. Unused by stores.
    pub offers: Vec<Offer>,
    /// What a store needs; `None` for everything else.
    pub storage: Option<Storage>,
}

/// Some power at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Size of the block.
    pub power: Power,
    /// Lowest price at which it runs.
    pub price: Price,
}

/// Limits of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Most energy that it holds.
    pub capacity: Energy,
    /// Energy that stays in it.
    pub reserve: Energy,
    /// Energy in it at the very start.
    pub stored: Energy,
    /// Highest charging power.
    pub charge: Power,
    /// Efficiency of one way, in thousandths.
    pub efficiency_permille: u16,
    /// Cost of wear per kWh discharged.
    pub wear: Price,
}

/// Kind of a unit: the generation side of Figure 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum UnitKind {
    Coal,
    Hydro,
    Wind,
    Solar,
    Nuclear,
    Battery,
    PumpedStorage,
    EvFleet,
    /// Feed-in of customers' roofs.
    Prosumer,
    /// The line to the next grid; it has no meter of ours and gets no signal.
    GridImport,
}

impl UnitKind {
    /// The class of its gateway meters.
    #[must_use]
    pub const fn class(self) -> Option<CustomerClass> {
        match self {
            Self::Coal => Some(CustomerClass::Coal),
            Self::Hydro => Some(CustomerClass::Hydro),
            Self::Wind => Some(CustomerClass::Wind),
            Self::Solar => Some(CustomerClass::Solar),
            Self::Nuclear => Some(CustomerClass::Nuclear),
            Self::Battery => Some(CustomerClass::Battery),
            Self::PumpedStorage => Some(CustomerClass::PumpedStorage),
            Self::EvFleet => Some(CustomerClass::EvFleet),
            Self::Prosumer => Some(CustomerClass::Prosumer),
            Self::GridImport => None,
        }
    }

    /// Whether it stores: then it sees the price of the demand side, incentive included.
    #[must_use]
    pub const fn stores(self) -> bool {
        matches!(self, Self::Battery | Self::PumpedStorage | Self::EvFleet)
    }

    /// Whether the weather limits its output.
    #[must_use]
    pub const fn follows_weather(self) -> bool {
        matches!(self, Self::Wind | Self::Solar | Self::Prosumer)
    }
}

/// What is wrong with a [`Setup`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupError {
    /// The interval isn't positive, or doesn't divide a day.
    Interval,
    /// Classes aren't in rising order.
    ClassOrder,
    /// A class' profile, response or sales rule is out of range.
    Class(CustomerClass),
    /// Units aren't in rising order.
    UnitOrder,
    /// A unit's limits are out of range, or storage and kind disagree.
    Unit(UnitId),
    /// Purchase rules aren't in rising order of their kinds.
    PurchaseOrder,
    /// A unit has a kind for which no purchase rule is given, or the rule is out of range.
    Purchase(UnitKind),
    /// Floor, cap and value of lost load aren't in this order.
    Limits,
    /// Targets aren't 0 ≤ valley ≤ peak, or an incentive is negative.
    Targets,
    /// Horizon or largest correction is out of range.
    Purse,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interval => write!(f, "the interval must divide a day"),
            Self::ClassOrder => write!(f, "classes must be in rising order"),
            Self::Class(class) => write!(f, "class {} is out of range", class.code()),
            Self::UnitOrder => write!(f, "units must be in rising order"),
            Self::Unit(unit) => write!(f, "unit {} is out of range", unit.0),
            Self::PurchaseOrder => write!(f, "purchase rules must be in rising order"),
            Self::Purchase(kind) => write!(f, "the purchase rule of {kind:?} is missing or wrong"),
            Self::Limits => write!(f, "floor, cap and value of lost load must rise"),
            Self::Targets => write!(f, "targets must be 0 <= valley <= peak"),
            Self::Purse => write!(f, "horizon and largest correction must be positive"),
        }
    }
}

impl core::error::Error for SetupError {}

/// Larger than any unit or class: 100 GW. Sums then stay inside 64 bits, products inside 128.
pub(crate) const POWER_MAX: Power = Power::from_watts(100_000_000_000);
const LIST_MAX: usize = 1000;
/// The language's own limit of prices.
const PRICE_MAX: Price = contract::PRICE_MAX;
const DAY: Duration = Duration::from_days(1);
const STEPS_MAX: u16 = 1000;

impl Setup {
    /// Checks everything that the other modules rely on.
    ///
    /// # Errors
    /// The first [`SetupError`].
    pub fn validate(&self) -> Result<(), SetupError> {
        let length = self.interval.milliseconds();
        if length <= 0 || DAY.milliseconds() % length != 0 {
            return Err(SetupError::Interval);
        }
        rising(&self.classes, |class| class.class, SetupError::ClassOrder)?;
        rising(&self.units, |unit| unit.id, SetupError::UnitOrder)?;
        rising(&self.purchase, |rule| rule.kind, SetupError::PurchaseOrder)?;
        ensure(self.units.len() <= LIST_MAX, SetupError::UnitOrder)?;
        self.limits.validate()?;
        self.targets.validate()?;
        self.purse.validate(self.interval)?;
        self.classes.iter().try_for_each(|class| class.validate(self.slots()))?;
        self.purchase.iter().try_for_each(PurchaseRule::validate)?;
        self.units.iter().try_for_each(|unit| self.validate_unit(unit))
    }

    /// Intervals in a day.
    #[must_use]
    pub fn slots(&self) -> usize {
        usize::try_from(DAY.milliseconds() / self.interval.milliseconds()).unwrap_or(0)
    }

    /// The rule for a kind of unit.
    #[must_use]
    pub fn purchase_rule(&self, kind: UnitKind) -> Option<&PurchaseRule> {
        self.purchase.iter().find(|rule| rule.kind == kind)
    }

    /// A class of customers.
    #[must_use]
    pub fn class(&self, class: CustomerClass) -> Option<&ClassSetup> {
        self.classes.iter().find(|setup| setup.class == class)
    }

    fn validate_unit(&self, unit: &Unit) -> Result<(), SetupError> {
        if self.purchase_rule(unit.kind).is_none() {
            return Err(SetupError::Purchase(unit.kind));
        }
        ensure(unit.is_valid(), SetupError::Unit(unit.id))
    }
}

impl ClassSetup {
    fn validate(&self, slots: usize) -> Result<(), SetupError> {
        let answer = &self.response;
        let valid = self.profile.len() == slots
            && self.profile.iter().copied().all(is_power)
            && (answer.elasticity_permille == 0 || answer.steps > 0)
            && answer.elasticity_permille <= 1000
            && u32::from(answer.elasticity_permille) * u32::from(answer.span_permille) <= 1_000_000
            && answer.steps <= STEPS_MAX
            && [answer.reference, answer.adders].into_iter().all(is_price)
            && self.sales.is_valid();
        ensure(valid, SetupError::Class(self.class))
    }
}

impl SalesRule {
    fn is_valid(&self) -> bool {
        let prices = [self.benchmark, self.floor, self.cap, self.subsidy];
        let windows = |window: &Window| {
            window.from < window.until && window.until <= 1440 && is_price(window.price)
        };
        prices.into_iter().all(is_price)
            && self.floor <= self.cap
            && self.windows.iter().all(windows)
            && are_signals(&self.signalled)
    }
}

impl PurchaseRule {
    fn validate(&self) -> Result<(), SetupError> {
        let prices = [
            self.benchmark,
            self.subsidy,
            self.environmental,
            self.environmental_withheld,
            self.ultra_low_emission,
        ];
        let valid = prices.into_iter().all(is_price) && are_signals(&self.signalled);
        ensure(valid, SetupError::Purchase(self.kind))
    }
}

impl MarketLimits {
    fn validate(&self) -> Result<(), SetupError> {
        let rises = self.floor <= self.cap && self.cap <= self.value_of_lost_load;
        let in_range = is_price(self.floor) && is_price(self.value_of_lost_load);
        let spilling = self.floor >= -self.value_of_lost_load.abs();
        ensure(rises && in_range && spilling, SetupError::Limits)
    }
}

impl LoadTargets {
    fn validate(&self) -> Result<(), SetupError> {
        let powers = is_power(self.valley) && is_power(self.peak) && self.valley <= self.peak;
        let prices = [self.peak_incentive, self.valley_incentive];
        let prices = prices.into_iter().all(|price| is_price(price) && !price.is_negative());
        ensure(powers && prices, SetupError::Targets)
    }
}

impl PurseRule {
    fn validate(&self, interval: Duration) -> Result<(), SetupError> {
        let horizon = self.horizon >= interval && self.horizon <= DAY;
        let correction = is_price(self.correction_max) && !self.correction_max.is_negative();
        ensure(horizon && correction, SetupError::Purse)
    }
}

impl Unit {
    fn is_valid(&self) -> bool {
        let powers = [self.minimum, self.maximum, self.ramp];
        let offers = |offer: &Offer| is_power(offer.power) && is_price(offer.price);
        powers.into_iter().all(is_power)
            && self.minimum <= self.maximum
            && self.offers.len() <= LIST_MAX
            && self.offers.iter().all(offers)
            && self.kind.stores() == self.storage.is_some()
            && self.storage.as_ref().is_none_or(Storage::is_valid)
            && (self.kind.stores() || !self.offers.is_empty())
    }
}

impl Storage {
    fn is_valid(&self) -> bool {
        let energies = Energy::ZERO <= self.reserve
            && self.reserve <= self.stored
            && self.stored <= self.capacity
            && self.capacity <= Energy::from_kwh(1_000_000_000);
        energies
            && is_power(self.charge)
            && (1..=1000).contains(&self.efficiency_permille)
            && is_price(self.wear)
    }
}

fn ensure(holds: bool, error: SetupError) -> Result<(), SetupError> {
    if holds { Ok(()) } else { Err(error) }
}

fn is_power(power: Power) -> bool {
    (Power::ZERO..=POWER_MAX).contains(&power)
}

fn is_price(price: Price) -> bool {
    price.abs() <= PRICE_MAX
}

fn are_signals(signals: &[SignalId]) -> bool {
    signals.is_sorted_by(|one, next| one < next) && !signals.contains(&SignalId::SystemOperation)
}

fn rising<T, K: Ord>(
    items: &[T],
    key: impl Fn(&T) -> K,
    error: SetupError,
) -> Result<(), SetupError> {
    ensure(items.is_sorted_by(|one, next| key(one) < key(next)), error)
}

message!(Setup, b"JIDIAN-GRID-SETUP-1", {
    interval, classes, units, purchase, limits, targets, purse
});
record!(ClassSetup { class, profile, response, sales });
record!(Response { elasticity_permille, reference, adders, span_permille, steps });
record!(SalesRule { benchmark, floating, floor, cap, subsidy, windows, incentive, signalled });
record!(PurchaseRule {
    kind,
    benchmark,
    floating,
    subsidy,
    environmental,
    environmental_withheld,
    ultra_low_emission,
    signalled,
});
record!(Window { from, until, price });
record!(MarketLimits { floor, cap, value_of_lost_load });
record!(LoadTargets { peak, valley, peak_incentive, valley_incentive });
record!(PurseRule { horizon, correction_max });
record!(Unit { id, kind, minimum, maximum, ramp, offers, storage });
record!(Offer { power, price });
record!(Storage { capacity, reserve, stored, charge, efficiency_permille, wear });
codes!(Participation, "participation", { Takes = 1, Ignores = 2 });
codes!(UnitKind, "kind of a unit", {
    Coal = 1, Hydro = 2, Wind = 3, Solar = 4, Nuclear = 5, Battery = 6, PumpedStorage = 7,
    EvFleet = 8, Prosumer = 9, GridImport = 10
});

impl Field for UnitId {
    fn put(&self, out: &mut Sink<'_>) {
        self.0.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u16::take(reader).map(Self)
    }
}

impl Field for Floating {
    fn put(&self, out: &mut Sink<'_>) {
        match self {
            Self::Fixed => 1_u8.put(out),
            Self::Regulated { permille } => {
                2_u8.put(out);
                permille.put(out);
            }
            Self::Market => 3_u8.put(out),
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::take(reader)? {
            1 => Ok(Self::Fixed),
            2 => Ok(Self::Regulated { permille: u16::take(reader)? }),
            3 => Ok(Self::Market),
            _ => Err(reader.refuse(at, "floating")),
        }
    }
}
