//! Balances as the rows tell them, to be held against the ledger.

use super::row::{Place, Row};
use crate::registration::Registration;
use core::fmt;
use quantity::Fen;
use std::collections::BTreeMap;
use wire::WalletId;

/// Balances of all wallets that any row named, and the money outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    wallets: BTreeMap<WalletId, Fen>,
    issued: Fen,
}

/// Where rows and ledger say different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The wallet; `None` is the sum of all issued money.
    pub wallet: Option<WalletId>,
    /// What the rows give.
    pub rows: Fen,
    /// What the replayed ledger holds.
    pub ledger: Fen,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wallet {
            Some(wallet) => write!(f, "wallet {wallet}")?,
            None => write!(f, "issued money")?,
        }
        write!(f, ": the movements sum to {}, the ledger holds {}", self.rows, self.ledger)
    }
}

impl core::error::Error for Difference {}

impl Balances {
    /// Applies a row; a refused one changes nothing.
    ///
    /// # Panics
    /// If a sum leaves what can be counted: the ledger never accepts that.
    pub fn take(&mut self, row: &Row) {
        if !row.is_done() {
            return;
        }
        self.add(row.debit, Fen::ZERO.checked_sub(row.amount));
        self.add(row.credit, Some(row.amount));
    }

    fn add(&mut self, place: Place, change: Option<Fen>) {
        let (balance, change) = match place {
            // Money that leaves the outside was issued.
            Place::Outside => {
                let issued = change.and_then(|change| Fen::ZERO.checked_sub(change));
                (&mut self.issued, issued)
            }
            Place::Wallet(wallet) => (self.wallets.entry(wallet).or_default(), change),
            Place::Unknown => unreachable!("money that moved has two known ends"),
        };
        let sum = change.and_then(|change| balance.checked_add(change));
        *balance = sum.expect("the ledger counted the same sum");
    }

    /// Balance of a wallet; zero if no row named it.
    #[must_use]
    pub fn of(&self, wallet: WalletId) -> Fen {
        self.wallets.get(&wallet).copied().unwrap_or_default()
    }

    /// All money issued and not retired.
    #[must_use]
    pub const fn issued(&self) -> Fen {
        self.issued
    }

    /// Wallets that any row named, by rising number.
    pub fn iter(&self) -> impl Iterator<Item = (WalletId, Fen)> + '_ {
        self.wallets.iter().map(|(wallet, balance)| (*wallet, *balance))
    }

    /// Holds every balance, and the issued money, against a ledger that has replayed the very
    /// batches of the rows.
    ///
    /// # Errors
    /// The first [`Difference`].
    pub fn check(&self, ledger: &Registration) -> Result<(), Difference> {
        let issued = (None, self.issued, ledger.issued());
        let known = ledger.wallets().map(|wallet| (wallet.id, wallet.money()));
        let known = known.map(|(wallet, held)| (Some(wallet), self.of(wallet), held));
        let unknown = self.iter().filter(|(wallet, _)| ledger.wallet(*wallet).is_none());
        let unknown = unknown.map(|(wallet, balance)| (Some(wallet), balance, Fen::ZERO));
        let mut all = core::iter::once(issued).chain(known).chain(unknown);
        match all.find(|(_, rows, ledger)| rows != ledger) {
            None => Ok(()),
            Some((wallet, rows, ledger)) => Err(Difference { wallet, rows, ledger }),
        }
    }
}
