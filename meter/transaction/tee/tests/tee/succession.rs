//! One contract after the other: expiry, the default contract, recalls, and the power away at each
//! byte of it. At every instant exactly one contract prices the energy.
#![allow(clippy::print_stdout, reason = "the number of cuts is a result")]

use crate::power::{again, cut_at_every_byte, settled_world};
use crate::world::*;
use crypto::{Sign, Sm2Verifier, Verify, digest};
use quantity::{Duration, Instant};
use wire::package::{ContractPackage, PackageKind, Recall};
use wire::tee::{Cause, Code, Command, Reply};
use wire::{Digest, Wire};

const KWH: i64 = 1_000_000;

fn at(seconds: i64) -> Instant {
    START + Duration::from_seconds(seconds)
}

/// The second package for import: 0.80 yuan instead of 0.60, from a time to a time.
fn second(from: Instant, until: Instant) -> ContractPackage {
    let program = import_program(1, "0.80", "政府基金");
    let first = package(1, 1, &import_program(1, "0.60", "政府基金"));
    let (supersedes, active_from) = (digest(&first), from);
    ContractPackage { supersedes, active_from, valid_until: until, ..package(1, 2, &program) }
}

fn next_default(from: Instant) -> ContractPackage {
    let (supersedes, active_from) = (digest(&default_package(1)), from);
    ContractPackage { supersedes, active_from, sequence: 2, version: 2, ..default_package(1) }
}

/// Start and end in seconds and micro-yuan per kWh of the first leg, of each settlement.
fn bill(world: &mut World) -> Vec<(i64, i64, i64)> {
    world.sync();
    let seconds = |time: Instant| time.since(START).milliseconds() / 1000;
    let line = |record: &wire::evidence::SettlementRecord| {
        let price = record.items.iter().filter(|item| item.leg == 0);
        let price = price.map(|item| item.price.micro_yuan_per_kwh()).sum();
        (seconds(record.start), seconds(record.end), price)
    };
    world.bank.records(1).map(line).collect()
}

#[test]
fn a_withheld_update_ends_in_the_default_at_the_instant_of_expiry() {
    let mut world = World::trading();
    assert_eq!(world.load(second(at(60), at(150))), Code::Accepted);
    // One report for five minutes: it is split at the takeover and at the expiry.
    assert_eq!(world.after(5, 3 * KWH), (Code::Accepted, 3));
    let held = world.status().directions[0].contracts;
    assert_eq!((held.active, held.cause), (held.default, Cause::Expiry));
    assert_eq!(bill(&mut world), [(0, 60, 600_000), (60, 150, 800_000), (150, 300, 700_000)]);
    assert_eq!(world.last().1.contract, digest(&default_package(1)), "the evidence says so");
    // A later package takes over again, at the next boundary although its own is past.
    let third = ContractPackage { sequence: 3, ..second(at(120), at(3600)) };
    let third = ContractPackage { supersedes: digest(&second(at(60), at(150))), ..third };
    assert_eq!(world.load(third), Code::Accepted);
    assert_eq!(world.after(1, KWH), (Code::Accepted, 1));
    assert_eq!(world.after(60, KWH), (Code::Accepted, 2));
    let bill = bill(&mut world);
    assert_eq!(bill[3..], [(300, 360, 800_000), (360, 3600, 800_000), (3600, 3960, 700_000)]);
    let (charged, paid, carried) = world.bank.money(1);
    assert_eq!(charged, paid + carried);
}

#[test]
fn a_newer_default_replaces_the_old_one_in_force_too() {
    let mut world = World::trading();
    assert_eq!(world.load(second(at(60), at(120))), Code::Accepted);
    world.after(3, KWH);
    assert_eq!(world.load(next_default(at(240))), Code::Accepted);
    let held = world.status().directions[0].contracts;
    assert_eq!((held.active, held.cause), (digest(&default_package(1)), Cause::Expiry));
    assert_eq!((held.waiting, held.default), (digest(&next_default(at(240))), held.waiting));
    world.after(2, KWH);
    let held = world.status().directions[0].contracts;
    assert_eq!((held.active, held.cause), (held.default, Cause::Expiry));
    world.sync();
    let used: Vec<_> = world.bank.records(1).map(|record| record.contract).collect();
    assert_eq!(used[2..], [digest(&default_package(1)), digest(&default_package(1)), held.active]);
}

#[test]
fn a_young_meter_and_one_that_was_away_take_the_present_package() {
    let mut world = World::bare(tee::CAPACITY_USUAL);
    assert_eq!(world.load(default_package(1)), Code::Accepted);
    let ninth = ContractPackage { sequence: 9, ..second(START, at(86_400)) };
    assert_eq!(world.load(ninth.clone()), Code::Accepted);
    world.report();
    assert_eq!(world.status().directions[0].contracts.active, digest(&ninth));
    let twelfth = ContractPackage { sequence: 12, ..second(at(60), at(86_400)) };
    assert_eq!(world.load(twelfth), Code::Accepted);
}

#[test]
fn a_recall_that_targets_what_is_in_force_drops_what_waits() {
    let mut world = World::trading();
    let active = world.status().directions[0].contracts.active;
    assert_eq!(world.load(second(at(600), at(86_400))), Code::Accepted);
    assert_eq!(world.code(Command::Recall(recall(3, active))), Code::Accepted);
    let held = world.status().directions[0].contracts;
    assert_eq!((held.active, held.waiting, held.seen_sequence), (active, Digest::default(), 3));
    world.after(20, KWH);
    assert_eq!(bill(&mut world), [(0, 1200, 600_000)]);
}

#[test]
fn a_meter_attests_what_it_holds() {
    let mut world = World::trading();
    let nonce = Digest([5; 32]);
    let Reply::Attestation(signed) = world.invoke(Command::Attest(nonce)) else { unreachable!() };
    let key = meter_key().public_key();
    assert!(Sm2Verifier.verify(&key, &signed.body, &signed.signature));
    assert_eq!((signed.body.nonce, signed.body.generation), (nonce, 0));
    let first = package(1, 1, &import_program(1, "0.60", "政府基金"));
    let held = signed.body.directions[0];
    assert_eq!((held.active, held.default), (digest(&first), digest(&default_package(1))));
}

/// Power cuts in each command that changes contracts or keys: before or after, and again is no harm.
#[test]
fn a_cut_at_any_byte_leaves_the_old_or_the_new() {
    let default = digest(&default_package(1));
    let next = second(START + Duration::from_minutes(9), at(86_400));
    let later = Recall { issued: at(180), ..recall(2, default).body };
    let loads = |package: ContractPackage| Command::Load(sign_package(package));
    let commands = [
        ("load", loads(next)),
        ("default", loads(next_default(START + Duration::from_minutes(9)))),
        ("recall", Command::Recall(recall(2, default))),
        ("recall that teaches the time", Command::Recall(regulator().seal(later))),
        ("rotation", Command::Rotate(rotation(1, Digest::default(), &keys(), &[key(21), key(22)]))),
    ];
    let mut world = settled_world();
    for (name, command) in commands {
        let (before, mut cuts) = (world.status().directions[0].contracts, 0);
        cut_at_every_byte(&command, &world, |_, status, _| {
            assert_eq!(status.directions[0].contracts.active, before.active, "one is in force");
            cuts += 1;
        });
        println!("{name}: {cuts} cuts, exactly one contract in force after each");
    }
}

/// A report that crosses a takeover and an expiry, cut at each byte: whatever was written, each
/// second is priced by the one contract that held in it.
#[test]
fn a_cut_at_any_byte_of_an_activation_prices_each_second_once() {
    let mut start = World::trading();
    assert_eq!(start.load(second(at(60), at(120))), Code::Accepted);
    start.now = at(180);
    start.import += 3 * KWH;
    let frame = start.frame();
    let mut whole = again(&start);
    let written = whole.tee.memory().written;
    assert_eq!(whole.code(frame.clone()), Code::Accepted);
    let bytes = whole.tee.memory().written - written;
    for fuel in 0..=bytes {
        let mut world = again(&start);
        let mut memory = start.tee.memory().clone();
        memory.fuel = fuel;
        world.tee = tee::Tee::boot(memory).unwrap();
        world.invoke(frame.clone());
        world.reboot();
        let held = world.status().directions[0].contracts;
        assert_ne!(held.active, Digest::default(), "cut at {fuel}");
        // What the cut frame said comes again with the next one.
        world.now = at(240);
        world.report();
        let bill = bill(&mut world);
        assert_eq!(bill[..2], [(0, 60, 600_000), (60, 120, 800_000)], "cut at {fuel}");
        let rest = bill[2..].iter().all(|(from, _, price)| *from >= 120 && *price == 700_000);
        assert!(rest && bill.last().unwrap().1 == 240, "cut at {fuel}: {bill:?}");
        assert_eq!(world.bank.settled_energy(1).milliwatt_hours(), 3 * KWH);
    }
    println!("activation and expiry: {bytes} cuts, each second priced once");
}

#[test]
fn kinds_survive_the_way_as_bytes() {
    for kind in PackageKind::ALL {
        let bytes = kind.encode::<1>().unwrap();
        assert_eq!(PackageKind::decode(&bytes), Ok(*kind));
    }
    assert!(PackageKind::decode(&[0]).is_err() && PackageKind::decode(&[3]).is_err());
}
