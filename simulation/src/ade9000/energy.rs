//! Accumulation of power and energy, their signs, and the no-load state.

use super::power::Powers;
use super::registers::{ACCMODE, EP_CFG, RegisterFile, STATUS0, STATUS1};
use ade9000::fields::{
    EP_CFG_EGY_LD_ACCUM, EP_CFG_EGY_PWR_EN, EP_CFG_EGY_TMR_MODE, EP_CFG_PWR_SIGN_SEL,
    EP_CFG_RD_RST_EN, STATUS0_EGYRDY, STATUS0_PWRRDY, STATUS0_REVAPA, STATUS1_ANLOAD,
};
use ade9000::{Energy45, EnergyOf, Phase, address_of};

const EGY_TIME: u16 = address_of("EGY_TIME");
const PWR_TIME: u16 = address_of("PWR_TIME");
const PHSIGN: u16 = address_of("PHSIGN");
const PHNOLOAD: u16 = address_of("PHNOLOAD");
const ACT_NL_LVL: u16 = address_of("ACT_NL_LVL");
const PWATT_ACC_LO: u16 = address_of("PWATT_ACC_LO");
/// Watt, var and volt-ampere, total and fundamental: `ACT`, `REACT` and `APP_NL_LVL`.
const LEVELS: [u16; 6] = [0, 1, 2, 0, 1, 2];
const ENERGY_TIME_MAX: u32 = 8191;

/// State of the accumulators.
#[derive(Clone, Debug)]
pub(super) struct Energies {
    /// Since the last load of the energy registers.
    inside: [[i64; 6]; 3],
    /// Since the last load of the power accumulators.
    powers: [[i64; 6]; 3],
    /// Positive and negative active, positive and negative reactive power of all phases.
    sums: [i64; 4],
    no_load_sums: [[i64; 6]; 3],
    no_load: [[bool; 6]; 3],
    energy_count: u32,
    power_count: u32,
    no_load_count: u32,
}

impl Energies {
    pub(super) const fn new() -> Self {
        Self {
            inside: [[0; 6]; 3],
            powers: [[0; 6]; 3],
            sums: [0; 4],
            no_load_sums: [[0; 6]; 3],
            no_load: [[false; 6]; 3],
            energy_count: 0,
            power_count: 0,
            no_load_count: 0,
        }
    }

    /// What was accumulated, but isn't in a register yet, is dropped.
    pub(super) const fn restart(&mut self) {
        self.inside = [[0; 6]; 3];
        self.powers = [[0; 6]; 3];
        self.sums = [0; 4];
        self.energy_count = 0;
        self.power_count = 0;
    }

    /// Takes the powers of a step; gives those that count: without load none does, and negative
    /// ones as `ACCMODE` says.
    pub(super) fn step(
        &mut self,
        powers: &[Powers; 3],
        half_cycle: bool,
        registers: &mut RegisterFile,
    ) -> [Powers; 3] {
        self.find_no_load(powers, registers);
        let counted = core::array::from_fn(|phase| {
            core::array::from_fn(|of| {
                if self.no_load[phase][of] { 0 } else { accepted(powers[phase][of], of, registers) }
            })
        });
        if registers.has(EP_CFG, EP_CFG_EGY_PWR_EN) {
            add(&mut self.inside, &counted);
            self.add_powers(powers, registers);
            let is_tick = !registers.has(EP_CFG, EP_CFG_EGY_TMR_MODE) || half_cycle;
            self.energy_count += u32::from(is_tick);
            if self.energy_count > registers.get(EGY_TIME).min(ENERGY_TIME_MAX) {
                self.load_energies(registers);
            }
        }
        counted
    }

    fn load_energies(&mut self, registers: &mut RegisterFile) {
        self.energy_count = 0;
        for (phase, inside) in Phase::ALL.into_iter().zip(&mut self.inside) {
            for (of, inside) in EnergyOf::ALL.into_iter().zip(inside) {
                let block = of.block(phase);
                let (low, high) = (registers.get(block + 2), registers.get(block + 3));
                let before = if registers.has(EP_CFG, EP_CFG_EGY_LD_ACCUM) {
                    0
                } else {
                    Energy45::from_words(high, low).get()
                };
                set(block + 2, before + *inside, registers);
                *inside = 0;
            }
        }
        registers.raise(STATUS0, STATUS0_EGYRDY);
    }

    fn add_powers(&mut self, powers: &[Powers; 3], registers: &mut RegisterFile) {
        add(&mut self.powers, powers);
        for power in powers {
            let (watt, var) = (i64::from(power[0]), i64::from(power[1]));
            let parts = [watt.max(0), watt.min(0), var.max(0), var.min(0)];
            for (sum, part) in self.sums.iter_mut().zip(parts) {
                *sum += part;
            }
        }
        self.power_count += 1;
        if self.power_count <= registers.get(PWR_TIME).min(ENERGY_TIME_MAX) {
            return;
        }
        self.power_count = 0;
        self.find_signs(registers);
        for (phase, sums) in Phase::ALL.into_iter().zip(&mut self.powers) {
            for (of, sum) in EnergyOf::ALL.into_iter().zip(sums) {
                set(of.block(phase), core::mem::take(sum), registers);
            }
        }
        for (number, sum) in (0_u16..).zip(&mut self.sums) {
            set(PWATT_ACC_LO + 4 * number, core::mem::take(sum), registers);
        }
        registers.raise(STATUS0, STATUS0_PWRRDY);
    }

    /// The signs of the accumulated powers; a change is an interrupt.
    fn find_signs(&self, registers: &mut RegisterFile) {
        let before = registers.get(PHSIGN);
        let mut signs = before & !0x3F;
        let mut raised = 0;
        for (phase, powers) in self.powers.iter().enumerate() {
            for kind in 0..2 {
                let fundamental = registers.has(EP_CFG, EP_CFG_PWR_SIGN_SEL << kind);
                let power = powers[if fundamental { kind + 3 } else { kind }];
                let bit = 1 << (2 * phase + kind);
                signs |= if power < 0 { bit } else { 0 };
                if (signs ^ before) & bit != 0 {
                    raised |= STATUS0_REVAPA << (phase + 3 * kind);
                }
            }
        }
        registers.set(PHSIGN, signs);
        registers.raise(STATUS0, raised);
    }

    /// No load is a mean below the level over the chosen time. How the level scales with the time
    /// isn't in the data sheet; here it holds for the mean.
    fn find_no_load(&mut self, powers: &[Powers; 3], registers: &mut RegisterFile) {
        let timer = registers.get(EP_CFG) >> 13 & 7;
        if timer == 7 {
            self.no_load = [[false; 6]; 3];
            self.no_load_sums = [[0; 6]; 3];
            self.no_load_count = 0;
            registers.set(PHNOLOAD, 0);
            return;
        }
        add(&mut self.no_load_sums, powers);
        self.no_load_count += 1;
        let samples = 64 << timer;
        if self.no_load_count < samples {
            return;
        }
        self.no_load_count = 0;
        let before = registers.get(PHNOLOAD);
        for (sums, no_load) in self.no_load_sums.iter_mut().zip(&mut self.no_load) {
            for ((sum, no_load), level) in sums.iter_mut().zip(no_load).zip(LEVELS) {
                let mean = core::mem::take(sum).unsigned_abs() / u64::from(samples);
                *no_load = mean * 64 < u64::from(registers.get(ACT_NL_LVL + level));
            }
        }
        let bits = self.no_load.as_flattened().iter().rev();
        let state = bits.fold(0, |bits, no_load| bits << 1 | u32::from(*no_load));
        registers.set(PHNOLOAD, state);
        let changed = state ^ before;
        let kinds = (changed | changed >> 6 | changed >> 12) & 0x3F;
        registers.raise(STATUS1, kinds * STATUS1_ANLOAD);
    }
}

fn add(sums: &mut [[i64; 6]; 3], powers: &[Powers; 3]) {
    for (sum, power) in sums.as_flattened_mut().iter_mut().zip(powers.as_flattened()) {
        *sum += i64::from(*power);
    }
}

/// Writes LO and HI of 45 bits.
fn set(low: u16, value: i64, registers: &mut RegisterFile) {
    let words = Energy45::wrapping(value).words();
    registers.set(low, words.1);
    registers.set(low + 1, words.0);
}

/// What `ACCMODE` makes of a power: signed, its size, positive only, negative only.
fn accepted(power: i32, of: usize, registers: &RegisterFile) -> i32 {
    let mode = match of {
        0 | 3 => registers.get(ACCMODE) & 3,
        1 | 4 => registers.get(ACCMODE) >> 2 & 3,
        _ => 0,
    };
    match mode {
        1 => power.saturating_abs(),
        2 => power.max(0),
        3 => power.min(0),
        _ => power,
    }
}

/// Reading an energy while `RD_RST_EN` is set: the erratum. Only the word that is read is cleared
/// (TRM), so LO stays behind.
pub(super) fn after_read(address: u16, registers: &mut RegisterFile) {
    let is_high = Phase::ALL
        .into_iter()
        .any(|phase| EnergyOf::ALL.into_iter().any(|of| of.block(phase) + 3 == address));
    if is_high && registers.has(EP_CFG, EP_CFG_RD_RST_EN) {
        registers.set(address, 0);
    }
}
