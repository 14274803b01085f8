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
//! | 0x1100 | 2 × 2 × 1424 | signals of import, of export | two copies |
//! | 0x2800 | 2 × 2 × 448 | shelf of import, of export | two copies |
//! | 0x3000 | 2 × 192 | signers | two copies |
//! | 0x4000 | 2 × 5 × 2560 | contracts of import, of export | a free slot of five is written, then the shelf |
//! | 0xa800 | the rest | journal, in blocks of 256 bytes | the entry is written, then the state page |
//!
//! The paper gives the transaction core's FRAM no size. 256 KiB is our choice: the journal then
//! holds about 280 settlements of the usual length (three blocks), four and a half hours at one a
//! minute.

use crypto::TwoCopy;
use wire::package::PACKAGE_BYTES_MAX;

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
pub(crate) const SIGNALS_BYTES_MAX: usize = 1408;
pub(crate) const SIGNALS: [TwoCopy; 2] =
    [TwoCopy::new(SIGNALS_AT, 1408), TwoCopy::new(SIGNALS_AT + 2 * 1424, 1408)];

pub(crate) const SHELVES_AT: u32 = 0x2800;
pub(crate) const SHELF_BYTES_MAX: usize = 432;
pub(crate) const SHELVES: [TwoCopy; 2] =
    [TwoCopy::new(SHELVES_AT, 432), TwoCopy::new(SHELVES_AT + 2 * 448, 432)];

pub(crate) const SIGNERS_AT: u32 = 0x3000;
pub(crate) const SIGNERS_BYTES_MAX: usize = 176;
pub(crate) const SIGNERS: TwoCopy = TwoCopy::new(SIGNERS_AT, 176);

pub(crate) const CONTRACTS_AT: u32 = 0x4000;
/// In force, waiting, in force before, default, and one to write into.
pub(crate) const CONTRACT_SLOTS: u8 = 5;
pub(crate) const CONTRACT_BYTES: u32 = 2560;

pub(crate) const JOURNAL_AT: u32 = 0xa800;
pub(crate) const BLOCK_BYTES: u32 = 256;

const _: () = assert!(PERSONAL.end() <= STATE_AT);
const _: () = assert!(STATE.end() <= SIGNALS_AT);
const _: () = assert!(SIGNALS[0].end() <= SIGNALS_AT + 2 * 1424);
const _: () = assert!(SIGNALS[1].end() <= SHELVES_AT);
const _: () = assert!(SHELVES[0].end() <= SHELVES_AT + 2 * 448);
const _: () = assert!(SHELVES[1].end() <= SIGNERS_AT);
const _: () = assert!(SIGNERS.end() <= CONTRACTS_AT);
const _: () = assert!(CONTRACTS_AT + 10 * CONTRACT_BYTES <= JOURNAL_AT);
const _: () = assert!(2 + PACKAGE_BYTES_MAX <= CONTRACT_BYTES as usize);

/// Address of a contract slot, 0 to 9.
pub(crate) const fn contract_at(slot: u8) -> u32 {
    assert!(slot < 2 * CONTRACT_SLOTS, "there are five slots for each direction");
    CONTRACTS_AT + slot as u32 * CONTRACT_BYTES
}
