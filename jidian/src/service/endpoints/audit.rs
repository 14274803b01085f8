//! Sums for analysts, and the day journal for auditors.

use crate::service::call::{Call, parse_day};
use crate::service::json;
use crate::service::problem::{Problem, Reply};
use bank::analysis::{Alarm, Rules, Sums};
use bank::export::{Period, Row};
use bank::{Registration, ResultCode};
use quantity::{CivilDate, Fen};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A sum over fewer wallets or movements would tell what one of them is.
const SUMMANDS_MIN: u64 = 3;

/// How many, and how much.
#[derive(Clone, Copy, Default)]
struct Sum {
    count: u64,
    total: Fen,
}

impl Sum {
    fn add(&mut self, amount: Fen) {
        self.count += 1;
        self.total += amount;
    }
}

pub(in crate::service) fn statistics(call: &Call<'_>) -> Result<Reply, Problem> {
    let ledger = call.service.ledger();
    let registration = ledger.registration();
    let days = days(ledger.journal.kept());
    Ok(Reply::json(&json!({
        "issued_fen": registration.issued().fen(),
        "batches": registration.last_batch(),
        "operations": operations(registration),
        "wallets": wallets(registration),
        "payments": days,
    })))
}

fn operations(registration: &Registration) -> Value {
    let counted = ResultCode::ALL.iter().map(|code| {
        let count = registration.statistics().count(*code);
        (code.name().to_owned(), Value::from(count))
    });
    Value::Object(counted.collect())
}

fn wallets(registration: &Registration) -> Vec<Value> {
    let mut sums: BTreeMap<_, Sum> = BTreeMap::new();
    for wallet in registration.wallets() {
        sums.entry((wallet.kind, wallet.grade)).or_default().add(wallet.balance);
    }
    let told = |((kind, grade), sum): ((_, _), Sum)| {
        let total = (sum.count >= SUMMANDS_MIN).then_some(sum.total.fen());
        json!({
            "kind": json::kind(kind),
            "grade": json::grade(grade),
            "wallets": sum.count,
            "total_fen": total,
        })
    };
    sums.into_iter().map(told).collect()
}

/// Payments done on each legal day that is still in memory.
fn days<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<Value> {
    let mut sums: BTreeMap<CivilDate, Sum> = BTreeMap::new();
    for row in rows.filter(|row| row.is_done() && row.kind == "pay") {
        sums.entry(row.at.civil().date).or_default().add(row.amount);
    }
    let told = |(day, sum): (CivilDate, Sum)| {
        let total = (sum.count >= SUMMANDS_MIN).then_some(sum.total.fen());
        json!({ "day": day.to_string(), "movements": sum.count, "total_fen": total })
    };
    sums.into_iter().map(told).collect()
}

/// What the analysis centre sees, the latest first.
pub(in crate::service) fn analysis(call: &Call<'_>) -> Result<Reply, Problem> {
    let limit = call.limit()?;
    let ledger = call.service.ledger();
    let centre = ledger.watch.centre();
    let rules = centre.rules_at((call.service.clock)());
    let days = centre.days().rev().take(limit).map(|(day, sums)| {
        let mut value = seen(sums);
        value["day"] = day.civil().date.to_string().into();
        value
    });
    let hours = centre.hours().rev().take(limit).map(|(hour, sums)| {
        let mut value = seen(sums);
        value["from"] = json::instant(hour).into();
        value
    });
    Ok(Reply::json(&json!({
        "since": centre.since().map(json::instant),
        "rules": rules.as_ref().map(suspicious),
        "days": days.collect::<Vec<_>>(),
        "hours": hours.collect::<Vec<_>>(),
        "alarms_raised": centre.alarms_raised(),
        "alarms": centre.alarms().rev().take(limit).map(alarm).collect::<Vec<_>>(),
    })))
}

fn seen(sums: &Sums) -> Value {
    let total = |count: u64, sum: Fen| (count >= SUMMANDS_MIN).then_some(sum.fen());
    json!({
        "movements": sums.movements,
        "total_fen": total(sums.movements, sums.amount),
        "anonymous_movements": sums.anonymous,
        "anonymous_total_fen": total(sums.anonymous, sums.by_anonymous),
    })
}

fn suspicious(rules: &Rules) -> Value {
    json!({
        "from": json::day(rules.from_day),
        "large_payment_fen": rules.large_payment.fen(),
        "window_seconds": rules.window.milliseconds() / 1000,
        "payments_max": rules.payments_max,
        "split_payments_min": rules.split_payments_min,
        "payers_max": rules.payers_max,
        "pass_through_percent": rules.pass_through_percent,
    })
}

fn alarm(alarm: &Alarm) -> Value {
    json!({
        "at": json::instant(alarm.at),
        "wallet": alarm.wallet.to_string(),
        "suspicion": alarm.suspicion.name(),
        "amount_fen": alarm.amount.fen(),
    })
}

pub(in crate::service) fn journal(call: &Call<'_>) -> Result<Reply, Problem> {
    let day = parse_day(&call.path::<String>("day")?)?;
    let after = call.query("after").map_or(Ok(0), str::parse::<usize>);
    let after = after.map_err(|error| Problem::bad_request(format!("after: {error}")))?;
    let limit = call.limit()?;
    let ledger = call.service.ledger();
    let rows = ledger.journal.rows(Period::of_day(day)).map_err(|reach| {
        Problem::out_of_reach(format!("{reach}; `jidian bank export` reads the whole log"))
    })?;
    let mut found: Vec<&Row> = rows.skip(after).take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = more.then(|| after + found.len());
    let rows: Vec<Value> = found.into_iter().map(json::row).collect();
    Ok(Reply::json(&json!({ "day": day.to_string(), "rows": rows, "next": next })))
}
