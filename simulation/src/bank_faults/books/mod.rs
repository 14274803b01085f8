//! Plain books, kept apart from the bank: the same rules written a second time, as simply as can be.
//!
//! What a wallet has set aside and in coin strings isn't kept, it is counted from the notes of holds
//! and strings; limits are counted from the list of payments; interest is booked day by day.

mod institutions;
mod owners;
mod wallets;

use bank::registration::ORDERS_REMEMBERED;
use bank::{Command, Operation, ResultCode};
use quantity::Instant;
use std::collections::BTreeMap;
use wire::order::PaymentOrder;
use wire::{Digest, KeyId};

use super::parties::START;
use wallets::Money;
pub(super) use wallets::Standing;

/// What every wallet and every key should be like.
#[derive(Clone, Debug)]
pub(super) struct Books {
    /// Digests of the orders of each key, the first in front.
    chains: BTreeMap<KeyId, Vec<Digest>>,
    money: Money,
}

/// What ended by itself with a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) holds: u64,
    pub(super) grants: u64,
}

/// Whose operation is booked.
#[derive(Clone, Copy, Debug)]
struct By {
    key: KeyId,
    operation: Digest,
}

type Booked = Result<(), ResultCode>;

impl Books {
    pub(super) fn new() -> Self {
        Self { chains: BTreeMap::new(), money: Money::founded(START) }
    }

    /// Digests of the orders of each key.
    pub(super) const fn chains(&self) -> &BTreeMap<KeyId, Vec<Digest>> {
        &self.chains
    }

    /// All money, wallet by wallet.
    pub(super) const fn money(&self) -> &Money {
        &self.money
    }

    /// Begins a batch at this instant, or at that of the batch before if the clock stepped back.
    pub(super) fn begin(&mut self, now: Instant) -> Ended {
        self.money.begin(now)
    }

    /// Books one operation and says what should become of it.
    pub(super) fn book(&mut self, operation: &Operation) -> ResultCode {
        let chain = self.chains.get(&operation.signer()).map_or(&[][..], Vec::as_slice);
        let number = usize::try_from(operation.sequence()).expect("a life is short");
        if number > chain.len() + 1 {
            return ResultCode::Gap;
        }
        if number <= chain.len() {
            let same = chain[number - 1] == operation.digest();
            return match number + ORDERS_REMEMBERED > chain.len() {
                false => ResultCode::Stale,
                true if same => ResultCode::Exists,
                true => ResultCode::Fork,
            };
        }
        if operation.previous() != chain.last().copied().unwrap_or_default() {
            return ResultCode::Fork;
        }
        self.chains.entry(operation.signer()).or_default().push(operation.digest());
        let by = By { key: operation.signer(), operation: operation.digest() };
        let mut after = self.money.clone();
        let done = match operation {
            Operation::Pay(order) => after.pay(&order.body),
            Operation::Instruct(instruction) => after.instruct(by, &instruction.body.command),
        };
        match done {
            Err(code) => code,
            Ok(()) => {
                self.money = after;
                ResultCode::Accepted
            }
        }
    }
}

impl Money {
    fn pay(&mut self, order: &PaymentOrder) -> Booked {
        let legs = &order.legs;
        for leg in legs {
            self.known(leg.debit)?;
            self.known(leg.credit)?;
        }
        let pays_vault = legs.iter().any(|leg| self.is_vault(leg.credit));
        must(!pays_vault, ResultCode::ForeignWallet)?;
        must(legs.iter().all(|leg| self.may_debit(order.signer, leg.debit)), ResultCode::NotBound)?;
        must(!legs.iter().any(|leg| self.is_frozen(leg.debit)), ResultCode::Frozen)?;
        must(!legs.iter().any(|leg| leg.debit == leg.credit), ResultCode::SameWallet)?;
        let mut outward = BTreeMap::new();
        for leg in legs.iter().filter(|leg| !self.is_family(leg.debit, leg.credit)) {
            *outward.entry(leg.debit).or_insert(0) += leg.amount.fen();
        }
        for (payer, sum) in outward {
            self.count(payer, sum)?;
        }
        legs.iter().try_for_each(|leg| self.shift(leg.debit, leg.credit, leg.amount.fen()))
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "what isn't listed is an owner's")]
    fn instruct(&mut self, by: By, command: &Command) -> Booked {
        match command {
            Command::Issue { .. }
            | Command::Retire { .. }
            | Command::Supply { .. }
            | Command::SetQuota { .. }
            | Command::CreditReserve { .. }
            | Command::SetLimits { .. }
            | Command::SetInterest { .. }
            | Command::ApproveTemplate { .. }
            | Command::WithdrawTemplate { .. } => self.instruct_centrally(command),
            Command::Return { .. }
            | Command::OpenWallet { .. }
            | Command::BindKey { .. }
            | Command::Draw { .. }
            | Command::Redeem { .. }
            | Command::Freeze { .. }
            | Command::Unfreeze { .. }
            | Command::CreditDeposit { .. }
            | Command::DebitDeposit { .. }
            | Command::PayInterest { .. } => self.operate(command),
            _ => self.own(by, command),
        }
    }
}

const fn must(holds: bool, code: ResultCode) -> Booked {
    if holds { Ok(()) } else { Err(code) }
}
