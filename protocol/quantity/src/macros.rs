//! The one shape that every scalar quantity has.

/// Defines a quantity: a private `i64` in one unit, with checked arithmetic, exact text and serde.
macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $from:ident, $to:ident, decimals: $decimals:literal, unit: $unit:literal,
     what: $what:literal) => {
        $(#[$doc])*
        ///
        /// Text is decimal in the larger unit and exact; serde uses the integer (a string in
        /// formats for people, since JSON readers lose integers above 2⁵³).
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0);
            /// The smallest value that can be held.
            pub const MIN: Self = Self(i64::MIN);
            /// The largest value that can be held.
            pub const MAX: Self = Self(i64::MAX);
            /// Digits after the point in text.
            pub const DECIMALS: u32 = $decimals;
            /// The unit of the text form.
            pub const UNIT: &'static str = $unit;

            #[doc = concat!("From an integer in the unit of [`", stringify!($name), "`].")]
            #[must_use]
            pub const fn $from($to: i64) -> Self {
                Self($to)
            }

            #[doc = concat!("The integer in the unit of [`", stringify!($name), "`].")]
            #[must_use]
            pub const fn $to(self) -> i64 {
                self.0
            }

            /// Whether nothing is left.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether it is below zero.
            #[must_use]
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// The size without the sign; saturates at [`Self::MAX`].
            #[must_use]
            pub const fn abs(self) -> Self {
                Self(self.0.saturating_abs())
            }

            /// `self + other`, or `None` on overflow.
            #[must_use]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }

            /// `self - other`, or `None` on overflow.
            #[must_use]
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(difference) => Some(Self(difference)),
                    None => None,
                }
            }

            /// `self × factor`, or `None` on overflow.
            #[must_use]
            pub const fn checked_mul(self, factor: i64) -> Option<Self> {
                match self.0.checked_mul(factor) {
                    Some(product) => Some(Self(product)),
                    None => None,
                }
            }
        }

        impl core::ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                self.checked_add(other).expect(concat!($what, " overflows i64"))
            }
        }

        impl core::ops::AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl core::ops::Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                self.checked_sub(other).expect(concat!($what, " overflows i64"))
            }
        }

        impl core::ops::SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }

        impl core::ops::Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(self.0.checked_neg().expect(concat!($what, " overflows i64")))
            }
        }

        impl core::ops::Mul<i64> for $name {
            type Output = Self;
            fn mul(self, factor: i64) -> Self {
                self.checked_mul(factor).expect(concat!($what, " overflows i64"))
            }
        }

        impl core::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
                values.fold(Self::ZERO, |total, value| total + value)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                crate::decimal::write(f, self.0, $decimals)?;
                if f.alternate() { Ok(()) } else { write!(f, concat!(" ", $unit)) }
            }
        }

        impl core::str::FromStr for $name {
            type Err = crate::ParseQuantityError;
            /// Reads the decimal form, with or without the unit; refuses more digits than it holds.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let number = text.trim().strip_suffix($unit).unwrap_or(text.trim());
                crate::decimal::parse(number.trim_end(), $decimals).map(Self)
            }
        }

        crate::text::serde_as_integer!($name);
    };
}

pub(crate) use quantity;
