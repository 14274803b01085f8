//! Fundamental and harmonics of the seven channels over one window.

use crate::channels::{CHANNELS, CURRENTS};
use crate::complex::Complex;
use crate::configuration::Configuration;
use crate::fixed::{FRACTION_BITS, divide_round, saturate_u64};
use crate::fold::{Lines, ORDERS};

/// One million: the unit of ratios is a millionth.
const MILLION: u128 = 1_000_000;

/// Binary digits after the point of an RMS code.
const RMS_BITS: u32 = 8;

/// One of the seven channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A voltage: 0, 1, 2 for phase A, B, C.
    Voltage(usize),
    /// A current: 0, 1, 2 for phase A, B, C and 3 for neutral.
    Current(usize),
}

impl Channel {
    /// All seven, in the order of [`crate::Frame`].
    pub const ALL: [Self; CHANNELS] = [
        Self::Voltage(0),
        Self::Voltage(1),
        Self::Voltage(2),
        Self::Current(0),
        Self::Current(1),
        Self::Current(2),
        Self::Current(3),
    ];

    const fn index(self) -> usize {
        match self {
            Self::Voltage(phase) => {
                assert!(phase < 3, "there are three voltages");
                phase
            }
            Self::Current(wire) => {
                assert!(wire < 4, "there are four currents");
                CURRENTS + wire
            }
        }
    }
}

/// Fundamental and harmonics 2 to 50 of one window between two crossings (IEC 61000-4-7, groups
/// without interharmonics).
///
/// Voltages are in microvolts RMS, currents in nanoamperes RMS, angles in microdegrees, ratios in
/// millionths. Orders beyond 0.45 of the sample rate aren't measured and read 0.
#[derive(Clone, Debug)]
pub struct Spectrum {
    lines: [Lines; CHANNELS],
    /// Length of the window in 2⁻¹⁶ sample periods.
    length: u64,
    /// The highest order that the sample rate lets through.
    highest: usize,
    /// Micro-units for [`RMS_BITS`] codes: voltage in µV, current in nA.
    scales: [(u128, u128); 2],
}

impl Spectrum {
    pub(crate) fn new(
        lines: [Lines; CHANNELS],
        length: u64,
        cycles: u32,
        configuration: &Configuration,
    ) -> Self {
        let settings = configuration.settings();
        let (voltage, current) = (settings.voltage_scale, settings.current_scale);
        let period = length / u64::from(cycles.max(1));
        let highest = (period * 45 / 100) >> FRACTION_BITS;
        Self {
            lines,
            length,
            highest: usize::try_from(highest).unwrap_or(ORDERS).min(ORDERS),
            scales: [
                (u128::from(voltage.microvolts), u128::from(voltage.codes) << RMS_BITS),
                (u128::from(current.microamperes) * 1_000, u128::from(current.codes) << RMS_BITS),
            ],
        }
    }

    /// The highest order that is measured: 50, or less at low sample rates.
    #[must_use]
    pub const fn highest_order(&self) -> usize {
        self.highest
    }

    /// RMS value of one order: microvolts or nanoamperes.
    ///
    /// # Panics
    /// If the channel or the order (1 to 50) doesn't exist.
    #[must_use]
    pub fn rms(&self, channel: Channel, order: usize) -> u64 {
        assert!((1..=ORDERS).contains(&order), "orders are 1 to 50");
        if order > self.highest {
            return 0;
        }
        self.scaled(channel, self.lines[channel.index()][order].square())
    }

    /// Angle of one order against the zero crossing of the reference voltage, −180° to 180°.
    ///
    /// # Panics
    /// If the channel or the order (1 to 50) doesn't exist.
    #[must_use]
    pub fn angle_microdegrees(&self, channel: Channel, order: usize) -> i32 {
        assert!((1..=ORDERS).contains(&order), "orders are 1 to 50");
        // A sine has −90° in the transform, which knows cosines.
        let Complex { re, im } = self.lines[channel.index()][order];
        Complex { re: -im, im: re }.angle_microdegrees()
    }

    /// Total harmonic distortion in millionths of the fundamental; 0 if there is none.
    #[must_use]
    pub fn distortion_ppm(&self, channel: Channel) -> u32 {
        let lines = &self.lines[channel.index()];
        let harmonics: u128 = lines[2..=self.highest.max(1)].iter().map(|line| line.square()).sum();
        ratio_ppm(harmonics, lines[1].square())
    }

    /// RMS value of the sum of the three phase currents less the neutral current, up to the 50th
    /// order, in nanoamperes: zero in a sound plant, because the neutral carries what the phases
    /// don't return.
    #[must_use]
    pub fn mismatch_nanoamperes(&self) -> u64 {
        let residual = |order: usize| {
            let line = |wire: usize| self.lines[CURRENTS + wire][order];
            line(0).plus(line(1)).plus(line(2)).minus(line(3)).square()
        };
        let sum = (1..=self.highest).map(residual).sum();
        self.scaled(Channel::Current(0), sum)
    }

    /// The fundamental of a channel, for powers and sequences.
    pub(crate) const fn fundamental(&self, channel: Channel) -> Complex {
        self.lines[channel.index()][1]
    }

    /// Sum of fundamental voltage × current of one element, code²·samples: active, reactive.
    pub(crate) fn fundamental_power(&self, phase: usize) -> (i128, i128) {
        let voltage = self.fundamental(Channel::Voltage(phase));
        let current = self.fundamental(Channel::Current(phase));
        (self.summed(voltage.dot(current)), self.summed(voltage.cross(current)))
    }

    /// Sum of the reactive products of all orders of one element, code²·samples.
    pub(crate) fn total_reactive(&self, phase: usize) -> i128 {
        let lines = |channel: Channel| &self.lines[channel.index()][1..=self.highest.max(1)];
        let voltages = lines(Channel::Voltage(phase)).iter();
        let pairs = voltages.zip(lines(Channel::Current(phase)));
        self.summed(pairs.map(|(voltage, current)| voltage.cross(*current)).sum())
    }

    /// A product of two lines as a sum over the window, code²·samples.
    fn summed(&self, product: i128) -> i128 {
        // 2·(8/3)²·U·I*/length: two for RMS, and lines are in 3/8 of a code·sample.
        divide_round((product * 128) << FRACTION_BITS, 9 * i128::from(self.length))
    }

    /// RMS value of a squared line in the unit of the channel.
    pub(crate) fn scaled(&self, channel: Channel, square: u128) -> u64 {
        let (micro, codes) = match channel {
            Channel::Voltage(_) => self.scales[0],
            Channel::Current(_) => self.scales[1],
        };
        // √2·(8/3)·|line|/length in codes, with the root taken over 2·|line|².
        let root = (2 * square).isqrt();
        let rms = (root << (3 + FRACTION_BITS + RMS_BITS)) / (3 * u128::from(self.length));
        saturate_u64((rms * micro + codes / 2) / codes)
    }
}

/// √(part / whole) in millionths; 0 if there is no whole.
pub(crate) fn ratio_ppm(part: u128, whole: u128) -> u32 {
    let whole = whole.isqrt();
    if whole == 0 {
        return 0;
    }
    crate::fixed::saturate_u32((part.isqrt() * MILLION + whole / 2) / whole)
}
