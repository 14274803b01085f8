//! SM2 signatures (GB/T 32918.2) over messages.

use core::fmt;
use sm2::dsa::signature::{MultipartSigner, MultipartVerifier, hazmat::PrehashSigner};
use wire::{KeyId, PublicKey, Signature, Signed, Wire};

/// Default distinguishing identifier of GM/T 0009.
pub const DISTINGUISHING_ID: &str = "1234567812345678";

/// Signs messages with one key.
pub trait Sign {
    /// The key that verifies them.
    fn public_key(&self) -> PublicKey;

    /// Signs the concatenation of `parts`.
    fn sign_parts(&self, parts: &[&[u8]]) -> Signature;

    /// Signs a message: its tag and its canonical bytes, which must fit 2,048 bytes.
    fn sign<T: Wire>(&self, message: &T) -> Signature
    where
        Self: Sized,
    {
        self.sign_parts(&[T::TAG, &message_bytes(message)])
    }

    /// Signs a message and keeps it together with its signature.
    fn seal<T: Wire>(&self, body: T) -> Signed<T>
    where
        Self: Sized,
    {
        let signature = self.sign(&body);
        Signed { body, signature }
    }
}

/// Verifies signatures of any key.
pub trait Verify {
    /// Whether `signature` is `key`'s over the concatenation of `parts`. An invalid key or
    /// signature is simply `false`.
    fn verify_parts(&self, key: &PublicKey, parts: &[&[u8]], signature: &Signature) -> bool;

    /// Whether `signature` is `key`'s over the message.
    fn verify<T: Wire>(&self, key: &PublicKey, message: &T, signature: &Signature) -> bool
    where
        Self: Sized,
    {
        self.verify_parts(key, &[T::TAG, &message_bytes(message)], signature)
    }
}

impl<V: Verify + ?Sized> Verify for &V {
    fn verify_parts(&self, key: &PublicKey, parts: &[&[u8]], signature: &Signature) -> bool {
        (**self).verify_parts(key, parts, signature)
    }
}

/// Longest message that is ever signed: a contract package with its byte code.
const MESSAGE_BYTES_MAX: usize = 2048;

fn message_bytes<T: Wire>(message: &T) -> heapless::Vec<u8, MESSAGE_BYTES_MAX> {
    message.encode().expect("the formats of `wire` stay below the longest signed message")
}

/// An SM2 private key.
#[derive(Clone)]
pub struct SigningKey {
    key: sm2::dsa::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// From 32 random bytes. `None` if they are no valid private key (probability 2⁻³²).
    #[must_use]
    pub fn from_bytes(secret: &[u8; 32]) -> Option<Self> {
        use sm2::elliptic_curve::sec1::ToSec1Point;
        let key = sm2::dsa::SigningKey::from_slice(DISTINGUISHING_ID, secret).ok()?;
        let point = key.verifying_key().to_sec1_point(false);
        let public = PublicKey(point.as_bytes().get(1..65)?.try_into().ok()?);
        Some(Self { key, public })
    }

    /// The pseudonym of the public key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        crate::key_id(&self.public)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id())
    }
}

impl Sign for SigningKey {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    /// The nonce is derived from key and message (RFC 6979 with HMAC-SM3), so a bad source of
    /// randomness can't leak the key and the same message gives the same bytes.
    fn sign_parts(&self, parts: &[&[u8]]) -> Signature {
        let signature: sm2::dsa::Signature = match self.key.try_multipart_sign(parts) {
            Ok(signature) => signature,
            // Of probability 2⁻²⁵⁶ (r = 0 or s = 0): GB/T 32918.2 then asks for another nonce,
            // which another prehash gives; such a signature doesn't verify, and nobody will see it.
            Err(_) => self.key.sign_prehash(&[0xff; 32]).expect("two such events never meet"),
        };
        Signature(signature.to_bytes().into())
    }
}

/// A public key that was checked to lie on the curve, with its identity hash.
#[derive(Clone, Debug)]
pub struct VerifyingKey(sm2::dsa::VerifyingKey);

impl VerifyingKey {
    /// `None` if the key isn't a point of the curve.
    #[must_use]
    pub fn new(key: &PublicKey) -> Option<Self> {
        let mut point = [4; 65];
        point[1..].copy_from_slice(&key.0);
        sm2::dsa::VerifyingKey::from_sec1_bytes(DISTINGUISHING_ID, &point).ok().map(Self)
    }

    /// Whether `signature` is this key's over the concatenation of `parts`.
    #[must_use]
    pub fn verify_parts(&self, parts: &[&[u8]], signature: &Signature) -> bool {
        sm2::dsa::Signature::from_slice(&signature.0)
            .is_ok_and(|signature| self.0.multipart_verify(parts, &signature).is_ok())
    }

    /// Whether `signature` is this key's over the message.
    #[must_use]
    pub fn verify<T: Wire>(&self, message: &T, signature: &Signature) -> bool {
        self.verify_parts(&[T::TAG, &message_bytes(message)], signature)
    }
}

/// Verifies with SM2, checking the key each time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sm2Verifier;

impl Verify for Sm2Verifier {
    fn verify_parts(&self, key: &PublicKey, parts: &[&[u8]], signature: &Signature) -> bool {
        VerifyingKey::new(key).is_some_and(|key| key.verify_parts(parts, signature))
    }
}
