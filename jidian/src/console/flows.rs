//! The first page: power, money and price of the moment.

use super::board::Board;
use super::curves::{self, Key};
use super::words;
use crate::view::{
    DayView, Overview, PowerBalance, PowerFlow, PriceNow, PricePoint, PriceStep, Summary, Text,
};
use bank::OrderedLog;
use contract::{CustomerClass, Direction};
use quantity::{Duration, Energy, Fen, Instant, Money, PicoYuan, Power, Price};
use std::collections::BTreeMap;

/// What final orders add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Final orders.
    pub(super) payments: u64,
    /// What they moved.
    pub(super) paid: Fen,
    /// Energy that they settled.
    pub(super) energy: Energy,
}

/// Payments on the first page.
const PAYMENTS: usize = 10;

impl<L: OrderedLog> Board<L> {
    pub(super) fn overview(&self) -> Overview {
        Overview {
            summary: self.summary(),
            power: self.power(),
            money: self.history.money(),
            price: self.price_now(),
            payments: self.payments(PAYMENTS),
        }
    }

    /// The state of the pilot in one line.
    pub fn summary(&self) -> Summary {
        let (world, sums) = (&self.world, self.sums());
        let scenario = &world.fixed().scenario;
        Summary {
            scenario: Text::new(&scenario.title_zh, &scenario.title_en),
            at: world.now(),
            speed: self.speed,
            meters: world.meters().len() as u64,
            meters_offline: world.meters().iter().filter(|meter| !meter.online).count() as u64,
            payments: sums.payments,
            paid: sums.paid,
            waiting: self.history.waiting(),
            energy: sums.energy,
            conservation: self.history.conservation(world),
        }
    }

    /// Sums since the beginning of the pilot, as the books hold them over a restart.
    pub(super) fn sums(&self) -> Sums {
        let classes = self.world.grid().books().classes();
        classes.fold(Sums::default(), |sums, (_, totals)| Sums {
            payments: sums.payments + totals.records,
            paid: sums.paid + totals.paid,
            energy: sums.energy + totals.import + totals.export,
        })
    }

    /// Power of the last minute. What isn't taken out by a meter is lost on the way.
    pub(super) fn power(&self) -> PowerBalance {
        let mut sums: BTreeMap<Key, (u64, Power)> = BTreeMap::new();
        for meter in self.world.meters() {
            let power = meter.demand.active;
            if power.is_zero() {
                continue;
            }
            let direction = if power.is_negative() { Direction::Export } else { Direction::Import };
            let sum = sums.entry((meter.plan.class, direction)).or_default();
            sum.0 += 1;
            sum.1 += power.abs();
        }
        let side = |wanted: Direction| {
            let of_side = sums.iter().filter(|((_, direction), _)| *direction == wanted);
            let mut flows: Vec<PowerFlow> =
                of_side.map(|(key, (meters, power))| self.flow(*key, *meters, *power)).collect();
            flows.sort_by_key(|flow| core::cmp::Reverse(flow.power));
            flows
        };
        let (sources, sinks) = (side(Direction::Export), side(Direction::Import));
        let sum = |flows: &[PowerFlow]| flows.iter().map(|flow| flow.power).sum::<Power>();
        let losses = sum(&sources) - sum(&sinks);
        PowerBalance { sources, sinks, losses }
    }

    fn flow(&self, key: Key, meters: u64, power: Power) -> PowerFlow {
        let price = self.step_now(key).map_or(Price::ZERO, |step| step.total);
        let in_an_hour = Energy::from_milliwatt_hours(power.milliwatts());
        let charge = price.charge(in_an_hour, PicoYuan::ZERO);
        PowerFlow {
            class: words::class(key.0),
            meters,
            power,
            price,
            money_per_hour: charge.map_or(Money::ZERO, |charge| charge.money),
        }
    }

    /// The price in force: the last minute's, because it is its power that is shown.
    pub(super) fn step_now(&self, key: Key) -> Option<PriceStep> {
        let noted = self.history.prices(key).last().cloned();
        noted.or_else(|| curves::step_at(&self.world, key, self.world.now()))
    }

    /// The class that has the most meters, and the direction in which they trade.
    pub(super) fn main_key(&self) -> Option<Key> {
        self.keys().into_iter().next()
    }

    /// One contract for each class: that of what it takes, or feeds in if it is a plant. The class
    /// with the most meters comes first.
    pub(super) fn keys(&self) -> Vec<Key> {
        let mut counts: BTreeMap<CustomerClass, u64> = BTreeMap::new();
        for meter in self.world.meters() {
            *counts.entry(meter.plan.class).or_default() += 1;
        }
        let mut counts: Vec<(CustomerClass, u64)> = counts.into_iter().collect();
        counts.sort_by_key(|(class, count)| (core::cmp::Reverse(*count), *class));
        let programs = &self.world.fixed().programs;
        let first = |class| {
            let plant =
                simulation::market::kind_of(class).is_some() && class != CustomerClass::Prosumer;
            let usual = if plant { Direction::Export } else { Direction::Import };
            let key = (class, usual);
            programs.contains_key(&key).then_some(key)
        };
        counts.into_iter().filter_map(|(class, _)| first(class)).collect()
    }

    fn price_now(&self) -> PriceNow {
        let key = self.main_key();
        let now =
            key.and_then(|key| self.step_now(key)).unwrap_or_else(|| nothing(self.world.now()));
        let next =
            key.and_then(|key| self.steps(key).into_iter().find(|step| step.from >= now.until));
        let class = key.map_or(CustomerClass::Residential, |(class, _)| class);
        PriceNow { class: words::class(class), now, next }
    }

    /// The steps of the day, and of what is already decided.
    pub(super) fn steps(&self, key: Key) -> Vec<PriceStep> {
        let mut steps = self.history.prices(key).to_vec();
        if steps.is_empty() {
            steps.extend(curves::step_at(&self.world, key, self.world.now()));
        }
        if let Some(until) = steps.last().map(|step| step.until)
            && until < self.history.day() + Duration::from_days(1)
        {
            for step in curves::future(&self.world, key, until) {
                curves::push(&mut steps, step);
            }
        }
        steps
    }

    pub(super) fn day(&self) -> DayView {
        let steps = self.main_key().map_or_else(Vec::new, |key| self.steps(key));
        let point = |step: &PriceStep| PricePoint { from: step.from, total: step.total };
        // The last step holds to its end: a curve of one point would show nothing.
        let end = steps.last().map(|step| PricePoint {
            from: step.until - Duration::from_milliseconds(1),
            total: step.total,
        });
        let price = steps.iter().map(point).chain(end);
        DayView { load: self.history.load(), price: price.collect() }
    }
}

fn nothing(at: Instant) -> PriceStep {
    PriceStep { from: at, until: at, total: Price::ZERO, components: Vec::new(), band: None }
}
