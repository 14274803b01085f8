//! A pilot market to start from: one town with every kind of unit that the paper draws.
//!
//! Sizes, offers and tariffs are illustrative; only the coal benchmark 0.3779 yuan/kWh (Henan) and
//! its band of ±20 % (发改价格〔2021〕1439号) are public numbers. Real prices are loaded as data.

use crate::{
    ClassSetup, Floating, LoadTargets, MarketLimits, Offer, Participation, PurchaseRule, PurseRule,
    Response, SalesRule, Setup, Storage, Unit, UnitId, UnitKind, Window,
};
use contract::{CustomerClass, SignalId};
use quantity::{Duration, Energy, Power, Price};

/// The pilot market around a mean load. Profiles have one peak in the morning and one in the
/// evening.
#[must_use]
pub fn setup(mean_load: Power) -> Setup {
    Setup {
        interval: Duration::from_minutes(5),
        classes: classes(mean_load),
        units: units(mean_load),
        purchase: purchase(),
        limits: MarketLimits {
            floor: milli_yuan(-100),
            cap: milli_yuan(1500),
            value_of_lost_load: milli_yuan(10_000),
        },
        targets: LoadTargets {
            peak: share(mean_load, 130),
            valley: share(mean_load, 60),
            peak_incentive: milli_yuan(400),
            valley_incentive: milli_yuan(150),
        },
        purse: PurseRule { horizon: Duration::from_hours(6), correction_max: milli_yuan(60) },
    }
}

/// Thousandths of a yuan per kWh.
const fn milli_yuan(price: i64) -> Price {
    Price::from_micro_yuan_per_kwh(price * 1000)
}

fn share(power: Power, percent: i64) -> Power {
    Power::from_milliwatts(power.milliwatts() / 100 * percent)
}

/// Percent of the mean in each hour of a legal day.
const HOURS: [i64; 24] = [
    70, 65, 62, 60, 60, 65, 78, 95, 108, 116, 118, 115, 108, 104, 104, 106, 110, 118, 130, 136,
    132, 118, 98, 80,
];

fn profile(mean: Power) -> Vec<Power> {
    let slot = |slot: usize| {
        let (hour, part) = (slot / 12, i64::try_from(slot % 12).unwrap_or(0));
        let percent = HOURS[hour] * (12 - part) + HOURS[(hour + 1) % 24] * part;
        Power::from_milliwatts(mean.milliwatts() / 1200 * percent)
    };
    (0..288).map(slot).collect()
}

fn classes(mean: Power) -> Vec<ClassSetup> {
    let class = |class, percent, elasticity, sales| ClassSetup {
        class,
        profile: profile(share(mean, percent)),
        response: Response {
            elasticity_permille: elasticity,
            reference: milli_yuan(620),
            adders: milli_yuan(220),
            span_permille: 1000,
            steps: 8,
        },
        sales,
    };
    vec![
        class(CustomerClass::Residential, 35, 0, fixed(milli_yuan(340))),
        class(CustomerClass::Commercial, 40, 80, market()),
        class(CustomerClass::Agricultural, 5, 0, fixed(milli_yuan(300))),
        class(CustomerClass::Ev, 8, 400, market()),
        class(CustomerClass::Industrial, 12, 150, market()),
    ]
}

fn fixed(benchmark: Price) -> SalesRule {
    SalesRule {
        benchmark,
        floating: Floating::Fixed,
        floor: Price::ZERO,
        cap: milli_yuan(1000),
        subsidy: Price::ZERO,
        windows: Vec::<Window>::new(),
        incentive: Participation::Ignores,
        signalled: vec![SignalId::Floating, SignalId::Incentive],
    }
}

fn market() -> SalesRule {
    SalesRule {
        floating: Floating::Market,
        floor: milli_yuan(-100),
        cap: milli_yuan(1500),
        incentive: Participation::Takes,
        ..fixed(milli_yuan(400))
    }
}

fn units(mean: Power) -> Vec<Unit> {
    use UnitKind::{Battery, Coal, EvFleet, GridImport, Hydro, Nuclear, Prosumer, PumpedStorage};
    use UnitKind::{Solar, Wind};
    let size = |percent| share(mean, percent);
    let must_run = |unit: Unit, minimum| Unit { minimum, ..unit };
    vec![
        must_run(unit(1, Coal, size(70), &[(size(40), 320), (size(30), 420)]), size(20)),
        unit(2, Hydro, size(15), &[(size(15), 250)]),
        unit(3, Wind, size(20), &[(size(20), 0)]),
        unit(4, Solar, size(20), &[(size(20), 0)]),
        must_run(unit(5, Nuclear, size(15), &[(size(15), 180)]), size(12)),
        store(unit(6, Battery, size(6), &[]), 2, 950, 30),
        store(unit(7, PumpedStorage, size(8), &[]), 5, 870, 10),
        store(unit(8, EvFleet, size(3), &[]), 2, 930, 60),
        unit(9, Prosumer, size(8), &[(size(8), 0)]),
        unit(10, GridImport, size(60), &[(size(20), 480), (size(40), 700)]),
    ]
}

fn unit(id: u16, kind: UnitKind, maximum: Power, offers: &[(Power, i64)]) -> Unit {
    let offer = |(power, price): &(Power, i64)| Offer { power: *power, price: milli_yuan(*price) };
    Unit {
        id: UnitId(id),
        kind,
        minimum: Power::ZERO,
        maximum,
        ramp: share(maximum, if kind == UnitKind::Nuclear { 1 } else { 15 }),
        offers: offers.iter().map(offer).collect(),
        storage: None,
    }
}

/// A store that empties in `hours`, half full at the start.
fn store(unit: Unit, hours: i64, efficiency_permille: u16, wear: i64) -> Unit {
    let capacity = Energy::from_milliwatt_hours(unit.maximum.milliwatts() * hours);
    let storage = Storage {
        capacity,
        reserve: Energy::from_milliwatt_hours(capacity.milliwatt_hours() / 10),
        stored: Energy::from_milliwatt_hours(capacity.milliwatt_hours() / 2),
        charge: unit.maximum,
        efficiency_permille,
        wear: milli_yuan(wear),
    };
    Unit { storage: Some(storage), ..unit }
}

/// Henan's; the pilot's contracts of all kinds state it, and let the floating part do the rest.
const COAL_BENCHMARK: Price = Price::from_micro_yuan_per_kwh(377_900);

fn purchase() -> Vec<PurchaseRule> {
    let market = |kind| PurchaseRule {
        kind,
        benchmark: COAL_BENCHMARK,
        floating: Floating::Market,
        subsidy: Price::ZERO,
        environmental: Price::ZERO,
        environmental_withheld: Price::ZERO,
        ultra_low_emission: Price::ZERO,
        signalled: vec![SignalId::Floating, SignalId::Incentive],
    };
    let coal = PurchaseRule {
        floating: Floating::Regulated { permille: 200 },
        environmental_withheld: milli_yuan(27),
        ultra_low_emission: milli_yuan(10),
        signalled: vec![SignalId::Floating, SignalId::Environmental, SignalId::UltraLowEmission],
        ..market(UnitKind::Coal)
    };
    vec![
        coal,
        market(UnitKind::Hydro),
        market(UnitKind::Wind),
        market(UnitKind::Solar),
        market(UnitKind::Nuclear),
        market(UnitKind::Battery),
        market(UnitKind::PumpedStorage),
        market(UnitKind::EvFleet),
        PurchaseRule { subsidy: milli_yuan(50), ..market(UnitKind::Prosumer) },
        market(UnitKind::GridImport),
    ]
}
