//! Government subsidies: directed by contract, paid at once from the fiscal wallet, and auditable
//! by purpose and payee.

use crate::codec::record;
use contract::{Item, Role};
use quantity::{Fen, Money};
use std::collections::BTreeMap;
use wire::MeterId;
use wire::evidence::SettlementRecord;

/// All subsidies that were paid, by purpose and payee.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subsidies {
    entries: BTreeMap<(Item, MeterId), Entry>,
    budgets: BTreeMap<Item, Fen>,
}

/// What one payee got for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Role of the payee's wallet.
    pub payee: Role,
    /// Settlements that paid it.
    pub count: u64,
    /// Charged to the fiscal wallet.
    pub charged: Money,
    /// Paid by the fiscal wallet; what is charged and not paid is carried below one fen.
    pub paid: Fen,
}

/// Totals of one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurposeTotal {
    /// Payees.
    pub payees: u64,
    /// Charged to the fiscal wallet.
    pub charged: Money,
    /// Paid by the fiscal wallet.
    pub paid: Fen,
    /// What the government granted; `None` if no budget was given.
    pub budget: Option<Fen>,
}

impl PurposeTotal {
    /// What is left of the budget; negative when it's overspent, which is then for people to mend:
    /// what was paid is final.
    #[must_use]
    pub fn left(&self) -> Option<Fen> {
        self.budget.map(|budget| budget - self.paid)
    }
}

impl Subsidies {
    /// States the budget of a purpose.
    pub fn grant(&mut self, purpose: Item, budget: Fen) {
        self.budgets.insert(purpose, budget);
    }

    /// Every purpose and payee, in order.
    pub fn entries(&self) -> impl Iterator<Item = (Item, MeterId, &Entry)> {
        self.entries.iter().map(|((purpose, payee), entry)| (*purpose, *payee, entry))
    }

    /// Totals of a purpose.
    #[must_use]
    pub fn total(&self, purpose: Item) -> PurposeTotal {
        let budget = self.budgets.get(&purpose).copied();
        let mut total = PurposeTotal { budget, ..PurposeTotal::default() };
        for (_, _, entry) in self.entries().filter(|(of, _, _)| *of == purpose) {
            total.payees += 1;
            total.charged += entry.charged;
            total.paid += entry.paid;
        }
        total
    }

    /// Everything that the fiscal wallet paid.
    #[must_use]
    pub fn paid(&self) -> Fen {
        self.entries.values().map(|entry| entry.paid).sum()
    }

    /// Books the legs of a checked record that the fiscal wallet pays. The purpose of a leg is the
    /// item of its first line.
    pub(crate) fn post(&mut self, record: &SettlementRecord) {
        for leg in record.legs.iter().filter(|leg| leg.debit == Role::Fiscal.byte()) {
            let line = record.items.iter().find(|line| line.leg == leg.leg);
            let purpose = line.and_then(|line| Item::from_byte(line.item));
            let purpose = purpose.unwrap_or(Item::Subsidy);
            let Some(payee) = Role::from_byte(leg.credit) else { continue };
            let empty = Entry { payee, count: 0, charged: Money::ZERO, paid: Fen::ZERO };
            let entry = self.entries.entry((purpose, record.meter)).or_insert(empty);
            entry.count += 1;
            entry.charged += leg.charged;
            entry.paid += leg.paid;
        }
    }
}

record!(Subsidies { entries, budgets });
record!(Entry { payee, count, charged, paid });
