//! What answers the routes: reads the call, asks whose it is, and looks at the ledger or acts.

pub(super) mod audit;
pub(super) mod desk;
pub(super) mod disclosure;
pub(super) mod issuance;
pub(super) mod ledger;
pub(super) mod orders;
pub(super) mod policy;
pub(super) mod wallets;
