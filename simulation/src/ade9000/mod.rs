//! Twin of the ADE9000: a chip that is fed with volts at its pins and asked over its bus.
//!
//! [`Twin::step`] takes 1/8000 s of the seven inputs, [`Twin::exchange`] one transfer on the bus;
//! [`Twin::pins`] shows interrupt and pulse outputs. Registers are integers and the same inputs
//! give the same bytes; the filters between compute in double precision. What is the data sheet's
//! and what is ours stands in `docs/ade9000.md`.

mod bench;
mod bus;
mod channels;
mod crossings;
mod energy;
mod events;
mod filters;
mod integrity;
mod power;
mod pulses;
mod registers;
mod stimulus;
mod waveform;

pub use bench::{Bench, Bus, Wait};
pub use channels::{CHANNELS, PinVolts};
pub use stimulus::{Board, Harmonic, Line, Recording, Reference};

use ade9000::fields::{
    CONFIG1_CF_ACC_CLR, CONFIG1_IRQ0_ON_IRQ1, CONFIG1_SWRST, LOCK, STATUS0_DREADY, STATUS1_RSTDONE,
    UNLOCK,
};
use ade9000::{WAVEFORM_BUFFER, Width, width_at};
use channels::Channels;
use crossings::{Crossings, half_cycle, line_period};
use energy::Energies;
use events::Events;
use integrity::Integrity;
use power::Meter;
use pulses::Pulses;
use registers::{
    CONFIG1, CRC_FORCE, EVENT_MASK, EVENT_STATUS, IPEAK, MASK0, MASK1, RUN, RegisterFile, STATUS0,
    STATUS1, TEMP_CFG, VPEAK, WFB_CFG, WR_LOCK,
};

/// Steps in a second.
pub const STEPS_PER_SECOND: u32 = 8000;
/// 46.25 ms: drivers in the field wait for "more than 46".
const RESET_STEPS: u32 = 370;
/// Bits of `STATUS1` whose interrupt can't be masked: `RSTDONE`, `ERROR0`, `ERROR1`.
const UNMASKABLE: u32 = STATUS1_RSTDONE | 3 << 28;

/// Output pins; `true` is high, and all of them are active low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputPins {
    /// Interrupt 0.
    pub irq0: bool,
    /// Interrupt 1.
    pub irq1: bool,
    /// The live state of chosen events.
    pub event: bool,
    /// The pulse outputs.
    pub cf: [bool; 4],
    /// Pulses of each output since the reset.
    pub pulses: [u64; 4],
}

/// A chip.
#[derive(Clone, Debug)]
pub struct Twin {
    registers: RegisterFile,
    signals: Signals,
    buffer: waveform::Buffer,
    integrity: Integrity,
    reset_left: u32,
    settle_left: u32,
    celsius: f64,
}

/// Everything that remembers samples.
#[derive(Clone, Debug)]
struct Signals {
    channels: Channels,
    meter: Meter,
    crossings: Crossings,
    energies: Energies,
    pulses: Pulses,
    events: Events,
}

impl Signals {
    fn new() -> Self {
        Self {
            channels: Channels::new(),
            meter: Meter::new(),
            crossings: Crossings::new(),
            energies: Energies::new(),
            pulses: Pulses::default(),
            events: Events::new(),
        }
    }
}

impl Default for Twin {
    fn default() -> Self {
        Self::new()
    }
}

impl Twin {
    /// A chip whose supply has just come: it needs 46.25 ms before it answers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            registers: RegisterFile::new(),
            signals: Signals::new(),
            buffer: waveform::Buffer::new(),
            integrity: Integrity::new(),
            reset_left: RESET_STEPS,
            settle_left: 0,
            celsius: 25.0,
        }
    }

    /// Whether the chip is still coming up, and hears nothing.
    #[must_use]
    pub const fn is_in_reset(&self) -> bool {
        self.reset_left > 0
    }

    /// Temperature of the chip from now on.
    pub const fn set_celsius(&mut self, celsius: f64) {
        self.celsius = celsius;
    }

    /// Takes 1/8000 s: the inputs at four instants, 1/32000 s apart.
    pub fn step(&mut self, pins: &[PinVolts; 4]) {
        self.step_with(|quarter| pins[quarter]);
    }

    /// Takes 1/8000 s, asking for the inputs at those of the four instants 0 to 3 that the chip
    /// looks at: the first three only while the waveform buffer takes samples at 32 kHz.
    pub fn step_with(&mut self, pins: impl FnMut(usize) -> PinVolts) {
        if self.reset_left > 0 {
            self.reset_left -= 1;
            if self.reset_left == 0 {
                self.registers.raise(STATUS1, STATUS1_RSTDONE);
            }
            return;
        }
        self.integrity.step(self.celsius, &mut self.registers);
        if self.registers.has(RUN, 1) {
            self.process(pins);
        }
    }

    fn process(&mut self, pins: impl FnMut(usize) -> PinVolts) {
        let instants = self.buffer.instants(&self.registers);
        let registers = &mut self.registers;
        let signals = &mut self.signals;
        let samples = signals.channels.step(instants, pins, registers);
        let seen = signals.crossings.step(&samples, registers);
        let powers = signals.meter.step(&samples, line_period(registers), registers);
        let half_cycle = half_cycle(&seen, registers);
        if self.settle_left > 0 {
            self.settle_left -= 1;
        } else {
            let counted = signals.energies.step(&powers, half_cycle, registers);
            signals.pulses.step(&counted, registers);
        }
        let raised = signals.events.step(&samples, registers);
        self.buffer.step(&samples, &seen, raised, registers);
        registers.raise(STATUS0, STATUS0_DREADY);
        self.show_events();
    }

    /// Signs of the pulse sums and the no-load states, live.
    fn show_events(&mut self) {
        let registers = &mut self.registers;
        let signs = registers.get(PHSIGN) >> 6 & 0xF;
        let no_load = registers.get(PHNOLOAD);
        // A kind is out of no-load when all phases are.
        let loaded = !(no_load | no_load >> 6 | no_load >> 12) & 0x3F;
        registers.clear(EVENT_STATUS, 0xF << 6 | 0x3F << 10);
        registers.raise(EVENT_STATUS, (!signs & 0xF) << 6 | loaded << 10 | 1 << 16);
    }

    /// The outputs.
    #[must_use]
    pub fn pins(&self) -> OutputPins {
        let get = |address| self.registers.get(address);
        let first = get(STATUS0) & get(MASK0) != 0;
        let second = get(STATUS1) & (get(MASK1) | UNMASKABLE) != 0;
        let both = get(CONFIG1) & CONFIG1_IRQ0_ON_IRQ1 != 0;
        OutputPins {
            irq0: !first,
            irq1: !(second || both && first),
            event: get(EVENT_STATUS) & get(EVENT_MASK) == 0,
            cf: self.signals.pulses.levels(),
            pulses: self.signals.pulses.counts(),
        }
    }

    /// What a register holds, without the effects that a read over the bus has.
    #[must_use]
    pub fn peek(&self, address: u16) -> u32 {
        if WAVEFORM_BUFFER.contains(&address) {
            return self.buffer.word(address);
        }
        self.registers.get(address & 0x7FF)
    }

    /// What the bus shows of a register. A chip in reset answers zeros.
    fn shown(&self, address: u16) -> u32 {
        match address {
            _ if self.is_in_reset() => 0,
            WR_LOCK => u32::from(self.registers.locked),
            _ => self.peek(address),
        }
    }

    /// A whole read over the bus.
    fn read(&mut self, address: u16) -> u32 {
        let value = self.shown(address);
        match address {
            _ if self.is_in_reset() => {}
            IPEAK | VPEAK => self.registers.set(address, 0),
            _ => energy::after_read(address, &mut self.registers),
        }
        value
    }

    /// A write over the bus; where nothing is to be written, nothing changes.
    fn write(&mut self, address: u16, value: u32) {
        if self.reset_left > 0 || address >= 0x800 || !self.registers.accepts(address) {
            return;
        }
        let before = self.registers.get(address);
        match address {
            STATUS0 | STATUS1 => self.registers.clear(address, value),
            WR_LOCK => self.set_lock(value),
            CONFIG1 if value & CONFIG1_SWRST != 0 => self.reset(),
            CONFIG1 => {
                self.registers.set(address, value);
                // Without a running processor nothing is left to be cleared.
                if !self.registers.has(RUN, 1) {
                    self.registers.clear(address, CONFIG1_CF_ACC_CLR);
                }
            }
            RUN => {
                self.registers.set(address, value & 1);
                if value & 1 > before {
                    self.settle_left = settle_steps(&self.registers);
                    self.signals.energies.restart();
                }
            }
            CRC_FORCE => {
                self.registers.set(address, value & 1);
                self.integrity.force();
            }
            TEMP_CFG => {
                self.registers.set(address, value);
                self.integrity.start_temperature(value);
            }
            WFB_CFG => {
                self.registers.set(address, value);
                self.buffer.enable(before, value);
            }
            _ => self.registers.set(address, value),
        }
        debug_assert!(width_at(address) == Width::Bits32 || self.registers.get(address) <= 0xFFFF);
    }

    fn set_lock(&mut self, key: u32) {
        if key == u32::from(LOCK) {
            self.registers.locked = true;
        } else if key == u32::from(UNLOCK) {
            self.registers.locked = false;
        }
    }

    /// `SWRST`: everything but the temperature around the chip begins again.
    fn reset(&mut self) {
        *self = Self { celsius: self.celsius, ..Self::new() };
    }
}

/// How long powers and rms may settle before energies, powers and pulses are counted (`PWR_SETTLE`).
fn settle_steps(registers: &RegisterFile) -> u32 {
    [64, 128, 256, 0][(registers.get(CONFIG1) >> 8 & 3) as usize] * (STEPS_PER_SECOND / 1000)
}

const PHSIGN: u16 = ade9000::address_of("PHSIGN");
const PHNOLOAD: u16 = ade9000::address_of("PHNOLOAD");
