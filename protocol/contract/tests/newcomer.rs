//! The slips of somebody who writes a first tariff: the message alone must say how to repair it.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use contract::{Diagnostic, Language, check, format, render};

/// A two-part tariff by day and night with a surcharge; each slip changes one thing in it.
const SOUND: &str = r#"
contract "first" version 1
  title "两段制" "Day and night"
  for industrial, import
  settle every 15 minutes, at most 10 MWh
  price within 0 yuan/kWh to 1 yuan/kWh
  quantity maximum-demand at most 20 MW, price within 0 yuan/kW to 60 yuan/kW
under "order 12" "article 3: day and night" {
  leg bill: customer-bill -> grid-income
  special-days 2026 { holiday 2026-10-01 to 2026-10-07 }
  calendar all-year on holiday { 00:00 valley }
  calendar all-year { 00:00 valley; 07:00 flat; 22:00 valley }
  bands daynight all-year { flat 0.56 yuan/kWh; valley 50 % }
  price time-of-use = bands daynight into bill
  price capacity = 38 yuan/kW into bill on maximum-demand
}
under "order 12" "article 4: fund" {
  leg fund: customer-bill -> government-fund
  price surcharge = 0.02 yuan/kWh into fund
}
examples {
  2026-05-12 12:00 energy 10 kWh => bill 5.6 yuan, fund 0.2 yuan;
  2026-05-31 23:45 energy 0 kWh, maximum-demand 100 kW => bill 3800 yuan, fund 0 yuan
}
"#;

/// What is changed, the code, the marked text, and the words that repair it in both languages.
type Slip = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const SLIPS: &[Slip] = &[
    // A night without a price.
    ("; valley 50 %", "", "JD-C028", "daynight", "`valley` in month 1", "缺少 1 月“谷”的价格"),
    // The share stands before the price that it is a share of.
    (
        "flat 0.56 yuan/kWh; valley 50 %",
        "valley 50 %; flat 0.56 yuan/kWh",
        "JD-C039",
        "valley 50 %",
        "state the price of `flat` first",
        "先在同一括号内写出“平”",
    ),
    // Overlapping windows; flat isn't one of them.
    (
        "calendar all-year { 00:00 valley; 07:00 flat; 22:00 valley }",
        "windows all-year { flat 07:00 to 22:00; valley 21:00 to 08:00 }",
        "JD-C067",
        "flat 07:00 to 22:00",
        "delete this window",
        "删去该时段",
    ),
    ("0.56 yuan/kWh", "0.56 CNY/kWh", "JD-C006", "CNY", "yuan/kWh", "元/千瓦时"),
    ("0.56 yuan/kWh", "0,56 yuan/kWh", "JD-C006", ",", "with a point", "小数用点"),
    (
        "0.02 yuan/kWh into",
        "0.02 yuan/kW into",
        "JD-C045",
        "price",
        "the price in yuan/kWh",
        "写成 元/千瓦时",
    ),
    (
        "0.56 yuan",
        "1.56 yuan",
        "JD-C022",
        "0 yuan",
        "reach 1.580000 yuan",
        "可达 1.580000 元/千瓦时",
    ),
    ("bill 5.6 yuan", "bill 5.8 yuan", "JD-C025", "bill", "5.600000 yuan in", "算得 5.600000 元"),
    (
        "industrial,",
        "industral,",
        "JD-C005",
        "industral",
        "did you mean `industrial`?",
        "industrial",
    ),
    ("22:00 valley }", "22:00 vally }", "JD-C005", "vally", "did you mean `valley`?", "“valley”？"),
    ("calendar all", "calender all", "JD-C003", "calender", "did you mean `calendar`?", "日历"),
    ("on maximum-demand\n}", "on maximum-demand\n", "JD-C003", "under", "`}`", "“}”"),
    (
        "  leg fund: customer-bill -> government-fund\n",
        "",
        "JD-C017",
        "fund",
        "`leg fund: ROLE -> ROLE`",
        "“支付 fund: 角色 -> 角色”",
    ),
    ("into fund\n", "into funds\n", "JD-C017", "funds", "did you mean `fund`?", "是否想写“fund”"),
    (
        "0.02 yuan/kWh into",
        "signal incentive into",
        "JD-C017",
        "incentive",
        "`signal incentive within PRICE",
        "“信号 激励 限于",
    ),
    (
        "0.02 yuan/kWh into fund",
        "0.02 yuan/kWh into fund when critical-day",
        "JD-C017",
        "critical-day",
        "`event critical-day, older than",
        "“事件 尖峰日，超过",
    ),
    (
        "  price surcharge",
        "  signal incentive within 0 yuan/kWh to 0 yuan/kWh\n  price surcharge",
        "JD-C003",
        "price",
        "`older than`",
        "“超过”",
    ),
    (
        "  quantity maximum-demand at most 20 MW, price within 0 yuan/kW to 60 yuan/kW\n",
        "",
        "JD-C046",
        "on maximum-demand",
        "quantity maximum-demand at most AMOUNT",
        "量 最大需量 至多 数量",
    ),
    (
        "valley 50 %",
        "valley 12.34567 %",
        "JD-C004",
        "12.34567",
        "4 in a percentage",
        "百分数至多 4 位",
    ),
    (
        "into fund\n",
        "into fund 90 %, bill 10 %\n",
        "JD-C050",
        "bill",
        "`into A 90 %, B rest`",
        "其余",
    ),
    (
        "  price capacity",
        "  price time-of-use = 0.1 yuan/kWh into bill when months 7\n  price capacity",
        "JD-C032",
        "price time-of-use",
        "`exception price time-of-use",
        "“例外 价格 分时",
    ),
    ("07:00 flat; 22:00", "07:00 flat; 24:00", "JD-C007", "24:00", "until the next one", "下一行"),
    ("2026-05-12", "2027-05-12", "JD-C033", "2027", "`special-days 2027", "“特殊日 2027 年"),
    (
        "0 kWh, maximum-demand 100 kW",
        "0 kWh",
        "JD-C033",
        "2026-05-31",
        "state also: maximum-demand",
        "还须写出：最大需量",
    ),
    ("2026-05-12", "2026/5/12", "JD-C003", "2026", "2026-01-31", "如 2026-01-31"),
    ("\"first\"", "first", "JD-C003", "first", "in quotation marks", "带引号的合约名"),
];

fn found(source: &str) -> Vec<Diagnostic> {
    check(source).err().unwrap_or_default()
}

#[test]
fn the_first_tariff_is_sound() {
    assert_eq!(found(SOUND), []);
}

#[test]
fn each_slip_is_answered_with_its_repair() {
    for (from, to, code, marked, en, zh) in SLIPS {
        assert!(SOUND.contains(from), "{from} isn't in the sound contract");
        let source = SOUND.replacen(from, to, 1);
        let all = found(&source);
        let one =
            all.iter().find(|one| one.code == *code).unwrap_or_else(|| panic!("{to}: {all:?}"));
        let english = render(one, &source, Language::English);
        let chinese = render(one, &source, Language::Chinese);
        assert!(source[one.span.clone()].starts_with(marked), "{english}");
        assert!(english.contains(en), "`{en}` is missing:\n{english}");
        assert!(chinese.contains(zh), "“{zh}” is missing:\n{chinese}");
        let open = |text: &str| (0..9).any(|n| text.contains(&format!("{{{n}}}")));
        assert!(!open(&english) && !open(&chinese), "{english}{chinese}");
        let message = [&one.message_zh, &one.help_zh];
        assert!(
            !message.iter().any(|text| text.contains("a ") || text.contains("the ")),
            "{chinese}"
        );
    }
}

/// What an input method for Chinese types in place of ASCII.
#[test]
fn full_width_marks_mean_the_same() {
    let pairs = [
        (":", "："),
        (";", "；"),
        (",", "，"),
        ("{", "｛"),
        ("}", "｝"),
        ("->", "－＞"),
        ("=>", "＝＞"),
        (" = ", " ＝ "),
        ("%", "％"),
        ("/", "／"),
        ("\"", "＂"),
    ];
    let wide =
        pairs.iter().fold(SOUND.to_owned(), |text, (narrow, wide)| text.replace(narrow, wide));
    let bytes = |source: &str| check(source).unwrap().bytecode().to_vec();
    assert_eq!(bytes(&wide), bytes(SOUND));
    let printed = format(&wide, Some(Language::English)).unwrap();
    assert!(printed.contains("07:00 flat; 22:00 valley"), "{printed}");
    assert_eq!(bytes(&printed), bytes(SOUND));
}

#[test]
fn a_message_repeats_no_more_than_a_line_of_a_long_source() {
    for source in ["x".repeat(1_000_000), "(".repeat(1_000_000)] {
        let all = found(&source);
        let text = render(&all[0], &source, Language::English);
        assert!(text.len() < 2_000, "{} bytes", text.len());
    }
}

#[test]
fn a_source_without_a_contract_says_how_one_begins() {
    for source in ["", "\n\n", "# nothing yet\n", "\u{feff}"] {
        let all = found(source);
        let text = render(&all[0], source, Language::English);
        assert!(text.contains("`contract`") && text.contains("the end of the file"), "{text}");
    }
}
