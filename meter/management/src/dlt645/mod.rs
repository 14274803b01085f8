//! The session of DL/T 645-2007: which frames are answered, and with what.
//!
//! Silence is part of the protocol (read): a frame for another meter, a broadcast, a reply of
//! another meter, an unknown function, or anything but reading under a wildcard gets no answer.
//!
//! First form: reading only. The broadcast time (08) is ignored, because this core doesn't own the
//! clock yet; writes, clears and load control are refused as not authorised, because there is no
//! security module yet.

mod items;

use crate::management::Management;
use quantity::Instant;
use wire::dlt645::{
    Address, Decoder, ErrorCode, Frame, FrameBytes, Function, Item, Reply, Request,
};
use wire::memory::Memory;

/// One line (RS-485, infrared or a TCP connection) and the bytes that came in on it.
#[derive(Clone, Debug, Default)]
pub struct Dlt645Session {
    decoder: Decoder,
}

impl Dlt645Session {
    /// A line on which nothing was received yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { decoder: Decoder::new() }
    }

    /// Takes bytes and gives out the frames that they complete; noise is skipped.
    ///
    /// The bytes are taken as the iterator is advanced, so run it to its end.
    #[must_use = "bytes are taken only as the iterator is advanced"]
    pub const fn feed<'a>(&'a mut self, bytes: &'a [u8]) -> Frames<'a> {
        Frames { decoder: &mut self.decoder, bytes }
    }

    /// Takes bytes and hands each answer, preamble included, to `send`.
    pub fn serve<M: Memory>(
        &mut self,
        management: &Management<M>,
        now: Instant,
        bytes: &[u8],
        mut send: impl FnMut(&[u8]),
    ) {
        for frame in self.feed(bytes) {
            if let Some(reply) = answer(management, now, &frame) {
                send(&reply);
            }
        }
    }

    /// Forgets a frame that was begun: the line was silent for more than 500 ms.
    pub fn reset(&mut self) {
        self.decoder.reset();
    }
}

/// Frames completed by the bytes given to [`Dlt645Session::feed`].
#[derive(Debug)]
pub struct Frames<'a> {
    decoder: &'a mut Decoder,
    bytes: &'a [u8],
}

impl Iterator for Frames<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let mut found = self.decoder.pending();
        while found.is_none() {
            let (first, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            found = self.decoder.push(*first);
        }
        found
    }
}

/// The bytes that answer a frame, preamble included; `None` for silence.
#[must_use]
pub fn answer<M: Memory>(
    management: &Management<M>,
    now: Instant,
    frame: &Frame,
) -> Option<FrameBytes> {
    let own = Address::of(management.settings().address);
    if frame.address == Address::BROADCAST || !frame.address.means(own) {
        return None;
    }
    let request = Request::of(frame)?;
    let reply = if frame.address == own {
        reply_to_own(management, now, request)
    } else {
        reply_to_wildcard(management, now, request)
    };
    reply.map(|reply| reply.to_bytes(own))
}

/// Under a wildcard a meter lets itself be read and nothing else (read).
fn reply_to_wildcard<M: Memory>(
    management: &Management<M>,
    now: Instant,
    request: Request,
) -> Option<Reply> {
    match request {
        Request::ReadAddress => Some(Reply::Address),
        Request::Read(_) => reply_to_own(management, now, request),
        Request::BroadcastTime(_) | Request::Other(_) | Request::Malformed(_) => None,
    }
}

fn reply_to_own<M: Memory>(
    management: &Management<M>,
    now: Instant,
    request: Request,
) -> Option<Reply> {
    match request {
        // Asked under the wildcard only (read).
        Request::ReadAddress | Request::BroadcastTime(_) => None,
        Request::Read(id) => {
            let data = Item::of(id).and_then(|item| items::read(management, now, item));
            Some(data.map_or(Reply::Refused(Function::Read, ErrorCode::NoSuchData), |fields| {
                Reply::Data(id, fields)
            }))
        }
        Request::Other(function) => refusal(function),
        Request::Malformed(Function::Read) => {
            Some(Reply::Refused(Function::Read, ErrorCode::NoSuchData))
        }
        Request::Malformed(_) => None,
    }
}

/// What is refused in this form; each arm says why.
const fn refusal(function: Function) -> Option<Reply> {
    let code = match function {
        // Never answered, or needs a hand on the meter (read).
        Function::BroadcastTime | Function::WriteAddress => return None,
        Function::Security => return Some(Reply::NotAuthenticated),
        // No item of this version is longer than one frame.
        Function::Read | Function::ReadAddress | Function::ReadMore => ErrorCode::NoSuchData,
        Function::ChangeBaud => ErrorCode::BaudFixed,
        Function::Freeze => ErrorCode::Other,
        Function::Write
        | Function::ChangePassword
        | Function::ClearDemand
        | Function::ClearMeter
        | Function::ClearEvents
        | Function::Control => ErrorCode::NotAuthorised,
    };
    Some(Reply::Refused(function, code))
}
