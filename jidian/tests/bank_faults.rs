//! `jidian bank` from outside.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output};

fn jidian(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_jidian")).arg("bank").args(arguments).output().unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_campaign_tells_what_it_lived_through() {
    let output = jidian(&["campaign", "--seeds", "40", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = json(&output);
    assert_eq!((report["seeds"].as_u64(), report["failed"].as_u64()), (Some(40), Some(0)));
    assert!(report["counts"]["power_cuts"].as_u64().unwrap() > 40, "{report}");
}

#[test]
fn a_planted_bug_fails_the_campaign_with_the_seed_that_repeats_it() {
    let output = jidian(&["campaign", "--seeds", "20", "--plant", "skips-sync", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, again) = error.trim().split_once("live it again with: jidian bank ").unwrap();
    let report = json(&output);
    assert!(report["findings"][0]["again"].as_str().unwrap().ends_with(again), "{report}");
    let arguments: Vec<&str> = again.split(' ').collect();
    let repeated = jidian(&arguments);
    assert_eq!(repeated.status.code(), Some(1));
    let what = report["findings"][0]["what"].as_str().unwrap();
    assert!(String::from_utf8_lossy(&repeated.stderr).contains(what), "{what}");
}

#[test]
fn an_unknown_bug_is_refused_with_the_known_ones() {
    let output = jidian(&["campaign", "--plant", "none-such"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("loses-leg"));
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let output = jidian(&["kills", "--times", "40", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = json(&output);
    assert_eq!(report["kills"], 40);
    assert!(report["orders_acknowledged"].as_u64().unwrap() > 0, "{report}");
}
