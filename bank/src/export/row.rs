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
    /// How much, above zero.
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
}

impl Place {
    /// The wallet, if it is one.
    #[must_use]
    pub const fn wallet(self) -> Option<WalletId> {
        match self {
            Self::Outside => None,
            Self::Wallet(wallet) => Some(wallet),
        }
    }
}

/// 16 digits, or nothing for outside.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => Ok(()),
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

/// The rows of a batch, in order. Operations that ask for no money have none.
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

/// What a refused operation would have moved, if it names amount and wallets itself.
fn asked(operation: &Operation, ledger: &Registration) -> Vec<Leg> {
    match operation {
        Operation::Pay(order) => order.body.legs.iter().map(between).collect(),
        Operation::Instruct(instruction) => {
            // An operator's key is bound to one wallet: its vault.
            let vault = ledger.bound_wallets(instruction.body.signer).next();
            asked_by_command(&instruction.body.command, vault).into_iter().collect()
        }
    }
}

const fn between(leg: &wire::order::Leg) -> Leg {
    (Place::Wallet(leg.debit), Place::Wallet(leg.credit), leg.amount, leg.reason)
}

#[allow(clippy::wildcard_enum_match_arm, reason = "most commands don't name both wallets")]
fn asked_by_command(command: &Command, vault: Option<WalletId>) -> Option<Leg> {
    let issuance = issuance_vault();
    let (debit, credit, amount) = match *command {
        Command::Issue { .. } | Command::Retire { .. } => return outside(command),
        // A number that is no operator's has no vault.
        Command::Supply { operator, amount } if operator <= 999 => {
            (issuance, bank_vault(operator), amount)
        }
        Command::Return { amount } => (vault?, issuance, amount),
        Command::Draw { wallet, amount } => (vault?, wallet, amount),
        Command::Redeem { wallet, amount } => (wallet, vault?, amount),
        Command::Refund { leg, .. } => (leg.debit, leg.credit, leg.amount),
        Command::Grant { debit, credit, amount, .. } => (debit, credit, amount),
        _ => return None,
    };
    Some((Place::Wallet(debit), Place::Wallet(credit), amount, 0))
}
