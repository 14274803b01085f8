//! `jidian verify`: every fen of a data directory, checked again from its files alone.

use super::Failure;
use crate::audit;
use clap::Args;
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// Data directory, as `jidian run --data` or `jidian bank serve --data` leaves it.
    directory: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Verify) -> Result<(), Failure> {
    let directory = &arguments.directory;
    if !directory.is_dir() {
        let reason = "no such directory; give one that `jidian run --data DIR` or `jidian bank serve --data DIR` made";
        return Err(Failure::at(directory.display(), reason));
    }
    if audit::is_bank_alone(directory) {
        let result = audit::verify_bank_with(directory, &progress());
        return tell(result, arguments.json);
    }
    tell(audit::verify_with(directory, &progress()), arguments.json)
}

fn tell<R>(result: Result<R, audit::Failure>, as_json: bool) -> Result<(), Failure>
where
    R: core::fmt::Display + serde::Serialize,
{
    clear_progress();
    match (result, as_json) {
        (Ok(report), true) => println!("{:#}", json!(report)),
        (Ok(report), false) => print!("{report}"),
        (Err(failure), true) => {
            println!("{:#}", json!({ "sound": false, "failure": failure }));
            return Err(failure.into());
        }
        (Err(failure), false) => return Err(failure.into()),
    }
    Ok(())
}

/// Shows each per cent on a terminal.
fn progress() -> impl Fn(usize, usize) + Sync {
    let shown = AtomicUsize::new(usize::MAX);
    let is_terminal = std::io::stderr().is_terminal();
    move |done, count| {
        let percent = done * 100 / count.max(1);
        if is_terminal && shown.swap(percent, Ordering::Relaxed) != percent {
            eprint!("\rchecking signatures: {percent} %");
            let _ = std::io::stderr().flush();
        }
    }
}

fn clear_progress() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
