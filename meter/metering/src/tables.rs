//! Constants of the spectrum; the tests below work them out again.

/// Binary digits after the point of [`COSINE`].
pub(crate) const COSINE_BITS: u32 = 24;

/// cos(2πk/256) for the first quarter turn.
pub(crate) const COSINE: [i64; 65] = [
    16_777_216, 16_772_163, 16_757_007, 16_731_757, 16_696_429, 16_651_044, 16_595_628, 16_530_216,
    16_454_846, 16_369_565, 16_274_424, 16_169_479, 16_054_795, 15_930_439, 15_796_488, 15_653_022,
    15_500_126, 15_337_895, 15_166_424, 14_985_817, 14_796_184, 14_597_637, 14_390_298, 14_174_291,
    13_949_745, 13_716_797, 13_475_586, 13_226_258, 12_968_963, 12_703_856, 12_431_097, 12_150_850,
    11_863_283, 11_568_571, 11_266_890, 10_958_422, 10_643_353, 10_321_873, 9_994_176, 9_660_458,
    9_320_922, 8_975_771, 8_625_213, 8_269_459, 7_908_725, 7_543_226, 7_173_184, 6_798_821,
    6_420_363, 6_038_037, 5_652_074, 5_262_706, 4_870_169, 4_474_698, 4_076_531, 3_675_909,
    3_273_072, 2_868_265, 2_461_729, 2_053_710, 1_644_455, 1_234_209, 823_219, 411_733, 0,
];

/// Binary digits after the point of [`GRID_GAIN`].
pub(crate) const GRID_GAIN_BITS: u32 = 22;

/// By what a harmonic must be multiplied because its samples were spread over the grid by cubic
/// B-splines: (x / sin x)⁴ with x = π·order/256.
pub(crate) const GRID_GAIN: [i64; 51] = [
    4_194_304, 4_194_725, 4_195_989, 4_198_096, 4_201_048, 4_204_846, 4_209_494, 4_214_994,
    4_221_350, 4_228_566, 4_236_648, 4_245_600, 4_255_428, 4_266_139, 4_277_741, 4_290_240,
    4_303_646, 4_317_968, 4_333_215, 4_349_397, 4_366_527, 4_384_615, 4_403_673, 4_423_716,
    4_444_757, 4_466_811, 4_489_893, 4_514_019, 4_539_206, 4_565_473, 4_592_838, 4_621_320,
    4_650_941, 4_681_721, 4_713_683, 4_746_850, 4_781_247, 4_816_900, 4_853_834, 4_892_078,
    4_931_661, 4_972_612, 5_014_964, 5_058_748, 5_103_999, 5_150_752, 5_199_044, 5_248_913,
    5_300_400, 5_353_545, 5_408_392,
];

/// atan(2⁻ⁱ) in 2⁻⁴⁰ turns.
pub(crate) const ARC_TANGENT: [i64; 32] = [
    137_438_953_472,
    81_134_951_838,
    42_869_480_287,
    21_761_217_566,
    10_922_836_750,
    5_466_743_129,
    2_734_038_620,
    1_367_102_738,
    683_561_799,
    341_782_203,
    170_891_265,
    85_445_653,
    42_722_829,
    21_361_415,
    10_680_707,
    5_340_354,
    2_670_177,
    1_335_088,
    667_544,
    333_772,
    166_886,
    83_443,
    41_722,
    20_861,
    10_430,
    5_215,
    2_608,
    1_304,
    652,
    326,
    163,
    81,
];

#[cfg(test)]
#[allow(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the tables are held against the mathematics"
)]
mod tests {
    use super::*;
    use core::f64::consts::{PI, TAU};

    #[test]
    fn tables_are_what_they_say() {
        for (k, cosine) in COSINE.iter().enumerate() {
            let exact = (TAU * k as f64 / 256.0).cos() * 2f64.powi(24);
            assert!((exact - *cosine as f64).abs() <= 0.5, "cosine {k}");
        }
        for (order, gain) in GRID_GAIN.iter().enumerate().skip(1) {
            let x = PI * order as f64 / 256.0;
            let exact = (x / x.sin()).powi(4) * 2f64.powi(22);
            assert!((exact - *gain as f64).abs() <= 0.5, "gain {order}");
        }
        for (i, angle) in ARC_TANGENT.iter().enumerate() {
            let exact = 2f64.powi(-i32::try_from(i).unwrap()).atan() / TAU * 2f64.powi(40);
            assert!((exact - *angle as f64).abs() <= 0.5, "arc tangent {i}");
        }
    }
}
