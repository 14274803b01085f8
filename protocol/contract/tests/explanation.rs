//! What people read about a contract comes from the bytes that run.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use contract::{Language, build, explain, explain_program};

fn source(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/contracts");
    std::fs::read_to_string(format!("{folder}/{name}.contract")).unwrap()
}

#[test]
fn the_tables_of_a_program_in_english() {
    let built = build(&source("heat-pump-henan")).unwrap();
    let text = explain_program(&built.program().unwrap(), Language::English);
    let expected = "\
For residential heat pump, energy taken from the grid; version 1
Settled every 5 min, at most 500 kWh each time
Total price within 0.14 to 1.49 yuan/kWh
Each leg rounds down to a micro-yuan once per settlement and carries the rest
Prices
  benchmark price     into leg #1  0.56 yuan/kWh
  time-of-use price   into leg #1  band prices #1
  tiered price        into leg #1  tiers #1                only in months 4, 5, 6, 7, 8, 9, 10
  incentive price     into leg #1  signal incentive price
  government subsidy  into leg #2  0.05 yuan/kWh           only in months 1, 2, 3, 11, 12
  government subsidy  into leg #1  -0.05 yuan/kWh          only in months 1, 2, 3, 11, 12
Legs
  #1  customer's bill wallet -> grid company's income wallet
  #2  fiscal subsidy wallet -> grid company's income wallet
Calendar (UTC+8)
  all year  00:00-08:00  valley
  all year  08:00-22:00  peak
  all year  22:00-24:00  valley
Band prices #1
  all year  peak    0.03 yuan/kWh
  all year  valley  -0.12 yuan/kWh
Tiers #1 (energy this month)
  up to 180 kWh  0 yuan/kWh
  up to 260 kWh  0.05 yuan/kWh
  above          0.3 yuan/kWh
Signals
  incentive price  -0.3 to 0.6 yuan/kWh  missing or older than 15 min: 0 yuan/kWh
";
    assert_eq!(text, expected);
}

#[test]
fn the_source_adds_title_and_cited_clauses() {
    let text = explain(&source("coal-henan"), Language::Chinese).unwrap();
    let expected = "\
河南煤电上网电价
coal-henan 1
依据
  发改价格〔2021〕1439号 基准 0.3779，上下浮动 20 %: 基准, 浮动
  超低排放电价 2016 年前并网 0.010；待核对: 超低排放
  环保电价 已含于基准，超标时扣回至多 0.027；待核对: 环保
适用 煤电，反向，第 1 版
每 1 分钟 结算，每次至多 1000000 千瓦时
总价限于 0.28 至 0.47 元/千瓦时
";
    assert!(text.starts_with(expected), "{text}");
}
