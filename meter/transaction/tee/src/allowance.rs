//! How much a settlement may pay. What it may not pay is carried, never forgiven, and nobody is cut
//! off for it.

use crate::state::State;
use quantity::{Duration, Fen, Instant};
use wire::WalletId;
use wire::tee::Hold;

/// What is left of each limit while one settlement pays its legs.
pub(crate) struct Allowance {
    payment: Fen,
    day: Fen,
    offline: Fen,
    /// The first rule that held something back.
    pub(crate) hold: Hold,
}

impl Allowance {
    /// What an order made at `now` may pay.
    pub(crate) fn new(state: &State, now: Instant) -> Self {
        let limits = &state.limits;
        let paid = if state.day == legal_day(now) { state.paid_today } else { Fen::ZERO };
        let offline = if state.offline_orders < limits.offline_orders {
            limits.offline_amount - state.offline_amount()
        } else {
            Fen::ZERO
        };
        Self { payment: limits.per_payment, day: limits.per_day - paid, offline, hold: Hold::None }
    }

    /// Grants as much of `wanted` as all rules allow, and takes it from them.
    pub(crate) fn grant(&mut self, state: &mut State, debit: WalletId, wanted: Fen) -> Fen {
        let wallet =
            state.wallet_mut(debit).expect("a contract without such a wallet isn't loaded");
        let rules = [
            (self.payment, Hold::PerPayment),
            (self.day, Hold::PerDay),
            (wallet.balance - wallet.claimed, Hold::Funds),
            (self.offline, Hold::Offline),
        ];
        let (least, rule) = rules.into_iter().min_by_key(|(left, _)| *left).expect("four rules");
        let granted = wanted.min(least).max(Fen::ZERO);
        if granted < wanted && self.hold == Hold::None {
            self.hold = rule;
        }
        self.payment -= granted;
        self.day -= granted;
        self.offline -= granted;
        wallet.claimed += granted;
        granted
    }
}

/// Start of the legal day (UTC+8).
pub(crate) fn legal_day(at: Instant) -> Instant {
    (at + quantity::LEGAL_OFFSET).floor_to(Duration::from_days(1)) - quantity::LEGAL_OFFSET
}
