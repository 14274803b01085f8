//! Zero crossings, and what is measured with them: periods, angles, sequence.

use super::channels::{Samples, VA};
use super::filters::LowPass;
use super::registers::{ACCMODE, CONFIG0, RegisterFile, STATUS1};
use ade9000::address_of;
use ade9000::fields::{
    ACCMODE_SELFREQ, CONFIG0_ZX_SRC_SEL, STATUS1_SEQERR, STATUS1_ZXCOMB, STATUS1_ZXIA,
    STATUS1_ZXTOVA, STATUS1_ZXVA,
};

const APERIOD: u16 = address_of("APERIOD");
const ANGL_VA_VB: u16 = address_of("ANGL_VA_VB");
const ZXTOUT: u16 = address_of("ZXTOUT");
const ZXTHRSH: u16 = address_of("ZXTHRSH");
const ZX_LP_SEL: u16 = address_of("ZX_LP_SEL");
const SEQ_CYC: u16 = address_of("SEQ_CYC");

/// VA, VB, VC, the combined voltage, IA, IB, IC.
const DETECTORS: usize = 7;
const COMBINED: usize = 3;
/// Pairs whose angles are measured, in the order of their registers.
const ANGLES: [(usize, usize); 9] =
    [(0, 1), (1, 2), (0, 2), (0, 4), (1, 5), (2, 6), (4, 5), (5, 6), (4, 6)];
/// At least 1 ms lies between two crossings (TRM).
const APART_SAMPLES: f64 = 8.0;
/// LPF1 as a pole of 84 Hz and 21 samples: 0.86 at 50 Hz and 0.81 at 60 Hz (from the formula of
/// `ZXTHRSH`), late by 4.3 ms at 50 Hz (TRM).
const POLE_HZ: f64 = 84.0;
const LATE_SAMPLES: usize = 21;

/// One detector.
#[derive(Clone, Debug)]
struct Detector {
    filter: LowPass,
    late: [f64; LATE_SAMPLES],
    next: usize,
    before: f64,
    /// Highest size since the last crossing.
    size: f64,
    last: Option<f64>,
    last_falling: Option<f64>,
    silent_samples: u32,
}

/// What a step brought.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Crossing {
    Rising,
    /// With the time since the falling one before, in samples.
    Falling(Option<f64>),
}

impl Detector {
    fn new() -> Self {
        Self {
            filter: LowPass::with_time_constant(1.0 / (2.0 * core::f64::consts::PI * POLE_HZ)),
            late: [0.0; LATE_SAMPLES],
            next: 0,
            before: 0.0,
            size: 0.0,
            last: None,
            last_falling: None,
            silent_samples: 0,
        }
    }

    fn step(&mut self, sample: f64, now: f64, threshold: f64) -> Option<Crossing> {
        let filtered = self.filter.step(sample);
        let value = core::mem::replace(&mut self.late[self.next], filtered);
        self.next = (self.next + 1) % LATE_SAMPLES;
        self.size = self.size.max(value.abs());
        let before = core::mem::replace(&mut self.before, value);
        self.silent_samples = self.silent_samples.saturating_add(1);
        if (before < 0.0) == (value < 0.0) {
            return None;
        }
        let at = now - 1.0 + before / (before - value);
        let is_early = self.last.is_some_and(|last| at - last < APART_SAMPLES);
        let is_small = self.size < threshold || self.size == 0.0;
        self.size = 0.0;
        if is_early || is_small {
            return None;
        }
        self.last = Some(at);
        self.silent_samples = 0;
        if value >= 0.0 {
            return Some(Crossing::Rising);
        }
        Some(Crossing::Falling(self.last_falling.replace(at).map(|last| at - last)))
    }
}

/// All detectors.
#[derive(Clone, Debug)]
pub(super) struct Crossings {
    detectors: [Detector; DETECTORS],
    now: f64,
    wrong_sequences: u32,
    next_phase: usize,
}

/// Which crossings a step brought: VA, VB, VC, combined, IA, IB, IC.
pub(super) type Seen = [bool; DETECTORS];

impl Crossings {
    pub(super) fn new() -> Self {
        Self {
            detectors: core::array::from_fn(|_| Detector::new()),
            now: 0.0,
            wrong_sequences: 0,
            next_phase: 0,
        }
    }

    pub(super) fn step(&mut self, samples: &Samples, registers: &mut RegisterFile) -> Seen {
        self.now += 1.0;
        let from =
            if registers.has(CONFIG0, CONFIG0_ZX_SRC_SEL) { &samples.raw } else { &samples.pcf };
        let [a, b, c] = [from[VA], from[VA + 1], from[VA + 2]];
        let is_wye = registers.get(ACCMODE) >> 4 & 7 == 0;
        let combined = (a + if is_wye { b } else { 0.0 } - c) / 2.0;
        let inputs = [a, b, c, combined, from[0], from[1], from[2]];
        let threshold = f64::from(registers.get(ZXTHRSH)) * 32.0 * 256.0;
        let mut seen = [false; DETECTORS];
        for number in 0..DETECTORS {
            let threshold = if number <= COMBINED { threshold } else { 0.0 };
            let crossing = self.detectors[number].step(inputs[number], self.now, threshold);
            seen[number] = crossing.is_some();
            if let Some(Crossing::Falling(period)) = crossing {
                self.fell(number, period, is_wye, registers);
            }
        }
        self.note(&seen, registers);
        seen
    }

    fn fell(
        &mut self,
        number: usize,
        period: Option<f64>,
        is_wye: bool,
        registers: &mut RegisterFile,
    ) {
        if number <= COMBINED {
            let period = period.filter(|period| (8000.0 / 70.0..=8000.0 / 40.0).contains(period));
            set_period(number, period, registers);
        }
        for ((first, second), register) in ANGLES.into_iter().zip(ANGL_VA_VB..) {
            let from = self.detectors[first].last_falling;
            let to = self.detectors[second].last_falling;
            if let (true, Some(from), Some(to)) = (second == number, from, to) {
                set_angle(register, to - from, registers);
            }
        }
        if number < COMBINED && is_wye {
            self.check_sequence(number, registers);
        }
    }

    /// A, B, C is right.
    fn check_sequence(&mut self, phase: usize, registers: &mut RegisterFile) {
        let is_right = phase == self.next_phase;
        self.next_phase = (phase + 1) % 3;
        self.wrong_sequences = if is_right { 0 } else { self.wrong_sequences + 1 };
        // Three crossings in a cycle.
        if self.wrong_sequences > 3 * registers.get(SEQ_CYC) {
            registers.raise(STATUS1, STATUS1_SEQERR);
            self.wrong_sequences = 0;
        }
    }

    fn note(&self, seen: &Seen, registers: &mut RegisterFile) {
        let mut raised = if seen[COMBINED] { STATUS1_ZXCOMB } else { 0 };
        let limit = registers.get(ZXTOUT) + 1;
        for phase in 0..3 {
            if seen[phase] {
                raised |= STATUS1_ZXVA << phase;
            }
            if seen[4 + phase] {
                raised |= STATUS1_ZXIA << phase;
            }
            let silent = self.detectors[phase].silent_samples;
            if silent > 0 && silent.is_multiple_of(limit) {
                raised |= STATUS1_ZXTOVA << phase;
            }
        }
        for (number, detector) in self.detectors[..=COMBINED].iter().enumerate() {
            // Longer than a half cycle of 40 Hz can be.
            if detector.silent_samples == 400 {
                set_period(number, None, registers);
            }
        }
        registers.raise(STATUS1, raised);
    }
}

/// Counts 1024 kHz between two crossings; what is longer than a register isn't an angle.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "16 bits")]
fn set_angle(register: u16, samples: f64, registers: &mut RegisterFile) {
    let code = samples * 128.0;
    if (0.0..65_536.0).contains(&code) {
        registers.set(register, code as u32);
    }
}

/// A period that isn't there is the nominal one (TRM).
fn set_period(number: usize, samples: Option<f64>, registers: &mut RegisterFile) {
    let nominal = if registers.has(ACCMODE, ACCMODE_SELFREQ) { 0x0085_5554 } else { 0x00A0_0000 };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 200 samples"
    )]
    let code = samples.map_or(nominal, |samples| (samples * 65_536.0) as u32 - 1);
    registers.set(APERIOD + [0, 1, 2, 3][number], code);
}

/// The line's period that `ZX_LP_SEL` chooses, in samples.
pub(super) fn line_period(registers: &RegisterFile) -> f64 {
    let chosen = [0, 1, 2, 3][(registers.get(ZX_LP_SEL) >> 3 & 3) as usize];
    (f64::from(registers.get(APERIOD + chosen)) + 1.0) / 65_536.0
}

/// Whether the zero crossing that `ZX_LP_SEL` chooses for counting half cycles was seen.
pub(super) fn half_cycle(seen: &Seen, registers: &RegisterFile) -> bool {
    seen[(registers.get(ZX_LP_SEL) >> 1 & 3) as usize]
}
