//! Three ledger nodes over a simulated stream: messages get lost, doubled, late and out of order,
//! nodes are cut off and die, and the stream itself may forget.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod formats;
mod payloads;
mod steps;
mod world;

use bank::cluster::reseed;
use payloads::Clients;
use world::Faults;

/// Seeds of each test here.
const SEEDS: u64 = 300;

#[test]
fn nothing_final_is_lost_and_nothing_is_doubled() {
    let mut acknowledged = 0;
    let mut epochs = 0;
    for seed in 0..SEEDS {
        let mut world = Clients::new(seed, Faults::of_seed(seed));
        world.run_with_faults(20_000);
        world.heal_and_settle();
        world.check_whole_cluster();
        acknowledged += world.acknowledged();
        epochs += world.epochs();
    }
    // The worlds did work, and did change their writers.
    assert!(acknowledged > 50 * SEEDS, "only {acknowledged} acknowledged");
    assert!(epochs > 2 * SEEDS, "only {epochs} epochs");
}

#[test]
fn a_stream_that_forgets_stops_nodes_and_loses_nothing_final() {
    let mut stopped = 0;
    let mut acknowledged = 0;
    for seed in 0..SEEDS {
        let mut world = Clients::new(seed, Faults::of_seed(seed));
        world.run_with_faults(8_000);
        world.forget_the_end_of_the_stream();
        world.run_with_faults(12_000);
        world.heal_and_settle();
        stopped += world.stopped();
        acknowledged += world.acknowledged();
        let chosen = reseed::choose(&world.hashes(), 3).unwrap_or_else(|error| {
            panic!("seed {seed}: {error}");
        });
        world.check_all_acknowledged_stand_in(chosen.log, chosen.records);
    }
    assert!(stopped > 100, "only {stopped} nodes noticed");
    assert!(acknowledged > 20 * SEEDS, "only {acknowledged} acknowledged");
}

#[test]
fn a_stream_that_lets_everybody_write_stops_nodes_and_loses_nothing_final() {
    let mut stopped = 0;
    let mut acknowledged = 0;
    for seed in 0..SEEDS {
        let mut world = Clients::new(seed, Faults::of_seed(seed));
        world.run_with_faults(4_000);
        world.ignore_conditions();
        world.run_with_faults(16_000);
        world.heal_and_settle();
        stopped += world.stopped();
        acknowledged += world.acknowledged();
        // Forks may leave no majority to choose; what is chosen must hold all that was final.
        if let Ok(chosen) = reseed::choose(&world.hashes(), 3) {
            world.check_all_acknowledged_stand_in(chosen.log, chosen.records);
        }
    }
    assert!(stopped > 100, "only {stopped} nodes noticed");
    assert!(acknowledged > 10 * SEEDS, "only {acknowledged} acknowledged");
}

#[test]
fn the_same_seed_gives_the_same_logs() {
    let run = || {
        let mut world = Clients::new(7, Faults::of_seed(7));
        world.run_with_faults(10_000);
        world.hashes()
    };
    assert_eq!(run(), run());
}
