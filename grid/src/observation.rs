//! What the grid company sees when it decides.

use crate::{UnitId, UnitKind};
use contract::CustomerClass;
use quantity::{Energy, Money, Power};

/// Operating data of the interval that ended last, and what is known about the next.
///
/// Anything may be missing: then the grid goes on with what it knew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observations {
    /// Mean load of each class.
    pub loads: Vec<LoadObservation>,
    /// State of each unit.
    pub units: Vec<UnitObservation>,
    /// Kinds of units whose emissions were above a limit. A signal fans out by class, so the part
    /// of the price that is withheld is withheld for the whole kind.
    pub over_limit: Vec<UnitKind>,
    /// Balance of the purse, where it isn't kept in this grid's own books.
    pub purse: Option<Money>,
}

/// Load of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadObservation {
    /// The class.
    pub class: CustomerClass,
    /// Mean of the interval that ended last.
    pub power: Power,
}

/// State of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitObservation {
    /// The unit.
    pub unit: UnitId,
    /// Output now; negative while a store charges.
    pub output: Power,
    /// What the weather would have allowed in the interval that ended last.
    pub available: Option<Power>,
    /// Weather forecast for the interval that is decided about.
    pub resource: Option<Power>,
    /// Energy in a store.
    pub stored: Option<Energy>,
}
