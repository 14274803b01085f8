//! Requests that a meter receives and replies that it gives.

use super::bcd::{Fields, unpair};
use super::frame::{Address, Frame, FrameBytes};
use super::item::DataId;
use quantity::{CivilDate, CivilTime, Instant};

/// Bit 7 of C: from the meter.
const FROM_METER: u8 = 0x80;
/// Bit 6 of C: the meter refuses.
const REFUSES: u8 = 0x40;

/// The function code, bits 0 to 4 of C (section "services"; read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Function {
    /// 03: security authentication (extension of Q/GDW 365).
    Security = 0x03,
    /// 08: time for all meters.
    BroadcastTime = 0x08,
    /// 11: read.
    Read = 0x11,
    /// 12: read what follows.
    ReadMore = 0x12,
    /// 13: read the address.
    ReadAddress = 0x13,
    /// 14: write.
    Write = 0x14,
    /// 15: write the address.
    WriteAddress = 0x15,
    /// 16: freeze now.
    Freeze = 0x16,
    /// 17: change the baud rate.
    ChangeBaud = 0x17,
    /// 18: change a password.
    ChangePassword = 0x18,
    /// 19: clear the maximum demand.
    ClearDemand = 0x19,
    /// 1A: clear the meter.
    ClearMeter = 0x1a,
    /// 1B: clear events.
    ClearEvents = 0x1b,
    /// 1C: trip, close, protect.
    Control = 0x1c,
}

impl Function {
    const ALL: [Self; 14] = [
        Self::Security,
        Self::BroadcastTime,
        Self::Read,
        Self::ReadMore,
        Self::ReadAddress,
        Self::Write,
        Self::WriteAddress,
        Self::Freeze,
        Self::ChangeBaud,
        Self::ChangePassword,
        Self::ClearDemand,
        Self::ClearMeter,
        Self::ClearEvents,
        Self::Control,
    ];

    /// The function of a request; `None` if C is unknown or not a request's.
    #[must_use]
    pub fn of_request(control: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|function| *function as u8 == control)
    }

    /// C of the request.
    #[must_use]
    pub const fn request(self) -> u8 {
        self as u8
    }

    /// C of a reply that grants the request.
    #[must_use]
    pub const fn granted(self) -> u8 {
        self as u8 | FROM_METER
    }

    /// C of a reply that refuses it.
    #[must_use]
    pub const fn refused(self) -> u8 {
        self as u8 | FROM_METER | REFUSES
    }
}

/// What a frame asks of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// 13.
    ReadAddress,
    /// 11, with the identifier alone.
    Read(DataId),
    /// 08.
    BroadcastTime(Instant),
    /// Any other known function: not looked into in this form.
    Other(Function),
    /// A known function whose data isn't what it must be.
    Malformed(Function),
}

impl Request {
    /// `None` if the frame comes from a meter or its function is unknown: no answer is due (read).
    #[must_use]
    pub fn of(frame: &Frame) -> Option<Self> {
        let function = Function::of_request(frame.control)?;
        let request = match function {
            Function::ReadAddress => frame.data.is_empty().then_some(Self::ReadAddress),
            Function::Read => DataId::from_wire(&frame.data).map(Self::Read),
            Function::BroadcastTime => time(&frame.data).map(Self::BroadcastTime),
            Function::Security
            | Function::ReadMore
            | Function::Write
            | Function::WriteAddress
            | Function::Freeze
            | Function::ChangeBaud
            | Function::ChangePassword
            | Function::ClearDemand
            | Function::ClearMeter
            | Function::ClearEvents
            | Function::Control => Some(Self::Other(function)),
        };
        Some(request.unwrap_or(Self::Malformed(function)))
    }
}

/// `ss mm hh DD MM YY` as an instant; `None` if it is no date or time of day.
fn time(data: &[u8]) -> Option<Instant> {
    let [second, minute, hour, day, month, year]: [u8; 6] = data.try_into().ok()?;
    let below = |byte, end| unpair(byte).filter(|number| *number < end);
    let date = CivilDate {
        year: 2000 + i32::from(unpair(year)?),
        month: below(month, 13)?,
        day: below(day, 32)?,
    };
    let time = CivilTime {
        date,
        hour: below(hour, 24)?,
        minute: below(minute, 60)?,
        second: below(second, 60)?,
        millisecond: 0,
    };
    let instant = Instant::from_civil(time);
    // A day such as 31 February becomes another day: refused.
    (instant.civil() == time).then_some(instant)
}

/// The byte ERR of a refusal (read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ErrorCode {
    /// Bit 0: something else.
    Other = 0x01,
    /// Bit 1: no such data.
    NoSuchData = 0x02,
    /// Bit 2: wrong password or not authorised.
    NotAuthorised = 0x04,
    /// Bit 3: the baud rate can't be changed.
    BaudFixed = 0x08,
}

/// What a meter answers.
#[allow(clippy::large_enum_variant, reason = "there is no heap, and a reply lives for one call")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 93: the address.
    Address,
    /// 91: an item.
    Data(DataId, Fields),
    /// D1 to DC: a refusal with the byte ERR.
    Refused(Function, ErrorCode),
    /// C3: a refusal of a security service; its two bytes SERR say "authentication failed or
    /// timed out" (bit 3, read), since there is no security module yet.
    NotAuthenticated,
}

/// SERR bit 3, low byte first.
const SERR_NOT_AUTHENTICATED: [u8; 2] = [0x08, 0x00];

impl Reply {
    /// The frame of the meter `own`, which answers with its own address always, also to a wildcard.
    #[must_use]
    pub fn to_frame(&self, own: Address) -> Frame {
        let frame = match self {
            Self::Address => Frame::new(own, Function::ReadAddress.granted(), &own.0),
            Self::Data(id, fields) => {
                let mut data = Fields::new();
                data.bytes(&id.to_wire());
                data.bytes(fields.as_bytes());
                Frame::new(own, Function::Read.granted(), data.as_bytes())
            }
            Self::Refused(function, code) => Frame::new(own, function.refused(), &[*code as u8]),
            Self::NotAuthenticated => {
                Frame::new(own, Function::Security.refused(), &SERR_NOT_AUTHENTICATED)
            }
        };
        frame.expect("the data of a reply fits a frame")
    }

    /// The bytes on the wire, with preamble.
    #[must_use]
    pub fn to_bytes(&self, own: Address) -> FrameBytes {
        self.to_frame(own).to_bytes_with_preamble()
    }
}
