//! Authentication centre 认证中心: certifies keys, and alone knows whose they are.
//!
//! It sees no payment. The registration centre, which sees all payments, gets certificates that hold
//! a serial number and no name.

use crate::code::ResultCode;
use crate::command::Command;
use crate::desk::{Desk, institution};
use crate::operation::Operation;
use crate::registration::Chain;
use crate::terms::wire_fields;
use crypto::Sign;
use quantity::Instant;
use std::collections::{BTreeMap, BTreeSet};
use wire::identity::{Certificate, PublicKey, Role};
use wire::receipt::{Receipt, Root};
use wire::{DecodeError, Digest, Reader, Signature, Signed, Sink, Wire};

/// Longest name of a subject, in bytes.
pub const NAME_BYTES_MAX: usize = 255;

/// The authentication centre.
#[derive(Clone, Debug)]
pub struct AuthenticationCentre<S> {
    desk: Desk<S>,
    register: Register,
}

/// Whose certificates are whose, and which are withdrawn. To be kept apart from all payments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    subjects: BTreeMap<u64, String>,
    revoked: BTreeSet<u64>,
    disclosures: Vec<Disclosure>,
}

/// That it was opened whose a certificate is; final in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// Digest of the instruction.
    pub order: Digest,
    /// Number of its batch.
    pub batch: u64,
    /// When it became final.
    pub at: Instant,
    /// Serial number of the certificate.
    pub serial: u64,
    /// Digest of the order of the court or authority.
    pub warrant: Digest,
}

impl Disclosure {
    /// What an operation of a batch opened, if it is an accepted instruction to.
    #[must_use]
    pub fn of(operation: &Operation, code: ResultCode, root: &Root) -> Option<Self> {
        let Some(Command::Disclose { serial, warrant, .. }) = operation.command() else {
            return None;
        };
        let (order, batch, at) = (operation.digest(), root.batch, root.at);
        let found = Self { order, batch, at, serial: *serial, warrant: *warrant };
        (code == ResultCode::Accepted).then_some(found)
    }
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First instant.
    pub from: Instant,
    /// First instant after it.
    pub until: Instant,
}

institution!(AuthenticationCentre);

impl<S: Sign> AuthenticationCentre<S> {
    /// A centre with an empty register.
    pub fn new(signer: S) -> Self {
        Self::with_register(signer, Register::default())
    }

    /// A centre that goes on with a register kept before.
    pub fn with_register(signer: S, register: Register) -> Self {
        Self { desk: Desk::new(signer, Chain::START), register }
    }

    /// The public key that everyone must know beforehand.
    pub fn public_key(&self) -> PublicKey {
        self.desk.signer().public_key()
    }

    /// The register, to be kept.
    #[must_use]
    pub const fn register(&self) -> &Register {
        &self.register
    }

    /// Certifies a key for a subject, under the next serial number.
    ///
    /// # Panics
    /// If the name is longer than [`NAME_BYTES_MAX`].
    pub fn certify(
        &mut self,
        name: &str,
        role: Role,
        public_key: PublicKey,
        validity: Validity,
    ) -> Signed<Certificate> {
        let serial = self.register.enter(name);
        self.desk.signer().seal(Certificate {
            serial,
            role,
            public_key,
            valid_from: validity.from,
            valid_until: validity.until,
            issuer: self.desk.key(),
        })
    }

    /// Certifies the centre itself, for the genesis.
    pub fn certify_self(&mut self, name: &str, validity: Validity) -> Signed<Certificate> {
        self.certify(name, Role::AuthenticationCentre, self.public_key(), validity)
    }

    /// Keeps that something was opened; what is kept already stays as it is.
    pub fn note(&mut self, disclosure: Disclosure) {
        self.register.note(disclosure);
    }

    /// Withdraws a certificate for ever; the registration centre must be told by the operation.
    pub fn revoke(&mut self, at: Instant, serial: u64) -> Operation {
        self.register.revoked.insert(serial);
        self.desk.instruct(at, Command::Revoke { serial })
    }

    /// Asks to open whose a certificate is. The supervisor signed the
    /// [`Warrant`](crate::terms::Warrant); the registration centre checks that and keeps the entry.
    pub fn disclose(
        &mut self,
        at: Instant,
        serial: u64,
        warrant: Digest,
        supervisor: Signature,
    ) -> Operation {
        self.desk.instruct(at, Command::Disclose { serial, warrant, supervisor })
    }

    /// The name, once the entry stands in the ledger: `receipt` proves that. `None` before, and for
    /// any other operation. The receipt's root is to be verified by the caller.
    #[must_use]
    pub fn disclosed(&self, operation: &Operation, receipt: &Receipt) -> Option<&str> {
        let Some(Command::Disclose { serial, .. }) = operation.command() else { return None };
        let proved = receipt.leaf.order == operation.digest() && crypto::merkle::proves(receipt);
        let accepted = receipt.leaf.result == ResultCode::Accepted.number();
        if proved && accepted { self.register.subject(*serial) } else { None }
    }
}

impl Register {
    /// Whose certificate has this serial number.
    #[must_use]
    pub fn subject(&self, serial: u64) -> Option<&str> {
        self.subjects.get(&serial).map(String::as_str)
    }

    /// All serial numbers of a subject.
    pub fn serials<'a>(&'a self, name: &'a str) -> impl Iterator<Item = u64> + 'a {
        self.subjects.iter().filter(move |(_, subject)| *subject == name).map(|(serial, _)| *serial)
    }

    /// Serial numbers withdrawn, rising: the revocation list.
    pub fn revoked(&self) -> impl Iterator<Item = u64> + '_ {
        self.revoked.iter().copied()
    }

    /// How many certificates were given out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// Whether none was given out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// What was opened, the oldest first.
    #[must_use]
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.disclosures
    }

    /// Keeps that something was opened; what is kept already stays as it is.
    pub fn note(&mut self, disclosure: Disclosure) {
        if !self.disclosures.iter().any(|known| known.order == disclosure.order) {
            self.disclosures.push(disclosure);
        }
    }

    fn enter(&mut self, name: &str) -> u64 {
        assert!(name.len() <= NAME_BYTES_MAX, "a name has at most {NAME_BYTES_MAX} bytes");
        let last = self.subjects.last_key_value().map_or(0, |(serial, _)| *serial);
        let serial = last.checked_add(1).expect("nobody signs 2⁶⁴ certificates");
        self.subjects.insert(serial, name.to_owned());
        serial
    }
}

/// Serial numbers run from 1 without a gap, so only names, the revocation list and, if there are any,
/// disclosures are written.
impl Wire for Register {
    const TAG: &'static [u8] = b"JIDIAN-REGISTER-1";

    fn write(&self, out: &mut Sink<'_>) {
        length(self.subjects.len()).write(out);
        for name in self.subjects.values() {
            u8::try_from(name.len()).expect("the length was checked").write(out);
            out(name.as_bytes());
        }
        length(self.revoked.len()).write(out);
        for serial in &self.revoked {
            serial.write(out);
        }
        if !self.disclosures.is_empty() {
            length(self.disclosures.len()).write(out);
            self.disclosures.iter().for_each(|one| one.write(out));
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut register = Self::default();
        for _ in 0..u32::read(reader)? {
            let name_length = u8::read(reader)?;
            let at = reader.at();
            let name = core::str::from_utf8(reader.take(usize::from(name_length))?);
            register.enter(name.map_err(|_| reader.refuse(at, "name"))?);
        }
        for _ in 0..u32::read(reader)? {
            let at = reader.at();
            let serial = u64::read(reader)?;
            if register.revoked.last().is_some_and(|last| *last >= serial) {
                return Err(reader.refuse(at, "revocation list"));
            }
            register.revoked.insert(serial);
        }
        register.read_disclosures(reader)?;
        Ok(register)
    }
}

impl Register {
    /// They stand at the end, or nothing does.
    fn read_disclosures(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        if reader.remaining() == 0 {
            return Ok(());
        }
        let at = reader.at();
        let count = u32::read(reader)?;
        for _ in 0..count {
            self.note(Wire::read(reader)?);
        }
        let all = count > 0 && self.disclosures.len() == usize::try_from(count).unwrap_or(0);
        if all { Ok(()) } else { Err(reader.refuse(at, "disclosures")) }
    }
}

wire_fields!(Disclosure, b"", { order, batch, at, serial, warrant });

fn length(items: usize) -> u32 {
    u32::try_from(items).expect("a register holds fewer than 2³² entries")
}
