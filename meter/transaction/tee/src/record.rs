//! Canonical bytes of what only this chip stores.

use wire::{DecodeError, Reader, Sink, Wire};

/// Implements [`Wire`] for a struct whose fields all have it, in the order given.
macro_rules! record {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl wire::Wire for $name {
            fn write(&self, out: &mut wire::Sink<'_>) {
                $( wire::Wire::write(&self.$field, out); )+
            }

            fn read(reader: &mut wire::Reader<'_>) -> Result<Self, wire::DecodeError> {
                Ok(Self { $( $field: wire::Wire::read(reader)?, )+ })
            }
        }
    };
}
pub(crate) use record;

/// A value that may be missing: one byte, then the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Wire> Wire for Maybe<T> {
    fn write(&self, out: &mut Sink<'_>) {
        u8::from(self.0.is_some()).write(out);
        if let Some(value) = &self.0 {
            value.write(out);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            0 => Ok(Self(None)),
            1 => T::read(reader).map(|value| Self(Some(value))),
            _ => Err(reader.refuse(at, "presence")),
        }
    }
}
