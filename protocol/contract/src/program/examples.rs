//! Worked examples: they travel with the bytes, so that a chip runs them before it trusts the rest.

use heapless::Vec;
use quantity::{Duration, Energy, Instant, Money, Price};

use super::Program;
use super::format::Reader;
use super::load::{LoadFault, require};
use crate::{
    Carries, Entry, Facts, LEGS_MAX, Quantities, Quantity, SignalId, SignalValue, Signals,
};

/// Runs all of them; leaves `reader` behind the last, or in the one at fault.
pub(super) fn run(program: &Program<'_>, reader: &mut Reader<'_>) -> Result<(), LoadFault> {
    for number in 0..program.fixed().examples {
        let holds = run_one(program, reader);
        require(holds == Some(true), LoadFault::Example(number))?;
    }
    Ok(())
}

/// `None` where it can't be read, or where its settlement is refused.
fn run_one(program: &Program<'_>, reader: &mut Reader<'_>) -> Option<bool> {
    let start = Instant::EPOCH.checked_add(minutes(reader.whole())?)?;
    let energy = Energy::from_milliwatt_hours(reader.whole());
    let month_before = Energy::from_milliwatt_hours(reader.whole());
    let year_before = Energy::from_milliwatt_hours(reader.whole());
    let quantities = &quantities(program, reader)?;
    let signals = &signals(program, reader, start)?;
    let prepaid = program.prepaid().is_some();
    let held = if prepaid { reader.whole() } else { 0 };
    let held = Money::from_micro_yuan(held);
    let interval_end = start.checked_add(program.fixed().interval())?;
    let end = interval_end.min(program.next_boundary(start, signals));
    let facts = Facts { start, end, energy, month_before, year_before, signals, quantities, held };
    let mut carries = Carries::ZERO;
    let mut legs = Vec::<Money, LEGS_MAX>::new();
    let settled = program.settle_with(&facts, &mut carries, &mut |entry| {
        if let Entry::Leg(leg) = entry {
            // There is room for as many legs as a contract has.
            let _ = legs.push(leg.money);
        }
    });
    let settled = settled.ok()?;
    let mut holds = true;
    for (money, rest) in legs.iter().zip(carries.rests()) {
        let stated = (reader.signed(), u32::try_from(reader.varint()).ok()?);
        holds &= stated == (money.micro_yuan(), rest.pico_yuan());
    }
    if let Some(prepaid) = settled.prepaid {
        holds &= prepaid.hold.micro_yuan() == reader.whole();
    }
    Some(holds && reader.is_sound())
}

fn minutes(count: i64) -> Option<Duration> {
    Some(Duration::from_milliseconds(count.checked_mul(60_000)?))
}

/// Only what the contract declares, ascending.
fn quantities(program: &Program<'_>, reader: &mut Reader<'_>) -> Option<Quantities> {
    let mut quantities = Quantities::NONE;
    let mut last = Quantity::Energy;
    for _ in 0..reader.u8() {
        let quantity = Quantity::from_byte(reader.u8())?;
        let declared = quantity > last && program.most(quantity).is_some();
        quantities.set(quantity, Some(reader.whole()));
        last = declared.then_some(quantity)?;
    }
    Some(quantities)
}

/// Only what the contract reads, ascending.
fn signals(program: &Program<'_>, reader: &mut Reader<'_>, start: Instant) -> Option<Signals> {
    let mut signals = Signals::NONE;
    let mut last = None;
    for _ in 0..reader.u8() {
        let id = SignalId::from_byte(reader.u8())?;
        let read = Some(id) > last && program.signal_rules().any(|rule| rule.id == id);
        let price = Price::from_micro_yuan_per_kwh(reader.signed());
        let age = reader.whole();
        let from = start.unix_milliseconds().checked_sub(age)?;
        let from = Instant::from_unix_milliseconds(from);
        signals.set(id, Some(SignalValue { price, from }));
        last = Some(read.then_some(id)?);
    }
    Some(signals)
}
