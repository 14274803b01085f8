//! Stand-ins for signatures that cost a microsecond.

use crypto::{Sign, Sm3, Verify};
use wire::identity::PublicKey;
use wire::{Digest, Signature};

/// Signs by a digest over the public key and the message. It proves nothing, since everybody can
/// make it: it is for campaigns that look for lost and doubled money, not for forgers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedDigest(PublicKey);

/// Checks what [`KeyedDigest`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedDigestVerifier;

impl KeyedDigest {
    /// The key with this number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let mut key = PublicKey([0; 64]);
        key.0[..32].copy_from_slice(&crypto::sm3(&number.to_be_bytes()).0);
        Self(key)
    }
}

fn signature(key: &PublicKey, parts: &[&[u8]]) -> Signature {
    let mut hash = Sm3::new();
    hash.update(&key.0);
    parts.iter().for_each(|part| hash.update(part));
    let Digest(digest) = hash.finish();
    let mut signature = Signature([0; 64]);
    signature.0[..32].copy_from_slice(&digest);
    signature
}

impl Sign for KeyedDigest {
    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign_parts(&self, parts: &[&[u8]]) -> Signature {
        signature(&self.0, parts)
    }
}

impl Verify for KeyedDigestVerifier {
    fn verify_parts(&self, key: &PublicKey, parts: &[&[u8]], found: &Signature) -> bool {
        signature(key, parts) == *found
    }
}
