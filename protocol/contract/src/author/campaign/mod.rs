//! Random contracts with the facts to try them on, for campaigns that hold one executor against
//! another. Everything follows from a seed, so that a difference can be shown again.

mod calendar;
mod dice;
mod facts;
mod prices;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::check::month_numbers;
use crate::program::ALL_MONTHS;
use crate::{Quantity, SignalId, Unit};
use calendar::Row;
use dice::Dice;

pub use facts::Case;

/// Legs that a random contract may use; the third can only be spent on heating.
const LEGS: [(&str, &str); 4] = [
    ("bill", "customer-bill -> grid-income"),
    ("fund", "customer-bill -> government-fund"),
    ("aid", "fiscal -> customer-bill for heating expires after 120 days"),
    ("state", "customer-bill -> treasury"),
];

/// A random contract, and where its facts should lie: at the edges of what it says.
///
/// Not every source is sound: chance may write the same row twice, or a condition that never holds.
/// [`Campaign::is_chance`] tells such a refusal from a fault of the generator.
#[derive(Clone, Debug)]
pub struct Campaign {
    dice: Dice,
    source: String,
    /// Limits of tiers, in mWh.
    limits: Vec<i64>,
    /// Starts of bands, in minutes of the day.
    minutes: Vec<i64>,
    /// First and last dates of conditions, in days since 1970-01-01.
    days: Vec<i64>,
    quantities: Vec<Needed>,
    /// Whether a movement may be settled in pieces without a change of its sums: only where nothing
    /// but the energy is charged.
    additive: bool,
}

/// A quantity that the contract reads.
#[derive(Clone, Debug)]
struct Needed {
    quantity: Quantity,
    most: i64,
    charged: bool,
    /// Limits of steps, in the unit of the quantity.
    edges: Vec<i64>,
}

/// What the statements so far need of the header and of declarations.
#[derive(Debug, Default)]
struct Draft {
    rules: String,
    legs: [bool; LEGS.len()],
    signals: Vec<SignalId>,
    events: Vec<SignalId>,
    quantities: Vec<Needed>,
    limits: Vec<i64>,
    days: Vec<i64>,
    tables: u32,
    rows: Vec<Row>,
    uses_bands: bool,
    uses_kinds: bool,
    reads_amounts: bool,
}

impl Campaign {
    /// The contract of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let interval = dice.pick(&[1_u16, 5, 15, 30, 60]);
        let mut draft = Draft { limits: alloc::vec![0], ..Draft::default() };
        if !dice.once_in(4) {
            draft.rows = calendar::rows(&mut dice, interval);
        }
        draft.charges(&mut dice);
        if !draft.uses_bands {
            draft.rows.clear();
        }
        draft.declare_days();
        let source = draft.assemble(&mut dice, interval);
        let minutes = draft.rows.iter().flat_map(Row::minutes).collect();
        let additive = draft.quantities.is_empty() && !draft.reads_amounts;
        let Draft { limits, days, quantities, .. } = draft;
        Self { dice, source, limits, minutes, days, quantities, additive }
    }

    /// The text of the contract.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a movement may be settled in pieces without a change of its sums: only where nothing
    /// but the energy is charged, and no price looks at the size of the movement.
    #[must_use]
    pub const fn is_additive(&self) -> bool {
        self.additive
    }

    /// Whether a refusal of the checker is one that chance explains: a condition, exception or row
    /// that can't be reached, tables that say the same, or more than fits.
    #[must_use]
    pub fn is_chance(code: &str) -> bool {
        const CHANCE: [&str; 8] = [
            "JD-C030", "JD-C036", "JD-C038", "JD-C042", "JD-C059", "JD-C060", "JD-C069", "JD-C018",
        ];
        CHANCE.contains(&code)
    }
}

impl Draft {
    fn declare_days(&mut self) {
        for row in &self.rows {
            self.uses_kinds |= row.kinds.is_some();
            if let Some(event) = row.event.filter(|event| !self.events.contains(event)) {
                self.events.push(event);
            }
        }
    }

    fn assemble(&self, dice: &mut Dice, interval: u16) -> String {
        let mut text = format!(
            "contract \"random\" version 1\n  title \"\" \"\"\n  for residential, import\n  \
             settle every {interval} minutes, at most 10 MWh\n  \
             price within -1000 yuan/kWh to 1000 yuan/kWh\n"
        );
        for needed in &self.quantities {
            text.push_str(&needed.line());
        }
        let prepaid =
            LEGS.iter().zip(self.legs).find(|(_, used)| *used).filter(|_| dice.once_in(3));
        if let Some(((leg, _), _)) = prepaid {
            text.push_str(&format!(
                "  prepaid {leg} hold 50 yuan, again below 10 yuan, release after 30 days\n"
            ));
        }
        text.push_str("under \"\" \"\" {\n");
        self.declarations(dice, &mut text);
        text.push_str(&self.rules);
        text.push_str("}\nexamples {\n");
        text.push_str(&self.example(prepaid.is_some()));
        text.push_str("}\n");
        text
    }

    fn declarations(&self, dice: &mut Dice, text: &mut String) {
        if self.uses_kinds {
            text.push_str(calendar::SPECIAL_DAYS);
        }
        for row in &self.rows {
            text.push_str(&row.line());
        }
        for ((name, roles), _) in LEGS.iter().zip(self.legs).filter(|(_, used)| *used) {
            text.push_str(&format!("  leg {name}: {roles}\n"));
        }
        for id in &self.signals {
            let (default, id) = (dice.price(Unit::PerKwh), id.code());
            text.push_str(&format!(
                "  signal {id} within -4 yuan/kWh to 4 yuan/kWh, older than 900 seconds take {default}\n"
            ));
        }
        for id in &self.events {
            let (id, default) = (id.code(), dice.pick(&["on", "off"]));
            text.push_str(&format!("  event {id}, older than 900 seconds take {default}\n"));
        }
    }

    /// A result that needs no working out: of nothing comes nothing, and what isn't held is asked
    /// for.
    fn example(&self, prepaid: bool) -> String {
        let mut text = "  2026-01-05 00:00 energy 0 kWh".to_string();
        for needed in self.quantities.iter().filter(|needed| !needed.quantity.is_monthly()) {
            let (code, unit) = (needed.quantity.code(), needed.unit());
            text.push_str(&format!(", {code} 0 {unit}"));
        }
        let used = LEGS.iter().zip(self.legs).filter(|(_, used)| *used);
        let mut results: Vec<String> =
            used.map(|((name, _), _)| format!("{name} 0 yuan")).collect();
        if prepaid {
            results.push("hold 50 yuan".to_string());
        }
        text.push_str(&format!(" => {}\n", results.join(", ")));
        text
    }
}

impl Needed {
    fn new(quantity: Quantity) -> Self {
        // Small enough that no sum of prices leaves 64 bits.
        let most = match quantity.unit() {
            Some(Unit::Ratio) => 1_000_000_000,
            Some(Unit::PerKwh | Unit::PerKw) => 10_000_000_000,
            None => 1_000_000,
        };
        Self { quantity, most, charged: false, edges: alloc::vec![0, most] }
    }

    /// The word of the first unit of its amounts.
    const fn unit(&self) -> &'static str {
        match (self.quantity, self.quantity.unit()) {
            (Quantity::Capacity, _) => "kVA",
            (_, Some(Unit::PerKwh)) => "kWh",
            (_, Some(Unit::PerKw)) => "kW",
            (_, Some(Unit::Ratio)) => "yuan",
            (_, None) => "%",
        }
    }

    /// An amount as text.
    fn amount(&self, amount: i64) -> String {
        let size = if self.quantity == Quantity::PowerFactor {
            amount.saturating_mul(100)
        } else {
            amount
        };
        format!("{:#} {}", quantity::Energy::from_milliwatt_hours(size), self.unit())
    }

    fn line(&self) -> String {
        let (code, most) = (self.quantity.code(), self.amount(self.most));
        let unit = match self.quantity.unit() {
            Some(unit) if self.charged => super::words::unit_words(unit).0,
            _ => return format!("  quantity {code} at most {most}\n"),
        };
        // A thousand of a price is as much as it may be; of a percent it is only ten times.
        let limit = if unit == "%" { 10_000 } else { 1000 };
        format!(
            "  quantity {code} at most {most}, price within -{limit} {unit} to {limit} {unit}\n"
        )
    }
}

fn month_text(months: u16) -> String {
    if months == ALL_MONTHS {
        return "all-year".to_string();
    }
    let numbers: Vec<String> = month_numbers(months).map(|month| month.to_string()).collect();
    format!("months {}", numbers.join(" "))
}
