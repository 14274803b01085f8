//! Day journal, accounting text and statements, against the ledger and against hand-worked texts.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bank::export::{
    Balances, DayBook, DayBookBuilder, Journal, Period, Place, Row, Statement, StatementBuilder,
    beancount, plain_ledger, rows,
};
use bank::record::Record;
use bank::replay::Replay;
use bank::{Operation, ResultCode};
use common::{Fast, World};
use proptest::prelude::*;
use quantity::{CivilDate, Duration, Fen};
use std::collections::BTreeSet;
use wire::WalletId;
use wire::order::Leg;

/// All rows since the genesis, as an export reads them: from the log.
fn all_rows(world: &World<Fast>) -> Vec<Row> {
    let mut records = world.bank.log().records().iter();
    let authority = world.authentication.public_key();
    let mut replay = Replay::begin(records.next().unwrap(), &authority).unwrap();
    let mut all = Vec::new();
    for bytes in records {
        let record = replay.decode(bytes).unwrap();
        let Record { entries, root } = record.clone();
        let movements = replay.repeat_showing(record).unwrap();
        let outcomes = entries.iter().map(|entry| (entry.code, &entry.operation));
        all.extend(rows(&root.body, outcomes, &movements, replay.registration()));
    }
    all
}

fn day_book(world: &World<Fast>, day: CivilDate) -> DayBook {
    let mut builder = DayBookBuilder::new(day);
    all_rows(world).iter().for_each(|row| builder.take(row));
    builder.finish(world.bank.registration()).unwrap()
}

/// Day 0 sets up; day 1 pays, returns and is refused; day 2 comes after it.
fn three_days() -> (World<Fast>, CivilDate) {
    let mut world = World::new();
    world.run(
        "quota 0 10000.00
         quota 105 10000.00
         fill-reserve 105 10000.00
         issue 1000.00
         supply 105 600.00
         open house personal IV
         open grid income I
         key meter meter
         bind house meter
         pay-in house 50.00
         draw house 50.00
         wait 1
         pay meter house grid 20.00 house grid 0.01
         pay meter house grid 99.00 -> insufficient_funds
         redeem house 5.00
         freeze house
         return 100.00
         retire 300.00",
    );
    let day = world.now.civil().date;
    world.run("wait 1\nunfreeze house\npay meter house grid 1.00\nissue 1.00");
    (world, day)
}

#[test]
fn a_day_as_beancount_is_as_worked_out_by_hand() {
    let (mut world, day) = three_days();
    // 1,790,000,000 s after 1970 is 2026-09-21 21:33:20 in UTC+8; a day later, twenty-second
    // of September. Batches come 10 ms apart: all show the same second.
    assert_eq!(day.to_string(), "2026-09-22");
    let (house, grid) = (world.id("house"), world.id("grid"));
    let told = beancount(&day_book(&world, day));
    let expected = format!(
        "; Sandbox of the digital yuan: no real money moved.
option \"title\" \"Jidian, day journal of 2026-09-22\"
option \"operating_currency\" \"CNY\"

2026-09-21 open Equity:Issued CNY
2026-09-21 open Assets:Vault:Issuance CNY
2026-09-21 open Assets:Vault:Bank105 CNY
2026-09-21 open Assets:Wallet:W{house} CNY
2026-09-21 open Assets:Wallet:W{grid} CNY

2026-09-21 * \"opening balances\"
  Equity:Issued  -1000.00 CNY
  Assets:Vault:Issuance  400.00 CNY
  Assets:Vault:Bank105  550.00 CNY
  Assets:Wallet:W{house}  50.00 CNY

2026-09-22 balance Equity:Issued  -1000.00 CNY
2026-09-22 balance Assets:Vault:Issuance  400.00 CNY
2026-09-22 balance Assets:Vault:Bank105  550.00 CNY
2026-09-22 balance Assets:Wallet:W{house}  50.00 CNY
<pay 20.00>
<pay 0.01>
<redeem 5.00>
<return 100.00>
<retire 300.00>

2026-09-23 balance Equity:Issued  -700.00 CNY
2026-09-23 balance Assets:Vault:Issuance  200.00 CNY
2026-09-23 balance Assets:Vault:Bank105  455.00 CNY
2026-09-23 balance Assets:Wallet:W{house}  24.99 CNY
2026-09-23 balance Assets:Wallet:W{grid}  20.01 CNY
"
    );
    // Digests of orders aren't worked out by hand: transactions are told by kind and amount.
    assert_eq!(without_transactions(&told), expected);
    let transactions = told.matches("\n  order: \"").count();
    assert_eq!(transactions, 5);
    let first =
        format!("  Assets:Wallet:W{house}  -20.00 CNY\n  Assets:Wallet:W{grid}  20.00 CNY\n");
    assert!(told.contains(&first), "{told}");
    assert!(told.contains("  Equity:Issued  300.00 CNY\n"), "{told}");
}

fn without_transactions(text: &str) -> String {
    let parts = text.split("\n\n").map(|part| {
        if !part.contains("\n  order: ") {
            return format!("\n\n{}", part.trim_end());
        }
        let kind = part.split('"').nth(1).unwrap();
        let amount = part.lines().last().unwrap().rsplit(' ').nth(1).unwrap();
        format!("\n<{kind} {amount}>")
    });
    let joined: String = parts.collect();
    joined.trim_start().to_owned() + "\n"
}

#[test]
fn a_day_for_ledger_cli_ends_with_every_balance() {
    let (mut world, day) = three_days();
    let (house, grid) = (world.id("house"), world.id("grid"));
    let told = plain_ledger(&day_book(&world, day));
    assert!(
        told.contains(&format!("    Assets:Wallet:W{house}  0.00 CNY = 24.99 CNY\n")),
        "{told}"
    );
    assert!(told.contains(&format!("    Assets:Wallet:W{grid}  0.00 CNY = 20.01 CNY\n")), "{told}");
    assert!(told.contains("    Equity:Issued  0.00 CNY = -700.00 CNY\n"), "{told}");
    assert_eq!(told.matches("    ; order: ").count(), 5);
    // Each transaction sums to zero.
    for transaction in told.split("\n\n").skip(1) {
        let amounts = transaction.lines().filter(|line| line.ends_with(" CNY"));
        let amounts = amounts.filter(|line| !line.contains('='));
        let sum: Fen = amounts.map(|line| common::fen(line.rsplit(' ').nth(1).unwrap())).sum();
        assert_eq!(sum, Fen::ZERO, "{transaction}");
    }
}

#[test]
fn rows_of_a_day_hold_refused_legs_with_their_code() {
    let (world, day) = three_days();
    let book = day_book(&world, day);
    let told: Vec<_> =
        book.rows.iter().map(|row| (row.kind, row.amount.fen(), row.result)).collect();
    let (accepted, broke) = (ResultCode::Accepted, ResultCode::InsufficientFunds);
    let expected = [
        ("pay", 2000, accepted),
        ("pay", 1, accepted),
        ("pay", 9900, broke),
        ("redeem", 500, accepted),
        ("return", 10_000, accepted),
        ("retire", 30_000, accepted),
    ];
    assert_eq!(told, expected);
    assert_eq!(book.rows[5].credit, Place::Outside);
}

#[test]
fn an_early_day_is_empty_and_a_day_to_come_holds_what_is_there() {
    let (world, day) = three_days();
    let early = day_book(&world, CivilDate { year: 2020, ..day });
    assert_eq!((early.rows.len(), early.closing.issued()), (0, Fen::ZERO));
    assert_eq!(beancount(&early).matches("balance").count(), 2, "{}", beancount(&early));
    let late = day_book(&world, CivilDate { year: 2030, ..day });
    assert_eq!((late.rows.len(), late.opening.issued()), (0, Fen::from_yuan(701)));
    assert_eq!(late.opening, late.closing);
}

/// The refused rows of some lines behind the set-up: kind, from, to, fen and code, wallets by name.
fn refused(lines: &str) -> Vec<String> {
    let mut world = World::<Fast>::new();
    world.run(include_str!("tables/setup.table"));
    world.run(lines);
    let names = ["house", "grid", "purchase", "gateway", "bank-vault", "issuance-vault"];
    let ids: Vec<_> = names.iter().map(|name| world.id(name)).collect();
    let name = |place: Place| {
        let found = |wallet| ids.iter().position(|id| *id == wallet).map_or("?", |at| names[at]);
        match place {
            Place::Outside => "outside",
            Place::Wallet(wallet) => found(wallet),
            Place::Unknown => "unknown",
        }
    };
    let rows = all_rows(&world).into_iter().filter(|row| !row.is_done());
    let told = |row: Row| {
        let (debit, credit, fen) = (name(row.debit), name(row.credit), row.amount.fen());
        format!("{} {debit} {credit} {fen} {}", row.kind, row.result.name())
    };
    rows.map(told).collect()
}

/// Whatever has a row when it is accepted has one when it is refused.
#[test]
fn each_refused_movement_has_its_row() {
    let told = refused(
        "approve 1 hold
         by house-meter hold house grid 99.00 under 1 from 0 until 10 -> insufficient_funds
         by house-meter hold house grid 5.00 under 1 from 0 until 10 as prepaid
         by company post prepaid 5.01 stays -> insufficient_funds
         by company post prepaid 5.00 returns
         by company post prepaid 1.00 returns -> unknown_hold
         by house-meter mint house 2.00 as change
         by house-meter spend grid 2.01 change.0 -> insufficient_funds
         by house-meter claw-back change.0 -> wrong_purpose
         by house-meter spend grid 2.00 change.0
         by house-meter spend grid 2.00 change.0 -> unknown_coin
         by house-meter sweep gateway none -> not_bound
         by house-meter refund house grid 99.00 -> insufficient_funds
         draw house 9999.00 -> insufficient_deposit
         supply 7 1.00 -> unknown_operator
         freeze gateway
         by company sweep gateway none -> frozen",
    );
    let expected = [
        "hold house grid 9900 insufficient_funds",
        "post house grid 501 insufficient_funds",
        // The hold is used up: it names nobody any more.
        "post unknown unknown 100 unknown_hold",
        "spend house grid 201 insufficient_funds",
        "claw_back house unknown 200 wrong_purpose",
        "spend unknown grid 200 unknown_coin",
        "sweep gateway purchase 0 not_bound",
        "refund house grid 9900 insufficient_funds",
        "draw bank-vault house 999900 insufficient_deposit",
        "supply issuance-vault ? 100 unknown_operator",
        "sweep gateway purchase 0 frozen",
    ];
    assert_eq!(told, expected);
}

/// Holds, coin strings, money that ends, interest, two operators: whatever moves is told.
#[test]
fn rows_of_every_table_agree_with_the_ledger() {
    let tables = [
        include_str!("tables/exchange.table"),
        include_str!("tables/holds.table"),
        include_str!("tables/coins.table"),
        include_str!("tables/interest.table"),
        include_str!("tables/limits.table"),
        include_str!("tables/sub_wallets.table"),
        include_str!("tables/refusals.table"),
    ];
    let mut kinds = BTreeSet::new();
    for table in tables {
        let mut world = World::new();
        world.run(include_str!("tables/setup.table"));
        world.run(table);
        let mut balances = Balances::default();
        let all = all_rows(&world);
        all.iter().for_each(|row| balances.take(row));
        assert_eq!(balances.check(world.bank.registration()), Ok(()), "{table}");
        kinds.extend(all.iter().filter(|row| row.is_done()).map(|row| row.kind));
        let ended = all.iter().filter(|row| row.kind == "end");
        assert!(ended.clone().all(|row| row.signer.is_none()));
    }
    let expected = [
        "claw_back",
        "draw",
        "end",
        "grant",
        "issue",
        "pay",
        "pay_interest",
        "post",
        "redeem",
        "refund",
        "return",
        "spend",
        "supply",
        "sweep",
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
}

#[test]
fn rows_that_leave_something_out_are_found() {
    let (world, _) = three_days();
    let all = all_rows(&world);
    for left_out in all.iter().filter(|row| row.is_done()) {
        let mut balances = Balances::default();
        all.iter().filter(|row| *row != left_out).for_each(|row| balances.take(row));
        let difference = balances.check(world.bank.registration()).unwrap_err();
        assert_ne!(difference.rows, difference.ledger, "{difference}");
    }
}

#[test]
fn a_statement_goes_from_balance_to_balance() {
    let (mut world, day) = three_days();
    let house = world.id("house");
    let mut builder = StatementBuilder::new(house, Period::of_day(day));
    all_rows(&world).iter().for_each(|row| builder.take(row));
    let statement = builder.finish(world.bank.registration()).unwrap();
    let told: Vec<_> = statement
        .movements
        .iter()
        .map(|one| format!("{} {:#} {:#}", one.kind, one.amount, one.balance))
        .collect();
    assert_eq!(told, ["pay -20.00 30.00", "pay -0.01 29.99", "redeem -5.00 24.99"]);
    let (opening, closing) = (statement.opening, statement.closing);
    assert_eq!((opening, closing), (Fen::from_yuan(50), Fen::from_fen(2499)));
}

/// Pays at random, some of it refused, hours apart.
fn operations() -> impl Strategy<Value = Vec<(usize, usize, i64, i64)>> {
    prop::collection::vec((0_usize..3, 0_usize..4, 1_i64..6000, 0_i64..30), 1..40)
}

const WALLETS: [&str; 4] = ["house", "purchase", "gateway", "generator"];
const PAYERS: [&str; 3] = ["house-meter", "company", "gateway-meter"];

fn city(steps: &[(usize, usize, i64, i64)]) -> World<Fast> {
    let mut world = World::<Fast>::new();
    world.run(include_str!("tables/setup.table"));
    for (payer, to, amount, hours) in steps {
        world.now = world.now + Duration::from_hours(*hours);
        let (debit, credit) = (world.id(WALLETS[*payer]), world.id(WALLETS[*to]));
        let leg = Leg { debit, credit, amount: Fen::from_fen(*amount), reason: 3 };
        let at = world.now;
        let order: Operation = world.payers.get_mut(PAYERS[*payer]).unwrap().pay(at, &[leg]);
        world.submit(vec![order]);
    }
    world
}

fn statement(all: &[Row], world: &World<Fast>, wallet: WalletId, period: Period) -> Statement {
    let mut builder = StatementBuilder::new(wallet, period);
    all.iter().for_each(|row| builder.take(row));
    builder.finish(world.bank.registration()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// A journal that forgets answers as one that doesn't, or says that it can't.
    #[test]
    fn a_bounded_journal_never_tells_another_story(
        steps in operations(),
        rows_max in 1_usize..50,
        days in (0_i64..20, 0_i64..20),
    ) {
        let mut world = city(&steps);
        let all = all_rows(&world);
        let mut journal = Journal::new(rows_max);
        all.iter().for_each(|row| journal.push(*row));
        let day = |days| (common::START + Duration::from_days(days)).civil().date;
        let (first, last) = (days.0.min(days.1), days.0.max(days.1));
        let period = Period::of_days(day(first), day(last));
        let kept = all.len().min(rows_max);
        prop_assert_eq!(journal.kept().count(), kept);
        let in_reach = all.iter().rev().skip(kept).all(|row| row.at < period.from);
        for name in WALLETS {
            let wallet = world.id(name);
            let balance = world.bank.registration().balance(wallet).unwrap();
            let told = journal.statement(wallet, period, balance);
            prop_assert_eq!(told.is_ok(), in_reach);
            if let Ok(told) = told {
                prop_assert_eq!(told, statement(&all, &world, wallet, period));
            }
        }
        let inside = |row: &&Row| period.holds(row.at);
        let rows = journal.rows(period).map(|rows| rows.copied().collect::<Vec<_>>());
        prop_assert_eq!(rows.is_ok(), in_reach);
        if let Ok(rows) = rows {
            prop_assert_eq!(rows, all.iter().filter(inside).copied().collect::<Vec<_>>());
        }
    }

    /// The books of all days, one after the other, close as the next one opens.
    #[test]
    fn days_follow_one_another_without_a_gap(steps in operations()) {
        let world = city(&steps);
        let mut last = Balances::default();
        let mut rows = 0;
        let days = world.now.since(common::START).milliseconds() / 86_400_000 + 2;
        for number in 0..days {
            let day = (common::START + Duration::from_days(number)).civil().date;
            let book = day_book(&world, day);
            prop_assert_eq!(&book.opening, &last);
            rows += book.rows.len();
            last = book.closing;
        }
        prop_assert_eq!(rows, all_rows(&world).len());
        prop_assert_eq!(last.check(world.bank.registration()), Ok(()));
    }
}
