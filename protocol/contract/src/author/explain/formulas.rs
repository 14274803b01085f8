//! Prices in words: the code is run on texts instead of numbers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use quantity::Price;

use super::super::diagnostic::Language;
use super::{Tables, label, table};
use crate::program::{Op, Rounding, Share};
use crate::{Item, Unit};

/// A price in words, and the exceptions that replace it: condition and price.
#[derive(Clone, Default)]
struct Formula {
    text: String,
    /// It is a sum, so that a minus or a percentage in front needs brackets.
    is_sum: bool,
    unit: Option<Unit>,
    exceptions: Vec<(String, String)>,
}

impl Formula {
    fn in_brackets(&self) -> String {
        if self.is_sum { format!("({})", self.text) } else { self.text.clone() }
    }
}

/// What the statement that is read so far says.
#[derive(Default)]
struct Reading {
    rows: Vec<Vec<String>>,
    stack: Vec<Formula>,
    condition: String,
    /// The price is split between several payees.
    is_split: bool,
}

impl Tables<'_, '_> {
    /// One row for each payee of each price, and one for each exception.
    pub(super) fn prices(&self) -> String {
        let mut reading = Reading::default();
        for op in self.program.code() {
            self.read(&mut reading, op);
        }
        format!("{}\n{}", self.words.pick("Prices", "价格"), table(&reading.rows))
    }

    fn read(&self, reading: &mut Reading, op: Op) {
        match op {
            Op::When { condition, .. } => {
                let condition = self.condition(condition);
                reading.condition = format!("{} {condition}", self.words.pick("only", "仅"));
            }
            Op::ChargeTiers { item, leg, tiers } => {
                let name = label(&self.names.tiers, tiers);
                let text = format!("{} {name}", self.words.pick("tiers", "阶梯表"));
                self.close(reading, item, leg, &Formula { text, ..Formula::default() });
            }
            Op::Charge { item, leg } => self.whole(reading, (item, leg), ""),
            Op::ChargeOn { item, leg, quantity } => {
                let on = format!(" × {}", self.quantity_name(quantity));
                self.whole(reading, (item, leg), &on);
            }
            Op::ChargeBeyond { item, leg, quantity, ppm, base } => {
                let (ppm, base) = (self.words.percent(ppm), self.quantity_name(base));
                let quantity = self.quantity_name(quantity);
                let on = match self.words.0 {
                    Language::Chinese => format!(" × {quantity}超出{base}的 {ppm} 的部分"),
                    Language::English => format!(" × {quantity} beyond {ppm} of {base}"),
                };
                self.whole(reading, (item, leg), &on);
            }
            Op::ChargePart { item, leg, ppm, .. } => self.part(reading, (item, leg), ppm),
            Op::Share(share) => {
                let whole = reading.stack.pop().unwrap_or_default();
                reading.stack.push(self.share(share, &whole));
            }
            Op::Select { condition } => {
                let mut general = reading.stack.pop().unwrap_or_default();
                let exception = reading.stack.pop().unwrap_or_default();
                general.exceptions.insert(0, (self.condition(condition), exception.text));
                reading.stack.push(general);
            }
            Op::Constant { .. } | Op::Table { .. } | Op::Signal { .. } | Op::Steps { .. } => {
                let (text, unit) = self.operand(op);
                reading.stack.push(Formula { text, unit, ..Formula::default() });
            }
            Op::Add | Op::Subtract | Op::Lesser | Op::Greater => {
                let second = reading.stack.pop().unwrap_or_default();
                let first = reading.stack.pop().unwrap_or_default();
                reading.stack.push(self.pair(op, &first, &second));
            }
        }
    }

    /// The charge that ends a statement: of the whole price, or of what the parts left.
    fn whole(&self, reading: &mut Reading, (item, leg): (Item, u8), on: &str) {
        let mut formula = reading.stack.pop().unwrap_or_default();
        let whole = if on.is_empty() { formula.text.clone() } else { formula.in_brackets() };
        formula.text = if reading.is_split {
            let rest = self.words.pick("the rest of ", "其余 ");
            format!("{rest}{}{on}", formula.in_brackets())
        } else {
            format!("{whole}{on}")
        };
        self.close(reading, item, leg, &formula);
    }

    fn part(&self, reading: &mut Reading, (item, leg): (Item, u8), ppm: u32) {
        reading.is_split = true;
        let whole = reading.stack.last().map(Formula::in_brackets).unwrap_or_default();
        let ppm = self.words.percent(ppm);
        let text = format!("{ppm} {} {whole}", self.words.pick("of", "×"));
        let row = self.row(item, leg, text, reading.condition.clone());
        reading.rows.push(row);
    }

    fn close(&self, reading: &mut Reading, item: Item, leg: u8, formula: &Formula) {
        let condition = core::mem::take(&mut reading.condition);
        let row = self.row(item, leg, formula.text.clone(), condition);
        reading.rows.push(row);
        reading.is_split = false;
        for (condition, price) in &formula.exceptions {
            let instead = self.words.pick("instead", "例外");
            let condition = format!("{instead} {condition}");
            let row = self.row(item, leg, price.clone(), condition);
            reading.rows.push(row);
        }
    }

    fn row(&self, item: Item, leg: u8, formula: String, condition: String) -> Vec<String> {
        let item = self.words.pick(item.name_en(), item.name_zh()).to_string();
        let leg = label(&self.names.legs, leg);
        let leg = format!("{} {leg}", self.words.pick("into leg", "记入分项"));
        alloc::vec![item, leg, formula, condition]
    }

    fn operand(&self, op: Op) -> (String, Option<Unit>) {
        let words = self.words;
        if let Op::Constant { pool } = op {
            let constant = self.program.pool().nth(usize::from(pool));
            let text = constant.map(|one| words.price(one.price, one.unit)).unwrap_or_default();
            return (text, constant.map(|one| one.unit));
        }
        if let Op::Table { table } = op {
            let unit = self.program.tables().nth(usize::from(table)).map(|table| table.unit);
            let name = label(&self.names.tables, table);
            return (format!("{} {name}", words.pick("band prices", "分时表")), unit);
        }
        if let Op::Steps { table } = op {
            let unit = self.program.steps_tables().nth(usize::from(table)).map(|table| table.unit);
            let name = label(&self.names.steps_tables, table);
            return (format!("{} {name}", words.pick("steps", "级差表")), unit);
        }
        let Op::Signal { id } = op else { return (String::new(), None) };
        (format!("{} {}", words.pick("signal", "信号"), words.event(id)), Some(Unit::PerKwh))
    }

    fn share(&self, share: Share, whole: &Formula) -> Formula {
        let words = self.words;
        let (ppm, of) = (words.percent(share.ppm), words.pick("of", "×"));
        let rounded = match share.rounding {
            Rounding::Down => words.pick("rounded down", "向下取整"),
            Rounding::HalfUp => words.pick("rounded half-up", "四舍五入"),
        };
        let unit = whole.unit.unwrap_or(Unit::PerKwh);
        let step = words.price(Price::from_micro_yuan_per_kwh(i64::from(share.unit)), unit);
        let to = match (share.unit, words.0) {
            (1, _) => String::new(),
            (_, Language::Chinese) => format!("到 {step}"),
            (_, Language::English) => format!(" to {step}"),
        };
        let text = format!("{ppm} {of} {} {rounded}{to}", whole.in_brackets());
        Formula { text, unit: whole.unit, ..Formula::default() }
    }

    fn pair(&self, op: Op, first: &Formula, second: &Formula) -> Formula {
        let is_sum = matches!(op, Op::Add | Op::Subtract);
        let text = if op == Op::Add {
            format!("{} + {}", first.text, second.text)
        } else if op == Op::Subtract {
            format!("{} - {}", first.text, second.in_brackets())
        } else {
            let choice = if op == Op::Lesser {
                self.words.pick("min", "较小")
            } else {
                self.words.pick("max", "较大")
            };
            format!("{choice}({}, {})", first.text, second.text)
        };
        Formula { text, is_sum, unit: first.unit.or(second.unit), exceptions: Vec::new() }
    }
}
