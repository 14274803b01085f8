//! What is set in production and kept for life.

use crate::tariff::DayTable;
use heapless::Vec;
use wire::{DecodeError, MeterId, Reader, Sink, Wire};

/// Everything that [`Management::personalise`](crate::Management::personalise) writes.
///
/// It holds a key, so it can't be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Number of the meter (表号, 04000402).
    pub meter: MeterId,
    /// Communication address (04000401); often the same number.
    pub address: MeterId,
    /// Key of the AES-256 link to the transaction core, in that direction.
    pub link_key: [u8; 32],
    /// Phases that exist; the others are answered as absent.
    pub wiring: Wiring,
    /// Pulses per kWh (04000409).
    pub constant_active: Constant,
    /// Pulses per kvarh (0400040A).
    pub constant_reactive: Constant,
    /// Nameplate.
    pub ratings: Ratings,
    /// When which rate is in force.
    pub day_table: DayTable,
}

/// Phases that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// Phase A only; B and C are answered as `FF…` (seen on real meters, read).
    SinglePhase,
    /// Phases A, B and C.
    ThreePhase,
}

/// A meter constant in pulses per kWh or kvarh: at most 999,999 (3 bytes of BCD).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant(u32);

/// Nameplate texts, as DL/T 645 gives them out (04000404 to 0400040D).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratings {
    /// Rated voltage, such as `220V`.
    pub voltage: Text<6>,
    /// Base current, such as `5A`.
    pub current: Text<6>,
    /// Largest current, such as `60A`.
    pub current_max: Text<6>,
    /// Accuracy class of active energy, such as `0.2S`.
    pub class_active: Text<4>,
    /// Accuracy class of reactive energy, such as `0.5S`.
    pub class_reactive: Text<4>,
    /// Model.
    pub model: Text<10>,
    /// Date of production.
    pub produced: Text<10>,
}

/// At most `N` printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const N: usize>(Vec<u8, N>);

impl Constant {
    /// `None` above 999,999.
    #[must_use]
    pub const fn new(pulses: u32) -> Option<Self> {
        if pulses <= 999_999 { Some(Self(pulses)) } else { None }
    }

    /// Pulses per kWh or kvarh.
    #[must_use]
    pub const fn pulses(self) -> u32 {
        self.0
    }
}

impl<const N: usize> Text<N> {
    /// `None` if the text is too long or a character isn't printable ASCII.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes())
    }

    /// The characters.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let printable = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
        if printable { Vec::from_slice(bytes).ok().map(Self) } else { None }
    }
}

impl Wire for Settings {
    const TAG: &'static [u8] = b"JIDIAN-METER-SETTINGS-1";

    fn write(&self, out: &mut Sink<'_>) {
        self.meter.write(out);
        self.address.write(out);
        self.link_key.write(out);
        self.wiring.write(out);
        self.constant_active.write(out);
        self.constant_reactive.write(out);
        self.ratings.write(out);
        self.day_table.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            meter: Wire::read(reader)?,
            address: Wire::read(reader)?,
            link_key: Wire::read(reader)?,
            wiring: Wire::read(reader)?,
            constant_active: Wire::read(reader)?,
            constant_reactive: Wire::read(reader)?,
            ratings: Wire::read(reader)?,
            day_table: Wire::read(reader)?,
        })
    }
}

impl Wire for Wiring {
    fn write(&self, out: &mut Sink<'_>) {
        let code: u8 = match self {
            Self::SinglePhase => 1,
            Self::ThreePhase => 3,
        };
        code.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            1 => Ok(Self::SinglePhase),
            3 => Ok(Self::ThreePhase),
            _ => Err(reader.refuse(at, "wiring")),
        }
    }
}

impl Wire for Constant {
    fn write(&self, out: &mut Sink<'_>) {
        self.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        Self::new(u32::read(reader)?).ok_or(reader.refuse(at, "meter constant"))
    }
}

impl Wire for Ratings {
    fn write(&self, out: &mut Sink<'_>) {
        self.voltage.write(out);
        self.current.write(out);
        self.current_max.write(out);
        self.class_active.write(out);
        self.class_reactive.write(out);
        self.model.write(out);
        self.produced.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            voltage: Wire::read(reader)?,
            current: Wire::read(reader)?,
            current_max: Wire::read(reader)?,
            class_active: Wire::read(reader)?,
            class_reactive: Wire::read(reader)?,
            model: Wire::read(reader)?,
            produced: Wire::read(reader)?,
        })
    }
}

impl<const N: usize> Wire for Text<N> {
    fn write(&self, out: &mut Sink<'_>) {
        self.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let bytes: Vec<u8, N> = Wire::read(reader)?;
        Self::from_bytes(&bytes).ok_or(reader.refuse(at, "text"))
    }
}
