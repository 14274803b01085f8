//! The tree that a source says, with the place of each part.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use quantity::{Duration, Energy, Instant, Money, PicoYuan, Price};

use super::messages::Span;
use crate::{Band, CustomerClass, Direction, Item, Role, SignalId, TierBasis};

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
    pub(super) floor: Price,
    pub(super) cap: Price,
    pub(super) limits_span: Span,
    pub(super) articles: Vec<Article>,
    pub(super) examples: Vec<Example>,
    pub(super) end: Span,
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
    Day(Day),
    Bands(Bands),
    Tiers(Tiers),
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

/// Starts of bands, in a set of months (bit 0 is January).
#[derive(Clone, Debug)]
pub(super) struct Day {
    pub(super) months: u16,
    pub(super) starts: Vec<DayStart>,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct DayStart {
    pub(super) minute: u16,
    pub(super) band: Band,
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
    Price(Price),
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

#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) item: Item,
    pub(super) value: ChargeValue,
    pub(super) leg: Name,
    pub(super) when: Option<When>,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum ChargeValue {
    Price(Expression),
    Tiers(Name),
}

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Price(Price),
    Signal(SignalId, Span),
    Bands(Name),
    Pair(Operation, Box<Self>, Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Lesser,
    Greater,
}

/// The condition under which a charge happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    pub(super) months: u16,
    pub(super) bands: u8,
    pub(super) span: Span,
}

/// A settlement worked out by hand.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub(super) start: Instant,
    pub(super) month_before: Energy,
    pub(super) year_before: Energy,
    pub(super) energy: Energy,
    pub(super) signals: Vec<(SignalId, Price, Duration)>,
    pub(super) results: Vec<ExampleLeg>,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct ExampleLeg {
    pub(super) leg: Name,
    pub(super) money: Money,
    pub(super) rest: PicoYuan,
}

impl Contract {
    pub(super) fn statements(&self) -> impl Iterator<Item = &Statement> + Clone {
        self.articles.iter().flat_map(|article| &article.statements)
    }

    pub(super) fn charges(&self) -> impl Iterator<Item = &Charge> + Clone {
        self.statements().filter_map(|statement| {
            if let Statement::Charge(charge) = statement { Some(charge) } else { None }
        })
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = &LegRule> + Clone {
        self.statements().filter_map(|statement| {
            if let Statement::Leg(leg) = statement { Some(leg) } else { None }
        })
    }

    pub(super) fn signals(&self) -> impl Iterator<Item = &Signal> + Clone {
        self.statements().filter_map(|statement| {
            if let Statement::Signal(signal) = statement { Some(signal) } else { None }
        })
    }

    pub(super) fn days(&self) -> impl Iterator<Item = &Day> + Clone {
        self.statements().filter_map(|statement| {
            if let Statement::Day(day) = statement { Some(day) } else { None }
        })
    }

    pub(super) fn bands(&self) -> impl Iterator<Item = &Bands> + Clone {
        self.statements().filter_map(|statement| {
            if let Statement::Bands(bands) = statement { Some(bands) } else { None }
        })
    }

    pub(super) fn tiers(&self) -> impl Iterator<Item = &Tiers> + Clone {
        self.statements().filter_map(|statement| {
            if let Statement::Tiers(tiers) = statement { Some(tiers) } else { None }
        })
    }

    /// The legs in the order of their first use: the index of a leg in byte code and results.
    pub(super) fn leg_order(&self) -> Vec<&LegRule> {
        let mut order: Vec<&LegRule> = Vec::new();
        for charge in self.charges() {
            let leg = self.legs().find(|leg| leg.name.text == charge.leg.text);
            let known = order.iter().any(|known| known.name.text == charge.leg.text);
            order.extend(leg.filter(|_| !known));
        }
        order
    }
}

impl Bands {
    /// The exact price of a band, `None` if it isn't stated or a share isn't exact.
    pub(super) fn price(&self, band: Band) -> Option<Price> {
        let entry = self.entries.iter().find(|entry| entry.band == band)?;
        match entry.value {
            BandValue::Price(price) => Some(price),
            BandValue::Share { ppm, of } => {
                let (whole, rest) = share(self.base(band, of)?, ppm)?;
                (rest == 0).then_some(whole)
            }
        }
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
            Self::Pair(_, first, second) => {
                first.leaves(visit);
                second.leaves(visit);
            }
            Self::Price(_) | Self::Signal(..) | Self::Bands(..) => visit(self),
        }
    }

    /// Prices that are held at once while it is worked out.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Pair(_, first, second) => first.depth().max(second.depth().saturating_add(1)),
            Self::Price(_) | Self::Signal(..) | Self::Bands(..) => 1,
        }
    }
}
