//! What goes into the bulk executor and what comes out, column by column.

use alloc::vec;
use alloc::vec::Vec;

use super::execute::Operand;
use quantity::{Energy, Instant, Money, PicoYuan, Price};

use crate::{
    Carries, Facts, PrepaidRule, Program, Quantities, Quantity, SIGNALS_MAX, SettleError,
    Settlement, SignalId, SignalValue, Signals,
};

/// A number of each row, or one for all rows.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a, T> {
    /// Every row has this one.
    Shared(T),
    /// One for each row.
    Rows(&'a [T]),
}

impl<'a, T: Copy> Column<'a, T> {
    pub(super) fn at(&self, row: usize) -> Option<T> {
        match self {
            Self::Shared(value) => Some(*value),
            Self::Rows(values) => values.get(row).copied(),
        }
    }

    fn fits(&self, rows: usize) -> bool {
        match self {
            Self::Shared(_) => true,
            Self::Rows(values) => values.len() == rows,
        }
    }

    /// The rows from `from` on, at most `length` of them.
    pub(super) fn part(&self, from: usize, length: usize) -> Self {
        match self {
            Self::Shared(value) => Self::Shared(*value),
            Self::Rows(values) => Self::Rows(part(values, from, length)),
        }
    }
}

pub(super) fn part<T>(values: &[T], from: usize, length: usize) -> &[T] {
    let rest = values.get(from..).unwrap_or_default();
    rest.get(..length).unwrap_or(rest)
}

/// The intervals that the rows settle.
#[derive(Clone, Copy, Debug)]
pub enum Times<'a> {
    /// All rows settle the same interval, as a fleet does: the fast case.
    Shared {
        /// Start of the interval.
        start: Instant,
        /// End of the interval, exclusive.
        end: Instant,
    },
    /// Each row has its own. Rows that are ordered by time are looked up faster.
    Rows {
        /// Starts of the intervals.
        starts: &'a [Instant],
        /// Ends of the intervals, exclusive.
        ends: &'a [Instant],
    },
}

/// The values of one signal.
#[derive(Clone, Copy, Debug, Default)]
pub enum SignalColumn<'a> {
    /// No row received it.
    #[default]
    Missing,
    /// Every row holds the same value, as a broadcast makes it.
    Shared(SignalValue),
    /// Each row has a price of its own; all came into force at once.
    Prices {
        /// The values.
        prices: &'a [Price],
        /// When they came into force.
        from: Instant,
    },
    /// Each row has its own, or none.
    Rows(&'a [Option<SignalValue>]),
}

impl SignalColumn<'_> {
    pub(super) fn at(&self, row: usize) -> Option<SignalValue> {
        match self {
            Self::Missing => None,
            Self::Shared(value) => Some(*value),
            Self::Prices { prices, from } => {
                prices.get(row).map(|price| SignalValue { price: *price, from: *from })
            }
            Self::Rows(values) => values.get(row).copied().flatten(),
        }
    }

    fn fits(&self, rows: usize) -> bool {
        match self {
            Self::Missing | Self::Shared(_) => true,
            Self::Prices { prices, .. } => prices.len() == rows,
            Self::Rows(values) => values.len() == rows,
        }
    }
}

/// A column for each signal that a meter may hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignalColumns<'a>([SignalColumn<'a>; SIGNALS_MAX]);

impl<'a> SignalColumns<'a> {
    /// The column of a signal.
    #[must_use]
    pub fn get(&self, id: SignalId) -> SignalColumn<'a> {
        self.0.get(id.index()).copied().unwrap_or_default()
    }

    /// The same with one column replaced.
    #[must_use]
    pub fn with(mut self, id: SignalId, column: SignalColumn<'a>) -> Self {
        if let Some(place) = self.0.get_mut(id.index()) {
            *place = column;
        }
        self
    }

    fn at(&self, row: usize) -> Signals {
        let mut signals = Signals::NONE;
        for id in SignalId::ALL {
            signals.set(*id, self.get(*id).at(row));
        }
        signals
    }
}

/// The amounts of one quantity, in its integer unit.
#[derive(Clone, Copy, Debug, Default)]
pub enum QuantityColumn<'a> {
    /// No row has it.
    #[default]
    Missing,
    /// Every row has the same amount.
    Shared(i64),
    /// One for each row; what a row doesn't need isn't looked at.
    Rows(&'a [i64]),
}

impl<'a> QuantityColumn<'a> {
    fn at(self, row: usize) -> Option<i64> {
        match self {
            Self::Missing => None,
            Self::Shared(amount) => Some(amount),
            Self::Rows(amounts) => amounts.get(row).copied(),
        }
    }

    const fn fits(self, rows: usize) -> bool {
        match self {
            Self::Missing | Self::Shared(_) => true,
            Self::Rows(amounts) => amounts.len() == rows,
        }
    }

    /// Nothing stands as a negative amount, which is refused wherever one is needed.
    pub(super) fn operand(self, from: usize, rows: usize) -> Operand<'a> {
        match self {
            Self::Missing => Operand::Scalar(-1),
            Self::Shared(amount) => Operand::Scalar(amount),
            Self::Rows(amounts) => Operand::Column(part(amounts, from, rows)),
        }
    }
}

/// A column for each quantity beside the energy.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuantityColumns<'a>([QuantityColumn<'a>; Quantity::COUNT]);

impl<'a> QuantityColumns<'a> {
    /// The column of a quantity.
    #[must_use]
    pub fn get(&self, quantity: Quantity) -> QuantityColumn<'a> {
        self.0.get(usize::from(quantity.byte())).copied().unwrap_or_default()
    }

    /// The same with one column replaced.
    #[must_use]
    pub fn with(mut self, quantity: Quantity, column: QuantityColumn<'a>) -> Self {
        if let Some(place) = self.0.get_mut(usize::from(quantity.byte())) {
            *place = column;
        }
        self
    }

    fn at(&self, row: usize) -> Quantities {
        let mut quantities = Quantities::NONE;
        for quantity in Quantity::ALL {
            quantities.set(*quantity, self.get(*quantity).at(row));
        }
        quantities
    }
}

/// Movements of registers that are to be settled, a row each: [`Facts`] in columns.
#[derive(Clone, Copy, Debug)]
pub struct Movements<'a> {
    /// The intervals.
    pub times: Times<'a>,
    /// Energy moved in the interval; its length is the number of rows.
    pub energy: &'a [Energy],
    /// Energy since the month began, up to the start.
    pub month_before: Column<'a, Energy>,
    /// Energy since the year began, up to the start.
    pub year_before: Column<'a, Energy>,
    /// Signals in force.
    pub signals: SignalColumns<'a>,
    /// Quantities beside the energy, where the contract needs them.
    pub quantities: QuantityColumns<'a>,
    /// What is on hold for a prepaid leg; zero without one.
    pub held: Column<'a, Money>,
}

impl Movements<'_> {
    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.energy.len()
    }

    pub(super) fn fits(&self) -> bool {
        let rows = self.rows();
        let times = match self.times {
            Times::Shared { .. } => true,
            Times::Rows { starts, ends } => starts.len() == rows && ends.len() == rows,
        };
        let registers = self.month_before.fits(rows) && self.year_before.fits(rows);
        let quantities = self.quantities.0.iter().all(|column| column.fits(rows));
        times
            && registers
            && quantities
            && self.held.fits(rows)
            && self.signals.0.iter().all(|column| column.fits(rows))
    }

    /// Start and end of the interval of a row.
    pub(super) fn interval(&self, row: usize) -> Option<(Instant, Instant)> {
        match self.times {
            Times::Shared { start, end } => Some((start, end)),
            Times::Rows { starts, ends } => Some((*starts.get(row)?, *ends.get(row)?)),
        }
    }

    /// Settles one row with the interpreter: the slow path, and the only one that refuses.
    pub(super) fn settle_row(
        &self,
        program: &Program<'_>,
        row: usize,
        carries: &mut Carries,
    ) -> Result<Settlement, SettleError> {
        let (signals, quantities) = self.held_by(row);
        let facts = self.facts(row, &signals, &quantities).ok_or(SettleError::Damaged)?;
        program.settle(&facts, carries)
    }

    /// What the meter of a row holds beside its registers.
    pub(super) fn held_by(&self, row: usize) -> (Signals, Quantities) {
        (self.signals.at(row), self.quantities.at(row))
    }

    pub(super) fn facts<'s>(
        &self,
        row: usize,
        signals: &'s Signals,
        quantities: &'s Quantities,
    ) -> Option<Facts<'s>> {
        let (start, end) = self.interval(row)?;
        let energy = *self.energy.get(row)?;
        let month_before = self.month_before.at(row)?;
        let year_before = self.year_before.at(row)?;
        let held = self.held.at(row)?;
        Some(Facts { start, end, energy, month_before, year_before, signals, quantities, held })
    }
}

/// What a leg moves in each row, and what rounding leaves over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegColumns {
    /// The amounts, rounded down; zero in a refused row.
    pub money: Vec<Money>,
    /// The rests. They go into the next settlement of the same row; a refused row keeps its own.
    pub carry: Vec<PicoYuan>,
}

/// A row that was refused, exactly as [`Program::settle`] refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The row.
    pub row: usize,
    /// Why.
    pub error: SettleError,
}

/// The results of one call; it is handed in again with the next, so that the carries stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postings {
    /// One for each leg of the contract.
    pub legs: Vec<LegColumns>,
    /// What the hold of a prepaid leg is used for; `None` in a contract without one.
    pub prepaid: Option<PrepaidColumns>,
    /// The refused rows, ascending.
    pub refused: Vec<Refusal>,
}

/// What happens to the hold of a prepaid leg in each row; zero in a refused row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrepaidColumns {
    /// Taken out of the hold.
    pub posted: Vec<Money>,
    /// To be put on hold on top of what is left.
    pub hold: Vec<Money>,
}

impl Postings {
    /// Nothing is carried yet.
    #[must_use]
    pub fn new(legs: usize, rows: usize) -> Self {
        let leg = LegColumns { money: vec![Money::ZERO; rows], carry: vec![PicoYuan::ZERO; rows] };
        Self { legs: vec![leg; legs], prepaid: None, refused: Vec::new() }
    }

    /// Sum of all legs of a row, zero in a refused one.
    #[must_use]
    pub fn total(&self, row: usize) -> Money {
        let money = self.legs.iter().filter_map(|leg| leg.money.get(row));
        Money::from_micro_yuan(money.fold(0, |sum, money| sum.wrapping_add(money.micro_yuan())))
    }

    /// The carries of a row, as the interpreter takes them.
    #[must_use]
    pub fn carries(&self, row: usize) -> Carries {
        let mut carries = Carries::ZERO;
        for (leg, columns) in (0_u8..).zip(&self.legs) {
            carries.set(leg, columns.carry.get(row).copied().unwrap_or_default());
        }
        carries
    }

    /// Replaces the carries of a row, such as a journal stored them.
    pub fn set_carries(&mut self, row: usize, carries: &Carries) {
        for (leg, columns) in (0_u8..).zip(&mut self.legs) {
            if let Some(place) = columns.carry.get_mut(row) {
                *place = carries.get(leg);
            }
        }
    }

    pub(super) fn fits(&self, legs: usize, rows: usize) -> bool {
        let fits = |leg: &LegColumns| leg.money.len() == rows && leg.carry.len() == rows;
        self.legs.len() == legs && self.legs.iter().all(fits)
    }

    /// Uses what is held for the prepaid leg; a refused row uses nothing.
    pub(super) fn prepay(&mut self, rule: Option<PrepaidRule>, movements: &Movements<'_>) {
        let columns = rule.and_then(|rule| {
            let owed = &self.legs.get(usize::from(rule.leg))?.money;
            let mut columns = self.prepaid.take().unwrap_or_default();
            columns.posted.clear();
            columns.hold.clear();
            for (row, owed) in owed.iter().enumerate() {
                let prepaid = rule.use_hold(*owed, movements.held.at(row).unwrap_or_default());
                columns.posted.push(prepaid.map_or(Money::ZERO, |prepaid| prepaid.posted));
                columns.hold.push(prepaid.map_or(Money::ZERO, |prepaid| prepaid.hold));
            }
            for column in [&mut columns.posted, &mut columns.hold] {
                for refusal in &self.refused {
                    column.get_mut(refusal.row).into_iter().for_each(|money| *money = Money::ZERO);
                }
            }
            Some(columns)
        });
        self.prepaid = columns;
    }

    /// Stores what the interpreter said about a row.
    pub(super) fn put(
        &mut self,
        row: usize,
        settlement: Result<Settlement, SettleError>,
        carries: &Carries,
    ) {
        let settlement = settlement.map_err(|error| self.refused.push(Refusal { row, error })).ok();
        for (leg, columns) in self.legs.iter_mut().enumerate() {
            let charge = settlement.as_ref().and_then(|settlement| settlement.legs.get(leg));
            let money = charge.map_or(Money::ZERO, |charge| charge.money);
            columns.money.get_mut(row).into_iter().for_each(|place| *place = money);
        }
        self.set_carries(row, carries);
    }
}
