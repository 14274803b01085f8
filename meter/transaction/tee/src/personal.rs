//! What the factory writes.

use crate::BootError;
use crate::layout::{CAPACITY_MIN, PERSONAL, PERSONAL_AT, PERSONAL_BYTES_MAX};
use crate::record::record;
use crate::signers::Signers;
use contract::Role;
use core::fmt;
use crypto::{Sign, SigningKey};
use heapless::Vec;
use quantity::Fen;
use wire::identity::Certificate;
use wire::memory::Memory;
use wire::receipt::BOUND_WALLETS_MAX;
use wire::tee::{Limits, Place};
use wire::{DecodeError, MeterId, PublicKey, Reader, Signed, Sink, WalletId, Wire};

/// Most roles that can be bound: all of the contract language.
pub const BINDINGS_MAX: usize = 9;
const _: () = assert!(BINDINGS_MAX == Role::ALL.len());

/// All that makes a chip the transaction core of one meter.
#[derive(Clone, PartialEq, Eq)]
pub struct Personalisation {
    /// Secret of the SM2 key; from the chip's random numbers.
    pub secret: [u8; 32],
    /// The key's certificate.
    pub certificate: Signed<Certificate>,
    /// The meter.
    pub meter: MeterId,
    /// Code of its class ([`contract::CustomerClass`]).
    pub class: u8,
    /// Whom it trusts. The keys that sign contracts are the first generation of
    /// [`Signers`](crate::Signers).
    pub anchors: Anchors,
    /// Key of the frames from the management core.
    pub link_key: [u8; 32],
    /// Which wallet plays which role.
    pub bindings: Vec<Binding, BINDINGS_MAX>,
    /// First limits.
    pub limits: Limits,
}

/// Public keys that a meter trusts, each for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchors {
    /// The first signers of contracts.
    pub signers: Signers,
    /// Signer of roots.
    pub registration_centre: PublicKey,
    /// Signer of limits.
    pub operator: PublicKey,
}

/// The wallet that plays a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The role in contracts.
    pub role: Role,
    /// The wallet.
    pub wallet: WalletId,
    /// Whether this key may take money out of it.
    pub access: Access,
}

/// What the key may do with a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Pay into it.
    Credit,
    /// Pay out of it too; it holds this much at personalisation.
    Debit(Fen),
}

/// Why a chip can't be personalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonaliseError {
    /// The memory is smaller than [`CAPACITY_MIN`].
    MemoryTooSmall,
    /// The chip was personalised before; its key and its orders must not be lost.
    AlreadyPersonalised,
    /// The secret is no private key.
    Secret,
    /// The certificate is for another key.
    Certificate,
    /// The class isn't one of the contract language.
    Class,
    /// A role is bound twice, or more than four wallets may be debited.
    Bindings,
    /// The limits are for another key or negative.
    Limits,
    /// Regulator and grid company have one key.
    SameSigner,
}

impl fmt::Display for PersonaliseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MemoryTooSmall => "the memory is too small",
            Self::AlreadyPersonalised => "the chip was personalised before",
            Self::Secret => "the secret is no private key",
            Self::Certificate => "the certificate is for another key",
            Self::Class => "the class of meters is unknown",
            Self::Bindings => "a role is bound twice, or too many wallets may be debited",
            Self::Limits => "the limits are for another key or negative",
            Self::SameSigner => "regulator and grid company have one key",
        })
    }
}

impl core::error::Error for PersonaliseError {}

impl fmt::Debug for Personalisation {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Personalisation({}, class {}, {:?})", self.meter, self.class, self.bindings)
    }
}

impl Personalisation {
    /// Checks itself and the memory, and makes the key.
    pub(crate) fn check(&self, memory: &impl Memory) -> Result<SigningKey, PersonaliseError> {
        if memory.capacity() < CAPACITY_MIN {
            return Err(PersonaliseError::MemoryTooSmall);
        }
        if !matches!(Self::load(memory), Ok(None)) {
            return Err(PersonaliseError::AlreadyPersonalised);
        }
        let key = SigningKey::from_bytes(&self.secret).ok_or(PersonaliseError::Secret)?;
        let checks = [
            (self.certificate.body.public_key == key.public_key(), PersonaliseError::Certificate),
            (contract::CustomerClass::from_byte(self.class).is_some(), PersonaliseError::Class),
            (self.bindings_are_sound(), PersonaliseError::Bindings),
            (self.limits.key == key.id() && are_sound(&self.limits), PersonaliseError::Limits),
            (self.anchors.signers.are_two(), PersonaliseError::SameSigner),
        ];
        match checks.into_iter().find(|(holds, _)| !holds) {
            Some((_, error)) => Err(error),
            None => Ok(key),
        }
    }

    fn bindings_are_sound(&self) -> bool {
        let distinct = self.bindings.iter().enumerate().all(|(index, binding)| {
            self.bindings[..index].iter().all(|earlier| earlier.role != binding.role)
        });
        let sound = self.debits().all(|(_, balance)| !balance.is_negative());
        distinct && sound && self.debits().count() <= BOUND_WALLETS_MAX
    }

    /// Wallets that the key may debit, each once even if it plays several roles.
    pub(crate) fn debits(&self) -> impl Iterator<Item = (WalletId, Fen)> {
        let debit = |binding: &Binding| match binding.access {
            Access::Debit(balance) => Some((binding.wallet, balance)),
            Access::Credit => None,
        };
        self.bindings.iter().enumerate().filter_map(move |(index, binding)| {
            let (wallet, balance) = debit(binding)?;
            let earlier = self.bindings[..index].iter().filter_map(debit);
            earlier.into_iter().all(|(other, _)| other != wallet).then_some((wallet, balance))
        })
    }

    /// The wallet that plays a role.
    pub(crate) fn wallet(&self, role: Role) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.role == role)
    }

    /// Writes both copies: they stay as they are for the life of the chip.
    pub(crate) fn store(&self, memory: &mut impl Memory) {
        let bytes = self.encode::<PERSONAL_BYTES_MAX>().expect("all lists have their bounds");
        for _ in 0..2 {
            PERSONAL.store(memory, &bytes, &mut [0; PERSONAL_BYTES_MAX]);
        }
    }

    pub(crate) fn load(memory: &impl Memory) -> Result<Option<Self>, BootError> {
        let damaged = BootError::Damaged(Place::Personalisation.damage(PERSONAL_AT));
        let mut page = [0; PERSONAL_BYTES_MAX];
        match PERSONAL.load(memory, &mut page) {
            Ok(Some(length)) => Self::decode(&page[..length]).map(Some).map_err(|_| damaged),
            Ok(None) => Ok(None),
            Err(_) => Err(damaged),
        }
    }
}

/// Whether no limit is negative.
pub(crate) fn are_sound(limits: &Limits) -> bool {
    let amounts = [limits.per_payment, limits.per_day, limits.offline_amount];
    amounts.iter().all(|amount| !amount.is_negative())
}

record!(Personalisation { secret, certificate, meter, class, anchors, link_key, bindings, limits });
record!(Anchors { signers, registration_centre, operator });

impl Wire for Binding {
    fn write(&self, out: &mut Sink<'_>) {
        self.role.byte().write(out);
        self.wallet.write(out);
        let (debit, balance) = match self.access {
            Access::Credit => (0_u8, Fen::ZERO),
            Access::Debit(balance) => (1, balance),
        };
        debit.write(out);
        balance.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let role = Role::from_byte(u8::read(reader)?).ok_or(reader.refuse(at, "role"))?;
        let wallet = WalletId::read(reader)?;
        let at = reader.at();
        let access = match (u8::read(reader)?, Fen::read(reader)?) {
            (0, Fen::ZERO) => Access::Credit,
            (1, balance) => Access::Debit(balance),
            _ => return Err(reader.refuse(at, "access")),
        };
        Ok(Self { role, wallet, access })
    }
}
