//! What the page and the rich world may see.

use crate::{Stop, Tee};
use contract::Direction;
use crypto::Sign;
use quantity::Instant;
use wire::memory::Memory;
use wire::tee::{Attestation, DirectionStatus, Entry, Status, Which};
use wire::{Digest, Signed};

impl<M: Memory> Tee<M> {
    /// A journal entry.
    pub(crate) fn fetch(&self, which: Which) -> Result<Entry, Stop> {
        let sequence = match which {
            Which::Oldest => self.state.acknowledged + 1,
            Which::Sequence(sequence) => sequence,
        };
        self.journal().entry(&self.memory, &self.state, sequence)
    }

    pub(crate) fn status(&self) -> Result<Status, Stop> {
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
            generation: self.chain.generation,
            limits: state.limits,
            paid_today: state.paid_today,
            offline_orders: state.offline_orders,
            offline_amount: state.offline_amount(),
            wallets: state.wallets.clone(),
            directions: [
                self.direction_status(Direction::Import)?,
                self.direction_status(Direction::Export)?,
            ],
        })
    }

    /// Signs which contracts the meter holds.
    pub(crate) fn attest(&self, now: Instant, nonce: Digest) -> Signed<Attestation> {
        self.key.seal(Attestation {
            meter: self.personal.meter,
            at: now,
            nonce,
            generation: self.chain.generation,
            rotation: self.chain.digest,
            directions: [Direction::Import, Direction::Export]
                .map(|direction| self.shelf(direction).holding()),
        })
    }

    fn direction_status(&self, direction: Direction) -> Result<DirectionStatus, Stop> {
        let side = self.state.side(direction);
        let (until, register) = side
            .settled
            .0
            .map_or_else(Default::default, |position| (position.at, position.register));
        Ok(DirectionStatus {
            hold: side.hold,
            contracts: self.shelf(direction).holding(),
            signal_sequence: self.signals_of(direction)?.sequence,
            settled_until: until,
            settled_register: register,
            register: side.register,
            carried: side.carried(),
        })
    }
}
