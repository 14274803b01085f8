//! `jidian chip ade9000`: the twin of a chip on a TCP port, for drivers that were written for the
//! chip itself.

use super::{Failure, parse_between};
use clap::{Args, Subcommand, ValueEnum};
use simulation::ade9000::{Bench, Board, Harmonic, Line, Recording, Reference, STEPS_PER_SECOND};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve the bus of an ADE9000 over TCP.
    ///
    /// An exchange is one assertion of chip select: a big-endian length of two bytes and that many
    /// bytes of MOSI; the answer is as many bytes of MISO. Several clients share the one chip. Its
    /// time is the wall clock's, times --speed.
    #[command(after_help = EXAMPLES)]
    Ade9000(Ade9000),
}

const EXAMPLES: &str = "\
Examples:
  jidian chip ade9000 --voltage 230 --current 5 --phase-angle 60
  jidian chip ade9000 --harmonic 5,10,40 --harmonic 7,5,20
  jidian chip ade9000 --wiring 3p3w --voltage 57.7 --volts-per-volt 201
  jidian chip ade9000 --waveform line.csv --rate 12800
  printf '\\0\\6\\x4f\\xe8\\0\\0\\0\\0' | nc -N 127.0.0.1 9000 | xxd     Version: 00fe, then its CRC

A voltage of 566.4 V and a current of 212.1 A are full scale with the default ratios, which are
those of the chip's evaluation board.";

#[derive(Args, Clone, Debug)]
pub(super) struct Ade9000 {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// RMS voltage of each phase in volts.
    #[arg(long, default_value_t = 230.0, value_parser = parse_size)]
    voltage: f64,
    /// RMS current of each phase in amperes.
    #[arg(long, default_value_t = 5.0, value_parser = parse_size)]
    current: f64,
    /// Angle by which the current lags the voltage, in degrees; 180 feeds in.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = parse_degrees)]
    phase_angle: f64,
    /// Frequency in hertz, 40 to 70.
    #[arg(long, default_value_t = 50.0, value_parser = parse_hertz)]
    frequency: f64,
    /// Wires of the line: 3p3w has the voltages of A and C against B at VA and VC, and none at VB.
    #[arg(long, value_enum, default_value_t = Wiring::FourWires)]
    wiring: Wiring,
    /// A harmonic: its order, then its shares of voltage and current in percent. May be repeated.
    #[arg(long, visible_alias = "harmonics", value_name = "ORDER,U%,I%")]
    #[arg(value_parser = parse_harmonic)]
    harmonic: Vec<Harmonic>,
    /// A recorded line instead: a CSV file whose first row names its columns, of ia, ib, ic, in
    /// (amperes) and va, vb, vc (volts); what isn't there is zero. It's played again and again.
    #[arg(long, value_name = "FILE", requires = "rate", conflicts_with = "wiring")]
    waveform: Option<PathBuf>,
    /// Rows in a second of the file of --waveform, 100 to 1000000.
    #[arg(long, value_name = "HZ", requires = "waveform", value_parser = parse_rate)]
    rate: Option<f64>,
    /// Volts on the line for one volt between the pins.
    #[arg(long, default_value_t = Board::EVALUATION.volts_per_volt, value_parser = parse_ratio)]
    volts_per_volt: f64,
    /// Amperes on the line for one volt between the pins.
    #[arg(long, default_value_t = Board::EVALUATION.amperes_per_volt, value_parser = parse_ratio)]
    amperes_per_volt: f64,
    /// Temperature of the chip in degrees Celsius.
    #[arg(long, default_value_t = 25.0, allow_negative_numbers = true, value_parser = parse_celsius)]
    temperature: f64,
    /// How much faster than the wall clock the chip's time goes, 0.01 to 50.
    #[arg(long, default_value_t = 1.0, value_parser = parse_speed)]
    speed: f64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wiring {
    #[value(name = "3p4w")]
    FourWires,
    #[value(name = "3p3w")]
    ThreeWires,
}

fn parse_size(text: &str) -> Result<f64, String> {
    parse_between(text, 0.0, 1e6)
}

fn parse_degrees(text: &str) -> Result<f64, String> {
    parse_between(text, -360.0, 360.0)
}

fn parse_hertz(text: &str) -> Result<f64, String> {
    parse_between(text, 40.0, 70.0)
}

fn parse_rate(text: &str) -> Result<f64, String> {
    parse_between(text, 100.0, 1e6)
}

fn parse_ratio(text: &str) -> Result<f64, String> {
    parse_between(text, 1e-3, 1e9)
}

fn parse_celsius(text: &str) -> Result<f64, String> {
    parse_between(text, -40.0, 125.0)
}

fn parse_speed(text: &str) -> Result<f64, String> {
    parse_between(text, 0.01, 50.0)
}

fn parse_harmonic(text: &str) -> Result<Harmonic, String> {
    let wrong = || "must be an order from 2 to 60 and two percentages from 0 to 100, as 5,10,40";
    let mut parts = text.split(',');
    let order = parts.next().and_then(|part| part.parse().ok());
    let order = order.filter(|order| (2..=60).contains(order)).ok_or_else(wrong)?;
    let mut share = || parse_between(parts.next()?, 0.0, 100.0).ok().map(|share| share / 100.0);
    let (voltage, current) = (share(), share());
    let (Some(voltage_share), Some(current_share), None) = (voltage, current, parts.next()) else {
        return Err(wrong().to_owned());
    };
    Ok(Harmonic { order, voltage_share, current_share })
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Ade9000(arguments) => serve(arguments),
    }
}

/// The order of the chip's inputs.
const COLUMNS: [&str; 7] = ["ia", "ib", "ic", "in", "va", "vb", "vc"];

/// At least one frame of a file.
fn read_frames(path: &Path) -> Result<Vec<[f64; 7]>, Failure> {
    let wrong = |reason: String| Failure::at(path.display(), reason);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| wrong(error.to_string()))?;
    let headers = reader.headers().map_err(|error| wrong(error.to_string()))?;
    let mut inputs = Vec::new();
    for name in headers {
        let input = COLUMNS.iter().position(|column| name.eq_ignore_ascii_case(column));
        inputs.push(input.ok_or_else(|| {
            wrong(format!("no input is called `{name}`; the columns are {}", COLUMNS.join(", ")))
        })?);
    }
    let mut frames = Vec::new();
    for (record, row) in reader.records().zip(2..) {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let mut frame = [0.0; 7];
        for (text, input) in record.iter().zip(&inputs) {
            let value = text.parse().ok().filter(|value: &f64| value.is_finite());
            frame[*input] =
                value.ok_or_else(|| wrong(format!("row {row}: `{text}` is not a number")))?;
        }
        frames.push(frame);
    }
    if frames.is_empty() {
        return Err(wrong("no rows behind the names of the columns".to_owned()));
    }
    Ok(frames)
}

/// A bench whose time follows the wall clock.
struct Clocked {
    bench: Bench,
    since: Instant,
    speed: f64,
}

/// A machine that slept or can't follow doesn't make up for more of the chip's time than two
/// seconds.
const CATCH_UP_STEPS_MAX: u64 = 2 * STEPS_PER_SECOND as u64;

impl Clocked {
    fn new(arguments: &Ade9000) -> Result<Self, Failure> {
        let board = Board {
            volts_per_volt: arguments.volts_per_volt,
            amperes_per_volt: arguments.amperes_per_volt,
        };
        let line = Line {
            volts: arguments.voltage,
            amperes: arguments.current,
            lag_degrees: arguments.phase_angle,
            hertz: arguments.frequency,
            harmonics: arguments.harmonic.clone(),
        };
        let mut bench = Bench::new(board, line);
        bench.reference = match arguments.wiring {
            Wiring::FourWires => Reference::Neutral,
            Wiring::ThreeWires => Reference::PhaseB,
        };
        bench.twin.set_celsius(arguments.temperature);
        if let (Some(path), Some(rate_hz)) = (&arguments.waveform, arguments.rate) {
            bench.recording = Recording::new(rate_hz, read_frames(path)?);
        }
        Ok(Self { bench, since: Instant::now(), speed: arguments.speed })
    }

    /// Goes on to where the wall clock is.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "time doesn't go back, and its steps are far below 2^53"
    )]
    fn follow(&mut self) {
        let per_second = f64::from(STEPS_PER_SECOND) * self.speed;
        let steps = (self.since.elapsed().as_secs_f64() * per_second) as u64;
        self.since += Duration::from_secs_f64(steps as f64 / per_second);
        self.bench.run(steps.min(CATCH_UP_STEPS_MAX));
    }
}

type Shared = Arc<Mutex<Clocked>>;

fn with<T>(chip: &Shared, act: impl FnOnce(&mut Clocked) -> T) -> T {
    let mut chip = chip.lock().unwrap_or_else(PoisonError::into_inner);
    chip.follow();
    act(&mut chip)
}

fn serve(arguments: &Ade9000) -> Result<(), Failure> {
    let listener = TcpListener::bind(arguments.listen).map_err(|error| {
        Failure::at(arguments.listen, format!("{error}; choose another --listen"))
    })?;
    let chip = Arc::new(Mutex::new(Clocked::new(arguments)?));
    println!("listening on {}", listener.local_addr()?);
    std::thread::scope(|scope| {
        // The chip works while nobody asks, so that an exchange never waits for seconds of it.
        let driven = Arc::clone(&chip);
        scope.spawn(move || {
            loop {
                std::thread::sleep(Duration::from_millis(20));
                with(&driven, |_| ());
            }
        });
        for stream in listener.incoming().flatten() {
            let chip = Arc::clone(&chip);
            scope.spawn(move || {
                if let Err(reason) = converse(&stream, &chip) {
                    let peer = stream.peer_addr().map_or("?".to_owned(), |peer| peer.to_string());
                    eprintln!("{peer}: {reason}; connection closed");
                }
            });
        }
    });
    Ok(())
}

/// Answers until the client closes. What was wrong with its bytes is the error.
fn converse(mut stream: &TcpStream, chip: &Shared) -> Result<(), String> {
    let gone = |error: std::io::Error| error.to_string();
    stream.set_nodelay(true).map_err(gone)?;
    loop {
        let mut length = [0; 2];
        match stream.read(&mut length[..1]).map_err(gone)? {
            0 => return Ok(()),
            _ => read(stream, &mut length[1..], "the length of an exchange")?,
        }
        let length = u16::from_be_bytes(length);
        if length == 0 {
            return Err("an exchange of 0 bytes: chip select without a clock isn't one".to_owned());
        }
        acknowledge(stream);
        let mut mosi = vec![0; usize::from(length)];
        read(stream, &mut mosi, "an exchange")?;
        let miso = with(chip, |chip| {
            // How long a reset takes isn't agreed: Analog Devices' driver waits for 50 ms, Linux's
            // for 90 microseconds. Here every wait is long enough.
            chip.bench.finish_reset();
            chip.bench.twin.exchange(&mosi)
        });
        stream.write_all(&miso).map_err(gone)?;
    }
}

/// A client that writes length and bytes apart, and leaves Nagle's algorithm on, sends the bytes
/// when the length is acknowledged: 40 ms later, unless that is asked for.
fn acknowledge(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = std::os::linux::net::TcpStreamExt::set_quickack(stream, true);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

fn read(mut stream: &TcpStream, bytes: &mut [u8], what: &str) -> Result<(), String> {
    stream.read_exact(bytes).map_err(|error| {
        let is_short = error.kind() == ErrorKind::UnexpectedEof;
        if is_short { format!("{what} ends too early") } else { error.to_string() }
    })
}
