//! Settles whole columns of movements: the platform's executor of the same byte code.
//!
//! ```text
//! rows --block--> context (month, band, conditions) --> kernel: the code with the calendar folded in
//!                    \--> loops over columns, one division per leg --> legs, carries, total
//! rows for which nothing was proved --> the interpreter, row by row
//! ```
//!
//! [`Plan::settle`] gives what [`Program::settle`] gives, row for row; `tests/bulk.rs` compares.

mod calendar;
mod campaign;
mod columns;
mod execute;
mod kernel;
mod mixed;
mod signals;

use alloc::vec::Vec;

use calendar::Contexts;
pub use campaign::{CampaignReport, Difference, Outsider, campaign, compare, compare_with};
use columns::part;
pub use columns::{
    Column, LegColumns, Movements, Postings, PrepaidColumns, QuantityColumn, QuantityColumns,
    Refusal, SignalColumn, SignalColumns, Times,
};
use execute::{BLOCK_ROWS, Block, Operand, Scratch, Target};
use heapless::Vec as Bounded;
use mixed::{CHUNK_ROWS, Mixed};
use signals::ResolvedSignals;

use crate::{Carries, Program, Quantity};

/// A contract made ready for columns. It remembers what it worked out for the calendar, so a plan
/// is made once and each thread clones its own.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    program: Program<'a>,
    legs: usize,
    contexts: Contexts,
    signals: ResolvedSignals,
    quantities: Vec<Quantity>,
    scratch: Scratch,
    unproved: Vec<(usize, Carries)>,
    mixed: Mixed,
}

/// Rows behind one another that have one kernel, at most a block of them.
#[derive(Clone, Copy)]
struct Stretch {
    kernel: usize,
    from: usize,
    rows: usize,
    /// Where their resolved signals begin.
    signals_from: usize,
}

impl<'a> Plan<'a> {
    /// A plan for a proved contract; the code is lowered for each context when it is first met.
    #[must_use]
    pub fn new(program: &Program<'a>) -> Self {
        let legs = program.legs().count();
        Self {
            program: *program,
            legs,
            contexts: Contexts::default(),
            signals: ResolvedSignals::new(program),
            quantities: program.quantity_rules().map(|rule| rule.quantity).collect(),
            scratch: Scratch::default(),
            unproved: Vec::new(),
            mixed: Mixed::new(legs),
        }
    }

    /// Number of legs: the columns that [`Postings`] needs.
    #[must_use]
    pub const fn legs(&self) -> usize {
        self.legs
    }

    /// Settles every row. The carries in `postings` go in and come out; everything else is replaced.
    ///
    /// # Panics
    /// If the columns differ in length, or `postings` is for another number of legs or rows.
    pub fn settle(&mut self, movements: &Movements<'_>, postings: &mut Postings) {
        assert!(movements.fits(), "all columns of the movements have one length");
        assert!(postings.fits(self.legs, movements.rows()), "a result for each leg and row");
        postings.refused.clear();
        let chunk = match movements.times {
            Times::Shared { .. } => BLOCK_ROWS,
            Times::Rows { .. } => CHUNK_ROWS,
        };
        for from in (0..movements.rows()).step_by(chunk) {
            let rows = movements.rows().saturating_sub(from).min(chunk);
            self.signals.resolve(movements, from, rows);
            match (movements.times, self.signals.shared_events()) {
                (Times::Shared { start, end }, Some(events)) => {
                    let kernel = self.contexts.find(&self.program, (start, end), events);
                    self.settle_run(movements, kernel, (from, rows), postings);
                }
                _ => self.settle_mixed(movements, (from, rows), postings),
            }
        }
        postings.refused.sort_unstable_by_key(|refusal| refusal.row);
        postings.prepay(self.program.prepaid(), movements);
    }

    /// Settles rows that have one kernel, or none.
    fn settle_run(
        &mut self,
        movements: &Movements<'_>,
        kernel: Option<usize>,
        (from, rows): (usize, usize),
        postings: &mut Postings,
    ) {
        let Some(kernel) = kernel else {
            let rows = from..from.saturating_add(rows);
            rows.for_each(|row| self.settle_row(movements, row, postings));
            return;
        };
        for offset in (0..rows).step_by(BLOCK_ROWS) {
            let stretch = Stretch {
                kernel,
                from: from.saturating_add(offset),
                rows: rows.saturating_sub(offset).min(BLOCK_ROWS),
                signals_from: offset,
            };
            self.settle_block(movements, stretch, postings);
        }
    }

    fn settle_block(&mut self, movements: &Movements<'_>, at: Stretch, postings: &mut Postings) {
        let Stretch { kernel, from, rows, signals_from } = at;
        let Some((kernel, bounds)) = self.contexts.kernel(kernel) else { return };
        let signals = self.signals.operands(signals_from, rows);
        let quantities = self.quantities.iter();
        let quantities = quantities.map(|id| movements.quantities.get(*id).operand(from, rows));
        let quantities: Bounded<Operand<'_>, { Quantity::COUNT }> = quantities.collect();
        let block = Block {
            energy: part(movements.energy, from, rows),
            month: movements.month_before.part(from, rows),
            year: movements.year_before.part(from, rows),
            held: movements.held.part(from, rows),
            signals: &signals,
            quantities: &quantities,
        };
        if !block.is_proved(bounds) {
            let unproved = block.unproved(bounds).map(|row| row.saturating_add(from));
            self.unproved.extend(unproved.map(|row| (row, postings.carries(row))));
        }
        kernel.run(&block, &mut self.scratch, &mut Target { from, legs: &mut postings.legs });
        for (row, carries) in core::mem::take(&mut self.unproved) {
            postings.set_carries(row, &carries);
            self.settle_row(movements, row, postings);
        }
    }

    /// The slow path: the interpreter decides.
    fn settle_row(&self, movements: &Movements<'_>, row: usize, postings: &mut Postings) {
        let mut carries = postings.carries(row);
        let settlement = movements.settle_row(&self.program, row, &mut carries);
        postings.put(row, settlement, &carries);
    }
}
