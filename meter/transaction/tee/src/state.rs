//! The state page: all that one settlement changes, committed by one write. (Which contract is in
//! force stands on the shelf and follows from how far energy is settled.)

use crate::personal::Personalisation;
use crate::record::{Maybe, record};
use contract::{Carries, Direction, Leg};
use heapless::Vec;
use quantity::{Energy, Fen, Instant, Money, PicoYuan};
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
record!(Side { settled, register, hold, dues });
record!(Position { at, register, month_start, year_start });

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
        dues: Vec::new(),
    };

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

    /// The page has room for the longest state: all lists full.
    #[test]
    fn the_longest_state_fits_its_page() {
        let zero = Fen::ZERO;
        let position = Position {
            at: Instant::EPOCH,
            register: Energy::ZERO,
            month_start: Energy::ZERO,
            year_start: Energy::ZERO,
        };
        let full = Side {
            settled: Maybe(Some(position)),
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
