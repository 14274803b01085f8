//! Threads for the world's work.

use simulation::world::Workers;

/// Fewer items than this aren't worth a thread.
const ITEMS_MIN: usize = 16;

/// All cores of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Threads(usize);

impl Threads {
    /// As many threads as the machine has cores.
    #[must_use]
    pub fn new() -> Self {
        Self(std::thread::available_parallelism().map_or(1, core::num::NonZero::get))
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0
    }

    /// Works on a few large items, each in a thread of its own.
    pub fn each_alone<T: Send>(self, items: &mut [T], work: impl Fn(&mut T) + Sync + Send) {
        let work = &work;
        std::thread::scope(|scope| {
            for item in items {
                scope.spawn(move || work(item));
            }
        });
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::new()
    }
}

impl Workers for Threads {
    fn each<T: Send>(&self, items: &mut [T], work: impl Fn(&mut T) + Sync + Send) {
        if items.len() < ITEMS_MIN || self.0 == 1 {
            return items.iter_mut().for_each(work);
        }
        let part = items.len().div_ceil(self.0);
        let work = &work;
        std::thread::scope(|scope| {
            for chunk in items.chunks_mut(part) {
                scope.spawn(move || chunk.iter_mut().for_each(work));
            }
        });
    }
}
