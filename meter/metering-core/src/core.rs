//! The core itself.

use crate::fault::{Fault, Incident};
use crate::registers::RegisterKeeper;
use ade9000::{Address, Ade9000, Half, LineFrequency, PAGE_SETS, ReadWrite, Set, fields};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use embedded_hal::spi::SpiDevice;
use heapless::Deque;
use mb85rc512t::{Mb85rc512t, Straps};
use metering::{Configuration, Event, Frame, Metering, NominalFrequency, Registers, Window};

const PART_ID: Address<u32> = Address::named("PART_ID");
const VAR_DIS: Address<u16, ReadWrite> = Address::named("VAR_DIS");
const CFMODE: Address<u16, ReadWrite> = Address::named("CFMODE");
/// Half of full scale; only the chip's own fundamentals depend on it, and nobody reads them.
const VOLTAGE_LEVEL: u32 = 0x0022_EA28;
/// A read whose check fails is repeated before the chip counts as lost.
const ATTEMPTS: u32 = 3;
/// Two halves of the buffer. Whoever is served later than this has missed a call, even if the chip
/// stands in the right half again.
const LAP_MICROSECONDS: u64 = 32_000;
/// Incidents that wait to be taken; what comes beyond pushes the oldest out.
const WAITING: usize = 8;

/// What the core is wired to.
#[derive(Debug)]
pub struct Board<S, I> {
    /// The bus of the ADE9000.
    pub spi: S,
    /// The bus of the MB85RC512T.
    pub i2c: I,
    /// Its address pins.
    pub straps: Straps,
}

/// Which of the chip's interrupt pins are low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interrupts {
    /// IRQ0: a half of the buffer is there.
    pub irq0: bool,
    /// IRQ1: something is wrong with the chip.
    pub irq1: bool,
}

/// The metering core.
#[derive(Debug)]
pub struct MeteringCore<S, I> {
    chip: Ade9000<S>,
    memory: Mb85rc512t<I>,
    keeper: RegisterKeeper,
    metering: Metering,
    /// What is read next.
    half: Half,
    served_microseconds: Option<u64>,
    /// Sum of the chip's configuration as this core wrote it.
    known_sum: u16,
    incidents: Deque<Incident, WAITING>,
}

type Outcome<T, S> = Result<T, Fault<<S as embedded_hal::spi::ErrorType>::Error>>;

impl<S: SpiDevice, I: I2c> MeteringCore<S, I> {
    /// Takes the registers out of the memory, resets and configures the chip, and lets samples flow.
    ///
    /// The scales of `configuration` are those of the decimated samples
    /// ([`ade9000::FULL_SCALE_LPF`] codes at full scale, PGA 1).
    ///
    /// # Errors
    /// [`Fault`] if a part doesn't answer or is another one, or if the registers can't be read.
    pub fn start(
        board: Board<S, I>,
        configuration: Configuration,
        delay: &mut impl DelayNs,
    ) -> Outcome<Self, S> {
        let memory = Mb85rc512t::new(board.i2c, board.straps);
        let (registers, keeper) = open(&memory)?;
        let mut core = Self {
            chip: Ade9000::new(board.spi),
            memory,
            keeper,
            metering: Metering::with_registers(configuration, registers.unwrap_or_default()),
            half: Half::First,
            served_microseconds: None,
            known_sum: 0,
            incidents: Deque::new(),
        };
        core.start_chip(delay)?;
        Ok(core)
    }

    /// Begins again after a [`Fault`]: the registers stay, the window under way is lost.
    ///
    /// # Errors
    /// As [`Self::start`]; it may be called again.
    pub fn restart(&mut self, delay: &mut impl DelayNs) -> Outcome<(), S> {
        if self.memory.fault().is_some() {
            self.memory.clear_fault();
            // What is in the memory is older than what is here; only whose turn it is matters.
            self.keeper = open(&self.memory)?.1;
        }
        self.begin_measuring();
        self.start_chip(delay)
    }

    /// Looks after the chip when an interrupt pin is low. Each window that is complete goes to
    /// `take`, already booked, with the registers behind it.
    ///
    /// `now_microseconds` is a timer of this core that never runs backwards.
    ///
    /// # Errors
    /// [`Fault`] if the chip is lost. Call [`Self::restart`].
    pub fn serve(
        &mut self,
        interrupts: Interrupts,
        now_microseconds: u64,
        delay: &mut impl DelayNs,
        mut take: impl FnMut(&Window, &Registers),
    ) -> Outcome<(), S> {
        if interrupts.irq1 && self.inspect(delay)? == Inspected::BegunAgain {
            return Ok(());
        }
        if !interrupts.irq0 {
            return Ok(());
        }
        let served = self.served_microseconds.replace(now_microseconds);
        let is_late =
            served.is_some_and(|before| now_microseconds.abs_diff(before) > LAP_MICROSECONDS);
        attempt(&mut self.chip, Ade9000::acknowledge_half)?;
        if !is_late && self.take_half(&mut take)? {
            self.half = self.half.other();
            return Ok(());
        }
        self.note(Incident::Overrun);
        self.begin_measuring();
        self.stream(delay)
    }

    /// Writes the registers into the memory. What wasn't committed is lost when the power fails.
    ///
    /// # Errors
    /// [`Fault::Memory`]; the memory then holds the registers of the last commit or, if only the
    /// last byte went wrong, these.
    pub fn commit(&mut self) -> Outcome<(), S> {
        self.keeper.commit(&mut self.memory, self.metering.registers());
        self.memory.fault().map_or(Ok(()), |kind| Err(Fault::Memory(kind)))
    }

    /// Books the last window `times` more times, for a simulation that holds a load steady and lets
    /// the chip stand still meanwhile.
    pub fn repeat_window(&mut self, times: u32) {
        self.metering.repeat_window(times);
    }

    /// The pipeline, to read.
    #[must_use]
    pub const fn metering(&self) -> &Metering {
        &self.metering
    }

    /// Takes the oldest event of the line that waits.
    pub fn next_event(&mut self) -> Option<Event> {
        self.metering.next_event()
    }

    /// Takes the oldest incident of the board that waits.
    pub fn next_incident(&mut self) -> Option<Incident> {
        self.incidents.pop_front()
    }

    /// The memory.
    #[must_use]
    pub const fn memory(&self) -> &Mb85rc512t<I> {
        &self.memory
    }

    /// The memory.
    pub const fn memory_mut(&mut self) -> &mut Mb85rc512t<I> {
        &mut self.memory
    }

    /// Gives the buses back.
    #[must_use]
    pub fn release(self) -> (S, I) {
        (self.chip.release(), self.memory.release())
    }
}

/// The chip: how it is started, read and looked after.
impl<S: SpiDevice, I> MeteringCore<S, I> {
    fn start_chip(&mut self, delay: &mut impl DelayNs) -> Outcome<(), S> {
        self.chip.reset(delay)?;
        let part_id = self.chip.read(PART_ID)?;
        if part_id & fields::PART_ID_ADE9000 == 0 {
            return Err(Fault::OtherPart { part_id });
        }
        // What the pipeline does itself: reactive power, and pulses.
        self.chip.write(VAR_DIS, 1)?;
        #[allow(clippy::cast_possible_truncation, reason = "CFMODE has 16 bits")]
        self.chip.write(CFMODE, fields::CFMODE_OFF as u16)?;
        self.chip.configure(&self.chip_configuration())?;
        self.stream(delay)
    }

    fn chip_configuration(&self) -> ade9000::Configuration {
        let line = match self.metering.configuration().settings().nominal_frequency {
            NominalFrequency::Hertz50 => LineFrequency::Hz50,
            NominalFrequency::Hertz60 => LineFrequency::Hz60,
        };
        ade9000::Configuration {
            gains: 0,
            config0: 0,
            config2: 0x0C00,
            accumulation: 0,
            line,
            voltage_level: VOLTAGE_LEVEL,
            energy_samples: 8000,
        }
    }

    /// Starts the buffer from its beginning, sums the configuration up and locks it.
    fn stream(&mut self, delay: &mut impl DelayNs) -> Outcome<(), S> {
        self.chip.unlock()?;
        self.chip.start_streaming()?;
        self.half = Half::First;
        self.served_microseconds = None;
        self.known_sum = self.chip.configuration_sum(delay)?;
        self.chip.clear_status(0, u32::MAX)?;
        Ok(self.chip.lock()?)
    }

    /// Reads a half; `false` if the chip has begun to write over it.
    fn take_half(&mut self, take: &mut impl FnMut(&Window, &Registers)) -> Outcome<bool, S> {
        let half = self.half;
        if attempt(&mut self.chip, Ade9000::filled_half)? != half {
            return Ok(false);
        }
        let first = half.first_page();
        for page in first..first + ade9000::HALF_PAGES {
            let mut sets = [Set::default(); PAGE_SETS];
            attempt(&mut self.chip, |chip| chip.read_page(page, &mut sets))?;
            if attempt(&mut self.chip, Ade9000::filled_half)? != half {
                return Ok(false);
            }
            for set in &sets {
                if let Some(window) = self.metering.push(&frame(set)) {
                    take(&window, self.metering.registers());
                }
            }
        }
        Ok(true)
    }

    /// Why IRQ1 is low.
    fn inspect(&mut self, delay: &mut impl DelayNs) -> Outcome<Inspected, S> {
        let (_, status1) = attempt(&mut self.chip, Ade9000::status)?;
        let incident = if status1 & fields::STATUS1_RSTDONE != 0 {
            Incident::ChipReset
        } else if status1 & fields::STATUS1_ERRORS != 0 {
            Incident::ChipError { status1 }
        } else {
            self.chip.unlock()?;
            let found = self.chip.configuration_sum(delay)?;
            if found == self.known_sum {
                self.chip.clear_status(0, u32::MAX)?;
                self.chip.lock()?;
                return Ok(Inspected::Sound);
            }
            Incident::ConfigurationChanged { known: self.known_sum, found }
        };
        self.note(incident);
        self.begin_measuring();
        self.start_chip(delay)?;
        Ok(Inspected::BegunAgain)
    }

    /// A new window from the next zero crossing on: what lies between wasn't measured.
    fn begin_measuring(&mut self) {
        let (configuration, registers) = (self.metering.configuration(), self.metering.registers());
        self.metering = Metering::with_registers(*configuration, *registers);
    }

    fn note(&mut self, incident: Incident) {
        if self.incidents.is_full() {
            self.incidents.pop_front();
        }
        // There is room: one was just taken out if it was full.
        let _ = self.incidents.push_back(incident);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inspected {
    Sound,
    BegunAgain,
}

fn open<E, I: I2c>(
    memory: &Mb85rc512t<I>,
) -> Result<(Option<Registers>, RegisterKeeper), Fault<E>> {
    let opened = RegisterKeeper::open(memory);
    // A bus that fails reads as damage; say what it is.
    match memory.fault() {
        Some(kind) => Err(Fault::Memory(kind)),
        None => opened.map_err(Fault::Registers),
    }
}

fn attempt<S: SpiDevice, T>(
    chip: &mut Ade9000<S>,
    mut action: impl FnMut(&mut Ade9000<S>) -> Result<T, ade9000::Error<S::Error>>,
) -> Outcome<T, S> {
    let mut outcome = action(chip);
    for _ in 1..ATTEMPTS {
        if outcome.is_ok() {
            break;
        }
        outcome = action(chip);
    }
    Ok(outcome?)
}

/// The chip's order of channels in the pipeline's.
const fn frame(&[ia, va, ib, vb, ic, vc, neutral]: &Set) -> Frame {
    Frame { voltage: [va, vb, vc], current: [ia, ib, ic, neutral] }
}
