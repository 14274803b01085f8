//! Where an identifier stands in a list: a hash table that is never iterated.
//!
//! The list holds the identifiers; the table holds positions alone, four bytes each, so ten million
//! wallets need 128 MiB of it. Its order depends on nothing but the identifiers themselves, and
//! nobody can see it.

/// Positions of the items of a list. What is asked for is compared by the caller's closure, with
/// the item itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Position + 1 of an item, or 0 for nothing; a power of two of places.
    places: Vec<u32>,
    items: usize,
}

/// Places of the smallest table.
const PLACES_MIN: usize = 16;

impl Index {
    /// The position of the item with this hash that `is_it` accepts.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        let mut place = self.first_place(hash);
        loop {
            let item = position(self.places[place])?;
            if is_it(item) {
                return Some(item);
            }
            place = self.next_place(place);
        }
    }

    /// Enters the item at the end of the list; `hash_of` gives the hashes of the items before it.
    pub(super) fn push(&mut self, hash: u64, hash_of: impl Fn(usize) -> u64) {
        if self.items.saturating_mul(4) >= self.places.len().saturating_mul(3) {
            self.grow(hash_of);
        }
        self.enter(hash, self.items);
        self.items = self.items.saturating_add(1);
    }

    /// Takes out the last item of the list, whose hash this is.
    pub(super) fn pop(&mut self, hash: u64) {
        self.items = self.items.checked_sub(1).expect("the list has a last item");
        let mut place = self.first_place(hash);
        while position(self.places[place]) != Some(self.items) {
            assert_ne!(self.places[place], 0, "the last item was entered");
            place = self.next_place(place);
        }
        // No item was entered behind it, so no search has to pass its place.
        self.places[place] = 0;
    }

    fn grow(&mut self, hash_of: impl Fn(usize) -> u64) {
        let places = self.places.len().saturating_mul(2).max(PLACES_MIN);
        self.places = vec![0; places];
        for item in 0..self.items {
            self.enter(hash_of(item), item);
        }
    }

    fn enter(&mut self, hash: u64, item: usize) {
        let mut place = self.first_place(hash);
        while self.places[place] != 0 {
            place = self.next_place(place);
        }
        let number = u32::try_from(item).ok().and_then(|item| item.checked_add(1));
        self.places[place] = number.expect("a list here is shorter than 2³²");
    }

    fn first_place(&self, hash: u64) -> usize {
        // Fibonacci hashing spreads neighbouring numbers; the high bits are the good ones.
        let spread = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        usize::try_from(spread).expect("32 bits") & self.mask()
    }

    fn next_place(&self, place: usize) -> usize {
        place.wrapping_add(1) & self.mask()
    }

    fn mask(&self) -> usize {
        self.places.len().wrapping_sub(1)
    }
}

fn position(place: u32) -> Option<usize> {
    place.checked_sub(1).map(|item| usize::try_from(item).expect("32 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_pushed_and_not_what_was_popped() {
        let items: Vec<u64> = (0..5000_u64).map(|number| number * number % 7919 * 16).collect();
        let mut index = Index::default();
        let mut list: Vec<u64> = Vec::new();
        for (step, item) in items.iter().enumerate() {
            index.push(*item, |at| list[at]);
            list.push(*item);
            if step % 3 == 2 {
                index.pop(list.pop().unwrap());
            }
        }
        for (at, item) in list.iter().enumerate() {
            assert_eq!(index.find(*item, |found| found == at), Some(at));
        }
        assert_eq!(index.find(3, |at| list[at] == 3), None);
        assert_eq!(Index::default().find(0, |_| true), None);
    }
}
