//! Samples without end: the waveform buffer, half by half.
//!
//! The chip fills sixteen pages round and round and calls at the end of each half. Whoever reads a
//! half has until the chip has filled the other one, 16 ms at 8 kS/s, before it is written over.

use crate::address::{Address, ReadWrite};
use crate::driver::{Ade9000, Error, half};
use crate::fields;
use embedded_hal::spi::SpiDevice;

const WFB_PG_IRQEN: Address<u16, ReadWrite> = Address::named("WFB_PG_IRQEN");
const WFB_TRG_CFG: Address<u16, ReadWrite> = Address::named("WFB_TRG_CFG");
const WFB_TRG_STAT: Address<u16, ReadWrite> = Address::named("WFB_TRG_STAT");
const MASK0: Address<u32, ReadWrite> = Address::named("MASK0");
const MASK1: Address<u32, ReadWrite> = Address::named("MASK1");
const CRC_OPTEN: Address<u16, ReadWrite> = Address::named("CRC_OPTEN");
/// Behind pages 7 and 15.
const HALVES: u16 = 1 << 7 | 1 << 15;
/// Filled round and round, at a fixed rate, behind the decimation filter, IN with it.
const ROUND_AND_ROUND: u32 = fields::WFB_CFG_IN_EN
    | fields::WFB_CFG_SRC_LPF
    | fields::WFB_CFG_CONTINUOUS
    | fields::WFB_CFG_CAP_SEL;
/// `MASK0`, `MASK1`, `WFB_CFG`, `WFB_PG_IRQEN`, `WFB_TRG_CFG`.
const WATCHED: u16 = 0b1110_0000_0000_0011;

/// Sets of seven samples in a page.
pub const PAGE_SETS: usize = 16;
/// Pages in a half of the buffer.
pub const HALF_PAGES: u16 = 8;

/// A half of the waveform buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Pages 0 to 7.
    First,
    /// Pages 8 to 15.
    Second,
}

impl Half {
    /// The one that the chip fills after this one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// Its first page.
    #[must_use]
    pub const fn first_page(self) -> u16 {
        match self {
            Self::First => 0,
            Self::Second => HALF_PAGES,
        }
    }
}

/// One set of a page: IA, VA, IB, VB, IC, VC, IN.
pub type Set = [i32; 7];

impl<S: SpiDevice> Ade9000<S> {
    /// Has the chip fill its buffer at 8 kS/s without end and call on IRQ0 at the end of each half;
    /// IRQ1 is left for a changed configuration, a reset and errors. The check of the configuration
    /// covers all of this.
    ///
    /// # Errors
    /// If the bus fails, or a register doesn't hold what was written.
    pub fn start_streaming(&mut self) -> Result<(), Error<S::Error>> {
        self.write(WFB_PG_IRQEN, HALVES)?;
        self.write(WFB_TRG_CFG, 0)?;
        self.write(MASK0, fields::STATUS0_PAGE_FULL)?;
        self.write(MASK1, fields::STATUS1_CRC_CHG)?;
        self.write(CRC_OPTEN, WATCHED)?;
        self.start_capture(half(ROUND_AND_ROUND))?;
        self.clear_status(u32::MAX, 0)
    }

    /// Takes the call for a half back. The lock covers the status registers too, so it is opened
    /// for as long as that takes.
    ///
    /// # Errors
    /// If the bus fails, or the lock doesn't close again.
    pub fn acknowledge_half(&mut self) -> Result<(), Error<S::Error>> {
        self.unlock()?;
        self.clear_status(fields::STATUS0_PAGE_FULL, 0)?;
        self.lock()
    }

    /// The half that was filled last: the chip is writing into the other one.
    ///
    /// # Errors
    /// If the bus fails or the sum is wrong.
    pub fn filled_half(&mut self) -> Result<Half, Error<S::Error>> {
        let last_page = self.read(WFB_TRG_STAT)? >> 12;
        let is_first = (HALF_PAGES - 1..2 * HALF_PAGES - 1).contains(&last_page);
        Ok(if is_first { Half::First } else { Half::Second })
    }

    /// Reads one page in one burst. No check follows it on the bus, but the lowest four bits of a
    /// sample are zero and the highest five alike (TRM), which a line that floats or a clock that
    /// slips doesn't give.
    ///
    /// # Errors
    /// If the bus fails, there is no such page, or what came can't be samples.
    pub fn read_page(
        &mut self,
        page: u16,
        sets: &mut [Set; PAGE_SETS],
    ) -> Result<(), Error<S::Error>> {
        let first = page.saturating_mul(16);
        self.read_waveform(first, sets)?;
        let is_sample = |word: &i32| word & 0xF == 0 && (-(1 << 27)..1 << 27).contains(word);
        if sets.as_flattened().iter().all(is_sample) {
            return Ok(());
        }
        Err(Error::NotSamples { page })
    }
}
