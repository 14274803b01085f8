//! Sums over settlements: what was charged is what was paid and what is carried, to the micro-yuan.

use contract::Direction;
use quantity::{Energy, Fen, Money};
use simulation::ledger::Evidence;
use std::collections::BTreeMap;
use wire::MeterId;

/// Sums over all settlements whose orders were answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Settlements.
    pub settlements: u64,
    /// Energy taken from the grid.
    pub import: Energy,
    /// Energy fed into it.
    pub export: Energy,
    /// Charged, both trading sides together.
    pub charged: Money,
    /// Paid, both trading sides together.
    pub paid: Fen,
    /// What each meter owes for each pair of roles.
    owed: BTreeMap<(MeterId, u8, u8, u8), Money>,
}

impl Totals {
    /// Adds one settlement.
    ///
    /// # Panics
    /// If the record doesn't go on where the meter's last one ended: meters assert the same.
    pub fn add(&mut self, evidence: &Evidence) {
        let record = &evidence.record;
        self.settlements += 1;
        let moved = record.register_after - record.register_before;
        match Direction::from_byte(record.direction) {
            Some(Direction::Export) => self.export += moved,
            Some(Direction::Import) | None => self.import += moved,
        }
        for leg in &record.legs {
            let key = (record.meter, record.direction, leg.debit, leg.credit);
            let owed = self.owed.entry(key).or_default();
            *owed += leg.charged;
            self.charged += leg.charged;
            if evidence.result == 0 {
                *owed -= leg.paid.to_money().expect("a payment fits its money");
                self.paid += leg.paid;
            }
        }
    }

    /// What is owed and not yet paid, over all meters.
    #[must_use]
    pub fn carried(&self) -> Money {
        self.owed.values().copied().sum()
    }

    /// Whether charged = paid + carried, to the micro-yuan.
    #[must_use]
    pub fn balance(&self) -> bool {
        let paid = self.paid.to_money().expect("a payment fits its money");
        self.charged == paid + self.carried()
    }
}
