//! One node, step by step: traces of the rules.

use bank::cluster::node::{Identity, RoleName, Timing};
use bank::cluster::notice::Duty;
use bank::cluster::{
    Address, Envelope, Input, Node, NodeName, Notice, Output, Stop, Tip, WrongLink,
};
use quantity::{Duration, Instant};
use wire::{DecodeError, Digest};

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn who() -> Identity {
    let ms = Duration::from_milliseconds;
    Identity {
        name: name("n1"),
        address: Address::new("127.0.0.1:7401").unwrap(),
        timing: Timing { heartbeat: ms(100), silence: ms(1000), answer: ms(500), behind: ms(3000) },
        window: 4,
    }
}

fn at(ms: i64) -> Instant {
    Instant::from_unix_milliseconds(ms)
}

fn record(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let digest = crypto::sm3(&bytes);
    bytes.extend_from_slice(&digest.0);
    bytes
}

fn genesis() -> Envelope {
    Envelope::genesis(&record("genesis"))
}

fn started() -> Node {
    Node::new([Tip::of(&genesis())], ["n2", "n3"].map(name), &who(), at(0))
}

fn stream(number: u64, envelope: &Envelope) -> Input {
    Input::Stream { number, found: Ok(envelope.clone()) }
}

fn holds(from: &str, number: u64, hash: Digest) -> Input {
    Input::Notice(Notice {
        from: name(from),
        address: Address::default(),
        epoch: 1,
        number,
        hash,
        duty: Duty::Follows,
        state: None,
    })
}

/// What a node does, without its notices, in a few words.
fn words(outputs: &[Output]) -> String {
    let word = |output: &Output| match output {
        Output::Read { number } => Some(format!("read {number}")),
        Output::Publish(envelope) => Some(format!("publish {}", envelope.number())),
        Output::Look { number } => Some(format!("look {number}")),
        Output::Store(envelope) => Some(format!("store {}", envelope.number())),
        Output::Tell(_) => None,
        Output::Final { number } => Some(format!("final {number}")),
        Output::Lead => Some("lead".to_owned()),
        Output::Yield { number } => Some(format!("yield {number}")),
        Output::Stopped(stop) => Some(format!("stopped: {stop}")),
    };
    outputs.iter().filter_map(word).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn step(node: &mut Node, ms: i64, input: Input, expected: &str) {
    assert_eq!(words(&node.handle(&who(), at(ms), input)), expected, "at {ms} ms");
}

/// A node that writes in epoch 1, its claim confirmed by n2, at 1000 ms.
fn writer() -> Node {
    let mut node = started();
    step(&mut node, 500, Input::Tick, "");
    step(&mut node, 1000, Input::Tick, "publish 1");
    let claim = Envelope::claim(1, 1, name("n1"), genesis().hash());
    step(&mut node, 1000, Input::Published { number: 1 }, "store 1, lead");
    step(&mut node, 1000, Input::Stored { number: 1 }, "");
    step(&mut node, 1000, holds("n2", 1, claim.hash()), "final 1");
    node
}

fn submit(node: &mut Node, ms: i64, text: &str) -> Envelope {
    let (_, outputs) = node.submit(&who(), at(ms), &record(text));
    match &outputs[..] {
        [Output::Publish(envelope)] => envelope.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_is_final_after_the_stream_the_own_log_and_another_log() {
    let mut node = writer();
    let first = submit(&mut node, 1000, "first");
    step(&mut node, 1001, Input::Published { number: 2 }, "store 2");
    step(&mut node, 1001, holds("n2", 2, first.hash()), "");
    step(&mut node, 1002, Input::Stored { number: 2 }, "final 2");
}

#[test]
fn the_log_of_another_node_may_be_the_last_to_confirm() {
    let mut node = writer();
    let first = submit(&mut node, 1000, "first");
    step(&mut node, 1001, Input::Published { number: 2 }, "store 2");
    step(&mut node, 1002, Input::Stored { number: 2 }, "");
    step(&mut node, 1003, holds("n3", 2, first.hash()), "final 2");
}

#[test]
fn a_refused_record_that_is_there_is_the_own_one() {
    let mut node = writer();
    let first = submit(&mut node, 1000, "first");
    step(&mut node, 1001, Input::Refused { number: 2 }, "look 2");
    let found = Some(Ok(first));
    step(&mut node, 1002, Input::Looked { number: 2, found }, "store 2");
    assert_eq!(node.role(), RoleName::Writer);
}

#[test]
fn another_record_in_its_place_fences_the_writer() {
    let mut node = writer();
    submit(&mut node, 1000, "first");
    let claim = Envelope::claim(2, 2, name("n2"), node.head().hash);
    step(&mut node, 1001, Input::Refused { number: 2 }, "look 2");
    let found = Some(Ok(claim));
    step(&mut node, 1002, Input::Looked { number: 2, found }, "yield 1, read 2, store 2");
    assert_eq!(node.role(), RoleName::Follower);
    assert!(!node.may_submit(&who()));
}

#[test]
fn one_record_at_a_time_is_on_its_way_and_an_unanswered_one_is_sent_again() {
    let mut node = writer();
    submit(&mut node, 1000, "first");
    let (number, outputs) = node.submit(&who(), at(1000), &record("second"));
    assert_eq!((number, words(&outputs)), (3, String::new()));
    step(&mut node, 1500, Input::Tick, "publish 2");
    step(&mut node, 1510, Input::Refused { number: 3 }, "");
    step(&mut node, 1520, Input::Refused { number: 2 }, "look 2");
    step(&mut node, 1530, Input::Looked { number: 2, found: None }, "");
    step(&mut node, 2000, Input::Tick, "publish 2");
    step(&mut node, 2010, Input::Published { number: 3 }, "");
    step(&mut node, 2020, Input::Published { number: 2 }, "publish 3, store 2");
}

#[test]
fn the_window_bounds_what_isn_t_final() {
    let mut node = writer();
    for text in ["first", "second", "third", "fourth"] {
        assert!(node.may_submit(&who()));
        let _ = node.submit(&who(), at(1000), &record(text));
    }
    assert!(!node.may_submit(&who()));
}

#[test]
fn a_writer_that_hears_of_a_higher_epoch_yields() {
    let mut node = writer();
    let notice = Notice {
        from: name("n2"),
        address: Address::new("127.0.0.1:7402").unwrap(),
        epoch: 2,
        number: 2,
        hash: Digest::default(),
        duty: Duty::Writes,
        state: None,
    };
    step(&mut node, 1001, Input::Notice(notice), "yield 1, read 2");
    assert_eq!(node.writer(&who()).unwrap().0, name("n2"));
}

#[test]
fn a_broken_chain_stops_the_node_and_names_the_record() {
    let claim = Envelope::claim(1, 1, name("n2"), genesis().hash());
    let batch = |number, epoch, writer, previous| {
        Envelope::batch(number, epoch, name(writer), previous, &record("first"))
    };
    let table = [
        (batch(3, 1, "n2", claim.hash()), WrongLink::Number { found: 3 }),
        (batch(2, 1, "n2", genesis().hash()), WrongLink::Previous),
        (batch(2, 1, "n3", claim.hash()), WrongLink::Epoch { found: 1 }),
        (batch(2, 2, "n2", claim.hash()), WrongLink::Epoch { found: 2 }),
        (Envelope::claim(2, 1, name("n3"), claim.hash()), WrongLink::Epoch { found: 1 }),
    ];
    for (wrong, link) in table {
        let mut node = started();
        step(&mut node, 1, stream(1, &claim), "store 1");
        let expected = format!("stopped: {}", Stop::BrokenChain { number: 2, link });
        step(&mut node, 2, stream(2, &wrong), &expected);
        step(&mut node, 3, stream(2, &batch(2, 1, "n2", claim.hash())), "");
    }
}

#[test]
fn what_can_t_be_read_stops_the_node() {
    let mut node = started();
    let found = Err(DecodeError::Truncated { at: 17 });
    let expected = "stopped: record 1 of the stream is no envelope: \
                    the message ends inside the field at byte 17";
    step(&mut node, 1, Input::Stream { number: 1, found }, expected);
}

#[test]
fn a_stream_with_another_past_stops_the_node() {
    let mut node = started();
    let claim = |writer| Envelope::claim(1, 1, name(writer), genesis().hash());
    step(&mut node, 1, stream(1, &claim("n2")), "store 1");
    step(&mut node, 2, stream(1, &claim("n2")), "");
    let expected = "stopped: record 1 of the stream is another one than in this node's log";
    step(&mut node, 3, stream(1, &claim("n3")), expected);
}

#[test]
fn a_gap_in_what_is_delivered_is_read_again() {
    let mut node = started();
    let claim = Envelope::claim(1, 1, name("n2"), genesis().hash());
    step(&mut node, 1, stream(2, &claim), "read 1");
}

#[test]
fn a_stream_that_stays_shorter_than_the_log_stops_the_node() {
    let mut node = writer();
    submit(&mut node, 1000, "first");
    step(&mut node, 1000, Input::Refused { number: 2 }, "look 2");
    step(&mut node, 1000, Input::Looked { number: 2, found: None }, "");
    for ms in [1500, 2000, 2500, 3000, 3500, 4000] {
        step(&mut node, ms, Input::Tick, "publish 2");
        step(&mut node, ms, Input::Refused { number: 2 }, "look 2");
        step(&mut node, ms, Input::Refused { number: 2 }, "");
        step(&mut node, ms, Input::Looked { number: 2, found: None }, "");
    }
    step(&mut node, 4500, Input::Tick, "publish 2");
    step(&mut node, 4500, Input::Refused { number: 2 }, "look 2");
    let expected = "stopped: the stream ends before record 1, the last one of this node's log";
    step(&mut node, 4500, Input::Looked { number: 2, found: None }, expected);
}

#[test]
fn one_other_opinion_counts_for_nothing_and_two_stop_the_node() {
    let mut node = writer();
    let first = submit(&mut node, 1000, "first");
    step(&mut node, 1001, Input::Published { number: 2 }, "store 2");
    step(&mut node, 1001, Input::Stored { number: 2 }, "");
    step(&mut node, 1002, holds("n2", 2, crypto::sm3(b"other")), "");
    let mut agreeing = node.clone();
    step(&mut agreeing, 1003, holds("n3", 2, first.hash()), "final 2");
    let expected = "stopped: most nodes hold another record 2, or another state behind it";
    step(&mut node, 1003, holds("n3", 2, crypto::sm3(b"other")), expected);
}

#[test]
fn states_are_compared_as_well_as_records() {
    let mut node = writer();
    let head = *node.head();
    step(&mut node, 1001, Input::State { number: 1, digest: crypto::sm3(b"mine") }, "");
    let tells = |from: &str| {
        Input::Notice(Notice {
            from: name(from),
            address: Address::default(),
            epoch: 1,
            number: 1,
            hash: head.hash,
            duty: Duty::Follows,
            state: Some((1, crypto::sm3(b"another"))),
        })
    };
    step(&mut node, 1002, tells("n2"), "");
    let expected = "stopped: most nodes hold another record 1, or another state behind it";
    step(&mut node, 1003, tells("n3"), expected);
}

#[test]
fn the_own_pause_is_no_silence_of_the_writer() {
    let mut node = started();
    step(&mut node, 100, Input::Tick, "");
    // Stopped for a minute, then awake: the writer's notices wait in the socket.
    step(&mut node, 60_100, Input::Tick, "");
    step(&mut node, 60_600, Input::Tick, "");
    step(&mut node, 61_100, Input::Tick, "publish 1");
}
