//! The sections of the byte code as they stand in [`crate::program`].

use alloc::vec::Vec;

use quantity::{CivilDate, Duration, Energy, Instant, Price};

use super::check::{Run, ordered_days, rows_of, runs};
use super::compile::{Compiled, Condition};
use super::tree::{Contract, Day, Event, Example, LegRule, Signal, Steps, Switch, Tiers, Value};
use crate::program::{GENERAL, LANGUAGE_VERSION, LAST_DAY, MAGIC};
use crate::{Band, Quantity, SignalId, Unit};

/// Counts are far below 256 in whatever fits the byte limit; the loader refuses anything else.
pub(super) fn byte(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

/// The rows of each section, behind one another.
#[derive(Default)]
struct Sections {
    counts: Vec<u8>,
    bytes: Vec<u8>,
}

impl Sections {
    fn add<T>(&mut self, rows: impl IntoIterator<Item = T>, put: impl Fn(&mut Vec<u8>, T)) {
        let mut count = 0_usize;
        for row in rows {
            put(&mut self.bytes, row);
            count = count.saturating_add(1);
        }
        self.counts.push(byte(count));
    }
}

pub(super) fn assemble(contract: &Contract, out: &Compiled<'_>) -> Vec<u8> {
    let mut sections = Sections::default();
    sections.add(contract.leg_order(), put_leg);
    sections.add(signal_rows(contract), |bytes, row| bytes.extend(row));
    sections.add(quantity_rows(contract), |bytes, row| bytes.extend(row));
    sections.add(&out.conditions, put_condition);
    sections.add(runs(contract), put_run);
    let number = |day: &Day| {
        let condition = Condition::of_day(day)?;
        out.conditions.iter().position(|known| *known == condition).map(byte)
    };
    sections.add(ordered_days(contract), |bytes, day| put_day(bytes, day, number(day)));
    sections.add(&out.tables, |bytes, table| put_bands(bytes, contract, table));
    let steps = |name: &&str| contract.steps().find(|table| table.name.text == *name);
    sections.add(out.steps_tables.iter().filter_map(steps), put_steps);
    let tiers = |name: &&str| contract.tiers().find(|table| table.name.text == *name);
    sections.add(out.tiers.iter().filter_map(tiers), put_tiers);
    sections.add(&out.pool, |bytes, (unit, price)| {
        bytes.push(*unit);
        put_price(bytes, Price::from_micro_yuan_per_kwh(*price));
    });
    sections.add(prepaid_row(contract), |bytes, row| bytes.extend(row));
    sections.counts.push(byte(contract.examples.len()));
    let mut bytes = header(contract, out, &sections.counts);
    bytes.extend(sections.bytes);
    bytes.extend_from_slice(&out.code);
    for example in &contract.examples {
        put_example(&mut bytes, contract, example);
    }
    bytes
}

fn header(contract: &Contract, out: &Compiled<'_>, counts: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend([LANGUAGE_VERSION, contract.class.byte(), contract.direction.byte()]);
    bytes.extend(contract.version.to_le_bytes());
    bytes.extend(contract.interval_seconds.to_le_bytes());
    put_amount(&mut bytes, contract.energy_max.milliwatt_hours());
    put_price(&mut bytes, contract.limits.floor.price);
    put_price(&mut bytes, contract.limits.cap.price);
    bytes.extend(out.steps.to_le_bytes());
    bytes.push(out.depth_max);
    bytes.extend_from_slice(counts);
    let first = contract.special_days().next().map_or(0, |listed| listed.year);
    bytes.extend(u16::try_from(first).unwrap_or(u16::MAX).to_le_bytes());
    bytes.push(byte(contract.special_days().count()));
    bytes.extend(u16::try_from(out.code.len()).unwrap_or(u16::MAX).to_le_bytes());
    bytes
}

/// Prices in the source are within [`crate::PRICE_MAX`], which fits 32 bits.
fn put_price(bytes: &mut Vec<u8>, price: Price) {
    let value = i32::try_from(price.micro_yuan_per_kwh()).unwrap_or(i32::MAX);
    bytes.extend(value.to_le_bytes());
}

fn put_amount(bytes: &mut Vec<u8>, amount: i64) {
    bytes.extend(amount.to_le_bytes());
}

fn put_seconds(bytes: &mut Vec<u8>, duration: Duration) {
    let seconds = duration.milliseconds().checked_div(1000);
    let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(u32::MAX);
    bytes.extend(seconds.to_le_bytes());
}

fn put_leg(bytes: &mut Vec<u8>, leg: &LegRule) {
    bytes.extend([leg.debit.byte(), leg.credit.byte(), leg.purpose.byte()]);
    let days = leg.expires.map_or(0, |(after, _)| {
        after.milliseconds().checked_div(Duration::from_days(1).milliseconds()).unwrap_or(0)
    });
    bytes.extend(u16::try_from(days).unwrap_or(u16::MAX).to_le_bytes());
}

/// Signals and events, ascending.
fn signal_rows(contract: &Contract) -> Vec<Vec<u8>> {
    let signals = contract.signals().map(|signal| (signal.id, signal_row(signal)));
    let events = contract.events().map(|event| (event.id, event_row(event)));
    let mut rows: Vec<(SignalId, Vec<u8>)> = signals.chain(events).collect();
    rows.sort_by_key(|(id, _)| *id);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn signal_row(signal: &Signal) -> Vec<u8> {
    let mut bytes = alloc::vec![signal.id.byte()];
    for price in [signal.default, signal.low, signal.high] {
        put_price(&mut bytes, price);
    }
    put_seconds(&mut bytes, signal.age_max);
    bytes
}

fn event_row(event: &Event) -> Vec<u8> {
    let on = super::tree::EVENT_ON;
    let default = if event.default == Switch::On { on } else { Price::ZERO };
    let mut bytes = alloc::vec![event.id.byte()];
    for price in [default, Price::ZERO, on] {
        put_price(&mut bytes, price);
    }
    put_seconds(&mut bytes, event.age_max);
    bytes
}

fn quantity_rows(contract: &Contract) -> Vec<Vec<u8>> {
    let mut rules: Vec<_> = contract.quantities.iter().collect();
    rules.sort_by_key(|rule| rule.quantity);
    let row = |rule: &super::tree::QuantityRule| {
        let mut bytes = alloc::vec![rule.quantity.byte()];
        put_amount(&mut bytes, rule.most);
        let none = Value { price: Price::ZERO, unit: Unit::PerKwh };
        let (floor, cap) = rule.limits.map_or((none, none), |limits| (limits.floor, limits.cap));
        put_price(&mut bytes, floor.price);
        put_price(&mut bytes, cap.price);
        bytes
    };
    rules.into_iter().map(row).collect()
}

/// Legal days since 1970-01-01.
fn day_number(midnight: Instant) -> u16 {
    let epoch = CivilDate { year: 1970, month: 1, day: 1 }.start();
    let days = midnight.since(epoch).milliseconds();
    let days = days.checked_div(Duration::from_days(1).milliseconds()).unwrap_or_default();
    u16::try_from(days).unwrap_or(u16::MAX)
}

fn put_condition(bytes: &mut Vec<u8>, condition: &Condition) {
    bytes.extend(condition.months.to_le_bytes());
    bytes.extend([condition.bands, condition.kinds, condition.needed, condition.forbidden]);
    let (first, last) = condition
        .dates
        .map_or((0, LAST_DAY), |(from, to)| (day_number(from.start()), day_number(to.start())));
    bytes.extend(first.to_le_bytes());
    bytes.extend(last.to_le_bytes());
}

fn put_run(bytes: &mut Vec<u8>, run: Run) {
    bytes.extend(day_number(run.first).to_le_bytes());
    bytes.push(u8::try_from(run.length()).unwrap_or(u8::MAX));
    bytes.push(run.kind.byte());
}

fn put_day(bytes: &mut Vec<u8>, day: &Day, condition: Option<u8>) {
    bytes.extend(day.months.to_le_bytes());
    bytes.push(condition.unwrap_or(GENERAL));
    bytes.push(byte(day.starts.len()));
    for start in &day.starts {
        bytes.extend(start.minute.to_le_bytes());
        bytes.push(start.band.byte());
    }
}

fn put_bands(bytes: &mut Vec<u8>, contract: &Contract, name: &str) {
    let rows = rows_of(contract, name);
    let unit = rows.iter().find_map(|row| row.unit()).unwrap_or(Unit::PerKwh);
    bytes.extend([unit.byte(), byte(rows.len())]);
    for row in rows {
        bytes.extend(row.months.to_le_bytes());
        let priced = || Band::ALL.iter().filter_map(|band| Some((band, row.price(*band)?)));
        bytes.push(priced().fold(0, |bands, (band, _)| bands | band.bit()));
        priced().for_each(|(_, price)| put_price(bytes, price));
    }
}

fn put_steps(bytes: &mut Vec<u8>, table: &Steps) {
    let unit = table.entries.first().map_or(Unit::PerKwh, |(_, value, _)| value.unit);
    bytes.extend([table.quantity.byte(), unit.byte(), byte(table.entries.len())]);
    table.entries.iter().filter_map(|entry| entry.0).for_each(|limit| put_amount(bytes, limit));
    table.entries.iter().for_each(|entry| put_price(bytes, entry.1.price));
}

fn put_tiers(bytes: &mut Vec<u8>, table: &Tiers) {
    bytes.extend([table.basis.byte(), byte(table.entries.len())]);
    let limits = table.entries.iter().filter_map(|entry| entry.0);
    limits.for_each(|limit| put_amount(bytes, limit.milliwatt_hours()));
    table.entries.iter().for_each(|entry| put_price(bytes, entry.1));
}

fn prepaid_row(contract: &Contract) -> Option<Vec<u8>> {
    let rule = contract.prepaid.as_ref()?;
    let legs = contract.leg_order();
    let leg = legs.iter().position(|leg| leg.name.text == rule.leg.text).unwrap_or(usize::MAX);
    let mut bytes = alloc::vec![byte(leg)];
    put_amount(&mut bytes, rule.amount.micro_yuan());
    put_amount(&mut bytes, rule.again_below.micro_yuan());
    put_seconds(&mut bytes, rule.release);
    Some(bytes)
}

/// Seven bits a byte, lowest first, shortest form.
fn put_varint(bytes: &mut Vec<u8>, value: u64) {
    let mut rest = value;
    while rest >= 0x80 {
        let [low, ..] = rest.to_le_bytes();
        bytes.push(low | 0x80);
        rest >>= 7;
    }
    let [low, ..] = rest.to_le_bytes();
    bytes.push(low);
}

/// Numbers that are never negative in an example that settles.
fn put_whole(bytes: &mut Vec<u8>, value: i64) {
    put_varint(bytes, value.cast_unsigned());
}

/// 0, -1, 1, -2 … as 0, 1, 2, 3 …
fn put_signed(bytes: &mut Vec<u8>, value: i64) {
    put_varint(bytes, (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned());
}

fn put_example(bytes: &mut Vec<u8>, contract: &Contract, example: &Example) {
    let minute = example.start.since(Instant::EPOCH).milliseconds().checked_div(60_000);
    put_whole(bytes, minute.unwrap_or_default());
    for energy in [example.energy, example.month_before, example.year_before] {
        put_whole(bytes, Energy::milliwatt_hours(energy));
    }
    let mut quantities: Vec<(Quantity, i64)> =
        example.quantities.iter().map(|(quantity, amount, _)| (*quantity, *amount)).collect();
    quantities.sort_unstable_by_key(|(quantity, _)| *quantity);
    bytes.push(byte(quantities.len()));
    for (quantity, amount) in quantities {
        bytes.push(quantity.byte());
        put_whole(bytes, amount);
    }
    let mut signals: Vec<_> = example.signals.iter().collect();
    signals.sort_by_key(|(id, _, _)| *id);
    bytes.push(byte(signals.len()));
    for (id, price, age) in signals {
        bytes.push(id.byte());
        put_signed(bytes, price.micro_yuan_per_kwh());
        put_whole(bytes, age.milliseconds());
    }
    if contract.prepaid.is_some() {
        put_whole(bytes, example.held.unwrap_or_default().micro_yuan());
    }
    for leg in contract.leg_order() {
        let result = example.results.iter().find(|result| result.leg.text == leg.name.text);
        put_signed(bytes, result.map_or(0, |result| result.money.micro_yuan()));
        put_varint(bytes, result.map_or(0, |result| u64::from(result.rest.pico_yuan())));
    }
    if contract.prepaid.is_some() {
        let hold = example.hold.map_or(0, |(money, _)| money.micro_yuan());
        put_whole(bytes, hold);
    }
}
