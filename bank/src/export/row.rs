//! One row per leg: the day journal's unit.

use crate::code::ResultCode;
use crate::command::Command;
use crate::genesis::{bank_vault, issuance_vault};
use crate::operation::Operation;
use crate::registration::{Cause, Movement, Registration};
use core::fmt;
use quantity::{Fen, Instant};
use wire::receipt::Root;
use wire::{Digest, KeyId, WalletId};

/// One movement of money, done or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number of the batch.
    pub batch: u64,
    /// When the batch was applied.
    pub at: Instant,
    /// Digest of the operation, or of the coin string that ended.
    pub order: Digest,
    /// Key that signed it; none if money returned by itself at its end.
    pub signer: Option<KeyId>,
    /// Its number in the chain of that key; 0 without one.
    pub sequence: u64,
    /// What kind of operation it is, such as `pay` or `draw`, or `end`.
    pub kind: &'static str,
    /// Where the money comes from.
    pub debit: Place,
    /// Where it goes.
    pub credit: Place,
    /// How much, above zero; zero if a refused operation doesn't name it, such as a sweep.
    pub amount: Fen,
    /// Number of the leg in the contract that asked for it; 0 beside payments.
    pub reason: u8,
    /// What became of the operation.
    pub result: ResultCode,
}

/// One end of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Outside of all wallets: where issued money comes from and retired money goes.
    Outside,
    /// A wallet, vaults included.
    Wallet(WalletId),
    /// A wallet that a refused operation doesn't name: its hold or coin string isn't there.
    Unknown,
}

impl Place {
    /// The wallet, if it is one.
    #[must_use]
    pub const fn wallet(self) -> Option<WalletId> {
        match self {
            Self::Outside | Self::Unknown => None,
            Self::Wallet(wallet) => Some(wallet),
        }
    }
}

/// 16 digits, or nothing for what is no wallet or isn't known.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside | Self::Unknown => Ok(()),
            Self::Wallet(wallet) => wallet.fmt(f),
        }
    }
}

impl Row {
    /// Whether the money moved.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.result == ResultCode::Accepted
    }

    /// What the row changes in a wallet; zero if it doesn't touch it or was refused.
    #[must_use]
    pub fn change_of(&self, wallet: WalletId) -> Fen {
        let place = Place::Wallet(wallet);
        if !self.is_done() || self.debit == self.credit {
            Fen::ZERO
        } else if self.debit == place {
            Fen::ZERO.checked_sub(self.amount).expect("an amount is above zero")
        } else if self.credit == place {
            self.amount
        } else {
            Fen::ZERO
        }
    }

    /// Whether the row names a wallet.
    #[must_use]
    pub fn names(&self, wallet: WalletId) -> bool {
        let place = Place::Wallet(wallet);
        self.debit == place || self.credit == place
    }
}

/// The rows of a batch, in order. Operations that ask for no movement of money have none. What would
/// have one if it were accepted has one if it is refused; so has a refused hold, though one that is
/// accepted leaves its money in the payer's wallet.
///
/// `outcomes` are the batch's codes and operations, `movements` what they moved, and `ledger` the
/// registration centre, which knows whose vault a signer's is.
///
/// # Panics
/// If the movements aren't those of the operations.
#[must_use]
pub fn rows<'a>(
    root: &Root,
    outcomes: impl IntoIterator<Item = (ResultCode, &'a Operation)>,
    movements: &[Movement],
    ledger: &Registration,
) -> Vec<Row> {
    let ended = movements.iter().take_while(|moved| moved.cause == Cause::End).count();
    let (ends, mut rest) = movements.split_at(ended);
    let mut rows: Vec<Row> = ends.iter().map(|moved| Origin::end(root, moved).row(moved)).collect();
    for (code, operation) in outcomes {
        let origin = Origin::operation(root, code, operation);
        if code == ResultCode::Accepted {
            let own = rest.iter().take_while(|moved| moved.operation == origin.order).count();
            let (own, further) = rest.split_at(own);
            rest = further;
            rows.extend(operation.command().and_then(outside).map(|leg| origin.told(leg)));
            rows.extend(own.iter().map(|moved| origin.row(moved)));
        } else {
            rows.extend(asked(operation, ledger).into_iter().map(|leg| origin.told(leg)));
        }
    }
    assert!(rest.is_empty(), "each movement belongs to an operation of its batch");
    rows
}

/// What all rows of one operation share.
struct Origin {
    batch: u64,
    at: Instant,
    order: Digest,
    signer: Option<KeyId>,
    sequence: u64,
    kind: &'static str,
    result: ResultCode,
}

/// What an operation moves, or would have moved.
type Leg = (Place, Place, Fen, u8);

impl Origin {
    fn operation(root: &Root, result: ResultCode, operation: &Operation) -> Self {
        Self {
            batch: root.batch,
            at: root.at,
            order: operation.digest(),
            signer: Some(operation.signer()),
            sequence: operation.sequence(),
            kind: operation.command().map_or("pay", Command::word),
            result,
        }
    }

    /// Nobody signs what ends by itself.
    const fn end(root: &Root, moved: &Movement) -> Self {
        Self {
            batch: root.batch,
            at: root.at,
            order: moved.operation,
            signer: None,
            sequence: 0,
            kind: "end",
            result: ResultCode::Accepted,
        }
    }

    const fn row(&self, moved: &Movement) -> Row {
        let leg = &moved.leg;
        let (debit, credit) = (Place::Wallet(leg.debit), Place::Wallet(leg.credit));
        self.told((debit, credit, leg.amount, leg.reason))
    }

    const fn told(&self, (debit, credit, amount, reason): Leg) -> Row {
        let Self { batch, at, order, signer, sequence, kind, result } = *self;
        Row { batch, at, order, signer, sequence, kind, debit, credit, amount, reason, result }
    }
}

/// Money that begins or ends: the one kind that isn't a movement from wallet to wallet.
fn outside(command: &Command) -> Option<Leg> {
    let issuance = Place::Wallet(issuance_vault());
    if let Command::Issue { amount } = command {
        Some((Place::Outside, issuance, *amount, 0))
    } else if let Command::Retire { amount } = command {
        Some((issuance, Place::Outside, *amount, 0))
    } else {
        None
    }
}

/// What a refused operation would have moved. What it names itself is told, and what the ledger knows
/// of the rest: whose a hold or a coin string is. What is retired by now is nobody's any more.
fn asked(operation: &Operation, ledger: &Registration) -> Vec<Leg> {
    match operation {
        Operation::Pay(order) => order.body.legs.iter().map(between).collect(),
        Operation::Instruct(instruction) => {
            let command = &instruction.body.command;
            let leg = asked_of_bank(command, vault_of(operation, ledger));
            leg.or_else(|| asked_by_owner(command, ledger)).into_iter().collect()
        }
    }
}

const fn between(leg: &wire::order::Leg) -> Leg {
    (Place::Wallet(leg.debit), Place::Wallet(leg.credit), leg.amount, leg.reason)
}

/// An operator's key is bound to one wallet: its vault.
fn vault_of(operation: &Operation, ledger: &Registration) -> Place {
    let mut bound = ledger.bound_wallets(operation.signer());
    let is_vault =
        |wallet: &WalletId| ledger.wallet(*wallet).is_some_and(|known| known.kind.is_vault());
    place(bound.next().filter(is_vault))
}

fn place(wallet: Option<WalletId>) -> Place {
    wallet.map_or(Place::Unknown, Place::Wallet)
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the table of commands says who signs what")]
fn asked_of_bank(command: &Command, vault: Place) -> Option<Leg> {
    let issuance = Place::Wallet(issuance_vault());
    let (debit, credit, amount) = match *command {
        Command::Issue { .. } | Command::Retire { .. } => return outside(command),
        Command::Supply { operator, amount } => {
            // A number that is no operator's has no vault.
            let vault = (operator <= 999).then(|| bank_vault(operator));
            (issuance, place(vault), amount)
        }
        Command::Return { amount } => (vault, issuance, amount),
        Command::Draw { wallet, amount } => (vault, Place::Wallet(wallet), amount),
        Command::Redeem { wallet, amount } => (Place::Wallet(wallet), vault, amount),
        // How much it would have been follows from the ledger at that instant.
        Command::PayInterest { wallet } => (vault, Place::Wallet(wallet), Fen::ZERO),
        _ => return None,
    };
    Some((debit, credit, amount, 0))
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the other commands ask for no movement")]
fn asked_by_owner(command: &Command, ledger: &Registration) -> Option<Leg> {
    let (debit, credit, amount) = match command {
        Command::Refund { leg, .. } => return Some(between(leg)),
        Command::Hold { debit, credit, amount, .. }
        | Command::Grant { debit, credit, amount, .. } => (Some(*debit), Some(*credit), *amount),
        Command::Post { hold, amount, .. } => {
            let hold = ledger.held(*hold);
            (hold.map(|hold| hold.debit), hold.map(|hold| hold.credit), *amount)
        }
        Command::Spend { coins, credit, amount } => {
            let owner = coins.iter().find_map(|coin| ledger.coin(*coin)).map(|coin| coin.owner);
            (owner, Some(*credit), *amount)
        }
        Command::ClawBack { coin } => {
            let coin = ledger.coin(*coin);
            let giver = coin.and_then(|coin| Some(coin.bound.as_ref()?.giver));
            (coin.map(|coin| coin.owner), giver, coin.map_or(Fen::ZERO, |coin| coin.amount))
        }
        Command::Sweep { wallet, .. } => {
            let parent = ledger.wallet(*wallet).and_then(|known| known.parent);
            (Some(*wallet), parent, Fen::ZERO)
        }
        _ => return None,
    };
    Some((place(debit), place(credit), amount, 0))
}
