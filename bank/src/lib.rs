//! The digital yuan of the paper's Figure 2, as a sandbox: it is no real e-CNY and moves no money.
//!
//! | box of the paper | module |
//! |---|---|
//! | central bank, issuance vault 发行库 | [`issuance`] |
//! | operating institutions, bank vaults 银行库 | [`operator`] |
//! | authentication centre 认证中心 | [`authentication`]: alone knows whose a serial number is |
//! | registration centre 登记中心 | [`registration`]: the ledger; sees keys and wallets, never a name |
//! | big-data analysis centre 大数据分析中心 | [`analysis`]: sums and alarms under pseudonyms, no key |
//!
//! Limits and interest are dated tables: [`policy`].
//!
//! All four speak through [`operation`]s: signed orders in one ordered [`log`]. [`Bank`] is the
//! front that takes batches of them: it checks signatures, applies, appends one [`record`] and only
//! then answers. [`replay`] rebuilds a bank from the records and audits them offline.
//!
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

pub mod analysis;
pub mod authentication;
pub mod cluster;
mod code;
pub mod command;
mod desk;
mod digests;
pub mod export;
mod front;
mod genesis;
pub mod issuance;
pub mod log;
pub mod operation;
pub mod operator;
pub mod policy;
pub mod record;
pub mod registration;
pub mod replay;
pub mod terms;

pub use code::{ResultCode, Statistics};
pub use command::Command;
pub use desk::Desk;
pub use front::{Answer, Bank, FoundError, Recorder};
pub use genesis::{
    Genesis, GenesisError, GenesisOperator, OPERATORS_MAX, bank_vault, issuance_vault,
};
pub use log::{LogError, MemoryLog, OrderedLog};
pub use operation::{Instruction, Operation};
pub use registration::{Registration, Settled};
pub use replay::{AuditReport, Damage, audit};
pub use terms::{Grade, WalletKind};
