//! `jidian run`: the pilot on one machine.

use super::Failure;
use crate::pilot::{self, Options, Pilot, ScenarioChoice, Totals};
use crate::store::DataDirectory;
use clap::Args;
use quantity::{Duration, Instant};
use serde_json::json;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time;

/// Runs the pilot: bank, grid company, meters and web console.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Run {
    /// Built-in scenario (henan-day) or a file of one [default: henan-day].
    #[arg(long, value_name = "NAME|FILE")]
    scenario: Option<String>,
    /// Customer meters [default: as the scenario says]; gateway meters come on top.
    #[arg(long, value_name = "N")]
    meters: Option<u32>,
    /// Simulated seconds per second, or `max`.
    #[arg(long, value_name = "X|max", default_value = "60", value_parser = parse_speed)]
    speed: Speed,
    /// Simulated time after which the pilot ends, counted from its beginning, such as 24h or 90m.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    length: Option<Duration>,
    /// Seed: the same seed gives the same bytes [default: 7].
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Directory that keeps everything; a pilot that it holds goes on [default: a temporary one].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the console listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8620")]
    listen: SocketAddr,
    /// Serve no console.
    #[arg(long)]
    no_console: bool,
    /// Write totals as JSON at the end.
    #[arg(long, value_name = "FILE.json")]
    summary: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  jidian run
  jidian run --scenario henan-day --meters 200 --for 24h --speed max --seed 7 \\
             --data D --summary S.json --no-console
  jidian verify D";

/// How fast simulated time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speed {
    /// Simulated seconds per second.
    Times(u32),
    /// As fast as the machine can.
    Max,
}

fn parse_speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let times = text.parse().ok().filter(|times| (1..=100_000).contains(times));
    times.map(Speed::Times).ok_or_else(|| "must be 1 to 100000, or max".to_owned())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let refused = || "must be whole minutes, such as 90m, 24h or 7d".to_owned();
    let unit = text.chars().last().ok_or_else(refused)?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| refused())?;
    let minutes = match unit {
        'm' => Some(number),
        'h' => number.checked_mul(60),
        'd' => number.checked_mul(60 * 24),
        _ => None,
    };
    let minutes = minutes.filter(|minutes| (1..=60 * 24 * 3660).contains(minutes));
    minutes.map(Duration::from_minutes).ok_or_else(refused)
}

pub(super) fn run(arguments: &Run) -> Result<(), Failure> {
    let begin = time::Instant::now();
    let place = Place::choose(arguments.data.clone())?;
    let directory = DataDirectory::open(&place.path)?;
    let mut pilot = open(arguments, &directory)?;
    for note in &pilot.notes {
        eprintln!("note: {note}");
    }
    let stop = stop_on_signal()?;
    let end = arguments.length.map(|length| pilot.world.fixed().scenario.start() + length);
    let outcome = live(&mut pilot, arguments, end, &stop);
    if outcome.is_ok() {
        pilot.journal.close(&mut pilot.world)?;
    }
    outcome?;
    let summary = summary(&mut pilot, begin.elapsed());
    tell(&summary);
    match &arguments.summary {
        None => Ok(()),
        Some(file) => std::fs::write(file, format!("{summary:#}\n"))
            .map_err(|error| Failure::at(file.display(), error)),
    }
}

/// The data directory, and whether it goes away at the end.
struct Place {
    path: PathBuf,
    temporary: bool,
}

impl Place {
    fn choose(data: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(path) = data {
            return Ok(Self { path, temporary: false });
        }
        let path = std::env::temp_dir().join(format!("jidian-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| Failure::at(path.display(), error))?;
        Ok(Self { path, temporary: true })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn open(arguments: &Run, directory: &DataDirectory) -> Result<Pilot, Failure> {
    if directory.holds_a_world() {
        let pilot = pilot::resume(directory)?;
        must_match(arguments, directory, &pilot)?;
        return Ok(pilot);
    }
    let name = arguments.scenario.as_deref().unwrap_or("henan-day");
    let choice = ScenarioChoice::NameOrFile(name);
    let options = Options::new(choice, arguments.meters, arguments.seed.unwrap_or(7))?;
    Ok(pilot::found(directory, &options)?)
}

/// What a directory holds can't be changed by options, so options that contradict it are refused.
fn must_match(arguments: &Run, directory: &DataDirectory, pilot: &Pilot) -> Result<(), Failure> {
    let fixed = pilot.world.fixed();
    let manifest = crate::store::manifest::Manifest::read(directory.path())?;
    let holds = |what: &str, value: &dyn core::fmt::Display| {
        let reason = format!(
            "holds a pilot with {what} {value}; leave out --{what}, or choose another --data"
        );
        Err(Failure::at(directory.path().display(), reason))
    };
    if let Some(name) = &arguments.scenario {
        let asked = Options::new(ScenarioChoice::NameOrFile(name), None, 0)?;
        if asked.text != manifest.scenario {
            return holds("scenario", &fixed.scenario.name);
        }
    }
    match (arguments.meters, arguments.seed) {
        (Some(meters), _) if meters != manifest.meters => holds("meters", &manifest.meters),
        (_, Some(seed)) if seed != manifest.seed => holds("seed", &manifest.seed),
        _ => Ok(()),
    }
}

fn stop_on_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

fn live(
    pilot: &mut Pilot,
    arguments: &Run,
    end: Option<Instant>,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    let mut pace = Pace::new(arguments.speed);
    let mut progress = Progress::new(pilot.world.now(), end);
    while end.is_none_or(|end| pilot.world.now() < end) && !stop.load(Ordering::Relaxed) {
        let outcome = pilot.journal.step(&mut pilot.world)?;
        for evidence in &outcome.settled.evidence {
            pilot.totals.add(evidence);
        }
        assert!(pilot.totals.balance(), "charged = paid + carried");
        progress.show(pilot.world.now(), &pilot.totals);
        pace.wait(stop);
    }
    progress.end();
    Ok(())
}

/// Keeps simulated time in step with the wall.
struct Pace {
    minute: Option<time::Duration>,
    next: time::Instant,
}

impl Pace {
    fn new(speed: Speed) -> Self {
        let minute = match speed {
            Speed::Max => None,
            Speed::Times(times) => Some(time::Duration::from_secs(60) / times),
        };
        Self { minute, next: time::Instant::now() }
    }

    fn wait(&mut self, stop: &AtomicBool) {
        let Some(minute) = self.minute else { return };
        self.next += minute;
        loop {
            let left = self.next.saturating_duration_since(time::Instant::now());
            if left.is_zero() || stop.load(Ordering::Relaxed) {
                break;
            }
            std::thread::sleep(left.min(time::Duration::from_millis(50)));
        }
        // A machine that can't keep up doesn't race afterwards.
        self.next = self.next.max(time::Instant::now() - minute);
    }
}

/// One line on a terminal, renewed a few times a second; nothing elsewhere.
struct Progress {
    shown: time::Instant,
    begin: Instant,
    end: Option<Instant>,
    terminal: bool,
}

impl Progress {
    fn new(begin: Instant, end: Option<Instant>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { shown: time::Instant::now(), begin, end, terminal }
    }

    fn show(&mut self, now: Instant, totals: &Totals) {
        if !self.terminal || self.shown.elapsed() < time::Duration::from_millis(250) {
            return;
        }
        self.shown = time::Instant::now();
        let share = self.end.map_or_else(String::new, |end| {
            let done = now.since(self.begin).milliseconds();
            let all = end.since(self.begin).milliseconds().max(1);
            format!(" {:3} %", done * 100 / all)
        });
        eprint!(
            "\r{}{share}  {} settlements, {} paid \x1b[K",
            now.civil(),
            totals.settlements,
            totals.paid
        );
    }

    fn end(&self) {
        if self.terminal {
            eprintln!();
        }
    }
}

fn summary(pilot: &mut Pilot, wall: time::Duration) -> serde_json::Value {
    let registration = pilot.world.bank().registration();
    let (issued, wallets) = (registration.issued(), registration.wallets_total());
    let totals = pilot.totals.clone();
    let (rejected, now) = (pilot.world.state().rejected, pilot.world.now());
    let meters = pilot.world.meters().len();
    json!({
        "scenario": pilot.world.fixed().scenario.name,
        "at": now.civil().to_string(),
        "meters": meters,
        "settlements": totals.settlements,
        "energy_import_milliwatt_hours": totals.import.milliwatt_hours(),
        "energy_export_milliwatt_hours": totals.export.milliwatt_hours(),
        "charged_micro_yuan": totals.charged.micro_yuan(),
        "paid_fen": totals.paid.fen(),
        "carried_micro_yuan": totals.carried().micro_yuan(),
        "issued_fen": issued.fen(),
        "wallets_total_fen": wallets.fen(),
        "conservation": issued == wallets && totals.balance(),
        "orders_rejected": rejected,
        "journal_hash": pilot.world.journal_hash().to_string(),
        "wall_seconds": wall.as_secs_f64(),
    })
}

fn tell(summary: &serde_json::Value) {
    println!(
        "{}: {} settlements of {} meters, {} fen paid, {} micro-yuan carried, conservation {}",
        summary["at"].as_str().unwrap_or_default(),
        summary["settlements"],
        summary["meters"],
        summary["paid_fen"],
        summary["carried_micro_yuan"],
        summary["conservation"],
    );
}
