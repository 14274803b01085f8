//! The bank by example: text tables, each played with real signatures and with fast ones, then
//! recovered and audited from its log.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Fast, Sm2, Suite, World};

const SETUP: &str = include_str!("tables/setup.table");

fn play<S: Suite>(table: &str) {
    let mut world = World::<S>::new();
    world.run(SETUP);
    world.run(table);
    world.check_log();
}

macro_rules! tables {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            let table = include_str!(concat!("tables/", stringify!($name), ".table"));
            play::<Fast>(table);
            play::<Sm2>(table);
        }
    )*};
}
tables!(
    payments,
    chain,
    refusals,
    exchange,
    limits,
    sub_wallets,
    holds,
    coins,
    interest,
    disclosure
);

#[test]
#[should_panic(expected = "line 2: pay house-meter house grid 1.00 -> frozen: found accepted")]
fn a_wrong_table_fails() {
    let mut world = World::<Fast>::new();
    world.run(SETUP);
    world.run("balance house -> 50.00\npay house-meter house grid 1.00 -> frozen");
}
