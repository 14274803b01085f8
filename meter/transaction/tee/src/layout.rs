//! Where things lie in the FRAM.
//!
//! Assumption about the medium: that of [`wire::memory::Memory`], single bytes are written whole and
//! a cut stops a write after any byte. Nothing is erased; 10¹³ writes per byte are never reached
//! (the state page is written at most once a second in the life of a meter, about 10⁹ times).
//!
//! | address | bytes | content | torn by a cut? |
//! |---|---|---|---|
//! | 0x0000 | 2 × 784 | personalisation | two copies |
//! | 0x0800 | 2 × 1040 | state page | two copies |
//! | 0x1100 | 2 × 2 × 912 | signals of import, of export | two copies |
//! | 0x2000 | 2 × 3 × 1280 | contracts of import, of export | the free slot of three is written, then the state page |
//! | 0x4000 | the rest | journal, in blocks of 256 bytes | the entry is written, then the state page |
//!
//! The paper gives the transaction core's FRAM no size. 256 KiB is our choice: the journal then
//! holds about 320 settlements of the usual length (three blocks), five hours at one a minute.

use crypto::TwoCopy;

/// The capacity that this layout is meant for.
pub const CAPACITY_USUAL: u32 = 256 * 1024;
/// The least capacity that it works with: a journal of 64 blocks.
pub const CAPACITY_MIN: u32 = JOURNAL_AT + 64 * BLOCK_BYTES;

pub(crate) const PERSONAL_AT: u32 = 0;
pub(crate) const PERSONAL_BYTES_MAX: usize = 768;
pub(crate) const PERSONAL: TwoCopy = TwoCopy::new(PERSONAL_AT, 768);

pub(crate) const STATE_AT: u32 = 0x0800;
pub(crate) const STATE_BYTES_MAX: usize = 1024;
pub(crate) const STATE: TwoCopy = TwoCopy::new(STATE_AT, 1024);

pub(crate) const SIGNALS_AT: u32 = 0x1100;
pub(crate) const SIGNALS_BYTES_MAX: usize = 896;
pub(crate) const SIGNALS: [TwoCopy; 2] =
    [TwoCopy::new(SIGNALS_AT, 896), TwoCopy::new(SIGNALS_AT + 2 * 912, 896)];

pub(crate) const CONTRACTS_AT: u32 = 0x2000;
/// One in force, one that waits, one to write into.
pub(crate) const CONTRACT_SLOTS: u8 = 3;
pub(crate) const CONTRACT_BYTES: u32 = 1280;

pub(crate) const JOURNAL_AT: u32 = 0x4000;
pub(crate) const BLOCK_BYTES: u32 = 256;

const _: () = assert!(PERSONAL.end() <= STATE_AT);
const _: () = assert!(STATE.end() <= SIGNALS_AT);
const _: () = assert!(SIGNALS[0].end() <= SIGNALS_AT + 2 * 912);
const _: () = assert!(SIGNALS[1].end() <= CONTRACTS_AT);
const _: () = assert!(CONTRACTS_AT + 6 * CONTRACT_BYTES <= JOURNAL_AT);

/// Address of a contract slot, 0 to 5.
pub(crate) const fn contract_at(slot: u8) -> u32 {
    assert!(slot < 2 * CONTRACT_SLOTS, "there are three slots for each direction");
    CONTRACTS_AT + slot as u32 * CONTRACT_BYTES
}
