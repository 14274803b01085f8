//! A few hundred lives of the bank, and every planted bug.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use simulation::bank_faults::{Plant, Report, live};

const SEEDS: u64 = 300;

#[test]
fn nothing_is_lost_and_nothing_is_doubled_in_hundreds_of_lives() {
    let mut all = Report::default();
    for seed in 0..SEEDS {
        all.add(&live(seed, None).unwrap_or_else(|finding| panic!("{finding}")));
    }
    // A campaign in which something never happens proves nothing about it.
    for (name, count) in all.counts() {
        assert!(count > SEEDS / 10, "{name}: only {count} in {SEEDS} lives");
    }
}

#[test]
fn the_same_seed_is_the_same_life() {
    for seed in [7, 8, 9] {
        assert_eq!(live(seed, None), live(seed, None));
    }
    assert_ne!(live(7, None), live(8, None));
}

#[test]
fn every_planted_bug_is_found() {
    for plant in Plant::ALL {
        let found = (0..SEEDS).find_map(|seed| live(seed, Some(plant)).err());
        let finding = found.unwrap_or_else(|| panic!("{} was never found", plant.name()));
        assert_eq!(live(finding.seed, Some(plant)), Err(finding.clone()), "it repeats");
        assert!(live(finding.seed, None).is_ok(), "without the bug the same life is sound");
        eprintln!("{}: {finding}", plant.name());
    }
}
