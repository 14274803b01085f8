//! RMS values of one cycle, refreshed each half cycle: Urms(1/2) and Irms(1/2) of IEC 61000-4-30.

use crate::channels::{CHANNELS, CURRENTS};
use crate::configuration::Configuration;
use crate::fixed::{FRACTION_BITS, saturate_u64};
use crate::sums::{Mean, Totals};

/// Binary digits after the point of an RMS code.
const RMS_BITS: u32 = 4;

/// RMS codes of the seven channels in 2⁻⁴.
pub(crate) type RmsCodes = [u64; CHANNELS];

/// The segment between two borders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) totals: Totals,
    /// In 2⁻¹⁶ sample periods.
    pub(crate) length: u64,
    /// Whether it begins and ends alike, at crossings or without any: half a cycle.
    pub(crate) whole: bool,
}

/// RMS values over the last cycle.
///
/// All channels share the half cycles of the reference voltage. Without a voltage, half
/// a nominal cycle takes the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HalfCycle {
    /// Voltages in microvolts.
    pub voltage_microvolts: [u64; 3],
    /// Currents of the phases and of the neutral in nanoamperes.
    pub current_nanoamperes: [u64; 4],
}

impl HalfCycle {
    pub(crate) fn new(codes: &RmsCodes, configuration: &Configuration) -> Self {
        Self {
            voltage_microvolts: core::array::from_fn(|phase| {
                microvolts(codes[phase], configuration)
            }),
            current_nanoamperes: core::array::from_fn(|wire| {
                nanoamperes(codes[CURRENTS + wire], configuration)
            }),
        }
    }
}

pub(crate) fn microvolts(code: u64, configuration: &Configuration) -> u64 {
    let scale = configuration.settings().voltage_scale;
    let codes = u128::from(scale.codes) << RMS_BITS;
    saturate_u64(u128::from(code) * u128::from(scale.microvolts) / codes)
}

pub(crate) fn nanoamperes(code: u64, configuration: &Configuration) -> u64 {
    let scale = configuration.settings().current_scale;
    let codes = u128::from(scale.codes) << RMS_BITS;
    saturate_u64(u128::from(code) * u128::from(scale.microamperes) * 1_000 / codes)
}

/// A quantity as an RMS code in 2⁻⁴, from a scale of `codes` for `micro`.
pub(crate) fn rms_code(quantity_micro: u128, codes: u32, micro: u32) -> u64 {
    saturate_u64(((quantity_micro * u128::from(codes)) << RMS_BITS) / u128::from(micro))
}

/// RMS codes over two segments, which are one cycle.
pub(crate) fn rms_codes(
    one: &Segment,
    other: &Segment,
    means: Option<[i64; CHANNELS]>,
) -> RmsCodes {
    let totals = one.totals.plus(&other.totals);
    let length = one.length + other.length;
    let mean = means.map_or(Mean::OfWindow, Mean::Known);
    core::array::from_fn(|channel| {
        let square = totals.square(channel, mean, length);
        let mean_square = (square << (FRACTION_BITS + 2 * RMS_BITS)) / u128::from(length);
        saturate_u64(mean_square).isqrt()
    })
}
