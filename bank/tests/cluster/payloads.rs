//! Clients whose records are numbers, and what must be true of them.

use super::world::{Faults, Machine, NODES, News, Replica, World};
use bank::cluster::{Envelope, Kind};
use std::collections::{BTreeMap, BTreeSet};
use wire::Digest;

/// Payloads in a node's chain, with their record: as the bank knows orders, so it applies none
/// twice.
#[derive(Default)]
struct Applied(BTreeMap<u64, u64>);

/// Nodes and clients.
pub(crate) struct Clients {
    world: World<Applied>,
    next_payload: u64,
    open: BTreeSet<u64>,
    acknowledged: BTreeMap<u64, u64>,
    /// What waits on each node for a record to be final.
    waiting: [BTreeMap<u64, Vec<u64>>; NODES],
}

/// A record as far as the chain is concerned: it ends with its digest.
fn record(payload: u64) -> Vec<u8> {
    let mut bytes = payload.to_be_bytes().to_vec();
    let digest = crypto::sm3(&bytes);
    bytes.extend_from_slice(&digest.0);
    bytes
}

fn payload(envelope: &Envelope) -> Option<u64> {
    (envelope.kind() == Kind::Batch)
        .then(|| u64::from_be_bytes(*envelope.body().first_chunk().unwrap()))
}

impl Replica for Applied {
    fn rebuild<'e>(&mut self, log: impl Iterator<Item = &'e Envelope>) -> Result<(), String> {
        self.0.clear();
        log.into_iter().try_for_each(|envelope| self.repeat(envelope))
    }

    fn repeat(&mut self, envelope: &Envelope) -> Result<(), String> {
        let Some(payload) = payload(envelope) else { return Ok(()) };
        let number = *self.0.entry(payload).or_insert(envelope.number());
        if number == envelope.number() {
            return Ok(());
        }
        Err(format!("payload {payload} stands in records {number} and {}", envelope.number()))
    }

    fn lead(&mut self) -> Result<(), String> {
        Ok(())
    }
}

impl Clients {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let genesis = Envelope::genesis(&record(u64::MAX));
        Self {
            world: World::new(seed, faults, &genesis, Applied::default),
            next_payload: 0,
            open: BTreeSet::new(),
            acknowledged: BTreeMap::new(),
            waiting: Default::default(),
        }
    }

    pub(crate) fn run_with_faults(&mut self, ms: u64) {
        self.run_until(self.world.now_ms + ms);
    }

    /// No more faults and no more clients; everybody lives.
    pub(crate) fn heal_and_settle(&mut self) {
        self.world.heal();
        self.run_until(self.world.now_ms + 15_000);
        self.open.clear();
        self.next_payload = u64::MAX;
        self.run_until(self.world.now_ms + 8_000);
    }

    pub(crate) fn forget_the_end_of_the_stream(&mut self) {
        self.world.forget_the_end_of_the_stream();
    }

    pub(crate) fn ignore_conditions(&mut self) {
        self.world.ignore_conditions();
    }

    fn run_until(&mut self, end_ms: u64) {
        while self.world.now_ms < end_ms {
            self.world.step(end_ms);
            for news in core::mem::take(&mut self.world.news) {
                self.hear(news);
            }
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Turn => self.submit(),
            News::Started(node) => self.waiting[node].clear(),
            News::Yielded(node, number) => self.waiting[node].retain(|record, _| *record <= number),
            News::Final(node, number) => {
                let later = self.waiting[node].split_off(&(number + 1));
                let done = core::mem::replace(&mut self.waiting[node], later);
                for (number, payloads) in done {
                    payloads.into_iter().for_each(|payload| self.acknowledge(payload, number));
                }
            }
        }
    }

    fn submit(&mut self) {
        let world = &mut self.world;
        let node = usize::try_from(world.chance.below(NODES as u64)).unwrap();
        if !world.may_submit(node) {
            return;
        }
        let again = world.chance.permille(300).then(|| self.open.first().copied()).flatten();
        let payload = match again {
            Some(payload) => payload,
            None if self.next_payload == u64::MAX => return,
            None => {
                self.next_payload += 1;
                self.open.insert(self.next_payload);
                self.next_payload
            }
        };
        let known = world.machines[node].replica.0.get(&payload).copied();
        let number = known.unwrap_or_else(|| self.submit_new(node, payload));
        if self.world.machines[node].node.as_ref().unwrap().last_final() >= number {
            self.acknowledge(payload, number);
        } else {
            self.waiting[node].entry(number).or_default().push(payload);
        }
    }

    fn submit_new(&mut self, node: usize, payload: u64) -> u64 {
        let number = self.world.submit(node, &record(payload));
        self.world.machines[node].replica.0.insert(payload, number);
        number
    }

    fn acknowledge(&mut self, payload: u64, number: u64) {
        self.open.remove(&payload);
        let before = *self.acknowledged.entry(payload).or_insert(number);
        assert_eq!(before, number, "seed {}: payload {payload} came true twice", self.world.seed);
    }
}

/// What must be true.
impl Clients {
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.len() as u64
    }

    pub(crate) fn epochs(&self) -> u64 {
        self.world.stream.last().map_or(0, Envelope::epoch)
    }

    pub(crate) fn stopped(&self) -> usize {
        self.world.machines.iter().filter(|machine| machine.stop.is_some()).count()
    }

    pub(crate) fn hashes(&self) -> Vec<Vec<Digest>> {
        let hashes = |machine: &Machine<Applied>| machine.log.iter().map(Envelope::hash).collect();
        self.world.machines.iter().map(hashes).collect()
    }

    pub(crate) fn check_whole_cluster(&self) {
        let seed = self.world.seed;
        for machine in &self.world.machines {
            assert_eq!(machine.stop, None, "seed {seed}: nobody has a reason to stop");
            assert_eq!(
                machine.log[1..].len(),
                self.world.stream.len(),
                "seed {seed}: all caught up"
            );
            assert!(
                machine.log[1..] == self.world.stream[..],
                "seed {seed}: the logs are the stream"
            );
        }
        assert!(self.open.is_empty(), "seed {seed}: {} never came true", self.open.len());
        for node in 0..NODES {
            self.check_all_acknowledged_stand_in(node, self.world.stream.len() + 1);
        }
    }

    pub(crate) fn check_all_acknowledged_stand_in(&self, node: usize, records: usize) {
        let seed = self.world.seed;
        let log = &self.world.machines[node].log[..records];
        let mut seen = BTreeSet::new();
        for payload in log.iter().filter_map(payload) {
            assert!(seen.insert(payload), "seed {seed}: payload {payload} stands there twice");
        }
        for (payload_, number) in &self.acknowledged {
            let envelope = log.get(usize::try_from(*number).unwrap());
            let found = envelope.and_then(payload);
            assert_eq!(found, Some(*payload_), "seed {seed}: record {number} was final");
        }
    }
}
