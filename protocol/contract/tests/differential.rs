//! Random contracts, random movements: byte code against the tree, and any splitting against the
//! whole.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use std::collections::BTreeMap;

use contract::{Campaign, Case, Checked, Language, Program, SettleError, check, format};
use proptest::prelude::*;

/// `None` where chance wrote the same row twice or a condition that never holds.
fn checked(campaign: &Campaign) -> Option<Checked> {
    match check(campaign.source()) {
        Ok(checked) => Some(checked),
        Err(faults) => {
            let by_chance = faults.iter().any(|fault| Campaign::is_chance(fault.code));
            assert!(by_chance, "{faults:#?}\n{}", campaign.source());
            None
        }
    }
}

fn compare(campaign: &mut Campaign, checked: &Checked, program: &Program<'_>) -> Outcome {
    let case = campaign.case(program);
    let (mut ours, mut theirs) = (case.carries, case.carries);
    let settled = program.settle(&case.facts(), &mut ours);
    let expected = checked.evaluate(&case.facts(), &mut theirs);
    assert_ne!(settled, Err(SettleError::Damaged), "{}", campaign.source());
    assert_eq!(settled, expected, "{case:?}\n{}", campaign.source());
    assert_eq!(ours, theirs);
    if settled.is_ok() && campaign.is_additive() {
        split(campaign, program, &case);
    }
    settled.map(|_| ()).map_err(|error| error.to_string())
}

type Outcome = Result<(), String>;

/// Settles the same movement in pieces: the legs must sum to the same, the rests be the same.
fn split(campaign: &mut Campaign, program: &Program<'_>, whole: &Case) {
    let mut carries = whole.carries;
    let mut split = whole.carries;
    let expected = program.settle(&whole.facts(), &mut carries).unwrap();
    let mut sums = vec![0; expected.legs.len()];
    for piece in campaign.pieces(whole) {
        let settled = program.settle(&piece.facts(), &mut split).unwrap();
        for (sum, leg) in sums.iter_mut().zip(&settled.legs) {
            *sum += leg.money.micro_yuan();
        }
    }
    let expected: Vec<i64> = expected.legs.iter().map(|leg| leg.money.micro_yuan()).collect();
    assert_eq!(sums, expected, "{}", campaign.source());
    assert_eq!(split, carries);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn byte_code_and_tree_agree_and_splitting_changes_nothing(seed in any::<u64>()) {
        let mut campaign = Campaign::new(seed);
        let Some(checked) = checked(&campaign) else { return Err(TestCaseError::reject("chance")) };
        let program = Program::load(checked.bytecode()).unwrap();
        for _ in 0..60 {
            let _ = compare(&mut campaign, &checked, &program);
        }
    }

    #[test]
    fn formatting_settles_and_keeps_the_bytes(seed in any::<u64>()) {
        let campaign = Campaign::new(seed);
        let Some(checked) = checked(&campaign) else { return Err(TestCaseError::reject("chance")) };
        for language in [None, Some(Language::English), Some(Language::Chinese)] {
            let once = format(campaign.source(), language).unwrap();
            prop_assert_eq!(format(&once, language).unwrap(), once.clone());
            let again = check(&once).unwrap_or_else(|faults| panic!("{faults:?}\n{once}"));
            prop_assert_eq!(again.bytecode(), checked.bytecode(), "{}", once);
        }
    }
}

/// A generator that makes only the easy half of the language would prove little: most seeds are
/// sound, every construct occurs, and every refusal but damage does.
#[test]
fn the_campaign_reaches_every_construct() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    let mut sound = 0;
    for seed in 0..400 {
        let mut campaign = Campaign::new(seed);
        let Some(checked) = checked(&campaign) else { continue };
        sound += 1;
        for word in CONSTRUCTS {
            *seen.entry(word).or_default() += u32::from(campaign.source().contains(word));
        }
        let program = Program::load(checked.bytecode()).unwrap();
        for _ in 0..20 {
            let outcome = compare(&mut campaign, &checked, &program);
            *outcomes
                .entry(outcome.map_or_else(|error| error, |()| "settled".into()))
                .or_default() += 1;
        }
    }
    assert!(sound > 200, "only {sound} of 400 seeds are sound");
    for word in CONSTRUCTS {
        assert!(seen[word] >= 3, "`{word}` occurs in {} contracts", seen[word]);
    }
    assert!(outcomes["settled"] > 20 * sound / 2, "{outcomes:?}");
    assert_eq!(outcomes.len(), 1 + REFUSALS, "{outcomes:?}");
}

/// All refusals but damage and a register out of range, which no random movement reaches.
const REFUSALS: usize = 7;

const CONSTRUCTS: [&str; 25] = [
    "quantity ",
    "prepaid ",
    "special-days ",
    "calendar ",
    "windows ",
    " while ",
    "{ critical ",
    "bands ",
    "tiers ",
    "steps ",
    " on maximum-demand",
    " on billed",
    " on power-factor",
    " beyond ",
    " rest",
    "exception price ",
    "rounded down",
    "rounded half-up",
    " rounded half-up to ",
    "without ",
    " from 2026",
    "signal market-average",
    "event dust-over-limit",
    "min(",
    " - (",
];
