//! The link layer: `68 A0..A5 68 C L DATA CS 16`.

use super::bcd::{pair, unpair};
use crate::MeterId;
use core::fmt;
use heapless::Vec;

/// Longest data field: L of a read is at most 200 (read).
pub const DATA_BYTES_MAX: usize = 200;
/// Longest frame, without preamble.
pub const FRAME_BYTES_MAX: usize = OVERHEAD + DATA_BYTES_MAX;
/// What a sender puts in front of a frame; a receiver accepts any number of it.
pub const PREAMBLE: [u8; 4] = [0xfe; 4];
/// Longest frame with its preamble.
pub const REPLY_BYTES_MAX: usize = FRAME_BYTES_MAX + PREAMBLE.len();

/// A frame on the wire.
pub type FrameBytes = Vec<u8, REPLY_BYTES_MAX>;

const START: u8 = 0x68;
const END: u8 = 0x16;
/// Added to each byte of data by the sender.
const SHIFT: u8 = 0x33;
const HEADER: usize = 10;
const OVERHEAD: usize = HEADER + 2;

/// The six address bytes as sent: lowest pair of digits first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address(pub [u8; 6]);

impl Address {
    /// One meter on the line, whichever it is.
    pub const WILDCARD: Self = Self([0xaa; 6]);
    /// Every meter; never answered.
    pub const BROADCAST: Self = Self([0x99; 6]);

    /// The address of a meter.
    #[must_use]
    pub fn of(meter: MeterId) -> Self {
        let mut rest = meter.number();
        Self(core::array::from_fn(|_| {
            let low = pair(rest % 100);
            rest /= 100;
            low
        }))
    }

    /// The meter, if these are twelve digits.
    #[must_use]
    pub fn meter(self) -> Option<MeterId> {
        let number = self.0.iter().rev().try_fold(0_u64, |number, byte| {
            unpair(*byte).map(|digits| number * 100 + u64::from(digits))
        });
        number.and_then(MeterId::new)
    }

    /// Whether a meter with the address `own` is meant, alone or by an abbreviation: the low
    /// digits are given and the high bytes are AA.
    #[must_use]
    pub fn means(self, own: Self) -> bool {
        let given = self.0.iter().rposition(|byte| *byte != 0xaa).map_or(0, |last| last + 1);
        self.0[..given] == own.0[..given]
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().rev().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// A frame with a right length, checksum and end byte; its data without the +33H.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Addressed meter, or the one that answers.
    pub address: Address,
    /// Control code C.
    pub control: u8,
    /// Data after −33H.
    pub data: Vec<u8, DATA_BYTES_MAX>,
}

impl Frame {
    /// `None` if the data is longer than [`DATA_BYTES_MAX`].
    #[must_use]
    pub fn new(address: Address, control: u8, data: &[u8]) -> Option<Self> {
        Some(Self { address, control, data: Vec::from_slice(data).ok()? })
    }

    /// Reads the frame that `bytes` begins with, and its length.
    ///
    /// # Errors
    /// [`NoFrame`]: more bytes are needed, or this is no frame.
    fn read(bytes: &[u8]) -> Result<(Self, usize), NoFrame> {
        let frame = View::new(bytes)?;
        let mut address = [0; 6];
        address.copy_from_slice(&frame.0[1..7]);
        let data = frame.data().iter().map(|byte| byte.wrapping_sub(SHIFT)).collect();
        Ok((Self { address: Address(address), control: frame.0[8], data }, frame.0.len()))
    }

    /// The bytes on the wire, without preamble.
    #[must_use]
    pub fn to_bytes(&self) -> FrameBytes {
        let mut bytes = FrameBytes::new();
        self.append_to(&mut bytes);
        bytes
    }

    /// The bytes on the wire behind four bytes FE.
    #[must_use]
    pub fn to_bytes_with_preamble(&self) -> FrameBytes {
        let mut bytes = FrameBytes::new();
        append(&mut bytes, &PREAMBLE);
        self.append_to(&mut bytes);
        bytes
    }

    fn append_to(&self, bytes: &mut FrameBytes) {
        let start = bytes.len();
        append(bytes, &[START]);
        append(bytes, &self.address.0);
        let length = u8::try_from(self.data.len()).expect("data has at most 200 bytes");
        append(bytes, &[START, self.control, length]);
        self.data.iter().for_each(|byte| append(bytes, &[byte.wrapping_add(SHIFT)]));
        let checksum = sum(&bytes[start..]);
        append(bytes, &[checksum, END]);
    }
}

fn append(bytes: &mut FrameBytes, more: &[u8]) {
    let fits = bytes.extend_from_slice(more).is_ok();
    assert!(fits, "the buffer has room for the longest frame");
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// Why bytes don't begin with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoFrame {
    /// They may: the rest is missing.
    Incomplete,
    /// They don't.
    Invalid,
}

/// The bytes of exactly one checked frame.
struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, NoFrame> {
        expect_start(bytes, 0)?;
        expect_start(bytes, 7)?;
        let length = usize::from(*bytes.get(HEADER - 1).ok_or(NoFrame::Incomplete)?);
        if length > DATA_BYTES_MAX {
            return Err(NoFrame::Invalid);
        }
        let frame = bytes.get(..OVERHEAD + length).ok_or(NoFrame::Incomplete)?;
        let (body, tail) = frame.split_at(HEADER + length);
        if tail == [sum(body), END] { Ok(Self(frame)) } else { Err(NoFrame::Invalid) }
    }

    fn data(&self) -> &'a [u8] {
        &self.0[HEADER..self.0.len() - 2]
    }
}

fn expect_start(bytes: &[u8], at: usize) -> Result<(), NoFrame> {
    match bytes.get(at) {
        Some(&START) => Ok(()),
        Some(_) => Err(NoFrame::Invalid),
        None => Err(NoFrame::Incomplete),
    }
}

/// Finds frames in a stream of bytes.
///
/// The rule: find 68, check the second 68, the length, the checksum and 16; if a check fails, go on
/// one byte after that first 68. So preamble, noise and false starts cost nothing, and 16 or FE
/// inside a frame mean nothing.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// Bytes from a possible first 68 on.
    held: Vec<u8, FRAME_BYTES_MAX>,
}

impl Decoder {
    /// Nothing received yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { held: Vec::new() }
    }

    /// Takes one byte; returns the frame that it completes. Call [`Decoder::pending`] until it
    /// returns `None` before the next byte.
    pub fn push(&mut self, byte: u8) -> Option<Frame> {
        let pushed = self.held.push(byte).is_ok();
        assert!(pushed, "a full buffer is a whole frame or was dropped");
        self.pending()
    }

    /// A frame that lies complete behind a false start, if any.
    pub fn pending(&mut self) -> Option<Frame> {
        loop {
            let start = self.held.iter().position(|byte| *byte == START);
            self.drop_front(start.unwrap_or(self.held.len()));
            match Frame::read(&self.held) {
                Ok((frame, length)) => {
                    self.drop_front(length);
                    return Some(frame);
                }
                Err(NoFrame::Incomplete) => return None,
                Err(NoFrame::Invalid) => self.drop_front(1),
            }
        }
    }

    /// Forgets a frame that was begun: call it when the line was silent for longer than the gap
    /// between bytes may be (500 ms, read).
    pub fn reset(&mut self) {
        self.held.clear();
    }

    fn drop_front(&mut self, count: usize) {
        self.held.rotate_left(count);
        self.held.truncate(self.held.len() - count);
    }
}
