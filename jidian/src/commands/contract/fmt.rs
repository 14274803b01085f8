//! `jidian contract fmt`: the one layout of sources.

use super::{Failure, Language, read_text, show};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(in crate::commands) struct Arguments {
    /// Source files; they are rewritten in place.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Write nothing; fail if a file isn't in the canonical layout.
    #[arg(long)]
    check: bool,
    /// Print the result instead of writing it.
    #[arg(long, conflicts_with = "check")]
    stdout: bool,
    /// Write all keywords in this language [default: each stays in its own].
    #[arg(long, value_enum)]
    keywords: Option<Language>,
    /// Language of diagnostics.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut sources = Vec::new();
    for file in &arguments.files {
        let text = read_text(file)?;
        let formatted = contract::format(&text, arguments.keywords.map(Into::into));
        let formatted = formatted.map_err(|diagnostics| {
            show(file, &diagnostics, &text, arguments.lang);
            Failure::at(file.display(), "can't be read as a contract; nothing was written")
        })?;
        sources.push((file, text, formatted));
    }
    let mut others = 0;
    for (file, text, formatted) in sources {
        if arguments.stdout {
            print!("{formatted}");
        } else if text != formatted {
            others += 1;
            println!("{}", file.display());
            if !arguments.check {
                write(file, &formatted)?;
            }
        }
    }
    if arguments.check && others > 0 {
        return Err(Failure(format!("{others} file(s) aren't in the canonical layout")));
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    // A new file takes the old one's place at once, so a full disk can't leave half a contract.
    let beside = file.with_extension("contract.new");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(|error| Failure::at(file.display(), error))
}
