//! Opening whose a certificate is: the authentication centre's and the supervisor's keys together.

use super::desk::at_desk;
use crate::service::call::Call;
use crate::service::institutions::Errand;
use crate::service::json;
use crate::service::problem::{Problem, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Digest, Signature};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsigned {
    serial: u64,
    warrant: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    serial: u64,
    warrant: String,
    supervisor: String,
}

fn parse_warrant(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|error| {
        Problem::bad_request(format!("warrant: {error}; the SM3 digest of the order of the court"))
    })
}

pub(in crate::service) fn sign_warrant(call: &Call<'_>) -> Result<Reply, Problem> {
    let Unsigned { serial, warrant } = call.json()?;
    let warrant = parse_warrant(&warrant)?;
    let signature = call.service.supervisor.sign(serial, warrant);
    Ok(Reply::json(&json!({
        "serial": serial,
        "warrant": warrant.to_string(),
        "supervisor": signature.to_string(),
    })))
}

pub(in crate::service) fn disclose(call: &Call<'_>) -> Result<Reply, Problem> {
    let Signed { serial, warrant, supervisor } = call.json()?;
    let warrant = parse_warrant(&warrant)?;
    let supervisor: Signature = supervisor.parse().map_err(|error| {
        Problem::bad_request(format!("supervisor: {error}; r and s as 128 hex digits"))
    })?;
    at_desk(call, Errand::Disclose { serial, warrant, supervisor })
}

pub(in crate::service) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let ledger = call.service.ledger();
    let opened = ledger.opened.iter().map(|one| json::disclosure(&one.disclosure));
    let opened: Vec<Value> = opened.collect();
    Ok(Reply::json(&json!({ "disclosures": opened })))
}

pub(in crate::service) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let order: Digest = call.path("order")?;
    let ledger = call.service.ledger();
    let found = ledger.opened.iter().find(|one| one.disclosure.order == order);
    let missing = || Problem::not_found("no certificate was opened by this order");
    let found = found.ok_or_else(missing)?;
    let mut value = json::disclosure(&found.disclosure);
    // A number that was never given out is nobody's.
    value["subject"] = found.subject.clone().into();
    Ok(Reply::json(&value))
}
