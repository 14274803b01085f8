//! Idempotency keys: the same key with the same body gets the same answer. Pure.
//!
//! Follows the Internet-Draft draft-ietf-httpapi-idempotency-key-header (from memory): a key that
//! comes with another body is refused, and so is one whose first call hasn't ended.

use std::collections::{BTreeMap, VecDeque};
use wire::Digest;

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 128;

/// Who used which key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Name of the caller's identity: a renewed certificate stays the same caller.
    pub caller: String,
    /// The header's value.
    pub key: String,
}

/// What a call with a key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun<A> {
    /// The key is new: do it, then [`Table::finish`] or [`Table::forget`].
    New,
    /// The same call has been answered: give this answer again.
    Answered(A),
    /// The same call is being worked on.
    InProgress,
    /// The key was used for another call.
    OtherCall,
}

#[derive(Clone, Debug)]
struct Entry<A> {
    call: Digest,
    answer: Option<A>,
}

/// The last calls with their answers.
#[derive(Clone, Debug)]
pub struct Table<A> {
    entries: BTreeMap<Key, Entry<A>>,
    /// Answered keys, oldest first, each with what it weighs.
    answered: VecDeque<(Key, usize)>,
    weight: usize,
    limits: Limits,
}

/// How much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Answers.
    pub answers_max: usize,
    /// Bytes of all answers.
    pub bytes_max: usize,
}

impl<A: Clone> Table<A> {
    /// Remembers nothing yet.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { entries: BTreeMap::new(), answered: VecDeque::new(), weight: 0, limits }
    }

    /// Begins a call: `call` is the digest of method, path and body.
    pub fn begin(&mut self, key: &Key, call: Digest) -> Begun<A> {
        match self.entries.get(key) {
            Some(entry) if entry.call != call => Begun::OtherCall,
            Some(Entry { answer: Some(answer), .. }) => Begun::Answered(answer.clone()),
            Some(_) => Begun::InProgress,
            None => {
                self.entries.insert(key.clone(), Entry { call, answer: None });
                Begun::New
            }
        }
    }

    /// The answer that was given under a key.
    #[must_use]
    pub fn answer(&self, key: &Key) -> Option<&A> {
        self.entries.get(key).and_then(|entry| entry.answer.as_ref())
    }

    /// Remembers the answer of a call that was begun; the oldest ones go if there are too many.
    pub fn finish(&mut self, key: &Key, answer: A, bytes: usize) {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.answer.is_none()) else {
            return;
        };
        entry.answer = Some(answer);
        self.answered.push_back((key.clone(), bytes));
        self.weight += bytes;
        while self.answered.len() > self.limits.answers_max || self.weight > self.limits.bytes_max {
            let Some((oldest, bytes)) = self.answered.pop_front() else { break };
            self.weight -= bytes;
            self.entries.remove(&oldest);
        }
    }

    /// Forgets a call that was begun and came to nothing: it may be tried again.
    pub fn forget(&mut self, key: &Key) {
        if self.entries.get(key).is_some_and(|entry| entry.answer.is_none()) {
            self.entries.remove(key);
        }
    }

    /// Puts in what was answered before a restart.
    pub fn restore(&mut self, key: &Key, call: Digest, answer: A, bytes: usize) {
        if matches!(self.begin(key, call), Begun::New) {
            self.finish(key, answer, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { answers_max: 3, bytes_max: 100 };

    fn key(name: &str) -> Key {
        let (caller, key) = name.split_once('/').unwrap();
        Key { caller: caller.to_owned(), key: key.to_owned() }
    }

    fn call(name: &str) -> Digest {
        crypto::sm3(name.as_bytes())
    }

    /// One line: act, key, call or answer, and what comes of it.
    #[test]
    fn a_trace_of_calls() {
        let trace = "\
            begin  a/1 x   new
            begin  a/1 x   busy
            begin  a/1 y   other
            begin  b/1 y   new
            finish a/1 one -
            begin  a/1 x   one
            begin  a/1 y   other
            forget a/1 -   -
            begin  a/1 x   one
            forget b/1 -   -
            begin  b/1 x   new";
        let mut table = Table::new(LIMITS);
        for line in trace.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let told = match words[0] {
                "begin" => match table.begin(&key(words[1]), call(words[2])) {
                    Begun::New => "new".to_owned(),
                    Begun::InProgress => "busy".to_owned(),
                    Begun::OtherCall => "other".to_owned(),
                    Begun::Answered(answer) => answer,
                },
                "finish" => {
                    table.finish(&key(words[1]), words[2].to_owned(), 1);
                    "-".to_owned()
                }
                _ => {
                    table.forget(&key(words[1]));
                    "-".to_owned()
                }
            };
            assert_eq!(told, words[3], "{line}");
        }
    }

    #[test]
    fn the_oldest_answers_go_when_there_are_too_many_or_too_long_ones() {
        let mut table = Table::new(LIMITS);
        let names = ["a/1", "a/2", "a/3", "a/4"];
        for name in names {
            table.restore(&key(name), call(name), name, 10);
        }
        assert_eq!(table.begin(&key("a/2"), call("a/2")), Begun::Answered("a/2"));
        assert_eq!(table.begin(&key("a/1"), call("a/1")), Begun::New);
        table.finish(&key("a/1"), "long", 95);
        assert_eq!(table.begin(&key("a/1"), call("a/1")), Begun::Answered("long"));
        for name in &names[1..] {
            assert_eq!(table.begin(&key(name), call(name)), Begun::New, "{name}");
        }
    }
}
