//! What stands in front of the management core: the metering core on sampled waveforms, or, for
//! fleets, registers that are fed with power directly.

use crate::population::Demand;
use crate::waveform::{Generator, Stimulus};
use metering::{
    ADE9000_FULL_SCALE_CODE, Configuration, CurrentScale, Metering, NominalFrequency, Registers,
    Settings, VoltageScale, Window, Wiring,
};
use quantity::{Duration, Energy, EnergyRest, Instant, Power};
use wire::reading::{PhaseReading, Reading};

/// Nominal phase voltage.
const VOLTAGE_MILLIVOLTS: u32 = 220_000;
/// Nominal frequency.
const FREQUENCY_MILLIHERTZ: u32 = 50_000;
/// The metering core samples at 8 kS/s, as the ADE9000 does.
pub const SAMPLE_RATE_HERTZ: u32 = 8000;
/// Above this nominal power a customer has three phases.
const SINGLE_PHASE_MAX: Power = Power::from_watts(8_000);
/// Pulses per kilowatt-hour of a directly connected three-phase meter.
pub const PULSES_PER_KWH: u32 = 400;

/// A metering front end that keeps its registers.
pub enum Instrument {
    /// Sampled waveforms through the metering core.
    Waveform(Box<WaveformMeter>),
    /// Power, integrated.
    Profile(ProfileMeter),
}

impl Instrument {
    /// Advances by one minute at a steady demand and reads out.
    pub fn minute(&mut self, demand: Demand, end: Instant) -> Reading {
        match self {
            Self::Waveform(meter) => meter.minute(demand, end),
            Self::Profile(meter) => meter.minute(demand, end),
        }
    }

    /// The registers as they stand, without live values: what a meter reports when it is switched
    /// on.
    #[must_use]
    pub fn registers(&self, at: Instant) -> Reading {
        let (import, export) = match self {
            Self::Waveform(meter) => {
                let registers = meter.metering.registers();
                let import = meter.start.import + registers.import.total.energy;
                (import, meter.start.export + registers.export.total.energy)
            }
            Self::Profile(meter) => (meter.import, meter.export),
        };
        Reading { at, import, export, ..Reading::default() }
    }

    /// Registers as bytes, to be stored in the metering core's memory.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        match self {
            Self::Waveform(meter) => meter.save(),
            Self::Profile(meter) => meter.save(),
        }
    }

    /// Puts saved registers back; `None` if the bytes aren't of this kind of instrument.
    #[must_use]
    pub fn restore(&mut self, bytes: &[u8]) -> Option<()> {
        match self {
            Self::Waveform(meter) => meter.restore(bytes),
            Self::Profile(meter) => meter.restore(bytes),
        }
    }

    /// Whether it samples waveforms.
    #[must_use]
    pub const fn is_waveform(&self) -> bool {
        matches!(self, Self::Waveform(_))
    }
}

/// The metering core behind a signal generator.
///
/// A load is steady for ten seconds: the windows of 10 cycles up to the second one are measured
/// sample by sample, and the energy of the last is booked for the windows that are left, which
/// would give the same samples again. So a day of a waveform meter takes a second and not a minute.
pub struct WaveformMeter {
    metering: Metering,
    generator: Generator,
    start: Start,
}

/// Where the registers of a new meter stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Import register.
    pub import: Energy,
    /// Export register.
    pub export: Energy,
}

/// Samples of ten seconds.
const STEADY_SAMPLES: u32 = 10 * SAMPLE_RATE_HERTZ;
/// Windows measured in full before repetition: the first one holds the change of load.
const MEASURED_WINDOWS: u32 = 2;

impl WaveformMeter {
    /// A meter whose registers stand at `start`.
    #[must_use]
    pub fn new(start: Start) -> Self {
        let metering = Metering::new(configuration());
        Self { metering, generator: Generator::new(SAMPLE_RATE_HERTZ), start }
    }

    fn minute(&mut self, demand: Demand, end: Instant) -> Reading {
        let stimulus = stimulus(demand);
        let mut last = None;
        for _ in 0..6 {
            last = self.ten_seconds(&stimulus).or(last);
        }
        let window = last.expect("ten seconds hold many windows");
        self.reading(&window, end)
    }

    fn ten_seconds(&mut self, stimulus: &Stimulus) -> Option<Window> {
        let (mut samples, mut windows, mut last) = (0, 0, None);
        while samples < STEADY_SAMPLES {
            samples += 1;
            let frame = self.generator.next_frame(stimulus);
            let Some(window) = self.metering.push(&frame) else { continue };
            last = Some(window);
            // A window that wasn't cut at two crossings (the very first) is no base to repeat.
            windows += u32::from(window.frequency_microhertz != 0);
            if windows == MEASURED_WINDOWS {
                let times = (STEADY_SAMPLES - samples) / window.samples;
                self.metering.repeat_window(times);
                samples += times * window.samples;
            }
        }
        last
    }

    /// Pushes samples one by one and returns the last window that they complete.
    pub fn sample(&mut self, stimulus: &Stimulus, samples: u32) -> Option<Window> {
        let mut last = None;
        for _ in 0..samples {
            let frame = self.generator.next_frame(stimulus);
            last = self.metering.push(&frame).or(last);
        }
        last
    }

    /// What the metering core reports of a window.
    #[must_use]
    pub fn reading(&self, window: &Window, at: Instant) -> Reading {
        let registers = self.metering.registers();
        let mut phases = [PhaseReading::default(); 3];
        for (phase, reading) in phases.iter_mut().enumerate() {
            let measured = &window.phases[phase];
            *reading = PhaseReading {
                voltage_millivolts: measured.voltage_millivolts(),
                current_microamperes: measured.current_microamperes(),
                active: measured.active(),
                reactive_milli_vars: measured.reactive_milli_vars(),
                apparent_milli_volt_amperes: measured.apparent_milli_volt_amperes(),
                power_factor_thousandths: measured.power_factor_thousandths(),
                import: registers.import.phases[phase].energy,
                export: registers.export.phases[phase].energy,
            };
        }
        Reading {
            at,
            phases,
            neutral_current_microamperes: window.neutral_current_microamperes(),
            frequency_millihertz: window.frequency_millihertz(),
            active: window.active(),
            reactive_milli_vars: window.reactive_milli_vars(),
            apparent_milli_volt_amperes: window.apparent_milli_volt_amperes(),
            power_factor_thousandths: window.power_factor_thousandths(),
            import: self.start.import + registers.import.total.energy,
            export: self.start.export + registers.export.total.energy,
            reactive_quadrants_milli_var_hours: registers
                .quadrants
                .map(|quadrant| quadrant.milli_var_hours),
            pulses_import: registers.import.pulses,
            pulses_export: registers.export.pulses,
        }
    }

    fn save(&self) -> Vec<u8> {
        self.metering.registers().to_bytes().to_vec()
    }

    fn restore(&mut self, bytes: &[u8]) -> Option<()> {
        let registers = Registers::from_bytes(bytes)?;
        self.metering = Metering::with_registers(configuration(), registers);
        Some(())
    }
}

/// Registers fed with power.
#[derive(Clone, Debug)]
pub struct ProfileMeter {
    three_phase: bool,
    import: Energy,
    export: Energy,
    import_rest: EnergyRest,
    export_rest: EnergyRest,
    reactive_quadrants: [i64; 4],
}

impl ProfileMeter {
    /// A meter for a load of some nominal power, whose import register stands at `start`.
    #[must_use]
    pub fn new(nominal: Power, start: Energy) -> Self {
        Self {
            three_phase: nominal > SINGLE_PHASE_MAX,
            import: start,
            export: Energy::ZERO,
            import_rest: EnergyRest::ZERO,
            export_rest: EnergyRest::ZERO,
            reactive_quadrants: [0; 4],
        }
    }

    fn minute(&mut self, demand: Demand, end: Instant) -> Reading {
        let minute = Duration::from_minutes(1);
        if demand.active.is_negative() {
            let moved = (-demand.active).over(minute, self.export_rest).expect("a minute fits");
            self.export += moved.energy;
            self.export_rest = moved.rest;
        } else {
            let moved = demand.active.over(minute, self.import_rest).expect("a minute fits");
            self.import += moved.energy;
            self.import_rest = moved.rest;
        }
        let quadrant = match (demand.active.is_negative(), demand.reactive_milli_vars < 0) {
            (false, false) => 0,
            (true, false) => 1,
            (true, true) => 2,
            (false, true) => 3,
        };
        self.reactive_quadrants[quadrant] += demand.reactive_milli_vars / 60;
        self.reading(demand, end)
    }

    fn reading(&self, demand: Demand, at: Instant) -> Reading {
        let (count, lines) = if self.three_phase { (3, 3) } else { (1, 1) };
        let mut phases = [PhaseReading::default(); 3];
        for phase in phases.iter_mut().take(lines) {
            *phase = phase_reading(demand, count);
            phase.import = Energy::from_milliwatt_hours(self.import.milliwatt_hours() / count);
            phase.export = Energy::from_milliwatt_hours(self.export.milliwatt_hours() / count);
        }
        let apparent = apparent(demand.active.milliwatts(), demand.reactive_milli_vars);
        let neutral = if self.three_phase { 0 } else { phases[0].current_microamperes };
        Reading {
            at,
            phases,
            neutral_current_microamperes: neutral,
            frequency_millihertz: FREQUENCY_MILLIHERTZ,
            active: demand.active,
            reactive_milli_vars: demand.reactive_milli_vars,
            apparent_milli_volt_amperes: apparent,
            power_factor_thousandths: power_factor(demand.active.milliwatts(), apparent),
            import: self.import,
            export: self.export,
            reactive_quadrants_milli_var_hours: self.reactive_quadrants,
            pulses_import: pulses(self.import),
            pulses_export: pulses(self.export),
        }
    }

    fn save(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for register in [self.import, self.export] {
            bytes.extend_from_slice(&register.milliwatt_hours().to_be_bytes());
        }
        for rest in [self.import_rest, self.export_rest] {
            let rest = i64::from(rest.milliwatt_milliseconds());
            bytes.extend_from_slice(&rest.to_be_bytes());
        }
        for quadrant in self.reactive_quadrants {
            bytes.extend_from_slice(&quadrant.to_be_bytes());
        }
        bytes
    }

    fn restore(&mut self, bytes: &[u8]) -> Option<()> {
        let mut fields = Fields(bytes);
        self.import = Energy::from_milliwatt_hours(fields.i64()?);
        self.export = Energy::from_milliwatt_hours(fields.i64()?);
        self.import_rest = EnergyRest::new(u32::try_from(fields.i64()?).ok()?)?;
        self.export_rest = EnergyRest::new(u32::try_from(fields.i64()?).ok()?)?;
        for quadrant in &mut self.reactive_quadrants {
            *quadrant = fields.i64()?;
        }
        fields.0.is_empty().then_some(())
    }
}

pub(crate) fn configuration() -> Configuration {
    // Full scale of a directly connected meter: 500 V and 120 A peak at the chip's full-scale code.
    let settings = Settings {
        wiring: Wiring::ThreePhaseFourWire,
        sample_rate_hertz: SAMPLE_RATE_HERTZ,
        voltage_scale: VoltageScale { codes: ADE9000_FULL_SCALE_CODE, microvolts: 500_000_000 },
        current_scale: CurrentScale { codes: ADE9000_FULL_SCALE_CODE, microamperes: 120_000_000 },
        nominal_frequency: NominalFrequency::Hertz50,
        nominal_voltage_millivolts: VOLTAGE_MILLIVOLTS,
        starting_current_microamperes: 10_000,
        pulses_per_kilowatt_hour: PULSES_PER_KWH,
    };
    Configuration::new(settings).expect("these settings are inside every limit")
}

/// Balanced sinusoidal voltages and currents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinusoid {
    /// RMS voltage of each phase.
    pub volts: f64,
    /// RMS current of each phase.
    pub amperes: f64,
    /// By how much the current lags the voltage, in turns; half a turn is pure export.
    pub lag_turns: f64,
    /// Frequency in millihertz.
    pub frequency_millihertz: u32,
}

impl Sinusoid {
    /// Largest RMS voltage and current that the converters of these meters take.
    pub const VOLTS_MAX: f64 = 350.0;
    /// See [`Self::VOLTS_MAX`].
    pub const AMPERES_MAX: f64 = 84.0;

    /// The codes that the converters give.
    #[must_use]
    pub fn stimulus(&self) -> Stimulus {
        let turns = self.lag_turns - libm::round(self.lag_turns);
        #[allow(clippy::cast_possible_truncation, reason = "at most half a turn; `as` saturates")]
        let lag = (turns * 4_294_967_296.0) as i32;
        Stimulus {
            voltage_peak: [peak_code(self.volts, 500.0); 3],
            current_peak: [peak_code(self.amperes, 120.0); 3],
            current_lag: [lag; 3],
            frequency_millihertz: self.frequency_millihertz,
        }
    }
}

/// The waveforms of a balanced demand at nominal voltage.
fn stimulus(demand: Demand) -> Stimulus {
    let per_phase = f64::from(VOLTAGE_MILLIVOLTS) / 1e3 * 3.0 * 1e3;
    #[allow(clippy::cast_precision_loss, reason = "loads are far below 2⁵³ milliwatts")]
    let (active, reactive) = (demand.active.milliwatts() as f64, demand.reactive_milli_vars as f64);
    let amperes = libm::hypot(active, reactive) / per_phase;
    let sinusoid = Sinusoid {
        volts: f64::from(VOLTAGE_MILLIVOLTS) / 1e3,
        amperes,
        lag_turns: libm::atan2(reactive, active) / core::f64::consts::TAU,
        frequency_millihertz: FREQUENCY_MILLIHERTZ,
    };
    sinusoid.stimulus()
}

fn peak_code(rms: f64, full_scale_peak: f64) -> i32 {
    let share = rms * core::f64::consts::SQRT_2 / full_scale_peak;
    #[allow(clippy::cast_possible_truncation, reason = "at most the full-scale code")]
    let code = libm::round(share.min(1.0) * f64::from(ADE9000_FULL_SCALE_CODE)) as i32;
    code
}

fn phase_reading(demand: Demand, phases: i64) -> PhaseReading {
    let active = demand.active.milliwatts() / phases;
    let reactive = demand.reactive_milli_vars / phases;
    let apparent = apparent(active, reactive);
    let microamperes = apparent * 1_000_000 / i64::from(VOLTAGE_MILLIVOLTS);
    PhaseReading {
        voltage_millivolts: VOLTAGE_MILLIVOLTS,
        current_microamperes: u32::try_from(microamperes).unwrap_or(u32::MAX),
        active: Power::from_milliwatts(active),
        reactive_milli_vars: reactive,
        apparent_milli_volt_amperes: apparent,
        power_factor_thousandths: power_factor(active, apparent),
        import: Energy::ZERO,
        export: Energy::ZERO,
    }
}

fn apparent(active: i64, reactive: i64) -> i64 {
    let square = i128::from(active).pow(2) + i128::from(reactive).pow(2);
    i64::try_from(square.isqrt()).expect("the root of a square of i64 fits")
}

fn power_factor(active: i64, apparent: i64) -> i16 {
    let factor = if apparent == 0 { 1000 } else { active * 1000 / apparent };
    i16::try_from(factor).expect("a power factor is at most one")
}

fn pulses(energy: Energy) -> u64 {
    let pulses = i128::from(energy.milliwatt_hours()) * i128::from(PULSES_PER_KWH) / 1_000_000;
    u64::try_from(pulses).unwrap_or(0)
}

/// Fixed fields of saved registers.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn i64(&mut self) -> Option<i64> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i64::from_be_bytes(*field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_instruments_register_the_same_energy() {
        let demand = Demand { active: Power::from_watts(7_500), reactive_milli_vars: 2_000_000 };
        let mut waveform = Instrument::Waveform(Box::new(WaveformMeter::new(Start::default())));
        let mut profile =
            Instrument::Profile(ProfileMeter::new(Power::from_watts(9_000), Energy::ZERO));
        let minute = |number| Instant::EPOCH + Duration::from_minutes(number);
        // The very first minute includes the start-up of the metering core, which books nothing.
        waveform.minute(demand, minute(1));
        let started = waveform.minute(demand, minute(2)).import;
        for number in 1..=10 {
            let sampled = waveform.minute(demand, minute(number + 2));
            let integrated = profile.minute(demand, minute(number));
            let moved = (sampled.import - started).milliwatt_hours();
            let error = moved - integrated.import.milliwatt_hours();
            assert!(error.abs() * 100_000 < moved, "{moved} is off by {error} mWh");
            assert!((sampled.active - integrated.active).milliwatts().abs() < 100);
            assert!((sampled.reactive_milli_vars - integrated.reactive_milli_vars).abs() < 200);
        }
    }

    #[test]
    fn saved_registers_come_back() {
        let demand = Demand { active: Power::from_watts(-3_000), reactive_milli_vars: 500_000 };
        let makers: [fn() -> Instrument; 2] = [
            || {
                Instrument::Waveform(Box::new(WaveformMeter::new(Start {
                    import: Energy::from_kwh(5),
                    ..Start::default()
                })))
            },
            || {
                Instrument::Profile(ProfileMeter::new(
                    Power::from_watts(9_000),
                    Energy::from_kwh(5),
                ))
            },
        ];
        for make in makers {
            let mut instrument = make();
            let before = instrument.minute(demand, Instant::EPOCH);
            let bytes = instrument.save();
            let mut restored = make();
            restored.restore(&bytes).unwrap();
            assert_eq!(restored.save(), bytes);
            let after = restored.minute(demand, Instant::EPOCH);
            assert!(after.export > before.export && after.import == before.import);
            assert!(restored.restore(&bytes[1..]).is_none());
        }
    }
}
