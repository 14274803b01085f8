//! The state page: all that one settlement changes, committed by one write.

use crate::personal::Personalisation;
use crate::record::{Maybe, record};
use contract::{Carries, Direction, Leg};
use heapless::Vec;
use quantity::{Duration, Energy, Fen, Instant, Money, PicoYuan};
use wire::receipt::BOUND_WALLETS_MAX;
use wire::tee::{Hold, Limits, WalletStatus};
use wire::{DecodeError, Digest, Reader, Sink, WalletId, Wire};

/// Most pairs of wallets that carry something: eight legs, and four of earlier contracts.
pub(crate) const DUES_MAX: usize = 12;

/// The state page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Counter of the last frame of the management core.
    pub(crate) link_counter: u64,
    /// When the registers of the last report stood like that.
    pub(crate) reported: Instant,
    /// The latest time that the registration centre signed.
    pub(crate) clock: Instant,
    /// Number of the last batch.
    pub(crate) batch: u64,
    /// Number of the last order.
    pub(crate) sequence: u64,
    /// Digest of the last order.
    pub(crate) head: Digest,
    /// Number of the last order with a receipt.
    pub(crate) acknowledged: u64,
    /// Number of the last order that was burnt.
    pub(crate) burnt: u64,
    /// First journal block of the oldest order without a receipt.
    pub(crate) oldest_block: u16,
    /// Journal blocks of all orders without a receipt.
    pub(crate) used_blocks: u16,
    /// Orders that pay and have no receipt.
    pub(crate) offline_orders: u32,
    pub(crate) alarms: u8,
    /// Start of the legal day of the last order.
    pub(crate) day: Instant,
    /// Paid on that day.
    pub(crate) paid_today: Fen,
    pub(crate) limits: Limits,
    /// Wallets that may be debited.
    pub(crate) wallets: Vec<WalletStatus, BOUND_WALLETS_MAX>,
    pub(crate) import: Side,
    pub(crate) export: Side,
}

/// One direction of energy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    /// Up to where energy is settled; `None` before the first report.
    pub(crate) settled: Maybe<Position>,
    /// Register of the last report.
    pub(crate) register: Energy,
    pub(crate) hold: Hold,
    /// The contract in force.
    pub(crate) active: Maybe<Slot>,
    /// The contract that takes over later.
    pub(crate) waiting: Maybe<Slot>,
    pub(crate) dues: Vec<Due, DUES_MAX>,
}

/// A point on the line of settlements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) at: Instant,
    pub(crate) register: Energy,
    /// Register at the start of the month of `at`.
    pub(crate) month_start: Energy,
    /// Register at the start of the year of `at`.
    pub(crate) year_start: Energy,
}

/// A contract in its slot, with what must be known before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) slot: u8,
    /// Digest of the package.
    pub(crate) digest: Digest,
    pub(crate) sequence: u64,
    pub(crate) active_from: Instant,
    pub(crate) valid_until: Instant,
    /// Length of the settlement interval.
    pub(crate) interval: Duration,
}

/// What is owed between two roles and can't be paid (yet). Kept by roles, not by number of the leg:
/// so it survives a change of the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) debit: u8,
    pub(crate) credit: u8,
    /// Below one micro-yuan.
    pub(crate) pico: u32,
    /// The rest below one fen, and arrears; negative if the other side owes.
    pub(crate) carried: Money,
}

record!(State {
    link_counter,
    reported,
    clock,
    batch,
    sequence,
    head,
    acknowledged,
    burnt,
    oldest_block,
    used_blocks,
    offline_orders,
    alarms,
    day,
    paid_today,
    limits,
    wallets,
    import,
    export
});
record!(Side { settled, register, hold, active, waiting, dues });
record!(Position { at, register, month_start, year_start });
record!(Slot { slot, digest, sequence, active_from, valid_until, interval });

impl Wire for Due {
    fn write(&self, out: &mut Sink<'_>) {
        [self.debit, self.credit].write(out);
        self.pico.write(out);
        self.carried.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [debit, credit] = Wire::read(reader)?;
        let (at, pico) = (reader.at(), u32::read(reader)?);
        PicoYuan::new(pico).ok_or(reader.refuse(at, "pico-yuan"))?;
        Ok(Self { debit, credit, pico, carried: Wire::read(reader)? })
    }
}

impl State {
    /// What a chip begins with.
    pub(crate) fn first(personal: &Personalisation) -> Self {
        let wallet = |(wallet, balance)| WalletStatus { wallet, balance, claimed: Fen::ZERO };
        Self {
            link_counter: 0,
            reported: Instant::EPOCH,
            clock: Instant::EPOCH,
            batch: 0,
            sequence: 0,
            head: Digest::default(),
            acknowledged: 0,
            burnt: 0,
            oldest_block: 0,
            used_blocks: 0,
            offline_orders: 0,
            alarms: 0,
            day: Instant::EPOCH,
            paid_today: Fen::ZERO,
            limits: personal.limits,
            wallets: personal.debits().map(wallet).collect(),
            import: Side::EMPTY,
            export: Side::EMPTY,
        }
    }

    pub(crate) const fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Import => &self.import,
            Direction::Export => &self.export,
        }
    }

    pub(crate) const fn side_mut(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Import => &mut self.import,
            Direction::Export => &mut self.export,
        }
    }

    /// What all orders without a receipt claim together.
    pub(crate) fn offline_amount(&self) -> Fen {
        self.wallets.iter().map(|wallet| wallet.claimed).sum()
    }

    pub(crate) fn wallet_mut(&mut self, wallet: WalletId) -> Option<&mut WalletStatus> {
        self.wallets.iter_mut().find(|known| known.wallet == wallet)
    }
}

impl Side {
    const EMPTY: Self = Self {
        settled: Maybe(None),
        register: Energy::ZERO,
        hold: Hold::NoContract,
        active: Maybe(None),
        waiting: Maybe(None),
        dues: Vec::new(),
    };

    /// The contracts that it holds.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        [&self.active, &self.waiting].into_iter().filter_map(|slot| slot.0.as_ref())
    }

    /// The contract loaded last.
    pub(crate) fn loaded_last(&self) -> Option<&Slot> {
        self.waiting.0.as_ref().or(self.active.0.as_ref())
    }

    /// Lets the contract that waits take over if its time has come: settled energy never moves to
    /// another contract, and the first contract also takes the energy that waited for it.
    pub(crate) fn take_over(&mut self, now: Instant) {
        let reached = match (&self.active.0, &self.settled.0) {
            (Some(_), Some(position)) => position.at,
            (Some(_), None) | (None, _) => now,
        };
        if self.waiting.0.is_some_and(|waiting| waiting.active_from <= reached) {
            self.active = Maybe(self.waiting.0.take());
        }
    }

    /// What is owed between two roles.
    pub(crate) fn due(&self, debit: u8, credit: u8) -> Due {
        let known = self.dues.iter().find(|due| (due.debit, due.credit) == (debit, credit));
        known.copied().unwrap_or(Due { debit, credit, ..Due::default() })
    }

    /// Replaces what is owed between two roles.
    pub(crate) fn set_due(&mut self, new: Due) {
        let same = |due: &&mut Due| (due.debit, due.credit) == (new.debit, new.credit);
        match self.dues.iter_mut().find(same) {
            Some(due) => *due = new,
            None => self.dues.push(new).expect("a contract with too many legs isn't loaded"),
        }
    }

    /// How many pairs there would be with these legs too.
    pub(crate) fn pairs_with(&self, legs: &[Leg]) -> usize {
        let is_known = |leg: &&Leg| {
            let pair = (leg.debit.byte(), leg.credit.byte());
            self.dues.iter().any(|due| (due.debit, due.credit) == pair)
        };
        self.dues.len() + legs.iter().filter(|leg| !is_known(leg)).count()
    }

    /// The rests below one micro-yuan, by number of the leg.
    pub(crate) fn carries(&self, legs: &[Leg]) -> Carries {
        let mut carries = Carries::ZERO;
        for (number, leg) in (0..).zip(legs) {
            let pico = self.due(leg.debit.byte(), leg.credit.byte()).pico;
            carries.set(number, PicoYuan::new(pico).expect("checked when it was read"));
        }
        carries
    }

    /// Owed over all pairs.
    pub(crate) fn carried(&self) -> Money {
        self.dues.iter().map(|due| due.carried).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::STATE_BYTES_MAX;
    use wire::KeyId;

    /// The page has room for the longest state: all lists full, both slots taken.
    #[test]
    fn the_longest_state_fits_its_page() {
        let zero = Fen::ZERO;
        let slot = Maybe(Some(Slot {
            slot: 0,
            digest: Digest::default(),
            sequence: 0,
            active_from: Instant::EPOCH,
            valid_until: Instant::EPOCH,
            interval: Duration::ZERO,
        }));
        let position = Position {
            at: Instant::EPOCH,
            register: Energy::ZERO,
            month_start: Energy::ZERO,
            year_start: Energy::ZERO,
        };
        let full = Side {
            settled: Maybe(Some(position)),
            active: slot,
            waiting: slot,
            dues: [Due::default(); DUES_MAX].into_iter().collect(),
            ..Side::EMPTY
        };
        let limits = Limits {
            key: KeyId::default(),
            sequence: 0,
            from: Instant::EPOCH,
            document: Digest::default(),
            per_payment: zero,
            per_day: zero,
            offline_orders: 0,
            offline_amount: zero,
        };
        let state = State {
            link_counter: 0,
            reported: Instant::EPOCH,
            clock: Instant::EPOCH,
            batch: 0,
            sequence: 0,
            head: Digest::default(),
            acknowledged: 0,
            burnt: 0,
            oldest_block: 0,
            used_blocks: 0,
            offline_orders: 0,
            alarms: 0,
            day: Instant::EPOCH,
            paid_today: zero,
            limits,
            wallets: [WalletStatus::default(); BOUND_WALLETS_MAX].into_iter().collect(),
            import: full.clone(),
            export: full,
        };
        assert!(state.encoded_len() <= STATE_BYTES_MAX, "{}", state.encoded_len());
        let bytes = state.encode::<STATE_BYTES_MAX>().expect("checked above");
        assert_eq!(State::decode(&bytes), Ok(state));
    }
}
