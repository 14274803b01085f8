//! The tree that a source says, with the place of each part.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use quantity::{CivilDate, Duration, Energy, Instant, Money, PicoYuan, Price};

use super::messages::Span;
use crate::{
    Band, CustomerClass, DayKind, Direction, Item, Purpose, Quantity, Role, SignalId, TierBasis,
    Unit,
};

/// What the signal of an event carries while it is on.
pub(super) const EVENT_ON: Price = Price::from_micro_yuan_per_kwh(1);

#[derive(Clone, Debug)]
pub(super) struct Contract {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) title_zh: String,
    pub(super) title_en: String,
    pub(super) class: CustomerClass,
    pub(super) direction: Direction,
    pub(super) interval_seconds: u32,
    pub(super) interval_span: Span,
    pub(super) energy_max: Energy,
    pub(super) energy_span: Span,
    pub(super) limits: Limits,
    pub(super) quantities: Vec<QuantityRule>,
    /// The contract that holds when this one expires.
    pub(super) expiry: Option<Name>,
    pub(super) prepaid: Option<PrepaidRule>,
    pub(super) articles: Vec<Article>,
    pub(super) examples: Vec<Example>,
    pub(super) end: Span,
}

/// Between which the sum of all prices on one quantity lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) floor: Value,
    pub(super) cap: Value,
    pub(super) span: Span,
}

/// A price in millionths of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) price: Price,
    pub(super) unit: Unit,
}

/// A quantity beside the energy, declared in the header.
#[derive(Clone, Debug)]
pub(super) struct QuantityRule {
    pub(super) quantity: Quantity,
    /// In the integer unit of the quantity.
    pub(super) most: i64,
    pub(super) limits: Option<Limits>,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct PrepaidRule {
    pub(super) leg: Name,
    pub(super) amount: Money,
    pub(super) again_below: Money,
    pub(super) release: Duration,
    pub(super) span: Span,
}

/// The rules that one clause of a document gives.
#[derive(Clone, Debug)]
pub(super) struct Article {
    pub(super) document: String,
    pub(super) clause: String,
    pub(super) statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    Leg(LegRule),
    Signal(Signal),
    Event(Event),
    SpecialDays(SpecialDays),
    Day(Day),
    Bands(Bands),
    Tiers(Tiers),
    Steps(Steps),
    Charge(Charge),
}

/// A word of the source and its place.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct LegRule {
    pub(super) name: Name,
    pub(super) debit: Role,
    pub(super) credit: Role,
    pub(super) purpose: Purpose,
    /// After how long the money may no longer be spent.
    pub(super) expires: Option<(Duration, Span)>,
}

#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) id: SignalId,
    pub(super) low: Price,
    pub(super) high: Price,
    pub(super) default: Price,
    pub(super) age_max: Duration,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: SignalId,
    pub(super) default: Switch,
    pub(super) age_max: Duration,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    On,
    Off,
}

/// The dates of a year that aren't what their day of the week says.
#[derive(Clone, Debug)]
pub(super) struct SpecialDays {
    pub(super) year: u32,
    pub(super) spans: Vec<DateSpan>,
    pub(super) span: Span,
}

/// Both dates belong to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct DateSpan {
    pub(super) kind: DayKind,
    pub(super) from: CivilDate,
    pub(super) to: CivilDate,
    pub(super) span: Span,
}

/// When a row of the calendar holds: months (bit 0 is January), and in an exception the kinds of
/// day (bits of [`DayKind`]) and an event.
#[derive(Clone, Debug)]
pub(super) struct Day {
    pub(super) months: u16,
    pub(super) kinds: Option<u8>,
    pub(super) event: Option<(SignalId, Span)>,
    pub(super) starts: Vec<DayStart>,
    /// The spans that the starts were made of, in a row written as `windows`.
    pub(super) windows: Option<Vec<Window>>,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct DayStart {
    pub(super) minute: u16,
    pub(super) band: Band,
    pub(super) span: Span,
}

/// From a minute of the day up to another one, which lies on the next day if it isn't later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) band: Band,
    pub(super) from: u16,
    pub(super) to: u16,
    pub(super) span: Span,
}

/// Prices of bands in a set of months; several with one name make one table.
#[derive(Clone, Debug)]
pub(super) struct Bands {
    pub(super) name: Name,
    pub(super) months: u16,
    pub(super) entries: Vec<BandEntry>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct BandEntry {
    pub(super) band: Band,
    pub(super) value: BandValue,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum BandValue {
    Price(Value),
    /// Parts per million of another band's price.
    Share {
        ppm: i64,
        of: Band,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Tiers {
    pub(super) name: Name,
    pub(super) basis: TierBasis,
    /// `None` is the open tier.
    pub(super) entries: Vec<(Option<Energy>, Price, Span)>,
}

/// Values by a quantity: that of the first limit above it.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    pub(super) name: Name,
    pub(super) quantity: Quantity,
    /// `None` is the open row; a limit is in the integer unit of the quantity.
    pub(super) entries: Vec<(Option<i64>, Value, Span)>,
}

#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) item: Item,
    pub(super) value: ChargeValue,
    /// Who shares the price: one payee without a share, or several of which the last has the rest.
    pub(super) payees: Vec<Payee>,
    pub(super) quantity: Quantity,
    pub(super) quantity_span: Span,
    /// Only what is beyond this many parts per million of another quantity.
    pub(super) beyond: Option<(i64, Quantity)>,
    pub(super) when: Option<When>,
    pub(super) rank: Rank,
    pub(super) span: Span,
}

/// Whether a price stands for itself or replaces an earlier one while its condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    General,
    Exception,
}

#[derive(Clone, Debug)]
pub(super) struct Payee {
    pub(super) leg: Name,
    /// Parts per million; `None` takes the rest.
    pub(super) ppm: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) enum ChargeValue {
    Price(Expression),
    Tiers(Name),
}

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Price(Value),
    Signal(SignalId, Span),
    Bands(Name),
    Steps(Name),
    /// The span is that of the second part.
    Pair(Operation, Box<Self>, Box<Self>, Span),
    Share(Share, Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Lesser,
    Greater,
}

/// A share of a price, rounded to a multiple of `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) ppm: i64,
    pub(super) rounding: Rounding,
    pub(super) to: Option<Value>,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// Towards minus infinity.
    Down,
    /// To the nearest, the half towards plus infinity.
    HalfUp,
}

/// The condition under which a charge happens; all parts must hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    pub(super) months: u16,
    pub(super) bands: u8,
    /// Bits of [`DayKind`]; `None` is any day.
    pub(super) kinds: Option<u8>,
    /// Bits of [`SignalId::event_bit`].
    pub(super) needed: u8,
    pub(super) forbidden: u8,
    /// Both dates belong to it.
    pub(super) dates: Option<(CivilDate, CivilDate)>,
    pub(super) span: Span,
}

/// A settlement worked out by hand.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub(super) start: Instant,
    pub(super) month_before: Energy,
    pub(super) year_before: Energy,
    pub(super) energy: Energy,
    /// Signals and events, each with its age.
    pub(super) signals: Vec<(SignalId, Price, Duration)>,
    pub(super) quantities: Vec<(Quantity, i64, Span)>,
    pub(super) held: Option<Money>,
    pub(super) results: Vec<ExampleLeg>,
    /// What is asked to be put on hold.
    pub(super) hold: Option<(Money, Span)>,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct ExampleLeg {
    pub(super) leg: Name,
    pub(super) money: Money,
    pub(super) rest: PicoYuan,
}

/// Statements of one kind.
macro_rules! statements {
    ($($name:ident $variant:ident $type:ident;)+) => {
        impl Contract {
            pub(super) fn statements(&self) -> impl Iterator<Item = &Statement> + Clone {
                self.articles.iter().flat_map(|article| &article.statements)
            }

            $(pub(super) fn $name(&self) -> impl Iterator<Item = &$type> + Clone {
                self.statements().filter_map(|statement| {
                    if let Statement::$variant(one) = statement { Some(one) } else { None }
                })
            })+
        }
    };
}

statements! {
    all_charges Charge Charge;
    legs Leg LegRule;
    signals Signal Signal;
    events Event Event;
    special_days SpecialDays SpecialDays;
    days Day Day;
    bands Bands Bands;
    tiers Tiers Tiers;
    steps Steps Steps;
}

impl Contract {
    /// The prices that stand for themselves.
    pub(super) fn charges(&self) -> impl Iterator<Item = &Charge> + Clone {
        self.all_charges().filter(|charge| charge.rank == Rank::General)
    }

    /// The exceptions to a price, in the order in which they are tried.
    pub(super) fn exceptions<'t>(
        &'t self,
        charge: &'t Charge,
    ) -> impl Iterator<Item = &'t Charge> + Clone {
        self.all_charges().filter(|other| other.rank == Rank::Exception && other.replaces(charge))
    }

    /// The legs in the order of their first use: the index of a leg in byte code and results.
    pub(super) fn leg_order(&self) -> Vec<&LegRule> {
        let mut order: Vec<&LegRule> = Vec::new();
        for payee in self.charges().flat_map(|charge| &charge.payees) {
            let leg = self.legs().find(|leg| leg.name.text == payee.leg.text);
            let known = order.iter().any(|known| known.name.text == payee.leg.text);
            order.extend(leg.filter(|_| !known));
        }
        order
    }

    pub(super) fn quantity(&self, quantity: Quantity) -> Option<&QuantityRule> {
        self.quantities.iter().find(|rule| rule.quantity == quantity)
    }

    /// The limits of the prices on a quantity.
    pub(super) fn limits_of(&self, quantity: Quantity) -> Option<Limits> {
        if quantity == Quantity::Energy {
            return Some(self.limits);
        }
        self.quantity(quantity)?.limits
    }
}

impl Charge {
    /// Whether both are the same item on the same quantity into the same legs.
    pub(super) fn replaces(&self, general: &Self) -> bool {
        let same = |(one, other): (&Payee, &Payee)| one.leg.text == other.leg.text;
        self.item == general.item
            && self.quantity == general.quantity
            && self.payees.len() == general.payees.len()
            && self.payees.iter().zip(&general.payees).all(same)
    }
}

impl Bands {
    /// The exact price of a band, `None` if it isn't stated or a share isn't exact.
    pub(super) fn price(&self, band: Band) -> Option<Price> {
        let entry = self.entries.iter().find(|entry| entry.band == band)?;
        match entry.value {
            BandValue::Price(value) => Some(value.price),
            BandValue::Share { ppm, of } => {
                let (whole, rest) = share(self.base(band, of)?, ppm)?;
                (rest == 0).then_some(whole)
            }
        }
    }

    /// The unit of its prices: that of the first one that is stated.
    pub(super) fn unit(&self) -> Option<Unit> {
        self.entries.iter().find_map(|entry| match entry.value {
            BandValue::Price(value) => Some(value.unit),
            BandValue::Share { .. } => None,
        })
    }

    /// The price that a share of `band` refers to: an entry that stands before it.
    pub(super) fn base(&self, band: Band, of: Band) -> Option<Price> {
        let place = |band| self.entries.iter().position(|entry| entry.band == band);
        if place(of)? < place(band)? { self.price(of) } else { None }
    }
}

/// `ppm` millionths of a price, rounded down, and the rest.
pub(super) fn share(price: Price, ppm: i64) -> Option<(Price, i128)> {
    let product = i128::from(price.micro_yuan_per_kwh()).checked_mul(i128::from(ppm))?;
    let whole = i64::try_from(product.checked_div_euclid(1_000_000)?).ok()?;
    Some((Price::from_micro_yuan_per_kwh(whole), product.checked_rem_euclid(1_000_000)?))
}

impl Expression {
    /// Calls `visit` for each leaf, from left to right.
    pub(super) fn leaves<'t>(&'t self, visit: &mut dyn FnMut(&'t Self)) {
        match self {
            Self::Pair(_, first, second, _) => {
                first.leaves(visit);
                second.leaves(visit);
            }
            Self::Share(_, of) => of.leaves(visit),
            Self::Price(_) | Self::Signal(..) | Self::Bands(_) | Self::Steps(_) => visit(self),
        }
    }
}
