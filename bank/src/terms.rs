//! What instructions speak of: kinds and grades of wallets, dated policy, templates, terms of money.

use heapless::Vec as Bounded;
use quantity::{Fen, Instant};
use wire::{DecodeError, Digest, Reader, Sink, WalletId, Wire};

/// Most payees that purpose-bound money may name.
pub const PAYEES_MAX: usize = 4;

/// Defines an enumeration that travels as one byte.
macro_rules! byte_enum {
    ($(#[$doc:meta])* $name:ident, $field:literal {
        $($(#[$variant_doc:meta])* $variant:ident = $byte:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $byte,)+
        }

        impl $name {
            /// All of them, by rising number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl Wire for $name {
            fn write(&self, out: &mut Sink<'_>) {
                (*self as u8).write(out);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let (at, byte) = (reader.at(), u8::read(reader)?);
                let found = Self::ALL.iter().find(|one| **one as u8 == byte);
                found.copied().ok_or(reader.refuse(at, $field))
            }
        }
    };
}

/// Implements [`Wire`] for a struct whose fields all have it, in the order given.
macro_rules! wire_fields {
    ($name:ident, $tag:expr, { $($field:ident),+ $(,)? }) => {
        impl Wire for $name {
            const TAG: &'static [u8] = $tag;

            fn write(&self, out: &mut Sink<'_>) {
                $( self.$field.write(out); )+
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(Self { $( $field: Wire::read(reader)?, )+ })
            }
        }
    };
}
pub(crate) use wire_fields;

byte_enum! {
    /// What a wallet is for.
    WalletKind, "kind of wallet" {
        /// The central bank's issuance vault 发行库.
        IssuanceVault = 1,
        /// An operator's bank vault 银行库.
        BankVault = 2,
        /// A person's wallet, such as a customer's bill-payment wallet.
        Personal = 3,
        /// A company's wallet, such as the grid company's purchase-payment wallet.
        Corporate = 4,
        /// A wallet that gathers income: the grid company's, a generator's.
        Income = 5,
    }
}

byte_enum! {
    /// How well the holder of a wallet is identified: I best, IV by a phone number only.
    Grade, "grade" {
        /// In person at the counter.
        I = 1,
        /// Identity document and bank account.
        II = 2,
        /// Identity document.
        III = 3,
        /// Anonymous: a phone number only.
        IV = 4,
    }
}

byte_enum! {
    /// Whose wallets a rule of policy is about.
    Holders, "holders" {
        /// Persons' wallets.
        Persons = 1,
        /// Companies' wallets, income wallets among them.
        Companies = 2,
    }
}

byte_enum! {
    /// What becomes of the rest of a hold after a post.
    Rest, "rest of a hold" {
        /// It stays set aside, for the next post.
        Stays = 1,
        /// It returns to the payer.
        Returns = 2,
    }
}

byte_enum! {
    /// Whether purpose-bound money may be called back before its end.
    Recallable, "recall" {
        /// Not before its end.
        AtEnd = 1,
        /// At any time, by who gave it.
        AnyTime = 2,
    }
}

byte_enum! {
    /// What the ledger does for a contract: the atomic contracts 原子合约.
    Intrinsic, "intrinsic" {
        /// Sets money aside.
        Hold = 1,
        /// Gives money that is bound to a purpose.
        Grant = 2,
    }
}

impl WalletKind {
    /// Whose wallet it is; `None` for a vault.
    #[must_use]
    pub const fn holders(self) -> Option<Holders> {
        match self {
            Self::IssuanceVault | Self::BankVault => None,
            Self::Personal => Some(Holders::Persons),
            Self::Corporate | Self::Income => Some(Holders::Companies),
        }
    }

    /// Whether it is a vault.
    #[must_use]
    pub const fn is_vault(self) -> bool {
        self.holders().is_none()
    }
}

/// Limits of a grade from a day on; none is no limit. Set by the central bank, never a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRule {
    /// Whose wallets.
    pub holders: Holders,
    /// Which grade.
    pub grade: Grade,
    /// First legal day on which it holds, in days since 1970-01-01.
    pub from_day: u32,
    /// Most that one order may pay.
    pub single: Option<Fen>,
    /// Most that may be paid on one legal day.
    pub day: Option<Fen>,
    /// Most that may be paid in one calendar year.
    pub year: Option<Fen>,
    /// Most that the wallet may hold.
    pub balance: Option<Fen>,
}

/// Interest of a grade from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterestRule {
    /// Whose wallets.
    pub holders: Holders,
    /// Which grade.
    pub grade: Grade,
    /// First legal day on which it holds, in days since 1970-01-01.
    pub from_day: u32,
    /// Rate of a year of 360 days, in millionths: 500 is 0.05 %.
    pub rate_ppm: u32,
}

/// A template of contracts 合约模板 that the central bank approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its number.
    pub number: u16,
    /// What it may ask the ledger for.
    pub allows: Intrinsic,
    /// Digest of the document that describes it.
    pub document: Digest,
}

/// Limits that the owner of a parent wallet sets for a sub-wallet; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Most that one order may pay.
    pub single: Option<Fen>,
    /// Most that may be paid on one legal day.
    pub day: Option<Fen>,
}

/// Terms of purpose-bound money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoinTerms {
    /// Number of the purpose in the giver's own list.
    pub purpose: u16,
    /// Who may be paid with it.
    pub payees: Bounded<WalletId, PAYEES_MAX>,
    /// First instant at which it returns to who gave it.
    pub until: Instant,
    /// Whether it may be called back before.
    pub recallable: Recallable,
}

/// What the supervisor signs to open whose a certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warrant {
    /// Serial number of the certificate.
    pub serial: u64,
    /// Digest of the order of the court or authority.
    pub warrant: Digest,
}

wire_fields!(LimitRule, b"", { holders, grade, from_day, single, day, year, balance });
wire_fields!(InterestRule, b"", { holders, grade, from_day, rate_ppm });
wire_fields!(Template, b"", { number, allows, document });
wire_fields!(Spending, b"", { single, day });
wire_fields!(CoinTerms, b"", { purpose, payees, until, recallable });
wire_fields!(Warrant, b"JIDIAN-WARRANT-1", { serial, warrant });
