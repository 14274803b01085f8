//! From a recording through the metering core to values.
//!
//! The core sees the recording between two stretches of silence:
//! 1. a sine without current, so that it knows its offsets are nothing before the first sample
//!    comes (otherwise it wouldn't book what lies before the first whole window);
//! 2. silence, in which the window of the sine ends;
//! 3. the recording, without its constant part;
//! 4. silence, in which the last window ends.
//!
//! Silence moves no register, so the registers hold the energy of every sample of the recording.
//! Values come only from windows of whole cycles that lie inside the recording.
//!
//! With constants of a calibration the recording runs twice, since a meter needs some half cycles to
//! find the region of a current: once to find the regions, and once in them from its first sample on.

use super::conditioned::{self, Found};
use super::decimate::decimate;
use super::signal::{Cycles, mean, peak, rms};
use super::values::{
    Applied, Direction, Energy, JOULES_PER_MILLIWATT_HOUR, Line, Measurement, Phase, Powers,
    Values, Window, ratio,
};
use super::{Rate, Recording, Refusal, Role, Scales};
use core::f64::consts::TAU;
use metering::calibration::Calibration;
use metering::{
    ActiveRegisters, Channel, Conditioning, Configuration, CurrentScale, EnergyRegister, Frame,
    Metering, NominalFrequency, PhaseWindow, Settings, Spectrum, VoltageScale, Wiring,
};

/// The code of the greatest value.
const PEAK_CODE: u32 = 1 << 26;

/// What the core takes in one second at most.
const CORE_RATE_MAX: f64 = 16_000.0;

/// Values beyond this are no volts and no amperes.
const VALUE_MAX: f64 = 1e9;

/// Half cycles of sine before the recording: it takes twelve cycles to choose a reference and as
/// many to measure. An odd number, because a sine that ends on its way up would end at a crossing.
const SINE_HALF_CYCLES: u32 = 73;

/// A window ends at the latest after so much silence.
const SILENCE_TENTHS: u32 = 4;

/// Samples in which a voltage comes out of the silence and goes back, if channels are filtered: a
/// jump would swing over, and that would be a crossing.
const RAMP: i32 = 32;

/// How a recording is measured.
#[derive(Clone, Debug)]
pub struct Request {
    /// None: three phases if there are columns of phase B or C, one otherwise.
    pub wiring: Option<Wiring>,
    /// Stands above what the file says.
    pub rate: Option<Rate>,
    /// Volts and amperes in one of the file's units.
    pub scales: Scales,
    /// None: whichever of 50 and 60 Hz is nearer.
    pub nominal: Option<NominalFrequency>,
    /// Seconds to leave out at the beginning.
    pub start_s: f64,
    /// Where to end.
    pub end_s: Option<f64>,
    /// The constants of the meter that recorded it.
    pub calibration: Option<Calibration>,
}

/// A power of ten and a scale of the core: its values are real ones divided by the power of ten.
#[derive(Clone, Copy, Debug)]
struct Unit {
    /// One unit of the core in volts or amperes.
    factor: f64,
    /// Micro-units of the core that [`PEAK_CODE`] stands for.
    micro: u32,
}

impl Unit {
    /// So that the peak lies between a tenth and one of `digits` micro-units.
    fn of(peak: f64, digits: i32) -> Self {
        if peak <= 0.0 {
            return Self { factor: 1.0, micro: 10_u32.pow(digits.unsigned_abs()) };
        }
        let power = whole((peak * 1e6).log10().ceil()) - digits;
        let factor = 10_f64.powi(power);
        let micro = whole((peak * 1e6 / factor).ceil()).unsigned_abs().max(1);
        Self { factor, micro }
    }

    fn code(self, value: f64) -> i32 {
        whole((value / self.factor * 1e6 * f64::from(PEAK_CODE) / f64::from(self.micro)).round())
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the callers keep it within 31 bits")]
const fn whole(value: f64) -> i32 {
    value as i32
}

/// What the core is set up from.
struct Setup {
    settings: Settings,
    voltage: Unit,
    current: Unit,
    /// Real samples per second through the core, which counts in whole hertz.
    rate_hertz: f64,
    /// The voltage that is followed.
    reference: usize,
}

/// Measures a recording.
///
/// # Errors
/// A rate that can't be measured, a channel that the wiring needs and that isn't there, fewer
/// samples than one window, no voltage of 40 to 70 Hz.
pub fn measure(mut recording: Recording, request: &Request) -> Result<Measurement, Refusal> {
    let rate = request.rate.or(recording.rate).ok_or_else(|| {
        Refusal::new("the file doesn't tell its rate; give --rate HZ or a column of time")
    })?;
    recording.cut(rate, request.start_s, request.end_s)?;
    let wiring = request.wiring.unwrap_or_else(|| wiring_of(&recording));
    if let Some(calibration) = &request.calibration {
        conditioned::check(calibration, wiring, &recording)?;
    }
    complete(&mut recording, wiring)?;
    scale(&mut recording, &request.scales)?;
    let factor = whole((rate.hertz() / CORE_RATE_MAX).ceil()).unsigned_abs().max(1);
    // Fewer than `factor` samples at the end make no sample of the lower rate.
    let samples = recording.len() - recording.len() % factor as usize;
    for channel in &mut recording.channels {
        *channel = decimate(channel, factor as usize);
    }
    let rate_hertz = rate.hertz() / f64::from(factor);
    let cycles = centre(&mut recording, rate_hertz)?;
    let nominal = request.nominal.unwrap_or(if cycles.hertz(rate_hertz) > 55.0 {
        NominalFrequency::Hertz60
    } else {
        NominalFrequency::Hertz50
    });
    let headroom = if request.calibration.is_some() { conditioned::HEADROOM } else { 1.0 };
    let setup = Setup::new(&recording, wiring, nominal, rate_hertz, headroom);
    let (gathered, applied) = match &request.calibration {
        None => (run(&recording, &setup, None)?, None),
        Some(calibration) => run_corrected(&recording, &setup, calibration)?,
    };
    if gathered.windows.is_empty() {
        return Err(no_window(&setup, samples as f64 / rate.hertz()));
    }
    let mut measurement = gathered.measurement(recording, &setup, (samples, rate, factor));
    if applied.as_ref().is_some_and(|applied| applied.regions.is_none()) {
        measurement.notes.push(conditioned::MOVED.to_owned());
    }
    measurement.calibration = applied;
    Ok(measurement)
}

/// Once to find the regions of the currents, once more if they stay in them.
fn run_corrected(
    recording: &Recording,
    setup: &Setup,
    calibration: &Calibration,
) -> Result<(Gathered, Option<Applied>), Refusal> {
    let conditioning = conditioned::scaled(calibration, setup.current.factor)?;
    let gathered = run(recording, setup, Some(&conditioning))?;
    let regions = gathered.regions.steady();
    let gathered = match regions {
        None => gathered,
        Some(regions) => run(recording, setup, Some(&conditioned::held(&conditioning, regions)))?,
    };
    let digest = wire::Digest(calibration.digest()).to_string();
    Ok((gathered, Some(Applied { digest, regions })))
}

fn no_window(setup: &Setup, seconds: f64) -> Refusal {
    let (cycles, hertz) = nominal_of(setup);
    Refusal::new(format!(
        "{seconds:.6} s hold no window of {cycles} whole cycles; at {hertz} Hz a file needs at least \
         {:.2} s",
        f64::from(cycles + 2) / f64::from(hertz)
    ))
}

const fn nominal_of(setup: &Setup) -> (u32, u32) {
    match setup.settings.nominal_frequency {
        NominalFrequency::Hertz50 => (10, 50),
        NominalFrequency::Hertz60 => (12, 60),
    }
}

fn wiring_of(recording: &Recording) -> Wiring {
    let more = [Role::Ub, Role::Uc, Role::Ib, Role::Ic].iter().any(|role| recording.has(*role));
    if more { Wiring::ThreePhaseFourWire } else { Wiring::SinglePhase }
}

/// Checks that all channels of the wiring are there, and makes line voltages if it needs them.
fn complete(recording: &mut Recording, wiring: Wiring) -> Result<(), Refusal> {
    let needed: &[Role] = match wiring {
        Wiring::SinglePhase => &[Role::Ua],
        Wiring::ThreePhaseFourWire => &[Role::Ua, Role::Ub, Role::Uc],
        Wiring::ThreePhaseThreeWire
        | Wiring::FourWireWyeTwoVoltages
        | Wiring::FourWireDeltaTwoVoltages => &[Role::Ua, Role::Uc],
    };
    if let Some(missing) = needed.iter().find(|role| !recording.has(**role)) {
        return Err(Refusal::new(format!(
            "this wiring needs {}; say which column it is with --columns, or choose --wiring",
            missing.name()
        )));
    }
    let length = recording.len();
    if recording.channels.iter().any(|channel| !channel.is_empty() && channel.len() != length) {
        return Err(Refusal::new("the channels differ in length"));
    }
    if wiring == Wiring::ThreePhaseThreeWire && recording.has(Role::Ub) {
        let middle = core::mem::take(&mut recording.channels[Role::Ub.index()]);
        for role in [Role::Ua, Role::Uc] {
            let line = &mut recording.channels[role.index()];
            line.iter_mut().zip(&middle).for_each(|(value, middle)| *value -= middle);
        }
        recording.notes.push("ua, ub, uc were taken as phase voltages: A-B and C-B".to_owned());
    }
    Ok(())
}

fn scale(recording: &mut Recording, scales: &Scales) -> Result<(), Refusal> {
    for role in Role::ALL {
        let channel = &mut recording.channels[role.index()];
        channel.iter_mut().for_each(|value| *value *= scales.of(role));
        let peak = peak(channel.iter().copied());
        if peak.is_nan() || peak > VALUE_MAX {
            return Err(Refusal::new(format!(
                "{} reaches {peak:e}, which is no voltage and no current; see --scale",
                role.name()
            )));
        }
    }
    Ok(())
}

/// Takes the constant part out of each channel: its mean over whole cycles.
fn centre(recording: &mut Recording, rate_hertz: f64) -> Result<Cycles, Refusal> {
    let strongest = &recording.channels[strongest(recording)];
    let cycles = Cycles::find(strongest).filter(|cycles| {
        let hertz = cycles.hertz(rate_hertz);
        (40.0..=70.0).contains(&hertz)
    });
    let cycles = cycles.ok_or_else(|| {
        Refusal::new("no voltage of 40 to 70 Hz in it; look at --columns, --rate and the length")
    })?;
    for channel in recording.channels.iter_mut().filter(|channel| !channel.is_empty()) {
        let constant = mean(&channel[cycles.first..cycles.last]);
        channel.iter_mut().for_each(|value| *value -= constant);
    }
    Ok(cycles)
}

/// The voltage to follow: A unless another one is more than twice as strong.
fn strongest(recording: &Recording) -> usize {
    let strength = |phase: usize| {
        let channel = &recording.channels[phase];
        let middle = mean(channel);
        (rms(channel).powi(2) - middle * middle).max(0.0)
    };
    let best = (0..3).max_by(|one, other| strength(*one).total_cmp(&strength(*other)));
    best.filter(|best| strength(*best) > 4.0 * strength(0)).unwrap_or(0)
}

impl Setup {
    fn new(
        recording: &Recording,
        wiring: Wiring,
        nominal_frequency: NominalFrequency,
        rate_hertz: f64,
        headroom: f64,
    ) -> Self {
        let peak_of = |roles: &[Role]| {
            let values =
                roles.iter().flat_map(|role| recording.channels[role.index()].iter().copied());
            peak(values) * headroom
        };
        // 1000 V and 100 A of the core at most: within its power, and with the most digits.
        let voltage = Unit::of(peak_of(&Role::ALL[..3]), 9);
        let current = Unit::of(peak_of(&Role::ALL[3..]), 8);
        let reference = strongest(recording);
        let nominal = rms(&recording.channels[reference]) / voltage.factor * 1e3;
        let settings = Settings {
            wiring,
            sample_rate_hertz: whole(rate_hertz.round()).unsigned_abs(),
            voltage_scale: VoltageScale { codes: PEAK_CODE, microvolts: voltage.micro },
            current_scale: CurrentScale { codes: PEAK_CODE, microamperes: current.micro },
            nominal_frequency,
            nominal_voltage_millivolts: whole(nominal).unsigned_abs().max(1),
            // A file isn't a meter at rest: whatever flows is counted.
            starting_current_microamperes: 1,
            pulses_per_kilowatt_hour: 1,
        };
        Self { settings, voltage, current, rate_hertz, reference }
    }

    /// What the core counts as a second, in seconds.
    fn second(&self) -> f64 {
        f64::from(self.settings.sample_rate_hertz) / self.rate_hertz
    }

    fn powers(&self, active: i64, reactive: i64, apparent: i64) -> Powers {
        let watts = |micro: i64| micro as f64 / 1e6 * self.voltage.factor * self.current.factor;
        Powers { p_w: watts(active), q_var: watts(reactive), s_va: watts(apparent) }
    }
}

/// What the core said.
struct Gathered {
    windows: Vec<Window>,
    /// Windows without whole cycles inside the recording.
    broken: usize,
    /// Sum of squares of RMS values and of phasors over the windows, weighted by time.
    lines: [Vec<LineSum>; Role::CHANNELS],
    energy: Energy,
    /// In which regions of their corrections the currents were.
    regions: Found,
}

#[derive(Clone, Copy, Debug, Default)]
struct LineSum {
    square: f64,
    re: f64,
    im: f64,
}

fn configuration(
    setup: &Setup,
    conditioning: Option<&Conditioning>,
) -> Result<Configuration, Refusal> {
    let plain = Configuration::new(setup.settings);
    let conditioned = plain.and_then(|plain| {
        conditioning.map_or(Ok(plain), |conditioning| plain.with_conditioning(conditioning))
    });
    conditioned.map_err(|error| Refusal::new(error.to_string()))
}

fn run(
    recording: &Recording,
    setup: &Setup,
    conditioning: Option<&Conditioning>,
) -> Result<Gathered, Refusal> {
    let mut meter = Metering::new(configuration(setup, conditioning)?);
    let latency = meter.configuration().latency_samples() as u64;
    let (before, mut samples) = prepare(&mut meter, setup);
    if conditioning.is_some() {
        let first = frame(recording, setup, 0);
        (1..=RAMP).for_each(|step| _ = meter.push(&ramp(&first, step)));
    }
    let before = before + latency + conditioning.map_or(0, |_| u64::from(RAMP.unsigned_abs()));
    assert!(is_zero(&meter), "a voltage without current moved a register");
    let mut gathered = Gathered {
        windows: Vec::new(),
        broken: 0,
        lines: core::array::from_fn(|_| Vec::new()),
        energy: Energy::default(),
        regions: Found::default(),
    };
    for at in 0..recording.len() {
        let window = meter.push(&frame(recording, setup, at));
        gathered.regions.take(at as f64 / setup.rate_hertz, meter.regions());
        let Some(window) = window else { continue };
        samples += u64::from(window.samples);
        let end = samples.saturating_sub(before) as f64 / setup.rate_hertz;
        gathered.take(&window, meter.spectrum(), setup, end);
    }
    let last = frame(recording, setup, recording.len() - 1);
    if conditioning.is_some() {
        (1..=RAMP).rev().for_each(|step| _ = meter.push(&ramp(&last, step)));
    }
    // Nothing crosses zero on the way into the silence.
    let rest = Frame { voltage: last.voltage.map(|code| code.signum()), ..Frame::default() };
    for _ in 0..setup.settings.sample_rate_hertz * SILENCE_TENTHS / 10 {
        meter.push(&rest);
    }
    gathered.energy = energy(&meter, setup);
    Ok(gathered)
}

/// A part of a frame's voltages, without current.
fn ramp(frame: &Frame, step: i32) -> Frame {
    let part = |code: i32| i64::from(code) * i64::from(step) / i64::from(RAMP + 1);
    let voltage = frame.voltage.map(|code| i32::try_from(part(code)).unwrap_or(0));
    Frame { voltage, ..Frame::default() }
}

/// Feeds the sine and the silence before a recording; gives the frames that it took, and how many
/// of them the windows hold.
fn prepare(meter: &mut Metering, setup: &Setup) -> (u64, u64) {
    let (rate, (_, hertz)) = (setup.settings.sample_rate_hertz, nominal_of(setup));
    let (mut frames, mut samples) = (0, 0);
    let mut push = |frame: &Frame| {
        let window = meter.push(frame);
        frames += 1;
        samples += window.map_or(0, |window| u64::from(window.samples));
        window.is_some()
    };
    for n in 0..SINE_HALF_CYCLES * rate / hertz / 2 {
        let turns = f64::from(n) * f64::from(hertz) / f64::from(rate);
        let mut frame = Frame::default();
        frame.voltage[setup.reference] = whole(f64::from(PEAK_CODE) * 0.7 * (TAU * turns).sin());
        push(&frame);
    }
    for _ in 0..rate * SILENCE_TENTHS / 10 {
        if push(&Frame::default()) {
            break;
        }
    }
    // Well before the next window of silence ends, in which no voltage would be the strongest.
    for _ in 0..rate / 20 {
        push(&Frame::default());
    }
    (frames, samples)
}

fn is_zero(meter: &Metering) -> bool {
    let zero = |register: &EnergyRegister| register.energy.milliwatt_hours() == 0;
    let [import, export] = [meter.registers().import, meter.registers().export];
    zero(&import.total) && zero(&export.total) && import.total.rest + export.total.rest == 0
}

fn frame(recording: &Recording, setup: &Setup, at: usize) -> Frame {
    let code = |role: Role, unit: Unit| {
        recording.channels[role.index()].get(at).map_or(0, |value| unit.code(*value))
    };
    Frame {
        voltage: [Role::Ua, Role::Ub, Role::Uc].map(|role| code(role, setup.voltage)),
        current: [Role::Ia, Role::Ib, Role::Ic, Role::In].map(|role| code(role, setup.current)),
    }
}

fn energy(meter: &Metering, setup: &Setup) -> Energy {
    let registers = meter.registers();
    let unit = registers.rest_unit.max(1) as f64;
    let factor =
        JOULES_PER_MILLIWATT_HOUR * setup.voltage.factor * setup.current.factor * setup.second();
    let joules = |register: &EnergyRegister| {
        (register.energy.milliwatt_hours() as f64 + register.rest as f64 / unit) * factor
    };
    let direction = |of: fn(&ActiveRegisters) -> EnergyRegister| Direction {
        import_joules: joules(&of(&registers.import)),
        export_joules: joules(&of(&registers.export)),
    };
    Energy {
        total: direction(|registers| registers.total),
        phases: [
            direction(|registers| registers.phases[0]),
            direction(|registers| registers.phases[1]),
            direction(|registers| registers.phases[2]),
        ],
    }
}

impl Gathered {
    /// Takes a window that lies inside the recording if it holds whole cycles.
    fn take(
        &mut self,
        window: &metering::Window,
        spectrum: Option<&Spectrum>,
        setup: &Setup,
        end_s: f64,
    ) {
        let Some(spectrum) = spectrum.filter(|_| window.frequency_microhertz > 0) else {
            // What lies before the first crossing isn't a broken window.
            self.broken += usize::from(!self.windows.is_empty());
            return;
        };
        let frequency_hz = f64::from(window.frequency_microhertz) / 1e6 / setup.second();
        let seconds = f64::from(nominal_of(setup).0) / frequency_hz;
        let values = values(window, spectrum, setup, frequency_hz);
        self.windows.push(Window { start_s: end_s - seconds, seconds, values });
        for (lines, (channel, role)) in
            self.lines.iter_mut().zip(Channel::ALL.into_iter().zip(Role::ALL))
        {
            lines.resize(lines.len().max(spectrum.highest_order() + 1), LineSum::default());
            let orders = spectrum.highest_order();
            for (order, sum) in lines.iter_mut().enumerate().take(orders + 1).skip(1) {
                let rms = amount(spectrum, channel, role, order, setup);
                let angle = f64::from(spectrum.angle_microdegrees(channel, order)) / 1e6;
                let (sine, cosine) = angle.to_radians().sin_cos();
                sum.square += rms * rms * seconds;
                sum.re += rms * cosine * seconds;
                sum.im += rms * sine * seconds;
            }
        }
    }

    fn measurement(
        self,
        recording: Recording,
        setup: &Setup,
        (samples, rate, factor): (usize, Rate, u32),
    ) -> Measurement {
        let seconds: f64 = self.windows.iter().map(|window| window.seconds).sum();
        let spectrum = self.lines.map(|lines| {
            let line = |sum: LineSum| Line {
                rms: (sum.square / seconds).sqrt(),
                angle_deg: sum.im.atan2(sum.re).to_degrees(),
            };
            lines.into_iter().map(line).collect::<Vec<_>>()
        });
        let mut notes = recording.notes;
        if self.broken > 0 {
            notes.push(format!(
                "{} windows don't hold whole cycles; their energy is counted, their values aren't",
                self.broken
            ));
        }
        Measurement {
            wiring: setup.settings.wiring,
            nominal_hertz: nominal_of(setup).1,
            samples,
            rate_hertz: rate.hertz(),
            decimation: factor as usize,
            sources: recording.sources,
            mean: mean_values(&self.windows, &spectrum, seconds, setup),
            measured_seconds: seconds,
            windows: self.windows,
            energy: self.energy,
            calibration: None,
            spectrum,
            notes,
        }
    }
}

fn amount(spectrum: &Spectrum, channel: Channel, role: Role, order: usize, setup: &Setup) -> f64 {
    let rms = spectrum.rms(channel, order) as f64;
    if role.is_voltage() {
        rms / 1e6 * setup.voltage.factor
    } else {
        rms / 1e9 * setup.current.factor
    }
}

fn values(
    window: &metering::Window,
    spectrum: &Spectrum,
    setup: &Setup,
    frequency_hz: f64,
) -> Values {
    let thd = |channel: Channel| {
        let square = |order: usize| (spectrum.rms(channel, order) as f64).powi(2);
        ratio((2..=spectrum.highest_order()).map(square).sum::<f64>(), square(1)).sqrt()
    };
    let phase = |at: usize| {
        let phase: &PhaseWindow = &window.phases[at];
        Phase {
            u_rms_v: phase.voltage_microvolts as f64 / 1e6 * setup.voltage.factor,
            i_rms_a: phase.current_nanoamperes as f64 / 1e9 * setup.current.factor,
            powers: setup.powers(
                phase.active_microwatts,
                phase.reactive_microvars,
                phase.apparent_microvolt_amperes,
            ),
            thd_u: thd(Channel::Voltage(at)),
            thd_i: thd(Channel::Current(at)),
        }
    };
    Values {
        frequency_hz,
        phases: [phase(0), phase(1), phase(2)],
        total: setup.powers(
            window.active_microwatts,
            window.reactive_microvars,
            window.apparent_microvolt_amperes,
        ),
        neutral_a: window.neutral_current_nanoamperes as f64 / 1e9 * setup.current.factor,
        unbalance_u: f64::from(window.voltage_sequence.negative_ppm) / 1e6,
    }
}

/// Means over the windows: of squares for RMS values, of the values themselves for powers.
/// Apparent power is that of the mean RMS values.
fn mean_values(
    windows: &[Window],
    spectrum: &[Vec<Line>; Role::CHANNELS],
    seconds: f64,
    setup: &Setup,
) -> Values {
    let mean = |of: &dyn Fn(&Values) -> f64| {
        windows.iter().map(|window| of(&window.values) * window.seconds).sum::<f64>() / seconds
    };
    let root = |of: &dyn Fn(&Values) -> f64| mean(&|values| of(values).powi(2)).sqrt();
    let thd = |role: usize| {
        let squares = spectrum[role].iter().skip(2).map(|line| line.rms.powi(2)).sum::<f64>();
        ratio(squares.sqrt(), spectrum[role].get(1).map_or(0.0, |line| line.rms))
    };
    let powers = |of: fn(&Values, usize) -> Powers, at: usize| Powers {
        p_w: mean(&|values| of(values, at).p_w),
        q_var: mean(&|values| of(values, at).q_var),
        s_va: mean(&|values| of(values, at).s_va),
    };
    let phase = |at: usize| {
        let u_rms_v = root(&|values| values.phases[at].u_rms_v);
        let i_rms_a = root(&|values| values.phases[at].i_rms_a);
        let mut powers = powers(|values, at| values.phases[at].powers, at);
        if powers.s_va > 0.0 {
            powers.s_va = u_rms_v * i_rms_a;
        }
        Phase { u_rms_v, i_rms_a, powers, thd_u: thd(at), thd_i: thd(3 + at) }
    };
    let phases = [phase(0), phase(1), phase(2)];
    let mut total = powers(|values, _| values.total, 0);
    total.s_va = if setup.settings.wiring == Wiring::ThreePhaseThreeWire {
        total.p_w.hypot(total.q_var)
    } else {
        phases.iter().map(|phase| phase.powers.s_va).sum()
    };
    Values {
        frequency_hz: mean(&|values| values.frequency_hz),
        phases,
        total,
        neutral_a: root(&|values| values.neutral_a),
        unbalance_u: mean(&|values| values.unbalance_u),
    }
}
