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
    let mut gathered = Gathered::new();
    gathered.update(T::TAG);
    message.write(&mut |bytes| gathered.update(bytes));
    gathered.finish()
}

/// Fields of a few bytes are gathered: the hash takes long pieces far faster than short ones.
struct Gathered {
    hash: Sm3,
    waiting: [u8; GATHERED_BYTES],
    length: usize,
}

/// Four blocks of SM3; nearly all messages fit.
const GATHERED_BYTES: usize = 256;

impl Gathered {
    fn new() -> Self {
        Self { hash: Sm3::new(), waiting: [0; GATHERED_BYTES], length: 0 }
    }

    fn update(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if let Some(room) = self.waiting.get_mut(self.length..end) {
            room.copy_from_slice(bytes);
            self.length = end;
        } else {
            self.hash.update(&self.waiting[..self.length]);
            self.hash.update(bytes);
            self.length = 0;
        }
    }

    fn finish(mut self) -> Digest {
        self.hash.update(&self.waiting[..self.length]);
        self.hash.finish()
    }
}

/// The pseudonym of a key.
#[must_use]
pub fn key_id(key: &PublicKey) -> KeyId {
    let digest = sm3(&key.0);
    let mut id = KeyId::default();
    id.0.copy_from_slice(&digest.0[..16]);
    id
}
