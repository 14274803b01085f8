//! Twin of the MB85RC512T on its I2C bus, byte for byte.
//!
//! The cells are a [`Fram`]. In front of them stand the bus interface with its address counter, the
//! address pins, the write-protect pin, the device ID, sleep and high speed, and a supply that can
//! fail at any byte. Numbers and behaviour beyond the source paper are the data sheets of the
//! family from memory, as in the driver.

use super::Fram;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use mb85rc512t::{DeviceId, Straps, WAKE_MICROSECONDS};
use wire::memory::Memory;

/// Reserved address under which the device ID is asked for, with its direction bit.
const DEVICE_ID_WRITE: u8 = 0xf8;
const DEVICE_ID_READ: u8 = 0xf9;
/// Behind F8h and the chip's address, instead of F9h: sleep at the STOP.
const SLEEP: u8 = 0x86;
/// Upper five bits of the master code that begins high speed.
const HIGH_SPEED: u8 = 0b0000_1000;

/// Who holds the data line low in the ninth clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledge {
    /// Somebody: the byte was taken.
    Yes,
    /// Nobody.
    No,
}

/// Level of the write-protect pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteProtect {
    /// Low, as it is when nothing is connected: every cell can be written.
    Off,
    /// High: what is written is acknowledged and dropped.
    On,
}

/// What becomes of the byte during which the power fails, if it was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastByte {
    /// The cell keeps what it had.
    Lost,
    /// The cell holds it, but its acknowledgement never came.
    Written,
    /// The cell takes the marked bits only: worse than what is assumed of the chip.
    Torn(u8),
}

/// Where the bus interface stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between STOP and START, or called by another name.
    Idle,
    /// Behind a START: the next byte is an address.
    Called,
    /// Behind the chip's address and "write": the high byte of a memory address is next.
    AddressHigh,
    AddressLow {
        high: u8,
    },
    Write,
    Read,
    /// Behind F8h: the address of the chip that is meant is next.
    Asked,
    /// The chip is meant; a second START and F9h or 86h follow.
    Meant,
    /// A START behind that.
    MeantAgain,
    Identify {
        next: usize,
    },
    /// Behind 86h: STOP puts it to sleep.
    FallingAsleep,
}

/// Whether the chip listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awareness {
    Awake,
    Asleep,
    Waking { left_microseconds: u32 },
}

/// The supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supply {
    On,
    FailsAfter { bytes: u64, last: LastByte },
    Off,
}

/// The chip.
#[derive(Clone, Debug)]
pub struct Chip {
    cells: Fram,
    straps: Straps,
    protect: WriteProtect,
    supply: Supply,
    awareness: Awareness,
    state: State,
    high_speed: bool,
    counter: u16,
    /// Written in this transaction, up to the counter, and not in the cells yet: whoever watches
    /// the cells sees a transaction as one write.
    run: Vec<u8>,
    traffic: Traffic,
}

/// What went over the bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// STARTs, repeated ones too.
    pub starts: u64,
    /// STOPs.
    pub stops: u64,
    /// Bytes of any kind.
    pub bytes: u64,
}

impl Traffic {
    /// Clocks of the bus: nine for each byte, and one each for START and STOP.
    #[must_use]
    pub const fn clocks(&self) -> u64 {
        9 * self.bytes + self.starts + self.stops
    }
}

impl Chip {
    /// A chip around cells, with power.
    ///
    /// # Panics
    /// If there aren't 64 KiB of cells.
    #[must_use]
    pub fn new(cells: Fram, straps: Straps) -> Self {
        assert!(cells.capacity() == Fram::MB85RC512T_BYTES, "sixteen bits of address and no more");
        Self {
            cells,
            straps,
            protect: WriteProtect::Off,
            supply: Supply::On,
            awareness: Awareness::Awake,
            state: State::Idle,
            high_speed: false,
            counter: 0,
            run: Vec::new(),
            traffic: Traffic::default(),
        }
    }

    /// Moves the write-protect pin.
    pub const fn set_write_protect(&mut self, level: WriteProtect) {
        self.protect = level;
    }

    /// The power fails during the byte of the bus that follows `bytes` more.
    pub const fn cut_after(&mut self, bytes: u64, last: LastByte) {
        self.supply = Supply::FailsAfter { bytes, last };
    }

    /// The power is on, and if it was off the bus interface starts anew; no cut is ahead any more.
    pub const fn power_on(&mut self) {
        if matches!(self.supply, Supply::Off) {
            self.awareness = Awareness::Awake;
            self.state = State::Idle;
            self.high_speed = false;
            // The sheet leaves the counter open after power-on.
            self.counter = 0;
        }
        self.supply = Supply::On;
    }

    /// Whether the power failed.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        matches!(self.supply, Supply::Off)
    }

    /// Whether the bus runs at high speed until the next STOP.
    #[must_use]
    pub const fn is_high_speed(&self) -> bool {
        self.high_speed
    }

    /// Whether it sleeps.
    #[must_use]
    pub const fn is_asleep(&self) -> bool {
        matches!(self.awareness, Awareness::Asleep)
    }

    /// Time passes.
    pub const fn pass(&mut self, microseconds: u32) {
        if let Awareness::Waking { left_microseconds } = self.awareness {
            let left_microseconds = left_microseconds.saturating_sub(microseconds);
            self.awareness = match left_microseconds {
                0 => Awareness::Awake,
                _ => Awareness::Waking { left_microseconds },
            };
        }
    }

    /// What went over the bus so far.
    #[must_use]
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The cells as they were at the last START or STOP, or when the power failed.
    #[must_use]
    pub const fn cells(&self) -> &Fram {
        &self.cells
    }

    /// Takes the cells out.
    #[must_use]
    pub fn into_cells(self) -> Fram {
        self.cells
    }

    /// START, or START again without a STOP.
    pub fn start(&mut self) {
        self.settle();
        self.traffic.starts += 1;
        let meant = self.state == State::Meant;
        self.state = if meant { State::MeantAgain } else { State::Called };
    }

    /// STOP.
    pub fn stop(&mut self) {
        self.settle();
        self.traffic.stops += 1;
        if matches!((self.state, self.supply), (State::FallingAsleep, Supply::On)) {
            self.awareness = Awareness::Asleep;
        }
        self.high_speed = false;
        self.state = State::Idle;
    }

    /// The master sends a byte.
    pub fn send(&mut self, byte: u8) -> Acknowledge {
        self.traffic.bytes += 1;
        match self.spend() {
            Power::Good if self.hears(byte) => self.take(byte),
            Power::Failing(last) => {
                self.take_partly(byte, last);
                Acknowledge::No
            }
            Power::Good | Power::Gone => Acknowledge::No,
        }
    }

    /// The master fetches a byte, and acknowledges it if it wants more. The line is high where
    /// nobody answers.
    pub fn fetch(&mut self, more: Acknowledge) -> u8 {
        self.traffic.bytes += 1;
        if self.spend() != Power::Good {
            return 0xff;
        }
        let (byte, next) = match self.state {
            State::Read => {
                let mut byte = [0];
                self.cells.read(u32::from(self.counter), &mut byte);
                self.counter = self.counter.wrapping_add(1);
                (byte[0], State::Read)
            }
            State::Identify { next } => {
                let byte = DeviceId::MB85RC512T.to_bytes()[next];
                (byte, State::Identify { next: (next + 1) % 3 })
            }
            State::Idle
            | State::Called
            | State::AddressHigh
            | State::AddressLow { .. }
            | State::Write
            | State::Asked
            | State::Meant
            | State::MeantAgain
            | State::FallingAsleep => return 0xff,
        };
        self.state = if more == Acknowledge::Yes { next } else { State::Idle };
        byte
    }

    /// Uses up one byte of the supply.
    const fn spend(&mut self) -> Power {
        match self.supply {
            Supply::On => Power::Good,
            Supply::Off => Power::Gone,
            Supply::FailsAfter { bytes: 0, last } => {
                self.supply = Supply::Off;
                Power::Failing(last)
            }
            Supply::FailsAfter { bytes, last } => {
                self.supply = Supply::FailsAfter { bytes: bytes - 1, last };
                Power::Good
            }
        }
    }

    /// A sleeping chip only hears its own address, and wakes at it.
    fn hears(&mut self, byte: u8) -> bool {
        let own = self.state == State::Called && byte >> 1 == self.straps.address();
        if own && self.awareness == Awareness::Asleep {
            self.awareness = Awareness::Waking { left_microseconds: WAKE_MICROSECONDS };
        }
        self.awareness == Awareness::Awake
    }

    fn take(&mut self, byte: u8) -> Acknowledge {
        let own = byte >> 1 == self.straps.address();
        let next = match self.state {
            State::Called if own && byte & 1 == 0 => State::AddressHigh,
            State::Called if own => State::Read,
            State::Called if byte == DEVICE_ID_WRITE => State::Asked,
            State::Called => {
                self.high_speed |= byte & 0b1111_1000 == HIGH_SPEED;
                State::Idle
            }
            State::AddressHigh => State::AddressLow { high: byte },
            State::AddressLow { high } => {
                self.counter = u16::from_be_bytes([high, byte]);
                State::Write
            }
            State::Write => {
                self.write(byte);
                State::Write
            }
            State::Asked if own => State::Meant,
            State::MeantAgain if byte == DEVICE_ID_READ => State::Identify { next: 0 },
            State::MeantAgain if byte == SLEEP => State::FallingAsleep,
            State::Idle
            | State::Read
            | State::Asked
            | State::Meant
            | State::MeantAgain
            | State::Identify { .. }
            | State::FallingAsleep => State::Idle,
        };
        self.state = next;
        if next == State::Idle { Acknowledge::No } else { Acknowledge::Yes }
    }

    fn write(&mut self, byte: u8) {
        if self.protect == WriteProtect::Off {
            self.run.push(byte);
        }
        if self.counter == u16::MAX {
            self.settle_up_to(Fram::MB85RC512T_BYTES);
        }
        self.counter = self.counter.wrapping_add(1);
    }

    fn settle(&mut self) {
        self.settle_up_to(u32::from(self.counter));
    }

    fn settle_up_to(&mut self, end: u32) {
        if !self.run.is_empty() {
            let length = u32::try_from(self.run.len()).expect("at most the memory");
            self.cells.write(end - length, &self.run);
            self.run.clear();
        }
    }

    /// The power failed during this byte.
    fn take_partly(&mut self, byte: u8, last: LastByte) {
        self.settle();
        if self.state != State::Write || self.awareness != Awareness::Awake {
            return;
        }
        let mut old = [0];
        self.cells.read(u32::from(self.counter), &mut old);
        match last {
            LastByte::Lost => {}
            LastByte::Written => self.write(byte),
            LastByte::Torn(bits) => self.write(old[0] & !bits | byte & bits),
        }
        self.settle();
    }

    fn transact(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        let mut direction = None;
        for at in 0..operations.len() {
            let wanted = matches!(operations[at], Operation::Read(_));
            if direction != Some(wanted) {
                direction = Some(wanted);
                self.start();
                self.call(address << 1 | u8::from(wanted))?;
            }
            let goes_on =
                matches!(operations.get(at + 1), Some(Operation::Read(more)) if !more.is_empty());
            match &mut operations[at] {
                Operation::Write(bytes) => self.send_all(bytes)?,
                Operation::Read(bytes) => self.fetch_all(bytes, goes_on),
            }
        }
        // A master can't tell that a chip lost its power while it was read; it stands for the whole
        // board here, which did.
        if self.is_cut() { Err(ErrorKind::Bus) } else { Ok(()) }
    }

    fn call(&mut self, address: u8) -> Result<(), ErrorKind> {
        match self.send(address) {
            Acknowledge::Yes => Ok(()),
            Acknowledge::No => Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address)),
        }
    }

    fn send_all(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        let taken = bytes.iter().all(|byte| self.send(*byte) == Acknowledge::Yes);
        if taken { Ok(()) } else { Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data)) }
    }

    fn fetch_all(&mut self, bytes: &mut [u8], goes_on: bool) {
        let count = bytes.len();
        for (at, byte) in bytes.iter_mut().enumerate() {
            let more = goes_on || at + 1 < count;
            *byte = self.fetch(if more { Acknowledge::Yes } else { Acknowledge::No });
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Power {
    Good,
    Failing(LastByte),
    Gone,
}

impl ErrorType for Chip {
    type Error = ErrorKind;
}

impl I2c for Chip {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        let outcome = self.transact(address, operations);
        self.stop();
        outcome
    }
}
