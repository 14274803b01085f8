//! Half-cycle and 10/12-cycle rms, dips, swells, overcurrent, peaks.

use super::channels::{CHANNELS, IN, Samples, VA};
use super::crossings::line_period;
use super::power::root;
use super::registers::{
    ACCMODE, CONFIG0, CONFIG1, CONFIG2, CONFIG3, EVENT_STATUS, IPEAK, RegisterFile, STATUS0,
    STATUS1, VPEAK,
};
use ade9000::address_of;
use ade9000::fields::{
    ACCMODE_SELFREQ, CONFIG0_RMS_SRC_SEL, CONFIG1_DIP_SWELL_IRQ_MODE, CONFIG2_UPERIOD_SEL,
    STATUS0_RMS1012RDY, STATUS0_RMSONERDY, STATUS1_DIPA, STATUS1_OI, STATUS1_SWELLA,
};
use std::collections::VecDeque;

const AIRMSONE: u16 = address_of("AIRMSONE");
const AIRMS1012: u16 = address_of("AIRMS1012");
const AVRMSONEOS: u16 = address_of("AVRMSONEOS");
const AVRMS1012OS: u16 = address_of("AVRMS1012OS");
const NIRMSONE: u16 = address_of("NIRMSONE");
const NIRMSONEOS: u16 = address_of("NIRMSONEOS");
const USER_PERIOD: u16 = address_of("USER_PERIOD");
const DIP_LVL: u16 = address_of("DIP_LVL");
const DIPA: u16 = address_of("DIPA");
const SWELL_LVL: u16 = address_of("SWELL_LVL");
const SWELLA: u16 = address_of("SWELLA");
const DIP_CYC: u16 = address_of("DIP_CYC");
const SWELL_CYC: u16 = address_of("SWELL_CYC");
const OILVL: u16 = address_of("OILVL");
const OIA: u16 = address_of("OIA");
const OISTATUS: u16 = address_of("OISTATUS");
const NO_DIP: u32 = 0x007F_FFFF;

/// A voltage that is too low or too high.
#[derive(Clone, Copy, Debug, Default)]
struct Excursion {
    half_cycles: u32,
    is_on: bool,
    extreme: u32,
}

/// State of the windows and of what is watched.
#[derive(Clone, Debug)]
pub(super) struct Events {
    /// Sums of squares of the half cycle that runs.
    running: [f64; CHANNELS],
    samples: f64,
    /// Finished half cycles, the newest last, with their lengths.
    halves: VecDeque<([f64; CHANNELS], f64)>,
    until_long: usize,
    dips: [Excursion; 3],
    swells: [Excursion; 3],
    overcurrents: u32,
}

/// What of this step can start a trigger of the waveform buffer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raised {
    pub(super) dip: bool,
    pub(super) swell: bool,
    pub(super) overcurrent: bool,
}

impl Events {
    pub(super) const fn new() -> Self {
        Self {
            running: [0.0; CHANNELS],
            samples: 0.0,
            halves: VecDeque::new(),
            until_long: 20,
            dips: [Excursion { half_cycles: 0, is_on: false, extreme: 0 }; 3],
            swells: [Excursion { half_cycles: 0, is_on: false, extreme: 0 }; 3],
            overcurrents: 0,
        }
    }

    pub(super) fn step(&mut self, samples: &Samples, registers: &mut RegisterFile) -> Raised {
        peaks(samples, registers);
        let period = if registers.has(CONFIG2, CONFIG2_UPERIOD_SEL) {
            f64::from(registers.get(USER_PERIOD)) / 65_536.0
        } else {
            line_period(registers)
        };
        let before_filter = registers.has(CONFIG0, CONFIG0_RMS_SRC_SEL);
        let from = if before_filter { &samples.raw } else { &samples.pcf };
        let half = (period / 2.0).max(16.0);
        self.samples += 1.0;
        // The cell in which a half cycle ends belongs to both.
        let over = (self.samples - half).max(0.0);
        for (sum, sample) in self.running.iter_mut().zip(from) {
            *sum += sample * sample * (1.0 - over.min(1.0));
        }
        if self.samples < half {
            return Raised::default();
        }
        let rest = over.min(1.0);
        let next = from.map(|sample| sample * sample * rest);
        self.halves.push_back((core::mem::replace(&mut self.running, next), half));
        self.samples = rest;
        self.half_cycle(registers)
    }

    fn half_cycle(&mut self, registers: &mut RegisterFile) -> Raised {
        let halves = if registers.has(ACCMODE, ACCMODE_SELFREQ) { 24 } else { 20 };
        while self.halves.len() > halves {
            self.halves.pop_front();
        }
        self.publish(2, [AIRMSONE, AVRMSONEOS, NIRMSONE, NIRMSONEOS], registers);
        registers.raise(STATUS0, STATUS0_RMSONERDY);
        self.until_long = self.until_long.min(halves) - 1;
        if self.until_long == 0 {
            self.until_long = halves;
            // The offsets of phase voltages and of phase currents lie in the other order.
            let places = [AIRMS1012, AVRMS1012OS, NIRMSONE + 1, NIRMSONEOS + 1];
            self.publish(halves, places, registers);
            registers.raise(STATUS0, STATUS0_RMS1012RDY);
        }
        Raised {
            dip: self.watch(Kind::Dip, registers),
            swell: self.watch(Kind::Swell, registers),
            overcurrent: self.overcurrent(registers),
        }
    }

    /// The rms of the last half cycles in the registers of all channels.
    fn publish(
        &self,
        halves: usize,
        [first, offset, neutral, neutral_offset]: [u16; 4],
        registers: &mut RegisterFile,
    ) {
        let chosen = self.halves.iter().rev().take(halves);
        let (mut sums, mut samples) = ([0.0; CHANNELS], 0.0);
        for (half, length) in chosen {
            sums.iter_mut().zip(half).for_each(|(sum, half)| *sum += half);
            samples += length;
        }
        for (phase, block) in [0, 0x20, 0x40].into_iter().enumerate() {
            let current = root(sums[phase] / samples, registers.signed(offset + block + 1));
            let voltage = root(sums[VA + phase] / samples, registers.signed(offset + block));
            registers.set(first + block, current);
            registers.set(first + block + 1, voltage);
        }
        let value = root(sums[IN] / samples, registers.signed(neutral_offset));
        registers.set(neutral, value);
    }

    /// Whether a dip or swell begins with this half cycle.
    fn watch(&mut self, kind: Kind, registers: &mut RegisterFile) -> bool {
        let mut begins = false;
        for phase in 0..3 {
            let value = registers.get(AIRMSONE + [1, 0x21, 0x41][phase]) >> 5;
            let watched = match kind {
                Kind::Dip => &mut self.dips[phase],
                Kind::Swell => &mut self.swells[phase],
            };
            let change = watched.step(kind, value, registers);
            let places = kind.places();
            if change.is_some() {
                registers.raise(STATUS1, places.interrupt << phase);
            }
            begins |= change == Some(Change::Begins);
            registers.clear(EVENT_STATUS, places.event << phase);
            if watched.is_on {
                registers.raise(EVENT_STATUS, places.event << phase);
                registers.set(places.extreme + [0, 1, 2][phase], watched.extreme);
            }
        }
        begins
    }

    fn overcurrent(&mut self, registers: &mut RegisterFile) -> bool {
        let level = registers.get(OILVL) & 0x00FF_FFFF;
        let enabled = registers.get(CONFIG3) >> 12;
        let mut over = 0;
        for channel in 0..4 {
            let address = [AIRMSONE, AIRMSONE + 0x20, AIRMSONE + 0x40, NIRMSONE][channel];
            let value = registers.get(address) >> 5;
            // Bit 15 of CONFIG3 is A and bit 12 is N.
            if enabled >> (3 - channel) & 1 == 1 && value > level {
                over |= 1 << channel;
                registers.set(OIA + [0, 1, 2, 3][channel], value);
            }
        }
        let begins = over & !self.overcurrents != 0;
        self.overcurrents = over;
        registers.set(OISTATUS, over);
        registers.raise(STATUS1, if begins { STATUS1_OI } else { 0 });
        begins
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dip,
    Swell,
}

/// Where a kind of excursion is shown.
struct Places {
    interrupt: u32,
    event: u32,
    extreme: u16,
}

impl Kind {
    const fn places(self) -> Places {
        match self {
            Self::Dip => Places { interrupt: STATUS1_DIPA, event: 1, extreme: DIPA },
            Self::Swell => Places { interrupt: STATUS1_SWELLA, event: 8, extreme: SWELLA },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Begins,
    Goes,
    Ends,
}

impl Excursion {
    /// What an interrupt is due for, if one is: entry and exit, or each `DIP_CYC` half cycles.
    fn step(&mut self, kind: Kind, value: u32, registers: &RegisterFile) -> Option<Change> {
        let level = |address| registers.get(address) & 0x00FF_FFFF;
        let (is_out, cycles) = match kind {
            Kind::Dip => (value < level(DIP_LVL), registers.get(DIP_CYC)),
            Kind::Swell => (value > level(SWELL_LVL), registers.get(SWELL_CYC)),
        };
        if !is_out {
            let was_on = core::mem::take(self).is_on;
            let tells_exit = registers.has(CONFIG1, CONFIG1_DIP_SWELL_IRQ_MODE) || cycles == 1;
            return (was_on && tells_exit).then_some(Change::Ends);
        }
        self.extreme = match (kind, self.half_cycles) {
            (Kind::Dip, 0) => value.min(NO_DIP),
            (Kind::Dip, _) => self.extreme.min(value),
            (Kind::Swell, _) => self.extreme.max(value),
        };
        self.half_cycles += 1;
        if !self.half_cycles.is_multiple_of(cycles.max(1)) {
            return None;
        }
        let begins = !core::mem::replace(&mut self.is_on, true);
        if begins {
            return Some(Change::Begins);
        }
        (!registers.has(CONFIG1, CONFIG1_DIP_SWELL_IRQ_MODE)).then_some(Change::Goes)
    }
}

/// The highest of all chosen phases since the last reading, with the phases that had it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clipped to 24 bits")]
fn peaks(samples: &Samples, registers: &mut RegisterFile) {
    let chosen = registers.get(CONFIG3) >> 2 & 7;
    for (register, first) in [(IPEAK, 0), (VPEAK, VA)] {
        for phase in (0..3).filter(|phase| chosen >> phase & 1 == 1) {
            let value = (samples.pcf[first + phase].abs() / 32.0).min(16_777_215.0) as u32;
            let before = registers.get(register);
            let (height, phases) = (before & 0x00FF_FFFF, before >> 24);
            if value > height {
                registers.set(register, 1 << (24 + phase) | value);
            } else if value == height && value > 0 {
                registers.set(register, (phases | 1 << phase) << 24 | value);
            }
        }
    }
}
