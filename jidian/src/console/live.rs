//! The console over a board.

use super::board::{Board, Signs};
use crate::view::{
    AnalysisView, Console, DayView, MeterPage, MeterRow, Overview, PaymentRow, PriceView, TraceView,
};
use bank::OrderedLog;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Views of a running pilot.
pub struct Live<L: OrderedLog> {
    board: Arc<Mutex<Board<L>>>,
    signs: Signs,
}

impl<L: OrderedLog> Live<L> {
    /// Views of a board.
    #[must_use]
    pub fn new(board: Arc<Mutex<Board<L>>>) -> Self {
        let signs = board.lock().unwrap_or_else(PoisonError::into_inner).signs.clone();
        Self { board, signs }
    }

    fn board(&self) -> MutexGuard<'_, Board<L>> {
        self.signs.readers.fetch_add(1, Ordering::AcqRel);
        // A pilot that stopped by a panic is still worth looking at.
        let board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        self.signs.readers.fetch_sub(1, Ordering::AcqRel);
        board
    }
}

impl<L: OrderedLog + Send + 'static> Console for Live<L> {
    fn version(&self) -> u64 {
        self.signs.version.load(Ordering::Acquire)
    }

    fn overview(&self) -> Overview {
        self.board().overview()
    }

    fn day(&self) -> DayView {
        self.board().day()
    }

    fn meters(&self) -> Vec<MeterRow> {
        self.board().meters()
    }

    fn meter(&self, id: &str) -> Option<MeterPage> {
        self.board().meter(id)
    }

    fn payments(&self, limit: usize) -> Vec<PaymentRow> {
        self.board().payments(limit)
    }

    fn trace(&self, id: &str) -> Option<TraceView> {
        let parts = self.board().parts(id)?;
        Some(parts.story())
    }

    fn price(&self) -> PriceView {
        self.board().price()
    }

    fn analysis(&self) -> AnalysisView {
        self.board().analysis()
    }
}
