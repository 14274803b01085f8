//! From the pins to `xI_PCF` and `xV_PCF`: multiplexer, converters, gains, wiring, high-pass,
//! integrators, phase compensation (DS, figures 56 to 60).

use super::filters::{
    HIGH_PASS_CORNERS_HZ, HighPass, HighPassDesign, Integrator, PhaseShift, nearest,
};
use super::registers::{ACCMODE, CONFIG0, CONFIG2, RegisterFile};
use ade9000::fields::{
    ACCMODE_ICONSEL, ACCMODE_SELFREQ, CONFIG0_HPFDIS, CONFIG0_ININTEN, CONFIG0_INTEN, CONFIG0_MTEN,
};
use ade9000::{FULL_SCALE_LPF, FULL_SCALE_PCF, FULL_SCALE_SINC, address_of};

/// Volts between the pins of the seven converters: IA, IB, IC, IN, VA, VB, VC.
pub type PinVolts = [f64; CHANNELS];

/// How many converters there are.
pub const CHANNELS: usize = 7;
pub(super) const IN: usize = 3;
pub(super) const VA: usize = 4;

const ADC_REDIRECT: u16 = address_of("ADC_REDIRECT");
const PGA_GAIN: u16 = address_of("PGA_GAIN");
const CHNL_DIS: u16 = address_of("CHNL_DIS");
const DICOEFF: u16 = address_of("DICOEFF");
const AIGAIN: u16 = address_of("AIGAIN");
const AIGAIN0: u16 = address_of("AIGAIN0");
const APHCAL0: u16 = address_of("APHCAL0");
const AVGAIN: u16 = address_of("AVGAIN");
const NIGAIN: u16 = address_of("NIGAIN");
const NPHCAL: u16 = address_of("NPHCAL");
const MTTHR_L0: u16 = address_of("MTTHR_L0");
const MTTHR_H0: u16 = address_of("MTTHR_H0");
const AMTREGION: u16 = address_of("AMTREGION");
const AIRMS: u16 = address_of("AIRMS");
/// Registers of a phase repeat.
const STRIDE: u16 = 0x20;

/// One step of 1/8000 s behind the converters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Samples {
    /// The four samples at 32 kHz; all but the last are zero unless they were asked for.
    pub(super) sinc: [[i32; CHANNELS]; 4],
    /// Behind the decimation.
    pub(super) lpf: [i32; CHANNELS],
    /// Behind the gains, before high-pass, integrator and phase compensation.
    pub(super) raw: [f64; CHANNELS],
    /// `xI_PCF`, `xV_PCF`.
    pub(super) pcf: [f64; CHANNELS],
}

/// State of the seven channels.
#[derive(Clone, Debug)]
pub(super) struct Channels {
    high_pass: [HighPass; CHANNELS],
    integrators: [Integrator; 4],
    phase_shifts: [PhaseShift; 4],
    late_voltages: [f64; 3],
    /// By frequency of the line and by corner.
    designs: [[HighPassDesign; 8]; 2],
    integrator_gains: [f64; 2],
}

/// Which of the four instants of a step somebody looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instants {
    All,
    Last,
}

impl Channels {
    pub(super) fn new() -> Self {
        let designs = [50.0, 60.0].map(|line_hz| {
            HIGH_PASS_CORNERS_HZ.map(|corner_hz| HighPassDesign::new(corner_hz, line_hz))
        });
        Self {
            high_pass: Default::default(),
            integrators: Default::default(),
            phase_shifts: Default::default(),
            late_voltages: [0.0; 3],
            designs,
            integrator_gains: [50.0, 60.0].map(Integrator::gain),
        }
    }

    pub(super) fn step(
        &mut self,
        instants: Instants,
        mut pins: impl FnMut(usize) -> PinVolts,
        registers: &mut RegisterFile,
    ) -> Samples {
        let mut sinc = [[0; CHANNELS]; 4];
        if instants == Instants::All {
            for (quarter, sinc) in sinc[..3].iter_mut().enumerate() {
                let inputs = converted(&pins(quarter), registers);
                *sinc = inputs.map(|input| code(input, FULL_SCALE_SINC));
            }
        }
        let last = converted(&pins(3), registers);
        sinc[3] = last.map(|input| code(input, FULL_SCALE_SINC));
        // The chip's decimation filter isn't modelled: the last of four samples is taken.
        let lpf = last.map(|input| code(input, FULL_SCALE_LPF));
        let regions = find_regions(registers);
        let raw = wired(gained(lpf, regions, registers), registers);
        let pcf = self.filtered(raw, regions, registers);
        Samples { sinc, lpf, raw, pcf }
    }

    fn filtered(
        &mut self,
        raw: [f64; CHANNELS],
        regions: [u16; 3],
        registers: &RegisterFile,
    ) -> [f64; CHANNELS] {
        let is_60_hz = registers.has(ACCMODE, ACCMODE_SELFREQ);
        let design = &self.designs[usize::from(is_60_hz)];
        let design = &design[(registers.get(CONFIG2) >> 9 & 7) as usize];
        let integrator_gain = self.integrator_gains[usize::from(is_60_hz)];
        let has_high_pass = !registers.has(CONFIG0, CONFIG0_HPFDIS);
        let leak = f64::from(registers.signed(DICOEFF)) / f64::from(1 << 27);
        core::array::from_fn(|channel| {
            let mut value = raw[channel];
            let passed = self.high_pass[channel].step(value, design);
            if has_high_pass {
                value = passed;
            }
            if channel >= VA {
                // The voltage waits for one sample, so that a current can be early or late.
                let late = &mut self.late_voltages[channel - VA];
                return nearest(core::mem::replace(late, value));
            }
            let bit = if channel == IN { CONFIG0_ININTEN } else { CONFIG0_INTEN };
            let integrated = self.integrators[channel].step(value, leak, integrator_gain);
            if registers.has(CONFIG0, bit) {
                value = integrated;
            }
            let calibration = match (regions.get(channel), (0..).nth(channel)) {
                (Some(region), Some(phase)) => APHCAL0 + STRIDE * phase + region,
                _ => NPHCAL,
            };
            let coefficient = registers.gain(calibration) - 1.0;
            nearest(self.phase_shifts[channel].step(value, coefficient))
        })
    }
}

/// Multiplexer, PGA and switched-off channels: 1.0 is full scale.
fn converted(pins: &PinVolts, registers: &RegisterFile) -> [f64; CHANNELS] {
    let (redirect, gains) = (registers.get(ADC_REDIRECT), registers.get(PGA_GAIN));
    let (off, gain_bits) = (registers.get(CHNL_DIS), |pin: usize| gains >> (2 * pin) & 3);
    let amplified: [f64; CHANNELS] = core::array::from_fn(|pin| {
        if off >> pin & 1 == 1 {
            0.0
        } else {
            pins[pin] * [1.0, 2.0, 4.0, 4.0][gain_bits(pin) as usize]
        }
    });
    core::array::from_fn(|channel| match (redirect >> (3 * channel) & 7) as usize {
        7 => amplified[channel],
        other => amplified[other],
    })
}

/// A value of the converter: 24 bits, moved up by four (TRM).
#[allow(clippy::cast_possible_truncation, reason = "clipped to 28 bits")]
fn code(input: f64, full_scale: i32) -> i32 {
    let code = nearest(input * f64::from(full_scale) / 16.0);
    code.clamp(f64::from(-(1 << 23)), f64::from((1 << 23) - 1)) as i32 * 16
}

fn gained(lpf: [i32; CHANNELS], regions: [u16; 3], registers: &RegisterFile) -> [f64; CHANNELS] {
    let ratio = f64::from(FULL_SCALE_PCF) / f64::from(FULL_SCALE_LPF);
    let has_regions = registers.has(CONFIG0, CONFIG0_MTEN);
    let mut gains = [1.0; CHANNELS];
    for (phase, number) in (0..3).zip(0_u16..) {
        gains[phase] = registers.gain(AIGAIN + STRIDE * number);
        if has_regions {
            gains[phase] *= registers.gain(AIGAIN0 + STRIDE * number + regions[phase]);
        }
        gains[VA + phase] = registers.gain(AVGAIN + STRIDE * number);
    }
    gains[IN] = registers.gain(NIGAIN);
    core::array::from_fn(|channel| f64::from(lpf[channel]) * ratio * gains[channel])
}

/// Voltages and currents that are formed from others (`ACCMODE`).
fn wired(mut raw: [f64; CHANNELS], registers: &RegisterFile) -> [f64; CHANNELS] {
    let [a, b, c] = [raw[VA], raw[VA + 1], raw[VA + 2]];
    let voltages = match registers.get(ACCMODE) >> 4 & 7 {
        1 => [a, a - c, c],
        2 => [a, -a - c, c],
        3 => [a, -a, c],
        4 => [a - b, a - c, c - b],
        _ => [a, b, c],
    };
    raw[VA..].copy_from_slice(&voltages);
    if registers.has(ACCMODE, ACCMODE_ICONSEL) {
        raw[1] = -raw[0] - raw[2];
    }
    raw
}

/// Regions of the multipoint calibration by the rms of the current: up above the region's high
/// threshold, down below its low one. It starts in region 0; the sheet doesn't say where.
fn find_regions(registers: &mut RegisterFile) -> [u16; 3] {
    let enabled = registers.has(CONFIG0, CONFIG0_MTEN);
    core::array::from_fn(|phase| {
        let offset = STRIDE * [0, 1, 2][phase];
        if !enabled {
            registers.set(AMTREGION + offset, 0xF);
            return 0;
        }
        let current = registers.get(AIRMS + offset);
        let region = match registers.get(AMTREGION + offset) {
            region @ 0..=4 => (0_u16..).nth(region as usize).unwrap_or_default(),
            _ => 0,
        };
        let region = if region < 4 && current > registers.get(MTTHR_H0 + region) {
            region + 1
        } else if region > 0 && current < registers.get(MTTHR_L0 + region) {
            region - 1
        } else {
            region
        };
        registers.set(AMTREGION + offset, u32::from(region));
        region
    })
}
