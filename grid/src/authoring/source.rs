//! The rate as the source of a contract, with examples worked out here and not by the compiler.

use super::decimal::text;
use super::demand::Demand;
use super::months::{Ladder, Month, Months};
use super::rate::{MONTHS, Rate};
use super::{Imported, Options};
use contract::{Band, Item};
use core::fmt::Write;
use quantity::{CivilDate, Weekday};

/// Most examples; each band of each season should have one.
const EXAMPLES_MAX: usize = 14;
/// Energy of an example: ten kWh, and two across a limit.
const EXAMPLE: i64 = 10_000_000;
const KILOWATT_HOUR: i64 = 1_000_000;
/// Characters of a title.
const TITLE_MAX: usize = 60;

/// Limits in mWh, and micro-yuan on top of the first tier.
type Steps = Vec<(i64, i64)>;

/// A tier table and where it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TierUse {
    steps: Steps,
    /// Months from 0.
    months: Vec<usize>,
    /// The bands; `None` for all of those months.
    bands: Option<Vec<Band>>,
}

/// The source of a contract for a rate.
pub(super) fn write(
    mut rate: Rate<'_>,
    months: &Months,
    demand: &Demand,
    options: &Options,
) -> Imported {
    let (months, tiers) = carried(&mut rate, months);
    let energy_max = (demand.power_max / 4).max(100 * KILOWATT_HOUR);
    let mut body = header(&rate, &months, demand, options);
    body += &rules(&months, &tiers, demand, options);
    body += &examples(&months, demand, (options, energy_max));
    let source = remarks(&rate) + &body;
    Imported { source, left_out: rate.left_out.list, notes: rate.notes.list }
}

/// The tier tables that a contract can charge: one under each item. Others keep their first tier.
fn carried(rate: &mut Rate<'_>, months: &Months) -> (Vec<Month>, Vec<(Item, TierUse)>) {
    let mut kept = months.0.clone();
    let mut uses = tier_uses(&kept);
    uses.sort_by_key(|tiers| core::cmp::Reverse(cells(&kept, tiers)));
    let base = if has_bands(&kept) { Item::Benchmark } else { Item::TimeOfUse };
    let items = [Item::Tier, base];
    for lost in uses.iter().skip(items.len()) {
        let months = lost.months.iter().map(|month| (month + 1).to_string());
        let months = months.collect::<Vec<_>>().join(" ");
        rate.leave_out(
            "energyratestructure",
            format!(
                "tiers of months {months}: a third tier table has no item; its first tier holds"
            ),
            format!("{months} 月的阶梯：第三张阶梯表没有项目可记；一律按第一档"),
        );
        for month in &lost.months {
            for (band, ladder) in &mut kept[*month].bands {
                if lost.bands.as_ref().is_none_or(|bands| bands.contains(band)) {
                    *ladder = Ladder { limits: Vec::new(), prices: vec![ladder.prices[0]] };
                }
            }
        }
    }
    uses.truncate(items.len());
    (kept, items.into_iter().zip(uses).collect())
}

fn cells(months: &[Month], tiers: &TierUse) -> usize {
    let of = |month: &usize| tiers.bands.as_ref().map_or(months[*month].bands.len(), Vec::len);
    tiers.months.iter().map(of).sum()
}

/// Each tier table with the months and bands that it holds in.
fn tier_uses(months: &[Month]) -> Vec<TierUse> {
    let mut uses: Vec<TierUse> = Vec::new();
    for (number, month) in months.iter().enumerate() {
        let mut tables: Vec<(Steps, Vec<Band>)> = Vec::new();
        for (band, ladder) in month.bands.iter().filter(|(_, ladder)| ladder.prices.len() > 1) {
            let steps = ladder.steps();
            match tables.iter_mut().find(|(known, _)| *known == steps) {
                Some((_, bands)) => bands.push(*band),
                None => tables.push((steps, vec![*band])),
            }
        }
        for (steps, bands) in tables {
            let bands = (bands.len() < month.bands.len()).then_some(bands);
            match uses.iter_mut().find(|one| one.steps == steps && one.bands == bands) {
                Some(one) => one.months.push(number),
                None => uses.push(TierUse { steps, months: vec![number], bands }),
            }
        }
    }
    uses
}

fn has_bands(months: &[Month]) -> bool {
    months.iter().any(|month| month.bands.len() > 1)
}

/// What people must know, as comments at the head of the source.
fn remarks(rate: &Rate<'_>) -> String {
    let mut source = format!("# Imported from the URDB rate {}.\n", line(&rate.label));
    for (kind, remarks) in [("Note", &rate.notes.list), ("Left out", &rate.left_out.list)] {
        for remark in remarks {
            let _ = writeln!(source, "# {kind}: {}: {}", line(&remark.path), line(&remark.en));
        }
    }
    source
}

fn header(rate: &Rate<'_>, months: &[Month], demand: &Demand, options: &Options) -> String {
    let name = options.name.clone().unwrap_or_else(|| slug(&rate.name));
    let title = if rate.name.is_empty() { "URDB rate".to_owned() } else { title(&rate.name) };
    let energy_max = (demand.power_max / 4).max(100 * KILOWATT_HOUR);
    let (floor, cap) = range(months);
    let mut source = format!(
        "contract \"{}\" version 1\n  title \"URDB：{title}\" \"{title}\"\n  for {}, import\n  \
         settle every 15 minutes, at most {} kWh\n  price within {} yuan/kWh to {} yuan/kWh\n",
        line(&name),
        rate.class.code(),
        text(energy_max),
        text(floor),
        text(cap)
    );
    if demand.is_charged() {
        let most = demand.prices.iter().copied().max().unwrap_or_default().max(0);
        let least = demand.prices.iter().copied().min().unwrap_or_default().min(0);
        let _ = writeln!(
            source,
            "  quantity maximum-demand at most {} kW, price within {} yuan/kW to {} yuan/kW",
            text(demand.power_max),
            text(least),
            text(most)
        );
    }
    let _ = writeln!(
        source,
        "under \"OpenEI URDB {}\" \"{}\" {{",
        title_of(&rate.label),
        title_of(&format!("{}: {}", rate.utility, rate.name))
    );
    source
}

/// Least and most that a kilowatt-hour costs.
fn range(months: &[Month]) -> (i64, i64) {
    let ladders = months.iter().flat_map(|month| &month.bands);
    let prices: Vec<i64> = ladders.flat_map(|(_, ladder)| ladder.prices.iter().copied()).collect();
    let floor = prices.iter().copied().min().unwrap_or_default();
    let cap = prices.iter().copied().max().unwrap_or_default();
    if floor == cap { (floor.min(0), cap.max(1)) } else { (floor, cap) }
}

fn rules(months: &[Month], all: &[(Item, TierUse)], demand: &Demand, options: &Options) -> String {
    let mut source = "  leg bill: customer-bill -> grid-income\n".to_owned();
    source += &calendars(months, options);
    source += &base(months);
    for (number, (item, tiers)) in all.iter().enumerate() {
        // One table serves both charges where they differ in nothing but months and bands.
        let table = all.iter().position(|(_, one)| one.steps == tiers.steps).unwrap_or(number);
        if table == number {
            source += &tier_table(number + 1, &tiers.steps);
        }
        source += &tier_rule(table + 1, *item, tiers);
    }
    let charged = (0..MONTHS).filter(|month| demand.prices[*month] != 0);
    for group in grouped(charged, |month| demand.prices[month]) {
        // One charge of one item: the price of a month is looked up in a band table of its own.
        if group.len() == MONTHS {
            let price = text(demand.prices[0]);
            let _ =
                writeln!(source, "  price capacity = {price} yuan/kW into bill on maximum-demand");
            return source + "}\n";
        }
    }
    if demand.is_charged() {
        source += &demand_by_month(months, demand);
    }
    source + "}\n"
}

/// A demand price that differs from month to month: a band table in yuan/kW, the same in all bands.
fn demand_by_month(months: &[Month], demand: &Demand) -> String {
    let mut source = String::new();
    let bands =
        |month: usize| months[month].bands.iter().map(|(band, _)| *band).collect::<Vec<_>>();
    for group in grouped(0..MONTHS, |month| (demand.prices[month], bands(month))) {
        let price = text(demand.prices[group[0]]);
        let entries = bands(group[0]);
        let entries = entries.iter().map(|band| format!("{} {price} yuan/kW", band.code()));
        let entries = entries.collect::<Vec<_>>().join("; ");
        let _ = writeln!(source, "  bands demand {} {{ {entries} }}", month_list(&group));
    }
    source + "  price capacity = bands demand into bill on maximum-demand\n"
}

fn calendars(months: &[Month], options: &Options) -> String {
    let mut source = String::new();
    if !has_bands(months) {
        return source;
    }
    let unlike = |month: &usize| months[*month].workday != months[*month].rest_day;
    let exceptions = (0..MONTHS).filter(unlike);
    let exceptions = grouped(exceptions, |month| &months[month].rest_day);
    if !exceptions.is_empty() {
        for year in &options.years {
            let _ = writeln!(source, "  special-days {year} {{ }}");
        }
    }
    for group in exceptions {
        let starts = starts(&months[group[0]].rest_day);
        let _ = writeln!(source, "  calendar {} on rest-day {{ {starts} }}", month_list(&group));
    }
    for group in grouped(0..MONTHS, |month| &months[month].workday) {
        let starts = starts(&months[group[0]].workday);
        let _ = writeln!(source, "  calendar {} {{ {starts} }}", month_list(&group));
    }
    source
}

fn starts(hours: &[Band]) -> String {
    let mut starts: Vec<String> = Vec::new();
    let mut last = None;
    for (hour, band) in hours.iter().enumerate() {
        if last != Some(*band) {
            starts.push(format!("{hour:02}:00 {}", band.code()));
            last = Some(*band);
        }
    }
    starts.join("; ")
}

/// The price of the first tier in each month and band.
fn base(months: &[Month]) -> String {
    let first = |month: usize| {
        let bands = months[month].bands.iter();
        bands.map(|(band, ladder)| (*band, ladder.prices[0])).collect::<Vec<_>>()
    };
    let groups = grouped(0..MONTHS, first);
    if let ([_], [(_, price)]) = (groups.as_slice(), first(0).as_slice()) {
        return format!("  price benchmark = {} yuan/kWh into bill\n", text(*price));
    }
    let mut source = String::new();
    for group in groups {
        let entries = first(group[0]);
        let entries = entries
            .iter()
            .map(|(band, price)| format!("{} {} yuan/kWh", band.code(), text(*price)));
        let entries = entries.collect::<Vec<_>>().join("; ");
        let _ = writeln!(source, "  bands hourly {} {{ {entries} }}", month_list(&group));
    }
    let item = if has_bands(months) { Item::TimeOfUse } else { Item::Benchmark };
    source + &format!("  price {} = bands hourly into bill\n", item.code())
}

fn tier_table(number: usize, steps: &Steps) -> String {
    let mut rows = Vec::new();
    let mut last = 0;
    for (limit, step) in steps {
        rows.push(format!("up to {} kWh {} yuan/kWh", text(*limit), text(last)));
        last = *step;
    }
    rows.push(format!("above {} yuan/kWh", text(last)));
    format!("  tiers ladder-{number} on energy this month {{ {} }}\n", rows.join("; "))
}

fn tier_rule(table: usize, item: Item, tiers: &TierUse) -> String {
    let bands = tiers.bands.iter().flatten().map(|band| format!("{} ", band.code()));
    let bands: String = bands.collect();
    let condition = match (bands.as_str(), tiers.months.len()) {
        ("", MONTHS) => String::new(),
        (bands, MONTHS) => format!(" when {}", bands.trim_end()),
        (bands, _) => format!(" when {bands}{}", month_list(&tiers.months)),
    };
    format!("  price {} = tiers ladder-{table} into bill{condition}\n", item.code())
}

/// Months with one key, in the order of their first month.
fn grouped<K: PartialEq>(
    months: impl Iterator<Item = usize>,
    key: impl Fn(usize) -> K,
) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for month in months {
        match groups.iter_mut().find(|group| key(group[0]) == key(month)) {
            Some(group) => group.push(month),
            None => groups.push(vec![month]),
        }
    }
    groups
}

fn month_list(months: &[usize]) -> String {
    if months.len() == MONTHS {
        return "all-year".to_owned();
    }
    let months = months.iter().map(|month| (month + 1).to_string()).collect::<Vec<_>>();
    format!("months {}", months.join(" "))
}

fn examples(months: &[Month], demand: &Demand, (options, energy_max): (&Options, i64)) -> String {
    let year = options.years.first().copied().unwrap_or(2025);
    let mut lines = Vec::new();
    let groups = grouped(0..MONTHS, |month| &months[month]);
    for group in &groups {
        let month = &months[group[0]];
        for (band, ladder) in &month.bands {
            let Some(at) = moment(month, *band, year, group[0]) else { continue };
            lines.push(example(&at, ladder, 0, EXAMPLE));
            if let Some(limit) = ladder.limits.first().filter(|limit| **limit > KILOWATT_HOUR) {
                lines.push(example(&at, ladder, limit - KILOWATT_HOUR, 2 * KILOWATT_HOUR));
            }
        }
    }
    lines.truncate(EXAMPLES_MAX);
    assert!(energy_max >= EXAMPLE, "an example stays below the bound");
    for group in grouped(0..MONTHS, |month| demand.prices[month]) {
        let price = demand.prices[group[0]];
        if price != 0 {
            lines.push(demand_example(year, group[0], price, demand.power_max));
        }
    }
    format!("examples {{\n{}\n}}\n", lines.join(";\n"))
}

/// A date and an hour at which a band holds.
fn moment(month: &Month, band: Band, year: i32, number: usize) -> Option<String> {
    let hour = |hours: &[Band]| hours.iter().position(|one| *one == band);
    let (is_workday, hour) = match (hour(&month.workday), hour(&month.rest_day)) {
        (Some(hour), _) => (true, hour),
        (None, Some(hour)) => (false, hour),
        (None, None) => return None,
    };
    let number = u8::try_from(number + 1).ok()?;
    let fits = |day: &CivilDate| {
        let weekday = day.weekday();
        (weekday != Weekday::Saturday && weekday != Weekday::Sunday) == is_workday
    };
    let date = (1..=7).map(|day| CivilDate { year, month: number, day }).find(fits)?;
    Some(format!("{date} {hour:02}:00"))
}

fn example(at: &str, ladder: &Ladder, before: i64, energy: i64) -> String {
    let result = amount(ladder.pico_yuan(before, energy));
    let month = if before > 0 { format!("month {} kWh ", text(before)) } else { String::new() };
    format!("  {at} {month}energy {} kWh => bill {result}", text(energy))
}

/// The settlement that ends the month, in which the demand is charged.
fn demand_example(year: i32, month: usize, price: i64, power_max: i64) -> String {
    let next = if month + 1 == MONTHS { (year + 1, 1) } else { (year, month + 2) };
    let next = CivilDate { year: next.0, month: u8::try_from(next.1).unwrap_or(1), day: 1 };
    let last = (next.start() - quantity::Duration::from_minutes(15)).civil();
    let power = power_max.min(100_000_000);
    let result = amount(i128::from(price) * i128::from(power));
    format!(
        "  {} 23:45 energy 0 kWh, maximum-demand {} kW => bill {result}",
        last.date,
        text(power)
    )
}

/// Pico-yuan as the language writes money and rest.
fn amount(pico_yuan: i128) -> String {
    let money = i64::try_from(pico_yuan.div_euclid(1_000_000)).unwrap_or(i64::MAX);
    let rest = i64::try_from(pico_yuan.rem_euclid(1_000_000)).unwrap_or_default();
    let carry = if rest == 0 { String::new() } else { format!(" carry {} micro-yuan", text(rest)) };
    format!("{} yuan{carry}", text(money))
}

/// A name for the contract: small letters, digits and hyphens.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for mark in name.chars().take(TITLE_MAX) {
        if mark.is_ascii_alphanumeric() {
            slug.push(mark.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "urdb-rate".to_owned() } else { slug.to_owned() }
}

/// A text on one line and without quotes.
fn line(text: &str) -> String {
    let plain = |mark: char| {
        if mark.is_control() || matches!(mark, '"' | '“' | '”' | '\\') { ' ' } else { mark }
    };
    text.chars().map(plain).collect::<String>().trim().to_owned()
}

fn title(text: &str) -> String {
    line(&text.chars().take(TITLE_MAX).collect::<String>())
}

/// A title that isn't empty.
fn title_of(text: &str) -> String {
    let title = title(text);
    if title.is_empty() { "-".to_owned() } else { title }
}
