//! The simulated world: stream, network and disks of nodes whose records lead to some state.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test uses a part of this")]

use bank::cluster::node::{Identity, RoleName, Timing};
use bank::cluster::{Address, Envelope, Input, Node, NodeName, Output, Stop, Tip};
use quantity::{Duration, Instant};
use std::collections::BTreeMap;
use wire::Digest;

pub const NODES: usize = 3;

/// What the records of a node's log lead to.
pub trait Replica {
    /// Starts anew behind these records, the genesis first.
    fn rebuild<'e>(&mut self, log: impl Iterator<Item = &'e Envelope>) -> Result<(), String>;

    /// A record goes to the node's log.
    fn repeat(&mut self, envelope: &Envelope) -> Result<(), String>;

    /// From here on the node writes: it has made its records before they go to the log.
    fn lead(&mut self) -> Result<(), String>;
}

/// What clients hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It is time for clients to do something.
    Turn,
    /// A node started; what it was to answer is forgotten.
    Started(usize),
    /// A node knows that this record is final.
    Final(usize, u64),
    /// A node was fenced behind this record.
    Yielded(usize, u64),
}

/// A source of chance with one seed.
pub struct Chance(u64);

impl Chance {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// True so many times of a thousand.
    pub fn permille(&mut self, chance: u64) -> bool {
        self.below(1000) < chance
    }
}

/// How often what goes wrong, of a thousand.
#[derive(Clone, Copy)]
pub struct Faults {
    pub loss: u64,
    pub doubling: u64,
    pub delay_ms_max: u64,
    pub crash: u64,
    /// A dead node starts again.
    pub revive: u64,
    pub cut: u64,
}

impl Faults {
    pub fn of_seed(seed: u64) -> Self {
        let mut chance = Chance(seed ^ 0x00fa_0175);
        Self {
            loss: chance.below(200),
            doubling: chance.below(200),
            delay_ms_max: 2 + chance.below(80),
            crash: chance.below(8),
            revive: 100,
            cut: chance.below(8),
        }
    }

    pub const NONE: Self =
        Self { loss: 0, doubling: 0, delay_ms_max: 5, crash: 0, revive: 100, cut: 0 };
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
    /// Clients have their turn.
    Turn,
    Trouble,
}

pub struct Machine<R> {
    life: u64,
    pub node: Option<Node>,
    cut: bool,
    pub log: Vec<Envelope>,
    /// Handed to the disk, in order.
    storing: Vec<Envelope>,
    /// The next record that the stream delivers; none while it isn't read.
    reading: Option<u64>,
    /// What log and disk lead to.
    pub replica: R,
    pub stop: Option<Stop>,
}

pub struct World<R> {
    pub seed: u64,
    pub chance: Chance,
    faults: Faults,
    pub now_ms: u64,
    pub machines: Vec<Machine<R>>,
    pub stream: Vec<Envelope>,
    events: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
    finals: BTreeMap<u64, Digest>,
    fence: Fence,
    /// What clients haven't taken note of yet.
    pub news: Vec<News>,
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

pub fn identity(node: usize) -> Identity {
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

impl<R: Replica> World<R> {
    /// Nodes whose logs begin with this genesis, each with a replica of its own.
    pub fn new(seed: u64, faults: Faults, genesis: &Envelope, replica: impl Fn() -> R) -> Self {
        let machine = || Machine {
            life: 0,
            node: None,
            cut: false,
            log: vec![genesis.clone()],
            storing: Vec::new(),
            reading: None,
            replica: replica(),
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
            finals: BTreeMap::new(),
            fence: Fence::Kept,
            news: Vec::new(),
        };
        (0..NODES).for_each(|node| world.start(node));
        world.after(1, Event::Turn);
        world.after(50, Event::Trouble);
        world
    }

    /// No more faults; everybody lives.
    pub fn heal(&mut self) {
        self.faults = Faults::NONE;
        for node in 0..NODES {
            self.machines[node].cut = false;
            self.revive(node);
        }
    }

    /// Starts a node if it is dead.
    pub fn revive(&mut self, node: usize) {
        if self.machines[node].node.is_none() && self.machines[node].stop.is_none() {
            self.start(node);
        }
    }

    pub fn forget_the_end_of_the_stream(&mut self) {
        let lost = 1 + usize::try_from(self.chance.below(4)).unwrap();
        self.stream.truncate(self.stream.len().saturating_sub(lost));
    }

    pub fn ignore_conditions(&mut self) {
        self.fence = Fence::Ignored;
    }

    /// Lets the next thing happen, if it is before `end_ms`.
    pub fn step(&mut self, end_ms: u64) {
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
            Event::Turn => {
                self.news.push(News::Turn);
                self.after(15, Event::Turn);
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

    /// Whether a node takes a record now.
    pub fn may_submit(&self, node: usize) -> bool {
        let running = self.machines[node].node.as_ref();
        running.is_some_and(|running| running.may_submit(&identity(node)))
    }

    /// Hands the writer a record; returns its number.
    pub fn submit(&mut self, node: usize, record: &[u8]) -> u64 {
        let now = instant(self.now_ms);
        let running = self.machines[node].node.as_mut().unwrap();
        let (number, outputs) = running.submit(&identity(node), now, record);
        self.carry_out(node, outputs);
        number
    }

    fn trouble(&mut self) {
        for node in 0..NODES {
            if self.chance.permille(self.faults.crash) && self.machines[node].node.is_some() {
                self.crash(node);
            } else if self.machines[node].node.is_none() && self.chance.permille(self.faults.revive)
            {
                self.revive(node);
            } else if self.machines[node].cut {
                self.machines[node].cut = !self.chance.permille(60);
            } else {
                self.machines[node].cut = self.chance.permille(self.faults.cut);
            }
        }
    }

    /// What was handed to the disk is there up to some record.
    pub fn crash(&mut self, node: usize) {
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
        self.news.push(News::Started(node));
        let machine = &mut self.machines[node];
        let rebuilt = machine.replica.rebuild(machine.log.iter());
        self.must(node, rebuilt);
        let machine = &mut self.machines[node];
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
                let repeated = self.machines[node].replica.repeat(&envelope);
                self.must(node, repeated);
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
                let led = self.machines[node].replica.lead();
                self.must(node, led);
                self.machines[node].reading = None;
            }
            Output::Yield { number } => {
                self.news.push(News::Yielded(node, number));
                let machine = &mut self.machines[node];
                let rebuilt = machine.replica.rebuild(machine.log.iter().chain(&machine.storing));
                self.must(node, rebuilt);
            }
            Output::Stopped(stop) => self.machines[node].stop = Some(stop),
        }
    }

    fn must(&self, node: usize, done: Result<(), String>) {
        done.unwrap_or_else(|error| panic!("seed {}, {}: {error}", self.seed, name(node)));
    }

    fn make_final(&mut self, node: usize, number: u64) {
        let place = usize::try_from(number).unwrap();
        let hash = self.machines[node].log[place].hash();
        let same = |machine: &&Machine<R>| machine.log.get(place).map(Envelope::hash) == Some(hash);
        let copies = self.machines.iter().filter(same).count();
        assert!(copies >= 2, "seed {}: record {number} is final in {copies} logs", self.seed);
        let known = *self.finals.entry(number).or_insert(hash);
        assert_eq!(known, hash, "seed {}: two final records {number}", self.seed);
        self.news.push(News::Final(node, number));
    }
}
