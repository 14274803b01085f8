//! Canonical bytes for what `wire` has no format for: lists, maps and options of the grid's state.

use contract::{CustomerClass, Direction, Item, Role, SignalId};
use quantity::{Duration, Energy, Fen, Instant, Money, Power, Price};
use std::collections::BTreeMap;
use wire::{DecodeError, Digest, MeterId, Reader, Sink, Wire};

/// A part of a message or of the saved state, with exactly one encoding.
pub(crate) trait Field: Sized {
    fn put(&self, out: &mut Sink<'_>);
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

macro_rules! as_wire {
    ($($name:ty),*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Sink<'_>) {
                self.write(out);
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Self::read(reader)
            }
        }
    )*};
}
as_wire!(u8, u16, u32, u64, i64, Energy, Power, Money, Fen, Price, Instant, Duration);
as_wire!(Digest, MeterId);

macro_rules! as_word {
    ($($name:ty, $field:literal;)*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Sink<'_>) {
                self.byte().write(out);
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let at = reader.at();
                Self::from_byte(u8::read(reader)?).ok_or(reader.refuse(at, $field))
            }
        }
    )*};
}
as_word! {
    CustomerClass, "class";
    Direction, "direction";
    Item, "item";
    Role, "role of a wallet";
    SignalId, "signal";
}

/// Implements [`Field`] for a struct whose fields all have it, in the order given.
macro_rules! record {
    ($name:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::codec::Field for $name {
            fn put(&self, out: &mut wire::Sink<'_>) {
                $( $crate::codec::Field::put(&self.$field, out); )+
            }

            fn take(reader: &mut wire::Reader<'_>) -> Result<Self, wire::DecodeError> {
                Ok(Self { $( $field: $crate::codec::Field::take(reader)?, )+ })
            }
        }
    };
}
pub(crate) use record;

/// As [`record`], and a message of its own with a tag.
macro_rules! message {
    ($name:ty, $tag:literal, { $($field:ident),+ $(,)? }) => {
        $crate::codec::record!($name { $($field),+ });

        impl wire::Wire for $name {
            const TAG: &'static [u8] = $tag;

            fn write(&self, out: &mut wire::Sink<'_>) {
                $crate::codec::Field::put(self, out);
            }

            fn read(reader: &mut wire::Reader<'_>) -> Result<Self, wire::DecodeError> {
                $crate::codec::Field::take(reader)
            }
        }
    };
}
pub(crate) use message;

/// Implements [`Field`] for an enum without data: one byte each.
macro_rules! codes {
    ($name:ty, $field:literal, { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl $crate::codec::Field for $name {
            fn put(&self, out: &mut wire::Sink<'_>) {
                let code: u8 = match self { $( Self::$variant => $code, )+ };
                $crate::codec::Field::put(&code, out);
            }

            fn take(reader: &mut wire::Reader<'_>) -> Result<Self, wire::DecodeError> {
                let at = reader.at();
                match <u8 as $crate::codec::Field>::take(reader)? {
                    $( $code => Ok(Self::$variant), )+
                    _ => Err(reader.refuse(at, $field)),
                }
            }
        }
    };
}
pub(crate) use codes;

impl Field for f64 {
    fn put(&self, out: &mut Sink<'_>) {
        self.to_bits().put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u64::take(reader).map(Self::from_bits)
    }
}

impl Field for i128 {
    fn put(&self, out: &mut Sink<'_>) {
        out(&self.to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array().map(Self::from_be_bytes)
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn put(&self, out: &mut Sink<'_>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::take(reader)?, B::take(reader)?))
    }
}

impl<T: Field + Copy + Default, const N: usize> Field for [T; N] {
    fn put(&self, out: &mut Sink<'_>) {
        self.iter().for_each(|item| item.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::take(reader)?;
        }
        Ok(items)
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Sink<'_>) {
        u8::from(self.is_some()).put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::take(reader)? {
            0 => Ok(None),
            1 => T::take(reader).map(Some),
            _ => Err(reader.refuse(at, "presence of an option")),
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, out: &mut Sink<'_>) {
        length(self.len()).put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = u32::take(reader)?;
        // Grows with what is read: a false length can't ask for memory.
        let mut items = Self::new();
        for _ in 0..count {
            items.push(T::take(reader)?);
        }
        Ok(items)
    }
}

impl<K: Field + Ord, V: Field> Field for BTreeMap<K, V> {
    fn put(&self, out: &mut Sink<'_>) {
        length(self.len()).put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = u32::take(reader)?;
        let mut map = Self::new();
        for _ in 0..count {
            let at = reader.at();
            let key = K::take(reader)?;
            if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(reader.refuse(at, "order of keys"));
            }
            map.insert(key, V::take(reader)?);
        }
        Ok(map)
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("no list of the grid reaches four thousand million items")
}
