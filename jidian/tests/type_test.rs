//! `jidian bench metering --type-test` from outside: exit codes, the page and the file.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Runs the command with a directory of its own.
fn type_test(name: &str, more: &[&str]) -> (Output, PathBuf) {
    let out = std::env::temp_dir().join(format!("jidian-type-test-{}-{name}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_jidian"));
    command.args(["bench", "metering", "--type-test", "--out"]).arg(&out).args(more);
    (command.output().unwrap(), out)
}

#[test]
fn a_sound_meter_gets_a_report_that_needs_nothing_else() {
    let (output, out) = type_test("sound", &["--seed", "2"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("368 points, 0 not kept"), "{said}");
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    for foreign in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("<svg").count(), 6);
    assert_eq!(page.matches("<tr id=\"p").count(), 368);
    for words in ["型式试验报告", "Type test report", "未经认证", "Not certified", "from memory"]
    {
        assert!(page.contains(words), "{words}");
    }
    let data = std::fs::read_to_string(out.join("report.json")).unwrap();
    let data: Value = serde_json::from_str(&data).unwrap();
    let points = data["points"].as_array().unwrap();
    assert_eq!(points.len(), 368);
    let share = |point: &Value, chain: &str| point[chain]["share_of_limit"].as_f64();
    for point in points.iter().filter(|point| point["clause"] != "pulses") {
        assert!(share(point, "digital").is_none_or(|share| share <= 0.1), "{point}");
        assert!(share(point, "with_sensors").unwrap() <= 1.0 / 3.0, "{point}");
    }
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn a_planted_fault_ends_with_an_error_and_a_report() {
    let (output, out) = type_test("planted", &["--plant", "compensation", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("of 368 points don't keep to their part of the limit"), "{said}");
    let data: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(data["planted_fault"], "compensation");
    let bad = data["not_kept"].as_u64().unwrap();
    assert!(said.contains(&format!("{bad} of 368")) && bad > 10, "{said}");
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("植入的故障") && page.contains("不合格"));
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for (more, said) in [
        (&["--plant", "rust"][..], "possible values: gain, phase, compensation"),
        (&["--tolerances", "none"], "possible values: typical, maximum"),
        (&["--out", "/proc/nowhere"], "cannot be used multiple times"),
    ] {
        let (output, _) = type_test("refused", more);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(said), "{error}");
    }
}
