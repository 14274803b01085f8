//! Reading and writing: big-endian, canonical, bounded.

use core::fmt;
use heapless::Vec;
use quantity::{Duration, Energy, Fen, Instant, Money, Power, Price};

/// Where written bytes go: a buffer, a file, or a hash that needs no buffer at all.
pub type Sink<'a> = dyn FnMut(&[u8]) + 'a;

/// Why bytes aren't the expected message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes end inside a field.
    Truncated {
        /// Offset at which the field begins.
        at: usize,
    },
    /// The message is over, yet bytes follow.
    TrailingBytes {
        /// Offset of the first byte too many.
        at: usize,
    },
    /// A field holds a value that it may not hold.
    Refused {
        /// Offset at which the field begins.
        at: usize,
        /// Name of the field.
        field: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { at } => write!(f, "the message ends inside the field at byte {at}"),
            Self::TrailingBytes { at } => write!(f, "bytes follow the message from byte {at} on"),
            Self::Refused { at, field } => write!(f, "field '{field}' at byte {at} is invalid"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// A message with exactly one encoding.
pub trait Wire: Sized {
    /// What a signature or a digest of this message begins with, so that the bytes of one kind of
    /// message can never pass for another kind. Empty for parts of a message.
    const TAG: &'static [u8] = b"";

    /// Writes the canonical bytes.
    fn write(&self, out: &mut Sink<'_>);

    /// Reads one message and leaves the reader behind it.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes end early or a field is invalid.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads a message that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`DecodeError`], also when bytes follow the message.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let message = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(message)
    }

    /// The canonical bytes in a buffer of `N` bytes; `None` if they don't fit.
    fn encode<const N: usize>(&self) -> Option<Vec<u8, N>> {
        let mut bytes = Vec::new();
        let mut fits = true;
        self.write(&mut |part| fits &= bytes.extend_from_slice(part).is_ok());
        fits.then_some(bytes)
    }

    /// Length of the canonical bytes.
    fn encoded_len(&self) -> usize {
        let mut length = 0;
        self.write(&mut |part| length += part.len());
        length
    }
}

/// A cursor over received bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer are left.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let truncated = DecodeError::Truncated { at: self.at };
        let end = self.at.checked_add(length).ok_or(truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(truncated)?;
        self.at = end;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// Refuses the field that began at `at`.
    #[must_use]
    pub const fn refuse(&self, at: usize, field: &'static str) -> DecodeError {
        DecodeError::Refused { at, field }
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`] if something does.
    pub const fn finish(&self) -> Result<(), DecodeError> {
        if self.remaining() == 0 { Ok(()) } else { Err(DecodeError::TrailingBytes { at: self.at }) }
    }
}

macro_rules! wire_integer {
    ($($integer:ty),*) => {$(
        impl Wire for $integer {
            fn write(&self, out: &mut Sink<'_>) {
                out(&self.to_be_bytes());
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.array().map(Self::from_be_bytes)
            }
        }
    )*};
}
wire_integer!(u8, u16, u32, u64, i16, i32, i64);

macro_rules! wire_quantity {
    ($($name:ident, $from:ident, $to:ident;)*) => {$(
        impl Wire for $name {
            fn write(&self, out: &mut Sink<'_>) {
                self.$to().write(out);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                i64::read(reader).map(Self::$from)
            }
        }
    )*};
}
wire_quantity! {
    Energy, from_milliwatt_hours, milliwatt_hours;
    Power, from_milliwatts, milliwatts;
    Money, from_micro_yuan, micro_yuan;
    Fen, from_fen, fen;
    Price, from_micro_yuan_per_kwh, micro_yuan_per_kwh;
    Instant, from_unix_milliseconds, unix_milliseconds;
    Duration, from_milliseconds, milliseconds;
}

/// Implements [`Wire`] for a struct whose fields all have it, in the order given.
macro_rules! wire_struct {
    ($name:ident, tag: $tag:expr, { $($field:ident),+ $(,)? }) => {
        impl $crate::Wire for $name {
            const TAG: &'static [u8] = $tag;

            fn write(&self, out: &mut $crate::Sink<'_>) {
                $( $crate::Wire::write(&self.$field, out); )+
            }

            fn read(reader: &mut $crate::Reader<'_>) -> Result<Self, $crate::DecodeError> {
                Ok(Self { $( $field: $crate::Wire::read(reader)?, )+ })
            }
        }
    };
}
pub(crate) use wire_struct;

/// Defines an enumeration that travels as one byte.
macro_rules! byte_enum {
    ($(#[$doc:meta])* $name:ident, $what:literal {
        $($(#[doc = $line:literal])+ $(#[default $($initial:tt)?])? $variant:ident = $byte:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[doc = $line])+ $(#[default $($initial)?])? $variant = $byte,)+
        }

        impl $name {
            /// Every value, in the order of the bytes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl core::fmt::Display for $name {
            /// The meaning in words, as documented.
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => concat!($($line),+).trim_ascii(),)+
                })
            }
        }

        impl $crate::Wire for $name {
            fn write(&self, out: &mut $crate::Sink<'_>) {
                $crate::Wire::write(&(*self as u8), out);
            }

            fn read(reader: &mut $crate::Reader<'_>) -> Result<Self, $crate::DecodeError> {
                let at = reader.at();
                match <u8 as $crate::Wire>::read(reader)? {
                    $($byte => Ok(Self::$variant),)+
                    _ => Err(reader.refuse(at, $what)),
                }
            }
        }
    };
}
pub(crate) use byte_enum;

impl<T: Wire + Copy + Default, const N: usize> Wire for [T; N] {
    fn write(&self, out: &mut Sink<'_>) {
        for item in self {
            item.write(out);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::read(reader)?;
        }
        Ok(items)
    }
}

/// A byte 0 for nothing, or a byte 1 and the item.
impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Sink<'_>) {
        match self {
            None => 0_u8.write(out),
            Some(item) => {
                1_u8.write(out);
                item.write(out);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            0 => Ok(None),
            1 => T::read(reader).map(Some),
            _ => Err(reader.refuse(at, "presence of an item")),
        }
    }
}

/// A list of at most `N` items: its length as one byte (two if `N` needs them), then the items.
impl<T: Wire, const N: usize> Wire for Vec<T, N> {
    fn write(&self, out: &mut Sink<'_>) {
        if N <= usize::from(u8::MAX) {
            u8::try_from(self.len()).expect("the capacity fits u8").write(out);
        } else {
            u16::try_from(self.len()).expect("no list here is longer than u16").write(out);
        }
        for item in self {
            item.write(out);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let length = if N <= usize::from(u8::MAX) {
            usize::from(u8::read(reader)?)
        } else {
            usize::from(u16::read(reader)?)
        };
        if length > N {
            return Err(reader.refuse(at, "length of a list"));
        }
        let mut items = Self::new();
        for _ in 0..length {
            let pushed = items.push(T::read(reader)?).is_ok();
            assert!(pushed, "the length was checked against the capacity");
        }
        Ok(items)
    }
}
