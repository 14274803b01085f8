//! Operations: the entries of the ordered log. Each is signed, numbered and chained by its key.

use quantity::{Fen, Instant};
use wire::identity::Certificate;
use wire::order::PaymentOrder;
use wire::{DecodeError, Digest, KeyId, Reader, Signature, Signed, Sink, WalletId, Wire};

/// One entry of the ordered log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly all entries are payments")]
pub enum Operation {
    /// A meter, the grid company or a holder moves money between wallets.
    Pay(Signed<PaymentOrder>),
    /// An institution of the bank acts.
    Instruct(Signed<Instruction>),
}

/// What an institution of the bank orders; chained by its key like a [`PaymentOrder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Key that signs.
    pub signer: KeyId,
    /// Number of the instruction, from 1 without a gap, per key.
    pub sequence: u64,
    /// Digest of the instruction before it; zero for the first.
    pub previous: Digest,
    /// When it was made, by the signer's clock.
    pub at: Instant,
    /// What to do.
    pub command: Command,
}

/// What an instruction does. Who may sign it is in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "it travels inside an operation of fixed size")]
pub enum Command {
    /// Creates money in the issuance vault (central bank).
    Issue {
        /// Above zero.
        amount: Fen,
    },
    /// Destroys money of the issuance vault (central bank).
    Retire {
        /// Above zero.
        amount: Fen,
    },
    /// Issuance vault → bank vault, against the operator's reserve (central bank).
    Supply {
        /// Above zero.
        amount: Fen,
    },
    /// Bank vault → issuance vault (operator).
    Return {
        /// Above zero.
        amount: Fen,
    },
    /// Opens an empty wallet (operator).
    OpenWallet {
        /// Its number; the first three digits are the operator's.
        wallet: WalletId,
        /// What it is for.
        kind: WalletKind,
        /// The parent of a sub-wallet.
        parent: Option<WalletId>,
        /// How well the holder is identified.
        grade: Grade,
    },
    /// Lets a key debit a wallet, and brings or renews the key's certificate (operator).
    BindKey {
        /// The wallet.
        wallet: WalletId,
        /// The key, certified by the authentication centre.
        certificate: Signed<Certificate>,
    },
    /// Bank vault → wallet: the holder's deposit becomes digital yuan (operator).
    Draw {
        /// The wallet.
        wallet: WalletId,
        /// Above zero.
        amount: Fen,
    },
    /// Wallet → bank vault: digital yuan becomes a deposit (operator).
    Redeem {
        /// The wallet.
        wallet: WalletId,
        /// Above zero.
        amount: Fen,
    },
    /// Stops a wallet from paying; it still receives (operator).
    Freeze {
        /// The wallet.
        wallet: WalletId,
    },
    /// Lets a frozen wallet pay again (operator).
    Unfreeze {
        /// The wallet.
        wallet: WalletId,
    },
    /// Withdraws a certificate for ever (authentication centre).
    Revoke {
        /// Serial number of the certificate.
        serial: u64,
    },
}

/// What a wallet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum WalletKind {
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

/// How well the holder of a wallet is identified: I best, IV by a phone number only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Grade {
    /// In person at the counter.
    I = 1,
    /// Identity document and bank account.
    II = 2,
    /// Identity document.
    III = 3,
    /// Anonymous: a phone number only.
    IV = 4,
}

impl Operation {
    /// The key that signs it.
    #[must_use]
    pub const fn signer(&self) -> KeyId {
        match self {
            Self::Pay(order) => order.body.signer,
            Self::Instruct(instruction) => instruction.body.signer,
        }
    }

    /// Its number in the chain of its key.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        match self {
            Self::Pay(order) => order.body.sequence,
            Self::Instruct(instruction) => instruction.body.sequence,
        }
    }

    /// Digest of the operation before it in the chain of its key.
    #[must_use]
    pub const fn previous(&self) -> Digest {
        match self {
            Self::Pay(order) => order.body.previous,
            Self::Instruct(instruction) => instruction.body.previous,
        }
    }

    /// Digest of the signed body, without the signature: what the next one names as `previous`.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Pay(order) => crypto::digest(&order.body),
            Self::Instruct(instruction) => crypto::digest(&instruction.body),
        }
    }

    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        match self {
            Self::Pay(order) => &order.signature,
            Self::Instruct(instruction) => &instruction.signature,
        }
    }

    /// The certificate that it brings, if it binds a key.
    #[must_use]
    pub const fn certificate(&self) -> Option<&Signed<Certificate>> {
        match self {
            Self::Instruct(Signed {
                body: Instruction { command: Command::BindKey { certificate, .. }, .. },
                ..
            }) => Some(certificate),
            Self::Pay(_) | Self::Instruct(_) => None,
        }
    }

    /// Whether it could be read back from its own bytes; what can't must not enter a log.
    pub(crate) fn is_well_formed(&self) -> bool {
        let body_is_sound = match self {
            Self::Pay(order) => {
                let legs = &order.body.legs;
                legs.iter().all(|leg| leg.amount > Fen::ZERO)
            }
            Self::Instruct(instruction) => {
                instruction.body.command.amount().is_none_or(|amount| amount > Fen::ZERO)
            }
        };
        body_is_sound && self.sequence() > 0
    }
}

impl Command {
    /// The money that it moves, if it moves any.
    #[must_use]
    pub const fn amount(&self) -> Option<Fen> {
        match self {
            Self::Issue { amount }
            | Self::Retire { amount }
            | Self::Supply { amount }
            | Self::Return { amount }
            | Self::Draw { amount, .. }
            | Self::Redeem { amount, .. } => Some(*amount),
            Self::OpenWallet { .. }
            | Self::BindKey { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze { .. }
            | Self::Revoke { .. } => None,
        }
    }
}

impl Wire for Operation {
    fn write(&self, out: &mut Sink<'_>) {
        match self {
            Self::Pay(order) => {
                1_u8.write(out);
                order.write(out);
            }
            Self::Instruct(instruction) => {
                2_u8.write(out);
                instruction.write(out);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let operation = match u8::read(reader)? {
            1 => Self::Pay(Signed::read(reader)?),
            2 => Self::Instruct(Signed::read(reader)?),
            _ => return Err(reader.refuse(at, "operation")),
        };
        if operation.is_well_formed() { Ok(operation) } else { Err(reader.refuse(at, "operation")) }
    }
}

impl Wire for Instruction {
    const TAG: &'static [u8] = b"JIDIAN-INSTRUCTION-1";

    fn write(&self, out: &mut Sink<'_>) {
        self.signer.write(out);
        self.sequence.write(out);
        self.previous.write(out);
        self.at.write(out);
        self.command.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            signer: Wire::read(reader)?,
            sequence: Wire::read(reader)?,
            previous: Wire::read(reader)?,
            at: Wire::read(reader)?,
            command: Wire::read(reader)?,
        })
    }
}

impl Command {
    const fn number(&self) -> u8 {
        match self {
            Self::Issue { .. } => 1,
            Self::Retire { .. } => 2,
            Self::Supply { .. } => 3,
            Self::Return { .. } => 4,
            Self::OpenWallet { .. } => 5,
            Self::BindKey { .. } => 6,
            Self::Draw { .. } => 7,
            Self::Redeem { .. } => 8,
            Self::Freeze { .. } => 9,
            Self::Unfreeze { .. } => 10,
            Self::Revoke { .. } => 11,
        }
    }
}

impl Wire for Command {
    fn write(&self, out: &mut Sink<'_>) {
        self.number().write(out);
        match self {
            Self::Issue { amount }
            | Self::Retire { amount }
            | Self::Supply { amount }
            | Self::Return { amount } => amount.write(out),
            Self::OpenWallet { wallet, kind, parent, grade } => {
                wallet.write(out);
                kind.write(out);
                write_parent(*parent, out);
                grade.write(out);
            }
            Self::BindKey { wallet, certificate } => {
                wallet.write(out);
                certificate.write(out);
            }
            Self::Draw { wallet, amount } | Self::Redeem { wallet, amount } => {
                wallet.write(out);
                amount.write(out);
            }
            Self::Freeze { wallet } | Self::Unfreeze { wallet } => wallet.write(out),
            Self::Revoke { serial } => serial.write(out),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        Ok(match u8::read(reader)? {
            1 => Self::Issue { amount: Wire::read(reader)? },
            2 => Self::Retire { amount: Wire::read(reader)? },
            3 => Self::Supply { amount: Wire::read(reader)? },
            4 => Self::Return { amount: Wire::read(reader)? },
            5 => Self::OpenWallet {
                wallet: Wire::read(reader)?,
                kind: Wire::read(reader)?,
                parent: read_parent(reader)?,
                grade: Wire::read(reader)?,
            },
            6 => Self::BindKey { wallet: Wire::read(reader)?, certificate: Wire::read(reader)? },
            7 => Self::Draw { wallet: Wire::read(reader)?, amount: Wire::read(reader)? },
            8 => Self::Redeem { wallet: Wire::read(reader)?, amount: Wire::read(reader)? },
            9 => Self::Freeze { wallet: Wire::read(reader)? },
            10 => Self::Unfreeze { wallet: Wire::read(reader)? },
            11 => Self::Revoke { serial: Wire::read(reader)? },
            _ => return Err(reader.refuse(at, "command")),
        })
    }
}

fn write_parent(parent: Option<WalletId>, out: &mut Sink<'_>) {
    match parent {
        None => 0_u8.write(out),
        Some(wallet) => {
            1_u8.write(out);
            wallet.write(out);
        }
    }
}

fn read_parent(reader: &mut Reader<'_>) -> Result<Option<WalletId>, DecodeError> {
    let at = reader.at();
    match u8::read(reader)? {
        0 => Ok(None),
        1 => WalletId::read(reader).map(Some),
        _ => Err(reader.refuse(at, "parent")),
    }
}

/// A byte that stands for one of a few variants.
macro_rules! wire_enum {
    ($name:ident, $field:literal, [$($variant:ident),+]) => {
        impl Wire for $name {
            fn write(&self, out: &mut Sink<'_>) {
                (*self as u8).write(out);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let (at, byte) = (reader.at(), u8::read(reader)?);
                let found = [$(Self::$variant),+].into_iter().find(|one| *one as u8 == byte);
                found.ok_or(reader.refuse(at, $field))
            }
        }
    };
}
wire_enum!(WalletKind, "kind of wallet", [IssuanceVault, BankVault, Personal, Corporate, Income]);
wire_enum!(Grade, "grade", [I, II, III, IV]);
