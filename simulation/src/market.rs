//! What the grid company is told about a pilot: classes, units and rules, read off the scenario and
//! off the contracts that the meters run, so that both sides speak of the same prices.

use crate::plants::Plant;
use crate::population::Customer;
use crate::profiles::Profiles;
use crate::scenario::{Plant as Plan, Scenario};
use contract::{
    Carries, CustomerClass, Direction, Facts, Item, ItemCharge, Program, Quantities, Quantity,
    SignalId, SignalValue, Signals,
};
use grid::{
    ClassSetup, Floating, LoadTargets, MarketLimits, Offer, Participation, PurchaseRule, PurseRule,
    Response, SalesRule, Setup, Storage, Unit, UnitId, UnitKind, Window,
};
use quantity::{Duration, Energy, Instant, Money, Power, Price};
use std::collections::BTreeMap;

/// Decisions are made every five minutes.
pub const INTERVAL: Duration = Duration::from_minutes(5);
const SLOTS: i64 = 288;

/// Byte codes of all classes and directions.
pub type Programs = BTreeMap<(CustomerClass, Direction), Vec<u8>>;

/// The market of a scenario.
#[must_use]
pub fn setup(
    scenario: &Scenario,
    programs: &Programs,
    profiles: &Profiles,
    (customers, plants): (&[Customer], &[Plant]),
) -> Setup {
    let classes = classes(scenario, programs, profiles, customers);
    let mean = mean_load(&classes);
    Setup {
        interval: INTERVAL,
        units: units(scenario, plants),
        purchase: purchase_rules(programs, scenario.start()),
        limits: MarketLimits {
            floor: milli_yuan(-100),
            cap: milli_yuan(1500),
            value_of_lost_load: milli_yuan(10_000),
        },
        targets: LoadTargets {
            peak: percent(mean, 115),
            valley: percent(mean, 60),
            peak_incentive: milli_yuan(300),
            valley_incentive: milli_yuan(150),
        },
        purse: PurseRule { horizon: Duration::from_hours(6), correction_max: milli_yuan(60) },
        classes,
    }
}

const fn milli_yuan(price: i64) -> Price {
    Price::from_micro_yuan_per_kwh(price * 1000)
}

fn percent(power: Power, percent: i64) -> Power {
    Power::from_milliwatts(power.milliwatts() / 100 * percent)
}

fn mean_load(classes: &[ClassSetup]) -> Power {
    let total: Power = classes.iter().flat_map(|class| class.profile.iter().copied()).sum();
    Power::from_milliwatts(total.milliwatts() / SLOTS)
}

/// Price lines of one kilowatt-hour under a program.
///
/// # Panics
/// If the program can't be loaded: programs are checked when they are authored.
#[must_use]
pub fn price_lines(program: &[u8], at: Instant, signals: &Signals) -> Vec<ItemCharge> {
    let program = Program::load(program).expect("programs were built by the contract compiler");
    let facts = Facts {
        start: at,
        end: at + Duration::from_milliseconds(1),
        energy: Energy::from_kwh(1).min(program.header().energy_max),
        month_before: Energy::ZERO,
        year_before: Energy::ZERO,
        signals,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let mut carries = Carries::ZERO;
    let settled = program.settle(&facts, &mut carries).expect("a plain kilowatt-hour");
    settled.items.into_iter().filter(|line| line.quantity == Quantity::Energy).collect()
}

/// Total price of one kilowatt-hour under a program: what a customer looks at.
#[must_use]
pub fn total_price(program: &[u8], at: Instant, signals: &Signals) -> Price {
    price_lines(program, at, signals).iter().map(|line| line.price).sum()
}

fn line(lines: &[ItemCharge], item: Item) -> Price {
    lines.iter().filter(|line| line.item == item).map(|line| line.price).sum()
}

fn classes(
    scenario: &Scenario,
    programs: &Programs,
    profiles: &Profiles,
    customers: &[Customer],
) -> Vec<ClassSetup> {
    let mut setups: BTreeMap<CustomerClass, ClassSetup> = BTreeMap::new();
    for (position, group) in scenario.customers.iter().enumerate() {
        let members: Vec<_> = customers.iter().filter(|one| one.group == position).collect();
        let Some(first) = members.first() else { continue };
        let Some(program) = programs.get(&(first.class, Direction::Import)) else { continue };
        let profile = planned_load(&members, profiles, scenario.start());
        let elasticity = u16::try_from(-group.elasticity_permille).unwrap_or(0).min(1000);
        setups
            .entry(first.class)
            .and_modify(|setup| add(&mut setup.profile, &profile))
            .or_insert_with(|| class_setup(first.class, program, (profile, elasticity), scenario));
    }
    setups.into_values().collect()
}

fn add(total: &mut [Power], part: &[Power]) {
    for (sum, power) in total.iter_mut().zip(part) {
        *sum += *power;
    }
}

/// Load of some customers in each interval of a day, without what chance adds.
fn planned_load(members: &[&Customer], profiles: &Profiles, start: Instant) -> Vec<Power> {
    let slot = |slot| {
        let at = start + INTERVAL * slot;
        members.iter().map(|one| one.planned(profiles, at)).sum::<Power>().max(Power::ZERO)
    };
    (0..SLOTS).map(slot).collect()
}

fn class_setup(
    class: CustomerClass,
    program: &[u8],
    (profile, elasticity_permille): (Vec<Power>, u16),
    scenario: &Scenario,
) -> ClassSetup {
    let header = Program::load(program).expect("built by the compiler").header();
    let signalled: Vec<SignalId> = header.signals.iter().map(|rule| rule.id).collect();
    let start = scenario.start();
    let lines = price_lines(program, start, &Signals::NONE);
    let benchmark = line(&lines, Item::Benchmark);
    let adders = [
        Item::LineLoss,
        Item::NetworkCharge,
        Item::SystemOperation,
        Item::Surcharge,
        Item::Differential,
        Item::Tier,
    ];
    let adders: Price = adders.into_iter().map(|item| line(&lines, item)).sum();
    let reads = |signal| signalled.contains(&signal);
    ClassSetup {
        class,
        profile,
        response: Response {
            elasticity_permille,
            reference: mean_price(program, start),
            adders,
            span_permille: 1000,
            steps: 8,
        },
        sales: SalesRule {
            benchmark,
            floating: floating(&header, benchmark),
            floor: milli_yuan(-100),
            cap: milli_yuan(1500),
            subsidy: line(&lines, Item::Subsidy),
            windows: windows(program, start),
            incentive: match reads(SignalId::Incentive) {
                true => Participation::Takes,
                false => Participation::Ignores,
            },
            signalled,
        },
    }
}

/// How far the contract lets the floating component go, in thousandths of the benchmark.
fn floating(header: &contract::Header, benchmark: Price) -> Floating {
    let rule = header.signals.iter().find(|rule| rule.id == SignalId::Floating);
    let most = rule.map_or(0, |rule| rule.high.min(-rule.low).micro_yuan_per_kwh());
    let permille = (most * 1000).checked_div(benchmark.micro_yuan_per_kwh()).unwrap_or(0);
    match u16::try_from(permille) {
        Ok(0) | Err(_) => Floating::Fixed,
        Ok(permille) => Floating::Regulated { permille },
    }
}

/// Mean price over a day when no signal moves it.
#[must_use]
pub fn mean_price(program: &[u8], start: Instant) -> Price {
    let price = |slot| total_price(program, start + INTERVAL * slot, &Signals::NONE);
    let total: Price = (0..SLOTS).map(price).sum();
    Price::from_micro_yuan_per_kwh(total.micro_yuan_per_kwh() / SLOTS)
}

/// Windows of the day in which the hour adds or takes off the same.
fn windows(program: &[u8], start: Instant) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for slot in 0..SLOTS {
        let lines = price_lines(program, start + INTERVAL * slot, &Signals::NONE);
        let price = line(&lines, Item::TimeOfUse);
        let from = u16::try_from(slot * 5).expect("a minute of the day");
        match windows.last_mut() {
            Some(last) if last.price == price => last.until = from + 5,
            _ => windows.push(Window { from, until: from + 5, price }),
        }
    }
    windows
}

/// The kind of unit behind a class of gateway meters.
#[must_use]
pub const fn kind_of(class: CustomerClass) -> Option<UnitKind> {
    match class {
        CustomerClass::Coal => Some(UnitKind::Coal),
        CustomerClass::Hydro => Some(UnitKind::Hydro),
        CustomerClass::Wind => Some(UnitKind::Wind),
        CustomerClass::Solar => Some(UnitKind::Solar),
        CustomerClass::Nuclear => Some(UnitKind::Nuclear),
        CustomerClass::Battery => Some(UnitKind::Battery),
        CustomerClass::PumpedStorage => Some(UnitKind::PumpedStorage),
        CustomerClass::EvFleet => Some(UnitKind::EvFleet),
        CustomerClass::Prosumer => Some(UnitKind::Prosumer),
        CustomerClass::Residential
        | CustomerClass::Commercial
        | CustomerClass::Agricultural
        | CustomerClass::HeatPump
        | CustomerClass::Ev
        | CustomerClass::RegionalGrid
        | CustomerClass::Industrial => None,
    }
}

/// Number of the unit of a plant.
#[must_use]
pub fn unit_id(plant: usize) -> UnitId {
    UnitId(u16::try_from(plant + 1).expect("a pilot has few plants"))
}

fn units(scenario: &Scenario, plants: &[Plant]) -> Vec<Unit> {
    let both = scenario.plants.iter().zip(plants).enumerate();
    both.map(|(position, (plan, plant))| unit(position, plan, plant)).collect()
}

fn unit(position: usize, plan: &Plan, plant: &Plant) -> Unit {
    let maximum = plant.capacity;
    let minimum = Power::from_milliwatts(maximum.milliwatts() * plan.minimum_permille / 1000);
    let price = Price::from_micro_yuan_per_kwh(plan.offer_micro_yuan_per_kwh);
    let kind = kind_of(plant.class).expect("scenarios give plants the class of a plant");
    // Coal asks a fifth more for the upper half of its output, as a heat-rate curve does.
    let offers = if kind == UnitKind::Coal {
        let half = Power::from_milliwatts(maximum.milliwatts() / 2);
        let dear = Price::from_micro_yuan_per_kwh(plan.offer_micro_yuan_per_kwh * 6 / 5);
        vec![Offer { power: half, price }, Offer { power: maximum - half, price: dear }]
    } else {
        vec![Offer { power: maximum, price }]
    };
    let stores = plant.store().is_some();
    Unit {
        id: unit_id(position),
        kind,
        minimum: if stores { Power::ZERO } else { minimum },
        maximum,
        ramp: maximum,
        offers: if stores { Vec::new() } else { offers },
        storage: plant.store().map(|store| Storage {
            capacity: store.capacity,
            reserve: Energy::ZERO,
            stored: store.held,
            charge: maximum,
            efficiency_permille: one_way_permille(plan.efficiency_permille),
            wear: price,
        }),
    }
}

/// Efficiency of one way, of a round trip in thousandths: its square root.
fn one_way_permille(round_trip: i64) -> u16 {
    u16::try_from((round_trip * 1000).isqrt()).expect("at most 1000")
}

fn purchase_rules(programs: &Programs, start: Instant) -> Vec<PurchaseRule> {
    let exports = programs.iter().filter(|((_, direction), _)| *direction == Direction::Export);
    let mut rules: Vec<PurchaseRule> = exports
        .filter_map(|((class, _), program)| Some(purchase_rule(kind_of(*class)?, program, start)))
        .collect();
    rules.sort_by_key(|rule| rule.kind);
    rules
}

fn purchase_rule(kind: UnitKind, program: &[u8], start: Instant) -> PurchaseRule {
    let header = Program::load(program).expect("built by the compiler").header();
    let lines = price_lines(program, start, &Signals::NONE);
    // The most that emissions above a limit take away is what the contract's clamp allows.
    let withheld = header.signals.iter().find(|rule| rule.id == SignalId::Environmental);
    PurchaseRule {
        kind,
        benchmark: line(&lines, Item::Benchmark),
        floating: if kind == UnitKind::Coal {
            Floating::Regulated { permille: 200 }
        } else {
            Floating::Market
        },
        subsidy: line(&lines, Item::Subsidy),
        environmental: line(&lines, Item::Environmental),
        environmental_withheld: withheld.map_or(Price::ZERO, |rule| -rule.low),
        ultra_low_emission: line(&lines, Item::UltraLowEmission),
        signalled: header.signals.iter().map(|rule| rule.id).collect(),
    }
}

/// The values of a signal as a meter of the class sees them.
#[must_use]
pub fn signals_of(signal: &wire::signal::PriceSignal) -> Signals {
    let mut signals = Signals::NONE;
    for component in &signal.values {
        if let Some(id) = SignalId::from_byte(component.signal) {
            signals.set(id, Some(SignalValue { price: component.price, from: signal.from }));
        }
    }
    signals
}
