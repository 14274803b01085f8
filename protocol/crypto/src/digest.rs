//! SM3 (GB/T 32905) over bytes and over messages.

use sm3::Digest as _;
use wire::{Digest, KeyId, PublicKey, Wire};

/// An SM3 hash that is being fed.
#[derive(Clone, Default)]
pub struct Sm3(sm3::Sm3);

impl Sm3 {
    /// Empty so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of what was fed.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// SM3 of some bytes.
#[must_use]
pub fn sm3(bytes: &[u8]) -> Digest {
    let mut hash = Sm3::new();
    hash.update(bytes);
    hash.finish()
}

/// SM3 of a message: its tag, then its canonical bytes.
#[must_use]
pub fn digest<T: Wire>(message: &T) -> Digest {
    let mut hash = Sm3::new();
    hash.update(T::TAG);
    message.write(&mut |bytes| hash.update(bytes));
    hash.finish()
}

/// The pseudonym of a key.
#[must_use]
pub fn key_id(key: &PublicKey) -> KeyId {
    let digest = sm3(&key.0);
    let mut id = KeyId::default();
    id.0.copy_from_slice(&digest.0[..16]);
    id
}
