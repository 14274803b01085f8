//! The binary batch protocol: what meters' gateways and other clients send to a ledger node.
//!
//! ```text
//! frame   = length (4) ‖ kind (1) ‖ content                length counts kind and content
//! submit  = 1 ‖ ticket (8) ‖ proofs (1) ‖ count (4) ‖ operation*
//! ask     = 2
//! answers = 129 ‖ ticket (8) ‖ record (8) ‖ count (4) ‖ (code (1) ‖ 0 | 1 ‖ receipt)*
//! writer  = 130 ‖ ticket (8) ‖ 0 | 1 ‖ name (16) ‖ address
//! again   = 131 ‖ ticket (8)
//! status  = 132 ‖ …                                        see [`Status`]
//! long    = 133 ‖ ticket (8) ‖ bytes (4)
//! ```
//! A ticket is the client's number for its request and comes back with the reply. Operations are
//! signed end to end and numbered by their key, so a client that got no answer, or *again*, sends
//! the same operations once more, to any node: what was applied is answered with its first receipt.

use super::envelope::NodeName;
use super::ledger::Proofs;
use super::notice::Address;
use crate::code::ResultCode;
use crate::front::Answer;
use crate::operation::Operation;
use quantity::Fen;
use wire::{DecodeError, Digest, Reader, Sink, Wire};

/// Longest content of a frame, kind included.
pub const FRAME_BYTES_MAX: usize = 1 << 26;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Operations to be applied, in this order.
    Submit {
        /// The client's number for it.
        ticket: u64,
        /// Whether it wants receipts.
        proofs: Proofs,
        /// At most [`BATCH_MAX`](crate::registration::BATCH_MAX).
        operations: Vec<Operation>,
    },
    /// Where the node stands.
    Ask,
}

/// What a node replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The batch is final.
    Answers {
        /// The client's number.
        ticket: u64,
        /// The record that holds it; 0 if none does.
        record: u64,
        /// One per operation.
        answers: Vec<Answer>,
    },
    /// This node doesn't write; nothing was applied.
    Writer {
        /// The client's number.
        ticket: u64,
        /// Who does, if this node knows.
        writer: Option<(NodeName, Address)>,
    },
    /// What became of the batch isn't known: send it again.
    Again {
        /// The client's number.
        ticket: u64,
    },
    /// Where the node stands.
    Status(Status),
    /// The operations take more bytes than a record may have; nothing was applied.
    TooLong {
        /// The client's number.
        ticket: u64,
        /// Most bytes of a request.
        bytes_max: u32,
    },
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: NodeName,
    /// 0 follower, 1 candidate, 2 writer, 3 stopped.
    pub role: u8,
    /// Who writes, as far as it knows.
    pub writer: Option<(NodeName, Address)>,
    /// Epoch of its last record.
    pub epoch: u64,
    /// Number of its last record.
    pub number: u64,
    /// Hash of its last record.
    pub hash: Digest,
    /// The last record that most logs hold, as far as it knows.
    pub last_final: u64,
    /// The last batch that it applied.
    pub batch: u64,
    /// All money issued.
    pub issued: Fen,
    /// The other nodes.
    pub peers: Vec<PeerStatus>,
}

/// What a node knows of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Its name.
    pub name: NodeName,
    /// The last record that it is known to hold alike.
    pub agreed: u64,
    /// Milliseconds since it was heard; `u64::MAX` if never.
    pub silence_ms: u64,
    /// The record that it holds otherwise; 0 if none.
    pub contradicts: u64,
}

impl Request {
    /// The content of a frame.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let sink: &mut Sink<'_> = &mut |part: &[u8]| bytes.extend_from_slice(part);
        match self {
            Self::Submit { ticket, proofs, operations } => {
                1_u8.write(sink);
                ticket.write(sink);
                u8::from(*proofs == Proofs::Wanted).write(sink);
                count(operations.len()).write(sink);
                operations.iter().for_each(|operation| operation.write(sink));
            }
            Self::Ask => 2_u8.write(sink),
        }
        bytes
    }

    /// Reads the content of a frame.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that no request has.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let request = match u8::read(&mut reader)? {
            1 => Self::Submit {
                ticket: u64::read(&mut reader)?,
                proofs: read_proofs(&mut reader)?,
                operations: read_list(&mut reader, Operation::read)?,
            },
            2 => Self::Ask,
            _ => return Err(reader.refuse(0, "kind of request")),
        };
        reader.finish()?;
        Ok(request)
    }
}

impl Reply {
    /// The content of a frame.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let sink: &mut Sink<'_> = &mut |part: &[u8]| bytes.extend_from_slice(part);
        match self {
            Self::Answers { ticket, record, answers } => {
                129_u8.write(sink);
                ticket.write(sink);
                record.write(sink);
                count(answers.len()).write(sink);
                answers.iter().for_each(|answer| write_answer(answer, sink));
            }
            Self::Writer { ticket, writer } => {
                130_u8.write(sink);
                ticket.write(sink);
                write_writer(writer.as_ref(), sink);
            }
            Self::Again { ticket } => {
                131_u8.write(sink);
                ticket.write(sink);
            }
            Self::Status(status) => {
                132_u8.write(sink);
                status.write(sink);
            }
            Self::TooLong { ticket, bytes_max } => {
                133_u8.write(sink);
                ticket.write(sink);
                bytes_max.write(sink);
            }
        }
        bytes
    }

    /// Reads the content of a frame.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that no reply has.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let reply = match u8::read(&mut reader)? {
            129 => Self::Answers {
                ticket: u64::read(&mut reader)?,
                record: u64::read(&mut reader)?,
                answers: read_list(&mut reader, read_answer)?,
            },
            130 => Self::Writer {
                ticket: u64::read(&mut reader)?,
                writer: read_optional(&mut reader, read_writer)?,
            },
            131 => Self::Again { ticket: u64::read(&mut reader)? },
            132 => Self::Status(Status::read(&mut reader)?),
            133 => Self::TooLong {
                ticket: u64::read(&mut reader)?,
                bytes_max: u32::read(&mut reader)?,
            },
            _ => return Err(reader.refuse(0, "kind of reply")),
        };
        reader.finish()?;
        Ok(reply)
    }
}

impl Wire for Status {
    fn write(&self, out: &mut Sink<'_>) {
        self.name.write(out);
        self.role.write(out);
        write_writer(self.writer.as_ref(), out);
        self.epoch.write(out);
        self.number.write(out);
        self.hash.write(out);
        self.last_final.write(out);
        self.batch.write(out);
        self.issued.write(out);
        count(self.peers.len()).write(out);
        self.peers.iter().for_each(|peer| peer.write(out));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            name: Wire::read(reader)?,
            role: read_role(reader)?,
            writer: read_optional(reader, read_writer)?,
            epoch: Wire::read(reader)?,
            number: Wire::read(reader)?,
            hash: Wire::read(reader)?,
            last_final: Wire::read(reader)?,
            batch: Wire::read(reader)?,
            issued: Wire::read(reader)?,
            peers: read_list(reader, PeerStatus::read)?,
        })
    }
}

impl Wire for PeerStatus {
    fn write(&self, out: &mut Sink<'_>) {
        self.name.write(out);
        self.agreed.write(out);
        self.silence_ms.write(out);
        self.contradicts.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            name: Wire::read(reader)?,
            agreed: Wire::read(reader)?,
            silence_ms: Wire::read(reader)?,
            contradicts: Wire::read(reader)?,
        })
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).expect("a list here is shorter than 2³²")
}

fn read_list<T>(
    reader: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let count = u32::read(reader)?;
    let mut list = Vec::new();
    for _ in 0..count {
        list.push(read(reader)?);
    }
    Ok(list)
}

fn read_optional<T>(
    reader: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let at = reader.at();
    match u8::read(reader)? {
        0 => Ok(None),
        1 => read(reader).map(Some),
        _ => Err(reader.refuse(at, "presence")),
    }
}

fn read_proofs(reader: &mut Reader<'_>) -> Result<Proofs, DecodeError> {
    let at = reader.at();
    match u8::read(reader)? {
        0 => Ok(Proofs::Unwanted),
        1 => Ok(Proofs::Wanted),
        _ => Err(reader.refuse(at, "proofs")),
    }
}

fn read_role(reader: &mut Reader<'_>) -> Result<u8, DecodeError> {
    let at = reader.at();
    let role = u8::read(reader)?;
    if role < 4 { Ok(role) } else { Err(reader.refuse(at, "role")) }
}

fn write_writer(writer: Option<&(NodeName, Address)>, out: &mut Sink<'_>) {
    u8::from(writer.is_some()).write(out);
    if let Some((name, address)) = writer {
        name.write(out);
        address.write(out);
    }
}

fn read_writer(reader: &mut Reader<'_>) -> Result<(NodeName, Address), DecodeError> {
    Ok((Wire::read(reader)?, Wire::read(reader)?))
}

fn write_answer(answer: &Answer, out: &mut Sink<'_>) {
    answer.code.write(out);
    u8::from(answer.receipt.is_some()).write(out);
    if let Some(receipt) = &answer.receipt {
        receipt.write(out);
    }
}

fn read_answer(reader: &mut Reader<'_>) -> Result<Answer, DecodeError> {
    let code = ResultCode::read(reader)?;
    Ok(Answer { code, receipt: read_optional(reader, Wire::read)? })
}
