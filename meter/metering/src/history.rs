//! The voltages of the last samples, for the shift by a quarter period.

/// Samples kept; a power of two above a quarter period at 40 Hz and 16 kS/s (100) plus the taps.
const LENGTH: usize = 128;

/// The longest delay between a sample and the second of its taps, so that the ring holds them all.
const LONGEST_DELAY: usize = LENGTH - 8;

/// Voltages at four neighbouring delays.
pub(crate) type Taps = [[i32; 3]; 4];

/// A ring of the latest voltages.
#[derive(Clone, Debug)]
pub(crate) struct History {
    voltages: [[i32; 3]; LENGTH],
    latest: usize,
}

impl History {
    pub(crate) const fn new() -> Self {
        Self { voltages: [[0; 3]; LENGTH], latest: 0 }
    }

    pub(crate) fn push(&mut self, voltage: [i32; 3]) {
        self.latest = (self.latest + 1) % LENGTH;
        self.voltages[self.latest] = voltage;
    }

    /// The voltages `delay - 1` to `delay + 2` samples before the sample that is `age` old.
    pub(crate) fn taps(&self, age: usize, delay: usize) -> Taps {
        let newest = self.latest + 2 * LENGTH + 1 - age - delay;
        core::array::from_fn(|tap| self.voltages[(newest - tap) % LENGTH])
    }

    /// The whole part of a delay given in 2⁻¹⁶ sample periods, held within what the ring can give.
    pub(crate) fn whole_delay(delay: u64) -> usize {
        let whole = delay >> crate::fixed::FRACTION_BITS;
        usize::try_from(whole).unwrap_or(LONGEST_DELAY).clamp(1, LONGEST_DELAY)
    }
}
