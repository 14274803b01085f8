//! The energy registers in the memory.

use ::core::fmt;
use crypto::{Damaged, Turn, TwoCopy};
use metering::Registers;
use wire::memory::Memory;

/// Where the registers lie: at the beginning, in two copies.
pub const RECORD: TwoCopy = TwoCopy::new(0, RECORD_BYTES_MAX);
const RECORD_BYTES_MAX: u32 = 768;

const _: () = assert!(Registers::BYTES <= RECORD_BYTES_MAX as usize);

/// Why there are no registers although there were some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Neither copy is whole.
    Damaged(Damaged),
    /// The record isn't one of this core.
    Foreign {
        /// Its length in bytes.
        bytes: usize,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(damaged) => write!(f, "{damaged}"),
            Self::Foreign { bytes } => write!(
                f,
                "a record of {bytes} bytes lies where the registers of a metering core ({} bytes) \
                 should; is this the memory of another kind of meter?",
                Registers::BYTES
            ),
        }
    }
}

/// Keeps registers in a memory: a cut at any byte leaves those of the last commit or those of the
/// one that was cut.
#[derive(Clone, Debug)]
pub struct RegisterKeeper {
    turn: Turn,
}

impl RegisterKeeper {
    /// Reads the registers; `None` in a blank memory.
    ///
    /// # Errors
    /// If there is something else in their place.
    pub fn open(memory: &impl Memory) -> Result<(Option<Registers>, Self), Unreadable> {
        let mut bytes = [0; RECORD_BYTES_MAX as usize];
        let (length, turn) = RECORD.open(memory, &mut bytes).map_err(Unreadable::Damaged)?;
        let registers = match length {
            None => None,
            Some(length) => {
                let found = Registers::from_bytes(&bytes[..length]);
                Some(found.ok_or(Unreadable::Foreign { bytes: length })?)
            }
        };
        Ok((registers, Self { turn }))
    }

    /// Writes the registers over the older copy; reads nothing.
    pub fn commit(&mut self, memory: &mut impl Memory, registers: &Registers) {
        RECORD.store_next(memory, &registers.to_bytes(), &mut self.turn);
    }
}
