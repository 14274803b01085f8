//! `jidian contract build`: the bytes that are signed.

use super::{Failure, Language, described, read_text, show, summary};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(in crate::commands) struct Build {
    /// Source file.
    file: PathBuf,
    /// Where the byte code goes [default: the source's name, ending in `.bytecode`].
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Language of diagnostics.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Build) -> Result<(), Failure> {
    let text = read_text(&arguments.file)?;
    let built = contract::build(&text).map_err(|diagnostics| {
        show(&arguments.file, &diagnostics, &text, arguments.lang);
        Failure::at(arguments.file.display(), "refused; nothing was written")
    })?;
    let output = match &arguments.output {
        Some(output) => output.clone(),
        None => arguments.file.with_extension("bytecode"),
    };
    std::fs::write(&output, &built.bytecode)
        .map_err(|error| Failure::at(output.display(), error))?;
    if arguments.json {
        println!("{:#}", described(&arguments.file, &built));
    } else {
        println!("{}: {}", output.display(), summary(&built));
    }
    Ok(())
}
