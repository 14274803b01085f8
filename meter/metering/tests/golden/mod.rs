//! A fixed run of the metering core in integers only, and the digest of everything it says.
//!
//! The host's test and the image in the emulator include this very file, so equal digests mean
//! equal bits on x86-64 and Cortex-M.
#![allow(unreachable_pub, clippy::expect_used, reason = "shared by a test and an image")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "noise and waves wrap and fit on purpose"
)]

use core::fmt::Write;

use metering::{
    ADE9000_FULL_SCALE_CODE, Channel, Conditioning, Configuration, ConfigurationError, Correction,
    CurrentConditioning, CurrentScale, EventLimits, Frame, Metering, NominalFrequency, ORDERS,
    Sensor, Settings, VoltageScale, Wiring,
};

/// What [`run`] with noise from 1 gives on every machine. It was recorded on x86-64; whoever changes the metering
/// core on purpose records it anew.
pub const DIGEST: u64 = 0xb9af_899c_38c0_419a;

const SETTINGS: Settings = Settings {
    wiring: Wiring::ThreePhaseFourWire,
    sample_rate_hertz: 8_000,
    voltage_scale: VoltageScale { codes: ADE9000_FULL_SCALE_CODE, microvolts: 801_000_000 },
    current_scale: CurrentScale { codes: ADE9000_FULL_SCALE_CODE, microamperes: 10_000_000 },
    nominal_frequency: NominalFrequency::Hertz50,
    nominal_voltage_millivolts: 220_000,
    starting_current_microamperes: 1_500,
    pulses_per_kilowatt_hour: 100_000,
};

/// FNV-1a over the printed form of what is written: every field, in the same way everywhere.
pub struct Digest(pub u64);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}

/// Plain channels, then conditioned ones with a coil, three wires, and 60 Hz.
#[inline(never)]
pub fn run(seed: u32) -> Result<u64, ConfigurationError> {
    let mut digest = Digest(0xcbf2_9ce4_8422_2325);
    let plain = Configuration::new(SETTINGS)?.with_limits(&EventLimits {
        overcurrent_microamperes: Some(5_000_000),
        mismatch_microamperes: Some(100_000),
        ..EventLimits::VOLTAGE
    })?;
    measure(&mut digest, seed, plain, 26_800_000);
    measure(&mut digest, seed, plain.with_conditioning(&conditioning())?, 26_843_546);
    let three = Settings { wiring: Wiring::ThreePhaseThreeWire, ..SETTINGS };
    measure(&mut digest, seed, Configuration::new(three)?, 24_000_000);
    let sixty = Settings { nominal_frequency: NominalFrequency::Hertz60, ..SETTINGS };
    measure(&mut digest, seed, Configuration::new(sixty)?, 32_300_000);
    Ok(digest.0)
}

fn conditioning() -> Conditioning {
    let correction = |gain_ppb, delay_nanoseconds| Correction { gain_ppb, delay_nanoseconds };
    let mut current = CurrentConditioning::uniform(correction(1_234_567, 4_321));
    current.regions = 2;
    current.corrections[1] = correction(-7_654_321, -1_234);
    (current.up_microamperes[0], current.down_microamperes[0]) = (1_000_000, 900_000);
    let mut currents = [current; 4];
    currents[2].sensor = Sensor::Rogowski;
    Conditioning { voltages: [correction(-99_999, 77); 3], currents, high_pass: Some(12) }
}

/// Two seconds at a frequency in 2⁻³² turns a sample; everything that is said goes to the digest.
fn measure(digest: &mut Digest, seed: u32, configuration: Configuration, step: u32) {
    let mut meter = Metering::new(configuration);
    let mut noise = seed;
    for sample in 0..16_000 {
        let frame = frame(sample, step, &mut noise);
        let window = meter.push(&frame);
        while let Some(event) = meter.next_event() {
            say(digest, format_args!("{event:?}"));
        }
        let Some(window) = window else { continue };
        say(digest, format_args!("{window:?}{:?}{:?}", meter.registers(), meter.half_cycle()));
        let Some(spectrum) = meter.spectrum() else { continue };
        for channel in Channel::ALL {
            for order in 1..=ORDERS {
                say(digest, format_args!("{} ", spectrum.rms(channel, order)));
                say(digest, format_args!("{} ", spectrum.angle_microdegrees(channel, order)));
            }
        }
    }
    meter.repeat_window(12_345);
    say(digest, format_args!("{:?}{:?}", meter.registers(), meter.regions()));
}

fn say(digest: &mut Digest, what: core::fmt::Arguments<'_>) {
    digest.write_fmt(what).expect("a digest takes everything");
}

/// Three phases with a fifth harmonic and noise; a dip in B, and C turns to export.
fn frame(sample: u32, step: u32, noise: &mut u32) -> Frame {
    let turn = sample.wrapping_mul(step);
    let third = u32::MAX / 3;
    let phases = [turn, turn.wrapping_sub(third), turn.wrapping_add(third)];
    let wave = |turn: u32, peak: i32| arch(turn, peak) + arch(turn.wrapping_mul(5), peak / 9);
    let mut frame = Frame { voltage: phases.map(|turn| wave(turn, 29_000_000)), current: [0; 4] };
    if (5_000..7_000).contains(&sample) {
        frame.voltage[1] /= 2;
    }
    let lag = if sample < 9_000 { 400_000_000 } else { 2_600_000_000 };
    for (phase, turn) in phases.into_iter().enumerate() {
        let lag = if phase == 2 { lag } else { 300_000_000 };
        *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = i32::from((*noise >> 20) as u16);
        frame.current[phase] = wave(turn.wrapping_sub(lag), 16_000_000) + hiss;
    }
    frame.current[3] = frame.current[0] + frame.current[1] + frame.current[2];
    frame
}

/// Half waves of parabolas: near to a sine, and exact in integers.
fn arch(turn: u32, peak: i32) -> i32 {
    let half = i64::from(turn & 0x7fff_ffff) >> 15;
    let height = (half * (65_536 - half)) >> 14;
    let code = ((height * i64::from(peak)) >> 16) as i32;
    if turn >> 31 == 0 { code } else { -code }
}
