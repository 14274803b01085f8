//! Integer helpers: fixed point with 16 bits, rounding and saturating conversions.

/// One sample period in the fixed-point unit of time, 2⁻¹⁶ sample periods.
pub(crate) const ONE_SAMPLE: u64 = 1 << FRACTION_BITS;

/// Bits after the point in the fixed-point unit of time.
pub(crate) const FRACTION_BITS: u32 = 16;

/// The quotient rounded to nearest, halves away from zero. The divisor is positive.
pub(crate) const fn divide_round(dividend: i128, divisor: i128) -> i128 {
    let half = divisor / 2;
    if dividend < 0 { (dividend - half) / divisor } else { (dividend + half) / divisor }
}

/// The unsigned quotient rounded to nearest.
pub(crate) const fn divide_round_unsigned(dividend: u128, divisor: u128) -> u128 {
    (dividend + divisor / 2) / divisor
}

/// To `i64`, held at the end of its range.
pub(crate) fn saturate_i64(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// To `u32`, held at the end of its range.
pub(crate) fn saturate_u32(value: u128) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// To `i128`, held at the end of its range.
pub(crate) fn saturate_i128(value: u128) -> i128 {
    i128::try_from(value).unwrap_or(i128::MAX)
}

/// The greatest common divisor, so that a scale is kept in lowest terms.
pub(crate) const fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// To `u64`, held at the end of its range.
pub(crate) fn saturate_u64(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
