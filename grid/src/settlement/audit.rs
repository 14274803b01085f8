//! Checks of a record before it's booked.

use super::{Account, Register, enters_purse};
use contract::{Direction, Item, Quantity, Role};
use core::fmt;
use quantity::{Energy, Money};
use wire::Digest;
use wire::evidence::{ItemLine, LegLine, SettlementRecord};

/// Why a record can't be booked. The number is the code for people and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordFault {
    /// The meter has no book.
    UnknownMeter = 1,
    /// Another record with this number was booked.
    Conflict = 2,
    /// A number is missing before it.
    Gap = 3,
    /// The direction or the role of a wallet has no meaning.
    Vocabulary = 4,
    /// The interval is empty, or begins before the last one ended.
    Interval = 5,
    /// The register runs backwards.
    Register = 6,
    /// The register doesn't continue where it was settled to.
    RegisterGap = 7,
    /// A line prices energy that didn't move, or more of a quantity than there was.
    LineAmount = 8,
    /// A line belongs to no leg, or a leg stands there twice.
    LineLeg = 9,
    /// The lines of a leg don't sum to its charge.
    Charge = 10,
    /// `carried before + charged` isn't `paid + carried after`.
    Carry = 11,
    /// A leg doesn't carry what it carried at the end of the record before.
    CarryGap = 12,
    /// An amount is far outside any meter's.
    Range = 13,
}

impl RecordFault {
    /// The code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for RecordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownMeter => "the meter has no book",
            Self::Conflict => "another record with this number was booked",
            Self::Gap => "a number is missing before it",
            Self::Vocabulary => "a direction or a role has no meaning",
            Self::Interval => "the interval is empty or begins before the last one ended",
            Self::Register => "the register runs backwards",
            Self::RegisterGap => "the register doesn't continue where it was settled to",
            Self::LineAmount => "a line prices more than moved or was measured",
            Self::LineLeg => "a line belongs to no leg, or a leg stands there twice",
            Self::Charge => "the lines of a leg don't sum to its charge",
            Self::Carry => "carried before plus charged isn't paid plus carried after",
            Self::CarryGap => "a leg doesn't carry what it carried before",
            Self::Range => "an amount is far outside any meter's",
        })
    }
}

impl core::error::Error for RecordFault {}

/// 100 million yuan in one settlement, in micro-yuan. Sums of the books then stay inside 64 bits.
const MONEY_MAX: Money = Money::from_micro_yuan(100_000_000_000_000);
/// 100 TWh, more than any register shows.
const ENERGY_MAX: Energy = Energy::from_kwh(100_000_000_000);

/// Checks a record by itself and against the book of its meter; returns its direction.
pub(super) fn check(
    record: &SettlementRecord,
    account: &Account,
) -> Result<Direction, RecordFault> {
    ensure(record.sequence == account.sequence + 1, RecordFault::Gap)?;
    let direction = Direction::from_byte(record.direction).ok_or(RecordFault::Vocabulary)?;
    check_range(record)?;
    ensure(record.start < record.end, RecordFault::Interval)?;
    ensure(record.register_before <= record.register_after, RecordFault::Register)?;
    check_lines(record)?;
    record.legs.iter().try_for_each(|leg| check_leg(record, leg))?;
    let register = account.registers.get(&direction);
    register.map_or(Ok(()), |register| check_continuity(record, register))?;
    Ok(direction)
}

fn ensure(holds: bool, fault: RecordFault) -> Result<(), RecordFault> {
    if holds { Ok(()) } else { Err(fault) }
}

fn check_range(record: &SettlementRecord) -> Result<(), RecordFault> {
    let energy = |energy: Energy| (Energy::ZERO..=ENERGY_MAX).contains(&energy);
    let registers = energy(record.register_before) && energy(record.register_after);
    let money = |leg: &LegLine| {
        let paid = leg.paid.to_money().unwrap_or(Money::MAX);
        let amounts = [leg.charged, leg.carried_before, leg.carried_after, paid];
        amounts.into_iter().all(|amount| amount.abs() <= MONEY_MAX)
    };
    ensure(registers && record.legs.iter().all(money), RecordFault::Range)
}

fn check_lines(record: &SettlementRecord) -> Result<(), RecordFault> {
    for line in &record.items {
        let known = amount_of(record, line.quantity);
        let inside = known.is_some_and(|most| (0..=most).contains(&line.amount));
        ensure(inside, RecordFault::LineAmount)?;
        let legs = record.legs.iter().filter(|leg| leg.leg == line.leg);
        ensure(legs.count() == 1, RecordFault::LineLeg)?;
    }
    let twice = |leg: &LegLine| record.legs.iter().filter(|other| other.leg == leg.leg).count() > 1;
    ensure(!record.legs.iter().any(twice), RecordFault::LineLeg)
}

/// How much of a quantity the record says that there was.
fn amount_of(record: &SettlementRecord, quantity: u8) -> Option<i64> {
    if Quantity::from_byte(quantity)? == Quantity::Energy {
        return Some((record.register_after - record.register_before).milliwatt_hours());
    }
    let used = record.quantities.iter().find(|used| used.quantity == quantity);
    used.map(|used| used.amount)
}

fn check_leg(record: &SettlementRecord, leg: &LegLine) -> Result<(), RecordFault> {
    let roles = Role::from_byte(leg.debit).is_some() && Role::from_byte(leg.credit).is_some();
    ensure(roles, RecordFault::Vocabulary)?;
    let lines = lines_of(record, leg.leg).map(pico_yuan).sum::<i128>();
    let charged = i128::from(leg.charged.micro_yuan()) * 1_000_000;
    let rests = leg.pico_before < 1_000_000 && leg.pico_after < 1_000_000;
    let sum = lines + i128::from(leg.pico_before) == charged + i128::from(leg.pico_after);
    ensure(rests && sum, RecordFault::Charge)?;
    let before = i128::from(leg.carried_before.micro_yuan());
    let after = i128::from(leg.carried_after.micro_yuan());
    let charged = i128::from(leg.charged.micro_yuan());
    let paid = i128::from(leg.paid.fen()) * 10_000;
    ensure(before + charged == paid + after, RecordFault::Carry)
}

fn check_continuity(record: &SettlementRecord, register: &Register) -> Result<(), RecordFault> {
    ensure(record.register_before == register.reading, RecordFault::RegisterGap)?;
    ensure(record.start >= register.end, RecordFault::Interval)?;
    if record.contract != register.contract || register.contract == Digest::default() {
        return Ok(());
    }
    record.legs.iter().try_for_each(|leg| {
        let carried = register.legs.get(&leg.leg);
        let same = |carried: &super::Carried| {
            carried.pico == leg.pico_before && carried.money == leg.carried_before
        };
        ensure(carried.is_none_or(same), RecordFault::CarryGap)
    })
}

fn lines_of(record: &SettlementRecord, leg: u8) -> impl Iterator<Item = &ItemLine> {
    record.items.iter().filter(move |line| line.leg == leg)
}

fn pico_yuan(line: &ItemLine) -> i128 {
    i128::from(line.price.micro_yuan_per_kwh()) * i128::from(line.amount)
}

/// Energy part of what goes to the income wallet, exact.
pub(super) fn energy_sales(record: &SettlementRecord) -> i128 {
    let sales = record.legs.iter().filter(|leg| leg.credit == Role::GridIncome.byte());
    sales.map(|leg| energy_part(record, leg.leg)).sum()
}

/// Energy part of what comes out of the purchase wallet, exact.
pub(super) fn purchases(record: &SettlementRecord) -> i128 {
    let purchases = record.legs.iter().filter(|leg| leg.debit == Role::GridPurchase.byte());
    purchases.map(|leg| energy_part(record, leg.leg)).sum()
}

fn energy_part(record: &SettlementRecord, leg: u8) -> i128 {
    let enters = |line: &&ItemLine| Item::from_byte(line.item).is_some_and(enters_purse);
    lines_of(record, leg).filter(enters).map(pico_yuan).sum()
}
