//! The energy registers: exact integers with the rest of every division.

use quantity::Energy;

use crate::Configuration;
use crate::configuration::Ratio;

/// Milliwatt-hours in a kilowatt-hour.
const MILLIWATT_HOURS_PER_KILOWATT_HOUR: i128 = 1_000_000;

/// An active-energy register that only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnergyRegister {
    /// Whole milliwatt-hours.
    pub energy: Energy,
    /// Part of a milliwatt-hour not in `energy` yet, in 1 / [`Registers::rest_unit`] of one.
    pub rest: u128,
}

/// A reactive-energy register that only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReactiveRegister {
    /// Whole milli-var-hours.
    pub milli_var_hours: i64,
    /// Part of a milli-var-hour not counted yet, in 1 / [`Registers::rest_unit`] of one.
    pub rest: u128,
}

/// The active registers of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveRegisters {
    /// Windows in which all elements together moved energy in this direction.
    ///
    /// It's integrated on its own and isn't the sum of the phases: what one phase exports while
    /// the others import never shows here.
    pub total: EnergyRegister,
    /// Each phase by the direction of its own power.
    pub phases: [EnergyRegister; 3],
    /// Pulses given for `total` so far.
    pub pulses: u64,
}

/// All that must survive a restart. Plain data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// Energy from the grid into the plant of the customer.
    pub import: ActiveRegisters,
    /// Energy into the grid.
    pub export: ActiveRegisters,
    /// Reactive energy of all elements together by quadrant I, II, III, IV: inductive import,
    /// capacitive export, inductive export, capacitive import (signs of P and Q: ++, −+, −−, +−).
    pub quadrants: [ReactiveRegister; 4],
    /// The same for each phase, by the signs of its own P and Q.
    pub phase_quadrants: [[ReactiveRegister; 4]; 3],
    /// How many parts make one milliwatt-hour in the rests; zero if they were never used.
    ///
    /// It follows from the scales. When a restart comes with other scales, the rests are
    /// converted, which loses less than 2⁻³⁰ mWh each.
    pub rest_unit: u128,
}

/// Pulses given for the total energy of all elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulses {
    /// Pulses for imported active energy.
    pub import: u64,
    /// Pulses for exported active energy.
    pub export: u64,
    /// Pulses for reactive energy in the quadrants I and II, by the same constant in imp/kvarh.
    pub reactive_positive: u64,
    /// Pulses for reactive energy in the quadrants III and IV.
    pub reactive_negative: u64,
}

/// What one window moves, in code²·samples; zero where it stayed below the starting power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) phases: [i128; 3],
    pub(crate) total: i128,
    pub(crate) reactive_phases: [i128; 3],
    pub(crate) reactive: i128,
}

/// A positive amount of energy: whole units and the rest in parts of one.
#[derive(Clone, Copy)]
struct Amount {
    whole: u128,
    rest: u128,
}

impl Registers {
    /// Makes the rests parts of the unit that follows from the configuration.
    pub(crate) fn adopt(mut self, configuration: &Configuration) -> Self {
        let unit = configuration.energy().denominator;
        let old = core::mem::replace(&mut self.rest_unit, unit);
        if old != unit || self.rests().into_iter().any(|rest| *rest >= unit) {
            for rest in self.rests() {
                *rest = convert_rest(*rest, old, unit);
            }
        }
        self
    }

    /// Books one window's movement `times` times; gives the pulses that it made.
    pub(crate) fn book(
        &mut self,
        movement: &Movement,
        times: u32,
        configuration: &Configuration,
    ) -> Pulses {
        let ratio = configuration.energy();
        let amount = |codes: i128| Amount::new(codes.unsigned_abs(), ratio).times(times, ratio);
        for (phase, &codes) in movement.phases.iter().enumerate() {
            self.direction(codes).phases[phase].add(amount(codes), ratio);
            let reactive = movement.reactive_phases[phase];
            self.phase_quadrants[phase][quadrant(codes, reactive)].add(amount(reactive), ratio);
        }
        let before = self.pulse_levels(configuration);
        self.direction(movement.total).total.add(amount(movement.total), ratio);
        self.quadrants[quadrant(movement.total, movement.reactive)]
            .add(amount(movement.reactive), ratio);
        let pulses = self.pulse_levels(configuration).since(&before);
        self.import.pulses = self.import.pulses.saturating_add(pulses.import);
        self.export.pulses = self.export.pulses.saturating_add(pulses.export);
        pulses
    }

    fn direction(&mut self, codes: i128) -> &mut ActiveRegisters {
        if codes < 0 { &mut self.export } else { &mut self.import }
    }

    /// The pulses that the registers would have given from zero.
    #[must_use]
    pub fn pulse_levels(&self, configuration: &Configuration) -> Pulses {
        let constant = i128::from(configuration.settings().pulses_per_kilowatt_hour);
        let level = |milli: i128| {
            u64::try_from(milli * constant / MILLIWATT_HOURS_PER_KILOWATT_HOUR).unwrap_or(0)
        };
        let active = |register: &EnergyRegister| i128::from(register.energy.milliwatt_hours());
        let [one, two, three, four] =
            self.quadrants.map(|register| i128::from(register.milli_var_hours));
        Pulses {
            import: level(active(&self.import.total)),
            export: level(active(&self.export.total)),
            reactive_positive: level(one + two),
            reactive_negative: level(three + four),
        }
    }

    fn rests(&mut self) -> impl IntoIterator<Item = &mut u128> {
        let directions = [&mut self.import, &mut self.export].into_iter();
        let active = directions
            .flat_map(|direction| direction.phases.iter_mut().chain([&mut direction.total]));
        active
            .map(|register| &mut register.rest)
            .chain(self.quadrants.iter_mut().map(|register| &mut register.rest))
            .chain(self.phase_quadrants.iter_mut().flatten().map(|register| &mut register.rest))
    }
}

impl Pulses {
    fn since(&self, before: &Self) -> Self {
        Self {
            import: self.import.saturating_sub(before.import),
            export: self.export.saturating_sub(before.export),
            reactive_positive: self.reactive_positive.saturating_sub(before.reactive_positive),
            reactive_negative: self.reactive_negative.saturating_sub(before.reactive_negative),
        }
    }
}

/// Index of the quadrant: 0 is I (import, inductive), then II, III, IV.
const fn quadrant(active: i128, reactive: i128) -> usize {
    match (active < 0, reactive < 0) {
        (false, false) => 0,
        (true, false) => 1,
        (true, true) => 2,
        (false, true) => 3,
    }
}

/// A rest in other parts, rounded down; always below a whole.
fn convert_rest(rest: u128, old_unit: u128, new_unit: u128) -> u128 {
    if rest == 0 || old_unit == 0 {
        return 0;
    }
    let last = new_unit - 1;
    if rest >= old_unit {
        return last;
    }
    // Shorten rest and old unit together until the product fits; 32 bits of the fraction remain.
    let surplus = (u128::BITS - old_unit.leading_zeros()).saturating_sub(64);
    let fraction = ((rest >> surplus) << 32) / (old_unit >> surplus);
    let converted =
        if new_unit >> 64 == 0 { (new_unit * fraction) >> 32 } else { (new_unit >> 32) * fraction };
    converted.min(last)
}

impl EnergyRegister {
    fn add(&mut self, amount: Amount, ratio: Ratio) {
        let sum = amount.plus(Amount { whole: 0, rest: self.rest }, ratio);
        let whole = i64::try_from(sum.whole).unwrap_or(i64::MAX);
        let energy = self.energy.milliwatt_hours().saturating_add(whole);
        *self = Self { energy: Energy::from_milliwatt_hours(energy), rest: sum.rest };
    }
}

impl ReactiveRegister {
    fn add(&mut self, amount: Amount, ratio: Ratio) {
        let sum = amount.plus(Amount { whole: 0, rest: self.rest }, ratio);
        let whole = i64::try_from(sum.whole).unwrap_or(i64::MAX);
        *self =
            Self { milli_var_hours: self.milli_var_hours.saturating_add(whole), rest: sum.rest };
    }
}

impl Amount {
    const ZERO: Self = Self { whole: 0, rest: 0 };

    /// Converts code²·samples; the configuration has checked that the product fits.
    fn new(codes: u128, ratio: Ratio) -> Self {
        let product = codes.saturating_mul(ratio.numerator);
        Self { whole: product / ratio.denominator, rest: product % ratio.denominator }
    }

    /// Exact sum; both rests are below the denominator.
    fn plus(self, other: Self, ratio: Ratio) -> Self {
        let rest = self.rest + other.rest;
        let whole = self.whole.saturating_add(other.whole);
        if rest < ratio.denominator {
            Self { whole, rest }
        } else {
            Self { whole: whole.saturating_add(1), rest: rest - ratio.denominator }
        }
    }

    /// Exactly what adding it `times` times gives, by doubling.
    fn times(self, times: u32, ratio: Ratio) -> Self {
        let (mut sum, mut power, mut left) = (Self::ZERO, self, times);
        while left > 0 {
            if left % 2 == 1 {
                sum = sum.plus(power, ratio);
            }
            power = power.plus(power, ratio);
            left /= 2;
        }
        sum
    }
}
