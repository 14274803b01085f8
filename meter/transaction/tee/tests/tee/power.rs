//! The power fails at every byte that is written, once for each.

use crate::world::*;
use crypto::digest;
use quantity::{Duration, Energy};
use wire::tee::{Code, Command, Status};

const KWH: i64 = 1_000_000;

/// A meter in the middle of its life: one order final, one open, a contract and a signal waiting.
pub fn settled_world() -> World {
    let mut world = World::trading();
    world.after(1, KWH);
    world.sync();
    world.after(1, KWH);
    world
}

pub fn again(world: &World) -> World {
    let mut memory = world.tee.memory().clone();
    memory.fuel = usize::MAX;
    World {
        tee: tee::Tee::boot(memory).unwrap(),
        link: world.link.clone(),
        bank: crate::bank::Bank {
            balances: world.bank.balances.clone(),
            orders: world.bank.orders.clone(),
            refuse: false,
        },
        ..*world
    }
}

/// Carries out `command` with the power failing after each possible number of bytes, and each time
/// checks the state after the reboot, then goes on and audits everything.
pub fn cut_at_every_byte(
    command: &Command,
    start: &World,
    mut check: impl FnMut(&mut World, &Status, &Status),
) {
    let mut whole = again(start);
    let old = whole.status();
    let written = whole.tee.memory().written;
    assert!(whole.code(command.clone()).is_success());
    let bytes = whole.tee.memory().written - written;
    let new = whole.status();
    assert_ne!(old, new);
    for fuel in 0..=bytes {
        let mut memory = start.tee.memory().clone();
        memory.fuel = fuel;
        let mut world = again(start);
        world.tee = tee::Tee::boot(memory).unwrap();
        world.invoke(command.clone());
        world.reboot();
        let status = world.status();
        assert!(status == old || status == new, "the state before or the state after");
        assert_eq!(status == new, fuel == bytes, "only the last byte commits");
        check(&mut world, &status, &new);
        // Whether it came or not, saying it again does no harm; and life goes on.
        let code = world.code(command.clone());
        assert!(code.is_success() || code == Code::StaleFrame, "{code:?}");
        assert_eq!(world.status(), new);
        world.after(1, KWH);
        world.sync();
        let expected = world.import - KWH;
        assert_eq!(world.bank.settled_energy(1), Energy::from_milliwatt_hours(expected));
        let (charged, paid, carried) = world.bank.money(1);
        assert_eq!(charged, paid + carried);
        assert_eq!(world.status().directions[0].carried.micro_yuan(), carried);
    }
}

#[test]
fn a_settlement_is_made_once_or_not_yet() {
    let mut world = settled_world();
    world.now = world.now + Duration::from_minutes(1);
    world.import += KWH;
    let frame = world.frame();
    cut_at_every_byte(&frame, &world, |_, _, _| ());
}

#[test]
fn a_receipt_is_taken_once_or_not_yet() {
    let mut world = settled_world();
    let receipt = world.receipt_of_oldest();
    cut_at_every_byte(&Command::Receipt(receipt), &world, |_, _, _| ());
}

#[test]
fn a_refusal_is_taken_once_or_not_yet() {
    let mut world = settled_world();
    world.bank.refuse = true;
    let receipt = world.receipt_of_oldest();
    world.bank.refuse = false;
    cut_at_every_byte(&Command::Receipt(receipt), &world, |_, _, _| ());
}

#[test]
fn a_signal_is_there_or_not() {
    let world = settled_world();
    let signal = Command::Signal(signal(1, START, 60, 100_000));
    cut_at_every_byte(&signal, &world, |_, _, _| ());
}

#[test]
fn a_contract_is_there_or_not_and_another_one_always_is() {
    let mut world = settled_world();
    let first = world.status().directions[0].contracts.active;
    let mut second = package(1, 2, &import_program(1, "0.80", "政府基金"));
    second.supersedes = first;
    second.active_from = START + Duration::from_minutes(30);
    let second_digest = digest(&second);
    assert_eq!(world.load(second), Code::Accepted);
    let mut third = package(1, 3, &import_program(1, "0.90", "政府基金"));
    third.supersedes = second_digest;
    third.active_from = START + Duration::from_minutes(40);
    let third = Command::Load(sign_package(third));
    cut_at_every_byte(&third, &world, |_, status, _| {
        assert_eq!(status.directions[0].contracts.active, first);
        assert_ne!(status.directions[0].contracts.waiting, wire::Digest::default());
    });
}

#[test]
fn several_settlements_of_one_report_come_in_order_whatever_is_cut() {
    let mut start = settled_world();
    start.now = START + Duration::from_hours(23);
    start.import += 30 * KWH;
    let frame = start.frame();
    let mut whole = again(&start);
    let written = whole.tee.memory().written;
    assert_eq!(whole.code(frame.clone()), Code::Accepted);
    let bytes = whole.tee.memory().written - written;
    for fuel in (0..=bytes).step_by(7) {
        let mut world = again(&start);
        let mut memory = start.tee.memory().clone();
        memory.fuel = fuel;
        world.tee = tee::Tee::boot(memory).unwrap();
        world.invoke(frame.clone());
        world.reboot();
        world.after(1, KWH);
        world.sync();
        assert_eq!(world.bank.settled_energy(1).milliwatt_hours(), world.import - KWH);
        let (charged, paid, carried) = world.bank.money(1);
        assert_eq!(charged, paid + carried);
    }
}
