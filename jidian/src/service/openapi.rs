//! The OpenAPI 3.1 document: made from the table of routes and the schemas beside it, so it can't
//! name a route that doesn't exist or leave one out.

use super::problem::{BINARY, JSON, PROBLEM};
use super::routes::{Input, KeyRule, Method, Output, ROUTES, Route};
use serde_json::{Map, Value, json};

const SCHEMAS: &str = include_str!("../../assets/openapi/schemas.json");

const ABOUT: &str = "\
A sandbox of the digital yuan: no real money moves, and all keys of the institutions come from a \
seed. The TLS client certificate says who calls; its role says which routes are open. Money moves by \
SM2-signed operations alone: holders and meters sign their own, the desks of the sandbox's \
institutions sign for callers with that role. Every call at a desk carries an Idempotency-Key: the \
same key with the same call gets the same answer, also after a restart, as long as it is among the \
last 10,000.";

/// The document.
///
/// # Panics
/// If the schemas that are built in aren't JSON.
#[must_use]
pub fn document() -> Value {
    let schemas: Value = serde_json::from_str(SCHEMAS).expect("a test reads it");
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[method(route)] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Jidian: a bank of the digital yuan, as a sandbox",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "clientCertificate": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "clientCertificate": {
                    "type": "mutualTLS",
                    "description": "Subject alternative name: one URI such as urn:jidian:auditor.",
                },
            },
            "responses": {
                "Problem": {
                    "description": "Why the call was refused.",
                    "content": { PROBLEM: { "schema": reference("Problem") } },
                },
            },
        },
    })
}

const fn method(route: &Route) -> &'static str {
    match route.method {
        Method::Get => "get",
        Method::Post => "post",
    }
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn operation(route: &Route) -> Value {
    let roles: Vec<_> = route.roles.iter().map(|role| role.word()).collect();
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "description": format!("Open to: {}.", roles.join(", ")),
        "x-roles": roles,
        "parameters": parameters(route),
        "responses": {
            "200": { "description": "Done.", "content": content_out(route.output) },
            "default": { "$ref": "#/components/responses/Problem" },
        },
    });
    if let Some(content) = content_in(route.input) {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn content_in(input: Input) -> Option<Value> {
    match input {
        Input::Nothing => None,
        Input::Json(schema) => Some(json!({ JSON: { "schema": reference(schema) } })),
        Input::JsonOrBinary(schema) => Some(json!({
            JSON: { "schema": reference(schema) },
            BINARY: { "schema": {
                "description": "count (4 bytes), then the operations in their canonical bytes",
            } },
        })),
    }
}

fn content_out(output: Output) -> Value {
    match output {
        Output::Json(schema) => json!({ JSON: { "schema": reference(schema) } }),
        Output::JsonOrBinary(schema) => json!({
            JSON: { "schema": reference(schema) },
            BINARY: { "schema": {
                "description": "the same in canonical bytes; for submitted orders: count (4 bytes), \
                                then for each operation its result code (1), whether a receipt \
                                follows (1), and the receipt",
            } },
        }),
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{'));
    let in_path = in_path.map(|part| parameter(route, "path", part.trim_end_matches('}')));
    let in_query = route.query.iter().map(|name| parameter(route, "query", name));
    let key = key_header(route.key);
    in_path.chain(in_query).chain(key).collect()
}

fn parameter(route: &Route, place: &str, name: &str) -> Value {
    let date = || json!({ "type": "string", "format": "date" });
    let schema = match (name, route.id) {
        ("wallet", _) | ("after", "wallets") => reference("WalletNumber"),
        ("key", _) => reference("KeyId"),
        ("digest" | "order", _) => reference("Sm3"),
        ("template", _) => json!({ "type": "integer", "minimum": 0, "maximum": 65535 }),
        ("limit", _) => json!({ "type": "integer", "minimum": 1, "maximum": 1000 }),
        ("after", _) => json!({ "type": "integer", "minimum": 0 }),
        _ => date(),
    };
    json!({ "name": name, "in": place, "required": place == "path", "schema": schema })
}

fn key_header(rule: KeyRule) -> Option<Value> {
    let required = match rule {
        KeyRule::Never => return None,
        KeyRule::May => false,
        KeyRule::Must => true,
    };
    Some(json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": required,
        "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" },
    }))
}
