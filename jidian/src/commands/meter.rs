//! `jidian meter`: one virtual meter that any DL/T 645 master can read over TCP; calibration.

use super::calibrate::{self, Calibrate};
use super::{Failure, parse_between};
use clap::{Args, Subcommand};
use management::Rate;
use management::{Constant, DayTable, Dlt645Session, Management, Ratings, Settings, Text, Wiring};
use quantity::{Energy, Instant};
use simulation::fram::Fram;
use simulation::instrument::{PULSES_PER_KWH, SAMPLE_RATE_HERTZ, Sinusoid, configuration};
use simulation::waveform_meter::{Start, WaveformMeter};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use wire::MeterId;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve one virtual meter over TCP: DL/T 645-2007.
    ///
    /// The stimulus is sampled at 8 kS/s by the twin of an ADE9000 and goes over its bus through the
    /// metering core, so the registers move.
    #[command(after_help = "Example:\n  jidian meter serve --listen 127.0.0.1:6450 --voltage 231 \
                            --current 5 --phase-angle 30")]
    Serve(Serve),
    /// From readings of a bench to constants, with a report of the errors before and after.
    #[command(after_help = calibrate::EXAMPLES)]
    Calibrate(Calibrate),
}

#[derive(Args, Debug)]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:6450")]
    listen: SocketAddr,
    /// Communication address, up to 12 digits.
    #[arg(long, default_value = "000000000001", value_parser = parse_address)]
    address: MeterId,
    /// RMS voltage of each phase in volts, at most 350.
    #[arg(long, default_value_t = 220.0, value_parser = parse_volts)]
    voltage: f64,
    /// RMS current of each phase in amperes, at most 84.
    #[arg(long, default_value_t = 5.0, value_parser = parse_amperes)]
    current: f64,
    /// Angle by which the current lags the voltage, in degrees; 180 feeds in.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = parse_degrees)]
    phase_angle: f64,
    /// Frequency in hertz, 45 to 55.
    #[arg(long, default_value_t = 50.0, value_parser = parse_hertz)]
    frequency: f64,
    /// Import register at the start, in kWh.
    #[arg(long, default_value = "0", value_parser = parse_register)]
    import_kwh: Energy,
    /// Export register at the start, in kWh.
    #[arg(long, default_value = "0", value_parser = parse_register)]
    export_kwh: Energy,
}

fn parse_address(text: &str) -> Result<MeterId, String> {
    let digits = text.len() <= 12 && text.bytes().all(|digit| digit.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits).and_then(MeterId::new);
    number.ok_or_else(|| "an address has 1 to 12 digits".to_owned())
}

fn parse_volts(text: &str) -> Result<f64, String> {
    parse_between(text, 0.0, Sinusoid::VOLTS_MAX)
}

fn parse_amperes(text: &str) -> Result<f64, String> {
    parse_between(text, 0.0, Sinusoid::AMPERES_MAX)
}

fn parse_degrees(text: &str) -> Result<f64, String> {
    parse_between(text, -360.0, 360.0)
}

/// DL/T 645 shows six digits before the point.
fn parse_register(text: &str) -> Result<Energy, String> {
    let energy: Energy = text.parse().map_err(|error| format!("{error}"))?;
    let shown = (Energy::ZERO..Energy::from_kwh(1_000_000)).contains(&energy);
    if shown { Ok(energy) } else { Err("must be 0 to 999999.999999 kWh".to_owned()) }
}

fn parse_hertz(text: &str) -> Result<f64, String> {
    parse_between(text, 45.0, 55.0)
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve(arguments),
        Command::Calibrate(arguments) => calibrate::run(arguments),
    }
}

/// How the virtual meter is connected.
const WIRING: metering::Wiring = metering::Wiring::ThreePhaseFourWire;

type Shared = Arc<Mutex<Management<Fram>>>;

fn serve(arguments: &Serve) -> Result<(), Failure> {
    let listener = TcpListener::bind(arguments.listen).map_err(|error| {
        Failure::at(arguments.listen, format!("{error}; choose another --listen"))
    })?;
    let start = Start { import: arguments.import_kwh, export: arguments.export_kwh };
    let cells = Fram::new(Fram::MB85RC512T_BYTES);
    let mut meter = WaveformMeter::start(configuration(WIRING), start, cells)?;
    let shared = new_management(arguments)?;
    // One second of samples, so that the first question already finds live values.
    second(&mut meter, arguments, &shared);
    println!("listening on {}", listener.local_addr()?);
    let metered = Arc::clone(&shared);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                second(&mut meter, arguments, &metered);
            }
        });
        for stream in listener.incoming().flatten() {
            let shared = Arc::clone(&shared);
            scope.spawn(move || answer(stream, &shared));
        }
    });
    Ok(())
}

fn second(meter: &mut WaveformMeter, arguments: &Serve, management: &Shared) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "45 to 55 Hz")]
    let frequency_millihertz = (arguments.frequency * 1000.0).round() as u32;
    let sinusoid = Sinusoid {
        volts: arguments.voltage,
        amperes: arguments.current,
        lag_turns: arguments.phase_angle / 360.0,
        frequency_millihertz,
    };
    let (now, mut last) = (now(), None);
    meter.sample(&sinusoid.stimulus(WIRING), SAMPLE_RATE_HERTZ, now, |window| last = Some(*window));
    if let Some(window) = last {
        let reading = meter.reading(&window, now);
        lock(management).receive(&reading);
    }
}

fn answer(mut stream: TcpStream, management: &Shared) {
    let mut session = Dlt645Session::new();
    let mut buffer = [0; 512];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let mut replies = Vec::new();
        session.serve(&lock(management), now(), &buffer[..length], |reply| {
            replies.extend_from_slice(reply);
        });
        if stream.write_all(&replies).is_err() {
            return;
        }
    }
}

fn new_management(arguments: &Serve) -> Result<Shared, Failure> {
    let settings = settings(arguments.address, Wiring::ThreePhase);
    let management = Management::personalise(Fram::new(Fram::MB85RC512T_BYTES), &settings)?;
    Ok(Arc::new(Mutex::new(management)))
}

fn settings(address: MeterId, wiring: Wiring) -> Settings {
    let constant = Constant::new(PULSES_PER_KWH).expect("below a million");
    Settings {
        meter: address,
        address,
        // Nothing listens at the other end of the link in this command.
        link_key: [0; 32],
        wiring,
        constant_active: constant,
        constant_reactive: constant,
        ratings: Ratings {
            voltage: text("220V"),
            current: text("5A"),
            current_max: text("60A"),
            class_active: text("0.2S"),
            class_reactive: text("0.5S"),
            model: text("JIDIAN-1"),
            produced: text("2026-11-22"),
        },
        day_table: DayTable::always(Rate::Flat),
    }
}

fn text<const N: usize>(value: &str) -> Text<N> {
    Text::new(value).expect("the texts above are short ASCII")
}

fn now() -> Instant {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Instant::from_unix_milliseconds(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, Management<Fram>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
