//! What it takes to take changes back.

use std::collections::VecDeque;

/// Entries in the order in which changes were made, since the last ones that became final.
#[derive(Clone, Debug)]
pub(super) struct UndoList<T> {
    entries: VecDeque<T>,
    /// Entries that aren't needed any more: a mark counts them too.
    forgotten: usize,
}

impl<T> Default for UndoList<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), forgotten: 0 }
    }
}

impl<T> UndoList<T> {
    pub(super) fn push(&mut self, entry: T) {
        self.entries.push_back(entry);
    }

    /// How much there was to undo, ever.
    pub(super) fn mark(&self) -> usize {
        self.forgotten.saturating_add(self.entries.len())
    }

    /// The last entry made behind a mark.
    pub(super) fn pop_behind(&mut self, mark: usize) -> Option<T> {
        if self.mark() > mark { self.entries.pop_back() } else { None }
    }

    /// Makes the changes up to a mark final.
    pub(super) fn forget_up_to(&mut self, mark: usize) {
        let gone = mark.checked_sub(self.forgotten).expect("what is final stays so");
        self.entries.drain(..gone);
        self.forgotten = mark;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_back_the_newest_and_forgets_the_oldest() {
        let mut list = UndoList::default();
        (0..3).for_each(|entry| list.push(entry));
        let first = list.mark();
        (3..6).for_each(|entry| list.push(entry));
        list.forget_up_to(first);
        assert_eq!(list.mark(), 6);
        let back: Vec<i32> = core::iter::from_fn(|| list.pop_behind(4)).collect();
        assert_eq!(back, [5, 4]);
        list.push(7);
        list.forget_up_to(list.mark());
        assert_eq!((list.mark(), list.pop_behind(0)), (5, None));
    }
}
