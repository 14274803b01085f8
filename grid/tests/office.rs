//! Contract packages in their chains, and the company's own wallets.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use contract::CustomerClass::{Commercial, Residential};
use contract::Direction::Import;
use grid::publishing::{Authored, PackageFault, Publisher, Validity};
use grid::treasury::{Wallets, plan};
use quantity::{Duration, Fen, Instant};
use wire::order::LEGS_MAX;
use wire::package::PackageKind::{Default as Fallback, Ordinary};
use wire::receipt::Balance;
use wire::{Digest, WalletId};

const PROGRAM: &[u8] = &[1, 2, 3];

fn contract(version: u32) -> Authored<'static> {
    let (class, direction, kind) = (Residential, Import, Ordinary);
    Authored { class, direction, kind, version, source: Digest([7; 32]), program: PROGRAM }
}

fn validity() -> Validity {
    let from = Instant::from_unix_seconds(1000);
    Validity { from, until: from + Duration::from_days(30), active_from: from }
}

fn default_of(contract: Authored<'static>) -> Authored<'static> {
    Authored { kind: Fallback, ..contract }
}

/// With a default package for households.
fn publisher() -> Publisher {
    let mut publisher = Publisher::new();
    publisher.publish(&default_of(contract(1)), &validity()).unwrap();
    publisher
}

#[test]
fn packages_form_a_chain() {
    let mut publisher = publisher();
    let default = publisher.chain(Residential, Import).default.unwrap();
    let first = publisher.publish(&contract(1), &validity()).unwrap();
    let second = publisher.publish(&contract(2), &validity()).unwrap();
    assert_eq!((default.sequence, first.sequence, second.sequence), (1, 1, 2));
    assert_eq!((first.supersedes, first.on_expiry), (Digest::default(), default.digest));
    assert_eq!(second.supersedes, crypto::digest(&first));
    let head = publisher.chain(Residential, Import).ordinary.unwrap();
    assert_eq!(head.digest, crypto::digest(&second));
    assert_eq!(publisher.admit(&second), Err(PackageFault::Sequence));
    let other = Authored { class: Commercial, ..contract(1) };
    assert_eq!(publisher.publish(&other, &validity()), Err(PackageFault::Default));
    publisher.publish(&default_of(other), &validity()).unwrap();
    assert_eq!(publisher.publish(&other, &validity()).unwrap().sequence, 1);
}

#[test]
fn recalls_take_numbers_of_the_chain() {
    let mut publisher = publisher();
    let first = publisher.publish(&contract(1), &validity()).unwrap();
    let chain = (Residential, Import);
    let default = publisher.chain(Residential, Import).default.unwrap().digest;
    let signed = (validity().from, Digest::default());
    let recall = publisher.recall(chain, default, signed).unwrap();
    assert_eq!(recall.sequence, 2);
    assert_eq!(publisher.admit_recall(&recall), Err(PackageFault::Sequence));
    let next = publisher.publish(&contract(2), &validity()).unwrap();
    assert_eq!((next.sequence, next.supersedes), (3, crypto::digest(&first)));
    let nobody = (Commercial, Import);
    assert_eq!(publisher.recall(nobody, default, signed), Err(PackageFault::Default));
}

#[test]
fn packages_that_do_not_hold_are_refused() {
    let mut publisher = publisher();
    publisher.publish(&contract(2), &validity()).unwrap();
    let before = publisher.clone();
    let long = vec![0; 2049];
    let early = Validity { active_from: Instant::EPOCH, ..validity() };
    let table = [
        (Authored { program: &[], ..contract(3) }, validity(), PackageFault::Program),
        (Authored { program: &long, ..contract(3) }, validity(), PackageFault::Program),
        (contract(3), early, PackageFault::Validity),
        (contract(1), validity(), PackageFault::Version),
    ];
    for (contract, validity, fault) in table {
        assert_eq!(publisher.publish(&contract, &validity), Err(fault));
        assert_eq!(publisher, before);
    }
}

fn wallet(serial: u64) -> WalletId {
    WalletId::new(1, serial).unwrap()
}

fn wallets(subs: u64) -> Wallets {
    Wallets {
        income: wallet(1),
        purchase: wallet(2),
        purchase_subs: (10..10 + subs).map(wallet).collect(),
        floor: Fen::from_yuan(100),
        target: Fen::from_yuan(300),
        income_keep: Fen::from_yuan(50),
    }
}

fn balances(list: &[(u64, i64)]) -> Vec<Balance> {
    let balance = |(serial, yuan): &(u64, i64)| Balance {
        wallet: wallet(*serial),
        balance: Fen::from_yuan(*yuan),
    };
    list.iter().map(balance).collect()
}

#[test]
fn income_is_swept_and_the_emptiest_filled_first() {
    let orders = plan(&wallets(3), &balances(&[(1, 80), (2, 450), (10, 90), (11, 100), (12, 0)]));
    let moved: Vec<Vec<_>> = orders
        .iter()
        .map(|legs| legs.iter().map(|leg| (leg.debit, leg.credit, leg.amount)).collect())
        .collect();
    let yuan = Fen::from_yuan;
    let sweep = vec![(wallet(1), wallet(2), yuan(30))];
    let fill = vec![(wallet(2), wallet(12), yuan(300)), (wallet(2), wallet(10), yuan(150))];
    assert_eq!(moved, [sweep, fill]);
}

#[test]
fn nothing_to_do_gives_no_order() {
    assert!(plan(&wallets(2), &balances(&[(1, 50), (2, 0), (10, 0), (11, 100)])).is_empty());
    assert!(plan(&wallets(2), &[]).is_empty(), "unknown balances are left alone");
}

#[test]
fn orders_are_short_and_never_overdraw() {
    let mut list = vec![(1, 0), (2, 5000)];
    list.extend((10..30).map(|serial| (serial, 0)));
    let orders = plan(&wallets(20), &balances(&list));
    assert!(orders.iter().all(|legs| !legs.is_empty() && legs.len() <= LEGS_MAX));
    let spent: Fen = orders.iter().flatten().map(|leg| leg.amount).sum();
    assert_eq!(spent, Fen::from_yuan(5000));
    assert!(orders.iter().flatten().all(|leg| leg.amount > Fen::ZERO));
}
