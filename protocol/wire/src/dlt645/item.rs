//! Data identifiers: which item a request reads.

use core::fmt;

/// DI3 DI2 DI1 DI0 as one number: forward active energy, total, now is `0x0001_0000`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataId(pub u32);

impl DataId {
    /// From exactly the four bytes of a request, DI0 first.
    #[must_use]
    pub fn from_wire(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(u32::from_le_bytes).map(Self)
    }

    /// DI0 first.
    #[must_use]
    pub const fn to_wire(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }
}

impl fmt::Display for DataId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}", self.0)
    }
}

impl fmt::Debug for DataId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataId({self})")
    }
}

/// One of several, or the block of all (FF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The one with this number.
    One(u8),
    /// All, in order of their numbers.
    All,
}

impl Pick {
    fn new(byte: u8, numbers: core::ops::RangeInclusive<u8>) -> Option<Self> {
        match byte {
            0xff => Some(Self::All),
            _ => numbers.contains(&byte).then_some(Self::One(byte)),
        }
    }

    /// The numbers picked out of `numbers`.
    pub fn among(self, numbers: core::ops::RangeInclusive<u8>) -> impl Iterator<Item = u8> {
        numbers.filter(move |number| match self {
            Self::One(one) => *number == one,
            Self::All => true,
        })
    }
}

/// An active energy of class 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActiveEnergy {
    /// DI2 00: combined (组合有功), signed.
    Combined,
    /// DI2 01: forward (正向有功).
    Forward,
    /// DI2 02: reverse (反向有功).
    Reverse,
}

/// An instantaneous value of class 02 with phases; 00 is the total where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instantaneous {
    /// DI2 01: voltage, phases 1 to 3.
    Voltage,
    /// DI2 02: current, phases 1 to 3.
    Current,
    /// DI2 03: active power, total and phases.
    ActivePower,
    /// DI2 04: reactive power, total and phases.
    ReactivePower,
    /// DI2 05: apparent power, total and phases.
    ApparentPower,
    /// DI2 06: power factor, total and phases.
    PowerFactor,
}

impl Instantaneous {
    /// The numbers that DI1 may have.
    #[must_use]
    pub const fn numbers(self) -> core::ops::RangeInclusive<u8> {
        match self {
            Self::Voltage | Self::Current => 1..=3,
            Self::ActivePower | Self::ReactivePower | Self::ApparentPower | Self::PowerFactor => {
                0..=3
            }
        }
    }
}

/// A nameplate item, 040004xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nameplate {
    /// 01: communication address, 6 bytes.
    Address,
    /// 02: meter number, 6 bytes.
    MeterNumber,
    /// 04: rated voltage, ASCII 6.
    RatedVoltage,
    /// 05: rated (base) current, ASCII 6.
    RatedCurrent,
    /// 06: largest current, ASCII 6.
    LargestCurrent,
    /// 07: active class, ASCII 4.
    ActiveClass,
    /// 08: reactive class, ASCII 4.
    ReactiveClass,
    /// 09: active constant, 3 bytes.
    ActiveConstant,
    /// 0A: reactive constant, 3 bytes.
    ReactiveConstant,
    /// 0B: model, ASCII 10.
    Model,
    /// 0C: date of production, ASCII 10.
    Produced,
}

/// Which ring of freezes, class 05.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeRing {
    /// DI2 04 (extension of the State Grid, from memory).
    Hourly,
    /// DI2 06 (read).
    Daily,
}

/// What of a freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezePart {
    /// DI1 00: its time.
    Time,
    /// DI1 01: forward active energy.
    Forward,
    /// DI1 02: reverse active energy.
    Reverse,
}

/// An item that this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Class 00. At most one of the two picks is a block.
    Energy {
        /// Which energy.
        energy: ActiveEnergy,
        /// 00 total, 01 to 04 rates.
        rate: Pick,
        /// 00 now, 01 to 0C settlements back.
        settlement: Pick,
    },
    /// Class 02 with phases.
    Instantaneous(Instantaneous, Pick),
    /// 02800001: neutral current.
    NeutralCurrent,
    /// 02800002: frequency.
    Frequency,
    /// 04000101.
    Date,
    /// 04000102.
    Time,
    /// 040004xx.
    Nameplate(Nameplate),
    /// 04000601: how the combined energy is made.
    CombinationWord,
    /// Class 05: a freeze, 01 being the newest.
    Freeze(FreezeRing, FreezePart, u8),
}

impl Item {
    /// `None` if this version doesn't know the item.
    #[must_use]
    pub fn of(id: DataId) -> Option<Self> {
        let [class, group, one, zero] = id.0.to_be_bytes();
        match (class, group) {
            (0x00, _) => energy(group, one, zero),
            (0x02, 0x80) => match (one, zero) {
                (0x00, 0x01) => Some(Self::NeutralCurrent),
                (0x00, 0x02) => Some(Self::Frequency),
                _ => None,
            },
            (0x02, _) if zero == 0 => instantaneous(group, one),
            (0x04, 0x00) => parameter(one, zero),
            (0x05, _) => freeze(group, one, zero),
            _ => None,
        }
    }
}

fn energy(group: u8, one: u8, zero: u8) -> Option<Item> {
    let energy = match group {
        0x00 => ActiveEnergy::Combined,
        0x01 => ActiveEnergy::Forward,
        0x02 => ActiveEnergy::Reverse,
        _ => return None,
    };
    let (rate, settlement) = (Pick::new(one, 0..=4)?, Pick::new(zero, 0..=12)?);
    // 5 × 13 registers need follow-up frames: not in this version.
    let both = (rate, settlement) == (Pick::All, Pick::All);
    (!both).then_some(Item::Energy { energy, rate, settlement })
}

fn instantaneous(group: u8, one: u8) -> Option<Item> {
    let value = match group {
        0x01 => Instantaneous::Voltage,
        0x02 => Instantaneous::Current,
        0x03 => Instantaneous::ActivePower,
        0x04 => Instantaneous::ReactivePower,
        0x05 => Instantaneous::ApparentPower,
        0x06 => Instantaneous::PowerFactor,
        _ => return None,
    };
    Pick::new(one, value.numbers()).map(|pick| Item::Instantaneous(value, pick))
}

fn parameter(one: u8, zero: u8) -> Option<Item> {
    match (one, zero) {
        (0x01, 0x01) => Some(Item::Date),
        (0x01, 0x02) => Some(Item::Time),
        (0x04, _) => nameplate(zero).map(Item::Nameplate),
        (0x06, 0x01) => Some(Item::CombinationWord),
        _ => None,
    }
}

const fn nameplate(zero: u8) -> Option<Nameplate> {
    Some(match zero {
        0x01 => Nameplate::Address,
        0x02 => Nameplate::MeterNumber,
        0x04 => Nameplate::RatedVoltage,
        0x05 => Nameplate::RatedCurrent,
        0x06 => Nameplate::LargestCurrent,
        0x07 => Nameplate::ActiveClass,
        0x08 => Nameplate::ReactiveClass,
        0x09 => Nameplate::ActiveConstant,
        0x0a => Nameplate::ReactiveConstant,
        0x0b => Nameplate::Model,
        0x0c => Nameplate::Produced,
        _ => return None,
    })
}

const fn freeze(group: u8, one: u8, zero: u8) -> Option<Item> {
    let ring = match group {
        0x04 => FreezeRing::Hourly,
        0x06 => FreezeRing::Daily,
        _ => return None,
    };
    let part = match one {
        0x00 => FreezePart::Time,
        0x01 => FreezePart::Forward,
        0x02 => FreezePart::Reverse,
        _ => return None,
    };
    match zero {
        0x00 | 0xff => None,
        back => Some(Item::Freeze(ring, part, back)),
    }
}
