//! The step that needs no state but the keys, so that many threads may take it at once.

use super::directory::KeySlot;
use crate::code::ResultCode;
use crate::command::Command;
use crate::digests::Digests;
use crate::operation::Operation;
use crate::terms::Warrant;
use crypto::Verify;
use wire::identity::PublicKey;
use wire::{Digest, KeyId, Signed, Wire};

/// An operation whose signatures were looked at. Only [`authenticate`](super::Registration::authenticate)
/// and a replay of the log make one, so no operation gets past unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    operation: Operation,
    digest: Digest,
    verdict: Verdict,
    /// Where the key stood when it was looked up; it may stand elsewhere if a batch was taken back.
    key: Option<KeySlot>,
}

/// An operation with its digest: what needs no state at all, so that any thread may compute it
/// while batches are applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digested {
    operation: Operation,
    digest: Digest,
}

impl Digested {
    /// Computes the digest.
    #[must_use]
    pub fn new(operation: Operation) -> Self {
        let digest = operation.digest();
        Self { operation, digest }
    }

    /// Computes the digests of many, several at once.
    #[must_use]
    pub fn all(operations: Vec<Operation>) -> Vec<Self> {
        let digests = Digests::of(operations.len(), |all| {
            operations.iter().for_each(|operation| operation.add_to(all));
        });
        let both = operations.into_iter().zip(digests);
        both.map(|(operation, digest)| Self { operation, digest }).collect()
    }

    /// The operation.
    #[must_use]
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Its digest.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// What the signatures say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All signatures are good.
    Good,
    /// The key isn't known.
    UnknownKey,
    /// The signature isn't the key's.
    BadSignature,
    /// The signature is the key's, that under what it encloses isn't by whom it must be.
    BadEnclosure,
}

/// Where public keys are looked up.
pub(crate) trait Keys {
    fn public_key(&self, key: KeyId) -> Option<&PublicKey>;
    fn authority(&self) -> (KeyId, &PublicKey);
    fn supervisor(&self) -> &PublicKey;
}

impl Authenticated {
    pub(super) fn new(
        operation: Digested,
        key: Option<(KeySlot, &PublicKey)>,
        keys: &impl Keys,
        verifier: &impl Verify,
    ) -> Self {
        let Digested { operation, digest } = operation;
        let (key, public_key) = key.unzip();
        let verdict = judge_under(public_key, &operation, keys, verifier);
        Self { operation, digest, verdict, key }
    }

    /// What was found when the record was written, as its code tells.
    pub(crate) fn from_log(operation: Digested, code: ResultCode) -> Self {
        let Digested { operation, digest } = operation;
        Self { operation, digest, verdict: Verdict::behind(code), key: None }
    }

    /// The operation before its signatures were looked at.
    pub(super) fn digested(&self) -> Digested {
        Digested { operation: self.operation.clone(), digest: self.digest }
    }

    /// The operation.
    #[must_use]
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Digest of the operation's body.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The code that the operation will surely get for its signatures, unless one of higher
    /// precedence comes in; `None` if they are good. A front may drop such operations unlogged.
    #[must_use]
    pub const fn refusal(&self) -> Option<ResultCode> {
        match self.verdict {
            Verdict::Good => None,
            Verdict::UnknownKey => Some(ResultCode::UnknownKey),
            Verdict::BadSignature => Some(ResultCode::BadSignature),
            Verdict::BadEnclosure => Some(ResultCode::BadEnclosure),
        }
    }

    pub(super) const fn key(&self) -> Option<KeySlot> {
        self.key
    }

    pub(crate) const fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl Verdict {
    /// The verdict without which the code couldn't have been given. Codes that come before the
    /// signature in precedence tell nothing of it; then it doesn't matter.
    pub(crate) fn behind(code: ResultCode) -> Self {
        if code == ResultCode::UnknownKey {
            Self::UnknownKey
        } else if code == ResultCode::BadSignature {
            Self::BadSignature
        } else if code == ResultCode::BadEnclosure {
            Self::BadEnclosure
        } else {
            Self::Good
        }
    }
}

/// Looks at all signatures of an operation.
pub(crate) fn judge(operation: &Operation, keys: &impl Keys, verifier: &impl Verify) -> Verdict {
    judge_under(keys.public_key(operation.signer()), operation, keys, verifier)
}

/// Looks at all signatures of an operation that this key must have signed.
fn judge_under(
    key: Option<&PublicKey>,
    operation: &Operation,
    keys: &impl Keys,
    verifier: &impl Verify,
) -> Verdict {
    let Some(key) = key else { return Verdict::UnknownKey };
    let signed = operation.is_well_formed()
        && match operation {
            Operation::Pay(order) => is_signed(key, order, verifier),
            Operation::Instruct(instruction) => is_signed(key, instruction, verifier),
        };
    if !signed {
        return Verdict::BadSignature;
    }
    match operation.command() {
        Some(command) if !encloses_well(command, keys, verifier) => Verdict::BadEnclosure,
        Some(_) | None => Verdict::Good,
    }
}

/// Whether the certificate or warrant that a command brings is signed by whom it must be.
fn encloses_well(command: &Command, keys: &impl Keys, verifier: &impl Verify) -> bool {
    let (issuer, authority) = keys.authority();
    if let Some(certificate) = command.certificate() {
        return certificate.body.issuer == issuer && is_signed(authority, certificate, verifier);
    }
    if let Command::Disclose { serial, warrant, supervisor } = command {
        let warrant = Warrant { serial: *serial, warrant: *warrant };
        return verifier.verify(keys.supervisor(), &warrant, supervisor);
    }
    true
}

fn is_signed<T: Wire>(key: &PublicKey, message: &Signed<T>, verifier: &impl Verify) -> bool {
    verifier.verify(key, &message.body, &message.signature)
}
