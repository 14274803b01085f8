//! Tables of policy: those that are built in, and wrong ones.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use bank::command::Command;
use bank::policy::{analysis, interest, limits};
use bank::terms::{Grade, Holders, LimitRule};
use proptest::prelude::*;
use quantity::{Duration, Fen};

const LIMITS: &str = include_str!("../../data/bank/limits.csv");
const INTEREST: &str = include_str!("../../data/bank/interest.csv");
const ANALYSIS: &str = include_str!("../../data/bank/analysis.csv");

#[test]
fn the_built_in_tables_say_what_the_press_said() {
    let rules = limits(LIMITS).unwrap();
    assert_eq!((rules.len(), interest(INTEREST).unwrap().len()), (4, 7));
    // 2021-06-11 is day 18,789 since 1970-01-01.
    let anonymous = LimitRule {
        holders: Holders::Persons,
        grade: Grade::IV,
        from_day: 18_789,
        single: Some(Fen::from_yuan(2_000)),
        day: Some(Fen::from_yuan(5_000)),
        year: Some(Fen::from_yuan(50_000)),
        balance: Some(Fen::from_yuan(10_000)),
    };
    assert_eq!(rules[0], Command::SetLimits { rule: anonymous });
    // 2017-07-01 is day 17,348 since 1970-01-01.
    let watched = analysis(ANALYSIS).unwrap();
    assert_eq!((watched.len(), watched[0].from_day), (1, 17_348));
    assert_eq!(watched[0].large_payment, Fen::from_yuan(50_000));
    assert_eq!(watched[0].window, Duration::from_hours(24));
}

#[test]
fn wrong_lines_are_named() {
    let wrong = [
        ("persons,IV,2021-06-11,1,1,1,1", "a limit has 8 fields"),
        ("people,IV,2021-06-11,1,1,1,1,x", "holders are persons or companies"),
        ("persons,V,2021-06-11,1,1,1,1,x", "a grade is I, II, III or IV"),
        ("persons,IV,2021-02-30,1,1,1,1,x", "a day is written like 2026-01-01"),
        ("persons,IV,yesterday,1,1,1,1,x", "a day is written like 2026-01-01"),
        ("persons,IV,2021-06-11,much,1,1,1,x", "an amount isn't in yuan"),
        ("persons,IV,2021-06-11,0,1,1,1,x", "an amount is above zero, or left out"),
    ];
    for (line, reason) in wrong {
        let error = limits(&format!("# a comment\n{line}\n")).unwrap_err();
        assert_eq!((error.line, error.reason), (2, reason), "{line}");
    }
    let error = interest("persons,IV,2026-01-01,0.05 %,x").unwrap_err();
    assert_eq!(error.to_string(), "line 1: the rate isn't a number of millionths");
    let wrong = [
        ("2026-01-01,1,24,5,3,2,80", "a rule of the analysis centre has 8 fields"),
        ("2026-01-01,,24,5,3,2,80,x", "the large amount is missing"),
        ("2026-01-01,1,a day,5,3,2,80,x", "the window isn't a number of hours"),
        ("2026-01-01,1,24,0,3,2,80,x", "a number is 1 to 4095"),
        ("2026-01-01,1,24,5,3,4096,80,x", "a number is 1 to 4095"),
        ("2026-01-01,1,24,5,3,2,101,x", "a share is 1 to 100 percent"),
    ];
    for (line, reason) in wrong {
        assert_eq!(analysis(line).unwrap_err().reason, reason, "{line}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n]{0,200}", date in "[0-9]{1,6}-[0-9]{1,3}-[0-9]{1,3}") {
        let _ = (limits(&text), interest(&text), analysis(&text));
        let _ = limits(&format!("persons,I,{date},,,,,x"));
    }
}
