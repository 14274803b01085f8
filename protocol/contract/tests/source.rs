//! What comes from outside never panics or hangs, and one layout is kept for every source.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use contract::{Campaign, Language, build, check, format};
use proptest::prelude::*;

fn real_sources() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/contracts");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut sources: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "contract"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    sources.sort();
    assert!(sources.len() >= 19);
    sources
}

fn try_all(source: &str) {
    let _ = check(source);
    for language in [None, Some(Language::Chinese)] {
        if let Ok(text) = format(source, language) {
            assert_eq!(format(&text, language).unwrap(), text, "{source}");
        }
    }
}

#[test]
fn every_truncation_of_a_real_contract_is_read_without_panic() {
    for (_, source) in real_sources() {
        let source = source.trim_end();
        for (at, _) in source.char_indices().step_by(3) {
            assert!(check(&source[..at]).is_err());
            let _ = check(&source[at..]);
        }
    }
}

/// Long sources are refused before the checks compare each statement with each.
#[test]
fn more_than_a_contract_needs_is_refused_at_once() {
    let head = "contract \"c\" version 1 title \"\" \"\" for ev, import settle every 1 hour, \
        at most 1 kWh price within 0 yuan/kWh to 1 yuan/kWh under \"\" \"\" {";
    let tables: String = (0..5000)
        .map(|n| std::format!("bands t{n} all-year {{ flat 0.{n:06} yuan/kWh }}\n"))
        .collect();
    let spans = "peak 01:00 to 02:00, 03:00 to 04:00;".repeat(60);
    let windows = std::format!("windows all-year {{ {spans} }}\n").repeat(200);
    let days = "calendar all-year while high-temperature { 00:00 peak }\n".repeat(200);
    for statements in [tables, windows, days] {
        let faults = check(&std::format!("{head} {statements} }}")).unwrap_err();
        assert!(faults.iter().any(|fault| fault.code == "JD-C030"), "{faults:?}");
    }
}

#[test]
fn formatting_a_real_contract_keeps_its_bytes_in_both_languages() {
    for (name, source) in real_sources() {
        let built = build(&source).unwrap();
        for language in [None, Some(Language::English), Some(Language::Chinese)] {
            let text = format(&source, language).unwrap();
            assert_eq!(format(&text, language).unwrap(), text, "{name}");
            assert_eq!(build(&text).unwrap(), built, "{name}");
        }
        let english = format(&source, Some(Language::English)).unwrap();
        let back = format(&english, Some(Language::Chinese)).unwrap();
        assert_eq!(back, format(&source, Some(Language::Chinese)).unwrap(), "{name}");
    }
}

/// Comments stay beside what they speak about; those inside of a statement move above it.
#[test]
fn comments_and_blank_lines_are_kept() {
    let source = "\
# head
contract \"c\"   version 1 # the first
  title \"\" \"\" for residential  import settle every 1 hours , at most 1 kWh


price within 0 yuan/kWh to 1 yuan/kWh
# an order
under \"\" \"\" { # opens
leg a :customer-bill->grid-income
# inside
calendar all-year {00:00 valley; # night
   08:00 peak # day
}

price benchmark = # half
 max( 0.50 yuan/kWh ,bands  t) into a
bands t all-year { valley 0.1 yuan/kWh;peak 172 % valley;}
# before the brace
}
examples{2026-01-01 00:00 energy 1 kWh=>a 0.5 yuan ;}
# the end
";
    let expected = "\
# head
contract \"c\" version 1  # the first
  title \"\" \"\"
  for residential, import
  settle every 1 hour, at most 1 kWh

  price within 0 yuan/kWh to 1 yuan/kWh
# an order
under \"\" \"\" {  # opens
  leg a: customer-bill -> grid-income
  # inside
  calendar all-year {
    00:00 valley;  # night
    08:00 peak  # day
  }

  # half
  price benchmark = max(0.50 yuan/kWh, bands t) into a
  bands t all-year { valley 0.1 yuan/kWh; peak 172 % valley }
  # before the brace
}
examples {
  2026-01-01 00:00 energy 1 kWh => a 0.5 yuan
}
# the end
";
    assert_eq!(format(source, None).unwrap(), expected);
    assert_eq!(format(expected, None).unwrap(), expected);
}

#[test]
fn both_languages_say_the_same_phrases() {
    let english = "\
contract \"c\" version 1
  title \"\" \"\"
  for solar, export
  settle every 15 minutes, at most 1 kWh
  price within -1 % to 1 yuan/kWh
  quantity billed at most 5 yuan, price within -1 % to 15 %
  prepaid a hold 50 yuan, again below 10 yuan, release after 30 days
under \"\" \"\" {
  leg a: fiscal -> customer-bill for heating expires after 120 days
  special-days 2026 { holiday 2026-01-01 to 2026-01-03 }
  windows months 1 2 on holiday while high-temperature { deep 00:00 to 24:00 }
  price subsidy = 95 % of (steps s) rounded down to 0.01 % into a 90 %, b rest on billed beyond 5 % of energy
}
examples {
  2026-01-01 00:00 energy 1 kWh, held 5 yuan => a 0 yuan carry 0.5 micro-yuan, hold 1 yuan
}
";
    let chinese = "\
合约 \"c\" 第 1 版
  标题 \"\" \"\"
  适用 光伏，反向
  结算 每 15 分钟，至多 1 千瓦时
  限价 -1 % 至 1 元/千瓦时
  量 计费额 至多 5 元，限价 -1 % 至 15 %
  预付 a 冻结 50 元，低于 10 元 再冻结，30 天 后 释放
依据 \"\" \"\" {
  支付 a: 财政补贴 -> 客户缴费 用于 采暖 120 天 后 失效
  特殊日 2026 年 { 节假日 2026-01-01 至 2026-01-03 }
  时段 1 2 月 逢 节假日 当 高温 { 深谷 00:00 至 24:00 }
  价格 补贴 = 95 % × (级差表 s) 向下取整 到 0.01 % 记入 a 90 %，b 其余 按 计费额 超出 5 % 电量
}
示例 {
  2026-01-01 00:00 上网 1 千瓦时，已冻结 5 元 => a 0 元 余 0.5 微元，冻结 1 元
}
";
    let english = english.replace("within -1 % to 1 yuan", "within -1 yuan/kWh to 1 yuan");
    let chinese = chinese.replace("限价 -1 % 至 1 元", "限价 -1 元/千瓦时 至 1 元");
    let long = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let translated = |text: &str, language| long(format(text, Some(language)).unwrap());
    assert_eq!(translated(&english, Language::Chinese), long(chinese.clone()));
    assert_eq!(translated(&chinese, Language::English), long(english));
}

/// Words of both languages, marks and numbers, in any order.
fn soup() -> impl Strategy<Value = String> {
    let tokens: Vec<&'static str> = "contract version 第 版 title for settle every at most price within to \
        quantity prepaid hold again below release after on expiry use under leg signal event windows \
        calendar months 月 special-days bands tiers steps exception into rest when while without from \
        examples energy 用电 power-factor billed bill critical peak holiday workday high-temperature 高温 \
        benchmark time-of-use 95 % of × ( ) { } ; : , -> => = + - min max rounded down half-up 0.5 12 \
        00:00 24:00 2026-01-01 \"x\" yuan/kWh 元/千瓦时 kWh kW yuan # / all-year 999999999999999999999"
        .split_whitespace()
        .collect();
    let token = proptest::sample::select(tokens);
    proptest::collection::vec(token, 0..200).prop_map(|tokens| tokens.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        try_all(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_words_never_panic(text in soup()) {
        try_all(&text);
        try_all(&std::format!("contract \"c\" version 1 title \"\" \"\" for ev import settle every 1 hour \
            at most 1 kWh price within 0 yuan/kWh to 1 yuan/kWh under \"\" \"\" {{ {text}"));
    }

    /// A sound source with one word gone, doubled or moved: the rules behind the grammar are tried.
    #[test]
    fn sources_with_a_slip_never_panic(seed in any::<u64>(), at in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), what in 0..3) {
        let source = Campaign::new(seed).source().to_owned();
        let mut words: Vec<&str> = source.split_whitespace().collect();
        let (at, to) = (at.index(words.len()), to.index(words.len()));
        match what {
            0 => { words.remove(at); }
            1 => words.insert(to, words[at]),
            _ => words.swap(at, to),
        }
        try_all(&words.join(" "));
    }
}
