//! Formats of the cluster under truncated, flipped and random bytes.

use bank::cluster::ledger::Proofs;
use bank::cluster::notice::Duty;
use bank::cluster::protocol::{PeerStatus, Reply, Request, Status};
use bank::cluster::{Address, Envelope, NodeName, Notice};
use bank::{Answer, Command, Instruction, Operation, ResultCode};
use proptest::prelude::*;
use quantity::{Fen, Instant};
use wire::{Digest, KeyId, Signature, Signed, Wire};

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn whole(record: &[u8]) -> Vec<u8> {
    let mut bytes = record.to_vec();
    bytes.extend_from_slice(&crypto::sm3(record).0);
    bytes
}

fn envelope() -> Envelope {
    Envelope::batch(7, 3, name("n2"), crypto::sm3(b"six"), &whole(b"a record"))
}

#[test]
fn an_envelope_comes_back_as_it_was() {
    let envelopes = [
        Envelope::genesis(&whole(b"genesis")),
        Envelope::claim(1, 1, name("n1"), Digest::default()),
        envelope(),
    ];
    for envelope in envelopes {
        let read = Envelope::parse(envelope.bytes().clone()).unwrap();
        assert!(read == envelope);
    }
}

#[test]
fn every_flipped_bit_and_every_cut_of_an_envelope_is_found() {
    let good = envelope().bytes().to_vec();
    let is_sound = |bytes: &[u8]| Envelope::parse(bytes.into()).is_ok();
    assert!(is_sound(&good));
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_sound(&bad), "bit {bit}");
    }
    for cut in 0..good.len() {
        assert!(!is_sound(&good[..cut]), "cut at {cut}");
    }
}

#[test]
fn names_have_one_form() {
    for good in ["n1", "shanghai-2", "a", "sixteen-letters-"] {
        assert_eq!(name(good).to_string(), good);
    }
    for bad in ["", "N1", "n 1", "seventeen-letters", "n\0", "节点"] {
        assert!(bad.parse::<NodeName>().is_err(), "{bad:?}");
    }
}

fn operation() -> Operation {
    let instruction = Instruction {
        signer: KeyId::default(),
        sequence: 1,
        previous: Digest::default(),
        at: Instant::EPOCH,
        command: Command::Issue { amount: Fen::from_yuan(1) },
    };
    Signed { body: instruction, signature: Signature::default() }.into()
}

fn requests() -> Vec<Request> {
    let submit =
        |proofs, count| Request::Submit { ticket: 9, proofs, operations: vec![operation(); count] };
    vec![submit(Proofs::Wanted, 0), submit(Proofs::Unwanted, 3), Request::Ask]
}

fn replies() -> Vec<Reply> {
    let writer = Some((name("n3"), Address::new("127.0.0.1:7403").unwrap()));
    let answers = vec![
        Answer { code: ResultCode::Accepted, receipt: None },
        Answer { code: ResultCode::Gap, receipt: None },
    ];
    let peer = PeerStatus { name: name("n2"), agreed: 4, silence_ms: u64::MAX, contradicts: 0 };
    let status = Status {
        name: name("n1"),
        role: 2,
        writer: writer.clone(),
        epoch: 3,
        number: 8,
        hash: crypto::sm3(b"eight"),
        last_final: 7,
        batch: 6,
        issued: Fen::from_yuan(100),
        peers: vec![peer],
    };
    vec![
        Reply::Answers { ticket: 9, record: 12, answers },
        Reply::Writer { ticket: 9, writer },
        Reply::Writer { ticket: 10, writer: None },
        Reply::Again { ticket: 11 },
        Reply::TooLong { ticket: 12, bytes_max: 900_000 },
        Reply::Status(status),
    ]
}

fn notice() -> Notice {
    Notice {
        from: name("n1"),
        address: Address::new("127.0.0.1:7401").unwrap(),
        epoch: 2,
        number: 5,
        hash: crypto::sm3(b"five"),
        duty: Duty::Writes,
        state: Some((4, crypto::sm3(b"four"))),
    }
}

#[test]
fn requests_replies_and_notices_come_back_as_they_were() {
    for request in requests() {
        assert_eq!(Request::parse(&request.to_bytes()).as_ref(), Ok(&request));
    }
    for reply in replies() {
        assert_eq!(Reply::parse(&reply.to_bytes()).as_ref(), Ok(&reply));
    }
    let bytes = notice().encode::<256>().unwrap();
    assert_eq!(Notice::decode(&bytes), Ok(notice()));
}

#[test]
fn cut_requests_and_replies_are_refused() {
    for bytes in requests().iter().map(Request::to_bytes) {
        for cut in 0..bytes.len() {
            assert!(Request::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
    for bytes in replies().iter().map(Reply::to_bytes) {
        for cut in 0..bytes.len() {
            assert!(Reply::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}

/// Bytes as they may come: of a sound message with a few changed, or any.
fn bytes_like(sound: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let changed = (prop::sample::select(sound), changes).prop_map(|(mut bytes, changes)| {
        for (place, byte) in changes {
            let length = bytes.len();
            bytes[place.index(length)] = byte;
        }
        bytes
    });
    prop_oneof![changed, prop::collection::vec(any::<u8>(), 0..300)]
}

proptest! {
    #[test]
    fn what_is_accepted_as_a_request_has_one_form(
        bytes in bytes_like(requests().iter().map(Request::to_bytes).collect())
    ) {
        if let Ok(request) = Request::parse(&bytes) {
            prop_assert_eq!(request.to_bytes(), bytes);
        }
    }

    #[test]
    fn what_is_accepted_as_a_reply_has_one_form(
        bytes in bytes_like(replies().iter().map(Reply::to_bytes).collect())
    ) {
        if let Ok(reply) = Reply::parse(&bytes) {
            prop_assert_eq!(reply.to_bytes(), bytes);
        }
    }

    #[test]
    fn what_is_accepted_as_a_notice_has_one_form(
        bytes in bytes_like(vec![notice().encode::<256>().unwrap().to_vec()])
    ) {
        if let Ok(notice) = Notice::decode(&bytes) {
            prop_assert_eq!(notice.encode::<256>().unwrap().to_vec(), bytes);
        }
    }
}
