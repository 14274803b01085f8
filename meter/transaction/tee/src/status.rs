//! What the page and the rich world may see.

use crate::state::Slot;
use crate::{Stop, Tee};
use contract::Direction;
use quantity::Instant;
use wire::Digest;
use wire::memory::Memory;
use wire::tee::{DirectionStatus, Entry, Status, Which};

impl<M: Memory> Tee<M> {
    /// A journal entry.
    pub(crate) fn fetch(&self, which: Which) -> Result<Entry, Stop> {
        let sequence = match which {
            Which::Oldest => self.state.acknowledged + 1,
            Which::Sequence(sequence) => sequence,
        };
        self.journal().entry(&self.memory, &self.state, sequence)
    }

    pub(crate) fn status(&self, now: Instant) -> Result<Status, Stop> {
        let state = &self.state;
        Ok(Status {
            meter: self.personal.meter,
            class: self.personal.class,
            key: self.key.id(),
            sequence: state.sequence,
            head: state.head,
            acknowledged: state.acknowledged,
            burnt: state.burnt,
            batch: state.batch,
            alarms: state.alarms,
            limits: state.limits,
            paid_today: state.paid_today,
            offline_orders: state.offline_orders,
            offline_amount: state.offline_amount(),
            wallets: state.wallets.clone(),
            directions: [
                self.direction_status(now, Direction::Import)?,
                self.direction_status(now, Direction::Export)?,
            ],
        })
    }

    fn direction_status(
        &self,
        now: Instant,
        direction: Direction,
    ) -> Result<DirectionStatus, Stop> {
        let side = self.state.side(direction);
        let digest = |slot: Option<Slot>| slot.map_or(Digest::default(), |slot| slot.digest);
        let (until, register) = side
            .settled
            .0
            .map_or_else(Default::default, |position| (position.at, position.register));
        Ok(DirectionStatus {
            hold: side.hold,
            contract: digest(side.active.0),
            waiting: digest(side.waiting.0),
            loaded_sequence: side.loaded_last().map_or(0, |slot| slot.sequence),
            contract_expired: u8::from(side.active.0.is_some_and(|slot| slot.valid_until <= now)),
            signal_sequence: self.signals_of(direction)?.sequence,
            settled_until: until,
            settled_register: register,
            register: side.register,
            carried: side.carried(),
        })
    }
}
