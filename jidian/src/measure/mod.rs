//! Captured waveforms, measured by the metering core of the meter.
//!
//! A reader ([`csv`], [`wav`], [`comtrade`]) turns bytes into a [`Recording`]: volts and amperes
//! beside the rate they were sampled at. [`meter`] feeds it to [`metering::Metering`] and gathers
//! what comes out; [`table`], [`json`] and [`picture`] show it. Nothing here opens a file.

pub mod columns;
pub mod comtrade;
pub mod conditioned;
pub mod csv;
pub mod decimate;
pub mod json;
pub mod meter;
pub mod picture;
pub mod signal;
pub mod table;
pub mod values;
pub mod wav;

pub use columns::{Columns, Role, Scales};
pub use meter::{Request, measure};
pub use values::Measurement;

/// Values of all channels together that one run takes: 800 MB in memory.
pub const VALUES_MAX: usize = 100_000_000;

/// Why a recording can't be measured: what, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(String);

impl Refusal {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn too_long() -> Self {
        Self(format!("holds more than {VALUES_MAX} values; cut it into shorter files"))
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Refusal {}

/// Samples per second, in millionths of a hertz, so that what follows from it stays exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    microhertz: u64,
}

impl Rate {
    /// The slowest that is measured.
    pub const MIN: Self = Self { microhertz: 3_200_000_000 };
    /// The fastest that is measured.
    pub const MAX: Self = Self { microhertz: 64_000_000_000 };

    /// A rate within [`Self::MIN`] to [`Self::MAX`].
    ///
    /// # Errors
    /// If it is outside, or no number.
    pub fn from_hertz(hertz: f64) -> Result<Self, Refusal> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked below")]
        let rate = Self { microhertz: (hertz * 1e6).round() as u64 };
        if hertz.is_finite() && (Self::MIN..=Self::MAX).contains(&rate) {
            return Ok(rate);
        }
        Err(Refusal(format!("{hertz} samples a second; 3200 to 64000 can be measured (--rate)")))
    }

    /// In hertz.
    #[must_use]
    pub fn hertz(self) -> f64 {
        self.microhertz as f64 / 1e6
    }
}

/// What a file held: the chosen channels in volts and amperes, all of the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// None if the file doesn't tell, as a CSV without a column of time.
    pub rate: Option<Rate>,
    /// By [`Role::index`].
    pub channels: [Vec<f64>; Role::CHANNELS],
    /// Which column of the file each channel is, for people.
    pub sources: Vec<(Role, String)>,
    /// What the reader of the result should know.
    pub notes: Vec<String>,
}

impl Recording {
    /// Samples of each channel.
    #[must_use]
    pub fn len(&self) -> usize {
        self.channels.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Whether it holds no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.channels.get(role.index()).is_some_and(|channel| !channel.is_empty())
    }

    /// Keeps what lies between two times in seconds.
    ///
    /// # Errors
    /// If nothing lies there.
    pub(crate) fn cut(&mut self, rate: Rate, start: f64, end: Option<f64>) -> Result<(), Refusal> {
        let length = self.len();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let at = |seconds: f64| (seconds * rate.hertz()).round() as usize;
        let (first, last) = (at(start), end.map_or(length, at).min(length));
        if first >= last {
            let seconds = length as f64 / rate.hertz();
            return Err(Refusal(format!(
                "nothing lies between --start and --end; the file lasts {seconds:.6} s"
            )));
        }
        for channel in self.channels.iter_mut().filter(|channel| !channel.is_empty()) {
            channel.truncate(last);
            channel.drain(..first);
        }
        Ok(())
    }
}
