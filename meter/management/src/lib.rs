//! 管理芯, the management core of Figure 3, first form: registers per rate, freezes, sessions of
//! DL/T 645-2007 and energy reports for the transaction core.
//!
//! A pure state machine: [`Management::receive`] takes a reading of the metering core, keeps what
//! must be kept in FRAM and returns a sealed report when one is due. Time is the reading's time,
//! or a value given by the caller; nothing here waits, sleeps or looks at a clock.
//!
//! # Storage
//!
//! Everything lies in one FRAM MB85RC512T, described in `layout`. What we believe of it: a byte is
//! written whole, a power cut stops a write after any byte, and what was written before stays
//! (see [`wire::memory::Memory`]). From that follows:
//!
//! - settings, registers and the link counter are two-copy records: after a cut each is the old
//!   one or the new one;
//! - a freeze is written once into a slot that nothing refers to any more, with a checksum: after
//!   a cut it is there or not there;
//! - freezes are written before the registers that follow them, and a boundary is frozen once
//!   only: so a cut between the two changes nothing that was frozen.
#![no_std]
#![deny(clippy::float_arithmetic)]

pub mod dlt645;
mod freeze;
mod layout;
mod management;
mod registers;
mod settings;
mod tariff;

pub use dlt645::Dlt645Session;
pub use freeze::{Freeze, FreezeKind, Freezes};
pub use layout::{BILLING_FREEZES, DAILY_FREEZES, HOURLY_FREEZES, MEMORY_BYTES};
pub use management::{BootError, Management, Outputs};
pub use registers::{RateRegisters, Refusal, Registers};
pub use settings::{Constant, Ratings, Settings, Text, Wiring};
pub use tariff::{DayTable, DayTableError, RATES, Rate, SWITCHES_MAX, Switch};
