//! AES-256-GCM frames between management core and transaction core.
//!
//! Each direction has its own key, and the counter is the nonce: so a nonce never repeats under a
//! key as long as the sender keeps its counter (both chips keep theirs in non-volatile memory).

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use heapless::Vec;
use wire::link::{Frame, PLAINTEXT_BYTES_MAX};

/// Why a frame is refused; the receiver's state stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The counter isn't above the last one accepted: a replay or a reordered frame.
    StaleCounter,
    /// The tag is wrong: altered, truncated, or sealed under another key.
    BadTag,
}

/// Seals frames with a rising counter.
#[derive(Clone)]
pub struct LinkSender {
    cipher: Aes256Gcm,
    counter: u64,
}

impl LinkSender {
    /// Continues after `counter`, the last one used (0 if none was).
    #[must_use]
    pub fn new(key: &[u8; 32], counter: u64) -> Self {
        Self { cipher: Aes256Gcm::new(key.into()), counter }
    }

    /// Counter of the last frame; to be stored before the frame leaves the chip.
    #[must_use]
    pub const fn counter(&self) -> u64 {
        self.counter
    }

    /// Seals a message.
    ///
    /// # Panics
    /// After 2⁶⁴ frames, or if the message is longer than [`PLAINTEXT_BYTES_MAX`].
    pub fn seal(&mut self, message: &[u8]) -> Frame {
        self.counter = self.counter.checked_add(1).expect("a link doesn't live for 2⁶⁴ frames");
        let mut ciphertext = Vec::<u8, PLAINTEXT_BYTES_MAX>::from_slice(message)
            .expect("messages on the link are shorter than its longest plaintext");
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce(self.counter), &[], ciphertext.as_mut_slice().into())
            .expect("GCM takes any short message");
        Frame { counter: self.counter, ciphertext, tag: tag.into() }
    }
}

/// Opens frames whose counter rises.
#[derive(Clone)]
pub struct LinkReceiver {
    cipher: Aes256Gcm,
    counter: u64,
}

impl LinkReceiver {
    /// Accepts only counters above `counter`, the last one accepted.
    #[must_use]
    pub fn new(key: &[u8; 32], counter: u64) -> Self {
        Self { cipher: Aes256Gcm::new(key.into()), counter }
    }

    /// Counter of the last frame accepted.
    #[must_use]
    pub const fn counter(&self) -> u64 {
        self.counter
    }

    /// Opens a frame.
    ///
    /// # Errors
    /// [`LinkError`] if it is stale or altered; then nothing changes.
    pub fn open(&mut self, frame: &Frame) -> Result<Vec<u8, PLAINTEXT_BYTES_MAX>, LinkError> {
        if frame.counter <= self.counter {
            return Err(LinkError::StaleCounter);
        }
        let mut message = frame.ciphertext.clone();
        self.cipher
            .decrypt_inout_detached(
                &nonce(frame.counter),
                &[],
                message.as_mut_slice().into(),
                &Tag::from(frame.tag),
            )
            .map_err(|_| LinkError::BadTag)?;
        self.counter = frame.counter;
        Ok(message)
    }
}

fn nonce(counter: u64) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    nonce.into()
}
