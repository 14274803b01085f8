//! The service from inside: authorisation, idempotency, limits, and what its document says.

mod centres;
mod policy;

use super::problem::{BINARY, JSON};
use super::rate::Rate;
use super::routes::{Method, ROUTES};
use super::start::{Options, Started, start};
use super::storage::Reading;
use super::who::{Caller, Identity};
use super::{openapi_document, router};
use crate::store::snapshots::Every;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use bank::{Command, Operation, ResultCode};
use crypto::{Sign, SigningKey};
use quantity::{Fen, Instant};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tower::ServiceExt;
use wire::order::{Leg, PaymentOrder};
use wire::receipt::Receipt;
use wire::{Digest, Reader, WalletId, Wire};

const FAST: Rate = Rate { burst: 1_000_000, per_second: 1_000_000 };

/// 2026-11-27 20:10:05 in legal time.
fn clock() -> Instant {
    Instant::from_unix_milliseconds(1_795_781_405_000)
}

const DAY: &str = "2026-11-27";

/// A bank in a folder of its own.
struct Bench {
    folder: PathBuf,
    started: Option<Started>,
    calls: u64,
}

impl Bench {
    fn new(name: &str, rate: Rate) -> Self {
        let folder = format!("jidian-service-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = std::fs::remove_dir_all(&folder);
        let started = Some(begin(&folder, rate, clock));
        Self { folder, started, calls: 0 }
    }

    fn restart(&mut self) {
        self.restart_at(clock);
    }

    fn restart_at(&mut self, clock: fn() -> Instant) {
        self.stop();
        self.started = Some(begin(&self.folder, FAST, clock));
    }

    fn stop(&mut self) {
        if let Some(started) = self.started.take() {
            started.stop();
        }
    }

    fn service(&self) -> &Arc<super::Service> {
        &self.started.as_ref().unwrap().service
    }

    fn state(&self) -> Digest {
        self.service().ledger().registration().state_digest()
    }

    fn send(&self, who: Identity, request: Request<Body>) -> Answered {
        let mut request = request;
        let certificate = crypto::sm3(who.to_string().as_bytes());
        let caller = Caller { certificate, serial: certificate, identity: Some(who) };
        request.extensions_mut().insert(ConnectInfo(caller));
        answered(Arc::clone(self.service()), request)
    }

    fn get(&self, who: Identity, path: &str) -> Answered {
        self.send(who, Request::get(path).body(Body::empty()).unwrap())
    }

    /// A call at a desk under a key of its own.
    fn post(&mut self, who: Identity, path: &str, body: &Value) -> Answered {
        self.calls += 1;
        let key = format!("call-{}", self.calls);
        self.post_as(&key, who, path, body)
    }

    fn post_as(&self, key: &str, who: Identity, path: &str, body: &Value) -> Answered {
        let request = Request::post(path).header("idempotency-key", key);
        let request = if body.is_null() { request } else { request.header("content-type", JSON) };
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(who, request.body(body).unwrap())
    }

    fn done(&mut self, who: Identity, path: &str, body: &Value) -> Value {
        let answer = self.post(who, path, body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn begin(folder: &Path, rate: Rate, clock: fn() -> Instant) -> Started {
    let server_names = ["localhost".to_owned()];
    let (server_names, snapshots) = (&server_names, Every::USUAL);
    let options = Options { directory: folder, seed: None, rate, server_names, snapshots, clock };
    start(&options).unwrap_or_else(|error| panic!("{error}"))
}

/// An answer with its body.
struct Answered {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answered {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn answered(service: Arc<super::Service>, request: Request<Body>) -> Answered {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = router(service).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answered { status: parts.status.as_u16(), headers: parts.headers, body }
    })
}

const OPERATOR: Identity = Identity::Operator(102);
const CENTRAL_BANK: Identity = Identity::CentralBank;
const CENTRE: Identity = Identity::AuthenticationCentre;

/// A holder with a key, a wallet and 100 yuan in it.
struct Holder {
    key: SigningKey,
    wallet: WalletId,
    sequence: u64,
    last: Digest,
}

impl Holder {
    fn open(bench: &mut Bench, name: &str, secret: u8) -> Self {
        let key = SigningKey::from_bytes(&[secret; 32]).unwrap();
        let opened =
            bench.done(OPERATOR, "/v1/wallets", &json!({ "kind": "personal", "grade": "II" }));
        let number = opened["command"]["wallet"].as_str().unwrap().to_owned();
        let bind = json!({
            "holder": name, "role": "holder", "public_key": key.public_key().to_string(),
        });
        bench.done(OPERATOR, &format!("/v1/wallets/{number}/keys"), &bind);
        let deposit = json!({ "amount_fen": 1_000_000_000 });
        bench.done(OPERATOR, &format!("/v1/wallets/{number}/deposit"), &deposit);
        let amount = json!({ "amount_fen": 10_000 });
        bench.done(OPERATOR, &format!("/v1/wallets/{number}/draw"), &amount);
        let wallet = WalletId::from_number(number.parse().unwrap()).unwrap();
        Self { key, wallet, sequence: 0, last: Digest::default() }
    }

    fn who(&self) -> Identity {
        Identity::Holder(self.key.id())
    }

    /// The next order of the chain.
    fn pay(&mut self, to: WalletId, fen: i64) -> Operation {
        self.sequence += 1;
        let leg = Leg { debit: self.wallet, credit: to, amount: Fen::from_fen(fen), reason: 0 };
        let order = PaymentOrder {
            signer: self.key.id(),
            sequence: self.sequence,
            previous: self.last,
            at: clock(),
            evidence: Digest::default(),
            legs: [leg].into_iter().collect(),
        };
        self.last = crypto::digest(&order);
        self.key.seal(order).into()
    }
}

fn orders(operations: &[Operation]) -> Value {
    json!({ "operations": operations.iter().map(super::json::hex).collect::<Vec<_>>() })
}

/// A bank with money, and two holders.
fn town(name: &str) -> (Bench, Holder, Holder) {
    let mut bench = Bench::new(name, FAST);
    let of = |operator: u16, fen: i64| json!({ "operator": operator, "amount_fen": fen });
    bench.done(CENTRAL_BANK, "/v1/issuance/quota", &of(0, 4_000_000));
    bench.done(CENTRAL_BANK, "/v1/issuance/issue", &json!({ "amount_fen": 2_000_000 }));
    for operator in [102, 105] {
        bench.done(CENTRAL_BANK, "/v1/issuance/quota", &of(operator, 2_000_000));
        bench.done(CENTRAL_BANK, "/v1/issuance/reserve", &of(operator, 2_000_000));
    }
    bench.done(CENTRAL_BANK, "/v1/issuance/supply", &of(102, 1_000_000));
    bench.done(CENTRAL_BANK, "/v1/issuance/supply", &of(105, 1_000));
    let alice = Holder::open(&mut bench, "Alice", 1);
    let bob = Holder::open(&mut bench, "Bob", 2);
    (bench, alice, bob)
}

/// Every route and every role: what a call about Alice's wallet, key or order comes to.
///
/// `no` is 403 for the role alone; `gone` is 404, the answer for what isn't the caller's.
const AUTHORISATION: &str = "
                                          central operator op-105 op-103   alice bob  analyst auditor  centre superv
GET  /openapi.json                        ok      ok       ok     ok       ok    ok   ok      ok       ok     ok
GET  /v1/health                           ok      ok       ok     ok       ok    ok   ok      ok       ok     ok
GET  /v1/genesis                          ok      ok       ok     ok       ok    ok   ok      ok       ok     ok
GET  /v1/root                             ok      ok       ok     ok       ok    ok   ok      ok       ok     ok
GET  /v1/keys/{key}                       no      ok       gone   gone     ok    gone no      ok       no     no
GET  /v1/wallets                          no      ok       ok     ok       no    no   no      ok       no     no
POST /v1/wallets                          no      ok       gone   no       no    no   no      no       no     no
GET  /v1/wallets/{wallet}                 gone    ok       gone   gone     ok    gone no      ok       no     no
GET  /v1/wallets/{wallet}/statement       gone    ok       gone   gone     ok    gone no      ok       no     no
POST /v1/wallets/{wallet}/keys            no      ok       gone   gone     no    no   no      no       no     no
POST /v1/wallets/{wallet}/draw            no      ok       gone   gone     no    no   no      no       no     no
POST /v1/wallets/{wallet}/redeem          no      ok       gone   gone     no    no   no      no       no     no
POST /v1/wallets/{wallet}/deposit         no      ok       gone   gone     no    no   no      no       no     no
POST /v1/wallets/{wallet}/deposit/debit   no      ok       gone   gone     no    no   no      no       no     no
POST /v1/wallets/{wallet}/interest        no      ok       gone   gone     no    no   no      no       no     no
POST /v1/wallets/{wallet}/freeze          no      ok       gone   gone     no    no   no      no       no     no
POST /v1/wallets/{wallet}/unfreeze        no      ok       gone   gone     no    no   no      no       no     no
POST /v1/vault/return                     no      ok       ok     no       no    no   no      no       no     no
POST /v1/orders                           no      ok       no     no       ok    no   no      no       no     no
GET  /v1/orders/{digest}/receipt          gone    ok       gone   gone     ok    gone no      ok       no     no
GET  /v1/issuance                         ok      no       no     no       no    no   no      ok       no     no
POST /v1/issuance/issue                   ok      no       no     no       no    no   no      no       no     no
POST /v1/issuance/retire                  ok      no       no     no       no    no   no      no       no     no
POST /v1/issuance/supply                  ok      no       no     no       no    no   no      no       no     no
POST /v1/issuance/quota                   ok      no       no     no       no    no   no      no       no     no
POST /v1/issuance/reserve                 ok      no       no     no       no    no   no      no       no     no
POST /v1/issuance/reserve/debit           ok      no       no     no       no    no   no      no       no     no
GET  /v1/statistics                       ok      no       no     no       no    no   ok      ok       no     no
GET  /v1/journal/{day}                    no      no       no     no       no    no   no      ok       no     no
GET  /v1/wallets/{wallet}/interest        no      ok       gone   gone     ok    gone no      ok       no     no
GET  /v1/limits                           ok      ok       ok     ok       ok    ok   ok      ok       ok     ok
POST /v1/limits                           ok      no       no     no       no    no   no      no       no     no
GET  /v1/interest                         ok      ok       ok     ok       ok    ok   ok      ok       ok     ok
POST /v1/interest                         ok      no       no     no       no    no   no      no       no     no
GET  /v1/templates                        ok      ok       ok     ok       ok    ok   ok      ok       ok     ok
POST /v1/templates                        ok      no       no     no       no    no   no      no       no     no
POST /v1/templates/{template}/withdraw    ok      no       no     no       no    no   no      no       no     no
POST /v1/warrants                         no      no       no     no       no    no   no      no       no     ok
GET  /v1/disclosures                      no      no       no     no       no    no   no      ok       ok     ok
POST /v1/disclosures                      no      no       no     no       no    no   no      no       ok     no
GET  /v1/disclosures/{order}              no      no       no     no       no    no   no      no       ok     no
GET  /v1/analysis                         ok      no       no     no       no    no   ok      ok       no     no
POST /v1/keys/{key}/revoke                no      ok       gone   gone     no    no   no      no       no     no
";

/// An order of a court to open Alice's certificate, signed by the supervisor.
fn signed_warrant(bench: &Bench) -> Value {
    let (serial, warrant) = (7, crypto::sm3(b"order 1 of 2026"));
    let supervisor = bench.service().supervisor.sign(serial, warrant).to_string();
    json!({ "serial": serial, "warrant": warrant.to_string(), "supervisor": supervisor })
}

fn body_of(bench: &Bench, path: &str, alice: &mut Holder, bob: &Holder) -> Value {
    match path {
        "/v1/limits" => {
            json!({ "holders": "persons", "grade": "I", "from": "2027-01-01", "day_fen": 1 })
        }
        "/v1/interest" => {
            json!({ "holders": "persons", "grade": "I", "from": "2027-01-01", "rate_ppm": 1 })
        }
        "/v1/templates" => {
            json!({ "template": 1, "allows": "hold", "document": "0".repeat(64) })
        }
        "/v1/warrants" => json!({ "serial": 7, "warrant": "0".repeat(64) }),
        "/v1/disclosures" => signed_warrant(bench),
        "/v1/wallets" => json!({
            "kind": "personal", "grade": "IV", "parent": alice.wallet.to_string(),
        }),
        "/v1/wallets/{wallet}/keys" => json!({
            "holder": "Alice", "role": "holder", "public_key": alice.key.public_key().to_string(),
        }),
        "/v1/orders" => orders(&[alice.pay(bob.wallet, 1)]),
        "/v1/issuance/quota"
        | "/v1/issuance/reserve"
        | "/v1/issuance/reserve/debit"
        | "/v1/issuance/supply" => json!({ "operator": 102, "amount_fen": 1 }),
        "/v1/wallets/{wallet}/interest" => Value::Null,
        path if path.ends_with("freeze") || path.ends_with("revoke") => Value::Null,
        path if path.ends_with("withdraw") => Value::Null,
        _ => json!({ "amount_fen": 1 }),
    }
}

#[test]
fn nobody_reaches_another_s_wallet_on_any_route() {
    let (mut bench, mut alice, bob) = town("authorisation");
    let first = alice.pay(bob.wallet, 5);
    let paid = bench.done(alice.who(), "/v1/orders", &orders(&[first]));
    let digest = paid["results"][0]["order"].as_str().unwrap().to_owned();
    let opened = bench.done(CENTRE, "/v1/disclosures", &signed_warrant(&bench));
    let opened = opened["order"].as_str().unwrap().to_owned();
    let callers = [
        CENTRAL_BANK,
        OPERATOR,
        Identity::Operator(105),
        Identity::Operator(103),
        alice.who(),
        bob.who(),
        Identity::Analyst,
        Identity::Auditor,
        Identity::AuthenticationCentre,
        Identity::Supervisor,
    ];
    let mut rows = BTreeSet::new();
    for line in AUTHORISATION.lines().skip(2) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (method, template, expected) = (words[0], words[1], &words[2..]);
        rows.insert(format!("{method} {template}"));
        let path = template
            .replace("{wallet}", &alice.wallet.to_string())
            .replace("{key}", &alice.key.id().to_string())
            .replace("{digest}", &digest)
            .replace("{order}", &opened)
            .replace("{template}", "1")
            .replace("{day}", DAY);
        for (who, expected) in callers.iter().zip(expected) {
            let (before, chain) = (bench.state(), (alice.sequence, alice.last));
            let answer = if method == "GET" {
                bench.get(*who, &path)
            } else {
                let body = body_of(&bench, template, &mut alice, &bob);
                bench.post(*who, &path, &body)
            };
            let told = match answer.status {
                200 => "ok",
                403 => "no",
                404 => "gone",
                _ => "?",
            };
            assert_eq!(told, *expected, "{method} {path} by {who}: {}", answer.text());
            if told != "ok" {
                assert_eq!(bench.state(), before, "{method} {path} by {who} changed something");
                (alice.sequence, alice.last) = chain;
                assert_eq!(answer.header("content-type"), "application/problem+json");
            }
        }
    }
    let routes: BTreeSet<String> = ROUTES.iter().map(named).collect();
    assert_eq!(rows, routes, "every route has its row");
}

fn named(route: &super::routes::Route) -> String {
    let method = match route.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    format!("{method} {}", route.path)
}

#[test]
fn the_central_bank_says_how_much_and_an_operator_pays_for_it() {
    let (mut bench, alice, _) = town("tiers");
    let of = |fen: i64| json!({ "operator": 102, "amount_fen": fen });
    let code = |bench: &mut Bench, who, path: &str, body: &Value| {
        let answer = bench.post(who, path, body);
        (answer.status, answer.code())
    };
    let refused = |code: &str| (422, code.to_owned());
    let supply = "/v1/issuance/supply";
    assert_eq!(code(&mut bench, CENTRAL_BANK, supply, &of(1_000_001)), refused("over_quota"));
    bench.done(CENTRAL_BANK, "/v1/issuance/reserve/debit", &of(1_000_000));
    assert_eq!(code(&mut bench, CENTRAL_BANK, supply, &of(1)), refused("insufficient_reserve"));
    let unknown = json!({ "operator": 7, "amount_fen": 1 });
    assert_eq!(code(&mut bench, CENTRAL_BANK, supply, &unknown), refused("unknown_operator"));
    let nothing_more = json!({ "operator": 0, "amount_fen": null });
    bench.done(CENTRAL_BANK, "/v1/issuance/quota", &nothing_more);
    let one = json!({ "amount_fen": 1 });
    let issue = "/v1/issuance/issue";
    assert_eq!(code(&mut bench, CENTRAL_BANK, issue, &one), refused("over_quota"));
    let told = bench.get(CENTRAL_BANK, "/v1/issuance").json();
    assert_eq!(told["quota_fen"], json!(0));
    let book = json!({
        "operator": 102, "quota_fen": 2_000_000, "supplied_fen": 1_000_000, "reserve_fen": 0,
        "position_fen": 0,
    });
    assert_eq!(told["operators"][0], book);
    let wallet = format!("/v1/wallets/{}", alice.wallet);
    bench.done(OPERATOR, &format!("{wallet}/deposit/debit"), &json!({ "amount_fen": 999_990_000 }));
    let draw = format!("{wallet}/draw");
    assert_eq!(code(&mut bench, OPERATOR, &draw, &one), refused("insufficient_deposit"));
    assert_eq!(bench.get(OPERATOR, &wallet).json()["deposit_fen"], json!(0));
}

/// An owner's command that isn't a payment comes in as a payment does, by owner or operator alone.
#[test]
fn a_holder_signs_other_commands_than_payments_too() {
    let (mut bench, alice, bob) = town("owner");
    let amounts = [Fen::from_fen(300), Fen::from_fen(200)].into_iter().collect();
    let mut desk = bank::Desk::new(alice.key.clone(), bank::registration::Chain::START);
    let minted = desk.instruct(clock(), Command::Mint { wallet: alice.wallet, amounts });
    let body = orders(&[minted]);
    for stranger in [bob.who(), CENTRAL_BANK, Identity::Operator(105)] {
        assert_eq!(bench.post(stranger, "/v1/orders", &body).status, 403, "{stranger}");
    }
    let told = bench.done(alice.who(), "/v1/orders", &body);
    assert_eq!(told["results"][0]["code"], "accepted");
    let wallet = bench.get(alice.who(), &format!("/v1/wallets/{}", alice.wallet)).json();
    assert_eq!((&wallet["balance_fen"], &wallet["coins_fen"]), (&json!(9_500), &json!(500)));
    // A statement tells of all money in the wallet, coin strings included.
    let told = bench.get(alice.who(), &statement_of(&alice)).json();
    assert_eq!(told["closing_fen"], json!(10_000));
}

#[test]
fn lists_show_own_wallets_only() {
    let (bench, alice, bob) = town("lists");
    let numbers = |who| -> Vec<String> {
        let list = bench.get(who, "/v1/wallets").json();
        let wallets = list["wallets"].as_array().unwrap().iter();
        wallets.map(|one| one["wallet"].as_str().unwrap().to_owned()).collect()
    };
    let vault = bank::bank_vault(102).to_string();
    let (alice, bob) = (alice.wallet.to_string(), bob.wallet.to_string());
    assert_eq!(numbers(OPERATOR), [vault.clone(), alice.clone(), bob.clone()]);
    assert_eq!(numbers(Identity::Operator(103)), Vec::<String>::new());
    let issuance = bank::issuance_vault().to_string();
    let other = bank::bank_vault(105).to_string();
    assert_eq!(numbers(Identity::Operator(105)), [other.as_str()]);
    assert_eq!(numbers(Identity::Auditor), [issuance, vault.clone(), other, alice.clone(), bob]);
    let page = bench.get(OPERATOR, &format!("/v1/wallets?after={vault}&limit=1")).json();
    assert_eq!(page["next"], json!(alice));
    assert_eq!(page["wallets"].as_array().unwrap().len(), 1);
}

#[test]
fn who_is_nobody_gets_nothing() {
    let (bench, ..) = town("nobody");
    let (certificate, serial) = Default::default();
    let caller = Caller { certificate, serial, identity: None };
    for route in ROUTES {
        let request = match route.method {
            Method::Get => Request::get(route.path),
            Method::Post => Request::post(route.path),
        };
        let path = route.path.replace(['{', '}'], "");
        let mut request = request.uri(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(caller));
        let answer = answered(Arc::clone(bench.service()), request);
        assert_eq!((answer.status, answer.code()), (403, "unknown_caller".to_owned()));
    }
}

#[test]
fn the_same_key_gets_the_same_answer_also_after_a_restart() {
    let (mut bench, alice, _) = town("idempotency");
    let draw = format!("/v1/wallets/{}/draw", alice.wallet);
    let balance = |bench: &Bench| {
        let wallet = bench.get(OPERATOR, &format!("/v1/wallets/{}", alice.wallet)).json();
        wallet["balance_fen"].as_i64().unwrap()
    };
    let first = bench.post_as("k-1", OPERATOR, &draw, &json!({ "amount_fen": 700 }));
    assert_eq!((first.status, balance(&bench)), (200, 10_700));
    let again = bench.post_as("k-1", OPERATOR, &draw, &json!({ "amount_fen": 700 }));
    assert_eq!((again.body, balance(&bench)), (first.body.clone(), 10_700));
    let other = bench.post_as("k-1", OPERATOR, &draw, &json!({ "amount_fen": 701 }));
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused".to_owned()));
    let without = Request::post(&draw).header("content-type", JSON);
    let without = bench.send(OPERATOR, without.body(Body::from("{\"amount_fen\":1}")).unwrap());
    assert_eq!((without.status, without.code()), (400, "idempotency_key_needed".to_owned()));
    // A refusal that took its number is final, and is told again.
    let all = json!({ "amount_fen": 99_999_999 });
    let refused = bench.post_as("k-2", OPERATOR, &draw, &all);
    assert_eq!((refused.status, refused.code()), (422, "insufficient_funds".to_owned()));

    bench.restart();
    let after = bench.post_as("k-1", OPERATOR, &draw, &json!({ "amount_fen": 700 }));
    assert_eq!((after.body, balance(&bench)), (first.body, 10_700));
    let refused_again = bench.post_as("k-2", OPERATOR, &draw, &all);
    assert_eq!(refused_again.body, refused.body);
    let other = bench.post_as("k-1", OPERATOR, &draw, &json!({ "amount_fen": 701 }));
    assert_eq!((other.status, balance(&bench)), (422, 10_700));
    // Another caller's key of the same name is another key.
    let issued =
        bench.post_as("k-1", CENTRAL_BANK, "/v1/issuance/issue", &json!({ "amount_fen": 1 }));
    assert_eq!(issued.status, 200);
    let more = bench.post_as("k-3", OPERATOR, &draw, &json!({ "amount_fen": 1 }));
    assert_eq!((more.status, balance(&bench)), (200, 10_701));
}

#[test]
fn a_restart_goes_on_where_the_bank_stood() {
    let (mut bench, mut alice, mut bob) = town("restart");
    let batch = orders(&[alice.pay(bob.wallet, 300), alice.pay(bob.wallet, 20)]);
    let first = bench.done(alice.who(), "/v1/orders", &batch);
    let before = (bench.state(), bench.get(bob.who(), &statement_of(&bob)).body);
    bench.restart();
    assert_eq!((bench.state(), bench.get(bob.who(), &statement_of(&bob)).body), before);
    // The same orders again: nothing moves, and the receipts are those that were given then.
    let again = bench.done(alice.who(), "/v1/orders", &batch);
    for place in 0..2 {
        assert_eq!(again["results"][place]["code"], "exists");
        assert_eq!(again["results"][place]["receipt"], first["results"][place]["receipt"]);
    }
    let carol = Holder::open(&mut bench, "Carol", 3);
    let paid = bench.done(bob.who(), "/v1/orders", &orders(&[bob.pay(carol.wallet, 1)]));
    assert_eq!(paid["results"][0]["code"], "accepted");
    bench.stop();
    let service = Reading::open(&bench.folder).unwrap();
    let ledger = service.replay(|_| ()).unwrap();
    assert_eq!(ledger.balance(bob.wallet), Some(Fen::from_fen(10_319)));
    // The authentication centre numbered its certificates on: institutions 1 to 6, then holders.
    assert_eq!(ledger.certificate(carol.key.id()).unwrap().serial, 9);
}

fn statement_of(holder: &Holder) -> String {
    format!("/v1/wallets/{}/statement", holder.wallet)
}

fn binary(operations: &[Operation]) -> Vec<u8> {
    let mut bytes = u32::try_from(operations.len()).unwrap().to_be_bytes().to_vec();
    for operation in operations {
        operation.write(&mut |part| bytes.extend_from_slice(part));
    }
    bytes
}

fn post_binary(bench: &Bench, who: Identity, bytes: Vec<u8>) -> Answered {
    let request = Request::post("/v1/orders").header("content-type", BINARY);
    bench.send(who, request.header("accept", BINARY).body(Body::from(bytes)).unwrap())
}

#[test]
fn a_meter_sends_bytes_and_gets_receipts_that_it_can_check() {
    let (bench, mut alice, bob) = town("binary");
    let operations =
        [alice.pay(bob.wallet, 100), alice.pay(bob.wallet, 999_999), alice.pay(alice.wallet, 1)];
    let answer = post_binary(&bench, alice.who(), binary(&operations));
    assert_eq!((answer.status, answer.header("content-type")), (200, BINARY));
    let mut reader = Reader::new(&answer.body);
    assert_eq!(u32::read(&mut reader), Ok(3));
    let centre = bench.service().genesis.registration.body.public_key;
    let expected = [ResultCode::Accepted, ResultCode::InsufficientFunds, ResultCode::SameWallet];
    for (code, operation) in expected.into_iter().zip(&operations) {
        assert_eq!(u8::read(&mut reader), Ok(code.number()));
        assert_eq!(u8::read(&mut reader), Ok(1));
        let receipt = Receipt::read(&mut reader).unwrap();
        assert_eq!((receipt.leaf.order, receipt.leaf.result), (operation.digest(), code.number()));
        let key = crypto::VerifyingKey::new(&centre).unwrap();
        assert!(key.verify(&receipt.root, &receipt.signature));
        // The very same receipt is there to be asked for.
        let path = format!("/v1/orders/{}/receipt", operation.digest());
        let again = bench.get(alice.who(), &path).json();
        assert_eq!(again["wire"], json!(super::json::hex(&receipt)));
    }
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn a_stranger_s_order_is_turned_away_and_a_forged_one_moves_nothing() {
    let (bench, mut alice, mut bob) = town("forged");
    let before = bench.state();
    // Bob brings Alice's order; the operator's customers' orders may be brought by the operator.
    let hers = alice.pay(bob.wallet, 5);
    let answer = post_binary(&bench, bob.who(), binary(&[bob.pay(alice.wallet, 1), hers.clone()]));
    assert_eq!((answer.status, answer.code()), (403, "forbidden".to_owned()));
    // Bob signs with his key under her name.
    let Operation::Pay(mut forged) = hers else { panic!("a payment") };
    forged.signature = bob.key.sign(&forged.body);
    let answer = post_binary(&bench, alice.who(), binary(&[Operation::Pay(forged)]));
    let mut reader = Reader::new(&answer.body[4..]);
    assert_eq!(u8::read(&mut reader), Ok(ResultCode::BadSignature.number()));
    // Bob signs for her wallet under his own name.
    bob.sequence = 0;
    bob.last = Digest::default();
    let own = bob.wallet;
    bob.wallet = alice.wallet;
    let theft = bob.pay(own, 5);
    let answer = post_binary(&bench, bob.who(), binary(&[theft]));
    assert_eq!(answer.body[4], ResultCode::NotBound.number());
    for holder in [&alice, &Holder { wallet: own, ..bob }] {
        let ledger = bench.service().ledger();
        assert_eq!(ledger.registration().balance(holder.wallet), Some(Fen::from_fen(10_000)));
    }
    assert_ne!(bench.state(), before, "the refusal took Bob's number");
}

#[test]
fn wrong_requests_are_told_what_is_wrong_and_change_nothing() {
    let (bench, alice, _) = town("wrong");
    let before = bench.state();
    let wallet = format!("/v1/wallets/{}", alice.wallet);
    let draw = format!("{wallet}/draw");
    let post = |path: &str, media: &str, body: &str| {
        let request = Request::post(path).header("idempotency-key", "w");
        let request = request.header("content-type", media);
        bench.send(OPERATOR, request.body(Body::from(body.to_owned())).unwrap())
    };
    let long = format!("{{\"amount_fen\":{}1}}", " ".repeat(20_000));
    let huge = "0".repeat(3 << 20);
    let table = [
        (post(&draw, JSON, "{"), 400, "EOF"),
        (post(&draw, JSON, "{\"amount_fen\":0}"), 400, "above zero"),
        (post(&draw, JSON, "{\"amount_fen\":-5}"), 400, "above zero"),
        (post(&draw, JSON, "{\"amount_fen\":1.5}"), 400, "expected i64"),
        (post(&draw, JSON, "{\"amount_fen\":9223372036854775808}"), 400, "expected i64"),
        (post(&draw, JSON, "{\"amount_fen\":1,\"more\":2}"), 400, "unknown field"),
        (post(&draw, "text/plain", "{\"amount_fen\":1}"), 415, "application/json"),
        (post(&draw, JSON, &long), 413, "16384 bytes"),
        (post("/v1/orders", BINARY, &huge), 413, "2097152 bytes"),
        (post("/v1/orders", BINARY, ""), 400, "ends inside"),
        (post("/v1/orders", BINARY, "\0\0\0\0"), 400, "1 to 4096"),
        (post("/v1/orders", BINARY, "zzzz"), 400, "1 to 4096"),
        (post("/v1/orders", JSON, "{\"operations\":[\"zz\"]}"), 400, "operation 0"),
        (post("/v1/orders", JSON, "{\"operations\":[\"00\"]}"), 400, "operation 0"),
        (post("/v1/wallets", JSON, "{\"kind\":\"bank_vault\",\"grade\":\"I\"}"), 400, "kind"),
        (post("/v1/wallets", JSON, "{\"kind\":\"personal\",\"grade\":\"V\"}"), 400, "grade"),
        (bench.get(OPERATOR, "/v1/wallets/1"), 400, "16 digits"),
        (bench.get(OPERATOR, "/v1/wallets/%ff"), 400, ""),
        (bench.get(OPERATOR, &format!("{wallet}/statement?from=2026-02-30")), 400, "a date"),
        (bench.get(OPERATOR, &format!("{wallet}/statement?since=1")), 400, "since"),
        (bench.get(OPERATOR, "/v1/wallets?limit=1&limit=2"), 400, "limit"),
        (bench.get(OPERATOR, "/v1/wallets?limit=0"), 400, "1 to 1000"),
        (bench.get(OPERATOR, "/v1/nothing"), 404, "/openapi.json"),
        (bench.get(OPERATOR, "/v1/orders"), 405, "methods"),
        (bench.get(Identity::Auditor, "/v1/journal/today"), 400, "a date"),
    ];
    for (answer, status, word) in table {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(word), "no '{word}' in {}", answer.text());
    }
    assert_eq!(bench.state(), before);
}

#[test]
fn who_is_too_fast_is_told_when_to_come_again() {
    let bench = Bench::new("rate", Rate { burst: 3, per_second: 2 });
    for _ in 0..3 {
        assert_eq!(bench.get(Identity::Auditor, "/v1/health").status, 200);
    }
    let answer = bench.get(Identity::Auditor, "/v1/health");
    assert_eq!((answer.status, answer.code()), (429, "rate_limited".to_owned()));
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(bench.get(Identity::Analyst, "/v1/health").status, 200, "others aren't held up");
}

#[test]
fn statements_and_journal_tell_every_movement() {
    let (bench, mut alice, bob) = town("statement");
    let paid = orders(&[alice.pay(bob.wallet, 250), alice.pay(bob.wallet, 999_999)]);
    assert_eq!(bench.post_as("s", alice.who(), "/v1/orders", &paid).status, 200);
    let told = bench.get(alice.who(), &statement_of(&alice)).json();
    assert_eq!((&told["opening_fen"], &told["closing_fen"]), (&json!(0), &json!(9_750)));
    let movements: Vec<_> = told["movements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["kind"].clone(), one["amount_fen"].clone(), one["balance_fen"].clone()))
        .collect();
    let draw = (json!("draw"), json!(10_000), json!(10_000));
    assert_eq!(movements, [draw, (json!("pay"), json!(-250), json!(9_750))]);
    let empty = bench.get(alice.who(), &(statement_of(&alice) + "?to=2026-11-26")).json();
    assert_eq!((&empty["closing_fen"], &empty["movements"]), (&json!(0), &json!([])));
    let later = bench.get(alice.who(), &(statement_of(&alice) + "?from=2026-11-28")).json();
    assert_eq!(later["opening_fen"], json!(9_750));
    // Issue, two supplies, two draws, two payments; the refused one is there with its code.
    let journal = bench.get(Identity::Auditor, &format!("/v1/journal/{DAY}")).json();
    let rows = journal["rows"].as_array().unwrap();
    let codes: Vec<_> = rows.iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 7);
    assert_eq!(codes.iter().filter(|code| **code == "insufficient_funds").count(), 1);
    let page = bench.get(Identity::Auditor, &format!("/v1/journal/{DAY}?limit=4&after=1")).json();
    assert_eq!(
        (page["rows"].as_array().unwrap(), &page["next"]),
        (&rows[1..5].to_vec(), &json!(5))
    );
}

#[test]
fn an_analyst_sees_sums_and_never_a_key_or_a_wallet() {
    let (bench, mut alice, bob) = town("statistics");
    let paid =
        orders(&[alice.pay(bob.wallet, 1), alice.pay(bob.wallet, 2), alice.pay(bob.wallet, 4)]);
    assert_eq!(bench.post_as("s", alice.who(), "/v1/orders", &paid).status, 200);
    let answer = bench.get(Identity::Analyst, "/v1/statistics");
    let told = answer.json();
    assert_eq!(told["payments"], json!([{ "day": DAY, "movements": 3, "total_fen": 7 }]));
    let text = answer.text();
    let long = text.split(|mark: char| !mark.is_ascii_hexdigit()).filter(|word| word.len() >= 16);
    assert_eq!(long.count(), 0, "{text}");
    // Two personal wallets: their sum would tell Bob what Alice has.
    let cell = json!({ "kind": "personal", "grade": "II", "wallets": 2, "total_fen": null });
    assert!(told["wallets"].as_array().unwrap().contains(&cell), "{text}");
}

#[test]
fn the_document_names_every_route_and_every_reference_leads_somewhere() {
    let document = openapi_document();
    let mut named_there = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            named_there.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert_eq!(named_there, ROUTES.iter().map(named).collect());
    let ids: BTreeSet<_> = ROUTES.iter().map(|route| route.id).collect();
    assert_eq!(ids.len(), ROUTES.len(), "an id names one route");
    let mut wanted = BTreeSet::new();
    references(&document, &mut wanted);
    for reference in &wanted {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for schema in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(wanted.contains(&format!("#/components/schemas/{schema}")), "{schema} is unused");
    }
}

fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (Some(target), "$ref") = (value.as_str(), name.as_str()) {
                    into.insert(target.to_owned());
                }
                references(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_directory_of_something_else_or_of_another_seed_is_refused() {
    let mut bench = Bench::new("foreign", FAST);
    let names = [];
    let options = |seed| Options {
        directory: &bench.folder,
        seed,
        rate: FAST,
        server_names: &names,
        snapshots: Every::USUAL,
        clock,
    };
    let told = |seed| start(&options(seed)).err().unwrap().to_string();
    assert!(told(None).contains("another jidian process"), "{}", told(None));
    assert!(Reading::open(&bench.folder).err().unwrap().to_string().contains("another jidian"));
    bench.stop();
    let options = |seed| Options {
        directory: &bench.folder,
        seed,
        rate: FAST,
        server_names: &names,
        snapshots: Every::USUAL,
        clock,
    };
    let told = |seed| start(&options(seed)).err().unwrap().to_string();
    assert!(told(Some(8)).contains("a bank with seed 7"), "{}", told(Some(8)));
    std::fs::write(bench.folder.join("letter.txt"), "dear bank").unwrap();
    assert!(told(None).contains("holds other files"), "{}", told(None));
    std::fs::remove_file(bench.folder.join("letter.txt")).unwrap();
    let register = bench.folder.join("register");
    let mut bytes = std::fs::read(&register).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&register, bytes).unwrap();
    assert!(told(None).contains("register: damaged"), "{}", told(None));
}
