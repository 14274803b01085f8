//! A decision: everything that one interval's prices come from, with its proof, in canonical bytes.

use crate::codec::{message, record};
use crate::dispatch::{self, Block, Dispatch, Owner, Side};
use crate::forecast::Forecast;
use crate::price::{self, Basis, Components, PurchasePrice, SalesPrice};
use crate::setup::POWER_MAX;
use crate::{Setup, UnitKind};
use contract::CustomerClass;
use core::fmt;
use quantity::{Instant, Money, Power, Price};
use wire::Digest;

/// What the grid company decided for one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// From 1 without a gap. It is the sequence number of the signals as well.
    pub number: u64,
    /// Digest of the decision before it; zero for the first.
    pub previous: Digest,
    /// Digest of the [`Setup`] in force.
    pub setup: Digest,
    /// When it was made.
    pub at: Instant,
    /// Start of the interval.
    pub from: Instant,
    /// End of the interval.
    pub until: Instant,
    /// What was expected.
    pub forecast: Forecast,
    /// Set points, loads, node price λ, incentive and the proof of optimality.
    pub dispatch: Dispatch,
    /// What the purse asks of the classes that follow the market.
    pub correction: Price,
    /// Components per class, by rising class.
    pub sales: Vec<SalesPrice>,
    /// Components per kind of unit, by rising kind.
    pub purchase: Vec<PurchasePrice>,
    /// The purse before, and what the interval should do to it.
    pub purse: PurseOutlook,
}

/// The purse before an interval and what is expected of the interval. Subsidies and the adders
/// that don't float never enter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurseOutlook {
    /// Balance before.
    pub before: Money,
    /// Expected from the customers.
    pub income: Money,
    /// Expected to the generators.
    pub cost: Money,
    /// Expected balance after: `before + income − cost`.
    pub after: Money,
}

impl Decision {
    /// SM3 over tag and bytes: what signals refer to.
    #[must_use]
    pub fn digest(&self) -> Digest {
        crypto::digest(self)
    }

    /// The node price: what one kWh more costs in this interval.
    #[must_use]
    pub const fn lambda(&self) -> Price {
        self.dispatch.lambda
    }

    /// The incentive price: positive at the peak, negative in the valley.
    #[must_use]
    pub const fn incentive(&self) -> Price {
        self.dispatch.incentive
    }

    /// What a class pays per kWh, component by component.
    #[must_use]
    pub fn sales_price(&self, class: CustomerClass) -> Option<&Components> {
        self.sales.iter().find(|price| price.class == class).map(|price| &price.components)
    }

    /// What a unit of a kind is paid per kWh, component by component.
    #[must_use]
    pub fn purchase_price(&self, kind: UnitKind) -> Option<&Components> {
        self.purchase.iter().find(|price| price.kind == kind).map(|price| &price.components)
    }

    /// What its prices come from.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        Basis {
            from: self.from,
            lambda: self.lambda(),
            incentive: self.incentive(),
            correction: self.correction,
        }
    }
}

/// Why a decision doesn't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The dispatch isn't an optimum.
    Dispatch(dispatch::Fault),
    /// The interval is empty, or lies before the decision.
    Interval,
    /// `before + income − cost` isn't `after`.
    Purse,
    /// The decision was made under another setup.
    Setup,
    /// The components of a class don't follow from node price and rule.
    Sales(CustomerClass),
    /// The components of a kind of unit don't follow from node price and rule.
    Purchase(UnitKind),
    /// A class or a kind is missing, or one too many is there.
    Missing,
    /// Limits or blocks don't follow from forecast, offers and rules.
    Blocks(Owner),
    /// The correction is larger than the rule of the purse allows.
    Correction,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dispatch(fault) => write!(f, "not an optimum: {fault}"),
            Self::Interval => write!(f, "the interval is empty or lies in the past"),
            Self::Purse => write!(f, "the purse doesn't close"),
            Self::Setup => write!(f, "the decision was made under another setup"),
            Self::Sales(class) => write!(f, "the price of class {} is wrong", class.code()),
            Self::Purchase(kind) => write!(f, "the price of {kind:?} is wrong"),
            Self::Missing => write!(f, "a price is missing, or there is one too many"),
            Self::Blocks(owner) => write!(f, "the blocks of {owner:?} don't follow from the rules"),
            Self::Correction => write!(f, "the correction of the purse is too large"),
        }
    }
}

impl core::error::Error for Violation {}

/// Checks a decision by itself: optimality of the dispatch, interval, closing of the purse.
///
/// # Errors
/// The first [`Violation`].
pub fn check(decision: &Decision) -> Result<(), Violation> {
    dispatch::check(&decision.dispatch).map_err(Violation::Dispatch)?;
    let interval = decision.at <= decision.from && decision.from < decision.until;
    ensure(interval, Violation::Interval)?;
    let purse = &decision.purse;
    let after = purse.before.checked_add(purse.income);
    let after = after.and_then(|sum| sum.checked_sub(purse.cost));
    ensure(after == Some(purse.after), Violation::Purse)
}

/// Checks a decision against the rules in force as well: each price follows from the node price,
/// each block from forecast, offers and limits. What it takes on trust is the forecast itself, the
/// thresholds of the stores and the purse's balance: those come from history, and running the
/// saved grid again shows them.
///
/// # Errors
/// The first [`Violation`], that of [`check`] before its own.
pub fn check_against(decision: &Decision, setup: &Setup) -> Result<(), Violation> {
    check(decision)?;
    ensure(decision.setup == crypto::digest(setup), Violation::Setup)?;
    ensure(decision.dispatch.targets == setup.targets, Violation::Setup)?;
    ensure(decision.correction.abs() <= setup.purse.correction_max, Violation::Correction)?;
    check_prices(decision, setup)?;
    check_units(&decision.dispatch, setup)?;
    check_demand(decision, setup)
}

fn check_prices(decision: &Decision, setup: &Setup) -> Result<(), Violation> {
    let complete = decision.sales.len() == setup.classes.len()
        && decision.purchase.len() == setup.purchase.len();
    ensure(complete, Violation::Missing)?;
    let basis = decision.basis();
    for (stated, class) in decision.sales.iter().zip(&setup.classes) {
        let right = *stated == price::sales(class, &basis, &setup.limits);
        ensure(right, Violation::Sales(class.class))?;
    }
    for (stated, rule) in decision.purchase.iter().zip(&setup.purchase) {
        let right = *stated == price::purchase(rule, stated.emission, &basis, &setup.limits);
        ensure(right, Violation::Purchase(rule.kind))?;
    }
    Ok(())
}

fn check_units(dispatch: &Dispatch, setup: &Setup) -> Result<(), Violation> {
    ensure(dispatch.units.len() == setup.units.len(), Violation::Missing)?;
    for (point, unit) in dispatch.units.iter().zip(&setup.units) {
        ensure(point.unit == unit.id, Violation::Missing)?;
        let owner = Owner::Unit(unit.id);
        let right = match &unit.storage {
            Some(storage) => {
                point.side == Side::Demand
                    && point.high <= unit.maximum
                    && point.low >= -storage.charge
            }
            None => {
                let offers = dispatch::offers_between(unit, point.low, point.high);
                point.side == Side::Supply
                    && dispatch::limits_hold(unit, point)
                    && same_blocks(offers, &dispatch.supply, owner)
            }
        };
        ensure(right, Violation::Blocks(owner))?;
    }
    Ok(())
}

fn check_demand(decision: &Decision, setup: &Setup) -> Result<(), Violation> {
    let loads = &decision.forecast.loads;
    ensure(loads.len() == setup.classes.len(), Violation::Missing)?;
    for (load, class) in loads.iter().zip(&setup.classes) {
        ensure(load.class == class.class, Violation::Missing)?;
        let owner = Owner::Class(class.class);
        let power = load.power.max(Power::ZERO).min(POWER_MAX);
        let blocks = dispatch::demand_blocks(class, power, decision.correction, &setup.limits);
        let right = same_blocks(blocks, &decision.dispatch.demand, owner);
        ensure(right, Violation::Blocks(owner))?;
    }
    Ok(())
}

/// Whether the owner's blocks are the expected ones, whatever of them is taken.
fn same_blocks(mut expected: Vec<Block>, stated: &[Block], owner: Owner) -> bool {
    let own = stated.iter().filter(|block| block.owner == owner);
    let mut own: Vec<(Price, Power)> = own.map(|block| (block.price, block.size)).collect();
    expected.sort_by_key(|block| (block.price, block.size));
    own.sort_unstable();
    expected.iter().map(|block| (block.price, block.size)).eq(own)
}

fn ensure(holds: bool, violation: Violation) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(violation) }
}

message!(Decision, b"JIDIAN-DECISION-1", {
    number, previous, setup, at, from, until, forecast, dispatch, correction, sales, purchase, purse
});
record!(PurseOutlook { before, income, cost, after });
