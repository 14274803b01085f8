//! The pilot from outside, as the program that people run: repeatable, conserving, unkillable.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "a test of processes needs time")]

use core::time::Duration;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const HENAN_DAY: &str = include_str!("../../data/scenarios/henan-day.toml");

/// A directory of one test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("jidian-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn scenario(&self, changes: &[(&str, &str)]) -> PathBuf {
        let mut text = HENAN_DAY.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let path = self.path("scenario.toml");
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn jidian() -> Command {
    Command::new(env!("CARGO_BIN_EXE_jidian"))
}

fn run(scenario: &Path, data: &Path, length: &str, extra: &[&str]) -> Command {
    let mut command = jidian();
    command.args(["run", "--no-console", "--speed", "max", "--scenario"]).arg(scenario);
    command.arg("--data").arg(data).args(["--for", length]).args(extra);
    command
}

fn good(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn summary(scenario: &Path, data: &Path, length: &str, extra: &[&str]) -> Value {
    let file = data.with_extension("json");
    let mut command = run(scenario, data, length, extra);
    good(&command.arg("--summary").arg(&file).output().unwrap());
    let summary: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_conserved(&summary);
    summary
}

fn integer(summary: &Value, key: &str) -> i64 {
    summary[key].as_i64().unwrap_or_else(|| panic!("{key} in {summary}"))
}

fn assert_conserved(summary: &Value) {
    assert_eq!(summary["conservation"], true);
    assert_eq!(integer(summary, "issued_fen"), integer(summary, "wallets_total_fen"));
    let paid = 10_000 * integer(summary, "paid_fen");
    let carried = integer(summary, "carried_micro_yuan");
    assert_eq!(integer(summary, "charged_micro_yuan"), paid + carried);
}

fn verify(data: &Path) {
    good(&jidian().arg("verify").arg(data).output().unwrap());
}

#[test]
fn the_same_seed_gives_the_same_journal_and_another_seed_another() {
    let scratch = Scratch::new("seed");
    let scenario = scratch.scenario(&[]);
    let hash = |name: &str, seed: &str| {
        let data = scratch.path(name);
        let summary = summary(&scenario, &data, "2h", &["--meters", "20", "--seed", seed]);
        assert!(integer(&summary, "settlements") > 1000);
        assert!(integer(&summary, "paid_fen") > 0);
        verify(&data);
        summary["journal_hash"].as_str().unwrap().to_owned()
    };
    let first = hash("first", "7");
    assert_eq!(first, hash("again", "7"));
    assert_ne!(first, hash("other", "8"));
}

/// A hundred deaths at random moments change nothing: the journal is that of a life without any.
#[test]
fn killed_a_hundred_times_it_goes_on_as_if_nothing_had_happened() {
    let scratch = Scratch::new("kill");
    // A metering core that samples waveforms loses the window in which the power goes, as a real one
    // does; with registers that are fed with power every milliwatt-hour can be compared.
    let scenario = scratch.scenario(&[("waveform_meters = 3", "waveform_meters = 0")]);
    let (killed, unhurt) = (scratch.path("killed"), scratch.path("unhurt"));
    let mut random: u64 = 0x2545_f491_4f6c_dd1d;
    for death in 0..100 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut command = jidian();
        command.args(["run", "--no-console", "--speed", "1200", "--meters", "8", "--scenario"]);
        command.arg(&scenario).arg("--data").arg(&killed).args(["--for", "48h"]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random % 700));
        assert!(process.try_wait().unwrap().is_none(), "it ended by itself before death {death}");
        process.kill().unwrap();
        process.wait().unwrap();
        if death % 20 == 19 && killed.join("manifest").exists() {
            verify(&killed);
        }
    }
    let after = summary(&scenario, &killed, "24h", &[]);
    let expected = summary(&scenario, &unhurt, "24h", &["--meters", "8"]);
    for key in ["journal_hash", "settlements", "charged_micro_yuan", "paid_fen", "orders_rejected"]
    {
        assert_eq!(after[key], expected[key], "{key}");
    }
    verify(&killed);
    verify(&unhurt);
}

#[test]
fn a_meter_without_network_goes_on_and_catches_up_exactly() {
    let scratch = Scratch::new("outage");
    let outage =
        "\n[[outages]]\nfirst_customer = 3\ncustomers = 1\nfrom_minute = 30\nminutes = 120\n";
    let changes = [("[limits]", "[limits]"), ("storage_minutes = 180", "storage_minutes = 180")];
    let whole = scratch.scenario(&changes);
    let cut = scratch.path("cut.toml");
    std::fs::write(&cut, format!("{}{outage}", std::fs::read_to_string(&whole).unwrap())).unwrap();
    let during = summary(&cut, &scratch.path("during"), "149m", &["--meters", "20"]);
    let after = summary(&cut, &scratch.path("after"), "180m", &["--meters", "20"]);
    let never = summary(&whole, &scratch.path("never"), "180m", &["--meters", "20"]);
    let until = summary(&whole, &scratch.path("until"), "149m", &["--meters", "20"]);
    // While the network is away, the orders of about two hours wait in the meter …
    let waiting = integer(&until, "settlements") - integer(&during, "settlements");
    assert!((22..=25).contains(&waiting), "{waiting} settlements wait");
    // … and afterwards not one is missing, doubled or refused, and the same energy was settled.
    for key in ["settlements", "orders_rejected"] {
        assert_eq!(after[key], never[key], "{key}");
    }
    let energy = |summary: &Value| integer(summary, "energy_import_milliwatt_hours");
    let difference = (energy(&after) - energy(&never)).abs();
    // Others may answer other prices by a hair; the meter itself lost nothing.
    assert!(difference * 1000 < energy(&never), "{difference} mWh differ");
    verify(&scratch.path("after"));
    verify(&scratch.path("during"));
}

#[test]
fn a_customer_without_funds_is_not_cut_off() {
    let scratch = Scratch::new("funds");
    let scenario = scratch.scenario(&[("wallet_yuan = 300", "wallet_yuan = 0")]);
    let data = scratch.path("data");
    let poor = summary(&scenario, &data, "3h", &["--meters", "10"]);
    let rich = summary(&scratch.scenario(&[]), &scratch.path("rich"), "3h", &["--meters", "10"]);
    assert_eq!(poor["settlements"], rich["settlements"]);
    assert_eq!(integer(&poor, "orders_rejected"), 0);
    // What they may not pay stays owed.
    assert!(integer(&poor, "carried_micro_yuan") > 10 * integer(&rich, "carried_micro_yuan"));
    verify(&data);
}

#[test]
fn options_that_contradict_the_directory_change_nothing() {
    let scratch = Scratch::new("contradict");
    let (scenario, data) = (scratch.scenario(&[]), scratch.path("data"));
    summary(&scenario, &data, "10m", &["--meters", "5"]);
    let before = std::fs::read(data.join("bank.log")).unwrap();
    for (extra, reason) in [
        (["--meters", "6"], "holds a pilot with meters 5"),
        (["--seed", "9"], "holds a pilot with seed 7"),
        (["--meters", "0"], "holds a pilot with meters 5"),
    ] {
        let output = run(&scenario, &data, "20m", &extra).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(reason), "{error}");
    }
    assert_eq!(std::fs::read(data.join("bank.log")).unwrap(), before);
}
