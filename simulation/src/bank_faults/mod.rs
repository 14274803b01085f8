//! Fault campaigns against the bank: one seed is the whole life of a bank on a disk and a network
//! that fail in every way that is assumed of them.
//!
//! A life founds a bank, lets several keys and institutions sign some hundred operations of all kinds
//! that move or bind money, and mixes in: writes lost, torn at any byte or kept by sectors in any order; power cut at any operation of the
//! disk; deaths of the process alone; syncs that fail and leave the operating system showing what
//! isn't there; a full disk; flipped bits; a clock that jumps both ways; messages lost, doubled, late
//! and out of order, with retries by the keys. After each restart and at the end it checks:
//!
//! - nothing acknowledged is lost, nothing is applied twice: each key's chain and each part of each
//!   wallet are those of plain books that follow the same rules and share no code with the bank;
//! - no wallet owes; all wallets together hold what was issued; what they have set aside and in coin
//!   strings is the sum of the holds and of the strings;
//! - the recovered state is, digest for digest, the state that was acknowledged, and an audit of the
//!   log with all signatures gives the same;
//! - a flipped bit in the middle is refused with its record and offset, one in the last record is
//!   told as an unfinished append, and a refused log is left as it is;
//! - once the faults stop, every order gets its answer.
//!
//! The parts are the real ones: [`bank::Bank`] over [`bank::log::StoredLog`]. Only the medium is
//! simulated, and signatures are [`KeyedDigest`]s. [`Plant`] puts bugs in, to show that a campaign
//! finds them.

mod books;
mod dice;
mod disk;
mod keyed_digest;
mod life;
mod load;
mod network;
mod offer;
mod orders;
mod parties;
mod plant;
mod report;

pub use keyed_digest::{KeyedDigest, KeyedDigestVerifier};
pub use load::Load;
pub use plant::Plant;
pub use report::{Finding, Report};

/// Lives one life, with a bug in it if one is planted.
///
/// # Errors
/// [`Finding`], if something isn't as it must be.
pub fn live(seed: u64, plant: Option<Plant>) -> Result<Report, Finding> {
    life::Life::begin(seed, plant).and_then(life::Life::run)
}
