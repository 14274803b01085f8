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

/// One block of the book, by the name of its contract.
fn book(name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/contract-language.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut blocks =
        text.split("\n```contract\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.find(|block| block.contains(&format!("\"{name}\" "))).unwrap().to_owned()
}

#[test]
fn days_exceptions_and_events_in_words() {
    let text = explain(&book("summer"), Language::English).unwrap();
    let expected = "\
Prices
  time-of-use price  into leg bill  band prices hourly
  time-of-use price  into leg bill  95 % of band prices hourly rounded half-up to 0.0001 yuan/kWh  instead while demand response
Legs
  bill  customer's bill wallet -> grid company's income wallet
Calendar (UTC+8)
  months 7, 8, while high temperature  00:00-07:00  valley
  months 7, 8, while high temperature  07:00-10:00  flat
  months 7, 8, while high temperature  10:00-11:00  peak
  months 7, 8, while high temperature  11:00-12:00  critical peak
  months 7, 8, while high temperature  12:00-24:00  peak
  all year, on public holidays         00:00-12:00  valley
";
    // Peak goes before valley, so the valley of 23:00 is not seen in the heat.
    assert!(text.contains(expected), "{text}");
    let special = "\
Special days 2026
  2026-09-20                workday
  2026-10-01 to 2026-10-07  public holiday
  2026-10-10                workday
  any other date            rest day on Saturday and Sunday, else workday
";
    assert!(text.contains(special), "{text}");
    let events = "  demand response   missing or older than 60 min: off\n";
    assert!(text.contains(events), "{text}");
}

#[test]
fn quantities_splits_steps_and_holds_in_words() {
    let text = explain(&book("works"), Language::Chinese).unwrap();
    for part in [
        "到期后改用： industrial-default\n",
        "  容量  记入分项 bill   40 元/千瓦 × 最大需量\n",
        "  力调  记入分项 bill   级差表 factor × 计费额\n",
        "  差别  记入分项 state  90 % × 0.1 元/千瓦时\n",
        "  差别  记入分项 bill   其余 0.1 元/千瓦时\n",
        "  最大需量  至多 10000 千瓦  限价 0 至 60 元/千瓦  月末计\n",
        "  功率因数  至多 100 %       自身不计价            月末计\n",
        "级差表 factor（功率因数）\n  低于 88 %  1.5 %\n  低于 90 %  0.5 %\n  以上       -0.75 %\n",
        "预付\n  分项 bill：冻结 500 元，剩余低于 100 元 时再冻结，30 天 后释放\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let text = explain(&book("neighbours"), Language::English).unwrap();
    for part in [
        "0.1 yuan/kW × largest deviation of power beyond 5 % of traded power\n",
        "only from 2026-11-15 to 2027-03-15\n",
        "customer's bill wallet         only for heating, expires after 120 days\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

/// The bytes alone give the same tables, with numbers in the place of names.
#[test]
fn bytes_and_source_say_the_same() {
    for name in ["summer", "works", "neighbours"] {
        let source = book(name);
        let built = build(&source).unwrap();
        let bytes = explain_program(&built.program().unwrap(), Language::English);
        let text = explain(&source, Language::English).unwrap();
        let tables = text.split_once("\nFor ").unwrap().1;
        assert_eq!(bytes.lines().count(), tables.lines().count(), "{name}");
    }
}
