//! SM2, SM3 and AES-256 behind our own narrow types.
//!
//! The algorithms are RustCrypto's (`sm2`, `sm3`, `aes-gcm`); nothing here is audited or certified.
//! Implementations are values: who signs or verifies holds a [`Sign`] or a [`Verify`], so a chip,
//! a fast host verifier or an attached module can take their place.
//!
//! SM1 isn't published. It has no implementation here and is never replaced silently.
#![no_std]

mod digest;
mod link;
pub mod merkle;
mod signature;
mod two_copy;

pub use digest::{Sm3, digest, key_id, sm3};
pub use link::{LinkError, LinkReceiver, LinkSender};
pub use signature::{DISTINGUISHING_ID, Sign, SigningKey, Sm2Verifier, Verify, VerifyingKey};
pub use two_copy::{Damaged, Turn, TwoCopy};
