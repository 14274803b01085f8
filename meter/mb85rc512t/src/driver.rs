//! The driver.

use crate::{BASE_ADDRESS, CAPACITY_BYTES, DEVICE_ID_ADDRESS, WAKE_MICROSECONDS};
use core::cell::{Cell, Ref, RefCell};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{Error, ErrorKind, I2c, Operation};
use wire::memory::Memory;

/// Times that a transaction is tried before the bus counts as broken. Repeating is harmless: the
/// same bytes go to the same place.
const ATTEMPTS: u32 = 3;

/// Levels of the address pins A2, A1, A0: which of at most eight chips of a bus this one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Straps(u8);

impl Straps {
    /// All pins low.
    pub const LOW: Self = Self(0);

    /// Levels as the three low bits of a number; `None` above 7.
    #[must_use]
    pub const fn new(levels: u8) -> Option<Self> {
        if levels < 8 { Some(Self(levels)) } else { None }
    }

    /// Seven-bit address on the bus.
    #[must_use]
    pub const fn address(self) -> u8 {
        BASE_ADDRESS | self.0
    }
}

/// Who a chip says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceId {
    /// Maker, 12 bits.
    pub manufacturer: u16,
    /// Product, 12 bits; the upper four are the density.
    pub product: u16,
}

impl DeviceId {
    /// Fujitsu's MB85RC512T (from memory; the density code 6 stands in several drivers).
    pub const MB85RC512T: Self = Self { manufacturer: 0x00a, product: 0x658 };

    /// Reads the three bytes of the chip.
    #[must_use]
    pub const fn from_bytes([one, two, three]: [u8; 3]) -> Self {
        Self {
            manufacturer: (one as u16) << 4 | (two >> 4) as u16,
            product: ((two & 0xf) as u16) << 8 | three as u16,
        }
    }

    /// The three bytes of the chip.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 3] {
        let all = ((self.manufacturer as u32) << 12 | self.product as u32).to_be_bytes();
        [all[1], all[2], all[3]]
    }
}

/// The chip on a bus.
///
/// As a [`Memory`] it can't return an error. So the first transaction that fails [`Self::fault`]
/// keeps: from then on nothing is written, because nothing may be written behind a gap, and reads
/// give FFh, as a bus without a chip does; a record with a check then reads as damaged, never as
/// blank. Whoever runs a core on it lets nothing out after a step unless there is no fault.
#[derive(Clone, Debug)]
pub struct Mb85rc512t<I2C> {
    // `Memory` reads through a shared reference, a bus is driven through an exclusive one.
    bus: RefCell<I2C>,
    address: u8,
    fault: Cell<Option<ErrorKind>>,
}

impl<I2C: I2c> Mb85rc512t<I2C> {
    /// A driver; nothing goes over the bus yet.
    #[must_use]
    pub const fn new(bus: I2C, straps: Straps) -> Self {
        Self { bus: RefCell::new(bus), address: straps.address(), fault: Cell::new(None) }
    }

    /// Asks the chip who it is.
    ///
    /// # Errors
    /// What the bus reports.
    pub fn device_id(&mut self) -> Result<DeviceId, I2C::Error> {
        let mut bytes = [0; 3];
        // The direction bit of the address that is asked about doesn't matter.
        let asked = [self.address << 1];
        self.bus.get_mut().write_read(DEVICE_ID_ADDRESS, &asked, &mut bytes)?;
        Ok(DeviceId::from_bytes(bytes))
    }

    /// Fills `bytes` from `address` on.
    ///
    /// # Errors
    /// What the bus reports; then `bytes` holds anything.
    ///
    /// # Panics
    /// If the range leaves the memory.
    pub fn read_at(&self, address: u32, bytes: &mut [u8]) -> Result<(), I2C::Error> {
        let place = place(address, bytes.len());
        if bytes.is_empty() {
            return Ok(());
        }
        self.bus.borrow_mut().write_read(self.address, &place, bytes)
    }

    /// Fills `bytes` from where the chip's address counter stands: behind the last byte that was
    /// read or written. Behind the last address of the memory comes the first.
    ///
    /// # Errors
    /// What the bus reports; then `bytes` holds anything.
    pub fn read_on(&mut self, bytes: &mut [u8]) -> Result<(), I2C::Error> {
        self.bus.get_mut().read(self.address, bytes)
    }

    /// Writes `bytes` from `address` on, in one transaction.
    ///
    /// A chip whose write-protect pin is high acknowledges and keeps what it had.
    ///
    /// # Errors
    /// What the bus reports; then any number of bytes from the first on are written.
    ///
    /// # Panics
    /// If the range leaves the memory.
    pub fn write_at(&mut self, address: u32, bytes: &[u8]) -> Result<(), I2C::Error> {
        let place = place(address, bytes.len());
        let operations = &mut [Operation::Write(&place), Operation::Write(bytes)];
        self.bus.get_mut().transaction(self.address, operations)
    }

    /// Wakes a sleeping chip and waits until it answers; an awake one takes no notice.
    pub fn wake(&mut self, delay: &mut impl DelayNs) {
        // A sleeping chip hears its address and can't acknowledge it yet.
        let _ = self.bus.get_mut().write(self.address, &[]);
        delay.delay_us(WAKE_MICROSECONDS);
    }

    /// Why the memory stopped, if it did.
    #[must_use]
    pub const fn fault(&self) -> Option<ErrorKind> {
        self.fault.get()
    }

    /// Goes on after the bus was mended: the core on this memory must be started again, because
    /// what it wrote since the fault is missing.
    pub fn clear_fault(&mut self) {
        self.fault.set(None);
    }

    /// The bus, to look at.
    ///
    /// # Panics
    /// Never while nobody keeps what [`Self::bus`] gave during a transaction.
    pub fn bus(&self) -> Ref<'_, I2C> {
        self.bus.borrow()
    }

    /// The bus.
    pub fn bus_mut(&mut self) -> &mut I2C {
        self.bus.get_mut()
    }

    /// Gives the bus back.
    #[must_use]
    pub fn release(self) -> I2C {
        self.bus.into_inner()
    }

    fn stop_at(&self, error: &I2C::Error) {
        self.fault.set(Some(error.kind()));
    }
}

impl<I2C: I2c> Memory for Mb85rc512t<I2C> {
    fn capacity(&self) -> u32 {
        CAPACITY_BYTES
    }

    fn read(&self, address: u32, bytes: &mut [u8]) {
        if self.fault.get().is_none() {
            match attempt(|| self.read_at(address, bytes)) {
                Ok(()) => return,
                Err(error) => self.stop_at(&error),
            }
        }
        bytes.fill(0xff);
    }

    fn write(&mut self, address: u32, bytes: &[u8]) {
        if self.fault.get().is_none()
            && let Err(error) = attempt(|| self.write_at(address, bytes))
        {
            self.stop_at(&error);
        }
    }
}

fn attempt<E>(mut transaction: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let mut outcome = transaction();
    for _ in 1..ATTEMPTS {
        if outcome.is_ok() {
            break;
        }
        outcome = transaction();
    }
    outcome
}

/// The two address bytes, high byte first.
fn place(address: u32, length: usize) -> [u8; 2] {
    let inside = address as usize + length <= CAPACITY_BYTES as usize;
    assert!(inside, "a chip stays inside its memory");
    let [_, _, high, low] = address.to_be_bytes();
    [high, low]
}
