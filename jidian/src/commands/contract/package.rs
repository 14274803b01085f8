//! A package file: the package as meters get it, then the source text that its signers read.

use super::Failure;
use serde_json::json;
use std::path::Path;
use wire::package::SignedPackage;
use wire::{Reader, Signature, Wire};

/// Ending of the name of a package file.
pub(super) const EXTENSION: &str = "package";

/// Its content.
pub(super) struct PackageFile {
    pub(super) signed: SignedPackage,
    pub(super) source: String,
}

impl PackageFile {
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(file).map_err(|error| Failure::at(file.display(), error))?;
        let parse = || {
            let mut reader = Reader::new(&bytes);
            let signed = SignedPackage::read(&mut reader)
                .map_err(|error| format!("not a contract package: {error}"))?;
            let source = String::from_utf8(bytes[reader.at()..].to_vec())
                .map_err(|_| "the source text behind the package isn't UTF-8".to_owned())?;
            Ok(Self { signed, source })
        };
        parse().map_err(|error: String| Failure::at(file.display(), error))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.signed.write(&mut |part| bytes.extend_from_slice(part));
        bytes.extend_from_slice(self.source.as_bytes());
        bytes
    }
}

/// Whether a file holds a package and not a source.
pub(super) fn is_package(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == EXTENSION)
}

fn has(signature: &Signature) -> bool {
    *signature != Signature::default()
}

impl PackageFile {
    /// In words.
    pub(super) fn summary(&self) -> String {
        let package = &self.signed.package;
        format!(
            "package {} of its class, version {}\n  takes over at {}, valid from {} until {}\n  \
             {}\n  digest (SM3) {}",
            package.sequence,
            package.version,
            package.active_from.civil(),
            package.valid_from.civil(),
            package.valid_until.civil(),
            signers(has(&self.signed.regulator), has(&self.signed.grid_company)),
            crypto::digest(package),
        )
    }

    /// As JSON.
    pub(super) fn described(&self, file: &Path) -> serde_json::Value {
        let package = &self.signed.package;
        json!({
            "file": file.display().to_string(),
            "class": package.class,
            "direction": package.direction,
            "sequence": package.sequence,
            "version": package.version,
            "valid_from": package.valid_from.civil().to_string(),
            "valid_until": package.valid_until.civil().to_string(),
            "active_from": package.active_from.civil().to_string(),
            "digest": crypto::digest(package).to_string(),
            "signed_by_regulator": has(&self.signed.regulator),
            "signed_by_grid_company": has(&self.signed.grid_company),
        })
    }
}

const fn signers(regulator: bool, grid_company: bool) -> &'static str {
    match (regulator, grid_company) {
        (true, true) => "carries signatures of regulator and grid company",
        (true, false) => "signed by the regulator; the grid company's signature is missing",
        (false, true) => "signed by the grid company; the regulator's signature is missing",
        (false, false) => "not signed",
    }
}
