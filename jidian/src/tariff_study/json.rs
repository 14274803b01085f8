//! A study as JSON: money in yuan and energy in kWh as exact decimal text.

use super::bill::CustomerBill;
use super::words::{self, decimal};
use super::{Findings, Shown};
use quantity::Money;
use serde_json::{Value, json};

/// Micro-yuan or milliwatt-hours as a decimal without grouping.
fn plain(amount: i128, scale: u32) -> String {
    decimal(amount, scale, scale).replace(',', "")
}

fn change(pair: [i128; 2], scale: u32) -> Value {
    let [old, new] = pair;
    json!({
        "old_yuan": plain(old, scale),
        "new_yuan": plain(new, scale),
        "change_yuan": plain(new - old, scale),
    })
}

impl Shown<'_> {
    fn contract(&self, side: usize) -> Value {
        let facts = &self.contracts[side];
        let defaults = facts.defaults.iter().map(|(signal, price)| {
            json!({ "signal": signal.code(), "default_yuan_per_kwh": plain(price.micro_yuan_per_kwh().into(), 6) })
        });
        json!({
            "name": facts.name,
            "version": facts.version,
            "class": facts.class.code(),
            "direction": facts.direction.code(),
            "interval_minutes": facts.interval.milliseconds() / 60_000,
            "sm3": facts.digest,
            "signals_missing": defaults.collect::<Vec<_>>(),
        })
    }

    /// What every answer of the command begins with.
    fn head(&self) -> Value {
        json!({
            "year": self.study.year.year,
            "settled_every_minutes": 15,
            "seed": self.seed,
            "old": self.contract(0),
            "new": self.contract(1),
            "population": {
                "customers": self.count,
                "class": self.class.code(),
                "profiles_from": if self.builtin { "SimBench 2016 (ODbL 1.0)" } else { "--data" },
                "note": "made from load shapes; not real customers, and they don't react to prices",
            },
        })
    }

    /// The bills of one customer.
    #[must_use]
    pub fn customer_json(&self, number: usize, bills: &[CustomerBill; 2]) -> Value {
        let mut value = self.head();
        value["customer"] = json!(number);
        let totals = [&bills[0], &bills[1]].map(CustomerBill::total);
        value["bill"] = change(totals.map(|total: Money| total.micro_yuan().into()), 6);
        for (side, bill) in super::SIDES.iter().zip(bills) {
            value[*side]["lines"] = bill.lines.iter().map(line).collect();
            value[*side]["legs"] = bill.legs.iter().map(leg).collect();
        }
        value
    }
}

impl Findings<'_> {
    /// The whole study, with the bills of every customer.
    #[must_use]
    pub fn json(&self) -> Value {
        let report = self.report;
        let all = &report.all;
        let name = |shape: usize| &self.shown.study.shapes.metas()[shape].name;
        let mut value = self.shown.head();
        value["bills"] = change(all.micro_yuan, 6);
        value["pay_more"] = json!(all.more);
        value["pay_less"] = json!(all.less);
        value["pay_the_same"] = json!(all.same());
        value["settlements"] = json!(self.outcomes.settlements);
        value["change_deciles_yuan"] =
            json!(report.change_deciles.map(|one| plain(one.micro_yuan().into(), 6)));
        value["change_deciles_percent"] =
            json!(report.relative_deciles.map(|deciles| deciles.map(|one| plain(one.into(), 2))));
        let groups = report.by_shape.iter().enumerate().filter(|(_, group)| group.customers > 0);
        let groups = groups.map(|(shape, group)| {
            let mut one = change(group.micro_yuan, 6);
            one["profile"] = json!(name(shape));
            one["customers"] = json!(group.customers);
            one["energy_kwh"] = json!(plain(group.milliwatt_hours, 6));
            one["pay_more"] = json!(group.more);
            one["pay_less"] = json!(group.less);
            one
        });
        value["by_profile"] = groups.collect();
        value["gain_most"] = json!(report.gainers);
        value["lose_most"] = json!(report.losers);
        let wallets = self.net_by_role().into_iter().map(|(role, pair)| {
            let mut one = change(pair, 6);
            one["wallet"] = json!(role.code());
            one
        });
        value["net_income_by_wallet"] = wallets.collect();
        let items = self.by_item().into_iter().map(|((items, payee), pair)| {
            let mut one = change(pair, 12);
            one["items"] = items.iter().map(|item| item.code()).collect();
            one["payee"] = json!(payee.code());
            one
        });
        value["by_item"] = items.collect();
        let customers = self.outcomes.customers.iter().enumerate().map(|(number, outcome)| {
            let mut one = change(outcome.bills.map(|bill| bill.micro_yuan().into()), 6);
            one["customer"] = json!(number);
            one["profile"] = json!(name(outcome.shape));
            one["energy_kwh"] = json!(plain(outcome.energy.milliwatt_hours().into(), 6));
            one
        });
        value["customers"] = customers.collect();
        value
    }
}

fn line(line: &super::bill::Line) -> Value {
    json!({
        "month": line.month,
        "item": line.item.code(),
        "leg": line.leg,
        "quantity": line.quantity.code(),
        "amount": plain(line.amount.into(), 6),
        "unit": words::unit(line.quantity),
        "price_yuan_per_unit": plain(line.price.micro_yuan_per_kwh().into(), 6),
        "exact_yuan": plain(line.pico_yuan(), 12),
    })
}

fn leg(leg: &super::bill::LegBill) -> Value {
    json!({
        "debit": leg.debit.code(),
        "credit": leg.credit.code(),
        "exact_yuan": plain(leg.pico_yuan, 12),
        "paid_yuan": plain(leg.fen.fen().into(), 2),
        "rest_micro_yuan": leg.rest.micro_yuan(),
        "carried_pico_yuan": leg.carried.pico_yuan(),
    })
}
