//! The data sheet's constants, and its formulas.

/// Samples per second of everything behind the decimation filter.
pub const SAMPLE_RATE_HZ: u32 = 8000;
/// Peak code of `xI_PCF` and `xV_PCF` at full scale, PGA 1 (DS).
pub const FULL_SCALE_PCF: i32 = 74_532_013;
/// Peak code of the decimated samples (TRM).
pub const FULL_SCALE_LPF: i32 = 74_518_668;
/// Peak code of the samples at 32 kHz (TRM).
pub const FULL_SCALE_SINC: i32 = 67_107_786;
/// Code of every rms register at full scale (DS).
pub const FULL_SCALE_RMS: u32 = 52_702_092;
/// Code of every power register with both channels at full scale (DS).
pub const FULL_SCALE_POWER: u32 = 20_694_066;

/// What one volt and one ampere outside are at the pins of the chip.
///
/// Integers per thousand, so that a core without a floating-point unit converts exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// RMS volts on the line at full scale (707.1 mV rms at the pins), in millivolts.
    pub full_scale_millivolts: u32,
    /// RMS amperes on the line at full scale, in milliamperes.
    pub full_scale_milliamperes: u32,
}

impl Scale {
    /// An rms code of a voltage channel in millivolts.
    #[must_use]
    pub fn millivolts(self, code: u32) -> u64 {
        u64::from(code) * u64::from(self.full_scale_millivolts) / u64::from(FULL_SCALE_RMS)
    }

    /// An rms code of a current channel in milliamperes.
    #[must_use]
    pub fn milliamperes(self, code: u32) -> u64 {
        u64::from(code) * u64::from(self.full_scale_milliamperes) / u64::from(FULL_SCALE_RMS)
    }

    /// A power code in milliwatts, toward zero.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "at most 2^31 * 2^64 / 2 * 10^10")]
    pub fn milliwatts(self, code: i32) -> i64 {
        (i128::from(code) * self.full_scale_microwatts() / (i128::from(FULL_SCALE_POWER) * 1000))
            as i64
    }

    /// A sum of energy codes in milliwatt-hours, toward zero.
    ///
    /// Convert the sum since the beginning and not each movement: then no rest is ever lost.
    #[must_use]
    pub fn milliwatt_hours(self, energy: i128) -> i128 {
        // Energy code 1 is full-scale power / 20,694,066 for 1/8000 s.
        let divisor = i128::from(FULL_SCALE_POWER) * i128::from(SAMPLE_RATE_HZ) * 3_600_000;
        energy * self.full_scale_microwatts() / divisor
    }

    fn full_scale_microwatts(self) -> i128 {
        i128::from(self.full_scale_millivolts) * i128::from(self.full_scale_milliamperes)
    }
}

/// Frequency of a period register: t = (code + 1) / (8000 * 65536) s (DS).
#[must_use]
pub fn frequency_millihertz(period: u32) -> u64 {
    u64::from(SAMPLE_RATE_HZ) * 65_536 * 1000 / (u64::from(period) + 1)
}

/// Code of a phase calibration register, for a current that lags its voltage by this angle more
/// than it should (negative: a transformer that leads). `None` outside of what the chip can do,
/// -15 degrees to one sample (2.25 degrees at 50 Hz).
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "at most 2^27 in size")]
pub fn phase_calibration(degrees: f64, line_hz: f64) -> Option<i32> {
    if !(40.0..=70.0).contains(&line_hz) {
        return None;
    }
    let sample = 2.0 * core::f64::consts::PI * line_hz / f64::from(SAMPLE_RATE_HZ);
    let angle = degrees.to_radians();
    if !(degrees >= -15.0 && angle <= sample * 1.000_000_1) {
        return None;
    }
    let ratio = (libm::sin(angle - sample) + libm::sin(sample)) / libm::sin(2.0 * sample - angle);
    Some(libm::round(ratio * f64::from(1 << 27)) as i32)
}

/// The no-load level for a power that is `ratio` times below full scale (TRM).
#[must_use]
pub fn no_load_level(ratio: u32) -> u32 {
    64 * FULL_SCALE_POWER / ratio.max(1)
}

/// Temperature from `TEMP_RSLT` and the trim word of this chip (DS).
#[must_use]
pub fn temperature_millicelsius(result: u16, trim: u32) -> i64 {
    let (offset, gain) = (i64::from(trim >> 16), i64::from(trim & 0xFFFF));
    offset * 1000 / 32 - i64::from(result) * gain * 1000 / 65_536
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_close_on_each_other() {
        let rms = u64::from(FULL_SCALE_RMS);
        // 20,694,065.85
        assert_eq!((rms * rms + (1 << 26)) >> 27, u64::from(FULL_SCALE_POWER));
        let peak = libm::round(f64::from(FULL_SCALE_RMS) * core::f64::consts::SQRT_2);
        assert!((peak - f64::from(FULL_SCALE_PCF)).abs() < 0.5);
    }

    /// Worked out from the formula in the fact sheet.
    #[test]
    fn phase_calibration_codes() {
        let table = [
            (50.0, 2.25, 0x0800_0000),
            (50.0, 0.0, 0),
            (50.0, 1.0, 38_353_399),
            (50.0, 0.1, 3_051_152),
            (50.0, -0.02, -594_038),
            (50.0, -0.1, -2_918_560),
            (50.0, -15.0, -103_448_363),
            (60.0, 2.7, 0x0800_0000),
            (60.0, -15.0, -98_929_636),
        ];
        for (hertz, degrees, code) in table {
            assert_eq!(phase_calibration(degrees, hertz), Some(code), "{degrees} at {hertz} Hz");
        }
        for (hertz, degrees) in
            [(50.0, 2.3), (50.0, -15.1), (50.0, f64::NAN), (0.0, 0.0), (99.0, 0.0)]
        {
            assert_eq!(phase_calibration(degrees, hertz), None);
        }
    }

    #[test]
    fn other_formulas() {
        assert_eq!(frequency_millihertz(0x0085_5554), 60_000);
        assert_eq!(frequency_millihertz(0x009F_FFFF), 50_000);
        // 64 * 20,694,066 / 10,000 = 132,442.02
        assert_eq!(no_load_level(10_000), 132_442);
        // 9920 / 32 - 950 * 19661 / 65536 = 310 - 285.0029
        assert_eq!(temperature_millicelsius(950, 0x26C0_4CCD), 24_998);
    }

    const SCALE: Scale = Scale { full_scale_millivolts: 566_307, full_scale_milliamperes: 212_100 };

    #[test]
    fn full_scale_is_full_scale() {
        assert_eq!(SCALE.millivolts(FULL_SCALE_RMS), 566_307);
        assert_eq!(SCALE.milliamperes(FULL_SCALE_RMS), 212_100);
        // 566.307 V * 212.1 A = 120,113.7147 W
        assert_eq!(SCALE.milliwatts(20_694_066), 120_113_714);
        assert_eq!(SCALE.milliwatts(-20_694_066), -120_113_714);
        // One second of it: 120,113.7147 / 3600 Wh = 33,364.92 mWh.
        assert_eq!(SCALE.milliwatt_hours(20_694_066 * 8000), 33_364);
    }
}
