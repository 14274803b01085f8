//! Deliberately wrong contracts: each has its code, its place, and a help that names the fix.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use contract::{Diagnostic, Language, check, render, render_all};

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
    ("leg fund:", "leg bill:", "JD-C018", "bill", "keep one", "只保留一处"),
    (
        "calendar months 7 8 9 10 11 12 { 00:00 valley; 09:00 peak; 21:00 valley }",
        "calendar months 7 8 9 10 11 12 { 00:00 valley; 08:00 peak; 22:00 valley }",
        "JD-C038",
        "calendar months 7",
        "list the months of both",
        "把月份写在一起",
    ),
    (
        "valley 45 % peak }",
        "valley 45 % }",
        "JD-C039",
        "valley 45 %",
        "state the price of `flat`",
        "写出“平”",
    ),
    ("at most 100 kWh", "at most 0 kWh", "JD-C041", "0 kWh", "most that the meter", "最大电量"),
    (
        "0.10 yuan/kWh to 2.00",
        "3.10 yuan/kWh to 2.00",
        "JD-C043",
        "3.10 yuan/kWh to 2.00",
        "smaller price first",
        "先写较低",
    ),
];

/// A sound contract with what language 2 added; each case changes one thing in it.
const SOUND_2: &str = r#"
contract "works" version 1
  title "工厂" "A factory"
  for industrial, import
  settle every 15 minutes, at most 1 MWh
  price within -1 yuan/kWh to 3 yuan/kWh
  quantity maximum-demand at most 10 MW, price within 0 yuan/kW to 60 yuan/kW
  quantity power-factor at most 100 %
  quantity billed at most 1000 yuan, price within -1 % to 15 %
  quantity deviation-power at most 100 kW, price within 0 yuan/kW to 1 yuan/kW
  quantity traded-power at most 100 kW
  on expiry use "default"
  prepaid bill hold 50 yuan, again below 10 yuan, release after 30 days
under "order 1" "days" {
  leg bill: customer-bill -> grid-income
  leg state: customer-bill -> treasury expires after 120 days
  special-days 2026 { holiday 2026-10-01 to 2026-10-07; workday 2026-10-10 }
  event high-temperature, older than 1 day take off
  event demand-response, older than 1 hour take off
  windows months 7 8 while high-temperature { critical 11:00 to 12:00; peak 10:00 to 24:00 }
  calendar all-year on holiday { 00:00 valley; 12:00 flat }
  windows all-year { peak 16:00 to 24:00; valley 23:00 to 07:00 }
  bands hourly months 7 8 { critical 1.2 yuan/kWh; peak 1 yuan/kWh; flat 0.6 yuan/kWh; valley 0.3 yuan/kWh }
  bands hourly months 1 2 3 4 5 6 9 10 11 12 { peak 1 yuan/kWh; flat 0.6 yuan/kWh; valley 0.3 yuan/kWh }
  price time-of-use = bands hourly into bill
  exception price time-of-use = 95 % of (bands hourly) rounded half-up to 0.0001 yuan/kWh into bill when demand-response
  exception price time-of-use = 0.5 yuan/kWh into bill when flat from 2026-05-01 to 2026-05-03
}
under "order 2" "others" {
  steps factor on power-factor { below 90 % 0.5 %; above 0 % }
  tiers ladder on energy this month { up to 100 kWh 0 yuan/kWh; above 0.3 yuan/kWh }
  price tier = tiers ladder into bill
  price capacity = 40 yuan/kW into bill on maximum-demand
  price power-factor = steps factor into bill on billed
  price deviation = 0.1 yuan/kW into bill on deviation-power beyond 5 % of traded-power
  price differential = 0.1 yuan/kWh into state 90 %, bill rest
}
examples { 2026-01-05 00:00 energy 0 kWh, deviation-power 0 kW, traded-power 0 kW => bill 0 yuan, state 0 yuan, hold 50 yuan }
"#;

const CASES_2: &[Case] = &[
    (
        "0.1 yuan/kWh into state",
        "0.1 yuan/kWh + 2 yuan/kW into state",
        "JD-C044",
        "2 yuan/kW",
        "same unit",
        "同一单位",
    ),
    (
        "= 40 yuan/kW into",
        "= 40 yuan/kWh into",
        "JD-C045",
        "price capacity",
        "in yuan/kW",
        "元/千瓦",
    ),
    (
        "  quantity deviation-power at most 100 kW, price within 0 yuan/kW to 1 yuan/kW\n",
        "",
        "JD-C046",
        "on deviation-power",
        "quantity deviation-power at most",
        "量 最大偏差功率 至多",
    ),
    (
        "10 MW, price within 0 yuan/kW to 60 yuan/kW",
        "10 MW",
        "JD-C047",
        "quantity maximum-demand",
        "price within A to B",
        "限价",
    ),
    (
        "traded-power at most 100 kW",
        "traded-power at most 100 kW, price within 0 yuan/kW to 1 yuan/kW",
        "JD-C048",
        "0 yuan/kW to 1",
        "delete the limits",
        "删去限价",
    ),
    (
        "into bill on billed",
        "into bill on power-factor",
        "JD-C049",
        "on power-factor",
        "on `billed`",
        "计费额",
    ),
    ("state 90 %, bill rest", "state 90 %, bill 10 %", "JD-C050", "bill", "B rest", "其余"),
    (" rounded half-up to 0.0001 yuan/kWh", "", "JD-C051", "95 % of", "rounded down", "向下取整"),
    ("= 95 % of (", "= 0.95 yuan/kWh of (", "JD-C052", "0.95", "95 % of", "95 % ×"),
    ("beyond 5 %", "beyond -5 %", "JD-C053", "-5 %", "from 0 on", "不小于 0"),
    (
        "tiers ladder into bill",
        "tiers ladder into bill on maximum-demand",
        "JD-C054",
        "price tier",
        "a price of its own",
        "另写一条",
    ),
    (
        "exception price time-of-use = 0.5",
        "exception price incentive = 0.5",
        "JD-C055",
        "exception price incentive",
        "general price first",
        "先写一般价格",
    ),
    (
        " into bill when demand-response",
        " into bill",
        "JD-C056",
        "exception",
        "add `when`",
        "加上“当",
    ),
    (
        "bill rest\n",
        "bill rest\n  exception price differential = 0 yuan/kWh into state 80 %, bill rest when valley\n",
        "JD-C057",
        "exception price differential",
        "as in the general price",
        "与一般价格相同",
    ),
    (
        "= bands hourly into bill\n",
        "= bands hourly into bill when peak\n",
        "JD-C058",
        "peak",
        "exception of 0",
        "价格为 0",
    ),
    (
        "when flat from",
        "when demand-response flat from",
        "JD-C059",
        "exception",
        "narrower exception first",
        "条件较窄的例外",
    ),
    (
        "windows all-year { peak 16",
        "calendar months 5 on holiday { 00:00 flat }\n  windows all-year { peak 16",
        "JD-C060",
        "calendar months 5 on holiday",
        "narrower row first",
        "条件较窄的一行",
    ),
    (
        "  special-days 2026 { holiday 2026-10-01 to 2026-10-07; workday 2026-10-10 }\n",
        "",
        "JD-C061",
        "calendar all-year on holiday",
        "special-days 2026 {",
        "特殊日 2026 年 {",
    ),
    (
        "2026-10-07;",
        "2027-10-07;",
        "JD-C062",
        "holiday 2026-10-01 to 2027-10-07",
        "with the year 2026",
        "2026 年",
    ),
    (
        "workday 2026-10-10",
        "workday 2026-10-07",
        "JD-C063",
        "workday 2026-10-07",
        "one span only",
        "只列一处",
    ),
    (
        "workday 2026-10-10",
        "workday 2026-10-12",
        "JD-C064",
        "workday 2026-10-12",
        "check the dates",
        "核对日期",
    ),
    (
        "10-10 }",
        "10-10 }\n  special-days 2028 { holiday 2028-01-01 }",
        "JD-C065",
        "special-days 2028",
        "without a gap",
        "不得跳过",
    ),
    (
        "  calendar all-year on holiday { 00:00 valley; 12:00 flat }\n",
        "",
        "JD-C066",
        "special-days",
        "on holiday",
        "逢 节假日",
    ),
    (
        "{ peak 16:00",
        "{ flat 12:00 to 13:00; peak 16:00",
        "JD-C067",
        "flat 12:00",
        "delete this window",
        "删去该时段",
    ),
    (
        "peak 16:00 to 24:00;",
        "peak 16:00 to 16:00;",
        "JD-C068",
        "peak 16:00",
        "00:00 to 24:00",
        "00:00 至 24:00",
    ),
    (
        "critical 11:00 to 12:00; peak",
        "critical 11:00 to 12:00; valley 11:00 to 12:00; peak",
        "JD-C069",
        "valley 11:00",
        "order is critical",
        "优先次序",
    ),
    (
        "price differential = 0.1 yuan/kWh",
        "steps odd on power-factor { below 90 % 0.1 yuan/kWh; above 0 yuan/kWh }\n  price differential = steps odd",
        "JD-C070",
        "odd",
        "on billed",
        "按 计费额",
    ),
    (
        "of traded-power\n",
        "of billed\n",
        "JD-C071",
        "on deviation-power",
        "power with power",
        "功率与功率比",
    ),
    ("again below 10 yuan", "again below 60 yuan", "JD-C072", "prepaid", "above zero", "大于零"),
    ("after 120 days", "after 120 minutes", "JD-C073", "120 minutes", "120 days", "120 天"),
    (", hold 50 yuan }", " }", "JD-C074", "2026", "it says 0", "即为 0"),
    (
        "traded-power at most 100 kW",
        "traded-power at most 0 kW",
        "JD-C075",
        "quantity traded-power",
        "the most that can occur",
        "最大值",
    ),
    (
        "to 0.0001 yuan/kWh into",
        "to 0.0001 yuan/kW into",
        "JD-C076",
        "95 % of",
        "0.0001 yuan/kWh",
        "0.0001 元/千瓦时",
    ),
    ("use \"default\"", "use \"works\"", "JD-C077", "on expiry", "default contract", "缺省合约"),
    (
        "from 2026-05-01",
        "from 2026-06-01",
        "JD-C078",
        "flat from",
        "earlier date first",
        "先写较早",
    ),
    (
        "  on expiry",
        "  quantity energy at most 1 kWh\n  on expiry",
        "JD-C079",
        "quantity energy",
        "delete this line",
        "删去这一行",
    ),
    ("state 90 %, bill", "state 100 %, bill", "JD-C080", "state", "less than 100 %", "小于 100 %"),
    (
        "year on holiday {",
        "year on workday rest-day holiday {",
        "JD-C081",
        "calendar all-year on",
        "drop `on",
        "删去“逢",
    ),
    (
        "below 90 % 0.5 %",
        "below 120 % 0.5 %",
        "JD-C082",
        "below 120 %",
        "lower the limit",
        "降低该档",
    ),
    (
        "into bill on deviation-power beyond",
        "into state 50 %, bill rest on deviation-power beyond",
        "JD-C083",
        "on deviation-power beyond",
        "one leg",
        "一个分项",
    ),
    ("95 % of (", "1001 % of (", "JD-C084", "1001 %", "correct the percentage", "改正百分比"),
    (
        "event demand-response, older than 1 hour take off\n",
        "event demand-response, older than 1 hour take off\n  event dust-over-limit, older than 1 hour take on\n",
        "JD-C019",
        "event dust",
        "delete it",
        "删去",
    ),
    (
        "when demand-response",
        "when critical-day",
        "JD-C017",
        "critical-day",
        "demand-response",
        "demand-response",
    ),
    ("prepaid bill hold", "prepaid bil hold", "JD-C017", "bil", "bill", "bill"),
    ("to 60 yuan/kW", "to 30 yuan/kW", "JD-C022", "0 yuan/kW to 30", "tighten", "收紧"),
    ("hold 50 yuan, again", "hold 50 kWh, again", "JD-C006", "kWh", "yuan", "元"),
    (
        "when flat from",
        "when months 6 flat from",
        "JD-C036",
        "months 6",
        "in which it occurs",
        "确会出现",
    ),
    (
        "{ below 90 % 0.5 %; above 0 % }",
        "{ below 90 % 0.5 %; above 0 yuan/kWh }",
        "JD-C044",
        "above 0 yuan/kWh",
        "same unit",
        "同一单位",
    ),
];

fn changed(from: &str, to: &str) -> String {
    changed_in(SOUND, from, to)
}

fn changed_in(sound: &str, from: &str, to: &str) -> String {
    assert!(sound.contains(from), "{from} isn't in the sound contract");
    sound.replacen(from, to, 1)
}

fn first(source: &str) -> Diagnostic {
    check(source).expect_err(source).into_iter().next().unwrap()
}

#[test]
fn the_sound_contracts_are_sound() {
    for sound in [SOUND, SOUND_2] {
        check(sound)
            .unwrap_or_else(|faults| panic!("{}", render_all(&faults, sound, Language::English)));
    }
}

#[test]
fn each_wrong_contract_gets_its_code_its_place_and_its_fix() {
    let all = CASES.iter().map(|case| (SOUND, case));
    let all = all.chain(CASES_2.iter().map(|case| (SOUND_2, case)));
    let complaints: Vec<String> = all.filter_map(|(sound, case)| complaint(sound, case)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What is wrong with how a wrong contract is refused.
fn complaint(sound: &str, (from, to, code, marked, help_en, help_zh): &Case) -> Option<String> {
    let source = changed_in(sound, from, to);
    let found = check(&source).err().unwrap_or_default();
    let Some(one) = found.iter().find(|one| one.code == *code) else {
        return Some(format!("{code} expected: {found:?}"));
    };
    let texts = [&one.message_en, &one.message_zh, &one.help_en, &one.help_zh];
    let filled = texts.iter().all(|text| (0..9).all(|n| !text.contains(&format!("{{{n}}}"))));
    let place = source[one.span.clone()].starts_with(marked);
    let helps = one.help_en.contains(help_en) && one.help_zh.contains(help_zh);
    let meant = &source[one.span.clone()];
    (!(filled && place && helps)).then(|| format!("{code} at `{meant}`: {one:?}"))
}

/// What needs more than one change: no price at all, and a calendar that nothing asks for.
#[test]
fn an_empty_contract_and_a_needless_calendar_are_refused() {
    let head = SOUND.split("under").next().unwrap();
    let empty = format!("{head} under \"\" \"\" {{ }} examples {{ }}");
    let needless = format!(
        "{head} under \"\" \"\" {{ leg bill: customer-bill -> grid-income \
         calendar all-year {{ 00:00 valley; 08:00 peak }} price benchmark = 1 yuan/kWh into bill }} \
         examples {{ 2026-01-01 00:00 energy 1 kWh => bill 1 yuan }}"
    );
    for (source, code) in [(empty, "JD-C035"), (needless, "JD-C040")] {
        let found = check(&source).expect_err(code);
        assert!(found.iter().any(|one| one.code == code), "{found:?}");
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
