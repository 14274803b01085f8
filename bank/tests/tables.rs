//! The bank by example: text tables, each played with real signatures and with fast ones, on every
//! engine: one log, a log that is opened again after each batch, a ledger that is always a batch ahead
//! of its log, three nodes over a stream. All give the same answers, receipts to the byte; then every copy is recovered and audited.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
mod engines;

use bank::{Answer, Bank, Genesis, MemoryLog};
use common::{Engine, Fast, Replicas, Sm2, Suite, World};
use engines::{Ahead, Cluster, Reopened};

const SETUP: &str = include_str!("tables/setup.table");

/// What was heard line by line.
type Heard = Vec<(String, Answer)>;

fn play_on<S: Suite, E: Replicas<S>>(
    (name, table): (&'static str, &str),
    found: impl FnOnce(&Genesis, &S::Key) -> E,
) -> Heard {
    let mut world = World::<S, E>::founded(found);
    world.run_table("setup.table", SETUP);
    world.run_table(name, table);
    world.check_logs();
    world.heard
}

fn compare<S: Suite, E: Engine<S>>(expected: &Heard, found: &Heard) {
    for (expected, found) in expected.iter().zip(found) {
        let name = E::NAME;
        assert_eq!(expected, found, "{}: {name} answers otherwise than one log", expected.0);
    }
    assert_eq!(expected.len(), found.len(), "{}", E::NAME);
}

fn in_memory<S: Suite>(genesis: &Genesis, key: &S::Key) -> Bank<MemoryLog, S::Key> {
    Bank::found(genesis, key.clone(), MemoryLog::new(), &S::verifier()).unwrap()
}

fn play<S: Suite>(name: &'static str, table: &str) {
    let table = (name, table);
    let expected = play_on::<S, _>(table, in_memory::<S>);
    compare::<S, Reopened<S>>(&expected, &play_on::<S, _>(table, Reopened::<S>::found));
    compare::<S, Ahead<S>>(&expected, &play_on::<S, _>(table, Ahead::<S>::found));
    compare::<S, Cluster<S>>(&expected, &play_on::<S, _>(table, Cluster::<S>::found));
}

macro_rules! tables {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            let table = include_str!(concat!("tables/", stringify!($name), ".table"));
            play::<Fast>(concat!(stringify!($name), ".table"), table);
            play::<Sm2>(concat!(stringify!($name), ".table"), table);
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

/// A table with one wrong line, and what is said of it.
const WRONG: (&str, &str) =
    ("wrong.table", "balance house -> 50.00\n# next\npay house-meter house grid 1.00 -> frozen");
const SAID: &str =
    "wrong.table, line 3: pay house-meter house grid 1.00 -> frozen: found accepted on";

fn fails_on<E: Replicas<Fast>>(found: fn(&Genesis, &common::FastKey) -> E) {
    let said = std::panic::catch_unwind(|| play_on::<Fast, E>(WRONG, found)).unwrap_err();
    let said = said.downcast_ref::<String>().unwrap();
    assert!(said.contains(&format!("{SAID} {}", E::NAME)), "{said}");
}

#[test]
fn a_wrong_table_fails_on_each_engine() {
    fails_on(in_memory::<Fast>);
    fails_on(Reopened::<Fast>::found);
    fails_on(Ahead::<Fast>::found);
    fails_on(Cluster::<Fast>::found);
}
