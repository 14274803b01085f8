//! RMS, powers, power factors and distortions.

use super::channels::{CHANNELS, IN, Samples, VA};
use super::filters::{LowPass, Mean, Quadrature, nearest};
use super::registers::{ACCMODE, CONFIG0, RegisterFile, STATUS0};
use ade9000::address_of;
use ade9000::fields::{
    ACCMODE_SELFREQ, CONFIG0_DISAPLPF, CONFIG0_DISRPLPF, CONFIG0_VNOMA_EN, STATUS0_MISMTCH,
    STATUS0_THD_PF_RDY,
};
use core::f64::consts::PI;

const AI_PCF: u16 = address_of("AI_PCF");
const AIRMS: u16 = address_of("AIRMS");
const AWATT: u16 = address_of("AWATT");
const APF: u16 = address_of("APF");
const AIRMSOS: u16 = address_of("AIRMSOS");
const AIFRMSOS: u16 = address_of("AIFRMSOS");
const APGAIN: u16 = address_of("APGAIN");
const AWATTOS: u16 = address_of("AWATTOS");
const NI_PCF: u16 = address_of("NI_PCF");
const NIRMSOS: u16 = address_of("NIRMSOS");
const ISUMRMSOS: u16 = address_of("ISUMRMSOS");
const ISUMRMS: u16 = address_of("ISUMRMS");
const ISUMLVL: u16 = address_of("ISUMLVL");
const VNOM: u16 = address_of("VNOM");
const VAR_DIS: u16 = address_of("VAR_DIS");
/// Samples of 1.024 s, after which power factor and distortion are refreshed.
const REFRESH_SAMPLES: u32 = 8192;
/// 2^27.
const UNIT: f64 = 134_217_728.0;

/// W, VAR, VA, and their fundamental versions, of a phase.
pub(super) type Powers = [i32; 6];

/// Two poles, 90 and 20 ms: the ripple of an rms at 50 Hz is then 0.07 % (DS, figure 61: 0.064 %).
#[derive(Clone, Copy, Debug)]
struct RmsFilter {
    slow: LowPass,
    fast: LowPass,
}

impl RmsFilter {
    fn new() -> Self {
        Self { slow: LowPass::with_time_constant(0.09), fast: LowPass::with_time_constant(0.02) }
    }

    const fn step(&mut self, sample: f64) -> f64 {
        self.fast.step(self.slow.step(sample * sample))
    }
}

/// A mean over whole cycles, then a pole of 93 ms: settles in 0.44 s to 99 % and in 0.66 s to
/// 99.9 % as the chip's does (TRM: 0.43 and 0.66 s).
#[derive(Clone, Debug)]
struct PowerFilter {
    mean: Mean,
    slow: LowPass,
}

impl PowerFilter {
    fn new(cycle: usize) -> Self {
        Self { mean: Mean::of(cycle), slow: LowPass::with_time_constant(0.093) }
    }

    fn step(&mut self, sample: f64) -> f64 {
        self.slow.step(self.mean.step(sample))
    }
}

/// Real and imaginary part of a signal against the reference oscillator.
#[derive(Clone, Debug)]
struct Phasor {
    real: PowerFilter,
    imaginary: PowerFilter,
}

impl Phasor {
    fn new(cycle: usize) -> Self {
        Self { real: PowerFilter::new(cycle), imaginary: PowerFilter::new(cycle) }
    }

    /// The part at the oscillator's frequency, as rms.
    fn step(&mut self, sample: f64, (sine, cosine): (f64, f64)) -> [f64; 2] {
        let root = core::f64::consts::SQRT_2;
        [self.real.step(sample * cosine) * root, self.imaginary.step(-sample * sine) * root]
    }
}

#[derive(Clone, Debug)]
struct Phase {
    current: RmsFilter,
    voltage: RmsFilter,
    active: PowerFilter,
    quadrature: Quadrature,
    reactive: PowerFilter,
    current_phasor: Phasor,
    voltage_phasor: Phasor,
    /// Sums since the last refresh: W, VA, then squares of IRMS, IFRMS, VRMS, VFRMS.
    sums: [f64; 6],
}

impl Phase {
    fn new(cycle: usize) -> Self {
        Self {
            current: RmsFilter::new(),
            voltage: RmsFilter::new(),
            active: PowerFilter::new(cycle),
            quadrature: Quadrature::new(),
            reactive: PowerFilter::new(cycle),
            current_phasor: Phasor::new(cycle),
            voltage_phasor: Phasor::new(cycle),
            sums: [0.0; 6],
        }
    }
}

/// State of everything that is averaged.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    phases: [Phase; 3],
    neutral: RmsFilter,
    sum: RmsFilter,
    oscillator_turns: f64,
    is_60_hz: bool,
    until_refresh: u32,
    was_mismatch: bool,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self::at(false)
    }

    fn at(is_60_hz: bool) -> Self {
        // Whole cycles: one at 50 Hz, three at 60 Hz.
        let cycle = if is_60_hz { 400 } else { 160 };
        Self {
            phases: core::array::from_fn(|_| Phase::new(cycle)),
            neutral: RmsFilter::new(),
            sum: RmsFilter::new(),
            oscillator_turns: 0.0,
            is_60_hz,
            until_refresh: REFRESH_SAMPLES,
            was_mismatch: false,
        }
    }

    /// Takes one step; the period is that of the line, in samples.
    pub(super) fn step(
        &mut self,
        samples: &Samples,
        period: f64,
        registers: &mut RegisterFile,
    ) -> [Powers; 3] {
        let is_60_hz = registers.has(ACCMODE, ACCMODE_SELFREQ);
        if is_60_hz != self.is_60_hz {
            *self = Self::at(is_60_hz);
        }
        self.oscillator_turns = (self.oscillator_turns + 1.0 / period).fract();
        let angle = 2.0 * PI * self.oscillator_turns;
        let reference = (libm::sin(angle), libm::cos(angle));
        let powers = core::array::from_fn(|phase| {
            let pair = [samples.pcf[phase], samples.pcf[VA + phase]];
            self.phases[phase].step(pair, reference, [0, 0x20, 0x40][phase], registers)
        });
        self.neutral_step(&samples.pcf, registers);
        self.until_refresh -= 1;
        if self.until_refresh == 0 {
            self.until_refresh = REFRESH_SAMPLES;
            for (phase, offset) in self.phases.iter_mut().zip([0, 0x20, 0x40]) {
                phase.refresh(offset, registers);
            }
            registers.raise(STATUS0, STATUS0_THD_PF_RDY);
        }
        powers
    }

    fn neutral_step(&mut self, pcf: &[f64; CHANNELS], registers: &mut RegisterFile) {
        let neutral = self.neutral.step(pcf[IN]);
        let weight = [0.0, 1.0, -1.0, 0.0][(registers.get(CONFIG0) & 3) as usize];
        let sum = self.sum.step(pcf[0] + pcf[1] + pcf[2] + weight * pcf[IN]);
        registers.set(NI_PCF, word(pcf[IN]));
        registers.set(NI_PCF + 1, root(neutral, registers.signed(NIRMSOS)));
        registers.set(ISUMRMS, root(sum, registers.signed(ISUMRMSOS)));
        let is_mismatch = registers.get(ISUMRMS) > registers.get(ISUMLVL);
        if is_mismatch && !self.was_mismatch {
            registers.raise(STATUS0, STATUS0_MISMTCH);
        }
        self.was_mismatch = is_mismatch;
    }
}

impl Phase {
    fn step(
        &mut self,
        [current, voltage]: [f64; 2],
        reference: (f64, f64),
        offset: u16,
        registers: &mut RegisterFile,
    ) -> Powers {
        registers.set(AI_PCF + offset, word(current));
        registers.set(AI_PCF + offset + 1, word(voltage));
        let currents = self.current_phasor.step(current, reference);
        let voltages = self.voltage_phasor.step(voltage, reference);
        let os = |address: u16| registers.signed(address + offset);
        let rms = [
            root(self.current.step(current), os(AIRMSOS)),
            root(self.voltage.step(voltage), os(AIRMSOS + 1)),
            root(square(currents), os(AIFRMSOS)),
            root(square(voltages), os(AIFRMSOS + 1)),
        ];
        for (value, address) in rms.into_iter().zip(AIRMS + offset..) {
            registers.set(address, value);
        }
        let total = self.totals(current, voltage, registers);
        let fundamental = [
            voltages[0] * currents[0] + voltages[1] * currents[1],
            voltages[1] * currents[0] - voltages[0] * currents[1],
        ];
        let powers = scaled([total, fundamental], rms, offset, registers);
        for (power, address) in powers.into_iter().zip(AWATT + offset..) {
            registers.set(address, power.cast_unsigned());
        }
        self.collect(rms, powers);
        powers
    }

    /// Active and reactive power from the samples.
    fn totals(&mut self, current: f64, voltage: f64, registers: &RegisterFile) -> [f64; 2] {
        let product = current * voltage;
        let filtered = self.active.step(product);
        let raw = |bit| registers.has(CONFIG0, bit);
        let active = if raw(CONFIG0_DISAPLPF) { product } else { filtered };
        // It is set before `RUN` (DS), so its filters have nothing to remember.
        if registers.has(VAR_DIS, 1) {
            return [active, 0.0];
        }
        let (late, turned) = self.quadrature.step(voltage, current);
        let turned = late * turned;
        let reactive = self.reactive.step(turned);
        [active, if raw(CONFIG0_DISRPLPF) { turned } else { reactive }]
    }

    fn collect(&mut self, rms: [u32; 4], powers: Powers) {
        let [current, voltage, fundamental_current, fundamental_voltage] = rms.map(f64::from);
        let new = [
            f64::from(powers[0]),
            f64::from(powers[2]),
            current * current,
            fundamental_current * fundamental_current,
            voltage * voltage,
            fundamental_voltage * fundamental_voltage,
        ];
        for (sum, new) in self.sums.iter_mut().zip(new) {
            *sum += new;
        }
    }

    /// Power factor and distortions are 5.27; the distortion ends at 400 % (DS).
    fn refresh(&mut self, offset: u16, registers: &mut RegisterFile) {
        let [watt, va, current, first_current, voltage, first_voltage] = self.sums;
        self.sums = [0.0; 6];
        let factor = if va > 0.0 { (watt / va).clamp(-1.0, 1.0) } else { 0.0 };
        let distortion = |all: f64, first: f64| {
            let ratio = if first > 0.0 { (all - first) / first } else { 0.0 };
            libm::sqrt(ratio.clamp(0.0, 16.0))
        };
        let values =
            [factor, distortion(voltage, first_voltage), distortion(current, first_current)];
        for (value, address) in values.into_iter().zip(APF + offset..) {
            registers.set(address, word(value * UNIT));
        }
    }
}

/// Power codes with gain and offsets: x = (1 + PGAIN/2^27) * x0 + offset (TRM).
fn scaled(
    [total, fundamental]: [[f64; 2]; 2],
    rms: [u32; 4],
    offset: u16,
    registers: &RegisterFile,
) -> Powers {
    let gain = registers.gain(APGAIN + offset) / UNIT;
    let os = |number: u16| f64::from(registers.signed(AWATTOS + offset + number));
    let [current, voltage, first_current, first_voltage] = rms.map(f64::from);
    let nominal = CONFIG0_VNOMA_EN << (offset / 0x20);
    let voltage =
        if registers.has(CONFIG0, nominal) { f64::from(registers.get(VNOM)) } else { voltage };
    [
        gain * total[0] + os(0),
        gain * total[1] + os(1),
        gain * current * voltage,
        gain * fundamental[0] + os(2),
        gain * fundamental[1] + os(3),
        gain * first_current * first_voltage,
    ]
    .map(|power| word(power).cast_signed())
}

fn square([real, imaginary]: [f64; 2]) -> f64 {
    real * real + imaginary * imaginary
}

/// xRMS = sqrt(xRMS0^2 + 2^15 * offset) (DS).
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative")]
pub(super) fn root(mean_square: f64, offset: i32) -> u32 {
    nearest(libm::sqrt((mean_square + 32_768.0 * f64::from(offset)).max(0.0))) as u32
}

/// A signed value in a register of 32 bits.
#[allow(clippy::cast_possible_truncation, reason = "it saturates, as a register does")]
pub(super) fn word(value: f64) -> u32 {
    (nearest(value) as i32).cast_unsigned()
}
