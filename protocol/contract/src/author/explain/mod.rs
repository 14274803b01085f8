//! Tables for people, out of the byte code alone: what is printed is what runs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use quantity::{Duration, Energy, Money, Price};

use super::check::{clock, month_numbers};
use super::diagnostic::{Diagnostic, Language, width};
use super::tree::Statement;
use crate::program::{
    ALL_BANDS, ALL_DAY_KINDS, ALL_MONTHS, BandTable, DayPlan, LAST_DAY, Op, TierTable,
};
use crate::{Band, DayKind, Program, Settlement, SignalId, SignalRule, TierBasis, Unit};

/// The contract as text: title, cited clauses, then the tables of [`explain_program`].
///
/// # Errors
/// As [`crate::check`].
pub fn explain(source: &str, language: Language) -> Result<String, Vec<Diagnostic>> {
    let checked = super::check(source)?;
    let contract = &checked.contract;
    let words = Words(language);
    let title = words.pick(&contract.title_en, &contract.title_zh);
    let mut text = format!("{title}\n{} {}\n", contract.name, contract.version);
    text.push_str(words.pick("Sources\n", "依据\n"));
    for article in &contract.articles {
        let items: Vec<&str> = article
            .statements
            .iter()
            .filter_map(|statement| {
                let Statement::Charge(charge) = statement else { return None };
                Some(words.pick(charge.item.name_en(), charge.item.name_zh()))
            })
            .collect();
        let items =
            if items.is_empty() { String::new() } else { format!(": {}", items.join(", ")) };
        text.push_str(&format!("  {} {}{items}\n", article.document, article.clause));
    }
    // The bytes were loaded when the source was checked.
    if let Ok(program) = Program::load(&checked.bytecode) {
        text.push_str(&explain_program(&program, language));
    }
    Ok(text)
}

/// All tables of a program, from its byte code alone.
#[must_use]
pub fn explain_program(program: &Program<'_>, language: Language) -> String {
    let words = Words(language);
    let mut text = words.summary(program);
    text.push_str(&words.prices(program));
    text.push_str(&words.legs(program));
    text.push_str(&words.calendar(program));
    text.push_str(&words.band_tables(program));
    text.push_str(&words.tier_tables(program));
    text.push_str(&words.signals(program));
    text
}

/// One settlement as a bill: each line with its exact amount, then what each leg moves.
#[must_use]
pub fn explain_settlement(settlement: &Settlement, language: Language) -> String {
    let words = Words(language);
    let head = [
        ("item", "项目"),
        ("leg", "分项"),
        ("energy", "电量"),
        ("price", "单价"),
        ("exact amount", "精确金额"),
    ];
    let mut rows = alloc::vec![head.map(|(en, zh)| words.pick(en, zh).to_string()).to_vec()];
    for line in &settlement.items {
        let item = words.pick(line.item.name_en(), line.item.name_zh()).to_string();
        let leg = ordinal(line.leg);
        let exact = words.exact(line.pico_yuan());
        rows.push(alloc::vec![
            item,
            leg,
            words.amount(line),
            words.price(line.price, line.quantity.unit().unwrap_or(Unit::PerKwh)),
            exact
        ]);
    }
    let mut text = table(&rows);
    for leg in &settlement.legs {
        let (debit, credit) = (words.role(leg.debit), words.role(leg.credit));
        let money = words.money(leg.money);
        text.push_str(&format!("{} {debit} -> {credit}: {money}\n", ordinal(leg.leg)));
    }
    text.push_str(&format!("{}: {}\n", words.pick("total", "合计"), words.money(settlement.total)));
    text
}

/// The texts of one language.
#[derive(Clone, Copy)]
struct Words(Language);

/// Numbers of legs and tables as people count.
fn ordinal(index: u8) -> String {
    format!("#{}", index.saturating_add(1))
}

/// The number alone, without needless zeros.
pub(super) fn short(quantity: impl core::fmt::Display) -> String {
    let text = format!("{quantity:#}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
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

impl Words {
    fn pick<'w>(self, en: &'w str, zh: &'w str) -> &'w str {
        match self.0 {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    fn unit(self) -> &'static str {
        self.pick("yuan/kWh", "元/千瓦时")
    }

    fn price(self, price: Price, unit: Unit) -> String {
        match unit {
            Unit::PerKwh => format!("{} {}", short(price), self.unit()),
            Unit::PerKw => format!("{} {}", short(price), self.pick("yuan/kW", "元/千瓦")),
            Unit::Ratio => {
                let percent = price.micro_yuan_per_kwh().saturating_mul(100);
                format!("{} %", short(Energy::from_milliwatt_hours(percent)))
            }
        }
    }

    /// What a line's price is multiplied with.
    fn amount(self, line: &crate::ItemCharge) -> String {
        let amount = Energy::from_milliwatt_hours(line.amount);
        match line.quantity.unit() {
            Some(Unit::PerKw) => format!("{} {}", short(amount), self.pick("kW", "千瓦")),
            Some(Unit::Ratio) => self.money(Money::from_micro_yuan(line.amount)),
            Some(Unit::PerKwh) | None => self.energy(amount),
        }
    }

    fn energy(self, energy: Energy) -> String {
        format!("{} {}", short(energy), self.pick("kWh", "千瓦时"))
    }

    fn money(self, money: Money) -> String {
        format!("{money:#} {}", self.pick("yuan", "元"))
    }

    /// Pico-yuan as yuan with twelve digits.
    fn exact(self, pico_yuan: i128) -> String {
        let sign = if pico_yuan < 0 { "-" } else { "" };
        let size = pico_yuan.unsigned_abs();
        let scale = 1_000_000_000_000_u128;
        let (whole, rest) = (size.checked_div(scale), size.checked_rem(scale));
        let (whole, rest) = (whole.unwrap_or(0), rest.unwrap_or(0));
        format!("{sign}{whole}.{rest:012} {}", self.pick("yuan", "元"))
    }

    fn role(self, role: crate::Role) -> &'static str {
        self.pick(role.name_en(), role.name_zh())
    }

    fn band(self, band: Band) -> &'static str {
        self.pick(band.name_en(), band.name_zh())
    }

    fn duration(self, duration: Duration) -> String {
        let seconds = duration.milliseconds().checked_div(1000).unwrap_or(0);
        let minutes = seconds.checked_div(60).filter(|_| seconds.checked_rem(60) == Some(0));
        match minutes {
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
            Language::English => format!("months {}", numbers.join(", ")),
        }
    }

    fn summary(self, program: &Program<'_>) -> String {
        let header = program.header();
        let class = self.pick(header.class.name_en(), header.class.name_zh());
        let direction = self.pick(header.direction.name_en(), header.direction.name_zh());
        let interval = self.duration(header.interval);
        let energy = self.energy(header.energy_max);
        let (floor, cap) = (short(header.price_floor), short(header.price_cap));
        let unit = self.unit();
        match self.0 {
            Language::Chinese => format!(
                "适用 {class}，{direction}，第 {} 版\n每 {interval} 结算，每次至多 {energy}\n\
                 总价限于 {floor} 至 {cap} {unit}\n每次每分项向下取整到微元一次，余数结转\n",
                header.version
            ),
            Language::English => format!(
                "For {class}, {direction}; version {}\n\
                 Settled every {interval}, at most {energy} each time\n\
                 Total price within {floor} to {cap} {unit}\n\
                 Each leg rounds down to a micro-yuan once per settlement and carries the rest\n",
                header.version
            ),
        }
    }

    fn legs(self, program: &Program<'_>) -> String {
        let rows: Vec<_> = (0_u8..)
            .zip(program.legs())
            .map(|(index, leg)| {
                let payment = format!("{} -> {}", self.role(leg.debit), self.role(leg.credit));
                alloc::vec![ordinal(index), payment]
            })
            .collect();
        format!("{}\n{}", self.pick("Legs", "分项（付款方 -> 收款方）"), table(&rows))
    }

    fn calendar(self, program: &Program<'_>) -> String {
        let rows: Vec<_> = program.days().flat_map(|day| self.day(&day)).collect();
        if rows.is_empty() {
            return String::new();
        }
        format!("{}\n{}", self.pick("Calendar (UTC+8)", "日历（北京时间）"), table(&rows))
    }

    fn day(self, day: &DayPlan<'_>) -> Vec<Vec<String>> {
        let ends = day.starts().skip(1).map(|start| start.minute).chain([1440]);
        let months = self.months(day.months);
        day.starts()
            .zip(ends)
            .map(|(start, end)| {
                let span = format!("{}-{}", clock(start.minute), clock(end));
                alloc::vec![months.clone(), span, self.band(start.band).to_string()]
            })
            .collect()
    }

    fn band_tables(self, program: &Program<'_>) -> String {
        let tables = (0_u8..).zip(program.tables());
        tables.map(|(index, table)| self.band_table(index, &table)).collect()
    }

    fn band_table(self, index: u8, prices: &BandTable<'_>) -> String {
        let mut rows = Vec::new();
        for row in prices.rows() {
            for band in Band::ALL {
                if let Some(price) = row.price(*band) {
                    let band = self.band(*band).to_string();
                    let price = self.price(price, prices.unit);
                    rows.push(alloc::vec![self.months(row.months), band, price]);
                }
            }
        }
        let title = self.pick("Band prices", "分时表");
        format!("{title} {}\n{}", ordinal(index), table(&rows))
    }

    fn tier_tables(self, program: &Program<'_>) -> String {
        let tables = (0_u8..).zip(program.tiers());
        tables.map(|(index, table)| self.tier_table(index, &table)).collect()
    }

    fn tier_table(self, index: u8, tiers: &TierTable<'_>) -> String {
        let mut limits = tiers.limits();
        let mut rows = Vec::new();
        for price in tiers.prices() {
            let limit = match limits.next() {
                Some(limit) => format!("{} {}", self.pick("up to", "至"), self.energy(limit)),
                None => self.pick("above", "以上").to_string(),
            };
            rows.push(alloc::vec![limit, self.price(price, Unit::PerKwh)]);
        }
        let basis = self.pick(tiers.basis.name_en(), basis_zh(tiers.basis));
        let title = self.pick("Tiers", "阶梯表");
        format!("{title} {} ({basis})\n{}", ordinal(index), table(&rows))
    }

    fn signals(self, program: &Program<'_>) -> String {
        let rows: Vec<_> = program.signal_rules().map(|rule| self.signal(&rule)).collect();
        if rows.is_empty() {
            return String::new();
        }
        format!("{}\n{}", self.pick("Signals", "信号"), table(&rows))
    }

    fn signal(self, rule: &SignalRule) -> Vec<String> {
        let name = self.pick(rule.id.name_en(), rule.id.name_zh()).to_string();
        let age = self.duration(rule.age_max);
        let (low, high, default) =
            (short(rule.low), rule.high, self.price(rule.default, Unit::PerKwh));
        let clamp = format!("{low} {} {}", self.pick("to", "至"), self.price(high, Unit::PerKwh));
        let old = match self.0 {
            Language::Chinese => format!("缺失或超过 {age} 取 {default}"),
            Language::English => format!("missing or older than {age}: {default}"),
        };
        alloc::vec![name, clamp, old]
    }

    /// One row for each charge: item, leg, formula, condition.
    fn prices(self, program: &Program<'_>) -> String {
        let mut rows = Vec::new();
        let mut stack: Vec<String> = Vec::new();
        let mut condition = String::new();
        for op in program.code() {
            match op {
                Op::When { condition: number, .. } => condition = self.condition(program, number),
                Op::ChargeTiers { item, leg, tiers } => {
                    let formula = format!("{} {}", self.pick("tiers", "阶梯表"), ordinal(tiers));
                    rows.push(self.charge(item, leg, formula, &mut condition));
                }
                Op::Charge { item, leg } => {
                    let formula = stack.pop().unwrap_or_default();
                    rows.push(self.charge(item, leg, formula, &mut condition));
                }
                Op::ChargeOn { item, leg, quantity }
                | Op::ChargeBeyond { item, leg, quantity, .. } => {
                    let on = self.pick(quantity.name_en(), quantity.name_zh());
                    let formula = stack.pop().unwrap_or_default();
                    let formula = format!("{formula} × {on}{}", self.beyond(op));
                    rows.push(self.charge(item, leg, formula, &mut condition));
                }
                Op::ChargePart { item, leg, ppm, .. } => {
                    let whole = stack.last().cloned().unwrap_or_default();
                    let formula = format!("{} × ({whole})", self.ppm(ppm));
                    rows.push(self.charge(item, leg, formula, &mut condition.clone()));
                }
                Op::Share(share) => {
                    let whole = stack.pop().unwrap_or_default();
                    stack.push(format!("{} × ({whole})", self.ppm(share.ppm)));
                }
                Op::Constant { .. } | Op::Table { .. } | Op::Signal { .. } | Op::Steps { .. } => {
                    stack.push(self.operand(program, op));
                }
                Op::Add | Op::Subtract | Op::Lesser | Op::Greater | Op::Select { .. } => {
                    let second = stack.pop().unwrap_or_default();
                    let first = stack.pop().unwrap_or_default();
                    stack.push(self.pair(program, op, (&first, &second)));
                }
            }
        }
        format!("{}\n{}", self.pick("Prices", "价格"), table(&rows))
    }

    fn charge(
        self,
        item: crate::Item,
        leg: u8,
        formula: String,
        condition: &mut String,
    ) -> Vec<String> {
        let item = self.pick(item.name_en(), item.name_zh()).to_string();
        let leg = format!("{} {}", self.pick("into leg", "记入分项"), ordinal(leg));
        alloc::vec![item, leg, formula, core::mem::take(condition)]
    }

    fn operand(self, program: &Program<'_>, op: Op) -> String {
        if let Op::Constant { pool } = op {
            let constant = program.pool().nth(usize::from(pool));
            return constant.map_or_else(String::new, |one| self.price(one.price, one.unit));
        }
        if let Op::Table { table } = op {
            return format!("{} {}", self.pick("band prices", "分时表"), ordinal(table));
        }
        if let Op::Steps { table } = op {
            return format!("{} {}", self.pick("steps", "级差表"), ordinal(table));
        }
        let Op::Signal { id } = op else { return String::new() };
        format!("{} {}", self.pick("signal", "信号"), self.pick(id.name_en(), id.name_zh()))
    }

    fn ppm(self, ppm: u32) -> String {
        self.price(Price::from_micro_yuan_per_kwh(i64::from(ppm)), Unit::Ratio)
    }

    fn beyond(self, op: Op) -> String {
        let Op::ChargeBeyond { ppm, base, .. } = op else { return String::new() };
        let (ppm, en, zh) = (self.ppm(ppm), base.name_en(), base.name_zh());
        match self.0 {
            Language::Chinese => format!("，超出{zh}的 {ppm}"),
            Language::English => format!(" beyond {ppm} of {en}"),
        }
    }

    fn pair(self, program: &Program<'_>, op: Op, (first, second): (&str, &str)) -> String {
        if let Op::Select { condition } = op {
            let condition = self.condition(program, condition);
            format!("{first} {condition}; {} {second}", self.pick("else", "否则"))
        } else if op == Op::Add {
            format!("{first} + {second}")
        } else if op == Op::Subtract && (second.contains(" + ") || second.contains(" - ")) {
            format!("{first} - ({second})")
        } else if op == Op::Subtract {
            format!("{first} - {second}")
        } else if op == Op::Lesser {
            format!("{}({first}, {second})", self.pick("min", "较小"))
        } else {
            format!("{}({first}, {second})", self.pick("max", "较大"))
        }
    }

    fn condition(self, program: &Program<'_>, number: u8) -> String {
        let condition = program.conditions().nth(usize::from(number));
        let Some(condition) = condition else { return String::new() };
        let mut parts = Vec::new();
        let mut any_of = |names: Vec<&str>| parts.push(names.join(self.pick(" or ", "、")));
        if condition.bands != ALL_BANDS {
            let names = Band::ALL.iter().filter(|band| condition.bands & band.bit() != 0);
            any_of(names.map(|band| self.band(*band)).collect());
        }
        if condition.day_kinds != ALL_DAY_KINDS {
            let kinds = DayKind::ALL.iter().filter(|kind| condition.day_kinds & kind.byte() != 0);
            any_of(kinds.map(|kind| self.pick(kind.name_en(), kind.name_zh())).collect());
        }
        for id in SignalId::ALL {
            let name = self.pick(id.name_en(), id.name_zh());
            if condition.needed & id.event_bit() != 0 {
                parts.push(name.to_string());
            }
            if condition.forbidden & id.event_bit() != 0 {
                parts.push(format!("{} {name}", self.pick("without", "无")));
            }
        }
        if condition.months != ALL_MONTHS {
            parts.push(self.months(condition.months));
        }
        if condition.first_day != 0 || condition.last_day != LAST_DAY {
            let (first, last) = (date(condition.first_day), date(condition.last_day));
            parts.push(format!("{first} {} {last}", self.pick("to", "至")));
        }
        format!("{} {}", self.pick("only in", "仅"), parts.join(", "))
    }
}

/// The legal day of a number of days since 1970-01-01.
fn date(day: u16) -> String {
    let noon_utc = Duration::from_days(i64::from(day)).milliseconds();
    quantity::Instant::from_unix_milliseconds(noon_utc).civil().date.to_string()
}

const fn basis_zh(basis: TierBasis) -> &'static str {
    match basis {
        TierBasis::Month => "本月用电",
        TierBasis::Year => "本年用电",
    }
}
