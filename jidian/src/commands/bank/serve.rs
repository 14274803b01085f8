//! `jidian bank serve`: the bank over HTTP with client certificates.

use super::super::Failure;
use super::snapshots::SnapshotOptions;
use crate::service::certificates::Certificates;
use crate::service::rate::Rate;
use crate::service::{self, Options};
use clap::Args;
use quantity::Instant;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Serve the bank over HTTP and TLS 1.3 with client certificates. A sandbox: no real money moves.
///
/// The first start founds the bank, with keys of the institutions from --seed, and makes an authority,
/// a server certificate and one client certificate for each role in DIR/tls. A later start goes on
/// where the bank stood. GET /openapi.json describes every route.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::commands) struct Serve {
    /// Directory of the bank.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8630")]
    listen: SocketAddr,
    /// Seed of the institutions' keys of a new bank [default: 7].
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Further name or address of the server for its certificate, when that is first made.
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Operations a second that one client certificate may have in the long run.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Operations that it may have at once after a pause.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    burst: u32,
    #[command(flatten)]
    snapshots: SnapshotOptions,
}

const EXAMPLES: &str = "\
Examples:
  jidian bank serve --data B
  curl --cacert B/tls/ca.pem --cert B/tls/clients/auditor.pem --key B/tls/clients/auditor.key \\
       https://127.0.0.1:8630/v1/health
  jidian bank certificate --data B --name alice --holder 00112233445566778899aabbccddeeff";

pub(super) fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let milliseconds = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Instant::from_unix_milliseconds(milliseconds)
}

pub(super) fn run(arguments: &Serve) -> Result<(), Failure> {
    let advice = "choose another --listen, such as 127.0.0.1:0 for a free port";
    let listener = TcpListener::bind(arguments.listen)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| Failure::at(arguments.listen, format!("{error}; {advice}")))?;
    let stop = stop_on_signal()?;
    let server_names = server_names(arguments);
    let started = service::start(&Options {
        directory: &arguments.data,
        seed: arguments.seed,
        rate: Rate { burst: arguments.burst, per_second: arguments.rate },
        server_names: &server_names,
        snapshots: arguments.snapshots.every(),
        clock: now,
    })?;
    for note in &started.notes {
        eprintln!("note: {note}");
    }
    introduce(arguments, listener.local_addr()?);
    if let Some(start) = &started.start {
        println!("start: {start}");
    }
    // Handlers run on threads of their own; this one only moves bytes.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(128)
        .enable_all()
        .build()?;
    let service = Arc::clone(&started.service);
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        service::serve(listener, service, until(stop)).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    started.stop();
    println!("stopped: everything that was answered is in {}", arguments.data.display());
    served.map_err(|error| Failure::at(arguments.listen, error))
}

fn server_names(arguments: &Serve) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let listen = arguments.listen.ip();
    if !listen.is_unspecified() && !listen.is_loopback() {
        names.push(listen.to_string());
    }
    names.extend(arguments.names.iter().cloned());
    names
}

fn introduce(arguments: &Serve, address: SocketAddr) {
    let certificates = Certificates::of(&arguments.data);
    let auditor = certificates.client("auditor");
    println!("bank: https://{address}/ (a sandbox: no real money moves)");
    println!(
        "try: curl --cacert {} --cert {} --key {} https://{address}/v1/health",
        certificates.authority().display(),
        auditor.certificate.display(),
        auditor.key.display(),
    );
}

fn stop_on_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

async fn until(stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
