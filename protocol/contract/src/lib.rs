//! Price contracts 电价合约: what a meter owes or earns for a movement of energy, and to whom.
//!
//! ```text
//! source --check--> tree --compile--> canonical byte code --Program::load--> Program --settle-->
//!                     \--reference evaluator (slow, obvious): the oracle of the tests
//! ```
//!
//! The chip side ([`Program`] and what it needs) has no heap, no recursion and no loop whose length
//! isn't known at load. The authoring side ([`check`], [`build`], [`explain`]) allocates.
//!
//! Three rules hold everywhere:
//!
//! * One rounding per leg and settlement: the exact sum in pico-yuan is rounded down to micro-yuan
//!   and the rest is carried by name ([`Carries`]). So splitting a settlement never changes a sum.
//! * What can't be proved at load is refused at load: full day coverage, price limits, ranges.
//! * A price signal moves a price only inside the clamp that the contract states; when it is
//!   missing or too old, the stated default holds.
#![no_std]
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

extern crate alloc;

mod author;
mod facts;
mod program;
mod vocabulary;

pub use author::{
    Article, Built, Checked, Diagnostic, Language, build, check, explain, explain_program,
    explain_settlement, render, render_all,
};
pub use facts::{
    Carries, Facts, ItemCharge, LegCharge, SettleError, Settlement, SignalValue, Signals,
};
pub use program::{Header, Leg, LoadError, LoadFault, Program, SignalRule};
pub use vocabulary::{Band, CustomerClass, Direction, Item, Role, SignalId, TierBasis};

/// Most legs that a contract may have; a settlement moves at most this many amounts.
pub const LEGS_MAX: usize = 8;
/// Most price statements that a contract may have.
pub const ITEMS_MAX: usize = 16;
/// Most signals that a contract may read: one for each [`SignalId`].
pub const SIGNALS_MAX: usize = 8;
/// Longest byte code in bytes, so that a meter can reserve its slots.
pub const PROGRAM_BYTES_MAX: usize = 1024;
/// Most lines of a settlement; a tier table counts once for each of its tiers.
pub const CHARGES_MAX: usize = 24;
/// Most prices that an expression may hold at once.
pub const STACK_MAX: usize = 8;
/// Most instructions that a settlement may execute.
pub const STEPS_MAX: u16 = 256;
/// Largest price that a contract may state: 1,000 yuan/kWh, far above any market's cap.
pub const PRICE_MAX: quantity::Price = quantity::Price::from_micro_yuan_per_kwh(1_000_000_000);
