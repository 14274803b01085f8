//! The three centres behind the service: what is opened, by whom, and what the analysis centre sees.

use super::{Bench, CENTRAL_BANK, CENTRE, Holder, OPERATOR, orders, signed_warrant, town};
use crate::service::who::Identity;
use serde_json::{Value, json};

#[test]
fn a_name_needs_two_keys_and_stays_on_record() {
    let (mut bench, alice, _) = town("disclosure");
    let list = |bench: &Bench, who| bench.get(who, "/v1/disclosures").json()["disclosures"].clone();
    let warrant = crypto::sm3(b"order 1 of 2026").to_string();
    let alone = json!({ "serial": 7, "warrant": warrant, "supervisor": "0".repeat(128) });
    let refused = bench.post(CENTRE, "/v1/disclosures", &alone);
    assert_eq!((refused.status, refused.code()), (422, "bad_enclosure".to_owned()));
    assert_eq!(list(&bench, CENTRE), json!([]), "what was refused opens nothing");
    // The supervisor signs, the authentication centre brings it.
    let asked = json!({ "serial": 7, "warrant": warrant });
    let signed = bench.done(Identity::Supervisor, "/v1/warrants", &asked);
    assert_eq!(signed, signed_warrant(&bench));
    let done = bench.done(CENTRE, "/v1/disclosures", &signed);
    let order = done["order"].as_str().unwrap().to_owned();
    for who in [CENTRE, Identity::Supervisor, Identity::Auditor] {
        let told = list(&bench, who);
        assert_eq!((told[0]["serial"].as_u64(), &told[0]["order"]), (Some(7), &json!(order)));
        assert!(!told.to_string().contains("Alice"), "a list holds no name");
    }
    let path = format!("/v1/disclosures/{order}");
    assert_eq!(bench.get(CENTRE, &path).json()["subject"], "Alice");
    assert_eq!(bench.get(Identity::Supervisor, &path).status, 403);
    let other = format!("/v1/disclosures/{}", "0".repeat(64));
    assert_eq!(bench.get(CENTRE, &other).status, 404);
    // The key that was opened is hers.
    let key = bench.get(OPERATOR, &format!("/v1/keys/{}", alice.key.id())).json();
    assert_eq!(key["certificate"]["serial"], json!(7));
    bench.restart();
    assert_eq!(bench.get(CENTRE, &path).json()["subject"], "Alice");
    // A register that is behind the log takes what was opened from it.
    bench.stop();
    let register = bench.folder.join("register");
    let bytes = std::fs::read(&register).unwrap();
    let body = bytes[32..bytes.len() - 4 - 88].to_vec();
    let sealed = [&crypto::sm3(&body).0[..], &body].concat();
    std::fs::write(&register, sealed).unwrap();
    bench.restart();
    assert_eq!(bench.get(CENTRE, &path).json()["subject"], "Alice");
}

/// Lets a holder have more money than the town begins with.
fn enrich(bench: &mut Bench, holder: &Holder, fen: i64) {
    let of = |operator: u16| json!({ "operator": operator, "amount_fen": 100_000_000 });
    bench.done(CENTRAL_BANK, "/v1/issuance/quota", &of(0));
    bench.done(CENTRAL_BANK, "/v1/issuance/quota", &of(102));
    bench.done(CENTRAL_BANK, "/v1/issuance/reserve", &of(102));
    let amount = json!({ "amount_fen": fen });
    bench.done(CENTRAL_BANK, "/v1/issuance/issue", &amount);
    let supply = json!({ "operator": 102, "amount_fen": fen });
    bench.done(CENTRAL_BANK, "/v1/issuance/supply", &supply);
    bench.done(OPERATOR, &format!("/v1/wallets/{}/draw", holder.wallet), &amount);
}

#[test]
fn the_analysis_centre_reports_without_a_key_a_name_or_a_wallet() {
    let (mut bench, mut alice, bob) = town("analysis");
    enrich(&mut bench, &alice, 6_000_000);
    // 50,000 yuan at once is reported, and so are three payments just below it; what is refused isn't.
    let batch = orders(&[
        alice.pay(bob.wallet, 5_000_000),
        alice.pay(bob.wallet, 1),
        alice.pay(bob.wallet, 90_000_000),
    ]);
    bench.done(alice.who(), "/v1/orders", &batch);
    let answer = bench.get(Identity::Analyst, "/v1/analysis");
    let told = answer.json();
    let alarms = told["alarms"].as_array().unwrap();
    assert_eq!((alarms.len(), &told["alarms_raised"]), (1, &json!(1)), "{told}");
    assert_eq!(alarms[0]["suspicion"], "large_payment");
    assert_eq!(alarms[0]["amount_fen"], json!(5_000_000));
    // Supplies 1,000,000 + 1,000 + 6,000,000; draws 10,000 twice and 6,000,000; payments 5,000,001.
    let day = json!({
        "day": super::DAY, "movements": 8, "total_fen": 18_021_001,
        "anonymous_movements": 0, "anonymous_total_fen": null,
    });
    assert_eq!(told["days"], json!([day]));
    assert_eq!(told["hours"][0]["from"], json!("2026-11-27T20:00:00.000+08:00"));
    assert_eq!(told["rules"]["large_payment_fen"], json!(5_000_000));
    let text = answer.text();
    let hidden = [
        alice.wallet.to_string(),
        bob.wallet.to_string(),
        alice.key.id().to_string(),
        "Alice".to_owned(),
        bank::bank_vault(102).to_string(),
    ];
    for hidden in hidden {
        assert!(!text.contains(&hidden), "{hidden} in {text}");
    }
    // Alarms follow from the movements that are kept, so a restart tells the same.
    bench.restart();
    let again: Value = bench.get(CENTRAL_BANK, "/v1/analysis").json();
    assert_eq!(again, told);
    let none = bench.get(Identity::Auditor, "/v1/analysis?limit=1").json();
    assert_eq!(none["alarms"].as_array().unwrap().len(), 1);
}
