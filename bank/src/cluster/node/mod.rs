//! A ledger node without its I/O: `(now, input) -> outputs`.
//!
//! ```text
//!            silence of the writer            its claim is in the stream
//! follower ───────────────────────> candidate ──────────────────────────> writer
//!    ^                                  │ another record has that number     │
//!    └──────────────────────────────────┴────────────────────────────────────┘
//! ```
//! Whoever writes publishes each envelope under the condition that the stream ends right before
//! it. A condition that fails says nothing yet: the first try may have been stored and its answer
//! lost. So the node looks at what stands at that number, and only another hash means that it is
//! fenced.

mod peers;
mod recent;

pub use peers::{Peer, Peers};

use super::chain::{Tip, WrongLink};
use super::envelope::{Envelope, NodeName};
use super::notice::{Address, Duty, Notice};
use core::fmt;
use quantity::{Duration, Instant};
use recent::Recent;
use std::collections::VecDeque;
use wire::{DecodeError, Digest};

/// Who a node is. Passed in at each step; it isn't part of the state.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its name.
    pub name: NodeName,
    /// Where clients reach it.
    pub address: Address,
    /// Its waiting times.
    pub timing: Timing,
    /// Most records that may be on their way to being final; the writer then waits.
    pub window: u64,
}

/// Waiting times.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Between two notices when nothing happens.
    pub heartbeat: Duration,
    /// Silence of the writer after which this node claims to write. Each node should have another
    /// one, so that they don't claim at once.
    pub silence: Duration,
    /// Until a publication without an answer is sent again.
    pub answer: Duration,
    /// How long the stream may be shorter than the log before the node stops.
    pub behind: Duration,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// Time went by.
    Tick,
    /// The stream has this envelope in the place of record `number`.
    Stream {
        /// The number that its place in the stream gives.
        number: u64,
        /// What was found there.
        found: Result<Envelope, DecodeError>,
    },
    /// The stream took the publication of record `number`.
    Published {
        /// The number.
        number: u64,
    },
    /// The stream didn't end right before record `number`: it may be there already, or another one.
    Refused {
        /// The number.
        number: u64,
    },
    /// The answer to [`Output::Look`]; an empty place is `None`.
    Looked {
        /// The number.
        number: u64,
        /// What stands there.
        found: Option<Result<Envelope, DecodeError>>,
    },
    /// Another node tells where it stands.
    Notice(Notice),
    /// The record is durable in this node's log, and applying it gave the root that it holds.
    Stored {
        /// The number.
        number: u64,
    },
    /// Digest of the whole state behind a record.
    State {
        /// The number.
        number: u64,
        /// The digest.
        digest: Digest,
    },
}

/// What is to be done, in this order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Deliver what the stream holds from record `number` on, and what comes.
    Read {
        /// The number.
        number: u64,
    },
    /// Publish, if the stream ends right before this record.
    Publish(Envelope),
    /// Say what the stream holds in the place of record `number`.
    Look {
        /// The number.
        number: u64,
    },
    /// Append to the log and apply; then say [`Input::Stored`].
    Store(Envelope),
    /// Tell all other nodes.
    Tell(Notice),
    /// Most of the logs hold this record and all before it.
    Final {
        /// The number.
        number: u64,
    },
    /// This node may [submit](Node::submit).
    Lead,
    /// Another node writes. What was submitted behind record `number` may or may not come true:
    /// forget the state that it led to, and tell clients to ask again.
    Yield {
        /// The last record that is in the chain.
        number: u64,
    },
    /// The node must not go on.
    Stopped(Stop),
}

/// Why a node stops: people have to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A record of the stream doesn't follow the one before it.
    BrokenChain {
        /// The number that its place gives.
        number: u64,
        /// What is wrong.
        link: WrongLink,
    },
    /// A record of the stream can't be read.
    Unreadable {
        /// The number that its place gives.
        number: u64,
        /// What is wrong.
        error: DecodeError,
    },
    /// The stream holds another record than this node's log.
    StreamContradicts {
        /// The number.
        number: u64,
    },
    /// The stream has stayed shorter than this node's log.
    StreamBehind {
        /// The last record of the log.
        number: u64,
    },
    /// So many nodes hold other records that no majority can agree with this one.
    Contradicted {
        /// A record that differs.
        number: u64,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenChain { number, link } => {
                write!(f, "record {number} of the stream breaks the chain: {link}")
            }
            Self::Unreadable { number, error } => {
                write!(f, "record {number} of the stream is no envelope: {error}")
            }
            Self::StreamContradicts { number } => {
                write!(f, "record {number} of the stream is another one than in this node's log")
            }
            Self::StreamBehind { number } => {
                write!(f, "the stream ends before record {number}, the last one of this node's log")
            }
            Self::Contradicted { number } => {
                write!(f, "most nodes hold another record {number}, or another state behind it")
            }
        }
    }
}

/// A node's state.
#[derive(Clone, Debug)]
pub struct Node {
    /// Behind the last record that was accepted into the chain.
    head: Tip,
    /// The last record that is in the log.
    stored: u64,
    last_final: u64,
    recent: Recent,
    peers: Peers,
    role: Role,
    state: Option<(u64, Digest)>,
    tell_at: Instant,
    stepped_at: Instant,
    /// When the last record came, or was asked for again.
    moved_at: Instant,
    /// Since when the stream has been shorter than the log.
    behind_since: Option<Instant>,
}

/// What a node does.
#[derive(Clone, Debug)]
enum Role {
    Follower { claim_at: Instant },
    Candidate { claim: Envelope, again_at: Instant },
    Writer { flights: Flights, again_at: Instant },
    Stopped,
}

/// What the writer has submitted. Only the first one is on its way: the condition of a publication
/// counts the records before it and doesn't know them, so the second one, sent ahead, could come to
/// stand behind a record of another writer.
#[derive(Clone, Debug, Default)]
struct Flights {
    waiting: VecDeque<Envelope>,
    /// Whether it is being looked if the stream has the first one.
    sought: bool,
}

/// What a node does, for a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleName {
    /// It repeats what the writer writes.
    Follower,
    /// It claims to write.
    Candidate,
    /// It writes.
    Writer,
    /// It must not go on.
    Stopped,
}

/// One step's surroundings.
struct Step<'s> {
    who: &'s Identity,
    now: Instant,
    out: Vec<Output>,
}

impl Node {
    /// A node whose log ends with the last of these envelopes, and the others of the cluster. Older
    /// envelopes may be left out.
    ///
    /// # Panics
    /// Without an envelope: every log holds the genesis.
    #[must_use]
    pub fn new(
        log: impl IntoIterator<Item = Tip>,
        others: impl IntoIterator<Item = NodeName>,
        who: &Identity,
        now: Instant,
    ) -> Self {
        let mut recent = Recent::default();
        let mut head = None;
        for tip in log {
            recent.push(tip.number, tip.hash);
            head = Some(tip);
        }
        let head = head.expect("every log holds the genesis");
        Self {
            head,
            stored: head.number,
            last_final: 0,
            recent,
            peers: Peers::new(others),
            role: Role::Follower { claim_at: later(now, who.timing.silence) },
            state: None,
            tell_at: now,
            stepped_at: now,
            moved_at: now,
            behind_since: None,
        }
    }

    /// The first outputs: reading begins with the log's last record, which the stream must know.
    #[must_use]
    pub fn start(&self, first_in_stream: u64) -> Vec<Output> {
        vec![Output::Read { number: self.head.number.max(first_in_stream) }]
    }

    /// Takes an input.
    pub fn handle(&mut self, who: &Identity, now: Instant, input: Input) -> Vec<Output> {
        let mut step = Step { who, now, out: Vec::new() };
        if matches!(self.role, Role::Stopped) {
            return step.out;
        }
        self.forgive_own_pause(&step);
        match input {
            Input::Tick => {}
            Input::Stream { number, found } => self.on_stream(&mut step, number, found),
            Input::Published { number } => self.on_published(&mut step, number),
            Input::Refused { number } => self.on_refused(&mut step, number),
            Input::Looked { number, found } => self.on_looked(&mut step, number, found),
            Input::Notice(notice) => self.on_notice(&mut step, notice),
            Input::Stored { number } => self.on_stored(&mut step, number),
            Input::State { number, digest } => self.state = Some((number, digest)),
        }
        self.on_time(&mut step);
        step.out
    }

    /// When [`Input::Tick`] is due at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Instant {
        let own = match &self.role {
            Role::Follower { claim_at } => *claim_at,
            Role::Candidate { again_at, .. } => *again_at,
            Role::Writer { flights, again_at } if !flights.waiting.is_empty() => *again_at,
            Role::Writer { .. } | Role::Stopped => self.tell_at,
        };
        own.min(self.tell_at)
    }

    /// Whether a record may be submitted now.
    #[must_use]
    pub fn may_submit(&self, who: &Identity) -> bool {
        match &self.role {
            Role::Writer { flights, .. } => {
                let flying = u64::try_from(flights.waiting.len()).expect("fewer than 2⁶⁴");
                let accepted = self.head.number.saturating_sub(self.last_final);
                accepted.saturating_add(flying) < who.window
            }
            Role::Follower { .. } | Role::Candidate { .. } | Role::Stopped => false,
        }
    }

    /// Whether the stream waits for a record of this node.
    #[must_use]
    pub fn has_nothing_under_way(&self) -> bool {
        match &self.role {
            Role::Writer { flights, .. } => flights.waiting.is_empty(),
            Role::Follower { .. } | Role::Candidate { .. } | Role::Stopped => true,
        }
    }

    /// Publishes the record of a batch; returns its number and what is to be done.
    ///
    /// # Panics
    /// If the node doesn't write.
    pub fn submit(&mut self, who: &Identity, now: Instant, record: &[u8]) -> (u64, Vec<Output>) {
        let Role::Writer { flights, again_at } = &mut self.role else {
            panic!("only the writer submits");
        };
        let before = flights.waiting.back().map_or(self.head, Tip::of);
        let number = before.next_number();
        let envelope = Envelope::batch(number, before.epoch, who.name, before.hash, record);
        flights.waiting.push_back(envelope.clone());
        if flights.waiting.len() > 1 {
            return (number, Vec::new());
        }
        *again_at = later(now, who.timing.answer);
        (number, vec![Output::Publish(envelope)])
    }
}

/// Questions.
impl Node {
    /// What it does.
    #[must_use]
    pub const fn role(&self) -> RoleName {
        match &self.role {
            Role::Follower { .. } => RoleName::Follower,
            Role::Candidate { .. } => RoleName::Candidate,
            Role::Writer { .. } => RoleName::Writer,
            Role::Stopped => RoleName::Stopped,
        }
    }

    /// Behind the last record of the chain.
    #[must_use]
    pub const fn head(&self) -> &Tip {
        &self.head
    }

    /// The last record that most logs hold, as far as this node knows.
    #[must_use]
    pub const fn last_final(&self) -> u64 {
        self.last_final
    }

    /// The other nodes.
    #[must_use]
    pub const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Where the node is that writes, as far as known.
    #[must_use]
    pub fn writer(&self, who: &Identity) -> Option<(NodeName, Address)> {
        match &self.role {
            Role::Writer { .. } => Some((who.name, who.address.clone())),
            Role::Follower { .. } | Role::Candidate { .. } | Role::Stopped => {
                self.peers.writer(self.head.epoch)
            }
        }
    }
}

/// Steps.
impl Node {
    /// A process that was stopped for a while mustn't take its own pause for the writer's silence.
    fn forgive_own_pause(&mut self, step: &Step<'_>) {
        let paused = step.now.since(self.stepped_at) > step.who.timing.answer;
        self.stepped_at = step.now;
        if let Role::Follower { claim_at } = &mut self.role
            && paused
        {
            *claim_at = (*claim_at).max(later(step.now, step.who.timing.silence));
        }
    }

    fn on_time(&mut self, step: &mut Step<'_>) {
        match &mut self.role {
            Role::Follower { claim_at } if *claim_at <= step.now => self.claim(step),
            Role::Candidate { claim, again_at } if *again_at <= step.now => {
                *again_at = later(step.now, step.who.timing.answer);
                step.out.push(Output::Publish(claim.clone()));
            }
            Role::Writer { flights, again_at } if *again_at <= step.now => {
                *again_at = later(step.now, step.who.timing.answer);
                flights.send_first(step);
            }
            Role::Follower { .. }
            | Role::Candidate { .. }
            | Role::Writer { .. }
            | Role::Stopped => {}
        }
        self.read_again_if_stuck(step);
        if self.tell_at <= step.now {
            self.tell(step);
        }
    }

    /// Others hold more than this node, and nothing comes: a message of the stream got lost.
    fn read_again_if_stuck(&mut self, step: &mut Step<'_>) {
        let lags = self.peers.highest_number() > self.head.number;
        let waited = step.now.since(self.moved_at) > step.who.timing.silence;
        if lags && waited && matches!(self.role, Role::Follower { .. }) {
            self.moved_at = step.now;
            step.out.push(Output::Read { number: self.head.next_number() });
        }
    }

    fn claim(&mut self, step: &mut Step<'_>) {
        let again_at = later(step.now, step.who.timing.answer);
        if self.stored != self.head.number {
            self.role = Role::Follower { claim_at: again_at };
            return;
        }
        let epoch = self.head.epoch.max(self.peers.highest_epoch());
        let epoch = epoch.checked_add(1).expect("nobody waits for 2⁶⁴ epochs");
        let number = self.head.next_number();
        let claim = Envelope::claim(number, epoch, step.who.name, self.head.hash);
        step.out.push(Output::Publish(claim.clone()));
        self.role = Role::Candidate { claim, again_at };
    }

    fn on_stream(
        &mut self,
        step: &mut Step<'_>,
        number: u64,
        found: Result<Envelope, DecodeError>,
    ) {
        let envelope = match found {
            Ok(envelope) => envelope,
            Err(error) => return self.stop(step, Stop::Unreadable { number, error }),
        };
        if number > self.head.next_number() {
            step.out.push(Output::Read { number: self.head.next_number() });
        } else if number <= self.head.number {
            if self.recent.differs(number, envelope.hash()) {
                self.stop(step, Stop::StreamContradicts { number });
            }
        } else if self.is_awaited(&envelope) {
            self.on_published(step, number);
        } else {
            self.take(step, envelope);
        }
    }

    /// Whether this is what the node itself has published next.
    fn is_awaited(&self, envelope: &Envelope) -> bool {
        let awaited = match &self.role {
            Role::Candidate { claim, .. } => Some(claim),
            Role::Writer { flights, .. } => flights.waiting.front(),
            Role::Follower { .. } | Role::Stopped => None,
        };
        awaited.is_some_and(|awaited| awaited.hash() == envelope.hash())
    }

    /// Takes the next record of the stream, written by another node.
    fn take(&mut self, step: &mut Step<'_>, envelope: Envelope) {
        let number = self.head.next_number();
        if let Err(link) = self.head.follow(&envelope) {
            return self.stop(step, Stop::BrokenChain { number, link });
        }
        self.step_down(step);
        self.accept(step, envelope);
    }

    fn step_down(&mut self, step: &mut Step<'_>) {
        let wrote = matches!(self.role, Role::Writer { .. });
        self.role = Role::Follower { claim_at: later(step.now, step.who.timing.silence) };
        if wrote {
            step.out.push(Output::Yield { number: self.head.number });
            step.out.push(Output::Read { number: self.head.next_number() });
        }
    }

    fn accept(&mut self, step: &mut Step<'_>, envelope: Envelope) {
        self.head = self.head.follow(&envelope).expect("the link was checked, or is our own");
        self.recent.push(self.head.number, self.head.hash);
        self.behind_since = None;
        self.moved_at = step.now;
        step.out.push(Output::Store(envelope));
        self.agree(step);
    }

    fn on_published(&mut self, step: &mut Step<'_>, number: u64) {
        match &mut self.role {
            Role::Candidate { claim, again_at } if claim.number() == number => {
                let (claim, again_at) = (claim.clone(), *again_at);
                self.accept(step, claim);
                self.role = Role::Writer { flights: Flights::default(), again_at };
                self.tell_at = step.now;
                step.out.push(Output::Lead);
            }
            Role::Writer { flights, again_at } if flights.is_first(number) => {
                *again_at = later(step.now, step.who.timing.answer);
                let envelope = flights.waiting.pop_front().expect("it is the first");
                flights.send_first(step);
                self.accept(step, envelope);
            }
            Role::Candidate { .. }
            | Role::Follower { .. }
            | Role::Writer { .. }
            | Role::Stopped => {}
        }
    }

    fn on_refused(&mut self, step: &mut Step<'_>, number: u64) {
        match &mut self.role {
            Role::Candidate { claim, .. } if claim.number() == number => {
                step.out.push(Output::Look { number });
            }
            Role::Writer { flights, .. } if flights.is_first(number) && !flights.sought => {
                flights.sought = true;
                step.out.push(Output::Look { number });
            }
            Role::Candidate { .. }
            | Role::Follower { .. }
            | Role::Writer { .. }
            | Role::Stopped => {}
        }
    }

    fn on_looked(
        &mut self,
        step: &mut Step<'_>,
        number: u64,
        found: Option<Result<Envelope, DecodeError>>,
    ) {
        if number != self.head.next_number() {
            return;
        }
        match found {
            Some(found) => self.on_stream(step, number, found),
            None => self.on_empty_place(step),
        }
    }

    /// The stream refused a record, and yet has nothing in its place: it is shorter than the log, or
    /// its answer was late.
    fn on_empty_place(&mut self, step: &mut Step<'_>) {
        let since = *self.behind_since.get_or_insert(step.now);
        if step.now.since(since) > step.who.timing.behind {
            return self.stop(step, Stop::StreamBehind { number: self.head.number });
        }
        // The writer sends again when its time to wait is over.
        if matches!(self.role, Role::Candidate { .. }) {
            self.role = Role::Follower { claim_at: later(step.now, step.who.timing.answer) };
        }
    }

    fn on_notice(&mut self, step: &mut Step<'_>, notice: Notice) {
        let (epoch, duty) = (notice.epoch, notice.duty);
        self.peers.hear(step.now, notice);
        if duty == Duty::Writes {
            match &mut self.role {
                Role::Follower { claim_at } if epoch >= self.head.epoch => {
                    *claim_at = later(step.now, step.who.timing.silence);
                }
                Role::Writer { .. } if epoch > self.head.epoch => self.step_down(step),
                Role::Follower { .. }
                | Role::Candidate { .. }
                | Role::Writer { .. }
                | Role::Stopped => {}
            }
        }
        self.agree(step);
    }

    fn on_stored(&mut self, step: &mut Step<'_>, number: u64) {
        self.stored = self.stored.max(number);
        self.agree(step);
        match &mut self.role {
            Role::Follower { claim_at } => {
                *claim_at = (*claim_at).max(later(step.now, step.who.timing.silence));
                self.tell(step);
            }
            Role::Candidate { .. } | Role::Writer { .. } | Role::Stopped => {}
        }
    }

    /// Compares what other logs hold with this one, and says what has become final.
    fn agree(&mut self, step: &mut Step<'_>) {
        self.peers.compare(&self.recent, self.state);
        if let Some(number) = self.peers.contradiction() {
            return self.stop(step, Stop::Contradicted { number });
        }
        let number = self.peers.held_by_majority(self.stored);
        if number > self.last_final {
            self.last_final = number;
            step.out.push(Output::Final { number });
        }
    }

    fn tell(&mut self, step: &mut Step<'_>) {
        self.tell_at = later(step.now, step.who.timing.heartbeat);
        let Some(hash) = self.recent.hash(self.stored) else { return };
        let duty = match &self.role {
            Role::Writer { .. } => Duty::Writes,
            Role::Follower { .. } | Role::Candidate { .. } | Role::Stopped => Duty::Follows,
        };
        step.out.push(Output::Tell(Notice {
            from: step.who.name,
            address: step.who.address.clone(),
            epoch: self.head.epoch,
            number: self.stored,
            hash,
            duty,
            state: self.state,
        }));
    }

    fn stop(&mut self, step: &mut Step<'_>, stop: Stop) {
        self.role = Role::Stopped;
        step.out.push(Output::Stopped(stop));
    }
}

impl Flights {
    fn is_first(&self, number: u64) -> bool {
        self.waiting.front().is_some_and(|envelope| envelope.number() == number)
    }

    /// Publishes the first one, again if need be: its condition lets it through once.
    fn send_first(&mut self, step: &mut Step<'_>) {
        self.sought = false;
        step.out.extend(self.waiting.front().cloned().map(Output::Publish));
    }
}

fn later(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).expect("nobody waits for 2⁶³ ms")
}
