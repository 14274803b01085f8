//! Wallets and what is in them, with the list of what to undo.

use super::index::Index;
use super::interest::{Accrual, Rates};
use super::undo::UndoList;
use crate::code::ResultCode;
use crate::terms::{Grade, WalletKind};
use quantity::{Fen, Instant};
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
    /// Whether it may pay.
    pub state: WalletState,
    /// The parent of a sub-wallet.
    pub parent: Option<WalletId>,
    /// Money that can be spent, never negative.
    pub balance: Fen,
    /// Money set aside for payees.
    pub held: Fen,
    /// Money in coin strings.
    pub coins: Fen,
    /// Bank money of the holder with the operator: no digital yuan.
    pub deposit: Fen,
    /// What was paid on the last day and in the last year with a payment.
    pub(super) spent: Spent,
    /// Interest earned and not paid.
    pub(super) accrual: Accrual,
}

/// Counters behind the limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) day: u32,
    pub(super) year: u32,
    pub(super) in_day: Fen,
    pub(super) in_year: Fen,
}

/// Whether a wallet may pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum WalletState {
    /// It pays and receives.
    Active = 0,
    /// It only receives 只收不付.
    Frozen = 1,
}

/// Where money of a wallet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Balance,
    Held,
    Coins,
}

/// Position of a wallet; it never changes while the wallet exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u32);

/// The legal day and year of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calendar {
    pub(super) day: u32,
    pub(super) year: u32,
}

/// All wallets. Changes can be taken back until [`settle_up_to`](Self::settle_up_to).
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    index: Index,
    wallets: Vec<Wallet>,
    /// Sum of all money, moved by each single write.
    total: i128,
    today: Calendar,
    rates: Rates,
    undo: UndoList<Undo>,
}

#[derive(Clone, Copy, Debug)]
enum Undo {
    Changed(Slot, Wallet),
    Opened,
}

impl Calendar {
    /// The day and year of an instant; before 1970 it is the first day.
    pub(super) fn of(at: Instant) -> Self {
        let day = u32::try_from(at.legal_day().number.max(0)).expect("no instant is so far away");
        let year = u32::try_from(at.civil().date.year.max(0)).expect("years aren't negative");
        Self { day, year }
    }
}

impl Slot {
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).expect("32 bits")
    }

    pub(super) fn at(place: usize) -> Self {
        Self(u32::try_from(place).expect("there are fewer than 2³² wallets"))
    }
}

impl Wallet {
    /// A new wallet.
    pub(super) const fn empty(id: WalletId, kind: WalletKind, grade: Grade) -> Self {
        Self {
            id,
            kind,
            grade,
            state: WalletState::Active,
            parent: None,
            balance: Fen::ZERO,
            held: Fen::ZERO,
            coins: Fen::ZERO,
            deposit: Fen::ZERO,
            spent: Spent { day: 0, year: 0, in_day: Fen::ZERO, in_year: Fen::ZERO },
            accrual: Accrual::NONE,
        }
    }

    /// All digital yuan in the wallet, in whatever form.
    ///
    /// # Panics
    /// Never: it isn't more than what was issued.
    #[must_use]
    pub fn money(&self) -> Fen {
        let parts = self.balance.checked_add(self.held);
        let all = parts.and_then(|parts| parts.checked_add(self.coins));
        all.expect("a wallet holds no more than what was issued")
    }

    /// Whether its parts are what a ledger can hold.
    pub(super) fn is_sound(&self) -> bool {
        let parts = [self.balance, self.held, self.coins];
        let sum = parts.iter().try_fold(Fen::ZERO, |sum, part| sum.checked_add(*part));
        let owes = parts.iter().chain([&self.deposit]).any(|part| part.is_negative());
        sum.is_some() && !owes
    }

    const fn part(&mut self, part: Part) -> &mut Fen {
        match part {
            Part::Balance => &mut self.balance,
            Part::Held => &mut self.held,
            Part::Coins => &mut self.coins,
        }
    }
}

impl Ledger {
    /// Begins a batch: wallets that change from now on first earn interest up to this day.
    pub(super) fn begin(&mut self, today: Calendar, rates: Rates) {
        self.today = today;
        self.rates = rates;
    }

    pub(super) const fn today(&self) -> Calendar {
        self.today
    }

    pub(super) fn find(&self, wallet: WalletId) -> Option<Slot> {
        let is_it = |place: usize| self.wallets[place].id == wallet;
        self.index.find(wallet.number(), is_it).map(Slot::at)
    }

    pub(super) fn wallet(&self, slot: Slot) -> &Wallet {
        &self.wallets[slot.index()]
    }

    /// All wallets in the order in which they were opened.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Wallet> {
        self.wallets.iter()
    }

    pub(super) const fn total(&self) -> i128 {
        self.total
    }

    /// Sum of all money, counted anew.
    pub(super) fn recount(&self) -> i128 {
        self.wallets.iter().fold(0_i128, |sum, wallet| {
            let money = i128::from(wallet.money().fen());
            sum.checked_add(money).expect("i128 holds any such sum")
        })
    }

    pub(super) fn open(&mut self, wallet: Wallet) -> Slot {
        assert!(wallet.money().is_zero(), "a new wallet is empty");
        assert!(self.find(wallet.id).is_none(), "a wallet is opened once");
        self.enter(wallet);
        self.undo.push(Undo::Opened);
        Slot::at(self.wallets.len().saturating_sub(1))
    }

    /// Puts a wallet of a snapshot back.
    pub(super) fn restore(&mut self, wallet: Wallet) {
        self.enter(wallet);
        let money = i128::from(wallet.money().fen());
        self.total = self.total.checked_add(money).expect("i128 holds any sum of money");
    }

    fn enter(&mut self, wallet: Wallet) {
        let wallets = &self.wallets;
        self.index.push(wallet.id.number(), |place| wallets[place].id.number());
        self.wallets.push(wallet);
    }

    /// Moves money between parts of wallets.
    pub(super) fn shift(
        &mut self,
        (from, part): (Slot, Part),
        (to, into): (Slot, Part),
        amount: Fen,
    ) -> Result<(), ResultCode> {
        self.withdraw(from, part, amount)?;
        self.deposit(to, into, amount)
    }

    /// Puts money into a wallet. If it can't be counted, nothing is kept of it.
    pub(super) fn deposit(
        &mut self,
        slot: Slot,
        part: Part,
        amount: Fen,
    ) -> Result<(), ResultCode> {
        let mut wallet = *self.wallet(slot);
        wallet.money().checked_add(amount).ok_or(ResultCode::Overflow)?;
        let place = wallet.part(part);
        *place = place.checked_add(amount).ok_or(ResultCode::Overflow)?;
        self.write(slot, wallet);
        Ok(())
    }

    /// Takes money out of a wallet.
    pub(super) fn withdraw(
        &mut self,
        slot: Slot,
        part: Part,
        amount: Fen,
    ) -> Result<(), ResultCode> {
        let mut wallet = *self.wallet(slot);
        let place = wallet.part(part);
        let rest = place.checked_sub(amount).filter(|rest| !rest.is_negative());
        *place = rest.ok_or(ResultCode::InsufficientFunds)?;
        self.write(slot, wallet);
        Ok(())
    }

    /// Changes what isn't money.
    pub(super) fn change(&mut self, slot: Slot, change: impl FnOnce(&mut Wallet)) {
        let mut wallet = *self.wallet(slot);
        change(&mut wallet);
        self.write(slot, wallet);
    }

    /// Takes out what a wallet has earned up to the end of yesterday.
    pub(super) fn take_interest(&mut self, slot: Slot) -> Fen {
        // A write brings the accrual up to today.
        self.change(slot, |_| {});
        let mut interest = Fen::ZERO;
        self.change(slot, |wallet| interest = wallet.accrual.pay_out());
        interest
    }

    fn write(&mut self, slot: Slot, mut wallet: Wallet) {
        let before = *self.wallet(slot);
        wallet.accrual.bring_to(self.today.day, &before, &self.rates);
        self.undo.push(Undo::Changed(slot, before));
        self.set(slot, wallet);
    }

    fn set(&mut self, slot: Slot, wallet: Wallet) {
        let parts = [wallet.balance, wallet.held, wallet.coins, wallet.deposit];
        assert!(!parts.iter().any(|part| part.is_negative()), "a wallet never owes");
        let place = &mut self.wallets[slot.index()];
        let (before, after) = (i128::from(place.money().fen()), i128::from(wallet.money().fen()));
        *place = wallet;
        let change = after.checked_sub(before).and_then(|change| self.total.checked_add(change));
        self.total = change.expect("i128 holds any sum of money");
    }

    /// How much there is to undo.
    pub(super) fn mark(&self) -> usize {
        self.undo.mark()
    }

    /// Takes back everything since `mark`.
    pub(super) fn roll_back_to(&mut self, mark: usize) {
        while let Some(undo) = self.undo.pop_behind(mark) {
            match undo {
                Undo::Changed(slot, wallet) => self.set(slot, wallet),
                Undo::Opened => {
                    let wallet = self.wallets.pop().expect("the wallet was opened");
                    self.index.pop(wallet.id.number());
                }
            }
        }
    }

    /// Makes the changes before `mark` final.
    pub(super) fn settle_up_to(&mut self, mark: usize) {
        self.undo.forget_up_to(mark);
    }
}
