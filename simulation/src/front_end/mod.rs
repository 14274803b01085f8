//! What stands between the line and the metering core: transformers, dividers and converters, each
//! with its faults.
//!
//! A line is steady: sums of sinusoids ([`Tone`]). Linear faults (ratio, phase, filters, drift)
//! act on each of them; offset, noise, curvature, clipping and steps act on every sample. All
//! chance is drawn from [`Random`], so a seed gives the same specimen and the same noise on every
//! machine.

mod converter;
mod divider;
mod source;
mod tone;
mod transformer;

pub use converter::{Channel, Converter};
pub use divider::Divider;
pub use source::Source;
pub use tone::{Line, Tone};
pub use transformer::Transformer;

use crate::random::Random;
use tone::Factor;

/// Temperature at which meters are adjusted (IEC 62052-11, from memory).
pub const REFERENCE_CELSIUS: f64 = 23.0;

/// Full scales of the board: what makes full-scale code, instantaneous.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FullScale {
    /// Volts on the line.
    pub volts: f64,
    /// Amperes in the conductor.
    pub amperes: f64,
}

/// A board: one specimen with its own tolerances.
#[derive(Clone, Debug, PartialEq)]
pub struct FrontEnd {
    /// Nominal scales, as the metering core assumes them.
    pub full_scale: FullScale,
    /// Dividers of phases A, B, C.
    pub dividers: [Divider; 3],
    /// Current transformers of phases A, B, C and neutral.
    pub transformers: [Transformer; 4],
    /// The converters: voltages A, B, C, then currents A, B, C and neutral.
    pub channels: [Channel; CHANNELS],
    /// What all converters share.
    pub converter: Converter,
}

/// How many converters there are.
pub const CHANNELS: usize = 7;

/// Where the currents begin.
const CURRENTS: usize = 3;

/// How large the faults of a board are. A specimen draws each evenly within ± its value, except
/// noise, curvature and crosstalk, which it simply has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    /// Ratio of a divider, parts of one.
    pub divider_ratio: f64,
    /// Its drift, parts of one per kelvin.
    pub divider_drift: f64,
    /// Ratio of a current transformer with its burden at large currents, parts of one.
    pub burden_ratio: f64,
    /// Drift of the burden, parts of one per kelvin.
    pub burden_drift: f64,
    /// Phase displacement of a current transformer at large currents, radians: the middle and what
    /// is drawn around it.
    pub displacement: (f64, f64),
    /// Gain of a converter, parts of one.
    pub converter_gain: f64,
    /// Its own drift, parts of one per kelvin.
    pub converter_drift: f64,
    /// Drift of the reference voltage, which all converters share, parts of one per kelvin.
    pub reference_drift: f64,
    /// Offset of a converter, parts of full scale.
    pub offset: f64,
    /// Time constant of the filter in front of a converter, parts of one.
    pub filter: f64,
    /// Its drift, parts of one per kelvin.
    pub filter_drift: f64,
    /// Rate of the crystal, parts of one.
    pub crystal: f64,
}

impl Tolerances {
    /// Typical values. Converter: ADE9000 data sheet, "typ". Crystal: its limit there. Divider,
    /// burden, filter and transformer: usual parts (0.1 % thin film that tracks within 10 ppm/K,
    /// 5 % C0G, a transformer of class 0.1), from memory.
    pub const TYPICAL: Self = Self {
        divider_ratio: 2e-3,
        divider_drift: 10e-6,
        burden_ratio: 1.5e-3,
        burden_drift: 10e-6,
        displacement: (4.0 * MINUTE, 1.0 * MINUTE),
        converter_gain: 3e-3,
        converter_drift: 3e-6,
        reference_drift: 5e-6,
        offset: 4e-5,
        filter: 0.05,
        filter_drift: 100e-6,
        crystal: 30e-6,
    };

    /// The largest values of the ADE9000 data sheet, and twice the usual ones of the other parts
    /// but for the transformer, whose class stays the same.
    pub const MAXIMUM: Self = Self {
        divider_ratio: 4e-3,
        divider_drift: 20e-6,
        burden_ratio: 3e-3,
        burden_drift: 20e-6,
        displacement: (4.0 * MINUTE, 1.0 * MINUTE),
        converter_gain: 1e-2,
        converter_drift: 5e-6,
        reference_drift: 20e-6,
        offset: 3.8e-3,
        filter: 0.1,
        filter_drift: 200e-6,
        crystal: 30e-6,
    };
}

/// A minute of arc in radians.
pub const MINUTE: f64 = core::f64::consts::PI / (180.0 * 60.0);

impl FrontEnd {
    /// A board without a fault: samples are the line's values rounded to codes.
    #[must_use]
    pub const fn perfect(full_scale: FullScale) -> Self {
        Self {
            full_scale,
            dividers: [Divider::PERFECT; 3],
            transformers: [Transformer::PERFECT; 4],
            channels: [Channel::PERFECT; CHANNELS],
            converter: Converter::PERFECT,
        }
    }

    /// A board whose parts are drawn within tolerances.
    #[must_use]
    pub fn specimen(full_scale: FullScale, tolerances: &Tolerances, random: Random) -> Self {
        let draw = |part: u64, number: u64| Draw(random.part(part).part(number));
        let array = |number: usize| u64::try_from(number).expect("a few parts");
        Self {
            full_scale,
            dividers: core::array::from_fn(|at| Divider::drawn(tolerances, draw(1, array(at)))),
            transformers: core::array::from_fn(|at| {
                Transformer::drawn(tolerances, draw(2, array(at)))
            }),
            channels: core::array::from_fn(|at| Channel::drawn(tolerances, draw(3, array(at)))),
            converter: Converter::drawn(tolerances, draw(4, 0)),
        }
    }

    /// Samples of a line at a temperature; `random` makes the noise.
    #[must_use]
    pub fn source(&self, line: &Line, celsius: f64, rate_hz: f64, random: Random) -> Source {
        Source::new(self, line, (celsius, rate_hz), random)
    }

    /// What a tone of a channel is at its converter, as parts of full scale.
    fn factor(&self, channel: usize, hertz: f64, amperes: f64, warmer: f64) -> Factor {
        let (full, before) = match channel.checked_sub(CURRENTS) {
            None => (self.full_scale.volts, self.dividers[channel].factor(warmer)),
            Some(wire) => {
                let transformer = &self.transformers[wire];
                (self.full_scale.amperes, transformer.factor(amperes, hertz, warmer))
            }
        };
        let converter = self.channels[channel].factor(hertz, warmer);
        before.times(converter).times(self.converter.factor(hertz, warmer)).scaled(1.0 / full)
    }
}

/// Numbers for one part.
#[derive(Clone, Copy)]
struct Draw(Random);

impl Draw {
    /// Evenly within ± `size`; `number` tells the properties of a part apart.
    fn within(self, number: u64, size: f64) -> f64 {
        let parts = self.0.part(number).between(-1_000_000, 1_000_000);
        #[allow(clippy::cast_precision_loss, reason = "a million fits")]
        let share = parts as f64 / 1e6;
        share * size
    }
}
