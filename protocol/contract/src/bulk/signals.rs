//! Signals as the contract counts them: clamped, or the default where they are missing or too old.

use alloc::vec;
use alloc::vec::Vec;

use heapless::Vec as Bounded;
use quantity::Price;

use super::columns::{Movements, SignalColumn, Times, part};
use super::execute::Operand;
use crate::program::Program;
use crate::{SIGNALS_MAX, SignalRule, SignalValue};

/// One signal of some rows.
#[derive(Clone, Debug)]
struct Resolved {
    rule: SignalRule,
    /// `Some` while all rows have the same value; else they stand in the column.
    shared: Option<i64>,
    column: Vec<i64>,
}

/// All signals of a contract, in the order of its rules.
#[derive(Clone, Debug)]
pub(super) struct ResolvedSignals(Vec<Resolved>);

impl ResolvedSignals {
    pub(super) fn new(program: &Program<'_>) -> Self {
        let resolved = |rule| Resolved { rule, shared: Some(0), column: Vec::new() };
        Self(program.signal_rules().map(resolved).collect())
    }

    /// Works out the signals of rows `from` and on.
    pub(super) fn resolve(&mut self, movements: &Movements<'_>, from: usize, rows: usize) {
        for signal in &mut self.0 {
            signal.resolve(movements, from, rows);
        }
    }

    /// The events that are on, if that is the same for all rows that were resolved last.
    pub(super) fn shared_events(&self) -> Option<u8> {
        let mut events = self.0.iter().filter(|signal| signal.rule.id.is_event());
        events.try_fold(0, |all, signal| Some(all | signal.event(signal.shared?)))
    }

    /// The events that are on in one of the rows that were resolved last.
    pub(super) fn events_of(&self, row: usize) -> u8 {
        let events = self.0.iter().filter(|signal| signal.rule.id.is_event());
        events.fold(0, |all, signal| {
            let own = || signal.column.get(row).copied().unwrap_or_default();
            all | signal.event(signal.shared.unwrap_or_else(own))
        })
    }

    /// The signals of some of the rows that were resolved last.
    pub(super) fn operands(&self, from: usize, rows: usize) -> Bounded<Operand<'_>, SIGNALS_MAX> {
        self.0.iter().take(SIGNALS_MAX).map(|signal| signal.operand(from, rows)).collect()
    }

    /// The same for chosen rows, which are copied into `columns`.
    pub(super) fn gather<'a>(
        &self,
        rows: &[u32],
        columns: &'a mut Vec<Vec<i64>>,
    ) -> Bounded<Operand<'a>, SIGNALS_MAX> {
        columns.resize(self.0.len(), vec![]);
        let pairs = self.0.iter().zip(columns.iter_mut());
        pairs.take(SIGNALS_MAX).map(|(signal, column)| signal.gather(rows, column)).collect()
    }
}

impl Resolved {
    fn event(&self, value: i64) -> u8 {
        if value == 0 { 0 } else { self.rule.id.event_bit() }
    }

    fn operand(&self, from: usize, rows: usize) -> Operand<'_> {
        match self.shared {
            Some(value) => Operand::Scalar(value),
            None => Operand::Column(part(&self.column, from, rows)),
        }
    }

    fn gather<'a>(&self, rows: &[u32], column: &'a mut Vec<i64>) -> Operand<'a> {
        if let Some(value) = self.shared {
            return Operand::Scalar(value);
        }
        column.clear();
        column.extend(rows.iter().map(|row| self.column.get(*row as usize).copied().unwrap_or(0)));
        Operand::Column(column)
    }

    fn resolve(&mut self, movements: &Movements<'_>, from: usize, rows: usize) {
        let column = movements.signals.get(self.rule.id);
        self.shared = match (column, movements.times) {
            (SignalColumn::Missing, _) => Some(micro(self.rule.default)),
            (SignalColumn::Shared(value), Times::Shared { start, .. }) => {
                Some(micro(self.rule.counted(Some(value), start)))
            }
            (SignalColumn::Prices { prices, from: since }, Times::Shared { start, .. }) => {
                let value = SignalValue { price: self.rule.default, from: since };
                if self.rule.is_fresh(value.from, start) {
                    self.clamp(part(prices, from, rows));
                    None
                } else {
                    Some(micro(self.rule.default))
                }
            }
            (column, _) => {
                self.resolve_rows(column, movements, from, rows);
                None
            }
        };
    }

    fn clamp(&mut self, prices: &[Price]) {
        let (low, high) = (micro(self.rule.low), micro(self.rule.high));
        self.column.clear();
        self.column.extend(prices.iter().map(|price| micro(*price).clamp(low, high)));
    }

    /// Each row has an age of its own.
    fn resolve_rows(
        &mut self,
        column: SignalColumn<'_>,
        movements: &Movements<'_>,
        from: usize,
        rows: usize,
    ) {
        let rule = self.rule;
        self.column.clear();
        self.column.extend((from..from.saturating_add(rows)).map(|row| {
            let start = movements.interval(row).map(|(start, _)| start);
            micro(start.map_or(rule.default, |start| rule.counted(column.at(row), start)))
        }));
    }
}

const fn micro(price: Price) -> i64 {
    price.micro_yuan_per_kwh()
}
