//! Which lines of the bill depend on where the customer's register stands.

use super::{Op, Program};
use crate::Item;

impl Program<'_> {
    /// Items that tier tables are charged as, each with the index of its leg: all other prices per
    /// kWh are the same for every customer who holds the same signals.
    pub fn tier_items(&self) -> impl Iterator<Item = (Item, u8)> {
        self.code().filter_map(|op| {
            if let Op::ChargeTiers { item, leg, .. } = op { Some((item, leg)) } else { None }
        })
    }
}
