//! The rich world between a trusted world that seals and a network that loses.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use quantity::{Duration, Fen, Instant};
use ree::{Busy, Event, LOG_ENTRIES_MAX, Message, Note, Ree, Request, Retry, WINDOW};
use wire::Digest;
use wire::receipt::{Leaf, Receipt, Root};
use wire::tee::{Code, Command, Entry, Outcome, Reply, Which};

const RETRY: Retry =
    Retry { first: Duration::from_seconds(2), longest: Duration::from_seconds(60) };

/// Stands for the trusted world: a journal of numbers.
struct Trusted {
    sequence: u64,
    acknowledged: u64,
}

impl Trusted {
    fn invoke(&mut self, command: &Command) -> Reply {
        let done = |code| Reply::Done { code, sealed: 0 };
        match command {
            Command::Fetch(Which::Oldest) => self.entry(self.acknowledged + 1),
            Command::Fetch(Which::Sequence(sequence)) => self.entry(*sequence),
            Command::Receipt(receipt) => {
                let next = self.acknowledged + 1;
                match receipt.root.batch {
                    batch if batch == next => self.acknowledged = next,
                    batch if batch < next => return done(Code::AlreadyThere),
                    _ => return done(Code::NotOldest),
                }
                done(Code::Accepted)
            }
            Command::Deliver(_) => {
                self.sequence += 1;
                Reply::Done { code: Code::Accepted, sealed: 1 }
            }
            Command::Load(_)
            | Command::Signal(_)
            | Command::Status
            | Command::SetLimits(_)
            | Command::Identify
            | Command::Recall(_)
            | Command::Rotate(_)
            | Command::Attest(_) => done(Code::Signature),
        }
    }

    fn entry(&self, sequence: u64) -> Reply {
        if sequence > self.sequence {
            return Reply::Done { code: Code::NoSuchEntry, sealed: 0 };
        }
        let order = sequence.to_be_bytes().into_iter().collect();
        let evidence = heapless::Vec::new();
        Reply::Entry(Entry { sequence, outcome: Outcome::Pending, order, evidence })
    }
}

fn at(milliseconds: i64) -> Instant {
    Instant::from_unix_milliseconds(milliseconds)
}

fn receipt(sequence: u64) -> Event {
    let (batch, zero) = (sequence, Digest::default());
    let root = Root { batch, previous: zero, merkle: zero, at: at(0), issued: Fen::ZERO };
    let leaf = Leaf { order: zero, result: 0, balances: heapless::Vec::new() };
    let (path, signature) = (heapless::Vec::new(), wire::Signature::default());
    Event::Receipt { sequence, receipt: Receipt { leaf, index: 0, path, root, signature } }
}

fn frame() -> Event {
    Event::Frame(wire::link::Frame { counter: 1, ciphertext: heapless::Vec::new(), tag: [0; 16] })
}

/// Runs until there is nothing to do now, and returns what was sent.
fn run(ree: &mut Ree, trusted: &mut Trusted, now: Instant) -> Vec<Message> {
    let mut sent = Vec::new();
    while let Some(request) = ree.poll(now) {
        match request {
            Request::Invoke(command) => {
                let reply = trusted.invoke(&command);
                ree.handle(now, Event::Replied(reply)).unwrap();
            }
            Request::Send(message) => sent.push(message),
            Request::AnswerNfc(reply) => panic!("nobody asked for {reply:?}"),
        }
    }
    sent
}

fn numbers(sent: &[Message]) -> Vec<u64> {
    sent.iter().map(|message| message.sequence).collect()
}

#[test]
fn a_window_is_sent_in_order_and_moves_with_the_receipts() {
    let (mut ree, mut trusted) = (Ree::boot(RETRY, 1), Trusted { sequence: 6, acknowledged: 0 });
    assert_eq!(numbers(&run(&mut ree, &mut trusted, at(0))), [1, 2, 3, 4]);
    assert_eq!(ree.in_flight(), WINDOW);
    // Receipts in any order reach the trusted world in the right one.
    for sequence in [2, 3, 1] {
        ree.handle(at(1), receipt(sequence)).unwrap();
    }
    assert_eq!(numbers(&run(&mut ree, &mut trusted, at(1))), [5, 6]);
    assert_eq!(trusted.acknowledged, 3);
    for sequence in 4..=6 {
        ree.handle(at(2), receipt(sequence)).unwrap();
    }
    assert!(run(&mut ree, &mut trusted, at(2)).is_empty());
    assert_eq!((trusted.acknowledged, ree.next_deadline()), (6, None));
}

#[test]
fn pauses_grow_are_bounded_and_differ_between_meters() {
    let pauses = |seed| {
        let (mut ree, mut trusted) =
            (Ree::boot(RETRY, seed), Trusted { sequence: 1, acknowledged: 0 });
        let mut now = at(0);
        let mut pauses = Vec::new();
        for attempt in 0..12 {
            assert_eq!(run(&mut ree, &mut trusted, now).len(), 1, "attempt {attempt}");
            assert!(ree.poll(now).is_none());
            let next = ree.next_deadline().unwrap();
            pauses.push(next.since(now).milliseconds());
            now = next;
        }
        pauses
    };
    for (attempt, pause) in pauses(7).into_iter().enumerate() {
        let longest = (2_000_i64 << attempt).min(60_000);
        assert!((longest / 2..=longest).contains(&pause), "{pause} after attempt {attempt}");
    }
    assert_eq!(pauses(7), pauses(7));
    assert_ne!(pauses(7), pauses(8));
    assert_eq!(pauses(0x9e37_79b9_7f4a_7c15).len(), 12, "no seed stops the generator");
}

#[test]
fn a_power_cut_forgets_nothing_that_counts() {
    let mut trusted = Trusted { sequence: 3, acknowledged: 0 };
    let mut ree = Ree::boot(RETRY, 1);
    run(&mut ree, &mut trusted, at(0));
    ree.handle(at(1), receipt(1)).unwrap();
    run(&mut ree, &mut trusted, at(1));
    let mut ree = Ree::boot(RETRY, 1);
    assert_eq!(numbers(&run(&mut ree, &mut trusted, at(2))), [2, 3]);
    // A receipt of before the cut is no message of this window any more.
    ree.handle(at(3), receipt(1)).unwrap();
    assert!(run(&mut ree, &mut trusted, at(3)).is_empty());
}

#[test]
fn a_frame_that_seals_something_wakes_the_outbox() {
    let (mut ree, mut trusted) = (Ree::boot(RETRY, 1), Trusted { sequence: 0, acknowledged: 0 });
    assert!(run(&mut ree, &mut trusted, at(0)).is_empty());
    ree.handle(at(1), frame()).unwrap();
    assert_eq!(numbers(&run(&mut ree, &mut trusted, at(1))), [1]);
}

#[test]
fn a_receipt_for_another_order_fills_the_window_again() {
    let (mut ree, mut trusted) = (Ree::boot(RETRY, 1), Trusted { sequence: 2, acknowledged: 0 });
    run(&mut ree, &mut trusted, at(0));
    let Event::Receipt { receipt: other, .. } = receipt(2) else { unreachable!() };
    ree.handle(at(1), Event::Receipt { sequence: 1, receipt: other }).unwrap();
    assert_eq!(numbers(&run(&mut ree, &mut trusted, at(1))), [1, 2]);
    assert_eq!(trusted.acknowledged, 0);
}

#[test]
fn nfc_passes_through_and_gets_its_answer() {
    let mut ree = Ree::boot(RETRY, 1);
    ree.handle(at(0), Event::Nfc(Command::Status)).unwrap();
    assert_eq!(ree.poll(at(0)), Some(Request::Invoke(Command::Status)));
    assert_eq!(ree.poll(at(0)), None, "one question at a time");
    let reply = Reply::Done { code: Code::Signature, sealed: 0 };
    ree.handle(at(0), Event::Replied(reply.clone())).unwrap();
    assert_eq!(ree.poll(at(0)), Some(Request::AnswerNfc(reply)));
    assert!(ree.log().any(|entry| entry.note == Note::Code(Code::Signature)));
}

#[test]
fn queue_and_log_are_bounded() {
    let mut ree = Ree::boot(RETRY, 1);
    for _ in 0..ree::COMMANDS_MAX {
        assert_eq!(ree.handle(at(0), frame()), Ok(()));
    }
    assert_eq!(ree.handle(at(0), frame()), Err(Busy));
    for sequence in 0..200 {
        ree.handle(at(0), receipt(sequence)).unwrap();
    }
    let last = ree.log().last().unwrap().note;
    assert_eq!((ree.log().count(), last), (LOG_ENTRIES_MAX, Note::Receipt(199)));
}
