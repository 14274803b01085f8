//! The driver: a chip behind an SPI bus, asked and told one register at a time.

use crate::address::{Access, Address, Phase, ReadOnly, ReadWrite, Word};
use crate::crc::crc16;
use crate::energy::{Energy45, EnergyOf};
use crate::fields;
use crate::frame::{BURST_REGIONS, Direction, Header, WAVEFORM_BUFFER};
use core::fmt;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{Operation, SpiDevice};

type Writable16 = Address<u16, ReadWrite>;
type Writable32 = Address<u32, ReadWrite>;

const RUN: Writable16 = Address::named("RUN");
const CONFIG0: Writable32 = Address::named("CONFIG0");
const CONFIG1: Writable16 = Address::named("CONFIG1");
const CONFIG2: Writable16 = Address::named("CONFIG2");
const ACCMODE: Writable16 = Address::named("ACCMODE");
const PGA_GAIN: Writable16 = Address::named("PGA_GAIN");
const EP_CFG: Writable16 = Address::named("EP_CFG");
const EGY_TIME: Writable16 = Address::named("EGY_TIME");
const VLEVEL: Writable32 = Address::named("VLEVEL");
const DICOEFF: Writable32 = Address::named("DICOEFF");
const STATUS0: Writable32 = Address::named("STATUS0");
const STATUS1: Writable32 = Address::named("STATUS1");
const WR_LOCK: Writable16 = Address::named("WR_LOCK");
const WFB_CFG: Writable16 = Address::named("WFB_CFG");
const CRC_FORCE: Writable16 = Address::named("CRC_FORCE");
const CRC_RSLT: Address<u16> = Address::named("CRC_RSLT");
const VERSION: Address<u16> = Address::named("Version");
const TEMP_CFG: Writable16 = Address::named("TEMP_CFG");
const TEMP_RSLT: Address<u16> = Address::named("TEMP_RSLT");
const TEMP_TRIM: Address<u32> = Address::named("TEMP_TRIM");
const AIRMS: Address<u32> = Address::named("AIRMS");
const AVRMS: Address<u32> = Address::named("AVRMS");
const AWATT: Address<u32> = Address::named("AWATT");
const AVAR: Address<u32> = Address::named("AVAR");
const AVA: Address<u32> = Address::named("AVA");

/// What went wrong between this core and the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// The bus itself failed.
    Bus(E),
    /// The bytes of a read and their check disagree: read again; if it stays, look at the wiring
    /// and the clock of the bus.
    Checksum {
        /// The register that was read.
        address: u16,
        /// The sum of the bytes that arrived.
        computed: u16,
        /// The sum that the chip sent.
        received: u16,
    },
    /// Something else than an ADE9000 answers, or nothing does.
    WrongPart {
        /// What `Version` read; 0x00FE is right.
        version: u16,
    },
    /// The chip didn't say in time that what was asked of it is done.
    NotReady {
        /// The register in which it would have said so.
        address: u16,
    },
    /// A register doesn't hold what was written: it's locked, or a bit was lost on the way.
    ReadBack {
        /// The register.
        address: u16,
        /// What was written.
        written: u32,
        /// What it holds.
        read: u32,
    },
    /// A burst doesn't fit into one region; nothing was sent.
    OutsideOfBurstRegion {
        /// Where it would have begun.
        address: u16,
    },
    /// A page of the waveform buffer holds what no converter gives.
    NotSamples {
        /// The page, 0 to 15.
        page: u16,
    },
    /// An energy moved at every try; the bus is slower than the chip's energy interval.
    Unsteady {
        /// The first word of the energy.
        address: u16,
    },
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(error) => write!(f, "the SPI bus failed: {error:?}"),
            Self::Checksum { address, computed, received } => write!(
                f,
                "register {address:#05X}: the bytes sum up to {computed:#06X} and the chip says \
                 {received:#06X}; read again, then check wiring and clock of the bus"
            ),
            Self::WrongPart { version } => write!(
                f,
                "not an ADE9000: Version reads {version:#06X} and not 0x00FE; check chip select, \
                 supply and reset"
            ),
            Self::NotReady { address } => {
                write!(f, "register {address:#05X}: the chip isn't ready; check supply and crystal")
            }
            Self::ReadBack { address, written, read } => write!(
                f,
                "register {address:#05X} holds {read:#X} after {written:#X} was written; is it \
                 locked?"
            ),
            Self::OutsideOfBurstRegion { address } => {
                write!(f, "no burst begins or ends like this at {address:#05X}")
            }
            Self::NotSamples { page } => write!(
                f,
                "page {page} of the waveform buffer doesn't hold samples; check wiring and clock of \
                 the bus"
            ),
            Self::Unsteady { address } => write!(
                f,
                "the energy at {address:#05X} moved at every reading; make EGY_TIME longer or the \
                 bus faster"
            ),
        }
    }
}

/// Frequency of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFrequency {
    /// 50 Hz.
    Hz50,
    /// 60 Hz.
    Hz60,
}

/// What a meter sets; everything else keeps its reset value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// `PGA_GAIN`.
    pub gains: u16,
    /// `CONFIG0`.
    pub config0: u32,
    /// `CONFIG2`; 0x0C00 is a high-pass corner of 1.25 Hz.
    pub config2: u16,
    /// `ACCMODE` but for the bit of the frequency.
    pub accumulation: u16,
    /// Frequency of the line.
    pub line: LineFrequency,
    /// `VLEVEL`: 1,144,084 times full scale over nominal voltage.
    pub voltage_level: u32,
    /// Samples between two movements of the energy registers, 1 to 8192.
    pub energy_samples: u16,
}

/// How long the chip may take to start, in milliseconds; 46 are usual.
const RESET_MS_MAX: u32 = 100;

/// Bits of a register of 16 bits.
#[allow(clippy::cast_possible_truncation, reason = "the assertion holds it")]
pub(crate) const fn half(bits: u32) -> u16 {
    assert!(bits <= 0xFFFF);
    bits as u16
}

/// Where a value is kept in the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// RMS current.
    Current,
    /// RMS voltage.
    Voltage,
    /// Total active power.
    Watt,
    /// Total reactive power.
    Var,
    /// Total apparent power.
    VoltAmpere,
}

/// What the chip said about itself when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerUp {
    /// `Version`.
    pub version: u16,
    /// Milliseconds that it took.
    pub waited_ms: u32,
}

/// A chip behind its bus. One chip-select assertion is one transaction of the [`SpiDevice`].
#[derive(Debug)]
pub struct Ade9000<S> {
    spi: S,
    /// `CONFIG1` as it was last written: while bursts are on, the chip sends no check.
    config1: u16,
}

impl<S: SpiDevice> Ade9000<S> {
    /// Takes the bus; nothing is sent. [`Self::reset`] comes next.
    pub const fn new(spi: S) -> Self {
        Self { spi, config1: 0 }
    }

    /// The bus.
    pub const fn bus_mut(&mut self) -> &mut S {
        &mut self.spi
    }

    /// Gives the bus back.
    pub fn release(self) -> S {
        self.spi
    }

    /// Resets the chip, waits until it says that it's ready, and checks that it is an ADE9000.
    ///
    /// # Errors
    /// If the bus fails, the chip doesn't get ready within 100 ms, or is another part.
    pub fn reset(&mut self, delay: &mut impl DelayNs) -> Result<PowerUp, Error<S::Error>> {
        // A locked chip takes no reset either.
        self.send(WR_LOCK, fields::UNLOCK)?;
        self.send(CONFIG1, half(fields::CONFIG1_SWRST))?;
        self.config1 = 0;
        let mut waited_ms = 0;
        // A chip in reset may answer anything, so a wrong sum means "not yet" here.
        while !self.reset_is_done()? {
            if waited_ms == RESET_MS_MAX {
                return Err(self.why_not_ready());
            }
            delay.delay_ms(1);
            waited_ms += 1;
        }
        let version = self.read(VERSION)?;
        if version != fields::VERSION {
            return Err(Error::WrongPart { version });
        }
        self.clear_status(0, fields::STATUS1_RSTDONE)?;
        Ok(PowerUp { version, waited_ms })
    }

    fn reset_is_done(&mut self) -> Result<bool, Error<S::Error>> {
        match self.read(STATUS1) {
            // All ones is a bus without a chip.
            Ok(status) => Ok(status != u32::MAX && status & fields::STATUS1_RSTDONE != 0),
            Err(Error::Checksum { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn why_not_ready(&mut self) -> Error<S::Error> {
        match self.read_unchecked(VERSION) {
            Ok(fields::VERSION) => Error::NotReady { address: STATUS1.get() },
            Ok(version) => Error::WrongPart { version },
            Err(error) => error,
        }
    }

    /// Writes the configuration, reads it back, and starts the signal processor.
    ///
    /// # Errors
    /// If the bus fails, or a register doesn't hold what was written (is the chip locked?).
    pub fn configure(&mut self, configuration: &Configuration) -> Result<(), Error<S::Error>> {
        let line = match configuration.line {
            LineFrequency::Hz50 => 0,
            LineFrequency::Hz60 => half(fields::ACCMODE_SELFREQ),
        };
        self.write(RUN, 0)?;
        self.write(PGA_GAIN, configuration.gains)?;
        self.write(CONFIG0, configuration.config0)?;
        self.write(CONFIG2, configuration.config2)?;
        self.write(ACCMODE, configuration.accumulation | line)?;
        self.write(VLEVEL, configuration.voltage_level)?;
        let integrators = fields::CONFIG0_INTEN | fields::CONFIG0_ININTEN;
        let has_integrator = configuration.config0 & integrators != 0;
        self.write(DICOEFF, if has_integrator { fields::DICOEFF_INTEGRATOR } else { 0 })?;
        self.write(EGY_TIME, configuration.energy_samples.clamp(1, 8192) - 1)?;
        self.write(EP_CFG, half(fields::EP_CFG_EGY_PWR_EN))?;
        self.send(STATUS0, u32::MAX)?;
        self.write(RUN, 1)
    }

    /// Reads one register and checks the sum behind it, unless bursts are on.
    ///
    /// # Errors
    /// If the bus fails or the sum is wrong.
    pub fn read<W: Word, A: Access>(
        &mut self,
        address: Address<W, A>,
    ) -> Result<W, Error<S::Error>> {
        if u32::from(self.config1) & fields::CONFIG1_BURST_EN != 0 {
            return self.read_unchecked(address);
        }
        let mut reply = [0; 6];
        let data = W::WIDTH.bytes();
        self.receive(address.get(), &mut reply[..data + 2])?;
        let computed = crc16(&reply[..data]);
        let received = u16::from_be_bytes([reply[data], reply[data + 1]]);
        if computed != received {
            return Err(Error::Checksum { address: address.get(), computed, received });
        }
        let [first, second, third, fourth, ..] = reply;
        Ok(W::from_bytes([first, second, third, fourth]))
    }

    fn read_unchecked<W: Word, A: Access>(
        &mut self,
        address: Address<W, A>,
    ) -> Result<W, Error<S::Error>> {
        let mut reply = [0; 4];
        self.receive(address.get(), &mut reply[..W::WIDTH.bytes()])?;
        Ok(W::from_bytes(reply))
    }

    fn receive(&mut self, address: u16, reply: &mut [u8]) -> Result<(), Error<S::Error>> {
        let header = Header { address, direction: Direction::Read }.encode();
        let mut operations = [Operation::Write(&header), Operation::Read(reply)];
        self.spi.transaction(&mut operations).map_err(Error::Bus)
    }

    /// Writes one register and reads it back: the chip has no check on writes.
    ///
    /// # Errors
    /// If the bus fails, or the register holds something else afterwards.
    pub fn write<W: Word>(
        &mut self,
        address: Address<W, ReadWrite>,
        value: W,
    ) -> Result<(), Error<S::Error>> {
        self.send(address, value)?;
        if address.get() == CONFIG1.get() {
            #[allow(clippy::cast_possible_truncation, reason = "CONFIG1 has 16 bits")]
            let config1 = value.into() as u16;
            self.config1 = config1;
        }
        let read = self.read(address)?;
        if read == value {
            return Ok(());
        }
        Err(Error::ReadBack { address: address.get(), written: value.into(), read: read.into() })
    }

    /// Writes without reading back: for bits that clear themselves or are cleared by ones.
    pub(crate) fn send<W: Word>(
        &mut self,
        address: Address<W, ReadWrite>,
        value: W,
    ) -> Result<(), Error<S::Error>> {
        let header = Header { address: address.get(), direction: Direction::Write }.encode();
        let word = value.into().to_be_bytes();
        let data = &word[4 - W::WIDTH.bytes()..];
        let mut operations = [Operation::Write(&header), Operation::Write(data)];
        self.spi.transaction(&mut operations).map_err(Error::Bus)
    }

    /// Switches bursts on or off. While they are on, reads of registers aren't checked.
    ///
    /// # Errors
    /// If the bus fails, or the bit doesn't stay.
    pub fn set_bursts(&mut self, bursts: Bursts) -> Result<(), Error<S::Error>> {
        let other = self.config1 & !half(fields::CONFIG1_BURST_EN);
        let bit = match bursts {
            Bursts::On => half(fields::CONFIG1_BURST_EN),
            Bursts::Off => 0,
        };
        self.write(CONFIG1, other | bit)
    }

    /// Reads neighbouring registers of 32 bits in one go. Bursts must be on; nothing is checked.
    ///
    /// # Errors
    /// If the bus fails, or the registers aren't all in one burst region.
    pub fn read_burst(&mut self, first: u16, words: &mut [u32]) -> Result<(), Error<S::Error>> {
        let fits = |region: &core::ops::RangeInclusive<u16>| {
            let room = usize::from(region.end().saturating_sub(first)) + 1;
            region.contains(&first) && words.len() <= room
        };
        if !BURST_REGIONS.iter().any(fits) {
            return Err(Error::OutsideOfBurstRegion { address: first });
        }
        const PIECE: usize = 64;
        for (piece, at) in words.chunks_mut(PIECE).zip((first..).step_by(PIECE)) {
            self.receive_burst(at, piece)?;
        }
        Ok(())
    }

    /// Sets of the waveform buffer at a fixed rate, beginning with one of 256, in bursts of a page.
    /// `N` is how many channels `WFB_CFG` has the chip send: 7 or 6 for all, 2 for a phase, 1 for
    /// one.
    ///
    /// # Errors
    /// If the bus fails, or there are no such sets.
    pub fn read_waveform<const N: usize>(
        &mut self,
        first: u16,
        sets: &mut [[i32; N]],
    ) -> Result<(), Error<S::Error>> {
        /// A page of all channels.
        const WORDS: usize = 16 * 8;
        let address = Self::set_address(first, 8, sets.len())?;
        for (page, at) in sets.chunks_mut(16).zip((address..).step_by(WORDS)) {
            let mut words = [0; WORDS];
            let words = &mut words[..page.len() * N];
            self.receive_burst(at, words)?;
            for (set, words) in page.iter_mut().zip(words.as_chunks().0) {
                *set = words.map(u32::cast_signed);
            }
        }
        Ok(())
    }

    /// Sets of the waveform buffer with 128 points in a cycle, beginning with one of 512: IA, VA,
    /// IB, VB, IC, VC, IN, if `WFB_CFG` has the chip send all channels.
    ///
    /// # Errors
    /// If the bus fails, or there are no such sets.
    pub fn read_resampled(
        &mut self,
        first: u16,
        sets: &mut [[i16; 7]],
    ) -> Result<(), Error<S::Error>> {
        let address = Self::set_address(first, 4, sets.len())?;
        for (set, at) in sets.iter_mut().zip((address..).step_by(4)) {
            let mut bytes = [0; 14];
            self.receive(at, &mut bytes)?;
            for (sample, bytes) in set.iter_mut().zip(bytes.as_chunks().0) {
                *sample = i16::from_be_bytes(*bytes);
            }
        }
        Ok(())
    }

    /// Where a set begins, if so many fit behind it.
    fn set_address(first: u16, words: u16, sets: usize) -> Result<u16, Error<S::Error>> {
        let address = WAVEFORM_BUFFER.start() + first.min(0x800) * words;
        let capacity = usize::from(0x800 / words);
        if usize::from(first) + sets > capacity {
            return Err(Error::OutsideOfBurstRegion { address });
        }
        Ok(address)
    }

    /// At most 128 words in one transaction.
    fn receive_burst(&mut self, first: u16, words: &mut [u32]) -> Result<(), Error<S::Error>> {
        let mut bytes = [0; 128 * 4];
        let used = &mut bytes[..words.len() * 4];
        self.receive(first, used)?;
        for (word, bytes) in words.iter_mut().zip(used.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        Ok(())
    }

    /// Starts a capture of the waveform buffer. `mode` is `WFB_CFG` without its start bit.
    ///
    /// # Errors
    /// If the bus fails, or the register doesn't hold what was written.
    pub fn start_capture(&mut self, mode: u16) -> Result<(), Error<S::Error>> {
        let start = half(fields::WFB_CFG_CAP_EN);
        self.write(WFB_CFG, mode & !start)?;
        self.write(WFB_CFG, mode | start)
    }

    /// Protects the configuration against writes.
    ///
    /// # Errors
    /// If the bus fails, or the chip doesn't say that it's locked.
    pub fn lock(&mut self) -> Result<(), Error<S::Error>> {
        self.set_lock(fields::LOCK, 1)
    }

    /// Opens the configuration again.
    ///
    /// # Errors
    /// If the bus fails, or the chip doesn't say that it's open.
    pub fn unlock(&mut self) -> Result<(), Error<S::Error>> {
        self.set_lock(fields::UNLOCK, 0)
    }

    fn set_lock(&mut self, key: u16, expected: u16) -> Result<(), Error<S::Error>> {
        self.send(WR_LOCK, key)?;
        let (address, read) = (WR_LOCK.get(), self.read(WR_LOCK)?);
        if read == expected {
            return Ok(());
        }
        Err(Error::ReadBack { address, written: expected.into(), read: read.into() })
    }

    /// Reads both interrupt registers: `STATUS0`, `STATUS1`.
    ///
    /// # Errors
    /// If the bus fails or a sum is wrong.
    pub fn status(&mut self) -> Result<(u32, u32), Error<S::Error>> {
        Ok((self.read(STATUS0)?, self.read(STATUS1)?))
    }

    /// Clears interrupts: a one clears its bit.
    ///
    /// # Errors
    /// If the bus fails.
    pub fn clear_status(&mut self, status0: u32, status1: u32) -> Result<(), Error<S::Error>> {
        self.send(STATUS0, status0)?;
        self.send(STATUS1, status1)
    }

    /// A live code of a phase. Powers are signed; currents and voltages never negative.
    ///
    /// # Errors
    /// If the bus fails or the sum is wrong.
    pub fn live(&mut self, place: Place, phase: Phase) -> Result<i32, Error<S::Error>> {
        let address: Address<u32, ReadOnly> = match place {
            Place::Current => AIRMS,
            Place::Voltage => AVRMS,
            Place::Watt => AWATT,
            Place::Var => AVAR,
            Place::VoltAmpere => AVA,
        };
        Ok(self.read(address.of(phase))?.cast_signed())
    }

    /// An energy register, both words of the same instant: HI is read before and after LO.
    ///
    /// # Errors
    /// If the bus fails, a sum is wrong, or the energy moved at each of four tries.
    pub fn energy(&mut self, of: EnergyOf, phase: Phase) -> Result<Energy45, Error<S::Error>> {
        let block = of.block(phase);
        let (low, high) = (Address::energy_word(block + 2), Address::energy_word(block + 3));
        let mut before: u32 = self.read(high)?;
        for _ in 0..4 {
            let low = self.read(low)?;
            let after = self.read(high)?;
            if before == after {
                return Ok(Energy45::from_words(after, low));
            }
            before = after;
        }
        Err(Error::Unsteady { address: block + 2 })
    }

    /// Has the chip sum up its configuration, and gives the sum: a change that this core didn't
    /// make is a sign of tampering.
    ///
    /// # Errors
    /// If the bus fails, a sum is wrong, or the chip doesn't finish within 50 ms.
    pub fn configuration_sum(&mut self, delay: &mut impl DelayNs) -> Result<u16, Error<S::Error>> {
        self.send(STATUS1, fields::STATUS1_CRC_DONE)?;
        self.send(CRC_FORCE, 1)?;
        self.wait_for(STATUS1, fields::STATUS1_CRC_DONE, delay)?;
        self.read(CRC_RSLT)
    }

    /// Measures the temperature of the chip, in thousandths of a degree Celsius.
    ///
    /// # Errors
    /// If the bus fails, a sum is wrong, or the chip doesn't finish within 50 ms.
    pub fn temperature_millicelsius(
        &mut self,
        delay: &mut impl DelayNs,
    ) -> Result<i64, Error<S::Error>> {
        self.send(STATUS0, fields::STATUS0_TEMP_RDY)?;
        self.send(TEMP_CFG, half(fields::TEMP_CFG_EN | fields::TEMP_CFG_START))?;
        self.wait_for(STATUS0, fields::STATUS0_TEMP_RDY, delay)?;
        let result = self.read(TEMP_RSLT)?;
        Ok(crate::temperature_millicelsius(result, self.read(TEMP_TRIM)?))
    }

    fn wait_for(
        &mut self,
        status: Writable32,
        bit: u32,
        delay: &mut impl DelayNs,
    ) -> Result<(), Error<S::Error>> {
        for _ in 0..50 {
            if self.read(status)? & bit != 0 {
                return Ok(());
            }
            delay.delay_ms(1);
        }
        Err(Error::NotReady { address: status.get() })
    }
}

/// Whether reads go on to the next register in the burst regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bursts {
    /// They do, and no read is followed by its check.
    On,
    /// Every read is checked.
    Off,
}
