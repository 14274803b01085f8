//! The value of each item.

use crate::freeze::{Freeze, FreezeKind};
use crate::layout::BILLING_FREEZES;
use crate::management::Management;
use crate::registers::{RateRegisters, Registers};
use crate::settings::{Settings, Wiring};
use quantity::{Energy, Instant};
use wire::dlt645::{
    ActiveEnergy, Address, Fields, FreezePart, FreezeRing, Instantaneous, Item, Nameplate, Pick,
};
use wire::memory::Memory;
use wire::reading::Reading;

/// 04000601: forward plus reverse (bits 0 and 2), the usual setting of a one-way meter (read).
/// Exported energy is counted as used: what a meter without feed-in is sealed with.
const COMBINATION_WORD: u8 = 0b0000_0101;

/// The data of an item; `None` if there is none.
pub(super) fn read<M: Memory>(
    management: &Management<M>,
    now: Instant,
    item: Item,
) -> Option<Fields> {
    let mut fields = Fields::new();
    match item {
        Item::Energy { energy, rate, settlement } => {
            for back in settlement.among(0..=BILLING_FREEZES) {
                match registers_back(management, back) {
                    Some(registers) => energies(&mut fields, &registers, energy, rate),
                    // A block ends with the oldest settlement that there is.
                    None if settlement == Pick::All => break,
                    None => return None,
                }
            }
        }
        Item::Instantaneous(value, pick) => instantaneous(&mut fields, management, value, pick),
        Item::NeutralCurrent => {
            current(&mut fields, management.live().map(|live| live.neutral_current_microamperes))
        }
        Item::Frequency => frequency(&mut fields, management.live()),
        Item::Date => fields.date(now.civil()),
        Item::Time => fields.time(now.civil()),
        Item::Nameplate(item) => nameplate(&mut fields, management.settings(), item),
        Item::CombinationWord => fields.bytes(&[COMBINATION_WORD]),
        Item::Freeze(ring, part, back) => {
            let kind = match ring {
                FreezeRing::Hourly => FreezeKind::Hourly,
                FreezeRing::Daily => FreezeKind::Daily,
            };
            frozen(&mut fields, &management.freeze_back(kind, back)?, ring, part);
        }
    }
    Some(fields)
}

fn registers_back<M: Memory>(management: &Management<M>, back: u8) -> Option<Registers> {
    match back {
        0 => Some(management.registers()),
        _ => management.freeze_back(FreezeKind::Billing, back).map(|freeze| freeze.registers),
    }
}

fn energies(fields: &mut Fields, registers: &Registers, energy: ActiveEnergy, rate: Pick) {
    for number in rate.among(0..=4) {
        let (import, export) =
            (by_rate(&registers.import, number), by_rate(&registers.export, number));
        match energy {
            ActiveEnergy::Combined => {
                fields.combined_register(import.checked_add(export).unwrap_or(Energy::MAX));
            }
            ActiveEnergy::Forward => fields.register(import),
            ActiveEnergy::Reverse => fields.register(export),
        }
    }
}

/// 0 is the total, 1 to 4 are the rates.
fn by_rate(registers: &RateRegisters, number: u8) -> Energy {
    match number.checked_sub(1) {
        None => registers.total,
        Some(index) => registers.rates.get(usize::from(index)).copied().unwrap_or_default(),
    }
}

fn instantaneous<M: Memory>(
    fields: &mut Fields,
    management: &Management<M>,
    value: Instantaneous,
    pick: Pick,
) {
    let phases = match management.settings().wiring {
        Wiring::SinglePhase => 1,
        Wiring::ThreePhase => 3,
    };
    for number in pick.among(value.numbers()) {
        let live = management.live().filter(|_| number <= phases);
        one_value(fields, live, value, number);
    }
}

/// One value of a phase, or of the total (number 0).
fn one_value(fields: &mut Fields, live: Option<&Reading>, value: Instantaneous, number: u8) {
    let length = match value {
        Instantaneous::Voltage | Instantaneous::PowerFactor => 2,
        Instantaneous::Current
        | Instantaneous::ActivePower
        | Instantaneous::ReactivePower
        | Instantaneous::ApparentPower => 3,
    };
    let Some(live) = live else {
        return fields.absent(length);
    };
    let phase = number.checked_sub(1).and_then(|index| live.phases.get(usize::from(index)));
    match value {
        Instantaneous::Voltage => {
            let millivolts = phase.map_or(0, |phase| phase.voltage_millivolts);
            fields.number(rounded(i64::from(millivolts), 100).unsigned_abs(), length);
        }
        Instantaneous::Current => current(fields, phase.map(|phase| phase.current_microamperes)),
        Instantaneous::ActivePower => {
            let power = phase.map_or(live.active, |phase| phase.active);
            fields.signed(rounded(power.milliwatts(), 100), length);
        }
        Instantaneous::ReactivePower => {
            let power = phase.map_or(live.reactive_milli_vars, |phase| phase.reactive_milli_vars);
            fields.signed(rounded(power, 100), length);
        }
        Instantaneous::ApparentPower => {
            let power = phase.map_or(live.apparent_milli_volt_amperes, |phase| {
                phase.apparent_milli_volt_amperes
            });
            fields.signed(rounded(power, 100), length);
        }
        Instantaneous::PowerFactor => {
            let factor =
                phase.map_or(live.power_factor_thousandths, |phase| phase.power_factor_thousandths);
            fields.signed(i64::from(factor), length);
        }
    }
}

/// XXX.XXX A; without sign, which stands in the power.
fn current(fields: &mut Fields, microamperes: Option<u32>) {
    match microamperes {
        Some(value) => fields.number(rounded(i64::from(value), 1000).unsigned_abs(), 3),
        None => fields.absent(3),
    }
}

/// XX.XX Hz.
fn frequency(fields: &mut Fields, live: Option<&Reading>) {
    match live {
        Some(live) => {
            let value = rounded(i64::from(live.frequency_millihertz), 10);
            fields.number(value.unsigned_abs(), 2);
        }
        None => fields.absent(2),
    }
}

/// `value / unit`, rounded to the nearest, halves away from zero: for display only.
const fn rounded(value: i64, unit: i64) -> i64 {
    let half = if value < 0 { -unit / 2 } else { unit / 2 };
    value.saturating_add(half) / unit
}

fn nameplate(fields: &mut Fields, settings: &Settings, item: Nameplate) {
    let ratings = &settings.ratings;
    match item {
        Nameplate::Address => fields.bytes(&Address::of(settings.address).0),
        Nameplate::MeterNumber => fields.bytes(&Address::of(settings.meter).0),
        Nameplate::RatedVoltage => fields.text(ratings.voltage.as_bytes(), 6),
        Nameplate::RatedCurrent => fields.text(ratings.current.as_bytes(), 6),
        Nameplate::LargestCurrent => fields.text(ratings.current_max.as_bytes(), 6),
        Nameplate::ActiveClass => fields.text(ratings.class_active.as_bytes(), 4),
        Nameplate::ReactiveClass => fields.text(ratings.class_reactive.as_bytes(), 4),
        Nameplate::ActiveConstant => {
            fields.number(u64::from(settings.constant_active.pulses()), 3);
        }
        Nameplate::ReactiveConstant => {
            fields.number(u64::from(settings.constant_reactive.pulses()), 3);
        }
        Nameplate::Model => fields.text(ratings.model.as_bytes(), 10),
        Nameplate::Produced => fields.text(ratings.produced.as_bytes(), 10),
    }
}

/// A daily freeze has total and rates (read), an hourly one the total only (from memory).
fn frozen(fields: &mut Fields, freeze: &Freeze, ring: FreezeRing, part: FreezePart) {
    let rate = match ring {
        FreezeRing::Hourly => Pick::One(0),
        FreezeRing::Daily => Pick::All,
    };
    match part {
        FreezePart::Time => fields.stamp(freeze.boundary.civil()),
        FreezePart::Forward => energies(fields, &freeze.registers, ActiveEnergy::Forward, rate),
        FreezePart::Reverse => energies(fields, &freeze.registers, ActiveEnergy::Reverse, rate),
    }
}
