//! Deliberately wrong contracts: each has its code, its place, and a help that names the fix.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use contract::{Diagnostic, Language, check, render};

/// A sound contract; each case changes one thing in it.
const SOUND: &str = r#"
contract "case" version 3
  title "案例" "A case"
  for commercial, import
  settle every 15 minutes, at most 100 kWh
  price within 0.10 yuan/kWh to 2.00 yuan/kWh
under "order 1" "article 2" {
  leg bill: customer-bill -> grid-income
  leg fund: customer-bill -> government-fund
  signal floating within -0.10 yuan/kWh to 0.10 yuan/kWh, older than 15 minutes take 0 yuan/kWh
  calendar months 1 2 3 4 5 6 { 00:00 valley; 08:00 peak; 22:00 valley }
  calendar months 7 8 9 10 11 12 { 00:00 valley; 09:00 peak; 21:00 valley }
  bands hourly all-year { peak 1.00 yuan/kWh; valley 45 % peak }
  tiers ladder on energy this month { up to 100 kWh 0 yuan/kWh; above 0.30 yuan/kWh }
  price time-of-use = bands hourly into bill
  price tier = tiers ladder into bill
  price floating = signal floating into bill when peak
  price surcharge = 0.02 yuan/kWh into fund
}
examples { 2026-01-01 12:00 month 99 kWh energy 2 kWh => bill 2.3 yuan, fund 0.04 yuan }
"#;

/// What is changed, the expected code, the marked text, and words of the help in both languages.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    ("take 0 yuan/kWh", "take 0", "JD-C006", "calendar", "behind the number", "在数字后写单位"),
    ("{ 00:00 valley; 08:00", "{ 06:00 valley; 08:00", "JD-C010", "06:00", "at 00:00", "从 00:00"),
    ("22:00 valley }", "07:00 valley }", "JD-C011", "07:00", "rising order", "时间先后"),
    (
        "45 % peak",
        "45.00001 % peak",
        "JD-C004",
        "45.00001",
        "at most 6 digits",
        "小数点后至多 6 位",
    ),
    (
        "1.00 yuan/kWh; valley 45 %",
        "1.000001 yuan/kWh; valley 45 %",
        "JD-C012",
        "valley 45 % peak",
        "0.450000 yuan/kWh or 0.450001",
        "请直接写价格",
    ),
    (
        "months 7 8 9 10 11 12",
        "months 6 8 9 10 11 12",
        "JD-C013",
        "calendar months 6 8 9 10 11 12",
        "one entry only",
        "只写在一处",
    ),
    (
        "months 7 8 9 10 11 12",
        "months 8 9 10 11 12",
        "JD-C014",
        "calendar months 8 9 10 11 12",
        "all-year",
        "全年",
    ),
    (
        "{ up to 100 kWh 0 yuan/kWh; above",
        "{ up to 100 kWh 0 yuan/kWh; up to 90 kWh 0.1 yuan/kWh; above",
        "JD-C015",
        "up to 90 kWh 0.1 yuan/kWh",
        "rising order",
        "从小到大",
    ),
    ("above 0.30", "up to 200 kWh 0.30", "JD-C016", "ladder", "above PRICE", "以上 价格"),
    ("bands hourly into", "bands hourley into", "JD-C017", "hourley", "hourly", "hourly"),
    (
        "price surcharge = 0.02 yuan/kWh into fund",
        "price surcharge = 0.02 yuan/kWh into bill",
        "JD-C019",
        "fund",
        "delete it",
        "删去",
    ),
    (
        "take 0 yuan",
        "take 0.2 yuan",
        "JD-C020",
        "signal floating within -0.10 yuan/kWh to 0.10 yuan/kWh, older than 15 minutes take 0.2 yuan/kWh",
        "default lie between",
        "限幅之内",
    ),
    (
        "older than 15 minutes",
        "older than 0 minutes",
        "JD-C021",
        "signal floating",
        "15 minutes",
        "15 分钟",
    ),
    (
        "to 2.00 yuan/kWh",
        "to 1.40 yuan/kWh",
        "JD-C022",
        "0.10 yuan/kWh to 1.40 yuan/kWh",
        "widen `price within`",
        "放宽",
    ),
    ("at most 100 kWh", "at most 9000000 MWh", "JD-C023", "9000000 MWh", "at most", "至多"),
    (
        "examples { 2026-01-01 12:00 month 99 kWh energy 2 kWh => bill 2.3 yuan, fund 0.04 yuan }",
        "",
        "JD-C024",
        "",
        "worked out by hand",
        "手工算出",
    ),
    (
        "bill 2.3 yuan",
        "bill 2.299999 yuan",
        "JD-C025",
        "bill",
        "whichever is wrong",
        "改正规则或算例",
    ),
    ("08:00 peak", "08:10 peak", "JD-C026", "08:10", "multiples", "整数倍"),
    ("every 15 minutes", "every 7 minutes", "JD-C027", "7 minutes", "5, 15", "5、15"),
    (
        "peak 1.00 yuan/kWh; valley 45 % peak",
        "peak 1.00 yuan/kWh",
        "JD-C028",
        "hourly",
        "add the band",
        "补上",
    ),
    (
        "{ peak 1.00",
        "{ deep 0.1 yuan/kWh; peak 1.00",
        "JD-C029",
        "deep 0.1 yuan/kWh",
        "calendar",
        "日历",
    ),
    ("-> government-fund", "-> customer-bill", "JD-C031", "fund", "different roles", "不同的角色"),
    ("price tier =", "price time-of-use =", "JD-C032", "price", "one sum", "合并"),
    ("energy 2 kWh =>", "energy 200 kWh =>", "JD-C033", "2026", "could report", "可能上报"),
    (", fund 0.04 yuan", "", "JD-C034", "2026", "list all legs", "列出所有分项"),
    ("when peak", "when deep", "JD-C036", "deep", "in which it occurs", "确会出现"),
    (
        "into bill when",
        "into bill whenever",
        "JD-C003",
        "whenever",
        "separated by spaces",
        "用空格分开",
    ),
    (
        "for commercial",
        "for comercial",
        "JD-C005",
        "comercial",
        "commercial 工商业",
        "commercial 工商业",
    ),
    (
        "0.02 yuan/kWh into",
        "2000 yuan/kWh into",
        "JD-C037",
        "2000 yuan/kWh",
        "decimal point",
        "小数点",
    ),
    ("2026-01-01", "2026-02-30", "JD-C007", "2026-02-30", "2026-01-31", "2026-01-31"),
    ("\"article 2\"", "\"article 2", "JD-C002", "\"", "close it", "结束"),
    ("100 kWh\n", "100 kWh @\n", "JD-C001", "@", "remove it", "删去"),
];

fn changed(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from} isn't in the sound contract");
    SOUND.replacen(from, to, 1)
}

fn first(source: &str) -> Diagnostic {
    check(source).expect_err(source).into_iter().next().unwrap()
}

#[test]
fn the_sound_contract_is_sound() {
    assert!(check(SOUND).is_ok(), "{:?}", check(SOUND));
}

#[test]
fn each_wrong_contract_gets_its_code_its_place_and_its_fix() {
    for (from, to, code, marked, help_en, help_zh) in CASES {
        let source = changed(from, to);
        let found = check(&source).expect_err(code);
        let one = found.iter().find(|one| one.code == *code);
        let one = one.unwrap_or_else(|| panic!("{code} expected: {found:?}"));
        assert!(source[one.span.clone()].starts_with(marked), "{code}: {one:?}");
        assert!(one.help_en.contains(help_en), "{code}: {}", one.help_en);
        assert!(one.help_zh.contains(help_zh), "{code}: {}", one.help_zh);
        assert!(!one.message_en.contains('{') && !one.message_zh.contains('{'), "{one:?}");
    }
}

#[test]
fn a_diagnostic_shows_the_line_and_marks_the_place() {
    let source = changed("08:00 peak", "08:10 peak");
    let text = render(&first(&source), &source, Language::English);
    let expected = "\
JD-C026: the start 08:10 doesn't fall on a settlement boundary
  --> 11:47
   |
11 |   calendar months 1 2 3 4 5 6 { 00:00 valley; 08:10 peak; 22:00 valley }
   |                                               ^^^^^
   = help: choose starts that are multiples of the settlement interval
";
    assert_eq!(text, expected);
}

#[test]
fn chinese_and_english_give_the_same_bytes() {
    let pairs = [
        ("contract", "合约"),
        ("version 3", "第 3 版"),
        ("title", "标题"),
        ("for commercial", "适用 工商业"),
        (", import", "，正向"),
        ("settle every 15 minutes", "结算 每 15 分钟"),
        ("at most", "至多"),
        ("price within", "限价"),
        ("under", "依据"),
        ("leg ", "支付 "),
        ("customer-bill", "客户缴费"),
        ("grid-income", "电网收入"),
        ("government-fund", "政府基金"),
        ("->", "→"),
        ("signal ", "信号 "),
        ("within", "限于"),
        ("older than 15 minutes take", "超过 15 分钟 取"),
        ("calendar", "日历"),
        ("months", "月"),
        ("valley", "谷"),
        ("peak", "峰"),
        ("all-year", "全年"),
        ("bands", "分时表"),
        ("tiers", "阶梯表"),
        ("on energy this month", "本月用电"),
        ("up to", "至"),
        ("above", "以上"),
        ("price ", "价格 "),
        ("time-of-use", "分时"),
        ("tier =", "阶梯 ="),
        ("surcharge", "附加"),
        ("into", "记入"),
        ("when", "当"),
        ("floating", "浮动"),
        ("examples", "示例"),
        ("month 99", "本月 99"),
        ("energy 2", "用电 2"),
        ("yuan/kWh", "元/千瓦时"),
        ("kWh", "千瓦时"),
        ("yuan", "元"),
        (" to ", " 至 "),
    ];
    let chinese = pairs.iter().fold(SOUND.to_string(), |text, (en, zh)| text.replace(en, zh));
    let built = |text: &str| check(text).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
    assert_eq!(built(&chinese).bytecode(), built(SOUND).bytecode());
    assert!(!chinese.contains("yuan") && !chinese.contains("settle"));
}

#[test]
fn no_cut_of_a_source_panics() {
    for (at, _) in SOUND.char_indices() {
        let _ = check(&SOUND[..at]);
        let _ = check(&SOUND[at..]);
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = "min(".repeat(100_000);
    let long = "0.1 yuan/kWh + ".repeat(100_000);
    for expression in [deep, long] {
        let source = changed("0.02 yuan/kWh into fund", &format!("{expression} into fund"));
        assert!(matches!(first(&source).code, "JD-C042" | "JD-C030"));
    }
}
