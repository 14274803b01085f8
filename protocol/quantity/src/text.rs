//! Serde forms.

/// Serialises as the integer of the unit; as a string where people read the format.
macro_rules! serde_as_integer {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(&self.0)
                } else {
                    serializer.serialize_i64(self.0)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                if reader.is_human_readable() {
                    reader.deserialize_str($crate::text::IntegerText).map(Self)
                } else {
                    serde::Deserialize::deserialize(reader).map(Self)
                }
            }
        }
    };
}
pub(crate) use serde_as_integer;

/// Reads an integer out of a string.
pub(crate) struct IntegerText;

impl serde::de::Visitor<'_> for IntegerText {
    type Value = i64;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "a string that holds an integer")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
        text.parse().map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

use crate::Instant;
serde_as_integer!(Instant);
