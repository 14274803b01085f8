//! Wallets and balances, with the list of what to undo.

use crate::code::ResultCode;
use crate::operation::{Grade, WalletKind};
use quantity::Fen;
use std::collections::BTreeMap;
use wire::WalletId;

/// A wallet as the registration centre knows it: a number, no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Its number.
    pub id: WalletId,
    /// What it is for.
    pub kind: WalletKind,
    /// How well its holder is identified.
    pub grade: Grade,
    /// The parent of a sub-wallet.
    pub parent: Option<WalletId>,
    /// Whether it may pay.
    pub state: WalletState,
    /// Money in it, never negative.
    pub balance: Fen,
}

/// Whether a wallet may pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WalletState {
    /// It pays and receives.
    Active = 0,
    /// It only receives 只收不付.
    Frozen = 1,
}

/// Position of a wallet; it never changes while the wallet exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(usize);

/// All wallets. Changes can be taken back until [`settle`](Self::settle).
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    slots: BTreeMap<WalletId, Slot>,
    wallets: Vec<Wallet>,
    /// Sum of all balances, moved by each single write of a balance.
    total: i128,
    undo: Vec<Undo>,
}

#[derive(Clone, Copy, Debug)]
enum Undo {
    Balance(Slot, Fen),
    State(Slot, WalletState),
    Opened(WalletId),
}

/// How much was there to undo at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

impl Ledger {
    pub(super) fn find(&self, wallet: WalletId) -> Option<Slot> {
        self.slots.get(&wallet).copied()
    }

    pub(super) fn wallet(&self, slot: Slot) -> &Wallet {
        &self.wallets[slot.0]
    }

    /// All wallets by rising number.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Wallet> {
        self.slots.values().map(|slot| self.wallet(*slot))
    }

    pub(super) const fn total(&self) -> i128 {
        self.total
    }

    /// Sum of all balances, counted anew.
    pub(super) fn recount(&self) -> i128 {
        self.wallets.iter().fold(0, |sum, wallet| {
            let sum: i128 = sum;
            sum.checked_add(i128::from(wallet.balance.fen())).expect("i128 holds any such sum")
        })
    }

    pub(super) fn open(&mut self, wallet: Wallet) -> Slot {
        assert!(wallet.balance.is_zero(), "a new wallet is empty");
        let slot = Slot(self.wallets.len());
        let known = self.slots.insert(wallet.id, slot);
        assert!(known.is_none(), "a wallet is opened once");
        self.wallets.push(wallet);
        self.undo.push(Undo::Opened(wallet.id));
        slot
    }

    pub(super) fn set_state(&mut self, slot: Slot, state: WalletState) {
        let wallet = &mut self.wallets[slot.0];
        self.undo.push(Undo::State(slot, wallet.state));
        wallet.state = state;
    }

    /// Moves money; the caller has found both wallets allowed to take part.
    pub(super) fn transfer(&mut self, from: Slot, to: Slot, amount: Fen) -> Result<(), ResultCode> {
        let overflow = self.wallet(to).balance.checked_add(amount).is_none();
        if overflow {
            return Err(ResultCode::Overflow);
        }
        self.withdraw(from, amount)?;
        self.deposit(to, amount)
    }

    /// Puts new money into a wallet.
    pub(super) fn deposit(&mut self, slot: Slot, amount: Fen) -> Result<(), ResultCode> {
        let balance = self.wallet(slot).balance.checked_add(amount);
        self.write_balance(slot, balance.ok_or(ResultCode::Overflow)?);
        Ok(())
    }

    /// Takes money out of a wallet.
    pub(super) fn withdraw(&mut self, slot: Slot, amount: Fen) -> Result<(), ResultCode> {
        let balance = self.wallet(slot).balance.checked_sub(amount);
        let covered = balance.filter(|rest| !rest.is_negative());
        self.write_balance(slot, covered.ok_or(ResultCode::InsufficientFunds)?);
        Ok(())
    }

    fn write_balance(&mut self, slot: Slot, balance: Fen) {
        self.undo.push(Undo::Balance(slot, self.wallet(slot).balance));
        self.set_balance(slot, balance);
    }

    fn set_balance(&mut self, slot: Slot, balance: Fen) {
        assert!(!balance.is_negative(), "a wallet never owes");
        let wallet = &mut self.wallets[slot.0];
        let change = i128::from(balance.fen()).checked_sub(i128::from(wallet.balance.fen()));
        wallet.balance = balance;
        let total = change.and_then(|change| self.total.checked_add(change));
        self.total = total.expect("i128 holds any sum of balances");
    }

    pub(super) const fn mark(&self) -> Mark {
        Mark(self.undo.len())
    }

    /// Takes back everything since `mark`.
    pub(super) fn roll_back_to(&mut self, mark: Mark) {
        while self.undo.len() > mark.0 {
            match self.undo.pop().expect("there is more to undo than at the mark") {
                Undo::Balance(slot, balance) => self.set_balance(slot, balance),
                Undo::State(slot, state) => self.wallets[slot.0].state = state,
                Undo::Opened(wallet) => {
                    self.slots.remove(&wallet);
                    self.wallets.pop();
                }
            }
        }
    }

    pub(super) fn roll_back(&mut self) {
        self.roll_back_to(Mark(0));
    }

    /// Makes all changes final.
    pub(super) fn settle(&mut self) {
        self.undo.clear();
    }
}
