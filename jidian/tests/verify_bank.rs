//! The audit of a bank of its own: what it accepts, and that nothing changed gets past it.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod outside;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use bank::registration::Chain;
use crypto::{Sign, SigningKey};
use jidian::audit::{BankReport, Failure, verify_bank_with};
use jidian::service::rate::Rate;
use jidian::service::who::{Caller, Identity};
use jidian::service::{Options, Service, router, start};
use jidian::store::snapshots::Every;
use outside::{good, jidian, text};
use quantity::{Fen, Instant};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tower::ServiceExt;
use wire::order::Leg;
use wire::{Digest, WalletId, Wire};

/// A directory of one test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir();
        let path = path.join(format!("jidian-verify-bank-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    /// A copy of the bank that all tests look at.
    fn copy(name: &str) -> Self {
        let scratch = Self::new(name);
        std::fs::create_dir_all(scratch.0.join("tls")).unwrap();
        for (file, bytes) in files() {
            std::fs::write(scratch.0.join(file), bytes).unwrap();
        }
        scratch
    }

    fn verify(&self) -> Result<BankReport, Failure> {
        verify_bank_with(&self.0, &|_, _| ())
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn clock() -> Instant {
    Instant::from_unix_milliseconds(1_795_781_405_000)
}

/// The file with the names, as it was when the bank was founded.
static FIRST_REGISTER: OnceLock<Vec<u8>> = OnceLock::new();

/// The files of a bank with money, a holder, a payment, a refused one and an opened certificate.
fn files() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let scratch = Scratch::new("served");
        let rate = Rate { burst: 1_000_000, per_second: 1_000_000 };
        let names = ["localhost".to_owned()];
        let (directory, snapshots) = (scratch.0.as_path(), Every::USUAL);
        let options =
            Options { directory, seed: None, rate, server_names: &names, snapshots, clock };
        let started = start(&options).unwrap();
        let register = std::fs::read(scratch.0.join("register")).unwrap();
        FIRST_REGISTER.set(register).unwrap();
        live(&started.service);
        started.stop();
        let kept = ["bank", "bank.log", "bank.snapshot", "register", "desk.log", "lock"];
        kept.map(|name| (name.to_owned(), std::fs::read(scratch.0.join(name)).unwrap())).to_vec()
    })
}

fn live(service: &Arc<Service>) {
    let mut calls = 0;
    let mut post = |who: Identity, path: &str, body: Value| {
        calls += 1;
        call(service, &format!("k-{calls}"), who, path, &body)
    };
    let of = |operator: u16| json!({ "operator": operator, "amount_fen": 100_000 });
    let (bank, operator) = (Identity::CentralBank, Identity::Operator(102));
    post(bank, "/v1/issuance/quota", of(0));
    post(bank, "/v1/issuance/quota", of(102));
    post(bank, "/v1/issuance/reserve", of(102));
    post(bank, "/v1/issuance/issue", json!({ "amount_fen": 90_000 }));
    let supply = json!({ "operator": 102, "amount_fen": 50_000 });
    post(bank, "/v1/issuance/supply", supply);
    let key = SigningKey::from_bytes(&[1; 32]).unwrap();
    let mut wallets = Vec::new();
    for _ in 0..2 {
        let opened = post(operator, "/v1/wallets", json!({ "kind": "personal", "grade": "II" }));
        let number: u64 = opened["command"]["wallet"].as_str().unwrap().parse().unwrap();
        wallets.push(WalletId::from_number(number).unwrap());
    }
    let path = |act: &str| format!("/v1/wallets/{}/{act}", wallets[0]);
    let public_key = key.public_key().to_string();
    let bind = json!({ "holder": "Alice", "role": "holder", "public_key": public_key });
    post(operator, &path("keys"), bind);
    post(operator, &path("deposit"), json!({ "amount_fen": 5_000 }));
    post(operator, &path("draw"), json!({ "amount_fen": 5_000 }));
    let mut desk = bank::Desk::new(key.clone(), Chain::START);
    let leg =
        |fen| Leg { debit: wallets[0], credit: wallets[1], amount: Fen::from_fen(fen), reason: 0 };
    let orders = [desk.pay(clock(), &[leg(300)]), desk.pay(clock(), &[leg(9_000)])];
    let hex = |order: &bank::Operation| {
        let mut text = String::new();
        order.write(&mut |part| part.iter().for_each(|byte| text += &format!("{byte:02x}")));
        text
    };
    let body = json!({ "operations": orders.iter().map(hex).collect::<Vec<_>>() });
    post(Identity::Holder(crypto::key_id(&key.public_key())), "/v1/orders", body);
    let warrant = json!({ "serial": 7, "warrant": "ab".repeat(32) });
    let signed = post(Identity::Supervisor, "/v1/warrants", warrant);
    post(Identity::AuthenticationCentre, "/v1/disclosures", signed);
}

fn call(service: &Arc<Service>, key: &str, who: Identity, path: &str, body: &Value) -> Value {
    let request = Request::post(path).header("idempotency-key", key);
    let request = request.header("content-type", "application/json");
    let mut request = request.body(Body::from(body.to_string())).unwrap();
    let (certificate, serial) = (Digest::default(), Digest::default());
    let caller = Caller { certificate, serial, identity: Some(who) };
    request.extensions_mut().insert(ConnectInfo(caller));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = router(Arc::clone(service)).oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        assert_eq!(head.status, 200, "{path}: {}", text(&body));
        serde_json::from_slice(&body).unwrap()
    })
}

#[test]
fn a_sound_bank_is_told_in_sums() {
    let scratch = Scratch::copy("sound");
    let told = good(&["verify", scratch.path()]);
    assert!(told.starts_with("Sound: a bank alone"), "{told}");
    assert!(told.contains("1 final, 0 repeated, 1 refused"), "{told}");
    let told: Value = serde_json::from_str(&good(&["verify", scratch.path(), "--json"])).unwrap();
    assert_eq!((&told["sound"], &told["notes"]), (&json!(true), &json!([])));
    assert_eq!((&told["issued"], &told["wallets"]), (&json!("90000"), &json!("90000")));
    // Issuance vault, two bank vaults, two wallets; six institutions and Alice.
    assert_eq!((&told["wallet_count"], &told["certificates"]), (&json!(5), &json!(7)));
    assert_eq!(told["disclosures"], json!(1));
}

/// One bit of each byte of each file.
#[test]
fn no_flipped_bit_gets_past() {
    let scratch = Scratch::copy("flipped");
    for (file, bytes) in files().iter().filter(|(file, _)| file != "lock") {
        let path = scratch.0.join(file);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            std::fs::write(&path, &flipped).unwrap();
            let failure = scratch.verify().map(|_| ()).unwrap_err();
            assert_eq!(failure.file, path, "byte {at} of {file}: {failure}");
        }
        std::fs::write(&path, bytes).unwrap();
    }
    assert_eq!(scratch.verify().unwrap().notes, [""; 0]);
    // An append that was never finished was never acknowledged.
    let desks = scratch.0.join("desk.log");
    let bytes = std::fs::read(&desks).unwrap();
    std::fs::write(&desks, &bytes[..bytes.len() - 1]).unwrap();
    let notes = scratch.verify().unwrap().notes;
    assert!(notes.concat().starts_with("desk.log: unfinished write"), "{notes:?}");
}

#[test]
fn what_does_not_fit_together_is_named() {
    let scratch = Scratch::copy("fit");
    let failure = |what: &str| {
        let output = jidian(&["verify", scratch.path()]);
        assert!(!output.status.success(), "{what}");
        text(&output.stderr)
    };
    let register = scratch.0.join("register");
    let kept = std::fs::read(&register).unwrap();
    // An older register is whole in itself, and lacks a name.
    std::fs::write(&register, FIRST_REGISTER.get().unwrap()).unwrap();
    let told = failure("an older register");
    assert!(told.contains("register: names nobody for certificate 7"), "{told}");
    std::fs::remove_file(&register).unwrap();
    assert!(failure("no register").contains("register: "));
    std::fs::write(&register, kept).unwrap();
    let letter = scratch.0.join("letter.txt");
    std::fs::write(&letter, "dear auditor").unwrap();
    assert!(failure("a foreign file").contains("letter.txt"));
    std::fs::remove_file(&letter).unwrap();
    // A log that lost its last records is shorter than the snapshot, the register and the desks know.
    let log = scratch.0.join("bank.log");
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 1]).unwrap();
    let told = failure("a log without its end");
    assert!(told.contains("bank.snapshot: it was taken from"), "{told}");
    std::fs::remove_file(scratch.0.join("bank.snapshot")).unwrap();
    let told = failure("a log without its end, and no snapshot");
    assert!(told.contains("register: says that 7 was opened; bank.log doesn't"), "{told}");
}
