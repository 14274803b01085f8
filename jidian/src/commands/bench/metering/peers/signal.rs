//! Three-phase loads in closed form, as WAV files.

use super::errors::Values;
use core::f64::consts::{SQRT_2, TAU};
use hound::{SampleFormat, WavSpec, WavWriter};

/// Samples of each channel in a second.
pub(super) const RATE_HERTZ: u32 = 8_000;

/// Voltages of the three phases, their currents, and that of the neutral.
pub(super) const CHANNELS: u16 = 7;

/// What a sample of full scale means.
pub(super) const FULL_SCALE_VOLTS: u32 = 400;
pub(super) const FULL_SCALE_AMPERES: u32 = 20;

/// Binary digits of a sample beside its sign, as of a good converter; the rest of its 32 are zero.
pub(super) const CODE_BITS: u32 = 26;

/// Fundamental voltage of each phase.
const VOLTS: f64 = 230.0;

/// Fundamental currents: unequal, so that the neutral carries the rest.
const AMPERES: [f64; 3] = [5.0, 4.0, 3.0];

/// Of the fundamental currents; they lag.
const POWER_FACTOR: f64 = 0.8;

/// Angle of phase A at the first sample, so that no crossing falls on a sample by luck.
const START: f64 = 0.3;

/// A steady load.
#[derive(Debug)]
pub(super) struct Signal {
    pub(super) name: &'static str,
    hertz: f64,
    /// Fifth harmonic of voltage and current as parts of the fundamental, in phase with each other
    /// (IEC 62053-22, from memory: 10 % and 40 %).
    fifth: (f64, f64),
}

/// The speed is that of the first one.
pub(super) const SIGNALS: [Signal; 5] = [
    Signal { name: "49.7 Hz, 5th harmonic", hertz: 49.7, fifth: (0.1, 0.4) },
    Signal { name: "50 Hz, sine", hertz: 50.0, fifth: (0.0, 0.0) },
    Signal { name: "50 Hz, 5th harmonic", hertz: 50.0, fifth: (0.1, 0.4) },
    Signal { name: "42.5 Hz, 5th harmonic", hertz: 42.5, fifth: (0.1, 0.4) },
    Signal { name: "57.5 Hz, 5th harmonic", hertz: 57.5, fifth: (0.1, 0.4) },
];

impl Signal {
    /// What every window must read.
    pub(super) fn truth(&self) -> Values {
        let (voltage, current) = self.fifth;
        Values {
            volts: [VOLTS * voltage.hypot(1.0); 3],
            amperes: AMPERES.map(|amperes| amperes * current.hypot(1.0)),
            watts: AMPERES.map(|amperes| VOLTS * amperes * (POWER_FACTOR + voltage * current)),
            hertz: self.hertz,
            voltage_distortion: [voltage; 3],
            current_distortion: [current; 3],
        }
    }

    /// Sample `n` in volts and amperes.
    fn sample(&self, n: u32) -> [f64; CHANNELS as usize] {
        let turn = TAU * (self.hertz * f64::from(n) / f64::from(RATE_HERTZ)).fract() + START;
        let lag = POWER_FACTOR.acos();
        let angles = [0.0, -TAU / 3.0, TAU / 3.0].map(|shift| turn + shift);
        let wave = |angle: f64, lag: f64, fifth: f64| {
            SQRT_2 * ((angle - lag).sin() + fifth * (5.0 * angle).sin())
        };
        let [a, b, c] = angles.map(|angle| VOLTS * wave(angle, 0.0, self.fifth.0));
        let current = |phase: usize| AMPERES[phase] * wave(angles[phase], lag, self.fifth.1);
        let [ia, ib, ic] = [0, 1, 2].map(current);
        [a, b, c, ia, ib, ic, ia + ib + ic]
    }

    /// The file: integers of 32 bits, channels ua ub uc ia ib ic in.
    pub(super) fn wav(&self, seconds: u32) -> hound::Result<Vec<u8>> {
        let mut file = std::io::Cursor::new(Vec::new());
        let mut writer = WavWriter::new(
            &mut file,
            WavSpec {
                channels: CHANNELS,
                sample_rate: RATE_HERTZ,
                bits_per_sample: 32,
                sample_format: SampleFormat::Int,
            },
        )?;
        for n in 0..seconds * RATE_HERTZ {
            for (channel, value) in self.sample(n).into_iter().enumerate() {
                let full = if channel < 3 { FULL_SCALE_VOLTS } else { FULL_SCALE_AMPERES };
                writer.write_sample(code(value / f64::from(full)) << (31 - CODE_BITS))?;
            }
        }
        writer.finalize()?;
        Ok(file.into_inner())
    }
}

/// The nearest code of a part of full scale.
pub(super) fn code(part: f64) -> i32 {
    assert!(part.abs() < 1.0, "every signal stays below full scale");
    #[allow(clippy::cast_possible_truncation, reason = "within full scale")]
    let code = (part * f64::from(1_u32 << CODE_BITS)).round() as i32;
    code
}
