//! What nodes tell each other, at each step and at each heartbeat. Any of them may get lost: each
//! says all that the one before it said.

use super::envelope::NodeName;
use core::fmt;
use wire::{DecodeError, Digest, Reader, Sink, Wire};

/// Where clients reach a node, such as `10.0.0.1:7400`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address(heapless::String<64>);

/// How far a node's log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who tells.
    pub from: NodeName,
    /// Where clients reach it.
    pub address: Address,
    /// Epoch of the last record of its log.
    pub epoch: u64,
    /// Number of the last record of its log, durable and applied with the same outcome.
    pub number: u64,
    /// Hash of that record.
    pub hash: Digest,
    /// Whether it writes in this epoch.
    pub duty: Duty,
    /// The last state that it digested: behind which record, and the digest.
    pub state: Option<(u64, Digest)>,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// It repeats what another node writes.
    Follows,
    /// It writes.
    Writes,
}

impl Address {
    /// `None` if the text is longer than 64 bytes.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Wire for Address {
    fn write(&self, out: &mut Sink<'_>) {
        u8::try_from(self.0.len()).expect("at most 64 bytes").write(out);
        out(self.0.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let length = usize::from(u8::read(reader)?);
        let text = core::str::from_utf8(reader.take(length)?).ok();
        text.and_then(Self::new).ok_or(reader.refuse(at, "address"))
    }
}

impl Wire for Duty {
    fn write(&self, out: &mut Sink<'_>) {
        u8::from(*self == Self::Writes).write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            0 => Ok(Self::Follows),
            1 => Ok(Self::Writes),
            _ => Err(reader.refuse(at, "duty")),
        }
    }
}

impl Wire for Notice {
    const TAG: &'static [u8] = b"JIDIAN-NOTICE-1";

    fn write(&self, out: &mut Sink<'_>) {
        out(Self::TAG);
        self.from.write(out);
        self.address.write(out);
        self.epoch.write(out);
        self.number.write(out);
        self.hash.write(out);
        self.duty.write(out);
        u8::from(self.state.is_some()).write(out);
        if let Some((number, digest)) = &self.state {
            number.write(out);
            digest.write(out);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.take(Self::TAG.len())? != Self::TAG {
            return Err(reader.refuse(0, "kind of message"));
        }
        let (from, address) = (Wire::read(reader)?, Wire::read(reader)?);
        let (epoch, number) = (Wire::read(reader)?, Wire::read(reader)?);
        let (hash, duty) = (Wire::read(reader)?, Wire::read(reader)?);
        let at = reader.at();
        let state = match u8::read(reader)? {
            0 => None,
            1 => Some((Wire::read(reader)?, Wire::read(reader)?)),
            _ => return Err(reader.refuse(at, "state")),
        };
        Ok(Self { from, address, epoch, number, hash, duty, state })
    }
}
