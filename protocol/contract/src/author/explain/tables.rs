//! The tables of a program: what a regulator would file.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use quantity::{Money, Price};

use super::super::check::clock;
use super::super::diagnostic::Language;
use super::{Tables, date, label, table};
use crate::program::{BandTable, Condition, DayPlan, SpecialDays, StepsTable, TierTable};
use crate::{Band, Leg, PrepaidRule, Purpose, Quantity, QuantityRule, SignalRule, TierBasis, Unit};

impl Tables<'_, '_> {
    pub(super) fn text(&self) -> String {
        let mut text = self.summary();
        text.push_str(&self.prices());
        text.push_str(&self.legs());
        text.push_str(&self.quantities());
        text.push_str(&self.calendar());
        text.push_str(&self.special_days());
        text.push_str(&self.band_tables());
        text.push_str(&self.tier_tables());
        text.push_str(&self.steps_tables());
        text.push_str(&self.signals());
        text.push_str(&self.prepaid());
        text
    }

    /// A title and its rows; nothing without rows.
    fn section(&self, en: &str, zh: &str, rows: &[Vec<String>]) -> String {
        if rows.is_empty() {
            return String::new();
        }
        format!("{}\n{}", self.words.pick(en, zh), table(rows))
    }

    fn summary(&self) -> String {
        let words = self.words;
        let header = self.program.header();
        let class = words.pick(header.class.name_en(), header.class.name_zh());
        let direction = words.pick(header.direction.name_en(), header.direction.name_zh());
        let interval = words.duration(header.interval);
        let energy = words.energy(header.energy_max);
        let limits = words.range(header.price_floor, header.price_cap, Unit::PerKwh);
        match words.0 {
            Language::Chinese => format!(
                "适用 {class}，{direction}，第 {} 版\n每 {interval} 结算，每次至多 {energy}\n\
                 总价限于 {limits}\n每次每分项向下取整到微元一次，余数结转\n",
                header.version
            ),
            Language::English => format!(
                "For {class}, {direction}; version {}\n\
                 Settled every {interval}, at most {energy} each time\n\
                 Total price within {limits}\n\
                 Each leg rounds down to a micro-yuan once per settlement and carries the rest\n",
                header.version
            ),
        }
    }

    fn legs(&self) -> String {
        let rows: Vec<_> =
            (0_u8..).zip(self.program.legs()).map(|(index, leg)| self.leg(index, leg)).collect();
        self.section("Legs", "分项（付款方 -> 收款方）", &rows)
    }

    /// Who pays whom, what for and until when.
    fn leg(&self, index: u8, leg: Leg) -> Vec<String> {
        let words = self.words;
        let payment = format!("{} -> {}", words.role(leg.debit), words.role(leg.credit));
        let mut row = alloc::vec![label(&self.names.legs, index), payment];
        let mut bound = Vec::new();
        if leg.purpose != Purpose::None {
            let purpose = words.pick(leg.purpose.name_en(), leg.purpose.name_zh());
            bound.push(format!("{}{purpose}", words.pick("only for ", "只可用于")));
        }
        if leg.expiry_days > 0 {
            bound.push(match words.0 {
                Language::Chinese => format!("{} 天后失效", leg.expiry_days),
                Language::English => format!("expires after {} days", leg.expiry_days),
            });
        }
        if !bound.is_empty() {
            row.push(bound.join(words.pick(", ", "，")));
        }
        row
    }

    fn quantities(&self) -> String {
        let rows: Vec<_> = self.program.quantity_rules().map(|rule| self.quantity(&rule)).collect();
        self.section("Quantities", "量", &rows)
    }

    /// Bound, limits of its prices, and when it counts.
    fn quantity(&self, rule: &QuantityRule) -> Vec<String> {
        let words = self.words;
        let most = words.amount(rule.most, rule.quantity);
        let priced = rule.floor != Price::ZERO || rule.cap != Price::ZERO;
        let limits = match rule.quantity.unit().filter(|_| priced) {
            Some(unit) => {
                let range = words.range(rule.floor, rule.cap, unit);
                format!("{} {range}", words.pick("price within", "限价"))
            }
            None => words.pick("no price of its own", "自身不计价").to_string(),
        };
        let when = if rule.quantity.is_monthly() {
            words.pick("when a month ends", "月末计")
        } else {
            words.pick("each settlement", "每次结算计")
        };
        alloc::vec![
            words.quantity(rule.quantity).to_string(),
            format!("{} {most}", words.pick("at most", "至多")),
            limits,
            when.to_string(),
        ]
    }

    /// The exceptions in the order in which they are tried, then the other days.
    fn calendar(&self) -> String {
        let rows: Vec<_> = self.program.days().flat_map(|day| self.day(&day)).collect();
        self.section("Calendar (UTC+8)", "日历（北京时间）", &rows)
    }

    fn day(&self, day: &DayPlan<'_>) -> Vec<Vec<String>> {
        let words = self.words;
        let ends = day.starts().skip(1).map(|start| start.minute).chain([1440]);
        let mut days = alloc::vec![words.months(day.months)];
        let conditions = || self.program.conditions();
        let condition = day.condition.and_then(|number| conditions().nth(usize::from(number)));
        if let Some(condition) = &condition {
            words.day_parts(condition, &mut days);
        }
        let days = days.join(words.pick(", ", "，"));
        day.starts()
            .zip(ends)
            .map(|(start, end)| {
                let span = format!("{}-{}", clock(start.minute), clock(end));
                alloc::vec![days.clone(), span, words.band(start.band).to_string()]
            })
            .collect()
    }

    fn special_days(&self) -> String {
        let words = self.words;
        let Some((first, last)) = self.program.special_years() else { return String::new() };
        let mut rows: Vec<_> =
            self.program.special_days().map(|special| self.special(&special)).collect();
        let others = words.pick("any other date", "其余日期");
        let usual = words.pick(
            "rest day on Saturday and Sunday, else workday",
            "周六、周日为休息日，其余为工作日",
        );
        rows.push(alloc::vec![others.to_string(), usual.to_string()]);
        let years = if first == last {
            format!("{first}")
        } else {
            format!("{first} {} {last}", words.pick("to", "至"))
        };
        let (en, zh) = (format!("Special days {years}"), format!("特殊日 {years} 年"));
        self.section(&en, &zh, &rows)
    }

    fn special(&self, special: &SpecialDays) -> Vec<String> {
        let first = special.first_day;
        let last = first.saturating_add(u16::from(special.length).saturating_sub(1));
        let to = self.words.pick("to", "至");
        let days = if first == last {
            date(first)
        } else {
            format!("{} {to} {}", date(first), date(last))
        };
        alloc::vec![
            days,
            self.words.pick(special.kind.name_en(), special.kind.name_zh()).to_string()
        ]
    }

    fn band_tables(&self) -> String {
        let tables = (0_u8..).zip(self.program.tables());
        tables.map(|(index, table)| self.band_table(index, &table)).collect()
    }

    fn band_table(&self, index: u8, prices: &BandTable<'_>) -> String {
        let words = self.words;
        let mut rows = Vec::new();
        for row in prices.rows() {
            for band in Band::ALL {
                if let Some(price) = row.price(*band) {
                    let band = words.band(*band).to_string();
                    let price = words.price(price, prices.unit);
                    rows.push(alloc::vec![words.months(row.months), band, price]);
                }
            }
        }
        let name = label(&self.names.tables, index);
        self.section(&format!("Band prices {name}"), &format!("分时表 {name}"), &rows)
    }

    fn tier_tables(&self) -> String {
        let tables = (0_u8..).zip(self.program.tiers());
        tables.map(|(index, table)| self.tier_table(index, &table)).collect()
    }

    fn tier_table(&self, index: u8, tiers: &TierTable<'_>) -> String {
        let words = self.words;
        let mut limits = tiers.limits();
        let mut rows = Vec::new();
        for price in tiers.prices() {
            let limit = match limits.next() {
                Some(limit) => format!("{} {}", words.pick("up to", "至"), words.energy(limit)),
                None => words.pick("above", "以上").to_string(),
            };
            rows.push(alloc::vec![limit, words.price(price, Unit::PerKwh)]);
        }
        let name = label(&self.names.tiers, index);
        let basis = words.pick(tiers.basis.name_en(), basis_zh(tiers.basis));
        self.section(&format!("Tiers {name} ({basis})"), &format!("阶梯表 {name} ({basis})"), &rows)
    }

    fn steps_tables(&self) -> String {
        let tables = (0_u8..).zip(self.program.steps_tables());
        tables.map(|(index, table)| self.steps_table(index, &table)).collect()
    }

    /// Not marginal: one row gives the whole price.
    fn steps_table(&self, index: u8, steps: &StepsTable<'_>) -> String {
        let words = self.words;
        let mut limits = steps.limits();
        let mut rows = Vec::new();
        for price in steps.prices() {
            let limit = match limits.next() {
                Some(limit) => {
                    let amount = words.amount(limit.milliwatt_hours(), steps.quantity);
                    format!("{} {amount}", words.pick("below", "低于"))
                }
                None => words.pick("from there on", "以上").to_string(),
            };
            rows.push(alloc::vec![limit, words.price(price, steps.unit)]);
        }
        let name = label(&self.names.steps_tables, index);
        let quantity = words.quantity(steps.quantity);
        let (en, zh) =
            (format!("Steps {name} ({quantity})"), format!("级差表 {name}（{quantity}）"));
        self.section(&en, &zh, &rows)
    }

    fn signals(&self) -> String {
        let rules = || self.program.signal_rules();
        let signals: Vec<_> =
            rules().filter(|rule| !rule.id.is_event()).map(|rule| self.signal(&rule)).collect();
        let events: Vec<_> =
            rules().filter(|rule| rule.id.is_event()).map(|rule| self.event(&rule)).collect();
        let mut text = self.section("Signals", "信号", &signals);
        text.push_str(&self.section("Events", "事件", &events));
        text
    }

    fn signal(&self, rule: &SignalRule) -> Vec<String> {
        let words = self.words;
        let clamp = words.range(rule.low, rule.high, Unit::PerKwh);
        let default = words.price(rule.default, Unit::PerKwh);
        alloc::vec![words.event(rule.id).to_string(), clamp, self.old(rule, &default)]
    }

    fn event(&self, rule: &SignalRule) -> Vec<String> {
        let words = self.words;
        let on = rule.default != Price::ZERO;
        let default = if on { words.pick("on", "是") } else { words.pick("off", "否") };
        alloc::vec![words.event(rule.id).to_string(), self.old(rule, default)]
    }

    /// What holds without a value that is young enough.
    fn old(&self, rule: &SignalRule, default: &str) -> String {
        let age = self.words.duration(rule.age_max);
        match self.words.0 {
            Language::Chinese => format!("缺失或超过 {age} 取 {default}"),
            Language::English => format!("missing or older than {age}: {default}"),
        }
    }

    fn prepaid(&self) -> String {
        self.program.prepaid().map(|rule| self.hold(&rule)).unwrap_or_default()
    }

    fn hold(&self, rule: &PrepaidRule) -> String {
        let words = self.words;
        let leg = label(&self.names.legs, rule.leg);
        let money = |money: Money| words.amount(money.micro_yuan(), Quantity::Billed);
        let (hold, below) = (money(rule.hold), money(rule.again_below));
        let release = words.duration(rule.release_after);
        match words.0 {
            Language::Chinese => format!(
                "预付\n  分项 {leg}：冻结 {hold}，剩余低于 {below} 时再冻结，{release} 后释放\n"
            ),
            Language::English => format!(
                "Prepaid\n  leg {leg}: {hold} are put on hold, and again when less than {below} is left; \
                 released after {release}\n"
            ),
        }
    }

    /// A condition by its number.
    pub(super) fn condition(&self, number: u8) -> String {
        let condition: Option<Condition> = self.program.conditions().nth(usize::from(number));
        condition.map(|condition| self.words.condition(&condition)).unwrap_or_default()
    }

    pub(super) fn quantity_name(&self, quantity: Quantity) -> &'static str {
        self.words.quantity(quantity)
    }
}

const fn basis_zh(basis: TierBasis) -> &'static str {
    match basis {
        TierBasis::Month => "本月用电",
        TierBasis::Year => "本年用电",
    }
}
