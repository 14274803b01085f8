//! Periods and schedules of a rate as bands of each month.

use super::decimal::{Decimal, Rounding};
use super::json::Json;
use super::rate::{MONTHS, Rate, periods};
use super::{ImportError, Options, refuse};
use contract::Band;

/// A limit above this is no limit: exports write 1e38.
const UNLIMITED_MILLIWATT_HOURS: i64 = 1_000_000_000_000_000;
/// Most tiers that a table may have.
const TIERS_MAX: usize = 8;

/// Prices of a period: from the first kWh of the month, and from each limit on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ladder {
    /// Upper limits of all tiers but the last, in milliwatt-hours.
    pub(super) limits: Vec<i64>,
    /// Micro-yuan per kWh, one more than limits.
    pub(super) prices: Vec<i64>,
}

/// A month: its bands with their prices, dearest first, and the band of each hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Month {
    pub(super) bands: Vec<(Band, Ladder)>,
    pub(super) workday: Vec<Band>,
    pub(super) rest_day: Vec<Band>,
}

/// The twelve months.
pub(super) struct Months(pub(super) Vec<Month>);

/// A tier as it is read.
struct Tier {
    limit: Option<i64>,
    rate: Decimal,
}

impl Ladder {
    /// What energy costs that begins at `before`, in pico-yuan.
    pub(super) fn pico_yuan(&self, before: i64, energy: i64) -> i128 {
        let (mut from, end) = (before, before + energy);
        let mut sum = 0;
        for (tier, price) in self.prices.iter().enumerate() {
            let upper = self.limits.get(tier).copied().unwrap_or(i64::MAX).min(end);
            if upper > from {
                sum += i128::from(*price) * i128::from(upper - from);
                from = upper;
            }
        }
        sum
    }

    /// Limits, and by how much each later tier is dearer than the first.
    pub(super) fn steps(&self) -> Vec<(i64, i64)> {
        let first = self.prices[0];
        let later = self.prices[1..].iter().map(|price| price - first);
        self.limits.iter().copied().zip(later).collect()
    }

    /// Neighbours with one price become one tier.
    fn merged(limits: &[i64], prices: &[i64]) -> Self {
        let mut ladder = Self { limits: Vec::new(), prices: vec![prices[0]] };
        for (limit, price) in limits.iter().zip(&prices[1..]) {
            if ladder.prices.last() != Some(price) {
                ladder.limits.push(*limit);
                ladder.prices.push(*price);
            }
        }
        ladder
    }
}

impl Months {
    pub(super) fn new(rate: &mut Rate<'_>, options: &Options) -> Result<Self, ImportError> {
        const STRUCTURE: &str = "energyratestructure";
        let Some(structure) = rate.member(STRUCTURE) else {
            return refuse(
                STRUCTURE,
                "no energy rates: there is nothing to charge by the kilowatt-hour",
                "没有电量电价：无从按千瓦时计费",
            );
        };
        let periods = periods(structure, STRUCTURE, |value, path| tier(rate, value, path))?;
        let workday = rate.schedule("energyweekdayschedule", periods.len())?;
        let rest_day = rate.schedule("energyweekendschedule", periods.len())?;
        let workday = workday.unwrap_or_else(|| vec![vec![0; 24]; MONTHS]);
        let rest_day = rest_day.unwrap_or_else(|| workday.clone());
        let fuel = fuel(rate)?;
        if periods.iter().any(|period| period.len() > 1) {
            rate.note(
                STRUCTURE,
                "tiers count all energy of the month, in whatever period it was taken",
                "阶梯按当月全部电量累计，不分时段",
            );
        }
        let mut months = Vec::new();
        for month in 0..MONTHS {
            let hours = [workday[month].as_slice(), rest_day[month].as_slice()];
            months.push(month_of(rate, &periods, hours, (month, fuel[month]))?);
        }
        let months = Self(months);
        months.tell(rate, options);
        Ok(months)
    }

    /// Whether some month has other hours on rest days.
    pub(super) fn has_rest_days(&self) -> bool {
        self.0.iter().any(|month| month.workday != month.rest_day)
    }

    fn tell(&self, rate: &mut Rate<'_>, options: &Options) {
        if self.has_rest_days() {
            let years = options.years.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
            rate.note(
                "energyweekendschedule",
                format!("weekends are rest days; special days of {years} are empty: fill them in"),
                format!("周末为休息日；{years} 年的特殊日为空：请补填"),
            );
        }
    }
}

/// Monthly adjustments, added to every price.
fn fuel(rate: &Rate<'_>) -> Result<Vec<Decimal>, ImportError> {
    const NAME: &str = "fueladjustmentsmonthly";
    let Some(value) = rate.member(NAME) else { return Ok(vec![Decimal::ZERO; MONTHS]) };
    let Some(months) = value.list().filter(|months| months.len() == MONTHS) else {
        return refuse(NAME, "twelve months are expected", "此处应为十二个月");
    };
    let read =
        |(month, value): (usize, &Json)| rate.number(Some(value), &format!("{NAME}[{month}]"));
    months.iter().enumerate().map(read).collect()
}

fn tier(rate: &mut Rate<'_>, value: &Json, path: &str) -> Result<Tier, ImportError> {
    let part = |name: &str| rate.number(value.get(name), &format!("{path}.{name}"));
    let (base, adjustment) = (part("rate")?, part("adj")?);
    let (sell, limit) = (part("sell")?, value.get("max").filter(|max| **max != Json::Null));
    if !sell.is_zero() {
        rate.leave_out(
            &format!("{path}.sell"),
            "a price for feed-in needs a contract for the export register",
            "上网价格需要另一份反向合约",
        );
    }
    let Some(sum) = base.plus(adjustment) else {
        return refuse(path, "rate and adj have too many digits", "rate 与 adj 位数过多");
    };
    let unit = value.get("unit").and_then(Json::text).unwrap_or("kWh");
    let mut limit =
        limit.map(|max| limit_of(rate, max, &format!("{path}.max"))).transpose()?.flatten();
    if unit != "kWh" && limit.is_some() {
        rate.leave_out(
            &format!("{path}.unit"),
            format!("a tier in {unit} isn't energy of a month: the first tier holds throughout"),
            format!("以 {unit} 计的档次不是月电量：一律按第一档"),
        );
        limit = None;
    }
    Ok(Tier { limit, rate: sum })
}

/// A limit in milliwatt-hours; `None` for one that nobody reaches.
fn limit_of(rate: &mut Rate<'_>, value: &Json, path: &str) -> Result<Option<i64>, ImportError> {
    let number = rate.number(Some(value), path)?;
    let Some(limit) = number.millionths(Rounding::Down) else { return Ok(None) };
    if !limit.exact {
        rate.note(path, "the limit is cut off at a milliwatt-hour", "档限截至一毫瓦时");
    }
    if limit.value <= 0 {
        return refuse(path, "a limit above zero is expected", "档限应大于零");
    }
    Ok(Some(limit.value).filter(|limit| *limit < UNLIMITED_MILLIWATT_HOURS))
}

/// The prices of a period in a month.
fn ladder(
    rate: &mut Rate<'_>,
    tiers: &[Tier],
    fuel: Decimal,
    path: &str,
) -> Result<Ladder, ImportError> {
    let (mut limits, mut prices) = (Vec::new(), Vec::new());
    for (number, tier) in tiers.iter().enumerate() {
        let path = format!("{path}[{number}]");
        let Some(sum) = tier.rate.plus(fuel) else {
            return refuse(path, "the price has too many digits", "价格位数过多");
        };
        prices.push(rate.micro_yuan(sum, &path)?);
        match tier.limit {
            Some(limit) if limits.last().is_some_and(|last| limit <= *last) => {
                return refuse(path, "limits must rise from tier to tier", "档限须逐档升高");
            }
            Some(limit) if number + 1 < tiers.len() => limits.push(limit),
            Some(_) => rate.note(
                &path,
                "the last tier has no upper limit here, though the rate gives one",
                "此处最后一档没有上限，尽管电价给了上限",
            ),
            None => {
                tell_unreached(rate, &path, tiers.len() - number - 1);
                break;
            }
        }
    }
    let ladder = Ladder::merged(&limits, &prices);
    if ladder.prices.len() > TIERS_MAX {
        return refuse(path, "more than 8 tiers", "超过 8 档");
    }
    Ok(ladder)
}

/// Tiers behind one without an upper limit.
fn tell_unreached(rate: &mut Rate<'_>, path: &str, tiers: usize) {
    if tiers > 0 {
        rate.leave_out(
            path,
            format!("no upper limit here: tiers behind it that no energy reaches: {tiers}"),
            format!("此档没有上限：其后 {tiers} 档不会有电量"),
        );
    }
}

/// A month, whose periods become bands by their price.
fn month_of(
    rate: &mut Rate<'_>,
    periods: &[Vec<Tier>],
    hours: [&[usize]; 2],
    (month, fuel): (usize, Decimal),
) -> Result<Month, ImportError> {
    let mut ladders: Vec<Option<Ladder>> = vec![None; periods.len()];
    for period in hours.iter().flat_map(|hours| hours.iter()) {
        if ladders[*period].is_none() {
            let path = format!("energyratestructure[{period}]");
            ladders[*period] = Some(ladder(rate, &periods[*period], fuel, &path)?);
        }
    }
    let mut distinct: Vec<Ladder> = Vec::new();
    for ladder in ladders.iter().flatten() {
        if !distinct.contains(ladder) {
            distinct.push(ladder.clone());
        }
    }
    // The dearest first; by all tiers, so that the order is total.
    distinct.sort_by(|one, other| (&other.prices, &other.limits).cmp(&(&one.prices, &one.limits)));
    let Some(names) = names(distinct.len()) else {
        return refuse(
            format!("energyweekdayschedule[{month}]"),
            format!("{} prices in one month; a contract has five bands", distinct.len()),
            format!("一个月里有 {} 种价格；合约只有五种时段", distinct.len()),
        );
    };
    let band = |period: &usize| {
        let ladder = ladders[*period].as_ref();
        let at = distinct.iter().position(|known| Some(known) == ladder).unwrap_or_default();
        names[at]
    };
    let [workday, rest_day] = hours.map(|hours| hours.iter().map(band).collect());
    Ok(Month { bands: names.iter().copied().zip(distinct).collect(), workday, rest_day })
}

/// Names for so many bands, from the dearest to the cheapest.
const fn names(count: usize) -> Option<&'static [Band]> {
    use Band::{Critical, Deep, Flat, Peak, Valley};
    match count {
        1 => Some(&[Flat]),
        2 => Some(&[Peak, Valley]),
        3 => Some(&[Peak, Flat, Valley]),
        4 => Some(&[Critical, Peak, Flat, Valley]),
        5 => Some(&[Critical, Peak, Flat, Valley, Deep]),
        _ => None,
    }
}
