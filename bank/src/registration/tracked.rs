//! A map whose changes can be taken back.

use super::undo::UndoList;
use std::collections::BTreeMap;

/// An ordered map that remembers what it held, until [`settle_up_to`](Self::settle_up_to).
#[derive(Clone, Debug)]
pub(super) struct Tracked<K, V> {
    map: BTreeMap<K, V>,
    undo: UndoList<(K, Option<V>)>,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), undo: UndoList::default() }
    }
}

impl<K: Ord + Clone, V: Clone> Tracked<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.map.iter()
    }

    /// What is there up to `key`, the last first.
    pub(super) fn up_to<'a>(
        &'a self,
        key: &K,
    ) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
        self.map.range(..=key.clone()).rev()
    }

    pub(super) fn first(&self) -> Option<(&K, &V)> {
        self.map.first_key_value()
    }

    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        let before = self.map.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some(before) = self.map.remove(key) {
            self.undo.push((key.clone(), Some(before)));
        }
    }

    /// How much there is to undo.
    pub(super) fn mark(&self) -> usize {
        self.undo.mark()
    }

    pub(super) fn roll_back_to(&mut self, mark: usize) {
        while let Some((key, before)) = self.undo.pop_behind(mark) {
            match before {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            };
        }
    }

    /// Makes the changes before `mark` final.
    pub(super) fn settle_up_to(&mut self, mark: usize) {
        self.undo.forget_up_to(mark);
    }
}
