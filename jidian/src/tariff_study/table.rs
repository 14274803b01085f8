//! A study as tables on a screen.

use super::bill::CustomerBill;
use super::words::{Table, decimal, grouped, percent, say, share, signed_yuan, yuan};
use super::{Findings, LegTotal, Shown};
use crate::commands::Language;
use contract::{Item, Quantity, Role};
use core::fmt::Write;
use quantity::{Duration, Money, Price};

impl Shown<'_> {
    fn say(&self, zh: &'static str, en: &'static str) -> &'static str {
        say(self.language, zh, en)
    }

    /// Which contracts, which customers, and what they aren't.
    #[must_use]
    pub fn preface(&self) -> String {
        let [old, new] = self.contracts;
        let mut text = format!("{} → {}, {}\n", old.label(), new.label(), self.study.year.year);
        text += &self.population();
        let minutes = |of: Duration| of.milliseconds() / 60_000;
        let (every_old, every_new) = (minutes(old.interval), minutes(new.interval));
        text += &match self.language {
            Language::En => format!(
                "Settled every 15 minutes, and where a band changes. The contracts say every \
                 {every_old} and {every_new} minutes: splitting a settlement never changes a sum.\n"
            ),
            Language::Zh => format!(
                "每 15 分钟结算一次，时段变化处再分开。合约写明每 {every_old} 和 {every_new} 分钟：\
                 拆分结算不会改变总额。\n"
            ),
        };
        for (contract, name) in self.contracts.iter().zip([("旧", "old"), ("新", "new")]) {
            for (signal, default) in &contract.defaults {
                let off = *default == Price::ZERO;
                let default = match (signal.is_event(), self.language) {
                    (false, _) => self.price(*default),
                    (true, Language::En) => if off { "off" } else { "on" }.to_owned(),
                    (true, Language::Zh) => if off { "否" } else { "是" }.to_owned(),
                };
                text += &match self.language {
                    Language::En => format!(
                        "No signal is received: {} takes its default of {default} in the \
                         {} contract.\n",
                        signal.code(),
                        name.1
                    ),
                    Language::Zh => format!(
                        "没有电价信号：{}合约中的{}取缺省值 {default}。\n",
                        name.0,
                        signal.name_zh()
                    ),
                };
            }
        }
        text + &self.assumptions()
    }

    /// What the shapes don't tell and a contract charges.
    fn assumptions(&self) -> String {
        let mut text = String::new();
        let charged = |quantity| self.contracts.iter().any(|one| one.monthly.contains(&quantity));
        for (quantity, zh, en) in [
            (
                Quantity::MaximumDemand,
                "最大需量取当月 15 分钟平均功率的最大值",
                "maximum demand is the largest mean power of 15 minutes in the month",
            ),
            (
                Quantity::Capacity,
                "容量取用户的额定功率",
                "capacity is the customer's nominal power",
            ),
            (
                Quantity::PowerFactor,
                "功率因数一律按 95 %",
                "the power factor is 95 % for everybody",
            ),
            (
                Quantity::Billed,
                "计费额取当月截至最后一次结算之前的账单",
                "the amount billed is the month's bill before its last settlement",
            ),
        ] {
            if charged(quantity) {
                text += &format!("{}: {}\n", self.say("假设", "Assumed"), self.say(zh, en));
            }
        }
        text
    }

    fn price(&self, price: Price) -> String {
        let unit = self.say("元/千瓦时", "yuan/kWh");
        format!("{} {unit}", decimal(price.micro_yuan_per_kwh().into(), 6, 6))
    }

    fn population(&self) -> String {
        let metas = self.study.shapes.metas();
        let names: Vec<&str> = metas.iter().map(|meta| meta.name.as_str()).collect();
        let names = names.join(" ");
        let (seed, class) = (self.seed, self.class);
        let count = grouped(u128::from(self.count));
        match (self.language, self.builtin) {
            (Language::En, true) => format!(
                "{count} customers of class {} made from SimBench shapes ({names}): real German \
                 profiles of 2016, neither Chinese nor {count} real customers. Size, habit and \
                 mixture are drawn from seed {seed}. Customers don't react to prices.\n",
                class.code()
            ),
            (Language::En, false) => format!(
                "{count} customers of class {} made from your profiles ({names}). Size, habit and \
                 mixture are drawn from seed {seed}. Customers don't react to prices.\n",
                class.code()
            ),
            (Language::Zh, true) => format!(
                "{count} 户{}用户由 SimBench 负荷曲线（{names}）生成：德国 2016 年实测曲线，既不是中国数据，\
                 也不是 {count} 户真实用户。规模、作息与混合由种子 {seed} 决定。用户不对电价作出反应。\n",
                class.name_zh()
            ),
            (Language::Zh, false) => format!(
                "{count} 户{}用户由所给曲线（{names}）生成。规模、作息与混合由种子 {seed} 决定。\
                 用户不对电价作出反应。\n",
                class.name_zh()
            ),
        }
    }

    /// The bills of one customer, line by line.
    #[must_use]
    pub fn customer(&self, number: usize, bills: &[CustomerBill; 2]) -> String {
        let mut text = self.preface();
        for (bill, (contract, name)) in
            bills.iter().zip(self.contracts.iter().zip([("旧", "old"), ("新", "new")]))
        {
            let _ = write!(
                text,
                "\n{} {number}, {} {}\n",
                self.say("用户", "Customer"),
                self.say(name.0, name.1),
                contract.label()
            );
            text += &self.lines(bill);
            text += &self.legs(bill);
        }
        let [old, new] = [&bills[0], &bills[1]].map(CustomerBill::total);
        let micro = |money: Money| i128::from(money.micro_yuan());
        let _ = writeln!(
            text,
            "\n{}: {} → {} {}, {} {}",
            self.say("全年", "The year"),
            decimal(micro(old), 6, 6),
            decimal(micro(new), 6, 6),
            self.say("元", "yuan"),
            self.say("变化", "change"),
            signed_yuan(micro(new) - micro(old))
        );
        text
    }

    fn lines(&self, bill: &CustomerBill) -> String {
        let mut table = Table::new([
            self.say("月 项目", "month, item"),
            self.say("支付", "leg"),
            self.say("数量", "amount"),
            self.say("单位", "unit"),
            self.say("元/单位", "yuan per unit"),
            self.say("元（精确）", "yuan, exact"),
        ]);
        for line in &bill.lines {
            let item = self.say(line.item.name_zh(), line.item.name_en());
            table.row([
                format!("{:>2} {item}", line.month),
                line.leg.to_string(),
                decimal(line.amount.into(), 6, 6),
                super::words::unit(line.quantity).to_owned(),
                decimal(line.price.micro_yuan_per_kwh().into(), 6, 6),
                decimal(line.pico_yuan(), 12, 12),
            ]);
        }
        table.text()
    }

    /// How the lines of each leg become fen and rests.
    fn legs(&self, bill: &CustomerBill) -> String {
        let mut table = Table::new([
            self.say("支付", "leg"),
            self.say("各行之和，元", "sum of lines, yuan"),
            self.say("已付，元", "paid, yuan"),
            self.say("余数，微元", "rest, micro-yuan"),
            self.say("结转，皮元", "carried, pico-yuan"),
        ]);
        for (number, leg) in bill.legs.iter().enumerate() {
            let role = |role: Role| self.say(role.name_zh(), role.name_en());
            table.row([
                format!("{number} {} → {}", role(leg.debit), role(leg.credit)),
                decimal(leg.pico_yuan, 12, 12),
                decimal(leg.fen.fen().into(), 2, 2),
                leg.rest.micro_yuan().to_string(),
                leg.carried.pico_yuan().to_string(),
            ]);
        }
        table.text()
    }
}

impl Findings<'_> {
    fn say(&self, zh: &'static str, en: &'static str) -> &'static str {
        self.shown.say(zh, en)
    }

    /// All tables of the study.
    #[must_use]
    pub fn tables(&self) -> String {
        let mut text = self.shown.preface();
        for table in [
            self.bills(),
            self.deciles(),
            self.by_shape(),
            self.extremes(),
            self.payees(),
            self.items(),
        ] {
            text.push('\n');
            text += &table;
        }
        text
    }

    fn bills(&self) -> String {
        let all = &self.report.all;
        let [old, new] = all.micro_yuan;
        let mean = |sum: i128| yuan(sum / (all.customers as i128).max(1));
        let mut table = Table::new([
            self.say("用户账单，元", "bills of customers, yuan"),
            self.say("旧", "old"),
            self.say("新", "new"),
            self.say("变化", "change"),
        ]);
        let change = signed_yuan(all.change());
        table.row([self.say("合计（收入）", "all (revenue)").into(), yuan(old), yuan(new), change]);
        let change = signed_yuan(all.change() / (all.customers as i128).max(1));
        table.row([self.say("每户", "per customer").into(), mean(old), mean(new), change]);
        let counted = |zh, en, count: usize| {
            format!(
                "{} {} ({})",
                self.say(zh, en),
                grouped(count as u128),
                share(count, all.customers)
            )
        };
        table.text()
            + &format!(
                "  {}, {}, {}\n",
                counted("多付", "pay more:", all.more),
                counted("少付", "pay less:", all.less),
                counted("不变", "the same to the fen:", all.same())
            )
    }

    fn deciles(&self) -> String {
        let mut table = Table::new([
            self.say("变化的十分位", "deciles of the change"),
            self.say("元/年", "yuan a year"),
            self.say("占旧账单", "of the old bill"),
        ]);
        for (tenth, change) in self.report.change_deciles.iter().enumerate() {
            let name = match tenth {
                0 => self.say("最小", "smallest").to_owned(),
                10 => self.say("最大", "largest").to_owned(),
                5 => self.say("50 %（中位数）", "50 % (median)").to_owned(),
                tenth => format!("{} %", tenth * 10),
            };
            let relative = self.report.relative_deciles.map(|deciles| percent(deciles[tenth]));
            let change = signed_yuan(change.micro_yuan().into());
            table.row([name, change, relative.unwrap_or_else(|| "–".to_owned())]);
        }
        table.text()
    }

    fn by_shape(&self) -> String {
        let mut table = Table::new([
            self.say("曲线", "profile"),
            self.say("户数", "customers"),
            self.say("千瓦时/户", "kWh each"),
            self.say("旧，元/户", "old, yuan each"),
            self.say("新，元/户", "new, yuan each"),
            self.say("变化", "change"),
            self.say("多付", "pay more"),
            self.say("少付", "pay less"),
        ]);
        for (meta, group) in self.shown.study.shapes.metas().iter().zip(&self.report.by_shape) {
            if group.customers == 0 {
                continue;
            }
            let each = |sum: i128| sum / group.customers as i128;
            table.row([
                meta.name.clone(),
                grouped(group.customers as u128),
                decimal(each(group.milliwatt_hours), 6, 0),
                yuan(each(group.micro_yuan[0])),
                yuan(each(group.micro_yuan[1])),
                signed_yuan(each(group.change())),
                share(group.more, group.customers),
                share(group.less, group.customers),
            ]);
        }
        table.text()
    }

    fn extremes(&self) -> String {
        let mut text = String::new();
        for (zh, en, numbers) in [
            ("少付最多", "gain most", &self.report.gainers),
            ("多付最多", "lose most", &self.report.losers),
        ] {
            if numbers.is_empty() {
                continue;
            }
            let mut table = Table::new([
                self.say(zh, en),
                self.say("曲线", "profile"),
                self.say("千瓦时", "kWh"),
                self.say("旧，元", "old, yuan"),
                self.say("新，元", "new, yuan"),
                self.say("变化", "change"),
                "%",
            ]);
            for number in numbers {
                let outcome = &self.outcomes.customers[*number];
                let [old, new] = outcome.bills.map(|bill| yuan(bill.micro_yuan().into()));
                table.row([
                    format!("{} {number}", self.say("用户", "customer")),
                    self.shown.study.shapes.metas()[outcome.shape].name.clone(),
                    decimal(outcome.energy.milliwatt_hours().into(), 6, 0),
                    old,
                    new,
                    signed_yuan(outcome.change().micro_yuan().into()),
                    outcome.relative_change().map_or_else(|| "–".to_owned(), percent),
                ]);
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text += &table.text();
        }
        text
    }

    fn payees(&self) -> String {
        let mut table = Table::new([
            self.say("钱包，净收入，元", "wallet, net income, yuan"),
            self.say("旧", "old"),
            self.say("新", "new"),
            self.say("变化", "change"),
        ]);
        for (role, [old, new]) in self.net_by_role() {
            let name = self.say(role.name_zh(), role.name_en()).to_owned();
            table.row([name, yuan(old), yuan(new), signed_yuan(new - old)]);
        }
        table.text()
    }

    fn items(&self) -> String {
        let mut table = Table::new([
            self.say("项目 → 收款方，元", "item → payee, yuan"),
            self.say("旧", "old"),
            self.say("新", "new"),
            self.say("变化", "change"),
        ]);
        for ((items, role), [old, new]) in self.by_item() {
            let names: Vec<&str> =
                items.iter().map(|item| self.say(item.name_zh(), item.name_en())).collect();
            let name =
                format!("{} → {}", names.join(" + "), self.say(role.name_zh(), role.name_en()));
            let [old, new] = [old, new].map(|pico| pico.div_euclid(1_000_000));
            table.row([name, yuan(old), yuan(new), signed_yuan(new - old)]);
        }
        table.text()
    }

    /// What each wallet takes in less what it pays, in micro-yuan; the sum is zero.
    #[must_use]
    pub fn net_by_role(&self) -> Vec<(Role, [i128; 2])> {
        let mut roles: Vec<(Role, [i128; 2])> = Vec::new();
        for (side, totals) in self.outcomes.sides.iter().enumerate() {
            for LegTotal { debit, credit, settled_micro_yuan, .. } in &totals.legs {
                *entry(&mut roles, *debit, side) -= settled_micro_yuan;
                *entry(&mut roles, *credit, side) += settled_micro_yuan;
            }
        }
        roles.sort_by_key(|(role, _)| *role);
        roles
    }

    /// The exact amount of each item and payee, in pico-yuan.
    #[must_use]
    pub fn by_item(&self) -> Vec<(ItemAndPayee, [i128; 2])> {
        let mut rows = Vec::new();
        for (side, totals) in self.outcomes.sides.iter().enumerate() {
            for item in &totals.items {
                let payee = totals.legs[usize::from(item.leg)].credit;
                *entry(&mut rows, (item.items.clone(), payee), side) += item.pico_yuan;
            }
        }
        rows
    }
}

/// Items that share an amount, and who is paid.
type ItemAndPayee = (Vec<Item>, Role);

/// The number of a key and side; a new key begins at zero.
fn entry<K: PartialEq>(rows: &mut Vec<(K, [i128; 2])>, key: K, side: usize) -> &mut i128 {
    let known = rows.iter().position(|(known, _)| *known == key);
    let at = known.unwrap_or_else(|| {
        rows.push((key, [0; 2]));
        rows.len() - 1
    });
    &mut rows[at].1[side]
}
