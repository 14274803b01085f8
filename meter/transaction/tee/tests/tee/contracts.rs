//! Loading of contracts: what is accepted, what is refused, and when a new one takes over.

use crate::world::*;
use crypto::{Sign, digest};
use quantity::{CivilDate, Duration, Energy};
use wire::package::{ContractPackage, PackageKind, SignedPackage};
use wire::tee::{Alarm, Code, Command};
use wire::{Digest, Signature};

const KWH: i64 = 1_000_000;

fn second(change: impl Fn(&mut ContractPackage)) -> SignedPackage {
    let first = package(1, 1, &import_program(1, "0.60", "政府基金"));
    let mut second = package(1, 2, &import_program(1, "0.80", "政府基金"));
    second.supersedes = digest(&first);
    second.active_from = START + Duration::from_minutes(10);
    change(&mut second);
    sign_package(second)
}

#[test]
fn refusals_have_codes_and_change_nothing() {
    let good = second(|_| ());
    let unsigned = SignedPackage { regulator: Signature::default(), ..good.clone() };
    let one_signer = SignedPackage { grid_company: good.regulator, ..good.clone() };
    let stranger = SignedPackage { regulator: key(77).sign(&good.package), ..good.clone() };
    let mut altered = good.clone();
    altered.package.version += 1;
    let cases = [
        (unsigned, Code::Signature),
        (one_signer, Code::Signature),
        (stranger, Code::Signature),
        (altered, Code::Signature),
        (second(|package| package.class = 1), Code::WrongClass),
        (second(|package| package.direction = 0), Code::WrongDirection),
        (
            second(|package| {
                (package.direction, package.supersedes) = (2, Digest::default());
            }),
            Code::WrongDirection,
        ),
        (second(|package| package.sequence = 0), Code::StaleSequence),
        (second(|package| package.sequence = 1), Code::Fork),
        (second(|package| package.supersedes = Digest::default()), Code::OtherPredecessor),
        (
            second(|package| package.valid_from = START + Duration::from_minutes(5)),
            Code::NotYetValid,
        ),
        (second(|package| package.valid_until = START), Code::Expired),
        (
            second(|package| package.active_from = START + Duration::from_milliseconds(1)),
            Code::NoBoundary,
        ),
        (second(|package| package.active_from = package.valid_until), Code::NoBoundary),
        (second(|package| package.on_expiry = Digest([1; 32])), Code::NoDefault),
        (second(|package| package.on_expiry = Digest::default()), Code::NoDefault),
        (second(|package| package.sequence = u64::MAX), Code::SequenceTooFar),
        (second(|package| package.program.truncate(100)), Code::Program),
        (
            second(|package| package.program = wire_program(&import_program(1, "0.80", "国库"))),
            Code::Unbound,
        ),
    ];
    for (number, (package, code)) in cases.into_iter().enumerate() {
        let mut world = World::trading();
        let before = world.status();
        assert_eq!(world.code(Command::Load(package)), code, "case {number}");
        let mut after = world.status();
        let alarms = if code == Code::Fork { Alarm::Fork.bit() } else { 0 };
        assert_eq!(after.alarms, alarms);
        after.alarms = 0;
        assert_eq!(after, before, "case {number}");
    }
}

#[test]
fn the_same_package_again_is_already_there() {
    let mut world = World::trading();
    let package = second(|_| ());
    assert_eq!(world.code(Command::Load(package.clone())), Code::Accepted);
    assert_eq!(world.code(Command::Load(package)), Code::AlreadyThere);
}

#[test]
fn a_program_for_another_class_is_refused_even_if_signed() {
    let mut world = World::trading();
    let other = import_program_of("居民");
    let package = second(|package| package.program = wire_program(&other));
    assert_eq!(world.code(Command::Load(package)), Code::WrongClass);
}

fn import_program_of(class: &str) -> Vec<u8> {
    let source = format!(
        "合约 \"other\" 第 1 版\n 标题 \"测试\" \"Test\"\n 适用 {class}，正向\n \
         结算 每 1 分钟，至多 500 千瓦时\n 限价 0.0 元/千瓦时 至 3.0 元/千瓦时\n\
         依据 \"测试\" \"电费\" {{ 支付 电费: 客户缴费 -> 电网收入\n \
         价格 基准 = 0.5 元/千瓦时 记入 电费 }}\n\
         示例 {{ 2026-04-01 12:00 用电 1 千瓦时 => 电费 0.5 元 }}\n"
    );
    contract::build(&source).unwrap().bytecode
}

#[test]
fn a_new_contract_waits_and_takes_over_at_its_boundary() {
    let mut world = World::trading();
    let package = second(|_| ());
    let (old, new) = (world.status().directions[0].contracts.active, digest(&package.package));
    assert_eq!(world.code(Command::Load(package)), Code::Accepted);
    assert_eq!(world.status().directions[0].contracts.waiting, new);
    world.reboot();
    // One report 20 minutes later: the old contract settles up to the boundary, the new one on.
    assert_eq!(world.after(20, 20 * KWH), (Code::Accepted, 2));
    world.sync();
    let seen: Vec<_> = world
        .bank
        .records(1)
        .map(|record| (record.contract, record.legs[0].charged.micro_yuan()))
        .collect();
    assert_eq!(seen, [(old, 6_000_000), (new, 8_000_000)]);
    let contracts = world.status().directions[0].contracts;
    assert_eq!((contracts.active, contracts.waiting), (new, Digest::default()));
}

#[test]
fn a_waiting_contract_can_be_replaced_but_not_once_it_is_due() {
    let mut world = World::trading();
    let waiting = second(|_| ());
    let last = digest(&waiting.package);
    assert_eq!(world.code(Command::Load(waiting)), Code::Accepted);
    let third = second(|package| (package.sequence, package.supersedes) = (3, last));
    let third_digest = digest(&third.package);
    assert_eq!(world.code(Command::Load(third)), Code::Accepted);
    world.now = START + Duration::from_minutes(11);
    let fourth = second(|package| {
        (package.sequence, package.supersedes) = (4, third_digest);
        package.active_from = START + Duration::from_minutes(20);
    });
    assert_eq!(world.code(Command::Load(fourth.clone())), Code::SlotsTaken);
    assert_eq!(world.after(0, 11 * KWH), (Code::Accepted, 2));
    assert_eq!(world.code(Command::Load(fourth)), Code::Accepted);
    world.sync();
    assert_eq!(world.bank.settled_energy(1), Energy::from_kwh(11));
}

#[test]
fn what_is_owed_stays_owed_between_the_same_wallets() {
    let mut world = World::trading();
    world.after(1, 33_333);
    let owed = world.status().directions[0].carried;
    // The new contract pays the surcharge first and to the grid company's own wallet only.
    let package = second(|package| {
        package.program = wire_program(&import_program(1, "0.80", "电网购电"));
    });
    assert_eq!(world.code(Command::Load(package)), Code::Accepted);
    world.now = START + Duration::from_minutes(9);
    world.after(1, 0);
    let before = world.status().directions[0].carried;
    assert_eq!(before, owed, "nothing was charged");
    world.after(1, 0);
    assert_eq!(world.status().directions[0].carried, owed, "and nothing is forgotten");
    world.sync();
    let (charged, paid, carried) = world.bank.money(1);
    assert_eq!(charged, paid + carried);
}

/// A contract for import that needs something: header lines, then prices.
fn needing(header: &str, prices: &str, example: &str) -> Vec<u8> {
    let source = format!(
        "合约 \"needing\" 第 1 版\n 标题 \"测试\" \"Test\"\n 适用 产消者，正向\n \
         结算 每 1 分钟，至多 500 千瓦时\n 限价 0.0 元/千瓦时 至 3.0 元/千瓦时\n{header}\n\
         依据 \"测试\" \"电费\" {{ 支付 电费: 客户缴费 -> 电网收入\n \
         价格 基准 = 0.5 元/千瓦时 记入 电费\n {prices} }}\n\
         示例 {{ 2026-04-01 12:00 用电 1 千瓦时{example} }}\n"
    );
    contract::build(&source).unwrap_or_else(|faults| panic!("{faults:?}")).bytecode
}

const PLAIN: &str = " => 电费 0.5 元";

/// (what it needs, header line, price, facts and result of the example, result code)
const NEEDS: [(&str, &str, &str, &str, Code); 11] = [
    ("nothing", "", "", PLAIN, Code::Accepted),
    (
        "maximum-demand",
        "量 最大需量 至多 10 兆瓦，限价 0 元/千瓦 至 60 元/千瓦",
        "价格 容量 = 40 元/千瓦 记入 电费 按 最大需量",
        PLAIN,
        Code::Unsupplied,
    ),
    (
        "month-energy",
        "量 月电量 至多 10 兆瓦时，限价 0 元/千瓦时 至 1 元/千瓦时",
        "价格 附加 = 0.1 元/千瓦时 记入 电费 按 月电量",
        PLAIN,
        Code::Unsupplied,
    ),
    (
        "netted-energy",
        "量 抵扣电量 至多 10 兆瓦时，限价 -1 元/千瓦时 至 0 元/千瓦时",
        "价格 抵扣 = -0.5 元/千瓦时 记入 电费 按 抵扣电量",
        PLAIN,
        Code::Unsupplied,
    ),
    (
        "billed",
        "量 计费额 至多 10000 元，限价 0 % 至 2 %",
        "价格 力调 = 1 % 记入 电费 按 计费额",
        PLAIN,
        Code::Unsupplied,
    ),
    (
        "capacity",
        "量 容量 至多 10 兆伏安，限价 0 元/千伏安 至 60 元/千伏安",
        "价格 容量 = 32 元/千伏安 记入 电费 按 容量",
        PLAIN,
        Code::Unsupplied,
    ),
    (
        "power-factor",
        "量 功率因数 至多 100 %\n 量 计费额 至多 10000 元，限价 0 % 至 2 %",
        "级差表 力 按 功率因数 { 低于 90 % 1 %; 以上 0 % }\n 价格 力调 = 级差表 力 记入 电费 按 计费额",
        PLAIN,
        Code::Unsupplied,
    ),
    (
        "deviation-power",
        "量 最大偏差功率 至多 10 兆瓦，限价 0 元/千瓦 至 1 元/千瓦",
        "价格 偏差 = 0.1 元/千瓦 记入 电费 按 最大偏差功率",
        "，最大偏差功率 1 千瓦 => 电费 0.6 元",
        Code::Unsupplied,
    ),
    (
        "traded-energy",
        "量 交易电量 至多 10 兆瓦时，限价 0 元/千瓦时 至 1 元/千瓦时",
        "价格 交易 = 0.1 元/千瓦时 记入 电费 按 交易电量",
        "，交易电量 1 千瓦时 => 电费 0.6 元",
        Code::Unsupplied,
    ),
    (
        "a prepaid hold",
        "预付 电费 冻结 50 元，低于 10 元 再冻结，30 天 后 释放",
        "",
        "，已冻结 0 元 => 电费 0.5 元，冻结 50 元",
        Code::Unsupplied,
    ),
    (
        "money for a purpose",
        "",
        "支付 补: 客户缴费 -> 政府基金 用于 采暖 90 天 后 失效\n 价格 补贴 = 0.1 元/千瓦时 记入 补",
        " => 电费 0.5 元，补 0.1 元",
        Code::Unsupplied,
    ),
];

#[test]
fn what_a_contract_needs_is_known_at_load() {
    for (need, header, prices, example, code) in NEEDS {
        let mut world = World::trading();
        let before = world.status();
        let program = needing(header, prices, example);
        let package = second(|package| package.program = wire_program(&program));
        assert_eq!(world.code(Command::Load(package)), code, "{need}");
        assert_eq!(world.status() == before, code == Code::Unsupplied, "{need}");
    }
}

/// A contract whose nights are cheap on holidays of the years that it lists.
fn listing(years: &str) -> Vec<u8> {
    let source = format!(
        "合约 \"listing\" 第 1 版\n 标题 \"测试\" \"Test\"\n 适用 产消者，正向\n \
         结算 每 1 分钟，至多 500 千瓦时\n 限价 0.0 元/千瓦时 至 3.0 元/千瓦时\n\
         依据 \"测试\" \"电费\" {{ {years}\n 支付 电费: 客户缴费 -> 电网收入\n \
         日历 全年 {{ 00:00 平 }}\n 日历 全年 逢 节假日 {{ 00:00 谷 }}\n \
         分时表 价 全年 {{ 平 0.5 元/千瓦时; 谷 0.3 元/千瓦时 }}\n \
         价格 分时 = 分时表 价 记入 电费 }}\n\
         示例 {{ 2026-04-02 12:00 用电 1 千瓦时 => 电费 0.5 元 }}\n"
    );
    contract::build(&source).unwrap_or_else(|faults| panic!("{faults:?}")).bytecode
}

#[test]
fn a_contract_lists_the_holidays_of_all_its_years() {
    let one = "特殊日 2026 年 { 节假日 2026-05-01 }";
    let two = "特殊日 2026 年 { 节假日 2026-05-01 }\n 特殊日 2027 年 { 节假日 2027-05-01 }";
    let first = |year, month| CivilDate { year, month, day: 1 }.start();
    let table = [
        (one, first(2026, 12), Code::Accepted),
        (one, first(2027, 1), Code::Accepted),
        (one, first(2027, 1) + Duration::from_milliseconds(1), Code::Calendar),
        (one, first(2027, 6), Code::Calendar),
        (two, first(2027, 6), Code::Accepted),
        (two, first(2028, 6), Code::Calendar),
    ];
    for (years, until, code) in table {
        let mut world = World::trading();
        let package = second(|package| {
            package.program = wire_program(&listing(years));
            package.valid_until = until;
        });
        assert_eq!(world.code(Command::Load(package)), code, "{years} until {}", until.civil());
    }
    let mut world = World::trading();
    let default = second(|package| {
        package.kind = PackageKind::Default;
        package.on_expiry = Digest::default();
        package.program = wire_program(&listing(two));
    });
    assert!(!world.code(Command::Load(default)).is_success());
}
