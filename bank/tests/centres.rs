//! Three centres with separated knowledge: what each sees, and what it can't.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bank::ResultCode;
use bank::analysis::{AnalysisCentre, Observation, Pseudonymiser, Rules, Suspicion};
use bank::registration::Movement;
use common::{Fast, World, fen};
use crypto::Sign;
use quantity::Duration;
use wire::{Digest, Wire};

const SETUP: &str = include_str!("tables/setup.table");

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// All that the registration centre has: its state and its log.
fn registered(world: &World<Fast>) -> Vec<u8> {
    let mut bytes = world.bank.registration().to_snapshot();
    world.bank.log().records().iter().for_each(|record| bytes.extend_from_slice(record));
    bytes
}

/// The authentication centre's register.
fn known_of_people(world: &World<Fast>) -> Vec<u8> {
    let mut bytes = Vec::new();
    world.authentication.register().write(&mut |part| bytes.extend_from_slice(part));
    bytes
}

#[test]
fn the_registration_centre_never_holds_a_name() {
    let mut world = World::<Fast>::new();
    world.run(SETUP);
    world.run("pay house-meter house grid 1.00");
    assert!(contains(&known_of_people(&world), b"house-meter"));
    for name in world.payers.keys() {
        assert!(!contains(&registered(&world), name.as_bytes()), "{name}");
    }
}

#[test]
fn the_authentication_centre_never_holds_a_wallet_or_a_payment() {
    let mut world = World::<Fast>::new();
    world.run(SETUP);
    let before = known_of_people(&world);
    world.run("pay house-meter house grid 1.00\nby company sweep gateway none");
    assert_eq!(known_of_people(&world), before, "a payment leaves no trace there");
    for wallet in world.wallets.values() {
        let number = wallet.number().to_be_bytes();
        assert!(contains(&registered(&world), &number) && !contains(&before, &number));
    }
}

#[test]
fn whose_a_certificate_is_needs_two_keys_and_leaves_an_entry() {
    let mut world = World::<Fast>::new();
    world.run(SETUP);
    let serial = world.payers["house-meter"].certificate.body.serial;
    let warrant = Digest([8; 32]);
    let alone = world.authentication.disclose(world.now, serial, warrant, Default::default());
    let refused = world.submit(vec![alone.clone()]).remove(0);
    assert_eq!(refused.code, ResultCode::BadEnclosure);
    assert_eq!(world.authentication.disclosed(&alone, &refused.receipt.unwrap()), None);

    let signed = world.supervisor.sign(&bank::terms::Warrant { serial, warrant });
    let opened = world.authentication.disclose(world.now, serial, warrant, signed);
    let answer = world.submit(vec![opened.clone()]).remove(0);
    assert_eq!(answer.code, ResultCode::Accepted);
    let receipt = answer.receipt.unwrap();
    assert_eq!(world.authentication.disclosed(&opened, &receipt), Some("house-meter"));
    // A receipt of something else opens nothing.
    world.run("pay house-meter house grid 1.00");
    assert_eq!(world.authentication.disclosed(&alone, &receipt), None);
    let record = world.bank.log().records().iter().rev().nth(1).unwrap();
    assert!(contains(record, &warrant.0), "the warrant's digest stays in the log");
}

const RULES: Rules = Rules {
    from_day: 0,
    large_payment: fen_const(10_000),
    window: Duration::from_days(1),
    payments_max: 5,
    split_payments_min: 3,
    payers_max: 2,
    pass_through_percent: 80,
};

const fn fen_const(fen: i64) -> quantity::Fen {
    quantity::Fen::from_fen(fen)
}

/// Runs lines one by one and shows the analysis centre what the registration centre lets it see.
fn watch(lines: &str) -> (World<Fast>, AnalysisCentre, Vec<Observation>) {
    let mut world = World::<Fast>::new();
    world.run(SETUP);
    world
        .run("open mule personal II\nkey mule-key holder\nbind mule mule-key\npay-in mule 9999.00\nsupply 105 400.00");
    let pseudonymiser = Pseudonymiser::new([5; 32]);
    let (mut centre, mut seen) = (AnalysisCentre::new(vec![RULES]), Vec::new());
    for line in lines.lines() {
        world.run(line);
        for (at, movement) in last_movements(&world) {
            let registration = world.bank.registration();
            let observation: Observation =
                pseudonymiser.observe(at, &movement.leg, registration).unwrap();
            centre.take(&observation);
            seen.push(observation);
        }
    }
    (world, centre, seen)
}

fn suspicions(lines: &str) -> Vec<Suspicion> {
    let (_, centre, _) = watch(lines);
    centre.alarms().map(|alarm| alarm.suspicion).collect()
}

#[test]
fn the_analysis_centre_sees_pseudonyms_only() {
    let (world, centre, seen) = watch("pay house-meter house grid 1.00\ndraw house 2.00");
    let text = format!("{centre:?}{seen:?}");
    for wallet in world.wallets.values() {
        assert!(!text.contains(&wallet.number().to_string()));
    }
    for payer in world.payers.values() {
        assert!(!text.contains(&payer.desk.key().to_string()));
    }
    // The same wallet has the same pseudonym; another centre's secret gives another one.
    let house = world.wallets["house"];
    assert_eq!(seen[0].payer.pseudonym, Pseudonymiser::new([5; 32]).pseudonym(house));
    assert_ne!(seen[0].payer.pseudonym, Pseudonymiser::new([6; 32]).pseudonym(house));
    let (_, day) = centre.days().next().unwrap();
    assert_eq!((day.movements, day.amount, day.by_anonymous), (2, fen("3.00"), fen("1.00")));
}

#[test]
fn patterns_are_reported_once_and_ordinary_life_is_not() {
    let ordinary = "pay house-meter house grid 20.00\npay house-meter house grid 5.00";
    assert_eq!(suspicions(ordinary), []);
    assert_eq!(
        suspicions(
            "draw mule 500.00\npay mule-key mule grid 100.00\npay mule-key mule grid 100.00"
        ),
        [Suspicion::LargePayment]
    );
    let near = "pay mule-key mule grid 95.00\n";
    assert_eq!(
        suspicions(&format!("draw mule 600.00\n{near}{near}{near}{near}")),
        [Suspicion::Splitting]
    );
    let small = "pay mule-key mule grid 1.00\n";
    assert_eq!(
        suspicions(&format!("draw mule 50.00\n{}", small.repeat(7))),
        [Suspicion::Frequency]
    );
    // A day later the window is empty again.
    let apart = format!("draw mule 50.00\n{}wait 2\n{}", small.repeat(4), small.repeat(4));
    assert_eq!(suspicions(&apart), []);
    let collecting = "pay house-meter house mule 1.00\npay company purchase mule 1.00\n\
                      draw mule 1.00\npay company purchase gateway 5.00\n\
                      pay gateway-meter gateway mule 1.00";
    assert_eq!(suspicions(collecting), [Suspicion::Collecting]);
    let through = "pay company purchase mule 120.00\npay mule-key mule generator 97.00";
    assert_eq!(suspicions(through), [Suspicion::PassThrough]);
}

/// What moved with the last operation, from the log: the registration centre keeps no list.
fn last_movements(world: &World<Fast>) -> Vec<(quantity::Instant, Movement)> {
    let authority = world.authentication.public_key();
    let records = world.bank.log().records();
    let mut replay = bank::replay::Replay::begin(&records[0], &authority).unwrap();
    let mut last = Vec::new();
    for record in &records[1..] {
        let record = replay.decode(record).unwrap();
        let at = record.root.body.at;
        let moved = replay.repeat_showing(record).unwrap();
        last = moved.into_iter().map(|movement| (at, movement)).collect();
    }
    last
}
