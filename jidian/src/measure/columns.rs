//! Which column of a file is which channel, and what its numbers stand for.

use super::Refusal;
use core::str::FromStr;

/// What a column can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Voltage of phase A; three-wire: A to B.
    Ua,
    /// Voltage of phase B.
    Ub,
    /// Voltage of phase C; three-wire: C to B.
    Uc,
    /// Current of phase A.
    Ia,
    /// Current of phase B.
    Ib,
    /// Current of phase C.
    Ic,
    /// Current of the neutral.
    In,
    /// Time of each sample.
    Time,
}

impl Role {
    /// Roles other than time.
    pub const CHANNELS: usize = 7;

    /// The channels, in the order of their index.
    pub const ALL: [Self; Self::CHANNELS] =
        [Self::Ua, Self::Ub, Self::Uc, Self::Ia, Self::Ib, Self::Ic, Self::In];

    /// Place in [`Self::ALL`]; time stands behind the channels.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// As written in `--columns` and `--scale`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ua => "ua",
            Self::Ub => "ub",
            Self::Uc => "uc",
            Self::Ia => "ia",
            Self::Ib => "ib",
            Self::Ic => "ic",
            Self::In => "in",
            Self::Time => "t",
        }
    }

    /// Whether it is a voltage.
    #[must_use]
    pub const fn is_voltage(self) -> bool {
        matches!(self, Self::Ua | Self::Ub | Self::Uc)
    }

    /// By one of the usual names: `ua`, `Va`, `U1`, `UL1`, `IL3`, `i`, `In`, `t` …
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = bare(name);
        let found = match name.as_str() {
            "u" | "v" | "voltage" | "uab" | "vab" => Self::Ua,
            "ucb" | "vcb" => Self::Uc,
            "i" | "current" => Self::Ia,
            "t" | "ts" | "tms" | "tus" | "time" | "times" | "timems" | "timeus" | "seconds" => {
                Self::Time
            }
            _ => return Self::from_parts(&name),
        };
        Some(found)
    }

    fn from_parts(name: &str) -> Option<Self> {
        let mut letters = name.chars();
        let quantity = letters.next()?;
        let phase = letters.as_str();
        Self::of(quantity, phase.strip_prefix('l').unwrap_or(phase))
    }

    /// By the letter of a quantity and the name of a phase.
    #[must_use]
    pub(crate) fn of(quantity: char, phase: &str) -> Option<Self> {
        let place = match phase {
            "a" | "1" | "r" => 0,
            "b" | "2" | "s" => 1,
            "c" | "3" | "t" => 2,
            "n" | "0" => 3,
            _ => return None,
        };
        match quantity {
            'u' | 'v' => [Self::Ua, Self::Ub, Self::Uc].get(place).copied(),
            'i' => [Self::Ia, Self::Ib, Self::Ic, Self::In].get(place).copied(),
            _ => None,
        }
    }
}

/// Letters and digits of a name, small, without what stands in brackets.
pub(crate) fn bare(name: &str) -> String {
    let end = name.find(['(', '[']).filter(|at| *at > 0).unwrap_or(name.len());
    let kept = name[..end].chars().filter(char::is_ascii_alphanumeric);
    kept.map(|mark| mark.to_ascii_lowercase()).collect()
}

/// What stands in brackets.
fn unit(name: &str) -> Option<&str> {
    let at = name.find(['(', '['])?;
    name[at + 1..].trim_end().strip_suffix([')', ']'])
}

/// What one of a unit is in volts, amperes or seconds; unknown units are taken as one.
pub(crate) fn unit_factor(unit: &str) -> f64 {
    match unit.trim() {
        "kV" | "kA" | "KV" | "KA" | "kv" | "ka" => 1e3,
        "MV" | "MA" => 1e6,
        "mV" | "mA" | "ms" => 1e-3,
        "uV" | "uA" | "µV" | "µA" | "us" | "µs" => 1e-6,
        _ => 1.0,
    }
}

/// One column as the file names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    /// Its name; empty if the file has none.
    pub name: String,
    /// What it seems to be.
    pub role: Option<Role>,
    /// What one of its unit is in volts, amperes or seconds.
    pub factor: f64,
}

impl Heading {
    /// From a name such as `Ua`, `I1 (mA)` or `time_ms`.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let name = name.trim();
        let role = Role::from_name(name);
        let suffix = match bare(name).as_str() {
            "tms" | "timems" if role == Some(Role::Time) => 1e-3,
            "tus" | "timeus" if role == Some(Role::Time) => 1e-6,
            _ => 1.0,
        };
        let factor = unit(name).map_or(suffix, unit_factor);
        Self { name: name.to_owned(), role, factor }
    }

    /// Columns without names: `u i`, `ua uc ia ic`, or three phases with or without the neutral.
    #[must_use]
    pub fn unnamed(count: usize) -> Vec<Self> {
        let roles: &[Role] = match count {
            1 => &[Role::Ua],
            2 => &[Role::Ua, Role::Ia],
            4 => &[Role::Ua, Role::Uc, Role::Ia, Role::Ic],
            6 | 7 => &Role::ALL[..count],
            _ => &[],
        };
        let heading = |at| Self { name: String::new(), role: roles.get(at).copied(), factor: 1.0 };
        (0..count).map(heading).collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Counted from one.
    Number(usize),
    Name(String),
}

/// What `--columns` says, `ua=1,ia=I_load`; nothing if it isn't given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Vec<(Role, Place)>);

/// A column that is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// What it is.
    pub role: Role,
    /// Which, counted from zero.
    pub column: usize,
    /// What one of its unit is in volts, amperes or seconds.
    pub factor: f64,
}

impl Chosen {
    /// For an error: `column 3 (ua)`.
    pub(crate) fn place(&self) -> String {
        format!("column {} ({})", self.column + 1, self.role.name())
    }
}

impl FromStr for Columns {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let mut columns = Vec::new();
        for (role, place) in assignments(text, "--columns", "ua=1,ia=2")? {
            let [role] = role[..] else {
                return Err(Refusal::new("--columns: name one channel, such as ua=1"));
            };
            if columns.iter().any(|(other, _)| *other == role) {
                return Err(Refusal::new(format!("--columns: {} stands twice", role.name())));
            }
            let place = match place.parse() {
                Ok(0) => return Err(Refusal::new("--columns: columns are counted from 1")),
                Ok(number) => Place::Number(number),
                Err(_) => Place::Name(place.to_owned()),
            };
            columns.push((role, place));
        }
        Ok(Self(columns))
    }
}

/// Reads `name=value,name=value`; `u` and `i` alone stand for all voltages and all currents.
fn assignments<'t>(
    text: &'t str,
    option: &str,
    example: &str,
) -> Result<Vec<(Vec<Role>, &'t str)>, Refusal> {
    let wrong = |part: &str| {
        let channels = "ua, ub, uc, ia, ib, ic, in and t";
        Refusal::new(format!("{option}: `{part}`; write it as {example} (channels: {channels})"))
    };
    let one = |part: &'t str| {
        let (name, value) = part.split_once('=').ok_or_else(|| wrong(part))?;
        let roles = match (name.trim(), option) {
            ("u", "--scale") => vec![Role::Ua, Role::Ub, Role::Uc],
            ("i", "--scale") => vec![Role::Ia, Role::Ib, Role::Ic, Role::In],
            (name, _) => vec![Role::from_name(name).ok_or_else(|| wrong(part))?],
        };
        if value.trim().is_empty() { Err(wrong(part)) } else { Ok((roles, value.trim())) }
    };
    text.split(',').map(one).collect()
}

impl Columns {
    /// The columns to read from a file with these headings.
    ///
    /// # Errors
    /// If a column doesn't exist, two could be meant, or no voltage is among them.
    pub fn choose(&self, headings: &[Heading]) -> Result<Vec<Chosen>, Refusal> {
        let mut chosen = if self.0.is_empty() { by_role(headings)? } else { Vec::new() };
        for (role, place) in &self.0 {
            let column = find(place, *role, headings)?;
            let factor = headings.get(column).map_or(1.0, |heading| heading.factor);
            chosen.push(Chosen { role: *role, column, factor });
        }
        if !self.0.is_empty() && chosen.iter().all(|one| one.role != Role::Time) {
            let time = by_role(headings).unwrap_or_default();
            chosen.extend(time.into_iter().filter(|one| one.role == Role::Time));
        }
        if !chosen.iter().any(|one| one.role.is_voltage()) {
            let has = list(headings);
            return Err(Refusal::new(format!(
                "which column is a voltage? say so with --columns ua=1,ia=2; the file has {has}"
            )));
        }
        Ok(chosen)
    }
}

fn by_role(headings: &[Heading]) -> Result<Vec<Chosen>, Refusal> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for (column, heading) in headings.iter().enumerate() {
        let Some(role) = heading.role else { continue };
        if let Some(other) = chosen.iter().find(|other| other.role == role) {
            return Err(Refusal::new(format!(
                "columns {} and {} both look like {}; say which with --columns",
                other.column + 1,
                column + 1,
                role.name()
            )));
        }
        chosen.push(Chosen { role, column, factor: heading.factor });
    }
    Ok(chosen)
}

fn find(place: &Place, role: Role, headings: &[Heading]) -> Result<usize, Refusal> {
    let missing = |what: String| {
        let has = list(headings);
        Refusal::new(format!("--columns: {}={what} doesn't exist; the file has {has}", role.name()))
    };
    match place {
        Place::Number(number) if *number <= headings.len() => Ok(number - 1),
        Place::Number(number) => Err(missing(number.to_string())),
        Place::Name(name) => {
            let same = |heading: &Heading| heading.name.eq_ignore_ascii_case(name);
            headings.iter().position(same).ok_or_else(|| missing(name.clone()))
        }
    }
}

/// The first columns of a file by name, for an error.
fn list(headings: &[Heading]) -> String {
    let named = |(at, heading): (usize, &Heading)| {
        let name: String = heading.name.chars().take(24).collect();
        if name.is_empty() { (at + 1).to_string() } else { format!("{} {name}", at + 1) }
    };
    let names: Vec<_> = headings.iter().enumerate().take(16).map(named).collect();
    let more = if headings.len() > 16 { ", …" } else { "" };
    format!("{} columns: {}{more}", headings.len(), names.join(", "))
}

/// What `--scale` says: volts or amperes for one of the file's units; below zero where a channel was
/// recorded with its ends reversed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales([f64; Role::CHANNELS]);

impl Scales {
    /// Numbers that are volts and amperes already.
    pub const ONE: Self = Self([1.0; Role::CHANNELS]);

    /// The factor of a channel; time has none.
    #[must_use]
    pub fn of(&self, role: Role) -> f64 {
        self.0.get(role.index()).copied().unwrap_or(1.0)
    }
}

impl FromStr for Scales {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let mut scales = Self::ONE;
        for (roles, value) in assignments(text, "--scale", "ua=230,ia=5")? {
            let number = value.parse().ok().filter(|scale: &f64| scale.is_normal());
            let Some(number) = number else {
                return Err(Refusal::new(format!(
                    "--scale: `{value}` isn't a number other than zero (below zero reverses a channel)"
                )));
            };
            for role in roles {
                if let Some(scale) = scales.0.get_mut(role.index()) {
                    *scale = number;
                }
            }
        }
        Ok(scales)
    }
}
