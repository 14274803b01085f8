//! Which prices depend on the customer's own energy.

use super::{Op, Program};
use crate::{Item, Quantity};

impl Program<'_> {
    /// Whether a steps table looks at the energy of a settlement, so that the price, and the sum
    /// over the parts of a settlement that is split, depend on how long it is.
    #[must_use]
    pub fn prices_by_settlement(&self) -> bool {
        self.steps_tables().any(|table| table.quantity == Quantity::Energy)
    }

    /// Items that tier tables are charged as, each with the index of its leg. Unless
    /// [`Program::prices_by_settlement`], all other prices per kWh are the same for every customer
    /// who holds the same signals.
    pub fn tier_items(&self) -> impl Iterator<Item = (Item, u8)> {
        self.code().filter_map(|op| {
            if let Op::ChargeTiers { item, leg, .. } = op { Some((item, leg)) } else { None }
        })
    }
}
