//! Names of accounts in plain-text accounting.

use super::row::Place;
use crate::genesis::issuance_vault;
use quantity::{CivilDate, Fen};

/// Account of one end of a movement. Wallets are assets of their holders; what was issued is the
/// equity that they add up to.
pub(super) fn account(place: Place) -> String {
    let Some(wallet) = place.wallet() else { return "Equity:Issued".to_owned() };
    if wallet == issuance_vault() {
        return "Assets:Vault:Issuance".to_owned();
    }
    let digits = wallet.to_string();
    let is_bank_vault = digits.get(3..15).is_some_and(|serial| serial == "000000000000");
    match is_bank_vault {
        true => format!("Assets:Vault:Bank{}", digits.get(..3).unwrap_or_default()),
        false => format!("Assets:Wallet:W{digits}"),
    }
}

/// Money with its sign, such as `-12.34`.
pub(super) fn negated(amount: Fen) -> Fen {
    Fen::ZERO.checked_sub(amount).expect("the ledger's sums stay far below the last number")
}

/// The day before.
pub(super) fn day_before(day: CivilDate) -> CivilDate {
    let hour = quantity::Duration::from_milliseconds(-3_600_000);
    day.start().checked_add(hour).map_or(day, |at| at.civil().date)
}

/// The day after.
pub(super) fn day_after(day: CivilDate) -> CivilDate {
    let hours = quantity::Duration::from_hours(36);
    day.start().checked_add(hours).map_or(day, |at| at.civil().date)
}
