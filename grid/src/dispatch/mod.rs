//! Dispatch of the generators and stores against price-elastic demand, on one node.
//!
//! ```text
//! max  Σ value·d − Σ price·p − h(G)      G: output of everything that isn't a store
//!      low + Σ p = G                     dual λ: what generators see
//!      G = base + Σ d                    dual λ + ψ: what demand and stores see
//!      0 ≤ p, d ≤ size
//! ```
//! `h` has three pieces: below the valley target each unit of G earns `valley_incentive`, between
//! the targets nothing, above the peak target it costs `peak_incentive`. Its slope is the incentive
//! price ψ: at least 0 at the peak, at most 0 in the valley.
//!
//! Everything is an integer (mW, micro-yuan per kWh; products in 128 bits), so the optimum is exact
//! and so is the check. Value and cost of an interval are given in µyuan/kWh × mW.

mod check;
mod clear;
mod demand;
mod supply;

use crate::codec::{Field, codes, record};
use crate::{LoadTargets, UnitId};
use contract::CustomerClass;
use quantity::{Power, Price};
use wire::{DecodeError, Reader, Sink};

pub use check::{Fault, check};
pub use clear::clear;
pub use demand::{demand_blocks, spill_block};
pub use supply::{
    StoreWindow, Thresholds, expected_price, offers_between, store_blocks, supply_blocks,
    thresholds,
};
pub(crate) use supply::{limits_hold, stored_after};

/// Who offers or asks for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A unit: a generator on the supply side, a store on the demand side.
    Unit(UnitId),
    /// A class of customers.
    Class(CustomerClass),
    /// Output that nobody can use, at the negative value of lost load: so there's always a solution.
    Spill,
}

/// Some power at a price, and how much of it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Whose it is.
    pub owner: Owner,
    /// Offer (supply) or value (demand).
    pub price: Price,
    /// Most that can be taken.
    pub size: Power,
    /// What the optimum takes.
    pub taken: Power,
}

/// What a unit may do in the interval, and what it shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetPoint {
    /// The unit.
    pub unit: UnitId,
    /// Which side of the market its blocks stand on.
    pub side: Side,
    /// Output before; `None` if it wasn't known, and then no ramp binds.
    pub previous: Option<Power>,
    /// Least output; negative for a store that may charge.
    pub low: Power,
    /// Most output.
    pub high: Power,
    /// What it shall give. A generator's blocks are counted up from `low`, a store's down from
    /// `high`.
    pub power: Power,
}

/// Side of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Generators.
    Supply,
    /// Customers and stores.
    Demand,
}

/// Load of a class at the announced price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassLoad {
    /// The class.
    pub class: CustomerClass,
    /// Expected load: what its blocks took.
    pub power: Power,
}

/// The problem of one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Units with their limits; `power` isn't decided yet.
    pub units: Vec<SetPoint>,
    /// Offers above the units' least output.
    pub supply: Vec<Block>,
    /// Values of demand, stores and spilling.
    pub demand: Vec<Block>,
    /// Targets with their incentives.
    pub targets: LoadTargets,
}

/// The solution of one interval, with everything that its check needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// Set points, by rising unit.
    pub units: Vec<SetPoint>,
    /// Expected loads, by rising class.
    pub loads: Vec<ClassLoad>,
    /// Supply blocks, by rising price.
    pub supply: Vec<Block>,
    /// Demand blocks, by falling price.
    pub demand: Vec<Block>,
    /// Targets that were in force.
    pub targets: LoadTargets,
    /// Node price: the lowest of all optimal duals of the balance.
    pub lambda: Price,
    /// Incentive price ψ: the one nearest to zero among those that go with `lambda`.
    pub incentive: Price,
    /// Proof of optimality.
    pub certificate: Certificate,
}

/// Proof of optimality: equal objectives, and who sets the price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Value of what is used less its cost, in µyuan/kWh × mW.
    pub primal: i128,
    /// Value of the dual problem at the published prices.
    pub dual: i128,
    /// Owners of the blocks whose price is the price of their side, supply first.
    pub marginal: Vec<Owner>,
}

impl Certificate {
    /// Dual less primal objective: zero exactly at an optimum.
    #[must_use]
    pub const fn gap(&self) -> i128 {
        self.dual - self.primal
    }
}

impl Dispatch {
    /// Set point of a unit.
    #[must_use]
    pub fn set_point(&self, unit: UnitId) -> Option<Power> {
        self.units.iter().find(|point| point.unit == unit).map(|point| point.power)
    }

    /// Expected load of a class.
    #[must_use]
    pub fn load(&self, class: CustomerClass) -> Option<Power> {
        self.loads.iter().find(|load| load.class == class).map(|load| load.power)
    }

    /// Output of everything that isn't a store: demand net of storage.
    #[must_use]
    pub fn generation(&self) -> Power {
        let supply = self.units.iter().filter(|point| point.side == Side::Supply);
        supply.map(|point| point.power).sum()
    }

    /// What demand and stores see: λ + ψ.
    #[must_use]
    pub fn demand_price(&self) -> Price {
        self.lambda + self.incentive
    }
}

impl Block {
    /// What isn't taken.
    #[must_use]
    pub fn left(&self) -> Power {
        self.size - self.taken
    }
}

record!(Block { owner, price, size, taken });
record!(SetPoint { unit, side, previous, low, high, power });
record!(ClassLoad { class, power });
record!(Dispatch { units, loads, supply, demand, targets, lambda, incentive, certificate });
record!(Certificate { primal, dual, marginal });
codes!(Side, "side", { Supply = 1, Demand = 2 });

impl Field for Owner {
    fn put(&self, out: &mut Sink<'_>) {
        match self {
            Self::Unit(unit) => (1_u8, *unit).put(out),
            Self::Class(class) => (2_u8, *class).put(out),
            Self::Spill => 3_u8.put(out),
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::take(reader)? {
            1 => UnitId::take(reader).map(Self::Unit),
            2 => CustomerClass::take(reader).map(Self::Class),
            3 => Ok(Self::Spill),
            _ => Err(reader.refuse(at, "owner of a block")),
        }
    }
}
