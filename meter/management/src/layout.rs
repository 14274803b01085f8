//! Where everything lies in the FRAM, and how much of it there is.

use crate::freeze::{Ring, SLOT_BYTES};
use crypto::TwoCopy;

/// Size of the MB85RC512T: 512 kbit (the source paper's part).
pub const MEMORY_BYTES: u32 = 64 * 1024;

/// Hourly freezes kept (整点冻结): 254 (source paper; Q/GDW 1354-2013).
pub const HOURLY_FREEZES: u8 = 254;
/// Daily freezes kept (日冻结): 62 (source paper; Q/GDW 1354-2013).
pub const DAILY_FREEZES: u8 = 62;
/// Billing days kept (结算日): 12 (source paper; Q/GDW 1354-2013).
pub const BILLING_FREEZES: u8 = 12;

/// Longest record of settings: 8 + 8 + 32 + 1 + 4 + 4, texts 46 + 7, day table 1 + 14 × 3.
pub(crate) const SETTINGS_BYTES: usize = 153;
/// Record of registers: time 8, registers 2 × 40 + 32, starts of month and year 2 × 16.
pub(crate) const STATE_BYTES: usize = 152;
/// Record of the link counter.
pub(crate) const COUNTER_BYTES: usize = 8;
/// Longest of the three.
pub(crate) const RECORD_BYTES_MAX: usize = SETTINGS_BYTES;

pub(crate) const SETTINGS: TwoCopy = TwoCopy::new(0, record(SETTINGS_BYTES));
pub(crate) const STATE: TwoCopy = TwoCopy::new(SETTINGS.end(), record(STATE_BYTES));
pub(crate) const COUNTER_ADDRESS: u32 = STATE.end();
pub(crate) const COUNTER: TwoCopy = TwoCopy::new(COUNTER_ADDRESS, record(COUNTER_BYTES));
pub(crate) const HOURLY: Ring = Ring::new(COUNTER.end(), HOURLY_FREEZES);
pub(crate) const DAILY: Ring = Ring::new(HOURLY.end(), DAILY_FREEZES);
pub(crate) const BILLING: Ring = Ring::new(DAILY.end(), BILLING_FREEZES);

/// First address that is free: the 60 timed freezes would still fit behind it.
const END: u32 = BILLING.end();
const _: () = assert!(END <= MEMORY_BYTES, "everything fits the FRAM");
const _: () = assert!(END + 61 * SLOT_BYTES <= MEMORY_BYTES, "timed freezes will fit as well");

#[allow(clippy::cast_possible_truncation, reason = "evaluated at compile time, far below u16")]
const fn record(bytes: usize) -> u32 {
    bytes as u32
}
