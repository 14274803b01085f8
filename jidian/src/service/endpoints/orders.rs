//! Signed operations in, result codes and receipts out.
//!
//! In [`wire`]'s bytes: `count (4) ‖ count × operation` in, `count (4) ‖ count × (code (1) ‖
//! receipts (1, 0 or 1) ‖ receipt)` out, the results in the order of the operations.

use crate::service::access::{may_see_leaf, may_submit};
use crate::service::call::Call;
use crate::service::json;
use crate::service::problem::{Problem, Reply};
use crate::service::writer::Job;
use bank::registration::Authenticated;
use bank::{Answer, Operation};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use wire::{Digest, Reader, Wire};

/// Operations of one call at most.
pub(in crate::service) const OPERATIONS_MAX: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    operations: Vec<String>,
}

pub(in crate::service) fn submit(call: &Call<'_>) -> Result<Reply, Problem> {
    let operations = if call.is_binary() { from_bytes(&call.body)? } else { from_json(call)? };
    if operations.is_empty() || operations.len() > OPERATIONS_MAX {
        return Err(Problem::bad_request(format!("1 to {OPERATIONS_MAX} operations at once")));
    }
    // The call itself has cost one already.
    let further = u32::try_from(operations.len() - 1).unwrap_or(u32::MAX);
    call.service.charge(call.caller, further)?;
    let digests: Vec<Digest> = operations.iter().map(Operation::digest).collect();
    let batch = authenticate(call, operations)?;
    let (answer, answered) = oneshot::channel();
    let job = Job::Orders(batch, answer);
    call.service.jobs.send(job).map_err(|_| Problem::stopping("try again later"))?;
    let lost = |_| Problem::stopping("send the same operations again: nothing happens twice");
    let answers = answered.blocking_recv().map_err(lost)??;
    Ok(if call.wants_binary() { to_bytes(&answers) } else { to_json(&digests, &answers) })
}

/// Looks at signatures, one operation after the other: the ledger isn't held up meanwhile.
fn authenticate(call: &Call<'_>, all: Vec<Operation>) -> Result<Vec<Authenticated>, Problem> {
    let mut batch = Vec::with_capacity(all.len());
    for (number, operation) in all.into_iter().enumerate() {
        let ledger = call.service.ledger();
        let registration = ledger.registration();
        if !may_submit(call.identity, &operation, registration) {
            let whose = "is neither signed by the caller nor by its customer";
            return Err(Problem::forbidden(format!("operation {number} {whose}")));
        }
        batch.push(registration.authenticate(operation, &crypto::Sm2Verifier));
    }
    Ok(batch)
}

fn from_json(call: &Call<'_>) -> Result<Vec<Operation>, Problem> {
    let Orders { operations } = call.json()?;
    let decode = |(number, text): (usize, &String)| {
        let wrong = |what: &dyn core::fmt::Display| {
            Problem::bad_request(format!("operation {number}: {what}"))
        };
        let bytes = json::from_hex(text).ok_or_else(|| wrong(&"not hexadecimal"))?;
        Operation::decode(&bytes).map_err(|error| wrong(&error))
    };
    operations.iter().enumerate().map(decode).collect()
}

fn from_bytes(bytes: &[u8]) -> Result<Vec<Operation>, Problem> {
    let mut reader = Reader::new(bytes);
    let count = u32::read(&mut reader).map_err(Problem::bad_request)?;
    let too_many = Problem::bad_request(format!("1 to {OPERATIONS_MAX} operations at once"));
    let count = usize::try_from(count).ok().filter(|count| *count <= OPERATIONS_MAX);
    let mut operations = Vec::new();
    for number in 0..count.ok_or(too_many)? {
        let operation = Operation::read(&mut reader);
        let named = |error| Problem::bad_request(format!("operation {number}: {error}"));
        operations.push(operation.map_err(named)?);
    }
    reader.finish().map_err(Problem::bad_request)?;
    Ok(operations)
}

fn to_bytes(answers: &[Answer]) -> Reply {
    let mut bytes = Vec::new();
    let count = u32::try_from(answers.len()).expect("a batch is bounded");
    count.write(&mut |part| bytes.extend_from_slice(part));
    for answer in answers {
        bytes.push(answer.code.number());
        bytes.push(u8::from(answer.receipt.is_some()));
        if let Some(receipt) = &answer.receipt {
            receipt.write(&mut |part| bytes.extend_from_slice(part));
        }
    }
    Reply::binary(bytes)
}

fn to_json(digests: &[Digest], answers: &[Answer]) -> Reply {
    let result = |(digest, answer): (&Digest, &Answer)| {
        json!({
            "order": digest.to_string(),
            "code": answer.code.name(),
            "transient": answer.code.is_transient(),
            "receipt": answer.receipt.as_ref().map(json::hex),
        })
    };
    let results: Vec<Value> = digests.iter().zip(answers).map(result).collect();
    Reply::json(&json!({ "results": results }))
}

pub(in crate::service) fn receipt(call: &Call<'_>) -> Result<Reply, Problem> {
    let digest: Digest = call.path("digest")?;
    let ledger = call.service.ledger();
    let registration = ledger.registration();
    let own = call.identity.key().and_then(|key| registration.receipt_of(key, digest));
    let other = || {
        let found = registration.receipt(digest)?;
        may_see_leaf(call.identity, &found.leaf, registration).then_some(found)
    };
    let missing = || {
        Problem::not_found(
            "no receipt in memory of an order that the caller may see; older ones: \
                            `jidian trace`",
        )
    };
    let receipt = own.or_else(other).ok_or_else(missing)?;
    if call.wants_binary() {
        let mut bytes = Vec::new();
        receipt.write(&mut |part| bytes.extend_from_slice(part));
        return Ok(Reply::binary(bytes));
    }
    Ok(Reply::json(&json::receipt(&receipt)))
}
