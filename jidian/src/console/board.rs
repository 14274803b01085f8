//! A running pilot with everything that the console shows of it.

use super::explained::Explained;
use super::history::History;
use super::parties;
use crate::pilot::ContractSource;
use crate::view::{ContractView, PaymentRow};
use bank::OrderedLog;
use simulation::ledger::Evidence;
use simulation::world::{Metered, Settled, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use wire::Digest;

/// A running pilot. Whoever runs it locks it for one minute at a time and then calls
/// [`Board::minute`]; [`Live`](super::Live) reads from it in between.
pub struct Board<L: OrderedLog> {
    /// The world.
    pub world: World<L>,
    /// What pages show of its past.
    pub history: History,
    /// Contracts in force, as people read them.
    pub sources: Vec<ContractSource>,
    /// Simulated seconds per second; 0 means as fast as it goes.
    pub speed: u32,
    contracts: Vec<Explained>,
    pub(super) signs: Signs,
}

/// What is read without the lock.
#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    pub(super) version: Arc<AtomicU64>,
    pub(super) readers: Arc<AtomicUsize>,
}

/// Readers of a board that wait for its lock.
///
/// A pilot that runs as fast as it can takes the lock back at once, and a reader might wait for
/// long: between two minutes it should wait until [`Readers::waiting`] is zero, or a few
/// milliseconds at most.
#[derive(Clone, Debug)]
pub struct Readers(Signs);

impl Readers {
    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.readers.load(Ordering::Acquire)
    }
}

impl<L: OrderedLog> Board<L> {
    /// A board on which nothing has happened yet.
    #[must_use]
    pub fn new(world: World<L>, sources: Vec<ContractSource>, speed: u32) -> Self {
        let keys = &world.fixed().keys;
        let contracts = sources.iter().map(|source| Explained::new(source, keys)).collect();
        Self {
            history: History::new(&world),
            world,
            sources,
            speed,
            contracts,
            signs: Signs::default(),
        }
    }

    /// Takes in what the world's last minute did, and lets pages be drawn anew.
    pub fn minute(&mut self, metered: &Metered, settled: &Settled) {
        self.history.minute(&mut self.world, metered, settled);
        self.signs.version.fetch_add(1, Ordering::Release);
    }

    /// Who waits for the lock.
    #[must_use]
    pub fn readers(&self) -> Readers {
        Readers(self.signs.clone())
    }

    /// A contract by the digest of its package.
    pub(super) fn contract(&self, digest: Digest) -> Option<&ContractView> {
        self.contracts.iter().find(|known| known.digest == digest).map(|known| &known.view)
    }

    /// The same as it was signed.
    pub(super) fn source(&self, digest: Digest) -> Option<&ContractSource> {
        let both = self.contracts.iter().zip(&self.sources);
        both.filter(|(known, _)| known.digest == digest).map(|(_, source)| source).next()
    }

    pub(super) fn payments(&self, limit: usize) -> Vec<PaymentRow> {
        let rows = self.history.settlements().filter_map(|evidence| self.payment(evidence));
        rows.take(limit).collect()
    }

    pub(super) fn payment(&self, evidence: &Evidence) -> Option<PaymentRow> {
        let number = self.history.number(evidence.record.meter)?;
        let meter = self.world.meters().get(number)?;
        Some(parties::row(evidence, meter.plan.class, &self.name(meter)))
    }
}
