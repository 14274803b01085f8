//! Demand charges: what a rate takes for the largest power of a month.

use super::json::Json;
use super::rate::{MONTHS, Rate, periods};
use super::{ImportError, Options, refuse};

/// Largest power where the rate names none: 10 MW, in milliwatts.
const POWER_MAX: i64 = 10_000_000_000;

/// The demand charge of each month.
pub(super) struct Demand {
    /// Micro-yuan per kW.
    pub(super) prices: [i64; MONTHS],
    /// Most power that a customer of the rate may take, in milliwatts.
    pub(super) power_max: i64,
}

impl Demand {
    pub(super) fn read(rate: &mut Rate<'_>, _: &Options) -> Result<Self, ImportError> {
        let path = "peakkwcapacitymax";
        let capacity = rate.number(rate.member(path), path)?;
        let milliwatts = capacity.millionths(super::Rounding::HalfUp).map(|power| power.value);
        let power_max =
            milliwatts.filter(|power| *power > 0).unwrap_or(POWER_MAX).min(1_000 * POWER_MAX);
        let mut demand = Self { prices: [0; MONTHS], power_max };
        demand.add_flat(rate)?;
        demand.add_hourly(rate)?;
        Ok(demand)
    }

    pub(super) fn is_charged(&self) -> bool {
        self.prices.iter().any(|price| *price != 0)
    }

    /// `flatdemandstructure[flatdemandmonths[month]]`.
    fn add_flat(&mut self, rate: &mut Rate<'_>) -> Result<(), ImportError> {
        const NAME: &str = "flatdemandstructure";
        let Some(structure) = rate.member(NAME).filter(|value| !value.is_nothing()) else {
            return Ok(());
        };
        if !is_kilowatts(rate, "flatdemandunit") {
            return Ok(());
        }
        let periods = periods(structure, NAME, |value, path| price(rate, value, path))?;
        let months = period_of_month(rate, periods.len())?;
        for (month, period) in months.into_iter().enumerate() {
            self.add(rate, month, &periods[period], &format!("{NAME}[{period}]"));
        }
        Ok(())
    }

    /// `demandratestructure`, where one period holds all the month.
    fn add_hourly(&mut self, rate: &mut Rate<'_>) -> Result<(), ImportError> {
        const NAME: &str = "demandratestructure";
        let Some(structure) = rate.member(NAME).filter(|value| !value.is_nothing()) else {
            return Ok(());
        };
        if !is_kilowatts(rate, "demandrateunit") {
            return Ok(());
        }
        let periods = periods(structure, NAME, |value, path| price(rate, value, path))?;
        let workday = rate.schedule("demandweekdayschedule", periods.len())?;
        let rest_day = rate.schedule("demandweekendschedule", periods.len())?;
        let workday = workday.unwrap_or_else(|| vec![vec![0; 24]; MONTHS]);
        let rest_day = rest_day.unwrap_or_else(|| workday.clone());
        for month in 0..MONTHS {
            let mut hours = workday[month].iter().chain(&rest_day[month]);
            let first = workday[month][0];
            if hours.all(|period| *period == first) {
                self.add(rate, month, &periods[first], &format!("{NAME}[{first}]"));
            } else {
                rate.leave_out(
                    &format!("demandweekdayschedule[{month}]"),
                    "demand by the hour: a meter knows the largest demand of the month only",
                    "分时需量：电表只知道当月最大需量",
                );
            }
        }
        Ok(())
    }

    fn add(&mut self, rate: &mut Rate<'_>, month: usize, tiers: &[i64], path: &str) {
        if let [price] = tiers {
            self.prices[month] += price;
        } else {
            rate.leave_out(
                path,
                "tiers of demand: a contract charges one price for all of the demand",
                "需量分档：合约对全部需量只收一个价",
            );
        }
    }
}

fn price(rate: &mut Rate<'_>, value: &Json, path: &str) -> Result<i64, ImportError> {
    let part = |name: &str| rate.number(value.get(name), &format!("{path}.{name}"));
    match part("rate")?.plus(part("adj")?) {
        Some(sum) => rate.micro_yuan(sum, path),
        None => refuse(path, "rate and adj have too many digits", "rate 与 adj 位数过多"),
    }
}

/// Whether demand is in kW; any other unit is left out.
fn is_kilowatts(rate: &mut Rate<'_>, name: &str) -> bool {
    let unit = rate.member(name).and_then(Json::text).unwrap_or("kW").to_owned();
    if unit != "kW" {
        rate.leave_out(
            name,
            format!("demand in '{unit}': a contract takes the largest kW of a month"),
            format!("需量单位为“{unit}”：合约只用当月最大千瓦"),
        );
    }
    unit == "kW"
}

fn period_of_month(rate: &Rate<'_>, periods: usize) -> Result<Vec<usize>, ImportError> {
    const NAME: &str = "flatdemandmonths";
    let Some(value) = rate.member(NAME) else { return Ok(vec![0; MONTHS]) };
    let Some(months) = value.list().filter(|months| months.len() == MONTHS) else {
        return refuse(NAME, "twelve months are expected", "此处应为十二个月");
    };
    let read = |value: &Json| value.digits().and_then(|digits| digits.parse().ok());
    let read: Option<Vec<usize>> = months.iter().map(read).collect();
    match read.filter(|months| months.iter().all(|period| *period < periods)) {
        Some(months) => Ok(months),
        None => refuse(
            NAME,
            "a period of flatdemandstructure is expected",
            "此处应为 flatdemandstructure 的时段编号",
        ),
    }
}
