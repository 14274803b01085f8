//! Rows of different times: sorted by kernel, copied together, postings like rows of one time.

use alloc::vec;
use alloc::vec::Vec;

use heapless::Vec as Bounded;
use quantity::{Energy, Money};

use super::Plan;
use super::columns::{Column, Movements, Postings, QuantityColumn};
use super::execute::{BLOCK_ROWS, Block, Operand, Target};
use crate::Quantity;

/// Rows that are sorted together: enough of them that each kernel gets many.
pub(super) const CHUNK_ROWS: usize = 4096;
/// Stands for the kernel of a row that the interpreter must refuse.
const REFUSED: usize = usize::MAX;

/// Buffers for rows of different times.
#[derive(Clone, Debug)]
pub(super) struct Mixed {
    /// Kernel of each row of the chunk.
    kernels: Vec<usize>,
    /// Rows of the chunk, sorted by kernel.
    order: Vec<u32>,
    /// Where the rows of each kernel end in `order`.
    ends: Vec<usize>,
    group: Group,
}

/// Rows of one kernel, copied together.
#[derive(Clone, Debug)]
struct Group {
    energy: Vec<Energy>,
    month: Vec<Energy>,
    year: Vec<Energy>,
    held: Vec<Money>,
    signals: Vec<Vec<i64>>,
    quantities: Vec<Vec<i64>>,
    postings: Postings,
}

/// Rows of a chunk that begins at `from`, which have one kernel.
#[derive(Clone, Copy)]
struct Chosen<'a> {
    kernel: usize,
    from: usize,
    rows: &'a [u32],
}

impl Mixed {
    pub(super) fn new(legs: usize) -> Self {
        let group = Group {
            energy: vec![],
            month: vec![],
            year: vec![],
            held: vec![],
            signals: vec![],
            quantities: vec![],
            postings: Postings::new(legs, BLOCK_ROWS),
        };
        Self { kernels: vec![], order: vec![], ends: vec![], group }
    }

    /// Counting sort by kernel; refused rows are left out.
    fn sort(&mut self, kernels: usize) {
        self.ends.clear();
        self.ends.resize(kernels.saturating_add(1), 0);
        for kernel in &self.kernels {
            if let Some(count) = self.ends.get_mut(kernel.wrapping_add(1)) {
                *count = count.saturating_add(usize::from(*kernel != REFUSED));
            }
        }
        let mut sum = 0_usize;
        for end in &mut self.ends {
            sum = sum.saturating_add(*end);
            *end = sum;
        }
        self.order.clear();
        self.order.resize(sum, 0);
        for (row, kernel) in (0_u32..).zip(&self.kernels) {
            if let Some(next) = self.ends.get_mut(*kernel) {
                self.order[*next] = row;
                *next = next.saturating_add(1);
            }
        }
    }
}

impl Plan<'_> {
    pub(super) fn settle_mixed(
        &mut self,
        movements: &Movements<'_>,
        (from, rows): (usize, usize),
        postings: &mut Postings,
    ) {
        self.find_kernels(movements, from, rows);
        match self.mixed.kernels.first() {
            Some(&first) if first != REFUSED && self.mixed.kernels.iter().all(|k| *k == first) => {
                self.settle_run(movements, Some(first), (from, rows), postings);
            }
            _ => self.settle_chunk(movements, from, postings),
        }
    }

    fn find_kernels(&mut self, movements: &Movements<'_>, from: usize, rows: usize) {
        self.mixed.kernels.clear();
        let shared = self.signals.shared_events();
        for row in 0..rows {
            let events = shared.unwrap_or_else(|| self.signals.events_of(row));
            let interval = movements.interval(row.saturating_add(from));
            let kernel = interval.and_then(|at| self.contexts.find(&self.program, at, events));
            self.mixed.kernels.push(kernel.unwrap_or(REFUSED));
        }
    }

    fn settle_chunk(&mut self, movements: &Movements<'_>, from: usize, postings: &mut Postings) {
        let mut mixed = core::mem::replace(&mut self.mixed, Mixed::new(0));
        mixed.sort(self.contexts.kernels());
        let mut start = 0;
        for (kernel, end) in mixed.ends.iter().enumerate() {
            let rows = mixed.order.get(start..*end).unwrap_or_default();
            for rows in rows.chunks(BLOCK_ROWS) {
                let chosen = Chosen { kernel, from, rows };
                self.settle_group(movements, chosen, &mut mixed.group, postings);
            }
            start = *end;
        }
        for (row, kernel) in mixed.kernels.iter().enumerate() {
            if *kernel == REFUSED {
                self.settle_row(movements, from.saturating_add(row), postings);
            }
        }
        self.mixed = mixed;
    }

    /// Copies the rows of one kernel together, settles them and copies the results back.
    fn settle_group(
        &mut self,
        movements: &Movements<'_>,
        Chosen { kernel, from, rows }: Chosen<'_>,
        group: &mut Group,
        postings: &mut Postings,
    ) {
        let Some((kernel, bounds)) = self.contexts.kernel(kernel) else { return };
        let Group { energy, month, year, held, signals, quantities, postings: results } = group;
        gather(movements.energy, from, rows, energy);
        let signals = self.signals.gather(rows, signals);
        let month = gather_column(movements.month_before, from, rows, month);
        let year = gather_column(movements.year_before, from, rows, year);
        let held = gather_column(movements.held, from, rows, held);
        quantities.resize(self.quantities.len(), vec![]);
        let pairs = self.quantities.iter().zip(quantities.iter_mut());
        let quantities =
            pairs.map(|(id, out)| gather_quantity(movements.quantities.get(*id), from, rows, out));
        let quantities: Bounded<Operand<'_>, { Quantity::COUNT }> = quantities.collect();
        let (signals, quantities) = (&signals, &quantities);
        let block = Block { energy, month, year, held, signals, quantities };
        for (results, columns) in results.legs.iter_mut().zip(&postings.legs) {
            copy_in(&columns.carry, from, rows, &mut results.carry);
        }
        let legs = &mut results.legs;
        kernel.run(&block, &mut self.scratch, &mut Target { from: 0, legs });
        if block.is_proved(bounds) {
            scatter(results, from, rows, postings);
        } else {
            let unproved: Vec<usize> = block.unproved(bounds).collect();
            self.scatter_some(movements, (from, rows), (results, &unproved), postings);
        }
    }

    fn scatter_some(
        &self,
        movements: &Movements<'_>,
        (from, rows): (usize, &[u32]),
        (results, unproved): (&mut Postings, &[usize]),
        postings: &mut Postings,
    ) {
        // What is put back here is what the interpreter starts from, so it can refuse below.
        for place in unproved {
            let row = row_of(rows.get(*place), from);
            let carries = postings.carries(row);
            results.set_carries(*place, &carries);
        }
        scatter(results, from, rows, postings);
        for place in unproved {
            self.settle_row(movements, row_of(rows.get(*place), from), postings);
        }
    }
}

fn row_of(row: Option<&u32>, from: usize) -> usize {
    row.map_or(0, |row| *row as usize).saturating_add(from)
}

/// Copies the chosen values behind one another.
fn gather<T: Copy + Default>(values: &[T], from: usize, rows: &[u32], out: &mut Vec<T>) {
    let values = values.get(from..).unwrap_or_default();
    out.clear();
    out.extend(rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or_default()));
}

fn gather_quantity<'a>(
    column: QuantityColumn<'_>,
    from: usize,
    rows: &[u32],
    out: &'a mut Vec<i64>,
) -> Operand<'a> {
    match column.operand(from, usize::MAX) {
        Operand::Scalar(amount) => Operand::Scalar(amount),
        Operand::Column(amounts) => {
            gather(amounts, 0, rows, out);
            Operand::Column(out)
        }
    }
}

fn gather_column<'a, T: Copy + Default>(
    column: Column<'_, T>,
    from: usize,
    rows: &[u32],
    out: &'a mut Vec<T>,
) -> Column<'a, T> {
    match column {
        Column::Shared(value) => Column::Shared(value),
        Column::Rows(values) => {
            gather(values, from, rows, out);
            Column::Rows(out)
        }
    }
}

fn copy_in<T: Copy>(values: &[T], from: usize, rows: &[u32], out: &mut [T]) {
    let values = values.get(from..).unwrap_or_default();
    for (out, row) in out.iter_mut().zip(rows) {
        values.get(*row as usize).into_iter().for_each(|value| *out = *value);
    }
}

fn copy_out<T: Copy>(values: &[T], from: usize, rows: &[u32], out: &mut [T]) {
    let out = out.get_mut(from..).unwrap_or_default();
    for (value, row) in values.iter().zip(rows) {
        out.get_mut(*row as usize).into_iter().for_each(|out| *out = *value);
    }
}

fn scatter(results: &Postings, from: usize, rows: &[u32], postings: &mut Postings) {
    for (results, columns) in results.legs.iter().zip(&mut postings.legs) {
        copy_out(&results.money, from, rows, &mut columns.money);
        copy_out(&results.carry, from, rows, &mut columns.carry);
    }
}
