//! The sandbox's TLS certificates: its own authority, the server's, and those of clients.
//!
//! ```text
//! tls/ca.pem  tls/ca.key        the authority; who has the key can make any client
//! tls/server.pem  tls/server.key
//! tls/clients/NAME.pem  .key    one for each role at the first start, more by command
//! tls/crl.pem                   those that were withdrawn, if any were
//! ```

use super::revocation::RevocationList;
use super::who::Identity;
use quantity::{CivilDate, Duration, Instant};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, RevokedCertParams, SanType, SerialNumber, string::Ia5String,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Certificates of clients and of the server are valid this long, the authority's ten times.
const VALIDITY_DAYS: i64 = 365;

/// Why a certificate couldn't be made.
#[derive(Debug)]
pub struct CertificateError(String);

impl core::fmt::Display for CertificateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for CertificateError {}

fn at(path: &Path, reason: impl core::fmt::Display) -> CertificateError {
    CertificateError(format!("{}: {reason}", path.display()))
}

impl From<rcgen::Error> for CertificateError {
    fn from(error: rcgen::Error) -> Self {
        Self(format!("making a certificate: {error}"))
    }
}

/// The folder of certificates.
#[derive(Clone, Debug)]
pub struct Certificates(PathBuf);

/// Where a certificate and its key were put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM, readable by the owner alone.
    pub key: PathBuf,
}

impl Certificates {
    /// The folder `tls` of a bank's directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self(directory.join(super::storage::TLS))
    }

    /// The authority's certificate: what clients trust, and what clients must be signed by.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    fn authority_key(&self) -> PathBuf {
        self.0.join("ca.key")
    }

    /// The server's certificate and key.
    #[must_use]
    pub fn server(&self) -> Pair {
        Pair { certificate: self.0.join("server.pem"), key: self.0.join("server.key") }
    }

    /// The list of withdrawn certificates; it may be missing.
    #[must_use]
    pub fn revocations(&self) -> PathBuf {
        self.0.join("crl.pem")
    }

    /// Names of all clients whose certificates are here, in order.
    ///
    /// # Errors
    /// [`CertificateError`] if the folder can't be read.
    pub fn client_names(&self) -> Result<Vec<String>, CertificateError> {
        let folder = self.0.join("clients");
        let entries = std::fs::read_dir(&folder).map_err(|error| at(&folder, error))?;
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| at(&folder, error))?.file_name();
            names.extend(
                name.to_str().and_then(|name| name.strip_suffix(".pem")).map(str::to_owned),
            );
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Withdraws a client's certificate: it is put on the list that the authority signs, for ever.
    ///
    /// # Errors
    /// [`CertificateError`] if there is no such certificate, or the authority's key isn't here.
    pub fn revoke(&self, now: Instant, name: &str) -> Result<(), CertificateError> {
        let path = self.client(name).certificate;
        let list = RevocationList::read(self, now);
        let list = list.map_err(|error| CertificateError(error.to_string()))?;
        let mut entries = list.map_or_else(BTreeMap::new, |list| list.entries().clone());
        entries.entry(serial_of(&path)?).or_insert(now);
        // Days of UTC, which begin eight hours later: a list must not be of tomorrow.
        let date = |at: Instant| dated(at - Duration::from_hours(8), rcgen::date_time_ymd);
        let certs = entries.iter().map(|(serial, at)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: date(*at),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date(now),
            // Nobody is let in again because a list is old, so this only names the authority's end.
            next_update: date(now + Duration::from_days(10 * VALIDITY_DAYS)),
            crl_number: SerialNumber::from(u64::try_from(now.unix_milliseconds()).unwrap_or(0)),
            issuing_distribution_point: None,
            revoked_certs: certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let pem = list.signed_by(&self.issuer(now)?)?.pem()?;
        replace(&self.revocations(), &pem)
    }

    fn issuer(&self, now: Instant) -> Result<Issuer<'static, KeyPair>, CertificateError> {
        let path = self.authority_key();
        let authority = std::fs::read_to_string(&path).map_err(|error| at(&path, error))?;
        let authority = KeyPair::from_pem(&authority).map_err(|error| at(&path, error))?;
        // Only name and key of the authority count here, so its certificate needn't be read.
        Ok(Issuer::new(authority_parameters(now)?, authority))
    }

    /// Certificate and key of a client.
    #[must_use]
    pub fn client(&self, name: &str) -> Pair {
        let folder = self.0.join("clients");
        Pair {
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        }
    }

    /// Makes whatever is missing: the authority, the server's certificate for these names, and one
    /// client for each identity.
    ///
    /// # Errors
    /// [`CertificateError`] names the file that can't be written or isn't a key.
    pub fn complete(
        &self,
        now: Instant,
        server_names: &[String],
        clients: &[(&str, Identity)],
    ) -> Result<Vec<Pair>, CertificateError> {
        let folder = self.0.join("clients");
        std::fs::create_dir_all(&folder).map_err(|error| at(&folder, error))?;
        if !self.authority().exists() {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let certificate = authority_parameters(now)?.self_signed(&key)?;
            let pair = Pair { certificate: self.authority(), key: self.authority_key() };
            write_pair(&pair, &certificate.pem(), &key.serialize_pem())?;
        }
        let mut made = Vec::new();
        if !self.server().certificate.exists() {
            let mut parameters = CertificateParams::new(server_names)?;
            parameters.distinguished_name.push(DnType::CommonName, "Jidian sandbox bank");
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            made.push(self.sign(now, parameters, self.server())?);
        }
        for (name, identity) in clients {
            if !self.client(name).certificate.exists() {
                made.push(self.client_of(now, name, *identity)?);
            }
        }
        Ok(made)
    }

    /// Makes a client certificate; the files must not exist.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn client_of(
        &self,
        now: Instant,
        name: &str,
        identity: Identity,
    ) -> Result<Pair, CertificateError> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.subject_alt_names =
            vec![SanType::URI(Ia5String::try_from(identity.to_string())?)];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(now, parameters, self.client(name))
    }

    fn sign(
        &self,
        now: Instant,
        mut parameters: CertificateParams,
        pair: Pair,
    ) -> Result<Pair, CertificateError> {
        let issuer = self.issuer(now)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.use_authority_key_identifier_extension = true;
        set_validity(&mut parameters, now, VALIDITY_DAYS);
        let certificate = parameters.signed_by(&key, &issuer)?;
        write_pair(&pair, &certificate.pem(), &key.serialize_pem())?;
        Ok(pair)
    }
}

fn authority_parameters(now: Instant) -> Result<CertificateParams, CertificateError> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.distinguished_name.push(DnType::CommonName, "Jidian sandbox authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut parameters, now, 10 * VALIDITY_DAYS);
    Ok(parameters)
}

/// From yesterday on, so that a client whose clock is a little late gets in.
fn set_validity(parameters: &mut CertificateParams, now: Instant, days: i64) {
    let date = |at| dated(at, rcgen::date_time_ymd);
    parameters.not_before = date(now - Duration::from_days(1));
    parameters.not_after = date(now + Duration::from_days(days));
}

/// The day of an instant, as `make` writes it.
fn dated<T>(at: Instant, make: fn(i32, u8, u8) -> T) -> T {
    let CivilDate { year, month, day } = at.civil().date;
    make(year, month, day)
}

/// Serial number of a certificate.
fn serial_of(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let der = CertificateDer::from_pem_file(path).map_err(|error| at(path, error))?;
    let parsed = webpki::EndEntityCert::try_from(&der).map_err(|error| at(path, error))?;
    Ok(parsed.serial().to_vec())
}

/// Replaces a file all at once.
fn replace(path: &Path, text: &str) -> Result<(), CertificateError> {
    let new = path.with_extension("new");
    let _ = std::fs::remove_file(&new);
    write_new(&new, text, 0o644)?;
    std::fs::rename(&new, path).map_err(|error| at(path, error))
}

/// Writes a certificate that must not exist, behind its key: a key without a certificate was left by
/// a start that was cut off, and counts for nothing.
fn write_pair(pair: &Pair, certificate: &str, key: &str) -> Result<(), CertificateError> {
    if pair.certificate.exists() {
        return Err(at(&pair.certificate, "exists already; choose another name"));
    }
    let _ = std::fs::remove_file(&pair.key);
    write_new(&pair.key, key, 0o600)?;
    write_new(&pair.certificate, certificate, 0o644)
}

/// Writes a file that must not exist.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), CertificateError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file: File| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| at(path, error))
}
