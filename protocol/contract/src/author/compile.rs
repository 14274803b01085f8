//! From the checked tree to canonical bytes. Whatever goes wrong here is caught by the loader.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::check::ordered_days;
use super::encode;
use super::messages::{Fault, both, fault};
use super::tree::{
    Charge, ChargeValue, Contract, Day, Expression, Operation, Payee, Rounding, Share, When,
};
use crate::program::{ALL_BANDS, ALL_DAY_KINDS, ALL_MONTHS, opcode};
use crate::{CONDITIONS_MAX, PROGRAM_BYTES_MAX, Quantity, STACK_MAX};

/// A condition as the byte code holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) months: u16,
    pub(super) bands: u8,
    pub(super) kinds: u8,
    pub(super) needed: u8,
    pub(super) forbidden: u8,
    pub(super) dates: Option<(quantity::CivilDate, quantity::CivilDate)>,
}

/// What the code names, in the order of first use, and the code itself.
pub(super) struct Compiled<'t> {
    pub(super) conditions: Vec<Condition>,
    pub(super) tables: Vec<&'t str>,
    pub(super) steps_tables: Vec<&'t str>,
    pub(super) tiers: Vec<&'t str>,
    /// Unit and price, ascending, without repetition.
    pub(super) pool: Vec<(u8, i64)>,
    pub(super) code: Vec<u8>,
    pub(super) steps: u16,
    pub(super) depth_max: u8,
}

/// What legs and tables are called, by their numbers in the byte code.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) legs: Vec<String>,
    pub(super) tables: Vec<String>,
    pub(super) steps_tables: Vec<String>,
    pub(super) tiers: Vec<String>,
}

/// The names of a checked contract.
pub(super) fn names(contract: &Contract) -> Names {
    let mut compiler = Compiler::new(contract);
    contract.charges().for_each(|charge| compiler.charge(charge));
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect();
    Names {
        legs: texts(&compiler.legs),
        tables: texts(&compiler.out.tables),
        steps_tables: texts(&compiler.out.steps_tables),
        tiers: texts(&compiler.out.tiers),
    }
}

pub(super) fn compile(contract: &Contract) -> Result<Vec<u8>, Fault> {
    let mut compiler = Compiler::new(contract);
    for charge in contract.charges() {
        compiler.charge(charge);
        if usize::from(compiler.out.depth_max) > STACK_MAX {
            return Err(fault!(DEEP, charge.span));
        }
    }
    let out = compiler.out;
    if out.conditions.len() > CONDITIONS_MAX {
        return Err(fault!(TOO_MANY, contract.end, both("conditions|条件"), CONDITIONS_MAX));
    }
    let bytes = encode::assemble(contract, &out);
    if bytes.len() > PROGRAM_BYTES_MAX {
        return Err(fault!(
            TOO_MANY,
            contract.end,
            both("bytes of byte code|字节码字节"),
            PROGRAM_BYTES_MAX
        ));
    }
    Ok(bytes)
}

impl Condition {
    /// What a row of the calendar asks for; `None` for a general one.
    pub(super) fn of_day(day: &Day) -> Option<Self> {
        day.is_exception().then(|| Self {
            months: ALL_MONTHS,
            bands: ALL_BANDS,
            kinds: day.kinds.unwrap_or(ALL_DAY_KINDS),
            needed: day.event.map_or(0, |(id, _)| id.event_bit()),
            forbidden: 0,
            dates: None,
        })
    }

    fn of(when: &When) -> Self {
        Self {
            months: when.months,
            bands: when.bands,
            kinds: when.kinds.unwrap_or(ALL_DAY_KINDS),
            needed: when.needed,
            forbidden: when.forbidden,
            dates: when.dates,
        }
    }
}

struct Compiler<'t> {
    contract: &'t Contract,
    legs: Vec<&'t str>,
    out: Compiled<'t>,
    depth: u8,
}

/// The place of a thing in a list; appends it if it's new.
fn number<T: PartialEq>(list: &mut Vec<T>, thing: T) -> u8 {
    let place = list.iter().position(|known| *known == thing);
    let place = place.unwrap_or_else(|| {
        list.push(thing);
        list.len().saturating_sub(1)
    });
    encode::byte(place)
}

impl<'t> Compiler<'t> {
    fn new(contract: &'t Contract) -> Self {
        let mut pool = Vec::new();
        for charge in contract.all_charges() {
            if let ChargeValue::Price(expression) = &charge.value {
                expression.leaves(&mut |leaf| {
                    if let Expression::Price(value) = leaf {
                        pool.push((value.unit.byte(), value.price.micro_yuan_per_kwh()));
                    }
                });
            }
        }
        pool.sort_unstable();
        pool.dedup();
        let mut conditions = Vec::new();
        for condition in ordered_days(contract).into_iter().filter_map(Condition::of_day) {
            number(&mut conditions, condition);
        }
        let out = Compiled {
            conditions,
            tables: Vec::new(),
            steps_tables: Vec::new(),
            tiers: Vec::new(),
            pool,
            code: Vec::new(),
            steps: 0,
            depth_max: 0,
        };
        Self { contract, legs: Vec::new(), out, depth: 0 }
    }

    fn emit(&mut self, bytes: &[u8]) {
        self.out.code.extend_from_slice(bytes);
        self.out.steps = self.out.steps.saturating_add(1);
    }

    fn condition(&mut self, when: &When) -> u8 {
        number(&mut self.out.conditions, Condition::of(when))
    }

    fn charge(&mut self, charge: &'t Charge) {
        let mut skip_at = None;
        if let Some(when) = &charge.when {
            let condition = self.condition(when);
            self.emit(&[opcode::WHEN, condition, 0]);
            skip_at = Some(self.out.code.len());
        }
        match &charge.value {
            ChargeValue::Price(expression) => {
                self.selected(charge, expression);
                self.payees(charge);
                self.depth = 0;
            }
            ChargeValue::Tiers(name) => {
                let table = number(&mut self.out.tiers, name.text.as_str());
                let leg = charge.payees.first().map_or(0, |payee| self.leg(payee));
                self.emit(&[opcode::CHARGE_TIERS, charge.item.byte(), leg, table]);
            }
        }
        if let Some(start) = skip_at {
            let length = encode::byte(self.out.code.len().saturating_sub(start));
            if let Some(skip) = start.checked_sub(1).and_then(|at| self.out.code.get_mut(at)) {
                *skip = length;
            }
        }
    }

    fn leg(&mut self, payee: &'t Payee) -> u8 {
        number(&mut self.legs, payee.leg.text.as_str())
    }

    /// The exceptions from the first to the last, then the general price; each `Select` takes the
    /// price in front if its condition holds, so the first exception that holds wins.
    fn selected(&mut self, charge: &'t Charge, general: &'t Expression) {
        let contract = self.contract;
        let exceptions: Vec<&'t Charge> = contract.exceptions(charge).collect();
        for exception in &exceptions {
            if let ChargeValue::Price(expression) = &exception.value {
                self.expression(expression);
            }
        }
        self.expression(general);
        for when in exceptions.iter().rev().filter_map(|exception| exception.when.as_ref()) {
            let condition = self.condition(when);
            self.pop();
            self.emit(&[opcode::SELECT, condition]);
        }
    }

    /// One instruction for each payee; the last takes what the shares leave.
    fn payees(&mut self, charge: &'t Charge) {
        let (item, quantity) = (charge.item.byte(), charge.quantity.byte());
        for payee in &charge.payees {
            let leg = self.leg(payee);
            let mut bytes = alloc::vec![item, leg];
            let number = match (payee.ppm, charge.beyond, charge.quantity) {
                (Some(ppm), _, _) => {
                    bytes.push(quantity);
                    bytes.extend(ppm_bytes(ppm));
                    opcode::CHARGE_PART
                }
                (None, Some((ppm, base)), _) => {
                    bytes.push(quantity);
                    bytes.extend(ppm_bytes(ppm));
                    bytes.push(base.byte());
                    opcode::CHARGE_BEYOND
                }
                (None, None, Quantity::Energy) => opcode::CHARGE,
                (None, None, _) => {
                    bytes.push(quantity);
                    opcode::CHARGE_ON
                }
            };
            bytes.insert(0, number);
            self.emit(&bytes);
        }
    }

    fn expression(&mut self, expression: &'t Expression) {
        match expression {
            Expression::Price(value) => {
                let key = (value.unit.byte(), value.price.micro_yuan_per_kwh());
                let place = self.out.pool.binary_search(&key);
                self.push(opcode::CONSTANT, encode::byte(place.unwrap_or(usize::MAX)));
            }
            Expression::Signal(id, _) => self.push(opcode::SIGNAL, id.byte()),
            Expression::Bands(name) => {
                let table = number(&mut self.out.tables, name.text.as_str());
                self.push(opcode::TABLE, table);
            }
            Expression::Steps(name) => {
                let table = number(&mut self.out.steps_tables, name.text.as_str());
                self.push(opcode::STEPS, table);
            }
            Expression::Pair(operation, first, second, _) => {
                self.expression(first);
                self.expression(second);
                self.pop();
                self.emit(&[match operation {
                    Operation::Add => opcode::ADD,
                    Operation::Subtract => opcode::SUBTRACT,
                    Operation::Lesser => opcode::LESSER,
                    Operation::Greater => opcode::GREATER,
                }]);
            }
            Expression::Share(share, of) => {
                self.expression(of);
                self.share(share);
            }
        }
    }

    fn share(&mut self, share: &Share) {
        let mut bytes = alloc::vec![opcode::SHARE];
        bytes.extend(ppm_bytes(share.ppm));
        bytes.push(match share.rounding {
            Rounding::Down => crate::program::Rounding::Down as u8,
            Rounding::HalfUp => crate::program::Rounding::HalfUp as u8,
        });
        let unit = share.to.map_or(1, |to| to.price.micro_yuan_per_kwh());
        bytes.extend(ppm_bytes(unit));
        self.emit(&bytes);
    }

    fn push(&mut self, opcode: u8, operand: u8) {
        self.emit(&[opcode, operand]);
        self.depth = self.depth.saturating_add(1);
        self.out.depth_max = self.out.depth_max.max(self.depth);
    }

    const fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

/// Shares are checked to fit; what doesn't is refused by the loader.
fn ppm_bytes(ppm: i64) -> [u8; 4] {
    u32::try_from(ppm).unwrap_or(u32::MAX).to_le_bytes()
}
