//! What goes wrong on the board.

use crate::registers::Unreadable;
use ::core::fmt;
use embedded_hal::i2c::ErrorKind;

/// Why the core can't go on. It stands still until [`crate::MeteringCore::restart`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault<E> {
    /// The metering chip doesn't answer, answers wrongly, or is another part.
    Chip(ade9000::Error<E>),
    /// A chip of the family answers, but not this one.
    OtherPart {
        /// What `PART_ID` reads; bit 20 is missing.
        part_id: u32,
    },
    /// The bus of the memory failed.
    Memory(ErrorKind),
    /// The memory answers, but there are no registers in it.
    Registers(Unreadable),
}

impl<E> From<ade9000::Error<E>> for Fault<E> {
    fn from(error: ade9000::Error<E>) -> Self {
        Self::Chip(error)
    }
}

impl<E: fmt::Debug> fmt::Display for Fault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chip(error) => write!(f, "metering chip: {error}"),
            Self::OtherPart { part_id } => write!(
                f,
                "metering chip: PART_ID reads {part_id:#010X} and bit 20 isn't set: not an ADE9000"
            ),
            Self::Memory(kind) => write!(f, "register memory: the I2C bus failed: {kind}"),
            Self::Registers(unreadable) => write!(f, "register memory: {unreadable}"),
        }
    }
}

impl<E: fmt::Debug> ::core::error::Error for Fault<E> {}

/// What the core noticed and got over. Each of them cost the window under way and up to the next
/// zero crossing but one: that energy isn't counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// The chip began again by itself: its supply or its reset pin. It was configured anew.
    ChipReset,
    /// The chip found an error in itself. It was reset.
    ChipError {
        /// `STATUS1`.
        status1: u32,
    },
    /// Somebody changed the configuration (tampering, or a hit by radiation). It was written anew.
    ConfigurationChanged {
        /// The sum that the core knows.
        known: u16,
        /// The sum that the chip found.
        found: u16,
    },
    /// The chip wrote over samples before they were read.
    Overrun,
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChipReset => f.write_str("the metering chip began again by itself"),
            Self::ChipError { status1 } => {
                write!(f, "the metering chip found an error: STATUS1 {status1:#010X}")
            }
            Self::ConfigurationChanged { known, found } => write!(
                f,
                "the configuration of the metering chip was changed: sum {found:#06X}, not \
                 {known:#06X}"
            ),
            Self::Overrun => f.write_str("samples were lost: the buffer wasn't read in time"),
        }
    }
}
