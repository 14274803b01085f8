//! Entries of the grid company's log: what it said, for auditors.

use contract::{CustomerClass, Role};
use grid::{Decision, Setup};
use tee::{Access, Binding};
use wire::identity::Certificate;
use wire::package::{Recall, SignedPackage, SignedRotation};
use wire::signal::PriceSignal;
use wire::{DecodeError, MeterId, Reader, Signed, WalletId, Wire};

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub enum GridEntry {
    /// The market that it runs.
    Setup(Box<Setup>),
    /// A meter that it trades with.
    Meter(MeterEntry),
    /// A contract, with the source text that its signers read.
    Contract(Box<SignedPackage>, String),
    /// A recall by the regulator.
    Recall(Box<Signed<Recall>>),
    /// New keys of regulator and grid company.
    Rotation(Box<SignedRotation>),
    /// A price decision.
    Decision(Box<Decision>),
    /// A signal that the decision led to.
    Signal(Box<Signed<PriceSignal>>),
}

/// A meter as its counterparty knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterEntry {
    /// Its number.
    pub meter: MeterId,
    /// Its class.
    pub class: CustomerClass,
    /// Certificate of the key that signs its orders.
    pub certificate: Signed<Certificate>,
    /// Which wallet plays which role.
    pub wallets: Vec<(Role, WalletId)>,
}

impl MeterEntry {
    /// The wallet that plays a role.
    #[must_use]
    pub fn wallet(&self, role: Role) -> Option<WalletId> {
        self.wallets.iter().find(|(known, _)| *known == role).map(|(_, wallet)| *wallet)
    }

    /// What the factory bound, without balances.
    #[must_use]
    pub fn bindings(bindings: &[Binding]) -> Vec<(Role, WalletId)> {
        bindings
            .iter()
            .map(|binding| match binding.access {
                Access::Credit | Access::Debit(_) => (binding.role, binding.wallet),
            })
            .collect()
    }
}

impl GridEntry {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Setup(setup) => put(&mut bytes, 1, &**setup),
            Self::Meter(entry) => entry.put(&mut bytes),
            Self::Contract(package, source) => {
                put(&mut bytes, 3, &**package);
                bytes.extend_from_slice(source.as_bytes());
            }
            Self::Decision(decision) => put(&mut bytes, 4, &**decision),
            Self::Signal(signal) => put(&mut bytes, 5, &**signal),
            Self::Recall(recall) => put(&mut bytes, 6, &**recall),
            Self::Rotation(rotation) => put(&mut bytes, 7, &**rotation),
        }
        bytes
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if they aren't an entry.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let entry = match u8::read(&mut reader)? {
            1 => Self::Setup(Box::new(Wire::read(&mut reader)?)),
            2 => Self::Meter(MeterEntry::take(&mut reader)?),
            3 => Self::Contract(Box::new(Wire::read(&mut reader)?), rest(&mut reader)?),
            4 => Self::Decision(Box::new(Wire::read(&mut reader)?)),
            5 => Self::Signal(Box::new(Wire::read(&mut reader)?)),
            6 => Self::Recall(Box::new(Wire::read(&mut reader)?)),
            7 => Self::Rotation(Box::new(Wire::read(&mut reader)?)),
            _ => return Err(reader.refuse(0, "kind of entry")),
        };
        reader.finish()?;
        Ok(entry)
    }
}

fn put(bytes: &mut Vec<u8>, kind: u8, content: &impl Wire) {
    bytes.push(kind);
    content.write(&mut |part| bytes.extend_from_slice(part));
}

fn rest(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let at = reader.at();
    let bytes = reader.take(reader.remaining())?;
    core::str::from_utf8(bytes).map(str::to_owned).map_err(|_| reader.refuse(at, "source"))
}

impl MeterEntry {
    fn put(&self, bytes: &mut Vec<u8>) {
        put(bytes, 2, &self.meter);
        bytes.push(self.class.byte());
        self.certificate.write(&mut |part| bytes.extend_from_slice(part));
        bytes.push(u8::try_from(self.wallets.len()).expect("at most one per role"));
        for (role, wallet) in &self.wallets {
            bytes.push(role.byte());
            wallet.write(&mut |part| bytes.extend_from_slice(part));
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (meter, at) = (Wire::read(reader)?, reader.at());
        let class = CustomerClass::from_byte(u8::read(reader)?);
        let class = class.ok_or(reader.refuse(at, "class"))?;
        let certificate = Wire::read(reader)?;
        let count = u8::read(reader)?;
        let mut wallets = Vec::new();
        for _ in 0..count {
            let at = reader.at();
            let role = Role::from_byte(u8::read(reader)?).ok_or(reader.refuse(at, "role"))?;
            wallets.push((role, Wire::read(reader)?));
        }
        Ok(Self { meter, class, certificate, wallets })
    }
}

/// A settlement record with the result that its order got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Result code of the registration centre.
    pub result: u8,
    /// The record.
    pub record: wire::evidence::SettlementRecord,
}

impl Evidence {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.result];
        self.record.write(&mut |part| bytes.extend_from_slice(part));
        bytes
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if they aren't evidence.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let evidence = Self { result: Wire::read(&mut reader)?, record: Wire::read(&mut reader)? };
        reader.finish()?;
        Ok(evidence)
    }
}
