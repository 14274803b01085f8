//! A few thousand power cuts against the energy registers, and every planted bug.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use simulation::register_cuts::{Plant, Subject, run};

const CUTS: u64 = 5_000;

#[test]
fn no_committed_energy_is_lost_or_counted_twice() {
    let report = run(1, CUTS, Subject::Product).unwrap_or_else(|finding| panic!("{finding}"));
    // A campaign in which something never happens proves nothing about it.
    let happened = [
        report.cuts_of_commits,
        report.cuts_of_starts,
        report.cuts_in_a_row,
        report.found_new,
        report.found_old,
        report.torn,
        report.commits,
    ];
    assert!(report.cuts >= CUTS && report.lives > 1, "{report:?}");
    assert!(happened.iter().all(|count| *count > 10), "{report:?}");
}

#[test]
fn the_same_seed_is_the_same_campaign() {
    assert_eq!(run(7, 300, Subject::Product), run(7, 300, Subject::Product));
    assert_ne!(run(7, 300, Subject::Product), run(8, 300, Subject::Product));
}

#[test]
fn every_planted_bug_is_found() {
    run(3, CUTS, Subject::Plain(None)).unwrap_or_else(|finding| panic!("{finding}"));
    for plant in Plant::ALL {
        let found = run(3, CUTS, Subject::Plain(Some(plant)));
        let finding = found.expect_err(plant.name());
        eprintln!("{}: {finding}", plant.name());
    }
}
