//! Going on from a snapshot: as from the whole log, or not at all.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bank::log::{Place, Snapshot};
use bank::replay::{BehindError, Fault, Misfit};
use bank::{Bank, Damage, MemoryLog, OrderedLog, ResultCode};
use common::{Fast, FastKey, FastVerifier, Suite, World};
use crypto::Sign;
use wire::order::Leg;
use wire::{Digest, KeyId};

/// Lives with everything that a state holds: holds, coin strings, limits, interest, sub-wallets.
const TABLES: [&str; 5] = [
    include_str!("tables/holds.table"),
    include_str!("tables/coins.table"),
    include_str!("tables/limits.table"),
    include_str!("tables/interest.table"),
    include_str!("tables/sub_wallets.table"),
];

/// A state and the place where it was taken, as far as the pure core looks at it.
fn taken(world: &World<Fast>) -> Snapshot {
    let records = world.bank.log().records().len() as u64;
    let place = Place { records, offset: 0, last: 0, chain: Digest::default() };
    let state = world.bank.registration().to_snapshot();
    Snapshot { place, offsets: Vec::new(), state, kept: Vec::new() }
}

/// Goes on from a snapshot with the records of a log that are behind it.
fn go_on(
    world: &World<Fast>,
    snapshot: &Snapshot,
    log: &MemoryLog,
) -> Result<Bank<MemoryLog, FastKey>, BehindError> {
    let first = usize::try_from(snapshot.place.records).unwrap();
    let behind = log.records().get(first..).unwrap_or_default();
    let keys = (world.registration_key.clone(), log.clone());
    let authority = world.authentication.public_key();
    Bank::recover_behind(snapshot, behind, &authority, keys, |replay, record| replay.step(record))
}

fn refusal(world: &World<Fast>, snapshot: &Snapshot, log: &MemoryLog) -> BehindError {
    go_on(world, snapshot, log).err().unwrap()
}

/// A world and one snapshot behind each batch.
fn lived(table: &str) -> (World<Fast>, Vec<Snapshot>) {
    let mut world = World::<Fast>::new();
    let mut snapshots = vec![taken(&world)];
    for line in include_str!("tables/setup.table").lines().chain(table.lines()) {
        let before = world.bank.registration().last_batch();
        world.run(line);
        if world.bank.registration().last_batch() > before {
            snapshots.push(taken(&world));
        }
    }
    (world, snapshots)
}

/// Every receipt that the bank can give: of each order in its log.
fn receipts(bank: &mut Bank<MemoryLog, FastKey>) -> Vec<Option<wire::receipt::Receipt>> {
    let records = bank.log().records()[1..].to_vec();
    let orders = records.iter().flat_map(|record| {
        let record = bank::record::Record::from_bytes(record).unwrap();
        record.entries.into_iter().map(|entry| entry.operation)
    });
    let orders: Vec<(KeyId, Digest)> =
        orders.map(|order| (order.signer(), order.digest())).collect();
    let mut receipts = Vec::new();
    for (key, order) in orders {
        receipts.push(bank.registration().receipt(order));
        receipts.push(bank.receipt_of(key, order).unwrap());
    }
    receipts
}

#[test]
fn from_each_snapshot_it_goes_on_as_from_the_whole_log() {
    for table in TABLES {
        let (mut world, snapshots) = lived(table);
        let log = world.bank.log().clone();
        let digest = world.bank.registration().state_digest();
        let whole = receipts(&mut world.bank);
        assert!(snapshots.len() > 20 && whole.iter().flatten().count() > 40);
        for (batch, snapshot) in snapshots.iter().enumerate().skip(1) {
            let mut bank = go_on(&world, snapshot, &log).unwrap();
            assert_eq!(bank.registration().state_digest(), digest, "behind batch {batch}");
            assert_eq!(receipts(&mut bank), whole, "behind batch {batch}");
        }
    }
}

/// The next batch is the same one too: an order is taken, and known when it comes again.
#[test]
fn what_comes_next_is_answered_as_without_a_restart() {
    let (mut world, snapshots) = lived("pay house-meter house grid 1.50");
    let log = world.bank.log().clone();
    let mut bank = go_on(&world, snapshots.last().unwrap(), &log).unwrap();
    let (debit, credit) = (world.id("house"), world.id("grid"));
    let leg = Leg { debit, credit, amount: common::fen("0.01"), reason: 1 };
    let order = world.payers.get_mut("house-meter").unwrap().pay(world.now, &[leg]);
    for code in [ResultCode::Accepted, ResultCode::Exists] {
        let answers = bank.submit(world.now, vec![order.clone()], &FastVerifier).unwrap();
        let same = world.bank.submit(world.now, vec![order.clone()], &FastVerifier).unwrap();
        assert_eq!((answers[0].code, &answers), (code, &same));
    }
    assert_eq!(bank.log(), world.bank.log());
}

#[test]
fn a_state_that_isn_t_the_one_of_its_place_is_refused() {
    let (world, snapshots) = lived("pay house-meter house grid 1.50\npay house-meter house grid 2");
    let log = world.bank.log().clone();
    let (last, before) = (&snapshots[snapshots.len() - 1], &snapshots[snapshots.len() - 2]);
    let misfit = |snapshot: &Snapshot| match refusal(&world, snapshot, &log) {
        BehindError::Snapshot(misfit) => misfit,
        other @ (BehindError::Log(_) | BehindError::Unreadable(_)) => panic!("{other}"),
    };
    assert_eq!(misfit(&snapshots[0]), Misfit::NoBatch);
    assert_eq!(
        misfit(&Snapshot { state: before.state.clone(), ..last.clone() }),
        Misfit::OtherBatch
    );
    // Other histories of the same bank, which part at the last batch or before it.
    for table in [
        "pay house-meter house grid 1.50\npay house-meter house grid 3",
        "pay house-meter house grid 1.40\npay house-meter house grid 2",
    ] {
        assert_eq!(misfit(lived(table).1.last().unwrap()), Misfit::OtherRoot, "{table}");
    }
    // Another bank, and bytes that are no state.
    let mut other = last.clone();
    other.state[b"JIDIAN-STATE-3".len()] ^= 1;
    let text = misfit(&other).to_string();
    assert!(text.contains("field 'genesis'"), "{text}");
    other.state.truncate(100);
    assert!(matches!(misfit(&other), Misfit::State(_)));
}

#[test]
fn what_is_wrong_with_the_log_is_no_fault_of_the_snapshot() {
    let (world, snapshots) = lived("pay house-meter house grid 1.50\npay house-meter house grid 2");
    let (snapshot, log) = (&snapshots[snapshots.len() - 2], world.bank.log().clone());
    let damage = |keys, authority: &wire::PublicKey, last: &[u8]| {
        let step = |replay: &mut bank::replay::Replay, record: &[u8]| replay.step(record);
        match Bank::recover_behind(snapshot, [last], authority, keys, step).err().unwrap() {
            BehindError::Log(Damage { fault, .. }) => fault,
            other @ (BehindError::Snapshot(_) | BehindError::Unreadable(_)) => panic!("{other}"),
        }
    };
    let authority = world.authentication.public_key();
    let last = log.records().last().unwrap().clone();
    let keys = || (world.registration_key.clone(), log.clone());
    assert_eq!(damage((Fast::key(9), log.clone()), &authority, &last), Fault::OtherSigner);
    let stranger = Fast::key(9).public_key();
    assert!(matches!(damage(keys(), &stranger, &last), Fault::Genesis(_)));
    let mut flipped = last.clone();
    flipped[40] ^= 1;
    assert!(matches!(damage(keys(), &authority, &flipped), Fault::Undecodable(_)));
    let doubled = log.records()[log.records().len() - 2].clone();
    assert!(!matches!(damage(keys(), &authority, &doubled), Fault::Undecodable(_)));
    // A log that ends before the place can't be read there.
    let mut short = MemoryLog::new();
    for (number, record) in (0..).zip(&log.records()[..3]) {
        short.append(number, record).unwrap();
    }
    assert!(matches!(refusal(&world, snapshot, &short), BehindError::Unreadable(_)));
}
