//! The grid company of Figure 6 of the paper, first form: one node, five-minute intervals.
//!
//! ```text
//! observations -> forecast -> dispatch -> price -> publishing -> meters
//!                                 ^         |
//!                                 |         v
//!                     purse <- settlement <- records of the meters
//! ```
//!
//! | box of the paper | module |
//! |---|---|
//! | load forecast | [`forecast`] |
//! | operating data, generation and storage | [`dispatch`] |
//! | on-grid and sales prices, incentive price | [`price`] |
//! | rates of other systems as contracts | [`authoring`] |
//! | price contracts and signals over 5G | [`publishing`] |
//! | payment is settlement: the books | [`settlement`] |
//! | directed government subsidies | [`subsidy`] |
//! | the company's parent and sub-wallets | [`treasury`] |
//!
//! [`Grid`] puts them together; it is pure: time, observations and records come in as values, and
//! a [`Decision`] goes out that anyone can check with [`check`] without trusting the solver.
//! Floating point exists in [`forecast`] alone; energy, power, price and money are integers.

pub mod authoring;
mod codec;
mod decision;
pub mod dispatch;
pub mod forecast;
mod grid;
mod observation;
pub mod pilot;
pub mod price;
pub mod publishing;
pub mod settlement;
mod setup;
pub mod subsidy;
pub mod treasury;

pub use decision::{Decision, PurseOutlook, Violation, check, check_against};
pub use grid::Grid;
pub use observation::{LoadObservation, Observations, UnitObservation};
pub use setup::{
    ClassSetup, Floating, LoadTargets, MarketLimits, Offer, Participation, PurchaseRule, PurseRule,
    Response, SalesRule, Setup, SetupError, Storage, Unit, UnitId, UnitKind, Window,
};
