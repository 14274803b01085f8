//! Client certificates that were withdrawn before their end: the authority's list (RFC 5280).
//!
//! The list is the file `tls/crl.pem`, signed by the authority. It is looked at again for every
//! connection and every call, so a certificate that is put on it is of no use from then on, also on
//! connections that are open. Without the file nobody is withdrawn.

use super::certificates::Certificates;
use super::start::StartError;
use quantity::Instant;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use webpki::{BorrowedCertRevocationList, CertRevocationList, EndEntityCert, KeyUsage};
use wire::Digest;

/// A list that the authority signed.
#[derive(Clone, Debug)]
pub struct RevocationList {
    der: CertificateRevocationListDer<'static>,
    /// By serial number: when.
    entries: BTreeMap<Vec<u8>, Instant>,
}

/// Why a list can't be used.
#[derive(Debug)]
pub struct ListError(String);

impl core::fmt::Display for ListError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for ListError {}

fn at(path: &Path, reason: impl core::fmt::Display) -> ListError {
    ListError(format!("{}: {reason}", path.display()))
}

/// What a certificate is good for today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It opens what its role may see.
    Valid,
    /// It was withdrawn.
    Revoked,
    /// It has come to its end.
    Expired,
    /// The authority hasn't signed it, or it isn't a client's.
    Foreign,
}

impl Standing {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Foreign => "foreign",
        }
    }
}

impl RevocationList {
    /// Reads the list of a folder; `None` if there is none.
    ///
    /// # Errors
    /// [`ListError`] if it isn't one, or the authority hasn't signed it.
    pub fn read(certificates: &Certificates, now: Instant) -> Result<Option<Self>, ListError> {
        let path = certificates.revocations();
        if !path.exists() {
            return Ok(None);
        }
        let list = Self::read_unchecked(&path)?;
        // Every check of a certificate checks the list's signature; the server's own is always there.
        let own = certificates.server().certificate;
        let checked = verify(certificates, &own, KeyUsage::server_auth(), Some(&list), now)?;
        let not_ours = "the authority in ca.pem hasn't signed it; make it with `jidian bank \
                        certificate --revoke`";
        match checked {
            Ok(())
            | Err(
                webpki::Error::CertRevoked
                | webpki::Error::CertExpired { .. }
                | webpki::Error::CertNotValidYet { .. },
            ) => Ok(Some(list)),
            Err(_) => Err(at(&path, not_ours)),
        }
    }

    fn read_unchecked(path: &Path) -> Result<Self, ListError> {
        let wrong =
            |error: &dyn core::fmt::Display| at(path, format!("no revocation list: {error}"));
        let der =
            CertificateRevocationListDer::from_pem_file(path).map_err(|error| wrong(&error))?;
        let mut entries = BTreeMap::new();
        {
            let parsed =
                BorrowedCertRevocationList::from_der(&der).map_err(|error| wrong(&error))?;
            for entry in &parsed {
                let entry = entry.map_err(|error| wrong(&error))?;
                let seconds = i64::try_from(entry.revocation_date.as_secs()).unwrap_or(0);
                let at = Instant::from_unix_seconds(seconds);
                entries.insert(entry.serial_number.to_vec(), at);
            }
        }
        Ok(Self { der, entries })
    }

    /// Serial numbers that were withdrawn, and when.
    #[must_use]
    pub const fn entries(&self) -> &BTreeMap<Vec<u8>, Instant> {
        &self.entries
    }

    /// The list as TLS wants it.
    #[must_use]
    pub fn der(&self) -> CertificateRevocationListDer<'static> {
        self.der.clone()
    }
}

/// Checks a certificate against the authority and a list; the outer error is a file's.
fn verify(
    certificates: &Certificates,
    certificate: &Path,
    usage: KeyUsage,
    list: Option<&RevocationList>,
    now: Instant,
) -> Result<Result<(), webpki::Error>, ListError> {
    let read = |path: &Path| CertificateDer::from_pem_file(path).map_err(|error| at(path, error));
    let (authority, own) = (read(&certificates.authority())?, read(certificate)?);
    let anchor = webpki::anchor_from_trusted_cert(&authority)
        .map_err(|error| at(&certificates.authority(), error))?;
    let parsed = list.map(|list| BorrowedCertRevocationList::from_der(&list.der));
    let parsed = parsed.transpose().map_err(|error| at(&certificates.revocations(), error))?;
    let parsed = parsed.map(CertRevocationList::from);
    let lists: Vec<_> = parsed.iter().collect();
    let options = webpki::RevocationOptionsBuilder::new(&lists).ok().map(|builder| builder.build());
    let since = Duration::from_millis(u64::try_from(now.unix_milliseconds()).unwrap_or(0));
    let time = UnixTime::since_unix_epoch(since);
    let found = EndEntityCert::try_from(&own).and_then(|own| {
        let algorithms = webpki::ALL_VERIFICATION_ALGS;
        own.verify_for_usage(algorithms, &[anchor], &[], time, usage, options, None).map(|_| ())
    });
    Ok(found)
}

/// How a client's certificate stands.
///
/// # Errors
/// [`ListError`] if a file can't be read.
pub fn standing(
    certificates: &Certificates,
    certificate: &Path,
    list: Option<&RevocationList>,
    now: Instant,
) -> Result<Standing, ListError> {
    let found = verify(certificates, certificate, KeyUsage::client_auth(), list, now)?;
    Ok(match found {
        Ok(()) => Standing::Valid,
        Err(webpki::Error::CertRevoked) => Standing::Revoked,
        Err(webpki::Error::CertExpired { .. }) => Standing::Expired,
        Err(_) => Standing::Foreign,
    })
}

/// Whom the server lets in at this moment.
pub(super) struct Gate {
    certificates: Certificates,
    clock: fn() -> Instant,
    state: RwLock<State>,
}

/// When a file was written, and how long it is; `None` if it isn't there.
type Stamp = Option<(SystemTime, u64)>;

struct State {
    stamp: Stamp,
    /// Digests of withdrawn serial numbers.
    revoked: Vec<Digest>,
    tls: Arc<ServerConfig>,
}

impl Gate {
    /// Reads certificates and list.
    pub(super) fn open(
        certificates: Certificates,
        clock: fn() -> Instant,
    ) -> Result<Self, StartError> {
        let stamp = stamp(&certificates.revocations());
        let state = RwLock::new(State::read(&certificates, clock(), stamp)?);
        Ok(Self { certificates, clock, state })
    }

    /// How to shake hands with the next client.
    pub(super) fn tls(&self) -> Arc<ServerConfig> {
        self.look_again();
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner).tls)
    }

    /// Whether the certificate of this serial number was withdrawn.
    pub(super) fn is_revoked(&self, serial: Digest) -> bool {
        self.look_again();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.revoked.binary_search(&serial).is_ok()
    }

    /// A list that can't be used, or is gone, leaves the one before it in force.
    fn look_again(&self) {
        let stamp = stamp(&self.certificates.revocations());
        if self.state.read().unwrap_or_else(PoisonError::into_inner).stamp == stamp {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.stamp == stamp {
            return;
        }
        state.stamp = stamp;
        let path = self.certificates.revocations();
        let read = match stamp {
            None => Err(StartError::at(&path, "it is gone")),
            Some(_) => State::read(&self.certificates, (self.clock)(), stamp),
        };
        match read {
            Ok(read) => *state = read,
            Err(error) => eprintln!("note: {error}; the list before it stays in force"),
        }
    }
}

impl State {
    fn read(certificates: &Certificates, now: Instant, stamp: Stamp) -> Result<Self, StartError> {
        let list = RevocationList::read(certificates, now).map_err(StartError::other)?;
        let serials = list.iter().flat_map(|list| list.entries().keys());
        let mut revoked: Vec<Digest> = serials.map(|serial| crypto::sm3(serial)).collect();
        revoked.sort_unstable();
        let tls = super::tls::configuration(certificates, list.as_ref())?;
        Ok(Self { stamp, revoked, tls: Arc::new(tls) })
    }
}

fn stamp(path: &Path) -> Stamp {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}
