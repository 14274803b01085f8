//! How the bytes are read. Every reader returns `None` instead of reading past the end.

use core::marker::PhantomData;

use quantity::{Duration, Energy, Price};

use crate::{Band, CustomerClass, Direction, Item, Role, SignalId, TierBasis};

/// Numbers of the instructions.
pub(crate) mod opcode {
    pub(crate) const CONSTANT: u8 = 0x01;
    pub(crate) const TABLE: u8 = 0x02;
    pub(crate) const SIGNAL: u8 = 0x03;
    pub(crate) const ADD: u8 = 0x04;
    pub(crate) const SUBTRACT: u8 = 0x05;
    pub(crate) const LESSER: u8 = 0x06;
    pub(crate) const GREATER: u8 = 0x07;
    pub(crate) const CHARGE: u8 = 0x10;
    pub(crate) const CHARGE_TIERS: u8 = 0x11;
    pub(crate) const WHEN: u8 = 0x12;
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Pushes a price of the pool.
    Constant { pool: u8 },
    /// Pushes the price that a band table has for the moment.
    Table { table: u8 },
    /// Pushes a signal: clamped, or its default when missing or too old.
    Signal { id: SignalId },
    /// Pops two prices, pushes the sum.
    Add,
    /// Pops two prices, pushes the first less the second.
    Subtract,
    /// Pops two prices, pushes the smaller one.
    Lesser,
    /// Pops two prices, pushes the larger one.
    Greater,
    /// Pops a price and charges it on the energy.
    Charge { item: Item, leg: u8 },
    /// Charges a tier table on the energy.
    ChargeTiers { item: Item, leg: u8, tiers: u8 },
    /// Outside these months or bands, skips the next `skip` bytes: exactly one charge.
    When { months: u16, bands: u8, skip: u8 },
}

/// Reads forward and never past the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn price(&mut self) -> Option<Price> {
        let micro_yuan = i32::from_le_bytes(self.array()?);
        Some(Price::from_micro_yuan_per_kwh(i64::from(micro_yuan)))
    }

    pub(crate) fn energy(&mut self) -> Option<Energy> {
        let milliwatt_hours = i64::try_from(u64::from_le_bytes(self.array()?)).ok()?;
        Some(Energy::from_milliwatt_hours(milliwatt_hours))
    }
}

/// Something that can be read from the front of bytes.
pub(crate) trait Decode<'a>: Sized {
    fn decode(reader: &mut Reader<'a>) -> Option<Self>;
}

/// The rows of a section; ends at the first row that can't be read.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'a, T> {
    reader: Reader<'a>,
    row: PhantomData<T>,
}

impl<'a, T> Rows<'a, T> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new(bytes), row: PhantomData }
    }

    /// Bytes behind the last row that was read.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }
}

impl<'a, T: Decode<'a>> Iterator for Rows<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        T::decode(&mut self.reader)
    }
}

/// The part of the header with a fixed length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed {
    pub(crate) class: CustomerClass,
    pub(crate) direction: Direction,
    pub(crate) version: u32,
    pub(crate) interval_seconds: u32,
    pub(crate) energy_max: Energy,
    pub(crate) floor: Price,
    pub(crate) cap: Price,
    pub(crate) steps_max: u16,
    pub(crate) stack_max: u8,
    pub(crate) counts: Counts,
}

/// How many rows each section has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) legs: u8,
    pub(crate) signals: u8,
    pub(crate) days: u8,
    pub(crate) tables: u8,
    pub(crate) tiers: u8,
    pub(crate) pool: u8,
    pub(crate) code_bytes: u16,
}

impl Fixed {
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_seconds(i64::from(self.interval_seconds))
    }
}

impl<'a> Decode<'a> for Fixed {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let class = CustomerClass::from_byte(reader.u8()?)?;
        let direction = Direction::from_byte(reader.u8()?)?;
        let legs = reader.u8()?;
        Some(Self {
            class,
            direction,
            version: reader.u32()?,
            interval_seconds: reader.u32()?,
            energy_max: reader.energy()?,
            floor: reader.price()?,
            cap: reader.price()?,
            steps_max: reader.u16()?,
            stack_max: reader.u8()?,
            counts: Counts {
                legs,
                signals: reader.u8()?,
                days: reader.u8()?,
                tables: reader.u8()?,
                tiers: reader.u8()?,
                pool: reader.u8()?,
                code_bytes: reader.u16()?,
            },
        })
    }
}

/// The bytes of each section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections<'a> {
    pub(crate) legs: &'a [u8],
    pub(crate) signals: &'a [u8],
    pub(crate) days: &'a [u8],
    pub(crate) tables: &'a [u8],
    pub(crate) tiers: &'a [u8],
    pub(crate) pool: &'a [u8],
    pub(crate) code: &'a [u8],
}

/// Cuts off as many rows as the header counts.
pub(crate) fn section<'a, T: Decode<'a>>(reader: &mut Reader<'a>, count: u8) -> Option<&'a [u8]> {
    let mut rows = *reader;
    for _ in 0..count {
        T::decode(&mut rows)?;
    }
    let length = reader.rest().len().checked_sub(rows.rest().len())?;
    reader.take(length)
}

/// Between which wallets a leg moves money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Who pays.
    pub debit: Role,
    /// Who is paid.
    pub credit: Role,
}

impl<'a> Decode<'a> for Leg {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let debit = Role::from_byte(reader.u8()?)?;
        Some(Self { debit, credit: Role::from_byte(reader.u8()?)? })
    }
}

/// How far a signal may move a price, and what holds without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalRule {
    /// Which signal.
    pub id: SignalId,
    /// Holds when the signal is missing or too old.
    pub default: Price,
    /// A smaller value is raised to this.
    pub low: Price,
    /// A larger value is lowered to this.
    pub high: Price,
    /// A value that is older than this at the start of a settlement is not used.
    pub age_max: Duration,
}

impl<'a> Decode<'a> for SignalRule {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            id: SignalId::from_byte(reader.u8()?)?,
            default: reader.price()?,
            low: reader.price()?,
            high: reader.price()?,
            age_max: Duration::from_seconds(i64::from(reader.u32()?)),
        })
    }
}

/// From which minute on which band holds, in some months.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DayPlan<'a> {
    pub(crate) months: u16,
    starts: &'a [u8],
}

/// One start of a day plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) minute: u16,
    pub(crate) band: Band,
}

impl<'a> Decode<'a> for Start {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let minute = reader.u16()?;
        Some(Self { minute, band: Band::from_byte(reader.u8()?)? })
    }
}

impl<'a> Decode<'a> for DayPlan<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let months = reader.u16()?;
        let count = reader.u8()?;
        Some(Self { months, starts: section::<Start>(reader, count)? })
    }
}

impl<'a> DayPlan<'a> {
    pub(crate) fn starts(&self) -> Rows<'a, Start> {
        Rows::new(self.starts)
    }

    pub(crate) const fn start_bytes(&self) -> &'a [u8] {
        self.starts
    }

    /// The set of bands that occur.
    pub(crate) fn bands(&self) -> u8 {
        self.starts().fold(0, |bands, start| bands | start.band.bit())
    }
}

/// A price for each band, in each month.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BandTable<'a> {
    rows: &'a [u8],
}

/// The prices of a band table in some months.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BandRow<'a> {
    pub(crate) months: u16,
    pub(crate) bands: u8,
    prices: &'a [u8],
}

impl<'a> Decode<'a> for BandRow<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let months = reader.u16()?;
        let bands = reader.u8()?;
        let count = u8::try_from(bands.count_ones()).ok()?;
        Some(Self { months, bands, prices: section::<Price>(reader, count)? })
    }
}

impl<'a> BandRow<'a> {
    pub(crate) fn price(&self, band: Band) -> Option<Price> {
        let mut prices = Rows::new(self.prices);
        for candidate in Band::ALL.iter().filter(|candidate| self.bands & candidate.bit() != 0) {
            let price = prices.next();
            if *candidate == band {
                return price;
            }
        }
        None
    }

    pub(crate) fn prices(&self) -> Rows<'a, Price> {
        Rows::new(self.prices)
    }

    /// Everything but the months, to find rows that say the same.
    pub(crate) const fn content(&self) -> (u8, &'a [u8]) {
        (self.bands, self.prices)
    }
}

impl<'a> Decode<'a> for BandTable<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let count = reader.u8()?;
        Some(Self { rows: section::<BandRow<'_>>(reader, count)? })
    }
}

impl<'a> BandTable<'a> {
    pub(crate) fn rows(&self) -> Rows<'a, BandRow<'a>> {
        Rows::new(self.rows)
    }

    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.rows
    }

    /// The price of a band in a month given as its bit.
    pub(crate) fn price(&self, month_bit: u16, band: Band) -> Option<Price> {
        self.rows().find(|row| row.months & month_bit != 0)?.price(band)
    }
}

/// Prices by the energy of a month or year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TierTable<'a> {
    pub(crate) basis: TierBasis,
    limits: &'a [u8],
    prices: &'a [u8],
}

impl<'a> Decode<'a> for TierTable<'a> {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let basis = TierBasis::from_byte(reader.u8()?)?;
        let tiers = reader.u8()?;
        let limits = section::<Energy>(reader, tiers.checked_sub(1)?)?;
        Some(Self { basis, limits, prices: section::<Price>(reader, tiers)? })
    }
}

impl<'a> TierTable<'a> {
    pub(crate) fn limits(&self) -> Rows<'a, Energy> {
        Rows::new(self.limits)
    }

    pub(crate) fn prices(&self) -> Rows<'a, Price> {
        Rows::new(self.prices)
    }

    /// Everything, to find tables that say the same.
    pub(crate) const fn content(&self) -> (TierBasis, &'a [u8], &'a [u8]) {
        (self.basis, self.limits, self.prices)
    }
}

impl<'a> Decode<'a> for Price {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        reader.price()
    }
}

impl<'a> Decode<'a> for Energy {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        reader.energy()
    }
}

impl<'a> Decode<'a> for Op {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.u8()? {
            opcode::CONSTANT => Self::Constant { pool: reader.u8()? },
            opcode::TABLE => Self::Table { table: reader.u8()? },
            opcode::SIGNAL => Self::Signal { id: SignalId::from_byte(reader.u8()?)? },
            opcode::ADD => Self::Add,
            opcode::SUBTRACT => Self::Subtract,
            opcode::LESSER => Self::Lesser,
            opcode::GREATER => Self::Greater,
            opcode::CHARGE => {
                Self::Charge { item: Item::from_byte(reader.u8()?)?, leg: reader.u8()? }
            }
            opcode::CHARGE_TIERS => Self::ChargeTiers {
                item: Item::from_byte(reader.u8()?)?,
                leg: reader.u8()?,
                tiers: reader.u8()?,
            },
            opcode::WHEN => {
                Self::When { months: reader.u16()?, bands: reader.u8()?, skip: reader.u8()? }
            }
            _ => return None,
        })
    }
}
