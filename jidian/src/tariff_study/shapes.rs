//! Shapes of load: a year of a profile, laid out for the year that is billed.

use contract::{CustomerClass, Direction};
use core::fmt;
use quantity::{CivilDate, Duration, Instant, Power};
use simulation::profiles::{ProfileError, Profiles};

/// Steps of a day: the profiles have one every 15 minutes.
pub const STEPS_PER_DAY: usize = 96;
/// Days of the table, which is that of a leap year.
const TABLE_DAYS: i64 = 366;
/// Whole weeks that lie within every year.
const WEEKS_DAYS: i64 = 364;
/// A share of the nominal power is held in parts of 2^20, so that no division is needed.
pub const SHARE_BITS: u32 = 20;
/// Days of the neighbouring years on each side, for who lives a week or two later than the table.
pub const MARGIN_DAYS: usize = 15;

/// What is known about a profile beside its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Name of the column, without `_p`.
    pub name: String,
    /// Such as `household` or `pv`.
    pub kind: String,
    /// How often it is dealt out, relative to the others.
    pub weight: u64,
    /// Nominal power of the usual customer with it.
    pub nominal: Power,
}

/// Tables of profiles as text, and what is known about them.
#[derive(Clone, Debug)]
pub struct Source {
    /// Tables with the header `unix_s,local,NAME,…`.
    pub tables: Vec<String>,
    /// Facts about the profiles; a profile that isn't in here has none.
    pub metas: Vec<Meta>,
}

/// The profiles of a study, in the order of their names.
#[derive(Clone, Debug)]
pub struct Shapes {
    metas: Vec<Meta>,
    /// All shapes one behind the other, each with its margins.
    shares: Vec<i32>,
    steps: usize,
}

/// Why shapes can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShapeError {
    /// A table isn't of the form.
    Table(ProfileError),
    /// The facts about profiles have another form.
    Meta {
        /// Number of the line, from 1.
        line: usize,
    },
    /// There is no profile for customers of this class.
    NoProfile(CustomerClass),
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(error) => write!(f, "{error}"),
            Self::Meta { line } => write!(
                f,
                "line {line}: a line of profile facts needs name, table, kind, …, number, kW"
            ),
            Self::NoProfile(class) => write!(
                f,
                "no built-in profile describes class '{}'; give profiles of such customers \
                 with --data",
                class.code()
            ),
        }
    }
}

impl core::error::Error for ShapeError {}

/// Kinds of profiles that a class of customers is made from, and a usual size where none is known.
#[must_use]
pub const fn kinds(class: CustomerClass) -> (&'static [&'static str], Power) {
    let (kinds, watts): (&[&str], i64) = match class {
        CustomerClass::Residential => (&["household"], 3_000),
        CustomerClass::Commercial => (&["commercial"], 11_000),
        CustomerClass::Agricultural => (&["agriculture"], 6_000),
        CustomerClass::HeatPump => (&["heat_pump"], 4_000),
        CustomerClass::Ev => (&["ev"], 11_000),
        CustomerClass::Industrial => (&["industry"], 245_000),
        CustomerClass::Hydro => (&["hydro"], 1_000_000),
        CustomerClass::Wind => (&["wind"], 2_000_000),
        CustomerClass::Solar => (&["pv"], 10_000),
        CustomerClass::Prosumer => (&["household", "pv"], 3_000),
        CustomerClass::RegionalGrid
        | CustomerClass::Coal
        | CustomerClass::Nuclear
        | CustomerClass::Battery
        | CustomerClass::PumpedStorage
        | CustomerClass::EvFleet => (&[], 10_000),
    };
    (kinds, Power::from_milliwatts(watts * 1000))
}

/// Reads `profiles_meta.csv`: name, table, kind, description, three numbers and a range, how often
/// SimBench uses it, the median of the nominal power in kW. A profile without a number is left out.
///
/// # Errors
/// [`ShapeError::Meta`] at the first line of another form.
pub fn parse_metas(csv: &str) -> Result<Vec<Meta>, ShapeError> {
    let mut metas = Vec::new();
    for (line, number) in csv.lines().zip(1..).skip(1) {
        let fields = fields(line);
        let [name, _, kind, _, _, _, _, _, count, kilowatts, ..] = fields.as_slice() else {
            return Err(ShapeError::Meta { line: number });
        };
        if count.is_empty() || kilowatts.is_empty() {
            continue;
        }
        let meta = || ShapeError::Meta { line: number };
        let weight = count.parse().map_err(|_| meta())?;
        let nominal = nominal(kilowatts).ok_or_else(meta)?;
        metas.push(Meta { name: name.clone(), kind: kind.clone(), weight, nominal });
    }
    Ok(metas)
}

/// The fields of a CSV line; a comma may stand in quotes.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for mark in line.chars() {
        match mark {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            mark => fields.last_mut().expect("one from the start").push(mark),
        }
    }
    fields
}

/// Kilowatts as text, also as `2.88e+05`.
fn nominal(text: &str) -> Option<Power> {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let ten = 10_i64.checked_pow(exponent.trim_start_matches('+').parse().ok()?)?;
    let power: Power = mantissa.parse().ok()?;
    power.milliwatts().checked_mul(ten).map(Power::from_milliwatts)
}

impl Source {
    /// Names of all columns of active power, in the order of the tables.
    fn columns(&self) -> Result<Vec<&str>, ShapeError> {
        let mut names = Vec::new();
        for table in &self.tables {
            let header = table.lines().next().unwrap_or_default();
            let columns = header.strip_prefix("unix_s,local,");
            let columns = columns.ok_or(ShapeError::Table(ProfileError::Header))?;
            names.extend(columns.split(',').filter(|name| !name.ends_with("_q")));
        }
        Ok(names)
    }

    /// What is known about a column; the usual size of the class where nothing is.
    fn meta(&self, column: &str, usual: Power) -> Meta {
        let name = column.strip_suffix("_p").unwrap_or(column);
        let known = self.metas.iter().find(|meta| meta.name == name).cloned();
        known.unwrap_or_else(|| Meta {
            name: name.to_owned(),
            kind: String::new(),
            weight: 1,
            nominal: usual,
        })
    }

    /// The profiles that customers of a class are made from, laid out for a year. Where the tables
    /// say nothing about kinds, all their profiles count.
    ///
    /// # Errors
    /// [`ShapeError`] if a table isn't of the form, or none of its profiles fits the class.
    pub fn shapes(&self, class: CustomerClass, year: i32) -> Result<Shapes, ShapeError> {
        let (kinds, usual) = kinds(class);
        let mut chosen: Vec<(&str, Meta)> = self
            .columns()?
            .into_iter()
            .map(|column| (column, self.meta(column, usual)))
            .filter(|(_, meta)| self.metas.is_empty() || kinds.contains(&meta.kind.as_str()))
            .collect();
        chosen.sort_by(|one, other| one.1.name.cmp(&other.1.name));
        chosen.dedup_by(|one, other| one.0 == other.0);
        // A profile that nobody is known to have is kept for its values only.
        chosen.retain(|(_, meta)| meta.weight > 0);
        if chosen.is_empty() {
            return Err(ShapeError::NoProfile(class));
        }
        let names: Vec<&str> = chosen.iter().map(|(column, _)| *column).collect();
        let mut profiles = Profiles::default();
        for table in &self.tables {
            profiles.add_table(table, &names).map_err(ShapeError::Table)?;
        }
        let series = names.iter().filter_map(|name| profiles.series(name)).collect::<Vec<_>>();
        let days = days_of_table(self.first_instant(), year);
        let steps = (days.len() - 2 * MARGIN_DAYS) * STEPS_PER_DAY;
        let mut shares = Vec::with_capacity(series.len() * days.len() * STEPS_PER_DAY);
        for values in series {
            for day in &days {
                let values = &values[day * STEPS_PER_DAY..(day + 1) * STEPS_PER_DAY];
                shares.extend(values.iter().map(|value| binary_share(*value)));
            }
        }
        Ok(Shapes { metas: chosen.into_iter().map(|(_, meta)| meta).collect(), shares, steps })
    }

    /// When the first table begins: it tells the day of the week of its first of January.
    fn first_instant(&self) -> Instant {
        let line = self.tables.first().and_then(|table| table.lines().nth(1));
        let seconds =
            line.and_then(|line| line.split(',').next()).and_then(|text| text.parse().ok());
        Instant::from_unix_seconds(seconds.unwrap_or_default())
    }
}

/// Millionths to parts of 2^20, to the nearest.
fn binary_share(millionths: i32) -> i32 {
    let scaled = (i64::from(millionths) << SHARE_BITS) + 500_000;
    i32::try_from(scaled.div_euclid(1_000_000)).expect("a share is near one, its text below 2147")
}

/// For each day of the billed year, with its margins, the day of the table that it is like: the
/// same date, moved by at most three days so that the day of the week is the same.
fn days_of_table(first: Instant, year: i32) -> Vec<usize> {
    let start = CivilDate { year, month: 1, day: 1 };
    let end = CivilDate { year: year + 1, month: 1, day: 1 };
    let days =
        end.start().since(start.start()).milliseconds() / Duration::from_hours(24).milliseconds();
    let of_week = |date: CivilDate| date.weekday() as i64;
    // The first rows lie in the hours around the new year, whatever the time zone of the source.
    let table = (first + Duration::from_hours(12)).civil().date;
    let ahead = (of_week(start) - of_week(table)).rem_euclid(7);
    let moved = if ahead > 3 { ahead - 7 } else { ahead };
    let margin = i64::try_from(MARGIN_DAYS).expect("a few days");
    let like = |day: i64| {
        let mut day = day + moved;
        while day < 0 {
            day += WEEKS_DAYS;
        }
        while day >= TABLE_DAYS {
            day -= WEEKS_DAYS;
        }
        usize::try_from(day).expect("it isn't negative")
    };
    (-margin..days + margin).map(like).collect()
}

impl Shapes {
    /// What is known about each profile.
    #[must_use]
    pub fn metas(&self) -> &[Meta] {
        &self.metas
    }

    /// Steps of the billed year.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// All values, in parts of 2^20.
    #[must_use]
    pub fn shares(&self) -> &[i32] {
        &self.shares
    }

    /// Where in [`Shapes::shares`] the year of a shape begins for who lives `late` steps later.
    #[must_use]
    pub fn origin(&self, shape: usize, late: i32) -> usize {
        let length = self.steps + 2 * MARGIN_DAYS * STEPS_PER_DAY;
        let year = shape * length + MARGIN_DAYS * STEPS_PER_DAY;
        year.checked_add_signed(-late as isize).expect("habits lie within the margins")
    }
}

/// Whether a class of customers can have both directions, so that load and roof are set off.
#[must_use]
pub fn has_roof(class: CustomerClass) -> bool {
    class == CustomerClass::Prosumer
}

/// Which sign the sum of load and roof has in the direction of the contract.
#[must_use]
pub const fn load_sign(direction: Direction) -> i64 {
    match direction {
        Direction::Import => 1,
        Direction::Export => -1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_keep_their_place_in_the_week() {
        // The table begins on Friday, 1 January 2016; 2025 begins on a Wednesday: two days back,
        // so the first of January wraps to the Wednesday 364 days later.
        let first = Instant::from_unix_seconds(1_451_602_800);
        let days = days_of_table(first, 2025);
        assert_eq!(days.len(), 365 + 2 * MARGIN_DAYS);
        let year = &days[MARGIN_DAYS..];
        assert_eq!(&year[..4], [362, 363, 0, 1]);
        assert_eq!(year[364], 362);
        // 2026 begins on a Thursday, 2016 itself isn't moved.
        assert_eq!(days_of_table(first, 2026)[MARGIN_DAYS + 1], 0);
        assert_eq!(days_of_table(first, 2016)[MARGIN_DAYS..][..366].last(), Some(&365));
    }

    #[test]
    fn facts_about_profiles_are_read() {
        let csv = "head\nA,res,wind,\"a, b\",1,2,,,17,2.88e+05,0,0\nB,load,household,,,,,,,,,\n";
        let metas = parse_metas(csv).unwrap();
        assert_eq!(metas.len(), 1);
        assert_eq!(metas[0].nominal, Power::from_milliwatts(288_000_000_000));
        assert_eq!((metas[0].kind.as_str(), metas[0].weight), ("wind", 17));
        assert_eq!(parse_metas("head\nA,b\n"), Err(ShapeError::Meta { line: 2 }));
        assert_eq!(binary_share(1_000_000), 1 << SHARE_BITS);
        assert_eq!(binary_share(-500_000), -(1 << 19));
    }
}
