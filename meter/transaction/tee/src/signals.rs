//! Price signals: kept until the energy that they price is settled.

use crate::layout::{SIGNALS, SIGNALS_AT, SIGNALS_BYTES_MAX};
use crate::record::record;
use crate::{Stop, Tee, require};
use contract::{Direction, SignalId, SignalValue, Signals};
use crypto::{Verify, digest};
use heapless::Vec;
use quantity::Instant;
use wire::evidence::{SIGNALS_MAX, SignalUse};
use wire::memory::Memory;
use wire::signal::{Component, PriceSignal};
use wire::tee::{Code, Damage, Place};
use wire::{Digest, Signed, Wire};

/// Signals kept for each direction: the next one, the one in force, and those of energy that isn't
/// settled yet. At five minutes each they cover a contract that settles every half hour.
const KEPT_MAX: usize = 8;

/// The signals of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Number of the last signal, 0 before the first.
    pub(crate) sequence: u64,
    digest: Digest,
    signals: Vec<Stored, KEPT_MAX>,
}

/// What matters of a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    sequence: u64,
    from: Instant,
    until: Instant,
    values: Vec<Component, SIGNALS_MAX>,
}

record!(Kept { sequence, digest, signals });
record!(Stored { sequence, from, until, values });

impl Kept {
    /// Takes a new signal; the one that began first makes room.
    fn add(&mut self, signal: &PriceSignal) {
        if self.signals.is_full() {
            let first = self.signals.iter().enumerate().min_by_key(|(_, stored)| stored.from);
            let (index, _) = first.expect("a full list isn't empty");
            self.signals.remove(index);
        }
        let PriceSignal { sequence, from, until, .. } = *signal;
        let stored = Stored { sequence, from, until, values: signal.values.clone() };
        self.signals.push(stored).expect("there is room now");
    }

    /// The signal in force: of those that hold at the instant, the one sent last.
    fn at(&self, at: Instant) -> Option<&Stored> {
        let holding = self.signals.iter().filter(|stored| stored.from <= at && at < stored.until);
        holding.max_by_key(|stored| stored.sequence)
    }

    /// The values in force, for a contract.
    pub(crate) fn values_at(&self, at: Instant) -> Signals {
        let mut signals = Signals::NONE;
        for (used, id) in self.uses_at(at) {
            signals.set(id, Some(SignalValue { price: used.price, from: used.from }));
        }
        signals
    }

    /// The values in force, for the evidence.
    pub(crate) fn uses_at(&self, at: Instant) -> impl Iterator<Item = (SignalUse, SignalId)> {
        self.at(at).into_iter().flat_map(|stored| {
            stored.values.iter().filter_map(|component| {
                let Component { signal, price } = *component;
                let (sequence, from) = (stored.sequence, stored.from);
                let id = SignalId::from_byte(signal)?;
                Some((SignalUse { signal, sequence, price, from }, id))
            })
        })
    }

    /// The next instant after `at` at which a signal begins or ends.
    pub(crate) fn next_change(&self, at: Instant) -> Option<Instant> {
        let edges = self.signals.iter().flat_map(|stored| [stored.from, stored.until]);
        edges.filter(|edge| *edge > at).min()
    }
}

impl<M: Memory> Tee<M> {
    /// Takes a price signal.
    pub(crate) fn signal(
        &mut self,
        now: Instant,
        verifier: &impl Verify,
        signed: &Signed<PriceSignal>,
    ) -> Result<Code, Stop> {
        let signal = &signed.body;
        let key = &self.chain.signers.grid_company;
        require(verifier.verify(key, signal, &signed.signature), Code::Signature)?;
        require(signal.class == self.personal.class, Code::WrongClass)?;
        let direction = Direction::from_byte(signal.direction).ok_or(Code::WrongDirection)?;
        let mut kept = self.signals_of(direction)?;
        let digest = digest(signal);
        if signal.sequence == kept.sequence && !kept.signals.is_empty() {
            let is_same = digest == kept.digest;
            return if is_same { Ok(Code::AlreadyThere) } else { Err(Code::Fork.into()) };
        }
        require(signal.sequence > kept.sequence, Code::StaleSequence)?;
        require(signal.from < signal.until && now < signal.until, Code::Expired)?;
        require(are_sound(&signal.values), Code::Values)?;
        kept.add(signal);
        (kept.sequence, kept.digest) = (signal.sequence, digest);
        let bytes = kept.encode::<SIGNALS_BYTES_MAX>().expect("the list is bounded");
        place(direction).store(&mut self.memory, &bytes, &mut [0; SIGNALS_BYTES_MAX]);
        Ok(Code::Accepted)
    }

    /// The signals of a direction.
    pub(crate) fn signals_of(&self, direction: Direction) -> Result<Kept, Damage> {
        let damage = Place::Signals.damage(SIGNALS_AT);
        let mut page = [0; SIGNALS_BYTES_MAX];
        match place(direction).load(&self.memory, &mut page) {
            Ok(Some(length)) => Kept::decode(&page[..length]).map_err(|_| damage),
            Ok(None) => Ok(Kept::default()),
            Err(damaged) => Err(Damage { address: damaged.address, ..damage }),
        }
    }
}

const fn place(direction: Direction) -> crypto::TwoCopy {
    match direction {
        Direction::Import => SIGNALS[0],
        Direction::Export => SIGNALS[1],
    }
}

/// Known components in rising order.
fn are_sound(values: &[Component]) -> bool {
    let known = values.iter().all(|value| SignalId::from_byte(value.signal).is_some());
    known && values.is_sorted_by(|a, b| a.signal < b.signal)
}
