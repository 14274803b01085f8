//! The first record of a log: whose keys count.

use core::fmt;
use crypto::Verify;
use quantity::Instant;
use wire::identity::{Certificate, PublicKey, Role};
use wire::{DecodeError, Reader, Signed, Sink, WalletId, Wire};

/// The institutions of a bank and their keys: record 0 of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// When the bank was founded.
    pub at: Instant,
    /// First three digits of the operator's wallets, 1 to 999.
    pub operator_number: u16,
    /// The authentication centre, certified by itself.
    pub authentication: Signed<Certificate>,
    /// The central bank, certified by the authentication centre.
    pub central_bank: Signed<Certificate>,
    /// The registration centre, certified by the authentication centre.
    pub registration: Signed<Certificate>,
    /// The operating institution, certified by the authentication centre.
    pub operator: Signed<Certificate>,
}

/// Why a genesis isn't to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenesisError {
    /// The authentication centre isn't the one expected.
    OtherAuthority,
    /// The certificate of this institution has another role, another issuer or a bad signature.
    BadCertificate(Role),
    /// The number of the operator isn't 1 to 999.
    BadOperatorNumber,
    /// Two institutions share one key.
    SharedKey,
}

impl fmt::Display for GenesisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherAuthority => write!(f, "another authentication centre than expected"),
            Self::BadCertificate(role) => write!(f, "the certificate of {role:?} is bad"),
            Self::BadOperatorNumber => write!(f, "the number of the operator isn't 1 to 999"),
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
        if self.operator_number == 0 || self.operator_number > 999 {
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
        match self.institutions().into_iter().find(|(_, certificate)| bad(certificate)) {
            None => Ok(()),
            Some((role, _)) => Err(GenesisError::BadCertificate(role)),
        }
    }

    /// Each institution's role and certificate.
    pub(crate) const fn institutions(&self) -> [(Role, &Signed<Certificate>); 4] {
        [
            (Role::AuthenticationCentre, &self.authentication),
            (Role::CentralBank, &self.central_bank),
            (Role::RegistrationCentre, &self.registration),
            (Role::Operator, &self.operator),
        ]
    }

    fn check_keys_differ(&self) -> Result<(), GenesisError> {
        let mut keys = self.institutions().map(|(_, certificate)| certificate.body.public_key);
        keys.sort_unstable();
        let shared = keys.windows(2).any(|pair| pair[0] == pair[1]);
        if shared { Err(GenesisError::SharedKey) } else { Ok(()) }
    }
}

impl Wire for Genesis {
    const TAG: &'static [u8] = b"JIDIAN-GENESIS-1";

    fn write(&self, out: &mut Sink<'_>) {
        self.at.write(out);
        self.operator_number.write(out);
        for (_, certificate) in self.institutions() {
            certificate.write(out);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            at: Wire::read(reader)?,
            operator_number: Wire::read(reader)?,
            authentication: Wire::read(reader)?,
            central_bank: Wire::read(reader)?,
            registration: Wire::read(reader)?,
            operator: Wire::read(reader)?,
        })
    }
}
