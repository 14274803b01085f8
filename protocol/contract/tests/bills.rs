//! Bills worked out by hand, and the windows of a real notice counted in half hours.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use contract::{
    Band, Built, Carries, Facts, Item, Language, Program, Quantities, Quantity, SignalId, Signals,
    build, explain_settlement,
};
use quantity::{CivilDate, Duration, Energy, Instant, Money, PicoYuan, Price};

fn built(name: &str) -> Built {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/contracts");
    build(&std::fs::read_to_string(format!("{folder}/{name}.contract")).unwrap()).unwrap()
}

fn midnight(month: u8, day: u8) -> Instant {
    CivilDate { year: 2026, month, day }.start()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// Half hours of a day in each band: critical, peak, flat, valley, deep.
fn half_hours(program: &Program<'_>, month: u8) -> [u32; 5] {
    let mut counts = [0; 5];
    for half_hour in 0..48 {
        let at = midnight(month, 15) + Duration::from_minutes(30 * half_hour);
        counts[usize::from(program.band_at(at, &Signals::NONE).byte()) - 1] += 1;
    }
    counts
}

/// The counts stand in `tou_windows.toml` of the collected tariffs, beside the notice's windows.
#[test]
fn henan_windows_have_the_half_hours_of_the_notice() {
    let built = built("commercial-henan-tou");
    let program = built.program().unwrap();
    for month in 1..=12 {
        let expected = match month {
            1 | 12 => [4, 12, 18, 14, 0],
            2 | 6 => [0, 16, 18, 14, 0],
            7 | 8 => [6, 10, 18, 14, 0],
            _ => [0, 16, 14, 18, 0],
        };
        assert_eq!(half_hours(&program, month), expected, "month {month}");
    }
}

/// 300 kWh in January: 180 × 0.56 + 80 × 0.61 + 40 × 0.86 = 184 yuan, of which 300 × 0.019 = 5.70
/// go to the fund. 8,928 settlements of five minutes, two of which cross a tier.
#[test]
fn a_month_of_five_minutes_is_the_monthly_bill() {
    let built = built("residential-henan");
    let program = built.program().unwrap();
    let settlements = 31 * 288;
    let total = Energy::from_kwh(300).milliwatt_hours();
    let mut carries = Carries::ZERO;
    let (mut bill, mut fund, mut lines) = (Money::ZERO, Money::ZERO, 0);
    let reading = |count: i64| Energy::from_milliwatt_hours(total * count / settlements);
    for count in 0..settlements {
        let start = midnight(1, 1) + Duration::from_minutes(5 * count);
        let before = reading(count);
        let facts = Facts {
            start,
            end: start + Duration::from_minutes(5),
            energy: reading(count + 1) - before,
            month_before: before,
            year_before: before,
            signals: &Signals::NONE,
            quantities: &Quantities::NONE,
            held: Money::ZERO,
        };
        let settled = program.settle(&facts, &mut carries).unwrap();
        bill += settled.legs[0].money;
        fund += settled.legs[1].money;
        lines += settled.items.len();
    }
    assert_eq!((bill, fund), (money("178.3"), money("5.7")));
    assert_eq!(carries, Carries::ZERO);
    assert_eq!(
        i64::try_from(lines).unwrap(),
        settlements * 4 + 2,
        "both limits lie inside a settlement"
    );
}

/// The floating signal can drive every plant but coal from -0.1 to 1.5 yuan/kWh on its own leg.
#[test]
fn the_floating_signal_moves_a_plant_between_its_limits() {
    let names =
        ["hydro", "wind", "solar", "nuclear", "battery-discharging", "pumped-storage-discharging"];
    for name in names.iter().chain(&["ev-fleet-discharging", "prosumer-export"]) {
        assert_eq!(plant_price(name, "-3"), price("-0.1"), "{name}");
        assert_eq!(plant_price(name, "0"), price("0.3779"), "{name}");
        assert_eq!(plant_price(name, "0.1"), price("0.4779"), "{name}");
        assert_eq!(plant_price(name, "3"), price("1.5"), "{name}");
    }
    // Coal: 0.3779 × (1 ± 20 %), and 0.010 for ultra-low emission.
    assert_eq!(plant_price("coal-henan", "-3"), price("0.31232"));
    assert_eq!(plant_price("coal-henan", "3"), price("0.46348"));
}

fn plant_price(name: &str, floating: &str) -> Price {
    let built = built(name);
    let program = built.program().unwrap();
    let start = midnight(6, 1);
    let signals = Signals::NONE.with(SignalId::Floating, price(floating), start);
    let facts = Facts {
        start,
        end: start + Duration::from_minutes(1),
        energy: Energy::from_kwh(1),
        month_before: Energy::ZERO,
        year_before: Energy::ZERO,
        signals: &signals,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let settled = program.settle(&facts, &mut Carries::ZERO.clone()).unwrap();
    Price::from_micro_yuan_per_kwh(settled.legs[0].money.micro_yuan())
}

/// A negative amount is rounded down too: -0.1 × 0.000001 kWh = -0.1 micro-yuan = -1 + 0.9.
#[test]
fn a_negative_amount_rounds_down_and_carries_up() {
    let built = built("hydro");
    let program = built.program().unwrap();
    let start = midnight(6, 1);
    let signals = Signals::NONE.with(SignalId::Floating, price("-1"), start);
    let facts = Facts {
        start,
        end: start + Duration::from_minutes(1),
        energy: Energy::from_milliwatt_hours(1),
        month_before: Energy::ZERO,
        year_before: Energy::ZERO,
        signals: &signals,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let mut carries = Carries::ZERO;
    let first = program.settle(&facts, &mut carries).unwrap();
    assert_eq!(first.total, Money::from_micro_yuan(-1));
    assert_eq!(carries.get(0), PicoYuan::new(900_000).unwrap());
    let rest: i64 =
        (0..9).map(|_| program.settle(&facts, &mut carries).unwrap().total.micro_yuan()).sum();
    assert_eq!((rest, carries), (0, Carries::ZERO), "ten of them are exactly -1 micro-yuan");
}

/// 2 kWh across the first limit: one at +0, one at +0.05.
#[test]
fn a_bill_shows_each_line_and_each_leg() {
    let built = built("residential-henan");
    let program = built.program().unwrap();
    let start = midnight(7, 1);
    let facts = Facts {
        start,
        end: start + Duration::from_minutes(5),
        energy: Energy::from_kwh(2),
        month_before: Energy::from_kwh(179),
        year_before: Energy::from_kwh(900),
        signals: &Signals::NONE,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let settled = program.settle(&facts, &mut Carries::ZERO.clone()).unwrap();
    assert_eq!(settled.band, Band::Flat);
    let tiers = settled.items.iter().filter(|line| line.item == Item::Tier);
    assert_eq!(tiers.map(|line| line.price).collect::<Vec<_>>(), [Price::ZERO, price("0.05")]);
    let expected = "\
\u{20} item                  leg  energy  price           exact amount
  benchmark price       #1   2 kWh   0.541 yuan/kWh  1.082000000000 yuan
  tiered price          #1   1 kWh   0 yuan/kWh      0.000000000000 yuan
  tiered price          #1   1 kWh   0.05 yuan/kWh   0.050000000000 yuan
  government surcharge  #2   2 kWh   0.019 yuan/kWh  0.038000000000 yuan
  incentive price       #1   2 kWh   0 yuan/kWh      0.000000000000 yuan
#1 customer's bill wallet -> grid company's income wallet: 1.132000 yuan
#2 customer's bill wallet -> government fund: 0.038000 yuan
total: 1.170000 yuan
";
    assert_eq!(explain_settlement(&settled, Language::English), expected);
}

/// A factory's March in one settlement a day: 31 × 100 kWh × 0.60 = 1860 yuan, of which the treasury
/// has 31 × 100 × 0.09 = 279; at the end 120 kW × 40 = 4800 and 6000 yuan × 1.5 % = 90. The hold of
/// 500 yuan is used up by 51 a day: it is asked for again when less than 100 is left.
#[test]
fn a_month_of_a_two_part_price_with_a_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/contract-language.md");
    let book = std::fs::read_to_string(path).unwrap();
    let mut blocks = book.split("\n```contract\n").map(|rest| rest.split("\n```").next().unwrap());
    let built = build(blocks.find(|block| block.contains("\"works\"")).unwrap()).unwrap();
    let program = built.program().unwrap();
    let quantities = Quantities::NONE
        .with(Quantity::MaximumDemand, 120_000_000)
        .with(Quantity::PowerFactor, 879_000)
        .with(Quantity::Billed, 6_000_000_000);
    let mut carries = Carries::ZERO;
    let (mut bill, mut state, mut held, mut asked) = (Money::ZERO, Money::ZERO, Money::ZERO, 0);
    for day in 1..=31 {
        let end = midnight(3, day) + Duration::from_days(1);
        let facts = Facts {
            start: end - Duration::from_minutes(15),
            end,
            energy: Energy::from_kwh(100),
            month_before: Energy::ZERO,
            year_before: Energy::ZERO,
            signals: &Signals::NONE,
            quantities: &quantities,
            held,
        };
        let settled = program.settle(&facts, &mut carries).unwrap();
        bill += settled.legs[0].money;
        state += settled.legs[1].money;
        let prepaid = settled.prepaid.unwrap();
        asked += i32::from(prepaid.hold > Money::ZERO);
        held = held - prepaid.posted + prepaid.hold;
    }
    assert_eq!((bill, state), (money("6471"), money("279")), "1860 - 279 + 4800 + 90");
    // Day 1 asks; 500 - 8 × 51 = 92 asks on day 9: 592 - 10 × 51 = 82 on day 19, 582 - 51 × 10 = 72
    // on day 29; the last day takes what is left, and asks.
    assert_eq!(asked, 5);
}

/// 0.7 of a price of 0.000001 is 0.0000007: the share rounds to nothing, and the rest has it all.
#[test]
fn a_share_and_its_rest_are_the_whole() {
    let source = "contract \"split\" version 1 title \"\" \"\" for ev, import \
        settle every 5 minutes, at most 100 kWh price within -1 yuan/kWh to 1 yuan/kWh \
        under \"\" \"\" { leg a: customer-bill -> treasury leg b: customer-bill -> grid-income \
        leg c: customer-bill -> government-fund \
        price differential = -0.000001 yuan/kWh into a 70 %, c 10 %, b rest } \
        examples { 2026-01-01 00:00 energy 1 kWh \
        => a -0.000001 yuan, c -0.000001 yuan, b 0.000001 yuan }";
    build(source).unwrap_or_else(|faults| panic!("{faults:?}"));
}
