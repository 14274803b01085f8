//! The company's own wallets: sweep the income into the purchase parent wallet, keep each purchase
//! sub-wallet 1..N above its floor.

use crate::codec::{Field, record};
use heapless::Vec as Bounded;
use quantity::Fen;
use wire::order::{LEGS_MAX, Leg};
use wire::receipt::Balance;
use wire::{DecodeError, Reader, Sink, WalletId, Wire};

/// The company's wallets and their floors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallets {
    /// Where customers pay.
    pub income: WalletId,
    /// Parent of the purchase sub-wallets.
    pub purchase: WalletId,
    /// Sub-wallets 1..N, each bound to a gateway meter.
    pub purchase_subs: Vec<WalletId>,
    /// A sub-wallet below it is filled up.
    pub floor: Fen,
    /// Up to this much.
    pub target: Fen,
    /// What stays in the income wallet.
    pub income_keep: Fen,
}

/// Reason of a leg that sweeps income.
pub const REASON_SWEEP: u8 = 0xf0;
/// Reason of a leg that fills a sub-wallet.
pub const REASON_ALLOCATE: u8 = 0xf1;

/// The legs of one order, to be numbered and signed by the caller.
pub type Legs = Bounded<Leg, LEGS_MAX>;

/// Movements that the balances call for, each list the legs of one order with one paying wallet.
///
/// No order spends what another one brings: so they may arrive in any order, and any may be
/// refused, without overdrawing. Where the parent can't fill all, the emptiest come first. A wallet
/// whose balance isn't given is left alone.
#[must_use]
pub fn plan(wallets: &Wallets, balances: &[Balance]) -> Vec<Legs> {
    let mut orders: Vec<Legs> = sweep(wallets, balances).into_iter().collect();
    let mut legs = allocate(wallets, balances).into_iter().peekable();
    while legs.peek().is_some() {
        orders.push(legs.by_ref().take(LEGS_MAX).collect());
    }
    orders
}

fn sweep(wallets: &Wallets, balances: &[Balance]) -> Option<Legs> {
    let above = balance(balances, wallets.income)? - wallets.income_keep;
    (above > Fen::ZERO).then(|| {
        let (debit, credit) = (wallets.income, wallets.purchase);
        core::iter::once(Leg { debit, credit, amount: above, reason: REASON_SWEEP }).collect()
    })
}

fn allocate(wallets: &Wallets, balances: &[Balance]) -> Vec<Leg> {
    let mut left = balance(balances, wallets.purchase).unwrap_or(Fen::ZERO);
    let known =
        wallets.purchase_subs.iter().filter_map(|sub| Some((balance(balances, *sub)?, *sub)));
    let mut poor: Vec<(Fen, WalletId)> = known.filter(|(has, _)| *has < wallets.floor).collect();
    poor.sort_unstable();
    let mut legs = Vec::new();
    for (has, credit) in poor {
        let amount = (wallets.target.max(wallets.floor) - has).min(left);
        if amount > Fen::ZERO {
            left -= amount;
            legs.push(Leg { debit: wallets.purchase, credit, amount, reason: REASON_ALLOCATE });
        }
    }
    legs
}

fn balance(balances: &[Balance], wallet: WalletId) -> Option<Fen> {
    balances.iter().find(|balance| balance.wallet == wallet).map(|balance| balance.balance)
}

record!(Wallets { income, purchase, purchase_subs, floor, target, income_keep });

impl Field for WalletId {
    fn put(&self, out: &mut Sink<'_>) {
        self.write(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read(reader)
    }
}
