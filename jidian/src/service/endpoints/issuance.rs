//! The central bank's desk: where money begins and ends, and what operators may take of it.

use super::desk::{Amount, at_desk};
use crate::service::call::{Call, parse_amount};
use crate::service::institutions::Errand;
use crate::service::json;
use crate::service::problem::{Problem, Reply};
use bank::{Command, Registration};
use quantity::Fen;
use serde::Deserialize;
use serde_json::{Value, json};

/// Body of what is about one operator.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperatorAmount {
    operator: u16,
    amount_fen: i64,
}

/// Body of a quota: operator 0 is issuance as a whole, and no amount allows nothing more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    operator: u16,
    amount_fen: Option<i64>,
}

pub(in crate::service) fn state(call: &Call<'_>) -> Result<Reply, Problem> {
    let ledger = call.service.ledger();
    let registration = ledger.registration();
    let vaults = registration.wallets().filter(|wallet| wallet.kind.is_vault());
    let vaults: Vec<_> = vaults.map(json::wallet).collect();
    let numbers = call.service.genesis.operators.iter().map(|operator| operator.number);
    let operators: Vec<Value> = numbers.filter_map(|number| book(number, registration)).collect();
    let quota = registration.operator(0).map(|book| book.quota.fen());
    Ok(Reply::json(&json!({
        "issued_fen": registration.issued().fen(),
        "quota_fen": quota,
        "vaults": vaults,
        "operators": operators,
    })))
}

fn book(number: u16, registration: &Registration) -> Option<Value> {
    let book = registration.operator(number)?;
    Some(json!({
        "operator": number,
        "quota_fen": book.quota.fen(),
        "supplied_fen": book.supplied.fen(),
        "reserve_fen": book.reserve.fen(),
        "position_fen": book.position.fen(),
    }))
}

fn central(call: &Call<'_>, command: Command) -> Result<Reply, Problem> {
    at_desk(call, Errand::Central(command))
}

pub(in crate::service) fn issue(call: &Call<'_>) -> Result<Reply, Problem> {
    central(call, Command::Issue { amount: amount(call)? })
}

pub(in crate::service) fn retire(call: &Call<'_>) -> Result<Reply, Problem> {
    central(call, Command::Retire { amount: amount(call)? })
}

pub(in crate::service) fn supply(call: &Call<'_>) -> Result<Reply, Problem> {
    let (operator, amount) = of_operator(call)?;
    central(call, Command::Supply { operator, amount })
}

pub(in crate::service) fn set_quota(call: &Call<'_>) -> Result<Reply, Problem> {
    let Quota { operator, amount_fen } = call.json()?;
    let amount = amount_fen.map(parse_amount).transpose()?;
    central(call, Command::SetQuota { operator, amount })
}

pub(in crate::service) fn credit_reserve(call: &Call<'_>) -> Result<Reply, Problem> {
    let (operator, amount) = of_operator(call)?;
    central(call, Command::CreditReserve { operator, amount })
}

pub(in crate::service) fn debit_reserve(call: &Call<'_>) -> Result<Reply, Problem> {
    let (operator, amount) = of_operator(call)?;
    central(call, Command::DebitReserve { operator, amount })
}

fn amount(call: &Call<'_>) -> Result<Fen, Problem> {
    parse_amount(call.json::<Amount>()?.amount_fen)
}

fn of_operator(call: &Call<'_>) -> Result<(u16, Fen), Problem> {
    let OperatorAmount { operator, amount_fen } = call.json()?;
    Ok((operator, parse_amount(amount_fen)?))
}
