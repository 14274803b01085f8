//! Plain books, kept apart from the bank: the same rules written a second time, as simply as can be.

use bank::registration::ORDERS_REMEMBERED;
use bank::{Command, Operation, ResultCode, bank_vault, issuance_vault};
use quantity::Fen;
use std::collections::{BTreeMap, BTreeSet};
use wire::order::PaymentOrder;
use wire::{Digest, KeyId, WalletId};

use super::parties::OPERATOR;

/// What every wallet and every key should be like, in fen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Books {
    wallets: BTreeMap<WalletId, i64>,
    frozen: BTreeSet<WalletId>,
    bound: BTreeMap<KeyId, BTreeSet<WalletId>>,
    /// Digests of the orders of each key, the first in front.
    chains: BTreeMap<KeyId, Vec<Digest>>,
    issued: i64,
    /// Of issuance, and of the operator.
    quotas: [i64; 2],
    /// What the operator has in reserve, and what it was supplied with.
    reserve: i64,
    supplied: i64,
    /// Bank accounts beside the wallets.
    deposits: BTreeMap<WalletId, i64>,
}

impl Books {
    pub(super) fn new() -> Self {
        let vaults = [issuance_vault(), bank_vault(OPERATOR)];
        Self { wallets: vaults.map(|vault| (vault, 0)).into(), ..Self::default() }
    }

    pub(super) const fn wallets(&self) -> &BTreeMap<WalletId, i64> {
        &self.wallets
    }

    pub(super) const fn issued(&self) -> i64 {
        self.issued
    }

    /// Digests of the orders of each key.
    pub(super) const fn chains(&self) -> &BTreeMap<KeyId, Vec<Digest>> {
        &self.chains
    }

    /// Books one operation and says what should become of it.
    pub(super) fn book(&mut self, operation: &Operation) -> ResultCode {
        let chain = self.chains.entry(operation.signer()).or_default();
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
        chain.push(operation.digest());
        match operation {
            Operation::Pay(order) => self.pay(&order.body),
            Operation::Instruct(instruction) => self.instruct(&instruction.body.command),
        }
    }

    fn pay(&mut self, order: &PaymentOrder) -> ResultCode {
        let legs = &order.legs;
        let bound = self.bound.get(&order.signer);
        if legs.iter().any(|leg| !self.wallets.contains_key(&leg.credit)) {
            return ResultCode::UnknownWallet;
        }
        if legs.iter().any(|leg| !bound.is_some_and(|bound| bound.contains(&leg.debit))) {
            return ResultCode::NotBound;
        }
        if legs.iter().any(|leg| self.frozen.contains(&leg.debit)) {
            return ResultCode::Frozen;
        }
        if legs.iter().any(|leg| leg.debit == leg.credit) {
            return ResultCode::SameWallet;
        }
        let mut after = self.wallets.clone();
        for leg in legs {
            if !shift(&mut after, leg.debit, leg.credit, leg.amount.fen()) {
                return ResultCode::InsufficientFunds;
            }
        }
        self.wallets = after;
        ResultCode::Accepted
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "a life gives some instructions only")]
    fn instruct(&mut self, command: &Command) -> ResultCode {
        let mut after = self.clone();
        let done = match command {
            Command::Issue { .. } | Command::Retire { .. } | Command::Supply { .. } => {
                after.instruct_centrally(command)
            }
            Command::Return { .. } | Command::Draw { .. } | Command::Redeem { .. } => {
                after.exchange(command)
            }
            _ => {
                after.administer(command);
                Ok(())
            }
        };
        match done {
            Err(code) => code,
            Ok(()) => {
                *self = after;
                ResultCode::Accepted
            }
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "called with these three only")]
    fn instruct_centrally(&mut self, command: &Command) -> Result<(), ResultCode> {
        let issuance = issuance_vault();
        match command {
            Command::Issue { amount } => {
                self.issued += amount.fen();
                *self.wallets.entry(issuance).or_default() += amount.fen();
                must(self.issued <= self.quotas[0], ResultCode::OverQuota)
            }
            Command::Retire { amount } => {
                let held = self.wallets.entry(issuance).or_default();
                *held -= amount.fen();
                self.issued -= amount.fen();
                must(*held >= 0, ResultCode::InsufficientFunds)
            }
            Command::Supply { amount, .. } => {
                self.supplied += amount.fen();
                self.reserve -= amount.fen();
                must(self.supplied <= self.quotas[1], ResultCode::OverQuota)?;
                must(self.reserve >= 0, ResultCode::InsufficientReserve)?;
                let moved = shift(&mut self.wallets, issuance, bank_vault(OPERATOR), amount.fen());
                must(moved, ResultCode::InsufficientFunds)
            }
            other => panic!("not the central bank's: {other:?}"),
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "called with these three only")]
    fn exchange(&mut self, command: &Command) -> Result<(), ResultCode> {
        let vault = bank_vault(OPERATOR);
        let moved = match command {
            Command::Return { amount } => {
                self.supplied -= amount.fen();
                self.reserve += amount.fen();
                shift(&mut self.wallets, vault, issuance_vault(), amount.fen())
            }
            Command::Draw { wallet, amount } => {
                let deposit = self.deposits.entry(*wallet).or_default();
                *deposit -= amount.fen();
                must(*deposit >= 0, ResultCode::InsufficientDeposit)?;
                shift(&mut self.wallets, vault, *wallet, amount.fen())
            }
            Command::Redeem { wallet, amount } => {
                must(!self.frozen.contains(wallet), ResultCode::Frozen)?;
                *self.deposits.entry(*wallet).or_default() += amount.fen();
                shift(&mut self.wallets, *wallet, vault, amount.fen())
            }
            other => panic!("not an exchange: {other:?}"),
        };
        must(moved, ResultCode::InsufficientFunds)
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "a life gives some instructions only")]
    fn administer(&mut self, command: &Command) {
        match command {
            Command::SetQuota { operator, amount } => {
                self.quotas[usize::from(*operator != 0)] = amount.map_or(0, Fen::fen);
            }
            Command::CreditReserve { amount, .. } => self.reserve += amount.fen(),
            Command::CreditDeposit { wallet, amount } => {
                *self.deposits.entry(*wallet).or_default() += amount.fen();
            }
            Command::OpenWallet { wallet, .. } => {
                self.wallets.insert(*wallet, 0);
            }
            Command::BindKey { wallet, certificate } => {
                let key = crypto::key_id(&certificate.body.public_key);
                self.bound.entry(key).or_default().insert(*wallet);
            }
            Command::Freeze { wallet } => {
                self.frozen.insert(*wallet);
            }
            Command::Unfreeze { wallet } => {
                self.frozen.remove(wallet);
            }
            other => panic!("no life gives such an instruction: {other:?}"),
        }
    }
}

const fn must(holds: bool, code: ResultCode) -> Result<(), ResultCode> {
    if holds { Ok(()) } else { Err(code) }
}

/// Moves money; `false`, and nothing moved, if there is too little.
fn shift(wallets: &mut BTreeMap<WalletId, i64>, from: WalletId, to: WalletId, amount: i64) -> bool {
    let held = wallets.entry(from).or_default();
    if *held < amount {
        return false;
    }
    *held -= amount;
    *wallets.entry(to).or_default() += amount;
    true
}
