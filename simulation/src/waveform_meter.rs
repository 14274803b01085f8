//! A metering core on the twins of its chips: a line of volts and amperes, the ADE9000 on its SPI
//! bus, the FRAM on its I2C bus, and the functions that run on the chip between them.

use crate::ade9000::{Board, STEPS_PER_SECOND, Twin};
use crate::fram::{Fram, chip::Chip};
use crate::waveform::{Generator, Stimulus};
use core::convert::Infallible;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use mb85rc512t::Straps;
use metering::{Configuration, Event, NominalFrequency, Window, Wiring};
use metering_core::{Fault, Incident, Interrupts, MeteringCore};
use quantity::{Energy, Instant};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::reading::Reading;

/// Full scale of a directly connected meter: 500 V and 120 A peak.
pub const BOARD: Board = Board { volts_per_volt: 500.0, amperes_per_volt: 120.0 };
/// Steps of a minute.
const MINUTE_STEPS: u64 = 60 * STEPS_PER_SECOND as u64;
/// Windows measured in full before repetition: one may end before the load changed and one holds
/// the change.
const MEASURED_WINDOWS: u32 = 3;
/// Steps that are looked at together while windows are counted: a half of the chip's buffer.
const HALF_STEPS: u64 = 128;
/// What happened is kept this far back.
const EVENTS_MAX: usize = 64;

/// Everything on the board in front of the core, shared by its bus and its time.
#[derive(Debug)]
struct Bench {
    twin: Twin,
    line: Generator,
    steps: u64,
}

/// The bus of the ADE9000, and the time: waiting lets the line go on.
#[derive(Clone, Debug)]
pub struct Wired(Arc<Mutex<Bench>>);

impl Default for Wired {
    /// A chip that has just got its supply, on a dead line.
    fn default() -> Self {
        let bench = Bench { twin: Twin::new(), line: Generator::new(BOARD), steps: 0 };
        Self(Arc::new(Mutex::new(bench)))
    }
}

impl Wired {
    fn bench(&self) -> MutexGuard<'_, Bench> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is on the line from now on.
    pub fn set_line(&self, stimulus: &Stimulus) {
        self.bench().line.set(stimulus);
    }

    /// Steps of 1/8000 s since the supply came.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.bench().steps
    }

    /// Looks at the chip itself, past the core.
    pub fn with_twin<T>(&self, look: impl FnOnce(&mut Twin) -> T) -> T {
        look(&mut self.bench().twin)
    }

    /// Goes on by at least one step, until an interrupt pin is low or the step `until` is reached.
    pub fn run(&self, until: u64) -> Interrupts {
        let Bench { twin, line, steps } = &mut *self.bench();
        loop {
            twin.step_with(|quarter| line.pins(quarter));
            line.step();
            *steps += 1;
            let pins = twin.pins();
            if !pins.irq0 || !pins.irq1 || *steps >= until {
                return Interrupts { irq0: !pins.irq0, irq1: !pins.irq1 };
            }
        }
    }
}

impl ErrorType for Wired {
    type Error = Infallible;
}

impl SpiDevice for Wired {
    /// A transfer takes no time.
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        self.bench().twin.transact(operations);
        Ok(())
    }
}

impl DelayNs for Wired {
    fn delay_ns(&mut self, ns: u32) {
        let steps = u64::from(ns).div_ceil(125_000);
        let mut bench = self.bench();
        for _ in 0..steps {
            let Bench { twin, line, steps } = &mut *bench;
            twin.step_with(|quarter| line.pins(quarter));
            line.step();
            *steps += 1;
        }
    }
}

/// What a meter noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// On the line.
    Line(Event),
    /// On its own board.
    Board(Incident),
    /// The core stood still, and why.
    Standstill(String),
}

/// Where the registers of a new meter stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Import register.
    pub import: Energy,
    /// Export register.
    pub export: Energy,
}

/// The core's type on twins.
pub type CoreOnTwins = MeteringCore<Wired, Chip>;

/// A metering core that samples a line.
///
/// A load is steady for a minute: the windows of 10 cycles up to the third one are measured sample
/// by sample, and the energy of the last is booked for the windows that are left, which would give
/// the same samples again; the chip stands still meanwhile. So a day of a waveform meter takes
/// seconds and not half an hour.
pub struct WaveformMeter {
    core: CoreOnTwins,
    wired: Wired,
    start: Start,
    stands_still: bool,
    notices: VecDeque<(Instant, Notice)>,
}

impl WaveformMeter {
    /// Starts a core on these cells: their registers, or those of a new meter. The line has its
    /// nominal voltage and carries nothing.
    ///
    /// # Errors
    /// Why it doesn't start.
    pub fn start(
        configuration: Configuration,
        start: Start,
        cells: Fram,
    ) -> Result<Self, Fault<Infallible>> {
        let wired = Wired::default();
        wired.set_line(&idle(&configuration));
        let core = start_core(configuration, &wired, cells)?;
        let notices = VecDeque::new();
        Ok(Self { core, wired, start, stands_still: false, notices })
    }

    /// One minute of a steady line; the registers are in the memory at its end.
    pub fn minute(&mut self, stimulus: &Stimulus, end: Instant) -> Reading {
        self.wired.set_line(stimulus);
        let mut until = self.wired.steps() + MINUTE_STEPS;
        self.recover(end);
        let (mut last, mut windows) = (None, 0);
        while windows < MEASURED_WINDOWS && self.wired.steps() < until {
            let next = until.min(self.wired.steps() + HALF_STEPS);
            self.run(next, end, |window| {
                last = Some(*window);
                // A window that wasn't cut at two crossings (the very first) is no base to repeat.
                windows += u32::from(window.frequency_microhertz != 0);
            });
        }
        if let (Some(window), MEASURED_WINDOWS..) = (last, windows) {
            let left = until.saturating_sub(self.wired.steps());
            let times = u32::try_from(left).unwrap_or(u32::MAX) / window.samples.max(1);
            self.core.repeat_window(times);
            until -= u64::from(times) * u64::from(window.samples);
        }
        self.run(until, end, |window| last = Some(*window));
        self.commit(end);
        self.collect(end);
        match last {
            Some(window) => self.reading(&window, end),
            None => self.registers(end),
        }
    }

    /// Lets the line go on for some steps of 1/8000 s, sample by sample; each window that is
    /// complete goes to `take`.
    pub fn sample(
        &mut self,
        stimulus: &Stimulus,
        steps: u32,
        now: Instant,
        take: impl FnMut(&Window),
    ) {
        self.wired.set_line(stimulus);
        self.recover(now);
        let until = self.wired.steps() + u64::from(steps);
        self.run(until, now, take);
        self.collect(now);
    }

    /// Up to a step: whenever a pin is low the core is served.
    fn run(&mut self, until: u64, now: Instant, mut take: impl FnMut(&Window)) {
        while self.wired.steps() < until {
            let interrupts = self.wired.run(until);
            if self.stands_still || interrupts == Interrupts::default() {
                continue;
            }
            let microseconds = self.wired.steps() * 125;
            let mut delay = self.wired.clone();
            let served = self.core.serve(interrupts, microseconds, &mut delay, |window, _| {
                take(window);
            });
            if let Err(fault) = served {
                self.stand_still(now, &fault);
                self.recover(now);
            }
        }
    }

    fn stand_still(&mut self, now: Instant, fault: &Fault<Infallible>) {
        self.stands_still = true;
        self.notice(now, Notice::Standstill(fault.to_string()));
    }

    /// A core that stands still is started again.
    fn recover(&mut self, now: Instant) {
        if !self.stands_still {
            return;
        }
        match self.core.restart(&mut self.wired.clone()) {
            Ok(()) => self.stands_still = false,
            Err(fault) => self.notice(now, Notice::Standstill(fault.to_string())),
        }
    }

    /// Stores the registers.
    pub fn commit(&mut self, now: Instant) {
        if let Err(fault) = self.core.commit() {
            self.stand_still(now, &fault);
        }
    }

    fn collect(&mut self, now: Instant) {
        while let Some(event) = self.core.next_event() {
            self.notice(now, Notice::Line(event));
        }
        while let Some(incident) = self.core.next_incident() {
            self.notice(now, Notice::Board(incident));
        }
    }

    fn notice(&mut self, now: Instant, notice: Notice) {
        if self.notices.len() == EVENTS_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back((now, notice));
    }

    /// What a window and the registers behind it tell.
    #[must_use]
    pub fn reading(&self, window: &Window, at: Instant) -> Reading {
        let Reading { import, export, .. } = self.registers(at);
        let reading = metering_core::reading(window, self.core.metering().registers());
        Reading { at, import, export, ..reading }
    }

    /// The registers as they stand, without live values.
    #[must_use]
    pub fn registers(&self, at: Instant) -> Reading {
        let registers = self.core.metering().registers();
        Reading {
            at,
            import: self.start.import + registers.import.total.energy,
            export: self.start.export + registers.export.total.energy,
            ..Reading::default()
        }
    }

    /// What it noticed, oldest first; at most the last 64.
    pub fn notices(&self) -> impl Iterator<Item = &(Instant, Notice)> {
        self.notices.iter()
    }

    /// The core.
    #[must_use]
    pub const fn core(&self) -> &CoreOnTwins {
        &self.core
    }

    /// The core, to cut its supplies.
    pub const fn core_mut(&mut self) -> &mut CoreOnTwins {
        &mut self.core
    }

    /// The board in front of it.
    #[must_use]
    pub const fn wired(&self) -> &Wired {
        &self.wired
    }

    /// The power fails: what is left are the cells.
    #[must_use]
    pub fn into_cells(self) -> Fram {
        self.core.release().1.into_cells()
    }
}

fn idle(configuration: &Configuration) -> Stimulus {
    let settings = configuration.settings();
    let volts = f64::from(settings.nominal_voltage_millivolts) / 1e3;
    Stimulus {
        volts: if settings.wiring == Wiring::SinglePhase { [volts, 0.0, 0.0] } else { [volts; 3] },
        frequency_millihertz: match settings.nominal_frequency {
            NominalFrequency::Hertz50 => 50_000,
            NominalFrequency::Hertz60 => 60_000,
        },
        ..Stimulus::default()
    }
}

/// A core on a bench whose chip has just got its supply.
///
/// # Errors
/// [`Fault`] if it doesn't start.
fn start_core(
    configuration: Configuration,
    wired: &Wired,
    cells: Fram,
) -> Result<CoreOnTwins, Fault<Infallible>> {
    let i2c = Chip::new(cells, Straps::LOW);
    let board = metering_core::Board { spi: wired.clone(), i2c, straps: Straps::LOW };
    MeteringCore::start(board, configuration, &mut wired.clone())
}
