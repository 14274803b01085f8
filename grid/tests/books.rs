//! The books refuse what doesn't close, and lose nothing of what does.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use contract::CustomerClass::{Coal, Prosumer, Residential};
use contract::{Direction, Item, Quantity, Role};
use grid::settlement::{Books, Posted, RecordFault};
use quantity::{CivilDate, Duration, Energy, Fen, Instant, Money, Price};
use wire::evidence::{ItemLine, LegLine, QuantityUse, SettlementRecord};
use wire::{Digest, MeterId};

const HOME: u64 = 7;
const PLANT: u64 = 8;
const ROOF: u64 = 9;

fn meter(number: u64) -> MeterId {
    MeterId::new(number).unwrap()
}

fn day(day: u8) -> Instant {
    CivilDate { year: 2026, month: 7, day }.start()
}

fn books() -> Books {
    let mut books = Books::new();
    assert!(books.admit(meter(HOME), Residential));
    assert!(books.admit(meter(PLANT), Coal));
    assert!(books.admit(meter(ROOF), Prosumer));
    assert!(!books.admit(meter(HOME), Coal), "a class stays");
    books
}

/// A record of one leg: `energy` in Wh at `price` in micro-yuan, paid down to whole fen.
struct Line {
    meter: u64,
    direction: Direction,
    leg: (Role, Role, Item),
}

const SALE: Line = Line {
    meter: HOME,
    direction: Direction::Import,
    leg: (Role::CustomerBill, Role::GridIncome, Item::Benchmark),
};
const PURCHASE: Line = Line {
    meter: PLANT,
    direction: Direction::Export,
    leg: (Role::GridPurchase, Role::GeneratorIncome, Item::Floating),
};
const SUBSIDY: Line = Line {
    meter: ROOF,
    direction: Direction::Export,
    leg: (Role::Fiscal, Role::GeneratorIncome, Item::Subsidy),
};

fn record(
    line: &Line,
    previous: Option<&SettlementRecord>,
    watt_hours: i64,
    price: i64,
) -> SettlementRecord {
    let moved = Energy::from_milliwatt_hours(watt_hours * 1000);
    let price = Price::from_micro_yuan_per_kwh(price);
    let before = previous.map(|previous| previous.legs[0]).unwrap_or_default();
    let carried = quantity::PicoYuan::new(before.pico_after).unwrap();
    let charge = price.charge(moved, carried).unwrap();
    let payable = (before.carried_after + charge.money).payable();
    let register = previous.map_or(Energy::from_kwh(100), |previous| previous.register_after);
    let start = previous.map_or(day(1), |previous| previous.end);
    let (debit, credit, item) = line.leg;
    let leg = LegLine {
        leg: 0,
        debit: debit.byte(),
        credit: credit.byte(),
        charged: charge.money,
        pico_before: before.pico_after,
        pico_after: charge.rest.pico_yuan(),
        carried_before: before.carried_after,
        paid: payable.fen,
        carried_after: payable.rest.to_money(),
    };
    let (quantity, amount) = (Quantity::Energy.byte(), moved.milliwatt_hours());
    let item_line = ItemLine { item: item.byte(), leg: 0, price, quantity, amount };
    SettlementRecord {
        meter: meter(line.meter),
        sequence: previous.map_or(1, |previous| previous.sequence + 1),
        direction: line.direction.byte(),
        start,
        end: start + Duration::from_minutes(15),
        register_before: register,
        register_after: register + moved,
        register_month_start: Energy::ZERO,
        register_year_start: Energy::ZERO,
        contract: Digest([1; 32]),
        signals: heapless::Vec::new(),
        quantities: heapless::Vec::new(),
        items: core::iter::once(item_line).collect(),
        legs: core::iter::once(leg).collect(),
    }
}

#[test]
fn totals_per_meter_class_leg_and_role() {
    let mut books = books();
    let first = record(&SALE, None, 1234, 561_337);
    let second = record(&SALE, Some(&first), 777, 561_337);
    for one in [&first, &second] {
        assert_eq!(books.post(one, 0), Ok(Posted::Booked));
    }
    let exact: i64 = (1234 + 777) * 561_337;
    let totals = books.account(meter(HOME)).unwrap().totals;
    assert_eq!(totals.import, Energy::from_milliwatt_hours(2_011_000));
    assert_eq!(totals.charged, Money::from_micro_yuan(exact / 1000), "splitting costs nothing");
    assert_eq!(totals.paid.to_money().unwrap() + totals.carried, totals.charged);
    assert_eq!(books.classes().collect::<Vec<_>>(), [(Residential, &totals)]);
    let (key, leg) = books.legs().next().unwrap();
    assert_eq!((key.class, key.direction, key.leg), (Residential, Direction::Import, 0));
    assert_eq!((leg.charged, leg.paid), (totals.charged, totals.paid));
    assert_eq!(books.role(Role::CustomerBill).spent, totals.paid);
    assert_eq!(books.role(Role::GridIncome).received, totals.paid);
    let settled = books.account(meter(HOME)).unwrap().settled_to(Direction::Import);
    assert_eq!(settled, Some(second.register_after));
}

#[test]
fn posting_again_changes_nothing() {
    let mut books = books();
    let first = record(&SALE, None, 1000, 560_000);
    books.post(&first, 0).unwrap();
    let before = books.clone();
    assert_eq!(books.post(&first, 0), Ok(Posted::AlreadyBooked));
    assert_eq!(books, before);
    let other = record(&SALE, None, 1001, 560_000);
    assert_eq!(books.post(&other, 0).unwrap_err().fault, RecordFault::Conflict);
    assert_eq!(books, before);
}

#[test]
fn a_refused_order_is_not_booked() {
    let mut books = books();
    let first = record(&SALE, None, 1000, 560_000);
    let before = books.clone();
    assert_eq!(books.post(&first, 3), Ok(Posted::NotFinal));
    assert_eq!(books, before);
    assert!(!books.note_order(meter(HOME), 2));
    assert!(books.note_order(meter(HOME), 1));
    let mut next = first;
    next.sequence = 2;
    assert_eq!(books.post(&next, 0), Ok(Posted::Booked));
}

#[test]
fn the_purse_is_sales_less_purchases() {
    let mut books = books();
    let sale = record(&SALE, None, 10_000, 600_000);
    let purchase = record(&PURCHASE, None, 10_000, 400_000);
    let mut tomorrow = record(&PURCHASE, Some(&purchase), 10_000, 400_000);
    tomorrow.start = day(2);
    tomorrow.end = day(2) + Duration::from_minutes(15);
    for one in [&sale, &purchase, &tomorrow] {
        books.post(one, 0).unwrap();
    }
    assert_eq!(books.purse(), Money::from_micro_yuan(6_000_000 - 8_000_000));
    let cash = books.cash();
    assert_eq!(cash.len(), 2);
    assert_eq!((cash[0].day, cash[0].opening), (day(1), Fen::ZERO));
    assert_eq!(
        (cash[0].book.sales, cash[0].book.purchases),
        (Fen::from_yuan(6), Fen::from_yuan(4))
    );
    assert_eq!((cash[1].opening, cash[1].closing), (Fen::from_yuan(2), Fen::from_yuan(-2)));
    let roles = books.roles().map(|(_, totals)| totals.net()).sum::<Fen>();
    assert_eq!(roles, Fen::ZERO, "what one wallet pays another one gets");
}

#[test]
fn a_line_of_a_quantity_is_booked_as_far_as_the_record_states_it() {
    let mut sale = record(&SALE, None, 10_000, 600_000);
    sale.items[0].item = Item::Capacity.byte();
    sale.items[0].quantity = Quantity::MaximumDemand.byte();
    let stated = |amount| {
        let mut sale = sale.clone();
        let quantity = Quantity::MaximumDemand.byte();
        sale.quantities.push(QuantityUse { quantity, amount }).unwrap();
        books().post(&sale, 0).map_err(|refusal| refusal.fault)
    };
    let amount = sale.items[0].amount;
    assert_eq!(stated(amount), Ok(Posted::Booked));
    assert_eq!(stated(amount - 1), Err(RecordFault::LineAmount));
}

#[test]
fn what_is_not_energy_stays_out_of_the_purse() {
    let mut books = books();
    let mut sale = record(&SALE, None, 10_000, 600_000);
    sale.items[0].item = Item::NetworkCharge.byte();
    books.post(&sale, 0).unwrap();
    assert_eq!(books.purse(), Money::ZERO);
}

#[test]
fn subsidies_by_purpose_and_payee() {
    let mut books = books();
    books.subsidies_mut().grant(Item::Subsidy, Fen::from_yuan(1));
    let first = record(&SUBSIDY, None, 10_000, 50_000);
    let second = record(&SUBSIDY, Some(&first), 20_000, 50_000);
    books.post(&first, 0).unwrap();
    books.post(&second, 0).unwrap();
    let entries: Vec<_> = books.subsidies().entries().collect();
    assert_eq!(entries.len(), 1);
    let (purpose, payee, entry) = entries[0];
    assert_eq!((purpose, payee, entry.payee), (Item::Subsidy, meter(ROOF), Role::GeneratorIncome));
    assert_eq!((entry.count, entry.paid), (2, Fen::from_fen(150)));
    let total = books.subsidies().total(Item::Subsidy);
    assert_eq!((total.payees, total.left()), (1, Some(Fen::from_fen(-50))));
    assert_eq!(books.subsidies().paid(), Fen::from_fen(150));
    assert_eq!(books.role(Role::Fiscal).spent, Fen::from_fen(150));
    assert_eq!(books.purse(), Money::ZERO, "the fiscal wallet pays, not the company");
}

#[test]
fn tampered_records_are_refused() {
    type Plant = fn(&mut SettlementRecord);
    #[rustfmt::skip]
    let table: &[(Plant, RecordFault)] = &[
        (|r| r.meter = meter(1), RecordFault::UnknownMeter),
        (|r| r.sequence = 3, RecordFault::Gap),
        (|r| r.direction = 3, RecordFault::Vocabulary),
        (|r| r.legs[0].credit = 99, RecordFault::Vocabulary),
        (|r| r.end = r.start, RecordFault::Interval),
        (|r| r.start = day(1), RecordFault::Interval),
        (|r| r.register_after = Energy::from_kwh(1), RecordFault::Register),
        (|r| { r.register_before += Energy::from_kwh(1); r.register_after += Energy::from_kwh(1); }, RecordFault::RegisterGap),
        (|r| r.items[0].amount += 1, RecordFault::LineAmount),
        (|r| r.items[0].amount = -1, RecordFault::LineAmount),
        (|r| r.items[0].quantity = Quantity::MaximumDemand.byte(), RecordFault::LineAmount),
        (|r| r.items[0].quantity = 99, RecordFault::LineAmount),
        (|r| r.items[0].leg = 5, RecordFault::LineLeg),
        (|r| { let leg = r.legs[0]; r.legs.push(leg).unwrap(); }, RecordFault::LineLeg),
        (|r| r.items[0].price += Price::from_micro_yuan_per_kwh(1), RecordFault::Charge),
        (|r| r.legs[0].charged += Money::from_micro_yuan(1), RecordFault::Charge),
        (|r| r.legs[0].pico_after = 1_000_000, RecordFault::Charge),
        (|r| r.legs[0].paid += Fen::from_fen(1), RecordFault::Carry),
        (|r| r.legs[0].carried_after += Money::from_micro_yuan(1), RecordFault::Carry),
        (|r| { r.legs[0].carried_before += Money::from_micro_yuan(1); r.legs[0].carried_after += Money::from_micro_yuan(1); }, RecordFault::CarryGap),
        (|r| r.legs[0].paid = Fen::MAX, RecordFault::Range),
        (|r| r.register_after = Energy::MAX, RecordFault::Range),
    ];
    for (index, (plant, fault)) in table.iter().enumerate() {
        let mut books = books();
        let first = record(&SALE, None, 1234, 561_337);
        books.post(&first, 0).unwrap();
        let mut second = record(&SALE, Some(&first), 777, 561_337);
        plant(&mut second);
        let before = books.clone();
        let refusal = books.post(&second, 0).unwrap_err();
        assert_eq!(refusal.fault, *fault, "planted error {index}");
        assert_eq!((refusal.meter, refusal.sequence), (second.meter, second.sequence));
        assert_eq!(books, before, "nothing is booked");
    }
}
