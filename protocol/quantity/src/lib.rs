//! Energy, power, money, price and time as exact integers.
//!
//! Every quantity is a private `i64` in one fixed unit, so that two machines always agree to the
//! last digit and a unit can't be mixed up:
//!
//! | type | unit |
//! |---|---|
//! | [`Energy`] | milliwatt-hour (10⁻⁶ kWh) |
//! | [`Power`] | milliwatt |
//! | [`Money`] | micro-yuan (10⁻⁶ yuan), inside a contract |
//! | [`Fen`] | fen (10⁻² yuan), inside a wallet |
//! | [`Price`] | micro-yuan per kilowatt-hour |
//! | [`Instant`] | millisecond since 1970-01-01 00:00 UTC |
//! | [`Duration`] | millisecond |
//!
//! A product that doesn't fit its result exactly returns the result *and the rest*
//! ([`Charge`], [`Metered`], [`Payable`]). The caller carries the rest into the next
//! step by name; so many small settlements always sum to the large one.
//!
//! Arithmetic is checked: `+` and `-` panic on overflow instead of wrapping, because a sum of
//! money that leaves `i64` (9.2 billion yuan in micro-yuan) is a bug, not a state. What arrives
//! from outside is added with `checked_add`.
#![no_std]
#![deny(clippy::float_arithmetic)]

mod civil;
mod decimal;
mod division;
mod macros;
mod product;
mod text;

pub use civil::{CivilDate, CivilTime, LEGAL_OFFSET, LegalDay, Weekday};
pub use decimal::ParseQuantityError;
pub use division::Divisor;
pub use product::{Charge, EnergyRest, Metered, MicroYuanRest, Payable, PicoYuan};

macros::quantity! {
    /// Electrical energy in milliwatt-hours; a register reading or a movement of one.
    Energy, from_milliwatt_hours, milliwatt_hours, decimals: 6, unit: "kWh", what: "energy"
}
macros::quantity! {
    /// Electrical power in milliwatts; positive means from the grid into the customer's plant.
    Power, from_milliwatts, milliwatts, decimals: 6, unit: "kW", what: "power"
}
macros::quantity! {
    /// Money inside a contract, in micro-yuan.
    Money, from_micro_yuan, micro_yuan, decimals: 6, unit: "yuan", what: "money"
}
macros::quantity! {
    /// Money inside a wallet, in fen: the smallest coin of the digital yuan.
    Fen, from_fen, fen, decimals: 2, unit: "yuan", what: "fen"
}
macros::quantity! {
    /// Price of energy in micro-yuan per kilowatt-hour; may be negative.
    Price, from_micro_yuan_per_kwh, micro_yuan_per_kwh, decimals: 6, unit: "yuan/kWh", what: "price"
}
macros::quantity! {
    /// A length of time in milliseconds.
    Duration, from_milliseconds, milliseconds, decimals: 3, unit: "s", what: "duration"
}

/// A point in time, in milliseconds since 1970-01-01 00:00 UTC.
///
/// Legal time (tariff windows, billing days, freezes) is UTC+8 without daylight saving:
/// see [`Instant::civil`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// 1970-01-01 00:00 UTC.
    pub const EPOCH: Self = Self(0);

    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_unix_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// From whole seconds since the epoch.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds * 1000)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn unix_milliseconds(self) -> i64 {
        self.0
    }

    /// The start of the interval of length `step` (counted from the epoch, UTC) that holds `self`.
    ///
    /// # Panics
    /// If `step` isn't positive.
    #[must_use]
    pub const fn floor_to(self, step: Duration) -> Self {
        assert!(step.milliseconds() > 0, "an interval has a positive length");
        Self(self.0 - self.0.rem_euclid(step.milliseconds()))
    }

    /// Time elapsed since `earlier`; negative if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_milliseconds(self.0 - earlier.0)
    }

    /// `self + duration`, or `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, duration: Duration) -> Option<Self> {
        match self.0.checked_add(duration.milliseconds()) {
            Some(milliseconds) => Some(Self(milliseconds)),
            None => None,
        }
    }
}

impl core::ops::Add<Duration> for Instant {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).expect("instant overflows i64")
    }
}

impl core::ops::Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        self + (-duration)
    }
}

impl Duration {
    /// From whole seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_milliseconds(seconds * 1000)
    }

    /// From whole minutes.
    #[must_use]
    pub const fn from_minutes(minutes: i64) -> Self {
        Self::from_seconds(minutes * 60)
    }

    /// From whole hours.
    #[must_use]
    pub const fn from_hours(hours: i64) -> Self {
        Self::from_minutes(hours * 60)
    }

    /// From whole days of 24 hours.
    #[must_use]
    pub const fn from_days(days: i64) -> Self {
        Self::from_hours(days * 24)
    }
}

impl Energy {
    /// From whole kilowatt-hours.
    #[must_use]
    pub const fn from_kwh(kwh: i64) -> Self {
        Self::from_milliwatt_hours(kwh * 1_000_000)
    }
}

impl Power {
    /// From whole watts.
    #[must_use]
    pub const fn from_watts(watts: i64) -> Self {
        Self::from_milliwatts(watts * 1000)
    }
}

impl Fen {
    /// From whole yuan.
    #[must_use]
    pub const fn from_yuan(yuan: i64) -> Self {
        Self::from_fen(yuan * 100)
    }
}
