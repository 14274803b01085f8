//! The bank as a service that others can call: HTTP over TLS 1.3 with client certificates.
//!
//! It is a sandbox: all keys of the institutions come from a seed, and no real money moves. A TLS
//! certificate only tells who calls; money moves by SM2-signed operations alone.
//!
//! ```text
//! TLS ([tls]) -> not withdrawn ([revocation]) -> who ([who]) -> rate ([rate]) -> role ([routes]) -> body, idempotency key ([router])
//!     -> whose wallet ([access]) -> reading: the ledger in memory
//!                                \-> acting: the one writer ([writer]) -> bank.log -> answer
//! ```
//! What can be pure is: [`rate`], [`idempotency`], [`access`] and the table in [`routes`].

pub mod access;
mod call;
pub mod certificates;
mod desk_log;
mod endpoints;
pub mod idempotency;
mod import;
mod institutions;
mod json;
mod memory;
mod openapi;
mod problem;
pub mod rate;
pub mod revocation;
mod router;
pub mod routes;
mod start;
pub mod storage;
#[cfg(test)]
mod tests;
mod tls;
pub mod who;
mod writer;

pub use call::{Call, day};
pub(crate) use desk_log::DeskCall;
pub use import::{ImportRow, Imported, import};
pub(crate) use json::movement;
pub use openapi::document as openapi_document;
pub use problem::{Problem, Reply};
pub use router::router;
pub use start::{Options, StartError, start};
pub use tls::serve;
pub use writer::Ledger;

use idempotency::Table;
use institutions::Supervisor;
use quantity::Instant;
use rate::Limiter;
use revocation::Gate;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use who::Caller;
use writer::Jobs;

/// What every call gets.
pub struct Service {
    ledger: Arc<RwLock<Ledger>>,
    jobs: Jobs,
    calls: Mutex<Table<Reply>>,
    limiter: Mutex<Limiter>,
    clock: fn() -> Instant,
    genesis: bank::Genesis,
    supervisor: Supervisor,
    gate: Gate,
}

impl Service {
    /// The ledger as it stands.
    fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn calls(&self) -> MutexGuard<'_, Table<Reply>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes tokens of a caller.
    fn charge(&self, caller: Caller, tokens: u32) -> Result<(), Problem> {
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        limiter.take(caller.certificate, (self.clock)(), tokens).map_err(Problem::too_fast)
    }
}
