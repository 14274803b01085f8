//! The simulated world: stream, network, disks, clients, and what must be true of them.

use bank::cluster::node::{Identity, RoleName, Timing};
use bank::cluster::{Address, Envelope, Input, Kind, Node, NodeName, Output, Stop, Tip};
use quantity::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};
use wire::Digest;

const NODES: usize = 3;

/// A source of chance with one seed.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// True so many times of a thousand.
    pub(crate) fn permille(&mut self, chance: u64) -> bool {
        self.below(1000) < chance
    }
}

/// How often what goes wrong, of a thousand.
#[derive(Clone, Copy)]
pub(crate) struct Faults {
    loss: u64,
    doubling: u64,
    delay_ms_max: u64,
    crash: u64,
    cut: u64,
}

impl Faults {
    pub(crate) fn of_seed(seed: u64) -> Self {
        let mut chance = Chance(seed ^ 0x00fa_0175);
        Self {
            loss: chance.below(200),
            doubling: chance.below(200),
            delay_ms_max: 2 + chance.below(80),
            crash: chance.below(8),
            cut: chance.below(8),
        }
    }

    const NONE: Self = Self { loss: 0, doubling: 0, delay_ms_max: 5, crash: 0, cut: 0 };
}

enum Event {
    /// An input reaches a node, if it still lives the same life.
    Input(usize, u64, Input),
    /// A record is on the disk.
    Stored(usize, u64),
    Publish(usize, u64, Envelope),
    Look(usize, u64, u64),
    /// The stream delivers to a node's reader.
    Deliver(usize, u64),
    Submit,
    Trouble,
}

struct Machine {
    life: u64,
    node: Option<Node>,
    cut: bool,
    log: Vec<Envelope>,
    /// Handed to the disk, in order.
    storing: Vec<Envelope>,
    /// The next record that the stream delivers; none while it isn't read.
    reading: Option<u64>,
    /// Payloads in the chain that this node's state knows, with their record: as the bank knows
    /// orders, so it applies none twice.
    applied: BTreeMap<u64, u64>,
    waiting: BTreeMap<u64, Vec<u64>>,
    stop: Option<Stop>,
}

pub(crate) struct World {
    seed: u64,
    chance: Chance,
    faults: Faults,
    now_ms: u64,
    machines: Vec<Machine>,
    stream: Vec<Envelope>,
    events: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
    next_payload: u64,
    open: BTreeSet<u64>,
    acknowledged: BTreeMap<u64, u64>,
    finals: BTreeMap<u64, Digest>,
    fence: Fence,
}

/// Whether the stream keeps to the condition of a publication.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fence {
    Kept,
    Ignored,
}

fn name(node: usize) -> NodeName {
    format!("n{}", node + 1).parse().unwrap()
}

fn identity(node: usize) -> Identity {
    let ms = Duration::from_milliseconds;
    Identity {
        name: name(node),
        address: Address::new("127.0.0.1:1").unwrap(),
        timing: Timing {
            heartbeat: ms(100),
            silence: ms(700 + 250 * i64::try_from(node).unwrap()),
            answer: ms(300),
            behind: ms(5000),
        },
        window: 6,
    }
}

fn instant(ms: u64) -> Instant {
    Instant::from_unix_milliseconds(ms.try_into().unwrap())
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

impl World {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let genesis = Envelope::genesis(&record(u64::MAX));
        let machine = || Machine {
            life: 0,
            node: None,
            cut: false,
            log: vec![genesis.clone()],
            storing: Vec::new(),
            reading: None,
            applied: BTreeMap::new(),
            waiting: BTreeMap::new(),
            stop: None,
        };
        let mut world = Self {
            seed,
            chance: Chance(seed),
            faults,
            now_ms: 0,
            machines: (0..NODES).map(|_| machine()).collect(),
            stream: Vec::new(),
            events: BTreeMap::new(),
            scheduled: 0,
            next_payload: 0,
            open: BTreeSet::new(),
            acknowledged: BTreeMap::new(),
            finals: BTreeMap::new(),
            fence: Fence::Kept,
        };
        (0..NODES).for_each(|node| world.start(node));
        world.after(1, Event::Submit);
        world.after(50, Event::Trouble);
        world
    }

    pub(crate) fn run_with_faults(&mut self, ms: u64) {
        self.run_until(self.now_ms + ms);
    }

    /// No more faults and no more clients; everybody lives.
    pub(crate) fn heal_and_settle(&mut self) {
        self.faults = Faults::NONE;
        for node in 0..NODES {
            self.machines[node].cut = false;
            if self.machines[node].node.is_none() && self.machines[node].stop.is_none() {
                self.start(node);
            }
        }
        self.run_until(self.now_ms + 15_000);
        self.open.clear();
        self.next_payload = u64::MAX;
        self.run_until(self.now_ms + 8_000);
    }

    pub(crate) fn forget_the_end_of_the_stream(&mut self) {
        let lost = 1 + usize::try_from(self.chance.below(4)).unwrap();
        self.stream.truncate(self.stream.len().saturating_sub(lost));
    }

    pub(crate) fn ignore_conditions(&mut self) {
        self.fence = Fence::Ignored;
    }

    fn run_until(&mut self, end_ms: u64) {
        while self.now_ms < end_ms {
            let next = self.events.keys().next().map_or(u64::MAX, |(at, _)| *at);
            let due = self.next_deadline();
            if next.min(due) >= end_ms {
                self.now_ms = end_ms;
            } else if due < next {
                self.now_ms = self.now_ms.max(due);
                self.tick();
            } else {
                let ((at, _), event) = self.events.pop_first().unwrap();
                self.now_ms = self.now_ms.max(at);
                self.happen(event);
            }
        }
    }

    fn next_deadline(&self) -> u64 {
        let nodes = self.machines.iter().filter_map(|machine| machine.node.as_ref());
        let living = nodes.filter(|node| node.role() != RoleName::Stopped);
        let deadlines = living.map(|node| node.next_deadline().unix_milliseconds());
        deadlines.min().map_or(u64::MAX, |at| u64::try_from(at).unwrap())
    }

    fn tick(&mut self) {
        for node in 0..NODES {
            let due = |node: &Node| node.next_deadline() <= instant(self.now_ms);
            if self.machines[node].node.as_ref().is_some_and(due) {
                self.input(node, Input::Tick);
            }
        }
    }

    fn after(&mut self, ms: u64, event: Event) {
        self.scheduled += 1;
        self.events.insert((self.now_ms + ms, self.scheduled), event);
    }

    /// Sends over the network: once, twice, late or never.
    fn send(&mut self, event: impl Fn() -> Event) {
        let copies = 1 + u64::from(self.chance.permille(self.faults.doubling));
        for _ in 0..copies {
            if !self.chance.permille(self.faults.loss) {
                let delay = 1 + self.chance.below(self.faults.delay_ms_max);
                self.after(delay, event());
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Input(node, life, input) => {
                let machine = &self.machines[node];
                if machine.life == life && !machine.cut {
                    self.input(node, input);
                }
            }
            Event::Stored(node, life) => {
                if self.machines[node].life == life {
                    let envelope = self.machines[node].storing.remove(0);
                    let number = envelope.number();
                    self.machines[node].log.push(envelope);
                    self.input(node, Input::Stored { number });
                }
            }
            Event::Publish(node, life, envelope) => self.publish(node, life, envelope),
            Event::Look(node, life, number) => {
                let place = usize::try_from(number - 1).unwrap();
                let found = self.stream.get(place).cloned().map(Ok);
                self.send_input(node, life, &Input::Looked { number, found });
            }
            Event::Deliver(node, life) => self.deliver(node, life),
            Event::Submit => {
                self.submit();
                self.after(15, Event::Submit);
            }
            Event::Trouble => {
                self.trouble();
                self.after(50, Event::Trouble);
            }
        }
    }

    fn send_input(&mut self, node: usize, life: u64, input: &Input) {
        if !self.machines[node].cut {
            self.send(|| Event::Input(node, life, input.clone()));
        }
    }

    fn publish(&mut self, node: usize, life: u64, envelope: Envelope) {
        let number = envelope.number();
        let fits = number == self.stream.len() as u64 + 1;
        if fits || self.fence == Fence::Ignored {
            self.stream.push(envelope);
        }
        if fits {
            self.send_input(node, life, &Input::Published { number });
        } else {
            self.send_input(node, life, &Input::Refused { number });
        }
    }

    fn deliver(&mut self, node: usize, life: u64) {
        if self.machines[node].life != life {
            return;
        }
        self.after(20, Event::Deliver(node, life));
        let Some(number) = self.machines[node].reading else { return };
        let Some(found) = self.stream.get(usize::try_from(number - 1).unwrap()) else { return };
        let found = found.clone();
        self.machines[node].reading = Some(number + 1);
        self.send_input(node, life, &Input::Stream { number, found: Ok(found) });
    }

    fn submit(&mut self) {
        let node = usize::try_from(self.chance.below(NODES as u64)).unwrap();
        let may = |node_: &Node| node_.may_submit(&identity(node));
        if !self.machines[node].node.as_ref().is_some_and(may) {
            return;
        }
        let again = self.chance.permille(300).then(|| self.open.first().copied()).flatten();
        let payload = match again {
            Some(payload) => payload,
            None if self.next_payload == u64::MAX => return,
            None => {
                self.next_payload += 1;
                self.open.insert(self.next_payload);
                self.next_payload
            }
        };
        let known = self.machines[node].applied.get(&payload).copied();
        let number = known.unwrap_or_else(|| self.submit_new(node, payload));
        let machine = &mut self.machines[node];
        if machine.node.as_ref().unwrap().last_final() >= number {
            self.acknowledge(payload, number);
        } else {
            machine.waiting.entry(number).or_default().push(payload);
        }
    }

    fn submit_new(&mut self, node: usize, payload: u64) -> u64 {
        let now = instant(self.now_ms);
        let running = self.machines[node].node.as_mut().unwrap();
        let (number, outputs) = running.submit(&identity(node), now, &record(payload));
        self.machines[node].applied.insert(payload, number);
        self.carry_out(node, outputs);
        number
    }

    fn acknowledge(&mut self, payload: u64, number: u64) {
        self.open.remove(&payload);
        let before = *self.acknowledged.entry(payload).or_insert(number);
        assert_eq!(before, number, "seed {}: payload {payload} came true twice", self.seed);
    }

    fn trouble(&mut self) {
        for node in 0..NODES {
            if self.chance.permille(self.faults.crash) && self.machines[node].node.is_some() {
                self.crash(node);
            } else if self.machines[node].node.is_none() && self.chance.permille(100) {
                if self.machines[node].stop.is_none() {
                    self.start(node);
                }
            } else if self.machines[node].cut {
                self.machines[node].cut = !self.chance.permille(60);
            } else {
                self.machines[node].cut = self.chance.permille(self.faults.cut);
            }
        }
    }

    /// What was handed to the disk is there up to some record.
    fn crash(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        machine.life += 1;
        machine.node = None;
        for envelope in core::mem::take(&mut machine.storing) {
            if self.chance.permille(500) {
                break;
            }
            machine.log.push(envelope);
        }
    }

    fn start(&mut self, node: usize) {
        let others = (0..NODES).filter(|other| *other != node).map(name);
        let machine = &mut self.machines[node];
        machine.waiting.clear();
        let running = Node::new(
            machine.log.iter().map(Tip::of),
            others,
            &identity(node),
            instant(self.now_ms),
        );
        let outputs = running.start(1);
        machine.node = Some(running);
        let life = machine.life;
        self.carry_out(node, outputs);
        self.after(1, Event::Deliver(node, life));
    }

    fn input(&mut self, node: usize, input: Input) {
        let now = instant(self.now_ms);
        let Some(running) = self.machines[node].node.as_mut() else { return };
        let outputs = running.handle(&identity(node), now, input);
        self.carry_out(node, outputs);
    }

    fn carry_out(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            self.carry_out_one(node, output);
        }
    }

    fn carry_out_one(&mut self, node: usize, output: Output) {
        let life = self.machines[node].life;
        match output {
            Output::Read { number } => self.machines[node].reading = Some(number),
            Output::Publish(envelope) => {
                if !self.machines[node].cut {
                    self.send(|| Event::Publish(node, life, envelope.clone()));
                }
            }
            Output::Look { number } => {
                if !self.machines[node].cut {
                    self.send(|| Event::Look(node, life, number));
                }
            }
            Output::Store(envelope) => {
                self.machines[node].storing.push(envelope);
                self.after(
                    1 + u64::from(self.seed.is_multiple_of(7)) * 20,
                    Event::Stored(node, life),
                );
            }
            Output::Tell(notice) => {
                for other in (0..NODES).filter(|other| *other != node) {
                    let life = self.machines[other].life;
                    if !self.machines[node].cut {
                        self.send_input(other, life, &Input::Notice(notice.clone()));
                    }
                }
            }
            Output::Final { number } => self.make_final(node, number),
            Output::Lead => {
                self.rebuild(node);
                self.machines[node].reading = None;
            }
            Output::Yield { number } => {
                self.machines[node].waiting.retain(|waiting, _| *waiting <= number);
                self.rebuild(node);
            }
            Output::Stopped(stop) => self.machines[node].stop = Some(stop),
        }
    }

    /// The state follows from the log and what is on its way there.
    fn rebuild(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        let chain = machine.log.iter().chain(&machine.storing);
        machine.applied.clear();
        for envelope in chain {
            if let Some(payload) = payload(envelope) {
                let before = machine.applied.insert(payload, envelope.number());
                assert_eq!(before, None, "seed {}: payload {payload} is doubled", self.seed);
            }
        }
    }

    fn make_final(&mut self, node: usize, number: u64) {
        let place = usize::try_from(number).unwrap();
        let hash = self.machines[node].log[place].hash();
        let same = |machine: &&Machine| machine.log.get(place).map(Envelope::hash) == Some(hash);
        let copies = self.machines.iter().filter(same).count();
        assert!(copies >= 2, "seed {}: record {number} is final in {copies} logs", self.seed);
        let known = *self.finals.entry(number).or_insert(hash);
        assert_eq!(known, hash, "seed {}: two final records {number}", self.seed);
        let machine = &mut self.machines[node];
        let later = machine.waiting.split_off(&(number + 1));
        let done = core::mem::replace(&mut machine.waiting, later);
        for (number, payloads) in done {
            payloads.into_iter().for_each(|payload| self.acknowledge(payload, number));
        }
    }
}

/// What must be true.
impl World {
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.len() as u64
    }

    pub(crate) fn epochs(&self) -> u64 {
        self.stream.last().map_or(0, Envelope::epoch)
    }

    pub(crate) fn stopped(&self) -> usize {
        self.machines.iter().filter(|machine| machine.stop.is_some()).count()
    }

    pub(crate) fn hashes(&self) -> Vec<Vec<Digest>> {
        let hashes = |machine: &Machine| machine.log.iter().map(Envelope::hash).collect();
        self.machines.iter().map(hashes).collect()
    }

    pub(crate) fn check_whole_cluster(&self) {
        let seed = self.seed;
        for machine in &self.machines {
            assert_eq!(machine.stop, None, "seed {seed}: nobody has a reason to stop");
            assert_eq!(machine.log[1..].len(), self.stream.len(), "seed {seed}: all caught up");
            assert!(machine.log[1..] == self.stream[..], "seed {seed}: the logs are the stream");
        }
        assert!(self.open.is_empty(), "seed {seed}: {} never came true", self.open.len());
        for node in 0..NODES {
            self.check_all_acknowledged_stand_in(node, self.stream.len() + 1);
        }
    }

    pub(crate) fn check_all_acknowledged_stand_in(&self, node: usize, records: usize) {
        let seed = self.seed;
        let log = &self.machines[node].log[..records];
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
