//! Products of quantities, each with the rest that its result can't hold.

use crate::{Duration, Energy, Fen, Money, Power, Price};

const PICO_PER_MICRO: i128 = 1_000_000;
const MILLIWATT_MILLISECONDS_PER_MILLIWATT_HOUR: i128 = 3_600_000;
const MICRO_YUAN_PER_FEN: i64 = 10_000;

/// Part of a micro-yuan that was not charged yet: 0 to 999,999 pico-yuan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PicoYuan(u32);

/// Part of a milliwatt-hour that was not registered yet: 0 to 3,599,999 milliwatt-milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnergyRest(u32);

/// Part of a fen that was not paid yet: 0 to 9,999 micro-yuan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroYuanRest(u16);

/// What [`Price::charge`] returns: whole micro-yuan, and the rest to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the rest must be carried into the next charge"]
pub struct Charge {
    /// Whole micro-yuan, rounded down.
    pub money: Money,
    /// What rounding left over.
    pub rest: PicoYuan,
}

/// What [`Power::over`] returns: whole milliwatt-hours, and the rest to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the rest must be carried into the next interval"]
pub struct Metered {
    /// Whole milliwatt-hours, rounded down.
    pub energy: Energy,
    /// What rounding left over.
    pub rest: EnergyRest,
}

/// What [`Money::payable`] returns: whole fen, and the rest to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the rest must be carried into the next payment"]
pub struct Payable {
    /// Whole fen, rounded down.
    pub fen: Fen,
    /// What rounding left over.
    pub rest: MicroYuanRest,
}

impl Price {
    /// `self × energy + carried`, rounded down to whole micro-yuan, with the rest.
    ///
    /// Rounding is towards minus infinity, also for negative amounts; so the sum of many charges
    /// with a carried rest equals the charge of the whole. `None` if it leaves `i64`.
    pub fn charge(self, energy: Energy, carried: PicoYuan) -> Option<Charge> {
        let product = i128::from(self.micro_yuan_per_kwh()) * i128::from(energy.milliwatt_hours());
        Money::from_pico_yuan(product + i128::from(carried.0))
    }
}

impl Money {
    /// Whole micro-yuan of an exact amount in pico-yuan, rounded down, with the rest.
    ///
    /// `None` if it leaves `i64`.
    pub fn from_pico_yuan(pico_yuan: i128) -> Option<Charge> {
        let micro_yuan = i64::try_from(pico_yuan.div_euclid(PICO_PER_MICRO)).ok()?;
        let rest = u32::try_from(pico_yuan.rem_euclid(PICO_PER_MICRO)).ok()?;
        Some(Charge { money: Self::from_micro_yuan(micro_yuan), rest: PicoYuan(rest) })
    }

    /// Whole fen, rounded down, and the rest.
    pub fn payable(self) -> Payable {
        let micro_yuan = self.micro_yuan();
        let rest = micro_yuan.rem_euclid(MICRO_YUAN_PER_FEN);
        let rest = u16::try_from(rest).expect("a rest below 10,000 fits u16");
        let fen = Fen::from_fen(micro_yuan.div_euclid(MICRO_YUAN_PER_FEN));
        Payable { fen, rest: MicroYuanRest(rest) }
    }
}

impl Fen {
    /// The same amount in micro-yuan; `None` if it leaves `i64`.
    #[must_use]
    pub const fn to_money(self) -> Option<Money> {
        match self.fen().checked_mul(MICRO_YUAN_PER_FEN) {
            Some(micro_yuan) => Some(Money::from_micro_yuan(micro_yuan)),
            None => None,
        }
    }
}

impl Power {
    /// `self × duration + carried`, rounded down to whole milliwatt-hours, with the rest.
    ///
    /// `None` if it leaves `i64`.
    pub fn over(self, duration: Duration, carried: EnergyRest) -> Option<Metered> {
        let product = i128::from(self.milliwatts()) * i128::from(duration.milliseconds())
            + i128::from(carried.0);
        let unit = MILLIWATT_MILLISECONDS_PER_MILLIWATT_HOUR;
        let energy = i64::try_from(product.div_euclid(unit)).ok()?;
        let rest = u32::try_from(product.rem_euclid(unit)).ok()?;
        Some(Metered { energy: Energy::from_milliwatt_hours(energy), rest: EnergyRest(rest) })
    }
}

impl Energy {
    /// Mean power over `duration`, rounded towards zero; `None` if the duration isn't positive
    /// or the power leaves `i64`. For display and forecasts, never for money.
    #[must_use]
    pub fn mean_power(self, duration: Duration) -> Option<Power> {
        if duration.milliseconds() <= 0 {
            return None;
        }
        let work = i128::from(self.milliwatt_hours()) * MILLIWATT_MILLISECONDS_PER_MILLIWATT_HOUR;
        let milliwatts = i64::try_from(work / i128::from(duration.milliseconds())).ok()?;
        Some(Power::from_milliwatts(milliwatts))
    }
}

impl PicoYuan {
    /// Nothing carried.
    pub const ZERO: Self = Self(0);

    /// `None` from 1,000,000 on.
    #[must_use]
    pub const fn new(pico_yuan: u32) -> Option<Self> {
        if pico_yuan < 1_000_000 { Some(Self(pico_yuan)) } else { None }
    }

    /// Pico-yuan, 0 to 999,999.
    #[must_use]
    pub const fn pico_yuan(self) -> u32 {
        self.0
    }
}

impl EnergyRest {
    /// Nothing carried.
    pub const ZERO: Self = Self(0);

    /// `None` from 3,600,000 on.
    #[must_use]
    pub const fn new(milliwatt_milliseconds: u32) -> Option<Self> {
        if milliwatt_milliseconds < 3_600_000 { Some(Self(milliwatt_milliseconds)) } else { None }
    }

    /// Milliwatt-milliseconds, 0 to 3,599,999.
    #[must_use]
    pub const fn milliwatt_milliseconds(self) -> u32 {
        self.0
    }
}

impl MicroYuanRest {
    /// Micro-yuan, 0 to 9,999.
    #[must_use]
    pub const fn micro_yuan(self) -> u16 {
        self.0
    }

    /// The same as money.
    #[must_use]
    pub fn to_money(self) -> Money {
        Money::from_micro_yuan(i64::from(self.0))
    }
}
