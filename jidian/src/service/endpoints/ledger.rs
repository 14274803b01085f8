//! What everyone may know: whether the bank is sound, whose keys count, the last root.

use crate::service::call::Call;
use crate::service::json;
use crate::service::problem::{Problem, Reply};
use serde_json::{Value, json};

pub(in crate::service) fn openapi(_: &Call<'_>) -> Result<Reply, Problem> {
    Ok(Reply::json(&crate::service::openapi_document()))
}

pub(in crate::service) fn health(call: &Call<'_>) -> Result<Reply, Problem> {
    let ledger = call.service.ledger();
    // Made or lost money would be an assertion long before this.
    let registration = ledger.registration();
    let conservation = registration.issued() == registration.wallets_total();
    let value = json!({
        "ok": ledger.writes && conservation,
        "writes": ledger.writes,
        "conservation": conservation,
        "batch": registration.last_batch(),
        "sandbox": true,
    });
    Ok(Reply::json(&value))
}

pub(in crate::service) fn genesis(call: &Call<'_>) -> Result<Reply, Problem> {
    let genesis = &call.service.genesis;
    let institutions = [
        ("authentication_centre", &genesis.authentication),
        ("central_bank", &genesis.central_bank),
        ("registration_centre", &genesis.registration),
        ("supervisor", &genesis.supervisor),
    ];
    let operators = genesis.operators.iter().map(|operator| ("operator", &operator.certificate));
    let told = |(name, certificate)| json!({ "institution": name, "certificate": json::certificate(certificate) });
    let institutions: Vec<Value> = institutions.into_iter().chain(operators).map(told).collect();
    let numbers = genesis.operators.iter().map(|operator| operator.number);
    Ok(Reply::json(&json!({
        "at": json::instant(genesis.at),
        "operators": numbers.collect::<Vec<_>>(),
        "institutions": institutions,
        "wire": json::hex(genesis),
    })))
}

pub(in crate::service) fn root(call: &Call<'_>) -> Result<Reply, Problem> {
    let ledger = call.service.ledger();
    let root = ledger.registration().last_root().map_or(Value::Null, json::root);
    Ok(Reply::json(&json!({ "root": root })))
}
