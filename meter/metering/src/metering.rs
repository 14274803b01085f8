//! The struct that samples are pushed into.

use crate::border::{LOOKAHEAD, right_shares};
use crate::channels::{CHANNELS, Frame};
use crate::conditioning::{Conditioner, Filters};
use crate::configuration::Configuration;
use crate::crossing::{Crossing, Direction, zero_of};
use crate::energy::{Movement, Registers};
use crate::events::{Event, EventKind, Events};
use crate::fixed::{FRACTION_BITS, saturate_u32};
use crate::fold::{Cycle, Fold};
use crate::half_cycle::{HalfCycle, RmsCodes, Segment, rms_codes};
use crate::measure::{Evidence, Interval, measure};
use crate::spectrum::Spectrum;
use crate::sums::{Mean, Sums, Totals, behind};
use crate::window::Window;

/// The metering core: push frames, take windows, read registers.
///
/// Less than 48 kB, no heap, no clock: time is the number of frames.
#[derive(Clone, Debug)]
pub struct Metering {
    configuration: Configuration,
    registers: Registers,
    sums: Sums,
    fold: Fold,
    crossing: Crossing,
    /// Frames pushed so far.
    frames: u64,
    /// The voltage whose crossings make the windows.
    reference: usize,
    /// How the current window began.
    start: Border,
    conditioner: Conditioner,
    /// How the current segment began.
    segment: Border,
    /// The segment before it.
    half: Option<Segment>,
    half_cycle: RmsCodes,
    events: Events,
    /// The rising crossing before.
    cycle: u64,
    /// Cycles since the window began.
    cycles: u32,
    /// Constant part of each channel in the last synchronised window, in codes; not known until
    /// the first one.
    means: Option<[i64; CHANNELS]>,
    /// Of the last window, if it was synchronised.
    spectrum: Option<Spectrum>,
    /// What the last window moved, for [`Metering::repeat_window`].
    last: Movement,
}

/// What ends a window and begins the next one.
#[derive(Clone, Copy, Debug)]
struct Border {
    kind: Kind,
    /// Where it lies, in 2⁻¹⁶ sample periods since the first sample.
    at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The reference voltage rose through zero.
    Crossing,
    /// No crossing came in time.
    Timeout,
}

// A microcontroller has room for it: this is the whole state.
const _: () = assert!(size_of::<Metering>() <= 48 * 1024);

/// Without a crossing, a window ends halfway between two samples.
const HALF: u32 = 1 << (FRACTION_BITS - 1);

/// Samples that a window must have before a crossing may end it early.
const SHORTEST: u32 = 8;

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
        // Sample 0 never comes, so that every border lies behind it.
        let begin = (LOOKAHEAD << FRACTION_BITS) + u64::from(HALF);
        Self {
            configuration,
            registers: registers.adopt(&configuration),
            sums: Sums::new(),
            fold: Fold::new(),
            crossing: Crossing::new(configuration.crossing_hysteresis(), dead_time),
            frames: LOOKAHEAD,
            reference: 0,
            start: Border { kind: Kind::Timeout, at: begin },
            conditioner: Conditioner::new(),
            segment: Border { kind: Kind::Timeout, at: begin },
            half: None,
            half_cycle: [0; CHANNELS],
            events: Events::new(),
            cycle: begin,
            cycles: 0,
            means: None,
            spectrum: None,
            last: Movement::default(),
        }
    }

    /// Takes one frame; gives the window that ended a few samples before it, already booked.
    ///
    /// After [`Metering::new`] the first window only reaches to the first zero crossing, at most
    /// two cycles when there is voltage. It settles the chain and isn't booked, because the offsets
    /// of the converter aren't known before a whole cycle.
    pub fn push(&mut self, frame: &Frame) -> Option<Window> {
        let mut codes = frame.codes();
        if let Some(filters) = self.configuration.filters() {
            codes = self.conditioner.push(&codes, filters);
        }
        let codes = self.configuration.settings().wiring.join(codes);
        self.frames += 1;
        self.fold.push(self.frames, &codes);
        self.sums.add(&codes);
        match self.crossing.push(codes[self.reference]) {
            Some(direction) => self.pass(direction),
            None => self.wait(),
        }
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

    /// Fundamental and harmonics of the last window; none if it didn't hold whole cycles.
    #[must_use]
    pub const fn spectrum(&self) -> Option<&Spectrum> {
        self.spectrum.as_ref()
    }

    /// RMS values over the last cycle, refreshed each half cycle.
    #[must_use]
    pub fn half_cycle(&self) -> HalfCycle {
        HalfCycle::new(&self.half_cycle, &self.configuration)
    }

    /// Takes the oldest event that waits. Sixteen can wait; what comes beyond pushes the oldest out
    /// and is counted by [`Self::lost_events`].
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.next()
    }

    /// Events that nobody took in time.
    #[must_use]
    pub const fn lost_events(&self) -> u32 {
        self.events.lost()
    }

    /// Whether something is the matter now.
    #[must_use]
    pub fn is_active(&self, kind: EventKind, conductor: usize) -> bool {
        self.events.is_active(kind, conductor)
    }

    /// Which region of its corrections each current is in.
    #[must_use]
    pub const fn regions(&self) -> [usize; 4] {
        self.conditioner.regions()
    }

    /// The reference voltage went through zero.
    fn pass(&mut self, direction: Direction) -> Option<Window> {
        let at = self.crossing_place();
        self.cut(Border { kind: Kind::Crossing, at });
        if direction == Direction::Falling {
            return None;
        }
        let cycle = Cycle { start: self.cycle, end: at };
        self.cycle = at;
        self.cycles += 1;
        if self.start.kind == Kind::Crossing {
            self.fold.fold(cycle);
        }
        let ends = match self.start.kind {
            Kind::Crossing => self.cycles >= self.configuration.cycles_per_window(),
            Kind::Timeout => self.samples(at) > SHORTEST,
        };
        ends.then(|| self.close(Border { kind: Kind::Crossing, at }, cycle))
    }

    /// No crossing: a segment or a window may have lasted too long.
    fn wait(&mut self) -> Option<Window> {
        let at = self.place(HALF);
        let longest = match self.start.kind {
            Kind::Crossing => self.configuration.longest_window_samples(),
            Kind::Timeout => self.configuration.free_window_samples(),
        };
        let ends = self.samples(at) >= longest;
        let segment = at.saturating_sub(self.segment.at) >> FRACTION_BITS;
        let longest = match self.segment.kind {
            Kind::Crossing => self.configuration.longest_segment_samples(),
            Kind::Timeout => self.configuration.half_cycle_samples(),
        };
        if ends || segment >= longest {
            self.cut(Border { kind: Kind::Timeout, at });
        }
        let cycle = Cycle { start: self.cycle, end: at };
        ends.then(|| self.close(Border { kind: Kind::Timeout, at }, cycle))
    }

    /// A place behind the last sample before a border.
    fn place(&self, fraction: u32) -> u64 {
        ((self.frames - LOOKAHEAD) << FRACTION_BITS) + u64::from(fraction)
    }

    fn crossing_place(&self) -> u64 {
        let sample = |age: u64| self.fold.sample(self.frames - age)[self.reference];
        self.place(zero_of([5, 4, 3, 2, 1, 0].map(sample)))
    }

    /// Whole samples from the start of the window to a border.
    fn samples(&self, at: u64) -> u32 {
        let samples = (at >> FRACTION_BITS).saturating_sub(self.start.at >> FRACTION_BITS);
        saturate_u32(u128::from(samples))
    }

    /// Ends a segment at a border.
    fn cut(&mut self, border: Border) {
        let first = (border.at >> FRACTION_BITS) - 1;
        let around = (first..=self.frames).map(|sample| self.fold.sample(sample));
        let behind = behind(shares(border.at), around);
        let totals = self.sums.cut(&behind);
        let begin = core::mem::replace(&mut self.segment, border);
        let length = border.at.saturating_sub(begin.at).max(1);
        let segment = Segment { totals, length, whole: begin.kind == border.kind };
        match self.half.replace(segment) {
            Some(before) if before.whole && segment.whole => {
                self.refresh_half_cycle(&before, &segment);
            }
            Some(_) | None => {}
        }
    }

    fn refresh_half_cycle(&mut self, before: &Segment, segment: &Segment) {
        // A mean of before serves best, also while the voltage changes; but behind a high-pass it
        // may still be dying out.
        let drifting = self.configuration.filters().is_some_and(Filters::has_high_pass);
        let means = if drifting { None } else { self.means };
        self.half_cycle = rms_codes(before, segment, means);
        if let Some(filters) = self.configuration.filters() {
            self.conditioner.half_cycle(&self.half_cycle, filters);
        }
        let sample = self.sample_of(self.segment.at);
        self.events.half_cycle(&self.half_cycle, sample, &self.configuration);
    }

    /// The last sample before a place, counted from 1.
    const fn sample_of(&self, at: u64) -> u64 {
        (at >> FRACTION_BITS).saturating_sub(LOOKAHEAD)
    }

    /// Ends the window, books it and begins the next one.
    fn close(&mut self, end: Border, cycle: Cycle) -> Window {
        let totals = self.sums.take();
        let interval = self.interval(end, &totals);
        let lines =
            if interval.cycles > 0 { self.fold.finish(cycle, shares(end.at)) } else { None };
        self.spectrum = lines.map(|lines| {
            Spectrum::new(lines, interval.length, interval.cycles, &self.configuration)
        });
        let spectrum = self.spectrum.as_ref();
        let configuration = &self.configuration;
        let evidence = Evidence { totals: &totals, spectrum, interval, configuration };
        let (mut window, movement) = measure(&evidence);
        if interval.cycles > 0 {
            self.events.window(&window, self.sample_of(end.at), &self.configuration);
        }
        window.pulses = self.registers.book(&movement, 1, &self.configuration);
        self.last = movement;
        if end.kind == Kind::Timeout {
            self.follow_strongest(&totals, &interval);
        }
        self.begin(end);
        window
    }

    fn interval(&mut self, end: Border, totals: &Totals) -> Interval {
        let length = end.at.saturating_sub(self.start.at).max(1);
        let samples = self.samples(end.at);
        let whole_cycles = end.kind == Kind::Crossing && self.start.kind == Kind::Crossing;
        if whole_cycles {
            self.means = Some(totals.means(length));
        }
        // A part of a cycle has a mean of its own, which isn't the offset.
        let free = samples >= self.configuration.free_window_samples();
        let mean = match self.means {
            _ if whole_cycles || (free && self.start.kind == Kind::Timeout) => Mean::OfWindow,
            Some(means) => Mean::Known(means),
            None => Mean::Unknown,
        };
        Interval { length, samples, cycles: if whole_cycles { self.cycles } else { 0 }, mean }
    }

    fn begin(&mut self, end: Border) {
        self.start = end;
        self.cycles = 0;
        match end.kind {
            Kind::Crossing => self.fold.begin(end.at, shares(end.at)),
            Kind::Timeout => self.fold.abandon(),
        }
    }

    /// Takes the strongest voltage as the reference, because the old one gave no crossing in time.
    fn follow_strongest(&mut self, totals: &Totals, interval: &Interval) {
        let strength = |&phase: &usize| totals.square(phase, interval.mean, interval.length);
        let elements = self.configuration.elements().iter().copied();
        let strongest = elements.rev().max_by_key(strength).unwrap_or(0);
        if strongest != self.reference {
            self.reference = strongest;
            self.crossing.restart();
        }
    }
}

/// What the side behind a border gets of the samples around it.
fn shares(at: u64) -> [i64; crate::border::SHARED] {
    right_shares(u32::try_from(at & 0xffff).unwrap_or(0))
}
