//! `jidian contract simulate`: bills against arithmetic by hand, and sums that must close.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FLAT: &str = r#"contract "flat" version 1
  title "单一" "Flat"
  for residential, import
  settle every 60 minutes, at most 100 kWh
  price within 0 yuan/kWh to 1 yuan/kWh
under "test" "flat" {
  leg bill: customer-bill -> grid-income
  price benchmark = 0.5 yuan/kWh into bill
}
examples { 2025-07-01 20:00 energy 3 kWh => bill 1.5 yuan }
"#;

/// Bands that cut a step of the profiles, tiers, and a second payee.
const HOURLY: &str = r#"contract "hourly" version 2
  title "分时" "By the hour"
  for residential, import
  settle every 5 minutes, at most 100 kWh
  price within 0 yuan/kWh to 2 yuan/kWh
under "test" "bands and tiers" {
  leg bill: customer-bill -> grid-income
  calendar all-year { 00:00 valley; 08:05 peak; 22:00 valley }
  bands hourly all-year { peak 0.60 yuan/kWh; valley 0.36 yuan/kWh }
  tiers ladder on energy this month { up to 200 kWh 0 yuan/kWh; above 0.20 yuan/kWh }
  price time-of-use = bands hourly into bill
  price tier = tiers ladder into bill
}
under "test" "fund" {
  leg fund: customer-bill -> government-fund
  price surcharge = 0.019 yuan/kWh into fund
}
examples { 2025-07-01 20:00 energy 3 kWh => bill 1.8 yuan, fund 0.057 yuan }
"#;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("jidian-simulate-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("flat.contract"), FLAT).unwrap();
        std::fs::write(path.join("hourly.contract"), HOURLY).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, old: &str, new: &str, more: &[&str]) -> Output {
        let (old, new) = (self.path(old), self.path(new));
        let mut arguments = vec!["contract", "simulate", &new, "--against", &old];
        arguments.extend(more);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let program = env!("CARGO_BIN_EXE_jidian");
        Command::new(program).args(arguments).current_dir(root).output().unwrap()
    }

    fn json(&self, old: &str, new: &str, more: &[&str]) -> Value {
        let output = self.run(old, new, &[&["--json", "-"], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    #[track_caller]
    fn refused(&self, old: &str, new: &str, more: &[&str], words: &[&str]) {
        let output = self.run(old, new, more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && !said.contains("panicked"), "{said}");
        for word in words {
            assert!(said.contains(word), "no `{word}` in: {said}");
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A decimal text as an integer of its last digit.
fn units(value: &Value) -> i128 {
    value.as_str().unwrap().replace('.', "").parse().unwrap()
}

fn sum(rows: &Value, key: &str) -> i128 {
    rows.as_array().unwrap().iter().map(|row| units(&row[key])).sum()
}

#[test]
fn a_flat_price_is_the_energy_times_the_price() {
    let scratch = Scratch::new("flat");
    let study = scratch.json("flat.contract", "hourly.contract", &["--customers", "12"]);
    let customers = study["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 12);
    for customer in customers {
        // mWh × 0.5 yuan/kWh = mWh / 2 micro-yuan, rounded down once in all the year.
        assert_eq!(units(&customer["old_yuan"]), units(&customer["energy_kwh"]) / 2);
    }
    assert_eq!(sum(&study["customers"], "old_yuan"), units(&study["bills"]["old_yuan"]));
    assert_eq!(sum(&study["by_profile"], "new_yuan"), units(&study["bills"]["new_yuan"]));
}

#[test]
fn wallets_sum_to_nothing_and_items_to_what_is_paid() {
    let scratch = Scratch::new("sums");
    let study = scratch.json("flat.contract", "hourly.contract", &["--customers", "12"]);
    for side in ["old_yuan", "new_yuan"] {
        assert_eq!(sum(&study["net_income_by_wallet"], side), 0);
        let paid = units(&study["bills"][side]);
        let items = sum(&study["by_item"], side);
        // Each customer and leg may carry less than a micro-yuan.
        assert!((0..24 * 1_000_000).contains(&(items - paid * 1_000_000)), "{items} {paid}");
    }
    let fund = study["by_item"].as_array().unwrap();
    let fund = fund.iter().find(|item| item["items"][0] == "surcharge").unwrap();
    // The fund gets 0.019 yuan for each kWh of anybody: mWh × 19,000 pico-yuan.
    assert_eq!(units(&fund["new_yuan"]), sum(&study["customers"], "energy_kwh") * 19_000);
}

#[test]
fn one_bill_line_by_line_is_the_bill_of_the_study() {
    let scratch = Scratch::new("one");
    let study = scratch.json("flat.contract", "hourly.contract", &["--customers", "12"]);
    let one =
        scratch.json("flat.contract", "hourly.contract", &["--customers", "12", "--customer", "5"]);
    for side in ["old_yuan", "new_yuan"] {
        assert_eq!(one["bill"][side], study["customers"][5][side]);
    }
    for (number, leg) in one["new"]["legs"].as_array().unwrap().iter().enumerate() {
        let lines = one["new"]["lines"].as_array().unwrap();
        let of_leg = lines.iter().filter(|line| line["leg"] == number);
        let exact: i128 = of_leg
            .map(|line| {
                let product = units(&line["amount"]) * units(&line["price_yuan_per_unit"]);
                assert_eq!(product, units(&line["exact_yuan"]));
                product
            })
            .sum();
        let (rest, carried) = (&leg["rest_micro_yuan"], &leg["carried_pico_yuan"]);
        let (rest, carried) = (rest.as_i64().unwrap(), carried.as_i64().unwrap());
        let paid = units(&leg["paid_yuan"]) * 10_000 + i128::from(rest);
        assert_eq!(exact, paid * 1_000_000 + i128::from(carried));
    }
    // The ladder of January: what lies above 200 kWh, at 0.20 yuan.
    let lines = one["new"]["lines"].as_array().unwrap();
    let january = |item: &str| -> i128 {
        let of = lines.iter().filter(|line| line["month"] == 1 && line["item"] == item);
        of.map(|line| units(&line["amount"])).sum()
    };
    let above = (january("time-of-use") - 200_000_000).max(0);
    assert_eq!(january("tier"), above);
}

#[test]
fn the_screen_says_what_the_customers_are() {
    let scratch = Scratch::new("screen");
    let (old, new) = ("flat.contract", "hourly.contract");
    let svg = scratch.path("change.svg");
    let output = scratch.run(old, new, &["--customers", "5", "--svg", &svg]);
    let said = String::from_utf8(output.stdout).unwrap();
    for word in ["SimBench", "don't react", "every 15 minutes", "pay more", "median", "seed 7"] {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
    let drawn = std::fs::read_to_string(svg).unwrap();
    assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>\n"));
    assert!(drawn.contains("Who pays more") && drawn.contains("ODbL"));
    let output = scratch.run(old, new, &["--customers", "5", "--lang", "zh"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("不对电价作出反应") && said.contains("多付"), "{said}");
    // Nothing that isn't asked for goes to the error stream, and a seed makes other customers.
    assert!(output.stderr.is_empty());
    let first = scratch.json(old, new, &["--customers", "5"]);
    assert_eq!(first["customers"], scratch.json(old, new, &["--customers", "5"])["customers"]);
    let other = scratch.json(old, new, &["--customers", "5", "--seed", "8"]);
    assert_ne!(first["customers"], other["customers"]);
}

#[test]
fn own_profiles_are_billed() {
    let scratch = Scratch::new("own");
    // 3 kW of the usual customer at a constant share of 0.5, in a year of 8760 hours.
    let mut table = "unix_s,local,MINE\n".to_owned();
    let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (month, length) in lengths.iter().enumerate() {
        for (day, step) in (1..=*length).flat_map(|day| (0..96).map(move |step| (day, step))) {
            let (hour, minute) = (step / 4, step % 4 * 15);
            let label = format!("{:02}-{day:02} {hour:02}:{minute:02}", month + 1);
            table += &format!("1451602800,{label},.5\n");
        }
    }
    std::fs::write(scratch.path("mine.csv"), table).unwrap();
    let data = scratch.path("mine.csv");
    let arguments = ["--customers", "3", "--data", &data];
    let study = scratch.json("flat.contract", "hourly.contract", &arguments);
    assert_eq!(study["by_profile"][0]["profile"], "MINE");
    for customer in study["customers"].as_array().unwrap() {
        // Sizes lie between 0.4 × 0.4 and 1.6 × 1.6 of 3 kW × 0.5 × 8760 h = 13,140 kWh.
        let energy = units(&customer["energy_kwh"]);
        assert!((2_102_000_000..=33_639_000_000).contains(&energy), "{energy}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused_with_a_reason() {
    let scratch = Scratch::new("refused");
    let export = FLAT.replace("import", "export").replace("flat", "back");
    std::fs::write(scratch.path("back.contract"), export).unwrap();
    let small = FLAT.replace("100 kWh", "0.01 kWh").replace("energy 3 kWh", "energy 0.01 kWh");
    let small = small.replace("1.5 yuan", "0.005 yuan");
    std::fs::write(scratch.path("small.contract"), small).unwrap();
    let coal = FLAT.replace("residential", "coal");
    std::fs::write(scratch.path("coal.contract"), coal).unwrap();
    let steps = FLAT.replace(
        "price benchmark = 0.5 yuan/kWh",
        "steps size on energy { below 1 kWh 0.4 yuan/kWh; above 0.5 yuan/kWh }\n  price benchmark = steps size",
    );
    std::fs::write(scratch.path("steps.contract"), steps).unwrap();
    std::fs::write(scratch.path("broken.csv"), "time,A\n").unwrap();
    let (flat, broken) = ("flat.contract", scratch.path("broken.csv"));
    scratch.refused(flat, "back.contract", &[], &["one direction"]);
    scratch.refused(flat, "small.contract", &[], &["above the contract's bound", "at most"]);
    scratch.refused("steps.contract", flat, &[], &["steps table", "tiers"]);
    scratch.refused("coal.contract", flat, &[], &["coal", "--data"]);
    scratch.refused(flat, flat, &["--data", &broken], &["unix_s,local"]);
    scratch.refused(
        flat,
        "none.contract",
        &[],
        &["none.contract", "built-in", "residential-henan"],
    );
    // Shanghai lists the days of 2026 only.
    let days = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/contracts/");
    let days = format!("{days}industrial-shanghai-deep-valley.contract");
    scratch.refused(&days, &days, &["--customers", "5"], &["--year", "in 15 minutes"]);
    let range = ["--customers", "5", "--customer", "5"];
    scratch.refused(flat, flat, &range, &["customers 0 to 4"]);
}
