//! How the quantities that aren't read off a register are worked out, so that everybody who settles
//! gets the same integers.

use quantity::{Duration, Energy, EnergyRest, Metered, Power};

use crate::{Quantities, Quantity};

/// Power factor of active and reactive energy in millionths, rounded down: `P / √(P² + Q²)`.
///
/// The sign of either doesn't matter. Where no energy flowed it is 1: nothing was drawn badly.
/// Amounts above 2⁴⁰ (1.1 GWh in mWh) are first halved together until they are below.
#[must_use]
pub fn power_factor_ppm(active: Energy, reactive: Energy) -> i64 {
    const PPM_SQUARED: u128 = 1_000_000_000_000;
    let [mut active, mut reactive] =
        [active, reactive].map(|energy| u128::from(energy.milliwatt_hours().unsigned_abs()));
    while active.max(reactive) >= 1 << 40 {
        (active, reactive) = (active >> 1, reactive >> 1);
    }
    let active = active.saturating_mul(active);
    let apparent = active.saturating_add(reactive.saturating_mul(reactive));
    let squared = active.saturating_mul(PPM_SQUARED).checked_div(apparent);
    squared.map_or(1_000_000, |squared| i64::try_from(squared.isqrt()).unwrap_or(1_000_000))
}

/// How far a metered curve is from the one that was agreed, over one settlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deviation {
    /// Largest difference in either direction.
    pub power_max: Power,
    /// Sum of the differences' changes from step to step: the burden on whoever balances.
    pub mileage: Power,
    /// Metered less agreed energy, net, rounded down; negative for a shortfall.
    pub net: Energy,
    /// What rounding left over.
    pub rest: EnergyRest,
}

/// Measures a deviation. Both curves are powers at equal `step`s; `None` if they differ in length, or
/// a sum leaves 64 bits.
///
/// The definitions are ours (the source paper names the three measures only): largest `|δ|`, sum of
/// `|δ(t) − δ(t−1)|`, and `Σ δ × step`, with `δ` = metered − agreed. All three are seminorms of the
/// curve, so splitting a trade into parts never makes a penalty smaller.
#[must_use]
pub fn deviation(metered: &[Power], agreed: &[Power], step: Duration) -> Option<Deviation> {
    if metered.len() != agreed.len() {
        return None;
    }
    let (mut sum, mut mileage, mut last) = (Power::ZERO, Power::ZERO, None);
    let mut power_max = Power::ZERO;
    for (metered, agreed) in metered.iter().zip(agreed) {
        let delta = metered.checked_sub(*agreed)?;
        power_max = power_max.max(delta.abs());
        if let Some(last) = last {
            mileage = mileage.checked_add(delta.checked_sub(last)?.abs())?;
        }
        (sum, last) = (sum.checked_add(delta)?, Some(delta));
    }
    let Metered { energy: net, rest } = sum.over(step, EnergyRest::ZERO)?;
    Some(Deviation { power_max, mileage, net, rest })
}

impl Deviation {
    /// The four quantities that a contract may charge: one of shortfall and surplus is zero.
    #[must_use]
    pub fn into_quantities(self, quantities: Quantities) -> Quantities {
        let net = self.net.milliwatt_hours();
        quantities
            .with(Quantity::DeviationPower, self.power_max.milliwatts())
            .with(Quantity::DeviationMileage, self.mileage.milliwatts())
            .with(Quantity::Shortfall, net.min(0).saturating_neg())
            .with(Quantity::Surplus, net.max(0))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests: a panic is the report")]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_minutes(1);

    fn energy(kilowatt_hours: i64) -> Energy {
        Energy::from_milliwatt_hours(kilowatt_hours * 1_000_000)
    }

    fn watts<const N: usize>(values: [i64; N]) -> [Power; N] {
        values.map(|watts| Power::from_milliwatts(watts * 1000))
    }

    #[test]
    fn a_power_factor_is_rounded_down() {
        let table = [
            ((0, 0), 1_000_000),
            ((100, 0), 1_000_000),
            ((0, 100), 0),
            ((3, 4), 600_000),
            ((-3, 4), 600_000),
            ((100, 100), 707_106),
            ((85, 53), 848_558),
            ((9_000_000_000_000, 9_000_000_000_000), 707_106),
        ];
        for ((active, reactive), ppm) in table {
            assert_eq!(
                power_factor_ppm(energy(active), energy(reactive)),
                ppm,
                "{active} {reactive}"
            );
        }
    }

    #[test]
    fn a_deviation_has_three_measures() {
        // δ = 0, +200, −100, +300 W
        let metered = watts([1000, 1200, 900, 1300]);
        let agreed = watts([1000; 4]);
        let measured = deviation(&metered, &agreed, STEP).expect("the curves are as long");
        assert_eq!(measured.power_max, watts([300])[0]);
        assert_eq!(measured.mileage, watts([200 + 300 + 400])[0]);
        // 400 W for a minute: 6.666 Wh
        assert_eq!(measured.net.milliwatt_hours(), 6666);
        let quantities = measured.into_quantities(Quantities::NONE);
        assert_eq!(quantities.get(Quantity::Surplus), Some(6666));
        assert_eq!(quantities.get(Quantity::Shortfall), Some(0));
        let short = deviation(&agreed, &metered, STEP).expect("the curves are as long");
        assert_eq!(short.into_quantities(Quantities::NONE).get(Quantity::Shortfall), Some(6667));
        assert_eq!(deviation(&metered, &agreed[1..], STEP), None);
    }

    #[test]
    fn parts_of_a_trade_never_deviate_less_than_the_whole() {
        let parts = [watts([900, 1400, 700, 1000]), watts([1100, 800, 1000, 1250])];
        let agreed = watts([1000; 4]);
        let whole: [Power; 4] = core::array::from_fn(|at| parts[0][at] + parts[1][at]);
        let twice = watts([2000; 4]);
        let measure = |metered: &[Power], agreed: &[Power]| {
            deviation(metered, agreed, STEP).expect("the curves are as long")
        };
        let [first, second] = parts.map(|part| measure(&part, &agreed));
        let whole = measure(&whole, &twice);
        assert!(whole.power_max <= first.power_max + second.power_max);
        assert!(whole.mileage <= first.mileage + second.mileage);
    }
}
