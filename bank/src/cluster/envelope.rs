//! What travels in the stream and stands in every node's log: one record and its link.
//!
//! ```text
//! envelope = tag ‖ number (8) ‖ epoch (8) ‖ writer (16) ‖ previous (32) ‖ kind (1) ‖ content (32) ‖ hash (32) ‖ body
//! hash     = SM3(everything before it)
//! content  = BLAKE3 of the body; a claim has none
//! ```
//! The hash covers the body through its content, so that a megabyte goes through the fast function and
//! the chain through the one that the signatures use.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;
use wire::{DecodeError, Digest, Reader, Sink, Wire};

const TAG: &[u8] = b"JIDIAN-ENVELOPE-1";
const DIGEST_BYTES: usize = 32;
/// Bytes in front of the body.
pub const HEAD_BYTES: usize = 17 + 8 + 8 + 16 + 32 + 1 + 32 + 32;
const HASHED_BYTES: usize = HEAD_BYTES - DIGEST_BYTES;

/// Name of a ledger node: 1 to 16 lower-case letters, digits and hyphens.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName([u8; 16]);

/// What an envelope brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Record 0: whose keys count. It stands in the logs only.
    Genesis = 0,
    /// From here on another node writes, under a higher epoch.
    Claim = 1,
    /// A batch of operations.
    Batch = 2,
}

/// One record with its link. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    number: u64,
    epoch: u64,
    writer: NodeName,
    previous: Digest,
    kind: Kind,
    hash: Digest,
    bytes: Arc<[u8]>,
}

impl Envelope {
    /// The first record of every log.
    #[must_use]
    pub fn genesis(record: &[u8]) -> Self {
        let head = Head::new(0, 0, NodeName::default(), Digest::default());
        head.close(Kind::Genesis, record)
    }

    /// A claim to write, behind the record with the hash `previous`.
    #[must_use]
    pub fn claim(number: u64, epoch: u64, writer: NodeName, previous: Digest) -> Self {
        Head::new(number, epoch, writer, previous).close(Kind::Claim, &[])
    }

    /// A batch, behind the record with the hash `previous`.
    #[must_use]
    pub fn batch(
        number: u64,
        epoch: u64,
        writer: NodeName,
        previous: Digest,
        record: &[u8],
    ) -> Self {
        Head::new(number, epoch, writer, previous).close(Kind::Batch, record)
    }

    /// Reads an envelope and checks its hash and its body.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that no envelope has.
    pub fn parse(bytes: Arc<[u8]>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(&bytes);
        if reader.take(TAG.len())? != TAG {
            return Err(reader.refuse(0, "kind of message"));
        }
        let (number, epoch) = (u64::read(&mut reader)?, u64::read(&mut reader)?);
        let at = reader.at();
        let writer = NodeName(reader.array()?);
        if !writer.is_canonical() {
            return Err(reader.refuse(at, "writer"));
        }
        let previous = Digest::read(&mut reader)?;
        let kind = Kind::read(&mut reader)?;
        let at = reader.at();
        let content = Digest::read(&mut reader)?;
        let hash = Digest::read(&mut reader)?;
        if hash != crypto::sm3(&bytes[..HASHED_BYTES]) {
            return Err(reader.refuse(HASHED_BYTES, "hash"));
        }
        let body = &bytes[HEAD_BYTES..];
        if content_of(body) != content || (kind == Kind::Claim) != body.is_empty() {
            return Err(reader.refuse(at, "content"));
        }
        Ok(Self { number, epoch, writer, previous, kind, hash, bytes })
    }

    /// Its number: 0 for the genesis, then without a gap.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// How often the writer has changed.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The node that wrote it.
    #[must_use]
    pub const fn writer(&self) -> NodeName {
        self.writer
    }

    /// Hash of the record before it; zero for the genesis.
    #[must_use]
    pub const fn previous(&self) -> Digest {
        self.previous
    }

    /// What it brings.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its hash, which covers all records up to it.
    #[must_use]
    pub const fn hash(&self) -> Digest {
        self.hash
    }

    /// The record; empty for a claim.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.bytes[HEAD_BYTES..]
    }

    /// All of it, to be stored and sent.
    #[must_use]
    pub const fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} of {} in epoch {}", self.kind, self.number, self.writer, self.epoch)
    }
}

/// What is known before the body.
struct Head {
    number: u64,
    epoch: u64,
    writer: NodeName,
    previous: Digest,
}

impl Head {
    const fn new(number: u64, epoch: u64, writer: NodeName, previous: Digest) -> Self {
        Self { number, epoch, writer, previous }
    }

    fn close(self, kind: Kind, body: &[u8]) -> Envelope {
        let content = content_of(body);
        let mut bytes = Vec::with_capacity(HEAD_BYTES.saturating_add(body.len()));
        bytes.extend_from_slice(TAG);
        let sink: &mut Sink<'_> = &mut |part: &[u8]| bytes.extend_from_slice(part);
        self.number.write(sink);
        self.epoch.write(sink);
        self.writer.0.write(sink);
        self.previous.write(sink);
        kind.write(sink);
        content.write(sink);
        let hash = crypto::sm3(&bytes);
        bytes.extend_from_slice(&hash.0);
        bytes.extend_from_slice(body);
        let Self { number, epoch, writer, previous } = self;
        Envelope { number, epoch, writer, previous, kind, hash, bytes: bytes.into() }
    }
}

fn content_of(body: &[u8]) -> Digest {
    Digest(*blake3::hash(body).as_bytes())
}

impl Wire for Kind {
    fn write(&self, out: &mut Sink<'_>) {
        (*self as u8).write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            0 => Ok(Self::Genesis),
            1 => Ok(Self::Claim),
            2 => Ok(Self::Batch),
            _ => Err(reader.refuse(at, "kind of envelope")),
        }
    }
}

/// A text that names no node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAName;

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a node's name has 1 to 16 lower-case letters, digits and hyphens, such as 'n1'")
    }
}

impl core::error::Error for NotAName {}

impl NodeName {
    /// The name as text; empty for the genesis, which no node wrote.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.letters()).expect("a name is ASCII")
    }

    fn letters(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        &self.0[..end]
    }

    fn is_canonical(&self) -> bool {
        let letters = self.letters();
        let rest = &self.0[letters.len()..];
        let good = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        letters.iter().all(good) && rest.iter().all(|byte| *byte == 0)
    }
}

impl FromStr for NodeName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let mut name = Self::default();
        name.0.get_mut(..text.len()).ok_or(NotAName)?.copy_from_slice(text.as_bytes());
        let fits = !text.is_empty() && name.letters().len() == text.len() && name.is_canonical();
        if fits { Ok(name) } else { Err(NotAName) }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Wire for NodeName {
    fn write(&self, out: &mut Sink<'_>) {
        self.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let name = Self(reader.array()?);
        if name.is_canonical() { Ok(name) } else { Err(reader.refuse(at, "name of a node")) }
    }
}
