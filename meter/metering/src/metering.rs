//! The struct that samples are pushed into.

use crate::channels::{Channels, Frame};
use crate::configuration::Configuration;
use crate::crossing::Crossing;
use crate::energy::{Movement, Registers};
use crate::fixed::{FRACTION_BITS, ONE_SAMPLE};
use crate::history::History;
use crate::measure::{Interval, Window, measure};
use crate::sums::{Mean, Shift, Sums, border_shift, terms};

/// The metering core: push frames, take windows, read registers.
///
/// Less than 4 kB, no heap, no clock: time is the number of frames.
#[derive(Clone, Debug)]
pub struct Metering {
    configuration: Configuration,
    registers: Registers,
    sums: Sums,
    history: History,
    previous: Channels,
    crossing: Crossing,
    /// The voltage whose crossings make the windows.
    reference: usize,
    start: Start,
    /// Cycles since the window began.
    cycles: u32,
    /// Delay of the second tap in samples.
    delay: usize,
    /// A quarter of the period measured last, in 2⁻¹⁶ sample periods.
    quarter: u64,
    /// Constant part of each channel in the last synchronised window, in codes; not known until
    /// the first one.
    means: Option<[i64; 7]>,
    /// What the last window moved, for [`Metering::repeat_window`].
    last: Movement,
}

/// How the current window began.
#[derive(Clone, Copy, Debug)]
struct Start {
    kind: Border,
    /// Where between the last sample before it and its first one, in 2⁻¹⁶.
    fraction: u32,
}

/// What ends a window and begins the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Border {
    /// The reference voltage rose through zero.
    Crossing,
    /// No crossing came in time.
    Timeout,
}

// A microcontroller has room for it: this is the whole state.
const _: () = assert!(size_of::<Metering>() <= 4096);

/// Without a crossing, a window ends halfway between two samples.
const HALF: u32 = 1 << (FRACTION_BITS - 1);

impl Metering {
    /// A meter whose registers start at zero.
    #[must_use]
    pub fn new(configuration: Configuration) -> Self {
        Self::with_registers(configuration, Registers::default())
    }

    /// A meter that goes on from registers saved before.
    #[must_use]
    pub fn with_registers(configuration: Configuration, registers: Registers) -> Self {
        let dead_time = configuration.settings().sample_rate_hertz / 100;
        let quarter = configuration.nominal_quarter();
        Self {
            configuration,
            registers: registers.adopt(&configuration),
            sums: Sums::new(),
            history: History::new(),
            previous: Channels::default(),
            crossing: Crossing::new(configuration.crossing_hysteresis(), dead_time),
            reference: 0,
            start: Start { kind: Border::Timeout, fraction: HALF },
            cycles: 0,
            delay: History::whole_delay(quarter),
            quarter,
            means: None,
            last: Movement::default(),
        }
    }

    /// Takes one frame; gives the window that ended just before it, already booked.
    ///
    /// After [`Metering::new`] the first window only reaches to the first zero crossing, at most
    /// two cycles when there is voltage. It settles the chain and isn't booked, because the offsets
    /// of the converter aren't known before a whole cycle.
    pub fn push(&mut self, frame: &Frame) -> Option<Window> {
        let channels = Channels::join(frame, self.configuration.settings().wiring);
        self.history.push(channels.voltage);
        let window = self.border(&channels).map(|end| self.close(end, &channels));
        self.sums.add(&terms(&channels, &self.history.taps(0, self.delay)));
        self.previous = channels;
        window
    }

    /// Books the energy of the last window `times` more times, exactly as if that very window had
    /// come again: for a simulation that holds a load steady. Nothing happens before the first
    /// window.
    pub fn repeat_window(&mut self, times: u32) {
        self.registers.book(&self.last, times, &self.configuration);
    }

    /// The registers up to the end of the last window; what the current one gathered isn't in yet.
    #[must_use]
    pub const fn registers(&self) -> &Registers {
        &self.registers
    }

    /// The configuration as given.
    #[must_use]
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Whether a window ends between the previous sample and this one.
    fn border(&mut self, channels: &Channels) -> Option<Start> {
        let samples = self.sums.samples();
        if let Some(fraction) = self.crossing.push(channels.voltage[self.reference]) {
            self.cycles += 1;
            let whole = self.start.kind == Border::Crossing
                && self.cycles >= self.configuration.cycles_per_window();
            // The first window must hold the quarter period that reactive power looks back to.
            let settled = self.means.is_some() || usize_of(samples) > self.delay + 3;
            let free = self.start.kind == Border::Timeout && samples > 0 && settled;
            if whole || free {
                return Some(Start { kind: Border::Crossing, fraction });
            }
        }
        let longest = match self.start.kind {
            Border::Crossing => self.configuration.longest_window_samples(),
            Border::Timeout => self.configuration.free_window_samples(),
        };
        (samples >= longest).then_some(Start { kind: Border::Timeout, fraction: HALF })
    }

    /// Ends the window before this sample, books it and begins the next one.
    fn close(&mut self, end: Start, channels: &Channels) -> Window {
        self.sums.settle();
        if end.kind == Border::Crossing {
            let shift = self.border_shift(end, channels);
            self.sums.gain(&shift);
        }
        let interval = self.interval(end);
        let (mut window, movement) = measure(&self.sums, &interval, &self.configuration);
        window.pulses = self.registers.book(&movement, 1, &self.configuration);
        self.last = movement;
        if end.kind == Border::Timeout {
            self.follow_strongest(&interval);
        }
        self.begin(end, channels);
        window
    }

    fn interval(&mut self, end: Start) -> Interval {
        let samples = u64::from(self.sums.samples()) * ONE_SAMPLE;
        let length = samples + u64::from(end.fraction) - u64::from(self.start.fraction);
        let length = length.max(1);
        let whole_cycles = end.kind == Border::Crossing && self.start.kind == Border::Crossing;
        let cycles = if whole_cycles { self.cycles } else { 0 };
        if whole_cycles {
            self.means = Some(self.sums.means(length));
            self.quarter = length / (4 * u64::from(cycles));
        }
        // A part of a cycle has a mean of its own, which isn't the offset.
        let free = self.sums.samples() >= self.configuration.free_window_samples();
        let mean = match self.means {
            _ if whole_cycles || (free && self.start.kind == Border::Timeout) => Mean::OfWindow,
            Some(means) => Mean::Known(means),
            None => Mean::Unknown,
        };
        let second_tap = i64::try_from(self.delay).unwrap_or(0) << FRACTION_BITS;
        let beyond = i64::try_from(self.quarter).unwrap_or(i64::MAX).saturating_sub(second_tap);
        Interval { length, cycles, beyond, mean }
    }

    fn begin(&mut self, end: Start, channels: &Channels) {
        self.start = end;
        self.cycles = 0;
        self.delay = History::whole_delay(self.quarter);
        self.sums = Sums::new();
        if end.kind == Border::Crossing {
            let shift = self.border_shift(end, channels);
            self.sums.lose(&shift);
        }
    }

    fn border_shift(&self, border: Start, channels: &Channels) -> Shift {
        let before = terms(&self.previous, &self.history.taps(1, self.delay));
        let after = terms(channels, &self.history.taps(0, self.delay));
        border_shift(&before, &after, border.fraction)
    }

    /// Takes the strongest voltage as the reference, because the old one gave no crossing in time.
    fn follow_strongest(&mut self, interval: &Interval) {
        let strength =
            |&phase: &usize| self.sums.voltage_square(phase, interval.mean, interval.length);
        let elements = self.configuration.elements().iter().copied();
        let strongest = elements.rev().max_by_key(strength).unwrap_or(0);
        if strongest != self.reference {
            self.reference = strongest;
            self.crossing.restart();
        }
    }
}

/// A count of samples as an index; both are small.
fn usize_of(samples: u32) -> usize {
    usize::try_from(samples).unwrap_or(usize::MAX)
}
