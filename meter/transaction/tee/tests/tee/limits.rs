//! What may be paid, who may change it, and what receipts do to it.

use crate::world::*;
use crypto::Sign;
use quantity::{Duration, Fen};
use wire::tee::{Alarm, Code, Command, Hold, Limits, Outcome, Which};

const KWH: i64 = 1_000_000;

fn set(world: &mut World, change: impl Fn(&mut Limits)) -> Code {
    let mut new = world.status().limits;
    new.sequence += 1;
    change(&mut new);
    world.code(Command::SetLimits(operator().seal(new)))
}

/// (limits, kWh per minute, orders without receipt) -> (hold, fen paid by the last order)
#[test]
fn each_rule_holds_back_what_is_above_it() {
    type Change = fn(&mut Limits);
    let cases: [(&str, Change, i64, Hold, i64); 6] = [
        ("free", |_| (), 100, Hold::None, 6_272),
        ("payment", |l| l.per_payment = Fen::from_fen(50), 1, Hold::PerPayment, 50),
        ("day", |l| l.per_day = Fen::from_fen(130), 1, Hold::PerDay, 5),
        ("number", |l| l.offline_orders = 2, 1, Hold::Offline, 0),
        ("number zero", |l| l.offline_orders = 0, 1, Hold::Offline, 0),
        ("amount", |l| l.offline_amount = Fen::from_fen(125), 1, Hold::Offline, 0),
    ];
    for (name, change, kwh, hold, paid) in cases {
        let mut world = World::trading();
        assert_eq!(set(&mut world, change), Code::Accepted);
        for _ in 0..3 {
            assert_eq!(world.after(1, kwh * KWH), (Code::Accepted, 1), "nobody is cut off");
        }
        let order = world.last().0;
        assert_eq!(world.status().directions[0].hold, hold, "{name}");
        let last: Fen = order.legs.iter().map(|leg| leg.amount).sum();
        assert_eq!(last.fen(), paid, "{name}");
        world.sync();
        let (charged, paid, carried) = world.bank.money(1);
        assert_eq!(charged, paid + carried, "{name}");
        assert_eq!(world.status().directions[0].carried.micro_yuan(), carried, "{name}");
    }
}

#[test]
fn arrears_are_paid_as_soon_as_the_limits_allow() {
    let mut world = World::trading();
    set(&mut world, |limits| limits.per_day = Fen::from_yuan(1));
    world.after(1, 10 * KWH);
    assert_eq!(world.status().paid_today, Fen::from_yuan(1));
    assert_eq!(world.status().directions[0].carried.micro_yuan(), 5_272_000);
    // Midnight: a new legal day.
    world.now = START + Duration::from_hours(14);
    world.report();
    assert_eq!(world.status().paid_today, Fen::from_yuan(1));
    assert_eq!(world.status().directions[0].carried.micro_yuan(), 4_272_000);
    set(&mut world, |limits| limits.per_day = Fen::from_yuan(100));
    world.after(1, 0);
    assert_eq!(world.status().directions[0].carried.micro_yuan(), 2_000);
}

#[test]
fn only_a_receipt_ends_being_offline() {
    let mut world = World::trading();
    set(&mut world, |limits| limits.offline_orders = 1);
    world.after(1, KWH);
    world.after(1, KWH);
    assert!(world.last().0.legs.is_empty());
    world.reboot();
    world.after(1, KWH);
    assert!(world.last().0.legs.is_empty(), "no power cut clears the count");
    world.sync();
    world.after(1, KWH);
    assert_eq!(world.last().0.legs[0].amount.fen(), 180);
}

#[test]
fn limits_are_the_operators_and_only_go_forward() {
    let mut world = World::trading();
    let new = Limits { sequence: 5, ..limits() };
    let forged = grid_company().seal(new);
    let cases = [
        (forged, Code::Signature),
        (operator().seal(Limits { key: key(8).id(), ..new }), Code::WrongMeter),
        (
            operator().seal(Limits { from: START + Duration::from_days(1), ..new }),
            Code::NotYetValid,
        ),
        (operator().seal(Limits { per_day: Fen::from_fen(-1), ..new }), Code::Negative),
        (operator().seal(new), Code::Accepted),
        (operator().seal(new), Code::AlreadyThere),
        (operator().seal(Limits { per_day: Fen::ZERO, ..new }), Code::Fork),
        (operator().seal(Limits { sequence: 4, ..new }), Code::StaleSequence),
    ];
    for (number, (limits, code)) in cases.into_iter().enumerate() {
        assert_eq!(world.code(Command::SetLimits(limits)), code, "case {number}");
    }
    assert_eq!(world.status().limits, new);
}

#[test]
fn receipts_are_checked_and_taken_in_order() {
    let mut world = World::trading();
    for _ in 0..3 {
        world.after(1, KWH);
    }
    let entries: Vec<_> =
        (1..=3).map(|sequence| world.fetch(Which::Sequence(sequence)).unwrap()).collect();
    let now = world.now;
    let receipts: Vec<_> = entries.iter().map(|entry| world.bank.take(entry, now)).collect();
    let mut wrong_leaf = receipts[0].clone();
    wrong_leaf.leaf.result = 9;
    let mut wrong_root = receipts[0].clone();
    wrong_root.root.issued = Fen::ZERO;
    let mut old = receipts[1].clone();
    old.root.batch = 0;
    old.signature = centre().sign(&old.root);
    let mut unknown = receipts[0].clone();
    unknown.leaf.order.0[0] ^= 1;
    unknown.root.merkle = crypto::merkle::leaf(&unknown.leaf);
    unknown.signature = centre().sign(&unknown.root);
    let cases = [
        (&wrong_leaf, Code::Proof),
        (&wrong_root, Code::Signature),
        (&unknown, Code::UnknownOrder),
        (&receipts[1], Code::NotOldest),
        (&receipts[0], Code::Accepted),
        (&receipts[0], Code::AlreadyThere),
        (&old, Code::OldRoot),
        (&receipts[1], Code::Accepted),
        (&receipts[2], Code::Accepted),
        (&receipts[1], Code::AlreadyThere),
    ];
    for (number, (receipt, code)) in cases.into_iter().enumerate() {
        assert_eq!(world.code(Command::Receipt(receipt.clone())), code, "case {number}");
    }
    assert_eq!(world.status().acknowledged, 3);
}

#[test]
fn a_burnt_order_gives_its_money_back_to_what_is_owed() {
    let mut world = World::trading();
    world.after(1, KWH);
    world.bank.refuse = true;
    let receipt = world.receipt_of_oldest();
    assert_eq!(world.code(Command::Receipt(receipt)), Code::OrderBurnt);
    world.bank.refuse = false;
    let status = world.status();
    assert_eq!((status.burnt, status.alarms), (1, Alarm::OrderBurnt.bit()));
    assert_eq!((status.paid_today, status.offline_amount), (Fen::ZERO, Fen::ZERO));
    assert_eq!(status.directions[0].carried.micro_yuan(), 627_200);
    assert_eq!(world.fetch(Which::Sequence(1)).unwrap().outcome, Outcome::Receipt(7));
    world.after(1, 0);
    world.sync();
    assert_eq!(world.bank.money(1), (627_200, 620_000, 7_200));
}

#[test]
fn money_that_arrives_is_known_with_the_next_receipt() {
    let mut world = World::trading();
    set(&mut world, |limits| {
        limits.per_payment = Fen::from_yuan(9999);
        limits.per_day = Fen::from_yuan(9999);
        limits.offline_amount = Fen::from_yuan(9999);
    });
    world.after(5, 2400 * KWH);
    let status = world.status();
    assert_eq!(status.directions[0].hold, Hold::Funds);
    assert_eq!(status.paid_today, Fen::from_yuan(1000), "all there was, and no fen more");
    *world.bank.balances.get_mut(&wallet(1).number()).unwrap() += 100_000;
    world.sync();
    world.after(1, 0);
    assert_eq!(world.status().directions[0].hold, Hold::None);
}
