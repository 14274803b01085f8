//! The digital yuan of the paper's Figure 2, as a sandbox: it is no real e-CNY and moves no money.
//!
//! | box of the paper | module |
//! |---|---|
//! | central bank, issuance vault 发行库 | [`issuance`] |
//! | operating institution, bank vault 银行库 | [`operator`] |
//! | authentication centre 认证中心 | [`authentication`]: alone knows whose a serial number is |
//! | registration centre 登记中心 | [`registration`]: the ledger; sees keys and wallets, never a name |
//! | big-data analysis centre 大数据分析中心 | not in this form |
//!
//! All four speak through [`operation`]s: signed orders in one ordered [`log`]. [`Bank`] is the
//! front that takes batches of them: it checks signatures, applies, appends one [`record`] and only
//! then answers. [`replay`] rebuilds a bank from the records and audits them offline.
//!
//! This form has one operator and doesn't yet enforce the limits of wallet grades.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

pub mod authentication;
mod code;
mod desk;
mod front;
mod genesis;
pub mod issuance;
pub mod log;
pub mod operation;
pub mod operator;
pub mod record;
pub mod registration;
pub mod replay;

pub use code::{ResultCode, Statistics};
pub use front::{Answer, Bank, FoundError};
pub use genesis::{Genesis, GenesisError, bank_vault, issuance_vault};
pub use log::{LogError, MemoryLog, OrderedLog};
pub use operation::{Command, Grade, Instruction, Operation, WalletKind};
pub use registration::Registration;
pub use replay::{AuditReport, Damage, audit};
