//! SM3 of many messages at once: eight in the lanes of the processor's vectors.
//!
//! One SM3 is a chain of additions in which each waits for the one before; eight of them side by
//! side keep the processor busy. Nobody publishes such an SM3 in Rust, so this one is ours: the
//! compression of GB/T 32905 in portable vectors, and its tests hold it against the `sm3` crate.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "words wrap; lengths are those of messages in memory"
)]

use crypto::sm3;
use fearless_simd::{Level, Simd, dispatch, prelude::*, u32x8};
use heapless::Vec as Bounded;
use wire::{Digest, Wire};

/// Messages that are hashed side by side.
const LANES: usize = 8;
const BLOCK_BYTES: usize = 64;
/// Messages with more blocks are hashed one by one: they are rare.
const BLOCKS_MAX: usize = 8;
/// Behind the message: one bit and the length.
const PADDING_BYTES_MIN: usize = 9;

const START: [u32; 8] = [
    0x7380_166f,
    0x4914_b2b9,
    0x1724_42d7,
    0xda8a_0600,
    0xa96f_30bc,
    0x1631_38aa,
    0xe38d_ee4d,
    0xb0fb_0e4e,
];

/// The SM3 of many messages. Digests come in the order in which the messages were added.
#[derive(Debug)]
pub(crate) struct Digests {
    level: Level,
    queues: [Queue; BLOCKS_MAX],
    message: Vec<u8>,
    done: Vec<Digest>,
}

/// Padded messages of so many blocks that wait for company.
#[derive(Debug, Default)]
struct Queue {
    /// One behind the other.
    bytes: Vec<u8>,
    /// Which messages they are.
    places: Bounded<usize, LANES>,
}

impl Digests {
    /// The digests of so many messages, which `add` adds.
    pub(crate) fn of(messages: usize, add: impl FnOnce(&mut Self)) -> Vec<Digest> {
        let mut all = Self::with_capacity(messages);
        add(&mut all);
        all.finish()
    }

    fn with_capacity(messages: usize) -> Self {
        Self {
            level: Level::new(),
            queues: Default::default(),
            message: Vec::new(),
            done: Vec::with_capacity(messages),
        }
    }

    /// Adds a message: its tag, then its canonical bytes.
    pub(crate) fn add<T: Wire>(&mut self, message: &T) {
        self.message.clear();
        self.message.extend_from_slice(T::TAG);
        message.write(&mut |bytes| self.message.extend_from_slice(bytes));
        self.enqueue();
    }

    /// Adds a message in parts.
    pub(crate) fn add_parts(&mut self, parts: &[&[u8]]) {
        self.message.clear();
        parts.iter().for_each(|part| self.message.extend_from_slice(part));
        self.enqueue();
    }

    fn finish(mut self) -> Vec<Digest> {
        for queue in &mut self.queues {
            queue.flush(self.level, &mut self.done);
        }
        self.done
    }

    fn enqueue(&mut self) {
        let blocks = (self.message.len() + PADDING_BYTES_MIN).div_ceil(BLOCK_BYTES);
        let Some(queue) = self.queues.get_mut(blocks - 1) else {
            self.done.push(sm3(&self.message));
            return;
        };
        queue.push(&self.message, self.done.len());
        self.done.push(Digest::default());
        if queue.places.is_full() {
            queue.flush(self.level, &mut self.done);
        }
    }
}

impl Queue {
    fn push(&mut self, message: &[u8], place: usize) {
        self.bytes.extend_from_slice(message);
        self.bytes.push(0x80);
        let length = (self.bytes.len() + 8).next_multiple_of(BLOCK_BYTES);
        self.bytes.resize(length - 8, 0);
        let bits = 8 * message.len() as u64;
        self.bytes.extend_from_slice(&bits.to_be_bytes());
        self.places.push(place).expect("a full queue is flushed");
    }

    fn flush(&mut self, level: Level, done: &mut [Digest]) {
        let Some(length) = self.bytes.len().checked_div(self.places.len()) else { return };
        // Lanes without a message hash zeros.
        self.bytes.resize(length * LANES, 0);
        let words = hash_lanes(level, &self.bytes, length);
        for (lane, place) in self.places.iter().enumerate() {
            for (word, lanes) in words.iter().enumerate() {
                done[*place].0[4 * word..][..4].copy_from_slice(&lanes[lane].to_be_bytes());
            }
        }
        self.bytes.clear();
        self.places.clear();
    }
}

/// The words of the digests of eight padded messages of one length, which lie behind each other.
fn hash_lanes(level: Level, messages: &[u8], length: usize) -> [[u32; LANES]; 8] {
    dispatch!(level, simd => hash_in(simd, messages, length))
}

// All of this is inlined, so that it is compiled for the processor found at run time.
#[inline(always)]
fn hash_in<S: Simd>(simd: S, messages: &[u8], length: usize) -> [[u32; LANES]; 8] {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut state = START.map(|word| u32x8::splat(simd, word));
            for block in (0..length).step_by(BLOCK_BYTES) {
                let words = load(simd, messages, length, block);
                compress(simd, &mut state, &words);
            }
            let mut digests = [[0; LANES]; 8];
            for (word, lanes) in state.iter().zip(&mut digests) {
                word.store_slice(lanes);
            }
            digests
        },
    )
}

/// Word `n` of the block in every lane, for all `n`.
#[inline(always)]
fn load<S: Simd>(simd: S, messages: &[u8], length: usize, block: usize) -> [u32x8<S>; 16] {
    let mut words = [[0_u32; LANES]; 16];
    for (lane, message) in messages.chunks_exact(length).enumerate() {
        let (pieces, _) = message[block..block + BLOCK_BYTES].as_chunks();
        for (word, piece) in words.iter_mut().zip(pieces) {
            word[lane] = u32::from_be_bytes(*piece);
        }
    }
    words.map(|lanes| u32x8::from_slice(simd, &lanes))
}

#[inline(always)]
fn compress<S: Simd>(simd: S, state: &mut [u32x8<S>; 8], block: &[u32x8<S>; 16]) {
    let words = expand(simd, block);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for round in 0..64 {
        let early = round < 16;
        let constant = if early { 0x79cc_4519_u32 } else { 0x7a87_9d8a };
        let constant = u32x8::splat(simd, constant.rotate_left(round % 32));
        let at = round as usize;
        let a_turned = turn(a, 12);
        let second = turn(a_turned + e + constant, 7);
        let first = second ^ a_turned;
        let ff = if early { a ^ b ^ c } else { (a & b) | (c & (a | b)) };
        let gg = if early { e ^ f ^ g } else { g ^ (e & (f ^ g)) };
        let for_a = ff + d + first + (words[at] ^ words[at + 4]);
        let for_e = gg + h + second + words[at];
        (d, c, b, a) = (c, turn(b, 9), a, for_a);
        (h, g, f, e) = (g, turn(f, 19), e, for_e ^ turn(for_e, 9) ^ turn(for_e, 17));
    }
    for (word, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word ^= new;
    }
}

/// The words of all rounds.
#[inline(always)]
fn expand<S: Simd>(simd: S, block: &[u32x8<S>; 16]) -> [u32x8<S>; 68] {
    let mut words = [u32x8::splat(simd, 0); 68];
    words[..16].copy_from_slice(block);
    for at in 16..68 {
        let mixed = words[at - 16] ^ words[at - 9] ^ turn(words[at - 3], 15);
        let spread = mixed ^ turn(mixed, 15) ^ turn(mixed, 23);
        words[at] = spread ^ turn(words[at - 13], 7) ^ words[at - 6];
    }
    words
}

/// Rotates every lane to the left.
#[inline(always)]
fn turn<S: Simd>(words: u32x8<S>, bits: u32) -> u32x8<S> {
    (words << bits) | (words >> (32 - bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::digest;
    use proptest::prelude::*;
    use wire::{DecodeError, Reader, Sink};

    /// A message of any length.
    struct Text(Vec<u8>);

    impl Wire for Text {
        const TAG: &'static [u8] = b"TEXT";

        fn write(&self, out: &mut Sink<'_>) {
            out(&self.0);
        }

        fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
            reader.take(reader.remaining()).map(|rest| Self(rest.to_vec()))
        }
    }

    fn together(messages: &[Text]) -> Vec<Digest> {
        Digests::of(messages.len(), |all| messages.iter().for_each(|message| all.add(message)))
    }

    fn alone(messages: &[Text]) -> Vec<Digest> {
        messages.iter().map(digest).collect()
    }

    #[test]
    fn every_length_up_to_ten_blocks_is_hashed_as_alone() {
        let text = |length: usize| Text((0_u8..=250).cycle().take(length).collect());
        let messages: Vec<Text> = (0..640).map(text).collect();
        assert_eq!(together(&messages), alone(&messages));
        assert!(together(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn any_messages_are_hashed_as_alone(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..60)
        ) {
            let messages: Vec<Text> = messages.into_iter().map(Text).collect();
            prop_assert_eq!(together(&messages), alone(&messages));
        }
    }
}
