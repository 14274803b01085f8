//! Who is who: meters, wallets, keys and certificates.

use crate::codec::{DecodeError, Reader, Sink, Wire, wire_struct};
use core::fmt;
use quantity::Instant;

macro_rules! bytes_type {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl Wire for $name {
            fn write(&self, out: &mut Sink<'_>) {
                out(&self.0);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.array().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self([0; $length])
            }
        }

        impl core::str::FromStr for $name {
            type Err = NotHex;

            fn from_str(text: &str) -> Result<Self, NotHex> {
                let mut bytes = [0; $length];
                parse_hex(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }
    };
}

bytes_type!(
    /// An SM3 digest.
    Digest, 32
);
bytes_type!(
    /// An SM2 public key: the affine point `x ‖ y`, not yet checked to lie on the curve.
    PublicKey, 64
);
bytes_type!(
    /// An SM2 signature, raw `r ‖ s`.
    Signature, 64
);
bytes_type!(
    /// The first 16 bytes of the SM3 digest of a public key: a pseudonym.
    KeyId, 16
);

/// A text isn't the expected number of hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHex;

impl fmt::Display for NotHex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not the expected number of hexadecimal digits")
    }
}

impl core::error::Error for NotHex {}

fn parse_hex(text: &str, bytes: &mut [u8]) -> Result<(), NotHex> {
    let digits = text.as_bytes();
    if digits.len() != bytes.len() * 2 {
        return Err(NotHex);
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Ok(())
}

const fn hex_digit(digit: u8) -> Result<u8, NotHex> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(NotHex),
    }
}

/// The 12-digit communication address of a meter (DL/T 645-2007), as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeterId(u64);

impl MeterId {
    /// `None` if the number has more than 12 digits.
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number < 1_000_000_000_000 { Some(Self(number)) } else { None }
    }

    /// The address as a number below 10¹².
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for MeterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl Wire for MeterId {
    fn write(&self, out: &mut Sink<'_>) {
        self.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        Self::new(u64::read(reader)?).ok_or(reader.refuse(at, "meter address"))
    }
}

/// A 16-digit wallet number: operator (3 digits), serial (12 digits), check digit (Luhn).
///
/// The layout is ours; the true one of the digital yuan isn't published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalletId(u64);

impl WalletId {
    /// The wallet `serial` of `operator`; `None` if either has too many digits.
    #[must_use]
    pub const fn new(operator: u16, serial: u64) -> Option<Self> {
        if operator > 999 || serial > 999_999_999_999 {
            return None;
        }
        let body = operator as u64 * 1_000_000_000_000 + serial;
        Some(Self(body * 10 + check_digit(body)))
    }

    /// A full number; `None` if the check digit is wrong or it has more than 16 digits.
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        if number < 10_000_000_000_000_000 && check_digit(number / 10) == number % 10 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// All 16 digits as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The operator's number: the first three digits.
    #[must_use]
    pub fn operator(self) -> u16 {
        u16::try_from(self.0 / 10_000_000_000_000).expect("three digits")
    }
}

/// Luhn check digit of the digits of `body`.
const fn check_digit(body: u64) -> u64 {
    let (mut rest, mut sum, mut doubled) = (body, 0, true);
    while rest > 0 {
        let digit = rest % 10;
        let twice = digit * 2;
        sum += match (doubled, twice > 9) {
            (true, true) => twice - 9,
            (true, false) => twice,
            (false, _) => digit,
        };
        doubled = !doubled;
        rest /= 10;
    }
    (10 - sum % 10) % 10
}

impl fmt::Display for WalletId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016}", self.0)
    }
}

impl Wire for WalletId {
    fn write(&self, out: &mut Sink<'_>) {
        self.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        Self::from_number(u64::read(reader)?).ok_or(reader.refuse(at, "wallet number"))
    }
}

/// What the owner of a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// Authentication centre: signs all certificates.
    AuthenticationCentre = 1,
    /// Central bank: issues and retires.
    CentralBank = 2,
    /// Registration centre: signs roots.
    RegistrationCentre = 3,
    /// Operating institution: opens wallets, draws and redeems.
    Operator = 4,
    /// Regulator: first signer of price contracts.
    Regulator = 5,
    /// Grid company: second signer of price contracts, signer of price signals.
    GridCompany = 6,
    /// Hardware wallet of a meter: signs payment orders.
    Meter = 7,
    /// Holder of a soft wallet.
    Holder = 8,
    /// Supervisor: holds the second key without which no anonymous wallet is opened.
    Supervisor = 9,
}

impl Role {
    const ALL: [Self; 9] = [
        Self::AuthenticationCentre,
        Self::CentralBank,
        Self::RegistrationCentre,
        Self::Operator,
        Self::Regulator,
        Self::GridCompany,
        Self::Meter,
        Self::Holder,
        Self::Supervisor,
    ];
}

impl Wire for Role {
    fn write(&self, out: &mut Sink<'_>) {
        (*self as u8).write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (at, byte) = (reader.at(), u8::read(reader)?);
        let found = Self::ALL.into_iter().find(|role| *role as u8 == byte);
        found.ok_or(reader.refuse(at, "role"))
    }
}

/// Binds a public key to a role for a time. It holds no name: who owns the serial number is known
/// to the authentication centre alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Unique per issuer.
    pub serial: u64,
    /// What the key may sign.
    pub role: Role,
    /// The key.
    pub public_key: PublicKey,
    /// First instant of validity.
    pub valid_from: Instant,
    /// First instant after validity.
    pub valid_until: Instant,
    /// Key that signed this certificate.
    pub issuer: KeyId,
}

wire_struct!(Certificate, tag: b"JIDIAN-CERTIFICATE-1", {
    serial, role, public_key, valid_from, valid_until, issuer
});
