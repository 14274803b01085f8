//! What became of an operation: one code per item, ordered by precedence.

use wire::{DecodeError, Reader, Sink, Wire};

/// What became of an operation. If several codes fit, the lowest one above zero is given.
///
/// Refusals up to [`Gap`](Self::Gap) are structural: the chain of the key stands where it stood.
/// Those behind it burn the sequence number: the order is recorded with its code, and a new attempt
/// needs a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ResultCode {
    /// Done: final settlement.
    Accepted = 0,
    /// An amount that isn't above zero, or sequence number zero. Never enters the log.
    Malformed = 1,
    /// No wallet is bound to the key.
    UnknownKey = 2,
    /// The certificate of the key was revoked.
    RevokedKey = 3,
    /// The certificate of the key isn't valid now.
    ExpiredCertificate = 4,
    /// The role of the key doesn't allow such an operation.
    WrongRole = 5,
    /// The signature isn't the key's.
    BadSignature = 6,
    /// The very same order came before; the answer carries its original receipt.
    Exists = 7,
    /// The sequence number is so old that its order isn't remembered any more.
    Stale = 8,
    /// Another order has this sequence number, or `previous` names another order: the key was
    /// copied or its memory turned back. Counts as an alarm.
    Fork = 9,
    /// An order before this one is missing.
    Gap = 10,
    /// What the operation encloses (a certificate to be bound, a warrant) isn't signed by whom it
    /// must be.
    BadEnclosure = 11,
    /// The certificate to be bound is revoked, not valid now, or of a role that owns no wallet.
    UnfitCertificate = 12,
    /// A wallet named doesn't exist.
    UnknownWallet = 13,
    /// The wallet to be opened exists.
    WalletExists = 14,
    /// The wallet isn't the operator's customer's: another operator's, or a vault.
    ForeignWallet = 15,
    /// The parent is a sub-wallet itself or a vault, or the wallet has no parent.
    WrongParent = 16,
    /// The key may debit as many wallets as a key can.
    TooManyWallets = 17,
    /// No operator has this number.
    UnknownOperator = 18,
    /// There is no such hold: never made, used up, given back or expired.
    UnknownHold = 19,
    /// There is no such coin string: never made, or retired.
    UnknownCoin = 20,
    /// The template isn't approved for this.
    UnknownTemplate = 21,
    /// The terms contradict each other or the past: a period that ends before it begins, a rule for
    /// days that are over, coin strings of unlike terms, denominations of another sum.
    WrongTerms = 22,
    /// The key may not debit the wallet.
    NotBound = 23,
    /// The wallet that pays is frozen (it still receives).
    Frozen = 24,
    /// A leg pays the wallet that it debits.
    SameWallet = 25,
    /// The time for it hasn't come: a hold before its first instant, money that can't be called back
    /// before its end.
    TooEarly = 26,
    /// The time for it is over.
    Expired = 27,
    /// The money is bound to other payees.
    WrongPurpose = 28,
    /// More than the wallet may pay by one order.
    SingleLimit = 29,
    /// More than the wallet may pay on one day.
    DayLimit = 30,
    /// More than the wallet may pay in one year.
    YearLimit = 31,
    /// More than the wallet may hold.
    BalanceLimit = 32,
    /// More than the quota of issuance or of the operator.
    OverQuota = 33,
    /// The operator's reserve account holds too little.
    InsufficientReserve = 34,
    /// The bank account that is linked to the wallet holds too little.
    InsufficientDeposit = 35,
    /// An amount of money leaves what can be counted.
    Overflow = 36,
    /// The wallet, the hold or the coin strings hold too little.
    InsufficientFunds = 37,
}

impl ResultCode {
    /// All codes, by rising number.
    pub const ALL: [Self; 38] = [
        Self::Accepted,
        Self::Malformed,
        Self::UnknownKey,
        Self::RevokedKey,
        Self::ExpiredCertificate,
        Self::WrongRole,
        Self::BadSignature,
        Self::Exists,
        Self::Stale,
        Self::Fork,
        Self::Gap,
        Self::BadEnclosure,
        Self::UnfitCertificate,
        Self::UnknownWallet,
        Self::WalletExists,
        Self::ForeignWallet,
        Self::WrongParent,
        Self::TooManyWallets,
        Self::UnknownOperator,
        Self::UnknownHold,
        Self::UnknownCoin,
        Self::UnknownTemplate,
        Self::WrongTerms,
        Self::NotBound,
        Self::Frozen,
        Self::SameWallet,
        Self::TooEarly,
        Self::Expired,
        Self::WrongPurpose,
        Self::SingleLimit,
        Self::DayLimit,
        Self::YearLimit,
        Self::BalanceLimit,
        Self::OverQuota,
        Self::InsufficientReserve,
        Self::InsufficientDeposit,
        Self::Overflow,
        Self::InsufficientFunds,
    ];

    /// The code of a number, such as that of a receipt's leaf.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The number, as it stands in a receipt's leaf.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether the same bytes, sent again later, may have another outcome.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        match self {
            Self::UnknownKey | Self::ExpiredCertificate | Self::Gap => true,
            Self::Accepted
            | Self::Malformed
            | Self::RevokedKey
            | Self::WrongRole
            | Self::BadSignature
            | Self::Exists
            | Self::Stale
            | Self::Fork
            | Self::BadEnclosure
            | Self::UnfitCertificate
            | Self::UnknownWallet
            | Self::WalletExists
            | Self::ForeignWallet
            | Self::WrongParent
            | Self::TooManyWallets
            | Self::UnknownOperator
            | Self::UnknownHold
            | Self::UnknownCoin
            | Self::UnknownTemplate
            | Self::WrongTerms
            | Self::NotBound
            | Self::Frozen
            | Self::SameWallet
            | Self::TooEarly
            | Self::Expired
            | Self::WrongPurpose
            | Self::SingleLimit
            | Self::DayLimit
            | Self::YearLimit
            | Self::BalanceLimit
            | Self::OverQuota
            | Self::InsufficientReserve
            | Self::InsufficientDeposit
            | Self::Overflow
            | Self::InsufficientFunds => false,
        }
    }

    /// Whether the operation took its sequence number: the chain of its key goes on behind it.
    #[must_use]
    pub fn burns_sequence(self) -> bool {
        self == Self::Accepted || self > Self::Gap
    }

    /// Whether the outcome stands in a leaf under the signed root, so that a receipt proves it.
    ///
    /// Only what can never change for this order is proved: so nobody can send a meter's order
    /// under a wrong signature and show the meter a genuine receipt of its refusal.
    #[must_use]
    pub fn is_proved(self) -> bool {
        self.burns_sequence() || self == Self::Fork
    }

    /// The name in tables, logs and pages, such as `insufficient_funds`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::RevokedKey => "revoked_key",
            Self::ExpiredCertificate => "expired_certificate",
            Self::WrongRole => "wrong_role",
            Self::BadSignature => "bad_signature",
            Self::Exists => "exists",
            Self::Stale => "stale",
            Self::Fork => "fork",
            Self::Gap => "gap",
            Self::BadEnclosure => "bad_enclosure",
            Self::UnfitCertificate => "unfit_certificate",
            Self::UnknownWallet => "unknown_wallet",
            Self::WalletExists => "wallet_exists",
            Self::ForeignWallet => "foreign_wallet",
            Self::WrongParent => "wrong_parent",
            Self::TooManyWallets => "too_many_wallets",
            Self::UnknownOperator => "unknown_operator",
            Self::UnknownHold => "unknown_hold",
            Self::UnknownCoin => "unknown_coin",
            Self::UnknownTemplate => "unknown_template",
            Self::WrongTerms => "wrong_terms",
            Self::NotBound => "not_bound",
            Self::Frozen => "frozen",
            Self::SameWallet => "same_wallet",
            Self::TooEarly => "too_early",
            Self::Expired => "expired",
            Self::WrongPurpose => "wrong_purpose",
            Self::SingleLimit => "single_limit",
            Self::DayLimit => "day_limit",
            Self::YearLimit => "year_limit",
            Self::BalanceLimit => "balance_limit",
            Self::OverQuota => "over_quota",
            Self::InsufficientReserve => "insufficient_reserve",
            Self::InsufficientDeposit => "insufficient_deposit",
            Self::Overflow => "overflow",
            Self::InsufficientFunds => "insufficient_funds",
        }
    }
}

impl core::fmt::Display for ResultCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl Wire for ResultCode {
    fn write(&self, out: &mut Sink<'_>) {
        self.number().write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        Self::from_number(u8::read(reader)?).ok_or(reader.refuse(at, "result code"))
    }
}

/// How often each code was given to a recorded operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    counts: [u64; ResultCode::ALL.len()],
}

impl Default for Statistics {
    fn default() -> Self {
        Self { counts: [0; ResultCode::ALL.len()] }
    }
}

impl Statistics {
    /// How often `code` was given.
    #[must_use]
    pub const fn count(&self, code: ResultCode) -> u64 {
        self.counts[code as usize]
    }

    /// Operations accepted.
    #[must_use]
    pub const fn accepted(&self) -> u64 {
        self.count(ResultCode::Accepted)
    }

    /// Operations that didn't move anything, repetitions included.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.counts.iter().skip(1).fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Alarms: forks of a key's chain.
    #[must_use]
    pub const fn alarms(&self) -> u64 {
        self.count(ResultCode::Fork)
    }

    pub(crate) fn set(&mut self, code: ResultCode, count: u64) {
        self.counts[usize::from(code.number())] = count;
    }

    pub(crate) fn add(&mut self, code: ResultCode) {
        let count = &mut self.counts[usize::from(code.number())];
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_rising() {
        for (number, code) in ResultCode::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(code.number()), number);
            assert_eq!(ResultCode::from_number(code.number()), Some(code));
        }
        assert_eq!(ResultCode::from_number(38), None);
    }

    #[test]
    fn what_may_change_is_never_proved() {
        for code in ResultCode::ALL {
            assert!(!(code.is_transient() && code.is_proved()), "{code}");
        }
    }
}
