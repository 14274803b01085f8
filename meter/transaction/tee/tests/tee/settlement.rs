//! From reports to orders.

use crate::world::*;
use quantity::{Duration, Energy, Fen};
use wire::tee::{Alarm, Code, Command, Hold, Outcome, Reply, Which};

const KWH: i64 = 1_000_000;

#[test]
fn a_minute_of_energy_becomes_one_order() {
    let mut world = World::trading();
    assert_eq!(world.after(1, 2 * KWH + 12_345), (Code::Accepted, 1));
    let (order, record) = world.last();
    assert_eq!((order.sequence, order.signer), (1, meter_key().id()));
    assert_eq!((record.start, record.end), (START, START + Duration::from_minutes(1)));
    // 2.012345 × 0.60 = 1.207407 yuan; 2.012345 × 0.0272 = 0.054735784 yuan.
    let amounts: Vec<_> = order.legs.iter().map(|leg| (leg.amount.fen(), leg.reason)).collect();
    assert_eq!(amounts, [(120, 0), (5, 1)]);
    let line = &record.legs[1];
    assert_eq!((line.charged.micro_yuan(), line.pico_after), (54_735, 784_000));
    assert_eq!(line.carried_after.micro_yuan(), 4_735);
    assert_eq!(world.status().directions[0].hold, Hold::None);
}

#[test]
fn a_settlement_without_a_whole_fen_is_an_order_too() {
    let mut world = World::trading();
    assert_eq!(world.after(1, 1), (Code::Accepted, 1));
    assert!(world.last().0.legs.is_empty());
    assert_eq!(world.after(1, 0), (Code::Accepted, 1));
}

#[test]
fn many_small_settlements_equal_a_large_one() {
    let (mut small, mut large) = (World::trading(), World::trading());
    for _ in 0..60 {
        small.after(1, 33_333);
    }
    large.after(60, 60 * 33_333);
    small.sync();
    large.sync();
    assert_eq!(small.bank.orders.len(), 60);
    assert_eq!(large.bank.orders.len(), 1);
    assert_eq!(small.bank.money(1), large.bank.money(1));
    assert_eq!(small.bank.settled_energy(1), large.bank.settled_energy(1));
}

#[test]
fn a_report_inside_an_interval_settles_nothing() {
    let mut world = World::bare(tee::CAPACITY_USUAL);
    let program = import_program(5, "0.60", "政府基金");
    world.begin(package(1, 1, &program));
    let sealed: Vec<_> = (0..12).map(|_| world.after(1, KWH).1).collect();
    assert_eq!(sealed, [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(world.last().1.register_after.milliwatt_hours(), 11 * KWH);
}

#[test]
fn a_band_change_splits_in_proportion_of_time() {
    let mut world = World::trading();
    // From 22 h to 10 h: midnight and 8 h lie in between.
    world.now = START + Duration::from_hours(12);
    world.report();
    let before = world.import;
    assert_eq!(world.after(720, 36 * KWH + 7), (Code::Accepted, 3));
    world.sync();
    let energies: Vec<_> = world
        .bank
        .records(1)
        .skip(1)
        .map(|record| (record.register_after - record.register_before).milliwatt_hours())
        .collect();
    // Two, eight and two hours; each part is rounded down, and what is left goes on.
    assert_eq!(energies, [6 * KWH + 1, 24 * KWH + 4, 6 * KWH + 2]);
    assert_eq!(world.bank.settled_energy(1).milliwatt_hours(), before - KWH + 36 * KWH + 7);
}

#[test]
fn the_register_at_the_start_of_the_month_divides_exactly() {
    let mut world = World::trading();
    world.now = START + Duration::from_hours(11 * 24 - 11);
    world.report();
    let before = world.import;
    world.now = world.now + Duration::from_hours(2);
    world.import += 10 * KWH;
    let mut report = world.report_of();
    report.import_month_start = Energy::from_milliwatt_hours(before + 7 * KWH);
    use wire::Wire;
    let frame = world.link.seal(&report.encode::<128>().unwrap());
    world.invoke(Command::Deliver(frame));
    let record = world.last().1;
    assert_eq!(record.start, START + Duration::from_hours(11 * 24 - 10));
    assert_eq!(record.register_before.milliwatt_hours(), before + 7 * KWH);
    assert_eq!(record.register_month_start, record.register_before);
}

#[test]
fn energy_before_the_first_contract_waits_for_it() {
    let mut world = World::bare(tee::CAPACITY_USUAL);
    assert_eq!(world.report(), (Code::Accepted, 0));
    assert_eq!(world.after(30, 3 * KWH), (Code::Accepted, 0));
    assert_eq!(world.status().directions[0].hold, Hold::NoContract);
    let program = import_program(1, "0.60", "政府基金");
    world.begin(package(1, 1, &program));
    assert_eq!(world.after(1, 0), (Code::Accepted, 1));
    let record = world.last().1;
    assert_eq!(record.start, START);
    assert_eq!((record.register_after - record.register_before).milliwatt_hours(), 3 * KWH);
}

#[test]
fn more_than_the_bound_is_settled_in_pieces() {
    let mut world = World::trading();
    assert_eq!(world.after(60, 1_700 * KWH), (Code::Accepted, 4));
    world.sync();
    assert_eq!(world.bank.settled_energy(1), Energy::from_kwh(1_700));
}

#[test]
fn both_directions_settle_side_by_side() {
    let mut world = World::trading();
    world.begin(package(2, 1, &export_program()));
    world.export += 10 * KWH;
    assert_eq!(world.after(1, KWH), (Code::Accepted, 2));
    let (order, record) = world.last();
    assert_eq!((record.direction, order.legs[0].debit), (2, wallet(3)));
    assert_eq!(order.legs[0].amount, Fen::from_fen(377));
}

#[test]
fn signals_count_from_their_first_instant_to_their_last() {
    let mut world = World::trading();
    let at = |minutes| START + Duration::from_minutes(minutes);
    for (sequence, from, price) in [(1, at(0), 100_000), (2, at(5), 200_000)] {
        assert_eq!(world.code(Command::Signal(signal(sequence, from, 5, price))), Code::Accepted);
    }
    // One report for all: the settlement is split where the price changes.
    assert_eq!(world.after(15, 15 * KWH), (Code::Accepted, 3));
    world.sync();
    let seen: Vec<_> = world
        .bank
        .records(1)
        .map(|record| record.signals.first().map(|used| (used.sequence, used.from)))
        .collect();
    assert_eq!(seen, [Some((1, at(0))), Some((2, at(5))), None]);
    let charged: Vec<_> =
        world.bank.records(1).map(|record| record.legs[0].charged.micro_yuan()).collect();
    assert_eq!(charged, [3_500_000, 4_000_000, 3_000_000]);
}

#[test]
fn what_follows_a_change_of_price_on_a_boundary_waits_for_the_next_one() {
    let mut world = World::trading();
    world.invoke(Command::Signal(signal(1, START, 10, 100_000)));
    let reports = [(576, 1, 576), (636, 1, 600), (659, 0, 600), (660, 1, 660)];
    for (seconds, sealed, settled) in reports {
        world.now = START + Duration::from_seconds(seconds);
        world.import = KWH + seconds * 1_000;
        assert_eq!(world.report(), (Code::Accepted, sealed), "{seconds} s");
        let side = &world.status().directions[0];
        assert_eq!(side.settled_until, START + Duration::from_seconds(settled));
        assert_eq!(side.settled_register.milliwatt_hours(), KWH + settled * 1_000);
    }
}

#[test]
fn signals_are_refused_by_code() {
    let mut world = World::trading();
    let good = signal(3, START, 5, 1);
    let mut forged = good.clone();
    forged.body.values[0].price = quantity::Price::from_micro_yuan_per_kwh(2);
    let seal = |change: fn(&mut wire::signal::PriceSignal)| {
        let mut body = signal(9, START, 5, 1).body;
        change(&mut body);
        crypto::Sign::seal(&grid_company(), body)
    };
    let cases = [
        (forged, Code::Signature),
        (good.clone(), Code::Accepted),
        (good, Code::AlreadyThere),
        (signal(3, START, 5, 7), Code::Fork),
        (signal(2, START, 5, 7), Code::StaleSequence),
        (signal(4, START - Duration::from_hours(1), 5, 7), Code::Expired),
        (seal(|body| body.until = body.from), Code::Expired),
        (seal(|body| body.class = 1), Code::WrongClass),
        (seal(|body| body.direction = 3), Code::WrongDirection),
        (seal(|body| body.values[0].signal = 99), Code::Values),
    ];
    for (number, (signal, code)) in cases.into_iter().enumerate() {
        assert_eq!(world.code(Command::Signal(signal)), code, "case {number}");
    }
    assert_eq!(world.status().alarms, Alarm::Fork.bit());
}

#[test]
fn stale_and_altered_frames_change_nothing() {
    let mut world = World::trading();
    world.now = world.now + Duration::from_minutes(1);
    world.import += KWH;
    let frame = world.frame();
    let Command::Deliver(mut altered) = frame.clone() else { unreachable!() };
    altered.ciphertext[0] ^= 1;
    let memory = world.tee.memory().bytes.clone();
    assert_eq!(world.code(Command::Deliver(altered)), Code::AlteredFrame);
    assert!(memory == world.tee.memory().bytes);
    assert_eq!(world.code(frame.clone()), Code::Accepted);
    let memory = world.tee.memory().bytes.clone();
    assert_eq!(world.code(frame.clone()), Code::StaleFrame);
    world.reboot();
    assert_eq!(world.code(frame), Code::StaleFrame, "the counter outlives a power cut");
    assert!(memory == world.tee.memory().bytes);
}

#[test]
fn a_register_that_goes_backwards_raises_an_alarm() {
    let mut world = World::trading();
    world.after(1, KWH);
    assert_eq!(world.after(1, -1), (Code::RegisterBackwards, 0));
    assert_eq!(world.status().alarms, Alarm::RegisterBackwards.bit());
    world.reboot();
    assert_eq!(world.status().alarms, Alarm::RegisterBackwards.bit());
    assert_eq!(world.after(1, 2), (Code::Accepted, 1));
    world.now = START;
    assert_eq!(world.report().0, Code::OldReport);
}

#[test]
fn two_hours_offline_catch_up_in_order() {
    let mut world = World::trading();
    for _ in 0..120 {
        assert_eq!(world.after(1, 50_000), (Code::Accepted, 1));
    }
    let status = world.status();
    assert_eq!((status.sequence, status.acknowledged), (120, 0));
    world.sync();
    let status = world.status();
    assert_eq!((status.acknowledged, status.offline_orders), (120, 0));
    assert_eq!(status.offline_amount, Fen::ZERO);
    assert_eq!(world.bank.settled_energy(1), Energy::from_kwh(6));
    let first = world.fetch(Which::Sequence(1)).unwrap();
    assert_eq!(first.outcome, Outcome::Receipt(0));
}

#[test]
fn a_full_journal_lets_energy_wait_and_loses_nothing() {
    let mut world = World::bare(tee::CAPACITY_MIN);
    let program = import_program(1, "0.60", "政府基金");
    world.begin(package(1, 1, &program));
    world.report();
    let sealed: i64 = (0..60).map(|_| i64::from(world.after(1, KWH).1)).sum();
    assert!((15..30).contains(&sealed), "{sealed} entries fit 64 blocks");
    assert_eq!(world.status().directions[0].hold, Hold::JournalFull);
    for _ in 0..200 {
        world.sync();
        world.after(1, KWH);
        world.reboot();
    }
    world.sync();
    assert_eq!(world.bank.settled_energy(1), Energy::from_kwh(260));
}

#[test]
fn time_never_goes_behind_what_the_centre_signed() {
    let mut world = World::trading();
    world.after(1, KWH);
    world.now = START + Duration::from_days(400);
    world.sync();
    world.now = START + Duration::from_minutes(2);
    let mut late = package(1, 2, &import_program(1, "0.80", "政府基金"));
    late.supersedes = world.status().directions[0].contracts.active;
    assert_eq!(world.load(late), Code::Expired, "a clock turned back makes nothing young");
    assert_eq!(world.after(1, KWH), (Code::Accepted, 1), "and nobody is cut off");
}

#[test]
fn damage_is_named() {
    use wire::tee::{Damage, Place};
    let mut world = World::trading();
    world.after(1, KWH);
    let image = world.tee.memory().clone();
    let boot_with = |addresses: &[usize]| {
        let mut image = image.clone();
        addresses.iter().for_each(|address| image.bytes[*address] ^= 1);
        tee::Tee::boot(image).map(|_| ())
    };
    let boot = |address: usize| boot_with(&[address]).unwrap_err();
    let damaged = |place, address| tee::BootError::Damaged(Damage { place, address });
    assert_eq!(boot(0xa800 + 100), damaged(Place::Journal, 0xa800));
    assert_eq!(boot(0x4000 + 150), damaged(Place::Contract, 0x4000));
    assert_eq!(boot_with(&[20]), Ok(()), "there are two copies");
    let both = boot_with(&[20, 20 + 784]).unwrap_err();
    assert_eq!(both, damaged(Place::Personalisation, 0));
    let blank = tee::Tee::boot(Fram::blank(tee::CAPACITY_USUAL));
    assert_eq!(blank.map(|_| ()).unwrap_err(), tee::BootError::Blank);
    let replaced = tee::Tee::personalise(image.clone(), &personalisation());
    assert_eq!(replaced.map(|_| ()).unwrap_err(), tee::PersonaliseError::AlreadyPersonalised);
}

#[test]
fn commands_and_replies_survive_the_way_as_bytes() {
    use wire::Wire;
    let mut world = World::trading();
    world.after(1, KWH);
    let receipt = world.receipt_of_oldest();
    let commands = [
        world.frame(),
        Command::Load(sign_package(package(1, 1, &export_program()))),
        Command::Signal(signal(1, START, 5, 1)),
        Command::Receipt(receipt),
        Command::Fetch(Which::Oldest),
        Command::Fetch(Which::Sequence(7)),
        Command::Status,
        Command::SetLimits(crypto::Sign::seal(&operator(), limits())),
        Command::Identify,
        Command::Recall(recall(2, world.status().directions[0].contracts.default)),
        Command::Rotate(rotation(1, wire::Digest::default(), &keys(), &keys())),
        Command::Attest(wire::Digest([7; 32])),
    ];
    for command in commands {
        let bytes = command.encode::<{ wire::tee::COMMAND_BYTES_MAX }>().unwrap();
        assert_eq!(Command::decode(&bytes).unwrap(), command);
        let reply = world.invoke(command);
        let bytes = reply.encode::<2048>().unwrap();
        assert_eq!(Reply::decode(&bytes).unwrap(), reply);
        assert!((0..bytes.len()).all(|length| Reply::decode(&bytes[..length]).is_err()));
    }
}

#[test]
fn evidence_holds_every_signal_there_is() {
    use contract::SignalId;
    let mut rules = String::new();
    let mut conditions = String::new();
    for id in SignalId::ALL {
        let name = id.name_zh();
        if id.is_event() {
            rules += &format!(" 事件 {name}，超过 24 小时 取 否\n");
            conditions += &format!(" {name}");
        } else {
            rules += &format!(
                " 信号 {name} 限于 0 元/千瓦时 至 0.1 元/千瓦时，超过 15 分钟 取 0 元/千瓦时\n"
            );
        }
    }
    let prices = SignalId::ALL.iter().filter(|id| !id.is_event());
    let sum: Vec<_> = prices.map(|id| format!("信号 {}", id.name_zh())).collect();
    let program = build(&format!(
        "合约 \"all-signals\" 第 1 版\n 标题 \"测试\" \"Test\"\n 适用 产消者，正向\n \
         结算 每 1 分钟，至多 500 千瓦时\n 限价 0.0 元/千瓦时 至 3.0 元/千瓦时\n\
         依据 \"测试\" \"电费\" {{ 支付 电费: 客户缴费 -> 电网收入\n{rules} \
         价格 基准 = {} 记入 电费\n \
         价格 附加 = 0.5 元/千瓦时 记入 电费 当{conditions} }}\n\
         示例 {{ 2026-04-01 12:00 用电 1 千瓦时 => 电费 0 元 }}\n",
        sum.join(" + ")
    ));
    let mut world = World::bare(tee::CAPACITY_USUAL);
    world.begin(package(1, 1, &program));
    world.report();
    let mut all = signal(1, START, 5, 0).body;
    let value = |id: &SignalId| wire::signal::Component {
        signal: id.byte(),
        price: quantity::Price::from_micro_yuan_per_kwh(if id.is_event() { 1 } else { 10_000 }),
    };
    all.values = SignalId::ALL.iter().map(value).collect();
    let all = crypto::Sign::seal(&grid_company(), all);
    assert_eq!(world.code(Command::Signal(all)), Code::Accepted);
    world.reboot();
    assert_eq!(world.after(1, KWH), (Code::Accepted, 1));
    let record = world.last().1;
    assert!(record.signals.iter().map(|used| used.signal).eq(1..=16));
    // Ten signals of 0.01 yuan, and 0.5 while all events are on.
    assert_eq!(record.legs[0].charged.micro_yuan(), 600_000);
}
