//! The live console: views of a running pilot.
//!
//! ```text
//! pilot --minute--> Board { World, History } <--views-- Live: view::Console <-- web
//! ```
//!
//! Whoever runs the pilot locks the [`Board`] for a minute at a time; [`Live`] locks it for the
//! microseconds of a view. Nothing here changes what the pilot does.

mod analysis;
mod board;
mod curves;
mod decision;
mod events;
mod explained;
mod flows;
mod history;
mod holds;
mod live;
mod meters;
mod parties;
#[cfg(test)]
mod tests;
mod trace;
mod words;

pub use board::{Board, Readers};
pub use history::{History, PAYMENTS_KEPT};
pub use live::Live;
