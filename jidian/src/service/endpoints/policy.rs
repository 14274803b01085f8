//! Dated policy and templates: everyone may read them, the central bank sets them; and what a wallet
//! has earned under it.

use super::desk::at_desk;
use crate::service::access::may_see_wallet;
use crate::service::call::{Call, parse_amount, parse_day};
use crate::service::institutions::Errand;
use crate::service::json;
use crate::service::problem::{Problem, Reply};
use bank::terms::{Holders, InterestRule, Intrinsic, LimitRule, Template};
use bank::{Command, Grade};
use quantity::Instant;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::Digest;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    holders: String,
    grade: String,
    from: String,
    single_fen: Option<i64>,
    day_fen: Option<i64>,
    year_fen: Option<i64>,
    balance_fen: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interest {
    holders: String,
    grade: String,
    from: String,
    rate_ppm: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approved {
    template: u16,
    allows: String,
    document: String,
}

fn day_number(at: Instant) -> u32 {
    u32::try_from(at.legal_day().number).unwrap_or(0)
}

/// Where a rule stands beside the one in force, which begins on the day `in_force`.
fn standing(from_day: u32, in_force: Option<u32>, today: u32) -> &'static str {
    if in_force == Some(from_day) {
        "in_force"
    } else if from_day > today {
        "ahead"
    } else {
        "over"
    }
}

pub(in crate::service) fn limits(call: &Call<'_>) -> Result<Reply, Problem> {
    let now = (call.service.clock)();
    let today = day_number(now);
    let ledger = call.service.ledger();
    let registration = ledger.registration();
    let told = |rule: &LimitRule| {
        let in_force = registration.limits_at(rule.holders, rule.grade, now);
        let mut value = json::limits(rule);
        value["standing"] = standing(rule.from_day, in_force.map(|one| one.from_day), today).into();
        value
    };
    let rules: Vec<Value> = registration.limit_rules().map(told).collect();
    Ok(Reply::json(&json!({ "day": json::day(today), "rules": rules })))
}

pub(in crate::service) fn set_limits(call: &Call<'_>) -> Result<Reply, Problem> {
    let Limits { holders, grade, from, single_fen, day_fen, year_fen, balance_fen } =
        call.json()?;
    let amount = |fen: Option<i64>| fen.map(parse_amount).transpose();
    let (holders, grade, from_day) = whom(&holders, &grade, &from)?;
    let rule = LimitRule {
        holders,
        grade,
        from_day,
        single: amount(single_fen)?,
        day: amount(day_fen)?,
        year: amount(year_fen)?,
        balance: amount(balance_fen)?,
    };
    at_desk(call, Errand::Central(Command::SetLimits { rule }))
}

fn whom(holders: &str, grade: &str, from: &str) -> Result<(Holders, Grade, u32), Problem> {
    let wrong = || Problem::bad_request("holders: persons or companies");
    let holders = json::holders_of(holders).ok_or_else(wrong)?;
    let from = day_number(parse_day(from)?.start());
    Ok((holders, super::desk::parse_grade(grade)?, from))
}

pub(in crate::service) fn interest(call: &Call<'_>) -> Result<Reply, Problem> {
    let now = (call.service.clock)();
    let today = day_number(now);
    let ledger = call.service.ledger();
    let registration = ledger.registration();
    let told = |rule: &InterestRule| {
        let in_force = registration.interest_at(rule.holders, rule.grade, now);
        let mut value = json::interest(rule);
        value["standing"] = standing(rule.from_day, in_force.map(|one| one.from_day), today).into();
        value
    };
    let rules: Vec<Value> = registration.interest_rules().map(told).collect();
    Ok(Reply::json(&json!({ "day": json::day(today), "rules": rules })))
}

pub(in crate::service) fn set_interest(call: &Call<'_>) -> Result<Reply, Problem> {
    let Interest { holders, grade, from, rate_ppm } = call.json()?;
    let (holders, grade, from_day) = whom(&holders, &grade, &from)?;
    let rule = InterestRule { holders, grade, from_day, rate_ppm };
    at_desk(call, Errand::Central(Command::SetInterest { rule }))
}

pub(in crate::service) fn interest_of(call: &Call<'_>) -> Result<Reply, Problem> {
    let (id, now) = (call.wallet()?, (call.service.clock)());
    let ledger = call.service.ledger();
    let registration = ledger.registration();
    let seen = may_see_wallet(call.identity, id, registration);
    let wallet = registration.wallet(id).filter(|_| seen);
    let wallet = wallet.ok_or_else(super::wallets::no_wallet)?;
    let rule = wallet.kind.holders().and_then(|holders| {
        let rule = registration.interest_at(holders, wallet.grade, now)?;
        Some(rule.rate_ppm)
    });
    Ok(Reply::json(&json!({
        "wallet": id.to_string(),
        "earned_fen": registration.interest_earned(id, now).map(quantity::Fen::fen),
        "before": json::day(day_number(now)),
        "rate_ppm": rule,
    })))
}

pub(in crate::service) fn templates(call: &Call<'_>) -> Result<Reply, Problem> {
    let ledger = call.service.ledger();
    let templates: Vec<Value> = ledger.registration().templates().map(json::template).collect();
    Ok(Reply::json(&json!({ "templates": templates })))
}

pub(in crate::service) fn approve(call: &Call<'_>) -> Result<Reply, Problem> {
    let Approved { template: number, allows, document } = call.json()?;
    let allows = match allows.as_str() {
        "hold" => Intrinsic::Hold,
        "grant" => Intrinsic::Grant,
        _ => return Err(Problem::bad_request("allows: hold or grant")),
    };
    let document: Digest = document.parse().map_err(|error| {
        Problem::bad_request(format!("document: {error}; the SM3 digest of the document"))
    })?;
    let template = Template { number, allows, document };
    at_desk(call, Errand::Central(Command::ApproveTemplate { template }))
}

pub(in crate::service) fn withdraw(call: &Call<'_>) -> Result<Reply, Problem> {
    let template = call.path("template")?;
    at_desk(call, Errand::Central(Command::WithdrawTemplate { template }))
}
