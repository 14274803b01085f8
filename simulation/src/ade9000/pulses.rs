//! The pulse outputs CF1 to CF4.

use super::power::Powers;
use super::registers::{CONFIG1, RegisterFile, STATUS0};
use ade9000::address_of;
use ade9000::fields::{CONFIG1_CF_ACC_CLR, STATUS0_CF1, STATUS0_REVPSUM1};

const CFMODE: u16 = address_of("CFMODE");
const COMPMODE: u16 = address_of("COMPMODE");
const CF1DEN: u16 = address_of("CF1DEN");
const WTHR: u16 = address_of("WTHR");
const CF_LCFG: u16 = address_of("CF_LCFG");
const PHSIGN: u16 = address_of("PHSIGN");
/// 80 ms in samples.
const LONG_SAMPLES: f64 = 640.0;

/// One output.
#[derive(Clone, Copy, Debug, Default)]
struct Output {
    sum: i64,
    pulses: u64,
    is_negative: bool,
    /// Samples for which the pin stays low.
    low_samples: f64,
}

/// All four.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulses {
    outputs: [Output; 4],
}

impl Pulses {
    /// Pulses since the reset.
    pub(super) fn counts(&self) -> [u64; 4] {
        self.outputs.map(|output| output.pulses)
    }

    /// Whether a pin is high; a pulse is low.
    pub(super) fn levels(&self) -> [bool; 4] {
        self.outputs.map(|output| output.low_samples <= 0.0)
    }

    pub(super) fn step(&mut self, powers: &[Powers; 3], registers: &mut RegisterFile) {
        if registers.has(CONFIG1, CONFIG1_CF_ACC_CLR) {
            self.outputs.iter_mut().for_each(|output| output.sum = 0);
            registers.clear(CONFIG1, CONFIG1_CF_ACC_CLR);
        }
        for (number, output) in self.outputs.iter_mut().enumerate() {
            output.low_samples -= 1.0;
            if registers.has(CFMODE, 1 << (12 + number)) {
                continue;
            }
            output.step(number, powers, registers);
        }
    }
}

impl Output {
    /// f = 8000 * sum of codes / (xTHR * CFxDEN): the chip adds 512 times in a sample and counts
    /// to 512 times the threshold (DS), so one sample can hold many pulses.
    fn step(&mut self, number: usize, powers: &[Powers; 3], registers: &mut RegisterFile) {
        let of = match registers.get(CFMODE) >> (3 * number) & 7 {
            kind @ 0..=5 => kind as usize,
            _ => 0,
        };
        let terms = registers.get(COMPMODE) >> (3 * number) & 7;
        let added: i64 = (0..3)
            .filter(|phase| terms >> phase & 1 == 1)
            .map(|phase| i64::from(powers[phase][of]))
            .sum();
        let divisor = i64::from(registers.get(CF1DEN + [0, 1, 2, 3][number])).max(1);
        let level = i64::from(registers.get(WTHR + [0, 1, 2][of % 3])).max(1) * divisor;
        self.sum += added;
        let whole = self.sum / level;
        if whole == 0 {
            return;
        }
        self.sum -= whole * level;
        self.pulses += whole.unsigned_abs();
        self.low_samples = width_samples(number, added, level, divisor, registers);
        registers.raise(STATUS0, STATUS0_CF1 << number);
        let is_negative = whole < 0;
        if is_negative != self.is_negative {
            self.is_negative = is_negative;
            registers.raise(STATUS0, STATUS0_REVPSUM1 << number);
        }
        let sign = 1 << (6 + number);
        registers.clear(PHSIGN, sign);
        registers.raise(PHSIGN, if is_negative { sign } else { 0 });
    }
}

/// How long a pulse is low (the family's rule, from the ADE9078 data sheet).
#[allow(clippy::cast_precision_loss, reason = "a width needs no more than 53 bits")]
fn width_samples(
    number: usize,
    added: i64,
    level: i64,
    divisor: i64,
    registers: &RegisterFile,
) -> f64 {
    let lengths = registers.get(CF_LCFG);
    if lengths >> (19 + number) & 1 == 1 {
        // CF_LTMR * 6 / 24.576 MHz, at most 80 ms.
        return (f64::from(lengths & 0x7_FFFF) / 512.0).min(LONG_SAMPLES);
    }
    let period = level as f64 / added.unsigned_abs().max(1) as f64;
    if period > 2.0 * LONG_SAMPLES {
        return LONG_SAMPLES;
    }
    let odd = if divisor % 2 == 1 { 1.0 / divisor as f64 } else { 0.0 };
    period * 0.5 * (1.0 + odd)
}
