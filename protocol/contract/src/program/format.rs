//! How the bytes are read. Every reader returns `None` instead of reading past the end.

use core::marker::PhantomData;

use quantity::{Duration, Energy, Price};

use crate::{Item, Quantity, SignalId};

/// Numbers of the instructions.
pub(crate) mod opcode {
    pub(crate) const CONSTANT: u8 = 0x01;
    pub(crate) const TABLE: u8 = 0x02;
    pub(crate) const SIGNAL: u8 = 0x03;
    pub(crate) const ADD: u8 = 0x04;
    pub(crate) const SUBTRACT: u8 = 0x05;
    pub(crate) const LESSER: u8 = 0x06;
    pub(crate) const GREATER: u8 = 0x07;
    pub(crate) const STEPS: u8 = 0x08;
    pub(crate) const SHARE: u8 = 0x09;
    pub(crate) const SELECT: u8 = 0x0a;
    pub(crate) const CHARGE: u8 = 0x10;
    pub(crate) const CHARGE_TIERS: u8 = 0x11;
    pub(crate) const WHEN: u8 = 0x12;
    pub(crate) const CHARGE_ON: u8 = 0x13;
    pub(crate) const CHARGE_BEYOND: u8 = 0x14;
    pub(crate) const CHARGE_PART: u8 = 0x15;
}

/// One instruction. A price on the stack is an `i64` in millionths of its unit.
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
    /// Pushes what a steps table has for its quantity.
    Steps { table: u8 },
    /// Pops a price, pushes a share of it, rounded.
    Share(Share),
    /// Pops `b`, then `a`; pushes `a` if the condition holds, else `b`.
    Select { condition: u8 },
    /// Pops a price, less the parts charged of it, and charges it on the energy.
    Charge { item: Item, leg: u8 },
    /// Charges a tier table on the energy.
    ChargeTiers { item: Item, leg: u8, tiers: u8 },
    /// The same as `Charge` on another quantity.
    ChargeOn { item: Item, leg: u8, quantity: Quantity },
    /// Pops a price and charges it on what a quantity is beyond a share of another one.
    ChargeBeyond { item: Item, leg: u8, quantity: Quantity, ppm: u32, base: Quantity },
    /// Charges a share of the topmost price, rounded down, and leaves the price where it is.
    ChargePart { item: Item, leg: u8, quantity: Quantity, ppm: u32 },
    /// Where the condition doesn't hold, skips the next `skip` bytes: exactly one price statement.
    When { condition: u8, skip: u8 },
}

/// Why, where to and on what: no two price statements have all three in common.
pub(crate) type Target = (Item, u8, Quantity);

impl Op {
    /// What an instruction charges, if it does.
    pub(crate) const fn target(self) -> Option<Target> {
        match self {
            Self::Charge { item, leg } | Self::ChargeTiers { item, leg, .. } => {
                Some((item, leg, Quantity::Energy))
            }
            Self::ChargeOn { item, leg, quantity }
            | Self::ChargeBeyond { item, leg, quantity, .. }
            | Self::ChargePart { item, leg, quantity, .. } => Some((item, leg, quantity)),
            Self::Constant { .. }
            | Self::Table { .. }
            | Self::Signal { .. }
            | Self::Steps { .. }
            | Self::Add
            | Self::Subtract
            | Self::Lesser
            | Self::Greater
            | Self::Share(_)
            | Self::Select { .. }
            | Self::When { .. } => None,
        }
    }
}

/// `ppm` millionths of a price, rounded to a multiple of `unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) ppm: u32,
    pub(crate) rounding: Rounding,
    /// In millionths; the result is a multiple of it.
    pub(crate) unit: u32,
}

/// Which multiple a share is rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Rounding {
    /// The next one that isn't above.
    Down = 0,
    /// The nearest one; the upper one if both are equally near.
    HalfUp = 1,
}

impl Rounding {
    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Down),
            1 => Some(Self::HalfUp),
            _ => None,
        }
    }
}

/// Reads forward and never past the end. What isn't there reads as zero, and the reader remembers:
/// whoever reads asks once, at the end, whether all of it was sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    is_sound: bool,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, is_sound: true }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything that was read was there, and in its one form.
    pub(crate) const fn is_sound(&self) -> bool {
        self.is_sound
    }

    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let parts = self.rest.split_at_checked(length);
        self.is_sound &= parts.is_some();
        let (head, rest) = parts.unwrap_or_default();
        self.rest = rest;
        head
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).first_chunk().copied().unwrap_or([0; N])
    }

    pub(crate) fn u8(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(crate) fn price(&mut self) -> Price {
        let micro_yuan = i32::from_le_bytes(self.array());
        Price::from_micro_yuan_per_kwh(i64::from(micro_yuan))
    }

    /// An amount that isn't negative, in eight bytes.
    pub(crate) fn amount(&mut self) -> i64 {
        let value = u64::from_le_bytes(self.array());
        self.not_negative(value)
    }

    pub(crate) fn energy(&mut self) -> Energy {
        Energy::from_milliwatt_hours(self.amount())
    }

    fn not_negative(&mut self, value: u64) -> i64 {
        let value = value.cast_signed();
        self.is_sound &= value >= 0;
        value
    }

    /// Seven bits a byte, lowest first, in the fewest bytes that hold the number.
    pub(crate) fn varint(&mut self) -> u64 {
        let mut value = 0_u64;
        let mut shift = 0_u32;
        loop {
            let byte = self.u8();
            // The tenth byte has room for one bit, and a last byte of zero would say nothing.
            let fits = shift < 63 || byte <= 1;
            self.is_sound &= fits && (byte != 0 || shift == 0);
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            shift = shift.saturating_add(7);
            if byte & 0x80 == 0 || !fits {
                return value;
            }
        }
    }

    /// A varint that isn't negative as a signed number.
    pub(crate) fn whole(&mut self) -> i64 {
        let value = self.varint();
        self.not_negative(value)
    }

    /// A signed number: 0, -1, 1, -2, … as the varints 0, 1, 2, 3, …
    pub(crate) fn signed(&mut self) -> i64 {
        let folded = self.varint();
        let size = (folded >> 1).cast_signed();
        if folded & 1 == 0 { size } else { !size }
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

/// What the header says behind class and direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed<'a> {
    pub(crate) version: u32,
    pub(crate) interval_seconds: u32,
    pub(crate) energy_max: Energy,
    pub(crate) floor: Price,
    pub(crate) cap: Price,
    pub(crate) steps_max: u16,
    pub(crate) stack_max: u8,
    /// Rows of each section of rows.
    counts: &'a [u8],
    pub(crate) examples: u8,
    /// First year whose special days are listed, and how many years follow one another.
    pub(crate) first_year: u16,
    pub(crate) years: u8,
    pub(crate) code_bytes: u16,
}

/// The sections in their order in the bytes: rows, then the code, then the examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Legs,
    Signals,
    Quantities,
    Conditions,
    Special,
    Days,
    Tables,
    Steps,
    Tiers,
    Pool,
    Prepaid,
    Code,
    Examples,
}

impl Section {
    const ALL: [Self; 13] = [
        Self::Legs,
        Self::Signals,
        Self::Quantities,
        Self::Conditions,
        Self::Special,
        Self::Days,
        Self::Tables,
        Self::Steps,
        Self::Tiers,
        Self::Pool,
        Self::Prepaid,
        Self::Code,
        Self::Examples,
    ];

    /// Passes one row without looking at what it says.
    pub(crate) fn pass_row(self, reader: &mut Reader<'_>) {
        let length = match self {
            Self::Legs | Self::Pool => 5,
            Self::Signals | Self::Quantities => 17,
            Self::Conditions => 10,
            Self::Special => 4,
            Self::Prepaid => 21,
            Self::Days => {
                reader.take(3);
                usize::from(reader.u8()).saturating_mul(3)
            }
            Self::Steps => {
                reader.take(2);
                limits_and_prices(reader.u8())
            }
            Self::Tiers => {
                reader.take(1);
                limits_and_prices(reader.u8())
            }
            Self::Tables => return pass_band_table(reader),
            Self::Code | Self::Examples => 0,
        };
        reader.take(length);
    }
}

/// One limit less than there are prices.
fn limits_and_prices(prices: u8) -> usize {
    usize::from(prices).saturating_mul(12).saturating_sub(8)
}

fn pass_band_table(reader: &mut Reader<'_>) {
    reader.take(1);
    for _ in 0..reader.u8() {
        reader.take(2);
        let prices = reader.u8().count_ones() as usize;
        reader.take(prices.saturating_mul(4));
    }
}

impl<'a> Fixed<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Self {
        Self {
            version: reader.u32(),
            interval_seconds: reader.u32(),
            energy_max: reader.energy(),
            floor: reader.price(),
            cap: reader.price(),
            steps_max: reader.u16(),
            stack_max: reader.u8(),
            counts: reader.take(Section::Code as usize),
            examples: reader.u8(),
            first_year: reader.u16(),
            years: reader.u8(),
            code_bytes: reader.u16(),
        }
    }

    pub(crate) fn interval(&self) -> Duration {
        Duration::from_seconds(i64::from(self.interval_seconds))
    }

    /// Rows of a section of rows.
    pub(crate) fn count(&self, section: Section) -> u8 {
        self.counts.get(section as usize).copied().unwrap_or_default()
    }
}

/// Where the sections begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Starts([u16; Section::ALL.len()]);

impl Starts {
    /// Leaves `reader` at the examples; it isn't sound if the sections don't fit the bytes.
    pub(crate) fn read(bytes: &[u8], reader: &mut Reader<'_>, fixed: &Fixed<'_>) -> Self {
        Self(Section::ALL.map(|section| {
            let at = bytes.len().saturating_sub(reader.rest().len());
            if section == Section::Code {
                reader.take(usize::from(fixed.code_bytes));
            }
            for _ in 0..fixed.count(section) {
                section.pass_row(reader);
            }
            u16::try_from(at).unwrap_or(u16::MAX)
        }))
    }

    /// The bytes of a section; of the examples, all that is left.
    pub(crate) fn of(self, section: Section, bytes: &[u8]) -> &[u8] {
        let behind = (section as usize).saturating_add(1);
        let end = self.0.get(behind).map_or(bytes.len(), |end| usize::from(*end));
        bytes.get(self.at(section)..end).unwrap_or_default()
    }

    pub(crate) fn at(self, section: Section) -> usize {
        self.0.get(section as usize).copied().map_or(usize::MAX, usize::from)
    }
}

/// Cuts off as many rows as are counted.
pub(crate) fn section<'a, T: Decode<'a>>(reader: &mut Reader<'a>, count: u8) -> Option<&'a [u8]> {
    cut(reader, usize::from(count), skip::<T>)
}

/// Passes one row, and says whether it could be read.
pub(crate) type Skip<'a> = fn(&mut Reader<'a>) -> bool;

pub(crate) fn skip<'a, T: Decode<'a>>(reader: &mut Reader<'a>) -> bool {
    T::decode(reader).is_some()
}

fn cut<'a>(reader: &mut Reader<'a>, count: usize, skip: Skip<'a>) -> Option<&'a [u8]> {
    let start = reader.rest();
    for _ in 0..count {
        if !skip(reader) {
            return None;
        }
    }
    start.get(..start.len().checked_sub(reader.rest().len())?)
}

impl<'a> Decode<'a> for Price {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let price = reader.price();
        reader.is_sound().then_some(price)
    }
}

impl<'a> Decode<'a> for Energy {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let energy = reader.energy();
        reader.is_sound().then_some(energy)
    }
}

impl<'a> Decode<'a> for Op {
    fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        let number = reader.u8();
        let op = match number {
            opcode::CHARGE.. => charge_op(number, reader)?,
            opcode::CONSTANT => Self::Constant { pool: reader.u8() },
            opcode::TABLE => Self::Table { table: reader.u8() },
            opcode::SIGNAL => Self::Signal { id: SignalId::from_byte(reader.u8())? },
            opcode::ADD => Self::Add,
            opcode::SUBTRACT => Self::Subtract,
            opcode::LESSER => Self::Lesser,
            opcode::GREATER => Self::Greater,
            opcode::STEPS => Self::Steps { table: reader.u8() },
            opcode::SHARE => Self::Share(Share {
                ppm: reader.u32(),
                rounding: Rounding::from_byte(reader.u8())?,
                unit: reader.u32(),
            }),
            opcode::SELECT => Self::Select { condition: reader.u8() },
            _ => return None,
        };
        reader.is_sound().then_some(op)
    }
}

/// The instructions that charge, and the one that guards them.
fn charge_op(number: u8, reader: &mut Reader<'_>) -> Option<Op> {
    if number == opcode::WHEN {
        return Some(Op::When { condition: reader.u8(), skip: reader.u8() });
    }
    let (item, leg) = (Item::from_byte(reader.u8())?, reader.u8());
    let quantity = |reader: &mut Reader<'_>| Quantity::from_byte(reader.u8());
    Some(match number {
        opcode::CHARGE => Op::Charge { item, leg },
        opcode::CHARGE_TIERS => Op::ChargeTiers { item, leg, tiers: reader.u8() },
        opcode::CHARGE_ON => Op::ChargeOn { item, leg, quantity: quantity(reader)? },
        opcode::CHARGE_BEYOND => {
            let (quantity, ppm) = (quantity(reader)?, reader.u32());
            Op::ChargeBeyond { item, leg, quantity, ppm, base: Quantity::from_byte(reader.u8())? }
        }
        opcode::CHARGE_PART => {
            Op::ChargePart { item, leg, quantity: quantity(reader)?, ppm: reader.u32() }
        }
        _ => return None,
    })
}
