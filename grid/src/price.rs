//! Prices as visible sums of the paper's seven components.

use crate::UnitKind;
use crate::codec::record;
use crate::setup::{
    ClassSetup, Floating, LoadTargets, MarketLimits, Participation, PurchaseRule, SalesRule, Window,
};
use contract::{CustomerClass, SignalId};
use quantity::{Instant, Price};

/// The seven components of a price, in micro-yuan per kWh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// 基准价.
    pub benchmark: Price,
    /// 浮动价.
    pub floating: Price,
    /// 政府补贴.
    pub subsidy: Price,
    /// 环保电价.
    pub environmental: Price,
    /// 分时电价.
    pub time_of_use: Price,
    /// 超低排放电价.
    pub ultra_low_emission: Price,
    /// 激励电价.
    pub incentive: Price,
}

impl Components {
    /// The price: the sum of all seven.
    #[must_use]
    pub fn total(&self) -> Price {
        self.all().into_iter().map(|(_, price)| price).sum()
    }

    /// What the company's purse sees: the price without the subsidy, which the fiscal wallet pays.
    #[must_use]
    pub fn without_subsidy(&self) -> Price {
        self.total() - self.subsidy
    }

    /// All seven with their codes, by rising code.
    #[must_use]
    pub fn all(&self) -> [(SignalId, Price); 7] {
        [
            (SignalId::Benchmark, self.benchmark),
            (SignalId::Floating, self.floating),
            (SignalId::Subsidy, self.subsidy),
            (SignalId::Environmental, self.environmental),
            (SignalId::TimeOfUse, self.time_of_use),
            (SignalId::UltraLowEmission, self.ultra_low_emission),
            (SignalId::Incentive, self.incentive),
        ]
    }
}

/// What a class pays in one interval, adders not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SalesPrice {
    /// The class.
    pub class: CustomerClass,
    /// The components.
    pub components: Components,
}

/// What a unit of one kind is paid in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurchasePrice {
    /// The kind.
    pub kind: UnitKind,
    /// Whether an emission was above its limit, so that a part is withheld.
    pub emission: Emission,
    /// The components.
    pub components: Components,
}

/// Whether emissions are within their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emission {
    /// Within.
    Within,
    /// Above.
    Over,
}

/// What the prices of one interval come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// Start of the interval.
    pub from: Instant,
    /// Node price: the dual of the balance.
    pub lambda: Price,
    /// Dual of the load targets.
    pub incentive: Price,
    /// What the purse asks of the classes that follow the market.
    pub correction: Price,
}

/// The sales price of a class: `λ + correction` through the floating component, then the incentive,
/// both clipped so that the total stays inside the class's floor and cap.
#[must_use]
pub fn sales(setup: &ClassSetup, basis: &Basis, limits: &MarketLimits) -> SalesPrice {
    let rule = &setup.sales;
    let time_of_use = window_price(&rule.windows, basis.from);
    let stated = rule.benchmark + time_of_use + rule.subsidy;
    let market = clip(basis.lambda, limits.floor, limits.cap) + basis.correction;
    let wanted = market - rule.benchmark - time_of_use;
    let floating = float(rule.floating, rule.benchmark, wanted);
    let floating = hold(rule, stated, floating);
    let incentive = match rule.incentive {
        Participation::Takes => hold(rule, stated + floating, basis.incentive),
        Participation::Ignores => Price::ZERO,
    };
    let components = Components {
        benchmark: rule.benchmark,
        floating,
        subsidy: rule.subsidy,
        time_of_use,
        incentive,
        ..Components::default()
    };
    SalesPrice { class: setup.class, components }
}

/// The on-grid price of a kind of unit: `λ` through the floating component; stores see the
/// incentive as well, because they count in the row of the load targets.
#[must_use]
pub fn purchase(
    rule: &PurchaseRule,
    emission: Emission,
    basis: &Basis,
    limits: &MarketLimits,
) -> PurchasePrice {
    let wanted = clip(basis.lambda, limits.floor, limits.cap) - rule.benchmark;
    let (environmental, ultra_low_emission) = match emission {
        Emission::Within => (rule.environmental, rule.ultra_low_emission),
        Emission::Over => (-rule.environmental_withheld, Price::ZERO),
    };
    let components = Components {
        benchmark: rule.benchmark,
        floating: float(rule.floating, rule.benchmark, wanted),
        subsidy: rule.subsidy,
        environmental,
        time_of_use: Price::ZERO,
        ultra_low_emission,
        incentive: if rule.kind.stores() { basis.incentive } else { Price::ZERO },
    };
    PurchasePrice { kind: rule.kind, emission, components }
}

/// Whether the class's price follows the market, so that its demand answers and it carries the
/// correction of the purse.
#[must_use]
pub fn follows_market(rule: &SalesRule) -> bool {
    rule.floating != Floating::Fixed
}

/// Whether the incentive is inside what the targets allow.
#[must_use]
pub fn incentive_in_range(incentive: Price, targets: &LoadTargets) -> bool {
    (-targets.valley_incentive..=targets.peak_incentive).contains(&incentive)
}

/// `price`, moved into the range.
#[must_use]
pub fn clip(price: Price, low: Price, high: Price) -> Price {
    price.max(low).min(high)
}

fn float(floating: Floating, benchmark: Price, wanted: Price) -> Price {
    match floating {
        Floating::Fixed => Price::ZERO,
        Floating::Regulated { permille } => {
            let size = benchmark.abs().micro_yuan_per_kwh() * i64::from(permille) / 1000;
            let size = Price::from_micro_yuan_per_kwh(size);
            clip(wanted, -size, size)
        }
        Floating::Market => wanted,
    }
}

/// `part`, moved so that `stated + part` is inside floor and cap. A part of zero stays zero: a
/// tariff that is out of its own range isn't mended behind the reader's back.
fn hold(rule: &SalesRule, stated: Price, part: Price) -> Price {
    if part.is_zero() { part } else { clip(part, rule.floor - stated, rule.cap - stated) }
}

fn window_price(windows: &[Window], at: Instant) -> Price {
    let minute = at.civil().minute_of_day();
    let found = windows.iter().find(|window| (window.from..window.until).contains(&minute));
    found.map_or(Price::ZERO, |window| window.price)
}

record!(Components {
    benchmark,
    floating,
    subsidy,
    environmental,
    time_of_use,
    ultra_low_emission,
    incentive,
});
record!(SalesPrice { class, components });
record!(PurchasePrice { kind, emission, components });
crate::codec::codes!(Emission, "emission", { Within = 1, Over = 2 });
