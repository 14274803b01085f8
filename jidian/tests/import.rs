//! `jidian contract import`: what is written checks, and what isn't carried over is on the screen.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod outside;

use outside::{jidian, text};
use std::path::PathBuf;

/// Ours, in the form of a URDB rate.
const RATE: &str = "grid/tests/urdb/commercial-hours.json";

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("jidian-import-{}-{name}", std::process::id()))
}

#[test]
fn a_rate_becomes_a_contract_that_checks() {
    let path = scratch("checks.contract");
    let file = path.to_str().unwrap();
    let output = jidian(&["contract", "import", RATE, "-o", file, "--yuan-per-dollar", "7.1"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for word in ["7.1 yuan per dollar", "not carried over", "demandratchetpercentage", "finer"] {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
    let checked = jidian(&["contract", "check", file]);
    assert!(text(&checked.stdout).contains("general-service-time-of-use version 1 for commercial"));
    let arguments = ["contract", "simulate", file, "--against", "commercial-henan-tou"];
    let study = jidian(&[&arguments[..], &["--customers", "3", "--json", "-"]].concat());
    assert!(study.status.success(), "{}", text(&study.stderr));
    let study: serde_json::Value = serde_json::from_slice(&study.stdout).unwrap();
    let items = study["by_item"].as_array().unwrap();
    assert!(items.iter().any(|item| item["items"][0] == "capacity"), "{items:?}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn the_source_alone_goes_to_the_screen() {
    let output = jidian(&["contract", "import", RATE, "-o", "-", "--class", "industrial"]);
    let (source, said) = (text(&output.stdout), text(&output.stderr));
    assert!(contract::check(&source).is_ok(), "{source}");
    assert!(source.contains("for industrial, import"));
    assert!(said.contains("TAKEN AS YUAN") && !source.contains("taken for granted"), "{said}");
    let output = jidian(&["contract", "import", RATE, "-o", "-", "--lang", "zh", "--json"]);
    let remarks: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(remarks["left_out"].as_array().unwrap().iter().all(|one| one["zh"] != ""));
}

#[test]
fn what_cannot_be_imported_says_where() {
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = jidian(&[&["contract", "import"], arguments].concat());
        let said = text(&output.stderr);
        assert!(!output.status.success() && !said.contains("panicked"), "{said}");
        for word in words {
            assert!(said.contains(word), "no `{word}` in: {said}");
        }
    };
    refused(&[RATE, "--rounding", "refuse"], &["energyratestructure[2][0]", "micro-yuan"]);
    refused(&[RATE, "--rounding", "refuse", "--lang", "zh"], &["价格细于一微元"]);
    refused(&["Cargo.toml"], &["line 1", "not JSON"]);
    refused(&[RATE, "--class", "martian"], &["residential", "industrial"]);
    refused(&[RATE, "--yuan-per-dollar=0"], &["above zero"]);
    refused(&["none.json"], &["none.json"]);
}
