//! Whatever happens in whatever order, energy and money are all accounted for.

use crate::world::*;
use proptest::prelude::*;
use quantity::{Duration, Fen, Instant};
use wire::tee::{Command, Status, Which};

#[derive(Clone, Debug)]
enum Step {
    Report { seconds: i64, import: i64, export: i64 },
    Signal { price: i64 },
    Receipts { number: usize, refuse: bool },
    Limits { fen: i64 },
    TopUp { fen: i64 },
    Cut { fuel: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..7_200_i64, 0..3_000_000_i64, 0..2_000_000_i64)
            .prop_map(|(seconds, import, export)| Step::Report { seconds, import, export }),
        1 => (-900_000..900_000_i64).prop_map(|price| Step::Signal { price }),
        2 => (0..6_usize, prop::bool::weighted(0.1))
            .prop_map(|(number, refuse)| Step::Receipts { number, refuse }),
        1 => (0..2_000_i64).prop_map(|fen| Step::Limits { fen }),
        1 => (0..10_000_i64).prop_map(|fen| Step::TopUp { fen }),
        2 => (0..4_000_usize).prop_map(|fuel| Step::Cut { fuel }),
    ]
}

fn carry_out(world: &mut World, step: &Step, number: u64) {
    match *step {
        Step::Report { seconds, import, export } => {
            world.now = world.now + Duration::from_seconds(seconds);
            (world.import, world.export) = (world.import + import, world.export + export);
            world.report();
        }
        Step::Signal { price } => {
            let signal = signal(number, world.now, 10, price);
            world.invoke(Command::Signal(signal));
        }
        Step::Receipts { number, refuse } => {
            for _ in 0..number {
                let Some(entry) = world.fetch(Which::Oldest) else { return };
                world.bank.refuse = refuse;
                let receipt = world.bank.take(&entry, world.now);
                world.bank.refuse = false;
                world.invoke(Command::Receipt(receipt));
            }
        }
        Step::Limits { fen } => {
            let new = wire::tee::Limits {
                sequence: number,
                per_payment: Fen::from_fen(fen),
                offline_amount: Fen::from_fen(fen * 3),
                ..limits()
            };
            world.invoke(Command::SetLimits(crypto::Sign::seal(&operator(), new)));
        }
        Step::TopUp { fen } => {
            *world.bank.balances.get_mut(&wallet(1).number()).unwrap() += fen;
        }
        Step::Cut { fuel } => {
            let mut memory = world.tee.memory().clone();
            memory.fuel = fuel;
            world.tee = tee::Tee::boot(memory).unwrap();
            world.now = world.now + Duration::from_minutes(1);
            world.import += 10_000;
            world.report();
            world.reboot();
        }
    }
}

/// Reports until nothing more is due.
fn settle(world: &mut World, now: Instant) -> Status {
    world.now = now;
    while world.report().1 > 0 {}
    world.sync();
    world.status()
}

fn check_the_sums(steps: &[Step]) {
    let minute = Duration::from_minutes(1);
    let mut world = World::trading();
    world.begin(package(2, 1, &export_program()));
    for (number, step) in (2..).zip(steps) {
        carry_out(&mut world, step, number);
    }
    let now = world.now + minute;
    for side in settle(&mut world, now).directions {
        // What comes after the last change of price waits if no boundary follows.
        assert!((now.floor_to(minute)..=now).contains(&side.settled_until));
    }
    let boundary = (now + minute).floor_to(minute);
    let status = settle(&mut world, boundary);
    let (import, export) = (world.import, world.export);
    for (direction, start, end) in [(1, 1_000_000, import), (2, 500_000, export)] {
        let side = &status.directions[usize::from(direction) - 1];
        assert_eq!(side.settled_until, boundary);
        assert_eq!(side.settled_register.milliwatt_hours(), end);
        assert_eq!(world.bank.settled_energy(direction).milliwatt_hours(), end - start);
        let (charged, paid, carried) = world.bank.money(direction);
        assert_eq!(charged, paid + carried);
        assert_eq!(carried, side.carried.micro_yuan());
    }
    assert_eq!(status.offline_amount, Fen::ZERO);
    assert_eq!(world.bank.orders.len() as u64, status.sequence);
}

/// The last report comes 36 s after the minute in which the price ended.
#[test]
fn a_price_that_ends_just_before_the_last_report_adds_up_too() {
    let signal = Step::Signal { price: 863_639 };
    check_the_sums(&[signal, Step::Report { seconds: 576, import: 948_584, export: 61_996 }]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn energy_and_money_add_up(steps in prop::collection::vec(step(), 1..60)) {
        check_the_sums(&steps);
    }
}
