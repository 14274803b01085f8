//! Curves of a day: load, and prices as steps with their components.

use super::words;
use crate::view::{LoadPoint, PriceComponent, PriceStep};
use contract::{Band, CustomerClass, Direction, Item, Program, Signals};
use quantity::{Duration, Instant, Power};
use simulation::market;
use simulation::world::World;

/// A contract's place in the market.
pub(super) type Key = (CustomerClass, Direction);

/// The seven components of the paper.
const PAPER: usize = 7;
const MINUTE: Duration = Duration::from_minutes(1);
/// Longest curve that is shown.
const POINTS_MAX: usize = 300;

/// The price of a class at one time, until it may change for the first time.
pub(super) fn step_at<L: bank::OrderedLog>(
    world: &World<L>,
    key: Key,
    at: Instant,
) -> Option<PriceStep> {
    let bytes = world.fixed().programs.get(&key)?;
    let program = Program::load(bytes).ok()?;
    let from = at.floor_to(market::INTERVAL);
    let signals = &world.signals(key.0, key.1);
    let lines = market::price_lines(bytes, at, signals);
    let price =
        |item: Item| lines.iter().filter(move |line| line.item == item).map(|line| line.price);
    let paper = Item::ALL.iter().take(PAPER);
    let more = Item::ALL.iter().skip(PAPER).filter(|item| price(**item).next().is_some());
    let component =
        |item: &Item| PriceComponent { item: words::item(*item), price: price(*item).sum() };
    let components: Vec<PriceComponent> = paper.chain(more).map(component).collect();
    Some(PriceStep {
        from,
        until: (from + market::INTERVAL).min(program.next_boundary(at, signals)),
        total: components.iter().map(|component| component.price).sum(),
        components,
        band: has_calendar(&program, at).then(|| words::band(program.band_at(at, signals))),
    })
}

/// Whether the day of a contract has more than the flat band.
fn has_calendar(program: &Program<'_>, at: Instant) -> bool {
    let day = at.civil().date.start();
    let hours =
        (0..24).map(|hour| program.band_at(day + Duration::from_hours(hour), &Signals::NONE));
    hours.into_iter().any(|band| band != Band::Flat)
}

/// Goes on with a curve. Steps of one price stay apart: each interval was decided for itself.
pub(super) fn push(curve: &mut Vec<PriceStep>, step: PriceStep) {
    if curve.last().is_none_or(|last| last.until < step.until) {
        curve.push(step);
    }
}

/// What a contract without signals has decided for the rest of the day.
pub(super) fn future<L: bank::OrderedLog>(
    world: &World<L>,
    key: Key,
    mut from: Instant,
) -> Vec<PriceStep> {
    let mut curve = Vec::new();
    let bytes = world.fixed().programs.get(&key);
    let fixed = bytes.and_then(|bytes| Program::load(bytes).ok());
    if fixed.is_none_or(|program| !program.header().signals.is_empty()) {
        return curve;
    }
    let end = from.civil().date.start() + Duration::from_days(1);
    while from < end {
        let Some(step) = step_at(world, key, from) else { break };
        from = step.until;
        push(&mut curve, step);
    }
    curve
}

/// Power of one minute, taken and fed in.
pub(super) fn load_point<'a>(
    at: Instant,
    powers: impl Iterator<Item = &'a Power> + Clone,
) -> LoadPoint {
    let import = powers.clone().copied().filter(|power| *power > Power::ZERO).sum();
    let export: Power = powers.copied().filter(|power| *power < Power::ZERO).sum();
    LoadPoint { at, import, export: -export }
}

/// At most a few hundred points: means of equal stretches of minutes.
pub(super) fn thinned(minutes: &[LoadPoint]) -> Vec<LoadPoint> {
    let stretch = minutes.len().div_ceil(POINTS_MAX).max(1);
    minutes.chunks(stretch).filter_map(mean).collect()
}

fn mean(points: &[LoadPoint]) -> Option<LoadPoint> {
    let at = points.first()?.at;
    let count = i64::try_from(points.len()).ok()?;
    let mean = |power: fn(&LoadPoint) -> Power| {
        let sum: Power = points.iter().map(power).sum();
        Power::from_milliwatts(sum.milliwatts() / count)
    };
    Some(LoadPoint { at, import: mean(|point| point.import), export: mean(|point| point.export) })
}

/// Mean power of a meter over each five minutes of a day.
#[derive(Clone, Debug, Default)]
pub(super) struct MeterLoad(Vec<Slot>);

#[derive(Clone, Copy, Debug)]
struct Slot {
    from: Instant,
    sum: Power,
    minutes: i64,
}

impl MeterLoad {
    pub(super) fn push(&mut self, end: Instant, power: Power) {
        let from = (end - MINUTE).floor_to(market::INTERVAL);
        match self.0.last_mut() {
            Some(last) if last.from == from => {
                last.sum += power;
                last.minutes += 1;
            }
            _ => self.0.push(Slot { from, sum: power, minutes: 1 }),
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn points(&self) -> Vec<LoadPoint> {
        let point = |slot: &Slot| {
            let mean = Power::from_milliwatts(slot.sum.milliwatts() / slot.minutes);
            load_point(slot.from, [mean].iter())
        };
        self.0.iter().map(point).collect()
    }
}
