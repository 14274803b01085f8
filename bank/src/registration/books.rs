//! Everything that money may be in or bound by: wallets, holds, coin strings, operators' books,
//! dated policy, templates. One mark and one roll-back for all of it.

use super::interest::{self, Rates};
use super::ledger::{Calendar, Ledger, Slot};
use super::limits::{self, Limits};
use super::tracked::Tracked;
use crate::terms::{CoinTerms, Spending, Template, wire_fields};
use quantity::{Fen, Instant};
use wire::{DecodeError, Digest, Reader, Sink, WalletId, Wire};

/// Money set aside for a payee: pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Wallet that will pay.
    pub debit: WalletId,
    /// Wallet that may be paid.
    pub credit: WalletId,
    /// What is left of it.
    pub amount: Fen,
    /// The template under which it was made.
    pub template: u16,
    /// First instant at which it may be posted.
    pub from: Instant,
    /// First instant at which it expires.
    pub until: Instant,
}

/// A coin string 加密货币串, as the registration centre keeps it. The fields are patent-inspired;
/// the true format isn't published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    /// Wallet that owns it.
    pub owner: WalletId,
    /// Its denomination.
    pub amount: Fen,
    /// Digest of the operation that made it.
    pub made_by: Digest,
    /// What it is bound to, if anything, and who gave it.
    pub bound: Option<Bound>,
}

/// What purpose-bound money is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Wallet that gave it, and to which it returns.
    pub giver: WalletId,
    /// The template under which it was given.
    pub template: u16,
    /// The terms.
    pub terms: CoinTerms,
}

/// An operator at the central bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorBook {
    /// Its vault.
    pub vault: WalletId,
    /// Most that it may have been supplied with.
    pub quota: Fen,
    /// What it was supplied with and hasn't returned.
    pub supplied: Fen,
    /// Bank money on its reserve account.
    pub reserve: Fen,
    /// What its customers received from other operators' customers, less what they paid them.
    pub position: Fen,
}

impl OperatorBook {
    /// Nothing yet.
    pub(super) const EMPTY: Self = Self {
        vault: crate::genesis::issuance_vault(),
        quota: Fen::ZERO,
        supplied: Fen::ZERO,
        reserve: Fen::ZERO,
        position: Fen::ZERO,
    };
}

/// What ends by itself, and when.
pub(super) type Due = (Instant, Digest);

#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    pub(super) ledger: Ledger,
    pub(super) holds: Tracked<Digest, Hold>,
    pub(super) coins: Tracked<Digest, Coin>,
    /// Ends of holds and of bound coin strings.
    pub(super) due: Tracked<Due, ()>,
    pub(super) operators: Tracked<u16, OperatorBook>,
    pub(super) templates: Tracked<u16, Template>,
    pub(super) sub_wallets: Tracked<Slot, Spending>,
    pub(super) limit_rules: limits::Rules,
    pub(super) interest_rules: interest::Rules,
    /// Limits of the batch.
    pub(super) limits: Limits,
}

/// How much was there to undo at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct BooksMark {
    ledger: usize,
    maps: [usize; 8],
}

/// Does the same to each of the maps.
macro_rules! each_map {
    ($books:expr, |$map:ident, $place:ident| $action:expr) => {{
        let maps = $books;
        {
            let ($map, $place) = (&mut maps.holds, 0);
            $action
        }
        {
            let ($map, $place) = (&mut maps.coins, 1);
            $action
        }
        {
            let ($map, $place) = (&mut maps.due, 2);
            $action
        }
        {
            let ($map, $place) = (&mut maps.operators, 3);
            $action
        }
        {
            let ($map, $place) = (&mut maps.templates, 4);
            $action
        }
        {
            let ($map, $place) = (&mut maps.sub_wallets, 5);
            $action
        }
        {
            let ($map, $place) = (&mut maps.limit_rules, 6);
            $action
        }
        {
            let ($map, $place) = (&mut maps.interest_rules, 7);
            $action
        }
    }};
}

impl Books {
    /// Begins a batch: rules that were set up to now hold, those set in the batch don't yet.
    pub(super) fn begin(&mut self, at: Instant) {
        let today = Calendar::of(at);
        self.limits = Limits::on(&self.limit_rules, today.day);
        self.ledger.begin(today, Rates::of_rules(&self.interest_rules));
    }

    pub(super) fn mark(&self) -> BooksMark {
        BooksMark {
            ledger: self.ledger.mark(),
            maps: [
                self.holds.mark(),
                self.coins.mark(),
                self.due.mark(),
                self.operators.mark(),
                self.templates.mark(),
                self.sub_wallets.mark(),
                self.limit_rules.mark(),
                self.interest_rules.mark(),
            ],
        }
    }

    /// Takes back everything since `mark`.
    pub(super) fn roll_back_to(&mut self, mark: BooksMark) {
        self.ledger.roll_back_to(mark.ledger);
        each_map!(self, |map, place| map.roll_back_to(mark.maps[place]));
    }

    /// Makes the changes before `mark` final.
    pub(super) fn settle_up_to(&mut self, mark: BooksMark) {
        self.ledger.settle_up_to(mark.ledger);
        each_map!(self, |map, place| map.settle_up_to(mark.maps[place]));
    }
}

wire_fields!(Hold, b"", { debit, credit, amount, template, from, until });
wire_fields!(Coin, b"", { owner, amount, made_by, bound });
wire_fields!(Bound, b"", { giver, template, terms });
wire_fields!(OperatorBook, b"", { vault, quota, supplied, reserve, position });
