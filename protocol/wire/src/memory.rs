//! The bus between a chip and its non-volatile memory.

/// Byte-addressed non-volatile memory: FRAM such as the MB85RC512T (64 KiB, no erase, 10¹³ writes).
///
/// Assumption about the medium: single bytes are written whole; a power cut stops a write after
/// any byte, and what was written before it stays.
pub trait Memory {
    /// Size in bytes.
    fn capacity(&self) -> u32;

    /// Fills `bytes` from `address` on.
    ///
    /// # Panics
    /// If the range leaves the memory: the layout of a chip is fixed at compile time.
    fn read(&self, address: u32, bytes: &mut [u8]);

    /// Writes `bytes` from `address` on, in rising order.
    ///
    /// # Panics
    /// As [`Memory::read`].
    fn write(&mut self, address: u32, bytes: &[u8]);
}
