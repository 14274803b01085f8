//! Who calls: the identity that a client certificate names.
//!
//! A TLS certificate says who is on the line, nothing else: money moves by SM2-signed operations
//! alone.

use core::fmt;
use rustls::pki_types::CertificateDer;
use wire::{Digest, KeyId};

/// What a caller is to the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Issues and retires.
    CentralBank,
    /// Opens wallets, exchanges deposits.
    Operator,
    /// Owner of a key: a person, a company or a meter.
    Holder,
    /// Sees sums, never keys or wallets.
    Analyst,
    /// Sees everything but names, changes nothing.
    Auditor,
    /// Opens whose a certificate is, with the supervisor's signature.
    AuthenticationCentre,
    /// Signs that a certificate may be opened.
    Supervisor,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::CentralBank,
        Self::Operator,
        Self::Holder,
        Self::Analyst,
        Self::Auditor,
        Self::AuthenticationCentre,
        Self::Supervisor,
    ];

    /// The word for it, as in certificates and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CentralBank => "central-bank",
            Self::Operator => "operator",
            Self::Holder => "holder",
            Self::Analyst => "analyst",
            Self::Auditor => "auditor",
            Self::AuthenticationCentre => "authentication-centre",
            Self::Supervisor => "supervisor",
        }
    }
}

/// A role, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// The central bank.
    CentralBank,
    /// The operator whose wallets begin with these three digits.
    Operator(u16),
    /// The owner of a key.
    Holder(KeyId),
    /// An analyst.
    Analyst,
    /// An auditor.
    Auditor,
    /// The authentication centre.
    AuthenticationCentre,
    /// The supervisor.
    Supervisor,
}

const PREFIX: &str = "urn:jidian:";

impl Identity {
    /// Its role.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::CentralBank => Role::CentralBank,
            Self::Operator(_) => Role::Operator,
            Self::Holder(_) => Role::Holder,
            Self::Analyst => Role::Analyst,
            Self::Auditor => Role::Auditor,
            Self::AuthenticationCentre => Role::AuthenticationCentre,
            Self::Supervisor => Role::Supervisor,
        }
    }

    /// The key of a holder.
    #[must_use]
    pub const fn key(self) -> Option<KeyId> {
        match self {
            Self::Holder(key) => Some(key),
            Self::CentralBank
            | Self::Operator(_)
            | Self::Analyst
            | Self::Auditor
            | Self::AuthenticationCentre
            | Self::Supervisor => None,
        }
    }

    /// Reads the name that [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn from_urn(urn: &str) -> Option<Self> {
        let found = Self::parse(urn.strip_prefix(PREFIX)?)?;
        // One spelling for each identity.
        (found.to_string() == urn).then_some(found)
    }

    fn parse(name: &str) -> Option<Self> {
        Some(match name.split_once(':') {
            None if name == Role::CentralBank.word() => Self::CentralBank,
            None if name == Role::Analyst.word() => Self::Analyst,
            None if name == Role::Auditor.word() => Self::Auditor,
            None if name == Role::AuthenticationCentre.word() => Self::AuthenticationCentre,
            None if name == Role::Supervisor.word() => Self::Supervisor,
            Some(("operator", number)) => {
                Self::Operator(number.parse().ok().filter(|number| (1..=999).contains(number))?)
            }
            Some(("holder", key)) => Self::Holder(key.parse().ok()?),
            Some(_) | None => return None,
        })
    }
}

/// The name in a certificate, such as `urn:jidian:operator:102`.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.role().word())?;
        match self {
            Self::Operator(number) => write!(f, ":{number:03}"),
            Self::Holder(key) => write!(f, ":{key}"),
            Self::CentralBank
            | Self::Analyst
            | Self::Auditor
            | Self::AuthenticationCentre
            | Self::Supervisor => Ok(()),
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Digest of the client certificate: whom rate limits count.
    pub certificate: Digest,
    /// Digest of its serial number: what a list of withdrawn ones is searched for.
    pub serial: Digest,
    /// Whom it names; `None` if it names nobody, or more than one.
    pub identity: Option<Identity>,
}

impl Caller {
    /// Reads the identity off a certificate that the TLS layer has verified.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let parsed = webpki::EndEntityCert::try_from(certificate).ok();
        let serial = parsed.as_ref().map_or(&[][..], |parsed| parsed.serial());
        let identity = parsed.as_ref().and_then(|parsed| {
            let mut names = parsed.valid_uri_names().filter_map(Identity::from_urn);
            names.next().filter(|_| names.next().is_none())
        });
        Self { certificate: crypto::sm3(certificate), serial: crypto::sm3(serial), identity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_read_back_in_one_spelling_only() {
        let key = KeyId([0xab; 16]);
        let all = [
            (Identity::CentralBank, "urn:jidian:central-bank".to_owned()),
            (Identity::Operator(7), "urn:jidian:operator:007".to_owned()),
            (Identity::Holder(key), format!("urn:jidian:holder:{}", "ab".repeat(16))),
            (Identity::Analyst, "urn:jidian:analyst".to_owned()),
            (Identity::Auditor, "urn:jidian:auditor".to_owned()),
            (Identity::AuthenticationCentre, "urn:jidian:authentication-centre".to_owned()),
            (Identity::Supervisor, "urn:jidian:supervisor".to_owned()),
        ];
        for (identity, urn) in all {
            assert_eq!(identity.to_string(), urn);
            assert_eq!(Identity::from_urn(&urn), Some(identity));
        }
        let wrong = [
            "",
            "urn:jidian:",
            "urn:jidian:operator",
            "urn:jidian:operator:7",
            "urn:jidian:operator:000",
            "urn:jidian:operator:1000",
            "urn:jidian:holder:AB",
            "urn:jidian:auditor:1",
            "urn:JIDIAN:auditor",
            "auditor",
        ];
        for urn in wrong {
            assert_eq!(Identity::from_urn(urn), None, "{urn}");
        }
        let capitals = format!("urn:jidian:holder:{}", "AB".repeat(16));
        assert_eq!(Identity::from_urn(&capitals), None);
    }
}
