//! Tables for people, out of the byte code alone: what is printed is what runs. A source adds its
//! title, its cited clauses and its names.

mod bill;
mod formulas;
mod tables;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use quantity::{Duration, Energy, Money, Price};

use super::check::month_numbers;
use super::compile::{Names, names};
use super::diagnostic::{Diagnostic, Language, width};
use super::tree::{Contract, Statement};
use super::words::{percent, short, unit_words};
use crate::program::{ALL_BANDS, ALL_DAY_KINDS, ALL_MONTHS, Condition, LAST_DAY};
use crate::{Band, DayKind, Program, Quantity, SignalId, Unit};

pub use bill::explain_settlement;

/// The contract as text: title, cited clauses, then the tables of [`explain_program`], which name
/// legs and tables as the source does.
///
/// # Errors
/// As [`crate::check`].
pub fn explain(source: &str, language: Language) -> Result<String, Vec<Diagnostic>> {
    let checked = super::check(source)?;
    let words = Words(language);
    let mut text = words.clauses(&checked.contract);
    // The bytes were loaded when the source was checked.
    if let Ok(program) = Program::load(&checked.bytecode) {
        let names = names(&checked.contract);
        text.push_str(&Tables { words, program: &program, names }.text());
    }
    Ok(text)
}

/// All tables of a program, from its byte code alone; legs and tables are numbered.
#[must_use]
pub fn explain_program(program: &Program<'_>, language: Language) -> String {
    Tables { words: Words(language), program, names: Names::default() }.text()
}

/// A program and what its legs and tables are called.
struct Tables<'p, 'a> {
    words: Words,
    program: &'p Program<'a>,
    names: Names,
}

/// The texts of one language.
#[derive(Clone, Copy)]
struct Words(Language);

/// Numbers of legs and tables as people count.
fn ordinal(index: u8) -> String {
    format!("#{}", index.saturating_add(1))
}

/// A name of the source, or the number where there is none.
fn label(names: &[String], index: u8) -> String {
    names.get(usize::from(index)).cloned().unwrap_or_else(|| ordinal(index))
}

/// Columns padded to equal width.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let size = |text: &String| text.chars().map(width).sum::<usize>();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(size).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let space = width.saturating_sub(size(cell)).saturating_add(2);
            format!("{cell}{}", " ".repeat(space))
        });
        format!("  {}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

/// The legal day of a number of days since 1970-01-01.
fn date(day: u16) -> String {
    let midnight_utc = Duration::from_days(i64::from(day)).milliseconds();
    quantity::Instant::from_unix_milliseconds(midnight_utc).civil().date.to_string()
}

impl Words {
    fn pick<'w>(self, en: &'w str, zh: &'w str) -> &'w str {
        match self.0 {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    /// Title, name and version, what follows it, and the documents with the items they give.
    fn clauses(self, contract: &Contract) -> String {
        let title = self.pick(&contract.title_en, &contract.title_zh);
        let mut text = format!("{title}\n{} {}\n", contract.name, contract.version);
        if let Some(next) = &contract.expiry {
            let when = self.pick("When it expires, this one holds:", "到期后改用：");
            text.push_str(&format!("{when} {}\n", next.text));
        }
        text.push_str(self.pick("Sources\n", "依据\n"));
        for article in &contract.articles {
            let items: Vec<&str> = article
                .statements
                .iter()
                .filter_map(|statement| {
                    let Statement::Charge(charge) = statement else { return None };
                    Some(self.pick(charge.item.name_en(), charge.item.name_zh()))
                })
                .collect();
            let items =
                if items.is_empty() { String::new() } else { format!(": {}", items.join(", ")) };
            text.push_str(&format!("  {} {}{items}\n", article.document, article.clause));
        }
        text
    }

    fn unit(self, unit: Unit) -> &'static str {
        let (en, zh) = unit_words(unit);
        self.pick(en, zh)
    }

    fn price(self, price: Price, unit: Unit) -> String {
        format!("{} {}", self.bare(price, unit), self.unit(unit))
    }

    /// The number of a price without its unit.
    fn bare(self, price: Price, unit: Unit) -> String {
        match unit {
            Unit::Ratio => percent(price.micro_yuan_per_kwh()),
            Unit::PerKwh | Unit::PerKw => short(price),
        }
    }

    fn range(self, low: Price, high: Price, unit: Unit) -> String {
        let to = self.pick("to", "至");
        format!("{} {to} {}", self.bare(low, unit), self.price(high, unit))
    }

    /// An amount with the unit of its quantity.
    fn amount(self, amount: i64, quantity: Quantity) -> String {
        let size = short(Energy::from_milliwatt_hours(amount));
        match (quantity, quantity.unit()) {
            (Quantity::PowerFactor, _) => format!("{} %", percent(amount)),
            (Quantity::Capacity, _) => format!("{size} {}", self.pick("kVA", "千伏安")),
            (_, Some(Unit::PerKw)) => format!("{size} {}", self.pick("kW", "千瓦")),
            (_, Some(Unit::Ratio)) => format!("{size} {}", self.pick("yuan", "元")),
            (_, Some(Unit::PerKwh) | None) => format!("{size} {}", self.pick("kWh", "千瓦时")),
        }
    }

    fn energy(self, energy: Energy) -> String {
        self.amount(energy.milliwatt_hours(), Quantity::Energy)
    }

    fn money(self, money: Money) -> String {
        format!("{money:#} {}", self.pick("yuan", "元"))
    }

    fn percent(self, ppm: u32) -> String {
        format!("{} %", percent(i64::from(ppm)))
    }

    fn quantity(self, quantity: Quantity) -> &'static str {
        self.pick(quantity.name_en(), quantity.name_zh())
    }

    fn role(self, role: crate::Role) -> &'static str {
        self.pick(role.name_en(), role.name_zh())
    }

    fn band(self, band: Band) -> &'static str {
        self.pick(band.name_en(), band.name_zh())
    }

    fn event(self, id: SignalId) -> &'static str {
        self.pick(id.name_en(), id.name_zh())
    }

    fn duration(self, duration: Duration) -> String {
        let seconds = duration.milliseconds().checked_div(1000).unwrap_or(0);
        let whole =
            |size: i64| seconds.checked_div(size).filter(|_| seconds.checked_rem(size) == Some(0));
        if let Some(days) = whole(86_400) {
            let day = if days == 1 { "day" } else { "days" };
            return format!("{days} {}", self.pick(day, "天"));
        }
        match whole(60) {
            Some(minutes) => format!("{minutes} {}", self.pick("min", "分钟")),
            None => format!("{seconds} {}", self.pick("s", "秒")),
        }
    }

    fn months(self, months: u16) -> String {
        if months == ALL_MONTHS {
            return self.pick("all year", "全年").to_string();
        }
        let numbers: Vec<String> = month_numbers(months).map(|month| month.to_string()).collect();
        match self.0 {
            Language::Chinese => format!("{} 月", numbers.join("、")),
            Language::English if numbers.len() == 1 => format!("month {}", numbers.join(", ")),
            Language::English => format!("months {}", numbers.join(", ")),
        }
    }

    /// Workdays, rest days or holidays.
    fn kinds(self, kinds: u8) -> String {
        let kinds = DayKind::ALL.iter().filter(|kind| kinds & kind.byte() != 0);
        match self.0 {
            Language::Chinese => kinds.map(|kind| kind.name_zh()).collect::<Vec<_>>().join("、"),
            Language::English => {
                let names: Vec<String> = kinds.map(|kind| format!("{}s", kind.name_en())).collect();
                format!("on {}", names.join(" or "))
            }
        }
    }

    /// When a condition holds, part by part.
    fn condition(self, condition: &Condition) -> String {
        let mut parts = Vec::new();
        if condition.bands != ALL_BANDS {
            let names = Band::ALL.iter().filter(|band| condition.bands & band.bit() != 0);
            let names: Vec<&str> = names.map(|band| self.band(*band)).collect();
            parts.push(format!("{}{}", self.pick("in ", ""), names.join(self.pick(" or ", "、"))));
        }
        if condition.months != ALL_MONTHS {
            parts.push(format!("{}{}", self.pick("in ", ""), self.months(condition.months)));
        }
        self.day_parts(condition, &mut parts);
        if condition.first_day != 0 || condition.last_day != LAST_DAY {
            let (first, last) = (date(condition.first_day), date(condition.last_day));
            parts.push(match self.0 {
                Language::Chinese => format!("{first} 至 {last}"),
                Language::English => format!("from {first} to {last}"),
            });
        }
        parts.join(self.pick(", ", "，"))
    }

    /// Kinds of days and events.
    fn day_parts(self, condition: &Condition, parts: &mut Vec<String>) {
        if condition.day_kinds != ALL_DAY_KINDS {
            parts.push(self.kinds(condition.day_kinds));
        }
        for id in SignalId::ALL {
            let name = self.event(*id);
            if condition.needed & id.event_bit() != 0 {
                parts.push(match self.0 {
                    Language::Chinese => format!("{name}时"),
                    Language::English => format!("while {name}"),
                });
            }
            if condition.forbidden & id.event_bit() != 0 {
                parts.push(format!("{}{name}", self.pick("without ", "无")));
            }
        }
    }
}
