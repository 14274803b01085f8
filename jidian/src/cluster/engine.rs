//! The one thread that owns a node's state, its log and its role.

use super::data::NodeDirectory;
use super::load::{self, Loaded};
use super::log::NodeLog;
use super::stream::Order;
use crate::pilot::Threads;
use crate::store::snapshots::{Every, Keeper};
use bank::Answer;
use bank::Operation;
use bank::cluster::ledger::{Ledger, OldReceipt, Proofs};
use bank::cluster::node::{Identity, Node, RoleName};
use bank::cluster::protocol::{PeerStatus, Reply, Status};
use bank::cluster::{Envelope, Input, NodeName, Output, Stop, Tip, kept};
use bank::log::Place;
use bank::registration::{Authenticated, Digested};
use core::sync::atomic::{AtomicBool, Ordering};
use crypto::{SigningKey, Verify};
use quantity::Instant;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use tokio::sync::mpsc::UnboundedSender;
use wire::Digest;

/// Operations whose signatures are looked at between two looks at the network.
const VERIFIED_AT_ONCE: usize = 512;
/// Operations that may wait; who comes then is asked to come again.
const WAITING_MAX: usize = 1 << 17;

/// Bytes of a message that aren't operations: envelope, root, digests and headers.
const OVERHEAD_BYTES: usize = 4096;

/// Most bytes of the operations of one record, so that it fits a message of the stream.
#[must_use]
pub const fn bytes_max(payload_bytes_max: usize, operations_max: usize) -> usize {
    payload_bytes_max.saturating_sub(OVERHEAD_BYTES + 2 * operations_max)
}

/// What the engine reacts to.
pub enum Event {
    /// From the stream or another node.
    Input(Input),
    /// A client's batch.
    Submit(Submission),
    /// A client wants to know where the node stands.
    Ask(UnboundedSender<Reply>),
    /// The node can't go on.
    Failed(String),
}

/// A client's batch, and where its answers go.
pub struct Submission {
    /// Where answers go.
    pub replies: UnboundedSender<Reply>,
    /// The client's number for it.
    pub ticket: u64,
    /// Whether receipts are wanted.
    pub proofs: Proofs,
    /// What to apply.
    pub operations: Vec<Operation>,
    /// How long it was as bytes.
    pub bytes: usize,
}

/// How a node works; nothing of it changes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who it is.
    pub who: Identity,
    /// The other nodes.
    pub others: Vec<NodeName>,
    /// Most operations of one record.
    pub operations_max: usize,
    /// Most bytes of the operations of one record.
    pub bytes_max: usize,
    /// States are compared behind each record whose number this divides; 0 for never.
    pub state_every: u64,
    /// How often the state is kept, so that a restart takes seconds.
    pub snapshots: Every,
}

/// A batch on its way to the answers.
struct Underway {
    submission: Submission,
    /// Operations whose signatures aren't looked at yet, then those that are.
    left: std::vec::IntoIter<Operation>,
    done: Vec<Authenticated>,
}

/// Answers that wait for their record to be final.
struct Delivery {
    replies: UnboundedSender<Reply>,
    ticket: u64,
    answers: Vec<Answer>,
}

/// A node with its state.
pub struct Engine<V> {
    settings: Settings,
    directory: NodeDirectory,
    signer: SigningKey,
    verifier: V,
    orders: UnboundedSender<Order>,
    clock: Clock,
    node: Node,
    ledger: Option<Ledger>,
    log: NodeLog,
    /// The last ends of the chain that are in the log.
    tips: VecDeque<Tip>,
    keeper: Keeper,
    /// Batches whose signatures aren't all looked at yet, then those that are.
    unverified: VecDeque<Underway>,
    ready: VecDeque<Underway>,
    operations_waiting: usize,
    pending: BTreeMap<u64, Vec<Delivery>>,
    states: BTreeMap<u64, Digest>,
}

/// Time that never goes back.
struct Clock {
    start: Instant,
    since: std::time::Instant,
}

impl Clock {
    fn new() -> Self {
        Self { start: wall_clock(), since: std::time::Instant::now() }
    }

    fn now(&self) -> Instant {
        let elapsed = i64::try_from(self.since.elapsed().as_millis()).expect("no such uptime");
        Instant::from_unix_milliseconds(self.start.unix_milliseconds() + elapsed)
    }
}

/// The time of day.
///
/// # Panics
/// If the machine's clock stands before 1970.
#[must_use]
pub fn wall_clock() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let since = since.expect("the clock stands behind 1970").as_millis();
    Instant::from_unix_milliseconds(i64::try_from(since).expect("the clock stands before 2⁶³"))
}

impl<V: Verify + Sync> Engine<V> {
    /// Goes on with what was [loaded](NodeDirectory::load) from a directory.
    ///
    /// # Errors
    /// Says what is wrong with the directory.
    pub fn open(
        settings: Settings,
        (directory, loaded): (NodeDirectory, Loaded),
        verifier: V,
        orders: UnboundedSender<Order>,
    ) -> Result<Self, String> {
        let signer = directory.signer()?;
        let Loaded { log, ledger, tips, keeper, .. } = loaded;
        let clock = Clock::new();
        let ends = tips.iter().copied();
        let node = Node::new(ends, settings.others.clone(), &settings.who, clock.now());
        let keeper = keeper.every(settings.snapshots);
        Ok(Self {
            settings,
            directory,
            signer,
            verifier,
            orders,
            clock,
            node,
            ledger: Some(ledger),
            log,
            tips,
            keeper,
            unverified: VecDeque::new(),
            ready: VecDeque::new(),
            operations_waiting: 0,
            pending: BTreeMap::new(),
            states: BTreeMap::new(),
        })
    }

    /// Works until `end` is set or the node must not go on.
    ///
    /// # Errors
    /// Says why it must not go on, and what to do.
    pub fn run(&mut self, events: &Receiver<Event>, end: &Arc<AtomicBool>) -> Result<(), String> {
        let base = self.directory.manifest().base;
        let first = self.node.start(base + 1);
        self.carry_out(first)?;
        while !end.load(Ordering::Relaxed) {
            self.take_events(events)?;
            if self.node.next_deadline() <= self.clock.now() {
                self.feed(Input::Tick)?;
            }
            self.work()?;
            self.keep(Keeper::is_due);
        }
        self.keeper.finish();
        self.keep(Keeper::is_behind);
        self.keeper.finish();
        Ok(())
    }

    /// Encodes the state behind the log's last record; another thread writes it down.
    fn keep(&mut self, is_due: impl Fn(&Keeper, Place) -> bool) {
        let ledger = self.ledger.as_ref().expect("it is there between steps");
        let stands_behind_log = !ledger.is_writer() || self.node.has_nothing_under_way();
        let has_batch = ledger.registration().last_batch() > 0;
        if stands_behind_log && has_batch && is_due(&self.keeper, self.log.place()) {
            let snapshot = self.log.snapshot(ledger.registration().to_snapshot());
            self.keeper.take(snapshot.keeping(kept::to_bytes(self.tips.iter())));
        }
    }

    /// Waits for an event if there is nothing to do, and takes those that are there.
    fn take_events(&mut self, events: &Receiver<Event>) -> Result<(), String> {
        const AT_ONCE: usize = 64;
        let wait = if self.has_work() { core::time::Duration::ZERO } else { self.until_deadline() };
        match events.recv_timeout(wait) {
            Ok(event) => self.take(event)?,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                return Err("the network thread ended".to_owned());
            }
        }
        for event in events.try_iter().take(AT_ONCE).collect::<Vec<_>>() {
            self.take(event)?;
        }
        Ok(())
    }

    fn until_deadline(&self) -> core::time::Duration {
        let left = self.node.next_deadline().since(self.clock.now()).milliseconds();
        core::time::Duration::from_millis(u64::try_from(left).unwrap_or(0).min(200))
    }

    fn take(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Input(input) => self.feed(input),
            Event::Submit(submission) => {
                self.receive(submission);
                Ok(())
            }
            Event::Ask(replies) => {
                // A client that is gone needs no answer.
                let _ = replies.send(Reply::Status(self.status()));
                Ok(())
            }
            Event::Failed(reason) => Err(reason),
        }
    }

    fn feed(&mut self, input: Input) -> Result<(), String> {
        let outputs = self.node.handle(&self.settings.who, self.clock.now(), input);
        self.carry_out(outputs)
    }
}

/// Clients.
impl<V: Verify + Sync> Engine<V> {
    fn receive(&mut self, mut submission: Submission) {
        let (ticket, bytes_max) = (submission.ticket, self.settings.bytes_max);
        let refusal = if self.node.role() != RoleName::Writer {
            Some(Reply::Writer { ticket, writer: self.node.writer(&self.settings.who) })
        } else if submission.bytes > bytes_max
            || submission.operations.len() > self.settings.operations_max
        {
            let bytes_max = u32::try_from(bytes_max).unwrap_or(u32::MAX);
            Some(Reply::TooLong { ticket, bytes_max })
        } else if self.operations_waiting > WAITING_MAX {
            Some(Reply::Again { ticket })
        } else {
            None
        };
        if let Some(reply) = refusal {
            let _ = submission.replies.send(reply);
            return;
        }
        self.operations_waiting += submission.operations.len();
        let left = core::mem::take(&mut submission.operations).into_iter();
        let done = Vec::with_capacity(left.len());
        self.unverified.push_back(Underway { submission, left, done });
    }

    fn has_work(&self) -> bool {
        let may_write = self.node.may_submit(&self.settings.who) && !self.ready.is_empty();
        may_write || !self.unverified.is_empty()
    }

    /// Writes a batch if the stream waits for one or enough is there; else looks at signatures.
    fn work(&mut self) -> Result<(), String> {
        let ready: usize = self.ready.iter().map(|batch| batch.done.len()).sum();
        let enough = ready >= self.settings.operations_max
            || self.unverified.is_empty()
            || self.node.has_nothing_under_way();
        // The writer's state is ahead of its log until nothing is under way.
        let pauses = self.keeper.is_due(self.log.place()) && !self.node.has_nothing_under_way();
        if ready > 0 && enough && !pauses && self.node.may_submit(&self.settings.who) {
            return self.write();
        }
        self.verify_some();
        Ok(())
    }

    fn verify_some(&mut self) {
        let Some(batch) = self.unverified.front_mut() else { return };
        let threads = Threads::new();
        let share = VERIFIED_AT_ONCE / threads.count();
        let part = |_| (batch.left.by_ref().take(share).collect(), Vec::new());
        let mut parts: Vec<(Vec<Operation>, Vec<Authenticated>)> =
            (0..threads.count()).map(part).collect();
        let registration = self.ledger.as_ref().expect("it is there between steps").registration();
        let verifier = &self.verifier;
        threads.each_alone(&mut parts, |(operations, done)| {
            let operations = Digested::all(core::mem::take(operations));
            *done = registration.authenticate_all(operations, verifier);
        });
        batch.done.extend(parts.into_iter().flat_map(|(_, done)| done));
        if batch.left.len() == 0 {
            self.ready.extend(self.unverified.pop_front());
        }
    }

    /// The next batch: whole submissions, as many as a record may hold.
    fn gather(&mut self) -> Vec<Underway> {
        let (mut operations, mut bytes) = (0, 0);
        let mut batch = Vec::new();
        while let Some(next) = self.ready.front() {
            operations += next.done.len();
            bytes += next.submission.bytes;
            let fits =
                operations <= self.settings.operations_max && bytes <= self.settings.bytes_max;
            if !fits && !batch.is_empty() {
                break;
            }
            batch.extend(self.ready.pop_front());
        }
        batch
    }

    fn write(&mut self) -> Result<(), String> {
        let mut batch = self.gather();
        let lengths: Vec<usize> = batch.iter().map(|part| part.done.len()).collect();
        let wanted = batch.iter().any(|part| part.submission.proofs == Proofs::Wanted);
        let proofs = if wanted { Proofs::Wanted } else { Proofs::Unwanted };
        let mut items: Vec<Authenticated> =
            batch.iter_mut().flat_map(|part| core::mem::take(&mut part.done)).collect();
        self.operations_waiting -= items.len();
        let ledger = self.ledger.as_mut().expect("it is there between steps");
        // A key may have been bound while its order waited.
        ledger.registration().look_again(&mut items, &self.verifier);
        let written = ledger.write(wall_clock(), &items, proofs, &self.signer);
        let answers = self.with_old_receipts(written.answers, &written.old)?;
        let mut answers = answers.into_iter();
        let deliveries = batch.into_iter().zip(lengths).map(|(part, length)| Delivery {
            replies: part.submission.replies,
            ticket: part.submission.ticket,
            answers: answers.by_ref().take(length).collect(),
        });
        let deliveries: Vec<Delivery> = deliveries.collect();
        let Some(record) = written.record else {
            deliveries.into_iter().for_each(|delivery| delivery.send(0));
            return Ok(());
        };
        let (number, outputs) = self.node.submit(&self.settings.who, self.clock.now(), &record);
        if self.compares_state_at(number) {
            let digest = self.ledger.as_ref().map(Ledger::state_digest);
            self.states.extend(digest.map(|digest| (number, digest)));
        }
        self.pending.insert(number, deliveries);
        self.carry_out(outputs)
    }

    /// Cuts receipts of batches that aren't in memory out of the log.
    fn with_old_receipts(
        &mut self,
        mut answers: Vec<Answer>,
        old: &[OldReceipt],
    ) -> Result<Vec<Answer>, String> {
        // A record's number is that of its batch and one more for each claim before it.
        let claims = self.node.head().epoch;
        let mut records = BTreeMap::new();
        for old in old {
            if let Entry::Vacant(place) = records.entry(old.batch) {
                let record = self.log.batch(old.batch, claims);
                place.insert(record.map_err(|error| error.to_string())?);
            }
            let record = records.get(&old.batch).and_then(Option::as_ref);
            answers[old.place].receipt = record.and_then(|record| record.receipt(old.order));
        }
        Ok(answers)
    }

    const fn compares_state_at(&self, number: u64) -> bool {
        self.settings.state_every > 0 && number.is_multiple_of(self.settings.state_every)
    }

    fn status(&self) -> Status {
        let registration = self.ledger.as_ref().expect("it is there between steps").registration();
        let (head, now) = (*self.node.head(), self.clock.now());
        let silence = |at: Instant| u64::try_from(now.since(at).milliseconds()).unwrap_or(0);
        let peers = self.node.peers().iter().map(|(name, peer)| PeerStatus {
            name,
            agreed: peer.agreed(),
            silence_ms: peer.heard_at().map_or(u64::MAX, silence),
            contradicts: peer.contradicts().unwrap_or(0),
        });
        Status {
            name: self.settings.who.name,
            role: self.node.role() as u8,
            writer: self.node.writer(&self.settings.who),
            epoch: head.epoch,
            number: head.number,
            hash: head.hash,
            last_final: self.node.last_final(),
            batch: registration.last_batch(),
            issued: registration.issued(),
            peers: peers.collect(),
        }
    }
}

/// What the node decides.
impl<V: Verify + Sync> Engine<V> {
    fn carry_out(&mut self, outputs: Vec<Output>) -> Result<(), String> {
        let mut left = VecDeque::from(outputs);
        while let Some(output) = left.pop_front() {
            left.extend(self.carry_out_one(output)?);
        }
        Ok(())
    }

    fn carry_out_one(&mut self, output: Output) -> Result<Vec<Output>, String> {
        match output {
            Output::Read { number } => self.order(Order::Read(number)),
            Output::Publish(envelope) => self.order(Order::Publish(envelope)),
            Output::Look { number } => self.order(Order::Look(number)),
            Output::Tell(notice) => self.order(Order::Tell(notice)),
            Output::Store(envelope) => return self.store(&envelope),
            Output::Final { number } => self.deliver(number),
            Output::Lead => {
                self.order(Order::Rest);
                self.lead()?;
            }
            Output::Yield { number } => self.give_way(number)?,
            Output::Stopped(stop) => return Err(self.reason(&stop)),
        }
        Ok(Vec::new())
    }

    fn order(&self, order: Order) {
        // If the network thread is gone, the next event says so.
        let _ = self.orders.send(order);
    }

    fn store(&mut self, envelope: &Envelope) -> Result<Vec<Output>, String> {
        let number = envelope.number();
        let mut ledger = self.ledger.take().expect("it is there between steps");
        let repeated = self.store_into(&mut ledger, envelope);
        let state = match self.states.remove(&number) {
            Some(digest) => Some(digest),
            None if ledger.is_writer() || !self.compares_state_at(number) => None,
            None => Some(ledger.state_digest()),
        };
        self.ledger = Some(ledger);
        repeated.map_err(|fault| {
            format!(
                "record {number} of epoch {} by {}: {fault}; this node stops before it confirms it: \
                 compare the logs with 'jidian bank compare', then re-seed",
                envelope.epoch(),
                envelope.writer()
            )
        })?;
        let (who, now) = (&self.settings.who, self.clock.now());
        let mut outputs = Vec::new();
        if let Some(digest) = state {
            outputs.extend(self.node.handle(who, now, Input::State { number, digest }));
        }
        outputs.extend(self.node.handle(who, now, Input::Stored { number }));
        Ok(outputs)
    }

    fn store_into(&mut self, ledger: &mut Ledger, envelope: &Envelope) -> Result<(), String> {
        let record = match ledger.is_writer() {
            true => None,
            false => ledger.decode(envelope).map_err(|damage| damage.to_string())?,
        };
        self.log.append(envelope).map_err(|error| error.to_string())?;
        load::push(&mut self.tips, Tip::of(envelope));
        match record {
            Some(record) => ledger.repeat(record).map_err(|damage| damage.to_string()),
            None => Ok(()),
        }
    }

    fn lead(&mut self) -> Result<(), String> {
        let ledger = self.ledger.take().expect("it is there between steps");
        self.ledger = Some(ledger.lead().map_err(|damage| damage.to_string())?);
        let head = self.node.head();
        eprintln!("{} writes in epoch {} from record {} on", head.writer, head.epoch, head.number);
        Ok(())
    }

    fn deliver(&mut self, number: u64) {
        let later = self.pending.split_off(&(number + 1));
        for (record, deliveries) in core::mem::replace(&mut self.pending, later) {
            deliveries.into_iter().for_each(|delivery| delivery.send(record));
        }
    }

    /// Another node writes: what isn't in the chain is forgotten.
    fn give_way(&mut self, number: u64) -> Result<(), String> {
        let name = self.settings.who.name;
        eprintln!("{name} is fenced behind record {number} and follows from here on");
        let lost = self.pending.split_off(&(number + 1)).into_values().flatten();
        lost.for_each(|delivery| delivery.again());
        let waiting = self.unverified.drain(..).chain(self.ready.drain(..));
        for Underway { submission, .. } in waiting {
            let _ = submission.replies.send(Reply::Again { ticket: submission.ticket });
        }
        self.operations_waiting = 0;
        self.states.clear();
        self.ledger = None;
        self.keeper.finish();
        let Loaded { log, ledger, tips, .. } = self.directory.load()?;
        (self.log, self.ledger, self.tips) = (log, Some(ledger), tips);
        Ok(())
    }

    fn reason(&self, stop: &Stop) -> String {
        let name = self.settings.who.name;
        format!(
            "{name} stops: {stop}; nothing final is lost: stop all nodes, compare their logs with \
             'jidian bank compare', and re-seed with 'jidian bank reseed'"
        )
    }
}

impl Delivery {
    fn send(self, record: u64) {
        let Self { replies, ticket, answers } = self;
        // A client that is gone asks again and gets the same answers.
        let _ = replies.send(Reply::Answers { ticket, record, answers });
    }

    fn again(self) {
        let _ = self.replies.send(Reply::Again { ticket: self.ticket });
    }
}
