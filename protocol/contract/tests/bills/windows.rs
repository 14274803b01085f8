//! The hours of the notices: counted in half hours against `data/tariffs/tou_windows.toml`, and the same in two
//! ways of writing.

use contract::{Program, Signals};
use quantity::{CivilDate, Duration};

use super::{built, contract, folder};

/// The expected half hours of a day for each month of a province: critical, peak, flat, valley, deep.
fn expected(province: &str) -> [[u32; 5]; 12] {
    let text = std::fs::read_to_string(folder("../../data/tariffs/tou_windows.toml")).unwrap();
    let (_, text) = text.split_once(&format!("province = \"{province}\"")).unwrap();
    let text = text.split("[[tou]]").next().unwrap();
    let mut counts = [[0; 5]; 12];
    for block in text.split("[[tou.expect]]").skip(1) {
        let block = block.split('[').take(2).collect::<Vec<_>>().join("[");
        let value = |key: &str| {
            let line = block.lines().find(|line| line.starts_with(&format!("{key} = ")));
            line.map(|line| line.split_once(" = ").unwrap().1)
        };
        let row = ["critical", "peak", "flat", "valley", "deep"]
            .map(|band| value(band).map_or(0, |count| count.parse().unwrap()));
        let months = value("months").unwrap().trim_matches(['[', ']']);
        for month in months.split(", ") {
            counts[month.parse::<usize>().unwrap() - 1] = row;
        }
    }
    counts
}

fn half_hours(program: &Program<'_>, year: i32, month: u8) -> [u32; 5] {
    let mut counts = [0; 5];
    for half_hour in 0..48 {
        let at =
            CivilDate { year, month, day: 15 }.start() + Duration::from_minutes(30 * half_hour);
        counts[usize::from(program.band_at(at, &Signals::NONE).byte()) - 1] += 1;
    }
    counts
}

#[test]
fn each_day_has_the_half_hours_of_the_notice() {
    for (province, name) in
        [("Henan", "commercial-henan-tou"), ("Shandong", "commercial-shandong-tou")]
    {
        let built = built(&contract(name));
        let program = built.program().unwrap();
        for (month, expected) in (1..).zip(expected(province)) {
            assert_eq!(expected.iter().sum::<u32>(), 48, "{province}, month {month}");
            assert_eq!(half_hours(&program, 2025, month), expected, "{province}, month {month}");
        }
    }
}

/// The windows of Henan's notice and the starts that they come to.
const HENAN: [(&str, &str); 4] = [
    (
        "时段 1 12 月 { 尖 17:00 至 19:00; 峰 16:00 至 24:00; 谷 00:00 至 07:00 }",
        "日历 1 12 月 { 00:00 谷; 07:00 平; 16:00 峰; 17:00 尖; 19:00 峰 }",
    ),
    (
        "时段 2 6 月 { 峰 16:00 至 24:00; 谷 00:00 至 07:00 }",
        "日历 2 6 月 { 00:00 谷; 07:00 平; 16:00 峰 }",
    ),
    (
        "时段 3 4 5 9 10 11 月 { 峰 16:00 至 24:00; 谷 00:00 至 06:00，11:00 至 14:00 }",
        "日历 3 4 5 9 10 11 月 { 00:00 谷; 06:00 平; 11:00 谷; 14:00 平; 16:00 峰 }",
    ),
    (
        "时段 7 8 月 { 尖 20:00 至 23:00; 峰 16:00 至 24:00; 谷 00:00 至 07:00 }",
        "日历 7 8 月 { 00:00 谷; 07:00 平; 16:00 峰; 20:00 尖; 23:00 峰 }",
    ),
];

#[test]
fn windows_and_starts_give_the_same_byte_code() {
    let windows = contract("commercial-henan-tou");
    let starts = HENAN.iter().fold(windows.clone(), |text, (window, start)| {
        assert!(text.contains(window), "{window}");
        text.replace(window, start)
    });
    assert_eq!(built(&windows).bytecode, built(&starts).bytecode);
}

/// A split of a constant price is two prices, written in one line.
#[test]
fn a_split_price_is_two_prices() {
    let split = contract("industrial-cement-henan");
    let two = split.replace(
        "价格 差别 = 0.10 元/千瓦时 记入 差别 90 %，电费 其余",
        "价格 差别 = 0.09 元/千瓦时 记入 差别\n  价格 差别 = 0.01 元/千瓦时 记入 电费",
    );
    assert_ne!(split, two);
    let (split, two) = (built(&split), built(&two));
    for energy in ["0.000001", "1", "19999.999999"] {
        let line = |built: &contract::Built| {
            let program = built.program().unwrap();
            let start = CivilDate { year: 2026, month: 3, day: 1 }.start();
            let facts = contract::Facts {
                start,
                end: start + Duration::from_minutes(5),
                energy: energy.parse().unwrap(),
                month_before: quantity::Energy::ZERO,
                year_before: quantity::Energy::ZERO,
                signals: &Signals::NONE,
                quantities: &contract::Quantities::NONE,
                held: quantity::Money::ZERO,
            };
            let mut carries = contract::Carries::ZERO;
            let settled = program.settle(&facts, &mut carries).unwrap();
            (settled.legs, carries)
        };
        assert_eq!(line(&split), line(&two), "{energy} kWh");
    }
}
