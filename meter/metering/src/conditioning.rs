//! Conditioning of the channels: gain, phase, high-pass, integrator, and regions of a current
//! transformer.
//!
//! A channel without conditioning passes as it is: its offset is taken out as the mean of each
//! window, which touches neither gain nor phase and needs no time to settle, unlike a high-pass.
//! A high-pass is there because a Rogowski coil needs it: its integrator would run away with the
//! converter's offset. Integrator and high-pass together are one leaky sum, so all other channels
//! get a high-pass with the very same leak, and the phases cancel exactly.

use crate::channels::{CHANNELS, CODE_LIMIT, CURRENTS, Codes};
use crate::configuration::{ConfigurationError, NominalFrequency, Settings};
use crate::fixed::divide_round;
use crate::half_cycle::{RmsCodes, rms_code};

/// Regions of current with a correction of their own, as the ADE9000's MTEN has.
pub const REGIONS: usize = 5;

/// Taps of the filter that applies gain and delay.
const TAPS: usize = 5;

/// Samples kept of each channel; a power of two.
const HISTORY: usize = 8;

/// Binary digits after the point of a tap.
const TAP_BITS: u32 = 28;

/// Binary digits after the point of a filter's state.
const STATE_BITS: u32 = 20;

/// Largest gain correction: a fifth.
pub(crate) const GAIN_PPB_MAX: i32 = 200_000_000;

/// π × 10⁹.
const PI_BILLIONTHS: i128 = 3_141_592_654;

/// What is wrong with a channel, to be taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// By what the code is multiplied beyond one, in 10⁻⁹; within ±200,000,000.
    pub gain_ppb: i32,
    /// By how much the channel is delayed, in nanoseconds; within ± one sample period. At 50 Hz,
    /// 55,556 ns are one degree. A transformer whose current leads is delayed.
    pub delay_nanoseconds: i32,
}

/// What gives the current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensor {
    /// A transformer or a shunt: the code is the current.
    Transformer,
    /// A Rogowski coil: the code is the current's slope. Codes are scaled so that at the nominal
    /// frequency they're the current's.
    Rogowski,
}

/// Corrections of a current by its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentConditioning {
    /// What gives the current.
    pub sensor: Sensor,
    /// Corrections of the regions from the smallest currents up; those beyond `regions` are unused.
    pub corrections: [Correction; REGIONS],
    /// How many regions there are, 1 to 5.
    pub regions: usize,
    /// Above `up[n]` microamperes RMS of the last cycle, region n is left for the next higher one.
    pub up_microamperes: [u32; REGIONS - 1],
    /// Below `down[n]`, region n + 1 is left for the next lower one; less than `up[n]`, so that a
    /// current in between doesn't make it go to and fro.
    pub down_microamperes: [u32; REGIONS - 1],
}

/// What happens to the channels before they are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditioning {
    /// Corrections of the voltages.
    pub voltages: [Correction; 3],
    /// Phases and neutral.
    pub currents: [CurrentConditioning; 4],
    /// A high-pass on all channels with a corner at sample rate / (2π·2ⁿ), n within 8 to 16; 14
    /// gives 0.08 Hz at 8 kS/s and lessens 50 Hz by a millionth. A Rogowski coil needs it.
    pub high_pass: Option<u32>,
}

impl CurrentConditioning {
    /// A transformer with one correction for all currents.
    #[must_use]
    pub const fn uniform(correction: Correction) -> Self {
        Self {
            sensor: Sensor::Transformer,
            corrections: [correction; REGIONS],
            regions: 1,
            up_microamperes: [0; REGIONS - 1],
            down_microamperes: [0; REGIONS - 1],
        }
    }
}

/// Checked: taps of every channel and region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filters {
    voltages: [Taps; 3],
    currents: [CurrentFilters; 4],
    high_pass: Option<u32>,
    /// By how many samples a channel without an integrator waits for those with one.
    wait: usize,
}

type Taps = [i64; TAPS];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CurrentFilters {
    sensor: Sensor,
    taps: [Taps; REGIONS],
    regions: usize,
    /// RMS codes in 2⁻⁴.
    up: [u64; REGIONS - 1],
    down: [u64; REGIONS - 1],
}

impl Conditioning {
    pub(crate) fn filters(&self, settings: &Settings) -> Result<Filters, ConfigurationError> {
        let rogowski = self.currents.iter().any(|current| current.sensor == Sensor::Rogowski);
        let corner = self.high_pass.is_none_or(|shift| (8..=16).contains(&shift));
        if !corner || (rogowski && self.high_pass.is_none()) {
            return Err(ConfigurationError::HighPass);
        }
        let mut voltages = [[0; TAPS]; 3];
        for (taps, correction) in voltages.iter_mut().zip(&self.voltages) {
            *taps = taps_of(correction, settings, 1 << TAP_BITS)?;
        }
        let mut currents = [CurrentFilters::NONE; 4];
        for (filters, current) in currents.iter_mut().zip(&self.currents) {
            *filters = current.filters(settings)?;
        }
        Ok(Filters { voltages, currents, high_pass: self.high_pass, wait: usize::from(rogowski) })
    }
}

impl CurrentConditioning {
    fn filters(&self, settings: &Settings) -> Result<CurrentFilters, ConfigurationError> {
        if self.regions == 0 || self.regions > REGIONS {
            return Err(ConfigurationError::Regions);
        }
        let borders = self.regions - 1;
        let (up, down) = (&self.up_microamperes[..borders], &self.down_microamperes[..borders]);
        let overlap = up.iter().zip(down).all(|(up, down)| 0 < *down && down < up);
        let apart = up.iter().zip(down.iter().skip(1)).all(|(lower, higher)| lower < higher);
        if !overlap || !apart {
            return Err(ConfigurationError::Regions);
        }
        let mut filters =
            CurrentFilters { sensor: self.sensor, regions: self.regions, ..CurrentFilters::NONE };
        let one = match self.sensor {
            Sensor::Transformer => 1 << TAP_BITS,
            Sensor::Rogowski => slope_gain(settings),
        };
        for (taps, correction) in filters.taps.iter_mut().zip(&self.corrections[..self.regions]) {
            *taps = taps_of(correction, settings, one)?;
        }
        let scale = settings.current_scale;
        let code = |micro: u32| rms_code(u128::from(micro), scale.codes, scale.microamperes);
        for border in 0..borders {
            filters.up[border] = code(up[border]);
            filters.down[border] = code(down[border]);
        }
        Ok(filters)
    }
}

impl Filters {
    /// Whether offsets die out by themselves.
    pub(crate) const fn has_high_pass(&self) -> bool {
        self.high_pass.is_some()
    }

    /// By how many samples a conditioned sample is late.
    pub(crate) const fn latency(&self) -> usize {
        TAPS / 2 + self.wait
    }

    fn integrates(&self, channel: usize) -> bool {
        let current = channel.checked_sub(CURRENTS).map(|wire| &self.currents[wire]);
        current.is_some_and(|current| current.sensor == Sensor::Rogowski)
    }
}

impl CurrentFilters {
    const NONE: Self = Self {
        sensor: Sensor::Transformer,
        taps: [[0; TAPS]; REGIONS],
        regions: 1,
        up: [0; REGIONS - 1],
        down: [0; REGIONS - 1],
    };

    /// The region for a current; at most one step at a time.
    fn region(&self, now: usize, rms: u64) -> usize {
        if now + 1 < self.regions && rms > self.up[now] {
            now + 1
        } else if now > 0 && rms < self.down[now - 1] {
            now - 1
        } else {
            now
        }
    }
}

/// 2π·nominal frequency/sample rate: what a sum over samples must be multiplied by.
fn slope_gain(settings: &Settings) -> i64 {
    let hertz = match settings.nominal_frequency {
        NominalFrequency::Hertz50 => 50,
        NominalFrequency::Hertz60 => 60,
    };
    let turn = (2 * PI_BILLIONTHS * hertz) << TAP_BITS;
    let rate = i128::from(settings.sample_rate_hertz) * 1_000_000_000;
    crate::fixed::saturate_i64(divide_round(turn, rate))
}

/// Lagrange weights of five samples for a delay of two samples and some, times gain; their sum is
/// the gain exactly.
fn taps_of(
    correction: &Correction,
    settings: &Settings,
    one: i64,
) -> Result<Taps, ConfigurationError> {
    let delay = i128::from(correction.delay_nanoseconds) * i128::from(settings.sample_rate_hertz);
    let billion = 1_000_000_000;
    if delay.abs() > billion || correction.gain_ppb.abs() > GAIN_PPB_MAX {
        return Err(ConfigurationError::Correction);
    }
    // In 2⁻²⁴ samples, so that a product of four distances stays below 2¹⁰⁸.
    let unit = 1_i128 << 24;
    let at = divide_round(delay * unit, billion);
    let gain = divide_round(i128::from(one) * (billion + i128::from(correction.gain_ppb)), billion);
    let weight = |tap: i128| {
        let others = (-2..=2).filter(|other| *other != tap);
        let (mut above, mut below) = (1_i128, 1_i128);
        for other in others {
            above *= at - other * unit;
            below *= tap - other;
        }
        crate::fixed::saturate_i64((((above / below) >> 48) * gain) >> 48)
    };
    let mut taps = [-2, -1, 0, 1, 2].map(weight);
    taps[2] += crate::fixed::saturate_i64(gain) - taps.iter().sum::<i64>();
    Ok(taps)
}

/// The running filters.
#[derive(Clone, Debug)]
pub(crate) struct Conditioner {
    history: [Codes; HISTORY],
    latest: usize,
    /// What a high-pass or an integrator holds, in 2⁻²⁰ codes.
    state: [i64; CHANNELS],
    /// Filtered values before, in 2⁻²⁰ codes, the latest first.
    filtered: [[i64; CHANNELS]; 4],
    regions: [usize; 4],
    started: bool,
}

impl Conditioner {
    pub(crate) const fn new() -> Self {
        Self {
            history: [[0; CHANNELS]; HISTORY],
            latest: 0,
            state: [0; CHANNELS],
            filtered: [[0; CHANNELS]; 4],
            regions: [0; 4],
            started: false,
        }
    }

    /// Which region each current is in.
    pub(crate) const fn regions(&self) -> [usize; 4] {
        self.regions
    }

    /// Chooses the regions by the RMS values of the last cycle.
    pub(crate) fn half_cycle(&mut self, codes: &RmsCodes, filters: &Filters) {
        for (wire, region) in self.regions.iter_mut().enumerate() {
            *region = filters.currents[wire].region(*region, codes[CURRENTS + wire]);
        }
    }

    /// Conditions one sample; what comes out is two samples late, with an integrator three.
    pub(crate) fn push(&mut self, codes: &Codes, filters: &Filters) -> Codes {
        if !self.started {
            self.history = [*codes; HISTORY];
        }
        self.latest = (self.latest + 1) % HISTORY;
        self.history[self.latest] = *codes;
        let now = core::array::from_fn(|channel| self.filter(channel, filters));
        if !self.started {
            self.start(&now, filters);
        }
        self.filtered.rotate_right(1);
        self.filtered[0] = now;
        core::array::from_fn(|channel| {
            let value = match filters.high_pass {
                None => now[channel],
                Some(shift) => self.leak(channel, shift, filters),
            };
            let rounded = (value + (1 << (STATE_BITS - 1))) >> STATE_BITS;
            let limit = i64::from(CODE_LIMIT);
            i32::try_from(rounded.clamp(-limit, limit)).unwrap_or(0)
        })
    }

    /// As if the channels had swung around zero before, so that only an offset has to die out. What
    /// a coil's current was can't be known.
    fn start(&mut self, now: &[i64; CHANNELS], filters: &Filters) {
        self.filtered = [*now; 4];
        self.state =
            core::array::from_fn(
                |channel| {
                    if filters.integrates(channel) { 0 } else { now[channel] }
                },
            );
        self.started = true;
    }

    /// Gain and delay, in 2⁻²⁰ codes.
    fn filter(&self, channel: usize, filters: &Filters) -> i64 {
        let (taps, wait) = match channel.checked_sub(CURRENTS) {
            None => (&filters.voltages[channel], filters.wait),
            Some(wire) => {
                let wait = if filters.integrates(channel) { 0 } else { filters.wait };
                (&filters.currents[wire].taps[self.regions[wire]], wait)
            }
        };
        let newest = self.latest + 2 * HISTORY - wait;
        let tap = |(age, tap): (usize, &i64)| {
            tap * i64::from(self.history[(newest - age) % HISTORY][channel])
        };
        taps.iter().enumerate().map(tap).sum::<i64>() >> (TAP_BITS - STATE_BITS)
    }

    /// A high-pass, or for a Rogowski coil its product with an integrator: the same leaky sum of
    /// differences or of areas.
    fn leak(&mut self, channel: usize, shift: u32, filters: &Filters) -> i64 {
        let [now, before, second, third] = self.filtered.map(|filtered| filtered[channel]);
        let step = if filters.integrates(channel) {
            // The area between the two in the middle, under the cubic through all four.
            (13 * (before + second) - now - third) / 24
        } else {
            now - before
        };
        let state = &mut self.state[channel];
        // The leak alone would lift everything by half of itself.
        *state += step - (step >> (shift + 1)) - (*state >> shift);
        *state
    }
}
