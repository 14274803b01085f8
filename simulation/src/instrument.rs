//! What stands in front of the management core: a metering core on the twins of its chips, or, for
//! fleets, registers that are fed with power directly. Both keep their registers in a FRAM behind
//! its driver.

use crate::ade9000::STEPS_PER_SECOND;
use crate::fram::{Fram, chip::Chip};
use crate::population::Demand;
use crate::waveform::Stimulus;
use crate::waveform_meter::{BOARD, Notice, Start, WaveformMeter};
use crypto::Turn;
use mb85rc512t::{Mb85rc512t, Straps};
use metering::{Configuration, CurrentScale, NominalFrequency, Settings, VoltageScale, Wiring};
use metering_core::RECORD;
use quantity::{Duration, Energy, EnergyRest, Instant, Power};
use wire::reading::{PhaseReading, Reading};

/// Nominal phase voltage.
const VOLTAGE_MILLIVOLTS: u32 = 220_000;
/// Nominal frequency.
const FREQUENCY_MILLIHERTZ: u32 = 50_000;
/// The metering core samples at 8 kS/s.
pub const SAMPLE_RATE_HERTZ: u32 = STEPS_PER_SECOND;
/// Above this nominal power a customer has three phases.
const SINGLE_PHASE_MAX: Power = Power::from_watts(8_000);
/// Pulses per kilowatt-hour of a directly connected three-phase meter.
pub const PULSES_PER_KWH: u32 = 400;

/// How a customer of some nominal power is connected.
#[must_use]
pub fn wiring_of(nominal: Power) -> Wiring {
    if nominal > SINGLE_PHASE_MAX { Wiring::ThreePhaseFourWire } else { Wiring::SinglePhase }
}

/// What stands in front of a management core, before it gets its supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstrumentPlan {
    /// A metering core on twins.
    Waveform {
        /// How the customer is connected.
        wiring: Wiring,
        /// Where the registers begin.
        start: Start,
    },
    /// Registers fed with power.
    Profile {
        /// Nominal power of the customer.
        nominal: Power,
        /// Where the import register begins.
        import: Energy,
    },
}

/// A metering front end that keeps its registers.
pub enum Instrument {
    /// A metering core on twins.
    Waveform {
        /// The core.
        meter: Box<WaveformMeter>,
        /// How the customer is connected.
        wiring: Wiring,
    },
    /// Power, integrated.
    Profile(Box<ProfileMeter>),
}

impl Instrument {
    /// Gets its supply: the registers are those in the cells, or those of a new meter.
    ///
    /// # Errors
    /// Why it doesn't start.
    pub fn start(plan: InstrumentPlan, cells: Fram) -> Result<Self, String> {
        match plan {
            InstrumentPlan::Waveform { wiring, start } => {
                let meter = WaveformMeter::start(configuration(wiring), start, cells);
                let meter = Box::new(meter.map_err(|fault| fault.to_string())?);
                Ok(Self::Waveform { meter, wiring })
            }
            InstrumentPlan::Profile { nominal, import } => {
                Ok(Self::Profile(Box::new(ProfileMeter::start(nominal, import, cells)?)))
            }
        }
    }

    /// Advances by one minute at a steady demand, stores the registers and reads out.
    pub fn minute(&mut self, demand: Demand, end: Instant) -> Reading {
        match self {
            Self::Waveform { meter, wiring } => meter.minute(&stimulus(*wiring, demand), end),
            Self::Profile(meter) => meter.minute(demand, end),
        }
    }

    /// The registers as they stand, without live values: what a meter reports when it is switched
    /// on.
    #[must_use]
    pub fn registers(&self, at: Instant) -> Reading {
        match self {
            Self::Waveform { meter, .. } => meter.registers(at),
            Self::Profile(meter) => {
                let (import, export) = (meter.import, meter.export);
                Reading { at, import, export, ..Reading::default() }
            }
        }
    }

    /// The memory of the registers.
    #[must_use]
    pub const fn memory(&self) -> &Mb85rc512t<Chip> {
        match self {
            Self::Waveform { meter, .. } => meter.core().memory(),
            Self::Profile(meter) => &meter.memory,
        }
    }

    /// What a metering core noticed, oldest first.
    pub fn notices(&self) -> impl Iterator<Item = &(Instant, Notice)> {
        let meter = match self {
            Self::Waveform { meter, .. } => Some(meter),
            Self::Profile(_) => None,
        };
        meter.into_iter().flat_map(|meter| meter.notices())
    }

    /// Whether it samples waveforms.
    #[must_use]
    pub const fn is_waveform(&self) -> bool {
        matches!(self, Self::Waveform { .. })
    }
}

/// Registers fed with power.
#[derive(Debug)]
pub struct ProfileMeter {
    memory: Mb85rc512t<Chip>,
    turn: Turn,
    three_phase: bool,
    import: Energy,
    export: Energy,
    import_rest: EnergyRest,
    export_rest: EnergyRest,
    reactive_quadrants: [i64; 4],
}

impl ProfileMeter {
    /// A meter for a load of some nominal power: the registers in the cells, or those of a new one.
    ///
    /// # Errors
    /// If the cells hold something else.
    fn start(nominal: Power, import: Energy, cells: Fram) -> Result<Self, String> {
        let memory = Mb85rc512t::new(Chip::new(cells, Straps::LOW), Straps::LOW);
        let mut bytes = [0; RECORD_BYTES_MAX];
        let (length, turn) =
            RECORD.open(&memory, &mut bytes).map_err(|damaged| damaged.to_string())?;
        let mut meter = Self {
            memory,
            turn,
            three_phase: wiring_of(nominal) == Wiring::ThreePhaseFourWire,
            import,
            export: Energy::ZERO,
            import_rest: EnergyRest::ZERO,
            export_rest: EnergyRest::ZERO,
            reactive_quadrants: [0; 4],
        };
        if let Some(length) = length {
            let restored = meter.restore(&bytes[..length]);
            restored.ok_or("its registers are of another kind of meter")?;
        }
        Ok(meter)
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
        let record = self.save();
        RECORD.store_next(&mut self.memory, &record, &mut self.turn);
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

/// The metering core of a directly connected meter.
#[must_use]
pub fn configuration(wiring: Wiring) -> Configuration {
    let codes = ade9000::FULL_SCALE_LPF.unsigned_abs();
    let settings = Settings {
        wiring,
        sample_rate_hertz: SAMPLE_RATE_HERTZ,
        voltage_scale: VoltageScale { codes, microvolts: micro(BOARD.volts_per_volt) },
        current_scale: CurrentScale { codes, microamperes: micro(BOARD.amperes_per_volt) },
        nominal_frequency: NominalFrequency::Hertz50,
        nominal_voltage_millivolts: VOLTAGE_MILLIVOLTS,
        starting_current_microamperes: 10_000,
        pulses_per_kilowatt_hour: PULSES_PER_KWH,
    };
    Configuration::new(settings).expect("these settings are inside every limit")
}

/// One volt peak between the pins is full scale.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
fn micro(ratio: f64) -> u32 {
    (ratio * 1e6) as u32
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

    /// What is on the line; a customer with one phase has phase A.
    #[must_use]
    pub fn stimulus(&self, wiring: Wiring) -> Stimulus {
        let per_phase = match wiring {
            Wiring::SinglePhase => [1.0, 0.0, 0.0],
            Wiring::ThreePhaseFourWire
            | Wiring::ThreePhaseThreeWire
            | Wiring::FourWireWyeTwoVoltages
            | Wiring::FourWireDeltaTwoVoltages => [1.0; 3],
        };
        Stimulus {
            volts: per_phase.map(|share| share * self.volts),
            amperes: per_phase.map(|share| share * self.amperes),
            lag_turns: [self.lag_turns; 3],
            frequency_millihertz: self.frequency_millihertz,
        }
    }
}

/// The waveforms of a demand at nominal voltage, balanced over the customer's phases.
fn stimulus(wiring: Wiring, demand: Demand) -> Stimulus {
    let phases = if wiring == Wiring::SinglePhase { 1.0 } else { 3.0 };
    let volts = f64::from(VOLTAGE_MILLIVOLTS) / 1e3;
    #[allow(clippy::cast_precision_loss, reason = "loads are far below 2⁵³ milliwatts")]
    let (active, reactive) = (demand.active.milliwatts() as f64, demand.reactive_milli_vars as f64);
    let sinusoid = Sinusoid {
        volts,
        amperes: libm::hypot(active, reactive) / 1e3 / volts / phases,
        lag_turns: libm::atan2(reactive, active) / core::f64::consts::TAU,
        frequency_millihertz: FREQUENCY_MILLIHERTZ,
    };
    sinusoid.stimulus(wiring)
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

/// Longest record in the memory.
const RECORD_BYTES_MAX: usize = 768;

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

    fn cells() -> Fram {
        Fram::new(Fram::MB85RC512T_BYTES)
    }

    fn profile() -> InstrumentPlan {
        InstrumentPlan::Profile { nominal: Power::from_watts(9_000), import: Energy::from_kwh(5) }
    }

    fn waveform(wiring: Wiring) -> InstrumentPlan {
        let start = Start { import: Energy::from_kwh(5), ..Start::default() };
        InstrumentPlan::Waveform { wiring, start }
    }

    #[test]
    fn both_instruments_register_the_same_energy() {
        let demand = Demand { active: Power::from_watts(7_500), reactive_milli_vars: 2_000_000 };
        for wiring in [Wiring::ThreePhaseFourWire, Wiring::SinglePhase] {
            let mut waveform = Instrument::start(waveform(wiring), cells()).unwrap();
            let mut profile = Instrument::start(profile(), cells()).unwrap();
            let begun = profile.registers(Instant::EPOCH).import;
            let minute = |number| Instant::EPOCH + Duration::from_minutes(number);
            // The very first minute includes the start-up of the core, which books nothing.
            waveform.minute(demand, minute(1));
            let started = waveform.minute(demand, minute(2)).import;
            for number in 1..=10 {
                let sampled = waveform.minute(demand, minute(number + 2));
                let integrated = profile.minute(demand, minute(number));
                let moved = (sampled.import - started).milliwatt_hours();
                let error = moved - (integrated.import - begun).milliwatt_hours();
                assert!(error.abs() * 100_000 < moved, "{moved} is off by {error} mWh");
                assert!((sampled.active - integrated.active).milliwatts().abs() < 100);
                assert!((sampled.reactive_milli_vars - integrated.reactive_milli_vars).abs() < 200);
            }
            let lines = waveform.notices().all(|(_, notice)| matches!(notice, Notice::Line(_)));
            assert!(lines, "the board had no trouble");
        }
    }

    #[test]
    fn registers_come_back_from_the_memory() {
        let demand = Demand { active: Power::from_watts(-3_000), reactive_milli_vars: 500_000 };
        for plan in [waveform(Wiring::ThreePhaseFourWire), waveform(Wiring::SinglePhase), profile()]
        {
            let mut instrument = Instrument::start(plan, cells()).unwrap();
            let before = instrument.minute(demand, Instant::EPOCH);
            let kept = || instrument.memory().bus().cells().clone();
            let mut restored = Instrument::start(plan, kept()).unwrap();
            let found = restored.registers(Instant::EPOCH);
            assert_eq!((found.import, found.export), (before.import, before.export));
            let after = restored.minute(demand, Instant::EPOCH);
            assert!(after.export > before.export && after.import == before.import);
            let other = if instrument.is_waveform() {
                profile()
            } else {
                waveform(Wiring::ThreePhaseFourWire)
            };
            let refused = Instrument::start(other, kept()).err().unwrap();
            assert!(refused.contains("another kind of meter"), "{refused}");
        }
    }
}
