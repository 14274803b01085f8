//! What must be known of a signal before the metering core can be set up for it.

/// A signal's cycles between its first and its last rising zero crossing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cycles {
    /// First sample behind the first crossing.
    pub first: usize,
    /// First sample behind the last crossing.
    pub last: usize,
    /// Whole cycles between them.
    pub count: usize,
}

impl Cycles {
    /// Finds them in a voltage; a crossing counts after a quarter of the peak on the other side.
    #[must_use]
    pub fn find(voltage: &[f64]) -> Option<Self> {
        let middle = mean(voltage);
        let level = peak(voltage.iter().map(|value| value - middle)) / 4.0;
        let mut crossings = Vec::new();
        let mut armed = false;
        for (at, value) in voltage.iter().enumerate() {
            if value - middle < -level {
                armed = true;
            } else if armed && *value >= middle {
                armed = false;
                crossings.push(at);
            }
        }
        let (first, last) = (*crossings.first()?, *crossings.last()?);
        (crossings.len() > 1).then_some(Self { first, last, count: crossings.len() - 1 })
    }

    /// Their mean frequency.
    #[must_use]
    pub fn hertz(&self, rate_hertz: f64) -> f64 {
        self.count as f64 * rate_hertz / (self.last - self.first) as f64
    }
}

/// The mean; 0 of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Root of the mean square; 0 of nothing.
#[must_use]
pub fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

/// The greatest magnitude.
#[must_use]
pub fn peak(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |peak, value| value.abs().max(peak))
}
