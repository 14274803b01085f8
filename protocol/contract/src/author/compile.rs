//! From the checked tree to canonical bytes. Whatever goes wrong here is caught by the loader.

use alloc::vec::Vec;

use quantity::{Energy, Price};

use super::check::rows_of;
use super::messages::{Fault, fault};
use super::tree::{ChargeValue, Contract, Day, Example, Expression, Operation, Signal, Tiers};
use crate::program::{ALL_DAY_KINDS, GENERAL, LANGUAGE_VERSION, LAST_DAY, MAGIC, opcode};
use crate::{Band, PROGRAM_BYTES_MAX, Purpose, Unit};

pub(super) fn compile(contract: &Contract) -> Result<Vec<u8>, Fault> {
    let mut compiler = Compiler::new(contract);
    for charge in contract.charges() {
        compiler.charge(charge);
    }
    let bytes = compiler.assemble();
    if bytes.len() > PROGRAM_BYTES_MAX {
        return Err(fault!(TOO_MANY, contract.end, "bytes of byte code (字节)", PROGRAM_BYTES_MAX));
    }
    Ok(bytes)
}

/// The code so far, and what it names in the order of first use.
struct Compiler<'t> {
    contract: &'t Contract,
    legs: Vec<&'t str>,
    tables: Vec<&'t str>,
    tiers: Vec<&'t str>,
    /// Months and bands.
    conditions: Vec<(u16, u8)>,
    /// Ascending, without repetition.
    pool: Vec<i64>,
    code: Vec<u8>,
    steps: u16,
    depth: u8,
    depth_max: u8,
}

/// The place of a name in a list; appends it if it's new.
fn number<'t>(list: &mut Vec<&'t str>, name: &'t str) -> u8 {
    let place = list.iter().position(|known| *known == name);
    let place = place.unwrap_or_else(|| {
        list.push(name);
        list.len().saturating_sub(1)
    });
    byte(place)
}

/// Counts are far below 256 in whatever fits the byte limit; the loader refuses anything else.
fn byte(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

impl<'t> Compiler<'t> {
    fn new(contract: &'t Contract) -> Self {
        let mut pool = Vec::new();
        for charge in contract.charges() {
            if let ChargeValue::Price(expression) = &charge.value {
                expression.leaves(&mut |leaf| {
                    if let Expression::Price(price) = leaf {
                        pool.push(price.micro_yuan_per_kwh());
                    }
                });
            }
        }
        pool.sort_unstable();
        pool.dedup();
        let (legs, tables, tiers) = (Vec::new(), Vec::new(), Vec::new());
        let (conditions, code) = (Vec::new(), Vec::new());
        let (steps, depth, depth_max) = (0, 0, 0);
        Self { contract, legs, tables, tiers, conditions, pool, code, steps, depth, depth_max }
    }

    fn emit(&mut self, bytes: &[u8]) {
        self.code.extend_from_slice(bytes);
        self.steps = self.steps.saturating_add(1);
    }

    fn charge(&mut self, charge: &'t super::tree::Charge) {
        let mut skip_at = None;
        if let Some(when) = charge.when {
            let place =
                self.conditions.iter().position(|known| *known == (when.months, when.bands));
            let place = place.unwrap_or_else(|| {
                self.conditions.push((when.months, when.bands));
                self.conditions.len().saturating_sub(1)
            });
            self.emit(&[opcode::WHEN, byte(place), 0]);
            skip_at = Some(self.code.len());
        }
        if let ChargeValue::Price(expression) = &charge.value {
            self.expression(expression);
            self.depth = 0;
        }
        let leg = number(&mut self.legs, &charge.leg.text);
        match &charge.value {
            ChargeValue::Price(_) => self.emit(&[opcode::CHARGE, charge.item.byte(), leg]),
            ChargeValue::Tiers(name) => {
                let table = number(&mut self.tiers, &name.text);
                self.emit(&[opcode::CHARGE_TIERS, charge.item.byte(), leg, table]);
            }
        }
        if let Some(start) = skip_at {
            let length = byte(self.code.len().saturating_sub(start));
            if let Some(skip) = start.checked_sub(1).and_then(|at| self.code.get_mut(at)) {
                *skip = length;
            }
        }
    }

    fn expression(&mut self, expression: &'t Expression) {
        match expression {
            Expression::Price(price) => {
                let place = self.pool.binary_search(&price.micro_yuan_per_kwh());
                self.push(opcode::CONSTANT, byte(place.unwrap_or(usize::MAX)));
            }
            Expression::Signal(id, _) => self.push(opcode::SIGNAL, id.byte()),
            Expression::Bands(name) => {
                let table = number(&mut self.tables, &name.text);
                self.push(opcode::TABLE, table);
            }
            Expression::Pair(operation, first, second) => {
                self.expression(first);
                self.expression(second);
                self.depth = self.depth.saturating_sub(1);
                self.emit(&[match operation {
                    Operation::Add => opcode::ADD,
                    Operation::Subtract => opcode::SUBTRACT,
                    Operation::Lesser => opcode::LESSER,
                    Operation::Greater => opcode::GREATER,
                }]);
            }
        }
    }

    fn push(&mut self, opcode: u8, operand: u8) {
        self.emit(&[opcode, operand]);
        self.depth = self.depth.saturating_add(1);
        self.depth_max = self.depth_max.max(self.depth);
    }

    fn assemble(&self) -> Vec<u8> {
        let contract = self.contract;
        let mut signals: Vec<_> = contract.signals().collect();
        signals.sort_by_key(|signal| signal.id);
        let mut days: Vec<_> = contract.days().collect();
        days.sort_by_key(|day| day.months.trailing_zeros());
        let mut bytes = self.header(signals.len(), days.len());
        for leg in contract.leg_order() {
            bytes.extend([leg.debit.byte(), leg.credit.byte(), Purpose::None.byte(), 0, 0]);
        }
        for signal in signals {
            put_signal(&mut bytes, signal);
        }
        for (months, bands) in &self.conditions {
            bytes.extend(months.to_le_bytes());
            bytes.extend([*bands, ALL_DAY_KINDS, 0, 0]);
            bytes.extend([0_u16, LAST_DAY].map(u16::to_le_bytes).concat());
        }
        for day in days {
            put_day(&mut bytes, day);
        }
        for table in &self.tables {
            put_bands(&mut bytes, contract, table);
        }
        for name in &self.tiers {
            let table = contract.tiers().find(|table| table.name.text == *name);
            table.into_iter().for_each(|table| put_tiers(&mut bytes, table));
        }
        for price in &self.pool {
            bytes.push(Unit::PerKwh.byte());
            put_price(&mut bytes, Price::from_micro_yuan_per_kwh(*price));
        }
        bytes.extend_from_slice(&self.code);
        for example in &contract.examples {
            put_example(&mut bytes, contract, example);
        }
        bytes
    }

    fn header(&self, signals: usize, days: usize) -> Vec<u8> {
        let contract = self.contract;
        let mut bytes = MAGIC.to_vec();
        bytes.push(LANGUAGE_VERSION);
        bytes.extend([contract.class.byte(), contract.direction.byte()]);
        bytes.extend(contract.version.to_le_bytes());
        bytes.extend(contract.interval_seconds.to_le_bytes());
        put_energy(&mut bytes, contract.energy_max);
        put_price(&mut bytes, contract.floor);
        put_price(&mut bytes, contract.cap);
        bytes.extend(self.steps.to_le_bytes());
        bytes.push(self.depth_max);
        bytes.extend([self.legs.len(), signals, 0, self.conditions.len(), 0, days].map(byte));
        let (tables, tiers, pool) = (self.tables.len(), self.tiers.len(), self.pool.len());
        bytes.extend([tables, 0, tiers, pool, 0, contract.examples.len()].map(byte));
        bytes.extend([0; 3]);
        bytes.extend(u16::try_from(self.code.len()).unwrap_or(u16::MAX).to_le_bytes());
        bytes
    }
}

/// Prices in the source are within [`crate::PRICE_MAX`], which fits 32 bits.
fn put_price(bytes: &mut Vec<u8>, price: Price) {
    let value = i32::try_from(price.micro_yuan_per_kwh()).unwrap_or(i32::MAX);
    bytes.extend(value.to_le_bytes());
}

fn put_energy(bytes: &mut Vec<u8>, energy: Energy) {
    bytes.extend(energy.milliwatt_hours().to_le_bytes());
}

fn put_signal(bytes: &mut Vec<u8>, signal: &Signal) {
    bytes.push(signal.id.byte());
    for price in [signal.default, signal.low, signal.high] {
        put_price(bytes, price);
    }
    let seconds = signal.age_max.milliseconds().checked_div(1000);
    let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(u32::MAX);
    bytes.extend(seconds.to_le_bytes());
}

fn put_day(bytes: &mut Vec<u8>, day: &Day) {
    bytes.extend(day.months.to_le_bytes());
    bytes.push(GENERAL);
    bytes.push(byte(day.starts.len()));
    for start in &day.starts {
        bytes.extend(start.minute.to_le_bytes());
        bytes.push(start.band.byte());
    }
}

fn put_bands(bytes: &mut Vec<u8>, contract: &Contract, name: &str) {
    let rows = rows_of(contract, name);
    bytes.extend([Unit::PerKwh.byte(), byte(rows.len())]);
    for row in rows {
        bytes.extend(row.months.to_le_bytes());
        let priced = || Band::ALL.iter().filter_map(|band| Some((band, row.price(*band)?)));
        bytes.push(priced().fold(0, |bands, (band, _)| bands | band.bit()));
        priced().for_each(|(_, price)| put_price(bytes, price));
    }
}

fn put_tiers(bytes: &mut Vec<u8>, table: &Tiers) {
    bytes.extend([table.basis.byte(), byte(table.entries.len())]);
    table.entries.iter().filter_map(|entry| entry.0).for_each(|limit| put_energy(bytes, limit));
    table.entries.iter().for_each(|entry| put_price(bytes, entry.1));
}

fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

/// Negative facts are refused by the checks that run on the tree.
fn put_whole(bytes: &mut Vec<u8>, value: i64) {
    put_varint(bytes, value.cast_unsigned());
}

fn put_signed(bytes: &mut Vec<u8>, value: i64) {
    put_varint(bytes, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn put_example(bytes: &mut Vec<u8>, contract: &Contract, example: &Example) {
    let minutes = example.start.unix_milliseconds().checked_div(60_000);
    put_whole(bytes, minutes.unwrap_or_default());
    for energy in [example.energy, example.month_before, example.year_before] {
        put_whole(bytes, energy.milliwatt_hours());
    }
    let mut signals = example.signals.clone();
    signals.sort_by_key(|(id, _, _)| *id);
    bytes.extend([0, byte(signals.len())]);
    for (id, price, age) in signals {
        bytes.push(id.byte());
        put_signed(bytes, price.micro_yuan_per_kwh());
        put_whole(bytes, age.milliseconds());
    }
    for leg in contract.leg_order() {
        let stated = example.results.iter().find(|result| result.leg.text == leg.name.text);
        if let Some(stated) = stated {
            put_signed(bytes, stated.money.micro_yuan());
            put_varint(bytes, u64::from(stated.rest.pico_yuan()));
        }
    }
}
