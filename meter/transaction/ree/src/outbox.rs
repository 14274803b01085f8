//! Messages on their way, in order, until their receipt is taken.

use crate::Message;
use crate::retry::Pause;
use heapless::Deque;
use quantity::Instant;
use wire::receipt::Receipt;

/// Most messages that are on their way at a time: with 1 ms on the air and a few for the batch, four
/// keep the line busy; and each costs 2.5 kB of the 48 kB of memory.
pub const WINDOW: usize = 4;

/// The window over the trusted world's journal.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    flights: Deque<Flight, WINDOW>,
    pause: Pause,
    /// Whether the journal may hold entries behind those in the window.
    may_have_more: bool,
}

#[derive(Clone, Debug)]
struct Flight {
    message: Message,
    /// Attempts so far.
    attempts: u32,
    /// When to send it again, once it is the oldest one open; a new one is due at once.
    due: Instant,
    /// Whether it follows an older one that was sent again.
    again: bool,
    /// The receipt, until it is its turn.
    receipt: Option<Receipt>,
}

/// The entry to ask for.
pub(crate) enum Next {
    /// The oldest one without a receipt.
    Oldest,
    /// The one of this number.
    Sequence(u64),
}

impl Outbox {
    pub(crate) const fn new(pause: Pause) -> Self {
        Self { flights: Deque::new(), pause, may_have_more: true }
    }

    pub(crate) fn len(&self) -> usize {
        self.flights.len()
    }

    /// The entry that would fill the window; `None` if it is full or there is none.
    pub(crate) fn next(&self) -> Option<Next> {
        let wants = self.may_have_more && !self.flights.is_full();
        wants.then(|| match self.flights.back() {
            Some(last) => Next::Sequence(last.message.sequence + 1),
            None => Next::Oldest,
        })
    }

    pub(crate) fn nothing_more(&mut self) {
        self.may_have_more = false;
    }

    pub(crate) fn more_sealed(&mut self) {
        self.may_have_more = true;
    }

    /// Takes a message into the window; it is due at once.
    pub(crate) fn push(&mut self, now: Instant, message: Message) {
        let follows =
            self.flights.back().is_none_or(|last| last.message.sequence + 1 == message.sequence);
        assert!(follows, "entries come in the order of their numbers");
        let flight = Flight { message, attempts: 0, due: now, again: false, receipt: None };
        assert!(self.flights.push_back(flight).is_ok(), "asked only when there is room");
    }

    /// The first message whose time has come; its next time is set.
    ///
    /// Only the oldest open message has a timer, and when it is sent again, all behind it are: the
    /// registration centre refuses an order whose predecessor it hasn't seen.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Message> {
        let mut open = self.flights.iter_mut().filter(|flight| flight.receipt.is_none());
        let oldest = open.next()?;
        if oldest.due <= now {
            let first_time = oldest.attempts == 0;
            let message = oldest.send(now, &mut self.pause);
            if !first_time {
                open.for_each(|flight| flight.again = true);
            }
            return Some(message);
        }
        let next = open.find(|flight| flight.attempts == 0 || flight.again)?;
        Some(next.send(now, &mut self.pause))
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let mut open = self.flights.iter().filter(|flight| flight.receipt.is_none());
        let oldest = open.next()?;
        let next = open.find(|flight| flight.attempts == 0 || flight.again);
        Some(next.map_or(oldest.due, |next| next.due.min(oldest.due)))
    }

    /// Keeps a receipt until it is its turn; one for a message that isn't on its way is a duplicate.
    pub(crate) fn keep_receipt(&mut self, sequence: u64, receipt: Receipt) {
        if let Some(flight) = self.flight(sequence) {
            flight.receipt = Some(receipt);
        }
    }

    /// The receipt of the oldest message, if it is there.
    pub(crate) fn receipt(&self) -> Option<(u64, Receipt)> {
        let oldest = self.flights.front()?;
        oldest.receipt.clone().map(|receipt| (oldest.message.sequence, receipt))
    }

    pub(crate) fn drop_receipt(&mut self, sequence: u64) {
        if let Some(flight) = self.flight(sequence) {
            flight.receipt = None;
        }
    }

    /// Forgets the window, to begin again with the oldest entry.
    pub(crate) fn refill(&mut self) {
        self.flights.clear();
        self.may_have_more = true;
    }

    pub(crate) fn done(&mut self, sequence: u64) {
        let oldest = self.flights.pop_front().expect("its receipt was taken from here");
        assert!(oldest.message.sequence == sequence, "receipts are taken in order");
    }

    fn flight(&mut self, sequence: u64) -> Option<&mut Flight> {
        self.flights.iter_mut().find(|flight| flight.message.sequence == sequence)
    }
}

impl Flight {
    fn send(&mut self, now: Instant, pause: &mut Pause) -> Message {
        self.due = now + pause.after(self.attempts);
        self.attempts = self.attempts.saturating_add(1);
        self.again = false;
        self.message.clone()
    }
}
