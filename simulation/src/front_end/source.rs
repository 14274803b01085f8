//! Samples of a steady line.

use super::tone::rms;
use super::{CHANNELS, CURRENTS, Converter, FrontEnd, Line, REFERENCE_CELSIUS, Tone};
use crate::random::Random;
use core::f64::consts::{FRAC_1_SQRT_2, SQRT_2, TAU};
use metering::Frame;

/// Gives one frame after the other.
#[derive(Clone, Debug)]
pub struct Source {
    converter: Converter,
    channels: [Oscillators; CHANNELS],
    noise: Noise,
}

/// The tones of a channel, each turned on by one sample at a time.
#[derive(Clone, Debug)]
struct Oscillators {
    offset: f64,
    tones: Vec<Oscillator>,
}

#[derive(Clone, Copy, Debug)]
struct Oscillator {
    now: (f64, f64),
    turn: (f64, f64),
}

impl Source {
    pub(super) fn new(
        front_end: &FrontEnd,
        line: &Line,
        (celsius, rate_hz): (f64, f64),
        random: Random,
    ) -> Self {
        let real_rate = rate_hz * (1.0 + front_end.converter.crystal);
        let warmer = celsius - REFERENCE_CELSIUS;
        let neutral: Vec<Tone> = line.currents.concat();
        let channels = core::array::from_fn(|channel| {
            let tones = match channel.checked_sub(CURRENTS) {
                None => &line.voltages[channel],
                Some(wire) => line.currents.get(wire).unwrap_or(&neutral),
            };
            let amperes = rms(tones);
            let tones = tones.iter().map(|tone| {
                let hertz = tone.order * line.hertz;
                let factor = front_end.factor(channel, hertz, amperes, warmer);
                let size = tone.rms * SQRT_2 * factor.gain;
                Oscillator::new(size, tone.angle + factor.ahead, hertz / real_rate)
            });
            Oscillators { offset: front_end.channels[channel].offset, tones: tones.collect() }
        });
        Self { converter: front_end.converter, channels, noise: Noise::new(random) }
    }

    /// The next sample of all channels.
    pub fn next_frame(&mut self) -> Frame {
        let mut values = [0.0; CHANNELS];
        for (value, channel) in values.iter_mut().zip(&mut self.channels) {
            *value = channel.next();
        }
        for phase in 0..CURRENTS {
            values[CURRENTS + phase] += self.converter.crosstalk * values[phase];
        }
        if self.converter.noise > 0.0 {
            // Full scale as an RMS value is 1/√2.
            let size = self.converter.noise * FRAC_1_SQRT_2;
            for value in &mut values {
                *value += size * self.noise.next();
            }
        }
        let [a, b, c, ia, ib, ic, neutral] = values.map(|value| self.converter.code(value));
        Frame { voltage: [a, b, c], current: [ia, ib, ic, neutral] }
    }
}

impl Oscillators {
    fn next(&mut self) -> f64 {
        let mut value = self.offset;
        for tone in &mut self.tones {
            value += tone.next();
        }
        value
    }
}

impl Oscillator {
    fn new(size: f64, angle: f64, turns: f64) -> Self {
        let turn = (libm::cos(TAU * turns), libm::sin(TAU * turns));
        Self { now: (size * libm::cos(angle), size * libm::sin(angle)), turn }
    }

    fn next(&mut self) -> f64 {
        let ((x, y), (cos, sin)) = (self.now, self.turn);
        self.now = (x * cos - y * sin, x * sin + y * cos);
        x
    }
}

/// Noise of unit size: sums of four even numbers, which fall off like a bell as far as 3.4.
#[derive(Clone, Debug)]
struct Noise {
    random: Random,
    count: u64,
}

impl Noise {
    const fn new(random: Random) -> Self {
        Self { random, count: 0 }
    }

    fn next(&mut self) -> f64 {
        self.count += 1;
        let number = self.random.part(self.count).number();
        let sum: u64 = [0, 16, 32, 48].iter().map(|shift| (number >> shift) & 0xffff).sum();
        // Each has mean (2¹⁶ − 1)/2 and variance 2³²/12, so the sum's deviation is 2¹⁶/√3.
        #[allow(clippy::cast_precision_loss, reason = "below 2¹⁸")]
        let centred = sum as f64 - 2.0 * 65_535.0;
        centred * (1.732_050_807_568_877_2 / 65_536.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front_end::{FullScale, Tolerances};
    use metering::ADE9000_FULL_SCALE_CODE;

    const SCALE: FullScale = FullScale { volts: 801.0, amperes: 10.0 };

    fn line() -> Line {
        let voltage = |angle| vec![Tone::sine(1.0, 57.7, angle)];
        let current = |angle| vec![Tone::sine(1.0, 1.5, angle), Tone::sine(5.0, 0.3, angle)];
        let angles = [0.0, -TAU / 3.0, TAU / 3.0];
        Line { hertz: 50.0, voltages: angles.map(voltage), currents: angles.map(current) }
    }

    #[test]
    fn a_perfect_board_gives_the_line_in_codes() {
        let random = Random::from_seed(1);
        let mut source = FrontEnd::perfect(SCALE).source(&line(), 23.0, 8_000.0, random);
        let full = f64::from(ADE9000_FULL_SCALE_CODE);
        for n in 0..80_000_u32 {
            let frame = source.next_frame();
            let turn = TAU * 50.0 * f64::from(n % 160) / 8_000.0;
            let volts = 57.7 * SQRT_2 * libm::sin(turn);
            let amperes = SQRT_2 * (1.5 * libm::sin(turn) + 0.3 * libm::sin(5.0 * turn));
            assert!((f64::from(frame.voltage[0]) - volts / 801.0 * full).abs() < 0.6, "{n}");
            assert!((f64::from(frame.current[0]) - amperes / 10.0 * full).abs() < 0.6, "{n}");
        }
    }

    #[test]
    fn noise_has_the_size_of_the_data_sheet() {
        let board = FrontEnd::specimen(SCALE, &Tolerances::TYPICAL, Random::from_seed(3));
        let quiet = Line { hertz: 50.0, ..Line::default() };
        let mut source = board.source(&quiet, 23.0, 8_000.0, Random::from_seed(4));
        let codes: Vec<f64> =
            (0..40_000).map(|_| f64::from(source.next_frame().current[1])).collect();
        let mean = codes.iter().sum::<f64>() / 40_000.0;
        let square = codes.iter().map(|code| (code - mean) * (code - mean)).sum::<f64>() / 40_000.0;
        let full_scale_rms = f64::from(ADE9000_FULL_SCALE_CODE) / SQRT_2;
        let decibels = 20.0 * libm::log10(full_scale_rms / libm::sqrt(square));
        assert!((decibels - 101.0).abs() < 0.2, "{decibels} dB");
        let offset = mean / f64::from(ADE9000_FULL_SCALE_CODE);
        assert!((offset - board.channels[4].offset).abs() < 1e-6, "{offset}");
    }

    #[test]
    fn a_seed_gives_the_same_specimen_and_the_same_samples() {
        let frames = |specimen, noise| {
            let random = Random::from_seed(specimen);
            let board = FrontEnd::specimen(SCALE, &Tolerances::TYPICAL, random);
            let mut source = board.source(&line(), 40.0, 8_000.0, Random::from_seed(noise));
            [0; 100].map(|_| source.next_frame())
        };
        assert_eq!(frames(1, 2), frames(1, 2));
        assert_ne!(frames(1, 2), frames(1, 3));
        assert_ne!(frames(1, 2), frames(2, 2));
    }
}
