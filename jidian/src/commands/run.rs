//! `jidian run`: the pilot on one machine.

use super::Failure;
use crate::console::{self, Board};
use crate::pilot::{self, Journal, Options, Pilot, ScenarioChoice, Totals};
use crate::store::{BankLog, DataDirectory};
use clap::Args;
use quantity::{Duration, Fen, Instant};
use serde_json::json;
use simulation::ledger::Evidence;
use simulation::world::World;
use std::io::IsTerminal;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// Where the console listens; port 0 takes a free one [default: 127.0.0.1:8620; none with both
    /// --for and --speed max].
    #[arg(long, value_name = "ADDR", conflicts_with = "no_console")]
    listen: Option<SocketAddr>,
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
             --data D --summary S.json
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
    must_be_writable(arguments.summary.as_deref())?;
    let console = Console::bind(arguments)?;
    let place = Place::choose(arguments.data.clone())?;
    if !place.path.join(crate::store::manifest::FILE).exists() {
        // Wrong options of a new pilot leave no directory behind.
        options(arguments)?;
    }
    let directory = DataDirectory::open(&place.path)?;
    let pilot = open(arguments, &directory)?;
    for note in &pilot.notes {
        eprintln!("note: {note}");
    }
    let stop = stop_on_signal()?;
    let start = pilot.start;
    let mut live = Live::new(pilot, arguments, begin);
    live.introduce(&place);
    if let Some(start) = start {
        println!("bank: {start}");
    }
    let console = console.map(|console| console.serve(&live.board));
    let outcome = live.run(&stop);
    let summary = outcome.and_then(|()| live.close());
    if let Some(console) = console {
        console.stop();
    }
    let summary = summary?;
    tell(&summary);
    match &arguments.summary {
        None => Ok(()),
        Some(file) => std::fs::write(file, format!("{summary:#}\n"))
            .map_err(|error| Failure::at(file.display(), error)),
    }
}

/// A day of simulation shouldn't end in a summary that can't be written.
fn must_be_writable(summary: Option<&Path>) -> Result<(), Failure> {
    let Some(file) = summary else { return Ok(()) };
    let is_new = !file.exists();
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
    // A run that fails later leaves no empty summary behind.
    let tried = opened.and_then(|_| if is_new { std::fs::remove_file(file) } else { Ok(()) });
    tried.map_err(|error| Failure::at(file.display(), error))
}

type SharedBoard = Arc<Mutex<Board<BankLog>>>;

fn lock(board: &SharedBoard) -> MutexGuard<'_, Board<BankLog>> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A console that has its port.
struct Console(TcpListener);

/// A console that serves pages.
struct Serving {
    stop: tokio::sync::oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Console {
    /// Takes the port before anything is written, so that a port in use leaves no traces.
    fn bind(arguments: &Run) -> Result<Option<Self>, Failure> {
        let batch = arguments.length.is_some() && arguments.speed == Speed::Max;
        let listen = match arguments.listen {
            Some(listen) => listen,
            None if arguments.no_console || batch => return Ok(None),
            None => SocketAddr::from(([127, 0, 0, 1], 8620)),
        };
        let advice = "choose another --listen, such as 127.0.0.1:0 for a free port";
        let listener = TcpListener::bind(listen)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(|error| Failure::at(listen, format!("{error}; {advice}")))?;
        Ok(Some(Self(listener)))
    }

    fn serve(self, board: &SharedBoard) -> Serving {
        if let Ok(address) = self.0.local_addr() {
            println!("console: http://{address}/");
        }
        let views = Arc::new(console::Live::new(Arc::clone(board)));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            if let Err(error) = serve_pages(self.0, views, stopped) {
                eprintln!("jidian: the console stopped: {error}");
            }
        });
        Serving { stop, thread }
    }
}

impl Serving {
    fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

fn serve_pages(
    listener: TcpListener,
    views: Arc<console::Live<BankLog>>,
    stopped: tokio::sync::oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let shutdown = async {
            let _ = stopped.await;
        };
        crate::web::serve(listener, views, shutdown).await
    })
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
        Ok(Self { path: super::new_temporary_directory()?, temporary: true })
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
    Ok(pilot::found(directory, &options(arguments)?)?)
}

/// What a new pilot would be; wrong options are refused before anything is touched.
fn options(arguments: &Run) -> Result<Options, Failure> {
    let name = arguments.scenario.as_deref().unwrap_or("henan-day");
    let choice = ScenarioChoice::NameOrFile(name);
    Ok(Options::new(choice, arguments.meters, arguments.seed.unwrap_or(7))?)
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

pub(super) fn stop_on_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// A pilot that lives.
struct Live<'a> {
    board: SharedBoard,
    readers: console::Readers,
    journal: Journal,
    totals: Totals,
    arguments: &'a Run,
    begin: time::Instant,
    paid: bool,
}

impl<'a> Live<'a> {
    fn new(pilot: Pilot, arguments: &'a Run, begin: time::Instant) -> Self {
        let speed = match arguments.speed {
            Speed::Max => 0,
            Speed::Times(times) => times,
        };
        let Pilot { world, journal, sources, totals, recent, .. } = pilot;
        let mut board = Board::new(world, sources, speed);
        for evidence in &recent {
            board.history.recall(evidence);
        }
        let readers = board.readers();
        let board = Arc::new(Mutex::new(board));
        Self { board, readers, journal, totals, arguments, begin, paid: false }
    }

    fn introduce(&self, place: &Place) {
        let board = lock(&self.board);
        let fixed = board.world.fixed();
        println!(
            "即电 Jidian {}: {}, {} customer meters and {} gateway meters, from {} on",
            env!("CARGO_PKG_VERSION"),
            fixed.scenario.name,
            fixed.customers.len(),
            board.world.plants().len(),
            board.world.now().civil(),
        );
        let fate = if place.temporary { " (temporary: gone at the end)" } else { "" };
        println!("data: {}{fate}", place.path.display());
    }

    fn run(&mut self, stop: &AtomicBool) -> Result<(), Failure> {
        let (now, start) = {
            let world = &lock(&self.board).world;
            (world.now(), world.fixed().scenario.start())
        };
        let end = self.arguments.length.map(|length| start + length);
        let mut pace = Pace::new(self.arguments.speed);
        let mut progress = Progress::new(now, end);
        while end.is_none_or(|end| lock(&self.board).world.now() < end)
            && !stop.load(Ordering::Relaxed)
        {
            let now = self.minute()?;
            progress.show(now, &self.totals);
            pace.wait(stop);
            self.let_readers_in();
        }
        progress.end();
        Ok(())
    }

    fn minute(&mut self) -> Result<Instant, Failure> {
        let mut board = lock(&self.board);
        let outcome = self.journal.step(&mut board.world)?;
        board.minute(&outcome.metered, &outcome.settled);
        for evidence in &outcome.settled.evidence {
            self.totals.add(evidence);
        }
        assert!(self.totals.balance(), "charged = paid + carried");
        let pays =
            |evidence: &&Evidence| evidence.record.legs.iter().any(|leg| leg.paid > Fen::ZERO);
        let first = outcome.settled.evidence.iter().find(pays);
        if let Some(first) = first.filter(|_| !self.paid) {
            self.paid = true;
            println!(
                "first payment final {:.2} s after the start: {}-{}",
                self.begin.elapsed().as_secs_f64(),
                first.record.meter,
                first.record.sequence
            );
        }
        Ok(board.world.now())
    }

    /// At full speed the lock would be taken back before a page gets it.
    fn let_readers_in(&self) {
        for _ in 0..5 {
            if self.readers.waiting() == 0 {
                break;
            }
            std::thread::sleep(time::Duration::from_millis(1));
        }
    }

    fn close(&mut self) -> Result<serde_json::Value, Failure> {
        let mut board = lock(&self.board);
        self.journal.close(&mut board.world)?;
        Ok(summary(&mut board.world, &self.totals, self.begin.elapsed()))
    }
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

fn summary(world: &mut World<BankLog>, totals: &Totals, wall: time::Duration) -> serde_json::Value {
    let registration = world.bank().registration();
    let (issued, wallets) = (registration.issued(), registration.wallets_total());
    let (rejected, now, meters) = (world.state().rejected, world.now(), world.meters().len());
    json!({
        "scenario": world.fixed().scenario.name,
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
        "journal_hash": world.journal_hash().to_string(),
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
