//! A meter on a bench: a steady line in front of it, registers and pulses read behind it.

use super::conditions::{Connection, MAXIMUM_AMPERES, NOMINAL_HERTZ, Quantity};
use super::limits::no_load_minutes;
use super::meter::{Meter, PULSES_PER_KWH, SAMPLE_RATE_HERTZ};
use crate::front_end::{Line, Source};
use crate::random::Random;
use metering::{ActiveRegisters, EnergyRegister, Metering, PulseOutput, Registers, Window};

/// Windows before the measurement: the regions of the currents and the reference voltage settle.
const SETTLING_WINDOWS: u32 = 3;

/// Windows of an error: 2 s at 50 Hz.
const WINDOWS: u32 = 10;

/// Windows that a start is watched for.
const START_WINDOWS: u32 = 20;

/// What takes longer isn't sampled in full.
const SAMPLED_SECONDS: f64 = 60.0;

/// A window that is cut at two crossings comes within this many windows.
const PATIENCE: u32 = 30;

const SECONDS_PER_HOUR: f64 = 3_600.0;

/// A meter that runs on a line.
pub(super) struct Bench {
    metering: Metering,
    source: Source,
    quantity: Quantity,
    /// Exact power of the quantity.
    power: f64,
    hertz: f64,
}

impl Bench {
    /// Connects a meter and lets it settle.
    pub(super) fn new(
        meter: &Meter,
        (line, quantity): (&Line, Quantity),
        celsius: f64,
        noise: Random,
    ) -> Self {
        let rate = f64::from(SAMPLE_RATE_HERTZ);
        let source = meter.front_end.source(line, celsius, rate, noise);
        let power = match quantity {
            Quantity::Active => line.watts(),
            Quantity::Reactive => line.vars(),
        };
        let metering = Metering::new(meter.configuration);
        let mut bench = Self { metering, source, quantity, power, hertz: line.hertz };
        bench.settle();
        bench
    }

    fn settle(&mut self) {
        let mut synchronised = 0;
        for _ in 0..PATIENCE {
            synchronised += u32::from(self.window().frequency_microhertz != 0);
            if synchronised == SETTLING_WINDOWS {
                return;
            }
        }
        unreachable!("every line of the plan has a voltage that the meter can follow");
    }

    /// Pushes samples until a window ends.
    pub(super) fn window(&mut self) -> Window {
        loop {
            if let Some(window) = self.metering.push(&self.source.next_frame()) {
                return window;
            }
        }
    }

    /// Error of the registered energy over whole windows, in % of the exact one.
    pub(super) fn error_percent(&mut self) -> f64 {
        let before = self.energy();
        for _ in 0..WINDOWS {
            self.window();
        }
        let hours = f64::from(WINDOWS) * self.window_hours();
        ((self.energy() - before) / (self.power * hours) - 1.0) * 100.0
    }

    /// Exact length of a window.
    fn window_hours(&self) -> f64 {
        let cycles = self.metering.configuration().cycles_per_window();
        f64::from(cycles) / self.hertz / SECONDS_PER_HOUR
    }

    /// Net energy of the quantity in watt-hours or var-hours, rests included.
    fn energy(&self) -> f64 {
        energy(self.metering.registers(), self.quantity)
    }

    /// Windows in which nothing was registered.
    pub(super) fn silent_windows(&mut self) -> u32 {
        let mut silent = 0;
        for _ in 0..START_WINDOWS {
            let before = self.energy();
            self.window();
            // Registered in the wrong direction is as bad.
            silent += u32::from((self.energy() - before) * self.power <= 0.0);
        }
        silent
    }

    /// Pulses of both directions in the time that the standard gives for no-load.
    pub(super) fn pulses_without_load(&mut self, connection: Connection) -> u64 {
        let elements = match connection {
            Connection::FourWire => 3.0,
            Connection::ThreeWire => 2.0,
        };
        let minutes = no_load_minutes(
            f64::from(PULSES_PER_KWH),
            elements,
            connection.nominal_volts(),
            MAXIMUM_AMPERES,
        );
        let before = self.levels();
        let sampled = whole(SAMPLED_SECONDS * NOMINAL_HERTZ / 10.0);
        for _ in 0..sampled {
            self.window();
        }
        let windows = whole(minutes * 60.0 * NOMINAL_HERTZ / 10.0);
        self.metering.repeat_window(windows.saturating_sub(sampled));
        self.levels() - before
    }

    fn levels(&self) -> u64 {
        let levels = self.metering.registers().pulse_levels(self.metering.configuration());
        match self.quantity {
            Quantity::Active => levels.import + levels.export,
            Quantity::Reactive => levels.reactive_positive + levels.reactive_negative,
        }
    }

    /// By how many pulses of the name plate the register and the pulses ever differed, over an
    /// energy in kWh or kvarh.
    pub(super) fn pulse_difference(mut self, energy: f64) -> f64 {
        let windows = energy * 1e3 / (self.power.abs() * self.window_hours());
        let sampled = SAMPLED_SECONDS / (self.window_hours() * SECONDS_PER_HOUR);
        if windows <= sampled {
            self.sampled_difference(whole(windows))
        } else {
            self.repeated_difference(energy, windows)
        }
    }

    /// Every window is sampled, and every pulse comes out of an output.
    fn sampled_difference(&mut self, windows: u32) -> f64 {
        let start = self.energy();
        // What the registers had beyond the last pulse before this began.
        let begun = start * f64::from(PULSES_PER_KWH) / 1e3;
        let begun = (begun.abs() - self.levels_as_f64()).abs();
        let (mut output, mut given, mut counted, mut worst) = (PulseOutput::IDLE, 0, 0, 0.0_f64);
        for _ in 0..windows {
            let window = loop {
                given += output.tick();
                if let Some(window) = self.metering.push(&self.source.next_frame()) {
                    break window;
                }
            };
            let pulses = pulses_of(&window, self.quantity);
            counted += pulses;
            output.schedule(pulses, window.samples);
            worst = worst.max(self.ahead(start, begun, counted).abs());
        }
        while output.owed() > 0 {
            given += output.tick();
        }
        worst.max(self.ahead(start, begun, given).abs())
    }

    #[allow(clippy::cast_precision_loss, reason = "below 2⁵³")]
    fn levels_as_f64(&self) -> f64 {
        self.levels() as f64
    }

    /// Pulses that the register is ahead of those that were counted.
    #[allow(clippy::cast_precision_loss, reason = "below 2⁵³")]
    fn ahead(&self, start: f64, begun: f64, counted: u64) -> f64 {
        let advance = (self.energy() - start).abs() * f64::from(PULSES_PER_KWH) / 1e3;
        advance + begun - counted as f64
    }

    /// The last window is booked again and again, in steps of no pattern.
    fn repeated_difference(&mut self, energy: f64, windows: f64) -> f64 {
        let (mut step, mut worst, mut left) = (1, 0.0_f64, windows);
        while left > 0.0 {
            step = (step * 75 + 74) % 65_537;
            let times = (step % 9_000 + 1).min(whole(left).max(1));
            self.metering.repeat_window(times);
            left -= f64::from(times);
            worst = worst.max(difference(self.metering.registers()));
        }
        let registered = self.energy().abs() / 1e3;
        // A register that stands still agrees with pulses that never come.
        if registered < 0.5 * energy { f64::INFINITY } else { worst }
    }
}

/// The larger difference of both directions, in pulses of the name plate.
#[allow(clippy::cast_precision_loss, reason = "a difference of exact integers is taken first")]
fn difference(registers: &Registers) -> f64 {
    let ahead = |active: &ActiveRegisters| {
        let energy = i128::from(active.total.energy.milliwatt_hours());
        let ahead = energy * i128::from(PULSES_PER_KWH) - i128::from(active.pulses) * 1_000_000;
        (ahead as f64 / 1e6).abs()
    };
    ahead(&registers.import).max(ahead(&registers.export))
}

fn pulses_of(window: &Window, quantity: Quantity) -> u64 {
    let pulses = &window.pulses;
    match quantity {
        Quantity::Active => pulses.import + pulses.export,
        Quantity::Reactive => pulses.reactive_positive + pulses.reactive_negative,
    }
}

/// Net energy in watt-hours or var-hours.
fn energy(registers: &Registers, quantity: Quantity) -> f64 {
    let unit = registers.rest_unit;
    let hours = |milli: i64, rest: u128| part(milli, rest, unit) / 1e3;
    match quantity {
        Quantity::Active => {
            let of =
                |register: &EnergyRegister| hours(register.energy.milliwatt_hours(), register.rest);
            of(&registers.import.total) - of(&registers.export.total)
        }
        Quantity::Reactive => {
            let [one, two, three, four] =
                registers.quadrants.map(|register| hours(register.milli_var_hours, register.rest));
            one + two - three - four
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "15 digits of an energy are enough")]
fn part(milli: i64, rest: u128, unit: u128) -> f64 {
    milli as f64 + rest as f64 / unit as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of windows that were written down or follow from them"
)]
fn whole(count: f64) -> u32 {
    count.round().clamp(0.0, f64::from(u32::MAX)) as u32
}
