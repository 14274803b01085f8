//! What a bank that serves remembers beside its ledger: the last movements, the last answers of the
//! desks, and what was opened. A snapshot keeps all of it, since none can be made again without the
//! records before it.

use super::desk_log::{DeskCall, KEPT_MAX, Outcomes};
use super::problem::{JSON, PROBLEM, Reply};
use super::storage::repeat;
use crate::store::restart::Onlooker;
use axum::body::Bytes;
use axum::http::StatusCode;
use bank::Damage;
use bank::authentication::Disclosure;
use bank::export::Journal;
use bank::record::Entry;
use bank::replay::Replay;
use std::collections::VecDeque;
use wire::{DecodeError, Digest, Reader, Sink, Wire};

/// Movements that are kept in memory: about 200 bytes each.
pub(super) const MOVEMENTS_KEPT: usize = 500_000;

const TAG: &[u8] = b"JIDIAN-SERVICE-2";

/// The last final answers at the desks, by the digest of what the desk signed; oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers(VecDeque<(Digest, Reply)>);

impl Answers {
    /// As many are kept as the log of the desks keeps calls.
    pub(super) fn push(&mut self, order: Digest, reply: Reply) {
        if self.0.len() == KEPT_MAX {
            self.0.pop_front();
        }
        self.0.push_back((order, reply));
    }
}

/// What a snapshot keeps of the service.
pub(super) fn kept(journal: &Journal, answers: &Answers, opened: &[Disclosure]) -> Vec<u8> {
    let mut bytes = TAG.to_vec();
    let out: &mut Sink<'_> = &mut |part: &[u8]| bytes.extend_from_slice(part);
    (answers.0.len() as u64).write(out);
    for (order, reply) in &answers.0 {
        order.write(out);
        write_reply(reply, out);
    }
    (opened.len() as u64).write(out);
    opened.iter().for_each(|disclosure| disclosure.write(out));
    journal.write(out);
    bytes
}

fn write_reply(reply: &Reply, out: &mut Sink<'_>) {
    u8::from(reply.content == PROBLEM).write(out);
    reply.status.as_u16().write(out);
    u32::try_from(reply.body.len()).expect("an answer of a desk is short").write(out);
    out(&reply.body);
}

fn read_reply(reader: &mut Reader<'_>) -> Result<Reply, DecodeError> {
    let at = reader.at();
    let content = match u8::read(reader)? {
        0 => JSON,
        1 => PROBLEM,
        _ => return Err(reader.refuse(at, "media type of an answer")),
    };
    let status = StatusCode::from_u16(Wire::read(reader)?);
    let status = status.map_err(|_| reader.refuse(at, "status of an answer"))?;
    let length = usize::try_from(u32::read(reader)?).expect("64 bits");
    let body = Bytes::copy_from_slice(reader.take(length)?);
    Ok(Reply { status, content, body, retry_after: None })
}

/// Gathers all of it again at a start.
#[derive(Clone, Debug)]
pub(super) struct Recalled {
    pub(super) journal: Journal,
    /// Which certificates were opened: a register that couldn't be written is behind.
    pub(super) disclosures: Vec<Disclosure>,
    outcomes: Outcomes,
}

impl Recalled {
    /// For calls whose outcome is wanted.
    pub(super) fn of(calls: &[DeskCall]) -> Self {
        let (journal, disclosures) = (Journal::new(MOVEMENTS_KEPT), Vec::new());
        Self { journal, disclosures, outcomes: Outcomes::of(calls) }
    }

    /// The answers to these calls that the ledger has taken for good, oldest first.
    pub(super) fn answered<'a>(
        &'a self,
        calls: &'a [DeskCall],
    ) -> impl Iterator<Item = (&'a DeskCall, &'a Reply)> {
        calls.iter().filter_map(|call| Some((call, self.outcomes.reply(call)?)))
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        if reader.take(TAG.len())? != TAG {
            return Err(reader.refuse(0, "kind of memory"));
        }
        for _ in 0..u64::read(reader)? {
            let order = Digest::read(reader)?;
            self.outcomes.restore(order, read_reply(reader)?);
        }
        for _ in 0..u64::read(reader)? {
            self.disclosures.push(Wire::read(reader)?);
        }
        self.journal = Journal::read(MOVEMENTS_KEPT, reader)?;
        reader.finish()
    }
}

impl Onlooker for Recalled {
    fn restore(&mut self, kept: &[u8]) -> Result<(), DecodeError> {
        self.read(&mut Reader::new(kept))
    }

    fn repeat(&mut self, replay: &mut Replay, record: &[u8]) -> Result<(), Damage> {
        let (record, rows) = repeat(replay, record)?;
        rows.into_iter().for_each(|row| self.journal.push(row));
        self.outcomes.take(&record);
        let root = &record.root.body;
        let opened = |entry: &Entry| Disclosure::of(&entry.operation, entry.code, root);
        self.disclosures.extend(record.entries.iter().filter_map(opened));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::idempotency::Key;
    use super::super::problem::Problem;
    use super::*;
    use bank::ResultCode;
    use serde_json::json;

    fn call(number: u8) -> DeskCall {
        let key = Key { caller: "urn:jidian:central-bank".to_owned(), key: number.to_string() };
        DeskCall { key, call: Digest([1; 32]), order: Digest([number; 32]) }
    }

    fn sample() -> (Answers, [DeskCall; 3]) {
        let mut answers = Answers::default();
        answers.push(Digest([1; 32]), Reply::json(&json!({ "code": "accepted" })));
        answers.push(Digest([2; 32]), Problem::refused(ResultCode::OverQuota).into());
        (answers, [1, 2, 3].map(call))
    }

    #[test]
    fn answers_come_back_and_damaged_bytes_never_panic() {
        let (answers, calls) = sample();
        let at = quantity::Instant::EPOCH;
        let (order, warrant) = (Digest([4; 32]), Digest([5; 32]));
        let opened = Disclosure { order, batch: 3, at, serial: 7, warrant };
        let bytes = kept(&Journal::new(5), &answers, &[opened]);
        let mut recalled = Recalled::of(&calls);
        recalled.restore(&bytes).unwrap();
        assert_eq!(recalled.disclosures, [opened]);
        let again = recalled.answered(&calls).map(|(call, reply)| (call.order, reply.clone()));
        assert!(again.eq(answers.0.iter().cloned()), "the third call came to nothing");
        for end in 0..bytes.len() {
            assert!(Recalled::of(&calls).restore(&bytes[..end]).is_err(), "{end}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let _ = Recalled::of(&calls).restore(&other);
        }
    }

    #[test]
    fn the_oldest_answers_go() {
        let mut answers = Answers::default();
        for number in 0..=KEPT_MAX {
            let order = crypto::sm3(&number.to_be_bytes());
            answers.push(order, Reply::json(&json!(number)));
        }
        let first = answers.0.front().map(|(_, reply)| reply.body.clone());
        assert_eq!((answers.0.len(), first.as_deref()), (KEPT_MAX, Some(&b"1"[..])));
    }
}
