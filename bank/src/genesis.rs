//! The first record of a log: whose keys count.

use crate::terms::wire_fields;
use core::fmt;
use crypto::Verify;
use heapless::Vec as Bounded;
use quantity::Instant;
use wire::identity::{Certificate, PublicKey, Role};
use wire::{DecodeError, Reader, Signed, Sink, WalletId, Wire};

/// Most operating institutions of one bank.
pub const OPERATORS_MAX: usize = 16;

/// The institutions of a bank and their keys: record 0 of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// When the bank was founded.
    pub at: Instant,
    /// The authentication centre, certified by itself.
    pub authentication: Signed<Certificate>,
    /// The central bank, certified by the authentication centre.
    pub central_bank: Signed<Certificate>,
    /// The registration centre, certified by the authentication centre.
    pub registration: Signed<Certificate>,
    /// The supervisor, whose key the opening of an anonymous wallet needs beside the authentication
    /// centre's; certified by the latter.
    pub supervisor: Signed<Certificate>,
    /// The operating institutions, by rising number.
    pub operators: Bounded<GenesisOperator, OPERATORS_MAX>,
}

/// An operating institution 指定运营机构.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisOperator {
    /// First three digits of its wallets, 1 to 999.
    pub number: u16,
    /// Its key, certified by the authentication centre.
    pub certificate: Signed<Certificate>,
}

/// Why a genesis isn't to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenesisError {
    /// The authentication centre isn't the one expected.
    OtherAuthority,
    /// The certificate of this institution has another role, another issuer or a bad signature.
    BadCertificate(Role),
    /// There is no operator, or the numbers aren't 1 to 999 and rising.
    BadOperatorNumber,
    /// Two institutions share one key.
    SharedKey,
}

impl fmt::Display for GenesisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherAuthority => write!(f, "another authentication centre than expected"),
            Self::BadCertificate(role) => write!(f, "the certificate of {role:?} is bad"),
            Self::BadOperatorNumber => {
                write!(f, "the numbers of the operators aren't 1 to 999 and rising")
            }
            Self::SharedKey => write!(f, "two institutions share one key"),
        }
    }
}

impl core::error::Error for GenesisError {}

/// The wallet that holds issued money which no operator has taken yet.
#[must_use]
pub const fn issuance_vault() -> WalletId {
    WalletId::new(0, 0).expect("the number is short")
}

/// The wallet from which an operator's customers draw.
///
/// # Panics
/// If the number of the operator has more than three digits.
#[must_use]
pub const fn bank_vault(operator_number: u16) -> WalletId {
    WalletId::new(operator_number, 0).expect("an operator's number has three digits")
}

impl Genesis {
    /// Checks everything but the signatures: what replay relies on.
    ///
    /// # Errors
    /// [`GenesisError`] if the certificates don't fit together.
    pub fn check_form(&self, authority: &PublicKey) -> Result<(), GenesisError> {
        if self.authentication.body.public_key != *authority {
            return Err(GenesisError::OtherAuthority);
        }
        let numbers = || self.operators.iter().map(|operator| operator.number);
        let rising = numbers().zip(numbers().skip(1)).all(|(one, next)| one < next);
        let fits = numbers().all(|number| (1..=999).contains(&number));
        if self.operators.is_empty() || !rising || !fits {
            return Err(GenesisError::BadOperatorNumber);
        }
        let issuer = crypto::key_id(authority);
        for (role, certificate) in self.institutions() {
            if certificate.body.role != role || certificate.body.issuer != issuer {
                return Err(GenesisError::BadCertificate(role));
            }
        }
        self.check_keys_differ()
    }

    /// Checks everything. `authority` is the authentication centre that the caller trusts.
    ///
    /// # Errors
    /// [`GenesisError`] if a certificate is bad.
    pub fn check(&self, authority: &PublicKey, verifier: &impl Verify) -> Result<(), GenesisError> {
        self.check_form(authority)?;
        let bad = |certificate: &Signed<Certificate>| {
            !verifier.verify(authority, &certificate.body, &certificate.signature)
        };
        match self.institutions().find(|(_, certificate)| bad(certificate)) {
            None => Ok(()),
            Some((role, _)) => Err(GenesisError::BadCertificate(role)),
        }
    }

    /// Each institution's role and certificate.
    pub fn institutions(&self) -> impl Iterator<Item = (Role, &Signed<Certificate>)> {
        let centres = [
            (Role::AuthenticationCentre, &self.authentication),
            (Role::CentralBank, &self.central_bank),
            (Role::RegistrationCentre, &self.registration),
            (Role::Supervisor, &self.supervisor),
        ];
        let operators = self.operators.iter();
        let operators = operators.map(|operator| (Role::Operator, &operator.certificate));
        centres.into_iter().chain(operators)
    }

    fn check_keys_differ(&self) -> Result<(), GenesisError> {
        let keys = self.institutions().map(|(_, certificate)| certificate.body.public_key);
        let mut keys: Vec<PublicKey> = keys.collect();
        keys.sort_unstable();
        let shared = keys.windows(2).any(|pair| pair[0] == pair[1]);
        if shared { Err(GenesisError::SharedKey) } else { Ok(()) }
    }
}

wire_fields!(Genesis, b"JIDIAN-GENESIS-2", {
    at, authentication, central_bank, registration, supervisor, operators
});
wire_fields!(GenesisOperator, b"", { number, certificate });
