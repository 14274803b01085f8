//! Ratios and angles in integers, so that every machine comes to the same constants.

use crate::fixed::{divide_round, divide_round_unsigned, saturate_i64, saturate_u64};

/// π × 10⁹.
pub(super) const PI_BILLIONTHS: i128 = 3_141_592_654;

/// tan 60° × 10⁹: by how much an angle weighs more than a ratio at a power factor of 0.5.
const TAN_60_BILLIONTHS: i128 = 1_732_050_808;

const BILLION: i128 = 1_000_000_000;
const TRILLION: i128 = 1_000_000_000_000;

/// A tangent above a quarter is no phase error but another connection.
const TANGENT_MAX: i128 = TRILLION / 4;

/// Powers beyond 2 MW or 2 Mvar could overflow.
pub(super) const POWER_NANO_MAX: u64 = 2_000_000_000_000_000;

/// Active and reactive power in nanowatts and nanovars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Power {
    pub(super) active: i64,
    pub(super) reactive: i64,
}

impl Power {
    /// √(P² + Q²) in 2⁻¹² nano-volt-amperes.
    pub(super) fn magnitude(self) -> u128 {
        let square = |part: i64| u128::from(part.unsigned_abs()).pow(2);
        ((square(self.active) + square(self.reactive)) << 24).isqrt()
    }

    /// By how much more than the other one it lags, in 10⁻¹² radians; `None` beyond 14°.
    pub(super) fn lag_beyond(self, other: Self) -> Option<i64> {
        let [p, q, p0, q0] =
            [self.active, self.reactive, other.active, other.reactive].map(i128::from);
        let (mut cross, mut dot) = (q * p0 - p * q0, p * p0 + q * q0);
        if dot <= 0 {
            return None;
        }
        // So that the product with a trillion stays below 2¹²⁷.
        while dot >= 1 << 84 {
            (cross, dot) = (cross >> 4, dot >> 4);
        }
        if cross.abs() > dot {
            return None;
        }
        let tangent = divide_round(cross * TRILLION, dot);
        (tangent.abs() <= TANGENT_MAX).then(|| saturate_i64(arc(tangent)))
    }
}

/// Arc tangent of 10⁻¹²; exact to 10⁻⁹ up to a quarter.
fn arc(tangent: i128) -> i128 {
    let square = tangent * tangent / TRILLION;
    let (mut power, mut sum) = (tangent, tangent);
    for order in [3, 5, 7, 9, 11, 13] {
        power = -(power * square / TRILLION);
        sum += divide_round(power, order);
    }
    sum
}

/// a/b − 1 in 10⁻⁹; `None` outside a half to double, and of nothing.
pub(super) fn excess_ppb(a: u128, b: u128) -> Option<i64> {
    if b == 0 || a > 2 * b || 2 * a < b {
        return None;
    }
    let ratio = divide_round_unsigned(a * BILLION.unsigned_abs(), b);
    Some(saturate_i64(ratio.cast_signed() - BILLION))
}

/// (1 + a)(1 + b) − 1, all in 10⁻⁹.
pub(super) fn times(a: i64, b: i64) -> i64 {
    let product = (BILLION + i128::from(a)) * (BILLION + i128::from(b));
    saturate_i64(divide_round(product, BILLION) - BILLION)
}

/// (1 + a)/(1 + b) − 1, all in 10⁻⁹; b is above −1.
pub(super) fn over(a: i64, b: i64) -> i64 {
    let quotient = divide_round((BILLION + i128::from(a)) * BILLION, BILLION + i128::from(b));
    saturate_i64(quotient - BILLION)
}

/// An angle in 10⁻¹² radians as time in picoseconds, at a frequency in millihertz.
pub(super) fn picoseconds(picoradians: i64, frequency_millihertz: u32) -> i64 {
    let turn = 2 * PI_BILLIONTHS * i128::from(frequency_millihertz);
    saturate_i64(divide_round(i128::from(picoradians) * TRILLION, turn))
}

/// Time in picoseconds as an angle in 10⁻¹² radians.
pub(super) fn picoradians(picoseconds: i64, frequency_millihertz: u32) -> i64 {
    let turn = 2 * PI_BILLIONTHS * i128::from(frequency_millihertz);
    saturate_i64(divide_round(i128::from(picoseconds) * turn, TRILLION))
}

/// Degrees × 10⁻⁶ as 10⁻¹² radians, brought within ±180°.
pub(super) fn of_microdegrees(microdegrees: i64) -> i64 {
    const TURN: i64 = 360_000_000;
    let within = (microdegrees + TURN / 2).rem_euclid(TURN) - TURN / 2;
    saturate_i64(divide_round(i128::from(within) * PI_BILLIONTHS, 180_000))
}

/// Error of active power, in 10⁻⁹, of a meter that is wrong by a ratio and lags too much by an
/// angle: at unity, and at a power factor of 0.5 lagging.
pub(super) fn active_errors(ratio_ppb: i64, picoradians: i64) -> (i64, i64) {
    let angle = i128::from(picoradians);
    let square = angle * angle / TRILLION;
    let cosine = TRILLION - square / 2 + square * square / TRILLION / 24;
    let sine = angle - angle * square / TRILLION / 6;
    let ratio = BILLION + i128::from(ratio_ppb);
    let error = |part: i128| saturate_i64(divide_round(ratio * part, TRILLION) - BILLION);
    (error(cosine), error(cosine - sine * TAN_60_BILLIONTHS / BILLION))
}

/// What a ratio and an angle may do together to active power at 0.5, in 10⁻⁹.
pub(super) fn weight(ratio_ppb: i64, picoradians: i64) -> i64 {
    let angle = i128::from(picoradians) * TAN_60_BILLIONTHS / TRILLION;
    ratio_ppb.saturating_add(saturate_i64(angle))
}

/// P and Q of a voltage, a current and the angle by which the current lags.
pub(super) fn power(microvolts: u64, nanoamperes: u64, lag_microdegrees: i32) -> Power {
    let apparent = u128::from(microvolts) * u128::from(nanoamperes) / 1_000_000;
    let apparent = i128::from(saturate_u64(apparent));
    let (sine, cosine) = sine_cosine(i64::from(lag_microdegrees));
    let part = |part: i128| saturate_i64(divide_round(apparent * part, ONE));
    Power { active: part(cosine), reactive: part(sine) }
}

/// One with 60 binary digits.
const ONE: i128 = 1 << 60;

/// π × 2⁶⁰.
const PI: i128 = 0x3243_F6A8_885A_308D;

/// Sine and cosine with 60 binary digits.
fn sine_cosine(microdegrees: i64) -> (i128, i128) {
    const RIGHT: i64 = 90_000_000;
    // The nearest multiple of 90°, so that the series sees ±45° at most.
    let quarters = (microdegrees + RIGHT / 2).div_euclid(RIGHT);
    let x = i128::from(microdegrees - quarters * RIGHT) * PI / 180_000_000;
    let (mut sine, mut cosine) = (0, 0);
    let mut term = ONE;
    for order in 0..20_i128 {
        match order % 4 {
            0 => cosine += term,
            1 => sine += term,
            2 => cosine -= term,
            _ => sine -= term,
        }
        term = ((term * x) >> 60) / (order + 1);
    }
    match quarters.rem_euclid(4) {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_arithmetic, reason = "the truth that integers are held against")]
    #![allow(clippy::cast_possible_truncation, reason = "rounded on purpose")]
    use super::*;

    #[test]
    fn powers_are_those_of_the_angle() {
        for microdegrees in (-400_000_000..400_000_000).step_by(7_654_321) {
            let power = power(230_000_000, 5_000_000_000, microdegrees);
            let angle = (f64::from(microdegrees) / 1e6).to_radians();
            let exact =
                [cosine(angle) * 1_150e9, cosine(angle - core::f64::consts::FRAC_PI_2) * 1_150e9];
            for (power, exact) in [power.active, power.reactive].into_iter().zip(exact) {
                assert!((power as f64 - exact).abs() < 2.0, "{microdegrees}: {power}, {exact}");
            }
        }
    }

    /// Without a standard library; by halving the angle often.
    fn cosine(angle: f64) -> f64 {
        let turns = angle / core::f64::consts::TAU;
        let angle = (turns - (turns as i64) as f64) * core::f64::consts::TAU;
        (1..30).rev().fold(1.0, |inner, pair| {
            1.0 - inner * angle * angle / f64::from((2 * pair) * (2 * pair - 1))
        })
    }

    #[test]
    fn a_lag_is_found_at_any_angle_and_size() {
        for (volts, amperes) in [(57_700_000, 1_500_000), (1_000_000_000, 1_000_000_000_000_u64)] {
            for lag in (-180_000_000..180_000_000).step_by(14_999_999) {
                for error in [-13_900_000, -1_000_000, -20_000, 0, 57, 300_000, 14_000_000] {
                    let (shown, truth) =
                        (power(volts, amperes, lag + error), power(volts, amperes, lag));
                    let found = shown.lag_beyond(truth).expect("within 14°");
                    let exact = f64::from(error) * core::f64::consts::PI / 180.0 * 1e6;
                    // 87 mVA in nanowatts are known to 10⁻⁸.
                    assert!((found as f64 - exact).abs() < 2e4, "{lag} {error}: {found}, {exact}");
                }
            }
        }
        let reversed = power(1_000_000, 1_000_000_000, 180_000_000);
        assert_eq!(reversed.lag_beyond(power(1_000_000, 1_000_000_000, 0)), None);
        let far = power(1_000_000, 1_000_000_000, 14_100_000);
        assert_eq!(far.lag_beyond(power(1_000_000, 1_000_000_000, 0)), None);
    }

    #[test]
    fn ratios_are_rounded_to_a_billionth() {
        assert_eq!(excess_ppb(1_000_001, 1_000_000), Some(1_000));
        assert_eq!(excess_ppb(999_999, 1_000_000), Some(-1_000));
        assert_eq!(excess_ppb(1, 3), None);
        assert_eq!(excess_ppb(3, 1), None);
        assert_eq!(excess_ppb(1, 0), None);
        // 1.1 × 1.1 = 1.21, and 1.21/1.1 = 1.1.
        assert_eq!(times(100_000_000, 100_000_000), 210_000_000);
        assert_eq!(over(210_000_000, 100_000_000), 100_000_000);
    }

    #[test]
    fn time_and_angle_are_one_thing() {
        // One degree at 50 Hz is 20 ms/360 = 55,555.6 ns = 17.4533 mrad.
        assert_eq!(picoseconds(17_453_292_520, 50_000), 55_555_556);
        assert_eq!(picoradians(55_555_556, 50_000) / 1_000_000, 17_453);
        assert_eq!(of_microdegrees(1_000_000), 17_453_292_522);
        assert_eq!(of_microdegrees(359_000_000), -17_453_292_522);
    }

    #[test]
    fn active_power_errs_as_the_formula_says() {
        // 1 crad too late: cos 0.01 = 0.99995; at 0.5 lag cos(60° + 0.01)/0.5 = 0.98262978.
        let (unity, half) = active_errors(0, 10_000_000_000);
        assert_eq!(unity, -50_000);
        assert_eq!(half / 10, -1_737_021);
        // A ratio counts as it is.
        assert_eq!(active_errors(1_000_000, 0), (1_000_000, 1_000_000));
    }
}
