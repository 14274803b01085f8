//! Wallets and keys, for those whose they are.

use crate::service::access::{may_see_key, may_see_wallet};
use crate::service::call::{Call, parse_day, parse_wallet};
use crate::service::json;
use crate::service::problem::{Problem, Reply};
use bank::export::Period;
use bank::registration::Wallet;
use quantity::Instant;
use serde_json::{Value, json};
use wire::KeyId;

/// What isn't there and what isn't the caller's are answered alike, so nobody can probe.
pub(super) fn no_wallet() -> Problem {
    Problem::not_found("no wallet of this number that the caller may see")
}

fn visible(call: &Call<'_>, ledger: &bank::Registration) -> Result<Wallet, Problem> {
    let wallet = call.wallet()?;
    let seen = may_see_wallet(call.identity, wallet, ledger);
    ledger.wallet(wallet).filter(|_| seen).copied().ok_or_else(no_wallet)
}

pub(in crate::service) fn wallet(call: &Call<'_>) -> Result<Reply, Problem> {
    let ledger = call.service.ledger();
    visible(call, ledger.registration()).map(|wallet| Reply::json(&json::wallet(&wallet)))
}

pub(in crate::service) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let after = call.query("after").map(parse_wallet).transpose()?;
    let limit = call.limit()?;
    let ledger = call.service.ledger();
    let registration = ledger.registration();
    let behind = registration.wallets().filter(|one| after.is_none_or(|after| one.id > after));
    let seen = behind.filter(|one| may_see_wallet(call.identity, one.id, registration));
    let mut found: Vec<&Wallet> = seen.take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let wallets: Vec<Value> = found.into_iter().map(json::wallet).collect();
    Ok(Reply::json(&json!({ "wallets": wallets, "next": next })))
}

/// The days of the query: both included, whole history without them.
fn period(call: &Call<'_>) -> Result<Period, Problem> {
    let from = call.query("from").map(parse_day).transpose()?;
    let to = call.query("to").map(parse_day).transpose()?;
    let start = from.map_or(Period::ALL.from, |day| day.start());
    let until = to.map_or(Period::ALL.until, |day| Period::of_day(day).until);
    if start >= until {
        return Err(Problem::bad_request("from lies behind to"));
    }
    Ok(Period { from: start, until })
}

pub(in crate::service) fn statement(call: &Call<'_>) -> Result<Reply, Problem> {
    let period = period(call)?;
    let ledger = call.service.ledger();
    let wallet = visible(call, ledger.registration())?;
    let statement = ledger.journal.statement(wallet.id, period, wallet.money());
    let statement = statement.map_err(|reach| {
        Problem::out_of_reach(format!("{reach}; `jidian bank statement` reads the whole log"))
    })?;
    let movements: Vec<Value> = statement.movements.iter().map(json::movement).collect();
    let bound = |at: Instant, end: Instant| (at != end).then(|| json::instant(at));
    Ok(Reply::json(&json!({
        "wallet": wallet.id.to_string(),
        "from": bound(period.from, Period::ALL.from),
        "until": bound(period.until, Period::ALL.until),
        "opening_fen": statement.opening.fen(),
        "movements": movements,
        "closing_fen": statement.closing.fen(),
    })))
}

pub(in crate::service) fn key(call: &Call<'_>) -> Result<Reply, Problem> {
    let key: KeyId = call.path("key")?;
    let ledger = call.service.ledger();
    let registration = ledger.registration();
    let seen = may_see_key(call.identity, key, registration);
    let known = registration.chain(key).zip(registration.certificate(key)).filter(|_| seen);
    let missing = || Problem::not_found("no key of this pseudonym that the caller may see");
    let (chain, certificate) = known.ok_or_else(missing)?;
    let wallets: Vec<String> =
        registration.bound_wallets(key).map(|wallet| wallet.to_string()).collect();
    Ok(Reply::json(&json!({
        "key": key.to_string(),
        "certificate": json::certificate_body(certificate),
        "sequence": chain.sequence,
        "last": chain.last.to_string(),
        "wallets": wallets,
    })))
}
