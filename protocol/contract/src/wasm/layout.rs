//! What stands where in the memory of an emitted module: little-endian `i64` fields.

use heapless::Vec;
use quantity::{Money, PicoYuan, Price};

use crate::{
    Band, CHARGES_MAX, Carries, Facts, Item, ItemCharge, LEGS_MAX, Prepaid, Quantity, SIGNALS_MAX,
    SettleError, Settlement, SignalId, SignalValue,
};

pub(super) const START: u32 = 0;
pub(super) const END: u32 = 8;
pub(super) const ENERGY: u32 = 16;
pub(super) const MONTH_BEFORE: u32 = 24;
pub(super) const YEAR_BEFORE: u32 = 32;
pub(super) const HELD: u32 = 40;
const SIGNALS: u32 = 48;
const SIGNAL_BYTES: u32 = 24;
const QUANTITIES: u32 = 432;
const QUANTITY_BYTES: u32 = 16;
const CARRIES: u32 = 640;
pub(super) const TOTAL: u32 = 1024;
pub(super) const BAND: u32 = 1032;
pub(super) const LINES: u32 = 1040;
pub(super) const PREPAID: u32 = 1048;
pub(super) const POSTED: u32 = 1056;
pub(super) const HOLD: u32 = 1064;
const MONEY: u32 = 1072;
pub(super) const LINE: u32 = 1152;
pub(super) const LINE_BYTES: u32 = 40;
/// Sums of the legs while the module runs; means nothing outside.
const RAW: u32 = 2112;

/// Bytes that a caller writes at the start of the memory.
pub const INPUT_BYTES: usize = 704;
/// Bytes from the start of the memory that hold everything that a call reads or writes.
pub const MEMORY_BYTES: usize = 2176;

// The parts follow one another without overlap.
const _: () =
    assert!(SIGNALS as usize + SIGNALS_MAX * SIGNAL_BYTES as usize == QUANTITIES as usize);
const _: () =
    assert!(QUANTITIES as usize + Quantity::COUNT * QUANTITY_BYTES as usize <= CARRIES as usize);
const _: () = assert!(CARRIES as usize + LEGS_MAX * 8 == INPUT_BYTES);
const _: () = assert!(MONEY as usize + LEGS_MAX * 8 <= LINE as usize);
const _: () = assert!(LINE as usize + CHARGES_MAX * LINE_BYTES as usize <= RAW as usize);
const _: () = assert!(RAW as usize + LEGS_MAX * 8 == MEMORY_BYTES);

/// Whether a value is there (0 or 1), its price, and since when, in three fields.
pub(super) fn signal(id: SignalId) -> u32 {
    place(SIGNALS, id.index(), SIGNAL_BYTES)
}

/// Whether an amount is there (0 or 1), and the amount, in two fields.
pub(super) fn quantity(quantity: Quantity) -> u32 {
    place(QUANTITIES, usize::from(quantity.byte()), QUANTITY_BYTES)
}

pub(super) fn carry(leg: u8) -> u32 {
    place(CARRIES, usize::from(leg), 8)
}

pub(super) fn money(leg: u8) -> u32 {
    place(MONEY, usize::from(leg), 8)
}

pub(super) fn raw(leg: u8) -> u32 {
    place(RAW, usize::from(leg), 8)
}

fn place(first: u32, index: usize, bytes: u32) -> u32 {
    let index = u32::try_from(index).unwrap_or_default();
    first.saturating_add(index.saturating_mul(bytes))
}

/// What a module returns for a refusal; 0 is success.
#[must_use]
pub const fn status(error: SettleError) -> i32 {
    match error {
        SettleError::EmptyInterval => 1,
        SettleError::NegativeEnergy => 2,
        SettleError::EnergyAboveBound => 3,
        SettleError::Register => 4,
        SettleError::CrossesBoundary => 5,
        SettleError::Damaged => 6,
        SettleError::OutsideCalendar => 7,
        SettleError::MissingQuantity => 8,
        SettleError::QuantityOutOfRange => 9,
    }
}

/// What a module said about a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The lines of the bill.
    pub items: Vec<ItemCharge, CHARGES_MAX>,
    /// The amounts of the legs, by index.
    pub legs: Vec<Money, LEGS_MAX>,
    /// Sum of all legs.
    pub total: Money,
    /// Band of the interval.
    pub band: Band,
    /// What the hold of a prepaid leg is used for. The leg isn't in the memory but in the contract.
    pub prepaid: Option<Prepaid>,
    /// The rests after the settlement.
    pub carries: Carries,
}

impl Replay {
    /// What a module must leave behind where the interpreter gives this.
    #[must_use]
    pub fn expected(settlement: &Settlement, carries: Carries) -> Self {
        Self {
            items: settlement.items.clone(),
            legs: settlement.legs.iter().map(|leg| leg.money).collect(),
            total: settlement.total,
            band: settlement.band,
            prepaid: settlement.prepaid,
            carries,
        }
    }
}

/// The bytes that a caller writes to address 0 before it calls `settle`.
#[must_use]
pub fn input(facts: &Facts<'_>, carries: &Carries) -> [u8; INPUT_BYTES] {
    let mut bytes = [0; INPUT_BYTES];
    let mut put = |at: u32, value: i64| {
        let at = at as usize;
        if let Some(field) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<8>) {
            *field = value.to_le_bytes();
        }
    };
    put(START, facts.start.unix_milliseconds());
    put(END, facts.end.unix_milliseconds());
    put(ENERGY, facts.energy.milliwatt_hours());
    put(MONTH_BEFORE, facts.month_before.milliwatt_hours());
    put(YEAR_BEFORE, facts.year_before.milliwatt_hours());
    put(HELD, facts.held.micro_yuan());
    for id in SignalId::ALL {
        if let Some(SignalValue { price, from }) = facts.signals.get(*id) {
            let at = signal(*id);
            put(at, 1);
            put(at.saturating_add(8), price.micro_yuan_per_kwh());
            put(at.saturating_add(16), from.unix_milliseconds());
        }
    }
    for one in Quantity::ALL {
        if let Some(amount) = facts.quantities.get(*one) {
            put(quantity(*one), 1);
            put(quantity(*one).saturating_add(8), amount);
        }
    }
    for leg in (0_u8..).take(LEGS_MAX) {
        put(carry(leg), i64::from(carries.get(leg).pico_yuan()));
    }
    bytes
}

/// Reads what a module left behind in its memory after it returned 0. `prepaid` is the leg that
/// the contract pays out of a hold ([`crate::Header::prepaid`]).
///
/// `None` where the memory holds no settlement, such as a number that means nothing.
#[must_use]
pub fn output(memory: &[u8], legs: u8, prepaid: Option<u8>) -> Option<Replay> {
    let field = |at: u32| {
        let bytes = memory.get(at as usize..)?.first_chunk::<8>()?;
        Some(i64::from_le_bytes(*bytes))
    };
    let money = |at| field(at).map(Money::from_micro_yuan);
    let mut carries = Carries::ZERO;
    let mut moved = Vec::new();
    for leg in 0..legs {
        carries.set(leg, PicoYuan::new(u32::try_from(field(carry(leg))?).ok()?)?);
        moved.push(money(self::money(leg))?).ok()?;
    }
    let mut items = Vec::new();
    for line in (0..usize::try_from(field(LINES)?).ok()?).take(CHARGES_MAX) {
        let at = place(LINE, line, LINE_BYTES);
        let byte = |offset: u32| u8::try_from(field(at.saturating_add(offset))?).ok();
        let item = Item::from_byte(byte(0)?)?;
        let price = Price::from_micro_yuan_per_kwh(field(at.saturating_add(16))?);
        let quantity = Quantity::from_byte(byte(24)?)?;
        let amount = field(at.saturating_add(32))?;
        items.push(ItemCharge { item, leg: byte(8)?, price, quantity, amount }).ok()?;
    }
    let hold = |leg| Some(Prepaid { leg, posted: money(POSTED)?, hold: money(HOLD)? });
    Some(Replay {
        items,
        legs: moved,
        total: money(TOTAL)?,
        band: Band::from_byte(u8::try_from(field(BAND)?).ok()?)?,
        prepaid: if field(PREPAID)? == 1 { prepaid.and_then(hold) } else { None },
        carries,
    })
}
