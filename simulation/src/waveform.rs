//! Sampled currents and voltages of a sinusoidal load, as ADC codes.
//!
//! All integer: a 32-bit phase accumulator and a sine table, so the same load gives the same codes
//! on every machine.

use metering::Frame;

/// Entries of the sine table: with linear interpolation its error stays below 2⁻²⁴.
const TABLE: usize = 4096;

/// Amplitude of the table.
const ONE: i64 = 1 << 30;

/// A full turn of the phase accumulator.
const TURN: i64 = 1 << 32;

/// Sine of a phase in 2³² parts of a turn, times 2³⁰.
#[derive(Clone, Debug)]
pub struct SineTable(Vec<i32>);

impl Default for SineTable {
    fn default() -> Self {
        Self::new()
    }
}

impl SineTable {
    /// Computes the table.
    #[must_use]
    pub fn new() -> Self {
        // `libm` is the same code on every machine, unlike the system's sine.
        let entry = |index: usize| {
            let angle = core::f64::consts::TAU * index as f64 / TABLE as f64;
            #[allow(clippy::cast_possible_truncation, reason = "a sine times 2³⁰ fits i32")]
            let code = libm::round(libm::sin(angle) * ONE as f64) as i32;
            code
        };
        Self((0..=TABLE).map(entry).collect())
    }

    fn at(&self, phase: u32) -> i64 {
        let index = (phase >> 20) as usize;
        let fraction = i64::from(phase & 0xf_ffff);
        let (low, high) = (i64::from(self.0[index]), i64::from(self.0[index + 1]));
        low + (((high - low) * fraction) >> 20)
    }
}

/// Peak codes, angles and frequency of the seven channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stimulus {
    /// Peak voltage codes of the phases.
    pub voltage_peak: [i32; 3],
    /// Peak current codes of the phases.
    pub current_peak: [i32; 3],
    /// By how much each current lags its voltage, in 2⁻³² turns.
    pub current_lag: [i32; 3],
    /// Line frequency in millihertz.
    pub frequency_millihertz: u32,
}

/// Makes frames, one after the other, without a jump of phase when the stimulus changes.
#[derive(Clone, Debug)]
pub struct Generator {
    table: SineTable,
    phase: u32,
    sample_rate_hz: u32,
}

impl Generator {
    /// Starts at phase zero of voltage A.
    #[must_use]
    pub fn new(sample_rate_hz: u32) -> Self {
        Self { table: SineTable::new(), phase: 0, sample_rate_hz }
    }

    /// The next sample of all channels.
    pub fn next_frame(&mut self, stimulus: &Stimulus) -> Frame {
        let mut frame = Frame::default();
        for (phase, thirds) in (0..3_usize).zip(0_i64..) {
            // Phase B lags phase A by a third of a turn, C by two thirds.
            let lag = u32::try_from(TURN * thirds / 3).expect("below one turn");
            let voltage = self.phase.wrapping_sub(lag);
            let current = voltage.wrapping_sub(stimulus.current_lag[phase].cast_unsigned());
            frame.voltage[phase] = scale(self.table.at(voltage), stimulus.voltage_peak[phase]);
            frame.current[phase] = scale(self.table.at(current), stimulus.current_peak[phase]);
        }
        frame.current[3] =
            frame.current[..3].iter().fold(0_i32, |sum, code| sum.wrapping_add(*code));
        let step = i64::from(stimulus.frequency_millihertz) * TURN
            / (i64::from(self.sample_rate_hz) * 1000);
        self.phase =
            self.phase.wrapping_add(u32::try_from(step).expect("below half the sample rate"));
        frame
    }
}

fn scale(sine: i64, peak: i32) -> i32 {
    i32::try_from((sine * i64::from(peak) + (ONE >> 1)) >> 30).expect("a sine is at most one")
}
