//! Which readings share a correction.

use super::error::CalibrationError;
use super::plan::{Plan, Regions};
use super::points::{POINTS_MAX, Point, Points};
use super::reading::Element;
use super::vector::{picoradians, weight};
use crate::conditioning::{Correction, CurrentConditioning, REGIONS};
use crate::fixed::{divide_round, saturate_i64};
use heapless::Vec;

/// Corrections of one current; `voltage_delay` in nanoseconds is that of its voltage.
pub(super) fn current(
    plan: &Plan,
    element: Element,
    points: &Points,
    voltage_delay: i32,
) -> Result<CurrentConditioning, CalibrationError> {
    let nothing = Correction { gain_ppb: 0, delay_nanoseconds: 0 };
    let mut current = CurrentConditioning::uniform(nothing);
    current.sensor = plan.sensor;
    if points.is_empty() {
        return Ok(current);
    }
    let borders = match plan.regions {
        Regions::AtMost(regions) => choose(plan, points, usize::from(regions)),
        Regions::At(borders) => borders.into_iter().take_while(|border| *border > 0).collect(),
    };
    current.regions = borders.len() + 1;
    for (at, border) in borders.iter().enumerate() {
        (current.down_microamperes[at], current.up_microamperes[at]) = plan.band(*border);
    }
    for region in 0..current.regions {
        let inside = points.iter().filter(|point| is_inside(&current, region, point));
        let gains = Range::of(inside.clone().map(|point| point.current_gain));
        let delays = Range::of(inside.map(Point::delay));
        let (Some(gains), Some(delays)) = (gains, delays) else {
            return Err(CalibrationError::EmptyRegion { element, region });
        };
        let delay = divide_round(i128::from(delays.middle()), 1_000) + i128::from(voltage_delay);
        current.corrections[region] = Correction {
            gain_ppb: saturate_i32(gains.middle()),
            delay_nanoseconds: saturate_i32(saturate_i64(delay)),
        };
    }
    // What isn't used stays zero, so that equal constants have equal bytes.
    current.corrections[current.regions..].fill(nothing);
    Ok(current)
}

/// To `i32`, held at the end of its range, which no bound reaches.
pub(super) fn saturate_i32(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

/// Whether a current can be corrected in a region: between two borders, or in the band of one.
pub(super) fn is_inside(current: &CurrentConditioning, region: usize, point: &Point) -> bool {
    let nano = |micro: u32| u64::from(micro) * 1_000;
    let amperes = point.current_nanoamperes;
    let low = region.checked_sub(1).map(|below| nano(current.down_microamperes[below]));
    let high = (region + 1 < current.regions).then(|| nano(current.up_microamperes[region]));
    low.is_none_or(|low| amperes >= low) && high.is_none_or(|high| amperes <= high)
}

/// From the smallest to the largest of some values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    low: i64,
    high: i64,
}

impl Range {
    pub(super) fn of(values: impl Iterator<Item = i64>) -> Option<Self> {
        values.fold(None, |range, value| Some(Self::with(range, value)))
    }

    fn with(range: Option<Self>, value: i64) -> Self {
        range.map_or(Self { low: value, high: value }, |range| Self {
            low: range.low.min(value),
            high: range.high.max(value),
        })
    }

    /// The value from which none is further than half the range.
    pub(super) fn middle(self) -> i64 {
        saturate_i64(divide_round(i128::from(self.low) + i128::from(self.high), 2))
    }

    const fn spread(self) -> i64 {
        self.high - self.low
    }
}

/// What an additional region must gain at least, in 10⁻⁹: less is noise of the readings.
const WORTH_PPB: i64 = 1_000;

/// The borders, at most `regions` − 1, with which the worst region errs least; of those that are
/// hardly worse the fewest.
fn choose(plan: &Plan, points: &Points, regions: usize) -> Vec<u32, { REGIONS - 1 }> {
    // cost[k][end]: the worst of k + 1 regions over the points before `end`, and where the last begins.
    let mut cost = [[(i64::MAX, 0_usize); POINTS_MAX + 1]; REGIONS];
    for end in 1..=points.len() {
        let mut gains = None;
        let mut delays = None;
        for begin in (0..end).rev() {
            let point = &points[begin];
            let (gain, delay) =
                (Range::with(gains, point.current_gain), Range::with(delays, point.delay()));
            (gains, delays) = (Some(gain), Some(delay));
            let angle = picoradians(delay.spread(), plan.nominal_millihertz());
            let own = weight(gain.spread(), angle);
            if begin == 0 {
                cost[0][end] = (own, 0);
            } else if between(plan, points, begin).is_some() {
                for region in 1..regions {
                    let worst = cost[region - 1][begin].0.max(own);
                    if worst < cost[region][end].0 {
                        cost[region][end] = (worst, begin);
                    }
                }
            }
        }
    }
    let worst = |region: usize| cost[region][points.len()].0;
    let least = (0..regions).map(worst).min().unwrap_or(0).saturating_add(WORTH_PPB);
    let best = (0..regions).find(|region| worst(*region) <= least).unwrap_or(0);
    let mut borders = Vec::new();
    let mut end = points.len();
    for region in (1..=best).rev() {
        end = cost[region][end].1;
        borders.extend(between(plan, points, end));
    }
    borders.reverse();
    borders
}

/// The border below a point, if its whole band fits between that point and the one before.
fn between(plan: &Plan, points: &Points, begin: usize) -> Option<u32> {
    let (below, above) = (points[begin - 1].current_nanoamperes, points[begin].current_nanoamperes);
    let middle = (u128::from(below) * u128::from(above)).isqrt() / 1_000;
    let border = u32::try_from(middle).ok()?;
    let (down, up) = plan.band(border);
    let fits = below < u64::from(down) * 1_000 && u64::from(up) * 1_000 < above && down < up;
    fits.then_some(border)
}
