//! The trusted world from outside: commands in, replies out, and the power away at any byte.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, missing_docs, reason = "the modules of one test share what they need")]
#![allow(clippy::wildcard_enum_match_arm, reason = "any other reply is a failure")]

mod attacks;
mod bank;
mod conservation;
mod contracts;
mod limits;
mod power;
mod settlement;
mod succession;
mod world;
