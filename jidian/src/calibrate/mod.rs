//! Calibration at a desk: readings of a bench as a table, the report before and after, the constants.
//!
//! What the constants are is decided in [`metering::calibration`]; here it is read ([`readings`])
//! and shown ([`report`], [`table`], [`json`]). Nothing here opens a file.

pub mod json;
pub mod limits;
pub mod readings;
pub mod report;
pub mod table;

pub use readings::{Row, read};
pub use report::Report;
