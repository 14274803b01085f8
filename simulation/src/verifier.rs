//! One host plays many chips: what is broadcast to all of them is verified once.
//!
//! A price signal goes to all meters of a class and a signed root to all meters of a batch. Each
//! real chip verifies it for itself; here the answer to the same question is remembered. It is the
//! same function of the same bytes, so nothing changes but the time it takes.

use crypto::{Sm2Verifier, Sm3, Verify, VerifyingKey};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use wire::{Digest, PublicKey, Signature};

/// Answers kept; a minute of a large fleet asks far fewer different questions.
const ANSWERS_MAX: usize = 4096;

/// Verifies with SM2 and remembers.
#[derive(Default)]
pub struct BroadcastVerifier {
    answers: Mutex<BTreeMap<Digest, bool>>,
    keys: Mutex<BTreeMap<PublicKey, VerifyingKey>>,
}

impl BroadcastVerifier {
    fn verify_once(&self, key: &PublicKey, parts: &[&[u8]], signature: &Signature) -> bool {
        let known = lock(&self.keys).get(key).cloned();
        let Some(known) = known.or_else(|| VerifyingKey::new(key)) else {
            return Sm2Verifier.verify_parts(key, parts, signature);
        };
        let good = known.verify_parts(parts, signature);
        lock(&self.keys).entry(*key).or_insert(known);
        good
    }
}

impl Verify for BroadcastVerifier {
    fn verify_parts(&self, key: &PublicKey, parts: &[&[u8]], signature: &Signature) -> bool {
        let question = question(key, parts, signature);
        if let Some(answer) = lock(&self.answers).get(&question) {
            return *answer;
        }
        let answer = self.verify_once(key, parts, signature);
        let mut answers = lock(&self.answers);
        if answers.len() >= ANSWERS_MAX {
            answers.clear();
        }
        answers.insert(question, answer);
        answer
    }
}

fn question(key: &PublicKey, parts: &[&[u8]], signature: &Signature) -> Digest {
    let mut hash = Sm3::new();
    hash.update(&key.0);
    hash.update(&signature.0);
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finish()
}

/// A panic elsewhere can't leave these maps half-changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::{Sign, SigningKey};

    #[test]
    fn answers_are_those_of_the_plain_verifier() {
        let key = SigningKey::from_bytes(&[3; 32]).unwrap();
        let good = key.sign_parts(&[b"one", b"two"]);
        let mut bad = good;
        bad.0[5] ^= 1;
        let verifier = BroadcastVerifier::default();
        for _ in 0..2 {
            assert!(verifier.verify_parts(&key.public_key(), &[b"one", b"two"], &good));
            assert!(!verifier.verify_parts(&key.public_key(), &[b"one", b"two"], &bad));
            assert!(!verifier.verify_parts(&PublicKey([0; 64]), &[b"one"], &good));
        }
    }
}
