//! `jidian contract explain` and `inspect`: the tables of a source and of compiled bytes.

use super::package::{PackageFile, is_package};
use super::{Failure, Language, read_text, show};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(in crate::commands) struct Explain {
    /// The file.
    file: PathBuf,
    /// Language of the tables.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

pub(super) fn explain(arguments: &Explain) -> Result<(), Failure> {
    let text = read_text(&arguments.file)?;
    let tables = contract::explain(&text, arguments.lang.into()).map_err(|diagnostics| {
        show(&arguments.file, &diagnostics, &text, arguments.lang);
        Failure::at(arguments.file.display(), "refused")
    })?;
    println!("{}", tables.trim_end());
    Ok(())
}

pub(super) fn inspect(arguments: &Explain) -> Result<(), Failure> {
    let bytes = if is_package(&arguments.file) {
        let package = PackageFile::read(&arguments.file)?;
        println!("{}\n", package.summary());
        package.signed.package.program.to_vec()
    } else {
        std::fs::read(&arguments.file)
            .map_err(|error| Failure::at(arguments.file.display(), error))?
    };
    let program = contract::Program::load(&bytes).map_err(|error| {
        let help =
            "not byte code that a meter would load; for a source use `jidian contract explain`";
        Failure::at(arguments.file.display(), format!("{error}; {help}"))
    })?;
    println!("{}", contract::explain_program(&program, arguments.lang.into()).trim_end());
    Ok(())
}
