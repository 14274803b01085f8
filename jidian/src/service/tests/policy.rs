//! Limits, interest and templates: the central bank sets them, everyone reads them.

use super::{CENTRAL_BANK, FAST, OPERATOR, clock, orders, town};
use crate::service::who::Identity;
use bank::Command;
use quantity::{Duration, Fen, Instant};
use serde_json::{Value, json};

fn refused(answer: &super::Answered) -> (u16, String) {
    (answer.status, answer.code())
}

#[test]
fn a_limit_holds_from_its_day_on_and_never_backwards() {
    let (mut bench, mut alice, bob) = town("limits");
    let rule = |from: &str, single: Value| json!({ "holders": "persons", "grade": "II", "from": from, "single_fen": single });
    bench.done(CENTRAL_BANK, "/v1/limits", &rule("2026-01-01", json!(500)));
    let again = bench.post(CENTRAL_BANK, "/v1/limits", &rule("2026-11-27", json!(900)));
    assert_eq!(refused(&again), (422, "wrong_terms".to_owned()), "today is there already");
    let done = bench.done(CENTRAL_BANK, "/v1/limits", &rule("2026-11-28", Value::Null));
    assert_eq!(done["command"]["from"], json!("2026-11-28"));
    let told = bench.get(alice.who(), "/v1/limits").json();
    let shown = |from: &str, single: Value, standing: &str| {
        json!({
            "holders": "persons", "grade": "II", "from": from, "single_fen": single, "day_fen": null,
            "year_fen": null, "balance_fen": null, "standing": standing,
        })
    };
    let rules =
        [shown("2026-01-01", json!(500), "in_force"), shown("2026-11-28", Value::Null, "ahead")];
    assert_eq!(told, json!({ "day": "2026-11-27", "rules": rules }));
    let batch = orders(&[alice.pay(bob.wallet, 501), alice.pay(bob.wallet, 500)]);
    let paid = bench.done(alice.who(), "/v1/orders", &batch);
    assert_eq!(paid["results"][0]["code"], "single_limit");
    assert_eq!(paid["results"][1]["code"], "accepted");
    // The next day the second rule is in force.
    bench.restart_at(|| clock() + Duration::from_days(1));
    let told = bench.get(Identity::Analyst, "/v1/limits").json();
    let standing = |place: usize| told["rules"][place]["standing"].clone();
    assert_eq!((standing(0), standing(1)), (json!("over"), json!("in_force")));
    let paid = bench.done(alice.who(), "/v1/orders", &orders(&[alice.pay(bob.wallet, 501)]));
    assert_eq!(paid["results"][0]["code"], "accepted");
}

#[test]
fn what_a_wallet_has_earned_is_what_it_is_paid() {
    let (mut bench, alice, bob) = town("interest");
    let rule = json!({
        "holders": "persons", "grade": "II", "from": "2026-11-27", "rate_ppm": 36_000,
    });
    bench.done(CENTRAL_BANK, "/v1/interest", &rule);
    let path = format!("/v1/wallets/{}/interest", alice.wallet);
    let told = bench.get(alice.who(), &path).json();
    let expected = |fen: i64, day: &str| {
        let wallet = alice.wallet.to_string();
        json!({ "wallet": wallet, "earned_fen": fen, "before": day, "rate_ppm": 36_000 })
    };
    assert_eq!(told, expected(0, "2026-11-27"));
    fn later() -> Instant {
        clock() + Duration::from_days(30)
    }
    bench.restart_at(later);
    // 10,000 fen x 3.6 % x 30 / 360 days = 30 fen.
    assert_eq!(bench.get(OPERATOR, &path).json(), expected(30, "2026-12-27"));
    assert_eq!(bench.get(bob.who(), &path).status, 404);
    bench.done(OPERATOR, &path, &Value::Null);
    assert_eq!(bench.get(OPERATOR, &path).json(), expected(0, "2026-12-27"));
    let wallet = bench.get(OPERATOR, &format!("/v1/wallets/{}", alice.wallet)).json();
    assert_eq!(wallet["balance_fen"], json!(10_030));
    let rules = bench.get(alice.who(), "/v1/interest").json();
    assert_eq!(rules["rules"][0]["standing"], "in_force");
}

#[test]
fn a_template_serves_until_it_is_withdrawn() {
    let (mut bench, alice, bob) = town("templates");
    let template = json!({ "template": 3, "allows": "hold", "document": "ab".repeat(32) });
    bench.done(CENTRAL_BANK, "/v1/templates", &template);
    let listed = bench.get(bob.who(), "/v1/templates").json();
    assert_eq!(listed, json!({ "templates": [template] }));
    let mut desk = bank::Desk::new(alice.key.clone(), bank::registration::Chain::START);
    let hold = Command::Hold {
        debit: alice.wallet,
        credit: bob.wallet,
        amount: Fen::from_fen(100),
        template: 3,
        from: clock(),
        until: clock() + Duration::from_days(1),
    };
    let held = orders(&[desk.instruct(clock(), hold.clone())]);
    assert_eq!(bench.done(alice.who(), "/v1/orders", &held)["results"][0]["code"], "accepted");
    bench.done(CENTRAL_BANK, "/v1/templates/3/withdraw", &Value::Null);
    let again = bench.post(CENTRAL_BANK, "/v1/templates/3/withdraw", &Value::Null);
    assert_eq!(refused(&again), (422, "unknown_template".to_owned()));
    let held = orders(&[desk.instruct(clock(), hold)]);
    let told = bench.done(alice.who(), "/v1/orders", &held);
    assert_eq!(told["results"][0]["code"], "unknown_template");
    // The refused hold stands in the journal too, the accepted one moved nothing yet.
    let journal = bench.get(Identity::Auditor, "/v1/journal/2026-11-27").json();
    let holds = journal["rows"].as_array().unwrap().iter().filter(|row| row["kind"] == "hold");
    let holds: Vec<_> = holds.map(|row| (row["amount_fen"].clone(), row["code"].clone())).collect();
    assert_eq!(holds, [(json!(100), json!("unknown_template"))]);
}

#[test]
fn wrong_policy_is_told_what_is_wrong() {
    let bench = super::Bench::new("wrong-policy", FAST);
    let limit = |holders: &str, grade: &str, from: &str, fen: i64| json!({ "holders": holders, "grade": grade, "from": from, "day_fen": fen });
    let wrong = [
        ("/v1/limits", limit("people", "I", "2027-01-01", 1), "holders"),
        ("/v1/limits", limit("persons", "V", "2027-01-01", 1), "grade"),
        ("/v1/limits", limit("persons", "I", "2027-02-29", 1), "a date"),
        ("/v1/limits", limit("persons", "I", "2027-01-01", 0), "above zero"),
        ("/v1/interest", json!({ "holders": "persons" }), "missing field"),
        ("/v1/templates", json!({ "template": 1, "allows": "hold", "document": "x" }), "SM3"),
        ("/v1/templates", json!({ "template": 1, "allows": "all", "document": "x" }), "allows"),
        ("/v1/templates/x/withdraw", Value::Null, "template 'x'"),
    ];
    for (path, body, word) in wrong {
        let answer = bench.post_as(path, CENTRAL_BANK, path, &body);
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        assert!(answer.text().contains(word), "no '{word}' in {}", answer.text());
    }
}
