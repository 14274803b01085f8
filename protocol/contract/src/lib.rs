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
//!   and the rest is carried by name ([`Carries`]). So splitting a settlement never changes what is
//!   charged on the energy, unless a steps table looks at the energy of a single settlement.
//! * What can't be proved at load is refused at load: full day coverage, price limits, ranges.
//! * A price signal moves a price only inside the clamp that the contract states; when it is
//!   missing or too old, the stated default holds.
#![no_std]
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

extern crate alloc;

mod author;
pub mod bulk;
mod facts;
mod measured;
mod program;
mod vocabulary;
pub mod wasm;

pub use author::{
    Article, Built, Campaign, Case, Checked, Diagnostic, Language, build, check, explain,
    explain_program, explain_settlement, format, render, render_all,
};
pub use facts::{
    Carries, Entry, Facts, ItemCharge, LegCharge, Prepaid, Quantities, SettleError, Settled,
    Settlement, SignalValue, Signals,
};
pub use measured::{Deviation, deviation, power_factor_ppm};
pub use program::{
    Header, Leg, LoadError, LoadFault, PrepaidRule, Program, QuantityRule, SignalRule,
};
pub use vocabulary::{
    Band, CustomerClass, DayKind, Direction, Item, Purpose, Quantity, Role, SignalId, TierBasis,
    Unit,
};

/// Most legs that a contract may have; a settlement moves at most this many amounts.
pub const LEGS_MAX: usize = 8;
/// Most price statements that a contract may have.
pub const ITEMS_MAX: usize = 16;
/// Most signals that a contract may read: one for each [`SignalId`].
pub const SIGNALS_MAX: usize = 16;
/// Most different conditions that a contract may have.
pub const CONDITIONS_MAX: usize = 32;
/// Most day plans of a calendar, exceptions included.
pub const DAYS_MAX: usize = 16;
/// Most payees between whom one price may be split.
pub const PAYEES_MAX: usize = 4;
/// Largest share of a price, in millionths: ten times.
pub const SHARE_PPM_MAX: u32 = 10_000_000;
/// Coarsest multiple that a share is rounded to, in millionths of its unit: one yuan.
pub const SHARE_UNIT_MAX: u32 = 1_000_000;
/// Longest byte code in bytes, so that a meter can reserve its slots.
pub const PROGRAM_BYTES_MAX: usize = 2048;
/// Most lines of a settlement; a tier table counts once for each of its tiers.
pub const CHARGES_MAX: usize = 24;
/// Most prices that an expression may hold at once.
pub const STACK_MAX: usize = 8;
/// Most instructions that a settlement may execute.
pub const STEPS_MAX: u16 = 256;
/// Largest price that a contract may state: 1,000 yuan/kWh, far above any market's cap.
pub const PRICE_MAX: quantity::Price = quantity::Price::from_micro_yuan_per_kwh(1_000_000_000);
