//! Orders that wait between the look at their signatures and the ledger.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bank::ResultCode;
use bank::registration::Authenticated;
use common::{Fast, Suite, World, fen};
use wire::order::Leg;

const SETUP: &str = include_str!("tables/setup.table");

/// An order whose signatures were looked at before its key was bound.
fn waited() -> (World<Fast>, Vec<Authenticated>) {
    let mut world = World::<Fast>::new();
    world.run(SETUP);
    world.run("open flat personal IV\nkey flat-key holder");
    let (debit, credit) = (world.id("flat"), world.id("grid"));
    let leg = Leg { debit, credit, amount: fen("1.00"), reason: 0 };
    let order = world.payers.get_mut("flat-key").unwrap().pay(world.now, &[leg]);
    let order = world.bank.registration().authenticate(order, &Fast::verifier());
    assert_eq!(order.refusal(), Some(ResultCode::UnknownKey));
    world.run("bind flat flat-key");
    (world, vec![order])
}

#[test]
fn an_order_that_waited_while_its_key_was_bound_is_looked_at_again() {
    let (mut world, mut batch) = waited();
    world.bank.registration().look_again(&mut batch, &Fast::verifier());
    let answers = world.bank.submit_authenticated(world.now, &batch).unwrap();
    assert_eq!(answers[0].code, ResultCode::InsufficientFunds, "its signature is good");
    world.check_logs();
}

/// Its record would say that a known key is unknown, and no replay would take it.
#[test]
#[should_panic(expected = "what waited was looked at again")]
fn an_order_that_waited_and_was_not_looked_at_again_never_gets_into_the_log() {
    let (mut world, batch) = waited();
    let _ = world.bank.submit_authenticated(world.now, &batch);
}
