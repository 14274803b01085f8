//! Rich world of the transaction core 交易芯: 5G and NFC sessions, outbox, communication log.
//!
//! It carries what the trusted world sealed and never reads it. Nothing that it forgets is lost:
//! after a power cut it asks the trusted world for the oldest entry without a receipt and goes on
//! from there.
//!
//! [`Ree`] is a state machine without I/O. Its owner takes one [`Request`] after the other out of
//! [`Ree::poll`], carries it out, and tells what happened with [`Ree::handle`]; when nothing is left
//! to do, [`Ree::next_deadline`] says when to poll again. A request to the trusted world must be
//! answered ([`Event::Replied`]) before the next one is given out.
//!
//! Messages are sent in the order of their numbers, at most [`WINDOW`] at a time, again and again
//! with growing pauses until their receipt is taken. Receipts reach the trusted world in the same
//! order, whatever order they arrive in.
#![no_std]

mod log;
mod outbox;
mod retry;

pub use log::{Channel, ComLog, LOG_ENTRIES_MAX, LogEntry, Note};
pub use outbox::WINDOW;
pub use retry::Retry;

use heapless::{Deque, Vec};
use outbox::{Next, Outbox};
use quantity::Instant;
use retry::Pause;
use wire::receipt::Receipt;
use wire::tee::{Code, Command, EVIDENCE_BYTES_MAX, Entry, ORDER_BYTES_MAX, Reply, Which};

/// Most commands that wait for the trusted world.
pub const COMMANDS_MAX: usize = 4;

/// The rich world.
#[derive(Clone, Debug)]
pub struct Ree {
    outbox: Outbox,
    commands: Deque<Queued, COMMANDS_MAX>,
    /// What the trusted world is doing.
    asked: Option<Asked>,
    /// What an NFC reader waits for.
    answer: Option<Reply>,
    log: ComLog,
}

/// Something for the owner to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is no heap; a request is moved, never stored")]
pub enum Request {
    /// Pass the command to the trusted world, and its reply to [`Ree::handle`].
    Invoke(Command),
    /// Send the message over 5G.
    Send(Message),
    /// Pass the reply to the NFC reader.
    AnswerNfc(Reply),
}

/// A sealed settlement on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Number of the order, to tell messages apart.
    pub sequence: u64,
    /// For the registration centre.
    pub order: Vec<u8, ORDER_BYTES_MAX>,
    /// For the grid company.
    pub evidence: Vec<u8, EVIDENCE_BYTES_MAX>,
}

/// Something that happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is no heap; an event is moved, never stored")]
pub enum Event {
    /// The trusted world answers the last [`Request::Invoke`].
    Replied(Reply),
    /// The management core sent a frame.
    Frame(wire::link::Frame),
    /// The registration centre answered the message of this number.
    Receipt {
        /// Number of the message.
        sequence: u64,
        /// The receipt.
        receipt: Receipt,
    },
    /// A contract, a signal or limits came over 5G.
    Downlink(Command),
    /// An NFC reader asks something; who may ask what is the trusted world's business.
    Nfc(Command),
}

/// An event that can't be taken now; it's up to the sender to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

#[derive(Clone, Debug)]
struct Queued {
    channel: Channel,
    command: Command,
}

/// Why the trusted world was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// For the entry to send next.
    Entry,
    /// To take the receipt of this message.
    Receipt(u64),
    /// On behalf of someone else.
    Command(Channel),
}

impl Ree {
    /// Starts after power came back. `seed` spreads the retries of many meters; it needs no quality.
    #[must_use]
    pub fn boot(retry: Retry, seed: u64) -> Self {
        Self {
            outbox: Outbox::new(Pause::new(retry, seed)),
            commands: Deque::new(),
            asked: None,
            answer: None,
            log: ComLog::default(),
        }
    }

    /// The next thing to carry out, if there is one now.
    pub fn poll(&mut self, now: Instant) -> Option<Request> {
        if let Some(reply) = self.answer.take() {
            return Some(Request::AnswerNfc(reply));
        }
        if let Some(message) = self.outbox.due(now) {
            self.log.note(now, Channel::Cellular, Note::Sent(message.sequence));
            return Some(Request::Send(message));
        }
        if self.asked.is_some() {
            return None;
        }
        let (asked, command) = self.next_command()?;
        self.asked = Some(asked);
        Some(Request::Invoke(command))
    }

    /// When [`Ree::poll`] has something again without any event; `None` if never.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.outbox.deadline()
    }

    /// Takes an event.
    ///
    /// # Errors
    /// [`Busy`] if there is no room for it now; nothing changed.
    ///
    /// # Panics
    /// If the trusted world replies and wasn't asked.
    pub fn handle(&mut self, now: Instant, event: Event) -> Result<(), Busy> {
        match event {
            Event::Replied(reply) => self.replied(now, reply),
            Event::Frame(frame) => self.queue(Channel::Management, Command::Deliver(frame))?,
            Event::Downlink(command) => self.queue(Channel::Cellular, command)?,
            Event::Nfc(command) => self.queue(Channel::Nfc, command)?,
            Event::Receipt { sequence, receipt } => {
                self.log.note(now, Channel::Cellular, Note::Receipt(sequence));
                self.outbox.keep_receipt(sequence, receipt);
            }
        }
        Ok(())
    }

    /// What happened on the lines, oldest first.
    pub fn log(&self) -> impl Iterator<Item = &LogEntry> {
        self.log.entries()
    }

    /// Messages that wait for their receipt.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.outbox.len()
    }

    fn queue(&mut self, channel: Channel, command: Command) -> Result<(), Busy> {
        self.commands.push_back(Queued { channel, command }).map_err(|_| Busy)
    }

    /// Receipts first (they make room), then what others ask, then what is to be sent next.
    fn next_command(&mut self) -> Option<(Asked, Command)> {
        if let Some((sequence, receipt)) = self.outbox.receipt() {
            return Some((Asked::Receipt(sequence), Command::Receipt(receipt)));
        }
        if let Some(Queued { channel, command }) = self.commands.pop_front() {
            return Some((Asked::Command(channel), command));
        }
        let which = match self.outbox.next()? {
            Next::Oldest => Which::Oldest,
            Next::Sequence(sequence) => Which::Sequence(sequence),
        };
        Some((Asked::Entry, Command::Fetch(which)))
    }

    fn replied(&mut self, now: Instant, reply: Reply) {
        match self.asked.take().expect("the trusted world replies only when asked") {
            Asked::Entry => self.fetched(now, reply),
            Asked::Receipt(sequence) => self.acknowledged(now, sequence, &reply),
            Asked::Command(channel) => self.answered(now, channel, reply),
        }
    }

    fn fetched(&mut self, now: Instant, reply: Reply) {
        match reply {
            Reply::Entry(Entry { sequence, order, evidence, .. }) => {
                self.outbox.push(now, Message { sequence, order, evidence });
            }
            Reply::Done { .. }
            | Reply::Status(_)
            | Reply::Identity(_)
            | Reply::Attestation(_)
            | Reply::Damaged(_) => {
                self.log_reply(now, Channel::Trusted, &reply);
                self.outbox.nothing_more();
            }
        }
    }

    /// A receipt that the trusted world doesn't take is dropped: the message is sent again, and the
    /// registration centre answers it with the same result. If it is the receipt of another order,
    /// window and journal have drifted apart, and the window is filled again from the journal.
    fn acknowledged(&mut self, now: Instant, sequence: u64, reply: &Reply) {
        self.log_reply(now, Channel::Trusted, reply);
        match reply {
            Reply::Done { code: Code::Accepted | Code::OrderBurnt, .. } => {
                self.outbox.done(sequence);
            }
            Reply::Done { code: Code::AlreadyThere | Code::NotOldest, .. } => self.outbox.refill(),
            Reply::Done { .. }
            | Reply::Entry(_)
            | Reply::Status(_)
            | Reply::Identity(_)
            | Reply::Attestation(_)
            | Reply::Damaged(_) => self.outbox.drop_receipt(sequence),
        }
    }

    fn answered(&mut self, now: Instant, channel: Channel, reply: Reply) {
        self.log_reply(now, channel, &reply);
        if matches!(reply, Reply::Done { sealed: 1.., .. }) {
            self.outbox.more_sealed();
        }
        if channel == Channel::Nfc {
            self.answer = Some(reply);
        }
    }

    fn log_reply(&mut self, now: Instant, channel: Channel, reply: &Reply) {
        let note = match reply {
            // The usual answer to "is there more to send?", and to a frame once a minute.
            Reply::Done { code: Code::NoSuchEntry, .. } => return,
            Reply::Done { code: Code::Accepted, .. } if channel == Channel::Management => return,
            Reply::Done { code, .. } => Note::Code(*code),
            Reply::Entry(entry) => Note::Gave(entry.sequence),
            Reply::Status(_) | Reply::Identity(_) | Reply::Attestation(_) => Note::Told,
            Reply::Damaged(damage) => Note::Damaged(*damage),
        };
        self.log.note(now, channel, note);
    }
}
